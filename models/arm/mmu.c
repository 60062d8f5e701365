/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One CPU's MMU: TLB lookups in front of the walk, fills behind it, and the
 * same asked without a trace. DDI0487 L.b D8.16; counting: models/README.md
 * 6-9, 13-18. Issue A.
 */
#include "models/arm/mmu.h"

#include <string.h>

#include "models/arm/attrs.h"
#include "models/arm/mmu_inline.h"
#include "models/arm/quick.h"
#include "models/arm/walker.h"
#include "models/tlb/tlb_use.h"

static void setup_compute(struct arm_mmu *mmu)
{
	arm_setup_compute(&mmu->regime, &mmu->regs);
	mmu->setups++;
	mmu->memo.leaf = UINT64_MAX; /* no leaf without its address */
}

int arm_mmu_init(struct arm_mmu *mmu, const struct arm_mmu_config *config,
		 struct ram *ram, struct memory_system *memory,
		 unsigned int cpu, struct model_random *random)
{
	memset(mmu, 0, sizeof(*mmu));
	if (config->pa_bits != 52 &&
	    (config->pa_bits < 32 || config->pa_bits > 48))
		return ERR_INVAL;
	mmu->regime.ram = ram;
	mmu->regime.memory = memory;
	mmu->regime.cpu = cpu;
	mmu->regime.pa_bits = config->pa_bits;
	mmu->regime.small_tables = config->small_tables;
	mmu->regime.contiguous = config->contiguous_bit == ARM_CONTIGUOUS_USED;
	mmu->regime.no_granule_16k =
		config->granule_16k == ARM_GRANULE_16K_ABSENT;
	mmu->l1i_tlb = tlb_new(&config->l1i_tlb, random);
	mmu->l1d_tlb = tlb_new(&config->l1d_tlb, random);
	mmu->l2_tlb = tlb_new(&config->l2_tlb, random);
	mmu->regime.s2_tlb = tlb_new(&config->s2_tlb, random);
	mmu->regime.walk_cache_s1 =
		walk_cache_new(&config->walk_cache_s1, random);
	mmu->regime.walk_cache_s2 =
		walk_cache_new(&config->walk_cache_s2, random);
	if (!mmu->l1i_tlb || !mmu->l1d_tlb || !mmu->l2_tlb ||
	    !mmu->regime.s2_tlb || !mmu->regime.walk_cache_s1 ||
	    !mmu->regime.walk_cache_s2) {
		arm_mmu_fini(mmu);
		return ERR_NOMEM;
	}
	setup_compute(mmu);
	return ERR_OK;
}

static void free_tlb(struct tlb **tlb)
{
	if (*tlb)
		tlb_free(*tlb);
	*tlb = NULL;
}

static void free_walk_cache(struct walk_cache **wc)
{
	if (*wc)
		walk_cache_free(*wc);
	*wc = NULL;
}

void arm_mmu_fini(struct arm_mmu *mmu)
{
	free_tlb(&mmu->l1i_tlb);
	free_tlb(&mmu->l1d_tlb);
	free_tlb(&mmu->l2_tlb);
	free_tlb(&mmu->regime.s2_tlb);
	free_walk_cache(&mmu->regime.walk_cache_s1);
	free_walk_cache(&mmu->regime.walk_cache_s2);
}

static uint64_t *sysreg(struct arm_regs *regs, enum arm_sysreg reg)
{
	switch (reg) {
	case ARM_SCTLR_EL1:
		return &regs->sctlr;
	case ARM_TTBR0_EL1:
		return &regs->ttbr0;
	case ARM_TTBR1_EL1:
		return &regs->ttbr1;
	case ARM_TCR_EL1:
		return &regs->tcr;
	case ARM_MAIR_EL1:
		return &regs->mair;
	case ARM_HCR_EL2:
		return &regs->hcr;
	case ARM_VTTBR_EL2:
		return &regs->vttbr;
	case ARM_VTCR_EL2:
		return &regs->vtcr;
	default:
		return NULL;
	}
}

bool arm_mmu_sysreg_write(struct arm_mmu *mmu, enum arm_sysreg reg,
			  uint64_t value)
{
	uint64_t *it = sysreg(&mmu->regs, reg);

	if (!it)
		return false;
	*it = value;
	setup_compute(mmu);
	mmu->data_context++;
	mmu->fetch_context++;
	return true;
}

