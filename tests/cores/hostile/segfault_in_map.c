/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Follows a pointer to nowhere.
 * expect: map of 1 frames from gfn 0x[0-9a-f]*: it died of SIGSEGV
 */
#include "tests/cores/hostile/naive_parts.h"

static int bad_map(void *space, gfn_t gfn, mfn_t mfn, uint64_t frames,
		   enum p2m_type type, unsigned int access, uint64_t *done)
{
	if (LATER(100))
		crash();
	return naive_map(space, gfn, mfn, frames, type, access, done);
}

#define HOSTILE_MAP bad_map
#include "tests/cores/hostile/table.h"
