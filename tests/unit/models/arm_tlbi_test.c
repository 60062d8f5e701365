/* SPDX-License-Identifier: BSD-2-Clause */
/* TLBI: what each instruction drops of a prepared set of entries, decoded
 * from its encoding. */
#include "tests/unit/models/arm_rig.h"

/* Encodings as DDI0487 L.b C5.5 has them: op1, CRm, op2; op0 1, CRn 8. */
#define TLBI(op1, crm, op2)                                                    \
	((1u << 14) | (op1) << 11 | 8u << 7 | (crm) << 3 | (op2))

/*
 * The prepared entries, one letter each:
 *	a  VMID 1, ASID 5, page 0x100
 *	b  VMID 1, ASID 6, page 0x100
 *	c  VMID 1, global, page 0x100
 *	d  VMID 1, ASID 5, page 0x300
 *	e  VMID 2, ASID 5, page 0x100
 *	f  VMID 1, stage 1 off, page 0x500
 *	g  VMID 1, ASID 5, 2 MB block at 0x40000000
 * each with a walk-cache pointer of its own upper case letter, level 3, over
 * the 2 MB around it (global ones have ASID 5: pointers are never global); and
 *	s  VMID 1, stage 2, IPA page 0x40010
 *	t  VMID 1, stage 2, IPA page 0x80010
 *	u  VMID 2, stage 2, IPA page 0x40010
 * with pointers S, T, U likewise.
 */
static const struct {
	char letter;
	uint16_t vmid, asid;
	bool global, stage1;
	uint8_t regime, size_lg2;
	uint64_t address;
} entries[] = {
	{ 'a', 1, 5, false, true, 1, 12, 0x100000 },
	{ 'b', 1, 6, false, true, 1, 12, 0x100000 },
	{ 'c', 1, 7, true, true, 1, 12, 0x700000 },
	{ 'd', 1, 5, false, true, 1, 12, 0x300000 },
	{ 'e', 2, 5, false, true, 1, 12, 0x100000 },
	{ 'f', 1, 0, true, false, 1, 12, 0x500000 },
	{ 'g', 1, 5, false, true, 1, 21, 0x40000000 },
	{ 's', 1, 0, true, false, 2, 12, 0x40010000 },
	{ 't', 1, 0, true, false, 2, 12, 0x80010000 },
	{ 'u', 2, 0, true, false, 2, 12, 0x40010000 },
};
#define ENTRY_COUNT (sizeof(entries) / sizeof(entries[0]))

static struct tlb_tag tag_of(size_t i)
{
	return (struct tlb_tag){ .vmid = entries[i].vmid,
				 .asid = entries[i].asid,
				 .regime = entries[i].regime,
				 .stage1 = entries[i].stage1 };
}

static const uint8_t ranges[4] = { 48, 39, 30, 21 };

static void prepare(struct rig *rig)
{
	const struct tlb_value value = { .out = 0x80000000 };
	const struct walk_cache_entry pointer = { .table = 0x80000000,
						  .level = 3 };

	rig_start(rig, (struct rig_shape){ 16, 16, 16, 16, 16 });
	for (size_t i = 0; i < ENTRY_COUNT; i++) {
		struct tlb_tag tag = tag_of(i);
		bool s2 = entries[i].regime == 2;

		if (s2)
			tlb_fill(rig->mmu.regime.s2_tlb, entries[i].address,
				 entries[i].size_lg2, &tag, true, &value);
		else
			tlb_fill(rig->mmu.l1d_tlb, entries[i].address,
				 entries[i].size_lg2, &tag, entries[i].global,
				 &value);
		if (!s2) {
			tlb_fill(rig->mmu.l1i_tlb, entries[i].address,
				 entries[i].size_lg2, &tag, entries[i].global,
				 &value);
			tlb_fill(rig->mmu.l2_tlb, entries[i].address,
				 entries[i].size_lg2, &tag, entries[i].global,
				 &value);
		}
		if (s2 || entries[i].stage1)
			walk_cache_fill(s2 ? rig->mmu.regime.walk_cache_s2
					   : rig->mmu.regime.walk_cache_s1,
					entries[i].address, 21, &tag, s2,
					&pointer);
	}
	rig_reg(rig, ARM_VTTBR_EL2, 0x0001000080800000);
}

