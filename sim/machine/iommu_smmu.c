/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The SMMUv3 model bound to a machine: its reads go through the last-level
 * cache, or past all caches where they are not coherent; and its statistics.
 */
#include "sim/machine/iommu_smmu.h"

#include <stdlib.h>

#include "models/smmuv3/cmdq.h"
#include "sim/machine/protocol_iommu.h"

/* ---- what the model asks of the world ---- */

static bool read_words(void *context, uint64_t pa, unsigned int words,
		       bool coherent, uint64_t *out, uint64_t *ticks)
{
	const struct smmu_unit *u = context;

	return iommu_unit_read(u->io, pa, words, coherent, out, ticks);
}

static bool write_bytes(void *context, uint64_t pa, const void *data,
			unsigned int bytes, bool coherent)
{
	const struct smmu_unit *u = context;
	uint64_t unseen = 0;

	return iommu_unit_write(u->io, pa, data, bytes, coherent, &unseen);
}

/* CMD_SYNC raises none: the driver looks at CMDQ_CONS. */
static void interrupt(void *context, enum smmu_irq which)
{
	struct smmu_unit *u = context;

	if (which != SMMU_IRQ_CMD_SYNC)
		u->raised = true;
}

static void notice(void *context, const struct smmu_notice *n)
{
	const struct smmu_unit *u = context;

	if (u->io->m->protocol)
		protocol_iommu_smmu(u->io, n);
}

static const struct smmu_ops world = {
	.read = read_words,
	.write = write_bytes,
	.interrupt = interrupt,
	.notice = notice,
};

/* ---- the unit ---- */

static void domain(const struct iommu_config *c,
		   struct iommu_domain_config *out)
{
	out->format = (enum iommu_format)(IOMMU_ARM_S2_4K + c->granule);
	out->page_selective = true;
	out->range = c->smmu.ril;
	out->bbm_level = c->smmu.bbm_level;
}

struct smmu *smmu_unit_model(struct iommu *io, const struct smmu_ops *ops,
			     void *context)
{
	const struct iommu_config *c = io->config;
	struct smmu_config config = c->smmu;

	config.issue_ticks = iommu_ticks(io->m, c->issue_ns);
	config.utlb_ticks = iommu_ticks(io->m, c->utlb_ns);
	config.tlb_ticks = iommu_ticks(io->m, c->lookup_ns);
	config.walk_ticks = iommu_ticks(io->m, c->walk_ns);
	config.command_ticks = iommu_ticks(io->m, c->descriptor_ns);
	return smmu_new(&config, ops, context, &io->m->random);
}

static void *make(struct iommu *io)
{
	struct smmu_unit *u = calloc(1, sizeof(*u));

	if (!u)
		return NULL;
	u->io = io;
	u->smmu = smmu_unit_model(io, &world, u);
	if (u->smmu)
		return u;
	free(u);
	return NULL;
}

static void end(void *unit)
{
	struct smmu_unit *u = unit;

	smmu_free(u->smmu);
	free(u);
}

static void tlbi(void *unit, const struct arm_tlbi *what)
{
	const struct smmu_unit *u = unit;

	smmu_broadcast_tlbi(u->smmu, what);
}

/* The device waits until the hypervisor has read the event: to a stalled
 * access it has but one answer, to end it. When that is. */
static uint64_t stalled_until(struct smmu_unit *u, uint64_t done)
{
	uint64_t now;

	smmu_driver_serve(u);
	now = machine_cycles(&u->io->m->cpu[u->io->m->current]);
	return now > done ? now : done;
}

static void translate(void *unit, const struct iommu_request *request,
		      struct iommu_answer *answer)
{
	struct smmu_unit *u = unit;
	const struct smmu_request r = { .address = request->iova.raw,
					.now = request->now,
					.bytes = request->bytes,
					.sid = smmu_unit_sid(request->device),
					.write = request->write };
	struct smmu_outcome out;

	smmu_translate(u->smmu, &r, &out);
	if (u->io->m->protocol && u->io->m->protocol->dma_wanted)
		protocol_iommu_smmu_dma(u->io, request, &r, &out);
	*answer = (struct iommu_answer){ .result = IOMMU_FAULTED,
					 .pa = { out.pa },
					 .bytes = request->bytes,
					 .done = out.done };
	if (out.result == SMMU_TRANSLATED || out.result == SMMU_BYPASSED) {
		answer->result = IOMMU_TRANSLATED;
		answer->bytes = out.bytes;
	} else if (out.result == SMMU_STALLED) {
		answer->done = stalled_until(u, out.done);
	} else if (out.result == SMMU_NOT_MODELLED) {
		u->io->m->not_modelled = out.why;
	}
}

