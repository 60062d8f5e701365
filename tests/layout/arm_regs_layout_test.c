/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers and descriptors of models/arm against raw words: each field's
 * mask, written out in hex from DDI0487 L.b D8.3 and D24.2. Issue A.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/bug.h"
#include "models/arm/descriptor.h"
#include "models/arm/mmu.h"

_Noreturn void port_bug(void *host, const char *file, int line,
			const char *what)
{
	(void)host;
	fprintf(stderr, "%s:%d: %s\n", file, line, what);
	abort();
}

struct row {
	const char *name;
	uint64_t mask;
};

/* Both lists name the same fields, in any order, with the same bits. */
static void expect_rows(const struct row *got, size_t got_count,
			const struct row *want, size_t want_count)
{
	assert_int_equal(got_count, want_count);
	for (size_t i = 0; i < want_count; i++) {
		size_t j = 0;

		while (j < got_count && strcmp(got[j].name, want[i].name) != 0)
			j++;
		assert_true(j < got_count);
		if (got[j].mask != want[i].mask)
			print_error("%s\n", want[i].name);
		assert_true(got[j].mask == want[i].mask);
	}
}

#define ROW(REG, NAME, lsb, width) { #NAME, MASK(lsb, width) },
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define EXPECT(LIST, ...)                                                      \
	do {                                                                   \
		static const struct row got[] = { LIST(ROW) };                 \
		static const struct row want[] = { __VA_ARGS__ };              \
		expect_rows(got, COUNT(got), want, COUNT(want));               \
	} while (0)

static void system_registers(void **state)
{
	(void)state;
	EXPECT(ARM_SCTLR_FIELDS, { "M", 0x1 }, { "A", 0x2 }, { "C", 0x4 },
	       { "I", 0x1000 }, { "WXN", 0x80000 }, { "EE", 0x2000000 });
	EXPECT(ARM_TCR_FIELDS, { "T0SZ", 0x3f }, { "EPD0", 0x80 },
	       { "IRGN0", 0x300 }, { "ORGN0", 0xc00 }, { "SH0", 0x3000 },
	       { "TG0", 0xc000 }, { "T1SZ", 0x3f0000 }, { "A1", 0x400000 },
	       { "EPD1", 0x800000 }, { "IRGN1", 0x3000000 },
	       { "ORGN1", 0xc000000 }, { "SH1", 0x30000000 },
	       { "TG1", 0xc0000000 }, { "IPS", 0x700000000 },
	       { "AS", 0x1000000000 }, { "TBI0", 0x2000000000 },
	       { "TBI1", 0x4000000000 }, { "HA", 0x8000000000 },
	       { "HD", 0x10000000000 }, { "HPD0", 0x20000000000 },
	       { "HPD1", 0x40000000000 }, { "TBID0", 0x8000000000000 },
	       { "TBID1", 0x10000000000000 }, { "E0PD0", 0x80000000000000 },
	       { "E0PD1", 0x100000000000000 }, { "DS", 0x800000000000000 });
	EXPECT(ARM_TTBR_FIELDS, { "CNP", 0x1 }, { "BADDR", 0xfffffffffffe },
	       { "ASID", 0xffff000000000000 });
	EXPECT(ARM_HCR_FIELDS, { "VM", 0x1 }, { "PTW", 0x4 }, { "FB", 0x200 },
	       { "DC", 0x1000 }, { "TSW", 0x400000 },
	       { "TVM", 0x4000000 }, { "TGE", 0x8000000 }, { "CD", 0x100000000 },
	       { "ID", 0x200000000 }, { "E2H", 0x400000000 },
	       { "FWB", 0x400000000000 });
	EXPECT(ARM_VTCR_FIELDS, { "T0SZ", 0x3f }, { "SL0", 0xc0 },
	       { "IRGN0", 0x300 }, { "ORGN0", 0xc00 }, { "SH0", 0x3000 },
	       { "TG0", 0xc000 }, { "PS", 0x70000 }, { "VS", 0x80000 },
	       { "HA", 0x200000 }, { "HD", 0x400000 }, { "DS", 0x100000000 },
	       { "SL2", 0x200000000 });
}

