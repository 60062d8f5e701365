/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exploring an IOMMU's domain can fail: each kind of step that core/iommu's
 * protocols consist of is left out of real recordings, one kind and then one
 * step at a time, and each time there is a finding, with a witness that was
 * executed; but for steps that nothing needs, which are told.
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

/* ---- scenarios; frames behind are the device's own plus 2^30 */

static struct scenario_call make(enum scenario_do what, uint64_t dfn,
				 uint64_t frames)
{
	return (struct scenario_call){ .what = what,
				       .dfn = { dfn },
				       .mfn = { dfn + (1 << 30) },
				       .frames = frames,
				       .access = IOMMU_ACCESS_RW };
}

static void start(enum scenario_do what, uint64_t dfn, uint64_t frames)
{
	s.start[s.starts++] = make(what, dfn, frames);
}

static struct scenario_call *call(enum scenario_do what, uint64_t dfn,
				  uint64_t frames)
{
	s.call[s.calls] = make(what, dfn, frames);
	return &s.call[s.calls++];
}

static void begin(void)
{
	scenario_init_domain(&s);
	s.observer[0].noncoherent = true;
	s.iommu.coalesce.policy = PT_COALESCE_EAGER;
}

static void replace_page(void)
{
	begin();
	start(DO_MAP, 512, 16);
	call(DO_MAP, 513, 1)->mfn.raw = 7;
}

/* The last page goes, and three levels of tables with it. */
static void empty_tables(void)
{
	begin();
	start(DO_MAP, 512, 1);
	call(DO_UNMAP, 512, 1);
}

static void first_page(void)
{
	begin();
	call(DO_MAP, 512, 1);
}

/* A 1 GB superpage loses one page: two tables stand in its place. */
static void shatter_deep(void)
{
	begin();
	start(DO_MAP, 1 << 18, 1 << 18);
	call(DO_UNMAP, (1 << 18) + 600, 1);
}

/* And has it back: both tables become superpages. */
static void promote_deep(void)
{
	begin();
	start(DO_MAP, 1 << 18, 1 << 18);
	start(DO_UNMAP, (1 << 18) + 600, 1);
	call(DO_MAP, (1 << 18) + 600, 1);
}

static void less_access(void)
{
	begin();
	start(DO_MAP, 512, 16);
	call(DO_PROTECT, 513, 1)->access = IOMMU_ACCESS_R;
}

/* ---- exploring */

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
	assert_int_not_equal(result.verdict, EXPLORE_UNDECIDED);
	if (result.verdict == EXPLORE_WRONG)
		assert_true(result.lines > 0);
	return result;
}

static void assert_good(const struct recording *r)
{
	struct explore_result result = explore(r);

	if (result.verdict != EXPLORE_GOOD)
		fail_msg("%s", result.text);
	explore_result_fini(&result);
}

static void assert_wrong(const struct recording *r,
			 enum explore_finding finding)
{
	struct explore_result result = explore(r);

	if (result.verdict != EXPLORE_WRONG || result.finding != finding)
		fail_msg("%s instead of %s",
			 result.verdict == EXPLORE_GOOD
				 ? "good"
				 : explore_finding_name(result.finding),
			 explore_finding_name(finding));
	explore_result_fini(&result);
}

static bool is_good(const struct recording *r)
{
	struct explore_result result = explore(r);
	const bool good = result.verdict == EXPLORE_GOOD;

	explore_result_fini(&result);
	return good;
}

static size_t count(const struct recording *r, enum protocol_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < r->events; i++)
		n += r->event[i].kind == kind;
	return n;
}

/* ---- leaving out */

