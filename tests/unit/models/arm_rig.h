/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small machine for the tests of models/arm: RAM, caches, one MMU, and
 * tables written as raw words, so that the decoder under test has no hand in
 * them. Issue A.
 *
 *	IPA 0x40000000 + x is PA 0x80000000 + x, for x below 2 MB
 *	IPA 0x40001000..0x40004000   stage-1 tables, levels 0 to 3
 *	IPA 0x40005000..0x40007000   the same for TTBR1, levels 1 to 3
 *	IPA 0x40010000               the page that RIG_VA maps
 *	PA  0x80800000..0x80803000   stage-2 tables, levels 0 to 3
 */
#ifndef TESTS_UNIT_MODELS_ARM_RIG_H
#define TESTS_UNIT_MODELS_ARM_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/bug.h"
#include "models/arm/mmu.h"

_Noreturn void port_bug(void *host, const char *file, int line,
			const char *what)
{
	(void)host;
	fprintf(stderr, "%s:%d: %s\n", file, line, what);
	abort();
}

/* Indices 1, 2, 3 and 4 at levels 0 to 3. */
#define RIG_VA UINT64_C(0x0000008080604000)
#define RIG_PA UINT64_C(0x80010000)
#define RIG_IPA UINT64_C(0x40010000)

/* Write-Back, Inner Shareable walks; T0SZ, T1SZ 16; 48-bit IPS. */
#define RIG_TCR UINT64_C(0x00000005b5103510)
#define RIG_SCTLR UINT64_C(0x1005)
/* Attr0 Write-Back, 1 Device-nGnRnE, 2 Non-cacheable, 3 Device-nGnRE,
 * 4 Write-Through, 5 Device-GRE. */
#define RIG_MAIR UINT64_C(0x00000cbb044400ff)
#define RIG_HCR UINT64_C(0x80000001)
/* 48-bit IPA from level 0; 39-bit from level 1. */
#define RIG_VTCR_4 UINT64_C(0x80053590)
#define RIG_VTCR_3 UINT64_C(0x80053559)

struct rig {
	struct ram ram;
	struct memory_system *memory;
	struct model_random random;
	struct arm_mmu mmu;
	struct arm_translation out;
	struct arm_fault fault;
};

static inline void rig_put(struct rig *rig, uint64_t pa, uint64_t value)
{
	assert_true(ram_has(&rig->ram, (pa_t){ pa }, 8));
	memcpy(ram_host(&rig->ram, (pa_t){ pa }), &value, sizeof(value));
}

static inline void rig_reg(struct rig *rig, enum arm_sysreg reg, uint64_t value)
{
	assert_true(arm_mmu_sysreg_write(&rig->mmu, reg, value));
}

/* n entries, fully associative; 0: absent. */
static inline struct tlb_config rig_tlb(uint32_t entries,
					enum replacement replacement)
{
	return (struct tlb_config){
		.entries = entries,
		.ways = entries,
		.replacement = replacement,
		.sizes_lg2 = { 12, 21, 30 },
		.size_count = 3,
	};
}

static inline struct cache_config rig_cache(uint64_t bytes)
{
	return (struct cache_config){ .bytes = bytes,
				      .ways = 4,
				      .line = 64,
				      .replacement = REPLACEMENT_LRU };
}

/* Sizes of a rig's TLBs and walk caches. */
struct rig_shape {
	uint32_t l1, l2, s2, walk1, walk2;
};

static inline void rig_tables(struct rig *rig)
{
	rig_put(rig, 0x80001008, 0x0000000040002003);
	rig_put(rig, 0x80002010, 0x0000000040003003);
	rig_put(rig, 0x80003018, 0x0000000040004003);
	/* EL0 and EL1 read and write, nG, Inner Shareable, Attr0. */
	rig_put(rig, 0x80004020, 0x0000000040010f43);
	rig_put(rig, 0x80800000, 0x0000000080801003);
	rig_put(rig, 0x80801008, 0x0000000080802003);
	rig_put(rig, 0x80802000, 0x0000000080803003);
	for (uint64_t i = 0; i < 512; i++)
		rig_put(rig, 0x80803000 + 8 * i, 0x800007ff + (i << 12));
}

