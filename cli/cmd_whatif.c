/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * p2msim whatif: the same traces on variants of a machine, replayed one after
 * the other in this process; each is compared with the first.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/finish.h"
#include "cli/flatten.h"
#include "cli/print.h"
#include "cli/progress.h"
#include "cli/summary.h"

#define AXES_MAX     16
#define VARIANTS_MAX 4096

/* One --vary: "KEY=VALUE" for each of its values. */
struct axis {
	char **setting;
	size_t count;
};

struct axes {
	struct axis axis[AXES_MAX];
	size_t count, variants;
};

static bool axis_add(struct axis *axis, const char *key, size_t key_bytes,
		     const char *value, size_t bytes)
{
	char **grown =
		realloc(axis->setting, (axis->count + 1) * sizeof(*grown));
	char *text = malloc(key_bytes + bytes + 2);
	size_t at = key_bytes + 1;

	if (grown)
		axis->setting = grown;
	if (!grown || !text) {
		free(text);
		return false;
	}
	memcpy(text, key, key_bytes);
	text[key_bytes] = '=';
	for (size_t i = 0; i < bytes; i++)
		if (value[i] != '\\' || i + 1 == bytes || value[i + 1] != ',')
			text[at++] = value[i];
	text[at] = 0;
	axis->setting[axis->count++] = text;
	return true;
}

/* "KEY=V1,V2": a comma after a backslash belongs to the value. */
static int axis_parse(struct axis *axis, const char *vary)
{
	const char *value = strchr(vary, '=');
	size_t key_bytes = value ? (size_t)(value - vary) : 0;

	if (!key_bytes || !value[1])
		return cli_fail(EXIT_USAGE,
				"--vary: '%s' is not KEY=VALUE,VALUE,...",
				vary);
	do {
		size_t bytes = 0;

		value++;
		while (value[bytes] && value[bytes] != ',')
			bytes += value[bytes] == '\\' && value[bytes + 1] ? 2
									  : 1;
		if (!bytes)
			return cli_fail(EXIT_USAGE,
					"--vary: '%s' has an empty value",
					vary);
		if (!axis_add(axis, vary, key_bytes, value, bytes))
			return cli_fail(EXIT_IO, "out of memory");
		value += bytes;
	} while (*value);
	return EXIT_FINE;
}

static void axes_free(struct axes *axes)
{
	for (size_t a = 0; a < axes->count; a++) {
		for (size_t i = 0; i < axes->axis[a].count; i++)
			free(axes->axis[a].setting[i]);
		free(axes->axis[a].setting);
	}
}

static int axes_parse(struct axes *axes, const struct text_list *vary)
{
	int code = EXIT_FINE;

	if (!vary->count || vary->count > AXES_MAX)
		return cli_fail(EXIT_USAGE, "whatif: 1 to %d --vary", AXES_MAX);
	axes->variants = 1;
	for (unsigned int i = 0; i < vary->count && !code; i++) {
		struct axis *axis = &axes->axis[axes->count++];

		code = axis_parse(axis, vary->item[i]);
		if (!code && axis->count > VARIANTS_MAX / axes->variants)
			code = cli_fail(EXIT_USAGE,
					"whatif: more than %d variants",
					VARIANTS_MAX);
		axes->variants *= axis->count;
	}
	return code;
}

/* The settings of variant n, the last axis fastest, behind the user's own
 * --set; and as one object {key: value}. */
static json_t *variant_settings(const struct axes *axes, size_t n,
				struct text_list *set)
{
	const char *chosen[AXES_MAX];
	json_t *out = json_object();
	char key[256];

	for (size_t a = axes->count; a-- > 0;) {
		chosen[a] = axes->axis[a].setting[n % axes->axis[a].count];
		n /= axes->axis[a].count;
	}
	for (size_t a = 0; a < axes->count; a++) {
		const char *value = strchr(chosen[a], '=');

		if (set->count < OPTION_LIST_MAX)
			set->item[set->count++] = chosen[a];
		snprintf(key, sizeof(key), "%.*s", (int)(value - chosen[a]),
			 chosen[a]);
		json_object_set_new(out, key, json_string(value + 1));
	}
	return out;
}

static int replay(const struct cli *cli, const char *trace, json_t **stats)
{
	struct machine_config config;
	struct progress progress;
	struct study_result result = { 0 };
	struct error_line error = { 0 };
	struct replay_options options = {
		.trace = trace,
		.limits = cli_limits(&cli->options),
	};
	int code = cli_load_config_for(cli, trace, &config);

	if (code)
		return code;
	options.progress = progress_start(&progress, &cli->options);
	code = study_replay(&config, &options, &result, &error);
	progress_end(&progress);
	config_fini(&config);
	*stats = result.stats;
	return code ? cli_fail_error(code, &error) : EXIT_FINE;
}

