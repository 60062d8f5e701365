/* SPDX-License-Identifier: BSD-2-Clause */
/* Returns to AArch32, to EL3, and to a reserved mode: all illegal. */
#include "bad.inc"
_start:	ldr	x0, =0x1d3
	msr	spsr_el1, x0
	adr	x0, _start
	msr	elr_el1, x0
	eret
	tail
