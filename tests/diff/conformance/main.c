/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * conformance: random tables translated by the Arm MMU model and by QEMU.
 * The last line counts vectors and mismatches; exit 1 if there is one, 2 if
 * QEMU does not run.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/diff/conformance/campaign.h"

/* CPUs whose features are the model's: FEAT_XNX, 16-bit VMID; the last has
 * FEAT_LPA, FEAT_LVA and FEAT_TTST as well. */
static const struct cpu {
	const char *name;
	uint8_t pa_bits;
	bool small_tables;
	unsigned int share; /* of the vectors, in sixteenths */
} cpus[] = {
	{ "neoverse-n1", 48, false, 7 },
	{ "cortex-a76", 40, false, 3 },
	{ "max,lpa2=off", 52, true, 6 },
};
#define CPUS (sizeof(cpus) / sizeof(cpus[0]))

/* What the command line asks for, and the campaign for it. */
struct run {
	const char *program, *only_cpu;
	uint64_t count;
	uint64_t only; /* this case alone; UINT64_MAX: all */
	bool show_coverage, all_mutations;
	unsigned int found; /* mutations */
	struct campaign campaign;
};

static void fill_window(struct machine *machine)
{
	uint32_t *word = machine_host(machine, WINDOW_PA);

	for (uint32_t i = 0; i < WINDOW_BYTES; i += 4)
		word[i / 4] = WINDOW_WORD(i);
}

static bool run_until(struct run *it, uint64_t limit)
{
	struct campaign *c = &it->campaign;

	c->limit = limit;
	if (it->only != UINT64_MAX) {
		c->next_case = it->only;
		return campaign_run_batch(c, 1);
	}
	while (c->coverage.vectors < limit)
		if (!campaign_run_batch(c, EL2_CASES_MAX))
			return false;
	return true;
}

/* Each mutation until its first mismatch. */
static bool run_mutations(struct run *it)
{
	struct campaign *c = &it->campaign;

	c->reports = REPORTS_MAX;
	c->limit = it->count;
	for (unsigned int k = 1; k <= mutation_count; k++) {
		c->mutation = mutation_get(k);
		if (c->mutation->wide != (c->options.pa_bits == 52))
			continue;
		c->coverage.vectors = 0;
		c->mismatches = 0;
		c->next_case = 0;
		while (!c->mismatches && c->coverage.vectors < c->limit)
			if (!campaign_run_batch(c, EL2_CASES_MAX))
				return false;
		printf("%s mutation %u: %s: %" PRIu64 " mismatches in %" PRIu64
		       " vectors\n",
		       c->mismatches ? "PASS" : "FAIL", k, c->mutation->name,
		       c->mismatches, c->coverage.vectors);
		it->found += c->mismatches != 0;
	}
	return true;
}

static bool run_cpu(struct run *it, const struct cpu *cpu, uint64_t limit)
{
	struct campaign *c = &it->campaign;
	bool fine;

	c->cpu = cpu->name;
	c->options.pa_bits = cpu->pa_bits;
	c->options.small_tables = cpu->small_tables;
	if (!judge_start(&c->judge, &c->options, &c->ram))
		return false;
	if (!machine_start(&c->machine, cpu->name, it->program)) {
		judge_stop(&c->judge);
		return false;
	}
	fill_window(&c->machine);
	fine = it->all_mutations ? run_mutations(it) : run_until(it, limit);
	machine_stop(&c->machine);
	judge_stop(&c->judge);
	return fine;
}

static void conclude(const struct run *it, double seconds)
{
	const struct campaign *c = &it->campaign;
	uint64_t vectors = c->coverage.vectors;

	if (it->show_coverage)
		coverage_print(&c->coverage);
	printf("%" PRIu64 " cases, %" PRIu64 " translated, %.0f vectors a "
	       "second\n",
	       c->next_case, c->coverage.translated, (double)vectors / seconds);
	printf("known differences:");
	for (unsigned int k = 0; k < known_count; k++)
		printf(" %s %" PRIu64 "%s", known_differences[k].name,
		       c->explained[k], k + 1 < known_count ? "," : "");
	printf("\n%" PRIu64 " vectors, %" PRIu64 " mismatches\n", vectors,
	       c->mismatches);
}

static void conclude_mutations(struct run *it)
{
	printf("%u passed, %u failed\n", it->found, mutation_count - it->found);
	it->campaign.mismatches = mutation_count - it->found;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* All CPUs, or the one asked for. False: QEMU did not see it through. */
static bool run_cpus(struct run *it)
{
	unsigned int share = 0;
	bool known = false;

	for (unsigned int i = 0; i < CPUS; i++) {
		bool alone = it->only_cpu || it->all_mutations;

		share += cpus[i].share;
		if (it->only_cpu && strcmp(it->only_cpu, cpus[i].name))
			continue;
		known = true;
		if (it->all_mutations && cpus[i].pa_bits < 48)
			continue;
		if (!run_cpu(it, &cpus[i],
			     alone ? it->count : it->count * share / 16))
			return false;
	}
	if (!known)
		fprintf(stderr, "conformance: no such CPU: %s\n", it->only_cpu);
	return known;
}

static int run(struct run *it)
{
	double start = now();
	bool fine;

	if (ram_init(&it->campaign.ram, (pa_t){ RAM_PA }, RAM_BYTES) != ERR_OK)
		return 2;
	fine = run_cpus(it);
	ram_fini(&it->campaign.ram);
	if (it->all_mutations)
		conclude_mutations(it);
	else
		conclude(it, now() - start);
	return it->campaign.mismatches ? 1 : fine ? 0 : 2;
}

static int usage(void)
{
	fprintf(stderr,
		"usage: conformance --program ELF [--seed N] [--count N] "
		"[--mutate K | --mutate-all]\n"
		"                   [--cpu NAME] [--case N] [--granules MASK] "
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
	struct case_options *options = &it->campaign.options;
	uint64_t n = 0;

	if (strchr("scmng", option) && !number(text, &n))
		return false;
	switch (option) {
	case 'p':
		it->program = text;
		return true;
	case 'u':
		it->only_cpu = text;
		return true;
	case 's':
		options->seed = n;
		return true;
	case 'c':
		it->count = n;
		return true;
	case 'n':
		it->only = n;
		return true;
	case 'g':
		options->granules = (unsigned int)n;
		return n >= 1 && n < 1u << GRANULES;
	case 'm':
		it->campaign.mutation = mutation_get((unsigned int)n);
		return !n || it->campaign.mutation;
	case 'a':
		return it->all_mutations = true;
	case 'v':
		return it->show_coverage = true;
	default:
		return false;
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "program", 1, NULL, 'p' },	{ "seed", 1, NULL, 's' },
		{ "count", 1, NULL, 'c' },	{ "mutate", 1, NULL, 'm' },
		{ "mutate-all", 0, NULL, 'a' }, { "cpu", 1, NULL, 'u' },
		{ "case", 1, NULL, 'n' },	{ "granules", 1, NULL, 'g' },
		{ "coverage", 0, NULL, 'v' },	{ NULL, 0, NULL, 0 },
	};
	struct run *it = calloc(1, sizeof(*it));
	int option, status;

	if (!it)
		return 2;
	it->count = 5000;
	it->only = UINT64_MAX;
	it->campaign.reported_case = UINT64_MAX;
	it->campaign.options =
		(struct case_options){ .seed = 1,
				       .granules = (1u << GRANULES) - 1 };
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (set_option(it, option, optarg))
			continue;
		free(it);
		return usage();
	}
	status = it->program && optind == argc ? run(it) : usage();
	free(it);
	return status;
}
