/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One cache against a plain one: ways with time stamps, searched from end to
 * end, written from models/README.md.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "core/base/bug.h"
#include "models/memory/cache.h"

_Noreturn void port_bug(void *host, const char *file, int line,
			const char *what)
{
	(void)host;
	fprintf(stderr, "%s:%d: BUG: %s\n", file, line, what);
	abort();
}

#define WAYS_MAX 80
#define SETS_MAX 16

struct plain_line {
	bool valid, dirty, used;
	uint64_t line, time;
};

struct plain {
	struct plain_line way[SETS_MAX][WAYS_MAX];
	uint32_t sets, ways;
	enum replacement policy;
	uint64_t now, hits, misses;
};

static int plain_find(const struct plain *p, uint64_t line)
{
	for (uint32_t w = 0; w < p->ways; w++) {
		const struct plain_line *l = &p->way[line % p->sets][w];

		if (l->valid && l->line == line)
			return (int)w;
	}
	return -1;
}

static void plain_use(struct plain *p, uint64_t set, int way, bool fill)
{
	bool all = true;

	if (fill || p->policy == REPLACEMENT_LRU)
		p->way[set][way].time = ++p->now;
	p->way[set][way].used = true;
	for (uint32_t w = 0; w < p->ways; w++)
		all = all && p->way[set][w].used;
	for (uint32_t w = 0; all && w < p->ways; w++)
		p->way[set][w].used = (int)w == way;
}

static int plain_victim(const struct plain *p, uint64_t set)
{
	int oldest = 0;

	for (uint32_t w = 0; w < p->ways; w++) {
		if (!p->way[set][w].valid)
			return (int)w;
	}
	if (p->policy == REPLACEMENT_PLRU) {
		for (uint32_t w = 0; w < p->ways; w++) {
			if (!p->way[set][w].used)
				return (int)w;
		}
		return 0;
	}
	for (uint32_t w = 1; w < p->ways; w++) {
		if (p->way[set][w].time < p->way[set][oldest].time)
			oldest = (int)w;
	}
	return oldest;
}

/* The victim, if it was dirty. */
static struct plain_line plain_fill(struct plain *p, uint64_t line, bool dirty)
{
	uint64_t set = line % p->sets;
	int way = plain_victim(p, set);
	struct plain_line victim = p->way[set][way];

	p->way[set][way].valid = true;
	p->way[set][way].dirty = dirty;
	p->way[set][way].line = line;
	plain_use(p, set, way, true);
	victim.dirty = victim.dirty && victim.valid;
	return victim;
}

static bool plain_access(struct plain *p, uint64_t line, bool dirty,
			 struct plain_line *victim)
{
	int way = plain_find(p, line);

	victim->dirty = false;
	if (way >= 0) {
		p->hits++;
		plain_use(p, line % p->sets, way, false);
		if (dirty)
			p->way[line % p->sets][way].dirty = true;
		return true;
	}
	p->misses++;
	*victim = plain_fill(p, line, dirty);
	return false;
}

static void plain_drop(struct plain *p, uint64_t set, int way)
{
	p->way[set][way] = (struct plain_line){ .valid = false };
}

/* Every way of every set holds the same line in the same state. */
static void assert_same_content(const struct cache *c, const struct plain *p)
{
	for (uint32_t set = 0; set < p->sets; set++) {
		for (uint32_t way = 0; way < p->ways; way++) {
			const struct plain_line *l = &p->way[set][way];
			uint64_t slot = cache_slot(c, set, way);

			assert_true(cache_slot_line(c, slot) ==
				    (l->valid ? l->line : CACHE_NONE));
			assert_int_equal(cache_slot_dirty(c, slot),
					 l->valid && l->dirty);
		}
	}
}

static void one_step(struct cache *c, struct plain *p, uint64_t r)
{
	struct plain_line victim;
	uint64_t line = (r >> 8) % (p->sets * p->ways * 2), out, slot;
	unsigned int kind = (r >> 40) % 32;
	bool dirty = (r >> 50) & 1;

	if (kind < 26) {
		bool hit = plain_access(p, line, dirty, &victim);

		assert_int_equal(cache_access(c, line, REQUESTER_DATA, dirty,
					      &out),
				 hit);
		assert_true(out == (victim.dirty ? victim.line : CACHE_NONE));
	} else if (kind < 29) {
		int way = plain_find(p, line);

		victim.dirty = false;
		if (way >= 0)
			p->way[line % p->sets][way].dirty = true;
		else
			victim = plain_fill(p, line, true);
		out = cache_take_dirty(c, line);
		assert_true(out == (victim.dirty ? victim.line : CACHE_NONE));
	} else if (kind < 31) {
		int way = plain_find(p, line);

		slot = cache_find(c, line);
		assert_int_equal(slot != CACHE_NONE, way >= 0);
		if (way >= 0) {
			cache_slot_drop(c, slot);
			plain_drop(p, line % p->sets, way);
		}
	} else {
		uint32_t set = (uint32_t)(line % p->sets);
		uint32_t way = (uint32_t)(line / p->sets) % p->ways;

		slot = cache_slot(c, set, way);
		if (cache_slot_line(c, slot) != CACHE_NONE) {
			cache_slot_drop(c, slot);
			plain_drop(p, set, (int)way);
		}
	}
}

