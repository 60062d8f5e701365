/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What executes: Unicorn CPUs driving a machine. One file, cpu_unicorn.c,
 * includes Unicorn's header. Issue A.
 */
#ifndef SIM_GUEST_GUEST_H
#define SIM_GUEST_GUEST_H

#include "sim/machine/machine.h"

struct guest;

/* Why execution returned. */
enum guest_end {
	GUEST_ENDED,	    /* by its own will: machine->exit_status */
	GUEST_LIMIT,	    /* instructions or seconds */
	GUEST_DIED,	    /* jumped nowhere, faults in its fault handler, all
			     * CPUs wait for ever, ... : *error says which */
	GUEST_NOT_MODELLED, /* *error says what */
	GUEST_UNHEARD,	    /* its console or its trace cannot be written any
			     * more: *error says which */
};

struct guest_limits {
	uint64_t instructions; /* 0: none */
	double seconds;	       /* 0: none */
};

/* Registers of one CPU as a simulated kernel sees them. */
struct guest_regs {
	uint64_t x[31], sp, pc, pstate, tpidr;
};

/*
 * A kernel in the guest's place (--linux): EL0 runs, and what would be taken
 * to EL1 comes here instead. NULL functions table: bare metal, exceptions are
 * taken to the guest's own EL1.
 */
struct guest_kernel {
	void *context;
	/* SVC: registers may be changed; PC is after the instruction. False:
	 * stop (machine->ended, or *died says why). */
	bool (*svc)(void *context, struct machine_cpu *cpu,
		    struct guest_regs *regs, struct error_line *died);
	/* A stage-1 fault of data or fetch at EL0, or undefined instruction
	 * (fault NULL): true to go on at regs->pc. */
	bool (*fault)(void *context, struct machine_cpu *cpu,
		      struct guest_regs *regs, const struct arm_fault *fault,
		      struct error_line *died);
};

/* NULL: *error says why. `kernel` may be NULL. The machine outlives it. */
struct guest *guest_new(struct machine *m, const struct guest_kernel *kernel,
			struct error_line *error);
void guest_free(struct guest *g);

/* Start CPU 0: EL1 with MMU off at `entry` with x0; or, with a kernel, EL0
 * with the registers it gives. */
void guest_start(struct guest *g, uint64_t entry, uint64_t x0);
void guest_start_el0(struct guest *g, const struct guest_regs *regs);

/* Run until it ends. */
enum guest_end guest_run(struct guest *g, const struct guest_limits *limits,
			 struct error_line *error);

/* Guest memory's code or mapping was changed behind Unicorn's back (kernel
 * wrote code, dropped a mapping): forget what was cached from it. */
void guest_flush_translations(struct guest *g);
void guest_flush_code(struct guest *g);

/* Vector registers, for a kernel that switches processes. */
struct guest_fp {
	uint64_t v[32][2];
	uint32_t fpcr, fpsr;
};
void guest_fp_get(struct guest *g, const struct machine_cpu *cpu,
		  struct guest_fp *fp);
void guest_fp_put(struct guest *g, const struct machine_cpu *cpu,
		  const struct guest_fp *fp);

/* ---- loader.c: ELF64 AArch64 by libelf ---- */

/* An executable mapped for reading; segments validated. */
struct elf_segment {
	uint64_t vaddr, paddr, file_offset, file_bytes, memory_bytes, align;
	bool r, w, x;
};
struct elf_image {
	uint64_t entry;
	uint64_t phdr_vaddr; /* where program headers are in memory, or 0 */
	uint16_t phnum;
	bool pie; /* ET_DYN without interpreter */
	struct elf_segment segment[32];
	unsigned int segments;
	const uint8_t *file;
	uint64_t file_bytes;
	char sha256[65];
	void *private_data;
};
/* False: *error, exit code 3: truncated, other architecture, overlapping
 * segments, hostile headers, entry misaligned or outside a loaded executable
 * segment, dynamic. */
bool elf_open(struct elf_image *image, const char *path,
	      struct error_line *error);
void elf_close(struct elf_image *image);
/* Copy the segments to guest RAM at their physical addresses; exit code 3 if
 * one is outside it. */
bool elf_load_physical(const struct elf_image *image, struct machine *m,
		       struct error_line *error);
/* Where the entry stands when the segments were loaded so. */
uint64_t elf_entry_physical(const struct elf_image *image);

#endif
