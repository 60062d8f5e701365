/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The naive core's functions, for a hostile core to spoil one of them: define
 * HOSTILE_<member> and include table.h at the end. `expect:` in each file is
 * what p2msim shall say (a regular expression), `exit:` and `run:` how it ends
 * and what is run, if not exit code 1 and a guest populated by faults.
 */
#include "core/p2m/ops.h"

#define p2m_core_ops naive_ops
#include "tests/cores/naive/naive.c"
#undef p2m_core_ops

/* True from the n-th time on: so that there is a trace before it. */
#define LATER(n)                        \
	({                              \
		static unsigned int at; \
		++at >= (n);            \
	})

/* A store to nowhere, which the compiler cannot see through. */
static inline void crash(void)
{
	int *volatile nowhere = (int *)16;

	*nowhere = 1;
}
