/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory attributes and how two stages combine. DDI0487 L.b D8.6.1 (MAIR),
 * D8.6.2 (shareability), D8.6.5 (stage 2 and combining), D8.2 (stage 1 off);
 * issue A.
 */
#include "models/arm/attrs.h"

#define MEMORY_MASK                                                            \
	(FIELD_MASK(ARM_ATTRS_MEMATTR) | FIELD_MASK(ARM_ATTRS_SH) |            \
	 FIELD_MASK(ARM_ATTRS_CACHEABLE) | FIELD_MASK(ARM_ATTRS_DEVICE))

static uint64_t memory(uint64_t memattr, uint64_t sh)
{
	return FIELD_PREP(ARM_ATTRS_MEMATTR, memattr) |
	       FIELD_PREP(ARM_ATTRS_SH, sh);
}

/* Encodings of features that we do not advertise become the nearest thing
 * without: see README. */
static uint64_t mair_known(uint64_t attr)
{
	if (arm_memattr_device(attr))
		return attr & 0x0c;
	return attr & 0x0f ? attr : attr | 0x04;
}

void arm_s1_memory_compute(struct arm_setup *setup, uint64_t mair)
{
	for (unsigned int i = 0; i < 8; i++)
		setup->memory[i] = FIELD_PREP(ARM_ATTRS_MEMATTR,
					      mair_known(mair >> 8 * i & 0xff));
}

/* MemAttr has no allocation hints: all of them. Inner 0b00 below a Normal
 * outer is reserved: Non-cacheable. */
const uint8_t arm_s2_memattr[16] = {
	0x00, 0x04, 0x08, 0x0c, 0x44, 0x44, 0x4b, 0x4f,
	0xb4, 0xb4, 0xbb, 0xbf, 0xf4, 0xf4, 0xfb, 0xff,
};

/* One of inner and outer: the weaker; the hints are stage 1's. Bit 2 tells
 * Write-Back from Write-Through, and alone is Non-cacheable. */
static uint64_t nibble_combine(uint64_t s1, uint64_t s2)
{
	if (s1 == 0x4 || s2 == 0x4)
		return 0x4;
	return s2 & 0x4 ? s1 : s1 & ~UINT64_C(0x4);
}

static uint64_t memattr_combine(uint64_t s1, uint64_t s2)
{
	bool device1 = arm_memattr_device(s1), device2 = arm_memattr_device(s2);

	if (device1 && device2)
		return s1 < s2 ? s1 : s2;
	if (device1 || device2)
		return device1 ? s1 : s2;
	return nibble_combine(s1 >> 4, s2 >> 4) << 4 |
	       nibble_combine(s1 & 0xf, s2 & 0xf);
}

static uint64_t sh_combine(uint64_t s1, uint64_t s2)
{
	if (s1 == ARM_SH_OUTER || s2 == ARM_SH_OUTER)
		return ARM_SH_OUTER;
	if (s1 == ARM_SH_INNER || s2 == ARM_SH_INNER)
		return ARM_SH_INNER;
	return ARM_SH_NON;
}

/* With what follows from the memory type. */
static uint64_t memory_whole(uint64_t memattr, uint64_t sh)
{
	bool device = arm_memattr_device(memattr);

	if (device || memattr == ARM_MEMATTR_NC)
		sh = ARM_SH_OUTER;
	return memory(memattr, sh) |
	       FIELD_PREP(ARM_ATTRS_CACHEABLE, arm_memattr_cacheable(memattr)) |
	       FIELD_PREP(ARM_ATTRS_DEVICE, device);
}

static uint64_t memory_combine(uint64_t s1, uint64_t s2)
{
	return memory_whole(
		memattr_combine(FIELD_GET(ARM_ATTRS_MEMATTR, s1),
				FIELD_GET(ARM_ATTRS_MEMATTR, s2)),
		sh_combine(FIELD_GET(ARM_ATTRS_SH, s1),
			   FIELD_GET(ARM_ATTRS_SH, s2)));
}

uint64_t arm_attrs_combine_any(uint64_t s1, uint64_t s2)
{
	return ((s1 | s2) & ~MEMORY_MASK) | memory_combine(s1, s2);
}

/* What stands for stage 1's attributes when it is off. */
static uint64_t memory_stage1_off(const struct arm_setup *setup, bool fetch)
{
	if (setup->default_cacheable)
		return memory(ARM_MEMATTR_WB, ARM_SH_NON);
	if (!fetch)
		return memory(0, ARM_SH_OUTER);
	/* Write-Through, allocating on reads only. */
	return memory(setup->fetch_cacheable ? 0xaa : ARM_MEMATTR_NC,
		      ARM_SH_OUTER);
}

uint64_t arm_attrs_finish(const struct arm_setup *setup, uint64_t attrs,
			  unsigned int access)
{
	bool fetch = access & ARM_ACCESS_FETCH;
	bool off = fetch ? setup->fetch_uncached : setup->data_uncached;

	if (!setup->stage1)
		attrs = (attrs & ~MEMORY_MASK) |
			memory_combine(memory_stage1_off(setup, fetch), attrs);
	if (off && !arm_memattr_device(FIELD_GET(ARM_ATTRS_MEMATTR, attrs)))
		attrs = (attrs & ~MEMORY_MASK) |
			memory_whole(ARM_MEMATTR_NC, ARM_SH_OUTER);
	return attrs;
}
