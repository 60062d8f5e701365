/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * models/smmuv3 alone: translations a second with hits in the uTLB and in the
 * main TLB, and with nested walks; beside each, how many times as long as one
 * look-up in a plain table it takes, which says the same on a slower host.
 * Seconds are the processor's. Exit code 1 below LIMIT: smmu_bench [LIMIT].
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/bug.h"
#include "models/smmuv3/smmu.h"

_Noreturn void port_bug(void *host, const char *file, int line,
			const char *what)
{
	(void)host;
	fprintf(stderr, "%s:%d: %s\n", file, line, what);
	abort();
}

#define BYTES	  (64u << 20)
#define PAGES	  4096u
#define SID_S1	  5u
#define SID_BOTH  6u
#define SID_S2	  7u
#define STRTAB	  UINT64_C(0x1000)
#define CDS	  UINT64_C(0x2000)
#define STAGE1	  UINT64_C(0x10000)
#define STAGE2	  UINT64_C(0x40000)
#define FIRST_OUT 8192u /* frame of the first page's data */

struct world {
	uint64_t *word;
	struct smmu *smmu;
	struct model_random random;
};

static bool read_words(void *context, uint64_t pa, unsigned int words,
		       bool coherent, uint64_t *out, uint64_t *ticks)
{
	const struct world *world = context;

	(void)coherent;
	*ticks += 80;
	if (pa > BYTES - 64)
		return false;
	for (unsigned int i = 0; i < words; i++)
		out[i] = world->word[pa / 8 + i];
	return true;
}

static bool write_bytes(void *context, uint64_t pa, const void *data,
			unsigned int bytes, bool coherent)
{
	struct world *world = context;

	(void)coherent;
	if (pa > BYTES - bytes)
		return false;
	memcpy((uint8_t *)world->word + pa, data, bytes);
	return true;
}

static const struct smmu_ops ops = { .read = read_words, .write = write_bytes };

static void put(struct world *w, uint64_t pa, uint64_t raw)
{
	w->word[pa / 8] = raw;
}

/* Four levels of 4K pages from `root` on: the first `pages` at `frame`. */
static void map(struct world *w, uint64_t root, uint64_t pages, uint64_t frame,
		uint64_t attributes)
{
	uint64_t level1 = root + 0x1000, level2 = root + 0x2000;

	put(w, root, level1 | 3);
	put(w, level1, level2 | 3);
	for (uint64_t i = 0; i < pages; i++) {
		uint64_t table = root + 0x3000 + i / 512 * 4096;

		put(w, level2 + i / 512 * 8, table | 3);
		put(w, table + i % 512 * 8, (frame + i) << 12 | attributes);
	}
}

