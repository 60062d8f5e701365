/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Questions of Unicorn's soft TLB: which frame is behind a page of 1 KiB, seen
 * through which window, and what may be done there without asking again. See
 * README.md, "How an access goes".
 */
#include "sim/guest/engine.h"
#include "sim/machine/access.h"

/* A question is answered with no, and execution does not go on from there. */
static bool refuse(struct vcpu *v)
{
	v->engine->stopped = true;
	v->stop = VCPU_BUDGET;
	v->engine->resume_pc = vcpu_pc(v);
	return false;
}

/* What the translation lets EL1 or EL0 do without asking again: reads and
 * fetches if it may, writes only once one was asked for. */
static uint32_t rights(const struct arm_translation *t, enum ask type, bool el1)
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
		perms |= MAY_READ;
	if (s1_x && s2_x)
		perms |= MAY_EXEC;
	if (type == ASK_WRITE)
		perms |= MAY_WRITE;
	else if (type == ASK_READ)
		perms |= MAY_READ;
	else
		perms |= MAY_EXEC;
	return perms;
}

/* All windows of the frame are taken: forget everything and begin the
 * instruction again; what it reported before this question stays counted. */
static bool out_of_slots(struct vcpu *v, uint64_t page, enum ask type)
{
	struct engine *e = v->engine;

	engine_want(v, ATTENTION_FLUSH_TLB);
	if (type != ASK_FETCH) {
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

bool fill_fault(struct vcpu *v, const struct arm_fault *fault)
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
			uint32_t perms, enum ask type, struct fill *entry)
{
	entry->paddr =
		WINDOW_BASE + (slot << FRAME_LG2) + (asked & (FRAME_BYTES - 1));
	entry->perms = perms;
	if (type == ASK_FETCH)
		window_note_fetched(e, slot);
}

static bool answer(struct vcpu *v, va_t va, uint32_t what,
		   const struct arm_translation *t, enum ask type,
		   struct fill *entry)
{
	struct engine *e = v->engine;
	bool stage1_off = !(v->cpu->mmu.regs.sctlr & 1);
	/* Accesses that may have to be refused after their report. */
	bool device = stage1_off || FIELD_GET(ARM_ATTRS_DEVICE, t->attrs) ||
		      sysreg_aligned(v);
	bool el1 = privileged(v, what);
	uint64_t frame, slot, page = va.raw & ~(FRAME_BYTES - 1);
	/* Reports are of the address without its tag. */
	uint64_t plain = arm_mmu_address(&v->cpu->mmu.regime.setup, va);
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

static bool answer_again(struct vcpu *v, uint64_t asked, enum ask type,
			 struct fill *entry)
{
	struct engine *e = v->engine;
	uint64_t el1 = v->cpu->el ? ANSWERED_EL1 : 0;
	uint64_t page = asked & ~(FRAME_BYTES - 1);
	const struct answered *a = answered_at(e, page, el1);
	uint32_t need = type == ASK_WRITE  ? MAY_WRITE
			: type == ASK_READ ? MAY_READ
					   : MAY_EXEC;

	if ((a->page & ~(uint64_t)MAY_ALL) != (page | el1) ||
	    a->generation != (uint32_t)e->generation || !(a->page & need) ||
	    (e->kinds & INSN_UNPRIV))
		return false;
	answer_with(e, asked, a->slot, (uint32_t)a->page & MAY_ALL, type,
		    entry);
	return true;
}

static bool ask_machine(struct vcpu *v, va_t va, uint32_t what, enum ask type,
			struct fill *entry)
{
	struct arm_translation t = { .size_lg2 = 0 };
	struct arm_fault fault;
	uint64_t paddr;

	switch (machine_prepare(v->m, v->cpu, va, what, &t, &fault)) {
	case MACHINE_OK:
		return answer(v, va, what, &t, type, entry);
	case MACHINE_FAULT:
		return fill_fault(v, &fault);
	case MACHINE_MMIO:
		if (!window_take_mmio(v, va.raw, t.ipa.raw, &paddr))
			return out_of_slots(v, ASK_PAGE(va.raw), type);
		entry->paddr = paddr | (ASK_PAGE(va.raw) & (FRAME_BYTES - 1));
		entry->perms = MAY_READ | MAY_WRITE;
		return true;
	case MACHINE_STOP:
		break;
	}
	engine_want(v, ATTENTION_MACHINE);
	return refuse(v);
}

bool fill_code(struct vcpu *v, uint64_t page, struct fill *entry)
{
	struct engine *e = v->engine;
	uint64_t pc = vcpu_pc(v);
	va_t va = { ASK_PAGE(pc) == page ? pc : page };

	if (!e->again) {
		if (e->kinds || e->fault_pending)
			block_settle(v);
		e->block = NULL;
	}
	if (arm_mmu_address(&v->cpu->mmu.regime.setup, (va_t){ pc }) != pc) {
		/* Branches drop a tag that TCR_EL1.TBI lets them carry. */
		refuse(v);
		e->resume_pc = arm_mmu_address(&v->cpu->mmu.regime.setup,
					       (va_t){ pc });
		return false;
	}
	if (pc & 3) {
		v->exception = VCPU_PC_ALIGNMENT;
		refuse(v);
		v->stop = VCPU_EXCEPTION;
		return false;
	}
	if (answer_again(v, page, ASK_FETCH, entry))
		return true;
	return ask_machine(v, va,
			   TRACE_WHAT(INSN_BYTES, ARM_ACCESS_FETCH) | e->access,
			   ASK_FETCH, entry);
}

bool fill_data(struct vcpu *v, uint64_t page, enum ask type, struct fill *entry)
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
	    block_misaligned(v, type == ASK_WRITE, true))
		return false;
	if (answer_again(v, page, type, entry))
		return true;
	if (e->careful & CAREFUL_KINDS)
		block_barriers_until(v, vcpu_pc(v));
	va = block_asked_access(v, page, type == ASK_WRITE, &what);
	return ask_machine(v, va, what, type, entry);
}
