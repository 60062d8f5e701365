/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dies before it is asked anything.
 * expect: its loading: it died of SIGSEGV
 * run: boot
 */
#include "tests/cores/hostile/naive_parts.h"

__attribute__((constructor)) static void begin(void)
{
	crash();
}
#include "tests/cores/hostile/table.h"
