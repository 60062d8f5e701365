/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who runs: one CPU, no preemption in user space. A process goes on until it
 * blocks, exits, yields, or enters the kernel after its slice of modelled
 * cycles is over; then comes the next one in order of creation. When all
 * sleep, time jumps to the first deadline and is charged to `idle`.
 */
#include "sim/guest/linux/process.h"

#define SLICE_NS UINT64_C(10000000)

int64_t process_block(struct linux_kernel *k, enum wait_for what,
		      struct pipe *pipe)
{
	struct process *p = k->current;

	p->wait.what = what;
	p->wait.pipe = pipe;
	if (what != WAIT_UNTIL && what != WAIT_POLL)
		p->wait.until_ns = UINT64_MAX;
	return RESULT_BLOCK;
}

static bool child_ready(struct linux_kernel *k, const struct process *p)
{
	size_t i, children = 0;

	for (i = 0; i < k->processes; i++) {
		if (!k->process[i] || k->process[i]->parent != p->pid)
			continue;
		children++;
		if (k->process[i]->state == PROCESS_ZOMBIE)
			return true;
	}
	return children == 0;
}

static bool vfork_over(struct linux_kernel *k, const struct process *p)
{
	const struct process *child = process_by_pid(k, (int)p->call.done);

	return !child || !child->vfork_child;
}

bool wait_is_over(struct linux_kernel *k, const struct process *p)
{
	switch (p->wait.what) {
	case WAIT_PIPE_DATA:
		return pipe_has_data(p->wait.pipe);
	case WAIT_PIPE_SPACE:
		return pipe_has_space(p->wait.pipe);
	case WAIT_CHILD:
		return child_ready(k, p);
	case WAIT_VFORK:
		return vfork_over(k, p);
	case WAIT_SIGNAL:
		return false;
	case WAIT_POLL:
		return poll_ready(p) || time_ns(k) >= p->wait.until_ns;
	case WAIT_UNTIL:
		return time_ns(k) >= p->wait.until_ns;
	default:
		return true;
	}
}

static bool can_run(struct linux_kernel *k, const struct process *p)
{
	if (p->state == PROCESS_RUNNABLE)
		return true;
	if (p->state != PROCESS_BLOCKED)
		return false;
	return wait_is_over(k, p) ||
	       (p->wait.what != WAIT_VFORK && signal_due(p));
}

static size_t current_index(const struct linux_kernel *k)
{
	size_t i;

	for (i = 0; i < k->processes; i++) {
		if (k->current && k->process[i] == k->current)
			return i;
	}
	return k->processes ? k->processes - 1 : 0;
}

/* The next that can run, the current one last; NULL if none can. */
static struct process *choose(struct linux_kernel *k)
{
	size_t at = current_index(k), i;

	for (i = 1; i <= k->processes; i++) {
		struct process *p = k->process[(at + i) % k->processes];

		if (p && can_run(k, p))
			return p;
	}
	return NULL;
}

static void reap_orphans(struct linux_kernel *k)
{
	struct process *p;
	size_t i;

	for (i = 0; i < k->processes; i++) {
		p = k->process[i];
		if (p && p->state == PROCESS_ZOMBIE &&
		    !process_by_pid(k, p->parent))
			process_free(k, p);
	}
}

/* Jump to the first deadline. False: there is none. */
static bool sleep_until_next(struct linux_kernel *k)
{
	uint64_t first = UINT64_MAX, now = time_ns(k), cycles;
	const struct process *p;
	size_t i;

	for (i = 0; i < k->processes; i++) {
		p = k->process[i];
		if (p && p->state == PROCESS_BLOCKED &&
		    p->wait.until_ns < first)
			first = p->wait.until_ns;
	}
	if (first == UINT64_MAX)
		return false;
	/* Rounded up, so that the deadline has passed afterwards. */
	cycles = ((first - now) * k->m->config.mhz) / 1000 + 2;
	machine_idle(k->m, k->cpu, cycles << CYCLE_LG2);
	return true;
}

uint64_t schedule_cycles(const struct linux_kernel *k, const struct process *p)
{
	return p->cycles + (p == k->current && p->state != PROCESS_ZOMBIE
				    ? machine_cycles(k->cpu) - k->switched_in
				    : 0);
}

void schedule_fp_save(struct linux_kernel *k, struct process *p)
{
	if (k->guest && k->fp_owner == p)
		guest_fp_get(k->guest, k->cpu, &p->fp);
}

void schedule_fp_load(struct linux_kernel *k, struct process *p)
{
	if (k->guest)
		guest_fp_put(k->guest, k->cpu, &p->fp);
	k->fp_owner = p;
}

void schedule_install(struct linux_kernel *k, struct process *p)
{
	struct process *old = k->current;
	uint32_t tid = (uint32_t)p->pid;

	if (old == p)
		return;
	if (old)
		old->cycles = schedule_cycles(k, old);
	k->switched_in = machine_cycles(k->cpu);
	k->current = p;
	ttbr0_install(k, p->mm->root, p->mm->asid);
	if (k->fp_owner != p) {
		if (k->fp_owner)
			schedule_fp_save(k, k->fp_owner);
		schedule_fp_load(k, p);
	}
	if (p->set_tid)
		(void)user_write(k, p->set_tid, &tid, sizeof(tid));
	p->set_tid = 0;
}

bool schedule_next(struct linux_kernel *k)
{
	struct process *p;

	reap_orphans(k);
	while (!(p = choose(k))) {
		if (!sleep_until_next(k))
			return false;
	}
	schedule_install(k, p);
	return true;
}

bool schedule_due(struct linux_kernel *k)
{
	uint64_t ran = machine_cycles(k->cpu) - k->switched_in;
	uint64_t slice = SLICE_NS * k->m->config.mhz / 1000 << CYCLE_LG2;
	size_t i;

	if (ran < slice)
		return false;
	for (i = 0; i < k->processes; i++) {
		if (k->process[i] && k->process[i] != k->current &&
		    can_run(k, k->process[i]))
			return true;
	}
	return false;
}
