/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Forgets its tables in the end.
 * expect: fini: [0-9]* tables are left after it
 * run: whole
 */
#include "tests/cores/hostile/naive_parts.h"

static int bad_fini(void *space)
{
	(void)space;
	return 0;
}

#define HOSTILE_FINI bad_fini
#include "tests/cores/hostile/table.h"
