/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System calls that move bytes: read, write and their kin, sendfile,
 * getdents64, lseek.
 */
#include "sim/guest/linux/process.h"
#include "sim/guest/linux/syscalls.h"

#define IOV_MAX_COUNT 1024
#define TRANSFER_MAX  UINT64_C(0x7ffff000)

struct guest_iovec {
	uint64_t base, bytes;
};

struct transfer {
	struct file *file;
	const struct guest_iovec *iov;
	size_t count;
	uint64_t total;
	int64_t at; /* -1: the file's offset */
};

/* Copy [pos, pos + bytes) of the vector to or from the bounce buffer. */
static int iov_copy(struct linux_kernel *k, const struct transfer *t,
		    uint64_t pos, uint64_t bytes, bool to_user)
{
	uint8_t *host = k->bounce;
	uint64_t n;
	size_t i;
	int error;

	for (i = 0; i < t->count && bytes; i++) {
		if (pos >= t->iov[i].bytes) {
			pos -= t->iov[i].bytes;
			continue;
		}
		n = t->iov[i].bytes - pos;
		n = n < bytes ? n : bytes;
		error = to_user ? user_write(k, t->iov[i].base + pos, host, n)
				: user_read(k, host, t->iov[i].base + pos, n);
		if (error)
			return error;
		host += n;
		bytes -= n;
		pos = 0;
	}
	return 0;
}

static uint64_t next_chunk(const struct transfer *t, uint64_t done)
{
	uint64_t left = t->total - done;

	return left < BOUNCE_BYTES ? left : BOUNCE_BYTES;
}

static int64_t transfer_read(struct linux_kernel *k, const struct transfer *t)
{
	const struct file_ops *ops = t->file->ops;
	uint64_t done = 0, chunk;
	int64_t got;

	if (!ops->read || (t->file->flags & GUEST_O_ACCMODE) == GUEST_O_WRONLY)
		return -EBADF;
	do {
		chunk = next_chunk(t, done);
		got = ops->read(k, t->file, k->bounce, chunk,
				t->at < 0 ? -1 : t->at + (int64_t)done);
		if (got < 0)
			return done ? (int64_t)done : got;
		if (iov_copy(k, t, done, (uint64_t)got, true))
			return done ? (int64_t)done : -EFAULT;
		done += (uint64_t)got;
	} while (done < t->total && (uint64_t)got == chunk && !ops->stream);
	return (int64_t)done;
}

/* A write that blocks half-way remembers what it has done. */
static int64_t transfer_write(struct linux_kernel *k, const struct transfer *t)
{
	const struct file_ops *ops = t->file->ops;
	uint64_t *done = &k->current->call.done, chunk;
	int64_t put;

	if (!ops->write || !(t->file->flags & GUEST_O_ACCMODE))
		return -EBADF;
	do {
		chunk = next_chunk(t, *done);
		if (iov_copy(k, t, *done, chunk, false))
			return *done ? (int64_t)*done : -EFAULT;
		put = ops->write(k, t->file, k->bounce, chunk,
				 t->at < 0 ? -1 : t->at + (int64_t)*done);
		if (put == RESULT_BLOCK)
			return put;
		if (put < 0)
			return *done ? (int64_t)*done : put;
		*done += (uint64_t)put;
	} while (*done < t->total);
	return (int64_t)*done;
}

static int64_t transfer_one(struct linux_kernel *k, const uint64_t a[6],
			    int64_t at, bool write)
{
	struct guest_iovec one = { a[1], a[2] };
	struct transfer t = {
		.file = fd_file(k, a[0]), .iov = &one, .count = 1, .at = at
	};

	if (!t.file)
		return -EBADF;
	if (one.bytes > TRANSFER_MAX)
		one.bytes = TRANSFER_MAX;
	t.total = one.bytes;
	return write ? transfer_write(k, &t) : transfer_read(k, &t);
}

static int64_t transfer_vector(struct linux_kernel *k, const uint64_t a[6],
			       int64_t at, bool write)
{
	struct guest_iovec iov[IOV_MAX_COUNT];
	struct transfer t = {
		.file = fd_file(k, a[0]), .iov = iov, .count = a[2], .at = at
	};
	size_t i;

	if (!t.file)
		return -EBADF;
	if (a[2] > IOV_MAX_COUNT)
		return -EINVAL;
	if (user_read(k, iov, a[1], a[2] * sizeof(*iov)))
		return -EFAULT;
	for (i = 0; i < t.count; i++) {
		if (iov[i].bytes > INT64_MAX)
			return -EINVAL;
		if (iov[i].bytes > TRANSFER_MAX - t.total)
			iov[i].bytes = TRANSFER_MAX - t.total;
		t.total += iov[i].bytes;
	}
	return write ? transfer_write(k, &t) : transfer_read(k, &t);
}

