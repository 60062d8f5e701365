/* SPDX-License-Identifier: BSD-2-Clause */
/* See stats.h. */
#include "sim/machine/stats.h"

#include <stdio.h>

#include "models/arm/descriptor.h"
#include "sim/machine/core_library.h"
#include "sim/machine/hypervisor.h"
#include "sim/machine/iommu.h"
#include "sim/machine/mark.h"
#include "sim/machine/stall.h"

static void set(json_t *object, const char *key, uint64_t value)
{
	json_object_set_new(object, key, json_integer((json_int_t)value));
}

static json_t *tlb_json(const struct tlb *tlb, uint64_t skipped)
{
	const struct tlb_counters *c = tlb_counters(tlb);
	json_t *out = json_object();

	set(out, "hits", c->hits + skipped);
	set(out, "misses", c->misses);
	set(out, "fills", c->fills);
	set(out, "evictions", c->evictions);
	set(out, "invalidated", c->invalidated);
	return out;
}

static json_t *tlbs_json(const struct machine_cpu *cpu)
{
	const struct arm_mmu *mmu = &cpu->mmu;
	json_t *out = json_object();

	json_object_set_new(out, "l1i",
			    tlb_json(mmu->l1i_tlb,
				     cpu->last_fetch.hits +
					     cpu->last_fetch.page_hits));
	json_object_set_new(out, "l1d",
			    tlb_json(mmu->l1d_tlb,
				     cpu->last_data.hits +
					     cpu->last_data.page_hits));
	json_object_set_new(out, "l2", tlb_json(mmu->l2_tlb, 0));
	json_object_set_new(out, "s2", tlb_json(mmu->regime.s2_tlb, 0));
	return out;
}

static json_t *walk_cache_json(const struct walk_cache *wc)
{
	const struct walk_cache_counters *c = walk_cache_counters(wc);
	json_t *out = json_object();

	set(out, "hits", c->hits);
	set(out, "misses", c->misses);
	return out;
}

static json_t *walks_json(const struct machine_cpu *cpu)
{
	const struct arm_walk_counters *w = &cpu->mmu.walks;
	json_t *out = json_object(), *by = json_object();

	set(out, "count", w->count);
	set(out, "memory_accesses", w->memory_accesses);
	set(out, "cycles", cpu->walk_charge >> CYCLE_LG2);
	for (int i = 0; i <= ARM_WALK_STEPS_MAX; i++) {
		char key[16];

		if (!w->by_accesses[i])
			continue;
		snprintf(key, sizeof(key), "%d", i);
		set(by, key, w->by_accesses[i]);
	}
	json_object_set_new(out, "by_accesses", by);
	return out;
}

static json_t *faults_json(const struct machine_cpu *cpu)
{
	json_t *out = json_object();

	for (int stage = 0; stage < 2; stage++) {
		for (int kind = 1; kind < ARM_FAULT_KINDS; kind++) {
			char key[48];

			if (!cpu->faults[stage][kind])
				continue;
			snprintf(key, sizeof(key), "s%d-%s", stage + 1,
				 arm_fault_name(kind));
			set(out, key, cpu->faults[stage][kind]);
		}
	}
	return out;
}

static json_t *cpu_json(const struct machine_cpu *cpu)
{
	json_t *out = json_object(), *by = json_object();
	json_t *accesses = json_object(), *wc = json_object();
	uint64_t cycles = 0;

	for (int i = 0; i < BUCKET_COUNT; i++) {
		set(by, bucket_name(i), cpu->by[i] >> CYCLE_LG2);
		cycles += cpu->by[i] >> CYCLE_LG2;
	}
	set(accesses, "fetch", cpu->fetches);
	set(accesses, "load", cpu->data_accesses[0]);
	set(accesses, "store", cpu->data_accesses[1]);
	set(accesses, "kernel", cpu->kernel_accesses);
	json_object_set_new(wc, "s1",
			    walk_cache_json(cpu->mmu.regime.walk_cache_s1));
	json_object_set_new(wc, "s2",
			    walk_cache_json(cpu->mmu.regime.walk_cache_s2));
	set(out, "instructions", cpu->instructions);
	set(out, "cycles", cycles);
	json_object_set_new(out, "accesses", accesses);
	json_object_set_new(out, "tlb", tlbs_json(cpu));
	json_object_set_new(out, "walk_cache", wc);
	json_object_set_new(out, "walks", walks_json(cpu));
	json_object_set_new(out, "faults", faults_json(cpu));
	json_object_set_new(out, "cycles_by", by);
	return out;
}

