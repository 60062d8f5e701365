/* SPDX-License-Identifier: BSD-2-Clause */
/* Each event from raw table bytes, its record word by word. IHI0070 7.3. */
#include "tests/unit/models/smmu_rig.h"

#define SID5 (UINT64_C(5) << 32)

/* Changes of the rig, a request, and the record that they make. */
struct event_case {
	const char *why;
	uint64_t ste0;
	struct {
		uint64_t pa, raw;
	} put[3];
	uint64_t address;
	unsigned int how;
	uint64_t record[4];
};
/* How it is accessed, and with which SubstreamID. */
#define READ	   0u
#define WRITE	   1u
#define PRIVILEGED 2u
#define FETCH	   4u
#define SSID(n)	   ((n) << 8)

/* S1CDMax 3, linear: CDs 0 to 7 at 0x2000. */
#define STE_SUBSTREAMS (STE_S1 | UINT64_C(3) << 59)
/* S1Fmt 1, 256 substreams: L1CDs at 0x4000. */
#define STE_CD2L (0x400b | UINT64_C(1) << 4 | UINT64_C(8) << 59)

static const struct event_case cases[] = {
	{ "STE.V",
	  STE_S1 & ~UINT64_C(1),
	  { { 0, 0 } },
	  RIG_VA,
	  READ,
	  { SID5 | 0x04, 0, 0, 0 } },
	{ "CD.V",
	  STE_S1,
	  { { RIG_CD, CD0_WORD & ~BIT(31) } },
	  RIG_VA,
	  READ,
	  { SID5 | 0x0a, 0, 0, 0 } },
	{ "CD out of reach",
	  (STE_S1 & 0x3f) | 0x3fff000,
	  { { 0, 0 } },
	  RIG_VA,
	  WRITE,
	  { SID5 | 0x09, 0, 0, 0x3fff000 } },
	{ "the CD's IPA is not mapped",
	  (STE_NESTED & 0x3f) | RIG_NOWHERE,
	  { { 0, 0 } },
	  RIG_VA,
	  WRITE,
	  { SID5 | 0x10, UINT64_C(0x0000008000000000), RIG_VA, RIG_NOWHERE } },
	{ "stage 1: no entry",
	  STE_S1,
	  { { 0x22018, 0 } },
	  RIG_VA,
	  READ,
	  { SID5 | 0x10, UINT64_C(0x0000020800000000), RIG_VA, 0 } },
	{ "stage 1: output size",
	  STE_S1,
	  { { RIG_CD, (CD0_WORD & ~MASK(32, 3)) },
	    { 0x23020, UINT64_C(0x100007f43) } },
	  RIG_VA,
	  WRITE,
	  { SID5 | 0x11, UINT64_C(0x0000020000000000), RIG_VA, 0 } },
	{ "stage 1: AF",
	  STE_S1,
	  { { 0x23020, 0x7b43 } },
	  RIG_VA,
	  WRITE,
	  { SID5 | 0x12, UINT64_C(0x0000020000000000), RIG_VA, 0 } },
	{ "stage 1: read-only",
	  STE_S1,
	  { { 0x23020, 0x7fc3 } },
	  RIG_VA,
	  WRITE,
	  { SID5 | 0x13, UINT64_C(0x0000020000000000), RIG_VA, 0 } },
	{ "stage 1: descriptor out of reach",
	  STE_S1,
	  { { 0x21010, RIG_NOWHERE | 3 } },
	  RIG_VA,
	  READ,
	  { SID5 | 0x0b, UINT64_C(0x0000010800000000), RIG_VA,
	    RIG_NOWHERE | 0x18 } },
	{ "stage 2: no entry",
	  STE_S2,
	  { { 0x13038, 0 } },
	  RIG_PA,
	  WRITE,
	  { SID5 | 0x10, UINT64_C(0x0000028000000000), RIG_PA, 0x7000 } },
	{ "stage 2: output size",
	  STE_S2,
	  { { RIG_STE + 16, STE2_WORD & ~MASK(48, 3) },
	    { 0x13038, UINT64_C(0x1000077ff) } },
	  RIG_PA,
	  READ,
	  { SID5 | 0x11, UINT64_C(0x0000028800000000), RIG_PA, 0x7000 } },
	{ "stage 2: AF",
	  STE_S2,
	  { { 0x13038, 0x73ff } },
	  RIG_PA,
	  WRITE,
	  { SID5 | 0x12, UINT64_C(0x0000028000000000), RIG_PA, 0x7000 } },
	{ "stage 2: read-only",
	  STE_S2,
	  { { 0x13038, 0x777f } },
	  RIG_PA,
	  WRITE,
	  { SID5 | 0x13, UINT64_C(0x0000028000000000), RIG_PA, 0x7000 } },
	{ "stage 2: descriptor out of reach",
	  STE_S2,
	  { { 0x12000, RIG_NOWHERE | 3 } },
	  RIG_PA,
	  WRITE,
	  { SID5 | 0x0b, UINT64_C(0x0000028000000000), RIG_PA,
	    RIG_NOWHERE | 0x38 } },
	{ "both: a stage-1 table that stage 2 forbids to read",
	  STE_NESTED,
	  { { 0x13110, 0x227bf } },
	  RIG_VA,
	  WRITE,
	  { SID5 | 0x13, UINT64_C(0x0000118000000000), RIG_VA, 0x22000 } },
	{ "both: the final IPA",
	  STE_NESTED,
	  { { 0x13038, 0 } },
	  RIG_VA,
	  READ,
	  { SID5 | 0x10, UINT64_C(0x0000028800000000), RIG_VA, 0x7000 } },
	{ "stage 1 bypassed: beyond the IAS",
	  STE_S2,
	  { { 0, 0 } },
	  UINT64_C(0x0001000000000000),
	  WRITE,
	  { SID5 | 0x11, UINT64_C(0x0000020000000000),
	    UINT64_C(0x0001000000000000), 0 } },
	{ "a substream's STE",
	  STE_S1 & ~UINT64_C(1),
	  { { 0, 0 } },
	  RIG_VA,
	  SSID(7u),
	  { SID5 | 7 << 12 | 1 << 11 | 0x04, 0, 0, 0 } },
	{ "an L1CD out of reach",
	  (STE_CD2L & ~UINT64_C(0x4000)) | RIG_NOWHERE,
	  { { 0, 0 } },
	  RIG_VA,
	  SSID(70u),
	  { SID5 | 70 << 12 | 1 << 11 | 0x09, 0, 0, RIG_NOWHERE | 8 } },
	{ "an L1CD's table out of reach",
	  STE_CD2L,
	  { { 0x4008, RIG_NOWHERE | 1 } },
	  RIG_VA,
	  SSID(70u),
	  { SID5 | 70 << 12 | 1 << 11 | 0x09, 0, 0, RIG_NOWHERE | 0x180 } },
	{ "an L1CD that is not valid",
	  STE_CD2L,
	  { { 0x4008, 0x5000 } },
	  RIG_VA,
	  SSID(70u),
	  { SID5 | 70 << 12 | 0x08, 0, 0, 0 } },
	{ "both: the CD's PA out of reach",
	  STE_NESTED,
	  { { 0x13010, RIG_NOWHERE | 0x7ff } },
	  RIG_VA,
	  WRITE,
	  { SID5 | 0x09, 0, 0, RIG_NOWHERE } },
	{ "both: a table of the CD's IPA out of reach",
	  (STE_NESTED & 0x3f) | 0x203040,
	  { { 0x12008, RIG_NOWHERE | 3 } },
	  RIG_VA,
	  WRITE,
	  { SID5 | 0x0b, UINT64_C(0x0000008000000000), RIG_VA,
	    RIG_NOWHERE | 0x18 } },
	{ "both: the CD's IPA, AF",
	  STE_NESTED,
	  { { 0x13010, 0x23ff } },
	  RIG_VA,
	  READ,
	  { SID5 | 0x12, UINT64_C(0x0000008800000000), RIG_VA, 0x2000 } },
	{ "both: the CD's IPA may not be read",
	  STE_NESTED,
	  { { 0x13010, 0x27bf } },
	  RIG_VA,
	  READ,
	  { SID5 | 0x13, UINT64_C(0x0000008800000000), RIG_VA, 0x2000 } },
	{ "both: the CD's IPA, output size",
	  STE_NESTED,
	  { { RIG_STE + 16, STE2_WORD & ~MASK(48, 3) },
	    { 0x13010, UINT64_C(0x1000027ff) } },
	  RIG_VA,
	  READ,
	  { SID5 | 0x11, UINT64_C(0x0000008800000000), RIG_VA, 0x2000 } },
	{ "both: a table of a stage-1 table's IPA out of reach",
	  STE_NESTED,
	  { { 0x20008, 0x200003 }, { 0x12008, RIG_NOWHERE | 3 } },
	  RIG_VA,
	  WRITE,
	  { SID5 | 0x0b, UINT64_C(0x0000018000000000), RIG_VA, RIG_NOWHERE } },
	{ "both: a stage-1 table not mapped",
	  STE_NESTED,
	  { { 0x13110, 0 } },
	  RIG_VA,
	  WRITE,
	  { SID5 | 0x10, UINT64_C(0x0000018000000000), RIG_VA, 0x22000 } },
	{ "both: a stage-1 table, AF",
	  STE_NESTED,
	  { { 0x13110, 0x223ff } },
	  RIG_VA,
	  WRITE,
	  { SID5 | 0x12, UINT64_C(0x0000018000000000), RIG_VA, 0x22000 } },
	{ "both: a stage-1 table, output size",
	  STE_NESTED,
	  { { RIG_STE + 16, STE2_WORD & ~MASK(48, 3) },
	    { 0x13110, UINT64_C(0x1000227ff) } },
	  RIG_VA,
	  WRITE,
	  { SID5 | 0x11, UINT64_C(0x0000018000000000), RIG_VA, 0x22000 } },
	{ "both: a stage-1 descriptor's PA out of reach",
	  STE_NESTED,
	  { { 0x13110, RIG_NOWHERE | 0x7ff } },
	  RIG_VA,
	  READ,
	  { SID5 | 0x0b, UINT64_C(0x0000010800000000), RIG_VA,
	    RIG_NOWHERE | 0x18 } },
	{ "stage 1: a table beyond the output size",
	  STE_S1,
	  { { RIG_CD, (CD0_WORD & ~MASK(32, 3)) },
	    { 0x21010, UINT64_C(0x100022003) } },
	  RIG_VA,
	  READ,
	  { SID5 | 0x11, UINT64_C(0x0000020800000000), RIG_VA, 0 } },
	{ "stage 1: EL1's, of a substream, unprivileged",
	  STE_SUBSTREAMS,
	  { { RIG_CD + 64, CD0_WORD },
	    { RIG_CD + 72, CD1_WORD },
	    { 0x23020, 0x7f03 } },
	  RIG_VA,
	  SSID(1u),
	  { SID5 | 1 << 12 | 1 << 11 | 0x13, UINT64_C(0x0000020800000000),
	    RIG_VA, 0 } },
	{ "stage 1: PXN, a privileged fetch",
	  STE_S1,
	  { { 0x23020, 0x7f43 | BIT(53) } },
	  RIG_VA,
	  PRIVILEGED | FETCH,
	  { SID5 | 0x13, UINT64_C(0x0000020e00000000), RIG_VA, 0 } },
	{ "stage 2: XN, a fetch",
	  STE_S2,
	  { { 0x13038, 0x77ff | BIT(54) } },
	  RIG_PA,
	  FETCH,
	  { SID5 | 0x13, UINT64_C(0x0000028c00000000), RIG_PA, 0x7000 } },
	{ "bypass: beyond the OAS",
	  9,
	  { { 0, 0 } },
	  UINT64_C(0x8000000000000000),
	  READ,
	  { SID5 | 0x11, UINT64_C(0x0000020800000000),
	    UINT64_C(0x8000000000000000), 0 } },
};

