/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's account of what a CPU does by itself: the rules of
 * models/README.md on situations small enough to count by hand.
 */
#include "tests/unit/sim/machine_bench.h"

/* ---- accesses, TLBs, walks ---- */

/* (3+1)(2+1)-1 = 11 reads. New lines: stage-2 root, stage-2 level 2, three
 * stage-1 tables: 5 from memory, 500 cycles. The others are the two stage-2
 * lines again, 3 x 2 times: 6 L1D hits, 12 cycles. Data from memory: 100 - 2.
 */
static void a_cold_load(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, NULL);
	touch_ok(&b, PAGE(0) + DATA, LOAD(8));
	EXPECT(&b, { "cpu.0.accesses.load", 1 }, { "cpu.0.tlb.l1d.misses", 1 },
	       { "cpu.0.tlb.l1d.fills", 1 }, { "cpu.0.walks.count", 1 },
	       { "cpu.0.walks.memory_accesses", 11 },
	       { "cpu.0.walks.by_accesses.11", 1 },
	       { "cpu.0.walks.cycles", 512 }, { "cpu.0.cycles_by.walk", 512 },
	       { "cpu.0.cycles_by.data", 98 },
	       { "cache.l1d.by_requester.walk.hits", 6 },
	       { "cache.l1d.by_requester.walk.misses", 5 },
	       { "cache.l2.by_requester.walk.misses", 5 },
	       { "cache.l1d.by_requester.data.misses", 1 },
	       { "cache.l2.by_requester.data.misses", 1 });
	bench_fini(&b);
}

static void what_is_near_costs_nothing(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, NULL);
	warm(&b);
	for (int i = 0; i < 3; i++)
		touch_ok(&b, PAGE(0) + DATA + 8 * (uint64_t)i, LOAD(8));
	EXPECT(&b, { "cpu.0.accesses.load", 3 }, { "cpu.0.tlb.l1d.hits", 3 },
	       { "cache.l1d.by_requester.data.hits", 3 });
	touch_ok(&b, PAGE(0) + DATA, STORE(4));
	EXPECT(&b, { "cpu.0.accesses.store", 1 }, { "cpu.0.tlb.l1d.hits", 1 },
	       { "cache.l1d.by_requester.data.hits", 1 });
	/* Another line of the page. */
	touch_ok(&b, PAGE(0) + 0x1c0, STORE(8));
	EXPECT(&b, { "cpu.0.accesses.store", 1 }, { "cpu.0.tlb.l1d.hits", 1 },
	       { "cpu.0.cycles_by.data", 98 },
	       { "cache.l1d.by_requester.data.misses", 1 },
	       { "cache.l2.by_requester.data.misses", 1 });
	bench_fini(&b);
}

/* Two entries: the third page takes the place of the least recently used. All
 * walks read lines that are in L1D by now: 11 x 2 cycles each. */
static void a_third_page_evicts(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, NULL);
	warm(&b);
	touch_ok(&b, PAGE(1) + 0x200, LOAD(8));
	EXPECT(&b, { "cpu.0.accesses.load", 1 }, { "cpu.0.tlb.l1d.misses", 1 },
	       { "cpu.0.tlb.l1d.fills", 1 }, { "cpu.0.walks.count", 1 },
	       { "cpu.0.walks.memory_accesses", 11 },
	       { "cpu.0.walks.by_accesses.11", 1 },
	       { "cpu.0.walks.cycles", 22 }, { "cpu.0.cycles_by.walk", 22 },
	       { "cpu.0.cycles_by.data", 98 },
	       { "cache.l1d.by_requester.walk.hits", 11 },
	       { "cache.l1d.by_requester.data.misses", 1 },
	       { "cache.l2.by_requester.data.misses", 1 });
	touch_ok(&b, PAGE(0) + DATA, LOAD(8)); /* page 1 is the older now */
	touch_ok(&b, PAGE(2) + 0x240, LOAD(8));
	EXPECT(&b, { "cpu.0.accesses.load", 2 }, { "cpu.0.tlb.l1d.hits", 1 },
	       { "cpu.0.tlb.l1d.misses", 1 }, { "cpu.0.tlb.l1d.fills", 1 },
	       { "cpu.0.tlb.l1d.evictions", 1 }, { "cpu.0.walks.count", 1 },
	       { "cpu.0.walks.memory_accesses", 11 },
	       { "cpu.0.walks.by_accesses.11", 1 },
	       { "cpu.0.walks.cycles", 22 }, { "cpu.0.cycles_by.walk", 22 },
	       { "cpu.0.cycles_by.data", 98 },
	       { "cache.l1d.by_requester.walk.hits", 11 },
	       { "cache.l1d.by_requester.data.hits", 1 },
	       { "cache.l1d.by_requester.data.misses", 1 },
	       { "cache.l2.by_requester.data.misses", 1 });
	touch_ok(&b, PAGE(0) + DATA, LOAD(8)); /* still there */
	EXPECT(&b, { "cpu.0.accesses.load", 1 }, { "cpu.0.tlb.l1d.hits", 1 },
	       { "cache.l1d.by_requester.data.hits", 1 });
	bench_fini(&b);
}

