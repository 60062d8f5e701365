/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bytes of a trace on their way out. write(2) with our own buffer, so
 * that a full disk is noticed where it happens and no byte is written twice.
 * The zstd form is a sequence of frames, so that a reader gets at everything
 * up to the last block that reached the disk. One thread: equal input gives
 * equal bytes.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zstd.h>

#include "traces/sink.h"

#define STAGE_BYTES	 ((size_t)128 << 10)
#define FRAME_TEXT_BYTES ((size_t)16 << 20)
#define ZSTD_LEVEL	 1

struct sink {
	int fd;
	bool close_fd;
	int failed;
	char *stage; /* text that waits */
	size_t staged;
	ZSTD_CCtx *zstd; /* NULL: plain */
	char *packed;
	size_t packed_bytes;
	size_t frame_text; /* text in the open frame */
};

/* write(2) that turns a reader's departure into EPIPE, not into a signal. */
static ssize_t write_quietly(int fd, const char *from, size_t count)
{
	static const struct timespec now = { 0, 0 };
	sigset_t pipe_only, old, pending;
	bool was_pending;
	ssize_t done;
	int saved;

	sigemptyset(&pipe_only);
	sigaddset(&pipe_only, SIGPIPE);
	sigpending(&pending);
	was_pending = sigismember(&pending, SIGPIPE) == 1;
	pthread_sigmask(SIG_BLOCK, &pipe_only, &old);
	done = write(fd, from, count);
	saved = errno;
	if (done < 0 && saved == EPIPE && !was_pending)
		while (sigtimedwait(&pipe_only, NULL, &now) < 0 &&
		       errno == EINTR)
			;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	errno = saved;
	return done;
}

static void write_all(struct sink *s, const char *from, size_t count)
{
	while (count && !s->failed) {
		ssize_t done = write_quietly(s->fd, from, count);

		if (done > 0) {
			from += done;
			count -= (size_t)done;
		} else if (done == 0) {
			s->failed = EIO;
		} else if (errno != EINTR) {
			s->failed = errno;
		}
	}
}

/* Compress the staged text as `end` says. */
static void compress(struct sink *s, ZSTD_EndDirective end)
{
	ZSTD_inBuffer in = { s->stage, s->staged, 0 };
	size_t left;

	do {
		ZSTD_outBuffer out = { s->packed, s->packed_bytes, 0 };

		left = ZSTD_compressStream2(s->zstd, &out, &in, end);
		if (ZSTD_isError(left)) {
			s->failed = s->failed ? s->failed : ENOMEM;
			return;
		}
		write_all(s, s->packed, out.pos);
	} while (!s->failed &&
		 (in.pos < in.size || (end != ZSTD_e_continue && left)));
	if (end == ZSTD_e_end)
		s->frame_text = 0;
}

/* The frame ends if it is long enough, or last. */
static void flush(struct sink *s, ZSTD_EndDirective end)
{
	if (s->failed)
		return;
	if (!s->zstd) {
		write_all(s, s->stage, s->staged);
	} else if (s->staged || s->frame_text) {
		s->frame_text += s->staged;
		if (s->frame_text >= FRAME_TEXT_BYTES)
			end = ZSTD_e_end;
		compress(s, end);
	}
	s->staged = 0;
}

void sink_flush(struct sink *s)
{
	if (s->staged || s->frame_text)
		flush(s, ZSTD_e_flush);
}

void sink_write(struct sink *s, const void *bytes, size_t count)
{
	const char *from = bytes;

	while (count && !s->failed) {
		size_t room = STAGE_BYTES - s->staged;
		size_t now = count < room ? count : room;

		memcpy(s->stage + s->staged, from, now);
		s->staged += now;
		from += now;
		count -= now;
		if (s->staged == STAGE_BYTES)
			flush(s, ZSTD_e_continue);
	}
}

int sink_failed(const struct sink *s)
{
	return s->failed;
}

static bool zstd_start(struct sink *s)
{
	s->packed_bytes = ZSTD_CStreamOutSize();
	s->packed = malloc(s->packed_bytes);
	s->zstd = ZSTD_createCCtx();
	return s->packed && s->zstd &&
	       !ZSTD_isError(ZSTD_CCtx_setParameter(s->zstd,
						    ZSTD_c_compressionLevel,
						    ZSTD_LEVEL)) &&
	       !ZSTD_isError(
		       ZSTD_CCtx_setParameter(s->zstd, ZSTD_c_checksumFlag, 1));
}

static bool ends_in(const char *path, const char *end)
{
	size_t count = strlen(path), tail = strlen(end);

	return count >= tail && strcmp(path + count - tail, end) == 0;
}

static void sink_free(struct sink *s)
{
	ZSTD_freeCCtx(s->zstd);
	free(s->packed);
	free(s->stage);
	free(s);
}

struct sink *sink_open(const char *path)
{
	struct sink *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->stage = malloc(STAGE_BYTES);
	if (!s->stage || (ends_in(path, ".zst") && !zstd_start(s))) {
		sink_free(s);
		errno = ENOMEM;
		return NULL;
	}
	s->fd = STDOUT_FILENO;
	s->close_fd = strcmp(path, "-") != 0;
	if (s->close_fd)
		s->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
			     0666);
	if (s->fd < 0) {
		int saved = errno;

		sink_free(s);
		errno = saved;
		return NULL;
	}
	return s;
}

int sink_close(struct sink *s)
{
	int failed;

	flush(s, ZSTD_e_end);
	if (s->close_fd && close(s->fd) != 0 && errno != EINTR && !s->failed)
		s->failed = errno;
	failed = s->failed;
	sink_free(s);
	return failed;
}
