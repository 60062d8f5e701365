/* SPDX-License-Identifier: BSD-2-Clause */
/* `check`: a run or replay with the checker listening. See study.h. */
#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/check/checker.h"
#include "sim/study/code_lines.h"
#include "sim/study/study.h"

/* ---- the report */

static json_t *hex(uint64_t value)
{
	char text[20];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	return json_string(text);
}

static json_t *source_json(const struct protocol_source *s,
			   struct code_lines *lines)
{
	json_t *o = json_object();

	if (s->operation)
		json_object_set_new(o, s->pc == UINT64_MAX ? "operation"
							   : "instruction",
				    json_string(s->operation));
	if (s->pc != UINT64_MAX) {
		json_object_set_new(o, "block", hex(s->pc));
		code_lines_add_guest(lines, s->pc, o);
	}
	if (s->file) {
		json_object_set_new(o, "file", json_string(s->file));
		json_object_set_new(o, "line", json_integer(s->line));
	}
	if (s->code)
		code_lines_add(lines, s->code, o);
	return o;
}

static json_t *event_json(uint64_t event, const struct protocol_source *s,
			  struct code_lines *lines)
{
	json_t *o = source_json(s, lines);

	if (event)
		json_object_set_new(o, "event", json_integer((json_int_t)event));
	else
		json_object_set_new(o, "event", json_string("before the check"));
	return o;
}

/* Observers of a set, counted from its first on: CPUs from 0, IOMMUs too. */
static json_t *observers_json(uint64_t set, int first)
{
	json_t *a = json_array();

	for (int i = first; i < PROTOCOL_OBSERVERS_MAX; i++)
		if (set >> i & 1)
			json_array_append_new(a, json_integer(i - first));
	return a;
}

static void set_holders(json_t *o, const struct finding *f)
{
	int unit = 0;

	if (f->observers & ~f->units)
		json_object_set_new(o, "may_be_held_by",
				    observers_json(f->observers & ~f->units,
						   0));
	while (unit < PROTOCOL_OBSERVERS_MAX && !(f->units >> unit & 1))
		unit++;
	if (f->observers & f->units)
		json_object_set_new(o, "may_be_held_by_iommus",
				    observers_json(f->observers & f->units,
						   unit));
}

static json_t *entry_json(const struct finding *f, struct code_lines *lines)
{
	json_t *o = json_pack("{s:i, s:i, s:i}", "stage", (int)f->stage,
			      "level", f->level,
			      f->of_device ? "domain" : "vmid", (int)f->vmid);

	if (f->stage == 1)
		json_object_set_new(o, "asid", json_integer(f->asid));
	json_object_set_new(o, "input", hex(f->input));
	json_object_set_new(o, "last", hex(f->input_last));
	json_object_set_new(o, "descriptor", hex(f->address));
	json_object_set_new(o, "stale", hex(f->stale));
	json_object_set_new(o, "now", hex(f->now));
	set_holders(o, f);
	if (!f->replaced_event)
		return o;
	json_object_set_new(o, "born",
			    event_json(f->birth_event, &f->birth, lines));
	json_object_set_new(o, "replaced",
			    event_json(f->replaced_event, &f->replaced, lines));
	return o;
}

static json_t *line_json(const struct finding *f, struct code_lines *lines)
{
	json_t *o = json_pack("{s:o, s:I, s:o, s:o, s:o, s:o}", "address",
			      hex(f->address), "bytes",
			      (json_int_t)f->line_bytes, "va", hex(f->read_va),
			      "ipa", hex(f->read_address), "memory",
			      hex(f->stale), "caches", hex(f->now));
	json_t *born;

	if (!f->birth_known)
		return o;
	born = event_json(f->birth_event, &f->birth, lines);
	json_object_set_new(born, "cpu", json_integer(f->birth_cpu));
	json_object_set_new(o, "born", born);
	return o;
}

/* An entry of an IOMMU's configuration. */
static json_t *config_json(const struct finding *f, struct code_lines *lines)
{
	json_t *o = json_pack("{s:s, s:i, s:o, s:o, s:o}", "kind", f->config,
			      "domain", (int)f->vmid, "address",
			      hex(f->address), "stale", hex(f->stale), "now",
			      hex(f->now));

	json_object_set_new(o, "requester", hex(f->sid));
	if (f->ssid)
		json_object_set_new(o, "pasid", json_integer(f->ssid));
	set_holders(o, f);
	if (!f->replaced_event)
		return o;
	json_object_set_new(o, "born",
			    event_json(f->birth_event, &f->birth, lines));
	json_object_set_new(o, "replaced",
			    event_json(f->replaced_event, &f->replaced, lines));
	return o;
}

static json_t *used_json(const struct finding *f)
{
	json_t *o = json_pack("{s:I, s:o, s:b}", "event",
			      (json_int_t)f->use_event,
			      f->use_by_device ? "iova" : "va", hex(f->use_va),
			      "went", f->use_went || f->use_by_device);

	if (f->use_by_device)
		json_object_set_new(o, "requester", hex(f->use_sid));
	else
		json_object_set_new(o, "cpu", json_integer(f->use_cpu));
	if (f->fill_known)
		json_object_set_new(o, "filled",
				    json_pack("{s:I, s:o}", "event",
					      (json_int_t)f->fill_event,
					      "block", hex(f->fill_pc)));
	return o;
}

