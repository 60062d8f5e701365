/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The programs that tests of sim/guest run, as words with their source.
 */
#ifndef TESTS_UNIT_SIM_GUEST_PROGRAMS_H
#define TESTS_UNIT_SIM_GUEST_PROGRAMS_H

#include "tests/unit/sim/guest_bench.h"

/* MMU on (one 1 GiB block); then every way to touch memory. */
static const uint32_t reports_0[] = {
	0xd2a8013c, /* mov x28, #0x40090000 */
	0xd280e020, /* mov x0, #0x701 */
	0xf2a80000, /* movk x0, #0x4000, lsl #16 */
	0xf9000780, /* str x0, [x28, #8] */
	0xd2801fe0, /* mov x0, #0xff */
	0xd518a200, /* msr mair_el1, x0 */
	0xd286a320, /* mov x0, #0x3519 */
	0xf2a01000, /* movk x0, #0x80, lsl #16 */
	0xd5182040, /* msr tcr_el1, x0 */
	0xd518201c, /* msr ttbr0_el1, x28 */
	0xd508871f, /* tlbi vmalle1 */
	0xd5033f9f, /* dsb sy */
	0xd5033fdf, /* isb */
	0xd28200a0, /* mov x0, #0x1005 */
	0xd5181000, /* msr sctlr_el1, x0 */
	0xd5033fdf, /* isb */
	0xd2a80154, /* mov x20, #0x400a0000 */
	0xd28000a2, /* mov x2, #0x5 */
	0xd2800221, /* mov x1, #0x11 */
	0x913ff283, /* add x3, x20, #0xffc */
	0xf9400064, /* ldr x4, [x3] */
	0xf9000061, /* str x1, [x3] */
	0x910ff285, /* add x5, x20, #0x3fc */
	0xf94000a4, /* ldr x4, [x5] */
	0xa9411e86, /* ldp x6, x7, [x20, #16] */
	0x29031e86, /* stp w6, w7, [x20, #24] */
	0xc85f7e88, /* ldxr x8, [x20] */
	0xc8097e88, /* stxr w9, x8, [x20] */
	0xf8220288, /* ldadd x2, x8, [x20] */
	0xd5033bbf, /* dmb ish */
	0x39000681, /* strb w1, [x20, #1] */
	0xd5033f9f, /* dsb sy */
	0xd50b7434, /* dc zva, x20 */
	0x79400688, /* ldrh w8, [x20, #2] */
	0xf9800280, /* prfm pldl1keep, [x20] */
	0xd2800300, /* mov x0, #0x18 */
	0x10000041, /* adr x1, 40080098 */
	0xd45e0000, /* hlt #0xf000 */
	0x00020026, 0x00000000, 0x00000007, 0x00000000,
};
static const struct piece program_reports[] = {
	PIECE(0x40080000, reports_0),
	{ 0, NULL, 0 },
};

/* MMU off; loads and stores where nothing is. The handler notes FAR_EL1 and
 * ESR_EL1 and goes on behind the instruction. */
