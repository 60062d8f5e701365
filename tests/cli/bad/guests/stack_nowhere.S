/* SPDX-License-Identifier: BSD-2-Clause */
/* Its stack pointer leads nowhere, and its vectors push. */
#include "bad.inc"
_start:	adr	x0, vectors
	msr	vbar_el1, x0
	isb
	mov	x0, #0
	mov	sp, x0
	svc	#0
	b	.
	.balign	2048
vectors:
	.rept	16
	.balign	128
	stp	x0, x1, [sp, #-16]!
	eret
	.endr
	tail
