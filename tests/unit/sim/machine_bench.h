/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine for counting by hand. After each step the whole statistics
 * document is compared with the one before: what a test does not name must
 * not have moved.
 *
 * It is `tiny` with 16 MiB: TLBs of two entries, no walk cache, L1D
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
#ifndef TESTS_UNIT_SIM_MACHINE_BENCH_H
#define TESTS_UNIT_SIM_MACHINE_BENCH_H

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

#define ROOT	  UINT64_C(0x40100000) /* stage-1 tables, IPA */
#define LEVEL2	  UINT64_C(0x40101000)
#define LEVEL3	  UINT64_C(0x40102000)
#define PAGE_IPA  UINT64_C(0x40200000)
#define BLOCK_IPA UINT64_C(0x40400000)

#define AT_INDEX(l1, l2, l3) \
	((UINT64_C(l1) << 30) | (UINT64_C(l2) << 21) | (UINT64_C(l3) << 12))
#define PAGE(n) (AT_INDEX(8, 16, 24) + UINT64_C(4096) * (n))
#define UART	AT_INDEX(8, 16, 32)
#define BLOCK	AT_INDEX(8, 48, 0)
#define DATA	UINT64_C(0x140) /* line 5 of a page */

/* AF, Inner Shareable, EL1 alone reads and writes; Attr0, or Attr1. */
#define NORMAL UINT64_C(0x700)
#define DEVICE UINT64_C(0x704)

#define LOAD(bytes)  TRACE_WHAT(bytes, ARM_ACCESS_READ)
#define STORE(bytes) TRACE_WHAT(bytes, ARM_ACCESS_WRITE)

#define TLBI_VMALLE1 ARM_SYSREG(1, 0, 8, 7, 0)
#define DC_CVAC	     ARM_SYSREG(1, 3, 7, 10, 1)
#define DC_CIVAC     ARM_SYSREG(1, 3, 7, 14, 1)
#define DC_CISW	     ARM_SYSREG(1, 0, 7, 14, 2)
#define AT_S1E1R     ARM_SYSREG(1, 0, 7, 8, 0)

#define P2M_POPULATE UINT64_C(0xC6000001)
#define P2M_REMOVE   UINT64_C(0xC6000002)
#define P2M_PROTECT  UINT64_C(0xC6000003)

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

#define EXPECT(b, ...) \
	expect(b, __LINE__, (const struct want[]){ __VA_ARGS__, { NULL, 0 } })
#define EXPECT_NOTHING(b) \
	expect(b, __LINE__, (const struct want[]){ { NULL, 0 } })

static inline int64_t wanted(const struct want *want, const char *path)
{
	for (; want->path; want++) {
		if (strcmp(want->path, path) == 0)
			return want->by;
	}
	return 0;
}

static inline unsigned int compare(const json_t *now, const json_t *before,
				   const char *path, const struct want *want,
				   int line)
{
	unsigned int seen = 0;
	const char *key;
	json_t *value;
	char name[160];
	size_t i;

	if (json_is_integer(now)) {
		int64_t by =
			json_integer_value(now) - json_integer_value(before);

		if (by != wanted(want, path))
			fail_msg("line %d: %s moved by %lld, not by %lld", line,
				 path, (long long)by,
				 (long long)wanted(want, path));
		return wanted(want, path) != 0;
	}
	if (json_is_array(now)) {
		json_array_foreach(now, i, value)
		{
			snprintf(name, sizeof(name), "%s.%zu", path, i);
			seen += compare(value, json_array_get(before, i), name,
					want, line);
		}
		return seen;
	}
	json_object_foreach((json_t *)(uintptr_t)now, key, value)
	{
		snprintf(name, sizeof(name), "%s%s%s", path, *path ? "." : "",
			 key);
		seen += compare(value, json_object_get(before, key), name, want,
				line);
	}
	return seen;
}

