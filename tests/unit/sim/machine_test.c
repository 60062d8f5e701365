/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's account: the rules of models/README.md on situations small
 * enough to count by hand. After each step the whole statistics document is
 * compared with the one before: what a test does not name must not have moved.
 *
 * The machine is `tiny` with 16 MiB: TLBs of two entries, no walk cache, L1D
 * 2 ways x 32 sets (latency 2), L2 4 ways x 128 sets (10), memory 100 cycles,
 * one cycle an instruction. Stage 2 starts at level 1 and maps 2 MiB blocks:
 * two reads for an IPA. Stage 1, written here by hand, has 39 bits and three
 * levels. Its entries are chosen so that no two lines of the walk share a set
 * but the two of stage 2, which fit into its two ways:
 *
 *	set 0   stage-2 root (entry 1), stage-2 level 2 (entries 0 to 7)
 *	set 1   stage-1 root, entry 8
 *	set 2   stage-1 level 2, entry 16
 *	set 3   stage-1 level 3, entries 24 to 31: pages 0 to 7
 *	set 4   stage-1 level 3, entry 32: the UART
 *	set 5   the data
 *	set 6   stage-1 level 2, entry 48: a block
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/machine/hypervisor.h"
#include "sim/machine/machine.h"

#define ROOT UINT64_C(0x40100000) /* stage-1 tables, IPA */
#define LEVEL2 UINT64_C(0x40101000)
#define LEVEL3 UINT64_C(0x40102000)
#define PAGE_IPA UINT64_C(0x40200000)
#define BLOCK_IPA UINT64_C(0x40400000)

#define AT_INDEX(l1, l2, l3)                                                   \
	((UINT64_C(l1) << 30) | (UINT64_C(l2) << 21) | (UINT64_C(l3) << 12))
#define PAGE(n) (AT_INDEX(8, 16, 24) + UINT64_C(4096) * (n))
#define UART AT_INDEX(8, 16, 32)
#define BLOCK AT_INDEX(8, 48, 0)
#define DATA UINT64_C(0x140) /* line 5 of a page */

/* AF, Inner Shareable, EL1 alone reads and writes; Attr0, or Attr1. */
#define NORMAL UINT64_C(0x700)
#define DEVICE UINT64_C(0x704)

#define LOAD(bytes) TRACE_WHAT(bytes, ARM_ACCESS_READ)
#define STORE(bytes) TRACE_WHAT(bytes, ARM_ACCESS_WRITE)

#define TLBI_VMALLE1 ARM_SYSREG(1, 0, 8, 7, 0)
#define DC_CVAC ARM_SYSREG(1, 3, 7, 10, 1)
#define DC_CIVAC ARM_SYSREG(1, 3, 7, 14, 1)
#define DC_CISW ARM_SYSREG(1, 0, 7, 14, 2)
#define AT_S1E1R ARM_SYSREG(1, 0, 7, 8, 0)

#define P2M_POPULATE UINT64_C(0xC6000001)
#define P2M_REMOVE UINT64_C(0xC6000002)
#define P2M_PROTECT UINT64_C(0xC6000003)

struct bench {
	struct machine_config config;
	struct machine *m;
	struct machine_cpu *cpu;
	struct arm_fault fault;
	json_t *before;
	char console[16];
	unsigned int console_bytes;
};

/* ---- what moved ---- */

/* A counter by its path, and by how much it moved. */
struct want {
	const char *path;
	int64_t by;
};

#define EXPECT(b, ...)                                                         \
	expect(b, __LINE__, (const struct want[]){ __VA_ARGS__, { NULL, 0 } })
#define EXPECT_NOTHING(b)                                                      \
	expect(b, __LINE__, (const struct want[]){ { NULL, 0 } })

static int64_t wanted(const struct want *want, const char *path)
{
	for (; want->path; want++) {
		if (strcmp(want->path, path) == 0)
			return want->by;
	}
	return 0;
}

static unsigned int compare(const json_t *now, const json_t *before,
			    const char *path, const struct want *want, int line)
{
	unsigned int seen = 0;
	const char *key;
	json_t *value;
	char name[160];
	size_t i;

	if (json_is_integer(now)) {
		int64_t by = json_integer_value(now) -
			     json_integer_value(before);

		if (by != wanted(want, path))
			fail_msg("line %d: %s moved by %lld, not by %lld", line,
				 path, (long long)by,
				 (long long)wanted(want, path));
		return wanted(want, path) != 0;
	}
	if (json_is_array(now)) {
		json_array_foreach(now, i, value) {
			snprintf(name, sizeof(name), "%s.%zu", path, i);
			seen += compare(value, json_array_get(before, i), name,
					want, line);
		}
		return seen;
	}
	json_object_foreach((json_t *)(uintptr_t)now, key, value) {
		snprintf(name, sizeof(name), "%s%s%s", path, *path ? "." : "",
			 key);
		seen += compare(value, json_object_get(before, key), name, want,
				line);
	}
	return seen;
}

