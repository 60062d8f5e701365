/* SPDX-License-Identifier: BSD-2-Clause */
/* Transactions that wait, and how they end. IHI0070 3.12.2, 4.6, 7.3.13. */
#include "tests/unit/models/smmu_rig.h"

#define SID5 (UINT64_C(5) << 32)

/* CD.S: the transaction waits for CMD_RESUME. */
static void stalls(void **state)
{
	struct rig *rig = rig_new(STE_S1);

	(void)state;
	rig_put(rig, RIG_CD, CD0_WORD | BIT(44));
	rig_put(rig, 0x22018, 0);
	assert_int_equal(rig_ask(rig, RIG_VA, true), SMMU_STALLED);
	assert_int_equal(rig_ask(rig, RIG_VA, true), SMMU_STALLED);
	assert_int_equal(rig->out.stag, 1);
	rig_expect_record(rig, SID5 | 0x10, UINT64_C(0x0000020080000000),
			  RIG_VA, 0);
	rig_expect_record(rig, SID5 | 0x10, UINT64_C(0x0000020080000001),
			  RIG_VA, 0);
	/* Another stream's, or nobody's STAG: no effect. */
	rig_command(rig, UINT64_C(6) << 32 | 0x1044, 1);
	rig_command(rig, SID5 | 0x1044, 7);
	assert_int_equal(rig->resumes, 0);
	rig_command(rig, SID5 | 0x1044, 1);
	assert_int_equal(rig->resumes, 1);
	assert_int_equal(rig->resumed_stag, 1);
	assert_int_equal(rig->resumed_how, SMMU_RETRY);
	rig_command(rig, SID5 | 0x0044, 0);
	assert_int_equal(rig->resumed_how, SMMU_TERMINATE_RAZ_WI);
	/* Repaired, the retried one goes through. */
	rig_put(rig, 0x22018, 0x23003);
	assert_int_equal(rig_ask(rig, RIG_VA, true), SMMU_TRANSLATED);
	rig_free(rig);
}

static void stalls_end_with_the_smmu(void **state)
{
	struct rig *rig = rig_new(STE_S1);

	(void)state;
	rig_put(rig, RIG_CD, CD0_WORD | BIT(44));
	rig_put(rig, 0x22018, 0);
	rig_ask(rig, RIG_VA, true);
	rig_ask(rig, RIG_VA, true);
	rig_command(rig, SID5 | 0x45, 0); /* STALL_TERM */
	assert_int_equal(rig->resumes, 2);
	assert_int_equal(rig->resumed_how, SMMU_TERMINATE_ABORT);
	rig_ask(rig, RIG_VA, true);
	rig_reg(rig, 0x20, 0xc);
	assert_int_equal(rig->resumes, 3);
	rig_free(rig);
}

/* A stall's record is not lost: it comes when there is room. */
static void stalls_are_not_lost(void **state)
{
	struct rig *rig = rig_new(STE_S1);

	(void)state;
	rig_put(rig, RIG_CD, CD0_WORD | BIT(44));
	rig_put(rig, 0x22018, 0);
	for (unsigned int i = 0; i < 5; i++)
		assert_int_equal(rig_ask(rig, RIG_VA, true), SMMU_STALLED);
	assert_false(rig->out.recorded);
	assert_int_equal(rig_get(rig, 0x100a8), 4); /* and no overflow */
	rig_reg(rig, 0x100ac, 1);
	assert_int_equal(rig_get(rig, 0x100a8), 5);
	rig_free(rig);
}

/* Ac, Ab: retry; else an abort, or none where that can be. */
static void resume_says_how(void **state)
{
	static const struct {
		uint64_t bits;
		bool abort_only;
		enum smmu_resume how;
	} cases[] = {
		{ 0x1000, false, SMMU_RETRY },
		{ 0x3000, false, SMMU_RETRY },
		{ 0x2000, false, SMMU_TERMINATE_ABORT },
		{ 0x0000, false, SMMU_TERMINATE_RAZ_WI },
		{ 0x0000, true, SMMU_TERMINATE_ABORT },
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct smmu_config config = smmu_config_common();
		struct rig *rig = malloc(sizeof(*rig));

		assert_non_null(rig);
		config.term_abort_only = cases[i].abort_only;
		rig_start(rig, &config, STE_S1);
		rig_put(rig, RIG_CD, CD0_WORD | BIT(44));
		rig_put(rig, 0x22018, 0);
		assert_int_equal(rig_ask(rig, RIG_VA, false), SMMU_STALLED);
		rig_command(rig, SID5 | cases[i].bits | 0x44, 0);
		assert_int_equal(rig->resumes, 1);
		assert_int_equal(rig->resumed_how, cases[i].how);
		/* Its STAG is free, and nobody's. */
		rig_command(rig, SID5 | 0x1044, 0);
		assert_int_equal(rig->resumes, 1);
		rig_free(rig);
	}
}

