/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Its root is a page that was never given to it.
 * expect: VTTBR_EL2 0x[0-9a-f]*: the root is not in tables of its own
 * run: boot
 */
#include "tests/cores/hostile/naive_parts.h"

static uint64_t bad_vttbr(const void *space)
{
	return naive_vttbr(space) + (1 << 21);
}

#define HOSTILE_VTTBR bad_vttbr
#include "tests/cores/hostile/table.h"
