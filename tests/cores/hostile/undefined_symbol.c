/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Needs a function that nobody has.
 * expect: undefined symbol: nobody_has_it
 * exit: 3
 * run: boot
 */
#include "tests/cores/hostile/naive_parts.h"

int nobody_has_it(void *space);
#define HOSTILE_FINI nobody_has_it
#include "tests/cores/hostile/table.h"