static void each_event_has_its_record(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct event_case *c = &cases[i];
		struct rig *rig = rig_new(c->ste0);
		const struct smmu_request r = {
			.address = c->address,
			.bytes = 4,
			.sid = RIG_SID,
			.write = c->how & WRITE,
			.privileged = c->how & PRIVILEGED,
			.instruction = c->how & FETCH,
			.ssv = c->how >> 8 != 0,
			.ssid = c->how >> 8,
		};

		print_message("%s\n", c->why);
		for (unsigned int k = 0; k < 3; k++)
			if (c->put[k].pa)
				rig_put(rig, c->put[k].pa, c->put[k].raw);
		assert_int_equal(rig_request(rig, &r), SMMU_ABORTED);
		assert_true(rig->out.recorded);
		assert_int_equal(rig->out.event, c->record[0] & 0xff);
		assert_int_equal(rig->wired[SMMU_IRQ_EVENTQ], 1);
		rig_expect_record(rig, c->record[0], c->record[1], c->record[2],
				  c->record[3]);
		rig_expect_no_record(rig);
		rig_free(rig);
	}
}

static void streams_out_of_range(void **state)
{
	struct rig *rig = rig_new(STE_S1);
	struct smmu_request r = { .address = RIG_VA, .sid = 16, .bytes = 4 };

	(void)state;
	assert_int_equal(rig_request(rig, &r), SMMU_ABORTED);
	rig_expect_record(rig, UINT64_C(0x1000000002), 0, 0, 0);
	/* Without RECINVSID nobody hears of it. */
	rig_reg(rig, 0x20, 0xc);
	rig_reg(rig, 0x2c, 0);
	rig_reg(rig, 0x20, 0xd);
	assert_int_equal(rig_request(rig, &r), SMMU_ABORTED);
	assert_int_equal(rig->out.event, SMMU_NO_EVENT);
	rig_expect_no_record(rig);
	rig_free(rig);
}

