/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines in the writer's own spelling are read without a JSON parser. The
 * parser is the judge: a line, and every damaged form of it, must read the
 * same with a space in it that makes our short cut give up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "traces/records.h"

#define HEADER	   "{\"format\":\"p2msim.trace/1\"}\n"
#define LINE_BYTES 1000

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

struct outcome {
	enum trace_next next;
	struct trace_record record;
	char name[LINE_BYTES];
	uint8_t blob[LINE_BYTES];
	char error[300];
};

/* What the reader makes of one line after a header. */
static struct outcome *outcome_of(const char *line, size_t bytes,
				  const char *space)
{
	struct outcome *o = calloc(1, sizeof(*o));
	struct trace_batch batch;
	char file[LINE_BYTES + 100], error[256];
	size_t count = strlen(HEADER);
	struct trace_reader *r;

	memcpy(file, HEADER, count);
	file[count++] = line[0];
	memcpy(file + count, space, strlen(space));
	count += strlen(space);
	memcpy(file + count, line + 1, bytes - 1);
	count += bytes - 1;
	file[count++] = '\n';
	r = trace_reader_open_memory(file, count, error, sizeof(error));
	assert_non_null(r);
	o->next = trace_reader_next(r, &o->record, &batch);
	if (o->next == TRACE_NEXT_MALFORMED)
		strcpy(o->error, trace_reader_error(r));
	if (o->next == TRACE_NEXT_RECORD && o->record.name)
		strcpy(o->name, o->record.name);
	if (o->next == TRACE_NEXT_RECORD && o->record.blob)
		memcpy(o->blob, o->record.blob, o->record.blob_bytes);
	trace_reader_close(r);
	return o;
}

static void must_agree(const char *line, size_t bytes)
{
	struct outcome *a = outcome_of(line, bytes, "");
	struct outcome *b = outcome_of(line, bytes, " ");
	bool same = a->next == b->next && strcmp(a->error, b->error) == 0;

	if (same && a->next == TRACE_NEXT_RECORD)
		same = a->record.type == b->record.type &&
		       a->record.cpu == b->record.cpu &&
		       a->record.has_at == b->record.has_at &&
		       a->record.at == b->record.at &&
		       !a->record.name == !b->record.name &&
		       strcmp(a->name, b->name) == 0 &&
		       a->record.blob_bytes == b->record.blob_bytes &&
		       memcmp(a->blob, b->blob, sizeof(a->blob)) == 0 &&
		       memcmp(a->record.value, b->record.value,
			      sizeof(a->record.value)) == 0;
	if (!same)
		fail_msg("%.*s: %d \"%s\", parsed %d \"%s\"", (int)bytes, line,
			 (int)a->next, a->error, (int)b->next, b->error);
	free(a);
	free(b);
}

/* A record of the type with any values, as its line. */
static size_t line_of(enum trace_type type, uint64_t *random, char *line)
{
	static const uint8_t bytes[] = "sixty-four bytes, more than a vector "
				       "holds, so that all ways are taken";
	struct trace_record record = { .type = type,
				       .cpu = (uint32_t)next_random(random) %
					      64,
				       .name = "VAE1IS" };
	uint64_t *value = record.value, at = next_random(random) % 1000000;
	bool with_at = trace_type_level(type) != TRACE_STIMULUS &&
		       next_random(random) % 2;
	struct text t = { 0 };
	size_t count;

	record.blob = bytes;
	record.blob_bytes = next_random(random) % sizeof(bytes);
	for (const struct member *m = record_members(type); m->name; m++) {
		uint64_t any = next_random(random) >> next_random(random) % 64;

		if (m->kind == MEMBER_DECIMAL)
			any %= m->max == INT64_MAX ? m->max : m->max + 1;
		if (m->kind == MEMBER_BOOLEAN)
			any &= 1;
		if (m->kind != MEMBER_STRING && m->kind != MEMBER_BYTES)
			*value++ = any;
	}
	record_write(&t, &record, with_at ? &at : NULL);
	assert_false(t.failed);
	assert_in_range(t.count, 1, LINE_BYTES - 20);
	memcpy(line, t.byte, t.count);
	count = t.count;
	free(t.byte);
	return count;
}

