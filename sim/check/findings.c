/* SPDX-License-Identifier: BSD-2-Clause */
/* Rules by name, sources, and the list of findings. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/check/state.h"

/* Beyond this many different ones the rest is only counted as lost. */
#define FINDINGS_MAX 4096
/* Of the sources known, so many of the newest are compared with one. */
#define SOURCES_COMPARED 1024

static const struct rule_facts facts[RULES] = {
#define RULE(name, id, reference, text) { id, reference, text },
#include "sim/check/rules.def"
#undef RULE
};

const struct rule_facts *rule_facts(enum rule rule)
{
	return &facts[rule];
}

enum rule rule_by_id(const char *id)
{
	int rule = 0;

	while (rule < RULES && strcmp(facts[rule].id, id))
		rule++;
	return (enum rule)rule;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static bool same_source(const struct protocol_source *a,
			const struct protocol_source *b)
{
	return a->code == b->code && a->pc == b->pc && a->line == b->line &&
	       same_text(a->operation, b->operation) &&
	       same_text(a->file, b->file);
}

/* The same one is asked for again and again. */
uint32_t sources_get(struct checker *c, const struct protocol_source *source)
{
	uint32_t i = c->sources;
	uint32_t oldest = i > SOURCES_COMPARED ? i - SOURCES_COMPARED : 0;

	if (c->recent < c->sources &&
	    same_source(&c->source[c->recent], source))
		return c->recent;
	while (i > oldest && !same_source(&c->source[i - 1], source))
		i--;
	if (i > oldest)
		return c->recent = i - 1;
	if (c->sources == c->source_room) {
		uint32_t room = c->source_room ? c->source_room * 2 : 64;
		struct protocol_source *more =
			realloc(c->source, room * sizeof(*more));

		if (!more) {
			c->not_judged[NOT_JUDGED_MEMORY] = true;
			return 0;
		}
		c->source = more;
		c->source_room = room;
	}
	c->source[c->sources] = *source;
	return c->recent = c->sources++;
}

static bool make_room(struct checker *c)
{
	size_t room = c->finding_room ? c->finding_room * 2 : 16;
	struct finding *finding;
	uint32_t *source;

	if (c->findings < c->finding_room)
		return true;
	if (c->findings >= FINDINGS_MAX)
		return false;
	finding = realloc(c->finding, room * sizeof(*finding));
	if (!finding)
		return false;
	c->finding = finding;
	source = realloc(c->finding_source, room * sizeof(*source));
	if (!source)
		return false;
	c->finding_source = source;
	c->finding_room = room;
	return true;
}

struct finding *findings_add(struct checker *c, enum rule rule,
			     uint32_t source, const struct protocol_event *e,
			     bool *is_new)
{
	struct finding *f;

	*is_new = false;
	for (size_t i = 0; i < c->findings; i++) {
		if (c->finding[i].rule != rule || c->finding_source[i] != source)
			continue;
		c->finding[i].count++;
		return &c->finding[i];
	}
	if (!make_room(c)) {
		c->not_judged[NOT_JUDGED_FINDINGS] = true;
		return NULL;
	}
	*is_new = true;
	c->finding_source[c->findings] = source;
	f = &c->finding[c->findings++];
	*f = (struct finding){ .rule = rule,
			       .count = 1,
			       .cpu = e->cpu,
			       .el2 = e->el2,
			       .event = e->number,
			       .source = c->source[source],
			       .units = c->hold.units,
			       .input = UINT64_MAX };
	return f;
}

void finding_describe_ghost(struct checker *c, struct finding *f,
			    struct ghost *g)
{
	uint32_t word = (uint32_t)((g->address - g->page->address) / 8);

