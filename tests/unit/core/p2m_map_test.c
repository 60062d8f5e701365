/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mapping and looking up: the leaves that are taken, types and access.
 */
#include "tests/unit/core/p2m_space.h"

/* ---- map and look up */

static void a_page_takes_the_tables_it_needs(void **state)
{
	struct space s;

	(void)state;
	open_usual(&s);
	assert_int_equal(map(&s, 0x12345, 0x777, 1), 0);
	assert_int_equal(s.done, 1);
	expect_mapped(&s, 0x12345, 0x777, 3);
	expect_hole(&s, 0x12346, 3);
	expect_hole(&s, 0x12345 + MB2, 2);
	expect_hole(&s, 0x12345 + GB, 1);
	assert_int_equal(s.p2m.stats.tables_live, 4);
	assert_int_equal(s.p2m.stats.mappings[3], 1);
	assert_string_equal(s.a->log, "ansms");
	assert_int_equal(s.a->requests, 0);
	close_space(&s);
}

static void beyond_the_space_is_a_hole_at_the_root(void **state)
{
	struct space s;

	(void)state;
	open_usual(&s);
	expect_hole(&s, UINT64_C(1) << 28, 1);
	expect_hole(&s, UINT64_MAX, 1);
	expect_hole(&s, UINT64_C(1) << 52, 1);
	assert_int_equal(map(&s, (UINT64_C(1) << 28) - 1, 5, 1), 0);
	expect_mapped(&s, (UINT64_C(1) << 28) - 1, 5, 3);
	expect_hole(&s, UINT64_C(1) << 28, 1);
	close_space(&s);
}

static void greedy_takes_the_largest_leaf_each_time(void **state)
{
	struct space s;

	(void)state;
	open_usual(&s);
	assert_int_equal(map(&s, GB - MB2 - 1, 3 * GB - MB2 - 1,
			     1 + MB2 + GB + MB2 + 1), 0);
	expect_mapped(&s, GB - MB2 - 1, 3 * GB - MB2 - 1, 3);
	expect_mapped(&s, GB - 1, 3 * GB - 1, 2);
	expect_mapped(&s, GB + 12345, 3 * GB + 12345, 1);
	expect_mapped(&s, 2 * GB + 3, 4 * GB + 3, 2);
	expect_mapped(&s, 2 * GB + MB2, 4 * GB + MB2, 3);
	expect_hole(&s, 2 * GB + MB2 + 1, 3);
	assert_int_equal(s.p2m.stats.mappings[1], 1);
	assert_int_equal(s.p2m.stats.mappings[2], 2);
	assert_int_equal(s.p2m.stats.mappings[3], 2);
	close_space(&s);
}

static void greedy_needs_the_frame_aligned_too(void **state)
{
	struct space s;

	(void)state;
	open_usual(&s);
	assert_int_equal(map(&s, 0, 1, 2 * MB2), 0);
	assert_int_equal(s.p2m.stats.mappings[3], 2 * MB2);
	assert_int_equal(map(&s, 2 * GB, 5 * MB2, GB), 0);
	assert_int_equal(s.p2m.stats.mappings[2], 512);
	close_space(&s);
}

static void mask_takes_one_size_for_all(void **state)
{
	struct p2m_config c = usual;
	struct space s;

	(void)state;
	c.order = P2M_ORDER_MASK;
	open_with(&s, c);
	assert_int_equal(map(&s, 0, MB2, 513), 0);
	assert_int_equal(s.p2m.stats.mappings[3], 513);
	assert_int_equal(map(&s, GB, GB, 3 * MB2), 0);
	assert_int_equal(s.p2m.stats.mappings[2], 3);
	assert_int_equal(map(&s, 4 * GB, GB, 2 * GB), 0);
	assert_int_equal(s.p2m.stats.mappings[1], 2);
	assert_int_equal(map(&s, 8 * GB, GB, GB + MB2), 0);
	assert_int_equal(s.p2m.stats.mappings[2], 3 + 513);
	close_space(&s);
}

static void types_and_access_come_back(void **state)
{
	static const struct {
		enum p2m_type type;
		unsigned int access, want;
		uint64_t pte; /* of mfn 0x80 */
	} cases[] = {
		{ P2M_RAM_RW, 7, 7, UINT64_C(0x00800000000807ff) },
		{ P2M_RAM_RW, 3, 3, UINT64_C(0x00c00000000807ff) },
		{ P2M_RAM_RW, 0, 0, UINT64_C(0x00c000000008073f) },
		{ P2M_RAM_RW, 5, 5, UINT64_C(0x008000000008077f) },
		{ P2M_RAM_RO, 7, 5, UINT64_C(0x010000000008077f) },
		{ P2M_RAM_RO, 2, 0, UINT64_C(0x014000000008073f) },
		{ P2M_DEVICE_NGNRE, 7, 3, UINT64_C(0x01c00000000806c7) },
		{ P2M_DEVICE_NGNRE, 1, 1, UINT64_C(0x01c0000000080647) },
	};
	struct space s;

	(void)state;
	open_usual(&s);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct p2m_entry e;
		unsigned int found = 0;

		assert_int_equal(p2m_map(&s.p2m, (gfn_t){ i }, (mfn_t){ 0x80 },
					 1, cases[i].type, cases[i].access,
					 &s.done), 0);
		e = look(&s, i);
		assert_int_equal(e.type, cases[i].type);
		assert_int_equal(e.access, cases[i].want);
		for (unsigned int n = 0; n < s.a->allocated; n++)
			found += array_page_entries(s.a, n)[i] == cases[i].pte;
		assert_int_equal(found, 1);
	}
	close_space(&s);
}

