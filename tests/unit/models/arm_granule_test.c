/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Granules of 16K and 64K, 52-bit addresses and contiguous runs, from raw
 * words: registers and descriptors as DDI0487 L.b D8.2, D8.3, D8.7 and D24.2
 * have them. Stage 2 maps nothing to itself here: what is stage 1's and what
 * stage 2's shows in the addresses.
 */
#include "tests/unit/models/arm_rig.h"

static const struct rig_shape bare = { 0 };

/* A rig with another CPU: TLBs of every size where `tlbs`. */
static void start(struct rig *rig, uint8_t pa_bits, bool small_tables,
		  bool tlbs, bool contiguous)
{
	struct tlb_config tlb = {
		.entries = tlbs ? 16 : 0,
		.ways = tlbs ? 16 : 0,
		.replacement = REPLACEMENT_LRU,
		.sizes_lg2 = { 12, 14, 16, 21, 25, 29, 30, 34 },
		.size_count = 8,
	};
	struct arm_mmu_config config = {
		.l1i_tlb = tlb,
		.l1d_tlb = tlb,
		.l2_tlb = tlb,
		.s2_tlb = tlb,
		.pa_bits = pa_bits,
		.small_tables = small_tables,
		.contiguous_bit = contiguous ? ARM_CONTIGUOUS_USED
					     : ARM_CONTIGUOUS_IGNORED,
	};

	rig_start(rig, bare);
	arm_mmu_fini(&rig->mmu);
	assert_int_equal(arm_mmu_init(&rig->mmu, &config, &rig->ram,
				      rig->memory, 0, &rig->random),
			 0);
	rig_reg(rig, ARM_MAIR_EL1, RIG_MAIR);
}

/* TCR_EL1 for TTBR0: TG0 at 15:14, T0SZ; TTBR1 off; IPS at 34:32. */
static uint64_t tcr(uint64_t tg0, uint64_t tsz, uint64_t ips)
{
	return ips << 32 | UINT64_C(0x803500) | tg0 << 14 | tsz;
}

static void stage1_on(struct rig *rig, uint64_t tcr_el1, uint64_t ttbr0)
{
	rig_reg(rig, ARM_TCR_EL1, tcr_el1);
	rig_reg(rig, ARM_TTBR0_EL1, ttbr0);
	rig_reg(rig, ARM_SCTLR_EL1, RIG_SCTLR);
}

/* VTCR_EL2: PS at 18:16, TG0 at 15:14, SL0 at 7:6. */
static void stage2_on(struct rig *rig, uint64_t ps, uint64_t tg0, uint64_t sl0,
		      uint64_t tsz, uint64_t vttbr)
{
	rig_reg(rig, ARM_VTCR_EL2,
		UINT64_C(0x80003500) | ps << 16 | tg0 << 14 | sl0 << 6 | tsz);
	rig_reg(rig, ARM_VTTBR_EL2, vttbr);
	rig_reg(rig, ARM_HCR_EL2, RIG_HCR);
}

/* One of the two granules: what T0SZ, T1SZ make of its root. */
static const struct {
	uint64_t tg0, tg1;
	unsigned int page, stride;
} larger[2] = { { 2, 1, 14, 11 }, { 1, 3, 16, 13 } };

/* The root's level by the number of input bits, written out. */
static int root_level(unsigned int page, unsigned int bits)
{
	if (page == 14)
		return bits > 47 ? 0 : bits > 36 ? 1 : bits > 25 ? 2 : 3;
	return bits > 42 ? 1 : bits > 29 ? 2 : 3;
}

/* The highest address of the range: all indices at their last. Table of level
 * n at 0x81000000 + n * 0x100000. */
static void last_indices(struct rig *rig, unsigned int g, unsigned int bits)
{
	int root = root_level(larger[g].page, bits);
	unsigned int page = larger[g].page, stride = larger[g].stride;

	for (int level = root; level < 4; level++) {
		unsigned int shift = page + stride * (3 - (unsigned int)level);
		uint64_t width = level == root ? bits - shift : stride;
		uint64_t last = (UINT64_C(1) << width) - 1;
		uint64_t table = 0x81000000 + 0x100000 * (uint64_t)level;

		rig_put(rig, table + 8 * last,
			level == 3 ? 0x80010743 : table + 0x100000 + 3);
	}
}

