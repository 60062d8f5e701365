/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Domains of an SMMUv3, rule by rule: which TLBI commands go out with which
 * level, range and Leaf, how blocks are cut at each level of IDR3.BBML, what
 * is cleaned and when, what an STE says, and what is refused.
 */
#include "core/iommu/ste.h"
#include "tests/unit/core/iommu_space.h"
#include "tests/unit/core/port_smmu.h"

static struct iommu_domain_config usual(void)
{
	return (struct iommu_domain_config){
		.format = IOMMU_ARM_S2_4K, .did = 9, .iova_bits = 40,
		.output_bits = 44, .superpage_2m = true, .superpage_1g = true,
		.page_selective = true, .free_empty = true,
	};
}

static void open_with(struct space *s, struct iommu_domain_config c)
{
	s->h = smmu_new_host(1);
	s->h->coherent = c.clean == PT_CLEAN_NONE;
	s->h->granule_lg2 = 12 + 2 * (unsigned int)(c.format - IOMMU_ARM_S2_4K);
	s->h->bbm_level = c.bbm_level;
	s->h->did = c.did;
	assert_int_equal(iommu_domain_init(&s->d, s->h, &c), 0);
}

/* The n-th request; level -1: without a hint, and Leaf clear. */
static void expect_ipa(const struct space *s, unsigned int n, uint64_t dfn,
		       int level)
{
	const struct port_iotlb *r = &s->h->request[n];

	assert_true(n < s->h->requests);
	assert_int_equal(r->scope, PORT_IOTLB_IPA);
	assert_int_equal(r->did, 9);
	assert_int_equal(r->start.raw, dfn << 12);
	assert_int_equal(r->level, level);
	assert_int_equal(r->leaf_only, level >= 0);
	assert_int_equal(r->granule_lg2, s->h->granule_lg2);
}

static void expect_range(const struct space *s, unsigned int n, uint64_t dfn,
			 unsigned int num, unsigned int scale, int level)
{
	const struct port_iotlb *r = &s->h->request[n];

	assert_true(n < s->h->requests);
	assert_int_equal(r->scope, PORT_IOTLB_RANGE);
	assert_int_equal(r->start.raw, dfn << 12);
	assert_int_equal(r->num, num);
	assert_int_equal(r->scale, scale);
	assert_int_equal(r->level, level);
	assert_int_equal(r->leaf_only, level >= 0);
}

static void a_leaf_goes_by_its_address_with_its_level(void **state)
{
	struct space s;

	(void)state;
	open_with(&s, usual());
	map(&s, 4, 8, 2);
	map(&s, MB2, 0, 2 * MB2);
	map(&s, GB, GB, 2 * GB);
	assert_int_equal(s.h->requests, 0);
	unmap(&s, 5, 1);
	unmap(&s, MB2, MB2);
	unmap(&s, GB, GB);
	assert_int_equal(s.h->requests, 3);
	assert_int_equal(s.h->waits, 3);
	expect_ipa(&s, 0, 5, 3);
	expect_ipa(&s, 1, MB2, 2);
	expect_ipa(&s, 2, GB, 1);
	close_space(&s);
}

static void an_emptied_table_takes_leaf_and_level_away(void **state)
{
	struct space s;

	(void)state;
	open_with(&s, usual());
	map(&s, 5, 8, 1);
	unmap(&s, 5, 1);
	assert_int_equal(s.h->requests, 1);
	expect_ipa(&s, 0, 5, -1);
	assert_int_equal(s.d.stats.pt.tables_live, 2); /* concatenated roots */
	close_space(&s);
}

static void a_run_is_one_command_a_leaf_without_ranges(void **state)
{
	struct space s;

	(void)state;
	open_with(&s, usual());
	map(&s, 0, 1, 64);
	unmap(&s, 3, 16);
	assert_int_equal(s.h->requests, 16);
	for (unsigned int i = 0; i < 16; i++)
		expect_ipa(&s, i, 3 + i, 3);
	unmap(&s, 20, 17);
	assert_int_equal(s.h->requests, 17);
	assert_int_equal(s.h->request[16].scope, PORT_IOTLB_DOMAIN);
	assert_int_equal(s.h->request[16].did, 9);
	assert_int_equal(s.d.stats.flush_pages, 16);
	assert_int_equal(s.d.stats.flush_domain, 1);
	close_space(&s);
}

