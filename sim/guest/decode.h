/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * As much of the A64 instruction set as the CPU's driver must see for itself:
 * which addresses a load or store is about to touch, and which instructions
 * matter to the machine although Unicorn executes them unseen. DDI0487 L.b
 * C4.1. Left out: pointer-authenticated loads (LDRAA, LDRAB) and SVE, which
 * no guest is told it has.
 */
#ifndef SIM_GUEST_DECODE_H
#define SIM_GUEST_DECODE_H

#include <stdbool.h>
#include <stdint.h>

#define INSN_BYTES 4

/* What an instruction means to the driver, or'ed together over a block. */
enum insn_kind {
	INSN_DMB = 1 << 0,
	INSN_DSB = 1 << 1,
	INSN_ISB = 1 << 2,
	INSN_EXCL = 1 << 3,   /* LDXR, STXR and their kin; not CAS */
	INSN_UNPRIV = 1 << 4, /* LDTR, STTR */
	INSN_ERET = 1 << 5,
	INSN_WFI = 1 << 6,
	INSN_YIELD = 1 << 7,   /* YIELD, WFE */
	INSN_ORDERED = 1 << 8, /* LDAR, STLR and their kin; not LDAXR */
};
#define INSN_BARRIERS (INSN_DMB | INSN_DSB | INSN_ISB)
/* Kinds that concern a block's accesses, not its end. */
#define INSN_CAREFUL (INSN_BARRIERS | INSN_EXCL | INSN_UNPRIV)

unsigned int insn_kind(uint32_t word);

/* A general register's value before the instruction; 31 is SP. */
typedef uint64_t (*insn_register_fn)(void *context, unsigned int number);

/* `count` accesses of `bytes` each, one behind the other from `va`: as Unicorn
 * reports them (pairs and 128-bit registers as several of at most 8). */
struct insn_access {
	uint64_t va;
	uint32_t bytes, count;
	uint32_t align; /* what SCTLR_EL1.A asks of va */
	bool zero;	/* DC ZVA */
};

/* False: not a load or store, or one that is left out. */
bool insn_decode_access(uint32_t word, uint64_t pc, insn_register_fn reg,
			void *context, struct insn_access *out);

/* Would CPACR_EL1.FPEN trap it? Any SIMD or floating-point instruction. */
bool insn_is_fp(uint32_t word);

#endif
