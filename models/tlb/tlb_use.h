/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tlb_lookup and tlb_fill without a call: for tlb.c, and for MMU and SMMU, which
 * do two of each in every access that misses. models/README.md, rules 6 to
 * 11.
 */
#ifndef MODELS_TLB_TLB_USE_H
#define MODELS_TLB_TLB_USE_H

#include "core/base/bug.h"
#include "models/tlb/tag_array_use.h"

#define TLB_SMALLEST_LG2 12

TAG_INLINE struct tag_key tlb_key(const struct tlb *tlb, uint64_t address,
				  unsigned int kind, const struct tlb_tag *tag)
{
	return tag_key_make(address, tlb->sizes_lg2[kind], kind, tag);
}

/* After entries came or went: what the inline lookup must know. */
TAG_INLINE void tlb_note_state(struct tlb *tlb)
{
	uint32_t mask = tlb->array->live_mask;

	tlb->overlapping = tlb->array->overlapping;
	tlb->smallest_lg2 = mask ? tlb->sizes_lg2[ctz64(mask)] : 0;
}

TAG_INLINE void tlb_use_here(struct tlb *tlb, const struct tlb_entry *entry)
{
	tag_array_use(tlb->array, entry);
	tlb->recent = entry;
}

/* The lookup that finds `entry`, which a probe has found already. */
TAG_INLINE void tlb_hit_here(struct tlb *tlb, const struct tlb_entry *entry)
{
	tlb->counters.hits++;
	if (entry != tlb->recent)
		tlb_use_here(tlb, entry);
}

/* tlb_lookup, entries being of whatever sizes. */
const struct tlb_entry *tlb_lookup_sizes(struct tlb *tlb, uint64_t address,
					 const struct tlb_tag *tag);

/* Entries of one size, if there are any. */
TAG_INLINE const struct tlb_entry *tlb_lookup_key(struct tlb *tlb,
						  const struct tag_key *key)
{
	struct tlb_entry *entry = tag_array_lookup(tlb->array, key);

	if (entry) {
		tlb->recent = entry;
		tlb->counters.hits++;
	}
	return entry;
}

TAG_INLINE const struct tlb_entry *
tlb_lookup_here(struct tlb *tlb, uint64_t address, const struct tlb_tag *tag)
{
	struct tag_array *a = tlb->array;
	const struct tlb_entry *entry;
	struct tag_key key;

	if (__builtin_expect(!a, 0))
		return NULL;
	if (__builtin_expect(a->live_mask == 1, 1)) {
		key = tag_key_make(address, TLB_SMALLEST_LG2, 0, tag);
		entry = tlb_lookup_key(tlb, &key);
		tlb->counters.misses += !entry;
		return entry;
	}
	return tlb_lookup_sizes(tlb, address, tag);
}

/* tlb_fill, whatever is filled. */
const struct tlb_entry *tlb_fill_any(struct tlb *tlb, uint64_t address,
				     unsigned int size_lg2,
				     const struct tlb_tag *tag, bool global,
				     const struct tlb_value *value);

/* Most fills: a page of the smallest size, after the lookup that missed it,
 * when all entries are in use. */
TAG_INLINE const struct tlb_entry *
tlb_fill_here(struct tlb *tlb, uint64_t address, unsigned int size_lg2,
	      const struct tlb_tag *tag, bool global,
	      const struct tlb_value *value)
{
	struct tag_array *a = tlb->array;
	struct tlb_entry *entry;
	struct tag_key key;
	uint32_t live;

	if (__builtin_expect(!a, 0))
		return NULL;
	key = tag_key_make(address, TLB_SMALLEST_LG2, 0, tag);
	if (__builtin_expect(size_lg2 != TLB_SMALLEST_LG2 ||
				     !known_new(a, &key),
			     0))
		return tlb_fill_any(tlb, address, size_lg2, tag, global, value);
	live = a->live_mask;
	entry = a->hashed ? tag_array_put_new(a, &key, global, true) :
			    tag_array_put_new(a, &key, global, false);
	entry->value = *value;
	tlb->counters.fills++;
	tlb->counters.evictions++;
	tlb->recent = entry;
	if (__builtin_expect(a->live_mask != live, 0))
		tlb_note_state(tlb);
	return entry;
}

#endif
