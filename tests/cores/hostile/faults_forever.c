/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Says of each fault that it is over.
 * expect: fault at gfn 0x[0-9a-f]*: it returned 0 16 times, and the fault came again
 */
#include "tests/cores/hostile/naive_parts.h"

static int bad_fault(void *space, gfn_t gfn)
{
	(void)space, (void)gfn;
	return LATER(100) ? 0 : ERR_NOENT;
}

#define HOSTILE_FAULT bad_fault
#include "tests/cores/hostile/table.h"
