/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The MMU of one Armv8-A CPU, EL1&0 regime with stage 2: TLBs, walk caches
 * and the nested walk. DDI0487 L.b D8. HAFDBS, PAN, hierarchical disables
 * other than APTable/XNTable: see models/arm/README.md for what is refused.
 * The inlined L1 hit is in mmu_inline.h.
 *
 * Translation depends on state and request; what it cost is read off the
 * walk's steps afterwards (arm_walk_cycles).
 */
#ifndef MODELS_ARM_MMU_H
#define MODELS_ARM_MMU_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/addr.h"
#include "core/base/bits.h"
#include "models/memory/memory.h"
#include "models/memory/ram.h"
#include "models/tlb/tlb.h"
#include "models/tlb/walk_cache.h"

/* System registers by encoding, as in DDI0487 C5.1. */
#define ARM_SYSREG(op0, op1, crn, crm, op2)                                    \
	((op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))
enum arm_sysreg {
	ARM_SCTLR_EL1 = ARM_SYSREG(3, 0, 1, 0, 0),
	ARM_TTBR0_EL1 = ARM_SYSREG(3, 0, 2, 0, 0),
	ARM_TTBR1_EL1 = ARM_SYSREG(3, 0, 2, 0, 1),
	ARM_TCR_EL1 = ARM_SYSREG(3, 0, 2, 0, 2),
	ARM_PAR_EL1 = ARM_SYSREG(3, 0, 7, 4, 0),
	ARM_MAIR_EL1 = ARM_SYSREG(3, 0, 10, 2, 0),
	ARM_HCR_EL2 = ARM_SYSREG(3, 4, 1, 1, 0),
	ARM_VTTBR_EL2 = ARM_SYSREG(3, 4, 2, 1, 0),
	ARM_VTCR_EL2 = ARM_SYSREG(3, 4, 2, 1, 2),
};

/* What translation depends on. Read freely; write with arm_mmu_sysreg_write,
 * which keeps what is derived from them true. */
struct arm_regs {
	uint64_t sctlr, tcr, ttbr0, ttbr1, mair, hcr, vtcr, vttbr;
};

/* An access, or'ed together. Also the kind bits of trace accesses. */
enum arm_access {
	ARM_ACCESS_READ = 0,
	ARM_ACCESS_WRITE = 1 << 0,
	ARM_ACCESS_FETCH = 1 << 1,
	ARM_ACCESS_EL0 = 1 << 2,    /* made at EL0 */
	ARM_ACCESS_UNPRIV = 1 << 3, /* LDTR, STTR: checked as EL0 */
	ARM_ACCESS_EXCL = 1 << 4,
	ARM_ACCESS_ZERO = 1 << 5,   /* DC ZVA */
	ARM_ACCESS_MAINTENANCE = 1 << 6, /* DC, IC by address; AT: ISS.CM */
};

enum arm_fault_kind {
	ARM_FAULT_NONE,
	ARM_FAULT_ADDRESS_SIZE,
	ARM_FAULT_TRANSLATION,
	ARM_FAULT_ACCESS_FLAG,
	ARM_FAULT_PERMISSION,
	ARM_FAULT_EXTERNAL,  /* synchronous external abort, also on walks */
	ARM_FAULT_ALIGNMENT, /* unaligned access to Device memory */
	ARM_FAULT_CONFLICT,
	ARM_FAULT_NOT_MODELLED, /* what: `why`; ends the run with exit code 5 */
	ARM_FAULT_KINDS
};
const char *arm_fault_name(enum arm_fault_kind kind); /* "translation" */

struct arm_fault {
	enum arm_fault_kind kind;
	uint8_t stage;	    /* 1 or 2; of an abort of the access itself, 1 */
	int8_t level;
	bool s1ptw;	    /* stage 2, on a stage-1 descriptor's address */
	bool on_walk;	    /* external abort on a walk, not on the access */
	unsigned int access; /* enum arm_access bits */
	va_t va;	    /* exact */
	ipa_t ipa;	    /* stage 2: page of the faulting IPA */
	const char *why;    /* not modelled: what, with the spec section */
};
/*
 * Syndromes, DDI0487 L.b D24.2.40: ESR (EC, IL, ISS) of the abort as taken to
 * EL1 (from_el0 tells which EC) or to EL2; HPFAR_EL2 content. The kind is one
 * that hardware reports: neither none nor not modelled.
 */
uint64_t arm_fault_esr(const struct arm_fault *fault, unsigned int target_el,
		       bool from_el0);
