/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stores over its own code: behind and ahead in the block it executes, and
 * in a function that ran already, with and without maintenance. The end must
 * be what the architecture requires where it requires something.
 */
#include "bad.inc"
_start:	ldr	w2, =0xd2800023		/* mov x3, #1 */
	adr	x1, victim
	bl	victim
	str	w2, [x1]
	dc	cvau, x1
	dsb	ish
	ic	ivau, x1
	dsb	ish
	isb
	bl	victim
	cmp	x3, #1
	expect	eq, 1
	adr	x1, ahead
	ldr	w2, =0xd503201f		/* nop */
	str	w2, [x1]
	str	w2, [x1, #4]
ahead:	nop
	nop
	adr	x1, again
	mov	x4, #100
again:	str	w2, [x1, #-4]
	sub	x4, x4, #1
	cbnz	x4, again
	exit	0
victim:	mov	x3, #0
	ret
	tail
