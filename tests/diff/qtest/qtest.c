/* SPDX-License-Identifier: BSD-2-Clause */
/* Starting QEMU 10.0, the qtest protocol, the trace pipe. */
#include "tests/diff/qtest/qtest.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS 60000

/* ---- the process ---- */

static void name_of(const struct qtest *q, const char *what, char *path,
		    size_t bytes)
{
	snprintf(path, bytes, "%s/%s", q->directory, what);
}

void qtest_argument(struct qtest_arguments *a, const char *format, ...)
{
	va_list arguments;

	if (a->count == QTEST_ARGUMENTS_MAX)
		abort();
	va_start(arguments, format);
	vsnprintf(a->text[a->count], sizeof(a->text[0]), format, arguments);
	va_end(arguments);
	a->argv[a->count] = a->text[a->count];
	a->argv[++a->count] = NULL;
}

void qtest_arguments(const struct qtest *q, struct qtest_arguments *a,
		     const char *program, const char *machine)
{
	qtest_argument(a, "%s", program);
	qtest_argument(a, "-M");
	qtest_argument(a, "%s,memory-backend=ram", machine);
	qtest_argument(a, "-object");
	qtest_argument(a,
		       "memory-backend-file,id=ram,share=on,size=%" PRIu64
		       ",mem-path=/proc/self/fd/%d",
		       q->ram_bytes, q->ram_file);
	qtest_argument(a, "-m");
	qtest_argument(a, "%" PRIu64 "M", q->ram_bytes >> 20);
	qtest_argument(a, "-accel");
	qtest_argument(a, "tcg");
	qtest_argument(a, "-icount");
	qtest_argument(a, "shift=0,sleep=off");
	qtest_argument(a, "-nodefaults");
	qtest_argument(a, "-display");
	qtest_argument(a, "none");
	qtest_argument(a, "-qtest");
	qtest_argument(a, "unix:%s/qtest", q->directory);
	qtest_argument(a, "-qtest-log");
	qtest_argument(a, "/dev/null");
	qtest_argument(a, "-D");
	qtest_argument(a, "%s/events", q->directory);
}

static bool share_ram(struct qtest *q)
{
	q->ram_file = memfd_create("qtest-ram", 0);
	q->messages = memfd_create("qtest-messages", 0);
	if (q->ram_file < 0 || q->messages < 0 ||
	    ftruncate(q->ram_file, (off_t)q->ram_bytes))
		return false;
	q->ram = mmap(NULL, q->ram_bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
		      q->ram_file, 0);
	return q->ram != MAP_FAILED;
}

bool qtest_prepare(struct qtest *q, const char *who, uint64_t ram_bytes)
{
	char path[128];

	memset(q, 0, sizeof(*q));
	q->who = who;
	q->ram_bytes = ram_bytes;
	q->ram = MAP_FAILED;
	q->ram_file = q->messages = q->fifo = q->socket = q->listener = -1;
	snprintf(q->directory, sizeof(q->directory), "%s/qtest-XXXXXX",
		 getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	if (!mkdtemp(q->directory) || !share_ram(q)) {
		fprintf(stderr, "%s: %s: %s\n", who, q->directory,
			strerror(errno));
		return false;
	}
	name_of(q, "events", path, sizeof(path));
	mkfifo(path, 0600);
	q->fifo = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	return q->fifo >= 0;
}

static int listen_at(const struct qtest *q)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	name_of(q, "qtest", address.sun_path, sizeof(address.sun_path));
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(fd, 1))
		return -1;
	return fd;
}

/* QEMU connects, or ends. */
static bool await_qemu(struct qtest *q)
{
	struct pollfd poll_for = { .fd = q->listener, .events = POLLIN };

	for (int waited = 0; waited < PATIENCE_MS; waited += 100) {
		if (poll(&poll_for, 1, 100) > 0) {
			q->socket = accept(q->listener, NULL, NULL);
			return q->socket >= 0;
		}
		if (waitpid(q->qemu, NULL, WNOHANG)) {
			q->qemu = 0;
			return false;
		}
	}
	return false;
}

/* In the child. */
static void run_qemu(const struct qtest *q, struct qtest_arguments *a,
		     pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	dup2(q->messages, STDERR_FILENO);
	execvp(a->argv[0], a->argv);
	fprintf(stderr, "%s: %s\n", a->argv[0], strerror(errno));
	_exit(127);
}

bool qtest_launch(struct qtest *q, struct qtest_arguments *a)
{
	pid_t self = getpid();

	q->listener = listen_at(q);
	q->qemu = fork();
	if (q->qemu == 0)
		run_qemu(q, a, self);
	if (q->qemu > 0 && q->listener >= 0 && await_qemu(q))
		return true;
	fprintf(stderr, "%s: %s does not run\n", q->who, a->argv[0]);
	return false;
}

