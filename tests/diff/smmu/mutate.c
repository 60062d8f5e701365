/* SPDX-License-Identifier: BSD-2-Clause */
/* Rules to break. */
#include "tests/diff/smmu/mutate.h"

#include <stddef.h>

#include "core/base/bits.h"

/* ---- what the model can do ---- */

static void no_4k(struct smmu_config *c)
{
	c->granule_4k = false;
}
static void no_16k(struct smmu_config *c)
{
	c->granule_16k = false;
}
static void no_64k(struct smmu_config *c)
{
	c->granule_64k = false;
}
static void narrow_output(struct smmu_config *c)
{
	c->oas_bits = 42;
}
static void wide_output(struct smmu_config *c)
{
	c->oas_bits = 48;
}
static void no_stage1(struct smmu_config *c)
{
	c->stage1 = false;
}
static void no_stage2(struct smmu_config *c)
{
	c->stage2 = false;
}
static void no_two_level(struct smmu_config *c)
{
	c->two_level_streams = false;
}
static void small_tables(struct smmu_config *c)
{
	c->small_tables = true;
}
static void no_had(struct smmu_config *c)
{
	c->had = false;
}
static void few_streams(struct smmu_config *c)
{
	c->sid_bits = 7;
}
static void asid8(struct smmu_config *c)
{
	c->asid16 = false;
}
static void stalls(struct smmu_config *c)
{
	c->stall_model = SMMU_STALL_AND_TERMINATE;
}
static void raz_wi(struct smmu_config *c)
{
	c->term_abort_only = false;
}

/* ---- the tables it sees ---- */

static bool is(const struct entry *e, enum entry_kind kind, unsigned int word)
{
	return e->kind == kind && e->word == word;
}

/* Words of one kind seen with some bits cleared and set. */
#define ENTRY(name, kind, word_or_any, clear, set)                     \
	static uint64_t name(const struct entry *e)                    \
	{                                                              \
		return is(e, kind, word_or_any)                        \
			       ? (e->raw & ~(uint64_t)(clear)) | (set) \
			       : e->raw;                               \
	}
ENTRY(ste_valid, ENTRY_STE, 0, 0, BIT(0))
ENTRY(ste_config_abort, ENTRY_STE, 0, 0, BIT(3))
ENTRY(s2affd, ENTRY_STE, 2, BIT(53), 0)
ENTRY(s2r, ENTRY_STE, 2, 0, BIT(58))
ENTRY(s2aa64, ENTRY_STE, 2, BIT(52), 0)
ENTRY(s2ps, ENTRY_STE, 2, MASK(48, 3), UINT64_C(5) << 48)
ENTRY(s2ttb, ENTRY_STE, 3, MASK(36, 16), 0)
ENTRY(cd_valid, ENTRY_CD, 0, 0, BIT(31))
ENTRY(cd_aa64, ENTRY_CD, 0, 0, BIT(41))
ENTRY(cd_a, ENTRY_CD, 0, 0, BIT(46))
ENTRY(cd_r, ENTRY_CD, 0, 0, BIT(45))
ENTRY(cd_affd, ENTRY_CD, 0, BIT(35), 0)
ENTRY(cd_epd0, ENTRY_CD, 0, BIT(14), 0)
ENTRY(cd_tbi0, ENTRY_CD, 0, BIT(38), 0)
ENTRY(cd_ips, ENTRY_CD, 0, MASK(32, 3), UINT64_C(5) << 32)
ENTRY(cd_ha, ENTRY_CD, 0, MASK(42, 2), 0)

static uint64_t leaf_bits(const struct entry *e, enum entry_kind kind,
			  uint64_t clear, uint64_t set)
{
	return e->kind == kind && e->leaf ? (e->raw & ~clear) | set : e->raw;
}
#define LEAF(name, kind, clear, set)                   \
	static uint64_t name(const struct entry *e)    \
	{                                              \
		return leaf_bits(e, kind, clear, set); \
	}
LEAF(s1_af, ENTRY_S1, 0, BIT(10))
LEAF(s1_ap, ENTRY_S1, BIT(7), BIT(6))
LEAF(s1_valid, ENTRY_S1, 0, BIT(0))
LEAF(s1_size, ENTRY_S1, MASK(36, 12), 0)
LEAF(s2_af, ENTRY_S2, 0, BIT(10))
LEAF(s2_read, ENTRY_S2, 0, BIT(6))
LEAF(s2_write, ENTRY_S2, 0, BIT(7))
LEAF(s2_valid, ENTRY_S2, 0, BIT(0))
LEAF(s2_size, ENTRY_S2, MASK(36, 12), 0)

/* Tables for blocks and the other way round. */
static uint64_t s2_type(const struct entry *e)
{
	return e->kind == ENTRY_S2 && e->level < 3 ? e->raw | 2 : e->raw;
}
static uint64_t l2ptr(const struct entry *e)
{
	return e->kind == ENTRY_L1STD ? e->raw ^ BIT(17) : e->raw;
}

/* ---- its answers ---- */

