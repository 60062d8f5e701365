/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Table pages and TLBs: reference counts, maintenance by policy, allocations that
 * fail and calls that are preempted.
 */
#include "tests/unit/core/p2m_space.h"

/* ---- reference counts */

static void the_last_frame_takes_its_tables_along(void **state)
{
	struct space s;

	(void)state;
	open_usual(&s);
	assert_int_equal(map(&s, 0, 5, 2), 0);
	assert_int_equal(map(&s, GB - 1, 5, 1), 0);
	assert_int_equal(s.p2m.stats.tables_live, 5);
	assert_int_equal(s.p2m.stats.tables_peak, 5);
	array_log_clear(s.a);
	assert_int_equal(remove_frames(&s, 0, 1), 0);
	assert_string_equal(s.a->log, "bsti");
	assert_true(s.a->request[0].leaf_only);
	array_log_clear(s.a);
	assert_int_equal(remove_frames(&s, 1, 1), 0);
	assert_string_equal(s.a->log, "bstif");
	assert_false(s.a->request[0].leaf_only);
	assert_int_equal(s.a->request[0].level, -1);
	assert_int_equal(s.p2m.stats.tables_live, 4);
	assert_int_equal(remove_frames(&s, GB - 1, 1), 0);
	assert_int_equal(s.p2m.stats.tables_live, 2);
	assert_int_equal(s.p2m.stats.tables_peak, 5);
	close_space(&s);
}

static void tables_stay_if_they_shall(void **state)
{
	struct p2m_config c = usual;
	struct space s;

	(void)state;
	c.free_empty = false;
	open_with(&s, c);
	assert_int_equal(map(&s, 0, 5, 2), 0);
	assert_int_equal(remove_frames(&s, 0, 2), 0);
	assert_int_equal(s.p2m.stats.tables_live, 4);
	expect_hole(&s, 0, 3);
	array_log_clear(s.a);
	/* A block over the empty table: walk caches may hold the way to it. */
	assert_int_equal(map(&s, 0, GB, MB2), 0);
	assert_string_equal(s.a->log, "bstifms");
	assert_int_equal(s.a->requests, 1);
	assert_false(s.a->request[0].leaf_only);
	close_space(&s);
}

static void removed_and_populated_again_is_a_block_again(void **state)
{
	struct space s;

	(void)state;
	open_usual(&s);
	assert_int_equal(map(&s, 0, GB, 4 * MB2), 0);
	for (uint64_t i = 0; i < MB2; i++)
		assert_int_equal(remove_frames(&s, MB2 + i, 1), 0);
	expect_hole(&s, MB2, 2);
	assert_int_equal(s.p2m.stats.tables_live, 3);
	assert_int_equal(map(&s, MB2, GB + MB2, MB2), 0);
	expect_mapped(&s, MB2 + 5, GB + MB2 + 5, 2);
	assert_int_equal(s.p2m.stats.splits, 1);
	close_space(&s);
}

/* ---- TLB maintenance */

static void whole_vmid_policy_sends_one_request_a_call(void **state)
{
	struct p2m_config c = usual;
	struct space s;

	(void)state;
	c.tlbi = P2M_TLBI_VMID;
	open_with(&s, c);
	assert_int_equal(map(&s, 1, 1, 2 * MB2), 0);
	array_log_clear(s.a);
	assert_int_equal(remove_frames(&s, 1, 2 * MB2), 0);
	assert_string_equal(s.a->log, "bstif");
	assert_int_equal(s.a->requests, 1);
	assert_int_equal(s.a->request[0].scope, PORT_TLBI_VMID);
	assert_int_equal(s.a->request[0].vmid, 7);
	close_space(&s);
}

static void ipa_policy_gives_up_at_a_tables_worth_of_leaves(void **state)
{
	struct space s;

	(void)state;
	open_usual(&s);
	assert_int_equal(map(&s, 1, 2, 1025), 0);
	array_log_clear(s.a);
	assert_int_equal(remove_frames(&s, 1, 511), 0);
	assert_int_equal(s.a->tlbi[PORT_TLBI_IPA], 511);
	assert_int_equal(s.a->tlbi[PORT_TLBI_VMID], 0);
	assert_int_equal(remove_frames(&s, 512, 512), 0);
	assert_int_equal(s.a->tlbi[PORT_TLBI_IPA], 511);
	assert_int_equal(s.a->tlbi[PORT_TLBI_VMID], 1);
	close_space(&s);
}

static void too_many_pieces_become_the_whole_vmid(void **state)
{
	struct space s;

	(void)state;
	open_usual(&s);
	for (uint64_t i = 0; i < 128; i++)
		assert_int_equal(map(&s, 2 * i, i, 1), 0);
	assert_int_equal(remove_frames(&s, 0, 128), 0);
	assert_int_equal(s.a->tlbi[PORT_TLBI_IPA], 64);
	for (uint64_t i = 0; i < 65; i++)
		assert_int_equal(map(&s, 1024 + 2 * i, i, 1), 0);
	assert_int_equal(remove_frames(&s, 1024, 512), 0);
	assert_int_equal(s.a->tlbi[PORT_TLBI_IPA], 64);
	assert_int_equal(s.a->tlbi[PORT_TLBI_VMID], 1);
	close_space(&s);
}

/* The requests cover [start, start + bytes) once, in order. */
static void expect_cover(struct space *s, uint64_t start, uint64_t bytes)
{
	for (size_t i = 0; i < s->a->requests; i++) {
		assert_int_equal(s->a->request[i].start.raw, start);
		start += s->a->request[i].bytes;
		bytes -= s->a->request[i].bytes;
	}
	assert_int_equal(bytes, 0);
}

