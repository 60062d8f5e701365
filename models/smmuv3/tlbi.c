/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which entries an invalidation drops: CFGI commands, TLBI commands and
 * broadcast TLBI. IHI0070 G.b 4.3, 4.4, 3.17. CFGI leaves TLBs, TLBI leaves
 * configuration.
 */
#include "models/smmuv3/unit.h"

static struct tlb_match streams(uint32_t first, uint32_t last)
{
	return (struct tlb_match){
		.by_range = true,
		.first = smmu_sid_key(first),
		.last = smmu_sid_key(last),
	};
}

uint64_t smmu_cfgi_streams(struct smmu *s, uint32_t first, uint32_t last)
{
	const struct tlb_match match = streams(first, last);

	s->generation++;
	return tlb_invalidate(s->stes, &match) + tlb_invalidate(s->cds, &match);
}

uint64_t smmu_cfgi_cds(struct smmu *s, uint32_t sid, bool all, uint32_t ssid)
{
	const struct tlb_tag tag = smmu_ssid_tag(ssid);
	struct tlb_match match = streams(sid, sid);

	s->generation++;
	match.by_asid = match.by_regime = !all;
	match.asid = tag.asid;
	match.regime = tag.regime;
	return tlb_invalidate(s->cds, &match);
}

/* Stage 1's entries, whole translations and pointers, of one ASET. */
static uint64_t drop_stage1(struct smmu *s, const struct smmu_tlbi *tlbi,
			    uint8_t aset)
{
	struct tlb_match match = tlbi->match;
	uint64_t dropped = 0;

	match.by_regime = match.by_stage1 = match.stage1 = true;
	match.regime = (uint8_t)(tlbi->world | aset);
	if (!tlbi->leaf_only)
		dropped += walk_cache_invalidate(s->s1, &match);
	match.whole_lsb = ARM_ATTRS_S1_SIZE_LG2_LSB;
	return dropped + tlb_invalidate(s->utlb, &match) +
	       tlb_invalidate(s->tlb, &match);
}

/* Stage 2's own, and whole translations that are stage 2's alone. */
static uint64_t drop_stage2(struct smmu *s, const struct smmu_tlbi *tlbi)
{
	struct tlb_match match = tlbi->match;
	uint64_t dropped = 0;

	if (!tlbi->leaf_only)
		dropped += walk_cache_invalidate(s->s2, &match);
	match.whole_lsb = ARM_ATTRS_S2_SIZE_LG2_LSB;
	dropped += tlb_invalidate(s->ipa_tlb, &match);
	match.by_regime = match.by_stage1 = true;
	match.regime = SMMU_WORLD_EL1;
	match.stage1 = false;
	return dropped + tlb_invalidate(s->utlb, &match) +
	       tlb_invalidate(s->tlb, &match);
}

uint64_t smmu_tlbi(struct smmu *s, const struct smmu_tlbi *tlbi)
{
	uint64_t dropped = 0;

	if (tlbi->stage1) {
		dropped += drop_stage1(s, tlbi, 0);
		if (!tlbi->shared_only)
			dropped += drop_stage1(s, tlbi, SMMU_ASET);
	}
	if (tlbi->stage2)
		dropped += drop_stage2(s, tlbi);
	return dropped;
}

void smmu_broadcast_tlbi(struct smmu *s, const struct arm_tlbi *arm)
{
	const struct smmu_tlbi tlbi = {
		.world = SMMU_WORLD_EL1,
		.stage1 = arm->stage1 && s->config.stage1,
		.stage2 = arm->stage2 && s->config.stage2,
		.leaf_only = arm->leaf_only,
		/* ASET 1 keeps out of what matches by ASID. */
		.shared_only = arm->match.by_asid,
		.match = arm->match,
	};

	if (!arm->broadcast || !s->config.btm ||
	    FIELD_GET(SMMU_CR2_PTM, s->r.cr2))
		return;
	s->counters.commands.broadcast++;
	s->counters.commands.dropped += smmu_tlbi(s, &tlbi);
}
