/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading a trace, line by line. A line may be hostile; memory is bounded by
 * TRACE_LINE_MAX and TRACE_BATCH_MAX. Lines as our writer spells them are taken
 * apart without jansson, which judges all others. DESIGN §6.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "traces/base64.h"
#include "traces/codec.h"
#include "traces/records.h"
#include "traces/source.h"

#define BUFFER_BYTES ((size_t)512 << 10)
#define ERROR_BYTES  256

struct trace_reader {
	struct source *source;
	char *buffer;
	size_t room, start, scanned, end; /* in buffer */
	const char *line;
	size_t line_bytes;
	uint64_t line_number;
	json_t *header, *stats, *object;
	uint8_t *blob;
	size_t blob_room;
	char name[RECORD_NAME_BYTES];
	struct unpacker *unpacker;
	bool ended;
	enum trace_next end_state;
	char error[ERROR_BYTES];
};

static enum trace_next end_in(struct trace_reader *r, enum trace_next state)
{
	r->ended = true;
	r->end_state = state;
	return state;
}

/* One line, whatever bytes the file put into it. */
static enum trace_next __attribute__((format(printf, 2, 3)))
malformed(struct trace_reader *r, const char *format, ...)
{
	int used = snprintf(r->error, sizeof(r->error),
			    "line %llu: ", (unsigned long long)r->line_number);
	va_list args;

	va_start(args, format);
	vsnprintf(r->error + used, sizeof(r->error) - (size_t)used, format,
		  args);
	va_end(args);
	for (char *c = r->error; *c; c++)
		if ((unsigned char)*c < 0x20 || (unsigned char)*c > 0x7e)
			*c = '?';
	return end_in(r, TRACE_NEXT_MALFORMED);
}

static enum trace_next truncated(struct trace_reader *r)
{
	snprintf(r->error, sizeof(r->error),
		 "truncated after line %llu: no statistics line",
		 (unsigned long long)r->line_number);
	return end_in(r, TRACE_NEXT_TRUNCATED);
}

static bool buffer_room(struct trace_reader *r)
{
	char *larger;

	if (r->start) {
		memmove(r->buffer, r->buffer + r->start, r->end - r->start);
		r->end -= r->start;
		r->start = 0;
	}
	if (r->end < r->room)
		return true;
	larger = realloc(r->buffer, 2 * r->room);
	if (!larger)
		return false;
	r->buffer = larger;
	r->room *= 2;
	return true;
}

enum line { LINE_OK, LINE_END, LINE_PARTIAL, LINE_BAD };

/* The next whole line. */
static enum line line_next(struct trace_reader *r)
{
	r->scanned = r->start;
	for (;;) {
		char *from = r->buffer + r->scanned, *newline;
		size_t count;

		newline = memchr(from, '\n', r->end - r->scanned);
		if (newline) {
			r->line = r->buffer + r->start;
			r->line_bytes = (size_t)(newline - r->line);
			r->start += r->line_bytes + 1;
			r->line_number++;
			return LINE_OK;
		}
		count = r->end - r->start;
		if (count > TRACE_LINE_MAX) {
			r->line_number++;
			malformed(r, "longer than %llu bytes",
				  (unsigned long long)TRACE_LINE_MAX);
			return LINE_BAD;
		}
		if (!buffer_room(r)) {
			malformed(r, "no memory for the next line");
			return LINE_BAD;
		}
		r->scanned = count;
		count = source_read(r->source, r->buffer + r->end,
				    r->room - r->end);
		r->end += count;
		if (!count)
			break;
	}
	if (source_error(r->source)) {
		r->line_number++;
		malformed(r, "cannot be read: %s", source_error(r->source));
		return LINE_BAD;
	}
	return r->end == r->start && !source_truncated(r->source)
		       ? LINE_END
		       : LINE_PARTIAL;
}

/* Parses `count` bytes into r->object. */
static bool object_parse(struct trace_reader *r, const char *text, size_t count)
{
	json_error_t why;

	json_decref(r->object);
	r->object = json_loadb(text, count, JSON_REJECT_DUPLICATES, &why);
	if (!r->object) {
		malformed(r, "not JSON: %s", why.text);
		return false;
	}
	if (!json_is_object(r->object)) {
		malformed(r, "not a JSON object");
		return false;
	}
	return true;
}

static uint8_t *blob_room(struct trace_reader *r, size_t bytes)
{
	if (bytes > r->blob_room) {
		free(r->blob);
		r->blob_room = bytes + bytes / 2;
		r->blob = malloc(r->blob_room);
		if (!r->blob)
			r->blob_room = 0;
	}
	return r->blob;
}

