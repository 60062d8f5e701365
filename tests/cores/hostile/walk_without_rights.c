/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Its tables are right, but hardware is told of walks that cannot begin.
 * expect: VTCR_EL2 0x[0-9a-f]*: no walk of 40 bits begins at level 3
 * run: boot
 */
#include "tests/cores/hostile/naive_parts.h"

static uint64_t bad_vtcr(const void *space, unsigned int pa_bits)
{
	return naive_vtcr(space, pa_bits) | 3 << 6;
}

#define HOSTILE_VTCR bad_vtcr
#include "tests/cores/hostile/table.h"