static int64_t member(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

/* Sums must be those of their parts; then they are taken out, so that tests
 * name parts alone. */
static void check_sums(json_t *stats)
{
	json_t *cpu, *cache, *one, *by;
	const char *key;
	size_t i;

	json_array_foreach(json_object_get(stats, "cpu"), i, cpu) {
		int64_t sum = 0;

		json_object_foreach(json_object_get(cpu, "cycles_by"), key, by)
			sum += json_integer_value(by);
		assert_int_equal(member(cpu, "cycles"), sum);
		json_object_del(cpu, "cycles");
	}
	json_object_foreach(json_object_get(stats, "cache"), key, cache) {
		const char *who;
		int64_t hits = 0, misses = 0;

		json_object_foreach(json_object_get(cache, "by_requester"), who,
				    one) {
			hits += member(one, "hits");
			misses += member(one, "misses");
		}
		assert_int_equal(member(cache, "hits"), hits);
		assert_int_equal(member(cache, "misses"), misses);
		json_object_del(cache, "hits");
		json_object_del(cache, "misses");
	}
}

/* Exactly this moved since the last time. */
static void expect(struct bench *b, int line, const struct want *want)
{
	json_t *now = machine_stats(b->m, NULL);
	unsigned int count = 0;

	check_sums(now);
	json_object_del(now, "phases");
	for (const struct want *w = want; w->path; w++)
		count++;
	if (b->before &&
	    compare(now, b->before, "", want, line) != count)
		fail_msg("line %d: a path that does not exist, or a zero", line);
	json_decref(b->before);
	b->before = now;
}

/* What was before does not matter. */
static void rebase(struct bench *b)
{
	json_decref(b->before);
	b->before = NULL;
	EXPECT_NOTHING(b);
}

/* A counter of CPU 0 or of the machine, by up to four names. */
static int64_t count_at(struct bench *b, const char *n1, const char *n2,
			const char *n3, const char *n4)
{
	const char *name[] = { n1, n2, n3, n4 };
	json_t *stats = machine_stats(b->m, NULL);
	const json_t *at = stats;
	int64_t value;

	for (int i = 0; i < 4 && name[i]; i++) {
		at = json_object_get(at, name[i]);
		if (json_is_array(at))
			at = json_array_get(at, 0);
	}
	assert_true(json_is_integer(at));
	value = json_integer_value(at);
	json_decref(stats);
	return value;
}

/* ---- making it ---- */

static void put(struct bench *b, uint64_t table, unsigned int index,
		uint64_t value)
{
	assert_true(machine_guest_copy_in(b->m, (ipa_t){ table + 8 * index },
					  &value, sizeof(value)));
}

static void console(void *context, const void *bytes, size_t count)
{
	struct bench *b = context;

	for (size_t i = 0; i < count; i++) {
		assert_true(b->console_bytes < sizeof(b->console));
		b->console[b->console_bytes++] = ((const char *)bytes)[i];
	}
}

/* Three levels, 128 sets and 4 ways cover every line of `tiny`. */
static void empty_caches(struct machine *m)
{
	for (unsigned int cpu = 0; cpu < m->config.cpus; cpu++) {
		for (unsigned int i = 0; i < 3 * 128 * 4; i++)
			memory_maintain_set_way(m->memory, cpu,
						MEMORY_INVALIDATE, 1 + i % 3,
						i / 3 % 128, i / 384);
		memory_invalidate_fetch_all(m->memory, cpu, true);
	}
}

/* Empty caches and TLBs from here on; what booting cost is in `before`. */
static void bench_boot(struct bench *b, const char *machine,
		       const char *const *sets)
{
	struct config_set set[12] = { { "guest.ram_mib=16" } };
	struct error_line error;
	unsigned int count = 1;

	memset(b, 0, sizeof(*b));
	for (; sets && *sets; sets++)
		set[count++].key_value = *sets;
	if (!config_load(&b->config, machine, NULL, set, count, NULL, &error))
		fail_msg("%s", error.text);
	b->m = machine_new(&b->config, &error);
	assert_non_null(b->m);
	assert_true(machine_boot(b->m, &error));
	b->m->console = console;
	b->m->console_context = b;
	b->cpu = &b->m->cpu[0];
	empty_caches(b->m);
	rebase(b);
}

static void write_tables(struct bench *b)
{
	put(b, ROOT, 8, LEVEL2 | 3);
	put(b, LEVEL2, 16, LEVEL3 | 3);
	put(b, LEVEL2, 48, BLOCK_IPA | NORMAL | 1);
	for (unsigned int n = 0; n < 8; n++)
		put(b, LEVEL3, 24 + n, (PAGE_IPA + 4096 * n) | NORMAL | 3);
	put(b, LEVEL3, 32, GUEST_UART_BASE | DEVICE | 3);
}

/* TCR: T0SZ 25, walks Write-Back Inner Shareable, EPD1, 40-bit IPS. SCTLR: M,
 * C, I. MAIR: Attr0 Write-Back, Attr1 Device-nGnRE. */
static void turn_mmu_on(struct bench *b, unsigned int cpu)
{
	struct machine_cpu *c = &b->m->cpu[cpu];

	machine_sysreg(b->m, c, ARM_MAIR_EL1, 0x04ff);
	machine_sysreg(b->m, c, ARM_TCR_EL1, UINT64_C(0x200803519));
	machine_sysreg(b->m, c, ARM_TTBR0_EL1, ROOT);
	machine_sysreg(b->m, c, ARM_SCTLR_EL1, 0x1005);
}

static void bench_init(struct bench *b, const char *const *sets)
{
	bench_boot(b, "tiny", sets);
	write_tables(b);
	turn_mmu_on(b, 0);
	EXPECT_NOTHING(b); /* registers cost nothing */
}

static void bench_fini(struct bench *b)
{
	json_decref(b->before);
	machine_free(b->m);
	config_fini(&b->config);
}

static enum machine_result touch(struct bench *b, uint64_t va, uint32_t what)
{
	return machine_access(b->m, b->cpu, (va_t){ va }, what, &b->fault);
}

static void touch_ok(struct bench *b, uint64_t va, uint32_t what)
{
	assert_int_equal(touch(b, va, what), MACHINE_OK);
}

/* Page 0 and its data line have been loaded: one entry in the TLB, all five
 * lines of a walk and the data's in L1D. */
static void warm(struct bench *b)
{
	touch_ok(b, PAGE(0) + DATA, LOAD(8));
	rebase(b);
}

/* ---- accesses, TLBs, walks ---- */

/* (3+1)(2+1)-1 = 11 reads. New lines: stage-2 root, stage-2 level 2, three
 * stage-1 tables: 5 from memory, 500 cycles. The others are the two stage-2
 * lines again, 3 x 2 times: 6 L1D hits, 12 cycles. Data from memory: 100 - 2. */
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
	       { "cpu.0.walks.by_accesses.11", 1 }, { "cpu.0.walks.cycles", 22 },
	       { "cpu.0.cycles_by.walk", 22 }, { "cpu.0.cycles_by.data", 98 },
	       { "cache.l1d.by_requester.walk.hits", 11 },
	       { "cache.l1d.by_requester.data.misses", 1 },
	       { "cache.l2.by_requester.data.misses", 1 });
	touch_ok(&b, PAGE(0) + DATA, LOAD(8)); /* page 1 is the older now */
	touch_ok(&b, PAGE(2) + 0x240, LOAD(8));
	EXPECT(&b, { "cpu.0.accesses.load", 2 }, { "cpu.0.tlb.l1d.hits", 1 },
	       { "cpu.0.tlb.l1d.misses", 1 }, { "cpu.0.tlb.l1d.fills", 1 },
	       { "cpu.0.tlb.l1d.evictions", 1 }, { "cpu.0.walks.count", 1 },
	       { "cpu.0.walks.memory_accesses", 11 },
	       { "cpu.0.walks.by_accesses.11", 1 }, { "cpu.0.walks.cycles", 22 },
	       { "cpu.0.cycles_by.walk", 22 }, { "cpu.0.cycles_by.data", 98 },
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
	       { "cpu.0.walks.by_accesses.11", 1 }, { "cpu.0.walks.cycles", 22 },
	       { "cpu.0.cycles_by.walk", 22 }, { "cpu.0.cycles_by.data", 196 },
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
	static const char *const sets[] = {
		"cpu.s2_tlb.entries=4",	       "cpu.s2_tlb.ways=4",
		"cpu.walk_cache_s1.entries=4", "cpu.walk_cache_s1.ways=4", NULL
	};
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
	/* PAGE(5)'s line 0 shares set 0 of L1D with both stage-2 lines, of which
	 * it took the older one's place; that came back since from L2: all reads
	 * of this walk hit L1D. */
	EXPECT(&b, { "cpu.0.accesses.fetch", 1 }, { "cpu.0.instructions", 4 },
	       { "cpu.0.tlb.l1i.hits", 1 }, { "cpu.0.tlb.l1i.misses", 1 },
	       { "cpu.0.tlb.l1i.fills", 1 }, { "cpu.0.walks.count", 1 },
	       { "cpu.0.walks.memory_accesses", 11 },
	       { "cpu.0.walks.by_accesses.11", 1 }, { "cpu.0.walks.cycles", 22 },
	       { "cpu.0.cycles_by.walk", 22 }, { "cpu.0.cycles_by.base", 4 },
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
	assert_true(machine_dc(b.m, b.cpu, DC_CVAC, PAGE(0) + DATA));
	EXPECT(&b, { "cpu.0.tlb.l1d.hits", 1 },
	       { "cpu.0.cycles_by.maintenance", 10 }, { "cache.l1d.cleans", 1 },
	       { "cache.l1d.writebacks", 1 }, { "cache.l2.cleans", 1 });
	assert_true(machine_dc(b.m, b.cpu, DC_CIVAC, PAGE(0) + DATA));
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
	assert_true(machine_dc(b.m, b.cpu, DC_CISW, UINT64_C(1) << 31 | 5 << 6));
	assert_true(machine_dc(b.m, b.cpu, DC_CISW, 5 << 6 | 2 << 1));
	EXPECT(&b, { "cpu.0.cycles_by.maintenance", 20 });
	assert_true(machine_dc(b.m, b.cpu, DC_CISW, 5 << 6));
	EXPECT(&b, { "cpu.0.cycles_by.maintenance", 10 },
	       { "cache.l1d.cleans", 1 }, { "cache.l1d.writebacks", 1 });
	touch_ok(&b, PAGE(0) + DATA, LOAD(8));
	EXPECT(&b, { "cpu.0.accesses.load", 1 }, { "cpu.0.tlb.l1d.hits", 1 },
	       { "cpu.0.cycles_by.data", 8 },
	       { "cache.l1d.by_requester.data.misses", 1 },
	       { "cache.l2.by_requester.data.hits", 1 });
	/* Level 2: way 0 of set 5 of 128, of four ways; dirty by now. */
	assert_true(machine_dc(b.m, b.cpu, DC_CISW, 5 << 6 | 1 << 1));
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
	       { "cpu.0.walks.by_accesses.11", 1 }, { "cpu.0.walks.cycles", 22 },
	       { "cpu.0.cycles_by.walk", 22 },
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

/* ---- the hypervisor ---- */

/* Rule 5. Three levels of stage 1 (3 x 3 reads, of which the line of entry 32
 * is new), then stage 2 finds no entry in its root: ten reads, 100 + 9 x 2.
 * Trapped, emulated, not cached: the same again the next time. */
static void a_device_register(void **state)
{
	struct arm_translation t;
	uint64_t value = 'x';
	struct bench b;

	(void)state;
	bench_init(&b, NULL);
	warm(&b);
	assert_int_equal(machine_prepare(b.m, b.cpu, (va_t){ UART }, STORE(1),
					 &t, &b.fault),
			 MACHINE_MMIO);
	assert_int_equal(t.ipa.raw, GUEST_UART_BASE);
	EXPECT_NOTHING(&b);
	machine_mmio(b.m, b.cpu, (va_t){ UART }, t.ipa, 1, true, &value);
	EXPECT(&b, { "cpu.0.accesses.store", 1 }, { "cpu.0.tlb.l1d.misses", 1 },
	       { "cpu.0.walks.count", 1 },
	       { "cpu.0.walks.memory_accesses", 10 },
	       { "cpu.0.walks.by_accesses.10", 1 },
	       { "cpu.0.walks.cycles", 118 }, { "cpu.0.cycles_by.walk", 118 },
	       { "cpu.0.cycles_by.trap", 1000 },
	       { "cpu.0.cycles_by.mmio", 1000 },
	       { "cpu.0.faults.s2-translation", 1 },
	       { "cache.l1d.by_requester.walk.hits", 9 },
	       { "cache.l1d.by_requester.walk.misses", 1 },
	       { "cache.l2.by_requester.walk.misses", 1 });
	assert_int_equal(b.console_bytes, 1);
	assert_int_equal(b.console[0], 'x');
	t.ipa.raw = GUEST_UART_BASE + 0x18;
	machine_mmio(b.m, b.cpu, (va_t){ UART + 0x18 }, t.ipa, 4, false,
		     &value);
	assert_int_equal(value, 0x90); /* both FIFOs empty */
	EXPECT(&b, { "cpu.0.accesses.load", 1 }, { "cpu.0.tlb.l1d.misses", 1 },
	       { "cpu.0.walks.count", 1 },
	       { "cpu.0.walks.memory_accesses", 10 },
	       { "cpu.0.walks.by_accesses.10", 1 }, { "cpu.0.walks.cycles", 20 },
	       { "cpu.0.cycles_by.walk", 20 }, { "cpu.0.cycles_by.trap", 1000 },
	       { "cpu.0.cycles_by.mmio", 1000 },
	       { "cpu.0.faults.s2-translation", 1 },
	       { "cache.l1d.by_requester.walk.hits", 10 });
	bench_fini(&b);
}

static int64_t call(struct bench *b, uint64_t function, uint64_t x1,
		    uint64_t x2, uint64_t x3)
{
	uint64_t x[6] = { function, x1, x2, x3 };
	struct machine_start start;

	assert_true(machine_hypercall(b->m, b->cpu, x, &start));
	return (int64_t)x[0];
}

static void a_hypercall_traps(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, NULL);
	assert_int_equal(call(&b, 0xC6000004, 1, 0, 0), 0); /* MARK */
	EXPECT(&b, { "cpu.0.cycles_by.trap", 1000 });
	assert_int_equal(call(&b, 0x84000000, 0, 0, 0), 0x10001); /* PSCI */
	assert_int_equal(call(&b, 0x12345678, 0, 0, 0), -1);
	EXPECT(&b, { "cpu.0.cycles_by.trap", 2000 });
	bench_fini(&b);
}

/* What the hypervisor's traffic and maintenance must have cost by what was
 * counted, all of it since the machine was made. There is no last level here:
 * an L2 miss is the memory's. */
static void check_hypervisor_cost(struct bench *b)
{
	const struct p2m_stats *s = &b->m->hypervisor->p2m.stats;
	struct cache_counters l1d, l2;
	int64_t served, tlbis = (int64_t)(s->tlbi_vmid + s->tlbi_ipa +
					  s->tlbi_range);
	int64_t cycles = count_at(b, "cpu", "cycles_by", "maintenance", NULL);
	/* A TLBI of stage 2 alone is followed by a barrier of the host's own
	 * and one of both stages' (core/port.h), once for several. */
	int64_t extra = cycles / 100 - tlbis;

	memory_counters(b->m->memory, CACHE_L1D, &l1d);
	memory_counters(b->m->memory, CACHE_L2, &l2);
	served = (int64_t)(2 * l1d.hits[REQUESTER_HYPERVISOR] +
			   10 * l2.hits[REQUESTER_HYPERVISOR] +
			   100 * l2.misses[REQUESTER_HYPERVISOR]);
	assert_int_equal(cycles % 100, 0);
	assert_true(extra >= 0 && extra <= tlbis);
	assert_int_equal(count_at(b, "cpu", "cycles_by", "hypervisor", NULL),
			 served + 10 * ((int64_t)s->barriers + extra));
}

static void the_hypervisors_work(void **state)
{
	uint64_t gfn = PAGE_IPA >> 12;
	struct bench b;

	(void)state;
	bench_init(&b, NULL);
	check_hypervisor_cost(&b);
	assert_int_equal(call(&b, P2M_REMOVE, gfn + 1, 1, 0), 0);
	check_hypervisor_cost(&b);
	assert_int_equal(call(&b, P2M_PROTECT, gfn - 500, 1900, 1), 0);
	assert_int_equal(call(&b, P2M_POPULATE, gfn, 512, 0), 0);
	check_hypervisor_cost(&b);
	assert_int_equal(call(&b, P2M_REMOVE, gfn - 512, 4096, 0), 0);
	check_hypervisor_cost(&b);
	bench_fini(&b);
}

/* Rule 18. Stage 1 off: a load of Device memory, which no cache has. The first
 * walk finds the root empty: one read from memory. The hypervisor makes tables
 * of levels 2 and 3, and then writes three entries, in sets 0, 0 and 8: the
 * second walk reads those, from L1D. The fault's lookup counts, too. */
static void populated_on_a_fault(void **state)
{
	static const char *const sets[] = { "policy.p2m.populate=fault", NULL };
	const uint64_t va = 0x40340008; /* level 2 entry 1, level 3 entry 64 */
	struct bench b;

	(void)state;
	bench_boot(&b, "tiny", sets);
	touch_ok(&b, va, LOAD(8));
	assert_int_equal(count_at(&b, "cpu", "accesses", "load", NULL), 1);
	assert_int_equal(count_at(&b, "cpu", "faults", "s2-translation", NULL),
			 1);
	assert_int_equal(count_at(&b, "cpu", "tlb", "l1d", "misses"), 2);
	assert_int_equal(count_at(&b, "cpu", "tlb", "l1d", "fills"), 1);
	assert_int_equal(count_at(&b, "cpu", "walks", "count", NULL), 2);
	assert_int_equal(count_at(&b, "cpu", "walks", "memory_accesses", NULL),
			 1 + 3);
	assert_int_equal(count_at(&b, "cpu", "walks", "cycles", NULL),
			 100 + 3 * 2);
	assert_int_equal(count_at(&b, "cpu", "cycles_by", "walk", NULL), 106);
	assert_int_equal(count_at(&b, "cpu", "cycles_by", "trap", NULL), 1000);
	assert_int_equal(count_at(&b, "cpu", "cycles_by", "data", NULL), 100);
	assert_int_equal(count_at(&b, "p2m", "ops", "fault", NULL), 1);
	assert_int_equal(count_at(&b, "p2m", "mappings", "4K", NULL), 1);
	assert_int_equal(count_at(&b, "p2m", "tables", "live", NULL), 2 + 2);
	check_hypervisor_cost(&b);
	rebase(&b);
	touch_ok(&b, va + 0x100, LOAD(8));
	EXPECT(&b, { "cpu.0.accesses.load", 1 }, { "cpu.0.tlb.l1d.hits", 1 },
	       { "cpu.0.cycles_by.data", 100 });
	bench_fini(&b);
}

/* Nobody resolves it: an external abort, walked and trapped, and nothing is
 * filled. Three stage-1 tables: 3 x 3 reads, of 5 new lines; the final IPA's
 * region is pages now: three reads, of which the last is new and takes the
 * place of the root in set 0. */
static void a_removed_page_aborts(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, NULL);
	touch_ok(&b, PAGE(0) + DATA, LOAD(8));
	assert_int_equal(call(&b, P2M_REMOVE, PAGE_IPA >> 12, 1, 0), 0);
	empty_caches(b.m);
	rebase(&b);
	assert_int_equal(touch(&b, PAGE(0) + DATA, LOAD(8)), MACHINE_FAULT);
	assert_int_equal(b.fault.kind, ARM_FAULT_EXTERNAL);
	assert_false(b.fault.on_walk);
	assert_int_equal(b.fault.va.raw, PAGE(0) + DATA);
	EXPECT(&b, { "cpu.0.accesses.load", 1 }, { "cpu.0.tlb.l1d.misses", 1 },
	       { "cpu.0.walks.count", 1 },
	       { "cpu.0.walks.memory_accesses", 12 },
	       { "cpu.0.walks.by_accesses.12", 1 },
	       { "cpu.0.walks.cycles", 612 }, { "cpu.0.cycles_by.walk", 612 },
	       { "cpu.0.cycles_by.trap", 1000 },
	       { "cpu.0.faults.s2-translation", 1 },
	       { "cache.l1d.by_requester.walk.hits", 6 },
	       { "cache.l1d.by_requester.walk.misses", 6 },
	       { "cache.l2.by_requester.walk.misses", 6 });
	/* Its neighbour is there. Root, level 2 and level 3 of stage 2 share a
	 * set of two ways: each comes from L2 once, the other nine reads hit. */
	touch_ok(&b, PAGE(1) + DATA, LOAD(8));
	EXPECT(&b, { "cpu.0.accesses.load", 1 }, { "cpu.0.tlb.l1d.misses", 1 },
	       { "cpu.0.tlb.l1d.fills", 1 }, { "cpu.0.walks.count", 1 },
	       { "cpu.0.walks.memory_accesses", 12 },
	       { "cpu.0.walks.by_accesses.12", 1 }, { "cpu.0.walks.cycles", 48 },
	       { "cpu.0.cycles_by.walk", 48 }, { "cpu.0.cycles_by.data", 98 },
	       { "cache.l1d.by_requester.walk.hits", 9 },
	       { "cache.l1d.by_requester.walk.misses", 3 },
	       { "cache.l2.by_requester.walk.hits", 3 },
	       { "cache.l1d.by_requester.data.misses", 1 },
	       { "cache.l2.by_requester.data.misses", 1 });
	bench_fini(&b);
}

