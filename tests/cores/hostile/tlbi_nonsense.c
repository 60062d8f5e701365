/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asks for TLB maintenance that does not exist.
 * expect: it asks for TLB maintenance of scope 9, which does not exist
 */
#include "tests/cores/hostile/naive_parts.h"

static int bad_map(void *space, gfn_t gfn, mfn_t mfn, uint64_t frames,
		   enum p2m_type type, unsigned int access, uint64_t *done)
{
	struct naive *n = space;

	if (LATER(100)) {
		const struct port_tlbi none = { .scope = 9 };

		port_tlbi(n->host, &none);
	}
	return naive_map(space, gfn, mfn, frames, type, access, done);
}

#define HOSTILE_MAP bad_map
#include "tests/cores/hostile/table.h"
