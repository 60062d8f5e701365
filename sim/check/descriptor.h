/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VMSAv8-64 descriptors as the checker reads them, stage 1 and stage 2,
 * granules 4K, 16K and 64K: DDI0487 L.b D8.2, D8.3; and VT-d's second stage,
 * VT-d 4.1 §9.8, whose level n is 4 - n here. Written for this room alone. Left
 * out: FEAT_LPA2, FEAT_D128; VT-d's first stage.
 */
#ifndef SIM_CHECK_DESCRIPTOR_H
#define SIM_CHECK_DESCRIPTOR_H

#include "core/base/bits.h"
#include "sim/check/protocol.h"

/* What every entry of one tree is read by. */
struct geometry {
	bool stage2;
	bool sets_access_flag; /* hardware manages AF: TCR, VTCR .HA */
	bool vtd;	       /* VT-d's second stage; `stage2` too */
	uint8_t granule_lg2;
	uint8_t output_bits;
};

enum entry_kind {
	ENTRY_NOTHING, /* invalid, reserved or never cached: IWZCBG */
	ENTRY_LEAF,
	ENTRY_TABLE,
};

#define ENTRY_VALID BIT(0)
#define ENTRY_AF BIT(10)
#define ENTRY_NG BIT(11)
#define ENTRY_NT BIT(16)
#define ENTRY_CONTIG BIT(52)

/* VT-d second stage: R, W; superpage; snoop, transient. Bits 8 to 10 and 52 to
 * 61 are hardware's notes or ignored. */
#define VTD_ENTRY_RW	  MASK(0, 2)
#define VTD_ENTRY_SP	  BIT(7)
#define VTD_ENTRY_ACCESS  (VTD_ENTRY_RW | BIT(11) | BIT(62))
#define VTD_ENTRY_ADDRESS MASK(12, 40)

static inline unsigned int level_lsb(const struct geometry *g, int level)
{
	return g->granule_lg2 + (unsigned int)(3 - level) * (g->granule_lg2 - 3u);
}

static inline unsigned int table_entries(const struct geometry *g)
{
	return 1u << (g->granule_lg2 - 3);
}

/* D8.3.1: which levels have blocks. */
static inline bool block_allowed(const struct geometry *g, int level)
{
	switch (g->granule_lg2) {
	case 12:
		return level == 1 || level == 2;
	case 14:
		return level == 2;
	default:
		return level == 2 || (level == 1 && g->output_bits > 48);
	}
}

static inline uint64_t entry_address(const struct geometry *g, uint64_t pte,
				     unsigned int lsb)
{
	uint64_t address = pte & MASK(lsb, 48 - lsb);

	if (g->vtd)
		return pte & VTD_ENTRY_ADDRESS & ~MASK(0, lsb);
	if (g->granule_lg2 == 16 && g->output_bits > 48)
		address |= (pte >> 12 & 15) << 48;
	return address;
}

static inline enum entry_kind vtd_entry_kind(const struct geometry *g,
					     uint64_t pte, int level)
{
	if (!(pte & VTD_ENTRY_RW) ||
	    (pte & VTD_ENTRY_ADDRESS) >> g->output_bits)
		return ENTRY_NOTHING;
	if (level == 3)
		return ENTRY_LEAF;
	if (!(pte & VTD_ENTRY_SP))
		return ENTRY_TABLE;
	/* 2 MB and 1 GB; the rest is reserved. */
	return level >= 1 ? ENTRY_LEAF : ENTRY_NOTHING;
}

static inline enum entry_kind entry_kind(const struct geometry *g,
					 uint64_t pte, int level)
{
	bool leaf = level == 3 ? (pte & 3) == 3
			       : (pte & 3) == 1 && block_allowed(g, level);

	if (g->vtd)
		return vtd_entry_kind(g, pte, level);
	if (level < 3 && (pte & 3) == 3)
		return entry_address(g, pte, g->granule_lg2) >>
				       g->output_bits
			       ? ENTRY_NOTHING
			       : ENTRY_TABLE;
	if (!leaf || (!(pte & ENTRY_AF) && !g->sets_access_flag) ||
	    entry_address(g, pte, level_lsb(g, level)) >> g->output_bits)
		return ENTRY_NOTHING;
	return ENTRY_LEAF;
}

/* Memory type, cacheability, shareability: MemAttr or AttrIndx, NS, SH. */
static inline uint64_t entry_memory(const struct geometry *g, uint64_t pte)
{
	return pte & (g->stage2 ? MASK(2, 4) | MASK(8, 2)
				: MASK(2, 4) | MASK(8, 2));
}

/* S2AP or AP, DBM, XN or PXN and UXN. */
static inline uint64_t entry_permissions(uint64_t pte)
{
	return pte & (MASK(6, 2) | BIT(51) | MASK(53, 2));
}

/* What hardware looks at: two values alike in it are the same entry. */
static inline uint64_t entry_meaning(const struct geometry *g, uint64_t pte,
				     int level)
{
	if (g->vtd)
		return vtd_entry_kind(g, pte, level) == ENTRY_NOTHING
			       ? 0
			       : pte & (VTD_ENTRY_ACCESS | VTD_ENTRY_ADDRESS |
					(level < 3 ? VTD_ENTRY_SP : 0));
	switch (entry_kind(g, pte, level)) {
	case ENTRY_NOTHING:
		return 0;
	case ENTRY_TABLE:
		return pte & (MASK(0, 2) | MASK(12, 36) |
			      (g->stage2 ? 0 : MASK(59, 5)));
	case ENTRY_LEAF:
		break;
	}
	return pte & (MASK(0, 11) | (g->stage2 ? 0 : ENTRY_NG | BIT(50)) |
		      MASK(12, 36) | MASK(51, 4));
}

/* Entries of a contiguous group, log2: D8.7.1. */
static inline unsigned int group_lg2(const struct geometry *g, int level)
{
	if (g->vtd)
		return 0;
	if (g->granule_lg2 == 14)
		return level == 3 ? 7 : level == 2 ? 5 : 0;
	if (g->granule_lg2 == 16)
		return level >= 2 ? 5 : 0;
	return level >= 1 ? 4 : 0;
}

static inline bool entry_writable(const struct geometry *g, uint64_t pte)
{
	/* Stage 2: S2AP[1]; stage 1: AP[2] means read-only. */
	return g->stage2 ? pte >> 7 & 1 : !(pte >> 7 & 1);
}

/* By anyone. Stage 2: XN 0b10 is nobody; stage 1: UXN and PXN. */
static inline bool entry_executable(const struct geometry *g, uint64_t pte)
{
	return g->stage2 ? (pte >> 53 & 3) != 2 : (pte >> 53 & 3) != 3;
}

#endif
