/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory system against a plain one that follows rules 19 to 25 of
 * models/README.md word by word: lines with time stamps, every level a list.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/bug.h"
#include "models/memory/cache.h"

_Noreturn void port_bug(void *host, const char *file, int line,
			const char *what)
{
	(void)host;
	fprintf(stderr, "%s:%d: BUG: %s\n", file, line, what);
	abort();
}

#define LINE	  64
#define CPUS_MAX  3
#define LINES_MAX 256

struct plain_line {
	bool valid, dirty;
	uint64_t line, time;
};

/* LRU or FIFO. */
struct plain_cache {
	struct plain_line lines[LINES_MAX];
	uint32_t sets, ways;
	bool present, fifo;
	uint64_t now;
	struct cache_counters n;
};

struct plain {
	struct plain_cache l1i[CPUS_MAX], l1d[CPUS_MAX], l2[CPUS_MAX], llc;
	uint32_t cpus;
	enum memory_entry entry;
};

static void plain_cache_init(struct plain_cache *c,
			     const struct cache_config *config)
{
	c->present = config->bytes != 0;
	c->ways = config->ways;
	if (c->present)
		c->sets = (uint32_t)(config->bytes / LINE / config->ways);
	c->fifo = config->replacement == REPLACEMENT_FIFO;
}

static struct plain_line *plain_find(struct plain_cache *c, uint64_t line)
{
	struct plain_line *set;

	if (!c->present)
		return NULL;
	set = &c->lines[line % c->sets * c->ways];
	for (uint32_t w = 0; w < c->ways; w++) {
		if (set[w].valid && set[w].line == line)
			return &set[w];
	}
	return NULL;
}

/* The next present level after c, which is one of a CPU's or the last. */
static struct plain_cache *plain_next(struct plain *p, unsigned int cpu,
				      const struct plain_cache *c)
{
	if ((c == &p->l1i[cpu] || c == &p->l1d[cpu]) && p->l2[cpu].present)
		return &p->l2[cpu];
	return c != &p->llc && p->llc.present ? &p->llc : NULL;
}

static void plain_fill(struct plain *p, unsigned int cpu, struct plain_cache *c,
		       uint64_t line, bool dirty);

static void plain_write_back(struct plain *p, unsigned int cpu,
			     struct plain_cache *c, uint64_t line)
{
	struct plain_cache *next = plain_next(p, cpu, c);

	c->n.writebacks++;
	if (!next)
		return;
	if (plain_find(next, line))
		plain_find(next, line)->dirty = true;
	else
		plain_fill(p, cpu, next, line, true);
}

static void plain_fill(struct plain *p, unsigned int cpu, struct plain_cache *c,
		       uint64_t line, bool dirty)
{
	struct plain_line *set = &c->lines[line % c->sets * c->ways];
	struct plain_line *victim = NULL;

	for (uint32_t w = 0; w < c->ways && !victim; w++) {
		if (!set[w].valid)
			victim = &set[w];
	}
	for (uint32_t w = 0; w < c->ways && (!victim || victim->valid); w++) {
		if (!victim || set[w].time < victim->time)
			victim = &set[w];
	}
	if (victim->valid && victim->dirty)
		plain_write_back(p, cpu, c, victim->line);
	*victim = (struct plain_line){ true, dirty, line, ++c->now };
}

static void plain_snoop(struct plain *p, unsigned int except, uint64_t line,
			bool drop)
{
	for (unsigned int i = 0; i < p->cpus; i++) {
		struct plain_cache *both[] = { &p->l1d[i], &p->l2[i] };

		for (int k = 0; k < 2 && i != except; k++) {
			struct plain_line *l = plain_find(both[k], line);

			if (l && l->dirty) {
				both[k]->n.writebacks++;
				l->dirty = false;
				if (plain_find(&p->llc, line))
					plain_find(&p->llc, line)->dirty = true;
				else if (p->llc.present)
					plain_fill(p, i, &p->llc, line, true);
			}
			if (l && drop)
				l->valid = false;
		}
	}
}

