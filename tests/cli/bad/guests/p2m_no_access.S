/* SPDX-License-Identifier: BSD-2-Clause */
/* Takes its own right to execute away. */
#include "bad.inc"
_start:	call	0xc6000003, 0x40000, 0x10000, 3
	exit	0
	tail