static void compare(enum replacement policy, uint32_t sets, uint32_t ways,
		    uint64_t lines)
{
	struct cache_config config = { .bytes = (uint64_t)sets * ways * 64,
				       .ways = ways,
				       .line = 64,
				       .replacement = policy };
	struct plain *p = calloc(1, sizeof(*p));
	struct model_random random;
	struct cache c;

	assert_non_null(p);
	p->sets = sets;
	p->ways = ways;
	p->policy = policy;
	assert_null(cache_config_problem(&config));
	model_random_seed(&random, sets * 100 + ways);
	assert_true(cache_init(&c, &config, NULL, lines));
	for (int i = 0; i < 20000; i++) {
		one_step(&c, p, model_random_next(&random));
		if (i % 97 == 0)
			assert_same_content(&c, p);
	}
	assert_same_content(&c, p);
	assert_int_equal(c.counters.hits[REQUESTER_DATA], p->hits);
	assert_int_equal(c.counters.misses[REQUESTER_DATA], p->misses);
	cache_fini(&c);
	free(p);
}

/* With few lines and with as many as there can be: the tags are kept
 * differently. */
static void compare_both(enum replacement policy, uint32_t sets, uint32_t ways)
{
	compare(policy, sets, ways, 4096);
	compare(policy, sets, ways, UINT64_MAX);
}

static const struct {
	uint32_t sets, ways;
} shapes[] = { { 16, 1 }, { 1, 1 },  { 8, 2 },	{ 5, 3 },  { 16, 4 },
	       { 7, 5 },  { 4, 8 },  { 3, 11 }, { 2, 16 }, { 1, 15 },
	       { 1, 32 }, { 2, 33 }, { 1, 64 }, { 1, 80 } };
#define SHAPES (sizeof(shapes) / sizeof(shapes[0]))

static void lru_agrees_with_time_stamps(void **state)
{
	(void)state;
	for (size_t i = 0; i < SHAPES; i++)
		compare_both(REPLACEMENT_LRU, shapes[i].sets, shapes[i].ways);
}

static void fifo_agrees_with_time_stamps(void **state)
{
	(void)state;
	for (size_t i = 0; i < SHAPES; i++)
		compare_both(REPLACEMENT_FIFO, shapes[i].sets, shapes[i].ways);
}

static void plru_agrees_with_used_bits(void **state)
{
	(void)state;
	for (size_t i = 0; i < SHAPES; i++)
		compare_both(REPLACEMENT_PLRU, shapes[i].sets, shapes[i].ways);
}

/* A line that hits was put in and has not been pushed out or dropped since:
 * with a list of what is held, random has nothing left to be wrong in but
 * the choice itself. */
static void random_holds_what_it_was_given(void **state)
{
	struct cache_config config = { .bytes = 8 * 64,
				       .ways = 8,
				       .line = 64,
				       .replacement = REPLACEMENT_RANDOM };
	struct model_random random, choice;
	bool held[32] = { false };
	unsigned int count = 0, pushed_out[8] = { 0 };
	struct cache c;

	(void)state;
	model_random_seed(&random, 3);
	model_random_seed(&choice, 4);
	assert_true(cache_init(&c, &config, &choice, 32));
	for (int i = 0; i < 20000; i++) {
		uint64_t line = model_random_next(&random) % 32, victim;
		bool hit =
			cache_access(&c, line, REQUESTER_DATA, true, &victim);

		assert_int_equal(hit, held[line]);
		assert_int_equal(victim != CACHE_NONE, !hit && count == 8);
		if (victim != CACHE_NONE) {
			held[victim] = false;
			pushed_out[cache_find(&c, line)]++;
		} else if (!hit) {
			count++;
		}
		held[line] = true;
	}
	for (int way = 0; way < 8; way++)
		assert_in_range(pushed_out[way], 1500, 2200);
	cache_fini(&c);
}

static void dropping_all_frees_every_way(void **state)
{
	struct cache_config config = { .bytes = 4096,
				       .ways = 4,
				       .line = 64,
				       .replacement = REPLACEMENT_PLRU };
	struct cache c;
	uint64_t victim, generation;

	(void)state;
	assert_true(cache_init(&c, &config, NULL, 64));
	for (uint64_t line = 0; line < 40; line++)
		cache_access(&c, line, REQUESTER_FETCH, false, &victim);
	generation = c.generation;
	assert_int_equal(cache_drop_all(&c), 40);
	assert_int_not_equal(c.generation, generation);
	for (uint64_t line = 0; line < 64; line++)
		assert_true(cache_find(&c, line) == CACHE_NONE);
	cache_fini(&c);
}

