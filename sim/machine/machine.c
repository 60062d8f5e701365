/* SPDX-License-Identifier: BSD-2-Clause */
/* A machine's making and ending, and its clock. See machine.h. */
#include "sim/machine/machine.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/memory/cache.h"
#include "sim/machine/account.h"
#include "sim/machine/cost.h"
#include "sim/machine/hypervisor.h"
#include "sim/machine/iommu.h"
#include "sim/machine/iommu_guest.h"
#include "sim/machine/pci.h"
#include "sim/machine/protocol.h"
#include "sim/machine/watch.h"

const char *bucket_name(enum bucket bucket)
{
	static const char *const name[BUCKET_COUNT] = {
		"base", "fetch",      "tlb",	     "walk",   "data", "mmio",
		"trap", "hypervisor", "maintenance", "kernel", "idle",
	};

	return name[bucket];
}

uint64_t machine_cycles(const struct machine_cpu *cpu)
{
	uint64_t sum = 0;

	for (int i = 0; i < BUCKET_COUNT; i++)
		sum += cpu->by[i];
	return sum;
}

/* ---- charges ---- */

static uint64_t charge_beyond(uint32_t latency, uint32_t l1, double mlp)
{
	if (latency <= l1)
		return 0;
	return (uint64_t)llround((latency - l1) / mlp);
}

static uint64_t tlb_charge(const struct tlb_config *tlb)
{
	return tlb->entries ? tlb->latency * CYCLE : 0;
}

static void set_charges(struct machine *m)
{
	const struct machine_config *c = &m->config;
	const struct memory_config *mem = &c->memory;

	m->latency[MEMORY_L1] = mem->l1d.latency << CYCLE_LG2;
	m->latency[MEMORY_L2] = mem->l2.latency << CYCLE_LG2;
	m->latency[MEMORY_LLC] = mem->llc.latency << CYCLE_LG2;
	m->latency[MEMORY_DRAM] = (uint32_t)llround(
		c->dram_latency_ns * c->mhz / 1000 * (double)CYCLE);
	for (int i = 0; i < MEMORY_LEVEL_COUNT; i++) {
		uint32_t l1d = mem->l1d.bytes ? m->latency[MEMORY_L1] : 0;
		uint32_t l1i = mem->l1i.bytes ? mem->l1i.latency << CYCLE_LG2
					      : 0;

		m->charge_data[i] = charge_beyond(m->latency[i], l1d, c->mlp);
		m->charge_fetch[i] = charge_beyond(m->latency[i], l1i, 1);
	}
	m->charge_data[MEMORY_L1] = m->charge_fetch[MEMORY_L1] = 0;
	m->charge_uncached = m->latency[MEMORY_DRAM];
	m->charge_l1i_tlb = tlb_charge(&c->mmu.l1i_tlb);
	m->charge_l1d_tlb = tlb_charge(&c->mmu.l1d_tlb);
	m->charge_l2_tlb = tlb_charge(&c->mmu.l2_tlb);
	m->line_lg2 = ctz64(mem->l1d.line);
	m->line_bytes = BIT(m->line_lg2);
	m->defer_uses = c->mmu.l1d_tlb.replacement == REPLACEMENT_LRU;
	m->may_skip = mem->l1i.bytes && mem->l1d.bytes &&
		      c->mmu.l1i_tlb.entries && c->mmu.l1d_tlb.entries;
}

/* ---- making ---- */

static void forget_last(struct last_access *last, struct cache *c,
			enum requester who)
{
	*last = (struct last_access){ .line = ~UINT64_C(0),
				      .page = ~UINT64_C(0),
				      .generation_now = &c->generation,
				      .line_hits = &c->counters.hits[who] };
}