/* Hits that the CPUs skipped asking the L1 caches for. */
static uint64_t skipped_lines(const struct machine *m, enum memory_cache which)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < m->config.cpus; i++) {
		if (which == CACHE_L1D)
			sum += m->cpu[i].last_data.hits;
		else if (which == CACHE_L1I)
			sum += m->cpu[i].last_fetch.hits;
	}
	return sum;
}

static json_t *cache_json(const struct machine *m, enum memory_cache which)
{
	static const char *const requester[REQUESTER_COUNT] = {
		"data", "fetch", "walk", "hypervisor", "dma",
	};
	json_t *out = json_object(), *by = json_object();
	uint64_t hits = 0, misses = 0;
	struct cache_counters c;

	memory_counters(m->memory, which, &c);
	c.hits[which == CACHE_L1I ? REQUESTER_FETCH : REQUESTER_DATA] +=
		skipped_lines(m, which);
	for (int i = 0; i < REQUESTER_COUNT; i++) {
		json_t *one = json_object();

		set(one, "hits", c.hits[i]);
		set(one, "misses", c.misses[i]);
		json_object_set_new(by, requester[i], one);
		hits += c.hits[i];
		misses += c.misses[i];
	}
	set(out, "hits", hits);
	set(out, "misses", misses);
	set(out, "writebacks", c.writebacks);
	set(out, "cleans", c.cleans);
	json_object_set_new(out, "by_requester", by);
	return out;
}

static json_t *set_way_json(const struct hypervisor *h)
{
	const struct setway *s = &h->setway;
	const struct p2m_setway_counts c = setway_counts(h);
	json_t *out = json_object();

	json_object_set_new(out, "done", json_string(setway_name(h)));
	set(out, "traps", s->traps);
	set(out, "vm_traps", s->vm_traps);
	set(out, "batches", c.batches);
	set(out, "pieces", s->pieces);
	set(out, "pages_cleaned", c.frames_cleaned);
	set(out, "faults", c.faults);
	set(out, "root_invalidations", c.invalidations);
	set(out, "worst_trap_cycles", s->worst_trap >> CYCLE_LG2);
	set(out, "worst_piece_cycles", s->worst_piece >> CYCLE_LG2);
	set(out, "worst_fault_cycles", s->worst_fault >> CYCLE_LG2);
	return out;
}

/* "64K", "2M", "4T": a size of whole units. */
static const char *size_name(unsigned int lg2, char name[8])
{
	snprintf(name, 8, "%u%c", 1u << lg2 % 10, "BKMGTP"[lg2 / 10]);
	return name;
}

/* Leaves by size. The sizes of the 4K granule are there whatever the granule
 * is; and with it, those of the machine's. */
static json_t *mappings_json(const struct hypervisor *h,
			     const struct p2m_stats *s)
{
	const struct arm_range *range = &h->m->cpu[0].mmu.regime.setup.s2;
	json_t *out = json_pack("{s:i, s:i, s:i}", "4K", 0, "2M", 0, "1G", 0);
	char name[8];

	for (unsigned int level = 3; level > 0; level--)
		if (level == 3 || (range->blocks >> level & 1))
			set(out, size_name(range->granule->shift[level], name),
			    s->mappings[level]);
	return out;
}

/* The runs that the contiguous hint marks, by size: found in the tables, as
 * hardware would. `runs` is by level. */
static void count_runs(const struct machine *m, uint64_t table,
		       uint64_t entries, unsigned int level, uint64_t runs[4])
{
	const struct arm_range *range = &m->cpu[0].mmu.regime.setup.s2;
	uint64_t run = BIT(range->granule->contiguous[level]);

	if (!ram_has(&m->ram, (pa_t){ table }, entries * 8))
		return;
	for (uint64_t i = 0; i < entries; i++) {
		uint64_t raw = ram_read64(&m->ram, (pa_t){ table + 8 * i });

		switch (arm_descriptor_kind(range, raw, (int)level)) {
		case ARM_DESCRIPTOR_TABLE:
			count_runs(m, arm_table_address(range, raw),
				   BIT(range->granule->stride), level + 1,
				   runs);
			break;
		case ARM_DESCRIPTOR_LEAF:
			runs[level] += i % run == 0 &&
				       FIELD_GET(ARM_S2_LEAF_Contiguous, raw);
			break;
		case ARM_DESCRIPTOR_INVALID:
			break;
		}
	}
}

