/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One set-associative cache: lookup, fill, drop. models/README.md, "Caches"
 * and "Replacement". What happens to victims is for memory.c.
 */
#include "models/memory/cache_set.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "core/base/bits.h"
#include "core/base/bug.h"

#define LINE_LG2_MIN	   4
#define LINE_LG2_MAX	   10
#define HOST_LINE_LG2	   6
#define HOST_HUGE_PAGE_LG2 21
#define HOST_LINE	   BIT(HOST_LINE_LG2)
#define HOST_HUGE_PAGE	   BIT(HOST_HUGE_PAGE_LG2)

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

/* ---- setting up */

/* Sets begin on host lines; big arrays lie in huge pages if the host will. */
static void *array_new(uint64_t count, size_t size)
{
	uint64_t bytes =
		align_down(count * size + HOST_LINE - 1, HOST_LINE_LG2);
	bool huge = bytes >= HOST_HUGE_PAGE;
	void *array;

	if (huge)
		bytes = align_down(bytes + HOST_HUGE_PAGE - 1,
				   HOST_HUGE_PAGE_LG2);
	array = aligned_alloc(huge ? HOST_HUGE_PAGE : HOST_LINE, bytes);
	if (array && huge)
		(void)madvise(array, bytes, MADV_HUGEPAGE);
	return array;
}

/* The ways of a set, newest first; which stands where is of no matter while
 * none is valid. */
static void order_clear(struct cache *c, uint64_t set)
{
	if (c->order)
		c->order[set] = UINT64_C(0xfedcba9876543210);
	for (uint32_t way = 0; c->order_bytes && way < c->ways; way++)
		c->order_bytes[set * c->ways + way] = (uint8_t)way;
}

/* Every way of every set free. */
static void cache_clear(struct cache *c)
{
	uint64_t slots = (uint64_t)c->sets * c->ways;
	/* Where hits never matter, all ways are as if used. */
	bool idle = c->replacement == REPLACEMENT_FIFO ||
		    c->replacement == REPLACEMENT_RANDOM;

	c->free = slots;
	if (c->narrow)
		memset(c->narrow, 0, slots * sizeof(*c->narrow));
	else
		memset(c->wide, 0, slots * sizeof(*c->wide));
	for (uint64_t set = 0; set < c->sets; set++) {
		uint32_t *used = set_used(c, set, c->ways);

		for (uint32_t i = 0; i < c->mask_words; i++) {
			used[i] = idle ? UINT32_MAX : 0;
			used[c->mask_words + i] = 0;
		}
		order_clear(c, set);
	}
}

static bool alloc(struct cache *c)
{
	uint64_t slots = (uint64_t)c->sets * c->ways;
	bool bytes = c->ways > ORDER_WAYS_MAX;

	c->masks = array_new((uint64_t)c->sets * 2 * c->mask_words,
			     sizeof(*c->masks));
	if (cache_ordered(c) && !bytes)
		c->order = array_new(c->sets, sizeof(*c->order));
	else if (cache_ordered(c))
		c->order_bytes = array_new(slots, sizeof(*c->order_bytes));
	return c->masks && (!cache_ordered(c) || c->order || c->order_bytes);
}

bool cache_init(struct cache *c, const struct cache_config *config,
		struct model_random *random, uint64_t lines)
{
	uint64_t slots;
	bool narrow;

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
	c->set_lg2 = c->modulo ? 0 : ctz64(c->sets);
	c->mask_words = mask_words(c->ways);
	BUG_ON(c, c->replacement == REPLACEMENT_RANDOM && !random);
	slots = (uint64_t)c->sets * c->ways;
	narrow = lines / c->sets < UINT32_MAX;
	if (narrow && !c->modulo && c->replacement == REPLACEMENT_PLRU)
		c->shape = c->ways == 4	   ? CACHE_PLRU4
			   : c->ways == 8  ? CACHE_PLRU8
			   : c->ways == 16 ? CACHE_PLRU16
					   : CACHE_ANY;
	c->inline4 = c->present && narrow && !c->modulo && c->ways == 4;
	if (narrow)
		c->narrow = array_new(slots, sizeof(*c->narrow));
	else
		c->wide = array_new(slots, sizeof(*c->wide));
	if (!alloc(c) || (!c->narrow && !c->wide)) {
		cache_fini(c);
		return false;
	}
	cache_clear(c);
	return true;
}