/* Rule 2: one access, two pages: two lookups, two lines. Page 0 is in the
 * TLB; the walk of page 1 hits L1D. Both lines come from memory: 2 x 98. */
static void an_access_across_pages(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, NULL);
	warm(&b);
	touch_ok(&b, PAGE(1) - 4, LOAD(8));
	EXPECT(&b, { "cpu.0.accesses.load", 1 }, { "cpu.0.tlb.l1d.hits", 1 },
	       { "cpu.0.tlb.l1d.misses", 1 }, { "cpu.0.tlb.l1d.fills", 1 },
	       { "cpu.0.walks.count", 1 },
	       { "cpu.0.walks.memory_accesses", 11 },
	       { "cpu.0.walks.by_accesses.11", 1 },
	       { "cpu.0.walks.cycles", 22 }, { "cpu.0.cycles_by.walk", 22 },
	       { "cpu.0.cycles_by.data", 196 },
	       { "cache.l1d.by_requester.walk.hits", 11 },
	       { "cache.l1d.by_requester.data.misses", 2 },
	       { "cache.l2.by_requester.data.misses", 2 });
	bench_fini(&b);
}

static void an_access_across_lines(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, NULL);
	warm(&b);
	touch_ok(&b, PAGE(0) + DATA + 60, LOAD(8));
	EXPECT(&b, { "cpu.0.accesses.load", 1 }, { "cpu.0.tlb.l1d.hits", 1 },
	       { "cpu.0.cycles_by.data", 98 },
	       { "cache.l1d.by_requester.data.hits", 1 },
	       { "cache.l1d.by_requester.data.misses", 1 },
	       { "cache.l2.by_requester.data.misses", 1 });
	bench_fini(&b);
}

/* A stage-1 block over stage-2 blocks: (2+1)(2+1)-1 = 8 reads; new is the
 * line of entry 48 alone: 100 + 7 x 2. One entry of 2 MiB serves all of it. */
static void a_block_at_both_stages(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, NULL);
	warm(&b);
	touch_ok(&b, BLOCK + 0x200, LOAD(8));
	EXPECT(&b, { "cpu.0.accesses.load", 1 }, { "cpu.0.tlb.l1d.misses", 1 },
	       { "cpu.0.tlb.l1d.fills", 1 }, { "cpu.0.walks.count", 1 },
	       { "cpu.0.walks.memory_accesses", 8 },
	       { "cpu.0.walks.by_accesses.8", 1 },
	       { "cpu.0.walks.cycles", 114 }, { "cpu.0.cycles_by.walk", 114 },
	       { "cpu.0.cycles_by.data", 98 },
	       { "cache.l1d.by_requester.walk.hits", 7 },
	       { "cache.l1d.by_requester.walk.misses", 1 },
	       { "cache.l2.by_requester.walk.misses", 1 },
	       { "cache.l1d.by_requester.data.misses", 1 },
	       { "cache.l2.by_requester.data.misses", 1 });
	touch_ok(&b, BLOCK + 0x1ff240, LOAD(8));
	EXPECT(&b, { "cpu.0.accesses.load", 1 }, { "cpu.0.tlb.l1d.hits", 1 },
	       { "cpu.0.cycles_by.data", 98 },
	       { "cache.l1d.by_requester.data.misses", 1 },
	       { "cache.l2.by_requester.data.misses", 1 });
	bench_fini(&b);
}

