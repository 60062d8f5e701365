/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is in a trace: counts, sizes, and how it ends.
 */
#include <stdio.h>

#include "traces/trace.h"

struct counts {
	uint64_t record[TRACE_TYPE_COUNT];
	uint64_t blocks, accesses, instructions;
};

static enum trace_next count_all(struct trace_reader *r, struct counts *c)
{
	struct trace_record record;
	struct trace_batch batch;
	enum trace_next next;

	for (;;) {
		next = trace_reader_next(r, &record, &batch);
		if (next == TRACE_NEXT_RECORD) {
			c->record[record.type]++;
		} else if (next == TRACE_NEXT_BATCH) {
			c->record[TRACE_CPU_BATCH]++;
			c->blocks += batch.blocks;
			c->accesses += batch.accesses;
			c->instructions += batch.instructions;
		} else {
			return next;
		}
	}
}

static json_t *integer(uint64_t value)
{
	return json_integer((json_int_t)value);
}

static json_t *counts_json(const struct counts *c)
{
	json_t *records = json_object();

	for (int i = 0; i < TRACE_TYPE_COUNT; i++)
		if (c->record[i])
			json_object_set_new(records,
					    trace_type_name((enum trace_type)i),
					    integer(c->record[i]));
	return records;
}

/* Members of the header as they are; the machine by its name, if it has one. */
static void header_info(json_t *info, const json_t *header)
{
	static const char *const copied[] = { "format", "tool", "level",
					      "guest" };
	const json_t *machine = json_object_get(header, "machine");
	json_t *name = json_object_get(machine, "name");

	for (size_t i = 0; i < sizeof(copied) / sizeof(*copied); i++) {
		json_t *value = json_object_get(header, copied[i]);

		if (value)
			json_object_set(info, copied[i], value);
	}
	if (name)
		json_object_set_new(info, "machine",
				    json_pack("{sO}", "name", name));
}

json_t *trace_info(const char *path, enum trace_next *end, char *error,
		   size_t error_bytes)
{
	struct trace_reader *r = trace_reader_open(path, error, error_bytes);
	struct counts c = { .blocks = 0 };
	uint64_t position, total;
	json_t *info;

	*end = TRACE_NEXT_MALFORMED;
	if (!r)
		return NULL;
	*end = count_all(r, &c);
	position = trace_reader_position(r, &total);
	info = json_object();
	header_info(info, trace_reader_header(r));
	json_object_set_new(info, "complete",
			    json_boolean(*end == TRACE_NEXT_END));
	if (*end != TRACE_NEXT_END) {
		snprintf(error, error_bytes, "%s", trace_reader_error(r));
		json_object_set_new(info, "problem", json_string(error));
	}
	json_object_set_new(info, "bytes", integer(total ? total : position));
	json_object_set_new(info, "lines", integer(trace_reader_line(r)));
	json_object_set_new(info, "instructions", integer(c.instructions));
	json_object_set_new(info, "blocks", integer(c.blocks));
	json_object_set_new(info, "accesses", integer(c.accesses));
	if (c.accesses)
		json_object_set_new(info, "bytes_per_access",
				    json_real((double)position /
					      (double)c.accesses));
	json_object_set_new(info, "records", counts_json(&c));
	trace_reader_close(r);
	return info;
}
