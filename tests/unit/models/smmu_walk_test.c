/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables in unusual shapes, as an SMMU meets them: 64K tables of CDs and of
 * pages, 52-bit addresses, nT, loops; and who reads past the caches. The walk
 * itself is models/arm's, and its tests'. IHI0070 3.3, 3.4, 5.4, 6.3.10.
 */
#include "tests/unit/models/smmu_rig.h"

#define SID5 (UINT64_C(5) << 32)

static struct rig *rig_with(const struct smmu_config *config, uint64_t ste0)
{
	struct rig *rig = malloc(sizeof(*rig));

	assert_non_null(rig);
	rig_start(rig, config, ste0);
	return rig;
}

/* S1Fmt 2: tables of 1024 CDs. Substream 1324: entry 1, CD 300. */
static void large_cd_tables(void **state)
{
	struct rig *rig =
		rig_new(0x400b | UINT64_C(2) << 4 | UINT64_C(11) << 59);
	struct smmu_request r = { .address = RIG_VA,
				  .bytes = 4,
				  .sid = RIG_SID,
				  .ssid = 1324,
				  .ssv = true };

	(void)state;
	rig_put(rig, 0x4008, 0x1f001); /* L2Ptr[15:12] do not count */
	rig_put(rig, 0x10000 + 300 * 64, CD0_WORD);
	rig_put(rig, 0x10000 + 300 * 64 + 8, CD1_WORD);
	assert_int_equal(rig_request(rig, &r), SMMU_TRANSLATED);
	assert_int_equal(rig->out.read[1].pa, 0x4008);
	assert_int_equal(rig->out.read[2].pa, 0x10000 + 300 * 64);
	r.ssid = 300;
	assert_int_equal(rig_request(rig, &r), SMMU_ABORTED);
	rig_expect_record(rig, SID5 | 300 << 12 | 0x08, 0, 0, 0);
	rig_free(rig);
}

/* 64K pages, IPS 6: level 1 at 0x20000, level 2 at 0x10000, level 3 at 0. */
static void wide_addresses(void **state)
{
	const uint64_t cd0 =
		(CD0_WORD & ~MASK(32, 3)) | UINT64_C(6) << 32 | 1 << 6;
	struct smmu_config config = smmu_config_common();
	struct rig *rig;

	(void)state;
	config.oas_bits = 52;
	rig = rig_with(&config, STE_S1);
	rig_put(rig, RIG_CD, cd0);
	rig_put(rig, 0x20000, 0x10003);
	rig_put(rig, 0x12020, 0x3);
	rig_put(rig, 0x300, 0x1234af43);
	assert_int_equal(rig_ask(rig, RIG_VA, false), SMMU_TRANSLATED);
	assert_int_equal(rig->out.pa, UINT64_C(0x000a000012344123));
	assert_int_equal(rig->out.size_lg2, 16);
	/* A table up there, and TTB0. */
	rig_put(rig, 0x12020, 0xb003);
	rig_command(rig, 0x30, 0);
	assert_int_equal(rig_ask(rig, RIG_VA, false), SMMU_ABORTED);
	rig_expect_record(rig, SID5 | 0x0b, UINT64_C(0x0000010800000000),
			  RIG_VA, UINT64_C(0x000b000000000300));
	rig_put(rig, RIG_CD + 8, UINT64_C(0x000f000000020000));
	rig_command(rig, SID5 | 0x05, 0);
	rig_command(rig, 0x30, 0);
	assert_int_equal(rig_ask(rig, RIG_VA, false), SMMU_ABORTED);
	rig_expect_record(rig, SID5 | 0x0b, UINT64_C(0x0000010800000000),
			  RIG_VA, UINT64_C(0x000f000000020000));
	rig_free(rig);
}

