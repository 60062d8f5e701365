/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One CPU executed by Unicorn 2.1.1: the only file that includes its header.
 * Every translation is the machine's (virtual TLB mode): Unicorn asks for the
 * page, we answer with the frame behind it as seen through a window. How the
 * reports are put right, and what was measured of Unicorn, is told in
 * README.md of this folder.
 */
#include <unicorn/unicorn.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "sim/guest/give_up.h"
#include "sim/guest/reports.h"
#include "sim/machine/hypervisor.h"

/* ---- registers ---- */

static const int register_id[31] = {
	UC_ARM64_REG_X0,  UC_ARM64_REG_X1,  UC_ARM64_REG_X2,  UC_ARM64_REG_X3,
	UC_ARM64_REG_X4,  UC_ARM64_REG_X5,  UC_ARM64_REG_X6,  UC_ARM64_REG_X7,
	UC_ARM64_REG_X8,  UC_ARM64_REG_X9,  UC_ARM64_REG_X10, UC_ARM64_REG_X11,
	UC_ARM64_REG_X12, UC_ARM64_REG_X13, UC_ARM64_REG_X14, UC_ARM64_REG_X15,
	UC_ARM64_REG_X16, UC_ARM64_REG_X17, UC_ARM64_REG_X18, UC_ARM64_REG_X19,
	UC_ARM64_REG_X20, UC_ARM64_REG_X21, UC_ARM64_REG_X22, UC_ARM64_REG_X23,
	UC_ARM64_REG_X24, UC_ARM64_REG_X25, UC_ARM64_REG_X26, UC_ARM64_REG_X27,
	UC_ARM64_REG_X28, UC_ARM64_REG_X29, UC_ARM64_REG_X30,
};

static uint64_t read_reg(const struct vcpu *v, int id)
{
	uint64_t value = 0;

	uc_reg_read(v->engine->uc, id, &value);
	return value;
}

static void write_reg(struct vcpu *v, int id, uint64_t value)
{
	uc_reg_write(v->engine->uc, id, &value);
}

uint64_t vcpu_x(const struct vcpu *v, unsigned int number)
{
	return read_reg(v, register_id[number]);
}

void vcpu_x_set(struct vcpu *v, unsigned int number, uint64_t value)
{
	write_reg(v, register_id[number], value);
}

uint64_t vcpu_pc(const struct vcpu *v)
{
	return read_reg(v, UC_ARM64_REG_PC);
}

void vcpu_pc_set(struct vcpu *v, uint64_t value)
{
	write_reg(v, UC_ARM64_REG_PC, value);
}

uint64_t vcpu_sp(const struct vcpu *v)
{
	return read_reg(v, UC_ARM64_REG_SP);
}

void vcpu_sp_set(struct vcpu *v, uint64_t value)
{
	write_reg(v, UC_ARM64_REG_SP, value);
}

uint64_t vcpu_pstate(const struct vcpu *v)
{
	return read_reg(v, UC_ARM64_REG_PSTATE) & PSTATE_MODELLED;
}

void vcpu_pstate_set(struct vcpu *v, uint64_t value)
{
	uint32_t pstate = (uint32_t)value;

	uc_reg_write(v->engine->uc, UC_ARM64_REG_PSTATE, &pstate);
}

static uc_arm64_cp_reg cp_reg(unsigned int reg, uint64_t value)
{
	return (uc_arm64_cp_reg){ .op0 = reg >> 14 & 3,
				  .op1 = reg >> 11 & 7,
				  .crn = reg >> 7 & 15,
				  .crm = reg >> 3 & 15,
				  .op2 = reg & 7,
				  .val = value };
}

uint64_t vcpu_sys(const struct vcpu *v, unsigned int reg)
{
	uc_arm64_cp_reg cp = cp_reg(reg, 0);

	uc_reg_read(v->engine->uc, UC_ARM64_REG_CP_REG, &cp);
	return cp.val;
}

void vcpu_sys_set(struct vcpu *v, unsigned int reg, uint64_t value)
{
	uc_arm64_cp_reg cp = cp_reg(reg, value);

	uc_reg_write(v->engine->uc, UC_ARM64_REG_CP_REG, &cp);
}

