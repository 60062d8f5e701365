/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Both stages as one walk: what of it is filled and counted, and the whole
 * translation that comes out. DDI0487 L.b D8.1, D8.2; counting:
 * models/README.md 7, 13-17. Issue A.
 */
#include "models/arm/attrs.h"
#include "models/arm/descriptor.h"
#include "models/arm/walker.h"

void arm_walker_fill(const struct arm_walker *w)
{
	const struct arm_regime *regime = w->regime;
	const struct arm_setup *setup = &regime->setup;
	const struct arm_learned *it = w->learn;
	const struct arm_learned *end = it + w->learned;

	for (; it != end; it++) {
		switch (it->kind) {
		case ARM_LEARNED_S1:
			walk_cache_fill(regime->walk_cache_s1, it->input,
					it->size_lg2, &setup->tag, false,
					&it->as.pointer);
			break;
		case ARM_LEARNED_S2:
			walk_cache_fill(regime->walk_cache_s2, it->input,
					it->size_lg2, &setup->s2_tag, true,
					&it->as.pointer);
			break;
		case ARM_LEARNED_S2_LEAF:
			tlb_fill(regime->s2_tlb, it->input, it->size_lg2,
				 &setup->s2_tag, true, &it->as.leaf);
			break;
		}
	}
}

bool arm_walker_read_elsewhere(struct arm_walker *w,
			       const struct arm_read *read, uint64_t *raw)
{
	if (!w->regime->read || w->mode == ARM_WALK_RAM ||
	    !w->regime->read(w->regime->reader, read, raw)) {
		arm_fault_set(w->fault, ARM_FAULT_EXTERNAL, read->stage,
			      read->level);
		w->fault->on_walk = true;
		return false;
	}
	/* Its reader notes down what is to be known of it. */
	w->log->descriptor_reads++;
	return true;
}

bool arm_permission_fault(struct arm_fault *fault, uint64_t attrs,
			  uint64_t need, uint64_t ipa)
{
	uint64_t stage2 = FIELD_MASK(ARM_ATTRS_S2_R) |
			  FIELD_MASK(ARM_ATTRS_S2_W) |
			  FIELD_MASK(ARM_ATTRS_S2_X_EL1) |
			  FIELD_MASK(ARM_ATTRS_S2_X_EL0);
	uint64_t missing = need & ~attrs;

	if (missing & ~stage2)
		return arm_fault_set(
			fault, ARM_FAULT_PERMISSION, 1,
			(int)FIELD_GET(ARM_ATTRS_S1_LEVEL, attrs));
	arm_fault_set(fault, ARM_FAULT_PERMISSION, 2,
		      (int)FIELD_GET(ARM_ATTRS_S2_LEVEL, attrs));
	fault->ipa.raw = align_down(ipa, FRAME_LG2);
	return false;
}

/* A stage that is off: everything is permitted, a page maps to itself. */
#define S1_PERMISSIONS MASK(ARM_ATTRS_S1_EL1_R_LSB, 6)
#define S2_PERMISSIONS MASK(ARM_ATTRS_S2_R_LSB, 4)
#define LEVEL_OFF 7

static bool stage1_off(struct arm_walker *w, uint64_t address,
		       struct arm_leaf *leaf)
{
	if (address >> w->regime->pa_bits)
		return arm_fault_set(w->fault, ARM_FAULT_ADDRESS_SIZE, 1, 0);
	leaf->base = align_down(address, FRAME_LG2);
	leaf->size_lg2 = FRAME_LG2;
	leaf->attrs = S1_PERMISSIONS |
		      FIELD_PREP(ARM_ATTRS_S1_LEVEL, LEVEL_OFF);
	return true;
}

bool arm_nested_stage1(struct arm_walker *w, uint64_t address, uint64_t need,
		       struct arm_leaf *leaf)
{
	if (w->regime->setup.why)
		return arm_fault_set_not_modelled(w->fault, 1,
						  w->regime->setup.why);
	if (!w->regime->setup.stage1)
		return stage1_off(w, address, leaf);
	return arm_stage1_walk(w, address, leaf) &&
	       arm_permission_check(w->fault, leaf->attrs,
				    need & S1_PERMISSIONS, 0);
}

/* Stage 2 of the final address; off: the address itself. */
static bool final_stage2(struct arm_walker *w, uint64_t ipa, uint64_t need,
			 struct arm_leaf *leaf)
{
	if (w->regime->setup.stage2)
		return arm_stage2_translate(w, ipa, need & S2_PERMISSIONS,
					    false, leaf);
	leaf->base = align_down(ipa, FRAME_LG2);
	leaf->size_lg2 = FRAME_LG2;
	leaf->attrs = S2_PERMISSIONS |
		      FIELD_PREP(ARM_ATTRS_S2_LEVEL, LEVEL_OFF) |
		      FIELD_PREP(ARM_ATTRS_MEMATTR, ARM_MEMATTR_WB);
	return true;
}

/* The size of the whole: models/README.md 7. */
static uint8_t whole_size(const struct arm_setup *setup,
			  const struct arm_leaf *s1, const struct arm_leaf *s2)
{
	if (!setup->stage1)
		return s2->size_lg2;
	if (!setup->stage2)
		return s1->size_lg2;
	return s1->size_lg2 < s2->size_lg2 ? s1->size_lg2 : s2->size_lg2;
}

bool arm_nested_stage2(struct arm_walker *w, uint64_t address, uint64_t need,
		       const struct arm_leaf *s1, struct arm_nested *out)
{
	const struct arm_setup *setup = &w->regime->setup;
	struct arm_leaf s2;
	uint64_t ipa, pa;

	ipa = s1->base + (address & (BIT(s1->size_lg2) - 1));
	if (!final_stage2(w, ipa, need, &s2)) {
		out->value.attrs = s1->attrs; /* for arm_mmu_probe */
		return false;
	}
	pa = s2.base + (ipa & (BIT(s2.size_lg2) - 1));
	out->size_lg2 = whole_size(setup, s1, &s2);
	out->value.ipa = align_down(ipa, out->size_lg2);
	out->value.out = align_down(pa, out->size_lg2);
	out->global = !FIELD_GET(ARM_ATTRS_NG, s1->attrs);
	/* With stage 1 off, its attributes depend on each access. */
	out->value.attrs = setup->stage1
				   ? arm_attrs_combine(s1->attrs, s2.attrs)
				   : s1->attrs | s2.attrs;
	return true;
}

bool arm_nested_walk(struct arm_walker *w, uint64_t address, uint64_t need,
		     struct arm_nested *out)
{
	struct arm_leaf s1;

	return arm_nested_stage1(w, address, need, &s1) &&
	       arm_nested_stage2(w, address, need, &s1, out);
}
