/* SPDX-License-Identifier: BSD-2-Clause */
/* What may be held: fills, closed under partial walks, and maintenance. */
#include <stdlib.h>

#include "sim/explore/state.h"

/* Room for one more element; false: out of memory. */
static bool grow(struct explore *x, void **array, uint32_t count,
		 uint32_t *room, size_t bytes)
{
	const uint32_t more = *room ? *room * 2 : 1024;
	void *larger;

	if (count < *room)
		return true;
	larger = realloc(*array, more * bytes);
	if (!larger) {
		x->failed = true;
		return false;
	}
	*array = larger;
	*room = more;
	return true;
}

/* ---- nodes and holds */

static uint32_t node_get(struct explore *x, struct page *page,
			 uint64_t address, uint64_t input, unsigned int level,
			 uint64_t rights)
{
	uint32_t n;

	for (n = page->node; n != 0; n = x->node[n].next)
		if (x->node[n].input == input && x->node[n].level == level &&
		    x->node[n].rights == rights)
			return n;
	if (!grow(x, (void **)&x->node, x->nodes, &x->node_room,
		  sizeof(*x->node)))
		return 0;
	n = x->nodes++;
	x->node[n] = (struct node){
		.page = page, .address = address, .input = input,
		.rights = rights, .level = (uint8_t)level, .next = page->node,
		.hold = calloc(entry_count(&x->in->space), sizeof(uint32_t)),
	};
	if (!x->node[n].hold)
		x->failed = true;
	page->node = n;
	return n;
}

static uint32_t hold_get(struct explore *x, uint32_t node, uint32_t index,
			 uint32_t version, const struct entry *e)
{
	uint32_t h = x->node[node].hold[index];

	for (; h != 0; h = x->hold[h].next)
		if (x->hold[h].version == version &&
		    x->hold[h].entry.group == e->group)
			return h;
	if (!grow(x, (void **)&x->hold, x->holds, &x->hold_room,
		  sizeof(*x->hold)))
		return 0;
	h = x->holds++;
	x->hints |= e->hint;
	x->hold[h] = (struct hold){
		.node = node, .index = index, .version = version,
		.next = x->node[node].hold[index], .entry = *e,
	};
	x->node[node].hold[index] = h;
	return h;
}

/* Where a table pointer leads: known once it is held the first time. */
static bool hold_resolve_child(struct explore *x, uint32_t hold)
{
	struct hold *h = &x->hold[hold];
	const struct node node = x->node[h->node];
	struct page *page =
		explore_memory_page(&x->memory, h->entry.address);
	uint32_t child;

	if (h->child != 0)
		return true;
	if (!page)
		return false;
	child = node_get(x, page, h->entry.address,
			 node_input(x, &node, h->index), node.level + 1u,
			 h->entry.permissions);
	h->child = child;
	h->pointer = x->node[child].pointer;
	x->node[child].pointer = hold;
	return child != 0;
}

bool holding_reaches(const struct explore *x, unsigned int observer,
		  enum hold_set set, const struct node *node, uint32_t *from)
{
	*from = 0;
	if (node->root && !x->detached)
		return true;
	for (uint32_t h = node->pointer; h != 0; h = x->hold[h].pointer) {
		*from = x->hold[h].fill[observer][HOLD_STAGE2][set];
		if (*from != 0)
			return true;
	}
	return false;
}

/* ---- maintenance: what matches */

/* A level hint excludes what no leaf of that level is, nor the way to it. */
static bool is_of_level(const struct explore_space *s, unsigned int hint,
			unsigned int level, bool table)
{
	return hint == 0 || s->format != ENTRY_ARM_S2 ||
	       (table ? level < hint : level == hint);
}

/*
 * By an IOMMU's queue. Of VT-d's superpages those alone that the address mask
 * covers whole, of an SMMU's blocks all that it touches; entries that lead to
 * tables if they lead anywhere in it, and the hint does not say that they may
 * stay. VT-d 4.1 §6.5; IHI0070 4.4.
 */
static bool iotlb_matches(const struct explore *x,
			  const struct protocol_iotlb *t,
			  const struct hold *hold)
{
	const bool table = hold->entry.kind == ENTRY_TABLE;
	uint64_t first, last;

	if (t->all)
		return true;
	if ((table && t->leaf_only) ||
	    !is_of_level(&x->in->space, t->level, x->node[hold->node].level,
			 table))
		return false;
	holding_range(x, hold, &first, &last);
	if (!table && x->in->space.format == ENTRY_VTD_SS)
		return t->first <= first && last <= t->last;
	return t->first <= last && first <= t->last;
}