static void every_size_finds_its_root(void **state)
{
	(void)state;
	for (unsigned int g = 0; g < 2; g++)
		for (unsigned int tsz = 12; tsz <= 48; tsz++) {
			unsigned int bits = 64 - tsz, page = larger[g].page;
			bool wide = page == 16 && tsz < 16;
			bool legal = (tsz >= 16 || wide) &&
				     tsz <= (page == 16 ? 47 : 48);
			int root = root_level(page, bits);
			uint64_t va = (UINT64_C(1) << bits) - 0x40;
			struct rig rig;

			start(&rig, wide ? 52 : 48, true, false, false);
			stage1_on(&rig, tcr(larger[g].tg0, tsz, 5),
				  0x81000000 + 0x100000 * (uint64_t)root);
			if (!legal) {
				rig_expect_fault(&rig, va, ARM_ACCESS_READ,
						 ARM_FAULT_TRANSLATION, 1, 0);
				rig_stop(&rig);
				continue;
			}
			last_indices(&rig, g, bits);
			assert_int_equal(rig_reads(&rig, va), 4 - root);
			assert_int_equal(rig.out.size_lg2, page);
			assert_true(rig.out.pa.raw ==
				    ((UINT64_C(0x80010000) &
				      ~((UINT64_C(1) << page) - 1)) |
				     (va & ((UINT64_C(1) << page) - 1))));
			/* The upper half, by TG1 and T1SZ. */
			rig_reg(&rig, ARM_TCR_EL1,
				tcr(0, 16, 5) - 0x800000 + 0x80 +
					(larger[g].tg1 << 30 |
					 (uint64_t)tsz << 16 | 0x35000000));
			rig_reg(&rig, ARM_TTBR1_EL1,
				0x81000000 + 0x100000 * (uint64_t)root);
			assert_int_equal(rig_reads(&rig, UINT64_MAX - 0x3f),
					 4 - root);
			rig_stop(&rig);
		}
}

static void without_small_tables_39_is_the_last(void **state)
{
	(void)state;
	for (unsigned int g = 0; g < 2; g++)
		for (unsigned int tsz = 39; tsz <= 40; tsz++) {
			uint64_t va = (UINT64_C(1) << (64 - tsz)) - 0x40;
			struct rig rig;

			start(&rig, 48, false, false, false);
			stage1_on(&rig, tcr(larger[g].tg0, tsz, 5), 0x81300000);
			last_indices(&rig, g, 64 - tsz);
			if (tsz == 39)
				assert_int_equal(rig_reads(&rig, va), 1);
			else
				rig_expect_fault(&rig, va, ARM_ACCESS_READ,
						 ARM_FAULT_TRANSLATION, 1, 0);
			rig_stop(&rig);
		}
}

/* T0SZ 17: 47 bits. Indices 1, 2, 3 of levels 1 to 3; page 0x80014000. */
static void a_16k_walk_word_by_word(void **state)
{
	uint64_t va = UINT64_C(1) << 36 | 2 << 25 | 3 << 14 | 0x1234;
	struct rig rig;

	(void)state;
	start(&rig, 48, false, false, false);
	rig_put(&rig, 0x80004008, 0x0000000080008003);
	rig_put(&rig, 0x80008010, 0x000000008000c003);
	rig_put(&rig, 0x8000c018, 0x0000000080014743);
	stage1_on(&rig, tcr(2, 17, 5), 0x80004000);
	assert_int_equal(rig_reads(&rig, va), 3);
	assert_true(rig.out.pa.raw == 0x80015234);
	assert_int_equal(rig.out.size_lg2, 14);
	/* A block of 32M; bits below 25 do not count. */
	rig_put(&rig, 0x80008010, 0x0000000081ffc741);
	assert_int_equal(rig_reads(&rig, va), 2);
	assert_true(rig.out.pa.raw == 0x8000d234);
	assert_int_equal(rig.out.size_lg2, 25);
	/* Level 1 has none. */
	rig_put(&rig, 0x80004008, 0x0000000080000741);
	rig_expect_fault(&rig, va, ARM_ACCESS_READ, ARM_FAULT_TRANSLATION, 1,
			 1);
	rig_stop(&rig);
}

