/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The L1 TLB hit, inlined for who asks millions of times a second. The same
 * answer and the same counts as arm_mmu_translate gives. Issue A.
 */
#ifndef MODELS_ARM_MMU_INLINE_H
#define MODELS_ARM_MMU_INLINE_H

#include "models/arm/attrs.h"
#include "models/arm/mmu.h"
#include "models/memory/cache.h"

/* The ARM_ATTRS permission bits that an access needs, stage 1 and stage 2. */
static inline uint64_t arm_access_need(unsigned int access)
{
	/* 0 read, 1 write, 2 fetch: the order of the bits of one EL. */
	unsigned int kind = access & (ARM_ACCESS_WRITE | ARM_ACCESS_FETCH);
	unsigned int el0 = (access & (ARM_ACCESS_EL0 | ARM_ACCESS_UNPRIV)) != 0;
	unsigned int s1 = ARM_ATTRS_S1_EL1_R_LSB + kind + 3 * el0;
	unsigned int s2 = ARM_ATTRS_S2_R_LSB + kind + (kind >> 1 & el0);

	return BIT(s1) | BIT(s2);
}

/* The address that TLBs and walks see: where the top byte is ignored, it is
 * bit 55 repeated. */
static inline uint64_t arm_mmu_address(const struct arm_setup *setup, va_t va)
{
	uint64_t extended = (uint64_t)((int64_t)(va.raw << 8) >> 8);
	uint64_t ignored = setup->ignored_top[va.raw >> 55 & 1];

	return va.raw ^ ((va.raw ^ extended) & ignored);
}

/* Asks the host for the descriptor that a walk for `va` would read, by a guess
 * of where it is. */
CACHE_PREFETCH arm_mmu_prefetch(const struct arm_mmu *mmu, uint64_t va)
{
	__builtin_prefetch(
		(const void *)(mmu->descriptor_row + (va >> 12) * 8));
}

/* Fill *out from an entry of `size_lg2` around `address`. */
static inline void arm_translation_set(struct arm_translation *out,
				       const struct arm_setup *setup,
				       const struct tlb_value *value,
				       unsigned int size_lg2, uint64_t address,
				       unsigned int access)
{
	uint64_t offset = address & (BIT(size_lg2) - 1);

	out->pa.raw = value->out + offset;
	out->ipa.raw = value->ipa + offset;
	out->size_lg2 = (uint8_t)size_lg2;
	out->attrs = value->attrs;
	if (__builtin_expect(setup->adjust, 0))
		out->attrs = arm_attrs_finish(setup, value->attrs, access);
}

/*
 * True: the L1 TLB's most recent entry has the translation and permits the
 * access; counted as arm_mmu_translate would, *out set. False: nothing has
 * happened; go on with arm_mmu_translate.
 */
static inline bool arm_mmu_translate_l1(struct arm_mmu *mmu, va_t va,
					unsigned int access,
					struct arm_translation *out)
{
	struct tlb *l1 =
		access & ARM_ACCESS_FETCH ? mmu->l1i_tlb : mmu->l1d_tlb;
	uint64_t address = arm_mmu_address(&mmu->regime.setup, va);
	const struct tlb_entry *entry =
		tlb_recent(l1, address, &mmu->regime.setup.tag);
	uint64_t need;

	if (!entry)
		return false;
	need = arm_access_need(access);
	if ((entry->value.attrs & need) != need)
		return false;
	arm_translation_set(out, &mmu->regime.setup, &entry->value,
			    entry->size_lg2, address, access);
	if (!ram_has(mmu->regime.ram, out->pa, 1))
		return false;
	out->source = ARM_FROM_L1_TLB;
	tlb_count_hits(l1, 1);
	return true;
}

#endif
