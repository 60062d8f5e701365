/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TLBs against a plain one: entries with time stamps, every way of a set
 * looked at, written from models/README.md.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "core/base/bug.h"
#include "models/tlb/tlb.h"

_Noreturn void port_bug(void *host, const char *file, int line,
			const char *what)
{
	(void)host;
	fprintf(stderr, "%s:%d: BUG: %s\n", file, line, what);
	abort();
}

#define SIZES_4K_2M_1G .sizes_lg2 = { 12, 21, 30 }, .size_count = 3

struct plain_entry {
	bool valid, used, global;
	uint64_t first, last, time; /* input addresses */
	struct tlb_tag tag;
	struct tlb_value value;
};

struct plain {
	struct tlb_config config;
	struct plain_entry *entries;
	uint64_t now;
	struct tlb_counters n;
};

static bool plain_tag(const struct plain_entry *e, const struct tlb_tag *tag)
{
	return e->tag.vmid == tag->vmid && e->tag.regime == tag->regime &&
	       e->tag.stage1 == tag->stage1 &&
	       (e->global || e->tag.asid == tag->asid);
}

static struct plain_entry *plain_set(struct plain *p, uint64_t address,
				     unsigned int size_lg2)
{
	uint32_t sets = p->config.entries / p->config.ways;

	return p->entries + (address >> size_lg2) % sets * p->config.ways;
}

static void plain_use(struct plain *p, struct plain_entry *set,
		      struct plain_entry *e, bool fill)
{
	bool all = true;

	if (fill || p->config.replacement == REPLACEMENT_LRU)
		e->time = ++p->now;
	e->used = true;
	for (uint32_t w = 0; w < p->config.ways; w++)
		all = all && set[w].used;
	for (uint32_t w = 0; all && w < p->config.ways; w++)
		set[w].used = &set[w] == e;
}

/* Sizes upwards; of two of one size the one that is not global. */
static struct plain_entry *plain_find(struct plain *p, uint64_t address,
				      const struct tlb_tag *tag,
				      struct plain_entry **in)
{
	for (uint32_t i = 0; i < p->config.size_count; i++) {
		uint64_t bytes = UINT64_C(1) << p->config.sizes_lg2[i];
		struct plain_entry *set =
			plain_set(p, address, p->config.sizes_lg2[i]);
		struct plain_entry *found = NULL;

		for (uint32_t w = 0; w < p->config.ways; w++) {
			struct plain_entry *e = &set[w];

			if (e->valid && e->last - e->first == bytes - 1 &&
			    address >= e->first && address <= e->last &&
			    plain_tag(e, tag) && (!found || !e->global))
				found = e;
		}
		*in = set;
		if (found)
			return found;
	}
	return NULL;
}

static const struct plain_entry *plain_lookup(struct plain *p, uint64_t address,
					      const struct tlb_tag *tag)
{
	struct plain_entry *set, *e = plain_find(p, address, tag, &set);

	if (!e) {
		p->n.misses++;
		return NULL;
	}
	p->n.hits++;
	plain_use(p, set, e, false);
	return e;
}

static struct plain_entry *plain_victim(const struct plain *p,
					struct plain_entry *set)
{
	struct plain_entry *victim = set;

	for (uint32_t w = 0; w < p->config.ways; w++) {
		if (!set[w].valid)
			return &set[w];
	}
	for (uint32_t w = 0; w < p->config.ways; w++) {
		if (p->config.replacement == REPLACEMENT_PLRU) {
			if (!set[w].used)
				return &set[w];
		} else if (set[w].time < victim->time) {
			victim = &set[w];
		}
	}
	return victim;
}