/* The letters that are left, entries then pointers. */
static void survivors(const struct rig *rig, char *text)
{
	for (size_t i = 0; i < ENTRY_COUNT; i++) {
		struct tlb_tag tag = tag_of(i);
		uint64_t at = entries[i].address;
		bool in_d, in_i, in_2;

		if (entries[i].regime == 2) {
			if (tlb_probe(rig->mmu.regime.s2_tlb, at, &tag))
				*text++ = entries[i].letter;
			continue;
		}
		in_d = tlb_probe(rig->mmu.l1d_tlb, at, &tag);
		in_i = tlb_probe(rig->mmu.l1i_tlb, at, &tag);
		in_2 = tlb_probe(rig->mmu.l2_tlb, at, &tag);
		assert_int_equal(in_d, in_i);
		assert_int_equal(in_d, in_2);
		if (in_d)
			*text++ = entries[i].letter;
	}
	for (size_t i = 0; i < ENTRY_COUNT; i++) {
		struct tlb_tag tag = tag_of(i);
		struct walk_cache_entry found;
		const struct walk_cache *wc =
			entries[i].regime == 2 ? rig->mmu.regime.walk_cache_s2
					       : rig->mmu.regime.walk_cache_s1;

		if (walk_cache_probe(wc, entries[i].address, &tag, ranges, 1, 3,
				     &found))
			*text++ = (char)(entries[i].letter - 'a' + 'A');
	}
	*text = '\0';
}

struct tlbi_case {
	const char *name;
	unsigned int op;
	uint64_t xt;
	bool el2, broadcast;
	const char *left;
};

