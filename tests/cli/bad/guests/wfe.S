/* SPDX-License-Identifier: BSD-2-Clause */
/* Waits for events, which may always be spurious: goes on for ever. */
#include "bad.inc"
_start:	wfe
	b	_start
	tail
