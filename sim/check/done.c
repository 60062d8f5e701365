/* SPDX-License-Identifier: BSD-2-Clause */
/* The end of an operation, which promised that all is over. */
#include "sim/check/state.h"

static void done_ghosts(struct checker *c, const struct protocol_event *e)
{
	if (!(e->el2 ? c->hold.count - c->hold.guests : c->hold.guests))
		return;
	for (struct ghost *g = c->hold.all; g; g = g->next)
		if (g->base != PROTOCOL_DEVICE && g->el2 == e->el2 &&
		    (e->el2 || g->writer == e->cpu) && !g->finding)
			judge_held(c, g, e,
				   "still held when the operation ended");
}

static enum rule rule_of(const struct word_ref *w, enum rule rule)
{
	return w->page->node ? rule_for_tree(w->page->node->tree, rule) : rule;
}

static void done_made(struct checker *c, const struct protocol_event *e)
{
	struct checker_cpu *cpu = &c->cpu[e->cpu];
	const struct word_ref *w = &cpu->made;

	if (!cpu->has_made || w->el2 != e->el2)
		return;
	checker_report_word(c, rule_of(w, RULE_DSB_AFTER_WRITE), w->mark,
			    w->page, w->index, 0, e,
			    "DSB ISHST after the last new entry");
	cpu->has_made = false;
}

static void done_cleans(struct checker *c, const struct protocol_event *e)
{
	for (size_t i = 0; i < c->uncleaned.count; i++) {
		const struct word_ref *w = &c->uncleaned.item[i];

		if (!w->page->nodes)
			continue;
		if (bit_get(w->page->unclean, w->index))
			checker_report_word(
				c, rule_of(w, RULE_CLEAN_MISSING), w->mark,
				w->page, w->index, 0, e,
				"DC CVAC of the descriptor, then DSB");
		else if (bit_get(w->page->cleaned, w->index))
			checker_report_word(c, rule_of(w, RULE_CLEAN_UNORDERED),
					    w->mark, w->page, w->index, 0, e,
					    "DSB after the clean");
	}
	c->uncleaned.count = 0;
}

/* D8.7.1: all of a group alike, and in a row. */
static bool group_is_whole(const struct table_node *node, uint32_t index)
{
	const struct geometry *g = &node->tree->geometry;
	unsigned int lg2 = group_lg2(g, node->level);
	uint32_t head = (uint32_t)align_down(index, lg2);
	uint64_t first = node->page->word[head];

	for (uint32_t i = 0; i < 1u << lg2; i++)
		if (entry_meaning(g, node->page->word[head + i], node->level) !=
		    entry_meaning(g, first + i * node_span(node), node->level))
			return false;
	return is_aligned(entry_address(g, first, level_lsb(g, node->level)),
			  level_lsb(g, node->level) + lg2);
}

/* The first of the group that has the hint, or NULL. */
static const uint64_t *hinted_in_group(const struct table_node *node,
				       uint32_t index)
{
	const struct geometry *g = &node->tree->geometry;
	unsigned int lg2 = group_lg2(g, node->level);
	const uint64_t *word = &node->page->word[align_down(index, lg2)];

	for (uint32_t i = 0; i < 1u << lg2; i++)
		if ((word[i] & ENTRY_CONTIG) &&
		    entry_kind(g, word[i], node->level) == ENTRY_LEAF)
			return &word[i];
	return NULL;
}

/* Entries that got the hint, and those that left a group with it. */
static void done_hints(struct checker *c, const struct protocol_event *e)
{
	for (size_t i = 0; i < c->hinted.count; i++) {
		const struct word_ref *w = &c->hinted.item[i];
		const struct table_node *node = w->page->node;

		if (w->el2 != e->el2 || !node ||
		    !hinted_in_group(node, w->index) ||
		    group_is_whole(node, w->index))
			continue;
		checker_report_word(c, RULE_CONTIGUOUS_MIXED, w->mark, w->page,
				    w->index, 0, e,
				    "the hint in all entries of a whole, "
				    "aligned run, or in none");
	}
	c->hinted.count = 0;
}

void event_done(struct checker *c, const struct protocol_event *e)
{
	if (!e->el2)
		event_context(c, e);
	if (e->of_domain)
		iommu_done(c, e);
	else
		done_ghosts(c, e);
	config_done(c, e);
	done_made(c, e);
	done_cleans(c, e);
	done_hints(c, e);
}
