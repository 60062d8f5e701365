/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A simulated kernel without a CPU: the tests make its system calls and its
 * page faults, and look at user memory through the Arm model's walker, which
 * shares no code with what builds the tables.
 */
#ifndef TESTS_UNIT_SIM_LINUX_FIXTURE_H
#define TESTS_UNIT_SIM_LINUX_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/guest/linux/process.h"

enum nr {
	NR_mkdirat = 34,
	NR_unlinkat = 35,
	NR_symlinkat = 36,
	NR_chdir = 49,
	NR_openat = 56,
	NR_close = 57,
	NR_pipe2 = 59,
	NR_read = 63,
	NR_write = 64,
	NR_readlinkat = 78,
	NR_exit_group = 94,
	NR_kill = 129,
	NR_rt_sigaction = 134,
	NR_rt_sigprocmask = 135,
	NR_rt_sigreturn = 139,
	NR_getpid = 172,
	NR_munmap = 215,
	NR_brk = 214,
	NR_mremap = 216,
	NR_clone = 220,
	NR_mmap = 222,
	NR_mprotect = 226,
	NR_wait4 = 260,
};

struct fixture {
	char base[64], root[80]; /* the root is base/root */
	struct machine_config config;
	struct machine *m;
	struct elf_image image;
	uint8_t code[PAGE_BYTES];
	struct linux_kernel *k;
	const struct guest_kernel *ops;
	struct guest_regs regs;
	struct error_line error;
	bool running;
};

#define CODE_VA UINT64_C(0x400000)
#define DATA_VA UINT64_C(0x410000)

static inline struct fixture *fixture_new(void)
{
	struct fixture *f = calloc(1, sizeof(*f));
	const struct config_set sets[] = { { "guest.ram_mib=16" } };
	static const char *const argv[] = { "/prog", "one", "two" };
	struct linux_options options = { .root = f->root,
					 .argc = 3,
					 .argv = argv,
					 .quiet = true,
					 .fd_in = -1,
					 .fd_out = -1,
					 .fd_err = -1 };

	strcpy(f->base, "/tmp/p2msim-test-XXXXXX");
	assert_non_null(mkdtemp(f->base));
	snprintf(f->root, sizeof(f->root), "%s/root", f->base);
	assert_int_equal(mkdir(f->root, 0755), 0);
	if (!config_load(&f->config, "tiny", NULL, sets, 1, NULL, &f->error))
		fail_msg("%s", f->error.text);
	f->m = machine_new(&f->config, &f->error);
	assert_non_null(f->m);
	assert_true(machine_boot(f->m, &f->error));
	memset(f->code, 0x5a, sizeof(f->code));
	f->image = (struct elf_image){ .entry = CODE_VA,
				       .segments = 2,
				       .file = f->code,
				       .file_bytes = sizeof(f->code) };
	f->image.segment[0] = (struct elf_segment){ .vaddr = CODE_VA,
						    .file_bytes = PAGE_BYTES,
						    .memory_bytes = PAGE_BYTES,
						    .r = true,
						    .x = true };
	f->image.segment[1] =
		(struct elf_segment){ .vaddr = DATA_VA,
				      .file_bytes = 100,
				      .memory_bytes = 3 * PAGE_BYTES,
				      .r = true,
				      .w = true };
	f->k = linux_new(f->m, &f->image, &options, &f->error);
	if (!f->k)
		fail_msg("%s", f->error.text);
	f->ops = linux_ops(f->k);
	linux_start(f->k, &f->regs);
	f->running = true;
	return f;
}

static inline void fixture_free(struct fixture *f)
{
	char command[128];

	linux_free(f->k);
	machine_free(f->m);
	config_fini(&f->config);
	snprintf(command, sizeof(command), "rm -rf %s", f->base);
	assert_int_equal(system(command), 0);
	free(f);
}

/* The system call of whoever runs; the result is that of whoever runs then. */
static inline int64_t call(struct fixture *f, enum nr nr, uint64_t a0,
			   uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4,
			   uint64_t a5)
{
	const uint64_t a[6] = { a0, a1, a2, a3, a4, a5 };

	assert_true(f->running);
	memcpy(f->regs.x, a, sizeof(a));
	f->regs.x[8] = nr;
	f->regs.pc += 4;
	f->running = f->ops->svc(f->ops->context, &f->m->cpu[0], &f->regs,
				 &f->error);
	return (int64_t)f->regs.x[0];
}

/* What EL0 would touch: the walker's answer, faults handled by the kernel as
 * long as it says so. NULL: the fault ended this process. */
static inline uint8_t *touch(struct fixture *f, uint64_t va,
			     unsigned int access)
{
	struct machine_cpu *cpu = &f->m->cpu[0];
	struct process *before = f->k->current;
	struct arm_translation t;
	struct arm_fault fault;
	int tries = 0;

	while (!arm_mmu_probe(&cpu->mmu, (va_t){ va }, access | ARM_ACCESS_EL0,
			      &t, &fault, NULL)) {
		assert_true(tries++ < 4);
		fault.va = (va_t){ va };
		fault.access = access | ARM_ACCESS_EL0;
		f->running = f->ops->fault(f->ops->context, cpu, &f->regs,
					   &fault, &f->error);
		if (!f->running || f->k->current != before)
			return NULL;
	}
	return ram_host(&f->m->ram, t.pa);
}

static inline uint64_t load(struct fixture *f, uint64_t va)
{
	uint8_t *at = touch(f, va, ARM_ACCESS_READ);
	uint64_t value;

	assert_non_null(at);
	memcpy(&value, at, sizeof(value));
	return value;
}

static inline void store(struct fixture *f, uint64_t va, uint64_t value)
{
	uint8_t *at = touch(f, va, ARM_ACCESS_WRITE);

	assert_non_null(at);
	memcpy(at, &value, sizeof(value));
}

static inline void store_text(struct fixture *f, uint64_t va, const char *text)
{
	size_t i;

	for (i = 0; i <= strlen(text); i++)
		*touch(f, va + i, ARM_ACCESS_WRITE) = (uint8_t)text[i];
}

static inline uint64_t map_pages(struct fixture *f, uint64_t pages)
{
	int64_t at = call(f, NR_mmap, 0, pages * PAGE_BYTES,
			  GUEST_PROT_READ | GUEST_PROT_WRITE,
			  GUEST_MAP_PRIVATE | GUEST_MAP_ANONYMOUS, ~0ULL, 0);

	assert_true(at > 0);
	return (uint64_t)at;
}

static inline int fixture_setup(void **state)
{
	*state = fixture_new();
	return 0;
}

static inline int fixture_teardown(void **state)
{
	fixture_free(*state);
	return 0;
}

#endif
