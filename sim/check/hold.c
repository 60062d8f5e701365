/* SPDX-License-Identifier: BSD-2-Clause */
/* See hold.h. */
#include "sim/check/hold.h"

#include <stdlib.h>

#define BUCKETS 4096
#define BLOCK	   256
#define GHOSTS_MAX (1u << 20)
#define BUCKETS_SCANNED_MAX 64
#define BUCKETS_FEW	    8 /* ghosts: look at each */
#define ALL_OF_THEM	    100 /* for a tier: no buckets, the whole list */

struct ghost_block {
	struct ghost_block *next;
	struct ghost ghost[BLOCK];
};

bool hold_init(struct hold *h)
{
	*h = (struct hold){ .bucket = calloc(BUCKETS, sizeof(*h->bucket)) };
	return h->bucket != NULL;
}

void hold_fini(struct hold *h)
{
	while (h->blocks) {
		struct ghost_block *next = h->blocks->next;

		free(h->blocks);
		h->blocks = next;
	}
	free(h->bucket);
	h->bucket = NULL;
}

/* ---- lists ---- */

/* Input addresses in one bucket, by the ghost's size: small ones, those of
 * blocks and last tables, and the rest in one list. */
static const uint8_t tiers_lg2[] = { 16, 25, 64 };

#define TIERS (sizeof(tiers_lg2) / sizeof(tiers_lg2[0]))

static unsigned int tier_of(const struct ghost *g)
{
	unsigned int tier = 0;

	while (tier < TIERS - 1 && (g->first ^ g->last) >> tiers_lg2[tier])
		tier++;
	return tier;
}

static uint64_t bucket_number(uint64_t input, unsigned int tier)
{
	return tier == TIERS - 1 ? 0 : input >> tiers_lg2[tier];
}

static size_t bucket_of(enum protocol_base base, unsigned int tier,
			uint64_t number)
{
	return (size_t)((number ^ (uint64_t)base << 50 ^ (uint64_t)tier << 54) *
				UINT64_C(0x9e3779b97f4a7c15) >>
			40) & (BUCKETS - 1);
}

static struct ghost *ghost_new(struct hold *h)
{
	struct ghost *g;

	if (!h->spare) {
		struct ghost_block *block = malloc(sizeof(*block));

		if (!block) {
			h->out_of_memory = true;
			return NULL;
		}
		block->next = h->blocks;
		h->blocks = block;
		for (int i = 0; i < BLOCK; i++) {
			block->ghost[i].next = h->spare;
			h->spare = &block->ghost[i];
		}
	}
	g = h->spare;
	h->spare = g->next;
	*g = (struct ghost){ 0 };
	return g;
}

static void insert(struct hold *h, struct ghost *g)
{
	unsigned int tier = tier_of(g);
	struct ghost **list = &h->bucket[bucket_of(
		g->base, tier, bucket_number(g->first, tier))];
	struct ghost **unseen = &h->unseen[g->writer];

	g->next = h->all;
	g->at = &h->all;
	if (g->next)
		g->next->at = &g->next;
	h->all = g;
	g->near = *list;
	g->near_at = list;
	if (g->near)
		g->near->near_at = &g->near;
	*list = g;
	g->unseen = *unseen;
	g->unseen_at = unseen;
	if (g->unseen)
		g->unseen->unseen_at = &g->unseen;
	*unseen = g;
	h->guests += !g->el2;
	h->devices += g->base == PROTOCOL_DEVICE;
	h->tables += g->table;
	if (++h->count > h->peak)
		h->peak = h->count;
}

static void unsee(struct ghost *g)
{
	if (!g->unseen_at)
		return;
	*g->unseen_at = g->unseen;
	if (g->unseen)
		g->unseen->unseen_at = g->unseen_at;
	g->unseen_at = NULL;
}

void hold_drop(struct hold *h, struct ghost *g)
{
	*g->at = g->next;
	if (g->next)
		g->next->at = g->at;
	*g->near_at = g->near;
	if (g->near)
		g->near->near_at = g->near_at;
	unsee(g);
	if (g->target_page)
		g->target_page->held--;
	h->count--;
	h->guests -= !g->el2;
	h->devices -= g->base == PROTOCOL_DEVICE;
	h->tables -= g->table;
	g->next = h->spare;
	h->spare = g;
}

struct place place_of_node(const struct table_node *node)
{
	const struct table_tree *tree = node->tree;

	return (struct place){
		.page = node->page,
		.geometry = &tree->geometry,
		.base = tree->root.base,
		.vmid = tree->root.vmid,
		.asid = tree->root.asid,
		.asid_used = tree->root.asid_used,
		.noncoherent = tree->root.noncoherent,
		.caching_mode = tree->root.caching_mode,
		.level = node->level,
		.input = node->input,
		.users = tree->users,
	};
}

