/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arm stage-2 descriptors, VMSAv8-64, 4K granule. DDI0487 L.b D8.3.1, D8.6.
 *
 * Two notions of valid. Hardware's is VALID, bit 0. Software's is TYPE, in
 * bits the architecture leaves to software in leaves and ignores in table
 * descriptors: zero is a hole, one value means a table, any other is the
 * owner's. The engine goes by TYPE, so an entry whose bit 0 is clear for a
 * while is still mapped.
 *
 * The engine's contiguity markers stand in bits 62:59 of leaves. Hardware may
 * not use bit n of these while VTCR_EL2.HWUn is zero (D24.2.196; before
 * FEAT_HPDS2 they are ignored), and we never set it; S2POE, which gives them
 * a meaning of its own, stays off, too. Whoever walks the same tables with an
 * SMMU leaves its S2HWU bits zero. Table descriptors have these bits RES0,
 * and a table's marker is always zero.
 *
 * Left out: 16K and 64K granules, 52-bit addresses, the contiguous hint, nT,
 * hardware dirty state, FEAT_S2FWB, FEAT_XNX (XN is both bits' "no execution
 * at EL1 and EL0", which is also right without FEAT_XNX).
 */
#ifndef CORE_FORMAT_ARM_S2_H
#define CORE_FORMAT_ARM_S2_H

#include "core/pt/format.h"

#define ARM_S2_FIELDS(F)                                                       \
	F(ARM_S2, VALID, 0, 1)                                                 \
	F(ARM_S2, NOT_BLOCK, 1, 1) /* a table, or a page at level 3 */         \
	F(ARM_S2, MEMATTR, 2, 4)                                               \
	F(ARM_S2, S2AP, 6, 2) /* bit 6 read, bit 7 write */                    \
	F(ARM_S2, SH, 8, 2)                                                    \
	F(ARM_S2, AF, 10, 1)                                                   \
	F(ARM_S2, ADDRESS, 12, 36)                                             \
	F(ARM_S2, CONTIG, 52, 1)                                               \
	F(ARM_S2, XN, 53, 2)                                                   \
	F(ARM_S2, TYPE, 55, 4)                                                 \
	F(ARM_S2, MARKER, 59, 4)
FIELDS_DEFINE(ARM_S2, ARM_S2_FIELDS);
_Static_assert((int)ARM_S2_MARKER_WIDTH == PT_MARKER_BITS,
	       "the engine's markers fit");

enum {
	ARM_S2_MEMATTR_DEVICE_NGNRE = 0x1,
	ARM_S2_MEMATTR_NORMAL_WB = 0xf, /* inner and outer write-back */
	ARM_S2_S2AP_R = 1,
	ARM_S2_S2AP_W = 2,
	ARM_S2_SH_OUTER = 2,
	ARM_S2_SH_INNER = 3,
	ARM_S2_XN_NONE = 2, /* execution neither at EL1 nor at EL0 */
	ARM_S2_TYPE_HOLE = 0,
	ARM_S2_TYPE_TABLE = 15,
};

/* Of a leaf, everything but its address, its level and its marker. */
#define ARM_S2_ATTRS                                                           \
	(~(FIELD_MASK(ARM_S2_ADDRESS) | FIELD_MASK(ARM_S2_NOT_BLOCK) |         \
	   FIELD_MASK(ARM_S2_MARKER)))

PT_INLINE enum pt_kind arm_s2_kind(uint64_t pte, unsigned int level)
{
	const uint64_t type = FIELD_GET(ARM_S2_TYPE, pte);

	(void)level;
	if (type == ARM_S2_TYPE_HOLE)
		return PT_EMPTY;
	return type == ARM_S2_TYPE_TABLE ? PT_TABLE : PT_LEAF;
}

PT_INLINE pa_t arm_s2_address(uint64_t pte, unsigned int level)
{
	(void)level;
	return (pa_t){ pte & FIELD_MASK(ARM_S2_ADDRESS) };
}

PT_INLINE uint64_t arm_s2_attrs(uint64_t pte)
{
	return pte & ARM_S2_ATTRS;
}

PT_INLINE uint64_t arm_s2_leaf(pa_t pa, uint64_t attrs, unsigned int level)
{
	return attrs | pa.raw | FIELD_PREP(ARM_S2_NOT_BLOCK, level == 3);
}

PT_INLINE uint64_t arm_s2_table(pa_t table)
{
	return table.raw | FIELD_PREP(ARM_S2_TYPE, ARM_S2_TYPE_TABLE) |
	       FIELD_PREP(ARM_S2_NOT_BLOCK, 1) | FIELD_PREP(ARM_S2_VALID, 1);
}

static const struct pt_format pt_format_arm_s2_4k = {
	.name = "arm-s2-4k",
	.granule_lg2 = 12,
	.first = 0,
	.last = 3,
	.oa_bits = 48,
	.concat_lg2 = 4,
	.level = {
		[0] = { .lsb = 39, .width = 9 },
		[1] = { .lsb = 30, .width = 9, .leaf_ok = true },
		[2] = { .lsb = 21, .width = 9, .leaf_ok = true },
		[3] = { .lsb = 12, .width = 9, .leaf_ok = true },
	},
	/* Permissions, rule RGPPYH; software's own bits mean nothing to it. */
	.in_place = FIELD_MASK(ARM_S2_S2AP) | FIELD_MASK(ARM_S2_XN) |
		    FIELD_MASK(ARM_S2_TYPE) | FIELD_MASK(ARM_S2_MARKER),
	.marker_lsb = ARM_S2_MARKER_LSB,
	.kind = arm_s2_kind,
	.address = arm_s2_address,
	.attrs = arm_s2_attrs,
	.leaf = arm_s2_leaf,
	.table = arm_s2_table,
};

/* VTCR_EL2, DDI0487 L.b D24.2.196; VTTBR_EL2, D24.2.198. */
#define VTCR_EL2_FIELDS(F)                                                     \
	F(VTCR_EL2, T0SZ, 0, 6)                                                \
	F(VTCR_EL2, SL0, 6, 2)                                                 \
	F(VTCR_EL2, IRGN0, 8, 2)                                               \
	F(VTCR_EL2, ORGN0, 10, 2)                                              \
	F(VTCR_EL2, SH0, 12, 2)                                                \
	F(VTCR_EL2, TG0, 14, 2)                                                \
	F(VTCR_EL2, PS, 16, 3)                                                 \
	F(VTCR_EL2, VS, 19, 1)                                                 \
	F(VTCR_EL2, RES1, 31, 1)
FIELDS_DEFINE(VTCR_EL2, VTCR_EL2_FIELDS);

#define VTTBR_EL2_FIELDS(F)                                                    \
	F(VTTBR_EL2, CNP, 0, 1)                                                \
	F(VTTBR_EL2, BADDR, 1, 47)                                             \
	F(VTTBR_EL2, VMID, 48, 16)
FIELDS_DEFINE(VTTBR_EL2, VTTBR_EL2_FIELDS);

#endif
