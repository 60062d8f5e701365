/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The VT-d model bound to a machine: its reads go through the last-level
 * cache, or past all caches where walks are not coherent; and its statistics.
 */
#include "sim/machine/iommu_vtd.h"

#include <stdio.h>
#include <stdlib.h>

#include "sim/machine/account.h"

/* ---- what the model asks of the world ---- */

static bool read_descriptor(void *context, uint64_t pa, unsigned int words,
			    bool coherent, uint64_t *out, uint64_t *ticks)
{
	const struct vtd_unit *u = context;
	struct machine *m = u->io->m;

	if (!ram_has(&m->ram, (pa_t){ pa }, words * sizeof(*out)))
		return false;
	if (coherent) {
		*ticks += m->latency[memory_access(m->memory, 0, REQUESTER_DMA,
						   (pa_t){ pa }, false)];
		__builtin_memcpy(out, ram_host(&m->ram, (pa_t){ pa }),
				 words * sizeof(*out));
	} else {
		*ticks += m->latency[MEMORY_DRAM];
		iommu_read_below(u->io, (pa_t){ pa }, words, out);
	}
	return true;
}

static bool update_descriptor(void *context, uint64_t pa, uint64_t expected,
			      uint64_t desired, uint64_t *ticks)
{
	const struct vtd_unit *u = context;
	struct machine *m = u->io->m;

	if (!ram_has(&m->ram, (pa_t){ pa }, sizeof(desired)) ||
	    ram_read64(&m->ram, (pa_t){ pa }) != expected)
		return false;
	*ticks += m->latency[memory_access(m->memory, 0, REQUESTER_DMA,
					   (pa_t){ pa }, true)];
	__builtin_memcpy(ram_host(&m->ram, (pa_t){ pa }), &desired,
			 sizeof(desired));
	iommu_cleaned(u->io, (pa_t){ pa }, sizeof(desired));
	return true;
}

static bool write_status(void *context, uint64_t pa, uint32_t data)
{
	const struct vtd_unit *u = context;
	struct machine *m = u->io->m;

	if (!ram_has(&m->ram, (pa_t){ pa }, sizeof(data)))
		return false;
	(void)memory_access(m->memory, 0, REQUESTER_DMA, (pa_t){ pa }, true);
	__builtin_memcpy(ram_host(&m->ram, (pa_t){ pa }), &data, sizeof(data));
	iommu_cleaned(u->io, (pa_t){ pa }, sizeof(data));
	return true;
}

static void interrupt(void *context, uint64_t address, uint32_t data)
{
	struct vtd_unit *u = context;

	if (address == VTD_EVENT_ADDRESS && data == VTD_EVENT_FAULT)
		u->fault_event = true;
}

static const struct vtd_ops world = {
	.read_descriptor = read_descriptor,
	.update_descriptor = update_descriptor,
	.write_status = write_status,
	.interrupt = interrupt,
};

/* ---- the unit ---- */

static void *make(struct iommu *io)
{
	const struct iommu_config *c = &io->m->config.iommu;
	struct vtd_config config = c->vtd;
	struct vtd_unit *u = calloc(1, sizeof(*u));

	if (!u)
		return NULL;
	u->io = io;
	config.issue_ticks = iommu_ticks(io->m, c->issue_ns);
	config.lookup_ticks = iommu_ticks(io->m, c->lookup_ns);
	config.walk_ticks = iommu_ticks(io->m, c->walk_ns);
	config.turnaround_ticks = iommu_ticks(io->m, c->turnaround_ns);
	config.descriptor_ticks = iommu_ticks(io->m, c->descriptor_ns);
	u->vtd = vtd_new(&config, &world, u, &io->m->random);
	if (u->vtd)
		return u;
	free(u);
	return NULL;
}

static void end(void *unit)
{
	struct vtd_unit *u = unit;

	vtd_free(u->vtd);
	free(u);
}

static void translate(void *unit, const struct iommu_request *request,
		      struct iommu_answer *answer)
{
	struct vtd_unit *u = unit;
	const struct vtd_request r = { .iova = request->iova.raw,
				       .now = request->now,
				       .bytes = request->bytes,
				       .sid = vtd_unit_sid(request->device),
				       .write = request->write };
	struct vtd_outcome out;

