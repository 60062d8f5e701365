/* SPDX-License-Identifier: BSD-2-Clause */
/* Cleans, barriers and TLBIs, and what they complete. DDI0487 L.b D7.5.9,
 * D8.17. */
#include <stdlib.h>

#include "sim/check/state.h"

/* ---- cleans and barriers ---- */

void event_clean(struct checker *c, const struct protocol_event *e)
{
	uint64_t at = align_down(e->address, 3), end = e->address + e->bytes;
	bool needed = false;

	c->costs.cleans++;
	for (; at < end; at += 8) {
		struct table_page *page = checker_page_of(c, e, at, false);
		uint32_t index;

		if (!page)
			continue;
		index = (uint32_t)((at - page->address) / 8);
		if (!bit_get(page->unclean, index))
			continue;
		bit_put(page->unclean, index, false);
		bit_put(page->absent, index, false);
		bit_put(page->cleaned, index, true);
		needed = needed ||
			 (page->node && page->node->tree->root.noncoherent);
		c->cpu[e->cpu].has_cleaned = true;
	}
	c->costs.needless_cleans += !needed;
}

/* Nobody walks the tree any more, and all that was cached of it is gone. */
static bool is_dead(const struct checker *c, const struct table_tree *tree,
		    const struct protocol_tlbi *t, uint64_t issued)
{
	const bool device = tree->root.base == PROTOCOL_DEVICE;

	if (tree->installed || tree->formers || !root_tlbi_is_whole(t, tree))
		return false;
	return device ? tree->users == BIT(t->unit) &&
				!config_leads_to(c, tree, issued)
		      : t->broadcast;
}

static void drop_dead(struct checker *c, const struct protocol_tlbi *t,
		      uint64_t issued)
{
	for (struct table_tree *tree = c->tables.tree, *next; tree;
	     tree = next) {
		next = tree->next;
		if (is_dead(c, tree, t, issued))
			tables_drop_tree(&c->tables, tree);
	}
}

void maintain_complete(struct checker *c, unsigned int observer,
		       const struct protocol_event *e)
{
	struct checker_cpu *cpu = &c->cpu[observer];
	size_t kept = 0;

	for (size_t i = 0; i < cpu->pendings; i++) {
		struct tlbi_entry *t = &cpu->pending[i];

		if (t->tlbi.broadcast && e->domain == PROTOCOL_NSH) {
			cpu->pending[kept++] = *t;
			continue;
		}
		hold_tlbi(&c->hold, &t->tlbi, t->cpu, t->issued, e->number);
		context_complete(c, t);
		if (!c->config.discipline)
			drop_dead(c, &t->tlbi, t->issued);
	}
	cpu->pendings = kept;
	for (uint64_t i = c->logged, n = 0; i-- > 0 && n < TLBI_LOG; n++) {
		struct tlbi_entry *t = &c->log[i % TLBI_LOG];

		if (t->cpu == observer && !t->complete &&
		    (!t->tlbi.broadcast || e->domain != PROTOCOL_NSH))
			t->complete = e->number;
	}
}

static void forget_cleaned(struct checker *c, unsigned int cpu)
{
	size_t kept = 0;

	if (!c->cpu[cpu].has_cleaned)
		return;
	c->cpu[cpu].has_cleaned = false;
	for (size_t i = 0; i < c->uncleaned.count; i++) {
		struct word_ref *w = &c->uncleaned.item[i];

		bit_put(w->page->cleaned, w->index, false);
		if (bit_get(w->page->unclean, w->index))
			c->uncleaned.item[kept++] = *w;
	}
	c->uncleaned.count = kept;
}

void event_barrier(struct checker *c, const struct protocol_event *e)
{
	struct checker_cpu *cpu = &c->cpu[e->cpu];
	bool alone = e->domain == PROTOCOL_NSH && c->config.cpus > 1;

	c->costs.barriers++;
	if (e->barrier == PROTOCOL_ISB)
		event_context(c, e);
	if (e->barrier == PROTOCOL_ISB || e->access == PROTOCOL_LOADS)
		return;
	cpu->barriers++;
	if (e->barrier == PROTOCOL_DMB)
		return;
	discipline_barrier(c, e->cpu);
	if (!cpu->pendings && !cpu->has_made && !cpu->has_cleaned &&
	    !c->hold.unseen[e->cpu])
		c->costs.needless_barriers++;
	/* Of the other CPUs' walks a DSB NSH says nothing. */
	if (!alone) {
		forget_cleaned(c, e->cpu);
		hold_synchronise(&c->hold, e->cpu, e->number);
		cpu->has_made = false;
	}
	config_barrier(c, e);
	if (e->access == PROTOCOL_ALL && cpu->pendings)
		maintain_complete(c, e->cpu, e);
}

/* ---- TLBI ---- */

void maintain_issue(struct checker *c, const struct protocol_event *e,
		    unsigned int observer)
{
	struct checker_cpu *cpu = &c->cpu[observer];
	struct tlbi_entry t = { .tlbi = e->tlbi,
				.issued = e->number,
				.cpu = (uint8_t)observer,
				.el2 = e->el2,
				.source = checker_mark(c, e).source };

	c->costs.tlbis++;
	c->costs.needless_tlbis +=
		!hold_tlbi_is_needed(&c->hold, &e->tlbi, observer) &&
		!context_tlbi_is_needed(c, &e->tlbi, observer);
	c->log[c->logged++ % TLBI_LOG] = t;
	if (cpu->pendings == cpu->pending_room) {
		size_t room = cpu->pending_room ? cpu->pending_room * 2 : 16;
		struct tlbi_entry *more =
			realloc(cpu->pending, room * sizeof(*more));

		if (!more) {
			c->not_judged[NOT_JUDGED_MEMORY] = true;
			return;
		}
		cpu->pending = more;
		cpu->pending_room = room;
	}
	cpu->pending[cpu->pendings++] = t;
}

void event_tlbi(struct checker *c, const struct protocol_event *e)
{
	if (c->config.discipline && e->tlbi.el2 && e->tlbi.asid)
		checker_report(c, RULE_EL2_ASID, NULL, 0, e,
			       "a TLBI of EL2 was given an ASID",
			       "bits 63:48 of the operand zero");
	maintain_issue(c, e, e->cpu);
}
