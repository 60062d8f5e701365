/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One CPU executed by Unicorn 2.1.1: the only file that includes its header.
 * Every translation is the machine's (virtual TLB mode): Unicorn asks for the
 * page, we answer with the frame behind it as seen through a window. How the
 * reports are put right, and what was measured of Unicorn, is told in
 * README.md of this folder.
 */
#include <unicorn/unicorn.h>

#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "sim/guest/engine.h"
#include "sim/machine/access.h"
#include "sim/machine/hypervisor.h"
#include "sim/machine/watch.h"

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

/* ---- windows ---- */

void vcpu_forget_translations(struct vcpu *v)
{
	/* TLBI VMALLE1 as a register write: inside hooks uc_ctl_flush_tlb
	 * would drop the block that is running. */
	vcpu_sys_set(v, ARM_SYSREG(1, 0, 8, 7, 0), 0);
	engine_free_slots(v->engine);
}

/* ---- translated code ---- */

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

/* ---- watched pages ---- */

/* ---- code ---- */

/* ---- barriers and the ends of blocks ---- */

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

/* A question is answered with no, and execution does not go on from there. */
static bool refuse(struct vcpu *v)
{
	v->engine->stopped = true;
	v->stop = VCPU_BUDGET;
	v->engine->resume_pc = vcpu_pc(v);
	return false;
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

/* A load over the end of one of Unicorn's pages is reported whole, then as
 * its two aligned halves; a store only whole. The second page is asked for
 * after the first report. */
static void note_crossing(struct vcpu *v, uint64_t index, uint64_t va,
			  unsigned int size, bool write, uint64_t value)
{
	struct engine *e = v->engine;

	if (!write) {
		e->halves = 2;
		e->careful |= CAREFUL_HALVES;
	} else if (v->m->watch) {
		window_store_watched(v, va,
				     e->slot[index].ipa +
					     (va & (FRAME_BYTES - 1)),
				     size, value);
	}
}

static void access_failed(struct vcpu *v, uint64_t index, uint64_t va,
			  unsigned int size, const struct arm_fault *fault,
			  enum machine_result result)
{
	struct engine *e = v->engine;
	uint64_t window = index >> (e->window_lg2 - FRAME_LG2);

	if (result != MACHINE_FAULT) {
		engine_want(v,
			    result == MACHINE_MMIO ? ATTENTION_FLUSH_TLB : 0);
		return;
	}
	v->fault = *fault;
	e->fault_pending = true;
	if (window >= WINDOWS_NORMAL)
		return; /* the next hook refuses it */
	e->fault_halfway = ASK_PAGE(va + size - 1) != ASK_PAGE(va);
	if (e->fault_halfway)
		e->careful |= CAREFUL_FAULT;
	else
		block_stale_access(v);
}

/* An access that may have changed the models: it may have failed, gone to
 * another frame by now, or lie in two of Unicorn's pages. */
static __attribute__((noinline)) void
account_slow(struct vcpu *v, uint64_t index, uint64_t paddr, uint64_t va,
	     uint32_t what, uint64_t value)
{
	struct engine *e = v->engine;
	const struct last_access *last = &v->cpu->last_data;
	unsigned int size = TRACE_WHAT_BYTES(what);
	bool write = TRACE_WHAT_ACCESS(what) & ARM_ACCESS_WRITE;
	uint64_t offset = paddr & (FRAME_BYTES - 1);
	struct arm_fault fault;
	enum machine_result result =
		machine_access_slow(v->m, v->cpu, (va_t){ va }, what, &fault);

	if (unlikely(result != MACHINE_OK))
		access_failed(v, index, va, size, &fault, result);
	else if (unlikely(last->page == va >> FRAME_LG2 &&
			  last->page_pa.raw - e->frame_base !=
				  (paddr & (MASK(0, e->window_lg2) &
					    ~(FRAME_BYTES - 1)))))
		engine_want(v, ATTENTION_FLUSH_TLB);
	if (unlikely(((paddr & (ASK_BYTES - 1)) + size) > ASK_BYTES))
		note_crossing(v, index, va, size, write, value);
	else if (unlikely(e->slot_va[index] & SLOT_WATCHED) && write)
		window_store_watched(v, va, e->slot[index].ipa | offset, size,
				     value);
}

/* The one place where data accesses reach the machine. */
static inline __attribute__((always_inline)) void
account(struct vcpu *v, uint64_t index, uint64_t paddr, unsigned int size,
	bool write, uint32_t kind, uint64_t value)
{
	struct engine *e = v->engine;
	uint64_t slot_va = e->slot_va[index];
	uint64_t offset = paddr & (FRAME_BYTES - 1);
	uint64_t va = (slot_va & ~SLOT_WATCHED) | offset;
	uint32_t what = TRACE_WHAT(size, write) | kind;

	machine_access_record(v->m, v->cpu, (va_t){ va }, what);
	if (!machine_access_idle(v->m, v->cpu, (va_t){ va }, what))
		account_slow(v, index, paddr, va, what, value);
	else if (unlikely(slot_va & SLOT_WATCHED) && write)
		window_store_watched(v, va, e->slot[index].ipa | offset, size,
				     value);
}

static __attribute__((noinline)) void careful_access(struct vcpu *v,
						     uint64_t paddr,
						     unsigned int size,
						     bool write, uint64_t value)
{
	struct engine *e = v->engine;
	uint64_t index = (paddr - WINDOW_BASE) >> FRAME_LG2;
	uint32_t kind = e->access;

	if (index >= e->slots || (e->careful & CAREFUL_REPEAT))
		return;
	if (e->careful & CAREFUL_HALVES) {
		if (--e->halves == 0)
			e->careful &= ~(unsigned int)CAREFUL_HALVES;
		return;
	}
	if ((e->careful & CAREFUL_FAULT) && e->fault_pending)
		block_stale_access(v); /* nobody asked */
	if ((e->careful & CAREFUL_ZVA) && vcpu_pc(v) == e->zva_pc)
		return;
	e->careful &= ~(unsigned int)(CAREFUL_FAULT | CAREFUL_ZVA);
	if ((e->careful & CAREFUL_ALIGN) &&
	    ((paddr & (size - 1)) || ((paddr & 8) && sysreg_aligned(v))) &&
	    block_misaligned(v, write,
			     index >> (e->window_lg2 - FRAME_LG2) >=
				     WINDOWS_NORMAL))
		return; /* on_device refuses it */
	if (e->careful & CAREFUL_KINDS) {
		uint64_t pc = vcpu_pc(v);

		block_barriers_until(v, pc);
		kind |= block_kind_at(v, pc);
	}
	account(v, index, paddr, size, write, kind, value);
}

static void on_memory(uc_engine *uc, uc_mem_type type, uint64_t paddr, int size,
		      int64_t value, void *user)
{
	struct vcpu *v = user;
	struct engine *e = v->engine;
	uint64_t index = (paddr - WINDOW_BASE) >> FRAME_LG2;

	(void)uc;
	if (unlikely(index >= e->slots || e->careful))
		careful_access(v, paddr, (unsigned int)size,
			       type == UC_MEM_WRITE, (uint64_t)value);
	else
		account(v, index, paddr, (unsigned int)size,
			type == UC_MEM_WRITE, e->access, (uint64_t)value);
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

/* What the translation lets EL1 or EL0 do without asking again: reads and
 * fetches if it may, writes only once one was asked for. */
static uint32_t rights(const struct arm_translation *t, unsigned int type,
		       bool el1)
{
	uint64_t a = t->attrs;
	bool s1_r = el1 ? FIELD_GET(ARM_ATTRS_S1_EL1_R, a)
			: FIELD_GET(ARM_ATTRS_S1_EL0_R, a);
	bool s1_x = el1 ? FIELD_GET(ARM_ATTRS_S1_EL1_X, a)
			: FIELD_GET(ARM_ATTRS_S1_EL0_X, a);
	bool s2_x = el1 ? FIELD_GET(ARM_ATTRS_S2_X_EL1, a)
			: FIELD_GET(ARM_ATTRS_S2_X_EL0, a);
	uint32_t perms = 0;

	if (s1_r && FIELD_GET(ARM_ATTRS_S2_R, a))
		perms |= UC_PROT_READ;
	if (s1_x && s2_x)
		perms |= UC_PROT_EXEC;
	if (type == UC_MEM_WRITE)
		perms |= UC_PROT_WRITE;
	else if (type == UC_MEM_READ)
		perms |= UC_PROT_READ;
	else
		perms |= UC_PROT_EXEC;
	return perms;
}

/* All windows of the frame are taken: forget everything and begin the
 * instruction again; what it reported before this question stays counted. */
static bool out_of_slots(struct vcpu *v, uint64_t page, unsigned int type)
{
	struct engine *e = v->engine;

	engine_want(v, ATTENTION_FLUSH_TLB);
	if (type != UC_MEM_FETCH) {
		e->again = true;
		e->again_page = page;
		e->again_type = type;
		e->again_halves = e->careful & CAREFUL_HALVES ? e->halves : 0;
	}
	return refuse(v);
}

static void repeat_over(struct engine *e)
{
	e->careful &= ~(unsigned int)CAREFUL_REPEAT;
	e->halves = e->again_halves;
	if (e->halves)
		e->careful |= CAREFUL_HALVES;
}

static bool fail_fill(struct vcpu *v, const struct arm_fault *fault)
{
	v->fault = *fault;
	v->engine->fault_pending = true;
	return false;
}

/* As EL1 or as EL0: unprivileged accesses share EL0's soft TLB. */
static bool privileged(const struct vcpu *v, uint32_t what)
{
	return v->cpu->el && !(TRACE_WHAT_ACCESS(what) & ARM_ACCESS_UNPRIV);
}

static struct answered *answered_at(struct engine *e, uint64_t page, bool el1)
{
	return &e->answered[(page >> FRAME_LG2 ^ (el1 ? ANSWERS / 2 : 0)) %
			    ANSWERS];
}

static void answer_with(struct engine *e, uint64_t asked, uint64_t slot,
			uint32_t perms, unsigned int type, uc_tlb_entry *entry)
{
	entry->paddr =
		WINDOW_BASE + (slot << FRAME_LG2) + (asked & (FRAME_BYTES - 1));
	entry->perms = perms;
	if (type == UC_MEM_FETCH)
		window_note_fetched(e, slot);
}

static bool answer(struct vcpu *v, va_t va, uint32_t what,
		   const struct arm_translation *t, unsigned int type,
		   uc_tlb_entry *entry)
{
	struct engine *e = v->engine;
	bool stage1_off = !(v->cpu->mmu.regs.sctlr & 1);
	/* Accesses that may have to be refused after their report. */
	bool device = stage1_off || FIELD_GET(ARM_ATTRS_DEVICE, t->attrs) ||
		      sysreg_aligned(v);
	bool el1 = privileged(v, what);
	uint64_t frame, slot, page = va.raw & ~(FRAME_BYTES - 1);
	/* Reports are of the address without its tag. */
	uint64_t plain = arm_mmu_address(&v->cpu->mmu.setup, va);
	uint32_t perms = rights(t, type, el1);

	if (!engine_frame(e, t->pa, &frame)) {
		v->m->not_modelled = "guest access to a machine address that "
				     "is no guest memory";
		engine_want(v, ATTENTION_MACHINE);
		return refuse(v);
	}
	if (!window_take(v, frame, plain, t->ipa.raw, device, &slot))
		return out_of_slots(v, ASK_PAGE(va.raw), type);
	*answered_at(e, page, el1) =
		(struct answered){ page | perms | (el1 ? ANSWERED_EL1 : 0),
				   (uint32_t)e->generation, (uint32_t)slot };
	answer_with(e, ASK_PAGE(va.raw), slot, perms, type, entry);
	return true;
}

static bool answer_again(struct vcpu *v, uint64_t asked, unsigned int type,
			 uc_tlb_entry *entry)
{
	struct engine *e = v->engine;
	uint64_t el1 = v->cpu->el ? ANSWERED_EL1 : 0;
	uint64_t page = asked & ~(FRAME_BYTES - 1);
	const struct answered *a = answered_at(e, page, el1);
	uint32_t need = type == UC_MEM_WRITE  ? UC_PROT_WRITE
			: type == UC_MEM_READ ? UC_PROT_READ
					      : UC_PROT_EXEC;

	if ((a->page & ~(uint64_t)UC_PROT_ALL) != (page | el1) ||
	    a->generation != (uint32_t)e->generation || !(a->page & need) ||
	    (e->kinds & INSN_UNPRIV))
		return false;
	answer_with(e, asked, a->slot, (uint32_t)a->page & UC_PROT_ALL, type,
		    entry);
	return true;
}

static bool ask_machine(struct vcpu *v, va_t va, uint32_t what,
			unsigned int type, uc_tlb_entry *entry)
{
	struct arm_translation t = { .size_lg2 = 0 };
	struct arm_fault fault;
	uint64_t paddr;

	switch (machine_prepare(v->m, v->cpu, va, what, &t, &fault)) {
	case MACHINE_OK:
		return answer(v, va, what, &t, type, entry);
	case MACHINE_FAULT:
		return fail_fill(v, &fault);
	case MACHINE_MMIO:
		if (!window_take_mmio(v, va.raw, t.ipa.raw, &paddr))
			return out_of_slots(v, ASK_PAGE(va.raw), type);
		entry->paddr = paddr | (ASK_PAGE(va.raw) & (FRAME_BYTES - 1));
		entry->perms = UC_PROT_READ | UC_PROT_WRITE;
		return true;
	case MACHINE_STOP:
		break;
	}
	engine_want(v, ATTENTION_MACHINE);
	return refuse(v);
}

static bool fill_code(struct vcpu *v, uint64_t page, uc_tlb_entry *entry)
{
	struct engine *e = v->engine;
	uint64_t pc = vcpu_pc(v);
	va_t va = { ASK_PAGE(pc) == page ? pc : page };

	if (!e->again) {
		if (e->kinds || e->fault_pending)
			block_settle(v);
		e->block = NULL;
	}
	if (arm_mmu_address(&v->cpu->mmu.setup, (va_t){ pc }) != pc) {
		/* Branches drop a tag that TCR_EL1.TBI lets them carry. */
		refuse(v);
		e->resume_pc = arm_mmu_address(&v->cpu->mmu.setup,
					       (va_t){ pc });
		return false;
	}
	if (pc & 3) {
		v->exception = VCPU_PC_ALIGNMENT;
		refuse(v);
		v->stop = VCPU_EXCEPTION;
		return false;
	}
	if (answer_again(v, page, UC_MEM_FETCH, entry))
		return true;
	return ask_machine(v, va,
			   TRACE_WHAT(INSN_BYTES, ARM_ACCESS_FETCH) | e->access,
			   UC_MEM_FETCH, entry);
}

static bool fill_data(struct vcpu *v, uint64_t page, unsigned int type,
		      uc_tlb_entry *entry)
{
	struct engine *e = v->engine;
	uint32_t what;
	va_t va;

	if (e->fault_pending) {
		if (e->fault_halfway && page == ASK_PAGE(v->fault.va.raw))
			return false;
		block_stale_access(v);
	}
	if ((e->careful & CAREFUL_REPEAT) && page == e->again_page &&
	    type == e->again_type)
		repeat_over(e);
	if ((e->careful & CAREFUL_ALIGN) &&
	    block_misaligned(v, type == UC_MEM_WRITE, true))
		return false;
	if (answer_again(v, page, type, entry))
		return true;
	if (e->careful & CAREFUL_KINDS)
		block_barriers_until(v, vcpu_pc(v));
	va = block_asked_access(v, page, type == UC_MEM_WRITE, &what);
	return ask_machine(v, va, what, type, entry);
}

static bool on_fill(uc_engine *uc, uint64_t page, uc_mem_type type,
		    uc_tlb_entry *entry, void *user)
{
	struct vcpu *v = user;

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
	if (type == UC_MEM_FETCH)
		return fill_code(v, page, entry);
	return fill_data(v, page, type, entry);
}

/* ---- hooks: devices, system instructions, exceptions ---- */

static uint64_t device_access(struct vcpu *v, uint64_t offset,
			      unsigned int size, bool write, uint64_t value)
{
	struct engine *e = v->engine;
	const struct slot_mmio *s = &e->mmio[offset >> FRAME_LG2];
	uint64_t in_page = offset & (FRAME_BYTES - 1);

	if (e->careful & CAREFUL_KINDS)
		block_barriers_until(v, vcpu_pc(v));
	machine_mmio(v->m, v->cpu, (va_t){ s->va | in_page },
		     (ipa_t){ s->ipa | in_page }, size, write, &value);
	return value;
}

static uint64_t on_mmio_read(uc_engine *uc, uint64_t offset, unsigned int size,
			     void *user)
{
	(void)uc;
	return device_access(user, offset, size, false, 0);
}

static void on_mmio_write(uc_engine *uc, uint64_t offset, unsigned int size,
			  uint64_t value, void *user)
{
	(void)uc;
	device_access(user, offset, size, true, value);
}

static unsigned int encoding(const uc_arm64_cp_reg *cp)
{
	return ARM_SYSREG(cp->op0, cp->op1, cp->crn, cp->crm, cp->op2);
}

/* Registers of the first groups do not exist for EL0. */
static bool el0_cannot(const struct vcpu *v, const uc_arm64_cp_reg *cp)
{
	return v->cpu->el == 0 && cp->op1 != 3;
}

static void before_system(struct vcpu *v)
{
	if (v->engine->fault_pending)
		block_stale_access(v);
	if (v->engine->careful & CAREFUL_KINDS)
		block_barriers_until(v, vcpu_pc(v));
}

static uint32_t after_system(struct vcpu *v, enum sys_outcome outcome)
{
	engine_note_machine(v);
	if (v->attention)
		engine_want(v, 0);
	return outcome == SYS_DONE;
}

static uint32_t on_mrs(uc_engine *uc, uc_arm64_reg reg,
		       const uc_arm64_cp_reg *cp, void *user)
{
	struct vcpu *v = user;
	uint64_t value;

	if (el0_cannot(v, cp))
		return 0;
	before_system(v);
	if (sysreg_read(v, encoding(cp), &value) == SYS_NATIVE)
		return after_system(v, SYS_NATIVE);
	uc_reg_write(uc, (int)reg, &value);
	return after_system(v, SYS_DONE);
}

static uint32_t on_msr(uc_engine *uc, uc_arm64_reg reg,
		       const uc_arm64_cp_reg *cp, void *user)
{
	struct vcpu *v = user;

	(void)uc;
	(void)reg;
	if (el0_cannot(v, cp))
		return 0;
	before_system(v);
	return after_system(v, sysreg_write(v, encoding(cp), cp->val));
}

/* Native DC ZVA is 64 stores of a byte; ours is one of 64, unless it faults:
 * then the native one does, at our word. */
static enum sys_outcome zero_line(struct vcpu *v, uint64_t value)
{
	struct engine *e = v->engine;
	va_t va = { value & ~UINT64_C(63) };
	uint32_t what =
		TRACE_WHAT(64, ARM_ACCESS_WRITE | ARM_ACCESS_ZERO) | e->access;
	struct arm_translation t = { .size_lg2 = 0 };
	struct arm_fault fault;
	enum machine_result result;

	result = machine_prepare(v->m, v->cpu, va, what, &t, &fault);
	if (result == MACHINE_OK)
		result = machine_access(v->m, v->cpu, va, what, &fault);
	if (result == MACHINE_FAULT) {
		fail_fill(v, &fault);
		e->fault_halfway = true;
		e->careful |= CAREFUL_ZVA | CAREFUL_FAULT;
		e->zva_pc = vcpu_pc(v);
		/* The native one asks for the page, if it is not known to be
		 * a device's: TLBI VAAE1. */
		vcpu_sys_set(v, ARM_SYSREG(1, 0, 8, 7, 3), va.raw >> FRAME_LG2);
		return SYS_NATIVE;
	}
	if (result != MACHINE_OK || !ram_has(&v->m->ram, t.pa, 64))
		return SYS_DONE;
	memset(ram_host(&v->m->ram, t.pa), 0, 64);
	if (v->m->watch)
		watch_range(v->m->watch, t.ipa, 64);
	return SYS_DONE;
}

static uint32_t on_sys(uc_engine *uc, uc_arm64_reg reg,
		       const uc_arm64_cp_reg *cp, void *user)
{
	struct vcpu *v = user;
	unsigned int op = encoding(cp);

	(void)uc;
	(void)reg;
	if (el0_cannot(v, cp) ||
	    (v->cpu->el == 0 && !sysreg_el0_may(v, op == SYS_DC_ZVA)))
		return 0;
	before_system(v);
	if (op == SYS_DC_ZVA)
		return after_system(v, zero_line(v, cp->val));
	return after_system(v, sys_execute(v, op, cp->val));
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

/* HVC and HLT #0xf000 arrive before they are executed, and are by us. */
static bool is_call(uint32_t word)
{
	return (word & 0xffe0001f) == 0xd4000002 || word == 0xd45e0000;
}

static void leave(struct vcpu *v)
{
	uint64_t pc = vcpu_pc(v);
	bool call = v->stop == VCPU_EXCEPTION && v->exception == 1 &&
		    is_call(guest_code_word(v, pc));

	block_leave(v, call ? pc + INSN_BYTES : pc);
}

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

/*
 * Unicorn asserts by abort(3), for instance on unallocated FP16 encodings
 * while it translates. That ends the guest, not us: the handler jumps back
 * here, and the engine is not used for anything but reading afterwards. A
 * handler has no argument of ours, hence the thread's one variable. What
 * Unicorn prints first, of its own source, would tell a user nothing: while
 * it executes, the C library's stdout and stderr lead nowhere. (No hook names
 * them; a bug of ours speaks to the descriptor.)
 */
static _Thread_local sigjmp_buf *abort_return;

static void hush(struct engine *e)
{
	e->voice[0] = stdout;
	e->voice[1] = stderr;
	stdout = stderr = e->mute;
}

static void speak(struct engine *e)
{
	stdout = e->voice[0];
	stderr = e->voice[1];
}

static void aborted(int number)
{
	if (abort_return)
		siglongjmp(*abort_return, 1);
	signal(number, SIG_DFL);
}

static enum vcpu_stop gave_up(struct vcpu *v)
{
	speak(v->engine);
	abort_return = NULL;
	signal(SIGABRT, SIG_DFL);
	v->engine->given_up = true;
	v->m->not_modelled =
		"an instruction that the CPU emulator fails to translate";
	v->stop = VCPU_BROKEN;
	v->broken = "the CPU emulator gave up (abort)";
	return v->stop;
}

static uc_err emulate(struct vcpu *v, sigjmp_buf *back)
{
	struct sigaction ours = { .sa_handler = aborted }, before;
	uc_err err;

	abort_return = back;
	sigaction(SIGABRT, &ours, &before);
	hush(v->engine);
	err = uc_emu_start(v->engine->uc, vcpu_pc(v), 0, 0, 0);
	speak(v->engine);
	sigaction(SIGABRT, &before, NULL);
	abort_return = NULL;
	return err;
}

enum vcpu_stop vcpu_run(struct vcpu *v, uint64_t budget, uint64_t slice_end)
{
	sigjmp_buf back;
	struct engine *e = v->engine;
	uc_err err;

	e->budget = budget > INT64_MAX ? INT64_MAX : (int64_t)budget;
	e->slice_end = slice_end;
	e->floor = slice_end ? INT64_MAX : 1;
	vcpu_el_changed(v);
	if (sigsetjmp(back, 1))
		return gave_up(v);
	do {
		vcpu_flush(v);
		e->stopped = false;
		err = emulate(v, &back);
		if (!e->stopped)
			find_reason(v, err);
		else if (v->stop == VCPU_BUDGET)
			vcpu_pc_set(v, e->resume_pc);
	} while (e->again);
	if (v->stop != VCPU_BUDGET || v->m->not_modelled)
		leave(v);
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
