/* SPDX-License-Identifier: BSD-2-Clause */
/* A casemate log as a trace: casemate_import. */
#include <errno.h>
#include <string.h>

#include "traces/import/casemate.h"

/* ---- statistics of a run in which nothing ran ---- */

static json_t *nothing_of(const json_t *schema);

static json_t *nothing_object(const json_t *schema)
{
	const json_t *properties = json_object_get(schema, "properties");
	const json_t *required = json_object_get(schema, "required");
	json_t *object = json_object(), *name;
	size_t i;

	json_array_foreach(required, i, name) json_object_set_new(
		object, json_string_value(name),
		nothing_of(
			json_object_get(properties, json_string_value(name))));
	return object;
}

/* The least that the schema allows. */
static json_t *nothing_of(const json_t *schema)
{
	const json_t *constant = json_object_get(schema, "const");
	const json_t *types = json_object_get(schema, "type");
	/* Of several the last: null, where a value may be missing. */
	const char *type = json_string_value(
		json_is_array(types)
			? json_array_get(types, json_array_size(types) - 1)
			: types);

	if (constant)
		return json_incref((json_t *)(uintptr_t)constant);
	if (!type || !strcmp(type, "object"))
		return nothing_object(schema);
	if (!strcmp(type, "array"))
		return json_array();
	if (!strcmp(type, "string"))
		return json_string("");
	if (!strcmp(type, "boolean"))
		return json_false();
	if (!strcmp(type, "null"))
		return json_null();
	return json_integer(0);
}

/* ---- the file ---- */

static struct trace_writer *writer_for(const char *log, const char *trace)
{
	json_t *header =
		json_pack("{s:s, s:s, s:{s:s, s:s}}", "format", TRACE_FORMAT,
			  "tool", "p2msim " P2MSIM_VERSION, "import", "from",
			  "casemate", "file", log);
	struct trace_writer *w =
		header ? trace_writer_open(trace, header, TRACE_FULL) : NULL;

	json_decref(header);
	return w;
}

/* Nothing is written of a log that is bad, if it can be read twice. */
static bool is_good(FILE *file, const char *log, char *error,
		    size_t error_bytes)
{
	struct casemate_reader *r;
	struct trace_record record;
	enum trace_next next = TRACE_NEXT_END;

	if (fseeko(file, 0, SEEK_END) || fseeko(file, 0, SEEK_SET))
		return true;
	r = casemate_open(file);
	while (r && (next = casemate_next(r, &record)) == TRACE_NEXT_RECORD)
		;
	if (next == TRACE_NEXT_MALFORMED)
		snprintf(error, error_bytes, "%s: %s", log, casemate_error(r));
	casemate_close(r);
	rewind(file);
	return next == TRACE_NEXT_END;
}

static enum casemate_result copy(struct casemate_reader *r,
				 struct trace_writer *w, const char *log,
				 char *error, size_t error_bytes)
{
	struct trace_record record;
	enum trace_next next;

	while ((next = casemate_next(r, &record)) == TRACE_NEXT_RECORD) {
		trace_write(w, &record);
		if (trace_writer_failed(w))
			return CASEMATE_BAD_TRACE;
	}
	if (next == TRACE_NEXT_END)
		return CASEMATE_OK;
	snprintf(error, error_bytes, "%s: %s", log, casemate_error(r));
	return CASEMATE_BAD_LOG;
}

static enum casemate_result write_all(FILE *file, const char *log,
				      const char *trace, char *error,
				      size_t error_bytes)
{
	struct casemate_reader *r = casemate_open(file);
	struct trace_writer *w = r ? writer_for(log, trace) : NULL;
	enum casemate_result result = CASEMATE_BAD_TRACE;
	json_t *schema = trace_stats_schema(), *stats = nothing_of(schema);
	int failed = errno;

	if (w) {
		result = copy(r, w, log, error, error_bytes);
		failed = trace_writer_close(w, result == CASEMATE_OK ? stats
								     : NULL);
		if (failed && result == CASEMATE_OK)
			result = CASEMATE_BAD_TRACE;
	}
	if (result == CASEMATE_BAD_TRACE)
		snprintf(error, error_bytes, "%s: %s", trace, strerror(failed));
	casemate_close(r);
	json_decref(stats);
	json_decref(schema);
	return result;
}

enum casemate_result casemate_import(const char *log, const char *trace,
				     char *error, size_t error_bytes)
{
	FILE *file = fopen(log, "rb");
	enum casemate_result result;

	if (!file) {
		snprintf(error, error_bytes, "%s: %s", log, strerror(errno));
		return CASEMATE_BAD_LOG;
	}
	result = is_good(file, log, error, error_bytes)
			 ? write_all(file, log, trace, error, error_bytes)
			 : CASEMATE_BAD_LOG;
	fclose(file);
	return result;
}
