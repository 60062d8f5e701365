/* SPDX-License-Identifier: BSD-2-Clause */
/* Executes the UART. */
#include "bad.inc"
_start:	ldr	x0, =0x09000000
	br	x0
	tail
