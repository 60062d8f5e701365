/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Judging lines by the schema: an interpreter of the JSON Schema keywords
 * that our schemas use ($ref, type, const, pattern, minimum, maximum,
 * required, properties, additionalProperties, items, oneOf). Of a oneOf it
 * takes the branch whose constant member ("t", "format") fits, so that what
 * is wrong can be said of that record.
 */
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "traces/trace.h"

#define PATTERNS_MAX 4
#define WHERE_BYTES  128

struct trace_validator {
	json_t *trace, *stats;
	/* Compiled patterns, by their text in the schema. */
	struct {
		const char *text;
		regex_t regex;
	} pattern[PATTERNS_MAX];
	size_t patterns;
};

/* One validation: where we are, and the first thing found wrong. */
struct check {
	struct trace_validator *validator;
	const json_t *root; /* the schema document that "#" means */
	char where[WHERE_BYTES];
	char *error;
	size_t error_bytes;
};

static bool check_value(struct check *c, const json_t *schema,
			const json_t *value);

struct trace_validator *trace_validator_new(void)
{
	struct trace_validator *v = calloc(1, sizeof(*v));

	if (!v)
		return NULL;
	v->trace = trace_schema();
	v->stats = trace_stats_schema();
	if (!v->trace || !v->stats) {
		trace_validator_free(v);
		return NULL;
	}
	return v;
}

void trace_validator_free(struct trace_validator *v)
{
	if (!v)
		return;
	for (size_t i = 0; i < v->patterns; i++)
		regfree(&v->pattern[i].regex);
	json_decref(v->trace);
	json_decref(v->stats);
	free(v);
}

/* "record: /path: what", in printable characters. */
static bool wrong(struct check *c, const char *what, const char *detail)
{
	snprintf(c->error, c->error_bytes, "%s%s%s%s", c->where,
		 *c->where ? ": " : "", what, detail);
	for (char *s = c->error; *s; s++)
		if ((unsigned char)*s < 0x20 || (unsigned char)*s > 0x7e)
			*s = '?';
	return false;
}

static bool type_is(const char *type, const json_t *value)
{
	static const struct {
		const char *name;
		json_type type;
	} list[] = {
		{ "object", JSON_OBJECT },  { "array", JSON_ARRAY },
		{ "string", JSON_STRING },  { "integer", JSON_INTEGER },
		{ "number", JSON_INTEGER }, { "number", JSON_REAL },
		{ "boolean", JSON_TRUE },   { "boolean", JSON_FALSE },
		{ "null", JSON_NULL },
	};

	for (size_t i = 0; i < sizeof(list) / sizeof(*list); i++)
		if (list[i].type == json_typeof(value) &&
		    strcmp(list[i].name, type) == 0)
			return true;
	return false;
}

static bool check_type(struct check *c, const json_t *type, const json_t *value)
{
	const json_t *one;
	size_t i;

	if (json_is_string(type))
		return type_is(json_string_value(type), value) ||
		       wrong(c, "must be of type ", json_string_value(type));
	json_array_foreach(type, i, one) if (type_is(json_string_value(one),
						     value)) return true;
	return wrong(c, "is of a type that is not allowed here", "");
}

static bool check_pattern(struct check *c, const char *text,
			  const json_t *value)
{
	struct trace_validator *v = c->validator;
	size_t i = 0;

	while (i < v->patterns && v->pattern[i].text != text)
		i++;
	if (i == v->patterns) {
		if (i == PATTERNS_MAX || regcomp(&v->pattern[i].regex, text,
						 REG_EXTENDED | REG_NOSUB) != 0)
			return wrong(c, "schema: cannot use pattern ", text);
		v->pattern[i].text = text;
		v->patterns++;
	}
	return (json_string_length(value) == strlen(json_string_value(value)) &&
		regexec(&v->pattern[i].regex, json_string_value(value), 0, NULL,
			0) == 0) ||
	       wrong(c, "must match ", text);
}