/* With an L2 TLB of 4 cycles: its latency at each L1 miss, whether it has the
 * translation or not; a hit fills L1 and walks nothing. */
static void an_l2_tlb_hit(void **state)
{
	static const char *const sets[] = { "cpu.l2_tlb.entries=8",
					    "cpu.l2_tlb.ways=8",
					    "cpu.l1d_tlb.latency=1", NULL };
	struct bench b;

	(void)state;
	bench_init(&b, sets);
	touch_ok(&b, PAGE(0) + DATA, LOAD(8));
	touch_ok(&b, PAGE(1) + DATA, LOAD(8));
	touch_ok(&b, PAGE(2) + 0x200, LOAD(8));
	/* Walks: 512 and twice 22; tlb: 3 x (1 + 4). */
	EXPECT(&b, { "cpu.0.accesses.load", 3 }, { "cpu.0.tlb.l1d.misses", 3 },
	       { "cpu.0.tlb.l1d.fills", 3 }, { "cpu.0.tlb.l1d.evictions", 1 },
	       { "cpu.0.tlb.l2.misses", 3 }, { "cpu.0.tlb.l2.fills", 3 },
	       { "cpu.0.walks.count", 3 },
	       { "cpu.0.walks.memory_accesses", 33 },
	       { "cpu.0.walks.by_accesses.11", 3 },
	       { "cpu.0.walks.cycles", 556 }, { "cpu.0.cycles_by.walk", 556 },
	       { "cpu.0.cycles_by.tlb", 15 }, { "cpu.0.cycles_by.data", 294 },
	       { "cache.l1d.by_requester.walk.hits", 28 },
	       { "cache.l1d.by_requester.walk.misses", 5 },
	       { "cache.l2.by_requester.walk.misses", 5 },
	       { "cache.l1d.by_requester.data.misses", 3 },
	       { "cache.l2.by_requester.data.misses", 3 });
	touch_ok(&b, PAGE(0) + DATA, LOAD(8));
	EXPECT(&b, { "cpu.0.accesses.load", 1 }, { "cpu.0.tlb.l1d.misses", 1 },
	       { "cpu.0.tlb.l1d.fills", 1 }, { "cpu.0.tlb.l1d.evictions", 1 },
	       { "cpu.0.tlb.l2.hits", 1 }, { "cpu.0.cycles_by.tlb", 5 },
	       { "cache.l1d.by_requester.data.hits", 1 });
	touch_ok(&b, PAGE(0) + DATA, LOAD(8));
	EXPECT(&b, { "cpu.0.accesses.load", 1 }, { "cpu.0.tlb.l1d.hits", 1 },
	       { "cpu.0.cycles_by.tlb", 1 },
	       { "cache.l1d.by_requester.data.hits", 1 });
	bench_fini(&b);
}

/* Rules 11, 13, 14. The cold walk asks s2_tlb for three tables and the final
 * IPA: four misses (it sees nothing of what it learns), four fills, and reads
 * 11 descriptors all the same. Then the stage-1 pointer to level 3 is known,
 * and both IPAs are: one read, an L1D hit. */