int64_t sys_read(struct linux_kernel *k, const uint64_t a[6])
{
	return transfer_one(k, a, -1, false);
}

int64_t sys_write(struct linux_kernel *k, const uint64_t a[6])
{
	return transfer_one(k, a, -1, true);
}

int64_t sys_readv(struct linux_kernel *k, const uint64_t a[6])
{
	return transfer_vector(k, a, -1, false);
}

int64_t sys_writev(struct linux_kernel *k, const uint64_t a[6])
{
	return transfer_vector(k, a, -1, true);
}

int64_t sys_pread64(struct linux_kernel *k, const uint64_t a[6])
{
	return (int64_t)a[3] < 0 ? -EINVAL
				 : transfer_one(k, a, (int64_t)a[3], false);
}

int64_t sys_pwrite64(struct linux_kernel *k, const uint64_t a[6])
{
	return (int64_t)a[3] < 0 ? -EINVAL
				 : transfer_one(k, a, (int64_t)a[3], true);
}

int64_t sys_lseek(struct linux_kernel *k, const uint64_t a[6])
{
	struct file *f = fd_file(k, a[0]);

	if (!f)
		return -EBADF;
	if (!f->ops->seek)
		return -ESPIPE;
	return f->ops->seek(k, f, (int64_t)a[1], (int)a[2]);
}

int64_t sys_getdents64(struct linux_kernel *k, const uint64_t a[6])
{
	struct file *f = fd_file(k, a[0]);
	size_t bytes = a[2] < BOUNCE_BYTES ? a[2] : BOUNCE_BYTES;
	int64_t got;

	if (!f)
		return -EBADF;
	if (!f->ops->entries)
		return f->path ? 0 : -ENOTDIR;
	got = f->ops->entries(k, f, k->bounce, bytes);
	if (got > 0 && user_write(k, a[1], k->bounce, (uint64_t)got))
		return -EFAULT;
	return got;
}

/* The source must be seekable, as it must in Linux; it is read at a place of
 * its own and moved on only by what the destination took. */
int64_t sys_sendfile(struct linux_kernel *k, const uint64_t a[6])
{
	struct file *out = fd_file(k, a[0]), *in = fd_file(k, a[1]);
	size_t bytes = a[3] < BOUNCE_BYTES ? a[3] : BOUNCE_BYTES;
	int64_t at, got, put;

	if (!in || !out || !in->ops->read || !out->ops->write)
		return -EBADF;
	if (in->ops->stream || !in->ops->seek)
		return -EINVAL;
	if (a[2] && user_read(k, &at, a[2], sizeof(at)))
		return -EFAULT;
	if (!a[2])
		at = in->ops->seek(k, in, 0, GUEST_SEEK_CUR);
	if (at < 0)
		return -EINVAL;
	got = in->ops->read(k, in, k->bounce, bytes, at);
	if (got <= 0)
		return got;
	put = out->ops->write(k, out, k->bounce, (size_t)got, -1);
	if (put <= 0)
		return put;
	at += put;
	if (!a[2])
		in->ops->seek(k, in, at, GUEST_SEEK_SET);
	else if (user_write(k, a[2], &at, sizeof(at)))
		return -EFAULT;
	return put;
}

int64_t sys_unsupported_copy(struct linux_kernel *k, const uint64_t a[6])
{
	(void)k, (void)a;
	return -EINVAL; /* callers fall back to read and write */
}

int64_t sys_ftruncate(struct linux_kernel *k, const uint64_t a[6])
{
	struct file *f = fd_file(k, a[0]);

	if (!f)
		return -EBADF;
	if (!f->ops->truncate || !(f->flags & GUEST_O_ACCMODE))
		return -EINVAL;
	return f->ops->truncate(k, f, a[1]);
}

int64_t sys_sync_file(struct linux_kernel *k, const uint64_t a[6])
{
	return fd_file(k, a[0]) ? 0 : -EBADF;
}
