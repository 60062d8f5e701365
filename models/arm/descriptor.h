/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers and descriptors of the Armv8-A EL1&0 regime, as the walker reads
 * them: granules 4K, 16K and 64K. DDI0487 L.b D8.2 (granules), D8.3
 * (descriptors), D24.2 (registers). Only fields that the model looks at, or
 * refuses.
 */
#ifndef MODELS_ARM_DESCRIPTOR_H
#define MODELS_ARM_DESCRIPTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/bits.h"
#include "models/arm/mmu.h"

#define ARM_SCTLR_FIELDS(F)                                                    \
	F(ARM_SCTLR, M, 0, 1)                                                  \
	F(ARM_SCTLR, A, 1, 1)                                                  \
	F(ARM_SCTLR, C, 2, 1)                                                  \
	F(ARM_SCTLR, I, 12, 1)                                                 \
	F(ARM_SCTLR, WXN, 19, 1)                                               \
	F(ARM_SCTLR, EE, 25, 1)
FIELDS_DEFINE(ARM_SCTLR, ARM_SCTLR_FIELDS);

#define ARM_TCR_FIELDS(F)                                                      \
	F(ARM_TCR, T0SZ, 0, 6)                                                 \
	F(ARM_TCR, EPD0, 7, 1)                                                 \
	F(ARM_TCR, IRGN0, 8, 2)                                                \
	F(ARM_TCR, ORGN0, 10, 2)                                               \
	F(ARM_TCR, SH0, 12, 2)                                                 \
	F(ARM_TCR, TG0, 14, 2)                                                 \
	F(ARM_TCR, T1SZ, 16, 6)                                                \
	F(ARM_TCR, A1, 22, 1)                                                  \
	F(ARM_TCR, EPD1, 23, 1)                                                \
	F(ARM_TCR, IRGN1, 24, 2)                                               \
	F(ARM_TCR, ORGN1, 26, 2)                                               \
	F(ARM_TCR, SH1, 28, 2)                                                 \
	F(ARM_TCR, TG1, 30, 2)                                                 \
	F(ARM_TCR, IPS, 32, 3)                                                 \
	F(ARM_TCR, AS, 36, 1)                                                  \
	F(ARM_TCR, TBI0, 37, 1)                                                \
	F(ARM_TCR, TBI1, 38, 1)                                                \
	F(ARM_TCR, HA, 39, 1)                                                  \
	F(ARM_TCR, HD, 40, 1)                                                  \
	F(ARM_TCR, HPD0, 41, 1)                                                \
	F(ARM_TCR, HPD1, 42, 1)                                                \
	F(ARM_TCR, TBID0, 51, 1)                                               \
	F(ARM_TCR, TBID1, 52, 1)                                               \
	F(ARM_TCR, E0PD0, 55, 1)                                               \
	F(ARM_TCR, E0PD1, 56, 1)                                               \
	F(ARM_TCR, DS, 59, 1)
FIELDS_DEFINE(ARM_TCR, ARM_TCR_FIELDS);

#define ARM_TTBR_FIELDS(F)                                                     \
	F(ARM_TTBR, CNP, 0, 1)                                                 \
	F(ARM_TTBR, BADDR, 1, 47)                                              \
	F(ARM_TTBR, ASID, 48, 16) /* VTTBR_EL2: VMID */
FIELDS_DEFINE(ARM_TTBR, ARM_TTBR_FIELDS);

/* The same with 52-bit addresses: HIGH is bits 51:48. */
#define ARM_TTBR52_FIELDS(F)                                                   \
	F(ARM_TTBR52, CNP, 0, 1)                                               \
	F(ARM_TTBR52, HIGH, 2, 4)                                              \
	F(ARM_TTBR52, BADDR, 6, 42)                                            \
	F(ARM_TTBR52, ASID, 48, 16)
FIELDS_DEFINE(ARM_TTBR52, ARM_TTBR52_FIELDS);

#define ARM_HCR_FIELDS(F)                                                      \
	F(ARM_HCR, VM, 0, 1)                                                   \
	F(ARM_HCR, PTW, 2, 1)                                                  \
	F(ARM_HCR, FB, 9, 1)                                                   \
	F(ARM_HCR, DC, 12, 1)                                                  \
	F(ARM_HCR, TSW, 22, 1)                                                 \
	F(ARM_HCR, TVM, 26, 1)                                                 \
	F(ARM_HCR, TGE, 27, 1)                                                 \
	F(ARM_HCR, CD, 32, 1)                                                  \
	F(ARM_HCR, ID, 33, 1)                                                  \
	F(ARM_HCR, E2H, 34, 1)                                                 \
	F(ARM_HCR, FWB, 46, 1)
FIELDS_DEFINE(ARM_HCR, ARM_HCR_FIELDS);