/* T0SZ 22: 42 bits from level 2. Indices 5 and 7; page 0x80030000. */
static void a_64k_walk_word_by_word(void **state)
{
	uint64_t va = UINT64_C(5) << 29 | 7 << 16 | 0x8765;
	struct rig rig;

	(void)state;
	start(&rig, 48, false, false, false);
	rig_put(&rig, 0x80010028, 0x0000000080020003);
	/* Bits 15:12 mean nothing without FEAT_LPA. */
	rig_put(&rig, 0x80020038, 0x000000008003f743);
	stage1_on(&rig, tcr(1, 22, 5), 0x80010000);
	assert_int_equal(rig_reads(&rig, va), 2);
	assert_true(rig.out.pa.raw == 0x80038765);
	assert_int_equal(rig.out.size_lg2, 16);
	/* A block of 512M. */
	rig_put(&rig, 0x80010028, 0x000000009ffff741);
	assert_int_equal(rig_reads(&rig, va), 1);
	assert_true(rig.out.pa.raw == 0x80078765);
	assert_int_equal(rig.out.size_lg2, 29);
	rig_put(&rig, 0x80020038, 0x0000000080030741);
	rig_put(&rig, 0x80010028, 0x0000000080020003);
	rig_expect_fault(&rig, va, ARM_ACCESS_READ, ARM_FAULT_TRANSLATION, 1,
			 3);
	rig_stop(&rig);
}

