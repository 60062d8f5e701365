/* SPDX-License-Identifier: BSD-2-Clause */
/* Tables and frames that are given away, and who may still get there. */
#include <stdio.h>

#include "sim/check/state.h"

static void report_free(struct checker *c, struct ghost *g,
			const struct protocol_event *e)
{
	struct cause cause = judge_cause(c, g, g->alone | g->combined);
	bool is_new;
	struct finding *f = findings_add(c, rule_for_ghost(c, g, RULE_TABLE_HELD),
					 checker_mark(c, e).source, e, &is_new);

	if (!f || !is_new)
		return;
	finding_describe_ghost(c, f, g);
	snprintf(f->detail, sizeof(f->detail), "%s",
		 rule_facts(cause.rule)->text);
	snprintf(f->missing, sizeof(f->missing), "before the free: %s",
		 cause.missing);
}

static void page_free(struct checker *c, const struct table_page *page,
		      const struct protocol_event *e)
{
	struct ghost *g = page->held ? c->hold.all : NULL;

	if (page->node && page->node->tree->installed && page->node->parent)
		checker_report_word(
			c, rule_for_tree(page->node->tree, RULE_TABLE_LINKED),
			checker_mark(c, e),
			page->node->parent->page, page->node->index, 0, e,
			"unlink the table and flush before the free");
	while (g && g->target_page != page)
		g = g->next;
	if (g)
		report_free(c, g, e);
}

void give_released(struct checker *c, const struct table_page *page,
		   const struct protocol_event *e)
{
	page_free(c, page, e);
}

void event_table_free(struct checker *c, const struct protocol_event *e)
{
	uint64_t end = e->address + e->bytes;

	for (uint64_t at = e->address; at < end;
	     at = align_down(at, 12) + 4096) {
		const struct table_page *page =
			checker_page_of(c, e, at, false);

		if (page)
			page_free(c, page, e);
	}
}

struct freeing {
	struct checker *c;
	const struct protocol_event *e;
};

static void visit_free(void *context, struct table_page *page)
{
	const struct freeing *f = context;

	page_free(f->c, page, f->e);
}

/* Where a live stage-2 tree leads from `input`: false: nowhere. */
static bool lookup(const struct checker *c, uint16_t vmid, uint64_t input,
		   struct table_node **node, uint32_t *index, uint64_t *output)
{
	const struct table_tree *tree = c->tables.tree;
	const struct geometry *g;

	while (tree && !(tree->root.base == PROTOCOL_VTTBR &&
			 tree->root.vmid == vmid && tree->installed))
		tree = tree->next;
	*node = tree ? tables_lookup(&c->tables, tree, input, index) : NULL;
	if (!*node)
		return false;
	g = &tree->geometry;
	*output = entry_address(g, (*node)->page->word[*index],
				level_lsb(g, (*node)->level)) +
		  (input & (node_span(*node) - 1));
	return true;
}

static void note_given(struct checker *c, const struct protocol_event *e,
		       bool given)
{
	uint64_t last = e->address + e->bytes - 1;

	if (!(given ? ranges_add(&c->given, e->address, last)
		    : ranges_remove(&c->given, e->address, last)))
		c->not_judged[NOT_JUDGED_MEMORY] = true;
}

/* Also what was passed over when it went, because hardware did not see it:
 * here it is seen again. */
void give_made(struct checker *c, const struct table_node *node,
	       uint32_t index, const struct protocol_event *e)
{
	const struct geometry *g = &node->tree->geometry;
	uint64_t pte = node->page->word[index];

	if (!c->given.count || node->tree->root.base != PROTOCOL_VTTBR ||
	    entry_kind(g, pte, node->level) != ENTRY_LEAF ||
	    !ranges_meet(&c->given,
			 entry_address(g, pte, level_lsb(g, node->level)),
			 node_span(node)))
		return;
	checker_report_word(
		c, RULE_FRAME_GONE, checker_mark(c, e), node->page, index, 0, e,
		"take the entry out before the frame is given away, whether hardware sees it or not");
}