static void descriptors(void **state)
{
	(void)state;
	EXPECT(ARM_S1_TABLE_FIELDS, { "TYPE", 0x3 },
	       { "ADDRESS", 0x0000fffffffff000 },
	       { "PXNTable", 0x0800000000000000 },
	       { "UXNTable", 0x1000000000000000 },
	       { "APTable", 0x6000000000000000 },
	       { "NSTable", 0x8000000000000000 });
	EXPECT(ARM_S2_TABLE_FIELDS, { "TYPE", 0x3 },
	       { "ADDRESS", 0x0000fffffffff000 });
	EXPECT(ARM_TTBR52_FIELDS, { "CNP", 0x1 }, { "HIGH", 0x3c },
	       { "BADDR", 0x0000ffffffffffc0 },
	       { "ASID", 0xffff000000000000 });
	EXPECT(ARM_ADDRESS52_FIELDS, { "HIGH", 0xf000 },
	       { "LOW", 0x0000ffffffff0000 });
	EXPECT(ARM_S1_LEAF_FIELDS, { "TYPE", 0x3 }, { "AttrIndx", 0x1c },
	       { "NS", 0x20 }, { "AP", 0xc0 }, { "SH", 0x300 },
	       { "AF", 0x400 }, { "nG", 0x800 },
	       { "ADDRESS", 0x0000fffffffff000 },
	       { "DBM", 0x0008000000000000 },
	       { "Contiguous", 0x0010000000000000 },
	       { "PXN", 0x0020000000000000 }, { "UXN", 0x0040000000000000 },
	       { "Software", 0x0780000000000000 });
	EXPECT(ARM_S2_LEAF_FIELDS, { "TYPE", 0x3 }, { "MemAttr", 0x3c },
	       { "S2AP", 0xc0 }, { "SH", 0x300 }, { "AF", 0x400 },
	       { "ADDRESS", 0x0000fffffffff000 },
	       { "DBM", 0x0008000000000000 },
	       { "Contiguous", 0x0010000000000000 },
	       { "XN", 0x0060000000000000 },
	       { "Software", 0x0780000000000000 });
}

