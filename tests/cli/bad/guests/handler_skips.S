/* SPDX-License-Identifier: BSD-2-Clause */
/* Ten thousand faults, each of them resolved by going on behind it: odd, but
 * not lost. */
#include "bad.inc"
_start:	adr	x0, vectors
	msr	vbar_el1, x0
	isb
	mov	x1, #0
	ldr	x4, =10000
1:	ldr	x2, [x1]
	sub	x4, x4, #1
	cbnz	x4, 1b
	exit	0
	.balign	2048
vectors:
	.rept	16
	.balign	128
	mrs	x9, elr_el1
	add	x9, x9, #4
	msr	elr_el1, x9
	eret
	.endr
	tail
