/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a walk of Arm stage-2 tables begins: the legal start levels, the root
 * tables side by side, and what VTCR_EL2 says of them. DDI0487 L.b D8.2,
 * D24.2.196. An SMMU's STE has the same fields in the same order, IHI0070 5.2.
 */
#ifndef CORE_FORMAT_ARM_S2_VTCR_H
#define CORE_FORMAT_ARM_S2_VTCR_H

#include "core/format/arm_s2.h"

/*
 * Bits that the start level resolves: one at least, and no more than one
 * table's and the concatenated tables' together. D8.2.
 */
static inline bool arm_s2_start_is_legal(const struct pt_format *f,
					 unsigned int ia_bits,
					 unsigned int level)
{
	const unsigned int lsb = f->level[level].lsb;

	return ia_bits > lsb &&
	       ia_bits <= lsb + f->level[level].width + f->concat_lg2;
}

/* The usual choice: as deep as concatenation allows, but with blocks. */
static inline unsigned int arm_s2_start_usual(const struct pt_format *f,
					      unsigned int ia_bits)
{
	unsigned int level = f->last - 1u;

	while (level > f->first && !arm_s2_start_is_legal(f, ia_bits, level))
		level--;
	return level;
}

/* log2 of the number of root tables. */
static inline uint8_t arm_s2_root_order(const struct pt_format *f,
					unsigned int ia_bits,
					unsigned int level)
{
	const unsigned int top = f->level[level].lsb + f->level[level].width;

	return ia_bits > top ? (uint8_t)(ia_bits - top) : 0;
}

/* PS for an output size, rounded down. */
static inline unsigned int arm_s2_vtcr_ps(unsigned int oa_bits)
{
	static const uint8_t sizes[] = { 32, 36, 40, 42, 44, 48, 52 };
	unsigned int ps = 0;

	while (ps + 1 < sizeof(sizes) && sizes[ps + 1] <= oa_bits)
		ps++;
	return ps;
}

/* SL0 and TG0 of a granule. */
static inline unsigned int arm_s2_vtcr_sl0(const struct pt_format *f,
					   unsigned int start_level)
{
	return (f->granule_lg2 == 12 ? 2u : 3u) - start_level;
}

static inline unsigned int arm_s2_vtcr_tg0(const struct pt_format *f)
{
	switch (f->granule_lg2) {
	case 14:
		return 2;
	case 16:
		return 1;
	default:
		return 0;
	}
}

/* T0SZ, SL0, TG0 and PS; how walks are cached is for others to add. */
static inline uint64_t arm_s2_vtcr(const struct pt_format *f,
				   unsigned int ia_bits,
				   unsigned int start_level,
				   unsigned int oa_bits)
{
	return FIELD_PREP(VTCR_EL2_T0SZ, 64u - ia_bits) |
	       FIELD_PREP(VTCR_EL2_SL0, arm_s2_vtcr_sl0(f, start_level)) |
	       FIELD_PREP(VTCR_EL2_TG0, arm_s2_vtcr_tg0(f)) |
	       FIELD_PREP(VTCR_EL2_PS, arm_s2_vtcr_ps(oa_bits));
}

#endif
