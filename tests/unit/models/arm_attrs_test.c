/* SPDX-License-Identifier: BSD-2-Clause */
/* Permissions of both stages, memory attributes of both stages, and what an
 * access sees of them when MMU or caches are off. */
#include "tests/unit/models/arm_rig.h"

static const struct rig_shape full = { 8, 32, 16, 16, 16 };

/* The six accesses, one letter each in the tables below. */
static const struct {
	char letter;
	unsigned int access;
} accesses[6] = {
	{ 'R', ARM_ACCESS_READ },
	{ 'W', ARM_ACCESS_WRITE },
	{ 'X', ARM_ACCESS_FETCH },
	{ 'r', ARM_ACCESS_READ | ARM_ACCESS_EL0 },
	{ 'w', ARM_ACCESS_WRITE | ARM_ACCESS_EL0 },
	{ 'x', ARM_ACCESS_FETCH | ARM_ACCESS_EL0 },
};

/* Tries each access cold, then again with the entry in the TLBs. */
static void expect_allowed(struct rig *rig, const char *allowed,
			   unsigned int stage)
{
	struct arm_tlbi all;

	assert_true(arm_tlbi_decode(ARM_SYSREG(1, 4, 8, 7, 4), 0,
				    &rig->mmu.regs, true, &all));
	for (unsigned int i = 0; i < 6; i++) {
		bool want = strchr(allowed, accesses[i].letter);

		arm_mmu_tlbi(&rig->mmu, &all);
		if (want)
			assert_true(rig_access(rig, RIG_VA,
					       accesses[i].access));
		else
			rig_expect_fault(rig, RIG_VA, accesses[i].access,
					 ARM_FAULT_PERMISSION, stage, 3);
		assert_int_equal(rig->out.source, ARM_FROM_WALK);
	}
	for (unsigned int i = 0; i < 6; i++) {
		bool want = strchr(allowed, accesses[i].letter);

		assert_int_equal(rig_access(rig, RIG_VA, accesses[i].access),
				 want);
	}
}