void cache_fini(struct cache *c)
{
	free(c->narrow);
	free(c->wide);
	free(c->masks);
	free(c->order);
	free(c->order_bytes);
	*c = (struct cache){ .ways = 0 };
}

/* ---- accesses */

bool cache_access_any(struct cache *c, uint64_t line, bool dirty,
		      uint64_t *victim)
{
	struct cache_home home = cache_home(c, line);

	if (c->narrow && c->ways == 16)
		return set_access(c, home, 16, true, dirty, victim);
	if (c->narrow && c->ways == 8)
		return set_access(c, home, 8, true, dirty, victim);
	if (c->narrow && c->ways == 4)
		return set_access(c, home, 4, true, dirty, victim);
	return set_access(c, home, c->ways, c->narrow != NULL, dirty, victim);
}

bool cache_access(struct cache *c, uint64_t line, enum requester who,
		  bool dirty, uint64_t *victim)
{
	*victim = CACHE_NONE;
	return cache_access_inline(c, line, who, dirty, victim);
}

uint64_t cache_find(const struct cache *c, uint64_t line)
{
	struct cache_home home = cache_home(c, line);
	uint32_t way =
		set_find(c, home.set, c->ways, c->narrow != NULL, home.tag);

	return way < c->ways ? home.set * c->ways + way : CACHE_NONE;
}

uint64_t cache_take_dirty(struct cache *c, uint64_t line)
{
	struct cache_home home = cache_home(c, line);
	bool narrow = c->narrow != NULL;
	uint32_t way = set_find(c, home.set, c->ways, narrow, home.tag);

	c->generation++;
	if (way == c->ways)
		return set_fill(c, home, c->ways, narrow, true);
	mask_put(set_dirty(c, home.set, c->ways), way, true);
	return CACHE_NONE;
}

/* ---- slots */

uint64_t cache_slot(const struct cache *c, uint64_t set, uint32_t way)
{
	if (!c->present || set >= c->sets || way >= c->ways)
		return CACHE_NONE;
	return set * c->ways + way;
}

uint64_t cache_slot_line(const struct cache *c, uint64_t slot)
{
	uint64_t tag = tag_get(c, slot, c->narrow != NULL);

	return tag ? home_line(c, slot / c->ways, tag) : CACHE_NONE;
}

bool cache_slot_dirty(const struct cache *c, uint64_t slot)
{
	return mask_has(set_dirty(c, slot / c->ways, c->ways),
			(uint32_t)(slot % c->ways));
}

void cache_slot_clean(struct cache *c, uint64_t slot)
{
	c->generation++;
	mask_put(set_dirty(c, slot / c->ways, c->ways),
		 (uint32_t)(slot % c->ways), false);
}

void cache_slot_drop(struct cache *c, uint64_t slot)
{
	uint64_t set = slot / c->ways;
	uint32_t way = (uint32_t)(slot % c->ways);

	c->generation++;
	c->free++;
	tag_put(c, slot, c->narrow != NULL, 0);
	mask_put(set_dirty(c, set, c->ways), way, false);
	if (c->replacement == REPLACEMENT_PLRU)
		mask_put(set_used(c, set, c->ways), way, false);
}

uint64_t cache_drop_all(struct cache *c)
{
	uint64_t valid = (uint64_t)c->sets * c->ways - c->free;

	c->generation++;
	cache_clear(c);
	return valid;
}