#define ARM_VTCR_FIELDS(F)                                                     \
	F(ARM_VTCR, T0SZ, 0, 6)                                                \
	F(ARM_VTCR, SL0, 6, 2)                                                 \
	F(ARM_VTCR, IRGN0, 8, 2)                                               \
	F(ARM_VTCR, ORGN0, 10, 2)                                              \
	F(ARM_VTCR, SH0, 12, 2)                                                \
	F(ARM_VTCR, TG0, 14, 2)                                                \
	F(ARM_VTCR, PS, 16, 3)                                                 \
	F(ARM_VTCR, VS, 19, 1)                                                 \
	F(ARM_VTCR, HA, 21, 1)                                                 \
	F(ARM_VTCR, HD, 22, 1)                                                 \
	F(ARM_VTCR, DS, 32, 1)                                                 \
	F(ARM_VTCR, SL2, 33, 1)
FIELDS_DEFINE(ARM_VTCR, ARM_VTCR_FIELDS);

/* Table descriptors; stage 2 has the address alone. */
#define ARM_S1_TABLE_FIELDS(F)                                                 \
	F(ARM_S1_TABLE, TYPE, 0, 2)                                            \
	F(ARM_S1_TABLE, ADDRESS, 12, 36)                                       \
	F(ARM_S1_TABLE, PXNTable, 59, 1)                                       \
	F(ARM_S1_TABLE, UXNTable, 60, 1)                                       \
	F(ARM_S1_TABLE, APTable, 61, 2)                                        \
	F(ARM_S1_TABLE, NSTable, 63, 1)
FIELDS_DEFINE(ARM_S1_TABLE, ARM_S1_TABLE_FIELDS);

#define ARM_S2_TABLE_FIELDS(F)                                                 \
	F(ARM_S2_TABLE, TYPE, 0, 2)                                            \
	F(ARM_S2_TABLE, ADDRESS, 12, 36)
FIELDS_DEFINE(ARM_S2_TABLE, ARM_S2_TABLE_FIELDS);

/* Leaves. ADDRESS is a 4K page's; a larger page's or a block's starts above,
 * and the bits below (nT at 16 among them) are not looked at, but for those
 * of ARM_ADDRESS52. */
#define ARM_S1_LEAF_FIELDS(F)                                                  \
	F(ARM_S1_LEAF, TYPE, 0, 2)                                             \
	F(ARM_S1_LEAF, AttrIndx, 2, 3)                                         \
	F(ARM_S1_LEAF, NS, 5, 1)                                               \
	F(ARM_S1_LEAF, AP, 6, 2) /* the architecture's AP[2:1] */              \
	F(ARM_S1_LEAF, SH, 8, 2)                                               \
	F(ARM_S1_LEAF, AF, 10, 1)                                              \
	F(ARM_S1_LEAF, nG, 11, 1)                                              \
	F(ARM_S1_LEAF, ADDRESS, 12, 36)                                        \
	F(ARM_S1_LEAF, DBM, 51, 1)                                             \
	F(ARM_S1_LEAF, Contiguous, 52, 1)                                      \
	F(ARM_S1_LEAF, PXN, 53, 1)                                             \
	F(ARM_S1_LEAF, UXN, 54, 1)                                             \
	F(ARM_S1_LEAF, Software, 55, 4)
FIELDS_DEFINE(ARM_S1_LEAF, ARM_S1_LEAF_FIELDS);

#define ARM_S2_LEAF_FIELDS(F)                                                  \
	F(ARM_S2_LEAF, TYPE, 0, 2)                                             \
	F(ARM_S2_LEAF, MemAttr, 2, 4)                                          \
	F(ARM_S2_LEAF, S2AP, 6, 2)                                             \
	F(ARM_S2_LEAF, SH, 8, 2)                                               \
	F(ARM_S2_LEAF, AF, 10, 1)                                              \
	F(ARM_S2_LEAF, ADDRESS, 12, 36)                                        \
	F(ARM_S2_LEAF, DBM, 51, 1)                                             \
	F(ARM_S2_LEAF, Contiguous, 52, 1)                                      \
	F(ARM_S2_LEAF, XN, 53, 2)                                              \
	F(ARM_S2_LEAF, Software, 55, 4)
FIELDS_DEFINE(ARM_S2_LEAF, ARM_S2_LEAF_FIELDS);

/* 64K granule with FEAT_LPA: bits 51:48 of the address of a table, page or
 * block. */
#define ARM_ADDRESS52_FIELDS(F)                                                \
	F(ARM_ADDRESS52, HIGH, 12, 4)                                          \
	F(ARM_ADDRESS52, LOW, 16, 32)
FIELDS_DEFINE(ARM_ADDRESS52, ARM_ADDRESS52_FIELDS);

#define ARM_LEVEL_LAST 3
#define ARM_ADDRESS_BITS 48

/* What depends on the granule; by level, where that has tables at all. */
struct arm_granule {
	uint8_t page_lg2;
	uint8_t stride;	       /* bits that one level resolves */
	uint8_t shift[4];      /* bits of the address below one entry */
	uint8_t range[4];      /* bits of the address below one whole table */
	uint8_t contiguous[4]; /* log2 of the entries of a contiguous run */
	uint8_t blocks;	       /* bit n: level n may have blocks */
	uint8_t blocks52;      /* with 52-bit addresses */
	uint8_t s2_start;      /* VTCR_EL2.SL0 0 starts at this level */
	uint8_t s2_pa_bits;    /* SL0 2 needs so many */
};
enum arm_granule_index { ARM_GRANULE_4K, ARM_GRANULE_16K, ARM_GRANULE_64K };
extern const struct arm_granule arm_granules[3];

