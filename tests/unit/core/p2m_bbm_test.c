/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is broken before it is made, by the architecture and by FEAT_BBM; and that
 * the referee would see it if it were not.
 */
#include "tests/unit/core/p2m_space.h"

/* ---- break-before-make */

static void another_frame_is_broken_before_it_is_made(void **state)
{
	struct space s;

	(void)state;
	open_usual(&s);
	assert_int_equal(map(&s, 0x10, 0x10, 8), 0);
	array_log_clear(s.a);
	assert_int_equal(map(&s, 0x12, 0x99, 4), 0);
	assert_string_equal(s.a->log, "bstims");
	assert_int_equal(s.a->requests, 4);
	assert_int_equal(s.a->request[3].start.raw, 0x15000);
	assert_int_equal(s.a->request[3].bytes, 0x1000);
	assert_int_equal(s.a->request[3].level, 3);
	assert_int_equal(s.a->request[3].vmid, 7);
	assert_true(s.a->request[3].leaf_only);
	expect_mapped(&s, 0x15, 0x9c, 3);
	expect_mapped(&s, 0x16, 0x16, 3);
	assert_int_equal(s.p2m.stats.mappings[3], 8);
	close_space(&s);
}

static void a_run_over_old_and_new_is_broken_once(void **state)
{
	struct space s;

	(void)state;
	open_usual(&s);
	for (uint64_t i = 0; i < 20; i += 2)
		assert_int_equal(map(&s, i, i, 1), 0);
	array_log_clear(s.a);
	assert_int_equal(map(&s, 0, 100, 20), 0);
	assert_string_equal(s.a->log, "bstims");
	for (uint64_t i = 0; i < 20; i++)
		expect_mapped(&s, i, 100 + i, 3);
	assert_int_equal(s.p2m.stats.mappings[3], 20);
	close_space(&s);
}

static void a_change_of_memory_type_is_broken(void **state)
{
	struct space s;

	(void)state;
	open_usual(&s);
	assert_int_equal(map(&s, 0, 50, 1), 0);
	array_log_clear(s.a);
	assert_int_equal(p2m_map(&s.p2m, (gfn_t){ 0 }, (mfn_t){ 50 }, 1,
				 P2M_DEVICE_NGNRE, 3, &s.done), 0);
	assert_string_equal(s.a->log, "bstims");
	close_space(&s);
}

static void fewer_rights_change_in_place_and_flush(void **state)
{
	struct space s;

	(void)state;
	open_usual(&s);
	assert_int_equal(map(&s, 0, 50, 4), 0);
	array_log_clear(s.a);
	assert_int_equal(p2m_protect(&s.p2m, (gfn_t){ 1 }, 2, 1, &s.done), 0);
	assert_string_equal(s.a->log, "psti");
	assert_int_equal(s.a->requests, 2);
	assert_int_equal(look(&s, 0).access, 7);
	assert_int_equal(look(&s, 1).access, 1);
	assert_int_equal(look(&s, 2).access, 1);
	array_log_clear(s.a);
	assert_int_equal(p2m_map(&s.p2m, (gfn_t){ 0 }, (mfn_t){ 50 }, 4,
				 P2M_RAM_RO, 7, &s.done), 0);
	assert_string_equal(s.a->log, "psti");
	assert_int_equal(look(&s, 3).type, P2M_RAM_RO);
	close_space(&s);
}

static void a_block_is_split_after_its_like_is_built(void **state)
{
	struct space s;

	(void)state;
	open_usual(&s);
	assert_int_equal(map(&s, 0, GB, MB2), 0);
	array_log_clear(s.a);
	assert_int_equal(p2m_protect(&s.p2m, (gfn_t){ 9 }, 1, 5, &s.done), 0);
	assert_string_equal(s.a->log, "anbstimpsti");
	assert_int_equal(s.a->request[0].start.raw, 0);
	assert_int_equal(s.a->request[0].bytes, 0x200000);
	assert_int_equal(s.a->request[0].level, 2);
	assert_int_equal(s.p2m.stats.splits, 1);
	assert_int_equal(s.p2m.stats.mappings[2], 0);
	assert_int_equal(s.p2m.stats.mappings[3], 512);
	for (uint64_t i = 0; i < 512; i++) {
		expect_mapped(&s, i, GB + i, 3);
		assert_int_equal(look(&s, i).access, i == 9 ? 5 : 7);
	}
	close_space(&s);
}

