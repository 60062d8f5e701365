/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The IOMMU domain, rule by rule: which invalidations go out with which mask
 * and hint, what is cleaned under which policy, when the flush waits, what is
 * refused, and how the end goes.
 */
#include "tests/unit/core/iommu_space.h"
#include "tests/unit/core/port_vtd.h"

static struct iommu_domain_config usual(void)
{
	return (struct iommu_domain_config){
		.did = 9, .levels = 4, .output_bits = 46,
		.superpage_2m = true, .superpage_1g = true,
		.page_selective = true, .mask_max_lg2 = 18,
		.free_empty = true,
	};
}

static struct iommu_domain_config eager(void)
{
	struct iommu_domain_config c = usual();

	c.coalesce.policy = PT_COALESCE_EAGER;
	return c;
}

static void open_with(struct space *s, struct iommu_domain_config c)
{
	s->h = vtd_new_host(1);
	s->h->coherent = c.clean == PT_CLEAN_NONE;
	s->h->did = c.did;
	assert_int_equal(iommu_domain_init(&s->d, s->h, &c), 0);
}

static void expect_request(const struct space *s, unsigned int n,
			   uint64_t dfn, unsigned int mask_lg2, bool leaf_only)
{
	const struct port_iotlb *r = &s->h->request[n];

	assert_true(n < s->h->requests);
	assert_int_equal(r->scope, PORT_IOTLB_PAGES);
	assert_int_equal(r->did, 9);
	assert_int_equal(r->start.raw, dfn << 12);
	assert_int_equal(r->mask_lg2, mask_lg2);
	assert_int_equal(r->leaf_only, leaf_only);
}

static void a_page_goes_with_one_request_and_the_hint(void **state)
{
	struct space s;

	(void)state;
	open_with(&s, usual());
	map(&s, 4, 8, 2);
	assert_int_equal(s.h->requests, 0);
	unmap(&s, 5, 1);
	assert_int_equal(s.h->requests, 1);
	expect_request(&s, 0, 5, 0, true);
	assert_int_equal(s.h->waits, 1);
	close_space(&s);
}

static void an_emptied_table_takes_the_hint_away(void **state)
{
	struct space s;

	(void)state;
	open_with(&s, usual());
	map(&s, 5, 8, 1);
	unmap(&s, 5, 1);
	assert_int_equal(s.h->requests, 1);
	expect_request(&s, 0, 5, 0, false);
	assert_int_equal(s.d.stats.pt.tables_live, 1);
	close_space(&s);
}

static void runs_are_covered_by_aligned_powers_of_two(void **state)
{
	struct space s;

	(void)state;
	open_with(&s, usual());
	map(&s, 0, 1, 64);
	unmap(&s, 3, 10);
	assert_int_equal(s.h->requests, 4);
	expect_request(&s, 0, 3, 0, true);
	expect_request(&s, 1, 4, 2, true);
	expect_request(&s, 2, 8, 2, true);
	expect_request(&s, 3, 12, 0, true);
	close_space(&s);
}

static void a_superpage_goes_with_its_own_mask(void **state)
{
	struct space s;

	(void)state;
	open_with(&s, usual());
	map(&s, 0, 0, MB2);
	map(&s, GB, GB, GB);
	map(&s, 2 * GB, 0, 1);
	map(&s, 5 * MB2, 0, MB2);
	unmap(&s, 0, MB2);
	expect_request(&s, 0, 0, 9, true);
	unmap(&s, GB, GB);
	expect_request(&s, 1, GB, 18, true);
	close_space(&s);
}

static void a_cut_is_one_request_for_the_superpage_without_hint(void **state)
{
	struct space s;

	(void)state;
	open_with(&s, usual());
	map(&s, MB2, MB2, MB2);
	unmap(&s, MB2 + 77, 1);
	assert_int_equal(s.h->requests, 1);
	expect_request(&s, 0, MB2, 9, false);
	assert_int_equal(s.d.stats.pt.splits, 1);
	close_space(&s);
}

static void a_promotion_is_one_request_without_hint(void **state)
{
	struct space s;

	(void)state;
	open_with(&s, eager());
	map(&s, MB2 + 1, GB + 1, MB2 - 1);
	assert_int_equal(s.h->requests, 0);
	map(&s, MB2, GB, 1);
	assert_int_equal(s.h->requests, 1);
	expect_request(&s, 0, MB2, 9, false);
	assert_int_equal(s.d.stats.pt.coalesces, 1);
	assert_int_equal(s.d.stats.pt.mappings[3], 1);
	assert_int_equal(s.d.stats.pt.mappings[4], 0);
	close_space(&s);
}

