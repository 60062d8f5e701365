/* SPDX-License-Identifier: BSD-2-Clause */
/* From a finding to what hardware did, told and executed. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/explore/concrete.h"
#include "sim/explore/state.h"

#define CHAIN_MAX 64

struct chain {
	uint32_t fill[CHAIN_MAX]; /* in the order they happened */
	size_t fills;
	struct concrete_action action[CHAIN_MAX + 1];
	size_t actions;
};

/* ---- the actions */

static void chain_add(struct chain *c, const struct explore *x, uint32_t fill)
{
	size_t at;

	if (fill == 0)
		return;
	chain_add(c, x, x->fill[fill].from);
	for (at = 0; at < c->fills; at++)
		if (c->fill[at] == fill)
			return;
	if (c->fills == CHAIN_MAX)
		return;
	for (at = c->fills++; at > 0 && c->fill[at - 1] > fill; at--)
		c->fill[at] = c->fill[at - 1];
	c->fill[at] = fill;
}

static int chain_find(const struct chain *c, uint32_t fill)
{
	for (size_t i = 0; i < c->fills; i++)
		if (fill != 0 && c->fill[i] == fill)
			return (int)i;
	return -1;
}

static struct concrete_action read_action(const struct explore *x,
					  uint32_t node, uint32_t index,
					  uint32_t version)
{
	const struct node *n = &x->node[node];
	const struct version *v = &x->memory.version[version];

	return (struct concrete_action){
		.step = x->step, .address = n->address + index * 8u,
		.input = node_input(x, n, index), .level = n->level,
		.wrote = v->step, .arbitrary = v->arbitrary,
	};
}

static void chain_actions(struct chain *c, const struct explore *x)
{
	const struct candidate *best = &x->best;

	for (size_t i = 0; i < c->fills; i++) {
		const struct fill *f = &x->fill[c->fill[i]];
		const struct hold *h = &x->hold[f->hold];
		struct concrete_action a =
			read_action(x, h->node, h->index, h->version);

		a.step = f->step;
		a.from = chain_find(c, f->from);
		a.repeat = f->from != 0 && x->fill[f->from].hold == f->hold;
		a.combined = f->class == HOLD_COMBINED;
		a.group = h->entry.group;
		a.cached = true;
		c->action[c->actions++] = a;
	}
	if (best->node == 0 || best->finding == EXPLORE_FREED)
		return;
	c->action[c->actions] =
		read_action(x, best->node, best->index, best->version);
	c->action[c->actions++].from = chain_find(c, best->fill[0]);
}

/* Must `a` be read before `b`, of the same step? What is older comes first: a
 * store that was seen stays seen, and a line that was evicted. */
static bool reads_before(const struct explore *x,
			 const struct concrete_action *a,
			 const struct concrete_action *b)
{
	const uint64_t unit =
		x->in->observer[x->best.observer].noncoherent
			? x->in->line_bytes
			: 8;

	return a->step == b->step && !a->repeat && !b->repeat &&
	       a->address / unit == b->address / unit && a->wrote < b->wrote;
}

/* The place of each action when older reads come first, sources before all. */
static void chain_order(struct chain *c, const struct explore *x)
{
	struct concrete_action ordered[CHAIN_MAX + 1];
	int place[CHAIN_MAX + 1];
	size_t done = 0, i, k;

	for (i = 0; i < c->actions; i++)
		place[i] = -1;
	while (done < c->actions) {
		size_t pick = c->actions;

		for (i = 0; i < c->actions; i++) {
			const struct concrete_action *a = &c->action[i];

			if (place[i] >= 0 ||
			    (a->from >= 0 && place[a->from] < 0))
				continue;
			for (k = 0; k < c->actions; k++)
				if (place[k] < 0 && k != i &&
				    (c->action[k].step < a->step ||
				     reads_before(x, &c->action[k], a)))
					break;
			if (pick == c->actions || k == c->actions)
				pick = i;
			if (k == c->actions)
				break;
		}
		ordered[done] = c->action[pick];
		if (ordered[done].from >= 0)
			ordered[done].from = place[ordered[done].from];
		place[pick] = (int)done++;
	}
	memcpy(c->action, ordered, done * sizeof(ordered[0]));
}

