/* SPDX-License-Identifier: BSD-2-Clause */
/* TLBs in front of the walk: fills, tags, sizes, stale entries, and questions
 * that leave no trace. */
#include "models/arm/mmu_inline.h"
#include "tests/unit/models/arm_rig.h"

static const struct rig_shape full = { 8, 32, 16, 16, 16 };

static void a_walk_fills_both_levels_and_an_l2_hit_fills_l1(void **state)
{
	struct rig rig;

	(void)state;
	rig_nested(&rig, full);
	rig_put(&rig, 0x80004020, 0x40010f83); /* EL1 may fetch */
	assert_true(rig_access(&rig, RIG_VA, ARM_ACCESS_READ));
	assert_int_equal(tlb_counters(rig.mmu.l1d_tlb)->fills, 1);
	assert_int_equal(tlb_counters(rig.mmu.l1i_tlb)->fills, 0);
	assert_int_equal(tlb_counters(rig.mmu.l2_tlb)->fills, 1);
	assert_true(rig_access(&rig, RIG_VA + 8, ARM_ACCESS_FETCH));
	assert_int_equal(rig.out.source, ARM_FROM_L2_TLB);
	assert_true(rig.out.pa.raw == RIG_PA + 8);
	assert_int_equal(tlb_counters(rig.mmu.l1i_tlb)->fills, 1);
	assert_int_equal(tlb_counters(rig.mmu.l2_tlb)->fills, 1);
	assert_true(rig_access(&rig, RIG_VA + 16, ARM_ACCESS_FETCH));
	assert_int_equal(rig.out.source, ARM_FROM_L1_TLB);
	assert_true(rig.out.ipa.raw == RIG_IPA + 16);
	assert_int_equal(rig.mmu.walks.count, 1);
	/* The copy in L1 is the ASID's own, as the one in L2. */
	rig_reg(&rig, ARM_TTBR0_EL1, 0x0006000040001000);
	assert_true(rig_access(&rig, RIG_VA, ARM_ACCESS_FETCH));
	assert_int_equal(rig.out.source, ARM_FROM_WALK);
	rig_stop(&rig);
}

static void absent_tlbs_are_passed_over(void **state)
{
	struct rig rig;

	(void)state;
	rig_nested(&rig, (struct rig_shape){ 0 });
	for (unsigned int i = 1; i <= 3; i++) {
		assert_int_equal(rig_reads(&rig, RIG_VA), 24);
		assert_int_equal(rig.mmu.walks.count, i);
	}
	assert_int_equal(tlb_counters(rig.mmu.l1d_tlb)->misses, 0);
	assert_int_equal(
		walk_cache_counters(rig.mmu.regime.walk_cache_s1)->misses, 0);
	rig_stop(&rig);
}

/* The page table changes; the old answer stays until a TLBI. */
static void a_stale_entry_answers_until_tlbi(void **state)
{
	struct rig rig;
	struct arm_tlbi tlbi;

	(void)state;
	rig_nested(&rig, full);
	assert_true(rig_access(&rig, RIG_VA, ARM_ACCESS_WRITE));
	rig_put(&rig, 0x80004020, 0);
	assert_true(rig_access(&rig, RIG_VA, ARM_ACCESS_WRITE));
	assert_true(rig.out.pa.raw == RIG_PA);
	assert_true(arm_mmu_probe(&rig.mmu, (va_t){ RIG_VA }, ARM_ACCESS_WRITE,
				  &rig.out, &rig.fault, NULL));
	assert_true(arm_tlbi_decode(ARM_SYSREG(1, 0, 8, 7, 1),
				    UINT64_C(6) << 48 | RIG_VA >> 12,
				    &rig.mmu.regs, false, &tlbi));
	arm_mmu_tlbi(&rig.mmu, &tlbi);
	/* Another ASID's: still there. */
	assert_true(rig_access(&rig, RIG_VA, ARM_ACCESS_WRITE));
	assert_true(arm_tlbi_decode(ARM_SYSREG(1, 0, 8, 7, 1),
				    UINT64_C(5) << 48 | RIG_VA >> 12,
				    &rig.mmu.regs, false, &tlbi));
	arm_mmu_tlbi(&rig.mmu, &tlbi);
	rig_expect_fault(&rig, RIG_VA, ARM_ACCESS_WRITE, ARM_FAULT_TRANSLATION,
			 1, 3);
	rig_stop(&rig);
}

