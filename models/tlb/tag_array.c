/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entries by page, kind and tag, in sets. models/README.md, rules 8, 10, 12.
 */
#include "models/tlb/tag_array_use.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/bits.h"
#include "core/base/bug.h"

const char *tag_array_config_problem(const struct tlb_config *config)
{
	if (config->entries == 0)
		return NULL;
	if (config->entries > TAG_ARRAY_ENTRIES_MAX)
		return "entries must be at most 8192";
	if (config->ways == 0 || config->ways > config->entries)
		return "ways must be from 1 to entries";
	if (config->entries % config->ways != 0)
		return "entries must be a multiple of ways";
	return NULL;
}

/* ---- setting up */

static void *array_new(bool *ok, size_t count, size_t size)
{
	void *array = calloc(count, size);

	*ok = *ok && array;
	return array;
}

static bool alloc_hashed(struct tag_array *a, uint32_t count)
{
	bool ok = true;

	a->bucket_lg2 = 1;
	while (BIT(a->bucket_lg2) < 8 * (uint64_t)count)
		a->bucket_lg2++;
	a->bucket = array_new(&ok, BIT(a->bucket_lg2), sizeof(*a->bucket));
	a->chain = array_new(&ok, count, sizeof(*a->chain));
	a->newer = array_new(&ok, count + a->sets, sizeof(*a->newer));
	a->older = array_new(&ok, count + a->sets, sizeof(*a->older));
	a->free_hint = array_new(&ok, a->sets, sizeof(*a->free_hint));
	return ok;
}

static bool alloc(struct tag_array *a, uint32_t count)
{
	bool ok = true;

	a->entries =
		aligned_alloc(sizeof(*a->entries), count * sizeof(*a->entries));
	a->keys = array_new(&ok, count, sizeof(*a->keys));
	if (a->hashed)
		ok = alloc_hashed(a, count) && ok;
	else if (is_ordered(a))
		a->order = array_new(&ok, a->sets, sizeof(*a->order));
	if (a->replacement == REPLACEMENT_PLRU) {
		a->used_words = (a->ways + 63) / 64;
		a->used = array_new(&ok, (size_t)a->used_words * a->sets,
				    sizeof(*a->used));
		a->used_count = array_new(&ok, a->sets, sizeof(*a->used_count));
	}
	return ok && a->entries;
}

/* A set's ring: its anchor, then the ways from the last to the first, so that
 * the first is the oldest and filled first. */
static void ring_init(struct tag_array *a, uint32_t set, uint32_t count)
{
	uint32_t anchor = count + set, after = anchor;

	for (uint32_t way = a->ways; way-- > 0;) {
		uint32_t slot = set * a->ways + way;

		a->older[after] = (uint16_t)slot;
		a->newer[slot] = (uint16_t)after;
		after = slot;
	}
	a->older[after] = (uint16_t)anchor;
	a->newer[anchor] = (uint16_t)after;
}

bool tag_array_init(struct tag_array *a, const struct tlb_config *config,
		    struct model_random *random)
{
	uint32_t count = config->entries;

	BUG_ON(a, count == 0 || tag_array_config_problem(config));
	BUG_ON(a, config->replacement == REPLACEMENT_RANDOM && !random);
	*a = (struct tag_array){
		.ways = config->ways,
		.sets = count / config->ways,
		.free = count,
		.hashed = config->ways > TAG_ARRAY_SCAN_MAX,
		.replacement = config->replacement,
		.random = random,
	};
	a->modulo = (a->sets & (a->sets - 1)) != 0;
	if (!alloc(a, count)) {
		tag_array_fini(a);
		return false;
	}
	memset(a->entries, 0, count * sizeof(*a->entries));
	for (uint32_t slot = 0; slot < count; slot++) {
		a->entries[slot].set = (uint16_t)(slot / a->ways);
		a->entries[slot].way = (uint16_t)(slot % a->ways);
	}
	/* Which way stands where is of no matter while none is valid. */
	for (uint32_t set = 0; a->order && set < a->sets; set++)
		a->order[set] = UINT64_C(0xfedcba9876543210);
	if (!a->hashed)
		return true;
	for (uint64_t i = 0; i < BIT(a->bucket_lg2); i++)
		a->bucket[i] = NO_SLOT;
	for (uint32_t set = 0; set < a->sets; set++)
		ring_init(a, set, count);
	return true;
}

void tag_array_fini(struct tag_array *a)
{
	free(a->entries);
	free(a->keys);
	free(a->order);
	free(a->bucket);
	free(a->chain);
	free(a->newer);
	free(a->older);
	free(a->free_hint);
	free(a->used);
	free(a->used_count);
	*a = (struct tag_array){ .ways = 0 };
}

void tag_array_plru_use(struct tag_array *a, uint32_t slot)
{
	uint32_t set = slot / a->ways, way = slot % a->ways;
	uint64_t *words = a->used + (size_t)set * a->used_words;

	if (words[way / 64] & BIT(way % 64))
		return;
	if (++a->used_count[set] == a->ways) {
		memset(words, 0, a->used_words * sizeof(*words));
		a->used_count[set] = 1;
	}
	words[way / 64] |= BIT(way % 64);
}

