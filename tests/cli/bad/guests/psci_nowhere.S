/* SPDX-License-Identifier: BSD-2-Clause */
/* Starts a second CPU at an address that nothing backs. */
#include "bad.inc"
_start:	call	0xc4000003, 1, 0x7ffffff000, 0
	b	.
	tail