static bool check_range(struct check *c, const json_t *schema,
			const json_t *value)
{
	const json_t *min = json_object_get(schema, "minimum");
	const json_t *max = json_object_get(schema, "maximum");
	char bound[32];

	if (min &&
	    (json_is_integer(value)
		     ? json_integer_value(value) < json_integer_value(min)
		     : json_real_value(value) < json_number_value(min))) {
		snprintf(bound, sizeof(bound), "%lld",
			 (long long)json_integer_value(min));
		return wrong(c, "must be at least ", bound);
	}
	if (max &&
	    (json_is_integer(value)
		     ? json_integer_value(value) > json_integer_value(max)
		     : json_real_value(value) > json_number_value(max))) {
		snprintf(bound, sizeof(bound), "%lld",
			 (long long)json_integer_value(max));
		return wrong(c, "must be at most ", bound);
	}
	return true;
}

/* Checks one member or item with its name added to where we are. */
static bool check_below(struct check *c, const json_t *schema, const char *name,
			const json_t *value)
{
	size_t length = strlen(c->where);
	bool fine;

	snprintf(c->where + length, sizeof(c->where) - length, "/%.40s", name);
	fine = check_value(c, schema, value);
	c->where[length] = 0;
	return fine;
}

static bool check_member(struct check *c, const json_t *schema,
			 const char *name, const json_t *value)
{
	const json_t *property =
		json_object_get(json_object_get(schema, "properties"), name);
	const json_t *additional =
		json_object_get(schema, "additionalProperties");
	char short_name[44];

	if (property)
		return check_below(c, property, name, value);
	if (json_is_object(additional))
		return check_below(c, additional, name, value);
	snprintf(short_name, sizeof(short_name), "%.40s", name);
	return !json_is_false(additional) ||
	       wrong(c, "unknown member ", short_name);
}

static bool check_object(struct check *c, const json_t *schema,
			 const json_t *value)
{
	const json_t *name, *member;
	const char *key;
	size_t i;

	json_array_foreach(json_object_get(schema, "required"), i, name) if (
		!json_object_get(value,
				 json_string_value(
					 name))) return wrong(c,
							      "lacks member ",
							      json_string_value(
								      name));
	json_object_foreach((json_t *)(uintptr_t)value, key,
			    member) if (!check_member(c, schema, key,
						      member)) return false;
	return true;
}

static bool check_items(struct check *c, const json_t *items,
			const json_t *value)
{
	const json_t *item;
	char number[24];
	size_t i;

	json_array_foreach(value, i, item)
	{
		snprintf(number, sizeof(number), "%zu", i);
		if (!check_below(c, items, number, item))
			return false;
	}
	return true;
}

static bool check_ref(struct check *c, const char *to, const json_t *value)
{
	static const char here[] = "#/$defs/";
	const json_t *root = c->root;
	bool fine;

	if (strncmp(to, here, sizeof(here) - 1) == 0)
		return check_value(c,
				   json_object_get(json_object_get(root,
								   "$defs"),
						   to + sizeof(here) - 1),
				   value);
	c->root = c->validator->stats; /* the only other document */
	fine = check_value(c, c->root, value);
	c->root = root;
	return fine;
}

/* Whether the branch's constant members are the value's. */
static bool branch_fits(const json_t *branch, const json_t *value)
{
	const json_t *property;
	const char *key;

	json_object_foreach(json_object_get(branch, "properties"), key,
			    property)
	{
		const json_t *constant = json_object_get(property, "const");

		if (constant &&
		    !json_equal(constant, json_object_get(value, key)))
			return false;
	}
	return true;
}

static bool check_one_of(struct check *c, const json_t *branches,
			 const json_t *value)
{
	const json_t *defs = json_object_get(c->root, "$defs"), *branch;
	size_t i;

	json_array_foreach(branches, i, branch)
	{
		const char *name =
			json_string_value(json_object_get(branch, "$ref")) +
			strlen("#/$defs/");
		const json_t *schema = json_object_get(defs, name);

		if (!branch_fits(schema, value))
			continue;
		snprintf(c->where, sizeof(c->where), "%s", name);
		return check_value(c, schema, value);
	}
	return wrong(c, "no record of this name, and not a header", "");
}

