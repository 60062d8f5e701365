/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signals: sending, default actions, and frames on the user's stack as arm64
 * Linux lays them out. Not modelled: stopping (job control signals are taken
 * as ignored), queued real-time signals (one of each is kept).
 */
#include <stdlib.h>
#include <string.h>

#include "sim/guest/linux/process.h"
#include "sim/guest/linux/syscalls.h"

#define UNBLOCKABLE (signal_bit(GUEST_SIGKILL) | signal_bit(GUEST_SIGSTOP))
#define IGNORED_BY_DEFAULT                                       \
	(signal_bit(GUEST_SIGCHLD) | signal_bit(GUEST_SIGCONT) | \
	 signal_bit(GUEST_SIGURG) | signal_bit(GUEST_SIGWINCH) | \
	 signal_bit(GUEST_SIGSTOP) | signal_bit(GUEST_SIGTSTP) | \
	 signal_bit(GUEST_SIGTTIN) | signal_bit(GUEST_SIGTTOU))

/* What Linux uses inside: the call is made again if no handler runs, or if
 * the handler says so. */
#define RESTART_SYS (-512)

const char *signal_name(int signal)
{
	static const char *const names[] = {
		"none",	   "SIGHUP",	"SIGINT",  "SIGQUIT",  "SIGILL",
		"SIGTRAP", "SIGABRT",	"SIGBUS",  "SIGFPE",   "SIGKILL",
		"SIGUSR1", "SIGSEGV",	"SIGUSR2", "SIGPIPE",  "SIGALRM",
		"SIGTERM", "SIGSTKFLT", "SIGCHLD", "SIGCONT",  "SIGSTOP",
		"SIGTSTP", "SIGTTIN",	"SIGTTOU", "SIGURG",   "SIGXCPU",
		"SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO",
		"SIGPWR",  "SIGSYS",
	};

	return (size_t)signal < sizeof(names) / sizeof(names[0]) ? names[signal]
								 : "real-time";
}

bool signal_ignored(const struct process *p, int signal)
{
	uint64_t handler = p->action[signal].handler;

	if (signal == GUEST_SIGKILL)
		return false;
	return handler == GUEST_SIG_IGN ||
	       (handler == GUEST_SIG_DFL &&
		(signal_bit(signal) & IGNORED_BY_DEFAULT));
}

void signal_send(struct linux_kernel *k, struct process *p, int signal,
		 const struct guest_siginfo *info)
{
	(void)k;
	/* A blocked one is kept even if ignored: sigtimedwait may want it. */
	if (p->state == PROCESS_ZOMBIE ||
	    (signal_ignored(p, signal) && !(p->blocked & signal_bit(signal))))
		return;
	if (!(p->pending & signal_bit(signal)))
		p->info[signal] = *info;
	p->info[signal].signo = signal;
	p->pending |= signal_bit(signal);
}

void signal_force(struct linux_kernel *k, struct process *p, int signal,
		  int code, uint64_t address)
{
	struct guest_siginfo info = { .signo = signal,
				      .code = code,
				      .u.address = address };

	if ((p->blocked & signal_bit(signal)) || signal_ignored(p, signal)) {
		p->action[signal].handler = GUEST_SIG_DFL;
		p->blocked &= ~signal_bit(signal);
	}
	signal_send(k, p, signal, &info);
}

static uint64_t deliverable(const struct process *p)
{
	return p->pending & (~p->blocked | UNBLOCKABLE);
}

bool signal_due(const struct process *p)
{
	uint64_t set = deliverable(p);
	int signal;

	for (signal = 1; signal <= GUEST_SIGNALS; signal++) {
		if ((set & signal_bit(signal)) && !signal_ignored(p, signal))
			return true;
	}
	return false;
}

void signal_exec(struct process *p)
{
	int signal;

	for (signal = 1; signal <= GUEST_SIGNALS; signal++) {
		if (p->action[signal].handler != GUEST_SIG_IGN)
			p->action[signal] = (struct guest_sigaction){ 0 };
	}
	p->altstack = (struct guest_stack){ .flags = GUEST_SS_DISABLE };
}

/* ---- delivery ---- */

static bool on_altstack(const struct process *p)
{
	return p->regs.sp > p->altstack.sp &&
	       p->regs.sp - p->altstack.sp <= p->altstack.size;
}

static uint64_t frame_place(const struct process *p,
			    const struct guest_sigaction *action)
{
	uint64_t sp = p->regs.sp;

	if ((action->flags & GUEST_SA_ONSTACK) && p->altstack.size &&
	    !(p->altstack.flags & GUEST_SS_DISABLE) && !on_altstack(p))
		sp = p->altstack.sp + p->altstack.size;
	return ((sp - 16) & ~UINT64_C(15)) - GUEST_SIGFRAME_BYTES;
}