static json_t *finding_json(const struct finding *f, struct code_lines *lines)
{
	const struct rule_facts *rule = rule_facts(f->rule);
	json_t *o = json_pack("{s:s, s:s, s:s, s:I, s:i, s:b}", "rule",
			      rule->id, "text", rule->text, "reference",
			      rule->reference, "count", (json_int_t)f->count,
			      "cpu", (int)f->cpu, "hypervisor", f->el2);

	json_object_set_new(o, "by", event_json(f->event, &f->source, lines));
	if (f->detail[0])
		json_object_set_new(o, "detail", json_string(f->detail));
	if (f->input != UINT64_MAX)
		json_object_set_new(o, "entry", entry_json(f, lines));
	if (f->config)
		json_object_set_new(o, "configuration", config_json(f, lines));
	if (f->line_bytes)
		json_object_set_new(o, "line", line_json(f, lines));
	if (f->use_event)
		json_object_set_new(o, "used", used_json(f));
	json_object_set_new(o, "missing", json_string(f->missing));
	return o;
}

static json_t *costs_json(const struct checker_costs *c)
{
	return json_pack(
		"{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "events",
		(json_int_t)c->events, "tlbis", (json_int_t)c->tlbis,
		"tlbis_needless", (json_int_t)c->needless_tlbis, "cleans",
		(json_int_t)c->cleans, "cleans_needless",
		(json_int_t)c->needless_cleans, "barriers",
		(json_int_t)c->barriers, "barriers_needless",
		(json_int_t)c->needless_barriers, "stale_entries_peak",
		(json_int_t)c->entries_held_peak);
}

json_t *check_report(const struct checker *checker, const char *guest)
{
	json_t *findings = json_array(), *not_judged = json_array();
	struct code_lines lines;

	code_lines_init(&lines, guest);
	for (size_t i = 0; i < checker_findings(checker); i++)
		json_array_append_new(
			findings,
			finding_json(checker_finding(checker, i), &lines));
	code_lines_resolve(&lines);
	for (size_t i = 0; checker_not_judged(checker, i); i++)
		json_array_append_new(
			not_judged,
			json_string(checker_not_judged(checker, i)));
	return json_pack("{s:s, s:o, s:o, s:o}", "format", "p2msim.check/1",
			 "findings", findings, "maintenance",
			 costs_json(checker_costs(checker)), "not_judged",
			 not_judged);
}

/* ---- the run */

static int check_run(const struct machine_config *config,
		     const struct check_options *o, struct checker *checker,
		     struct study_result *result, struct error_line *error)
{
	const struct run_options run = {
		.guest = o->input,
		.argc = o->argc,
		.argv = o->argv,
		.linux_mode = o->linux_mode,
		.root = o->root,
		.limits = o->limits,
		.quiet = o->quiet,
		.progress = o->progress,
		.listener = checker_listener(checker),
		.output_to_stderr = true,
		.console = o->console,
		.console_context = o->console_context,
	};
	const struct replay_options replay = {
		.trace = o->input,
		.limits = o->limits,
		.progress = o->progress,
		.listener = checker_listener(checker),
	};

	return study_is_guest(o->input)
		       ? study_run(config, &run, result, error)
		       : study_replay(config, &replay, result, error);
}

/* What a log cannot tell. */
static void log_add(json_t *report, const char *said)
{
	static const char *const lines[] = {
		"dsb-after-write, contiguous-mixed, and what is still held when an operation ends: a log does not say where one ends",
		"link-unordered: a log has no DMB",
		"clean-missing, clean-unordered: a log has no cache maintenance",
		"write-pieces: a log's stores are of 8 bytes",
		"base-changed, control-cached, context-unsynchronised: a log has no accesses, which would tell that a register's change was meant to be over; id-shared and id-changed judge its roots",
	};
	json_t *not_judged = json_object_get(report, "not_judged");

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		json_array_append_new(not_judged, json_string(lines[i]));
	if (said)
		json_object_set_new(report, "log_reports", json_string(said));
}

static int check_log(const char *input, struct checker *checker,
		     json_t **report, struct error_line *error)
{
	struct study_log log;
	int rc = study_check_log(input, checker, &log, error);

	if (rc == EXIT_FINE) {
		*report = check_report(checker, NULL);
		log_add(*report, log.said);
	}
	study_log_fini(&log);
	return rc;
}

int study_check(const struct machine_config *config,
		const struct check_options *options, json_t **report,
		struct study_result *result, struct error_line *error)
{
	const bool is_log = study_is_log(options->input);
	const struct checker_config checking = {
		.discipline = is_log,
		.cpus = is_log ? PROTOCOL_OBSERVERS_MAX : config->cpus,
		.bbm_level = config->p2m.bbm_level,
		.forbid_writable_executable =
			config->forbid_writable_executable,
		.no_data = !study_is_guest(options->input),
	};
	struct checker *checker = checker_new(&checking, NULL, NULL);
	int rc;

	*report = NULL;
	*result = (struct study_result){ 0 };
	if (!checker) {
		error_set(error, EXIT_INPUT, "check: out of memory");
		return error->exit_code;
	}
	rc = is_log ? check_log(options->input, checker, report, error)
		    : check_run(config, options, checker, result, error);
	if (result->stats)
		*report = check_report(
			checker,
			study_is_guest(options->input) ? options->input : NULL);
	if (!rc && checker_findings(checker))
		rc = EXIT_FINDING;
	checker_free(checker);
	return rc;
}
