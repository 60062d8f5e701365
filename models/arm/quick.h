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

/* The descriptor's place and value, if the table is known. */
static inline bool arm_quick_read(struct arm_mmu *mmu, uint64_t address,
				  struct arm_quick *q, uint64_t *raw)
{
	uint64_t ipa, index = address >> 12 & 0x1ff;

	q->pointer = walk_cache_find_here(mmu->walk_cache_s1, address,
					  &mmu->setup.tag, 21, 3);
	if (!q->pointer)
		return false;
	ipa = q->pointer->value.out + index * 8;
	q->table = tlb_probe_inline(mmu->s2_tlb, ipa, &mmu->setup.s2_tag);
	/* Device memory, which HCR_EL2.PTW refuses, is not cacheable. */
	if (!q->table || !FIELD_GET(ARM_ATTRS_S2_R, q->table->value.attrs) ||
	    !arm_memattr_cacheable(
		    FIELD_GET(ARM_ATTRS_MEMATTR, q->table->value.attrs)))
		return false;
	q->descriptor.raw = arm_quick_out(q->table, ipa);
	if (!ram_has(mmu->ram, q->descriptor, sizeof(*raw)))
		return false;
	*raw = ram_read64(mmu->ram, q->descriptor);
	mmu->descriptor_row = (uintptr_t)ram_host(mmu->ram, q->descriptor) -
			      (address >> 12) * 8;
	return true;
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
			arm_attrs_combine(arm_s1_leaf_attrs(&mmu->setup, raw,
							    inherited, 3, 12),
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

	walk_cache_hit_here(mmu->walk_cache_s1, q->pointer);
	tlb_hit_here(mmu->s2_tlb, q->table);
	step->source = ARM_STEP_MEMORY;
	step->served =
		memory_access_inline(mmu->memory, mmu->cpu, REQUESTER_WALK,
				     q->descriptor, false);
	tlb_hit_here(mmu->s2_tlb, q->page);
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
	const struct arm_setup *setup = &mmu->setup;
	unsigned int half = address >> 55 & 1;
	const struct arm_range *range = &setup->s1[half];
	uint64_t raw, base, attrs;
	struct arm_quick q;

	if (!setup->quick || !range->quick ||
	    (half ? ~address : address) >> range->input_bits ||
	    !arm_quick_read(mmu, address, &q, &raw))
		return false;
	base = raw & FIELD_MASK(ARM_S1_LEAF_ADDRESS);
	if ((raw & setup->quick_mask) != (3 | FIELD_MASK(ARM_S1_LEAF_AF)) ||
	    base >> range->output_bits)
		return false;
	q.page = tlb_probe_inline(mmu->s2_tlb, base | (address & 0xfff),
				  &setup->s2_tag);
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