static json_t *contiguous_json(const struct machine *m)
{
	const struct arm_range *range = &m->cpu[0].mmu.regime.setup.s2;
	uint64_t runs[4] = { 0 };
	json_t *out = json_object();
	char name[8];

	if (range->usable)
		count_runs(m, range->root, range->index_mask + UINT64_C(1),
			   (unsigned int)range->level, runs);
	for (unsigned int level = 3; level > 0; level--) {
		unsigned int more = range->granule->contiguous[level];

		if (more && (level == 3 || (range->blocks >> level & 1)))
			set(out,
			    size_name(range->granule->shift[level] + more,
				      name),
			    runs[level]);
	}
	return out;
}

static json_t *p2m_json(const struct hypervisor *h)
{
	struct p2m_stats counts = { 0 };
	const struct p2m_stats *s = &counts;
	json_t *out;

	if (h->core->stats)
		h->core->stats(h->space, &counts);
	out = json_pack(
		"{s:{s:I,s:I,s:I,s:I}, s:I,s:I,s:I, s:{s:I,s:I,s:I,s:I}, s:o, s:{s:I,s:I,s:I}, s:I,s:I}",
		"ops", "map", (json_int_t)h->ops_map, "unmap",
		(json_int_t)h->ops_unmap, "protect", (json_int_t)h->ops_protect,
		"fault", (json_int_t)h->ops_fault, "splits",
		(json_int_t)s->splits, "coalesces", (json_int_t)s->coalesces,
		"pte_writes", (json_int_t)s->pte_writes, "tables", "live",
		(json_int_t)s->tables_live, "peak", (json_int_t)s->tables_peak,
		"allocated", (json_int_t)s->tables_allocated, "freed",
		(json_int_t)s->tables_freed, "mappings", mappings_json(h, s),
		"tlbi", "vmid",
		(json_int_t)s->tlbi_vmid, "ipa", (json_int_t)s->tlbi_ipa,
		"range", (json_int_t)s->tlbi_range, "cleans",
		(json_int_t)s->cleans, "barriers", (json_int_t)s->barriers);

	json_object_set_new(out, "stalls", stall_json(h->m));
	json_object_set_new(out, "set_way", set_way_json(h));
	if (h->m->config.p2m.contig_hint)
		json_object_set_new(out, "contiguous", contiguous_json(h->m));
	return out;
}

json_t *stats_counters(const struct machine *m)
{
	json_t *out = json_object(), *cpus = json_array();
	json_t *caches = json_object();
	static const char *const name[CACHE_COUNT] = { "l1i", "l1d", "l2",
						       "llc" };

	for (unsigned int i = 0; i < m->config.cpus; i++)
		json_array_append_new(cpus, cpu_json(&m->cpu[i]));
	for (int i = 0; i < CACHE_COUNT; i++)
		json_object_set_new(caches, name[i], cache_json(m, i));
	json_object_set_new(out, "cpu", cpus);
	json_object_set_new(out, "cache", caches);
	json_object_set_new(out, "p2m", p2m_json(m->hypervisor));
	if (m->iommus)
		json_object_set_new(out, "iommu", iommus_json(m->iommus));
	return out;
}

json_t *machine_stats(const struct machine *m, const json_t *guest)
{
	json_t *out = json_object(), *counters = stats_counters(m), *phases;

	json_object_set_new(out, "format", json_string("p2msim.stats/1"));
	json_object_set_new(out, "machine",
			    json_pack("{s:s, s:s}", "name", m->config.name,
				      "digest", m->config.digest));
	json_object_set(out, "policy",
			json_object_get(m->config.json, "policy"));
	if (m->config.core)
		json_object_set_new(out, "core",
				    core_library_json(m->config.core));
	json_object_set_new(out, "guest", guest ? json_deep_copy(guest)
						: json_object());
	json_object_update(out, counters);
	if (!m->iommus)
		json_object_set_new(out, "iommu", json_array());
	json_object_set_new(out, "shadow", json_object());
	json_object_set_new(out, "mapcache", json_object());
	json_object_set_new(out, "replay",
			    json_pack("{s:I}", "divergences",
				      (json_int_t)m->divergences));
	phases = mark_phases(m, counters);
	if (phases)
		json_object_set_new(out, "phases", phases);
	if (m->marks_dropped)
		set(out, "marks_dropped", m->marks_dropped);
	json_decref(counters);
	return out;
}
