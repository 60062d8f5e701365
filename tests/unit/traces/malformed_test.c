/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Traces that are none, or hostile: each ends in one line that says where
 * and what, and never in a crash.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <zstd.h>

#include "tests/unit/traces/trace_file.h"

#define HEADER "{\"format\":\"p2msim.trace/1\"}\n"
#define STATS  "{\"t\":\"trace.stats\",\"stats\":{}}\n"
/* One block of four bytes, one load of eight: a payload that is right. */
#define PAYLOAD "AgEGAgEAAAACBAABBAgAAAY="
#define BATCH(el, blocks, accesses, instructions, bytes, data)            \
	"{\"t\":\"cpu.batch\",\"cpu\":0,\"el\":" el ",\"blocks\":" blocks \
	",\"accesses\":" accesses ",\"instructions\":" instructions       \
	",\"bytes\":" bytes ",\"data\":\"" data "\"}\n"

static const struct {
	const char *text, *want;
} cases[] = {
	/* The header. */
	{ "\n", "line 1: not JSON" },
	{ "hello\n", "line 1: not JSON" },
	{ "[]\n", "line 1: not a JSON object" },
	{ "{}\n", "line 1: not a trace: no \"format\"" },
	{ "{\"format\":1}\n", "line 1: not a trace: no \"format\"" },
	{ "{\"format\":\"p2msim.trace/2\"}\n",
	  "line 1: format \"p2msim.trace/2\": this program reads "
	  "\"p2msim.trace/1\"" },
	{ "", "not a trace: it holds no line" },
	{ "{\"format\":\"p2msim.trace/1\"", "truncated: ends within" },
	/* Lines. */
	{ HEADER "\n", "line 2: empty line" },
	{ HEADER "{}\n", "line 2: no record name" },
	{ HEADER "{\"t\":1}\n", "line 2: no record name" },
	{ HEADER "[1]\n", "line 2: not a JSON object" },
	{ HEADER "{\"t\":\"cpu.fly\",\"cpu\":0}\n",
	  "line 2: unknown record \"cpu.fly\"" },
	{ HEADER "{\"t\":\"a\\nb\xc3\xa4\"}\n",
	  "line 2: unknown record \"a?b??\"" },
	{ HEADER "{\"t\":\"cpu.wfi\",\"t\":\"cpu.wfi\",\"cpu\":0}\n",
	  "line 2: not JSON: duplicate" },
	{ HEADER "{\"t\":\"cpu.wfi\",\"cpu\":0} x\n", "line 2: not JSON" },
	{ HEADER "{\"t\":\"cpu.wfi\",\"cpu\":0}\r\n" HEADER,
	  "line 3: no record name" },
	{ HEADER "{\"t\":\"cpu.wfi\"}\n", "line 2: cpu.wfi: \"cpu\" must be" },
	{ HEADER "{\"t\":\"cpu.wfi\",\"cpu\":64}\n",
	  "line 2: cpu.wfi: \"cpu\" must be an integer in 0..63" },
	{ HEADER "{\"t\":\"cpu.wfi\",\"cpu\":-1}\n",
	  "line 2: cpu.wfi: \"cpu\" must be" },
	{ HEADER "{\"t\":\"cpu.wfi\",\"cpu\":1.0}\n",
	  "line 2: cpu.wfi: \"cpu\" must be" },
	{ HEADER "{\"t\":\"cpu.wfi\",\"cpu\":0,\"x\\u000ay\":1}\n",
	  "line 2: cpu.wfi: unknown member \"x?y\"" },
	{ HEADER "{\"t\":\"cpu.wfi\",\"cpu\":0,\"at\":1}\n",
	  "line 2: cpu.wfi: unknown member \"at\"" },
	{ HEADER "{\"t\":\"p2m.table_free\",\"cpu\":0,\"at\":-1,"
		 "\"pa\":\"0x0\"}\n",
	  "line 2: p2m.table_free: \"at\" must be" },
	{ HEADER "{\"t\":\"cpu.eret\",\"cpu\":0,\"el\":4}\n",
	  "line 2: cpu.eret: \"el\" must be an integer in 0..3" },
	{ HEADER "{\"t\":\"cpu.stale\",\"cpu\":0,\"va\":16}\n",
	  "line 2: cpu.stale: \"va\" must be a hex string" },
	{ HEADER "{\"t\":\"cpu.stale\",\"cpu\":0,\"va\":\"0x\"}\n",
	  "line 2: cpu.stale: \"va\" must be a hex string" },
	{ HEADER "{\"t\":\"cpu.stale\",\"cpu\":0,\"va\":\"0xG\"}\n",
	  "line 2: cpu.stale: \"va\" must be a hex string" },
	{ HEADER "{\"t\":\"cpu.stale\",\"cpu\":0,\"va\":"
		 "\"0x10000000000000000\"}\n",
	  "line 2: cpu.stale: \"va\" must be a hex string" },
	{ HEADER "{\"t\":\"cpu.barrier\",\"cpu\":0,\"kind\":\"a\\u0000b\"}\n",
	  "line 2: not JSON" },
	{ HEADER "{\"t\":\"cpu.barrier\",\"cpu\":0,\"kind\":\"\xff\"}\n",
	  "line 2: not JSON" },
	{ HEADER "{\"t\":\"cpu.barrier\",\"cpu\":0,\"kind\":null}\n",
	  "line 2: cpu.barrier: \"kind\" must be a string" },
	{ HEADER "{\"t\":\"cpu.idle\",\"cpu\":0,\"charge\":"
		 "99999999999999999999}\n",
	  "line 2: not JSON" },
	{ HEADER "{\"t\":\"table.page\",\"cpu\":0,\"ipa\":\"0x0\","
		 "\"data\":\"AB=\"}\n",
	  "line 2: table.page: \"data\" must be base64" },
	{ HEADER "{\"t\":\"table.write\",\"cpu\":0,\"ipa\":\"0x0\","
		 "\"size\":9,\"value\":\"0x0\"}\n",
	  "line 2: table.write: \"size\" must be an integer in 0..8" },
	{ HEADER "{\"t\":\"cpu.mmio\",\"cpu\":0,\"va\":\"0x0\",\"ipa\":"
		 "\"0x0\",\"size\":4,\"write\":1,\"value\":\"0x0\"}\n",
	  "line 2: cpu.mmio: \"write\" must be true or false" },
	/* Batches. */
	{ HEADER BATCH("4", "1", "1", "1", "24", PAYLOAD),
	  "line 2: cpu.batch: \"el\" must be an integer in 0..3" },
	{ HEADER BATCH("0", "-1", "1", "1", "24", PAYLOAD),
	  "line 2: cpu.batch: \"blocks\" must be" },
	{ HEADER BATCH("0", "1048577", "1", "1", "24", PAYLOAD),
	  "line 2: cpu.batch: \"blocks\" must be an integer in 0..1048576" },
	{ HEADER BATCH("0", "1", "1048577", "1", "24", PAYLOAD),
	  "line 2: cpu.batch: \"accesses\" must be" },
	{ HEADER BATCH("0", "1", "1", "1", "23", PAYLOAD),
	  "line 2: cpu.batch: \"bytes\" is 23, but \"data\" has 24" },
	{ HEADER BATCH("0", "1", "1", "1", "9223372036854775807", PAYLOAD),
	  "line 2: cpu.batch: \"bytes\" is 9223372036854775807" },
	{ HEADER BATCH("0", "1", "1", "1", "24", "AgEGAgEAAAACBAABBAgAAA*="),
	  "line 2: cpu.batch: \"data\" is not base64" },
	{ HEADER BATCH("0", "1", "1", "1", "24", "AgEGAgEAAAACBAABBA\"\\AAY="),
	  "line 2: not JSON" },
	{ HEADER BATCH("0", "1", "1", "2", "24", PAYLOAD),
	  "line 2: cpu.batch: \"instructions\" is not the sum" },
	{ HEADER BATCH("0", "2", "1", "1", "24", PAYLOAD),
	  "line 2: cpu.batch: payload: column of block ids is cut" },
	{ HEADER BATCH("0", "1", "1048576", "1", "24", PAYLOAD),
	  "line 2: cpu.batch: payload: blocks have fewer accesses" },
	{ HEADER "{\"t\":\"cpu.batch\",\"cpu\":0,\"data\":\"\",\"el\":0}\n",
	  "line 2: cpu.batch: \"blocks\" must be" },
	{ HEADER "{\"t\":\"cpu.batch\",\"cpu\":0,\"data\":\"\"}\n",
	  "line 2: cpu.batch: \"el\" must be" },
	{ HEADER "{\"t\":\"cpu.batch\",\"cpu\":0}\n",
	  "line 2: cpu.batch: \"data\" must be a string" },
	{ HEADER "{ \"t\":\"cpu.batch\",\"cpu\":99,\"data\":\"\"}\n",
	  "line 2: cpu.batch: \"cpu\" must be" },
	/* The end. */
	{ HEADER STATS "\n", "line 2: trace.stats: text after it" },
	{ HEADER STATS "x", "line 2: trace.stats: text after it" },
	{ HEADER STATS STATS, "line 2: trace.stats: text after it" },
	{ HEADER "{\"t\":\"trace.stats\",\"stats\":[]}\n",
	  "line 2: trace.stats: must be" },
	{ HEADER "{\"t\":\"trace.stats\",\"stats\":{},\"x\":1}\n",
	  "line 2: trace.stats: must be" },
};

