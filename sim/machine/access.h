/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hot path of run and replay: data accesses and block executions that
 * change no state beyond counters are settled here, in line; the rest is
 * access.c. Exact, not approximate: what is skipped is a hit on the most
 * recently used TLB entry and line, which every replacement policy leaves as
 * they are. FACTS §10, models/README.md rules 1-8.
 */
#ifndef SIM_MACHINE_ACCESS_H
#define SIM_MACHINE_ACCESS_H

#include "models/arm/mmu_inline.h"
#include "models/memory/cache.h"
#include "sim/machine/account.h"

/* Before the L1 data TLB of a CPU is looked at or changed by anything but a
 * use through a memo. */
void access_settle_uses(struct machine_cpu *cpu);

enum machine_result machine_access_slow(struct machine *m,
					struct machine_cpu *cpu, va_t va,
					uint32_t what, struct arm_fault *fault);
enum machine_result machine_block_slow(struct machine *m,
				       struct machine_cpu *cpu, va_t va,
				       uint32_t bytes, struct arm_fault *fault);

/* All of [va, va + bytes) lies in the line that begins at `line`. */
static inline bool in_line(uint64_t va, uint32_t bytes, uint64_t line,
			   uint64_t line_bytes)
{
	return ((va ^ line) | ((va + bytes - 1) ^ line)) < line_bytes;
}

/* True: the access changed nothing but counters, and has been counted. Then
 * it lies in one line. */
static inline bool machine_access_idle(const struct machine *m,
				       struct machine_cpu *cpu, va_t va,
				       uint32_t what)
{
	struct last_access *last = &cpu->last_data;
	uint32_t access = TRACE_WHAT_ACCESS(what);

	if (__builtin_expect(
		    !in_line(va.raw, TRACE_WHAT_BYTES(what), last->line,
			     m->line_bytes) ||
			    !(last->idle >> access & 1) ||
			    last->context != cpu->mmu.data_context ||
			    last->generation != *last->generation_now,
		    0))
		return false;
	last->hits++;
	cpu->data_accesses[access & ARM_ACCESS_WRITE]++;
	if (__builtin_expect(m->charge_l1d_tlb != 0, 0))
		cpu->by[BUCKET_TLB] += m->charge_l1d_tlb;
	return true;
}

/* ---- pages that the L1 data TLB is known to hold ---- */

#define PAGE_LG2   12
#define PAGE_BYTES (UINT64_C(1) << PAGE_LG2)

static inline struct page_memo *memo_of(struct machine_cpu *cpu, va_t va)
{
	return &cpu->memo[va.raw >> PAGE_LG2 & (PAGE_MEMOS - 1)];
}

/* A hit on an entry that a memo knows. */
static inline void memo_use(const struct machine *m, struct machine_cpu *cpu,
			    struct page_memo *memo)
{
	if (m->defer_uses) {
		memo->used = ++cpu->uses;
		cpu->memos_used |= BIT(memo - cpu->memo);
	} else if (memo->entry != cpu->mmu.l1d_tlb->recent) {
		tlb_use_again(cpu->mmu.l1d_tlb, memo->entry);
	}
}

/* The access lies in the line that was used last in the page, the lookup would
 * hit, and nothing in the cache has moved since. */
static inline bool memo_has_line(const struct machine *m,
				 const struct machine_cpu *cpu,
				 const struct page_memo *memo, va_t va,
				 uint32_t what)
{
	return in_line(va.raw, TRACE_WHAT_BYTES(what), memo->line,
		       m->line_bytes) &&
	       (memo->line_idle >> TRACE_WHAT_ACCESS(what) & 1) &&
	       memo->context == cpu->mmu.data_context &&
	       memo->generation == *cpu->last_data.generation_now;
}

/* Such an access, but for the count of loads and stores. */
static inline void memo_use_line(const struct machine *m,
				 struct machine_cpu *cpu,
				 struct page_memo *memo)
{
	struct last_access *last = &cpu->last_data;

	memo_use(m, cpu, memo);
	cpu->by[BUCKET_TLB] += m->charge_l1d_tlb;
	last->hits++;
	last->page = memo->page;
	last->page_pa = memo->pa;
	last->line = memo->line;
	last->idle = memo->line_idle;
	last->generation = memo->generation;
	last->context = memo->context;
}

/* As machine_access_idle, of an access that goes back to the line of another
 * page. */
static inline bool machine_access_back(const struct machine *m,
				       struct machine_cpu *cpu, va_t va,
				       uint32_t what)
{
	struct page_memo *memo = memo_of(cpu, va);

	if (!memo_has_line(m, cpu, memo, va, what))
		return false;
	cpu->data_accesses[TRACE_WHAT_ACCESS(what) & ARM_ACCESS_WRITE]++;
	memo_use_line(m, cpu, memo);
	return true;
}

static inline void machine_access_record(struct machine *m,
					 const struct machine_cpu *cpu,
					 va_t va, uint32_t what)
{
	if (m->trace)
		trace_batch_access(m->trace, m->batch, cpu->index, cpu->el,
				   va.raw, what);
}

/*
 * For who knows of accesses to come: asks the host for what the last level and
 * a walk will look at, by a guess of the address: as far from the last page as
 * its virtual address is. A hint; a wrong one changes nothing.
 */
CACHE_PREFETCH machine_access_prefetch(const struct machine *m,
				       const struct machine_cpu *cpu,
				       uint64_t va)
{
	pa_t pa = { va - (cpu->last_data.page << 12) +
		    cpu->last_data.page_pa.raw };

	memory_prefetch(m->memory, pa);
	arm_mmu_prefetch(&cpu->mmu, va);
}

static inline enum machine_result
machine_access_inline(struct machine *m, struct machine_cpu *cpu, va_t va,
		      uint32_t what, struct arm_fault *fault)
{
	machine_access_record(m, cpu, va, what);
	if (__builtin_expect(machine_access_idle(m, cpu, va, what), 1))
		return MACHINE_OK;
	return machine_access_slow(m, cpu, va, what, fault);
}

static inline enum machine_result
machine_block_inline(struct machine *m, struct machine_cpu *cpu, va_t va,
		     uint32_t bytes, uint32_t instructions,
		     struct arm_fault *fault)
{
	struct last_access *last = &cpu->last_fetch;
	/* Of the lines that are known to be idle. */
	uint64_t first = (va.raw >> m->line_lg2) - last->line;
	uint64_t end = ((va.raw + bytes - 1) >> m->line_lg2) - last->line;

	if (m->trace)
		trace_batch_block(m->trace, m->batch, cpu->index, cpu->el,
				  va.raw, bytes, instructions);
	cpu->block = va.raw;
	cpu->fetches++;
	cpu->instructions += instructions;
	cpu->by[BUCKET_BASE] += instructions * m->config.base_cpi_fp;
	if (first <= last->more && end <= last->more &&
	    last->idle == cpu->el + 1 &&
	    last->context == cpu->mmu.fetch_context &&
	    last->generation == *last->generation_now) {
		last->hits++;
		*last->line_hits += end - first;
		if (__builtin_expect(m->charge_l1i_tlb != 0, 0))
			cpu->by[BUCKET_TLB] += m->charge_l1i_tlb;
		return MACHINE_OK;
	}
	return machine_block_slow(m, cpu, va, bytes, fault);
}

#endif
