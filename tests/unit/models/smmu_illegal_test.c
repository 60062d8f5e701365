/* SPDX-License-Identifier: BSD-2-Clause */
/* STEs and CDs that must not be: every rule of IHI0070 5.2.2 and 5.4.2 that
 * can apply, one bit pattern each; and patterns beside them that may be. */
#include "tests/unit/models/smmu_rig.h"

enum feature {
	DEFAULT,
	NO_STAGE1,
	NO_STAGE2,
	NO_16K,
	NO_CD2L,
	TERMINATE,
	STALL,
	ABORT_ONLY,
	ASID8,
	VMID8,
	OAS44,
	NO_SUBSTREAMS,
	HYP
};

static struct smmu_config with(enum feature feature)
{
	struct smmu_config c = smmu_config_common();

	c.stage1 = feature != NO_STAGE1;
	c.stage2 = feature != NO_STAGE2;
	c.granule_16k = feature != NO_16K;
	c.cd2l = feature != NO_CD2L;
	c.stall_model = feature == TERMINATE ? SMMU_TERMINATE_ONLY
			: feature == STALL   ? SMMU_STALL_ONLY
					     : SMMU_STALL_AND_TERMINATE;
	c.term_abort_only = feature == ABORT_ONLY;
	c.asid16 = feature != ASID8;
	c.vmid16 = feature != VMID8;
	c.oas_bits = feature == OAS44 ? 44 : 48;
	c.ssid_bits = feature == NO_SUBSTREAMS ? 0 : 8;
	c.hyp = feature == HYP;
	return c;
}

static enum smmu_event event_with(enum feature feature, const uint64_t *ste,
				  const uint64_t *cd)
{
	const struct smmu_config config = with(feature);
	struct rig *rig = malloc(sizeof(*rig));
	enum smmu_event event;

	assert_non_null(rig);
	rig_start(rig, &config, ste[0]);
	for (unsigned int i = 0; i < 4; i++) {
		rig_put(rig, RIG_STE + 8 * i, ste[i]);
		rig_put(rig, RIG_CD + 8 * i, cd[i]);
	}
	rig_ask(rig, (ste[0] >> 1 & 7) == 6 ? RIG_PA : RIG_VA, false);
	event = rig->out.event;
	rig_free(rig);
	return event;
}

struct word_case {
	const char *why;
	enum feature feature;
	uint64_t config; /* 5, 6, 7 */
	unsigned int word;
	uint64_t clear, set;
	bool illegal;
};

static const struct word_case stes[] = {
	{ "as it is", DEFAULT, 5, 0, 0, 0, false },
	{ "as it is, stage 2", DEFAULT, 6, 0, 0, 0, false },
	{ "as it is, both", DEFAULT, 7, 0, 0, 0, false },
	{ "V", DEFAULT, 5, 0, BIT(0), 0, true },
	{ "no stage 1", NO_STAGE1, 5, 0, 0, 0, true },
	{ "no stage 2", NO_STAGE2, 6, 0, 0, 0, true },
	{ "no stage 2, both", NO_STAGE2, 7, 0, 0, 0, true },
	{ "S1CDMax 9 of 8", DEFAULT, 5, 0, 0, UINT64_C(9) << 59, true },
	{ "S1CDMax without substreams", NO_SUBSTREAMS, 5, 0, 0,
	  UINT64_C(9) << 59, false },
	{ "S1CDMax with stage 2 alone", DEFAULT, 6, 0, 0, UINT64_C(9) << 59,
	  false },
	{ "S1Fmt 1 without CD2L", NO_CD2L, 5, 0, 0, BIT(4) | UINT64_C(3) << 59,
	  true },
	{ "S1Fmt 2 without CD2L", NO_CD2L, 5, 0, 0, BIT(5) | UINT64_C(3) << 59,
	  true },
	{ "S1Fmt without S1CDMax", NO_CD2L, 5, 0, 0, BIT(4), false },
	{ "S1ContextPtr beyond the OAS", OAS44, 5, 0, 0, BIT(44), true },
	{ "S1STALLD, stalls configurable", DEFAULT, 5, 1, 0, BIT(27), false },
	{ "S1STALLD, no stalls", TERMINATE, 5, 1, 0, BIT(27), true },
	{ "S1STALLD, stage 2 alone", TERMINATE, 6, 1, 0, BIT(27), false },
	{ "STRW 1, no Hyp", DEFAULT, 5, 1, 0, BIT(30), false },
	{ "STRW 1", HYP, 5, 1, 0, BIT(30), true },
	{ "STRW 1, stage 2", HYP, 7, 1, 0, BIT(30), false },
	{ "S2AA64", DEFAULT, 6, 2, BIT(51), 0, true },
	{ "S2AA64, stage 1 alone", DEFAULT, 5, 2, BIT(51), 0, false },
	{ "S2ENDI", DEFAULT, 6, 2, 0, BIT(52), true },
	{ "S2HA", DEFAULT, 6, 2, 0, BIT(56), true },
	{ "S2HD", DEFAULT, 7, 2, 0, BIT(55), true },
	{ "S2S, no stalls", TERMINATE, 6, 2, 0, BIT(57), true },
	{ "S2S", DEFAULT, 6, 2, 0, BIT(57), false },
	{ "no S2S, stalls alone", STALL, 6, 2, 0, 0, true },
	{ "S2S, stalls alone", STALL, 6, 2, 0, BIT(57), false },
	{ "S2TG 3", DEFAULT, 6, 2, 0, MASK(46, 2), true },
	{ "S2TG 16K", NO_16K, 6, 2, 0, BIT(47), true },
	{ "S2T0SZ 15", DEFAULT, 6, 2, MASK(32, 6), UINT64_C(15) << 32, true },
	{ "S2T0SZ beyond the IAS", OAS44, 6, 2, 0, 0, true },
	{ "S2T0SZ 40", DEFAULT, 6, 2, MASK(32, 8), UINT64_C(40) << 32, true },
	{ "S2SL0 3", DEFAULT, 6, 2, 0, MASK(38, 2), true },
	{ "S2SL0 0: too many tables", DEFAULT, 6, 2, MASK(38, 2), 0, true },
	{ "S2SL0 2: no bit for it", DEFAULT, 6, 2, MASK(32, 6),
	  UINT64_C(25) << 32, true },
	{ "S2TTB beyond S2PS", DEFAULT, 6, 3, 0, BIT(48), true },
	{ "VMID of 16 bits", VMID8, 6, 2, 0, BIT(8), true },
	{ "VMID of 16 bits, stage 1", VMID8, 5, 2, 0, BIT(8), true },
	{ "VMID of 8 bits", VMID8, 6, 2, 0, 0, false },
};

