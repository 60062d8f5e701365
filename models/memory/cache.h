/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One set-associative write-back cache, tags and states only, and the memory
 * system made of such caches, open so that the most frequent access of all
 * (a hit in the first level that changes nothing) is served inline. Counting
 * rules: models/README.md, "Caches".
 *
 * A line stays at the way it was filled into. A set's tags stand together,
 * 32 bits each if that is enough, so that 16 ways are one host cache line;
 * its used and dirty bits are masks beside them, and under LRU and FIFO the
 * order of its ways is a list: no time stamps, and a scan for nothing but the
 * tag.
 */
#ifndef MODELS_MEMORY_CACHE_H
#define MODELS_MEMORY_CACHE_H

#include <stdbool.h>
#include <stdint.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "core/base/addr.h"
#include "models/memory/memory.h"
#include "models/replacement.h"

#define CACHE_WAYS_MAX	256
#define CACHE_MASK_BITS 32
/* No line has this number, no way this slot. */
#define CACHE_NONE UINT64_MAX

struct cache {
	/* By slot: set x ways + way. 0: invalid; else line / sets + 1. One of
	 * the two is NULL. */
	uint32_t *narrow;
	uint64_t *wide;
	/*
	 * By set: mask_words words of used bits, then as many of dirty bits.
	 * A hit on a way whose used bit is set changes no replacement state:
	 * under PLRU it is the policy's own bit, under LRU it is the newest
	 * way's alone, under FIFO and random every way's.
	 */
	uint32_t *masks;
	/* LRU, FIFO: by set, its ways, newest first; four bits a way, or if
	 * there are more than 16, bytes. */
	uint64_t *order;
	uint8_t *order_bytes;
	uint64_t set_mask; /* sets - 1, if sets is a power of two */
	uint32_t set_lg2;
	uint32_t sets, ways, mask_words;
	bool modulo; /* sets is no power of two */
	bool present;
	/* Which body of code serves it: CACHE_ANY could serve all. */
	enum { CACHE_ANY, CACHE_PLRU4, CACHE_PLRU8, CACHE_PLRU16 } shape;
	bool inline4; /* narrow, a power of two of sets of four ways */
	enum replacement replacement;
	uint64_t free; /* ways of any set that are invalid */
	/* Changes with each access that may have changed this cache's state,
	 * whoever made it. */
	uint64_t generation;
	struct model_random *random;
	struct cache_counters counters;
};

/* NULL, or in a few words what would be right. */
const char *cache_config_problem(const struct cache_config *config);

/* False when out of memory. An absent cache has one line, never valid. No
 * line that is asked for is numbered `lines` or above. */
bool cache_init(struct cache *c, const struct cache_config *config,
		struct model_random *random, uint64_t lines);
void cache_fini(struct cache *c);

/* Where a line belongs, and how it is known there. */
struct cache_home {
	uint64_t set, tag;
};
static inline struct cache_home cache_home(const struct cache *c, uint64_t line)
{
	if (__builtin_expect(c->modulo, 0))
		return (struct cache_home){ line % c->sets,
					    line / c->sets + 1 };
	return (struct cache_home){ line & c->set_mask,
				    (line >> c->set_lg2) + 1 };
}

/* For functions that do nothing but ask for host lines: gcc takes them for
 * pure, and drops calls that it has not inlined early. */
#define CACHE_PREFETCH static inline __attribute__((always_inline)) void

/* Asks the host for the line's set. */
CACHE_PREFETCH cache_prefetch(const struct cache *c, uint64_t line)
{
	uint64_t set = cache_home(c, line).set;

	__builtin_prefetch(&c->masks[set * 2 * c->mask_words], 1);
	if (c->narrow)
		__builtin_prefetch(&c->narrow[set * c->ways], 1);
	else
		__builtin_prefetch(&c->wide[set * c->ways], 1);
}

/* The line's slot, or CACHE_NONE; touches nothing. */
uint64_t cache_find(const struct cache *c, uint64_t line);
/*
 * One access: counts a hit or a miss of `who` and updates replacement; a miss
 * puts the line in. `dirty` makes it dirty. *victim is the line that made way
 * if it must be written back, or CACHE_NONE.
 */
bool cache_access(struct cache *c, uint64_t line, enum requester who,
		  bool dirty, uint64_t *victim);
/* A write-back from above: the line becomes dirty without a use, or is put in
 * if it is not there. Returns as *victim of cache_access. */
uint64_t cache_take_dirty(struct cache *c, uint64_t line);

