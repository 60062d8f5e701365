/* SPDX-License-Identifier: BSD-2-Clause */
/* An SMMU's beginning and end: configuration, ID registers, counters. */
#include "models/smmuv3/smmu.h"

#include <stdlib.h>

#include "core/base/bug.h"
#include "models/arm/descriptor.h"
#include "models/smmuv3/unit.h"

static struct tlb_config cache_of(uint32_t entries, uint32_t ways)
{
	return (struct tlb_config){
		.entries = entries,
		.ways = ways,
		.replacement = REPLACEMENT_LRU,
		.sizes_lg2 = { 12, 14, 16, 21, 25, 29, 30 },
		.size_count = 7,
	};
}

struct smmu_config smmu_config_common(void)
{
	return (struct smmu_config){
		.stage1 = true,
		.stage2 = true,
		.cohacc = true,
		.btm = true,
		.msi = true,
		.asid16 = true,
		.vmid16 = true,
		.cd2l = true,
		.two_level_streams = true,
		.sid_bits = 16,
		.ssid_bits = 20,
		.cmdq_lg2 = 19,
		.eventq_lg2 = 19,
		.attr_types_override = true,
		.attr_permissions_override = true,
		.had = true,
		.ril = true,
		.bbm_level = 2,
		.oas_bits = 48,
		.granule_4k = true,
		.granule_16k = true,
		.granule_64k = true,
		.minor = 2,
		.contiguous_used = true,
		.choices.smmu_prefetch = SMMU_PREFETCH_USED,
		.ste_cache = cache_of(64, 64),
		.cd_cache = cache_of(64, 64),
		.utlb = cache_of(32, 32),
		.tlb = cache_of(2048, 4),
		.ipa_tlb = cache_of(64, 4),
		.walk_cache_s1 = cache_of(64, 4),
		.walk_cache_s2 = cache_of(64, 4),
		.walks = 8,
		.stalls = 16,
		.issue_ticks = 1,
		.utlb_ticks = 1,
		.tlb_ticks = 1,
		.walk_ticks = 1,
		.command_ticks = 1,
	};
}

/* The config caches are found by StreamID as by a page; an STE with CONT is
 * found by any of 2^CONT of them. More than 2^7 are kept in pieces. */
static void set_sizes(struct smmu_config *c)
{
	bool spans = c->choices.smmu_ste_cont == SMMU_STE_CONT_USED;

	for (unsigned int i = 0; i < TLB_SIZES_MAX; i++)
		c->ste_cache.sizes_lg2[i] = (uint8_t)(FRAME_LG2 + i);
	c->ste_cache.size_count = spans ? TLB_SIZES_MAX : 1;
	c->cd_cache.sizes_lg2[0] = FRAME_LG2;
	c->cd_cache.size_count = 1;
}

static bool oas_encoding(unsigned int bits, uint32_t *encoding)
{
	static const uint8_t sizes[] = { 32, 36, 40, 42, 44, 48, 52 };

	for (uint32_t i = 0; i < sizeof(sizes); i++)
		if (sizes[i] == bits) {
			*encoding = i;
			return true;
		}
	return false;
}

static const char *features_problem(const struct smmu_config *c)
{
	uint32_t encoding;

	if (!c->stage1 && !c->stage2)
		return "stage1 or stage2 must be there";
	if (c->hyp && (!c->stage1 || !c->stage2))
		return "hyp needs stage1 and stage2";
	if (!oas_encoding(c->oas_bits, &encoding))
		return "oas_bits must be 32, 36, 40, 42, 44, 48 or 52";
	if (!c->granule_4k && !c->granule_16k && !c->granule_64k)
		return "a granule must be there";
	if (c->sid_bits > 32)
		return "sid_bits must be at most 32";
	if (c->ssid_bits > 20)
		return "ssid_bits must be at most 20";
	if (c->cmdq_lg2 > 19 || c->eventq_lg2 > 19)
		return "cmdq_lg2 and eventq_lg2 must be at most 19";
	if (c->bbm_level > 2)
		return "bbm_level must be at most 2";
	if (c->minor < 1 || c->minor > 3)
		return "minor must be from 1 to 3";
	if (c->walks < 1 || c->walks > SMMU_WALKS_MAX)
		return "walks must be from 1 to 64";
	if (c->stalls > SMMU_STALLS_MAX)
		return "stalls must be at most 64";
	if (c->bbm_level == 2 &&
	    c->choices.smmu_tlb_multiple_match == SMMU_TLB_MATCH_CONFLICT)
		return "bbm_level must be below 2 where TLBs may conflict "
		       "(choices.smmu_tlb_multiple_match)";
	return NULL;
}