static void ranges_cover_a_run_exactly(void **state)
{
	struct iommu_domain_config c = usual();
	struct space s;

	(void)state;
	c.range = true;
	open_with(&s, c);
	map(&s, 0, 1, 2000);
	map(&s, 5 * MB2, 0, 70 * MB2);
	unmap(&s, 7, 10);
	expect_range(&s, 0, 7, 9, 0, 3);
	unmap(&s, 100, 513); /* across two tables, each stays */
	expect_range(&s, 1, 100, 15, 5, 3);
	expect_ipa(&s, 2, 612, 3);
	unmap(&s, 5 * MB2, 3 * MB2);
	expect_range(&s, 3, 5 * MB2, 23, 6, 2);
	/* 33 blocks: the highest five bits of their number, then one. */
	unmap(&s, 10 * MB2, 33 * MB2);
	expect_range(&s, 4, 10 * MB2, 15, 10, 2);
	expect_range(&s, 5, 42 * MB2, 15, 5, 2);
	assert_int_equal(s.h->requests, 6);
	close_space(&s);
}

static void combined_entries_go_where_stage_1_stands_before(void **state)
{
	struct iommu_domain_config c = usual();
	struct space s;

	(void)state;
	for (int nested = 0; nested < 2; nested++) {
		c.nested = nested;
		open_with(&s, c);
		map(&s, 0, 1, 2);
		unmap(&s, 1, 1);
		assert_int_equal(s.h->request[0].combined, nested);
		close_space(&s);
	}
}

/* ---- break-before-make */

/* Cut a 2 MB block by unmapping a page: flushes, and requests of the block. */
static void a_block_is_cut_as_the_level_has_it(void **state)
{
	static const struct {
		uint8_t bbm_level;
		unsigned int waits;
		int first_level; /* of the first request */
	} cases[] = {
		{ 0, 2, 2 }, /* break; the page */
		{ 1, 2, 2 }, /* the block with nT; table and page */
		{ 2, 1, 2 }, /* the table over it, and page: together */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct iommu_domain_config c = usual();
		struct space s;

		c.bbm_level = cases[i].bbm_level;
		open_with(&s, c);
		map(&s, MB2, MB2, MB2);
		unmap(&s, MB2 + 7, 1);
		assert_int_equal(s.h->waits, cases[i].waits);
		expect_ipa(&s, 0, MB2, cases[i].first_level);
		expect_ipa(&s, s.h->requests - 1, MB2 + 7, 3);
		close_space(&s);
	}
}

/* What the device finds of a frame beside the one that changes. */
struct watch {
	unsigned int faults, found;
	bool odd;
};

static bool watch_judge(struct device_host *h, uint64_t dfn,
			struct device_found f)
{
	struct watch *w = h->world;

	if (!f.mapped)
		w->faults++;
	else if (f.mfn == dfn + GB)
		w->found++;
	else
		w->odd = true;
	return true;
}

static void neighbours_of_a_cut_fault_at_level_0_alone(void **state)
{
	(void)state;
	for (uint8_t level = 0; level <= 2; level++) {
		struct iommu_domain_config c = usual();
		struct watch w = { 0 };
		struct space s;

		c.bbm_level = level;
		c.coalesce.policy = PT_COALESCE_EAGER;
		open_with(&s, c);
		map(&s, MB2, MB2 + GB, MB2);
		s.h->root = s.d.root.raw;
		s.h->levels = 4u - s.d.start_level;
		s.h->judge = watch_judge;
		s.h->world = &w;
		s.h->window = MB2 + 100;
		s.h->frames = 50;
		s.h->attached = true;
		s.h->access_one_in = 1;
		for (int i = 0; i < 10; i++) { /* cut, and promoted again */
			unmap(&s, MB2 + 7, 1);
			map(&s, MB2 + 7, MB2 + 7 + GB, 1);
		}
		assert_int_equal(s.d.stats.pt.coalesces, 10);
		assert_false(w.odd);
		assert_true(w.found > 100);
		assert_int_equal(w.faults != 0, level == 0);
		s.h->access_one_in = 0;
		s.h->attached = false;
		close_space(&s);
	}
}