/* MRS and MSR words: op0 in bits 20:19 down to op2 in 7:5. */
static void register_encodings(void **state)
{
	static const struct {
		enum arm_sysreg reg;
		uint32_t msr_x0;
	} cases[] = {
		{ ARM_SCTLR_EL1, 0xd5181000 }, { ARM_TTBR0_EL1, 0xd5182000 },
		{ ARM_TTBR1_EL1, 0xd5182020 }, { ARM_TCR_EL1, 0xd5182040 },
		{ ARM_PAR_EL1, 0xd5187400 },   { ARM_MAIR_EL1, 0xd518a200 },
		{ ARM_HCR_EL2, 0xd51c1100 },   { ARM_VTTBR_EL2, 0xd51c2100 },
		{ ARM_VTCR_EL2, 0xd51c2140 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(0xd5000000 | (uint32_t)cases[i].reg << 5,
				 cases[i].msr_x0);
}

static const struct arm_granule *const g4k = &arm_granules[ARM_GRANULE_4K];
static const struct arm_granule *const g16k = &arm_granules[ARM_GRANULE_16K];
static const struct arm_granule *const g64k = &arm_granules[ARM_GRANULE_64K];

static struct arm_range range_of(const struct arm_granule *granule,
				 uint8_t pa_bits)
{
	struct arm_regime regime = { .pa_bits = pa_bits };
	struct arm_range range = { .level = 0 };

	arm_range_set_granule(&range, &regime, granule);
	return range;
}

/* The levels that have blocks, 0 to 2, and none of the others: D8.3.1. */
static void block_levels(void **state)
{
	static const struct {
		unsigned int granule;
		uint8_t pa_bits;
		bool block[4];
	} cases[] = {
		{ ARM_GRANULE_4K, 48, { false, true, true, false } },
		{ ARM_GRANULE_4K, 52, { false, true, true, false } },
		{ ARM_GRANULE_16K, 48, { false, false, true, false } },
		{ ARM_GRANULE_16K, 52, { false, false, true, false } },
		{ ARM_GRANULE_64K, 48, { false, false, true, false } },
		{ ARM_GRANULE_64K, 52, { false, true, true, false } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arm_range range =
			range_of(&arm_granules[cases[i].granule],
				 cases[i].pa_bits);

		for (int level = 0; level <= 3; level++)
			assert_int_equal(
				arm_descriptor_kind(&range, 0x40000701, level),
				cases[i].block[level] ?
					ARM_DESCRIPTOR_LEAF :
					ARM_DESCRIPTOR_INVALID);
	}
}

/* TG0: 4K, 64K, 16K; TG1: (reserved), 16K, 4K, 64K. */
static void granule_encodings(void **state)
{
	const struct arm_granule *const tg0[4] = { g4k, g64k, g16k, g4k };
	const struct arm_granule *const tg1[4] = { g4k, g16k, g4k, g64k };

	(void)state;
	for (uint64_t i = 0; i < 4; i++) {
		assert_ptr_equal(arm_granule_tg0(i), tg0[i]);
		assert_ptr_equal(arm_granule_tg1(i), tg1[i]);
		assert_ptr_equal(arm_granule_of_va(i << 14, 0x1000), tg0[i]);
		assert_ptr_equal(arm_granule_of_va(i << 30, UINT64_MAX),
				 tg1[i]);
	}
}

static void granule_shapes(void **state)
{
	/* Address bits below an entry and below a table of levels 0 to 3, and
	 * entries of a contiguous run. 64K has no level 0. */
	static const struct {
		unsigned int shift[4], range[4], run[4];
	} want[3] = {
		{ { 39, 30, 21, 12 }, { 48, 39, 30, 21 }, { 1, 16, 16, 16 } },
		{ { 47, 36, 25, 14 }, { 58, 47, 36, 25 }, { 1, 1, 32, 128 } },
		{ { 0, 42, 29, 16 }, { 0, 55, 42, 29 }, { 1, 32, 32, 32 } },
	};

	(void)state;
	for (unsigned int g = 0; g < 3; g++)
		for (unsigned int level = g == 2; level < 4; level++) {
			const struct arm_granule *it = &arm_granules[g];

			assert_int_equal(it->shift[level],
					 want[g].shift[level]);
			assert_int_equal(it->range[level],
					 want[g].range[level]);
			assert_int_equal(1 << it->contiguous[level],
					 want[g].run[level]);
		}
}

static void descriptor_kinds(void **state)
{
	const struct arm_range range = range_of(g4k, 48);

	/* By level 0 to 3, for bits 1:0 of 0 to 3. */
	static const enum arm_descriptor_kind want[4][4] = {
		{ ARM_DESCRIPTOR_INVALID, ARM_DESCRIPTOR_INVALID,
		  ARM_DESCRIPTOR_INVALID, ARM_DESCRIPTOR_TABLE },
		{ ARM_DESCRIPTOR_INVALID, ARM_DESCRIPTOR_LEAF,
		  ARM_DESCRIPTOR_INVALID, ARM_DESCRIPTOR_TABLE },
		{ ARM_DESCRIPTOR_INVALID, ARM_DESCRIPTOR_LEAF,
		  ARM_DESCRIPTOR_INVALID, ARM_DESCRIPTOR_TABLE },
		{ ARM_DESCRIPTOR_INVALID, ARM_DESCRIPTOR_INVALID,
		  ARM_DESCRIPTOR_INVALID, ARM_DESCRIPTOR_LEAF },
	};

	(void)state;
	for (int level = 0; level <= 3; level++)
		for (unsigned int type = 0; type < 4; type++)
			assert_int_equal(
				arm_descriptor_kind(&range, 0x40000ffc | type,
						    level),
				want[level][type]);
}

static void descriptor_addresses(void **state)
{
	/* Of a word of ones: a table's, and leaves' of levels 1 to 3. */
	static const struct {
		unsigned int granule;
		uint8_t pa_bits;
		uint64_t table, leaf[4];
	} cases[] = {
		{ ARM_GRANULE_4K, 48, 0x0000fffffffff000,
		  { 0, 0x0000ffffc0000000, 0x0000ffffffe00000,
		    0x0000fffffffff000 } },
		{ ARM_GRANULE_4K, 52, 0x0000fffffffff000,
		  { 0, 0x0000ffffc0000000, 0x0000ffffffe00000,
		    0x0000fffffffff000 } },
		{ ARM_GRANULE_16K, 48, 0x0000ffffffffc000,
		  { 0, 0, 0x0000fffffe000000, 0x0000ffffffffc000 } },
		{ ARM_GRANULE_64K, 48, 0x0000ffffffff0000,
		  { 0, 0, 0x0000ffffe0000000, 0x0000ffffffff0000 } },
		{ ARM_GRANULE_64K, 52, 0x000fffffffff0000,
		  { 0, 0x000ffc0000000000, 0x000fffffe0000000,
		    0x000fffffffff0000 } },
	};
	struct arm_range wide = range_of(g64k, 52);

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct arm_granule *g = &arm_granules[cases[i].granule];
		struct arm_range range = range_of(g, cases[i].pa_bits);

		assert_true(arm_table_address(&range, UINT64_MAX) ==
			    cases[i].table);
		for (int level = 1; level < 4; level++)
			if (cases[i].leaf[level])
				assert_true(arm_leaf_address(&range, UINT64_MAX,
							     g->shift[level]) ==
					    cases[i].leaf[level]);
	}
	/* Bits 15:12 are 51:48. */
	assert_true(arm_table_address(&wide, 0x000000004000a003) ==
		    0x000a000040000000);
}

/* The list that `walk` prints is the one for the descriptor at hand. */
static void field_lists(void **state)
{
	static const struct {
		unsigned int stage;
		uint64_t raw;
		int level;
		const char *second; /* name of the second field, if any */
		size_t count;
	} cases[] = {
		{ 1, 0x40000003, 2, "ADDRESS", 6 },
		{ 2, 0x40000003, 2, "ADDRESS", 2 },
		{ 1, 0x40000001, 2, "AttrIndx", 13 },
		{ 2, 0x40000003, 3, "MemAttr", 10 },
		{ 2, 0x40000001, 3, NULL, 1 },
		{ 1, 0, 0, NULL, 1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct arm_range range = range_of(g4k, 48);
		const struct arm_field *fields = arm_descriptor_fields(
			cases[i].stage,
			arm_descriptor_kind(&range, cases[i].raw,
					    cases[i].level));
		size_t count = 0;

		while (fields[count].name)
			count++;
		assert_int_equal(count, cases[i].count);
		assert_string_equal(fields[0].name, "TYPE");
		if (cases[i].second)
			assert_string_equal(fields[1].name, cases[i].second);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(system_registers),
		cmocka_unit_test(descriptors),
		cmocka_unit_test(register_encodings),
		cmocka_unit_test(descriptor_kinds),
		cmocka_unit_test(block_levels),
		cmocka_unit_test(granule_encodings),
		cmocka_unit_test(granule_shapes),
		cmocka_unit_test(descriptor_addresses),
		cmocka_unit_test(field_lists),
	};

	return cmocka_run_group_tests_name("arm_regs_layout", tests, NULL,
					   NULL);
}
