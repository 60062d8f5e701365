/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VT-d second-stage descriptors, legacy and scalable mode. VT-d 4.1 §3.7,
 * §9.8 (SS-PML5E to SS-PTE).
 *
 * The architecture numbers levels from the pages up: 1 is a page table, 5 a
 * PML5 table. The engine's level is 5 minus that: pages stand at 4, 2 MB
 * superpages at 3, 1 GB at 2; a walk of three levels begins at 2, of five at 0.
 *
 * There is no present bit. An entry that allows neither reads nor writes is a
 * hole, whatever else it holds (§3.7); ours are zero. SP says leaf above the
 * last level. Superpages of 2 MB and 1 GB exist as CAP.SLLPS says, larger ones
 * nowhere. Bits 52 to 61 are ignored by hardware in every entry: the engine's
 * markers stand in 52 to 55.
 *
 * A live entry may be written over: until the invalidation hardware uses the
 * old one or the new (§6.2.4 to §6.5). With ECAP.C clear it reads past the
 * processors' caches (§3.10).
 *
 * Left out: accessed and dirty bits (8 and 9, with SSADE, which we never set),
 * memory types (3 to 6), execute permission (2), the transient mapping hint
 * (62).
 */
#ifndef CORE_FORMAT_VTD_SS_H
#define CORE_FORMAT_VTD_SS_H

#include "core/pt/format.h"

#define VTD_SS_FIELDS(F)                                                       \
	F(VTD_SS, R, 0, 1)                                                     \
	F(VTD_SS, W, 1, 1)                                                     \
	F(VTD_SS, SP, 7, 1)                                                    \
	F(VTD_SS, SNP, 11, 1) /* of a leaf; reserved without ECAP.SC */        \
	F(VTD_SS, ADDRESS, 12, 40)                                             \
	F(VTD_SS, MARKER, 52, 4)
FIELDS_DEFINE(VTD_SS, VTD_SS_FIELDS);
_Static_assert((int)VTD_SS_MARKER_WIDTH == PT_MARKER_BITS,
	       "the engine's markers fit");

enum {
	VTD_SS_FIRST = 0,   /* five levels begin here */
	VTD_SS_LEVEL_1G = 2,
	VTD_SS_LEVEL_2M = 3,
	VTD_SS_LEVEL_4K = 4,
};

/* The engine's level where a walk of so many levels begins. */
PT_INLINE uint8_t vtd_ss_start(unsigned int levels)
{
	return (uint8_t)(VTD_SS_LEVEL_4K + 1u - levels);
}

#define VTD_SS_PRESENT (FIELD_MASK(VTD_SS_R) | FIELD_MASK(VTD_SS_W))
/* Of a leaf, all that a domain chooses but the address. */
#define VTD_SS_ATTRS   (VTD_SS_PRESENT | FIELD_MASK(VTD_SS_SNP))

PT_INLINE enum pt_kind vtd_ss_kind(uint64_t pte, unsigned int level)
{
	if ((pte & VTD_SS_PRESENT) == 0)
		return PT_EMPTY;
	return level == VTD_SS_LEVEL_4K || (pte & FIELD_MASK(VTD_SS_SP)) != 0
		       ? PT_LEAF
		       : PT_TABLE;
}

PT_INLINE pa_t vtd_ss_address(uint64_t pte, unsigned int level)
{
	(void)level;
	return (pa_t){ pte & FIELD_MASK(VTD_SS_ADDRESS) };
}

PT_INLINE uint64_t vtd_ss_attrs(uint64_t pte)
{
	return pte & VTD_SS_ATTRS;
}

PT_INLINE uint64_t vtd_ss_leaf(pa_t pa, uint64_t attrs, unsigned int level)
{
	return attrs | pa.raw | FIELD_PREP(VTD_SS_SP, level != VTD_SS_LEVEL_4K);
}

/* Permissions are those of all levels together: the leaf's decide. */
PT_INLINE uint64_t vtd_ss_table(pa_t table)
{
	return table.raw | VTD_SS_PRESENT;
}

static const struct pt_format pt_format_vtd_ss = {
	.name = "vtd-ss",
	.granule_lg2 = 12,
	.first = VTD_SS_FIRST,
	.last = VTD_SS_LEVEL_4K,
	.oa_bits = 52,
	.level = {
		[0] = { .lsb = 48, .width = 9 },
		[1] = { .lsb = 39, .width = 9 },
		[2] = { .lsb = 30, .width = 9, .leaf_ok = true },
		[3] = { .lsb = 21, .width = 9, .leaf_ok = true },
		[4] = { .lsb = 12, .width = 9, .leaf_ok = true },
	},
	.in_place = ~UINT64_C(0),
	.marker_lsb = VTD_SS_MARKER_LSB,
	.overwrites = true,
	.uncached_walks = true,
	.kind_bits = VTD_SS_PRESENT | FIELD_MASK(VTD_SS_SP),
	.kind = vtd_ss_kind,
	.address = vtd_ss_address,
	.attrs = vtd_ss_attrs,
	.leaf = vtd_ss_leaf,
	.table = vtd_ss_table,
};

#endif
