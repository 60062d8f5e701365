/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * conformance-smmu: random streams and tables translated by the SMMUv3 model
 * and by QEMU's. The last line counts vectors and mismatches; exit 1 if there
 * is one, 2 if QEMU does not run.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/bits.h"
#include "tests/diff/smmu/campaign.h"

#define FLAVOURS 2 /* linear stream tables, two-level ones */

/* What the command line asks for, and a campaign for each flavour. */
struct run {
	uint64_t seed, count, batch; /* batch UINT64_MAX: all */
	unsigned int mutation;
	bool coverage, all_mutations;
	struct campaign campaign[FLAVOURS];
};

static bool start_judge(struct campaign *c)
{
	struct smmu_config config = judge_config();

	if (c->mutation && c->mutation->config)
		c->mutation->config(&config);
	return judge_start(&c->judge, &config, c->machine.q.ram);
}

/* The registers that say what an SMMU can do. */
static void compare_ids(struct campaign *c)
{
	for (uint32_t i = 0; i < 7; i++) {
		uint32_t offset = i < 6 ? 4 * i : 0x1c;
		uint32_t qemu = i < 6 ? c->machine.idr[i] : c->machine.aidr;
		uint32_t model =
			(uint32_t)smmu_mmio_read(c->judge.smmu, offset, 4);

		if (model == qemu)
			continue;
		printf("MISMATCH register %02x: model %08x QEMU %08x\n", offset,
		       model, qemu);
		c->mismatches++;
	}
}

static bool run_batches(const struct run *it, struct campaign *c)
{
	c->limit = c->two_level ? it->count * 3 / 8
				: it->count - it->count * 3 / 8;
	if (it->batch != UINT64_MAX) {
		c->next_batch = it->batch;
		return campaign_run_batch(c);
	}
	while (c->vectors < c->limit)
		if (!campaign_run_batch(c))
			return false;
	return true;
}

static bool restart_judge(struct campaign *c, unsigned int k)
{
	judge_stop(&c->judge);
	c->mutation = mutation_get(k);
	c->mismatches = 0;
	c->next_batch = 0;
	c->limit = UINT64_MAX;
	return start_judge(c);
}

/* One mutation: batches of both flavours in turn until a mismatch. */
static bool run_mutation(struct run *it, unsigned int k, bool *found)
{
	struct campaign *c = it->campaign;
	uint64_t vectors = 0;

	for (unsigned int i = 0; i < FLAVOURS; i++)
		if (!restart_judge(&c[i], k))
			return false;
	for (*found = false; !*found && vectors < it->count;)
		for (unsigned int i = 0; i < FLAVOURS && !*found; i++) {
			if (!campaign_run_batch(&c[i]))
				return false;
			*found = c[i].mismatches;
			vectors += DEVICES;
		}
	printf("%s mutation %u: %s: %s in %" PRIu64 " vectors\n",
	       *found ? "PASS" : "FAIL", k, mutation_get(k)->name,
	       *found ? "found" : "not found", vectors);
	return true;
}

/* Leaves in the first campaign's mismatches how many were not found. */
static bool run_mutations(struct run *it)
{
	uint64_t missed = 0;
	bool found;

	for (unsigned int i = 0; i < FLAVOURS; i++)
		it->campaign[i].reports = REPORTS_MAX;
	for (unsigned int k = 1; k <= mutation_count; k++) {
		if (!run_mutation(it, k, &found))
			return false;
		missed += !found;
	}
	for (unsigned int i = 0; i < FLAVOURS; i++)
		it->campaign[i].mismatches = i ? 0 : missed;
	printf("%" PRIu64 " passed, %" PRIu64 " failed\n",
	       mutation_count - missed, missed);
	return true;
}

/* The first campaign's counts become both's. */
static void add_up(struct run *it)
{
	struct campaign *a = &it->campaign[0], *b = &it->campaign[1];

	a->vectors += b->vectors;
	a->mismatches += b->mismatches;
	a->next_batch += b->next_batch;
	a->not_asked += b->not_asked;
	a->not_followed += b->not_followed;
	a->translated += b->translated;
	a->nested += b->nested;
	a->stage1 += b->stage1;
	a->stage2 += b->stage2;
	a->landed += b->landed;
	for (unsigned int i = 0; i < 256; i++)
		a->by_event[i] += b->by_event[i];
	for (unsigned int k = 0; k < known_count; k++)
		a->explained[k] += b->explained[k];
}

