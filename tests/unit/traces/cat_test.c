/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `trace cat` and `trace info`: the unpacked form of a small trace, to the
 * letter, and what a file that was cut says of itself.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/traces/trace_file.h"

static const char *make_trace(char name[64], const json_t *stats)
{
	json_t *header = small_header();
	struct trace_writer *w = trace_writer_open(file_name(name, ".zst"),
						   header, TRACE_STIMULUS);
	struct trace_open_batch *b = trace_writer_batch(w);

	trace_batch_block(w, b, 2, 1, 0xffff000000080000, 32, 8);
	trace_batch_access(w, b, 2, 1, 0xfffffffffffffff8, TRACE_WHAT(8, 0));
	trace_batch_access(w, b, 2, 1, 0, TRACE_WHAT(64, 33));
	trace_batch_block(w, b, 2, 1, 0x10, 4, 1);
	trace_batch_access(w, b, 2, 1, 0x20, TRACE_WHAT(4, 1 | 4 | 8 | 16));
	trace_batch_access(w, b, 2, 1, 0x20, TRACE_WHAT(4, 2));
	trace_write(w,
		    &(struct trace_record){ .type = TRACE_CPU_ERET, .cpu = 2 });
	trace_batch_trim(b, 1);
	assert_int_equal(trace_writer_close(w, stats), 0);
	json_decref(header);
	return name;
}

static void cat_prints_one_object_an_access(void **state)
{
	static const char want[] =
		"{\"t\":\"block\",\"cpu\":2,\"el\":1,\"va\":"
		"\"0xffff000000080000\",\"bytes\":32,\"instructions\":8}\n"
		"{\"t\":\"access\",\"cpu\":2,\"el\":1,\"va\":"
		"\"0xfffffffffffffff8\",\"size\":8,\"kind\":\"load\"}\n"
		"{\"t\":\"access\",\"cpu\":2,\"el\":1,\"va\":\"0x0\","
		"\"size\":64,\"kind\":\"store\",\"zero\":true}\n"
		"{\"t\":\"block\",\"cpu\":2,\"el\":1,\"va\":\"0x10\","
		"\"bytes\":4,\"instructions\":1}\n"
		"{\"t\":\"access\",\"cpu\":2,\"el\":1,\"va\":\"0x20\","
		"\"size\":4,\"kind\":\"store\",\"el0\":true,"
		"\"unprivileged\":true,\"exclusive\":true}\n"
		"{\"t\":\"access\",\"cpu\":2,\"el\":1,\"va\":\"0x20\","
		"\"size\":4,\"kind\":\"fetch\"}\n"
		"{\"t\":\"cpu.eret\",\"cpu\":2,\"el\":0}\n"
		"{\"t\":\"block\",\"cpu\":2,\"el\":1,\"va\":\"0x0\","
		"\"bytes\":0,\"instructions\":-1}\n"
		"{\"t\":\"trace.stats\",\"stats\":{}}\n";
	json_t *stats = json_object();
	char name[64], error[256], *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	(void)state;
	make_trace(name, stats);
	assert_int_equal(trace_cat(name, out, error, sizeof(error)),
			 TRACE_NEXT_END);
	fclose(out);
	assert_memory_equal(text, "{\"format\":\"p2msim.trace/1\",", 27);
	assert_string_equal(strchr(text, '\n') + 1, want);
	free(text);
	json_decref(stats);
	unlink(name);
}

static void cat_stops_when_its_output_does(void **state)
{
	json_t *stats = json_object();
	char name[64], error[256];
	FILE *out = fopen("/dev/full", "w");

	(void)state;
	make_trace(name, stats);
	setvbuf(out, NULL, _IONBF, 0);
	trace_cat(name, out, error, sizeof(error));
	assert_true(ferror(out));
	fclose(out);
	json_decref(stats);
	unlink(name);
}

static int64_t number(const json_t *info, const char *name)
{
	return json_integer_value(json_object_get(info, name));
}

static void info_counts(void **state)
{
	json_t *stats = json_object(), *info, *records;
	char name[64], error[256];
	enum trace_next end;

	(void)state;
	make_trace(name, stats);
	info = trace_info(name, &end, error, sizeof(error));
	assert_non_null(info);
	assert_int_equal(end, TRACE_NEXT_END);
	assert_true(json_is_true(json_object_get(info, "complete")));
	assert_int_equal(number(info, "accesses"), 4);
	assert_int_equal(number(info, "blocks"), 3);
	assert_int_equal(number(info, "instructions"), 8);
	assert_int_equal(number(info, "lines"), 5);
	records = json_object_get(info, "records");
	assert_int_equal(json_object_size(records), 2);
	assert_int_equal(number(records, "cpu.batch"), 2);
	assert_int_equal(number(records, "cpu.eret"), 1);
	assert_string_equal(json_string_value(json_object_get(
				    json_object_get(info, "machine"), "name")),
			    "tiny");
	json_decref(info);
	json_decref(stats);
	unlink(name);
}

static void a_cut_trace_says_so(void **state)
{
	char name[64], error[256], *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);
	enum trace_next end;
	json_t *info;

	(void)state;
	make_trace(name, NULL);
	info = trace_info(name, &end, error, sizeof(error));
	assert_int_equal(end, TRACE_NEXT_TRUNCATED);
	assert_true(json_is_false(json_object_get(info, "complete")));
	assert_string_equal(error,
			    "truncated after line 4: no statistics line");
	assert_int_equal(number(info, "accesses"), 4);
	json_decref(info);
	assert_int_equal(trace_cat(name, out, error, sizeof(error)),
			 TRACE_NEXT_TRUNCATED);
	fclose(out);
	assert_non_null(strstr(text, "\"instructions\":-1}\n"));
	free(text);
	unlink(name);
	assert_null(trace_info(name, &end, error, sizeof(error)));
	assert_int_equal(end, TRACE_NEXT_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cat_prints_one_object_an_access),
		cmocka_unit_test(cat_stops_when_its_output_does),
		cmocka_unit_test(info_counts),
		cmocka_unit_test(a_cut_trace_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
