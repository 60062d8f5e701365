/* SPDX-License-Identifier: BSD-2-Clause */
/* Faults: kind, stage and level of each, which comes first, and what ESR and
 * HPFAR say. */
#include "tests/unit/models/arm_rig.h"

static const struct rig_shape full = { 8, 32, 16, 16, 16 };
static const struct rig_shape bare = { 0 };

struct word_case {
	const char *why;
	uint64_t pa, word;
	enum arm_fault_kind kind;
	int level;
	bool on_walk;
};

static void expect_words(const struct word_case *cases, size_t count,
			 unsigned int stage)
{
	for (size_t i = 0; i < count; i++) {
		struct rig rig;

		rig_nested(&rig, full);
		/* 40-bit outputs, so that too large addresses exist. */
		rig_reg(&rig, ARM_TCR_EL1,
			(RIG_TCR & ~(UINT64_C(7) << 32)) | UINT64_C(2) << 32);
		rig_reg(&rig, ARM_VTCR_EL2,
			(RIG_VTCR_4 & ~UINT64_C(0x70000)) | 0x20000);
		rig_put(&rig, cases[i].pa, cases[i].word);
		rig_expect_fault(&rig, RIG_VA + 0x321, ARM_ACCESS_READ,
				 cases[i].kind, stage, cases[i].level);
		assert_int_equal(rig.fault.on_walk, cases[i].on_walk);
		assert_false(rig.fault.s1ptw);
		if (stage == 2)
			assert_true(rig.fault.ipa.raw == RIG_IPA);
		/* Nothing was filled: the same again, by a walk. */
		rig_expect_fault(&rig, RIG_VA + 0x321, ARM_ACCESS_READ,
				 cases[i].kind, stage, cases[i].level);
		assert_int_equal(rig.mmu.walks.count, 2);
		rig_stop(&rig);
	}
}

static void stage_1_descriptors_fault_by_level(void **state)
{
	static const struct word_case cases[] = {
		{ "invalid", 0x80001008, 0x40002002, ARM_FAULT_TRANSLATION, 0,
		  false },
		{ "no block at 0", 0x80001008, 0x40000f41,
		  ARM_FAULT_TRANSLATION, 0, false },
		{ "invalid", 0x80002010, 0, ARM_FAULT_TRANSLATION, 1, false },
		{ "invalid", 0x80003018, 0, ARM_FAULT_TRANSLATION, 2, false },
		{ "reserved at 3", 0x80004020, 0x40010f41,
		  ARM_FAULT_TRANSLATION, 3, false },
		{ "table beyond IPS", 0x80001008, 0x0000010040002003,
		  ARM_FAULT_ADDRESS_SIZE, 0, false },
		{ "table beyond IPS", 0x80002010, 0x0000010040003003,
		  ARM_FAULT_ADDRESS_SIZE, 1, false },
		{ "block beyond IPS", 0x80002010, 0x0000010040000f41,
		  ARM_FAULT_ADDRESS_SIZE, 1, false },
		{ "block beyond IPS", 0x80003018, 0x0000010040000f41,
		  ARM_FAULT_ADDRESS_SIZE, 2, false },
		{ "page beyond IPS, AF clear", 0x80004020, 0x0000800040010b43,
		  ARM_FAULT_ADDRESS_SIZE, 3, false },
		{ "AF clear", 0x80002010, 0x40000b41, ARM_FAULT_ACCESS_FLAG, 1,
		  false },
		{ "AF clear", 0x80003018, 0x40000b41, ARM_FAULT_ACCESS_FLAG, 2,
		  false },
		{ "AF clear", 0x80004020, 0x40010b43, ARM_FAULT_ACCESS_FLAG, 3,
		  false },
	};

	(void)state;
	expect_words(cases, sizeof(cases) / sizeof(cases[0]), 1);
}

/* The final IPA's page is stage 2's entry 16; its walk ends there alone, so
 * only level 3 can fault without faulting for the tables too. */
