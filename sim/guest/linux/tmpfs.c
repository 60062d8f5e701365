/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * /tmp: a small file system in the host's memory, private to the run, so that
 * here-documents and sort's spills have a place although the root is
 * read-only. No hard links; times are modelled.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/bug.h"
#include "sim/guest/linux/files.h"
#include "sim/guest/linux/process.h"

#define TMP_FILE_MAX (UINT64_C(1) << 30)

static struct tmp_node *node_new(struct linux_kernel *k, const char *name,
				 enum tmp_kind kind, uint32_t mode)
{
	struct tmp_node *n = calloc(1, sizeof(*n));

	BUG_ON(NULL, !n);
	n->kind = kind;
	n->refs = 1;
	n->name = strdup(name);
	BUG_ON(NULL, !n->name);
	n->mode = mode & 07777;
	n->inode = k->next_inode++;
	n->changed_ns = time_ns(k);
	return n;
}

struct tmp_node *tmp_root(struct linux_kernel *k)
{
	if (!k->tmp)
		k->tmp = node_new(k, "tmp", TMP_DIRECTORY, 01777);
	return k->tmp;
}

void tmp_node_put(struct tmp_node *node)
{
	if (--node->refs)
		return;
	free(node->name);
	free(node->bytes);
	free(node);
}

static void free_below(struct tmp_node *node)
{
	struct tmp_node *child, *next;

	for (child = node->children; child; child = next) {
		next = child->next;
		free_below(child);
	}
	tmp_node_put(node);
}

void tmp_free_all(struct linux_kernel *k)
{
	if (k->tmp)
		free_below(k->tmp);
	k->tmp = NULL;
}

struct tmp_node *tmp_lookup(struct tmp_node *directory, const char *name)
{
	struct tmp_node *n = directory->children;

	while (n && strcmp(n->name, name))
		n = n->next;
	return n;
}

static void node_link(struct tmp_node *directory, struct tmp_node *node)
{
	struct tmp_node **at = &directory->children;

	while (*at)
		at = &(*at)->next;
	*at = node;
	node->next = NULL;
	node->parent = directory;
}

static void node_unlink(struct tmp_node *node)
{
	struct tmp_node **at = &node->parent->children;

	while (*at != node)
		at = &(*at)->next;
	*at = node->next;
	node->next = NULL;
	node->parent = NULL;
}

struct tmp_node *tmp_create(struct linux_kernel *k, struct tmp_node *directory,
			    const char *name, enum tmp_kind kind, uint32_t mode)
{
	struct tmp_node *n = node_new(k, name, kind, mode);

	node_link(directory, n);
	return n;
}

int tmp_remove(struct linux_kernel *k, struct tmp_node *node, bool directory)
{
	if (node == k->tmp)
		return -EBUSY;
	if (directory && node->kind != TMP_DIRECTORY)
		return -ENOTDIR;
	if (!directory && node->kind == TMP_DIRECTORY)
		return -EISDIR;
	if (node->children)
		return -ENOTEMPTY;
	node_unlink(node);
	tmp_node_put(node);
	return 0;
}

static bool is_below(const struct tmp_node *node, const struct tmp_node *top)
{
	for (; node; node = node->parent) {
		if (node == top)
			return true;
	}
	return false;
}

int tmp_rename(struct linux_kernel *k, struct tmp_node *node,
	       struct tmp_node *directory, const char *name)
{
	struct tmp_node *old = tmp_lookup(directory, name);
	char *copy;
	int error;

	if (old == node)
		return 0;
	if (node == k->tmp || is_below(directory, node))
		return node == k->tmp ? -EBUSY : -EINVAL;
	if (old) {
		error = tmp_remove(k, old, node->kind == TMP_DIRECTORY);
		if (error)
			return error;
	}
	copy = strdup(name);
	BUG_ON(NULL, !copy);
	node_unlink(node);
	free(node->name);
	node->name = copy;
	node_link(directory, node);
	return 0;
}

int tmp_truncate(struct linux_kernel *k, struct tmp_node *node, uint64_t size)
{
	uint8_t *bytes;

	if (size > TMP_FILE_MAX)
		return -ENOSPC;
	if (size > node->space) {
		bytes = realloc(node->bytes, 2 * size);
		if (!bytes)
			return -ENOSPC;
		node->bytes = bytes;
		node->space = 2 * size;
	}
	if (size > node->size)
		memset(node->bytes + node->size, 0, size - node->size);
	node->size = size;
	node->changed_ns = time_ns(k);
	return 0;
}

int64_t tmp_write_at(struct linux_kernel *k, struct tmp_node *node,
		     const void *from, size_t bytes, uint64_t at)
{
	int error;

	if (at > TMP_FILE_MAX)
		return -EFBIG;
	if (at + bytes > node->size) {
		error = tmp_truncate(k, node, at + bytes);
		if (error)
			return error;
	}
	if (bytes)
		memcpy(node->bytes + at, from, bytes);
	node->changed_ns = time_ns(k);
	return (int64_t)bytes;
}