const char *smmu_config_problem(const struct smmu_config *config)
{
	struct smmu_config c = *config;
	const struct tlb_config *tlbs[] = { &c.ste_cache, &c.cd_cache, &c.utlb,
					    &c.tlb, &c.ipa_tlb };
	const char *problem = features_problem(config);

	set_sizes(&c);
	for (unsigned int i = 0; i < 5 && !problem; i++)
		problem = tlb_config_problem(tlbs[i]);
	if (!problem)
		problem = walk_cache_config_problem(&c.walk_cache_s1);
	if (!problem)
		problem = walk_cache_config_problem(&c.walk_cache_s2);
	return problem;
}

static uint32_t idr0(const struct smmu_config *c)
{
	return (uint32_t)(FIELD_PREP(SMMU_IDR0_S2P, c->stage2) |
			  FIELD_PREP(SMMU_IDR0_S1P, c->stage1) |
			  FIELD_PREP(SMMU_IDR0_TTF, 2) |
			  FIELD_PREP(SMMU_IDR0_COHACC, c->cohacc) |
			  FIELD_PREP(SMMU_IDR0_BTM, c->btm) |
			  FIELD_PREP(SMMU_IDR0_HYP, c->hyp) |
			  FIELD_PREP(SMMU_IDR0_ASID16, c->asid16) |
			  FIELD_PREP(SMMU_IDR0_MSI, c->msi) |
			  FIELD_PREP(SMMU_IDR0_VMID16, c->vmid16) |
			  FIELD_PREP(SMMU_IDR0_CD2L, c->cd2l) |
			  FIELD_PREP(SMMU_IDR0_TTENDIAN, 2) |
			  FIELD_PREP(SMMU_IDR0_STALL_MODEL, c->stall_model) |
			  FIELD_PREP(SMMU_IDR0_TERM_MODEL, c->term_abort_only) |
			  FIELD_PREP(SMMU_IDR0_ST_LEVEL, c->two_level_streams));
}

static uint32_t idr1(const struct smmu_config *c)
{
	return (uint32_t)(FIELD_PREP(SMMU_IDR1_SIDSIZE, c->sid_bits) |
			  FIELD_PREP(SMMU_IDR1_SSIDSIZE, c->ssid_bits) |
			  FIELD_PREP(SMMU_IDR1_EVENTQS, c->eventq_lg2) |
			  FIELD_PREP(SMMU_IDR1_CMDQS, c->cmdq_lg2) |
			  FIELD_PREP(SMMU_IDR1_ATTR_PERMS_OVR,
				     c->attr_permissions_override) |
			  FIELD_PREP(SMMU_IDR1_ATTR_TYPES_OVR,
				     c->attr_types_override));
}