	f->stage = g->geometry.stage2 ? 2 : 1;
	f->of_device = g->base == PROTOCOL_DEVICE;
	f->level = g->geometry.vtd ? 4 - g->level : g->level;
	f->vmid = g->vmid;
	f->asid = g->asid;
	f->input = g->first;
	f->input_last = g->last;
	f->address = g->address;
	f->stale = g->value;
	f->now = g->page->word[word];
	f->observers = g->alone | g->combined;
	f->birth_event = g->birth.number;
	f->birth = c->source[g->birth.source];
	f->replaced_event = g->replaced.number;
	f->replaced = c->source[g->replaced.source];
	g->finding = (uint32_t)(f - c->finding) + 1;
}

void finding_note_use(struct checker *c, struct finding *f,
		      const struct protocol_event *e, bool went)
{
	const struct protocol_listener *l = &c->listener;

	if (f->use_went || (f->use_event && !went))
		return;
	f->use_event = e->number;
	f->use_cpu = e->cpu;
	f->use_va = e->va;
	f->use_went = went;
	f->fill_known = went && l->filled &&
			l->filled(l->read_context, e->cpu, e->va,
				  &f->fill_event, &f->fill_pc);
}

/* ---- without a ghost ---- */

static void describe_word(struct finding *f, const struct table_node *node,
			  uint32_t index, uint64_t stale)
{
	f->stage = node->tree->geometry.stage2 ? 2 : 1;
	f->of_device = node->tree->root.base == PROTOCOL_DEVICE;
	f->level = node->tree->geometry.vtd ? 4 - node->level : node->level;
	f->vmid = node->tree->root.vmid;
	f->asid = node->tree->root.asid;
	f->input = node_input(node, index);
	f->input_last = f->input + node_span(node) - 1;
	f->address = node->page->address + index * 8;
	f->stale = stale;
	f->now = node->page->word[index];
	f->observers = node->tree->users;
}

/* About entry `index` of a page, by whoever `mark` says. */
void checker_report_word(struct checker *c, enum rule rule, struct mark mark,
			 const struct table_page *page, uint32_t index,
			 uint64_t stale, const struct protocol_event *e,
			 const char *missing)
{
	bool is_new;
	struct finding *f = findings_add(c, rule, mark.source, e, &is_new);

	if (!f || !is_new)
		return;
	f->event = mark.number;
	if (page->node)
		describe_word(f, page->node, index, stale);
	else
		f->address = page->address + index * 8;
	snprintf(f->missing, sizeof(f->missing), "%s", missing);
}

void checker_report(struct checker *c, enum rule rule,
		    const struct table_page *page, uint32_t index,
		    const struct protocol_event *e, const char *detail,
		    const char *missing)
{
	size_t before = c->findings;

	if (page) {
		checker_report_word(c, rule, checker_mark(c, e), page, index,
				    page->word[index], e, missing);
	} else {
		bool is_new;
		struct finding *f =
			findings_add(c, rule, checker_mark(c, e).source, e,
				     &is_new);

		if (f && is_new)
			snprintf(f->missing, sizeof(f->missing), "%s", missing);
	}
	if (c->findings == before)
		return;
	snprintf(c->finding[before].detail, sizeof(c->finding[before].detail),
		 "%s", detail);
	if (e->kind == PROTOCOL_WRITE)
		c->finding[before].now = e->now;
}

/* ---- for the report ---- */

size_t checker_findings(const struct checker *c)
{
	return c->findings;
}

const struct finding *checker_finding(const struct checker *c, size_t index)
{
	return &c->finding[index];
}

const struct checker_costs *checker_costs(const struct checker *c)
{
	return &c->costs;
}

const char *checker_not_judged(const struct checker *c, size_t index)
{
	static const char *const line[NOT_JUDGED_COUNT] = {
		[NOT_JUDGED_OVERFLOW] =
			"tables that one tree uses in more than 64 places (2 in a log), or with two granules: those beyond",
		[NOT_JUDGED_CONTENT] =
			"tables whose content is not known: what stood in them before the first store seen",
		[NOT_JUDGED_MEMORY] =
			"all rules from some point on: the checker ran out of memory",
		[NOT_JUDGED_GUEST_ORDER] =
			"dsb-after-write, link-unordered, table-linked, table-held, frame-held, frame-mapped for a guest's stage 1: when a change is over, stores to a table before it is linked, and what becomes of its pages, are not recorded",
		[NOT_JUDGED_GUEST_BARRIERS] =
			"a guest's barriers too weak for their purpose: domain and access type are not recorded; each counts as DSB SY",
		[NOT_JUDGED_FINDINGS] =
			"findings beyond the first 4096 different ones",
		[NOT_JUDGED_DISCIPLINE] =
			"locks, roots and owners of entries beyond 4096 of each",
		[NOT_JUDGED_UNKNOWN] =
			"memory-unknown of stores before the first mem-init: what memory was made known until then is not said",
		[NOT_JUDGED_FORMERS] =
			"trees that a CPU left, beyond the last 1024; control registers written more than 8 times without TLBI",
		[NOT_JUDGED_FIRST_STAGE] =
			"tables of IOMMUs but second stages: those of a first stage (VT-d), of stage 1 (SMMU)",
		[NOT_JUDGED_DATA] =
			"data-stale: a trace or log does not have what memory and caches hold; check the run of the guest itself",
	};

	for (int i = 0; i < NOT_JUDGED_COUNT; i++)
		if (c->not_judged[i] && index-- == 0)
			return line[i];
	return NULL;
}
