/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stores to tables: what was replaced may be held from now on, what was made is
 * judged against all that may still be. DDI0487 L.b D8.2, D8.7.1, D8.17.1.
 */
#include <stdio.h>
#include <stdlib.h>

#include "sim/check/state.h"

/* ---- lists of words ---- */

static void word_list_add(struct checker *c, struct word_list *list,
			  struct word_ref ref)
{
	if (list->count == list->room) {
		size_t room = list->room ? list->room * 2 : 256;
		struct word_ref *more =
			realloc(list->item, room * sizeof(*more));

		if (!more) {
			c->not_judged[NOT_JUDGED_MEMORY] = true;
			return;
		}
		list->item = more;
		list->room = room;
	}
	list->item[list->count++] = ref;
}

/* ---- what was replaced ---- */

/* What stood below a pointer that went, and the pointer. */
static void bury(struct checker *c, const struct place *p, uint32_t index,
		 uint64_t value, const struct protocol_event *e,
		 struct mark mark)
{
	const struct place below = place_below(&c->tables, p, index, value);

	for (uint32_t i = 0; below.page && i < page_entries(below.page) &&
			     !c->hold.out_of_memory;
	     i++)
		if (entry_kind(p->geometry, below.page->word[i], below.level) !=
		    ENTRY_NOTHING)
			bury(c, &below, i, below.page->word[i], e, mark);
	hold_add(&c->hold, &c->tables, p, index, value, e, mark);
}

/* A store to a page that held pointers lead to: what it writes can be found
 * through them, though no table does. */
static void seen_through(struct checker *c, struct table_page *page,
			 uint32_t index, uint64_t value,
			 const struct protocol_event *e)
{
	/* New ones stand before those still to come. */
	for (const struct ghost *g = c->hold.all; g; g = g->next) {
		struct place p;
		struct ghost *seen;

		if (g->target_page != page)
			continue;
		p = place_of_ghost(g);
		seen = hold_add(&c->hold, &c->tables, &p, index, value, e,
				checker_mark(c, e));
		if (seen)
			hold_unlinked(seen, e->number);
	}
}

static void bury_node(struct checker *c, const struct table_node *node,
		      uint32_t index, uint64_t value,
		      const struct protocol_event *e, struct mark mark)
{
	const struct place p = place_of_node(node);

	bury(c, &p, index, value, e, mark);
}

/* Places of the page, as they are now. */
static unsigned int places(const struct table_page *page,
			   struct table_node *at[NODES_PER_PAGE_MAX])
{
	unsigned int count = 0;

	for (struct table_node *n = page->node; n; n = n->next_place)
		at[count++] = n;
	return count;
}

/* Each place has its child; taking one away may take places with it. */
static void unlink_children(struct checker *c, const struct table_page *page,
			    uint32_t index)
{
	struct table_node *node = page->node;

	while (node) {
		struct table_node *child =
			tables_child(&c->tables, node, index);

		node = node->next_place;
		if (!child)
			continue;
		tables_unlink(&c->tables, child);
		node = page->node;
	}
}

static void check_permissions(struct checker *c, const struct table_node *node,
			      uint32_t index, const struct protocol_event *e)
{
	const struct geometry *g = &node->tree->geometry;
	uint64_t pte = node->page->word[index];
	const struct table_node *child;

	switch (entry_kind(g, pte, node->level)) {
	case ENTRY_NOTHING:
		return;
	case ENTRY_LEAF:
		if (entry_writable(g, pte) && entry_executable(g, pte))
			checker_report_word(
				c, RULE_WRITABLE_EXECUTABLE, checker_mark(c, e),
				node->page, index, 0, e,
				"take away one of the two permissions");
		return;
	case ENTRY_TABLE:
		break;
	}
	child = tables_child(&c->tables, node, index);
	for (uint32_t i = 0; child && i < page_entries(child->page); i++)
		check_permissions(c, child, i, e);
}

/* A table that is now reachable: was its content ordered, and cleaned? */
static void check_linked(struct checker *c, const struct table_node *node,
			 const struct protocol_event *e)
{
	const struct table_page *page = node->page;
	const struct table_node *parent = node->parent;

	iommu_linked(c, node, e);
	/* A log tells of no DMB. */
	if (page->written_epoch && !c->config.discipline &&
	    page->written_epoch == c->cpu[page->written_by].barriers + 1)
		checker_report_word(c,
				    rule_for_tree(node->tree,
						  RULE_LINK_UNORDERED),
				    checker_mark(c, e), parent->page,
				    node->index, 0, e,
				    "DSB ISHST (or DMB) between filling the "
				    "table and linking it");
	for (uint32_t i = 0; i < page_entries(page); i++) {
		const struct table_node *child;

		if (node->tree->root.noncoherent &&
		    (bit_get(page->unclean, i) || bit_get(page->cleaned, i)))
			word_list_add(c, &c->uncleaned,
				      (struct word_ref){ node->page, i,
							 page->birth[i], e->cpu,
							 e->el2 });
		give_made(c, node, i, e);
		child = node->level < 3 ? tables_child(&c->tables, node, i)
					: NULL;
		if (child)
			check_linked(c, child, e);
	}
}

