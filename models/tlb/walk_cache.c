/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walk caches: a tagged array whose kinds are table levels.
 * models/README.md, rules 13 and 15.
 */
#include "models/tlb/walk_cache.h"

#include <stdlib.h>

#include "core/base/bits.h"
#include "core/base/bug.h"
#include "models/tlb/walk_cache_use.h"

const char *walk_cache_config_problem(const struct tlb_config *config)
{
	return tag_array_config_problem(config);
}

struct walk_cache *walk_cache_new(const struct tlb_config *config,
				  struct model_random *random)
{
	struct walk_cache *wc = calloc(1, sizeof(*wc));

	if (!wc)
		return NULL;
	wc->present = config->entries != 0;
	if (!wc->present || tag_array_init(&wc->array, config, random))
		return wc;
	free(wc);
	return NULL;
}

void walk_cache_free(struct walk_cache *wc)
{
	if (!wc)
		return;
	if (wc->present)
		tag_array_fini(&wc->array);
	free(wc);
}

const struct walk_cache_counters *
walk_cache_counters(const struct walk_cache *wc)
{
	return &wc->counters;
}

static void entry_read(const struct tlb_entry *entry, int level,
		       struct walk_cache_entry *out)
{
	*out = (struct walk_cache_entry){
		.table = entry->value.out,
		.attrs = entry->value.attrs,
		.level = (int8_t)level,
	};
}

bool walk_cache_lookup(struct walk_cache *wc, uint64_t address,
		       const struct tlb_tag *tag, const uint8_t *range_lg2,
		       int first, int last, struct walk_cache_entry *out)
{
	if (!wc->present)
		return false;
	BUG_ON(wc, first < 0 || last >= TAG_ARRAY_KINDS);
	for (int level = last; level >= first; level--) {
		struct tlb_entry *entry;
		struct tag_key key;

		if (!(wc->array.live_mask >> level & 1))
			continue;
		key = walk_cache_key(address, range_lg2[level], tag, level);
		entry = tag_array_lookup(&wc->array, &key);
		if (entry) {
			wc->counters.hits++;
			entry_read(entry, level, out);
			return true;
		}
	}
	wc->counters.misses++;
	return false;
}

bool walk_cache_probe(const struct walk_cache *wc, uint64_t address,
		      const struct tlb_tag *tag, const uint8_t *range_lg2,
		      int first, int last, struct walk_cache_entry *out)
{
	if (!wc->present)
		return false;
	for (int level = last; level >= first; level--) {
		struct tag_key key =
			walk_cache_key(address, range_lg2[level], tag, level);
		const struct tlb_entry *entry =
			tag_array_find(&wc->array, &key);

		if (entry) {
			entry_read(entry, level, out);
			return true;
		}
	}
	return false;
}

void walk_cache_fill(struct walk_cache *wc, uint64_t address,
		     unsigned int range_lg2, const struct tlb_tag *tag,
		     bool global, const struct walk_cache_entry *entry)
{
	struct tag_key key;
	struct tag_put put;

	if (!wc->present)
		return;
	BUG_ON(wc, entry->level < 0 || entry->level >= TAG_ARRAY_KINDS);
	BUG_ON(wc, range_lg2 < 12 || range_lg2 > 63);
	key = walk_cache_key(address, range_lg2, tag, entry->level);
	put = tag_array_put(&wc->array, &key, global);
	wc->changes++;
	put.entry->value = (struct tlb_value){
		.out = entry->table,
		.attrs = entry->attrs,
	};
}

uint64_t walk_cache_invalidate(struct walk_cache *wc,
			       const struct tlb_match *match)
{
	wc->changes++;
	return wc->present ? tag_array_invalidate(&wc->array, match) : 0;
}
