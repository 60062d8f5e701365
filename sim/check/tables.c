/* SPDX-License-Identifier: BSD-2-Clause */
/* See tables.h. DDI0487 L.b D8.2. */
#include "sim/check/tables.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS_FIRST 1024

/* ---- pages ---- */

static size_t slot_of(const struct tables *t, enum protocol_world world,
		      uint16_t vmid, uint64_t address)
{
	uint64_t key = address >> 12 ^ (uint64_t)world << 63 ^
		       (uint64_t)vmid << 44;

	return (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 20) &
	       (t->buckets - 1);
}

bool tables_init(struct tables *t, const struct protocol_listener *listener)
{
	*t = (struct tables){ .buckets = BUCKETS_FIRST,
			      .nodes_per_page_max = NODES_PER_PAGE_MAX,
			      .listener = listener };
	t->bucket = calloc(t->buckets, sizeof(*t->bucket));
	return t->bucket != NULL;
}

static void page_free(struct table_page *page)
{
	free(page->word);
	free(page->birth);
	free(page->unclean);
	free(page);
}

void tables_fini(struct tables *t)
{
	while (t->tree)
		tables_drop_tree(t, t->tree);
	for (size_t i = 0; t->bucket && i < t->buckets; i++) {
		while (t->bucket[i]) {
			struct table_page *page = t->bucket[i];

			t->bucket[i] = page->next;
			page_free(page);
		}
	}
	free(t->bucket);
	t->bucket = NULL;
}

struct table_page *tables_find(const struct tables *t,
			       enum protocol_world world, uint16_t vmid,
			       uint64_t address)
{
	struct table_page *page;

	if (world == PROTOCOL_MACHINE)
		vmid = 0;
	page = t->bucket[slot_of(t, world, vmid, address)];
	while (page && (page->address != address || page->world != world ||
			page->vmid != vmid))
		page = page->next;
	return page;
}

static void grow(struct tables *t)
{
	size_t count = t->buckets;
	struct table_page **old = t->bucket;
	struct table_page **new = calloc(count * 4, sizeof(*new));

	if (!new)
		return;
	t->bucket = new;
	t->buckets = count * 4;
	for (size_t i = 0; i < count; i++) {
		while (old[i]) {
			struct table_page *page = old[i];
			size_t slot = slot_of(t, page->world, page->vmid,
					      page->address);

			old[i] = page->next;
			page->next = new[slot];
			new[slot] = page;
		}
	}
	free(old);
}

/* What stands there from before anyone listened. */
static void fill(struct tables *t, struct table_page *page)
{
	const struct protocol_listener *l = t->listener;

	if (!l || !l->read)
		return;
	for (uint32_t i = 0; i < page_entries(page); i++) {
		if (!l->read(l->read_context, page->world, page->vmid,
			     page->address + i * 8, &page->word[i])) {
			t->unreadable = true;
			return;
		}
	}
}

static bool page_words(struct table_page *page, unsigned int granule_lg2)
{
	size_t words = (size_t)1 << (granule_lg2 - 3);

	page->word = calloc(words, sizeof(*page->word));
	page->birth = calloc(words, sizeof(*page->birth));
	page->unclean = calloc(3 * words / 64, sizeof(*page->unclean));
	if (!page->word || !page->birth || !page->unclean)
		return false;
	page->cleaned = page->unclean + words / 64;
	page->absent = page->cleaned + words / 64;
	page->granule_lg2 = (uint8_t)granule_lg2;
	return true;
}

static struct table_page *page_new(struct tables *t,
				   enum protocol_world world, uint16_t vmid,
				   uint64_t address, unsigned int granule_lg2)
{
	struct table_page *page = calloc(1, sizeof(*page));
	size_t slot;

	if (page && !page_words(page, granule_lg2)) {
		page_free(page);
		page = NULL;
	}
	if (!page) {
		t->out_of_memory = true;
		return NULL;
	}
	page->address = address;
	page->world = world;
	page->vmid = vmid;
	slot = slot_of(t, world, vmid, address);
	page->next = t->bucket[slot];
	t->bucket[slot] = page;
	t->pages++;
	return page;
}

/* Words of a smaller page become those of a larger one that begins lower. */
static void take_words(struct table_page *to, const struct table_page *from)
{
	uint32_t first = (uint32_t)((from->address - to->address) / 8);

	for (uint32_t i = 0; i < page_entries(from); i++) {
		uint32_t at = first + i;

		to->word[at] = from->word[i];
		to->birth[at] = from->birth[i];
		to->unclean[at / 64] |= (from->unclean[i / 64] >> i % 64 & 1)
					<< at % 64;
		to->cleaned[at / 64] |= (from->cleaned[i / 64] >> i % 64 & 1)
					<< at % 64;
		to->absent[at / 64] |= (from->absent[i / 64] >> i % 64 & 1)
				       << at % 64;
	}
	if (from->written_epoch > to->written_epoch) {
		to->written_epoch = from->written_epoch;
		to->written_by = from->written_by;
	}
}

