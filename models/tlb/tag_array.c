/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entries by page, kind and tag, in sets. models/README.md, rules 8, 10, 12.
 */
#include "models/tlb/tag_array.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/bits.h"
#include "core/base/bug.h"

#define NO_SLOT 0xffff

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

static inline bool is_ordered(const struct tag_array *a)
{
	return a->replacement == REPLACEMENT_LRU ||
	       a->replacement == REPLACEMENT_FIFO;
}

static inline uint32_t set_of(const struct tag_array *a, uint64_t page)
{
	if (__builtin_expect(a->modulo, 0))
		return (uint32_t)(page % a->sets);
	return (uint32_t)(page & (a->sets - 1));
}

static inline uint32_t slot_of(const struct tag_array *a,
			       const struct tlb_entry *entry)
{
	return (uint32_t)(entry - a->entries);
}

static inline uint32_t bucket_of(const struct tag_array *a, uint64_t filter)
{
	return (uint32_t)((filter * UINT64_C(0x9e3779b97f4a7c15)) >>
			  (64 - a->bucket_lg2));
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

	a->entries = aligned_alloc(sizeof(*a->entries),
				   count * sizeof(*a->entries));
	a->keys = array_new(&ok, count, sizeof(*a->keys));
	if (!a->hashed)
		a->slots = array_new(&ok, count, sizeof(*a->slots));
	else
		ok = alloc_hashed(a, count) && ok;
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
	for (uint32_t slot = 0; a->slots && slot < count; slot++)
		a->slots[slot] = (uint16_t)slot;
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
	free(a->slots);
	free(a->bucket);
	free(a->chain);
	free(a->newer);
	free(a->older);
	free(a->free_hint);
	free(a->used);
	free(a->used_count);
	*a = (struct tag_array){ .ways = 0 };
}

/* ---- orders */

/* Places before `at` of a scanned set move back by one; the one there comes
 * first. */
static inline void scan_to_front(struct tag_array *a, uint32_t first,
				 uint32_t at)
{
	uint64_t *keys = a->keys + first, key = keys[at];
	uint16_t *slots = a->slots + first, slot = slots[at];

	for (; at > 0; at--) {
		keys[at] = keys[at - 1];
		slots[at] = slots[at - 1];
	}
	keys[0] = key;
	slots[0] = slot;
}

static inline uint32_t ring_anchor(const struct tag_array *a, uint32_t slot)
{
	return a->sets * a->ways + slot / a->ways;
}

static inline void ring_unlink(struct tag_array *a, uint32_t slot)
{
	a->older[a->newer[slot]] = a->older[slot];
	a->newer[a->older[slot]] = a->newer[slot];
}

/* `slot`, unlinked, follows `after` in the ring. */
static inline void ring_link(struct tag_array *a, uint32_t after, uint32_t slot)
{
	uint16_t older = a->older[after];

	a->newer[slot] = (uint16_t)after;
	a->older[slot] = older;
	a->newer[older] = (uint16_t)slot;
	a->older[after] = (uint16_t)slot;
}

static inline void ring_to_front(struct tag_array *a, uint32_t slot)
{
	uint32_t anchor = a->sets == 1 ? a->ways : ring_anchor(a, slot);

	if (a->older[anchor] == slot)
		return;
	ring_unlink(a, slot);
	ring_link(a, anchor, slot);
}

static void plru_use(struct tag_array *a, uint32_t slot)
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

/* ---- finding */

/*
 * The match's place in its scanned set, or `ways`. Where a global entry and
 * one with the ASID match, the one with the ASID is preferred; that can only
 * be once such a pair has been put in.
 */
static inline uint32_t scan_find(const struct tag_array *a, uint32_t first,
				 const struct tag_key *key)
{
	const uint64_t *keys = a->keys + first, want = key->filter;
	uint32_t found = a->ways;

	for (uint32_t at = 0; at < a->ways; at++) {
		const struct tlb_entry *entry;

		if (keys[at] != want)
			continue;
		entry = &a->entries[a->slots[first + at]];
		if (!tlb_entry_has_tag(entry, &key->tag) ||
		    entry->size_lg2 != key->size_lg2)
			continue;
		if (!entry->global || !a->overlapping)
			return at;
		found = at;
	}
	return found;
}

/* The match's slot, or NO_SLOT. */
static inline uint32_t hash_find(const struct tag_array *a,
				 const struct tag_key *key)
{
	uint64_t want = key->filter;
	uint32_t found = NO_SLOT;

	for (uint32_t slot = a->bucket[bucket_of(a, want)]; slot != NO_SLOT;
	     slot = a->chain[slot]) {
		const struct tlb_entry *entry = &a->entries[slot];

		if (a->keys[slot] != want ||
		    !tlb_entry_has_tag(entry, &key->tag) ||
		    entry->size_lg2 != key->size_lg2)
			continue;
		if (!entry->global || !a->overlapping)
			return slot;
		found = slot;
	}
	return found;
}

