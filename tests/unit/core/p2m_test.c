/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The p2m's promises, one sentence a test, on the array host and its referee.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/core/port_array.h"

#define RW P2M_RAM_RW
#define RWX P2M_ACCESS_RWX
#define GB UINT64_C(0x40000) /* frames */
#define MB2 UINT64_C(0x200)

struct space {
	struct port_array *a;
	struct p2m p2m;
	uint64_t done;
};

static const struct p2m_config usual = {
	.ipa_bits = 40, .granule_lg2 = 12, .start_level = -1, .vmid = 7,
	.free_empty = true, .tlbi = P2M_TLBI_IPA, .order = P2M_ORDER_GREEDY,
};

static void open_with(struct space *s, struct p2m_config c)
{
	*s = (struct space){ .a = array_new(1) };
	assert_int_equal(p2m_init(&s->p2m, s->a, &c), 0);
	array_root(s->a, &s->p2m);
	array_log_clear(s->a);
}

static void open_usual(struct space *s)
{
	open_with(s, usual);
}

/* Nothing is breached, nothing leaks, and the counts are the port's. */
static void close_space(struct space *s)
{
	const struct p2m_stats *t = &s->p2m.stats;
	int rc;

	assert_null(array_quiet(s->a));
	s->a->fail_in = -1;
	do
		rc = p2m_fini(&s->p2m);
	while (rc == ERR_PREEMPTED);
	assert_int_equal(rc, 0);
	assert_null(array_quiet(s->a));
	assert_int_equal(array_live(s->a), 0);
	assert_int_equal(t->tables_live, 0);
	assert_int_equal(t->tables_allocated, s->a->allocated);
	assert_int_equal(t->tables_freed, s->a->freed);
	assert_int_equal(t->pte_writes, s->a->writes);
	assert_int_equal(t->barriers, s->a->barriers);
	assert_int_equal(t->cleans, s->a->cleans);
	assert_int_equal(t->tlbi_vmid, s->a->tlbi[PORT_TLBI_VMID]);
	assert_int_equal(t->tlbi_ipa, s->a->tlbi[PORT_TLBI_IPA]);
	assert_int_equal(t->tlbi_range, s->a->tlbi[PORT_TLBI_RANGE]);
	for (int level = 0; level < 4; level++)
		assert_int_equal(t->mappings[level], 0);
	array_delete(s->a);
}

static int map(struct space *s, uint64_t gfn, uint64_t mfn, uint64_t frames)
{
	return p2m_map(&s->p2m, (gfn_t){ gfn }, (mfn_t){ mfn }, frames, RW, RWX,
		       &s->done);
}

static int remove_frames(struct space *s, uint64_t gfn, uint64_t frames)
{
	return p2m_remove(&s->p2m, (gfn_t){ gfn }, frames, &s->done);
}

static struct p2m_entry look(struct space *s, uint64_t gfn)
{
	struct p2m_entry e;

	p2m_lookup(&s->p2m, (gfn_t){ gfn }, &e);
	return e;
}

static void expect_mapped(struct space *s, uint64_t gfn, uint64_t mfn,
			  unsigned int level)
{
	const struct p2m_entry e = look(s, gfn);

	assert_int_equal(e.type, RW);
	assert_int_equal(e.mfn.raw, mfn);
	assert_int_equal(e.level, level);
	assert_int_equal(e.order, 9 * (3 - level));
}

static void expect_hole(struct space *s, uint64_t gfn, unsigned int level)
{
	const struct p2m_entry e = look(s, gfn);

	assert_int_equal(e.type, P2M_INVALID);
	assert_int_equal(e.access, 0);
	assert_int_equal(e.level, level);
	assert_int_equal(e.order, 9 * (3 - level));
}

/* ---- the space */

