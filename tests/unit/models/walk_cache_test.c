/* SPDX-License-Identifier: BSD-2-Clause */
/* Walk caches against a plain list with time stamps; models/README.md. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "core/base/bug.h"
#include "models/tlb/walk_cache.h"

_Noreturn void port_bug(void *host, const char *file, int line,
			const char *what)
{
	(void)host;
	fprintf(stderr, "%s:%d: BUG: %s\n", file, line, what);
	abort();
}

/* 4K granule: what one table of levels 0 to 3 covers. */
static const uint8_t range_lg2[] = { 48, 39, 30, 21 };
static const struct tlb_tag tag_a = {
	.vmid = 1, .asid = 5, .regime = 1, .stage1 = true
};

static struct walk_cache *new_cache(uint32_t entries, uint32_t ways)
{
	struct tlb_config config = { .entries = entries, .ways = ways };
	struct walk_cache *wc = walk_cache_new(&config, NULL);

	assert_null(walk_cache_config_problem(&config));
	assert_non_null(wc);
	return wc;
}

static void put(struct walk_cache *wc, uint64_t address, int level,
		uint64_t table)
{
	struct walk_cache_entry entry = { .table = table,
					  .attrs = table + 1,
					  .level = (int8_t)level };

	walk_cache_fill(wc, address, range_lg2[level], &tag_a, false, &entry);
}

static void the_deepest_table_is_found(void **state)
{
	struct walk_cache *wc = new_cache(64, 4);
	struct walk_cache_entry out;

	(void)state;
	assert_false(walk_cache_lookup(wc, 0, &tag_a, range_lg2, 1, 3, &out));
	put(wc, 0x40000000, 1, 0x1000);
	put(wc, 0x40000000, 2, 0x2000);
	put(wc, 0x40000000, 3, 0x3000);
	assert_true(walk_cache_lookup(wc, 0x401fffff, &tag_a, range_lg2, 1, 3,
				      &out));
	assert_int_equal(out.level, 3);
	assert_int_equal(out.table, 0x3000);
	assert_int_equal(out.attrs, 0x3001);
	/* The next 2 MB, the next 1 GB, the next 512 GB. */
	assert_true(walk_cache_lookup(wc, 0x40200000, &tag_a, range_lg2, 1, 3,
				      &out));
	assert_int_equal(out.level, 2);
	assert_true(walk_cache_probe(wc, 0x80000000, &tag_a, range_lg2, 1, 3,
				     &out));
	assert_int_equal(out.level, 1);
	assert_false(walk_cache_lookup(wc, UINT64_C(1) << 39, &tag_a, range_lg2,
				       1, 3, &out));
	assert_int_equal(walk_cache_counters(wc)->hits, 2);
	assert_int_equal(walk_cache_counters(wc)->misses, 2);
	walk_cache_free(wc);
}

static void levels_above_the_first_are_not_used(void **state)
{
	struct walk_cache *wc = new_cache(4, 4);
	struct walk_cache_entry out;

	(void)state;
	put(wc, 0, 1, 0x1000);
	put(wc, 0, 3, 0x3000);
	assert_false(
		walk_cache_lookup(wc, 0x200000, &tag_a, range_lg2, 2, 3, &out));
	assert_true(walk_cache_lookup(wc, 0, &tag_a, range_lg2, 1, 2, &out));
	assert_int_equal(out.level, 1);
	walk_cache_free(wc);
}

static void tags_keep_address_spaces_apart(void **state)
{
	struct walk_cache *wc = new_cache(4, 4);
	struct walk_cache_entry out;
	struct tlb_tag tags[4] = { tag_a, tag_a, tag_a, tag_a };

	(void)state;
	put(wc, 0, 3, 0x3000);
	tags[0].asid = 6;
	tags[1].vmid = 2;
	tags[2].regime = 2;
	for (int i = 0; i < 3; i++)
		assert_false(walk_cache_probe(wc, 0, &tags[i], range_lg2, 1, 3,
					      &out));
	assert_true(walk_cache_probe(wc, 0, &tags[3], range_lg2, 1, 3, &out));
	walk_cache_free(wc);
}

static void a_range_drops_every_table_that_covers_part_of_it(void **state)
{
	struct walk_cache *wc = new_cache(16, 4);
	struct walk_cache_entry out;
	struct tlb_match match = { .by_range = true,
				   .first = 0x401ff000,
				   .last = 0x401fffff };

	(void)state;
	put(wc, 0x40000000, 1, 0x1000);
	put(wc, 0x40000000, 2, 0x2000);
	put(wc, 0x40000000, 3, 0x3000);
	put(wc, 0x40200000, 3, 0x4000);
	assert_int_equal(walk_cache_invalidate(wc, &match), 3);
	assert_false(walk_cache_probe(wc, 0x40000000, &tag_a, range_lg2, 1, 3,
				      &out));
	assert_true(walk_cache_probe(wc, 0x40200000, &tag_a, range_lg2, 1, 3,
				     &out));
	walk_cache_free(wc);
}

