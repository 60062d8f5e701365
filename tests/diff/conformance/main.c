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

/* CPUs whose features are the model's: FEAT_XNX, 16-bit VMID, no FEAT_TTST. */
static const struct cpu {
	const char *name;
	uint8_t pa_bits;
	unsigned int share; /* of the vectors, in sixteenths */
} cpus[] = {
	{ "neoverse-n1", 48, 12 },
	{ "cortex-a76", 40, 4 },
};
#define CPUS (sizeof(cpus) / sizeof(cpus[0]))

/* What the command line asks for, and the campaign for it. */
struct run {
	const char *program, *only_cpu;
	uint64_t count;
	uint64_t only; /* this case alone; UINT64_MAX: all */
	bool show_coverage, all_mutations;
	struct campaign campaign;
};

static void fill_window(struct machine *machine)
{
	uint32_t *word = machine_host(machine, WINDOW_PA);

	for (uint32_t i = 0; i < WINDOW_BYTES; i += 4)
		word[i / 4] = WINDOW_WORD(i);
}

static bool run_until(struct run *it, uint64_t until)
{
	if (it->only != UINT64_MAX) {
		it->campaign.next_case = it->only;
		return campaign_run_batch(&it->campaign, 1);
	}
	while (it->campaign.coverage.vectors < until)
		if (!campaign_run_batch(&it->campaign, EL2_CASES_MAX))
			return false;
	return true;
}

/* Each mutation until its first mismatch. */
static bool run_mutations(struct run *it, uint64_t until)
{
	uint64_t found = 0;

	it->campaign.reports = REPORTS_MAX;
	for (unsigned int k = 1; k <= mutation_count; k++) {
		it->campaign.mutation = mutation_get(k);
		it->campaign.coverage.vectors = 0;
		it->campaign.mismatches = 0;
		it->campaign.next_case = 0;
		while (!it->campaign.mismatches && it->campaign.coverage.vectors < until)
			if (!campaign_run_batch(&it->campaign, EL2_CASES_MAX))
				return false;
		printf("%s mutation %u: %s: %" PRIu64 " mismatches in %" PRIu64
		       " vectors\n",
		       it->campaign.mismatches ? "PASS" : "FAIL", k, it->campaign.mutation->name,
		       it->campaign.mismatches, it->campaign.coverage.vectors);
		found += it->campaign.mismatches != 0;
	}
	printf("%" PRIu64 " of %u mutations found\n", found, mutation_count);
	it->campaign.mismatches = mutation_count - found;
	return true;
}

static bool run_cpu(struct run *it, const struct cpu *cpu, uint64_t until)
{
	bool fine;

	it->campaign.cpu = cpu->name;
	it->campaign.options.pa_bits = cpu->pa_bits;
	if (!judge_start(&it->campaign.judge, cpu->pa_bits, &it->campaign.ram))
		return false;
	if (!machine_start(&it->campaign.machine, cpu->name, it->program)) {
		judge_stop(&it->campaign.judge);
		return false;
	}
	fill_window(&it->campaign.machine);
	fine = it->all_mutations ? run_mutations(it, until) :
				   run_until(it, until);
	machine_stop(&it->campaign.machine);
	judge_stop(&it->campaign.judge);
	return fine;
}

static int conclude(const struct run *it, bool fine, double seconds)
{
	printf("%" PRIu64 " of %" PRIu64 " translated; %" PRIu64 " cases, %" PRIu64
	       " without a way to EL1; %.0f vectors a second\n",
	       it->campaign.coverage.translated, it->campaign.coverage.vectors, it->campaign.next_case, it->campaign.stubless,
	       (double)it->campaign.coverage.vectors / seconds);
	if (it->show_coverage)
		coverage_print(&it->campaign.coverage);
	printf("known differences:");
	for (unsigned int k = 0; k < known_count; k++)
		printf(" %s %" PRIu64 "%s", known_differences[k].name,
		       it->campaign.explained[k], k + 1 < known_count ? "," : "");
	printf("\n%" PRIu64 " vectors, %" PRIu64 " mismatches\n", it->campaign.coverage.vectors,
	       it->campaign.mismatches);
	return it->campaign.mismatches ? 1 : fine ? 0 : 2;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int run(struct run *it, const char *only_cpu)
{
	double start = now();
	uint64_t until = 0;
	bool fine = true;

	if (ram_init(&it->campaign.ram, (pa_t){ RAM_PA }, RAM_BYTES) != ERR_OK)
		return 2;
	for (unsigned int i = 0; i < CPUS && fine; i++) {
		until += it->count * cpus[i].share / 16;
		if (only_cpu && strcmp(only_cpu, cpus[i].name))
			continue;
		fine = run_cpu(it, &cpus[i], only_cpu ? it->count : until);
		if (it->all_mutations)
			break;
	}
	ram_fini(&it->campaign.ram);
	if (it->all_mutations)
		return !fine ? 2 : it->campaign.mismatches ? 1 : 0;
	return conclude(it, fine, now() - start);
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
	it->campaign.options = (struct case_options){ .seed = 1,
						      .granules = 1 };
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
