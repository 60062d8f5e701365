/* SPDX-License-Identifier: BSD-2-Clause */
/* Turns its MMU on with tables that no memory holds. */
#include "bad.inc"
_start:	ldr	x0, =0x800000000
	msr	ttbr0_el1, x0
	msr	ttbr1_el1, x0
	ldr	x0, =0x280100010	/* T0SZ 16, T1SZ 16, TG1 4K, IPS 40 */
	msr	tcr_el1, x0
	mov	x0, #0xff
	msr	mair_el1, x0
	isb
	ldr	x0, =0x30d01805
	msr	sctlr_el1, x0
	isb
	exit	0
	tail