static void stream_table_out_of_reach(void **state)
{
	struct rig *rig = rig_new(STE_S1);

	(void)state;
	rig_reg(rig, 0x20, 0xc);
	rig_reg(rig, 0x80, RIG_NOWHERE);
	rig_reg(rig, 0x20, 0xd);
	rig_ask(rig, RIG_VA, false);
	rig_expect_record(rig, SID5 | 0x03, 0, 0, RIG_NOWHERE + 5 * 64);
	rig_free(rig);
}

/* LOG2SIZE beyond IDR1.SIDSIZE, 16, and a SPLIT that is reserved: as SIDSIZE,
 * which the base is aligned for, and as 6. 6.3.24, 6.3.25. */
static void reserved_table_sizes_have_their_effect(void **state)
{
	static const uint32_t two_levels[] = {
		0x10000 | 6 << 6 | 63,
		0x10000 | 0 << 6 | 8,
		0x10000 | 7 << 6 | 8,
		0x10000 | 31 << 6 | 63,
	};
	struct rig *rig;

	(void)state;
	for (unsigned int i = 0; i < sizeof(two_levels) / sizeof(two_levels[0]);
	     i++) {
		rig = rig_new(STE_S1);
		rig_reg(rig, 0x20, 0xc);
		rig_reg(rig, 0x80, 0x8000);
		rig_reg(rig, 0x88, two_levels[i]);
		rig_reg(rig, 0x20, 0xd);
		rig_put(rig, 0x8000, 0x1000 | 7);
		rig_ask(rig, RIG_VA, false);
		assert_int_equal(rig->out.event, SMMU_NO_EVENT);
		rig_free(rig);
	}
	/* Linear: 0x1000 is not aligned to a table of so many. */
	rig = rig_new(STE_S1);
	rig_put(rig, RIG_STE, 0);
	rig_reg(rig, 0x20, 0xc);
	rig_reg(rig, 0x88, 63);
	rig_reg(rig, 0x20, 0xd);
	rig_put(rig, 64 * RIG_SID, STE_S1);
	rig_put(rig, 64 * RIG_SID + 8, 0x54);
	rig_ask(rig, RIG_VA, false);
	assert_int_equal(rig->out.event, SMMU_NO_EVENT);
	rig_free(rig);
}

