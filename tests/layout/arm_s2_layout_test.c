/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fields of Arm stage-2 descriptors, VTCR_EL2 and VTTBR_EL2 against raw
 * numbers read off DDI0487 L.b D8.3.1, D24.2.196 and D24.2.198, written as
 * the bit positions the text names; and whole descriptors put together by
 * hand from its figures.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/format/arm_s2.h"

static const struct pt_format *const format = &pt_format_arm_s2_4k;

static void fields_stand_where_the_text_says(void **state)
{
	static const struct {
		const char *name;
		uint64_t mask, want;
	} cases[] = {
#define CASE(FIELD, want) { #FIELD, FIELD_MASK(FIELD), UINT64_C(want) }
		CASE(ARM_S2_VALID, 0x0000000000000001),
		CASE(ARM_S2_NOT_BLOCK, 0x0000000000000002),
		CASE(ARM_S2_MEMATTR, 0x000000000000003c),
		CASE(ARM_S2_S2AP, 0x00000000000000c0),
		CASE(ARM_S2_SH, 0x0000000000000300),
		CASE(ARM_S2_AF, 0x0000000000000400),
		CASE(ARM_S2_ADDRESS, 0x0000fffffffff000),
		CASE(ARM_S2_CONTIG, 0x0010000000000000),
		CASE(ARM_S2_XN, 0x0060000000000000),
		CASE(ARM_S2_TYPE, 0x0780000000000000),
		CASE(ARM_S2_ADDRESS_HIGH, 0x000000000000f000),
		CASE(ARM_S2_ADDRESS_64K, 0x0000ffffffff0000),
		CASE(ARM_S2_MARKER, 0x7800000000000000),
		CASE(VTCR_EL2_T0SZ, 0x000000000000003f),
		CASE(VTCR_EL2_SL0, 0x00000000000000c0),
		CASE(VTCR_EL2_IRGN0, 0x0000000000000300),
		CASE(VTCR_EL2_ORGN0, 0x0000000000000c00),
		CASE(VTCR_EL2_SH0, 0x0000000000003000),
		CASE(VTCR_EL2_TG0, 0x000000000000c000),
		CASE(VTCR_EL2_PS, 0x0000000000070000),
		CASE(VTCR_EL2_VS, 0x0000000000080000),
		CASE(VTCR_EL2_RES1, 0x0000000080000000),
		CASE(VTTBR_EL2_CNP, 0x0000000000000001),
		CASE(VTTBR_EL2_BADDR, 0x0000fffffffffffe),
		CASE(VTTBR_EL2_VMID, 0xffff000000000000),
#undef CASE
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (cases[i].mask != cases[i].want)
			fail_msg("%s", cases[i].name);
}

static void leaves_have_the_type_bits_of_their_level(void **state)
{
	static const struct {
		uint64_t pa, attrs;
		unsigned int level;
		uint64_t want;
	} cases[] = {
		{ 0x40000000, 0x00800000000007fd, 1, 0x00800000400007fd },
		{ 0x40200000, 0x00800000000007fd, 2, 0x00800000402007fd },
		{ 0x40201000, 0x00800000000007fd, 3, 0x00800000402017ff },
		{ 0xfffffffff000, 0x0100000000000741, 3, 0x0100fffffffff743 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const uint64_t pte = format->leaf((pa_t){ cases[i].pa },
						  cases[i].attrs,
						  cases[i].level);

		assert_int_equal(pte, cases[i].want);
		assert_int_equal(format->address(pte, cases[i].level).raw,
				 cases[i].pa);
		assert_int_equal(format->attrs(pte), cases[i].attrs);
		assert_int_equal(format->kind(pte, cases[i].level), PT_LEAF);
	}
}

static void tables_are_tables_to_hardware_and_to_software(void **state)
{
	const uint64_t pte = format->table((pa_t){ 0x123456789000 });

	(void)state;
	assert_int_equal(pte, 0x0780123456789003);
	assert_int_equal(format->kind(pte, 1), PT_TABLE);
	assert_int_equal(format->kind(pte & ~UINT64_C(1), 1), PT_TABLE);
	assert_int_equal(format->address(pte, 1).raw, 0x123456789000);
	assert_int_equal(format->kind(0, 2), PT_EMPTY);
}

static void the_levels_divide_48_bits(void **state)
{
	static const unsigned int lsb[] = { 39, 30, 21, 12 };
	const uint64_t ia = 0x0000ff8040201fff; /* index i: 511, 1, 1, 1 */

	(void)state;
	for (unsigned int level = 0; level < 4; level++) {
		assert_int_equal(format->level[level].lsb, lsb[level]);
		assert_int_equal(pt_entries(format, level), 512);
		assert_int_equal(format->level[level].leaf_ok, level != 0);
		assert_int_equal(pt_index(format, ia, level), level ? 1 : 511);
	}
	assert_int_equal(pt_span(format, 2), 0x200000);
}

/* Descriptors put together by hand from the figures of D8.3.1. */
static void other_granules_place_addresses_as_the_text_says(void **state)
{
	static const struct {
		const struct pt_format *f;
		uint64_t pa, attrs;
		unsigned int level;
		uint64_t want;
	} cases[] = {
		{ &pt_format_arm_s2_16k, 0x42000000, 0x00800000000007fd, 2,
		  0x00800000420007fd },
		{ &pt_format_arm_s2_16k, 0xffffffffc000, 0x00800000000007fd, 3,
		  0x0080ffffffffc7ff },
		{ &pt_format_arm_s2_64k, 0x60000000, 0x00800000000007fd, 2,
		  0x00800000600007fd },
		{ &pt_format_arm_s2_64k, 0xffffffff0000, 0x00800000000007fd, 3,
		  0x0080ffffffff07ff },
		{ &pt_format_arm_s2_64k, 0xf000060000000, 0x00800000000007fd, 2,
		  0x008000006000f7fd },
		{ &pt_format_arm_s2_64k, 0xa123456780000, 0x00800000000007fd, 3,
		  0x008012345678a7ff },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct pt_format *f = cases[i].f;
		const uint64_t pte = f->leaf((pa_t){ cases[i].pa },
					     cases[i].attrs, cases[i].level);

		assert_int_equal(pte, cases[i].want);
		assert_int_equal(f->address(pte, cases[i].level).raw,
				 cases[i].pa);
		assert_int_equal(f->attrs(pte), cases[i].attrs);
	}
	assert_int_equal(pt_format_arm_s2_64k.table((pa_t){ 0x3000012340000 }),
			 0x0780000012343003);
	assert_int_equal(pt_format_arm_s2_64k.address(0x0780000012343003, 2).raw,
			 0x3000012340000);
	assert_int_equal(pt_format_arm_s2_16k.table((pa_t){ 0x123456784000 }),
			 0x0780123456784003);
}

/* D8.2: bits each level resolves; D8.6.1: entries that a hint joins. */
static void levels_blocks_and_groups_are_the_granules(void **state)
{
	static const struct {
		const struct pt_format *f;
		unsigned int level, lsb, entries;
		bool block;
		unsigned int group;
	} cases[] = {
		{ &pt_format_arm_s2_4k, 1, 30, 512, true, 16 },
		{ &pt_format_arm_s2_4k, 2, 21, 512, true, 16 },
		{ &pt_format_arm_s2_4k, 3, 12, 512, true, 16 },
		{ &pt_format_arm_s2_16k, 1, 36, 2048, false, 1 },
		{ &pt_format_arm_s2_16k, 2, 25, 2048, true, 32 },
		{ &pt_format_arm_s2_16k, 3, 14, 2048, true, 128 },
		{ &pt_format_arm_s2_64k, 1, 42, 1024, false, 1 },
		{ &pt_format_arm_s2_64k, 2, 29, 8192, true, 32 },
		{ &pt_format_arm_s2_64k, 3, 16, 8192, true, 32 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct pt_level *l = &cases[i].f->level[cases[i].level];

		assert_int_equal(l->lsb, cases[i].lsb);
		assert_int_equal(1u << l->width, cases[i].entries);
		assert_int_equal(l->leaf_ok, cases[i].block);
		assert_int_equal(1u << l->group_lg2, cases[i].group);
		assert_int_equal(cases[i].f->hint, 0x0010000000000000);
	}
}

static void only_permissions_and_software_bits_change_in_place(void **state)
{
	(void)state;
	assert_int_equal(format->in_place, 0x7fe00000000000c0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_stand_where_the_text_says),
		cmocka_unit_test(leaves_have_the_type_bits_of_their_level),
		cmocka_unit_test(tables_are_tables_to_hardware_and_to_software),
		cmocka_unit_test(the_levels_divide_48_bits),
		cmocka_unit_test(other_granules_place_addresses_as_the_text_says),
		cmocka_unit_test(levels_blocks_and_groups_are_the_granules),
		cmocka_unit_test(only_permissions_and_software_bits_change_in_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
