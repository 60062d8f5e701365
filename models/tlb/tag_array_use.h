/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a tagged array is searched and filled: what every TLB lookup and fill
 * passes, kept in a header so that it is without calls and with the key in
 * registers. For tag_array.c, tlb.c and walk_cache.c alone. models/README.md,
 * rules 8, 10, 12.
 */
#ifndef MODELS_TLB_TAG_ARRAY_USE_H
#define MODELS_TLB_TAG_ARRAY_USE_H

#include "core/base/bits.h"
#include "models/tlb/tag_array.h"

#define NO_SLOT 0xffff

/* In tag_array.c: a use under PLRU; the way of a set to fill where ways have
 * no order. */
void tag_array_plru_use(struct tag_array *a, uint32_t slot);
uint32_t tag_array_choose_way(struct tag_array *a, uint32_t set);

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
		if (!tlb_entry_has_tag(entry, key->tag) ||
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
		    !tlb_entry_has_tag(entry, key->tag) ||
		    entry->size_lg2 != key->size_lg2)
			continue;
		if (!entry->global || !a->overlapping)
			return slot;
		found = slot;
	}
	return found;
}

/* The matching entry or NULL. A find touches nothing, a lookup is a use. */
static inline struct tlb_entry *tag_array_find(const struct tag_array *a,
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

static inline struct tlb_entry *note_miss(struct tag_array *a,
					  const struct tag_key *key)
{
	a->missed = key->filter;
	a->missed_tag = *key->tag;
	a->missed_size_lg2 = key->size_lg2;
	return NULL;
}

static inline struct tlb_entry *tag_array_lookup(struct tag_array *a,
						 const struct tag_key *key)
{
	uint32_t first, at, slot;

	if (a->hashed) {
		slot = hash_find(a, key);
		if (slot == NO_SLOT)
			return note_miss(a, key);
		if (a->replacement == REPLACEMENT_LRU)
			ring_to_front(a, slot);
	} else {
		first = set_of(a, key->page) * a->ways;
		at = scan_find(a, first, key);
		if (at == a->ways)
			return note_miss(a, key);
		slot = a->slots[first + at];
		if (a->replacement == REPLACEMENT_LRU)
			scan_to_front(a, first, at);
	}
	if (a->replacement == REPLACEMENT_PLRU)
		tag_array_plru_use(a, slot);
	return &a->entries[slot];
}

/* ---- filling */

static inline bool is_same(const struct tlb_entry *entry,
			   const struct tag_key *key, bool global)
{
	return entry->global == global && entry->size_lg2 == key->size_lg2 &&
	       entry->tag.vmid == key->tag->vmid &&
	       entry->tag.regime == key->tag->regime &&
	       entry->tag.stage1 == key->tag->stage1 &&
	       (global || entry->tag.asid == key->tag->asid);
}

/* Could one lookup match this entry as well as the new one? */
static inline bool overlaps(const struct tlb_entry *entry,
			    const struct tag_key *key, bool global)
{
	return entry->global != global && entry->size_lg2 == key->size_lg2 &&
	       entry->tag.vmid == key->tag->vmid &&
	       entry->tag.regime == key->tag->regime &&
	       entry->tag.stage1 == key->tag->stage1;
}

/* The place of the entry that is to be replaced in place; or `ways`. Notes
 * overlaps on the way. */
static inline uint32_t scan_find_same(struct tag_array *a, uint32_t first,
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
static inline uint32_t hash_find_same(struct tag_array *a,
				      const struct tag_key *key, bool global)
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

static inline void chain_unlink(struct tag_array *a, uint32_t slot)
{
	uint16_t *link = &a->bucket[bucket_of(a, a->keys[slot])];

	while (*link != slot)
		link = &a->chain[*link];
	*link = a->chain[slot];
}

static inline void chain_link(struct tag_array *a, uint32_t slot)
{
	uint16_t *link = &a->bucket[bucket_of(a, a->keys[slot])];

	a->chain[slot] = *link;
	*link = (uint16_t)slot;
}

static inline void count_live(struct tag_array *a, uint32_t kind, int change)
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

/*
 * Is it known from a lookup that there is nothing to replace in place and
 * nothing to overlap with? (An entry with another ASID does not match the
 * lookup and would overlap with a global one.)
 */
static inline bool known_absent(const struct tag_array *a,
				const struct tag_key *key, bool global)
{
	return a->missed == key->filter && !global &&
	       a->missed_size_lg2 == key->size_lg2 &&
	       a->missed_tag.vmid == key->tag->vmid &&
	       a->missed_tag.asid == key->tag->asid &&
	       a->missed_tag.regime == key->tag->regime &&
	       a->missed_tag.stage1 == key->tag->stage1;
}

static inline struct tag_put put_scanned(struct tag_array *a,
					 const struct tag_key *key, bool global)
{
	uint32_t set = set_of(a, key->page), first = set * a->ways;
	uint32_t at = known_absent(a, key, global)
			      ? a->ways
			      : scan_find_same(a, first, key, global);
	struct tag_put put = { .evicted = false };

	if (at == a->ways) {
		at = is_ordered(a) ? a->ways - 1 : tag_array_choose_way(a, set);
		put.evicted = replace_key(a, &a->keys[first + at], key);
	}
	put.entry = &a->entries[a->slots[first + at]];
	if (is_ordered(a))
		scan_to_front(a, first, at);
	return put;
}

static inline struct tag_put put_hashed(struct tag_array *a,
					const struct tag_key *key, bool global)
{
	uint32_t slot = known_absent(a, key, global)
				? NO_SLOT
				: hash_find_same(a, key, global);
	struct tag_put put = { .evicted = false };

	if (slot == NO_SLOT) {
		uint32_t set = set_of(a, key->page);

		slot = is_ordered(a)
			       ? a->newer[a->sets * a->ways + set]
			       : set * a->ways + tag_array_choose_way(a, set);
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

/* An entry with exactly this key, its value still to be written: the one that
 * has it already, or a free or replaced one. A put is a fill. */
static inline struct tag_put
tag_array_put(struct tag_array *a, const struct tag_key *key, bool global)
{
	struct tag_put put = a->hashed ? put_hashed(a, key, global)
				       : put_scanned(a, key, global);
	struct tlb_entry *entry = put.entry;

	a->missed = 0;
	entry->page = key->page;
	entry->tag = *key->tag;
	entry->size_lg2 = (uint8_t)key->size_lg2;
	entry->global = global;
	entry->valid = true;
	if (a->replacement == REPLACEMENT_PLRU)
		tag_array_plru_use(a, slot_of(a, entry));
	return put;
}

#endif
