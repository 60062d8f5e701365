/* SPDX-License-Identifier: BSD-2-Clause */
/* Branches to an address that nothing backs. */
#include "bad.inc"
_start:	ldr	x0, =0x7ffffff000
	br	x0
	tail
