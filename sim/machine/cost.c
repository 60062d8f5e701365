/* SPDX-License-Identifier: BSD-2-Clause */
/* See cost.h. Each batch's costs are what was added to its CPU since that
 * CPU's last batch; what happened between two batches (a hypercall, a system
 * call) stands with the later one. */
#include "sim/machine/cost.h"

#include <stdlib.h>
#include <string.h>

#define TLB_COSTS 5

/* As it stood after a CPU's last batch. */
struct cost_base {
	uint64_t by[BUCKET_COUNT];
	uint64_t tlb[TLB_COSTS];
	uint64_t cache[CACHE_COUNT]; /* of all CPUs: caches are summed */
};

/* Instructions of a batch may be taken back after it was written, when an
 * exception cut their block short: later batches make up for it. */
static uint64_t since(uint64_t *base, uint64_t now)
{
	uint64_t added = now - *base;

	if (now < *base)
		return 0;
	*base = now;
	return added;
}

static void observe_cycles(struct machine *m, const struct machine_cpu *cpu,
			   struct cost_base *base)
{
	struct trace_record r = { .type = TRACE_CPU_COST, .cpu = cpu->index };

	for (int i = 0; i < BUCKET_COUNT; i++)
		r.value[i] = since(&base->by[i], cpu->by[i]);
	trace_observe(m->trace, &r);
}

static void observe_tlbs(struct machine *m, const struct machine_cpu *cpu,
			 struct cost_base *base)
{
	const struct arm_mmu *mmu = &cpu->mmu;
	const uint64_t now[TLB_COSTS] = {
		tlb_counters(mmu->l1i_tlb)->misses,
		tlb_counters(mmu->l1d_tlb)->misses,
		tlb_counters(mmu->l2_tlb)->misses,
		mmu->walks.count,
		mmu->walks.memory_accesses,
	};
	struct trace_record r = { .type = TRACE_TLB_COST, .cpu = cpu->index };

	for (int i = 0; i < TLB_COSTS; i++)
		r.value[i] = since(&base->tlb[i], now[i]);
	trace_observe(m->trace, &r);
}

static void observe_caches(struct machine *m, unsigned int cpu,
			   struct cost_base *base)
{
	struct trace_record r = { .type = TRACE_CACHE_COST, .cpu = cpu };

	for (int i = 0; i < CACHE_COUNT; i++) {
		struct cache_counters c;
		uint64_t misses = 0;

		memory_counters(m->memory, i, &c);
		for (int who = 0; who < REQUESTER_COUNT; who++)
			misses += c.misses[who];
		r.value[i] = since(&base->cache[i], misses);
	}
	trace_observe(m->trace, &r);
}

static void batch_ended(void *context)
{
	struct machine *m = context;
	const struct machine_cpu *cpu = &m->cpu[m->batch->cpu];
	struct cost_base *base = &m->cost_base[cpu->index];

	observe_cycles(m, cpu, base);
	observe_tlbs(m, cpu, base);
	observe_caches(m, cpu->index, base);
}

bool cost_start(struct machine *m)
{
	m->cost_base = calloc(m->config.cpus, sizeof(*m->cost_base));
	if (!m->cost_base)
		return false;
	trace_writer_on_cut(m->trace, batch_ended, m);
	return true;
}
