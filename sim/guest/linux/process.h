/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Processes of the simulated kernel: one CPU, one thread each.
 */
#ifndef SIM_GUEST_LINUX_PROCESS_H
#define SIM_GUEST_LINUX_PROCESS_H

#include "sim/guest/linux/files.h"
#include "sim/guest/linux/kernel.h"

enum process_state { PROCESS_RUNNABLE, PROCESS_BLOCKED, PROCESS_ZOMBIE };

/* What a blocked process waits for. */
enum wait_for {
	WAIT_NOTHING,
	WAIT_PIPE_DATA,	 /* pipe */
	WAIT_PIPE_SPACE, /* pipe */
	WAIT_CHILD,
	WAIT_VFORK,  /* child */
	WAIT_SIGNAL, /* for ever, but for signals */
	WAIT_POLL,   /* any of its descriptors, or until */
	WAIT_UNTIL,  /* until_ns */
};

struct process_wait {
	enum wait_for what;
	struct pipe *pipe;
	uint64_t until_ns; /* UINT64_MAX: for ever */
};

/* The system call being made: kept while it is blocked, then made again. */
struct process_call {
	bool active;
	bool restart_saved_mask; /* rt_sigsuspend, ppoll: put saved_mask back */
	uint64_t number, a[6];
	uint64_t done;	      /* bytes that an earlier attempt moved */
	uint64_t deadline_ns; /* 0: not set yet */
};

/* What a poll waits for, to be looked at without the process. */
#define POLL_MAX 128
struct process_poll {
	unsigned int count;
	int fd[POLL_MAX];
	int16_t events[POLL_MAX];
};

struct image; /* an executable, kept for /proc/self/exe and its page cache */

struct process {
	int pid, parent, group, session;
	enum process_state state;
	struct process_wait wait;
	struct process_call call;
	struct guest_regs regs;
	struct guest_fp fp;
	struct mm *mm;
	struct fd_table *files;
	struct image *image;
	char *cwd; /* as the guest sees it, absolute */
	char name[16];
	uint32_t umask;
	uint64_t cycles, children_cycles;

	struct guest_sigaction action[GUEST_SIGNALS + 1];
	struct guest_siginfo info[GUEST_SIGNALS + 1];
	uint64_t pending, blocked, saved_mask;
	struct guest_stack altstack;

	uint64_t clear_tid, set_tid;
	int status;	 /* of wait4, once a zombie */
	int exit_signal; /* to the parent */
	bool vfork_child, yielded;
	bool tagged_abi; /* PR_SET_TAGGED_ADDR_CTRL: calls take tags, too */
	struct process_poll poll;
};

/* Values of system calls that are not results. */
#define RESULT_BLOCK INT64_MIN	     /* wait is set: make the call again */
#define RESULT_NONE  (INT64_MIN + 1) /* registers are as they should be */

typedef int64_t (*syscall_handler)(struct linux_kernel *k, const uint64_t a[6]);
struct syscall_entry {
	const char *name;
	syscall_handler handler; /* NULL: known by name only */
};
/* NULL: no such number. */
const struct syscall_entry *syscall_find(uint64_t number);

/* Says once, unless --quiet, that this call (`what`: of this sort) is answered
 * with ENOSYS. kernel.c */
void kernel_not_modelled(struct linux_kernel *k, uint64_t number,
			 const char *what);

/* ---- process.c ---- */

struct process *process_new(struct linux_kernel *k);
struct process *process_by_pid(struct linux_kernel *k, int pid);
/* Frees everything but the status; the parent is told. */
void process_exit(struct linux_kernel *k, struct process *p, int status);
void process_free(struct linux_kernel *k, struct process *p);
/* Frees what the host holds for it, without the machine. */
void process_abandon(struct linux_kernel *k, struct process *p);
/* A vfork parent goes on: its child has another address space, or is gone. */
void process_release_vfork(struct linux_kernel *k, struct process *p);

/* ---- schedule.c ---- */

int64_t process_block(struct linux_kernel *k, enum wait_for what,
		      struct pipe *pipe);
/* What p waits for has come (a signal aside). */
bool wait_is_over(struct linux_kernel *k, const struct process *p);
/* Choose who runs next and install it. False: nobody will ever run again. */
bool schedule_next(struct linux_kernel *k);
void schedule_install(struct linux_kernel *k, struct process *p);
/* The current process has had its slice and another could run. */
bool schedule_due(struct linux_kernel *k);
void schedule_fp_save(struct linux_kernel *k, struct process *p);
void schedule_fp_load(struct linux_kernel *k, struct process *p);
/* Cycles of the current process so far, this slice included. */
uint64_t schedule_cycles(const struct linux_kernel *k, const struct process *p);

/* ---- poll.c ---- */

bool poll_ready(const struct process *p);

/* ---- exec.c ---- */

struct image *image_new(struct linux_kernel *k, const struct elf_image *elf,
			bool owned, const char *guest_path);
void images_free(struct linux_kernel *k);
const char *image_path(const struct image *image);
/* Give `p` a new address space with the image and its stack. `arguments` and
 * `environment` are NULL-terminated. 0 or a negative errno with the old one
 * still in place. */
int exec_load(struct linux_kernel *k, struct process *p, struct image *image,
	      const char *const *arguments, const char *const *environment,
	      const char *filename);

/* ---- signal.c ---- */

void signal_send(struct linux_kernel *k, struct process *p, int signal,
		 const struct guest_siginfo *info);
/* A fault of the process itself: cannot be blocked or ignored. */
void signal_force(struct linux_kernel *k, struct process *p, int signal,
		  int code, uint64_t address);
/* Something would happen if it returned to user space now. */
bool signal_due(const struct process *p);
/* On the way to user space: deliver what is pending. May end the process. */
void signal_deliver(struct linux_kernel *k, struct process *p);
/* Handlers back to default, as execve does. */
void signal_exec(struct process *p);
bool signal_ignored(const struct process *p, int signal);
/* "SIGSEGV"; "real-time" for those that have only a number. */
const char *signal_name(int signal);

static inline uint64_t signal_bit(int signal)
{
	return UINT64_C(1) << (signal - 1);
}

/* A user address without the tag that TCR_EL1.TBI0 lets it carry; addresses of
 * the kernel's half are as they were. */
static inline uint64_t untagged(uint64_t va)
{
	return va & (uint64_t)((int64_t)(va << 8) >> 8);
}

#endif
