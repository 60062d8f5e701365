/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory system seen by CPUs, walkers and devices: private L1I, L1D and
 * L2 of each CPU, one last-level cache, RAM. Which level served an access is
 * all that is said here; what that costs is for the caller. Counting rules:
 * models/README.md.
 *
 * Caches hold tags and states, RAM holds the values.
 */
#ifndef MODELS_MEMORY_MEMORY_H
#define MODELS_MEMORY_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/addr.h"
#include "core/base/err.h"
#include "models/replacement.h"

/* Who asks; counters are kept for each. */
enum requester {
	REQUESTER_DATA,
	REQUESTER_FETCH,
	REQUESTER_WALK,
	REQUESTER_HYPERVISOR,
	REQUESTER_DMA,
	REQUESTER_COUNT
};

/* Where an access was served. */
enum memory_level {
	MEMORY_L1,
	MEMORY_L2,
	MEMORY_LLC,
	MEMORY_DRAM,
	MEMORY_LEVEL_COUNT
};

/* Where walkers enter: cpu.walk_entry. */
enum memory_entry { MEMORY_ENTRY_L1D, MEMORY_ENTRY_L2, MEMORY_ENTRY_NONE };

struct cache_config {
	uint64_t bytes; /* 0: absent */
	uint32_t ways;
	uint32_t line; /* bytes, a power of two, the same everywhere */
	enum replacement replacement;
	uint32_t latency; /* cycles; used by cost formulas, not here */
};

struct cache_counters {
	uint64_t hits[REQUESTER_COUNT], misses[REQUESTER_COUNT];
	uint64_t writebacks; /* dirty lines evicted or cleaned downwards */
	uint64_t cleans;     /* lines that a maintenance operation visited */
};

struct memory_config {
	uint32_t cpus;
	struct cache_config l1i, l1d, l2, llc;
	enum memory_entry walk_entry;
	/* No access is made there or above; 0: 2^48. Small tags if it is low.
	 */
	uint64_t pa_end;
};

struct memory_system; /* in cache.h, for the inline path */

/* NULL if a configuration is impossible (checked by machine files first)
 * or memory is short. */
struct memory_system *memory_new(const struct memory_config *config,
				 struct model_random *random);
void memory_free(struct memory_system *ms);

/*
 * One access to the line of `pa` (a caller whose access spans lines asks once
 * per line). Allocates on read and write misses; a write makes the line dirty
 * in the first level it reaches. DATA and HYPERVISOR enter at the CPU's L1D,
 * FETCH at its L1I, WALK where walk_entry says, DMA at the last level.
 */
enum memory_level memory_access(struct memory_system *ms, unsigned int cpu,
				enum requester who, pa_t pa, bool write);

/*
 * Maintenance by address (one line, every CPU) and by set/way (one line of
 * one CPU; level 1: L1D, 2: L2, 3: the last level). `poc` false: to the point
 * of unification, i.e. L1D is written back into L2. models/README.md, rules
 * 24 and 25.
 */
enum memory_op { MEMORY_CLEAN, MEMORY_INVALIDATE, MEMORY_CLEAN_INVALIDATE };
void memory_maintain(struct memory_system *ms, enum memory_op op, pa_t pa,
		     bool poc);
void memory_maintain_set_way(struct memory_system *ms, unsigned int cpu,
			     enum memory_op op, unsigned int level,
			     uint32_t set, uint32_t way);
/* Instruction caches: one line in every CPU, or all of one or every CPU. */
void memory_invalidate_fetch_line(struct memory_system *ms, pa_t pa);
void memory_invalidate_fetch_all(struct memory_system *ms, unsigned int cpu,
				 bool every_cpu);

/* Sums over CPUs, for cache.{l1i,l1d,l2,llc}. */
enum memory_cache { CACHE_L1I, CACHE_L1D, CACHE_L2, CACHE_LLC, CACHE_COUNT };
void memory_counters(const struct memory_system *ms, enum memory_cache which,
		     struct cache_counters *sum);

#endif
