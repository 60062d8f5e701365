/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a leaf permits. DDI0487 L.b D8.4.1 (stage 1), D8.4.2 (stage 2);
 * issue A. Not modelled: indirect permissions and overlays, DBM.
 */
#include "models/arm/descriptor.h"

#include <stddef.h>

/* One EL's three bits. */
#define EL1(r, w, x)                                                           \
	((r) << ARM_ATTRS_S1_EL1_R_LSB | (w) << ARM_ATTRS_S1_EL1_W_LSB |       \
	 (x) << ARM_ATTRS_S1_EL1_X_LSB)
#define EL0(r, w, x)                                                           \
	((r) << ARM_ATTRS_S1_EL0_R_LSB | (w) << ARM_ATTRS_S1_EL0_W_LSB |       \
	 (x) << ARM_ATTRS_S1_EL0_X_LSB)

/* By SCTLR.WXN and AP[2:1], without PXN and UXN. What EL0 can write, EL1
 * never executes; under WXN, nothing that is writable. */
const uint8_t arm_s1_permission_table[2][4] = {
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
};

/* FEAT_XNX, by XN[1:0]: both may, EL0 only, none, EL1 only. */
const uint16_t arm_s2_permission_table[4] = {
	1 << ARM_ATTRS_S2_X_EL1_LSB | 1 << ARM_ATTRS_S2_X_EL0_LSB,
	1 << ARM_ATTRS_S2_X_EL0_LSB,
	0,
	1 << ARM_ATTRS_S2_X_EL1_LSB,
};

#define FIELD_ROW(REG, NAME, lsb, width) { #NAME, lsb, width },

const struct arm_field *arm_descriptor_fields(unsigned int stage, uint64_t raw,
					      int level)
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

	switch (arm_descriptor_kind(raw, level)) {
	case ARM_DESCRIPTOR_TABLE:
		return stage == 1 ? s1_table : s2_table;
	case ARM_DESCRIPTOR_LEAF:
		return stage == 1 ? s1_leaf : s2_leaf;
	default:
		return invalid;
	}
}
