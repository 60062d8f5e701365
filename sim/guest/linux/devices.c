/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * /dev/null, zero, full, random, urandom; and what stat says of the
 * directories that exist only as prefixes.
 */
#include <string.h>

#include "sim/guest/linux/process.h"

static int64_t null_read(struct linux_kernel *k, struct file *f, void *to,
			 size_t bytes, int64_t at)
{
	(void)k, (void)f, (void)to, (void)bytes, (void)at;
	return 0;
}

static int64_t zero_read(struct linux_kernel *k, struct file *f, void *to,
			 size_t bytes, int64_t at)
{
	(void)k, (void)f, (void)at;
	memset(to, 0, bytes);
	return (int64_t)bytes;
}

static int64_t random_read(struct linux_kernel *k, struct file *f, void *to,
			   size_t bytes, int64_t at)
{
	(void)f, (void)at;
	random_fill(k, to, bytes);
	return (int64_t)bytes;
}

static int64_t sink_write(struct linux_kernel *k, struct file *f,
			  const void *from, size_t bytes, int64_t at)
{
	(void)k, (void)f, (void)from, (void)at;
	return (int64_t)bytes;
}

static int64_t full_write(struct linux_kernel *k, struct file *f,
			  const void *from, size_t bytes, int64_t at)
{
	(void)k, (void)f, (void)from, (void)bytes, (void)at;
	return -ENOSPC;
}

static int64_t device_seek(struct linux_kernel *k, struct file *f,
			   int64_t offset, int whence)
{
	(void)k, (void)f, (void)offset, (void)whence;
	return 0;
}

void device_stat(enum device device, struct statx *st)
{
	static const uint32_t minor[DEVICES] = { 3, 5, 7, 9 };

	memset(st, 0, sizeof(*st));
	st->stx_mask = STATX_BASIC_STATS;
	st->stx_mode = S_IFCHR | 0666;
	st->stx_nlink = 1;
	st->stx_ino = 16 + (uint64_t)device;
	st->stx_dev_minor = 5;
	st->stx_rdev_major = 1;
	st->stx_rdev_minor = minor[device];
	st->stx_blksize = PAGE_BYTES;
}

void synthetic_directory_stat(unsigned int which, struct statx *st)
{
	memset(st, 0, sizeof(*st));
	st->stx_mask = STATX_BASIC_STATS;
	st->stx_mode = S_IFDIR | 0555;
	st->stx_nlink = 2;
	st->stx_ino = 64 + (uint64_t)which;
	st->stx_dev_minor = 5;
	st->stx_blksize = PAGE_BYTES;
}

static int device_file_stat(struct linux_kernel *k, struct file *f,
			    struct statx *st)
{
	(void)k;
	device_stat((enum device)f->offset, st);
	return 0;
}

static const struct file_ops device_ops[DEVICES] = {
	[DEVICE_NULL] = { .name = "null",
			  .read = null_read,
			  .write = sink_write,
			  .seek = device_seek,
			  .stat = device_file_stat,
			  .stream = true },
	[DEVICE_ZERO] = { .name = "zero",
			  .read = zero_read,
			  .write = sink_write,
			  .seek = device_seek,
			  .stat = device_file_stat },
	[DEVICE_FULL] = { .name = "full",
			  .read = zero_read,
			  .write = full_write,
			  .seek = device_seek,
			  .stat = device_file_stat },
	[DEVICE_RANDOM] = { .name = "urandom",
			    .read = random_read,
			    .write = sink_write,
			    .seek = device_seek,
			    .stat = device_file_stat },
};

struct file *device_open(enum device device, int flags)
{
	struct file *f = file_new(&device_ops[device], flags);

	f->offset = device; /* devices have no other position */
	return f;
}
