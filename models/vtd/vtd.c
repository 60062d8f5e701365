/* SPDX-License-Identifier: BSD-2-Clause */
/* A unit's beginning and end: configuration, capabilities, counters. */
#include "models/vtd/vtd.h"

#include <stdlib.h>

#include "core/base/bug.h"
#include "models/vtd/unit.h"

static struct tlb_config cache_of(uint32_t entries, uint32_t ways)
{
	return (struct tlb_config){ .entries = entries,
				    .ways = ways,
				    .replacement = REPLACEMENT_LRU };
}

struct vtd_config vtd_config_common(void)
{
	return (struct vtd_config){
		.version = 0x10,
		.haw_bits = 48,
		.mgaw_bits = 48,
		.levels_mask = 6,
		.superpages = 3,
		.domain_bits = 16,
		.fault_records = 8,
		.mamv = 18,
		.page_selective = true,
		.drain_writes = true,
		.drain_reads = true,
		.coherent = true,
		.queued = true,
		.pass_through = true,
		.snoop_control = true,
		.context_cache = cache_of(64, 4),
		.pasid_cache = cache_of(64, 4),
		.iotlb = cache_of(128, 128),
		.second_walk = cache_of(32, 32),
		.first_walk = cache_of(32, 32),
		.walks = 6,
		.issue_ticks = 1,
		.lookup_ticks = 1,
		.walk_ticks = 1,
		.descriptor_ticks = 1,
	};
}

/* The sizes each cache holds. */
static void set_sizes(struct vtd_config *c)
{
	struct tlb_config *single[] = { &c->context_cache, &c->pasid_cache,
					&c->second_walk, &c->first_walk };

	for (unsigned int i = 0; i < 4; i++) {
		single[i]->sizes_lg2[0] = 12;
		single[i]->size_count = 1;
	}
	c->iotlb.sizes_lg2[0] = 12;
	c->iotlb.sizes_lg2[1] = 21;
	c->iotlb.sizes_lg2[2] = 30;
	c->iotlb.size_count = 3;
}

static const char *width_problem(const struct vtd_config *c)
{
	if (c->haw_bits < 32 || c->haw_bits > 52)
		return "haw_bits must be from 32 to 52";
	if (c->mgaw_bits < 30 || c->mgaw_bits > 57)
		return "mgaw_bits must be from 30 to 57";
	if (!(c->levels_mask & 0xe) || (c->levels_mask & ~0xe))
		return "levels_mask must name 3, 4 or 5 levels";
	if (c->superpages > 3)
		return "superpages must be bits 0 and 1 alone";
	if (c->domain_bits < 4 || c->domain_bits > 16 || (c->domain_bits & 1))
		return "domain_bits must be even, from 4 to 16";
	if (c->pasid_bits > 20)
		return "pasid_bits must be at most 20";
	return NULL;
}

const char *vtd_config_problem(const struct vtd_config *config)
{
	struct vtd_config c = *config;
	const char *problem = width_problem(config);

	if (problem)
		return problem;
	if (c.fault_records < 1 || c.fault_records > VTD_RECORDS_MAX)
		return "fault_records must be from 1 to 64";
	if (c.mamv > 51)
		return "mamv must be at most 51";
	if (c.walks < 1 || c.walks > VTD_WALKS_MAX)
		return "walks must be from 1 to 64";
	if (c.nested && (!c.first_stage || !c.second_stage))
		return "nested needs first_stage and second_stage";
	if (c.scalable && !c.queued)
		return "scalable needs queued";
	if (c.scalable && c.write_buffer_flush)
		return "scalable and write_buffer_flush exclude each other";
	if (c.second_ad && !c.walk_snoop)
		return "second_ad needs walk_snoop";
	if (c.pasid_bits && !c.scalable)
		return "pasid_bits needs scalable";
	if (c.rid_priv && !c.supervisor)
		return "rid_priv needs supervisor";
	set_sizes(&c);
	problem = tlb_config_problem(&c.context_cache);
	if (!problem)
		problem = tlb_config_problem(&c.pasid_cache);
	if (!problem)
		problem = tlb_config_problem(&c.iotlb);
	if (!problem)
		problem = walk_cache_config_problem(&c.second_walk);
	if (!problem)
		problem = walk_cache_config_problem(&c.first_walk);
	return problem;
}