static void nonsense_changes_nothing(void **state)
{
	const uint64_t top = UINT64_C(1) << 28, mtop = UINT64_C(1) << 36;
	static const uint64_t many = UINT64_MAX;
	struct space s;

	(void)state;
	open_usual(&s);
	s.done = 99;
	assert_int_equal(map(&s, top, 0, 1), ERR_RANGE);
	assert_int_equal(s.done, 0);
	assert_int_equal(map(&s, top - 1, 0, 2), ERR_RANGE);
	assert_int_equal(map(&s, 1, 0, many), ERR_RANGE);
	assert_int_equal(map(&s, many, 0, 2), ERR_RANGE);
	assert_int_equal(map(&s, 0, mtop, 1), ERR_RANGE);
	assert_int_equal(map(&s, 0, mtop - 1, 2), ERR_RANGE);
	assert_int_equal(map(&s, 0, many, 1), ERR_RANGE);
	assert_int_equal(remove_frames(&s, top, 1), ERR_RANGE);
	assert_int_equal(remove_frames(&s, 5, many - 4), ERR_RANGE);
	assert_int_equal(remove_frames(&s, UINT64_C(1) << 52, 1), ERR_RANGE);
	assert_int_equal(p2m_protect(&s.p2m, (gfn_t){ 1 }, top, 1, &s.done),
			 ERR_RANGE);
	assert_int_equal(p2m_protect(&s.p2m, (gfn_t){ 1 }, 1, 8, &s.done),
			 ERR_INVAL);
	assert_int_equal(p2m_map(&s.p2m, (gfn_t){ 0 }, (mfn_t){ 0 }, 1,
				 P2M_INVALID, 7, &s.done), ERR_INVAL);
	assert_int_equal(p2m_map(&s.p2m, (gfn_t){ 0 }, (mfn_t){ 0 }, 1,
				 P2M_TYPE_COUNT, 7, &s.done), ERR_INVAL);
	assert_int_equal(p2m_map(&s.p2m, (gfn_t){ 0 }, (mfn_t){ 0 }, 1,
				 (enum p2m_type)-1, 7, &s.done), ERR_INVAL);
	assert_int_equal(p2m_map(&s.p2m, (gfn_t){ 0 }, (mfn_t){ 0 }, 1, RW, 8,
				 &s.done), ERR_INVAL);
	assert_int_equal(map(&s, 5, 5, 0), 0);
	assert_string_equal(s.a->log, "");
	close_space(&s);
}

static void mapping_the_same_again_writes_nothing(void **state)
{
	struct space s;

	(void)state;
	open_usual(&s);
	assert_int_equal(map(&s, 0, GB, MB2 + 7), 0);
	array_log_clear(s.a);
	assert_int_equal(map(&s, 0, GB, MB2 + 7), 0);
	assert_int_equal(map(&s, 3, GB + 3, 9), 0);
	assert_string_equal(s.a->log, "");
	assert_int_equal(s.p2m.stats.splits, 0);
	close_space(&s);
}

/* ---- types */

static void types_change_in_place_or_broken_as_memory_asks(void **state)
{
	struct space s;

	(void)state;
	open_usual(&s);
	assert_int_equal(map(&s, 0, 50, 200), 0);
	assert_int_equal(p2m_map(&s.p2m, (gfn_t){ 100 }, (mfn_t){ 9 }, 1,
				 P2M_GRANT_RW, 7, &s.done), 0);
	array_log_clear(s.a);
	assert_int_equal(p2m_change_type(&s.p2m, (gfn_t){ 1 }, 198, P2M_RAM_RW,
					 P2M_RAM_RO, &s.done), 0);
	assert_int_equal(s.done, 198);
	assert_string_equal(s.a->log, "psti");
	assert_int_equal(look(&s, 0).type, P2M_RAM_RW);
	assert_int_equal(look(&s, 1).type, P2M_RAM_RO);
	assert_int_equal(look(&s, 1).access, 5);
	assert_int_equal(look(&s, 100).type, P2M_GRANT_RW);
	assert_int_equal(look(&s, 100).access, 3);
	array_log_clear(s.a);
	assert_int_equal(p2m_change_type(&s.p2m, (gfn_t){ 0 }, 100, P2M_RAM_RO,
					 P2M_DEVICE_NC, &s.done), 0);
	assert_string_equal(s.a->log, "bstimbstims");
	assert_int_equal(look(&s, 99).type, P2M_DEVICE_NC);
	assert_int_equal(look(&s, 99).access, 1);
	assert_int_equal(look(&s, 99).mfn.raw, 149);
	assert_int_equal(s.p2m.stats.mappings[3], 200);
	assert_int_equal(p2m_change_type(&s.p2m, (gfn_t){ 0 }, 1, P2M_INVALID,
					 P2M_RAM_RW, &s.done), ERR_INVAL);
	assert_int_equal(p2m_change_type(&s.p2m, (gfn_t){ 0 }, 1, P2M_RAM_RW,
					 P2M_TYPE_COUNT, &s.done), ERR_INVAL);
	assert_int_equal(p2m_change_type(&s.p2m, (gfn_t){ UINT64_MAX }, 1,
					 P2M_RAM_RW, P2M_RAM_RO, &s.done),
			 ERR_RANGE);
	close_space(&s);
}

