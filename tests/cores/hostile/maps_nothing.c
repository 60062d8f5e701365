/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Says it has mapped what it has not.
 * expect: map of .*: gfn 0x[0-9a-f]* is not mapped
 */
#include "tests/cores/hostile/naive_parts.h"

static int bad_map(void *space, gfn_t gfn, mfn_t mfn, uint64_t frames,
		   enum p2m_type type, unsigned int access, uint64_t *done)
{
	if (LATER(100)) {
		*done = frames;
		return 0;
	}
	return naive_map(space, gfn, mfn, frames, type, access, done);
}

#define HOSTILE_MAP bad_map
#include "tests/cores/hostile/table.h"
