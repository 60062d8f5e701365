/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory attributes and privilege: what comes in, what STE and GBPA override,
 * what the stages make of it. IHI0070 chapter 13, 5.2, 6.3.13. */
#include "tests/unit/models/smmu_rig.h"

static uint64_t memattr(const struct rig *rig)
{
	return FIELD_GET(ARM_ATTRS_MEMATTR, rig->out.attrs);
}

static void attributes(void **state)
{
	struct rig *rig = rig_new(9);

	(void)state;
	/* Bypass: as it came; MTCFG, MemAttr: Device-nGnRE; Normal NC. */
	rig_put(rig, RIG_STE + 8, UINT64_C(1) << 44);
	rig_ask(rig, RIG_PA, false);
	assert_int_equal(memattr(rig), 0xff);
	rig_put(rig, RIG_STE + 8, UINT64_C(0x11) << 32 | UINT64_C(1) << 44);
	rig_command(rig, UINT64_C(5) << 32 | 0x03, 0);
	rig_ask(rig, RIG_PA, false);
	assert_int_equal(memattr(rig), 0x04);
	assert_int_equal(FIELD_GET(ARM_ATTRS_SH, rig->out.attrs), 2);
	rig_put(rig, RIG_STE + 8, UINT64_C(0x15) << 32 | UINT64_C(1) << 44);
	rig_command(rig, UINT64_C(5) << 32 | 0x03, 0);
	rig_ask(rig, RIG_PA, false);
	assert_int_equal(memattr(rig), 0x44);
	/* Stage 2 alone: the same with the table's, Write-Back. */
	rig_put(rig, RIG_STE, STE_S2);
	rig_command(rig, UINT64_C(5) << 32 | 0x03, 0);
	rig_ask(rig, RIG_PA, false);
	assert_int_equal(memattr(rig), 0x44);
	/* Stage 1: the table's alone, MAIR 0xbb. */
	rig_put(rig, RIG_STE, STE_S1);
	rig_put(rig, RIG_CD + 24, 0xbb);
	rig_command(rig, UINT64_C(5) << 32 | 0x03, 0);
	rig_ask(rig, RIG_VA, false);
	assert_int_equal(memattr(rig), 0xbb);
	rig_free(rig);
}

/* PRIVCFG, INSTCFG. */
static void access_overrides(void **state)
{
	struct rig *rig = rig_new(STE_S1);

	(void)state;
	rig_put(rig, 0x23020, 0x7f03);
	assert_int_equal(rig_ask(rig, RIG_VA, true), SMMU_ABORTED);
	rig_put(rig, RIG_STE + 8, 0x54 | UINT64_C(3) << 48);
	rig_command(rig, UINT64_C(5) << 32 | 0x03, 0);
	assert_int_equal(rig_ask(rig, RIG_VA, true), SMMU_TRANSLATED);
	rig_put(rig, 0x23020, 0x7f43 | BIT(54));
	rig_put(rig, RIG_STE + 8, 0x54 | UINT64_C(3) << 50);
	rig_command(rig, UINT64_C(5) << 32 | 0x03, 0);
	rig_command(rig, 0x30, 0);
	assert_int_equal(rig_ask(rig, RIG_VA, false), SMMU_ABORTED);
	assert_int_equal(rig->out.record[1] >> 34 & 1, 1); /* InD */
	assert_int_equal(rig_ask(rig, RIG_VA, true), SMMU_TRANSLATED);
	rig_free(rig);
}

/* A bypassed transaction with these attributes, under this STE word. */
static void ask_with(struct rig *rig, uint64_t ste1, uint64_t attr, uint64_t sh)
{
	const struct smmu_request r = {
		.address = RIG_PA,
		.bytes = 4,
		.sid = RIG_SID,
		.has_memory = true,
		.memattr = (uint8_t)attr,
		.sh = (uint8_t)sh,
	};

	rig_put(rig, RIG_STE + 8, ste1);
	rig_command(rig, UINT64_C(5) << 32 | 0x03, 0);
	assert_int_equal(rig_request(rig, &r), SMMU_BYPASSED);
}

#define ALLOCCFG(n) (UINT64_C(n) << 37)
#define SHCFG(n)    (UINT64_C(n) << 44)
#define MEMATTR(n)  (UINT64_C(1) << 36 | UINT64_C(n) << 32)