static const uint32_t far_0[] = {
	0x10004009, /* adr x9, 40080800 */
	0xd518c009, /* msr vbar_el1, x9 */
	0xd2a00609, /* mov x9, #0x300000 */
	0xd5181049, /* msr cpacr_el1, x9 */
	0xd5033fdf, /* isb */
	0xd2a80154, /* mov x20, #0x400a0000 */
	0xd284000a, /* mov x10, #0x2000 */
	0xd280080b, /* mov x11, #0x40 */
	0xd28000ac, /* mov x12, #0x5 */
	0x928001ed, /* mov x13, #0xfffffffffffffff0 */
	0xf9400541, /* ldr x1, [x10, #8] */
	0x386b6941, /* ldrb w1, [x10, x11] */
	0xf86c5941, /* ldr x1, [x10, w12, uxtw #3] */
	0xb86dc941, /* ldr w1, [x10, w13, sxtw] */
	0xa9be0941, /* stp x1, x2, [x10, #-32]! */
	0xf8408541, /* ldr x1, [x10], #8 */
	0xb81fc141, /* stur w1, [x10, #-4] */
	0xc85f7d41, /* ldxr x1, [x10] */
	0xc87f8941, /* ldaxp x1, x2, [x10] */
	0xf8210142, /* ldadd x1, x2, [x10] */
	0xc8a17d42, /* cas x1, x2, [x10] */
	0x88dffd41, /* ldar w1, [x10] */
	0x489ffd41, /* stlrh w1, [x10] */
	0xf85f8941, /* ldtr x1, [x10, #-8] */
	0x38003941, /* sttrb w1, [x10, #3] */
	0x3d800d40, /* str q0, [x10, #48] */
	0xad7e0540, /* ldp q0, q1, [x10, #-64] */
	0x4c40ad40, /* ld1 {v0.2d, v1.2d}, [x10] */
	0x4cdf8940, /* ld2 {v0.4s, v1.4s}, [x10], #32 */
	0x0d005140, /* st1 {v0.h}[2], [x10] */
	0x4d60e940, /* ld4r {v0.4s-v3.4s}, [x10] */
	0x69418941, /* ldpsw x1, x2, [x10, #12] */
	0xb9801941, /* ldrsw x1, [x10, #24] */
	0xd50b742b, /* dc zva, x11 */
	0xd2a87fea, /* mov x10, #0x43ff0000 */
	0xf29fff0a, /* movk x10, #0xfff8 */
	0xa9400941, /* ldp x1, x2, [x10] */
	0xa9000941, /* stp x1, x2, [x10] */
	0xd2800300, /* mov x0, #0x18 */
	0x10000061, /* adr x1, 400800a8 */
	0xd45e0000, /* hlt #0xf000 */
	0xd503201f, /* nop */
	0x00020026,
};
static const uint32_t far_1[] = {
	0xd5386015, /* mrs x21, far_el1 */
	0xd5384036, /* mrs x22, elr_el1 */
	0xd5385217, /* mrs x23, esr_el1 */
	0xa8815e95, /* stp x21, x23, [x20], #16 */
	0x910012d6, /* add x22, x22, #0x4 */
	0xd5184036, /* msr elr_el1, x22 */
	0xd69f03e0, /* eret */
};
static const struct piece program_far[] = {
	PIECE(0x40080000, far_0),
	PIECE(0x40080a00, far_1),
	{ 0, NULL, 0 },
};

/* Ten pages that are one frame, stored to in one block; then code changed
 * through another address. */
