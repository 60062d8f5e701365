/* SPDX-License-Identifier: BSD-2-Clause */
/* Accesses and what they cost: rules 1 to 11, and the table of charges. */
#include <math.h>
#include <string.h>

#include "recount.h"

void charge(struct machine *m, struct cpu *cpu, enum bucket in, double cycles)
{
	if (m->in_kernel && (in == IN_TLB || in == IN_WALK || in == IN_DATA))
		in = IN_KERNEL;
	cpu->charge[in] += llround(cycles * 1024);
}

/* ---- TLBs ---- */

static void entry_fill(struct cpu *cpu, bool fetch, bool also_l2,
		       const struct translation *t, uint64_t va)
{
	if (also_l2)
		tlb_fill(&cpu->l2, t, va);
	tlb_fill(fetch ? &cpu->l1i : &cpu->l1d, t, va);
}

/* Rule 6, both levels; NULL: a walk is due. */
static const struct translation *levels_ask(struct machine *m, struct cpu *cpu,
					    const struct access *a)
{
	struct tlb *l1 = a->fetch ? &cpu->l1i : &cpu->l1d;
	const struct translation *hit = NULL;
	uint16_t vmid = current_vmid(m), asid = current_asid(cpu);
	bool stage1 = stage1_is_on(cpu);

	if (l1->present) {
		charge(m, cpu, IN_TLB, l1->latency);
		hit = tlb_lookup(l1, a->va, vmid, asid, stage1);
	}
	if (hit || !cpu->l2.present)
		return hit;
	charge(m, cpu, IN_TLB, cpu->l2.latency);
	hit = tlb_lookup(&cpu->l2, a->va, vmid, asid, stage1);
	if (hit)
		entry_fill(cpu, a->fetch, false, hit, a->va);
	return hit;
}

/* Rule 6: where TCR.TBI0 or TBI1 ignores the top byte, bit 55 repeated. */
static uint64_t address_asked(const struct cpu *cpu, uint64_t va)
{
	bool high = va >> 55 & 1;

	if (!stage1_is_on(cpu) || !(cpu->reg.tcr >> (high ? 38 : 37) & 1))
		return va;
	return (uint64_t)((int64_t)(va << 8) >> 8);
}

bool cpu_lookup(struct machine *m, struct cpu *cpu, const struct access *a,
		struct translation *out, struct fault *fault)
{
	const struct translation *hit = levels_ask(m, cpu, a);

	if (hit) {
		*out = *hit;
		return translation_allows(out, a, fault);
	}
	if (!walk(m, cpu, a, out, fault))
		return false;
	entry_fill(cpu, a->fetch, true, out, a->va);
	return true;
}

/* ---- lines ---- */

/* Rule 22. */
static bool is_cacheable(const struct cpu *cpu, const struct translation *t,
			 bool fetch)
{
	bool on = cpu->reg.sctlr >> (fetch ? 12 : 2) & 1;

	if (!t->stage1 && !fetch)
		return false;
	return on && t->cacheable;
}

static void line_access(struct machine *m, struct cpu *cpu,
			const struct access *a, uint64_t pa, bool cacheable)
{
	enum level first = a->fetch ? L1I : L1D, served = MEMORY;
	enum bucket in = a->fetch ? IN_FETCH : IN_DATA;

	if (!cacheable) {
		charge(m, cpu, in, m->latency[MEMORY]);
		return;
	}
	served = caches_access(&m->caches, cpu->number,
			       a->fetch ? BY_FETCH : BY_DATA, first, pa,
			       a->write);
	if (served != first)
		charge(m, cpu, in,
		       (m->latency[served] - m->latency[first]) /
			       (a->fetch ? 1 : m->mlp));
}

static void fault_count(struct cpu *cpu, const struct fault *fault)
{
	cpu->faults[fault->stage][fault->kind]++;
}

/* One page's part. */
static bool page_access(struct machine *m, struct cpu *cpu,
			const struct access *a, resolver resolve, void *context)
{
	uint64_t line = m->caches.line_bytes, at;
	struct translation t;
	struct fault fault;

	while (!cpu_lookup(m, cpu, a, &t, &fault)) {
		fault_count(cpu, &fault);
		if (fault.stage == 1)
			return false;
		charge(m, cpu, IN_TRAP, m->trap);
		if (!resolve(context))
			return false; /* a synchronous external abort */
	}
	if (a->unaligned && (!t.stage1 || t.device)) {
		cpu->faults[1][FAULT_ALIGNMENT]++;
		return false;
	}
	for (at = a->va / line * line; at < a->va + a->bytes; at += line)
		line_access(m, cpu, a,
			    t.pa + (at & ((UINT64_C(1) << t.size) - 1)),
			    is_cacheable(cpu, &t, a->fetch));
	return true;
}

