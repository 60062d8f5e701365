/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an STE says, and whether it may say so: IHI0070 G.b 5.2, 5.2.2. Checked
 * in one go when it is fetched; the order of the rules does not show.
 */
#include "models/smmuv3/ste.h"

#include "models/arm/descriptor.h"
#include "models/smmuv3/unit.h"

bool smmu_granule_supported(const struct smmu *s,
			    enum arm_granule_index granule)
{
	const struct smmu_config *c = &s->config;
	const bool has[3] = { c->granule_4k, c->granule_16k, c->granule_64k };

	return has[granule];
}

/* TG0's encoding; false: reserved, or not there. */
static bool tg_supported(const struct smmu *s, uint64_t tg)
{
	static const enum arm_granule_index index[3] = { ARM_GRANULE_4K,
							 ARM_GRANULE_64K,
							 ARM_GRANULE_16K };

	return tg < 3 && smmu_granule_supported(s, index[tg]);
}

uint64_t smmu_ttbr(const struct smmu *s, uint64_t ttb, uint64_t size,
		   bool granule_64k)
{
	/* Bits 51:48 stand in 5:2 of the register. */
	if (s->config.oas_bits == 52 && granule_64k && size >= 6)
		return (ttb & MASK(6, 42)) | (ttb >> 48 & 0xf) << 2;
	return ttb & MASK(4, 44);
}

static enum smmu_world world_of(const struct smmu *s,
				const struct smmu_ste *ste)
{
	if (!s->config.hyp || ste->stage2 || !ste->stage1 ||
	    FIELD_GET(SMMU_STE1_STRW, ste->word[1]) != 2)
		return SMMU_WORLD_EL1;
	return FIELD_GET(SMMU_CR2_E2H, s->r.cr2) ? SMMU_WORLD_EL2_E2H
						 : SMMU_WORLD_EL2;
}

static bool stage1_illegal(const struct smmu *s, const struct smmu_ste *ste)
{
	const struct smmu_config *c = &s->config;
	uint64_t max = FIELD_GET(SMMU_STE0_S1CDMax, ste->word[0]);
	uint64_t format = FIELD_GET(SMMU_STE0_S1Fmt, ste->word[0]);
	uint64_t pointer = ste->word[0] & FIELD_MASK(SMMU_STE0_S1ContextPtr);

	if (!c->stage1)
		return true;
	if (c->hyp && !ste->stage2 &&
	    (FIELD_GET(SMMU_STE1_STRW, ste->word[1]) & 1))
		return true;
	if (FIELD_GET(SMMU_STE1_S1STALLD, ste->word[1]) &&
	    c->stall_model != SMMU_STALL_AND_TERMINATE)
		return true;
	if (c->ssid_bits && max > c->ssid_bits)
		return true;
	if (c->ssid_bits && max && !c->cd2l && (format == 1 || format == 2))
		return true;
	/* A PA beyond the output size; an IPA is stage 2's to refuse. */
	return !ste->stage2 && (pointer & ~smmu_oas_mask(s));
}

static bool stage2_faults_illegal(const struct smmu *s,
				  const struct smmu_ste *ste)
{
	bool stall = FIELD_GET(SMMU_STE2_S2S, ste->word[2]);

	return (stall && s->config.stall_model == SMMU_TERMINATE_ONLY) ||
	       (!stall && s->config.stall_model == SMMU_STALL_ONLY);
}

/* After `regime` has been set up. Unlike a CPU, which faults, an SMMU refuses
 * controls that do not agree. */
static bool stage2_illegal(const struct smmu *s, const struct smmu_ste *ste)
{
	const struct arm_range *range = &ste->regime.setup.s2;
	uint64_t word = ste->word[2];
	uint64_t ttb = ste->word[3] & FIELD_MASK(SMMU_STE3_S2TTB);

	if (!s->config.stage2 || !FIELD_GET(SMMU_STE2_S2AA64, word) ||
	    FIELD_GET(SMMU_STE2_S2ENDI, word) ||
	    FIELD_GET(SMMU_STE2_S2HA, word) || FIELD_GET(SMMU_STE2_S2HD, word))
		return true;
	if (stage2_faults_illegal(s, ste) ||
	    !tg_supported(s, FIELD_GET(SMMU_STE2_S2TG, word)))
		return true;
	if (range->impossible || ttb >> range->output_bits)
		return true;
	return !s->config.vmid16 && FIELD_GET(SMMU_STE2_S2VMID, word) > 0xff;
}

