/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fields of VT-d second-stage descriptors against raw numbers read off
 * VT-d 4.1 §9.8, written as the bit positions the text names; and whole
 * descriptors put together by hand from its figures.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/format/vtd_ss.h"

static const struct pt_format *const format = &pt_format_vtd_ss;

static void fields_stand_where_the_text_says(void **state)
{
	static const struct {
		const char *name;
		uint64_t mask, want;
	} cases[] = {
#define CASE(FIELD, want) { #FIELD, FIELD_MASK(FIELD), UINT64_C(want) }
		CASE(VTD_SS_R, 0x0000000000000001),
		CASE(VTD_SS_W, 0x0000000000000002),
		CASE(VTD_SS_SP, 0x0000000000000080),
		CASE(VTD_SS_SNP, 0x0000000000000800),
		CASE(VTD_SS_ADDRESS, 0x000ffffffffff000),
		CASE(VTD_SS_MARKER, 0x00f0000000000000),
#undef CASE
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (cases[i].mask != cases[i].want)
			fail_msg("%s", cases[i].name);
}

static void leaves_have_the_superpage_bit_of_their_level(void **state)
{
	static const struct {
		uint64_t pa, attrs;
		unsigned int level;
		uint64_t want;
	} cases[] = {
		{ 0x40000000, 0x803, VTD_SS_LEVEL_1G, 0x40000883 },
		{ 0x40200000, 0x001, VTD_SS_LEVEL_2M, 0x40200081 },
		{ 0x40201000, 0x002, VTD_SS_LEVEL_4K, 0x40201002 },
		{ 0xffffffffff000, 0x803, VTD_SS_LEVEL_4K, 0xffffffffff803 },
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

static void tables_allow_what_leaves_decide(void **state)
{
	const uint64_t pte = format->table((pa_t){ 0xf123456789000 });

	(void)state;
	assert_int_equal(pte, 0xf123456789003);
	for (unsigned int level = 0; level < 4; level++)
		assert_int_equal(format->kind(pte, level), PT_TABLE);
	assert_int_equal(format->address(pte, 1).raw, 0xf123456789000);
}

/* §3.7: neither read nor write is not present, whatever else stands there. */
static void what_allows_nothing_is_a_hole(void **state)
{
	static const struct {
		uint64_t pte;
		unsigned int level;
		enum pt_kind want;
	} cases[] = {
		{ 0, 4, PT_EMPTY },
		{ 0xfffffffffffffffc, 4, PT_EMPTY },
		{ 0x0000000040000880, 2, PT_EMPTY },
		{ 0x0000000040000001, 4, PT_LEAF },
		{ 0x0000000040000002, 4, PT_LEAF },
		{ 0x0000000040000001, 3, PT_TABLE },
		{ 0x0000000040000082, 3, PT_LEAF },
		{ 0x0000000040000081, 2, PT_LEAF },
		/* Markers do not matter. */
		{ 0x00f0000040000081, 2, PT_LEAF },
		{ 0x0090000040000003, 4, PT_LEAF },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(format->kind(cases[i].pte, cases[i].level),
				 cases[i].want);
}

static void markers_are_no_part_of_a_leaf(void **state)
{
	const uint64_t pte = UINT64_C(0x0090000040201803);

	(void)state;
	assert_int_equal(format->attrs(pte), 0x803);
	assert_int_equal(format->address(pte, 4).raw, 0x40201000);
	assert_int_equal(format->marker_lsb, 52);
}

static void the_levels_divide_57_bits(void **state)
{
	static const unsigned int lsb[] = { 48, 39, 30, 21, 12 };
	/* Index 511 at level 0, then 1, 2, 3, 4. */
	const uint64_t ia = UINT64_C(511) << 48 | UINT64_C(1) << 39 |
			    UINT64_C(2) << 30 | 3 << 21 | 4 << 12 | 0xfff;

	(void)state;
	for (unsigned int level = 0; level < 5; level++) {
		assert_int_equal(format->level[level].lsb, lsb[level]);
		assert_int_equal(pt_entries(format, level), 512);
		assert_int_equal(format->level[level].leaf_ok, level >= 2);
		assert_int_equal(pt_index(format, ia, level),
				 level ? level : 511);
	}
	assert_int_equal(vtd_ss_start(3), 2);
	assert_int_equal(vtd_ss_start(4), 1);
	assert_int_equal(vtd_ss_start(5), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_stand_where_the_text_says),
		cmocka_unit_test(leaves_have_the_superpage_bit_of_their_level),
		cmocka_unit_test(tables_allow_what_leaves_decide),
		cmocka_unit_test(what_allows_nothing_is_a_hole),
		cmocka_unit_test(markers_are_no_part_of_a_leaf),
		cmocka_unit_test(the_levels_divide_57_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
