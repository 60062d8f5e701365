/* SPDX-License-Identifier: BSD-2-Clause */
/* See jobs.h. A child writes its result as JSON into a pipe and ends. */
#include "sim/study/jobs.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define READ_BYTES 65536

struct child {
	pid_t pid;
	int fd; /* where its result comes from; -1: nobody works here */
	size_t index;
	char *text;
	size_t bytes;
};

struct pool {
	const struct study_work *work;
	struct child child[STUDY_JOBS_MAX];
	struct study_job *job; /* [work->count] */
	bool *finished;	       /* [work->count] */
	size_t next;	       /* to be started */
	size_t due;	       /* to be handed on */
	size_t ended;
	bool stopped;
};

/* ---- the child's side ---- */

static bool write_all(int fd, const char *text, size_t bytes)
{
	while (bytes) {
		ssize_t n = write(fd, text, bytes);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		text += n;
		bytes -= (size_t)n;
	}
	return true;
}

/* JSON holds UTF-8 only; a file's name may be anything. */
static void plain_text(char *text)
{
	json_t *json = json_string(text);

	for (; !json && *text; text++)
		if ((unsigned char)*text >= 0x80)
			*text = '?';
	json_decref(json);
}

static _Noreturn void child_run(const struct study_work *work, size_t index,
				int fd)
{
	struct study_job job = { 0 };
	json_t *whole;
	char *text;
	bool ok;

	work->run(work->context, index, &job);
	plain_text(job.error.text);
	whole = json_pack("{s:i, s:i, s:s, s:o*}", "code", job.code,
			  "error_code", job.error.exit_code, "error",
			  job.error.text, "result", job.result);
	text = whole ? json_dumps(whole, JSON_COMPACT) : NULL;
	ok = text && write_all(fd, text, strlen(text));
	_exit(ok ? EXIT_FINE : EXIT_IO);
}

/* ---- ours ---- */

