/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory taken away and given back by hypercall, judged by a brute-force walk
 * of the stage-2 tables as they stand in RAM: decoded here from the
 * architecture's text, with no help from the core that wrote them or the
 * models that read them. DDI0487 L.b D8.3, DESIGN §8, issue A.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "models/arm/mmu_inline.h"
#include "sim/machine/hypervisor.h"
#include "sim/machine/machine.h"

#define POPULATE UINT64_C(0xC6000001)
#define REMOVE	 UINT64_C(0xC6000002)
#define PROTECT	 UINT64_C(0xC6000003)

#define FIRST	(GUEST_RAM_BASE >> 12) /* gfn */
#define BACKING (MACHINE_BASE_PA >> 12)
#define BLOCK	UINT64_C(512) /* pages */

/* ---- a machine, and what its tables should say ---- */

struct page {
	uint64_t mfn;
	unsigned int access; /* r 1, w 2, x 4 */
	bool mapped;
};

struct bench {
	struct machine_config config;
	struct machine *m;
	uint64_t pages, random;
	struct page *is; /* what the walk found */
	struct page *expected;
	uint64_t *home; /* the frame each page has for ever */
	/* Found by the walk, beside `is`. */
	uint64_t tables, empty, leaves[4];
	uint8_t *seen; /* by page of the pool */
};

/* xorshift64*: the test's own. */
static uint64_t draw(struct bench *b, uint64_t below)
{
	b->random ^= b->random >> 12;
	b->random ^= b->random << 25;
	b->random ^= b->random >> 27;
	return (b->random * UINT64_C(0x2545f4914f6cdd1d) >> 32) % below;
}

/* ---- the walk ---- */

static uint64_t span_pages(int level)
{
	return UINT64_C(1) << 9 * (3 - level);
}

static void note_leaf(struct bench *b, uint64_t pte, int level, uint64_t gfn)
{
	uint64_t mfn = (pte & UINT64_C(0xfffffffff000)) >> 12;
	uint64_t count = span_pages(level);
	unsigned int access = pte >> 6 & 3; /* S2AP: read 01, write 10 */

	if ((pte >> 53 & 3) == 0) /* XN: 00 lets EL1 and EL0 execute */
		access |= 4;
	else
		assert_int_equal(pte >> 53 & 3, 2);
	assert_int_equal(mfn % count, 0);
	assert_int_equal(pte >> 2 & 15, 15); /* MemAttr: Write-Back */
	assert_true(pte >> 10 & 1);	     /* AF */
	assert_true(gfn >= FIRST && gfn + count <= FIRST + b->pages);
	b->leaves[level]++;
	for (uint64_t i = 0; i < count; i++)
		b->is[gfn - FIRST + i] = (struct page){ mfn + i, access, true };
}

/* `count` table pages side by side: more than one for roots only. Returns
 * how many of their entries are in use. */
static unsigned int walk(struct bench *b, uint64_t table, unsigned int count,
			 int level, uint64_t gfn)
{
	uint64_t at = (table - b->m->hypervisor->pool.base.raw) >> 12;
	const uint64_t *pte =
		(const void *)ram_host(&b->m->ram, (pa_t){ table });
	unsigned int used = 0;

	for (unsigned int i = 0; i < count; i++, b->tables++) {
		assert_true(at + i < b->m->hypervisor->pool.pages);
		assert_false(b->seen[at + i]++); /* reached twice */
	}
	for (unsigned int i = 0; i < count * 512; i++) {
		uint64_t to = gfn + i * span_pages(level);

		if (!(pte[i] & 1)) {
			assert_int_equal(pte[i], 0);
			continue;
		}
		used++;
		if (level < 3 && (pte[i] & 2)) {
			if (!walk(b, pte[i] & UINT64_C(0xfffffffff000), 1,
				  level + 1, to))
				b->empty++;
			continue;
		}
		/* 10 is no block, 01 no page; level 0 has no blocks. */
		assert_int_equal(pte[i] & 2, level == 3 ? 2 : 0);
		assert_int_not_equal(level, 0);
		note_leaf(b, pte[i], level, to);
	}
	return used;
}

/* From the registers: VTCR.SL0 says the root's level, T0SZ how many input
 * bits there are; what one root table does not resolve, concatenation does. */