bool holding_tlbi_matches(const struct explore *x,
		       const struct protocol_event *event,
		       const struct hold *hold, unsigned int observer,
		       enum hold_class class)
{
	const struct protocol_tlbi *t = &event->tlbi;
	const unsigned int level = x->node[hold->node].level;
	const bool table = hold->entry.kind == ENTRY_TABLE;
	uint64_t first, last;

	if ((event->kind == PROTOCOL_IOTLB) !=
	    (maintenance_of(x, observer) == QUEUED))
		return false;
	if (event->kind == PROTOCOL_IOTLB)
		return iotlb_matches(x, &event->iotlb, hold);
	if (t->el2 || (!t->broadcast && observer != event->cpu))
		return false;
	if (class == HOLD_COMBINED)
		return t->stage1 && t->by == PROTOCOL_BY_ALL;
	if (!t->stage2 || (t->last_level && table))
		return false;
	if (t->by == PROTOCOL_BY_ALL)
		return true;
	if (t->level >= 0 && (table ? level >= (unsigned int)t->level
				    : level != (unsigned int)t->level))
		return false;
	holding_range(x, hold, &first, &last);
	return t->by == PROTOCOL_BY_ADDRESS && t->first <= last &&
	       first <= t->last;
}

/*
 * May what is filled from `source` outlast all that is pending, though the
 * source itself does not? Yes if each that drops the source lets this be: it
 * takes effect later than the fill.
 */
static bool outlasts(const struct explore *x, const struct hold *source,
		     enum hold_class source_class, const struct hold *made,
		     enum hold_class class, unsigned int observer)
{
	for (size_t i = 0; i < x->pendings; i++) {
		const struct protocol_event *t = x->pending[i];

		if (holding_tlbi_matches(x, t, source, observer, source_class) &&
		    holding_tlbi_matches(x, t, made, observer, class))
			return false;
	}
	return true;
}

/* ---- fills */

/* True if it was not held in the set before. */
static bool fill_add(struct explore *x, uint32_t hold, unsigned int observer,
		     enum hold_class class, enum hold_set set, uint32_t from)
{
	uint32_t *fill = &x->hold[hold].fill[observer][class][set];

	if (*fill != 0 || !grow(x, (void **)&x->fill, x->fills, &x->fill_room,
				sizeof(*x->fill)))
		return false;
	x->fill[x->fills] = (struct fill){
		.step = x->step, .hold = hold, .observer = (uint8_t)observer,
		.class = (uint8_t)class, .from = from,
	};
	*fill = x->fills++;
	if (set == SET_NOW)
		judge_hold(x, hold, observer, class);
	return true;
}

static void visit_node(struct explore *x, unsigned int observer,
		       enum hold_set set, uint32_t node);

/*
 * A word's entry is cached by a walk that came by `from`; `by`: the pointer
 * that what is pending will drop, or 0.
 */
static void cache_entry(struct explore *x, unsigned int observer,
			enum hold_set set, uint32_t hold, uint32_t from,
			uint32_t by)
{
	const bool leaf = x->hold[hold].entry.kind == ENTRY_LEAF;
	bool added;

	if (by != 0 && !outlasts(x, &x->hold[by], HOLD_STAGE2, &x->hold[hold],
				 HOLD_STAGE2, observer))
		return;
	added = fill_add(x, hold, observer, HOLD_STAGE2, set, from);
	if (leaf) {
		if (!x->in->observer[observer].iommu)
			fill_add(x, hold, observer, HOLD_COMBINED, set, from);
		return;
	}
	if (added)
		visit_node(x, observer, set, x->hold[hold].child);
}

