/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Uses the VMID of another guest.
 * expect: VTTBR_EL2 0x[0-9a-f]*: VMID 2, not the 1 asked for
 * run: boot
 */
#include "tests/cores/hostile/naive_parts.h"

static uint64_t bad_vttbr(const void *space)
{
	return naive_vttbr(space) + (UINT64_C(1) << 48);
}

#define HOSTILE_VTTBR bad_vttbr
#include "tests/cores/hostile/table.h"
