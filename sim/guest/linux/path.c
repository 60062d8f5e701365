/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names. A path is walked here, component by component: each directory is
 * opened below the one before it with O_NOFOLLOW, links are read and followed
 * by us with the root as "/", and ".." goes back along the way we came. So
 * neither "..", nor a link, nor a magic link of the host leads out of the
 * root, and nothing outside is ever opened.
 *
 * Above the root's own content lie /dev, /proc (both a handful of names) and
 * /tmp (in memory).
 */
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/guest/linux/process.h"

#define DEPTH_MAX 128
#define LINKS_MAX 40

enum synthetic {
	SYNTHETIC_DEV,
	SYNTHETIC_DEV_FD,
	SYNTHETIC_PROC,
	SYNTHETIC_SELF,
	SYNTHETIC_SELF_FD
};

/* One directory on the way from "/". */
struct step {
	enum path_kind kind; /* PATH_HOST, PATH_TMP or PATH_SYNTHETIC */
	int fd;		     /* PATH_HOST: O_PATH, owned */
	struct tmp_node *node;
	unsigned int synthetic;
	size_t length; /* of the canonical name up to here */
};

struct walk {
	struct linux_kernel *k;
	struct path *out;
	struct step step[DEPTH_MAX];
	unsigned int depth; /* steps in use, at least 1 */
	unsigned int links;
	char rest[2 * PATH_SPACE];
	char component[256];
	bool last, follow;
};

static struct step *top(struct walk *w)
{
	return &w->step[w->depth - 1];
}

static void walk_pop(struct walk *w)
{
	if (w->depth == 1)
		return; /* "/.." is "/" */
	if (top(w)->kind == PATH_HOST)
		close(top(w)->fd);
	w->depth--;
	w->out->canonical[top(w)->length] = 0;
}

/* The canonical name stays: it is the answer. */
static void walk_fini(struct walk *w)
{
	while (w->depth-- > 0) {
		if (w->step[w->depth].kind == PATH_HOST)
			close(w->step[w->depth].fd);
	}
}

static int walk_init(struct walk *w, struct linux_kernel *k, struct path *out)
{
	w->k = k;
	w->out = out;
	w->links = 0;
	w->depth = 1;
	w->step[0] = (struct step){ .kind = PATH_HOST, .length = 0 };
	w->step[0].fd = fcntl(k->root_fd, F_DUPFD_CLOEXEC, 3);
	out->canonical[0] = 0;
	return w->step[0].fd < 0 ? -errno : 0;
}

static int canonical_append(struct walk *w, const char *name)
{
	size_t length = top(w)->length, bytes = strlen(name);

	if (length + 1 + bytes + 1 > PATH_SPACE)
		return -ENAMETOOLONG;
	w->out->canonical[length] = '/';
	memcpy(w->out->canonical + length + 1, name, bytes + 1);
	return (int)(length + 1 + bytes);
}

static int walk_push(struct walk *w, struct step step)
{
	int length = canonical_append(w, w->component);

	if (length >= 0 && w->depth == DEPTH_MAX)
		length = -ENAMETOOLONG;
	if (length < 0) {
		if (step.kind == PATH_HOST)
			close(step.fd);
		return length;
	}
	step.length = (size_t)length;
	w->step[w->depth++] = step;
	return 0;
}

/* Take the next component off the rest: 1, or 0 if there is none. */
static int component_take(struct walk *w)
{
	char *start = w->rest + strspn(w->rest, "/");
	size_t bytes = strcspn(start, "/");
	char *after = start + bytes;

	if (!bytes)
		return 0;
	if (bytes >= sizeof(w->component))
		return -ENAMETOOLONG;
	memcpy(w->component, start, bytes);
	w->component[bytes] = 0;
	/* "name/" must be a directory, as if "." came after it. */
	w->last = *after == 0;
	if (*after && !after[strspn(after, "/")])
		after = strcpy(w->rest, "/.");
	memmove(w->rest, after, strlen(after) + 1);
	return 1;
}

/* Put a link's text in front of the rest. */
static int link_follow(struct walk *w, const char *text)
{
	char joined[2 * PATH_SPACE];
	size_t bytes = strlen(text), rest = strlen(w->rest);

	if (++w->links > LINKS_MAX)
		return -ELOOP;
	if (!bytes)
		return -ENOENT;
	if (bytes + rest + 2 > sizeof(joined))
		return -ENAMETOOLONG;
	memcpy(joined, text, bytes);
	memcpy(joined + bytes, w->rest, rest + 1);
	memcpy(w->rest, joined, bytes + rest + 1);
	if (text[0] == '/') {
		while (w->depth > 1)
			walk_pop(w);
	}
	return 1;
}

/* ---- one component, by what it is looked up in: 1 go on, 0 done ---- */

static int host_found(struct walk *w, bool exists)
{
	struct path *out = w->out;
	int length = canonical_append(w, w->component);

	if (length < 0)
		return length;
	out->kind = PATH_HOST;
	out->exists = exists;
	out->parent_fd = fcntl(top(w)->fd, F_DUPFD_CLOEXEC, 3);
	strcpy(out->name, w->component);
	return out->parent_fd < 0 ? -errno : 0;
}

