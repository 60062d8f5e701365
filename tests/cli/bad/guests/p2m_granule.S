/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * On a machine of 64K granules: p2m calls that are no whole granules are
 * refused, each of the others goes through.
 */
#include "bad.inc"
	.macro	result function, gfn, count, condition
	call	\function, \gfn, \count, 7
	cmp	x0, #0
	expect	\condition, 1
	.endm
	.macro	refused_all gfn, count
	result	0xc6000001, \gfn, \count, lt
	result	0xc6000002, \gfn, \count, lt
	result	0xc6000003, \gfn, \count, lt
	.endm
_start:	refused_all 0x41001, 16
	refused_all 0x41000, 15
	refused_all 0x41008, 8
	refused_all 0x4100f, 1
	result	0xc6000002, 0x41000, 16, eq
	result	0xc6000001, 0x41000, 16, eq
	result	0xc6000003, 0x41010, 32, eq
	exit	0
	tail
