/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A trace unpacked, one object a line: every block and access of a batch by
 * itself, all other lines as they stand. For people, and for other tools.
 */
#include <stdio.h>
#include <stdlib.h>

#include "traces/records.h"

#define FLUSH_BYTES ((size_t)64 << 10)

static void flush(struct text *t, FILE *out)
{
	fwrite(t->byte, 1, t->count, out);
	t->count = 0;
}

/* {"t":"block","cpu":0,"el":1 */
static void begin(struct text *t, const char *type,
		  const struct trace_batch *batch)
{
	TEXT_PUT(t, "{\"t\":\"");
	text_string(t, type);
	TEXT_PUT(t, "\",\"cpu\":");
	text_decimal(t, batch->cpu);
	TEXT_PUT(t, ",\"el\":");
	text_decimal(t, batch->el);
}

static void block_cat(struct text *t, const struct trace_block *block)
{
	TEXT_PUT(t, ",\"va\":");
	text_hex(t, block->address);
	TEXT_PUT(t, ",\"bytes\":");
	text_decimal(t, block->bytes);
	TEXT_PUT(t, ",\"instructions\":");
	text_signed(t, (uint64_t)(int32_t)block->instructions);
	TEXT_PUT(t, "}\n");
}

static void access_cat(struct text *t, const struct trace_access *access)
{
#define ACCESS_NAME(NAME, bit, name) [bit] = ",\"" name "\":true",
	static const char *const flag[] = { TRACE_ACCESS_LIST(ACCESS_NAME) };
#undef ACCESS_NAME
	uint32_t kind = TRACE_WHAT_ACCESS(access->what);

	TEXT_PUT(t, ",\"va\":");
	text_hex(t, access->address);
	TEXT_PUT(t, ",\"size\":");
	text_decimal(t, TRACE_WHAT_BYTES(access->what));
	if (kind & TRACE_ACCESS_FETCH)
		TEXT_PUT(t, ",\"kind\":\"fetch\"");
	else if (kind & TRACE_ACCESS_WRITE)
		TEXT_PUT(t, ",\"kind\":\"store\"");
	else
		TEXT_PUT(t, ",\"kind\":\"load\"");
	kind &= TRACE_ACCESS_MASK & ~(uint32_t)TRACE_ACCESS_FETCH &
		~(uint32_t)TRACE_ACCESS_WRITE;
	for (; kind; kind &= kind - 1)
		text_string(t, flag[__builtin_ctz(kind)]);
	TEXT_PUT(t, "}\n");
}

static void batch_cat(struct text *t, const struct trace_batch *batch,
		      FILE *out)
{
	const struct trace_access *access = batch->access;
	struct text block_start = { 0 }, access_start = { 0 };

	begin(&block_start, "block", batch);
	begin(&access_start, "access", batch);
	for (uint32_t i = 0; i < batch->blocks; i++) {
		text_bytes(t, block_start.byte, block_start.count);
		block_cat(t, batch->block + i);
		for (uint32_t n = batch->block[i].accesses; n; n--) {
			text_bytes(t, access_start.byte, access_start.count);
			access_cat(t, access++);
			if (t->count >= FLUSH_BYTES)
				flush(t, out);
		}
		if (t->count >= FLUSH_BYTES)
			flush(t, out);
	}
	free(block_start.byte);
	free(access_start.byte);
}

static void line_cat(struct text *t, const struct trace_reader *r, FILE *out)
{
	size_t bytes;
	const char *line = trace_reader_text(r, &bytes);

	text_bytes(t, line, bytes);
	TEXT_PUT(t, "\n");
	if (t->count >= FLUSH_BYTES)
		flush(t, out);
}

enum trace_next trace_cat(const char *path, FILE *out, char *error,
			  size_t error_bytes)
{
	struct trace_reader *r = trace_reader_open(path, error, error_bytes);
	struct trace_record record;
	struct trace_batch batch;
	struct text t = { 0 };
	enum trace_next next;

	if (!r)
		return TRACE_NEXT_MALFORMED;
	line_cat(&t, r, out);
	for (;;) {
		next = trace_reader_next(r, &record, &batch);
		if (next == TRACE_NEXT_BATCH)
			batch_cat(&t, &batch, out);
		else if (next == TRACE_NEXT_RECORD || next == TRACE_NEXT_END)
			line_cat(&t, r, out);
		if (next > TRACE_NEXT_BATCH || ferror(out))
			break;
	}
	if (t.failed) {
		snprintf(error, error_bytes, "no memory");
		next = TRACE_NEXT_MALFORMED;
	} else if (next == TRACE_NEXT_TRUNCATED ||
		   next == TRACE_NEXT_MALFORMED) {
		snprintf(error, error_bytes, "%s", trace_reader_error(r));
	}
	flush(&t, out);
	free(t.byte);
	trace_reader_close(r);
	return next;
}
