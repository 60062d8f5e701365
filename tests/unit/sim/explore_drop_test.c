/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The explorer can fail: each kind of step that the core's protocols consist
 * of is left out, one at a time, from real recordings, and each time there is
 * a finding, with a witness that was executed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/explore/study.h"

static struct machine_config config;
static struct scenario s;

static int make_config(void **state)
{
	struct error_line error;

	(void)state;
	return record_machine(&config, NULL, &error) ? 0 : -1;
}

static int drop_config(void **state)
{
	(void)state;
	config_fini(&config);
	return 0;
}

/* ---- scenarios */

static struct scenario_call *start(enum scenario_do what, uint64_t gfn,
				   uint64_t frames)
{
	struct scenario_call *c = &s.start[s.starts++];

	*c = (struct scenario_call){ .what = what, .gfn = { gfn },
				     .mfn = { gfn + (1 << 30) },
				     .frames = frames, .type = P2M_RAM_RW,
				     .access = P2M_ACCESS_RWX };
	return c;
}

static struct scenario_call *call(enum scenario_do what, uint64_t gfn,
				  uint64_t frames)
{
	struct scenario_call *c = start(what, gfn, frames);

	s.starts--;
	s.call[s.calls] = *c;
	return &s.call[s.calls++];
}

/* A page among others is mapped elsewhere. */
static void replace_page(void)
{
	scenario_init(&s);
	start(DO_MAP, 512, 16);
	call(DO_MAP, 513, 1)->mfn.raw = 7;
}

/* The last page of a table goes, and the table with it. */
static void empty_table(void)
{
	scenario_init(&s);
	start(DO_MAP, 512, 1);
	call(DO_REMOVE, 512, 1);
}

static void split_block(void)
{
	scenario_init(&s);
	start(DO_MAP, 512, 512);
	call(DO_PROTECT, 600, 1)->access = P2M_ACCESS_R;
}

static void make_block(void)
{
	scenario_init(&s);
	s.p2m.coalesce.policy = PT_COALESCE_EAGER;
	s.p2m.tlbi = P2M_TLBI_RANGE;
	start(DO_MAP, 512, 511);
	call(DO_MAP, 1023, 1);
}

/* ---- leaving out */

static struct recording record(void)
{
	struct error_line error = { 0 };
	struct recording r;

	if (!record_scenario(&r, &s, &config, NULL, &error))
		fail_msg("%s", error.text);
	return r;
}

static struct explore_result explore(const struct recording *r)
{
	struct explore_result result;

	assert_int_equal(explore_run(&r->input, &result), 0);
	return result;
}

static void assert_good(const struct recording *r)
{
	struct explore_result result = explore(r);

	if (result.verdict != EXPLORE_GOOD)
		fail_msg("%s", result.text);
	explore_result_fini(&result);
}

/* What is found with event `i` left out. */
static enum explore_finding found_without(const struct recording *r, size_t i)
{
	const struct protocol_event kept = r->event[i];
	struct explore_result result;
	enum explore_finding finding;

	r->event[i].kind = PROTOCOL_DONE;
	result = explore(r);
	r->event[i] = kept;
	if (result.verdict != EXPLORE_WRONG)
		fail_msg("event %zu of %zu left out: %s", i + 1, r->events,
			 result.undecided ? result.undecided : "good");
	assert_true(result.lines > 0);
	finding = result.finding;
	explore_result_fini(&result);
	return finding;
}

static bool is_dsb(const struct protocol_event *e, enum protocol_access access)
{
	return e->kind == PROTOCOL_BARRIER && e->barrier == PROTOCOL_DSB &&
	       e->access == access;
}

static bool is_tlbi(const struct protocol_event *e, bool stage2)
{
	return e->kind == PROTOCOL_TLBI && e->tlbi.stage2 == stage2;
}

/* The first event that `is` it, from `from` on. */
static size_t find_dsb(const struct recording *r, size_t from,
		       enum protocol_access access)
{
	while (from < r->events && !is_dsb(&r->event[from], access))
		from++;
	assert_true(from < r->events);
	return from;
}

static size_t find_tlbi(const struct recording *r, size_t from, bool stage2)
{
	while (from < r->events && !is_tlbi(&r->event[from], stage2))
		from++;
	assert_true(from < r->events);
	return from;
}

/* The store that makes a live entry invalid. */
static size_t find_break(const struct recording *r)
{
	for (size_t i = 0; i < r->events; i++)
		if (r->event[i].kind == PROTOCOL_WRITE &&
		    (r->event[i].old & 1) && !(r->event[i].now & 1))
			return i;
	fail_msg("nothing is broken");
	return 0;
}