static void plain_fill(struct plain *p, uint64_t address, unsigned int size,
		       const struct tlb_tag *tag, bool global,
		       const struct tlb_value *value)
{
	struct plain_entry *set, *e = NULL;
	unsigned int piece = 12;
	uint64_t first, offset;

	for (uint32_t i = 0; i < p->config.size_count; i++) {
		if (p->config.sizes_lg2[i] <= size)
			piece = p->config.sizes_lg2[i];
	}
	set = plain_set(p, address, piece);
	first = address >> piece << piece;
	offset = first - (address >> size << size);
	for (uint32_t w = 0; w < p->config.ways; w++) {
		if (set[w].valid && set[w].first == first &&
		    set[w].last == first + (UINT64_C(1) << piece) - 1 &&
		    set[w].global == global && set[w].tag.vmid == tag->vmid &&
		    set[w].tag.regime == tag->regime &&
		    set[w].tag.stage1 == tag->stage1 &&
		    (global || set[w].tag.asid == tag->asid))
			e = &set[w];
	}
	p->n.fills++;
	if (!e) {
		e = plain_victim(p, set);
		p->n.evictions += e->valid;
	}
	e->valid = true;
	e->first = first;
	e->last = first + ((UINT64_C(1) << piece) - 1);
	e->tag = *tag;
	e->global = global;
	e->value = (struct tlb_value){ value->out + offset, value->ipa + offset,
				       value->attrs };
	plain_use(p, set, e, true);
}

static uint64_t plain_invalidate(struct plain *p, const struct tlb_match *m)
{
	uint64_t dropped = 0;

	for (uint32_t i = 0; i < p->config.entries; i++) {
		struct plain_entry *e = &p->entries[i];
		bool keep = !e->valid;

		keep = keep || (m->by_vmid && e->tag.vmid != m->vmid);
		keep = keep || (m->by_regime && e->tag.regime != m->regime);
		keep = keep || (m->by_stage1 && e->tag.stage1 != m->stage1);
		if (m->by_asid && e->global)
			keep = keep || !m->globals_too;
		else if (m->by_asid)
			keep = keep || e->tag.asid != m->asid;
		keep = keep || (m->by_range &&
				(e->last < m->first || e->first > m->last));
		if (keep)
			continue;
		*e = (struct plain_entry){ .valid = false };
		dropped++;
	}
	p->n.invalidated += dropped;
	return dropped;
}

/* ---- random streams through both */

struct pair {
	struct tlb *tlb;
	struct plain p;
	struct model_random random;
};

static uint64_t pair_next(struct pair *t)
{
	return model_random_next(&t->random) >> 8;
}

/* Few pages of each size, overlapping, in both halves of the space. */
static uint64_t pair_address(struct pair *t)
{
	uint64_t r = pair_next(t), pages = t->p.config.entries * 2;
	uint64_t address = (r >> 20) % pages << 12 | (r & 0xfff);

	switch (r >> 50 & 3) {
	case 0:
		address |= (r >> 40 & 7) << 21;
		break;
	case 1:
		address |= (r >> 40 & 3) << 30;
		break;
	default:
		break;
	}
	return r >> 52 & 1 ? address : address | UINT64_C(0xffff000000000000);
}

static struct tlb_tag pair_tag(struct pair *t)
{
	uint64_t r = pair_next(t);

	return (struct tlb_tag){ .vmid = (r & 15) == 0 ? 0x100 : 1,
				 .asid = (r >> 4 & 7) == 0 ? 5 : 6,
				 .regime = (r >> 7 & 15) == 0,
				 .stage1 = (r >> 11 & 15) != 0 };
}

static void assert_same_entry(const struct tlb_entry *e,
			      const struct plain_entry *want)
{
	assert_int_equal(e != NULL, want != NULL);
	if (!e)
		return;
	assert_int_equal(e->page << e->size_lg2, want->first);
	assert_int_equal(UINT64_C(1) << e->size_lg2,
			 want->last - want->first + 1);
	assert_int_equal(e->global, want->global);
	assert_int_equal(e->value.out, want->value.out);
	assert_int_equal(e->value.ipa, want->value.ipa);
	assert_int_equal(e->value.attrs, want->value.attrs);
}

