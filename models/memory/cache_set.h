/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How sets are searched and filled: the part of a cache that every access
 * passes, kept in a header so that memory.c has it without a call. For
 * cache.c and memory.c alone. models/README.md, rules 12 and 19.
 */
#ifndef MODELS_MEMORY_CACHE_SET_H
#define MODELS_MEMORY_CACHE_SET_H

#include "core/base/bits.h"
#include "models/memory/cache.h"

/* In cache.c, for sets under PLRU and random: an access; a fill, which
 * returns the word that made way. */
bool cache_access_at_way(struct cache *c, uint64_t *set, uint64_t state,
			 uint64_t *victim);
uint64_t cache_fill_at_way(struct cache *c, uint64_t *set, uint64_t state);
/* In cache.c: the set's last word is free; it becomes that of the lowest free
 * way. */
void cache_lowest_free_last(uint64_t *set, uint32_t last);

/* Is the victim found by an order of use or fill? */
static inline bool cache_ordered(const struct cache *c)
{
	return c->replacement == REPLACEMENT_LRU ||
	       c->replacement == REPLACEMENT_FIFO;
}

/* Position of the line in its set, or `ways`. */
static inline __attribute__((always_inline)) uint32_t
set_find(const uint64_t *set, uint32_t ways, uint64_t key)
{
	uint32_t at = 0;

	/* Four at a time with one branch: most scans of the far levels end
	 * without a match. */
	for (; at + 4 <= ways; at += 4) {
		unsigned int match = ((set[at] ^ key) < CACHE_VALID) |
				     ((set[at + 1] ^ key) < CACHE_VALID) << 1 |
				     ((set[at + 2] ^ key) < CACHE_VALID) << 2 |
				     ((set[at + 3] ^ key) < CACHE_VALID) << 3;

		if (match)
			return at + ctz64(match);
	}
	while (at < ways && (set[at] ^ key) >= CACHE_VALID)
		at++;
	return at;
}

/* Words before `at` move one place back; `word` takes the first. */
static inline __attribute__((always_inline)) void
set_push_front(uint64_t *set, uint32_t at, uint64_t word)
{
	for (; at > 0; at--)
		set[at] = set[at - 1];
	set[0] = word;
}

/* Only what has to be written back. */
static inline uint64_t dirty_victim(uint64_t word)
{
	const uint64_t both = CACHE_VALID | CACHE_DIRTY;

	return (word & both) == both ? word : 0;
}

/* ---- sets with a list of ways: struct cache_order */

#define ORDER_NIBBLES UINT64_C(0x1111111111111111)
#define ORDER_BYTES   UINT64_C(0x0101010101010101)

/* The byte of a line by which a set is searched: mixed from all its bits, as
 * the lowest are equal throughout a set. */
static inline uint64_t order_byte(uint64_t key)
{
	return (key >> CACHE_NUMBER_LSB) * UINT64_C(0x9e3779b97f4a7c15) >> 56;
}

/* Way of the line, or `ways`. */
static inline uint32_t order_find(const struct cache_order *order,
				  const uint64_t *set, uint32_t ways,
				  uint64_t key)
{
	uint64_t want = order_byte(key) * ORDER_BYTES;

	for (uint32_t half = 0; half * 8 < ways; half++) {
		uint64_t differ = order->bytes[half] ^ want;
		/* The top bit of each zero byte, and perhaps of some above
		 * it: the word itself decides. */
		uint64_t zero =
			(differ - ORDER_BYTES) & ~differ & (ORDER_BYTES << 7);

		for (; zero; zero &= zero - 1) {
			uint32_t way = half * 8 + ctz64(zero) / 8;

			if (way < ways && (set[way] ^ key) < CACHE_VALID)
				return way;
		}
	}
	return ways;
}

/* The way at `place` becomes the newest. */
static inline void order_to_front(struct cache_order *order, uint32_t place)
{
	uint64_t newer = BIT(place * 4) - 1,
		 way = order->ways >> place * 4 & 15;

	order->ways = (order->ways & ~(newer << 4 | 15)) |
		      (order->ways & newer) << 4 | way;
}

