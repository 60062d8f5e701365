/* SPDX-License-Identifier: BSD-2-Clause */
/* See entry.h. */
#include "sim/explore/entry.h"

#define VALID BIT(0)
#define TABLE_OR_PAGE BIT(1)
#define AF BIT(10)
#define NT BIT(16)
#define CONTIGUOUS BIT(52)
#define MEMORY (MASK(2, 4) | MASK(8, 2))
#define PERMISSIONS (MASK(6, 2) | MASK(53, 2))

unsigned int entry_group_lg2(const struct explore_space *s, unsigned int level)
{
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

struct entry entry_decode(const struct explore_space *s, uint64_t value,
			  unsigned int level)
{
	const bool last = level == EXPLORE_LAST_LEVEL;
	struct entry e = { .kind = ENTRY_INVALID };

	if (!(value & VALID))
		return e;
	if (!last && (value & TABLE_OR_PAGE)) {
		e.kind = ENTRY_TABLE;
		e.address = address_of(s, value, s->granule_lg2);
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