static void pair_put(struct pair *t, uint64_t address,
		     const struct tlb_tag *tag)
{
	static const unsigned int sizes[] = { 12, 12, 12, 12, 12,
					      16, 21, 21, 25, 30 };
	uint64_t r = pair_next(t);
	struct tlb_value value = { .out = r << 30, .ipa = r << 32, .attrs = r };
	unsigned int size = sizes[r % 10];
	bool global = (r >> 8 & 3) == 0;
	const struct tlb_entry *e =
		tlb_fill(t->tlb, address, size, tag, global, &value);

	assert_true(e->valid && tlb_hit_is_idle(t->tlb, e));
	plain_fill(&t->p, address, size, tag, global, &value);
}

static void pair_fill(struct pair *t)
{
	uint64_t address = pair_address(t);
	struct tlb_tag tag = pair_tag(t);

	pair_put(t, address, &tag);
}

static void pair_lookup(struct pair *t, bool in_line)
{
	uint64_t address = pair_address(t);
	struct tlb_tag tag = pair_tag(t);
	struct plain_entry *set;
	const struct tlb_entry *e;

	assert_same_entry(tlb_probe(t->tlb, address, &tag),
			  plain_find(&t->p, address, &tag, &set));
	for (int again = 0; again < 2; again++) {
		e = in_line ? tlb_lookup_inline(t->tlb, address, &tag)
			    : tlb_lookup(t->tlb, address, &tag);
		assert_same_entry(e, plain_lookup(&t->p, address, &tag));
		if (e)
			assert_true(tlb_hit_is_idle(t->tlb, e));
		address ^= 0x7ff; /* still the same page */
	}
	/* As a walk would: what missed is put in. */
	if (!e && (pair_next(t) & 1))
		pair_put(t, address, &tag);
}

static void pair_invalidate(struct pair *t)
{
	uint64_t r = pair_next(t);
	struct tlb_tag tag = pair_tag(t);
	struct tlb_match match = {
		.by_vmid = r & 1,
		.by_asid = r >> 1 & 1,
		.by_range = (r >> 2 & 7) != 0,
		.by_regime = r >> 5 & 1,
		.by_stage1 = r >> 6 & 1,
		.globals_too = r >> 7 & 1,
		.vmid = tag.vmid,
		.asid = tag.asid,
		.regime = tag.regime,
		.stage1 = tag.stage1,
		.first = pair_address(t),
	};

	match.last = match.first + (r >> 8 & 0x3fff);
	assert_int_equal(tlb_invalidate(t->tlb, &match),
			 plain_invalidate(&t->p, &match));
}

static void assert_same_counters(const struct pair *t)
{
	const struct tlb_counters *n = tlb_counters(t->tlb);

	assert_int_equal(n->hits, t->p.n.hits);
	assert_int_equal(n->misses, t->p.n.misses);
	assert_int_equal(n->fills, t->p.n.fills);
	assert_int_equal(n->evictions, t->p.n.evictions);
	assert_int_equal(n->invalidated, t->p.n.invalidated);
}

static void compare(const struct tlb_config *config, int steps)
{
	struct pair t = { .p.config = *config };

	assert_null(tlb_config_problem(config));
	model_random_seed(&t.random, config->entries * 64 + config->ways);
	t.tlb = tlb_new(config, NULL);
	t.p.entries = calloc(config->entries, sizeof(*t.p.entries));
	assert_non_null(t.tlb);
	assert_non_null(t.p.entries);
	for (int i = 0; i < steps; i++) {
		uint64_t kind = pair_next(&t) % 64;

		if (kind < 40)
			pair_lookup(&t, kind & 1);
		else if (kind < 63)
			pair_fill(&t);
		else
			pair_invalidate(&t);
		assert_same_counters(&t);
	}
	assert_true(t.p.n.hits > 0 && t.p.n.evictions > 0 &&
		    t.p.n.invalidated > 0);
	tlb_free(t.tlb);
	free(t.p.entries);
}

