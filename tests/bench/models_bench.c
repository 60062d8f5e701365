/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How fast the models of TLBs and caches are: data accesses a second through
 * L1 and L2 TLB and L1D, L2 and last-level cache of a Neoverse-N1-like core,
 * for three address streams over 64 MB. A TLB miss is answered by the
 * identity and reads one descriptor through the caches, like the last step of
 * a walk whose table pointers are known. Beside it, in the same run, a loop
 * written by hand for this one geometry and nothing else.
 *
 * Usage: models_bench [millions of accesses, default 20]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/base/bits.h"
#include "core/base/bug.h"
#include "models/memory/cache.h"
#include "models/tlb/tlb.h"

#define SPAN   BIT(26)
#define BASE   BIT(32)
#define TABLES (BASE + SPAN)

_Noreturn void port_bug(void *host, const char *file, int line,
			const char *what)
{
	(void)host;
	fprintf(stderr, "%s:%d: BUG: %s\n", file, line, what);
	abort();
}

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* ---- the models */

struct last {
	uint64_t page, line, mark;
	bool dirty;
	const struct tlb_entry *entry;
};

struct core {
	struct tlb *l1, *l2;
	struct memory_system *ms;
	struct tlb_tag tag;
	struct last last;
	uint64_t served[MEMORY_LEVEL_COUNT];
};

static void core_init(struct core *c)
{
	static struct model_random random;
	const struct memory_config memory = {
		.cpus = 1,
		.l1i = { 65536, 4, 64, REPLACEMENT_LRU, 1 },
		.l1d = { 65536, 4, 64, REPLACEMENT_LRU, 4 },
		.l2 = { 1 << 20, 8, 64, REPLACEMENT_LRU, 11 },
		.llc = { 4 << 20, 16, 64, REPLACEMENT_LRU, 30 },
		.walk_entry = MEMORY_ENTRY_L1D,
	};
	const struct tlb_config l1 = { .entries = 48,
				       .ways = 48,
				       .sizes_lg2 = { 12, 21, 30 },
				       .size_count = 3 };
	const struct tlb_config l2 = { .entries = 1280,
				       .ways = 5,
				       .sizes_lg2 = { 12, 21, 30 },
				       .size_count = 3 };

	model_random_seed(&random, 1);
	*c = (struct core){
		.tag = { .vmid = 1, .asid = 7, .regime = 1, .stage1 = true },
		.last = { .page = ~UINT64_C(0) }
	};
	c->l1 = tlb_new(&l1, &random);
	c->l2 = tlb_new(&l2, &random);
	c->ms = memory_new(&memory, &random);
	if (!c->l1 || !c->l2 || !c->ms)
		abort();
}

static void core_fini(struct core *c)
{
	tlb_free(c->l1);
	tlb_free(c->l2);
	memory_free(c->ms);
}

static const struct tlb_entry *core_miss(struct core *c, uint64_t va)
{
	const struct tlb_entry *entry = tlb_lookup(c->l2, va, &c->tag);
	struct tlb_value value = { .out = align_down(va, 12) };

	if (entry) {
		value = entry->value;
	} else {
		memory_access(c->ms, 0, REQUESTER_WALK,
			      (pa_t){ TABLES + ((va - BASE) >> 12) * 8 },
			      false);
		tlb_fill(c->l2, va, 12, &c->tag, false, &value);
	}
	return tlb_fill(c->l1, va, 12, &c->tag, false, &value);
}

