/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Processes: clone, exit, wait4 and who is whose. One thread each; clone with
 * CLONE_VM is understood as vfork only.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/bug.h"
#include "sim/guest/linux/process.h"
#include "sim/guest/linux/syscalls.h"

struct process *process_new(struct linux_kernel *k)
{
	struct process *p = calloc(1, sizeof(*p));
	size_t i = 0;

	if (!p)
		return NULL;
	while (i < k->processes && k->process[i])
		i++;
	if (i == k->processes) {
		k->process = realloc(k->process, (i + 1) * sizeof(*k->process));
		BUG_ON(NULL, !k->process);
		k->processes++;
	}
	k->process[i] = p;
	p->pid = k->next_pid++;
	return p;
}

struct process *process_by_pid(struct linux_kernel *k, int pid)
{
	size_t i;

	for (i = 0; i < k->processes; i++) {
		if (k->process[i] && k->process[i]->pid == pid)
			return k->process[i];
	}
	return NULL;
}

void process_free(struct linux_kernel *k, struct process *p)
{
	size_t i;

	for (i = 0; i < k->processes; i++) {
		if (k->process[i] == p)
			k->process[i] = NULL;
	}
	if (k->fp_owner == p)
		k->fp_owner = NULL;
	if (k->current == p)
		k->current = NULL;
	fd_table_put(k, p->files);
	mm_put(k, p->mm);
	free(p->cwd);
	free(p);
}

void process_abandon(struct linux_kernel *k, struct process *p)
{
	if (p->mm)
		mm_abandon(k, p->mm);
	p->mm = NULL;
	process_free(k, p);
}

void process_release_vfork(struct linux_kernel *k, struct process *p)
{
	(void)k;
	p->vfork_child = false; /* what its parent waits for */
}

/* Children of the dead have no parent: nobody will wait for them. */
static void children_orphan(struct linux_kernel *k, const struct process *p)
{
	size_t i;

	for (i = 0; i < k->processes; i++) {
		if (k->process[i] && k->process[i]->parent == p->pid)
			k->process[i]->parent = 1;
	}
}

static void parent_tell(struct linux_kernel *k, struct process *p)
{
	struct process *parent = process_by_pid(k, p->parent);
	struct guest_siginfo info = { .signo = GUEST_SIGCHLD };
	const struct guest_sigaction *action;

	if (!parent || parent->state == PROCESS_ZOMBIE)
		return;
	action = &parent->action[GUEST_SIGCHLD];
	info.code = p->status & 0x7f ? GUEST_CLD_KILLED : GUEST_CLD_EXITED;
	info.u.sender.pid = p->pid;
	info.u.sender.status =
		p->status & 0x7f ? p->status & 0x7f : p->status >> 8;
	if (action->handler == GUEST_SIG_IGN ||
	    (action->flags & GUEST_SA_NOCLDWAIT))
		p->parent = 1;
	if (p->exit_signal)
		signal_send(k, parent, p->exit_signal, &info);
}

static bool alone(const struct linux_kernel *k, const struct process *p)
{
	size_t i;

	for (i = 0; i < k->processes; i++) {
		const struct process *other = k->process[i];

		if (other && other != p && other->state != PROCESS_ZOMBIE)
			return false;
	}
	return true;
}

void process_exit(struct linux_kernel *k, struct process *p, int status)
{
	static const uint32_t zero;

	if (p->clear_tid && p->mm->refs > 1 && k->current == p)
		(void)user_write(k, p->clear_tid, &zero, sizeof(zero));
	p->cycles = schedule_cycles(k, p);
	if (k->current == p)
		k->switched_in = machine_cycles(k->cpu);
	p->status = status;
	p->state = PROCESS_ZOMBIE;
	p->call.active = false;
	/* The last process leaves its tables, for `p2msim walk` to look at.
	 * Others' go away below: nobody may walk them any more. */
	if (!alone(k, p)) {
		ttbr0_install(k, k->empty_root, 0);
		mm_put(k, p->mm);
		p->mm = NULL;
	}
	fd_table_put(k, p->files);
	p->files = NULL;
	process_release_vfork(k, p);
	children_orphan(k, p);
	parent_tell(k, p);
}

/* ---- clone ---- */

struct clone {
	uint64_t flags, stack, parent_tid, tls, child_tid;
	int exit_signal;
};

static bool process_inherit(struct linux_kernel *k, struct process *c,
			    const struct process *p, uint64_t flags)
{
	int pid = c->pid;

	*c = *p;
	c->pid = pid;
	c->parent = p->pid;
	c->pending = 0;
	c->cycles = c->children_cycles = 0;
	c->call = (struct process_call){ 0 };
	c->wait = (struct process_wait){ 0 };
	c->clear_tid = c->set_tid = 0;
	c->vfork_child = false;
	c->state = PROCESS_RUNNABLE;
	c->mm = NULL;
	c->cwd = strdup(p->cwd);
	if (flags & GUEST_CLONE_FILES) {
		c->files = p->files;
		c->files->refs++;
	} else {
		c->files = fd_table_copy(p->files);
	}
	if (c->cwd && c->files)
		c->mm = flags & GUEST_CLONE_VM ? mm_get(p->mm)
					       : mm_copy(k, p->mm);
	return c->mm != NULL;
}

