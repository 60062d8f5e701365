/* SPDX-License-Identifier: BSD-2-Clause */
/* Goes nowhere, for ever. */
#include "bad.inc"
_start:	b	_start
	tail