/* Two levels: SPLIT 6, a first-level entry at 0x3000 for streams 0 to 63. */
static void two_level_stream_tables(void **state)
{
	static const struct {
		uint64_t base, std;
		uint64_t word0, word3; /* of the record; 0: none */
	} spans[] = {
		{ 0x3000, 0x1000 | 7, 0, 0 },
		{ 0x3000, 0x1000 | 4, 0, 0 },		/* 8 STEs, 512 bytes */
		{ 0x3000, 0x1000 | 3, SID5 | 0x02, 0 }, /* 4 STEs */
		{ 0x3000, 0x1000 | 0, SID5 | 0x02, 0 },
		{ 0x3000, 0x1000 | 8, SID5 | 0x02, 0 }, /* above SPLIT + 1 */
		{ 0x3000, 0x1000 | 12, SID5 | 0x02, 0 },
		{ 0x3000, 0x1000 | 31, SID5 | 0x02, 0 },
		{ 0x3000, RIG_NOWHERE | 7, SID5 | 0x03, RIG_NOWHERE + 5 * 64 },
		{ RIG_NOWHERE, 0, SID5 | 0x03, RIG_NOWHERE },
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
		struct rig *rig = rig_new(STE_S1);

		rig_reg(rig, 0x20, 0xc);
		rig_reg(rig, 0x80, spans[i].base);
		rig_reg(rig, 0x88, 0x10000 | 6 << 6 | 8);
		rig_reg(rig, 0x20, 0xd);
		rig_put(rig, 0x3000, spans[i].std);
		rig_ask(rig, RIG_VA, false);
		if (spans[i].word0)
			rig_expect_record(rig, spans[i].word0, 0, 0,
					  spans[i].word3);
		else
			assert_int_equal(rig->out.result, SMMU_TRANSLATED);
		rig_expect_no_record(rig);
		rig_free(rig);
	}
}

