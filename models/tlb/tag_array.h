/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The array inside TLBs and walk caches: entries found by input page, kind
 * (which page size, or which table level) and tag, in sets, with replacement.
 * It counts nothing; tlb.c and walk_cache.c do.
 *
 * Sets of few ways are scanned: a set's keys stand together, and under LRU and
 * FIFO the order of its ways is a word of nibbles. Sets of many ways (a fully
 * associative TLB is one set) are found by a hash chain and ordered by a
 * linked list: both O(1).
 */
#ifndef MODELS_TLB_TAG_ARRAY_H
#define MODELS_TLB_TAG_ARRAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "models/replacement.h"
#include "models/tlb/tlb.h"

#define TAG_ARRAY_ENTRIES_MAX 8192
#define TAG_ARRAY_SCAN_MAX    16 /* ways; more are hashed */
#define TAG_ARRAY_KINDS	      8

/* What an entry is found by. */
struct tag_key {
	uint64_t page;
	uint64_t filter; /* page and kind whole, part of the tag; never 0 */
	const struct tlb_tag *tag;
	uint32_t kind, size_lg2;
};

static inline struct tag_key tag_key_make(uint64_t address,
					  unsigned int size_lg2,
					  unsigned int kind,
					  const struct tlb_tag *tag)
{
	uint64_t page = address >> size_lg2;

	return (struct tag_key){
		.page = page,
		.filter = page << 12 | (uint64_t)kind << 9 | 1u << 8 |
			  (tag->fold & 0xff),
		.tag = tag,
		.kind = kind,
		.size_lg2 = size_lg2,
	};
}

/* The kind in a filter. */
static inline unsigned int tag_filter_kind(uint64_t filter)
{
	return filter >> 9 & 7;
}

struct tag_array {
	struct tlb_entry *entries; /* by slot: set x ways + way */
	uint64_t *keys;	 /* the entries' filters, by slot. 0: invalid */
	uint64_t *order; /* scanned, LRU and FIFO: by set, ways, newest first */
	uint32_t ways, sets;
	uint32_t free; /* entries that are invalid */
	bool hashed, modulo;
	/* Full, and the victim is the oldest of a set (a hashed one's only
	 * set): see known_new. */
	bool settled;
	/* Two entries have matched one lookup: one global, one not. */
	bool overlapping;
	enum replacement replacement;
	uint32_t live_mask; /* kinds that have entries */
	uint32_t live[TAG_ARRAY_KINDS];
	/* By kind: the last lookup of the kind found no entry with this
	 * filter, whatever its tag, and nothing was put in since: the put that
	 * usually follows need not search for one to replace or to overlap
	 * with. */
	uint64_t missed[TAG_ARRAY_KINDS];
	/* By kind: bit n is set if an entry whose page is n modulo 64 has been
	 * put in since there was none at all. */
	uint64_t seen[TAG_ARRAY_KINDS];
	/* Hashed: chains by slot, and per set a ring through entry
	 * slot_count + set, newest first, invalid ones last. */
	uint32_t bucket_lg2;
	uint16_t *bucket, *chain, *newer, *older;
	/* PLRU: bits and their number, by set. */
	uint64_t *used;
	uint32_t *used_count, used_words;
	uint32_t *free_hint; /* hashed: no way below is free, by set */
	struct model_random *random;
};

/* How a put ended. */
struct tag_put {
	struct tlb_entry *entry;
	bool evicted; /* a valid entry of another page or tag made way */
};

/* NULL, or in a few words what would be right. */
const char *tag_array_config_problem(const struct tlb_config *config);
/* False when out of memory; config->entries is not 0. */
bool tag_array_init(struct tag_array *a, const struct tlb_config *config,
		    struct model_random *random);
void tag_array_fini(struct tag_array *a);

/* Drops what matches; returns how many. */
uint64_t tag_array_invalidate(struct tag_array *a,
			      const struct tlb_match *match);
/* Would a use of this entry change nothing? */
bool tag_array_use_is_idle(const struct tag_array *a,
			   const struct tlb_entry *entry);

_Static_assert(sizeof(struct tlb_entry) == 64, "entries are host cache lines");

/* Does the entry belong to whom the lookup is for? */
static inline bool tlb_entry_has_tag(const struct tlb_entry *entry,
				     const struct tlb_tag *tag)
{
	return !((tlb_tag_word(&entry->tag) ^ tlb_tag_word(tag)) &
		 tlb_tag_mask(entry->global));
}

#endif