static void judge_all(void (*check)(size_t i, const char *text, size_t count))
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		size_t count = strlen(cases[i].text);
		char *exact = malloc(count + 1); /* for ASan */

		memcpy(exact, cases[i].text, count);
		check(i, exact, count);
		free(exact);
	}
}

static void expect(size_t i, const char *text, size_t count)
{
	struct verdict v = judge(text, count);

	if (v.end != TRACE_NEXT_MALFORMED ||
	    strncmp(v.error, cases[i].want, strlen(cases[i].want)) != 0)
		fail_msg("%s\nwant %s\ngot  %d %s", cases[i].text,
			 cases[i].want, (int)v.end, v.error);
}

static void expect_packed(size_t i, const char *text, size_t count)
{
	size_t room = ZSTD_compressBound(count);
	char *packed = malloc(room);

	room = ZSTD_compress(packed, room, text, count, 1);
	expect(i, packed, room);
	free(packed);
}

static void each_mistake_has_its_line(void **state)
{
	(void)state;
	judge_all(expect);
}

static void each_mistake_has_its_line_in_zstd_too(void **state)
{
	(void)state;
	judge_all(expect_packed);
}

static void the_right_form_of_the_examples_is_right(void **state)
{
	/* Also spelled by another writer, members in another order. */
	static const char text[] = HEADER BATCH(
		"0", "1", "1", "1", "24",
		PAYLOAD) "{\"data\" : \"AgEGAgEAAAACBAABBAgAAAY\\u003d\", "
			 "\"bytes\": 24, "
			 "\"instructions\": 1, \"accesses\": 1, \"blocks\": 1, "
			 "\"el\": 0, \"cpu\": 63, \"t\": \"cpu.batch\"}\n"
			 "{\"cpu\":0 "
			 ",\"va\":\"0x00ff\",\"t\":\"cpu.stale\"}\n" STATS;
	struct verdict v = judge(text, sizeof(text) - 1);

	(void)state;
	assert_string_equal(v.error, "");
	assert_int_equal(v.end, TRACE_NEXT_END);
	assert_int_equal(v.accesses, 2);
}