static void compare_all(enum replacement replacement)
{
	static const struct {
		uint32_t entries, ways;
	} shapes[] = { { 2, 2 },   { 1, 1 },	{ 10, 10 },  { 48, 48 },
		       { 64, 4 },  { 80, 5 },	{ 15, 5 },   { 64, 1 },
		       { 96, 32 }, { 100, 20 }, { 130, 130 } };

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		struct tlb_config config = { .entries = shapes[i].entries,
					     .ways = shapes[i].ways,
					     .replacement = replacement,
					     SIZES_4K_2M_1G };

		compare(&config, 12000);
		config.size_count = 1;
		compare(&config, 4000);
	}
}

static void lru_agrees_with_time_stamps(void **state)
{
	(void)state;
	compare_all(REPLACEMENT_LRU);
}

static void fifo_agrees_with_time_stamps(void **state)
{
	(void)state;
	compare_all(REPLACEMENT_FIFO);
}

static void plru_agrees_with_used_bits(void **state)
{
	(void)state;
	compare_all(REPLACEMENT_PLRU);
}

static const struct tlb_tag tag_a = { .vmid = 1, .asid = 5, .stage1 = true };

static struct tlb *tlb_of(uint32_t entries, uint32_t ways,
			  enum replacement replacement,
			  struct model_random *random)
{
	struct tlb_config config = { .entries = entries,
				     .ways = ways,
				     .replacement = replacement,
				     SIZES_4K_2M_1G };
	struct tlb *tlb = tlb_new(&config, random);

	assert_non_null(tlb);
	return tlb;
}

static void count_entry(void *context, const struct tlb_entry *entry)
{
	assert_true(entry->valid);
	++*(uint64_t *)context;
}

/* What random holds: fills less evictions less invalidated, and a page that
 * was filled last is there. */
static void random_keeps_its_books(void **state)
{
	static const uint32_t ways[] = { 4, 64 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct model_random random, stream;
		struct tlb_value value = { 0 };
		struct tlb *tlb;
		uint64_t held = 0;
		const struct tlb_counters *n;

		model_random_seed(&random, 1);
		model_random_seed(&stream, 2);
		tlb = tlb_of(64, ways[i], REPLACEMENT_RANDOM, &random);
		n = tlb_counters(tlb);
		for (int step = 0; step < 20000; step++) {
			uint64_t at = (model_random_next(&stream) >> 9) % 100
				      << 12;

			if (!tlb_lookup(tlb, at, &tag_a))
				tlb_fill(tlb, at, 12, &tag_a, false, &value);
			assert_non_null(tlb_probe(tlb, at, &tag_a));
		}
		tlb_for_each(tlb, count_entry, &held);
		assert_int_equal(held, n->fills - n->evictions);
		assert_int_equal(n->misses, n->fills);
		assert_int_equal(n->hits + n->misses, 20000);
		assert_in_range(held, 60, 64);
		/* 100 pages in 64 entries: near 64 hits of a hundred. */
		assert_in_range(n->hits, 11000, 14000);
		tlb_free(tlb);
	}
}

/* A round over P pages misses never for P <= E, always for P = E + 1. */
static void lru_pointer_chase_steps_at_its_size(void **state)
{
	struct tlb *tlb = tlb_of(48, 48, REPLACEMENT_LRU, NULL);
	struct tlb_value value = { 0 };

	(void)state;
	for (uint64_t pages = 47; pages <= 49; pages++) {
		uint64_t before = 0;

		for (int round = 0; round < 4; round++) {
			before = tlb_counters(tlb)->misses;
			for (uint64_t i = 0; i < pages; i++) {
				if (!tlb_lookup(tlb, i << 12, &tag_a))
					tlb_fill(tlb, i << 12, 12, &tag_a,
						 false, &value);
			}
		}
		assert_int_equal(tlb_counters(tlb)->misses - before,
				 pages <= 48 ? 0 : pages);
	}
	tlb_free(tlb);
}

