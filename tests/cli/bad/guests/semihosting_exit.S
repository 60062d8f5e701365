/* SPDX-License-Identifier: BSD-2-Clause */
/* Ends with a block of arguments that is nowhere. */
#include "bad.inc"
_start:	mov	w0, #0x20
	mov	x1, #-16
	hlt	#0xf000
	b	.
	tail
