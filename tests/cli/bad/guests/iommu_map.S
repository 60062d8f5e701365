/* SPDX-License-Identifier: BSD-2-Clause */
/* Asks for an IOMMU mapping, which this machine cannot make. */
#include "bad.inc"
_start:	call	0xc6000010, 0, 0x1000, 0x40000
	exit	0
	tail
