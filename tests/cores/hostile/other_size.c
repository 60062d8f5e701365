/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Its space is larger than it was asked for.
 * expect: VTCR_EL2 0x[0-9a-f]*: T0SZ gives [0-9]* bits, not the [0-9]* asked for
 * run: boot
 */
#include "tests/cores/hostile/naive_parts.h"

static uint64_t bad_vtcr(const void *space, unsigned int pa_bits)
{
	return naive_vtcr(space, pa_bits) - 1;
}

#define HOSTILE_VTCR bad_vtcr
#include "tests/cores/hostile/table.h"