static void ask_substream(struct rig *rig, bool ssv, uint32_t ssid)
{
	const struct smmu_request r = { .address = RIG_VA,
					.bytes = 4,
					.sid = RIG_SID,
					.ssid = ssid,
					.ssv = ssv };

	rig_request(rig, &r);
}

static void substreams(void **state)
{
	struct rig *rig = rig_new(STE_SUBSTREAMS);

	(void)state;
	rig_put(rig, RIG_CD + 5 * 64, CD0_WORD);
	rig_put(rig, RIG_CD + 5 * 64 + 8, CD1_WORD);
	ask_substream(rig, true, 5);
	assert_int_equal(rig->out.result, SMMU_TRANSLATED);
	assert_int_equal(rig->out.pa, RIG_PA);
	/* 3 has no CD; 8 is none of 8. */
	ask_substream(rig, true, 3);
	rig_expect_record(rig, SID5 | 3 << 12 | 1 << 11 | 0x0a, 0, 0, 0);
	ask_substream(rig, true, 8);
	rig_expect_record(rig, SID5 | 8 << 12 | 0x08, 0, 0, 0);
	/* S1DSS 0: without a substream nothing goes. */
	ask_substream(rig, false, 0);
	rig_expect_record(rig, SID5 | 0x06, 0, 0, 0);
	/* S1DSS 1: it bypasses stage 1. */
	rig_put(rig, RIG_STE + 8, 0x55);
	rig_command(rig, SID5 | 0x03, 0);
	ask_substream(rig, false, 0);
	assert_int_equal(rig->out.result, SMMU_BYPASSED);
	assert_int_equal(rig->out.pa, RIG_VA);
	/* S1DSS 2: CD 0 is theirs, and nobody else's. */
	rig_put(rig, RIG_STE + 8, 0x56);
	rig_command(rig, SID5 | 0x03, 0);
	ask_substream(rig, false, 0);
	assert_int_equal(rig->out.result, SMMU_TRANSLATED);
	ask_substream(rig, true, 0);
	rig_expect_record(rig, SID5 | 1 << 11 | 0x06, 0, 0, 0);
	rig_free(rig);
}