static void stes_that_must_not_be(void **state)
{
	static const uint64_t cd[4] = { CD0_WORD, CD1_WORD, 0, 0xff };

	(void)state;
	for (unsigned int i = 0; i < sizeof(stes) / sizeof(stes[0]); i++) {
		const struct word_case *c = &stes[i];
		uint64_t ste[4] = { 0x2001 | c->config << 1, 0x54, STE2_WORD,
				    STE3_WORD };
		enum smmu_event event;
		uint64_t stalls[4];

		ste[c->word] = (ste[c->word] & ~c->clear) | c->set;
		memcpy(stalls, cd, sizeof(cd));
		print_message("%s\n", c->why);
		event = event_with(c->feature, ste, stalls);
		assert_true((event == SMMU_C_BAD_STE) == c->illegal);
	}
}

static const struct word_case cds[] = {
	{ "as it is", DEFAULT, 5, 0, 0, 0, false },
	{ "V", DEFAULT, 5, 0, BIT(31), 0, true },
	{ "AA64", DEFAULT, 5, 0, BIT(41), 0, true },
	{ "HA", DEFAULT, 5, 0, 0, BIT(43), true },
	{ "HD", DEFAULT, 5, 0, 0, BIT(42), true },
	{ "A", DEFAULT, 5, 0, BIT(46), 0, false },
	{ "A, aborts alone", ABORT_ONLY, 5, 0, BIT(46), 0, true },
	{ "S", DEFAULT, 5, 0, 0, BIT(44), false },
	{ "S, no stalls", TERMINATE, 5, 0, 0, BIT(44), true },
	{ "no S, stalls alone", STALL, 5, 0, 0, 0, true },
	{ "S, stalls alone", STALL, 5, 0, 0, BIT(44), false },
	{ "ENDI", DEFAULT, 5, 0, 0, BIT(15), true },
	{ "ENDI, both halves disabled", DEFAULT, 5, 0, 0, BIT(15) | BIT(14),
	  false },
	{ "ASID of 16 bits", ASID8, 5, 0, 0, BIT(56), true },
	{ "ASID of 8 bits", ASID8, 5, 0, 0, 0, false },
	{ "T0SZ 15", DEFAULT, 5, 0, 0x3f, 15, true },
	{ "T0SZ 40", DEFAULT, 5, 0, 0x3f, 40, true },
	{ "T0SZ 40, disabled", DEFAULT, 5, 0, 0x3f, 40 | BIT(14), false },
	{ "TG0 3", DEFAULT, 5, 0, 0, 3 << 6, true },
	{ "TG0 16K", NO_16K, 5, 0, 0, 2 << 6, true },
	{ "TTB0 beyond IPS", DEFAULT, 5, 1, 0, BIT(48), true },
	{ "TTB0 beyond IPS 0", DEFAULT, 5, 0, MASK(32, 3), 0, false },
	/* TTB1's side: T1SZ and TG1 are 0. */
	{ "T1SZ 0", DEFAULT, 5, 0, BIT(30), 2 << 22, true },
	{ "TG1 0", DEFAULT, 5, 0, BIT(30), 16 << 16, true },
	{ "TTB1's side valid", DEFAULT, 5, 0, BIT(30), 2 << 22 | 16 << 16,
	  false },
};

