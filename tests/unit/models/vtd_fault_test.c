/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every fault reason, from raw table words, with its record field by field;
 * FPD; overflow; events. VT-d 4.1 §7.1.3, §7.2, §11.4.7.
 */
#include "tests/unit/models/vtd_rig.h"

enum tables { LEGACY, SECOND, FIRST, NESTED, PASS };

struct row {
	enum vtd_reason want;
	enum tables tables;
	const char *why;
	struct {
		uint64_t pa, raw;
	} put[4];	 /* beside what makes sense */
	uint64_t iova;	 /* 0: RIG_IOVA */
	uint64_t rtaddr; /* 0: the usual one */
	bool write, pasid, execute, privileged;
	bool refuse_updates, eight_bytes;
	void (*alter)(struct vtd_config *config); /* what the unit lacks */
};

static void no_pasids(struct vtd_config *c)
{
	c->pasid_bits = 0;
}
static void pasids_of_two_bits(struct vtd_config *c)
{
	c->pasid_bits = 2;
}
static void no_rid_pasid(struct vtd_config *c)
{
	c->rid_pasid = false;
}
static void no_rid_priv(struct vtd_config *c)
{
	c->rid_priv = false;
}
static void no_supervisor(struct vtd_config *c)
{
	c->rid_priv = c->supervisor = false;
}
static void no_execute(struct vtd_config *c)
{
	c->execute = false;
}
static void no_first_stage(struct vtd_config *c)
{
	c->first_stage = c->nested = false;
}
static void no_second_stage(struct vtd_config *c)
{
	c->second_stage = c->nested = c->second_ad = false;
}
static void domains_of_six_bits(struct vtd_config *c)
{
	c->domain_bits = 6;
}