static void stage_2_leaves_fault(void **state)
{
	static const struct word_case cases[] = {
		{ "invalid", 0x80803080, 0x800107fe, ARM_FAULT_TRANSLATION, 3,
		  false },
		{ "reserved at 3", 0x80803080, 0x800107fd,
		  ARM_FAULT_TRANSLATION, 3, false },
		{ "beyond PS", 0x80803080, 0x00000100800103ff,
		  ARM_FAULT_ADDRESS_SIZE, 3, false },
		{ "AF clear", 0x80803080, 0x8001033f, ARM_FAULT_ACCESS_FLAG, 3,
		  false },
		{ "no read", 0x80803080, 0x800107bf, ARM_FAULT_PERMISSION, 3,
		  false },
	};

	(void)state;
	expect_words(cases, sizeof(cases) / sizeof(cases[0]), 2);
}

static void stage_2_faults_on_tables_by_level(void **state)
{
	/* Word at pa; which stage-1 table's IPA page is reported. */
	static const struct {
		uint64_t pa, word;
		enum arm_fault_kind kind;
		int level;
		uint64_t ipa;
	} cases[] = {
		{ 0x80800000, 0, ARM_FAULT_TRANSLATION, 0, 0x40001000 },
		{ 0x80800000, 0x800007fd, ARM_FAULT_TRANSLATION, 0,
		  0x40001000 },
		{ 0x80801008, 0, ARM_FAULT_TRANSLATION, 1, 0x40001000 },
		{ 0x80802000, 0, ARM_FAULT_TRANSLATION, 2, 0x40001000 },
		{ 0x80801008, 0x0000010080802003, ARM_FAULT_ADDRESS_SIZE, 1,
		  0x40001000 },
		{ 0x80801008, 0x00000100800007fd, ARM_FAULT_ADDRESS_SIZE, 1,
		  0x40001000 },
		{ 0x80802000, 0x800003fd, ARM_FAULT_ACCESS_FLAG, 2,
		  0x40001000 },
		{ 0x80803018, 0, ARM_FAULT_TRANSLATION, 3, 0x40003000 },
		{ 0x80803020, 0x800047bf, ARM_FAULT_PERMISSION, 3,
		  0x40004000 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig rig;

		rig_nested(&rig, full);
		rig_reg(&rig, ARM_VTCR_EL2,
			(RIG_VTCR_4 & ~UINT64_C(0x70000)) | 0x20000);
		rig_put(&rig, cases[i].pa, cases[i].word);
		rig_expect_fault(&rig, RIG_VA + 0x321, ARM_ACCESS_WRITE,
				 cases[i].kind, 2, cases[i].level);
		assert_true(rig.fault.s1ptw);
		assert_true(rig.fault.ipa.raw == cases[i].ipa);
		assert_true(arm_fault_hpfar(&rig.fault) == cases[i].ipa >> 8);
		rig_stop(&rig);
	}
}

/* A stage-1 table need not be writable for the walk. */
static void a_table_is_read_even_for_a_write(void **state)
{
	struct rig rig;

	(void)state;
	rig_nested(&rig, bare);
	rig_put(&rig, 0x80803020, 0x8000477f);
	assert_true(rig_access(&rig, RIG_VA, ARM_ACCESS_WRITE));
	rig_stop(&rig);
}

static void ptw_forbids_tables_in_device_memory(void **state)
{
	struct rig rig;

	(void)state;
	rig_nested(&rig, bare);
	rig_put(&rig, 0x80803018, 0x800037c7);
	assert_true(rig_access(&rig, RIG_VA, ARM_ACCESS_READ));
	rig_reg(&rig, ARM_HCR_EL2, RIG_HCR | 4);
	rig_expect_fault(&rig, RIG_VA, ARM_ACCESS_READ, ARM_FAULT_PERMISSION,
			 2, 3);
	assert_true(rig.fault.s1ptw);
	assert_true(rig.fault.ipa.raw == 0x40003000);
	rig_stop(&rig);
}

static void descriptors_outside_ram_abort_the_walk(void **state)
{
	struct rig rig;

	(void)state;
	/* Stage 1's level-2 table, by stage 2's output. */
	rig_nested(&rig, bare);
	rig_put(&rig, 0x80803018, 0xf00007ff);
	rig_expect_fault(&rig, RIG_VA, ARM_ACCESS_READ, ARM_FAULT_EXTERNAL, 1,
			 2);
	assert_true(rig.fault.on_walk);
	assert_int_equal(rig.mmu.walk.descriptor_reads, 14);
	rig_stop(&rig);
	/* Stage 2's own. */
	rig_nested(&rig, bare);
	rig_put(&rig, 0x80801008, 0xf0000003);
	rig_expect_fault(&rig, RIG_VA, ARM_ACCESS_READ, ARM_FAULT_EXTERNAL, 2,
			 2);
	assert_true(rig.fault.on_walk);
	assert_true(rig.fault.s1ptw);
	rig_stop(&rig);
	/* Stage 1 alone. */
	rig_stage1_alone(&rig, bare);
	rig_put(&rig, 0x80003018, 0xf0000003);
	rig_expect_fault(&rig, RIG_VA, ARM_ACCESS_READ, ARM_FAULT_EXTERNAL, 1,
			 3);
	rig_stop(&rig);
}

static void an_address_outside_ram_aborts_the_access(void **state)
{
	struct rig rig;

	(void)state;
	rig_nested(&rig, full);
	/* A 1 GB block: its first 32 MB are RAM. */
	rig_put(&rig, 0x80801008, 0x800007fd);
	rig_put(&rig, 0x80003018, 0x0000000040000f41);
	rig_put(&rig, 0x80003020, 0x0000000042000f41);
	assert_true(rig_access(&rig, RIG_VA, ARM_ACCESS_READ));
	rig_expect_fault(&rig, RIG_VA + 0x200000, ARM_ACCESS_READ,
			 ARM_FAULT_EXTERNAL, 1, 0);
	assert_false(rig.fault.on_walk);
	assert_int_equal(rig.out.source, ARM_FROM_WALK);
	rig_expect_fault(&rig, RIG_VA + 0x200000, ARM_ACCESS_READ,
			 ARM_FAULT_EXTERNAL, 1, 0);
	assert_int_equal(rig.out.source, ARM_FROM_WALK);
	rig_stop(&rig);
}

static void addresses_without_a_walk_fault_at_level_0(void **state)
{
	static const struct {
		const char *why;
		enum arm_sysreg reg;
		uint64_t value, va;
		enum arm_fault_kind kind;
		unsigned int stage;
	} cases[] = {
		{ "between the halves", ARM_MAIR_EL1, RIG_MAIR,
		  0x0001000000000000, ARM_FAULT_TRANSLATION, 1 },
		{ "below TTBR1's half", ARM_MAIR_EL1, RIG_MAIR,
		  0xfffe000000000000, ARM_FAULT_TRANSLATION, 1 },
		{ "EPD0", ARM_TCR_EL1, RIG_TCR | 0x80, RIG_VA,
		  ARM_FAULT_TRANSLATION, 1 },
		{ "EPD1", ARM_TCR_EL1, RIG_TCR | 0x800000, 0xffff000000000000,
		  ARM_FAULT_TRANSLATION, 1 },
		{ "T0SZ 15", ARM_TCR_EL1, RIG_TCR - 1, RIG_VA,
		  ARM_FAULT_TRANSLATION, 1 },
		{ "T0SZ 40", ARM_TCR_EL1, RIG_TCR + 24, 0x1000,
		  ARM_FAULT_TRANSLATION, 1 },
		{ "TTBR0 beyond IPS", ARM_TCR_EL1,
		  RIG_TCR & ~(UINT64_C(7) << 32), RIG_VA,
		  ARM_FAULT_ADDRESS_SIZE, 1 },
		{ "SL0 and T0SZ disagree: too small", ARM_VTCR_EL2,
		  RIG_VTCR_4 + 16, RIG_VA, ARM_FAULT_TRANSLATION, 2 },
		{ "SL0 and T0SZ disagree: more than 16 tables", ARM_VTCR_EL2,
		  RIG_VTCR_3 - 6, RIG_VA, ARM_FAULT_TRANSLATION, 2 },
		{ "SL0 3", ARM_VTCR_EL2, RIG_VTCR_4 | 0xc0, RIG_VA,
		  ARM_FAULT_TRANSLATION, 2 },
		{ "IPA beyond T0SZ", ARM_VTCR_EL2, 0x80053523, RIG_VA,
		  ARM_FAULT_TRANSLATION, 2 },
		{ "VTTBR beyond PS", ARM_VTTBR_EL2, 0x0001010080800000, RIG_VA,
		  ARM_FAULT_ADDRESS_SIZE, 2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig rig;

		rig_nested(&rig, bare);
		if (cases[i].kind == ARM_FAULT_ADDRESS_SIZE) {
			rig_reg(&rig, ARM_TTBR0_EL1, 0x0000000140001000);
			rig_reg(&rig, ARM_VTCR_EL2,
				(RIG_VTCR_4 & ~UINT64_C(0x70000)) | 0x20000);
		}
		rig_reg(&rig, cases[i].reg, cases[i].value);
		if (cases[i].stage == 2)
			rig_reg(&rig, ARM_TTBR0_EL1, 0x0000000040001000);
		rig_expect_fault(&rig, cases[i].va, ARM_ACCESS_READ,
				 cases[i].kind, cases[i].stage, 0);
		assert_int_equal(rig.mmu.walks.count, 1);
		assert_int_equal(rig.mmu.walks.memory_accesses, 0);
		rig_stop(&rig);
	}
}

static void ipa_sizes_beyond_the_machine_fault(void **state)
{
	struct rig rig;

	(void)state;
	rig_nested(&rig, bare);
	rig.mmu.regime.pa_bits = 40;
	/* 44 bits from level 0; 40 bits from level 1, two tables. */
	rig_reg(&rig, ARM_VTCR_EL2, 0x80053594);
	rig_expect_fault(&rig, RIG_VA, ARM_ACCESS_READ, ARM_FAULT_TRANSLATION,
			 2, 0);
	/* 41 bits from level 1. */
	rig_reg(&rig, ARM_VTCR_EL2, 0x80053557);
	rig_expect_fault(&rig, RIG_VA, ARM_ACCESS_READ, ARM_FAULT_TRANSLATION,
			 2, 0);
	rig_reg(&rig, ARM_VTTBR_EL2, 0x0001000080900000);
	rig_put(&rig, 0x80900008, 0x80802003);
	rig_reg(&rig, ARM_VTCR_EL2, 0x80053558);
	assert_int_equal(rig_reads(&rig, RIG_VA), 19);
	/* IPS and PS say 48 bits; the machine has 40. */
	rig_put(&rig, 0x80803080, 0x00000100800107ff);
	rig_expect_fault(&rig, RIG_VA, ARM_ACCESS_READ, ARM_FAULT_ADDRESS_SIZE,
			 2, 3);
	rig_put(&rig, 0x80004020, 0x0000010040010f43);
	rig_reg(&rig, ARM_TCR_EL1, RIG_TCR);
	rig_expect_fault(&rig, RIG_VA, ARM_ACCESS_READ, ARM_FAULT_ADDRESS_SIZE,
			 1, 3);
	rig_stop(&rig);
}

static void without_stage_1_large_addresses_fault(void **state)
{
	struct rig rig;

	(void)state;
	rig_start(&rig, bare);
	rig_expect_fault(&rig, UINT64_C(1) << 48, ARM_ACCESS_READ,
			 ARM_FAULT_ADDRESS_SIZE, 1, 0);
	rig_expect_fault(&rig, UINT64_C(1) << 47, ARM_ACCESS_READ,
			 ARM_FAULT_EXTERNAL, 1, 0);
	rig_stop(&rig);
}

static void stage_1_permission_comes_before_stage_2(void **state)
{
	struct rig rig;

	(void)state;
	rig_nested(&rig, full);
	rig_put(&rig, 0x80004020, 0x0000000040010fc3); /* read-only */
	rig_put(&rig, 0x80803080, 0);
	rig_expect_fault(&rig, RIG_VA, ARM_ACCESS_WRITE, ARM_FAULT_PERMISSION,
			 1, 3);
	rig_expect_fault(&rig, RIG_VA, ARM_ACCESS_READ, ARM_FAULT_TRANSLATION,
			 2, 3);
	/* The same from an entry of the TLBs. */
	rig_put(&rig, 0x80803080, 0x8001077f);
	assert_true(rig_access(&rig, RIG_VA, ARM_ACCESS_READ));
	rig_expect_fault(&rig, RIG_VA, ARM_ACCESS_WRITE, ARM_FAULT_PERMISSION,
			 1, 3);
	assert_int_equal(rig.out.source, ARM_FROM_L1_TLB);
	rig_stop(&rig);
}

static void a_hit_faults_with_its_own_level_and_ipa(void **state)
{
	struct rig rig;

	(void)state;
	rig_nested(&rig, full);
	rig_put(&rig, 0x80003018, 0x0000000040000f41); /* 2 MB at stage 1 */
	rig_put(&rig, 0x80802000, 0x000000008000077d);
	assert_true(rig_access(&rig, RIG_VA, ARM_ACCESS_READ));
	rig_expect_fault(&rig, RIG_VA + 0x5678, ARM_ACCESS_WRITE,
			 ARM_FAULT_PERMISSION, 2, 2);
	assert_int_equal(rig.out.source, ARM_FROM_L1_TLB);
	assert_true(rig.fault.ipa.raw == 0x40009000);
	assert_int_equal(rig.mmu.walks.count, 1);
	rig_stop(&rig);
}

static void what_is_not_modelled_says_so(void **state)
{
	static const struct {
		enum arm_sysreg reg;
		uint64_t value;
		const char *names;
	} cases[] = {
		{ ARM_TCR_EL1, RIG_TCR | UINT64_C(1) << 39, "HA" },
		{ ARM_TCR_EL1, RIG_TCR | UINT64_C(1) << 40, "HD" },
		{ ARM_TCR_EL1, RIG_TCR | UINT64_C(1) << 41, "HPD0" },
		{ ARM_TCR_EL1, RIG_TCR | UINT64_C(1) << 51, "TBID0" },
		{ ARM_TCR_EL1, RIG_TCR | UINT64_C(1) << 55, "E0PD0" },
		{ ARM_TCR_EL1, RIG_TCR | UINT64_C(1) << 59, "DS" },
		{ ARM_SCTLR_EL1, RIG_SCTLR | 1 << 25, "EE" },
		{ ARM_VTCR_EL2, RIG_VTCR_4 | 1 << 21, "HA" },
		{ ARM_VTCR_EL2, RIG_VTCR_4 | UINT64_C(1) << 33, "SL2" },
		{ ARM_HCR_EL2, RIG_HCR | UINT64_C(1) << 34, "E2H" },
		{ ARM_HCR_EL2, RIG_HCR | UINT64_C(1) << 27, "TGE" },
		{ ARM_HCR_EL2, RIG_HCR | UINT64_C(1) << 46, "FWB" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig rig;

		rig_nested(&rig, bare);
		rig_reg(&rig, cases[i].reg, cases[i].value);
		assert_false(rig_access(&rig, RIG_VA, ARM_ACCESS_READ));
		assert_int_equal(rig.fault.kind, ARM_FAULT_NOT_MODELLED);
		assert_non_null(strstr(rig.fault.why, cases[i].names));
		assert_non_null(strstr(rig.fault.why, "DDI0487 "));
		rig_stop(&rig);
	}
}

/* A bit of the other half does not stand in this one's way. */
static void what_is_not_used_is_not_refused(void **state)
{
	struct rig rig;

	(void)state;
	rig_nested(&rig, bare);
	rig_reg(&rig, ARM_TCR_EL1, (RIG_TCR & ~(UINT64_C(3) << 30)) |
					   UINT64_C(1) << 30 |
					   UINT64_C(1) << 42);
	assert_true(rig_access(&rig, RIG_VA, ARM_ACCESS_READ));
	assert_false(rig_access(&rig, 0xffff000000000000, ARM_ACCESS_READ));
	assert_int_equal(rig.fault.kind, ARM_FAULT_NOT_MODELLED);
	rig_reg(&rig, ARM_TCR_EL1, (RIG_TCR | 1 << 14 | 1 << 7));
	rig_expect_fault(&rig, RIG_VA, ARM_ACCESS_READ, ARM_FAULT_TRANSLATION,
			 1, 0);
	rig_stop(&rig);
}

static void esr_and_hpfar_are_these(void **state)
{
	static const struct {
		struct arm_fault fault;
		unsigned int el;
		bool from_el0;
		uint64_t esr, hpfar;
	} cases[] = {
		{ { .kind = ARM_FAULT_TRANSLATION, .stage = 1, .level = 3 },
		  1, false, 0x96000007, 0 },
		{ { .kind = ARM_FAULT_TRANSLATION, .stage = 1, .level = 0,
		    .access = ARM_ACCESS_WRITE | ARM_ACCESS_EL0 },
		  1, true, 0x92000044, 0 },
		{ { .kind = ARM_FAULT_PERMISSION, .stage = 1, .level = 2,
		    .access = ARM_ACCESS_FETCH },
		  1, false, 0x8600000e, 0 },
		{ { .kind = ARM_FAULT_ACCESS_FLAG, .stage = 1, .level = 1,
		    .access = ARM_ACCESS_FETCH | ARM_ACCESS_EL0 },
		  1, true, 0x82000009, 0 },
		{ { .kind = ARM_FAULT_ADDRESS_SIZE, .stage = 1, .level = 0 },
		  1, false, 0x96000000, 0 },
		{ { .kind = ARM_FAULT_EXTERNAL, .stage = 1,
		    .access = ARM_ACCESS_WRITE },
		  1, false, 0x96000050, 0 },
		{ { .kind = ARM_FAULT_EXTERNAL, .stage = 1, .level = 2,
		    .on_walk = true },
		  1, true, 0x92000016, 0 },
		{ { .kind = ARM_FAULT_ALIGNMENT, .stage = 1 },
		  1, false, 0x96000021, 0 },
		{ { .kind = ARM_FAULT_CONFLICT, .stage = 1 },
		  1, false, 0x96000030, 0 },
		{ { .kind = ARM_FAULT_TRANSLATION, .stage = 1, .level = 3,
		    .access = ARM_ACCESS_MAINTENANCE },
		  1, false, 0x96000147, 0 },
		{ { .kind = ARM_FAULT_TRANSLATION, .stage = 2, .level = 3,
		    .access = ARM_ACCESS_WRITE, .ipa = { 0x40010000 } },
		  2, false, 0x92000047, 0x400100 },
		{ { .kind = ARM_FAULT_PERMISSION, .stage = 2, .level = 2,
		    .access = ARM_ACCESS_FETCH, .ipa = { 0xfffffffff000 } },
		  2, true, 0x8200000e, 0xfffffffff0 },
		{ { .kind = ARM_FAULT_TRANSLATION, .stage = 2, .level = 1,
		    .s1ptw = true, .ipa = { 0x40003000 } },
		  2, true, 0x92000085, 0x400030 },
		{ { .kind = ARM_FAULT_PERMISSION, .stage = 2, .level = 3,
		    .s1ptw = true, .access = ARM_ACCESS_FETCH,
		    .ipa = { 0x1000 } },
		  2, false, 0x8200008f, 0x10 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(arm_fault_esr(&cases[i].fault, cases[i].el,
					       cases[i].from_el0),
				 cases[i].esr);
		assert_int_equal(arm_fault_hpfar(&cases[i].fault),
				 cases[i].hpfar);
	}
}

static void every_kind_has_a_name(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARM_FAULT_KINDS; i++)
		assert_non_null(arm_fault_name((enum arm_fault_kind)i));
	assert_string_equal(arm_fault_name(ARM_FAULT_TRANSLATION),
			    "translation");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stage_1_descriptors_fault_by_level),
		cmocka_unit_test(stage_2_leaves_fault),
		cmocka_unit_test(stage_2_faults_on_tables_by_level),
		cmocka_unit_test(a_table_is_read_even_for_a_write),
		cmocka_unit_test(ptw_forbids_tables_in_device_memory),
		cmocka_unit_test(descriptors_outside_ram_abort_the_walk),
		cmocka_unit_test(an_address_outside_ram_aborts_the_access),
		cmocka_unit_test(addresses_without_a_walk_fault_at_level_0),
		cmocka_unit_test(ipa_sizes_beyond_the_machine_fault),
		cmocka_unit_test(without_stage_1_large_addresses_fault),
		cmocka_unit_test(stage_1_permission_comes_before_stage_2),
		cmocka_unit_test(a_hit_faults_with_its_own_level_and_ipa),
		cmocka_unit_test(what_is_not_modelled_says_so),
		cmocka_unit_test(what_is_not_used_is_not_refused),
		cmocka_unit_test(esr_and_hpfar_are_these),
		cmocka_unit_test(every_kind_has_a_name),
	};

	return cmocka_run_group_tests_name("arm_fault", tests, NULL, NULL);
}
