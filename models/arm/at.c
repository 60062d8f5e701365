/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * AT S1E1R, S1E1W, S1E0R, S1E0W: a stage-1 translation whose outcome goes to
 * PAR_EL1. DDI0487 L.b C5.4, D24.2.142 (PAR_EL1, 64-bit format); issue A.
 * The PAN forms and EL2's are undefined here.
 */
#include "models/arm/attrs.h"
#include "models/arm/descriptor.h"
#include "models/arm/mmu_inline.h"
#include "models/arm/walker.h"

/* Not F(...) as elsewhere: a field has that name. */
#define ARM_PAR_FIELDS(ROW)                                                    \
	ROW(ARM_PAR, F, 0, 1)                                                  \
	ROW(ARM_PAR, SH, 7, 2)                                                 \
	ROW(ARM_PAR, NS, 9, 1)                                                 \
	ROW(ARM_PAR, RES1, 11, 1)                                              \
	ROW(ARM_PAR, PA, 12, 40) /* 51:48 are zero without FEAT_LPA */         \
	ROW(ARM_PAR, ATTR, 56, 8)
FIELDS_DEFINE(ARM_PAR, ARM_PAR_FIELDS);

/* With F set. */
#define ARM_PAR_FAULT_FIELDS(ROW)                                              \
	ROW(ARM_PAR_FAULT, F, 0, 1)                                            \
	ROW(ARM_PAR_FAULT, FST, 1, 6)                                          \
	ROW(ARM_PAR_FAULT, PTW, 8, 1)                                          \
	ROW(ARM_PAR_FAULT, S, 9, 1)                                            \
	ROW(ARM_PAR_FAULT, RES1, 11, 1)
FIELDS_DEFINE(ARM_PAR_FAULT, ARM_PAR_FAULT_FIELDS);

static bool decode(unsigned int op, unsigned int *access)
{
	switch (op) {
	case ARM_SYSREG(1, 0, 7, 8, 0):
		*access = ARM_ACCESS_READ;
		return true;
	case ARM_SYSREG(1, 0, 7, 8, 1):
		*access = ARM_ACCESS_WRITE;
		return true;
	case ARM_SYSREG(1, 0, 7, 8, 2):
		*access = ARM_ACCESS_READ | ARM_ACCESS_EL0;
		return true;
	case ARM_SYSREG(1, 0, 7, 8, 3):
		*access = ARM_ACCESS_WRITE | ARM_ACCESS_EL0;
		return true;
	default:
		return false;
	}
}

/* Stage 1's own attributes, as a data access sees them. */
static uint64_t par_success(const struct arm_mmu *mmu, uint64_t address,
			    const struct arm_leaf *leaf)
{
	/* Combining with the weakest demand makes SH what Device implies. */
	uint64_t none = FIELD_PREP(ARM_ATTRS_MEMATTR, ARM_MEMATTR_WB);
	uint64_t attrs = mmu->regime.setup.stage1
				 ? arm_attrs_combine(leaf->attrs, none)
				 : none;
	uint64_t pa = leaf->base + (address & (BIT(leaf->size_lg2) - 1));

	if (mmu->regime.setup.adjust)
		attrs = arm_attrs_finish(&mmu->regime.setup, attrs,
					 ARM_ACCESS_READ);
	return FIELD_PREP(ARM_PAR_SH, FIELD_GET(ARM_ATTRS_SH, attrs)) |
	       FIELD_PREP(ARM_PAR_NS, 1) | FIELD_PREP(ARM_PAR_RES1, 1) |
	       FIELD_PREP(ARM_PAR_PA, pa >> FRAME_LG2) |
	       FIELD_PREP(ARM_PAR_ATTR, FIELD_GET(ARM_ATTRS_MEMATTR, attrs));
}

static uint64_t par_fault(const struct arm_fault *fault)
{
	uint64_t fst = arm_fault_esr(fault, 1, false) &
		       MASK(0, ARM_PAR_FAULT_FST_WIDTH);

	return FIELD_PREP(ARM_PAR_FAULT_F, 1) |
	       FIELD_PREP(ARM_PAR_FAULT_FST, fst) |
	       FIELD_PREP(ARM_PAR_FAULT_PTW, fault->s1ptw) |
	       FIELD_PREP(ARM_PAR_FAULT_S, fault->stage == 2) |
	       FIELD_PREP(ARM_PAR_FAULT_RES1, 1);
}

/* What is an exception instead of a value of PAR_EL1. */
static bool aborts(const struct arm_fault *fault)
{
	return fault->stage == 2 || fault->kind == ARM_FAULT_EXTERNAL ||
	       fault->kind == ARM_FAULT_NOT_MODELLED;
}

enum arm_at_result arm_mmu_at_execute(struct arm_mmu *mmu, unsigned int op,
				      va_t va, uint64_t *par,
				      struct arm_fault *fault)
{
	uint64_t address = arm_mmu_address(&mmu->regime.setup, va);
	struct arm_walker w;
	struct arm_leaf leaf;
	unsigned int access;
	bool found;

	if (!decode(op, &access))
		return ARM_AT_UNDEFINED;
	arm_walker_start(&w, &mmu->regime, ARM_WALK_LIVE, &mmu->walk, fault);
	found = arm_nested_stage1(&w, address, arm_access_need(access), &leaf);
	arm_walker_count(mmu, &w);
	if (found) {
		*par = par_success(mmu, address, &leaf);
		return ARM_AT_DONE;
	}
	fault->va = va;
	fault->access = access | ARM_ACCESS_MAINTENANCE;
	if (aborts(fault))
		return ARM_AT_ABORT;
	*par = par_fault(fault);
	return ARM_AT_DONE;
}

uint64_t arm_mmu_at(struct arm_mmu *mmu, unsigned int op, va_t va, bool *ok)
{
	struct arm_fault fault;
	uint64_t par = 0;
	enum arm_at_result result =
		arm_mmu_at_execute(mmu, op, va, &par, &fault);

	*ok = result != ARM_AT_UNDEFINED;
	if (result == ARM_AT_ABORT && fault.kind != ARM_FAULT_NOT_MODELLED)
		par = par_fault(&fault);
	return par;
}
