/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The contiguous hint, and when a table becomes a block again.
 */
#include "tests/unit/core/p2m_space.h"

/* ---- the contiguous hint */

static void open_hinting(struct space *s)
{
	struct p2m_config c = usual;

	c.contig_hint = true;
	open_with(s, c);
}

static void a_fresh_group_gets_its_hint_without_a_break(void **state)
{
	struct space s;

	(void)state;
	open_hinting(&s);
	assert_int_equal(map(&s, 0x10, 0x50, 35), 0);
	assert_string_equal(s.a->log, "ansms");
	assert_true(pte_of(&s, 0x10) & CONTIG);
	assert_true(pte_of(&s, 0x2f) & CONTIG);
	assert_false(pte_of(&s, 0x30) & CONTIG);
	/* Not aligned as the frames are: no group. */
	assert_int_equal(map(&s, 0x100, 0x101, 16), 0);
	assert_false(pte_of(&s, 0x100) & CONTIG);
	/* Sixteen blocks of 2 MB. */
	assert_int_equal(map(&s, 16 * MB2, GB, 16 * MB2), 0);
	assert_true(pte_of(&s, 31 * MB2) & CONTIG);
	close_space(&s);
}

static void the_last_page_of_a_group_brings_the_hint(void **state)
{
	struct space s;

	(void)state;
	open_hinting(&s);
	for (uint64_t i = 0; i < 15; i++)
		assert_int_equal(map(&s, i, GB + i, 1), 0);
	array_log_clear(s.a);
	assert_int_equal(map(&s, 15, GB + 15, 1), 0);
	assert_string_equal(s.a->log, "mpbstims");
	assert_int_equal(s.a->requests, 16);
	for (uint64_t i = 0; i < 16; i++)
		assert_true(pte_of(&s, i) & CONTIG);
	close_space(&s);
}

static void a_change_inside_a_group_breaks_all_of_it_first(void **state)
{
	struct space s;

	(void)state;
	open_hinting(&s);
	assert_int_equal(map(&s, 0, GB, 32), 0);
	array_log_clear(s.a);
	assert_int_equal(remove_frames(&s, 5, 1), 0);
	assert_string_equal(s.a->log, "bstimbpsti");
	assert_false(pte_of(&s, 0) & CONTIG);
	assert_true(pte_of(&s, 16) & CONTIG);
	array_log_clear(s.a);
	assert_int_equal(p2m_protect(&s.p2m, (gfn_t){ 16 }, 16, 1, &s.done),
			 0);
	assert_null(array_quiet(s.a));
	assert_true(pte_of(&s, 16) & CONTIG);
	assert_int_equal(look(&s, 31).access, 1);
	/* A group that goes as a whole needs no break before. */
	array_log_clear(s.a);
	assert_int_equal(remove_frames(&s, 16, 16), 0);
	assert_string_equal(s.a->log, "bsti");
	close_space(&s);
}

static void groups_behind_a_table_wait_for_their_turn(void **state)
{
	struct space s;

	(void)state;
	open_hinting(&s);
	assert_int_equal(map(&s, 0, GB, 32 * MB2), 0);
	assert_int_equal(remove_frames(&s, 7, 1), 0);
	s.a->preempt_one_in = 1;
	assert_int_equal(p2m_protect(&s.p2m, (gfn_t){ 0 }, 32 * MB2, 1,
				     &s.done), ERR_PREEMPTED);
	assert_null(array_quiet(s.a));
	assert_int_equal(s.done, MB2);
	assert_true(pte_of(&s, 16 * MB2) & CONTIG);
	s.a->preempt_one_in = 0;
	assert_int_equal(p2m_protect(&s.p2m, (gfn_t){ 0 }, 32 * MB2, 1,
				     &s.done), 0);
	assert_null(array_quiet(s.a));
	assert_true(pte_of(&s, 16 * MB2) & CONTIG);
	assert_int_equal(look(&s, 31 * MB2).access, 1);
	close_space(&s);
}

static void a_block_come_back_completes_its_group(void **state)
{
	struct p2m_config c = usual;
	struct space s;

	(void)state;
	c.contig_hint = true;
	c.coalesce.policy = PT_COALESCE_EAGER;
	open_with(&s, c);
	assert_int_equal(map(&s, 0, GB, 16 * MB2), 0);
	assert_int_equal(remove_frames(&s, 3 * MB2 + 7, 1), 0);
	for (uint64_t i = 0; i < 16; i++)
		if (i != 3)
			assert_false(pte_of(&s, i * MB2) & CONTIG);
	assert_false(pte_of(&s, 3 * MB2) & CONTIG);
	assert_true(pte_of(&s, 3 * MB2 + 16) & CONTIG);
	assert_int_equal(map(&s, 3 * MB2 + 7, GB + 3 * MB2 + 7, 1), 0);
	for (uint64_t i = 0; i < 16; i++) {
		expect_mapped(&s, i * MB2, GB + i * MB2, 2);
		assert_true(pte_of(&s, i * MB2) & CONTIG);
	}
	close_space(&s);
}

