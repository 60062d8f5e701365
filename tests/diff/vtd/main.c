/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * conformance-vtd: random tables translated by the VT-d model and by QEMU's
 * intel-iommu. The last line counts vectors and mismatches; exit 1 if there is
 * one, 2 if QEMU does not run.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/bits.h"
#include "tests/diff/vtd/campaign.h"

static const struct flavour flavours[] = {
	{ .name = "legacy-48",
	  .options = "intremap=off",
	  .aw_bits = 48,
	  .pass_through = true,
	  .share = 5 },
	{ .name = "legacy-39",
	  .options = "intremap=off,aw-bits=39,snoop-control=on,pt=off",
	  .aw_bits = 39,
	  .snoop_control = true,
	  .share = 2 },
	{ .name = "scalable-second",
	  .options = "intremap=off,x-scalable-mode=on",
	  .aw_bits = 48,
	  .scalable = true,
	  .pass_through = true,
	  .share = 5 },
	{ .name = "scalable-first",
	  .options = "intremap=off,x-scalable-mode=on,x-flts=on",
	  .aw_bits = 48,
	  .scalable = true,
	  .first = true,
	  .first_1g = true,
	  .pass_through = true,
	  .share = 4 },
};
#define FLAVOURS (sizeof(flavours) / sizeof(flavours[0]))

/* What the command line asks for, and the campaign for it. */
struct run {
	const char *only;
	uint64_t count, batch; /* UINT64_MAX: all batches */
	bool coverage, all_mutations;
	struct campaign campaign;
};

static bool start(struct campaign *c, const struct flavour *flavour)
{
	struct vtd_config config = judge_config(flavour);

	c->flavour = flavour;
	if (c->mutation && c->mutation->config)
		c->mutation->config(&config);
	if (!machine_start(&c->machine, flavour))
		return false;
	if (judge_start(&c->judge, &config, c->machine.q.ram))
		return true;
	machine_stop(&c->machine);
	return false;
}

/* Another model, the same QEMU. False: such a model cannot be. */
static bool restart_judge(struct campaign *c, const struct mutation *mutation)
{
	struct vtd_config config = judge_config(c->flavour);

	judge_stop(&c->judge);
	c->mutation = mutation;
	c->mismatches = 0;
	c->next_batch = 0;
	if (mutation->config)
		mutation->config(&config);
	return judge_start(&c->judge, &config, c->machine.q.ram);
}

static void stop(struct campaign *c)
{
	judge_stop(&c->judge);
	machine_stop(&c->machine);
}

/* The registers that say what a unit can do. */
static void compare_capabilities(struct campaign *c)
{
	/* QEMU does not report what it does in scalable mode: it sets A and
	 * D without C, and takes SNP without SC, RID_PASID without RPS and
	 * AW without SSTS. */
	const uint64_t unreported =
		(c->flavour->scalable ? BIT(0) | BIT(7) | BIT(49) : 0) |
		(c->flavour->first ? BIT(46) : 0);
	const struct {
		const char *name;
		uint32_t offset;
		uint64_t ignored;
	} registers[] = {
		{ "CAP", 0x08, 0 },
		{ "ECAP", 0x10, unreported },
	};
	uint64_t qemu, model;

	for (unsigned int i = 0; i < 2; i++) {
		model = vtd_mmio_read(c->judge.vtd, registers[i].offset, 8);
		if (!qtest_read(&c->machine.q, 8,
				VTD_BASE + registers[i].offset, &qemu))
			return;
		if (((model ^ qemu) & ~registers[i].ignored) == 0)
			continue;
		printf("MISMATCH %s %s: model %016" PRIx64 " QEMU %016" PRIx64
		       "\n",
		       c->flavour->name, registers[i].name, model, qemu);
		c->mismatches++;
	}
}

static bool run_until(struct run *it, uint64_t limit)
{
	struct campaign *c = &it->campaign;

	c->limit = limit;
	if (it->batch != UINT64_MAX) {
		c->next_batch = it->batch;
		return campaign_run_batch(c);
	}
	while (c->vectors < limit)
		if (!campaign_run_batch(c))
			return false;
	return true;
}

static bool run_flavour(struct run *it, const struct flavour *flavour,
			uint64_t limit)
{
	bool fine;

	if (!start(&it->campaign, flavour))
		return false;
	compare_capabilities(&it->campaign);
	fine = run_until(it, limit);
	if (!fine)
		fprintf(stderr, "conformance-vtd: QEMU does not answer\n");
	stop(&it->campaign);
	return fine;
}

