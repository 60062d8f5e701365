/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A walk cache: pointers to next-level tables, one array for a stage, tagged
 * like a TLB, so that a walk can start below its root. Counting rules:
 * models/README.md.
 */
#ifndef MODELS_TLB_WALK_CACHE_H
#define MODELS_TLB_WALK_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "models/tlb/tlb.h"

struct walk_cache_counters {
	uint64_t hits, misses;
};

/* A table pointer: where the table at `level` for an input range lies. */
struct walk_cache_entry {
	uint64_t table; /* address of the table, in the stage's output space */
	uint64_t attrs; /* what the path above has restricted; owner's own */
	int8_t level;	/* of the table that `table` points to */
};

struct walk_cache;

/* NULL, or in a few words what would be right (walk_cache_new checks it). */
const char *walk_cache_config_problem(const struct tlb_config *config);
/* config->sizes_lg2 is not used. NULL when out of memory. */
struct walk_cache *walk_cache_new(const struct tlb_config *config,
				  struct model_random *random);
void walk_cache_free(struct walk_cache *wc);
const struct walk_cache_counters *
walk_cache_counters(const struct walk_cache *wc);

/*
 * The deepest table known for `address`, from level `last` up to `first`:
 * range_lg2[level] is the size of the input range that one table of that
 * level covers (4K granule: 21 for level 3, 30 for level 2, 39 for level 1).
 * Counts one hit or one miss per call. False: start at the root.
 */
bool walk_cache_lookup(struct walk_cache *wc, uint64_t address,
		       const struct tlb_tag *tag, const uint8_t *range_lg2,
		       int first, int last, struct walk_cache_entry *out);
bool walk_cache_probe(const struct walk_cache *wc, uint64_t address,
		      const struct tlb_tag *tag, const uint8_t *range_lg2,
		      int first, int last, struct walk_cache_entry *out);

/* Remember that the table of `entry->level` for the input range
 * (address >> range_lg2) is at entry->table. */
void walk_cache_fill(struct walk_cache *wc, uint64_t address,
		     unsigned int range_lg2, const struct tlb_tag *tag,
		     bool global, const struct walk_cache_entry *entry);
uint64_t walk_cache_invalidate(struct walk_cache *wc,
			       const struct tlb_match *match);

#endif
