/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Wants to read memory that was never given to it.
 * expect: it maps 0x[0-9a-f]*, which is not a table of its own
 */
#include "tests/cores/hostile/naive_parts.h"

static int bad_map(void *space, gfn_t gfn, mfn_t mfn, uint64_t frames,
		   enum p2m_type type, unsigned int access, uint64_t *done)
{
	struct naive *n = space;

	if (LATER(100))
		port_table_map(n->host, (pa_t){ n->root.raw + (1 << 20) });
	return naive_map(space, gfn, mfn, frames, type, access, done);
}

#define HOSTILE_MAP bad_map
#include "tests/cores/hostile/table.h"
