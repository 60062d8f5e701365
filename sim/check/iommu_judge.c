/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Judgement of an IOMMU's tables. VT-d bears any change of a live entry (VT-d
 * 4.1 §6.2.5, §6.5.3), so that nothing needs break-before-make; what counts is
 * where a device may end up once an operation is over. What it may still hold
 * is compared with what the tables say: the same is harmless; what is gone may
 * wait for a deferred flush, as long as neither frame nor table gets another
 * use; anything else must not be.
 */
#include "sim/check/state.h"

#include <stdio.h>

enum rule iommu_rule(enum rule rule)
{
	switch (rule) {
	case RULE_DSB_AFTER_WRITE:
		return RULE_IOMMU_UNORDERED;
	case RULE_LINK_UNORDERED:
		return RULE_IOMMU_LINK_UNORDERED;
	case RULE_TABLE_LINKED:
		return RULE_IOMMU_TABLE_LINKED;
	case RULE_TABLE_HELD:
		return RULE_IOMMU_TABLE_HELD;
	case RULE_TABLE_REUSED:
		return RULE_IOMMU_TABLE_REUSED;
	case RULE_CLEAN_MISSING:
		return RULE_IOMMU_CLEAN_MISSING;
	case RULE_CLEAN_UNORDERED:
		return RULE_IOMMU_CLEAN_UNORDERED;
	case RULE_FRAME_HELD:
		return RULE_IOMMU_FRAME_HELD;
	case RULE_FRAME_MAPPED:
		return RULE_IOMMU_FRAME_MAPPED;
	default:
		return rule;
	}
}

/* ---- why it is held ---- */

/* The nearer to having worked, the higher. */
static int rank(enum rule rule)
{
	static const enum rule order[] = {
		RULE_IOTLB_MISSING,	  RULE_IOTLB_DOMAIN,
		RULE_IOTLB_STAGE,	  RULE_IOTLB_RANGE,
		RULE_IOTLB_MASK,	  RULE_IOTLB_HINT,
		RULE_IOMMU_CLEAN_MISSING, RULE_IOMMU_CLEAN_UNORDERED,
		RULE_IOTLB_EARLY,	  RULE_IOTLB_INCOMPLETE,
	};
	int i = (int)(sizeof(order) / sizeof(order[0]));

	while (i-- && order[i] != rule)
		;
	return i;
}

static const char *missing_step(enum rule rule)
{
	switch (rule) {
	case RULE_IOTLB_DOMAIN:
		return "the same invalidation with the domain id of the tables";
	case RULE_IOTLB_STAGE:
		return "an invalidation of stage 2: CMD_TLBI_S2_IPA, or "
		       "CMD_TLBI_S12_VMALL";
	case RULE_IOTLB_RANGE:
		return "an invalidation whose addresses include the entry";
	case RULE_IOTLB_MASK:
		return "an address mask of at least the superpage's size: 9 "
		       "for 2 MB, 18 for 1 GB";
	case RULE_IOTLB_HINT:
		return "IH clear, or Leaf: what leads to a table is dropped, "
		       "too";
	case RULE_IOTLB_EARLY:
		return "a barrier between the write and the invalidation";
	case RULE_IOTLB_INCOMPLETE:
		return "wait: a wait descriptor, IVT read as clear, or "
		       "CMD_SYNC";
	case RULE_IOMMU_CLEAN_MISSING:
		return "clean the entry, barrier, then the invalidation";
	case RULE_IOMMU_CLEAN_UNORDERED:
		return "a barrier after the clean, before the invalidation";
	case RULE_IOMMU_SHARED:
		return "the second flush: CMD_TLBI_S2_IPA or S12_VMALL, "
		       "CMD_SYNC";
	default:
		return "barrier; IOTLB invalidation of the pages or the "
		       "domain; wait";
	}
}

static enum rule not_visible(const struct ghost *g)
{
	const uint64_t word = (g->address - g->page->address) / 8;

