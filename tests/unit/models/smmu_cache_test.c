/* SPDX-License-Identifier: BSD-2-Clause */
/* What the caches hold: stale configuration, tags, broadcast
 * TLBI, coherency. */
#include "tests/unit/models/smmu_rig.h"

#define SID5 (UINT64_C(5) << 32)

static struct tlb_config size_of(struct tlb_config c, uint32_t entries)
{
	c.entries = c.ways = entries;
	return c;
}

static uint32_t reads(struct rig *rig, uint64_t address)
{
	assert_int_equal(rig_ask(rig, address, false), SMMU_TRANSLATED);
	return rig->out.reads;
}

/* Changed configuration without CFGI goes on being used until evicted. */
static void stale_configuration(void **state)
{
	struct smmu_config config = smmu_config_common();
	struct rig *rig = malloc(sizeof(*rig));
	struct smmu_request other = { .address = 0, .sid = 6, .bytes = 4 };

	(void)state;
	assert_non_null(rig);
	config.ste_cache = size_of(config.ste_cache, 1);
	rig_start(rig, &config, STE_S1);
	(void)reads(rig, RIG_VA);
	rig_put(rig, RIG_STE, 0); /* not valid */
	rig_put(rig, RIG_CD, 0);
	assert_int_equal(rig_ask(rig, RIG_VA, false), SMMU_TRANSLATED);
	assert_int_equal(rig_ask(rig, RIG_VA, false), SMMU_TRANSLATED);
	/* TLBI leaves configuration. */
	rig_command(rig, 0x30, 0);
	assert_int_equal(rig_ask(rig, RIG_VA, false), SMMU_TRANSLATED);
	/* Another stream's STE takes its place. */
	rig_request(rig, &other);
	assert_int_equal(rig_ask(rig, RIG_VA, false), SMMU_ABORTED);
	assert_int_equal(rig->out.event, SMMU_C_BAD_STE);
	/* The STE is back, the CD was cached all the time. */
	rig_put(rig, RIG_STE, STE_S1);
	rig_request(rig, &other);
	assert_int_equal(rig_ask(rig, RIG_VA, false), SMMU_TRANSLATED);
	rig_command(rig, SID5 | 0x05, 0);
	assert_int_equal(rig_ask(rig, RIG_VA, false), SMMU_ABORTED);
	assert_int_equal(rig->out.event, SMMU_C_BAD_CD);
	rig_free(rig);
}

/* An invalid STE or CD is cached like any other; a failed fetch is not. */
static void what_is_wrong_is_cached_too(void **state)
{
	struct rig *rig = rig_new(0);

	(void)state;
	assert_int_equal(rig_ask(rig, RIG_VA, false), SMMU_ABORTED);
	rig_put(rig, RIG_STE, (STE_S1 & 0x3f) | RIG_NOWHERE);
	assert_int_equal(rig_ask(rig, RIG_VA, false), SMMU_ABORTED);
	assert_int_equal(rig->out.event, SMMU_C_BAD_STE);
	rig_command(rig, SID5 | 0x03, 0);
	assert_int_equal(rig_ask(rig, RIG_VA, false), SMMU_ABORTED);
	assert_int_equal(rig->out.event, SMMU_F_CD_FETCH);
	assert_false(rig->out.cd_hit);
	assert_int_equal(rig_ask(rig, RIG_VA, false), SMMU_ABORTED);
	assert_false(rig->out.cd_hit);
	rig_free(rig);
}

/* A changed table is seen when the TLBs have been told. */
static void stale_translations(void **state)
{
	struct rig *rig = rig_new(STE_NESTED);

	(void)state;
	(void)reads(rig, RIG_VA);
	rig_put(rig, 0x23020, 0x9f43);
	rig_command(rig, 0x04, 31); /* CFGI_ALL leaves TLBs */
	(void)reads(rig, RIG_VA);
	assert_int_equal(rig->out.pa, RIG_PA);
	rig_command(rig, UINT64_C(0x5100a7) << 32 | 0x12, 0x8080604000 | 1);
	(void)reads(rig, RIG_VA);
	assert_int_equal(rig->out.pa, 0x9123);
	rig_free(rig);
}

