/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the explorer carries from step to step. Private to sim/explore.
 *
 * A node is a table page as a walk reads it: the page, its level, where in the
 * input its first entry stands, and what those before it allow. A hold is one version of one word of a
 * node, read as an entry and cached: a table pointer or a leaf. Who may have
 * it, in which class and set, stands in `fill`: the number of the fill that
 * put it there, 0 if nobody can.
 */
#ifndef SIM_EXPLORE_STATE_H
#define SIM_EXPLORE_STATE_H

#include "sim/explore/explore.h"
#include "sim/explore/mapping.h"

enum hold_class {
	HOLD_STAGE2,
	HOLD_COMBINED, /* leaves, of CPUs */
	HOLD_CLASSES
};

/*
 * While TLB maintenance is pending there are two sets: what may be held now,
 * and what may be held that the maintenance will not have dropped. The second
 * becomes the first when it completes.
 */
enum hold_set { SET_NOW, SET_AFTER, SETS };

struct node {
	struct page *page;
	uint64_t address; /* of the page */
	uint64_t input;	  /* of its first entry */
	uint64_t rights;  /* of the tables that lead here */
	uint8_t level;
	bool root;
	uint32_t next;	  /* of the same page */
	uint32_t pointer; /* first hold that leads here */
	uint32_t *hold;	  /* first hold by index; NULL: none yet */
};

struct hold {
	uint32_t node, index, version;
	uint32_t next;	     /* of the same word */
	uint32_t child;	     /* node that a table pointer leads to */
	uint32_t pointer;    /* next hold that leads to the same child */
	struct entry entry;
	uint32_t fill[EXPLORE_OBSERVERS_MAX][HOLD_CLASSES][SETS];
};

/* How something came to be held: after which step, from what. */
struct fill {
	uint32_t step, hold;
	uint8_t observer, class;
	uint32_t from; /* the fill of the pointer that led there, or of the
			* stage-2 entry that a combined one repeats; 0: root */
};

struct candidate {
	bool found;
	enum explore_finding finding;
	unsigned int observer;
	uint64_t input;
	uint32_t fill[2]; /* of what is to blame; 0: none */
	/* Read last: a word of a node, and its version. */
	uint32_t node, index, version;
	unsigned int actions;
	char text[240];
};

/* Two kinds of maintenance, complete by different steps. An observer hears
 * one of them. */
enum maintenance { BROADCAST, QUEUED, MAINTENANCES };

struct explore {
	const struct explore_input *in;
	struct explore_memory memory;
	struct node *node;
	uint32_t nodes, node_room;
	struct hold *hold;
	uint32_t holds, hold_room;
	struct fill *fill;
	uint32_t fills, fill_room;
	const struct protocol_event **pending; /* TLBIs not complete */
	size_t pendings, pending_room;
	size_t pending_of[MAINTENANCES];
	bool hints; /* some entry has the contiguous hint */
	bool unclosed; /* SET_AFTER lacks what is filled anew */
	struct mapping before, after; /* of the call */
	struct mapping left; /* by calls before, and not flushed yet */
	uint64_t *plain; /* the tables as a call leaves them: judge.c */
	uint32_t step;
	size_t call;
	bool detached;
	bool over; /* the call is: no conflict is allowed any more */
	bool failed;
	struct candidate best;
};

/* ---- holding.c */

/* Everything that may be held before the first step. */
void holding_begin(struct explore *x);
/* A word has a new version, or its page arbitrary content. */
void holding_written(struct explore *x, uint64_t address);
void holding_page_scrambled(struct explore *x, struct page *page);
/* TLB maintenance is issued; then, once for several in a row, what may be
 * filled after it; and it is complete. */
void holding_tlbi(struct explore *x, const struct protocol_event *event);
void holding_tlbi_issued(struct explore *x);
void holding_tlbi_done(struct explore *x, enum maintenance kind);
/* Whether a walk of the observer can come to the node; *from: by which fill. */
bool holding_reaches(const struct explore *x, unsigned int observer,
		  enum hold_set set, const struct node *node, uint32_t *from);
bool holding_tlbi_matches(const struct explore *x,
		       const struct protocol_event *event,
		       const struct hold *hold, unsigned int observer,
		       enum hold_class class);

static inline enum maintenance maintenance_of(const struct explore *x,
					      unsigned int observer)
{
	return x->in->observer[observer].queue ? QUEUED : BROADCAST;
}

static inline enum walker_class walker_of(const struct explore *x,
					  unsigned int observer)
{
	return x->in->observer[observer].noncoherent ? WALKER_NONCOHERENT
						     : WALKER_COHERENT;
}

static inline uint64_t node_input(const struct explore *x,
				  const struct node *node, uint32_t index)
{
	return node->input +
	       ((uint64_t)index << entry_lsb(&x->in->space, node->level));
}

static inline struct entry node_read(const struct explore *x,
				     const struct node *node, uint64_t value)
{
	return entry_read(&x->in->space, value, node->level, node->rights);
}

/* What a leaf translates as it is cached. */
static inline void holding_range(const struct explore *x, const struct hold *h,
			      uint64_t *first, uint64_t *last)
{
	const struct node *node = &x->node[h->node];
	unsigned int lsb = entry_lsb(&x->in->space, node->level);

	*first = node_input(x, node, h->index);
	if (h->entry.kind == ENTRY_LEAF && h->entry.group)
		lsb += entry_group_lg2(&x->in->space, node->level);
	*first &= ~(BIT(lsb) - 1);
	*last = *first + (BIT(lsb) - 1);
}

/* ---- judge.c */

/* The mappings before and after the next call; false: out of memory. */
bool judge_call(struct explore *x, size_t from, size_t end);
/* Something is newly held. */
void judge_hold(struct explore *x, uint32_t hold, unsigned int observer,
		enum hold_class class);
/* A walk may read a leaf that is not cached, or what is no table. */
void judge_uncached(struct explore *x, unsigned int observer, uint32_t from,
		    const struct node *node, uint32_t index, uint32_t version,
		    const struct entry *e);
/* Or one that does not translate. */
void judge_hole(struct explore *x, unsigned int observer, uint32_t from,
		const struct node *node, uint32_t index, uint32_t version);
void judge_arbitrary(struct explore *x, unsigned int observer, uint32_t from,
		     const struct node *node, uint32_t index,
		     uint32_t version);
void judge_freed(struct explore *x, struct page *page);
/* The call is over: only the new mapping is left, and what is deferred.
 * False: out of memory. */
bool judge_done(struct explore *x);

/* ---- witness.c */

/* Tell and execute the best candidate: fills the result's verdict and lines. */
void witness_make(struct explore *x, struct explore_result *result);

#endif
