/* SPDX-License-Identifier: BSD-2-Clause */
/* What an SMMU can be configured as, what its ID registers then say, and what
 * it cannot be. IHI0070 6.3.1 to 6.3.8. */
#include "tests/unit/models/smmu_rig.h"

static uint64_t id(const struct smmu_config *config, uint32_t offset)
{
	static const struct smmu_ops none;
	struct model_random random;
	struct smmu *smmu;
	uint64_t value;

	model_random_seed(&random, 1);
	assert_null(smmu_config_problem(config));
	smmu = smmu_new(config, &none, NULL, &random);
	assert_non_null(smmu);
	value = smmu_mmio_read(smmu, offset, 4);
	smmu_free(smmu);
	return value;
}

/* One thing changed changes these bits, to these. */
#define CHANGE(MEMBER, VALUE, OFFSET, MASK_, BITS)                     \
	do {                                                           \
		struct smmu_config c = common;                         \
		uint64_t was = id(&common, OFFSET);                    \
                                                                       \
		c.MEMBER = VALUE;                                      \
		assert_int_equal(id(&c, OFFSET),                       \
				 (was & ~(uint64_t)(MASK_)) | (BITS)); \
	} while (0)

static void id_registers(void **state)
{
	const struct smmu_config common = smmu_config_common();

	(void)state;
	CHANGE(stage2, false, 0x00, 0x1, 0);
	CHANGE(stage1, false, 0x00, 0x2, 0);
	CHANGE(cohacc, false, 0x00, 0x10, 0);
	CHANGE(btm, false, 0x00, 0x20, 0);
	CHANGE(hyp, true, 0x00, 0x200, 0x200);
	CHANGE(asid16, false, 0x00, 0x1000, 0);
	CHANGE(msi, false, 0x00, 0x2000, 0);
	CHANGE(vmid16, false, 0x00, 0x40000, 0);
	CHANGE(cd2l, false, 0x00, 0x80000, 0);
	CHANGE(stall_model, SMMU_TERMINATE_ONLY, 0x00, 0x3000000, 0x1000000);
	CHANGE(stall_model, SMMU_STALL_ONLY, 0x00, 0x3000000, 0x2000000);
	CHANGE(term_abort_only, true, 0x00, 0x4000000, 0x4000000);
	CHANGE(two_level_streams, false, 0x00, 0x18000000, 0);
	CHANGE(sid_bits, 32, 0x04, 0x3f, 32);
	CHANGE(ssid_bits, 5, 0x04, 0x7c0, 5 << 6);
	CHANGE(eventq_lg2, 7, 0x04, 0x1f0000, 7 << 16);
	CHANGE(cmdq_lg2, 8, 0x04, 0x3e00000, 8 << 21);
	CHANGE(attr_permissions_override, false, 0x04, 0x4000000, 0);
	CHANGE(attr_types_override, false, 0x04, 0x8000000, 0);
	CHANGE(had, false, 0x0c, 0x4, 0);
	CHANGE(stage2, false, 0x0c, 0x10, 0);
	CHANGE(small_tables, true, 0x0c, 0x200, 0x200);
	CHANGE(ril, false, 0x0c, 0x400, 0);
	CHANGE(bbm_level, 1, 0x0c, 0x1800, 0x800);
	CHANGE(oas_bits, 32, 0x14, 0x7, 0);
	CHANGE(oas_bits, 36, 0x14, 0x7, 1);
	CHANGE(oas_bits, 40, 0x14, 0x7, 2);
	CHANGE(oas_bits, 42, 0x14, 0x7, 3);
	CHANGE(oas_bits, 44, 0x14, 0x7, 4);
	CHANGE(oas_bits, 52, 0x14, 0xc07, 0x406); /* and VAX */
	CHANGE(granule_4k, false, 0x14, 0x10, 0);
	CHANGE(granule_16k, false, 0x14, 0x20, 0);
	CHANGE(granule_64k, false, 0x14, 0x40, 0);
	CHANGE(stalls, 3, 0x14, 0xffff0000, 3 << 16);
	CHANGE(iidr, 0x4832243b, 0x18, 0xffffffff, 0x4832243b);
	CHANGE(minor, 3, 0x1c, 0xf, 3);
	/* Nothing is there that is not modelled: ATS, PRI, HTTU, SEV, .. */
	assert_int_equal(id(&common, 0x00) & 0x0093cdc0, 0);
	assert_int_equal(id(&common, 0x08), 0);
	assert_int_equal(id(&common, 0x10), 0);
}