	if (!g->noncoherent || g->visible)
		return RULE_IOTLB_EARLY;
	if (bit_get(g->page->unclean, (uint32_t)word))
		return RULE_IOMMU_CLEAN_MISSING;
	return bit_get(g->page->cleaned, (uint32_t)word)
		       ? RULE_IOMMU_CLEAN_UNORDERED
		       : RULE_IOTLB_EARLY;
}

static enum rule why(const struct ghost *g, const struct tlbi_entry *t)
{
	switch (hold_scope(g, &t->tlbi)) {
	case HOLD_OTHER_VMID:
		return RULE_IOTLB_DOMAIN;
	case HOLD_OTHER_REGIME:
	case HOLD_OTHER_STAGE:
	case HOLD_OTHER_ASID:
		return RULE_IOTLB_STAGE;
	case HOLD_OTHER_RANGE:
	case HOLD_OTHER_LEVEL:
		return RULE_IOTLB_RANGE;
	case HOLD_LAST_LEVEL:
		return RULE_IOTLB_HINT;
	case HOLD_PART:
		return RULE_IOTLB_MASK;
	case HOLD_DROPS:
		break;
	}
	if (g->geometry.stage2 && !t->tlbi.stage2 &&
	    (g->alone & BIT(t->tlbi.unit)))
		return RULE_IOTLB_STAGE;
	if (!g->visible || g->visible >= t->issued)
		return not_visible(g);
	return t->complete ? RULE_IOTLB_MISSING : RULE_IOTLB_INCOMPLETE;
}

struct cause iommu_cause(const struct checker *c, const struct ghost *g)
{
	struct cause cause = { .rule = RULE_IOTLB_MISSING,
			       .source = g->replaced.source };
	const uint64_t oldest = c->logged > TLBI_LOG ? c->logged - TLBI_LOG : 0;

	for (uint64_t i = c->logged; i-- > oldest;) {
		const struct tlbi_entry *t = &c->log[i % TLBI_LOG];
		enum rule rule;

		if (t->issued <= g->when)
			break;
		if (!t->tlbi.unit ||
		    !((g->alone | g->combined) & BIT(t->tlbi.unit)))
			continue;
		rule = why(g, t);
		if (rank(rule) <= rank(cause.rule))
			continue;
		cause.rule = rule;
		cause.source = t->source;
	}
	if (cause.rule == RULE_IOMMU_CLEAN_MISSING ||
	    cause.rule == RULE_IOMMU_CLEAN_UNORDERED)
		cause.source = g->replaced.source;
	if (cause.rule == RULE_IOTLB_MISSING && g->hole)
		cause.rule = RULE_IOMMU_CACHING_MODE;
	if (cause.rule == RULE_IOTLB_MISSING && g->base != PROTOCOL_DEVICE)
		cause.rule = RULE_IOMMU_SHARED;
	cause.missing = missing_step(cause.rule);
	return cause;
}

/* ---- what an access would find, against what it should ---- */

enum verdict {
	VERDICT_SAME,
	VERDICT_GONE,	/* there is nothing any more */
	VERDICT_OTHER,	/* there is something else */
	VERDICT_MISSED, /* there is something, and it would find nothing */
};

/* What the tables say of an address, and to which last one they say so. */
struct present {
	bool mapped;
	uint64_t output, access, last;
};

static uint64_t access_of(const struct geometry *g, uint64_t pte)
{
	return g->vtd ? pte & VTD_ENTRY_ACCESS
		      : pte & (MASK(2, 8) | MASK(53, 2));
}