/* ---- coalescing */

static struct p2m_config coalescing(enum pt_coalesce_policy policy, uint64_t n,
				    uint64_t budget)
{
	struct p2m_config c = usual;

	c.coalesce = (struct pt_coalesce){ policy, n, budget };
	return c;
}

/* Calls that leave all tables alone. */
static void let_calls_go_by(struct space *s, unsigned int calls)
{
	while (calls-- != 0)
		p2m_tick(&s->p2m);
}

static void a_whole_table_is_a_block_after_break_before_make(void **state)
{
	struct space s;

	(void)state;
	open_with(&s, coalescing(PT_COALESCE_EAGER, 0, 0));
	for (uint64_t i = 1; i < MB2; i++)
		assert_int_equal(map(&s, i, GB + i, 1), 0);
	expect_mapped(&s, 5, GB + 5, 3);
	array_log_clear(s.a);
	assert_int_equal(map(&s, 0, GB, 1), 0);
	assert_string_equal(s.a->log, "mpbstifms");
	assert_int_equal(s.a->requests, 1);
	assert_int_equal(s.a->request[0].scope, PORT_TLBI_VMID);
	assert_false(s.a->request[0].leaf_only);
	expect_mapped(&s, 5, GB + 5, 2);
	assert_int_equal(s.p2m.stats.coalesces, 1);
	assert_int_equal(s.p2m.stats.mappings[2], 1);
	assert_int_equal(s.p2m.stats.mappings[3], 0);
	assert_int_equal(s.p2m.stats.tables_live, 3);
	close_space(&s);
}

static void promotion_goes_on_upwards(void **state)
{
	struct space s;

	(void)state;
	open_with(&s, coalescing(PT_COALESCE_EAGER, 0, 0));
	assert_int_equal(map(&s, 0, GB, GB), 0);
	assert_int_equal(remove_frames(&s, 77777, 1), 0);
	assert_int_equal(s.p2m.stats.splits, 2);
	assert_int_equal(map(&s, 77777, GB + 77777, 1), 0);
	expect_mapped(&s, 5, GB + 5, 1);
	assert_int_equal(s.p2m.stats.coalesces, 2);
	assert_int_equal(s.p2m.stats.tables_live, 2);
	close_space(&s);
}

static void unequal_or_misplaced_pages_stay_pages(void **state)
{
	struct space s;

	(void)state;
	open_with(&s, coalescing(PT_COALESCE_EAGER, 0, 0));
	assert_int_equal(map(&s, 1, GB + 2, MB2 - 1), 0);
	assert_int_equal(map(&s, 0, GB + 1, 1), 0);
	assert_int_equal(map(&s, MB2, GB, MB2), 0);
	assert_int_equal(p2m_protect(&s.p2m, (gfn_t){ MB2 + 3 }, 1, 5,
				     &s.done), 0);
	expect_mapped(&s, 0, GB + 1, 3);
	assert_int_equal(look(&s, MB2).level, 3);
	assert_int_equal(s.p2m.stats.coalesces, 0);
	assert_int_equal(p2m_protect(&s.p2m, (gfn_t){ MB2 }, MB2, 5, &s.done),
			 0);
	assert_int_equal(look(&s, MB2).level, 2);
	assert_int_equal(look(&s, MB2).access, 5);
	assert_int_equal(s.p2m.stats.coalesces, 1);
	close_space(&s);
}

static void promotion_needs_no_memory(void **state)
{
	struct space s;

	(void)state;
	open_with(&s, coalescing(PT_COALESCE_EAGER, 0, 0));
	assert_int_equal(map(&s, 1, GB + 1, MB2 - 1), 0);
	s.a->fail_in = 0;
	assert_int_equal(map(&s, 0, GB, 1), 0);
	expect_mapped(&s, 5, GB + 5, 2);
	close_space(&s);
}

static void after_ops_waits_that_many_calls_of_peace(void **state)
{
	struct space s;

	(void)state;
	open_with(&s, coalescing(PT_COALESCE_AFTER_OPS, 5, 0));
	assert_int_equal(map(&s, 1, GB + 1, MB2 - 1), 0);
	assert_int_equal(map(&s, 0, GB, 1), 0);
	let_calls_go_by(&s, 4);
	expect_mapped(&s, 0, GB, 3);
	assert_int_equal(remove_frames(&s, 0, 1), 0);
	let_calls_go_by(&s, 9);
	assert_int_equal(map(&s, 0, GB, 1), 0);
	let_calls_go_by(&s, 4);
	expect_mapped(&s, 0, GB, 3);
	let_calls_go_by(&s, 1);
	expect_mapped(&s, 0, GB, 2);
	close_space(&s);
}

