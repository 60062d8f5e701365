/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the p2m costs on a machine of its own: nanoseconds an operation beside
 * floors written by hand. For runs the floor is a bare loop that stores the
 * same descriptors, for single frames and blocks a bare walk down the same
 * tables and one store (or load). The port is arrays bound at link time, with
 * link-time optimisation as a hypervisor would build it; barriers and TLB
 * maintenance cost nothing here. Best of many rounds in which all take turns,
 * printed with the ratio; exit 1 if one is above the limit given (default:
 * none).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/p2m/p2m.h"
#include "tests/bench/array_host.h"

#define ROUNDS	1000
#define OPS	512u /* single frames or blocks a round */
#define RUN	256u
#define RUNS	64u

/* ---- the operations and their floors */

struct bench {
	struct host host;
	struct p2m p2m;
	uint64_t gfn[OPS];  /* of single frames, in tables that stay */
	uint64_t run[RUNS]; /* where runs begin */
	uint64_t block[OPS];
	uint64_t sum;
};

static void must(int rc)
{
	if (rc == 0)
		return;
	fprintf(stderr, "p2m_bench: the p2m says %d\n", rc);
	exit(1);
}

static void map(struct bench *b, uint64_t gfn, uint64_t frames)
{
	uint64_t done;

	must(p2m_map(&b->p2m, (gfn_t){ gfn }, (mfn_t){ gfn }, frames,
		     P2M_RAM_RW, P2M_ACCESS_RWX, &done));
}

static void unmap(struct bench *b, uint64_t gfn, uint64_t frames)
{
	uint64_t done;

	must(p2m_remove(&b->p2m, (gfn_t){ gfn }, frames, &done));
}

static uint64_t look(struct bench *b, uint64_t gfn)
{
	struct p2m_entry e;

	p2m_lookup(&b->p2m, (gfn_t){ gfn }, &e);
	return e.mfn.raw;
}

/* The way a bare walk goes: three tables down to a page, two to a block. */
static inline uint64_t *bare(struct bench *b, uint64_t gfn, unsigned int last)
{
	pa_t table = b->p2m.root;
	unsigned int level = 1;

	for (;;) {
		uint64_t *e = port_table_map(&b->host, table);
		uint64_t *pte = &e[gfn >> (9 * (3 - level)) & 511];
		uint64_t value;

		if (level == last)
			return pte;
		value = port_pte_read(&b->host, pte);
		if ((value & 3) != 3)
			return pte;
		table.raw = value & UINT64_C(0xfffffffff000);
		level++;
	}
}

#define PTE UINT64_C(0x00800000000007ff)

static uint64_t map_page(struct bench *b, unsigned int i)
{
	map(b, b->gfn[i], 1);
	return 0;
}

static uint64_t unmap_page(struct bench *b, unsigned int i)
{
	unmap(b, b->gfn[i], 1);
	return 0;
}

static uint64_t look_page(struct bench *b, unsigned int i)
{
	return look(b, b->gfn[i]);
}

static uint64_t floor_map_page(struct bench *b, unsigned int i)
{
	port_pte_write(&b->host, bare(b, b->gfn[i], 3),
		       PTE | b->gfn[i] << 12);
	return 0;
}

static uint64_t floor_unmap_page(struct bench *b, unsigned int i)
{
	port_pte_write(&b->host, bare(b, b->gfn[i], 3), 0);
	return 0;
}

static uint64_t floor_look_page(struct bench *b, unsigned int i)
{
	return port_pte_read(&b->host, bare(b, b->gfn[i], 3));
}

static uint64_t map_run(struct bench *b, unsigned int i)
{
	map(b, b->run[i], RUN);
	return 0;
}

static uint64_t unmap_run(struct bench *b, unsigned int i)
{
	unmap(b, b->run[i], RUN);
	return 0;
}

static uint64_t look_run(struct bench *b, unsigned int i)
{
	uint64_t sum = 0;

	for (unsigned int n = 0; n < RUN; n++)
		sum += look(b, b->run[i] + n);
	return sum;
}

static uint64_t floor_map_run(struct bench *b, unsigned int i)
{
	uint64_t *pte = bare(b, b->run[i], 3);

	for (unsigned int n = 0; n < RUN; n++)
		port_pte_write(&b->host, &pte[n], PTE | (b->run[i] + n) << 12);
	return 0;
}

static uint64_t floor_unmap_run(struct bench *b, unsigned int i)
{
	uint64_t *pte = bare(b, b->run[i], 3);

	for (unsigned int n = 0; n < RUN; n++)
		port_pte_write(&b->host, &pte[n], 0);
	return 0;
}

static uint64_t floor_look_run(struct bench *b, unsigned int i)
{
	uint64_t sum = 0;

	for (unsigned int n = 0; n < RUN; n++)
		sum += port_pte_read(&b->host, bare(b, b->run[i] + n, 3));
	return sum;
}

static uint64_t map_block(struct bench *b, unsigned int i)
{
	map(b, b->block[i], 512);
	return 0;
}