/* ---- statistics ---- */

static void set_walk_cache(json_t *out, const char *key,
			   const struct walk_cache_counters *c)
{
	json_t *cache = json_object();

	iommu_stats_set(cache, "hits", c->hits);
	iommu_stats_set(cache, "misses", c->misses);
	json_object_set_new(out, key, cache);
}

static void set_caches(json_t *out, const struct smmu_counters *c)
{
	iommu_stats_set_tlb(out, "iotlb", &c->tlb);
	iommu_stats_set_tlb(out, "utlb", &c->utlb);
	iommu_stats_set_tlb(out, "ipa_tlb", &c->ipa_tlb);
	iommu_stats_set_tlb(out, "ste_cache", &c->ste);
	iommu_stats_set_tlb(out, "cd_cache", &c->cd);
	set_walk_cache(out, "walk_cache_s1", &c->walk_cache_s1);
	set_walk_cache(out, "walk_cache_s2", &c->walk_cache_s2);
}

static json_t *faults_json(const struct smmu_counters *c)
{
	json_t *out = json_object(), *by = json_object();

	iommu_stats_set(out, "recorded", c->events.recorded);
	iommu_stats_set(out, "lost", c->events.lost);
	iommu_stats_set(out, "stalled", c->events.stalled);
	iommu_stats_set(out, "resumed", c->events.resumed);
	for (int i = 1; i < 256; i++)
		if (c->events.by_kind[i])
			iommu_stats_set(by, smmu_event_name((enum smmu_event)i),
					c->events.by_kind[i]);
	json_object_set_new(out, "by_reason", by);
	return out;
}

/* Under the names that the same has with other types. */
static json_t *invalidations_json(const struct smmu_counters *c)
{
	const uint64_t *by = c->commands.by_opcode;
	json_t *out = json_object();

	iommu_stats_set(out, "configuration",
			by[SMMU_CMD_CFGI_STE] + by[SMMU_CMD_CFGI_STE_RANGE] +
				by[SMMU_CMD_CFGI_CD] +
				by[SMMU_CMD_CFGI_CD_ALL]);
	iommu_stats_set(out, "global",
			by[SMMU_CMD_TLBI_NSNH_ALL] + by[SMMU_CMD_TLBI_EL2_ALL]);
	iommu_stats_set(out, "domain", by[SMMU_CMD_TLBI_S12_VMALL]);
	iommu_stats_set(out, "page", by[SMMU_CMD_TLBI_S2_IPA]);
	iommu_stats_set(out, "stage1",
			by[SMMU_CMD_TLBI_NH_ALL] + by[SMMU_CMD_TLBI_NH_ASID] +
				by[SMMU_CMD_TLBI_NH_VA] +
				by[SMMU_CMD_TLBI_NH_VAA]);
	iommu_stats_set(out, "broadcast", c->commands.broadcast);
	iommu_stats_set(out, "descriptors", c->commands.count);
	iommu_stats_set(out, "waits", c->commands.syncs);
	iommu_stats_set(out, "errors", c->commands.errors);
	iommu_stats_set(out, "dropped", c->commands.dropped);
	return out;
}

void smmu_unit_stats(const struct smmu *smmu, json_t *out)
{
	struct smmu_counters c;

	smmu_counters(smmu, &c);
	iommu_stats_set(out, "translations", c.translations);
	iommu_stats_set(out, "bypassed", c.bypassed);
	set_caches(out, &c);
	iommu_stats_set_walks(out, &(struct iommu_walk_counters){
					   .count = c.walks.count,
					   .reads = c.walks.reads,
					   .ticks = c.walks.ticks,
					   .waited = c.walks.waited,
					   .by_reads = c.walks.by_reads,
					   .most = SMMU_READS_MAX });
	json_object_set_new(out, "faults", faults_json(&c));
	json_object_set_new(out, "invalidations", invalidations_json(&c));
}

static void stats(const void *unit, json_t *out)
{
	const struct smmu_unit *u = unit;

	smmu_unit_stats(u->smmu, out);
}

const struct iommu_unit_ops iommu_unit_smmu = {
	.type = "smmuv3",
	.domain = domain,
	.make = make,
	.end = end,
	.start = smmu_driver_start,
	.attach = smmu_driver_attach,
	.share = smmu_driver_share,
	.flush = smmu_driver_flush,
	.wait = smmu_driver_wait,
	.tlbi = tlbi,
	.serve = smmu_driver_serve,
	.translate = translate,
	.stats = stats,
};
