/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Accesses of emulated devices, and system registers and instructions on their
 * way from Unicorn's hooks to sysreg.c and the machine.
 */
#include "sim/guest/engine.h"
#include "sim/machine/access.h"
#include "sim/machine/watch.h"

uint64_t system_device(struct vcpu *v, uint64_t offset, unsigned int size,
		       bool write, uint64_t value)
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

/* Registers of the first groups do not exist for EL0: Unicorn says so. */
static bool el0_cannot(const struct vcpu *v, unsigned int reg)
{
	return v->cpu->el == 0 && (reg >> 11 & 7) != 3;
}

static void before_system(struct vcpu *v)
{
	if (v->engine->fault_pending)
		block_stale_access(v);
	if (v->engine->careful & CAREFUL_KINDS)
		block_barriers_until(v, vcpu_pc(v));
}

static bool after_system(struct vcpu *v, enum sys_outcome outcome)
{
	engine_note_machine(v);
	if (v->attention)
		engine_want(v, 0);
	return outcome == SYS_DONE;
}

bool system_read(struct vcpu *v, unsigned int reg, uint64_t *value)
{
	if (el0_cannot(v, reg))
		return false;
	before_system(v);
	return after_system(v, sysreg_read(v, reg, value));
}

bool system_write(struct vcpu *v, unsigned int reg, uint64_t value)
{
	if (el0_cannot(v, reg))
		return false;
	before_system(v);
	return after_system(v, sysreg_write(v, reg, value));
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
		fill_fault(v, &fault);
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

bool system_execute(struct vcpu *v, unsigned int op, uint64_t value)
{
	if (el0_cannot(v, op) ||
	    (v->cpu->el == 0 && !sysreg_el0_may(v, op == SYS_DC_ZVA)))
		return false;
	before_system(v);
	if (op == SYS_DC_ZVA)
		return after_system(v, zero_line(v, value));
	return after_system(v, sys_execute(v, op, value));
}
