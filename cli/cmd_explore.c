/* SPDX-License-Identifier: BSD-2-Clause */
/* p2msim explore: every hardware behaviour of one page-table operation. */
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/print.h"
#include "cli/progress.h"
#include "sim/explore/study.h"

static int exit_code(enum explore_verdict verdict)
{
	switch (verdict) {
	case EXPLORE_GOOD:
		return EXIT_FINE;
	case EXPLORE_WRONG:
		return EXIT_FINDING;
	case EXPLORE_UNDECIDED:
		break;
	}
	return EXIT_NOT_MODELLED;
}

static const char *text_of(const json_t *report, const char *key)
{
	const char *text = json_string_value(json_object_get(report, key));

	return text ? text : "";
}

static void print_report(const struct options *o, const json_t *report)
{
	static const struct column column[] = {
		{ "step", "step", COLUMN_COUNT },
		{ "who", "who", COLUMN_TEXT },
		{ "what", "does", COLUMN_TEXT },
		{ 0 }
	};
	const json_t *cost = json_object_get(report, "cost");
	char line[160];

	print_value(line, sizeof(line), cost);
	printf("%s: %s\n", text_of(report, "scenario"),
	       text_of(report, "verdict"));
	if (json_object_get(report, "finding"))
		printf("  %s (%s): %s\n", text_of(report, "finding"),
		       text_of(report, "operation"), text_of(report, "what"));
	if (json_object_get(report, "undecided"))
		printf("  not to be had on a concrete machine: %s\n",
		       text_of(report, "undecided"));
	printf("  cost: %s\n", line);
	if (json_array_size(json_object_get(report, "witness")) == 0)
		return;
	print_heading(stdout, print_color(o, stdout), "Witness");
	print_table(stdout, print_color(o, stdout), column,
		    json_object_get(report, "witness"));
}

static int one(struct cli *cli, const struct machine_config *config)
{
	const struct options *o = &cli->options;
	struct config_set set[OPTION_LIST_MAX];
	struct scenario *s = malloc(sizeof(*s));
	enum explore_verdict verdict = EXPLORE_GOOD;
	struct error_line error = { 0 };
	json_t *report = NULL;

	for (unsigned int i = 0; i < o->set.count; i++)
		set[i].key_value = o->set.item[i];
	if (!s)
		return cli_fail(EXIT_IO, "out of memory");
	if (scenario_read(s, cli->operand[0], set, o->set.count, &error))
		report = study_explore(s, config, NULL, &verdict, &error);
	free(s);
	if (!report)
		return cli_fail_error(error.exit_code, &error);
	if (o->json)
		print_json(stdout, report);
	else
		print_report(o, report);
	json_decref(report);
	return cli_finish_output(exit_code(verdict));
}

/* ---- the list */

struct tally {
	json_int_t explored, count[3], left_out;
	json_t *failed;
	json_int_t steps, entries;
	int worst;
};

static void count_report(struct tally *t, enum explore_verdict verdict,
			 json_t *report)
{
	const json_t *cost = json_object_get(report, "cost");

	t->explored++;
	t->count[verdict]++;
	t->steps += json_integer_value(json_object_get(cost, "steps"));
	t->entries += json_integer_value(json_object_get(cost, "entries"));
	if (verdict != EXPLORE_GOOD)
		json_array_append(t->failed, report);
	/* A finding outweighs what is undecided. */
	if (t->worst != EXIT_FINDING && exit_code(verdict) != EXIT_FINE)
		t->worst = exit_code(verdict);
}

static int print_tally(const struct options *o, struct tally *t)
{
	size_t i;
	json_t *report;

	if (o->json) {
		json_t *all = json_pack(
			"{s:I,s:I,s:I,s:I,s:I,s:{s:I,s:I},s:O}", "explored",
			t->explored, "good", t->count[EXPLORE_GOOD], "wrong",
			t->count[EXPLORE_WRONG], "undecided",
			t->count[EXPLORE_UNDECIDED], "not_offered",
			t->left_out, "cost", "steps", t->steps, "entries",
			t->entries, "findings", t->failed);

		print_json(stdout, all);
		json_decref(all);
		return t->worst;
	}
	json_array_foreach(t->failed, i, report) print_report(o, report);
	printf("%lld explored: %lld good, %lld wrong, %lld undecided",
	       (long long)t->explored, (long long)t->count[EXPLORE_GOOD],
	       (long long)t->count[EXPLORE_WRONG],
	       (long long)t->count[EXPLORE_UNDECIDED]);
	if (t->left_out)
		printf("; %lld not offered by the core",
		       (long long)t->left_out);
	printf(" (%lld steps, %lld entries)\n", (long long)t->steps,
	       (long long)t->entries);
	return t->worst;
}

/* One list to its end; 0, or the exit code of what stopped it. */
static int list(bool (*listed)(size_t *, struct scenario *),
		const struct machine_config *config, struct scenario *s,
		struct tally *t)
{
	struct error_line error = { 0 };
	size_t next = 0;

	while (listed(&next, s)) {
		enum explore_verdict verdict;
		json_t *report =
			study_explore(s, config, NULL, &verdict, &error);

		if (report)
			count_report(t, verdict, report);
		else if (error.exit_code == EXIT_NOT_MODELLED)
			t->left_out++;
		else
			return cli_fail_error(error.exit_code, &error);
		json_decref(report);
	}
	return EXIT_FINE;
}

/* A core that is loaded has no domains. */
static int all(struct cli *cli, const struct machine_config *config)
{
	struct tally t = { .failed = json_array() };
	struct scenario *s = malloc(sizeof(*s));
	int code = s ? list(study_listed, config, s, &t)
		     : cli_fail(EXIT_IO, "out of memory");

	if (!code && !config->core)
		code = list(study_listed_domain, config, s, &t);
	free(s);
	if (!code)
		code = print_tally(&cli->options, &t);
	json_decref(t.failed);
	return cli_finish_output(code);
}

int cmd_explore(struct cli *cli)
{
	struct machine_config config;
	struct error_line error = { 0 };
	int code;

	if (cli->options.all ? cli->operands != 0 : cli->operands != 1)
		return cli_fail(EXIT_USAGE,
				"explore: want one SCENARIO, or --all and none");
	if (cli->options.all && cli->options.set.count)
		return cli_fail(EXIT_USAGE,
				"explore: --all varies the keys itself; --set goes with a SCENARIO");
	if (!record_machine(&config, cli->core, &error))
		return cli_fail_error(error.exit_code, &error);
	code = cli->options.all ? all(cli, &config) : one(cli, &config);
	config_fini(&config);
	return code;
}