static struct present present_at(const struct checker *c,
				 const struct table_tree *tree, uint64_t input)
{
	const struct geometry *g = &tree->geometry;
	const struct table_node *node = tree->top;
	struct present p = { .last = UINT64_MAX };

	while (node && input - node->input >=
			       node_span(node) * page_entries(node->page))
		node = node->peer;
	while (node) {
		const uint64_t span = node_span(node);
		const uint32_t index = (uint32_t)((input - node->input) / span);
		const uint64_t pte = node->page->word[index];

		p.last = node_input(node, index) + span - 1;
		if (entry_kind(g, pte, node->level) == ENTRY_LEAF) {
			p.mapped = true;
			p.access = access_of(g, pte);
			p.output = entry_address(g, pte,
						 level_lsb(g, node->level)) +
				   (input & (span - 1));
			return p;
		}
		node = tables_child(&c->tables, node, index);
	}
	return p;
}

/* A leaf that is held; `target` is where `first` leads. */
static enum verdict leaf_verdict(const struct checker *c,
				 const struct table_tree *tree, uint64_t first,
				 uint64_t last, uint64_t target,
				 uint64_t access)
{
	enum verdict verdict = VERDICT_SAME;
	uint64_t at = first;

	for (;;) {
		const struct present p = present_at(c, tree, at);

		if (!p.mapped)
			verdict = VERDICT_GONE;
		else if (p.output != target + (at - first) ||
			 p.access != access)
			return VERDICT_OTHER;
		if (p.last >= last)
			return verdict;
		at = p.last + 1;
	}
}

/* Nothing is found in the range. */
static enum verdict hole_verdict(const struct checker *c,
				 const struct table_tree *tree, uint64_t first,
				 uint64_t last)
{
	for (uint64_t at = first;;) {
		const struct present p = present_at(c, tree, at);

		if (p.mapped)
			return VERDICT_MISSED;
		if (p.last >= last)
			return VERDICT_SAME;
		at = p.last + 1;
	}
}

static enum verdict worse(enum verdict a, enum verdict b)
{
	return a > b ? a : b;
}

/* All that a walk finds that begins in this table. */
static enum verdict table_verdict(const struct checker *c,
				  const struct table_tree *tree,
				  const struct place *p)
{
	const struct geometry *g = p->geometry;
	const uint64_t span = BIT(level_lsb(g, p->level));
	enum verdict verdict = VERDICT_SAME;

	for (const struct table_node *n = p->page->node; n; n = n->next_place)
		if (n->tree == tree && n->level == p->level &&
		    n->input == p->input)
			return VERDICT_SAME;
	for (uint32_t i = 0; i < page_entries(p->page); i++) {
		const uint64_t pte = p->page->word[i];
		const uint64_t first = p->input + i * span;
		const struct place below = place_below(&c->tables, p, i, pte);
		enum verdict v = VERDICT_SAME;

		if (below.page)
			v = table_verdict(c, tree, &below);
		else if (entry_kind(g, pte, p->level) == ENTRY_LEAF)
			v = leaf_verdict(c, tree, first, first + span - 1,
					 entry_address(g, pte,
						       level_lsb(g, p->level)),
					 access_of(g, pte));
		else if (entry_kind(g, pte, p->level) == ENTRY_NOTHING)
			v = hole_verdict(c, tree, first, first + span - 1);
		/* Below the caches there may still be nothing. (Something that
		 * was replaced is judged by itself.) */
		if (v == VERDICT_SAME && p->noncoherent &&
		    entry_kind(g, pte, p->level) != ENTRY_NOTHING &&
		    bit_get(p->page->absent, i))
			v = VERDICT_MISSED;
		verdict = worse(verdict, v);
		if (verdict > VERDICT_GONE)
			break;
	}
	return verdict;
}

static enum verdict verdict_of(const struct checker *c, const struct ghost *g,
			       const struct table_tree *tree)
{
	struct place p;

	if (g->hole)
		return hole_verdict(c, tree, g->first, g->last);
	if (!g->table)
		return leaf_verdict(c, tree, g->first, g->last, g->target,
				    access_of(&g->geometry, g->value));
	if (!g->target_page)
		return VERDICT_SAME;
	p = place_of_ghost(g);
	return table_verdict(c, tree, &p);
}

/* ---- the end of an operation ---- */

/* The domain's tables, as a unit that may hold the ghost walks them now. */
static const struct table_tree *tree_of(const struct checker *c,
					const struct ghost *g)
{
	const struct table_tree *tree = c->tables.tree;

	while (tree &&
	       (tree->root.base != g->base || tree->root.vmid != g->vmid ||
		!(tree->installed & (g->alone | g->combined))))
		tree = tree->next;
	return tree;
}

static void judge(struct checker *c, struct ghost *g,
		  const struct protocol_event *e)
{
	static const char *const detail[] = {
		[VERDICT_GONE] = "a device may still reach what was taken away "
				 "when the operation ended",
		[VERDICT_OTHER] = "a device may still go by the old entry when "
				  "the operation ended",
		[VERDICT_MISSED] = "a device may still find nothing where "
				   "something is when the operation ended",
	};
	const struct table_tree *tree = g->finding ? NULL : tree_of(c, g);
	enum verdict verdict;

	if (!tree)
		return;
	verdict = verdict_of(c, g, tree);
	if (verdict > VERDICT_GONE || (verdict == VERDICT_GONE && !e->deferred))
		judge_held(c, g, e, detail[verdict]);
}

/* A guest has no DONE: its device's access tells that the change was meant to
 * be over. */
void iommu_used(struct checker *c, struct ghost *g,
		const struct protocol_event *e)
{
	const struct table_tree *tree =
		g->finding || g->el2 || !g->visible ? NULL : tree_of(c, g);

	if (tree && verdict_of(c, g, tree) != VERDICT_SAME)
		judge_held(c, g, e,
			   "a device's access came while it may be held");
}

/* Nothing may wait any more. */
static void judge_all(struct checker *c, const struct protocol_event *e)
{
	for (struct ghost *g = c->hold.devices ? c->hold.all : NULL; g;
	     g = g->next)
		if (g->base == PROTOCOL_DEVICE && g->vmid == e->did)
			judge(c, g, e);
}

/* What changed is judged against all that may be held of it; and what was
 * allowed to wait, once that is over. */
void iommu_done(struct checker *c, const struct protocol_event *e)
{
	struct checker_iommus *io = &c->iommus;
	unsigned int kept = 0;

	for (unsigned int i = 0; i < io->changes; i++) {
		const struct domain_change *change = &io->change[i];
		struct hold_query q = { .base = PROTOCOL_DEVICE,
					.vmid = change->did,
					.first = change->first,
					.last = change->last };

		if (change->did != e->did) {
			io->change[kept++] = *change;
			continue;
		}
		for (struct ghost *g = hold_first(&c->hold, &q); g;
		     g = hold_next(&c->hold, &q))
			judge(c, g, e);
	}
	io->changes = kept;
	if (!e->deferred && bit_get(io->deferred, e->did))
		judge_all(c, e);
	bit_put(io->deferred, e->did, e->deferred);
	for (unsigned int unit = 0; unit < PROTOCOL_OBSERVERS_MAX; unit++) {
		struct iommu_unit *u = &io->unit[unit];

		if (!u->buffered)
			continue;
		u->buffered = false;
		checker_report_word(c, RULE_IOMMU_WRITE_BUFFER, u->mark,
				    u->page, u->index, 0, e,
				    "GCMD.WBF, or an invalidation, after the "
				    "last new entry");
	}
}

/* ---- changes ---- */

static void note_change(struct checker_iommus *io, uint16_t did, uint64_t first,
			uint64_t last)
{
	struct domain_change *change = &io->change[0];

	for (unsigned int i = 0; i < io->changes; i++) {
		change = &io->change[i];
		if (change->did != did || first > change->last + 1 ||
		    change->first > last + 1)
			continue;
		change->first = first < change->first ? first : change->first;
		change->last = last > change->last ? last : change->last;
		return;
	}
	if (io->changes < DOMAIN_CHANGES) {
		io->change[io->changes++] =
			(struct domain_change){ did, first, last };
		return;
	}
	/* Too many: one of this domain is all. */
	for (unsigned int i = 0; i < io->changes; i++)
		if (io->change[i].did == did)
			change = &io->change[i];
	*change = (struct domain_change){ did, 0, UINT64_MAX };
}

