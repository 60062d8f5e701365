/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Does not return.
 * expect: map of .*: it did not return within --limit-seconds 1
 * run: limit
 */
#include "tests/cores/hostile/naive_parts.h"

static int bad_map(void *space, gfn_t gfn, mfn_t mfn, uint64_t frames,
		   enum p2m_type type, unsigned int access, uint64_t *done)
{
	if (LATER(100))
		for (volatile int forever = 1; forever;)
			;
	return naive_map(space, gfn, mfn, frames, type, access, done);
}

#define HOSTILE_MAP bad_map
#include "tests/cores/hostile/table.h"
