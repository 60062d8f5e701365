/* SPDX-License-Identifier: BSD-2-Clause */
/* Registers and commands: protocols, errors, what each command drops.
 * IHI0070 chapters 4 and 6.3, 7.1, 7.5. */
#include "tests/unit/models/smmu_rig.h"

#define SID5 (UINT64_C(5) << 32)

/* ---- registers ---- */

static void registers_acknowledge(void **state)
{
	struct rig *rig = rig_new(STE_S1);

	(void)state;
	assert_int_equal(rig_get(rig, 0x24), 0xd);
	/* PRIQEN, ATSCHK, VMW do not exist. */
	rig_reg(rig, 0x20, 0xffffffff);
	assert_int_equal(rig_get(rig, 0x20), 0xd);
	assert_int_equal(rig_get(rig, 0x24), 0xd);
	assert_int_equal(rig_get(rig, 0x54), 5);
	/* Guarded while SMMUEN, CMDQEN, EVENTQEN are set. */
	rig_reg(rig, 0x80, 0x9000);
	rig_reg(rig, 0x88, 1);
	rig_reg(rig, 0x90, 0x9000);
	rig_reg(rig, 0xa0, 0x9000);
	rig_reg(rig, 0x28, 0);
	rig_reg(rig, 0x2c, 0);
	rig_reg(rig, 0x9c, 3);
	rig_reg(rig, 0x100a8, 3);
	assert_int_equal(rig_get(rig, 0x80), 0x1000);
	assert_int_equal(rig_get(rig, 0x88), 4);
	assert_int_equal(rig_get(rig, 0x90), RIG_CMDQ | 4);
	assert_int_equal(rig_get(rig, 0xa0), RIG_EVENTQ | 2);
	assert_int_equal(rig_get(rig, 0x28), 0xd75);
	assert_int_equal(rig_get(rig, 0x2c), 2);
	assert_int_equal(rig_get(rig, 0x9c), 0);
	assert_int_equal(rig_get(rig, 0x100a8), 0);
	rig_free(rig);
}

/* All ones into each register while nothing guards it. */
static void reserved_bits_stay_zero(void **state)
{
	static const struct {
		uint32_t offset;
		uint64_t value;
	} registers[] = {
		{ 0x28, 0xfff },
		{ 0x2c, 0x6 }, /* no E2H without Hyp */
		{ 0x50, 0x5 },
		{ 0x68, UINT64_C(0x000ffffffffffffc) },
		{ 0x70, 0xffffffff },
		{ 0x74, 0x3f },
		{ 0x80, UINT64_C(0x400fffffffffffc0) },
		{ 0x88, 0x307ff },
		{ 0x90, UINT64_C(0x400fffffffffffff) },
		{ 0x98, 0xfffff },
		{ 0x9c, 0x7f0fffff },
		{ 0xa0, UINT64_C(0x400fffffffffffff) },
		{ 0xb0, UINT64_C(0x000ffffffffffffc) },
		{ 0xb8, 0xffffffff },
		{ 0xbc, 0x3f },
		{ 0x100a8, 0x800fffff },
		{ 0x100ac, 0x800fffff },
		/* read only, or not there */
		{ 0x24, 0 },
		{ 0x40, 0 },
		{ 0x54, 0 },
		{ 0x60, 0 },
		{ 0x64, 0 },
		{ 0xc0, 0 },
		{ 0x1000, 0 },
		{ 0x8020, 0 }, /* Secure */
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(registers) / sizeof(registers[0]);
	     i++) {
		struct rig *rig = rig_new(STE_S1);
		uint32_t offset = registers[i].offset;
		uint64_t value;

		rig_reg(rig, 0x20, 0);
		rig_reg(rig, 0x50, 0);
		rig_reg(rig, offset, UINT64_MAX);
		value = smmu_mmio_read(rig->smmu, offset & ~7u, 8);
		if (offset & 4)
			value >>= 32;
		else if (registers[i].value <= UINT32_MAX)
			value = (uint32_t)value;
		print_message("0x%x\n", offset);
		assert_int_equal(value, registers[i].value);
		rig_free(rig);
	}
}

