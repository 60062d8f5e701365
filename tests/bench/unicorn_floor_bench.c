/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The floor that `run` is held against: the same guest on Unicorn with empty
 * memory and block hooks, its own MMU on, nothing modelled.
 *   unicorn_floor_bench GUEST.elf [ARG...]
 * prints the seconds that the guest took. Console output is dropped.
 */
#include <fcntl.h>
#include <libelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unicorn/unicorn.h>
#include <unistd.h>

#include "sim/guest/guest.h"

#define RAM_BYTES (UINT64_C(256) << 20)
#define HLT_SEMIHOSTING 0xd45e0000U
#define HVC_0 0xd4000002U

static uint8_t *ram;
static char command_line[256];

static void check(uc_err e, const char *what)
{
	if (e != UC_ERR_OK) {
		fprintf(stderr, "unicorn_floor_bench: %s: %s\n", what,
			uc_strerror(e));
		exit(1);
	}
}

static void on_block(uc_engine *uc, uint64_t va, uint32_t bytes, void *user)
{
	(void)uc, (void)va, (void)bytes, (void)user;
}

static void on_memory(uc_engine *uc, uc_mem_type type, uint64_t address,
		      int size, int64_t value, void *user)
{
	(void)uc, (void)type, (void)address, (void)size, (void)value;
	(void)user;
}

static uint64_t uart_read(uc_engine *uc, uint64_t offset, unsigned int size,
			  void *user)
{
	(void)uc, (void)size, (void)user;
	return offset == 0x18 ? 0x90 : 0;
}

static void uart_write(uc_engine *uc, uint64_t offset, unsigned int size,
		       uint64_t value, void *user)
{
	(void)uc, (void)offset, (void)size, (void)value, (void)user;
}

static uint64_t reg(uc_engine *uc, int id)
{
	uint64_t v = 0;

	uc_reg_read(uc, id, &v);
	return v;
}

static void set(uc_engine *uc, int id, uint64_t v)
{
	uc_reg_write(uc, id, &v);
}

/* Guests map their memory one to one. */
static bool semihosting(uc_engine *uc)
{
	uint64_t op = reg(uc, UC_ARM64_REG_X0), block[2];
	uint64_t at = reg(uc, UC_ARM64_REG_X1);

	if (op == 0x18 || op == 0x20)
		return false; /* SYS_EXIT */
	if (op == 0x15) {     /* SYS_GET_CMDLINE */
		memcpy(block, ram + (at - GUEST_RAM_BASE), sizeof(block));
		memcpy(ram + (block[0] - GUEST_RAM_BASE), command_line,
		       strlen(command_line) + 1);
		block[1] = strlen(command_line);
		memcpy(ram + (at - GUEST_RAM_BASE), block, sizeof(block));
	}
	set(uc, UC_ARM64_REG_X0, 0);
	return true;
}

static void on_interrupt(uc_engine *uc, uint32_t number, void *user)
{
	uint64_t pc = reg(uc, UC_ARM64_REG_PC);
	uint32_t word = 0;

	(void)number, (void)user;
	uc_mem_read(uc, pc, &word, sizeof(word));
	if (word == HVC_0 && reg(uc, UC_ARM64_REG_X0) != 0x84000008) {
		set(uc, UC_ARM64_REG_X0, ~UINT64_C(0));
	} else if (word != HLT_SEMIHOSTING || !semihosting(uc)) {
		uc_emu_stop(uc);
		return;
	}
	set(uc, UC_ARM64_REG_PC, pc + 4);
}

static void write_cp(uc_engine *uc, unsigned int op1, unsigned int crn,
		     unsigned int crm, unsigned int op2, uint64_t value)
{
	uc_arm64_cp_reg cp = { .crn = crn, .crm = crm, .op0 = 3, .op1 = op1,
			       .op2 = op2, .val = value };

	check(uc_reg_write(uc, UC_ARM64_REG_CP_REG, &cp), "register");
}

/* Unicorn takes callbacks as object pointers, which ISO C has no cast for. */
static void add_hook(uc_engine *uc, int type, void (*callback)(void))
{
	union {
		void (*function)(void);
		void *object;
	} pointer = { .function = callback };
	uc_hook hook;

	check(uc_hook_add(uc, &hook, type, pointer.object, NULL, 1, 0),
	      "hook");
}

static uint64_t load(const char *path)
{
	struct elf_image image;
	struct error_line error;

	if (!elf_open(&image, path, &error)) {
		fprintf(stderr, "unicorn_floor_bench: %s\n", error.text);
		exit(1);
	}
	for (unsigned int i = 0; i < image.segments; i++) {
		const struct elf_segment *s = &image.segment[i];

		memcpy(ram + (s->paddr - GUEST_RAM_BASE),
		       image.file + s->file_offset, s->file_bytes);
	}
	return image.entry;
}

int main(int argc, char **argv)
{
	struct timespec a, b;
	uc_engine *uc;
	uint64_t entry;

	if (argc < 2)
		return 2;
	for (int i = 1; i < argc; i++) { /* the path is the first word */
		strncat(command_line, argv[i],
			sizeof(command_line) - strlen(command_line) - 1);
		strncat(command_line, " ",
			sizeof(command_line) - strlen(command_line) - 1);
	}
	ram = mmap(NULL, RAM_BYTES, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	entry = load(argv[1]);
	check(uc_open(UC_ARCH_ARM64, UC_MODE_ARM, &uc), "open");
	check(uc_ctl_set_cpu_model(uc, UC_CPU_ARM64_MAX), "model");
	check(uc_mem_map_ptr(uc, GUEST_RAM_BASE, RAM_BYTES, UC_PROT_ALL, ram),
	      "RAM");
	check(uc_mmio_map(uc, GUEST_UART_BASE, GUEST_UART_BYTES, uart_read,
			  NULL, uart_write, NULL),
	      "UART");
	write_cp(uc, 4, 1, 1, 0, UINT64_C(1) << 31); /* HCR_EL2.RW */
	write_cp(uc, 6, 1, 1, 0, 0x401);	     /* SCR_EL3 */
	add_hook(uc, UC_HOOK_BLOCK, (void (*)(void))on_block);
	add_hook(uc, UC_HOOK_MEM_READ | UC_HOOK_MEM_WRITE,
		 (void (*)(void))on_memory);
	add_hook(uc, UC_HOOK_INTR, (void (*)(void))on_interrupt);
	check(uc_ctl_exits_enable(uc), "exits");
	clock_gettime(CLOCK_MONOTONIC, &a);
	check(uc_emu_start(uc, entry, 0, 0, 0), "run");
	clock_gettime(CLOCK_MONOTONIC, &b);
	printf("%.6f\n", (double)(b.tv_sec - a.tv_sec) +
				 (double)(b.tv_nsec - a.tv_nsec) * 1e-9);
	uc_close(uc);
	return 0;
}
