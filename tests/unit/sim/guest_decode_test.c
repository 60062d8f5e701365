/* SPDX-License-Identifier: BSD-2-Clause */
/* Words as the assembler made them, and what they touch. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/guest/decode.h"

/* Xn holds 0x1000 * (n + 1), SP 0x100000. */
static uint64_t reg(void *context, unsigned int number)
{
	(void)context;
	return number == 31 ? 0x100000 : 0x1000 * (uint64_t)(number + 1);
}

#define PC UINT64_C(0x40080000)

static void addresses_sizes_and_counts(void **state)
{
	static const struct {
		const char *insn;
		uint32_t word;
		uint64_t va;
		uint32_t bytes, count;
	} cases[] = {
		{ "ldr x1, [x10, #8]", 0xf9400541, 0xb008, 8, 1 },
		{ "ldrb w1, [x10, x11]", 0x386b6941, 0x17000, 1, 1 },
		{ "ldr x1, [x10, w12, uxtw #3]", 0xf86c5941, 0x73000, 8, 1 },
		{ "str q0, [x10, #48]", 0x3d800d40, 0xb030, 8, 2 },
		{ "ldr x1, [sp], #16", 0xf84107e1, 0x100000, 8, 1 },
		{ "str w1, [sp, #-16]!", 0xb81f0fe1, 0xffff0, 4, 1 },
		{ "stp w6, w7, [x10, #24]", 0x29031d46, 0xb018, 4, 2 },
		{ "ldp q0, q1, [x10], #32", 0xacc10540, 0xb000, 8, 4 },
		{ "ldpsw x1, x2, [x10, #12]", 0x69418941, 0xb00c, 4, 2 },
		{ "ldxp w1, w2, [x10]", 0x887f0941, 0xb000, 8, 1 },
		{ "ldaxp x1, x2, [x10]", 0xc87f8941, 0xb000, 8, 2 },
		{ "casp x2, x3, x4, x5, [x10]", 0x48227d44, 0xb000, 8, 2 },
		{ "cas w1, w2, [x10]", 0x88a17d42, 0xb000, 4, 1 },
		{ "ldadd x1, x2, [x10]", 0xf8210142, 0xb000, 8, 1 },
		{ "ldadda x1, x2, [x10]", 0xf8a10142, 0xb000, 8, 1 },
		{ "ld1 {v0.16b-v1.16b}, [x10]", 0x4c40a140, 0xb000, 8, 4 },
		{ "ld2 {v0.4s-v1.4s}, [x10], #32", 0x4cdf8940, 0xb000, 4, 8 },
		{ "st1 {v0.h}[2], [x10]", 0x0d005140, 0xb000, 2, 1 },
		{ "ld4r {v0.4s-v3.4s}, [x10]", 0x4d60e940, 0xb000, 4, 4 },
		{ "ldr x1, .+8", 0x58000041, PC + 8, 8, 1 },
		{ "ldr w1, .-4", 0x18ffffe1, PC - 4, 4, 1 },
		{ "ldtr x1, [x10, #-8]", 0xf85f8941, 0xaff8, 8, 1 },
		{ "dc zva, x10", 0xd50b742a, 0xb000, 64, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct insn_access a = { 0 };

		if (!insn_decode_access(cases[i].word, PC, reg, NULL, &a) ||
		    a.va != cases[i].va || a.bytes != cases[i].bytes ||
		    a.count != cases[i].count)
			fail_msg("%s: 0x%llx, %u of %u bytes", cases[i].insn,
				 (unsigned long long)a.va, a.count, a.bytes);
	}
}

/* What SCTLR_EL1.A asks for: the register of vectors, the element of lanes. */
static void alignment_is_of_the_access(void **state)
{
	static const struct {
		const char *insn;
		uint32_t word, align;
	} cases[] = {
		{ "ldrb w1, [x10, x11]", 0x386b6941, 1 },
		{ "ldr x1, [x10, #8]", 0xf9400541, 8 },
		{ "str q0, [x10, #48]", 0x3d800d40, 16 },
		{ "ldp q0, q1, [x10], #32", 0xacc10540, 16 },
		{ "ldpsw x1, x2, [x10, #12]", 0x69418941, 4 },
		{ "ldaxp x1, x2, [x10]", 0xc87f8941, 16 },
		{ "ld1 {v0.16b-v1.16b}, [x10]", 0x4c40a140, 1 },
		{ "ld2 {v0.4s-v1.4s}, [x10], #32", 0x4cdf8940, 4 },
		{ "st1 {v0.h}[2], [x10]", 0x0d005140, 2 },
		{ "ld4r {v0.4s-v3.4s}, [x10]", 0x4d60e940, 4 },
		{ "dc zva, x10", 0xd50b742a, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct insn_access a = { 0 };

		insn_decode_access(cases[i].word, PC, reg, NULL, &a);
		if (a.align != cases[i].align)
			fail_msg("%s: %u", cases[i].insn, a.align);
	}
}

static void what_touches_nothing_is_told_apart(void **state)
{
	static const struct {
		const char *insn;
		uint32_t word;
	} cases[] = {
		{ "prfm pldl1keep, [x10]", 0xf9800140 },
		{ "prfum pldl1keep, [x10, #-8]", 0xf89f8140 },
		{ "prfm pldl1keep, [x10, x11]", 0xf8ab6940 },
		{ "prfm pldl1keep, .+8", 0xd8000040 },
		{ "add x0, x1, x2", 0x8b020020 },
		{ "fmov d0, x0", 0x9e670000 },
		{ "b .", 0x14000000 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct insn_access a;

		if (insn_decode_access(cases[i].word, PC, reg, NULL, &a))
			fail_msg("%s", cases[i].insn);
	}
}

static void kinds_are_told_apart(void **state)
{
	static const struct {
		const char *insn;
		uint32_t word;
		unsigned int kind;
	} cases[] = {
		{ "dmb ish", 0xd5033bbf, INSN_DMB },
		{ "dmb sy", 0xd5033fbf, INSN_DMB },
		{ "dsb ishst", 0xd5033a9f, INSN_DSB },
		{ "isb", 0xd5033fdf, INSN_ISB },
		{ "clrex", 0xd5033f5f, 0 },
		{ "eret", 0xd69f03e0, INSN_ERET },
		{ "ret", 0xd65f03c0, 0 },
		{ "wfi", 0xd503207f, INSN_WFI },
		{ "wfe", 0xd503205f, INSN_YIELD },
		{ "yield", 0xd503203f, INSN_YIELD },
		{ "nop", 0xd503201f, 0 },
		{ "ldxr x8, [x20]", 0xc85f7e88, INSN_EXCL },
		{ "stxr w9, x8, [x20]", 0xc8097e88, INSN_EXCL },
		{ "ldaxp x1, x2, [x10]", 0xc87f8941, INSN_EXCL },
		{ "casp x2, x3, x4, x5, [x10]", 0x48227d44, 0 },
		{ "cas w1, w2, [x10]", 0x88a17d42, 0 },
		{ "ldar x1, [x10]", 0xc8dffd41, INSN_ORDERED },
		{ "stlrh w1, [x10]", 0x489ffd41, INSN_ORDERED },
		{ "stllr x1, [x10]", 0xc89f7d41, INSN_ORDERED },
		{ "ldapr w1, [x10]", 0xb8bfc141, INSN_ORDERED },
		{ "ldapur x1, [x10, #8]", 0xd9408141, INSN_ORDERED },
		{ "stlxr w2, x1, [x10]", 0xc802fd41, INSN_EXCL },
		{ "swp w1, w2, [x10]", 0xb8218142, 0 },
		{ "ldtr x1, [x10, #-8]", 0xf85f8941, INSN_UNPRIV },
		{ "sttrb w1, [x10, #3]", 0x38003941, INSN_UNPRIV },
		{ "ldr x1, [x10], #8", 0xf8408541, 0 },
		{ "ldr x1, [x10, x11]", 0xf86b6941, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (insn_kind(cases[i].word) != cases[i].kind)
			fail_msg("%s", cases[i].insn);
	}
}

static void vector_instructions_are_told_apart(void **state)
{
	(void)state;
	assert_true(insn_is_fp(0x9e670000));  /* fmov d0, x0 */
	assert_true(insn_is_fp(0x4ea01c00));  /* mov v0.16b, v0.16b */
	assert_true(insn_is_fp(0x3d800d40));  /* str q0, [x10, #48] */
	assert_true(insn_is_fp(0xd51b4400));  /* msr fpcr, x0 */
	assert_false(insn_is_fp(0xf9400541)); /* ldr x1, [x10, #8] */
	assert_false(insn_is_fp(0x8b020020)); /* add x0, x1, x2 */
	assert_false(insn_is_fp(0x9ac14800)); /* crc32 w0, w0, w1's kin */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_sizes_and_counts),
		cmocka_unit_test(alignment_is_of_the_access),
		cmocka_unit_test(what_touches_nothing_is_told_apart),
		cmocka_unit_test(kinds_are_told_apart),
		cmocka_unit_test(vector_instructions_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
