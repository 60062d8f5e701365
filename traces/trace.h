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
#include <stdio.h>

#define TRACE_FORMAT "p2msim.trace/1"

/* Bounds that a reader keeps, whatever a file says. */
#define TRACE_LINE_MAX	       (UINT64_C(64) << 20) /* bytes of a line */
#define TRACE_BATCH_MAX	       (1u << 20) /* blocks, and accesses, of a batch */
#define TRACE_BLOCK_BYTES_MAX  (1u << 16)
#define TRACE_ACCESS_BYTES_MAX 4096
#define TRACE_CPU_MAX	       63

enum trace_type {
#define RECORD(TYPE, name, level, members) TRACE_##TYPE,
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
	const char *name;		  /* the string member, if it has one */
	const void *blob;		  /* the bytes member, if it has one */
	size_t blob_bytes;
	/* Read only, observations: accesses of the batch before it. */
	bool has_at;
	uint64_t at;
};

/* An access as stored: address, and what: size in the low 16 bits (bytes),
 * enum arm_access bits (named below) above. */
struct trace_access {
	uint64_t address;
	uint32_t what;
};
#define TRACE_WHAT(bytes, access) ((uint32_t)(bytes) | (uint32_t)(access) << 16)
#define TRACE_WHAT_BYTES(what)	  ((what)&0xffff)
#define TRACE_WHAT_ACCESS(what)	  ((what) >> 16)

/* The bits of a kind, by the names that `trace cat` gives them: the values of
 * enum arm_access, which this room may not include. */
#define TRACE_ACCESS_LIST(F)         \
	F(WRITE, 0, "write")         \
	F(FETCH, 1, "fetch")         \
	F(EL0, 2, "el0")             \
	F(UNPRIV, 3, "unprivileged") \
	F(EXCL, 4, "exclusive")      \
	F(ZERO, 5, "zero")
#define TRACE_ACCESS_BIT(NAME, bit, name) TRACE_ACCESS_##NAME = 1 << (bit),
enum trace_access_bit { TRACE_ACCESS_LIST(TRACE_ACCESS_BIT) };
#undef TRACE_ACCESS_BIT
#define TRACE_ACCESS_MASK 0x3fu

/* A block execution: its accesses are the next `accesses` in order. */
struct trace_block {
	uint64_t address;
	uint32_t bytes;	       /* as the CPU reported the block */
	uint32_t instructions; /* executed. bytes 0: what goes on in a block
				* from an earlier batch; its instructions are
				* 0, or an int32_t below 0 that takes back some
				* of the earlier ones (trace_batch_trim) */
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
/* All whole lines so far are in the file, whatever becomes of this process. The
 * open batch is not cut: the records stay the same. */
void trace_writer_flush(struct trace_writer *w);
/* Last line: the statistics. Returns 0 or errno. Frees w. `stats` may be NULL
 * for a run that ended early. */
int trace_writer_close(struct trace_writer *w, const json_t *stats);

/* Close the open batch and write the record. */
void trace_write(struct trace_writer *w, const struct trace_record *record);
/*
 * From trace_hold to trace_release lines are kept, and trace_write_ahead writes
 * before them: what turns out to be needed by a record that stands already
 * (its batch is closed). Without a hold it is trace_write.
 */
void trace_hold(struct trace_writer *w);
void trace_write_ahead(struct trace_writer *w,
		       const struct trace_record *record);
void trace_release(struct trace_writer *w);
/* An observation: kept and written after the batch it belongs to; its
 * position in the batch is added as member "at" (accesses so far). */
void trace_observe(struct trace_writer *w, const struct trace_record *record);
/* Close the open batch, if any. */
void trace_cut(struct trace_writer *w);
/* Called after each batch was written (full ones too, which the writer closes
 * itself), so that its costs can follow by trace_observe. Nothing else of the
 * writer may be called from it. */
void trace_writer_on_cut(struct trace_writer *w, void (*batch_ended)(void *),
			 void *context);

/* The open batch: arrays the inline functions append to. */
struct trace_open_batch {
	struct trace_block *block, *block_end;	  /* block: the last one */
	struct trace_access *access, *access_end; /* access: next free */
	uint32_t cpu, el;
	bool open;
	struct trace_writer *writer;
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
				     b->access_end - b->access < 4096,
			     0))
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
 * executed. If its batch is written already, a continuation takes them back. */