static const uint32_t alias_0[] = {
	0xd2a8013c, /* mov x28, #0x40090000 */
	0xd280e020, /* mov x0, #0x701 */
	0xf2a80000, /* movk x0, #0x4000, lsl #16 */
	0xf9000780, /* str x0, [x28, #8] */
	0xd2801fe0, /* mov x0, #0xff */
	0xd518a200, /* msr mair_el1, x0 */
	0xd286a320, /* mov x0, #0x3519 */
	0xf2a01000, /* movk x0, #0x80, lsl #16 */
	0xd5182040, /* msr tcr_el1, x0 */
	0xd518201c, /* msr ttbr0_el1, x28 */
	0xd508871f, /* tlbi vmalle1 */
	0xd5033f9f, /* dsb sy */
	0xd5033fdf, /* isb */
	0xd28200a0, /* mov x0, #0x1005 */
	0xd5181000, /* msr sctlr_el1, x0 */
	0xd5033fdf, /* isb */
	0xd2a80121, /* mov x1, #0x40090000 */
	0xf2820061, /* movk x1, #0x1003 */
	0xf9000381, /* str x1, [x28] */
	0xd2a80121, /* mov x1, #0x40090000 */
	0xf2840061, /* movk x1, #0x2003 */
	0xd1400422, /* sub x2, x1, #0x1, lsl #12 */
	0x927ef442, /* and x2, x2, #0xfffffffffffffffc */
	0xf9000041, /* str x1, [x2] */
	0xd2a80143, /* mov x3, #0x400a0000 */
	0xf280e063, /* movk x3, #0x703 */
	0x91400442, /* add x2, x2, #0x1, lsl #12 */
	0xd2800144, /* mov x4, #0xa */
	0xf8008443, /* str x3, [x2], #8 */
	0xd1000484, /* sub x4, x4, #0x1 */
	0xb5ffffc4, /* cbnz x4, 40080070 */
	0xd2a80103, /* mov x3, #0x40080000 */
	0xf280e063, /* movk x3, #0x703 */
	0xf9000043, /* str x3, [x2] */
	0xd5033f9f, /* dsb sy */
	0xd5033fdf, /* isb */
	0xd2800000, /* mov x0, #0x0 */
	0xd2800021, /* mov x1, #0x1 */
	0xf9000401, /* str x1, [x0, #8] */
	0x91400400, /* add x0, x0, #0x1, lsl #12 */
	0x91000421, /* add x1, x1, #0x1 */
	0xf9000801, /* str x1, [x0, #16] */
	0x91400400, /* add x0, x0, #0x1, lsl #12 */
	0x91000421, /* add x1, x1, #0x1 */
	0xf9000c01, /* str x1, [x0, #24] */
	0x91400400, /* add x0, x0, #0x1, lsl #12 */
	0x91000421, /* add x1, x1, #0x1 */
	0xf9001001, /* str x1, [x0, #32] */
	0x91400400, /* add x0, x0, #0x1, lsl #12 */
	0x91000421, /* add x1, x1, #0x1 */
	0xf9001401, /* str x1, [x0, #40] */
	0x91400400, /* add x0, x0, #0x1, lsl #12 */
	0x91000421, /* add x1, x1, #0x1 */
	0x913fe002, /* add x2, x0, #0xff8 */
	0xa9000441, /* stp x1, x1, [x2] */
	0x91400800, /* add x0, x0, #0x2, lsl #12 */
	0x91000421, /* add x1, x1, #0x1 */
	0xf9002001, /* str x1, [x0, #64] */
	0x91400400, /* add x0, x0, #0x1, lsl #12 */
	0x91000421, /* add x1, x1, #0x1 */
	0xf9002401, /* str x1, [x0, #72] */
	0x91400400, /* add x0, x0, #0x1, lsl #12 */
	0x91000421, /* add x1, x1, #0x1 */
	0xf9002801, /* str x1, [x0, #80] */
	0x91400400, /* add x0, x0, #0x1, lsl #12 */
	0x91000421, /* add x1, x1, #0x1 */
	0xd281ff82, /* mov x2, #0xffc */
	0xf9400045, /* ldr x5, [x2] */
	0xf841c045, /* ldur x5, [x2, #28] */
	0xd2a80174, /* mov x20, #0x400b0000 */
	0xf9000685, /* str x5, [x20, #8] */
	0xd2800013, /* mov x19, #0x0 */
	0x9400001f, /* bl 4008019c */
	0xaa0003f3, /* mov x19, x0 */
	0x100003e2, /* adr x2, 400801a4 */
	0xd2bfffe4, /* mov x4, #0xffff0000 */
	0x10000363, /* adr x3, 4008019c */
	0xd2940005, /* mov x5, #0xa000 */
	0x92402c66, /* and x6, x3, #0xfff */
	0xaa0600a5, /* orr x5, x5, x6 */
	0xb9400046, /* ldr w6, [x2] */
	0xb90000a6, /* str w6, [x5] */
	0xd50b7b25, /* dc cvau, x5 */
	0xd5033b9f, /* dsb ish */
	0xd50b7523, /* ic ivau, x3 */
	0xd5033b9f, /* dsb ish */
	0xd5033fdf, /* isb */
	0x94000010, /* bl 4008019c */
	0x8b002273, /* add x19, x19, x0, lsl #8 */
	0xb9400446, /* ldr w6, [x2, #4] */
	0xb90000a6, /* str w6, [x5] */
	0xd50b7b25, /* dc cvau, x5 */
	0xd5033b9f, /* dsb ish */
	0xd50b7523, /* ic ivau, x3 */
	0xd5033b9f, /* dsb ish */
	0xd5033fdf, /* isb */
	0x94000007, /* bl 4008019c */
	0x8b004273, /* add x19, x19, x0, lsl #16 */
	0xd2a80174, /* mov x20, #0x400b0000 */
	0xf9000293, /* str x19, [x20] */
	0xd2800300, /* mov x0, #0x18 */
	0x100000e1, /* adr x1, 400801b0 */
	0xd45e0000, /* hlt #0xf000 */
	0xd2800020, /* mov x0, #0x1 */
	0xd65f03c0, /* ret */
	0xd2800040, /* mov x0, #0x2 */
	0xd2800060, /* mov x0, #0x3 */
	0xd503201f, /* nop */
	0x00020026,
};
static const struct piece program_alias[] = {
	PIECE(0x40080000, alias_0),
	{ 0, NULL, 0 },
};