static enum memory_level plain_access(struct plain *p, unsigned int cpu,
				      enum requester who, uint64_t line,
				      bool write)
{
	struct plain_cache *level[3] = { &p->l1d[cpu], &p->l2[cpu], &p->llc };
	unsigned int first = 0, at;
	bool filling = write, in_private;

	if (who == REQUESTER_FETCH)
		level[0] = &p->l1i[cpu];
	if (who == REQUESTER_WALK && p->entry == MEMORY_ENTRY_NONE)
		return MEMORY_DRAM;
	if (who == REQUESTER_WALK && p->entry == MEMORY_ENTRY_L2)
		first = 1;
	if (who == REQUESTER_DMA)
		first = 2;
	while (first < 3 && !level[first]->present)
		first++;
	in_private = (first < 1 && plain_find(level[0], line)) ||
		     (first < 2 && plain_find(level[1], line));
	if (who == REQUESTER_DMA)
		plain_snoop(p, CPUS_MAX, line, write);
	else if (write && !(first < 2 && plain_find(level[first], line) &&
			    plain_find(level[first], line)->dirty))
		plain_snoop(p, cpu, line, true);
	else if (!in_private)
		plain_snoop(p, cpu, line, false);

	for (at = first; at < 3; at++) {
		struct plain_line *l = plain_find(level[at], line);

		if (!level[at]->present)
			continue;
		if (l) {
			level[at]->n.hits[who]++;
			if (!level[at]->fifo)
				l->time = ++level[at]->now;
			if (write && at == first)
				l->dirty = true;
			break;
		}
		level[at]->n.misses[who]++;
	}
	for (unsigned int k = at; k-- > first;) {
		if (level[k]->present)
			plain_fill(p, cpu, level[k], line,
				   filling && k == first);
	}
	return (enum memory_level)(MEMORY_L1 + at);
}

static void plain_maintain(struct plain *p, unsigned int cpu,
			   struct plain_cache *c, enum memory_op op,
			   struct plain_line *l, bool to_memory)
{
	if (!l || !l->valid)
		return;
	c->n.cleans++;
	if (op != MEMORY_INVALIDATE && l->dirty) {
		l->dirty = false;
		if (to_memory)
			c->n.writebacks++;
		else
			plain_write_back(p, cpu, c, l->line);
	}
	if (op != MEMORY_CLEAN)
		l->valid = false;
}

static void plain_maintain_address(struct plain *p, enum memory_op op,
				   uint64_t line, bool poc)
{
	for (unsigned int i = 0; i < p->cpus; i++) {
		plain_maintain(p, i, &p->l1d[i], op,
			       plain_find(&p->l1d[i], line), poc);
		if (poc)
			plain_maintain(p, i, &p->l2[i], op,
				       plain_find(&p->l2[i], line), true);
	}
	if (poc)
		plain_maintain(p, 0, &p->llc, op, plain_find(&p->llc, line),
			       true);
}

static void plain_maintain_way(struct plain *p, unsigned int cpu,
			       enum memory_op op, unsigned int level,
			       uint32_t set, uint32_t way)
{
	struct plain_cache *c = level == 1   ? &p->l1d[cpu]
				: level == 2 ? &p->l2[cpu]
					     : &p->llc;

	if (level >= 1 && level <= 3 && c->present && set < c->sets &&
	    way < c->ways)
		plain_maintain(p, cpu, c, op, &c->lines[set * c->ways + way],
			       false);
}

static void plain_drop_fetch(struct plain *p, unsigned int cpu, uint64_t line,
			     bool all)
{
	struct plain_cache *c = &p->l1i[cpu];

	for (uint32_t i = 0; c->present && i < c->sets * c->ways; i++) {
		if (c->lines[i].valid && (all || c->lines[i].line == line)) {
			c->n.cleans++;
			c->lines[i].valid = false;
		}
	}
}

