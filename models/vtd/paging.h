/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Paging-structure entries of both stages. VT-d 4.1 §9.7 (first stage), §9.8
 * (second stage). Level 1 holds 4 KiB pages, level 4 or 5 is the root.
 */
#ifndef MODELS_VTD_PAGING_H
#define MODELS_VTD_PAGING_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/bits.h"

/* ADDR ends at the host address width; above it up to bit 51 is reserved. */
#define VTD_SSPTE_FIELDS(F)        \
	F(VTD_SSPTE, R, 0, 1)      \
	F(VTD_SSPTE, W, 1, 1)      \
	F(VTD_SSPTE, PS, 7, 1)     \
	F(VTD_SSPTE, A, 8, 1)      \
	F(VTD_SSPTE, D, 9, 1)      \
	F(VTD_SSPTE, SNP, 11, 1)   \
	F(VTD_SSPTE, ADDR, 12, 40) \
	F(VTD_SSPTE, TM, 62, 1)
FIELDS_DEFINE(VTD_SSPTE, VTD_SSPTE_FIELDS);

#define VTD_FSPTE_FIELDS(F)        \
	F(VTD_FSPTE, P, 0, 1)      \
	F(VTD_FSPTE, RW, 1, 1)     \
	F(VTD_FSPTE, US, 2, 1)     \
	F(VTD_FSPTE, A, 5, 1)      \
	F(VTD_FSPTE, D, 6, 1)      \
	F(VTD_FSPTE, PS, 7, 1)     \
	F(VTD_FSPTE, ADDR, 12, 40) \
	F(VTD_FSPTE, XD, 63, 1)
FIELDS_DEFINE(VTD_FSPTE, VTD_FSPTE_FIELDS);

#define VTD_LEVELS_MAX 5
/* log2 of what one entry, one whole table of a level covers */
#define VTD_LEVEL_SHIFT(level) (3 + 9 * (unsigned int)(level))
#define VTD_LEVEL_RANGE(level) (12 + 9 * (unsigned int)(level))

static inline uint64_t vtd_entry_address(uint64_t table, uint64_t input,
					 int level)
{
	return table + 8 * (input >> VTD_LEVEL_SHIFT(level) & 0x1ff);
}

#endif