/* What was taken for a page of 4K turns out to be the start of more. */
static bool widen(struct tables *t, struct table_page *page,
		  unsigned int granule_lg2)
{
	struct table_page old = *page;
	struct table_page *piece;

	if (!page_words(page, granule_lg2)) {
		free(page->word);
		free(page->birth);
		free(page->unclean);
		*page = old;
		t->out_of_memory = true;
		return false;
	}
	fill(t, page);
	take_words(page, &old);
	for (uint64_t at = page->address + BIT(12);
	     at < page->address + BIT(granule_lg2); at += BIT(12)) {
		piece = tables_find(t, page->world, page->vmid, at);
		if (piece)
			take_words(page, piece);
	}
	free(old.word);
	free(old.birth);
	free(old.unclean);
	return true;
}

struct table_page *tables_get(struct tables *t, enum protocol_world world,
			      uint16_t vmid, uint64_t address,
			      unsigned int granule_lg2)
{
	struct table_page *page;

	if (world == PROTOCOL_MACHINE)
		vmid = 0;
	page = tables_find(t, world, vmid, address);
	if (page && page->granule_lg2 >= granule_lg2)
		return page;
	if (page)
		return !page->nodes && widen(t, page, granule_lg2) ? page
								   : NULL;
	if (t->pages > t->buckets * 2)
		grow(t);
	page = page_new(t, world, vmid, address, granule_lg2);
	if (page && granule_lg2 > 12) {
		for (uint64_t at = address + BIT(12);
		     at < address + BIT(granule_lg2); at += BIT(12)) {
			const struct table_page *piece =
				tables_find(t, world, vmid, at);

			if (piece)
				take_words(page, piece);
		}
	}
	if (page)
		fill(t, page);
	return page;
}

/* Beyond so many pages all that are known are looked at instead. */
#define VISIT_EACH 64

static void visit_each(const struct tables *t, uint64_t first, uint64_t last,
		       void (*visit)(void *context, struct table_page *page),
		       void *context)
{
	const struct table_page *previous = NULL;

	for (uint64_t at = align_down(first, 12); at <= last; at += BIT(12)) {
		for (unsigned int lg2 = 12; lg2 <= 16; lg2 += 2) {
			struct table_page *page =
				tables_find(t, PROTOCOL_MACHINE, 0,
					    align_down(at, lg2));

			if (!page || page->granule_lg2 < lg2 ||
			    page == previous)
				continue;
			visit(context, page);
			previous = page;
		}
	}
}

void tables_visit(const struct tables *t, uint64_t first, uint64_t last,
		  void (*visit)(void *context, struct table_page *page),
		  void *context)
{
	if ((last - first) >> 12 < VISIT_EACH) {
		visit_each(t, first, last, visit, context);
		return;
	}
	for (size_t i = 0; i < t->buckets; i++)
		for (struct table_page *page = t->bucket[i]; page;
		     page = page->next)
			if (page->world == PROTOCOL_MACHINE &&
			    page->address <= last &&
			    page->address + (BIT(page->granule_lg2) - 1) >=
				    first)
				visit(context, page);
}

/* ---- nodes ---- */

static struct table_node *node_new(struct tables *t, struct table_tree *tree,
				   uint64_t address, int level, uint64_t input)
{
	const bool machine = tree->root.base == PROTOCOL_DEVICE
				     ? !tree->root.guests
				     : tree->geometry.stage2 ||
					       tree->root.base ==
						       PROTOCOL_TTBR_EL2;
	struct table_page *page = tables_get(
		t, machine ? PROTOCOL_MACHINE : PROTOCOL_GUEST,
		tree->root.base == PROTOCOL_DEVICE ? tree->root.guest
						   : tree->root.vmid,
		address, tree->geometry.granule_lg2);
	struct table_node *node;

	if (!page || page->granule_lg2 != tree->geometry.granule_lg2 ||
	    page->nodes >= t->nodes_per_page_max) {
		t->overflown = true;
		return NULL;
	}
	node = calloc(1, sizeof(*node));
	if (!node) {
		t->out_of_memory = true;
		return NULL;
	}
	node->page = page;
	node->tree = tree;
	node->level = (int8_t)level;
	node->input = input;
	node->next_place = page->node;
	page->node = node;
	page->nodes++;
	return node;
}

struct table_node *tables_child(const struct tables *t,
				const struct table_node *node, uint32_t index)
{
	const struct geometry *g = &node->tree->geometry;
	uint64_t pte = node->page->word[index];
	const struct table_page *page;
	struct table_node *child;

	if (entry_kind(g, pte, node->level) != ENTRY_TABLE)
		return NULL;
	page = tables_find(t, node->page->world, node->page->vmid,
			   entry_address(g, pte, g->granule_lg2));
	for (child = page ? page->node : NULL; child;
	     child = child->next_place)
		if (child->parent == node && child->index == index)
			return child;
	return NULL;
}

