/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What stops a CPU becomes an exception taken to the guest's EL1, a call of
 * the hypervisor, or, with a kernel of ours, its business. DDI0487 L.b D1.4
 * (entry), D24.2.40 (ESR_EL1). Not modelled: exceptions to AArch32, SError,
 * interrupts, debug exceptions other than BRK, traps of floating point.
 */
#include <string.h>

#include "sim/guest/vcpu.h"

enum {
	SPSR_EL1 = ARM_SYSREG(3, 0, 4, 0, 0),
	ELR_EL1 = ARM_SYSREG(3, 0, 4, 0, 1),
	SP_EL0 = ARM_SYSREG(3, 0, 4, 1, 0),
	SP_EL1 = ARM_SYSREG(3, 4, 4, 1, 0),
	ESR_EL1 = ARM_SYSREG(3, 0, 5, 2, 0),
	FAR_EL1 = ARM_SYSREG(3, 0, 6, 0, 0),
	VBAR_EL1 = ARM_SYSREG(3, 0, 12, 0, 0),
};

/* QEMU's exception numbers, as Unicorn's interrupt hook reports them. */
enum {
	QEMU_UNDEFINED = 1,
	QEMU_SVC = 2,
	QEMU_DATA_ABORT = 4,
	QEMU_BRK = 7,
	QEMU_SMC = 13,
};

/* ESR_ELx.EC, DDI0487 L.b D24.2.40. */
enum exception_class {
	EC_UNKNOWN = 0x00,
	EC_WFX = 0x01,
	EC_ILLEGAL_STATE = 0x0e,
	EC_SVC = 0x15,
	EC_SYSTEM = 0x18,
	EC_PC_ALIGNMENT = 0x22,
	EC_BRK = 0x3c,
};
#define ESR_IL (UINT64_C(1) << 25)
/* Condition "always", valid: the ISS of instructions without one. */
#define ISS_ALWAYS UINT64_C(0x1e00000)

/* More exceptions than this without one return: the guest is lost. */
#define DEPTH_MAX 1000

struct cause {
	const char *kind;
	uint64_t esr, far, elr;
	bool has_far;
};

static uint64_t esr_of(enum exception_class ec, uint64_t iss)
{
	return (uint64_t)ec << 26 | ESR_IL | iss;
}

/* ---- entry ---- */

static bool lost(const struct vcpu *v, const struct cause *c, bool nowhere,
		 struct error_line *error)
{
	if (nowhere)
		return error_set(
			error, EXIT_GUEST,
			"the guest %s: CPU %u, pc 0x%llx, esr 0x%llx, far "
			"0x%llx; no fault handler can be fetched at 0x%llx",
			v->last.repeats > 1 ? "faults in its own fault handler"
			: v->last.pc == v->last.far
				? "jumped nowhere"
				: "took a fault it has no handler for",
			v->cpu->index, (unsigned long long)v->last.pc,
			(unsigned long long)v->last.esr,
			(unsigned long long)v->last.far,
			(unsigned long long)v->last.vector);
	return error_set(
		error, EXIT_GUEST,
		"the guest faults in its own fault handler: CPU %u, pc 0x%llx, "
		"esr 0x%llx, far 0x%llx (%u exceptions deep)",
		v->cpu->index, (unsigned long long)c->elr,
		(unsigned long long)c->esr, (unsigned long long)c->far,
		DEPTH_MAX);
}

/* False: this exception leads nowhere. */
static bool worth_taking(struct vcpu *v, const struct cause *c,
			 struct error_line *error)
{
	uint64_t blocks = vcpu_blocks(v);

	if (v->last.repeats && c->elr == v->last.vector &&
	    blocks == v->last.blocks)
		return lost(v, c, true, error);
	if (++v->last.repeats > DEPTH_MAX)
		return lost(v, c, false, error);
	v->last.pc = c->elr;
	v->last.esr = c->esr;
	v->last.far = c->has_far ? c->far : 0;
	v->last.blocks = blocks;
	return true;
}

static uint64_t vector_offset(uint64_t pstate)
{
	if (PSTATE_EL(pstate) == 0)
		return 0x400;
	return pstate & PSTATE_SPSEL ? 0x200 : 0;
}

static bool enter(struct vcpu *v, const struct cause *c,
		  struct error_line *error)
{
	uint64_t pstate = vcpu_pstate(v), far = vcpu_sys(v, FAR_EL1);
	bool switch_sp = !(pstate & PSTATE_SPSEL);

	if (!worth_taking(v, c, error))
		return false;
	v->last.vector = vcpu_sys(v, VBAR_EL1) + vector_offset(pstate);
	machine_exception(v->m, v->cpu, c->kind, c->esr, c->far, c->elr);
	if (switch_sp)
		vcpu_sys_set(v, SP_EL0, vcpu_sp(v));
	vcpu_pstate_set(v, PSTATE_EL1H_MASKED);
	/* In this order: these writes rebuild what Unicorn derived from the
	 * old PSTATE. */
	vcpu_sys_set(v, ESR_EL1, c->esr);
	vcpu_sys_set(v, ELR_EL1, c->elr);
	vcpu_sys_set(v, SPSR_EL1, pstate);
	vcpu_sys_set(v, FAR_EL1, c->has_far ? c->far : far);
	if (switch_sp)
		vcpu_sp_set(v, vcpu_sys(v, SP_EL1));
	vcpu_pc_set(v, v->last.vector);
	vcpu_el_changed(v);
	/* Entry synchronises context: an IC has taken effect. */
	if (v->code_stale)
		v->attention |= ATTENTION_FLUSH_CODE;
	return true;
}

