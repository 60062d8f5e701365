/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One walk under way: what its parts share. Inside models/arm only. Counting
 * rules: models/README.md 13-18. Issue A.
 */
#ifndef MODELS_ARM_WALKER_H
#define MODELS_ARM_WALKER_H

#include "core/base/bug.h"
#include "models/arm/mmu.h"

enum arm_walk_mode {
	ARM_WALK_LIVE,	/* counts, replaces, reads through the caches */
	ARM_WALK_PROBE, /* asks the same structures, leaves no trace */
	ARM_WALK_RAM,	/* asks RAM alone, leaves no trace */
};

/* What a walk found out, to be filled in when it ends (rule 14). */
enum arm_learned_kind { ARM_LEARNED_S1, ARM_LEARNED_S2, ARM_LEARNED_S2_LEAF };
struct arm_learned {
	enum arm_learned_kind kind;
	uint8_t size_lg2; /* of the input range */
	uint64_t input;
	union {
		struct walk_cache_entry pointer;
		struct tlb_value leaf;
	} as;
};
/* Three pointers of stage 1; three pointers and a leaf for each of its four
 * tables and the final address. */
#define ARM_LEARNED_MAX (3 + 5 * (3 + 1))

struct arm_walker {
	const struct arm_mmu *mmu;
	enum arm_walk_mode mode;
	struct arm_walk *log;
	struct arm_fault *fault;
	unsigned int learned;
	struct arm_learned learn[ARM_LEARNED_MAX];
};

/* One stage's result: `attrs` has that stage's bits of ARM_ATTRS. */
struct arm_leaf {
	uint64_t base; /* output address of the leaf's first byte */
	uint64_t attrs;
	uint8_t size_lg2;
};

/* Both stages': of the whole range of 2^size_lg2 around the address. */
struct arm_nested {
	struct tlb_value value;
	uint8_t size_lg2;
	bool global;
};

/* The learn array is left as it is: `learned` says how much of it counts. */
static inline void arm_walker_start(struct arm_walker *w,
				    const struct arm_mmu *mmu,
				    enum arm_walk_mode mode,
				    struct arm_walk *log,
				    struct arm_fault *fault)
{
	w->mmu = mmu;
	w->mode = mode;
	w->log = log;
	w->fault = fault;
	w->learned = 0;
	log->steps = 0;
	log->descriptor_reads = 0;
	log->uncached = false;
}

/* Always false, for `return`. va and access are the caller's to fill in. */
bool arm_fault_set(struct arm_fault *fault, enum arm_fault_kind kind,
		   unsigned int stage, int level);
bool arm_fault_set_not_modelled(struct arm_fault *fault, unsigned int stage,
				const char *why);

static inline struct arm_walk_step *arm_walker_step(struct arm_walker *w)
{
	BUG_ON(NULL, w->log->steps == ARM_WALK_STEPS_MAX);
	return &w->log->step[w->log->steps++];
}

static inline struct arm_learned *arm_walker_learn(struct arm_walker *w)
{
	BUG_ON(NULL, w->learned == ARM_LEARNED_MAX);
	return &w->learn[w->learned++];
}

/* A descriptor to read: where, and what for. */
struct arm_read {
	uint64_t pa;
	uint64_t input;
	uint8_t stage;
	int8_t level;
	bool uncached;
	bool for_s1_table;
};
/* False: it lies outside RAM, *w->fault is set. */
bool arm_walker_read(struct arm_walker *w, const struct arm_read *read,
		     uint64_t *raw);

/* A table at `level` for `input` has been found in a descriptor. */
void arm_walker_learn_table(struct arm_walker *w, enum arm_learned_kind kind,
			    uint64_t input, int level, uint64_t table,
			    uint64_t inherited);

/* Where to begin: the deepest table that the stage's walk cache knows, or the
 * root. */
struct arm_start {
	uint64_t table, inherited;
	int level;
};
struct arm_start arm_walker_begin(struct arm_walker *w, unsigned int stage,
				  uint64_t input, bool for_s1_table);

/* VA to IPA (to PA with stage 2 off); permissions are not checked. */
bool arm_stage1_walk(struct arm_walker *w, uint64_t address,
		     struct arm_leaf *leaf);

/* IPA to PA for an access that needs `need` of ARM_ATTRS_S2_*: s2_tlb, walk
 * cache, walk; permissions checked. For stage-1 descriptors, for_s1_table. */
bool arm_stage2_translate(struct arm_walker *w, uint64_t ipa, uint64_t need,
			  bool for_s1_table, struct arm_leaf *leaf);

/* Both, as far as they are on; permissions checked. */
bool arm_nested_walk(struct arm_walker *w, uint64_t address,
		     unsigned int access, struct arm_nested *out);
/* Stage 1 alone with its permissions: what AT S1* asks. `leaf` is of the
 * address itself if stage 1 is off. */
bool arm_nested_stage1(struct arm_walker *w, uint64_t address,
		       unsigned int access, struct arm_leaf *leaf);

/* Put what was learned into walk caches and s2_tlb, in the order learned. */
void arm_walker_fill(struct arm_mmu *mmu, const struct arm_walker *w);
/* Into mmu->walks. */
void arm_walker_count(struct arm_mmu *mmu, const struct arm_walker *w);

/* A permission that is missing from a whole translation's attributes: stage 1
 * before stage 2. True if none is. */
bool arm_permission_check(struct arm_fault *fault, uint64_t attrs,
			  uint64_t need, uint64_t ipa);

/* Derive mmu->setup from mmu->regs. */
void arm_setup_compute(struct arm_mmu *mmu);
/* Identifiers at the width that is in use. */
uint16_t arm_regs_vmid(const struct arm_regs *regs);
uint16_t arm_regs_asid(const struct arm_regs *regs, uint64_t asid);

#endif