static void promotion_goes_on_as_far_as_hardware_can(void **state)
{
	for (unsigned int large = 0; large < 3; large++) {
		static const uint64_t order[] = { 0, 9, 18 };
		struct iommu_domain_config c = eager();
		struct iommu_entry e;
		struct space s;

		(void)state;
		c.superpage_2m = large >= 1;
		c.superpage_1g = large >= 2;
		open_with(&s, c);
		map(&s, 0, GB, GB);
		unmap(&s, 77777, 1);
		map(&s, 77777, GB + 77777, 1);
		iommu_lookup(&s.d, (dfn_t){ 77777 }, &e);
		assert_int_equal(e.order, order[large]);
		assert_int_equal(e.mfn.raw, GB + 77777);
		assert_int_equal(e.access, IOMMU_ACCESS_RW);
		assert_int_equal(s.d.stats.pt.coalesces, large);
		close_space(&s);
	}
}

static void masks_that_hardware_lacks_become_the_domain(void **state)
{
	struct iommu_domain_config c = usual();
	struct space s;

	(void)state;
	c.mask_max_lg2 = 8;
	open_with(&s, c);
	map(&s, 0, 0, MB2);
	map(&s, MB2, MB2, 511);
	unmap(&s, MB2, 256);
	expect_request(&s, 0, MB2, 8, true);
	unmap(&s, 0, MB2);
	assert_int_equal(s.h->requests, 2);
	assert_int_equal(s.h->request[1].scope, PORT_IOTLB_DOMAIN);
	assert_int_equal(s.d.stats.flush_domain, 1);
	close_space(&s);
}

static void too_many_pieces_become_the_domain(void **state)
{
	struct space s;

	(void)state;
	open_with(&s, usual());
	for (uint64_t i = 0; i < 40; i++)
		map(&s, 2 * i, 7, 1);
	unmap(&s, 0, 32);
	assert_int_equal(s.h->requests, 16);
	unmap(&s, 32, 34);
	assert_int_equal(s.h->requests, 17);
	assert_int_equal(s.h->request[16].scope, PORT_IOTLB_DOMAIN);
	close_space(&s);
}

/* ---- cleaning */

static void what_is_cleaned_when_pages_are_mapped(void **state)
{
	static const struct {
		enum pt_clean_policy policy;
		uint64_t cleans, cleaned;
	} cases[] = {
		{ PT_CLEAN_NONE, 0, 0 },
		{ PT_CLEAN_ENTRY, 20, 20 },
		{ PT_CLEAN_LINE, 1, 20 },
		{ PT_CLEAN_TOP_ONLY, 1, 20 },
	};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct iommu_domain_config c = usual();
		struct space s;

		c.clean = cases[i].policy;
		open_with(&s, c);
		map(&s, 0, 0, 1);
		s.h->cleans = s.h->cleaned = 0;
		map(&s, 100, 7, 20);
		assert_int_equal(s.h->cleans, cases[i].cleans);
		assert_int_equal(s.h->cleaned, cases[i].cleaned);
		close_space(&s);
	}
}

/* The last page of 2 MB: the page and the superpage, or that alone. */
static void top_only_leaves_out_what_the_promotion_unlinks(void **state)
{
	static const struct {
		enum pt_clean_policy policy;
		uint64_t cleans;
	} cases[] = {
		{ PT_CLEAN_ENTRY, 2 },
		{ PT_CLEAN_LINE, 2 },
		{ PT_CLEAN_TOP_ONLY, 1 },
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct iommu_domain_config c = eager();
		struct space s;

		c.clean = cases[i].policy;
		open_with(&s, c);
		map(&s, 1, GB + 1, MB2 - 1);
		s.h->cleans = 0;
		map(&s, 0, GB, 1);
		assert_int_equal(s.d.stats.pt.coalesces, 1);
		assert_int_equal(s.h->cleans, cases[i].cleans);
		close_space(&s);
	}
}

