/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the architecture leaves to an SMMU, done either way: STE.CONT, more
 * than one match in STE cache and TLB, invalid configuration, prefetch.
 * models/choices.def; IHI0070 4.2, 4.3, 5.2, 7.3.17, 7.3.18.
 */
#include "tests/unit/models/smmu_rig.h"

#define SID4	(UINT64_C(4) << 32)
#define SID5	(UINT64_C(5) << 32)
#define STE4	(RIG_STE - 64)
#define CONT(n) ((uint64_t)(n) << 13)

static struct rig *rig_with(const struct smmu_config *config, uint64_t ste0)
{
	struct rig *rig = malloc(sizeof(*rig));

	assert_non_null(rig);
	rig_start(rig, config, ste0);
	return rig;
}

static void ask_stream(struct rig *rig, uint32_t sid)
{
	const struct smmu_request r = { .address = RIG_VA,
					.bytes = 4,
					.sid = sid };

	rig_request(rig, &r);
}

/* Streams 4 and 5 alike; CONT as given. */
static void put_pair(struct rig *rig, uint64_t ste0, uint64_t cont)
{
	for (uint64_t at = STE4; at <= RIG_STE; at += 64) {
		rig_put(rig, at, ste0);
		rig_put(rig, at + 8, 0x54 | cont);
		rig_put(rig, at + 16, STE2_WORD);
		rig_put(rig, at + 24, STE3_WORD);
	}
}

static void contiguous_stes(void **state)
{
	struct smmu_config config = smmu_config_common();
	struct rig *rig;

	(void)state;
	for (unsigned int used = 0; used < 2; used++) {
		config.choices.smmu_ste_cont =
			used ? SMMU_STE_CONT_USED : SMMU_STE_CONT_IGNORED;
		rig = rig_with(&config, STE_S1);
		put_pair(rig, STE_S1, CONT(1));
		ask_stream(rig, 4);
		assert_int_equal(rig->out.result, SMMU_TRANSLATED);
		ask_stream(rig, 5);
		assert_int_equal(rig->out.result, SMMU_TRANSLATED);
		assert_int_equal(rig->out.ste_hit, used);
		ask_stream(rig, 6); /* not one of them: V is 0 */
		assert_int_equal(rig->out.event, SMMU_C_BAD_STE);
		/* Stale until one of them is invalidated. */
		put_pair(rig, 1, 0);
		ask_stream(rig, 5);
		assert_int_equal(rig->out.result, SMMU_TRANSLATED);
		rig_command(rig, SID4 | 0x03, 0);
		ask_stream(rig, 5);
		assert_int_equal(rig->out.result,
				 used ? SMMU_ABORTED : SMMU_TRANSLATED);
		rig_free(rig);
	}
}

/* 2^15 streams: kept in pieces, each right. */
static void large_spans(void **state)
{
	struct smmu_config config = smmu_config_common();
	struct rig *rig;

	(void)state;
	config.choices.smmu_ste_cont = SMMU_STE_CONT_USED;
	rig = rig_with(&config, 9);
	rig_put(rig, RIG_STE + 8, CONT(15));
	ask_stream(rig, 5);
	assert_int_equal(rig->out.result, SMMU_BYPASSED);
	ask_stream(rig, 0);
	assert_true(rig->out.ste_hit);
	assert_int_equal(rig->out.result, SMMU_BYPASSED);
	ask_stream(rig, 15);
	assert_true(rig->out.ste_hit);
	rig_free(rig);
}

/* Stream 5 cached alone; then as one of a pair, which 4 brings in. */
static void two_stes_for_one_stream(void **state)
{
	struct smmu_config config = smmu_config_common();
	struct rig *rig;

	(void)state;
	config.choices.smmu_ste_cont = SMMU_STE_CONT_USED;
	for (unsigned int conflict = 0; conflict < 2; conflict++) {
		config.choices.smmu_ste_multiple_match =
			conflict ? SMMU_STE_MATCH_CONFLICT
				 : SMMU_STE_MATCH_SMALLEST;
		rig = rig_with(&config, STE_S1);
		ask_stream(rig, 5);
		put_pair(rig, 9, CONT(1));
		ask_stream(rig, 4);
		assert_int_equal(rig->out.result, SMMU_BYPASSED);
		ask_stream(rig, 5);
		if (conflict) {
			assert_int_equal(rig->out.result, SMMU_ABORTED);
			rig_expect_record(rig, SID5 | 0x21, 0, 0, 0);
		} else {
			assert_int_equal(rig->out.result, SMMU_TRANSLATED);
		}
		rig_expect_no_record(rig);
		rig_command(rig, SID5 | 0x03, 0);
		ask_stream(rig, 5);
		assert_int_equal(rig->out.result, SMMU_BYPASSED);
		rig_free(rig);
	}
}

