/* SPDX-License-Identifier: BSD-2-Clause */
/* See study.h. */
#include "sim/explore/study.h"

#include <inttypes.h>
#include <stdio.h>

static const char *const verdict_name[] = { "good", "wrong", "undecided" };

static json_t *hex(uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	return json_string(text);
}

static json_t *witness(const struct explore_result *r)
{
	json_t *list = json_array();

	for (size_t i = 0; i < r->lines; i++)
		json_array_append_new(
			list, json_pack("{s:I,s:s,s:s}", "step",
					(json_int_t)r->line[i].step, "who",
					r->line[i].who, "what",
					r->line[i].text));
	return list;
}

static void tell_finding(json_t *report, const struct scenario *s,
			 const struct explore_result *r)
{
	const bool any = r->call < s->calls;

	json_object_set_new(report, "finding",
			    json_string(explore_finding_name(r->finding)));
	json_object_set_new(report, "operation",
			    json_string(any ? scenario_do_name(
						      s->call[r->call].what)
					    : "start"));
	json_object_set_new(report, "call", json_integer((json_int_t)r->call));
	json_object_set_new(report, "step", json_integer(r->step));
	json_object_set_new(report, "observer",
			    json_string(s->observer[r->observer].name));
	json_object_set_new(report, "address", hex(r->input));
	json_object_set_new(report, "what", json_string(r->text));
	json_object_set_new(report, "witness", witness(r));
	if (r->undecided)
		json_object_set_new(report, "undecided",
				    json_string(r->undecided));
}

json_t *study_explore(const struct scenario *s,
		      const struct machine_config *config,
		      const struct record_filter *filter,
		      enum explore_verdict *verdict, struct error_line *error)
{
	struct explore_result r;
	struct recording recording;
	json_t *report;
	int rc;

	if (!record_scenario(&recording, s, config, filter, error))
		return NULL;
	rc = explore_run(&recording.input, &r);
	recording_fini(&recording);
	if (rc) {
		explore_result_fini(&r);
		if (rc == ERR_NOMEM)
			error_set(error, EXIT_IO, "out of memory");
		else
			error_set(error, EXIT_NOT_MODELLED,
				  "%s: the tables lead to memory that is no table of the core's",
				  s->name);
		return NULL;
	}
	*verdict = r.verdict;
	report = json_pack("{s:s,s:s}", "scenario", s->name, "verdict",
			   verdict_name[r.verdict]);
	if (r.verdict != EXPLORE_GOOD)
		tell_finding(report, s, &r);
	json_object_set_new(report, "cost",
			    json_pack("{s:I,s:I,s:I}", "steps",
				      (json_int_t)r.steps, "entries",
				      (json_int_t)r.holdings, "fills",
				      (json_int_t)r.fills));
	explore_result_fini(&r);
	return report;
}