void vcpu_el_changed(struct vcpu *v)
{
	v->engine->access = v->cpu->el ? 0 : TRACE_WHAT(0, ARM_ACCESS_EL0);
}

static void guest_fp_transfer(struct guest *g, const struct machine_cpu *cpu,
			      struct guest_fp *fp, bool put)
{
	struct vcpu *v = &g->vcpu[cpu->index];
	uc_engine *uc = v->engine->uc;

	for (int i = 0; i < 32; i++) {
		if (put)
			uc_reg_write(uc, UC_ARM64_REG_V0 + i, fp->v[i]);
		else
			uc_reg_read(uc, UC_ARM64_REG_V0 + i, fp->v[i]);
	}
	if (put) {
		write_reg(v, UC_ARM64_REG_FPCR, fp->fpcr);
		write_reg(v, UC_ARM64_REG_FPSR, fp->fpsr);
	} else {
		fp->fpcr = (uint32_t)read_reg(v, UC_ARM64_REG_FPCR);
		fp->fpsr = (uint32_t)read_reg(v, UC_ARM64_REG_FPSR);
	}
}

void guest_fp_get(struct guest *g, const struct machine_cpu *cpu,
		  struct guest_fp *fp)
{
	guest_fp_transfer(g, cpu, fp, false);
}

void guest_fp_put(struct guest *g, const struct machine_cpu *cpu,
		  const struct guest_fp *fp)
{
	struct guest_fp copy = *fp;

	guest_fp_transfer(g, cpu, &copy, true);
}

/* ---- soft TLB and translated code ---- */

void vcpu_forget_translations(struct vcpu *v)
{
	/* TLBI VMALLE1 as a register write: inside hooks uc_ctl_flush_tlb
	 * would drop the block that is running. */
	vcpu_sys_set(v, ARM_SYSREG(1, 0, 8, 7, 0), 0);
	engine_free_slots(v->engine);
}

/* Unicorn names code by VA: show it the slot where no guest has anything. */
static void drop_code(struct vcpu *v, uint64_t slot, uint64_t turn)
{
	struct engine *e = v->engine;
	uint64_t va = STUB_VA - (turn << FRAME_LG2);

	e->drop_paddr = WINDOW_BASE + (slot << FRAME_LG2);
	e->dropping = true;
	uc_ctl_remove_cache(e->uc, va, va + FRAME_BYTES);
	e->dropping = false;
	e->slot[slot].fetched = false;
}

/* uc_ctl_flush_tb would do, but it clears Unicorn's whole buffer. */
static void flush_code(struct vcpu *v)
{
	struct engine *e = v->engine;
	size_t kept = 0;

	for (size_t i = 0; i < e->fetched_count; i++) {
		if (window_code_changed(e, e->fetched[i]))
			drop_code(v, e->fetched[i], i);
		else
			e->fetched[kept++] = e->fetched[i];
	}
	if (e->fetched_unknown)
		uc_ctl_flush_tb(e->uc);
	e->fetched_count = kept;
	e->changed_count = 0;
	e->changed_all = false;
	v->code_stale = false;
}

void vcpu_flush(struct vcpu *v)
{
	if (v->attention & ATTENTION_FLUSH_CODE)
		flush_code(v);
	if (v->attention & (ATTENTION_FLUSH_CODE | ATTENTION_FLUSH_TLB)) {
		uc_ctl_flush_tlb(v->engine->uc);
		engine_free_slots(v->engine);
	}
	v->attention &=
		~(unsigned int)(ATTENTION_FLUSH_TLB | ATTENTION_FLUSH_CODE);
}

static void stop(struct vcpu *v, enum vcpu_stop why)
{
	v->engine->stopped = true;
	v->stop = why;
	uc_emu_stop(v->engine->uc);
}

/* Before anything at `pc` is executed. */
static void stop_at(struct vcpu *v, uint64_t pc)
{
	v->engine->resume_pc = pc;
	stop(v, VCPU_BUDGET);
}

/* ---- hooks: blocks ---- */

/* An exception instead of the block at `va`. */
static void stop_before(struct vcpu *v, uint64_t va, unsigned int exception)
{
	v->engine->block = NULL;
	v->exception = exception;
	stop_at(v, va);
	v->stop = VCPU_EXCEPTION;
}

