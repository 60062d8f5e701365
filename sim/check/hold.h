/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What hardware may still hold: for every value that a live entry once had,
 * which observers may have it in a TLB or walk cache. What tables say now is
 * held by everyone and needs no note; a *ghost* is a value that was replaced.
 * Unbounded, and dropped by nothing but the maintenance that the architecture
 * says drops it: DDI0487 L.b D8.17, C5.5.
 *
 * A stage-2 value may be held by itself (an IPA's translation, a pointer in a
 * walk cache) or in entries that combine both stages. IPAS2E1 drops the
 * first, and an entry of the second kind can be made anew from the first.
 */
#ifndef SIM_CHECK_HOLD_H
#define SIM_CHECK_HOLD_H

#include "sim/check/tables.h"

struct ghost {
	struct geometry geometry;
	enum protocol_base base;
	uint16_t vmid, asid;
	bool global;
	bool table;	/* a pointer to a table, else a leaf */
	bool hole;	/* what is absent, as VT-d's caching mode keeps it */
	bool el2;	/* a hypervisor replaced it */
	bool noncoherent; /* some of its walkers read past the caches */
	uint32_t finding; /* that names it, plus 1 */
	int8_t level;
	uint8_t writer; /* CPU */
	uint64_t first, last; /* input addresses */
	uint64_t value;
	const struct table_page *page; /* where it stood */
	uint64_t address;	       /* of that word */
	uint64_t target;	       /* output, or the table pointed to */
	struct table_page *target_page; /* of a table pointer */
	struct mark birth, replaced;
	uint64_t when;	  /* event that replaced it */
	uint64_t visible; /* event after which no walk reads it; 0: not yet */
	uint64_t alone, combined; /* observers that may hold it, how */
	/* Who lost `alone` at which event; before that, at the latest, all of
	 * the earlier ones. */
	uint64_t lost_at, lost, lost_before_at, lost_before;
	/* When a pointer to its page was dropped last, and by the TLBI issued
	 * when: until then a walk could find it again. And when that pointer's
	 * end had become visible. */
	uint64_t below_since, below_by, below_visible;
	struct ghost *next, **at;	  /* of all */
	struct ghost *near, **near_at;	  /* of one bucket, or the large ones */
	struct ghost *unseen, **unseen_at; /* not visible yet, by writer */
};

struct hold {
	struct ghost *all;
	struct ghost **bucket;
	struct ghost *unseen[PROTOCOL_OBSERVERS_MAX];
	struct ghost *spare;
	struct ghost_block *blocks;
	uint64_t tables; /* of them pointers */
	uint64_t count, peak, guests; /* guests: not of a hypervisor's tables */
	uint64_t devices;	      /* of them in domains of IOMMUs */
	/* Observers that are IOMMUs; of them, who hears broadcast TLBI, and
	 * who holds nothing that combines two stages. */
	uint64_t units, hearing, single;
	bool out_of_memory;
};

MUST_CHECK bool hold_init(struct hold *h);
void hold_fini(struct hold *h);

/* Where a table's entries are read from, and as whose: a node, or what a
 * ghost of a pointer leads to. */
struct place {
	struct table_page *page;
	const struct geometry *geometry;
	enum protocol_base base;
	uint16_t vmid, asid;
	bool asid_used, noncoherent, caching_mode;
	int8_t level;
	uint64_t input; /* lowest address translated there */
	uint64_t users; /* observers that may come by */
};
struct place place_of_node(const struct table_node *node);
struct place place_of_ghost(const struct ghost *pointer);
/* Where a pointer in entry `index`, of this value, leads to; page NULL if it
 * is none, or to a page that is not known. */
struct place place_below(const struct tables *t, const struct place *p,
			 uint32_t index, uint64_t value);

/* What entry `index` was there is `value`. NULL if nobody can hold it, or out
 * of memory. */
struct ghost *hold_add(struct hold *h, const struct tables *tables,
		       const struct place *p, uint32_t index, uint64_t value,
		       const struct protocol_event *by, struct mark replaced);
/* It is not in any live table: only a pointer that is held leads to it. */
void hold_unlinked(struct ghost *g, uint64_t number);
void hold_drop(struct hold *h, struct ghost *g);
/* A DSB of this CPU: walks begun from now on see what it wrote. */
void hold_synchronise(struct hold *h, unsigned int cpu, uint64_t number);

/* The next of those that overlap [first, last] in this base and VMID, after
 * `previous` (NULL: the first). The list must not change meanwhile, but for
 * `previous` after the next one was asked for. */
struct hold_query {
	enum protocol_base base;
	uint16_t vmid;
	uint64_t first, last;
	uint64_t bucket; /* private, as are these */
	unsigned int tier;
	struct ghost *at;
};
struct ghost *hold_first(const struct hold *h, struct hold_query *query);
struct ghost *hold_next(const struct hold *h, struct hold_query *query);

/* Each condition that a TLBI must meet to drop a ghost from an observer. */
enum hold_miss {
	HOLD_DROPS,
	HOLD_OTHER_REGIME,
	HOLD_OTHER_VMID,
	HOLD_OTHER_STAGE,
	HOLD_OTHER_ASID,
	HOLD_OTHER_RANGE,
	HOLD_LAST_LEVEL,
	HOLD_OTHER_LEVEL,
	HOLD_PART, /* VT-d: less than a superpage was named */
};
/* What of the TLBI's scope misses the ghost, the furthest cause first. */
enum hold_miss hold_scope(const struct ghost *g, const struct protocol_tlbi *t);

/* A TLBI, issued as event `issued` by `cpu`, is complete. Returns how many
 * ghosts it took something from. */
uint64_t hold_tlbi(struct hold *h, const struct protocol_tlbi *t,
		   unsigned int cpu, uint64_t issued, uint64_t number);
/* Would it, were it complete and what it needs visible? */
bool hold_tlbi_is_needed(const struct hold *h, const struct protocol_tlbi *t,
			 unsigned int cpu);

#endif
