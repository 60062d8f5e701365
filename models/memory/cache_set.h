/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How one set is searched, used and filled. Every function is inlined into
 * one body for each usual number of ways, where `ways`, and with it the
 * number of mask words, is constant. For cache.c and memory.c alone.
 * models/README.md, rules 12 and 19.
 */
#ifndef MODELS_MEMORY_CACHE_SET_H
#define MODELS_MEMORY_CACHE_SET_H

#include <string.h>

#include "core/base/bits.h"
#include "models/memory/cache.h"

#define SET_INLINE static inline __attribute__((always_inline))

/* Ways up to which an order is a word of nibbles. */
#define ORDER_WAYS_MAX 16
#define ORDER_NIBBLES  UINT64_C(0x1111111111111111)

/* ---- masks: bits of the ways, in words */

SET_INLINE uint32_t mask_words(uint32_t ways)
{
	return (ways + CACHE_MASK_BITS - 1) / CACHE_MASK_BITS;
}

SET_INLINE uint32_t *set_used(const struct cache *c, uint64_t set,
			      uint32_t ways)
{
	return &c->masks[set * 2 * mask_words(ways)];
}

SET_INLINE uint32_t *set_dirty(const struct cache *c, uint64_t set,
			       uint32_t ways)
{
	return set_used(c, set, ways) + mask_words(ways);
}

SET_INLINE bool mask_has(const uint32_t *mask, uint32_t way)
{
	return mask[way / CACHE_MASK_BITS] >> way % CACHE_MASK_BITS & 1;
}

SET_INLINE void mask_put(uint32_t *mask, uint32_t way, bool value)
{
	uint32_t *word = &mask[way / CACHE_MASK_BITS];
	uint32_t bit = way % CACHE_MASK_BITS;

	*word = (*word & ~(UINT32_C(1) << bit)) | (uint32_t)value << bit;
}

SET_INLINE void mask_set_only(uint32_t *mask, uint32_t ways, uint32_t way)
{
	for (uint32_t i = 0; i < mask_words(ways); i++)
		mask[i] = 0;
	mask_put(mask, way, true);
}

/* The lowest way whose bit is clear, or `ways`. */
SET_INLINE uint32_t mask_lowest_clear(const uint32_t *mask, uint32_t ways)
{
	for (uint32_t i = 0; i < mask_words(ways); i++) {
		uint32_t way = i * CACHE_MASK_BITS + ctz64(~(uint64_t)mask[i]);

		/* Beyond the word's last bit: the next word says. */
		if (~mask[i])
			return way < ways ? way : ways;
	}
	return ways;
}

/* ---- tags */

#ifdef __SSE2__
SET_INLINE __m128i match_epi32(const uint32_t *tags, uint32_t tag)
{
	return _mm_cmpeq_epi32(_mm_load_si128((const __m128i *)tags),
			       _mm_set1_epi32((int)tag));
}

SET_INLINE uint32_t match8(const uint32_t *tags, uint32_t tag)
{
	__m128i low = _mm_packs_epi32(match_epi32(tags, tag),
				      match_epi32(tags + 4, tag));

	return (uint32_t)_mm_movemask_epi8(
		_mm_packs_epi16(low, _mm_setzero_si128()));
}

SET_INLINE uint32_t match16(const uint32_t *tags, uint32_t tag)
{
	__m128i low = _mm_packs_epi32(match_epi32(tags, tag),
				      match_epi32(tags + 4, tag));
	__m128i high = _mm_packs_epi32(match_epi32(tags + 8, tag),
				       match_epi32(tags + 12, tag));

	return (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(low, high));
}
#else
SET_INLINE uint32_t match8(const uint32_t *tags, uint32_t tag)
{
	return cache_match4(tags, tag) | cache_match4(tags + 4, tag) << 4;
}

SET_INLINE uint32_t match16(const uint32_t *tags, uint32_t tag)
{
	return match8(tags, tag) | match8(tags + 8, tag) << 8;
}
#endif

/* Bits of 4, 8 or 16 ways whose tags are equal. */
SET_INLINE uint32_t match_ways(const uint32_t *tags, uint32_t ways,
			       uint32_t tag)
{
	return ways == 4   ? cache_match4(tags, tag)
	       : ways == 8 ? match8(tags, tag)
			   : match16(tags, tag);
}

