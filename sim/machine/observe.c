/* SPDX-License-Identifier: BSD-2-Clause */
/* Observations: what happened, beside the stimulus. Never replayed. */
#include "sim/machine/account.h"

static void emit(struct machine *m, unsigned int cpu, struct trace_record *r)
{
	r->cpu = cpu;
	trace_observe(m->trace, r);
}

void observe_table(struct machine *m, enum trace_type type, pa_t table)
{
	struct trace_record r = { .type = type, .value = { table.raw } };

	if (observing(m))
		emit(m, m->current, &r);
}

void observe_hypervisor_access(struct machine *m, pa_t pa, bool write)
{
	struct trace_record r = { .type = TRACE_HYPERVISOR_ACCESS,
				  .value = { pa.raw, write } };

	if (observing(m))
		emit(m, m->current, &r);
}

void observe_hypervisor_sysreg(struct machine *m, unsigned int cpu,
			       const char *reg, uint64_t value)
{
	struct trace_record r = { .type = TRACE_HYPERVISOR_SYSREG,
				  .name = reg,
				  .value = { value } };

	if (observing(m))
		emit(m, cpu, &r);
}

void observe_hypervisor_ic(struct machine *m)
{
	struct trace_record r = { .type = TRACE_HYPERVISOR_IC };

	if (observing(m))
		emit(m, m->current, &r);
}

void observe_hypervisor_clean(struct machine *m, pa_t pa, uint64_t bytes)
{
	struct trace_record r = { .type = TRACE_HYPERVISOR_CLEAN,
				  .value = { pa.raw, bytes } };

	if (observing(m))
		emit(m, m->current, &r);
}

void observe_set_way(struct machine *m, const char *cause, uint64_t pages,
		     uint64_t cycles, bool whole)
{
	struct trace_record r = { .type = TRACE_P2M_SET_WAY,
				  .name = cause,
				  .value = { pages, cycles, whole } };

	if (m->trace)
		emit(m, m->current, &r);
}

void observe_pte_write(struct machine *m, pa_t pte, uint64_t value)
{
	struct trace_record r = { .type = TRACE_P2M_PTE_WRITE,
				  .value = { pte.raw, value } };

	if (observing(m))
		emit(m, m->current, &r);
}

void observe_p2m_tlbi(struct machine *m, const struct port_tlbi *request)
{
	static const char *const scope[] = { "vmid", "ipa", "range" };
	struct trace_record r = { .type = TRACE_P2M_TLBI,
				  .name = scope[request->scope],
				  .value = { request->start.raw,
					     request->bytes } };

	if (observing(m))
		emit(m, m->current, &r);
}

void observe_p2m_op(struct machine *m, const char *op, gfn_t gfn,
		    uint64_t count, int64_t result)
{
	struct trace_record r = { .type = TRACE_P2M_OP,
				  .name = op,
				  .value = { gfn.raw, count,
					     (uint64_t)result } };

	if (observing(m))
		emit(m, m->current, &r);
}

static const char *step_source(const struct arm_walk_step *step)
{
	static const char *const served[] = { "l1", "l2", "llc", "memory" };

	switch (step->source) {
	case ARM_STEP_WALK_CACHE:
		return "walk-cache";
	case ARM_STEP_S2_TLB:
		return "s2-tlb";
	default:
		return served[step->served];
	}
}

void observe_walk(struct machine *m, struct machine_cpu *cpu, va_t va,
		  const struct arm_walk *walk, uint64_t cycles,
		  const char *outcome)
{
	struct trace_record done = { .type = TRACE_WALK_DONE,
				     .name = outcome,
				     .value = { va.raw, walk->descriptor_reads,
						cycles } };

	if (!observing(m))
		return;
	for (uint32_t i = 0; i < walk->steps; i++) {
		const struct arm_walk_step *s = &walk->step[i];
		struct trace_record r = {
			.type = TRACE_WALK_STEP,
			.name = step_source(s),
			.value = { s->stage, (uint64_t)(int64_t)s->level,
				   s->input, s->descriptor_pa.raw,
				   s->descriptor },
		};

		emit(m, cpu->index, &r);
	}
	emit(m, cpu->index, &done);
}

void observe_fill(struct machine *m, struct machine_cpu *cpu, va_t va,
		  unsigned int access, const struct arm_translation *t)
{
	uint64_t range = ~UINT64_C(0) << t->size_lg2;
	struct trace_record r = {
		.type = TRACE_TLB_FILL,
		.value = { va.raw & range, t->ipa.raw & range,
			   t->pa.raw & range, t->size_lg2,
			   cpu->mmu.regs.ttbr0 >> 48,
			   cpu->mmu.regs.vttbr >> 48,
			   !FIELD_GET(ARM_ATTRS_NG, t->attrs),
			   !!(access & ARM_ACCESS_FETCH) },
	};

	if (observing(m))
		emit(m, cpu->index, &r);
}

void observe_fault(struct machine *m, struct machine_cpu *cpu,
		   const struct arm_fault *fault)
{
	struct trace_record r = {
		.type = TRACE_FAULT_TAKEN,
		.name = arm_fault_name(fault->kind),
		.value = { fault->stage, (uint64_t)(int64_t)fault->level,
			   fault->va.raw, fault->ipa.raw,
			   !!(fault->access & ARM_ACCESS_WRITE),
			   !!(fault->access & ARM_ACCESS_FETCH) },
	};

	if (observing(m))
		emit(m, cpu->index, &r);
}
