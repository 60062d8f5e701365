/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ppoll and pselect6: what is ready now, and waiting until something is.
 * Streams of the host count as always ready: reading them waits there.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/guest/linux/process.h"
#include "sim/guest/linux/syscalls.h"

enum { POLL_IN = 1, POLL_OUT = 4, POLL_ERR = 8, POLL_HUP = 16, POLL_NVAL = 32 };

struct guest_pollfd {
	int32_t fd;
	int16_t events, revents;
};

static int poll_one(const struct fd_table *t, int fd, int events)
{
	struct file *f = fd >= 0 && fd < FD_MAX ? t->file[fd] : NULL;
	int got = 0;

	if (!f)
		return POLL_NVAL;
	if ((events & POLL_IN) && f->ops->read &&
	    (!f->ops->readable || f->ops->readable(f)))
		got |= POLL_IN;
	if ((events & POLL_OUT) && f->ops->write &&
	    (!f->ops->writable || f->ops->writable(f)))
		got |= POLL_OUT;
	if (f->ops->hung_up && f->ops->hung_up(f))
		got |= f->ops->read ? POLL_HUP : POLL_ERR;
	return got;
}

bool poll_ready(const struct process *p)
{
	unsigned int i;

	for (i = 0; i < p->poll.count; i++) {
		if (poll_one(p->files, p->poll.fd[i], p->poll.events[i]))
			return true;
	}
	return false;
}

static int deadline_set(struct linux_kernel *k, uint64_t timeout)
{
	struct process_call *call = &k->current->call;
	struct guest_timespec ts;

	if (call->deadline_ns)
		return 0;
	call->deadline_ns = UINT64_MAX;
	if (!timeout)
		return 0;
	if (user_read(k, &ts, timeout, sizeof(ts)))
		return -EFAULT;
	if (ts.sec < 0 || ts.nsec < 0 || ts.nsec >= 1000000000)
		return -EINVAL;
	if (ts.sec < INT64_C(1000000000))
		call->deadline_ns = time_ns(k) + (uint64_t)ts.sec * 1000000000 +
				    (uint64_t)ts.nsec + 1;
	return 0;
}

static int mask_set(struct linux_kernel *k, uint64_t mask)
{
	struct process *p = k->current;
	uint64_t set;

	if (!mask || p->call.restart_saved_mask)
		return 0;
	if (user_read(k, &set, mask, sizeof(set)))
		return -EFAULT;
	p->saved_mask = p->blocked;
	p->blocked =
		set & ~(signal_bit(GUEST_SIGKILL) | signal_bit(GUEST_SIGSTOP));
	p->call.restart_saved_mask = true;
	return 0;
}

/* Nothing is ready: give up, be interrupted, or wait. */
static int64_t poll_wait(struct linux_kernel *k)
{
	struct process *p = k->current;

	if (time_ns(k) + 1 >= p->call.deadline_ns)
		return 0;
	if (signal_due(p))
		return -EINTR;
	p->wait.until_ns = p->call.deadline_ns;
	return process_block(k, WAIT_POLL, NULL);
}

int64_t sys_ppoll(struct linux_kernel *k, const uint64_t a[6])
{
	struct process_poll *poll = &k->current->poll;
	struct guest_pollfd fds[POLL_MAX];
	int64_t ready = 0;
	unsigned int i;
	int error;

	if (a[1] > POLL_MAX)
		return -EINVAL;
	if (user_read(k, fds, a[0], a[1] * sizeof(*fds)))
		return -EFAULT;
	error = deadline_set(k, a[2]);
	if (!error)
		error = mask_set(k, a[3]);
	if (error)
		return error;
	poll->count = 0;
	for (i = 0; i < a[1]; i++) {
		fds[i].revents = 0;
		if (fds[i].fd < 0)
			continue;
		poll->fd[poll->count] = fds[i].fd;
		poll->events[poll->count++] = fds[i].events;
		fds[i].revents = (int16_t)poll_one(k->current->files, fds[i].fd,
						   fds[i].events);
		ready += fds[i].revents != 0;
	}
	if (!ready) {
		ready = poll_wait(k);
		if (ready)
			return ready;
	}
	if (user_write(k, a[0], fds, a[1] * sizeof(*fds)))
		return -EFAULT;
	return ready;
}

struct select_sets {
	uint64_t in[FD_MAX / 64], out[FD_MAX / 64];
};

static bool set_has(const uint64_t *set, unsigned int fd)
{
	return set[fd / 64] >> (fd % 64) & 1;
}

/* Which of the sets' descriptors are ready; their number, or -EBADF. */
static int64_t select_scan(struct process *p, unsigned int count,
			   const struct select_sets *want,
			   struct select_sets *have)
{
	struct process_poll *poll = &p->poll;
	int64_t ready = 0;
	unsigned int fd;
	int events, got;

	poll->count = 0;
	memset(have, 0, sizeof(*have));
	for (fd = 0; fd < count; fd++) {
		events = (set_has(want->in, fd) ? POLL_IN : 0) |
			 (set_has(want->out, fd) ? POLL_OUT : 0);
		if (!events)
			continue;
		got = poll_one(p->files, (int)fd, events);
		if (got & POLL_NVAL)
			return -EBADF;
		if (poll->count < POLL_MAX) {
			poll->fd[poll->count] = (int)fd;
			poll->events[poll->count++] = (int16_t)events;
		}
		if ((events & POLL_IN) && (got & (POLL_IN | POLL_HUP))) {
			have->in[fd / 64] |= UINT64_C(1) << (fd % 64);
			ready++;
		}
		if ((events & POLL_OUT) && (got & (POLL_OUT | POLL_ERR))) {
			have->out[fd / 64] |= UINT64_C(1) << (fd % 64);
			ready++;
		}
	}
	return ready;
}

int64_t sys_pselect6(struct linux_kernel *k, const uint64_t a[6])
{
	uint64_t bytes = (a[0] + 63) / 64 * 8, mask[2] = { 0, 0 };
	struct select_sets want = { .in = { 0 } }, have;
	static const uint64_t none[FD_MAX / 64];
	int64_t ready;
	int error;

	if (a[0] > FD_MAX)
		return -EINVAL;
	if ((a[1] && user_read(k, want.in, a[1], bytes)) ||
	    (a[2] && user_read(k, want.out, a[2], bytes)) ||
	    (a[5] && user_read(k, mask, a[5], sizeof(mask))))
		return -EFAULT;
	error = deadline_set(k, a[4]);
	if (!error)
		error = mask_set(k, mask[0]);
	if (error)
		return error;
	ready = select_scan(k->current, (unsigned int)a[0], &want, &have);
	if (!ready) {
		ready = poll_wait(k);
		if (ready)
			return ready;
	}
	if (ready < 0)
		return ready;
	if ((a[1] && user_write(k, a[1], have.in, bytes)) ||
	    (a[2] && user_write(k, a[2], have.out, bytes)) ||
	    (a[3] && user_write(k, a[3], none, bytes)))
		return -EFAULT;
	return ready;
}
