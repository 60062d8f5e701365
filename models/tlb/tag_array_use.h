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

#define NO_SLOT	   0xffff
#define TAG_INLINE static inline __attribute__((always_inline))

/* In tag_array.c: a use under PLRU; the way of a set to fill where ways have
 * no order. */
void tag_array_plru_use(struct tag_array *a, uint32_t slot);
uint32_t tag_array_choose_way(struct tag_array *a, uint32_t set);

static inline bool is_ordered(const struct tag_array *a)
{
	return a->replacement == REPLACEMENT_LRU ||
	       a->replacement == REPLACEMENT_FIFO;
}

TAG_INLINE uint32_t set_of(const struct tag_array *a, uint64_t page)
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

#define ORDER_NIBBLES UINT64_C(0x1111111111111111)

/* The way becomes the newest of its scanned set. */
TAG_INLINE void order_to_front(uint64_t *order, uint64_t way)
{
	uint64_t differ = *order ^ way * ORDER_NIBBLES;
	/* The lowest nibble of these is the way's place. */
	uint64_t zero = (differ - ORDER_NIBBLES) & ~differ & ORDER_NIBBLES << 3;
	uint64_t newer = BIT(ctz64(zero) - 3) - 1;

	*order = (*order & ~(newer << 4 | 15)) | (*order & newer) << 4 | way;
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

TAG_INLINE void ring_to_front(struct tag_array *a, uint32_t slot)
{
	uint32_t anchor = a->sets == 1 ? a->ways : ring_anchor(a, slot);

	if (a->older[anchor] == slot)
		return;
	ring_unlink(a, slot);
	ring_link(a, anchor, slot);
}

TAG_INLINE void entry_to_front(struct tag_array *a,
			       const struct tlb_entry *entry)
{
	uint64_t *order;

	if (a->hashed) {
		ring_to_front(a, slot_of(a, entry));
		return;
	}
	order = &a->order[entry->set];
	if ((*order & 15) != entry->way)
		order_to_front(order, entry->way);
}

/* ---- finding */

TAG_INLINE uint32_t keys_match(const uint64_t *keys, uint32_t ways,
			       uint64_t filter)
{
	uint32_t match = 0;

	for (uint32_t way = 0; way < ways; way++)
		match |= (uint32_t)(keys[way] == filter) << way;
	return match;
}

TAG_INLINE uint32_t keys_match4(const uint64_t *keys, uint64_t filter)
{
	return (uint32_t)(keys[0] == filter) |
	       (uint32_t)(keys[1] == filter) << 1 |
	       (uint32_t)(keys[2] == filter) << 2 |
	       (uint32_t)(keys[3] == filter) << 3;
}

/* Bits of a scanned set's ways that have the filter. Without branches: which
 * of them hits is not to be foreseen. */
TAG_INLINE uint32_t scan_match(const struct tag_array *a, uint32_t first,
			       uint64_t filter)
{
	const uint64_t *keys = a->keys + first;

	if (a->ways == 4)
		return keys_match4(keys, filter);
	if (a->ways == 5)
		return keys_match4(keys, filter) | (uint32_t)(keys[4] == filter)
							   << 4;
	return keys_match(keys, a->ways, filter);
}

/*
 * The match's slot among `match`, or NO_SLOT. Where a global entry and one
 * with the ASID match, the one with the ASID is preferred; that can only be
 * once such a pair has been put in.
 */
TAG_INLINE uint32_t scan_find(const struct tag_array *a, uint32_t first,
			      uint32_t match, const struct tag_key *key)
{
	uint32_t found = NO_SLOT;

	for (; match; match &= match - 1) {
		uint32_t slot = first + ctz64(match);
		const struct tlb_entry *entry = &a->entries[slot];

		if (!tlb_entry_has_tag(entry, key->tag) ||
		    entry->size_lg2 != key->size_lg2)
			continue;
		if (!entry->global || !a->overlapping)
			return slot;
		found = slot;
	}
	return found;
}

/* The match's slot, or NO_SLOT; *seen if any entry had the filter. */
TAG_INLINE uint32_t hash_find(const struct tag_array *a,
			      const struct tag_key *key, bool *seen)
{
	uint64_t want = key->filter;
	uint32_t found = NO_SLOT;

	*seen = false;
	for (uint32_t slot = a->bucket[bucket_of(a, want)]; slot != NO_SLOT;
	     slot = a->chain[slot]) {
		const struct tlb_entry *entry = &a->entries[slot];

		if (a->keys[slot] != want)
			continue;
		*seen = true;
		if (!tlb_entry_has_tag(entry, key->tag) ||
		    entry->size_lg2 != key->size_lg2)
			continue;
		if (!entry->global || !a->overlapping)
			return slot;
		found = slot;
	}
	return found;
}

TAG_INLINE uint32_t find_slot(const struct tag_array *a,
			      const struct tag_key *key, bool *seen)
{
	uint32_t first, match;

	if (a->hashed)
		return hash_find(a, key, seen);
	first = set_of(a, key->page) * a->ways;
	match = scan_match(a, first, key->filter);
	*seen = match != 0;
	return scan_find(a, first, match, key);
}

/* Can there be an entry for this page at all? */
TAG_INLINE bool may_have(const struct tag_array *a, const struct tag_key *key)
{
	return a->seen[key->kind] >> (key->page & 63) & 1;
}

/* The matching entry or NULL. A find touches nothing, a lookup is a use. */
static inline struct tlb_entry *tag_array_find(const struct tag_array *a,
					       const struct tag_key *key)
{
	uint32_t slot;
	bool seen;

	if (!may_have(a, key))
		return NULL;
	slot = find_slot(a, key, &seen);
	return slot == NO_SLOT ? NULL : &a->entries[slot];
}

/* A hit. */
TAG_INLINE void tag_array_use(struct tag_array *a,
			      const struct tlb_entry *entry)
{
	if (a->replacement == REPLACEMENT_LRU)
		entry_to_front(a, entry);
	else if (a->replacement == REPLACEMENT_PLRU)
		tag_array_plru_use(a, slot_of(a, entry));
}

TAG_INLINE struct tlb_entry *tag_array_lookup(struct tag_array *a,
					      const struct tag_key *key)
{
	uint32_t slot = NO_SLOT;
	bool seen = false;

	if (may_have(a, key))
		slot = find_slot(a, key, &seen);
	if (slot == NO_SLOT) {
		a->missed[key->kind] = seen ? 0 : key->filter;
		return NULL;
	}
	tag_array_use(a, &a->entries[slot]);
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

/* Is this the entry that is to be replaced in place? Notes overlaps. */
static inline bool check_same(struct tag_array *a, uint32_t slot,
			      const struct tag_key *key, bool global)
{
	const struct tlb_entry *entry = &a->entries[slot];

	a->overlapping |= overlaps(entry, key, global);
	return is_same(entry, key, global);
}

/* Its slot, or NO_SLOT. */
static inline uint32_t scan_find_same(struct tag_array *a, uint32_t first,
				      const struct tag_key *key, bool global)
{
	uint32_t match = scan_match(a, first, key->filter), same = NO_SLOT;

	for (; match; match &= match - 1) {
		uint32_t slot = first + ctz64(match);

		if (check_same(a, slot, key, global))
			same = slot;
	}
	return same;
}

static inline uint32_t hash_find_same(struct tag_array *a,
				      const struct tag_key *key, bool global)
{
	uint32_t slot = a->bucket[bucket_of(a, key->filter)];
	uint32_t same = NO_SLOT;

	for (; slot != NO_SLOT; slot = a->chain[slot]) {
		if (a->keys[slot] == key->filter &&
		    check_same(a, slot, key, global))
			same = slot;
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
	if (a->live[kind]) {
		a->live_mask |= 1u << kind;
	} else {
		a->live_mask &= ~(1u << kind);
		a->seen[kind] = 0;
	}
}

/* The slot's key gives way to another, or it was free: then false. The entry
 * itself need not be looked at. */
TAG_INLINE bool replace_key(struct tag_array *a, uint32_t slot,
			    const struct tag_key *key)
{
	uint64_t old = a->keys[slot];

	a->keys[slot] = key->filter;
	if (__builtin_expect(old == 0, 0)) {
		a->free--;
		a->settled = !a->free && is_ordered(a) &&
			     (!a->hashed || a->sets == 1);
		count_live(a, key->kind, 1);
		return false;
	}
	if (__builtin_expect(tag_filter_kind(old) != key->kind, 0)) {
		count_live(a, tag_filter_kind(old), -1);
		count_live(a, key->kind, 1);
	}
	return true;
}

/* Most puts: nothing to be replaced in place, no way free, and an order that
 * says which is the victim. */
TAG_INLINE bool known_new(const struct tag_array *a, const struct tag_key *key)
{
	return a->missed[key->kind] == key->filter && a->settled;
}

TAG_INLINE struct tag_put
put_oldest_scanned(struct tag_array *a, const struct tag_key *key, uint32_t set)
{
	uint64_t order = a->order[set];
	uint32_t last = (a->ways - 1) * 4, slot;
	uint64_t way = order >> last & 15;

	a->order[set] = order >> last >> 4 << last << 4 |
			(order & (BIT(last) - 1)) << 4 | way;
	slot = set * a->ways + (uint32_t)way;
	replace_key(a, slot, key);
	return (struct tag_put){ &a->entries[slot], true };
}

/* The same for a hashed array of one set. */
TAG_INLINE struct tag_put put_oldest_hashed(struct tag_array *a,
					    const struct tag_key *key)
{
	uint32_t anchor = a->ways, slot = a->newer[anchor];

	chain_unlink(a, slot);
	replace_key(a, slot, key);
	chain_link(a, slot);
	ring_unlink(a, slot);
	ring_link(a, anchor, slot);
	return (struct tag_put){ &a->entries[slot], true };
}

TAG_INLINE struct tag_put put_scanned(struct tag_array *a,
				      const struct tag_key *key, bool global)
{
	uint32_t set = set_of(a, key->page), first = set * a->ways, way;
	struct tag_put put = { .evicted = false };
	uint32_t slot = NO_SLOT;

	if (a->missed[key->kind] != key->filter)
		slot = scan_find_same(a, first, key, global);
	if (slot == NO_SLOT) {
		way = is_ordered(a) && !a->free
			      ? a->order[set] >> (a->ways - 1) * 4 & 15
			      : tag_array_choose_way(a, set);
		slot = first + way;
		put.evicted = replace_key(a, slot, key);
	}
	put.entry = &a->entries[slot];
	if (is_ordered(a))
		order_to_front(&a->order[set], slot - first);
	return put;
}

TAG_INLINE struct tag_put put_hashed(struct tag_array *a,
				     const struct tag_key *key, bool global)
{
	struct tag_put put = { .evicted = false };
	uint32_t slot = NO_SLOT;

	if (a->missed[key->kind] != key->filter)
		slot = hash_find_same(a, key, global);
	if (slot == NO_SLOT) {
		uint32_t set = set_of(a, key->page);

		slot = is_ordered(a)
			       ? a->newer[a->sets * a->ways + set]
			       : set * a->ways + tag_array_choose_way(a, set);
		if (a->keys[slot] != 0)
			chain_unlink(a, slot);
		put.evicted = replace_key(a, slot, key);
		chain_link(a, slot);
	}
	put.entry = &a->entries[slot];
	if (is_ordered(a))
		ring_to_front(a, slot);
	return put;
}

TAG_INLINE void entry_set_key(struct tag_array *a, struct tlb_entry *entry,
			      const struct tag_key *key, bool global)
{
	a->missed[key->kind] = 0;
	a->seen[key->kind] |= BIT(key->page & 63);
	entry->page = key->page;
	entry->tag = *key->tag;
	entry->size_lg2 = (uint8_t)key->size_lg2;
	entry->global = global;
	entry->valid = true;
}

/* An entry with exactly this key, its value still to be written: the one that
 * has it already, or a free or replaced one. A put is a fill. */
TAG_INLINE struct tag_put tag_array_put(struct tag_array *a,
					const struct tag_key *key, bool global)
{
	struct tag_put put = a->hashed ? put_hashed(a, key, global)
				       : put_scanned(a, key, global);

	entry_set_key(a, put.entry, key, global);
	if (a->replacement == REPLACEMENT_PLRU)
		tag_array_plru_use(a, slot_of(a, put.entry));
	return put;
}

/* tag_array_put of what is known_new, with `hashed` a constant. */
TAG_INLINE struct tlb_entry *tag_array_put_new(struct tag_array *a,
					       const struct tag_key *key,
					       bool global, bool hashed)
{
	struct tag_put put =
		hashed ? put_oldest_hashed(a, key)
		       : put_oldest_scanned(a, key, set_of(a, key->page));

	entry_set_key(a, put.entry, key, global);
	return put.entry;
}

#endif
