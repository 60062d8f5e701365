/* SPDX-License-Identifier: BSD-2-Clause */
/* Usage: p2msim trace cat TRACE | recount STATS. Status 0: every counter is
 * as counted here; 1: a FAIL line for each that is not; 2: not understood. */
#include <stdio.h>
#include <stdlib.h>

#include "recount.h"

void demand(bool ok, const char *what)
{
	if (ok)
		return;
	fflush(stdout);
	fprintf(stderr, "recount: not understood: %s\n", what);
	exit(2);
}

int main(int argc, char **argv)
{
	json_error_t error;
	json_t *stats;
	unsigned int differences;

	demand(argc == 2, "arguments: STATS");
	stats = json_load_file(argv[1], 0, &error);
	demand(stats, error.text);
	differences = compare(events_read(stdin), stats);
	json_decref(stats);
	return differences != 0;
}