/* Something may have to be done first. True: stop before this block. */
static bool block_slow(struct vcpu *v, uint64_t va)
{
	struct engine *e = v->engine;
	bool slice_over =
		e->slice_end && machine_cycles(v->cpu) >= e->slice_end;

	engine_note_machine(v);
	if (v->attention & ATTENTION_ILLEGAL) {
		v->attention &= ~(unsigned int)ATTENTION_ILLEGAL;
		stop_before(v, va, VCPU_ILLEGAL_STATE);
		return true;
	}
	if (v->attention || slice_over || e->budget <= 0) {
		e->block = NULL;
		stop_at(v, va);
		return true;
	}
	/* A slice by cycles is looked at before each block. */
	e->floor = e->slice_end ? INT64_MAX : 1;
	return false;
}

static inline __attribute__((always_inline)) void
open_block(struct vcpu *v, uint64_t va, uint32_t bytes)
{
	struct engine *e = v->engine;
	struct block_info *info = &e->info[va / INSN_BYTES % BLOCK_INFOS];

	if (unlikely(info->va != va || info->bytes != bytes ||
		     info->generation != e->generation))
		block_learn(v, info, va, bytes);
	e->block = info;
	e->block_va = va;
	e->block_end = va + bytes;
	e->cursor = 0;
	e->kinds = info->kinds;
	e->careful = info->careful;
}

/* The rest of a block that has been counted whole. */
static __attribute__((noinline)) void
continue_block(struct vcpu *v, uint64_t va, uint32_t bytes)
{
	v->engine->again = false;
	open_block(v, va, bytes);
	v->engine->careful |= CAREFUL_REPEAT;
}

static void on_block(uc_engine *uc, uint64_t va, uint32_t bytes, void *user)
{
	struct vcpu *v = user;
	struct engine *e = v->engine;
	enum machine_result result;
	struct arm_fault fault;

	(void)uc;
	if (unlikely(e->in_stub || e->stopped))
		return;
	if (unlikely(e->again)) {
		continue_block(v, va, bytes);
		return;
	}
	if (unlikely(e->kinds || e->fault_pending))
		block_settle(v);
	if (unlikely(va & 3)) {
		stop_before(v, va, VCPU_PC_ALIGNMENT);
		return;
	}
	if (unlikely(e->budget < e->floor) && block_slow(v, va))
		return;
	open_block(v, va, bytes);
	e->budget -= bytes / INSN_BYTES;
	e->blocks++;
	result = machine_block_inline(v->m, v->cpu, (va_t){ va }, bytes,
				      bytes / INSN_BYTES, &fault);
	if (unlikely(result == MACHINE_FAULT)) {
		v->fault = fault;
		block_stale_access(v);
	} else if (unlikely(result != MACHINE_OK)) {
		engine_want(v, 0);
	}
}

/* ---- hooks: accesses ---- */

static void on_memory(uc_engine *uc, uc_mem_type type, uint64_t paddr, int size,
		      int64_t value, void *user)
{
	struct vcpu *v = user;
	struct engine *e = v->engine;
	uint64_t index = (paddr - WINDOW_BASE) >> FRAME_LG2;

	(void)uc;
	if (unlikely(index >= e->slots || e->careful))
		report_careful(v, (unsigned int)size, paddr,
			       type == UC_MEM_WRITE, (uint64_t)value);
	else
		report_quick(v, (unsigned int)size, paddr,
			     type == UC_MEM_WRITE, (uint64_t)value);
}

/* Windows of Device memory: the report came first, this decides. */
static bool on_device(uc_engine *uc, uc_mem_type type, uint64_t paddr, int size,
		      int64_t value, void *user)
{
	struct vcpu *v = user;

	(void)uc;
	(void)type;
	(void)paddr;
	(void)size;
	(void)value;
	return !v->engine->fault_pending;
}

/* ---- hooks: translation ---- */

_Static_assert((int)ASK_READ == (int)UC_MEM_READ &&
		       (int)ASK_WRITE == (int)UC_MEM_WRITE &&
		       (int)ASK_FETCH == (int)UC_MEM_FETCH &&
		       (int)MAY_READ == (int)UC_PROT_READ &&
		       (int)MAY_WRITE == (int)UC_PROT_WRITE &&
		       (int)MAY_EXEC == (int)UC_PROT_EXEC,
	       "engine.h names what Unicorn numbers");