static void another_output_address_is_broken_at_every_level(void **state)
{
	(void)state;
	for (uint8_t level = 0; level <= 2; level++) {
		struct iommu_domain_config c = usual();
		struct space s;
		uint64_t writes;

		c.bbm_level = level;
		open_with(&s, c);
		map(&s, 3, 8, 1);
		writes = s.h->writes;
		map(&s, 3, 9, 1);
		assert_int_equal(s.h->writes - writes, 2); /* break, make */
		expect_ipa(&s, 0, 3, 3);
		writes = s.h->writes;
		map(&s, 3, 9, 1);
		assert_int_equal(s.h->writes - writes, 0);
		close_space(&s);
	}
}

static void access_changes_in_place(void **state)
{
	struct space s;
	uint64_t writes, done;

	(void)state;
	open_with(&s, usual());
	map(&s, 3, 8, 2);
	writes = s.h->writes;
	assert_int_equal(iommu_protect(&s.d, (dfn_t){ 3 }, 1, IOMMU_ACCESS_R,
				       &done), 0);
	assert_int_equal(s.h->writes - writes, 1);
	assert_int_equal(s.h->requests, 1);
	expect_ipa(&s, 0, 3, 3);
	close_space(&s);
}

/* ---- cleaning */

static void what_is_broken_is_cleaned_before_the_flush(void **state)
{
	(void)state;
	for (int clean = PT_CLEAN_ENTRY; clean < PT_CLEAN_POLICIES; clean++) {
		struct iommu_domain_config c = usual();
		struct space s;
		uint64_t cleaned;

		c.clean = (enum pt_clean_policy)clean;
		open_with(&s, c);
		map(&s, 3, 8, 1);
		cleaned = s.h->cleaned;
		map(&s, 3, 9, 1);
		assert_int_equal(s.h->cleaned - cleaned, 2);
		close_space(&s);
	}
}

/* ---- deferred */

static void a_mapping_flushes_what_waits_there_before_it_is_made(void **state)
{
	struct iommu_domain_config c = usual();
	struct space s;
	uint64_t writes;

	(void)state;
	c.flush = IOMMU_FLUSH_DEFERRED;
	c.flush_calls = 10;
	open_with(&s, c);
	map(&s, 3, 8, 10);
	unmap(&s, 4, 1);
	unmap(&s, 6, 1);
	assert_int_equal(s.h->requests, 0);
	assert_false(iommu_is_flushed(&s.d));
	map(&s, 100, 8, 1); /* elsewhere: it may wait */
	assert_int_equal(s.h->requests, 0);
	writes = s.h->writes;
	map(&s, 4, 77, 1);
	assert_int_equal(s.h->requests, 2);
	assert_int_equal(s.h->waits, 1);
	assert_int_equal(s.h->writes - writes, 1);
	assert_true(iommu_is_flushed(&s.d));
	close_space(&s);
}

/* ---- what an STE says */