static void range_policy_covers_exactly(void **state)
{
	static const uint64_t counts[] = {
		1, 2, 3, 4, 5, 61, 62, 63, 64, 65, 127, 128, 511, 512, 513,
		1023, 2048, 2047, 4097, 65535, 65537
	};
	struct p2m_config c = usual;
	struct space s;

	(void)state;
	c.tlbi = P2M_TLBI_RANGE;
	open_with(&s, c);
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		assert_int_equal(map(&s, 3, 4, counts[i]), 0);
		array_log_clear(s.a);
		assert_int_equal(remove_frames(&s, 3, counts[i]), 0);
		assert_null(array_quiet(s.a));
		expect_cover(&s, 3 << 12, counts[i] << 12);
		assert_true(s.a->requests <= 5);
	}
	assert_int_equal(map(&s, GB, 7 * MB2, 25 * GB), 0);
	array_log_clear(s.a);
	assert_int_equal(remove_frames(&s, GB, 25 * GB), 0);
	expect_cover(&s, GB << 12, (25 * GB) << 12);
	assert_int_equal(s.a->tlbi[PORT_TLBI_VMID], 0);
	close_space(&s);
}

static void range_policy_gives_up_when_it_is_most_of_the_space(void **state)
{
	struct p2m_config c = usual;
	struct space s;

	(void)state;
	c.tlbi = P2M_TLBI_RANGE;
	open_with(&s, c);
	assert_int_equal(map(&s, 0, 0, 65 * GB), 0);
	assert_int_equal(remove_frames(&s, 0, 65 * GB), 0);
	assert_int_equal(s.a->tlbi[PORT_TLBI_VMID], 1);
	assert_int_equal(s.a->tlbi[PORT_TLBI_RANGE], 0);
	close_space(&s);
}

/* ---- failure and preemption */

static void a_split_without_a_table_leaves_the_block(void **state)
{
	struct space s;

	(void)state;
	open_usual(&s);
	assert_int_equal(map(&s, 0, GB, GB), 0);
	for (int k = 0; k < 2; k++) {
		array_log_clear(s.a);
		s.a->fail_in = k;
		assert_int_equal(remove_frames(&s, 5, 1), ERR_NOMEM);
		assert_int_equal(s.done, 0);
		assert_string_equal(s.a->log, k ? "af" : "");
		expect_mapped(&s, 5, GB + 5, 1);
		assert_int_equal(s.p2m.stats.tables_live, 2);
	}
	close_space(&s);
}

static void a_failing_call_says_how_far_it_got(void **state)
{
	struct space s;

	(void)state;
	open_usual(&s);
	s.a->fail_in = 3; /* level 2, level 3, level 3 */
	assert_int_equal(map(&s, 7, 3, 3 * MB2), ERR_NOMEM);
	assert_int_equal(s.done, 2 * MB2 - 7);
	expect_mapped(&s, 2 * MB2 - 1, 2 * MB2 - 5, 3);
	expect_hole(&s, 2 * MB2, 2);
	close_space(&s);
}

static void preempted_calls_resume(void **state)
{
	struct space s;
	uint64_t gfn = 1, left = 9 * MB2;
	unsigned int calls = 0;
	int rc;

	(void)state;
	open_usual(&s);
	s.a->preempt_one_in = 1;
	do {
		rc = map(&s, gfn, gfn + 4, left);
		assert_null(array_quiet(s.a));
		assert_true(s.done > 0);
		gfn += s.done;
		left -= s.done;
		calls++;
	} while (rc == ERR_PREEMPTED);
	assert_int_equal(rc, 0);
	assert_int_equal(left, 0);
	assert_int_equal(calls, 10);
	for (uint64_t i = 1; i < 9 * MB2; i += 100)
		expect_mapped(&s, i, i + 4, 3);
	close_space(&s); /* fini is preempted, too */
	assert_int_equal(rc, 0);
}

static void teardown_stops_between_tables(void **state)
{
	struct space s;
	int rc, calls = 1;

	(void)state;
	open_usual(&s);
	assert_int_equal(map(&s, 1, 5, 4 * MB2 - 1), 0);
	s.a->preempt_one_in = 1;
	while ((rc = p2m_fini(&s.p2m)) == ERR_PREEMPTED)
		calls++;
	assert_int_equal(rc, 0);
	assert_int_equal(calls, 5);
	assert_int_equal(array_live(s.a), 0);
	assert_int_equal(s.a->tlbi[PORT_TLBI_VMID], 1);
	assert_null(array_quiet(s.a));
	array_delete(s.a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_frame_takes_its_tables_along),
		cmocka_unit_test(tables_stay_if_they_shall),
		cmocka_unit_test(removed_and_populated_again_is_a_block_again),
		cmocka_unit_test(whole_vmid_policy_sends_one_request_a_call),
		cmocka_unit_test(
			ipa_policy_gives_up_at_a_tables_worth_of_leaves),
		cmocka_unit_test(too_many_pieces_become_the_whole_vmid),
		cmocka_unit_test(range_policy_covers_exactly),
		cmocka_unit_test(range_policy_gives_up_when_it_is_most_of_the_space),
		cmocka_unit_test(a_split_without_a_table_leaves_the_block),
		cmocka_unit_test(a_failing_call_says_how_far_it_got),
		cmocka_unit_test(preempted_calls_resume),
		cmocka_unit_test(teardown_stops_between_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
