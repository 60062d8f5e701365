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
	       { "DC", 0x1000 }, { "TGE", 0x8000000 }, { "CD", 0x100000000 },
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

static void descriptor_kinds(void **state)
{
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
				arm_descriptor_kind(0x40000ffc | type, level),
				want[level][type]);
}

static void descriptor_addresses(void **state)
{
	(void)state;
	assert_true(arm_table_address(UINT64_MAX) == 0x0000fffffffff000);
	assert_true(arm_leaf_address(UINT64_MAX, 3) == 0x0000fffffffff000);
	assert_true(arm_leaf_address(UINT64_MAX, 2) == 0x0000ffffffe00000);
	assert_true(arm_leaf_address(UINT64_MAX, 1) == 0x0000ffffc0000000);
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
		const struct arm_field *fields = arm_descriptor_fields(
			cases[i].stage, cases[i].raw, cases[i].level);
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
		cmocka_unit_test(descriptor_addresses),
		cmocka_unit_test(field_lists),
	};

	return cmocka_run_group_tests_name("arm_regs_layout", tests, NULL,
					   NULL);
}
