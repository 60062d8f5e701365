/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dies when all is done but the statistics.
 * expect: stats: it died of SIGSEGV
 * run: whole
 */
#include "tests/cores/hostile/naive_parts.h"

static void bad_stats(const void *space, struct p2m_stats *stats)
{
	(void)space;
	crash();
	stats->splits = 1;
}

#define HOSTILE_STATS bad_stats
#include "tests/cores/hostile/table.h"
