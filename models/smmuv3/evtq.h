/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Event records. IHI0070 G.b 7.3. A record is four words, little-endian; EVTn
 * is its word n. Which events have which fields: evtq.c.
 */
#ifndef MODELS_SMMUV3_EVTQ_H
#define MODELS_SMMUV3_EVTQ_H

#include "core/base/bits.h"

#define SMMU_EVT0_FIELDS(F)               \
	F(SMMU_EVT0, EventNumber, 0, 8)   \
	F(SMMU_EVT0, SSV, 11, 1)          \
	F(SMMU_EVT0, SubstreamID, 12, 20) \
	F(SMMU_EVT0, StreamID, 32, 32)
FIELDS_DEFINE(SMMU_EVT0, SMMU_EVT0_FIELDS);

/* STAG's place is Reason's in events that fetch; Reason is 0 here. */
#define SMMU_EVT1_FIELDS(F)        \
	F(SMMU_EVT1, STAG, 0, 16)  \
	F(SMMU_EVT1, Stall, 31, 1) \
	F(SMMU_EVT1, PnU, 33, 1)   \
	F(SMMU_EVT1, InD, 34, 1)   \
	F(SMMU_EVT1, RnW, 35, 1)   \
	F(SMMU_EVT1, NSIPA, 36, 1) \
	F(SMMU_EVT1, S2, 39, 1)    \
	F(SMMU_EVT1, CLASS, 40, 2) \
	F(SMMU_EVT1, TTRnW, 44, 1)
FIELDS_DEFINE(SMMU_EVT1, SMMU_EVT1_FIELDS);
/* EVT2 is InputAddr. */
#define SMMU_EVT3_FETCH_FIELDS(F) F(SMMU_EVT3, FetchAddr, 3, 49)
FIELDS_DEFINE(SMMU_EVT3, SMMU_EVT3_FETCH_FIELDS);
#define SMMU_EVT3_IPA_FIELDS(F) F(SMMU_EVT3_IPA, IPA, 12, 40)
FIELDS_DEFINE(SMMU_EVT3_IPA, SMMU_EVT3_IPA_FIELDS);

enum smmu_class { SMMU_CLASS_CD, SMMU_CLASS_TT, SMMU_CLASS_IN };

#endif