static void every_kind_of_step_has_its_reason(void **state)
{
	static const struct {
		void (*make)(void);
		bool coherent;
		/* What is found without it; EXPLORE_FINDINGS: it is not there.
		 */
		enum explore_finding clean, barrier, iotlb, wait;
	} cases[] = {
#define NONE EXPLORE_FINDINGS
		{ replace_page, true, NONE, EXPLORE_AFTER, EXPLORE_AFTER,
		  EXPLORE_AFTER },
		{ replace_page, false, EXPLORE_AFTER, EXPLORE_AFTER,
		  EXPLORE_AFTER, EXPLORE_AFTER },
		{ less_access, false, EXPLORE_AFTER, EXPLORE_AFTER,
		  EXPLORE_AFTER, EXPLORE_AFTER },
		{ empty_tables, true, NONE, EXPLORE_FREED, EXPLORE_FREED,
		  EXPLORE_FREED },
		{ empty_tables, false, EXPLORE_FREED, EXPLORE_FREED,
		  EXPLORE_FREED, EXPLORE_FREED },
		{ first_page, false, EXPLORE_CONTENT, EXPLORE_CONTENT, NONE,
		  NONE },
		{ shatter_deep, true, NONE, EXPLORE_CONTENT, EXPLORE_AFTER,
		  EXPLORE_AFTER },
		{ shatter_deep, false, EXPLORE_CONTENT, EXPLORE_CONTENT,
		  EXPLORE_AFTER, EXPLORE_AFTER },
		{ promote_deep, true, NONE, EXPLORE_FREED, EXPLORE_FREED,
		  EXPLORE_FREED },
		{ promote_deep, false, EXPLORE_FREED, EXPLORE_FREED,
		  EXPLORE_FREED, EXPLORE_FREED },
	};
	static const enum protocol_kind kinds[] = {
		PROTOCOL_CLEAN,
		PROTOCOL_BARRIER,
		PROTOCOL_IOTLB,
		PROTOCOL_IOTLB_WAIT,
	};

	(void)state;
	for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
		const enum explore_finding found[] = {
			cases[k].clean,
			cases[k].barrier,
			cases[k].iotlb,
			cases[k].wait,
		};

		for (size_t n = 0; n < sizeof(kinds) / sizeof(kinds[0]); n++) {
			struct recording r;

			cases[k].make();
			s.observer[0].noncoherent = !cases[k].coherent;
			r = record();
			assert_good(&r);
			if (found[n] == NONE)
				assert_int_equal(count(&r, kinds[n]), 0);
			for (size_t i = 0; i < r.events; i++)
				if (r.event[i].kind == kinds[n])
					r.event[i].kind = PROTOCOL_DONE;
			if (found[n] != NONE)
				assert_wrong(&r, found[n]);
			recording_fini(&r);
		}
	}
}

/* How many single steps, stores apart, nothing needs. */
static unsigned int needless(const struct recording *r)
{
	unsigned int n = 0;

	for (size_t i = 0; i < r->events; i++) {
		const enum protocol_kind kind = r->event[i].kind;

		if (kind != PROTOCOL_CLEAN && kind != PROTOCOL_BARRIER &&
		    kind != PROTOCOL_IOTLB && kind != PROTOCOL_IOTLB_WAIT &&
		    kind != PROTOCOL_WRITE_BUFFER)
			continue;
		r->event[i].kind = PROTOCOL_DONE;
		n += is_good(r);
		r->event[i].kind = kind;
	}
	return n;
}

/*
 * What nothing needs: of a table that is unlinked, each clean but the highest,
 * which is what top-only leaves out; and of a table that becomes a superpage,
 * the barrier before that is written, which leads to no table.
 */
static void single_steps_have_theirs(void **state)
{
	static const struct {
		void (*make)(void);
		unsigned int entry, line, top; /* needless, by cleaning */
	} cases[] = {
		{ replace_page, 0, 0, 0 }, { less_access, 0, 0, 0 },
		{ first_page, 0, 0, 0 },   { empty_tables, 3, 3, 0 },
		{ shatter_deep, 0, 0, 0 }, { promote_deep, 4, 4, 2 },
	};

	(void)state;
	for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
		const unsigned int want[] = { cases[k].entry, cases[k].line,
					      cases[k].top };

		for (unsigned int clean = 0; clean < 3; clean++) {
			struct recording r;

			cases[k].make();
			s.clean = (enum scenario_clean)clean;
			s.iommu.write_buffer = true;
			r = record();
			assert_good(&r);
			assert_int_equal(needless(&r), want[clean]);
			recording_fini(&r);
		}
	}
}

static struct protocol_event *find(const struct recording *r,
				   enum protocol_kind kind)
{
	for (size_t i = 0; i < r->events; i++)
		if (r->event[i].kind == kind)
			return &r->event[i];
	fail_msg("no %s", protocol_kind_name(kind));
	return NULL;
}

/* The last store over a live entry. */
static size_t find_overwrite(const struct recording *r)
{
	for (size_t i = r->events; i-- > 0;)
		if (r->event[i].kind == PROTOCOL_WRITE &&
		    (r->event[i].old & 3) && (r->event[i].now & 3))
			return i;
	fail_msg("nothing is written over");
	return 0;
}

static void insert(struct recording *r, size_t at, struct protocol_event e)
{
	assert_true(r->events < r->room);
	memmove(&r->event[at + 1], &r->event[at], (r->events - at) * sizeof(e));
	r->event[at] = e;
	r->input.events = ++r->events;
	r->call[0].end++;
}