static void a_stale_stage_2_answers_too(void **state)
{
	struct rig rig;

	(void)state;
	rig_nested(&rig, (struct rig_shape){ 0, 0, 16, 0, 0 });
	assert_true(rig_access(&rig, RIG_VA, ARM_ACCESS_READ));
	rig_put(&rig, 0x80803080, 0);
	assert_true(rig_access(&rig, RIG_VA, ARM_ACCESS_READ));
	assert_true(rig.out.pa.raw == RIG_PA);
	/* An s2_tlb hit that forbids: a permission fault without a walk. */
	rig_stop(&rig);
	rig_nested(&rig, (struct rig_shape){ 0, 0, 16, 0, 0 });
	rig_put(&rig, 0x80803080, 0x8001077f);
	assert_true(rig_access(&rig, RIG_VA, ARM_ACCESS_READ));
	rig_put(&rig, 0x80803080, 0x800107ff);
	rig_expect_fault(&rig, RIG_VA, ARM_ACCESS_WRITE, ARM_FAULT_PERMISSION,
			 2, 3);
	assert_true(rig.fault.ipa.raw == RIG_IPA);
	assert_int_equal(rig.mmu.walk.descriptor_reads, 4);
	rig_stop(&rig);
}

static void asids_keep_entries_apart_and_global_ones_do_not(void **state)
{
	struct rig rig;

	(void)state;
	rig_nested(&rig, full);
	rig_put(&rig, 0x80004028, 0x40011743); /* nG 0 */
	assert_int_equal(rig_reads(&rig, RIG_VA), 24);
	assert_true(rig_reads(&rig, RIG_VA + 0x1000) > 0);
	/* AS 0: the upper half of the ASID does not count. */
	rig_reg(&rig, ARM_TTBR0_EL1, 0x1205000040001000);
	assert_int_equal(rig_reads(&rig, RIG_VA), 0);
	rig_reg(&rig, ARM_TTBR0_EL1, 0x0006000040001000);
	/* Pointers are the old ASID's as well: all of stage 1 is read. */
	assert_int_equal(rig_reads(&rig, RIG_VA), 4);
	assert_int_equal(rig_reads(&rig, RIG_VA + 0x1000), 0);
	/* AS 1: it does. */
	rig_reg(&rig, ARM_TCR_EL1, RIG_TCR | UINT64_C(1) << 36);
	rig_reg(&rig, ARM_TTBR0_EL1, 0x1206000040001000);
	assert_true(rig_reads(&rig, RIG_VA) > 0);
	/* A1: TTBR1's ASID, here that of the second entry. */
	rig_reg(&rig, ARM_TTBR1_EL1, 0x0006000040005000);
	rig_reg(&rig, ARM_TCR_EL1,
		RIG_TCR | UINT64_C(1) << 36 | UINT64_C(1) << 22);
	assert_int_equal(rig_reads(&rig, RIG_VA), 0);
	rig_stop(&rig);
}

static void vmids_keep_all_entries_apart(void **state)
{
	struct rig rig;

	(void)state;
	rig_nested(&rig, full);
	rig_put(&rig, 0x80004020, 0x40010743);
	assert_int_equal(rig_reads(&rig, RIG_VA), 24);
	/* VS 0: eight bits of VMID. */
	rig_reg(&rig, ARM_VTTBR_EL2, 0x7701000080800000);
	assert_int_equal(rig_reads(&rig, RIG_VA), 0);
	rig_reg(&rig, ARM_VTTBR_EL2, 0x0002000080800000);
	assert_int_equal(rig_reads(&rig, RIG_VA), 24);
	rig_reg(&rig, ARM_VTCR_EL2, RIG_VTCR_4 | 0x80000);
	rig_reg(&rig, ARM_VTTBR_EL2, 0x7702000080800000);
	assert_int_equal(rig_reads(&rig, RIG_VA), 24);
	rig_stop(&rig);
}

static void stage_1_off_has_entries_of_its_own(void **state)
{
	struct rig rig;

	(void)state;
	rig_nested(&rig, full);
	rig_reg(&rig, ARM_SCTLR_EL1, 0);
	assert_int_equal(rig_reads(&rig, RIG_IPA), 4);
	assert_int_equal(rig_reads(&rig, RIG_IPA), 0);
	/* The ASID does not matter then. */
	rig_reg(&rig, ARM_TTBR0_EL1, 0x0007000040001000);
	assert_int_equal(rig_reads(&rig, RIG_IPA), 0);
	/* Stage 1 on: not its translation. */
	rig_reg(&rig, ARM_SCTLR_EL1, RIG_SCTLR);
	rig_expect_fault(&rig, RIG_IPA, ARM_ACCESS_READ, ARM_FAULT_TRANSLATION,
			 1, 0);
	rig_stop(&rig);
}

/* s2_tlb is asked with the VMID alone: stage 1 on or off shares it. */
static void s2_tlb_serves_both_settings_of_stage_1(void **state)
{
	struct rig rig;

	(void)state;
	rig_nested(&rig, full);
	assert_int_equal(rig_reads(&rig, RIG_VA), 24);
	rig_reg(&rig, ARM_SCTLR_EL1, 0);
	assert_int_equal(rig_reads(&rig, RIG_IPA), 0);
	assert_int_equal(rig.out.source, ARM_FROM_WALK);
	assert_int_equal(rig.mmu.walk.step[0].source, ARM_STEP_S2_TLB);
	assert_false(rig.mmu.walk.step[0].for_s1_table);
	rig_stop(&rig);
}