uint64_t arm_fault_hpfar(const struct arm_fault *fault);

/* tlb_value.attrs of whole translations: what an access needs to know. */
#define ARM_ATTRS_FIELDS(F)                                                    \
	F(ARM_ATTRS, S1_EL1_R, 0, 1)                                           \
	F(ARM_ATTRS, S1_EL1_W, 1, 1)                                           \
	F(ARM_ATTRS, S1_EL1_X, 2, 1)                                           \
	F(ARM_ATTRS, S1_EL0_R, 3, 1)                                           \
	F(ARM_ATTRS, S1_EL0_W, 4, 1)                                           \
	F(ARM_ATTRS, S1_EL0_X, 5, 1)                                           \
	F(ARM_ATTRS, S2_R, 6, 1)                                               \
	F(ARM_ATTRS, S2_W, 7, 1)                                               \
	F(ARM_ATTRS, S2_X_EL1, 8, 1)                                           \
	F(ARM_ATTRS, S2_X_EL0, 9, 1)                                           \
	F(ARM_ATTRS, MEMATTR, 10, 8)  /* combined, MAIR_EL1 encoding */        \
	F(ARM_ATTRS, SH, 18, 2)       /* combined shareability */              \
	F(ARM_ATTRS, CACHEABLE, 20, 1) /* goes through the data caches */      \
	F(ARM_ATTRS, DEVICE, 21, 1)                                            \
	F(ARM_ATTRS, S1_LEVEL, 22, 3) /* of the leaf; 7: stage 1 off */        \
	F(ARM_ATTRS, S2_LEVEL, 25, 3)                                          \
	F(ARM_ATTRS, NG, 28, 1)                                                \
	F(ARM_ATTRS, S1_SIZE_LG2, 29, 6)                                       \
	F(ARM_ATTRS, S2_SIZE_LG2, 35, 6)
FIELDS_DEFINE(ARM_ATTRS, ARM_ATTRS_FIELDS);

/* One step of a walk, for costs, traces and `p2msim walk`. */
enum arm_step_source {
	ARM_STEP_MEMORY,     /* a descriptor read; `served` says from where */
	ARM_STEP_WALK_CACHE, /* a table pointer was known */
	ARM_STEP_S2_TLB,     /* an IPA's translation was known */
};
struct arm_walk_step {
	uint8_t stage;
	int8_t level;	     /* of the table read, or pointed to */
	enum arm_step_source source;
	enum memory_level served; /* ARM_STEP_MEMORY only; probes: DRAM */
	bool for_s1_table;   /* stage 2, translating a stage-1 table's address */
	uint64_t input;	     /* va or ipa being translated */
	pa_t descriptor_pa;
	uint64_t descriptor; /* or the cached output: table, leaf's address */
};

#define ARM_WALK_STEPS_MAX 64
struct arm_walk {
	uint32_t steps, descriptor_reads;
	bool uncached; /* some descriptor read went past the caches */
	struct arm_walk_step step[ARM_WALK_STEPS_MAX];
};
/* Sum over the steps of latency[served], in its unit; walk-cache steps are
 * free. */
static inline uint64_t
arm_walk_cycles(const struct arm_walk *walk,
		const uint32_t latency[MEMORY_LEVEL_COUNT])
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < walk->steps; i++)
		if (walk->step[i].source == ARM_STEP_MEMORY)
			sum += latency[walk->step[i].served];
	return sum;
}

enum arm_source { ARM_FROM_L1_TLB, ARM_FROM_L2_TLB, ARM_FROM_WALK };
struct arm_translation {
	pa_t pa;	/* of the very byte asked for */
	ipa_t ipa;
	uint64_t attrs; /* ARM_ATTRS_* */
	enum arm_source source;
	uint8_t size_lg2; /* of the range around it that translates alike */
};

struct arm_mmu_config {
	struct tlb_config l1i_tlb, l1d_tlb, l2_tlb, s2_tlb;
	struct tlb_config walk_cache_s1, walk_cache_s2;
	uint8_t pa_bits; /* 52: FEAT_LPA and FEAT_LVA, 64K granule alone */
	bool small_tables; /* FEAT_TTST: T0SZ, T1SZ up to 48 */
	/* models/choices.def */
	enum { ARM_GRANULE_16K_PRESENT, ARM_GRANULE_16K_ABSENT } granule_16k;
	enum { ARM_CONTIGUOUS_IGNORED, ARM_CONTIGUOUS_USED } contiguous_bit;
};