static const struct tlbi_case cases[] = {
	/* EL1: the current VMID is 1. */
	{ "VMALLE1", TLBI(0, 7, 0), 0, false, false, "estuESTU" },
	{ "VMALLE1IS", TLBI(0, 3, 0), 0, false, true, "estuESTU" },
	{ "VMALLE1OS", TLBI(0, 1, 0), 0, false, true, "estuESTU" },
	{ "ASIDE1", TLBI(0, 7, 2), 0x0005000000000000, false, false,
	  "bcefstuBCESTU" },
	{ "ASIDE1IS", TLBI(0, 3, 2), 0x0006000000000000, false, true,
	  "acdefgstuACDEGSTU" },
	{ "VAE1", TLBI(0, 7, 1), 0x0005000000000100, false, false,
	  "bcdefgstuBCDEGSTU" },
	{ "VAE1IS", TLBI(0, 3, 1), 0x0006000000000100, false, true,
	  "acdefgstuACDEGSTU" },
	/* A global entry, with any ASID; its pointer has ASID 7. */
	{ "VAE1", TLBI(0, 7, 1), 0x0009000000000700, false, false,
	  "abdefgstuABCDEGSTU" },
	/* TTL is a hint; AS 0 drops the upper half of the ASID. */
	{ "VAE1", TLBI(0, 7, 1), 0x7705700000000100, false, false,
	  "bcdefgstuBCDEGSTU" },
	/* Anywhere in a block. */
	{ "VAE1", TLBI(0, 7, 1), 0x0005000000040123, false, false,
	  "abcdefstuABCDESTU" },
	{ "VALE1", TLBI(0, 7, 5), 0x0005000000000100, false, false,
	  "bcdefgstuABCDEGSTU" },
	{ "VALE1IS", TLBI(0, 3, 5), 0x0005000000000300, false, true,
	  "abcefgstuABCDEGSTU" },
	{ "VAAE1", TLBI(0, 7, 3), 0x0099000000000100, false, false,
	  "cdefgstuCDEGSTU" },
	{ "VAAE1IS", TLBI(0, 3, 3), 0x0000000000000100, false, true,
	  "cdefgstuCDEGSTU" },
	{ "VAALE1", TLBI(0, 7, 7), 0x0000000000000100, false, false,
	  "cdefgstuABCDEGSTU" },
	{ "VAALE1IS", TLBI(0, 3, 7), 0x0000000000000700, false, true,
	  "abdefgstuABCDEGSTU" },
	/* Ranges: TG 1 (4K), SCALE 0, NUM 0: two pages. */
	{ "RVAE1", TLBI(0, 6, 1), 0x00054000000000ff, false, false,
	  "bcdefgstuBCDEGSTU" },
	{ "RVAE1IS", TLBI(0, 2, 1), 0x00054000000000fe, false, true,
	  "abcdefgstuBCDEGSTU" },
	/* SCALE 1, NUM 7: 512 pages from 0x100; up to 0x2ff: not the entry of
	 * 0x300, but the pointer to the table that it stands in. */
	{ "RVAAE1OS", TLBI(0, 5, 3), 0x0000538000000100, false, true,
	  "cdefgstuCEGSTU" },
	/* NUM 8: 576 pages. */
	{ "RVAALE1", TLBI(0, 6, 7), 0x0000540000000100, false, false,
	  "cefgstuABCDEGSTU" },
	{ "RVALE1IS", TLBI(0, 2, 5), 0x0005540000000100, false, true,
	  "bcefgstuABCDEGSTU" },
	/* 64K granule: BASE counts 64K, two of them. */
	{ "RVALE1", TLBI(0, 6, 5), 0x0005c00000000010, false, false,
	  "bcdefgstuABCDEGSTU" },
	/* TG 0 is reserved: nothing. */
	{ "RVAE1", TLBI(0, 6, 1), 0x0005000000000100, false, false,
	  "abcdefgstuABCDEGSTU" },
	/* EL2: stage 2 alone; combined entries stay. */
	{ "IPAS2E1", TLBI(4, 4, 1), 0x40010, true, false,
	  "abcdefgtuABCDEGTU" },
	{ "IPAS2E1IS", TLBI(4, 0, 1), 0x80010, true, true,
	  "abcdefgsuABCDEGSU" },
	{ "IPAS2E1OS", TLBI(4, 4, 0), 0x40011, true, true,
	  "abcdefgstuABCDEGTU" },
	{ "IPAS2LE1", TLBI(4, 4, 5), 0x40010, true, false,
	  "abcdefgtuABCDEGSTU" },
	{ "IPAS2LE1IS", TLBI(4, 0, 5), 0x40010, true, true,
	  "abcdefgtuABCDEGSTU" },
	{ "IPAS2LE1OS", TLBI(4, 4, 4), 0x40010, true, true,
	  "abcdefgtuABCDEGSTU" },
	/* SCALE 3, NUM 7: 2^19 pages, 2 GB from 0x40000000. */
	{ "RIPAS2E1IS", TLBI(4, 0, 2), 0x0000738000040000, true, true,
	  "abcdefguABCDEGU" },
	{ "RIPAS2E1", TLBI(4, 4, 2), 0x0000400000040010, true, false,
	  "abcdefgtuABCDEGTU" },
	{ "RIPAS2E1OS", TLBI(4, 4, 3), 0x0000400000040010, true, true,
	  "abcdefgtuABCDEGTU" },
	{ "RIPAS2LE1", TLBI(4, 4, 6), 0x0000400000040010, true, false,
	  "abcdefgtuABCDEGSTU" },
	{ "RIPAS2LE1IS", TLBI(4, 0, 6), 0x0000400000040010, true, true,
	  "abcdefgtuABCDEGSTU" },
	{ "RIPAS2LE1OS", TLBI(4, 4, 7), 0x0000400000040010, true, true,
	  "abcdefgtuABCDEGSTU" },
	{ "VMALLS12E1", TLBI(4, 7, 6), 0, true, false, "euEU" },
	{ "VMALLS12E1IS", TLBI(4, 3, 6), 0, true, true, "euEU" },
	{ "VMALLS12E1OS", TLBI(4, 1, 6), 0, true, true, "euEU" },
	{ "ALLE1", TLBI(4, 7, 4), 0, true, false, "" },
	{ "ALLE1IS", TLBI(4, 3, 4), 0, true, true, "" },
	{ "ALLE1OS", TLBI(4, 1, 4), 0, true, true, "" },
	/* EL1's instructions from EL2: the current VMID too. */
	{ "VMALLE1IS", TLBI(0, 3, 0), 0, true, true, "estuESTU" },
};

static void each_instruction_drops_its_scope(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct tlbi_case *it = &cases[i];
		struct arm_tlbi tlbi;
		char left[32];
		struct rig rig;

		prepare(&rig);
		survivors(&rig, left);
		assert_string_equal(left, "abcdefgstuABCDEGSTU");
		assert_true(arm_tlbi_decode(it->op, it->xt, &rig.mmu.regs,
					    it->el2, &tlbi));
		assert_string_equal(tlbi.name, it->name);
		assert_int_equal(tlbi.broadcast, it->broadcast);
		arm_mmu_tlbi(&rig.mmu, &tlbi);
		survivors(&rig, left);
		if (strcmp(left, it->left) != 0)
			print_error("case %zu, %s\n", i, it->name);
		assert_string_equal(left, it->left);
		rig_stop(&rig);
	}
}