/* Faults populate what was never there, not what the guest gave away. */
static void a_removed_page_is_not_populated(void **state)
{
	static const char *const sets[] = { "policy.p2m.populate=fault", NULL };
	const uint64_t va = 0x40340008;
	struct bench b;

	(void)state;
	bench_boot(&b, "tiny", sets);
	touch_ok(&b, va, LOAD(8));
	assert_int_equal(call(&b, P2M_REMOVE, va >> 12, 1, 0), 0);
	assert_int_equal(touch(&b, va, LOAD(8)), MACHINE_FAULT);
	assert_int_equal(b.fault.kind, ARM_FAULT_EXTERNAL);
	assert_int_equal(call(&b, P2M_POPULATE, va >> 12, 1, 0), 0);
	rebase(&b);
	touch_ok(&b, va, LOAD(8));
	assert_int_equal(count_at(&b, "p2m", "ops", "fault", NULL), 1);
	bench_fini(&b);
}

/* Rule 9: a hit that forbids is a hit, and a fault without a walk; a walk
 * that forbids fills nothing. */
static void a_forbidden_store(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, NULL);
	assert_int_equal(call(&b, P2M_PROTECT, PAGE_IPA >> 12, 1, 1), 0);
	touch_ok(&b, PAGE(0) + DATA, LOAD(8));
	rebase(&b);
	assert_int_equal(touch(&b, PAGE(0) + DATA, STORE(8)), MACHINE_FAULT);
	EXPECT(&b, { "cpu.0.accesses.store", 1 }, { "cpu.0.tlb.l1d.hits", 1 },
	       { "cpu.0.cycles_by.trap", 1000 },
	       { "cpu.0.faults.s2-permission", 1 });
	assert_true(machine_tlbi(b.m, b.cpu, TLBI_VMALLE1, 0));
	touch_ok(&b, PAGE(0) + DATA, LOAD(8));
	assert_true(machine_tlbi(b.m, b.cpu, TLBI_VMALLE1, 0));
	rebase(&b);
	assert_int_equal(touch(&b, PAGE(0) + DATA, STORE(8)), MACHINE_FAULT);
	/* As before, three lines in set 0: three reads from L2. */
	EXPECT(&b, { "cpu.0.accesses.store", 1 }, { "cpu.0.tlb.l1d.misses", 1 },
	       { "cpu.0.walks.count", 1 },
	       { "cpu.0.walks.memory_accesses", 12 },
	       { "cpu.0.walks.by_accesses.12", 1 }, { "cpu.0.walks.cycles", 48 },
	       { "cpu.0.cycles_by.walk", 48 }, { "cpu.0.cycles_by.trap", 1000 },
	       { "cpu.0.faults.s2-permission", 1 },
	       { "cache.l1d.by_requester.walk.hits", 9 },
	       { "cache.l1d.by_requester.walk.misses", 3 },
	       { "cache.l2.by_requester.walk.hits", 3 });
	bench_fini(&b);
}

