/* SPDX-License-Identifier: BSD-2-Clause */
/* Branches to a non-canonical address, with no vectors either. */
#include "bad.inc"
_start:	ldr	x0, =0x7fff123456789000
	msr	vbar_el1, x0
	br	x0
	tail
