/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes beyond the storage it asked for.
 * expect: it wrote beyond its space of [0-9]* bytes
 */
#include "tests/cores/hostile/naive_parts.h"

static int bad_map(void *space, gfn_t gfn, mfn_t mfn, uint64_t frames,
		   enum p2m_type type, unsigned int access, uint64_t *done)
{
	if (LATER(100))
		((char *)space)[sizeof(struct naive) + 3] = 1;
	return naive_map(space, gfn, mfn, frames, type, access, done);
}

#define HOSTILE_MAP bad_map
#include "tests/cores/hostile/table.h"