/* A page is cached, its table becomes a block, another page brings that in. */
static void two_entries_for_one_address(void **state)
{
	struct smmu_config config = smmu_config_common();
	struct rig *rig;

	(void)state;
	config.bbm_level = 1;
	/* No walk cache: the block is found at once. */
	config.walk_cache_s1.entries = config.walk_cache_s2.entries = 0;
	for (unsigned int conflict = 0; conflict < 2; conflict++) {
		config.choices.smmu_tlb_multiple_match =
			conflict ? SMMU_TLB_MATCH_CONFLICT
				 : SMMU_TLB_MATCH_SMALLEST;
		/* Stage 1. */
		rig = rig_with(&config, STE_S1);
		assert_int_equal(rig_ask(rig, RIG_VA, true), SMMU_TRANSLATED);
		rig_put(rig, 0x22018, 0xf41); /* 2 MiB at 0 */
		assert_int_equal(rig_ask(rig, RIG_VA + 0x1000, true),
				 SMMU_TRANSLATED);
		assert_int_equal(rig->out.pa, 0x5123);
		rig_ask(rig, RIG_VA, true);
		if (conflict)
			rig_expect_record(rig, SID5 | 0x20, 0, RIG_VA, 0);
		else
			assert_int_equal(rig->out.pa, RIG_PA);
		rig_expect_no_record(rig);
		rig_command(rig, 0x30, 0);
		assert_int_equal(rig_ask(rig, RIG_VA, true), SMMU_TRANSLATED);
		assert_int_equal(rig->out.pa, 0x4123);
		rig_free(rig);
		/* Stage 2; a read this time. */
		rig = rig_with(&config, STE_S2);
		assert_int_equal(rig_ask(rig, RIG_PA, false), SMMU_TRANSLATED);
		rig_put(rig, 0x12000, 0x2007fd); /* 2 MiB at 2 MiB */
		rig_ask(rig, 0x8000, false);
		assert_int_equal(rig->out.pa, 0x208000);
		rig_ask(rig, RIG_PA, false);
		if (conflict)
			rig_expect_record(rig, SID5 | 0x20,
					  UINT64_C(0x0000008800000000), RIG_PA,
					  0x7000);
		else
			assert_int_equal(rig->out.pa, RIG_PA);
		rig_expect_no_record(rig);
		rig_free(rig);
	}
}

/* BBM level 2 resolves multiple hits. */
static void bbm_level_2_has_no_conflicts(void **state)
{
	struct smmu_config config = smmu_config_common();

	(void)state;
	config.choices.smmu_tlb_multiple_match = SMMU_TLB_MATCH_CONFLICT;
	config.bbm_level = 2;
	assert_non_null(smmu_config_problem(&config));
	config.bbm_level = 1;
	assert_null(smmu_config_problem(&config));
}

static void invalid_configuration(void **state)
{
	struct smmu_config config = smmu_config_common();
	struct rig *rig;

	(void)state;
	for (unsigned int cached = 0; cached < 2; cached++) {
		config.choices.smmu_invalid_configuration =
			cached ? SMMU_INVALID_CACHED : SMMU_INVALID_NOT_CACHED;
		rig = rig_with(&config, STE_S1 & ~UINT64_C(1));
		ask_stream(rig, 5);
		assert_int_equal(rig->out.event, SMMU_C_BAD_STE);
		rig_put(rig, RIG_STE, STE_S1);
		rig_put(rig, RIG_CD, CD0_WORD & ~BIT(31));
		ask_stream(rig, 5);
		assert_int_equal(rig->out.event,
				 cached ? SMMU_C_BAD_STE : SMMU_C_BAD_CD);
		rig_command(rig, SID5 | 0x03, 0);
		ask_stream(rig, 5);
		assert_int_equal(rig->out.event, SMMU_C_BAD_CD);
		rig_put(rig, RIG_CD, CD0_WORD);
		ask_stream(rig, 5);
		assert_int_equal(rig->out.result,
				 cached ? SMMU_ABORTED : SMMU_TRANSLATED);
		rig_free(rig);
	}
}

