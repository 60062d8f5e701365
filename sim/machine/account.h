/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where charges and observations go. Every charge is made here and lands in
 * exactly one bucket; what the simulated kernel causes on the CPU's own path
 * (TLB, walk, data) is moved to its bucket. models/README.md.
 */
#ifndef SIM_MACHINE_ACCOUNT_H
#define SIM_MACHINE_ACCOUNT_H

#include "core/port.h"
#include "sim/machine/machine.h"

static inline void account_charge(struct machine_cpu *cpu, enum bucket bucket,
				  uint64_t charge)
{
	cpu->by[bucket] += charge;
}

/* What has been charged to a bucket since `before` was taken of cpu->by goes to
 * another instead. */
static inline void account_move(struct machine_cpu *cpu, enum bucket from,
				enum bucket to, const uint64_t *before)
{
	cpu->by[to] += cpu->by[from] - before[from];
	cpu->by[from] = before[from];
}

static inline bool observing(const struct machine *m)
{
	return m->trace && trace_writer_level(m->trace) == TRACE_FULL;
}

/* Observations, written at --trace-level full only. observe.c. */
void observe_table(struct machine *m, enum trace_type type, pa_t table);
void observe_hypervisor_access(struct machine *m, pa_t pa, bool write);
void observe_hypervisor_sysreg(struct machine *m, unsigned int cpu,
			       const char *reg, uint64_t value);
void observe_hypervisor_ic(struct machine *m);
void observe_hypervisor_clean(struct machine *m, pa_t pa, uint64_t bytes);
/* At --trace-level costs, too. */
void observe_set_way(struct machine *m, const char *cause, uint64_t pages,
		     uint64_t cycles, bool whole);
void observe_pte_write(struct machine *m, pa_t pte, uint64_t value);
void observe_p2m_tlbi(struct machine *m, const struct port_tlbi *request);
void observe_p2m_op(struct machine *m, const char *op, gfn_t gfn,
		    uint64_t count, int64_t result);
void observe_walk(struct machine *m, struct machine_cpu *cpu, va_t va,
		  const struct arm_walk *walk, uint64_t cycles,
		  const char *outcome);
void observe_fill(struct machine *m, struct machine_cpu *cpu, va_t va,
		  unsigned int access, const struct arm_translation *t);
void observe_fault(struct machine *m, struct machine_cpu *cpu,
		   const struct arm_fault *fault);

#endif