/* The slot of a way; CACHE_NONE if there is no such way. */
uint64_t cache_slot(const struct cache *c, uint64_t set, uint32_t way);
/* Of a slot: its line, or CACHE_NONE if it is invalid. */
uint64_t cache_slot_line(const struct cache *c, uint64_t slot);
bool cache_slot_dirty(const struct cache *c, uint64_t slot);
void cache_slot_clean(struct cache *c, uint64_t slot);
/* Makes it invalid. */
void cache_slot_drop(struct cache *c, uint64_t slot);
/* Drops all; returns how many were valid. */
uint64_t cache_drop_all(struct cache *c);

/* The caches that an access passes, absent ones left out. */
#define MEMORY_PATH_MAX 3
struct memory_path {
	uint32_t depth;
	uint32_t private_depth; /* of them the CPU's own */
	bool usual; /* CACHE_PLRU4, then 8, then 16, and no other */
	struct cache *cache[MEMORY_PATH_MAX];
	enum memory_level level[MEMORY_PATH_MAX];
};

struct memory_cpu {
	struct cache l1d, l1i, l2;
	struct memory_path data, fetch, walk, dma;
	const struct memory_path *path[REQUESTER_COUNT];
	/* What each requester enters, if it is a first level. */
	struct cache *first[REQUESTER_COUNT];
};

struct memory_system {
	struct memory_cpu *cpu;
	uint32_t cpus;
	uint32_t line_lg2;
	uint64_t lines; /* none is numbered as high */
	enum memory_entry walk_entry;
	struct cache llc;
};

/* The first-level cache that DATA, HYPERVISOR or FETCH enters. */
static inline struct cache *memory_first_level(struct memory_system *ms,
					       unsigned int cpu,
					       enum requester who)
{
	return who == REQUESTER_FETCH ? &ms->cpu[cpu].l1i : &ms->cpu[cpu].l1d;
}

/* Four tags' bits that are equal to `tag`. */
static inline uint32_t cache_match4(const uint32_t *tags, uint32_t tag)
{
#ifdef __SSE2__
	__m128i equal = _mm_cmpeq_epi32(_mm_load_si128((const __m128i *)tags),
					_mm_set1_epi32((int)tag));

	return (uint32_t)_mm_movemask_ps(_mm_castsi128_ps(equal));
#else
	return (uint32_t)(tags[0] == tag) | (uint32_t)(tags[1] == tag) << 1 |
	       (uint32_t)(tags[2] == tag) << 2 |
	       (uint32_t)(tags[3] == tag) << 3;
#endif
}

/* Would this access hit and change no state? For inline4. */
static inline bool cache_idle_hit4(const struct cache *c, uint64_t line,
				   bool write)
{
	uint64_t set = line & c->set_mask;
	uint32_t tag = (uint32_t)(line >> c->set_lg2) + 1;
	uint32_t match = cache_match4(&c->narrow[set * 4], tag);
	const uint32_t *masks = &c->masks[set * 2];

	return (match & masks[0] & (write ? masks[1] : match)) != 0;
}

/* memory_access, with the most frequent case inline. */
static inline enum memory_level memory_access_inline(struct memory_system *ms,
						     unsigned int cpu,
						     enum requester who,
						     pa_t pa, bool write)
{
	struct cache *c = ms->cpu[cpu].first[who];

	if (c && cache_idle_hit4(c, pa.raw >> ms->line_lg2, write)) {
		c->counters.hits[who]++;
		return MEMORY_L1;
	}
	return memory_access(ms, cpu, who, pa, write);
}

/*
 * For callers that remember their last line. After an access by DATA,
 * HYPERVISOR or FETCH take a mark; while memory_unchanged says so of it, a
 * repeated read of that line (or a repeated write, if the remembered access
 * was a write) would hit the first level and change no state: it may be
 * counted by memory_count_hits instead of made.
 */
static inline uint64_t memory_mark(struct memory_system *ms, unsigned int cpu,
				   enum requester who)
{
	const struct cache *c = memory_first_level(ms, cpu, who);

	/* Generations only grow: a mark one below is never met again. */
	return c->generation - !c->present;
}

static inline bool memory_unchanged(struct memory_system *ms, unsigned int cpu,
				    enum requester who, uint64_t mark)
{
	return memory_first_level(ms, cpu, who)->generation == mark;
}

static inline void memory_count_hits(struct memory_system *ms, unsigned int cpu,
				     enum requester who, uint64_t n)
{
	memory_first_level(ms, cpu, who)->counters.hits[who] += n;
}

/* Asks the host for what an access to the last level will look at. */
CACHE_PREFETCH memory_prefetch(const struct memory_system *ms, pa_t pa)
{
	cache_prefetch(&ms->llc, pa.raw >> ms->line_lg2);
}

#endif
