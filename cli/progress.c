/* SPDX-License-Identifier: BSD-2-Clause */
/* A line on stderr that says how far it is: see progress.h. */
#include "cli/progress.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void report(void *context, uint64_t instructions, uint64_t accesses,
		   uint64_t done, uint64_t total)
{
	struct progress *p = context;
	uint64_t now = now_ns();
	double seconds = (double)(now - p->started_ns) / 1e9;

	/* Ten times a second on a terminal, once a second in a log. */
	if (now - p->last_ns < (p->terminal ? 100000000u : 1000000000u))
		return;
	p->last_ns = now;
	p->shown = true;
	fprintf(stderr,
		"%s%.1f M instructions, %.1f M accesses, %.0f s, %.1f M/s",
		p->terminal ? "\r\033[K" : "", (double)instructions / 1e6,
		(double)accesses / 1e6, seconds,
		seconds > 0 ? (double)accesses / 1e6 / seconds : 0);
	if (total)
		fprintf(stderr, ", %.0f %%",
			100 * (double)done / (double)total);
	if (!p->terminal)
		fputc('\n', stderr);
}

struct study_progress progress_start(struct progress *p,
				     const struct options *options)
{
	*p = (struct progress){ 0 };
	p->terminal = isatty(STDERR_FILENO);
	p->on = !options->quiet &&
		(!strcmp(options->progress, "always") ||
		 (!strcmp(options->progress, "auto") && p->terminal));
	p->started_ns = p->last_ns = now_ns();
	if (!p->on)
		return (struct study_progress){ 0 };
	return (struct study_progress){ report, p };
}

void progress_end(struct progress *p)
{
	if (p->shown && p->terminal)
		fputs("\r\033[K", stderr);
	p->shown = false;
}
