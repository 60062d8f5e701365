/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ends the process as if all were well.
 * expect: remove of .*: it called exit(0)
 */
#include "tests/cores/hostile/naive_parts.h"

#include <stdlib.h>

static int bad_remove(void *space, gfn_t gfn, uint64_t frames,
		      uint64_t *done)
{
	(void)space, (void)gfn, (void)frames, (void)done;
	exit(0);
}

#define HOSTILE_REMOVE bad_remove
#include "tests/cores/hostile/table.h"
