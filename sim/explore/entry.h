/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Descriptors as a walker reads them: Arm stage 2, granules 4K, 16K and 64K,
 * DDI0487 L.b D8.2, D8.3.1, D8.7.1 (groups), D8.17.1 (nT); VT-d second stage,
 * VT-d 4.1 §3.7, §9.8. Written for this room alone, so that the explorer judges
 * the core by another reading of the texts. Left out: FEAT_LPA2, FEAT_D128,
 * hardware update of descriptors, VT-d's memory types and execute permission.
 *
 * Levels grow towards the pages. Arm's are its own; VT-d numbers its tables
 * from the pages up, and level 4 here is its page table, 0 its PML5.
 */
#ifndef SIM_EXPLORE_ENTRY_H
#define SIM_EXPLORE_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/bits.h"

enum entry_format { ENTRY_ARM_S2, ENTRY_VTD_SS };

/* One address space: what leads to it (VTCR_EL2 and VTTBR_EL2; a context or
 * PASID entry), and what of the hardware decides how it is read. */
struct explore_space {
	enum entry_format format;
	uint8_t granule_lg2;
	uint8_t start_level;
	uint8_t root_order; /* log2 of the concatenated root tables */
	uint8_t bbm_level;   /* FEAT_BBM */
	/* Arm: 48, or 52 with the 64K granule and FEAT_LPA. VT-d: the host
	 * address width. */
	uint8_t output_bits;
	uint8_t superpages;  /* VT-d: CAP.SSLPS; bit 0: 2 MB, bit 1: 1 GB */
	bool snoop_control;  /* VT-d: ECAP.SC; else SNP is reserved */
	uint64_t root;
};

enum entry_kind {
	ENTRY_INVALID, /* translating by it faults; never cached (IWZCBG; VT-d
			* 4.1 §6.1: with CAP.CM clear) */
	ENTRY_TABLE,
	ENTRY_LEAF,
};

struct entry {
	enum entry_kind kind;
	bool hint;	      /* contiguous: one of a group that is alike */
	bool group;	      /* as cached: the whole group as one */
	bool no_tlb;	      /* nT: translates, but is not cached */
	uint64_t address;     /* of the table, or what it maps to */
	uint64_t memory;      /* MemAttr and SH; SNP: where they stand */
	/* S2AP and XN; R and W: where they stand. Of a table, what entries
	 * below may have of them: Arm's stage 2 takes nothing away. */
	uint64_t permissions;
};

/* Of the level whose entries map pages. */
static inline unsigned int entry_last_level(const struct explore_space *s)
{
	return s->format == ENTRY_VTD_SS ? 4 : 3;
}

/* As the architecture numbers it. */
static inline unsigned int entry_level_name(const struct explore_space *s,
					    unsigned int level)
{
	return s->format == ENTRY_VTD_SS ? 5 - level : level;
}

/* May entries that differ be held for one address? VT-d bears it until the
 * invalidation: hardware uses one of them. VT-d 4.1 §6.2. */
static inline bool entry_bears_change(const struct explore_space *s)
{
	return s->format == ENTRY_VTD_SS;
}

/* Lowest input address bit that selects an entry of the level. */
static inline unsigned int entry_lsb(const struct explore_space *s,
				     unsigned int level)
{
	return s->granule_lg2 +
	       (entry_last_level(s) - level) * (s->granule_lg2 - 3u);
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

/* " r-x"; of VT-d " rw". */
const char *entry_rights_name(const struct explore_space *s,
			      uint64_t permissions);

#define ENTRY_ALL_RIGHTS UINT64_MAX
/* The same behind tables that allow no more than `rights`. */
static inline struct entry entry_read(const struct explore_space *s,
				      uint64_t value, unsigned int level,
				      uint64_t rights)
{
	struct entry e = entry_decode(s, value, level);

	e.permissions &= rights;
	if (s->format == ENTRY_VTD_SS && e.permissions == 0)
		e.kind = ENTRY_INVALID;
	return e;
}

#endif