static void contexts_do_not_meet(void **state)
{
	struct rig *rig = rig_new(STE_S1);
	struct smmu_request other = { .address = RIG_VA, .sid = 6, .bytes = 4 };

	(void)state;
	/* Stream 6: another CD, another VMID, the same tables. */
	rig_put(rig, 0x1180, 0x204b);
	rig_put(rig, 0x1188, 0x54);
	rig_put(rig, 0x1190, 0xa8);
	rig_put(rig, 0x2040, CD0_WORD);
	rig_put(rig, 0x2048, CD1_WORD);
	(void)reads(rig, RIG_VA);
	rig_request(rig, &other);
	assert_true(rig->out.walked);
	/* The same VMID and ASID: the same address space. */
	rig_put(rig, 0x1190, STE2_WORD);
	rig_command(rig, UINT64_C(6) << 32 | 0x03, 0);
	rig_request(rig, &other);
	assert_true(rig->out.utlb_hit);
	/* Another ASID; then a global page, which all ASIDs share. */
	rig_put(rig, 0x2040, CD0_WORD ^ BIT(48));
	rig_command(rig, UINT64_C(6) << 32 | 0x05, 0);
	rig_request(rig, &other);
	assert_true(rig->out.walked);
	rig_put(rig, 0x23020, 0x7743);
	rig_command(rig, 0x30, 0);
	(void)reads(rig, RIG_VA);
	rig_request(rig, &other);
	assert_true(rig->out.utlb_hit);
	/* ... but not with the other ASET. */
	rig_put(rig, 0x2040, (CD0_WORD ^ BIT(48)) | BIT(47));
	rig_command(rig, UINT64_C(6) << 32 | 0x05, 0);
	rig_request(rig, &other);
	assert_true(rig->out.walked);
	rig_free(rig);
}

static void tlbi_from_cpus(void **state)
{
	/* VAE1IS of the page, VMID 0xa7, ASID 0x51. */
	struct arm_tlbi tlbi = {
		.broadcast = true,
		.stage1 = true,
		.combined = true,
		.match = { .by_vmid = true,
			   .vmid = 0xa7,
			   .by_asid = true,
			   .asid = 0x51,
			   .by_range = true,
			   .first = RIG_VA & ~UINT64_C(0xfff),
			   .last = RIG_VA | 0xfff },
	};
	struct rig *rig = rig_new(STE_S1);

	(void)state;
	(void)reads(rig, RIG_VA);
	tlbi.broadcast = false;
	smmu_broadcast_tlbi(rig->smmu, &tlbi);
	assert_int_equal(reads(rig, RIG_VA), 0);
	tlbi.broadcast = true;
	smmu_broadcast_tlbi(rig->smmu, &tlbi);
	assert_int_equal(reads(rig, RIG_VA), 4);
	/* CR2.PTM: not listened to. */
	rig_reg(rig, 0x20, 0);
	rig_reg(rig, 0x2c, 6);
	rig_reg(rig, 0x20, 0xd);
	smmu_broadcast_tlbi(rig->smmu, &tlbi);
	assert_int_equal(reads(rig, RIG_VA), 0);
	/* ASET: not by ASID, but by VMID. */
	rig_reg(rig, 0x20, 0);
	rig_reg(rig, 0x2c, 2);
	rig_reg(rig, 0x20, 0xd);
	rig_put(rig, RIG_CD, CD0_WORD | BIT(47));
	rig_command(rig, SID5 | 0x05, 0);
	(void)reads(rig, RIG_VA);
	smmu_broadcast_tlbi(rig->smmu, &tlbi);
	assert_int_equal(reads(rig, RIG_VA), 0);
	tlbi.match = (struct tlb_match){ .by_vmid = true, .vmid = 0xa7 };
	smmu_broadcast_tlbi(rig->smmu, &tlbi);
	assert_int_equal(reads(rig, RIG_VA), 4);
	rig_free(rig);
}

/* Who does not snoop reads what has been cleaned. */
static void coherency(void **state)
{
	struct smmu_config config = smmu_config_common();
	struct rig *rig = malloc(sizeof(*rig));

	(void)state;
	assert_non_null(rig);
	for (unsigned int cohacc = 0; cohacc < 2; cohacc++) {
		config.cohacc = cohacc;
		rig_start(rig, &config, STE_S1);
		rig->memory[0x23020 / 8] = 0x9f43;
		(void)reads(rig, RIG_VA);
		assert_int_equal(rig->out.pa, cohacc ? RIG_PA : 0x9123);
		assert_int_equal(rig->out.read[5].coherent, cohacc);
		smmu_free(rig->smmu);
	}
	/* Walker attributes Non-cacheable: IR0 0. */
	rig_start(rig, &config, STE_S1);
	rig->memory[0x23020 / 8] = 0x9f43;
	rig_put(rig, RIG_CD, CD0_WORD & ~MASK(8, 2));
	(void)reads(rig, RIG_VA);
	assert_int_equal(rig->out.pa, 0x9123);
	rig_free(rig);
}

