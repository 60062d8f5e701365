/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System calls on descriptors themselves: close, dup, fcntl, ioctl.
 */
#include "sim/guest/linux/process.h"
#include "sim/guest/linux/syscalls.h"

static int fd_close(struct linux_kernel *k, uint32_t fd)
{
	struct fd_table *t = k->current->files;
	struct file *f = fd_file(k, fd);

	if (!f)
		return -EBADF;
	t->file[fd] = NULL;
	file_put(k, f);
	return 0;
}

int64_t sys_close(struct linux_kernel *k, const uint64_t a[6])
{
	return fd_close(k, (uint32_t)a[0]);
}

int64_t sys_close_range(struct linux_kernel *k, const uint64_t a[6])
{
	enum { CLOSE_RANGE_CLOEXEC = 4 };
	uint64_t fd, last = (uint32_t)a[1];

	if ((uint32_t)a[0] > last)
		return -EINVAL;
	for (fd = (uint32_t)a[0]; fd <= last && fd < FD_MAX; fd++) {
		if (a[2] & CLOSE_RANGE_CLOEXEC)
			k->current->files->close_on_exec[fd] = true;
		else
			(void)fd_close(k, (uint32_t)fd);
	}
	return 0;
}

static int64_t fd_duplicate(struct linux_kernel *k, uint64_t fd, uint64_t from,
			    bool cloexec)
{
	struct file *f = fd_file(k, fd);

	if (!f)
		return -EBADF;
	if (from >= FD_MAX)
		return -EINVAL;
	return fd_install(k, k->current->files, file_get(f), (int)from,
			  cloexec);
}

int64_t sys_dup(struct linux_kernel *k, const uint64_t a[6])
{
	return fd_duplicate(k, a[0], 0, false);
}

int64_t sys_dup3(struct linux_kernel *k, const uint64_t a[6])
{
	uint32_t from = (uint32_t)a[0], to = (uint32_t)a[1];

	if (from == to || (a[2] & ~(uint64_t)GUEST_O_CLOEXEC))
		return -EINVAL;
	if (!fd_file(k, from) || to >= FD_MAX)
		return -EBADF;
	(void)fd_close(k, to);
	return fd_duplicate(k, from, to, a[2] & GUEST_O_CLOEXEC);
}

int64_t sys_fcntl(struct linux_kernel *k, const uint64_t a[6])
{
	enum {
		DUPFD = 0,
		GETFD = 1,
		SETFD = 2,
		GETFL = 3,
		SETFL = 4,
		GETLK = 5,
		SETLK = 6,
		SETLKW = 7,
		DUPFD_CLOEXEC = 1030
	};
	const int settable = GUEST_O_APPEND | GUEST_O_NONBLOCK;
	struct fd_table *t = k->current->files;
	struct file *f = fd_file(k, a[0]);
	uint32_t fd = (uint32_t)a[0];
	int16_t unlocked = 2;

	if (!f)
		return -EBADF;
	switch (a[1]) {
	case DUPFD:
	case DUPFD_CLOEXEC:
		return fd_duplicate(k, fd, a[2], a[1] == DUPFD_CLOEXEC);
	case GETFD:
		return t->close_on_exec[fd];
	case SETFD:
		t->close_on_exec[fd] = a[2] & 1;
		return 0;
	case GETFL:
		return f->flags | GUEST_O_LARGEFILE;
	case SETFL:
		f->flags = (f->flags & ~settable) | ((int)a[2] & settable);
		return 0;
	case GETLK: /* nobody else can hold a lock */
		return user_write(k, a[2], &unlocked, sizeof(unlocked));
	case SETLK:
	case SETLKW:
		return 0;
	default:
		return -EINVAL;
	}
}

/* No descriptor is a terminal, whatever the host's is: what a program does
 * may not depend on where its output goes. */
int64_t sys_ioctl(struct linux_kernel *k, const uint64_t a[6])
{
	enum { FIONBIO = 0x5421, FIONCLEX = 0x5450, FIOCLEX = 0x5451 };
	struct file *f = fd_file(k, a[0]);
	int32_t on;

	if (!f)
		return -EBADF;
	switch ((uint32_t)a[1]) {
	case FIOCLEX:
	case FIONCLEX:
		k->current->files->close_on_exec[(uint32_t)a[0]] =
			(uint32_t)a[1] == FIOCLEX;
		return 0;
	case FIONBIO:
		if (user_read(k, &on, a[2], sizeof(on)))
			return -EFAULT;
		f->flags = on ? f->flags | GUEST_O_NONBLOCK
			      : f->flags & ~GUEST_O_NONBLOCK;
		return 0;
	default:
		return -ENOTTY;
	}
}
