/* SPDX-License-Identifier: BSD-2-Clause */
/* Walks: how many descriptors are read, which, and where they lead. */
#include "tests/unit/models/arm_rig.h"

static const struct rig_shape bare = { 0 };
static const struct rig_shape full = { 8, 32, 16, 16, 16 };

static void cold_4_by_4_reads_24(void **state)
{
	struct rig rig;

	(void)state;
	rig_nested(&rig, full);
	assert_int_equal(rig_reads(&rig, RIG_VA + 0x123), 24);
	assert_true(rig.out.pa.raw == RIG_PA + 0x123);
	assert_true(rig.out.ipa.raw == RIG_IPA + 0x123);
	assert_int_equal(rig.out.source, ARM_FROM_WALK);
	assert_int_equal(rig.out.size_lg2, 12);
	assert_int_equal(rig.mmu.walks.count, 1);
	assert_int_equal(rig.mmu.walks.by_accesses[24], 1);
	assert_int_equal(rig.mmu.walk.steps, 24);
	rig_stop(&rig);
}

static void cold_4_by_3_reads_19(void **state)
{
	struct rig rig;

	(void)state;
	rig_nested(&rig, full);
	rig_reg(&rig, ARM_VTCR_EL2, RIG_VTCR_3);
	rig_reg(&rig, ARM_VTTBR_EL2, 0x0001000080801000);
	assert_int_equal(rig_reads(&rig, RIG_VA), 19);
	assert_true(rig.out.pa.raw == RIG_PA);
	rig_stop(&rig);
}

/* T0SZ 25: 39 bits, root at level 1. */
static void cold_3_by_3_reads_15(void **state)
{
	struct rig rig;

	(void)state;
	rig_nested(&rig, full);
	rig_reg(&rig, ARM_VTCR_EL2, RIG_VTCR_3);
	rig_reg(&rig, ARM_VTTBR_EL2, 0x0001000080801000);
	rig_reg(&rig, ARM_TCR_EL1, (RIG_TCR & ~UINT64_C(0x3f)) | 25);
	rig_reg(&rig, ARM_TTBR0_EL1, 0x0005000040002000);
	assert_int_equal(rig_reads(&rig, RIG_VA & 0x7fffffffff), 15);
	assert_true(rig.out.pa.raw == RIG_PA);
	rig_stop(&rig);
}

