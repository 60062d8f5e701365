/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pipes. Their bytes are in guest memory, as a kernel's are: up to 16 frames,
 * read and written through the linear map.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/guest/linux/process.h"
#include "sim/guest/linux/syscalls.h"

#define PIPE_FRAMES 16
#define PIPE_BYTES  (PIPE_FRAMES * PAGE_BYTES)
#define PIPE_ATOMIC PAGE_BYTES /* PIPE_BUF */

struct pipe {
	unsigned int readers, writers;
	gfn_t frame[PIPE_FRAMES];
	bool has_frame[PIPE_FRAMES];
	uint64_t start, bytes; /* a ring; start is in [0, PIPE_BYTES) */
	uint64_t inode;
};

bool pipe_has_data(const struct pipe *p)
{
	return p->bytes || p->writers == 0;
}

bool pipe_has_space(const struct pipe *p)
{
	return PIPE_BYTES - p->bytes >= PIPE_ATOMIC || p->readers == 0;
}

/* Move between `host` and the ring at `at`, page by page; bytes moved. */
static size_t ring_move(struct linux_kernel *k, struct pipe *p, uint64_t at,
			void *host, size_t bytes, bool write)
{
	size_t done = 0, n, page, offset;
	uint8_t *ring;

	while (done < bytes) {
		page = (at + done) / PAGE_BYTES % PIPE_FRAMES;
		offset = (at + done) & PAGE_MASK_LOW;
		n = PAGE_BYTES - offset;
		if (n > bytes - done)
			n = bytes - done;
		if (!p->has_frame[page]) {
			if (!frame_alloc(k, &p->frame[page]))
				break;
			p->has_frame[page] = true;
		}
		kernel_touch_frame(k, p->frame[page], offset, n, write);
		ring = frame_bytes(k, p->frame[page]) + offset;
		if (write) {
			memcpy(ring, (uint8_t *)host + done, n);
			kernel_wrote(k, p->frame[page], offset, n);
		} else {
			memcpy((uint8_t *)host + done, ring, n);
		}
		done += n;
	}
	return done;
}

static int64_t pipe_read(struct linux_kernel *k, struct file *f, void *to,
			 size_t bytes, int64_t at)
{
	struct pipe *p = f->pipe;

	if (at >= 0)
		return -ESPIPE;
	if (p->bytes == 0 && p->writers == 0)
		return 0;
	if (p->bytes == 0)
		return f->flags & GUEST_O_NONBLOCK
			       ? -EAGAIN
			       : process_block(k, WAIT_PIPE_DATA, p);
	if (bytes > p->bytes)
		bytes = p->bytes;
	bytes = ring_move(k, p, p->start, to, bytes, false);
	p->bytes -= bytes;
	p->start = p->bytes ? (p->start + bytes) % PIPE_BYTES : 0;
	return (int64_t)bytes;
}

static int64_t pipe_broken(struct linux_kernel *k)
{
	struct guest_siginfo info = { .code = GUEST_SI_KERNEL };

	signal_send(k, k->current, GUEST_SIGPIPE, &info);
	return -EPIPE;
}

/* Up to PIPE_BUF all or nothing; of more as much as fits. */
static int64_t pipe_write(struct linux_kernel *k, struct file *f,
			  const void *from, size_t bytes, int64_t at)
{
	struct pipe *p = f->pipe;
	uint64_t space = PIPE_BYTES - p->bytes;

	if (at >= 0)
		return -ESPIPE;
	if (p->readers == 0)
		return pipe_broken(k);
	if (space == 0 || (bytes <= PIPE_ATOMIC && space < bytes))
		return f->flags & GUEST_O_NONBLOCK
			       ? -EAGAIN
			       : process_block(k, WAIT_PIPE_SPACE, p);
	if (bytes > space)
		bytes = space;
	/* ring_move only reads from the host when it writes the ring. */
	bytes = ring_move(k, p, p->start + p->bytes, (void *)(uintptr_t)from,
			  bytes, true);
	p->bytes += bytes;
	return bytes ? (int64_t)bytes : -ENOMEM;
}

static int pipe_stat(struct linux_kernel *k, struct file *f, struct statx *st)
{
	(void)k;
	memset(st, 0, sizeof(*st));
	st->stx_mask = STATX_BASIC_STATS;
	st->stx_mode = S_IFIFO | 0600;
	st->stx_nlink = 1;
	st->stx_ino = f->pipe->inode;
	st->stx_dev_minor = 12;
	st->stx_blksize = PAGE_BYTES;
	return 0;
}

static void pipe_free_if_unused(struct linux_kernel *k, struct pipe *p)
{
	unsigned int i;

	if (p->readers || p->writers)
		return;
	for (i = 0; i < PIPE_FRAMES; i++) {
		if (p->has_frame[i])
			frame_put(k, p->frame[i]);
	}
	free(p);
}

static void reader_release(struct linux_kernel *k, struct file *f)
{
	f->pipe->readers--;
	pipe_free_if_unused(k, f->pipe);
}

static void writer_release(struct linux_kernel *k, struct file *f)
{
	f->pipe->writers--;
	pipe_free_if_unused(k, f->pipe);
}

static bool reader_readable(struct file *f)
{
	return pipe_has_data(f->pipe);
}

static bool writer_writable(struct file *f)
{
	return pipe_has_space(f->pipe);
}

static bool reader_hung_up(struct file *f)
{
	return f->pipe->writers == 0;
}

static bool writer_hung_up(struct file *f)
{
	return f->pipe->readers == 0;
}

static const struct file_ops reader_ops = {
	.name = "pipe",
	.read = pipe_read,
	.stat = pipe_stat,
	.readable = reader_readable,
	.hung_up = reader_hung_up,
	.release = reader_release,
	.stream = true,
};
static const struct file_ops writer_ops = {
	.name = "pipe",
	.write = pipe_write,
	.stat = pipe_stat,
	.writable = writer_writable,
	.hung_up = writer_hung_up,
	.release = writer_release,
	.stream = true,
};

int pipe_new(struct linux_kernel *k, int flags, struct file **reader,
	     struct file **writer)
{
	struct pipe *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->readers = p->writers = 1;
	p->inode = k->next_inode++;
	*reader = file_new(&reader_ops, flags & GUEST_O_NONBLOCK);
	*writer = file_new(&writer_ops,
			   (flags & GUEST_O_NONBLOCK) | GUEST_O_WRONLY);
	(*reader)->pipe = (*writer)->pipe = p;
	return 0;
}

int64_t sys_pipe2(struct linux_kernel *k, const uint64_t a[6])
{
	struct fd_table *t = k->current->files;
	bool cloexec = a[1] & GUEST_O_CLOEXEC;
	struct file *reader, *writer;
	int error, fd[2];

	if (a[1] & ~(uint64_t)(GUEST_O_CLOEXEC | GUEST_O_NONBLOCK))
		return -EINVAL;
	error = pipe_new(k, (int)a[1], &reader, &writer);
	if (error)
		return error;
	fd[0] = fd_install(k, t, reader, 0, cloexec);
	fd[1] = fd_install(k, t, writer, 0, cloexec);
	if (fd[0] < 0 || fd[1] < 0 || user_write(k, a[0], fd, sizeof(fd))) {
		error = fd[0] < 0 || fd[1] < 0 ? -EMFILE : -EFAULT;
		if (fd[0] >= 0) {
			t->file[fd[0]] = NULL;
			file_put(k, reader);
		}
		if (fd[1] >= 0) {
			t->file[fd[1]] = NULL;
			file_put(k, writer);
		}
		return error;
	}
	return 0;
}