/* Upper case: EL1, lower case: EL0. DDI0487 L.b D8.4.1. */
static void stage_1_permissions(void **state)
{
	static const struct {
		uint64_t leaf;	/* added to a page with AP 0 */
		uint64_t table; /* added to the level-2 table descriptor */
		bool wxn;
		const char *allowed;
	} cases[] = {
		/* AP[2:1] 0 to 3, no XN */
		{ 0x000, 0, false, "RWXx" },
		{ 0x040, 0, false, "RWrwx" },
		{ 0x080, 0, false, "RXx" },
		{ 0x0c0, 0, false, "RXrx" },
		/* UXN, PXN, both */
		{ 0x0040000000000000, 0, false, "RWX" },
		{ 0x00400000000000c0, 0, false, "RXr" },
		{ 0x0020000000000000, 0, false, "RWx" },
		{ 0x00200000000000c0, 0, false, "Rrx" },
		{ 0x0020000000000040, 0, false, "RWrwx" },
		{ 0x0060000000000040, 0, false, "RWrw" },
		{ 0x0060000000000080, 0, false, "R" },
		/* APTable: no EL0, read-only, both */
		{ 0x040, 0x2000000000000000, false, "RWXx" },
		{ 0x040, 0x4000000000000000, false, "RXrx" },
		{ 0x040, 0x6000000000000000, false, "RXx" },
		{ 0x000, 0x4000000000000000, false, "RXx" },
		/* UXNTable, PXNTable */
		{ 0x0c0, 0x1000000000000000, false, "RXr" },
		{ 0x0c0, 0x0800000000000000, false, "Rrx" },
		/* SCTLR.WXN */
		{ 0x000, 0, true, "RWx" },
		{ 0x040, 0, true, "RWrw" },
		{ 0x080, 0, true, "RXx" },
		{ 0x0c0, 0, true, "RXrx" },
		{ 0x040, 0x4000000000000000, true, "RXrx" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig rig;

		rig_nested(&rig, full);
		rig_put(&rig, 0x80003018, 0x40004003 | cases[i].table);
		rig_put(&rig, 0x80004020, 0x40010f03 | cases[i].leaf);
		rig_reg(&rig, ARM_SCTLR_EL1,
			RIG_SCTLR | (cases[i].wxn ? 1 << 19 : 0));
		expect_allowed(&rig, cases[i].allowed, 1);
		rig_stop(&rig);
	}
}

static void restrictions_of_every_level_add_up(void **state)
{
	struct rig rig;

	(void)state;
	rig_nested(&rig, full);
	rig_put(&rig, 0x80001008, 0x4000000040002003); /* read-only */
	rig_put(&rig, 0x80002010, 0x1000000040003003); /* UXNTable */
	rig_put(&rig, 0x80003018, 0x0800000040004003); /* PXNTable */
	expect_allowed(&rig, "Rr", 1);
	rig_stop(&rig);
}

/* Stage 1 allows all but what EL0's write access takes from EL1: read-only
 * there for the fetches. */
static void stage_2_permissions(void **state)
{
	static const struct {
		uint64_t leaf; /* S2AP in bits 7:6, XN in bits 54:53 */
		const char *allowed;
	} cases[] = {
		{ 0x000, "Xx" },
		{ 0x040, "RXrx" },
		{ 0x080, "WXwx" },
		{ 0x0c0, "RWXrwx" },
		{ 0x00200000000000c0, "RWrwx" },
		{ 0x00400000000000c0, "RWrw" },
		{ 0x00600000000000c0, "RWXrw" },
		{ 0x0040000000000040, "Rr" },
		{ 0x0040000000000000, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig rig;

		/* Stage 1 off, so that its permissions do not matter. */
		rig_start(&rig, full);
		rig_stage2_on(&rig);
		/* RIG_VA is far above: bring it to entry 0x204 of level 2. */
		rig_put(&rig, 0x80800008, 0x80804003);
		rig_put(&rig, 0x80804010, 0x80805003);
		rig_put(&rig, 0x80805018, 0x80806003);
		rig_put(&rig, 0x80806020, 0x8001073f | cases[i].leaf);
		expect_allowed(&rig, cases[i].allowed, 2);
		rig_stop(&rig);
	}
}

static void unprivileged_accesses_are_checked_as_el0(void **state)
{
	struct rig rig;

	(void)state;
	rig_nested(&rig, full);
	rig_put(&rig, 0x80004020, 0x40010f03);
	assert_true(rig_access(&rig, RIG_VA, ARM_ACCESS_READ));
	rig_expect_fault(&rig, RIG_VA, ARM_ACCESS_READ | ARM_ACCESS_UNPRIV,
			 ARM_FAULT_PERMISSION, 1, 3);
	rig_expect_fault(&rig, RIG_VA, ARM_ACCESS_WRITE | ARM_ACCESS_UNPRIV,
			 ARM_FAULT_PERMISSION, 1, 3);
	rig_stop(&rig);
}

static void memory_is(struct rig *rig, unsigned int access, uint64_t attr,
			  unsigned int sh, bool cacheable)
{
	assert_true(rig_access(rig, RIG_VA, access));
	assert_int_equal(FIELD_GET(ARM_ATTRS_MEMATTR, rig->out.attrs), attr);
	assert_int_equal(FIELD_GET(ARM_ATTRS_SH, rig->out.attrs), sh);
	assert_int_equal(FIELD_GET(ARM_ATTRS_CACHEABLE, rig->out.attrs),
			 cacheable);
	assert_int_equal(FIELD_GET(ARM_ATTRS_DEVICE, rig->out.attrs),
			 attr < 0x10);
}

/* MAIR byte and SH of stage 1, MemAttr and SH of stage 2, both together. */
static void memory_attributes_combine(void **state)
{
	static const struct {
		uint8_t mair, sh1, memattr, sh2;
		uint8_t both, sh;
		bool cacheable;
	} cases[] = {
		/* Write-Back at stage 2 leaves stage 1's as they are. */
		{ 0xff, 3, 0xf, 0, 0xff, 3, true },
		{ 0xff, 0, 0xf, 0, 0xff, 0, true },
		{ 0xdd, 3, 0xf, 0, 0xdd, 3, true },
		{ 0xbb, 3, 0xf, 0, 0xbb, 3, true },
		{ 0x77, 0, 0xf, 0, 0x77, 0, true },
		{ 0x44, 3, 0xf, 3, 0x44, 2, false },
		{ 0x4f, 3, 0xf, 3, 0x4f, 3, false },
		{ 0xf4, 0, 0xf, 0, 0xf4, 0, false },
		/* The weaker of each of inner and outer, stage 1's hints. */
		{ 0xff, 3, 0xa, 0, 0xbb, 3, true },
		{ 0xdd, 3, 0xa, 0, 0x99, 3, true },
		{ 0x77, 3, 0xa, 0, 0x33, 3, true },
		{ 0xaa, 3, 0xa, 0, 0xaa, 3, true },
		{ 0xff, 3, 0x5, 3, 0x44, 2, false },
		{ 0xff, 3, 0x7, 3, 0x4f, 3, false },
		{ 0xff, 3, 0x6, 3, 0x4b, 3, false },
		{ 0xff, 3, 0x9, 3, 0xb4, 3, false },
		{ 0xff, 3, 0xb, 3, 0xbf, 3, true },
		{ 0xff, 3, 0xd, 3, 0xf4, 3, false },
		{ 0xff, 3, 0xe, 3, 0xfb, 3, true },
		{ 0x44, 0, 0xa, 0, 0x44, 2, false },
		/* Reserved MemAttr: inner Non-cacheable. */
		{ 0xff, 3, 0x4, 3, 0x44, 2, false },
		{ 0xff, 3, 0x8, 3, 0xb4, 3, false },
		{ 0xff, 3, 0xc, 3, 0xf4, 3, false },
		/* Any Device: the stronger. */
		{ 0x00, 3, 0xf, 3, 0x00, 2, false },
		{ 0x04, 3, 0xf, 3, 0x04, 2, false },
		{ 0x0c, 0, 0xf, 0, 0x0c, 2, false },
		{ 0xff, 3, 0x0, 3, 0x00, 2, false },
		{ 0xff, 3, 0x1, 3, 0x04, 2, false },
		{ 0xff, 3, 0x2, 3, 0x08, 2, false },
		{ 0x44, 3, 0x3, 3, 0x0c, 2, false },
		{ 0x0c, 3, 0x1, 3, 0x04, 2, false },
		{ 0x04, 3, 0x2, 3, 0x04, 2, false },
		{ 0x08, 3, 0x0, 3, 0x00, 2, false },
		/* Shareability: outer, inner, none; 1 is reserved: none. */
		{ 0xff, 0, 0xf, 3, 0xff, 3, true },
		{ 0xff, 3, 0xf, 2, 0xff, 2, true },
		{ 0xff, 2, 0xf, 3, 0xff, 2, true },
		{ 0xff, 2, 0xf, 0, 0xff, 2, true },
		{ 0xff, 1, 0xf, 0, 0xff, 0, true },
		{ 0xff, 1, 0xf, 3, 0xff, 3, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig rig;

		rig_nested(&rig, full);
		/* AttrIndx 6, so that the index counts. */
		rig_reg(&rig, ARM_MAIR_EL1, (uint64_t)cases[i].mair << 48);
		rig_put(&rig, 0x80004020,
			0x40010c5b | (uint64_t)cases[i].sh1 << 8);
		rig_put(&rig, 0x80803080,
			0x800104c3 | (uint64_t)cases[i].memattr << 2 |
				(uint64_t)cases[i].sh2 << 8);
		memory_is(&rig, ARM_ACCESS_READ, cases[i].both,
			      cases[i].sh, cases[i].cacheable);
		/* And from the TLB. */
		memory_is(&rig, ARM_ACCESS_READ, cases[i].both,
			      cases[i].sh, cases[i].cacheable);
		rig_stop(&rig);
	}
}

static void stage_1_alone_keeps_its_attributes(void **state)
{
	struct rig rig;

	(void)state;
	rig_stage1_alone(&rig, full);
	memory_is(&rig, ARM_ACCESS_READ, 0xff, 3, true);
	rig_stop(&rig);
	rig_stage1_alone(&rig, full);
	rig_put(&rig, 0x80004020, 0x80010f47); /* AttrIndx 1: Device */
	memory_is(&rig, ARM_ACCESS_READ, 0x00, 2, false);
	rig_stop(&rig);
	rig_stage1_alone(&rig, full);
	rig_put(&rig, 0x80004020, 0x80010f53); /* AttrIndx 4: Write-Through */
	memory_is(&rig, ARM_ACCESS_READ, 0xbb, 3, true);
	rig_stop(&rig);
}

static void caches_off_make_normal_memory_non_cacheable(void **state)
{
	struct rig rig;

	(void)state;
	rig_nested(&rig, full);
	rig_put(&rig, 0x80004020, 0x40010f83); /* executable at EL1 */
	memory_is(&rig, ARM_ACCESS_READ, 0xff, 3, true);
	/* The entries stay; SCTLR acts on the access. */
	rig_reg(&rig, ARM_SCTLR_EL1, 0x1001);
	memory_is(&rig, ARM_ACCESS_READ, 0x44, 2, false);
	assert_int_equal(rig.out.source, ARM_FROM_L1_TLB);
	memory_is(&rig, ARM_ACCESS_FETCH, 0xff, 3, true);
	rig_reg(&rig, ARM_SCTLR_EL1, 0x0005);
	memory_is(&rig, ARM_ACCESS_READ, 0xff, 3, true);
	memory_is(&rig, ARM_ACCESS_FETCH, 0x44, 2, false);
	rig_reg(&rig, ARM_SCTLR_EL1, RIG_SCTLR);
	rig_reg(&rig, ARM_HCR_EL2, RIG_HCR | UINT64_C(1) << 32);
	memory_is(&rig, ARM_ACCESS_READ, 0x44, 2, false);
	memory_is(&rig, ARM_ACCESS_FETCH, 0xff, 3, true);
	rig_reg(&rig, ARM_HCR_EL2, RIG_HCR | UINT64_C(1) << 33);
	memory_is(&rig, ARM_ACCESS_FETCH, 0x44, 2, false);
	rig_stop(&rig);
}

/* Data Device-nGnRnE, instructions by SCTLR.I; one entry serves both. */
static void stage_1_off_depends_on_the_access(void **state)
{
	struct rig rig;

	(void)state;
	rig_start(&rig, full);
	rig_stage2_on(&rig);
	assert_true(rig_access(&rig, RIG_IPA, ARM_ACCESS_WRITE));
	assert_int_equal(FIELD_GET(ARM_ATTRS_MEMATTR, rig.out.attrs), 0);
	assert_int_equal(FIELD_GET(ARM_ATTRS_DEVICE, rig.out.attrs), 1);
	assert_int_equal(FIELD_GET(ARM_ATTRS_S1_LEVEL, rig.out.attrs), 7);
	assert_true(rig_access(&rig, RIG_IPA, ARM_ACCESS_FETCH));
	assert_int_equal(rig.out.source, ARM_FROM_L2_TLB);
	assert_int_equal(FIELD_GET(ARM_ATTRS_MEMATTR, rig.out.attrs), 0x44);
	assert_int_equal(FIELD_GET(ARM_ATTRS_CACHEABLE, rig.out.attrs), 0);
	rig_reg(&rig, ARM_SCTLR_EL1, 0x1000);
	assert_true(rig_access(&rig, RIG_IPA, ARM_ACCESS_FETCH));
	assert_int_equal(FIELD_GET(ARM_ATTRS_MEMATTR, rig.out.attrs), 0xaa);
	assert_int_equal(FIELD_GET(ARM_ATTRS_CACHEABLE, rig.out.attrs), 1);
	/* SCTLR.C alone does not make data cacheable. */
	rig_reg(&rig, ARM_SCTLR_EL1, 0x1004);
	assert_true(rig_access(&rig, RIG_IPA, ARM_ACCESS_READ));
	assert_int_equal(FIELD_GET(ARM_ATTRS_DEVICE, rig.out.attrs), 1);
	rig_stop(&rig);
}

static void dc_turns_stage_1_off_and_caches_on(void **state)
{
	struct rig rig;

	(void)state;
	rig_nested(&rig, full);
	rig_reg(&rig, ARM_HCR_EL2, 0x80001000);
	assert_true(rig_access(&rig, RIG_IPA, ARM_ACCESS_WRITE));
	assert_true(rig.out.pa.raw == RIG_PA);
	assert_int_equal(FIELD_GET(ARM_ATTRS_MEMATTR, rig.out.attrs), 0xff);
	assert_int_equal(FIELD_GET(ARM_ATTRS_CACHEABLE, rig.out.attrs), 1);
	rig_reg(&rig, ARM_SCTLR_EL1, 0);
	assert_true(rig_access(&rig, RIG_IPA, ARM_ACCESS_WRITE));
	assert_int_equal(FIELD_GET(ARM_ATTRS_CACHEABLE, rig.out.attrs), 1);
	assert_true(rig_access(&rig, RIG_IPA, ARM_ACCESS_FETCH));
	assert_int_equal(FIELD_GET(ARM_ATTRS_MEMATTR, rig.out.attrs), 0xff);
	rig_stop(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stage_1_permissions),
		cmocka_unit_test(restrictions_of_every_level_add_up),
		cmocka_unit_test(stage_2_permissions),
		cmocka_unit_test(unprivileged_accesses_are_checked_as_el0),
		cmocka_unit_test(memory_attributes_combine),
		cmocka_unit_test(stage_1_alone_keeps_its_attributes),
		cmocka_unit_test(caches_off_make_normal_memory_non_cacheable),
		cmocka_unit_test(stage_1_off_depends_on_the_access),
		cmocka_unit_test(dc_turns_stage_1_off_and_caches_on),
	};

	return cmocka_run_group_tests_name("arm_attrs", tests, NULL, NULL);
}
