/* SPDX-License-Identifier: BSD-2-Clause */
/* See discipline.h. */
#include "sim/check/discipline.h"

#include <stdlib.h>
#include <string.h>

#include "sim/check/state.h"

/* ---- lists ---- */

/* A place more in a list of `count` items; NULL: there is none. */
static void *list_add(struct checker *c, void *list, size_t *count,
		      size_t *room, size_t item, size_t most)
{
	char **items = list;

	if (*count == most) {
		c->not_judged[NOT_JUDGED_DISCIPLINE] = true;
		return NULL;
	}
	if (*count == *room) {
		size_t more = *room ? *room * 2 : 16;
		char *bigger = realloc(*items, more * item);

		if (!bigger) {
			c->not_judged[NOT_JUDGED_MEMORY] = true;
			return NULL;
		}
		*items = bigger;
		*room = more;
	}
	return *items + (*count)++ * item;
}

#define LIST_ADD(c, d, items, count, room)                  \
	list_add((c), &(d)->items, &(d)->count, &(d)->room, \
		 sizeof(*(d)->items), DISCIPLINE_MAX)

void discipline_fini(struct discipline *d)
{
	ranges_fini(&d->known);
	free(d->lock);
	free(d->tie);
	free(d->root);
	free(d->owner);
}

/* ---- memory ---- */

bool discipline_knows(const struct discipline *d, uint64_t address,
		      uint64_t bytes)
{
	return ranges_have(&d->known, address, bytes);
}

struct memory_change {
	struct checker *c;
	const struct protocol_event *e;
	uint64_t first, last;
	bool reported;
};

/* The index of the page's first word in the range, and of the one after it. */
static uint32_t words_in(const struct memory_change *m,
			 const struct table_page *page, uint32_t *end)
{
	uint64_t first =
		m->first > page->address ? m->first - page->address : 0;
	uint64_t bytes = m->last - page->address + 1;

	*end = bytes / 8 < page_entries(page) ? (uint32_t)(bytes / 8)
					      : page_entries(page);
	return (uint32_t)(first / 8);
}

static void report_in_use(struct memory_change *m,
			  const struct table_page *page, uint32_t index,
			  const char *detail, const char *missing)
{
	if (!m->reported)
		checker_report(m->c, RULE_TABLE_IN_USE, page, index, m->e,
			       detail, missing);
	m->reported = true;
}

static void page_initialise(void *context, struct table_page *page)
{
	struct memory_change *m = context;
	uint32_t end, i = words_in(m, page, &end);

	if (page->nodes) {
		report_in_use(m, page, i, "initialised while a tree uses it",
			      "take it out of the tree, and flush, before");
		return;
	}
	for (; i < end; i++) {
		if (page->word[i] && discipline_knows(&m->c->discipline,
						      page->address + i * 8, 8))
			report_in_use(m, page, i,
				      "initialised again, and not zero since",
				      "free the memory before, or write zeros");
		page->word[i] = 0;
	}
}

static void page_forget(void *context, struct table_page *page)
{
	struct memory_change *m = context;
	const struct table_node *node = page->node;
	uint32_t end, i = words_in(m, page, &end);

	/* Of linked ones in a tree that is installed tells TABLE_LINKED. */
	if (node && !(node->parent && node->tree->installed))
		report_in_use(
			m, page, i, "freed while a tree uses it",
			"take it out of the tree, or release the tree, before");
	for (; !node && i < end; i++)
		page->word[i] = 0;
}

static void memory_change(struct checker *c, const struct protocol_event *e)
{
	struct memory_change m = { .c = c,
				   .e = e,
				   .first = e->address,
				   .last = e->address + e->bytes - 1 };
	bool init = e->kind == PROTOCOL_MEMORY_INIT;

	c->discipline.says_memory |= init;
	tables_visit(&c->tables, m.first, m.last,
		     init ? page_initialise : page_forget, &m);
	if (!(init ? ranges_add(&c->discipline.known, m.first, m.last)
		   : ranges_remove(&c->discipline.known, m.first, m.last)))
		c->not_judged[NOT_JUDGED_MEMORY] = true;
}

