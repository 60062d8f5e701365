/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Independent pieces of work, several at a time, each in a child process of its
 * own: what one does to itself no other can notice. Results come in order,
 * whoever was faster.
 */
#ifndef SIM_STUDY_JOBS_H
#define SIM_STUDY_JOBS_H

#include <jansson.h>

#include "sim/machine/config.h"

#define STUDY_JOBS_MAX 256

/* What a piece of work came to. `result` may be there although code is not 0;
 * it is whoever calls study_jobs who lets it go. */
struct study_job {
	json_t *result;
	int code; /* enum exit_code */
	struct error_line error;
};

struct study_work {
	size_t count;
	unsigned int jobs; /* at a time; 1: here, without children */
	/* Do piece `index`; *job is all zero. In a child, unless jobs is 1. */
	void (*run)(void *context, size_t index, struct study_job *job);
	/* A piece is done, in the order of indices; false: do no more. */
	bool (*done)(void *context, size_t index, struct study_job *job);
	/* How many are done, in any order; may be NULL. */
	void (*progress)(void *context, size_t done);
	void *context;
};

/* Exit code; not 0 (with *error set) only if children cannot be made. */
int study_jobs(const struct study_work *work, struct error_line *error);

#endif