/* ---- the guest's own faults, and Device memory ---- */

/* Level 3 entry 40 is empty: nine reads, no final IPA, no trap. */
static void a_stage_1_fault_is_the_guests(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, NULL);
	assert_int_equal(touch(&b, AT_INDEX(8, 16, 40), LOAD(8)),
			 MACHINE_FAULT);
	assert_int_equal(b.fault.kind, ARM_FAULT_TRANSLATION);
	assert_int_equal(b.fault.stage, 1);
	assert_int_equal(b.fault.level, 3);
	EXPECT(&b, { "cpu.0.accesses.load", 1 }, { "cpu.0.tlb.l1d.misses", 1 },
	       { "cpu.0.walks.count", 1 },
	       { "cpu.0.walks.memory_accesses", 9 },
	       { "cpu.0.walks.by_accesses.9", 1 },
	       { "cpu.0.walks.cycles", 508 }, { "cpu.0.cycles_by.walk", 508 },
	       { "cpu.0.faults.s1-translation", 1 },
	       { "cache.l1d.by_requester.walk.hits", 4 },
	       { "cache.l1d.by_requester.walk.misses", 5 },
	       { "cache.l2.by_requester.walk.misses", 5 });
	bench_fini(&b);
}

/* Stage 1 off: two reads of stage 2, memory each time, no cache; rule 22. */
static void device_memory_passes_the_caches(void **state)
{
	const uint64_t va = 0x40300000;
	struct bench b;

	(void)state;
	bench_boot(&b, "tiny", NULL);
	touch_ok(&b, va, LOAD(8));
	EXPECT(&b, { "cpu.0.accesses.load", 1 }, { "cpu.0.tlb.l1d.misses", 1 },
	       { "cpu.0.tlb.l1d.fills", 1 }, { "cpu.0.walks.count", 1 },
	       { "cpu.0.walks.memory_accesses", 2 },
	       { "cpu.0.walks.by_accesses.2", 1 },
	       { "cpu.0.walks.cycles", 200 }, { "cpu.0.cycles_by.walk", 200 },
	       { "cpu.0.cycles_by.data", 100 },
	       { "cache.l1d.by_requester.walk.misses", 2 },
	       { "cache.l2.by_requester.walk.misses", 2 });
	touch_ok(&b, va, STORE(8));
	EXPECT(&b, { "cpu.0.accesses.store", 1 }, { "cpu.0.tlb.l1d.hits", 1 },
	       { "cpu.0.cycles_by.data", 100 });
	assert_int_equal(touch(&b, va + 4, LOAD(8)), MACHINE_FAULT);
	assert_int_equal(b.fault.kind, ARM_FAULT_ALIGNMENT);
	EXPECT(&b, { "cpu.0.accesses.load", 1 }, { "cpu.0.tlb.l1d.hits", 1 },
	       { "cpu.0.faults.s1-alignment", 1 });
	bench_fini(&b);
}