static void plain_counters(const struct plain *p, enum memory_cache which,
			   struct cache_counters *sum)
{
	const struct plain_cache *const caches[] = { p->l1i, p->l1d, p->l2,
						     &p->llc };
	uint32_t count = which == CACHE_LLC ? 1 : p->cpus;

	memset(sum, 0, sizeof(*sum));
	for (uint32_t i = 0; i < count; i++) {
		const struct cache_counters *n = &caches[which][i].n;

		for (int w = 0; w < REQUESTER_COUNT; w++) {
			sum->hits[w] += n->hits[w];
			sum->misses[w] += n->misses[w];
		}
		sum->writebacks += n->writebacks;
		sum->cleans += n->cleans;
	}
}

/* ---- random streams through both */

/* A caller that skips what memory_unchanged allows: one line for each CPU. */
struct memo {
	uint64_t line, mark;
	bool set, write;
};

struct pair {
	struct memory_system *ms;
	struct plain *p;
	struct model_random random;
	struct memo memo[CPUS_MAX];
	uint64_t skipped;
};

static void pair_access(struct pair *t, uint64_t r)
{
	static const enum requester whos[] = {
		REQUESTER_DATA, REQUESTER_DATA,	      REQUESTER_FETCH,
		REQUESTER_WALK, REQUESTER_HYPERVISOR, REQUESTER_DATA,
		REQUESTER_DMA,	REQUESTER_DATA
	};
	unsigned int cpu = r % t->p->cpus;
	enum requester who = whos[r >> 8 & 7];
	struct memo *memo = &t->memo[cpu];
	uint64_t line = (r >> 16) % ((r >> 12 & 3) ? 6 : 200);
	bool write = who != REQUESTER_FETCH && (r >> 32 & 3) == 0;
	enum memory_level want = plain_access(t->p, cpu, who, line, write);
	pa_t pa = { line * LINE + (r >> 40 & 63) };

	if (who != REQUESTER_DATA) {
		assert_int_equal(memory_access_inline(t->ms, cpu, who, pa,
						      write),
				 want);
		return;
	}
	if (memo->set && memo->line == line && (!write || memo->write) &&
	    memory_unchanged(t->ms, cpu, who, memo->mark)) {
		assert_int_equal(want, MEMORY_L1);
		memory_count_hits(t->ms, cpu, who, 1);
		t->skipped++;
		return;
	}
	assert_int_equal((r >> 50 & 1)
				 ? memory_access(t->ms, cpu, who, pa, write)
				 : memory_access_inline(t->ms, cpu, who, pa,
							write),
			 want);
	*memo = (struct memo){ line, memory_mark(t->ms, cpu, who), true,
			       write };
}

static void pair_maintain(struct pair *t, uint64_t r)
{
	unsigned int cpu = r % t->p->cpus, level = (r >> 8) % 5;
	enum memory_op op = (enum memory_op)((r >> 16) % 3);
	uint64_t line = (r >> 24) % 100;
	pa_t pa = { line * LINE + 7 };
	uint32_t set = (r >> 32) % 9, way = (r >> 40) % 5;

	switch (r >> 50 & 3) {
	case 0:
	case 1:
		memory_maintain(t->ms, op, pa, r >> 52 & 1);
		plain_maintain_address(t->p, op, line, r >> 52 & 1);
		break;
	case 2:
		memory_maintain_set_way(t->ms, cpu, op, level, set, way);
		plain_maintain_way(t->p, cpu, op, level, set, way);
		break;
	default:
		if (r >> 52 & 1) {
			memory_invalidate_fetch_line(t->ms, pa);
			for (cpu = 0; cpu < t->p->cpus; cpu++)
				plain_drop_fetch(t->p, cpu, line, false);
			break;
		}
		memory_invalidate_fetch_all(t->ms, cpu, r >> 53 & 1);
		for (unsigned int i = 0; i < t->p->cpus; i++) {
			if (i == cpu || (r >> 53 & 1))
				plain_drop_fetch(t->p, i, 0, true);
		}
	}
}

