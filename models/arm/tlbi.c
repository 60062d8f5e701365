/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TLBI: which entries an instruction drops. DDI0487 L.b C5.5 (encodings),
 * D8.16 (scope); issue A. The instructions for the EL2 regime, and the nXS
 * forms, are not here: an MMU of EL1&0 has nothing for the first, and
 * FEAT_XS is not advertised. TTL is a hint and not looked at.
 */
#include "models/arm/descriptor.h"
#include "models/arm/walker.h"

#define ARM_TLBI_VA_FIELDS(F)                                                  \
	F(ARM_TLBI_VA, ADDRESS, 0, 44)                                         \
	F(ARM_TLBI_VA, TTL, 44, 4)                                             \
	F(ARM_TLBI_VA, ASID, 48, 16)
FIELDS_DEFINE(ARM_TLBI_VA, ARM_TLBI_VA_FIELDS);

#define ARM_TLBI_IPA_FIELDS(F)                                                 \
	F(ARM_TLBI_IPA, ADDRESS, 0, 40)                                        \
	F(ARM_TLBI_IPA, TTL, 44, 4)                                            \
	F(ARM_TLBI_IPA, NS, 63, 1)
FIELDS_DEFINE(ARM_TLBI_IPA, ARM_TLBI_IPA_FIELDS);

#define ARM_TLBI_RANGE_FIELDS(F)                                               \
	F(ARM_TLBI_RANGE, BASE, 0, 37)                                         \
	F(ARM_TLBI_RANGE, TTL, 37, 2)                                          \
	F(ARM_TLBI_RANGE, NUM, 39, 5)                                          \
	F(ARM_TLBI_RANGE, SCALE, 44, 2)                                        \
	F(ARM_TLBI_RANGE, TG, 46, 2)                                           \
	F(ARM_TLBI_RANGE, ASID, 48, 16)
FIELDS_DEFINE(ARM_TLBI_RANGE, ARM_TLBI_RANGE_FIELDS);

/* What the operand narrows the scope to. */
enum operand { BY_NOTHING, BY_ASID, BY_VA_ASID, BY_VA, BY_IPA };

struct instruction {
	unsigned int op;
	const char *name;
	enum operand operand;
	bool broadcast, leaf_only, range;
	bool stage1, stage2, combined;
	bool any_vmid;
};

#define EL1(crm, op2) ARM_SYSREG(1, 0, 8, crm, op2)
#define EL2(crm, op2) ARM_SYSREG(1, 4, 8, crm, op2)
#define STAGE1 .stage1 = true, .combined = true
#define STAGE2 .stage2 = true
#define BOTH .stage1 = true, .stage2 = true, .combined = true
#define IS .broadcast = true
#define LEAF .leaf_only = true
#define RANGE .range = true

/* crm says who: 7 this CPU, 3 inner, 1 outer shareable; ranges 6, 2, 5. */
#define EL1_ALL(crm, suffix, ...)                                              \
	{ EL1(crm, 0), "VMALLE1" suffix, BY_NOTHING, STAGE1, __VA_ARGS__ },    \
	{ EL1(crm, 1), "VAE1" suffix, BY_VA_ASID, STAGE1, __VA_ARGS__ },       \
	{ EL1(crm, 2), "ASIDE1" suffix, BY_ASID, STAGE1, __VA_ARGS__ },        \
	{ EL1(crm, 3), "VAAE1" suffix, BY_VA, STAGE1, __VA_ARGS__ },           \
	{ EL1(crm, 5), "VALE1" suffix, BY_VA_ASID, STAGE1, LEAF,               \
	  __VA_ARGS__ },                                                       \
	{ EL1(crm, 7), "VAALE1" suffix, BY_VA, STAGE1, LEAF, __VA_ARGS__ }
#define EL1_RANGES(crm, suffix, ...)                                           \
	{ EL1(crm, 1), "RVAE1" suffix, BY_VA_ASID, STAGE1, RANGE,              \
	  __VA_ARGS__ },                                                       \
	{ EL1(crm, 3), "RVAAE1" suffix, BY_VA, STAGE1, RANGE, __VA_ARGS__ },   \
	{ EL1(crm, 5), "RVALE1" suffix, BY_VA_ASID, STAGE1, LEAF, RANGE,       \
	  __VA_ARGS__ },                                                       \
	{ EL1(crm, 7), "RVAALE1" suffix, BY_VA, STAGE1, LEAF, RANGE,           \
	  __VA_ARGS__ }
#define EL2_ALL(crm, suffix, ...)                                              \
	{ EL2(crm, 4), "ALLE1" suffix, BY_NOTHING, BOTH, .any_vmid = true,     \
	  __VA_ARGS__ },                                                       \
	{ EL2(crm, 6), "VMALLS12E1" suffix, BY_NOTHING, BOTH, __VA_ARGS__ }
#define EL2_IPA(crm, op2, suffix, ...)                                         \
	{ EL2(crm, op2), "IPAS2E1" suffix, BY_IPA, STAGE2, __VA_ARGS__ },      \
	{ EL2(crm, (op2) + 4), "IPAS2LE1" suffix, BY_IPA, STAGE2, LEAF,        \
	  __VA_ARGS__ }
#define EL2_RIPA(crm, op2, suffix, ...)                                        \
	{ EL2(crm, op2), "RIPAS2E1" suffix, BY_IPA, STAGE2, RANGE,             \
	  __VA_ARGS__ },                                                       \
	{ EL2(crm, (op2) + 4), "RIPAS2LE1" suffix, BY_IPA, STAGE2, LEAF,       \
	  RANGE, __VA_ARGS__ }

