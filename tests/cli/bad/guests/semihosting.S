/* SPDX-License-Identifier: BSD-2-Clause */
/* Semihosting with pointers to nowhere, to devices and across the end of
 * RAM: answers or silence, no more. */
#include "bad.inc"
	.macro	semi number, argument
	ldr	w0, =\number
	ldr	x1, =\argument
	hlt	#0xf000
	.endm
_start:	semi	3, 0
	semi	3, ~0
	semi	4, 0
	semi	4, 0x09000000
	semi	4, 0xfffffffffffffff0
	semi	4, 0x50000000
	ldr	x1, =0x4fffffff
	mov	w2, #'x'
	strb	w2, [x1]
	semi	4, 0x4fffffff		/* a text that leaves RAM */
	semi	0x15, 0
	cmn	x0, #1
	expect	eq, 1
	semi	0x15, 0x4ffffff8	/* a block that leaves RAM */
	cmn	x0, #1
	expect	eq, 2
	ldr	x2, =block
	mov	x3, #-1
	stp	x3, x3, [x2]
	semi	0x15, block
	cmn	x0, #1
	expect	eq, 3
	ldr	x2, =block
	ldr	x3, =0x41000000
	stp	x3, xzr, [x2]
	semi	0x15, block		/* no room for a byte */
	cmn	x0, #1
	expect	eq, 4
	semi	1, ~0			/* SYS_OPEN and what is no call at all */
	cmn	x0, #1
	expect	eq, 5
	semi	0xffffffff, ~0
	cmn	x0, #1
	expect	eq, 6
	exit	0
	tail
	.balign	16
block:	.quad	0, 0