/* ---- the simulated kernel ---- */

/* What it touches is charged to `kernel`, counted as data, and is no load or
 * store of the guest's: 100 bytes on three lines, of which one is in L1D. */
static void the_kernels_accesses(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, NULL);
	warm(&b);
	machine_kernel_enter(b.m, b.cpu, "syscall", 64, 0);
	EXPECT(&b, { "cpu.0.cycles_by.kernel", 300 });
	assert_int_equal(machine_kernel_access(b.m, b.cpu,
					       (va_t){ PAGE(0) + DATA + 32 },
					       100, true, &b.fault),
			 MACHINE_OK);
	EXPECT(&b, { "cpu.0.accesses.kernel", 1 }, { "cpu.0.tlb.l1d.hits", 1 },
	       { "cpu.0.cycles_by.kernel", 196 },
	       { "cache.l1d.by_requester.data.hits", 1 },
	       { "cache.l1d.by_requester.data.misses", 2 },
	       { "cache.l2.by_requester.data.misses", 2 });
	/* Page 1's walk of 22 cycles, and one line. */
	assert_int_equal(machine_kernel_access(b.m, b.cpu,
					       (va_t){ PAGE(1) + 0x200 }, 8,
					       false, &b.fault),
			 MACHINE_OK);
	EXPECT(&b, { "cpu.0.accesses.kernel", 1 }, { "cpu.0.tlb.l1d.misses", 1 },
	       { "cpu.0.tlb.l1d.fills", 1 }, { "cpu.0.walks.count", 1 },
	       { "cpu.0.walks.memory_accesses", 11 },
	       { "cpu.0.walks.by_accesses.11", 1 }, { "cpu.0.walks.cycles", 22 },
	       { "cpu.0.cycles_by.kernel", 120 },
	       { "cache.l1d.by_requester.walk.hits", 11 },
	       { "cache.l1d.by_requester.data.misses", 1 },
	       { "cache.l2.by_requester.data.misses", 1 });
	machine_kernel_return(b.m, b.cpu, 0);
	EXPECT_NOTHING(&b);
	assert_int_equal(b.cpu->el, 0);
	bench_fini(&b);
}

