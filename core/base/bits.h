/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bit fields of registers and descriptors.
 *
 * A register is a list of fields, each F(REG, NAME, lsb, width). From the one
 * list come, with FIELDS_DEFINE: the constants REG_NAME_LSB, REG_NAME_WIDTH
 * and REG_NAME (the mask); with FIELDS_NO_OVERLAP: the proof that no two
 * fields share a bit.
 */
#ifndef CORE_BASE_BITS_H
#define CORE_BASE_BITS_H

#include <stdbool.h>
#include <stdint.h>

#define BIT(n) (UINT64_C(1) << (n))
/* A mask of `width` bits, 1..64, starting at `lsb`. */
#define MASK(lsb, width) ((~UINT64_C(0) >> (64 - (width))) << (lsb))

#define FIELD_CONST(REG, NAME, lsb, width)                                     \
	REG##_##NAME##_LSB = (lsb), REG##_##NAME##_WIDTH = (width),
#define FIELD_SUM(REG, NAME, lsb, width) +MASK(lsb, width)
#define FIELD_OR(REG, NAME, lsb, width) | MASK(lsb, width)

/* Field sums equal their union exactly when none overlap (no sum wraps). */
#define FIELDS_DEFINE(REG, LIST)                                               \
	enum { LIST(FIELD_CONST) REG##_FIELDS_END };                           \
	_Static_assert((0 LIST(FIELD_SUM)) == (0 LIST(FIELD_OR)),              \
		       #REG ": fields overlap")

#define FIELD_MASK(FIELD) MASK(FIELD##_LSB, FIELD##_WIDTH)
#define FIELD_GET(FIELD, value)                                                \
	(((uint64_t)(value) >> FIELD##_LSB) & MASK(0, FIELD##_WIDTH))
#define FIELD_PREP(FIELD, value)                                               \
	(((uint64_t)(value) & MASK(0, FIELD##_WIDTH)) << FIELD##_LSB)

static inline bool is_aligned(uint64_t value, unsigned int lg2)
{
	return (value & (BIT(lg2) - 1)) == 0;
}

static inline uint64_t align_down(uint64_t value, unsigned int lg2)
{
	return value & ~(BIT(lg2) - 1);
}

/* Trailing zeros without the compiler's library; 64 for zero. */
static inline unsigned int ctz64(uint64_t value)
{
	return value ? (unsigned int)__builtin_ctzll(value) : 64;
}

#endif