static void print_coverage(const struct campaign *c)
{
	printf("%" PRIu64 " translated; walked stage 1 %" PRIu64
	       ", stage 2 %" PRIu64 ", both %" PRIu64 "; %" PRIu64
	       " landings, %" PRIu64 " not asked, %" PRIu64
	       " not followed\nQEMU's events:",
	       c->translated, c->stage1, c->stage2, c->nested, c->landed,
	       c->not_asked, c->not_followed);
	for (unsigned int i = 0; i < 256; i++)
		if (c->by_event[i])
			printf(" %s %" PRIu64,
			       smmu_event_name((enum smmu_event)i),
			       c->by_event[i]);
	printf("\n");
}

static void conclude(const struct run *it, double seconds)
{
	const struct campaign *c = &it->campaign[0];

	if (it->coverage)
		print_coverage(c);
	printf("%" PRIu64 " batches, %" PRIu64 " translated, %.0f vectors a "
	       "second\nknown differences:",
	       c->next_batch, c->translated, (double)c->vectors / seconds);
	for (unsigned int k = 0; k < known_count; k++)
		printf(" %s %" PRIu64 "%s", known_differences[k].name,
		       c->explained[k], k + 1 < known_count ? "," : "");
	printf("\n%" PRIu64 " vectors, %" PRIu64 " mismatches\n", c->vectors,
	       c->mismatches);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool start(struct run *it)
{
	for (unsigned int i = 0; i < FLAVOURS; i++) {
		struct campaign *c = &it->campaign[i];

		c->seed = it->seed;
		c->two_level = i == 1;
		c->mutation = mutation_get(it->mutation);
		if (!machine_start(&c->machine) || !start_judge(c))
			return false;
		compare_ids(c);
	}
	return true;
}

static bool run_all(struct run *it)
{
	if (it->all_mutations)
		return run_mutations(it);
	return run_batches(it, &it->campaign[0]) &&
	       run_batches(it, &it->campaign[1]);
}

static int run(struct run *it)
{
	double began = now();
	bool fine = start(it) && run_all(it);

	if (!fine)
		fprintf(stderr, "conformance-smmu: QEMU does not answer\n");
	add_up(it);
	if (!it->all_mutations)
		conclude(it, now() - began);
	for (unsigned int i = 0; i < FLAVOURS; i++) {
		if (!fine)
			qtest_complain(&it->campaign[i].machine.q);
		judge_stop(&it->campaign[i].judge);
		machine_stop(&it->campaign[i].machine);
	}
	return !fine ? 2 : it->campaign[0].mismatches ? 1 : 0;
}

static int usage(void)
{
	fprintf(stderr, "usage: conformance-smmu [--seed N] [--count N] "
			"[--mutate K | --mutate-all]\n"
			"                        [--batch N] [--coverage]\n");
	return 2;
}

static bool number(const char *text, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 0);
	return !errno && *text && !*end;
}

/* One option; false: not as it should be. */
static bool set_option(struct run *it, int option, const char *text)
{
	uint64_t n = 0;

	if (strchr("scmb", option) && !number(text, &n))
		return false;
	switch (option) {
	case 's':
		it->seed = n;
		return true;
	case 'c':
		it->count = n;
		return true;
	case 'b':
		it->batch = n;
		return true;
	case 'm':
		it->mutation = (unsigned int)n;
		return !n || mutation_get((unsigned int)n);
	case 'a':
		return it->all_mutations = true;
	case 'v':
		return it->coverage = true;
	default:
		return false;
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "seed", 1, NULL, 's' },   { "count", 1, NULL, 'c' },
		{ "mutate", 1, NULL, 'm' }, { "mutate-all", 0, NULL, 'a' },
		{ "batch", 1, NULL, 'b' },  { "coverage", 0, NULL, 'v' },
		{ NULL, 0, NULL, 0 },
	};
	struct run *it = calloc(1, sizeof(*it));
	int option, status = 2;

	if (!it)
		return 2;
	it->count = 5000;
	it->batch = UINT64_MAX;
	it->seed = 1;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (set_option(it, option, optarg))
			continue;
		free(it);
		return usage();
	}
	status = optind == argc ? run(it) : usage();
	free(it);
	return status;
}
