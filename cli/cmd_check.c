/* SPDX-License-Identifier: BSD-2-Clause */
/* p2msim check: the rules of page-table maintenance, with a witness. */
#include <inttypes.h>
#include <string.h>

#include "cli/finish.h"
#include "cli/print.h"
#include "cli/progress.h"

/* ---- a finding, for people */

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static long long number_of(const json_t *object, const char *key)
{
	return (long long)json_integer_value(json_object_get(object, key));
}

/* "p2m_remove, core/pt/change.h:187 (pt_change_run), event 12" */
static void print_source(const char *label, const json_t *source)
{
	const char *name = text_of(source, "operation");

	if (!*name)
		name = text_of(source, "instruction");
	printf("  %-10s %s", label, *name ? name : "not known");
	if (json_object_get(source, "file"))
		printf(", %s:%lld", text_of(source, "file"),
		       number_of(source, "line"));
	if (json_object_get(source, "function"))
		printf(" (%s)", text_of(source, "function"));
	if (json_object_get(source, "block"))
		printf(", in the block at %s", text_of(source, "block"));
	if (json_is_integer(json_object_get(source, "event")))
		printf(", event %lld", number_of(source, "event"));
	else
		printf(", before the check");
	printf("\n");
}

/* "CPU 0, 1", "IOMMU 0", or both. */
static void print_holders(const json_t *entry)
{
	const json_t *cpus = json_object_get(entry, "may_be_held_by");
	const json_t *units = json_object_get(entry, "may_be_held_by_iommus");
	char held[160];

	printf("  %-10s ", "held by");
	print_value(held, sizeof(held), cpus);
	if (cpus)
		printf("CPU %s%s", held, units ? "; " : "");
	print_value(held, sizeof(held), units);
	if (units)
		printf("IOMMU %s", held);
	printf("\n");
}

static void print_births(const json_t *entry)
{
	if (json_object_get(entry, "born"))
		print_source("born", json_object_get(entry, "born"));
	if (json_object_get(entry, "replaced"))
		print_source("replaced", json_object_get(entry, "replaced"));
	print_holders(entry);
}

static void print_entry(const json_t *entry)
{
	const bool domain = json_object_get(entry, "domain");

	printf("  %-10s stage %lld level %lld, %s %lld", "entry",
	       number_of(entry, "stage"), number_of(entry, "level"),
	       domain ? "domain" : "VMID",
	       number_of(entry, domain ? "domain" : "vmid"));
	if (json_object_get(entry, "asid"))
		printf(", ASID %lld", number_of(entry, "asid"));
	printf(", %s to %s; at %s", text_of(entry, "input"),
	       text_of(entry, "last"), text_of(entry, "descriptor"));
	if (json_object_get(entry, "replaced"))
		printf(" %s, now %s\n", text_of(entry, "stale"),
		       text_of(entry, "now"));
	else
		printf(" stands %s\n", text_of(entry, "now"));
	print_births(entry);
}

/* Of an IOMMU's configuration. */
static void print_configuration(const json_t *entry)
{
	printf("  %-10s %s of %s", "entry", text_of(entry, "kind"),
	       text_of(entry, "requester"));
	if (json_object_get(entry, "pasid"))
		printf(", PASID %lld", number_of(entry, "pasid"));
	printf(", domain %lld; at %s %s, now %s\n",
	       number_of(entry, "domain"), text_of(entry, "address"),
	       text_of(entry, "stale"), text_of(entry, "now"));
	print_births(entry);
}

/* Sections begin with a letter and a digit; those of the IOMMUs' texts name
 * the text; a log's discipline has none. */
static void print_reference(const char *reference)
{
	bool is_section = *reference && reference[1] >= '0' &&
			  reference[1] <= '9';

	printf("  %-10s %s%s\n", "rule", is_section ? "DDI0487 L.b " : "",
	       reference);
}

/* Of data that was read past the caches. */
static void print_line(const json_t *line)
{
	printf("  %-10s %lld bytes at guest physical %s; read at VA %s\n",
	       "line", number_of(line, "bytes"), text_of(line, "address"),
	       text_of(line, "va"));
	if (json_object_get(line, "born"))
		print_source("written", json_object_get(line, "born"));
}

static void print_used(const json_t *used)
{
	const json_t *filled = json_object_get(used, "filled");

	if (json_object_get(used, "requester"))
		printf("  %-10s device %s at %s", "used",
		       text_of(used, "requester"), text_of(used, "iova"));
	else
		printf("  %-10s CPU %lld at %s", "used",
		       number_of(used, "cpu"), text_of(used, "va"));
	printf(", event %lld: it %s the stale entry\n",
	       number_of(used, "event"),
	       json_is_true(json_object_get(used, "went")) ? "went by"
							   : "could go by");
	if (filled)
		printf("  %-10s by a walk in the block at %s, after event %lld\n",
		       "cached", text_of(filled, "block"),
		       number_of(filled, "event"));
}

