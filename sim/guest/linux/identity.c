/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System calls about who one is and what the machine is like: fixed answers.
 * The guest is root on a machine of its own.
 */
#include <string.h>

#include "sim/guest/linux/process.h"
#include "sim/guest/linux/syscalls.h"

int64_t sys_zero(struct linux_kernel *k, const uint64_t a[6])
{
	(void)k, (void)a;
	return 0;
}

/* As a kernel built without restartable sequences and without a network. */
int64_t sys_no_rseq(struct linux_kernel *k, const uint64_t a[6])
{
	(void)k, (void)a;
	return -ENOSYS;
}

int64_t sys_no_network(struct linux_kernel *k, const uint64_t a[6])
{
	(void)k, (void)a;
	return -EAFNOSUPPORT;
}

int64_t sys_no_socket(struct linux_kernel *k, const uint64_t a[6])
{
	return fd_file(k, a[0]) ? -ENOTSOCK : -EBADF;
}

int64_t sys_getpid(struct linux_kernel *k, const uint64_t a[6])
{
	(void)a;
	return k->current->pid;
}

int64_t sys_getppid(struct linux_kernel *k, const uint64_t a[6])
{
	(void)a;
	return k->current->parent;
}

static struct process *process_of(struct linux_kernel *k, uint64_t pid)
{
	return (int32_t)pid ? process_by_pid(k, (int32_t)pid) : k->current;
}

int64_t sys_getpgid(struct linux_kernel *k, const uint64_t a[6])
{
	const struct process *p = process_of(k, a[0]);

	return p ? p->group : -ESRCH;
}

int64_t sys_setpgid(struct linux_kernel *k, const uint64_t a[6])
{
	struct process *p = process_of(k, a[0]);

	if ((int32_t)a[1] < 0)
		return -EINVAL;
	if (!p || (p != k->current && p->parent != k->current->pid))
		return -ESRCH;
	p->group = (int32_t)a[1] ? (int32_t)a[1] : p->pid;
	return 0;
}

int64_t sys_getsid(struct linux_kernel *k, const uint64_t a[6])
{
	const struct process *p = process_of(k, a[0]);

	return p ? p->session : -ESRCH;
}

int64_t sys_setsid(struct linux_kernel *k, const uint64_t a[6])
{
	struct process *p = k->current;

	(void)a;
	if (p->group == p->pid)
		return -EPERM;
	p->session = p->group = p->pid;
	return p->pid;
}

int64_t sys_getresid(struct linux_kernel *k, const uint64_t a[6])
{
	const uint32_t root = 0;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		if (user_write(k, a[i], &root, sizeof(root)))
			return -EFAULT;
	}
	return 0;
}

int64_t sys_set_tid_address(struct linux_kernel *k, const uint64_t a[6])
{
	k->current->clear_tid = a[0];
	return k->current->pid;
}

int64_t sys_uname(struct linux_kernel *k, const uint64_t a[6])
{
	static const struct guest_utsname name = {
		.sysname = "Linux",
		.nodename = "p2msim",
		.release = "6.1.0",
		.version = "#1 p2msim",
		.machine = "aarch64",
		.domainname = "(none)",
	};

	return user_write(k, a[0], &name, sizeof(name));
}

int64_t sys_sysinfo(struct linux_kernel *k, const uint64_t a[6])
{
	struct {
		int64_t uptime;
		uint64_t loads[3], totalram, freeram, sharedram, bufferram,
			totalswap, freeswap;
		uint16_t procs, pad;
		uint32_t pad4;
		uint64_t totalhigh, freehigh;
		uint32_t mem_unit, pad8;
	} info;

	memset(&info, 0, sizeof(info));
	info.uptime = (int64_t)(time_ns(k) / 1000000000);
	info.totalram = k->frames.count * PAGE_BYTES;
	info.freeram = frames_free(k) * PAGE_BYTES;
	info.procs = (uint16_t)k->processes;
	info.mem_unit = 1;
	return user_write(k, a[0], &info, sizeof(info));
}