static void every_protocol_has_its_steps(void **state)
{
	static void (*const make[])(void) = { replace_page, empty_table,
					      split_block, make_block };

	(void)state;
	for (size_t k = 0; k < sizeof(make) / sizeof(make[0]); k++) {
		struct recording r;
		size_t i;

		make[k]();
		r = record();
		assert_good(&r);
		/* DSB after the write; TLBI; DSB; combined TLBI; DSB. */
		i = find_break(&r);
		i = find_dsb(&r, i, PROTOCOL_STORES);
		found_without(&r, i);
		i = find_tlbi(&r, i, true);
		found_without(&r, i);
		i = find_dsb(&r, i, PROTOCOL_ALL);
		found_without(&r, i);
		i = find_tlbi(&r, i, false);
		found_without(&r, i);
		i = find_dsb(&r, i, PROTOCOL_ALL);
		found_without(&r, i);
		recording_fini(&r);
	}
}

static void a_missing_break_is_found(void **state)
{
	static const struct {
		void (*make)(void);
		enum explore_finding finding;
	} cases[] = {
		{ replace_page, EXPLORE_CONFLICT },
		{ split_block, EXPLORE_CONFLICT },
		/* Its table is freed before the block is made. */
		{ make_block, EXPLORE_FREED },
	};

	(void)state;
	for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
		struct recording r;

		cases[k].make();
		r = record();
		assert_int_equal(found_without(&r, find_break(&r)),
				 cases[k].finding);
		recording_fini(&r);
	}
}

/* With FEAT_BBM level 2 the same is fine, until the call is over. */
static void level_2_takes_both_sizes_for_a_while(void **state)
{
	struct recording r;

	(void)state;
	make_block();
	s.p2m.bbm_level = 2;
	r = record();
	assert_good(&r);
	r.input.space.bbm_level = 0;
	struct explore_result result = explore(&r);

	assert_int_equal(result.verdict, EXPLORE_WRONG);
	assert_int_equal(result.finding, EXPLORE_CONFLICT);
	explore_result_fini(&result);
	r.input.space.bbm_level = 2;
	assert_int_equal(found_without(&r, find_tlbi(&r, 0, true)),
			 EXPLORE_FREED);
	recording_fini(&r);
}

static void a_new_table_is_seen_before_the_way_to_it(void **state)
{
	struct recording r;

	(void)state;
	scenario_init(&s);
	start(DO_MAP, 0, 1);
	call(DO_MAP, 512, 1);
	r = record();
	assert_good(&r);
	assert_int_equal(found_without(&r, find_dsb(&r, 0, PROTOCOL_STORES)),
			 EXPLORE_CONTENT);
	recording_fini(&r);
}

static void a_mapping_without_its_barrier_is_not_there(void **state)
{
	struct recording r;

	(void)state;
	scenario_init(&s);
	start(DO_MAP, 512, 1);
	call(DO_MAP, 513, 1);
	r = record();
	assert_int_equal(r.events, 2);
	assert_int_equal(found_without(&r, 1), EXPLORE_AFTER);
	recording_fini(&r);
}

/* The free moved to just before event `to`. */
static void free_at(const struct recording *r, size_t to)
{
	size_t from = to;
	struct protocol_event freed;

	while (r->event[from].kind != PROTOCOL_TABLE_FREE)
		assert_true(++from < r->events);
	freed = r->event[from];
	memmove(&r->event[to + 1], &r->event[to],
		(from - to) * sizeof(freed));
	r->event[to] = freed;
}

static void a_table_freed_before_the_flush_is_reached(void **state)
{
	static const bool block[] = { false, true };

	(void)state;
	for (size_t k = 0; k < 2; k++) {
		struct explore_result result;
		struct recording r;

		if (block[k])
			make_block();
		else
			empty_table();
		r = record();
		free_at(&r, find_tlbi(&r, 0, true));
		result = explore(&r);
		assert_int_equal(result.verdict, EXPLORE_WRONG);
		assert_int_equal(result.finding, EXPLORE_FREED);
		explore_result_fini(&result);
		recording_fini(&r);
	}
}

static void a_flush_of_one_cpu_leaves_the_other(void **state)
{
	struct explore_result result;
	struct recording r;

	(void)state;
	replace_page();
	scenario_add_cpu(&s);
	r = record();
	assert_good(&r);
	for (size_t i = 0; i < r.events; i++)
		r.event[i].tlbi.broadcast &=
			r.event[i].kind != PROTOCOL_TLBI;
	result = explore(&r);
	assert_int_equal(result.verdict, EXPLORE_WRONG);
	assert_int_equal(result.observer, 1);
	explore_result_fini(&result);
	recording_fini(&r);
}

/* ---- walkers past the caches */

static bool drops_line(void *context, const struct protocol_event *e)
{
	const uint64_t *line = context;

	return e->kind == PROTOCOL_CLEAN && e->address / 64 == *line;
}

