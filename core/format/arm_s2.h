/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arm stage-2 descriptors, VMSAv8-64, granules 4K, 16K and 64K. DDI0487 L.b
 * D8.2, D8.3.1, D8.6.
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
 * Processors walk coherently; an SMMU with IDR0.COHACC clear reads past the
 * caches.
 *
 * Left out: FEAT_LPA2 (52 bits with 4K and 16K), the 4 TB blocks of FEAT_LPA,
 * hardware dirty state, FEAT_S2FWB, FEAT_XNX (XN is both bits' "no
 * execution at EL1 and EL0", which is also right without FEAT_XNX).
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

/* The address of the 64K granule, split: bits 51:48 stand in 15:12. */
#define ARM_S2_ADDRESS_64K_FIELDS(F)                                           \
	F(ARM_S2, ADDRESS_HIGH, 12, 4)                                         \
	F(ARM_S2, ADDRESS_64K, 16, 32)
FIELDS_DEFINE(ARM_S2_64K, ARM_S2_ADDRESS_64K_FIELDS);
_Static_assert((int)ARM_S2_MARKER_WIDTH == PT_MARKER_BITS,
	       "the engine's markers fit");

enum {
	ARM_S2_MEMATTR_DEVICE_NGNRNE = 0x0,
	ARM_S2_MEMATTR_DEVICE_NGNRE = 0x1,
	ARM_S2_MEMATTR_DEVICE_GRE = 0x3,
	ARM_S2_MEMATTR_NORMAL_NC = 0x5, /* inner and outer not cached */
	ARM_S2_MEMATTR_NORMAL_WB = 0xf, /* inner and outer write-back */
	ARM_S2_S2AP_R = 1,
	ARM_S2_S2AP_W = 2,
	ARM_S2_SH_OUTER = 2,
	ARM_S2_SH_INNER = 3,
	ARM_S2_XN_NONE = 2, /* execution neither at EL1 nor at EL0 */
	ARM_S2_TYPE_HOLE = 0,
	ARM_S2_TYPE_TABLE = 15,
};

/* Of a leaf, everything but address, level, hint and marker. */
#define ARM_S2_ATTRS                                                           \
	(~(FIELD_MASK(ARM_S2_ADDRESS) | FIELD_MASK(ARM_S2_NOT_BLOCK) |         \
	   FIELD_MASK(ARM_S2_CONTIG) | FIELD_MASK(ARM_S2_MARKER)))

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

/*
 * With the 64K granule bits 15:12 hold address bits 51:48 (FEAT_LPA); they
 * are zero where no address is that large. D8.3.1.
 */
PT_INLINE pa_t arm_s2_address_64k(uint64_t pte, unsigned int level)
{
	(void)level;
	return (pa_t){ (pte & FIELD_MASK(ARM_S2_ADDRESS_64K)) |
		       FIELD_GET(ARM_S2_ADDRESS_HIGH, pte) << 48 };
}

PT_INLINE uint64_t arm_s2_place_64k(pa_t pa)
{
	return (pa.raw & FIELD_MASK(ARM_S2_ADDRESS_64K)) |
	       FIELD_PREP(ARM_S2_ADDRESS_HIGH, pa.raw >> 48);
}

PT_INLINE uint64_t arm_s2_leaf_64k(pa_t pa, uint64_t attrs, unsigned int level)
{
	return arm_s2_leaf((pa_t){ arm_s2_place_64k(pa) }, attrs, level);
}

PT_INLINE uint64_t arm_s2_table_64k(pa_t table)
{
	return arm_s2_table((pa_t){ arm_s2_place_64k(table) });
}

/* Of a block, FEAT_BBM: it lies in what is a page's address. D8.3.1. */
#define ARM_S2_NT BIT(16)

/* Permissions, rule RGPPYH; software's own bits mean nothing to hardware. */
#define ARM_S2_IN_PLACE                                                        \
	(FIELD_MASK(ARM_S2_S2AP) | FIELD_MASK(ARM_S2_XN) |                     \
	 FIELD_MASK(ARM_S2_TYPE) | FIELD_MASK(ARM_S2_MARKER))

/* Levels, blocks and contiguous groups: D8.2, D8.6.1. */
static const struct pt_format pt_format_arm_s2_4k = {
	.name = "arm-s2-4k",
	.granule_lg2 = 12,
	.first = 0,
	.last = 3,
	.oa_bits = 48,
	.concat_lg2 = 4,
	.level = {
		[0] = { .lsb = 39, .width = 9 },
		[1] = { .lsb = 30, .width = 9, .leaf_ok = true, .group_lg2 = 4 },
		[2] = { .lsb = 21, .width = 9, .leaf_ok = true, .group_lg2 = 4 },
		[3] = { .lsb = 12, .width = 9, .leaf_ok = true, .group_lg2 = 4 },
	},
	.in_place = ARM_S2_IN_PLACE,
	.marker_lsb = ARM_S2_MARKER_LSB,
	.hint = FIELD_MASK(ARM_S2_CONTIG),
	.no_tlb = ARM_S2_NT,
	.uncached_walks = true,
	.kind_bits = FIELD_MASK(ARM_S2_TYPE),
	.kind = arm_s2_kind,
	.address = arm_s2_address,
	.attrs = arm_s2_attrs,
	.leaf = arm_s2_leaf,
	.table = arm_s2_table,
};

/* Without FEAT_LPA2 stage 2 does not start at level 0 here. */
static const struct pt_format pt_format_arm_s2_16k = {
	.name = "arm-s2-16k",
	.granule_lg2 = 14,
	.first = 1,
	.last = 3,
	.oa_bits = 48,
	.concat_lg2 = 4,
	.level = {
		[1] = { .lsb = 36, .width = 11 },
		[2] = { .lsb = 25, .width = 11, .leaf_ok = true,
			.group_lg2 = 5 },
		[3] = { .lsb = 14, .width = 11, .leaf_ok = true,
			.group_lg2 = 7 },
	},
	.in_place = ARM_S2_IN_PLACE,
	.marker_lsb = ARM_S2_MARKER_LSB,
	.hint = FIELD_MASK(ARM_S2_CONTIG),
	.no_tlb = ARM_S2_NT,
	.uncached_walks = true,
	.kind_bits = FIELD_MASK(ARM_S2_TYPE),
	.kind = arm_s2_kind,
	.address = arm_s2_address,
	.attrs = arm_s2_attrs,
	.leaf = arm_s2_leaf,
	.table = arm_s2_table,
};

/* Level 1 has as many entries as 52 bits need. */
static const struct pt_format pt_format_arm_s2_64k = {
	.name = "arm-s2-64k",
	.granule_lg2 = 16,
	.first = 1,
	.last = 3,
	.oa_bits = 52,
	.concat_lg2 = 4,
	.level = {
		[1] = { .lsb = 42, .width = 10 },
		[2] = { .lsb = 29, .width = 13, .leaf_ok = true,
			.group_lg2 = 5 },
		[3] = { .lsb = 16, .width = 13, .leaf_ok = true,
			.group_lg2 = 5 },
	},
	.in_place = ARM_S2_IN_PLACE,
	.marker_lsb = ARM_S2_MARKER_LSB,
	.hint = FIELD_MASK(ARM_S2_CONTIG),
	.no_tlb = ARM_S2_NT,
	.uncached_walks = true,
	.kind_bits = FIELD_MASK(ARM_S2_TYPE),
	.kind = arm_s2_kind,
	.address = arm_s2_address_64k,
	.attrs = arm_s2_attrs,
	.leaf = arm_s2_leaf_64k,
	.table = arm_s2_table_64k,
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