/* The last page of three levels: four descriptors change, one matters. */
static void top_only_leaves_out_tables_that_fall_empty(void **state)
{
	static const struct {
		enum pt_clean_policy policy;
		uint64_t cleans;
	} cases[] = {
		{ PT_CLEAN_ENTRY, 4 },
		{ PT_CLEAN_LINE, 4 },
		{ PT_CLEAN_TOP_ONLY, 1 },
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct iommu_domain_config c = usual();
		struct space s;

		c.clean = cases[i].policy;
		open_with(&s, c);
		map(&s, 5, 5, 1);
		s.h->cleans = 0;
		unmap(&s, 5, 1);
		assert_int_equal(s.h->cleans, cases[i].cleans);
		/* The walker's version of the root says so, too. */
		assert_int_equal(s.h->memory[(size_t)device_page_of(
					 s.d.root.raw) * 512], 0);
		close_space(&s);
	}
}

static void the_write_buffer_is_flushed_where_no_invalidation_does(void **state)
{
	struct iommu_domain_config c = usual();
	struct space s;

	(void)state;
	c.write_buffer = true;
	open_with(&s, c);
	s.h->write_buffer = true;
	/* New tables, before the way to them; then what became present. */
	map(&s, 1, 1, 5);
	assert_int_equal(s.h->write_buffers, 2);
	unmap(&s, 1, 1);
	assert_int_equal(s.h->write_buffers, 2);
	map(&s, 2, 2, 1); /* nothing changes */
	assert_int_equal(s.h->write_buffers, 2);
	map(&s, 512, 1024, 512);
	assert_int_equal(s.h->write_buffers, 3);
	unmap(&s, 600, 1); /* a table in a superpage's place */
	assert_int_equal(s.h->write_buffers, 4);
	assert_int_equal(s.d.stats.write_buffer, 4);
	close_space(&s);
}

static void caching_mode_flushes_what_becomes_present(void **state)
{
	struct iommu_domain_config c = usual();
	struct space s;

	(void)state;
	c.caching_mode = true;
	open_with(&s, c);
	map(&s, 8, 8, 4);
	assert_int_equal(s.h->requests, 1);
	expect_request(&s, 0, 8, 2, false);
	close_space(&s);
}

/* ---- deferred */

static struct iommu_domain_config deferred(uint32_t calls)
{
	struct iommu_domain_config c = usual();

	c.flush = IOMMU_FLUSH_DEFERRED;
	c.flush_calls = calls;
	return c;
}

static void deferred_unmaps_share_a_flush(void **state)
{
	struct space s;

	(void)state;
	open_with(&s, deferred(4));
	map(&s, 0, 0, 64);
	for (uint64_t i = 0; i < 3; i++) {
		unmap(&s, 8 * i, 1);
		assert_false(iommu_is_flushed(&s.d));
	}
	assert_int_equal(s.h->requests, 0);
	unmap(&s, 40, 1);
	assert_true(iommu_is_flushed(&s.d));
	assert_int_equal(s.h->requests, 4);
	assert_int_equal(s.h->waits, 1);
	assert_int_equal(s.d.stats.flush_deferred, 3);
	close_space(&s);
}

static void emptied_tables_wait_for_the_flush(void **state)
{
	struct space s;

	(void)state;
	open_with(&s, deferred(100));
	map(&s, MB2, 0, 1);
	unmap(&s, MB2, 1);
	assert_int_equal(s.h->freed, 0);
	assert_int_equal(s.d.queued, 3);
	iommu_flush(&s.d);
	assert_int_equal(s.h->freed, 3);
	assert_true(iommu_is_flushed(&s.d));
	iommu_flush(&s.d);
	assert_int_equal(s.h->waits, 1);
	close_space(&s);
}

static void a_mapping_where_something_waits_flushes_first(void **state)
{
	struct space s;

	(void)state;
	open_with(&s, deferred(100));
	map(&s, 0, 0, 64);
	unmap(&s, 7, 2);
	map(&s, 100, 0, 1);
	assert_false(iommu_is_flushed(&s.d));
	map(&s, 8, 99, 1);
	assert_true(iommu_is_flushed(&s.d));
	/* A table that fell empty is a hole in all it covered. */
	map(&s, 3 * MB2, 0, 1);
	unmap(&s, 3 * MB2, 1);
	map(&s, 4 * MB2, 0, 1);
	assert_false(iommu_is_flushed(&s.d));
	map(&s, 3 * MB2 + 400, 0, 1);
	assert_true(iommu_is_flushed(&s.d));
	close_space(&s);
}

