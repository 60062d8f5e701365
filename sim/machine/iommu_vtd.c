/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The VT-d model bound to a machine: its reads go through the last-level
 * cache, or past all caches where walks are not coherent; and its statistics.
 */
#include "sim/machine/iommu_vtd.h"

#include <stdio.h>
#include <stdlib.h>

#include "sim/machine/account.h"
#include "sim/machine/protocol_iommu.h"

/* ---- what the model asks of the world ---- */

static bool read_descriptor(void *context, uint64_t pa, unsigned int words,
			    bool coherent, uint64_t *out, uint64_t *ticks)
{
	const struct vtd_unit *u = context;

	return iommu_unit_read(u->io, pa, words, coherent, out, ticks);
}

static bool update_descriptor(void *context, uint64_t pa, uint64_t expected,
			      uint64_t desired, uint64_t *ticks)
{
	const struct vtd_unit *u = context;
	const struct ram *ram = &u->io->m->ram;

	return ram_has(ram, (pa_t){ pa }, sizeof(desired)) &&
	       ram_read64(ram, (pa_t){ pa }) == expected &&
	       iommu_unit_write(u->io, pa, &desired, sizeof(desired), true,
				ticks);
}

static bool write_status(void *context, uint64_t pa, uint32_t data)
{
	const struct vtd_unit *u = context;
	uint64_t unseen = 0;

	return iommu_unit_write(u->io, pa, &data, sizeof(data), true, &unseen);
}

static void interrupt(void *context, uint64_t address, uint32_t data)
{
	struct vtd_unit *u = context;

	if (address == VTD_EVENT_ADDRESS && data == VTD_EVENT_FAULT)
		u->fault_event = true;
}

static void notice(void *context, const struct vtd_notice *n)
{
	const struct vtd_unit *u = context;

	if (u->io->m->protocol)
		protocol_iommu_vtd(u->io, n);
}

static const struct vtd_ops world = {
	.read_descriptor = read_descriptor,
	.update_descriptor = update_descriptor,
	.write_status = write_status,
	.interrupt = interrupt,
	.notice = notice,
};

/* ---- the unit ---- */

static void domain(const struct iommu_config *c,
		   struct iommu_domain_config *out)
{
	out->levels = c->levels;
	out->snoop = c->vtd.snoop_control;
	out->write_buffer = c->vtd.write_buffer_flush;
	out->caching_mode = c->vtd.caching_mode;
	out->page_selective = c->vtd.page_selective;
	out->mask_max_lg2 = c->vtd.mamv;
}

static void *make(struct iommu *io)
{
	const struct iommu_config *c = io->config;
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

static void tell_access(const struct iommu *io, const struct vtd_request *r,
			const struct vtd_outcome *out)
{
	const struct protocol_dma dma = {
		.sid = r->sid,
		.did = out->did,
		.reached = out->result == VTD_TRANSLATED,
		.by_held_config = out->context_hit || out->pasid_hit,
		.iova = r->iova,
		.pa = out->pa,
	};

	protocol_iommu_dma(io, &dma);
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
	if (u->io->m->protocol && u->io->m->protocol->dma_wanted)
		tell_access(u->io, &r, &out);
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

static json_t *faults_json(const struct vtd_counters *c)
{
	json_t *out = json_object(), *by = json_object();

	iommu_stats_set(out, "recorded", c->faults.recorded);
	iommu_stats_set(out, "lost", c->faults.lost);
	iommu_stats_set(out, "suppressed", c->faults.suppressed);
	for (int i = 1; i < 256; i++)
		if (c->faults.by_reason[i])
			iommu_stats_set(by, vtd_reason_name((enum vtd_reason)i),
					c->faults.by_reason[i]);
	json_object_set_new(out, "by_reason", by);
	return out;
}

static json_t *invalidations_json(const struct vtd_invalidations *i)
{
	json_t *out = json_object();

	iommu_stats_set(out, "context", i->context);
	iommu_stats_set(out, "pasid", i->pasid);
	iommu_stats_set(out, "global", i->iotlb_global);
	iommu_stats_set(out, "domain", i->iotlb_domain + i->iotlb_pasid);
	iommu_stats_set(out, "page", i->iotlb_page + i->iotlb_pasid_page);
	iommu_stats_set(out, "hinted", i->hinted);
	iommu_stats_set(out, "descriptors", i->descriptors);
	iommu_stats_set(out, "waits", i->waits);
	iommu_stats_set(out, "drains", i->drains);
	iommu_stats_set(out, "errors", i->errors);
	iommu_stats_set(out, "dropped", i->dropped);
	return out;
}

static void stats(const void *unit, json_t *out)
{
	const struct vtd_unit *u = unit;
	struct vtd_counters c;

	vtd_counters(u->vtd, &c);
	iommu_stats_set(out, "translations", c.translations);
	iommu_stats_set(out, "bypassed", c.bypassed);
	iommu_stats_set_tlb(out, "iotlb", &c.iotlb);
	iommu_stats_set_tlb(out, "context_cache", &c.context);
	iommu_stats_set_tlb(out, "pasid_cache", &c.pasid);
	json_object_set_new(out, "walk_cache",
			    json_pack("{s:I, s:I}", "hits",
				      (json_int_t)c.second_hits, "misses",
				      (json_int_t)c.second_misses));
	iommu_stats_set_walks(out, &(struct iommu_walk_counters){
					   .count = c.walks.count,
					   .reads = c.walks.reads,
					   .ticks = c.walks.ticks,
					   .waited = c.walks.waited,
					   .by_reads = c.walks.by_reads,
					   .most = VTD_READS_MAX });
	json_object_set_new(out, "faults", faults_json(&c));
	json_object_set_new(out, "invalidations",
			    invalidations_json(&c.invalidations));
}

const struct iommu_unit_ops iommu_unit_vtd = {
	.type = "vtd",
	.domain = domain,
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