/* ---- locks ---- */

static struct held_lock *lock_find(struct discipline *d, uint64_t address)
{
	for (size_t i = 0; i < d->locks; i++)
		if (d->lock[i].address == address)
			return &d->lock[i];
	return NULL;
}

static const struct tree_lock *tie_find(const struct discipline *d,
					uint64_t root)
{
	for (size_t i = 0; i < d->ties; i++)
		if (d->tie[i].root == root)
			return &d->tie[i];
	return NULL;
}

/* A log does not say whether a trylock got it. */
static void lock_take(struct checker *c, const struct protocol_event *e)
{
	struct discipline *d = &c->discipline;
	struct held_lock *lock;

	lock = lock_find(d, e->address);
	if (lock && !lock->doubtful) {
		if (e->kind == PROTOCOL_LOCK)
			checker_report(c, RULE_LOCK_STATE, NULL, 0, e,
				       "taken while it is held",
				       "let it go before");
		else if (lock->cpu == e->cpu)
			lock->tries++;
		return;
	}
	if (!lock)
		lock = LIST_ADD(c, d, lock, locks, lock_room);
	if (lock)
		*lock = (struct held_lock){ .address = e->address,
					    .cpu = e->cpu };
}

static void lock_drop(struct checker *c, const struct protocol_event *e)
{
	struct discipline *d = &c->discipline;
	struct held_lock *lock = lock_find(d, e->address);

	if (!lock || lock->cpu != e->cpu) {
		checker_report(c, RULE_LOCK_STATE, NULL, 0, e,
			       lock ? "let go while another holds it"
				    : "let go while nobody holds it",
			       "take it before");
		return;
	}
	if (lock->tries) {
		lock->tries--;
		lock->doubtful = true;
		return;
	}
	*lock = d->lock[--d->locks];
}

static void tie_set(struct checker *c, const struct protocol_event *e)
{
	struct discipline *d = &c->discipline;
	struct tree_lock *tie = (struct tree_lock *)tie_find(d, e->address);

	if (!tie)
		tie = LIST_ADD(c, d, tie, ties, tie_room);
	if (tie)
		*tie = (struct tree_lock){ e->address, e->input };
}

void discipline_barrier(struct checker *c, unsigned int cpu)
{
	struct discipline *d = &c->discipline;

	for (size_t i = 0; i < d->locks; i++)
		if (d->lock[i].cpu == cpu)
			d->lock[i].wrote = false;
}

/* ---- stores ---- */

static const struct entry_owner *owner_find(const struct discipline *d,
					    uint64_t address)
{
	for (size_t i = 0; i < d->owners; i++)
		if (d->owner[i].address == address)
			return &d->owner[i];
	return NULL;
}

static bool is_below(const struct table_page *page,
		     const struct table_page *above, uint32_t index)
{
	for (const struct table_node *n = page ? page->node : NULL; n;
	     n = n->parent)
		if (n->parent && n->parent->page == above && n->index == index)
			return true;
	return false;
}

/* A pointer goes under which an entry has an owner of its own. */
static void check_owners_below(struct checker *c, const struct table_page *page,
			       uint32_t index, const struct protocol_event *e)
{
	const struct discipline *d = &c->discipline;

	if (page->word[index] == e->now || !(page->word[index] & ENTRY_VALID))
		return;
	for (size_t i = 0; i < d->owners; i++) {
		if (!is_below(checker_page(c, d->owner[i].address), page,
			      index))
			continue;
		checker_report(c, RULE_ENTRY_OWNED, page, index, e,
			       "the table above an entry that a thread owns "
			       "was changed",
			       "take the ownership back before");
		return;
	}
}

static void check_order(struct checker *c, struct held_lock *lock,
			const struct table_page *page, uint32_t index,
			const struct protocol_event *e)
{
	bool live = (page->word[index] | e->now) & ENTRY_VALID;

	if (lock->wrote && live && !e->release)
		checker_report(c, RULE_WRITE_UNORDERED, page, index, e,
			       "a second plain store under one lock",
			       "a store-release, or a DSB between the two");
	lock->wrote = true;
}

