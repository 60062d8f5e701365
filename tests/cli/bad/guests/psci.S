/* SPDX-License-Identifier: BSD-2-Clause */
/* PSCI with hostile arguments: each answer as it should be, nothing started.
 * DEN0022 5.2.2. One CPU. */
#include "bad.inc"
_start:	call	0xc4000003, 0xffffffffffffffff, 0, 0
	cmn	x0, #2			/* INVALID_PARAMETERS */
	expect	eq, 1
	call	0xc4000003, 1, 0x40080000, 0
	cmn	x0, #2
	expect	eq, 2
	call	0xc4000003, 0x100000000, 0x40080000, 0
	cmn	x0, #2
	expect	eq, 3
	call	0xc4000003, 0, 0x40080000, 0
	cmn	x0, #4			/* ALREADY_ON */
	expect	eq, 4
	call	0x84000003, 0x80000000, 1, ~0
	cmn	x0, #2
	expect	eq, 5
	call	0x8400000a, ~0, ~0, ~0
	cmn	x0, #1			/* NOT_SUPPORTED */
	expect	eq, 6
	call	0, 0, 0, 0
	cmn	x0, #1
	expect	eq, 7
	call	0xffffffffffffffff, ~0, ~0, ~0
	cmn	x0, #1
	expect	eq, 8
	call	0x1c6000001, 0x40000, 1, 0
	cmn	x0, #1
	expect	eq, 9
	exit	0
	tail
