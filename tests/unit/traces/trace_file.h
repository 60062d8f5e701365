/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of trace files share: a small trace with some of everything,
 * files as bytes, and a reader's whole answer.
 */
#ifndef TESTS_UNIT_TRACES_TRACE_FILE_H
#define TESTS_UNIT_TRACES_TRACE_FILE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "traces/trace.h"

struct bytes {
	char *byte;
	size_t count;
};

/* A name in /tmp that is this process's; unlink it. */
static inline const char *file_name(char name[64], const char *suffix)
{
	snprintf(name, 64, "/tmp/p2msim_trace_test.%ld%s", (long)getpid(),
		 suffix);
	return name;
}

static inline struct bytes file_read(const char *name)
{
	struct bytes b = { NULL, 0 };
	FILE *f = fopen(name, "rb");
	long size;

	assert_non_null(f);
	fseek(f, 0, SEEK_END);
	size = ftell(f);
	rewind(f);
	b.byte = malloc((size_t)size + 1);
	b.count = fread(b.byte, 1, (size_t)size, f);
	b.byte[b.count] = 0;
	assert_int_equal(b.count, size);
	fclose(f);
	return b;
}

static inline json_t *small_header(void)
{
	return json_pack("{ss,s{ss},s{ss,s[],ss}}", "tool", "p2msim test",
			 "machine", "name", "tiny", "guest", "path",
			 "/g/\"hello\"\n", "args", "sha256", "00");
}

/* Batches of two CPUs, stimulus between and within them, observations. */
static inline void small_fill(struct trace_writer *w)
{
	struct trace_open_batch *b = trace_writer_batch(w);
	static uint8_t page[4096] = { 1, 2, 3, [4095] = 255 };

	trace_write(w, &(struct trace_record){ .type = TRACE_CPU_SYSREG,
					       .name = "TTBR0_EL1",
					       .value = { UINT64_MAX } });
	trace_write(w, &(struct trace_record){ .type = TRACE_TABLE_PAGE,
					       .value = { 0x40001000 },
					       .blob = page,
					       .blob_bytes = sizeof(page) });
	for (uint64_t i = 0; i < 40; i++) {
		trace_batch_block(w, b, 0, 1, 0x1000 + 64 * (i % 3), 32, 8);
		trace_batch_access(w, b, 0, 1, 0x8000 + 8 * i,
				   TRACE_WHAT(8, 1));
		if (i % 8 == 5)
			trace_observe(w,
				      &(struct trace_record){
					      .type = TRACE_TLB_FILL,
					      .value = { 0x8000, 0, 0x80008000,
							 12, 1, 2, 1, 0 } });
	}
	trace_observe(w, &(struct trace_record){ .type = TRACE_CPU_COST,
						 .value = { 1, 2, 3, 4, 5, 6, 7,
							    8, 9, 10, 11 } });
	trace_batch_block(w, b, 1, 0, 0xffff000000080000, 16, 4);
	trace_batch_access(w, b, 1, 0, 0xfffffffffffffff8,
			   TRACE_WHAT(8, TRACE_ACCESS_EXCL));
	trace_write(w, &(struct trace_record){
			       .type = TRACE_CPU_MMIO,
			       .cpu = 1,
			       .value = { 0x9000000, 0x9000000, 4, 1, 'x' } });
	trace_batch_access(w, b, 1, 0, 0x123, TRACE_WHAT(1, 0));
	trace_batch_trim(b, 2);
	trace_write(w, &(struct trace_record){
			       .type = TRACE_CPU_EXCEPTION,
			       .cpu = 1,
			       .name = "a \"quoted\"\n\x01 kind",
			       .value = { 0x96000006, 0x123, 0x80004 } });
	trace_batch_trim(b, 1);
	trace_observe(w, &(struct trace_record){
				 .type = TRACE_P2M_OP,
				 .name = "map",
				 .value = { 5, 1, (uint64_t)-4 } });
	trace_write(w, &(struct trace_record){ .type = TRACE_CPU_WFI });
	trace_observe(w, &(struct trace_record){ .type = TRACE_P2M_PTE_WRITE,
						 .value = { 0x1000, 0xf } });
}

static inline struct bytes small_trace(const char *suffix,
				       enum trace_level level)
{
	json_t *header = small_header();
	json_t *stats = json_pack("{si,s{si}}", "n", 1, "host", "seconds", 3);
	struct trace_writer *w;
	struct bytes b;
	char name[64];

	w = trace_writer_open(file_name(name, suffix), header, level);
	assert_non_null(w);
	small_fill(w);
	assert_int_equal(trace_writer_close(w, stats), 0);
	json_decref(header);
	json_decref(stats);
	b = file_read(name);
	unlink(name);
	return b;
}

/* What a reader says about some bytes. */
struct verdict {
	enum trace_next end;
	uint64_t lines, records, accesses;
	char error[256];
};

static inline struct verdict judge(const void *bytes, size_t count)
{
	struct verdict v = { .end = TRACE_NEXT_MALFORMED };
	struct trace_record record;
	struct trace_batch batch;
	struct trace_reader *r = trace_reader_open_memory(bytes, count, v.error,
							  sizeof(v.error));

	if (!r)
		return v;
	for (;;) {
		v.end = trace_reader_next(r, &record, &batch);
		if (v.end > TRACE_NEXT_BATCH)
			break;
		v.records++;
		if (v.end == TRACE_NEXT_BATCH)
			v.accesses += batch.accesses;
	}
	/* The end is the end, however often one asks. */
	assert_int_equal(trace_reader_next(r, &record, &batch), v.end);
	v.lines = trace_reader_line(r);
	snprintf(v.error, sizeof(v.error), "%s", trace_reader_error(r));
	trace_reader_close(r);
	return v;
}

#endif
