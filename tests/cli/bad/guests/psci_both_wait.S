/* SPDX-License-Identifier: BSD-2-Clause */
/* Starts a second CPU, and both wait for ever. */
#include "bad.inc"
_start:	call	0xc4000003, 1, 0x40080000, 0
1:	wfi
	b	1b
	tail
