/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frees its root as more than it is.
 * expect: it frees 2^2 tables of 2^12 bytes at 0x[0-9a-f]*, which were not allocated so
 */
#include "tests/cores/hostile/naive_parts.h"

static int bad_map(void *space, gfn_t gfn, mfn_t mfn, uint64_t frames,
		   enum p2m_type type, unsigned int access, uint64_t *done)
{
	struct naive *n = space;

	if (LATER(100))
		port_table_free(n->host, FRAME_LG2, 2, n->root);
	return naive_map(space, gfn, mfn, frames, type, access, done);
}

#define HOSTILE_MAP bad_map
#include "tests/cores/hostile/table.h"