#define NOWHERE RIG_NOWHERE
static const struct row rows[] = {
	{ VTD_LRT_1, LEGACY, "the root table is nowhere", .rtaddr = NOWHERE },
	{ VTD_LRT_2, LEGACY, "root P", .put = { { 0x1010, 0x2000 } } },
	{ VTD_LRT_3, LEGACY, "root bit 1", .put = { { 0x1010, 0x2003 } } },
	{ VTD_LRT_3, LEGACY, "root, upper word", .put = { { 0x1018, 1 } } },
	{ VTD_LRT_3, LEGACY, "root beyond 48 bits",
	  .put = { { 0x1010, 0x0001000000002001 } } },
	{ VTD_LCT_1, LEGACY, "the context table is nowhere",
	  .put = { { 0x1010, NOWHERE | 1 } } },
	{ VTD_LCT_2, LEGACY, "context P", .put = { { 0x2080, 0x3000 } } },
	{ VTD_LCT_3, LEGACY, "context bit 4", .put = { { 0x2080, 0x3011 } } },
	{ VTD_LCT_3, LEGACY, "context bit 71", .put = { { 0x2088, 0x4282 } } },
	{ VTD_LCT_3, LEGACY, "context bit 88",
	  .put = { { 0x2088, 0x1004202 } } },
	{ VTD_LCT_3, LEGACY, "DID wider than CAP.ND",
	  .alter = domains_of_six_bits },
	{ VTD_LCT_4, LEGACY, "AW of two levels",
	  .put = { { 0x2088, 0x4200 } } },
	{ VTD_LCT_4, LEGACY, "AW of five levels",
	  .put = { { 0x2088, 0x4203 } } },
	{ VTD_LCT_4, LEGACY, "TT 1 without device TLBs",
	  .put = { { 0x2080, 0x3005 } } },
	{ VTD_LCT_4, LEGACY, "TT 3", .put = { { 0x2080, 0x300d } } },
	{ VTD_LCT_4, LEGACY, "the paging root is nowhere",
	  .put = { { 0x2080, NOWHERE | 1 } } },
	{ VTD_LGN_1, LEGACY, "an address of 49 bits",
	  .iova = UINT64_C(0x1000000000000) },
	{ VTD_LGN_1, LEGACY, "an address of 40 bits, 39-bit tables",
	  .put = { { 0x2088, 0x4201 } }, .iova = UINT64_C(0x8000000000) },
	{ VTD_LGN_1, LEGACY, "pass-through beyond 48 bits",
	  .put = { { 0x2080, 0x9 } }, .iova = UINT64_C(0x1000000000000) },
	{ VTD_LGN_2, LEGACY, "a leaf without W", .put = { { 0x6020, 0x7001 } },
	  .write = true },
	{ VTD_LGN_2, LEGACY, "a table entry without W",
	  .put = { { 0x4010, 0x5001 } }, .write = true },
	{ VTD_LGN_3, LEGACY, "a leaf without R",
	  .put = { { 0x6020, 0x7002 } } },
	{ VTD_LGN_3, LEGACY, "nothing there", .put = { { 0x5018, 0 } } },
	{ VTD_LGN_3, LEGACY, "not present: reserved bits do not matter",
	  .put = { { 0x5018, 0x000fffffffffffe8 } } },
	{ VTD_LSS_1, LEGACY, "a table nowhere",
	  .put = { { 0x4010, NOWHERE | 3 } } },
	{ VTD_LSS_2, LEGACY, "PS at level 4", .put = { { 0x3008, 0x4083 } } },
	{ VTD_LSS_2, LEGACY, "a 2 MiB page with bit 12",
	  .put = { { 0x5018, 0x201083 } } },
	{ VTD_LSS_2, LEGACY, "a 1 GiB page with bit 29",
	  .put = { { 0x4010, 0x60000083 } } },
	{ VTD_LSS_2, LEGACY, "bit 48",
	  .put = { { 0x6020, 0x0001000000007003 } } },
	{ VTD_LSS_2, LEGACY, "TM", .put = { { 0x6020, 0x4000000000007003 } } },
	{ VTD_LGN_4, LEGACY, "output 0xfee00000",
	  .put = { { 0x6020, 0xfee00003 } } },
	{ VTD_INT_9, LEGACY, "a read of the interrupt range",
	  .iova = 0xfee00000 },
	{ VTD_INT_9, SECOND, "eight bytes to the interrupt range",
	  .iova = 0xfeefff00, .write = true, .eight_bytes = true },
	{ VTD_INT_9, LEGACY, "an interrupt of no alignment", .iova = 0xfee00002,
	  .write = true },
	{ VTD_RTA_1, LEGACY, "TTM 2", .rtaddr = 0x1800 },
	{ VTD_RTA_2, LEGACY, "a PASID in legacy mode", .pasid = true },
	{ VTD_SRT_1, SECOND, "the root table is nowhere",
	  .rtaddr = NOWHERE | 0x400 },
	{ VTD_SRT_2, SECOND, "root LP", .put = { { 0x1010, 0x2000 } } },
	{ VTD_SRT_3, SECOND, "root bit 2", .put = { { 0x1010, 0x2005 } } },
	{ VTD_SCT_1, SECOND, "the context table is nowhere",
	  .put = { { 0x1010, NOWHERE | 1 } } },
	{ VTD_SCT_2, SECOND, "context P", .put = { { 0x2100, 0x8008 } } },
	{ VTD_SCT_3, SECOND, "context bit 5", .put = { { 0x2100, 0x8029 } } },
	{ VTD_SCT_3, SECOND, "context bit 128", .put = { { 0x2110, 1 } } },
	{ VTD_SCT_3, SECOND, "DTE without device TLBs",
	  .put = { { 0x2100, 0x800d } } },
	{ VTD_SCT_3, SECOND, "PRE without page requests",
	  .put = { { 0x2100, 0x8019 } } },
	{ VTD_SCT_3, SECOND, "PASIDE without PASIDs", .alter = no_pasids },
	{ VTD_SCT_3, SECOND, "RID_PASID without RPS", .alter = no_rid_pasid },
	{ VTD_SCT_3, SECOND, "RID_PRIV without RPRIVS",
	  .put = { { 0x2108, 0x100005 } }, .alter = no_rid_priv },
	{ VTD_SPT_3, FIRST, "SRE without supervisor requests",
	  .put = { { 0x9150, 0xa001 } }, .alter = no_supervisor },
	{ VTD_SCT_4, SECOND, "RID_PASID of 14 bits, 13-bit directory",
	  .put = { { 0x2108, 0x2000 } } },
	{ VTD_SCT_6, SECOND, "PASIDE clear", .put = { { 0x2100, 0x8001 } },
	  .pasid = true },
	{ VTD_SCT_7, SECOND, "a PASID of 14 bits, 13-bit directory",
	  .pasid = true },
	{ VTD_SCT_9, SECOND, "the PASID is RID_PASID's",
	  .put = { { 0x2108, 5 } }, .pasid = true },
	{ VTD_SPD_1, SECOND, "the directory is nowhere",
	  .put = { { 0x2100, NOWHERE | 9 } } },
	{ VTD_SPD_2, SECOND, "directory P", .put = { { 0x8000, 0x9000 } } },
	{ VTD_SPD_3, SECOND, "directory bit 2", .put = { { 0x8000, 0x9005 } } },
	{ VTD_SPT_1, SECOND, "the PASID table is nowhere",
	  .put = { { 0x8000, NOWHERE | 1 } } },
	{ VTD_SPT_2, SECOND, "PASID entry P", .put = { { 0x9140, 0x3088 } } },
	{ VTD_SPT_3, SECOND, "PASID entry bit 10",
	  .put = { { 0x9140, 0x3489 } } },
	{ VTD_SPT_3, SECOND, "PASID entry bit 80",
	  .put = { { 0x9148, 0x810042 } } },
	{ VTD_SPT_3, SECOND, "CD without memory types",
	  .put = { { 0x9148, 0x2800042 } } },
	{ VTD_SPT_3, SECOND, "PAT without memory types",
	  .put = { { 0x9148, 0x100800042 } } },
	{ VTD_SPT_3, SECOND, "PASID entry bit 192", .put = { { 0x9158, 1 } } },
	{ VTD_SPT_3, SECOND, "PASID entry bit 511",
	  .put = { { 0x9178, UINT64_C(1) << 63 } } },
	{ VTD_SPT_3, SECOND, "DID wider than CAP.ND",
	  .alter = domains_of_six_bits },
	{ VTD_SPT_3, SECOND, "FSPTPTR without a first stage",
	  .put = { { 0x9150, 0xa000 } }, .alter = no_first_stage },
	{ VTD_SPT_3, SECOND, "WPE without a first stage",
	  .put = { { 0x9150, 0x10 } }, .alter = no_first_stage },
	{ VTD_SPT_3, FIRST, "AW without a second stage",
	  .put = { { 0x9140, 0x49 } }, .alter = no_second_stage },
	{ VTD_SPT_3, FIRST, "SSPTPTR without a second stage",
	  .put = { { 0x9140, 0x3041 } }, .alter = no_second_stage },
	{ VTD_SPT_3, FIRST, "ERE without requests to execute",
	  .put = { { 0x9150, 0xa002 } }, .alter = no_execute },
	{ VTD_SPT_4, NESTED, "a first stage beyond 39 bits",
	  .put = { { 0x9140, 0x30c5 }, { 0x9150, 0x800000a000 } } },
	{ VTD_SPT_4, FIRST, "PGTT 2 without a second stage",
	  .put = { { 0x9140, 0x81 } }, .alter = no_second_stage },
	{ VTD_SPT_4, SECOND, "PGTT 0", .put = { { 0x9140, 0x3009 } } },
	{ VTD_SPT_4, SECOND, "AW of two levels",
	  .put = { { 0x9140, 0x3081 } } },
	{ VTD_SPT_4, FIRST, "FSPM 2", .put = { { 0x9150, 0xa008 } } },
	{ VTD_SPT_5, FIRST, "execute, ERE clear", .pasid = true,
	  .execute = true },
	{ VTD_SPT_5, FIRST, "execute, a unit without", .pasid = true,
	  .execute = true, .alter = no_execute },
	{ VTD_SPT_6, FIRST, "privileged, SRE clear", .pasid = true,
	  .privileged = true },
	{ VTD_SPT_6, SECOND, "RID_PRIV, SRE clear",
	  .put = { { 0x2108, 0x100005 } } },
	{ VTD_SFS_1, FIRST, "a table nowhere",
	  .put = { { 0xb010, NOWHERE | 7 } } },
	{ VTD_SFS_2, FIRST, "P", .put = { { 0xc018, 0xd006 } } },
	{ VTD_SFS_3, FIRST, "PS at level 4", .put = { { 0xa008, 0xb087 } } },
	{ VTD_SFS_3, FIRST, "XD without NXE",
	  .put = { { 0xd020, 0x8000000000007007 } } },
	{ VTD_SFS_3, FIRST, "a 2 MiB page with bit 13",
	  .put = { { 0xc018, 0x202087 } } },
	{ VTD_SFS_4, FIRST, "the root is nowhere",
	  .put = { { 0x9150, NOWHERE } } },
	{ VTD_SFS_5, NESTED, "a table beyond 39 bits",
	  .put = { { 0x9140, 0x30c5 },
		   { 0xb010, 0x8000000007 },
		   { 0x3000, 0x5003 } } },
	{ VTD_SFS_5, NESTED, "output beyond 39 bits",
	  .put = { { 0x9140, 0x30c5 },
		   { 0xd020, 0x8000000007 },
		   { 0x3000, 0x5003 } } },
	{ VTD_SFS_6, NESTED, "the root is not readable",
	  .put = { { 0x5000, 0x82 } } },
	{ VTD_SFS_6, NESTED, "SSADE, the root is not writable",
	  .put = { { 0x9140, 0x32c9 }, { 0x5000, 0x81 } } },
	{ VTD_SFS_7, NESTED, "a table is not readable",
	  .put = { { 0xa008, 0x20b007 }, { 0x5008, 0x82 } } },
	{ VTD_SFS_8, NESTED, "a table is not writable",
	  .put = { { 0x5000, 0x81 } } },
	{ VTD_SSS_1, SECOND, "a table nowhere",
	  .put = { { 0x4010, NOWHERE | 3 } } },
	{ VTD_SSS_2, SECOND, "neither R nor W", .put = { { 0x6020, 0x7000 } } },
	{ VTD_SSS_2, SECOND, "R here, W there",
	  .put = { { 0x5018, 0x6001 }, { 0x6020, 0x7002 } } },
	{ VTD_SSS_3, SECOND, "bit 50",
	  .put = { { 0x6020, 0x0004000000007003 } } },
	{ VTD_SSS_4, SECOND, "the root is nowhere",
	  .put = { { 0x9140, NOWHERE | 0x89 } } },
	{ VTD_SSS_5, SECOND, "SSADE, walks do not snoop",
	  .put = { { 0x9140, 0x3289 }, { 0x9148, 0x42 } } },
	{ VTD_SSS_6, SECOND, "SSADE, the update fails",
	  .put = { { 0x9140, 0x3289 } }, .refuse_updates = true },
	{ VTD_SGN_1, FIRST, "not canonical", .iova = UINT64_C(0x800000000000) },
	{ VTD_SGN_2, FIRST, "U/S", .put = { { 0xb010, 0xc003 } } },
	{ VTD_SGN_3, FIRST, "XD, NXE, ERE",
	  .put = { { 0xd020, 0x8000000000007007 }, { 0x9150, 0xa022 } },
	  .pasid = true, .execute = true },
	{ VTD_SGN_4, PASS, "beyond 48 bits",
	  .iova = UINT64_C(0x1000000000000) },
	{ VTD_SGN_5, SECOND, "an address of 49 bits",
	  .iova = UINT64_C(0x1000000000000) },
	{ VTD_SGN_6, SECOND, "a leaf without W", .put = { { 0x6020, 0x7001 } },
	  .write = true },
	{ VTD_SGN_6, FIRST, "a table entry without R/W",
	  .put = { { 0xb010, 0xc005 } }, .write = true },
	{ VTD_SGN_7, SECOND, "a leaf without R",
	  .put = { { 0x6020, 0x7002 } } },
	{ VTD_SGN_8, SECOND, "output 0xfeeff000",
	  .put = { { 0x6020, 0xfeeff003 } } },
	{ VTD_SGN_10, SECOND, "a PASID of three bits, the unit has two",
	  .pasid = true, .alter = pasids_of_two_bits },
	{ VTD_SFS_9, FIRST, "walks do not snoop", .put = { { 0x9148, 0x42 } } },
	{ VTD_SFS_10, FIRST, "the update fails", .refuse_updates = true },
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static void make_tables(struct rig *rig, enum tables tables)
{
	switch (tables) {
	case LEGACY:
		rig_legacy(rig);
		break;
	case SECOND:
		rig_scalable_second(rig);
		break;
	case FIRST:
		rig_scalable_first(rig);
		break;
	case NESTED:
		rig_nested(rig);
		break;
	case PASS:
		rig_scalable(rig, 0x101, 0x42, 0);
		break;
	}
}

static struct vtd_request request_of(const struct row *row)
{
	return (struct vtd_request){
		.sid = RIG_SID,
		.iova = row->iova ? row->iova : RIG_IOVA,
		.bytes = row->eight_bytes ? 8 : 4,
		.has_pasid = row->pasid,
		.pasid = row->want == VTD_SCT_7 ? 0x2000 : 5,
		.write = row->write,
		.execute = row->execute,
		.privileged = row->privileged,
	};
}

/* Each field of a record, where chapter 11 has it. */
static void check_record(const struct rig *rig, const struct vtd_request *r,
			 enum vtd_reason reason)
{
	uint64_t lo = rig_reg(rig, 0x220, 8), hi = rig_reg(rig, 0x228, 8);

	assert_int_equal(hi >> 63, 1);		   /* F */
	assert_int_equal(hi >> 62 & 1, !r->write); /* T1 */
	assert_int_equal(hi >> 60 & 3, 0);	   /* AT */
	assert_int_equal(hi >> 40 & 0xfffff, r->has_pasid ? r->pasid : 0);
	assert_int_equal(hi >> 32 & 0xff, reason);    /* FR */
	assert_int_equal(hi >> 31 & 1, r->has_pasid); /* PP */
	assert_int_equal(hi >> 30 & 1, r->has_pasid && r->execute);
	assert_int_equal(hi >> 29 & 1, r->has_pasid && r->privileged);
	assert_int_equal(hi >> 16 & 0x1fff, 0); /* T2, reserved */
	assert_int_equal(hi & 0xffff, RIG_SID);
	/* FI ends with the widest tables: 48 bits. */
	assert_int_equal(lo, r->iova & UINT64_C(0xfffffffff000));
	/* PPF, FRI 0 */
	assert_int_equal(rig_reg(rig, 0x34, 4), 2);
}

static void run_row(const struct row *row)
{
	struct vtd_config config = rig_config();
	const struct vtd_request request = request_of(row);
	struct rig rig;

	if (row->alter)
		row->alter(&config);
	rig_start(&rig, &config);
	make_tables(&rig, row->tables);
	if (row->pasid)
		rig_free_pasid(&rig);
	for (unsigned int i = 0; i < 4 && row->put[i].pa; i++)
		rig_put(&rig, row->put[i].pa, row->put[i].raw);
	rig.refuse_updates = row->refuse_updates;
	rig_enable(&rig, row->rtaddr		 ? row->rtaddr
			 : row->tables == LEGACY ? 0x1000
						 : 0x1400);
	rig_ask(&rig, &request);
	if (rig.out.result != VTD_FAULTED || rig.out.reason != row->want)
		print_error("%s (%s): %x\n", vtd_reason_name(row->want),
			    row->why, rig.out.reason);
	assert_int_equal(rig.out.result, VTD_FAULTED);
	assert_int_equal(rig.out.reason, row->want);
	assert_true(rig.out.recorded);
	check_record(&rig, &request, row->want);
	rig_stop(&rig);
}

static void every_reason_has_its_record(void **state)
{
	bool seen[256] = { false };

	(void)state;
	for (unsigned int i = 0; i < ROWS; i++) {
		run_row(&rows[i]);
		seen[rows[i].want] = true;
	}
	for (unsigned int r = 1; r < 256; r++)
		assert_int_equal(seen[r],
				 strcmp(vtd_reason_name((enum vtd_reason)r),
					"none") != 0);
}

/* The rows' tables without their defects. */
static void sound_tables_translate(void **state)
{
	struct vtd_config config = rig_config();
	struct rig rig;

	(void)state;
	for (enum tables t = LEGACY; t <= PASS; t++) {
		rig_start(&rig, &config);
		make_tables(&rig, t);
		rig_enable(&rig, t == LEGACY ? 0x1000 : 0x1400);
		assert_int_equal(rig_dma(&rig, RIG_IOVA, true),
				 t == PASS ? RIG_IOVA : RIG_PA);
		assert_int_equal(rig.out.bytes, 4);
		assert_int_equal(rig_reg(&rig, 0x34, 4), 0);
		rig_stop(&rig);
	}
}

static void fpd_keeps_faults_out_of_the_records(void **state)
{
	static const struct {
		enum tables tables;
		uint64_t pa, raw;
	} cases[] = {
		{ LEGACY, 0x2080, 0x3003 }, /* context entry */
		{ LEGACY, 0x2080, 0x3002 }, /* whatever P says */
		{ SECOND, 0x2100, 0x800b }, /* scalable context entry */
		{ SECOND, 0x8000, 0x9003 }, /* directory entry */
		{ SECOND, 0x9140, 0x308b }, /* PASID entry */
	};
	struct vtd_config config = rig_config();
	struct rig rig;

	(void)state;
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		rig_start(&rig, &config);
		make_tables(&rig, cases[i].tables);
		rig_put(&rig, cases[i].pa, cases[i].raw);
		rig_put(&rig, 0x6020, 0);
		rig_enable(&rig, cases[i].tables == LEGACY ? 0x1000 : 0x1400);
		assert_int_equal(rig_dma(&rig, RIG_IOVA, false), 0);
		assert_true(rig.out.suppressed && !rig.out.recorded);
		assert_int_equal(rig_reg(&rig, 0x228, 8), 0);
		assert_int_equal(rig_reg(&rig, 0x34, 4), 0);
		/* The same from the caches. */
		assert_int_equal(rig_dma(&rig, RIG_IOVA, false), 0);
		assert_true(rig.out.suppressed);
		rig_stop(&rig);
	}
}

