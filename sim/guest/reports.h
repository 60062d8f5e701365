/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reports of data accesses, from Unicorn's memory hook to the machine: what
 * is usual, in line.
 */
#ifndef SIM_GUEST_REPORTS_H
#define SIM_GUEST_REPORTS_H

#include "sim/guest/engine.h"
#include "sim/machine/access.h"

/* An access at `va` to another line than the last; Unicorn has it at `paddr`.
 * It may change the models. */
void report_moved(struct vcpu *v, uint64_t va, uint64_t paddr, uint32_t what,
		  uint64_t value);
/* engine->careful is not 0, or it is no guest memory. */
void report_careful(struct vcpu *v, unsigned int size, uint64_t paddr,
		    bool write, uint64_t value);
/* Whatever it is, if engine->careful is 0 and it is guest memory. */
void report_any(struct vcpu *v, unsigned int size, uint64_t paddr, bool write,
		uint64_t value);

/*
 * The same for most: not recorded, its page not watched, no state changed.
 * Nothing is kept over a call, so that nothing has to be saved.
 */
static inline __attribute__((always_inline)) void
report_quick(struct vcpu *v, unsigned int size, uint64_t paddr, bool write,
	     uint64_t value)
{
	struct engine *e = v->engine;
	uint64_t slot_va = e->slot_va[(paddr - WINDOW_BASE) >> FRAME_LG2];
	uint64_t va = slot_va | (paddr & (FRAME_BYTES - 1));
	uint32_t what = TRACE_WHAT(size, write) | e->access;

	if (unlikely((slot_va & SLOT_WATCHED) || v->m->trace))
		report_any(v, size, paddr, write, value);
	else if (!machine_access_idle(v->m, v->cpu, (va_t){ va }, what))
		report_moved(v, va, paddr, what, value);
}

#endif
