/* SPDX-License-Identifier: BSD-2-Clause */
/* What must never be held, and what must not be left. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/explore/state.h"

const char *explore_finding_name(enum explore_finding finding)
{
	static const char *const name[EXPLORE_FINDINGS] = {
		"translation", "after", "freed", "content", "fault",
		"conflict",
	};

	return name[finding];
}

/* ---- the best finding: of the first step that has one, the shortest */

static unsigned int fill_length(const struct explore *x, uint32_t fill)
{
	unsigned int length = 0;

	for (; fill != 0; fill = x->fill[fill].from)
		length++;
	return length;
}

static void propose(struct explore *x, struct candidate *c)
{
	c->found = true;
	c->actions = fill_length(x, c->fill[0]) + fill_length(x, c->fill[1]);
	if (!x->best.found || c->actions < x->best.actions)
		x->best = *c;
}

/* ---- translations */

static struct mapped mapped_by(const struct explore *x,
			       const struct node *node, uint32_t index,
			       const struct entry *e)
{
	const uint64_t first = node_input(x, node, index);

	return (struct mapped){
		first, first + (entry_span(&x->in->space, node->level) - 1),
		e->address, e->memory, e->permissions, node->level,
	};
}

/* A leaf as it is cached. */
static struct mapped mapped_held(const struct explore *x, const struct hold *h)
{
	const struct node *node = &x->node[h->node];
	struct mapped m = mapped_by(x, node, h->index, &h->entry);
	const uint64_t own = m.first;

	holding_range(x, h, &m.first, &m.last);
	m.output -= own - m.first;
	return m;
}

/* The first address at which it is none of the mappings; false: there is
 * none. `before` may be NULL. */
static bool strays(const struct mapped *m, const struct mapping *before,
		   const struct mapping *after, const struct mapping *left,
		   uint64_t *input)
{
	uint64_t last;

	for (uint64_t at = m->first;; at = last + 1) {
		*input = at;
		if (!mapping_agrees(after, m, at, &last) &&
		    !mapping_agrees(left, m, at, &last) &&
		    !(before && mapping_agrees(before, m, at, &last)))
			return true;
		if (last >= m->last)
			return false;
	}
}

static void judge_leaf(struct explore *x, const struct mapped *m,
		       struct candidate *c)
{
	if (!strays(m, &x->before, &x->after, &x->left, &c->input))
		return;
	c->finding = EXPLORE_TRANSLATION;
	snprintf(c->text, sizeof(c->text),
		 "%s may translate 0x%" PRIx64 " to 0x%" PRIx64
		 ", neither the old mapping nor the new",
		 x->in->observer[c->observer].name, c->input,
		 m->output + (c->input - m->first));
	propose(x, c);
}

/* ---- conflicts: RFVQCK, RHWZWS, RGPPYH, IHYQMB */

static bool overlap(const struct mapped *a, const struct mapped *b)
{
	return a->first <= b->last && b->first <= a->last;
}

static bool alike(const struct mapped *a, const struct mapped *b)
{
	return a->output - a->first == b->output - b->first &&
	       a->memory == b->memory;
}

/*
 * May both be cached at once? Of one size, if they differ in permissions
 * alone; of two sizes, if they translate alike and the hardware takes it, or
 * it is one of a contiguous group and the group.
 */
static bool may_share(const struct explore *x, const struct mapped *a,
		      const struct mapped *b, bool hints)
{
	if (a->first == b->first && a->last == b->last)
		return alike(a, b);
	return (hints || (x->in->space.bbm_level == 2 && !x->over)) &&
	       alike(a, b) &&
	       a->permissions == b->permissions;
}

static void propose_conflict(struct explore *x, const struct mapped *a,
			     const struct mapped *b, struct candidate *c)
{
	c->finding = EXPLORE_CONFLICT;
	c->input = a->first > b->first ? a->first : b->first;
	snprintf(c->text, sizeof(c->text),
		 "%s may hold two entries for 0x%" PRIx64
		 " that differ: [0x%" PRIx64 ", 0x%" PRIx64 "] to 0x%" PRIx64
		 " and [0x%" PRIx64 ", 0x%" PRIx64 "] to 0x%" PRIx64,
		 x->in->observer[c->observer].name, c->input, a->first, a->last,
		 a->output, b->first, b->last, b->output);
	propose(x, c);
}