static void absent_tlb_misses_and_counts_nothing(void **state)
{
	struct tlb *tlb = tlb_of(0, 0, REPLACEMENT_LRU, NULL);
	struct tlb_value value = { 0 };
	struct tlb_match all = { .by_vmid = false };

	(void)state;
	assert_null(tlb_fill(tlb, 0, 12, &tag_a, false, &value));
	assert_null(tlb_lookup(tlb, 0, &tag_a));
	assert_null(tlb_lookup_inline(tlb, UINT64_MAX, &tag_a));
	assert_null(tlb_probe(tlb, 0, &tag_a));
	assert_int_equal(tlb_invalidate(tlb, &all), 0);
	assert_int_equal(tlb_counters(tlb)->misses, 0);
	assert_int_equal(tlb_counters(tlb)->fills, 0);
	tlb_free(tlb);
}

/* 1 GB into a TLB of 4K and 2M: the 2 MB around the address. */
static void a_size_it_lacks_becomes_the_piece(void **state)
{
	struct tlb_config config = { .entries = 4,
				     .ways = 4,
				     .sizes_lg2 = { 12, 21 },
				     .size_count = 2 };
	struct tlb *tlb = tlb_new(&config, NULL);
	struct tlb_value value = { .out = 0x80000000,
				   .ipa = 0x40000000,
				   .attrs = 9 };
	const struct tlb_entry *e;

	(void)state;
	assert_non_null(tlb);
	e = tlb_fill(tlb, 0x7fe34567, 30, &tag_a, false, &value);
	assert_int_equal(e->size_lg2, 21);
	assert_int_equal(e->page, 0x7fe00000 >> 21);
	assert_int_equal(e->value.out, 0xbfe00000);
	assert_int_equal(e->value.ipa, 0x7fe00000);
	assert_int_equal(e->value.attrs, 9);
	assert_null(tlb_probe(tlb, 0x7fc00000, &tag_a));
	tlb_free(tlb);
}

/* A hit on the entry used last must not hide a smaller one. */
static void a_smaller_entry_is_found_first(void **state)
{
	struct tlb *tlb = tlb_of(8, 8, REPLACEMENT_LRU, NULL);
	struct tlb_value small = { .out = 1 << 12 }, large = { .out = 1 << 21 };

	(void)state;
	tlb_fill(tlb, 0x200000, 12, &tag_a, false, &small);
	tlb_fill(tlb, 0x200000, 21, &tag_a, false, &large);
	assert_int_equal(tlb_lookup_inline(tlb, 0x201000, &tag_a)->size_lg2,
			 21);
	assert_int_equal(tlb_lookup_inline(tlb, 0x200fff, &tag_a)->size_lg2,
			 12);
	tlb_free(tlb);
}

static void the_entry_with_the_asid_goes_before_the_global(void **state)
{
	struct tlb *tlb = tlb_of(32, 32, REPLACEMENT_LRU, NULL);
	struct tlb_tag other = tag_a;
	struct tlb_value own = { .out = 0x1000 }, all = { .out = 0x2000 };

	(void)state;
	other.asid = 6;
	tlb_fill(tlb, 0, 12, &tag_a, false, &own);
	assert_null(tlb_lookup(tlb, 0, &other));
	tlb_fill(tlb, 0, 12, &other, true, &all);
	assert_int_equal(tlb_lookup_inline(tlb, 0, &other)->value.out, 0x2000);
	assert_int_equal(tlb_lookup_inline(tlb, 0, &tag_a)->value.out, 0x1000);
	tlb_free(tlb);
}

static void invalidated_entries_are_not_found_inline(void **state)
{
	struct tlb *tlb = tlb_of(8, 2, REPLACEMENT_LRU, NULL);
	struct tlb_match all = { .by_vmid = true, .vmid = 1 };
	struct tlb_value value = { 0 };

	(void)state;
	tlb_fill(tlb, 0, 12, &tag_a, true, &value);
	assert_non_null(tlb_lookup_inline(tlb, 0, &tag_a));
	assert_int_equal(tlb_invalidate(tlb, &all), 1);
	assert_null(tlb_lookup_inline(tlb, 0, &tag_a));
	tlb_free(tlb);
}