static void prefetch(void **state)
{
	struct smmu_config config = smmu_config_common();
	struct rig *rig;

	(void)state;
	for (unsigned int used = 0; used < 2; used++) {
		config.choices.smmu_prefetch =
			used ? SMMU_PREFETCH_USED : SMMU_PREFETCH_IGNORED;
		rig = rig_with(&config, STE_NESTED);
		rig_command(rig, SID5 | 0x01, 0);
		assert_int_equal(rig_ask(rig, RIG_VA, false), SMMU_TRANSLATED);
		assert_int_equal(rig->out.ste_hit, used);
		assert_int_equal(rig->out.cd_hit, used);
		assert_true(rig->out.walked);
		smmu_free(rig->smmu);
		rig_start(rig, &config, STE_NESTED);
		rig_command(rig, SID5 | 0x02, RIG_VA & ~UINT64_C(0xfff));
		assert_int_equal(rig_ask(rig, RIG_VA, false), SMMU_TRANSLATED);
		assert_int_equal(rig->out.utlb_hit, used);
		assert_int_equal(rig->out.reads == 0, used);
		assert_int_equal(rig->out.pa, RIG_PA);
		rig_free(rig);
	}
}

/* Of a substream, and of what only others may reach: the access says. */
static void prefetch_of_substreams(void **state)
{
	struct rig *rig = rig_new(STE_S1 | UINT64_C(3) << 59);
	struct smmu_request r = { .address = RIG_VA,
				  .bytes = 4,
				  .sid = RIG_SID,
				  .ssid = 5,
				  .ssv = true };

	(void)state;
	rig_put(rig, RIG_CD + 5 * 64, CD0_WORD);
	rig_put(rig, RIG_CD + 5 * 64 + 8, CD1_WORD);
	rig_put(rig, 0x23020, 0x7f03); /* EL1 alone */
	rig_command(rig, SID5 | 5 << 12 | 1 << 11 | 0x02, 0x8080604000);
	rig_expect_no_record(rig);
	assert_int_equal(rig_request(rig, &r), SMMU_ABORTED);
	assert_true(rig->out.cd_hit && rig->out.utlb_hit);
	assert_int_equal(rig->out.event, SMMU_F_PERMISSION);
	r.privileged = true;
	assert_int_equal(rig_request(rig, &r), SMMU_TRANSLATED);
	rig_free(rig);
}

/* Nothing is told of what is wrong, nothing stalls, nothing goes through. */
static void prefetch_says_nothing(void **state)
{
	static const uint64_t ste0[] = {
		0, 1, 9, STE_S2, (STE_S1 & 0x3f) | RIG_NOWHERE, STE_S1
	};
	struct smmu_counters counters;

	(void)state;
	for (unsigned int i = 0; i < sizeof(ste0) / sizeof(ste0[0]); i++) {
		struct rig *rig = rig_new(ste0[i]);

		rig_put(rig, RIG_CD, CD0_WORD | BIT(44)); /* S */
		rig_put(rig, 0x22018, 0);
		rig_put(rig, 0x12000, 0);
		rig_command(rig, SID5 | 0x01, 0);
		rig_command(rig, SID5 | 0x02, 0x8080604000);
		rig_command(rig, UINT64_C(200) << 32 | 0x02, 0);
		rig_expect_no_record(rig);
		assert_int_equal(rig_get(rig, 0x9c), 3);
		smmu_counters(rig->smmu, &counters);
		assert_int_equal(counters.events.stalled, 0);
		assert_int_equal(counters.bypassed, 0);
		assert_int_equal(counters.translations, 0);
		for (unsigned int k = 0; k < 256; k++)
			assert_int_equal(counters.events.by_kind[k], 0);
		rig_free(rig);
	}
}

/* What prefetch reads is the command's time. */
static void prefetch_takes_time(void **state)
{
	struct rig *rig = rig_new(STE_NESTED);

	(void)state;
	rig->read_ticks = 100;
	rig_command(rig, SID5 | 0x02, 0x8080604000);
	/* The command, one tick for it; STE, CD with 4 of stage 2, 4 tables of
	 * stage 1 with one of stage 2 each (its upper ones are known from the
	 * CD's), the page. */
	assert_int_equal(smmu_commands_done_at(rig->smmu),
			 100 + 1 + 100 * (1 + 4 + 1 + 4 * 2 + 1));
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(contiguous_stes),
		cmocka_unit_test(large_spans),
		cmocka_unit_test(two_stes_for_one_stream),
		cmocka_unit_test(two_entries_for_one_address),
		cmocka_unit_test(bbm_level_2_has_no_conflicts),
		cmocka_unit_test(invalid_configuration),
		cmocka_unit_test(prefetch),
		cmocka_unit_test(prefetch_of_substreams),
		cmocka_unit_test(prefetch_says_nothing),
		cmocka_unit_test(prefetch_takes_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
