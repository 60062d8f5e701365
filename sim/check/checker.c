/* SPDX-License-Identifier: BSD-2-Clause */
/* Event by event: what each does to tables and to what may be held. */
#include <stdio.h>
#include <stdlib.h>

#include "sim/check/state.h"

struct mark checker_mark(struct checker *c, const struct protocol_event *e)
{
	return (struct mark){ (uint32_t)e->number,
			      sources_get(c, &e->source) };
}

/* ---- lists of words ---- */

static void word_list_add(struct checker *c, struct word_list *list,
			  struct word_ref ref)
{
	if (list->count == list->room) {
		size_t room = list->room ? list->room * 2 : 256;
		struct word_ref *more =
			realloc(list->item, room * sizeof(*more));

		if (!more) {
			c->not_judged[NOT_JUDGED_MEMORY] = true;
			return;
		}
		list->item = more;
		list->room = room;
	}
	list->item[list->count++] = ref;
}

static bool bit_get(const uint64_t *set, uint32_t i)
{
	return set[i / 64] >> i % 64 & 1;
}

static void bit_put(uint64_t *set, uint32_t i, bool value)
{
	set[i / 64] = (set[i / 64] & ~BIT(i % 64)) |
		      (uint64_t)value << i % 64;
}

/* ---- findings without a ghost ---- */

