/* SPDX-License-Identifier: BSD-2-Clause */
/* A line on stderr that says how far it is. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include "cli/options.h"
#include "sim/study/study.h"

struct progress {
	bool on, terminal, shown;
	uint64_t started_ns, last_ns;
};

/* What a study calls; it does nothing if the options say so. `progress` must
 * live as long. */
struct study_progress progress_start(struct progress *progress,
				     const struct options *options);
/* Clears the line: call before printing anything else. */
void progress_end(struct progress *progress);

#endif