static size_t longest_number(const char *line, size_t count)
{
	size_t longest = 0, run = 0;

	for (size_t i = 0; i < count; i++) {
		run = line[i] >= '0' && line[i] <= '9' ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	return longest;
}

static void every_record_reads_as_parsed(void **state)
{
	uint64_t random = 88172645463325252u;
	char line[LINE_BYTES], name[RECORD_NAME_BYTES];
	struct trace_record record;
	const char *data;
	size_t data_bytes;

	(void)state;
	for (int i = TRACE_CPU_BATCH + 1; i < TRACE_TYPE_COUNT; i++) {
		for (int round = 0; round < 20; round++) {
			size_t count =
				line_of((enum trace_type)i, &random, line);

			must_agree(line, count);
			/* And the short cut was taken, but where a number
			 * has 19 digits. */
			if (!record_scan(line, count, &record, name, &data,
					 &data_bytes))
				assert_int_equal(longest_number(line, count),
						 19);
		}
	}
}

/* One byte changed, left out, doubled, or the line cut. */
static size_t damage(char *line, size_t count, uint64_t *random)
{
	static const char likely[] = "\"\\{}:,-+.eE0129afxA=/ \x7f\xc3\x01";
	size_t at;

	if (count == 1)
		return count;
	at = 1 + next_random(random) % (count - 1);
	switch (next_random(random) % 4) {
	case 0:
		line[at] = likely[next_random(random) % (sizeof(likely) - 1)];
		return count;
	case 1:
		memmove(line + at, line + at + 1, count - at - 1);
		return count - 1;
	case 2:
		memmove(line + at + 1, line + at, count - at);
		return count + 1;
	default:
		return next_random(random) % 8 ? count : at;
	}
}

static void every_damaged_line_reads_as_parsed(void **state)
{
	uint64_t random = 2463534242u;
	char line[LINE_BYTES];

	(void)state;
	for (int round = 0; round < 20000; round++) {
		enum trace_type type = (enum trace_type)(
			1 + next_random(&random) % (TRACE_TYPE_COUNT - 1));
		size_t count = line_of(type, &random, line);

		for (uint64_t n = 1 + next_random(&random) % 2; n; n--)
			count = damage(line, count, &random);
		must_agree(line, count);
	}
}

static void edges_read_as_parsed(void **state)
{
	static const char *const line[] = {
		"{\"t\":\"cpu.wfi\",\"cpu\":63}",
		"{\"t\":\"cpu.wfi\",\"cpu\":64}",
		"{\"t\":\"cpu.wfi\",\"cpu\":00}",
		"{\"t\":\"cpu.wfi\",\"cpu\":}",
		"{\"t\":\"cpu.wfi\",\"cpu\":0,\"cpu\":0}",
		"{\"t\":\"cpu.wfi\",\"cpu\":0}}",
		"{\"t\":\"cpu.wf\",\"cpu\":0}",
		"{\"t\":\"cpu.idle\",\"cpu\":0,\"charge\":9223372036854775807}",
		"{\"t\":\"cpu.idle\",\"cpu\":0,\"charge\":9223372036854775808}",
		"{\"t\":\"cpu.idle\",\"cpu\":0,\"charge\":-0}",
		"{\"t\":\"cpu.idle\",\"cpu\":0,\"charge\":1.0}",
		"{\"t\":\"cpu.idle\",\"cpu\":0,\"charge\":1e3}",
		"{\"t\":\"guest.exit\",\"cpu\":0,\"status\":-"
		"9223372036854775808}",
		"{\"t\":\"guest.exit\",\"cpu\":0,\"status\":-0}",
		"{\"t\":\"guest.exit\",\"cpu\":0,\"status\":--1}",
		"{\"t\":\"cpu.stale\",\"cpu\":0,\"va\":\"0x0000000000000001\"}",
		"{\"t\":\"cpu.stale\",\"cpu\":0,\"va\":"
		"\"0x00000000000000001\"}",
		"{\"t\":\"cpu.stale\",\"cpu\":0,\"va\":\"0xA\"}",
		"{\"t\":\"cpu.stale\",\"cpu\":0,\"va\":\"0x\\u0031\"}",
		"{\"t\":\"cpu.barrier\",\"cpu\":0,\"kind\":\"\"}",
		"{\"t\":\"cpu.barrier\",\"cpu\":0,\"kind\":\"\\u0041\"}",
		"{\"t\":\"cpu.barrier\",\"cpu\":0,\"kind\":\"\xc3\xa9\"}",
		"{\"t\":\"cpu.barrier\",\"cpu\":0,\"kind\":\"\x01\"}",
		"{\"t\":\"cpu.barrier\",\"cpu\":0,\"kind\":"
		"\"0123456789012345678"
		"90123456789012345678901234567890123456789012\"}",
		"{\"t\":\"cpu.barrier\",\"cpu\":0,\"kind\":"
		"\"0123456789012345678"
		"901234567890123456789012345678901234567890123\"}",
		"{\"t\":\"table.page\",\"cpu\":0,\"ipa\":\"0x0\",\"data\":"
		"\"\"}",
		"{\"t\":\"table.page\",\"cpu\":0,\"ipa\":\"0x0\",\"data\":\"\\/"
		"+A=\"}",
		"{\"t\":\"table.page\",\"cpu\":0,\"ipa\":\"0x0\",\"data\":\"QQ="
		"=\","
		"\"x\":\"\"}",
		"{\"t\":\"table.page\",\"cpu\":0,\"ipa\":\"0x0\",\"data\":\"}",
		"{\"t\":\"table.page\",\"cpu\":0,\"ipa\":\"0x0\",\"data\":\"QQ="
		"\"}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(line) / sizeof(*line); i++)
		must_agree(line[i], strlen(line[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_record_reads_as_parsed),
		cmocka_unit_test(every_damaged_line_reads_as_parsed),
		cmocka_unit_test(edges_read_as_parsed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