SET_INLINE uint32_t find_narrow(const uint32_t *tags, uint32_t ways,
				uint32_t tag)
{
	uint32_t way = 0;

	if (ways == 4 || ways == 8 || ways == 16) {
		way = match_ways(tags, ways, tag);
		return way ? ctz64(way) : ways;
	}
	while (way < ways && tags[way] != tag)
		way++;
	return way;
}

/* The lowest way with the tag, or `ways`. */
SET_INLINE uint32_t set_find(const struct cache *c, uint64_t set, uint32_t ways,
			     bool narrow, uint64_t tag)
{
	const uint64_t *wide;
	uint32_t way = 0;

	if (narrow)
		return find_narrow(c->narrow + set * ways, ways, (uint32_t)tag);
	wide = c->wide + set * ways;
	while (way < ways && wide[way] != tag)
		way++;
	return way;
}

SET_INLINE uint64_t tag_get(const struct cache *c, uint64_t slot, bool narrow)
{
	return narrow ? c->narrow[slot] : c->wide[slot];
}

SET_INLINE void tag_put(struct cache *c, uint64_t slot, bool narrow,
			uint64_t tag)
{
	if (narrow)
		c->narrow[slot] = (uint32_t)tag;
	else
		c->wide[slot] = tag;
}

/* ---- orders */

/* Is the victim found by an order of use or fill? */
SET_INLINE bool cache_ordered(const struct cache *c)
{
	return c->replacement == REPLACEMENT_LRU ||
	       c->replacement == REPLACEMENT_FIFO;
}

SET_INLINE void order_nibbles_to_front(uint64_t *order, uint64_t way)
{
	uint64_t differ = *order ^ way * ORDER_NIBBLES;
	uint64_t zero = (differ - ORDER_NIBBLES) & ~differ & ORDER_NIBBLES << 3;
	/* All bits below the way's nibble, which is the lowest zero one. */
	uint64_t newer = BIT(ctz64(zero) - 3) - 1;

	*order = (*order & ~(newer << 4 | 15)) | (*order & newer) << 4 | way;
}

SET_INLINE void order_to_front(struct cache *c, uint64_t set, uint32_t ways,
			       uint32_t way)
{
	uint8_t *bytes, *at;

	if (ways <= ORDER_WAYS_MAX) {
		order_nibbles_to_front(&c->order[set], way);
		return;
	}
	bytes = c->order_bytes + set * ways;
	at = memchr(bytes, (int)way, ways);
	memmove(bytes + 1, bytes, (size_t)(at - bytes));
	*bytes = (uint8_t)way;
}

SET_INLINE uint32_t order_oldest(const struct cache *c, uint64_t set,
				 uint32_t ways)
{
	if (ways <= ORDER_WAYS_MAX)
		return (uint32_t)(c->order[set] >> (ways - 1) * 4 & 15);
	return c->order_bytes[(set + 1) * ways - 1];
}

/* ---- uses and fills */

/* PLRU: the way's bit is set; when that would leave every bit set, the others
 * are cleared. */
SET_INLINE void plru_use(struct cache *c, uint64_t set, uint32_t ways,
			 uint32_t way)
{
	uint32_t *used = set_used(c, set, ways);

	mask_put(used, way, true);
	if (mask_lowest_clear(used, ways) == ways)
		mask_set_only(used, ways, way);
}

SET_INLINE void lru_use(struct cache *c, uint64_t set, uint32_t ways,
			uint32_t way)
{
	order_to_front(c, set, ways, way);
	mask_set_only(set_used(c, set, ways), ways, way);
}

/* A hit. */
SET_INLINE void set_use(struct cache *c, uint64_t set, uint32_t ways,
			uint32_t way)
{
	if (mask_has(set_used(c, set, ways), way))
		return;
	if (c->replacement == REPLACEMENT_PLRU)
		plru_use(c, set, ways, way);
	else
		lru_use(c, set, ways, way);
}

/* Where to fill; it is no longer free. */
SET_INLINE uint32_t choose_way(struct cache *c, uint64_t set, uint32_t ways,
			       bool narrow)
{
	uint32_t way;

	if (c->free) {
		way = set_find(c, set, ways, narrow, 0);
		if (way < ways) {
			c->free--;
			return way;
		}
	}
	if (c->replacement == REPLACEMENT_PLRU) {
		way = mask_lowest_clear(set_used(c, set, ways), ways);
		return way < ways ? way : 0; /* one way only */
	}
	if (cache_ordered(c))
		return order_oldest(c, set, ways);
	return (uint32_t)(model_random_next(c->random) % ways);
}