/* What comes before all FPDs, and what FPD does not qualify. §7.1.3 */
static void some_faults_are_recorded_whatever_fpd_says(void **state)
{
	static const struct {
		uint64_t context, directory;
		enum vtd_reason want;
	} cases[] = {
		{ RIG_NOWHERE | 0xb, 0x9001, VTD_SPD_1 },
		{ 0x800b, RIG_NOWHERE | 3, VTD_SPT_1 },
	};
	struct vtd_config config = rig_config();
	struct rig rig;

	(void)state;
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		rig_start(&rig, &config);
		rig_scalable_second(&rig);
		rig_put(&rig, 0x2100, cases[i].context);
		rig_put(&rig, 0x8000, cases[i].directory);
		rig_enable(&rig, 0x1400);
		assert_int_equal(rig_dma(&rig, RIG_IOVA, false), 0);
		assert_int_equal(rig.out.reason, cases[i].want);
		assert_true(rig.out.recorded && !rig.out.suppressed);
		rig_stop(&rig);
	}
}

/* Without requests to execute, as from 4.1 on, XD, NXE and SMEP are ignored. */
static void xd_is_ignored_without_requests_to_execute(void **state)
{
	struct vtd_config config = rig_config();
	struct rig rig;

	(void)state;
	config.execute = false;
	rig_start(&rig, &config);
	rig_scalable_first(&rig);
	rig_put(&rig, 0xd020, 0x8000000000007007);
	rig_put(&rig, 0x9150, 0xa060);
	rig_enable(&rig, 0x1400);
	assert_int_equal(rig_dma(&rig, RIG_IOVA, false), RIG_PA);
	assert_int_equal(rig_dma(&rig, RIG_IOVA, true), RIG_PA);
	rig_stop(&rig);
}

