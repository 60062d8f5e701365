/* SPDX-License-Identifier: BSD-2-Clause */
/* PASID directory and table entries. VT-d 4.1 §9.5, §9.6; words of 64 bits. */
#ifndef MODELS_VTD_PASID_H
#define MODELS_VTD_PASID_H

#include <stdint.h>

#include "core/base/bits.h"

#define VTD_PDE_FIELDS(F)     \
	F(VTD_PDE, P, 0, 1)   \
	F(VTD_PDE, FPD, 1, 1) \
	F(VTD_PDE, SMPTBLPTR, 12, 52)
FIELDS_DEFINE(VTD_PDE, VTD_PDE_FIELDS);

#define VTD_PE0_FIELDS(F)       \
	F(VTD_PE0, P, 0, 1)     \
	F(VTD_PE0, FPD, 1, 1)   \
	F(VTD_PE0, AW, 2, 3)    \
	F(VTD_PE0, SSEE, 5, 1)  \
	F(VTD_PE0, PGTT, 6, 3)  \
	F(VTD_PE0, SSADE, 9, 1) \
	F(VTD_PE0, SSPTPTR, 12, 52)
FIELDS_DEFINE(VTD_PE0, VTD_PE0_FIELDS);
#define VTD_PE1_FIELDS(F)        \
	F(VTD_PE1, DID, 0, 16)   \
	F(VTD_PE1, PWSNP, 23, 1) \
	F(VTD_PE1, PGSNP, 24, 1) \
	F(VTD_PE1, CD, 25, 1)    \
	F(VTD_PE1, EMTE, 26, 1)  \
	F(VTD_PE1, PAT, 32, 32)
FIELDS_DEFINE(VTD_PE1, VTD_PE1_FIELDS);
#define VTD_PE2_FIELDS(F)      \
	F(VTD_PE2, SRE, 0, 1)  \
	F(VTD_PE2, ERE, 1, 1)  \
	F(VTD_PE2, FSPM, 2, 2) \
	F(VTD_PE2, WPE, 4, 1)  \
	F(VTD_PE2, NXE, 5, 1)  \
	F(VTD_PE2, SMEP, 6, 1) \
	F(VTD_PE2, EAFE, 7, 1) \
	F(VTD_PE2, FSPTPTR, 12, 52)
FIELDS_DEFINE(VTD_PE2, VTD_PE2_FIELDS);
#define VTD_PE_WORDS 8

enum {
	VTD_PGTT_FIRST = 1,
	VTD_PGTT_SECOND = 2,
	VTD_PGTT_NESTED = 3,
	VTD_PGTT_PASS = 4
};

#endif