static void describe_word(struct finding *f, const struct table_node *node,
			  uint32_t index, uint64_t stale)
{
	f->stage = node->tree->geometry.stage2 ? 2 : 1;
	f->level = node->level;
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
static void report_word(struct checker *c, enum rule rule, struct mark mark,
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

/* ---- stores ---- */

/* What stood below a pointer that went, and the pointer. */
static void bury(struct checker *c, const struct place *p, uint32_t index,
		 uint64_t value, const struct protocol_event *e,
		 struct mark mark)
{
	const struct place below = place_below(&c->tables, p, index, value);

	for (uint32_t i = 0; below.page && i < page_entries(below.page) &&
			     !c->hold.out_of_memory;
	     i++)
		if (entry_kind(p->geometry, below.page->word[i],
			       below.level) != ENTRY_NOTHING)
			bury(c, &below, i, below.page->word[i], e, mark);
	hold_add(&c->hold, &c->tables, p, index, value, e, mark);
}

/* A store to a page that held pointers lead to: what it writes can be found
 * through them, though no table does. */
static void seen_through(struct checker *c, struct table_page *page,
			 uint32_t index, uint64_t value,
			 const struct protocol_event *e)
{
	/* New ones stand before those still to come. */
	for (const struct ghost *g = c->hold.all; g; g = g->next) {
		struct place p;
		struct ghost *seen;

		if (g->target_page != page)
			continue;
		p = place_of_ghost(g);
		seen = hold_add(&c->hold, &c->tables, &p, index, value, e,
				checker_mark(c, e));
		if (seen)
			hold_unlinked(seen, e->number);
	}
}

static void bury_node(struct checker *c, const struct table_node *node,
		      uint32_t index, uint64_t value,
		      const struct protocol_event *e, struct mark mark)
{
	const struct place p = place_of_node(node);

	bury(c, &p, index, value, e, mark);
}

/* Places of the page, as they are now. */
static unsigned int places(const struct table_page *page,
			   struct table_node *at[NODES_PER_PAGE_MAX])
{
	unsigned int count = 0;

	for (struct table_node *n = page->node; n; n = n->next_place)
		at[count++] = n;
	return count;
}

/* Each place has its child; taking one away may take places with it. */
static void unlink_children(struct checker *c, const struct table_page *page,
			    uint32_t index)
{
	struct table_node *node = page->node;

	while (node) {
		struct table_node *child =
			tables_child(&c->tables, node, index);

		node = node->next_place;
		if (!child)
			continue;
		tables_unlink(&c->tables, child);
		node = page->node;
	}
}

static void check_permissions(struct checker *c, const struct table_node *node,
			      uint32_t index, const struct protocol_event *e)
{
	const struct geometry *g = &node->tree->geometry;
	uint64_t pte = node->page->word[index];
	const struct table_node *child;

	switch (entry_kind(g, pte, node->level)) {
	case ENTRY_NOTHING:
		return;
	case ENTRY_LEAF:
		if (entry_writable(g, pte) && entry_executable(g, pte))
			report_word(c, RULE_WRITABLE_EXECUTABLE,
				    checker_mark(c, e), node->page, index, 0, e,
				    "take away one of the two permissions");
		return;
	case ENTRY_TABLE:
		break;
	}
	child = tables_child(&c->tables, node, index);
	for (uint32_t i = 0; child && i < page_entries(child->page); i++)
		check_permissions(c, child, i, e);
}

/* A table that is now reachable: was its content ordered, and cleaned? */
static void check_linked(struct checker *c, const struct table_node *node,
			 const struct protocol_event *e)
{
	const struct table_page *page = node->page;
	const struct table_node *parent = node->parent;

	/* A log tells of no DMB. */
	if (page->written_epoch && !c->config.discipline &&
	    page->written_epoch ==
		    c->cpu[page->written_by].barriers + 1)
		report_word(c, RULE_LINK_UNORDERED, checker_mark(c, e),
			    parent->page, node->index, 0, e,
			    "DSB ISHST (or DMB) between filling the table and linking it");
	for (uint32_t i = 0; i < page_entries(page); i++) {
		const struct table_node *child;

		if (node->tree->root.noncoherent &&
		    (bit_get(page->unclean, i) || bit_get(page->cleaned, i)))
			word_list_add(c, &c->uncleaned,
				      (struct word_ref){
					      node->page, i, page->birth[i],
					      e->cpu, e->el2 });
		child = node->level < 3 ? tables_child(&c->tables, node, i)
					: NULL;
		if (child)
			check_linked(c, child, e);
	}
}

/* A leaf with the contiguous hint came or went: its group is looked at when the
 * operation is over. */
static void note_hint(struct checker *c, const struct word_ref *ref,
		      uint64_t pte)
{
	const struct table_node *node = ref->page->node;

	if ((pte & ENTRY_CONTIG) && node && node->tree->users &&
	    entry_kind(&node->tree->geometry, pte, node->level) == ENTRY_LEAF)
		word_list_add(c, &c->hinted, *ref);
}

static void made(struct checker *c, struct table_node *node, uint32_t index,
		 const struct protocol_event *e, struct mark mark)
{
	const struct geometry *g = &node->tree->geometry;
	uint64_t pte = node->page->word[index];
	enum entry_kind kind = entry_kind(g, pte, node->level);
	struct word_ref ref = { node->page, index, mark, e->cpu, e->el2 };

	if (kind == ENTRY_TABLE)
		tables_link(&c->tables, node, index);
	if (kind == ENTRY_TABLE && c->config.discipline)
		discipline_linked(c, tables_child(&c->tables, node, index), e);
	if (!node->tree->users)
		return;
	if (node->tree->root.noncoherent)
		word_list_add(c, &c->uncleaned, ref);
	if (kind == ENTRY_NOTHING)
		return;
	judge_made(c, node, index, e);
	note_hint(c, &ref, pte);
	if (kind == ENTRY_TABLE) {
		struct table_node *child =
			tables_child(&c->tables, node, index);

		if (child)
			check_linked(c, child, e);
	}
	if (c->config.forbid_writable_executable)
		check_permissions(c, node, index, e);
	if (!c->cpu[e->cpu].has_made) {
		c->cpu[e->cpu].has_made = true;
		c->cpu[e->cpu].made = ref;
	}
}

/* A table that only a walk cache leads to gets a descriptor. */
static void check_reuse(struct checker *c, struct table_page *page,
			uint64_t old, uint64_t value,
			const struct protocol_event *e)
{
	struct ghost *g = c->hold.all;
	bool is_new;
	struct finding *f;

	if (!(value & ENTRY_VALID) &&
	    !(c->config.discipline && (old & ENTRY_VALID)))
		return;
	while (g && g->target_page != page)
		g = g->next;
	if (!g || g->finding)
		return;
	f = findings_add(c, RULE_TABLE_REUSED, checker_mark(c, e).source, e,
			 &is_new);
	if (!f || !is_new)
		return;
	finding_describe_ghost(c, f, g);
	snprintf(f->detail, sizeof(f->detail), "%s",
		 rule_facts(judge_cause(c, g, g->alone | g->combined).rule)
			 ->text);
	snprintf(f->missing, sizeof(f->missing), "%s",
		 judge_cause(c, g, g->alone | g->combined).missing);
}

static void check_pieces(struct checker *c, struct table_page *page,
			 uint32_t index, uint64_t old, uint64_t now,
			 const struct protocol_event *e)
{
	const struct table_node *node = page->node;

	if (e->bytes >= 8 || !node->tree->users || !((old | now) & ENTRY_VALID))
		return;
	report_word(c, RULE_WRITE_PIECES, checker_mark(c, e), page, index, old,
		    e, "one aligned 8-byte store");
}

/*
 * Does hardware do the same with both? nT promises that nothing is cached
 * that a smaller entry could conflict with; an entry from the time when it
 * was set translates as one without it, so that taking it away needs nothing.
 */
static bool is_same(const struct table_node *node, uint64_t old, uint64_t now)
{
	const struct geometry *g = &node->tree->geometry;
	uint64_t was = entry_meaning(g, old, node->level);
	uint64_t is = entry_meaning(g, now, node->level);

	return was == is ||
	       (node->level < 3 && (was & ENTRY_NT) && was == (is | ENTRY_NT) &&
		entry_kind(g, now, node->level) == ENTRY_LEAF);
}

static void live_word(struct checker *c, struct table_page *page,
		      uint32_t index, uint64_t now,
		      const struct protocol_event *e, bool judged)
{
	struct table_node *at[NODES_PER_PAGE_MAX];
	uint64_t old = page->word[index];
	bool same = is_same(page->node, old, now);
	struct mark mark = { 0 };
	unsigned int count;

	if (same && !page->node->next_place) {
		page->word[index] = now;
		return;
	}
	if (judged) {
		mark = checker_mark(c, e);
		check_pieces(c, page, index, old, now, e);
		count = places(page, at);
		for (unsigned int i = 0; i < count; i++)
			bury_node(c, at[i], index, old, e, mark);
	}
	unlink_children(c, page, index);
	page->word[index] = now;
	page->birth[index] = mark;
	if (judged)
		note_hint(c,
			  &(struct word_ref){ page, index, mark, e->cpu,
					      e->el2 },
			  old);
	count = places(page, at);
	for (unsigned int i = 0; i < count; i++) {
		if (judged)
			made(c, at[i], index, e, mark);
		else if (entry_kind(&at[i]->tree->geometry, now,
				    at[i]->level) == ENTRY_TABLE)
			tables_link(&c->tables, at[i], index);
	}
}

static struct table_page *page_of(struct checker *c,
				  const struct protocol_event *e,
				  uint64_t address, bool make)
{
	static const uint8_t granules_lg2[] = { 16, 14, 12 };

	for (int i = 0; i < 3; i++) {
		struct table_page *page =
			tables_find(&c->tables, e->world, e->vmid,
				    align_down(address, granules_lg2[i]));

		if (page && page->granule_lg2 >= granules_lg2[i])
			return page;
	}
	return make ? tables_get(&c->tables, e->world, e->vmid,
				 align_down(address, 12), 12)
		    : NULL;
}

struct table_page *checker_page(struct checker *c, uint64_t address)
{
	const struct protocol_event e = { .world = PROTOCOL_MACHINE };

	return page_of(c, &e, address, false);
}

void checker_report(struct checker *c, enum rule rule,
		    const struct table_page *page, uint32_t index,
		    const struct protocol_event *e, const char *detail,
		    const char *missing)
{
	size_t before = c->findings;

	if (page) {
		report_word(c, rule, checker_mark(c, e), page, index,
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

/* Pages of a world that can be read are taken up when something leads there;
 * a log's are zeroed, and need no note while they are. */
static bool takes_unknown(const struct checker *c,
			  const struct protocol_event *e)
{
	if (c->config.discipline)
		return e->now != 0;
	return e->world == PROTOCOL_MACHINE || !c->listener.read;
}

static void store(struct checker *c, const struct protocol_event *e,
		  bool judged)
{
	uint64_t at = align_down(e->address, 3);
	uint64_t end = e->address + (e->bytes ? e->bytes : 8);

	for (; at < end; at += 8) {
		struct table_page *page = page_of(c, e, at, takes_unknown(c, e));
		uint32_t index;

		if (c->config.discipline && judged)
			discipline_write(c, page, at, e);
		if (!page)
			continue;
		index = (uint32_t)((at - page->address) / 8);
		if (judged) {
			page->written_by = e->cpu;
			page->written_epoch = c->cpu[e->cpu].barriers + 1;
			bit_put(page->unclean, index, true);
			bit_put(page->cleaned, index, false);
			if (page->held && !page->nodes)
				check_reuse(c, page, page->word[index], e->now,
					    e);
			if (page->held)
				seen_through(c, page, index, e->now, e);
		}
		if (page->nodes) {
			live_word(c, page, index, e->now, e, judged);
			continue;
		}
		page->word[index] = e->now;
		page->birth[index] = judged ? checker_mark(c, e)
					    : (struct mark){ 0 };
	}
}

/* ---- cleans and barriers ---- */

static void clean(struct checker *c, const struct protocol_event *e)
{
	uint64_t at = align_down(e->address, 3), end = e->address + e->bytes;
	bool needed = false;

	c->costs.cleans++;
	for (; at < end; at += 8) {
		struct table_page *page = page_of(c, e, at, false);
		uint32_t index;

		if (!page)
			continue;
		index = (uint32_t)((at - page->address) / 8);
		if (!bit_get(page->unclean, index))
			continue;
		bit_put(page->unclean, index, false);
		bit_put(page->cleaned, index, true);
		needed = needed || (page->node &&
				    page->node->tree->root.noncoherent);
		c->cpu[e->cpu].has_cleaned = true;
	}
	c->costs.needless_cleans += !needed;
}

/* Nobody walks the tree any more, and all that was cached of it is gone. */
static bool is_dead(const struct table_tree *tree, const struct protocol_tlbi *t)
{
	if (tree->installed || !t->broadcast || t->last_level ||
	    t->by == PROTOCOL_BY_ADDRESS)
		return false;
	if (t->el2 != (tree->root.base == PROTOCOL_TTBR_EL2) ||
	    (!t->any_vmid && t->vmid != tree->root.vmid))
		return false;
	if (tree->geometry.stage2)
		return t->stage1 && t->stage2;
	return t->stage1 && (t->by == PROTOCOL_BY_ALL ||
			     t->asid == tree->root.asid);
}

static void drop_dead(struct checker *c, const struct protocol_tlbi *t)
{
	for (struct table_tree *tree = c->tables.tree, *next; tree;
	     tree = next) {
		next = tree->next;
		if (is_dead(tree, t))
			tables_drop_tree(&c->tables, tree);
	}
}

static void complete(struct checker *c, struct checker_cpu *cpu,
		     const struct protocol_event *e)
{
	size_t kept = 0;

	for (size_t i = 0; i < cpu->pendings; i++) {
		struct tlbi_entry *t = &cpu->pending[i];

		if (t->tlbi.broadcast && e->domain == PROTOCOL_NSH) {
			cpu->pending[kept++] = *t;
			continue;
		}
		hold_tlbi(&c->hold, &t->tlbi, t->cpu, t->issued, e->number);
		if (!c->config.discipline)
			drop_dead(c, &t->tlbi);
	}
	cpu->pendings = kept;
	for (uint64_t i = c->logged, n = 0; i-- > 0 && n < TLBI_LOG; n++) {
		struct tlbi_entry *t = &c->log[i % TLBI_LOG];

		if (t->cpu == e->cpu && !t->complete &&
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

static void barrier(struct checker *c, const struct protocol_event *e)
{
	struct checker_cpu *cpu = &c->cpu[e->cpu];
	bool alone = e->domain == PROTOCOL_NSH && c->config.cpus > 1;

	c->costs.barriers++;
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
	if (e->access == PROTOCOL_ALL && cpu->pendings)
		complete(c, cpu, e);
}

/* ---- TLBI ---- */

static void tlbi(struct checker *c, const struct protocol_event *e)
{
	struct checker_cpu *cpu = &c->cpu[e->cpu];
	struct tlbi_entry t = { .tlbi = e->tlbi,
				.issued = e->number,
				.cpu = e->cpu,
				.el2 = e->el2,
				.source = checker_mark(c, e).source };

	c->costs.tlbis++;
	if (c->config.discipline && e->tlbi.el2 && e->tlbi.asid)
		checker_report(c, RULE_EL2_ASID, NULL, 0, e,
			       "a TLBI of EL2 was given an ASID",
			       "bits 63:48 of the operand zero");
	c->costs.needless_tlbis +=
		!hold_tlbi_is_needed(&c->hold, &e->tlbi, e->cpu);
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

/* ---- roots ---- */

static void root(struct checker *c, const struct protocol_event *e)
{
	struct table_tree **at = &c->cpu[e->cpu].installed[e->root.base];
	struct table_tree *tree = NULL;

	if (e->root.on && c->config.discipline)
		discipline_root(c, e);
	if (e->root.on)
		tree = tables_tree(&c->tables, &e->root);
	if (*at)
		(*at)->installed &= ~BIT(e->cpu);
	*at = tree;
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

/* ---- tables and frames given away ---- */

static void report_free(struct checker *c, struct ghost *g,
			const struct protocol_event *e)
{
	struct cause cause = judge_cause(c, g, g->alone | g->combined);
	bool is_new;
	struct finding *f = findings_add(c, RULE_TABLE_HELD,
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
		report_word(c, RULE_TABLE_LINKED, checker_mark(c, e),
			    page->node->parent->page, page->node->index, 0, e,
			    "unlink the table and flush before the free");
	while (g && g->target_page != page)
		g = g->next;
	if (g)
		report_free(c, g, e);
}

static void table_free(struct checker *c, const struct protocol_event *e)
{
	uint64_t end = e->address + e->bytes;

	for (uint64_t at = e->address; at < end;
	     at = align_down(at, 12) + 4096) {
		const struct table_page *page = page_of(c, e, at, false);

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

	while (tree && !(tree->geometry.stage2 && tree->root.vmid == vmid &&
			 tree->installed))
		tree = tree->next;
	if (!tree)
		return false;
	*node = tree->top;
	while (*node && input - (*node)->input >=
				node_span(*node) * page_entries((*node)->page))
		*node = (*node)->peer;
	while (*node) {
		const struct geometry *g = &tree->geometry;
		uint64_t pte;

		*index = (uint32_t)((input - (*node)->input) /
				    node_span(*node));
		pte = (*node)->page->word[*index];
		if (entry_kind(g, pte, (*node)->level) == ENTRY_LEAF) {
			*output = entry_address(g, pte,
						level_lsb(g, (*node)->level)) +
				  (input & (node_span(*node) - 1));
			return true;
		}
		*node = tables_child(&c->tables, *node, *index);
	}
	return false;
}

static void frame_free(struct checker *c, const struct protocol_event *e)
{
	uint64_t last = e->address + e->bytes - 1, output;
	struct table_node *node;
	uint32_t index;

	for (struct ghost *g = c->hold.all; g; g = g->next) {
		bool is_new;
		struct finding *f;

		if (g->table || !g->geometry.stage2 || g->target > last ||
		    g->target + (g->last - g->first) < e->address)
			continue;
		f = findings_add(c, RULE_FRAME_HELD, checker_mark(c, e).source,
				 e, &is_new);
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
	for (uint64_t at = 0; e->input != UINT64_MAX && at < e->bytes;
	     at += 4096)
		if (lookup(c, e->vmid, e->input + at, &node, &index, &output) &&
		    output >= e->address && output <= last) {
			report_word(c, RULE_FRAME_MAPPED, checker_mark(c, e),
				    node->page, index, 0, e,
				    "unmap it, and flush, before it is given away");
			return;
		}
}

/* A log's: what it was used for is not said. */
static void memory_free(struct checker *c, struct protocol_event *e)
{
	struct freeing freeing = { c, e };

	e->input = UINT64_MAX;
	tables_visit(&c->tables, e->address, e->address + e->bytes - 1,
		     visit_free, &freeing);
	frame_free(c, e);
	discipline_event(c, e);
}

/* ---- the end of an operation ---- */

static void done_ghosts(struct checker *c, const struct protocol_event *e)
{
	if (!(e->el2 ? c->hold.count - c->hold.guests : c->hold.guests))
		return;
	for (struct ghost *g = c->hold.all; g; g = g->next)
		if (g->el2 == e->el2 && (e->el2 || g->writer == e->cpu) &&
		    !g->finding)
			judge_held(c, g, e,
				   "still held when the operation ended");
}

static void done_made(struct checker *c, const struct protocol_event *e)
{
	struct checker_cpu *cpu = &c->cpu[e->cpu];
	const struct word_ref *w = &cpu->made;

	if (!cpu->has_made || w->el2 != e->el2)
		return;
	report_word(c, RULE_DSB_AFTER_WRITE, w->mark, w->page, w->index, 0, e,
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
			report_word(c, RULE_CLEAN_MISSING, w->mark, w->page,
				    w->index, 0, e,
				    "DC CVAC of the descriptor, then DSB");
		else if (bit_get(w->page->cleaned, w->index))
			report_word(c, RULE_CLEAN_UNORDERED, w->mark, w->page,
				    w->index, 0, e, "DSB after the clean");
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
	const uint64_t *word =
		&node->page->word[align_down(index, lg2)];

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
		report_word(c, RULE_CONTIGUOUS_MIXED, w->mark, w->page,
			    w->index, 0, e,
			    "the hint in all entries of a whole, aligned run, or in none");
	}
	c->hinted.count = 0;
}

static void done(struct checker *c, const struct protocol_event *e)
{
	done_ghosts(c, e);
	done_made(c, e);
	done_cleans(c, e);
	done_hints(c, e);
}

/* ---- uses ---- */

static void note_use(struct checker *c, struct ghost *g, uint64_t output,
		     uint64_t input, const struct protocol_event *e)
{
	struct finding *f;

	if (!g->finding || g->table ||
	    output != g->target + (input - g->first))
		return;
	f = &c->finding[g->finding - 1];
	if (f->use_event)
		return;
	f->use_event = e->number;
	f->use_cpu = e->cpu;
	f->use_va = e->va;
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

static void use(struct checker *c, const struct protocol_event *e)
{
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
		 "memory has 0x%llx, the caches may have 0x%llx: whether the line was evicted decides",
		 (unsigned long long)r->below, (unsigned long long)r->above);
	snprintf(f->missing, sizeof(f->missing),
		 "DC CVAC or CIVAC of the line (or clean by set/way, which the hypervisor emulates), then DSB, before the caches go off");
}

static void read_past(struct checker *c, const struct protocol_event *e)
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

/* ---- the whole ---- */

void checker_event(struct checker *c, struct protocol_event *e)
{
	if (e->cpu >= PROTOCOL_OBSERVERS_MAX)
		return;
	e->number = c->listener.number = ++c->number;
	switch (e->kind) {
	case PROTOCOL_CONTENT:
		store(c, e, false);
		break;
	case PROTOCOL_WRITE:
		store(c, e, true);
		break;
	case PROTOCOL_CLEAN:
		clean(c, e);
		break;
	case PROTOCOL_BARRIER:
		barrier(c, e);
		break;
	case PROTOCOL_TLBI:
		tlbi(c, e);
		break;
	case PROTOCOL_ROOT:
		root(c, e);
		break;
	case PROTOCOL_TABLE_FREE:
		table_free(c, e);
		break;
	case PROTOCOL_FRAME_FREE:
		frame_free(c, e);
		break;
	case PROTOCOL_USE:
		use(c, e);
		break;
	case PROTOCOL_READ:
		read_past(c, e);
		break;
	case PROTOCOL_DONE:
		done(c, e);
		break;
	case PROTOCOL_MEMORY_FREE:
		memory_free(c, e);
		break;
	case PROTOCOL_MEMORY_INIT:
	case PROTOCOL_LOCK:
	case PROTOCOL_TRYLOCK:
	case PROTOCOL_UNLOCK:
	case PROTOCOL_TREE_LOCK:
	case PROTOCOL_TREE_RELEASE:
	case PROTOCOL_ENTRY_OWNER:
		discipline_event(c, e);
		break;
	case PROTOCOL_TABLE_ALLOC:
	case PROTOCOL_CACHES:
	case PROTOCOL_KINDS:
		break;
	}
	c->listener.uses_wanted = c->hold.count != 0;
	c->costs.events = c->number;
	c->costs.entries_held_peak = c->hold.peak;
	c->not_judged[NOT_JUDGED_OVERFLOW] |= c->tables.overflown;
	c->not_judged[NOT_JUDGED_CONTENT] |= c->tables.unreadable;
	c->not_judged[NOT_JUDGED_MEMORY] |= c->tables.out_of_memory ||
					    c->hold.out_of_memory;
}

bool checker_word(const struct checker *c, uint64_t address, uint64_t *value)
{
	static const uint8_t granules_lg2[] = { 16, 14, 12 };

	*value = 0;
	if (!discipline_knows(&c->discipline, address, 8))
		return false;
	for (int i = 0; i < 3; i++) {
		const struct table_page *page =
			tables_find(&c->tables, PROTOCOL_MACHINE, 0,
				    align_down(address, granules_lg2[i]));

		if (!page || page->granule_lg2 < granules_lg2[i])
			continue;
		*value = page->word[(address - page->address) / 8];
		break;
	}
	return true;
}

bool checker_gave_up(const struct checker *c)
{
	return c->not_judged[NOT_JUDGED_MEMORY];
}

size_t checker_pages(const struct checker *c)
{
	return c->tables.pages;
}

static void heard(void *context, struct protocol_event *event)
{
	checker_event(context, event);
}

struct protocol_listener *checker_listener(struct checker *c)
{
	return &c->listener;
}

struct checker *checker_new(const struct checker_config *config,
			    bool (*read)(void *context,
					 enum protocol_world world,
					 uint16_t vmid, uint64_t address,
					 uint64_t *value),
			    void *read_context)
{
	static const struct protocol_source nobody = { .pc = UINT64_MAX };
	struct checker *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->config = *config;
	c->not_judged[NOT_JUDGED_DATA] = config->no_data;
	c->listener = (struct protocol_listener){ .event = heard,
						  .context = c,
						  .read = read,
						  .read_context =
							  read_context };
	if (!tables_init(&c->tables, &c->listener) || !hold_init(&c->hold)) {
		checker_free(c);
		return NULL;
	}
	if (config->discipline)
		c->tables.nodes_per_page_max = NODES_PER_PAGE_DISCIPLINE;
	sources_get(c, &nobody);
	if (!c->sources) {
		checker_free(c);
		return NULL;
	}
	return c;
}

void checker_free(struct checker *c)
{
	if (!c)
		return;
	for (int i = 0; i < PROTOCOL_OBSERVERS_MAX; i++)
		free(c->cpu[i].pending);
	if (c->hold.bucket)
		hold_fini(&c->hold);
	discipline_fini(&c->discipline);
	tables_fini(&c->tables);
	free(c->hinted.item);
	free(c->uncleaned.item);
	free(c->source);
	free(c->finding);
	free(c->finding_source);
	free(c);
}
