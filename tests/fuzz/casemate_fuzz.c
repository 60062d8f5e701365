/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reader of casemate's logs over any bytes: it ends, with good records or
 * one line of error. What it accepts, the checker takes without a crash.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sim/study/study.h"
#include "traces/import/casemate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at(const struct trace_record *record)
{
	json_t *json = trace_record_json(record);

	/* What was accepted can be written as a trace, and read again. */
	if (!json || casemate_record_wrong(record))
		abort();
	json_decref(json);
}

static void judge(const uint8_t *data, size_t size)
{
	static const struct checker_config config = {
		.cpus = PROTOCOL_OBSERVERS_MAX, .discipline = true
	};
	struct checker *checker = checker_new(&config, NULL, NULL);
	int file = memfd_create("log", 0);
	struct error_line error = { 0 };
	struct study_log log;
	char path[40];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	if (checker && file >= 0 && write(file, data, size) == (ssize_t)size) {
		study_check_log(path, checker, &log, &error);
		json_decref(check_report(checker, NULL));
		study_log_fini(&log);
	}
	checker_free(checker);
	close(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct casemate_reader *r = casemate_open_memory(data, size);
	struct trace_record record;
	enum trace_next next;

	if (!r)
		return 0;
	while ((next = casemate_next(r, &record)) == TRACE_NEXT_RECORD)
		look_at(&record);
	if (next == TRACE_NEXT_MALFORMED &&
	    (!*casemate_error(r) || strchr(casemate_error(r), '\n')))
		abort();
	casemate_close(r);
	judge(data, size);
	return 0;
}

#ifdef FUZZ_REPLAY
#include "tests/fuzz/replay_main.h"
#endif
