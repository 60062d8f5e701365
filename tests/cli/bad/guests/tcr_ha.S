/* SPDX-License-Identifier: BSD-2-Clause */
/* Turns its MMU on with hardware updates of the access flag. */
#include "bad.inc"
_start:	ldr	x0, =0x41000000
	msr	ttbr0_el1, x0
	ldr	x2, =0x8280803510
	msr	tcr_el1, x2
	isb
	ldr	x2, =0x30d01805
	msr	sctlr_el1, x2
	isb
	exit	0
	tail