/* The newest store to the action's word by then. */
static uint32_t newest_by(struct explore *x, const struct concrete_action *a,
			  uint32_t step)
{
	const struct slot *slot = explore_memory_slot(&x->memory, a->address);

	for (uint32_t v = slot->newest; v > VERSION_ARBITRARY;
	     v = x->memory.version[v].older)
		if (x->memory.version[v].step <= step)
			return x->memory.version[v].step;
	return 0;
}

/* Pointers that can be read when they are wanted need not be cached before:
 * between, other walks may want to see something older. */
static void chain_delay(struct chain *c, struct explore *x)
{
	for (size_t i = c->actions; i-- > 0;) {
		struct concrete_action *a = &c->action[i];
		uint32_t wanted = UINT32_MAX;

		for (size_t k = 0; k < c->actions; k++)
			if (c->action[k].from == (int)i &&
			    c->action[k].step < wanted)
				wanted = c->action[k].step;
		if (wanted != UINT32_MAX && !a->arbitrary &&
		    newest_by(x, a, wanted) == a->wrote)
			a->step = wanted;
	}
}

/* ---- the story */

static struct explore_line *line_new(struct explore_result *r, uint32_t step,
				     const char *who)
{
	struct explore_line *more =
		realloc(r->line, (r->lines + 1) * sizeof(*more));

	if (!more)
		return NULL;
	r->line = more;
	more[r->lines] = (struct explore_line){ .step = step, .who = who };
	return &more[r->lines++];
}

static void say(struct explore_result *r, uint32_t step, const char *who,
		const char *format, ...) __attribute__((format(printf, 4, 5)));
static void say(struct explore_result *r, uint32_t step, const char *who,
		const char *format, ...)
{
	struct explore_line *line = line_new(r, step, who);
	va_list args;

	if (!line)
		return;
	va_start(args, format);
	vsnprintf(line->text, sizeof(line->text), format, args);
	va_end(args);
}

/* The node that reads a word, if a walk ever came there. */
static const struct node *node_of(struct explore *x, uint64_t address)
{
	const struct page *page = explore_memory_page(&x->memory, address);

	return page && page->node ? &x->node[page->node] : NULL;
}

static void describe_value(struct explore *x, const struct node *n,
			   uint64_t value, char *out, size_t bytes)
{
	struct entry e;

	if (!n) {
		snprintf(out, bytes, "0x%" PRIx64, value);
		return;
	}
	e = node_read(x, n, value);
	if (e.kind == ENTRY_INVALID)
		snprintf(out, bytes, value ? "invalid (0x%" PRIx64 ")"
					   : "invalid",
			 value);
	else
		snprintf(out, bytes, "%s 0x%" PRIx64 "%s%s%s",
			 e.kind == ENTRY_TABLE ? "table"
			 : n->level == entry_last_level(&x->in->space) ? "page" : "block",
			 e.address,
			 e.kind == ENTRY_LEAF
				 ? entry_rights_name(&x->in->space,
						     e.permissions)
				 : "",
			 e.hint ? " contiguous" : "",
			 e.no_tlb ? " nT" : "");
}

static void describe_word(struct explore *x, uint64_t address, char *out,
			  size_t bytes)
{
	const struct node *n = node_of(x, address);
	const uint64_t mask = BIT(x->in->space.granule_lg2) - 1;

	if (n)
		snprintf(out, bytes, "level %u table 0x%" PRIx64 " [%" PRIu64 "]",
			 entry_level_name(&x->in->space, n->level),
			 address & ~mask, (address & mask) >> 3);
	else
		snprintf(out, bytes, "table 0x%" PRIx64 " [%" PRIu64 "]",
			 address & ~mask, (address & mask) >> 3);
}

