/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The most frequent walk of all, told apart from the rest so that it is
 * short: both stages are on, stage 1's granule is 4K, its walk cache knows the
 * last table, s2_tlb knows where that table and the page are, the descriptor
 * is a page's and no part of a run, and nothing is forbidden. One descriptor
 * is read. The same answer and the
 * same counts as arm_nested_walk gives; models/README.md 11, 13-17.
 */
#ifndef MODELS_ARM_QUICK_H
#define MODELS_ARM_QUICK_H

#include "models/arm/attrs.h"
#include "models/arm/descriptor.h"
#include "models/arm/walker.h"
#include "models/tlb/tlb_use.h"
#include "models/tlb/walk_cache_use.h"

/* What the quick walk has found without touching anything. */
struct arm_quick {
	const struct tlb_entry *pointer;      /* in the walk cache */
	const struct tlb_entry *table, *page; /* in s2_tlb */
	pa_t descriptor;
};

static inline uint64_t arm_quick_out(const struct tlb_entry *entry,
				     uint64_t address)
{
	return entry->value.out + (address & (BIT(entry->size_lg2) - 1));
}

/* Grows with each change to what the memos below stand for. */
static inline uint64_t arm_quick_now(const struct arm_mmu *mmu)
{
	const struct tlb_counters *s2 = &mmu->regime.s2_tlb->counters;

	return s2->fills + s2->invalidated +
	       mmu->regime.walk_cache_s1->changes + mmu->setups;
}

/* Where the last-level table for the address is, if both are known: the
 * pointer to it, and where stage 2 has its page. */
static __attribute__((noinline)) bool
arm_quick_table_find(struct arm_mmu *mmu, uint64_t address,
		     struct arm_quick_table *memo)
{
	const struct tlb_entry *pointer, *entry;
	pa_t table;

	pointer = walk_cache_find(mmu->regime.walk_cache_s1, address,
				  &mmu->regime.setup.tag, 21, 3);
	if (!pointer)
		return false;
	entry = tlb_probe(mmu->regime.s2_tlb, pointer->value.out,
			  &mmu->regime.setup.s2_tag);
	/* Device memory, which HCR_EL2.PTW refuses, is not cacheable. */
	if (!entry || !FIELD_GET(ARM_ATTRS_S2_R, entry->value.attrs) ||
	    !arm_memattr_cacheable(
		    FIELD_GET(ARM_ATTRS_MEMATTR, entry->value.attrs)))
		return false;
	table.raw = arm_quick_out(entry, pointer->value.out);
	if (!ram_has(mmu->regime.ram, table, FRAME_BYTES))
		return false;
	*memo = (struct arm_quick_table){
		address >> 21, arm_quick_now(mmu),
		pointer,       entry,
		table,	       ram_host(mmu->regime.ram, table)
	};
	return true;
}

/* The descriptor's place and value, if the table is known. */
static inline bool arm_quick_read(struct arm_mmu *mmu, uint64_t address,
				  uint64_t now, struct arm_quick *q,
				  uint64_t *raw)
{
	uint64_t offset = (address >> 12 & 0x1ff) * sizeof(*raw);
	struct arm_quick_table *memo =
		&mmu->quick_table[address >> 21 & (ARM_QUICK_MEMOS - 1)];

	if (__builtin_expect(memo->region != address >> 21 ||
				     memo->since != now,
			     0) &&
	    !arm_quick_table_find(mmu, address, memo))
		return false;
	q->pointer = memo->pointer;
	q->table = memo->entry;
	q->descriptor.raw = memo->table.raw + offset;
	__builtin_memcpy(raw, memo->host + offset, sizeof(*raw));
	mmu->descriptor_row =
		(uintptr_t)memo->host + offset - (address >> 12) * sizeof(*raw);
	return true;
}

/* Where stage 2 has a page. A memo stands for 2 MiB, all in one entry, and
 * without smaller ones, which would be found first. */