static void cds_that_must_not_be(void **state)
{
	static const uint64_t ste[4] = { STE_S1, 0x54, STE2_WORD, STE3_WORD };

	(void)state;
	for (unsigned int i = 0; i < sizeof(cds) / sizeof(cds[0]); i++) {
		const struct word_case *c = &cds[i];
		uint64_t cd[4] = { CD0_WORD, CD1_WORD, 0, 0xff };
		enum smmu_event event;

		cd[c->word] = (cd[c->word] & ~c->clear) | c->set;
		print_message("%s\n", c->why);
		event = event_with(c->feature, ste, cd);
		assert_true((event == SMMU_C_BAD_CD) == c->illegal);
	}
}

/* S1STALLD forbids the CDs behind it to stall. */
static void s1stalld(void **state)
{
	const uint64_t ste[4] = { STE_S1, 0x54 | BIT(27), STE2_WORD,
				  STE3_WORD };
	uint64_t cd[4] = { CD0_WORD | BIT(44), CD1_WORD, 0, 0xff };

	(void)state;
	assert_int_equal(event_with(DEFAULT, ste, cd), SMMU_C_BAD_CD);
	cd[0] = CD0_WORD;
	assert_int_equal(event_with(DEFAULT, ste, cd), SMMU_NO_EVENT);
}

/* Config 0 to 3: nothing passes, and nothing is said. */
static void aborting_stes(void **state)
{
	static const uint64_t cd[4];

	(void)state;
	for (uint64_t config = 0; config < 4; config++) {
		const uint64_t ste[4] = { 1 | config << 1, 0, 0, 0 };

		assert_int_equal(event_with(DEFAULT, ste, cd), SMMU_NO_EVENT);
	}
}

/* ---- what is allowed, and what comes out ---- */

static void permissions(void **state)
{
	static const struct {
		uint64_t leaf, cd;
		bool write, privileged, instruction, fine;
	} cases[] = {
		{ 0x7f43, 0, true, false, false, true },
		{ 0x7f03, 0, false, false, false, false }, /* EL1 alone */
		{ 0x7f03, 0, true, true, false, true },
		{ 0x7fc3, 0, false, false, false, true },
		{ 0x7fc3, 0, true, true, false, false },
		{ 0x7f43, 0, false, true, true, false }, /* EL0 writes */
		{ 0x7f43, 0, false, false, true, true },
		{ 0x7f43 | BIT(54), 0, false, false, true, false }, /* UXN */
		{ 0x7fc3 | BIT(53), 0, false, true, true, false },  /* PXN */
		{ 0x7f43, BIT(36), false, false, true, false },	    /* WXN */
		{ 0x7f43, BIT(40), true, true, false, false },	    /* PAN */
		{ 0x7f43, BIT(40), true, false, false, true },
		{ 0x7f03, BIT(40), true, true, false, true },
		{ 0x7b43, BIT(35), true, false, false, true }, /* AFFD */
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig *rig = rig_new(STE_S1);
		const struct smmu_request r = {
			.address = RIG_VA,
			.bytes = 4,
			.sid = RIG_SID,
			.write = cases[i].write,
			.privileged = cases[i].privileged,
			.instruction = cases[i].instruction,
		};

		rig_put(rig, 0x23020, cases[i].leaf);
		rig_put(rig, RIG_CD, CD0_WORD | cases[i].cd);
		assert_int_equal(rig_request(rig, &r), cases[i].fine
							       ? SMMU_TRANSLATED
							       : SMMU_ABORTED);
		/* From the TLB the same. */
		assert_int_equal(rig_request(rig, &r), cases[i].fine
							       ? SMMU_TRANSLATED
							       : SMMU_ABORTED);
		rig_free(rig);
	}
}

/* HAD0: what tables restrict does not count. */
static void hierarchical_disable(void **state)
{
	struct rig *rig = rig_new(STE_S1);

	(void)state;
	rig_put(rig, 0x20008, 0x21003 | BIT(62)); /* APTable: read-only */
	assert_int_equal(rig_ask(rig, RIG_VA, true), SMMU_ABORTED);
	rig_put(rig, RIG_CD + 8, CD1_WORD | BIT(1));
	rig_command(rig, UINT64_C(5) << 32 | 0x05, 0);
	rig_command(rig, 0x30, 0);
	assert_int_equal(rig_ask(rig, RIG_VA, true), SMMU_TRANSLATED);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stes_that_must_not_be),
		cmocka_unit_test(cds_that_must_not_be),
		cmocka_unit_test(s1stalld),
		cmocka_unit_test(aborting_stes),
		cmocka_unit_test(permissions),
		cmocka_unit_test(hierarchical_disable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