static void take_census(struct bench *b)
{
	static const int start[] = { 2, 1, 0, 3 };
	const struct arm_regs *regs = &b->m->cpu[0].mmu.regs;
	int level = start[regs->vtcr >> 6 & 3];
	unsigned int bits = 64 - (regs->vtcr & 63);
	unsigned int one = 48 - 9 * (unsigned int)level;

	memset(b->is, 0, b->pages * sizeof(*b->is));
	memset(b->seen, 0, b->m->hypervisor->pool.pages);
	memset(b->leaves, 0, sizeof(b->leaves));
	b->tables = b->empty = 0;
	walk(b, regs->vttbr & UINT64_C(0xfffffffff000),
	     bits > one ? 1U << (bits - one) : 1, level, 0);
}

/* Pages of the pool that are neither free nor never handed out. */
static uint64_t pool_taken(const struct hypervisor *h)
{
	const struct table_pool *pool = &h->pool;
	uint64_t taken = pool->used;

	for (unsigned int order = 0; order < 5; order++)
		for (uint32_t p = pool->free[order]; p; p = pool->next[p - 1])
			taken -= UINT64_C(1) << order;
	return taken;
}

/* Counts agree with the walk, and nothing is left over. */
static void check_counts(struct bench *b)
{
	const struct hypervisor *h = b->m->hypervisor;
	struct p2m_stats counts;
	const struct p2m_stats *s = &counts;

	h->core->stats(h->space, &counts);
	take_census(b);
	assert_int_equal(s->tables_live, b->tables);
	assert_int_equal(s->tables_allocated - s->tables_freed, b->tables);
	assert_true(s->tables_peak >= b->tables);
	assert_int_equal(pool_taken(h), b->tables);
	for (int level = 1; level <= 3; level++)
		assert_int_equal(s->mappings[level], b->leaves[level]);
	if (b->config.p2m.free_empty)
		assert_int_equal(b->empty, 0);
}

static bool page_is(const struct bench *b, uint64_t i, const struct page *want)
{
	const struct page *is = &b->is[i];

	if (is->mapped != want->mapped)
		return false;
	return !is->mapped ||
	       (is->mfn == b->home[i] && is->access == want->access);
}

static void check_pages(struct bench *b)
{
	for (uint64_t i = 0; i < b->pages; i++) {
		if (!page_is(b, i, &b->expected[i]))
			fail_msg("page %llu: mapped %d, frame 0x%llx, access "
				 "%u; expected %d, 0x%llx, %u",
				 (unsigned long long)i, b->is[i].mapped,
				 (unsigned long long)b->is[i].mfn,
				 b->is[i].access, b->expected[i].mapped,
				 (unsigned long long)b->home[i],
				 b->expected[i].access);
	}
}

/* The numbers a person reads are the same ones. */
static void check_document(struct bench *b)
{
	json_t *stats = machine_stats(b->m, NULL);
	json_int_t live, small, large, huge;

	assert_int_equal(json_unpack(stats, "{s:{s:{s:I}, s:{s:I, s:I, s:I}}}",
				     "p2m", "tables", "live", &live, "mappings",
				     "4K", &small, "2M", &large, "1G", &huge),
			 0);
	assert_int_equal(live, b->tables);
	assert_int_equal(small, b->leaves[3]);
	assert_int_equal(large, b->leaves[2]);
	assert_int_equal(huge, b->leaves[1]);
	json_decref(stats);
}

/* ---- making and ending ---- */

/* TLBs and walk caches that hold enough to be wrong. */
#define LARGE_TLBS                                         \
	"cpu.l1d_tlb={\"entries\":64,\"ways\":64}",        \
		"cpu.l2_tlb={\"entries\":512,\"ways\":4}", \
		"cpu.s2_tlb={\"entries\":64,\"ways\":4}",  \
		"cpu.walk_cache_s2={\"entries\":32,\"ways\":4}"

