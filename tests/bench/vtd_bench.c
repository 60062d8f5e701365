/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * models/vtd alone: translations a second with IOTLB hits, and with walks
 * whose upper levels the paging-structure cache has. Seconds are the
 * processor's.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/bug.h"
#include "models/vtd/vtd.h"

_Noreturn void port_bug(void *host, const char *file, int line,
			const char *what)
{
	(void)host;
	fprintf(stderr, "%s:%d: %s\n", file, line, what);
	abort();
}

#define BYTES (64u << 20)
#define PAGES 4096

struct world {
	uint64_t *word;
	struct vtd *vtd;
	struct model_random random;
};

static bool read_descriptor(void *context, uint64_t pa, unsigned int words,
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

static const struct vtd_ops ops = { .read_descriptor = read_descriptor };

static void build(struct world *w)
{
	w->word[0x1000 / 8] = 0x2001;
	w->word[0x2080 / 8] = 0x3001;
	w->word[0x2088 / 8] = 0x4202;
	w->word[0x3000 / 8] = 0x4003;
	w->word[0x4000 / 8] = 0x5003;
	for (uint64_t i = 0; i < PAGES; i++) {
		uint64_t table = 0x10000 + (i / 512) * 4096;

		w->word[0x5000 / 8 + i / 512] = table | 3;
		w->word[table / 8 + i % 512] = (i + 4096) << 12 | 3;
	}
	vtd_mmio_write(w->vtd, 0x20, 0x1000, 8, 0);
	vtd_mmio_write(w->vtd, 0x18, 0x40000000, 4, 0);
	vtd_mmio_write(w->vtd, 0x18, 0x80000000, 4, 0);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Pages in a stride order, so that none is the one before. */
static void measure(struct world *w, const char *what, uint64_t pages,
		    uint64_t count)
{
	struct vtd_request r = { .sid = 0x08, .bytes = 64 };
	struct vtd_outcome out;
	uint64_t sum = 0, walks = 0;
	double began = now(), seconds;

	for (uint64_t i = 0; i < count; i++) {
		r.iova = i * 37 % pages << 12;
		r.now = i * 50;
		vtd_translate(w->vtd, &r, &out);
		sum += out.pa;
		walks += out.reads != 0;
	}
	seconds = now() - began;
	printf("vtd %s: %.1f M translations/s, %.1f ns, %.3f walks each (%x)\n",
	       what, (double)count / seconds / 1e6,
	       seconds * 1e9 / (double)count, (double)walks / (double)count,
	       (unsigned int)(sum & 0xffff));
}

int main(void)
{
	struct vtd_config config = vtd_config_common();
	struct world w = { .word = calloc(1, BYTES) };

	model_random_seed(&w.random, 1);
	w.vtd = vtd_new(&config, &ops, &w, &w.random);
	if (!w.word || !w.vtd)
		return 1;
	build(&w);
	measure(&w, "one page", 1, 20000000);
	measure(&w, "hits, 64 pages", 64, 20000000);
	measure(&w, "walks, 4096 pages", PAGES, 5000000);
	vtd_free(w.vtd);
	free(w.word);
	return 0;
}