static void reset(struct smmu *s)
{
	const struct smmu_config *c = &s->config;
	uint32_t oas = 0;

	(void)oas_encoding(c->oas_bits, &oas);
	s->r.idr[0] = idr0(c);
	s->r.idr[1] = idr1(c);
	s->r.idr[3] = (uint32_t)(FIELD_PREP(SMMU_IDR3_HAD, c->had) |
				 FIELD_PREP(SMMU_IDR3_XNX, c->stage2) |
				 FIELD_PREP(SMMU_IDR3_STT, c->small_tables) |
				 FIELD_PREP(SMMU_IDR3_RIL, c->ril) |
				 FIELD_PREP(SMMU_IDR3_BBML, c->bbm_level));
	s->r.idr[5] = (uint32_t)(FIELD_PREP(SMMU_IDR5_OAS, oas) |
				 FIELD_PREP(SMMU_IDR5_GRAN4K, c->granule_4k) |
				 FIELD_PREP(SMMU_IDR5_GRAN16K, c->granule_16k) |
				 FIELD_PREP(SMMU_IDR5_GRAN64K, c->granule_64k) |
				 FIELD_PREP(SMMU_IDR5_VAX, c->oas_bits == 52) |
				 FIELD_PREP(SMMU_IDR5_STALL_MAX, c->stalls));
	s->r.gbpa = (uint32_t)FIELD_PREP(SMMU_GBPA_SHCFG, 1);
}

void smmu_regime_start(struct smmu *s, struct arm_regime *regime)
{
	static const struct ram nothing;

	*regime = (struct arm_regime){
		.s2_tlb = s->ipa_tlb,
		.walk_cache_s1 = s->s1,
		.walk_cache_s2 = s->s2,
		.ram = &nothing,
		.read = smmu_read_descriptor,
		.reader = s,
		.pa_bits = s->config.oas_bits,
		.small_tables = s->config.small_tables,
		.contiguous = s->config.contiguous_used,
	};
}

static bool complete(const struct smmu *s)
{
	return s->stes && s->cds && s->utlb && s->tlb && s->ipa_tlb && s->s1 &&
	       s->s2 && s->ste && s->cd;
}

struct smmu *smmu_new(const struct smmu_config *config,
		      const struct smmu_ops *ops, void *context,
		      struct model_random *random)
{
	struct smmu *s = calloc(1, sizeof(*s));
	struct smmu_config *c;

	if (!s)
		return NULL;
	BUG_ON(s, smmu_config_problem(config));
	s->config = *config;
	s->generation = 1;
	for (uint32_t i = 0; i < SMMU_WALKS_MAX; i++)
		s->free[i].slot = i;
	s->conflicts = config->choices.smmu_tlb_multiple_match ==
		       SMMU_TLB_MATCH_CONFLICT;
	s->ops = ops;
	s->context = context;
	c = &s->config;
	set_sizes(c);
	s->stes = tlb_new(&c->ste_cache, random);
	s->cds = tlb_new(&c->cd_cache, random);
	s->utlb = tlb_new(&c->utlb, random);
	s->tlb = tlb_new(&c->tlb, random);
	s->ipa_tlb = tlb_new(&c->ipa_tlb, random);
	s->s1 = walk_cache_new(&c->walk_cache_s1, random);
	s->s2 = walk_cache_new(&c->walk_cache_s2, random);
	s->ste = calloc(c->ste_cache.entries + 1, sizeof(*s->ste));
	s->cd = calloc(c->cd_cache.entries + 1, sizeof(*s->cd));
	if (!complete(s)) {
		smmu_free(s);
		return NULL;
	}
	reset(s);
	return s;
}

static void free_tlb(struct tlb *tlb)
{
	if (tlb)
		tlb_free(tlb);
}

void smmu_free(struct smmu *s)
{
	if (!s)
		return;
	free_tlb(s->stes);
	free_tlb(s->cds);
	free_tlb(s->utlb);
	free_tlb(s->tlb);
	free_tlb(s->ipa_tlb);
	if (s->s1)
		walk_cache_free(s->s1);
	if (s->s2)
		walk_cache_free(s->s2);
	free(s->ste);
	free(s->cd);
	free(s);
}

void smmu_counters(const struct smmu *s, struct smmu_counters *out)
{
	*out = s->counters;
	out->ste = *tlb_counters(s->stes);
	out->cd = *tlb_counters(s->cds);
	out->utlb = *tlb_counters(s->utlb);
	out->tlb = *tlb_counters(s->tlb);
	out->ipa_tlb = *tlb_counters(s->ipa_tlb);
	out->walk_cache_s1 = *walk_cache_counters(s->s1);
	out->walk_cache_s2 = *walk_cache_counters(s->s2);
}