static int64_t process_clone(struct linux_kernel *k, const struct clone *how)
{
	struct process *p = k->current, *c;
	uint32_t tid;

	if (how->flags & GUEST_CLONE_THREAD ||
	    ((how->flags & GUEST_CLONE_VM) &&
	     !(how->flags & GUEST_CLONE_VFORK))) {
		kernel_not_modelled(k, p->call.number, " of a thread");
		return -ENOSYS;
	}
	schedule_fp_save(k, p);
	c = process_new(k);
	if (!c)
		return -EAGAIN;
	if (!process_inherit(k, c, p, how->flags)) {
		process_free(k, c);
		return -ENOMEM;
	}
	c->exit_signal = how->exit_signal;
	c->regs.x[0] = 0;
	if (how->stack)
		c->regs.sp = how->stack;
	if (how->flags & GUEST_CLONE_SETTLS)
		c->regs.tpidr = how->tls;
	if (how->flags & GUEST_CLONE_CHILD_CLEARTID)
		c->clear_tid = how->child_tid;
	if (how->flags & GUEST_CLONE_CHILD_SETTID)
		c->set_tid = how->child_tid;
	tid = (uint32_t)c->pid;
	if (how->flags & GUEST_CLONE_PARENT_SETTID)
		(void)user_write(k, how->parent_tid, &tid, sizeof(tid));
	if (!(how->flags & GUEST_CLONE_VFORK))
		return c->pid;
	c->vfork_child = true;
	p->call.done = (uint64_t)c->pid;
	return process_block(k, WAIT_VFORK, NULL);
}

int64_t sys_clone(struct linux_kernel *k, const uint64_t a[6])
{
	struct clone how = {
		.flags = a[0] & ~(uint64_t)GUEST_CSIGNAL,
		.exit_signal = (int)(a[0] & GUEST_CSIGNAL),
		.stack = a[1],
		.parent_tid = a[2],
		.tls = a[3],
		.child_tid = a[4],
	};

	if (k->current->call.done) /* the vfork child has let go */
		return (int64_t)k->current->call.done;
	return process_clone(k, &how);
}

int64_t sys_clone3(struct linux_kernel *k, const uint64_t a[6])
{
	/* flags pidfd child_tid parent_tid exit_signal stack stack_size tls */
	uint64_t v[8];
	struct clone how;

	if (k->current->call.done)
		return (int64_t)k->current->call.done;
	if (a[1] < sizeof(v))
		return -EINVAL;
	if (user_read(k, v, a[0], sizeof(v)))
		return -EFAULT;
	how = (struct clone){
		.flags = v[0],
		.exit_signal = (int)(v[4] & GUEST_CSIGNAL),
		.stack = v[5] ? v[5] + v[6] : 0,
		.parent_tid = v[3],
		.tls = v[7],
		.child_tid = v[2],
	};
	return process_clone(k, &how);
}

/* ---- exit and wait ---- */

int64_t sys_exit(struct linux_kernel *k, const uint64_t a[6])
{
	process_exit(k, k->current, (int)(a[0] & 0xff) << 8);
	return RESULT_NONE;
}

static void rusage_fill(const struct linux_kernel *k, uint64_t cycles,
			struct guest_rusage *out)
{
	uint64_t us = (cycles >> CYCLE_LG2) / k->m->config.mhz;

	memset(out, 0, sizeof(*out));
	out->utime[0] = (int64_t)(us / 1000000);
	out->utime[1] = (int64_t)(us % 1000000);
}

static bool wait_matches(const struct process *p, const struct process *child,
			 int pid)
{
	if (child->parent != p->pid)
		return false;
	if (pid > 0)
		return child->pid == pid;
	if (pid == 0)
		return child->group == p->group;
	return pid == -1 || child->group == -pid;
}

int64_t sys_wait4(struct linux_kernel *k, const uint64_t a[6])
{
	enum { NO_HANG = 1 };
	struct process *p = k->current, *child, *found = NULL;
	struct guest_rusage usage;
	bool any = false;
	int32_t status;
	int pid;
	size_t i;

	for (i = 0; i < k->processes; i++) {
		child = k->process[i];
		if (!child || !wait_matches(p, child, (int32_t)a[0]))
			continue;
		any = true;
		if (child->state == PROCESS_ZOMBIE &&
		    (!found || child->pid < found->pid))
			found = child;
	}
	if (!found) {
		if (!any)
			return -ECHILD;
		return a[2] & NO_HANG ? 0 : process_block(k, WAIT_CHILD, NULL);
	}
	status = found->status;
	rusage_fill(k, found->cycles + found->children_cycles, &usage);
	p->children_cycles += found->cycles + found->children_cycles;
	pid = found->pid;
	process_free(k, found);
	if (a[1] && user_write(k, a[1], &status, sizeof(status)))
		return -EFAULT;
	if (a[3] && user_write(k, a[3], &usage, sizeof(usage)))
		return -EFAULT;
	return pid;
}

int64_t sys_getrusage(struct linux_kernel *k, const uint64_t a[6])
{
	const struct process *p = k->current;
	struct guest_rusage usage;

	rusage_fill(k,
		    (int32_t)a[0] == -1 ? p->children_cycles
					: schedule_cycles(k, p),
		    &usage);
	return user_write(k, a[1], &usage, sizeof(usage));
}

int64_t sys_times(struct linux_kernel *k, const uint64_t a[6])
{
	const struct process *p = k->current;
	uint64_t hz = (uint64_t)k->m->config.mhz * 10000; /* cycles a tick */
	uint64_t t[4] = {
		(schedule_cycles(k, p) >> CYCLE_LG2) / hz,
		0,
		(p->children_cycles >> CYCLE_LG2) / hz,
		0,
	};

	if (a[0] && user_write(k, a[0], t, sizeof(t)))
		return -EFAULT;
	return (int64_t)(time_ns(k) / 10000000);
}
