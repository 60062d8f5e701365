/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Base registers: who walks which tree, and which trees a CPU has left and may
 * still hold entries of. A TLB tells entries apart by regime, VMID and ASID,
 * not by the table that they came from: DDI0487 L.b D8.17, RNWYRD.
 *
 * Leaving a tree drops nothing. An access tells that the change was meant to
 * be over: if the tree of before translates its address otherwise, under the
 * same tag, and no TLBI came between, either translation may be used.
 */
#include <stdio.h>
#include <stdlib.h>

#include "sim/check/state.h"

/* Beyond so many on one CPU the oldest is forgotten. */
#define FORMERS_MAX 1024

/* ---- trees that were left ---- */

static void former_delete(struct checker_cpu *cpu, size_t i)
{
	cpu->former[i].tree->formers--;
	cpu->formers--;
	for (; i < cpu->formers; i++)
		cpu->former[i] = cpu->former[i + 1];
}

static void former_forget(struct checker_cpu *cpu, const struct table_tree *tree)
{
	for (size_t i = cpu->formers; i-- > 0;)
		if (cpu->former[i].tree == tree)
			former_delete(cpu, i);
}

static void former_add(struct checker *c, struct checker_cpu *cpu,
		       struct former former)
{
	if (cpu->formers == FORMERS_MAX) {
		c->not_judged[NOT_JUDGED_FORMERS] = true;
		former_delete(cpu, 0);
	}
	if (cpu->formers == cpu->former_room) {
		size_t room = cpu->former_room ? cpu->former_room * 2 : 16;
		struct former *more =
			realloc(cpu->former, room * sizeof(*more));

		if (!more) {
			c->not_judged[NOT_JUDGED_MEMORY] = true;
			return;
		}
		cpu->former = more;
		cpu->former_room = room;
	}
	former.tree->formers++;
	cpu->former[cpu->formers++] = former;
}

/* May a look-up in `tree` match an entry of `former`? */
static bool tags_meet(const struct table_tree *former,
		      const struct table_tree *tree)
{
	return former->root.base == tree->root.base &&
	       former->root.vmid == tree->root.vmid &&
	       (former->geometry.stage2 || former->globals ||
		former->root.asid == tree->root.asid);
}

static void find_rivals(struct checker *c, unsigned int number)
{
	struct checker_cpu *cpu = &c->cpu[number];

	cpu->rivals = 0;
	for (size_t i = 0; i < cpu->formers; i++) {
		const struct table_tree *former = cpu->former[i].tree;
		const struct table_tree *tree =
			cpu->installed[former->root.base];

		if (tree && tags_meet(former, tree))
			cpu->rivals |= 1u << former->root.base;
	}
	context_watch(c, number);
}

/* ---- writes ---- */

static void changed(struct checker *c, const struct protocol_event *e,
		    struct table_tree *old, const struct table_tree *new)
{
	struct checker_cpu *cpu = &c->cpu[e->cpu];
	const bool stage2 = e->root.base == PROTOCOL_VTTBR;
	const struct mark mark = checker_mark(c, e);

	if (new)
		former_forget(cpu, new);
	/* The way back into the guest synchronises what EL2 wrote. */
	if (old)
		former_add(c, cpu,
			   (struct former){ old, mark,
					    stage2 ? e->number : 0 });
	if (!stage2)
		context_written(c, e, 1u << e->root.base);
	find_rivals(c, e->cpu);
}

void event_root(struct checker *c, const struct protocol_event *e)
{
	struct table_tree **at = &c->cpu[e->cpu].installed[e->root.base];
	struct table_tree *tree = NULL, *old = *at;

	if (e->root.on && c->config.discipline)
		discipline_root(c, e);
	if (e->root.on)
		tree = tables_tree(&c->tables, &e->root);
	if (old)
		old->installed &= ~BIT(e->cpu);
	*at = tree;
	if (tree != old && !c->config.discipline)
		changed(c, e, old, tree);
	if (!tree)
		return;
	tree->installed |= BIT(e->cpu);
	if (c->config.discipline && !tree->users)
		discipline_tree(c, tree, e);
	tree->users |= BIT(e->cpu);
	if (e->root.used_elsewhere)
		tree->users |= BIT(CHECKER_ELSEWHERE);
	tree->root.noncoherent |= e->root.noncoherent;
	if (!tree->geometry.stage2 && !e->el2) {
		c->not_judged[NOT_JUDGED_GUEST_ORDER] = true;
		c->not_judged[NOT_JUDGED_GUEST_BARRIERS] = true;
	}
}

/* ---- TLBIs ---- */

bool root_tlbi_is_whole(const struct protocol_tlbi *t,
			const struct table_tree *tree)
{
	if (t->last_level || t->by == PROTOCOL_BY_ADDRESS ||
	    t->el2 != (tree->root.base == PROTOCOL_TTBR_EL2) ||
	    (!t->any_vmid && t->vmid != tree->root.vmid))
		return false;
	if (tree->geometry.stage2)
		return t->stage1 && t->stage2;
	return t->stage1 && (t->by == PROTOCOL_BY_ALL ||
			     (t->asid == tree->root.asid && !tree->globals));
}