/* Exceptions from EL1 and EL0. The handler notes ESR, ELR, SPSR, its vector,
 * SP and x2. */
static const uint32_t el0_0[] = {
	0x10004009, /* adr x9, 40080800 */
	0xd518c009, /* msr vbar_el1, x9 */
	0xd2a80154, /* mov x20, #0x400a0000 */
	0xd28a0001, /* mov x1, #0x5000 */
	0x9100003f, /* mov sp, x1 */
	0xd28c0001, /* mov x1, #0x6000 */
	0xd5184101, /* msr sp_el0, x1 */
	0xd4000061, /* svc #0x3 */
	0xd42000a0, /* brk #0x5 */
	0x00000000, /* udf #0 */
	0xd4000022, /* hvc #0x1 */
	0xd5380001, /* mrs x1, midr_el1 */
	0xd2800001, /* mov x1, #0x0 */
	0xd5184001, /* msr spsr_el1, x1 */
	0x10000061, /* adr x1, 40080044 */
	0xd5184021, /* msr elr_el1, x1 */
	0xd69f03e0, /* eret */
	0x910003e2, /* mov x2, sp */
	0xd4000121, /* svc #0x9 */
	0x910003e2, /* mov x2, sp */
	0xd4000002, /* hvc #0x0 */
	0xd5382001, /* mrs x1, ttbr0_el1 */
	0xd50b7a34, /* dc cvac, x20 */
	0xd53b0021, /* mrs x1, ctr_el0 */
	0x50ffff21, /* adr x1, 40080046 */
	0xd61f0020, /* br x1 */
	0xd2800400, /* mov x0, #0x20 */
	0x10000061, /* adr x1, 40080078 */
	0xd45e0000, /* hlt #0xf000 */
	0xd503201f, /* nop */
	0x00020026, 0x00000000, 0x00000003,
};
static const uint32_t el0_1[] = {
	0xd2804018, /* mov x24, #0x200 */
	0x14000080, /* b 40080c04 */
};
static const uint32_t el0_2[] = {
	0xd2808018, /* mov x24, #0x400 */
	0xd5385215, /* mrs x21, esr_el1 */
	0xd5384036, /* mrs x22, elr_el1 */
	0xd5384017, /* mrs x23, spsr_el1 */
	0x910003f9, /* mov x25, sp */
	0xa8815a95, /* stp x21, x22, [x20], #16 */
	0xa8816297, /* stp x23, x24, [x20], #16 */
	0xa8810a99, /* stp x25, x2, [x20], #16 */
	0xd35afeb5, /* lsr x21, x21, #26 */
	0xf10056bf, /* cmp x21, #0x15 */
	0x540000c0, /* b.eq 40080c40 */
	0xf1008abf, /* cmp x21, #0x22 */
	0x54000041, /* b.ne 40080c38 */
	0x10ffa196, /* adr x22, 40080064 */
	0x910012d6, /* add x22, x22, #0x4 */
	0xd5184036, /* msr elr_el1, x22 */
	0xd69f03e0, /* eret */
};
static const struct piece program_el0[] = {
	PIECE(0x40080000, el0_0),
	PIECE(0x40080a00, el0_1),
	PIECE(0x40080c00, el0_2),
	{ 0, NULL, 0 },
};