static void tell_tlbi(struct explore_result *r, uint32_t step,
		      const struct protocol_tlbi *t)
{
	if (t->by == PROTOCOL_BY_ADDRESS)
		say(r, step, "software",
		    "TLBI %s [0x%" PRIx64 ", 0x%" PRIx64 "]%s",
		    t->name ? t->name : "?", t->first, t->last,
		    t->broadcast ? "" : ", this CPU alone");
	else
		say(r, step, "software", "TLBI %s%s", t->name ? t->name : "?",
		    t->broadcast ? "" : ", this CPU alone");
}

static void tell_iotlb(struct explore_result *r, uint32_t step,
		       const struct protocol_iotlb *t)
{
	if (t->all)
		say(r, step, "software", "invalidate IOTLB, domain %u", t->did);
	else
		say(r, step, "software",
		    "invalidate IOTLB [0x%" PRIx64 ", 0x%" PRIx64 "]%s",
		    t->first, t->last, t->leaf_only ? ", leaves alone" : "");
}

static void tell_one(struct explore *x, struct explore_result *r, uint32_t step)
{
	static const char *const domain[] = { "NSH", "ISH", "SY" };
	const struct protocol_event *e = &x->in->event[step - 1];
	char word[80], value[80];

	switch (e->kind) {
	case PROTOCOL_WRITE:
		describe_word(x, e->address, word, sizeof(word));
		describe_value(x, node_of(x, e->address), e->now, value,
			       sizeof(value));
		say(r, step, "software", "write %s = %s", word, value);
		break;
	case PROTOCOL_CLEAN:
		describe_word(x, e->address, word, sizeof(word));
		say(r, step, "software", "clean %s", word);
		break;
	case PROTOCOL_BARRIER:
		if (x->in->space.format == ENTRY_VTD_SS)
			say(r, step, "software", "barrier");
		else if (e->barrier == PROTOCOL_DSB)
			say(r, step, "software", "DSB %s%s", domain[e->domain],
			    e->access == PROTOCOL_STORES ? "ST" : "");
		break;
	case PROTOCOL_TLBI:
		tell_tlbi(r, step, &e->tlbi);
		break;
	case PROTOCOL_IOTLB:
		tell_iotlb(r, step, &e->iotlb);
		break;
	case PROTOCOL_IOTLB_WAIT:
		say(r, step, "software", "wait for the invalidations");
		break;
	case PROTOCOL_WRITE_BUFFER:
		say(r, step, "software", "flush the write buffer");
		break;
	case PROTOCOL_TABLE_ALLOC:
	case PROTOCOL_TABLE_FREE:
		say(r, step, "software", "%s table 0x%" PRIx64,
		    e->kind == PROTOCOL_TABLE_FREE ? "free" : "allocate",
		    e->address);
		break;
	default:
		break;
	}
}

static bool acts_at(const struct chain *c, uint32_t step)
{
	for (size_t i = 0; i < c->actions; i++)
		if (c->action[i].step == step || c->action[i].wrote == step)
			return true;
	return false;
}

/* How many steps from `step` on are told as one: alike, and nobody cares. */
static uint32_t run_length(struct explore *x, const struct chain *c,
			   uint32_t step)
{
	const struct protocol_event *e = &x->in->event[step - 1];
	const unsigned int lg2 = x->in->space.granule_lg2;
	uint32_t n = 0;

	while (step + n <= x->step && !acts_at(c, step + n)) {
		const struct protocol_event *f = &x->in->event[step + n - 1];

		if (f->kind != e->kind)
			break;
		if (e->kind == PROTOCOL_TLBI ? f->tlbi.name != e->tlbi.name
		    : e->kind != PROTOCOL_IOTLB &&
			    f->address >> lg2 != e->address >> lg2)
			break;
		n++;
	}
	return n;
}