static void replacing_and_protecting_never_wait(void **state)
{
	struct space s;
	uint64_t done;

	(void)state;
	open_with(&s, deferred(100));
	map(&s, 0, 0, 64);
	map(&s, 3, 77, 1);
	assert_int_equal(s.h->waits, 1);
	assert_int_equal(iommu_protect(&s.d, (dfn_t){ 9 }, 1, IOMMU_ACCESS_R,
				       &done), 0);
	assert_int_equal(s.h->waits, 2);
	assert_true(iommu_is_flushed(&s.d));
	close_space(&s);
}

/* Under top-only the old table lacks its last page; who holds it must go. */
static void a_promotion_waits_unless_it_was_cleaned_at_the_top_alone(void **state)
{
	for (unsigned int top_only = 0; top_only < 2; top_only++) {
		struct iommu_domain_config c = deferred(100);
		struct space s;

		(void)state;
		c.coalesce.policy = PT_COALESCE_EAGER;
		c.clean = top_only ? PT_CLEAN_TOP_ONLY : PT_CLEAN_LINE;
		open_with(&s, c);
		map(&s, 1, GB + 1, MB2 - 1);
		map(&s, 0, GB, 1);
		assert_int_equal(s.d.stats.pt.coalesces, 1);
		assert_int_equal(iommu_is_flushed(&s.d), top_only);
		close_space(&s);
	}
}

/* ---- requests and ends */

static void bad_requests_change_nothing(void **state)
{
	static const struct {
		uint64_t dfn, mfn, frames;
		unsigned int access;
		int want;
	} cases[] = {
		{ 0, 0, 1, 0, ERR_INVAL },
		{ 0, 0, 1, 4, ERR_INVAL },
		{ UINT64_C(1) << 36, 0, 1, 3, ERR_RANGE },
		{ (UINT64_C(1) << 36) - 1, 0, 2, 3, ERR_RANGE },
		{ 1, 0, UINT64_MAX, 3, ERR_RANGE },
		{ UINT64_MAX, 0, 2, 3, ERR_RANGE },
		{ 0, UINT64_C(1) << 34, 1, 3, ERR_RANGE },
		{ 0, (UINT64_C(1) << 34) - 1, 2, 3, ERR_RANGE },
	};
	struct iommu_entry e;
	struct space s;
	uint64_t done;

	(void)state;
	open_with(&s, usual());
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		done = 5;
		assert_int_equal(iommu_map(&s.d, (dfn_t){ cases[i].dfn },
					   (mfn_t){ cases[i].mfn },
					   cases[i].frames, cases[i].access,
					   &done), cases[i].want);
		assert_int_equal(done, 0);
	}
	assert_int_equal(iommu_unmap(&s.d, (dfn_t){ UINT64_MAX }, 1, &done),
			 ERR_RANGE);
	assert_int_equal(iommu_protect(&s.d, (dfn_t){ 0 }, 1, 0, &done),
			 ERR_INVAL);
	unmap(&s, 0, UINT64_C(1) << 36); /* of holes */
	assert_int_equal(s.d.stats.pt.pte_writes, 0);
	assert_int_equal(s.h->requests, 0);
	iommu_lookup(&s.d, (dfn_t){ UINT64_MAX }, &e);
	assert_int_equal(e.access, 0);
	assert_int_equal(iommu_count_mapped(&s.d, (dfn_t){ 1 }, UINT64_MAX), 0);
	close_space(&s);
}

static void impossible_hardware_is_refused(void **state)
{
	static const struct {
		const char *what;
		struct iommu_domain_config c;
	} cases[] = {
		{ "two levels", { .levels = 2, .output_bits = 46 } },
		{ "six levels", { .levels = 6, .output_bits = 46 } },
		{ "addresses too wide", { .levels = 4, .output_bits = 53 } },
		{ "iova too wide",
		  { .levels = 3, .output_bits = 46, .iova_bits = 40 } },
		{ "1 GB without 2 MB",
		  { .levels = 4, .output_bits = 46, .superpage_1g = true } },
		{ "a scan of nothing",
		  { .levels = 4, .output_bits = 46,
		    .coalesce = { PT_COALESCE_SCAN, 1, 0 } } },
		{ "deferred to never",
		  { .levels = 4, .output_bits = 46,
		    .flush = IOMMU_FLUSH_DEFERRED } },
		{ "no such cleaning",
		  { .levels = 4, .output_bits = 46,
		    .clean = PT_CLEAN_POLICIES } },
	};
	struct device_host *h = vtd_new_host(1);
	struct iommu_domain d;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (iommu_domain_init(&d, h, &cases[i].c) != ERR_INVAL)
			fail_msg("%s", cases[i].what);
	assert_int_equal(h->allocated, 0);
	device_delete(h);
}