static void substreams_without_stage_1(void **state)
{
	static const uint64_t ste0[] = { STE_S2, 9, STE_S1 };

	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		struct rig *rig = rig_new(ste0[i]);

		ask_substream(rig, true, 1);
		rig_expect_record(rig, SID5 | 1 << 12 | 0x08, 0, 0, 0);
		rig_free(rig);
	}
}

/* S1Fmt 1: tables of 64 CDs below 0x4000. Substream 70: entry 1, CD 6. */
static void two_level_cd_tables(void **state)
{
	struct rig *rig = rig_new(STE_CD2L);

	(void)state;
	rig_put(rig, 0x4008, 0x5001);
	rig_put(rig, 0x5000 + 6 * 64, CD0_WORD);
	rig_put(rig, 0x5000 + 6 * 64 + 8, CD1_WORD);
	ask_substream(rig, true, 70);
	assert_int_equal(rig->out.result, SMMU_TRANSLATED);
	assert_int_equal(rig->out.pa, RIG_PA);
	assert_int_equal(rig->out.read[1].kind, SMMU_READ_L1CD);
	assert_int_equal(rig->out.read[1].pa, 0x4008);
	ask_substream(rig, true, 140);
	rig_expect_record(rig, SID5 | 140 << 12 | 0x08, 0, 0, 0);
	rig_free(rig);
}

static void unsupported_transactions(void **state)
{
	struct rig *rig = rig_new(STE_S1);
	const struct smmu_request r = { .address = RIG_VA,
					.sid = RIG_SID,
					.write = true,
					.privileged = true,
					.unsupported = true };

	(void)state;
	rig_request(rig, &r);
	rig_expect_record(rig, SID5 | 0x01, UINT64_C(0x0000000200000000),
			  RIG_VA, 0);
	rig_free(rig);
}

/* What IDR0 does not offer is no silent success. */
static void ats_is_not_modelled(void **state)
{
	struct rig *rig = rig_new(STE_S1);
	struct smmu_request r = { .address = RIG_VA,
				  .sid = RIG_SID,
				  .ats = SMMU_ATS_REQUEST };

	(void)state;
	assert_int_equal(rig_get(rig, 0) & 1 << 10, 0);
	assert_int_equal(rig_request(rig, &r), SMMU_NOT_MODELLED);
	assert_non_null(rig->out.why);
	r.ats = SMMU_ATS_TRANSLATED;
	assert_int_equal(rig_request(rig, &r), SMMU_NOT_MODELLED);
	rig_free(rig);
}

