/* SPDX-License-Identifier: BSD-2-Clause */
/* Its fault handler faults where it reads the stack, again and again. */
#include "bad.inc"
_start:	adr	x0, vectors
	msr	vbar_el1, x0
	isb
	mov	x1, #0
	ldr	x2, [x1]
	b	.
	.balign	2048
vectors:
	.rept	16
	.balign	128
	ldr	x2, [x1, #8]
	eret
	.endr
	tail
