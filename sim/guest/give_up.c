/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Unicorn asserts by abort(3), for instance on unallocated FP16 encodings
 * while it translates. The handler jumps back here. It has no argument of
 * ours, hence the thread's one variable. What Unicorn prints first, of its own
 * source, would tell a user nothing: while it executes, the C library's stdout
 * and stderr lead nowhere. (No hook names them; a bug of ours speaks to the
 * descriptor.)
 */
#include "sim/guest/give_up.h"

#include <setjmp.h>
#include <signal.h>
#include <stddef.h>

struct guard {
	sigjmp_buf back;
	struct sigaction before;
	FILE *out, *err;
};
static _Thread_local struct guard *current;

static void aborted(int number)
{
	if (current)
		siglongjmp(current->back, 1);
	signal(number, SIG_DFL);
}

static void begin(struct guard *g, FILE *mute)
{
	struct sigaction ours = { .sa_handler = aborted };

	sigaction(SIGABRT, &ours, &g->before);
	current = g;
	g->out = stdout;
	g->err = stderr;
	stdout = stderr = mute;
}

static void end(struct guard *g)
{
	stdout = g->out;
	stderr = g->err;
	current = NULL;
	sigaction(SIGABRT, &g->before, NULL);
}

bool give_up_guard(void (*call)(void *context), void *context, FILE *mute)
{
	struct guard g;

	if (sigsetjmp(g.back, 1)) {
		end(&g);
		return false;
	}
	begin(&g, mute);
	call(context);
	end(&g);
	return true;
}