struct census {
	unsigned int entries;
	uint64_t sum;
};

static void count_entry(void *context, const struct tlb_entry *entry)
{
	struct census *census = context;

	census->entries++;
	census->sum = census->sum * 31 + entry->page + entry->tag.asid;
}

/* Order of visiting is array order: this catches a moved entry as well. */
static uint64_t state_of(const struct rig *rig)
{
	const struct tlb *tlbs[4] = { rig->mmu.l1i_tlb, rig->mmu.l1d_tlb,
				      rig->mmu.l2_tlb, rig->mmu.regime.s2_tlb };
	struct census census = { 0, 17 };
	struct cache_counters caches;

	for (unsigned int i = 0; i < 4; i++) {
		const struct tlb_counters *c = tlb_counters(tlbs[i]);

		tlb_for_each(tlbs[i], count_entry, &census);
		census.sum = census.sum * 31 + c->hits * 7 + c->misses * 5 +
			     c->fills * 3 + c->evictions;
	}
	memory_counters(rig->memory, CACHE_L1D, &caches);
	for (unsigned int i = 0; i < REQUESTER_COUNT; i++)
		census.sum = census.sum * 31 + caches.hits[i] * 3 +
			     caches.misses[i];
	census.sum = census.sum * 31 + rig->mmu.data_context;
	census.sum = census.sum * 31 + rig->mmu.fetch_context;
	census.sum = census.sum * 31 + rig->mmu.walks.count;
	census.sum =
		census.sum * 31 +
		walk_cache_counters(rig->mmu.regime.walk_cache_s1)->misses * 3 +
		walk_cache_counters(rig->mmu.regime.walk_cache_s1)->hits;
	return census.sum * 31 + census.entries;
}

static void a_probe_leaves_no_trace(void **state)
{
	struct rig rig;
	struct arm_walk walk;
	uint64_t before;

	(void)state;
	rig_nested(&rig, (struct rig_shape){ 2, 0, 2, 2, 2 });
	for (unsigned int i = 0; i < 8; i++)
		rig_put(&rig, 0x80004020 + 8 * i, 0x40010f43 + (i << 12));
	before = state_of(&rig);
	assert_true(arm_mmu_probe(&rig.mmu, (va_t){ RIG_VA + 1 },
				  ARM_ACCESS_READ, &rig.out, &rig.fault,
				  &walk));
	assert_true(rig.out.pa.raw == RIG_PA + 1);
	assert_int_equal(walk.descriptor_reads, 24);
	assert_int_equal(state_of(&rig), before);

	/* LRU: of two entries the older stays the victim though probed. */
	assert_true(rig_access(&rig, RIG_VA, ARM_ACCESS_READ));
	assert_true(rig_access(&rig, RIG_VA + 0x1000, ARM_ACCESS_READ));
	before = state_of(&rig);
	assert_true(arm_mmu_probe(&rig.mmu, (va_t){ RIG_VA }, ARM_ACCESS_READ,
				  &rig.out, &rig.fault, NULL));
	assert_int_equal(rig.out.source, ARM_FROM_L1_TLB);
	assert_false(arm_mmu_probe(&rig.mmu, (va_t){ 0 }, ARM_ACCESS_READ,
				   &rig.out, &rig.fault, NULL));
	assert_int_equal(rig.fault.kind, ARM_FAULT_TRANSLATION);
	assert_int_equal(state_of(&rig), before);
	assert_true(rig_access(&rig, RIG_VA + 0x2000, ARM_ACCESS_READ));
	assert_true(rig_access(&rig, RIG_VA + 0x1000, ARM_ACCESS_READ));
	assert_int_equal(rig.out.source, ARM_FROM_L1_TLB);
	assert_true(rig_access(&rig, RIG_VA, ARM_ACCESS_READ));
	assert_int_equal(rig.out.source, ARM_FROM_WALK);
	rig_stop(&rig);
}

