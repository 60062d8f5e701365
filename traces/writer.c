/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writing a trace: lines in their order, batches packed. DESIGN §6.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "traces/base64.h"
#include "traces/codec.h"
#include "traces/records.h"
#include "traces/sink.h"

/*
 * Of a batch. Small enough that its arrays stay in a second-level cache
 * between being filled and being packed, large enough that describing its
 * blocks again in each batch costs little. A block starts only where at least
 * ACCESSES_SPARE are free.
 */
#define BLOCKS	       16384
#define ACCESSES_SPARE 4096
#define ACCESSES       (16384 + ACCESSES_SPARE)

struct trace_writer {
	struct sink *sink;
	enum trace_level level;
	int failed; /* of ours; the sink has its own */
	struct trace_open_batch batch;
	struct trace_block *block; /* [0] is a place before the first */
	struct trace_access *access;
	struct packer *packer;
	struct text line, observed;
	struct text held; /* lines that wait, while `holding` */
	bool holding;
	void (*batch_ended)(void *context);
	void *context;
};

static void writer_free(struct trace_writer *w)
{
	packer_free(w->packer);
	free(w->block);
	free(w->access);
	free(w->line.byte);
	free(w->observed.byte);
	free(w->held.byte);
	free(w);
}

static struct trace_writer *writer_alloc(enum trace_level level)
{
	struct trace_writer *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->level = level;
	w->block = malloc((BLOCKS + 1) * sizeof(*w->block));
	w->access = malloc(ACCESSES * sizeof(*w->access));
	w->packer = packer_new(BLOCKS, ACCESSES);
	if (!w->block || !w->access || !w->packer) {
		writer_free(w);
		return NULL;
	}
	w->batch = (struct trace_open_batch){
		.block = w->block,
		.block_end = w->block + BLOCKS + 1,
		.access = w->access,
		.access_end = w->access + ACCESSES,
		.writer = w,
	};
	return w;
}

static void line_write(struct trace_writer *w, struct text *line)
{
	if (line->failed)
		w->failed = ENOMEM;
	if (!w->failed && w->holding)
		text_bytes(&w->held, line->byte, line->count);
	else if (!w->failed)
		sink_write(w->sink, line->byte, line->count);
	line->count = 0;
}

/* Frees `object`. */
static void object_write(struct trace_writer *w, json_t *object)
{
	char *dump = object ? json_dumps(object, JSON_COMPACT) : NULL;

	json_decref(object);
	if (!dump) {
		w->failed = w->failed ? w->failed : ENOMEM;
		return;
	}
	text_string(&w->line, dump);
	TEXT_PUT(&w->line, "\n");
	line_write(w, &w->line);
	free(dump);
}

struct trace_writer *trace_writer_open(const char *path, const json_t *header,
				       enum trace_level level)
{
	struct trace_writer *w = writer_alloc(level);
	json_t *first = json_pack("{ss}", "format", TRACE_FORMAT);

	if (!w || !first ||
	    (header &&
	     json_object_update_missing(first, (json_t *)(uintptr_t)header))) {
		json_decref(first);
		if (w)
			writer_free(w);
		errno = ENOMEM;
		return NULL;
	}
	w->sink = sink_open(path);
	if (!w->sink) {
		int saved = errno;

		json_decref(first);
		writer_free(w);
		errno = saved;
		return NULL;
	}
	object_write(w, first);
	return w;
}

enum trace_level trace_writer_level(const struct trace_writer *w)
{
	return w->level;
}

int trace_writer_failed(const struct trace_writer *w)
{
	return w->failed ? w->failed : sink_failed(w->sink);
}

struct trace_open_batch *trace_writer_batch(struct trace_writer *w)
{
	return &w->batch;
}

void trace_writer_on_cut(struct trace_writer *w, void (*batch_ended)(void *),
			 void *context)
{
	w->batch_ended = batch_ended;
	w->context = context;
}

void trace_writer_flush(struct trace_writer *w)
{
	sink_flush(w->sink);
}

int trace_writer_close(struct trace_writer *w, const json_t *stats)
{
	int failed, sink_error;

	trace_cut(w);
	if (stats) {
		json_t *copy = json_copy((json_t *)(uintptr_t)stats);

		if (copy)
			json_object_del(copy, "host");
		object_write(w, json_pack("{ss,so}", "t", "trace.stats",
					  "stats", copy));
	}
	failed = w->failed;
	sink_error = sink_close(w->sink);
	writer_free(w);
	return failed ? failed : sink_error;
}

static void batch_write(struct trace_writer *w, size_t blocks, size_t accesses)
{
	struct trace_record head = { .type = TRACE_CPU_BATCH,
				     .cpu = w->batch.cpu };
	uint64_t instructions = 0;
	size_t bytes;

	for (size_t i = 1; i <= blocks; i++)
		instructions += (uint64_t)(int32_t)w->block[i].instructions;
	head.blob = packer_pack(w->packer, w->block + 1, blocks, w->access,
				accesses, &bytes);
	head.blob_bytes = bytes;
	head.value[0] = w->batch.el;
	head.value[1] = blocks;
	head.value[2] = accesses;
	head.value[3] = instructions;
	head.value[4] = base64_encoded_bytes(bytes);
	record_write(&w->line, &head, NULL);
	TEXT_PUT(&w->line, "\n");
	line_write(w, &w->line);
}

void trace_cut(struct trace_writer *w)
{
	struct trace_open_batch *b = &w->batch;

	if (!b->open)
		return;
	b->open = false;
	batch_write(w, (size_t)(b->block - w->block),
		    (size_t)(b->access - w->access));
	b->block = w->block;
	b->access = w->access;
	line_write(w, &w->observed);
	if (w->batch_ended)
		w->batch_ended(w->context);
}

void trace_batch_begin_block(struct trace_writer *w,
			     struct trace_open_batch *batch, uint32_t cpu,
			     uint32_t el)
{
	trace_cut(w);
	batch->cpu = cpu;
	batch->el = el;
	batch->open = true;
}

void trace_write(struct trace_writer *w, const struct trace_record *record)
{
	if (trace_type_level(record->type) > w->level)
		return;
	trace_cut(w);
	record_write(&w->line, record, NULL);
	TEXT_PUT(&w->line, "\n");
	line_write(w, &w->line);
}

void trace_observe(struct trace_writer *w, const struct trace_record *record)
{
	uint64_t at = (uint64_t)(w->batch.access - w->access);

	if (trace_type_level(record->type) > w->level)
		return;
	record_write(&w->observed, record, w->batch.open ? &at : NULL);
	TEXT_PUT(&w->observed, "\n");
	if (!w->batch.open)
		line_write(w, &w->observed);
}

void trace_hold(struct trace_writer *w)
{
	trace_cut(w);
	w->holding = true;
}

void trace_write_ahead(struct trace_writer *w,
		       const struct trace_record *record)
{
	bool holding = w->holding;

	if (trace_type_level(record->type) > w->level)
		return;
	w->holding = false;
	trace_write(w, record);
	w->holding = holding;
}

void trace_release(struct trace_writer *w)
{
	trace_cut(w);
	w->holding = false;
	line_write(w, &w->held);
}