/* A leaf with the contiguous hint came or went: its group is looked at when the
 * operation is over. */
static void note_hint(struct checker *c, const struct word_ref *ref,
		      uint64_t pte)
{
	const struct table_node *node = ref->page->node;

	if ((pte & ENTRY_CONTIG) && node && node->tree->users &&
	    !node->tree->geometry.vtd &&
	    entry_kind(&node->tree->geometry, pte, node->level) == ENTRY_LEAF)
		word_list_add(c, &c->hinted, *ref);
}

/* Of the new entries since the last DSB the first one is told of. */
static void note_made(struct checker *c, const struct word_ref *ref)
{
	struct checker_cpu *cpu = &c->cpu[ref->cpu];

	if (!cpu->has_made)
		cpu->made = *ref;
	cpu->has_made = true;
}

static void made(struct checker *c, struct table_node *node, uint32_t index,
		 const struct protocol_event *e, struct mark mark)
{
	const struct geometry *g = &node->tree->geometry;
	uint64_t pte = node->page->word[index];
	enum entry_kind kind = entry_kind(g, pte, node->level);
	struct word_ref ref = { node->page, index, mark, e->cpu, e->el2 };

	if (kind == ENTRY_TABLE)
		tables_link(&c->tables, node, index);
	if (kind == ENTRY_TABLE && c->config.discipline)
		discipline_linked(c, tables_child(&c->tables, node, index), e);
	if (!node->tree->users)
		return;
	if (node->tree->root.noncoherent)
		word_list_add(c, &c->uncleaned, ref);
	if (kind == ENTRY_NOTHING)
		return;
	if (node->tree->root.base == PROTOCOL_DEVICE)
		iommu_made(c, node, index, e, mark);
	if (!g->vtd) {
		judge_made(c, node, index, e);
		note_hint(c, &ref, pte);
	}
	give_made(c, node, index, e);
	if (kind == ENTRY_TABLE) {
		struct table_node *child =
			tables_child(&c->tables, node, index);

		if (child)
			check_linked(c, child, e);
	}
	if (c->config.forbid_writable_executable && !g->vtd)
		check_permissions(c, node, index, e);
	note_made(c, &ref);
}

/* A table that only a walk cache leads to gets a descriptor. */
static void check_reuse(struct checker *c, struct table_page *page,
			uint64_t old, uint64_t value,
			const struct protocol_event *e)
{
	struct ghost *g = c->hold.all;
	bool is_new;
	struct finding *f;

	if (!(value & ENTRY_VALID) &&
	    !(c->config.discipline && (old & ENTRY_VALID)))
		return;
	while (g && g->target_page != page)
		g = g->next;
	if (!g || g->finding)
		return;
	f = findings_add(c, rule_for_ghost(c, g, RULE_TABLE_REUSED),
			 checker_mark(c, e).source, e, &is_new);
	if (!f || !is_new)
		return;
	finding_describe_ghost(c, f, g);
	snprintf(f->detail, sizeof(f->detail), "%s",
		 rule_facts(judge_cause(c, g, g->alone | g->combined).rule)
			 ->text);
	snprintf(f->missing, sizeof(f->missing), "%s",
		 judge_cause(c, g, g->alone | g->combined).missing);
}

static void check_pieces(struct checker *c, struct table_page *page,
			 uint32_t index, uint64_t old, uint64_t now,
			 const struct protocol_event *e)
{
	const struct table_node *node = page->node;

	if (e->bytes >= 8 || !node->tree->users || !((old | now) & ENTRY_VALID))
		return;
	checker_report_word(c, RULE_WRITE_PIECES, checker_mark(c, e), page,
			    index, old, e, "one aligned 8-byte store");
}

static bool nt_went(const struct table_node *node, uint64_t old, uint64_t now)
{
	return node->level < 3 && node->tree->users && (old & ENTRY_NT) &&
	       !(now & ENTRY_NT) &&
	       entry_kind(&node->tree->geometry, now, node->level) ==
		       ENTRY_LEAF;
}