static inline void trace_batch_trim(struct trace_open_batch *b,
				    uint32_t instructions)
{
	if (__builtin_expect(!b->open, 0))
		trace_batch_block(b->writer, b, b->cpu, b->el, 0, 0, 0);
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
	uint64_t accesses;
	uint64_t instructions; /* sum, modulo 2^64: see trace_block */
};

/* Opens a trace ("-": stdin), zstd or plain as its first bytes say, and reads
 * the header line. NULL: *error (at least 256 bytes) says why, as one line. */
struct trace_reader *trace_reader_open(const char *path, char *error,
				       size_t error_bytes);
/* The same over bytes that stay the caller's. */
struct trace_reader *trace_reader_open_memory(const void *bytes, size_t count,
					      char *error, size_t error_bytes);
void trace_reader_close(struct trace_reader *r);
const json_t *trace_reader_header(const struct trace_reader *r);
/* The statistics of the last line, once TRACE_NEXT_END was returned. */
const json_t *trace_reader_stats(const struct trace_reader *r);
enum trace_next trace_reader_next(struct trace_reader *r,
				  struct trace_record *record,
				  struct trace_batch *batch);
const char *trace_reader_error(const struct trace_reader *r);
uint64_t trace_reader_line(const struct trace_reader *r);
/* The line last read, as it stands in the file, without its newline; good
 * until the next call. */
const char *trace_reader_text(const struct trace_reader *r, size_t *bytes);
/* Bytes of the file consumed so far, and all of them (0: not known). */
uint64_t trace_reader_position(const struct trace_reader *r, uint64_t *total);

/* ---- the list ---- */

const char *trace_type_name(enum trace_type type); /* "cpu.batch" */
/* The level from which on it is recorded. */
enum trace_level trace_type_level(enum trace_type type);
bool trace_type_is_stimulus(enum trace_type type);
/* The unpacked form of a record, as `trace cat` prints it. New reference. */
json_t *trace_record_json(const struct trace_record *record);
/* Check `line` against the schema; false: *error (256 bytes) says what. For
 * more than a few lines make one validator. */
bool trace_line_validate(const char *line, size_t bytes, char *error,
			 size_t error_bytes);

struct trace_validator;
struct trace_validator *trace_validator_new(void);
void trace_validator_free(struct trace_validator *v);
bool trace_validator_line(struct trace_validator *v, const char *line,
			  size_t bytes, char *error, size_t error_bytes);
/* The same for a statistics document ("p2msim.stats/1"). */
bool trace_validator_stats(struct trace_validator *v, const json_t *stats,
			   char *error, size_t error_bytes);

/* The schemas, as they stand in traces/schema. New references. */
json_t *trace_schema(void);
json_t *trace_stats_schema(void);

/* ---- whole files, for `p2msim trace` ---- */

/* How the file ended: TRACE_NEXT_END, _TRUNCATED or _MALFORMED; the last two
 * with one line in *error. A file that cannot be opened is _MALFORMED. */

/* Every line against the schema, every payload decoded. */
enum trace_next trace_validate(const char *path, char *error,
			       size_t error_bytes);
/* The unpacked form, one object a line. Stops when `out` fails: ask ferror. */
enum trace_next trace_cat(const char *path, FILE *out, char *error,
			  size_t error_bytes);
/* What is in it: an object of counts. NULL if it could not be opened. */
json_t *trace_info(const char *path, enum trace_next *end, char *error,
		   size_t error_bytes);

#endif