/* SL0, the level it means, and T0SZ of the fewest and the most input bits. */
static void stage_2_starts_where_sl0_says(void **state)
{
	static const struct {
		uint64_t tg0, sl0;
		unsigned int page;
		int level;
		unsigned int least, most; /* input bits, FEAT_TTST present */
	} cases[] = {
		{ 0, 3, 12, 3, 16, 25 }, { 0, 0, 12, 2, 22, 34 },
		{ 0, 1, 12, 1, 31, 43 }, { 0, 2, 12, 0, 40, 48 },
		{ 2, 0, 14, 3, 16, 29 }, { 2, 1, 14, 2, 26, 40 },
		{ 2, 2, 14, 1, 37, 48 }, { 1, 0, 16, 3, 17, 33 },
		{ 1, 1, 16, 2, 30, 46 }, { 1, 2, 16, 1, 43, 48 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (unsigned int bits = 15; bits <= 49; bits++) {
			bool fits =
				bits >= cases[i].least && bits <= cases[i].most;
			unsigned int shift =
				cases[i].page +
				(cases[i].page - 3) *
					(3u - (unsigned int)cases[i].level);
			uint64_t ipa = (UINT64_C(1) << bits) - 0x40, last;
			struct rig rig;

			start(&rig, 48, true, false, false);
			/* The last entry of the concatenated roots: nothing
			 * there, at the level that SL0 means. */
			stage2_on(&rig, 5, cases[i].tg0, cases[i].sl0,
				  64 - bits, 0x81000000);
			last = fits ? (UINT64_C(1) << (bits - shift)) - 1 : 0;
			rig_expect_fault(&rig, ipa, ARM_ACCESS_READ,
					 bits > 48 ? ARM_FAULT_ADDRESS_SIZE
						   : ARM_FAULT_TRANSLATION,
					 bits > 48 ? 1 : 2,
					 fits ? cases[i].level : 0);
			assert_int_equal(rig.mmu.walk.descriptor_reads, fits);
			if (fits)
				assert_true(rig.mmu.walk.step[0]
						    .descriptor_pa.raw ==
					    0x81000000 + 8 * last);
			rig_stop(&rig);
		}
}

/* SL0 2 needs 42 PA bits with 16K, 44 with 64K; 3 is reserved. */
static void start_levels_that_are_not_there(void **state)
{
	static const struct {
		uint64_t tg0, sl0, tsz;
		uint8_t pa_bits;
		int level;
	} cases[] = {
		{ 2, 2, 24, 40, 0 }, { 2, 2, 24, 42, 1 }, { 1, 2, 21, 42, 0 },
		{ 1, 2, 21, 44, 1 }, { 2, 3, 24, 48, 0 }, { 1, 3, 24, 48, 0 },
		{ 0, 3, 39, 48, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig rig;

		start(&rig, cases[i].pa_bits, false, false, false);
		stage2_on(&rig, 5, cases[i].tg0, cases[i].sl0, cases[i].tsz,
			  0x81000000);
		rig_expect_fault(&rig, 0x1000, ARM_ACCESS_READ,
				 ARM_FAULT_TRANSLATION, 2, cases[i].level);
		rig_stop(&rig);
	}
}

/* 16K: 16 tables of level 2, 40 bits. The ninth's entry 3 is a 32M block. */
static void sixteen_roots_are_indexed_through(void **state)
{
	uint64_t ipa = UINT64_C(8) << 36 | 3 << 25 | 0x5678;
	struct rig rig;

	(void)state;
	start(&rig, 48, false, false, false);
	rig_put(&rig, 0x81000000 + 8 * 0x4000 + 24, 0x00000000800007fd);
	/* The base's bits below 18 do not count. */
	stage2_on(&rig, 5, 2, 1, 24, 0x0001000081020000);
	assert_int_equal(rig_reads(&rig, ipa), 1);
	assert_true(rig.out.pa.raw == 0x80005678);
	rig_stop(&rig);
}

/* Stage 1 of 16K, 3 levels, over stage 2 of 64K, 2 levels: 4 * 3 - 1 reads. */
static void granules_mix(void **state)
{
	uint64_t va = UINT64_C(1) << 36 | 2 << 25 | 3 << 14 | 0x1234;
	struct rig rig;

	(void)state;
	start(&rig, 48, false, true, false);
	/* IPA 0x40000000 + x is PA 0x80000000 + x, by pages of 64K. */
	rig_put(&rig, 0x81000000 + 8 * 2, 0x0000000081010003);
	for (uint64_t i = 0; i < 16; i++)
		rig_put(&rig, 0x81010000 + 8 * i, 0x800007ff + (i << 16));
	rig_put(&rig, 0x80004008, 0x0000000040008003);
	rig_put(&rig, 0x80008010, 0x000000004000c003);
	rig_put(&rig, 0x8000c018, 0x0000000040014743);
	stage1_on(&rig, tcr(2, 17, 5), 0x40004000);
	stage2_on(&rig, 5, 1, 1, 22, 0x81000000);
	assert_true(rig_access(&rig, va, ARM_ACCESS_READ));
	assert_int_equal(rig.mmu.walk.descriptor_reads, 11);
	assert_true(rig.out.ipa.raw == 0x40015234);
	assert_true(rig.out.pa.raw == 0x80015234);
	assert_int_equal(rig.out.size_lg2, 14);
	/* One entry of 16K, found by the whole of it and no more. */
	assert_int_equal(rig_reads(&rig, va ^ 0x3000), 0);
	assert_int_equal(rig.out.source, ARM_FROM_L1_TLB);
	assert_false(rig_access(&rig, va + 0x4000, ARM_ACCESS_READ));
	rig_stop(&rig);
}

/* ---- 52 bits ---- */

/* T0SZ 12: level 1 of 10 bits. A block of 4T there, at bits 51:48 = 0xa. */
static void blocks_of_4t(void **state)
{
	uint64_t va = UINT64_C(0x3ff) << 42 | 0x12345678, par = 0;
	struct arm_fault fault;
	struct rig rig;

	(void)state;
	start(&rig, 52, false, false, false);
	rig_put(&rig, 0x80011ff8, 0x000004000000a741);
	stage1_on(&rig, tcr(1, 12, 6), 0x80010000);
	assert_int_equal(arm_mmu_at_execute(&rig.mmu, ARM_SYSREG(1, 0, 7, 8, 0),
					    (va_t){ va }, &par, &fault),
			 ARM_AT_DONE);
	/* SH 3, NS, RES1, ATTR 0xff. */
	assert_true(par == 0xff0a040012345b80);
	rig_stop(&rig);
	/* Without FEAT_LPA level 1 has no blocks; T0SZ 16 is the least. */
	start(&rig, 48, false, false, false);
	rig_put(&rig, 0x80010008, 0x0000000080000741);
	stage1_on(&rig, tcr(1, 16, 6), 0x80010000);
	rig_expect_fault(&rig, UINT64_C(1) << 42, ARM_ACCESS_READ,
			 ARM_FAULT_TRANSLATION, 1, 1);
	rig_stop(&rig);
}

/* IPS below 52 bits: bits 15:12 are an address all the same. */
static void high_bits_are_held_against_ips(void **state)
{
	static const struct {
		uint64_t ips, table, leaf;
		int level; /* 0: none faults */
	} cases[] = {
		{ 6, 0x0000000080020003, 0x000000008003f743, 0 },
		{ 5, 0x0000000080020003, 0x0000000080031743, 3 },
		{ 5, 0x0000000080028003, 0x0000000080030743, 2 },
		{ 7, 0x0000000080020003, 0x0000000080038743, 0 },
	};
	uint64_t va = UINT64_C(5) << 29 | 7 << 16, par;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arm_fault fault;
		struct rig rig;

		start(&rig, 52, false, false, false);
		rig_put(&rig, 0x80010028, cases[i].table);
		rig_put(&rig, 0x80020038, cases[i].leaf);
		stage1_on(&rig, tcr(1, 22, cases[i].ips), 0x80010000);
		assert_int_equal(arm_mmu_at_execute(&rig.mmu,
						    ARM_SYSREG(1, 0, 7, 8, 0),
						    (va_t){ va }, &par, &fault),
				 ARM_AT_DONE);
		if (cases[i].level)
			assert_true(par ==
				    (0x801 | (uint64_t)cases[i].level << 1));
		else
			assert_true((par & 0x000ffffffffff001) ==
				    (0x80030000 | (cases[i].leaf >> 12 & 0xf)
							  << 48));
		rig_stop(&rig);
	}
}

/* TTBR0 bits 5:2 are 51:48 if IPS says 52 bits, part of the base if not. */
static void roots_have_52_bits(void **state)
{
	struct rig rig;

	(void)state;
	start(&rig, 52, false, false, false);
	rig_put(&rig, 0x80010028, 0x0000000080020003);
	rig_put(&rig, 0x80020038, 0x0000000080030743);
	stage1_on(&rig, tcr(1, 22, 6), 0x80010014);
	rig_expect_fault(&rig, UINT64_C(5) << 29 | 7 << 16, ARM_ACCESS_READ,
			 ARM_FAULT_EXTERNAL, 1, 2);
	rig_reg(&rig, ARM_TTBR0_EL1, 0x80010000);
	assert_int_equal(rig_reads(&rig, UINT64_C(5) << 29 | 7 << 16), 2);
	rig_reg(&rig, ARM_TCR_EL1, tcr(1, 22, 5));
	rig_reg(&rig, ARM_TTBR0_EL1, 0x80010014);
	assert_int_equal(rig_reads(&rig, UINT64_C(5) << 29 | 7 << 16), 2);
	rig_stop(&rig);
}

/* HPFAR_EL2 has bits 51:12 of the IPA in 43:4. */
static void stage_2_has_52_bits(void **state)
{
	uint64_t ipa = UINT64_C(0xc) << 48 | UINT64_C(3) << 42 | 0x81654321;
	struct rig rig;

	(void)state;
	start(&rig, 52, false, false, false);
	/* SL0 2, T0SZ 12: level 1 of 10 bits. */
	stage2_on(&rig, 6, 1, 2, 12, 0x80010000);
	rig_expect_fault(&rig, ipa, ARM_ACCESS_READ, ARM_FAULT_TRANSLATION, 2,
			 1);
	assert_true(arm_fault_hpfar(&rig.fault) == 0x00000c0c00816540);
	rig_put(&rig, 0x80010000 + 8 * 0x303, 0x00000000000007fd);
	assert_int_equal(rig_reads(&rig, ipa), 1);
	assert_true(rig.out.pa.raw == 0x81654321);
	rig_stop(&rig);
}

/* Other granules stay at 48 bits on a CPU of 52. */
static void only_64k_is_wide(void **state)
{
	struct rig rig;

	(void)state;
	start(&rig, 52, false, false, false);
	rig_put(&rig, 0x8000c018, 0x0000000080014743);
	rig_put(&rig, 0x80008010, 0x000000008000c003);
	stage1_on(&rig, tcr(2, 28, 6), 0x80008000);
	assert_int_equal(rig_reads(&rig, 2 << 25 | 3 << 14), 2);
	rig_reg(&rig, ARM_TCR_EL1, tcr(2, 15, 6));
	rig_expect_fault(&rig, 0x1000, ARM_ACCESS_READ, ARM_FAULT_TRANSLATION,
			 1, 0);
	rig_stop(&rig);
}

/* ---- contiguous runs ---- */

/* A whole run of leaves, put at the table's start by hand. */
static const struct run_case {
	uint64_t tg0, tsz; /* the root is of the leaves' level */
	unsigned int shift, entries;
	uint64_t leaf; /* type and attributes */
	unsigned int size_lg2;
} runs[] = {
	{ 0, 39, 12, 16, 0x0010000000000743, 16 },
	{ 0, 34, 21, 16, 0x0010000000000741, 25 },
	{ 2, 39, 14, 128, 0x0010000000000743, 21 },
	{ 2, 28, 25, 32, 0x0010000000000741, 30 },
	{ 1, 39, 16, 32, 0x0010000000000743, 21 },
	{ 1, 22, 29, 32, 0x0010000000000741, 34 },
};

/* T0SZ of a root at the leaves' level for the 4K granule needs FEAT_TTST. */
static uint64_t run_tsz(const struct run_case *it)
{
	return it->tg0 == 0 && it->shift == 12 ? 44 : it->tsz;
}

static void put_run(struct rig *rig, const struct run_case *it)
{
	/* Around RAM: what lies outside is not touched. */
	uint64_t base =
		UINT64_C(0x80000000) & ~((UINT64_C(1) << it->size_lg2) - 1);

	for (uint64_t i = 0; i < it->entries; i++)
		rig_put(rig, 0x81000000 + 8 * i,
			it->leaf | (base + (i << it->shift)));
	stage1_on(rig, tcr(it->tg0, run_tsz(it), 5), 0x81000000);
}

/* Addresses of the first MiB, and of another entry where RAM has one. */
static uint64_t run_address(const struct run_case *it)
{
	return UINT64_C(0x80000000) & ((UINT64_C(1) << it->size_lg2) - 1);
}

static void a_run_is_one_entry_or_many(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++)
		for (int used = 0; used < 2; used++) {
			const struct run_case *it = &runs[i];
			uint64_t at = run_address(it);
			struct rig rig;

			start(&rig, 48, true, true, used);
			put_run(&rig, it);
			assert_true(
				rig_access(&rig, at + 0x123, ARM_ACCESS_READ));
			assert_true(rig.out.pa.raw == 0x80000123);
			assert_int_equal(rig.out.size_lg2,
					 used ? it->size_lg2 : it->shift);
			/* The next entry, if RAM has it. */
			if (it->shift < 24) {
				at += UINT64_C(1) << it->shift;
				assert_int_equal(rig_reads(&rig, at), !used);
				assert_true(rig.out.pa.raw ==
					    0x80000000 +
						    (UINT64_C(1) << it->shift));
			}
			rig_stop(&rig);
		}
}

/* An entry that is not where its run has it is translated by itself alone. */
static void an_entry_out_of_place_is_no_run(void **state)
{
	struct rig rig;

	(void)state;
	start(&rig, 48, true, true, true);
	put_run(&rig, &runs[0]);
	rig_put(&rig, 0x81000018, 0x0010000080005743);
	assert_true(rig_access(&rig, 0x3000, ARM_ACCESS_READ));
	assert_true(rig.out.pa.raw == 0x80005000);
	assert_int_equal(rig.out.size_lg2, 12);
	rig_stop(&rig);
}

/* 64K, 2^20 bytes of input: a run of 2M is larger. */
static void a_run_beyond_the_input_range_is_none(void **state)
{
	struct rig rig;

	(void)state;
	start(&rig, 48, true, true, true);
	put_run(&rig, &runs[4]);
	rig_reg(&rig, ARM_TCR_EL1, tcr(1, 44, 5));
	assert_true(rig_access(&rig, 0x1000, ARM_ACCESS_READ));
	assert_int_equal(rig.out.size_lg2, 16);
	rig_reg(&rig, ARM_TCR_EL1, tcr(1, 43, 5));
	assert_true(rig_access(&rig, 0x11000, ARM_ACCESS_READ));
	assert_int_equal(rig.out.size_lg2, 21);
	rig_stop(&rig);
}

/* Stage 2's runs of 64K pages below stage 1's pages of 4K. */
static void stage_2_runs_are_entries_of_s2_tlb(void **state)
{
	struct tlb_tag tag;
	const struct tlb_entry *entry;
	struct rig rig;

	(void)state;
	start(&rig, 48, false, true, true);
	rig_put(&rig, 0x81000000, 0x0000000081010003);
	for (uint64_t i = 0; i < 32; i++)
		rig_put(&rig, 0x81010000 + 8 * i,
			0x00100000800007ff + (i << 16));
	stage2_on(&rig, 5, 1, 1, 22, 0x81000000);
	assert_true(rig_access(&rig, 0x123456, ARM_ACCESS_READ));
	assert_true(rig.out.pa.raw == 0x80123456);
	assert_int_equal(rig.out.size_lg2, 21);
	tag = rig.mmu.regime.setup.s2_tag;
	entry = tlb_probe(rig.mmu.regime.s2_tlb, 0x1fffff, &tag);
	assert_non_null(entry);
	assert_int_equal(entry->size_lg2, 21);
	assert_true(entry->value.out == 0x80000000);
	rig_stop(&rig);
}

/* ---- TLBI ---- */

/* A page of 64K that the TLB holds in pieces of 4K goes whole; one of another
 * page stays. */
static void tlbi_drops_every_piece_of_a_page(void **state)
{
	struct tlb_config pieces = { .entries = 16,
				     .ways = 16,
				     .replacement = REPLACEMENT_LRU,
				     .sizes_lg2 = { 12 },
				     .size_count = 1 };
	struct arm_tlbi tlbi;
	struct rig rig;

	(void)state;
	start(&rig, 48, false, true, false);
	tlb_free(rig.mmu.l1d_tlb);
	rig.mmu.l1d_tlb = tlb_new(&pieces, &rig.random);
	assert_non_null(rig.mmu.l1d_tlb);
	rig_put(&rig, 0x80010000, 0x0000000080020003);
	rig_put(&rig, 0x80020000, 0x0000000080030743);
	rig_put(&rig, 0x80020008, 0x0000000080040743);
	stage1_on(&rig, tcr(1, 22, 5), 0x80010000);
	for (uint64_t va = 0; va < 0x20000; va += 0x4000)
		assert_true(rig_access(&rig, va, ARM_ACCESS_READ));
	assert_true(arm_tlbi_decode(ARM_SYSREG(1, 0, 8, 7, 3), 0x1,
				    &rig.mmu.regs, false, &tlbi));
	assert_true(tlbi.match.first == 0 && tlbi.match.last == 0xffff);
	arm_mmu_tlbi(&rig.mmu, &tlbi);
	for (uint64_t va = 0; va < 0x20000; va += 0x4000)
		assert_int_equal(!!tlb_probe(rig.mmu.l1d_tlb, va,
					     &rig.mmu.regime.setup.tag),
				 va >= 0x10000);
	rig_stop(&rig);
}

/* A block of stage 1 over small pages of stage 2 is in the TLBs in pieces, and
 * so is one of stage 2 in an s2_tlb of small pages: one TLBI anywhere in the
 * block drops them all, and nothing of the block beside it. */
static void tlbi_drops_every_piece_of_a_block(void **state)
{
	struct arm_tlbi va, ipa;
	struct rig rig;

	(void)state;
	rig_nested(&rig, (struct rig_shape){ 32, 32, 32, 0, 0 });
	rig_put(&rig, 0x80003018, 0x0000000040000f41); /* 2M at stage 1 */
	rig_put(&rig, 0x80003020, 0x0000000040000f41); /* the next */
	for (uint64_t i = 0; i < 8; i++)
		assert_true(
			rig_access(&rig, RIG_VA + (i << 14), ARM_ACCESS_READ));
	assert_true(rig_access(&rig, RIG_VA + 0x200000, ARM_ACCESS_READ));
	assert_int_equal(rig.out.size_lg2, 12);
	assert_true(arm_tlbi_decode(ARM_SYSREG(1, 0, 8, 7, 3),
				    (RIG_VA | 0x1ff000) >> 12, &rig.mmu.regs,
				    false, &va));
	arm_mmu_tlbi(&rig.mmu, &va);
	for (uint64_t i = 0; i < 8; i++)
		assert_null(tlb_probe(rig.mmu.l2_tlb, RIG_VA + (i << 14),
				      &rig.mmu.regime.setup.tag));
	assert_non_null(tlb_probe(rig.mmu.l1d_tlb, RIG_VA + 0x200000,
				  &rig.mmu.regime.setup.tag));
	/* 1G at stage 2, held as blocks of 2M. */
	rig_put(&rig, 0x80801008, 0x00000000800007fd);
	rig_reg(&rig, ARM_SCTLR_EL1, 0);
	tlb_free(rig.mmu.regime.s2_tlb);
	rig.mmu.regime.s2_tlb =
		tlb_new(&(struct tlb_config){ .entries = 4,
					      .ways = 4,
					      .sizes_lg2 = { 12, 21 },
					      .size_count = 2 },
			&rig.random);
	assert_true(rig_access(&rig, RIG_IPA, ARM_ACCESS_READ));
	assert_true(rig_access(&rig, RIG_IPA + 0x200000, ARM_ACCESS_READ));
	assert_true(arm_tlbi_decode(ARM_SYSREG(1, 4, 8, 4, 1), 0x7ffff,
				    &rig.mmu.regs, true, &ipa));
	arm_mmu_tlbi(&rig.mmu, &ipa);
	assert_null(tlb_probe(rig.mmu.regime.s2_tlb, RIG_IPA,
			      &rig.mmu.regime.setup.s2_tag));
	assert_null(tlb_probe(rig.mmu.regime.s2_tlb, RIG_IPA + 0x200000,
			      &rig.mmu.regime.setup.s2_tag));
	rig_stop(&rig);
}

/* By the granule of the half, or of stage 2; ranges by their own TG. */
static void tlbi_operands_know_the_granule(void **state)
{
	static const struct {
		unsigned int op;
		uint64_t xt, first, last;
	} cases[] = {
		/* VAAE1: TTBR0 has 16K, TTBR1 64K. */
		{ ARM_SYSREG(1, 0, 8, 7, 3), 0x123, 0x120000, 0x123fff },
		{ ARM_SYSREG(1, 0, 8, 7, 3), 0xff000000123, 0xffff000000120000,
		  0xffff00000012ffff },
		/* IPAS2E1: 64K. */
		{ ARM_SYSREG(1, 4, 8, 4, 1), 0x123, 0x120000, 0x12ffff },
		/* RVAAE1, TG 2: two pages of 16K from 5; TG 3: of 64K. */
		{ ARM_SYSREG(1, 0, 8, 6, 3), 0x0000800000000005, 0x14000,
		  0x1bfff },
		{ ARM_SYSREG(1, 0, 8, 6, 3), 0x0000c00000000005, 0x50000,
		  0x6ffff },
		/* RIPAS2E1, TG 3, SCALE 1, NUM 1: 128 pages. */
		{ ARM_SYSREG(1, 4, 8, 4, 2), 0x0000d08000000001, 0x10000,
		  0x80ffff },
	};
	struct arm_regs regs = { .tcr = UINT64_C(3) << 30 | 2 << 14,
				 .vtcr = 1 << 14 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arm_tlbi tlbi;

		assert_true(arm_tlbi_decode(cases[i].op, cases[i].xt, &regs,
					    true, &tlbi));
		assert_true(tlbi.match.first == cases[i].first);
		assert_true(tlbi.match.last == cases[i].last);
	}
}

/* A CPU without 16K takes it for a reserved value: 4K. */
static void an_absent_granule_is_4k(void **state)
{
	struct rig rig;

	(void)state;
	start(&rig, 48, false, false, false);
	rig.mmu.regime.no_granule_16k = true;
	rig_put(&rig, 0x80001000, 0x0000000080002003);
	rig_put(&rig, 0x80002018, 0x0000000080011743);
	stage1_on(&rig, tcr(2, 39, 5), 0x80001000);
	assert_true(rig_access(&rig, 0x3123, ARM_ACCESS_READ));
	assert_true(rig.out.pa.raw == 0x80011123);
	assert_int_equal(rig.out.size_lg2, 12);
	rig_stop(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_size_finds_its_root),
		cmocka_unit_test(without_small_tables_39_is_the_last),
		cmocka_unit_test(a_16k_walk_word_by_word),
		cmocka_unit_test(a_64k_walk_word_by_word),
		cmocka_unit_test(stage_2_starts_where_sl0_says),
		cmocka_unit_test(start_levels_that_are_not_there),
		cmocka_unit_test(sixteen_roots_are_indexed_through),
		cmocka_unit_test(granules_mix),
		cmocka_unit_test(blocks_of_4t),
		cmocka_unit_test(high_bits_are_held_against_ips),
		cmocka_unit_test(roots_have_52_bits),
		cmocka_unit_test(stage_2_has_52_bits),
		cmocka_unit_test(only_64k_is_wide),
		cmocka_unit_test(a_run_is_one_entry_or_many),
		cmocka_unit_test(an_entry_out_of_place_is_no_run),
		cmocka_unit_test(a_run_beyond_the_input_range_is_none),
		cmocka_unit_test(stage_2_runs_are_entries_of_s2_tlb),
		cmocka_unit_test(tlbi_drops_every_piece_of_a_page),
		cmocka_unit_test(tlbi_drops_every_piece_of_a_block),
		cmocka_unit_test(tlbi_operands_know_the_granule),
		cmocka_unit_test(an_absent_granule_is_4k),
	};

	return cmocka_run_group_tests_name("arm_granule", tests, NULL, NULL);
}