SET_INLINE uint64_t home_line(const struct cache *c, uint64_t set, uint64_t tag)
{
	if (__builtin_expect(c->modulo, 0))
		return (tag - 1) * c->sets + set;
	return (tag - 1) << c->set_lg2 | set;
}

/* Puts in a line that is not there. Returns the dirty line that made way. */
SET_INLINE uint64_t set_fill(struct cache *c, struct cache_home home,
			     uint32_t ways, bool narrow, bool dirty)
{
	uint32_t way = choose_way(c, home.set, ways, narrow);
	uint64_t slot = home.set * ways + way, victim = CACHE_NONE;
	uint32_t *dirties = set_dirty(c, home.set, ways);

	/* Only valid ways are dirty. */
	if (mask_has(dirties, way))
		victim = home_line(c, home.set, tag_get(c, slot, narrow));
	mask_put(dirties, way, dirty);
	tag_put(c, slot, narrow, home.tag);
	if (c->replacement == REPLACEMENT_PLRU)
		plru_use(c, home.set, ways, way);
	else if (c->replacement == REPLACEMENT_LRU)
		lru_use(c, home.set, ways, way);
	else if (c->replacement == REPLACEMENT_FIFO)
		order_to_front(c, home.set, ways, way);
	return victim;
}

SET_INLINE bool set_access(struct cache *c, struct cache_home home,
			   uint32_t ways, bool narrow, bool dirty,
			   uint64_t *victim)
{
	uint32_t way = set_find(c, home.set, ways, narrow, home.tag);

	if (way == ways) {
		*victim = set_fill(c, home, ways, narrow, dirty);
		return false;
	}
	if (dirty)
		mask_put(set_dirty(c, home.set, ways), way, true);
	set_use(c, home.set, ways, way);
	return true;
}

/* The bit of the way to fill under PLRU; it is no longer free, nor dirty: a
 * dirty line that makes way is *victim. */
SET_INLINE uint32_t plru_take(struct cache *c, uint64_t set, uint32_t *tags,
			      uint32_t ways, uint64_t *victim)
{
	uint32_t *used = &c->masks[set * 2], *dirties = used + 1, bit = 0;

	if (__builtin_expect(c->free != 0, 0)) {
		bit = match_ways(tags, ways, 0);
		c->free -= bit != 0;
	}
	if (!bit)
		bit = ~*used;
	bit &= -bit;
	if (__builtin_expect(*dirties & bit, 0)) {
		*victim = home_line(c, set, tags[__builtin_ctz(bit)]);
		*dirties &= ~bit;
	}
	return bit;
}

/*
 * The same for the most usual caches: 4, 8 or 16 ways of narrow tags under
 * PLRU, sets a power of two, with a way's bit in place of its number.
 */
SET_INLINE bool set_access_plru(struct cache *c, uint64_t line, uint32_t ways,
				bool dirty, uint64_t *victim)
{
	uint64_t set = line & c->set_mask;
	uint32_t tag = (uint32_t)(line >> c->set_lg2) + 1;
	uint32_t *tags = &c->narrow[set * ways];
	uint32_t *masks = &c->masks[set * 2], used;
	uint32_t all = (UINT32_C(1) << ways) - 1;
	uint32_t bit = match_ways(tags, ways, tag);
	bool hit = bit != 0;

	if (!hit) {
		bit = plru_take(c, set, tags, ways, victim);
		tags[__builtin_ctz(bit)] = tag;
	}
	if (dirty)
		masks[1] |= bit;
	used = masks[0] | bit;
	masks[0] = used == all ? bit : used;
	return hit;
}

/* In cache.c: an access to a cache of whatever shape. */
bool cache_access_any(struct cache *c, uint64_t line, bool dirty,
		      uint64_t *victim);

/* cache_access, inline; *victim is set only if there is one. */
SET_INLINE bool cache_access_inline(struct cache *c, uint64_t line,
				    enum requester who, bool dirty,
				    uint64_t *victim)
{
	bool hit;

	c->generation++;
	switch (c->shape) {
	case CACHE_PLRU4:
		hit = set_access_plru(c, line, 4, dirty, victim);
		break;
	case CACHE_PLRU8:
		hit = set_access_plru(c, line, 8, dirty, victim);
		break;
	case CACHE_PLRU16:
		hit = set_access_plru(c, line, 16, dirty, victim);
		break;
	default:
		hit = cache_access_any(c, line, dirty, victim);
		break;
	}
	if (hit)
		c->counters.hits[who]++;
	else
		c->counters.misses[who]++;
	return hit;
}

#endif