/* The first of 7.3.22's list wins. */
static void priorities(void **state)
{
	struct rig *rig = rig_new(STE_SUBSTREAMS & ~UINT64_C(1));

	(void)state;
	rig_put(rig, RIG_CD, 0);
	rig_put(rig, 0x20008, 0);
	ask_substream(rig, true, 8);
	assert_int_equal(rig->out.event, SMMU_C_BAD_STE);
	rig_put(rig, RIG_STE, STE_SUBSTREAMS);
	rig_command(rig, SID5 | 0x03, 0);
	ask_substream(rig, true, 8);
	assert_int_equal(rig->out.event, SMMU_C_BAD_SUBSTREAMID);
	ask_substream(rig, false, 0);
	assert_int_equal(rig->out.event, SMMU_F_STREAM_DISABLED);
	ask_substream(rig, true, 0);
	assert_int_equal(rig->out.event, SMMU_C_BAD_CD);
	rig_put(rig, RIG_CD, CD0_WORD);
	rig_command(rig, SID5 | 0x03, 0);
	ask_substream(rig, true, 0);
	assert_int_equal(rig->out.event, SMMU_F_TRANSLATION);
	rig_free(rig);
}

static void faults_that_nobody_wants_recorded(void **state)
{
	struct rig *rig = rig_new(STE_S1);

	(void)state;
	rig_put(rig, 0x22018, 0);
	rig_put(rig, RIG_CD, CD0_WORD & ~BIT(45)); /* R */
	assert_int_equal(rig_ask(rig, RIG_VA, true), SMMU_ABORTED);
	rig_put(rig, RIG_CD, CD0_WORD & ~MASK(45, 2)); /* R, A */
	rig_command(rig, SID5 | 0x05, 0);
	assert_int_equal(rig_ask(rig, RIG_VA, true), SMMU_RAZ_WI);
	rig_put(rig, RIG_CD, CD0_WORD & ~BIT(46)); /* A */
	rig_command(rig, SID5 | 0x05, 0);
	rig_expect_no_record(rig);
	assert_int_equal(rig_ask(rig, RIG_VA, true), SMMU_RAZ_WI);
	assert_true(rig->out.recorded);
	rig_free(rig);
}

/* Four records fit; the fifth is lost and the flag toggles once. */
static void overflow(void **state)
{
	struct rig *rig = rig_new(STE_S1 & ~UINT64_C(1));

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		rig_ask(rig, RIG_VA, false);
		assert_true(rig->out.recorded);
	}
	assert_int_equal(rig_get(rig, 0x100a8), 4);
	for (unsigned int i = 0; i < 3; i++) {
		rig_ask(rig, RIG_VA, false);
		assert_true(rig->out.lost);
		assert_int_equal(rig_get(rig, 0x100a8), UINT32_C(0x80000004));
	}
	/* Room, not acknowledged: records again, and no second toggle. */
	rig_reg(rig, 0x100ac, 1);
	rig_ask(rig, RIG_VA, false);
	assert_true(rig->out.recorded);
	rig_ask(rig, RIG_VA, false);
	assert_int_equal(rig_get(rig, 0x100a8), UINT32_C(0x80000005));
	/* Acknowledged: the next overflow toggles it back. */
	rig_reg(rig, 0x100ac, UINT32_C(0x80000001));
	rig_ask(rig, RIG_VA, false);
	assert_int_equal(rig_get(rig, 0x100a8), 5);
	assert_int_equal(rig->wired[SMMU_IRQ_EVENTQ], 1);
	rig_free(rig);
}