/* A list of --set, ended by NULL. */
static void bench_init(struct bench *b, const char *const *sets)
{
	static const char *const always[] = { LARGE_TLBS };
	struct config_set set[16];
	struct error_line error;
	unsigned int count = 0;

	memset(b, 0, sizeof(*b));
	for (; count < sizeof(always) / sizeof(always[0]); count++)
		set[count].key_value = always[count];
	for (; *sets; sets++)
		set[count++].key_value = *sets;
	if (!config_load(&b->config, "tiny", NULL, set, count, NULL, &error))
		fail_msg("%s", error.text);
	b->m = machine_new(&b->config, &error);
	assert_non_null(b->m);
	assert_true(machine_boot(b->m, &error));
	b->random = 88172645463325252;
	b->pages = (uint64_t)b->config.ram_mib << 8;
	b->is = calloc(b->pages, sizeof(*b->is));
	b->expected = calloc(b->pages, sizeof(*b->expected));
	b->home = calloc(b->pages, sizeof(*b->home));
	b->seen = calloc(b->m->hypervisor->pool.pages, 1);
	assert_true(b->is && b->expected && b->home && b->seen);
}

/* Where each page lives, as the tables have it after an eager boot: every
 * frame of RAM once, and in order if backing is contiguous. */
static void learn_homes(struct bench *b)
{
	uint8_t *taken = calloc(b->pages, 1);

	assert_non_null(taken);
	take_census(b);
	for (uint64_t i = 0; i < b->pages; i++) {
		uint64_t frame = b->is[i].mfn - BACKING - FIRST;

		assert_true(b->is[i].mapped && b->is[i].access == 7);
		assert_true(frame < b->pages);
		assert_false(taken[frame]++);
		if (b->config.backing == BACKING_CONTIGUOUS)
			assert_int_equal(frame, i);
		b->home[i] = b->is[i].mfn;
		b->expected[i] = b->is[i];
	}
	free(taken);
	check_counts(b);
}

/* In the end every table goes back. */
static void bench_fini(struct bench *b)
{
	struct hypervisor *h = b->m->hypervisor;
	struct p2m_stats counts;

	assert_int_equal(h->core->fini(h->space), 0);
	h->core->stats(h->space, &counts);
	assert_int_equal(counts.tables_live, 0);
	assert_int_equal(pool_taken(h), 0);
	free(b->is);
	free(b->expected);
	free(b->home);
	free(b->seen);
	machine_free(b->m);
	config_fini(&b->config);
}

/* ---- one call ---- */

struct call {
	uint64_t function, first, count, access; /* first: page of RAM */
};

static int64_t make_call(struct bench *b, const struct call *c)
{
	uint64_t x[6] = { c->function, FIRST + c->first, c->count, c->access };
	struct machine_start start;

	assert_true(machine_hypercall(b->m, &b->m->cpu[0], x, &start));
	return (int64_t)x[0];
}

static struct page page_after(const struct call *c, struct page page)
{
	switch (c->function) {
	case POPULATE:
		page.mapped = true;
		page.access = 7;
		break;
	case REMOVE:
		page.mapped = false;
		break;
	default:
		page.access = (unsigned int)c->access;
		break;
	}
	return page;
}

/* The call went as far as *tables* show: its effect is on the pages from the
 * first on, up to some page, and on no other. */
static void expect_prefix(struct bench *b, const struct call *c)
{
	uint64_t done = 0;

	for (; done < c->count; done++) {
		uint64_t i = c->first + done;
		struct page after = page_after(c, b->expected[i]);

		if (!page_is(b, i, &after))
			break;
	}
	for (uint64_t i = c->first; i < c->first + done; i++)
		b->expected[i] = page_after(c, b->expected[i]);
}

/* What hardware then does, through TLBs that were warm before the call: no
 * page may be reached that is gone, nor in a way that is forbidden. */
static void check_access(struct bench *b, uint64_t i, bool write)
{
	const struct page *want = &b->expected[i];
	bool allowed = want->mapped && (want->access & (write ? 2 : 1));
	va_t va = { GUEST_RAM_BASE + (i << 12) + 8 * draw(b, 512) };
	unsigned int access = write ? ARM_ACCESS_WRITE : ARM_ACCESS_READ;
	struct arm_translation t;
	struct arm_fault fault;
	enum machine_result result =
		machine_access(b->m, &b->m->cpu[0], va, TRACE_WHAT(8, access),
			       &fault);

	assert_int_equal(result, allowed ? MACHINE_OK : MACHINE_FAULT);
	if (!allowed) {
		assert_int_equal(fault.kind, ARM_FAULT_EXTERNAL);
		return;
	}
	assert_true(
		arm_mmu_probe(&b->m->cpu[0].mmu, va, access, &t, &fault, NULL));
	assert_int_equal(t.pa.raw, b->home[i] << 12 | (va.raw & 4095));
}