/* Lines that differ in their highest bits alone, narrow tags and wide. */
static void high_lines_are_told_apart(void **state)
{
	struct cache_config config = { .bytes = 8 * 4 * 64,
				       .ways = 4,
				       .line = 64,
				       .replacement = REPLACEMENT_LRU };

	(void)state;
	for (unsigned int lg2 = 30; lg2 <= 40; lg2++) {
		uint64_t top = UINT64_C(1) << lg2, victim;
		struct cache c;

		assert_true(cache_init(&c, &config, NULL, top));
		assert_int_equal(c.narrow != NULL, lg2 < 35);
		cache_access(&c, top - 1, REQUESTER_DATA, true, &victim);
		assert_true(cache_slot_line(&c, cache_find(&c, top - 1)) ==
			    top - 1);
		for (unsigned int bit = 3; bit < lg2; bit++)
			assert_true(cache_find(&c, (top - 1) ^ (UINT64_C(1)
								<< bit)) ==
				    CACHE_NONE);
		cache_fini(&c);
	}
}

/* What the inline path takes for idle is: an access changes no replacement
 * state and no line. */
static void idle_hits_are_idle(void **state)
{
	static const enum replacement policies[] = { REPLACEMENT_LRU,
						     REPLACEMENT_PLRU,
						     REPLACEMENT_FIFO };
	struct model_random random;
	unsigned int idle_hits = 0;

	(void)state;
	model_random_seed(&random, 11);
	for (size_t i = 0; i < 3; i++) {
		struct cache_config config = { .bytes = 2 * 4 * 64,
					       .ways = 4,
					       .line = 64,
					       .replacement = policies[i] };
		struct cache c, twin;

		assert_true(cache_init(&c, &config, NULL, 16));
		assert_true(cache_init(&twin, &config, NULL, 16));
		assert_true(c.inline4);
		for (int step = 0; step < 20000; step++) {
			uint64_t r = model_random_next(&random), ignored;
			uint64_t line = r >> 8 & 15;
			bool write = (r & 3) == 0;

			/* The twin makes every access, idle or not. */
			if (!cache_idle_hit4(&c, line, write))
				cache_access(&c, line, REQUESTER_DATA, write,
					     &ignored);
			else
				idle_hits++;
			cache_access(&twin, line, REQUESTER_DATA, write,
				     &ignored);
			for (uint64_t slot = 0; slot < 8; slot++) {
				assert_true(cache_slot_line(&c, slot) ==
					    cache_slot_line(&twin, slot));
				assert_int_equal(cache_slot_dirty(&c, slot),
						 cache_slot_dirty(&twin, slot));
			}
		}
		cache_fini(&c);
		cache_fini(&twin);
	}
	assert_true(idle_hits > 5000);
}

static void impossible_configurations_are_named(void **state)
{
	static const struct {
		struct cache_config config;
		bool fine;
	} cases[] = {
		{ { 0, 0, 0, REPLACEMENT_LRU, 0 }, true },
		{ { 65536, 4, 64, REPLACEMENT_LRU, 0 }, true },
		{ { 49152, 3, 64, REPLACEMENT_LRU, 0 }, true },
		{ { 3 << 20, 12, 64, REPLACEMENT_LRU, 0 }, true },
		{ { 65536, 0, 64, REPLACEMENT_LRU, 0 }, false },
		{ { 65536, 3, 64, REPLACEMENT_LRU, 0 }, false },
		{ { 65536, 4, 0, REPLACEMENT_LRU, 0 }, false },
		{ { 65536, 4, 48, REPLACEMENT_LRU, 0 }, false },
		{ { 65536, 4, 8, REPLACEMENT_LRU, 0 }, false },
		{ { 65536, 4, 2048, REPLACEMENT_LRU, 0 }, false },
		{ { 65536, 512, 64, REPLACEMENT_LRU, 0 }, false },
		{ { UINT64_C(1) << 40, 4, 64, REPLACEMENT_LRU, 0 }, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(!cache_config_problem(&cases[i].config),
				 cases[i].fine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lru_agrees_with_time_stamps),
		cmocka_unit_test(fifo_agrees_with_time_stamps),
		cmocka_unit_test(plru_agrees_with_used_bits),
		cmocka_unit_test(random_holds_what_it_was_given),
		cmocka_unit_test(dropping_all_frees_every_way),
		cmocka_unit_test(high_lines_are_told_apart),
		cmocka_unit_test(idle_hits_are_idle),
		cmocka_unit_test(impossible_configurations_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
