/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stage-2 descriptors as a walker reads them, granules 4K, 16K and 64K:
 * DDI0487 L.b D8.2, D8.3.1, D8.7.1 (groups), D8.17.1 (nT). Written for this
 * room alone, so that the explorer judges the core by another reading of the
 * text. Left out: FEAT_LPA2, FEAT_D128, hardware access flag and dirty state.
 */
#ifndef SIM_EXPLORE_ENTRY_H
#define SIM_EXPLORE_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/bits.h"

#define EXPLORE_LAST_LEVEL 3u

/* One address space: what VTCR_EL2 and VTTBR_EL2 say, and the hardware's
 * FEAT_BBM level. */
struct explore_space {
	uint8_t granule_lg2;
	uint8_t start_level;
	uint8_t root_order; /* log2 of the concatenated root tables */
	uint8_t bbm_level;
	uint8_t output_bits; /* 48, or 52 with the 64K granule and FEAT_LPA */
	uint64_t root;
};

enum entry_kind {
	ENTRY_INVALID, /* translating by it faults; never cached (IWZCBG) */
	ENTRY_TABLE,
	ENTRY_LEAF,
};

struct entry {
	enum entry_kind kind;
	bool hint;	      /* contiguous: one of a group that is alike */
	bool group;	      /* as cached: the whole group as one */
	bool no_tlb;	      /* nT: translates, but is not cached */
	uint64_t address;     /* of the table, or what it maps to */
	uint64_t memory;      /* MemAttr and SH, where they stand */
	uint64_t permissions; /* S2AP and XN, where they stand */
};

/* Lowest input address bit that selects an entry of the level. */
static inline unsigned int entry_lsb(const struct explore_space *s,
				     unsigned int level)
{
	return s->granule_lg2 +
	       (EXPLORE_LAST_LEVEL - level) * (s->granule_lg2 - 3u);
}

static inline uint64_t entry_span(const struct explore_space *s,
				  unsigned int level)
{
	return BIT(entry_lsb(s, level));
}

static inline unsigned int entry_count(const struct explore_space *s)
{
	return 1u << (s->granule_lg2 - 3);
}

/* Entries that the contiguous hint joins, log2; 0: the level has no hint. */
unsigned int entry_group_lg2(const struct explore_space *s,
			     unsigned int level);

/* What a walker of this level reads in the value. */
struct entry entry_decode(const struct explore_space *s, uint64_t value,
			  unsigned int level);

#endif
