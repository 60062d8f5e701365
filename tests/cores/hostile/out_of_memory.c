/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Claims that memory was refused.
 * expect: it returned ERR_NOMEM, though no allocation was refused
 */
#include "tests/cores/hostile/naive_parts.h"

static int bad_map(void *space, gfn_t gfn, mfn_t mfn, uint64_t frames,
		   enum p2m_type type, unsigned int access, uint64_t *done)
{
	if (LATER(100)) {
		*done = 0;
		return ERR_NOMEM;
	}
	return naive_map(space, gfn, mfn, frames, type, access, done);
}

#define HOSTILE_MAP bad_map
#include "tests/cores/hostile/table.h"
