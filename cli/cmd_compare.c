/* SPDX-License-Identifier: BSD-2-Clause */
/* p2msim compare: where statistics differ. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/flatten.h"
#include "cli/print.h"

#define STATS_FORMAT "p2msim.stats/1"
#define FILES_MAX    16

static json_t *stats_load(const char *path, int *code)
{
	FILE *file = strcmp(path, "-") ? fopen(path, "rb") : stdin;
	json_error_t why;
	const char *format;
	json_t *stats;

	*code = EXIT_INPUT;
	if (!file) {
		cli_fail(EXIT_INPUT, "%s: %s", path, strerror(errno));
		return NULL;
	}
	stats = json_loadf(file, JSON_REJECT_DUPLICATES, &why);
	if (file != stdin)
		fclose(file);
	if (!stats) {
		cli_fail(EXIT_INPUT, "%s:%d: %s", path, why.line, why.text);
		return NULL;
	}
	format = json_string_value(json_object_get(stats, "format"));
	if (!format || strcmp(format, STATS_FORMAT) != 0) {
		cli_fail(EXIT_INPUT,
			 "%s: not statistics: \"format\" must be \"%s\"", path,
			 STATS_FORMAT);
		json_decref(stats);
		return NULL;
	}
	return stats;
}

/* The values array becomes one column for each file. */
static json_t *table_rows(const json_t *differences)
{
	json_t *rows = json_array(), *difference, *value;
	char name[24];
	size_t i, v;

	json_array_foreach(differences, i, difference)
	{
		json_t *row = json_object();

		json_object_set(row, "key", json_object_get(difference, "key"));
		json_array_foreach(json_object_get(difference, "values"), v,
				   value)
		{
			snprintf(name, sizeof(name), "%zu", v);
			json_object_set(row, name, value);
		}
		if (json_object_get(difference, "change"))
			json_object_set(row, "change",
					json_object_get(difference, "change"));
		json_array_append_new(rows, row);
	}
	return rows;
}

static void print_differences(const struct cli *cli, const json_t *differences)
{
	struct column column[FILES_MAX + 3] = { { "key", "key", COLUMN_TEXT } };
	char name[FILES_MAX][24];
	bool color = print_color(&cli->options, stdout);
	json_t *rows = table_rows(differences);
	int i;

	for (i = 0; i < cli->operands; i++) {
		snprintf(name[i], sizeof(name[i]), "%d", i);
		column[i + 1] = (struct column){ name[i], cli->operand[i],
						 COLUMN_COUNT };
	}
	column[i + 1] = (struct column){ "change", "change", COLUMN_CHANGE };
	if (json_array_size(rows))
		print_table(stdout, color, column, rows);
	else if (!cli->options.quiet)
		puts("  no differences");
	json_decref(rows);
}

static int compare(const struct cli *cli, json_t *const *flat)
{
	json_t *differences = stats_differences(flat, (size_t)cli->operands);
	bool equal = json_array_size(differences) == 0;
	json_t *files, *out;

	if (cli->options.json) {
		files = json_array();
		for (int i = 0; i < cli->operands; i++)
			json_array_append_new(files,
					      print_name(cli->operand[i]));
		out = json_pack("{s:o, s:b, s:O}", "files", files, "equal",
				equal, "differences", differences);
		print_json(stdout, out);
		json_decref(out);
	} else {
		print_differences(cli, differences);
	}
	json_decref(differences);
	return cli_finish_output(equal ? EXIT_FINE : EXIT_FINDING);
}

int cmd_compare(struct cli *cli)
{
	json_t *flat[FILES_MAX], *stats;
	int code = EXIT_FINE, loaded = 0, streams = 0;

	if (cli->operands > FILES_MAX)
		return cli_fail(EXIT_USAGE, "compare: at most %d files",
				FILES_MAX);
	for (int i = 0; i < cli->operands; i++)
		streams += !strcmp(cli->operand[i], "-");
	if (streams > 1)
		return cli_fail(EXIT_USAGE, "compare: standard input (-) can "
					    "be read once only");
	while (!code && loaded < cli->operands) {
		stats = stats_load(cli->operand[loaded], &code);
		if (!stats)
			break;
		code = EXIT_FINE;
		flat[loaded++] = stats_flatten(stats);
		json_decref(stats);
	}
	if (!code)
		code = compare(cli, flat);
	while (loaded)
		json_decref(flat[--loaded]);
	return code;
}
