/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the p2m's unit tests share: a space on the array host and its referee,
 * short names for the usual requests, and what is expected of look-ups.
 */
#ifndef TESTS_UNIT_CORE_P2M_SPACE_H
#define TESTS_UNIT_CORE_P2M_SPACE_H

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

static inline void open_with(struct space *s, struct p2m_config c)
{
	*s = (struct space){ .a = array_new(1) };
	assert_int_equal(p2m_init(&s->p2m, s->a, &c), 0);
	array_root(s->a, &s->p2m);
	array_log_clear(s->a);
}

static inline void open_usual(struct space *s)
{
	open_with(s, usual);
}

/* Nothing is breached, nothing leaks, and the counts are the port's. */
static inline void close_space(struct space *s)
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

static inline int map(struct space *s, uint64_t gfn, uint64_t mfn, uint64_t frames)
{
	return p2m_map(&s->p2m, (gfn_t){ gfn }, (mfn_t){ mfn }, frames, RW, RWX,
		       &s->done);
}

static inline int remove_frames(struct space *s, uint64_t gfn, uint64_t frames)
{
	return p2m_remove(&s->p2m, (gfn_t){ gfn }, frames, &s->done);
}

static inline struct p2m_entry look(struct space *s, uint64_t gfn)
{
	struct p2m_entry e;

	p2m_lookup(&s->p2m, (gfn_t){ gfn }, &e);
	return e;
}

static inline void expect_mapped(struct space *s, uint64_t gfn, uint64_t mfn,
			  unsigned int level)
{
	const struct p2m_entry e = look(s, gfn);

	assert_int_equal(e.type, RW);
	assert_int_equal(e.mfn.raw, mfn);
	assert_int_equal(e.level, level);
	assert_int_equal(e.order, 9 * (3 - level));
}

static inline void expect_hole(struct space *s, uint64_t gfn, unsigned int level)
{
	const struct p2m_entry e = look(s, gfn);

	assert_int_equal(e.type, P2M_INVALID);
	assert_int_equal(e.access, 0);
	assert_int_equal(e.level, level);
	assert_int_equal(e.order, 9 * (3 - level));
}

#define CONTIG (UINT64_C(1) << 52)

static inline uint64_t pte_of(struct space *s, uint64_t gfn)
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

#endif
