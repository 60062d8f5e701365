/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Traces: "p2msim.trace/1", JSON Lines. DESIGN §6, issue A. The records and
 * their members come from one list, records.def; a batch's columns are
 * described in traces/README.md.
 */
#ifndef TRACES_TRACE_H
#define TRACES_TRACE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRACE_FORMAT "p2msim.trace/1"

/* Kinds of members: V_* fill value[], in order; NAME and BLOB at most once. */
enum trace_type {
#define RECORD(TYPE, name, stimulus, members) TRACE_##TYPE,
#include "traces/records.def"
#undef RECORD
	TRACE_TYPE_COUNT
};

#define TRACE_VALUES_MAX 12

/* One record other than a batch. */
struct trace_record {
	enum trace_type type;
	uint32_t cpu;
	uint64_t value[TRACE_VALUES_MAX]; /* by the order in records.def */
	const char *name;    /* the string member, if it has one */
	const void *blob;    /* the bytes member, if it has one */
	size_t blob_bytes;
};

/* An access as stored: address, and what: size in the low 16 bits (bytes),
 * enum arm_access bits above. */
struct trace_access {
	uint64_t address;
	uint32_t what;
};
#define TRACE_WHAT(bytes, access) ((uint32_t)(bytes) | (uint32_t)(access) << 16)
#define TRACE_WHAT_BYTES(what) ((what) & 0xffff)
#define TRACE_WHAT_ACCESS(what) ((what) >> 16)

/* A block execution: its accesses are the next `accesses` in order. */
struct trace_block {
	uint64_t address;
	uint32_t bytes;	      /* as the CPU reported the block */
	uint32_t instructions; /* executed; 0 and bytes 0: accesses that go on
				* in a block from an earlier batch */
	uint32_t accesses;
};

enum trace_level { TRACE_STIMULUS, TRACE_COSTS, TRACE_FULL };

/* ---- writing ---- */

struct trace_writer;

/* Opens `path` ("-": stdout; zstd if it ends in .zst) and writes the header
 * line. NULL: errno says why. Writes fail quietly afterwards, to be asked for
 * by trace_writer_failed; what was written stays readable to its last line. */
struct trace_writer *trace_writer_open(const char *path, const json_t *header,
				       enum trace_level level);
enum trace_level trace_writer_level(const struct trace_writer *w);
/* errno of the first failure, or 0. */
int trace_writer_failed(const struct trace_writer *w);
/* Last line: the statistics. Returns 0 or errno. Frees w. `stats` may be NULL
 * for a run that ended early. */
int trace_writer_close(struct trace_writer *w, const json_t *stats);

/* Close the open batch and write the record. */
void trace_write(struct trace_writer *w, const struct trace_record *record);
/* An observation: kept and written after the batch it belongs to; its
 * position in the batch is added as member "at" (accesses so far). */
void trace_observe(struct trace_writer *w, const struct trace_record *record);
/* Close the open batch, if any. */
void trace_cut(struct trace_writer *w);

/* The open batch: arrays the inline functions append to. */
struct trace_open_batch {
	struct trace_block *block, *block_end;	  /* block: the last one */
	struct trace_access *access, *access_end; /* access: next free */
	uint32_t cpu, el;
	bool open;
};
struct trace_open_batch *trace_writer_batch(struct trace_writer *w);
/* Slow paths of the two below: cut, start a batch, make room. */
void trace_batch_begin_block(struct trace_writer *w,
			     struct trace_open_batch *batch, uint32_t cpu,
			     uint32_t el);

static inline void trace_batch_block(struct trace_writer *w,
				     struct trace_open_batch *b, uint32_t cpu,
				     uint32_t el, uint64_t address,
				     uint32_t bytes, uint32_t instructions)
{
	if (__builtin_expect(!b->open || b->cpu != cpu || b->el != el ||
				     b->block + 1 >= b->block_end ||
				     b->access_end - b->access < 4096, 0))
		trace_batch_begin_block(w, b, cpu, el);
	b->block++;
	*b->block = (struct trace_block){ address, bytes, instructions, 0 };
}

/* Belongs to the last block; if the batch was cut since, to a block record
 * of zero bytes that goes on with it. */
static inline void trace_batch_access(struct trace_writer *w,
				      struct trace_open_batch *b, uint32_t cpu,
				      uint32_t el, uint64_t address,
				      uint32_t what)
{
	if (__builtin_expect(!b->open || b->access == b->access_end, 0))
		trace_batch_block(w, b, cpu, el, 0, 0, 0);
	b->block->accesses++;
	*b->access++ = (struct trace_access){ address, what };
}

/* The last block was cut short by an exception: instructions that were not
 * executed. */
static inline void trace_batch_trim(struct trace_open_batch *b,
				    uint32_t instructions)
{
	if (b->open)
		b->block->instructions -= instructions;
}

/* ---- reading ---- */

struct trace_reader;

enum trace_next {
	TRACE_NEXT_RECORD,
	TRACE_NEXT_BATCH,
	TRACE_NEXT_END,	      /* after the statistics line */
	TRACE_NEXT_TRUNCATED, /* the file ends before its statistics line */
	TRACE_NEXT_MALFORMED, /* trace_reader_error says what and where */
};

/* A decoded batch: arrays owned by the reader, good until the next call. */
struct trace_batch {
	uint32_t cpu, el;
	const struct trace_block *block;
	uint32_t blocks;
	const struct trace_access *access;
	uint64_t accesses, instructions;
};

/* NULL: *error (at least 256 bytes) says why, as one line. */
struct trace_reader *trace_reader_open(const char *path, char *error,
				       size_t error_bytes);
void trace_reader_close(struct trace_reader *r);
const json_t *trace_reader_header(const struct trace_reader *r);
/* The statistics of the last line, once TRACE_NEXT_END was returned. */
const json_t *trace_reader_stats(const struct trace_reader *r);
enum trace_next trace_reader_next(struct trace_reader *r,
				  struct trace_record *record,
				  struct trace_batch *batch);
const char *trace_reader_error(const struct trace_reader *r);
uint64_t trace_reader_line(const struct trace_reader *r);

/* ---- the list ---- */

const char *trace_type_name(enum trace_type type); /* "cpu.batch" */
bool trace_type_is_stimulus(enum trace_type type);
/* The unpacked form of a record, as `trace cat` prints it. New reference. */
json_t *trace_record_json(const struct trace_record *record);
/* Check `line` against the schema; false: *error (256 bytes) says what. */
bool trace_line_validate(const char *line, size_t bytes, char *error,
			 size_t error_bytes);

#endif