/* `m`: what `a` maps, if it is a leaf. */
static void judge_pair(struct explore *x, const struct hold *a,
		       const struct mapped *m, const struct hold *b,
		       unsigned int observer, enum hold_class class)
{
	struct candidate c = {
		.observer = observer,
		.fill = { a->fill[observer][class][SET_NOW],
			  b->fill[observer][class][SET_NOW] },
	};
	struct mapped n;

	if (entry_bears_change(&x->in->space))
		return;
	if (c.fill[0] == 0 || c.fill[1] == 0 || a == b)
		return;
	if (a->entry.kind == ENTRY_LEAF && b->entry.kind == ENTRY_LEAF) {
		n = mapped_held(x, b);
		if (overlap(m, &n) &&
		    !may_share(x, m, &n, a->entry.hint && b->entry.hint))
			propose_conflict(x, m, &n, &c);
		return;
	}
	/* A table pointer, and another entry for the same word. */
	if (a->node != b->node || a->index != b->index ||
	    (a->entry.kind == b->entry.kind
		     ? a->entry.address == b->entry.address
		     : x->in->space.bbm_level == 2 && !x->over))
		return;
	const struct mapped one =
		mapped_by(x, &x->node[a->node], a->index, &a->entry);

	n = mapped_by(x, &x->node[b->node], b->index, &b->entry);
	propose_conflict(x, &one, &n, &c);
}

/* Against all that is held for words [first, end) of a node. */
static void judge_words(struct explore *x, const struct hold *h,
			const struct mapped *m, uint32_t node, uint32_t first, uint32_t end, unsigned int observer,
			enum hold_class class)
{
	for (uint32_t i = first; i < end; i++)
		for (uint32_t o = x->node[node].hold[i]; o != 0;
		     o = x->hold[o].next)
			judge_pair(x, h, m, &x->hold[o], observer, class);
}

static void judge_node(struct explore *x, const struct hold *h,
		       const struct mapped *m, uint32_t node,
		       unsigned int observer, enum hold_class class)
{
	const struct node *n = &x->node[node];
	const unsigned int lsb = entry_lsb(&x->in->space, n->level);
	const uint64_t end =
		n->input + ((uint64_t)entry_count(&x->in->space) << lsb);
	const unsigned int group =
		x->hints ? entry_group_lg2(&x->in->space, n->level) : 0;
	uint64_t first = m->first, last = m->last;

	if (first >= end || last < n->input)
		return;
	first = first > n->input ? (first - n->input) >> lsb : 0;
	last = last < end ? (last - n->input) >> lsb
			  : entry_count(&x->in->space) - 1;
	/* An entry with the hint reaches over its whole group. */
	judge_words(x, h, m, node, (uint32_t)first & ~((1u << group) - 1),
		    ((uint32_t)last | ((1u << group) - 1)) + 1, observer,
		    class);
}

void judge_hold(struct explore *x, uint32_t hold, unsigned int observer,
		enum hold_class class)
{
	const struct hold *h = &x->hold[hold];
	struct candidate c = {
		.observer = observer,
		.fill = { h->fill[observer][class][SET_NOW], 0 },
	};

	if (h->entry.kind == ENTRY_TABLE) {
		judge_words(x, h, NULL, h->node, h->index, h->index + 1,
			    observer, class);
		return;
	}
	const struct mapped m = mapped_held(x, h);

	judge_leaf(x, &m, &c);
	if (entry_bears_change(&x->in->space))
		return;
	for (uint32_t n = 1; n < x->nodes; n++)
		judge_node(x, h, &m, n, observer, class);
}

/* ---- what a walk meets */

void judge_uncached(struct explore *x, unsigned int observer, uint32_t from,
		    const struct node *node, uint32_t index, uint32_t version,
		    const struct entry *e)
{
	const struct mapped m = mapped_by(x, node, index, e);
	struct candidate c = {
		.observer = observer, .fill = { from, 0 },
		.node = (uint32_t)(node - x->node), .index = index,
		.version = version,
	};

	judge_leaf(x, &m, &c);
}

/* Does nothing of what break-before-make is for happen to the input? Access
 * does not matter, nor sizes that the call has nothing to do with. */
static bool needs_no_break(const struct explore *x, uint64_t input,
			   const struct mapped *was, const struct mapped *will)
{
	const struct explore_call *call = &x->in->call[x->call];

	return was->output - was->first == will->output - will->first &&
	       was->memory == will->memory &&
	       (was->level == will->level || !call->maps ||
		input < call->first || input > call->last);
}

/* Where the next address is that may be another case. */
static uint64_t step_on(const struct explore *x, uint64_t input,
			const struct mapped *was, const struct mapped *will)
{
	const struct explore_call *call = &x->in->call[x->call];
	uint64_t next = was->last < will->last ? was->last : will->last;

	if (call->maps && input <= call->last && call->last < next)
		next = call->last;
	return next + 1;
}

/* The first address of [first, last] that both mappings have, and may not be
 * without. */