/* T0SZ 16, 48 bits, 4K, AA64; IHI0070 5.2, 5.4. */
static void build(struct world *w)
{
	put(w, STRTAB + 64 * SID_S1, CDS | 0xb);
	put(w, STRTAB + 64 * SID_S1 + 8, 0x54);
	put(w, STRTAB + 64 * SID_S1 + 16, 0xa6);
	put(w, STRTAB + 64 * SID_BOTH, CDS | 0xf);
	put(w, STRTAB + 64 * SID_BOTH + 8, 0x54);
	put(w, STRTAB + 64 * SID_BOTH + 16, UINT64_C(0x040d3590000000a7));
	put(w, STRTAB + 64 * SID_BOTH + 24, STAGE2);
	put(w, STRTAB + 64 * SID_S2, 0xd);
	put(w, STRTAB + 64 * SID_S2 + 16, UINT64_C(0x040d3590000000a8));
	put(w, STRTAB + 64 * SID_S2 + 24, STAGE2);
	put(w, CDS, UINT64_C(0x00516205c0003510));
	put(w, CDS + 8, STAGE1);
	put(w, CDS + 24, 0xff);
	map(w, STAGE1, PAGES, FIRST_OUT, 0xf43);
	map(w, STAGE2, 2 * FIRST_OUT, 0, 0x7ff); /* identity */
	smmu_mmio_write(w->smmu, 0x28, 0xd75, 4, 0);
	smmu_mmio_write(w->smmu, 0x80, STRTAB, 8, 0);
	smmu_mmio_write(w->smmu, 0x88, 4, 4, 0);
	smmu_mmio_write(w->smmu, 0x20, 1, 4, 0);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* One look-up in a table by page, with its tag: about what any model of a TLB
 * must do. Nanoseconds each. */
static double floor_ns(uint64_t pages, uint64_t count)
{
	static struct {
		uint64_t page, tag, out;
	} table[PAGES];
	volatile uint64_t tag = 7;
	uint64_t sum = 0;
	double began;

	for (uint64_t i = 0; i < PAGES; i++) {
		table[i].page = i;
		table[i].tag = 7;
		table[i].out = i + FIRST_OUT;
	}
	began = now();
	for (uint64_t i = 0; i < count; i++) {
		uint64_t page = i * 37 % pages;

		if (table[page].page == page && table[page].tag == tag)
			sum += table[page].out << 12;
	}
	began = now() - began;
	if (sum == 1) /* it must be computed */
		printf("?");
	return began * 1e9 / (double)count;
}

struct job {
	const char *name;
	uint32_t sid;
	uint64_t pages, count;
	double target; /* M a second */
};

/* Pages in a stride order, so that none is the one before. False: short. */
static bool measure(struct world *w, const struct job *job)
{
	struct smmu_request r = { .sid = job->sid, .bytes = 64 };
	struct smmu_outcome out;
	uint64_t good = 0, reads = 0;
	uint64_t first = job->sid == SID_S2 ? 0 : FIRST_OUT; /* identity */
	double ns, plain = floor_ns(job->pages, job->count), rate;

	for (uint64_t i = 0; i < job->pages; i++) {
		r.address = i << 12;
		smmu_translate(w->smmu, &r, &out);
	}
	ns = now();
	for (uint64_t i = 0; i < job->count; i++) {
		uint64_t page = i * 37 % job->pages;

		r.address = page << 12;
		r.now = i * 50;
		smmu_translate(w->smmu, &r, &out);
		good += out.pa == (page + first) << 12;
		reads += out.reads;
	}
	ns = (now() - ns) * 1e9 / (double)job->count;
	rate = 1e3 / ns;
	BUG_ON(NULL, good != job->count);
	printf("smmu %s: %.1f M translations/s, %.1f ns, %.1f x floor, %.2f "
	       "reads each\n",
	       job->name, rate, ns, ns / plain,
	       (double)reads / (double)job->count);
	return rate >= job->target;
}

int main(int argc, char **argv)
{
	static const struct job jobs[] = {
		{ "hits, one page", SID_BOTH, 1, 20000000, 30 },
		{ "hits, 16 pages, uTLB", SID_BOTH, 16, 20000000, 30 },
		{ "hits, 64 pages, main TLB", SID_BOTH, 64, 20000000, 30 },
		{ "hits, 16 pages, stage 2", SID_S2, 16, 20000000, 30 },
		{ "walks of stage 2, 4096 pages", SID_S2, PAGES, 4000000, 6 },
		{ "walks of stage 1, 4096 pages", SID_S1, PAGES, 4000000, 6 },
		{ "walks of both, 4096 pages", SID_BOTH, PAGES, 4000000, 6 },
	};
	struct smmu_config config = smmu_config_common();
	struct world w = { .word = calloc(1, BYTES) };
	bool good = true;

	(void)argv;
	model_random_seed(&w.random, 1);
	w.smmu = smmu_new(&config, &ops, &w, &w.random);
	if (!w.word || !w.smmu)
		return 2;
	build(&w);
	for (unsigned int i = 0; i < sizeof(jobs) / sizeof(jobs[0]); i++)
		good &= measure(&w, &jobs[i]);
	smmu_free(w.smmu);
	free(w.word);
	return argc > 1 && !good;
}
