/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between the files of sim/guest: one CPU as Unicorn executes it, and the
 * guest they form. Nothing here names Unicorn; cpu_unicorn.c does.
 */
#ifndef SIM_GUEST_VCPU_H
#define SIM_GUEST_VCPU_H

#include "sim/guest/decode.h"
#include "sim/guest/guest.h"

/* Why a CPU came back from executing. */
enum vcpu_stop {
	VCPU_BUDGET,	/* its instructions, cycles or turn are used up, or
			 * the machine has ended */
	VCPU_FAULT,	/* vcpu->fault was taken at PC */
	VCPU_EXCEPTION, /* vcpu->exception, QEMU's number */
	VCPU_WFI,
	VCPU_BROKEN, /* Unicorn: vcpu->broken says what */
};

/* vcpu->exception beside QEMU's numbers: a branch to no multiple of 4; an
 * instruction while PSTATE.IL is set. */
#define VCPU_PC_ALIGNMENT  256
#define VCPU_ILLEGAL_STATE 257
#define VCPU_MISALIGNED	   258 /* vcpu->fault, before any translation */

/* What to do before the next block is executed. */
enum vcpu_attention {
	ATTENTION_FLUSH_TLB = 1 << 0,
	ATTENTION_FLUSH_CODE = 1 << 1,
	ATTENTION_YIELD = 1 << 2,   /* WFE, YIELD: let another CPU on */
	ATTENTION_MACHINE = 1 << 3, /* machine has ended or cannot go on */
	ATTENTION_ILLEGAL = 1 << 4, /* PSTATE.IL: nothing is executed */
};

/* PSTATE as SPSR_EL1 holds it, DDI0487 L.b C5.2.19. */
#define PSTATE_SPSEL	  UINT64_C(1)
#define PSTATE_EL(pstate) ((unsigned int)((pstate) >> 2 & 3))
#define PSTATE_IL	  (UINT64_C(1) << 20)
/* Flags, SS, IL, masks, mode; not BTYPE and others that no CPU here has. */
#define PSTATE_MODELLED	   UINT64_C(0xf03003df)
#define PSTATE_EL1H_MASKED UINT64_C(0x3c5) /* DAIF set, EL1h */

/* Generic timer registers: they hold what they are given and never fire. */
struct vcpu_timer {
	uint64_t ctl, cval;
};

struct vcpu {
	struct guest *g;
	struct machine *m;
	struct machine_cpu *cpu;
	struct engine *engine; /* cpu_unicorn.c's own */

	enum vcpu_stop stop;
	unsigned int attention; /* enum vcpu_attention */
	struct arm_fault fault; /* VCPU_FAULT */
	unsigned int exception;
	const char *broken;
	bool code_stale;  /* IC since; flushed at a context synchronisation */
	bool exclusive;	  /* may hold an exclusive monitor */
	bool trap_faults; /* the trap that comes next is vcpu->fault */

	/* The last exception taken, to tell one that leads nowhere. */
	struct {
		uint64_t pc, esr, far, vector;
		uint64_t blocks; /* executed when it was taken */
		unsigned int repeats;
	} last;

	uint64_t csselr;
	struct vcpu_timer timer[2]; /* physical, virtual */
};

struct guest {
	struct machine *m;
	const struct guest_kernel *kernel;
	struct vcpu *vcpu; /* one for each CPU */
	unsigned int current;
};

/* ---- cpu_unicorn.c ---- */

bool vcpu_init(struct vcpu *v, struct error_line *error);
void vcpu_fini(struct vcpu *v);

/* Execute until something stops it; at most about `budget` instructions, and,
 * if slice_end is not 0, until the CPU's cycles (1/1024) reach it. */
enum vcpu_stop vcpu_run(struct vcpu *v, uint64_t budget, uint64_t slice_end);
/* Blocks executed so far. */
uint64_t vcpu_blocks(const struct vcpu *v);
/* A page became one whose stores are watched. */
void vcpu_watch(struct vcpu *v, gfn_t gfn);
/* Forget the exclusive monitor, as when another CPU ran. */
void vcpu_clear_exclusive(struct vcpu *v);
/* The code in the frame of `line` may have changed (NULL: any code): what was
 * translated from it goes with the next ATTENTION_FLUSH_CODE. */
