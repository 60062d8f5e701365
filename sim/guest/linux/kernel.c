/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The simulated kernel's life: boot, the way in from EL0 and back out, the
 * end. See README.md.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/guest/linux/process.h"

#define FIRST_PID 1000

/* ---- the end ---- */

/* As a shell reports a wait status. */
static uint64_t exit_status(int status)
{
	return status & 0x7f ? 128u + (status & 0x7fu)
			     : (uint64_t)(status >> 8);
}

static void kernel_end(struct linux_kernel *k)
{
	k->m->ended = true;
	k->m->exit_status = exit_status(k->initial_status);
	k->stopped = true;
}

/* Nobody can run any more: fine if the first process had ended. */
static void kernel_quiescent(struct linux_kernel *k)
{
	if (process_by_pid(k, FIRST_PID))
		kernel_die(k, EXIT_GUEST,
			   "every process of the guest waits for another");
	else
		kernel_end(k);
}

/* ---- system calls ---- */

void kernel_not_modelled(struct linux_kernel *k, uint64_t number,
			 const char *what)
{
	const struct syscall_entry *entry = syscall_find(number);

	if (number < sizeof(k->reported) && !k->reported[number] && !k->quiet)
		fprintf(stderr,
			"p2msim: system call %s (%llu)%s is not modelled, "
			"answered with ENOSYS\n",
			entry ? entry->name : "unknown",
			(unsigned long long)number, what);
	if (number < sizeof(k->reported))
		k->reported[number] = true;
}

static int64_t call_unknown(struct linux_kernel *k, uint64_t number)
{
	kernel_not_modelled(k, number, "");
	return -ENOSYS;
}

/* A signal ended the wait: what was done so far, or the interruption. Linux'
 * own -512 means: again, unless a handler says no. */
static int64_t call_interrupted(const struct process *p)
{
	switch (p->wait.what) {
	case WAIT_SIGNAL:
	case WAIT_POLL:
	case WAIT_UNTIL:
		return -EINTR;
	default:
		return p->call.done ? (int64_t)p->call.done : -512;
	}
}

/* Make the current process's call, or make it again after a wait. */
static void call_make(struct linux_kernel *k)
{
	struct process *p = k->current;
	const struct syscall_entry *entry = syscall_find(p->call.number);
	bool interrupted = p->state == PROCESS_BLOCKED && !wait_is_over(k, p);
	int64_t result;

	p->state = PROCESS_RUNNABLE;
	if (interrupted)
		result = call_interrupted(p);
	else if (!entry || !entry->handler)
		result = call_unknown(k, p->call.number);
	else
		result = entry->handler(k, p->call.a);
	if (result == RESULT_BLOCK) {
		p->state = PROCESS_BLOCKED;
		return;
	}
	p->call.active = false;
	if (result != RESULT_NONE)
		p->regs.x[0] = (uint64_t)result;
}

static void note_end(struct linux_kernel *k, const struct process *p)
{
	k->initial_status = p->status;
	k->initial_pc = p->regs.pc;
}

/* Until some process can return to user space. */
static void kernel_run(struct linux_kernel *k)
{
	struct process *p;

	while (!k->stopped) {
		p = k->current;
		if (p && p->state != PROCESS_ZOMBIE && p->call.active)
			call_make(k);
		if (p && p->state == PROCESS_RUNNABLE)
			signal_deliver(k, p);
		if (p && p->state == PROCESS_ZOMBIE && p->pid == FIRST_PID)
			note_end(k, p);
		if (p && p->state == PROCESS_ZOMBIE && p->mm) {
			kernel_end(k); /* the last: see process_exit */
			return;
		}
		if (p && p->state == PROCESS_RUNNABLE && !p->yielded &&
		    !schedule_due(k))
			return;
		if (p)
			p->yielded = false;
		if (!schedule_next(k)) {
			kernel_quiescent(k);
			return;
		}
		p = k->current;
		if (p->state == PROCESS_RUNNABLE && !signal_due(p))
			return;
	}
}

/* ---- from EL0 and back ---- */

static bool kernel_leave(struct linux_kernel *k, struct guest_regs *regs,
			 struct error_line *died)
{
	uint64_t result = 0;

	kernel_run(k);
	if (k->current && k->current->mm) {
		*regs = k->current->regs;
		result = regs->x[0];
	}
	machine_kernel_return(k->m, k->cpu, result);
	if (k->guest && k->flush_translations)
		guest_flush_translations(k->guest);
	if (k->guest && k->flush_code)
		guest_flush_code(k->guest);
	k->flush_translations = k->flush_code = false;
	if (k->stopped && !k->m->ended)
		*died = k->death;
	return !k->stopped;
}