static bool told_in_runs(enum protocol_kind kind)
{
	return kind == PROTOCOL_WRITE || kind == PROTOCOL_CLEAN ||
	       kind == PROTOCOL_TLBI || kind == PROTOCOL_IOTLB;
}

/* Tells a step, or several; returns the last it told. */
static uint32_t tell_software(struct explore *x, struct explore_result *r,
			      const struct chain *c, uint32_t step)
{
	const struct protocol_event *e = &x->in->event[step - 1];
	const uint32_t run =
		told_in_runs(e->kind) ? run_length(x, c, step) : 0;

	if (run < 4) {
		tell_one(x, r, step);
		return step;
	}
	tell_one(x, r, step);
	say(r, step + run - 2, "software", "... %u more like it", run - 2);
	tell_one(x, r, step + run - 1);
	return step + run - 1;
}

static void tell_action(struct explore *x, struct explore_result *r,
			const struct concrete_action *a)
{
	const char *who = x->in->observer[x->best.observer].name;
	const struct slot *slot = explore_memory_slot(&x->memory, a->address);
	uint64_t value = 0;
	uint32_t newest = 0;
	char word[80], text[80];

	describe_word(x, a->address, word, sizeof(word));
	if (a->repeat) {
		say(r, a->step, who,
		    "makes a combined entry of its stage-2 entry for 0x%" PRIx64,
		    a->input);
		return;
	}
	if (a->arbitrary) {
		say(r, a->step, who, "walks on: %s is anything by now", word);
		return;
	}
	for (uint32_t v = slot->newest; v > VERSION_ARBITRARY;
	     v = x->memory.version[v].older) {
		if (x->memory.version[v].step <= a->step &&
		    x->memory.version[v].step > newest)
			newest = x->memory.version[v].step;
		if (x->memory.version[v].step == a->wrote)
			value = x->memory.version[v].value;
	}
	describe_value(x, node_of(x, a->address), value, text, sizeof(text));
	say(r, a->step, who, "reads %s: %s%s%s%s", word, text,
	    a->wrote == newest ? "" : ", not the newest store",
	    !a->cached ? "; used at once"
	    : a->group ? "; caches its group"
		       : "; caches it",
	    a->combined ? ", stages combined" : "");
}

static void tell(struct explore *x, struct explore_result *r,
		 const struct chain *c)
{
	for (uint32_t step = 0; step <= x->step; step++) {
		if (step > 0)
			step = tell_software(x, r, c, step);
		for (size_t i = 0; i < c->actions; i++)
			if (c->action[i].step == step)
				tell_action(x, r, &c->action[i]);
	}
}

void witness_make(struct explore *x, struct explore_result *result)
{
	const struct candidate *best = &x->best;
	struct chain c = { .fills = 0 };
	struct concrete run = {
		.in = x->in, .observer = best->observer, .action = c.action,
		.finding = best->finding, .step = x->step, .call = x->call,
		.input = best->input,
	};

	chain_add(&c, x, best->fill[0]);
	chain_add(&c, x, best->fill[1]);
	chain_actions(&c, x);
	chain_order(&c, x);
	run.actions = c.actions;
	if (best->finding == EXPLORE_FREED)
		run.freed = x->node[best->node].address;
	result->finding = best->finding;
	result->step = x->step;
	result->call = x->call;
	result->observer = best->observer;
	result->input = best->input;
	snprintf(result->text, sizeof(result->text), "%s", best->text);
	result->undecided = concrete_execute(&run);
	if (result->undecided) {
		struct chain late = c;

		chain_delay(&late, x);
		chain_order(&late, x);
		run.action = late.action;
		if (!concrete_execute(&run)) {
			result->undecided = NULL;
			c = late;
		}
	}
	tell(x, result, &c);
	result->verdict = result->undecided ? EXPLORE_UNDECIDED : EXPLORE_WRONG;
}