static void assert_same_counters(const struct pair *t)
{
	for (int which = 0; which < CACHE_COUNT; which++) {
		struct cache_counters got, want;

		memory_counters(t->ms, (enum memory_cache)which, &got);
		plain_counters(t->p, (enum memory_cache)which, &want);
		assert_memory_equal(&got, &want, sizeof(got));
	}
}

static uint64_t compare(const struct memory_config *config)
{
	struct pair t = { .p = calloc(1, sizeof(*t.p)) };

	assert_non_null(t.p);
	model_random_seed(&t.random, config->cpus);
	t.ms = memory_new(config, NULL);
	assert_non_null(t.ms);
	t.p->cpus = config->cpus;
	t.p->entry = config->walk_entry;
	for (uint32_t i = 0; i < config->cpus; i++) {
		plain_cache_init(&t.p->l1i[i], &config->l1i);
		plain_cache_init(&t.p->l1d[i], &config->l1d);
		plain_cache_init(&t.p->l2[i], &config->l2);
	}
	plain_cache_init(&t.p->llc, &config->llc);
	for (int i = 0; i < 40000; i++) {
		uint64_t r = model_random_next(&t.random);

		if (r % 41 == 0)
			pair_maintain(&t, model_random_next(&t.random) >> 4);
		else
			pair_access(&t, model_random_next(&t.random) >> 4);
		assert_same_counters(&t);
	}
	memory_free(t.ms);
	free(t.p);
	return t.skipped;
}

static struct memory_config config_of(uint32_t cpus, enum replacement policy)
{
	return (struct memory_config){
		.cpus = cpus,
		.l1i = { 8 * LINE, 2, LINE, policy, 1 },
		.l1d = { 8 * LINE, 2, LINE, policy, 1 },
		.l2 = { 24 * LINE, 3, LINE, policy, 1 },
		.llc = { 60 * LINE, 6, LINE, policy, 1 },
		.walk_entry = MEMORY_ENTRY_L1D,
	};
}

static void compare_cpus(uint32_t cpus)
{
	for (int entry = MEMORY_ENTRY_L1D; entry <= MEMORY_ENTRY_NONE;
	     entry++) {
		struct memory_config config = config_of(cpus, REPLACEMENT_LRU);

		config.walk_entry = (enum memory_entry)entry;
		assert_true(compare(&config) > 100);
		config = config_of(cpus, REPLACEMENT_FIFO);
		config.walk_entry = (enum memory_entry)entry;
		assert_true(compare(&config) > 100);
	}
}

static void one_cpu_agrees_with_the_rules(void **state)
{
	(void)state;
	compare_cpus(1);
}

static void two_and_three_cpus_agree_with_the_rules(void **state)
{
	(void)state;
	compare_cpus(2);
	compare_cpus(3);
}

/* Every subset of absent levels, on one CPU and on two. */
static void absent_levels_are_passed_over(void **state)
{
	(void)state;
	for (unsigned int absent = 0; absent < 16; absent++) {
		for (uint32_t cpus = 1; cpus <= 2; cpus++) {
			struct memory_config config =
				config_of(cpus, REPLACEMENT_LRU);

			if (absent & 1)
				config.l1i.bytes = 0;
			if (absent & 2)
				config.l1d.bytes = 0;
			if (absent & 4)
				config.l2.bytes = 0;
			if (absent & 8)
				config.llc.bytes = 0;
			if (absent & 2)
				assert_int_equal(compare(&config), 0);
			else
				assert_true(compare(&config) > 100);
		}
	}
}

static uint64_t hits(const struct memory_system *ms, enum memory_cache which,
		     enum requester who)
{
	struct cache_counters sum;

	memory_counters(ms, which, &sum);
	return sum.hits[who];
}