static bool illegal(const struct smmu *s, const struct smmu_ste *ste)
{
	uint64_t config = FIELD_GET(SMMU_STE0_Config, ste->word[0]);

	if (!FIELD_GET(SMMU_STE0_V, ste->word[0]))
		return true;
	if (!(config & SMMU_CONFIG_PASS))
		return false;
	if (ste->stage1 && stage1_illegal(s, ste))
		return true;
	/* A VMID that is not ignored tags stage 1's entries too. */
	if (ste->stage1 && s->config.stage2 && !s->config.vmid16 &&
	    ste->world == SMMU_WORLD_EL1 &&
	    FIELD_GET(SMMU_STE2_S2VMID, ste->word[2]) > 0xff)
		return true;
	return ste->stage2 && stage2_illegal(s, ste);
}

/* The registers that say the same to a CPU's MMU. */
static struct arm_regs stage2_regs(const struct smmu *s,
				   const struct smmu_ste *ste)
{
	uint64_t word = ste->word[2];
	uint64_t ttb = ste->word[3] & FIELD_MASK(SMMU_STE3_S2TTB);
	uint64_t vmid = s->config.stage2 && ste->world == SMMU_WORLD_EL1
				? FIELD_GET(SMMU_STE2_S2VMID, word)
				: 0;
	bool wide = FIELD_GET(SMMU_STE2_S2TG, word) == 1;

	return (struct arm_regs){
		.hcr = FIELD_PREP(ARM_HCR_VM, ste->stage2) |
		       FIELD_PREP(ARM_HCR_PTW,
				  ste->stage1 &&
					  FIELD_GET(SMMU_STE2_S2PTW, word)),
		.vtcr = (word >> 32 & MASK(0, 19)) | FIELD_PREP(ARM_VTCR_VS, 1),
		.vttbr = smmu_ttbr(s, ttb, FIELD_GET(SMMU_STE2_S2PS, word),
				   wide) |
			 FIELD_PREP(ARM_TTBR_ASID, vmid),
	};
}

void smmu_ste_decode(struct smmu *s, struct smmu_ste *ste)
{
	uint64_t config = FIELD_GET(SMMU_STE0_Config, ste->word[0]);
	bool pass = config & SMMU_CONFIG_PASS;
	static const struct smmu_request plain;
	struct smmu_overrides overrides;
	struct arm_regs regs;

	ste->stage1 = pass && (config & SMMU_CONFIG_STAGE1);
	ste->stage2 = pass && (config & SMMU_CONFIG_STAGE2);
	ste->cd_max =
		s->config.ssid_bits
			? (uint8_t)FIELD_GET(SMMU_STE0_S1CDMax, ste->word[0])
			: 0;
	if (s->config.attr_permissions_override) {
		ste->privcfg =
			(uint8_t)FIELD_GET(SMMU_STE1_PRIVCFG, ste->word[1]);
		ste->instcfg =
			(uint8_t)FIELD_GET(SMMU_STE1_INSTCFG, ste->word[1]);
	}
	overrides = smmu_ste_overrides(ste);
	ste->incoming = smmu_incoming(s, &plain, &overrides);
	ste->world = world_of(s, ste);
	ste->generation = ++s->generation;
	regs = stage2_regs(s, ste);
	smmu_regime_start(s, &ste->regime);
	arm_setup_compute(&ste->regime, &regs);
	ste->regime.setup.s2.af_optional =
		FIELD_GET(SMMU_STE2_S2AFFD, ste->word[2]);
	ste->illegal = illegal(s, ste);
}