struct place place_of_ghost(const struct ghost *g)
{
	return (struct place){
		.page = g->target_page,
		.geometry = &g->geometry,
		.base = g->base,
		.vmid = g->vmid,
		.asid = g->asid,
		.asid_used = !g->global,
		.noncoherent = g->noncoherent,
		.level = (int8_t)(g->level + 1),
		.input = g->first,
		.users = g->alone | g->combined,
	};
}

struct place place_below(const struct tables *t, const struct place *p,
			 uint32_t index, uint64_t value)
{
	struct place below = *p;

	below.page = NULL;
	if (entry_kind(p->geometry, value, p->level) != ENTRY_TABLE)
		return below;
	below.page = tables_find(t, p->page->world, p->page->vmid,
				 entry_address(p->geometry, value,
					       p->geometry->granule_lg2));
	below.level++;
	below.input += index * BIT(level_lsb(p->geometry, p->level));
	return below;
}

struct ghost *hold_add(struct hold *h, const struct tables *tables,
		       const struct place *p, uint32_t index, uint64_t value,
		       const struct protocol_event *by, struct mark replaced)
{
	const struct geometry *geometry = p->geometry;
	enum entry_kind kind = entry_kind(geometry, value, p->level);
	unsigned int lsb = level_lsb(geometry, p->level);
	struct ghost *g;

	if (!p->users || (kind == ENTRY_NOTHING && !p->caching_mode))
		return NULL;
	if (h->count >= GHOSTS_MAX) {
		h->out_of_memory = true;
		return NULL;
	}
	g = ghost_new(h);
	if (!g)
		return NULL;
	g->geometry = *geometry;
	g->base = p->base;
	g->vmid = p->vmid;
	g->asid = p->asid;
	g->table = kind == ENTRY_TABLE;
	g->hole = kind == ENTRY_NOTHING;
	g->global = geometry->stage2 || !(value & ENTRY_NG);
	/* A pointer's tag is the ASID of the walk. */
	if (g->table)
		g->global = geometry->stage2 || !p->asid_used;
	g->el2 = by->el2;
	g->level = p->level;
	g->writer = by->cpu;
	g->first = p->input + index * BIT(lsb);
	g->last = g->first + BIT(lsb) - 1;
	g->value = value;
	g->page = p->page;
	g->address = p->page->address + index * 8;
	g->target = entry_address(geometry, value,
				  g->table ? geometry->granule_lg2 : lsb);
	g->birth = p->page->birth[index];
	g->replaced = replaced;
	g->when = by->number;
	g->alone = geometry->stage2 ? p->users : 0;
	g->combined = geometry->stage2 && g->table ? 0 : p->users;
	g->combined &= geometry->stage2 ? ~h->single : UINT64_MAX;
	g->noncoherent = p->noncoherent;
	if (g->table)
		g->target_page = tables_find(tables, p->page->world,
					     p->page->vmid, g->target);
	if (g->target_page)
		g->target_page->held++;
	insert(h, g);
	return g;
}

void hold_unlinked(struct ghost *g, uint64_t number)
{
	g->visible = number;
	unsee(g);
}

void hold_synchronise(struct hold *h, unsigned int cpu, uint64_t number)
{
	for (struct ghost *g = h->unseen[cpu], *next; g; g = next) {
		uint64_t word = (g->address - g->page->address) / 8;

		next = g->unseen;
		/* In a page that nothing leads to any more, it is the pointer
		 * there that must be seen to have gone. */
		if (g->noncoherent && g->page->nodes &&
		    (g->page->unclean[word / 64] >> word % 64 & 1))
			continue;
		g->visible = number;
		unsee(g);
	}
}

/* ---- queries ---- */

/* Of a bucket's list, the others that hash alike are not meant: nothing is
 * visited twice. */
static bool wanted(const struct hold_query *q, const struct ghost *g)
{
	if (q->tier < TIERS &&
	    (tier_of(g) != q->tier ||
	     bucket_number(g->first, q->tier) != q->bucket))
		return false;
	return g->base == q->base && g->vmid == q->vmid &&
	       g->first <= q->last && g->last >= q->first;
}

/* The list of the bucket that the query has come to; NULL when it is over. */
static struct ghost **next_list(const struct hold *h, struct hold_query *q)
{
	if (q->bucket++ == bucket_number(q->last, q->tier)) {
		if (++q->tier == TIERS)
			return NULL;
		q->bucket = bucket_number(q->first, q->tier);
	}
	return &h->bucket[bucket_of(q->base, q->tier, q->bucket)];
}

/* From g on along its list, then bucket after bucket. */
static struct ghost *advance(const struct hold *h, struct hold_query *q,
			     struct ghost *g)
{
	const bool by_bucket = q->tier < TIERS;

