/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System calls that open, look at or change what has a name. Everything in
 * the root directory is read-only; /tmp is not.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/bug.h"
#include "sim/guest/linux/process.h"
#include "sim/guest/linux/syscalls.h"

/* The path that the guest's string names. On 0, path_free is due. */
static int path_get(struct linux_kernel *k, uint64_t dirfd, uint64_t name,
		    bool follow, struct path **out)
{
	char text[PATH_SPACE];
	int error = user_string(k, text, sizeof(text), name);

	if (error < 0)
		return error;
	*out = malloc(sizeof(**out));
	BUG_ON(NULL, !*out);
	error = path_resolve(k, (int32_t)dirfd, text, follow, *out);
	if (error)
		free(*out);
	return error;
}

static void path_free(struct path *p)
{
	path_release(p);
	free(p);
}

/* ---- open ---- */

static int open_host(const struct path *p, int flags, struct file **out)
{
	bool directory;
	int fd;

	if (!p->exists)
		return flags & GUEST_O_CREAT ? -EROFS : -ENOENT;
	directory = S_ISDIR(p->st.stx_mode);
	if ((flags & (GUEST_O_CREAT | GUEST_O_EXCL)) ==
	    (GUEST_O_CREAT | GUEST_O_EXCL))
		return -EEXIST;
	if (S_ISLNK(p->st.stx_mode))
		return -ELOOP;
	if (directory && (flags & (GUEST_O_ACCMODE | GUEST_O_CREAT)))
		return -EISDIR;
	if (flags & (GUEST_O_ACCMODE | GUEST_O_TRUNC))
		return -EROFS;
	if (!directory && (flags & GUEST_O_DIRECTORY))
		return -ENOTDIR;
	fd = path_open_host(p, directory);
	if (fd < 0)
		return fd;
	*out = file_host(fd, true, flags, directory ? p->canonical : NULL);
	return 0;
}

static int open_tmp(struct linux_kernel *k, const struct path *p, int flags,
		    uint32_t mode, struct file **out)
{
	struct tmp_node *node = p->node;

	if (!p->exists && !(flags & GUEST_O_CREAT))
		return -ENOENT;
	if (p->exists && (flags & GUEST_O_CREAT) && (flags & GUEST_O_EXCL))
		return -EEXIST;
	if (!p->exists)
		node = tmp_create(k, p->parent, p->name, TMP_FILE,
				  mode & ~k->current->umask);
	if (node->kind == TMP_LINK)
		return -ELOOP;
	if (node->kind == TMP_DIRECTORY &&
	    (flags & (GUEST_O_ACCMODE | GUEST_O_CREAT)))
		return -EISDIR;
	if (node->kind != TMP_DIRECTORY && (flags & GUEST_O_DIRECTORY))
		return -ENOTDIR;
	if ((flags & GUEST_O_TRUNC) && (flags & GUEST_O_ACCMODE))
		(void)tmp_truncate(k, node, 0);
	*out = tmp_open(node, flags, p->canonical);
	return 0;
}

static int open_exe(struct linux_kernel *k, struct file **out)
{
	struct path *p = malloc(sizeof(*p));
	int error;

	BUG_ON(NULL, !p);
	error = path_resolve_from(k, "/", image_path(k->current->image), true,
				  p);
	if (!error && p->kind != PATH_HOST)
		error = -EACCES;
	if (!error)
		error = open_host(p, 0, out);
	path_free(p);
	return error;
}

/* A synthetic directory is empty to look at. */
static const struct file_ops synthetic_ops = { .name = "directory" };

static int open_path(struct linux_kernel *k, const struct path *p, int flags,
		     uint32_t mode, struct file **out)
{
	switch (p->kind) {
	case PATH_HOST:
		return open_host(p, flags, out);
	case PATH_TMP:
		return open_tmp(k, p, flags, mode, out);
	case PATH_DEVICE:
		*out = device_open(p->device, flags);
		return 0;
	case PATH_DESCRIPTOR:
		*out = file_get(fd_file(k, (uint64_t)p->descriptor));
		return 0;
	case PATH_EXE:
		return open_exe(k, out);
	default:
		if (flags & (GUEST_O_ACCMODE | GUEST_O_CREAT))
			return -EISDIR;
		*out = file_new(&synthetic_ops, flags);
		(*out)->path = strdup(p->canonical);
		return 0;
	}
}

