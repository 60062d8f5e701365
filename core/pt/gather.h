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
	uint8_t way_lsb; /* the largest that fell empty covered 2^way_lsb */
	unsigned int runs;
	uint64_t leaves; /* in the runs together */
	struct pt_gather_run run[PT_GATHER_RUNS];
};

static inline void pt_gather_init(struct pt_gather *g)
{
	g->all = false;
	g->tables = false;
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

#endif