static inline const struct tlb_entry *
arm_quick_page(struct arm_mmu *mmu, uint64_t ipa, uint64_t now)
{
	struct arm_quick_block *memo =
		&mmu->quick_block[ipa >> 21 & (ARM_QUICK_MEMOS - 1)];
	const struct tlb *s2 = mmu->regime.s2_tlb;
	const struct tlb_entry *entry;

	if (__builtin_expect(memo->region == ipa >> 21 && memo->since == now,
			     1))
		return memo->entry;
	entry = tlb_probe(s2, ipa, &mmu->regime.setup.s2_tag);
	if (entry && entry->size_lg2 >= 21 &&
	    entry->size_lg2 == s2->smallest_lg2 && !s2->overlapping)
		*memo = (struct arm_quick_block){ ipa >> 21, now, entry };
	return entry;
}

/* Both stages' attributes. */
static inline uint64_t arm_quick_attrs(struct arm_mmu *mmu, uint64_t raw,
				       uint64_t inherited, uint64_t stage2)
{
	uint64_t leaf = raw & ~FIELD_MASK(ARM_S1_LEAF_ADDRESS);
	struct arm_attrs_memo *memo = &mmu->memo;

	if (__builtin_expect(memo->leaf != leaf ||
				     memo->inherited != inherited ||
				     memo->stage2 != stage2,
			     0))
		*memo = (struct arm_attrs_memo){
			leaf, inherited, stage2,
			arm_attrs_combine(arm_s1_leaf_attrs(&mmu->regime.setup,
							    raw, inherited, 3,
							    12),
					  stage2)
		};
	return memo->attrs;
}

/* Everything found has been looked up, and the descriptor read. */
static inline void arm_quick_commit(struct arm_mmu *mmu,
				    const struct arm_quick *q)
{
	struct arm_walk *log = &mmu->walk;
	struct arm_walk_step *step = &log->step[0];

	walk_cache_hit_here(mmu->regime.walk_cache_s1, q->pointer);
	tlb_hit_here(mmu->regime.s2_tlb, q->table);
	step->source = ARM_STEP_MEMORY;
	step->served =
		memory_access_inline(mmu->regime.memory, mmu->regime.cpu,
				     REQUESTER_WALK, q->descriptor, false);
	tlb_hit_here(mmu->regime.s2_tlb, q->page);
	log->steps = log->descriptor_reads = 1;
	log->uncached = false;
	mmu->walks.count++;
	mmu->walks.memory_accesses++;
	mmu->walks.by_accesses[1]++;
}

/* False: nothing has happened; walk on foot. */
static inline bool arm_quick_walk(struct arm_mmu *mmu, uint64_t address,
				  uint64_t need, struct arm_nested *out)
{
	const struct arm_setup *setup = &mmu->regime.setup;
	unsigned int half = address >> 55 & 1;
	const struct arm_range *range = &setup->s1[half];
	uint64_t raw, base, attrs, now = arm_quick_now(mmu);
	struct arm_quick q;

	if (!setup->quick || !range->quick ||
	    (half ? ~address : address) >> range->input_bits ||
	    !arm_quick_read(mmu, address, now, &q, &raw))
		return false;
	base = raw & FIELD_MASK(ARM_S1_LEAF_ADDRESS);
	if ((raw & setup->quick_mask) != (3 | FIELD_MASK(ARM_S1_LEAF_AF)) ||
	    base >> range->output_bits)
		return false;
	q.page = arm_quick_page(mmu, base, now);
	if (!q.page)
		return false;
	attrs = arm_quick_attrs(mmu, raw, q.pointer->value.attrs,
				q.page->value.attrs);
	if (need & ~attrs)
		return false;
	out->value.out = arm_quick_out(q.page, base);
	arm_quick_commit(mmu, &q);
	out->size_lg2 = 12;
	out->value.ipa = base;
	out->value.attrs = attrs;
	out->global = !FIELD_GET(ARM_ATTRS_NG, attrs);
	return true;
}

#endif
