/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reports of data accesses that are not usual: they fault, cross a page, are
 * Unicorn's own pieces, or stand in a block whose words matter. See README.md.
 */
#include "sim/guest/reports.h"

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

/* An access at `va` that may change the models; Unicorn has it at `paddr`. It
 * may have failed, gone to another frame by now, or lie in two of Unicorn's
 * pages. */
static __attribute__((noinline)) void
report_slow(struct vcpu *v, uint64_t va, uint64_t paddr, uint32_t what,
	    uint64_t value)
{
	struct engine *e = v->engine;
	uint64_t index = (paddr - WINDOW_BASE) >> FRAME_LG2;
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

/* The one place where data accesses that are not quick reach the machine. */
static void report_access(struct vcpu *v, uint64_t index, uint64_t paddr,
			  unsigned int size, bool write, uint32_t kind,
			  uint64_t value)
{
	struct engine *e = v->engine;
	uint64_t slot_va = e->slot_va[index];
	uint64_t offset = paddr & (FRAME_BYTES - 1);
	uint64_t va = (slot_va & ~SLOT_WATCHED) | offset;
	uint32_t what = TRACE_WHAT(size, write) | kind;

	machine_access_record(v->m, v->cpu, (va_t){ va }, what);
	if (!machine_access_idle(v->m, v->cpu, (va_t){ va }, what))
		report_slow(v, va, paddr, what, value);
	else if (unlikely(slot_va & SLOT_WATCHED) && write)
		window_store_watched(v, va, e->slot[index].ipa | offset, size,
				     value);
}

void report_moved(struct vcpu *v, uint64_t va, uint64_t paddr, uint32_t what,
		  uint64_t value)
{
	if (!machine_access_back(v->m, v->cpu, (va_t){ va }, what))
		report_slow(v, va, paddr, what, value);
}

void report_any(struct vcpu *v, unsigned int size, uint64_t paddr, bool write,
		uint64_t value)
{
	report_access(v, (paddr - WINDOW_BASE) >> FRAME_LG2, paddr, size, write,
		      v->engine->access, value);
}

void report_careful(struct vcpu *v, unsigned int size, uint64_t paddr,
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
	report_access(v, index, paddr, size, write, kind, value);
}
