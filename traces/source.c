/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading a trace's bytes. Whether they are zstd (RFC 8878) is told by the
 * first four of them, not by a name. Of a frame that was cut, every block
 * that is whole is delivered.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "traces/source.h"

#define RAW_BYTES ((size_t)128 << 10)

struct source {
	int fd; /* -1: memory */
	bool close_fd;
	const uint8_t *memory;
	size_t memory_left;
	uint64_t consumed, total;
	uint8_t *raw; /* bytes of the file that wait */
	ZSTD_inBuffer in;
	bool raw_ended;
	ZSTD_DCtx *zstd; /* NULL: plain */
	bool frame_open;
	const char *error;
};

/* More bytes of the file, behind those that wait. */
static void raw_fill(struct source *s)
{
	size_t room = RAW_BYTES - s->in.size;
	ssize_t count;

	if (s->fd < 0) {
		count = (ssize_t)(s->memory_left < room ? s->memory_left
							: room);
		if (count)
			memcpy(s->raw + s->in.size, s->memory, (size_t)count);
		s->memory += count;
		s->memory_left -= (size_t)count;
	} else {
		do
			count = read(s->fd, s->raw + s->in.size, room);
		while (count < 0 && errno == EINTR);
	}
	if (count < 0)
		s->error = strerror(errno);
	if (count <= 0) {
		s->raw_ended = true;
		return;
	}
	s->in.size += (size_t)count;
	s->consumed += (uint64_t)count;
}

static bool source_start(struct source *s)
{
	static const uint8_t magic[4] = { 0x28, 0xb5, 0x2f, 0xfd };

	s->raw = malloc(RAW_BYTES);
	if (!s->raw)
		return false;
	s->in.src = s->raw;
	while (s->in.size < sizeof(magic) && !s->raw_ended)
		raw_fill(s);
	if (s->in.size >= sizeof(magic) &&
	    memcmp(s->raw, magic, sizeof(magic)) == 0) {
		s->zstd = ZSTD_createDCtx();
		return s->zstd != NULL;
	}
	return true;
}

static struct source *source_new(int fd, bool close_fd, const void *bytes,
				 size_t count)
{
	struct source *s = calloc(1, sizeof(*s));
	struct stat status;

	if (!s) {
		if (close_fd)
			close(fd);
		return NULL;
	}
	s->fd = fd;
	s->close_fd = close_fd;
	s->memory = bytes;
	s->memory_left = count;
	s->total = count;
	if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
		s->total = (uint64_t)status.st_size;
	if (!source_start(s)) {
		source_close(s);
		errno = ENOMEM;
		return NULL;
	}
	return s;
}

struct source *source_open(const char *path)
{
	int fd = STDIN_FILENO;
	bool close_fd = strcmp(path, "-") != 0;

	if (close_fd)
		fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? NULL : source_new(fd, close_fd, NULL, 0);
}

struct source *source_open_memory(const void *bytes, size_t count)
{
	return source_new(-1, false, bytes, count);
}

void source_close(struct source *s)
{
	if (!s)
		return;
	if (s->close_fd)
		close(s->fd);
	ZSTD_freeDCtx(s->zstd);
	free(s->raw);
	free(s);
}

static void raw_refill(struct source *s)
{
	if (s->in.pos == s->in.size && !s->raw_ended) {
		s->in.pos = s->in.size = 0;
		raw_fill(s);
	}
}

static size_t read_plain(struct source *s, char *to, size_t room)
{
	size_t count;

	raw_refill(s);
	count = s->in.size - s->in.pos;
	if (count > room)
		count = room;
	memcpy(to, s->raw + s->in.pos, count);
	s->in.pos += count;
	return count;
}

static size_t read_zstd(struct source *s, char *to, size_t room)
{
	ZSTD_outBuffer out = { to, room, 0 };

	while (!out.pos && !s->error) {
		size_t left;

		raw_refill(s);
		/* A decoder between frames must not be asked for more. */
		if (s->in.pos == s->in.size && !s->frame_open)
			break;
		left = ZSTD_decompressStream(s->zstd, &out, &s->in);
		if (ZSTD_isError(left)) {
			s->error = ZSTD_getErrorName(left);
			break;
		}
		s->frame_open = left != 0;
		if (s->raw_ended && s->in.pos == s->in.size && !out.pos)
			break;
	}
	return out.pos;
}

size_t source_read(struct source *s, char *to, size_t room)
{
	if (s->error)
		return 0;
	return s->zstd ? read_zstd(s, to, room) : read_plain(s, to, room);
}

const char *source_error(const struct source *s)
{
	return s->error;
}

bool source_truncated(const struct source *s)
{
	return s->frame_open;
}

uint64_t source_position(const struct source *s, uint64_t *total)
{
	*total = s->total;
	return s->consumed - (s->in.size - s->in.pos);
}