void vcpu_code_changed(struct vcpu *v, const pa_t *line);
/* Do what v->attention asks of soft TLB and code; outside of emulation. */
void vcpu_flush(struct vcpu *v);

uint64_t vcpu_x(const struct vcpu *v, unsigned int number);
void vcpu_x_set(struct vcpu *v, unsigned int number, uint64_t value);
uint64_t vcpu_pc(const struct vcpu *v);
void vcpu_pc_set(struct vcpu *v, uint64_t value);
uint64_t vcpu_sp(const struct vcpu *v);
void vcpu_sp_set(struct vcpu *v, uint64_t value);
uint64_t vcpu_pstate(const struct vcpu *v);
void vcpu_pstate_set(struct vcpu *v, uint64_t value);
/* Unicorn's own copy of a system register, by ARM_SYSREG encoding. */
uint64_t vcpu_sys(const struct vcpu *v, unsigned int reg);
void vcpu_sys_set(struct vcpu *v, unsigned int reg, uint64_t value);
/* cpu->el was changed by other hands than Unicorn's. */
void vcpu_el_changed(struct vcpu *v);

/* ---- sysreg.c: what a guest's system instructions mean ---- */

enum sys_outcome {
	SYS_NATIVE, /* let Unicorn do it */
	SYS_DONE,
};
/* The MRS reads `reg`; SYS_DONE: *value is the answer. */
enum sys_outcome sysreg_read(struct vcpu *v, unsigned int reg, uint64_t *value);
enum sys_outcome sysreg_write(struct vcpu *v, unsigned int reg, uint64_t value);
/* SYS other than DC ZVA: TLBI, AT, IC, DC. */
enum sys_outcome sys_execute(struct vcpu *v, unsigned int op, uint64_t value);
#define SYS_DC_ZVA ARM_SYSREG(1, 3, 7, 4, 1)
/* May EL0 make cache maintenance (0) or DC ZVA (1)? */
bool sysreg_el0_may(const struct vcpu *v, bool zva);
/* Does CPACR_EL1 trap SIMD and floating point from this EL? Unicorn never
 * does. */
bool sysreg_fp_traps(const struct vcpu *v);
/* The trap that sys_execute asked for has been taken. */
void sysreg_untrap(struct vcpu *v);
/* SCTLR_EL1.A: every access is aligned, or faults. */
static inline bool sysreg_aligned(const struct vcpu *v)
{
	return v->cpu->mmu.regs.sctlr & 2;
}
/* A reset: registers as the guest finds them at its entry. */
void sysreg_reset(struct vcpu *v);
/* In hooks: the soft TLB of this CPU, at once. cpu_unicorn.c. */
void vcpu_forget_translations(struct vcpu *v);

/* ---- exception.c ---- */

/* False: the guest cannot go on; *error says why. */
bool exception_deliver_fault(struct vcpu *v, struct error_line *error);
bool exception_deliver(struct vcpu *v, struct error_line *error);

/* ---- semihosting.c ---- */

/* HLT #0xf000 at PC: done, PC is after it. */
void semihosting_call(struct vcpu *v);

/* ---- schedule.c ---- */

void schedule_start_cpu(struct guest *g, unsigned int index, uint64_t entry,
			uint64_t x0);

/* The word of code at `pc`, as an instruction fetch would see it; 0 (which is
 * undefined) if it cannot be read. Uncounted. */
uint32_t guest_code_word(struct vcpu *v, uint64_t pc);
/* A copy by VA as the CPU sees memory now, uncounted. False if any byte is
 * not accessible guest memory. */
bool guest_read(struct vcpu *v, uint64_t va, void *to, size_t bytes);
bool guest_write(struct vcpu *v, uint64_t va, const void *from, size_t bytes);

#endif