static bool on_fill(uc_engine *uc, uint64_t page, uc_mem_type type,
		    uc_tlb_entry *entry, void *user)
{
	struct vcpu *v = user;
	struct fill answer;

	(void)uc;
	if (v->engine->dropping) {
		entry->paddr = v->engine->drop_paddr;
		entry->perms = UC_PROT_READ | UC_PROT_EXEC;
		return true;
	}
	if (v->engine->in_stub) {
		entry->paddr = STUB_BASE;
		entry->perms = UC_PROT_READ | UC_PROT_EXEC;
		return page == ASK_PAGE(STUB_VA);
	}
	if (type == UC_MEM_FETCH ? !fill_code(v, page, &answer)
				 : !fill_data(v, page, (enum ask)type, &answer))
		return false;
	entry->paddr = answer.paddr;
	entry->perms = answer.perms;
	return true;
}

/* ---- hooks: devices, system instructions, exceptions ---- */

static uint64_t on_mmio_read(uc_engine *uc, uint64_t offset, unsigned int size,
			     void *user)
{
	(void)uc;
	return system_device(user, offset, size, false, 0);
}

static void on_mmio_write(uc_engine *uc, uint64_t offset, unsigned int size,
			  uint64_t value, void *user)
{
	(void)uc;
	system_device(user, offset, size, true, value);
}

static unsigned int encoding(const uc_arm64_cp_reg *cp)
{
	return ARM_SYSREG(cp->op0, cp->op1, cp->crn, cp->crm, cp->op2);
}

static uint32_t on_mrs(uc_engine *uc, uc_arm64_reg reg,
		       const uc_arm64_cp_reg *cp, void *user)
{
	uint64_t value;

	if (!system_read(user, encoding(cp), &value))
		return 0;
	uc_reg_write(uc, (int)reg, &value);
	return 1;
}

static uint32_t on_msr(uc_engine *uc, uc_arm64_reg reg,
		       const uc_arm64_cp_reg *cp, void *user)
{
	(void)uc;
	(void)reg;
	return system_write(user, encoding(cp), cp->val);
}

static uint32_t on_sys(uc_engine *uc, uc_arm64_reg reg,
		       const uc_arm64_cp_reg *cp, void *user)
{
	(void)uc;
	(void)reg;
	return system_execute(user, encoding(cp), cp->val);
}

static void on_interrupt(uc_engine *uc, uint32_t number, void *user)
{
	struct vcpu *v = user;

	(void)uc;
	v->exception = number;
	if (v->trap_faults) {
		sysreg_untrap(v);
		stop(v, VCPU_FAULT);
		return;
	}
	stop(v, VCPU_EXCEPTION);
}

/* ---- running ---- */

/* Emulation ended and no hook said why. */
static void find_reason(struct vcpu *v, uc_err err)
{
	struct engine *e = v->engine;

	if (e->fault_pending && e->fault_unseen) {
		v->stop = VCPU_EXCEPTION;
		v->exception = VCPU_MISALIGNED;
		e->fault_pending = e->fault_unseen = false;
	} else if (e->fault_pending) {
		v->stop = VCPU_FAULT;
		e->fault_pending = e->fault_halfway = false;
	} else if (err == UC_ERR_OK &&
		   insn_kind(guest_code_word(v, vcpu_pc(v) - INSN_BYTES)) ==
			   INSN_WFI) {
		v->stop = VCPU_WFI;
	} else {
		v->stop = VCPU_BROKEN;
		v->broken = err == UC_ERR_OK ? "emulation ended without cause"
					     : uc_strerror(err);
	}
}

/* That ends the guest, not us; the engine is only read from now on. */
static enum vcpu_stop gave_up(struct vcpu *v)
{
	v->engine->given_up = true;
	v->m->not_modelled =
		"an instruction that the CPU emulator fails to translate";
	v->stop = VCPU_BROKEN;
	v->broken = "the CPU emulator gave up (abort)";
	return v->stop;
}

