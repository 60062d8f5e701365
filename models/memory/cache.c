/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One set-associative cache: lookup, fill, drop. models/README.md, "Caches"
 * and "Replacement". What happens to victims is for memory.c.
 */
#include "models/memory/cache_set.h"

#include <stdlib.h>

#include "core/base/bits.h"
#include "core/base/bug.h"

#define LINE_LG2_MIN 4
#define LINE_LG2_MAX 10

const char *cache_config_problem(const struct cache_config *config)
{
	uint64_t way_bytes;

	if (config->bytes == 0)
		return NULL;
	if (config->line < BIT(LINE_LG2_MIN) ||
	    config->line > BIT(LINE_LG2_MAX) ||
	    (config->line & (config->line - 1)) != 0)
		return "line must be a power of two from 16 to 1024";
	if (config->ways == 0 || config->ways > CACHE_WAYS_MAX)
		return "ways must be from 1 to 256";
	if (config->bytes > BIT(30))
		return "bytes must be at most 1 GiB";
	way_bytes = (uint64_t)config->line * config->ways;
	if (config->bytes % way_bytes != 0)
		return "bytes must be a multiple of line times ways";
	return NULL;
}

/* Every way of every set free. */
static void cache_clear(struct cache *c)
{
	for (uint32_t set = 0; c->order && set < c->sets; set++) {
		c->order[set] = (struct cache_order){ .ways = 0 };
		for (uint32_t way = 0; way < c->ways; way++)
			c->order[set].ways = c->order[set].ways << 4 | way;
	}
	for (uint64_t i = 0; i < (uint64_t)c->sets * c->ways; i++)
		c->words[i] = i % c->ways;
	if (c->used_count) {
		for (uint32_t i = 0; i < c->sets; i++)
			c->used_count[i] = 0;
	}
}

bool cache_init(struct cache *c, const struct cache_config *config,
		struct model_random *random, bool first_level)
{
	bool ok = true;

	*c = (struct cache){
		.ways = 1,
		.sets = 1,
		.present = config->bytes != 0,
		.replacement = config->replacement,
		.random = random,
	};
	if (c->present) {
		c->ways = config->ways;
		c->sets = (uint32_t)(config->bytes /
				     ((uint64_t)config->line * config->ways));
	}
	c->modulo = (c->sets & (c->sets - 1)) != 0;
	c->set_mask = c->sets - 1;
	BUG_ON(c, c->replacement == REPLACEMENT_RANDOM && !random);
	c->words = calloc((size_t)c->sets * c->ways, sizeof(*c->words));
	if (c->replacement == REPLACEMENT_PLRU) {
		c->used_count = calloc(c->sets, sizeof(*c->used_count));
		ok = c->used_count != NULL;
	} else if (!first_level && cache_ordered(c) && c->ways > 4 &&
		   c->ways <= 16) {
		c->order = aligned_alloc(sizeof(*c->order),
					 c->sets * sizeof(*c->order));
		ok = c->order != NULL;
	}
	if (!ok || !c->words) {
		cache_fini(c);
		return false;
	}
	cache_clear(c);
	return true;
}

void cache_fini(struct cache *c)
{
	free(c->words);
	free(c->used_count);
	free(c->order);
	*c = (struct cache){ .ways = 0 };
}

/* PLRU: the bit of the word at `at` is set; when that would leave every bit
 * of the set set, the others are cleared. */
static void plru_use(struct cache *c, uint64_t *set, uint32_t at)
{
	uint16_t *count = &c->used_count[(uint64_t)(set - c->words) / c->ways];

	if (set[at] & CACHE_USED)
		return;
	set[at] |= CACHE_USED;
	if (++*count < c->ways)
		return;
	for (uint32_t i = 0; i < c->ways; i++) {
		if (i != at)
			set[i] &= ~CACHE_USED;
	}
	*count = 1;
}

/* The last word is free: let it be the one of the lowest free way. */
void cache_lowest_free_last(uint64_t *set, uint32_t last)
{
	uint32_t lowest = last;
	uint64_t word = set[last];

	for (uint32_t i = last; i > 0 && !(set[i - 1] & CACHE_VALID); i--) {
		if (set[i - 1] < set[lowest])
			lowest = i - 1;
	}
	set[last] = set[lowest];
	set[lowest] = word;
}

