/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * --linux: the simulator plays an AArch64 Linux kernel for one static
 * executable. It lives in guest memory as a kernel does: stage-1 tables (user
 * ones below TTBR0, its own linear map of all RAM below TTBR1) are built
 * there and walked by the models, and its accesses to guest memory are
 * kernel.access. Issue A.
 */
#ifndef SIM_GUEST_LINUX_LINUX_H
#define SIM_GUEST_LINUX_LINUX_H

#include "sim/guest/guest.h"

struct linux_options {
	const char *root; /* directory that the guest's files are in */
	int argc;
	const char *const *argv;   /* argv[0] is the guest's */
	bool quiet;		   /* do not report unknown system calls */
	int fd_in, fd_out, fd_err; /* what the guest's 0, 1, 2 are */
};

struct linux_kernel;

/* Loads the executable, builds its address space and stack. NULL: *error. */
struct linux_kernel *linux_new(struct machine *m, const struct elf_image *image,
			       const struct linux_options *options,
			       struct error_line *error);
void linux_free(struct linux_kernel *k);
/* For guest_new; then guest_start_el0 with linux_start's registers. */
const struct guest_kernel *linux_ops(struct linux_kernel *k);
void linux_attach(struct linux_kernel *k, struct guest *g);
void linux_start(struct linux_kernel *k, struct guest_regs *regs);
/* The first process ended by a signal: *error names it and the PC. The status
 * is then 128 and the signal's number, as a shell has it. */
bool linux_killed(const struct linux_kernel *k, struct error_line *error);

#endif
