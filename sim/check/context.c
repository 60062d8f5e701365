/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System registers that translation depends on. A write has to be synchronised
 * (ISB, exception, return from one) before what follows may count on it:
 * DDI0487 L.b D24.1.2.2. Of some fields TLBs may hold copies; after these
 * changed, what was translated with them has to be invalidated: D8.17, RVNRFW.
 */
#include <stdio.h>

#include "sim/check/state.h"

#define STAGE1_BASES (1u << PROTOCOL_TTBR0 | 1u << PROTOCOL_TTBR1)

static bool stage1_is_on(const struct checker_cpu *cpu)
{
	return cpu->installed[PROTOCOL_TTBR0] || cpu->installed[PROTOCOL_TTBR1];
}

void context_watch(struct checker *c, unsigned int number)
{
	const struct checker_cpu *cpu = &c->cpu[number];
	bool watched = cpu->rivals || cpu->controls || cpu->unsynchronised;

	c->watched = (c->watched & ~BIT(number)) | (uint64_t)watched << number;
}

/* ---- writes ---- */

void context_written(struct checker *c, const struct protocol_event *e,
		     unsigned int bases)
{
	struct checker_cpu *cpu = &c->cpu[e->cpu];

	if (!cpu->unsynchronised)
		cpu->written = checker_mark(c, e);
	cpu->unsynchronised |= bases;
	c->unsynchronised |= BIT(e->cpu);
	if (stage1_is_on(cpu))
		cpu->translated = true;
	else
		cpu->off_since = e->number;
	context_watch(c, e->cpu);
}

void event_control(struct checker *c, const struct protocol_event *e)
{
	struct checker_cpu *cpu = &c->cpu[e->cpu];

	/* Nothing was ever translated, so that nothing is held. */
	if (!cpu->translated)
		return;
	if (cpu->controls == CONTROLS_MAX) {
		c->not_judged[NOT_JUDGED_FORMERS] = true;
		return;
	}
	cpu->control[cpu->controls++] =
		(struct control){ e->control, checker_mark(c, e), 0 };
	c->unsynchronised |= BIT(e->cpu);
	context_watch(c, e->cpu);
}

void event_context(struct checker *c, const struct protocol_event *e)
{
	struct checker_cpu *cpu = &c->cpu[e->cpu];

	if (!(c->unsynchronised >> e->cpu & 1))
		return;
	c->unsynchronised &= ~BIT(e->cpu);
	cpu->unsynchronised = 0;
	for (size_t i = 0; i < cpu->formers; i++)
		if (!cpu->former[i].synchronised)
			cpu->former[i].synchronised = e->number;
	for (unsigned int i = 0; i < cpu->controls; i++)
		if (!cpu->control[i].synchronised)
			cpu->control[i].synchronised = e->number;
	context_watch(c, e->cpu);
}

/* ---- TLBIs ---- */

static bool drops_all(const struct protocol_tlbi *t)
{
	return t->stage1 && !t->el2 && t->by == PROTOCOL_BY_ALL;
}

static void complete_on(struct checker *c, unsigned int number,
			const struct tlbi_entry *t)
{
	struct checker_cpu *cpu = &c->cpu[number];
	unsigned int kept = 0;

	root_complete(c, number, t);
	for (unsigned int i = 0; i < cpu->controls; i++)
		if (!cpu->control[i].synchronised ||
		    cpu->control[i].synchronised >= t->issued ||
		    !drops_all(&t->tlbi))
			cpu->control[kept++] = cpu->control[i];
	cpu->controls = kept;
	if (drops_all(&t->tlbi) && !stage1_is_on(cpu) &&
	    cpu->off_since < t->issued)
		cpu->translated = false;
	context_watch(c, number);
}

void context_complete(struct checker *c, const struct tlbi_entry *t)
{
	for (unsigned int i = 0; i < c->config.cpus; i++)
		if (t->tlbi.broadcast || i == t->cpu)
			complete_on(c, i, t);
}

bool context_tlbi_is_needed(const struct checker *c,
			    const struct protocol_tlbi *t, unsigned int cpu)
{
	for (unsigned int i = 0; i < c->config.cpus; i++)
		if ((t->broadcast || i == cpu) &&
		    (c->cpu[i].formers || c->cpu[i].controls))
			return true;
	return false;
}

/* ---- accesses ---- */

/* The tree that this write made a former one, if there was any. */
static const struct table_tree *left_by(const struct checker_cpu *cpu,
					enum protocol_base base)
{
	for (size_t i = cpu->formers; i-- > 0;)
		if (!cpu->former[i].synchronised &&
		    cpu->former[i].tree->root.base == base)
			return cpu->former[i].tree;
	return NULL;
}

