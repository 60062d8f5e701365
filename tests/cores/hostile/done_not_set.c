/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Does not say how far it came.
 * expect: it says that [0-9]* frames of [0-9]* are done
 */
#include "tests/cores/hostile/naive_parts.h"

static int bad_remove(void *space, gfn_t gfn, uint64_t frames,
		      uint64_t *done)
{
	(void)space, (void)gfn, (void)frames, (void)done;
	return 0;
}

#define HOSTILE_REMOVE bad_remove
#include "tests/cores/hostile/table.h"
