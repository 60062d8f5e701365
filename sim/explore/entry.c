/* SPDX-License-Identifier: BSD-2-Clause */
/* See entry.h. */
#include "sim/explore/entry.h"

/* ---- Arm stage 2 */

#define VALID BIT(0)
#define TABLE_OR_PAGE BIT(1)
#define AF BIT(10)
#define NT BIT(16)
#define CONTIGUOUS BIT(52)
#define MEMORY (MASK(2, 4) | MASK(8, 2))
#define PERMISSIONS (MASK(6, 2) | MASK(53, 2))

unsigned int entry_group_lg2(const struct explore_space *s, unsigned int level)
{
	if (s->format != ENTRY_ARM_S2)
		return 0;
	switch (s->granule_lg2) {
	case 14:
		return level == 3 ? 7 : level == 2 ? 5 : 0;
	case 16:
		return level >= 2 ? 5 : 0;
	default:
		return level >= 1 ? 4 : 0;
	}
}

static bool has_blocks(const struct explore_space *s, unsigned int level)
{
	switch (s->granule_lg2) {
	case 14:
		return level == 2;
	case 16:
		return level == 2 || (level == 1 && s->output_bits == 52);
	default:
		return level == 1 || level == 2;
	}
}

static uint64_t address_of(const struct explore_space *s, uint64_t value,
			   unsigned int lsb)
{
	uint64_t address = value & MASK(lsb, 48 - lsb);

	if (s->granule_lg2 == 16 && s->output_bits == 52)
		address |= (value >> 12 & 15) << 48;
	return address;
}

static struct entry arm_decode(const struct explore_space *s, uint64_t value,
			       unsigned int level)
{
	const bool last = level == entry_last_level(s);
	struct entry e = { .kind = ENTRY_INVALID };

	if (!(value & VALID))
		return e;
	if (!last && (value & TABLE_OR_PAGE)) {
		e.kind = ENTRY_TABLE;
		e.address = address_of(s, value, s->granule_lg2);
		e.permissions = ENTRY_ALL_RIGHTS;
		return e;
	}
	/* 0b01 is reserved at the last level, and where no block may be. An
	 * access flag of 0 faults. */
	if (last ? !(value & TABLE_OR_PAGE) : !has_blocks(s, level))
		return e;
	if (!(value & AF))
		return e;
	e.kind = ENTRY_LEAF;
	e.address = address_of(s, value, entry_lsb(s, level));
	e.hint = (value & CONTIGUOUS) && entry_group_lg2(s, level) != 0;
	e.no_tlb = !last && s->bbm_level >= 1 && (value & NT);
	e.memory = value & MEMORY;
	e.permissions = value & PERMISSIONS;
	return e;
}

/* ---- VT-d second stage */

#define VTD_RW	    MASK(0, 2)
#define VTD_PS	    BIT(7) /* of a page table's entry: ignored */
#define VTD_SNP	    BIT(11)
#define VTD_TM	    BIT(62) /* for device TLBs, which there are none of */
#define VTD_ADDRESS MASK(12, 40)

/* Bits that must be zero; else translating by it faults. */
static uint64_t vtd_reserved(const struct explore_space *s, unsigned int level,
			     bool leaf)
{
	uint64_t bits = VTD_TM | (VTD_ADDRESS & ~MASK(0, s->output_bits));

	if (leaf)
		bits |= VTD_ADDRESS & (entry_span(s, level) - 1);
	if (!leaf || !s->snoop_control)
		bits |= VTD_SNP;
	return bits;
}

static struct entry vtd_decode(const struct explore_space *s, uint64_t value,
			       unsigned int level)
{
	const unsigned int above = entry_last_level(s) - level;
	const bool leaf = above == 0 || (value & VTD_PS);
	struct entry e = { .kind = ENTRY_INVALID };

	if (!(value & VTD_RW) || (value & vtd_reserved(s, level, leaf)))
		return e;
	if (leaf && above != 0 && (above > 2 || !(s->superpages >> (above - 1) & 1)))
		return e;
	e.kind = leaf ? ENTRY_LEAF : ENTRY_TABLE;
	e.address = value & VTD_ADDRESS;
	e.memory = value & VTD_SNP;
	e.permissions = value & VTD_RW;
	return e;
}

struct entry entry_decode(const struct explore_space *s, uint64_t value,
			  unsigned int level)
{
	return s->format == ENTRY_VTD_SS ? vtd_decode(s, value, level)
					 : arm_decode(s, value, level);
}

const char *entry_rights_name(const struct explore_space *s,
			      uint64_t permissions)
{
	static const char *const vtd[] = { " --", " r-", " -w", " rw" };
	static const char *const arm[] = { " ---", " r--", " -w-", " rw-",
					   " --x", " r-x", " -wx", " rwx" };
	/* XN 0b10 is nobody; 0b01 and 0b11 leave one exception level. */
	const bool executes = (permissions >> 53 & 3) != 2;

	return s->format == ENTRY_VTD_SS
		       ? vtd[permissions & 3]
		       : arm[(permissions >> 6 & 3) | (executes ? 4 : 0)];
}