/* ---- several CPUs, several machines ---- */

/* Rule 21, on private caches and no last level. CPU 1 reads what CPU 0 has
 * written: one write-back, and both have it clean. Its write then drops CPU
 * 0's copies, which CPU 0 must notice though it touched the line last. */
static void two_cpus_share_a_line(void **state)
{
	static const char *const sets[] = { "cpu.count=2", NULL };
	struct bench b;

	(void)state;
	bench_init(&b, sets);
	turn_mmu_on(&b, 1);
	touch_ok(&b, PAGE(0) + DATA, STORE(8));
	rebase(&b);
	b.cpu = &b.m->cpu[1];
	touch_ok(&b, PAGE(0) + DATA, LOAD(8));
	EXPECT(&b, { "cpu.1.accesses.load", 1 }, { "cpu.1.tlb.l1d.misses", 1 },
	       { "cpu.1.tlb.l1d.fills", 1 }, { "cpu.1.walks.count", 1 },
	       { "cpu.1.walks.memory_accesses", 11 },
	       { "cpu.1.walks.by_accesses.11", 1 },
	       { "cpu.1.walks.cycles", 512 }, { "cpu.1.cycles_by.walk", 512 },
	       { "cpu.1.cycles_by.data", 98 },
	       { "cache.l1d.by_requester.walk.hits", 6 },
	       { "cache.l1d.by_requester.walk.misses", 5 },
	       { "cache.l2.by_requester.walk.misses", 5 },
	       { "cache.l1d.by_requester.data.misses", 1 },
	       { "cache.l2.by_requester.data.misses", 1 },
	       { "cache.l1d.writebacks", 1 });
	touch_ok(&b, PAGE(0) + DATA, STORE(8));
	EXPECT(&b, { "cpu.1.accesses.store", 1 }, { "cpu.1.tlb.l1d.hits", 1 },
	       { "cache.l1d.by_requester.data.hits", 1 });
	b.cpu = &b.m->cpu[0];
	touch_ok(&b, PAGE(0) + DATA, LOAD(8));
	EXPECT(&b, { "cpu.0.accesses.load", 1 }, { "cpu.0.tlb.l1d.hits", 1 },
	       { "cpu.0.cycles_by.data", 98 },
	       { "cache.l1d.by_requester.data.misses", 1 },
	       { "cache.l2.by_requester.data.misses", 1 },
	       { "cache.l1d.writebacks", 1 });
	bench_fini(&b);
}

