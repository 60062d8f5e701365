/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When a table of which all entries are contiguous becomes a block: what an
 * owner may choose, and what the engine remembers for it.
 */
#ifndef CORE_PT_POLICY_H
#define CORE_PT_POLICY_H

#include <stdint.h>

#include "core/base/addr.h"

enum pt_coalesce_policy {
	PT_COALESCE_NEVER,
	PT_COALESCE_EAGER,	  /* as soon as it is so */
	PT_COALESCE_AFTER_OPS,	  /* after `n` calls that left it alone */
	PT_COALESCE_AFTER_CYCLES, /* after `n` cycles that left it alone */
	/*
	 * At once until the block was split `n` times; then after as many
	 * calls as a table has entries, twice as many with each more split.
	 */
	PT_COALESCE_HYSTERESIS,
	/* A look at `budget` entries every `n` cycles, round and round. */
	PT_COALESCE_SCAN,
	PT_COALESCE_POLICIES
};

struct pt_coalesce {
	enum pt_coalesce_policy policy;
	uint64_t n;
	uint64_t budget;
};

/*
 * For walkers that read past the caches: which changed descriptors are cleaned
 * to where they read.
 */
enum pt_clean_policy {
	PT_CLEAN_NONE,	/* walks are coherent */
	PT_CLEAN_ENTRY, /* each by itself */
	PT_CLEAN_LINE,	/* neighbours together, each cache line once */
	/*
	 * Of one step's changes those at the highest level alone: what lies
	 * below stands in tables that the step unlinks. A new table is cleaned
	 * whole before anything leads to it under every policy.
	 */
	PT_CLEAN_TOP_ONLY,
	PT_CLEAN_POLICIES
};

/*
 * How often which block was split. Bounded, so that a guest cannot make it
 * grow: of two blocks with one slot the earlier is forgotten.
 */
#define PT_HISTORY_LG2 6
struct pt_history {
	uint64_t block; /* input address, its level in the low bits, plus 1 */
	uint64_t splits;
};

struct pt_coalescing {
	struct pt_coalesce config;
	uint64_t operations; /* calls so far */
	uint64_t waiting;    /* tables in the list */
	pa_t first, last;
	uint64_t cursor;     /* input address that the scan goes on from */
	uint64_t scan_due;
	struct pt_history history[1u << PT_HISTORY_LG2];
};

#endif
