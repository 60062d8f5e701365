/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Contiguity markers against brute force: after each of a million random
 * updates of a full table, every marker is the true maximal run, and the
 * table is said to be all contiguous exactly when it is. The oracle keeps its
 * own list of what stands where and knows nothing of descriptors.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/format/arm_s2.h"
#include "core/pt/marker.h"
#include "tests/unit/core/port_array.h"

#define ENTRIES 512
#define LEVEL	3

enum what { HOLE, LEAF, TABLE };

struct slot {
	enum what what;
	uint64_t frame;
	uint64_t attrs;
};

struct bench {
	struct port_array *a;
	struct pt_format format;
	struct pt_stats stats;
	struct pt pt;
	pa_t table;
	uint64_t *e;
	struct slot slot[ENTRIES];
	uint64_t whole;
};

static const uint64_t attributes[] = {
	UINT64_C(0x00800000000007fd), UINT64_C(0x00c00000000007fd)
};

static void set(struct bench *t, unsigned int i, struct slot s)
{
	uint64_t pte = 0;

	if (s.what == LEAF)
		pte = t->format.leaf((pa_t){ s.frame << 12 }, s.attrs, LEVEL);
	else if (s.what == TABLE)
		pte = t->format.table((pa_t){ s.frame << 12 });
	t->slot[i] = s;
	port_pte_write(t->a, &t->e[i], pte);
}

static void open_bench(struct bench *t, bool marks_holes)
{
	*t = (struct bench){ .a = array_new(5), .format = pt_format_arm_s2_4k };
	t->format.marks_holes = marks_holes;
	t->pt = (struct pt){ .host = t->a, .stats = &t->stats, .marks = true };
	assert_int_equal(pt_table_get(&t->pt, &t->format, LEVEL, 0, &t->table),
			 0);
	t->e = port_table_map(t->a, t->table);
	for (unsigned int i = 0; i < ENTRIES; i++)
		set(t, i, (struct slot){ HOLE, 0, 0 });
	assert_int_equal(pt_mark_range(&t->pt, &t->format, t->e, LEVEL, 0,
				       ENTRIES), marks_holes);
}

static void close_bench(struct bench *t)
{
	port_table_unmap(t->a, t->e);
	pt_table_put(&t->pt, &t->format, 0, t->table);
	array_delete(t->a);
}

/* ---- the oracle */

static bool follows(const struct bench *t, unsigned int i)
{
	const struct slot *s = &t->slot[i], *n = &t->slot[i + 1];

	if (s->what != n->what || s->what == TABLE)
		return false;
	if (s->what == HOLE)
		return t->format.marks_holes;
	return n->frame == s->frame + 1 && n->attrs == s->attrs;
}

static unsigned int true_order(const struct bench *t, unsigned int i,
			       unsigned int streak)
{
	const struct slot *s = &t->slot[i];
	unsigned int order = 0;

	while (order < 9 && i % (2u << order) == 0 && streak >= 2u << order &&
	       (s->what == HOLE || s->frame % (2u << order) == 0))
		order++;
	return order;
}

static void judge(struct bench *t, bool said)
{
	unsigned int streak = 0, order = 0;

	for (unsigned int i = ENTRIES; i-- > 0;) {
		streak = i + 1 < ENTRIES && follows(t, i) ? streak + 1 : 1;
		order = true_order(t, i, streak);
		if (((t->e[i] >> 59) & 15) != order)
			fail_msg("entry %u: marker %u, run %u", i,
				 (unsigned int)(t->e[i] >> 59) & 15, order);
	}
	assert_int_equal(said, order == 9);
	t->whole += said;
}

/* ---- updates */

static struct slot natural(uint64_t base, unsigned int i)
{
	return (struct slot){ LEAF, base + i, attributes[0] };
}

static bool is_natural(const struct bench *t, uint64_t base, unsigned int i)
{
	const struct slot n = natural(base, i);

	return t->slot[i].what == n.what && t->slot[i].frame == n.frame &&
	       t->slot[i].attrs == n.attrs;
}

