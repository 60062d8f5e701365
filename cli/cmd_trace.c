/* SPDX-License-Identifier: BSD-2-Clause */
/* p2msim trace: what a trace holds. */
#include <string.h>

#include "cli/finish.h"
#include "cli/output.h"
#include "cli/print.h"
#include "sim/study/study.h"
#include "traces/import/casemate.h"

#define ERROR_BYTES 512

/* Exit code for how the file ended. */
static int ended(enum trace_next end, const char *path, const char *error)
{
	if (end == TRACE_NEXT_END)
		return EXIT_FINE;
	/* Who found the error may have named the file already. */
	if (!strncmp(error, path, strlen(path)))
		return cli_fail(EXIT_INPUT, "%s", error);
	return cli_fail(EXIT_INPUT, "%s: %s", path, error);
}

static void print_info(bool color, const json_t *info)
{
	char text[160];
	const char *key, *name;
	json_t *value, *member;

	json_object_foreach((json_t *)info, key, value)
	{
		if (!json_is_object(value)) {
			print_value(text, sizeof(text), value);
			printf("%-16s %s\n", key, text);
			continue;
		}
		print_heading(stdout, color, key);
		json_object_foreach(value, name, member)
		{
			print_value(text, sizeof(text), member);
			printf("  %-20s %s\n", name, text);
		}
	}
}

static int trace_show_info(const struct cli *cli, const char *path)
{
	char error[ERROR_BYTES] = "";
	enum trace_next end = TRACE_NEXT_MALFORMED;
	json_t *info = trace_info(path, &end, error, sizeof(error));

	if (info && cli->options.json)
		print_json(stdout, info);
	else if (info)
		print_info(print_color(&cli->options, stdout), info);
	json_decref(info);
	return cli_finish_output(ended(end, path, error));
}

static int trace_print(const struct cli *cli, const char *path)
{
	char error[ERROR_BYTES] = "";
	enum trace_next end = trace_cat(path, stdout, error, sizeof(error));

	(void)cli;
	if (ferror(stdout))
		return cli_finish_output(EXIT_FINE);
	return cli_finish_output(ended(end, path, error));
}

static int trace_check(const struct cli *cli, const char *path)
{
	char error[ERROR_BYTES] = "";
	enum trace_next end = trace_validate(path, error, sizeof(error));
	int code = ended(end, path, error);

	if (!code && cli->options.json)
		printf("{\"valid\": true}\n");
	else if (!code && !cli->options.quiet)
		puts("valid");
	return cli_finish_output(code);
}

/* import FORMAT FILE -o TRACE */
static int trace_import(const struct cli *cli)
{
	const char *output = cli->options.output ? cli->options.output : "-";
	enum casemate_result result;
	char error[ERROR_BYTES] = "";
	struct input_file input;
	int code;

	if (cli->operands != 3)
		return cli_fail(EXIT_USAGE, "trace import: name a format and "
					    "one file: import casemate FILE");
	if (strcmp(cli->operand[1], "casemate") != 0)
		return cli_fail(
			EXIT_NOT_MODELLED,
			"trace import: '%s': only casemate in this version",
			cli->operand[1]);
	code = input_open(&input, cli->operand[2]);
	if (code)
		return code;
	result = casemate_import(input.path, output, error, sizeof(error));
	input_close(&input);
	if (result == CASEMATE_BAD_LOG)
		return cli_fail(EXIT_INPUT, "%s", error);
	if (result == CASEMATE_BAD_TRACE)
		return cli_fail(EXIT_IO, "%s", error);
	return cli_finish_output(EXIT_FINE);
}

static bool is_later(const char *what)
{
	return !strcmp(what, "export");
}

/* ---- generate ---- */

static void print_streams(void)
{
	json_t *all = study_streams(), *stream, *key;
	size_t i, j;

	json_array_foreach(all, i, stream)
	{
		printf("%-12s %s\n",
		       json_string_value(json_object_get(stream, "stream")),
		       json_string_value(json_object_get(stream, "about")));
		json_array_foreach(json_object_get(stream, "keys"), j, key)
			printf("  %10s=%-8lld %s\n",
			       json_string_value(json_object_get(key, "key")),
			       (long long)json_integer_value(
				       json_object_get(key, "default")),
			       json_string_value(
				       json_object_get(key, "about")));
	}
	json_decref(all);
}

static int list_streams(const struct cli *cli)
{
	json_t *all;

	if (!cli->options.json) {
		print_streams();
		return cli_finish_output(EXIT_FINE);
	}
	all = study_streams();
	print_json(stdout, all);
	json_decref(all);
	return cli_finish_output(EXIT_FINE);
}

static int generate(struct cli *cli, const struct machine_config *config,
		    struct output_file *stats)
{
	const struct options *o = &cli->options;
	struct study_result result = { 0 };
	struct error_line error = { 0 };
	const struct generate_options options = {
		.stream = cli->operand[1],
		.key = cli->operand + 2,
		.keys = cli->operands - 2,
		.trace = o->output,
	};
	int code = study_generate(config, &options, &result, &error);

	return cli_finish_study(cli,
				stats->file == stdout ||
						(o->output &&
						 !strcmp(o->output, "-"))
					? stderr
					: stdout,
				code, &error, &result, stats);
}

static int trace_generate(struct cli *cli)
{
	struct machine_config config;
	struct output_file stats;
	int code;

	if (cli->operands == 1)
		return list_streams(cli);
	if (!cli->options.output && !cli->options.stats)
		return cli_fail(EXIT_USAGE,
				"trace generate: name the trace with -o, or "
				"statistics with --stats");
	code = cli_load_config(cli, NULL, &config);
	if (code)
		return code;
	code = output_open(&stats, cli->options.stats);
	if (!code)
		code = generate(cli, &config, &stats);
	config_fini(&config);
	return code;
}

int cmd_trace(struct cli *cli)
{
	static const struct {
		const char *name;
		int (*act)(const struct cli *cli, const char *path);
	} action[] = {
		{ "info", trace_show_info },
		{ "cat", trace_print },
		{ "validate", trace_check },
	};
	const char *what = cli->operand[0];
	struct input_file input;
	int code;

	if (!strcmp(what, "generate"))
		return trace_generate(cli);
	if (!strcmp(what, "import"))
		return trace_import(cli);
	if (is_later(what))
		return cli_fail(EXIT_NOT_MODELLED,
				"trace %s: not available in this version",
				what);
	for (size_t i = 0; i < sizeof(action) / sizeof(action[0]); i++) {
		if (strcmp(what, action[i].name) != 0)
			continue;
		if (cli->operands != 2)
			return cli_fail(EXIT_USAGE, "trace %s: name one trace",
					what);
		code = input_open(&input, cli->operand[1]);
		if (!code)
			code = action[i].act(cli, input.path);
		input_close(&input);
		return code;
	}
	return cli_fail(
		EXIT_USAGE,
		"trace: '%s' is none of info, cat, validate, import, generate",
		what);
}