static void impossible_configurations_are_named(void **state)
{
	static const struct {
		struct tlb_config config;
		bool fine;
	} cases[] = {
		{ { .entries = 0 }, true },
		{ { .entries = 1280, .ways = 5, SIZES_4K_2M_1G }, true },
		{ { .entries = 48, .ways = 48, SIZES_4K_2M_1G }, true },
		{ { .entries = 8192, .ways = 8192, SIZES_4K_2M_1G }, true },
		{ { .entries = 8193, .ways = 1, SIZES_4K_2M_1G }, false },
		{ { .entries = 48, .ways = 0, SIZES_4K_2M_1G }, false },
		{ { .entries = 48, .ways = 49, SIZES_4K_2M_1G }, false },
		{ { .entries = 48, .ways = 5, SIZES_4K_2M_1G }, false },
		{ { .entries = 48, .ways = 48 }, false },
		{ { .entries = 4,
		    .ways = 4,
		    .sizes_lg2 = { 21, 30 },
		    .size_count = 2 },
		  false },
		{ { .entries = 4,
		    .ways = 4,
		    .sizes_lg2 = { 12, 30, 21 },
		    .size_count = 3 },
		  false },
		{ { .entries = 4,
		    .ways = 4,
		    .sizes_lg2 = { 12, 60 },
		    .size_count = 2 },
		  false },
		{ { .entries = 4,
		    .ways = 4,
		    .sizes_lg2 = { 12 },
		    .size_count = 9 },
		  false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(!tlb_config_problem(&cases[i].config),
				 cases[i].fine);
}

/* By size and by the value's attrs, as VT-d's invalidations need. */
static void invalidation_can_spare_sizes_and_attrs(void **state)
{
	static const struct tlb_config config = { .entries = 8,
						  .ways = 8,
						  SIZES_4K_2M_1G };
	const struct tlb_tag tag = { .vmid = 1 };
	struct model_random random;
	struct tlb *tlb;

	(void)state;
	model_random_seed(&random, 1);
	tlb = tlb_new(&config, &random);
	tlb_fill(tlb, 0x200000, 21, &tag, false,
		 &(struct tlb_value){ .attrs = 0x42 });
	tlb_fill(tlb, 0x400000, 12, &tag, false,
		 &(struct tlb_value){ .attrs = 0x10042 });
	tlb_fill(tlb, 0x401000, 12, &tag, false,
		 &(struct tlb_value){ .attrs = 0x43 });
	assert_int_equal(tlb_invalidate(tlb,
					&(struct tlb_match){
						.by_range = true,
						.first = 0x200000,
						.last = 0x3fffff,
						.largest_lg2 = 20 }),
			 0);
	assert_int_equal(tlb_invalidate(tlb,
					&(struct tlb_match){
						.attrs_mask = 0xffff,
						.attrs = 0x42 }),
			 2);
	assert_null(tlb_probe(tlb, 0x200000, &tag));
	assert_null(tlb_probe(tlb, 0x400000, &tag));
	assert_non_null(tlb_probe(tlb, 0x401000, &tag));
	tlb_free(tlb);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lru_agrees_with_time_stamps),
		cmocka_unit_test(fifo_agrees_with_time_stamps),
		cmocka_unit_test(plru_agrees_with_used_bits),
		cmocka_unit_test(random_keeps_its_books),
		cmocka_unit_test(lru_pointer_chase_steps_at_its_size),
		cmocka_unit_test(absent_tlb_misses_and_counts_nothing),
		cmocka_unit_test(invalidation_can_spare_sizes_and_attrs),
		cmocka_unit_test(a_size_it_lacks_becomes_the_piece),
		cmocka_unit_test(a_smaller_entry_is_found_first),
		cmocka_unit_test(
			the_entry_with_the_asid_goes_before_the_global),
		cmocka_unit_test(invalidated_entries_are_not_found_inline),
		cmocka_unit_test(impossible_configurations_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