static void print_finding(bool color, const json_t *f)
{
	const json_t *used = json_object_get(f, "used");
	const json_t *entry = json_object_get(f, "entry");
	const json_t *config = json_object_get(f, "configuration");
	char title[256];

	snprintf(title, sizeof(title), "%s: %s", text_of(f, "rule"),
		 text_of(f, "text"));
	print_heading(stdout, color, title);
	print_reference(text_of(f, "reference"));
	print_source("by", json_object_get(f, "by"));
	if (json_object_get(f, "detail"))
		printf("  %-10s %s\n", "case", text_of(f, "detail"));
	if (entry)
		print_entry(entry);
	if (config)
		print_configuration(config);
	if (json_object_get(f, "line"))
		print_line(json_object_get(f, "line"));
	if (used)
		print_used(used);
	else if (json_object_get(entry ? entry : config, "replaced"))
		printf("  %-10s not seen: an access could\n", "used");
	printf("  %-10s %s\n", "missing", text_of(f, "missing"));
	if (number_of(f, "count") > 1)
		printf("  %-10s %lld times\n", "count", number_of(f, "count"));
}

static void print_maintenance(bool color, const json_t *report)
{
	const json_t *m = json_object_get(report, "maintenance");
	static const struct column column[] = {
		{ "what", "maintenance", COLUMN_TEXT },
		{ "made", "made", COLUMN_COUNT },
		{ "needless", "dropped nothing", COLUMN_COUNT },
		{ 0 }
	};
	json_t *rows = json_pack(
		"[{s:s, s:O, s:O}, {s:s, s:O, s:O}, {s:s, s:O, s:O}]", "what",
		"TLBI", "made", json_object_get(m, "tlbis"), "needless",
		json_object_get(m, "tlbis_needless"), "what", "cleans", "made",
		json_object_get(m, "cleans"), "needless",
		json_object_get(m, "cleans_needless"), "what", "barriers",
		"made", json_object_get(m, "barriers"), "needless",
		json_object_get(m, "barriers_needless"));

	print_heading(stdout, color, "Cost");
	print_table(stdout, color, column, rows);
	json_decref(rows);
}

static void print_report(bool color, const json_t *report)
{
	const json_t *findings = json_object_get(report, "findings");
	const json_t *not_judged = json_object_get(report, "not_judged");
	const json_t *item;
	size_t i;

	json_array_foreach(findings, i, item)
		print_finding(color, item);
	print_maintenance(color, report);
	if (json_object_get(report, "log_reports"))
		printf("the log itself reports: %s\n",
		       text_of(report, "log_reports"));
	json_array_foreach(not_judged, i, item)
		printf("not judged: %s\n", json_string_value(item));
	if (json_array_size(findings))
		printf("%zu findings\n", json_array_size(findings));
	else
		printf("no findings in %lld events\n",
		       number_of(json_object_get(report, "maintenance"),
				 "events"));
}

/* ---- the command */

/* A log has no machine: --machine's, or the default one, for cpu.bbm_level
 * and check.writable_executable. */
static int load_config(const struct cli *cli, const char *input,
		       struct machine_config *config)
{
	return study_is_log(input) ? cli_load_config(cli, NULL, config)
				   : cli_load_config_for(cli, input, config);
}

static bool console_write(void *context, const void *bytes, size_t count)
{
	(void)context;
	return fwrite(bytes, 1, count, stderr) == count;
}

static int check(struct cli *cli, const char *input,
		 const struct machine_config *config)
{
	const struct options *o = &cli->options;
	struct progress progress;
	struct study_result result = { 0 };
	struct error_line error = { 0 };
	const char *args[256];
	struct check_options options = {
		.input = input,
		.argc = cli->operands < 256 ? cli->operands : 256,
		.argv = args,
		.linux_mode = o->linux_mode,
		.root = o->linux_mode && !o->root ? "." : o->root,
		.quiet = o->quiet,
		.limits = cli_limits(o),
		.progress = progress_start(&progress, o),
		.console = o->quiet ? NULL : console_write,
	};
	json_t *report;
	int code;

	memcpy(args, cli->operand, (size_t)options.argc * sizeof(*args));
	args[0] = input;
	code = study_check(config, &options, &report, &result, &error);
	progress_end(&progress);
	fflush(stderr);
	if (report && o->json)
		print_json(stdout, report);
	else if (report)
		print_report(print_color(o, stdout), report);
	json_decref(report);
	json_decref(result.stats);
	if (code && code != EXIT_FINDING)
		cli_fail_error(code, &error);
	return cli_finish_output(code);
}

int cmd_check(struct cli *cli)
{
	struct machine_config config;
	struct input_file input;
	int code;

	if (cli->options.root && !cli->options.linux_mode)
		return cli_fail(EXIT_USAGE, "check: --root needs --linux");
	code = input_open(&input, cli->operand[0]);
	if (code)
		return code;
	code = load_config(cli, input.path, &config);
	if (!code) {
		code = check(cli, input.path, &config);
		config_fini(&config);
	}
	input_close(&input);
	return code;
}