static inline void rig_start_replacing(struct rig *rig, struct rig_shape shape,
				       enum replacement replacement)
{
	struct arm_mmu_config config = {
		.l1i_tlb = rig_tlb(shape.l1, replacement),
		.l1d_tlb = rig_tlb(shape.l1, replacement),
		.l2_tlb = rig_tlb(shape.l2, replacement),
		.s2_tlb = rig_tlb(shape.s2, replacement),
		.walk_cache_s1 = rig_tlb(shape.walk1, replacement),
		.walk_cache_s2 = rig_tlb(shape.walk2, replacement),
		.pa_bits = 48,
	};
	struct memory_config memory = {
		.cpus = 1,
		.l1i = rig_cache(16384),
		.l1d = rig_cache(16384),
		.l2 = rig_cache(65536),
		.walk_entry = MEMORY_ENTRY_L1D,
	};

	memset(rig, 0, sizeof(*rig));
	model_random_seed(&rig->random, 1);
	assert_int_equal(ram_init(&rig->ram, (pa_t){ 0x80000000 }, 32 << 20),
			 0);
	rig->memory = memory_new(&memory, &rig->random);
	assert_non_null(rig->memory);
	assert_int_equal(arm_mmu_init(&rig->mmu, &config, &rig->ram,
				      rig->memory, 0, &rig->random),
			 0);
	rig_tables(rig);
}

static inline void rig_start(struct rig *rig, struct rig_shape shape)
{
	rig_start_replacing(rig, shape, REPLACEMENT_LRU);
}

static inline void rig_stage1_on(struct rig *rig)
{
	rig_reg(rig, ARM_MAIR_EL1, RIG_MAIR);
	rig_reg(rig, ARM_TCR_EL1, RIG_TCR);
	rig_reg(rig, ARM_TTBR0_EL1, 0x0005000040001000);
	rig_reg(rig, ARM_TTBR1_EL1, 0x0000000040005000);
	rig_reg(rig, ARM_SCTLR_EL1, RIG_SCTLR);
}

static inline void rig_stage2_on(struct rig *rig)
{
	rig_reg(rig, ARM_VTCR_EL2, RIG_VTCR_4);
	rig_reg(rig, ARM_VTTBR_EL2, 0x0001000080800000);
	rig_reg(rig, ARM_HCR_EL2, RIG_HCR);
}

/* Everything on, 4 by 4 levels. */
static inline void rig_nested(struct rig *rig, struct rig_shape shape)
{
	rig_start(rig, shape);
	rig_stage1_on(rig);
	rig_stage2_on(rig);
}

/* Stage 1 alone: its tables' addresses become PAs. */
static inline void rig_stage1_alone(struct rig *rig, struct rig_shape shape)
{
	rig_start(rig, shape);
	rig_put(rig, 0x80001008, 0x0000000080002003);
	rig_put(rig, 0x80002010, 0x0000000080003003);
	rig_put(rig, 0x80003018, 0x0000000080004003);
	rig_put(rig, 0x80004020, 0x0000000080010f43);
	rig_stage1_on(rig);
	rig_reg(rig, ARM_TTBR0_EL1, 0x0005000080001000);
	rig_reg(rig, ARM_TTBR1_EL1, 0x0000000080005000);
}

static inline void rig_stop(struct rig *rig)
{
	arm_mmu_fini(&rig->mmu);
	memory_free(rig->memory);
	ram_fini(&rig->ram);
}

static inline bool rig_access(struct rig *rig, uint64_t va, unsigned int access)
{
	return arm_mmu_translate(&rig->mmu, (va_t){ va }, access, &rig->out,
				 &rig->fault);
}

/* Descriptor reads of one translation. */
static inline uint64_t rig_reads(struct rig *rig, uint64_t va)
{
	uint64_t before = rig->mmu.walks.memory_accesses;

	assert_true(rig_access(rig, va, ARM_ACCESS_READ));
	return rig->mmu.walks.memory_accesses - before;
}

static inline void rig_expect_fault(struct rig *rig, uint64_t va,
				    unsigned int access,
				    enum arm_fault_kind kind,
				    unsigned int stage, int level)
{
	assert_false(rig_access(rig, va, access));
	assert_int_equal(rig->fault.kind, kind);
	assert_int_equal(rig->fault.stage, stage);
	assert_int_equal(rig->fault.level, level);
	assert_true(rig->fault.va.raw == va);
	assert_int_equal(rig->fault.access, access);
}

#endif
