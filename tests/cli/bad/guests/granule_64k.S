/* SPDX-License-Identifier: BSD-2-Clause */
/* Turns its MMU on with the 64K granule and no tables: a walk from level 1. */
#include "bad.inc"
_start:	ldr	x0, =0x41000000
	msr	ttbr0_el1, x0
	ldr	x2, =0x280807510
	msr	tcr_el1, x2
	isb
	ldr	x2, =0x30d01805
	msr	sctlr_el1, x2
	isb
	exit	0
	tail