/* Line 0 is a line like others, also as a victim. */
static void a_dirty_victim_goes_down_level_by_level(void **state)
{
	struct memory_config config = {
		.cpus = 1,
		.l1d = { LINE, 1, LINE, REPLACEMENT_LRU, 1 },
		.l2 = { LINE, 1, LINE, REPLACEMENT_LRU, 1 },
		.llc = { LINE, 1, LINE, REPLACEMENT_LRU, 1 },
	};
	struct memory_system *ms = memory_new(&config, NULL);
	struct cache_counters one, two, last;

	(void)state;
	assert_non_null(ms);
	for (uint64_t line = 0; line < 4; line++)
		assert_int_equal(memory_access(ms, 0, REQUESTER_DATA,
					       (pa_t){ line * LINE }, true),
				 MEMORY_DRAM);
	memory_counters(ms, CACHE_L1D, &one);
	memory_counters(ms, CACHE_L2, &two);
	memory_counters(ms, CACHE_LLC, &last);
	assert_int_equal(one.writebacks, 3);
	assert_int_equal(two.writebacks, 2);
	assert_int_equal(last.writebacks, 1);
	memory_free(ms);
}

static void
a_line_written_by_another_cpu_comes_from_the_last_level(void **state)
{
	struct memory_config config = config_of(2, REPLACEMENT_LRU);
	struct memory_system *ms = memory_new(&config, NULL);
	struct cache_counters l1d;
	pa_t pa = { 0 };
	uint64_t mark;

	(void)state;
	assert_non_null(ms);
	memory_access(ms, 0, REQUESTER_DATA, pa, true);
	mark = memory_mark(ms, 0, REQUESTER_DATA);
	assert_int_equal(memory_access(ms, 1, REQUESTER_DATA, pa, false),
			 MEMORY_LLC);
	memory_counters(ms, CACHE_L1D, &l1d);
	assert_int_equal(l1d.writebacks, 1);
	/* The copy stays, clean: a write must be seen again. */
	assert_false(memory_unchanged(ms, 0, REQUESTER_DATA, mark));
	assert_int_equal(memory_access(ms, 0, REQUESTER_DATA, pa, true),
			 MEMORY_L1);
	assert_int_equal(memory_access(ms, 1, REQUESTER_DATA, pa, false),
			 MEMORY_LLC);
	assert_int_equal(hits(ms, CACHE_LLC, REQUESTER_DATA), 2);
	memory_free(ms);
}

/* Cached lines hit whatever the policy; random included. */
static void other_policies_keep_what_fits(void **state)
{
	static const enum replacement policies[] = { REPLACEMENT_PLRU,
						     REPLACEMENT_RANDOM };
	struct model_random random;

	(void)state;
	model_random_seed(&random, 1);
	for (int i = 0; i < 2; i++) {
		struct memory_config config = config_of(1, policies[i]);
		struct memory_system *ms = memory_new(&config, &random);

		assert_non_null(ms);
		for (int round = 0; round < 3; round++) {
			for (uint64_t line = 0; line < 8; line++)
				memory_access_inline(ms, 0, REQUESTER_DATA,
						     (pa_t){ line * LINE },
						     false);
		}
		assert_int_equal(hits(ms, CACHE_L1D, REQUESTER_DATA), 16);
		memory_free(ms);
	}
}

static void impossible_systems_are_refused(void **state)
{
	struct memory_config config = config_of(1, REPLACEMENT_LRU);

	(void)state;
	config.llc.line = 128;
	config.llc.bytes = 64 * 128;
	assert_null(memory_new(&config, NULL));
	config = config_of(0, REPLACEMENT_LRU);
	assert_null(memory_new(&config, NULL));
	config = config_of(1, REPLACEMENT_LRU);
	config.l2.ways = 5;
	assert_null(memory_new(&config, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_cpu_agrees_with_the_rules),
		cmocka_unit_test(two_and_three_cpus_agree_with_the_rules),
		cmocka_unit_test(absent_levels_are_passed_over),
		cmocka_unit_test(a_dirty_victim_goes_down_level_by_level),
		cmocka_unit_test(
			a_line_written_by_another_cpu_comes_from_the_last_level),
		cmocka_unit_test(other_policies_keep_what_fits),
		cmocka_unit_test(impossible_systems_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
