/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Its root begins within a page.
 * expect: VTTBR_EL2 0x[0-9a-f]*: the root is not aligned to its [0-9]* bytes
 * run: boot
 */
#include "tests/cores/hostile/naive_parts.h"

static uint64_t bad_vttbr(const void *space)
{
	return naive_vttbr(space) + 32;
}

#define HOSTILE_VTTBR bad_vttbr
#include "tests/cores/hostile/table.h"
