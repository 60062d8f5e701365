/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes the entry after the last.
 * expect: writing at 0x[0-9a-f]*: \(not a table of its own\|the table is not mapped\)
 */
#include "tests/cores/hostile/naive_parts.h"

static int bad_map(void *space, gfn_t gfn, mfn_t mfn, uint64_t frames,
		   enum p2m_type type, unsigned int access, uint64_t *done)
{
	struct naive *n = space;

	if (LATER(100))
		port_pte_write(n->host, port_table_map(n->host, n->root) + 512, 0);
	return naive_map(space, gfn, mfn, frames, type, access, done);
}

#define HOSTILE_MAP bad_map
#include "tests/cores/hostile/table.h"
