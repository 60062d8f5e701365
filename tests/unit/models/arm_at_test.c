/* SPDX-License-Identifier: BSD-2-Clause */
/* AT: what PAR_EL1 says, and what is an exception instead. */
#include "tests/unit/models/arm_rig.h"

static const struct rig_shape full = { 8, 32, 16, 16, 16 };

/* op0 1, op1 0, CRn 7, CRm 8. */
#define AT_S1E1R ((1u << 14) | 7u << 7 | 8u << 3 | 0)
#define AT_S1E1W ((1u << 14) | 7u << 7 | 8u << 3 | 1)
#define AT_S1E0R ((1u << 14) | 7u << 7 | 8u << 3 | 2)
#define AT_S1E0W ((1u << 14) | 7u << 7 | 8u << 3 | 3)

static uint64_t at(struct rig *rig, unsigned int op, uint64_t va)
{
	bool ok;
	uint64_t par = arm_mmu_at(&rig->mmu, op, (va_t){ va }, &ok);

	assert_true(ok);
	return par;
}

static void success_gives_ipa_and_attributes(void **state)
{
	struct rig rig;

	(void)state;
	rig_nested(&rig, full);
	/* ATTR 0xff, SH 3, NS, bit 11; the page of the IPA. */
	assert_true(at(&rig, AT_S1E1R, RIG_VA + 0x123) == 0xff00000040010b80);
	assert_true(at(&rig, AT_S1E1W, RIG_VA) == 0xff00000040010b80);
	assert_true(at(&rig, AT_S1E0R, RIG_VA) == 0xff00000040010b80);
	assert_true(at(&rig, AT_S1E0W, RIG_VA) == 0xff00000040010b80);
	/* A block's offset belongs to the PA; Device is outer shareable. */
	rig_put(&rig, 0x80003018, 0x0000000040000f45);
	assert_true(at(&rig, AT_S1E1R, RIG_VA) == 0x0000000040004b00);
	rig_stop(&rig);
}

static void stage_2_attributes_do_not_show(void **state)
{
	struct rig rig;

	(void)state;
	rig_nested(&rig, full);
	rig_put(&rig, 0x80803080, 0);
	assert_true(at(&rig, AT_S1E1R, RIG_VA) == 0xff00000040010b80);
	rig_stop(&rig);
}

static void stage_1_off_gives_the_address(void **state)
{
	struct rig rig;

	(void)state;
	rig_start(&rig, full);
	rig_stage2_on(&rig);
	assert_true(at(&rig, AT_S1E1R, 0x40012345) == 0x0000000040012b00);
	/* Too large: address size fault, level 0. */
	assert_true(at(&rig, AT_S1E1R, UINT64_C(1) << 48) == 0x801);
	rig_stop(&rig);
}

static void faults_give_fst(void **state)
{
	static const struct {
		uint64_t pa, word;
		unsigned int op;
		uint64_t par;
	} cases[] = {
		{ 0x80004020, 0, AT_S1E1R, 0x80f },
		{ 0x80001008, 0, AT_S1E1R, 0x809 },
		{ 0x80004020, 0x40010b43, AT_S1E1R, 0x817 },
		{ 0x80003018, 0x40000fc1, AT_S1E1W, 0x81d },
		{ 0x80004020, 0x40010f03, AT_S1E0R, 0x81f },
		{ 0x80004020, 0x40010f03, AT_S1E0W, 0x81f },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig rig;

		rig_nested(&rig, full);
		rig_put(&rig, cases[i].pa, cases[i].word);
		assert_int_equal(at(&rig, cases[i].op, RIG_VA), cases[i].par);
		rig_stop(&rig);
	}
}

static void a_stage_2_fault_on_a_table_is_an_exception(void **state)
{
	struct rig rig;
	struct arm_fault fault;
	uint64_t par = 0x1234;

	(void)state;
	rig_nested(&rig, full);
	rig_put(&rig, 0x80803018, 0);
	assert_int_equal(arm_mmu_at_execute(&rig.mmu, AT_S1E1R,
					    (va_t){ RIG_VA }, &par, &fault),
			 ARM_AT_ABORT);
	assert_int_equal(par, 0x1234);
	assert_int_equal(fault.stage, 2);
	assert_true(fault.ipa.raw == 0x40003000);
	/* EC data abort, lower EL; CM, S1PTW, WnR; translation, level 3. */
	assert_int_equal(arm_fault_esr(&fault, 2, false), 0x920001c7);
	/* Whoever cannot take it sees S and PTW. */
	assert_int_equal(at(&rig, AT_S1E1R, RIG_VA), 0xb0f);
	rig_stop(&rig);
}

static void an_external_abort_is_an_exception(void **state)
{
	struct rig rig;
	struct arm_fault fault;
	uint64_t par;

	(void)state;
	rig_stage1_alone(&rig, full);
	rig_put(&rig, 0x80003018, 0xf0000003);
	assert_int_equal(arm_mmu_at_execute(&rig.mmu, AT_S1E1W,
					    (va_t){ RIG_VA }, &par, &fault),
			 ARM_AT_ABORT);
	assert_int_equal(arm_fault_esr(&fault, 1, false), 0x96000157);
	rig_stop(&rig);
}

static void it_counts_as_a_walk_and_fills_nothing(void **state)
{
	struct rig rig;

	(void)state;
	rig_nested(&rig, full);
	at(&rig, AT_S1E1R, RIG_VA);
	assert_int_equal(rig.mmu.walks.count, 1);
	assert_int_equal(rig.mmu.walks.memory_accesses, 20);
	at(&rig, AT_S1E1R, RIG_VA);
	assert_int_equal(rig.mmu.walks.memory_accesses, 40);
	assert_int_equal(tlb_counters(rig.mmu.l1d_tlb)->misses, 0);
	assert_int_equal(rig_reads(&rig, RIG_VA), 24);
	/* What a walk left behind serves AT, too. */
	at(&rig, AT_S1E1R, RIG_VA);
	assert_int_equal(rig.mmu.walks.memory_accesses, 65);
	rig_stop(&rig);
}

static void other_instructions_are_undefined(void **state)
{
	struct rig rig;
	bool ok;

	(void)state;
	rig_nested(&rig, full);
	/* S1E1RP, S1E1WP; S12E1R. */
	arm_mmu_at(&rig.mmu, (1u << 14) | 7u << 7 | 9u << 3 | 0,
		   (va_t){ RIG_VA }, &ok);
	assert_false(ok);
	arm_mmu_at(&rig.mmu, (1u << 14) | 7u << 7 | 9u << 3 | 1,
		   (va_t){ RIG_VA }, &ok);
	assert_false(ok);
	arm_mmu_at(&rig.mmu, (1u << 14) | 4u << 11 | 7u << 7 | 8u << 3 | 4,
		   (va_t){ RIG_VA }, &ok);
	assert_false(ok);
	assert_int_equal(rig.mmu.walks.count, 0);
	rig_stop(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(success_gives_ipa_and_attributes),
		cmocka_unit_test(stage_2_attributes_do_not_show),
		cmocka_unit_test(stage_1_off_gives_the_address),
		cmocka_unit_test(faults_give_fst),
		cmocka_unit_test(a_stage_2_fault_on_a_table_is_an_exception),
		cmocka_unit_test(an_external_abort_is_an_exception),
		cmocka_unit_test(it_counts_as_a_walk_and_fills_nothing),
		cmocka_unit_test(other_instructions_are_undefined),
	};

	return cmocka_run_group_tests_name("arm_at", tests, NULL, NULL);
}