static bool kernel_svc(void *context, struct machine_cpu *cpu,
		       struct guest_regs *regs, struct error_line *died)
{
	struct linux_kernel *k = context;
	struct process *p = k->current;

	p->regs = *regs;
	p->call = (struct process_call){ .active = true,
					 .number = (uint32_t)regs->x[8] };
	memcpy(p->call.a, regs->x, sizeof(p->call.a));
	machine_kernel_enter(k->m, cpu, "syscall", p->call.number, 0);
	return kernel_leave(k, regs, died);
}

static enum fault_access access_of(const struct arm_fault *fault)
{
	if (fault->access & ARM_ACCESS_FETCH)
		return FAULT_EXEC;
	return fault->access & ARM_ACCESS_WRITE ? FAULT_WRITE : FAULT_READ;
}

static void fault_memory(struct linux_kernel *k, struct process *p,
			 const struct arm_fault *fault)
{
	uint64_t va = fault->va.raw;

	switch (fault_resolve(k, p->mm, untagged(va), access_of(fault))) {
	case FAULT_FIXED:
		break;
	case FAULT_MAPERR:
		signal_force(k, p, GUEST_SIGSEGV, GUEST_SEGV_MAPERR, va);
		break;
	case FAULT_ACCERR:
		signal_force(k, p, GUEST_SIGSEGV, GUEST_SEGV_ACCERR, va);
		break;
	case FAULT_BUS:
		signal_force(k, p, GUEST_SIGBUS, GUEST_BUS_ADRERR, va);
		break;
	case FAULT_NOMEM:
		if (!k->quiet)
			fprintf(stderr,
				"p2msim: out of guest memory: process "
				"%d is killed\n",
				p->pid);
		signal_force(k, p, GUEST_SIGKILL, GUEST_SI_KERNEL, 0);
		break;
	}
}

/* BRK is a trap, a PC of no instruction a bus error, the rest is illegal. */
static void fault_instruction(struct linux_kernel *k, struct process *p)
{
	uint32_t word = 0;

	(void)user_read(k, &word, p->regs.pc & ~UINT64_C(3), sizeof(word));
	if (p->regs.pc & 3)
		signal_force(k, p, GUEST_SIGBUS, GUEST_BUS_ADRALN, p->regs.pc);
	else if ((word & 0xffe0001f) == 0xd4200000)
		signal_force(k, p, GUEST_SIGTRAP, GUEST_TRAP_BRKPT, p->regs.pc);
	else
		signal_force(k, p, GUEST_SIGILL, GUEST_ILL_ILLOPC, p->regs.pc);
}

static bool kernel_fault(void *context, struct machine_cpu *cpu,
			 struct guest_regs *regs, const struct arm_fault *fault,
			 struct error_line *died)
{
	struct linux_kernel *k = context;
	struct process *p = k->current;
	uint64_t esr = fault ? arm_fault_esr(fault, 1, true) : 0;

	p->regs = *regs;
	p->call.active = false;
	/* A replay expects its models to report what is named a fault. Of
	 * memory that is not Device, the CPU itself finds misalignment. */
	machine_kernel_enter(k->m, cpu,
			     fault && fault->kind != ARM_FAULT_ALIGNMENT
				     ? "fault"
				     : "exception",
			     esr, fault ? fault->va.raw : regs->pc);
	if (!fault)
		fault_instruction(k, p);
	else if (fault->kind == ARM_FAULT_TRANSLATION ||
		 fault->kind == ARM_FAULT_PERMISSION ||
		 fault->kind == ARM_FAULT_ACCESS_FLAG)
		fault_memory(k, p, fault);
	else
		signal_force(k, p, GUEST_SIGBUS,
			     fault->kind == ARM_FAULT_ALIGNMENT
				     ? GUEST_BUS_ADRALN
				     : GUEST_BUS_ADRERR,
			     fault->va.raw);
	return kernel_leave(k, regs, died);
}

/* ---- boot ---- */

static bool streams_open(struct linux_kernel *k, struct process *p)
{
	static const int flags[3] = { 0, GUEST_O_WRONLY, GUEST_O_WRONLY };
	int i;

	p->files = fd_table_new();
	for (i = 0; p->files && i < 3; i++) {
		if (k->fd[i] >= 0)
			p->files->file[i] = file_stream(k->fd[i], flags[i]);
	}
	return p->files != NULL;
}

static char *guest_path_of(const char *argument)
{
	size_t bytes = strlen(argument) + 2;
	char *path = malloc(bytes);

	if (path)
		snprintf(path, bytes, "%s%s", argument[0] == '/' ? "" : "/",
			 argument);
	return path;
}