int64_t sys_openat(struct linux_kernel *k, const uint64_t a[6])
{
	int flags = (int)a[2];
	bool exclusive = (flags & GUEST_O_CREAT) && (flags & GUEST_O_EXCL);
	struct file *f = NULL;
	struct path *p;
	int error = path_get(k, a[0], a[1],
			     !(flags & GUEST_O_NOFOLLOW) && !exclusive, &p);

	if (error)
		return error;
	error = open_path(k, p, flags, (uint32_t)a[3], &f);
	path_free(p);
	if (error)
		return error;
	return fd_install(k, k->current->files, f, 0, flags & GUEST_O_CLOEXEC);
}

/* ---- looking ---- */

static void stat_encode(const struct statx *st, struct guest_stat *out)
{
	memset(out, 0, sizeof(*out));
	out->dev = (uint64_t)st->stx_dev_major << 8 | st->stx_dev_minor;
	out->ino = st->stx_ino;
	out->mode = st->stx_mode;
	out->nlink = st->stx_nlink;
	out->uid = st->stx_uid;
	out->gid = st->stx_gid;
	out->rdev = (uint64_t)st->stx_rdev_major << 8 | st->stx_rdev_minor;
	out->size = (int64_t)st->stx_size;
	out->blksize = (int32_t)st->stx_blksize;
	out->blocks = (int64_t)st->stx_blocks;
	out->atime.sec = st->stx_atime.tv_sec;
	out->atime.nsec = st->stx_atime.tv_nsec;
	out->mtime.sec = st->stx_mtime.tv_sec;
	out->mtime.nsec = st->stx_mtime.tv_nsec;
	out->ctime.sec = st->stx_ctime.tv_sec;
	out->ctime.nsec = st->stx_ctime.tv_nsec;
}

static int stat_file(struct linux_kernel *k, struct file *f, struct statx *st)
{
	memset(st, 0, sizeof(*st));
	if (f->ops->stat)
		return f->ops->stat(k, f, st);
	synthetic_directory_stat(0, st);
	return 0;
}

/* What stat, by name or by descriptor, answers. */
static int stat_get(struct linux_kernel *k, uint64_t dirfd, uint64_t name,
		    uint64_t flags, struct statx *st)
{
	struct path *p;
	struct file *f;
	char first = 0;
	int error;

	if (flags & GUEST_AT_EMPTY_PATH) {
		if (name && user_read(k, &first, name, 1))
			return -EFAULT;
		if (!first && (int32_t)dirfd != GUEST_AT_FDCWD) {
			f = fd_file(k, dirfd);
			return f ? stat_file(k, f, st) : -EBADF;
		}
	}
	error = path_get(k, dirfd, name, !(flags & GUEST_AT_SYMLINK_NOFOLLOW),
			 &p);
	if (error)
		return error;
	*st = p->st;
	if (!p->exists)
		error = -ENOENT;
	path_free(p);
	return error;
}

int64_t sys_newfstatat(struct linux_kernel *k, const uint64_t a[6])
{
	struct guest_stat out;
	struct statx st;
	int error = stat_get(k, a[0], a[1], a[3], &st);

	if (error)
		return error;
	stat_encode(&st, &out);
	return user_write(k, a[2], &out, sizeof(out));
}

int64_t sys_fstat(struct linux_kernel *k, const uint64_t a[6])
{
	struct file *f = fd_file(k, a[0]);
	struct guest_stat out;
	struct statx st;
	int error = f ? stat_file(k, f, &st) : -EBADF;

	if (error)
		return error;
	stat_encode(&st, &out);
	return user_write(k, a[1], &out, sizeof(out));
}

int64_t sys_statx(struct linux_kernel *k, const uint64_t a[6])
{
	struct statx st;
	int error = stat_get(k, a[0], a[1], a[2], &st);

	/* The structure is the same on every architecture. */
	return error ? error : user_write(k, a[4], &st, sizeof(st));
}

