/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A TLB: set-associative or full, several page sizes in one array, tagged.
 * It keeps what it was given until eviction or invalidation, right or wrong.
 * Used for whole translations (L1, L2), for IPA to PA, and for IOTLBs.
 * Counting rules: models/README.md.
 */
#ifndef MODELS_TLB_TLB_H
#define MODELS_TLB_TLB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"
#include "models/replacement.h"

#define TLB_SIZES_MAX 8

struct tlb_config {
	uint32_t entries; /* 0: absent */
	uint32_t ways;	  /* == entries: fully associative */
	enum replacement replacement;
	uint32_t latency; /* cycles; used by cost formulas, not here */
	uint8_t sizes_lg2[TLB_SIZES_MAX]; /* ascending, 12 first */
	uint32_t size_count;
};

/* Who the entry belongs to. An entry matches a lookup if regime, stage1 and
 * vmid are equal and it is global or the asids are equal. */
struct tlb_tag {
	uint16_t vmid;
	uint16_t asid;
	uint8_t regime; /* the architecture's translation regime, opaque here */
	bool stage1;	/* whether stage 1 was on when it was made */
	/* tlb_tag_fold of it, or 0 in all tags of one TLB: compared with the
	 * rest, as one word. */
	uint16_t fold;
};

static inline uint64_t tlb_tag_word(const struct tlb_tag *tag)
{
	uint64_t word;

	_Static_assert(sizeof(*tag) == sizeof(word), "a tag is one word");
	__builtin_memcpy(&word, tag, sizeof(word));
	return word;
}

/* Eight bits of all but the ASID, which a global entry does not have: what an
 * entry is told apart by before its tag is looked at. */
static inline uint16_t tlb_tag_fold(const struct tlb_tag *tag)
{
	uint64_t word = (uint64_t)tag->vmid << 16 | (uint64_t)tag->regime << 8 |
			tag->stage1;

	return (uint16_t)(word * UINT64_C(0x9e3779b97f4a7c15) >> 56);
}

/* What an entry says; the TLB looks at none of it. */
struct tlb_value {
	uint64_t out;	/* output address of the entry's first byte */
	uint64_t ipa;	/* of the entry's first byte, for fault reports */
	uint64_t attrs; /* permissions, memory type, levels: the owner's own */
};

struct tlb_entry {
	/* input address >> size_lg2; an entry is one host cache line */
	_Alignas(64) uint64_t page;
	struct tlb_tag tag;
	uint8_t size_lg2;
	bool global;
	bool valid;
	struct tlb_value value;
	uint16_t set; /* where it stands; of no meaning outside */
	uint16_t way;
};

struct tlb_counters {
	uint64_t hits, misses, fills, evictions, invalidated;
};

struct tag_array;

/* Open for the inline path below; touched by tlb.c alone. */
struct tlb {
	/* The entry hit or filled last, never NULL: a further hit on it changes
	 * no replacement state. */
	const struct tlb_entry *recent;
	uint8_t smallest_lg2; /* of the entries it holds */
	/* A global entry and one with an ASID may match one lookup. */
	bool overlapping;
	uint8_t size_count;
	uint8_t sizes_lg2[TLB_SIZES_MAX];
	uint8_t size_for[64];	 /* index of the largest size up to 2^n */
	struct tag_array *array; /* NULL: absent */
	struct tlb_counters counters;
};

/* NULL, or in a few words what would be right (tlb_new checks it). */
const char *tlb_config_problem(const struct tlb_config *config);

/* NULL when out of memory; entries 0 gives a TLB that always misses and
 * counts nothing. */
struct tlb *tlb_new(const struct tlb_config *config,
		    struct model_random *random);
void tlb_free(struct tlb *tlb);
const struct tlb_counters *tlb_counters(const struct tlb *tlb);

/*
 * Look `address` up: sizes in ascending order, the first match wins; counts a
 * hit or a miss and updates replacement state. NULL: no match. The pointer is
 * good until the next fill or invalidation.
 */
const struct tlb_entry *tlb_lookup(struct tlb *tlb, uint64_t address,
				   const struct tlb_tag *tag);
/* The same without counting or touching anything. */
const struct tlb_entry *tlb_probe(const struct tlb *tlb, uint64_t address,
				  const struct tlb_tag *tag);

