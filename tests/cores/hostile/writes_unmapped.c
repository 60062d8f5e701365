/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes to a table after having unmapped it.
 * expect: writing at 0x[0-9a-f]*: the table is not mapped
 */
#include "tests/cores/hostile/naive_parts.h"

static int bad_map(void *space, gfn_t gfn, mfn_t mfn, uint64_t frames,
		   enum p2m_type type, unsigned int access, uint64_t *done)
{
	struct naive *n = space;

	if (LATER(100)) {
		uint64_t *e = port_table_map(n->host, n->root);

		port_table_unmap(n->host, e);
		port_pte_write(n->host, e, 0);
	}
	return naive_map(space, gfn, mfn, frames, type, access, done);
}

#define HOSTILE_MAP bad_map
#include "tests/cores/hostile/table.h"
