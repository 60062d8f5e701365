/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where our guests begin, and what their exceptions do first. CPU 0 enters at
 * EL1 with the MMU off; others come by PSCI with their stack as context.
 * Nothing is read from memory before the MMU is on that was written after it
 * was (a second CPU sees no other CPU's caches until then).
 */

/* SCTLR_EL1 with the MMU off: its RES1 bits, I. Then M and C. */
#define SCTLR_OFF_LO 0x1800
#define SCTLR_OFF_HI 0x30d0
#define SCTLR_ON_LO  0x1805

	.section .text.start, "ax"
	.global _start
_start:
	msr	daifset, #0xf
	mov	x9, #SCTLR_OFF_LO
	movk	x9, #SCTLR_OFF_HI, lsl #16
	msr	sctlr_el1, x9
	adr	x9, vectors
	msr	vbar_el1, x9
	isb
	ldr	x9, =__stack_top
	mov	sp, x9
	mov	x29, xzr
	bl	guest_main
	bl	guest_exit

	/* x0: stack. */
	.global secondary_start
secondary_start:
	msr	daifset, #0xf
	mov	x9, #SCTLR_OFF_LO
	movk	x9, #SCTLR_OFF_HI, lsl #16
	msr	sctlr_el1, x9
	adr	x9, vectors
	msr	vbar_el1, x9
	isb
	mov	sp, x0
	mov	x29, xzr
	adrp	x9, mmu_boot
	add	x9, x9, :lo12:mmu_boot
	ldp	x0, x1, [x9]
	ldp	x2, x3, [x9, #16]
	bl	mmu_enable
	bl	guest_secondary
1:	wfi
	b	1b

	/* mmu_enable(ttbr0, ttbr1, tcr, mair): registers only. */
	.global mmu_enable
mmu_enable:
	msr	mair_el1, x3
	msr	tcr_el1, x2
	msr	ttbr0_el1, x0
	msr	ttbr1_el1, x1
	isb
	tlbi	vmalle1
	dsb	nsh
	isb
	mov	x9, #SCTLR_ON_LO
	movk	x9, #SCTLR_OFF_HI, lsl #16
	msr	sctlr_el1, x9
	isb
	ret
	.ltorg

/* ---- exceptions: struct exception of runtime.h on the stack ---- */
#define FRAME_BYTES 288

	.macro	vector index
	.balign	128
	sub	sp, sp, #FRAME_BYTES
	stp	x0, x1, [sp]
	mov	x1, #\index
	b	exception_common
	.endm

	.text
	.balign	2048
	.global vectors
vectors:
	vector	0
	vector	1
	vector	2
	vector	3
	vector	4
	vector	5
	vector	6
	vector	7
	vector	8
	vector	9
	vector	10
	vector	11
	vector	12
	vector	13
	vector	14
	vector	15

exception_common:
	stp	x2, x3, [sp, #16]
	stp	x4, x5, [sp, #32]
	stp	x6, x7, [sp, #48]
	stp	x8, x9, [sp, #64]
	stp	x10, x11, [sp, #80]
	stp	x12, x13, [sp, #96]
	stp	x14, x15, [sp, #112]
	stp	x16, x17, [sp, #128]
	stp	x18, x19, [sp, #144]
	stp	x20, x21, [sp, #160]
	stp	x22, x23, [sp, #176]
	stp	x24, x25, [sp, #192]
	stp	x26, x27, [sp, #208]
	stp	x28, x29, [sp, #224]
	mrs	x9, elr_el1
	mrs	x10, spsr_el1
	mrs	x11, esr_el1
	mrs	x12, far_el1
	mrs	x13, sp_el0
	stp	x30, x9, [sp, #240]
	stp	x10, x11, [sp, #256]
	stp	x12, x13, [sp, #272]
	mov	x0, sp
	bl	guest_exception
	ldp	x30, x9, [sp, #240]
	ldr	x10, [sp, #256]
	ldr	x13, [sp, #280]
	msr	elr_el1, x9
	msr	spsr_el1, x10
	msr	sp_el0, x13
	ldp	x28, x29, [sp, #224]
	ldp	x26, x27, [sp, #208]
	ldp	x24, x25, [sp, #192]
	ldp	x22, x23, [sp, #176]
	ldp	x20, x21, [sp, #160]
	ldp	x18, x19, [sp, #144]
	ldp	x16, x17, [sp, #128]
	ldp	x14, x15, [sp, #112]
	ldp	x12, x13, [sp, #96]
	ldp	x10, x11, [sp, #80]
	ldp	x8, x9, [sp, #64]
	ldp	x6, x7, [sp, #48]
	ldp	x4, x5, [sp, #32]
	ldp	x2, x3, [sp, #16]
	ldp	x0, x1, [sp]
	add	sp, sp, #FRAME_BYTES
	eret
