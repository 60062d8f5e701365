/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The discipline that an imported log's writers keep beside what hardware
 * demands: tables stand in memory made known first and form trees; each tree
 * has a lock, and one VMID or ASID; its descriptors are written by who holds
 * the lock, or by the one thread that an entry is given to; of several stores
 * under one lock those after the first are releases, or follow a DSB.
 *
 * These are the assumptions of casemate's model (rems-project/casemate,
 * doc/howitworks.md), under which one state a descriptor is enough; ours
 * needs none of them, and a machine's own runs are not asked to keep them.
 */
#ifndef SIM_CHECK_DISCIPLINE_H
#define SIM_CHECK_DISCIPLINE_H

#include "sim/check/ranges.h"
#include "sim/check/tables.h"

/* Of each kind below but memory; more is not judged. */
#define DISCIPLINE_MAX 4096

struct checker;

struct held_lock {
	uint64_t address;
	uint8_t cpu;
	bool wrote; /* and no DSB of that CPU since */
	/* Tried by its holder, who may have got it again: so many unlocks more
	 * are allowed; one of them came, and it may be free. */
	uint32_t tries;
	bool doubtful;
};

struct tree_lock {
	uint64_t root, lock;
};

struct root_id {
	enum protocol_base base;
	uint64_t table;
	uint16_t id;
};

struct entry_owner {
	uint64_t address;
	uint8_t cpu;
};

struct discipline {
	struct ranges known; /* memory */
	bool says_memory;    /* a mem-init came */
	struct held_lock *lock;
	struct tree_lock *tie;
	struct root_id *root;
	struct entry_owner *owner;
	size_t locks, ties, roots, owners;
	size_t lock_room, tie_room, root_room, owner_room;
};

void discipline_fini(struct discipline *d);
bool discipline_knows(const struct discipline *d, uint64_t address,
		      uint64_t bytes);

/* A store to the word at `address`, before it is done; page NULL: none. */
void discipline_write(struct checker *c, const struct table_page *page,
		      uint64_t address, const struct protocol_event *e);
/* `node` (NULL: none) came below a descriptor that was just written. */
void discipline_linked(struct checker *c, const struct table_node *node,
		       const struct protocol_event *e);
/* A DSB. */
void discipline_barrier(struct checker *c, unsigned int cpu);
/* ROOT, before the tree is looked for; the tree, if it is new. */
void discipline_root(struct checker *c, const struct protocol_event *e);
void discipline_tree(struct checker *c, const struct table_tree *tree,
		     const struct protocol_event *e);
/* MEMORY_*, LOCK, TRYLOCK, UNLOCK, TREE_*, ENTRY_OWNER. */
void discipline_event(struct checker *c, const struct protocol_event *e);

#endif