/* CPU 1 is started by PSCI; both count to 1000 with exclusives. */
static const uint32_t smp_0[] = {
	0xd2a80154, /* mov x20, #0x400a0000 */
	0xd2800060, /* mov x0, #0x3 */
	0xf2b88000, /* movk x0, #0xc400, lsl #16 */
	0xd2800021, /* mov x1, #0x1 */
	0x10000302, /* adr x2, 40080070 */
	0xd2800ee3, /* mov x3, #0x77 */
	0xd4000002, /* hvc #0x0 */
	0xf9000a80, /* str x0, [x20, #16] */
	0xd503205f, /* wfe */
	0xf9400281, /* ldr x1, [x20] */
	0xb4ffffc1, /* cbz x1, 40080020 */
	0xd53800a1, /* mrs x1, mpidr_el1 */
	0xf9000e81, /* str x1, [x20, #24] */
	0xd2803e85, /* mov x5, #0x1f4 */
	0x91008286, /* add x6, x20, #0x20 */
	0xc85f7cc1, /* ldxr x1, [x6] */
	0x91000421, /* add x1, x1, #0x1 */
	0x91008286, /* add x6, x20, #0x20 */
	0xc8027cc1, /* stxr w2, x1, [x6] */
	0x35ffff62, /* cbnz w2, 40080038 */
	0xd10004a5, /* sub x5, x5, #0x1 */
	0xb5ffff25, /* cbnz x5, 40080038 */
	0xf9401281, /* ldr x1, [x20, #32] */
	0xf10fa03f, /* cmp x1, #0x3e8 */
	0x54ffffc1, /* b.ne 40080058 */
	0xd2800300, /* mov x0, #0x18 */
	0x10000201, /* adr x1, 400800a8 */
	0xd45e0000, /* hlt #0xf000 */
	0xd2a80154, /* mov x20, #0x400a0000 */
	0xf9000280, /* str x0, [x20] */
	0xd53800a1, /* mrs x1, mpidr_el1 */
	0xf9000681, /* str x1, [x20, #8] */
	0x91008286, /* add x6, x20, #0x20 */
	0xd2803e85, /* mov x5, #0x1f4 */
	0xc85f7cc1, /* ldxr x1, [x6] */
	0x91000421, /* add x1, x1, #0x1 */
	0xc8027cc1, /* stxr w2, x1, [x6] */
	0x35ffffa2, /* cbnz w2, 40080088 */
	0xd10004a5, /* sub x5, x5, #0x1 */
	0xb5ffff65, /* cbnz x5, 40080088 */
	0xd503207f, /* wfi */
	0x17ffffff, /* b 400800a0 */
	0x00020026,
};
static const struct piece program_smp[] = {
	PIECE(0x40080000, smp_0),
	{ 0, NULL, 0 },
};

/* At EL0 under a kernel. */
static const uint32_t user_0[] = {
	0xd2824681, /* mov x1, #0x1234 */
	0xd51bd041, /* msr tpidr_el0, x1 */
	0xf9000801, /* str x1, [x0, #16] */
	0xf9400802, /* ldr x2, [x0, #16] */
	0x00000000, /* udf #0 */
	0xd2800548, /* mov x8, #0x2a */
	0xd4000001, /* svc #0x0 */
	0xd53be003, /* mrs x3, cntfrq_el0 */
	0x9e670020, /* fmov d0, x1 */
	0xd2800ba8, /* mov x8, #0x5d */
	0xd4000001, /* svc #0x0 */
};
static const struct piece program_user[] = {
	PIECE(0x40080000, user_0),
	{ 0, NULL, 0 },
};

