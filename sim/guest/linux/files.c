/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Open files and descriptor tables.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/bug.h"
#include "sim/guest/linux/process.h"

struct file *file_new(const struct file_ops *ops, int flags)
{
	struct file *f = calloc(1, sizeof(*f));

	BUG_ON(NULL, !f);
	f->ops = ops;
	f->refs = 1;
	f->flags = flags & ~GUEST_O_CLOEXEC;
	f->host_fd = -1;
	return f;
}

struct file *file_get(struct file *f)
{
	f->refs++;
	return f;
}

void file_put(struct linux_kernel *k, struct file *f)
{
	if (!f || --f->refs)
		return;
	if (f->ops->release)
		f->ops->release(k, f);
	if (f->host_owned)
		close(f->host_fd);
	free(f->path);
	free(f);
}

struct fd_table *fd_table_new(void)
{
	struct fd_table *t = calloc(1, sizeof(*t));

	if (t)
		t->refs = 1;
	return t;
}

struct fd_table *fd_table_copy(const struct fd_table *t)
{
	struct fd_table *copy = malloc(sizeof(*copy));
	unsigned int i;

	if (!copy)
		return NULL;
	*copy = *t;
	copy->refs = 1;
	for (i = 0; i < FD_MAX; i++) {
		if (copy->file[i])
			file_get(copy->file[i]);
	}
	return copy;
}

struct fd_table *fd_table_unshare(struct linux_kernel *k, struct fd_table *t)
{
	struct fd_table *own;

	if (t->refs == 1)
		return t;
	own = fd_table_copy(t);
	BUG_ON(NULL, !own);
	fd_table_put(k, t);
	return own;
}

void fd_table_put(struct linux_kernel *k, struct fd_table *t)
{
	unsigned int i;

	if (!t || --t->refs)
		return;
	for (i = 0; i < FD_MAX; i++)
		file_put(k, t->file[i]);
	free(t);
}

void fd_table_exec(struct linux_kernel *k, struct fd_table *t)
{
	unsigned int i;

	for (i = 0; i < FD_MAX; i++) {
		if (!t->file[i] || !t->close_on_exec[i])
			continue;
		file_put(k, t->file[i]);
		t->file[i] = NULL;
	}
}

int fd_install(struct linux_kernel *k, struct fd_table *t, struct file *f,
	       int from, bool close_on_exec)
{
	int fd = from;

	while (fd < FD_MAX && t->file[fd])
		fd++;
	if (fd >= FD_MAX) {
		file_put(k, f);
		return -EMFILE;
	}
	t->file[fd] = f;
	t->close_on_exec[fd] = close_on_exec;
	return fd;
}

struct file *fd_file(struct linux_kernel *k, uint64_t fd)
{
	uint32_t index = (uint32_t)fd; /* C int: the upper half means nothing */

	return index < FD_MAX ? k->current->files->file[index] : NULL;
}
