/* SPDX-License-Identifier: BSD-2-Clause */
/* Unallocated encodings among the half-precision vector instructions:
 * undefined, DDI0487 L.b C4.1.96. No vectors. */
#include "bad.inc"
_start:	ldr	x0, =0x300000
	msr	cpacr_el1, x0
	isb
	.inst	0x0ef94b03
	.inst	0x0edd2dea
	exit	0
	tail