static const struct instruction instructions[] = {
	EL1_ALL(7, "", .broadcast = false),
	EL1_ALL(3, "IS", IS),
	EL1_ALL(1, "OS", IS),
	EL1_RANGES(6, "", .broadcast = false),
	EL1_RANGES(2, "IS", IS),
	EL1_RANGES(5, "OS", IS),
	EL2_ALL(7, "", .broadcast = false),
	EL2_ALL(3, "IS", IS),
	EL2_ALL(1, "OS", IS),
	EL2_IPA(4, 1, "", .broadcast = false),
	EL2_IPA(0, 1, "IS", IS),
	EL2_IPA(4, 0, "OS", IS),
	EL2_RIPA(4, 2, "", .broadcast = false),
	EL2_RIPA(0, 2, "IS", IS),
	EL2_RIPA(4, 3, "OS", IS),
};

static const struct instruction *find(unsigned int op)
{
	unsigned int count = sizeof(instructions) / sizeof(instructions[0]);

	for (unsigned int i = 0; i < count; i++)
		if (instructions[i].op == op)
			return &instructions[i];
	return NULL;
}

static uint64_t sign_extend(uint64_t value, unsigned int bits)
{
	return (uint64_t)((int64_t)(value << (64 - bits)) >> (64 - bits));
}

/* One page of the granule in use: a TLB may hold it in pieces. */
static void match_page(struct tlb_match *match, const struct instruction *it,
		       const struct arm_regs *regs, uint64_t xt)
{
	const struct arm_granule *granule;
	uint64_t page = it->operand == BY_IPA ?
				FIELD_GET(ARM_TLBI_IPA_ADDRESS, xt) :
				FIELD_GET(ARM_TLBI_VA_ADDRESS, xt);

	/* An operand holds VA[55:12]; the rest repeats bit 55. */
	match->first = page << FRAME_LG2;
	if (it->operand != BY_IPA)
		match->first = sign_extend(match->first, 56);
	granule = it->operand == BY_IPA ?
			  arm_granule_tg0(FIELD_GET(ARM_VTCR_TG0, regs->vtcr)) :
			  arm_granule_of_va(regs->tcr, match->first);
	match->first = align_down(match->first, granule->page_lg2);
	match->last = match->first + (BIT(granule->page_lg2) - 1);
}

/* (NUM + 1) * 2^(5 * SCALE + 1) granules from BASE. False: TG is reserved. */
static bool match_range(struct tlb_match *match, const struct instruction *it,
			uint64_t xt)
{
	static const uint8_t granules_lg2[4] = { 0, 12, 14, 16 };
	unsigned int granule = granules_lg2[FIELD_GET(ARM_TLBI_RANGE_TG, xt)];
	unsigned int scale = (unsigned int)FIELD_GET(ARM_TLBI_RANGE_SCALE, xt);
	uint64_t count = (FIELD_GET(ARM_TLBI_RANGE_NUM, xt) + 1)
			 << (5 * scale + 1);
	uint64_t base = FIELD_GET(ARM_TLBI_RANGE_BASE, xt);

	if (granule == 0)
		return false;
	if (it->operand != BY_IPA)
		base = sign_extend(base, ARM_TLBI_RANGE_BASE_WIDTH);
	match->first = base << granule;
	match->last = match->first + (count << granule) - 1;
	if (match->last < match->first)
		match->last = UINT64_MAX;
	return true;
}

bool arm_tlbi_decode(unsigned int op, uint64_t xt, const struct arm_regs *regs,
		     bool from_el2, struct arm_tlbi *out)
{
	const struct instruction *it = find(op);
	struct tlb_match *match = &out->match;

	if (!it || (!from_el2 && (op >> 11 & 7) != 0))
		return false;
	*out = (struct arm_tlbi){
		.broadcast = it->broadcast ||
			     (!from_el2 && FIELD_GET(ARM_HCR_FB, regs->hcr)),
		.stage1 = it->stage1,
		.stage2 = it->stage2,
		.combined = it->combined,
		.leaf_only = it->leaf_only,
		.name = it->name,
	};
	match->by_vmid = !it->any_vmid;
	match->vmid = arm_regs_vmid(regs);
	match->by_asid = it->operand == BY_ASID || it->operand == BY_VA_ASID;
	/* ASID is in the same place in every operand. */
	match->asid = arm_regs_asid(regs, FIELD_GET(ARM_TLBI_VA_ASID, xt));
	match->globals_too = it->operand == BY_VA_ASID;
	match->by_range = it->operand >= BY_VA_ASID;
	if (it->range && !match_range(match, it, xt))
		out->stage1 = out->stage2 = out->combined = false;
	else if (match->by_range && !it->range)
		match_page(match, it, regs, xt);
	return true;
}

void arm_mmu_tlbi(struct arm_mmu *mmu, const struct arm_tlbi *tlbi)
{
	struct tlb_match match = tlbi->match;

	/* A leaf that a TLB holds in pieces goes whole: stage 1's for what
	 * combines both. */
	if (tlbi->combined) {
		match.whole_lsb = ARM_ATTRS_S1_SIZE_LG2_LSB;
		tlb_invalidate(mmu->l1i_tlb, &match);
		tlb_invalidate(mmu->l1d_tlb, &match);
		tlb_invalidate(mmu->l2_tlb, &match);
	}
	if (tlbi->stage1 && !tlbi->leaf_only)
		walk_cache_invalidate(mmu->regime.walk_cache_s1, &tlbi->match);
	if (tlbi->stage2) {
		match.whole_lsb = ARM_ATTRS_S2_SIZE_LG2_LSB;
		tlb_invalidate(mmu->regime.s2_tlb, &match);
		if (!tlbi->leaf_only)
			walk_cache_invalidate(mmu->regime.walk_cache_s2,
					      &tlbi->match);
	}
	mmu->data_context++;
	mmu->fetch_context++;
}
