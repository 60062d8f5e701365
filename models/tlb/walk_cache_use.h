/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A walk cache asked for the pointer of one level without a call: for
 * walk_cache.c, and for the quick walk. models/README.md, rules 13 and 15.
 */
#ifndef MODELS_TLB_WALK_CACHE_USE_H
#define MODELS_TLB_WALK_CACHE_USE_H

#include "models/tlb/tag_array_use.h"
#include "models/tlb/walk_cache.h"

#define WALK_CACHE_FRONTS 64

struct walk_cache {
	bool present;
	struct tag_array array;
	/* Hints for walk_cache_find_here, by the low bits of the page: a slot. */
	uint16_t front[WALK_CACHE_FRONTS];
	struct walk_cache_counters counters;
};

TAG_INLINE struct tag_key walk_cache_key(uint64_t address,
					 unsigned int range_lg2,
					 const struct tlb_tag *tag, int level)
{
	return tag_key_make(address, range_lg2, (unsigned int)level, tag);
}

/* Without a hint; *front becomes one. */
const struct tlb_entry *walk_cache_find_slow(struct walk_cache *wc,
					     const struct tag_key *key,
					     uint16_t *front);

/* The pointer to the table of one level, which no level asked before it may
 * have; touches nothing. NULL: none. */
TAG_INLINE const struct tlb_entry *
walk_cache_find_here(struct walk_cache *wc, uint64_t address,
		     const struct tlb_tag *tag, unsigned int range_lg2,
		     int level)
{
	const struct tag_array *a = &wc->array;
	const struct tlb_entry *entry;
	struct tag_key key;
	uint16_t *front;

	if (!wc->present)
		return NULL;
	key = walk_cache_key(address, range_lg2, tag, level);
	front = &wc->front[key.page & (WALK_CACHE_FRONTS - 1)];
	entry = &a->entries[*front];
	if (a->keys[*front] == key.filter && !entry->global &&
	    entry->size_lg2 == range_lg2 && tlb_entry_has_tag(entry, tag))
		return entry;
	return walk_cache_find_slow(wc, &key, front);
}

/* The lookup that finds `entry`. */
TAG_INLINE void walk_cache_hit_here(struct walk_cache *wc,
				    const struct tlb_entry *entry)
{
	wc->counters.hits++;
	tag_array_use(&wc->array, entry);
}

#endif
