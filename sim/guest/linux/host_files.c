/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files of the host as the guest sees them: regular files and directories of
 * the root, for reading; and the streams that are its 0, 1 and 2.
 */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "sim/guest/linux/process.h"

/* ---- regular files and directories ---- */

static int64_t host_read(struct linux_kernel *k, struct file *f, void *to,
			 size_t bytes, int64_t at)
{
	ssize_t got;

	(void)k;
	if (f->path)
		return -EISDIR;
	do {
		got = pread(f->host_fd, to, bytes,
			    (off_t)(at >= 0 ? at : (int64_t)f->offset));
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	if (at < 0)
		f->offset += (uint64_t)got;
	return got;
}

static int host_stat(struct linux_kernel *k, struct file *f, struct statx *st)
{
	(void)k;
	return statx(f->host_fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, st)
		       ? -errno
		       : 0;
}

static int64_t host_seek(struct linux_kernel *k, struct file *f, int64_t offset,
			 int whence)
{
	struct statx st;
	int64_t base = 0;
	int error;

	if (f->path) { /* a directory: its position is the host's */
		offset = lseek(f->host_fd, (off_t)offset, whence);
		return offset < 0 ? -errno : offset;
	}
	if (whence == GUEST_SEEK_CUR)
		base = (int64_t)f->offset;
	if (whence == GUEST_SEEK_END) {
		error = host_stat(k, f, &st);
		if (error)
			return error;
		base = (int64_t)st.stx_size;
	}
	if (whence > GUEST_SEEK_END || offset > INT64_MAX - base ||
	    base + offset < 0)
		return -EINVAL;
	f->offset = (uint64_t)(base + offset);
	return base + offset;
}

static int64_t host_entries(struct linux_kernel *k, struct file *f, void *to,
			    size_t bytes)
{
	long got;

	(void)k;
	if (!f->path)
		return -ENOTDIR;
	got = syscall(SYS_getdents64, f->host_fd, to, bytes);
	return got < 0 ? -errno : got;
}

static const struct file_ops host_ops = {
	.name = "file",
	.read = host_read,
	.seek = host_seek,
	.stat = host_stat,
	.entries = host_entries,
};

struct file *file_host(int fd, bool owned, int flags, const char *directory)
{
	struct file *f = file_new(&host_ops, flags);

	f->host_fd = fd;
	f->host_owned = owned;
	f->path = directory ? strdup(directory) : NULL;
	return f;
}

/* ---- streams ---- */

/* From a pipe a whole request is waited for: how the other side cuts its
 * writes depends on time, and runs must repeat. A terminal gives its lines. */
static int64_t stream_read(struct linux_kernel *k, struct file *f, void *to,
			   size_t bytes, int64_t at)
{
	size_t done = 0;
	ssize_t got;

	(void)k;
	if (at >= 0) {
		got = pread(f->host_fd, to, bytes, (off_t)at);
		return got < 0 ? -errno : got;
	}
	while (done < bytes) {
		got = read(f->host_fd, (uint8_t *)to + done, bytes - done);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return done ? (int64_t)done : -errno;
		done += (size_t)got;
		if (got == 0 || isatty(f->host_fd))
			break;
	}
	return (int64_t)done;
}

/* write(2) without a SIGPIPE for ourselves. */
static ssize_t write_quietly(int fd, const void *from, size_t bytes)
{
	const struct timespec now = { 0, 0 };
	sigset_t pipe_only, before, pending;
	ssize_t put;
	int error;

	sigemptyset(&pipe_only);
	sigaddset(&pipe_only, SIGPIPE);
	sigpending(&pending);
	pthread_sigmask(SIG_BLOCK, &pipe_only, &before);
	put = write(fd, from, bytes);
	error = errno;
	if (put < 0 && error == EPIPE && !sigismember(&pending, SIGPIPE)) {
		while (sigtimedwait(&pipe_only, NULL, &now) < 0 &&
		       errno == EINTR)
			;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = error;
	return put;
}

/* Somebody made our output non-blocking. */
static void wait_writable(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLOUT };

	(void)poll(&ready, 1, -1);
}

static int64_t stream_write(struct linux_kernel *k, struct file *f,
			    const void *from, size_t bytes, int64_t at)
{
	struct guest_siginfo info = { .code = GUEST_SI_KERNEL };
	size_t done = 0;
	ssize_t put;

	if (at >= 0) {
		put = pwrite(f->host_fd, from, bytes, (off_t)at);
		return put < 0 ? -errno : put;
	}
	while (done < bytes) {
		put = write_quietly(f->host_fd, (const uint8_t *)from + done,
				    bytes - done);
		if (put >= 0) {
			done += (size_t)put;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno == EAGAIN) {
			wait_writable(f->host_fd);
			continue;
		}
		if (done)
			break;
		if (errno == EPIPE)
			signal_send(k, k->current, GUEST_SIGPIPE, &info);
		return errno == EPIPE ? -EPIPE : -errno;
	}
	return (int64_t)done;
}

static int64_t stream_seek(struct linux_kernel *k, struct file *f,
			   int64_t offset, int whence)
{
	off_t at;

	(void)k;
	at = lseek(f->host_fd, (off_t)offset, whence);
	return at < 0 ? -errno : at;
}

static const struct file_ops stream_ops = {
	.name = "stream",
	.read = stream_read,
	.write = stream_write,
	.seek = stream_seek,
	.stat = host_stat,
	.stream = true,
};

struct file *file_stream(int fd, int flags)
{
	struct file *f = file_new(&stream_ops, flags);

	f->host_fd = fd;
	return f;
}