static void walk_caches_shorten_walks(void **state)
{
	static const char *const sets[] = { "cpu.s2_tlb.entries=4",
					    "cpu.s2_tlb.ways=4",
					    "cpu.walk_cache_s1.entries=4",
					    "cpu.walk_cache_s1.ways=4", NULL };
	struct bench b;

	(void)state;
	bench_init(&b, sets);
	touch_ok(&b, PAGE(0) + DATA, LOAD(8));
	EXPECT(&b, { "cpu.0.accesses.load", 1 }, { "cpu.0.tlb.l1d.misses", 1 },
	       { "cpu.0.tlb.l1d.fills", 1 }, { "cpu.0.tlb.s2.misses", 4 },
	       { "cpu.0.tlb.s2.fills", 4 }, { "cpu.0.walk_cache.s1.misses", 1 },
	       { "cpu.0.walks.count", 1 },
	       { "cpu.0.walks.memory_accesses", 11 },
	       { "cpu.0.walks.by_accesses.11", 1 },
	       { "cpu.0.walks.cycles", 512 }, { "cpu.0.cycles_by.walk", 512 },
	       { "cpu.0.cycles_by.data", 98 },
	       { "cache.l1d.by_requester.walk.hits", 6 },
	       { "cache.l1d.by_requester.walk.misses", 5 },
	       { "cache.l2.by_requester.walk.misses", 5 },
	       { "cache.l1d.by_requester.data.misses", 1 },
	       { "cache.l2.by_requester.data.misses", 1 });
	touch_ok(&b, PAGE(1) + 0x200, LOAD(8));
	EXPECT(&b, { "cpu.0.accesses.load", 1 }, { "cpu.0.tlb.l1d.misses", 1 },
	       { "cpu.0.tlb.l1d.fills", 1 }, { "cpu.0.tlb.s2.hits", 2 },
	       { "cpu.0.walk_cache.s1.hits", 1 }, { "cpu.0.walks.count", 1 },
	       { "cpu.0.walks.memory_accesses", 1 },
	       { "cpu.0.walks.by_accesses.1", 1 }, { "cpu.0.walks.cycles", 2 },
	       { "cpu.0.cycles_by.walk", 2 }, { "cpu.0.cycles_by.data", 98 },
	       { "cache.l1d.by_requester.walk.hits", 1 },
	       { "cache.l1d.by_requester.data.misses", 1 },
	       { "cache.l2.by_requester.data.misses", 1 });
	bench_fini(&b);
}

/* ---- code ---- */

/* 32 instructions on two lines: a lookup and two L1I misses, each the
 * memory's 100 less L1I's 2. The walk is the cold one. */
static void a_block_is_fetched(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, NULL);
	assert_int_equal(machine_block(b.m, b.cpu, (va_t){ PAGE(3) + DATA },
				       128, 32, &b.fault),
			 MACHINE_OK);
	EXPECT(&b, { "cpu.0.accesses.fetch", 1 }, { "cpu.0.instructions", 32 },
	       { "cpu.0.tlb.l1i.misses", 1 }, { "cpu.0.tlb.l1i.fills", 1 },
	       { "cpu.0.walks.count", 1 },
	       { "cpu.0.walks.memory_accesses", 11 },
	       { "cpu.0.walks.by_accesses.11", 1 },
	       { "cpu.0.walks.cycles", 512 }, { "cpu.0.cycles_by.walk", 512 },
	       { "cpu.0.cycles_by.base", 32 }, { "cpu.0.cycles_by.fetch", 196 },
	       { "cache.l1d.by_requester.walk.hits", 6 },
	       { "cache.l1d.by_requester.walk.misses", 5 },
	       { "cache.l2.by_requester.walk.misses", 5 },
	       { "cache.l1i.by_requester.fetch.misses", 2 },
	       { "cache.l2.by_requester.fetch.misses", 2 });
	/* Again, but an exception cuts it after 22. */
	assert_int_equal(machine_block(b.m, b.cpu, (va_t){ PAGE(3) + DATA },
				       128, 32, &b.fault),
			 MACHINE_OK);
	machine_block_trim(b.m, b.cpu, 10);
	EXPECT(&b, { "cpu.0.accesses.fetch", 1 }, { "cpu.0.instructions", 22 },
	       { "cpu.0.tlb.l1i.hits", 1 }, { "cpu.0.cycles_by.base", 22 },
	       { "cache.l1i.by_requester.fetch.hits", 2 });
	bench_fini(&b);
}

/* Rule 1: a lookup of a page, then its lines, then the next page; the second
 * page's walk hits L1D. A line from the code's page that data brought into L2
 * before costs L2's 10 less L1I's 2. */