static void start_levels_follow_the_architecture(void **state)
{
	/* Start level asked, then: level, root order; -1: refused. */
	static const struct {
		int ipa_bits, asked, level, order;
		uint64_t vtcr; /* with 40 PA bits and an 8-bit VMID */
	} cases[] = {
		{ 31, -1, -1, 0, 0 },  { 49, -1, -1, 0, 0 },
		{ 32, -1, 2, 2, 0x80023520 }, { 33, -1, 2, 3, 0x8002351f },
		{ 34, -1, 2, 4, 0x8002351e }, { 35, -1, 1, 0, 0x8002355d },
		{ 36, -1, 1, 0, 0x8002355c }, { 39, -1, 1, 0, 0x80023559 },
		{ 40, -1, 1, 1, 0x80023558 }, { 42, -1, 1, 3, 0x80023556 },
		{ 43, -1, 1, 4, 0x80023555 }, { 44, -1, 0, 0, 0x80023594 },
		{ 48, -1, 0, 0, 0x80023590 }, { 40, 0, 0, 0, 0x80023598 },
		{ 43, 0, 0, 0, 0x80023595 },  { 32, 1, 1, 0, 0x80023560 },
		{ 34, 1, 1, 0, 0x8002355e },  { 34, 2, 2, 4, 0x8002351e },
		{ 39, 0, -1, 0, 0 },   { 44, 1, -1, 0, 0 },
		{ 35, 2, -1, 0, 0 },   { 32, 3, -1, 0, 0 },
		{ 40, 4, -1, 0, 0 },   { 40, -2, -1, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct port_array *a = array_new(1);
		struct p2m_config c = usual;
		struct p2m p2m;

		c.ipa_bits = (uint8_t)cases[i].ipa_bits;
		c.start_level = (int8_t)cases[i].asked;
		if (cases[i].level < 0) {
			assert_int_equal(p2m_init(&p2m, a, &c), ERR_INVAL);
		} else {
			assert_int_equal(p2m_init(&p2m, a, &c), 0);
			assert_int_equal(p2m.start_level, cases[i].level);
			assert_int_equal(p2m.root_order, cases[i].order);
			assert_int_equal(array_live(a), 1 << cases[i].order);
			assert_int_equal(p2m.root.raw &
					 ((UINT64_C(4096) << cases[i].order) - 1),
					 0);
			assert_int_equal(p2m_vtcr(&p2m, 40), cases[i].vtcr);
			assert_int_equal(p2m_vttbr(&p2m),
					 p2m.root.raw | UINT64_C(7) << 48);
			array_root(a, &p2m);
			assert_int_equal(p2m_fini(&p2m), 0);
		}
		assert_int_equal(array_live(a), 0);
		assert_null(array_quiet(a));
		array_delete(a);
	}
}

static void start_levels_of_the_other_granules(void **state)
{
	static const struct {
		int granule_lg2, ipa_bits, asked;
		bool lpa;
		int level, order; /* -1: refused */
		uint64_t vtcr;	  /* with 52 PA bits and an 8-bit VMID */
	} cases[] = {
		{ 14, 31, -1, false, -1, 0, 0 },
		{ 14, 32, -1, false, 2, 0, 0x8005b560 },
		{ 14, 36, -1, false, 2, 0, 0x8005b55c },
		{ 14, 37, -1, false, 2, 1, 0x8005b55b },
		{ 14, 40, -1, false, 2, 4, 0x8005b558 },
		{ 14, 41, -1, false, 1, 0, 0x8005b597 },
		{ 14, 47, -1, false, 1, 0, 0x8005b591 },
		{ 14, 48, -1, false, 1, 1, 0x8005b590 },
		{ 14, 48, 0, false, -1, 0, 0 },
		{ 14, 41, 2, false, -1, 0, 0 },
		{ 14, 36, 1, false, -1, 0, 0 },
		{ 14, 49, -1, true, -1, 0, 0 },
		{ 16, 32, -1, false, 2, 0, 0x80057560 },
		{ 16, 42, -1, false, 2, 0, 0x80057556 },
		{ 16, 43, -1, false, 2, 1, 0x80057555 },
		{ 16, 46, -1, false, 2, 4, 0x80057552 },
		{ 16, 47, -1, false, 1, 0, 0x80057591 },
		{ 16, 48, -1, false, 1, 0, 0x80057590 },
		{ 16, 43, 1, false, 1, 0, 0x80057595 },
		{ 16, 42, 1, false, -1, 0, 0 },
		{ 16, 49, -1, false, -1, 0, 0 },
		{ 16, 52, -1, false, -1, 0, 0 },
		{ 16, 52, -1, true, 1, 0, 0x8006758c },
		{ 16, 48, 2, true, -1, 0, 0 },
		{ 16, 53, -1, true, -1, 0, 0 },
		{ 12, 52, -1, true, -1, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const unsigned int g = (unsigned int)cases[i].granule_lg2;
		struct port_array *a = array_new_granule(1, g);
		struct p2m_config c = usual;
		struct p2m p2m;

		c.granule_lg2 = (uint8_t)g;
		c.ipa_bits = (uint8_t)cases[i].ipa_bits;
		c.start_level = (int8_t)cases[i].asked;
		c.lpa = cases[i].lpa;
		if (cases[i].level < 0) {
			assert_int_equal(p2m_init(&p2m, a, &c), ERR_INVAL);
		} else {
			assert_int_equal(p2m_init(&p2m, a, &c), 0);
			assert_int_equal(p2m.start_level, cases[i].level);
			assert_int_equal(p2m.root_order, cases[i].order);
			assert_int_equal(p2m_vtcr(&p2m, 52), cases[i].vtcr);
			array_root(a, &p2m);
			assert_int_equal(p2m_fini(&p2m), 0);
		}
		assert_int_equal(array_live(a), 0);
		assert_null(array_quiet(a));
		array_delete(a);
	}
}

static void a_root_above_48_bits_is_split_in_vttbr(void **state)
{
	struct port_array *a = array_new_granule(1, 16);
	struct p2m_config c = usual;
	struct p2m p2m;

	(void)state;
	a->base = UINT64_C(0x000a123400000000);
	c.granule_lg2 = 16;
	c.ipa_bits = 52;
	c.lpa = true;
	assert_int_equal(p2m_init(&p2m, a, &c), 0);
	assert_int_equal(p2m_vttbr(&p2m), UINT64_C(0x0007123400000028));
	array_root(a, &p2m);
	assert_int_equal(p2m_fini(&p2m), 0);
	array_delete(a);
}

static void requests_are_whole_granules(void **state)
{
	struct p2m_config c = usual;
	struct space s = { .a = array_new_granule(1, 16) };
	uint64_t top;

	(void)state;
	c.granule_lg2 = 16;
	c.ipa_bits = 36;
	top = UINT64_C(1) << 24;
	assert_int_equal(p2m_init(&s.p2m, s.a, &c), 0);
	array_root(s.a, &s.p2m);
	array_log_clear(s.a);
	assert_int_equal(map(&s, 8, 16, 16), ERR_ALIGN);
	assert_int_equal(map(&s, 16, 8, 16), ERR_ALIGN);
	assert_int_equal(map(&s, 16, 16, 17), ERR_ALIGN);
	assert_int_equal(map(&s, top - 16, 16, 32), ERR_RANGE);
	assert_int_equal(remove_frames(&s, 1, 16), ERR_ALIGN);
	assert_int_equal(p2m_protect(&s.p2m, (gfn_t){ 0 }, 15, 1, &s.done),
			 ERR_ALIGN);
	assert_string_equal(s.a->log, "");
	assert_int_equal(map(&s, 16, 48, 16), 0);
	assert_int_equal(s.done, 16);
	assert_int_equal(look(&s, 21).mfn.raw, 53);
	assert_int_equal(look(&s, 21).order, 4);
	assert_int_equal(look(&s, 32).order, 4);
	assert_int_equal(look(&s, 0x20000).order, 17);
	close_space(&s);
}

static void impossible_configurations_are_refused(void **state)
{
	struct port_array *a = array_new(1);
	struct p2m_config c = usual;
	struct p2m p2m;

	(void)state;
	c.granule_lg2 = 13;
	assert_int_equal(p2m_init(&p2m, a, &c), ERR_INVAL);
	c = usual;
	c.tlbi = (enum p2m_tlbi_policy)3;
	assert_int_equal(p2m_init(&p2m, a, &c), ERR_INVAL);
	c = usual;
	c.order = (enum p2m_order_policy)2;
	assert_int_equal(p2m_init(&p2m, a, &c), ERR_INVAL);
	c = usual;
	a->fail_in = 0;
	assert_int_equal(p2m_init(&p2m, a, &c), ERR_NOMEM);
	assert_int_equal(a->allocated, 0);
	array_delete(a);
}

static void vtcr_and_vttbr_hold_wide_vmids_and_sizes(void **state)
{
	struct p2m_config c = usual;
	struct space s;

	(void)state;
	c.vmid = 0xbeef;
	open_with(&s, c);
	assert_int_equal(p2m_vttbr(&s.p2m) >> 48, 0xbeef);
	assert_int_equal(p2m_vtcr(&s.p2m, 48), 0x800d3558);
	assert_int_equal(p2m_vtcr(&s.p2m, 47), 0x800c3558);
	assert_int_equal(p2m_vtcr(&s.p2m, 32), 0x80083558);
	close_space(&s);
}

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
	assert_string_equal(s.a->log, "anbstimspsti");
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

static void ipa_policy_gives_up_above_512_leaves(void **state)
{
	struct space s;

	(void)state;
	open_usual(&s);
	assert_int_equal(map(&s, 1, 2, 1025), 0);
	array_log_clear(s.a);
	assert_int_equal(remove_frames(&s, 1, 512), 0);
	assert_int_equal(s.a->tlbi[PORT_TLBI_IPA], 512);
	assert_int_equal(s.a->tlbi[PORT_TLBI_VMID], 0);
	assert_int_equal(remove_frames(&s, 513, 513), 0);
	assert_int_equal(s.a->tlbi[PORT_TLBI_IPA], 512);
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

/* ---- raw descriptors */

#define CONTIG (UINT64_C(1) << 52)

static uint64_t pte_of(struct space *s, uint64_t gfn)
{
	uint64_t table = s->p2m.root.raw;

	for (unsigned int level = s->p2m.start_level;; level++) {
		const unsigned int index = (gfn >> (9 * (3 - level))) & 511;
		const int n = array_page_of(s->a, (pa_t){ table });
		const uint64_t pte =
			array_page_entries(s->a, (unsigned int)n)[index];

		if (level == 3 || (pte & 3) != 3)
			return pte;
		table = pte & UINT64_C(0xfffffffff000);
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
	static const char *const split[] = { "anbstimsbpsti",
					     "anpstipstibpsti",
					     "anspstibpsti" };
	static const char *const merge[] = { "mpbstifms", "mpspstifps",
					     "mpspstif" };

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
	assert_string_equal(s.a->log, "bstimsbstims");
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
	assert_string_equal(s.a->log, "bstimsbpsti");
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
	assert_int_equal(s.a->requests, 512);
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
		assert_true(++ticks < 2000);
	}
	expect_mapped(&s, 19 * MB2 + 5, GB + 19 * MB2 + 5, 2);
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

/* ---- seams */

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
		cmocka_unit_test(start_levels_follow_the_architecture),
		cmocka_unit_test(start_levels_of_the_other_granules),
		cmocka_unit_test(a_root_above_48_bits_is_split_in_vttbr),
		cmocka_unit_test(requests_are_whole_granules),
		cmocka_unit_test(impossible_configurations_are_refused),
		cmocka_unit_test(vtcr_and_vttbr_hold_wide_vmids_and_sizes),
		cmocka_unit_test(a_page_takes_the_tables_it_needs),
		cmocka_unit_test(beyond_the_space_is_a_hole_at_the_root),
		cmocka_unit_test(greedy_takes_the_largest_leaf_each_time),
		cmocka_unit_test(greedy_needs_the_frame_aligned_too),
		cmocka_unit_test(mask_takes_one_size_for_all),
		cmocka_unit_test(types_and_access_come_back),
		cmocka_unit_test(nonsense_changes_nothing),
		cmocka_unit_test(mapping_the_same_again_writes_nothing),
		cmocka_unit_test(another_frame_is_broken_before_it_is_made),
		cmocka_unit_test(a_run_over_old_and_new_is_broken_once),
		cmocka_unit_test(a_change_of_memory_type_is_broken),
		cmocka_unit_test(fewer_rights_change_in_place_and_flush),
		cmocka_unit_test(a_block_is_split_after_its_like_is_built),
		cmocka_unit_test(a_large_block_splits_only_along_the_way),
		cmocka_unit_test(protect_skips_holes_and_what_is_so_already),
		cmocka_unit_test(a_block_replaces_a_populated_table),
		cmocka_unit_test(a_large_block_replaces_a_tree),
		cmocka_unit_test(the_last_frame_takes_its_tables_along),
		cmocka_unit_test(tables_stay_if_they_shall),
		cmocka_unit_test(removed_and_populated_again_is_a_block_again),
		cmocka_unit_test(whole_vmid_policy_sends_one_request_a_call),
		cmocka_unit_test(ipa_policy_gives_up_above_512_leaves),
		cmocka_unit_test(too_many_pieces_become_the_whole_vmid),
		cmocka_unit_test(range_policy_covers_exactly),
		cmocka_unit_test(range_policy_gives_up_when_it_is_most_of_the_space),
		cmocka_unit_test(a_split_without_a_table_leaves_the_block),
		cmocka_unit_test(a_failing_call_says_how_far_it_got),
		cmocka_unit_test(preempted_calls_resume),
		cmocka_unit_test(teardown_stops_between_tables),
		cmocka_unit_test(sizes_change_without_a_break_if_hardware_bears_it),
		cmocka_unit_test(the_referee_knows_the_level_of_bbm),
		cmocka_unit_test(no_such_level_of_bbm),
		cmocka_unit_test(types_change_in_place_or_broken_as_memory_asks),
		cmocka_unit_test(the_default_access_stands_for_new_frames),
		cmocka_unit_test(relinquishing_gets_on_with_every_call),
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
		cmocka_unit_test(waiting_tables_may_go_in_any_order),
		cmocka_unit_test(impossible_coalescing_is_refused),
		cmocka_unit_test(walks_follow_the_type_and_not_bit_0),
		cmocka_unit_test(the_referee_sees_a_missing_break),
		cmocka_unit_test(the_referee_sees_an_early_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
