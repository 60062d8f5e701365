/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Takes from the guest what it was given.
 * expect: map of .*: gfn 0x[0-9a-f]* has access 3, not 7
 */
#include "tests/cores/hostile/naive_parts.h"

static int bad_map(void *space, gfn_t gfn, mfn_t mfn, uint64_t frames,
		   enum p2m_type type, unsigned int access, uint64_t *done)
{
	if (LATER(100))
		access = P2M_ACCESS_R | P2M_ACCESS_W;
	return naive_map(space, gfn, mfn, frames, type, access, done);
}

#define HOSTILE_MAP bad_map
#include "tests/cores/hostile/table.h"