static void after_cycles_waits_that_long(void **state)
{
	struct space s;
	uint64_t since;

	(void)state;
	open_with(&s, coalescing(PT_COALESCE_AFTER_CYCLES, 1000, 0));
	assert_int_equal(map(&s, 1, GB + 1, MB2 - 1), 0);
	assert_int_equal(map(&s, 0, GB, 1), 0);
	since = s.a->reads; /* the host's clock */
	while (s.a->reads < since + 900) {
		p2m_tick(&s.p2m);
		expect_mapped(&s, 0, GB, 3);
	}
	s.a->reads += 200;
	p2m_tick(&s.p2m);
	expect_mapped(&s, 0, GB, 2);
	close_space(&s);
}

static void hysteresis_doubles_the_wait_with_each_split(void **state)
{
	static const unsigned int wait[] = { 0, 512, 1024, 2048 };
	struct space s;

	(void)state;
	open_with(&s, coalescing(PT_COALESCE_HYSTERESIS, 2, 0));
	assert_int_equal(map(&s, 0, GB, MB2), 0);
	for (size_t i = 0; i < sizeof(wait) / sizeof(wait[0]); i++) {
		assert_int_equal(remove_frames(&s, 9, 1), 0);
		assert_int_equal(map(&s, 9, GB + 9, 1), 0);
		if (wait[i] != 0) {
			let_calls_go_by(&s, wait[i] - 1);
			expect_mapped(&s, 0, GB, 3);
			let_calls_go_by(&s, 1);
		}
		expect_mapped(&s, 0, GB, 2);
	}
	close_space(&s);
}

static void a_scan_does_bounded_work_and_finds_all(void **state)
{
	struct p2m_config c = coalescing(PT_COALESCE_SCAN, 1, 8);
	struct space s;
	unsigned int ticks = 0;

	(void)state;
	c.ipa_bits = 32;
	open_with(&s, c);
	for (uint64_t i = 0; i < 20; i++) {
		assert_int_equal(map(&s, i * MB2 + 1, GB + i * MB2 + 1,
				     MB2 - 1), 0);
		assert_int_equal(map(&s, i * MB2, GB + i * MB2, 1), 0);
	}
	while (s.p2m.stats.coalesces < 20) {
		const uint64_t before = s.a->reads;
		const uint64_t found = s.p2m.stats.coalesces;

		p2m_tick(&s.p2m);
		if (found == s.p2m.stats.coalesces)
			assert_true(s.a->reads - before <= 8 + 3);
		else
			assert_int_equal(s.p2m.stats.coalesces, found + 1);
		assert_true(++ticks < 2000);
	}
	expect_mapped(&s, 19 * MB2 + 5, GB + 19 * MB2 + 5, 2);
	close_space(&s);
}

/* Each entry of a table that becomes a block is work, too. */
static void a_promotion_is_of_the_scans_budget(void **state)
{
	struct space s;

	(void)state;
	open_with(&s, coalescing(PT_COALESCE_SCAN, 1000000, 2 * MB2));
	for (uint64_t i = 0; i < 20; i++) {
		assert_int_equal(map(&s, i * MB2 + 1, GB + i * MB2 + 1,
				     MB2 - 1), 0);
		assert_int_equal(map(&s, i * MB2, GB + i * MB2, 1), 0);
	}
	for (unsigned int ticks = 0; s.p2m.stats.coalesces < 20; ticks++) {
		const uint64_t found = s.p2m.stats.coalesces;

		s.p2m.coalescing.scan_due = 0;
		p2m_tick(&s.p2m);
		assert_true(s.p2m.stats.coalesces - found <= 2);
		assert_true(ticks < 100);
	}
	close_space(&s);
}

static void waiting_tables_may_go_in_any_order(void **state)
{
	struct space s;

	(void)state;
	open_with(&s, coalescing(PT_COALESCE_AFTER_OPS, 1000, 0));
	for (uint64_t i = 0; i < 6; i++) {
		assert_int_equal(map(&s, i * MB2 + 1, GB + i * MB2 + 1,
				     MB2 - 1), 0);
		assert_int_equal(map(&s, i * MB2, GB + i * MB2, 1), 0);
	}
	assert_int_equal(s.p2m.coalescing.waiting, 6);
	assert_int_equal(remove_frames(&s, 2 * MB2, MB2), 0);
	assert_int_equal(remove_frames(&s, 0, 1), 0);
	assert_int_equal(map(&s, 5 * MB2, 9 * GB, MB2), 0);
	assert_int_equal(s.p2m.coalescing.waiting, 3);
	let_calls_go_by(&s, 1010);
	assert_int_equal(s.p2m.coalescing.waiting, 0);
	assert_int_equal(s.p2m.stats.coalesces, 3);
	expect_mapped(&s, 3 * MB2, GB + 3 * MB2, 2);
	close_space(&s);
}

