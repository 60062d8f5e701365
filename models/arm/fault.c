/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Faults and their syndromes. DDI0487 L.b D24.2.40 (ESR_ELx: instruction and
 * data aborts), D24.2 (HPFAR_EL2); issue A. ISV is 0: no syndrome of the
 * instruction; FnV is 0: FAR is valid for every abort made here; EA is 0.
 */
#include "core/base/bug.h"
#include "models/arm/walker.h"

#define ARM_ESR_FIELDS(F)                                                      \
	F(ARM_ESR, FSC, 0, 6)                                                  \
	F(ARM_ESR, WNR, 6, 1)                                                  \
	F(ARM_ESR, S1PTW, 7, 1)                                                \
	F(ARM_ESR, CM, 8, 1)                                                   \
	F(ARM_ESR, EA, 9, 1)                                                   \
	F(ARM_ESR, FNV, 10, 1)                                                 \
	F(ARM_ESR, ISV, 24, 1)                                                 \
	F(ARM_ESR, IL, 25, 1)                                                  \
	F(ARM_ESR, EC, 26, 6)
FIELDS_DEFINE(ARM_ESR, ARM_ESR_FIELDS);

#define ARM_HPFAR_FIELDS(F) F(ARM_HPFAR, FIPA, 4, 40)
FIELDS_DEFINE(ARM_HPFAR, ARM_HPFAR_FIELDS);

/* Exception classes, of aborts from a lower EL; the same EL's is one more. */
#define EC_INSTRUCTION_ABORT 0x20
#define EC_DATA_ABORT 0x24

const char *arm_fault_name(enum arm_fault_kind kind)
{
	static const char *const names[ARM_FAULT_KINDS] = {
		[ARM_FAULT_NONE] = "none",
		[ARM_FAULT_ADDRESS_SIZE] = "address-size",
		[ARM_FAULT_TRANSLATION] = "translation",
		[ARM_FAULT_ACCESS_FLAG] = "access-flag",
		[ARM_FAULT_PERMISSION] = "permission",
		[ARM_FAULT_EXTERNAL] = "external-abort",
		[ARM_FAULT_ALIGNMENT] = "alignment",
		[ARM_FAULT_CONFLICT] = "tlb-conflict",
		[ARM_FAULT_NOT_MODELLED] = "not-modelled",
	};

	BUG_ON(NULL, (unsigned int)kind >= ARM_FAULT_KINDS);
	return names[kind];
}

bool arm_fault_set(struct arm_fault *fault, enum arm_fault_kind kind,
		   unsigned int stage, int level)
{
	*fault = (struct arm_fault){
		.kind = kind,
		.stage = (uint8_t)stage,
		.level = (int8_t)level,
	};
	return false;
}

bool arm_fault_set_not_modelled(struct arm_fault *fault, unsigned int stage,
				const char *why)
{
	arm_fault_set(fault, ARM_FAULT_NOT_MODELLED, stage, 0);
	fault->why = why;
	return false;
}

static uint64_t fault_status(const struct arm_fault *fault)
{
	uint64_t level = (uint64_t)fault->level & 3;

	switch (fault->kind) {
	case ARM_FAULT_ADDRESS_SIZE:
		return 0x00 | level;
	case ARM_FAULT_TRANSLATION:
		return 0x04 | level;
	case ARM_FAULT_ACCESS_FLAG:
		return 0x08 | level;
	case ARM_FAULT_PERMISSION:
		return 0x0c | level;
	case ARM_FAULT_EXTERNAL:
		return fault->on_walk ? 0x14 | level : 0x10;
	case ARM_FAULT_ALIGNMENT:
		return 0x21;
	case ARM_FAULT_CONFLICT:
		return 0x30;
	case ARM_FAULT_NONE:
	case ARM_FAULT_NOT_MODELLED:
	case ARM_FAULT_KINDS:
		break;
	}
	BUG_ON(NULL, "a fault that hardware does not report");
	return 0;
}

uint64_t arm_fault_esr(const struct arm_fault *fault, unsigned int target_el,
		       bool from_el0)
{
	bool fetch = fault->access & ARM_ACCESS_FETCH;
	bool maintenance = fault->access & ARM_ACCESS_MAINTENANCE;
	bool same_el = target_el == 1 && !from_el0;
	uint64_t ec = fetch ? EC_INSTRUCTION_ABORT : EC_DATA_ABORT;
	uint64_t esr = FIELD_PREP(ARM_ESR_EC, ec + same_el) |
		       FIELD_PREP(ARM_ESR_IL, 1) |
		       FIELD_PREP(ARM_ESR_FSC, fault_status(fault));

	if (target_el == 2)
		esr |= FIELD_PREP(ARM_ESR_S1PTW, fault->s1ptw);
	if (fetch)
		return esr;
	/* Maintenance and AT report a write, whatever they check. */
	return esr | FIELD_PREP(ARM_ESR_CM, maintenance) |
	       FIELD_PREP(ARM_ESR_WNR,
			  maintenance || (fault->access & ARM_ACCESS_WRITE));
}

uint64_t arm_fault_hpfar(const struct arm_fault *fault)
{
	return FIELD_PREP(ARM_HPFAR_FIPA, fault->ipa.raw >> FRAME_LG2);
}