/* Cache maintenance by addresses that fault, at EL1 and at EL0 (its code is
 * also at 0x80000), each followed by a count in x5. The handler, for both,
 * notes FAR, ELR, ESR and x5 and goes on behind the instruction; after SVC it
 * notes SCTLR_EL1 and ends. */
static const uint32_t maintain_0[] = {
	0xd2a8013c, /* mov x28, #0x40090000 */
	0xd280e020, /* mov x0, #0x701 */
	0xf2a80000, /* movk x0, #0x4000, lsl #16 */
	0xf9000780, /* str x0, [x28, #8] */
	0xd280e820, /* mov x0, #0x741 */
	0xf2a80000, /* movk x0, #0x4000, lsl #16 */
	0xf9000380, /* str x0, [x28] */
	0xd2801fe0, /* mov x0, #0xff */
	0xd518a200, /* msr mair_el1, x0 */
	0xd286a320, /* mov x0, #0x3519 */
	0xf2a01000, /* movk x0, #0x80, lsl #16 */
	0xd5182040, /* msr tcr_el1, x0 */
	0xd518201c, /* msr ttbr0_el1, x28 */
	0xd2a80109, /* mov x9, #0x40080000 */
	0x91200129, /* add x9, x9, #0x800 */
	0xd518c009, /* msr vbar_el1, x9 */
	0xd508871f, /* tlbi vmalle1 */
	0xd5033f9f, /* dsb sy */
	0xd5033fdf, /* isb */
	0xd29a00a0, /* mov x0, #0xd005 */
	0xf2a08000, /* movk x0, #0x400, lsl #16 */
	0xd5181000, /* msr sctlr_el1, x0 */
	0xd5033fdf, /* isb */
	0xd2a80154, /* mov x20, #0x400a0000 */
	0xd280010a, /* mov x10, #0x8 */
	0xf2b0000a, /* movk x10, #0x8000, lsl #16 */
	0xd2a8014b, /* mov x11, #0x400a0000 */
	0xd2800005, /* mov x5, #0x0 */
	0xd50b7a2a, /* dc cvac, x10 */
	0x910004a5, /* add x5, x5, #0x1 */
	0xd508762a, /* dc ivac, x10 */
	0x910004a5, /* add x5, x5, #0x1 */
	0xd50b7e2a, /* dc civac, x10 */
	0x910004a5, /* add x5, x5, #0x1 */
	0xd50b7b2a, /* dc cvau, x10 */
	0x910004a5, /* add x5, x5, #0x1 */
	0xd50b752a, /* ic ivau, x10 */
	0x910004a5, /* add x5, x5, #0x1 */
	0xd50b7a2b, /* dc cvac, x11 */
	0x910004a5, /* add x5, x5, #0x1 */
	0xd2a00100, /* mov x0, #0x80000 */
	0x9102d000, /* add x0, x0, #0xb4 */
	0xd5184020, /* msr elr_el1, x0 */
	0xd518401f, /* msr spsr_el1, xzr */
	0xd69f03e0, /* eret */
	0xd50b7a2a, /* dc cvac, x10 */
	0x910004a5, /* add x5, x5, #0x1 */
	0xd50b7e2a, /* dc civac, x10 */
	0x910004a5, /* add x5, x5, #0x1 */
	0xd50b7b2a, /* dc cvau, x10 */
	0x910004a5, /* add x5, x5, #0x1 */
	0xd50b752a, /* ic ivau, x10 */
	0x910004a5, /* add x5, x5, #0x1 */
	0xd50b742a, /* dc zva, x10 */
	0x910004a5, /* add x5, x5, #0x1 */
	0xd50b7a2b, /* dc cvac, x11 */
	0x910004a5, /* add x5, x5, #0x1 */
	0xd50b7a3c, /* dc cvac, x28 */
	0xd2a0014c, /* mov x12, #0xa0000 */
	0xd50b7a2c, /* dc cvac, x12 */
	0x910004a5, /* add x5, x5, #0x1 */
	0xd4000001, /* svc #0x0 */
};
static const uint32_t maintain_1[] = {
	0xd5386015, /* mrs x21, far_el1 */
	0xd5384036, /* mrs x22, elr_el1 */
	0xd5385217, /* mrs x23, esr_el1 */
	0xa8815a95, /* stp x21, x22, [x20], #16 */
	0xa8811697, /* stp x23, x5, [x20], #16 */
	0xd35afef8, /* lsr x24, x23, #26 */
	0xf100571f, /* cmp x24, #0x15 */
	0x54000080, /* b.eq 40080a2c */
	0x910012d6, /* add x22, x22, #0x4 */
	0xd5184036, /* msr elr_el1, x22 */
	0xd69f03e0, /* eret */
	0xd5381015, /* mrs x21, sctlr_el1 */
	0xf9000295, /* str x21, [x20] */
	0xd2800300, /* mov x0, #0x18 */
	0x10000061, /* adr x1, 40080a44 */
	0xd45e0000, /* hlt #0xf000 */
	0xd503201f, /* nop */
	0x00020026, 0x00000000, 0x00000000, 0x00000000,
};
static const struct piece program_maintain[] = {
	PIECE(0x40080000, maintain_0),
	PIECE(0x40080a00, maintain_1),
	PIECE(0x40080c00, maintain_1),
	{ 0, NULL, 0 },
};