#define REGION_FIRST (7 * MB2)
#define REGION_NATURAL GB

/* What the 512 pages of one table shall be; access 0 is a hole. */
struct region {
	uint64_t mfn[MB2];
	unsigned int access[MB2];
};

static bool region_is_one_run(const struct region *r)
{
	for (unsigned int i = 0; i < MB2; i++)
		if (r->access[i] == 0 || r->access[i] != r->access[0] ||
		    r->mfn[i] != r->mfn[0] + i)
			return false;
	return r->mfn[0] % MB2 == 0;
}

/* One page at random: mostly towards what makes a block. */
static void region_update(struct space *s, struct region *r)
{
	const uint64_t random = array_random(s->a);
	unsigned int i = (unsigned int)(random >> 8) % MB2;
	unsigned int tries = MB2;

	if (random % 8 > 1) {
		while (tries-- > 0 && r->access[i] == RWX &&
		       r->mfn[i] == REGION_NATURAL + i)
			i = (i + 1) % MB2;
		r->mfn[i] = REGION_NATURAL + i;
		r->access[i] = RWX;
	} else {
		r->mfn[i] = REGION_NATURAL + (random & 2 ? i : random >> 20 & 1023);
		r->access[i] = (unsigned int)(random >> 32 & 1);
	}
	if (r->access[i] == 0)
		assert_int_equal(remove_frames(s, REGION_FIRST + i, 1), 0);
	else
		assert_int_equal(p2m_map(&s->p2m, (gfn_t){ REGION_FIRST + i },
					 (mfn_t){ r->mfn[i] }, 1, RW,
					 r->access[i], &s->done), 0);
}

static void a_table_is_a_block_exactly_when_it_is_one_run(void **state)
{
	struct region r = { { 0 }, { 0 } };
	uint64_t promotions = 0;
	bool was = false;
	struct space s;

	(void)state;
	open_with(&s, coalescing(PT_COALESCE_EAGER, 0, 0));
	for (unsigned int n = 0; n < 20000; n++) {
		const unsigned int i = array_random(s.a) % MB2;
		struct p2m_entry e;
		bool is;

		region_update(&s, &r);
		is = region_is_one_run(&r);
		promotions += is && !was;
		was = is;
		e = look(&s, REGION_FIRST + i);
		assert_int_equal(e.access, r.access[i]);
		assert_int_equal(e.mfn.raw, r.access[i] ? r.mfn[i] : 0);
		assert_int_equal(e.level == 2 && e.type == RW, is);
		assert_int_equal(s.p2m.stats.coalesces, promotions);
		assert_null(array_quiet(s.a));
	}
	assert_true(promotions > 100);
	close_space(&s);
}

static void impossible_coalescing_is_refused(void **state)
{
	struct port_array *a = array_new(1);
	struct p2m_config c = coalescing(PT_COALESCE_SCAN, 100, 0);
	struct p2m p2m;

	(void)state;
	assert_int_equal(p2m_init(&p2m, a, &c), ERR_INVAL);
	c = coalescing(PT_COALESCE_POLICIES, 1, 1);
	assert_int_equal(p2m_init(&p2m, a, &c), ERR_INVAL);
	array_delete(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fresh_group_gets_its_hint_without_a_break),
		cmocka_unit_test(the_last_page_of_a_group_brings_the_hint),
		cmocka_unit_test(a_change_inside_a_group_breaks_all_of_it_first),
		cmocka_unit_test(groups_behind_a_table_wait_for_their_turn),
		cmocka_unit_test(a_block_come_back_completes_its_group),
		cmocka_unit_test(a_whole_table_is_a_block_after_break_before_make),
		cmocka_unit_test(promotion_goes_on_upwards),
		cmocka_unit_test(unequal_or_misplaced_pages_stay_pages),
		cmocka_unit_test(promotion_needs_no_memory),
		cmocka_unit_test(after_ops_waits_that_many_calls_of_peace),
		cmocka_unit_test(after_cycles_waits_that_long),
		cmocka_unit_test(hysteresis_doubles_the_wait_with_each_split),
		cmocka_unit_test(a_scan_does_bounded_work_and_finds_all),
		cmocka_unit_test(a_promotion_is_of_the_scans_budget),
		cmocka_unit_test(waiting_tables_may_go_in_any_order),
		cmocka_unit_test(a_table_is_a_block_exactly_when_it_is_one_run),
		cmocka_unit_test(impossible_coalescing_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