/* Towards the table that could be a block: repair what is wrong. */
static unsigned int repair(struct bench *t, uint64_t base)
{
	unsigned int i = (unsigned int)array_random(t->a) % ENTRIES;

	for (unsigned int n = 0; n < ENTRIES && is_natural(t, base, i); n++)
		i = (i + 1) % ENTRIES;
	set(t, i, natural(base, i));
	return i;
}

static unsigned int disturb(struct bench *t, uint64_t base)
{
	const unsigned int i = (unsigned int)array_random(t->a) % ENTRIES;
	struct slot s = natural(base, i);

	switch (array_random(t->a) % 6) {
	case 0:
	case 1:
		s = (struct slot){ HOLE, 0, 0 };
		break;
	case 2:
		s.what = TABLE;
		break;
	case 3:
		s.attrs = attributes[1];
		break;
	case 4:
		s.frame += 1u << array_random(t->a) % 10;
		break;
	default:
		s.frame = array_random(t->a) % (UINT64_C(1) << 36);
		break;
	}
	set(t, i, s);
	return i;
}

static void single_updates(struct bench *t, uint64_t base, unsigned int count,
			   unsigned int disturb_percent)
{
	for (unsigned int n = 0; n < count; n++) {
		const bool off = array_random(t->a) % 100 < disturb_percent;
		const unsigned int i = off ? disturb(t, base) : repair(t, base);

		judge(t, pt_mark_range(&t->pt, &t->format, t->e, LEVEL, i,
				       i + 1));
	}
}

static void markers_are_the_true_runs_after_each_update(void **state)
{
	/* Frames: aligned, and shifted by less than the table. */
	static const struct {
		uint64_t base;
		bool marks_holes;
		unsigned int updates, disturb_percent;
	} cases[] = {
		{ 0x40000, false, 300000, 40 }, { 0x40000, true, 300000, 30 },
		{ 0x40000, true, 200000, 90 },	{ 0x40010, false, 100000, 30 },
		{ 0x40101, true, 100000, 30 },
	};
	uint64_t total = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bench t;
		uint64_t work;

		open_bench(&t, cases[i].marks_holes);
		work = t.a->reads + t.a->writes;
		single_updates(&t, cases[i].base, cases[i].updates,
			       cases[i].disturb_percent);
		/* Constant on average; near a whole table one or two an order. */
		work = t.a->reads + t.a->writes - work;
		assert_true(work < UINT64_C(20) * cases[i].updates);
		if (cases[i].base % ENTRIES == 0 &&
		    cases[i].disturb_percent < 50)
			assert_true(t.whole > 100);
		total += cases[i].updates;
		close_bench(&t);
	}
	assert_int_equal(total, 1000000);
}

/* A run of leaves, written with the markers it can know by itself. */
static void runs_need_only_their_edges_put_right(void **state)
{
	static const uint64_t bases[] = { 0x40000, 0x40000, 0x40030 };
	struct bench t;

	(void)state;
	open_bench(&t, true);
	for (unsigned int n = 0; n < 60000; n++) {
		const uint64_t base = bases[array_random(t.a) % 3];
		const unsigned int first = array_random(t.a) % ENTRIES;
		const unsigned int end =
			first + 1 + array_random(t.a) % (ENTRIES - first);

		for (unsigned int i = first; i < end; i++) {
			const pa_t pa = { (base + i) << 12 };

			set(&t, i, natural(base, i));
			port_pte_write(t.a, &t.e[i],
				       pt_remarked(&t.format, t.e[i],
						   pt_marker_inside(&t.format,
								    LEVEL, i,
								    end, pa)));
		}
		judge(&t, pt_mark_run(&t.pt, &t.format, t.e, LEVEL, first,
				      end));
		if (n % 3 == 0) {
			const unsigned int i = disturb(&t, 0x40000);

			judge(&t, pt_mark_range(&t.pt, &t.format, t.e, LEVEL,
						i, i + 1));
		}
	}
	assert_true(t.whole > 100);
	close_bench(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(markers_are_the_true_runs_after_each_update),
		cmocka_unit_test(runs_need_only_their_edges_put_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