/* How many entries match, of all sizes; touches nothing. A global one beside
 * one with the ASID counts, too. */
unsigned int tlb_matches(const struct tlb *tlb, uint64_t address,
			 const struct tlb_tag *tag);

/*
 * Put in a translation of 2^size_lg2 bytes around `address`; `value` is of
 * that whole range's first byte. A size that the TLB does not have becomes
 * the piece around `address` of the largest size it has below. An entry of
 * equal page, size and tag is replaced in place. Counts a fill, and an
 * eviction if a valid entry made way. Returns the entry.
 */
const struct tlb_entry *tlb_fill(struct tlb *tlb, uint64_t address,
				 unsigned int size_lg2,
				 const struct tlb_tag *tag, bool global,
				 const struct tlb_value *value);

/* A number for each entry, below the configured entries and the same as long as
 * the entry is held: for owners who keep more beside it. NULL (nothing was
 * held, an absent TLB): the number of entries. */
uint32_t tlb_slot(const struct tlb *tlb, const struct tlb_entry *entry);

/* What an invalidation drops: all conditions that are set must hold. */
struct tlb_match {
	bool by_vmid, by_asid, by_range, by_regime, by_stage1;
	bool globals_too; /* with by_asid: global entries match as well */
	uint16_t vmid, asid;
	uint8_t regime;
	bool stage1;
	uint64_t first, last; /* input addresses; any overlap matches */
	/* With by_range: where in value.attrs the log2 of the size stands that
	 * an entry is a piece of, 6 bits; all of that counts as the entry's.
	 * 0: entries are what they are. */
	uint8_t whole_lsb;
	uint8_t largest_lg2; /* larger entries do not match; 0: any size */
	/* the value's attrs, under this mask; 0: any */
	uint64_t attrs_mask, attrs;
};
/* Returns how many entries were dropped; they count as invalidated. */
uint64_t tlb_invalidate(struct tlb *tlb, const struct tlb_match *match);

/* Visit every valid entry, in array order. */
void tlb_for_each(const struct tlb *tlb,
		  void (*visit)(void *context, const struct tlb_entry *entry),
		  void *context);

/* True if a further hit on `entry` would change no replacement state
 * (it is most recent, or its policy keeps none on hits). */
bool tlb_hit_is_idle(const struct tlb *tlb, const struct tlb_entry *entry);
/* A further hit on an entry that is known to be what a lookup would find:
 * replacement state as of that lookup, and no count. */
void tlb_use_again(struct tlb *tlb, const struct tlb_entry *entry);
/* Counts `n` such idle hits that the caller found by itself. */
static inline void tlb_count_hits(struct tlb *tlb, uint64_t n)
{
	tlb->counters.hits += n;
}

/* What of a tag an entry's and a lookup's must have in common. */
static inline uint64_t tlb_tag_mask(bool global)
{
	const struct tlb_tag asid = { .asid = UINT16_MAX };

	return global ? ~tlb_tag_word(&asid) : UINT64_MAX;
}

/* The entry used last, if a lookup would find it; NULL says nothing. Touches
 * nothing. No smaller entry may be held, for it would be found first. */
static inline bool tlb_is_first_match(const struct tlb *tlb,
				      const struct tlb_entry *e,
				      uint64_t address,
				      const struct tlb_tag *tag)
{
	return address >> e->size_lg2 == e->page &&
	       e->size_lg2 == tlb->smallest_lg2 &&
	       !((tlb_tag_word(&e->tag) ^ tlb_tag_word(tag)) &
		 tlb_tag_mask(e->global)) &&
	       !(e->global && tlb->overlapping);
}
static inline const struct tlb_entry *
tlb_recent(const struct tlb *tlb, uint64_t address, const struct tlb_tag *tag)
{
	const struct tlb_entry *e = tlb->recent;

	return tlb_is_first_match(tlb, e, address, tag) ? e : NULL;
}

/* tlb_lookup, with a hit on the entry used last inline. */
static inline const struct tlb_entry *
tlb_lookup_inline(struct tlb *tlb, uint64_t address, const struct tlb_tag *tag)
{
	const struct tlb_entry *e = tlb_recent(tlb, address, tag);

	if (e) {
		tlb->counters.hits++;
		return e;
	}
	return tlb_lookup(tlb, address, tag);
}

#endif
