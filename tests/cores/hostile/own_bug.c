/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finds a mistake of its own.
 * expect: map of .*: BUG: .*mine
 */
#include "tests/cores/hostile/naive_parts.h"

static int bad_map(void *space, gfn_t gfn, mfn_t mfn, uint64_t frames,
		   enum p2m_type type, unsigned int access, uint64_t *done)
{
	struct naive *n = space;

	if (LATER(100))
		port_bug(n->host, __FILE__, __LINE__, "mine");
	return naive_map(space, gfn, mfn, frames, type, access, done);
}

#define HOSTILE_MAP bad_map
#include "tests/cores/hostile/table.h"
