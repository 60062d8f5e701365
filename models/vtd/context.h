/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Root and context entries, legacy and scalable. VT-d 4.1 §9.1 to §9.4, words
 * of 64 bits, lowest first.
 */
#ifndef MODELS_VTD_CONTEXT_H
#define MODELS_VTD_CONTEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/bits.h"

/* One half of a scalable root entry looks like the low word of a legacy one. */
#define VTD_ROOT_FIELDS(F)   \
	F(VTD_ROOT, P, 0, 1) \
	F(VTD_ROOT, CTP, 12, 52)
FIELDS_DEFINE(VTD_ROOT, VTD_ROOT_FIELDS);

#define VTD_CE0_FIELDS(F)     \
	F(VTD_CE0, P, 0, 1)   \
	F(VTD_CE0, FPD, 1, 1) \
	F(VTD_CE0, TT, 2, 2)  \
	F(VTD_CE0, SSPTPTR, 12, 52)
FIELDS_DEFINE(VTD_CE0, VTD_CE0_FIELDS);
#define VTD_CE1_FIELDS(F)     \
	F(VTD_CE1, AW, 0, 3)  \
	F(VTD_CE1, IGN, 3, 4) \
	F(VTD_CE1, DID, 8, 16)
FIELDS_DEFINE(VTD_CE1, VTD_CE1_FIELDS);
enum { VTD_TT_SECOND = 0, VTD_TT_DEVICE_TLB = 1, VTD_TT_PASS = 2 };

#define VTD_SCE0_FIELDS(F)        \
	F(VTD_SCE0, P, 0, 1)      \
	F(VTD_SCE0, FPD, 1, 1)    \
	F(VTD_SCE0, DTE, 2, 1)    \
	F(VTD_SCE0, PASIDE, 3, 1) \
	F(VTD_SCE0, PRE, 4, 1)    \
	F(VTD_SCE0, PDTS, 9, 3)   \
	F(VTD_SCE0, PASIDDIRPTR, 12, 52)
FIELDS_DEFINE(VTD_SCE0, VTD_SCE0_FIELDS);
#define VTD_SCE1_FIELDS(F)            \
	F(VTD_SCE1, RID_PASID, 0, 20) \
	F(VTD_SCE1, RID_PRIV, 20, 1)
FIELDS_DEFINE(VTD_SCE1, VTD_SCE1_FIELDS);

/* The directory has 2^(PDTS + 7) entries of 64 PASIDs each. */
static inline bool vtd_pasid_beyond(uint64_t word0, uint64_t pasid)
{
	return pasid >> (7 + FIELD_GET(VTD_SCE0_PDTS, word0) + 6);
}

#endif