/* Only what is active can be acknowledged. */
static void gerrorn_does_not_raise(void **state)
{
	struct rig *rig = rig_new(STE_S1);

	(void)state;
	rig_reg(rig, 0x64, 0xffffffff);
	assert_int_equal(rig_get(rig, 0x64), 0);
	rig_command(rig, 0xff, 0);
	assert_int_equal(rig_get(rig, 0x60), 1);
	rig_reg(rig, 0x64, 0xfffffffe);
	assert_int_equal(rig_get(rig, 0x64), 0);
	rig_put(rig, RIG_CMDQ, 0x46);
	rig_reg(rig, 0x64, 0xffffffff);
	assert_int_equal(rig_get(rig, 0x64), 1);
	/* The next one toggles it back. */
	rig_command(rig, 0xff, 0);
	assert_int_equal(rig_get(rig, 0x60), 0);
	rig_free(rig);
}

static void gbpa_changes_with_update_alone(void **state)
{
	struct rig *rig = rig_new(STE_S1);

	(void)state;
	rig_reg(rig, 0x20, 0);
	assert_int_equal(rig_ask(rig, 0x12345678, true), SMMU_BYPASSED);
	assert_int_equal(rig->out.pa, 0x12345678);
	assert_int_equal(rig_ask(rig, UINT64_C(1) << 48, true), SMMU_ABORTED);
	rig_reg(rig, 0x44, 1u << 20);
	assert_int_equal(rig_ask(rig, 0x12345678, true), SMMU_BYPASSED);
	rig_reg(rig, 0x44, 1u << 31 | 1u << 20);
	assert_int_equal(rig_get(rig, 0x44), 1u << 20);
	assert_int_equal(rig_ask(rig, 0x12345678, true), SMMU_ABORTED);
	assert_int_equal(rig->out.event, SMMU_NO_EVENT);
	rig_free(rig);
}

static void strange_accesses_do_nothing(void **state)
{
	struct rig *rig = rig_new(STE_S1);

	(void)state;
	smmu_mmio_write(rig->smmu, 0x21, 0, 4, 0);
	smmu_mmio_write(rig->smmu, 0x20, 0, 2, 0);
	smmu_mmio_write(rig->smmu, UINT32_C(0xfffffff8), 0, 8, 0);
	assert_int_equal(rig_get(rig, 0x20), 0xd);
	assert_int_equal(smmu_mmio_read(rig->smmu, 0x22, 4), 0);
	assert_int_equal(smmu_mmio_read(rig->smmu, 0x20, 3), 0);
	assert_int_equal(smmu_mmio_read(rig->smmu, 0x20000, 4), 0);
	/* Halves of a register of 64 bits, and two of 32 at once. */
	rig_reg(rig, 0x20, 0);
	smmu_mmio_write(rig->smmu, 0x84, 0x40000001, 4, 0);
	assert_int_equal(smmu_mmio_read(rig->smmu, 0x80, 8),
			 UINT64_C(0x4000000100001000));
	assert_int_equal(smmu_mmio_read(rig->smmu, 0x28, 8),
			 UINT64_C(0x200000d75));
	rig_free(rig);
}

/* ---- errors ---- */

static void expect_error(struct rig *rig, unsigned int error)
{
	uint32_t cons = rig_get(rig, 0x9c);

	assert_int_equal(cons >> 24, error);
	assert_int_equal((rig_get(rig, 0x60) ^ rig_get(rig, 0x64)) & 1, 1);
	/* It stays at the command. */
	assert_int_not_equal((cons ^ rig_get(rig, 0x98)) & 31, 0);
}