static void time_that_is_waited(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, NULL);
	machine_wfi(b.m, b.cpu);
	assert_true(b.cpu->waiting);
	EXPECT_NOTHING(&b);
	machine_idle(b.m, b.cpu, 5 * CYCLE + CYCLE / 2);
	machine_idle(b.m, b.cpu, CYCLE / 2);
	EXPECT(&b, { "cpu.0.cycles_by.idle", 6 });
	bench_fini(&b);
}

/* One step of a workload that all of a machine takes part in. */
static void work(struct bench *b, uint64_t *seed)
{
	uint64_t r = *seed = *seed * UINT64_C(6364136223846793005) + 1;
	uint64_t va = PAGE(r >> 33 & 7) + (r >> 40 & 0xff8);

	if (r >> 60 == 0)
		call(b, r >> 59 & 1 ? P2M_REMOVE : P2M_POPULATE,
		     0x40800 + (r >> 30 & 0x3ff), 1 + (r >> 20 & 63), 0);
	else if (r >> 60 == 1)
		machine_block(b->m, b->cpu, (va_t){ va & ~UINT64_C(3) }, 64, 16,
			      &b->fault);
	else
		touch_ok(b, r >> 61 & 1 ? va : va - PAGE(0) + BLOCK,
			 r >> 62 & 1 ? LOAD(8) : STORE(8));
}