/* EL2: one table, no ASID, nobody unprivileged. */
static void stream_worlds(void **state)
{
	struct smmu_config config = smmu_config_common();
	struct rig *rig = malloc(sizeof(*rig));

	(void)state;
	assert_non_null(rig);
	config.hyp = true;
	rig_start(rig, &config, STE_S1);
	rig_put(rig, RIG_STE + 8, 0x54 | UINT64_C(2) << 30);
	rig_put(rig, 0x23020, 0x7f03); /* AP 00 */
	(void)reads(rig, RIG_VA);
	assert_int_equal(rig_ask(rig, UINT64_MAX << 48 | RIG_VA, false),
			 SMMU_ABORTED);
	assert_int_equal(rig->out.event, SMMU_F_TRANSLATION);
	rig_command(rig, 0x30, 0); /* NSNH_ALL is not for EL2 */
	assert_int_equal(reads(rig, RIG_VA), 0);
	rig_command(rig, 0x22, RIG_VA & ~UINT64_C(0xfff));
	assert_int_equal(reads(rig, RIG_VA), 4);
	rig_command(rig, 0x20, 0);
	assert_int_equal(reads(rig, RIG_VA), 4);
	/* STRW 1 and 3 are reserved. */
	rig_put(rig, RIG_STE + 8, 0x54 | UINT64_C(3) << 30);
	rig_command(rig, SID5 | 0x03, 0);
	assert_int_equal(rig_ask(rig, RIG_VA, false), SMMU_ABORTED);
	assert_int_equal(rig->out.event, SMMU_C_BAD_STE);
	rig_free(rig);
}

/* CR2.E2H: EL2 has ASIDs and both halves; its commands, and nobody else's. */
static void el2_with_host_extensions(void **state)
{
	static const struct {
		uint64_t word0, word1;
		bool drops;
	} commands[] = {
		{ 0x10, 0, false }, /* NH_ALL, NSNH_ALL, S12_VMALL */
		{ 0x30, 0, false },
		{ 0x28, 0, false },
		{ UINT64_C(0x51) << 48 | 0x21, 0, true }, /* EL2_ASID */
		{ UINT64_C(0x52) << 48 | 0x21, 0, false },
		{ UINT64_C(0x51) << 48 | 0x22, 0x8080604000, true },
		{ UINT64_C(0x52) << 48 | 0x22, 0x8080604000, false },
		{ UINT64_C(0x51) << 48 | 0x22, 0x8080605000, false },
		{ 0x23, 0x8080604000, true }, /* EL2_VAA */
		{ 0x23, 0x8080603000, false },
		{ 0x20, 0, true }, /* EL2_ALL */
	};
	struct smmu_config config = smmu_config_common();
	struct rig *rig = malloc(sizeof(*rig));

	(void)state;
	assert_non_null(rig);
	config.hyp = true;
	rig_start(rig, &config, STE_S1);
	rig_put(rig, RIG_STE + 8, 0x54 | UINT64_C(2) << 30);
	rig_reg(rig, 0x20, 0xc);
	rig_reg(rig, 0x2c, 3);
	rig_reg(rig, 0x20, 0xd);
	for (unsigned int i = 0; i < sizeof(commands) / sizeof(commands[0]);
	     i++) {
		(void)reads(rig, RIG_VA);
		rig_command(rig, commands[i].word0, commands[i].word1);
		(void)reads(rig, RIG_VA);
		assert_int_equal(rig->out.utlb_hit, !commands[i].drops);
	}
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stale_configuration),
		cmocka_unit_test(what_is_wrong_is_cached_too),
		cmocka_unit_test(stale_translations),
		cmocka_unit_test(contexts_do_not_meet),
		cmocka_unit_test(tlbi_from_cpus),
		cmocka_unit_test(coherency),
		cmocka_unit_test(stream_worlds),
		cmocka_unit_test(el2_with_host_extensions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
