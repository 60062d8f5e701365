/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A witness executed: one observer with explicit entries, memory with explicit
 * stores, and a schedule that says when hardware does what. Here nothing is a
 * set: a store is seen or it is not, a line was written back or not, an entry
 * stands or was dropped. Written apart from the sets (holding.c, memory.c); it
 * shares with them how one descriptor is decoded, and what a mapping is.
 *
 *   coherent      a store is seen when hardware says so, at the latest at the
 *                 next DSB; stores to one word in their order
 *   not coherent  a line as a whole, when it is evicted; what was cleaned,
 *                 at the latest at the next DSB of all accesses
 *   write buffer  as if what a DSB lets out had not reached it yet
 *   TLBI          takes effect when hardware says so, at the latest there; an
 *                 IOMMU's own invalidations at the latest at the wait
 */
#ifndef SIM_EXPLORE_CONCRETE_H
#define SIM_EXPLORE_CONCRETE_H

#include "sim/explore/explore.h"

/* What hardware does after a step: read one word and cache it. */
struct concrete_action {
	uint32_t step;
	int from;      /* the earlier action whose entry leads here; -1: the
			* root */
	bool repeat;   /* no read: a combined entry of `from`'s stage-2 one */
	bool combined; /* what is cached combines both stages */
	bool group;    /* and its whole contiguous group */
	bool cached;   /* false, the last one alone: read, and used at once */
	uint64_t address, input; /* of the word; where its entry begins */
	unsigned int level;
	uint32_t wrote; /* the step whose store it reads; 0: what stood there */
	bool arbitrary; /* it reads memory that is nobody's */
};

struct concrete {
	const struct explore_input *in;
	unsigned int observer;
	const struct concrete_action *action;
	size_t actions;
	enum explore_finding finding;
	uint32_t step;	/* after which the finding shows */
	size_t call;
	uint64_t input; /* where */
	uint64_t freed; /* EXPLORE_FREED: the table */
};

/* NULL if all of it happens and shows the finding; else why it does not. */
const char *concrete_execute(const struct concrete *c);

#endif