static bool cpus_init(struct machine *m)
{
	m->cpu = calloc(m->config.cpus, sizeof(*m->cpu));
	if (!m->cpu)
		return false;
	for (unsigned int i = 0; i < m->config.cpus; i++) {
		struct machine_cpu *cpu = &m->cpu[i];

		cpu->index = i;
		for (unsigned int k = 0; k < PAGE_MEMOS; k++)
			cpu->memo[k].line = ~UINT64_C(0);
		cpu->el = 1;
		cpu->on = i == 0;
		forget_last(&cpu->last_data, &m->memory->cpu[i].l1d,
			    REQUESTER_DATA);
		forget_last(&cpu->last_fetch, &m->memory->cpu[i].l1i,
			    REQUESTER_FETCH);
		for (unsigned int j = 0; j < PAGE_MEMOS; j++)
			cpu->memo[j].page = ~UINT64_C(0);
		if (arm_mmu_init(&cpu->mmu, &m->config.mmu, &m->ram, m->memory,
				 i, &m->random))
			return false;
	}
	return true;
}

static bool ram_fits(const struct machine_config *config,
		     struct error_line *error)
{
	uint64_t end = MACHINE_BASE_PA + GUEST_RAM_BASE +
		       ((uint64_t)config->ram_mib << 20);

	if (end - 1 <= MASK(0, config->mmu.pa_bits))
		return true;
	return error_set(error, EXIT_INPUT,
			 "machine: cpu.pa_bits %u: guest memory of %u MiB ends at machine address 0x%llx: more bits are needed",
			 config->mmu.pa_bits, config->ram_mib,
			 (unsigned long long)end);
}

static bool parts_init(struct machine *m, struct error_line *error)
{
	const struct machine_config *config = &m->config;
	uint64_t bytes = (uint64_t)config->ram_mib << 20;
	uint64_t pool = hypervisor_pool_bytes(config);
	pa_t base = { MACHINE_BASE_PA + GUEST_RAM_BASE - pool };
	struct memory_config memory = config->memory;

	if (ram_init(&m->ram, base, pool + bytes))
		return error_set(error, EXIT_INPUT,
				 "machine: guest.ram_mib %u: the host has not that much address space",
				 config->ram_mib);
	memory.pa_end = base.raw + pool + bytes;
	m->memory = memory_new(&memory, &m->random);
	if (!m->memory || !cpus_init(m))
		return error_set(error, EXIT_INPUT, "machine: out of memory");
	if (!hypervisor_new(m, error))
		return false;
	if (!config->iommus)
		return true;
	m->pci = pci_new(m);
	if (!m->pci || !iommus_new(m, error))
		return error_set(error, EXIT_INPUT,
				 "machine: iommu: out of memory");
	return true;
}

struct machine *machine_new(const struct machine_config *config,
			    struct error_line *error)
{
	struct machine *m;

	if (!ram_fits(config, error))
		return NULL;
	m = calloc(1, sizeof(*m));
	if (!m) {
		error_set(error, EXIT_INPUT, "machine: out of memory");
		return NULL;
	}
	m->config = *config;
	model_random_seed(&m->random, config->seed);
	set_charges(m);
	if (!parts_init(m, error)) {
		machine_free(m);
		return NULL;
	}
	return m;
}

bool machine_boot(struct machine *m, struct error_line *error)
{
	return hypervisor_boot(m->hypervisor, error) &&
	       (!m->iommus || iommus_boot(m->iommus, error));
}

void machine_start(struct machine *m)
{
	hypervisor_start(m->hypervisor);
}

/* ---- below the caches */

/* A line of RAM changed places with what stands below the caches: stage-1
 * tables in it are others now, which a recording must know. */
static void line_changed(void *context, pa_t line)
{
	struct machine *m = context;
	gfn_t gfn;

	if (!m->watch || !hypervisor_gfn(m->hypervisor, mfn_from_pa(line),
					 &gfn) ||
	    !watch_has(m->watch, gfn))
		return;
	watch_shown(m->watch,
		    (ipa_t){ ipa_from_gfn(gfn).raw |
			     (line.raw & (FRAME_BYTES - 1)) },
		    m->line_bytes);
}