static void writes_are_reads(struct vector *v)
{
	v->write = false;
}
static void input_shifted(struct vector *v)
{
	v->address ^= BIT(21);
}
static void upper_is_lower(struct vector *v)
{
	v->address &= MASK(0, 48);
}
static void record_s2(struct smmu_outcome *out)
{
	if (out->event == SMMU_F_TRANSLATION)
		out->record[1] &= ~BIT(39);
}
static void record_class(struct smmu_outcome *out)
{
	if (out->event >= SMMU_F_TRANSLATION)
		out->record[1] |= BIT(41);
}
static void record_rnw(struct smmu_outcome *out)
{
	if (out->event >= SMMU_F_WALK_EABT)
		out->record[1] ^= BIT(35);
}
static void record_address(struct smmu_outcome *out)
{
	if (out->event >= SMMU_F_WALK_EABT)
		out->record[2] ^= BIT(13);
}
static void record_ipa(struct smmu_outcome *out)
{
	if (out->event == SMMU_F_PERMISSION && (out->record[1] & BIT(39)))
		out->record[3] ^= BIT(20);
}
static void record_fetch(struct smmu_outcome *out)
{
	if (out->event == SMMU_F_STE_FETCH)
		out->record[3] ^= BIT(8);
}
static void access_is_permission(struct smmu_outcome *out)
{
	if (out->event == SMMU_F_ACCESS) {
		out->event = SMMU_F_PERMISSION;
		out->record[0] ^= SMMU_F_ACCESS ^ SMMU_F_PERMISSION;
	}
}
static void size_is_translation(struct smmu_outcome *out)
{
	if (out->event == SMMU_F_ADDR_SIZE) {
		out->event = SMMU_F_TRANSLATION;
		out->record[0] ^= SMMU_F_ADDR_SIZE ^ SMMU_F_TRANSLATION;
	}
}
static void bypass_aborts(struct smmu_outcome *out)
{
	if (out->result == SMMU_BYPASSED)
		out->result = SMMU_ABORTED;
}

#define CONFIG(text, f)           \
	{                         \
		text, .config = f \
	}
#define TABLES(text, f)          \
	{                        \
		text, .entry = f \
	}
#define VECTOR(text, f)           \
	{                         \
		text, .vector = f \
	}
#define ANSWER(text, f)            \
	{                          \
		text, .outcome = f \
	}
static const struct mutation mutations[] = {
	CONFIG("no 4K granule", no_4k),
	CONFIG("no 16K granule", no_16k),
	CONFIG("no 64K granule", no_64k),
	CONFIG("narrower output", narrow_output),
	CONFIG("wider output", wide_output),
	CONFIG("no stage 1", no_stage1),
	CONFIG("no stage 2", no_stage2),
	CONFIG("no two-level stream tables", no_two_level),
	CONFIG("small translation tables", small_tables),
	CONFIG("no hierarchical disable", no_had),
	CONFIG("fewer StreamIDs", few_streams),
	CONFIG("8-bit ASIDs", asid8),
	CONFIG("stalls", stalls),
	CONFIG("RAZ/WI terminations", raz_wi),
	TABLES("STE: V", ste_valid),
	TABLES("STE: Config[2]", ste_config_abort),
	TABLES("STE: S2AFFD", s2affd),
	TABLES("STE: S2R", s2r),
	TABLES("STE: S2ENDI", s2aa64),
	TABLES("STE: S2PS", s2ps),
	TABLES("STE: S2TTB's range", s2ttb),
	TABLES("CD: V", cd_valid),
	TABLES("CD: AA64", cd_aa64),
	TABLES("CD: A", cd_a),
	TABLES("CD: R", cd_r),
	TABLES("CD: AFFD", cd_affd),
	TABLES("CD: EPD0", cd_epd0),
	TABLES("CD: TBI0", cd_tbi0),
	TABLES("CD: IPS", cd_ips),
	TABLES("CD: HA, HD", cd_ha),
	TABLES("stage 1: AF", s1_af),
	TABLES("stage 1: AP", s1_ap),
	TABLES("stage 1: valid", s1_valid),
	TABLES("stage 1: output size", s1_size),
	TABLES("stage 2: AF", s2_af),
	TABLES("stage 2: S2AP[0]", s2_read),
	TABLES("stage 2: S2AP[1]", s2_write),
	TABLES("stage 2: valid", s2_valid),
	TABLES("stage 2: output size", s2_size),
	TABLES("stage 2: blocks", s2_type),
	TABLES("L1STD.L2Ptr", l2ptr),
	VECTOR("writes taken for reads", writes_are_reads),
	VECTOR("an address bit", input_shifted),
	VECTOR("TTB1's half for TTB0's", upper_is_lower),
	ANSWER("S2", record_s2),
	ANSWER("CLASS", record_class),
	ANSWER("RnW", record_rnw),
	ANSWER("InputAddr", record_address),
	ANSWER("IPA", record_ipa),
	ANSWER("FetchAddr", record_fetch),
	ANSWER("F_ACCESS as F_PERMISSION", access_is_permission),
	ANSWER("F_ADDR_SIZE as F_TRANSLATION", size_is_translation),
	ANSWER("bypass aborts", bypass_aborts),
};
const unsigned int mutation_count = sizeof(mutations) / sizeof(mutations[0]);

const struct mutation *mutation_get(unsigned int k)
{
	return k >= 1 && k <= mutation_count ? &mutations[k - 1] : NULL;
}