static void a_large_block_splits_only_along_the_way(void **state)
{
	struct space s;

	(void)state;
	open_usual(&s);
	assert_int_equal(map(&s, 0, GB, GB), 0);
	assert_int_equal(remove_frames(&s, 5 * MB2 + 6, 1), 0);
	assert_int_equal(s.p2m.stats.splits, 2);
	assert_int_equal(s.p2m.stats.mappings[1], 0);
	assert_int_equal(s.p2m.stats.mappings[2], 511);
	assert_int_equal(s.p2m.stats.mappings[3], 511);
	expect_mapped(&s, 4 * MB2 + 6, GB + 4 * MB2 + 6, 2);
	expect_mapped(&s, 5 * MB2 + 5, GB + 5 * MB2 + 5, 3);
	expect_hole(&s, 5 * MB2 + 6, 3);
	close_space(&s);
}

static void protect_skips_holes_and_what_is_so_already(void **state)
{
	struct space s;

	(void)state;
	open_usual(&s);
	assert_int_equal(map(&s, MB2, GB, MB2), 0);
	array_log_clear(s.a);
	assert_int_equal(p2m_protect(&s.p2m, (gfn_t){ 0 }, MB2 + 9, 7, &s.done),
			 0);
	assert_int_equal(s.done, MB2 + 9);
	assert_string_equal(s.a->log, "");
	close_space(&s);
}

static void a_block_replaces_a_populated_table(void **state)
{
	struct space s;

	(void)state;
	open_usual(&s);
	assert_int_equal(map(&s, 1, 8, 3), 0);
	assert_int_equal(map(&s, 7, 99, 1), 0);
	array_log_clear(s.a);
	assert_int_equal(map(&s, 0, GB, MB2), 0);
	assert_string_equal(s.a->log, "bstifms");
	assert_int_equal(s.a->requests, 4);
	assert_false(s.a->request[0].leaf_only);
	assert_int_equal(s.p2m.stats.mappings[2], 1);
	assert_int_equal(s.p2m.stats.mappings[3], 0);
	assert_int_equal(s.p2m.stats.tables_live, 3);
	close_space(&s);
}

static void a_large_block_replaces_a_tree(void **state)
{
	struct p2m_config c = usual;
	struct space s;

	(void)state;
	for (int free_empty = 0; free_empty < 2; free_empty++) {
		c.free_empty = free_empty;
		open_with(&s, c);
		for (uint64_t i = 0; i < 20; i++)
			assert_int_equal(map(&s, i * MB2 + i, i, 1 + i), 0);
		assert_int_equal(map(&s, 100 * MB2, GB, 3 * MB2), 0);
		assert_int_equal(remove_frames(&s, MB2, 3 * MB2), 0);
		assert_int_equal(map(&s, 0, GB, GB), 0);
		assert_int_equal(s.p2m.stats.mappings[1], 1);
		assert_int_equal(s.p2m.stats.mappings[2], 0);
		assert_int_equal(s.p2m.stats.mappings[3], 0);
		assert_int_equal(s.p2m.stats.tables_live, 2);
		close_space(&s);
	}
}

/* ---- FEAT_BBM */

static void open_bbm(struct space *s, uint8_t bbm_level)
{
	struct p2m_config c = usual;

	c.bbm_level = bbm_level;
	c.coalesce.policy = PT_COALESCE_EAGER;
	open_with(s, c);
	s->a->bbm_level = bbm_level;
}

static void sizes_change_without_a_break_if_hardware_bears_it(void **state)
{
	/* What a split, and then the promotion, look like by level. */
	static const char *const split[] = { "anbstimbpsti",
					     "anpstipbpsti",
					     "anspbpsti" };
	static const char *const merge[] = { "mpbstifms", "mpstifps",
					     "mpstif" };

	(void)state;
	for (uint8_t level = 0; level < 3; level++) {
		struct space s;

		open_bbm(&s, level);
		assert_int_equal(map(&s, 0, GB, MB2), 0);
		array_log_clear(s.a);
		assert_int_equal(remove_frames(&s, 9, 1), 0);
		assert_string_equal(s.a->log, split[level]);
		assert_null(array_quiet(s.a));
		array_log_clear(s.a);
		assert_int_equal(map(&s, 9, GB + 9, 1), 0);
		assert_string_equal(s.a->log, merge[level]);
		expect_mapped(&s, 9, GB + 9, 2);
		assert_int_equal(pte_of(&s, 9), UINT64_C(0x00800000400007fd));
		close_space(&s);
	}
}

