/* SPDX-License-Identifier: BSD-2-Clause */
/* Never stops talking. */
#include "bad.inc"
_start:	ldr	x0, =0x09000000
	mov	w1, #'y'
	mov	w2, #'\n'
1:	str	w1, [x0]
	str	w2, [x0]
	b	1b
	tail