void root_complete(struct checker *c, unsigned int number,
		   const struct tlbi_entry *t)
{
	struct checker_cpu *cpu = &c->cpu[number];

	for (size_t i = cpu->formers; i-- > 0;) {
		const struct former *f = &cpu->former[i];

		if (f->synchronised && f->synchronised < t->issued &&
		    root_tlbi_is_whole(&t->tlbi, f->tree))
			former_delete(cpu, i);
	}
	find_rivals(c, number);
}

/* ---- accesses ---- */

static bool translate_alike(const struct table_node *a, uint32_t i,
			    const struct table_node *b, uint32_t j)
{
	const struct geometry *g = &a->tree->geometry;
	const struct geometry *h = &b->tree->geometry;

	return a->level == b->level && g->granule_lg2 == h->granule_lg2 &&
	       entry_meaning(g, a->page->word[i], a->level) ==
		       entry_meaning(h, b->page->word[j], b->level);
}

bool root_differ(const struct checker *c, const struct table_tree *former,
		 const struct table_tree *tree, uint64_t input)
{
	uint32_t i, j;
	const struct table_node *a =
		tables_lookup(&c->tables, former, input, &i);
	const struct table_node *b = tables_lookup(&c->tables, tree, input, &j);

	return a && b && !translate_alike(a, i, b, j);
}

struct ghost root_ghost(const struct table_node *node, uint32_t index,
			unsigned int cpu, struct mark mark,
			uint64_t synchronised)
{
	const struct geometry *g = &node->tree->geometry;
	uint64_t pte = node->page->word[index];

	return (struct ghost){
		.geometry = *g,
		.base = node->tree->root.base,
		.vmid = node->tree->root.vmid,
		.asid = node->tree->root.asid,
		.global = g->stage2 || !(pte & ENTRY_NG),
		.level = node->level,
		.first = node_input(node, index),
		.last = node_input(node, index) + node_span(node) - 1,
		.value = pte,
		.page = node->page,
		.address = node->page->address + index * 8,
		.target = entry_address(g, pte, level_lsb(g, node->level)),
		.birth = node->page->birth[index],
		.replaced = mark,
		.when = mark.number,
		.visible = synchronised,
		.alone = g->stage2 ? BIT(cpu) : 0,
		.combined = BIT(cpu),
	};
}

bool root_dropped(const struct checker *c, const struct ghost *g,
		  unsigned int cpu, uint64_t since)
{
	uint64_t oldest = c->logged > TLBI_LOG ? c->logged - TLBI_LOG : 0;

	for (uint64_t i = c->logged; i-- > oldest;) {
		const struct tlbi_entry *t = &c->log[i % TLBI_LOG];

		if (t->issued <= since)
			return false;
		if (t->complete && (t->tlbi.broadcast || t->cpu == cpu) &&
		    hold_scope(g, &t->tlbi) == HOLD_DROPS)
			return true;
	}
	/* More TLBIs than are kept: one of them may have. */
	return oldest != 0;
}

static void report_former(struct checker *c, const struct former *f,
			  struct ghost *g, const struct table_tree *tree,
			  uint64_t input, uint64_t output,
			  const struct protocol_event *e)
{
	const struct table_node *node;
	uint32_t index;
	const bool early = root_dropped(c, g, e->cpu, f->mark.number);
	bool is_new;
	struct finding *finding = findings_add(c, RULE_BASE_CHANGED,
					       f->mark.source, e, &is_new);

	if (!finding || !is_new)
		return;
	finding_describe_ghost(c, finding, g);
	node = tables_lookup(&c->tables, tree, input, &index);
	finding->now = node->page->word[index];
	finding_note_use(c, finding, e, output == g->target + (input - g->first));
	snprintf(finding->detail, sizeof(finding->detail), "%s",
		 early ? "the TLBI came before the write was synchronised: walks of the old table could go on"
		       : "an access came while the old table's entry may be held");
	snprintf(finding->missing, sizeof(finding->missing), "%s",
		 early		     ? "ISB between the write and the TLBI"
		 : g->geometry.stage2 ? "TLBI VMALLS12E1IS, DSB ISH, ISB after the write; or another VMID"
				     : "ISB; TLBI ASIDE1IS (VMALLE1IS for global entries), DSB ISH, ISB after the write; or another ASID");
}

static bool judge_former(struct checker *c, const struct former *f,
			 const struct table_tree *tree, uint64_t input,
			 uint64_t output, const struct protocol_event *e)
{
	struct table_node *node;
	struct ghost g;
	uint32_t index;

	if (!f->synchronised || f->tree->root.base != tree->root.base ||
	    !tags_meet(f->tree, tree) ||
	    !root_differ(c, f->tree, tree, input))
		return false;
	node = tables_lookup(&c->tables, f->tree, input, &index);
	g = root_ghost(node, index, e->cpu, f->mark, f->synchronised);
	if ((!g.global && g.asid != tree->root.asid) ||
	    root_dropped(c, &g, e->cpu, f->synchronised))
		return false;
	report_former(c, f, &g, tree, input, output, e);
	return true;
}

void root_use(struct checker *c, const struct table_tree *tree, uint64_t input,
	      uint64_t output, const struct protocol_event *e)
{
	struct checker_cpu *cpu = &c->cpu[e->cpu];

	if (!(cpu->rivals & 1u << tree->root.base))
		return;
	for (size_t i = cpu->formers; i-- > 0;) {
		if (!judge_former(c, &cpu->former[i], tree, input, output, e))
			continue;
		former_delete(cpu, i);
		find_rivals(c, e->cpu);
	}
}
