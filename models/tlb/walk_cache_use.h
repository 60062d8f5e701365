/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A walk cache asked for the pointer of one level without a call: for
 * walk_cache.c, and for the quick walk. models/README.md, rules 13 and 15.
 */
#ifndef MODELS_TLB_WALK_CACHE_USE_H
#define MODELS_TLB_WALK_CACHE_USE_H

#include "models/tlb/tag_array_use.h"
#include "models/tlb/walk_cache.h"

struct walk_cache {
	bool present;
	struct tag_array array;
	uint64_t changes; /* how often entries came or went */
	struct walk_cache_counters counters;
};

TAG_INLINE struct tag_key walk_cache_key(uint64_t address,
					 unsigned int range_lg2,
					 const struct tlb_tag *tag, int level)
{
	return tag_key_make(address, range_lg2, (unsigned int)level, tag);
}

/* The pointer to the table of one level, which no level asked before it may
 * have; touches nothing. NULL: none. */
static inline const struct tlb_entry *
walk_cache_find(const struct walk_cache *wc, uint64_t address,
		const struct tlb_tag *tag, unsigned int range_lg2, int level)
{
	struct tag_key key = walk_cache_key(address, range_lg2, tag, level);

	return wc->present ? tag_array_find(&wc->array, &key) : NULL;
}

/* The lookup that finds `entry`. */
TAG_INLINE void walk_cache_hit_here(struct walk_cache *wc,
				    const struct tlb_entry *entry)
{
	wc->counters.hits++;
	tag_array_use(&wc->array, entry);
}

#endif
