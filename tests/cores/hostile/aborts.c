/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls abort.
 * expect: remove of [0-9]* frames from gfn 0x[0-9a-f]*: it died of SIGABRT
 */
#include "tests/cores/hostile/naive_parts.h"

#include <stdlib.h>

static int bad_remove(void *space, gfn_t gfn, uint64_t frames,
		      uint64_t *done)
{
	(void)space, (void)gfn, (void)frames, (void)done;
	abort();
}

#define HOSTILE_REMOVE bad_remove
#include "tests/cores/hostile/table.h"
