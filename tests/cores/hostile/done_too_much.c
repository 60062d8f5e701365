/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Has done more than was asked.
 * expect: map of .*: it says that 2 frames of 1 are done
 */
#include "tests/cores/hostile/naive_parts.h"

static int bad_map(void *space, gfn_t gfn, mfn_t mfn, uint64_t frames,
		   enum p2m_type type, unsigned int access, uint64_t *done)
{
	if (LATER(100)) {
		*done = frames + 1;
		return 0;
	}
	return naive_map(space, gfn, mfn, frames, type, access, done);
}

#define HOSTILE_MAP bad_map
#include "tests/cores/hostile/table.h"