/* By the order in records.def. Returns "bytes". */
static uint64_t batch_values(struct trace_batch *batch, uint64_t cpu,
			     const uint64_t *value)
{
	batch->cpu = (uint32_t)cpu;
	batch->el = (uint32_t)value[0];
	batch->blocks = (uint32_t)value[1];
	batch->accesses = value[2];
	batch->instructions = value[3];
	return value[4];
}

/* From r->object. */
static bool batch_head(struct trace_reader *r, struct trace_batch *batch,
		       uint64_t *bytes)
{
	static const struct member cpu = MEMBER("cpu", DECIMAL, TRACE_CPU_MAX);
	const char *name = trace_type_name(TRACE_CPU_BATCH);
	uint64_t value[8];
	char why[ERROR_BYTES];
	size_t n = 1;

	if (!member_read(name, &cpu, json_object_get(r->object, cpu.name),
			 value, why, sizeof(why)))
		goto wrong;
	for (const struct member *m = record_members(TRACE_CPU_BATCH);
	     m->kind != MEMBER_BYTES; m++)
		if (!member_read(name, m, json_object_get(r->object, m->name),
				 &value[n++], why, sizeof(why)))
			goto wrong;
	if (json_object_size(r->object) != n + 2) {
		snprintf(why, sizeof(why), "%s: unknown member", name);
		goto wrong;
	}
	*bytes = batch_values(batch, value[0], value + 1);
	return true;
wrong:
	malformed(r, "%s", why);
	return false;
}

static enum trace_next batch_decode(struct trace_reader *r, const char *data,
				    size_t count, uint64_t bytes,
				    struct trace_batch *batch)
{
	uint64_t instructions = batch->instructions;
	const char *why;
	size_t payload;

	if (count != bytes)
		return malformed(r,
				 "cpu.batch: \"bytes\" is %llu, but "
				 "\"data\" has %llu characters",
				 (unsigned long long)bytes,
				 (unsigned long long)count);
	if (!blob_room(r, count + 1))
		return malformed(r, "cpu.batch: no memory for the payload");
	if (!base64_decode(r->blob, &payload, data, count))
		return malformed(r, "cpu.batch: \"data\" is not base64");
	why = unpacker_unpack(r->unpacker, r->blob, payload, batch);
	if (why)
		return malformed(r, "cpu.batch: %s", why);
	if (batch->instructions != instructions)
		return malformed(r, "cpu.batch: \"instructions\" is not the "
				    "sum over its blocks");
	return TRACE_NEXT_BATCH;
}

/* A batch in another writer's spelling. */
static enum trace_next batch_parsed(struct trace_reader *r,
				    struct trace_batch *batch)
{
	const json_t *data = json_object_get(r->object, "data");
	uint64_t bytes;

	if (!json_is_string(data))
		return malformed(r, "cpu.batch: \"data\" must be a string");
	if (!batch_head(r, batch, &bytes))
		return TRACE_NEXT_MALFORMED;
	return batch_decode(r, json_string_value(data),
			    json_string_length(data), bytes, batch);
}

/*
 * The line if it is spelled as our writer spells it, which costs little. False:
 * it has to be parsed to be understood, or to say what is wrong with it.
 */
static bool canonical_next(struct trace_reader *r, struct trace_record *record,
			   struct trace_batch *batch, enum trace_next *next)
{
	const char *data;
	size_t count = 0;

	if (!record_scan(r->line, r->line_bytes, record, r->name, &data,
			 &count))
		return false;
	*next = TRACE_NEXT_RECORD;
	if (!data)
		return true;
	/* A quote ends the string, a backslash spells something else. */
	if (memchr(data, '"', count) || memchr(data, '\\', count))
		return false;
	if (record->type == TRACE_CPU_BATCH) {
		uint64_t bytes =
			batch_values(batch, record->cpu, record->value);

		*next = batch_decode(r, data, count, bytes, batch);
		return true;
	}
	record->blob = blob_room(r, count);
	return record->blob &&
	       base64_decode(r->blob, &record->blob_bytes, data, count);
}

/* The statistics line must be the last. */
static enum trace_next stats_next(struct trace_reader *r)
{
	json_t *stats = json_object_get(r->object, "stats");
	char more;

	if (!json_is_object(stats) || json_object_size(r->object) != 2)
		return malformed(r, "trace.stats: must be \"t\" and the "
				    "object \"stats\"");
	r->stats = json_incref(stats);
	/* What was read stays as the last line's text. */
	if (r->start != r->end)
		return malformed(r, "trace.stats: text after it");
	if (source_read(r->source, &more, 1))
		return malformed(r, "trace.stats: text after it");
	if (source_error(r->source))
		return malformed(r, "cannot be read to its end: %s",
				 source_error(r->source));
	if (source_truncated(r->source)) {
		snprintf(r->error, sizeof(r->error),
			 "truncated after line %llu: the compressed file "
			 "ends too early",
			 (unsigned long long)r->line_number);
		return end_in(r, TRACE_NEXT_TRUNCATED);
	}
	return end_in(r, TRACE_NEXT_END);
}

