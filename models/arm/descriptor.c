/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The granules, and what a leaf permits. DDI0487 L.b D8.2 (granules), D8.4.1
 * (stage 1), D8.4.2 (stage 2), D8.7 (contiguous runs). Not modelled: indirect
 * permissions and overlays, DBM.
 */
#include "models/arm/descriptor.h"

#include <stddef.h>

/* A 64K table of level 0 does not exist. */
const struct arm_granule arm_granules[3] = {
	[ARM_GRANULE_4K] = {
		.page_lg2 = 12, .stride = 9,
		.shift = { 39, 30, 21, 12 }, .range = { 48, 39, 30, 21 },
		.contiguous = { 0, 4, 4, 4 },
		.blocks = 1 << 1 | 1 << 2, .blocks52 = 1 << 1 | 1 << 2,
		.s2_start = 2, .s2_pa_bits = 44,
	},
	[ARM_GRANULE_16K] = {
		.page_lg2 = 14, .stride = 11,
		.shift = { 47, 36, 25, 14 }, .range = { 58, 47, 36, 25 },
		.contiguous = { 0, 0, 5, 7 },
		.blocks = 1 << 2, .blocks52 = 1 << 2,
		.s2_start = 3, .s2_pa_bits = 42,
	},
	[ARM_GRANULE_64K] = {
		.page_lg2 = 16, .stride = 13,
		.shift = { 55, 42, 29, 16 }, .range = { 63, 55, 42, 29 },
		.contiguous = { 0, 5, 5, 5 },
		.blocks = 1 << 2, .blocks52 = 1 << 1 | 1 << 2,
		.s2_start = 3, .s2_pa_bits = 44,
	},
};

const struct arm_granule *arm_granule_tg0(uint64_t field)
{
	static const uint8_t index[4] = { ARM_GRANULE_4K, ARM_GRANULE_64K,
					  ARM_GRANULE_16K, ARM_GRANULE_4K };

	return &arm_granules[index[field & 3]];
}

const struct arm_granule *arm_granule_tg1(uint64_t field)
{
	static const uint8_t index[4] = { ARM_GRANULE_4K, ARM_GRANULE_16K,
					  ARM_GRANULE_4K, ARM_GRANULE_64K };

	return &arm_granules[index[field & 3]];
}

const struct arm_granule *arm_granule_of_va(uint64_t tcr, uint64_t va)
{
	return va >> 55 & 1 ? arm_granule_tg1(FIELD_GET(ARM_TCR_TG1, tcr)) :
			      arm_granule_tg0(FIELD_GET(ARM_TCR_TG0, tcr));
}

/* One EL's three bits. */
#define EL1(r, w, x)                                                           \
	((r) << ARM_ATTRS_S1_EL1_R_LSB | (w) << ARM_ATTRS_S1_EL1_W_LSB |       \
	 (x) << ARM_ATTRS_S1_EL1_X_LSB)
#define EL0(r, w, x)                                                           \
	((r) << ARM_ATTRS_S1_EL0_R_LSB | (w) << ARM_ATTRS_S1_EL0_W_LSB |       \
	 (x) << ARM_ATTRS_S1_EL0_X_LSB)

/* By row and AP[2:1], without PXN and UXN. Rows: EL1&0; the same with WXN: what
 * is writable is not executed; a regime of one EL, whose permissions are EL0's
 * here (AP[1] does not matter, XN is where UXN is), without and with WXN. What
 * EL0 can write, EL1 never executes. */
const uint8_t arm_s1_permission_table[4][4] = {
	{
		EL1(1, 1, 1) | EL0(0, 0, 1),
		EL1(1, 1, 0) | EL0(1, 1, 1),
		EL1(1, 0, 1) | EL0(0, 0, 1),
		EL1(1, 0, 1) | EL0(1, 0, 1),
	},
	{
		EL1(1, 1, 0) | EL0(0, 0, 1),
		EL1(1, 1, 0) | EL0(1, 1, 0),
		EL1(1, 0, 1) | EL0(0, 0, 1),
		EL1(1, 0, 1) | EL0(1, 0, 1),
	},
	{ EL0(1, 1, 1), EL0(1, 1, 1), EL0(1, 0, 1), EL0(1, 0, 1) },
	{ EL0(1, 1, 0), EL0(1, 1, 0), EL0(1, 0, 1), EL0(1, 0, 1) },
};

/* FEAT_XNX, by XN[1:0]: both may, EL0 only, none, EL1 only. */
const uint16_t arm_s2_permission_table[4] = {
	1 << ARM_ATTRS_S2_X_EL1_LSB | 1 << ARM_ATTRS_S2_X_EL0_LSB,
	1 << ARM_ATTRS_S2_X_EL0_LSB,
	0,
	1 << ARM_ATTRS_S2_X_EL1_LSB,
};

#define FIELD_ROW(REG, NAME, lsb, width) { #NAME, lsb, width },

const struct arm_field *arm_descriptor_fields(unsigned int stage,
					      enum arm_descriptor_kind kind)
{
	static const struct arm_field s1_table[] = {
		ARM_S1_TABLE_FIELDS(FIELD_ROW){ NULL, 0, 0 }
	};
	static const struct arm_field s2_table[] = {
		ARM_S2_TABLE_FIELDS(FIELD_ROW){ NULL, 0, 0 }
	};
	static const struct arm_field s1_leaf[] = {
		ARM_S1_LEAF_FIELDS(FIELD_ROW){ NULL, 0, 0 }
	};
	static const struct arm_field s2_leaf[] = {
		ARM_S2_LEAF_FIELDS(FIELD_ROW){ NULL, 0, 0 }
	};
	static const struct arm_field invalid[] = { { "TYPE", 0, 2 },
						    { NULL, 0, 0 } };

	switch (kind) {
	case ARM_DESCRIPTOR_TABLE:
		return stage == 1 ? s1_table : s2_table;
	case ARM_DESCRIPTOR_LEAF:
		return stage == 1 ? s1_leaf : s2_leaf;
	default:
		return invalid;
	}
}
