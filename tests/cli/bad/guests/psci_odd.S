/* SPDX-License-Identifier: BSD-2-Clause */
/* Starts a second CPU at an odd address. */
#include "bad.inc"
_start:	call	0xc4000003, 1, 0x40080001, 0
	b	.
	tail
