/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stream table descriptors and entries. IHI0070 G.b 5.1 (L1STD), 5.2 (STE).
 * An STE is eight words, little-endian; STEn is its word n. Fields of features
 * that are never advertised (MPAM, DPT, indirect permissions, 128-bit
 * descriptors, Secure and Realm state) are not listed: they are RES0 and not
 * looked at.
 */
#ifndef MODELS_SMMUV3_STE_H
#define MODELS_SMMUV3_STE_H

#include "core/base/bits.h"
#include "models/arm/mmu.h"

#define SMMU_L1STD_FIELDS(F)      \
	F(SMMU_L1STD, Span, 0, 5) \
	F(SMMU_L1STD, L2Ptr, 6, 46)
FIELDS_DEFINE(SMMU_L1STD, SMMU_L1STD_FIELDS);

#define SMMU_STE0_FIELDS(F)               \
	F(SMMU_STE0, V, 0, 1)             \
	F(SMMU_STE0, Config, 1, 3)        \
	F(SMMU_STE0, S1Fmt, 4, 2)         \
	F(SMMU_STE0, S1ContextPtr, 6, 50) \
	F(SMMU_STE0, S1CDMax, 59, 5)
FIELDS_DEFINE(SMMU_STE0, SMMU_STE0_FIELDS);

#define SMMU_STE1_FIELDS(F)           \
	F(SMMU_STE1, S1DSS, 0, 2)     \
	F(SMMU_STE1, S1CIR, 2, 2)     \
	F(SMMU_STE1, S1COR, 4, 2)     \
	F(SMMU_STE1, S1CSH, 6, 2)     \
	F(SMMU_STE1, DRE, 12, 1)      \
	F(SMMU_STE1, CONT, 13, 4)     \
	F(SMMU_STE1, DCP, 17, 1)      \
	F(SMMU_STE1, PPAR, 18, 1)     \
	F(SMMU_STE1, MEV, 19, 1)      \
	F(SMMU_STE1, S2FWB, 25, 1)    \
	F(SMMU_STE1, S1STALLD, 27, 1) \
	F(SMMU_STE1, EATS, 28, 2)     \
	F(SMMU_STE1, STRW, 30, 2)     \
	F(SMMU_STE1, MemAttr, 32, 4)  \
	F(SMMU_STE1, MTCFG, 36, 1)    \
	F(SMMU_STE1, ALLOCCFG, 37, 4) \
	F(SMMU_STE1, SHCFG, 44, 2)    \
	F(SMMU_STE1, NSCFG, 46, 2)    \
	F(SMMU_STE1, PRIVCFG, 48, 2)  \
	F(SMMU_STE1, INSTCFG, 50, 2)
FIELDS_DEFINE(SMMU_STE1, SMMU_STE1_FIELDS);

/* Bits 32 to 50 are VTCR_EL2's bits 0 to 18. */
#define SMMU_STE2_FIELDS(F)         \
	F(SMMU_STE2, S2VMID, 0, 16) \
	F(SMMU_STE2, S2T0SZ, 32, 6) \
	F(SMMU_STE2, S2SL0, 38, 2)  \
	F(SMMU_STE2, S2IR0, 40, 2)  \
	F(SMMU_STE2, S2OR0, 42, 2)  \
	F(SMMU_STE2, S2SH0, 44, 2)  \
	F(SMMU_STE2, S2TG, 46, 2)   \
	F(SMMU_STE2, S2PS, 48, 3)   \
	F(SMMU_STE2, S2AA64, 51, 1) \
	F(SMMU_STE2, S2ENDI, 52, 1) \
	F(SMMU_STE2, S2AFFD, 53, 1) \
	F(SMMU_STE2, S2PTW, 54, 1)  \
	F(SMMU_STE2, S2HD, 55, 1)   \
	F(SMMU_STE2, S2HA, 56, 1)   \
	F(SMMU_STE2, S2S, 57, 1)    \
	F(SMMU_STE2, S2R, 58, 1)
FIELDS_DEFINE(SMMU_STE2, SMMU_STE2_FIELDS);

#define SMMU_STE3_FIELDS(F) F(SMMU_STE3, S2TTB, 4, 52)
FIELDS_DEFINE(SMMU_STE3, SMMU_STE3_FIELDS);

/* STE.Config: bit 2 that anything passes, bits 0 and 1 the stages. */
#define SMMU_CONFIG_STAGE1 1u
#define SMMU_CONFIG_STAGE2 2u
#define SMMU_CONFIG_PASS   4u

/* Whose translations: tlb_tag.regime of what this stream's walks leave. Of
 * those with ASIDs, with SMMU_ASET in it if CD.ASET is set. */
enum smmu_world {
	SMMU_WORLD_EL1 = 1,
	SMMU_WORLD_IPA = 2, /* stage 2's own entries */
	SMMU_WORLD_EL2 = 3,
	SMMU_WORLD_EL2_E2H = 4
};
#define SMMU_ASET 0x10u

/* An STE as the configuration cache keeps it. */
struct smmu_ste {
	uint64_t word[4];
	uint64_t generation; /* another one each time it is fetched */
	bool illegal;	     /* or not valid */
	bool stage1, stage2;
	uint8_t cd_max;		  /* S1CDMax; 0 where there are no substreams */
	uint8_t privcfg, instcfg; /* 0 without IDR1.ATTR_PERMS_OVR */
	uint64_t incoming;	  /* attributes of requests that have none */
	enum smmu_world world;
	struct arm_regime regime; /* stage 2 alone, or nothing */
};

#endif
