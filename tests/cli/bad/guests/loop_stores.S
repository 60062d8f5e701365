/* SPDX-License-Identifier: BSD-2-Clause */
/* Stores for ever, all over its memory. */
#include "bad.inc"
_start:	ldr	x0, =0x41000000
	mov	x1, #0
1:	str	x1, [x0, x1]
	add	x1, x1, #8
	and	x1, x1, #0xffffff
	b	1b
	tail