/* Opcode with what makes it illegal here. */
static void illegal_commands(void **state)
{
	static const struct {
		const char *why;
		uint64_t word0, word1;
	} commands[] = {
		{ "opcode 0", 0x00, 0 },
		{ "opcode 7: no MPAM", 0x07, 0 },
		{ "opcode 14", 0x14, 0 },
		{ "EL3_ALL", 0x18, 0 },
		{ "EL3_VA", 0x1a, 0 },
		{ "EL2_ALL: no Hyp", 0x20, 0 },
		{ "EL2_ASID", 0x21, 0 },
		{ "EL2_VA", 0x22, 0 },
		{ "EL2_VAA", 0x23, 0 },
		{ "ATC_INV: no ATS", 0x40, 0 },
		{ "PRI_RESP: no PRI", 0x41, 0 },
		{ "opcode 47", 0x47, 0 },
		{ "opcode ff", 0xff, 0 },
		{ "CFGI_STE: SSec", 0x403, 0 },
		{ "CFGI_ALL: SSec", 0x404, 31 },
		{ "PREFETCH_CONFIG: SSec", 0x401, 0 },
		{ "RESUME: SSec", 0x444, 0 },
		{ "STALL_TERM: SSec", 0x445, 0 },
		{ "SYNC: CS 3", 0x3046, 0 },
		{ "NH_VA: TG without range and TTL", 0x12, 1 << 10 },
		{ "S2_IPA: 16K, TTL 1", 0x2a, 2 << 10 | 1 << 8 },
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(commands) / sizeof(commands[0]);
	     i++) {
		struct rig *rig = rig_new(STE_S1);

		print_message("%s\n", commands[i].why);
		rig_command(rig, commands[i].word0, commands[i].word1);
		expect_error(rig, 1);
		assert_int_equal(rig->wired[SMMU_IRQ_GERROR], 1);
		/* What follows waits. */
		rig_command(rig, 0x1046, 0);
		assert_int_equal(rig_get(rig, 0x9c) & 31, 0);
		assert_int_equal(rig->wired[SMMU_IRQ_CMD_SYNC], 0);
		/* Mended and acknowledged, both are done. */
		rig_put(rig, RIG_CMDQ, 0x46);
		rig_reg(rig, 0x64, 1);
		assert_int_equal(rig_get(rig, 0x9c) & 31, 2);
		assert_int_equal(rig->wired[SMMU_IRQ_CMD_SYNC], 1);
		rig_free(rig);
	}
}

static void commands_out_of_reach(void **state)
{
	struct rig *rig = rig_new(STE_S1);

	(void)state;
	rig_reg(rig, 0x20, 0);
	rig_reg(rig, 0x90, RIG_NOWHERE | 4);
	rig_reg(rig, 0x20, 8);
	rig_reg(rig, 0x98, 1);
	expect_error(rig, 2);
	rig_free(rig);
}

static void stages_that_do_not_exist(void **state)
{
	static const uint8_t stage1[] = { 0x05, 0x06, 0x10, 0x11, 0x12, 0x13 };
	static const uint8_t stage2[] = { 0x28, 0x2a };
	struct smmu_config config = smmu_config_common();
	struct rig *rig = malloc(sizeof(*rig));

	(void)state;
	assert_non_null(rig);
	config.stage1 = false;
	for (unsigned int i = 0; i < sizeof(stage1); i++) {
		rig_start(rig, &config, STE_S2);
		rig_command(rig, stage1[i], 0);
		expect_error(rig, 1);
		smmu_free(rig->smmu);
	}
	config.stage1 = true;
	config.stage2 = false;
	for (unsigned int i = 0; i < sizeof(stage2); i++) {
		rig_start(rig, &config, STE_S1);
		rig_command(rig, stage2[i], 0);
		expect_error(rig, 1);
		smmu_free(rig->smmu);
	}
	config.stall_model = SMMU_TERMINATE_ONLY;
	rig_start(rig, &config, STE_S1);
	rig_command(rig, 0x44, 0);
	expect_error(rig, 1);
	rig_free(rig);
}

