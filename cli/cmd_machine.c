/* SPDX-License-Identifier: BSD-2-Clause */
/* p2msim machine: the presets, one machine's every key, checks of files. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/flatten.h"
#include "cli/print.h"

static bool is_preset(const char *name)
{
	for (const char *const *preset = config_presets(); *preset; preset++)
		if (!strcmp(*preset, name))
			return true;
	return false;
}

static int load(const struct cli *cli, const char *machine,
		struct machine_config *config)
{
	struct cli as = *cli;

	if (machine)
		as.options.machine = machine;
	return cli_load_config(&as, NULL, config);
}

static void set_member(json_t *row, const char *name, const json_t *cpu,
		       const char *part, const char *member)
{
	json_t *value = json_object_get(json_object_get(cpu, part), member);

	if (value)
		json_object_set(row, name, value);
}

static json_t *list_row(const char *name, const json_t *machine)
{
	const json_t *cpu = json_object_get(machine, "cpu");
	const json_t *iommu = json_object_get(machine, "iommu");
	json_t *row = json_object(), *type;

	json_object_set_new(row, "name", json_string(name));
	set_member(row, "l1i_tlb", cpu, "l1i_tlb", "entries");
	set_member(row, "l1d_tlb", cpu, "l1d_tlb", "entries");
	set_member(row, "l2_tlb", cpu, "l2_tlb", "entries");
	set_member(row, "l1d_bytes", cpu, "l1d", "bytes");
	set_member(row, "l2_bytes", cpu, "l2", "bytes");
	set_member(row, "llc_bytes", machine, "llc", "bytes");
	type = json_object_get(json_array_get(iommu, 0), "type");
	if (type)
		json_object_set(row, "iommu", type);
	return row;
}

static int machine_list(const struct cli *cli)
{
	static const struct column column[] = {
		{ "name", "machine", COLUMN_TEXT },
		{ "l1i_tlb", "L1I TLB", COLUMN_COUNT },
		{ "l1d_tlb", "L1D TLB", COLUMN_COUNT },
		{ "l2_tlb", "L2 TLB", COLUMN_COUNT },
		{ "l1d_bytes", "L1D bytes", COLUMN_COUNT },
		{ "l2_bytes", "L2 bytes", COLUMN_COUNT },
		{ "llc_bytes", "last level", COLUMN_COUNT },
		{ "iommu", "IOMMU", COLUMN_TEXT },
		{ 0 }
	};
	json_t *rows = json_array();
	int code = EXIT_FINE;

	for (const char *const *name = config_presets(); *name && !code;
	     name++) {
		struct machine_config config;

		code = load(cli, *name, &config);
		if (code)
			break;
		json_array_append_new(rows, list_row(*name, config.json));
		config_fini(&config);
	}
	if (!code && cli->options.json)
		print_json(stdout, rows);
	else if (!code)
		print_table(stdout, print_color(&cli->options, stdout), column,
			    rows);
	json_decref(rows);
	return cli_finish_output(code);
}

/* As one would write it after --set. */
static json_t *plain(const json_t *value)
{
	char *text =
		json_is_string(value)
			? NULL
			: json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT |
						    JSON_REAL_PRECISION(10));
	json_t *out = text ? json_string(text) : json_copy((json_t *)value);

	free(text);
	return out;
}

static void show_table(const struct cli *cli, const json_t *machine)
{
	static const struct column column[] = { { "key", "key", COLUMN_TEXT },
						{ "value", "value",
						  COLUMN_TEXT },
						{ 0 } };
	json_t *flat = stats_flatten(machine), *rows = json_array(), *value;
	const char *key;

	json_object_foreach(flat, key, value)
	{
		json_t *row = json_object();

		json_object_set_new(row, "key", json_string(key));
		json_object_set_new(row, "value", plain(value));
		json_array_append_new(rows, row);
	}
	print_table(stdout, print_color(&cli->options, stdout), column, rows);
	json_decref(rows);
	json_decref(flat);
}

static int machine_show(const struct cli *cli)
{
	struct machine_config config;
	int code;

	if (cli->operands > 2 || (cli->operands == 2 && cli->options.machine))
		return cli_fail(EXIT_USAGE, "machine show: one machine only");
	code = load(cli, cli->operands > 1 ? cli->operand[1] : NULL, &config);
	if (code)
		return code;
	if (cli->options.json)
		print_json(stdout, config.json);
	else
		show_table(cli, config.json);
	config_fini(&config);
	return cli_finish_output(EXIT_FINE);
}

static int check_one(const struct cli *cli, const char *name, json_t *row)
{
	struct machine_config config;
	int code;

	if (!is_preset(name) && strcmp(name, "-") != 0 &&
	    access(name, F_OK) != 0)
		code = cli_fail(EXIT_INPUT, "%s: %s", name, strerror(errno));
	else
		code = load(cli, name, &config);
	json_object_set_new(row, "file", json_string(name));
	json_object_set_new(row, "valid", json_boolean(!code));
	if (code)
		return code;
	json_object_set_new(row, "name", json_string(config.name));
	json_object_set_new(row, "digest", json_string(config.digest));
	if (!cli->options.quiet && !cli->options.json)
		printf("%s: fine: %s, digest %s\n", name, config.name,
		       config.digest);
	config_fini(&config);
	return code;
}

static int machine_check(const struct cli *cli)
{
	json_t *rows;
	int worst = EXIT_FINE;

	if (cli->operands < 2)
		return cli_fail(EXIT_USAGE, "machine check: name a file");
	rows = json_array();
	for (int i = 1; i < cli->operands; i++) {
		json_t *row = json_object();
		int code = check_one(cli, cli->operand[i], row);

		json_array_append_new(rows, row);
		worst = worst ? worst : code;
	}
	if (cli->options.json)
		print_json(stdout, rows);
	json_decref(rows);
	return cli_finish_output(worst);
}

int cmd_machine(struct cli *cli)
{
	const char *what = cli->operand[0];

	if (!strcmp(what, "list") && cli->operands == 1)
		return machine_list(cli);
	if (!strcmp(what, "show"))
		return machine_show(cli);
	if (!strcmp(what, "check"))
		return machine_check(cli);
	return cli_fail(EXIT_USAGE,
			"machine: list, show [MACHINE] or check FILE...");
}
