/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes a descriptor without the port.
 * expect: it touched a table at 0x[0-9a-f]* by itself
 */
#include "tests/cores/hostile/naive_parts.h"

static int bad_map(void *space, gfn_t gfn, mfn_t mfn, uint64_t frames,
		   enum p2m_type type, unsigned int access, uint64_t *done)
{
	struct naive *n = space;

	if (LATER(100))
		*port_table_map(n->host, n->root) = 1;
	return naive_map(space, gfn, mfn, frames, type, access, done);
}

#define HOSTILE_MAP bad_map
#include "tests/cores/hostile/table.h"