static void frame_fill(const struct process *p, int signal, uint64_t mask,
		       struct guest_sigframe *f)
{
	memset(f, 0, sizeof(*f));
	f->info = p->info[signal];
	f->uc_stack = p->altstack;
	f->uc_sigmask = mask;
	if (signal == GUEST_SIGSEGV || signal == GUEST_SIGBUS) {
		f->fault_address = untagged(f->info.u.address);
		if (!(p->action[signal].flags & GUEST_SA_EXPOSE_TAGBITS))
			f->info.u.address = f->fault_address;
	}
	memcpy(f->x, p->regs.x, sizeof(f->x));
	f->sp = p->regs.sp;
	f->pc = p->regs.pc;
	f->pstate = p->regs.pstate;
	f->fpsimd.magic = GUEST_FPSIMD_MAGIC;
	f->fpsimd.size = sizeof(f->fpsimd);
	f->fpsimd.fpsr = p->fp.fpsr;
	f->fpsimd.fpcr = p->fp.fpcr;
	memcpy(f->fpsimd.v, p->fp.v, sizeof(f->fpsimd.v));
}

/* Frame, frame record above it, registers for the handler. */
static bool handler_enter(struct linux_kernel *k, struct process *p, int signal,
			  uint64_t mask)
{
	const struct guest_sigaction *action = &p->action[signal];
	struct guest_sigframe *f = malloc(sizeof(*f));
	uint64_t at = frame_place(p, action), record[2];
	bool ok = false;

	if (f) {
		schedule_fp_save(k, p);
		frame_fill(p, signal, mask, f);
		record[0] = p->regs.x[29];
		record[1] = p->regs.x[30];
		ok = !user_write(k, at, f, sizeof(*f)) &&
		     !user_write(k, at + GUEST_SIGFRAME_BYTES, record,
				 sizeof(record));
	}
	free(f);
	if (!ok)
		return false;
	p->regs.x[0] = (uint64_t)signal;
	p->regs.x[1] = at + offsetof(struct guest_sigframe, info);
	p->regs.x[2] = at + offsetof(struct guest_sigframe, uc_flags);
	p->regs.x[29] = at + GUEST_SIGFRAME_BYTES;
	p->regs.x[30] = action->flags & GUEST_SA_RESTORER
				? action->restorer
				: p->mm->signal_return;
	p->regs.sp = at;
	p->regs.pc = action->handler;
	return true;
}

static void handler_run(struct linux_kernel *k, struct process *p, int signal)
{
	struct guest_sigaction *action = &p->action[signal];
	uint64_t mask = p->blocked;

	if (p->call.restart_saved_mask)
		mask = p->saved_mask;
	p->call.restart_saved_mask = false;
	if (!handler_enter(k, p, signal, mask)) {
		process_exit(k, p, GUEST_SIGSEGV);
		return;
	}
	p->blocked |= action->mask & ~UNBLOCKABLE;
	if (!(action->flags & GUEST_SA_NODEFER))
		p->blocked |= signal_bit(signal);
	if (action->flags & GUEST_SA_RESETHAND)
		action->handler = GUEST_SIG_DFL;
}

/* The call that a signal interrupted: again, or EINTR. */
static void call_settle(struct process *p, const struct guest_sigaction *by)
{
	if (p->regs.x[0] != (uint64_t)(int64_t)RESTART_SYS)
		return;
	if (by && !(by->flags & GUEST_SA_RESTART)) {
		p->regs.x[0] = (uint64_t)(int64_t)-EINTR;
		return;
	}
	p->regs.x[0] = p->call.a[0];
	p->regs.pc -= 4;
}

void signal_deliver(struct linux_kernel *k, struct process *p)
{
	uint64_t set;
	int signal;

	while ((set = deliverable(p)) && p->state == PROCESS_RUNNABLE) {
		/* Faults first, as they belong to this very instruction. */
		signal = (int)ctz64(set) + 1;
		if (set & signal_bit(GUEST_SIGSEGV))
			signal = GUEST_SIGSEGV;
		p->pending &= ~signal_bit(signal);
		if (signal_ignored(p, signal))
			continue;
		if (p->action[signal].handler == GUEST_SIG_DFL ||
		    signal == GUEST_SIGKILL) {
			process_exit(k, p, signal);
			return;
		}
		call_settle(p, &p->action[signal]);
		handler_run(k, p, signal);
	}
	if (p->state != PROCESS_RUNNABLE)
		return;
	call_settle(p, NULL);
	if (p->call.restart_saved_mask) {
		p->blocked = p->saved_mask;
		p->call.restart_saved_mask = false;
	}
}

/* ---- calls ---- */

int64_t sys_rt_sigreturn(struct linux_kernel *k, const uint64_t a[6])
{
	struct process *p = k->current;
	struct guest_sigframe *f = malloc(sizeof(*f));

	(void)a;
	if (!f || user_read(k, f, p->regs.sp, sizeof(*f))) {
		free(f);
		signal_force(k, p, GUEST_SIGSEGV, GUEST_SI_KERNEL, 0);
		return RESULT_NONE;
	}
	memcpy(p->regs.x, f->x, sizeof(f->x));
	p->regs.sp = f->sp;
	p->regs.pc = f->pc;
	p->regs.pstate = f->pstate & (UINT64_C(0xf) << 28);
	p->blocked = f->uc_sigmask & ~UNBLOCKABLE;
	p->altstack = f->uc_stack;
	if (f->fpsimd.magic == GUEST_FPSIMD_MAGIC) {
		p->fp.fpsr = f->fpsimd.fpsr;
		p->fp.fpcr = f->fpsimd.fpcr;
		memcpy(p->fp.v, f->fpsimd.v, sizeof(p->fp.v));
		schedule_fp_load(k, p);
	}
	free(f);
	return RESULT_NONE;
}