/* ---- to a kernel of ours ---- */

static void regs_get(const struct vcpu *v, struct guest_regs *regs)
{
	for (unsigned int i = 0; i < 31; i++)
		regs->x[i] = vcpu_x(v, i);
	regs->sp = vcpu_sp(v);
	regs->pc = vcpu_pc(v);
	regs->pstate = vcpu_pstate(v);
	regs->tpidr = vcpu_sys(v, ARM_SYSREG(3, 3, 13, 0, 2));
}

static void regs_put(struct vcpu *v, const struct guest_regs *old,
		     const struct guest_regs *regs)
{
	for (unsigned int i = 0; i < 31; i++) {
		if (regs->x[i] != old->x[i])
			vcpu_x_set(v, i, regs->x[i]);
	}
	if (regs->sp != old->sp)
		vcpu_sp_set(v, regs->sp);
	if (regs->pc != vcpu_pc(v))
		vcpu_pc_set(v, regs->pc);
	if (regs->pstate != old->pstate)
		vcpu_pstate_set(v, regs->pstate);
	if (regs->tpidr != old->tpidr || regs->pstate != old->pstate)
		vcpu_sys_set(v, ARM_SYSREG(3, 3, 13, 0, 2), regs->tpidr);
	vcpu_el_changed(v);
}

static bool kernel_call(struct vcpu *v, bool svc, const struct arm_fault *fault,
			struct error_line *error)
{
	const struct guest_kernel *k = v->g->kernel;
	struct guest_regs regs, old;
	bool on;

	regs_get(v, &regs);
	old = regs;
	on = svc ? k->svc(k->context, v->cpu, &regs, error)
		 : k->fault(k->context, v->cpu, &regs, fault, error);
	regs_put(v, &old, &regs);
	if (v->code_stale)
		v->attention |= ATTENTION_FLUSH_CODE;
	return on;
}

/* ---- causes ---- */

static bool take_fault(struct vcpu *v, const char *kind,
		       const struct arm_fault *fault, struct error_line *error)
{
	struct cause c = {
		.kind = kind,
		.esr = arm_fault_esr(fault, 1, v->cpu->el == 0),
		.far = fault->va.raw,
		.elr = vcpu_pc(v),
		.has_far = true,
	};

	if (v->g->kernel)
		return kernel_call(v, false, fault, error);
	return enter(v, &c, error);
}

bool exception_deliver_fault(struct vcpu *v, struct error_line *error)
{
	bool fetch = v->fault.access & ARM_ACCESS_FETCH;

	return take_fault(v, fetch ? "instruction_abort" : "data_abort",
			  &v->fault, error);
}

static uint64_t register_of(void *context, unsigned int number)
{
	const struct vcpu *v = context;

	return number == 31 ? vcpu_sp(v) : vcpu_x(v, number);
}

/* An exclusive or ordered access that is not aligned: found by Unicorn, before
 * any translation, so that the machine has seen no attempt. */
static bool take_alignment(struct vcpu *v, struct error_line *error)
{
	uint64_t pc = vcpu_pc(v);
	uint32_t word = guest_code_word(v, pc);
	/* Of all that come here only STXR and its kin do not read. */
	bool store = (insn_kind(word) & INSN_EXCL) && !(word >> 22 & 1);
	struct insn_access a = { .va = 0 };
	struct arm_fault fault = { .kind = ARM_FAULT_ALIGNMENT, .stage = 1 };

	insn_decode_access(word, pc, register_of, v, &a);
	fault.va.raw = a.va;
	fault.access = (store ? ARM_ACCESS_WRITE : ARM_ACCESS_READ) |
		       (v->cpu->el ? 0U : (unsigned int)ARM_ACCESS_EL0);
	return take_fault(v, "alignment", &fault, error);
}

/* An access of EL0 to what EL1 may trap: cache maintenance, CTR_EL0, timers;
 * everything else that is refused is plainly undefined. */
static bool is_trapped_system(uint32_t word)
{
	unsigned int crn = word >> 12 & 15, op0 = word >> 19 & 3;

	if ((word & 0xffc00000) != 0xd5000000 || (word >> 16 & 7) != 3)
		return false;
	return (op0 == 1 && crn == 7) || (op0 == 3 && (crn == 0 || crn == 14));
}

static uint64_t system_iss(uint32_t word)
{
	uint64_t op0 = word >> 19 & 3, op1 = word >> 16 & 7;
	uint64_t crn = word >> 12 & 15, crm = word >> 8 & 15;
	uint64_t op2 = word >> 5 & 7, rt = word & 31, read = word >> 21 & 1;

	return op0 << 20 | op2 << 17 | op1 << 14 | crn << 10 | rt << 5 |
	       crm << 1 | read;
}

