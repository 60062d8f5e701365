/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What TLBs may still hold although the tables no longer say it: gathered
 * while descriptors are written, handed to the owner's TLB maintenance in one
 * batch. Neighbouring leaves of one size make one run.
 */
#ifndef CORE_PT_GATHER_H
#define CORE_PT_GATHER_H

#include <stdbool.h>
#include <stdint.h>

/* More runs than this in one batch, and it becomes "everything". */
#define PT_GATHER_RUNS 64

struct pt_gather_run {
	uint64_t start; /* input address of the first leaf */
	uint64_t count; /* leaves */
	uint8_t lsb;	/* each covers 2^lsb bytes */
	uint8_t level;
};

struct pt_gather {
	bool all;    /* too much to list: the runs are not complete */
	bool tables; /* a table entry was dropped: walk caches, too */
	/* Written in place, where one entry may be cached beside the other:
	 * in another size, alike in all else; or with other permissions. Both
	 * at once no hardware bears, so that a flush comes between. */
	bool resized, altered;
	uint8_t way_lsb; /* the largest that fell empty covered 2^way_lsb */
	unsigned int runs;
	uint64_t leaves; /* in the runs together */
	struct pt_gather_run run[PT_GATHER_RUNS];
};

static inline void pt_gather_init(struct pt_gather *g)
{
	g->all = false;
	g->tables = false;
	g->resized = false;
	g->altered = false;
	g->way_lsb = 0;
	g->runs = 0;
	g->leaves = 0;
}

static inline bool pt_gather_is_empty(const struct pt_gather *g)
{
	return g->runs == 0 && !g->all && !g->tables;
}

static inline void pt_gather_add(struct pt_gather *g, uint64_t start,
				 uint64_t count, unsigned int level,
				 unsigned int lsb)
{
	struct pt_gather_run *r;

	if (count == 0)
		return;
	g->leaves += count;
	if (g->runs != 0) {
		r = &g->run[g->runs - 1];
		if (r->level == level &&
		    r->start + (r->count << lsb) == start) {
			r->count += count;
			return;
		}
	}
	if (g->runs == PT_GATHER_RUNS) {
		g->all = true;
		return;
	}
	r = &g->run[g->runs++];
	r->start = start;
	r->count = count;
	r->lsb = (uint8_t)lsb;
	r->level = (uint8_t)level;
}

/* True if `b` was joined to `a`, which it overlaps. */
static inline bool pt_gather_join(struct pt_gather *g, struct pt_gather_run *a,
				  const struct pt_gather_run *b)
{
	const uint64_t a_end = a->start + (a->count << a->lsb);
	const uint64_t b_end = b->start + (b->count << b->lsb);
	const uint64_t start = a->start < b->start ? a->start : b->start;
	const uint64_t end = a_end > b_end ? a_end : b_end;

	if (a->level != b->level || a->start >= b_end || b->start >= a_end)
		return false;
	g->leaves -= a->count + b->count;
	a->start = start;
	a->count = (end - start) >> a->lsb;
	g->leaves += a->count;
	return true;
}

/*
 * Before a flush: what was changed twice, a group's hint and then some of its
 * leaves, is named once.
 */
static inline void pt_gather_settle(struct pt_gather *g)
{
	for (unsigned int i = 0; i + 1 < g->runs; i++) {
		for (unsigned int j = i + 1; j < g->runs;) {
			if (!pt_gather_join(g, &g->run[i], &g->run[j])) {
				j++;
				continue;
			}
			g->run[j] = g->run[--g->runs];
			j = i + 1;
		}
	}
}

#endif