static void an_ste_says_what_the_tables_are(void **state)
{
	static const struct {
		struct iommu_domain_config c;
		uint8_t t0sz, sl0, tg, ps, start;
		unsigned int roots;
	} cases[] = {
		{ { .format = IOMMU_ARM_S2_4K, .iova_bits = 40,
		    .output_bits = 44 }, 24, 1, 0, 4, 1, 2 },
		{ { .format = IOMMU_ARM_S2_4K, .iova_bits = 48,
		    .output_bits = 48 }, 16, 2, 0, 5, 0, 1 },
		{ { .format = IOMMU_ARM_S2_4K, .output_bits = 36,
		    .levels = 4 }, 16, 2, 0, 1, 0, 1 },
		{ { .format = IOMMU_ARM_S2_4K, .iova_bits = 32,
		    .output_bits = 40 }, 32, 0, 0, 2, 2, 4 },
		{ { .format = IOMMU_ARM_S2_4K, .iova_bits = 32,
		    .output_bits = 40, .levels = 3 }, 32, 1, 0, 2, 1, 1 },
		{ { .format = IOMMU_ARM_S2_16K, .iova_bits = 40,
		    .output_bits = 42 }, 24, 1, 2, 3, 2, 16 },
		{ { .format = IOMMU_ARM_S2_64K, .iova_bits = 42,
		    .output_bits = 48 }, 22, 1, 1, 5, 2, 1 },
		{ { .format = IOMMU_ARM_S2_64K, .iova_bits = 52,
		    .output_bits = 52 }, 12, 2, 1, 6, 1, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct iommu_domain_config c = cases[i].c;
		struct iommu_ste_s2 ste;
		struct space s;

		c.did = 0x1234;
		for (int clean = 0; clean < 2; clean++) {
			c.clean = clean ? PT_CLEAN_ENTRY : PT_CLEAN_NONE;
			open_with(&s, c);
			iommu_domain_ste(&s.d, &ste);
			assert_int_equal(s.d.start_level, cases[i].start);
			assert_int_equal(s.h->allocated, cases[i].roots);
			assert_int_equal(ste.s2vmid, 0x1234);
			assert_int_equal(ste.s2t0sz, cases[i].t0sz);
			assert_int_equal(ste.s2sl0, cases[i].sl0);
			assert_int_equal(ste.s2tg, cases[i].tg);
			assert_int_equal(ste.s2ps, cases[i].ps);
			assert_int_equal(ste.s2ir0, clean ? 0 : 1);
			assert_int_equal(ste.s2or0, clean ? 0 : 1);
			assert_int_equal(ste.s2sh0, clean ? 2 : 3);
			assert_int_equal(ste.s2ttb.raw, s.d.root.raw);
			close_space(&s);
		}
	}
}

/* VTTBR_EL2 and VTCR_EL2 as raw numbers. */
static void an_ste_can_be_had_from_the_registers(void **state)
{
	struct iommu_ste_s2 ste;

	(void)state;
	/* VMID 5, CnP; T0SZ 24, SL0 1, write-back, inner, 4K, 44 bits. */
	iommu_shared_ste(UINT64_C(0x0005008012340001),
			 UINT64_C(0x80043558), true, &ste);
	assert_int_equal(ste.s2vmid, 5);
	assert_int_equal(ste.s2ttb.raw, UINT64_C(0x8012340000));
	assert_int_equal(ste.s2t0sz, 24);
	assert_int_equal(ste.s2sl0, 1);
	assert_int_equal(ste.s2ir0, 1);
	assert_int_equal(ste.s2or0, 1);
	assert_int_equal(ste.s2sh0, 3);
	assert_int_equal(ste.s2tg, 0);
	assert_int_equal(ste.s2ps, 4);
	/* 64K and 52 bits: bits 51:48 of the root stand in 5:2. */
	iommu_shared_ste(UINT64_C(0xffff00001234003c),
			 UINT64_C(0x8006758c), false, &ste);
	assert_int_equal(ste.s2vmid, 0xffff);
	assert_int_equal(ste.s2ttb.raw, UINT64_C(0xf000012340000));
	assert_int_equal(ste.s2t0sz, 12);
	assert_int_equal(ste.s2sl0, 2);
	assert_int_equal(ste.s2ir0, 0);
	assert_int_equal(ste.s2or0, 0);
	assert_int_equal(ste.s2sh0, 2);
	assert_int_equal(ste.s2tg, 1);
	assert_int_equal(ste.s2ps, 6);
}

/* ---- refused */

static void what_no_smmu_is_is_refused(void **state)
{
	enum { CASES = 15 };

	(void)state;
	for (int i = 0; i < CASES; i++) {
		struct device_host *h = smmu_new_host(1);
		struct iommu_domain_config c = usual();
		struct iommu_domain d;

		switch (i) {
		case 0: c.iova_bits = 24; break;
		case 1: c.iova_bits = 49; break;
		case 2: c.output_bits = 49; break;
		case 3: c.levels = 2; break; /* 40 bits need three */
		case 4: c.levels = 5; break;
		case 5: c.snoop = true; break;
		case 6: c.write_buffer = true; break;
		case 7: c.caching_mode = true; break;
		case 8: c.mask_max_lg2 = 9; break;
		case 9: c.bbm_level = 3; break;
		case 10: c.superpage_2m = false; break; /* but 1 GB */
		case 11: c.page_selective = false; c.range = true; break;
		case 12: c.format = IOMMU_FORMATS; break;
		case 13: c.output_bits = 12; break;
		default: c.format = IOMMU_ARM_S2_16K; c.iova_bits = 52; break;
		}
		assert_int_equal(iommu_domain_init(&d, h, &c), ERR_INVAL);
		assert_int_equal(h->allocated, 0);
		device_delete(h);
	}
}

static void parts_of_a_granule_are_refused(void **state)
{
	static const uint64_t bad[][3] = {
		{ 1, 0, 4 }, { 0, 2, 4 }, { 0, 0, 6 }
	};
	struct iommu_domain_config c = usual();
	struct space s;
	uint64_t done = 1;

	(void)state;
	c.format = IOMMU_ARM_S2_16K;
	open_with(&s, c);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(iommu_map(&s.d, (dfn_t){ bad[i][0] },
					   (mfn_t){ bad[i][1] }, bad[i][2],
					   IOMMU_ACCESS_RW, &done), ERR_ALIGN);
		assert_int_equal(done, 0);
	}
	assert_int_equal(iommu_unmap(&s.d, (dfn_t){ 2 }, 4, &done), ERR_ALIGN);
	assert_int_equal(iommu_protect(&s.d, (dfn_t){ 0 }, 1, IOMMU_ACCESS_R,
				       &done), ERR_ALIGN);
	map(&s, 4, 8, 4);
	close_space(&s);
}

