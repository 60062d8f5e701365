/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Takes tables without end.
 * expect: it has [0-9]* tables, all there are, and asks for more
 */
#include "tests/cores/hostile/naive_parts.h"

static int bad_map(void *space, gfn_t gfn, mfn_t mfn, uint64_t frames,
		   enum p2m_type type, unsigned int access, uint64_t *done)
{
	struct naive *n = space;
	pa_t table;

	if (LATER(100))
		while (port_table_alloc(n->host, FRAME_LG2, 0, &table) == 0)
			;
	return naive_map(space, gfn, mfn, frames, type, access, done);
}

#define HOSTILE_MAP bad_map
#include "tests/cores/hostile/table.h"