static const struct {
	uint64_t ste1, attr, sh, want_attr, want_sh;
} incoming_cases[] = {
	{ SHCFG(1), 0xff, 3, 0xff, 3 },
	{ SHCFG(1), 0xbb, 0, 0xbb, 0 },
	{ SHCFG(0), 0xff, 3, 0xff, 0 },
	{ SHCFG(2), 0xff, 3, 0xff, 2 },
	{ SHCFG(3), 0xff, 0, 0xff, 3 },
	/* Device and Non-cacheable are Outer Shareable. */
	{ SHCFG(0), 0x44, 0, 0x44, 2 },
	{ SHCFG(0), 0x04, 0, 0x04, 2 },
	/* Read, write, transient. */
	{ SHCFG(1) | ALLOCCFG(7), 0xff, 0, 0xff, 0 },
	{ SHCFG(1) | ALLOCCFG(8), 0xff, 0, 0xcc, 0 },
	{ SHCFG(1) | ALLOCCFG(12), 0xff, 0, 0xee, 0 },
	{ SHCFG(1) | ALLOCCFG(10), 0xff, 0, 0xdd, 0 },
	{ SHCFG(1) | ALLOCCFG(14), 0xcc, 0, 0xff, 0 },
	{ SHCFG(1) | ALLOCCFG(15), 0xff, 0, 0x77, 0 },
	{ SHCFG(1) | ALLOCCFG(14), 0x88, 0, 0xbb, 0 },
	{ SHCFG(1) | ALLOCCFG(14), 0x44, 2, 0x44, 2 },
	{ SHCFG(1) | ALLOCCFG(14), 0x04, 2, 0x04, 2 },
	/* The type first, then the hints. */
	{ SHCFG(1) | MEMATTR(15), 0x44, 0, 0xff, 0 },
	{ SHCFG(1) | MEMATTR(10) | ALLOCCFG(8), 0x44, 0, 0x88, 0 },
	{ SHCFG(1) | MEMATTR(0), 0xff, 0, 0x00, 2 },
	{ SHCFG(1) | MEMATTR(4), 0xff, 0, 0x00, 2 }, /* reserved */
	{ SHCFG(1) | MEMATTR(12), 0xff, 0, 0x00, 2 },
};
#define INCOMING (sizeof(incoming_cases) / sizeof(incoming_cases[0]))

static void stes_override_what_comes_in(void **state)
{
	struct rig *rig = rig_new(9);

	(void)state;
	for (unsigned int i = 0; i < INCOMING; i++) {
		print_message("%u\n", i);
		ask_with(rig, incoming_cases[i].ste1, incoming_cases[i].attr,
			 incoming_cases[i].sh);
		assert_int_equal(memattr(rig), incoming_cases[i].want_attr);
		assert_int_equal(FIELD_GET(ARM_ATTRS_SH, rig->out.attrs),
				 incoming_cases[i].want_sh);
	}
	rig_free(rig);
}

/* Without IDR1.ATTR_TYPES_OVR and ATTR_PERMS_OVR nothing is overridden. */
static void no_overrides(void **state)
{
	struct smmu_config config = smmu_config_common();
	struct rig *rig = malloc(sizeof(*rig));

	(void)state;
	assert_non_null(rig);
	config.attr_types_override = config.attr_permissions_override = false;
	rig_start(rig, &config, 9);
	for (unsigned int i = 0; i < INCOMING; i++) {
		ask_with(rig, incoming_cases[i].ste1 | UINT64_C(0xf) << 48,
			 0xbb, 3);
		assert_int_equal(memattr(rig), 0xbb);
		assert_int_equal(FIELD_GET(ARM_ATTRS_SH, rig->out.attrs), 3);
		assert_false(rig->out.privileged || rig->out.instruction);
	}
	/* GBPA's fields do not exist either. */
	rig_reg(rig, 0x20, 0);
	rig_reg(rig, 0x44, UINT32_C(0x800fff1f));
	assert_int_equal(rig_get(rig, 0x44), 0);
	rig_free(rig);
}

/* The same by GBPA, while SMMUEN is clear. */
static void gbpa_overrides(void **state)
{
	struct rig *rig = rig_new(9);

	(void)state;
	rig_reg(rig, 0x20, 0);
	assert_int_equal(rig_get(rig, 0x44), 0x1000);
	rig_reg(rig, 0x44, UINT32_C(0x80001015)); /* MTCFG, NC */
	assert_int_equal(rig_ask(rig, RIG_PA, false), SMMU_BYPASSED);
	assert_int_equal(memattr(rig), 0x44);
	assert_false(rig->out.privileged || rig->out.instruction);
	rig_reg(rig, 0x44, UINT32_C(0x800f3800)); /* no allocation, SH 3 */
	assert_int_equal(rig_ask(rig, RIG_PA, false), SMMU_BYPASSED);
	assert_int_equal(memattr(rig), 0xcc);
	assert_int_equal(FIELD_GET(ARM_ATTRS_SH, rig->out.attrs), 3);
	assert_true(rig->out.privileged && rig->out.instruction);
	/* A write is never an instruction's. */
	assert_int_equal(rig_ask(rig, RIG_PA, true), SMMU_BYPASSED);
	assert_false(rig->out.instruction);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attributes),
		cmocka_unit_test(access_overrides),
		cmocka_unit_test(stes_override_what_comes_in),
		cmocka_unit_test(no_overrides),
		cmocka_unit_test(gbpa_overrides),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