static inline int64_t member(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

/* Sums must be those of their parts; then they are taken out, so that tests
 * name parts alone. */
static inline void check_sums(json_t *stats)
{
	json_t *cpu, *cache, *one, *by;
	const char *key;
	size_t i;

	json_array_foreach(json_object_get(stats, "cpu"), i, cpu)
	{
		int64_t sum = 0;

		json_object_foreach(json_object_get(cpu, "cycles_by"), key, by)
			sum += json_integer_value(by);
		assert_int_equal(member(cpu, "cycles"), sum);
		json_object_del(cpu, "cycles");
	}
	json_object_foreach(json_object_get(stats, "cache"), key, cache)
	{
		const char *who;
		int64_t hits = 0, misses = 0;

		json_object_foreach(json_object_get(cache, "by_requester"), who,
				    one)
		{
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
static inline void expect(struct bench *b, int line, const struct want *want)
{
	json_t *now = machine_stats(b->m, NULL);
	unsigned int count = 0;

	check_sums(now);
	json_object_del(now, "phases");
	for (const struct want *w = want; w->path; w++)
		count++;
	if (b->before && compare(now, b->before, "", want, line) != count)
		fail_msg("line %d: a path that does not exist, or a zero",
			 line);
	json_decref(b->before);
	b->before = now;
}

/* What was before does not matter. */
static inline void rebase(struct bench *b)
{
	json_decref(b->before);
	b->before = NULL;
	EXPECT_NOTHING(b);
}

/* A counter of CPU 0 or of the machine, by up to four names. */
static inline int64_t count_at(struct bench *b, const char *n1, const char *n2,
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

static inline void put(struct bench *b, uint64_t table, unsigned int index,
		       uint64_t value)
{
	assert_true(machine_guest_copy_in(b->m, (ipa_t){ table + 8 * index },
					  &value, sizeof(value)));
}

static inline void console(void *context, const void *bytes, size_t count)
{
	struct bench *b = context;

	for (size_t i = 0; i < count; i++) {
		assert_true(b->console_bytes < sizeof(b->console));
		b->console[b->console_bytes++] = ((const char *)bytes)[i];
	}
}

/* Three levels, 128 sets and 4 ways cover every line of `tiny`. */
static inline void empty_caches(struct machine *m)
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
static inline void bench_boot(struct bench *b, const char *machine,
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

static inline void write_tables(struct bench *b)
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
static inline void turn_mmu_on(struct bench *b, unsigned int cpu)
{
	struct machine_cpu *c = &b->m->cpu[cpu];

	machine_sysreg(b->m, c, ARM_MAIR_EL1, 0x04ff);
	machine_sysreg(b->m, c, ARM_TCR_EL1, UINT64_C(0x200803519));
	machine_sysreg(b->m, c, ARM_TTBR0_EL1, ROOT);
	machine_sysreg(b->m, c, ARM_SCTLR_EL1, 0x1005);
}

static inline void bench_init(struct bench *b, const char *const *sets)
{
	bench_boot(b, "tiny", sets);
	write_tables(b);
	turn_mmu_on(b, 0);
	EXPECT_NOTHING(b); /* registers cost nothing */
}

static inline void bench_fini(struct bench *b)
{
	json_decref(b->before);
	machine_free(b->m);
	config_fini(&b->config);
}

static inline enum machine_result touch(struct bench *b, uint64_t va,
					uint32_t what)
{
	return machine_access(b->m, b->cpu, (va_t){ va }, what, &b->fault);
}

static inline void touch_ok(struct bench *b, uint64_t va, uint32_t what)
{
	assert_int_equal(touch(b, va, what), MACHINE_OK);
}

/* Page 0 and its data line have been loaded: one entry in the TLB, all five
 * lines of a walk and the data's in L1D. */
static inline void warm(struct bench *b)
{
	touch_ok(b, PAGE(0) + DATA, LOAD(8));
	rebase(b);
}

/* HVC #0 of CPU b->cpu. */
static inline int64_t call(struct bench *b, uint64_t function, uint64_t x1,
			   uint64_t x2, uint64_t x3)
{
	uint64_t x[6] = { function, x1, x2, x3 };
	struct machine_start start;

	assert_true(machine_hypercall(b->m, b->cpu, x, &start));
	return (int64_t)x[0];
}

#endif