/* Random accesses: probe, inline and full path agree at every step. */
static void probe_inline_and_translate_agree(void **state)
{
	struct rig rig;
	struct model_random random;

	(void)state;
	rig_nested(&rig, (struct rig_shape){ 4, 12, 4, 2, 2 });
	model_random_seed(&random, 7);
	for (uint64_t i = 0; i < 64; i++)
		rig_put(&rig, 0x80004000 + 8 * i,
			(i % 7 == 3 ? 0 : 0x40010f03 | (i % 4) << 6) +
				(i << 12));
	for (unsigned int i = 0; i < 20000; i++) {
		uint64_t r = model_random_next(&random);
		unsigned int access = (unsigned int)(r >> 8) % 3 |
				      (r & 1 ? ARM_ACCESS_EL0 : 0);
		va_t va = { (RIG_VA & ~UINT64_C(0x3ffff)) + (r >> 16 & 0xffff) };
		struct arm_translation probed, got;
		struct arm_fault f1, f2;
		uint64_t hits, context = rig.mmu.data_context +
					  rig.mmu.fetch_context;
		struct tlb *l1;
		bool ok = arm_mmu_probe(&rig.mmu, va, access, &probed, &f1,
					NULL);

		l1 = access & ARM_ACCESS_FETCH ? rig.mmu.l1i_tlb :
						 rig.mmu.l1d_tlb;
		hits = tlb_counters(l1)->hits;
		if (arm_mmu_translate_l1(&rig.mmu, va, access, &got)) {
			assert_int_equal(tlb_counters(l1)->hits, hits + 1);
			assert_int_equal(got.source, ARM_FROM_L1_TLB);
			assert_int_equal(rig.mmu.data_context +
						 rig.mmu.fetch_context,
					 context);
			assert_true(ok);
		} else {
			assert_int_equal(tlb_counters(l1)->hits, hits);
			assert_int_equal(arm_mmu_translate(&rig.mmu, va, access,
							   &got, &f2),
					 ok);
		}
		assert_int_equal(got.source, probed.source);
		if (ok) {
			assert_true(got.pa.raw == probed.pa.raw);
			assert_true(got.ipa.raw == probed.ipa.raw);
			assert_true(got.attrs == probed.attrs);
		} else {
			assert_int_equal(f1.kind, f2.kind);
			assert_int_equal(f1.stage, f2.stage);
			assert_int_equal(f1.level, f2.level);
		}
	}
	rig_stop(&rig);
}

static void context_changes_with_registers_fills_and_tlbi(void **state)
{
	struct rig rig;
	struct arm_tlbi tlbi;
	uint64_t context, fetch;

	(void)state;
	rig_nested(&rig, full);
	context = rig.mmu.data_context;
	fetch = rig.mmu.fetch_context;
	assert_true(rig_access(&rig, RIG_VA, ARM_ACCESS_READ));
	assert_int_not_equal(rig.mmu.data_context, context);
	assert_int_equal(rig.mmu.fetch_context, fetch);
	context = rig.mmu.data_context;
	assert_true(rig_access(&rig, RIG_VA, ARM_ACCESS_READ));
	assert_int_equal(rig.mmu.data_context, context);
	assert_true(arm_tlbi_decode(ARM_SYSREG(1, 0, 8, 7, 0), 0,
				    &rig.mmu.regs, false, &tlbi));
	arm_mmu_tlbi(&rig.mmu, &tlbi);
	assert_int_not_equal(rig.mmu.data_context, context);
	assert_int_not_equal(rig.mmu.fetch_context, fetch);
	context = rig.mmu.data_context;
	fetch = rig.mmu.fetch_context;
	rig_reg(&rig, ARM_TTBR0_EL1, rig.mmu.regs.ttbr0);
	assert_int_not_equal(rig.mmu.data_context, context);
	assert_int_not_equal(rig.mmu.fetch_context, fetch);
	assert_false(arm_mmu_sysreg_write(&rig.mmu, ARM_PAR_EL1, 0));
	rig_stop(&rig);
}

static void impossible_configurations_are_refused(void **state)
{
	struct arm_mmu mmu;
	struct arm_mmu_config config = { .pa_bits = 49 };

	(void)state;
	assert_int_equal(arm_mmu_init(&mmu, &config, NULL, NULL, 0, NULL),
			 ERR_INVAL);
	arm_mmu_fini(&mmu);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_walk_fills_both_levels_and_an_l2_hit_fills_l1),
		cmocka_unit_test(absent_tlbs_are_passed_over),
		cmocka_unit_test(a_stale_entry_answers_until_tlbi),
		cmocka_unit_test(a_stale_stage_2_answers_too),
		cmocka_unit_test(
			asids_keep_entries_apart_and_global_ones_do_not),
		cmocka_unit_test(vmids_keep_all_entries_apart),
		cmocka_unit_test(stage_1_off_has_entries_of_its_own),
		cmocka_unit_test(s2_tlb_serves_both_settings_of_stage_1),
		cmocka_unit_test(a_probe_leaves_no_trace),
		cmocka_unit_test(probe_inline_and_translate_agree),
		cmocka_unit_test(context_changes_with_registers_fills_and_tlbi),
		cmocka_unit_test(impossible_configurations_are_refused),
	};

	return cmocka_run_group_tests_name("arm_tlb", tests, NULL, NULL);
}
