/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The checker's picture of all translation tables: pages by address, trees by
 * root, and a node for each place at which a tree uses a page. One page may
 * be many nodes (a table under two roots, or one that leads to itself).
 */
#ifndef SIM_CHECK_TABLES_H
#define SIM_CHECK_TABLES_H

#include "core/base/err.h"
#include "sim/check/descriptor.h"

/* More places than this of one page are not followed: `overflown` says so. */
#define NODES_PER_PAGE_MAX 64
/* Of a log, whose tables should have one. */
#define NODES_PER_PAGE_DISCIPLINE 2

/* An event as a finding shows it later: its number and who did it. */
struct mark {
	uint32_t number; /* 0: before anyone listened */
	uint32_t source; /* sources_get */
};

struct table_node;

struct table_page {
	uint64_t address;
	enum protocol_world world;
	uint16_t vmid; /* guest world only */
	uint8_t granule_lg2;
	uint16_t nodes;
	uint32_t held; /* ghosts that lead here: hold.h */
	/* The last store, and its writer's count of barriers then. */
	uint8_t written_by;
	uint64_t written_epoch;
	uint64_t *word;
	struct mark *birth; /* of each word */
	/* Bit sets: written and not cleaned; cleaned and no DSB since. */
	uint64_t *unclean, *cleaned;
	/* And: unclean, and there was nothing when it was clean last. */
	uint64_t *absent;
	struct table_node *node;
	struct config_entry *config; /* of IOMMUs, that stand in it: iommu.h */
	struct table_page *next; /* in the hash chain */
};

struct table_tree {
	struct protocol_root root;
	struct geometry geometry;
	uint64_t users;	    /* observers that ever had it installed */
	uint64_t installed; /* that have it now */
	uint32_t formers;   /* CPUs' notes of having left it: root.c */
	bool globals;	    /* stage 1: it has had entries for every ASID */
	struct table_node *top; /* roots in a row, by ->peer */
	struct table_tree *next;
};

struct table_node {
	struct table_page *page;
	struct table_tree *tree;
	struct table_node *parent;
	uint32_t index; /* in the parent */
	int8_t level;
	uint64_t input; /* lowest address translated through it */
	struct table_node *next_place; /* of the same page */
	struct table_node *peer;       /* next of concatenated roots */
};

struct tables {
	struct table_page **bucket;
	size_t buckets, pages;
	unsigned int nodes_per_page_max;
	struct table_tree *tree;
	bool overflown, unreadable, out_of_memory;
	const struct protocol_listener *listener; /* for `read` */
};

MUST_CHECK bool tables_init(struct tables *t,
			    const struct protocol_listener *listener);
void tables_fini(struct tables *t);

/* The page at a granule-aligned address: NULL if it is not known, or could
 * not be made. A page once known stays, so that pointers to it do. */
struct table_page *tables_find(const struct tables *t,
			       enum protocol_world world, uint16_t vmid,
			       uint64_t address);
struct table_page *tables_get(struct tables *t, enum protocol_world world,
			      uint16_t vmid, uint64_t address,
			      unsigned int granule_lg2);

/* All known pages of machine memory with a byte in [first, last]. */
void tables_visit(const struct tables *t, uint64_t first, uint64_t last,
		  void (*visit)(void *context, struct table_page *page),
		  void *context);

/* The tree of a root; made, with all below it, if it is new. */
struct table_tree *tables_tree(struct tables *t,
			       const struct protocol_root *root);
/* Nobody holds anything of it, nobody walks it. */
void tables_drop_tree(struct tables *t, struct table_tree *tree);

/* A table descriptor came to stand in entry `index`: make the nodes below,
 * or take them away again. */
void tables_link(struct tables *t, struct table_node *node, uint32_t index);
void tables_unlink(struct tables *t, struct table_node *child);
/* The leaf that `input` is translated by: its node and *index; or NULL. */
struct table_node *tables_lookup(const struct tables *t,
				 const struct table_tree *tree, uint64_t input,
				 uint32_t *index);
/* An entry of the node is there: does it hold for every ASID? */
void tables_note_global(struct table_node *node, uint32_t index);
/* The node below an entry, or NULL. */
struct table_node *tables_child(const struct tables *t,
				const struct table_node *node, uint32_t index);

static inline uint64_t node_span(const struct table_node *n)
{
	return BIT(level_lsb(&n->tree->geometry, n->level));
}

static inline uint64_t node_input(const struct table_node *n, uint32_t index)
{
	return n->input + index * node_span(n);
}

static inline uint32_t page_entries(const struct table_page *page)
{
	return 1u << (page->granule_lg2 - 3);
}

#endif