/* Who asked: what a fault reports beside its cause. */
static bool fault_of(struct arm_fault *fault, va_t va, unsigned int access)
{
	fault->va = va;
	fault->access = access;
	return false;
}

/* The output must be memory: all else at this level is an external abort. */
static bool check_ram(const struct arm_regime *regime, va_t va,
		      unsigned int access, const struct arm_translation *out,
		      struct arm_fault *fault)
{
	if (__builtin_expect(ram_has(regime->ram, out->pa, 1), 1))
		return true;
	arm_fault_set(fault, ARM_FAULT_EXTERNAL, 1, 0);
	return fault_of(fault, va, access);
}

/* What a TLB entry answers. */
static bool answer_hit(const struct arm_mmu *mmu, const struct tlb_entry *entry,
		       uint64_t address, va_t va, unsigned int access,
		       struct arm_translation *out, struct arm_fault *fault)
{
	arm_translation_set(out, &mmu->regime.setup, &entry->value,
			    entry->size_lg2, address, access);
	if (!arm_permission_check(fault, entry->value.attrs,
				  arm_access_need(access), out->ipa.raw))
		return fault_of(fault, va, access);
	return check_ram(&mmu->regime, va, access, out, fault);
}

/* An L1 hit from now on. */
static inline __attribute__((always_inline)) void
fill_l1(struct arm_mmu *mmu, unsigned int access, uint64_t address,
	unsigned int size_lg2, bool global, const struct tlb_value *value)
{
	const struct tlb_tag *tag = &mmu->regime.setup.tag;

	if (access & ARM_ACCESS_FETCH) {
		tlb_fill(mmu->l1i_tlb, address, size_lg2, tag, global, value);
		mmu->fetch_context++;
	} else {
		tlb_fill_here(mmu->l1d_tlb, address, size_lg2, tag, global,
			      value);
		mmu->data_context++;
	}
}

/* A walk's answer, and what is filled with it. */
static inline __attribute__((always_inline)) bool
accept_walk(struct arm_mmu *mmu, uint64_t address, va_t va,
	    unsigned int access, const struct arm_nested *nested,
	    struct arm_translation *out, struct arm_fault *fault)
{
	arm_translation_set(out, &mmu->regime.setup, &nested->value,
			    nested->size_lg2, address, access);
	if (!check_ram(&mmu->regime, va, access, out, fault))
		return false;
	tlb_fill_here(mmu->l2_tlb, address, nested->size_lg2,
		      &mmu->regime.setup.tag, nested->global, &nested->value);
	fill_l1(mmu, access, address, nested->size_lg2, nested->global,
		&nested->value);
	return true;
}

static __attribute__((noinline)) bool
translate_by_walk(struct arm_mmu *mmu, uint64_t address, va_t va,
		  unsigned int access, struct arm_translation *out,
		  struct arm_fault *fault)
{
	struct arm_nested nested;
	struct arm_walker w;
	bool found;

	arm_walker_start(&w, &mmu->regime, ARM_WALK_LIVE, &mmu->walk, fault);
	found = arm_nested_walk(&w, address, arm_access_need(access), &nested);
	arm_walker_count(mmu, &w);
	if (w.learned)
		arm_walker_fill(&w);
	if (!found)
		return fault_of(fault, va, access);
	return accept_walk(mmu, address, va, access, &nested, out, fault);
}

static __attribute__((noinline)) bool
translate_by_l2(struct arm_mmu *mmu, const struct tlb_entry *entry,
		uint64_t address, va_t va, unsigned int access,
		struct arm_translation *out, struct arm_fault *fault)
{
	out->source = ARM_FROM_L2_TLB;
	/* The access that follows is likely to go far. */
	memory_prefetch(mmu->regime.memory,
			(pa_t){ entry->value.out +
				(address & (BIT(entry->size_lg2) - 1)) });
	fill_l1(mmu, access, address, entry->size_lg2, entry->global,
		&entry->value);
	return answer_hit(mmu, entry, address, va, access, out, fault);
}