static void check_accesses(struct bench *b, const struct call *c)
{
	for (int n = 0; n < 24; n++) {
		/* Near the call's ends, and anywhere. */
		uint64_t i = n % 3 == 0 ? draw(b, b->pages)
			     : n % 3 == 1
				     ? c->first + draw(b, c->count)
				     : c->first + c->count - 1 + draw(b, 3);

		if (i < b->pages)
			check_access(b, i, draw(b, 2));
	}
}

/* ---- random sequences ---- */

static struct call draw_call(struct bench *b)
{
	static const uint64_t function[] = { REMOVE, REMOVE, POPULATE, POPULATE,
					     PROTECT };
	struct call c = { .function = function[draw(b, 5)],
			  .access = draw(b, 8) };
	uint64_t left;

	c.first = draw(b, b->pages);
	if (draw(b, 3) == 0)
		c.first -= c.first % BLOCK;
	left = b->pages - c.first;
	switch (draw(b, 4)) {
	case 0:
		c.count = 1;
		break;
	case 1:
		c.count = 1 + draw(b, 40);
		break;
	case 2:
		c.count = BLOCK * (1 + draw(b, 3));
		break;
	default:
		c.count = 1 + draw(b, b->pages / 2);
		break;
	}
	if (c.count > left)
		c.count = left;
	return c;
}

static void one_random_call(struct bench *b)
{
	struct hypervisor *h = b->m->hypervisor;
	struct call c = draw_call(b);
	bool failing = draw(b, 4) == 0;
	int64_t result;

	h->fail_allocation = failing ? 1 + draw(b, 5) : 0;
	result = make_call(b, &c);
	if (failing && result == -ENOMEM) {
		take_census(b);
		expect_prefix(b, &c);
	} else {
		assert_int_equal(result, 0);
		for (uint64_t i = c.first; i < c.first + c.count; i++)
			b->expected[i] = page_after(&c, b->expected[i]);
	}
	h->fail_allocation = 0;
	check_counts(b);
	check_pages(b);
	check_accesses(b, &c);
}

/* Regions of 2 MiB whose frames are consecutive and as aligned. */
static uint64_t whole_regions(const struct bench *b)
{
	uint64_t whole = 0;

	for (uint64_t first = 0; first + BLOCK <= b->pages; first += BLOCK) {
		uint64_t i = 0;

		while (i < BLOCK && b->home[first + i] == b->home[first] + i)
			i++;
		whole += i == BLOCK && b->home[first] % BLOCK == 0;
	}
	return whole;
}

static void all_and_back(struct bench *b, uint64_t tables_above)
{
	struct call gone = { REMOVE, 0, b->pages, 0 };
	struct call back = { POPULATE, 0, b->pages, 0 };
	uint64_t whole = whole_regions(b), regions;

	assert_int_equal(make_call(b, &gone), 0);
	for (uint64_t i = 0; i < b->pages; i++)
		b->expected[i].mapped = false;
	check_counts(b);
	check_pages(b);
	if (b->config.p2m.free_empty) /* roots alone */
		assert_int_equal(b->tables, tables_above - 1);

	assert_int_equal(make_call(b, &back), 0);
	for (uint64_t i = 0; i < b->pages; i++)
		b->expected[i] = page_after(&back, b->expected[i]);
	check_counts(b);
	check_pages(b);
	check_document(b);
	/* `mask` has one order for a run of regions, also for one whose ends
	 * are not aligned: less is whole again. */
	regions = (b->pages + BLOCK - 1) / BLOCK;
	if (b->config.p2m.order == P2M_ORDER_GREEDY)
		assert_int_equal(b->leaves[2], whole);
	else
		assert_true(b->leaves[2] <= whole);
	assert_int_equal(b->leaves[3], b->pages - BLOCK * b->leaves[2]);
	if (b->config.p2m.free_empty)
		assert_int_equal(b->tables,
				 tables_above + regions - b->leaves[2]);
}

struct policy {
	char backing[40], tlbi[40], order[40], free_empty[40];
	char name[160];
};

/* 17 MiB: the last region is half a one. 40 IPA bits: two roots at level 1
 * and a table at level 2 stand above the last level's. */
