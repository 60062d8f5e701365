/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stage-2 walk, IPA to PA. DDI0487 L.b D8.2.2 (concatenated roots),
 * D8.3, D8.4.2. FEAT_XNX.
 */
#include "models/arm/attrs.h"
#include "models/arm/descriptor.h"
#include "models/arm/walker.h"

/* What is being translated, and why. */
struct request {
	uint64_t ipa, need;
	bool for_s1_table;
};

static bool fail(struct arm_walker *w, const struct request *request,
		 enum arm_fault_kind kind, int level)
{
	arm_fault_set(w->fault, kind, 2, level);
	w->fault->s1ptw = request->for_s1_table;
	w->fault->ipa.raw = align_down(request->ipa, FRAME_LG2);
	return false;
}

static inline bool permitted(struct arm_walker *w,
			     const struct request *request,
			     const struct arm_leaf *leaf)
{
	bool denied = (leaf->attrs & request->need) != request->need;

	if (w->regime->setup.protect_walk && request->for_s1_table &&
	    arm_memattr_device(FIELD_GET(ARM_ATTRS_MEMATTR, leaf->attrs)))
		denied = true;
	if (__builtin_expect(!denied, 1))
		return true;
	return fail(w, request, ARM_FAULT_PERMISSION,
		    (int)FIELD_GET(ARM_ATTRS_S2_LEVEL, leaf->attrs));
}

static inline bool ask_s2_tlb(struct arm_walker *w,
			      const struct request *request,
			      struct arm_leaf *leaf)
{
	const struct arm_regime *regime = w->regime;
	const struct tlb_tag *tag = &regime->setup.s2_tag;
	const struct tlb_entry *entry;
	struct arm_walk_step *step;

	if (w->mode == ARM_WALK_RAM)
		return false;
	entry = w->mode == ARM_WALK_LIVE
			? tlb_lookup(regime->s2_tlb, request->ipa, tag)
			: tlb_probe(regime->s2_tlb, request->ipa, tag);
	if (!entry)
		return false;
	leaf->base = entry->value.out;
	leaf->attrs = entry->value.attrs;
	leaf->size_lg2 = entry->size_lg2;
	step = arm_walker_step(w);
	*step = (struct arm_walk_step){
		.stage = 2,
		.level = (int8_t)FIELD_GET(ARM_ATTRS_S2_LEVEL, leaf->attrs),
		.source = ARM_STEP_S2_TLB,
		.for_s1_table = request->for_s1_table,
		.input = request->ipa,
		.descriptor = leaf->base,
	};
	return true;
}

static bool leaf_decode(struct arm_walker *w, const struct request *request,
			uint64_t raw, int level, struct arm_leaf *leaf)
{
	const struct arm_range *range = &w->regime->setup.s2;
	unsigned int size_lg2 = range->granule->shift[level];

	leaf->base = arm_leaf_address(range, raw, size_lg2);
	if (leaf->base >> range->output_bits)
		return fail(w, request, ARM_FAULT_ADDRESS_SIZE, level);
	if (!FIELD_GET(ARM_S2_LEAF_AF, raw) && !range->af_optional)
		return fail(w, request, ARM_FAULT_ACCESS_FLAG, level);
	size_lg2 = arm_leaf_run_lg2(w, range, raw, level, leaf->base,
				    request->ipa);
	leaf->size_lg2 = (uint8_t)size_lg2;
	leaf->base = align_down(leaf->base, size_lg2);
	leaf->attrs = arm_s2_permissions(raw) | arm_s2_memory(raw) |
		      FIELD_PREP(ARM_ATTRS_S2_LEVEL, level) |
		      FIELD_PREP(ARM_ATTRS_S2_SIZE_LG2, size_lg2);
	return true;
}

/* Why no table is looked at. */
static bool fail_range(struct arm_walker *w, const struct request *request)
{
	const struct arm_range *range = &w->regime->setup.s2;

	if (range->why)
		return arm_fault_set_not_modelled(w->fault, 2, range->why);
	if (range->impossible || request->ipa >> range->input_bits)
		return fail(w, request, ARM_FAULT_TRANSLATION, 0);
	return fail(w, request, ARM_FAULT_ADDRESS_SIZE, 0);
}

static bool read_descriptor(struct arm_walker *w, const struct request *request,
			    const struct arm_start *at, uint64_t *raw)
{
	const struct arm_range *range = &w->regime->setup.s2;
	struct arm_read read = {
		.pa = arm_descriptor_address(range, at, request->ipa),
		.input = request->ipa,
		.stage = 2,
		.level = (int8_t)at->level,
		.uncached = range->uncached,
		.for_s1_table = request->for_s1_table,
	};

	if (arm_walker_read(w, &read, raw))
		return true;
	w->fault->s1ptw = request->for_s1_table;
	w->fault->ipa.raw = align_down(request->ipa, FRAME_LG2);
	return false;
}

static bool walk(struct arm_walker *w, const struct request *request,
		 struct arm_leaf *leaf)
{
	const struct arm_range *range = &w->regime->setup.s2;
	struct arm_start at;
	uint64_t raw;

	if (!range->usable || request->ipa >> range->input_bits)
		return fail_range(w, request);
	for (at = arm_walker_begin(w, 2, request->ipa, request->for_s1_table);;
	     at.level++) {
		if (!read_descriptor(w, request, &at, &raw))
			return false;
		switch (arm_descriptor_kind(range, raw, at.level)) {
		case ARM_DESCRIPTOR_INVALID:
			return fail(w, request, ARM_FAULT_TRANSLATION,
				    at.level);
		case ARM_DESCRIPTOR_LEAF:
			return leaf_decode(w, request, raw, at.level, leaf);
		case ARM_DESCRIPTOR_TABLE:
			break;
		}
		at.table = arm_table_address(range, raw);
		if (at.table >> range->output_bits)
			return fail(w, request, ARM_FAULT_ADDRESS_SIZE,
				    at.level);
		arm_walker_learn_table(w, range, ARM_LEARNED_S2, request->ipa,
				       at.level + 1, at.table, 0);
	}
}

bool arm_stage2_translate(struct arm_walker *w, uint64_t ipa, uint64_t need,
			  bool for_s1_table, struct arm_leaf *leaf)
{
	struct request request = { ipa, need, for_s1_table };
	struct arm_learned *learned;

	if (ask_s2_tlb(w, &request, leaf))
		return permitted(w, &request, leaf);
	if (!walk(w, &request, leaf) || !permitted(w, &request, leaf))
		return false;
	learned = arm_walker_learn(w);
	learned->kind = ARM_LEARNED_S2_LEAF;
	learned->size_lg2 = leaf->size_lg2;
	learned->input = ipa;
	learned->as.leaf = (struct tlb_value){
		.out = leaf->base,
		.ipa = align_down(ipa, leaf->size_lg2),
		.attrs = leaf->attrs,
	};
	return true;
}
