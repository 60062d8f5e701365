/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the registers say about walks and tags, worked out when one of them is
 * written. DDI0487 L.b D8.2 (controls), D8.16 (tags), D24.2. What is refused
 * stands here with its reason: models/arm/README.md.
 */
#include "models/arm/attrs.h"
#include "models/arm/descriptor.h"
#include "models/arm/walker.h"

#define REGIME_EL1 1
#define REGIME_STAGE2 2

#define SIZE_52 6 /* IPS, PS */

static bool granule_is(const struct arm_range *range,
		       enum arm_granule_index index)
{
	return range->granule == &arm_granules[index];
}

void arm_range_set_granule(struct arm_range *range,
			   const struct arm_regime *regime,
			   const struct arm_granule *granule)
{
	if (regime->no_granule_16k && granule == &arm_granules[ARM_GRANULE_16K])
		granule = &arm_granules[ARM_GRANULE_4K];
	range->granule = granule;
	range->wide =
		regime->pa_bits == 52 && granule_is(range, ARM_GRANULE_64K);
	range->blocks = range->wide ? granule->blocks52 : granule->blocks;
	range->address_mask = MASK(granule->page_lg2,
				   ARM_ADDRESS_BITS - granule->page_lg2);
}

/* IPS and PS; 7 is reserved: as 6. */
static void range_set_output(struct arm_range *range,
			     const struct arm_regime *regime, uint64_t field)
{
	static const uint8_t bits[8] = { 32, 36, 40, 42, 44, 48, 52, 52 };
	uint8_t most = regime->pa_bits;

	if (!range->wide && most > ARM_ADDRESS_BITS)
		most = ARM_ADDRESS_BITS;
	range->output_bits = bits[field] < most ? bits[field] : most;
}

static int stage1_root_level(const struct arm_range *range)
{
	int level = ARM_LEVEL_LAST;

	while (level > 0 && range->input_bits > range->granule->range[level])
		level--;
	return level;
}

/* The base with the bits that its table's own size rules out cleared. With
 * 52-bit addresses bits 5:2 of the register are the address's highest, and a
 * table is aligned to 64 bytes at least. `size` is IPS or PS. */
static void range_set_root(struct arm_range *range, uint64_t ttbr,
			   uint64_t size)
{
	unsigned int index_bits = range->input_bits -
				  range->granule->shift[range->level];
	uint64_t base = ttbr & FIELD_MASK(ARM_TTBR_BADDR);

	if (range->wide && size >= SIZE_52)
		base = (ttbr & FIELD_MASK(ARM_TTBR52_BADDR)) |
		       FIELD_GET(ARM_TTBR52_HIGH, ttbr) << ARM_ADDRESS_BITS;
	range->root = align_down(base, index_bits + 3);
	range->root_too_large = range->root >> range->output_bits != 0;
	range->index_mask = (uint32_t)(BIT(index_bits) - 1);
}

/* T0SZ and T1SZ of either stage. FEAT_TTST: 48, and 47 with 64K pages. */
static bool tnsz_ok(const struct arm_range *range,
		    const struct arm_regime *regime, uint64_t tnsz)
{
	uint64_t most = 39;

	if (regime->small_tables)
		most = granule_is(range, ARM_GRANULE_64K) ? 47 : 48;
	return tnsz >= (range->wide ? 12 : 16) && tnsz <= most;
}

/* One half's fields of TCR_EL1. */
struct tcr_half {
	uint64_t tsz, irgn, orgn;
	const struct arm_granule *granule;
	bool epd, hpd, tbid, e0pd;
};

static struct tcr_half tcr_half(uint64_t tcr, bool upper)
{
	if (upper)
		return (struct tcr_half){
			.tsz = FIELD_GET(ARM_TCR_T1SZ, tcr),
			.irgn = FIELD_GET(ARM_TCR_IRGN1, tcr),
			.orgn = FIELD_GET(ARM_TCR_ORGN1, tcr),
			.epd = FIELD_GET(ARM_TCR_EPD1, tcr),
			.granule = arm_granule_tg1(FIELD_GET(ARM_TCR_TG1, tcr)),
			.hpd = FIELD_GET(ARM_TCR_HPD1, tcr),
			.tbid = FIELD_GET(ARM_TCR_TBID1, tcr),
			.e0pd = FIELD_GET(ARM_TCR_E0PD1, tcr),
		};
	return (struct tcr_half){
		.tsz = FIELD_GET(ARM_TCR_T0SZ, tcr),
		.irgn = FIELD_GET(ARM_TCR_IRGN0, tcr),
		.orgn = FIELD_GET(ARM_TCR_ORGN0, tcr),
		.epd = FIELD_GET(ARM_TCR_EPD0, tcr),
		.granule = arm_granule_tg0(FIELD_GET(ARM_TCR_TG0, tcr)),
		.hpd = FIELD_GET(ARM_TCR_HPD0, tcr),
		.tbid = FIELD_GET(ARM_TCR_TBID0, tcr),
		.e0pd = FIELD_GET(ARM_TCR_E0PD0, tcr),
	};
}