/* Where to fill when each word stands at its way. */
static uint32_t choose_way(struct cache *c, const uint64_t *set)
{
	uint32_t at;

	for (at = 0; at < c->ways; at++) {
		if (!(set[at] & CACHE_VALID))
			return at;
	}
	if (c->replacement == REPLACEMENT_RANDOM)
		return (uint32_t)(model_random_next(c->random) % c->ways);
	for (at = 0; at < c->ways; at++) {
		if (!(set[at] & CACHE_USED))
			return at;
	}
	return 0; /* one way only */
}

uint64_t cache_fill_at_way(struct cache *c, uint64_t *set, uint64_t state)
{
	uint32_t at = choose_way(c, set);
	uint64_t victim = set[at];

	if (c->replacement == REPLACEMENT_PLRU) {
		/* The bit is the way's: it is set already if there is one. */
		set[at] = (state & ~CACHE_USED) | (victim & CACHE_USED) | at;
		plru_use(c, set, at);
	} else {
		set[at] = state | at;
	}
	return victim;
}

bool cache_access_at_way(struct cache *c, uint64_t *set, uint64_t state,
			 uint64_t *victim)
{
	uint32_t at = set_find(set, c->ways, state);

	if (at == c->ways) {
		*victim = dirty_victim(cache_fill_at_way(c, set, state));
		return false;
	}
	set[at] |= state & CACHE_DIRTY;
	if (c->replacement == REPLACEMENT_PLRU)
		plru_use(c, set, at);
	return true;
}

uint64_t *cache_peek(const struct cache *c, uint64_t line)
{
	uint64_t index = cache_set_index(c, line), key = cache_key(line);
	uint64_t *set = c->words + index * c->ways;
	uint32_t at = c->order ? order_find(&c->order[index], set, c->ways, key)
			       : set_find(set, c->ways, key);

	return at < c->ways ? set + at : NULL;
}

bool cache_access(struct cache *c, uint64_t line, enum requester who,
		  bool dirty, uint64_t *victim)
{
	return cache_access_inline(c, line, who, dirty, victim);
}

uint64_t cache_take_dirty(struct cache *c, uint64_t line)
{
	uint64_t state = cache_key(line) | CACHE_DIRTY;
	uint64_t index = cache_set_index(c, line);
	uint64_t *set = c->words + index * c->ways;
	uint64_t *word = cache_peek(c, line);

	c->generation++;
	if (word) {
		*word |= CACHE_DIRTY;
		return 0;
	}
	if (c->order)
		return dirty_victim(
			order_fill(&c->order[index], set, c->ways, state));
	return dirty_victim(cache_ordered(c)
				    ? fill_ordered(set, c->ways, state)
				    : cache_fill_at_way(c, set, state));
}

/* The way's line has been dropped: it goes behind every valid way and every
 * free one above it. */
static void order_drop(struct cache_order *order, const uint64_t *set,
		       uint32_t ways, uint64_t way)
{
	uint32_t place = order_place(order, way);

	for (; place + 1 < ways; place++) {
		uint64_t next = order->ways >> (place + 1) * 4 & 15;

		if (!(set[next] & CACHE_VALID) && next < way)
			break;
		order->ways &= ~MASK(place * 4, 8);
		order->ways |= next << place * 4 | way << (place + 1) * 4;
	}
}

void cache_drop(struct cache *c, uint64_t *word)
{
	uint64_t index = (uint64_t)(word - c->words) / c->ways;
	uint64_t *set = c->words + index * c->ways;
	uint32_t at = (uint32_t)(word - set);
	uint64_t free_word = *word & CACHE_WAY;

	c->generation++;
	if (c->used_count && (*word & CACHE_USED))
		c->used_count[index]--;
	if (c->order) {
		set[at] = free_word;
		order_drop(&c->order[index], set, c->ways, at);
		return;
	}
	if (cache_ordered(c)) {
		for (; at + 1 < c->ways; at++)
			set[at] = set[at + 1];
	}
	set[at] = free_word;
}

uint64_t *cache_way(const struct cache *c, uint64_t set_index, uint32_t way)
{
	uint64_t *set;

	if (!c->present || set_index >= c->sets || way >= c->ways)
		return NULL;
	set = c->words + set_index * c->ways;
	while ((*set & CACHE_WAY) != way)
		set++;
	return set;
}

uint64_t cache_drop_all(struct cache *c)
{
	uint64_t valid = 0;

	for (uint64_t i = 0; i < (uint64_t)c->sets * c->ways; i++)
		valid += (c->words[i] & CACHE_VALID) != 0;
	c->generation++;
	cache_clear(c);
	return valid;
}