static int host_link(struct walk *w)
{
	char text[PATH_SPACE];
	ssize_t got = readlinkat(top(w)->fd, w->component, text, sizeof(text));

	if (got < 0)
		return -errno;
	if ((size_t)got == sizeof(text))
		return -ENAMETOOLONG;
	text[got] = 0;
	return link_follow(w, text);
}

static int host_directory(struct walk *w)
{
	struct step step = { .kind = PATH_HOST };

	step.fd = openat(top(w)->fd, w->component,
			 O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC);
	if (step.fd < 0)
		return -errno;
	return walk_push(w, step) < 0 ? -ENAMETOOLONG : 1;
}

static int host_component(struct walk *w)
{
	struct statx *st = &w->out->st;

	if (statx(top(w)->fd, w->component, AT_SYMLINK_NOFOLLOW,
		  STATX_BASIC_STATS | STATX_BTIME, st))
		return errno == ENOENT && w->last ? host_found(w, false)
						  : -errno;
	if (S_ISLNK(st->stx_mode) && (!w->last || w->follow))
		return host_link(w);
	if (S_ISDIR(st->stx_mode))
		return host_directory(w);
	return w->last ? host_found(w, true) : -ENOTDIR;
}

static int tmp_component(struct walk *w)
{
	struct tmp_node *parent = top(w)->node;
	struct tmp_node *node = tmp_lookup(parent, w->component);
	struct path *out = w->out;
	int length;

	if (node && node->kind == TMP_LINK && (!w->last || w->follow))
		return link_follow(w, (const char *)node->bytes);
	if (node && node->kind == TMP_DIRECTORY)
		return walk_push(w, (struct step){ .kind = PATH_TMP,
						   .node = node })
			       ? -ENAMETOOLONG
			       : 1;
	if (!w->last)
		return node ? -ENOTDIR : -ENOENT;
	length = canonical_append(w, w->component);
	if (length < 0)
		return length;
	out->kind = PATH_TMP;
	out->exists = node != NULL;
	out->parent = parent;
	out->node = node;
	strcpy(out->name, w->component);
	if (node)
		tmp_stat(node, &out->st);
	return 0;
}

static int directory_synthetic(struct walk *w, enum synthetic which)
{
	struct step step = { .kind = PATH_SYNTHETIC, .synthetic = which };

	return walk_push(w, step) ? -ENAMETOOLONG : 1;
}

static int leaf_set(struct walk *w, enum path_kind kind)
{
	int length = canonical_append(w, w->component);

	if (length < 0)
		return length;
	if (!w->last)
		return -ENOTDIR;
	w->out->kind = kind;
	w->out->exists = true;
	return 0;
}

static int leaf_device(struct walk *w, enum device device)
{
	w->out->device = device;
	device_stat(device, &w->out->st);
	return leaf_set(w, PATH_DEVICE);
}

static int leaf_descriptor(struct walk *w, int fd)
{
	struct file *f = fd_file(w->k, (uint64_t)fd);

	if (!f)
		return -ENOENT;
	w->out->descriptor = fd;
	if (f->ops->stat(w->k, f, &w->out->st))
		return -ENOENT;
	return leaf_set(w, PATH_DESCRIPTOR);
}

static int dev_component(struct walk *w)
{
	static const struct {
		const char *name;
		enum device device;
	} devices[] = {
		{ "null", DEVICE_NULL },      { "zero", DEVICE_ZERO },
		{ "full", DEVICE_FULL },      { "random", DEVICE_RANDOM },
		{ "urandom", DEVICE_RANDOM },
	};
	static const char *const streams[] = { "stdin", "stdout", "stderr" };
	unsigned int i;

	for (i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		if (!strcmp(w->component, devices[i].name))
			return leaf_device(w, devices[i].device);
	}
	for (i = 0; i < 3; i++) {
		if (!strcmp(w->component, streams[i]))
			return leaf_descriptor(w, (int)i);
	}
	if (!strcmp(w->component, "fd"))
		return directory_synthetic(w, SYNTHETIC_DEV_FD);
	return -ENOENT;
}

static int proc_component(struct walk *w)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", w->k->current->pid);
	if (!strcmp(w->component, "self") || !strcmp(w->component, pid))
		return directory_synthetic(w, SYNTHETIC_SELF);
	return -ENOENT;
}

static int self_component(struct walk *w)
{
	if (!strcmp(w->component, "fd"))
		return directory_synthetic(w, SYNTHETIC_SELF_FD);
	if (strcmp(w->component, "exe"))
		return -ENOENT;
	memset(&w->out->st, 0, sizeof(w->out->st));
	w->out->st.stx_mode = w->follow ? S_IFREG | 0755 : S_IFLNK | 0777;
	w->out->st.stx_nlink = 1;
	return leaf_set(w, PATH_EXE);
}