static bool is_kept(const struct explore *x, uint64_t first, uint64_t last,
		    uint64_t *input)
{
	while (first <= last) {
		uint64_t next, until;
		const struct mapped *was =
			mapping_find(&x->before, first, &next);
		const struct mapped *will =
			mapping_find(&x->after, first, &until);

		*input = first;
		if (was && will &&
		    (x->in->loss == EXPLORE_NEVER_FAULTS ||
		     needs_no_break(x, first, was, will)))
			return true;
		if (was && will)
			next = step_on(x, first, was, will);
		else if (was)
			next = until;
		first = next;
	}
	return false;
}

void judge_hole(struct explore *x, unsigned int observer, uint32_t from,
		const struct node *node, uint32_t index, uint32_t version)
{
	const uint64_t first = node_input(x, node, index);
	struct candidate c = {
		.finding = EXPLORE_FAULT, .observer = observer,
		.fill = { from, 0 }, .node = (uint32_t)(node - x->node),
		.index = index, .version = version,
	};

	if (!is_kept(x, first,
		     first + (entry_span(&x->in->space, node->level) - 1),
		     &c.input))
		return;
	snprintf(c.text, sizeof(c.text),
		 "%s may fault at 0x%" PRIx64
		 ", which is translated before the call and after it",
		 x->in->observer[observer].name, c.input);
	propose(x, &c);
}

void judge_arbitrary(struct explore *x, unsigned int observer, uint32_t from,
		     const struct node *node, uint32_t index, uint32_t version)
{
	struct candidate c = {
		.finding = EXPLORE_CONTENT, .observer = observer,
		.input = node_input(x, node, index), .fill = { from, 0 },
		.node = (uint32_t)(node - x->node), .index = index,
		.version = version,
	};

	snprintf(c.text, sizeof(c.text),
		 "%s may walk 0x%" PRIx64 " through a level %u table at 0x%" PRIx64
		 " whose content is arbitrary",
		 x->in->observer[observer].name, c.input,
		 entry_level_name(&x->in->space, node->level),
		 node->address);
	propose(x, &c);
}

void judge_freed(struct explore *x, struct page *page)
{
	for (uint32_t n = page->node; n != 0; n = x->node[n].next)
		for (unsigned int o = 0; o < x->in->observers; o++) {
			const struct node *node = &x->node[n];
			struct candidate c = { .finding = EXPLORE_FREED,
					       .observer = o,
					       .node = n,
					       .input = node->input };

			if (!holding_reaches(x, o, SET_NOW, node, &c.fill[0]))
				continue;
			snprintf(c.text, sizeof(c.text),
				 "the level %u table at 0x%" PRIx64
				 " is freed while %s may still walk it for 0x%" PRIx64,
				 entry_level_name(&x->in->space, node->level),
				 node->address,
				 x->in->observer[o].name, node->input);
			propose(x, &c);
		}
}

/* ---- the end of a call */

/* Where `m` leads the input (NULL: nowhere), with its rights or without. */
static void name_output(const struct explore *x, const struct mapped *m,
			uint64_t input, bool rights, char *out, size_t bytes)
{
	if (m)
		snprintf(out, bytes, "0x%" PRIx64 "%s",
			 m->output + (input - m->first),
			 rights ? entry_rights_name(&x->in->space,
						    m->permissions)
				: "");
	else
		snprintf(out, bytes, "a fault");
}

/* `held`: what is left; NULL: the fault that a walk may still take. */
static void propose_after(struct explore *x, struct candidate *c,
			  const struct mapped *held)
{
	uint64_t last;
	const struct mapped *m = mapping_find(&x->after, c->input, &last);
	/* Rights where the address does not tell the two apart. */
	const bool rights = m && held &&
			    m->output - m->first == held->output - held->first;
	char should[40], what[40];

	name_output(x, m, c->input, rights, should, sizeof(should));
	name_output(x, held, c->input, rights, what, sizeof(what));
	c->finding = EXPLORE_AFTER;
	snprintf(c->text, sizeof(c->text),
		 "the call is over, and %s may still translate 0x%" PRIx64
		 " to %s%s instead of %s",
		 x->in->observer[c->observer].name, c->input, what,
		 held && mapping_agrees(&x->before, held, c->input, &last)
			 ? " (the old mapping)"
			 : "",
		 should);
	propose(x, c);
}

static void judge_left_leaf(struct explore *x, const struct mapped *m,
			    struct candidate *c)
{
	if (strays(m, NULL, &x->after, &x->left, &c->input))
		propose_after(x, c, m);
}