static void random_sequences(void **state)
{
	const struct policy *p = *state;
	const char *const sets[] = { "guest.ram_mib=17", p->backing,	p->tlbi,
				     p->order,		 p->free_empty, NULL };
	struct bench b;

	bench_init(&b, sets);
	learn_homes(&b);
	for (int i = 0; i < 120; i++)
		one_random_call(&b);
	check_document(&b);
	all_and_back(&b, 3);
	for (int i = 0; i < 20; i++)
		one_random_call(&b);
	all_and_back(&b, 3);
	bench_fini(&b);
}

/* ---- single cases ---- */

static void contiguous_superpages_come_back(void **state)
{
	static const char *const sets[] = { "guest.ram_mib=16", NULL };
	struct call one = { REMOVE, 700, 1, 0 },
		    region = { REMOVE, 512, 512, 0 };
	struct bench b;

	(void)state;
	bench_init(&b, sets);
	learn_homes(&b);
	assert_int_equal(b.leaves[2], 8);
	assert_int_equal(b.tables, 3);
	assert_int_equal(make_call(&b, &one), 0);
	check_counts(&b);
	assert_int_equal(b.leaves[2], 7);
	assert_int_equal(b.leaves[3], 511);
	assert_int_equal(b.tables, 4);
	/* The rest of the region: its table is empty, and goes. */
	assert_int_equal(make_call(&b, &region), 0);
	check_counts(&b);
	assert_int_equal(b.leaves[3], 0);
	assert_int_equal(b.tables, 3);
	region.function = POPULATE;
	assert_int_equal(make_call(&b, &region), 0);
	check_counts(&b);
	check_pages(&b);
	assert_int_equal(b.leaves[2], 8);
	bench_fini(&b);
}

/* One page out of 1 GiB: 511 blocks of 2 MiB and 511 pages, two tables. */
static void gigabyte_splits_and_comes_back(void **state)
{
	static const char *const sets[] = { "guest.ram_mib=1024", NULL };
	struct call one = { REMOVE, 100000, 1, 0 };
	struct call all = { POPULATE, 0, 262144, 0 };
	struct bench b;

	(void)state;
	bench_init(&b, sets);
	learn_homes(&b);
	assert_int_equal(b.leaves[1], 1);
	assert_int_equal(b.tables, 2);
	assert_int_equal(make_call(&b, &one), 0);
	b.expected[100000].mapped = false;
	check_counts(&b);
	check_pages(&b);
	assert_int_equal(b.leaves[1], 0);
	assert_int_equal(b.leaves[2], 511);
	assert_int_equal(b.leaves[3], 511);
	assert_int_equal(b.tables, 4);
	assert_int_equal(make_call(&b, &all), 0);
	b.expected[100000].mapped = true;
	check_counts(&b);
	check_pages(&b);
	assert_int_equal(b.leaves[1], 1);
	assert_int_equal(b.tables, 2);
	bench_fini(&b);
}

/* Hostile numbers change nothing. */
static void calls_outside_ram_are_refused(void **state)
{
	static const char *const sets[] = { "guest.ram_mib=16", NULL };
	static const struct call bad[] = {
		{ REMOVE, 4096, 1, 0 },
		{ REMOVE, 0, 4097, 0 },
		{ REMOVE, 4095, 2, 0 },
		{ REMOVE, 0, 0, 0 },
		{ REMOVE, 1, UINT64_MAX, 0 },
		{ POPULATE, UINT64_MAX - FIRST, 2, 0 },
		{ POPULATE, UINT64_MAX - FIRST + 1, 1, 0 },
		{ PROTECT, 0, UINT64_C(1) << 63, 7 },
		{ PROTECT, 0, 1, 8 },
		{ PROTECT, 0, 1, UINT64_MAX },
	};
	struct bench b;

	(void)state;
	bench_init(&b, sets);
	learn_homes(&b);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_true(make_call(&b, &bad[i]) < 0);
		check_counts(&b);
		check_pages(&b);
	}
	bench_fini(&b);
}

/* ---- allocation that fails ---- */

/* A state made by calls, then the call that is to fail at its k-th
 * allocation, for every k; how many allocations it makes in all. */
struct failing {
	const char *name;
	const char *const sets[6];
	struct call before[4];
	struct call call;
	uint64_t allocations;
};

#define GIB_PAGES UINT64_C(262144)

