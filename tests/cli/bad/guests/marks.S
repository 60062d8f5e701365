/* SPDX-License-Identifier: BSD-2-Clause */
/* A million marks. */
#include "bad.inc"
_start:	ldr	x19, =1000000
1:	mov	x1, x19
	ldr	x0, =0xc6000004
	hvc	#0
	sub	x19, x19, #1
	cbnz	x19, 1b
	exit	0
	tail
