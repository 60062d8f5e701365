/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a CD says, and whether it may say so: IHI0070 G.b 5.4, 5.4.2. Its
 * controls are put as a CPU's registers would have them, so that models/arm
 * works out the rest.
 */
#include "models/smmuv3/cd.h"

#include "models/arm/descriptor.h"
#include "models/smmuv3/unit.h"

/* One of TTB0's and TTB1's sides of a CD. */
struct half {
	bool disabled;
	bool granule_ok;
	enum arm_granule_index granule;
	uint64_t ttb;
	bool had;
};

/* EPDx does not count where there is one table only. */
static struct half half_of(const struct smmu *s, const struct smmu_ste *ste,
			   const struct smmu_cd *cd, bool upper)
{
	static const int8_t tg0[4] = { ARM_GRANULE_4K, ARM_GRANULE_64K,
				       ARM_GRANULE_16K, -1 };
	static const int8_t tg1[4] = { -1, ARM_GRANULE_16K, ARM_GRANULE_4K,
				       ARM_GRANULE_64K };
	uint64_t word = cd->word[0], side = cd->word[upper ? 2 : 1];
	int granule = upper ? tg1[FIELD_GET(SMMU_CD0_TG1, word)]
			    : tg0[FIELD_GET(SMMU_CD0_TG0, word)];
	bool one = ste->world == SMMU_WORLD_EL2;

	return (struct half){
		.disabled = one	    ? upper
			    : upper ? FIELD_GET(SMMU_CD0_EPD1, word)
				    : FIELD_GET(SMMU_CD0_EPD0, word),
		.granule_ok =
			granule >= 0 &&
			smmu_granule_supported(s,
					       (enum arm_granule_index)granule),
		.granule = granule >= 0 ? (enum arm_granule_index)granule
					: ARM_GRANULE_4K,
		.ttb = side & FIELD_MASK(SMMU_CD_TTB_TTB),
		.had = s->config.had && FIELD_GET(SMMU_CD_TTB_HAD, side),
	};
}

static bool faults_illegal(const struct smmu *s, const struct smmu_ste *ste,
			   uint64_t word)
{
	bool stall = FIELD_GET(SMMU_CD0_S, word);

	if (stall && FIELD_GET(SMMU_STE1_S1STALLD, ste->word[1]))
		return true;
	if (s->config.term_abort_only && !FIELD_GET(SMMU_CD0_A, word))
		return true;
	return (stall && s->config.stall_model == SMMU_TERMINATE_ONLY) ||
	       (!stall && s->config.stall_model == SMMU_STALL_ONLY);
}

static bool half_illegal(const struct half *half, const struct arm_range *range)
{
	return !half->disabled && (!half->granule_ok || range->impossible ||
				   half->ttb >> range->output_bits);
}

/* After `regime` has been set up. */
static bool illegal(const struct smmu *s, const struct smmu_ste *ste,
		    const struct smmu_cd *cd, const struct half half[2])
{
	const struct arm_setup *setup = &cd->regime.setup;
	uint64_t word = cd->word[0];

	if (!FIELD_GET(SMMU_CD0_V, word) || !FIELD_GET(SMMU_CD0_AA64, word) ||
	    FIELD_GET(SMMU_CD0_HA, word) || FIELD_GET(SMMU_CD0_HD, word))
		return true;
	if (faults_illegal(s, ste, word))
		return true;
	if (FIELD_GET(SMMU_CD0_ENDI, word) &&
	    (!half[0].disabled || !half[1].disabled))
		return true;
	if (!s->config.asid16 && ste->world != SMMU_WORLD_EL2 &&
	    FIELD_GET(SMMU_CD0_ASID, word) > 0xff)
		return true;
	return half_illegal(&half[0], &setup->s1[0]) ||
	       half_illegal(&half[1], &setup->s1[1]);
}