void qtest_complain(const struct qtest *q)
{
	char text[2048];
	ssize_t n = q->who ? pread(q->messages, text, sizeof(text) - 1, 0) : 0;

	fprintf(stderr, "%.*s", n > 0 ? (int)n : 0, text);
}

static void close_file(int fd)
{
	if (fd >= 0)
		close(fd);
}

void qtest_stop(struct qtest *q)
{
	static const char *const files[] = { "events", "qtest" };
	char path[128];

	if (!q->who)
		return; /* it never began */
	if (q->qemu > 0) {
		kill(q->qemu, SIGKILL);
		waitpid(q->qemu, NULL, 0);
	}
	for (unsigned int i = 0; i < 2; i++) {
		name_of(q, files[i], path, sizeof(path));
		unlink(path);
	}
	rmdir(q->directory);
	if (q->ram != MAP_FAILED)
		munmap(q->ram, q->ram_bytes);
	close_file(q->ram_file);
	close_file(q->messages);
	close_file(q->fifo);
	close_file(q->socket);
	close_file(q->listener);
}

/* ---- the protocol ---- */

void qtest_command(struct qtest *q, const char *format, ...)
{
	va_list arguments;

	if (q->out_bytes > sizeof(q->out) - 256)
		abort();
	va_start(arguments, format);
	q->out_bytes += (size_t)vsnprintf(q->out + q->out_bytes,
					  sizeof(q->out) - q->out_bytes, format,
					  arguments);
	va_end(arguments);
	q->pending++;
}

static bool send_all(struct qtest *q)
{
	size_t done = 0;

	while (done < q->out_bytes) {
		ssize_t n =
			write(q->socket, q->out + done, q->out_bytes - done);

		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	q->out_bytes = 0;
	return true;
}

/* One line of an answer into `line`; false: QEMU is gone or silent. */
static bool next_line(struct qtest *q, char *line, size_t bytes)
{
	struct pollfd poll_for = { .fd = q->socket, .events = POLLIN };

	for (;;) {
		char *end = memchr(q->in, '\n', q->in_bytes);
		ssize_t n;

		if (end) {
			size_t length = (size_t)(end - q->in);

			snprintf(line, bytes, "%.*s", (int)length, q->in);
			q->in_bytes -= length + 1;
			memmove(q->in, end + 1, q->in_bytes);
			return true;
		}
		if (poll(&poll_for, 1, PATIENCE_MS) <= 0)
			return false;
		n = read(q->socket, q->in + q->in_bytes,
			 sizeof(q->in) - q->in_bytes);
		if (n <= 0)
			return false;
		q->in_bytes += (size_t)n;
	}
}

/* Send, and put each answer into `values` (may be NULL). */
static bool exchange(struct qtest *q, uint64_t *values)
{
	unsigned int pending = q->pending;
	char line[256];

	q->pending = 0;
	if (!send_all(q))
		return false;
	for (unsigned int i = 0; i < pending; i++) {
		if (!next_line(q, line, sizeof(line)) ||
		    strncmp(line, "OK", 2) != 0)
			return false;
		if (values)
			values[i] = strtoull(line + 2, NULL, 0);
	}
	return true;
}

void qtest_write(struct qtest *q, unsigned int bytes, uint64_t address,
		 uint64_t value)
{
	qtest_command(q, "write%c 0x%" PRIx64 " 0x%" PRIx64 "\n",
		      bytes == 8 ? 'q' : 'l', address, value);
}

bool qtest_flush(struct qtest *q)
{
	return exchange(q, NULL);
}

bool qtest_read(struct qtest *q, unsigned int bytes, uint64_t address,
		uint64_t *value)
{
	if (q->pending && !qtest_flush(q))
		return false;
	qtest_command(q, "read%c 0x%" PRIx64 "\n", bytes == 8 ? 'q' : 'l',
		      address);
	return exchange(q, value);
}

/* ---- trace events ---- */

void qtest_events(struct qtest *q,
		  void (*line)(void *context, const char *text), void *context)
{
	char text[65536], *start = text, *end;
	size_t bytes = 0;
	ssize_t n;

	while (bytes < sizeof(text) - 1 &&
	       (n = read(q->fifo, text + bytes, sizeof(text) - 1 - bytes)) > 0)
		bytes += (size_t)n;
	text[bytes] = 0;
	for (; (end = strchr(start, '\n')); start = end + 1) {
		*end = 0;
		line(context, start);
	}
}
