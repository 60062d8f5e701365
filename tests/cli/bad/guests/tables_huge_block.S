/* SPDX-License-Identifier: BSD-2-Clause */
/* A level-0 block, which there is not, and bits of an address beyond all. */
#include "bad.inc"
_start:	ldr	x0, =0x41000000
	ldr	x1, =0x0000fffffffff401
	str	x1, [x0]
	dsb	sy
	msr	ttbr0_el1, x0
	ldr	x2, =0x280803510
	msr	tcr_el1, x2
	isb
	ldr	x2, =0x30d01805
	msr	sctlr_el1, x2
	isb
	exit	0
	tail
