/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TLBs: the page sizes of one tagged array, and its counters.
 * models/README.md, rules 6 to 11.
 */
#include "models/tlb/tlb.h"

#include <stdlib.h>

#include "core/base/bits.h"
#include "core/base/bug.h"
#include "models/tlb/tlb_use.h"

/* Matches no address: a page number has at most 52 bits. */
static const struct tlb_entry no_entry = { .page = UINT64_MAX, .size_lg2 = 12 };

const char *tlb_config_problem(const struct tlb_config *config)
{
	if (config->entries == 0)
		return NULL;
	if (config->size_count == 0 || config->size_count > TLB_SIZES_MAX)
		return "page_sizes must be from 1 to 8";
	if (config->sizes_lg2[0] != TLB_SMALLEST_LG2)
		return "page_sizes must begin with 4K";
	for (uint32_t i = 1; i < config->size_count; i++) {
		if (config->sizes_lg2[i] <= config->sizes_lg2[i - 1])
			return "page_sizes must ascend";
		if (config->sizes_lg2[i] > 52)
			return "page_sizes must be at most 4P";
	}
	return tag_array_config_problem(config);
}

struct tlb *tlb_new(const struct tlb_config *config,
		    struct model_random *random)
{
	struct tlb *tlb = calloc(1, sizeof(*tlb));

	if (!tlb)
		return NULL;
	tlb->recent = &no_entry;
	if (config->entries == 0)
		return tlb;
	BUG_ON(tlb, tlb_config_problem(config));
	tlb->size_count = config->size_count;
	for (uint32_t i = 0; i < config->size_count; i++)
		tlb->sizes_lg2[i] = config->sizes_lg2[i];
	for (unsigned int lg2 = 0, i = 0; lg2 < 64; lg2++) {
		if (i + 1 < tlb->size_count && tlb->sizes_lg2[i + 1] <= lg2)
			i++;
		tlb->size_for[lg2] = (uint8_t)i;
	}
	tlb->array = malloc(sizeof(*tlb->array));
	if (tlb->array && tag_array_init(tlb->array, config, random))
		return tlb;
	free(tlb->array);
	free(tlb);
	return NULL;
}

void tlb_free(struct tlb *tlb)
{
	if (!tlb)
		return;
	if (tlb->array)
		tag_array_fini(tlb->array);
	free(tlb->array);
	free(tlb);
}

const struct tlb_counters *tlb_counters(const struct tlb *tlb)
{
	return &tlb->counters;
}

const struct tlb_entry *tlb_lookup_sizes(struct tlb *tlb, uint64_t address,
					 const struct tlb_tag *tag)
{
	for (uint32_t mask = tlb->array->live_mask; mask; mask &= mask - 1) {
		struct tag_key key = tlb_key(tlb, address, ctz64(mask), tag);
		const struct tlb_entry *entry = tlb_lookup_key(tlb, &key);

		if (entry)
			return entry;
	}
	tlb->counters.misses++;
	return NULL;
}

const struct tlb_entry *tlb_lookup(struct tlb *tlb, uint64_t address,
				   const struct tlb_tag *tag)
{
	return tlb_lookup_here(tlb, address, tag);
}

const struct tlb_entry *tlb_probe(const struct tlb *tlb, uint64_t address,
				  const struct tlb_tag *tag)
{
	if (!tlb->array)
		return NULL;
	for (uint32_t mask = tlb->array->live_mask; mask; mask &= mask - 1) {
		struct tag_key key = tlb_key(tlb, address, ctz64(mask), tag);
		struct tlb_entry *entry = tag_array_find(tlb->array, &key);

		if (entry)
			return entry;
	}
	return NULL;
}

unsigned int tlb_matches(const struct tlb *tlb, uint64_t address,
			 const struct tlb_tag *tag)
{
	uint32_t count = tlb->array ? tlb->array->sets * tlb->array->ways : 0;
	unsigned int matches = 0;

	for (uint32_t slot = 0; slot < count; slot++) {
		const struct tlb_entry *e = &tlb->array->entries[slot];

		matches += e->valid && address >> e->size_lg2 == e->page &&
			   tlb_entry_has_tag(e, tag);
	}
	return matches;
}

const struct tlb_entry *tlb_fill_any(struct tlb *tlb, uint64_t address,
				     unsigned int size_lg2,
				     const struct tlb_tag *tag, bool global,
				     const struct tlb_value *value)
{
	struct tag_key key;
	struct tag_put put;
	uint64_t piece;

	BUG_ON(tlb, size_lg2 < tlb->sizes_lg2[0] || size_lg2 > 63);
	key = tlb_key(tlb, address, tlb->size_for[size_lg2], tag);
	put = tag_array_put(tlb->array, &key, global);
	piece = align_down(address, key.size_lg2) -
		align_down(address, size_lg2);
	put.entry->value = (struct tlb_value){
		.out = value->out + piece,
		.ipa = value->ipa + piece,
		.attrs = value->attrs,
	};
	tlb->counters.fills++;
	tlb->counters.evictions += put.evicted;
	tlb->recent = put.entry;
	tlb_note_state(tlb);
	return put.entry;
}

const struct tlb_entry *tlb_fill(struct tlb *tlb, uint64_t address,
				 unsigned int size_lg2,
				 const struct tlb_tag *tag, bool global,
				 const struct tlb_value *value)
{
	return tlb_fill_here(tlb, address, size_lg2, tag, global, value);
}

uint32_t tlb_slot(const struct tlb *tlb, const struct tlb_entry *entry)
{
	if (!entry)
		return tlb->array ? tlb->array->sets * tlb->array->ways : 0;
	return entry->set * tlb->array->ways + entry->way;
}

uint64_t tlb_invalidate(struct tlb *tlb, const struct tlb_match *match)
{
	uint64_t dropped;

	if (!tlb->array)
		return 0;
	dropped = tag_array_invalidate(tlb->array, match);
	tlb->counters.invalidated += dropped;
	if (!tlb->recent->valid)
		tlb->recent = &no_entry;
	tlb_note_state(tlb);
	return dropped;
}

void tlb_for_each(const struct tlb *tlb,
		  void (*visit)(void *context, const struct tlb_entry *entry),
		  void *context)
{
	uint32_t count = tlb->array ? tlb->array->sets * tlb->array->ways : 0;

	for (uint32_t slot = 0; slot < count; slot++) {
		if (tlb->array->entries[slot].valid)
			visit(context, &tlb->array->entries[slot]);
	}
}

bool tlb_hit_is_idle(const struct tlb *tlb, const struct tlb_entry *entry)
{
	return tag_array_use_is_idle(tlb->array, entry);
}

void tlb_use_again(struct tlb *tlb, const struct tlb_entry *entry)
{
	tag_array_use(tlb->array, entry);
	tlb->recent = entry;
}