static void blocks_shorten_the_walk(void **state)
{
	/* Stage-1 leaf level, stage-2 leaf level, reads, size. */
	static const struct {
		int s1, s2;
		uint64_t reads;
		unsigned int size;
	} cases[] = {
		{ 3, 3, 24, 12 }, { 2, 3, 19, 12 }, { 1, 3, 14, 12 },
		{ 3, 2, 19, 12 }, { 2, 2, 15, 21 }, { 1, 2, 11, 21 },
		{ 3, 1, 14, 12 }, { 2, 1, 11, 21 }, { 1, 1, 8, 30 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig rig;
		uint64_t ipa = 0x40000000 + (RIG_VA & 0x1fffff);

		rig_nested(&rig, full);
		if (cases[i].s1 == 3)
			ipa = RIG_IPA;
		if (cases[i].s1 == 2)
			rig_put(&rig, 0x80003018, 0x0000000040000f41);
		if (cases[i].s1 == 1) {
			/* The VA's bits 29:21 stay: move it to index 0. */
			rig_put(&rig, 0x80002010, 0x0000000040000f41);
			ipa = 0x40004000;
		}
		if (cases[i].s2 == 2)
			rig_put(&rig, 0x80802000, 0x00000000800007fd);
		if (cases[i].s2 == 1)
			rig_put(&rig, 0x80801008, 0x00000000800007fd);
		assert_int_equal(
			rig_reads(&rig, cases[i].s1 == 1 ?
						RIG_VA & ~UINT64_C(0x600000) :
						RIG_VA),
			cases[i].reads);
		assert_true(rig.out.ipa.raw == ipa);
		assert_true(rig.out.pa.raw == ipa + 0x40000000);
		assert_int_equal(rig.out.size_lg2, cases[i].size);
		rig_stop(&rig);
	}
}

static void one_stage_reads_its_own_levels(void **state)
{
	struct rig rig;

	(void)state;
	rig_stage1_alone(&rig, bare);
	assert_int_equal(rig_reads(&rig, RIG_VA), 4);
	assert_true(rig.out.pa.raw == RIG_PA);
	rig_stop(&rig);

	rig_start(&rig, bare);
	rig_stage2_on(&rig);
	assert_int_equal(rig_reads(&rig, RIG_IPA), 4);
	assert_true(rig.out.pa.raw == RIG_PA);
	rig_stop(&rig);

	rig_start(&rig, bare);
	assert_int_equal(rig_reads(&rig, RIG_PA), 0);
	assert_true(rig.out.pa.raw == RIG_PA);
	assert_int_equal(rig.mmu.walks.by_accesses[0], 1);
	assert_int_equal(rig.out.size_lg2, 12);
	rig_stop(&rig);
}

/* Root levels and index widths for every legal T0SZ. */
static void every_t0sz_finds_its_root(void **state)
{
	(void)state;
	for (unsigned int tsz = 16; tsz <= 39; tsz++) {
		unsigned int bits = 64 - tsz;
		int level = bits > 39 ? 0 : bits > 30 ? 1 : 2;
		unsigned int shift = 39 - 9 * (unsigned int)level;
		/* The highest address of the range: all indices at their
		 * last; the root's last index is 2^(bits - shift) - 1. */
		uint64_t va = (UINT64_C(1) << bits) - 0x1000;
		uint64_t last = (UINT64_C(1) << (bits - shift)) - 1;
		struct rig rig;

		rig_stage1_alone(&rig, bare);
		rig_reg(&rig, ARM_TCR_EL1,
			(RIG_TCR & ~UINT64_C(0x3f)) | tsz);
		rig_put(&rig, 0x80001000 + 8 * last,
			level == 2 ? 0x80004003 : 0x80003003);
		rig_put(&rig, 0x80003ff8,
			level == 1 ? 0x80004003 : 0x80002003);
		rig_put(&rig, 0x80002ff8, 0x80004003);
		rig_put(&rig, 0x80004ff8, 0x80010f43);
		assert_int_equal(rig_reads(&rig, va), 4 - level);
		assert_true(rig.out.pa.raw == RIG_PA);
		rig_stop(&rig);
	}
}

static void concatenated_roots_are_indexed_through(void **state)
{
	struct rig rig;

	(void)state;
	rig_start(&rig, bare);
	/* T0SZ 32, SL0 0: 32 bits from level 2, four tables. IPA 0x40000000
	 * is the first entry of the second, 0xc0200000 the second of the
	 * fourth. The base's low bits do not count. */
	rig_put(&rig, 0x80811000, 0x0000000080803003);
	rig_put(&rig, 0x80813008, 0x0000000080803003);
	rig_reg(&rig, ARM_VTCR_EL2, 0x80053520);
	rig_reg(&rig, ARM_VTTBR_EL2, 0x0001000080812000);
	rig_reg(&rig, ARM_HCR_EL2, RIG_HCR);
	assert_int_equal(rig_reads(&rig, RIG_IPA), 2);
	assert_true(rig.out.pa.raw == RIG_PA);
	assert_int_equal(rig_reads(&rig, 0xc0210000), 2);
	assert_true(rig.out.pa.raw == RIG_PA);
	rig_stop(&rig);
}

static void ttbr1_translates_the_upper_half(void **state)
{
	struct rig rig;

	(void)state;
	rig_nested(&rig, full);
	/* T1SZ 25: root of TTBR1 at level 1; last index of each level. */
	rig_reg(&rig, ARM_TCR_EL1,
		(RIG_TCR & ~UINT64_C(0x3f0000)) | UINT64_C(25) << 16);
	rig_put(&rig, 0x80005ff8, 0x0000000040006003);
	rig_put(&rig, 0x80006ff8, 0x0000000040007003);
	rig_put(&rig, 0x80007ff8, 0x0000000040011743);
	assert_int_equal(rig_reads(&rig, 0xfffffffffffff008), 19);
	assert_true(rig.out.pa.raw == 0x80011008);
	rig_expect_fault(&rig, 0xffffff0000000000, ARM_ACCESS_READ,
			 ARM_FAULT_TRANSLATION, 1, 0);
	rig_stop(&rig);
}

static void tbi_ignores_the_top_byte_and_shares_the_entry(void **state)
{
	struct rig rig;

	(void)state;
	rig_nested(&rig, full);
	rig_expect_fault(&rig, RIG_VA | UINT64_C(0x5a) << 56, ARM_ACCESS_READ,
			 ARM_FAULT_TRANSLATION, 1, 0);
	rig_reg(&rig, ARM_TCR_EL1, RIG_TCR | UINT64_C(1) << 37);
	assert_true(rig_access(&rig, RIG_VA | UINT64_C(0x5a) << 56,
			       ARM_ACCESS_READ));
	assert_true(rig.out.pa.raw == RIG_PA);
	assert_true(rig_access(&rig, RIG_VA, ARM_ACCESS_READ));
	assert_int_equal(rig.out.source, ARM_FROM_L1_TLB);
	/* Bit 55 is not ignored. */
	rig_expect_fault(&rig, RIG_VA | UINT64_C(0x80) << 48, ARM_ACCESS_READ,
			 ARM_FAULT_TRANSLATION, 1, 0);
	rig_stop(&rig);
}

/* The order and content of the 24 steps. */
static void the_log_lists_each_descriptor(void **state)
{
	struct rig rig;
	const struct arm_walk *walk = &rig.mmu.walk;

	(void)state;
	rig_nested(&rig, full);
	assert_true(rig_access(&rig, RIG_VA, ARM_ACCESS_READ));
	for (unsigned int i = 0; i < 24; i++) {
		const struct arm_walk_step *step = &walk->step[i];
		bool s1 = i % 5 == 4;

		assert_int_equal(step->source, ARM_STEP_MEMORY);
		assert_int_equal(step->stage, s1 ? 1 : 2);
		assert_int_equal(step->level, s1 ? (int)(i / 5) : (int)(i % 5));
		assert_int_equal(step->for_s1_table, !s1 && i < 20);
		assert_true(step->input == (s1	   ? RIG_VA :
					    i < 20 ? 0x40001000 +
							     (i / 5) * 0x1008 +
							     8 :
						     RIG_IPA));
	}
	assert_true(walk->step[4].descriptor_pa.raw == 0x80001008);
	assert_true(walk->step[4].descriptor == 0x40002003);
	assert_true(walk->step[3].descriptor_pa.raw == 0x80803008);
	assert_true(walk->step[3].descriptor == 0x800017ff);
	assert_true(walk->step[23].descriptor == 0x800107ff);
	assert_false(walk->uncached);
	rig_stop(&rig);
}

static void cycles_sum_the_levels_that_served(void **state)
{
	static const uint32_t latency[MEMORY_LEVEL_COUNT] = { 4, 11, 30, 200 };
	struct rig rig;

	(void)state;
	rig_stage1_alone(&rig, bare);
	rig_access(&rig, RIG_VA, ARM_ACCESS_READ);
	assert_int_equal(arm_walk_cycles(&rig.mmu.walk, latency), 4 * 200);
	rig_access(&rig, RIG_VA, ARM_ACCESS_READ);
	assert_int_equal(arm_walk_cycles(&rig.mmu.walk, latency), 4 * 4);
	rig_stop(&rig);
}

static uint64_t walk_line_uses(const struct rig *rig)
{
	struct cache_counters sum;

	memory_counters(rig->memory, CACHE_L1D, &sum);
	return sum.hits[REQUESTER_WALK] + sum.misses[REQUESTER_WALK];
}

static void non_cacheable_walks_touch_no_cache(void **state)
{
	static const struct {
		const char *why;
		enum arm_sysreg reg;
		uint64_t value;
		uint64_t cached; /* of 24 */
	} cases[] = {
		{ "all cacheable", ARM_TCR_EL1, RIG_TCR, 24 },
		{ "IRGN0", ARM_TCR_EL1, RIG_TCR & ~UINT64_C(0x300), 20 },
		{ "ORGN0", ARM_TCR_EL1, RIG_TCR & ~UINT64_C(0xc00), 20 },
		{ "SCTLR.C", ARM_SCTLR_EL1, 0x1001, 20 },
		{ "VTCR.IRGN0", ARM_VTCR_EL2, RIG_VTCR_4 & ~UINT64_C(0x300),
		  4 },
		{ "VTCR.ORGN0", ARM_VTCR_EL2, RIG_VTCR_4 & ~UINT64_C(0xc00),
		  4 },
		{ "HCR.CD", ARM_HCR_EL2, RIG_HCR | UINT64_C(1) << 32, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig rig;

		rig_nested(&rig, bare);
		rig_reg(&rig, cases[i].reg, cases[i].value);
		assert_int_equal(rig_reads(&rig, RIG_VA), 24);
		assert_int_equal(walk_line_uses(&rig), cases[i].cached);
		assert_int_equal(rig.mmu.walk.uncached, cases[i].cached != 24);
		rig_stop(&rig);
	}
}

static void a_table_in_uncached_stage_2_memory_is_read_uncached(void **state)
{
	struct rig rig;

	(void)state;
	rig_nested(&rig, bare);
	/* Page 2 holds the level-1 table: Normal Non-cacheable, then Device. */
	rig_put(&rig, 0x80803010, 0x00000000800027d7);
	assert_int_equal(rig_reads(&rig, RIG_VA), 24);
	assert_int_equal(walk_line_uses(&rig), 23);
	rig_put(&rig, 0x80803010, 0x00000000800027c7);
	assert_int_equal(rig_reads(&rig, RIG_VA), 24);
	assert_int_equal(walk_line_uses(&rig), 23 + 23);
	rig_stop(&rig);
}

static void walk_caches_shorten_later_walks(void **state)
{
	struct rig rig;
	const struct walk_cache_counters *s1, *s2;

	(void)state;
	rig_nested(&rig, (struct rig_shape){ 1, 0, 0, 16, 16 });
	s1 = walk_cache_counters(rig.mmu.regime.walk_cache_s1);
	s2 = walk_cache_counters(rig.mmu.regime.walk_cache_s2);
	rig_put(&rig, 0x80004028, 0x0000000040011f43);
	assert_int_equal(rig_reads(&rig, RIG_VA), 24);
	/* Rule 14: in the first walk nothing learned is used. */
	assert_int_equal(s1->misses, 1);
	assert_int_equal(s2->misses, 5);
	assert_int_equal(s2->hits, 0);
	/* The level-3 pointer of each stage: stage 2 of the table, the
	 * stage-1 page, stage 2 of the page. */
	assert_int_equal(rig_reads(&rig, RIG_VA + 0x1000), 3);
	assert_true(rig.out.pa.raw == 0x80011000);
	assert_int_equal(s1->hits, 1);
	assert_int_equal(s2->hits, 2);
	assert_int_equal(rig.mmu.walk.step[0].source, ARM_STEP_WALK_CACHE);
	assert_int_equal(rig.mmu.walk.step[0].level, 3);
	assert_true(rig.mmu.walk.step[0].descriptor == 0x40004000);
	rig_stop(&rig);
}

static void s2_tlb_answers_known_ipas(void **state)
{
	struct rig rig;
	const struct tlb_counters *s2;

	(void)state;
	rig_nested(&rig, (struct rig_shape){ 1, 0, 16, 16, 0 });
	s2 = tlb_counters(rig.mmu.regime.s2_tlb);
	rig_put(&rig, 0x80004028, 0x0000000040011f43);
	assert_int_equal(rig_reads(&rig, RIG_VA), 24);
	assert_int_equal(s2->misses, 5);
	assert_int_equal(s2->fills, 5);
	/* The table's IPA is known; one stage-1 page, four for its target. */
	assert_int_equal(rig_reads(&rig, RIG_VA + 0x1000), 5);
	assert_int_equal(s2->hits, 1);
	assert_int_equal(rig.mmu.walk.step[1].source, ARM_STEP_S2_TLB);
	assert_true(rig.mmu.walk.step[1].for_s1_table);
	rig_stop(&rig);
}

static void a_faulting_walk_keeps_what_it_learned(void **state)
{
	struct rig rig;

	(void)state;
	rig_nested(&rig, full);
	rig_put(&rig, 0x80004020, 0);
	rig_expect_fault(&rig, RIG_VA, ARM_ACCESS_READ, ARM_FAULT_TRANSLATION,
			 1, 3);
	assert_int_equal(rig.mmu.walks.by_accesses[20], 1);
	rig_put(&rig, 0x80004020, 0x0000000040010f43);
	/* Walk cache, s2_tlb for the table; page; stage 2 below its pointer. */
	assert_int_equal(rig_reads(&rig, RIG_VA), 2);
	rig_stop(&rig);
}

/* The hierarchy's restrictions travel with a cached pointer. */
static void walk_cache_remembers_table_restrictions(void **state)
{
	struct rig rig;

	(void)state;
	rig_nested(&rig, (struct rig_shape){ 1, 0, 16, 16, 16 });
	rig_put(&rig, 0x80002010, 0x4000000040003003);
	rig_put(&rig, 0x80004028, 0x0000000040011f43);
	assert_true(rig_access(&rig, RIG_VA, ARM_ACCESS_READ));
	rig_expect_fault(&rig, RIG_VA + 0x1000, ARM_ACCESS_WRITE,
			 ARM_FAULT_PERMISSION, 1, 3);
	assert_int_equal(rig.mmu.walk.step[0].source, ARM_STEP_WALK_CACHE);
	rig_stop(&rig);
}

static void probe_ipa_reads_ram_alone(void **state)
{
	struct rig rig;
	pa_t pa;

	(void)state;
	rig_nested(&rig, full);
	assert_true(arm_mmu_probe_ipa(&rig.mmu, (ipa_t){ RIG_IPA + 5 }, true,
				      &pa, &rig.fault));
	assert_true(pa.raw == RIG_PA + 5);
	rig_put(&rig, 0x80803080, 0x000000008001077f);
	assert_false(arm_mmu_probe_ipa(&rig.mmu, (ipa_t){ RIG_IPA + 5 }, true,
				       &pa, &rig.fault));
	assert_int_equal(rig.fault.kind, ARM_FAULT_PERMISSION);
	assert_int_equal(rig.fault.stage, 2);
	assert_int_equal(rig.mmu.walks.count, 0);
	assert_int_equal(walk_line_uses(&rig), 0);
	assert_int_equal(tlb_counters(rig.mmu.regime.s2_tlb)->misses, 0);
	rig_stop(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cold_4_by_4_reads_24),
		cmocka_unit_test(cold_4_by_3_reads_19),
		cmocka_unit_test(cold_3_by_3_reads_15),
		cmocka_unit_test(blocks_shorten_the_walk),
		cmocka_unit_test(one_stage_reads_its_own_levels),
		cmocka_unit_test(every_t0sz_finds_its_root),
		cmocka_unit_test(concatenated_roots_are_indexed_through),
		cmocka_unit_test(ttbr1_translates_the_upper_half),
		cmocka_unit_test(tbi_ignores_the_top_byte_and_shares_the_entry),
		cmocka_unit_test(the_log_lists_each_descriptor),
		cmocka_unit_test(cycles_sum_the_levels_that_served),
		cmocka_unit_test(non_cacheable_walks_touch_no_cache),
		cmocka_unit_test(
			a_table_in_uncached_stage_2_memory_is_read_uncached),
		cmocka_unit_test(walk_caches_shorten_later_walks),
		cmocka_unit_test(s2_tlb_answers_known_ipas),
		cmocka_unit_test(a_faulting_walk_keeps_what_it_learned),
		cmocka_unit_test(walk_cache_remembers_table_restrictions),
		cmocka_unit_test(probe_ipa_reads_ram_alone),
	};

	return cmocka_run_group_tests_name("arm_walk", tests, NULL, NULL);
}
