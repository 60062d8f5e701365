/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The schema: the checked-in files are what records.def and stats.def say, a
 * trace of every record is valid, and each mutation of a record is not.
 *
 *   schema_test --write    writes the files anew
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/traces/trace_file.h"

#define DUMP (JSON_INDENT(1) | JSON_ENSURE_ASCII)

static const struct {
	const char *path;
	json_t *(*schema)(void);
} files[] = {
	{ "traces/schema/trace.schema.json", trace_schema },
	{ "traces/schema/stats.schema.json", trace_stats_schema },
};

static int write_files(void)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		json_t *schema = files[i].schema();
		FILE *f = fopen(files[i].path, "w");
		bool fine = f && json_dumpf(schema, f, DUMP) == 0 &&
			    fputc('\n', f) == '\n';

		json_decref(schema);
		if (!f || fclose(f) != 0 || !fine) {
			perror(files[i].path);
			return 1;
		}
	}
	return 0;
}

static void the_checked_in_schemas_are_up_to_date(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		json_t *schema = files[i].schema();
		struct bytes b = file_read(files[i].path);
		char *dump = json_dumps(schema, DUMP);

		assert_non_null(dump);
		if (strlen(dump) + 1 != b.count ||
		    memcmp(dump, b.byte, b.count - 1) != 0)
			fail_msg("%s is out of date: run schema_test --write",
				 files[i].path);
		json_decref(schema);
		free(dump);
		free(b.byte);
	}
}

/* A record of the type with every member set. */
static json_t *example(enum trace_type type)
{
	struct trace_record record = { .type = type,
				       .cpu = 5,
				       .name = "s",
				       .blob = "data",
				       .blob_bytes = 4 };

	for (int i = 0; i < TRACE_VALUES_MAX; i++)
		record.value[i] = (uint64_t)i % 3;
	if (!trace_type_is_stimulus(type)) {
		record.has_at = true;
		record.at = 7;
	}
	return trace_record_json(&record);
}

static bool valid(struct trace_validator *v, const json_t *line, char *error)
{
	char *text = json_dumps(line, JSON_COMPACT);
	bool fine = trace_validator_line(v, text, strlen(text), error, 256);

	free(text);
	return fine;
}

static void every_record_is_valid(void **state)
{
	struct trace_validator *v = trace_validator_new();

	(void)state;
	for (int i = 0; i < TRACE_TYPE_COUNT; i++) {
		json_t *line = example((enum trace_type)i);
		char error[256];

		assert_non_null(line);
		if (!valid(v, line, error))
			fail_msg("%s", error);
		json_decref(line);
	}
	trace_validator_free(v);
}

/* What is wrong with a member of any kind. */
static json_t *spoiled(const json_t *value, int how)
{
	switch (how) {
	case 0:
		return json_null();
	case 1:
		return json_array();
	case 2:
		return json_is_string(value) ? json_integer(1)
					     : json_string("1");
	default:
		return json_real(1.5);
	}
}

static void every_mutation_is_refused(void **state)
{
	struct trace_validator *v = trace_validator_new();
	char error[256];

	(void)state;
	for (int i = 0; i < TRACE_TYPE_COUNT; i++) {
		json_t *line = example((enum trace_type)i), *value, *copy;
		const char *name = trace_type_name((enum trace_type)i), *key;

		json_object_foreach(line, key, value)
		{
			for (int how = 0; how < 4; how++) {
				copy = json_copy(line);
				json_object_set_new(copy, key,
						    spoiled(value, how));
				assert_false(valid(v, copy, error));
				if (strcmp(key, "t") != 0)
					assert_non_null(strstr(error, name));
				json_decref(copy);
			}
			copy = json_copy(line);
			json_object_del(copy, key);
			if (valid(v, copy, error) != !strcmp(key, "at"))
				fail_msg("%s without %s", name, key);
			json_decref(copy);
		}
		json_object_set_new(line, "more", json_integer(1));
		assert_false(valid(v, line, error));
		assert_non_null(strstr(error, "unknown member more"));
		json_decref(line);
	}
	trace_validator_free(v);
}

static void bounds_and_patterns_are_kept(void **state)
{
	static const struct {
		const char *line, *want; /* NULL: valid */
	} cases[] = {
		{ "{\"t\":\"cpu.wfi\",\"cpu\":63}", NULL },
		{ "{\"t\":\"cpu.wfi\",\"cpu\":64}",
		  "cpu.wfi/cpu: must be at most 63" },
		{ "{\"t\":\"cpu.wfi\",\"cpu\":-1}",
		  "cpu.wfi/cpu: must be at least 0" },
		{ "{\"t\":\"cpu.eret\",\"cpu\":0,\"el\":4}",
		  "cpu.eret/el: must be at most 3" },
		{ "{\"t\":\"cpu.stale\",\"cpu\":0,\"va\":\"0x1F\"}",
		  "cpu.stale/va: must match ^0x[0-9a-f]{1,16}$" },
		{ "{\"t\":\"cpu.stale\",\"cpu\":0,\"va\":"
		  "\"0xffffffffffffffff\"}",
		  NULL },
		{ "{\"t\":\"cpu.stale\",\"cpu\":0,\"va\":"
		  "\"0xfffffffffffffffff\"}",
		  "cpu.stale/va: must match" },
		{ "{\"t\":\"cpu.wfi\",\"cpu\":0", "not JSON" },
		{ "[]", "not a JSON object" },
		{ "{\"t\":\"cpu.fly\"}", "no record of this name" },
		{ "{\"format\":\"p2msim.trace/1\",\"more\":[1]}", NULL },
		{ "{\"format\":\"p2msim.trace/1\",\"machine\":1}",
		  "header/machine: must be of type object" },
		{ "{\"format\":\"p2msim.trace/2\"}", "no record of this name" },
		{ "{\"t\":\"trace.stats\",\"stats\":{}}",
		  "trace.stats/stats: lacks member format" },
	};
	char error[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		bool fine = trace_line_validate(cases[i].line,
						strlen(cases[i].line), error,
						sizeof(error));

		if (fine != !cases[i].want ||
		    (!fine &&
		     strncmp(error, cases[i].want, strlen(cases[i].want)) != 0))
			fail_msg("%s: %s", cases[i].line, error);
	}
}

