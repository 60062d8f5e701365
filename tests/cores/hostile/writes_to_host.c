/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asks for a write to memory that is no table.
 * expect: writing of memory that is no table
 */
#include "tests/cores/hostile/naive_parts.h"

static int bad_map(void *space, gfn_t gfn, mfn_t mfn, uint64_t frames,
		   enum p2m_type type, unsigned int access, uint64_t *done)
{
	struct naive *n = space;

	if (LATER(100))
		port_pte_write(n->host, &n->pages, 0);
	return naive_map(space, gfn, mfn, frames, type, access, done);
}

#define HOSTILE_MAP bad_map
#include "tests/cores/hostile/table.h"