int64_t sys_rt_sigaction(struct linux_kernel *k, const uint64_t a[6])
{
	struct process *p = k->current;
	struct guest_sigaction action, old;
	int signal = (int32_t)a[0];

	if (a[3] != 8 || signal < 1 || signal > GUEST_SIGNALS)
		return -EINVAL;
	if (a[1] && (signal_bit(signal) & UNBLOCKABLE))
		return -EINVAL;
	old = p->action[signal];
	if (a[1]) {
		if (user_read(k, &action, a[1], sizeof(action)))
			return -EFAULT;
		action.mask &= ~UNBLOCKABLE;
		p->action[signal] = action;
		if (signal_ignored(p, signal))
			p->pending &= ~signal_bit(signal);
	}
	if (a[2] && user_write(k, a[2], &old, sizeof(old)))
		return -EFAULT;
	return 0;
}

int64_t sys_rt_sigprocmask(struct linux_kernel *k, const uint64_t a[6])
{
	struct process *p = k->current;
	uint64_t old = p->blocked, set, blocked = old;

	if (a[3] != 8)
		return -EINVAL;
	if (a[1]) {
		if (user_read(k, &set, a[1], sizeof(set)))
			return -EFAULT;
		if (a[0] > 2)
			return -EINVAL;
		blocked = a[0] == 0 ? old | set : a[0] == 1 ? old & ~set : set;
	}
	p->blocked = blocked & ~UNBLOCKABLE;
	if (a[2] && user_write(k, a[2], &old, sizeof(old)))
		return -EFAULT;
	return 0;
}

int64_t sys_rt_sigpending(struct linux_kernel *k, const uint64_t a[6])
{
	uint64_t set = k->current->pending & k->current->blocked;

	return user_write(k, a[0], &set, sizeof(set));
}

int64_t sys_rt_sigsuspend(struct linux_kernel *k, const uint64_t a[6])
{
	struct process *p = k->current;
	uint64_t set;

	if (a[1] != 8)
		return -EINVAL;
	if (user_read(k, &set, a[0], sizeof(set)))
		return -EFAULT;
	p->saved_mask = p->blocked;
	p->blocked = set & ~UNBLOCKABLE;
	p->call.restart_saved_mask = true;
	return signal_due(p) ? -EINTR : process_block(k, WAIT_SIGNAL, NULL);
}

int64_t sys_sigaltstack(struct linux_kernel *k, const uint64_t a[6])
{
	struct process *p = k->current;
	struct guest_stack stack, old = p->altstack;

	if (old.size == 0)
		old.flags = GUEST_SS_DISABLE;
	else if (on_altstack(p))
		old.flags = GUEST_SS_ONSTACK;
	if (a[0]) {
		if (user_read(k, &stack, a[0], sizeof(stack)))
			return -EFAULT;
		if (old.flags & GUEST_SS_ONSTACK)
			return -EPERM;
		if (stack.flags & GUEST_SS_DISABLE)
			stack = (struct guest_stack){
				.flags = GUEST_SS_DISABLE
			};
		else if (stack.size < 2048)
			return -ENOMEM;
		p->altstack = stack;
	}
	if (a[1] && user_write(k, a[1], &old, sizeof(old)))
		return -EFAULT;
	return 0;
}

static int64_t signal_each(struct linux_kernel *k, int pid, int signal,
			   int code)
{
	struct guest_siginfo info = { .code = code,
				      .u.sender.pid = k->current->pid };
	struct process *p;
	int64_t found = -ESRCH;
	size_t i;

	if (signal < 0 || signal > GUEST_SIGNALS)
		return -EINVAL;
	for (i = 0; i < k->processes; i++) {
		p = k->process[i];
		if (!p || (pid > 0 && p->pid != pid) ||
		    (pid == 0 && p->group != k->current->group) ||
		    (pid == -1 && p == k->current) ||
		    (pid < -1 && p->group != -pid))
			continue;
		found = 0;
		if (signal)
			signal_send(k, p, signal, &info);
	}
	return found;
}

int64_t sys_kill(struct linux_kernel *k, const uint64_t a[6])
{
	return signal_each(k, (int32_t)a[0], (int32_t)a[1], GUEST_SI_USER);
}

int64_t sys_tkill(struct linux_kernel *k, const uint64_t a[6])
{
	if ((int32_t)a[0] <= 0)
		return -EINVAL;
	return signal_each(k, (int32_t)a[0], (int32_t)a[1], GUEST_SI_TKILL);
}

int64_t sys_tgkill(struct linux_kernel *k, const uint64_t a[6])
{
	if ((int32_t)a[0] <= 0 || a[0] != a[1])
		return -EINVAL;
	return signal_each(k, (int32_t)a[1], (int32_t)a[2], GUEST_SI_TKILL);
}