/* Broken first, as a processor wants it, and perhaps nobody sees it so. */
static void a_break_is_a_fault(void **state)
{
	static void (*const cases[])(void) = { replace_page, less_access,
					       shatter_deep, promote_deep };

	(void)state;
	for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
		struct recording r;
		size_t i;

		cases[k]();
		r = record();
		i = find_overwrite(&r);
		insert(&r, i, r.event[i]);
		r.event[i].now = 0;
		assert_wrong(&r, EXPLORE_FAULT);
		recording_fini(&r);
	}
}

/* AM of one page for what was a superpage; IH where a table went. */
static void requests_must_be_as_large_as_what_stood_there(void **state)
{
	struct protocol_event *e;
	struct recording r;

	(void)state;
	begin();
	start(DO_MAP, 512, 512);
	call(DO_MAP, 512, 512)->mfn.raw = 1 << 20;
	r = record();
	assert_good(&r);
	e = find(&r, PROTOCOL_IOTLB);
	e->iotlb.last = e->iotlb.first + 0xfffff;
	assert_wrong(&r, EXPLORE_AFTER);
	e->iotlb.all = true;
	assert_good(&r);
	recording_fini(&r);

	promote_deep();
	r = record();
	e = find(&r, PROTOCOL_IOTLB);
	assert_false(e->iotlb.leaf_only);
	e->iotlb.leaf_only = true;
	assert_wrong(&r, EXPLORE_FREED);
	recording_fini(&r);
}

/* What was unmapped may be reached until the flush, and not a step longer. */
static void deferring_ends_with_the_flush(void **state)
{
	struct recording r;

	(void)state;
	begin();
	s.iommu.flush = IOMMU_FLUSH_DEFERRED;
	s.iommu.flush_calls = 8;
	start(DO_MAP, 512, 16);
	call(DO_UNMAP, 513, 1);
	call(DO_UNMAP, 515, 1);
	call(DO_FLUSH, 0, 0);
	r = record();
	assert_true(r.call[0].deferred && r.call[1].deferred);
	assert_false(r.call[2].deferred);
	assert_good(&r);
	/* The second call promises what only the third keeps. */
	r.call[1].deferred = false;
	assert_wrong(&r, EXPLORE_AFTER);
	r.call[1].deferred = true;
	find(&r, PROTOCOL_IOTLB)->kind = PROTOCOL_DONE;
	assert_wrong(&r, EXPLORE_AFTER);
	recording_fini(&r);
}

/* Only what was there once: not what never was, nor what took its place. */
static void deferring_excuses_nothing_else(void **state)
{
	struct explore_result result;
	struct recording r;
	size_t i;

	(void)state;
	begin();
	s.iommu.flush = IOMMU_FLUSH_DEFERRED;
	s.iommu.flush_calls = 8;
	start(DO_MAP, 512, 16);
	call(DO_UNMAP, 513, 1);
	call(DO_MAP, 513, 1)->mfn.raw = 7;
	r = record();
	assert_true(r.call[0].deferred);
	assert_good(&r);
	/* A mapping must not leave the old one, whoever defers. */
	for (i = r.call[0].end; i < r.events; i++)
		if (r.event[i].kind == PROTOCOL_IOTLB)
			r.event[i].kind = PROTOCOL_DONE;
	r.call[1].deferred = true;
	result = explore(&r);
	assert_int_equal(result.verdict, EXPLORE_WRONG);
	assert_int_equal(result.finding, EXPLORE_AFTER);
	assert_int_equal(result.call, 1);
	explore_result_fini(&result);
	recording_fini(&r);
}

/* top-only, and the promotion's flush left to a later call: who still holds
 * the way to the old table finds a hole where the last page came. */
static void a_promotion_that_was_not_cleaned_is_flushed_at_once(void **state)
{
	struct recording r;

	(void)state;
	promote_deep();
	s.clean = CLEAN_TOP_ONLY;
	s.iommu.flush = IOMMU_FLUSH_DEFERRED;
	s.iommu.flush_calls = 8;
	r = record();
	assert_false(r.call[0].deferred);
	assert_good(&r);
	for (size_t i = 0; i < r.events; i++)
		if (r.event[i].kind == PROTOCOL_IOTLB ||
		    r.event[i].kind == PROTOCOL_TABLE_FREE)
			r.event[i].kind = PROTOCOL_DONE;
	r.call[0].deferred = true;
	assert_wrong(&r, EXPLORE_AFTER);
	recording_fini(&r);

	/* Cleaned entry by entry it may wait. */
	promote_deep();
	s.iommu.flush = IOMMU_FLUSH_DEFERRED;
	s.iommu.flush_calls = 8;
	r = record();
	assert_true(r.call[0].deferred);
	assert_good(&r);
	recording_fini(&r);
}

