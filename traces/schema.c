/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The JSON Schemas (draft 2020-12) of trace lines and statistics, made from
 * records.def and stats.def, so that they cannot differ from what is written
 * and read. The files in traces/schema are these, and a test holds them to it.
 */
#include <stdlib.h>
#include <string.h>

#include "traces/records.h"

#define DRAFT	 "https://json-schema.org/draft/2020-12/schema"
#define STATS_ID "stats.schema.json"

static json_t *ref(const char *definition)
{
	return json_pack("{ss+}", "$ref", "#/$defs/", definition);
}

static json_t *integer(uint64_t max)
{
	return json_pack("{ss,si,sI}", "type", "integer", "minimum", 0,
			 "maximum", (json_int_t)max);
}

static json_t *member_schema(const struct member *m)
{
	switch (m->kind) {
	case MEMBER_HEX:
		return ref("hex");
	case MEMBER_DECIMAL:
		return m->max == INT64_MAX ? ref("count") : integer(m->max);
	case MEMBER_SIGNED:
		return json_pack("{ss}", "type", "integer");
	case MEMBER_BOOLEAN:
		return json_pack("{ss}", "type", "boolean");
	case MEMBER_STRING:
		return json_pack("{ss}", "type", "string");
	case MEMBER_BYTES:
		return ref("bytes");
	}
	return NULL;
}

static json_t *record_schema(enum trace_type type)
{
	json_t *properties =
		json_pack("{s{ss}}", "t", "const", trace_type_name(type));
	json_t *required = json_pack("[ss]", "t", "cpu");

	json_object_set_new(properties, "cpu", ref("cpu"));
	if (trace_type_level(type) != TRACE_STIMULUS)
		json_object_set_new(properties, "at", integer(TRACE_BATCH_MAX));
	for (const struct member *m = record_members(type); m->name; m++) {
		json_object_set_new(properties, m->name, member_schema(m));
		json_array_append_new(required, json_string(m->name));
	}
	return json_pack("{ss,so,so,sb}", "type", "object", "properties",
			 properties, "required", required,
			 "additionalProperties", 0);
}

static json_t *header_schema(void)
{
	return json_pack("{ss,s{s{ss},s{ss},s{ss},s{ss}},s[s]}", "type",
			 "object", "properties", "format", "const",
			 TRACE_FORMAT, "machine", "type", "object", "guest",
			 "type", "object", "core", "type", "object",
			 "required", "format");
}

static json_t *stats_line_schema(void)
{
	return json_pack("{ss,s{s{ss},s{ss}},s[ss],sb}", "type", "object",
			 "properties", "t", "const", "trace.stats", "stats",
			 "$ref", STATS_ID, "required", "t", "stats",
			 "additionalProperties", 0);
}

static json_t *definitions(void)
{
	json_t *all = json_object();

	json_object_set_new(all, "hex",
			    json_pack("{ss,ss}", "type", "string", "pattern",
				      "^0x[0-9a-f]{1,16}$"));
	json_object_set_new(all, "count", integer(INT64_MAX));
	json_object_set_new(all, "cpu", integer(TRACE_CPU_MAX));
	json_object_set_new(all, "bytes",
			    json_pack("{ss,ss}", "type", "string",
				      "contentEncoding", "base64"));
	json_object_set_new(all, "header", header_schema());
	for (int i = 0; i < TRACE_TYPE_COUNT; i++)
		json_object_set_new(all, trace_type_name((enum trace_type)i),
				    record_schema((enum trace_type)i));
	json_object_set_new(all, "trace.stats", stats_line_schema());
	return all;
}

json_t *trace_schema(void)
{
	json_t *lines = json_pack("[o]", ref("header"));

	for (int i = 0; i < TRACE_TYPE_COUNT; i++)
		json_array_append_new(lines,
				      ref(trace_type_name((enum trace_type)i)));
	json_array_append_new(lines, ref("trace.stats"));
	return json_pack("{ss,ss,ss,ss,so,so}", "$schema", DRAFT, "$id",
			 "trace.schema.json", "title", TRACE_FORMAT,
			 "description",
			 "One line of a trace; see traces/README.md.", "oneOf",
			 lines, "$defs", definitions());
}

