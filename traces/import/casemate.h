/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Logs of casemate, the checker of pKVM's page-table maintenance: one
 * S-expression a step. The grammar is that of casemate's manual, chapter
 * "Trace format" (rems-project/casemate, doc/asciidoc/sections), with what
 * its tracer prints beyond it: mem-free, trylock, and the registers beside
 * the two roots. README.md has it in our words.
 */
#ifndef TRACES_IMPORT_CASEMATE_H
#define TRACES_IMPORT_CASEMATE_H

#include "traces/trace.h"

/* A tid is a CPU's number; 63 is kept for the CPUs that no log shows. */
#define CASEMATE_TID_MAX 62

struct casemate_reader;

/* NULL: errno, or out of memory. The file stays the caller's. */
struct casemate_reader *casemate_open(FILE *file);
struct casemate_reader *casemate_open_memory(const void *bytes, size_t count);
void casemate_close(struct casemate_reader *r);

/*
 * The next log.* record, its strings good until the next call. Those that say
 * where a step was made (log.source) come before the step, if that changed.
 * TRACE_NEXT_RECORD, _END or _MALFORMED: casemate_error then has one line
 * with line and column, from 1. After log.report, what casemate wrote where
 * it stopped, the log is over.
 */
enum trace_next casemate_next(struct casemate_reader *r,
			      struct trace_record *record);
const char *casemate_error(const struct casemate_reader *r);
/* Where the record of the last call began. */
uint64_t casemate_line(const struct casemate_reader *r);

/* Does a log start so? Comes back with the file where it was. */
bool casemate_is_log(FILE *file);

/* What a record of this kind cannot say, wherever it came from: an address
 * not aligned, a name that is none. NULL: nothing. */
const char *casemate_record_wrong(const struct trace_record *record);

/*
 * `log` as a trace at `trace` ("-": standard output): a header with "import",
 * the records, and statistics of a run in which nothing ran. *error (at least
 * 256 bytes) is one line.
 */
enum casemate_result {
	CASEMATE_OK,
	CASEMATE_BAD_LOG,   /* malformed, or it cannot be read */
	CASEMATE_BAD_TRACE, /* it cannot be written */
};
enum casemate_result casemate_import(const char *log, const char *trace,
				     char *error, size_t error_bytes);

#endif
