/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One walk under way: what its parts share. For models/arm, and for whoever
 * else walks the same tables (models/smmuv3). Counting rules:
 * models/README.md 13-18.
 */
#ifndef MODELS_ARM_WALKER_H
#define MODELS_ARM_WALKER_H

#include "core/base/bug.h"
#include "models/arm/descriptor.h"
#include "models/arm/mmu.h"
#include "models/memory/cache.h"

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
	const struct arm_regime *regime;
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
				    const struct arm_regime *regime,
				    enum arm_walk_mode mode,
				    struct arm_walk *log,
				    struct arm_fault *fault)
{
	w->regime = regime;
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
/* Not in the regime's RAM; the log does not have it, but counts it. */
__attribute__((cold)) bool
arm_walker_read_elsewhere(struct arm_walker *w, const struct arm_read *read,
			  uint64_t *raw);

/* False: nothing answers there, *w->fault is set. */
static inline bool arm_walker_read(struct arm_walker *w,
				   const struct arm_read *read, uint64_t *raw)
{
	const struct arm_regime *regime = w->regime;
	pa_t pa = { read->pa };
	enum memory_level served = MEMORY_DRAM;
	struct arm_walk_step *step;

	if (__builtin_expect(!ram_has(regime->ram, pa, sizeof(*raw)), 0)) {
		/* Copies: what has no address can stay in registers. */
		const struct arm_read elsewhere = *read;
		uint64_t value = 0;
		bool found = arm_walker_read_elsewhere(w, &elsewhere, &value);

		*raw = value;
		return found;
	}
	*raw = ram_read64(regime->ram, pa);
	if (read->uncached)
		w->log->uncached = true;
	else if (w->mode == ARM_WALK_LIVE)
		served = memory_access(regime->memory, regime->cpu,
				       REQUESTER_WALK, pa, false);
	w->log->descriptor_reads++;
	step = arm_walker_step(w);
	*step = (struct arm_walk_step){
		.stage = read->stage,
		.level = read->level,
		.source = ARM_STEP_MEMORY,
		.served = served,
		.for_s1_table = read->for_s1_table,
		.input = read->input,
		.descriptor_pa = pa,
		.descriptor = *raw,
	};
	return true;
}

/* A table at `level` for `input` has been found in a descriptor. */
static inline void arm_walker_learn_table(struct arm_walker *w,
					  const struct arm_range *range,
					  enum arm_learned_kind kind,
					  uint64_t input, int level,
					  uint64_t table, uint64_t inherited)
{
	struct arm_learned *learned = arm_walker_learn(w);

	learned->kind = kind;
	learned->size_lg2 = range->granule->range[level];
	learned->input = input;
	learned->as.pointer = (struct walk_cache_entry){
		.table = table,
		.attrs = inherited,
		.level = (int8_t)level,
	};
}

/* Where to begin: the deepest table that the stage's walk cache knows, or the
 * root. */
struct arm_start {
	uint64_t table, inherited;
	int level;
};
static inline struct arm_start arm_walker_begin(struct arm_walker *w,
						unsigned int stage,
						uint64_t input,
						bool for_s1_table)
{
	const struct arm_regime *regime = w->regime;
	const struct arm_setup *setup = &regime->setup;
	const struct arm_range *range =
		stage == 1 ? &setup->s1[input >> 55 & 1] : &setup->s2;
	const struct tlb_tag *tag = stage == 1 ? &setup->tag : &setup->s2_tag;
	struct walk_cache *wc =
		stage == 1 ? regime->walk_cache_s1 : regime->walk_cache_s2;
	struct arm_start root = { .table = range->root, .level = range->level };
	struct walk_cache_entry entry;
	struct arm_walk_step *step;
	bool hit = false;

	if (w->mode == ARM_WALK_LIVE)
		hit = walk_cache_lookup(wc, input, tag, range->granule->range,
					range->level + 1, ARM_LEVEL_LAST,
					&entry);
	else if (w->mode == ARM_WALK_PROBE)
		hit = walk_cache_probe(wc, input, tag, range->granule->range,
				       range->level + 1, ARM_LEVEL_LAST,
				       &entry);
	if (!hit)
		return root;
	step = arm_walker_step(w);
	*step = (struct arm_walk_step){
		.stage = (uint8_t)stage,
		.level = entry.level,
		.source = ARM_STEP_WALK_CACHE,
		.for_s1_table = for_s1_table,
		.input = input,
		.descriptor = entry.table,
	};
	return (struct arm_start){ .table = entry.table,
				   .inherited = entry.attrs,
				   .level = entry.level };
}

/* The descriptor for `input` in the table at hand. */
static inline uint64_t arm_descriptor_address(const struct arm_range *range,
					      const struct arm_start *at,
					      uint64_t input)
{
	const struct arm_granule *granule = range->granule;
	uint64_t mask = at->level == range->level ? range->index_mask
						  : BIT(granule->stride) - 1;

	return at->table + (input >> granule->shift[at->level] & mask) * 8;
}

/* The size of a leaf of 2^size_lg2 bytes at `base`, or of the contiguous run
 * that it is part of, where that is one entry. A run that cannot be, larger
 * than the input range or with this entry out of its place, is none. */
static inline unsigned int arm_leaf_run_lg2(const struct arm_walker *w,
					    const struct arm_range *range,
					    uint64_t raw, int level,
					    uint64_t base, uint64_t input)
{
	unsigned int size_lg2 = range->granule->shift[level];
	unsigned int run_lg2 = size_lg2 + range->granule->contiguous[level];

	if (__builtin_expect(!FIELD_GET(ARM_S1_LEAF_Contiguous, raw), 1) ||
	    !w->regime->setup.contiguous || run_lg2 > range->input_bits ||
	    ((base ^ input) & (BIT(run_lg2) - BIT(size_lg2))))
		return size_lg2;
	return run_lg2;
}

/* VA to IPA (to PA with stage 2 off); permissions are not checked. */
bool arm_stage1_walk(struct arm_walker *w, uint64_t address,
		     struct arm_leaf *leaf);

/* IPA to PA for an access that needs `need` of ARM_ATTRS_S2_*: s2_tlb, walk
 * cache, walk; permissions checked. For stage-1 descriptors, for_s1_table. */
bool arm_stage2_translate(struct arm_walker *w, uint64_t ipa, uint64_t need,
			  bool for_s1_table, struct arm_leaf *leaf);

/* Both, as far as they are on, for an access that needs `need` of ARM_ATTRS
 * (arm_access_need); permissions checked. */
bool arm_nested_walk(struct arm_walker *w, uint64_t address, uint64_t need,
		     struct arm_nested *out);
/* Stage 1 alone with its permissions: what AT S1* asks. `leaf` is of the
 * address itself if stage 1 is off. */
bool arm_nested_stage1(struct arm_walker *w, uint64_t address, uint64_t need,
		       struct arm_leaf *leaf);

/* The second half of arm_nested_walk: from what stage 1 gave for `address`. */
bool arm_nested_stage2(struct arm_walker *w, uint64_t address, uint64_t need,
		       const struct arm_leaf *s1, struct arm_nested *out);

/* Put what was learned into walk caches and s2_tlb, in the order learned. */
void arm_walker_fill(const struct arm_walker *w);

static inline void arm_walker_count(struct arm_mmu *mmu,
				    const struct arm_walker *w)
{
	uint32_t reads = w->log->descriptor_reads;

	mmu->walks.count++;
	mmu->walks.memory_accesses += reads;
	mmu->walks.by_accesses[reads]++;
}

/* Are the permissions that `need` names in a whole translation's attributes?
 * False: *fault says which stage's is missing, stage 1 before stage 2. */
bool arm_permission_fault(struct arm_fault *fault, uint64_t attrs,
			  uint64_t need, uint64_t ipa);
static inline bool arm_permission_check(struct arm_fault *fault, uint64_t attrs,
					uint64_t need, uint64_t ipa)
{
	if (__builtin_expect(!(need & ~attrs), 1))
		return true;
	return arm_permission_fault(fault, attrs, need, ipa);
}

/* Derive regime->setup from registers. */
void arm_setup_compute(struct arm_regime *regime, const struct arm_regs *regs);
/* Identifiers at the width that is in use. */
uint16_t arm_regs_vmid(const struct arm_regs *regs);
uint16_t arm_regs_asid(const struct arm_regs *regs, uint64_t asid);

#endif