/* An ERET to EL2, then one to a PSTATE with IL set; each must stop the next
 * instruction, a count in x5. The handler notes ESR, ELR, SPSR and x5 and goes
 * on without IL. */
static const uint32_t illegal_0[] = {
	0xd2a80109, /* mov x9, #0x40080000 */
	0x91200129, /* add x9, x9, #0x800 */
	0xd518c009, /* msr vbar_el1, x9 */
	0xd2a80154, /* mov x20, #0x400a0000 */
	0xd2800005, /* mov x5, #0x0 */
	0x100000e6, /* adr x6, 40080030 */
	0xd2800127, /* mov x7, #0x9 */
	0xf2b00007, /* movk x7, #0x8000, lsl #16 */
	0xd5184026, /* msr elr_el1, x6 */
	0xd5184007, /* msr spsr_el1, x7 */
	0xd69f03e0, /* eret */
	0x910400a5, /* add x5, x5, #0x100 */
	0x910004a5, /* add x5, x5, #0x1 */
	0x100000e6, /* adr x6, 40080050 */
	0xd28078a7, /* mov x7, #0x3c5 */
	0xf2a00207, /* movk x7, #0x10, lsl #16 */
	0xd5184026, /* msr elr_el1, x6 */
	0xd5184007, /* msr spsr_el1, x7 */
	0xd69f03e0, /* eret */
	0x910400a5, /* add x5, x5, #0x100 */
	0x910004a5, /* add x5, x5, #0x1 */
	0xd4000001, /* svc #0x0 */
};
static const uint32_t illegal_1[] = {
	0xd5385215, /* mrs x21, esr_el1 */
	0xd5384036, /* mrs x22, elr_el1 */
	0xd5384017, /* mrs x23, spsr_el1 */
	0xa8815a95, /* stp x21, x22, [x20], #16 */
	0xa8811697, /* stp x23, x5, [x20], #16 */
	0xd35afeb8, /* lsr x24, x21, #26 */
	0xf100571f, /* cmp x24, #0x15 */
	0x54000080, /* b.eq 40080a2c */
	0x926bfaf7, /* and x23, x23, #0xffffffffffefffff */
	0xd5184017, /* msr spsr_el1, x23 */
	0xd69f03e0, /* eret */
	0xd2800300, /* mov x0, #0x18 */
	0x10000081, /* adr x1, 40080a40 */
	0xd45e0000, /* hlt #0xf000 */
	0xd503201f, /* nop */
	0xd503201f, /* nop */
	0x00020026, 0x00000000, 0x00000000, 0x00000000,
};
static const struct piece program_illegal[] = {
	PIECE(0x40080000, illegal_0),
	PIECE(0x40080a00, illegal_1),
	{ 0, NULL, 0 },
};

#endif