/* IDR3.BBML says so; no level faults on a block with nT set. */
static void nt_is_no_fault(void **state)
{
	(void)state;
	for (uint8_t level = 0; level < 3; level++) {
		struct smmu_config config = smmu_config_common();
		struct rig *rig;

		config.bbm_level = level;
		rig = rig_with(&config, STE_S1);
		assert_int_equal(rig_get(rig, 0xc) >> 11 & 3, level);
		rig_put(rig, 0x22018, 0xf41 | BIT(16));
		assert_int_equal(rig_ask(rig, RIG_VA, true), SMMU_TRANSLATED);
		assert_int_equal(rig->out.pa, 0x4123);
		smmu_free(rig->smmu);
		rig_start(rig, &config, STE_S2);
		rig_put(rig, 0x12000, 0x7fd | BIT(16));
		assert_int_equal(rig_ask(rig, RIG_PA, true), SMMU_TRANSLATED);
		assert_int_equal(rig->out.pa, RIG_PA);
		rig_free(rig);
	}
}

/* Every table is the root: a walk has as many levels as it has. */
static void loops_end(void **state)
{
	struct rig *rig = rig_new(STE_NESTED);

	(void)state;
	rig_put(rig, 0x20008, 0x20003);
	rig_put(rig, 0x20010, 0x20003);
	rig_put(rig, 0x20018, 0x20003);
	rig_put(rig, 0x20020, 0x7f43);
	assert_int_equal(rig_ask(rig, RIG_VA, false), SMMU_TRANSLATED);
	assert_int_equal(rig->out.pa, RIG_PA);
	/* Stage 2: entry 0 of the root is the root; in the end it is a page. */
	rig_command(rig, 0x30, 0);
	rig_put(rig, 0x10000, 0x107ff);
	assert_int_equal(rig_ask(rig, RIG_VA, false), SMMU_ABORTED);
	assert_true(rig->out.reads <= 30);
	rig_free(rig);
}

/* CR1.TABLE and QUEUE, S1CIR and S1COR: 0 is Non-cacheable. */
static void structures_past_the_caches(void **state)
{
	struct rig *rig = rig_new(STE_S1);

	(void)state;
	rig_ask(rig, RIG_VA, false);
	assert_true(rig->out.read[0].coherent && rig->out.read[1].coherent);
	rig->memory[RIG_STE / 8] = 9; /* what has not been written back */
	rig_command(rig, 0x04, 31);
	assert_int_equal(rig_ask(rig, RIG_VA, false), SMMU_TRANSLATED);
	rig_reg(rig, 0x20, 0xc);
	rig_reg(rig, 0x28, 0xd75 & ~0x300u);
	rig_reg(rig, 0x20, 0xd);
	rig_command(rig, 0x04, 31);
	assert_int_equal(rig_ask(rig, RIG_VA, false), SMMU_BYPASSED);
	assert_false(rig->out.read[0].coherent);
	rig->memory[RIG_STE / 8] = rig->cached[RIG_STE / 8];
	/* The CD. */
	rig_put(rig, RIG_STE + 8, 0x50); /* S1CIR 0 */
	rig->memory[RIG_CD / 8] = 0;
	rig_command(rig, 0x04, 31);
	assert_int_equal(rig_ask(rig, RIG_VA, false), SMMU_ABORTED);
	assert_int_equal(rig->out.event, SMMU_C_BAD_CD);
	/* The command queue: CFGI_ALL in the caches, nothing in memory. */
	rig->memory[RIG_CD / 8] = rig->cached[RIG_CD / 8];
	rig_reg(rig, 0x20, 0);
	rig_reg(rig, 0x28, 0xd75 & ~0x3u);
	rig_reg(rig, 0x20, 0xd);
	rig->cached[(RIG_CMDQ + 16 * (rig_get(rig, 0x98) & 15)) / 8] = 0x04;
	rig->memory[(RIG_CMDQ + 16 * (rig_get(rig, 0x98) & 15)) / 8] = 0;
	rig_reg(rig, 0x98, rig_get(rig, 0x98) + 1);
	assert_int_equal(rig_get(rig, 0x9c) >> 24, 1); /* opcode 0 */
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(large_cd_tables),
		cmocka_unit_test(wide_addresses),
		cmocka_unit_test(nt_is_no_fault),
		cmocka_unit_test(loops_end),
		cmocka_unit_test(structures_past_the_caches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
