/* SPDX-License-Identifier: BSD-2-Clause */
/* Accesses: translations that may be stale, and data read past the caches. */
#include <stdio.h>

#include "sim/check/state.h"

/* ---- translations ---- */

static void note_use(struct checker *c, struct ghost *g, uint64_t output,
		     uint64_t input, const struct protocol_event *e)
{
	if (!g->finding || g->table ||
	    !((g->alone | g->combined) & BIT(e->cpu)) ||
	    output != g->target + (input - g->first))
		return;
	finding_note_use(c, &c->finding[g->finding - 1], e, true);
}

/* Stage 1 has no DONE: it is an access that tells that a change was meant to
 * be over. The writer's own, once it has had its DSB; another CPU's, if the
 * writer's TLBI was over but stayed at home. */
static void use_stage1(struct checker *c, struct ghost *g,
		       const struct protocol_event *e)
{
	bool mine = g->writer == e->cpu;

	if (g->finding || g->el2 || !g->visible ||
	    !((g->alone | g->combined) & BIT(e->cpu)))
		return;
	if (!mine && judge_cause(c, g, BIT(e->cpu)).rule != RULE_TLBI_BROADCAST)
		return;
	judge_held(c, g, e, "an access came while it may be held");
}

static void use_of(struct checker *c, enum protocol_base base, uint64_t input,
		   uint64_t output, const struct protocol_event *e)
{
	const struct table_tree *tree = c->cpu[e->cpu].installed[base];
	struct hold_query q = { .base = base, .first = input, .last = input };

	if (!tree)
		return;
	q.vmid = tree->root.vmid;
	for (struct ghost *g = hold_first(&c->hold, &q); g;
	     g = hold_next(&c->hold, &q)) {
		if (!g->global && g->asid != tree->root.asid)
			continue;
		if (base != PROTOCOL_VTTBR)
			use_stage1(c, g, e);
		note_use(c, g, output, input, e);
	}
}

void event_use(struct checker *c, const struct protocol_event *e)
{
	context_use(c, e);
	if (!c->hold.count)
		return;
	if (e->has_stage1)
		use_of(c, e->va >> 55 & 1 ? PROTOCOL_TTBR1 : PROTOCOL_TTBR0,
		       e->va, e->ipa, e);
	use_of(c, PROTOCOL_VTTBR, e->ipa, e->pa, e);
}

/* ---- data past the caches ---- */

static void describe_read(struct checker *c, struct finding *f,
			  const struct protocol_read *r)
{
	const struct protocol_source writer = { .operation = "store",
						.pc = r->writer_pc };

	f->address = r->line;
	f->line_bytes = r->line_bytes;
	f->read_va = r->va;
	f->read_address = r->address;
	f->stale = r->below;
	f->now = r->above;
	f->birth_known = r->writer_known;
	if (r->writer_known) {
		f->birth_cpu = r->writer_cpu;
		f->birth_event = r->writer_event;
		f->birth = c->source[sources_get(c, &writer)];
	}
	snprintf(f->detail, sizeof(f->detail),
		 "memory has 0x%llx, the caches may have 0x%llx: whether the "
		 "line was evicted decides",
		 (unsigned long long)r->below, (unsigned long long)r->above);
	snprintf(f->missing, sizeof(f->missing),
		 "DC CVAC or CIVAC of the line (or clean by set/way, which the "
		 "hypervisor emulates), then DSB, before the caches go off");
}

void event_read(struct checker *c, const struct protocol_event *e)
{
	bool is_new;
	struct finding *f;

	if (e->read.below == e->read.above)
		return;
	f = findings_add(c, RULE_DATA_STALE, checker_mark(c, e).source, e,
			 &is_new);
	if (f && is_new)
		describe_read(c, f, &e->read);
}