static bool check_value(struct check *c, const json_t *schema,
			const json_t *value)
{
	const json_t *keyword;

	keyword = json_object_get(schema, "$ref");
	if (keyword && !check_ref(c, json_string_value(keyword), value))
		return false;
	keyword = json_object_get(schema, "type");
	if (keyword && !check_type(c, keyword, value))
		return false;
	keyword = json_object_get(schema, "const");
	if (keyword && !json_equal(keyword, value))
		return wrong(c, "must be ", json_string_value(keyword));
	keyword = json_object_get(schema, "pattern");
	if (keyword && json_is_string(value) &&
	    !check_pattern(c, json_string_value(keyword), value))
		return false;
	if (json_is_number(value) && !check_range(c, schema, value))
		return false;
	if (json_is_object(value) && !check_object(c, schema, value))
		return false;
	keyword = json_object_get(schema, "items");
	if (keyword && json_is_array(value) && !check_items(c, keyword, value))
		return false;
	keyword = json_object_get(schema, "oneOf");
	return !keyword || check_one_of(c, keyword, value);
}

bool trace_validator_line(struct trace_validator *v, const char *line,
			  size_t bytes, char *error, size_t error_bytes)
{
	struct check c = { .validator = v,
			   .root = v->trace,
			   .error = error,
			   .error_bytes = error_bytes };
	json_error_t why;
	json_t *value = json_loadb(line, bytes, JSON_REJECT_DUPLICATES, &why);
	bool fine;

	if (!value)
		return wrong(&c, "not JSON: ", why.text);
	fine = json_is_object(value) ? check_value(&c, v->trace, value)
				     : wrong(&c, "not a JSON object", "");
	json_decref(value);
	return fine;
}

bool trace_validator_stats(struct trace_validator *v, const json_t *stats,
			   char *error, size_t error_bytes)
{
	struct check c = { .validator = v,
			   .root = v->stats,
			   .error = error,
			   .error_bytes = error_bytes };

	return check_value(&c, v->stats, stats);
}

bool trace_line_validate(const char *line, size_t bytes, char *error,
			 size_t error_bytes)
{
	struct trace_validator *v = trace_validator_new();
	bool fine;

	if (!v) {
		snprintf(error, error_bytes, "no memory");
		return false;
	}
	fine = trace_validator_line(v, line, bytes, error, error_bytes);
	trace_validator_free(v);
	return fine;
}

/* Each line by the schema, after the reader has taken it apart. */
static enum trace_next validate_lines(struct trace_validator *v,
				      struct trace_reader *r, char *error,
				      size_t error_bytes)
{
	struct trace_record record;
	struct trace_batch batch;
	enum trace_next next = TRACE_NEXT_RECORD;
	char why[200];

	for (;;) {
		size_t bytes;
		const char *line = trace_reader_text(r, &bytes);

		if (!trace_validator_line(v, line, bytes, why, sizeof(why))) {
			snprintf(error, error_bytes, "line %llu: %s",
				 (unsigned long long)trace_reader_line(r), why);
			return TRACE_NEXT_MALFORMED;
		}
		if (next == TRACE_NEXT_END)
			return next;
		next = trace_reader_next(r, &record, &batch);
		if (next == TRACE_NEXT_TRUNCATED ||
		    next == TRACE_NEXT_MALFORMED) {
			snprintf(error, error_bytes, "%s",
				 trace_reader_error(r));
			return next;
		}
	}
}

enum trace_next trace_validate(const char *path, char *error,
			       size_t error_bytes)
{
	struct trace_reader *r = trace_reader_open(path, error, error_bytes);
	struct trace_validator *v;
	enum trace_next next = TRACE_NEXT_MALFORMED;

	if (!r)
		return next;
	v = trace_validator_new();
	if (v)
		next = validate_lines(v, r, error, error_bytes);
	else
		snprintf(error, error_bytes, "no memory");
	trace_validator_free(v);
	trace_reader_close(r);
	return next;
}