static void upper_half_addresses_are_sign_extended(void **state)
{
	struct rig rig;
	struct arm_tlbi tlbi;
	struct tlb_tag tag = { .vmid = 1, .asid = 5, .regime = 1,
			       .stage1 = true };
	const struct tlb_value value = { .out = 0x80000000 };

	(void)state;
	prepare(&rig);
	tlb_fill(rig.mmu.l2_tlb, 0xffff800000100000, 12, &tag, true, &value);
	/* Bit 55 clear, then set. */
	assert_true(arm_tlbi_decode(TLBI(0, 7, 3), 0x000007f800000100,
				    &rig.mmu.regs, false, &tlbi));
	arm_mmu_tlbi(&rig.mmu, &tlbi);
	assert_non_null(tlb_probe(rig.mmu.l2_tlb, 0xffff800000100000, &tag));
	assert_true(arm_tlbi_decode(TLBI(0, 7, 3), 0x00000ff800000100,
				    &rig.mmu.regs, false, &tlbi));
	arm_mmu_tlbi(&rig.mmu, &tlbi);
	assert_null(tlb_probe(rig.mmu.l2_tlb, 0xffff800000100000, &tag));
	/* The last page of all; and a range that would wrap. */
	assert_true(arm_tlbi_decode(TLBI(0, 7, 3), 0x00000fffffffffff,
				    &rig.mmu.regs, false, &tlbi));
	assert_true(tlbi.match.first == 0xfffffffffffff000);
	assert_true(tlbi.match.last == UINT64_MAX);
	assert_true(arm_tlbi_decode(TLBI(0, 6, 3), 0x0000401fffffffff,
				    &rig.mmu.regs, false, &tlbi));
	assert_true(tlbi.match.first == 0xfffffffffffff000);
	assert_true(tlbi.match.last == UINT64_MAX);
	rig_stop(&rig);
}

static void what_el1_may_not_issue_is_undefined(void **state)
{
	struct arm_regs regs = { 0 };
	struct arm_tlbi tlbi;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(arm_tlbi_decode(cases[i].op, 0, &regs, false,
						 &tlbi),
				 (cases[i].op >> 11 & 7) == 0);
	assert_false(arm_tlbi_decode(TLBI(0, 7, 4), 0, &regs, false, &tlbi));
	assert_false(arm_tlbi_decode(TLBI(4, 7, 0), 0, &regs, true, &tlbi));
	assert_false(arm_tlbi_decode(TLBI(6, 7, 0), 0, &regs, true, &tlbi));
}

static void fb_broadcasts_what_el1_issues(void **state)
{
	struct arm_regs regs = { .hcr = 1 << 9 };
	struct arm_tlbi tlbi;

	(void)state;
	assert_true(arm_tlbi_decode(TLBI(0, 7, 0), 0, &regs, false, &tlbi));
	assert_true(tlbi.broadcast);
	assert_true(arm_tlbi_decode(TLBI(0, 7, 0), 0, &regs, true, &tlbi));
	assert_false(tlbi.broadcast);
}

/* End to end: the walk afterwards reads as much as was dropped. */
static void what_was_dropped_is_read_again(void **state)
{
	static const struct {
		unsigned int op;
		uint64_t xt, reads;
	} after[] = {
		/* Combined entries only: walk cache and s2_tlb know all but
		 * the last stage-1 descriptor. */
		{ TLBI(0, 7, 5), UINT64_C(5) << 48 | RIG_VA >> 12, 1 },
		/* Stage-1 pointers too: four stage-1 descriptors. */
		{ TLBI(0, 7, 1), UINT64_C(5) << 48 | RIG_VA >> 12, 4 },
		{ TLBI(0, 7, 0), 0, 4 },
		/* Stage 2 alone: the combined entry still answers. */
		{ TLBI(4, 4, 1), RIG_IPA >> 12, 0 },
		{ TLBI(4, 7, 6), 0, 24 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(after) / sizeof(after[0]); i++) {
		struct rig rig;
		struct arm_tlbi tlbi;

		rig_nested(&rig, (struct rig_shape){ 8, 8, 16, 16, 16 });
		assert_int_equal(rig_reads(&rig, RIG_VA), 24);
		assert_true(arm_tlbi_decode(after[i].op, after[i].xt,
					    &rig.mmu.regs, true, &tlbi));
		arm_mmu_tlbi(&rig.mmu, &tlbi);
		assert_int_equal(rig_reads(&rig, RIG_VA), after[i].reads);
		rig_stop(&rig);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_instruction_drops_its_scope),
		cmocka_unit_test(upper_half_addresses_are_sign_extended),
		cmocka_unit_test(what_el1_may_not_issue_is_undefined),
		cmocka_unit_test(fb_broadcasts_what_el1_issues),
		cmocka_unit_test(what_was_dropped_is_read_again),
	};

	return cmocka_run_group_tests_name("arm_tlbi", tests, NULL, NULL);
}