/* What a range's granule, as far as the regime has it (or else 4K), says of its
 * descriptors. With FEAT_LPA the 64K granule alone has 52-bit addresses while
 * DS is 0. */
void arm_range_set_granule(struct arm_range *range,
			   const struct arm_regime *regime,
			   const struct arm_granule *granule);

/* TCR_EL1.TG0 and VTCR_EL2.TG0; TCR_EL1.TG1. Reserved values mean 4K. */
const struct arm_granule *arm_granule_tg0(uint64_t field);
const struct arm_granule *arm_granule_tg1(uint64_t field);
/* The granule that TCR_EL1 gives the half that `va` lies in. */
const struct arm_granule *arm_granule_of_va(uint64_t tcr, uint64_t va);

enum arm_descriptor_kind {
	ARM_DESCRIPTOR_INVALID, /* reserved encodings too */
	ARM_DESCRIPTOR_TABLE,
	ARM_DESCRIPTOR_LEAF,	/* block or page */
};

/* Both stages alike: D8.3.1. */
static inline enum arm_descriptor_kind
arm_descriptor_kind(const struct arm_range *range, uint64_t raw, int level)
{
	switch (raw & 3) {
	case 3:
		return level == ARM_LEVEL_LAST ? ARM_DESCRIPTOR_LEAF :
						 ARM_DESCRIPTOR_TABLE;
	case 1:
		return range->blocks >> level & 1 ? ARM_DESCRIPTOR_LEAF :
						    ARM_DESCRIPTOR_INVALID;
	default:
		return ARM_DESCRIPTOR_INVALID;
	}
}

/* Bits 51:48 of a descriptor's address; zero unless the range has them. */
static inline uint64_t arm_address_high(const struct arm_range *range,
					uint64_t raw)
{
	if (__builtin_expect(!range->wide, 1))
		return 0;
	return FIELD_GET(ARM_ADDRESS52_HIGH, raw) << ARM_ADDRESS_BITS;
}

static inline uint64_t arm_table_address(const struct arm_range *range,
					 uint64_t raw)
{
	return (raw & range->address_mask) | arm_address_high(range, raw);
}

/* Of a page, or of a block of 2^size_lg2 bytes. */
static inline uint64_t arm_leaf_address(const struct arm_range *range,
					uint64_t raw, unsigned int size_lg2)
{
	return (raw & MASK(size_lg2, ARM_ADDRESS_BITS - size_lg2)) |
	       arm_address_high(range, raw);
}

/* What a stage-1 table descriptor restricts for all below: or them up. */
#define ARM_S1_INHERITED                                                       \
	(FIELD_MASK(ARM_S1_TABLE_PXNTable) |                                   \
	 FIELD_MASK(ARM_S1_TABLE_UXNTable) | FIELD_MASK(ARM_S1_TABLE_APTable))

/* Permissions of a leaf as ARM_ATTRS_S1_*, ARM_ATTRS_S2_*. D8.4. */
extern const uint8_t arm_s1_permission_table[4][4];
static inline uint64_t arm_s1_permissions(uint64_t leaf, uint64_t inherited,
					  unsigned int row)
{
	uint64_t ap_table = FIELD_GET(ARM_S1_TABLE_APTable, inherited);
	uint64_t ap = (FIELD_GET(ARM_S1_LEAF_AP, leaf) & ~(ap_table & 1)) |
		      (ap_table & 2);
	uint64_t pxn = FIELD_GET(ARM_S1_LEAF_PXN, leaf) |
		       FIELD_GET(ARM_S1_TABLE_PXNTable, inherited);
	uint64_t uxn = FIELD_GET(ARM_S1_LEAF_UXN, leaf) |
		       FIELD_GET(ARM_S1_TABLE_UXNTable, inherited);

	return arm_s1_permission_table[row][ap] &
	       ~FIELD_PREP(ARM_ATTRS_S1_EL1_X, pxn) &
	       ~FIELD_PREP(ARM_ATTRS_S1_EL0_X, uxn);
}

extern const uint16_t arm_s2_permission_table[4];
static inline uint64_t arm_s2_permissions(uint64_t leaf)
{
	/* S2AP[0] and [1] are read and write, as in ARM_ATTRS. */
	return FIELD_GET(ARM_S2_LEAF_S2AP, leaf) << ARM_ATTRS_S2_R_LSB |
	       arm_s2_permission_table[FIELD_GET(ARM_S2_LEAF_XN, leaf)];
}

/* For people: the fields of a descriptor, by ascending lsb, ended by a name
 * of NULL. Static storage. */
struct arm_field {
	const char *name;
	uint8_t lsb, width;
};
const struct arm_field *arm_descriptor_fields(unsigned int stage,
					      enum arm_descriptor_kind kind);

#endif