static void nul_bytes_are_refused(void **state)
{
	static const char text[] = HEADER "{\"t\":\"cpu.wfi\",\0\"cpu\":0}\n";
	struct verdict v = judge(text, sizeof(text) - 1);

	(void)state;
	assert_int_equal(v.end, TRACE_NEXT_MALFORMED);
	assert_memory_equal(v.error, "line 2: not JSON", 16);
}

static void deep_nesting_is_refused(void **state)
{
	enum { DEEP = 1000000 };
	static const char start[] = HEADER "{\"t\":";
	char *text = malloc(sizeof(start) + DEEP + 1);
	struct verdict v;

	(void)state;
	memcpy(text, start, sizeof(start) - 1);
	memset(text + sizeof(start) - 1, '[', DEEP);
	text[sizeof(start) - 1 + DEEP] = '\n';
	v = judge(text, sizeof(start) + DEEP);
	assert_int_equal(v.end, TRACE_NEXT_MALFORMED);
	assert_memory_equal(v.error, "line 2: not JSON", 16);
	free(text);
}

/* 64 MiB of one line, which is a few kB of zstd. */
static void an_endless_line_is_refused(void **state)
{
	size_t count = (size_t)TRACE_LINE_MAX + 1000000;
	char *text = malloc(count), *packed = malloc(1000000);
	struct verdict v;

	(void)state;
	memset(text, 'x', count);
	memcpy(text, HEADER, sizeof(HEADER) - 1);
	count = ZSTD_compress(packed, 1000000, text, count, 1);
	assert_false(ZSTD_isError(count));
	v = judge(packed, count);
	assert_int_equal(v.end, TRACE_NEXT_MALFORMED);
	assert_string_equal(v.error, "line 2: longer than 67108864 bytes");
	free(text);
	free(packed);
}

/* Some bits of zstd mean nothing; a damaged text must never pass. */
static void damaged_zstd_is_refused(void **state)
{
	struct bytes plain = small_trace("", TRACE_FULL);
	struct bytes b = small_trace(".zst", TRACE_FULL);
	char *back = malloc(plain.count);
	size_t refused = 0;

	(void)state;
	for (size_t i = 0; i < b.count; i++) {
		b.byte[i] ^= 0x10;
		if (judge(b.byte, b.count).end == TRACE_NEXT_END) {
			assert_int_equal(ZSTD_decompress(back, plain.count,
							 b.byte, b.count),
					 plain.count);
			assert_memory_equal(back, plain.byte, plain.count);
		} else {
			refused++;
		}
		b.byte[i] ^= 0x10;
	}
	assert_in_range(refused, b.count - 10, b.count);
	free(back);
	free(plain.byte);
	free(b.byte);
}

static void flipped_bits_never_harm(void **state)
{
	struct bytes b = small_trace("", TRACE_FULL);

	(void)state;
	for (size_t i = 0; i < b.count; i++) {
		char kept = b.byte[i];

		b.byte[i] ^= (char)(1 << i % 8);
		judge(b.byte, b.count);
		b.byte[i] = kept;
	}
	free(b.byte);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_mistake_has_its_line),
		cmocka_unit_test(each_mistake_has_its_line_in_zstd_too),
		cmocka_unit_test(the_right_form_of_the_examples_is_right),
		cmocka_unit_test(nul_bytes_are_refused),
		cmocka_unit_test(deep_nesting_is_refused),
		cmocka_unit_test(an_endless_line_is_refused),
		cmocka_unit_test(damaged_zstd_is_refused),
		cmocka_unit_test(flipped_bits_never_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