struct tlb_entry *tag_array_find(const struct tag_array *a,
				 const struct tag_key *key)
{
	uint32_t first, at;

	if (a->hashed) {
		at = hash_find(a, key);
		return at == NO_SLOT ? NULL : &a->entries[at];
	}
	first = set_of(a, key->page) * a->ways;
	at = scan_find(a, first, key);
	return at == a->ways ? NULL : &a->entries[a->slots[first + at]];
}

struct tlb_entry *tag_array_lookup(struct tag_array *a,
				   const struct tag_key *key)
{
	uint32_t first, at, slot;

	if (a->hashed) {
		slot = hash_find(a, key);
		if (slot == NO_SLOT)
			return NULL;
		if (a->replacement == REPLACEMENT_LRU)
			ring_to_front(a, slot);
	} else {
		first = set_of(a, key->page) * a->ways;
		at = scan_find(a, first, key);
		if (at == a->ways)
			return NULL;
		slot = a->slots[first + at];
		if (a->replacement == REPLACEMENT_LRU)
			scan_to_front(a, first, at);
	}
	if (a->replacement == REPLACEMENT_PLRU)
		plru_use(a, slot);
	return &a->entries[slot];
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
		return a->slots[set * a->ways] == slot;
	case REPLACEMENT_PLRU:
		return (a->used[(size_t)set * a->used_words + way / 64] >>
				(way % 64) & 1) != 0;
	case REPLACEMENT_FIFO:
	case REPLACEMENT_RANDOM:
		break;
	}
	return true;
}

/* ---- filling and dropping */

static inline bool is_same(const struct tlb_entry *entry,
			   const struct tag_key *key, bool global)
{
	return entry->global == global && entry->size_lg2 == key->size_lg2 &&
	       entry->tag.vmid == key->tag.vmid &&
	       entry->tag.regime == key->tag.regime &&
	       entry->tag.stage1 == key->tag.stage1 &&
	       (global || entry->tag.asid == key->tag.asid);
}

/* Could one lookup match this entry as well as the new one? */
static inline bool overlaps(const struct tlb_entry *entry,
			    const struct tag_key *key, bool global)
{
	return entry->global != global && entry->size_lg2 == key->size_lg2 &&
	       entry->tag.vmid == key->tag.vmid &&
	       entry->tag.regime == key->tag.regime &&
	       entry->tag.stage1 == key->tag.stage1;
}

/* The place of the entry that is to be replaced in place; or `ways`. Notes
 * overlaps on the way. */
static uint32_t scan_find_same(struct tag_array *a, uint32_t first,
			       const struct tag_key *key, bool global)
{
	uint32_t same = a->ways;

	for (uint32_t at = 0; at < a->ways; at++) {
		const struct tlb_entry *entry;

		if (a->keys[first + at] != key->filter)
			continue;
		entry = &a->entries[a->slots[first + at]];
		if (is_same(entry, key, global))
			same = at;
		a->overlapping |= overlaps(entry, key, global);
	}
	return same;
}

/* Likewise its slot in a hashed array, or NO_SLOT. */
static uint32_t hash_find_same(struct tag_array *a, const struct tag_key *key,
			       bool global)
{
	uint32_t slot = a->bucket[bucket_of(a, key->filter)];
	uint32_t same = NO_SLOT;

	for (; slot != NO_SLOT; slot = a->chain[slot]) {
		if (a->keys[slot] != key->filter)
			continue;
		if (is_same(&a->entries[slot], key, global))
			same = slot;
		a->overlapping |= overlaps(&a->entries[slot], key, global);
	}
	return same;
}

/* The lowest free way of a set whose slots stand at their ways; or `ways`. */
static uint32_t free_way(struct tag_array *a, uint32_t set)
{
	uint32_t way = a->hashed ? a->free_hint[set] : 0;

	while (way < a->ways && a->keys[set * a->ways + way] != 0)
		way++;
	if (a->hashed)
		a->free_hint[set] = way;
	return way;
}

/* The way to fill where there is no order of ways. */
static uint32_t choose_way(struct tag_array *a, uint32_t set)
{
	uint32_t way = free_way(a, set);

	if (way < a->ways)
		return way;
	if (a->replacement == REPLACEMENT_PLRU)
		return plru_victim(a, set);
	return (uint32_t)(model_random_next(a->random) % a->ways);
}

static void chain_unlink(struct tag_array *a, uint32_t slot)
{
	uint16_t *link = &a->bucket[bucket_of(a, a->keys[slot])];

	while (*link != slot)
		link = &a->chain[*link];
	*link = a->chain[slot];
}

