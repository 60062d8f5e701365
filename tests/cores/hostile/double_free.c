/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frees a table twice.
 * expect: it frees 0x[0-9a-f]*, which is not a table of its own (or not any more)
 */
#include "tests/cores/hostile/naive_parts.h"

static int bad_map(void *space, gfn_t gfn, mfn_t mfn, uint64_t frames,
		   enum p2m_type type, unsigned int access, uint64_t *done)
{
	struct naive *n = space;

	if (LATER(100)) {
		pa_t table;

		if (port_table_alloc(n->host, FRAME_LG2, 0, &table))
			return ERR_NOMEM;
		port_table_free(n->host, FRAME_LG2, 0, table);
		port_table_free(n->host, FRAME_LG2, 0, table);
	}
	return naive_map(space, gfn, mfn, frames, type, access, done);
}

#define HOSTILE_MAP bad_map
#include "tests/cores/hostile/table.h"
