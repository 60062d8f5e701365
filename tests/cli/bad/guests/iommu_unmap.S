/* SPDX-License-Identifier: BSD-2-Clause */
/* Asks for an IOMMU unmapping. */
#include "bad.inc"
_start:	call	0xc6000011, ~0, ~0, ~0
	exit	0
	tail