/* Whatever PROD and CONS say, the queue comes to an end. */
static void hostile_pointers(void **state)
{
	struct rig *rig = rig_new(STE_S1);

	(void)state;
	for (uint64_t pa = RIG_CMDQ; pa < RIG_CMDQ + 0x1000; pa += 16)
		rig_put(rig, pa, 0x46);
	rig_reg(rig, 0x98, 0xffffffff);
	assert_int_equal(rig_get(rig, 0x9c) & 31, 31);
	rig_reg(rig, 0x98, 30); /* more than the queue holds */
	assert_int_equal(rig_get(rig, 0x9c) & 31, 30);
	/* A size that the SMMU does not have, at the end of memory. */
	rig_reg(rig, 0x20, 0);
	rig_reg(rig, 0x90, UINT64_C(0x000fffffffffffe0) | 31);
	rig_reg(rig, 0x98, 0xfffff);
	rig_reg(rig, 0x9c, 0);
	rig_reg(rig, 0x20, 8);
	expect_error(rig, 2);
	rig_free(rig);
}

/* ---- interrupts ---- */

static void sync_signals(void **state)
{
	struct rig *rig = rig_new(STE_S1);

	(void)state;
	rig_command(rig, 0x0046, 0);
	assert_int_equal(rig->wired[SMMU_IRQ_CMD_SYNC], 0);
	rig_command(rig, 0x1046, 0);
	assert_int_equal(rig->wired[SMMU_IRQ_CMD_SYNC], 1);
	rig_command(rig, UINT64_C(0xcafe) << 32 | 0x1046, 0x6000);
	assert_int_equal(rig->msis, 1);
	assert_int_equal(rig->msi_address, 0x6000);
	assert_int_equal(rig->msi_data, 0xcafe);
	/* Nothing answers: GERROR. */
	rig_command(rig, 0x1046, RIG_NOWHERE);
	assert_int_equal(rig_get(rig, 0x60), 1 << 4);
	rig_free(rig);
}

static void event_and_error_msis(void **state)
{
	struct rig *rig = rig_new(STE_S1 & ~UINT64_C(1));

	(void)state;
	/* Guarded by IRQ_CTRL. */
	rig_reg(rig, 0xb0, 0x6010);
	rig_ask(rig, RIG_VA, false);
	assert_int_equal(rig->wired[SMMU_IRQ_EVENTQ], 1);
	rig_reg(rig, 0x50, 0);
	rig_reg(rig, 0xb0, 0x6010);
	rig_reg(rig, 0xb8, 0x77);
	rig_reg(rig, 0x68, 0x6020);
	rig_reg(rig, 0x70, 0x88);
	rig_reg(rig, 0x50, 5);
	rig_reg(rig, 0x100ac, 1);
	rig_ask(rig, RIG_VA, false);
	assert_int_equal(rig->msi_address, 0x6010);
	assert_int_equal(rig->msi_data, 0x77);
	rig_ask(rig, RIG_VA, false); /* not empty any more: no interrupt */
	assert_int_equal(rig->msis, 1);
	rig_command(rig, 0xff, 0);
	assert_int_equal(rig->msi_address, 0x6020);
	assert_int_equal(rig->msi_data, 0x88);
	rig_free(rig);
}

/* Each MSI that nobody takes has its bit; GERROR's own makes no other. */
static void aborted_msis(void **state)
{
	struct rig *rig = rig_new(STE_S1 & ~UINT64_C(1));

	(void)state;
	rig_reg(rig, 0x50, 0);
	rig_reg(rig, 0xb0, RIG_NOWHERE);
	rig_reg(rig, 0x50, 4);
	rig_ask(rig, RIG_VA, false);
	assert_true(rig->out.recorded);
	assert_int_equal(rig_get(rig, 0x60), 1 << 5);
	assert_int_equal(rig->msis, 0);
	/* Not active again until acknowledged. */
	rig_reg(rig, 0x100ac, 1);
	rig_ask(rig, RIG_VA, false);
	assert_int_equal(rig_get(rig, 0x60), 1 << 5);
	rig_reg(rig, 0x64, 1 << 5);
	rig_reg(rig, 0x100ac, 2);
	rig_ask(rig, RIG_VA, false);
	assert_int_equal(rig_get(rig, 0x60), 0);
	/* GERROR's. */
	rig_reg(rig, 0x50, 0);
	rig_reg(rig, 0x68, RIG_NOWHERE);
	rig_reg(rig, 0x50, 1);
	rig_command(rig, 0xff, 0);
	assert_int_equal(rig_get(rig, 0x60), 1 << 7 | 1);
	assert_int_equal(rig->wired[SMMU_IRQ_GERROR], 0);
	rig_free(rig);
}