static void check_lock(struct checker *c, const struct table_page *page,
		       uint32_t index, const struct protocol_event *e)
{
	struct discipline *d = &c->discipline;
	const struct tree_lock *tie = tie_find(d, page->node->tree->root.table);
	struct held_lock *lock = tie ? lock_find(d, tie->lock) : NULL;

	if (!tie)
		checker_report(c, RULE_LOCK_ABSENT, page, index, e,
			       "no set_root_lock for the tree's root",
			       "name the lock before the tree is written");
	else if (!lock || lock->cpu != e->cpu)
		checker_report(c, RULE_LOCK_NOT_HELD, page, index, e,
			       lock ? "another thread holds the lock"
				    : "nobody holds the lock",
			       "take the lock of the tree before");
	else
		check_order(c, lock, page, index, e);
}

void discipline_write(struct checker *c, const struct table_page *page,
		      uint64_t address, const struct protocol_event *e)
{
	const struct entry_owner *owner;
	uint32_t index;

	if (!c->discipline.says_memory) {
		c->not_judged[NOT_JUDGED_UNKNOWN] = true;
	} else if (!discipline_knows(&c->discipline, address, 8)) {
		checker_report(c, RULE_MEMORY_UNKNOWN, NULL, 0, e,
			       "a store to memory that was not initialised",
			       "mem-init of the memory before");
		return;
	}
	if (!page || !page->nodes)
		return;
	index = (uint32_t)((address - page->address) / 8);
	owner = owner_find(&c->discipline, address);
	if (owner && owner->cpu != e->cpu)
		checker_report(c, RULE_ENTRY_OWNED, page, index, e,
			       "written by another thread than its owner",
			       "let the owner write it");
	if (owner)
		return;
	check_owners_below(c, page, index, e);
	check_lock(c, page, index, e);
}

static void owner_set(struct checker *c, const struct protocol_event *e)
{
	struct discipline *d = &c->discipline;
	const struct table_page *page = checker_page(c, e->address);
	struct entry_owner *owner =
		(struct entry_owner *)owner_find(d, e->address);

	if (!page || !page->node || page->node->level != 3) {
		checker_report(
			c, RULE_ENTRY_OWNED, NULL, 0, e,
			"an owner for what is no level-3 entry of a tree",
			"give away entries of last tables alone");
		return;
	}
	if (!owner)
		owner = LIST_ADD(c, d, owner, owners, owner_room);
	if (owner)
		*owner = (struct entry_owner){ e->address, (uint8_t)e->input };
}

/* ---- trees ---- */

/* One node: true if the rest of its tree may be looked at. */
static bool check_node(struct checker *c, const struct table_node *node,
		       const struct protocol_event *e)
{
	const struct table_page *page = node->page;

	if (!discipline_knows(&c->discipline, page->address,
			      UINT64_C(1) << page->granule_lg2)) {
		checker_report(c, RULE_MEMORY_UNKNOWN, page, 0, e,
			       "a walk reaches memory that was not initialised",
			       "mem-init of the table before it is linked");
		return false;
	}
	if (page->nodes == 1 && !page->held)
		return true;
	checker_report(
		c, RULE_TABLE_SHARED, page, 0, e,
		page->nodes > 1
			? "two places lead to it"
			: "a pointer to it that was replaced may be held",
		"take it out of the other place, and flush, before");
	return false;
}

void discipline_linked(struct checker *c, const struct table_node *node,
		       const struct protocol_event *e)
{
	if (!node || !check_node(c, node, e) || node->level >= 3)
		return;
	for (uint32_t i = 0; i < page_entries(node->page); i++)
		if (node->page->word[i] & ENTRY_VALID)
			discipline_linked(c, tables_child(&c->tables, node, i),
					  e);
}

void discipline_tree(struct checker *c, const struct table_tree *tree,
		     const struct protocol_event *e)
{
	/* Under another VMID it was looked at already: ID_CHANGED. */
	if (tree->top && tree->top->page->nodes > 1)
		return;
	for (const struct table_node *n = tree->top; n; n = n->peer)
		discipline_linked(c, n, e);
}

