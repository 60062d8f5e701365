/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory attributes: type, cacheability, shareability of each stage and of
 * both together. DDI0487 L.b D8.6; issue A. Encoding: a MAIR_EL1 byte and the
 * descriptors' SH, in ARM_ATTRS_MEMATTR and ARM_ATTRS_SH. FEAT_S2FWB is not
 * modelled.
 */
#ifndef MODELS_ARM_ATTRS_H
#define MODELS_ARM_ATTRS_H

#include <stdbool.h>
#include <stdint.h>

#include "models/arm/descriptor.h"
#include "models/arm/mmu.h"

/* Non-cacheable both ways; Write-Back both ways. */
#define ARM_MEMATTR_NC 0x44
#define ARM_MEMATTR_WB 0xff
enum arm_sh { ARM_SH_NON, ARM_SH_RESERVED, ARM_SH_OUTER, ARM_SH_INNER };

static inline bool arm_memattr_device(uint64_t memattr)
{
	return (memattr & 0xf0) == 0;
}

/* Through the data caches: Write-Through or Write-Back, inner and outer. */
static inline bool arm_memattr_cacheable(uint64_t memattr)
{
	return !arm_memattr_device(memattr) && (memattr & 0xf0) != 0x40 &&
	       (memattr & 0x0f) != 0x04;
}

/* MEMATTR and SH of one stage: of a leaf descriptor, stage 1's with the
 * setup's `memory`, which comes from MAIR_EL1. */
static inline uint64_t arm_s1_memory(const struct arm_setup *setup,
				     uint64_t leaf)
{
	return setup->memory[FIELD_GET(ARM_S1_LEAF_AttrIndx, leaf)] |
	       FIELD_PREP(ARM_ATTRS_SH, FIELD_GET(ARM_S1_LEAF_SH, leaf));
}
/* A stage-1 leaf's bits of ARM_ATTRS. */
static inline uint64_t arm_s1_leaf_attrs(const struct arm_setup *setup,
					 uint64_t leaf, uint64_t inherited,
					 int level, unsigned int size_lg2)
{
	return arm_s1_permissions(leaf, inherited, setup->permission_row) |
	       arm_s1_memory(setup, leaf) |
	       FIELD_PREP(ARM_ATTRS_NG, FIELD_GET(ARM_S1_LEAF_nG, leaf)) |
	       FIELD_PREP(ARM_ATTRS_S1_LEVEL, level) |
	       FIELD_PREP(ARM_ATTRS_S1_SIZE_LG2, size_lg2);
}
void arm_s1_memory_compute(struct arm_setup *setup, uint64_t mair);

extern const uint8_t arm_s2_memattr[16];
static inline uint64_t arm_s2_memory(uint64_t leaf)
{
	return FIELD_PREP(ARM_ATTRS_MEMATTR,
			  arm_s2_memattr[FIELD_GET(ARM_S2_LEAF_MemAttr,
						   leaf)]) |
	       FIELD_PREP(ARM_ATTRS_SH, FIELD_GET(ARM_S2_LEAF_SH, leaf));
}

/* Both stages' attributes in one word: permissions and levels side by side,
 * MEMATTR and SH combined, CACHEABLE and DEVICE set. */
uint64_t arm_attrs_combine_any(uint64_t s1, uint64_t s2);
static inline uint64_t arm_attrs_combine(uint64_t s1, uint64_t s2)
{
	uint64_t sh = FIELD_MASK(ARM_ATTRS_SH);

	/* Nearly always: Write-Back twice, and one shareability. */
	if (!(~(s1 & s2) & FIELD_MASK(ARM_ATTRS_MEMATTR)) &&
	    !((s1 ^ s2) & sh) && (s1 & sh) != FIELD_PREP(ARM_ATTRS_SH, 1))
		return s1 | s2 | FIELD_MASK(ARM_ATTRS_CACHEABLE);
	return arm_attrs_combine_any(s1, s2);
}

/*
 * An entry's attributes as one access sees them, when setup->adjust is set:
 * with stage 1 off an entry has stage 2's alone, and the access's kind says
 * what stage 1 stands for; SCTLR.C, I and HCR_EL2.CD, ID turn caches off.
 */
uint64_t arm_attrs_finish(const struct arm_setup *setup, uint64_t attrs,
			  unsigned int access);

#endif