static const char *stage1_refusal(const struct arm_regs *regs,
				  const struct tcr_half *half)
{
	if (FIELD_GET(ARM_SCTLR_EE, regs->sctlr))
		return "SCTLR_EL1.EE: big-endian tables, DDI0487 D24.2";
	if (FIELD_GET(ARM_TCR_HA, regs->tcr) ||
	    FIELD_GET(ARM_TCR_HD, regs->tcr))
		return "TCR_EL1.HA/HD: hardware update of the access flag and "
		       "dirty state, DDI0487 D8.5 (FEAT_HAFDBS)";
	if (half->hpd)
		return "TCR_EL1.HPD0/HPD1: hierarchical permission disables, "
		       "DDI0487 D24.2 (FEAT_HPDS)";
	if (half->tbid)
		return "TCR_EL1.TBID0/TBID1, DDI0487 D24.2 (FEAT_PAuth)";
	if (half->e0pd)
		return "TCR_EL1.E0PD0/E0PD1, DDI0487 D24.2 (FEAT_E0PD)";
	if (FIELD_GET(ARM_TCR_DS, regs->tcr))
		return "TCR_EL1.DS: 52-bit addresses, DDI0487 D24.2 "
		       "(FEAT_LPA2)";
	return NULL;
}

static struct arm_range stage1_range(const struct arm_regime *regime,
				     const struct arm_regs *regs, bool upper)
{
	struct tcr_half half = tcr_half(regs->tcr, upper);
	uint64_t ips = FIELD_GET(ARM_TCR_IPS, regs->tcr);
	struct arm_range range = {
		.disabled = half.epd,
		.why = stage1_refusal(regs, &half),
		.input_bits = (uint8_t)(64 - half.tsz),
		.inherited = ARM_S1_INHERITED,
		.uncached = !half.irgn || !half.orgn ||
			    !FIELD_GET(ARM_SCTLR_C, regs->sctlr) ||
			    FIELD_GET(ARM_HCR_CD, regs->hcr),
	};

	arm_range_set_granule(&range, regime, half.granule);
	range_set_output(&range, regime, ips);
	range.impossible = !tnsz_ok(&range, regime, half.tsz);
	if (range.impossible)
		return range;
	range.level = (int8_t)stage1_root_level(&range);
	range_set_root(&range, upper ? regs->ttbr1 : regs->ttbr0, ips);
	range.usable = !range.disabled && !range.why && !range.root_too_large;
	return range;
}

static const char *stage2_refusal(uint64_t vtcr)
{
	if (FIELD_GET(ARM_VTCR_HA, vtcr) || FIELD_GET(ARM_VTCR_HD, vtcr))
		return "VTCR_EL2.HA/HD: hardware update of the access flag and "
		       "dirty state, DDI0487 D8.5 (FEAT_HAFDBS)";
	if (FIELD_GET(ARM_VTCR_DS, vtcr) || FIELD_GET(ARM_VTCR_SL2, vtcr))
		return "VTCR_EL2.DS/SL2: 52-bit addresses, DDI0487 D24.2 "
		       "(FEAT_LPA2)";
	return NULL;
}

/* SL0's level, or -1. SL0 3 is level 3 of the 4K granule, by FEAT_TTST. */
static int stage2_root_level(const struct arm_range *range,
			     const struct arm_regime *regime, uint64_t sl0)
{
	if (sl0 == 3)
		return granule_is(range, ARM_GRANULE_4K) && regime->small_tables
			       ? 3
			       : -1;
	if (sl0 == 2 && regime->pa_bits < range->granule->s2_pa_bits)
		return -1;
	return range->granule->s2_start - (int)sl0;
}

/* SL0 and T0SZ must agree: the root resolves one bit at least, and at most
 * four more than a table has (16 concatenated tables). */
static bool stage2_possible(const struct arm_range *range,
			    const struct arm_regime *regime, uint64_t vtcr)
{
	int index_bits;

	if (!tnsz_ok(range, regime, FIELD_GET(ARM_VTCR_T0SZ, vtcr)) ||
	    range->level < 0 || range->input_bits > regime->pa_bits)
		return false;
	index_bits = range->input_bits - range->granule->shift[range->level];
	return index_bits >= 1 && index_bits <= range->granule->stride + 4;
}

static struct arm_range stage2_range(const struct arm_regime *regime,
				     const struct arm_regs *regs)
{
	uint64_t vtcr = regs->vtcr, ps = FIELD_GET(ARM_VTCR_PS, vtcr);
	struct arm_range range = {
		.why = stage2_refusal(vtcr),
		.input_bits = (uint8_t)(64 - FIELD_GET(ARM_VTCR_T0SZ, vtcr)),
		.uncached = !FIELD_GET(ARM_VTCR_IRGN0, vtcr) ||
			    !FIELD_GET(ARM_VTCR_ORGN0, vtcr) ||
			    FIELD_GET(ARM_HCR_CD, regs->hcr),
	};

	arm_range_set_granule(&range, regime,
			      arm_granule_tg0(FIELD_GET(ARM_VTCR_TG0, vtcr)));
	range_set_output(&range, regime, ps);
	range.level = (int8_t)stage2_root_level(&range, regime,
						FIELD_GET(ARM_VTCR_SL0, vtcr));
	range.impossible = !stage2_possible(&range, regime, vtcr);
	if (range.impossible)
		return range;
	range_set_root(&range, regs->vttbr, ps);
	range.usable = !range.why && !range.root_too_large;
	return range;
}