static int first_process(struct linux_kernel *k, const struct elf_image *elf,
			 const struct linux_options *options)
{
	static const char *const environment[] = {
		"PATH=/bin:/usr/bin", "HOME=/",	  "PWD=/",
		"TERM=dumb",	      "LC_ALL=C", NULL,
	};
	struct process *p = process_new(k);
	struct image *image;
	const char **argv;
	char *path;
	int error = -ENOMEM;

	if (!p)
		return -ENOMEM;
	p->parent = 1;
	p->group = p->session = p->pid;
	p->umask = 022;
	p->altstack.flags = GUEST_SS_DISABLE;
	p->cwd = strdup("/");
	argv = calloc((size_t)options->argc + 1, sizeof(*argv));
	path = guest_path_of(options->argv[0]);
	image = path ? image_new(k, elf, false, path) : NULL;
	if (p->cwd && argv && image && streams_open(k, p)) {
		memcpy(argv, options->argv,
		       (size_t)options->argc * sizeof(*argv));
		k->current = p;
		error = exec_load(k, p, image, argv, environment,
				  options->argv[0]);
	}
	free(path);
	free(argv);
	return error;
}

static bool kernel_boot(struct linux_kernel *k, const struct elf_image *elf,
			const struct linux_options *options,
			struct error_line *error)
{
	int result;

	machine_kernel_enter(k->m, k->cpu, "boot", 0, 0);
	if (!frames_init(k) || !tables_boot(k) ||
	    !frame_alloc(k, &k->zero_frame))
		return error_set(
			error, k->stopped ? k->death.exit_code : EXIT_INPUT,
			"%s",
			k->stopped
				? k->death.text
				: "guest.ram_mib: too little for the simulated "
				  "kernel");
	frame_zero(k, k->zero_frame);
	result = first_process(k, elf, options);
	if (k->stopped) {
		*error = k->death;
		return false;
	}
	if (result)
		return error_set(error, EXIT_INPUT, "%s: cannot be started: %s",
				 options->argv[0], strerror(-result));
	machine_kernel_return(k->m, k->cpu, 0);
	return true;
}

struct linux_kernel *linux_new(struct machine *m, const struct elf_image *image,
			       const struct linux_options *options,
			       struct error_line *error)
{
	struct linux_kernel *k = calloc(1, sizeof(*k));

	if (!k || !(k->bounce = malloc(BOUNCE_BYTES))) {
		free(k);
		error_set(error, EXIT_IO, "out of memory");
		return NULL;
	}
	k->m = m;
	k->cpu = &m->cpu[0];
	k->quiet = options->quiet;
	k->fd[0] = options->fd_in;
	k->fd[1] = options->fd_out;
	k->fd[2] = options->fd_err;
	k->random = m->config.seed;
	k->next_asid = 1;
	k->next_pid = FIRST_PID;
	k->next_inode = 1000;
	k->ops = (struct guest_kernel){ .context = k,
					.svc = kernel_svc,
					.fault = kernel_fault };
	k->root_fd = open(options->root ? options->root : ".",
			  O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (k->root_fd < 0)
		error_set(error, EXIT_INPUT, "--root %s: %s",
			  options->root ? options->root : ".", strerror(errno));
	if (k->root_fd >= 0 && kernel_boot(k, image, options, error))
		return k;
	linux_free(k);
	return NULL;
}

/* The machine may be past running here: nothing is counted any more. */
void linux_free(struct linux_kernel *k)
{
	size_t i;

	if (!k)
		return;
	k->stopped = true;
	k->guest = NULL;
	for (i = 0; i < k->processes; i++) {
		if (k->process[i])
			process_abandon(k, k->process[i]);
	}
	images_free(k);
	tmp_free_all(k);
	frames_fini(k);
	if (k->root_fd >= 0)
		close(k->root_fd);
	free(k->process);
	free(k->bounce);
	free(k);
}

const struct guest_kernel *linux_ops(struct linux_kernel *k)
{
	return &k->ops;
}

void linux_attach(struct linux_kernel *k, struct guest *g)
{
	k->guest = g;
	k->fp_owner = k->current;
}

bool linux_killed(const struct linux_kernel *k, struct error_line *error)
{
	int signal = k->initial_status & 0x7f;

	if (!k->m->ended || !signal)
		return false;
	error_set(error, EXIT_GUEST,
		  "the guest was killed by signal %d (%s) at pc 0x%llx", signal,
		  signal_name(signal), (unsigned long long)k->initial_pc);
	return true;
}

void linux_start(struct linux_kernel *k, struct guest_regs *regs)
{
	*regs = k->current->regs;
}