enum stats_type { STRING, OBJECT, COUNT, INTEGER_OR_NULL, COUNTS, NUMBER };

static json_t *stats_leaf(enum stats_type type)
{
	switch (type) {
	case STRING:
		return json_pack("{ss}", "type", "string");
	case OBJECT:
		return json_pack("{ss}", "type", "object");
	case COUNT:
		return json_pack("{ss,si}", "type", "integer", "minimum", 0);
	case INTEGER_OR_NULL:
		return json_pack("{s[ss]}", "type", "integer", "null");
	case COUNTS:
		return json_pack("{ss,so}", "type", "object",
				 "additionalProperties", stats_leaf(COUNT));
	case NUMBER:
		return json_pack("{ss,si}", "type", "number", "minimum", 0);
	}
	return NULL;
}

static void require(json_t *object, const char *name)
{
	json_t *required = json_object_get(object, "required"), *one;
	size_t i;

	if (!required) {
		required = json_array();
		json_object_set_new(object, "required", required);
	}
	json_array_foreach(required, i, one) if (strcmp(json_string_value(one),
							name) == 0) return;
	json_array_append_new(required, json_string(name));
}

/* The member `name` of an object's schema, made if it is not there. */
static json_t *stats_member(json_t *object, const char *name, bool required,
			    json_t *fresh)
{
	json_t *properties = json_object_get(object, "properties");
	json_t *member;

	if (!properties) {
		properties = json_object();
		json_object_set_new(object, "properties", properties);
	}
	member = json_object_get(properties, name);
	if (member) {
		json_decref(fresh);
	} else {
		member = fresh;
		json_object_set_new(properties, name, member);
	}
	if (required)
		require(object, name);
	return member;
}

static void stats_add(json_t *object, const char *path, enum stats_type type,
		      bool required);

/* One name of a path, `count` long, and what comes after it. */
static void stats_add_name(json_t *object, const char *name, size_t count,
			   const char *rest, enum stats_type type,
			   bool required)
{
	bool array = count > 2 && memcmp(name + count - 2, "[]", 2) == 0;
	char *copy = strndup(name, array ? count - 2 : count);
	json_t *fresh, *member;

	if (array)
		fresh = json_pack("{ss,s{ss}}", "type", "array", "items",
				  "type", "object");
	else if (*rest)
		fresh = json_pack("{ss}", "type", "object");
	else
		fresh = stats_leaf(type);
	member = stats_member(object, copy, required, fresh);
	if (array)
		member = json_object_get(member, "items");
	if (*rest)
		stats_add(member, rest, type, required);
	free(copy);
}

static void stats_add(json_t *object, const char *path, enum stats_type type,
		      bool required)
{
	bool choice = *path == '{';
	const char *name = path + choice;
	const char *end = name + strcspn(name, choice ? "}" : ".");
	const char *rest = end + choice;

	if (*rest == '.')
		rest++;
	while (name < end) {
		size_t count = strcspn(name, choice ? ",}" : ".");

		stats_add_name(object, name, count, rest, type, required);
		name += count + choice;
		if (!choice)
			break;
	}
}

json_t *trace_stats_schema(void)
{
	json_t *schema =
		json_pack("{ss,ss,ss,ss,ss,s{s{ss}},s[s]}", "$schema", DRAFT,
			  "$id", STATS_ID, "title", "p2msim.stats/1",
			  "description", "Statistics of a run or replay.",
			  "type", "object", "properties", "format", "const",
			  "p2msim.stats/1", "required", "format");

#define STATS(path, type, required) stats_add(schema, path, type, required);
#include "traces/stats.def"
#undef STATS
	return schema;
}