static const struct failing failing_calls[] = {
	{ "a page out of a block",
	  { "guest.ram_mib=16" },
	  { { 0, 0, 0, 0 } },
	  { REMOVE, 5, 1, 0 },
	  1 },
	{ "a page out of 1 GiB",
	  { "guest.ram_mib=1024" },
	  { { 0, 0, 0, 0 } },
	  { REMOVE, 77777, 1, 0 },
	  2 },
	{ "a range with both ends in blocks",
	  { "guest.ram_mib=16" },
	  { { 0, 0, 0, 0 } },
	  { REMOVE, 100, 2000, 0 },
	  2 },
	{ "protecting a range with both ends in blocks",
	  { "guest.ram_mib=16" },
	  { { 0, 0, 0, 0 } },
	  { PROTECT, 1000, 2000, 1 },
	  2 },
	{ "protecting across 1 GiB",
	  { "guest.ram_mib=1024" },
	  { { 0, 0, 0, 0 } },
	  { PROTECT, 3, GIB_PAGES - 9, 5 },
	  3 },
	{ "random frames into emptiness",
	  { "guest.ram_mib=16", "guest.backing=random" },
	  { { REMOVE, 0, 4096, 0 } },
	  { POPULATE, 0, 4096, 0 },
	  9 },
	{ "random frames, order mask, tlbi range",
	  { "guest.ram_mib=16", "guest.backing=random", "policy.p2m.order=mask",
	    "policy.p2m.tlbi=range" },
	  { { REMOVE, 300, 3000, 0 } },
	  { POPULATE, 200, 3500, 0 },
	  5 },
	{ "pages about blocks that come back",
	  { "guest.ram_mib=16" },
	  { { REMOVE, 0, 4096, 0 } },
	  { POPULATE, 500, 2000, 0 },
	  3 },
	{ "over pages and holes, partly protected",
	  { "guest.ram_mib=16", "policy.p2m.tlbi=vmid" },
	  { { REMOVE, 0, 1536, 0 },
	    { POPULATE, 700, 3, 0 },
	    { PROTECT, 2000, 100, 1 } },
	  { POPULATE, 10, 3000, 0 },
	  /* Region 0 alone: 1 to 4 become blocks, 5 is one already. */
	  1 },
	{ "empty tables kept",
	  { "guest.ram_mib=16", "policy.p2m.free_empty=never" },
	  { { REMOVE, 100, 1, 0 }, { REMOVE, 0, 4096, 0 } },
	  { POPULATE, 50, 1300, 0 },
	  1 },
};

static void prepare(struct bench *b, const struct failing *f)
{
	bench_init(b, f->sets);
	learn_homes(b);
	for (int i = 0; i < 4 && f->before[i].function; i++) {
		const struct call *c = &f->before[i];

		assert_int_equal(make_call(b, c), 0);
		for (uint64_t p = c->first; p < c->first + c->count; p++)
			b->expected[p] = page_after(c, b->expected[p]);
	}
	check_counts(b);
	check_pages(b);
}

/* True if the k-th allocation was there to fail. */
static bool fail_at(const struct failing *f, uint64_t k)
{
	struct hypervisor *h;
	struct bench b;
	int64_t result;
	bool failed;

	prepare(&b, f);
	h = b.m->hypervisor;
	h->fail_allocation = k;
	result = make_call(&b, &f->call);
	failed = h->fail_allocation == 0;
	h->fail_allocation = 0;
	assert_int_equal(result, failed ? -ENOMEM : 0);
	take_census(&b);
	expect_prefix(&b, &f->call);
	check_counts(&b);
	check_pages(&b); /* each is old or new */
	check_accesses(&b, &f->call);

	/* Now it succeeds, whatever the first attempt left. */
	assert_int_equal(make_call(&b, &f->call), 0);
	for (uint64_t i = 0; i < f->call.count; i++) {
		struct page *p = &b.expected[f->call.first + i];

		*p = page_after(&f->call, *p);
	}
	check_counts(&b);
	check_pages(&b);
	check_accesses(&b, &f->call);
	bench_fini(&b);
	return failed;
}

static void allocation_fails_at_every_point(void **state)
{
	const struct failing *f = *state;
	uint64_t k = 1;

	while (fail_at(f, k))
		k++;
	assert_int_equal(k - 1, f->allocations);
}

/* Populating on a fault: the access aborts and nothing is mapped; later it
 * succeeds. */