void discipline_root(struct checker *c, const struct protocol_event *e)
{
	const struct protocol_root *r = &e->root;
	struct discipline *d = &c->discipline;
	uint16_t id = r->base == PROTOCOL_VTTBR ? r->vmid : r->asid;
	struct root_id *root;
	bool shared = false;

	if (r->base == PROTOCOL_TTBR_EL2 && r->asid)
		checker_report(c, RULE_EL2_ASID, NULL, 0, e,
			       "TTBR0_EL2 was written with an ASID",
			       "bits 63:48 of TTBR0_EL2 zero");
	for (size_t i = 0; i < d->roots; i++) {
		root = &d->root[i];
		if (root->base != r->base)
			continue;
		if (root->table == r->table && root->id == id)
			return;
		if (root->table == r->table) {
			checker_report(
				c, RULE_ID_CHANGED, NULL, 0, e,
				"this root has another VMID or ASID",
				"release the tree before it gets another");
			return;
		}
		shared = shared || root->id == id;
	}
	if (shared)
		checker_report(c, RULE_ID_SHARED, NULL, 0, e,
			       "another root has this VMID or ASID",
			       "a VMID of its own, or release the other tree");
	root = shared ? NULL : LIST_ADD(c, d, root, roots, root_room);
	if (root)
		*root = (struct root_id){ r->base, r->table, id };
}

/* ---- release ---- */

static void forget_root(struct discipline *d, uint64_t table)
{
	for (size_t i = 0; i < d->ties; i++)
		if (d->tie[i].root == table)
			d->tie[i--] = d->tie[--d->ties];
	for (size_t i = 0; i < d->roots; i++)
		if (d->root[i].table == table)
			d->root[i--] = d->root[--d->roots];
}

static void release_one(struct checker *c, struct table_tree *tree,
			const struct protocol_event *e)
{
	if (tree->installed)
		checker_report(c, RULE_TABLE_IN_USE,
			       tree->top ? tree->top->page : NULL, 0, e,
			       "a tree was released while a CPU walks it",
			       "another root in the register before");
	for (struct ghost *g = c->hold.all; g; g = g->next)
		if (g->base == tree->root.base && g->vmid == tree->root.vmid &&
		    !g->finding)
			judge_held(c, g, e,
				   "still held when its tree was released");
	for (int i = 0; i < PROTOCOL_OBSERVERS_MAX; i++)
		if (c->cpu[i].installed[tree->root.base] == tree)
			c->cpu[i].installed[tree->root.base] = NULL;
	tables_drop_tree(&c->tables, tree);
}

/* A table that is no root, as if it were freed; its memory stays known. */
static void release_table(struct checker *c, const struct protocol_event *e)
{
	const struct table_page *page = checker_page(c, e->address);

	if (!page)
		return;
	give_released(c, page, e);
	if (page->node && !page->node->tree->installed)
		checker_report(c, RULE_TABLE_IN_USE, page, 0, e,
			       "released while a tree uses it",
			       "take it out of the tree, and flush, before");
}

static void release(struct checker *c, const struct protocol_event *e)
{
	bool is_root = false;

	for (struct table_tree *tree = c->tables.tree, *next; tree;
	     tree = next) {
		next = tree->next;
		if (tree->root.table != e->address)
			continue;
		is_root = true;
		release_one(c, tree, e);
	}
	if (!is_root)
		release_table(c, e);
	forget_root(&c->discipline, e->address);
}

void discipline_event(struct checker *c, const struct protocol_event *e)
{
	switch (e->kind) {
	case PROTOCOL_MEMORY_INIT:
	case PROTOCOL_MEMORY_FREE:
		memory_change(c, e);
		return;
	case PROTOCOL_LOCK:
	case PROTOCOL_TRYLOCK:
		lock_take(c, e);
		return;
	case PROTOCOL_UNLOCK:
		lock_drop(c, e);
		return;
	case PROTOCOL_TREE_LOCK:
		tie_set(c, e);
		return;
	case PROTOCOL_TREE_RELEASE:
		release(c, e);
		return;
	case PROTOCOL_ENTRY_OWNER:
		owner_set(c, e);
		return;
	default:
		return;
	}
}
