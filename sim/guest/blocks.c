/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Blocks of code: what stands in them that Unicorn executes without a report
 * (barriers, returns) or reports without its kind (exclusives), and the access
 * behind a question for a page. See README.md.
 */
#include <string.h>

#include "sim/guest/engine.h"
#include "sim/machine/access.h"

/* SPSR_EL1.M[4:0]: of AArch32's modes only User could be returned to. */
#define SPSR_EL1       ARM_SYSREG(3, 0, 4, 0, 0)
#define SPSR_MODE      UINT64_C(0x1f)
#define SPSR_MODE_USER UINT64_C(0x10)

static const uint8_t *code_at(struct vcpu *v, uint64_t va)
{
	unsigned int access =
		ARM_ACCESS_FETCH | (v->cpu->el ? 0 : ARM_ACCESS_EL0);
	struct arm_translation t;
	struct arm_fault fault;

	if (!machine_probe(v->m, v->cpu, (va_t){ va }, access, &t, &fault) ||
	    !ram_has(&v->m->ram, t.pa, INSN_BYTES))
		return NULL;
	return ram_host(&v->m->ram, t.pa);
}

uint32_t guest_code_word(struct vcpu *v, uint64_t pc)
{
	const uint8_t *code = pc & 3 ? NULL : code_at(v, pc);

	return code ? engine_word(code, 0) : 0;
}

/* A block never leaves its 1 KiB page, so its words stand in one piece. */
void block_learn(struct vcpu *v, struct block_info *info, uint64_t va,
		 uint32_t bytes)
{
	*info = (struct block_info){ .va = va,
				     .bytes = bytes,
				     .generation = v->engine->generation,
				     .code = code_at(v, va) };
	if (!info->code)
		return;
	for (uint32_t i = 0; i < bytes / INSN_BYTES; i++) {
		uint32_t word = engine_word(info->code, i);

		info->kinds |= insn_kind(word);
		if (insn_is_fp(word) && sysreg_fp_traps(v)) {
			v->m->not_modelled =
				"a trap of SIMD and floating point by "
				"CPACR_EL1.FPEN (DDI0487 L.b D24.2.33): the "
				"guest uses them without enabling them";
			engine_want(v, ATTENTION_MACHINE);
		}
	}
	if (v->g->kernel) /* barriers of user code are not reported */
		info->kinds &= ~(unsigned int)(INSN_DMB | INSN_DSB);
	if (info->kinds & INSN_CAREFUL)
		info->careful |= CAREFUL_KINDS;
	if ((info->kinds & INSN_ORDERED) || sysreg_aligned(v))
		info->careful |= CAREFUL_ALIGN;
}

/* ---- barriers and the ends of blocks ---- */

static void report_barrier(struct vcpu *v, unsigned int kind)
{
	enum machine_barrier barrier = kind & INSN_DMB	 ? BARRIER_DMB
				       : kind & INSN_DSB ? BARRIER_DSB
							 : BARRIER_ISB;

	if (!v->g->kernel)
		machine_barrier(v->m, v->cpu, barrier);
}

/* Report the block's barriers before `pc` that have not been. */
void block_barriers_until(struct vcpu *v, uint64_t pc)
{
	struct engine *e = v->engine;
	uint32_t end = (uint32_t)((pc - e->block_va) / INSN_BYTES);

	if (!(e->kinds & INSN_BARRIERS) || !e->block->code)
		return;
	for (; e->cursor < end; e->cursor++) {
		unsigned int kind =
			insn_kind(engine_word(e->block->code, e->cursor)) &
			INSN_BARRIERS;

		if (kind)
			report_barrier(v, kind);
	}
}

/* IC took effect: drop translated code before the next block. */
static void synchronise_code(struct vcpu *v)
{
	if (v->code_stale)
		engine_want(v, ATTENTION_FLUSH_CODE);
}

void block_stale_access(struct vcpu *v)
{
	v->engine->fault_pending = v->engine->fault_halfway = false;
	machine_stale(v->m, v->cpu, v->fault.va);
	engine_want(v, ATTENTION_FLUSH_TLB);
}

static void settle_return(struct vcpu *v)
{
	uint64_t pstate = vcpu_pstate(v);

	if ((vcpu_sys(v, SPSR_EL1) & SPSR_MODE) == SPSR_MODE_USER) {
		v->m->not_modelled =
			"an ERET to AArch32, which ID_AA64PFR0_EL1 does not "
			"offer (DDI0487 L.b D1.4.4)";
		engine_want(v, ATTENTION_MACHINE);
		return;
	}
	machine_eret(v->m, v->cpu, PSTATE_EL(pstate));
	vcpu_el_changed(v);
	if (pstate & PSTATE_IL) /* Unicorn would go on */
		engine_want(v, ATTENTION_ILLEGAL);
	v->last.repeats = 0;
	synchronise_code(v);
}