static const char *regime_refusal(uint64_t hcr)
{
	if (FIELD_GET(ARM_HCR_E2H, hcr) || FIELD_GET(ARM_HCR_TGE, hcr))
		return "HCR_EL2.E2H/TGE: the EL2&0 regime, DDI0487 D24.2 "
		       "(FEAT_VHE)";
	if (FIELD_GET(ARM_HCR_FWB, hcr))
		return "HCR_EL2.FWB: stage 2 overriding stage 1's memory type, "
		       "DDI0487 D8.6 (FEAT_S2FWB)";
	return NULL;
}

uint16_t arm_regs_vmid(const struct arm_regs *regs)
{
	uint64_t vmid = FIELD_GET(ARM_TTBR_ASID, regs->vttbr);

	return (uint16_t)(FIELD_GET(ARM_VTCR_VS, regs->vtcr) ? vmid :
							       vmid & 0xff);
}

uint16_t arm_regs_asid(const struct arm_regs *regs, uint64_t asid)
{
	return (uint16_t)(FIELD_GET(ARM_TCR_AS, regs->tcr) ? asid :
							     asid & 0xff);
}

static void setup_tags(struct arm_setup *setup, const struct arm_regs *regs)
{
	uint64_t ttbr = FIELD_GET(ARM_TCR_A1, regs->tcr) ? regs->ttbr1 :
							   regs->ttbr0;
	uint64_t asid = FIELD_GET(ARM_TTBR_ASID, ttbr);

	setup->tag = (struct tlb_tag){
		.vmid = arm_regs_vmid(regs),
		.asid = setup->stage1 ? arm_regs_asid(regs, asid) : 0,
		.regime = REGIME_EL1,
		.stage1 = setup->stage1,
	};
	setup->s2_tag = (struct tlb_tag){
		.vmid = setup->tag.vmid,
		.regime = REGIME_STAGE2,
	};
	setup->tag.fold = tlb_tag_fold(&setup->tag);
	setup->s2_tag.fold = tlb_tag_fold(&setup->s2_tag);
}

static void setup_attributes(struct arm_setup *setup,
			     const struct arm_regs *regs)
{
	bool sctlr_c = FIELD_GET(ARM_SCTLR_C, regs->sctlr);
	bool sctlr_i = FIELD_GET(ARM_SCTLR_I, regs->sctlr);
	bool dc = setup->default_cacheable;

	setup->permission_row = FIELD_GET(ARM_SCTLR_WXN, regs->sctlr);
	setup->fetch_cacheable = sctlr_i;
	setup->data_uncached = (!sctlr_c && !dc) ||
			       FIELD_GET(ARM_HCR_CD, regs->hcr);
	setup->fetch_uncached = (!sctlr_i && !dc) ||
				FIELD_GET(ARM_HCR_ID, regs->hcr);
	setup->adjust = !setup->stage1 || setup->data_uncached ||
			setup->fetch_uncached;
}

void arm_setup_compute(struct arm_regime *regime, const struct arm_regs *regs)
{
	struct arm_setup *setup = &regime->setup;
	uint64_t top = MASK(56, 8);

	setup->why = regime_refusal(regs->hcr);
	setup->default_cacheable = FIELD_GET(ARM_HCR_DC, regs->hcr);
	setup->stage1 = FIELD_GET(ARM_SCTLR_M, regs->sctlr) &&
			!setup->default_cacheable;
	setup->stage2 = FIELD_GET(ARM_HCR_VM, regs->hcr) ||
			setup->default_cacheable;
	setup->protect_walk = FIELD_GET(ARM_HCR_PTW, regs->hcr);
	setup->contiguous = regime->contiguous;
	setup->ignored_top[0] = FIELD_GET(ARM_TCR_TBI0, regs->tcr) ? top : 0;
	setup->ignored_top[1] = FIELD_GET(ARM_TCR_TBI1, regs->tcr) ? top : 0;
	setup->s1[0] = stage1_range(regime, regs, false);
	setup->s1[1] = stage1_range(regime, regs, true);
	setup->s2 = stage2_range(regime, regs);
	setup_tags(setup, regs);
	setup_attributes(setup, regs);
	arm_s1_memory_compute(setup, regs->mair);
	for (unsigned int half = 0; half < 2; half++)
		setup->s1[half].quick =
			setup->s1[half].usable && !setup->s1[half].uncached &&
			granule_is(&setup->s1[half], ARM_GRANULE_4K) &&
			setup->s1[half].level < ARM_LEVEL_LAST;
	setup->quick_mask =
		3 | FIELD_MASK(ARM_S1_LEAF_AF) |
		(setup->contiguous ? FIELD_MASK(ARM_S1_LEAF_Contiguous) : 0);
	setup->quick = setup->stage1 && setup->stage2 && !setup->why;
}