/* The smallest value that a schema allows: what a `required` list asks. */
static json_t *smallest(const json_t *schema)
{
	const json_t *type = json_object_get(schema, "type");
	const json_t *constant = json_object_get(schema, "const"), *name;
	const char *kind = json_string_value(
		json_is_array(type) ? json_array_get(type, 0) : type);
	json_t *value, *properties;
	size_t i;

	if (constant)
		return json_copy((json_t *)(uintptr_t)constant);
	if (strcmp(kind, "string") == 0)
		return json_string("");
	if (strcmp(kind, "integer") == 0 || strcmp(kind, "number") == 0)
		return json_integer(0);
	if (strcmp(kind, "array") == 0)
		return json_pack("[o]",
				 smallest(json_object_get(schema, "items")));
	value = json_object();
	properties = json_object_get(schema, "properties");
	json_array_foreach(json_object_get(schema, "required"), i, name)
		json_object_set_new(value, json_string_value(name),
				    smallest(json_object_get(properties,
							     json_string_value(
								     name))));
	return value;
}

static void statistics_are_judged_to_the_leaf(void **state)
{
	static const char *const paths[] = {
		"cpu/0/tlb/s2/invalidated",
		"cpu/0/cycles_by/idle",
		"cpu/0/walks/by_accesses",
		"cache/llc/cleans",
		"p2m/mappings/2M",
		"machine/digest",
		"guest/sha256",
	};
	struct trace_validator *v = trace_validator_new();
	json_t *schema = trace_stats_schema(), *stats = smallest(schema);
	char error[256], path[64];

	(void)state;
	if (!trace_validator_stats(v, stats, error, sizeof(error)))
		fail_msg("%s", error);
	json_object_set_new(stats, "more", json_null());
	assert_true(trace_validator_stats(v, stats, error, sizeof(error)));
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		json_t *at = stats, *kept;
		char *name, *rest;

		snprintf(path, sizeof(path), "%s", paths[i]);
		for (name = path; (rest = strchr(name, '/')); name = rest) {
			*rest++ = 0;
			at = json_is_array(at)
				     ? json_array_get(at, (size_t)atoi(name))
				     : json_object_get(at, name);
		}
		kept = json_incref(json_object_get(at, name));
		assert_non_null(kept);
		json_object_set_new(at, name, json_integer(-1));
		assert_false(
			trace_validator_stats(v, stats, error, sizeof(error)));
		assert_non_null(strstr(error, paths[i]));
		json_object_del(at, name);
		assert_false(
			trace_validator_stats(v, stats, error, sizeof(error)));
		assert_non_null(strstr(error, name));
		json_object_set_new(at, name, kept);
	}
	json_decref(stats);
	json_decref(schema);
	trace_validator_free(v);
}

static void a_whole_file_is_judged_line_by_line(void **state)
{
	char name[64], error[256];
	json_t *header = small_header(), *schema = trace_stats_schema();
	json_t *stats = smallest(schema);
	struct trace_writer *w;

	(void)state;
	w = trace_writer_open(file_name(name, ".zst"), header, TRACE_FULL);
	small_fill(w);
	assert_int_equal(trace_writer_close(w, stats), 0);
	if (trace_validate(name, error, sizeof(error)) != TRACE_NEXT_END)
		fail_msg("%s", error);

	w = trace_writer_open(name, header, TRACE_FULL);
	small_fill(w);
	assert_int_equal(trace_writer_close(w, header), 0); /* no statistics */
	assert_int_equal(trace_validate(name, error, sizeof(error)),
			 TRACE_NEXT_MALFORMED);
	assert_non_null(strstr(error, ": trace.stats/stats: lacks member "));

	w = trace_writer_open(name, header, TRACE_FULL);
	small_fill(w);
	assert_int_equal(trace_writer_close(w, NULL), 0);
	assert_int_equal(trace_validate(name, error, sizeof(error)),
			 TRACE_NEXT_TRUNCATED);
	assert_memory_equal(error, "truncated after line ", 21);
	unlink(name);
	json_decref(header);
	json_decref(stats);
	json_decref(schema);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_checked_in_schemas_are_up_to_date),
		cmocka_unit_test(every_record_is_valid),
		cmocka_unit_test(every_mutation_is_refused),
		cmocka_unit_test(bounds_and_patterns_are_kept),
		cmocka_unit_test(statistics_are_judged_to_the_leaf),
		cmocka_unit_test(a_whole_file_is_judged_line_by_line),
	};

	if (argc > 1 && strcmp(argv[1], "--write") == 0)
		return write_files();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