/* The block before has been executed to its end. */
void block_settle(struct vcpu *v)
{
	struct engine *e = v->engine;
	unsigned int kinds = e->kinds;

	if (e->fault_pending)
		block_stale_access(v);
	block_barriers_until(v, e->block_end);
	e->kinds = 0;
	if (kinds & INSN_ISB)
		synchronise_code(v);
	if (kinds & INSN_ERET)
		settle_return(v);
	if (kinds & INSN_EXCL)
		v->exclusive = true;
	if ((kinds & INSN_YIELD) && e->slice_end)
		engine_want(v, ATTENTION_YIELD);
}

/* Execution left the open block at `pc`. */
void block_leave(struct vcpu *v, uint64_t pc)
{
	struct engine *e = v->engine;

	if (e->block && pc - e->block_va < e->block_end - e->block_va) {
		block_barriers_until(v, pc);
		machine_block_trim(v->m, v->cpu,
				   (uint32_t)(e->block_end - pc) / INSN_BYTES);
		if (e->kinds & INSN_EXCL)
			v->exclusive = true;
		e->kinds = 0;
	} else if (e->block) {
		block_settle(v);
	}
	e->block = NULL;
	e->careful = 0;
}

/* HVC and HLT #0xf000 arrive before they are executed, and are by us. */
static bool is_call(uint32_t word)
{
	return (word & 0xffe0001f) == 0xd4000002 || word == 0xd45e0000;
}

void block_leave_stopped(struct vcpu *v)
{
	uint64_t pc = vcpu_pc(v);
	bool call = v->stop == VCPU_EXCEPTION && v->exception == 1 &&
		    is_call(guest_code_word(v, pc));

	block_leave(v, call ? pc + INSN_BYTES : pc);
}

/* ---- accesses ---- */

uint32_t block_kind_at(struct vcpu *v, uint64_t pc)
{
	struct engine *e = v->engine;
	unsigned int kind;

	if (!e->block->code || pc - e->block_va >= e->block->bytes)
		return 0;
	kind = insn_kind(
		engine_word(e->block->code,
			    (uint32_t)(pc - e->block_va) / INSN_BYTES));
	if (kind & INSN_EXCL)
		return TRACE_WHAT(0, ARM_ACCESS_EXCL);
	if ((kind & INSN_UNPRIV) && v->cpu->el)
		return TRACE_WHAT(0, ARM_ACCESS_UNPRIV);
	return 0;
}

static uint64_t insn_register(void *context, unsigned int number)
{
	const struct vcpu *v = context;

	return number == 31 ? vcpu_sp(v) : vcpu_x(v, number);
}

/* DDI0487 L.b B2.10.2. Ordered accesses of CPUs without FEAT_LSE2 must be
 * aligned, but Unicorn lets them go, and they can be held up only where they
 * are asked for first. */
bool block_misaligned(struct vcpu *v, bool write, bool refusable)
{
	uint64_t pc = vcpu_pc(v);
	uint32_t word = guest_code_word(v, pc);
	struct insn_access a = { .align = 1 };

	if (!(sysreg_aligned(v) || insn_kind(word) == INSN_ORDERED) ||
	    !insn_decode_access(word, pc, insn_register, v, &a) ||
	    !(a.va & (a.align - 1)))
		return false;
	if (refusable) {
		v->fault = (struct arm_fault){
			.kind = ARM_FAULT_ALIGNMENT,
			.stage = 1,
			.access = (write ? ARM_ACCESS_WRITE : ARM_ACCESS_READ) |
				  (v->cpu->el ? 0U : (unsigned)ARM_ACCESS_EL0),
			.va = { a.va }
		};
		v->engine->fault_pending = v->engine->fault_unseen = true;
		return true;
	}
	v->m->not_modelled = "the alignment fault of a load-acquire or "
			     "store-release (DDI0487 L.b B2.10.2)";
	engine_want(v, ATTENTION_MACHINE);
	return false;
}

/* The access behind the question for a page: exact address, size and kind.
 * Of a sequence it is the first that touches the page. */
va_t block_asked_access(struct vcpu *v, uint64_t page, bool write,
			uint32_t *what)
{
	uint64_t pc = vcpu_pc(v), va = page;
	uint32_t word = guest_code_word(v, pc);
	unsigned int kind = insn_kind(word);
	struct insn_access a = { .bytes = 1 };
	uint32_t access = write ? ARM_ACCESS_WRITE : ARM_ACCESS_READ;

	if (v->cpu->el == 0)
		access |= ARM_ACCESS_EL0;
	if ((kind & INSN_UNPRIV) && v->cpu->el)
		access |= ARM_ACCESS_UNPRIV;
	if (kind & INSN_EXCL)
		access |= ARM_ACCESS_EXCL;
	if (insn_decode_access(word, pc, insn_register, v, &a)) {
		uint64_t first = a.va;

		if (a.zero)
			access |= ARM_ACCESS_ZERO;
		for (uint32_t i = 1; i < a.count; i++) {
			if (ASK_PAGE(first) == page ||
			    ASK_PAGE(first + a.bytes - 1) == page)
				break;
			first += a.bytes;
		}
		if (ASK_PAGE(first) == page)
			va = first;
	}
	*what = TRACE_WHAT(a.bytes, access);
	return (va_t){ va };
}