enum trace_next trace_reader_next(struct trace_reader *r,
				  struct trace_record *record,
				  struct trace_batch *batch)
{
	enum trace_next next;
	const char *type;
	char why[ERROR_BYTES];
	enum line line;

	if (r->ended)
		return r->end_state;
	line = line_next(r);
	if (line == LINE_BAD)
		return TRACE_NEXT_MALFORMED;
	if (line != LINE_OK)
		return truncated(r);
	if (!r->line_bytes)
		return malformed(r, "empty line");
	if (canonical_next(r, record, batch, &next))
		return next;
	if (!object_parse(r, r->line, r->line_bytes))
		return TRACE_NEXT_MALFORMED;
	type = json_string_value(json_object_get(r->object, "t"));
	if (type && strcmp(type, "trace.stats") == 0)
		return stats_next(r);
	if (type && strcmp(type, trace_type_name(TRACE_CPU_BATCH)) == 0)
		return batch_parsed(r, batch);
	if (!blob_room(r, r->line_bytes))
		return malformed(r, "no memory for the record");
	if (!record_read(r->object, record, r->blob, r->blob_room, why,
			 sizeof(why)))
		return malformed(r, "%s", why);
	return TRACE_NEXT_RECORD;
}

/* The header line into r->header. */
static bool header_read(struct trace_reader *r)
{
	enum line line = line_next(r);
	const char *format;

	if (line == LINE_BAD)
		return false;
	if (line != LINE_OK) {
		snprintf(r->error, sizeof(r->error),
			 line == LINE_END
				 ? "not a trace: it holds no line"
				 : "truncated: ends within its first line");
		return false;
	}
	if (!object_parse(r, r->line, r->line_bytes))
		return false;
	format = json_string_value(json_object_get(r->object, "format"));
	if (!format) {
		malformed(r, "not a trace: no \"format\"");
		return false;
	}
	if (strcmp(format, TRACE_FORMAT) != 0) {
		malformed(r, "format \"%.60s\": this program reads \"%s\"",
			  format, TRACE_FORMAT);
		return false;
	}
	r->header = json_incref(r->object);
	return true;
}

static struct trace_reader *reader_new(struct source *source, char *error,
				       size_t error_bytes)
{
	struct trace_reader *r = calloc(1, sizeof(*r));

	if (!r) {
		source_close(source);
		snprintf(error, error_bytes, "%s", strerror(ENOMEM));
		return NULL;
	}
	r->source = source;
	r->room = BUFFER_BYTES;
	r->buffer = malloc(r->room);
	r->unpacker = unpacker_new();
	if (!r->buffer || !r->unpacker)
		snprintf(error, error_bytes, "%s", strerror(ENOMEM));
	else if (!header_read(r))
		snprintf(error, error_bytes, "%s", r->error);
	else
		return r;
	trace_reader_close(r);
	return NULL;
}

struct trace_reader *trace_reader_open(const char *path, char *error,
				       size_t error_bytes)
{
	struct source *source = source_open(path);

	if (!source) {
		snprintf(error, error_bytes, "cannot be opened: %s",
			 strerror(errno));
		return NULL;
	}
	return reader_new(source, error, error_bytes);
}

struct trace_reader *trace_reader_open_memory(const void *bytes, size_t count,
					      char *error, size_t error_bytes)
{
	struct source *source = source_open_memory(bytes, count);

	if (!source) {
		snprintf(error, error_bytes, "%s", strerror(errno));
		return NULL;
	}
	return reader_new(source, error, error_bytes);
}

void trace_reader_close(struct trace_reader *r)
{
	if (!r)
		return;
	source_close(r->source);
	unpacker_free(r->unpacker);
	json_decref(r->header);
	json_decref(r->stats);
	json_decref(r->object);
	free(r->buffer);
	free(r->blob);
	free(r);
}

const json_t *trace_reader_header(const struct trace_reader *r)
{
	return r->header;
}

const json_t *trace_reader_stats(const struct trace_reader *r)
{
	return r->stats;
}

const char *trace_reader_error(const struct trace_reader *r)
{
	return r->error;
}

uint64_t trace_reader_line(const struct trace_reader *r)
{
	return r->line_number;
}

const char *trace_reader_text(const struct trace_reader *r, size_t *bytes)
{
	*bytes = r->line_bytes;
	return r->line;
}

uint64_t trace_reader_position(const struct trace_reader *r, uint64_t *total)
{
	return source_position(r->source, total);
}