static void a_block_across_pages(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, NULL);
	touch_ok(&b, PAGE(5), LOAD(8));
	machine_block(b.m, b.cpu, (va_t){ PAGE(4) + 0x200 }, 4, 1, &b.fault);
	rebase(&b);
	assert_int_equal(machine_block(b.m, b.cpu, (va_t){ PAGE(5) - 8 }, 16, 4,
				       &b.fault),
			 MACHINE_OK);
	/* PAGE(5)'s line 0 had driven a stage-2 line out of set 0; the walk
	 * of page 4 brought both back, so that all reads hit L1D here. */
	EXPECT(&b, { "cpu.0.accesses.fetch", 1 }, { "cpu.0.instructions", 4 },
	       { "cpu.0.tlb.l1i.hits", 1 }, { "cpu.0.tlb.l1i.misses", 1 },
	       { "cpu.0.tlb.l1i.fills", 1 }, { "cpu.0.walks.count", 1 },
	       { "cpu.0.walks.memory_accesses", 11 },
	       { "cpu.0.walks.by_accesses.11", 1 },
	       { "cpu.0.walks.cycles", 22 }, { "cpu.0.cycles_by.walk", 22 },
	       { "cpu.0.cycles_by.base", 4 },
	       { "cpu.0.cycles_by.fetch", 98 + 8 },
	       { "cache.l1d.by_requester.walk.hits", 11 },
	       { "cache.l1i.by_requester.fetch.misses", 2 },
	       { "cache.l2.by_requester.fetch.hits", 1 },
	       { "cache.l2.by_requester.fetch.misses", 1 });
	bench_fini(&b);
}

/* ---- caches ---- */

/* Three lines 2 KiB apart share a set of two ways: the third takes the
 * place of the first, which was written; its write-back finds it in L2. */
static void a_dirty_victim_is_written_back(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, NULL);
	warm(&b);
	touch_ok(&b, PAGE(0) + 0x200, STORE(8));
	touch_ok(&b, PAGE(0) + 0xa00, LOAD(8));
	EXPECT(&b, { "cpu.0.accesses.load", 1 }, { "cpu.0.accesses.store", 1 },
	       { "cpu.0.tlb.l1d.hits", 2 }, { "cpu.0.cycles_by.data", 196 },
	       { "cache.l1d.by_requester.data.misses", 2 },
	       { "cache.l2.by_requester.data.misses", 2 });
	touch_ok(&b, BLOCK + 0x200, LOAD(8));
	EXPECT(&b, { "cpu.0.accesses.load", 1 }, { "cpu.0.tlb.l1d.misses", 1 },
	       { "cpu.0.tlb.l1d.fills", 1 }, { "cpu.0.walks.count", 1 },
	       { "cpu.0.walks.memory_accesses", 8 },
	       { "cpu.0.walks.by_accesses.8", 1 },
	       { "cpu.0.walks.cycles", 114 }, { "cpu.0.cycles_by.walk", 114 },
	       { "cpu.0.cycles_by.data", 98 },
	       { "cache.l1d.by_requester.walk.hits", 7 },
	       { "cache.l1d.by_requester.walk.misses", 1 },
	       { "cache.l2.by_requester.walk.misses", 1 },
	       { "cache.l1d.by_requester.data.misses", 1 },
	       { "cache.l2.by_requester.data.misses", 1 },
	       { "cache.l1d.writebacks", 1 });
	/* It comes back from L2: 10 - 2. Its place is the second line's, which
	 * is clean. */
	touch_ok(&b, PAGE(0) + 0x200, LOAD(8));
	EXPECT(&b, { "cpu.0.accesses.load", 1 }, { "cpu.0.tlb.l1d.hits", 1 },
	       { "cpu.0.cycles_by.data", 8 },
	       { "cache.l1d.by_requester.data.misses", 1 },
	       { "cache.l2.by_requester.data.hits", 1 });
	bench_fini(&b);
}

/* Rule 24. The line is in L1D, dirty, and in L2, clean: two copies found, one
 * write-back. CIVAC then drops both. */