bool cpu_access(struct machine *m, struct cpu *cpu, const struct access *a,
		resolver resolve, void *context)
{
	struct access part = *a;
	uint64_t left = a->bytes, room;

	part.va = address_asked(cpu, a->va);
	part.unaligned = !a->fetch && a->va % a->bytes;
	for (; left; left -= part.bytes, part.va += part.bytes) {
		room = (UINT64_C(1) << PAGE_LG2) - (part.va & 0xfff);
		part.bytes = (unsigned int)(left < room ? left : room);
		if (!page_access(m, cpu, &part, resolve, context))
			return false;
	}
	return true;
}

bool cpu_page(struct machine *m, struct cpu *cpu, const struct access *a,
	      resolver resolve, void *context, struct translation *t,
	      struct fault *fault)
{
	while (!cpu_lookup(m, cpu, a, t, fault)) {
		fault_count(cpu, fault);
		if (fault->stage != 2)
			return false;
		charge(m, cpu, IN_TRAP, m->trap);
		if (!resolve(context))
			return false;
	}
	return true;
}

void cpu_mmio(struct machine *m, struct cpu *cpu, const struct access *a,
	      resolver resolve, void *context)
{
	struct translation t;
	struct fault fault;

	if (a->write)
		cpu->stores++;
	else
		cpu->loads++;
	if (cpu_page(m, cpu, a, resolve, context, &t, &fault))
		demand(false, "a device's address that stage 2 does not map");
	demand(fault.stage == 2, "a device's address that stage 1 maps");
	charge(m, cpu, IN_MMIO, m->mmio);
}

void cpu_hypervisor_access(struct machine *m, struct cpu *cpu, uint64_t pa,
			   bool write)
{
	enum level served = caches_access(&m->caches, cpu->number,
					  BY_HYPERVISOR, L1D, pa, write);

	charge(m, cpu, IN_HYPERVISOR, m->latency[served]);
}

/* ---- the machine ---- */

static double number_at(const json_t *section, const char *key)
{
	const json_t *value = json_object_get(section, key);

	demand(json_is_number(value), key);
	return json_number_value(value);
}

/* What a hit costs there; a level that is absent is none. */
static double cache_latency(const json_t *section)
{
	return number_at(section, "bytes") == 0 ? 0
						: number_at(section, "latency");
}

static void latencies_init(struct machine *m, const json_t *machine,
			   const json_t *cpu)
{
	m->latency[L1I] = cache_latency(json_object_get(cpu, "l1i"));
	m->latency[L1D] = cache_latency(json_object_get(cpu, "l1d"));
	m->latency[L2] = cache_latency(json_object_get(cpu, "l2"));
	m->latency[LLC] = cache_latency(json_object_get(machine, "llc"));
	m->latency[MEMORY] =
		number_at(json_object_get(machine, "dram"), "latency_ns") *
		number_at(cpu, "mhz") / 1000;
}

static void hypervisor_init(struct machine *m, const json_t *section)
{
	m->trap = number_at(section, "trap");
	m->hypercall = number_at(section, "hypercall");
	m->mmio = number_at(section, "mmio");
	m->tlbi = number_at(section, "tlbi");
	m->barrier = number_at(section, "barrier");
	m->clean = number_at(section, "clean");
}

void machine_init(struct machine *m, const json_t *machine)
{
	const json_t *cpu = json_object_get(machine, "cpu");
	const char *choice, *entry =
		json_string_value(json_object_get(cpu, "walk_entry"));
	unsigned int i;

	m->cpus = (unsigned int)number_at(cpu, "count");
	demand(m->cpus >= 1 && m->cpus <= CPUS_MAX && entry, "cpu section");
	m->walk_entry = !strcmp(entry, "l1d")  ? L1D
			: !strcmp(entry, "l2") ? L2
					       : MEMORY;
	m->instruction_charge = llround(number_at(cpu, "base_cpi") * 1024);
	m->mlp = number_at(cpu, "mlp");
	m->syscall = number_at(cpu, "syscall");
	latencies_init(m, machine, cpu);
	hypervisor_init(m, json_object_get(machine, "hypervisor"));
	choice = json_string_value(
		json_object_get(json_object_get(machine, "choices"),
				"contiguous_bit"));
	m->runs = choice && !strcmp(choice, "used");
	caches_init(&m->caches, machine, m->cpus);
	m->stage1 = tables_new();
	m->stage2 = tables_new();
	for (i = 0; i < m->cpus; i++) {
		struct cpu *c = &m->cpu[i];

		c->number = i;
		tlb_init(&c->l1i, json_object_get(cpu, "l1i_tlb"));
		tlb_init(&c->l1d, json_object_get(cpu, "l1d_tlb"));
		tlb_init(&c->l2, json_object_get(cpu, "l2_tlb"));
		tlb_init(&c->s2, json_object_get(cpu, "s2_tlb"));
		walk_cache_init(&c->wc1, json_object_get(cpu, "walk_cache_s1"));
		walk_cache_init(&c->wc2, json_object_get(cpu, "walk_cache_s2"));
	}
}
