/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One page is table of every level and maps itself at VA 0, beside a block
 * for RAM; it is then changed through itself. DDI0487 L.b D8.3.
 */
#include "bad.inc"
_start:	ldr	x0, =0x41000000
	add	x1, x0, #0x403		/* [0]: itself, as table or page; AF */
	str	x1, [x0]
	ldr	x1, =0x40000401		/* [1]: at level 1, a block for RAM */
	str	x1, [x0, #8]
	dsb	sy
	msr	ttbr0_el1, x0
	ldr	x2, =0x280803510	/* T0SZ 16, EPD1, WB, inner shareable */
	msr	tcr_el1, x2
	mov	x2, #0xff
	msr	mair_el1, x2
	isb
	ldr	x2, =0x30d01805
	msr	sctlr_el1, x2
	isb
	mov	x4, #0
	ldr	x5, [x4]		/* the table, at VA 0 */
	add	x1, x0, #0x403
	cmp	x5, x1
	expect	eq, 1
	mov	x6, #4088
1:	str	x5, [x4, x6]		/* every entry but the first two */
	sub	x6, x6, #8
	cmp	x6, #8
	b.ne	1b
	dsb	sy
	ldr	x5, [x4, #4088]
	cmp	x5, x1
	expect	eq, 2
	ldr	x7, =0x1ff000		/* through entry 511 of level 3 */
	ldr	x5, [x7]
	cmp	x5, x1
	expect	eq, 3
	strb	w5, [x7, #4087]		/* less than an entry */
	ldr	x7, =0xff8000000000	/* entry 511 of level 0 */
	ldr	x5, [x7]
	cmp	x5, x1
	expect	eq, 4
	exit	0
	tail