static void visit_version(struct explore *x, unsigned int observer,
			  enum hold_set set, uint32_t node, uint32_t index,
			  uint32_t version, uint32_t from, uint32_t by)
{
	const struct version *v = &x->memory.version[version];
	const struct node *n = &x->node[node];
	struct entry e;
	uint32_t hold;

	if (v->arbitrary) {
		if (set == SET_NOW)
			judge_arbitrary(x, observer, from, n, index, version);
		return;
	}
	e = node_read(x, n, v->value);
	if (e.kind == ENTRY_INVALID) {
		if (set == SET_NOW && x->in->loss != EXPLORE_MAY_FAULT)
			judge_hole(x, observer, from, n, index, version);
		return;
	}
	if (e.kind == ENTRY_LEAF && e.no_tlb) {
		if (set == SET_NOW)
			judge_uncached(x, observer, from, n, index, version,
				       &e);
		return;
	}
	hold = hold_get(x, node, index, version, &e);
	if (hold == 0)
		return;
	if (e.kind == ENTRY_TABLE && !hold_resolve_child(x, hold)) {
		if (set == SET_NOW)
			judge_arbitrary(x, observer, from, &x->node[node],
					index, version);
		return;
	}
	cache_entry(x, observer, set, hold, from, by);
	if (!e.hint)
		return;
	e.group = true;
	hold = hold_get(x, node, index, version, &e);
	if (hold != 0)
		cache_entry(x, observer, set, hold, from, by);
}

static void visit_word(struct explore *x, unsigned int observer,
		       enum hold_set set, uint32_t node, uint32_t index,
		       uint32_t from, uint32_t by)
{
	const struct slot *slot = &x->node[node].page->slot[index];
	const uint32_t oldest = slot->oldest[walker_of(x, observer)];
	uint32_t v = slot->newest;

	for (;; v = x->memory.version[v].older) {
		visit_version(x, observer, set, node, index, v, from, by);
		if (v == oldest)
			return;
	}
}

/* By which pointer the observer gets there for the set, if it does. */
static bool way_to(struct explore *x, unsigned int observer, enum hold_set set,
		   uint32_t node, uint32_t *from, uint32_t *by)
{
	*by = 0;
	if (holding_reaches(x, observer, set, &x->node[node], from))
		return true;
	if (set == SET_NOW ||
	    !holding_reaches(x, observer, SET_NOW, &x->node[node], from))
		return false;
	*by = x->fill[*from].hold;
	return true;
}

static void visit_node(struct explore *x, unsigned int observer,
		       enum hold_set set, uint32_t node)
{
	const struct slot *slot =
		explore_memory_slots(&x->memory, x->node[node].page);
	uint32_t from, by;

	if (!slot || x->failed || !way_to(x, observer, set, node, &from, &by))
		return;
	for (uint32_t i = 0; i < entry_count(&x->in->space); i++)
		if (x->in->loss != EXPLORE_MAY_FAULT ||
		    !explore_slot_is_empty(&slot[i]))
			visit_word(x, observer, set, node, i, from, by);
}

/* Combined entries come from stage-2 ones as well. */
static void combine(struct explore *x, unsigned int observer,
		    enum hold_set set)
{
	for (uint32_t h = 1; h < x->holds; h++) {
		const struct hold *hold = &x->hold[h];
		uint32_t from = hold->fill[observer][HOLD_STAGE2][set];

		if (hold->entry.kind != ENTRY_LEAF ||
		    hold->fill[observer][HOLD_COMBINED][set] != 0)
			continue;
		if (from == 0 && set == SET_AFTER &&
		    outlasts(x, hold, HOLD_STAGE2, hold, HOLD_COMBINED,
			     observer))
			from = hold->fill[observer][HOLD_STAGE2][SET_NOW];
		if (from != 0)
			fill_add(x, h, observer, HOLD_COMBINED, set, from);
	}
}

/* Does maintenance that the observer hears wait to be complete? */
static bool is_pending(const struct explore *x, unsigned int observer)
{
	return x->pending_of[maintenance_of(x, observer)] != 0;
}

static void close_set(struct explore *x, enum hold_set set)
{
	for (unsigned int o = 0; o < x->in->observers; o++) {
		if (set == SET_AFTER && !is_pending(x, o))
			continue;
		for (uint32_t n = 1; n < x->nodes; n++)
			visit_node(x, o, set, n);
		if (!x->in->observer[o].iommu)
			combine(x, o, set);
	}
}

/* ---- what the steps ask for */

