/* SPDX-License-Identifier: BSD-2-Clause */
/* p2msim walk: one translation, step by step. */
#include <inttypes.h>
#include <stdlib.h>

#include "cli/finish.h"
#include "cli/print.h"

static void print_member(const json_t *story, const char *key)
{
	char text[160];

	if (!json_object_get(story, key))
		return;
	print_value(text, sizeof(text), json_object_get(story, key));
	printf("  %-18s %s\n", key, text);
}

static void print_outcome(const json_t *outcome)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)outcome, key, value)
		print_member(outcome, key);
}

static void print_story(bool color, const json_t *story)
{
	static const struct column step[] = {
		{ "step", "#", COLUMN_COUNT },
		{ "stage", "stage", COLUMN_COUNT },
		{ "level", "level", COLUMN_COUNT },
		{ "for", "translates", COLUMN_TEXT },
		{ "input", "input", COLUMN_TEXT },
		{ "table", "table", COLUMN_TEXT },
		{ "index", "index", COLUMN_COUNT },
		{ "address", "descriptor at", COLUMN_TEXT },
		{ "value", "value", COLUMN_TEXT },
		{ "kind", "kind", COLUMN_TEXT },
		{ "known", "known", COLUMN_TEXT },
		{ "served_by", "served by", COLUMN_TEXT },
		{ "cycles", "cycles", COLUMN_COUNT },
		{ "fields", "fields", COLUMN_TEXT },
		{ 0 }
	};

	print_heading(stdout, color, "Translation");
	print_member(story, "va");
	print_member(story, "access");
	print_member(story, "el");
	print_member(story, "stage1");
	print_member(story, "served_by");
	print_heading(stdout, color, "Steps");
	print_table(stdout, color, step, json_object_get(story, "steps"));
	print_heading(stdout, color, "Outcome");
	print_member(story, "descriptor_reads");
	print_member(story, "cycles");
	print_outcome(json_object_get(story, "outcome"));
}

static int walk(struct cli *cli, const char *input, uint64_t va, char **args,
		const struct machine_config *config)
{
	const struct options *o = &cli->options;
	struct error_line error = { 0 };
	json_t *story = NULL;
	struct walk_options options = {
		.input = input,
		.argc = cli->operands - 1,
		.argv = (const char *const *)args,
		.linux_mode = o->linux_mode,
		.root = o->linux_mode && !o->root ? "." : o->root,
		.va = va,
		.write = o->write,
		.fetch = o->fetch,
		.el0 = o->el0,
		.warm = o->warm,
		.limits = cli_limits(o),
	};
	int code = study_walk(config, &options, &story, &error);

	if (story && o->json)
		print_json(stdout, story);
	else if (story)
		print_story(print_color(o, stdout), story);
	json_decref(story);
	if (code)
		cli_fail_error(code, &error);
	return cli_finish_output(code);
}

/* The guest's arguments without ADDRESS in their middle. */
static char **guest_args(const struct cli *cli, const char *path)
{
	char **args = calloc((size_t)cli->operands + 1, sizeof(*args));

	if (!args)
		return NULL;
	args[0] = (char *)path;
	for (int i = 2; i < cli->operands; i++)
		args[i - 1] = (char *)cli->operand[i];
	return args;
}

int cmd_walk(struct cli *cli)
{
	struct machine_config config;
	struct input_file input;
	uint64_t va;
	char **args;
	int code;

	if (!number_parse(cli->operand[1], &va))
		return cli_fail(
			EXIT_USAGE,
			"walk: '%s' is not an address (0x... or decimal)",
			cli->operand[1]);
	if (cli->options.write && cli->options.fetch)
		return cli_fail(EXIT_USAGE,
				"walk: --write and --fetch exclude each other");
	code = input_open(&input, cli->operand[0]);
	if (code)
		return code;
	code = cli_load_config_for(cli, input.path, &config);
	if (!code) {
		args = guest_args(cli, input.path);
		code = args ? walk(cli, input.path, va, args, &config)
			    : cli_fail(EXIT_IO, "out of memory");
		free(args);
		config_fini(&config);
	}
	input_close(&input);
	return code;
}