void tables_note_global(struct table_node *node, uint32_t index)
{
	const struct geometry *g = &node->tree->geometry;
	uint64_t pte = node->page->word[index];

	if (!g->stage2 && !(pte & ENTRY_NG) &&
	    entry_kind(g, pte, node->level) == ENTRY_LEAF)
		node->tree->globals = true;
}

static void link_all(struct tables *t, struct table_node *node)
{
	for (uint32_t i = 0; i < page_entries(node->page); i++) {
		if (entry_kind(&node->tree->geometry, node->page->word[i],
			       node->level) == ENTRY_TABLE)
			tables_link(t, node, i);
		else
			tables_note_global(node, i);
	}
}

struct table_node *tables_lookup(const struct tables *t,
				 const struct table_tree *tree, uint64_t input,
				 uint32_t *index)
{
	struct table_node *node = tree->top;

	while (node && input - node->input >=
			       node_span(node) * page_entries(node->page))
		node = node->peer;
	while (node) {
		*index = (uint32_t)((input - node->input) / node_span(node));
		if (entry_kind(&tree->geometry, node->page->word[*index],
			       node->level) == ENTRY_LEAF)
			return node;
		node = tables_child(t, node, *index);
	}
	return NULL;
}

void tables_link(struct tables *t, struct table_node *node, uint32_t index)
{
	const struct geometry *g = &node->tree->geometry;
	struct table_node *child =
		node_new(t, node->tree,
			 entry_address(g, node->page->word[index],
				       g->granule_lg2),
			 node->level + 1, node_input(node, index));

	if (!child)
		return;
	child->parent = node;
	child->index = index;
	if (child->level < 3 || !node->tree->geometry.stage2)
		link_all(t, child);
}

void tables_unlink(struct tables *t, struct table_node *child)
{
	struct table_node **at = &child->page->node;

	for (uint32_t i = 0; child->level < 3 && i < page_entries(child->page);
	     i++) {
		struct table_node *below = tables_child(t, child, i);

		if (below)
			tables_unlink(t, below);
	}
	while (*at != child)
		at = &(*at)->next_place;
	*at = child->next_place;
	child->page->nodes--;
	free(child);
}

/* ---- trees ---- */

static bool same_root(const struct protocol_root *a,
		      const struct protocol_root *b)
{
	return a->base == b->base && a->table == b->table &&
	       a->vmid == b->vmid && a->granule_lg2 == b->granule_lg2 &&
	       a->level == b->level && a->input_bits == b->input_bits &&
	       a->guests == b->guests &&
	       a->output_bits == b->output_bits &&
	       (!a->asid_used || a->asid == b->asid);
}

static bool add_roots(struct tables *t, struct table_tree *tree)
{
	const struct protocol_root *r = &tree->root;
	const unsigned int lsb = level_lsb(&tree->geometry, r->level);
	const unsigned int bits = lsb + r->granule_lg2 - 3;
	uint64_t count = r->input_bits > bits ? BIT(r->input_bits - bits) : 1;
	struct table_node **end = &tree->top;

	for (uint64_t i = 0; i < count; i++) {
		*end = node_new(t, tree,
				align_down(r->table, r->granule_lg2) +
					(i << r->granule_lg2),
				r->level, r->first_input + (i << bits));
		if (!*end)
			return false;
		if (r->level < 3 || !tree->geometry.stage2)
			link_all(t, *end);
		end = &(*end)->peer;
	}
	return true;
}

struct table_tree *tables_tree(struct tables *t,
			       const struct protocol_root *root)
{
	struct table_tree *tree = t->tree;

	while (tree && !same_root(&tree->root, root))
		tree = tree->next;
	if (tree)
		return tree;
	tree = calloc(1, sizeof(*tree));
	if (!tree) {
		t->out_of_memory = true;
		return NULL;
	}
	tree->root = *root;
	tree->geometry = (struct geometry){
		.stage2 = root->base == PROTOCOL_VTTBR ||
			  root->base == PROTOCOL_DEVICE,
		.vtd = root->vtd,
		.sets_access_flag = root->sets_access_flag,
		.granule_lg2 = root->granule_lg2,
		.output_bits = root->output_bits,
	};
	tree->next = t->tree;
	t->tree = tree;
	add_roots(t, tree);
	return tree;
}

void tables_drop_tree(struct tables *t, struct table_tree *tree)
{
	struct table_tree **at = &t->tree;

	while (tree->top) {
		struct table_node *next = tree->top->peer;

		tables_unlink(t, tree->top);
		tree->top = next;
	}
	while (*at != tree)
		at = &(*at)->next;
	*at = tree->next;
	free(tree);
}
