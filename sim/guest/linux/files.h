/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files of the simulated kernel: open files, descriptors, names, pipes, the
 * memory file system at /tmp.
 */
#ifndef SIM_GUEST_LINUX_FILES_H
#define SIM_GUEST_LINUX_FILES_H

#include <sys/stat.h>

#include "sim/guest/linux/kernel.h"

struct file;

/* What kinds of files can do; a NULL is answered with the usual error. All
 * byte counts are at most BOUNCE_BYTES; buffers are the host's. */
struct file_ops {
	const char *name;
	/* One read or write at the file's offset (advancing it), or at `at`
	 * if it is not -1. May return RESULT_BLOCK. */
	int64_t (*read)(struct linux_kernel *k, struct file *f, void *to,
			size_t bytes, int64_t at);
	int64_t (*write)(struct linux_kernel *k, struct file *f,
			 const void *from, size_t bytes, int64_t at);
	int64_t (*seek)(struct linux_kernel *k, struct file *f, int64_t offset,
			int whence);
	int (*stat)(struct linux_kernel *k, struct file *f, struct statx *st);
	int64_t (*entries)(struct linux_kernel *k, struct file *f, void *to,
			   size_t bytes);
	int (*truncate)(struct linux_kernel *k, struct file *f, uint64_t size);
	bool (*readable)(struct file *f); /* NULL: always */
	bool (*writable)(struct file *f);
	bool (*hung_up)(struct file *f); /* NULL: never */
	void (*release)(struct linux_kernel *k, struct file *f);
	bool stream; /* a short read ends a read call */
};

struct file {
	const struct file_ops *ops;
	unsigned int refs;
	int flags;   /* guest_open, without CLOEXEC */
	int host_fd; /* -1: none */
	bool host_owned;
	uint64_t offset;
	struct pipe *pipe;
	struct tmp_node *node;
	char *path; /* directories: as the guest sees it */
};

#define FD_MAX 1024
struct fd_table {
	unsigned int refs;
	struct file *file[FD_MAX];
	bool close_on_exec[FD_MAX];
};

/* ---- files.c ---- */

struct file *file_new(const struct file_ops *ops, int flags);
struct file *file_get(struct file *f);
void file_put(struct linux_kernel *k, struct file *f);
struct file *file_host(int fd, bool owned, int flags, const char *directory);
struct file *file_stream(int fd, int flags);
struct fd_table *fd_table_new(void);
struct fd_table *fd_table_copy(const struct fd_table *t);
/* A table nobody else has, with t's content; t's reference is taken. */
struct fd_table *fd_table_unshare(struct linux_kernel *k, struct fd_table *t);
void fd_table_put(struct linux_kernel *k, struct fd_table *t);
void fd_table_exec(struct linux_kernel *k, struct fd_table *t);
/* The lowest free descriptor from `from` on takes over f's reference; on
 * -EMFILE it is put. */
int fd_install(struct linux_kernel *k, struct fd_table *t, struct file *f,
	       int from, bool close_on_exec);
/* Of the current process; NULL: EBADF. No reference is taken. */
struct file *fd_file(struct linux_kernel *k, uint64_t fd);

/* ---- devices.c ---- */

enum device { DEVICE_NULL, DEVICE_ZERO, DEVICE_FULL, DEVICE_RANDOM, DEVICES };
struct file *device_open(enum device device, int flags);
void device_stat(enum device device, struct statx *st);
/* A synthetic directory that shows nothing: /dev, /proc and below. */
void synthetic_directory_stat(unsigned int which, struct statx *st);

/* ---- pipe.c ---- */

/* 0 or a negative errno; both ends have one reference. */
int pipe_new(struct linux_kernel *k, int flags, struct file **reader,
	     struct file **writer);
bool pipe_has_data(const struct pipe *p);  /* or no writer is left */
bool pipe_has_space(const struct pipe *p); /* or no reader is left */

/* ---- tmpfs.c ---- */

enum tmp_kind { TMP_FILE, TMP_DIRECTORY, TMP_LINK };
struct tmp_node {
	enum tmp_kind kind;
	unsigned int refs; /* open files, and one while it has a name */
	struct tmp_node *parent, *children, *next;
	char *name;
	uint8_t *bytes; /* a link's target too */
	uint64_t size, space;
	uint64_t inode, changed_ns;
	uint32_t mode;
};
struct tmp_node *tmp_root(struct linux_kernel *k);
void tmp_free_all(struct linux_kernel *k);
struct tmp_node *tmp_lookup(struct tmp_node *directory, const char *name);
struct tmp_node *tmp_create(struct linux_kernel *k, struct tmp_node *directory,
			    const char *name, enum tmp_kind kind,
			    uint32_t mode);
int tmp_remove(struct linux_kernel *k, struct tmp_node *node, bool directory);
int tmp_rename(struct linux_kernel *k, struct tmp_node *node,
	       struct tmp_node *directory, const char *name);
int tmp_truncate(struct linux_kernel *k, struct tmp_node *node, uint64_t size);
int64_t tmp_write_at(struct linux_kernel *k, struct tmp_node *node,
		     const void *from, size_t bytes, uint64_t at);
void tmp_stat(const struct tmp_node *node, struct statx *st);
struct file *tmp_open(struct tmp_node *node, int flags, const char *path);
void tmp_node_put(struct tmp_node *node);

/* ---- path.c: names inside the root, and never outside ---- */

enum path_kind {
	PATH_HOST, /* in the root directory */
	PATH_TMP,  /* in memory */
	PATH_DEVICE,
	PATH_DESCRIPTOR, /* /dev/fd/N, /proc/self/fd/N, /dev/stdin ... */
	PATH_EXE,	 /* /proc/self/exe */
	PATH_SYNTHETIC,	 /* /dev, /proc, /proc/self, ... */
};
#define PATH_SPACE 4096
struct path {
	enum path_kind kind;
	bool exists;
	int parent_fd;	 /* PATH_HOST: owned; the directory it is in, */
	char name[256];	 /* and its name there; "" is that directory itself */
	struct statx st; /* if it exists; a link is not followed any more */
	struct tmp_node *node, *parent; /* PATH_TMP */
	enum device device;
	int descriptor;
	unsigned int synthetic;
	char canonical[PATH_SPACE]; /* absolute, no links, no dots */
};
/* 0 or a negative errno; on 0 path_release is due. dirfd and name are the
 * guest's. Missing last components are no error: exists is false. */
int path_resolve(struct linux_kernel *k, int dirfd, const char *name,
		 bool follow, struct path *out);
/* The same from a base directory given as text. */
int path_resolve_from(struct linux_kernel *k, const char *base,
		      const char *name, bool follow, struct path *out);
void path_release(struct path *p);
/* Open a host path for reading, a regular file or directory; or -errno. */
int path_open_host(const struct path *p, bool directory_only);

#endif