static inline uint32_t order_place(const struct cache_order *order,
				   uint64_t way)
{
	uint64_t differ = order->ways ^ way * ORDER_NIBBLES;

	return ctz64((differ - ORDER_NIBBLES) & ~differ &
		     (ORDER_NIBBLES << 3)) /
	       4;
}

static inline uint64_t order_fill(struct cache_order *order, uint64_t *set,
				  uint32_t ways, uint64_t state)
{
	uint64_t way = order->ways >> (ways - 1) * 4 & 15, victim = set[way];
	unsigned int lsb = way % 8 * 8;

	set[way] = state | way;
	order->bytes[way / 8] = (order->bytes[way / 8] & ~MASK(lsb, 8)) |
				order_byte(state) << lsb;
	order_to_front(order, ways - 1);
	return victim;
}

static inline __attribute__((always_inline)) bool
access_order(struct cache *c, uint64_t index, uint32_t ways, uint64_t state,
	     uint64_t *victim)
{
	struct cache_order *order = &c->order[index];
	uint64_t *set = c->words + index * ways;
	uint32_t way = order_find(order, set, ways, state);

	if (way == ways) {
		*victim = dirty_victim(order_fill(order, set, ways, state));
		return false;
	}
	set[way] |= state & CACHE_DIRTY;
	if (c->replacement == REPLACEMENT_LRU)
		order_to_front(order, order_place(order, way));
	return true;
}

/* ---- sets whose words stand in order */

/* Puts in a line that is not there; returns the word that made way. */
static inline __attribute__((always_inline)) uint64_t
fill_ordered(uint64_t *set, uint32_t ways, uint64_t state)
{
	uint64_t victim;

	if (__builtin_expect(!(set[ways - 1] & CACHE_VALID), 0))
		cache_lowest_free_last(set, ways - 1);
	victim = set[ways - 1];
	set_push_front(set, ways - 1, state | (victim & CACHE_WAY));
	return victim;
}

/* To the front, by a choice for each word and not by a loop whose end the
 * host must guess: pays for few ways. */
static inline __attribute__((always_inline)) void
set_rotate(uint64_t *set, uint32_t ways, uint32_t at, uint64_t word)
{
	if (ways > 8) {
		set_push_front(set, at, word);
		return;
	}
	for (uint32_t i = ways - 1; i > 0; i--)
		set[i] = i <= at ? set[i - 1] : set[i];
	set[0] = word;
}

/* Inlined with a constant number of ways where that is a usual one. */
static inline __attribute__((always_inline)) bool
access_ordered(struct cache *c, uint64_t *set, uint32_t ways, uint64_t state,
	       uint64_t *victim)
{
	uint32_t at = set_find(set, ways, state);

	if (at == ways) {
		*victim = dirty_victim(fill_ordered(set, ways, state));
		return false;
	}
	if (c->replacement == REPLACEMENT_LRU)
		set_rotate(set, ways, at, set[at] | (state & CACHE_DIRTY));
	else
		set[at] |= state & CACHE_DIRTY;
	return true;
}

static inline bool access_set(struct cache *c, uint64_t index, uint64_t state,
			      uint64_t *victim)
{
	uint64_t *set = c->words + index * c->ways;

	if (c->order) {
		if (c->ways == 8)
			return access_order(c, index, 8, state, victim);
		if (c->ways == 16)
			return access_order(c, index, 16, state, victim);
		return access_order(c, index, c->ways, state, victim);
	}
	if (!cache_ordered(c))
		return cache_access_at_way(c, set, state, victim);
	if (c->ways == 4)
		return access_ordered(c, set, 4, state, victim);
	return access_ordered(c, set, c->ways, state, victim);
}

/* cache_access, inline. */
static inline __attribute__((always_inline)) bool
cache_access_inline(struct cache *c, uint64_t line, enum requester who,
		    bool dirty, uint64_t *victim)
{
	uint64_t state = cache_key(line) | (dirty ? CACHE_DIRTY : 0);
	bool hit;

	*victim = 0;
	c->generation++;
	hit = access_set(c, cache_set_index(c, line), state, victim);
	if (hit)
		c->counters.hits[who]++;
	else
		c->counters.misses[who]++;
	return hit;
}

#endif