static void judge_left_version(struct explore *x, struct candidate *c)
{
	const struct node *node = &x->node[c->node];
	const struct version *v = &x->memory.version[c->version];
	const struct entry e = node_read(x, node, v->value);
	const struct mapped m = mapped_by(x, node, c->index, &e);
	uint64_t next;

	if (v->arbitrary || e.kind == ENTRY_TABLE)
		return;
	if (e.kind == ENTRY_LEAF) {
		judge_left_leaf(x, &m, c);
		return;
	}
	c->input = m.first;
	if (!mapping_find(&x->after, m.first, &next)) {
		if (next > m.last)
			return;
		c->input = next;
	}
	propose_after(x, c, NULL);
}

static void judge_left_node(struct explore *x, unsigned int observer,
			    uint32_t node)
{
	const struct slot *slot =
		explore_memory_slots(&x->memory, x->node[node].page);
	uint32_t from;

	if (!slot ||
	    !holding_reaches(x, observer, SET_NOW, &x->node[node], &from))
		return;
	for (uint32_t i = 0; i < entry_count(&x->in->space); i++) {
		const uint32_t oldest = slot[i].oldest[walker_of(x, observer)];

		for (uint32_t v = slot[i].newest;;
		     v = x->memory.version[v].older) {
			struct candidate c = {
				.observer = observer, .fill = { from, 0 },
				.node = node, .index = i, .version = v,
			};

			judge_left_version(x, &c);
			if (v == oldest)
				break;
		}
	}
}

/* Of one that is held, against all others. */
static void judge_left_one(struct explore *x, const struct hold *h,
			   unsigned int observer, enum hold_class class)
{
	struct mapped m;

	if (h->fill[observer][class][SET_NOW] == 0 ||
	    h->entry.kind != ENTRY_LEAF)
		return;
	m = mapped_held(x, h);
	for (uint32_t n = 1; n < x->nodes; n++)
		judge_node(x, h, &m, n, observer, class);
}

/* FEAT_BBM lets two sizes be for as long as the change takes: IHYQMB. */
static void judge_left_pairs(struct explore *x)
{
	x->over = true;
	for (uint32_t i = 1; i < x->holds; i++)
		for (unsigned int o = 0; o < x->in->observers; o++)
			for (unsigned int k = 0; k < HOLD_CLASSES; k++)
				judge_left_one(x, &x->hold[i], o,
					       (enum hold_class)k);
	x->over = false;
}

/* Old translations that the call leaves are allowed until the flush. */
static bool leave_deferred(struct explore *x)
{
	if (x->call < x->in->calls && x->in->call[x->call].deferred)
		return mapping_leave(&x->left, &x->before, &x->after);
	mapping_fini(&x->left);
	return true;
}

static void judge_left_held(struct explore *x, const struct hold *h,
			    unsigned int observer, enum hold_class class)
{
	struct candidate c = {
		.observer = observer,
		.fill = { h->fill[observer][class][SET_NOW], 0 },
	};
	struct mapped m;

	if (c.fill[0] == 0 || h->entry.kind != ENTRY_LEAF)
		return;
	m = mapped_held(x, h);
	judge_left_leaf(x, &m, &c);
}

/* A call without steps leaves what the one before it left, unless that might
 * leave more. */
static bool is_as_before(const struct explore *x)
{
	const struct explore_call *call = &x->in->call[x->call];

	return x->call != 0 && x->call < x->in->calls &&
	       call[-1].end == call->end &&
	       (call->deferred || !call[-1].deferred);
}

bool judge_done(struct explore *x)
{
	if (!leave_deferred(x))
		return false;
	if (is_as_before(x))
		return true;
	if (x->in->space.bbm_level == 2)
		judge_left_pairs(x);
	for (unsigned int o = 0; o < x->in->observers; o++) {
		for (uint32_t n = 1; n < x->nodes; n++)
			judge_left_node(x, o, n);
		for (uint32_t i = 1; i < x->holds; i++)
			for (unsigned int k = 0; k < HOLD_CLASSES; k++)
				judge_left_held(x, &x->hold[i], o,
						(enum hold_class)k);
	}
	return true;
}

bool judge_call(struct explore *x, size_t from, size_t end)
{
	const struct explore_image *image = &x->in->image;
	const struct mapping_source source = {
		&x->in->space, image->base, image->bytes, x->plain,
	};
	bool lost;

	if (!mapping_read(&x->before, &source, &lost))
		return false;
	for (size_t i = from; i < end; i++) {
		const struct protocol_event *e = &x->in->event[i];

		if (e->kind == PROTOCOL_WRITE)
			x->plain[(e->address - image->base) / 8] = e->now;
	}
	return mapping_read(&x->after, &source, &lost);
}