static int child_start(struct pool *pool, struct child *child)
{
	int ends[2];

	if (pipe(ends) != 0)
		return errno;
	fflush(NULL);
	*child = (struct child){ .fd = ends[0], .index = pool->next };
	child->pid = fork();
	if (child->pid < 0) {
		int why = errno;

		close(ends[0]);
		close(ends[1]);
		child->fd = -1;
		return why;
	}
	if (child->pid == 0) {
		/* Nobody would read what it finds. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(ends[0]);
		child_run(pool->work, child->index, ends[1]);
	}
	close(ends[1]);
	pool->next++;
	return 0;
}

/* What a child wrote; one that wrote no whole result died of something. */
static void job_parse(struct study_job *job, const struct child *child,
		      int status)
{
	json_t *whole = child->bytes
				? json_loadb(child->text, child->bytes, 0, NULL)
				: NULL;

	if (whole) {
		job->code =
			(int)json_integer_value(json_object_get(whole, "code"));
		job->error.exit_code = (int)json_integer_value(
			json_object_get(whole, "error_code"));
		snprintf(job->error.text, sizeof(job->error.text), "%s",
			 json_string_value(json_object_get(whole, "error")));
		job->result = json_incref(json_object_get(whole, "result"));
		json_decref(whole);
		return;
	}
	job->code = EXIT_BUG;
	if (WIFSIGNALED(status))
		error_set(&job->error, EXIT_BUG,
			  "a child process died of signal %d (%s)",
			  WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		error_set(
			&job->error, EXIT_BUG,
			"a child process ended with exit code %d and no result",
			WEXITSTATUS(status));
}

static int child_reap(const struct child *child)
{
	int status = 0;

	while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static void child_end(struct pool *pool, struct child *child)
{
	close(child->fd);
	child->fd = -1;
	job_parse(&pool->job[child->index], child, child_reap(child));
	pool->finished[child->index] = true;
	free(child->text);
	child->text = NULL;
	pool->ended++;
	if (pool->work->progress)
		pool->work->progress(pool->work->context, pool->ended);
}

static void child_read(struct pool *pool, struct child *child)
{
	char *grown = realloc(child->text, child->bytes + READ_BYTES);
	ssize_t n;

	if (grown)
		child->text = grown;
	do
		n = grown ? read(child->fd, child->text + child->bytes,
				 READ_BYTES)
			  : 0;
	while (n < 0 && errno == EINTR);
	if (n > 0)
		child->bytes += (size_t)n;
	else
		child_end(pool, child);
}

/* All children that are due to be heard; false: there are none at all. */
static bool children_listen(struct pool *pool)
{
	struct pollfd poll_fd[STUDY_JOBS_MAX];
	struct child *child[STUDY_JOBS_MAX];
	nfds_t n = 0;

	for (unsigned int i = 0; i < pool->work->jobs; i++) {
		if (pool->child[i].fd < 0)
			continue;
		poll_fd[n] = (struct pollfd){ pool->child[i].fd, POLLIN, 0 };
		child[n++] = &pool->child[i];
	}
	if (!n)
		return false;
	if (poll(poll_fd, n, -1) > 0)
		for (nfds_t i = 0; i < n; i++)
			if (poll_fd[i].revents)
				child_read(pool, child[i]);
	return true;
}

static int children_start(struct pool *pool, struct error_line *error)
{
	for (unsigned int i = 0; i < pool->work->jobs; i++) {
		int why;

		if (pool->child[i].fd >= 0 || pool->next == pool->work->count)
			continue;
		why = child_start(pool, &pool->child[i]);
		if (why) {
			error_set(error, EXIT_IO, "a child process: %s",
				  strerror(why));
			return EXIT_IO;
		}
	}
	return EXIT_FINE;
}

static void hand_on(struct pool *pool)
{
	const struct study_work *work = pool->work;

	while (!pool->stopped && pool->due < work->count &&
	       pool->finished[pool->due]) {
		size_t index = pool->due++;

		if (!work->done(work->context, index, &pool->job[index]))
			pool->stopped = true;
	}
}

/* Those still at work are not needed any more. */
static void pool_fini(struct pool *pool)
{
	for (unsigned int i = 0; i < pool->work->jobs; i++) {
		struct child *child = &pool->child[i];

		if (child->fd < 0)
			continue;
		kill(child->pid, SIGKILL);
		close(child->fd);
		child_reap(child);
		free(child->text);
	}
	/* Done out of turn, and never handed on. */
	for (size_t i = pool->due; pool->job && i < pool->work->count; i++)
		json_decref(pool->job[i].result);
	free(pool->job);
	free(pool->finished);
	free(pool);
}

static struct pool *pool_new(const struct study_work *work)
{
	struct pool *pool = calloc(1, sizeof(*pool));

	if (!pool)
		return NULL;
	pool->work = work;
	for (unsigned int i = 0; i < STUDY_JOBS_MAX; i++)
		pool->child[i].fd = -1;
	pool->job = calloc(work->count, sizeof(*pool->job));
	pool->finished = calloc(work->count, sizeof(*pool->finished));
	if (pool->job && pool->finished)
		return pool;
	pool_fini(pool);
	return NULL;
}

static int in_children(const struct study_work *work, struct error_line *error)
{
	struct pool *pool = pool_new(work);
	int code;

	if (!pool) {
		error_set(error, EXIT_IO, "out of memory");
		return EXIT_IO;
	}
	do {
		code = children_start(pool, error);
		hand_on(pool);
	} while (!code && !pool->stopped && children_listen(pool));
	pool_fini(pool);
	return code;
}

static void in_this_process(const struct study_work *work)
{
	bool more = true;

	for (size_t i = 0; i < work->count && more; i++) {
		struct study_job job = { 0 };

		work->run(work->context, i, &job);
		more = work->done(work->context, i, &job);
	}
}

int study_jobs(const struct study_work *work, struct error_line *error)
{
	if (work->jobs > 1 && work->count > 1)
		return in_children(work, error);
	in_this_process(work);
	return EXIT_FINE;
}