static uint64_t unmap_block(struct bench *b, unsigned int i)
{
	unmap(b, b->block[i], 512);
	return 0;
}

static uint64_t look_block(struct bench *b, unsigned int i)
{
	return look(b, b->block[i] + 5);
}

static uint64_t floor_map_block(struct bench *b, unsigned int i)
{
	port_pte_write(&b->host, bare(b, b->block[i], 2),
		       (PTE & ~UINT64_C(2)) | b->block[i] << 12);
	return 0;
}

static uint64_t floor_unmap_block(struct bench *b, unsigned int i)
{
	port_pte_write(&b->host, bare(b, b->block[i], 2), 0);
	return 0;
}

static uint64_t floor_look_block(struct bench *b, unsigned int i)
{
	return port_pte_read(&b->host, bare(b, b->block[i], 2));
}

/* What was looked up, or 0: a sum of it must be made. */
typedef uint64_t (*operation)(struct bench *b, unsigned int i);

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* What is timed: the p2m's operations, then their floors. */
#define KINDS	   3 /* map, look up, remove */
#define OPERATIONS (2 * KINDS)

/*
 * Nanoseconds an operation, best of all rounds. In each round all take their
 * turn, so that what disturbs one disturbs its floor, too; the three of either
 * side undo themselves.
 */
static inline __attribute__((always_inline)) void
time_row(struct bench *b, const operation what[OPERATIONS], unsigned int count,
	 double best[OPERATIONS])
{
	for (int k = 0; k < OPERATIONS; k++)
		best[k] = 1e18;
	for (unsigned int r = 0; r < ROUNDS; r++) {
		double at[OPERATIONS + 1];
		uint64_t sum = 0;

		at[0] = now();
#pragma GCC unroll 6
		for (int k = 0; k < OPERATIONS; k++) {
			for (unsigned int i = 0; i < count; i++)
				sum += what[k](b, i);
			at[k + 1] = now();
		}
		b->sum += sum;
		for (int k = 0; k < OPERATIONS; k++)
			if ((at[k + 1] - at[k]) / count < best[k])
				best[k] = (at[k + 1] - at[k]) / count;
	}
}

static const char *const names[] = { "map", "look up", "remove" };

static bool report(const char *what, const double best[OPERATIONS],
		   double limit)
{
	bool good = true;

	for (int k = 0; k < KINDS; k++) {
		const double ratio = best[k] / best[KINDS + k];

		printf("%-7s %-9s %8.1f ns, floor %8.1f ns: %5.2f\n", names[k],
		       what, best[k], best[KINDS + k], ratio);
		good = good && (limit <= 0 || ratio <= limit);
	}
	return good;
}

/* What the host holds for each table page: the page, and the p2m's notes. */
static bool report_memory(const struct bench *b)
{
	const size_t page = sizeof(*b->host.memory);
	const size_t notes = sizeof(*b->host.meta);

	printf("memory  a table page: %zu bytes and %zu more, at most 32 (%llu in use)\n",
	       page, notes, (unsigned long long)b->p2m.stats.tables_live);
	return notes <= 32;
}

static void prepare(struct bench *b)
{
	const struct p2m_config config = {
		.ipa_bits = 39, .granule_lg2 = 12, .start_level = -1,
		.vmid = 1, .free_empty = true, .tlbi = P2M_TLBI_IPA,
	};
	uint64_t random = 88172645463325252;

	host_open(&b->host);
	must(p2m_init(&b->p2m, &b->host, &config));
	/* A frame stays in each table, so that none comes or goes. */
	for (uint64_t i = 0; i < RUNS; i++)
		map(b, i * 512 + 511, 1);
	map(b, UINT64_C(0x40000) + 511, 1);
	for (uint64_t i = 0; i < OPS; i++) {
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		b->gfn[i] = i % RUNS * 512 + (i / RUNS) * 32 + random % 32;
		b->block[i] = UINT64_C(0x40000) + 512 + i % 510 * 512;
	}
	for (uint64_t i = 0; i < RUNS; i++)
		b->run[i] = i * 512 + 64;
}

int main(int argc, char **argv)
{
	const double limit = argc > 1 ? atof(argv[1]) : 0;
	static struct bench b;
	double best[OPERATIONS];
	bool good = true;

	prepare(&b);
	time_row(&b, (operation[]){ map_page, look_page, unmap_page,
				    floor_map_page, floor_look_page,
				    floor_unmap_page }, OPS, best);
	good &= report("1 page", best, limit);
	time_row(&b, (operation[]){ map_run, look_run, unmap_run,
				    floor_map_run, floor_look_run,
				    floor_unmap_run }, RUNS, best);
	good &= report("256 pages", best, limit);
	time_row(&b, (operation[]){ map_block, look_block, unmap_block,
				    floor_map_block, floor_look_block,
				    floor_unmap_block }, 510, best);
	good &= report("2M block", best, limit);
	good &= report_memory(&b);
	if (b.sum == 1)
		puts("");
	return good ? 0 : 1;
}
