/* SPDX-License-Identifier: BSD-2-Clause */
/* p2msim trace: what a trace holds. */
#include <string.h>

#include "cli/cli.h"
#include "cli/output.h"
#include "cli/print.h"
#include "traces/trace.h"

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

static bool is_later(const char *what)
{
	return !strcmp(what, "import") || !strcmp(what, "export") ||
	       !strcmp(what, "generate");
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
	return cli_fail(EXIT_USAGE,
			"trace: '%s' is none of info, cat, validate", what);
}
