/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Returns what is no error code.
 * expect: map of .*: it returned 7, which is none of core/base/err.h
 */
#include "tests/cores/hostile/naive_parts.h"

static int bad_map(void *space, gfn_t gfn, mfn_t mfn, uint64_t frames,
		   enum p2m_type type, unsigned int access, uint64_t *done)
{
	if (LATER(100))
		return 7;
	return naive_map(space, gfn, mfn, frames, type, access, done);
}

#define HOSTILE_MAP bad_map
#include "tests/cores/hostile/table.h"