static uint64_t cap_of(const struct vtd_config *c)
{
	return FIELD_PREP(VTD_CAP_ND, (c->domain_bits - 4) / 2) |
	       FIELD_PREP(VTD_CAP_RWBF, c->write_buffer_flush) |
	       FIELD_PREP(VTD_CAP_CM, c->caching_mode) |
	       FIELD_PREP(VTD_CAP_SAGAW, c->levels_mask) |
	       FIELD_PREP(VTD_CAP_MGAW, c->mgaw_bits - 1) |
	       FIELD_PREP(VTD_CAP_ZLR, c->zero_length_reads) |
	       FIELD_PREP(VTD_CAP_FRO, VTD_FRCD / 16) |
	       FIELD_PREP(VTD_CAP_SSLPS, c->superpages) |
	       FIELD_PREP(VTD_CAP_PSI, c->page_selective) |
	       FIELD_PREP(VTD_CAP_NFR, c->fault_records - 1) |
	       FIELD_PREP(VTD_CAP_MAMV, c->mamv) |
	       FIELD_PREP(VTD_CAP_DWD, c->drain_writes) |
	       FIELD_PREP(VTD_CAP_DRD, c->drain_reads) |
	       FIELD_PREP(VTD_CAP_FS1GP, c->first_1g) |
	       FIELD_PREP(VTD_CAP_FS5LP, c->first_5l) |
	       FIELD_PREP(VTD_CAP_ESRTPS, c->set_root_invalidates);
}

static uint64_t ecap_of(const struct vtd_config *c)
{
	return FIELD_PREP(VTD_ECAP_C, c->coherent) |
	       FIELD_PREP(VTD_ECAP_QI, c->queued) |
	       FIELD_PREP(VTD_ECAP_PT, c->pass_through) |
	       FIELD_PREP(VTD_ECAP_SC, c->snoop_control) |
	       FIELD_PREP(VTD_ECAP_IRO, VTD_IVA / 16) |
	       FIELD_PREP(VTD_ECAP_NEST, c->nested) |
	       FIELD_PREP(VTD_ECAP_ERS, c->execute) |
	       FIELD_PREP(VTD_ECAP_SRS, c->supervisor) |
	       FIELD_PREP(VTD_ECAP_PSS, c->pasid_bits ? c->pasid_bits - 1 : 0) |
	       FIELD_PREP(VTD_ECAP_PASID, c->pasid_bits != 0) |
	       FIELD_PREP(VTD_ECAP_SMTS, c->scalable) |
	       FIELD_PREP(VTD_ECAP_SSADS, c->second_ad) |
	       FIELD_PREP(VTD_ECAP_SSTS, c->second_stage) |
	       FIELD_PREP(VTD_ECAP_FSTS, c->first_stage) |
	       FIELD_PREP(VTD_ECAP_SMPWCS, c->walk_snoop) |
	       FIELD_PREP(VTD_ECAP_RPS, c->rid_pasid) |
	       FIELD_PREP(VTD_ECAP_RPRIVS, c->rid_priv);
}

static void reset(struct vtd *v)
{
	const uint32_t masked = (uint32_t)FIELD_MASK(VTD_ECTL_IM);

	v->file[VTD_CAP / 8] = cap_of(&v->config);
	v->file[VTD_ECAP / 8] = ecap_of(&v->config);
	vtd_set32(v, VTD_VER, v->config.version);
	vtd_set32(v, VTD_FECTL, masked);
	vtd_set32(v, VTD_IECTL, masked);
}

struct vtd *vtd_new(const struct vtd_config *config, const struct vtd_ops *ops,
		    void *context, struct model_random *random)
{
	struct vtd *v = calloc(1, sizeof(*v));
	struct vtd_config *c;

	if (!v)
		return NULL;
	BUG_ON(v, vtd_config_problem(config));
	v->config = *config;
	v->ops = ops;
	v->context = context;
	c = &v->config;
	set_sizes(c);
	v->contexts = tlb_new(&c->context_cache, random);
	v->pasids = tlb_new(&c->pasid_cache, random);
	v->iotlb = tlb_new(&c->iotlb, random);
	v->second = walk_cache_new(&c->second_walk, random);
	v->first = walk_cache_new(&c->first_walk, random);
	if (!v->contexts || !v->pasids || !v->iotlb || !v->second ||
	    !v->first) {
		vtd_free(v);
		return NULL;
	}
	reset(v);
	return v;
}

void vtd_free(struct vtd *v)
{
	if (!v)
		return;
	tlb_free(v->contexts);
	tlb_free(v->pasids);
	tlb_free(v->iotlb);
	walk_cache_free(v->second);
	walk_cache_free(v->first);
	free(v);
}

uint64_t vtd_invalidated_at(const struct vtd *v)
{
	return v->invalidated_at;
}

void vtd_counters(const struct vtd *v, struct vtd_counters *out)
{
	*out = v->counters;
	out->context = *tlb_counters(v->contexts);
	out->pasid = *tlb_counters(v->pasids);
	out->iotlb = *tlb_counters(v->iotlb);
	out->second_hits = walk_cache_counters(v->second)->hits;
	out->second_misses = walk_cache_counters(v->second)->misses;
	out->first_hits = walk_cache_counters(v->first)->hits;
	out->first_misses = walk_cache_counters(v->first)->misses;
}
