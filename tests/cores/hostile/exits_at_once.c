/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ends the process behind everybody's back.
 * expect: map of .*: it ended the process, status 0
 */
#include "tests/cores/hostile/naive_parts.h"

#include <unistd.h>

static int bad_map(void *space, gfn_t gfn, mfn_t mfn, uint64_t frames,
		   enum p2m_type type, unsigned int access, uint64_t *done)
{
	if (LATER(100))
		_exit(0);
	return naive_map(space, gfn, mfn, frames, type, access, done);
}

#define HOSTILE_MAP bad_map
#include "tests/cores/hostile/table.h"