static inline void core_access(struct core *c, uint64_t va, bool write)
{
	struct last *last = &c->last;
	const struct tlb_entry *entry;
	uint64_t pa;

	if (va >> 12 == last->page) {
		tlb_count_hits(c->l1, 1);
		entry = last->entry;
		if (va >> 6 == last->line && (!write || last->dirty) &&
		    memory_unchanged(c->ms, 0, REQUESTER_DATA, last->mark)) {
			memory_count_hits(c->ms, 0, REQUESTER_DATA, 1);
			return;
		}
	} else {
		entry = tlb_lookup_inline(c->l1, va, &c->tag);
		if (!entry)
			entry = core_miss(c, va);
		last->page = va >> 12;
		last->entry = entry;
	}
	pa = entry->value.out + (va & (BIT(entry->size_lg2) - 1));
	c->served[memory_access_inline(c->ms, 0, REQUESTER_DATA, (pa_t){ pa },
				       write)]++;
	last->dirty = write || (last->dirty && last->line == va >> 6);
	last->line = va >> 6;
	last->mark = memory_mark(c->ms, 0, REQUESTER_DATA);
}

/* ---- the loop by hand: one size, one tag, LRU, nothing counted by asker */

struct plain {
	uint64_t l1[256][4], l2[2048][8], llc[4096][16]; /* line<<2|dirty|1 */
	uint64_t tlb2[256][5];
	uint64_t page[48];
	uint8_t newer[49], older[49], chain[48], bucket[128];
	uint64_t hits[5], misses[5], last_line, last_page;
	bool last_dirty;
};

static inline bool plain_ways(uint64_t *set, unsigned int ways, uint64_t line,
			      uint64_t dirty, uint64_t *victim)
{
	uint64_t carry = line << 2 | dirty | 1;
	unsigned int at = 0;

	while (at < ways && set[at] >> 2 != line)
		at++;
	if (at < ways)
		carry = set[at] | dirty;
	else
		*victim = set[--at];
	bool hit = set[at] >> 2 == line;

	for (; at > 0; at--)
		set[at] = set[at - 1];
	set[0] = carry;
	return hit;
}

static void plain_put(struct plain *p, int level, uint64_t word)
{
	uint64_t line = word >> 2, victim = 0;

	if ((word & 3) != 3)
		return;
	if (level == 2 && !plain_ways(p->l2[line & 2047], 8, line, 2, &victim))
		plain_put(p, 3, victim);
	else if (level == 3)
		plain_ways(p->llc[line & 4095], 16, line, 2, &victim);
}

static inline void plain_line(struct plain *p, uint64_t line, bool write)
{
	uint64_t one = 0, two = 0, three = 0;
	bool hit = plain_ways(p->l1[line & 255], 4, line, write ? 2 : 0, &one);

	p->hits[0] += hit;
	if (hit)
		return;
	hit = plain_ways(p->l2[line & 2047], 8, line, 0, &two);
	p->hits[1] += hit;
	if (!hit) {
		p->hits[2] +=
			plain_ways(p->llc[line & 4095], 16, line, 0, &three);
		plain_put(p, 3, two);
	}
	plain_put(p, 2, one);
}

static unsigned int plain_bucket(uint64_t page)
{
	return (unsigned int)(page * UINT64_C(0x9e3779b97f4a7c15) >> 57);
}

static void plain_tlb(struct plain *p, uint64_t page)
{
	unsigned int bucket = plain_bucket(page), slot = p->bucket[bucket];
	uint64_t victim;

	while (slot != 255 && p->page[slot] != page)
		slot = p->chain[slot];
	if (slot == 255) {
		uint8_t *link;

		p->misses[3]++;
		if (!plain_ways(p->tlb2[page & 255], 5, page, 0, &victim))
			plain_line(p,
				   (TABLES >> 6) + ((page - (BASE >> 12)) >> 3),
				   false);
		slot = p->newer[48];
		link = &p->bucket[plain_bucket(p->page[slot])];
		while (*link != 255 && *link != slot)
			link = &p->chain[*link];
		if (*link == slot)
			*link = p->chain[slot];
		p->page[slot] = page;
		p->chain[slot] = p->bucket[bucket];
		p->bucket[bucket] = (uint8_t)slot;
	}
	p->older[p->newer[slot]] = p->older[slot];
	p->newer[p->older[slot]] = p->newer[slot];
	p->older[slot] = p->older[48];
	p->newer[slot] = 48;
	p->newer[p->older[48]] = (uint8_t)slot;
	p->older[48] = (uint8_t)slot;
}