static void limit_of(uint64_t resource, uint64_t limit[2])
{
	enum { STACK = 3, CORE = 4, NOFILE = 7 };

	limit[0] = limit[1] = UINT64_MAX;
	if (resource == STACK)
		limit[0] = UINT64_C(8) << 20;
	if (resource == CORE)
		limit[0] = 0;
	if (resource == NOFILE)
		limit[0] = limit[1] = FD_MAX;
}

/* Limits can be asked for; changing them is accepted and changes nothing. */
int64_t sys_prlimit64(struct linux_kernel *k, const uint64_t a[6])
{
	uint64_t limit[2];

	if (a[1] > 15)
		return -EINVAL;
	limit_of(a[1], limit);
	return a[3] ? user_write(k, a[3], limit, sizeof(limit)) : 0;
}

int64_t sys_getrlimit(struct linux_kernel *k, const uint64_t a[6])
{
	uint64_t limit[2];

	if (a[0] > 15)
		return -EINVAL;
	limit_of(a[0], limit);
	return user_write(k, a[1], limit, sizeof(limit));
}

int64_t sys_getrandom(struct linux_kernel *k, const uint64_t a[6])
{
	uint64_t bytes = a[1] < BOUNCE_BYTES ? a[1] : BOUNCE_BYTES;

	random_fill(k, k->bounce, bytes);
	if (user_write(k, a[0], k->bounce, bytes))
		return -EFAULT;
	return (int64_t)bytes;
}

int64_t sys_sched_getaffinity(struct linux_kernel *k, const uint64_t a[6])
{
	const uint64_t one = 1;

	if (a[1] < sizeof(one))
		return -EINVAL;
	return user_write(k, a[2], &one, sizeof(one)) ? -EFAULT
						      : (int64_t)sizeof(one);
}

int64_t sys_sched_yield(struct linux_kernel *k, const uint64_t a[6])
{
	(void)a;
	k->current->yielded = true;
	return 0;
}

int64_t sys_getcpu(struct linux_kernel *k, const uint64_t a[6])
{
	const uint32_t zero = 0;

	if ((a[0] && user_write(k, a[0], &zero, sizeof(zero))) ||
	    (a[1] && user_write(k, a[1], &zero, sizeof(zero))))
		return -EFAULT;
	return 0;
}

int64_t sys_prctl(struct linux_kernel *k, const uint64_t a[6])
{
	enum {
		SET_NAME = 15,
		GET_NAME = 16,
		SET_TAGGED_ADDR_CTRL = 55,
		GET_TAGGED_ADDR_CTRL = 56
	};
	struct process *p = k->current;
	int length;

	switch (a[0]) {
	case SET_NAME:
		length = user_string(k, p->name, sizeof(p->name), a[1]);
		p->name[sizeof(p->name) - 1] = 0;
		return length == -EFAULT ? length : 0;
	case GET_NAME:
		return user_write(k, a[1], p->name, sizeof(p->name));
	case SET_TAGGED_ADDR_CTRL: /* no memory tagging: one bit */
		if (a[1] > 1 || a[2] || a[3] || a[4])
			return -EINVAL;
		p->tagged_abi = a[1];
		return 0;
	case GET_TAGGED_ADDR_CTRL:
		return a[1] || a[2] || a[3] || a[4] ? -EINVAL : p->tagged_abi;
	default:
		return -EINVAL;
	}
}

/* One thread: nobody to wait for, nobody to wake. */
int64_t sys_futex(struct linux_kernel *k, const uint64_t a[6])
{
	enum { WAIT = 0, WAKE = 1, WAIT_BITSET = 9, WAKE_BITSET = 10 };
	uint32_t value, operation = (uint32_t)a[1] & 0x7f;

	if (operation == WAKE || operation == WAKE_BITSET)
		return 0;
	if (operation != WAIT && operation != WAIT_BITSET)
		return -ENOSYS;
	if (user_read(k, &value, a[0], sizeof(value)))
		return -EFAULT;
	if (value != (uint32_t)a[2])
		return -EAGAIN;
	return a[3] ? -ETIMEDOUT : process_block(k, WAIT_SIGNAL, NULL);
}
