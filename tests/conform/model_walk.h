/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hardware's view of a p2m: stage 2 of the Arm MMU model (models/arm) over
 * the bytes of the tables where they lie, told only VTTBR_EL2 and VTCR_EL2.
 * No TLB and no walk cache answers: each question is a walk.
 */
#ifndef TESTS_CONFORM_MODEL_WALK_H
#define TESTS_CONFORM_MODEL_WALK_H

#include "models/arm/mmu.h"
#include "tests/unit/core/port_array.h"

struct model_walk {
	struct ram ram; /* the array's pages; not ours to free */
	struct model_random random;
	struct memory_system *memory;
	struct arm_mmu mmu;
};

static inline void model_walk_open(struct model_walk *m, struct port_array *a,
				   uint64_t vttbr, uint64_t vtcr, bool lpa)
{
	const struct tlb_config none = { .sizes_lg2 = { 12 }, .size_count = 1 };
	const struct cache_config absent = { .line = 64 };
	const struct arm_mmu_config config = {
		.l1i_tlb = none, .l1d_tlb = none, .l2_tlb = none,
		.s2_tlb = none, .walk_cache_s1 = none, .walk_cache_s2 = none,
		.pa_bits = lpa ? 52 : 48,
	};
	const struct memory_config memory = {
		.cpus = 1, .l1i = absent, .l1d = absent, .l2 = absent,
		.llc = absent, .walk_entry = MEMORY_ENTRY_NONE,
	};

	m->ram = (struct ram){
		.host = (uint8_t *)a->memory, .base = { a->base },
		.bytes = (uint64_t)ARRAY_PAGES << a->granule_lg2,
	};
	model_random_seed(&m->random, 1);
	m->memory = memory_new(&memory, &m->random);
	assert_non_null(m->memory);
	assert_int_equal(arm_mmu_init(&m->mmu, &config, &m->ram, m->memory, 0,
				      &m->random),
			 0);
	assert_true(arm_mmu_sysreg_write(&m->mmu, ARM_VTCR_EL2, vtcr));
	assert_true(arm_mmu_sysreg_write(&m->mmu, ARM_VTTBR_EL2, vttbr));
	/* RW and VM: stage 2 alone. */
	assert_true(arm_mmu_sysreg_write(&m->mmu, ARM_HCR_EL2,
					 UINT64_C(0x80000001)));
}

static inline void model_walk_close(struct model_walk *m)
{
	arm_mmu_fini(&m->mmu);
	memory_free(m->memory);
}

/*
 * One access by IPA must end as `access` says (bit 0 read, 1 write): at `pa`,
 * or, if neither mapped nor allowed, in a fault of that kind.
 */
static inline void model_walk_expect(const struct model_walk *m, uint64_t ipa,
				     bool write, bool mapped, bool allowed,
				     uint64_t pa)
{
	struct arm_fault fault = { 0 };
	pa_t got = { 0 };
	const bool found = arm_mmu_probe_ipa(&m->mmu, (ipa_t){ ipa }, write,
					     &got, &fault);

	if (found != (mapped && allowed))
		fail_msg("the model %s %s of ipa %#llx, the oracle does not",
			 found ? "allows a" : "faults on a",
			 write ? "write" : "read", (unsigned long long)ipa);
	if (found && got.raw != pa)
		fail_msg("the model finds ipa %#llx at %#llx, the oracle at %#llx",
			 (unsigned long long)ipa, (unsigned long long)got.raw,
			 (unsigned long long)pa);
	if (!found)
		assert_int_equal(fault.kind, mapped ? ARM_FAULT_PERMISSION
						    : ARM_FAULT_TRANSLATION);
}

#endif