static void maintenance_by_address(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, NULL);
	warm(&b);
	touch_ok(&b, PAGE(0) + DATA, STORE(8));
	EXPECT(&b, { "cpu.0.accesses.store", 1 }, { "cpu.0.tlb.l1d.hits", 1 },
	       { "cache.l1d.by_requester.data.hits", 1 });
	assert_true(machine_dc(b.m, b.cpu, DC_CVAC, PAGE(0) + DATA, &b.fault));
	EXPECT(&b, { "cpu.0.tlb.l1d.hits", 1 },
	       { "cpu.0.cycles_by.maintenance", 10 }, { "cache.l1d.cleans", 1 },
	       { "cache.l1d.writebacks", 1 }, { "cache.l2.cleans", 1 });
	assert_true(machine_dc(b.m, b.cpu, DC_CIVAC, PAGE(0) + DATA, &b.fault));
	EXPECT(&b, { "cpu.0.tlb.l1d.hits", 1 },
	       { "cpu.0.cycles_by.maintenance", 10 }, { "cache.l1d.cleans", 1 },
	       { "cache.l2.cleans", 1 });
	touch_ok(&b, PAGE(0) + DATA, LOAD(8));
	EXPECT(&b, { "cpu.0.accesses.load", 1 }, { "cpu.0.tlb.l1d.hits", 1 },
	       { "cpu.0.cycles_by.data", 98 },
	       { "cache.l1d.by_requester.data.misses", 1 },
	       { "cache.l2.by_requester.data.misses", 1 });
	bench_fini(&b);
}

/* Rule 25; DDI0487 L.b C5.3: way in the top bit (of two ways), set from bit 6
 * on, level less one in [3:1]. The line was filled into an invalid way, the
 * lowest, of set 5; it goes to L2, where it is found: 10 - 2. */
static void maintenance_by_set_and_way(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, NULL);
	warm(&b);
	touch_ok(&b, PAGE(0) + DATA, STORE(8));
	rebase(&b);
	/* Way 1 is empty, and so is a level that is not there. */
	assert_true(machine_dc(b.m, b.cpu, DC_CISW,
			       UINT64_C(1) << 31 | 5 << 6, &b.fault));
	assert_true(machine_dc(b.m, b.cpu, DC_CISW, 5 << 6 | 2 << 1, &b.fault));
	EXPECT(&b, { "cpu.0.cycles_by.maintenance", 20 });
	assert_true(machine_dc(b.m, b.cpu, DC_CISW, 5 << 6, &b.fault));
	EXPECT(&b, { "cpu.0.cycles_by.maintenance", 10 },
	       { "cache.l1d.cleans", 1 }, { "cache.l1d.writebacks", 1 });
	touch_ok(&b, PAGE(0) + DATA, LOAD(8));
	EXPECT(&b, { "cpu.0.accesses.load", 1 }, { "cpu.0.tlb.l1d.hits", 1 },
	       { "cpu.0.cycles_by.data", 8 },
	       { "cache.l1d.by_requester.data.misses", 1 },
	       { "cache.l2.by_requester.data.hits", 1 });
	/* Level 2: way 0 of set 5 of 128, of four ways; dirty by now. */
	assert_true(machine_dc(b.m, b.cpu, DC_CISW, 5 << 6 | 1 << 1, &b.fault));
	EXPECT(&b, { "cpu.0.cycles_by.maintenance", 10 },
	       { "cache.l2.cleans", 1 }, { "cache.l2.writebacks", 1 });
	bench_fini(&b);
}

