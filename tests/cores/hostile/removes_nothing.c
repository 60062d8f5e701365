/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Says it has removed what it has not.
 * expect: remove of .*: gfn 0x[0-9a-f]* is still mapped
 */
#include "tests/cores/hostile/naive_parts.h"

static int bad_remove(void *space, gfn_t gfn, uint64_t frames,
		      uint64_t *done)
{
	(void)space, (void)gfn;
	*done = frames;
	return 0;
}

#define HOSTILE_REMOVE bad_remove
#include "tests/cores/hostile/table.h"