	vtd_translate(u->vtd, &r, &out);
	*answer = (struct iommu_answer){ .pa = { out.pa },
					 .bytes = out.bytes,
					 .done = out.done };
	if (out.result == VTD_FAULTED)
		answer->result = IOMMU_FAULTED;
	else if (out.result == VTD_INTERRUPT)
		answer->result = IOMMU_INTERRUPT;
	if (answer->result != IOMMU_TRANSLATED || !answer->bytes)
		answer->bytes = request->bytes;
}

/* ---- statistics ---- */

static void set(json_t *object, const char *key, uint64_t value)
{
	json_object_set_new(object, key, json_integer((json_int_t)value));
}

static void set_tlb(json_t *out, const char *key, const struct tlb_counters *c)
{
	json_t *tlb = json_object();

	set(tlb, "hits", c->hits);
	set(tlb, "misses", c->misses);
	set(tlb, "fills", c->fills);
	set(tlb, "evictions", c->evictions);
	set(tlb, "invalidated", c->invalidated);
	json_object_set_new(out, key, tlb);
}

static json_t *walks_json(const struct vtd_counters *c)
{
	json_t *out = json_object(), *by = json_object();

	set(out, "count", c->walks.count);
	set(out, "memory_accesses", c->walks.reads);
	set(out, "cycles", c->walks.ticks >> CYCLE_LG2);
	set(out, "waited_cycles", c->walks.waited >> CYCLE_LG2);
	for (int i = 0; i <= VTD_READS_MAX; i++) {
		char key[16];

		if (!c->walks.by_reads[i])
			continue;
		snprintf(key, sizeof(key), "%d", i);
		set(by, key, c->walks.by_reads[i]);
	}
	json_object_set_new(out, "by_accesses", by);
	return out;
}

static json_t *faults_json(const struct vtd_counters *c)
{
	json_t *out = json_object(), *by = json_object();

	set(out, "recorded", c->faults.recorded);
	set(out, "lost", c->faults.lost);
	set(out, "suppressed", c->faults.suppressed);
	for (int i = 1; i < 256; i++)
		if (c->faults.by_reason[i])
			set(by, vtd_reason_name((enum vtd_reason)i),
			    c->faults.by_reason[i]);
	json_object_set_new(out, "by_reason", by);
	return out;
}

static json_t *invalidations_json(const struct vtd_invalidations *i)
{
	json_t *out = json_object();

	set(out, "context", i->context);
	set(out, "pasid", i->pasid);
	set(out, "global", i->iotlb_global);
	set(out, "domain", i->iotlb_domain + i->iotlb_pasid);
	set(out, "page", i->iotlb_page + i->iotlb_pasid_page);
	set(out, "hinted", i->hinted);
	set(out, "descriptors", i->descriptors);
	set(out, "waits", i->waits);
	set(out, "drains", i->drains);
	set(out, "errors", i->errors);
	set(out, "dropped", i->dropped);
	return out;
}

static void stats(const void *unit, json_t *out)
{
	const struct vtd_unit *u = unit;
	struct vtd_counters c;

	vtd_counters(u->vtd, &c);
	set(out, "translations", c.translations);
	set(out, "bypassed", c.bypassed);
	set_tlb(out, "iotlb", &c.iotlb);
	set_tlb(out, "context_cache", &c.context);
	set_tlb(out, "pasid_cache", &c.pasid);
	json_object_set_new(out, "walk_cache",
			    json_pack("{s:I, s:I}", "hits",
				      (json_int_t)c.second_hits, "misses",
				      (json_int_t)c.second_misses));
	json_object_set_new(out, "walks", walks_json(&c));
	json_object_set_new(out, "faults", faults_json(&c));
	json_object_set_new(out, "invalidations",
			    invalidations_json(&c.invalidations));
}

const struct iommu_unit_ops iommu_unit_vtd = {
	.type = "vtd",
	.make = make,
	.end = end,
	.start = vtd_driver_start,
	.attach = vtd_driver_attach,
	.flush = vtd_driver_flush,
	.wait = vtd_driver_wait,
	.write_buffer = vtd_driver_write_buffer,
	.serve = vtd_driver_serve,
	.translate = translate,
	.stats = stats,
};
