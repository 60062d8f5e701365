/* SPDX-License-Identifier: BSD-2-Clause */
/* Branches to an odd address, and has no vectors. */
#include "bad.inc"
_start:	adr	x0, _start
	orr	x0, x0, #1
	br	x0
	tail