bool machine_keep_versions(struct machine *m)
{
	m->versions = calloc(1, sizeof(*m->versions));
	if (!m->versions)
		return false;
	if (versions_init(m->versions, &m->ram, m->line_lg2)) {
		free(m->versions);
		m->versions = NULL;
		return false;
	}
	m->versions->changed = line_changed;
	m->versions->context = m;
	versions_show(m->versions, true); /* caches are off at first */
	return true;
}

void machine_free(struct machine *m)
{
	if (!m)
		return;
	if (m->versions)
		versions_fini(m->versions);
	free(m->versions);
	protocol_forget_writers(m);
	protocol_forget_fills(m);
	watch_free(m->watch);
	free(m->cost_base);
	/* A core that is loaded ends its space here, and tells the units that
	 * share it. */
	if (m->hypervisor)
		hypervisor_free(m->hypervisor);
	iommus_free(m->iommus);
	pci_free(m->pci);
	for (unsigned int i = 0; m->cpu && i < m->config.cpus; i++)
		arm_mmu_fini(&m->cpu[i].mmu);
	free(m->cpu);
	memory_free(m->memory);
	ram_fini(&m->ram);
	json_decref(m->marks);
	free(m);
}

bool machine_record(struct machine *m, struct trace_writer *writer)
{
	m->trace = writer;
	m->batch = trace_writer_batch(writer);
	if (!m->watch)
		m->watch = watch_new(m);
	if (!m->watch)
		return false;
	return trace_writer_level(writer) < TRACE_COSTS || cost_start(m);
}

/* ---- guest memory, uncounted ---- */

uint8_t *machine_guest_page(struct machine *m, gfn_t gfn)
{
	if (!hypervisor_has_ram(m->hypervisor, gfn))
		return NULL;
	return ram_host(&m->ram,
			pa_from_mfn(hypervisor_frame(m->hypervisor, gfn)));
}

static bool guest_copy(struct machine *m, ipa_t ipa, void *out,
		       const void *in, size_t bytes)
{
	while (bytes) {
		size_t offset = ipa.raw & (FRAME_BYTES - 1);
		size_t part = FRAME_BYTES - offset;
		uint8_t *page = machine_guest_page(m, gfn_from_ipa(ipa));

		if (!page)
			return false;
		part = part < bytes ? part : bytes;
		if (in) {
			__builtin_memcpy(page + offset, in, part);
			in = (const uint8_t *)in + part;
		} else {
			__builtin_memcpy(out, page + offset, part);
			out = (uint8_t *)out + part;
		}
		ipa.raw += part;
		bytes -= part;
	}
	return true;
}

bool machine_guest_copy_in(struct machine *m, ipa_t ipa, const void *from,
			   size_t bytes)
{
	return guest_copy(m, ipa, NULL, from, bytes);
}

bool machine_guest_copy_out(struct machine *m, ipa_t ipa, void *to,
			    size_t bytes)
{
	return guest_copy(m, ipa, to, NULL, bytes);
}

void machine_table_page(struct machine *m, ipa_t ipa, const void *bytes,
			size_t count)
{
	machine_guest_copy_in(m, ipa, bytes, count);
	if (iommus_have_guests(m))
		iommu_guest_learn(m->iommus->guests, gfn_from_ipa(ipa));
	for (size_t at = 0; m->protocol && at + 8 <= count; at += 8) {
		uint64_t word;

		memcpy(&word, (const uint8_t *)bytes + at, sizeof(word));
		protocol_guest_word(m, (ipa_t){ ipa.raw + at }, 8, word, false);
	}
}

void machine_table_write(struct machine *m, ipa_t ipa, unsigned int size,
			 uint64_t value)
{
	ipa_t word_at = { ipa.raw & ~UINT64_C(7) };
	uint64_t word;

	machine_guest_copy_in(m, ipa, &value, size);
	if (m->protocol &&
	    machine_guest_copy_out(m, word_at, &word, sizeof(word)))
		protocol_guest_word(m, word_at, size, word, true);
}
