/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reports of data accesses, from Unicorn's memory hook to the machine: what
 * is usual, in line.
 */
#ifndef SIM_GUEST_REPORTS_H
#define SIM_GUEST_REPORTS_H

#include "sim/guest/engine.h"
#include "sim/machine/access.h"

/* An access that may have changed the models. */
void report_slow(struct vcpu *v, uint64_t index, uint64_t paddr, uint64_t va,
		 uint32_t what, uint64_t value);
/* engine->careful is not 0, or it is no guest memory. */
void report_careful(struct vcpu *v, uint64_t paddr, unsigned int size,
		    bool write, uint64_t value);

/* The one place where data accesses reach the machine. */
static inline __attribute__((always_inline)) void
report_access(struct vcpu *v, uint64_t index, uint64_t paddr, unsigned int size,
	      bool write, uint32_t kind, uint64_t value)
{
	struct engine *e = v->engine;
	uint64_t slot_va = e->slot_va[index];
	uint64_t offset = paddr & (FRAME_BYTES - 1);
	uint64_t va = (slot_va & ~SLOT_WATCHED) | offset;
	uint32_t what = TRACE_WHAT(size, write) | kind;

	machine_access_record(v->m, v->cpu, (va_t){ va }, what);
	if (!machine_access_idle(v->m, v->cpu, (va_t){ va }, what))
		report_slow(v, index, paddr, va, what, value);
	else if (unlikely(slot_va & SLOT_WATCHED) && write)
		window_store_watched(v, va, e->slot[index].ipa | offset, size,
				     value);
}

#endif
