/* SPDX-License-Identifier: BSD-2-Clause */
/* Removes the very frames it executes from. */
#include "bad.inc"
_start:	call	0xc6000002, 0x40000, 0x10000
	exit	0
	tail