static const char *const machine_sets[2][6] = {
	{ "cpu.l1d.replacement=random", "cpu.l1d_tlb.replacement=random",
	  "guest.backing=random", NULL },
	{ "cpu.l1d.replacement=random", "cpu.l2.replacement=random",
	  "cpu.s2_tlb.entries=4", "seed=7", NULL },
};

/* Two at a time count as each alone. */
static void machines_do_not_meet(void **state)
{
	json_t *alone[2], *together;
	struct bench b[2];
	uint64_t seed[2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		bench_init(&b[i], machine_sets[i]);
		seed[i] = (uint64_t)i;
		for (int n = 0; n < 5000; n++)
			work(&b[i], &seed[i]);
		alone[i] = machine_stats(b[i].m, NULL);
		bench_fini(&b[i]);
	}
	assert_false(json_equal(alone[0], alone[1]));
	for (int i = 0; i < 2; i++) {
		bench_init(&b[i], machine_sets[i]);
		seed[i] = (uint64_t)i;
	}
	for (int n = 0; n < 5000; n++) {
		work(&b[0], &seed[0]);
		work(&b[1], &seed[1]);
	}
	for (int i = 0; i < 2; i++) {
		together = machine_stats(b[i].m, NULL);
		assert_true(json_equal(alone[i], together));
		json_decref(together);
		json_decref(alone[i]);
		bench_fini(&b[i]);
	}
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
		cmocka_unit_test(a_device_register),
		cmocka_unit_test(a_hypercall_traps),
		cmocka_unit_test(the_hypervisors_work),
		cmocka_unit_test(populated_on_a_fault),
		cmocka_unit_test(a_removed_page_aborts),
		cmocka_unit_test(a_removed_page_is_not_populated),
		cmocka_unit_test(a_forbidden_store),
		cmocka_unit_test(a_stage_1_fault_is_the_guests),
		cmocka_unit_test(device_memory_passes_the_caches),
		cmocka_unit_test(the_kernels_accesses),
		cmocka_unit_test(two_cpus_share_a_line),
		cmocka_unit_test(time_that_is_waited),
		cmocka_unit_test(machines_do_not_meet),
	};

	return cmocka_run_group_tests_name("machine", tests, NULL, NULL);
}