static void the_default_access_stands_for_new_frames(void **state)
{
	struct space s;

	(void)state;
	open_usual(&s);
	assert_int_equal(p2m_map(&s.p2m, (gfn_t){ 0 }, (mfn_t){ 9 }, 1, RW,
				 P2M_ACCESS_DEFAULT, &s.done), 0);
	assert_int_equal(p2m_set_default_access(&s.p2m, 8), ERR_INVAL);
	assert_int_equal(p2m_set_default_access(&s.p2m, P2M_ACCESS_DEFAULT),
			 ERR_INVAL);
	assert_int_equal(p2m_set_default_access(&s.p2m, 1), 0);
	assert_int_equal(p2m_map(&s.p2m, (gfn_t){ 1 }, (mfn_t){ 9 }, 2, RW,
				 P2M_ACCESS_DEFAULT, &s.done), 0);
	assert_int_equal(p2m_protect(&s.p2m, (gfn_t){ 2 }, 1, 3, &s.done), 0);
	assert_int_equal(look(&s, 0).access, 7);
	assert_int_equal(look(&s, 1).access, 1);
	assert_int_equal(look(&s, 2).access, 3);
	assert_int_equal(p2m_protect(&s.p2m, (gfn_t){ 0 }, 3,
				     P2M_ACCESS_DEFAULT, &s.done), 0);
	assert_int_equal(look(&s, 0).access, 1);
	assert_int_equal(look(&s, 2).access, 1);
	assert_int_equal(p2m_protect(&s.p2m, (gfn_t){ 0 }, 3,
				     P2M_ACCESS_DEFAULT | 1, &s.done),
			 ERR_INVAL);
	close_space(&s);
}

static void relinquishing_gets_on_with_every_call(void **state)
{
	struct space s;
	unsigned int calls = 1;
	int rc;

	(void)state;
	open_usual(&s);
	assert_int_equal(map(&s, 1, 5, 9 * MB2), 0);
	assert_int_equal(map(&s, 7 * GB, 0, GB), 0);
	s.a->preempt_one_in = 1;
	while ((rc = p2m_relinquish(&s.p2m)) == ERR_PREEMPTED) {
		assert_null(array_quiet(s.a));
		assert_true(calls++ < 2000);
	}
	assert_int_equal(rc, 0);
	assert_true(calls > 10);
	assert_int_equal(s.p2m.stats.tables_live, 2);
	expect_hole(&s, 5, 1);
	/* As good as new. */
	assert_int_equal(map(&s, 1, 5, 1), 0);
	expect_mapped(&s, 1, 5, 3);
	close_space(&s);
}

/* ---- two notions of valid */

static void walks_follow_the_type_and_not_bit_0(void **state)
{
	struct space s;

	(void)state;
	open_usual(&s);
	assert_int_equal(map(&s, 0, GB, 3), 0);
	assert_int_equal(map(&s, 5 * MB2, GB, MB2), 0);
	for (unsigned int n = 0; n < s.a->allocated; n++)
		for (unsigned int i = 0; i < 512; i++)
			array_page_entries(s.a, n)[i] &= ~UINT64_C(1);
	expect_mapped(&s, 2, GB + 2, 3);
	expect_mapped(&s, 5 * MB2 + 2, GB + 2, 2);
	expect_hole(&s, 3, 3);
	for (unsigned int n = 0; n < s.a->allocated; n++)
		for (unsigned int i = 0; i < 512; i++)
			if (array_page_entries(s.a, n)[i])
				array_page_entries(s.a, n)[i] |= 1;
	close_space(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_page_takes_the_tables_it_needs),
		cmocka_unit_test(beyond_the_space_is_a_hole_at_the_root),
		cmocka_unit_test(greedy_takes_the_largest_leaf_each_time),
		cmocka_unit_test(greedy_needs_the_frame_aligned_too),
		cmocka_unit_test(mask_takes_one_size_for_all),
		cmocka_unit_test(types_and_access_come_back),
		cmocka_unit_test(nonsense_changes_nothing),
		cmocka_unit_test(mapping_the_same_again_writes_nothing),
		cmocka_unit_test(types_change_in_place_or_broken_as_memory_asks),
		cmocka_unit_test(the_default_access_stands_for_new_frames),
		cmocka_unit_test(relinquishing_gets_on_with_every_call),
		cmocka_unit_test(walks_follow_the_type_and_not_bit_0),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
