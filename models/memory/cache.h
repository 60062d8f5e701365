/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One set-associative write-back cache, tags and states only, and the memory
 * system made of such caches, open so that the most frequent access of all
 * (a hit in the first level on the line used last in its set) is served
 * inline. Counting rules: models/README.md, "Caches".
 *
 * Each line is one 64-bit word. Under LRU and FIFO a set's words stand in the
 * order of use or of fill, newest first, invalid ones last: the victim is the
 * last word, and there are no time stamps. The word carries its way's number,
 * because set/way maintenance names ways. Under PLRU and random a word stands
 * at its way.
 *
 * Behind the first level, where most lookups miss, sets of 5 to 16 ways under
 * LRU and FIFO are kept otherwise: words stand at their ways, the order is a
 * list of ways in one word, and a byte of each line's number is compared for
 * eight ways at a time. A miss then touches two host cache lines, not the
 * whole set.
 */
#ifndef MODELS_MEMORY_CACHE_H
#define MODELS_MEMORY_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/addr.h"
#include "models/memory/memory.h"
#include "models/replacement.h"

/* A word, from bit 0: way, dirty, used, valid, line number. `used` is the
 * PLRU bit; it is set in every valid word under the other policies. Two words
 * of one line differ in bits below `valid` only. */
#define CACHE_WAY	 UINT64_C(0xff)
#define CACHE_DIRTY	 (UINT64_C(1) << 8)
#define CACHE_USED	 (UINT64_C(1) << 9)
#define CACHE_VALID	 (UINT64_C(1) << 10)
#define CACHE_NUMBER_LSB 11
#define CACHE_WAYS_MAX	 256

/* A set behind the first level. */
struct cache_order {
	/* Four bits a place, newest first; then the invalid ways, the lowest
	 * last: the last place is the next victim. */
	_Alignas(32) uint64_t ways;
	uint64_t bytes[2]; /* a byte of each way's line */
};

struct cache {
	uint64_t *words;   /* sets x ways */
	uint64_t set_mask; /* sets - 1, if sets is a power of two */
	uint32_t ways;
	bool modulo; /* it is none */
	bool present;
	uint32_t sets;
	enum replacement replacement;
	/* Changes with each access that may have changed this cache's state,
	 * whoever made it. */
	uint64_t generation;
	uint16_t *used_count;	   /* PLRU: used bits in each set */
	struct cache_order *order; /* by set; NULL: words stand in order */
	struct model_random *random;
	struct cache_counters counters;
};

/* NULL, or in a few words what would be right. */
const char *cache_config_problem(const struct cache_config *config);

/* False when out of memory. An absent cache has one line, never valid.
 * `first_level`: the newest word of a set comes first, for the inline path. */
bool cache_init(struct cache *c, const struct cache_config *config,
		struct model_random *random, bool first_level);
void cache_fini(struct cache *c);

static inline uint64_t cache_key(uint64_t line)
{
	return line << CACHE_NUMBER_LSB | CACHE_VALID | CACHE_USED;
}

static inline uint64_t cache_word_line(uint64_t word)
{
	return word >> CACHE_NUMBER_LSB;
}

static inline uint64_t cache_set_index(const struct cache *c, uint64_t line)
{
	if (__builtin_expect(c->modulo, 0))
		return line % c->sets;
	return line & c->set_mask;
}

static inline uint64_t *cache_set(const struct cache *c, uint64_t line)
{
	return c->words + cache_set_index(c, line) * c->ways;
}

/* Asks the host for the line's set. */
static inline void cache_prefetch(const struct cache *c, uint64_t line)
{
	if (c->order)
		__builtin_prefetch(&c->order[cache_set_index(c, line)], 1);
	else
		__builtin_prefetch(cache_set(c, line), 1);
}

/* The line's word, or NULL; touches nothing. */
uint64_t *cache_peek(const struct cache *c, uint64_t line);
/*
 * One access: counts a hit or a miss of `who` and updates replacement; a miss
 * puts the line in. `dirty` makes it dirty. *victim is the word that made way,
 * or 0 if nothing did that must be written back.
 */
bool cache_access(struct cache *c, uint64_t line, enum requester who,
		  bool dirty, uint64_t *victim);
/* A write-back from above: the line becomes dirty without a use, or is put in
 * if it is not there. Returns as *victim of cache_access. */
uint64_t cache_take_dirty(struct cache *c, uint64_t line);
/* Makes the word invalid; its way is free. */
void cache_drop(struct cache *c, uint64_t *word);
/* The word of a way by its number, valid or not; NULL if there is none. */
uint64_t *cache_way(const struct cache *c, uint64_t set, uint32_t way);
/* Drops all; returns how many were valid. */
uint64_t cache_drop_all(struct cache *c);

/* The caches that an access passes, absent ones left out. */
#define MEMORY_PATH_MAX 3
struct memory_path {
	uint32_t depth;
	uint32_t private_depth; /* of them the CPU's own */
	struct cache *cache[MEMORY_PATH_MAX];
	enum memory_level level[MEMORY_PATH_MAX];
};

struct memory_cpu {
	struct cache l1d, l1i, l2;
	struct memory_path data, fetch, walk, dma;
	const struct memory_path *path[REQUESTER_COUNT];
};

struct memory_system {
	struct memory_cpu *cpu;
	uint32_t cpus;
	uint32_t line_lg2;
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

/* memory_access, with the most frequent case inline. */
static inline enum memory_level memory_access_inline(struct memory_system *ms,
						     unsigned int cpu,
						     enum requester who,
						     pa_t pa, bool write)
{
	if (who == REQUESTER_DATA || who == REQUESTER_FETCH ||
	    who == REQUESTER_HYPERVISOR) {
		struct cache *c = memory_first_level(ms, cpu, who);
		uint64_t line = pa.raw >> ms->line_lg2;
		uint64_t word = *cache_set(c, line);

		/* A word with its used bit set changes no state by a hit at
		 * the first place, whatever the policy. */
		if ((word ^ cache_key(line)) < CACHE_USED &&
		    (!write || (word & CACHE_DIRTY))) {
			c->counters.hits[who]++;
			return MEMORY_L1;
		}
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

#endif
