/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Has no stack left.
 * expect: it died of SIGSEGV
 */
#include "tests/cores/hostile/naive_parts.h"

static unsigned int deeper(volatile unsigned int *above)
{
	volatile unsigned int here[64] = { *above };

	return deeper(here) + here[1];
}

static int bad_map(void *space, gfn_t gfn, mfn_t mfn, uint64_t frames,
		   enum p2m_type type, unsigned int access, uint64_t *done)
{
	if (LATER(100))
		*done = deeper((unsigned int[]){ 1 });
	return naive_map(space, gfn, mfn, frames, type, access, done);
}

#define HOSTILE_MAP bad_map
#include "tests/cores/hostile/table.h"