static int fd_component(struct walk *w)
{
	const char *c = w->component;
	size_t i;

	for (i = 0; c[i]; i++) {
		if (!isdigit((unsigned char)c[i]) || i > 4)
			return -ENOENT;
	}
	return leaf_descriptor(w, atoi(c));
}

static int synthetic_component(struct walk *w)
{
	switch (top(w)->synthetic) {
	case SYNTHETIC_DEV:
		return dev_component(w);
	case SYNTHETIC_PROC:
		return proc_component(w);
	case SYNTHETIC_SELF:
		return self_component(w);
	default:
		return fd_component(w);
	}
}

static int mount_component(struct walk *w, bool *is_mount)
{
	*is_mount = true;
	if (w->depth == 1 && !strcmp(w->component, "tmp"))
		return walk_push(w, (struct step){ .kind = PATH_TMP,
						   .node = tmp_root(w->k) })
			       ? -ENAMETOOLONG
			       : 1;
	if (w->depth == 1 && !strcmp(w->component, "dev"))
		return directory_synthetic(w, SYNTHETIC_DEV);
	if (w->depth == 1 && !strcmp(w->component, "proc"))
		return directory_synthetic(w, SYNTHETIC_PROC);
	*is_mount = false;
	return 1;
}

static int walk_component(struct walk *w)
{
	bool is_mount;
	int result;

	if (!strcmp(w->component, "."))
		return 1;
	if (!strcmp(w->component, "..")) {
		walk_pop(w);
		return 1;
	}
	result = mount_component(w, &is_mount);
	if (is_mount)
		return result;
	switch (top(w)->kind) {
	case PATH_HOST:
		return host_component(w);
	case PATH_TMP:
		return tmp_component(w);
	default:
		return synthetic_component(w);
	}
}

/* The path ended in a directory: the one on top. */
static int walk_directory(struct walk *w)
{
	struct path *out = w->out;
	const struct step *step = top(w);

	out->kind = step->kind;
	out->exists = true;
	out->name[0] = 0;
	out->node = step->node;
	out->parent = step->node ? step->node->parent : NULL;
	out->synthetic = step->synthetic;
	if (step->node)
		strcpy(out->name, step->node->name);
	if (!out->canonical[0])
		strcpy(out->canonical, "/");
	if (step->kind == PATH_TMP)
		tmp_stat(step->node, &out->st);
	if (step->kind == PATH_SYNTHETIC)
		synthetic_directory_stat(step->synthetic, &out->st);
	if (step->kind != PATH_HOST)
		return 0;
	if (statx(step->fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME,
		  &out->st))
		return -errno;
	out->parent_fd = fcntl(step->fd, F_DUPFD_CLOEXEC, 3);
	return out->parent_fd < 0 ? -errno : 0;
}

static int walk_run(struct walk *w)
{
	int result;

	while ((result = component_take(w)) == 1) {
		result = walk_component(w);
		if (result != 1)
			return result;
	}
	return result < 0 ? result : walk_directory(w);
}

int path_resolve_from(struct linux_kernel *k, const char *base,
		      const char *name, bool follow, struct path *out)
{
	struct walk *w = malloc(sizeof(*w));
	size_t n = 0;
	int result;

	memset(out, 0, offsetof(struct path, canonical));
	out->parent_fd = -1;
	if (!w)
		return -ENOMEM;
	if (name[0] != '/')
		n = (size_t)snprintf(w->rest, sizeof(w->rest), "%s/", base);
	result = n + strlen(name) >= sizeof(w->rest) ? -ENAMETOOLONG
						     : walk_init(w, k, out);
	if (!result) {
		strcpy(w->rest + n, name);
		w->follow = follow;
		w->component[0] = 0;
		result = walk_run(w);
		walk_fini(w);
	}
	free(w);
	if (result)
		path_release(out);
	return result;
}

int path_resolve(struct linux_kernel *k, int dirfd, const char *name,
		 bool follow, struct path *out)
{
	const char *base = k->current->cwd;
	struct file *f;

	out->parent_fd = -1;
	if (!*name)
		return -ENOENT;
	if (*name != '/' && dirfd != GUEST_AT_FDCWD) {
		f = fd_file(k, (uint32_t)dirfd);
		if (!f)
			return -EBADF;
		if (!f->path)
			return -ENOTDIR;
		base = f->path;
	}
	return path_resolve_from(k, base, name, follow, out);
}

void path_release(struct path *p)
{
	if (p->parent_fd >= 0)
		close(p->parent_fd);
	p->parent_fd = -1;
}

/* Devices, sockets and FIFOs of the host are no files of the guest. */
int path_open_host(const struct path *p, bool directory_only)
{
	struct stat st;
	int fd;

	if (p->exists && !S_ISREG(p->st.stx_mode) && !S_ISDIR(p->st.stx_mode))
		return -ENXIO;
	fd = openat(p->parent_fd, p->name[0] ? p->name : ".",
		    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC |
			    (directory_only ? O_DIRECTORY : 0));
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) || (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))) {
		close(fd);
		return -ENXIO;
	}
	return fd;
}