static void leaves_are_as_large_as_was_asked_for(void **state)
{
	struct iommu_domain_config c = usual();
	struct iommu_entry e;
	struct space s;

	(void)state;
	for (int sizes = 0; sizes < 3; sizes++) {
		c.superpage_2m = sizes > 0;
		c.superpage_1g = sizes > 1;
		open_with(&s, c);
		map(&s, GB, GB, GB);
		iommu_lookup(&s.d, (dfn_t){ GB + 5 }, &e);
		assert_int_equal(e.order, 9 * sizes);
		assert_int_equal(e.mfn.raw, GB + 5);
		assert_int_equal(e.access, IOMMU_ACCESS_RW);
		close_space(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_leaf_goes_by_its_address_with_its_level),
		cmocka_unit_test(an_emptied_table_takes_leaf_and_level_away),
		cmocka_unit_test(a_run_is_one_command_a_leaf_without_ranges),
		cmocka_unit_test(ranges_cover_a_run_exactly),
		cmocka_unit_test(
			combined_entries_go_where_stage_1_stands_before),
		cmocka_unit_test(a_block_is_cut_as_the_level_has_it),
		cmocka_unit_test(neighbours_of_a_cut_fault_at_level_0_alone),
		cmocka_unit_test(
			another_output_address_is_broken_at_every_level),
		cmocka_unit_test(access_changes_in_place),
		cmocka_unit_test(what_is_broken_is_cleaned_before_the_flush),
		cmocka_unit_test(
			a_mapping_flushes_what_waits_there_before_it_is_made),
		cmocka_unit_test(an_ste_says_what_the_tables_are),
		cmocka_unit_test(an_ste_can_be_had_from_the_registers),
		cmocka_unit_test(what_no_smmu_is_is_refused),
		cmocka_unit_test(parts_of_a_granule_are_refused),
		cmocka_unit_test(leaves_are_as_large_as_was_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
