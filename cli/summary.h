/* SPDX-License-Identifier: BSD-2-Clause */
/* What a person wants from a run's statistics. */
#ifndef CLI_SUMMARY_H
#define CLI_SUMMARY_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* From "p2msim.stats/1": {"machine","cpu":[{"instructions","cycles",...}],
 * "tlb":[...], "cycles_by":[...], ...}. New reference. */
json_t *summary_make(const json_t *stats);
void summary_print(FILE *file, bool color, const json_t *summary);

/* Sum of a dotted path over all CPUs ("walks.count"). */
json_int_t stats_cpu_sum(const json_t *stats, const char *path);

#endif