static void chain_link(struct tag_array *a, uint32_t slot)
{
	uint16_t *link = &a->bucket[bucket_of(a, a->keys[slot])];

	a->chain[slot] = *link;
	*link = (uint16_t)slot;
}

static void count_live(struct tag_array *a, uint32_t kind, int change)
{
	a->live[kind] += (uint32_t)change;
	if (a->live[kind])
		a->live_mask |= 1u << kind;
	else
		a->live_mask &= ~(1u << kind);
}

/* One place's key gives way to another, or it was free: then false. The entry
 * itself need not be looked at. */
static inline bool replace_key(struct tag_array *a, uint64_t *place,
			       const struct tag_key *key)
{
	uint64_t old = *place;

	*place = key->filter;
	if (old == 0) {
		count_live(a, key->kind, 1);
		return false;
	}
	if (tag_filter_kind(old) != key->kind) {
		count_live(a, tag_filter_kind(old), -1);
		count_live(a, key->kind, 1);
	}
	return true;
}

static struct tag_put put_scanned(struct tag_array *a,
				  const struct tag_key *key, bool global)
{
	uint32_t set = set_of(a, key->page), first = set * a->ways;
	uint32_t at = scan_find_same(a, first, key, global);
	struct tag_put put = { .evicted = false };

	if (at == a->ways) {
		at = is_ordered(a) ? a->ways - 1 : choose_way(a, set);
		put.evicted = replace_key(a, &a->keys[first + at], key);
	}
	put.entry = &a->entries[a->slots[first + at]];
	if (is_ordered(a))
		scan_to_front(a, first, at);
	return put;
}

static struct tag_put put_hashed(struct tag_array *a, const struct tag_key *key,
				 bool global)
{
	uint32_t slot = hash_find_same(a, key, global);
	struct tag_put put = { .evicted = false };

	if (slot == NO_SLOT) {
		uint32_t set = set_of(a, key->page);

		slot = is_ordered(a) ? a->newer[a->sets * a->ways + set] :
				       set * a->ways + choose_way(a, set);
		if (a->keys[slot] != 0)
			chain_unlink(a, slot);
		put.evicted = replace_key(a, &a->keys[slot], key);
		chain_link(a, slot);
	}
	put.entry = &a->entries[slot];
	if (is_ordered(a))
		ring_to_front(a, slot);
	return put;
}

struct tag_put tag_array_put(struct tag_array *a, const struct tag_key *key,
			     bool global)
{
	struct tag_put put = a->hashed ? put_hashed(a, key, global) :
					 put_scanned(a, key, global);
	struct tlb_entry *entry = put.entry;

	entry->page = key->page;
	entry->tag = key->tag;
	entry->size_lg2 = key->size_lg2;
	entry->global = global;
	entry->valid = true;
	if (a->replacement == REPLACEMENT_PLRU)
		plru_use(a, slot_of(a, entry));
	return put;
}

/* Its place in a scanned set becomes free: the last, if there is an order. */
static void scan_drop(struct tag_array *a, uint32_t slot)
{
	uint32_t first = slot / a->ways * a->ways, at = 0;

	while (a->slots[first + at] != slot)
		at++;
	count_live(a, tag_filter_kind(a->keys[first + at]), -1);
	if (is_ordered(a)) {
		for (; at + 1 < a->ways; at++) {
			a->keys[first + at] = a->keys[first + at + 1];
			a->slots[first + at] = a->slots[first + at + 1];
		}
	}
	a->keys[first + at] = 0;
	a->slots[first + at] = (uint16_t)slot;
}

static void hash_drop(struct tag_array *a, uint32_t slot)
{
	uint32_t set = slot / a->ways, anchor = ring_anchor(a, slot);

	chain_unlink(a, slot);
	count_live(a, tag_filter_kind(a->keys[slot]), -1);
	a->keys[slot] = 0;
	ring_unlink(a, slot);
	ring_link(a, a->newer[anchor], slot);
	if (slot % a->ways < a->free_hint[set])
		a->free_hint[set] = slot % a->ways;
}

static bool matches(const struct tlb_entry *entry,
		    const struct tlb_match *match)
{
	uint64_t first = entry->page << entry->size_lg2;
	uint64_t last = first + (BIT(entry->size_lg2) - 1);

	if (match->by_vmid && entry->tag.vmid != match->vmid)
		return false;
	if (match->by_regime && entry->tag.regime != match->regime)
		return false;
	if (match->by_stage1 && entry->tag.stage1 != match->stage1)
		return false;
	if (match->by_asid && (entry->global ? !match->globals_too :
					       entry->tag.asid != match->asid))
		return false;
	return !match->by_range ||
	       (first <= match->last && last >= match->first);
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
		else
			scan_drop(a, slot);
		if (a->replacement == REPLACEMENT_PLRU)
			plru_forget(a, slot);
		entry->valid = false;
		dropped++;
	}
	return dropped;
}
