/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a leaf permits. DDI0487 L.b D8.4.1 (stage 1), D8.4.2 (stage 2);
 * issue A. Not modelled: indirect permissions and overlays, DBM.
 */
#include "models/arm/descriptor.h"

#include <stddef.h>

#include "models/arm/mmu.h"

uint64_t arm_s1_permissions(uint64_t leaf, uint64_t inherited, bool wxn)
{
	uint64_t ap = FIELD_GET(ARM_S1_LEAF_AP, leaf);
	uint64_t ap_table = FIELD_GET(ARM_S1_TABLE_APTable, inherited);
	bool write = !((ap | ap_table) & 2);
	bool el0 = (ap & 1) && !(ap_table & 1);
	bool el0_write = el0 && write;
	bool pxn = FIELD_GET(ARM_S1_LEAF_PXN, leaf) ||
		   FIELD_GET(ARM_S1_TABLE_PXNTable, inherited);
	bool uxn = FIELD_GET(ARM_S1_LEAF_UXN, leaf) ||
		   FIELD_GET(ARM_S1_TABLE_UXNTable, inherited);

	/* What EL0 can write, EL1 never executes. */
	bool el1_fetch = !pxn && !el0_write && !(wxn && write);
	bool el0_fetch = !uxn && !(wxn && el0_write);

	return FIELD_MASK(ARM_ATTRS_S1_EL1_R) |
	       FIELD_PREP(ARM_ATTRS_S1_EL1_W, write) |
	       FIELD_PREP(ARM_ATTRS_S1_EL1_X, el1_fetch) |
	       FIELD_PREP(ARM_ATTRS_S1_EL0_R, el0) |
	       FIELD_PREP(ARM_ATTRS_S1_EL0_W, el0_write) |
	       FIELD_PREP(ARM_ATTRS_S1_EL0_X, el0_fetch);
}

uint64_t arm_s2_permissions(uint64_t leaf)
{
	uint64_t s2ap = FIELD_GET(ARM_S2_LEAF_S2AP, leaf);
	uint64_t xn = FIELD_GET(ARM_S2_LEAF_XN, leaf);

	/* FEAT_XNX: 0 both may, 1 EL0 only, 2 none, 3 EL1 only. */
	return FIELD_PREP(ARM_ATTRS_S2_R, s2ap & 1) |
	       FIELD_PREP(ARM_ATTRS_S2_W, s2ap >> 1) |
	       FIELD_PREP(ARM_ATTRS_S2_X_EL1, xn == 0 || xn == 3) |
	       FIELD_PREP(ARM_ATTRS_S2_X_EL0, xn == 0 || xn == 1);
}

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
