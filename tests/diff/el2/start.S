/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entry at EL2, EL2's vectors, the way down to EL1 or EL0 and back, and the
 * stub page that runs there. The MMU of EL2 stays off.
 */
#include "layout.h"

	.section .text.start, "ax"
	.global _start
_start:
	adrp	x0, stack_end
	add	x0, x0, :lo12:stack_end
	mov	sp, x0
	adr	x0, vectors
	msr	vbar_el2, x0
	msr	cptr_el2, xzr
	isb
	bl	el2_main
1:	b	1b

/*
 * Same EL: an instruction of ours faulted, which only AT can. x0: 1; the
 * instruction is skipped. (at_execute declares x0 as written.)
 */
	.balign	2048
vectors:
	.rept	4
	b	.
	.balign	128
	.endr
	mrs	x0, elr_el2
	add	x0, x0, #4
	msr	elr_el2, x0
	mov	x0, #1
	eret
	.balign	128
	.rept	3
	b	.
	.balign	128
	.endr
	/* Lower EL, AArch64: back into el2_enter's caller; x0 is a load's. */
	b	back
	.balign	128
	.rept	7
	b	.
	.balign	128
	.endr

/* uint64_t el2_enter(pc, spsr, va, value): x1 = va, w2 = value there. */
	.global el2_enter
el2_enter:
	stp	x29, x30, [sp, #-96]!
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	msr	elr_el2, x0
	msr	spsr_el2, x1
	mov	x1, x2
	mov	w2, w3
	mov	x0, #0
	eret
back:
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	x29, x30, [sp], #96
	ret

/* Runs at EL1 and EL0. Every vector of EL1's goes straight to EL2. */
	.section .stub, "ax"
	.balign	4096
stub:
	.set	slot, 0
	.rept	16
	hvc	#(STUB_VECTOR + slot)
	b	.
	.balign	128
	.set	slot, slot + 1
	.endr
	.org	stub + STUB_LOAD_EL1
	ldr	w0, [x1]
	hvc	#STUB_SUCCESS
	.org	stub + STUB_STORE_EL1
	str	w2, [x1]
	hvc	#STUB_SUCCESS
	.org	stub + STUB_LOAD_UNPRIVILEGED
	ldtr	w0, [x1]
	hvc	#STUB_SUCCESS
	.org	stub + STUB_STORE_UNPRIVILEGED
	sttr	w2, [x1]
	hvc	#STUB_SUCCESS
	.org	stub + STUB_LOAD_EL0
	ldr	w0, [x1]
	svc	#STUB_SUCCESS
	.org	stub + STUB_STORE_EL0
	str	w2, [x1]
	svc	#STUB_SUCCESS
	.balign	4096

	.section .bss
	.balign	16
	.space	8192
stack_end:
