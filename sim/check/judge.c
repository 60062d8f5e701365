/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Judgement: which changes need break-before-make (DDI0487 L.b D8.17.1,
 * RHWZWS; FEAT_BBM), and why what should have been dropped is still held.
 */
#include <stdio.h>
#include <string.h>

#include "sim/check/state.h"

/* ---- why it is held ---- */

/* The nearer to having worked, the higher. */
static int rank(enum rule rule)
{
	static const enum rule order[] = {
		RULE_TLBI_MISSING,   RULE_TLBI_VMID,	  RULE_TLBI_STAGE,
		RULE_TLBI_ASID,	     RULE_TLBI_RANGE,	  RULE_TLBI_LEAF,
		RULE_TLBI_LEVEL,     RULE_TLBI_COMBINED,  RULE_CLEAN_MISSING,
		RULE_CLEAN_UNORDERED, RULE_DSB_BEFORE_TLBI,
		RULE_TLBI_BROADCAST, RULE_DSB_AFTER_TLBI,
	};
	int i = (int)(sizeof(order) / sizeof(order[0]));

	while (i-- && order[i] != rule)
		;
	return i;
}

static enum rule not_visible(const struct ghost *g)
{
	uint64_t word = (g->address - g->page->address) / 8;

	if (!g->noncoherent || g->visible)
		return RULE_DSB_BEFORE_TLBI;
	if (g->page->unclean[word / 64] >> word % 64 & 1)
		return RULE_CLEAN_MISSING;
	return g->page->cleaned[word / 64] >> word % 64 & 1
		       ? RULE_CLEAN_UNORDERED
		       : RULE_DSB_BEFORE_TLBI;
}

/* The TLBI names the ghost, and still it is held. */
static enum rule why_in_scope(const struct ghost *g, const struct tlbi_entry *t,
			      uint64_t observers)
{
	const bool stage2 = g->geometry.stage2;

	if (stage2 && !t->tlbi.stage2 && (g->alone & observers))
		return RULE_TLBI_STAGE;
	if (!g->visible || g->visible >= t->issued)
		return not_visible(g);
	if (!t->complete)
		return RULE_DSB_AFTER_TLBI;
	if (!t->tlbi.broadcast && (observers & ~BIT(t->cpu)))
		return RULE_TLBI_BROADCAST;
	/* It was complete, and took what it could. */
	return stage2 ? RULE_TLBI_COMBINED : RULE_TLBI_MISSING;
}

static enum rule why(const struct ghost *g, const struct tlbi_entry *t,
		     uint64_t observers)
{
	static const enum rule by_miss[] = {
		[HOLD_OTHER_REGIME] = RULE_TLBI_STAGE,
		[HOLD_OTHER_VMID] = RULE_TLBI_VMID,
		[HOLD_OTHER_STAGE] = RULE_TLBI_STAGE,
		[HOLD_OTHER_ASID] = RULE_TLBI_ASID,
		[HOLD_OTHER_RANGE] = RULE_TLBI_RANGE,
		[HOLD_LAST_LEVEL] = RULE_TLBI_LEAF,
		[HOLD_OTHER_LEVEL] = RULE_TLBI_LEVEL,
	};
	enum hold_miss miss = hold_scope(g, &t->tlbi);

	return miss == HOLD_DROPS ? why_in_scope(g, t, observers)
				  : by_miss[miss];
}

static const char *missing_step(enum rule rule, const struct ghost *g)
{
	switch (rule) {
	case RULE_TLBI_VMID:
		return "the same TLBI with the VMID of the tables in VTTBR_EL2";
	case RULE_TLBI_ASID:
		return "a TLBI by the entry's ASID; for a global entry one by VA, or of all";
	case RULE_TLBI_RANGE:
		return "a TLBI whose addresses include the entry";
	case RULE_TLBI_LEAF:
		return "the form without L, which drops table pointers too";
	case RULE_TLBI_LEVEL:
		return "no level hint, or the level of the entry";
	case RULE_TLBI_COMBINED:
		return "after IPAS2E1IS and its DSB: TLBI VMALLE1IS, DSB ISH, ISB";
	case RULE_TLBI_BROADCAST:
		return "the IS form, which reaches every CPU of the domain";
	case RULE_DSB_BEFORE_TLBI:
		return "DSB ISHST between the write and the TLBI";
	case RULE_DSB_AFTER_TLBI:
		return "DSB ISH after the TLBI";
	case RULE_CLEAN_MISSING:
		return "DC CVAC of the descriptor, DSB, then the TLBI";
	case RULE_CLEAN_UNORDERED:
		return "DSB after the clean, before the TLBI";
	default:
		break;
	}
	if (g->geometry.stage2)
		return "DSB ISHST; TLBI IPAS2E1IS; DSB ISH; TLBI VMALLE1IS; DSB ISH; ISB";
	return "DSB ISHST; TLBI VAE1IS; DSB ISH; ISB";
}

struct cause judge_cause(const struct checker *c, const struct ghost *g,
			 uint64_t observers)
{
	struct cause cause = { .rule = RULE_TLBI_MISSING,
			       .source = g->replaced.source };
	uint64_t oldest = c->logged > TLBI_LOG ? c->logged - TLBI_LOG : 0;

	if (g->base == PROTOCOL_DEVICE || !(observers & ~c->hold.units))
		return iommu_cause(c, g);
	observers &= ~c->hold.units;
	for (uint64_t i = c->logged; i-- > oldest;) {
		const struct tlbi_entry *t = &c->log[i % TLBI_LOG];
		enum rule rule;

		if (t->issued <= g->when)
			break;
		if (t->tlbi.unit)
			continue;
		rule = why(g, t, observers);
		if (rank(rule) <= rank(cause.rule))
			continue;
		cause.rule = rule;
		cause.source = t->source;
	}
	if (cause.rule == RULE_CLEAN_MISSING ||
	    cause.rule == RULE_CLEAN_UNORDERED)
		cause.source = g->replaced.source;
	cause.missing = missing_step(cause.rule, g);
	return cause;
}

static void describe(struct checker *c, struct finding *f, struct ghost *g,
		     const char *detail, const char *missing)
{
	finding_describe_ghost(c, f, g);
	snprintf(f->detail, sizeof(f->detail), "%s", detail);
	snprintf(f->missing, sizeof(f->missing), "%s", missing);
}

void judge_held(struct checker *c, struct ghost *g,
		const struct protocol_event *e, const char *detail)
{
	struct cause cause = judge_cause(c, g, g->alone | g->combined);
	bool is_new;
	struct finding *f =
		findings_add(c, cause.rule, cause.source, e, &is_new);

	if (!f)
		return;
	if (is_new)
		describe(c, f, g, detail, cause.missing);
	if (e->kind == PROTOCOL_USE)
		finding_note_use(c, f, e, false);
	g->finding = (uint32_t)(f - c->finding) + 1;
}

/* ---- break-before-make ---- */

enum change {
	CHANGE_NONE, /* permissions at most */
	CHANGE_SAME, /* the very entry is back */
	CHANGE_ADDRESS,
	CHANGE_ATTRIBUTES,
	CHANGE_SIZE,
	CHANGE_GLOBAL,
	CHANGE_CONTIGUOUS,
};

/* A leaf as it is now. */
struct leaf {
	uint64_t pte, input, address;
	int level;
};

/* FEAT_BBM bears a change of size alone: what hardware makes of two entries
 * that differ in more, one inside the other, is a conflict (RFVQCK). */
static bool differ_in_size_alone(const struct ghost *g, const struct leaf *new)
{
	return g->table ||
	       entry_permissions(g->value) == entry_permissions(new->pte);
}

static bool hint_may_change(const struct checker *c, const struct ghost *g,
			    const struct leaf *new)
{
	return c->config.bbm_level >= 2 && differ_in_size_alone(g, new);
}

static bool size_may_change(const struct checker *c, const struct ghost *g,
			    const struct leaf *new)
{
	if (c->config.bbm_level >= 2)
		return differ_in_size_alone(g, new);
	if (c->config.bbm_level == 0)
		return false;
	/* nT in whichever is the block. */
	return g->level < new->level ? (g->value & ENTRY_NT) != 0
				     : (new->pte & ENTRY_NT) != 0;
}

static uint64_t leaf_output(const struct geometry *g, const struct leaf *leaf,
			    uint64_t input)
{
	return entry_address(g, leaf->pte, level_lsb(g, leaf->level)) + input -
	       leaf->input;
}

/* Below a block's address, where hardware need not ignore what is not zero. */
static uint64_t reserved_address(const struct geometry *g, int level)
{
	return MASK(0, level_lsb(g, level)) & ~MASK(0, g->granule_lg2) &
	       ~ENTRY_NT;
}

static bool in_one_group(const struct geometry *g, const struct ghost *ghost,
			 const struct leaf *new)
{
	unsigned int lsb = level_lsb(g, new->level) + group_lg2(g, new->level);

	return ghost->level == new->level &&
	       ghost->first >> lsb == new->input >> lsb;
}

/* They overlap only if one is, or both are, of a contiguous group. */
static enum change compare_group(const struct checker *c,
				 const struct ghost *g, const struct leaf *new)
{
	const struct geometry *geometry = &g->geometry;
	bool old_hint = g->value & ENTRY_CONTIG, hint = new->pte & ENTRY_CONTIG;

	if ((!old_hint && !hint) || !in_one_group(geometry, g, new))
		return CHANGE_NONE;
	if (g->target - g->first !=
	    leaf_output(geometry, new, new->input) - new->input)
		return CHANGE_ADDRESS;
	if (old_hint != hint)
		return hint_may_change(c, g, new) ? CHANGE_NONE
						  : CHANGE_CONTIGUOUS;
	return CHANGE_NONE;
}

static enum change compare_leaf(const struct checker *c, const struct ghost *g,
				const struct leaf *new)
{
	const struct geometry *geometry = &g->geometry;
	uint64_t last = new->input + BIT(level_lsb(geometry, new->level)) - 1;
	uint64_t at = g->first > new->input ? g->first : new->input;

	if (g->table)
		return g->level < new->level || last < g->first ||
				       g->last < new->input ||
				       size_may_change(c, g, new)
			       ? CHANGE_NONE
			       : CHANGE_SIZE;
	if (last < g->first || g->last < new->input)
		return compare_group(c, g, new);
	if (g->level == new->level && g->address == new->address &&
	    entry_meaning(geometry, g->value, g->level) ==
		    entry_meaning(geometry, new->pte, new->level))
		return CHANGE_SAME;
	if (g->target + (at - g->first) != leaf_output(geometry, new, at) ||
	    (g->level == new->level &&
	     (g->value ^ new->pte) & reserved_address(geometry, g->level)))
		return CHANGE_ADDRESS;
	if (entry_memory(geometry, g->value) != entry_memory(geometry, new->pte))
		return CHANGE_ATTRIBUTES;
	if (g->level != new->level)
		return size_may_change(c, g, new) ? CHANGE_NONE : CHANGE_SIZE;
	if (!geometry->stage2 && !g->global && !(new->pte & ENTRY_NG))
		return CHANGE_GLOBAL;
	if ((g->value ^ new->pte) & ENTRY_CONTIG)
		return hint_may_change(c, g, new) ? CHANGE_NONE
						  : CHANGE_CONTIGUOUS;
	return CHANGE_NONE;
}

/* All that lies below an entry, as far as the ghost overlaps it. */
static enum change compare(const struct checker *c, const struct ghost *g,
			   const struct table_node *node, uint32_t index)
{
	const struct geometry *geometry = &node->tree->geometry;
	const struct leaf leaf = {
		.pte = node->page->word[index],
		.input = node_input(node, index),
		.address = node->page->address + index * 8,
		.level = node->level,
	};
	const struct table_node *child;
	enum change worst = CHANGE_NONE;

	switch (entry_kind(geometry, leaf.pte, leaf.level)) {
	case ENTRY_LEAF:
		return compare_leaf(c, g, &leaf);
	case ENTRY_NOTHING:
		/* Part of a block that became a hole. */
		return g->level < leaf.level && !g->table &&
				       c->config.bbm_level == 0
			       ? CHANGE_SIZE
			       : CHANGE_NONE;
	case ENTRY_TABLE:
		break;
	}
	if (g->table && g->level == leaf.level) {
		if (g->address != leaf.address)
			return CHANGE_NONE;
		return g->target == entry_address(geometry, leaf.pte,
						  geometry->granule_lg2)
			       ? CHANGE_SAME
			       : CHANGE_ADDRESS;
	}
	child = tables_child(&c->tables, node, index);
	if (!child || (g->table && g->level < leaf.level))
		return CHANGE_NONE;
	for (uint32_t i = 0; i < page_entries(child->page); i++) {
		uint64_t first = node_input(child, i);
		enum change change;

		if (first > g->last || first + node_span(child) - 1 < g->first)
			continue;
		change = compare(c, g, child, i);
		if (change != CHANGE_NONE)
			worst = change;
		if (worst > CHANGE_SAME)
			break;
	}
	return worst;
}

/* Two entries that no lookup matches both have nothing to do with each other. */
static bool tags_meet(const struct ghost *g, const struct table_node *node,
		      uint64_t pte)
{
	return g->geometry.stage2 || g->global ||
	       g->asid == node->tree->root.asid ||
	       (!g->table && !(pte & ENTRY_NG));
}

static const struct {
	enum rule rule;
	const char *direct, *incomplete;
} changes[] = {
	[CHANGE_ADDRESS] = { RULE_BBM_ADDRESS,
			     "written over a valid entry of another address",
			     "a new address was made while the old one may be held" },
	[CHANGE_ATTRIBUTES] = { RULE_BBM_ATTRIBUTES,
				"written over a valid entry of other memory attributes",
				"new memory attributes were made while the old ones may be held" },
	[CHANGE_SIZE] = { RULE_BBM_SIZE,
			  "written over a valid entry of another size",
			  "another size was made while the old one may be held" },
	[CHANGE_GLOBAL] = { RULE_BBM_GLOBAL,
			    "a global entry was written over a valid one that is not",
			    "a global entry was made while one that is not may be held" },
	[CHANGE_CONTIGUOUS] = { RULE_BBM_CONTIGUOUS,
				"the contiguous hint changed in valid entries",
				"the contiguous hint was changed while the group as it was may be held" },
};

static void report_change(struct checker *c, struct ghost *g,
			  enum change change, const struct protocol_event *e)
{
	struct mark mark;
	struct finding *f;
	bool is_new;

	if (g->when != e->number) {
		judge_held(c, g, e, changes[change].incomplete);
		return;
	}
	mark = checker_mark(c, e);
	f = findings_add(c, changes[change].rule, mark.source, e, &is_new);
	if (!f)
		return;
	if (is_new)
		describe(c, f, g, changes[change].direct,
			 "write it invalid; DSB ISHST; TLBI; DSB ISH; then the new entry; DSB ISHST");
	g->finding = (uint32_t)(f - c->finding) + 1;
}

void judge_made(struct checker *c, const struct table_node *node,
		uint32_t index, const struct protocol_event *e)
{
	const struct geometry *geometry = &node->tree->geometry;
	unsigned int group = level_lsb(geometry, node->level) +
			     group_lg2(geometry, node->level);
	uint64_t input = node_input(node, index);
	struct hold_query q = {
		.base = node->tree->root.base,
		.vmid = node->tree->root.vmid,
		.first = align_down(input, group),
		.last = align_down(input, group) + BIT(group) - 1,
	};
	struct ghost *g = hold_first(&c->hold, &q);

	while (g) {
		struct ghost *next = hold_next(&c->hold, &q);
		enum change change = CHANGE_NONE;

		if (tags_meet(g, node, node->page->word[index]))
			change = compare(c, g, node, index);
		if (change == CHANGE_SAME)
			hold_drop(&c->hold, g);
		else if (change != CHANGE_NONE && !g->finding)
			report_change(c, g, change, e);
		g = next;
	}
}