/*
 * Does hardware do the same with both? nT promises that nothing is cached
 * that a smaller entry could conflict with; an entry from the time when it
 * was set translates as one without it, so that taking it away needs nothing.
 */
static bool is_same(const struct table_node *node, uint64_t old, uint64_t now)
{
	const struct geometry *g = &node->tree->geometry;
	uint64_t was = entry_meaning(g, old, node->level);
	uint64_t is = entry_meaning(g, now, node->level);

	return was == is ||
	       (!g->vtd && node->level < 3 && (was & ENTRY_NT) && was == (is | ENTRY_NT) &&
		entry_kind(g, now, node->level) == ENTRY_LEAF);
}

static void live_word(struct checker *c, struct table_page *page,
		      uint32_t index, uint64_t now,
		      const struct protocol_event *e, bool judged)
{
	struct table_node *at[NODES_PER_PAGE_MAX];
	uint64_t old = page->word[index];
	bool same = is_same(page->node, old, now);
	struct mark mark = { 0 };
	unsigned int count;

	if (same && !page->node->next_place) {
		page->word[index] = now;
		/* While a walk sees nT, an access may fault: IHYQMB. */
		if (judged && nt_went(page->node, old, now))
			note_made(c, &(struct word_ref){ page, index,
							 checker_mark(c, e),
							 e->cpu, e->el2 });
		return;
	}
	if (judged) {
		mark = checker_mark(c, e);
		check_pieces(c, page, index, old, now, e);
		iommu_changed(c, page, index);
		count = places(page, at);
		for (unsigned int i = 0; i < count; i++)
			bury_node(c, at[i], index, old, e, mark);
	}
	unlink_children(c, page, index);
	page->word[index] = now;
	page->birth[index] = mark;
	if (judged)
		note_hint(c,
			  &(struct word_ref){ page, index, mark, e->cpu,
					      e->el2 },
			  old);
	count = places(page, at);
	for (unsigned int i = 0; i < count; i++) {
		tables_note_global(at[i], index);
		if (judged)
			made(c, at[i], index, e, mark);
		else if (entry_kind(&at[i]->tree->geometry, now,
				    at[i]->level) == ENTRY_TABLE)
			tables_link(&c->tables, at[i], index);
	}
}

/* Pages of a world that can be read are taken up when something leads there;
 * a log's are zeroed, and need no note while they are. */
static bool takes_unknown(const struct checker *c,
			  const struct protocol_event *e)
{
	if (c->config.discipline)
		return e->now != 0;
	return e->world == PROTOCOL_MACHINE || !c->listener.read;
}

/* To walks past the caches nothing changed: they find the same there. */
static bool is_note(const struct table_page *page, uint32_t index, uint64_t now)
{
	return page->node && page->node->tree->root.noncoherent &&
	       is_same(page->node, page->word[index], now);
}

static void note_absent(const struct table_page *page, uint32_t index)
{
	const struct table_node *node = page->node;

	if (node && !bit_get(page->unclean, index) &&
	    entry_kind(&node->tree->geometry, page->word[index], node->level) ==
		    ENTRY_NOTHING)
		bit_put(page->absent, index, true);
}

void event_store(struct checker *c, const struct protocol_event *e, bool judged)
{
	uint64_t at = align_down(e->address, 3);
	uint64_t end = e->address + (e->bytes ? e->bytes : 8);

	for (; at < end; at += 8) {
		struct table_page *page =
			checker_page_of(c, e, at, takes_unknown(c, e));
		uint32_t index;

		if (c->config.discipline && judged)
			discipline_write(c, page, at, e);
		if (!page)
			continue;
		index = (uint32_t)((at - page->address) / 8);
		if (judged) {
			page->written_by = e->cpu;
			page->written_epoch = c->cpu[e->cpu].barriers + 1;
			if (!is_note(page, index, e->now)) {
				note_absent(page, index);
				bit_put(page->unclean, index, true);
				bit_put(page->cleaned, index, false);
			}
			if (page->config)
				config_store(c, page, index, e);
			if (page->held && !page->nodes)
				check_reuse(c, page, page->word[index], e->now,
					    e);
			if (page->held)
				seen_through(c, page, index, e->now, e);
		}
		if (page->nodes) {
			live_word(c, page, index, e->now, e, judged);
			continue;
		}
		page->word[index] = e->now;
		page->birth[index] =
			judged ? checker_mark(c, e) : (struct mark){ 0 };
	}
}