#define REFUSE(MEMBER, VALUE, WORD)                          \
	do {                                                 \
		struct smmu_config c = smmu_config_common(); \
		const char *problem;                         \
                                                             \
		c.MEMBER = VALUE;                            \
		problem = smmu_config_problem(&c);           \
		assert_non_null(problem);                    \
		assert_non_null(strstr(problem, WORD));      \
	} while (0)

static void what_cannot_be(void **state)
{
	(void)state;
	REFUSE(oas_bits, 41, "oas_bits");
	REFUSE(sid_bits, 33, "sid_bits");
	REFUSE(ssid_bits, 21, "ssid_bits");
	REFUSE(cmdq_lg2, 20, "cmdq_lg2");
	REFUSE(eventq_lg2, 20, "eventq_lg2");
	REFUSE(bbm_level, 3, "bbm_level");
	REFUSE(minor, 0, "minor");
	REFUSE(walks, 0, "walks");
	REFUSE(walks, 65, "walks");
	REFUSE(stalls, 65, "stalls");
	REFUSE(ste_cache.ways, 7, "ways");
	REFUSE(walk_cache_s2.ways, 7, "ways");
}

static void what_cannot_be_together(void **state)
{
	struct smmu_config c = smmu_config_common();

	(void)state;
	assert_null(smmu_config_problem(&c));
	c.stage1 = c.stage2 = false;
	assert_non_null(smmu_config_problem(&c));
	c.stage1 = c.hyp = true;
	assert_non_null(smmu_config_problem(&c));
	c = smmu_config_common();
	c.granule_4k = c.granule_16k = c.granule_64k = false;
	assert_non_null(smmu_config_problem(&c));
}

/* Each has a name of its own. */
static void names_of_events(void **state)
{
	static const enum smmu_event events[] = {
		SMMU_NO_EVENT,		SMMU_F_UUT,
		SMMU_C_BAD_STREAMID,	SMMU_F_STE_FETCH,
		SMMU_C_BAD_STE,		SMMU_F_BAD_ATS_TREQ,
		SMMU_F_STREAM_DISABLED, SMMU_F_TRANSL_FORBIDDEN,
		SMMU_C_BAD_SUBSTREAMID, SMMU_F_CD_FETCH,
		SMMU_C_BAD_CD,		SMMU_F_WALK_EABT,
		SMMU_F_TRANSLATION,	SMMU_F_ADDR_SIZE,
		SMMU_F_ACCESS,		SMMU_F_PERMISSION,
		SMMU_F_TLB_CONFLICT,	SMMU_F_CFG_CONFLICT,
		SMMU_E_PAGE_REQUEST,	SMMU_F_VMS_FETCH,
	};
	const unsigned int count = sizeof(events) / sizeof(events[0]);

	(void)state;
	assert_string_equal(smmu_event_name(SMMU_F_ACCESS), "F_ACCESS");
	assert_string_equal(smmu_event_name((enum smmu_event)0x7f), "?");
	for (unsigned int i = 0; i < count; i++)
		for (unsigned int k = 0; k < i; k++)
			assert_string_not_equal(smmu_event_name(events[i]),
						smmu_event_name(events[k]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(id_registers),
		cmocka_unit_test(what_cannot_be),
		cmocka_unit_test(what_cannot_be_together),
		cmocka_unit_test(names_of_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
