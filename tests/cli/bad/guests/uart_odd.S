/* SPDX-License-Identifier: BSD-2-Clause */
/* Every size and place of an access to the UART, pairs and atomics too. */
#include "bad.inc"
	.macro	each	op, register
	.irp	offset, 0, 0x18, 0xfe0
	mov	x5, #\offset
	\op	\register, [x0, x5]
	.endr
	.endm
_start:	ldr	x0, =0x09000000
	adr	x1, vectors
	msr	vbar_el1, x1
	isb
	mov	x10, #0
	mov	x2, #0
	mov	x3, #0
	each	ldrb, w2
	each	ldrh, w2
	each	ldr, w2
	each	ldr, x2
	each	strb, wzr
	each	strh, wzr
	each	str, wzr
	each	str, xzr
	ldp	x2, x3, [x0]
	stp	x2, x3, [x0]
	ldp	w2, w3, [x0, #0x18]
	ldr	x2, [x0, #1]
	mov	x5, #0xffc
	ldr	x2, [x0, x5]
	str	x2, [x0, x5]
	mov	x5, #0xffd
	ldr	w2, [x0, x5]
	ldr	x4, =0x08fffffc
	ldr	x2, [x4]
	ldxr	x2, [x0]
	stxr	w3, x2, [x0]
	ldar	w2, [x0]
	stlr	w2, [x0]
	ldaxr	w2, [x0]
	dc	zva, x0
	dc	civac, x1
	prfm	pldl1keep, [x0]
	ldr	x1, =0x300000
	msr	cpacr_el1, x1
	isb
	ldr	q0, [x0]
	str	q0, [x0]
	ldp	q0, q1, [x0]
	ld1	{v0.16b-v3.16b}, [x0]
	st1	{v0.b}[3], [x0]
	exit	0
	.balign	2048
vectors:
	.rept	16
	.balign	128
	mrs	x9, elr_el1
	add	x9, x9, #4
	msr	elr_el1, x9
	add	x10, x10, #1
	eret
	.endr
	tail