static void tlb_maintenance(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, NULL);
	warm(&b);
	touch_ok(&b, PAGE(1) + DATA, LOAD(8));
	rebase(&b);
	assert_true(machine_tlbi(b.m, b.cpu, TLBI_VMALLE1, 0));
	EXPECT(&b, { "cpu.0.tlb.l1d.invalidated", 2 },
	       { "cpu.0.cycles_by.maintenance", 100 });
	machine_barrier(b.m, b.cpu, BARRIER_DSB);
	EXPECT_NOTHING(&b);
	touch_ok(&b, PAGE(1) + DATA, LOAD(8));
	EXPECT(&b, { "cpu.0.accesses.load", 1 }, { "cpu.0.tlb.l1d.misses", 1 },
	       { "cpu.0.tlb.l1d.fills", 1 }, { "cpu.0.walks.count", 1 },
	       { "cpu.0.walks.memory_accesses", 11 },
	       { "cpu.0.walks.by_accesses.11", 1 },
	       { "cpu.0.walks.cycles", 22 }, { "cpu.0.cycles_by.walk", 22 },
	       { "cache.l1d.by_requester.walk.hits", 11 },
	       { "cache.l1d.by_requester.data.hits", 1 });
	bench_fini(&b);
}

/* Rule 17: a walk of stage 1: three tables, each two reads of stage 2 and one
 * of its own; no TLB is asked and none is filled. */
static void an_address_translation_instruction(void **state)
{
	struct bench b;
	uint64_t par;

	(void)state;
	bench_init(&b, NULL);
	assert_true(machine_at(b.m, b.cpu, AT_S1E1R, PAGE(1) + DATA, &par));
	assert_int_equal(par & UINT64_C(0xfffffffff001), PAGE_IPA + 0x1000);
	/* New lines: 5 x 100; again: 4 x 2. */
	EXPECT(&b, { "cpu.0.walks.count", 1 },
	       { "cpu.0.walks.memory_accesses", 9 },
	       { "cpu.0.walks.by_accesses.9", 1 },
	       { "cpu.0.walks.cycles", 508 }, { "cpu.0.cycles_by.walk", 508 },
	       { "cache.l1d.by_requester.walk.hits", 4 },
	       { "cache.l1d.by_requester.walk.misses", 5 },
	       { "cache.l2.by_requester.walk.misses", 5 });
	bench_fini(&b);
}

/* ---- charges that are fractions ---- */

/* (100 - 2) / 3 cycles are 33450.67 / 1024, rounded to 33451 when charged;
 * ten loads make 334510, printed as 326. A third of a cycle an instruction is
 * 341.33 / 1024, rounded to 341 once: 100 instructions are 34100, 33 cycles. */
static void charges_are_rounded_once(void **state)
{
	static const char *const sets[] = { "cpu.mlp=3.0",
					    "cpu.base_cpi=0.33333333", NULL };
	struct bench b;

	(void)state;
	bench_init(&b, sets);
	for (unsigned int i = 0; i < 10; i++)
		touch_ok(&b, PAGE(0) + 0x200 + 64 * (uint64_t)i, LOAD(8));
	assert_int_equal(b.cpu->by[BUCKET_DATA], 334510);
	machine_block(b.m, b.cpu, (va_t){ PAGE(0) }, 400, 100, &b.fault);
	assert_int_equal(b.cpu->by[BUCKET_BASE], 34100);
	assert_int_equal(count_at(&b, "cpu", "cycles_by", "data", NULL), 326);
	assert_int_equal(count_at(&b, "cpu", "cycles_by", "base", NULL), 33);
	bench_fini(&b);
}

/* ---- all of them ---- */

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cold_load),
		cmocka_unit_test(what_is_near_costs_nothing),
		cmocka_unit_test(a_third_page_evicts),
		cmocka_unit_test(an_access_across_pages),
		cmocka_unit_test(an_access_across_lines),
		cmocka_unit_test(a_block_at_both_stages),
		cmocka_unit_test(an_l2_tlb_hit),
		cmocka_unit_test(walk_caches_shorten_walks),
		cmocka_unit_test(a_block_is_fetched),
		cmocka_unit_test(a_block_across_pages),
		cmocka_unit_test(a_dirty_victim_is_written_back),
		cmocka_unit_test(maintenance_by_address),
		cmocka_unit_test(maintenance_by_set_and_way),
		cmocka_unit_test(tlb_maintenance),
		cmocka_unit_test(an_address_translation_instruction),
		cmocka_unit_test(charges_are_rounded_once),
	};

	return cmocka_run_group_tests_name("machine", tests, NULL, NULL);
}
