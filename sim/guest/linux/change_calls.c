/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System calls that change names and attributes: possible below /tmp, EROFS
 * in the root directory, EPERM or EACCES elsewhere.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/bug.h"
#include "sim/guest/linux/process.h"
#include "sim/guest/linux/syscalls.h"

/* A path that is to be changed: 0 only if it is below /tmp; path_free is due
 * then. What must (not) exist is said before what is read-only. */
enum must { MUST_EXIST, MUST_NOT_EXIST, MAY_EXIST };

static void path_free(struct path *p)
{
	path_release(p);
	free(p);
}

static int change_check(const struct path *p, enum must must)
{
	if (must == MUST_EXIST && !p->exists)
		return -ENOENT;
	if (must == MUST_NOT_EXIST && p->exists)
		return -EEXIST;
	if (p->kind == PATH_HOST)
		return -EROFS;
	return p->kind == PATH_TMP ? 0 : -EPERM;
}

static int change_get(struct linux_kernel *k, uint64_t dirfd, uint64_t name,
		      bool follow, enum must must, struct path **out)
{
	char text[PATH_SPACE];
	int error = user_string(k, text, sizeof(text), name);
	size_t n;

	if (error < 0)
		return error;
	/* "mkdir name/" creates: the slash asks for no directory yet. */
	for (n = strlen(text);
	     must != MUST_EXIST && n > 1 && text[n - 1] == '/'; n--)
		text[n - 1] = 0;
	*out = malloc(sizeof(**out));
	BUG_ON(NULL, !*out);
	error = path_resolve(k, (int32_t)dirfd, text, follow, *out);
	if (error) {
		free(*out);
		return error;
	}
	error = change_check(*out, must);
	if (error)
		path_free(*out);
	return error;
}

int64_t sys_mkdirat(struct linux_kernel *k, const uint64_t a[6])
{
	struct path *p;
	int error = change_get(k, a[0], a[1], false, MUST_NOT_EXIST, &p);

	if (error)
		return error;
	tmp_create(k, p->parent, p->name, TMP_DIRECTORY,
		   (uint32_t)a[2] & ~k->current->umask);
	path_free(p);
	return 0;
}

int64_t sys_unlinkat(struct linux_kernel *k, const uint64_t a[6])
{
	struct path *p;
	int error = change_get(k, a[0], a[1], false, MUST_EXIST, &p);

	if (error)
		return error;
	error = tmp_remove(k, p->node, a[2] & GUEST_AT_REMOVEDIR);
	path_free(p);
	return error;
}

int64_t sys_symlinkat(struct linux_kernel *k, const uint64_t a[6])
{
	char target[PATH_SPACE];
	struct tmp_node *node;
	struct path *p;
	int length = user_string(k, target, sizeof(target), a[0]);
	int error = length < 0 ? length
			       : change_get(k, a[1], a[2], false,
					    MUST_NOT_EXIST, &p);

	if (error)
		return error;
	node = tmp_create(k, p->parent, p->name, TMP_LINK, 0777);
	(void)tmp_write_at(k, node, target, (size_t)length + 1, 0);
	node->size = (uint64_t)length;
	path_free(p);
	return 0;
}

static int64_t rename_paths(struct linux_kernel *k, const uint64_t a[6])
{
	struct path *from, *to;
	int error = change_get(k, a[0], a[1], false, MUST_EXIST, &from);

	if (error)
		return error;
	error = change_get(k, a[2], a[3], false, MAY_EXIST, &to);
	if (!error) {
		error = to->parent ? tmp_rename(k, from->node, to->parent,
						to->name)
				   : -EBUSY;
		path_free(to);
	}
	path_free(from);
	return error;
}

int64_t sys_renameat(struct linux_kernel *k, const uint64_t a[6])
{
	return rename_paths(k, a);
}

int64_t sys_renameat2(struct linux_kernel *k, const uint64_t a[6])
{
	return a[4] ? -EINVAL : rename_paths(k, a);
}

/* Link and mknod: nothing that can be changed has them. */
int64_t sys_linkat(struct linux_kernel *k, const uint64_t a[6])
{
	struct path *p;
	int error = change_get(k, a[2], a[3], false, MUST_NOT_EXIST, &p);

	if (error)
		return error;
	path_free(p);
	return -EPERM;
}

int64_t sys_mknodat(struct linux_kernel *k, const uint64_t a[6])
{
	struct path *p;
	int error = change_get(k, a[0], a[1], false, MUST_NOT_EXIST, &p);

	if (error)
		return error;
	path_free(p);
	return -EPERM;
}

int64_t sys_truncate(struct linux_kernel *k, const uint64_t a[6])
{
	struct path *p;
	int error = change_get(k, (uint64_t)(int64_t)GUEST_AT_FDCWD, a[0], true,
			       MUST_EXIST, &p);

	if (error)
		return error;
	error = p->node->kind == TMP_FILE ? tmp_truncate(k, p->node, a[1])
					  : -EISDIR;
	path_free(p);
	return error;
}

int64_t sys_fchmodat(struct linux_kernel *k, const uint64_t a[6])
{
	struct path *p;
	int error = change_get(k, a[0], a[1], true, MUST_EXIST, &p);

	if (error)
		return error;
	p->node->mode = (uint32_t)a[2] & 07777;
	path_free(p);
	return 0;
}

int64_t sys_fchmod(struct linux_kernel *k, const uint64_t a[6])
{
	struct file *f = fd_file(k, a[0]);

	if (!f)
		return -EBADF;
	if (!f->node)
		return f->host_owned ? -EROFS : -EPERM;
	f->node->mode = (uint32_t)a[1] & 07777;
	return 0;
}

/* Owners and times are accepted below /tmp and not kept. */
int64_t sys_fchownat(struct linux_kernel *k, const uint64_t a[6])
{
	struct path *p;
	int error = change_get(k, a[0], a[1], true, MUST_EXIST, &p);

	if (!error)
		path_free(p);
	return error;
}

int64_t sys_fchown(struct linux_kernel *k, const uint64_t a[6])
{
	struct file *f = fd_file(k, a[0]);

	if (!f)
		return -EBADF;
	return f->node ? 0 : f->host_owned ? -EROFS : -EPERM;
}

int64_t sys_utimensat(struct linux_kernel *k, const uint64_t a[6])
{
	return a[1] ? sys_fchownat(k, a) : sys_fchown(k, a);
}