static void allocation_fails_on_a_fault(void **state)
{
	static const char *const sets[] = { "guest.ram_mib=16",
					    "policy.p2m.populate=fault", NULL };
	va_t va = { GUEST_RAM_BASE + 0x5008 };
	struct arm_fault fault;
	struct bench b;
	uint64_t k;

	(void)state;
	for (k = 1;; k++) {
		struct machine_cpu *cpu;
		enum machine_result result;

		bench_init(&b, sets);
		cpu = &b.m->cpu[0];
		b.m->hypervisor->fail_allocation = k;
		result = machine_access(b.m, cpu, va, TRACE_WHAT(8, 0), &fault);
		if (b.m->hypervisor->fail_allocation)
			break;
		assert_int_equal(result, MACHINE_FAULT);
		assert_int_equal(fault.kind, ARM_FAULT_EXTERNAL);
		check_counts(&b);
		assert_int_equal(b.leaves[3], 0);
		assert_int_equal(b.tables, 2); /* roots */
		assert_int_equal(machine_access(b.m, cpu, va, TRACE_WHAT(8, 0),
						&fault),
				 MACHINE_OK);
		check_counts(&b);
		assert_int_equal(b.leaves[3], 1);
		assert_true(b.is[5].mapped);
		assert_int_equal(b.is[5].mfn, BACKING + FIRST + 5);
		bench_fini(&b);
	}
	assert_int_equal(k - 1, 2); /* a table each at levels 2 and 3 */
	b.m->hypervisor->fail_allocation = 0;
	bench_fini(&b);
}

/* ---- all of them ---- */

static void policy_name(struct policy *p, unsigned int i)
{
	static const char *const backing[] = { "contiguous", "fragmented:50",
					       "random" };
	static const char *const tlbi[] = { "vmid", "ipa", "range" };
	static const char *const order[] = { "greedy", "mask" };
	static const char *const free_empty[] = { "eager", "never" };
	const char *word[] = { backing[i % 3], tlbi[i / 3 % 3],
			       order[i / 9 % 2], free_empty[i / 18] };

	snprintf(p->backing, sizeof(p->backing), "guest.backing=%s", word[0]);
	snprintf(p->tlbi, sizeof(p->tlbi), "policy.p2m.tlbi=%s", word[1]);
	snprintf(p->order, sizeof(p->order), "policy.p2m.order=%s", word[2]);
	snprintf(p->free_empty, sizeof(p->free_empty),
		 "policy.p2m.free_empty=%s", word[3]);
	snprintf(p->name, sizeof(p->name), "random_sequences_%s_%s_%s_%s",
		 word[0], word[1], word[2], word[3]);
	for (char *c = p->name; *c; c++)
		if (*c == ':')
			*c = '_';
}

#define POLICIES 36
#define FAILING	 (sizeof(failing_calls) / sizeof(failing_calls[0]))

int main(void)
{
	static const struct CMUnitTest single[] = {
		cmocka_unit_test(contiguous_superpages_come_back),
		cmocka_unit_test(gigabyte_splits_and_comes_back),
		cmocka_unit_test(calls_outside_ram_are_refused),
		cmocka_unit_test(allocation_fails_on_a_fault),
	};
	struct CMUnitTest sequences[POLICIES], failing[FAILING];
	struct policy policy[POLICIES];
	char name[FAILING][100];
	int failed = 0;

	for (unsigned int i = 0; i < POLICIES; i++) {
		policy_name(&policy[i], i);
		sequences[i] =
			(struct CMUnitTest){ .name = policy[i].name,
					     .test_func = random_sequences,
					     .initial_state = &policy[i] };
	}
	for (unsigned int i = 0; i < FAILING; i++) {
		snprintf(name[i], sizeof(name[i]), "allocation_fails_%s",
			 failing_calls[i].name);
		for (char *c = name[i]; *c; c++)
			if (*c == ' ' || *c == ',')
				*c = '_';
		failing[i] = (struct CMUnitTest){
			.name = name[i],
			.test_func = allocation_fails_at_every_point,
			.initial_state = (void *)(uintptr_t)&failing_calls[i]
		};
	}
	failed += cmocka_run_group_tests_name("balloon", single, NULL, NULL);
	failed +=
		cmocka_run_group_tests_name("sequences", sequences, NULL, NULL);
	failed += cmocka_run_group_tests_name("failing", failing, NULL, NULL);
	return failed != 0;
}
