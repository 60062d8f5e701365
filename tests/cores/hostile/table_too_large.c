/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asks for a table larger than any.
 * expect: it asks for 2^20 tables of 2^12 bytes: at most 16, of 2^12
 */
#include "tests/cores/hostile/naive_parts.h"

static int bad_map(void *space, gfn_t gfn, mfn_t mfn, uint64_t frames,
		   enum p2m_type type, unsigned int access, uint64_t *done)
{
	struct naive *n = space;
	pa_t table;

	if (LATER(100))
		*done = (uint64_t)port_table_alloc(n->host, FRAME_LG2, 20, &table);
	return naive_map(space, gfn, mfn, frames, type, access, done);
}

#define HOSTILE_MAP bad_map
#include "tests/cores/hostile/table.h"