/* §7.2.1: the index of the next record is zero while translation is off. */
static void turned_off_the_unit_records_from_the_first(void **state)
{
	struct vtd_config config = rig_config();
	struct rig rig;

	(void)state;
	rig_start(&rig, &config);
	rig_legacy(&rig);
	rig_enable(&rig, 0x1000);
	rig_dma(&rig, 0x1000, false);
	rig_dma(&rig, 0x2000, false);
	assert_int_equal(rig.out.record, 1);
	rig_write(&rig, 0x22c, 0x80000000, 4);
	rig_write(&rig, 0x23c, 0x80000000, 4);
	rig_write(&rig, 0x18, 0, 4);
	rig_write(&rig, 0x18, 0x80000000, 4);
	rig_dma(&rig, 0x3000, false);
	assert_int_equal(rig.out.record, 0);
	assert_int_equal(rig_reg(&rig, 0x220, 8), 0x3000);
	rig_stop(&rig);
}

static void full_records_lose_faults_until_cleared(void **state)
{
	struct vtd_config config = rig_config();
	struct vtd_counters n;
	struct rig rig;

	(void)state;
	config.fault_records = 2;
	rig_start(&rig, &config);
	rig_legacy(&rig);
	rig_enable(&rig, 0x1000);
	for (uint64_t i = 0; i < 4; i++)
		rig_dma(&rig, i << 12, false);
	assert_true(rig.out.lost);
	/* PFO, PPF, FRI 0; both records stand. */
	assert_int_equal(rig_reg(&rig, 0x34, 4), 3);
	assert_int_equal(rig_reg(&rig, 0x220, 8), 0);
	assert_int_equal(rig_reg(&rig, 0x230, 8), 0x1000);
	/* Record 0 free again, but PFO still keeps faults out. */
	rig_write(&rig, 0x22c, 0x80000000, 4);
	assert_int_equal(rig_reg(&rig, 0x22c, 4) >> 31, 0);
	assert_int_equal(rig_reg(&rig, 0x34, 4) & 3, 3);
	rig_dma(&rig, 0x9000, false);
	assert_true(rig.out.lost);
	rig_write(&rig, 0x34, 1, 4);
	rig_dma(&rig, 0xa000, false);
	assert_true(rig.out.recorded);
	assert_int_equal(rig.out.record, 0);
	assert_int_equal(rig_reg(&rig, 0x220, 8), 0xa000);
	rig_write(&rig, 0x22c, 0x80000000, 4);
	rig_write(&rig, 0x23c, 0x80000000, 4);
	assert_int_equal(rig_reg(&rig, 0x34, 4) & 3, 0);
	vtd_counters(rig.vtd, &n);
	assert_int_equal(n.faults.recorded, 3);
	assert_int_equal(n.faults.lost, 3);
	assert_int_equal(n.faults.by_reason[VTD_LGN_3], 6);
	rig_stop(&rig);
}

