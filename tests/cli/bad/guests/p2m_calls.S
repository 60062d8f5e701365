/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every p2m call with arguments that wrap, are huge, zero, or name no RAM:
 * an error each time, and nothing changed. The default machine: 256 MiB,
 * frames 0x40000 to 0x4ffff.
 */
#include "bad.inc"
	.macro	refused function, gfn, count, access=7
	call	\function, \gfn, \count, \access
	cmp	x0, #0
	expect	lt, 1
	.endm
	.macro	refused_all gfn, count
	refused	0xc6000001, \gfn, \count
	refused	0xc6000002, \gfn, \count
	refused	0xc6000003, \gfn, \count
	.endm
_start:	refused_all 0, 0
	refused_all 0x40000, 0
	refused_all 0x40000, 0x10001
	refused_all 0x40000, 0xffffffffffffffff
	refused_all 0x4ffff, 2
	refused_all 0x4ffff, 0xfffffffffffffff1
	refused_all 0x50000, 1
	refused_all 0x3ffff, 1
	refused_all 0x3ffff, 2
	refused_all 0xffffffffffffffff, 1
	refused_all 0xffffffffffffffff, 2
	refused_all 0xffffffffffffffff, 0xffffffffffffffff
	refused_all 0x10000000040000, 1
	refused_all 0x8000000000040000, 1
	refused_all 0x40000, 0x8000000000000001
	refused	0xc6000003, 0x40000, 1, 8
	refused	0xc6000003, 0x40000, 1, 0xffffffffffffffff
	refused	0xc6000003, 0x40000, 1, 0x100000007
	exit	0
	tail