bool arm_mmu_translate(struct arm_mmu *mmu, va_t va, unsigned int access,
		       struct arm_translation *out, struct arm_fault *fault)
{
	struct tlb *l1 =
		access & ARM_ACCESS_FETCH ? mmu->l1i_tlb : mmu->l1d_tlb;
	const struct tlb_tag *tag = &mmu->regime.setup.tag;
	uint64_t address = arm_mmu_address(&mmu->regime.setup, va);
	const struct tlb_entry *entry = tlb_lookup_here(l1, address, tag);
	struct arm_nested nested;

	out->source = ARM_FROM_L1_TLB;
	if (entry)
		return answer_hit(mmu, entry, address, va, access, out, fault);
	entry = tlb_lookup_here(mmu->l2_tlb, address, tag);
	if (entry)
		return translate_by_l2(mmu, entry, address, va, access, out,
				       fault);
	out->source = ARM_FROM_WALK;
	if (mmu->brief_walks &&
	    arm_quick_walk(mmu, address, arm_access_need(access), &nested))
		return accept_walk(mmu, address, va, access, &nested, out,
				   fault);
	return translate_by_walk(mmu, address, va, access, out, fault);
}

static bool probe_by_walk(struct arm_walker *w, uint64_t address, va_t va,
			  unsigned int access, struct arm_translation *out)
{
	struct arm_nested nested;

	nested.value.attrs = FIELD_MASK(ARM_ATTRS_MEMATTR); /* Normal */
	out->source = ARM_FROM_WALK;
	if (!arm_nested_walk(w, address, arm_access_need(access), &nested)) {
		/* Device memory: the upper half of its MAIR byte is zero. */
		out->attrs = FIELD_PREP(
			ARM_ATTRS_DEVICE,
			FIELD_GET(ARM_ATTRS_MEMATTR, nested.value.attrs) < 16);
		return fault_of(w->fault, va, access);
	}
	arm_translation_set(out, &w->regime->setup, &nested.value,
			    nested.size_lg2, address, access);
	return check_ram(w->regime, va, access, out, w->fault);
}

bool arm_mmu_probe(const struct arm_mmu *mmu, va_t va, unsigned int access,
		   struct arm_translation *out, struct arm_fault *fault,
		   struct arm_walk *walk)
{
	const struct tlb *l1 =
		access & ARM_ACCESS_FETCH ? mmu->l1i_tlb : mmu->l1d_tlb;
	const struct tlb_tag *tag = &mmu->regime.setup.tag;
	uint64_t address = arm_mmu_address(&mmu->regime.setup, va);
	const struct tlb_entry *entry = tlb_probe(l1, address, tag);
	struct arm_walk unwanted;
	struct arm_walker w;

	arm_walker_start(&w, &mmu->regime, ARM_WALK_PROBE,
			 walk ? walk : &unwanted, fault);
	out->source = ARM_FROM_L1_TLB;
	if (entry)
		return answer_hit(mmu, entry, address, va, access, out, fault);
	entry = tlb_probe(mmu->l2_tlb, address, tag);
	out->source = ARM_FROM_L2_TLB;
	if (entry)
		return answer_hit(mmu, entry, address, va, access, out, fault);
	return probe_by_walk(&w, address, va, access, out);
}

bool arm_mmu_probe_ipa(const struct arm_mmu *mmu, ipa_t ipa, bool write,
		       pa_t *pa, struct arm_fault *fault)
{
	unsigned int access = write ? ARM_ACCESS_WRITE : ARM_ACCESS_READ;
	uint64_t need = write ? FIELD_MASK(ARM_ATTRS_S2_W) :
				FIELD_MASK(ARM_ATTRS_S2_R);
	struct arm_walk unwanted;
	struct arm_walker w;
	struct arm_leaf leaf;

	pa->raw = ipa.raw;
	if (!mmu->regime.setup.stage2)
		return true;
	arm_walker_start(&w, &mmu->regime, ARM_WALK_RAM, &unwanted, fault);
	if (!arm_stage2_translate(&w, ipa.raw, need, false, &leaf))
		return fault_of(fault, (va_t){ 0 }, access);
	pa->raw = leaf.base + (ipa.raw & (BIT(leaf.size_lg2) - 1));
	return true;
}