void tmp_stat(const struct tmp_node *node, struct statx *st)
{
	static const uint32_t type[] = { S_IFREG, S_IFDIR, S_IFLNK };

	memset(st, 0, sizeof(*st));
	st->stx_mask = STATX_BASIC_STATS;
	st->stx_mode = (uint16_t)(type[node->kind] | node->mode);
	st->stx_nlink = node->kind == TMP_DIRECTORY ? 2 : !!node->parent;
	st->stx_ino = node->inode;
	st->stx_dev_minor = 30;
	st->stx_size = node->size;
	st->stx_blocks = (node->size + 511) / 512;
	st->stx_blksize = PAGE_BYTES;
	st->stx_mtime.tv_sec =
		(int64_t)(time_epoch() + node->changed_ns / 1000000000);
	st->stx_mtime.tv_nsec = (uint32_t)(node->changed_ns % 1000000000);
	st->stx_atime = st->stx_ctime = st->stx_mtime;
}

/* ---- open files ---- */

static int64_t tmp_read(struct linux_kernel *k, struct file *f, void *to,
			size_t bytes, int64_t at)
{
	uint64_t offset = at >= 0 ? (uint64_t)at : f->offset;
	const struct tmp_node *n = f->node;

	(void)k;
	if (n->kind == TMP_DIRECTORY)
		return -EISDIR;
	if (offset >= n->size)
		return 0;
	if (bytes > n->size - offset)
		bytes = n->size - offset;
	memcpy(to, n->bytes + offset, bytes);
	if (at < 0)
		f->offset += bytes;
	return (int64_t)bytes;
}

static int64_t tmp_write(struct linux_kernel *k, struct file *f,
			 const void *from, size_t bytes, int64_t at)
{
	uint64_t offset = at >= 0 ? (uint64_t)at : f->offset;
	int64_t done;

	if (f->flags & GUEST_O_APPEND)
		offset = f->node->size;
	done = tmp_write_at(k, f->node, from, bytes, offset);
	if (done > 0 && at < 0)
		f->offset = offset + (uint64_t)done;
	return done;
}

static int64_t tmp_seek(struct linux_kernel *k, struct file *f, int64_t offset,
			int whence)
{
	int64_t base = whence == GUEST_SEEK_CUR	  ? (int64_t)f->offset
		       : whence == GUEST_SEEK_END ? (int64_t)f->node->size
						  : 0;

	(void)k;
	if (whence > GUEST_SEEK_END || offset > INT64_MAX - base ||
	    base + offset < 0)
		return -EINVAL;
	f->offset = (uint64_t)(base + offset);
	return base + offset;
}

static int tmp_file_stat(struct linux_kernel *k, struct file *f,
			 struct statx *st)
{
	(void)k;
	tmp_stat(f->node, st);
	return 0;
}

static int tmp_file_truncate(struct linux_kernel *k, struct file *f,
			     uint64_t size)
{
	return f->node->kind == TMP_FILE ? tmp_truncate(k, f->node, size)
					 : -EINVAL;
}

/* One linux_dirent64; 0 if it does not fit. */
static size_t entry_put(uint8_t *to, size_t space, const char *name,
			uint64_t inode, uint64_t next, enum tmp_kind kind)
{
	static const uint8_t type[] = { 8, 4, 10 }; /* DT_REG, DIR, LNK */
	size_t bytes = (19 + strlen(name) + 1 + 7) & ~(size_t)7;
	uint16_t length = (uint16_t)bytes;

	if (bytes > space)
		return 0;
	memset(to, 0, bytes);
	memcpy(to, &inode, 8);
	memcpy(to + 8, &next, 8);
	memcpy(to + 16, &length, 2);
	to[18] = type[kind];
	strcpy((char *)to + 19, name);
	return bytes;
}

/* The position counts entries: ".", "..", children in order of creation. */
static int64_t tmp_entries(struct linux_kernel *k, struct file *f, void *to,
			   size_t bytes)
{
	const struct tmp_node *n = f->node, *child = n->children;
	uint64_t at = 2;
	size_t done = 0, put = 1;

	(void)k;
	if (n->kind != TMP_DIRECTORY)
		return -ENOTDIR;
	while (f->offset < 2 && put) {
		put = entry_put((uint8_t *)to + done, bytes - done,
				f->offset ? ".." : ".", n->inode, f->offset + 1,
				TMP_DIRECTORY);
		done += put;
		f->offset += !!put;
	}
	for (; child && put; child = child->next, at++) {
		if (at < f->offset)
			continue;
		put = entry_put((uint8_t *)to + done, bytes - done, child->name,
				child->inode, at + 1, child->kind);
		done += put;
		f->offset += !!put;
	}
	return !done && !put ? -EINVAL : (int64_t)done;
}

static void tmp_release(struct linux_kernel *k, struct file *f)
{
	(void)k;
	tmp_node_put(f->node);
}

static const struct file_ops tmp_ops = {
	.name = "tmp",
	.read = tmp_read,
	.write = tmp_write,
	.seek = tmp_seek,
	.stat = tmp_file_stat,
	.entries = tmp_entries,
	.truncate = tmp_file_truncate,
	.release = tmp_release,
};

struct file *tmp_open(struct tmp_node *node, int flags, const char *path)
{
	struct file *f = file_new(&tmp_ops, flags);

	f->node = node;
	node->refs++;
	if (node->kind == TMP_DIRECTORY)
		f->path = strdup(path);
	return f;
}