	for (;;) {
		struct ghost **list;

		while (g && !wanted(q, g))
			g = by_bucket ? g->near : g->next;
		if (g || !by_bucket)
			break;
		list = next_list(h, q);
		if (!list)
			break;
		g = *list;
	}
	q->at = g;
	return g;
}

struct ghost *hold_first(const struct hold *h, struct hold_query *q)
{
	q->tier = 0;
	q->bucket = bucket_number(q->first, 0);
	if (!h->count)
		return NULL;
	if (bucket_number(q->last, 0) - q->bucket >= BUCKETS_SCANNED_MAX ||
	    h->count < BUCKETS_FEW) {
		q->tier = ALL_OF_THEM;
		return advance(h, q, h->all);
	}
	return advance(h, q, h->bucket[bucket_of(q->base, 0, q->bucket)]);
}

struct ghost *hold_next(const struct hold *h, struct hold_query *q)
{
	/* It was the last of its tiers. */
	return advance(h, q, q->tier == ALL_OF_THEM ? q->at->next
						    : q->at->near);
}

/* ---- TLB maintenance ---- */

/* D8.17.5: the hint names the leaf's level; with it, only what such a leaf is
 * translated by is sure to go. */
static bool level_matches(const struct ghost *g, const struct protocol_tlbi *t)
{
	if (t->granule_lg2 && t->granule_lg2 != g->geometry.granule_lg2)
		return false;
	if (t->level < 0)
		return true;
	return g->table ? g->level < t->level : g->level == t->level;
}

enum hold_miss hold_scope(const struct ghost *g, const struct protocol_tlbi *t)
{
	bool needs_address = t->by == PROTOCOL_BY_ADDRESS;

	if (t->el2 != (g->base == PROTOCOL_TTBR_EL2))
		return HOLD_OTHER_REGIME;
	if (!t->any_vmid && !t->el2 && t->vmid != g->vmid)
		return HOLD_OTHER_VMID;
	/* By VA: which IPA that is, is not known. */
	if (g->geometry.stage2 ? !t->stage2 && t->by != PROTOCOL_BY_ALL
			       : !t->stage1)
		return HOLD_OTHER_STAGE;
	if (!g->geometry.stage2 && t->by_asid && t->asid != g->asid &&
	    !(g->global && needs_address))
		return HOLD_OTHER_ASID;
	if (!g->geometry.stage2 && t->by == PROTOCOL_BY_ASID && g->global)
		return HOLD_OTHER_ASID;
	if (needs_address && (g->last < t->first || g->first > t->last))
		return HOLD_OTHER_RANGE;
	if (t->last_level && (g->table || g->hole))
		return HOLD_LAST_LEVEL;
	if (t->whole && !g->table && !g->hole &&
	    (g->first < t->first || g->last > t->last))
		return HOLD_PART;
	if (needs_address && !level_matches(g, t))
		return HOLD_OTHER_LEVEL;
	return HOLD_DROPS;
}

/* Of those holding it combined, who loses it: by a TLBI of stage 1 alone only
 * where it was not held alone when that was issued. */
static uint64_t combined_loss(const struct ghost *g,
			      const struct protocol_tlbi *t, uint64_t issued)
{
	if (!g->geometry.stage2)
		return g->combined;
	if (t->stage1 && t->stage2)
		return g->combined;
	if (!t->stage1)
		return 0;
	return g->combined & ~g->alone &
	       ~(g->lost_at >= issued ? g->lost : 0) &
	       ~(g->lost_before_at >= issued ? g->lost_before : 0);
}

/* A TLBI that is complete now. */
struct completion {
	const struct protocol_tlbi *tlbi;
	uint64_t targets, issued, number;
};

/* Who holds a pointer to the page where the ghost stood: a walk that begins
 * there reads it again. */
static uint64_t found_again(const struct hold *h, const struct ghost *g)
{
	struct hold_query q = { .base = g->base, .vmid = g->vmid,
				.first = g->first, .last = g->last };
	uint64_t set = 0;

	if (!g->page->held)
		return 0;
	for (const struct ghost *t = hold_first(h, &q); t;
	     t = hold_next(h, &q))
		if (t->target_page == g->page && t->level + 1 == g->level)
			set |= t->alone | t->combined;
	return set;
}

/* A pointer was dropped: what it led to could be found until now. */
static void note_below(const struct hold *h, const struct ghost *pointer,
		       const struct completion *c)
{
	struct hold_query q = { .base = pointer->base, .vmid = pointer->vmid,
				.first = pointer->first,
				.last = pointer->last };

	/* It drops all below as well. */
	if (c->tlbi->by == PROTOCOL_BY_ALL)
		return;
	for (struct ghost *g = hold_first(h, &q); g; g = hold_next(h, &q)) {
		if (g->page != pointer->target_page ||
		    (g->below_since >= c->issued && g->below_by != c->issued))
			continue;
		g->below_since = c->number;
		g->below_by = c->issued;
		g->below_visible = pointer->visible;
	}
}

