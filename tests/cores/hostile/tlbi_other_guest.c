/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Flushes another guest.
 * expect: it asks for TLB maintenance of VMID 2; its own is 1
 */
#include "tests/cores/hostile/naive_parts.h"

static int bad_map(void *space, gfn_t gfn, mfn_t mfn, uint64_t frames,
		   enum p2m_type type, unsigned int access, uint64_t *done)
{
	struct naive *n = space;

	if (LATER(100)) {
		const struct port_tlbi other = { .scope = PORT_TLBI_VMID, .vmid = 2 };

		port_tlbi(n->host, &other);
	}
	return naive_map(space, gfn, mfn, frames, type, access, done);
}

#define HOSTILE_MAP bad_map
#include "tests/cores/hostile/table.h"
