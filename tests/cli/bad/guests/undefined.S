/* SPDX-License-Identifier: BSD-2-Clause */
/* An undefined instruction, and no vectors. */
#include "bad.inc"
_start:	udf	#0
	tail