static inline void plain_access(struct plain *p, uint64_t va, bool write)
{
	if (va >> 6 == p->last_line && (!write || p->last_dirty)) {
		p->hits[0]++;
		return;
	}
	if (va >> 12 != p->last_page)
		plain_tlb(p, va >> 12);
	plain_line(p, va >> 6, write);
	p->last_dirty = write || (p->last_dirty && p->last_line == va >> 6);
	p->last_line = va >> 6;
	p->last_page = va >> 12;
}

static struct plain *plain_new(void)
{
	struct plain *p = calloc(1, sizeof(*p));

	if (!p)
		abort();
	for (unsigned int i = 0; i <= 48; i++) {
		p->older[i] = (uint8_t)((i + 1) % 49);
		p->newer[i] = (uint8_t)((i + 48) % 49);
	}
	for (unsigned int i = 0; i < 128; i++)
		p->bucket[i] = 255;
	return p;
}

/* ---- streams */

enum stream { SEQUENTIAL, MIXED, RANDOM };

/* Accesses: address, bit 0 set for a write (three of ten). */
static uint64_t *stream_new(enum stream kind, size_t count)
{
	struct model_random random;
	uint64_t *stream = malloc(count * sizeof(*stream)), at = 0;

	if (!stream)
		abort();
	model_random_seed(&random, 42);
	for (size_t i = 0; i < count; i++) {
		uint64_t r = model_random_next(&random);

		if (kind == RANDOM || (kind == MIXED && r % 10 == 0))
			at = (r >> 16) % SPAN & ~UINT64_C(7);
		else
			at = (at + 8) % SPAN;
		stream[i] = (BASE + at) | ((r >> 8) % 10 < 3);
	}
	return stream;
}

static double run_models(const uint64_t *stream, size_t count)
{
	struct cache_counters l1d;
	struct core core;
	double start, seconds;

	core_init(&core);
	start = seconds_now();
	for (size_t i = 0; i < count; i++)
		core_access(&core, stream[i] & ~UINT64_C(1), stream[i] & 1);
	seconds = seconds_now() - start;
	memory_counters(core.ms, CACHE_L1D, &l1d);
	printf("  models: L1D misses %" PRIu64 ", L1 TLB misses %" PRIu64 "\n",
	       l1d.misses[REQUESTER_DATA] + l1d.misses[REQUESTER_WALK],
	       tlb_counters(core.l1)->misses);
	core_fini(&core);
	return (double)count / seconds * 1e-6;
}

static double run_plain(const uint64_t *stream, size_t count)
{
	struct plain *p = plain_new();
	double start = seconds_now(), seconds;

	for (size_t i = 0; i < count; i++)
		plain_access(p, stream[i] & ~UINT64_C(1), stream[i] & 1);
	seconds = seconds_now() - start;
	printf("  plain:  L1 TLB misses %" PRIu64 ", L1D hits %" PRIu64 "\n",
	       p->misses[3], p->hits[0]);
	free(p);
	return (double)count / seconds * 1e-6;
}

int main(int argc, char **argv)
{
	static const char *const names[] = { "sequential", "90/10", "random" };
	size_t count = (argc > 1 ? strtoul(argv[1], NULL, 10) : 20) * 1000000;

	for (enum stream kind = SEQUENTIAL; kind <= RANDOM; kind++) {
		uint64_t *stream = stream_new(kind, count);
		double plain = run_plain(stream, count);
		double models = run_models(stream, count);

		printf("%-10s %7.1f M/s, plain loop %7.1f M/s, ratio %.2f\n",
		       names[kind], models, plain, models / plain);
		free(stream);
	}
	return 0;
}
