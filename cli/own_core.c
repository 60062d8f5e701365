/* SPDX-License-Identifier: BSD-2-Clause */
/* See own_core.h. */
#include "cli/own_core.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/machine/foreign.h"

/* Shared between the command's process and the one that waits for it. */
struct own_core {
	struct core_report core;
	bool finished; /* the command came to its end, with `code` */
	int code;
	double limit_seconds;
	char temporary[PATH_MAX];
};

/*
 * Signal handlers and the end of the process find their way by these; they
 * are set once in the command's process, and stay NULL without --core.
 */
static struct own_core *shared;
static struct core_library *library;

void own_core_note_temporary(const char *path)
{
	if (shared)
		snprintf(shared->temporary, sizeof(shared->temporary), "%s",
			 path ? path : "");
}

/* ---- in the command's process */

static _Noreturn void give_up(void)
{
	/* Should what is left to do hang or die, too, that is its end. */
	signal(SIGALRM, SIG_DFL);
	alarm(10);
	core_library_last_words(library);
	fflush(stdout);
	_exit(EXIT_FINDING);
}

static void found(const char *what)
{
	snprintf(shared->core.finding, sizeof(shared->core.finding), "%s",
		 what);
}

/* SIGSEGV and its like, inside the library or after it did harm. */
static void died(int number, siginfo_t *info, void *context)
{
	const struct machine *m = library->machine;
	uint64_t table = ~UINT64_C(0);
	char text[200];

	(void)context;
	if (shared->core.finding[0]) /* the second, of what led to the first */
		_exit(EXIT_FINDING);
	if (m && m->hypervisor && m->hypervisor->space &&
	    (number == SIGSEGV || number == SIGBUS))
		table = foreign_table_at(m->hypervisor->space, info->si_addr);
	if (!shared->core.inside)
		snprintf(text, sizeof(text),
			 "p2msim died of SIG%s some time after it: its memory may have been overwritten",
			 sigabbrev_np(number));
	else if (table != ~UINT64_C(0))
		snprintf(text, sizeof(text),
			 "it touched a table at 0x%llx by itself, not through port_pte_read or port_pte_write",
			 (unsigned long long)table);
	else
		snprintf(text, sizeof(text), "it died of SIG%s",
			 sigabbrev_np(number));
	found(text);
	give_up();
}

/* After --limit-seconds, again and again: is it still the same call? */
static void ticked(int number)
{
	static uint64_t last;
	char text[120];

	(void)number;
	if (shared->core.inside && last == shared->core.calls) {
		snprintf(text, sizeof(text),
			 "it did not return within --limit-seconds %g",
			 shared->limit_seconds);
		found(text);
		give_up();
	}
	last = shared->core.calls;
}

static void exited(int status, void *unused)
{
	char text[120];

	(void)unused;
	if (!shared->core.inside)
		return;
	snprintf(text, sizeof(text), "it called exit(%d)", status);
	found(text);
	give_up();
}

static bool catch_deaths(void)
{
	static const int deadly[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL,
				      SIGABRT, SIGTRAP, SIGSYS };
	struct sigaction action = { .sa_sigaction = died,
				    .sa_flags = SA_SIGINFO | SA_ONSTACK |
						(int)SA_RESETHAND |
						SA_NODEFER };
	stack_t stack = { .ss_size = 256 << 10 };

	/* Endless recursion needs a stack that is not its own. */
	stack.ss_sp = malloc(stack.ss_size);
	if (!stack.ss_sp || sigaltstack(&stack, NULL) != 0)
		return false;
	for (size_t i = 0; i < sizeof(deadly) / sizeof(deadly[0]); i++)
		if (sigaction(deadly[i], &action, NULL) != 0)
			return false;
	return on_exit(exited, NULL) == 0;
}

static void watch_the_clock(double seconds)
{
	struct sigaction action = { .sa_handler = ticked,
				    .sa_flags = SA_RESTART | SA_ONSTACK };
	struct itimerval timer = {
		.it_value = { (time_t)seconds,
			      (suseconds_t)(fmod(seconds, 1) * 1e6) },
		.it_interval = { 0, 250000 },
	};

	if (!timer.it_value.tv_sec && !timer.it_value.tv_usec)
		timer.it_value.tv_usec = 1;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

static int run_inside(struct cli *cli)
{
	struct core_library loaded = { .report = &shared->core,
				       .give_up = give_up };
	struct error_line error = { 0 };

	library = &loaded;
	if (!catch_deaths())
		return cli_fail(EXIT_IO, "--core: %s", strerror(errno));
	if (cli->options.limit_seconds > 0)
		watch_the_clock(cli->options.limit_seconds);
	if (!core_library_open(&loaded, cli->options.core, &foreign_port,
			       &error))
		return cli_fail_error(error.exit_code, &error);
	cli->core = &loaded;
	return cli->command->run(cli);
}

/* ---- in the process that waits */

static int tell(const struct own_core *own, const char *path, int status)
{
	const char *name = own->core.name[0] ? own->core.name : "?";
	char end[120] = "";

	if (!own->core.finding[0] && WIFEXITED(status))
		snprintf(end, sizeof(end), "it ended the process, status %d",
			 WEXITSTATUS(status));
	else if (!own->core.finding[0])
		snprintf(end, sizeof(end), "it was killed by SIG%s",
			 sigabbrev_np(WTERMSIG(status)));
	/* A bug of ours has said so itself. */
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_BUG &&
	    !own->core.inside && !own->core.finding[0])
		return EXIT_BUG;
	if (own->temporary[0])
		unlink(own->temporary);
	return cli_fail(EXIT_FINDING, "%s: core '%s': %s: %s%s", path, name,
			own->core.doing, own->core.finding, end);
}

int own_core_run(struct cli *cli)
{
	struct own_core *own = mmap(NULL, sizeof(*own), PROT_READ | PROT_WRITE,
				    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status = 0, code;
	pid_t child;

	if (own == MAP_FAILED)
		return cli_fail(EXIT_IO, "--core: %s", strerror(errno));
	own->limit_seconds = cli->options.limit_seconds;
	fflush(NULL);
	child = fork();
	if (child < 0) {
		munmap(own, sizeof(*own));
		return cli_fail(EXIT_IO, "--core: %s", strerror(errno));
	}
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		shared = own;
		own->code = run_inside(cli);
		fflush(NULL);
		own->finished = true;
		/* Not even the library's destructors run. */
		_exit(own->code);
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	code = own->finished ? own->code
			     : tell(own, cli->options.core, status);
	munmap(own, sizeof(*own));
	return code;
}