void event_frame_take(struct checker *c, const struct protocol_event *e)
{
	note_given(c, e, false);
}

/* The entry below the node that leads to a byte of the frames; false: none. */
static bool leads_to(const struct checker *c, struct table_node *node,
		     const struct protocol_event *e, struct table_node **at,
		     uint32_t *index)
{
	const struct geometry *g = &node->tree->geometry;

	for (uint32_t i = 0; i < page_entries(node->page); i++) {
		const uint64_t pte = node->page->word[i];
		const enum entry_kind kind = entry_kind(g, pte, node->level);
		struct table_node *child;
		uint64_t output;

		if (kind == ENTRY_TABLE) {
			child = tables_child(&c->tables, node, i);
			if (child && leads_to(c, child, e, at, index))
				return true;
		}
		if (kind != ENTRY_LEAF)
			continue;
		output = entry_address(g, pte, level_lsb(g, node->level));
		if (output >= e->address + e->bytes ||
		    output + node_span(node) <= e->address)
			continue;
		*at = node;
		*index = i;
		return true;
	}
	return false;
}

/* Whatever address a device has them by. */
static void frames_of_devices(struct checker *c, const struct protocol_event *e)
{
	struct table_node *node;
	uint32_t index;

	for (struct table_tree *tree = c->tables.tree; tree; tree = tree->next)
		if (tree->root.base == PROTOCOL_DEVICE && tree->installed &&
		    tree->top && leads_to(c, tree->top, e, &node, &index)) {
			checker_report_word(
				c, RULE_IOMMU_FRAME_MAPPED, checker_mark(c, e),
				node->page, index, 0, e,
				"unmap it in the domain, and flush, before it is given away");
			return;
		}
}

/* Who may still get there. */
static void frames_freed(struct checker *c, const struct protocol_event *e)
{
	uint64_t last = e->address + e->bytes - 1, output;
	struct table_node *node;
	uint32_t index;

	for (struct ghost *g = c->hold.all; g; g = g->next) {
		bool is_new;
		struct finding *f;

		if (g->table || g->hole || !g->geometry.stage2 ||
		    g->target > last ||
		    g->target + (g->last - g->first) < e->address)
			continue;
		f = findings_add(c, rule_for_ghost(c, g, RULE_FRAME_HELD),
				 checker_mark(c, e).source, e, &is_new);
		if (f && is_new) {
			struct cause cause =
				judge_cause(c, g, g->alone | g->combined);

			finding_describe_ghost(c, f, g);
			snprintf(f->detail, sizeof(f->detail), "%s",
				 rule_facts(cause.rule)->text);
			snprintf(f->missing, sizeof(f->missing),
				 "before the frame is given away: %s",
				 cause.missing);
		}
		break;
	}
	frames_of_devices(c, e);
	for (uint64_t at = 0; e->input != UINT64_MAX && at < e->bytes;
	     at += 4096)
		if (lookup(c, e->vmid, e->input + at, &node, &index, &output) &&
		    output >= e->address && output <= last) {
			checker_report_word(
				c, RULE_FRAME_MAPPED, checker_mark(c, e),
				node->page, index, 0, e,
				"unmap it, and flush, before it is given away");
			return;
		}
}

void event_frame_free(struct checker *c, const struct protocol_event *e)
{
	note_given(c, e, true);
	frames_freed(c, e);
}

/* A log's: what it was used for is not said. */
void event_memory_free(struct checker *c, struct protocol_event *e)
{
	struct freeing freeing = { c, e };

	e->input = UINT64_MAX;
	tables_visit(&c->tables, e->address, e->address + e->bytes - 1,
		     visit_free, &freeing);
	frames_freed(c, e);
	discipline_event(c, e);
}
