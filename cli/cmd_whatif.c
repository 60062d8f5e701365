/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * p2msim whatif: the same traces on variants of a machine, one after the other
 * in this process or several at a time in children; each is compared with the
 * first.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/finish.h"
#include "cli/print.h"
#include "cli/progress.h"
#include "cli/summary.h"
#include "cli/vary.h"
#include "cli/whatif.h"
#include "sim/study/jobs.h"

struct sweep {
	const struct cli *cli;
	const struct vary *vary;
	struct input_file *input; /* [cli->operands] */
	json_t **variants;	  /* [cli->operands], arrays */
	struct progress progress;
	struct study_progress report;
	uint64_t instructions, accesses; /* of what is done */
	int code;
};

static int load_variant(const struct sweep *s, size_t trace, size_t n,
			struct machine_config *config)
{
	struct cli as;
	char *text;
	int code;

	if (vary_apply(s->vary, n, s->cli, &as, &text))
		code = cli_load_config_for(&as, s->input[trace].path, config);
	else
		code = cli_fail(EXIT_USAGE,
				"whatif: more than %d --set and --vary",
				OPTION_LIST_MAX);
	free(text);
	return code;
}

/* A mistake in the last variant shows before the first begins. */
static int check_variants(const struct sweep *s)
{
	int code = EXIT_FINE;

	for (int t = 0; t < s->cli->operands && !code; t++) {
		for (size_t n = 0; n < s->vary->variants && !code; n++) {
			struct machine_config config;

			code = load_variant(s, (size_t)t, n, &config);
			if (!code)
				config_fini(&config);
		}
	}
	return code;
}

/* ---- one replay ---- */

static void replay_run(void *context, size_t index, struct study_job *job)
{
	struct sweep *s = context;
	size_t trace = index / s->vary->variants;
	struct machine_config config;
	struct study_result result = { 0 };
	struct replay_options options = {
		.trace = s->input[trace].path,
		.limits = cli_limits(&s->cli->options),
	};

	job->code = load_variant(s, trace, index % s->vary->variants, &config);
	if (job->code)
		return; /* which has been said */
	if (s->cli->options.jobs == 1)
		options.progress = s->report;
	job->code = study_replay(&config, &options, &result, &job->error);
	config_fini(&config);
	job->result = result.stats;
}

static bool replay_done(void *context, size_t index, struct study_job *job)
{
	struct sweep *s = context;
	json_t *variants = s->variants[index / s->vary->variants];
	json_t *settings;

	progress_end(&s->progress);
	s->code = job->code;
	if (job->code && job->error.text[0])
		cli_fail_error(job->code, &job->error);
	if (!job->result)
		return false;
	s->instructions += (uint64_t)stats_cpu_sum(job->result, "instructions");
	s->accesses += (uint64_t)stats_cpu_sum(job->result, "accesses.load") +
		       (uint64_t)stats_cpu_sum(job->result, "accesses.store");
	settings = vary_settings(s->vary, index % s->vary->variants);
	whatif_add(variants, settings, job->result);
	json_decref(settings);
	json_decref(job->result);
	return job->code == EXIT_FINE;
}

static void replays_progress(void *context, size_t done)
{
	struct sweep *s = context;

	if (s->report.report)
		s->report.report(s->report.context, s->instructions,
				 s->accesses, done,
				 (uint64_t)s->cli->operands *
					 s->vary->variants);
}

static int replay_all(struct sweep *s)
{
	struct error_line error = { 0 };
	struct study_work work = {
		.count = (size_t)s->cli->operands * s->vary->variants,
		.jobs = (unsigned int)s->cli->options.jobs,
		.run = replay_run,
		.done = replay_done,
		.progress = replays_progress,
		.context = s,
	};
	int code;

	s->report = progress_start(&s->progress, &s->cli->options);
	code = study_jobs(&work, &error);
	progress_end(&s->progress);
	return code ? cli_fail_error(code, &error) : s->code;
}

/* ---- all ---- */

/* NULL: there is nothing to show. */
static json_t *collect(const struct sweep *s)
{
	json_t *traces = json_array();

	for (int t = 0; t < s->cli->operands; t++)
		if (json_array_size(s->variants[t]))
			json_array_append_new(
				traces,
				json_pack("{s:o, s:O}", "trace",
					  print_name(s->cli->operand[t]),
					  "variants", s->variants[t]));
	if (json_array_size(traces))
		return json_pack("{s:s, s:o, s:o}", "format", "p2msim.whatif/1",
				 "axes", vary_axes(s->vary), "traces", traces);
	json_decref(traces);
	return NULL;
}

static int sweep_open(struct sweep *s)
{
	size_t count = (size_t)s->cli->operands;
	int code = EXIT_FINE;

	s->input = calloc(count, sizeof(*s->input));
	s->variants = calloc(count, sizeof(*s->variants));
	if (!s->input || !s->variants)
		return cli_fail(EXIT_IO, "out of memory");
	for (size_t t = 0; t < count && !code; t++) {
		s->variants[t] = json_array();
		code = input_open(&s->input[t], s->cli->operand[t]);
	}
	return code ? code : check_variants(s);
}

static void sweep_close(struct sweep *s)
{
	for (int t = 0; t < s->cli->operands; t++) {
		if (s->input)
			input_close(&s->input[t]);
		if (s->variants)
			json_decref(s->variants[t]);
	}
	free(s->input);
	free(s->variants);
}

static int whatif(struct sweep *s)
{
	struct output_file output;
	json_t *result;
	int code = output_open(&output, s->cli->options.output), written;

	if (code)
		return code;
	code = replay_all(s);
	result = collect(s);
	if (result && output.file != stdout)
		whatif_print(s->cli, result);
	written = output_close(&output, result);
	json_decref(result);
	return cli_finish_output(code ? code : written);
}

int cmd_whatif(struct cli *cli)
{
	const struct options *o = &cli->options;
	struct vary vary = { 0 };
	struct sweep s = { .cli = cli, .vary = &vary };
	int code;

	if (o->engine && strcmp(o->engine, "local") != 0)
		return cli_fail(EXIT_NOT_MODELLED,
				"whatif: only --engine local in this version");
	if (o->jobs < 1 || o->jobs > STUDY_JOBS_MAX)
		return cli_fail(EXIT_USAGE, "--jobs: 1 to %d", STUDY_JOBS_MAX);
	/* One process is watched; its children would not be. */
	if (o->core && o->jobs > 1)
		return cli_fail(EXIT_NOT_MODELLED,
				"whatif: --core with --jobs 1 only in this version");
	code = vary_parse(&vary, &o->vary);
	if (!code) {
		code = sweep_open(&s);
		if (!code)
			code = whatif(&s);
		sweep_close(&s);
	}
	vary_free(&vary);
	return code;
}