/* Sizes that the SMMU does not have, one record, pointers beyond the queue. */
static void hostile_event_queues(void **state)
{
	struct rig *rig = rig_new(STE_S1 & ~UINT64_C(1));

	(void)state;
	/* One record: full with it. */
	rig_reg(rig, 0x20, 0);
	rig_reg(rig, 0xa0, RIG_EVENTQ);
	rig_reg(rig, 0x20, 0xd);
	rig_ask(rig, RIG_VA, false);
	assert_true(rig->out.recorded);
	assert_int_equal(rig_get(rig, 0x100a8), 1);
	rig_ask(rig, RIG_VA, false);
	assert_true(rig->out.lost);
	rig_reg(rig, 0x100ac, 1);
	rig_ask(rig, RIG_VA, false);
	assert_int_equal(rig_get(rig, 0x100a8) & 0xfffff, 0);
	/* CONS anywhere: what is full is full, the rest is written below PROD,
	 * whose bits above the size stay. */
	rig_reg(rig, 0x20, 0);
	rig_reg(rig, 0xa0, RIG_EVENTQ | 2);
	rig_reg(rig, 0x100a8, 0xffff7);
	rig_reg(rig, 0x100ac, 0x12345);
	rig_reg(rig, 0x20, 0xd);
	rig_put(rig, RIG_EVENTQ + 3 * 32, 0);
	rig_ask(rig, RIG_VA, false);
	assert_true(rig->out.recorded);
	assert_int_equal(rig->memory[(RIG_EVENTQ + 3 * 32) / 8], SID5 | 0x04);
	assert_int_equal(rig_get(rig, 0x100a8), 0xffff0);
	/* At the end of memory, as large as can be written down. */
	rig_reg(rig, 0x20, 0);
	rig_reg(rig, 0xa0, UINT64_C(0x000fffffffffffe0) | 31);
	rig_reg(rig, 0x20, 0xd);
	rig_ask(rig, RIG_VA, false);
	assert_true(rig->out.lost);
	assert_int_equal(rig_get(rig, 0x60), 4);
	rig_free(rig);
}

/* A million faults: four are told, none is forgotten in the counts. */
static void a_flood(void **state)
{
	struct rig *rig = rig_new(STE_S1);
	struct smmu_counters counters;

	(void)state;
	rig_put(rig, 0x22018, 0);
	for (unsigned int i = 0; i < 1000000; i++)
		rig_ask(rig, RIG_VA, true);
	smmu_counters(rig->smmu, &counters);
	assert_int_equal(counters.events.recorded, 4);
	assert_int_equal(counters.events.lost, 999996);
	assert_int_equal(counters.events.by_kind[SMMU_F_TRANSLATION], 1000000);
	assert_int_equal(counters.aborted, 1000000);
	assert_int_equal(rig->wired[SMMU_IRQ_EVENTQ], 1);
	assert_int_equal(rig_get(rig, 0x100a8), UINT32_C(0x80000004));
	rig_free(rig);
}

static void a_queue_that_cannot_be_written(void **state)
{
	struct rig *rig = rig_new(STE_S1 & ~UINT64_C(1));

	(void)state;
	rig->refuse_writes = true;
	rig_ask(rig, RIG_VA, false);
	assert_true(rig->out.lost);
	assert_int_equal(rig_get(rig, 0x60), 4);
	assert_int_equal(rig->wired[SMMU_IRQ_GERROR], 1);
	/* Until it is acknowledged nothing is written. */
	rig->refuse_writes = false;
	rig_ask(rig, RIG_VA, false);
	rig_expect_no_record(rig);
	rig_reg(rig, 0x64, 4);
	rig_ask(rig, RIG_VA, false);
	assert_true(rig->out.recorded);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_event_has_its_record),
		cmocka_unit_test(streams_out_of_range),
		cmocka_unit_test(stream_table_out_of_reach),
		cmocka_unit_test(reserved_table_sizes_have_their_effect),
		cmocka_unit_test(two_level_stream_tables),
		cmocka_unit_test(substreams),
		cmocka_unit_test(substreams_without_stage_1),
		cmocka_unit_test(two_level_cd_tables),
		cmocka_unit_test(unsupported_transactions),
		cmocka_unit_test(ats_is_not_modelled),
		cmocka_unit_test(priorities),
		cmocka_unit_test(faults_that_nobody_wants_recorded),
		cmocka_unit_test(overflow),
		cmocka_unit_test(hostile_event_queues),
		cmocka_unit_test(a_flood),
		cmocka_unit_test(a_queue_that_cannot_be_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