/* An IOMMU without broadcast hears no TLBI, nor others its queue. */
static void each_hears_its_own(void **state)
{
	struct explore_observer observer;
	struct recording r;

	(void)state;
	replace_page();
	r = record();
	assert_good(&r);
	observer = r.input.observer[0];
	observer.queue = false;
	r.input.observer = &observer;
	assert_wrong(&r, EXPLORE_AFTER);
	recording_fini(&r);
}

/* ---- an SMMUv3's, on Arm's stage 2 */

static void cut_block(uint8_t bbm_level)
{
	begin();
	scenario_use_smmu(&s, IOMMU_ARM_S2_4K);
	s.iommu.bbm_level = bbm_level;
	start(DO_MAP, 512, 512);
	call(DO_UNMAP, 600, 1);
}

/* What level 0 breaks, levels 1 and 2 must not: the other 511 pages stay. */
static void a_block_is_cut_as_the_level_allows(void **state)
{
	struct recording r;

	(void)state;
	for (uint8_t level = 0; level <= 2; level++) {
		cut_block(level);
		r = record();
		assert_int_equal(r.input.loss, level ? EXPLORE_MOVED_MAY_FAULT
						     : EXPLORE_MAY_FAULT);
		assert_good(&r);
		if (level == 0) {
			r.input.loss = EXPLORE_MOVED_MAY_FAULT;
			assert_wrong(&r, EXPLORE_FAULT);
		}
		if (level == 2) {
			r.input.space.bbm_level = 0;
			assert_wrong(&r, EXPLORE_CONFLICT);
		}
		recording_fini(&r);
	}
}

/* A page that goes elsewhere may fault, one that stays beside it not. */
static void only_what_moves_may_fault(void **state)
{
	struct protocol_event beside;
	struct recording r;
	size_t i;

	(void)state;
	cut_block(2);
	s.start[0].mfn.raw++; /* pages */
	s.calls = 0;
	call(DO_MAP, 513, 1)->mfn.raw = 7;
	r = record();
	assert_good(&r);
	r.input.loss = EXPLORE_NEVER_FAULTS;
	assert_wrong(&r, EXPLORE_FAULT);
	r.input.loss = EXPLORE_MOVED_MAY_FAULT;
	/* The page beside it is broken, and made as it was. */
	for (i = 0; r.event[i].kind != PROTOCOL_WRITE; i++)
		assert_true(i < r.events);
	beside = r.event[i];
	beside.address += 8;
	beside.now = beside.old + 0x1000;
	insert(&r, i, beside);
	beside.now = 0;
	insert(&r, i, beside);
	assert_wrong(&r, EXPLORE_FAULT);
	recording_fini(&r);
}

/* TTL of another level than the leaf's, or too small a range. */
static void commands_name_what_changed(void **state)
{
	struct protocol_event *e;
	struct recording r;

	(void)state;
	begin();
	scenario_use_smmu(&s, IOMMU_ARM_S2_4K);
	s.iommu.range = true;
	start(DO_MAP, 512, 8);
	call(DO_UNMAP, 513, 4);
	r = record();
	assert_good(&r);
	e = find(&r, PROTOCOL_IOTLB);
	assert_int_equal(e->iotlb.level, 3);
	assert_int_equal(e->iotlb.last - e->iotlb.first, 0x3fff);
	e->iotlb.level = 2;
	assert_wrong(&r, EXPLORE_AFTER);
	e->iotlb.level = 0;
	assert_good(&r);
	e->iotlb.last -= 0x1000;
	assert_wrong(&r, EXPLORE_AFTER);
	recording_fini(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_step_has_its_reason),
		cmocka_unit_test(single_steps_have_theirs),
		cmocka_unit_test(a_break_is_a_fault),
		cmocka_unit_test(requests_must_be_as_large_as_what_stood_there),
		cmocka_unit_test(deferring_ends_with_the_flush),
		cmocka_unit_test(deferring_excuses_nothing_else),
		cmocka_unit_test(
			a_promotion_that_was_not_cleaned_is_flushed_at_once),
		cmocka_unit_test(each_hears_its_own),
		cmocka_unit_test(a_block_is_cut_as_the_level_allows),
		cmocka_unit_test(only_what_moves_may_fault),
		cmocka_unit_test(commands_name_what_changed),
	};

	return cmocka_run_group_tests(tests, make_config, drop_config);
}