static void fault_events_wait_while_masked(void **state)
{
	struct vtd_config config = rig_config();
	struct rig rig;

	(void)state;
	rig_start(&rig, &config);
	rig_legacy(&rig);
	rig_enable(&rig, 0x1000);
	rig_write(&rig, 0x3c, 0x4141, 4);
	rig_write(&rig, 0x40, 0xfee01000, 4);
	rig_write(&rig, 0x44, 0x7, 4);
	assert_int_equal(rig_reg(&rig, 0x38, 4), 0x80000000);
	rig_dma(&rig, 0, false);
	assert_int_equal(rig.interrupts, 0);
	assert_int_equal(rig_reg(&rig, 0x38, 4), 0xc0000000);
	rig_write(&rig, 0x38, 0, 4);
	assert_int_equal(rig.interrupts, 1);
	assert_int_equal(rig.interrupt_address, UINT64_C(0x7fee01000));
	assert_int_equal(rig.interrupt_data, 0x4141);
	assert_int_equal(rig_reg(&rig, 0x38, 4), 0);
	/* One event until the status is clear. */
	rig_dma(&rig, 0x1000, false);
	assert_int_equal(rig.interrupts, 1);
	rig_write(&rig, 0x22c, 0x80000000, 4);
	rig_write(&rig, 0x23c, 0x80000000, 4);
	rig_dma(&rig, 0x2000, false);
	assert_int_equal(rig.interrupts, 2);
	rig_stop(&rig);
}

/* Masked, and the reason gone before the mask is. */
static void a_cleared_fault_takes_its_event_along(void **state)
{
	struct vtd_config config = rig_config();
	struct rig rig;

	(void)state;
	rig_start(&rig, &config);
	rig_legacy(&rig);
	rig_enable(&rig, 0x1000);
	rig_dma(&rig, 0, false);
	rig_write(&rig, 0x22c, 0x80000000, 4);
	assert_int_equal(rig_reg(&rig, 0x38, 4), 0x80000000);
	rig_write(&rig, 0x38, 0, 4);
	assert_int_equal(rig.interrupts, 0);
	rig_stop(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_reason_has_its_record),
		cmocka_unit_test(sound_tables_translate),
		cmocka_unit_test(fpd_keeps_faults_out_of_the_records),
		cmocka_unit_test(some_faults_are_recorded_whatever_fpd_says),
		cmocka_unit_test(xd_is_ignored_without_requests_to_execute),
		cmocka_unit_test(turned_off_the_unit_records_from_the_first),
		cmocka_unit_test(full_records_lose_faults_until_cleared),
		cmocka_unit_test(fault_events_wait_while_masked),
		cmocka_unit_test(a_cleared_fault_takes_its_event_along),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
