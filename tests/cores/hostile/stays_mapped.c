/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Returns with a table mapped: the lock is never released.
 * expect: it returned with 1 tables still mapped
 */
#include "tests/cores/hostile/naive_parts.h"

static int bad_map(void *space, gfn_t gfn, mfn_t mfn, uint64_t frames,
		   enum p2m_type type, unsigned int access, uint64_t *done)
{
	struct naive *n = space;

	if (LATER(100))
		port_table_map(n->host, n->root);
	return naive_map(space, gfn, mfn, frames, type, access, done);
}

#define HOSTILE_MAP bad_map
#include "tests/cores/hostile/table.h"
