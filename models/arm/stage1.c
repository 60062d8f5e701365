/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stage-1 walk, VA to IPA. DDI0487 L.b D8.2, D8.3. Every descriptor's
 * address is an IPA and goes through stage 2 first.
 */
#include "models/arm/attrs.h"
#include "models/arm/descriptor.h"
#include "models/arm/walker.h"

/* TTBR0's half has zeros above the input size, TTBR1's ones. */
static bool outside(const struct arm_walker *w, const struct arm_range *range,
		    uint64_t address)
{
	bool upper = range == &w->regime->setup.s1[1];

	return (upper ? ~address : address) >> range->input_bits != 0;
}

/* Why no table is looked at. */
static bool fail_range(struct arm_walker *w, const struct arm_range *range,
		       uint64_t address)
{
	if (range->disabled)
		return arm_fault_set(w->fault, ARM_FAULT_TRANSLATION, 1, 0);
	if (range->why)
		return arm_fault_set_not_modelled(w->fault, 1, range->why);
	if (range->impossible || outside(w, range, address))
		return arm_fault_set(w->fault, ARM_FAULT_TRANSLATION, 1, 0);
	return arm_fault_set(w->fault, ARM_FAULT_ADDRESS_SIZE, 1, 0);
}

/* One descriptor at IPA `ipa`, through stage 2. */
static bool read_descriptor(struct arm_walker *w, const struct arm_range *range,
			    uint64_t ipa, uint64_t address, int level,
			    uint64_t *raw)
{
	struct arm_read read = {
		.pa = ipa,
		.input = address,
		.stage = 1,
		.level = (int8_t)level,
		.uncached = range->uncached,
	};
	struct arm_leaf leaf;

	if (w->regime->setup.stage2) {
		if (!arm_stage2_translate(w, ipa, FIELD_MASK(ARM_ATTRS_S2_R),
					  true, &leaf))
			return false;
		read.pa = leaf.base + (ipa & (BIT(leaf.size_lg2) - 1));
		if (!arm_memattr_cacheable(
			    FIELD_GET(ARM_ATTRS_MEMATTR, leaf.attrs)))
			read.uncached = true;
	}
	return arm_walker_read(w, &read, raw);
}

static bool leaf_decode(struct arm_walker *w, const struct arm_range *range,
			uint64_t address, uint64_t raw,
			const struct arm_start *at, struct arm_leaf *leaf)
{
	int level = at->level;
	unsigned int size_lg2 = range->granule->shift[level];

	leaf->base = arm_leaf_address(range, raw, size_lg2);
	if (leaf->base >> range->output_bits)
		return arm_fault_set(w->fault, ARM_FAULT_ADDRESS_SIZE, 1,
				     level);
	if (!FIELD_GET(ARM_S1_LEAF_AF, raw) && !range->af_optional)
		return arm_fault_set(w->fault, ARM_FAULT_ACCESS_FLAG, 1, level);
	leaf->size_lg2 = (uint8_t)arm_leaf_run_lg2(w, range, raw, level,
						   leaf->base, address);
	leaf->base = align_down(leaf->base, leaf->size_lg2);
	leaf->attrs = arm_s1_leaf_attrs(&w->regime->setup, raw, at->inherited,
					level, leaf->size_lg2);
	return true;
}

bool arm_stage1_walk(struct arm_walker *w, uint64_t address,
		     struct arm_leaf *leaf)
{
	const struct arm_range *range = &w->regime->setup.s1[address >> 55 & 1];
	struct arm_start at;
	uint64_t raw;

	if (!range->usable || outside(w, range, address))
		return fail_range(w, range, address);
	for (at = arm_walker_begin(w, 1, address, false);; at.level++) {
		if (!read_descriptor(w, range,
				     arm_descriptor_address(range, &at,
							    address),
				     address, at.level, &raw))
			return false;
		switch (arm_descriptor_kind(range, raw, at.level)) {
		case ARM_DESCRIPTOR_INVALID:
			return arm_fault_set(w->fault, ARM_FAULT_TRANSLATION, 1,
					     at.level);
		case ARM_DESCRIPTOR_LEAF:
			return leaf_decode(w, range, address, raw, &at, leaf);
		case ARM_DESCRIPTOR_TABLE:
			break;
		}
		at.table = arm_table_address(range, raw);
		at.inherited |= raw & range->inherited;
		if (at.table >> range->output_bits)
			return arm_fault_set(w->fault, ARM_FAULT_ADDRESS_SIZE,
					     1, at.level);
		arm_walker_learn_table(w, range, ARM_LEARNED_S1, address,
				       at.level + 1, at.table, at.inherited);
	}
}
