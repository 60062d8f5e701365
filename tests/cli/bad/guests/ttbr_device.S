/* SPDX-License-Identifier: BSD-2-Clause */
/* Its tables are the UART. */
#include "bad.inc"
_start:	ldr	x0, =0x09000000
	msr	ttbr0_el1, x0
	ldr	x0, =0x280800010
	msr	tcr_el1, x0
	isb
	ldr	x0, =0x30d01805
	msr	sctlr_el1, x0
	isb
	exit	0
	tail