void iommu_changed(struct checker *c, const struct table_page *page,
		   uint32_t index)
{
	for (const struct table_node *n = page->node; n; n = n->next_place)
		if (n->tree->root.base == PROTOCOL_DEVICE && n->tree->users)
			note_change(&c->iommus, n->tree->root.vmid,
				    node_input(n, index),
				    node_input(n, index) + node_span(n) - 1);
}

void iommu_made(struct checker *c, const struct table_node *node,
		uint32_t index, const struct protocol_event *e,
		struct mark mark)
{
	for (unsigned int i = 0;
	     node->tree->root.write_buffer && i < PROTOCOL_OBSERVERS_MAX; i++) {
		struct iommu_unit *u = &c->iommus.unit[i];

		if (!(node->tree->users >> i & 1) || u->buffered)
			continue;
		u->buffered = true;
		u->page = node->page;
		u->index = index;
		u->mark = mark;
		u->cpu = e->cpu;
		u->epoch = c->cpu[e->cpu].barriers + 1;
	}
}

/* Is the page's content still in a write buffer that the tree's units see
 * past? */
static bool is_buffered(const struct checker *c, const struct table_tree *tree,
			const struct table_page *page)
{
	for (unsigned int i = 0;
	     tree->root.write_buffer && i < PROTOCOL_OBSERVERS_MAX; i++)
		if ((tree->users >> i & 1) && c->iommus.unit[i].known &&
		    page->written_epoch >
			    c->iommus.unit[i].flushed[page->written_by])
			return true;
	return false;
}

/* What stands there must be below the caches, and out of the write buffer,
 * before anything leads to it. */
void iommu_linked(struct checker *c, const struct table_node *node,
		  const struct protocol_event *e)
{
	const struct table_page *page = node->page;
	const struct table_tree *tree = node->tree;

	if (tree->root.base != PROTOCOL_DEVICE)
		return;
	if (is_buffered(c, tree, page))
		checker_report_word(
			c, RULE_IOMMU_WRITE_BUFFER, checker_mark(c, e), page, 0,
			0, e,
			"GCMD.WBF, or an invalidation, after the table is "
			"filled and before anything leads to it");
	for (uint32_t i = 0; tree->root.noncoherent && i < page_entries(page);
	     i++) {
		if (!bit_get(page->unclean, i))
			continue;
		checker_report_word(c, RULE_IOMMU_CLEAN_MISSING, page->birth[i],
				    page, i, 0, e,
				    "clean the table, then a barrier, before "
				    "anything leads to it");
		break;
	}
}

void iommu_attached(struct checker *c, const struct table_node *node,
		    const struct protocol_event *e)
{
	iommu_linked(c, node, e);
	for (uint32_t i = 0; i < page_entries(node->page); i++) {
		const struct table_node *child =
			tables_child(&c->tables, node, i);

		if (child)
			iommu_attached(c, child, e);
	}
}

void event_unit_tlbi(struct checker *c, const struct protocol_event *e)
{
	maintain_issue(c, e, e->unit);
	event_unit_buffer(c, e);
}

/* By GCMD.WBF, or by an invalidation: what was ordered before it. */
void event_unit_buffer(struct checker *c, const struct protocol_event *e)
{
	struct iommu_unit *u = &c->iommus.unit[e->unit];

	if (!u->is.write_buffer)
		return;
	for (unsigned int i = 0; i < PROTOCOL_OBSERVERS_MAX; i++)
		u->flushed[i] = c->cpu[i].barriers;
	if (u->buffered && u->flushed[u->cpu] >= u->epoch)
		u->buffered = false;
}
