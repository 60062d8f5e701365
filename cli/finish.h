/* SPDX-License-Identifier: BSD-2-Clause */
/* How run and replay end alike: summary, statistics file, exit code. */
#ifndef CLI_FINISH_H
#define CLI_FINISH_H

#include "cli/cli.h"
#include "cli/output.h"
#include "sim/study/study.h"

struct guest_limits cli_limits(const struct options *options);

/* `code` and `error` are the study's. Prints the summary to `file` (not with
 * --quiet), then the error's line if code is not 0, writes the statistics,
 * and lets `result` and `stats` go. Exit code. */
int cli_finish_study(const struct cli *cli, FILE *file, int code,
		     const struct error_line *error,
		     struct study_result *result, struct output_file *stats);

#endif