static void emulate(void *context)
{
	struct vcpu *v = context;

	v->engine->error = uc_emu_start(v->engine->uc, vcpu_pc(v), 0, 0, 0);
}

enum vcpu_stop vcpu_run(struct vcpu *v, uint64_t budget, uint64_t slice_end)
{
	struct engine *e = v->engine;

	e->budget = budget > INT64_MAX ? INT64_MAX : (int64_t)budget;
	e->slice_end = slice_end;
	e->floor = slice_end ? INT64_MAX : 1;
	vcpu_el_changed(v);
	do {
		vcpu_flush(v);
		e->stopped = false;
		if (!give_up_guard(emulate, v, e->mute))
			return gave_up(v);
		if (!e->stopped)
			find_reason(v, (uc_err)e->error);
		else if (v->stop == VCPU_BUDGET)
			vcpu_pc_set(v, e->resume_pc);
	} while (e->again);
	if (v->stop != VCPU_BUDGET || v->m->not_modelled)
		block_leave_stopped(v);
	return v->stop;
}

uint64_t vcpu_blocks(const struct vcpu *v)
{
	return v->engine->blocks;
}

/*
 * CLREX, executed where the guest has nothing: Unicorn has no other way to
 * its exclusive monitor. Monitors of several CPUs compare values, so one that
 * slept through another's stores could succeed wrongly (A-B-A).
 */
void vcpu_clear_exclusive(struct vcpu *v)
{
	struct engine *e = v->engine;
	uint64_t pc = vcpu_pc(v);

	if (!v->exclusive)
		return;
	v->exclusive = false;
	e->in_stub = true;
	uc_emu_start(e->uc, STUB_VA, 0, 0, 0);
	e->in_stub = false;
	vcpu_pc_set(v, pc);
	/* TLBI VAAE1: the stub's page is gone again. */
	vcpu_sys_set(v, ARM_SYSREG(1, 0, 8, 7, 3), STUB_VA >> FRAME_LG2);
}

/* ---- making ---- */

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LEAKS_ARE_REPORTED 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define LEAKS_ARE_REPORTED 1
#endif
#ifdef LEAKS_ARE_REPORTED
/* Unicorn 2.1.1 loses 32 bytes with each instance it makes. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libunicorn";
}
#endif

static bool map_windows(struct vcpu *v)
{
	struct engine *e = v->engine;
	uint64_t bytes = (uint64_t)v->m->config.ram_mib << 20;
	uint8_t *host;

	e->frame_base = MACHINE_BASE_PA + GUEST_RAM_BASE;
	e->frames = bytes >> FRAME_LG2;
	e->window_lg2 = FRAME_LG2;
	while (BIT(e->window_lg2) < bytes)
		e->window_lg2++;
	e->slots = (uint64_t)WINDOWS << (e->window_lg2 - FRAME_LG2);
	e->slot_va = calloc(e->slots, sizeof(*e->slot_va));
	e->slot = calloc(e->slots, sizeof(*e->slot));
	if (!e->slot_va || !e->slot)
		return false;
	host = ram_host(&v->m->ram, (pa_t){ e->frame_base });
	for (unsigned int w = 0; w < WINDOWS; w++) {
		uint32_t perms =
			w < WINDOWS_NORMAL ? UC_PROT_ALL : UC_PROT_EXEC;

		if (uc_mem_map_ptr(e->uc,
				   WINDOW_BASE + ((uint64_t)w << e->window_lg2),
				   bytes, perms, host))
			return false;
	}
	return true;
}

static bool map_rest(struct vcpu *v)
{
	struct engine *e = v->engine;
	static const uint32_t clrex_hvc[] = { 0xd503305f, 0xd4000002 };

	/* Pages of the host's own: Unicorn keeps the pointer. */
	e->stub = mmap(NULL, FRAME_BYTES, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (e->stub == MAP_FAILED) {
		e->stub = NULL;
		return false;
	}
	memcpy(e->stub, clrex_hvc, sizeof(clrex_hvc));
	return !uc_mem_map_ptr(e->uc, STUB_BASE, FRAME_BYTES,
			       UC_PROT_READ | UC_PROT_EXEC, e->stub) &&
	       !uc_mmio_map(e->uc, MMIO_BASE, (uint64_t)MMIO_PAGES << FRAME_LG2,
			    on_mmio_read, v, on_mmio_write, v);
}