int64_t sys_statfs(struct linux_kernel *k, const uint64_t a[6])
{
	/* type bsize blocks bfree bavail files ffree fsid namelen frsize
	 * flags, spare */
	const uint64_t out[15] = { 0x01021994, PAGE_BYTES, 0, 0, 0, 0, 0, 0,
				   255,	       PAGE_BYTES, 1 };

	return user_write(k, a[1], out, sizeof(out));
}

static int64_t access_check(struct linux_kernel *k, const uint64_t a[6],
			    bool follow)
{
	enum { WRITE = 2, EXECUTE = 1 };
	struct path *p;
	int64_t result = 0;
	int error = path_get(k, a[0], a[1], follow, &p);

	if (error)
		return error;
	/* The guest is root, as far as the modes go. */
	if (!p->exists)
		result = -ENOENT;
	else if ((a[2] & WRITE) && p->kind == PATH_HOST)
		result = -EROFS;
	else if ((a[2] & EXECUTE) && S_ISREG(p->st.stx_mode) &&
		 !(p->st.stx_mode & 0111))
		result = -EACCES;
	path_free(p);
	return result;
}

int64_t sys_faccessat(struct linux_kernel *k, const uint64_t a[6])
{
	return access_check(k, a, true);
}

int64_t sys_faccessat2(struct linux_kernel *k, const uint64_t a[6])
{
	return access_check(k, a, !(a[3] & GUEST_AT_SYMLINK_NOFOLLOW));
}

static int64_t link_read(struct linux_kernel *k, const struct path *p,
			 char *text, size_t space)
{
	ssize_t got = -1;

	if (!p->exists)
		return -ENOENT;
	if (p->kind == PATH_EXE)
		return snprintf(text, space, "%s",
				image_path(k->current->image));
	if (p->kind == PATH_TMP && p->node->kind == TMP_LINK)
		return snprintf(text, space, "%s", (char *)p->node->bytes);
	if (p->kind != PATH_HOST || !p->name[0] || !S_ISLNK(p->st.stx_mode))
		return -EINVAL;
	got = readlinkat(p->parent_fd, p->name, text, space);
	return got < 0 ? -errno : got;
}

int64_t sys_readlinkat(struct linux_kernel *k, const uint64_t a[6])
{
	char text[PATH_SPACE];
	struct path *p;
	int64_t got = path_get(k, a[0], a[1], false, &p);

	if (got)
		return got;
	if ((int64_t)a[3] <= 0) {
		path_free(p);
		return -EINVAL;
	}
	got = link_read(k, p, text, sizeof(text));
	path_free(p);
	if (got > 0 && (uint64_t)got > a[3])
		got = (int64_t)a[3];
	if (got > 0 && user_write(k, a[2], text, (uint64_t)got))
		return -EFAULT;
	return got;
}

/* ---- the working directory ---- */

int64_t sys_getcwd(struct linux_kernel *k, const uint64_t a[6])
{
	const char *cwd = k->current->cwd;
	uint64_t bytes = strlen(cwd) + 1;

	if (a[1] < bytes)
		return -ERANGE;
	if (user_write(k, a[0], cwd, bytes))
		return -EFAULT;
	return (int64_t)bytes;
}

static int cwd_set(struct linux_kernel *k, const char *canonical)
{
	char *copy = strdup(canonical);

	if (!copy)
		return -ENOMEM;
	free(k->current->cwd);
	k->current->cwd = copy;
	return 0;
}

int64_t sys_chdir(struct linux_kernel *k, const uint64_t a[6])
{
	struct path *p;
	int error =
		path_get(k, (uint64_t)(int64_t)GUEST_AT_FDCWD, a[0], true, &p);

	if (error)
		return error;
	if (!p->exists)
		error = -ENOENT;
	else if (!S_ISDIR(p->st.stx_mode))
		error = -ENOTDIR;
	else
		error = cwd_set(k, p->canonical);
	path_free(p);
	return error;
}

int64_t sys_fchdir(struct linux_kernel *k, const uint64_t a[6])
{
	struct file *f = fd_file(k, a[0]);

	if (!f)
		return -EBADF;
	return f->path ? cwd_set(k, f->path) : -ENOTDIR;
}

int64_t sys_umask(struct linux_kernel *k, const uint64_t a[6])
{
	uint32_t old = k->current->umask;

	k->current->umask = (uint32_t)a[0] & 0777;
	return old;
}