static void each_line_is_cleaned_for_a_reason(void **state)
{
	static void (*const make[])(void) = { replace_page, split_block };

	(void)state;
	for (size_t k = 0; k < 2; k++) {
		struct recording whole, r;
		struct error_line error;

		make[k]();
		scenario_add_iommu(&s, false);
		whole = record();
		assert_good(&whole);
		for (size_t i = 0; i < whole.events; i++) {
			uint64_t line = whole.event[i].address / 64;
			const struct record_filter filter = { drops_line,
							      &line };
			struct explore_result result;

			if (whole.event[i].kind != PROTOCOL_CLEAN || i % 31)
				continue;
			assert_true(record_scenario(&r, &s, &config, &filter,
						    &error));
			result = explore(&r);
			assert_int_equal(result.verdict, EXPLORE_WRONG);
			assert_int_equal(result.observer, 1);
			explore_result_fini(&result);
			recording_fini(&r);
		}
		recording_fini(&whole);
	}
}

static bool drops_table(void *context, const struct protocol_event *e)
{
	const uint64_t *table = context;

	return e->kind == PROTOCOL_CLEAN && e->address >> 12 == *table;
}

/* "Clean the highest entry of the operation alone": a page is broken and
 * remade, and then its table becomes a block. */
static void a_break_is_cleaned_though_its_table_goes(void **state)
{
	uint64_t table;
	const struct record_filter filter = { drops_table, &table };
	struct explore_result result;
	struct error_line error;
	struct recording r;

	(void)state;
	make_block();
	start(DO_MAP, 1023, 1)->mfn.raw = 7;
	scenario_add_iommu(&s, false);
	s.clean = CLEAN_TOP_ONLY;
	r = record();
	assert_good(&r);
	table = r.event[find_break(&r)].address >> 12;
	recording_fini(&r);
	assert_true(record_scenario(&r, &s, &config, &filter, &error));
	result = explore(&r);
	assert_int_equal(result.verdict, EXPLORE_WRONG);
	assert_int_equal(result.observer, 1);
	explore_result_fini(&result);
	recording_fini(&r);
}

static void a_clean_without_its_barrier_is_none(void **state)
{
	struct recording r;
	size_t last;

	(void)state;
	scenario_init(&s);
	scenario_add_iommu(&s, false);
	start(DO_MAP, 512, 1);
	call(DO_MAP, 513, 1);
	r = record();
	assert_good(&r);
	last = find_dsb(&r, 0, PROTOCOL_ALL);
	r.event[last].access = PROTOCOL_STORES;
	struct explore_result result = explore(&r);

	assert_int_equal(result.verdict, EXPLORE_WRONG);
	assert_int_equal(result.finding, EXPLORE_AFTER);
	assert_int_equal(result.observer, 1);
	explore_result_fini(&result);
	recording_fini(&r);
}

/* ---- an IOMMU that shares the tables and hears no broadcast */

static size_t find_kind(const struct recording *r, enum protocol_kind kind)
{
	size_t i = 0;

	while (i < r->events && r->event[i].kind != kind)
		i++;
	assert_true(i < r->events);
	return i;
}

static void an_iommu_without_broadcast_is_asked_by_its_queue(void **state)
{
	static void (*const make[])(void) = { replace_page, empty_table,
					      split_block, make_block };

	(void)state;
	for (size_t k = 0; k < sizeof(make) / sizeof(make[0]); k++)
		for (int coherent = 0; coherent <= 1; coherent++) {
			struct recording r;

			make[k]();
			scenario_add_iommu(&s, coherent);
			s.observer[1].queue = true;
			r = record();
			assert_good(&r);
			found_without(&r, find_kind(&r, PROTOCOL_IOTLB));
			found_without(&r, find_kind(&r, PROTOCOL_IOTLB_WAIT));
			/* Each hears its own: the CPU's is needed as well. */
			found_without(&r, find_tlbi(&r, 0, true));
			recording_fini(&r);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_protocol_has_its_steps),
		cmocka_unit_test(a_missing_break_is_found),
		cmocka_unit_test(level_2_takes_both_sizes_for_a_while),
		cmocka_unit_test(a_new_table_is_seen_before_the_way_to_it),
		cmocka_unit_test(a_mapping_without_its_barrier_is_not_there),
		cmocka_unit_test(a_table_freed_before_the_flush_is_reached),
		cmocka_unit_test(a_flush_of_one_cpu_leaves_the_other),
		cmocka_unit_test(each_line_is_cleaned_for_a_reason),
		cmocka_unit_test(a_break_is_cleaned_though_its_table_goes),
		cmocka_unit_test(a_clean_without_its_barrier_is_none),
		cmocka_unit_test(
			an_iommu_without_broadcast_is_asked_by_its_queue),
	};

	return cmocka_run_group_tests(tests, make_config, drop_config);
}