/* uc_hook_add takes any function as void *, which ISO C has no cast for. */
static bool hook(struct vcpu *v, int type, const void *function_address)
{
	uc_hook handle;
	void *function;

	memcpy(&function, function_address, sizeof(function));
	return !uc_hook_add(v->engine->uc, &handle, type, function, v, 1, 0);
}

static bool hook_insn(struct vcpu *v, int insn, const void *function_address)
{
	uc_hook handle;
	void *function;

	memcpy(&function, function_address, sizeof(function));
	return !uc_hook_add(v->engine->uc, &handle, UC_HOOK_INSN, function, v,
			    1, 0, insn);
}

static bool add_hooks(struct vcpu *v)
{
	const uc_cb_hookcode_t block = on_block;
	const uc_cb_hookmem_t memory = on_memory;
	const uc_cb_eventmem_t device = on_device;
	const uc_cb_tlbevent_t fill = on_fill;
	const uc_cb_hookintr_t interrupt = on_interrupt;
	uint32_t (*const mrs)(uc_engine *, uc_arm64_reg,
			      const uc_arm64_cp_reg *, void *) = on_mrs;
	uint32_t (*const msr)(uc_engine *, uc_arm64_reg,
			      const uc_arm64_cp_reg *, void *) = on_msr;
	uint32_t (*const sys)(uc_engine *, uc_arm64_reg,
			      const uc_arm64_cp_reg *, void *) = on_sys;

	return hook(v, UC_HOOK_BLOCK, &block) &&
	       hook(v, UC_HOOK_MEM_READ | UC_HOOK_MEM_WRITE, &memory) &&
	       hook(v, UC_HOOK_MEM_READ_PROT | UC_HOOK_MEM_WRITE_PROT,
		    &device) &&
	       hook(v, UC_HOOK_TLB_FILL, &fill) &&
	       hook(v, UC_HOOK_INTR, &interrupt) &&
	       hook_insn(v, UC_ARM64_INS_MRS, &mrs) &&
	       hook_insn(v, UC_ARM64_INS_MSR, &msr) &&
	       hook_insn(v, UC_ARM64_INS_SYS, &sys);
}

static bool open_engine(struct vcpu *v)
{
	struct engine *e = v->engine;

	if (uc_open(UC_ARCH_ARM64, UC_MODE_ARM, &e->uc))
		return false;
	if (uc_ctl_set_cpu_model(e->uc, UC_CPU_ARM64_MAX) ||
	    uc_ctl_exits_enable(e->uc) ||
	    uc_ctl_tlb_mode(e->uc, UC_TLB_VIRTUAL))
		return false;
	/* EL2 and EL3 stand underneath; let ERET from EL1 to EL1 be legal
	 * (HCR_EL2.RW, SCR_EL3.RW and NS), and HVC undefined. */
	vcpu_sys_set(v, ARM_HCR_EL2, BIT(31));
	vcpu_sys_set(v, ARM_SYSREG(3, 6, 1, 1, 0), 0x401);
	return map_windows(v) && map_rest(v) && add_hooks(v);
}

bool vcpu_init(struct vcpu *v, struct error_line *error)
{
	unsigned int major, minor;

	v->engine = calloc(1, sizeof(*v->engine));
	if (!v->engine)
		return error_set(error, EXIT_IO, "out of memory");
	v->engine->generation = 1;
	v->engine->mute = fopen("/dev/null", "we");
	if (v->engine->mute && open_engine(v))
		return true;
	uc_version(&major, &minor);
	vcpu_fini(v);
	return error_set(error, EXIT_IO,
			 "Unicorn %u.%u cannot be set up: 2.1.1 or later and "
			 "memory for its tables are needed",
			 major, minor);
}

void vcpu_fini(struct vcpu *v)
{
	struct engine *e = v->engine;

	if (!e)
		return;
	if (e->uc && !e->given_up)
		uc_close(e->uc);
	if (e->mute)
		fclose(e->mute);
	if (e->stub)
		munmap(e->stub, FRAME_BYTES);
	free(e->slot_va);
	free(e->slot);
	free(e->fetched);
	free(e);
	v->engine = NULL;
}