/* TCR_EL1 has the same fields in other places. */
static uint64_t tcr_of(uint64_t word, const struct half half[2])
{
	return FIELD_PREP(ARM_TCR_T0SZ, FIELD_GET(SMMU_CD0_T0SZ, word)) |
	       FIELD_PREP(ARM_TCR_TG0, FIELD_GET(SMMU_CD0_TG0, word)) |
	       FIELD_PREP(ARM_TCR_IRGN0, FIELD_GET(SMMU_CD0_IR0, word)) |
	       FIELD_PREP(ARM_TCR_ORGN0, FIELD_GET(SMMU_CD0_OR0, word)) |
	       FIELD_PREP(ARM_TCR_SH0, FIELD_GET(SMMU_CD0_SH0, word)) |
	       FIELD_PREP(ARM_TCR_EPD0, half[0].disabled) |
	       FIELD_PREP(ARM_TCR_T1SZ, FIELD_GET(SMMU_CD0_T1SZ, word)) |
	       FIELD_PREP(ARM_TCR_TG1, FIELD_GET(SMMU_CD0_TG1, word)) |
	       FIELD_PREP(ARM_TCR_IRGN1, FIELD_GET(SMMU_CD0_IR1, word)) |
	       FIELD_PREP(ARM_TCR_ORGN1, FIELD_GET(SMMU_CD0_OR1, word)) |
	       FIELD_PREP(ARM_TCR_SH1, FIELD_GET(SMMU_CD0_SH1, word)) |
	       FIELD_PREP(ARM_TCR_EPD1, half[1].disabled) |
	       FIELD_PREP(ARM_TCR_IPS, FIELD_GET(SMMU_CD0_IPS, word)) |
	       FIELD_PREP(ARM_TCR_AS, 1) |
	       FIELD_PREP(ARM_TCR_TBI0, FIELD_GET(SMMU_CD0_TBI0, word)) |
	       FIELD_PREP(ARM_TCR_TBI1, FIELD_GET(SMMU_CD0_TBI1, word));
}

static struct arm_regs regs_of(const struct smmu *s, const struct smmu_ste *ste,
			       const struct smmu_cd *cd,
			       const struct half half[2])
{
	uint64_t word = cd->word[0], ips = FIELD_GET(SMMU_CD0_IPS, word);
	uint64_t asid = ste->world == SMMU_WORLD_EL2
				? 0
				: FIELD_GET(SMMU_CD0_ASID, word);
	uint64_t s2 = ste->word[2];

	return (struct arm_regs){
		.sctlr = FIELD_PREP(ARM_SCTLR_M, 1) |
			 FIELD_PREP(ARM_SCTLR_C, 1) |
			 FIELD_PREP(ARM_SCTLR_I, 1) |
			 FIELD_PREP(ARM_SCTLR_WXN,
				    FIELD_GET(SMMU_CD0_WXN, word)),
		.tcr = tcr_of(word, half),
		.ttbr0 = smmu_ttbr(s, half[0].ttb, ips,
				   half[0].granule == ARM_GRANULE_64K) |
			 FIELD_PREP(ARM_TTBR_ASID, asid),
		.ttbr1 = smmu_ttbr(s, half[1].ttb, ips,
				   half[1].granule == ARM_GRANULE_64K),
		.mair = cd->word[3],
		.hcr = FIELD_PREP(ARM_HCR_VM, ste->stage2) |
		       FIELD_PREP(ARM_HCR_PTW, FIELD_GET(SMMU_STE2_S2PTW, s2)),
	};
}

static void set_tag(struct arm_setup *setup, const struct smmu_ste *ste,
		    uint64_t word)
{
	bool aset =
		FIELD_GET(SMMU_CD0_ASET, word) && ste->world != SMMU_WORLD_EL2;

	setup->tag.vmid = ste->regime.setup.tag.vmid;
	setup->tag.regime = (uint8_t)(ste->world | (aset ? SMMU_ASET : 0));
	setup->tag.fold = tlb_tag_fold(&setup->tag);
}

void smmu_cd_decode(struct smmu *s, const struct smmu_ste *ste,
		    struct smmu_cd *cd)
{
	const struct half half[2] = { half_of(s, ste, cd, false),
				      half_of(s, ste, cd, true) };
	struct arm_regs regs = regs_of(s, ste, cd, half);
	struct arm_setup *setup = &cd->regime.setup;

	smmu_regime_start(s, &cd->regime);
	arm_setup_compute(&cd->regime, &regs);
	setup->s2 = ste->regime.setup.s2;
	setup->s2_tag = ste->regime.setup.s2_tag;
	set_tag(setup, ste, cd->word[0]);
	for (unsigned int i = 0; i < 2; i++) {
		setup->s1[i].af_optional =
			FIELD_GET(SMMU_CD0_AFFD, cd->word[0]);
		if (half[i].had)
			setup->s1[i].inherited = 0;
	}
	if (ste->world == SMMU_WORLD_EL2)
		setup->permission_row += 2;
	cd->pan = FIELD_GET(SMMU_CD0_PAN, cd->word[0]);
	cd->ste_generation = ste->generation;
	cd->illegal = illegal(s, ste, cd, half);
}