void holding_begin(struct explore *x)
{
	const struct explore_space *s = &x->in->space;

	grow(x, (void **)&x->node, 0, &x->node_room, sizeof(*x->node));
	grow(x, (void **)&x->hold, 0, &x->hold_room, sizeof(*x->hold));
	grow(x, (void **)&x->fill, 0, &x->fill_room, sizeof(*x->fill));
	x->nodes = x->holds = x->fills = 1; /* 0 is none */
	for (uint32_t i = 0; !x->failed && i < 1u << s->root_order; i++) {
		const uint64_t address =
			s->root + ((uint64_t)i << s->granule_lg2);
		struct page *page = explore_memory_page(&x->memory, address);
		const uint64_t span = (uint64_t)entry_count(s)
				      << entry_lsb(s, s->start_level);
		const uint32_t n = page ? node_get(x, page, address, i * span,
						   s->start_level,
						   ENTRY_ALL_RIGHTS)
					: 0;

		if (n == 0) {
			x->failed = true;
			return;
		}
		x->node[n].root = true;
	}
	if (!x->failed)
		close_set(x, SET_NOW);
}

static void word_changed(struct explore *x, struct page *page, uint32_t index)
{
	for (uint32_t n = page->node; n != 0; n = x->node[n].next)
		for (unsigned int o = 0; o < x->in->observers; o++)
			for (enum hold_set set = SET_NOW;
			     set <= (is_pending(x, o) ? SET_AFTER : SET_NOW);
			     set++) {
				uint32_t from, by;

				if (way_to(x, o, set, n, &from, &by))
					visit_word(x, o, set, n, index, from,
						   by);
			}
}

void holding_written(struct explore *x, uint64_t address)
{
	struct page *page = explore_memory_page(&x->memory, address);

	if (page && page->node != 0)
		word_changed(x, page,
			     (uint32_t)(address >> 3) &
				     (entry_count(&x->in->space) - 1));
}

void holding_page_scrambled(struct explore *x, struct page *page)
{
	/* All words are alike: one tells as much as all. */
	if (page->node != 0)
		word_changed(x, page, 0);
}

static void pending_add(struct explore *x, const struct protocol_event *event)
{
	if (x->pendings == x->pending_room) {
		const size_t room = x->pending_room ? x->pending_room * 2 : 64;
		const struct protocol_event **more =
			realloc(x->pending, room * sizeof(*more));

		if (!more) {
			x->failed = true;
			return;
		}
		x->pending = more;
		x->pending_room = room;
	}
	x->pending[x->pendings++] = event;
}

static enum maintenance kind_of(const struct protocol_event *event)
{
	return event->kind == PROTOCOL_IOTLB ? QUEUED : BROADCAST;
}

/* What one observer will not have lost to it. */
static void drop_after(struct explore *x, const struct protocol_event *event,
		       unsigned int observer, bool first)
{
	for (uint32_t i = 1; i < x->holds; i++) {
		struct hold *h = &x->hold[i];

		for (unsigned int c = 0; c < HOLD_CLASSES; c++) {
			uint32_t *fill = h->fill[observer][c];

			if (first)
				fill[SET_AFTER] = fill[SET_NOW];
			if (fill[SET_AFTER] != 0 &&
			    holding_tlbi_matches(x, event, h, observer,
						 (enum hold_class)c))
				fill[SET_AFTER] = 0;
		}
	}
}

/* Walks that fill before it takes effect are dropped by it, later ones not. */
void holding_tlbi(struct explore *x, const struct protocol_event *event)
{
	const enum maintenance kind = kind_of(event);
	const bool first = x->pending_of[kind]++ == 0;

	pending_add(x, event);
	for (unsigned int o = 0; o < x->in->observers; o++)
		if (maintenance_of(x, o) == kind)
			drop_after(x, event, o, first);
	x->unclosed = true;
}

void holding_tlbi_issued(struct explore *x)
{
	if (x->unclosed)
		close_set(x, SET_AFTER);
	x->unclosed = false;
}

static void after_is_now(struct explore *x, unsigned int observer)
{
	for (uint32_t i = 1; i < x->holds; i++)
		for (unsigned int c = 0; c < HOLD_CLASSES; c++) {
			uint32_t *fill = x->hold[i].fill[observer][c];

			fill[SET_NOW] = fill[SET_AFTER];
			fill[SET_AFTER] = 0;
		}
}

void holding_tlbi_done(struct explore *x, enum maintenance kind)
{
	size_t left = 0;

	if (x->pending_of[kind] == 0)
		return;
	for (size_t i = 0; i < x->pendings; i++)
		if (kind_of(x->pending[i]) != kind)
			x->pending[left++] = x->pending[i];
	x->pendings = left;
	x->pending_of[kind] = 0;
	for (unsigned int o = 0; o < x->in->observers; o++)
		if (maintenance_of(x, o) == kind)
			after_is_now(x, o);
}