static void plru_forget(struct tag_array *a, uint32_t slot)
{
	uint32_t set = slot / a->ways, way = slot % a->ways;
	uint64_t *words = a->used + (size_t)set * a->used_words;

	if (words[way / 64] & BIT(way % 64))
		a->used_count[set]--;
	words[way / 64] &= ~BIT(way % 64);
}

/* The lowest way with a clear bit; way 0 of a set of one. */
static uint32_t plru_victim(const struct tag_array *a, uint32_t set)
{
	const uint64_t *words = a->used + (size_t)set * a->used_words;

	for (uint32_t i = 0; i < a->used_words; i++) {
		uint32_t way = i * 64 + ctz64(~words[i]);

		if (~words[i] && way < a->ways)
			return way;
	}
	return 0;
}

bool tag_array_use_is_idle(const struct tag_array *a,
			   const struct tlb_entry *entry)
{
	uint32_t slot = slot_of(a, entry), way = slot % a->ways;
	uint32_t set = slot / a->ways;

	switch (a->replacement) {
	case REPLACEMENT_LRU:
		if (a->hashed)
			return a->older[ring_anchor(a, slot)] == slot;
		return (a->order[set] & 15) == way;
	case REPLACEMENT_PLRU:
		return (a->used[(size_t)set * a->used_words + way / 64] >>
				(way % 64) &
			1) != 0;
	case REPLACEMENT_FIFO:
	case REPLACEMENT_RANDOM:
		break;
	}
	return true;
}

/* ---- filling and dropping */

/* The lowest free way of a set, or `ways`. */
static uint32_t free_way(struct tag_array *a, uint32_t set)
{
	uint32_t way = a->hashed ? a->free_hint[set] : 0;

	while (way < a->ways && a->keys[set * a->ways + way] != 0)
		way++;
	if (a->hashed)
		a->free_hint[set] = way;
	return way;
}

/* The way to fill. A hashed set with an order is not asked for: the last of
 * its ring is the lowest free one, or the oldest. */
uint32_t tag_array_choose_way(struct tag_array *a, uint32_t set)
{
	uint32_t way = free_way(a, set);

	if (way < a->ways)
		return way;
	if (is_ordered(a))
		return (uint32_t)(a->order[set] >> (a->ways - 1) * 4 & 15);
	if (a->replacement == REPLACEMENT_PLRU)
		return plru_victim(a, set);
	return (uint32_t)(model_random_next(a->random) % a->ways);
}

static void hash_drop(struct tag_array *a, uint32_t slot)
{
	uint32_t set = slot / a->ways, anchor = ring_anchor(a, slot);

	chain_unlink(a, slot);
	ring_unlink(a, slot);
	ring_link(a, a->newer[anchor], slot);
	if (slot % a->ways < a->free_hint[set])
		a->free_hint[set] = slot % a->ways;
}

static bool in_range(const struct tlb_entry *entry,
		     const struct tlb_match *match)
{
	uint64_t first = entry->page << entry->size_lg2;
	unsigned int size_lg2 = entry->size_lg2, whole_lg2 = 0;

	if (match->whole_lsb)
		whole_lg2 = entry->value.attrs >> match->whole_lsb & 63;
	if (whole_lg2 > size_lg2)
		size_lg2 = whole_lg2;
	first = align_down(first, size_lg2);
	return first <= match->last &&
	       first + (BIT(size_lg2) - 1) >= match->first;
}

static bool matches(const struct tlb_entry *entry,
		    const struct tlb_match *match)
{
	if (match->by_vmid && entry->tag.vmid != match->vmid)
		return false;
	if (match->by_regime && entry->tag.regime != match->regime)
		return false;
	if (match->by_stage1 && entry->tag.stage1 != match->stage1)
		return false;
	if (match->by_asid && (entry->global ? !match->globals_too
					     : entry->tag.asid != match->asid))
		return false;
	if (match->largest_lg2 && entry->size_lg2 > match->largest_lg2)
		return false;
	if ((entry->value.attrs & match->attrs_mask) != match->attrs)
		return false;
	return !match->by_range || in_range(entry, match);
}

uint64_t tag_array_invalidate(struct tag_array *a,
			      const struct tlb_match *match)
{
	uint64_t dropped = 0;

	if (a->live_mask == 0)
		return 0;
	for (uint32_t slot = 0; slot < a->sets * a->ways; slot++) {
		struct tlb_entry *entry = &a->entries[slot];

		if (!entry->valid || !matches(entry, match))
			continue;
		if (a->hashed)
			hash_drop(a, slot);
		count_live(a, tag_filter_kind(a->keys[slot]), -1);
		a->keys[slot] = 0;
		a->free++;
		a->settled = false;
		if (a->replacement == REPLACEMENT_PLRU)
			plru_forget(a, slot);
		entry->valid = false;
		entry->page = UINT64_MAX; /* matches no address */
		dropped++;
	}
	return dropped;
}