static void what_is_mapped_can_be_counted(void **state)
{
	struct space s;

	(void)state;
	open_with(&s, usual());
	map(&s, 10, 10, 5);
	map(&s, MB2, MB2, MB2);
	assert_int_equal(iommu_count_mapped(&s.d, (dfn_t){ 0 }, GB), MB2 + 5);
	assert_int_equal(iommu_count_mapped(&s.d, (dfn_t){ 12 }, MB2), 15);
	assert_int_equal(iommu_count_mapped(&s.d, (dfn_t){ 15 }, 3), 0);
	assert_int_equal(iommu_count_mapped(&s.d, (dfn_t){ MB2 + 3 }, 9), 9);
	close_space(&s);
}

static void teardown_stops_between_tables(void **state)
{
	struct space s;
	unsigned int calls = 1;

	(void)state;
	open_with(&s, deferred(100));
	for (uint64_t i = 0; i < 30; i++)
		map(&s, i * MB2, 1, 3);
	unmap(&s, 29 * MB2, 3);
	s.h->preempt_one_in = 2;
	while (iommu_domain_fini(&s.d) == ERR_PREEMPTED)
		calls++;
	assert_true(calls > 5);
	assert_int_equal(s.h->allocated, s.h->freed);
	assert_int_equal(s.d.stats.pt.tables_live, 0);
	assert_int_equal(s.d.stats.pt.mappings[4], 0);
	assert_null(s.h->violation);
	device_delete(s.h);
}

static void waiting_tables_are_promoted_by_ticks(void **state)
{
	struct iommu_domain_config c = usual();
	struct space s;

	(void)state;
	c.levels = 5;
	c.coalesce = (struct pt_coalesce){ PT_COALESCE_AFTER_OPS, 10, 0 };
	open_with(&s, c);
	/* Near the top of 57 bits: the notes must hold all of the address. */
	map(&s, (UINT64_C(1) << 45) - MB2 + 1, 1, MB2 - 1);
	map(&s, (UINT64_C(1) << 45) - MB2, 0, 1);
	for (unsigned int i = 0; i < 9; i++)
		iommu_tick(&s.d);
	assert_int_equal(s.d.stats.pt.coalesces, 0);
	for (unsigned int i = 0; i < 3; i++)
		iommu_tick(&s.d);
	assert_int_equal(s.d.stats.pt.coalesces, 1);
	assert_int_equal(s.d.stats.pt.mappings[3], 1);
	close_space(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_page_goes_with_one_request_and_the_hint),
		cmocka_unit_test(an_emptied_table_takes_the_hint_away),
		cmocka_unit_test(runs_are_covered_by_aligned_powers_of_two),
		cmocka_unit_test(a_superpage_goes_with_its_own_mask),
		cmocka_unit_test(
			a_cut_is_one_request_for_the_superpage_without_hint),
		cmocka_unit_test(a_promotion_is_one_request_without_hint),
		cmocka_unit_test(promotion_goes_on_as_far_as_hardware_can),
		cmocka_unit_test(masks_that_hardware_lacks_become_the_domain),
		cmocka_unit_test(too_many_pieces_become_the_domain),
		cmocka_unit_test(what_is_cleaned_when_pages_are_mapped),
		cmocka_unit_test(
			top_only_leaves_out_what_the_promotion_unlinks),
		cmocka_unit_test(top_only_leaves_out_tables_that_fall_empty),
		cmocka_unit_test(
			the_write_buffer_is_flushed_where_no_invalidation_does),
		cmocka_unit_test(caching_mode_flushes_what_becomes_present),
		cmocka_unit_test(deferred_unmaps_share_a_flush),
		cmocka_unit_test(emptied_tables_wait_for_the_flush),
		cmocka_unit_test(a_mapping_where_something_waits_flushes_first),
		cmocka_unit_test(replacing_and_protecting_never_wait),
		cmocka_unit_test(
			a_promotion_waits_unless_it_was_cleaned_at_the_top_alone),
		cmocka_unit_test(bad_requests_change_nothing),
		cmocka_unit_test(impossible_hardware_is_refused),
		cmocka_unit_test(what_is_mapped_can_be_counted),
		cmocka_unit_test(teardown_stops_between_tables),
		cmocka_unit_test(waiting_tables_are_promoted_by_ticks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