static void absent_walk_cache_counts_nothing(void **state)
{
	struct walk_cache *wc = new_cache(0, 0);
	struct tlb_match all = { .by_vmid = false };
	struct walk_cache_entry out;

	(void)state;
	put(wc, 0, 3, 0x3000);
	assert_false(walk_cache_lookup(wc, 0, &tag_a, range_lg2, 1, 3, &out));
	assert_false(walk_cache_probe(wc, 0, &tag_a, range_lg2, 1, 3, &out));
	assert_int_equal(walk_cache_invalidate(wc, &all), 0);
	assert_int_equal(walk_cache_counters(wc)->misses, 0);
	walk_cache_free(wc);
}

/* ---- the plain one: LRU, time stamps */

struct plain_entry {
	bool valid;
	int level;
	uint64_t page, table, time;
	uint16_t asid;
};

#define PLAIN_MAX 64

struct plain {
	struct plain_entry entries[PLAIN_MAX];
	uint32_t sets, ways;
	uint64_t now, hits, misses;
};

static struct plain_entry *plain_find(struct plain *p, uint64_t address,
				      uint16_t asid, int level)
{
	uint64_t page = address >> range_lg2[level];

	for (uint32_t w = 0; w < p->ways; w++) {
		struct plain_entry *e =
			&p->entries[page % p->sets * p->ways + w];

		if (e->valid && e->level == level && e->page == page &&
		    e->asid == asid)
			return e;
	}
	return NULL;
}

static struct plain_entry *plain_lookup(struct plain *p, uint64_t address,
					uint16_t asid)
{
	for (int level = 3; level >= 1; level--) {
		struct plain_entry *e = plain_find(p, address, asid, level);

		if (e) {
			p->hits++;
			e->time = ++p->now;
			return e;
		}
	}
	p->misses++;
	return NULL;
}

static void plain_fill(struct plain *p, uint64_t address, uint16_t asid,
		       int level, uint64_t table)
{
	struct plain_entry *e = plain_find(p, address, asid, level);
	uint64_t page = address >> range_lg2[level];

	for (uint32_t w = 0; !e && w < p->ways; w++) {
		struct plain_entry *other =
			&p->entries[page % p->sets * p->ways + w];

		if (!other->valid)
			e = other;
	}
	if (!e) {
		e = &p->entries[page % p->sets * p->ways];
		for (uint32_t w = 0; w < p->ways; w++) {
			struct plain_entry *other =
				&p->entries[page % p->sets * p->ways + w];

			if (other->time < e->time)
				e = other;
		}
	}
	*e = (struct plain_entry){ true, level, page, table, ++p->now, asid };
}

static void compare(uint32_t entries, uint32_t ways)
{
	struct plain p = { .sets = entries / ways, .ways = ways };
	struct walk_cache *wc = new_cache(entries, ways);
	struct model_random random;

	model_random_seed(&random, entries + ways);
	for (int i = 0; i < 20000; i++) {
		uint64_t r = model_random_next(&random) >> 8;
		uint64_t address = (r & 63) << 21 | (r >> 6 & 3) << 30 |
				   (r >> 8 & 1) << 39;
		struct tlb_tag tag = tag_a;
		struct walk_cache_entry entry = { .table = r, .attrs = 3 };

		tag.asid = r >> 9 & 1;
		if (r >> 10 & 1) {
			const struct plain_entry *want =
				plain_lookup(&p, address, tag.asid);

			assert_int_equal(walk_cache_lookup(wc, address, &tag,
							   range_lg2, 1, 3,
							   &entry),
					 want != NULL);
			if (want) {
				assert_int_equal(entry.level, want->level);
				assert_int_equal(entry.table, want->table);
			}
			continue;
		}
		entry.level = (int8_t)(1 + (r >> 11) % 3);
		walk_cache_fill(wc, address, range_lg2[entry.level], &tag,
				false, &entry);
		plain_fill(&p, address, tag.asid, entry.level, r);
	}
	assert_int_equal(walk_cache_counters(wc)->hits, p.hits);
	assert_int_equal(walk_cache_counters(wc)->misses, p.misses);
	walk_cache_free(wc);
}

static void lru_agrees_with_time_stamps(void **state)
{
	(void)state;
	compare(64, 4);
	compare(64, 64);
	compare(60, 5);
	compare(4, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_deepest_table_is_found),
		cmocka_unit_test(levels_above_the_first_are_not_used),
		cmocka_unit_test(tags_keep_address_spaces_apart),
		cmocka_unit_test(
			a_range_drops_every_table_that_covers_part_of_it),
		cmocka_unit_test(absent_walk_cache_counts_nothing),
		cmocka_unit_test(lru_agrees_with_time_stamps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