/* STE.S2S, whatever CD.S says; and the other way round. */
static void each_stage_stalls_its_own_faults(void **state)
{
	struct rig *rig = rig_new(STE_NESTED);

	(void)state;
	rig_put(rig, RIG_STE + 16, STE2_WORD | BIT(57));
	rig_put(rig, 0x13038, 0);
	assert_int_equal(rig_ask(rig, RIG_VA, true), SMMU_STALLED);
	rig_expect_record(rig, SID5 | 0x10, UINT64_C(0x0000028080000000),
			  RIG_VA, 0x7000);
	rig_put(rig, 0x22018, 0);
	rig_command(rig, 0x30, 0);
	assert_int_equal(rig_ask(rig, RIG_VA, true), SMMU_ABORTED);
	rig_expect_record(rig, SID5 | 0x10, UINT64_C(0x0000020000000000),
			  RIG_VA, 0);
	/* A stage-1 table, and the CD, are stage 2's as well. */
	rig_put(rig, 0x13110, 0);
	rig_command(rig, 0x30, 0);
	assert_int_equal(rig_ask(rig, RIG_VA, true), SMMU_STALLED);
	rig_expect_record(rig, SID5 | 0x10, UINT64_C(0x0000018080000001),
			  RIG_VA, 0x22000);
	rig_command(rig, SID5 | 0x03, 0);
	rig_command(rig, UINT64_C(0xa7) << 32 | 0x28, 0);
	rig_put(rig, 0x13010, 0);
	assert_int_equal(rig_ask(rig, RIG_VA, true), SMMU_STALLED);
	rig_expect_record(rig, SID5 | 0x10, UINT64_C(0x0000008080000002),
			  RIG_VA, 0x2000);
	rig_free(rig);
}

/* An external abort never waits. */
static void aborts_do_not_stall(void **state)
{
	struct rig *rig = rig_new(STE_S1);

	(void)state;
	rig_put(rig, RIG_CD, CD0_WORD | BIT(44));
	rig_put(rig, 0x22018, RIG_NOWHERE | 3);
	assert_int_equal(rig_ask(rig, RIG_VA, false), SMMU_ABORTED);
	rig_expect_record(rig, SID5 | 0x0b, UINT64_C(0x0000010800000000),
			  RIG_VA, RIG_NOWHERE | 0x20);
	rig_free(rig);
}

/* Two may wait; the third is terminated, and reported though R is clear. */
static void more_than_can_wait(void **state)
{
	struct smmu_config config = smmu_config_common();
	struct rig *rig = malloc(sizeof(*rig));

	(void)state;
	assert_non_null(rig);
	config.stalls = 2;
	rig_start(rig, &config, STE_S1);
	rig_put(rig, RIG_CD, (CD0_WORD | BIT(44)) & ~BIT(45));
	rig_put(rig, 0x22018, 0);
	assert_int_equal(rig_ask(rig, RIG_VA, false), SMMU_STALLED);
	assert_int_equal(rig_ask(rig, RIG_VA, false), SMMU_STALLED);
	assert_int_equal(rig_ask(rig, RIG_VA, false), SMMU_ABORTED);
	rig_expect_record(rig, SID5 | 0x10, UINT64_C(0x0000020880000000),
			  RIG_VA, 0);
	rig_expect_record(rig, SID5 | 0x10, UINT64_C(0x0000020880000001),
			  RIG_VA, 0);
	rig_expect_record(rig, SID5 | 0x10, UINT64_C(0x0000020800000000),
			  RIG_VA, 0);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stalls),
		cmocka_unit_test(stalls_end_with_the_smmu),
		cmocka_unit_test(stalls_are_not_lost),
		cmocka_unit_test(resume_says_how),
		cmocka_unit_test(each_stage_stalls_its_own_faults),
		cmocka_unit_test(aborts_do_not_stall),
		cmocka_unit_test(more_than_can_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