static void lose_alone(struct ghost *g, uint64_t who, uint64_t number)
{
	g->alone &= ~who;
	if (g->lost_at != number) {
		g->lost_before |= g->lost;
		g->lost_before_at = g->lost_at;
		g->lost = 0;
		g->lost_at = number;
	}
	g->lost |= who;
}

/* After this TLBI's effect and before the pointer's end a walk may have come
 * by the pointer; but not if this one takes the pointer as well. */
static bool is_found_below(const struct ghost *g, const struct completion *c)
{
	return g->below_since >= c->issued && g->below_by != c->issued &&
	       (c->tlbi->last_level || g->below_visible >= c->issued);
}

static bool apply(struct hold *h, struct ghost *g, const struct completion *c)
{
	uint64_t targets = c->targets & ~found_again(h, g);
	uint64_t alone = c->tlbi->stage2 ? g->alone & targets : 0;
	uint64_t combined = combined_loss(g, c->tlbi, c->issued) & targets;

	if (is_found_below(g, c))
		return false;
	g->combined &= ~combined;
	if (alone)
		lose_alone(g, alone, c->number);
	if (g->table && (alone || combined))
		note_below(h, g, c);
	if (!g->alone && !g->combined)
		hold_drop(h, g);
	return alone || combined;
}

/* Passes of a TLBI: pointers of each level, VT-d's fifth among them, and what
 * is none. */
#define LEVEL_FIRST -1
#define LEVEL_LEAF  3

static bool is_taken(const struct ghost *g, const struct completion *c,
		     int level)
{
	return (level == LEVEL_LEAF ? !g->table
				    : g->table && g->level == level) &&
	       g->visible && g->visible < c->issued &&
	       hold_scope(g, c->tlbi) == HOLD_DROPS;
}

static uint64_t sweep(struct hold *h, struct hold_query q,
		      const struct completion *c, int level)
{
	struct ghost *g = hold_first(h, &q);
	uint64_t taken = 0;

	while (g) {
		struct ghost *next = hold_next(h, &q);

		if (is_taken(g, c, level))
			taken += apply(h, g, c);
		g = next;
	}
	return taken;
}

static uint64_t sweep_all(struct hold *h, const struct completion *c, int level)
{
	uint64_t taken = 0;

	for (struct ghost *g = h->all, *next; g; g = next) {
		next = g->next;
		if (is_taken(g, c, level))
			taken += apply(h, g, c);
	}
	return taken;
}

static struct hold_query query_of(const struct protocol_tlbi *t,
				  enum protocol_base base)
{
	struct hold_query q = { .base = base, .vmid = t->vmid,
				.first = 0, .last = UINT64_MAX };

	if (t->by == PROTOCOL_BY_ADDRESS) {
		q.first = t->first;
		q.last = t->last;
	}
	return q;
}

/* Whom it reaches. */
static uint64_t targets_of(const struct hold *h, const struct protocol_tlbi *t,
			   unsigned int cpu)
{
	if (t->unit)
		return BIT(t->unit);
	return t->broadcast ? ~h->units | h->hearing : BIT(cpu);
}

/* Pointers first, from the top, so that what they lead to is not found again;
 * then leaves. */
uint64_t hold_tlbi(struct hold *h, const struct protocol_tlbi *t,
		   unsigned int cpu, uint64_t issued, uint64_t number)
{
	const struct completion c = { t, targets_of(h, t, cpu), issued,
				      number };
	bool narrow = t->by == PROTOCOL_BY_ADDRESS && !t->any_vmid;
	uint64_t taken = 0;

	for (int level = LEVEL_FIRST; level <= LEVEL_LEAF && h->count;
	     level++) {
		if (level != LEVEL_LEAF && !h->tables)
			continue;
		for (int base = 0; narrow && base < PROTOCOL_BASES; base++)
			taken += sweep(h, query_of(t, base), &c, level);
		if (!narrow)
			taken += sweep_all(h, &c, level);
	}
	return taken;
}

bool hold_tlbi_is_needed(const struct hold *h, const struct protocol_tlbi *t,
			 unsigned int cpu)
{
	uint64_t targets = targets_of(h, t, cpu);

	for (int base = 0; base < PROTOCOL_BASES && h->count; base++) {
		struct hold_query q = query_of(t, base);

		for (struct ghost *g = hold_first(h, &q); g;
		     g = hold_next(h, &q))
			if (hold_scope(g, t) == HOLD_DROPS &&
			    (((t->stage2 ? g->alone : 0) | g->combined) &
			     targets))
				return true;
		if (t->any_vmid)
			return h->count != 0;
	}
	return false;
}
