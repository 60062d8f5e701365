/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory attributes of what comes in, and what STE and GBPA make of them.
 * IHI0070 G.b 13.1, 13.3 (overrides), 5.2 and 6.3.13 (their fields). How stages
 * combine: models/arm/attrs.h.
 */
#include "models/arm/attrs.h"
#include "models/smmuv3/unit.h"

/* Allocation hints of one half of a Normal Write-Back or Write-Through byte:
 * the architecture's transient types have bit 3 clear. */
static uint64_t hint_nibble(uint64_t nibble, uint64_t hints)
{
	bool write_back = nibble & 4;
	bool transient = (hints & 1) && (hints & 6);

	if (nibble == 4 || nibble == 0)
		return nibble;
	return (transient ? 0 : 8) | (write_back ? 4 : 0) |
	       (hints >> 2 & 1) << 1 | (hints >> 1 & 1);
}

uint64_t smmu_incoming(const struct smmu *s, const struct smmu_request *r,
		       const struct smmu_overrides *o)
{
	uint64_t memattr = r->has_memory ? r->memattr : ARM_MEMATTR_WB;
	uint64_t sh = r->has_memory ? r->sh : ARM_SH_NON;

	if (s->config.attr_types_override) {
		/* 4, 8 and 12 are reserved: Device-nGnRnE. */
		if (o->mtcfg)
			memattr = o->memattr && (o->memattr & 3) == 0
					  ? 0
					  : arm_s2_memattr[o->memattr];
		if ((o->alloccfg & 8) && !arm_memattr_device(memattr))
			memattr = hint_nibble(memattr >> 4, o->alloccfg) << 4 |
				  hint_nibble(memattr & 0xf, o->alloccfg);
		if (o->shcfg != 1)
			sh = o->shcfg;
	}
	return FIELD_PREP(ARM_ATTRS_MEMATTR, memattr) |
	       FIELD_PREP(ARM_ATTRS_SH, sh);
}

/* The strongest partner of a combination: it changes nothing. */
uint64_t smmu_attrs_alone(uint64_t attrs)
{
	return arm_attrs_combine(attrs,
				 FIELD_PREP(ARM_ATTRS_MEMATTR, ARM_MEMATTR_WB));
}

struct smmu_overrides smmu_ste_overrides(const struct smmu_ste *ste)
{
	uint64_t word = ste->word[1];

	return (struct smmu_overrides){
		.memattr = FIELD_GET(SMMU_STE1_MemAttr, word),
		.mtcfg = FIELD_GET(SMMU_STE1_MTCFG, word),
		.alloccfg = FIELD_GET(SMMU_STE1_ALLOCCFG, word),
		.shcfg = FIELD_GET(SMMU_STE1_SHCFG, word),
	};
}