/* ---- what commands drop ---- */

static uint32_t reads_again(struct rig *rig)
{
	assert_int_equal(rig_ask(rig, RIG_VA, false), SMMU_TRANSLATED);
	return rig->out.reads;
}

/* Of a nested stream, which answers still come from a cache. */
static void each_command_drops_what_it_says(void **state)
{
	static const struct {
		const char *why;
		uint64_t word0, word1;
		bool ste, cd, tlb;
	} commands[] = {
		{ "PREFETCH_CONFIG", SID5 | 0x01, 0, true, true, true },
		{ "PREFETCH_ADDR", SID5 | 0x02, 0, true, true, true },
		{ "CFGI_STE", SID5 | 0x03, 0, false, false, true },
		{ "CFGI_STE, leaf", SID5 | 0x03, 1, false, false, true },
		{ "CFGI_STE, another", UINT64_C(4) << 32 | 0x03, 0, true, true,
		  true },
		{ "CFGI_STE_RANGE, 4 and 5", UINT64_C(4) << 32 | 0x04, 0, false,
		  false, true },
		{ "CFGI_STE_RANGE, 6 and 7", UINT64_C(6) << 32 | 0x04, 0, true,
		  true, true },
		{ "CFGI_ALL", 0x04, 31, false, false, true },
		{ "CFGI_CD", SID5 | 0x05, 0, true, false, true },
		{ "CFGI_CD, another", SID5 | 1 << 12 | 0x05, 0, true, true,
		  true },
		{ "CFGI_CD_ALL", SID5 | 0x06, 0, true, false, true },
		{ "NH_ALL", UINT64_C(0xa7) << 32 | 0x10, 0, true, true, false },
		{ "NH_ALL, another VMID", UINT64_C(0xa6) << 32 | 0x10, 0, true,
		  true, true },
		{ "NH_ASID", UINT64_C(0x5100a7) << 32 | 0x11, 0, true, true,
		  false },
		{ "NH_ASID, another", UINT64_C(0x5200a7) << 32 | 0x11, 0, true,
		  true, true },
		{ "NH_VA", UINT64_C(0x5100a7) << 32 | 0x12, 0x8080604001, true,
		  true, false },
		{ "NH_VA, another page", UINT64_C(0x5100a7) << 32 | 0x12,
		  0x8080605001, true, true, true },
		{ "NH_VA, a range", UINT64_C(0x5100a7) << 32 | 3 << 12 | 0x12,
		  0x8080601000 | 1 << 10, true, true, false },
		{ "NH_VA, a range before",
		  UINT64_C(0x5100a7) << 32 | 2 << 12 | 0x12,
		  0x8080601000 | 1 << 10, true, true, true },
		{ "NH_VAA", UINT64_C(0xa7) << 32 | 0x13, 0x8080604000, true,
		  true, false },
		{ "S12_VMALL", UINT64_C(0xa7) << 32 | 0x28, 0, true, true,
		  false },
		{ "S2_IPA leaves what combines", UINT64_C(0xa7) << 32 | 0x2a,
		  0x7000, true, true, true },
		{ "NSNH_ALL", 0x30, 0, true, true, false },
		{ "SYNC", 0x46, 0, true, true, true },
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(commands) / sizeof(commands[0]);
	     i++) {
		struct rig *rig = rig_new(STE_NESTED);

		print_message("%s\n", commands[i].why);
		/* STE, CD behind stage 2; then stage 2's last table is
		 * known: four tables of stage 1, the page. */
		assert_int_equal(reads_again(rig), 1 + 4 + 1 + 4 * 2 + 1);
		assert_int_equal(reads_again(rig), 0);
		rig_command(rig, commands[i].word0, commands[i].word1);
		assert_int_equal(rig_get(rig, 0x9c) & 31, 1);
		(void)reads_again(rig);
		assert_int_equal(rig->out.ste_hit, commands[i].ste);
		assert_int_equal(rig->out.cd_hit, commands[i].cd);
		assert_int_equal(rig->out.utlb_hit, commands[i].tlb);
		rig_free(rig);
	}
}