struct arm_walk_counters {
	uint64_t count, memory_accesses;
	uint64_t by_accesses[ARM_WALK_STEPS_MAX + 1];
};

struct arm_granule; /* descriptor.h */

/* One root table and the input range below it: TTBR0's, TTBR1's, VTTBR's. */
struct arm_range {
	uint64_t root;	     /* address, in the stage's output space */
	const char *why;     /* not modelled, or NULL */
	const struct arm_granule *granule; /* never NULL */
	uint64_t address_mask; /* of a table's address in a descriptor */
	uint64_t inherited;    /* what tables restrict: ARM_S1_INHERITED or 0 */
	uint32_t index_mask;   /* of the root: up to 17 bits, concatenated */
	uint8_t input_bits, output_bits;
	uint8_t blocks;	     /* bit n: level n may have blocks */
	int8_t level;	     /* of the root */
	bool wide;	     /* descriptors have 52-bit addresses */
	bool usable;	     /* none of the next three, and no `why` */
	bool disabled;	     /* EPDn: every address faults */
	bool impossible;     /* sizes that no walk can have: likewise */
	bool root_too_large; /* address size fault on the root */
	bool uncached;	     /* walker attributes, or caches off */
	bool af_optional;    /* AF = 0 is no fault (an SMMU's AFFD) */
	/* Usable and cached, 4K granule, root above the last level. */
	bool quick;
};

/* What follows from arm_regs (an SMMU's: from STE and CD); recomputed when one
 * is written. */
struct arm_setup {
	struct tlb_tag tag;    /* of whole translations, stage-1 pointers */
	struct tlb_tag s2_tag; /* of s2_tlb and stage-2 pointers */
	struct arm_range s1[2], s2;
	uint64_t ignored_top[2]; /* TBI, by VA bit 55: mask of ignored bits */
	uint64_t memory[8];    /* ARM_ATTRS_MEMATTR of each AttrIndx */
	const char *why;       /* nothing is modelled in this state, or NULL */
	bool stage1, stage2;
	uint8_t permission_row; /* of arm_s1_permission_table */
	bool contiguous;	/* runs are one entry */
	bool default_cacheable; /* HCR_EL2.DC */
	bool protect_walk;	/* HCR_EL2.PTW */
	bool fetch_cacheable;	/* stage 1 off: SCTLR.I */
	/* An entry's attributes depend on the access (stage 1 or a cache is
	 * off): see arm_attrs_finish. */
	bool adjust, data_uncached, fetch_uncached;
	bool quick; /* walks may be: see quick.h */
	uint64_t quick_mask; /* a descriptor's bits that such a walk looks at */
};

struct arm_read; /* walker.h */

/*
 * What a walk needs of whoever makes it: a CPU's MMU has one, an SMMU one for
 * each context that it knows. The TLBs and caches are the owner's.
 */
struct arm_regime {
	struct arm_setup setup;
	struct tlb *s2_tlb;
	struct walk_cache *walk_cache_s1, *walk_cache_s2;
	/* Descriptors outside `ram` are read by `read`; false: nothing
	 * answers. NULL: nothing ever does. */
	const struct ram *ram;
	bool (*read)(void *reader, const struct arm_read *read, uint64_t *raw);
	void *reader;
	struct memory_system *memory; /* of `ram` */
	unsigned int cpu;
	uint8_t pa_bits;
	bool small_tables, contiguous, no_granule_16k; /* as configured */
};

/* One CPU's MMU. A context, one for each L1 TLB, changes whenever a register
 * that the lookup depends on is written, that TLB is filled, or a TLBI
 * arrives: whoever remembers a lookup's outcome compares it. */
#define ARM_QUICK_MEMOS 64

struct arm_mmu {
	struct arm_regs regs;
	struct arm_regime regime;
	struct tlb *l1i_tlb, *l1d_tlb, *l2_tlb;
	uint64_t data_context, fetch_context;
	struct arm_walk_counters walks;
	struct arm_walk walk; /* of the last arm_mmu_translate from a walk */
	/* The attributes that one leaf of stage 1 and one of stage 2 came to,
	 * the descriptor's address left out: most walks find the same. */
	struct arm_attrs_memo {
		uint64_t leaf, inherited, stage2, attrs;
	} memo;
	/* What quick walks have found, as long as nothing in s2_tlb and in
	 * stage 1's walk cache has come or gone: see quick.h. */
	struct arm_quick_table {
		uint64_t region, since; /* address >> 21 */
		const struct tlb_entry *pointer, *entry;
		pa_t table;
		const uint8_t *host;
	} quick_table[ARM_QUICK_MEMOS];
	struct arm_quick_block {
		uint64_t region, since; /* IPA >> 21 */
		const struct tlb_entry *entry;
	} quick_block[ARM_QUICK_MEMOS];
	uint64_t setups; /* how often `setup` was computed */
	/* Where the host has the descriptor that page 0 would have if all
	 * tables stood in a row, going by the last one read: for hints. */
	uintptr_t descriptor_row;
	/* Nobody asks for more of a walk's steps than what they cost: those
	 * that are free may be left out. */
	bool brief_walks;
};