static void describe_unsynchronised(struct checker *c, struct finding *f,
				    const struct table_tree *left,
				    const struct table_node *now,
				    uint32_t index, uint64_t input,
				    const struct protocol_event *e)
{
	const struct mark written = c->cpu[e->cpu].written;
	struct ghost g = root_ghost(now, index, e->cpu, written, 0);
	struct table_node *node;
	uint32_t at;

	node = left ? tables_lookup(&c->tables, left, input, &at) : NULL;
	if (node)
		g = root_ghost(node, at, e->cpu, written, 0);
	finding_describe_ghost(c, f, &g);
	f->now = now->page->word[index];
	if (!node)
		f->stale = 0;
	finding_note_use(c, f, e, false);
	snprintf(f->detail, sizeof(f->detail), "%s",
		 left ? "the access may be translated by the table of before"
		      : "the access may be one without translation");
	snprintf(f->missing, sizeof(f->missing),
		 "ISB after the write, before the access");
}

/* The next instructions are fetched either way; data show what was meant. */
static void judge_synchronised(struct checker *c, const struct table_tree *tree,
			       uint64_t input, const struct protocol_event *e)
{
	struct checker_cpu *cpu = &c->cpu[e->cpu];
	const struct table_tree *left = left_by(cpu, tree->root.base);
	struct table_node *node;
	struct finding *f;
	uint32_t index;
	bool is_new;

	if (!(cpu->unsynchronised & 1u << tree->root.base) || e->fetch ||
	    (left && !root_differ(c, left, tree, input)))
		return;
	f = findings_add(c, RULE_CONTEXT, cpu->written.source, e, &is_new);
	cpu->unsynchronised &= ~(1u << tree->root.base);
	context_watch(c, e->cpu);
	node = tables_lookup(&c->tables, tree, input, &index);
	if (f && is_new && node)
		describe_unsynchronised(c, f, left, node, index, input, e);
}

static bool touches(const struct control *control,
		    const struct table_node *node, uint32_t index)
{
	const struct protocol_control *change = &control->change;
	unsigned int attr = node->page->word[index] >> 2 & 7;

	return control->synchronised &&
	       (change->bases & 1u << node->tree->root.base) &&
	       (!change->indexes || (change->indexes >> attr & 1));
}

static void report_control(struct checker *c, const struct control *control,
			   struct ghost *g, const struct protocol_event *e)
{
	const bool early = root_dropped(c, g, e->cpu, control->mark.number);
	bool is_new;
	struct finding *f = findings_add(c, RULE_CONTROL_CACHED,
					 control->mark.source, e, &is_new);

	if (!f || !is_new)
		return;
	finding_describe_ghost(c, f, g);
	finding_note_use(c, f, e, false);
	snprintf(f->detail, sizeof(f->detail),
		 "bits 0x%llx of %s changed: %s",
		 (unsigned long long)control->change.changed,
		 control->change.name,
		 early ? "the TLBI came before the write was synchronised"
		       : "an access came while the entry may be held as it was translated before");
	snprintf(f->missing, sizeof(f->missing), "%s",
		 early ? "ISB between the write and the TLBI"
		       : "ISB; TLBI VMALLE1IS, DSB ISH, ISB after the write");
}

static void judge_controls(struct checker *c, const struct table_tree *tree,
			   uint64_t input, const struct protocol_event *e)
{
	struct checker_cpu *cpu = &c->cpu[e->cpu];
	uint32_t index;
	const struct table_node *node =
		cpu->controls && !e->fetch
			? tables_lookup(&c->tables, tree, input, &index)
			: NULL;

	for (unsigned int i = 0; node && i < cpu->controls; i++) {
		const struct control *control = &cpu->control[i];
		struct ghost g;

		if (!touches(control, node, index))
			continue;
		g = root_ghost(node, index, e->cpu, control->mark,
			       control->synchronised);
		if (root_dropped(c, &g, e->cpu, control->synchronised))
			continue;
		report_control(c, control, &g, e);
		cpu->control[i--] = cpu->control[--cpu->controls];
	}
	context_watch(c, e->cpu);
}

static void use_of(struct checker *c, enum protocol_base base, uint64_t input,
		   uint64_t output, const struct protocol_event *e)
{
	const struct table_tree *tree = c->cpu[e->cpu].installed[base];

	if (!tree)
		return;
	judge_synchronised(c, tree, input, e);
	root_use(c, tree, input, output, e);
	judge_controls(c, tree, input, e);
}

void context_use(struct checker *c, const struct protocol_event *e)
{
	if (!(c->watched >> e->cpu & 1))
		return;
	if (e->has_stage1)
		use_of(c, e->va >> 55 & 1 ? PROTOCOL_TTBR1 : PROTOCOL_TTBR0,
		       e->va, e->ipa, e);
	use_of(c, PROTOCOL_VTTBR, e->ipa, e->pa, e);
}
