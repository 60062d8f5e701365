/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Context descriptors. IHI0070 G.b 5.3 (L1CD), 5.4 (CD). A CD is eight words,
 * little-endian; CDn is its word n. Fields of features that are never
 * advertised are not listed.
 */
#ifndef MODELS_SMMUV3_CD_H
#define MODELS_SMMUV3_CD_H

#include "core/base/bits.h"
#include "models/arm/mmu.h"

#define SMMU_L1CD_FIELDS(F)   \
	F(SMMU_L1CD, V, 0, 1) \
	F(SMMU_L1CD, L2Ptr, 12, 44)
FIELDS_DEFINE(SMMU_L1CD, SMMU_L1CD_FIELDS);

#define SMMU_CD0_FIELDS(F)       \
	F(SMMU_CD0, T0SZ, 0, 6)  \
	F(SMMU_CD0, TG0, 6, 2)   \
	F(SMMU_CD0, IR0, 8, 2)   \
	F(SMMU_CD0, OR0, 10, 2)  \
	F(SMMU_CD0, SH0, 12, 2)  \
	F(SMMU_CD0, EPD0, 14, 1) \
	F(SMMU_CD0, ENDI, 15, 1) \
	F(SMMU_CD0, T1SZ, 16, 6) \
	F(SMMU_CD0, TG1, 22, 2)  \
	F(SMMU_CD0, IR1, 24, 2)  \
	F(SMMU_CD0, OR1, 26, 2)  \
	F(SMMU_CD0, SH1, 28, 2)  \
	F(SMMU_CD0, EPD1, 30, 1) \
	F(SMMU_CD0, V, 31, 1)    \
	F(SMMU_CD0, IPS, 32, 3)  \
	F(SMMU_CD0, AFFD, 35, 1) \
	F(SMMU_CD0, WXN, 36, 1)  \
	F(SMMU_CD0, UWXN, 37, 1) \
	F(SMMU_CD0, TBI0, 38, 1) \
	F(SMMU_CD0, TBI1, 39, 1) \
	F(SMMU_CD0, PAN, 40, 1)  \
	F(SMMU_CD0, AA64, 41, 1) \
	F(SMMU_CD0, HD, 42, 1)   \
	F(SMMU_CD0, HA, 43, 1)   \
	F(SMMU_CD0, S, 44, 1)    \
	F(SMMU_CD0, R, 45, 1)    \
	F(SMMU_CD0, A, 46, 1)    \
	F(SMMU_CD0, ASET, 47, 1) \
	F(SMMU_CD0, ASID, 48, 16)
FIELDS_DEFINE(SMMU_CD0, SMMU_CD0_FIELDS);

/* CD1 is TTB0's, CD2 TTB1's. */
#define SMMU_CD_TTB_FIELDS(F)       \
	F(SMMU_CD_TTB, NSCFG, 0, 1) \
	F(SMMU_CD_TTB, HAD, 1, 1)   \
	F(SMMU_CD_TTB, TTB, 4, 52)
FIELDS_DEFINE(SMMU_CD_TTB, SMMU_CD_TTB_FIELDS);
/* CD3 is MAIR, encoded as MAIR_EL1. */

/* A CD as the configuration cache keeps it. */
struct smmu_cd {
	uint64_t word[4];
	uint64_t ste_generation; /* of the STE that `regime` goes by */
	bool illegal;		 /* or not valid */
	bool pan;
	struct arm_regime regime; /* stage 1, and stage 2 if it is on */
};

#endif