static bool run_flavours(struct run *it)
{
	unsigned int share = 0;
	bool known = false;

	for (unsigned int i = 0; i < FLAVOURS; i++) {
		share += flavours[i].share;
		if (it->only && strcmp(it->only, flavours[i].name) != 0)
			continue;
		known = true;
		if (!run_flavour(it, &flavours[i],
				 it->only ? it->count : it->count * share / 16))
			return false;
	}
	if (!known)
		fprintf(stderr, "conformance-vtd: no such flavour: %s\n",
			it->only);
	return known;
}

/* One mutation: batches of all flavours in turn, until the first mismatch. */
static bool run_mutation(struct run *it, struct campaign *all, unsigned int k)
{
	const struct mutation *mutation = mutation_get(k);
	uint64_t vectors = 0, found = 0, skipped = 0;

	for (unsigned int i = 0; i < FLAVOURS; i++)
		if (!restart_judge(&all[i], mutation))
			skipped |= 1u << i;
	while (!found && vectors < it->count)
		for (unsigned int i = 0; i < FLAVOURS && !found; i++) {
			if (skipped >> i & 1)
				continue;
			all[i].limit = UINT64_MAX;
			if (!campaign_run_batch(&all[i]))
				return false;
			found = all[i].mismatches;
			vectors += DEVICES;
		}
	printf("%s mutation %u: %s: %" PRIu64 " mismatches in %" PRIu64
	       " vectors\n",
	       found ? "PASS" : "FAIL", k, mutation->name, found, vectors);
	it->campaign.mismatches += !found;
	return true;
}

static bool run_mutations(struct run *it)
{
	struct campaign *all = calloc(FLAVOURS, sizeof(*all));
	unsigned int started = 0;
	bool fine = all != NULL;

	for (; fine && started < FLAVOURS; started++) {
		all[started].seed = it->campaign.seed;
		all[started].reports = REPORTS_MAX;
		fine = start(&all[started], &flavours[started]);
	}
	for (unsigned int k = 1; fine && k <= mutation_count; k++)
		fine = run_mutation(it, all, k);
	while (started > 0)
		stop(&all[--started]);
	free(all);
	printf("%" PRIu64 " passed, %" PRIu64 " failed\n",
	       mutation_count - it->campaign.mismatches,
	       it->campaign.mismatches);
	return fine;
}

static void print_coverage(const struct campaign *c)
{
	printf("%" PRIu64 " translated (%" PRIu64 " passed through), %" PRIu64
	       " faults (%" PRIu64 " suppressed), %" PRIu64 " records, %" PRIu64
	       " landings, %" PRIu64 " not asked\n",
	       c->translated, c->passed, c->faulted, c->suppressed, c->records,
	       c->landed, c->not_asked);
	printf("QEMU's reasons:");
	for (unsigned int i = 0; i < 256; i++)
		if (c->by_reason[i])
			printf(" %x: %" PRIu64, i, c->by_reason[i]);
	printf("\n");
}

static void conclude(const struct run *it, double seconds)
{
	const struct campaign *c = &it->campaign;

	if (it->coverage)
		print_coverage(c);
	printf("%" PRIu64 " batches, %" PRIu64 " translated, %.0f vectors a "
	       "second\n",
	       c->next_batch, c->translated, (double)c->vectors / seconds);
	printf("known differences:");
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

static int run(struct run *it)
{
	double began = now();
	bool fine = it->all_mutations ? run_mutations(it) : run_flavours(it);

	if (!it->all_mutations)
		conclude(it, now() - began);
	return it->campaign.mismatches ? 1 : fine ? 0 : 2;
}

static int usage(void)
{
	fprintf(stderr, "usage: conformance-vtd [--seed N] [--count N] "
			"[--mutate K | --mutate-all]\n"
			"                       [--flavour NAME] [--batch N] "
			"[--coverage]\n");
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
		it->campaign.seed = n;
		return true;
	case 'c':
		it->count = n;
		return true;
	case 'b':
		it->batch = n;
		return true;
	case 'f':
		it->only = text;
		return true;
	case 'm':
		it->campaign.mutation = mutation_get((unsigned int)n);
		return !n || it->campaign.mutation;
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
		{ "seed", 1, NULL, 's' },     { "count", 1, NULL, 'c' },
		{ "mutate", 1, NULL, 'm' },   { "mutate-all", 0, NULL, 'a' },
		{ "flavour", 1, NULL, 'f' },  { "batch", 1, NULL, 'b' },
		{ "coverage", 0, NULL, 'v' }, { NULL, 0, NULL, 0 },
	};
	struct run *it = calloc(1, sizeof(*it));
	int option, status = 2;

	if (!it)
		return 2;
	it->count = 5000;
	it->batch = UINT64_MAX;
	it->campaign.seed = 1;
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