static void name_undefined(const struct vcpu *v, uint32_t word, struct cause *c)
{
	c->kind = "undefined";
	c->esr = esr_of(EC_UNKNOWN, 0);
	if (v->cpu->el == 0 && is_trapped_system(word)) {
		c->kind = "system_access";
		c->esr = esr_of(EC_SYSTEM, system_iss(word));
	} else if (v->cpu->el == 0 &&
		   (word == 0xd503205f || word == 0xd503207f)) {
		c->kind = "wfx";
		c->esr = esr_of(EC_WFX, ISS_ALWAYS | (word == 0xd503205f));
	}
}

static bool take_undefined(struct vcpu *v, uint64_t pc,
			   struct error_line *error)
{
	struct cause c = { .elr = pc };

	if (v->g->kernel) {
		vcpu_pc_set(v, pc);
		return kernel_call(v, false, NULL, error);
	}
	name_undefined(v, guest_code_word(v, pc), &c);
	return enter(v, &c, error);
}

static void hypercall(struct vcpu *v, uint64_t pc)
{
	struct machine_start start = { .cpu = ~0U };
	uint64_t x[6];

	for (unsigned int i = 0; i < 6; i++)
		x[i] = vcpu_x(v, i);
	vcpu_pc_set(v, pc + INSN_BYTES);
	if (!machine_hypercall(v->m, v->cpu, x, &start))
		return;
	vcpu_x_set(v, 0, x[0]);
	if (start.cpu < v->m->config.cpus)
		schedule_start_cpu(v->g, start.cpu, start.entry, start.context);
	/* What backs guest memory may be another frame now, or none. */
	for (unsigned int i = 0; i < v->m->config.cpus; i++)
		v->g->vcpu[i].attention |= ATTENTION_FLUSH_TLB;
}

/* Undefined to Unicorn: calls that are ours come so, too. */
static bool take_call(struct vcpu *v, struct error_line *error)
{
	uint64_t pc = vcpu_pc(v);
	uint32_t word = guest_code_word(v, pc);

	if (word == 0xd4000002 && v->cpu->el == 1) {
		hypercall(v, pc);
		return true;
	}
	if (word == 0xd45e0000 && !v->g->kernel) {
		semihosting_call(v);
		return true;
	}
	return take_undefined(v, pc, error);
}

static bool take_svc(struct vcpu *v, struct error_line *error)
{
	uint64_t pc = vcpu_pc(v);
	uint32_t word = guest_code_word(v, pc - INSN_BYTES);
	struct cause c = { .kind = "svc",
			   .esr = esr_of(EC_SVC, word >> 5 & 0xffff),
			   .elr = pc };

	if (v->g->kernel)
		return kernel_call(v, true, NULL, error);
	return enter(v, &c, error);
}

static bool take_brk(struct vcpu *v, struct error_line *error)
{
	uint64_t pc = vcpu_pc(v);
	uint32_t word = guest_code_word(v, pc);
	struct cause c = { .kind = "brk",
			   .esr = esr_of(EC_BRK, word >> 5 & 0xffff),
			   .elr = pc };

	if (v->g->kernel)
		return kernel_call(v, false, NULL, error);
	return enter(v, &c, error);
}

static bool take_pc_alignment(struct vcpu *v, struct error_line *error)
{
	uint64_t pc = vcpu_pc(v);
	struct cause c = { .kind = "pc_alignment",
			   .esr = esr_of(EC_PC_ALIGNMENT, 0),
			   .far = pc,
			   .elr = pc,
			   .has_far = true };

	if (v->g->kernel)
		return kernel_call(v, false, NULL, error);
	return enter(v, &c, error);
}

/* After an illegal return, or one to a PSTATE with IL set: DDI0487 L.b
 * D1.4.4. */
static bool take_illegal_state(struct vcpu *v, struct error_line *error)
{
	struct cause c = { .kind = "illegal_state",
			   .esr = esr_of(EC_ILLEGAL_STATE, 0),
			   .elr = vcpu_pc(v) };

	return enter(v, &c, error);
}

bool exception_deliver(struct vcpu *v, struct error_line *error)
{
	switch (v->exception) {
	case QEMU_UNDEFINED:
		return take_call(v, error);
	case QEMU_SVC:
		return take_svc(v, error);
	case QEMU_DATA_ABORT:
		return take_alignment(v, error);
	case QEMU_BRK:
		return take_brk(v, error);
	case QEMU_SMC: /* the hypervisor has no firmware below it */
		return take_undefined(v, vcpu_pc(v) - INSN_BYTES, error);
	case VCPU_PC_ALIGNMENT:
		return take_pc_alignment(v, error);
	case VCPU_MISALIGNED:
		return take_fault(v, "alignment", &v->fault, error);
	case VCPU_ILLEGAL_STATE:
		return take_illegal_state(v, error);
	default:
		return error_set(error, EXIT_GUEST,
				 "the guest took an exception that is not "
				 "expected: number %u at pc 0x%llx",
				 v->exception, (unsigned long long)vcpu_pc(v));
	}
}