/* No hardware bears two entries of one address that differ in both. */
static void size_and_rights_change_with_a_flush_between(void **state)
{
	struct space s;

	(void)state;
	open_bbm(&s, 2);
	assert_int_equal(map(&s, 0, GB, MB2), 0);
	array_log_clear(s.a);
	assert_int_equal(p2m_protect(&s.p2m, (gfn_t){ 9 }, 1, 5, &s.done), 0);
	assert_string_equal(s.a->log, "anspstipsti");
	array_log_clear(s.a);
	assert_int_equal(p2m_protect(&s.p2m, (gfn_t){ 9 }, 1, 7, &s.done), 0);
	assert_string_equal(s.a->log, "pstipstif");
	expect_mapped(&s, 9, GB + 9, 2);
	close_space(&s);
}

static void the_referee_knows_the_level_of_bbm(void **state)
{
	struct p2m_config c = usual;
	struct space s;

	(void)state;
	c.bbm_level = 2;
	open_with(&s, c);
	assert_int_equal(map(&s, 0, GB, MB2), 0);
	assert_int_equal(remove_frames(&s, 9, 1), 0);
	assert_string_equal(s.a->violation, "valid to valid without a break");
	s.a->violation = NULL;
	array_delete(s.a);
}

static void no_such_level_of_bbm(void **state)
{
	struct port_array *a = array_new(1);
	struct p2m_config c = usual;
	struct p2m p2m;

	(void)state;
	c.bbm_level = 3;
	assert_int_equal(p2m_init(&p2m, a, &c), ERR_INVAL);
	array_delete(a);
}

/* ---- the referee */
static void the_referee_sees_a_missing_break(void **state)
{
	struct space s;
	uint64_t *e;

	(void)state;
	open_usual(&s);
	assert_int_equal(map(&s, 0, GB, GB), 0);
	e = port_table_map(s.a, s.p2m.root);
	port_pte_write(s.a, &e[0], e[0] ^ UINT64_C(1) << 31);
	assert_string_equal(s.a->violation, "valid to valid without a break");
	s.a->violation = NULL;
	port_pte_write(s.a, &e[0], 0);
	port_barrier(s.a, PORT_DSB_ISHST);
	port_barrier(s.a, PORT_DSB_ISH);
	port_pte_write(s.a, &e[0], UINT64_C(0x80000ffd));
	assert_string_equal(s.a->violation, "made before the break is complete");
	port_table_unmap(s.a, e);
	assert_string_equal(array_quiet(s.a),
			    "made before the break is complete");
	array_delete(s.a);
}

static void the_referee_sees_an_early_free(void **state)
{
	struct space s;
	uint64_t *e, table;

	(void)state;
	open_usual(&s);
	assert_int_equal(map(&s, 0, 1, 1), 0);
	e = port_table_map(s.a, s.p2m.root);
	table = e[0] & UINT64_C(0xfffffffff000);
	port_pte_write(s.a, &e[0], 0);
	port_barrier(s.a, PORT_DSB_ISHST);
	port_table_free(s.a, 12, 0, (pa_t){ table });
	assert_string_equal(s.a->violation,
			    "freed while a cache may lead to it");
	array_delete(s.a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_frame_is_broken_before_it_is_made),
		cmocka_unit_test(a_run_over_old_and_new_is_broken_once),
		cmocka_unit_test(a_change_of_memory_type_is_broken),
		cmocka_unit_test(fewer_rights_change_in_place_and_flush),
		cmocka_unit_test(a_block_is_split_after_its_like_is_built),
		cmocka_unit_test(a_large_block_splits_only_along_the_way),
		cmocka_unit_test(protect_skips_holes_and_what_is_so_already),
		cmocka_unit_test(a_block_replaces_a_populated_table),
		cmocka_unit_test(a_large_block_replaces_a_tree),
		cmocka_unit_test(sizes_change_without_a_break_if_hardware_bears_it),
		cmocka_unit_test(size_and_rights_change_with_a_flush_between),
		cmocka_unit_test(the_referee_knows_the_level_of_bbm),
		cmocka_unit_test(no_such_level_of_bbm),
		cmocka_unit_test(the_referee_sees_a_missing_break),
		cmocka_unit_test(the_referee_sees_an_early_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