/* One row of the table: what most people ask for. */
static json_t *headline(const json_t *stats, const json_t *first)
{
	json_int_t cycles = stats_cpu_sum(stats, "cycles");
	json_int_t base = stats_cpu_sum(first, "cycles");
	json_int_t walks = stats_cpu_sum(stats, "walks.count");
	json_int_t reads = stats_cpu_sum(stats, "walks.memory_accesses");
	json_t *out = json_pack(
		"{s:I, s:I, s:I, s:I, s:I, s:I}", "cycles", cycles,
		"l1d_tlb_misses", stats_cpu_sum(stats, "tlb.l1d.misses"),
		"l2_tlb_misses", stats_cpu_sum(stats, "tlb.l2.misses"), "walks",
		walks, "walk_cycles", stats_cpu_sum(stats, "cycles_by.walk"),
		"divergences",
		json_integer_value(
			json_object_get(json_object_get(stats, "replay"),
					"divergences")));

	if (base)
		json_object_set_new(out, "change",
				    json_real(100 * (double)(cycles - base) /
					      (double)base));
	if (walks)
		json_object_set_new(out, "reads_per_walk",
				    json_real((double)reads / (double)walks));
	return out;
}

static json_t *variant_json(json_t *settings, json_t *stats, json_t *first)
{
	json_t *flat[2] = { stats_flatten(first), stats_flatten(stats) };
	json_t *out = json_object();

	json_object_set(out, "set", settings);
	json_object_set_new(out, "summary", headline(stats, first));
	json_object_set_new(out, "differences", stats_differences(flat, 2));
	json_object_set(out, "stats", stats);
	json_decref(flat[0]);
	json_decref(flat[1]);
	return out;
}

static int vary_trace(const struct cli *cli, const struct axes *axes,
		      const char *trace, json_t *variants)
{
	json_t *first = NULL;
	int code = EXIT_FINE;

	for (size_t n = 0; n < axes->variants && !code; n++) {
		struct cli as = *cli;
		json_t *stats = NULL;
		json_t *settings = variant_settings(axes, n, &as.options.set);

		code = replay(&as, trace, &stats);
		if (stats && !first)
			first = json_incref(stats);
		if (stats)
			json_array_append_new(variants,
					      variant_json(settings, stats,
							   first));
		json_decref(stats);
		json_decref(settings);
	}
	json_decref(first);
	return code;
}

static void print_variants(const struct cli *cli, const json_t *variants)
{
	static const struct column column[] = {
		{ "set", "variant", COLUMN_TEXT },
		{ "cycles", "cycles", COLUMN_COUNT },
		{ "change", "change", COLUMN_CHANGE },
		{ "l1d_tlb_misses", "L1D TLB misses", COLUMN_COUNT },
		{ "l2_tlb_misses", "L2 TLB misses", COLUMN_COUNT },
		{ "walks", "walks", COLUMN_COUNT },
		{ "reads_per_walk", "reads/walk", COLUMN_REAL },
		{ "walk_cycles", "walk cycles", COLUMN_COUNT },
		{ "divergences", "divergences", COLUMN_COUNT },
		{ 0 }
	};
	json_t *rows = json_array(), *variant;
	size_t i;

	json_array_foreach(variants, i, variant)
	{
		json_t *row = json_copy(json_object_get(variant, "summary"));

		json_object_set(row, "set", json_object_get(variant, "set"));
		json_array_append_new(rows, row);
	}
	print_table(stdout, print_color(&cli->options, stdout), column, rows);
	json_decref(rows);
}

static void print_result(const struct cli *cli, const json_t *result)
{
	bool color = print_color(&cli->options, stdout);
	json_t *trace;
	size_t i;

	if (cli->options.json) {
		print_json(stdout, result);
		return;
	}
	json_array_foreach(json_object_get(result, "traces"), i, trace)
	{
		print_heading(stdout, color,
			      json_string_value(
				      json_object_get(trace, "trace")));
		print_variants(cli, json_object_get(trace, "variants"));
	}
}

static int whatif(const struct cli *cli, const struct axes *axes,
		  struct output_file *output)
{
	json_t *traces = json_array(), *result;
	int code = EXIT_FINE, written;

	for (int i = 0; i < cli->operands && !code; i++) {
		json_t *variants = json_array();
		struct input_file input;

		code = input_open(&input, cli->operand[i]);
		if (!code) {
			code = vary_trace(cli, axes, input.path, variants);
			input_close(&input);
		}
		if (json_array_size(variants))
			json_array_append_new(
				traces,
				json_pack("{s:o, s:O}", "trace",
					  print_name(cli->operand[i]),
					  "variants", variants));
		json_decref(variants);
	}
	result = json_pack("{s:s, s:o}", "format", "p2msim.whatif/1", "traces",
			   traces);
	if (code && !json_array_size(traces)) { /* nothing to show */
		json_decref(result);
		result = NULL;
	}
	if (result && output->file != stdout)
		print_result(cli, result);
	written = output_close(output, result);
	json_decref(result);
	return cli_finish_output(code ? code : written);
}

int cmd_whatif(struct cli *cli)
{
	const struct options *o = &cli->options;
	struct axes axes = { 0 };
	struct output_file output;
	int code;

	if (o->jobs != 1 || (o->engine && strcmp(o->engine, "local") != 0))
		return cli_fail(EXIT_NOT_MODELLED,
				"whatif: only --jobs 1 and --engine local in "
				"this version");
	code = axes_parse(&axes, &o->vary);
	if (!code)
		code = output_open(&output, o->output);
	if (!code)
		code = whatif(cli, &axes, &output);
	axes_free(&axes);
	return code;
}
