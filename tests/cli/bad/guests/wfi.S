/* SPDX-License-Identifier: BSD-2-Clause */
/* Waits for an interrupt that cannot come. */
#include "bad.inc"
_start:	wfi
	b	_start
	tail