/* Up to the whole address space, and beyond. */
static void large_ranges(void **state)
{
	static const struct {
		uint64_t word0, word1; /* NUM 16:12, SCALE 24:20; TG, address */
		bool drops;
	} ranges[] = {
		{ UINT64_C(31) << 20, 1 << 10, true },
		{ UINT64_C(31) << 20 | 31 << 12, 3 << 10, true },
		{ UINT64_C(31) << 20, UINT64_C(0x8080800000) | 1 << 10, false },
		/* 2^43, from 2^42 on, and from the end: none wraps around */
		{ UINT64_C(31) << 20, UINT64_C(1) << 42 | 1 << 10, false },
		{ UINT64_C(31) << 20 | 31 << 12,
		  UINT64_C(0xfffffffffffff000) | 1 << 10, false },
		/* 2^24 pages of 4K from the one before RIG_VA's 64 GiB */
		{ UINT64_C(24) << 20, UINT64_C(0x8000000000) | 1 << 10, true },
		{ UINT64_C(18) << 20 | 1 << 12,
		  UINT64_C(0x8000000000) | 1 << 10, false },
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		struct rig *rig = rig_new(STE_S1);

		print_message("%u\n", i);
		(void)reads_again(rig);
		rig_command(rig,
			    UINT64_C(0x5100a7) << 32 | ranges[i].word0 | 0x12,
			    ranges[i].word1);
		assert_int_equal(rig_get(rig, 0x9c), 1);
		(void)reads_again(rig);
		assert_int_equal(rig->out.utlb_hit, !ranges[i].drops);
		rig_free(rig);
	}
}

/* Stage 2 alone: its whole translations are of IPAs. */
static void s2_ipa_drops_stage_2_alone(void **state)
{
	struct rig *rig = rig_new(STE_S2);

	(void)state;
	assert_int_equal(rig_ask(rig, RIG_PA, false), SMMU_TRANSLATED);
	rig_command(rig, UINT64_C(0xa7) << 32 | 0x2a, 0x6000);
	rig_ask(rig, RIG_PA, false);
	assert_true(rig->out.utlb_hit);
	rig_command(rig, UINT64_C(0xa7) << 32 | 0x10, 0);
	rig_ask(rig, RIG_PA, false);
	assert_true(rig->out.utlb_hit);
	rig_command(rig, UINT64_C(0xa7) << 32 | 0x2a, 0x7001);
	rig_ask(rig, RIG_PA, false);
	assert_true(rig->out.walked);
	assert_int_equal(rig->out.reads, 4);
	/* Leaf: the pointers stay. */
	rig_command(rig, UINT64_C(0xa7) << 32 | 0x2a, 0x7001);
	rig_ask(rig, RIG_PA, false);
	assert_int_equal(rig->out.reads, 1);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(registers_acknowledge),
		cmocka_unit_test(reserved_bits_stay_zero),
		cmocka_unit_test(gerrorn_does_not_raise),
		cmocka_unit_test(gbpa_changes_with_update_alone),
		cmocka_unit_test(strange_accesses_do_nothing),
		cmocka_unit_test(illegal_commands),
		cmocka_unit_test(commands_out_of_reach),
		cmocka_unit_test(stages_that_do_not_exist),
		cmocka_unit_test(hostile_pointers),
		cmocka_unit_test(sync_signals),
		cmocka_unit_test(event_and_error_msis),
		cmocka_unit_test(aborted_msis),
		cmocka_unit_test(each_command_drops_what_it_says),
		cmocka_unit_test(large_ranges),
		cmocka_unit_test(s2_ipa_drops_stage_2_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