/* All registers 0: both stages off. ERR_INVAL if pa_bits is not 32..48 or 52,
 * ERR_NOMEM; then nothing is held. */
MUST_CHECK int arm_mmu_init(struct arm_mmu *mmu,
			    const struct arm_mmu_config *config,
			    struct ram *ram, struct memory_system *memory,
			    unsigned int cpu, struct model_random *random);
void arm_mmu_fini(struct arm_mmu *mmu);

/* Any of arm_regs by its encoding; false if it is none of them. */
bool arm_mmu_sysreg_write(struct arm_mmu *mmu, enum arm_sysreg reg,
			  uint64_t value);

/*
 * Translate as hardware does: counts lookups, fills TLBs and walk caches,
 * reads descriptors through the caches. One page only. True: *out is set.
 * False: *fault is set; the walk so far stands in mmu->walk if one was made
 * (out->source says so).
 */
bool arm_mmu_translate(struct arm_mmu *mmu, va_t va, unsigned int access,
		       struct arm_translation *out, struct arm_fault *fault);

/*
 * The same answer for the current state (stale entries included) without
 * leaving a trace of the question: no counters, fills, replacement.
 * `walk` may be NULL. After a stage-2 fault of the final address from a walk,
 * out->attrs has ARM_ATTRS_DEVICE if stage 1 said so, and nothing else.
 */
bool arm_mmu_probe(const struct arm_mmu *mmu, va_t va, unsigned int access,
		   struct arm_translation *out, struct arm_fault *fault,
		   struct arm_walk *walk);

/* A stage-2 walk of RAM alone, for hypervisor and loader; no caches. The
 * output may lie outside RAM (a device). With stage 2 off, pa is ipa. */
bool arm_mmu_probe_ipa(const struct arm_mmu *mmu, ipa_t ipa, bool write,
		       pa_t *pa, struct arm_fault *fault);

/*
 * TLBI: op is the SYS encoding ARM_SYSREG(1, op1, 8, crm, op2), xt its
 * operand. Decoded with the issuing CPU's registers, then applied to each CPU
 * it reaches.
 */
struct arm_tlbi {
	bool broadcast;
	bool stage1, stage2; /* which kinds of entries */
	bool combined;	     /* drop entries that combine both stages */
	bool leaf_only;
	struct tlb_match match;
	const char *name;    /* "VAE1IS" */
};
/* False: no such instruction, or not from EL1 (EL2 ops come from the
 * hypervisor, with from_el2). */
bool arm_tlbi_decode(unsigned int op, uint64_t xt, const struct arm_regs *regs,
		     bool from_el2, struct arm_tlbi *out);
void arm_mmu_tlbi(struct arm_mmu *mmu, const struct arm_tlbi *tlbi);

/*
 * AT S1E1R, S1E1W, S1E0R, S1E0W: op is the SYS encoding. Reads descriptors as
 * a walk does and counts as one; asks no TLB but s2_tlb, fills nothing.
 *
 * ARM_AT_ABORT: *fault is to be taken as a data abort instead: a stage-2
 * fault on a stage-1 table's address (to EL2; resolved, the instruction is
 * executed again) or an external abort. Then, and when not modelled, PAR_EL1
 * keeps its value. DDI0487 L.b C5.4, D24.2.142.
 */
enum arm_at_result { ARM_AT_DONE, ARM_AT_ABORT, ARM_AT_UNDEFINED };
enum arm_at_result arm_mmu_at_execute(struct arm_mmu *mmu, unsigned int op,
				      va_t va, uint64_t *par,
				      struct arm_fault *fault);
/* The same for callers with nobody to take the abort: it too is put into the
 * PAR_EL1 value returned, with S and PTW. False in *ok: no such instruction
 * at EL1. */
uint64_t arm_mmu_at(struct arm_mmu *mmu, unsigned int op, va_t va, bool *ok);

#endif
