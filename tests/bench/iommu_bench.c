/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an IOMMU domain costs on a machine of its own: nanoseconds to map and
 * to unmap one page, 256 pages and a 2 MB superpage, without contiguity markers
 * and with them, beside floors written by hand as in p2m_bench. The port is
 * arrays bound at link time; barriers, cleaning and invalidations cost nothing
 * here. Best of many rounds in which all take turns. Exit 1 if one page mapped
 * and unmapped with markers costs more than the given times one without.
 */
#include <time.h>

#include "core/iommu/domain.h"
#include "tests/bench/array_host.h"

#define ROUNDS 1000
#define OPS    512u
#define RUN    256u
#define RUNS   64u

enum what { PAGE, PAGES_256, SUPERPAGE, WHATS };
enum side { PLAIN, MARKERS, FLOOR, SIDES };
enum way { MAP, UNMAP, WAYS };

struct bench {
	struct host host[SIDES];
	struct iommu_domain domain[SIDES];
	uint64_t dfn[WHATS][OPS];
};

static const unsigned int counts[WHATS] = { OPS, RUNS, 510 };
static const uint64_t frames[WHATS] = { 1, RUN, 512 };

static void must(int rc)
{
	if (rc == 0)
		return;
	fprintf(stderr, "iommu_bench: the domain says %d\n", rc);
	exit(1);
}

static inline void map(struct iommu_domain *d, uint64_t dfn, uint64_t count)
{
	uint64_t done;

	must(iommu_map(d, (dfn_t){ dfn }, (mfn_t){ dfn }, count,
		       IOMMU_ACCESS_RW, &done));
}

static inline void unmap(struct iommu_domain *d, uint64_t dfn, uint64_t count)
{
	uint64_t done;

	must(iommu_unmap(d, (dfn_t){ dfn }, count, &done));
}

/* A bare walk of three levels down to a page, two to a superpage. */
static inline uint64_t *bare(struct host *h, pa_t table, uint64_t dfn,
			     unsigned int steps)
{
	for (unsigned int lsb = 18;; lsb -= 9) {
		uint64_t *e = port_table_map(h, table);

		if (steps-- == 0)
			return &e[dfn >> lsb & 511];
		table.raw = port_pte_read(h, &e[dfn >> lsb & 511]) &
			    UINT64_C(0xfffffffffffff000);
	}
}

static inline void floor_write(struct bench *b, enum what what, uint64_t dfn,
			       uint64_t value)
{
	uint64_t *pte = bare(&b->host[FLOOR], b->domain[FLOOR].root, dfn,
			     what == SUPERPAGE ? 1 : 2);
	const uint64_t count = what == PAGES_256 ? RUN : 1;

	for (uint64_t i = 0; i < count; i++)
		port_pte_write(&b->host[FLOOR], &pte[i],
			       value ? value + (i << 12) : 0);
}

static inline __attribute__((always_inline)) void
perform(struct bench *b, enum what what, enum side side, enum way way)
{
	for (unsigned int i = 0; i < counts[what]; i++) {
		const uint64_t dfn = b->dfn[what][i];

		if (side == FLOOR)
			floor_write(b, what, dfn,
				    way == MAP ? dfn << 12 | 3 : 0);
		else if (way == MAP)
			map(&b->domain[side], dfn, frames[what]);
		else
			unmap(&b->domain[side], dfn, frames[what]);
	}
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void time_row(struct bench *b, enum what what,
		     double best[SIDES][WAYS])
{
	for (int s = 0; s < SIDES; s++)
		best[s][MAP] = best[s][UNMAP] = 1e18;
	for (unsigned int r = 0; r < ROUNDS; r++) {
		for (int s = 0; s < SIDES; s++) {
			for (int w = 0; w < WAYS; w++) {
				const double at = now();
				double ns;

				perform(b, what, (enum side)s, (enum way)w);
				ns = (now() - at) / counts[what];
				if (ns < best[s][w])
					best[s][w] = ns;
			}
		}
	}
}

static void report(const char *name, double best[SIDES][WAYS])
{
	static const char *const ways[] = { "map", "unmap" };

	for (int w = 0; w < WAYS; w++)
		printf("%-5s %-12s %8.1f ns, with markers %8.1f ns, floor %8.1f ns: %5.2f %5.2f\n",
		       ways[w], name, best[PLAIN][w], best[MARKERS][w],
		       best[FLOOR][w], best[PLAIN][w] / best[FLOOR][w],
		       best[MARKERS][w] / best[FLOOR][w]);
}

static void prepare(struct bench *b)
{
	struct iommu_domain_config c = {
		.did = 1, .levels = 3, .output_bits = 46, .superpage_2m = true,
		.page_selective = true, .mask_max_lg2 = 18, .free_empty = true,
	};
	uint64_t random = 88172645463325252;

	for (int s = 0; s < SIDES; s++) {
		struct iommu_domain *d = &b->domain[s];

		c.coalesce.policy = s == MARKERS ? PT_COALESCE_EAGER
						 : PT_COALESCE_NEVER;
		host_open(&b->host[s]);
		must(iommu_domain_init(d, &b->host[s], &c));
		/* A frame stays in each table, so that none comes or goes. */
		for (uint64_t i = 0; i < RUNS; i++)
			map(d, i * 512 + 511, 1);
		map(d, UINT64_C(0x40000) + 511, 1);
	}
	for (uint64_t i = 0; i < OPS; i++) {
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		b->dfn[PAGE][i] = i % RUNS * 512 + (i / RUNS) * 32 +
				  random % 32;
		b->dfn[SUPERPAGE][i] = UINT64_C(0x40000) + 512 + i % 510 * 512;
	}
	for (uint64_t i = 0; i < RUNS; i++)
		b->dfn[PAGES_256][i] = i * 512 + 64;
}

int main(int argc, char **argv)
{
	static const char *const names[] = { "1 page", "256 pages", "2M" };
	const double limit = argc > 1 ? atof(argv[1]) : 0;
	static struct bench b;
	double best[SIDES][WAYS], ratio = 0;

	prepare(&b);
	for (int what = 0; what < WHATS; what++) {
		time_row(&b, (enum what)what, best);
		report(names[what], best);
		if (what == PAGE)
			ratio = (best[MARKERS][MAP] + best[MARKERS][UNMAP]) /
				(best[PLAIN][MAP] + best[PLAIN][UNMAP]);
	}
	printf("map and unmap of a page with markers: %.2f times without\n",
	       ratio);
	return limit > 0 && ratio > limit ? 1 : 0;
}
