/* SPDX-License-Identifier: BSD-2-Clause */
/* See decode.h. One function per encoding group of DDI0487 L.b C4.1.94. */
#include "sim/guest/decode.h"

static uint32_t bits(uint32_t word, unsigned int lsb, unsigned int width)
{
	return word >> lsb & ((1U << width) - 1);
}

static uint64_t sign_extend(uint32_t value, unsigned int width)
{
	uint64_t sign = UINT64_C(1) << (width - 1);

	return (value ^ sign) - sign;
}

/* ---- kinds ---- */

static bool is_exclusive(uint32_t word)
{
	bool pair = bits(word, 21, 1);

	/* o2 clear; with o1 set and bit 31 clear it would be CASP. */
	return (word & 0x3f800000) == 0x08000000 && (!pair || word >> 31);
}

static bool is_ordered(uint32_t word)
{
	return (word & 0x3fa00000) == 0x08800000 || /* LDAR, STLR, LDLAR */
	       (word & 0x3ffffc00) == 0x38bfc000 || /* LDAPR */
	       (word & 0x3f200c00) == 0x19000000;   /* LDAPUR, STLUR */
}

unsigned int insn_kind(uint32_t word)
{
	switch (word & 0xfffff0ff) {
	case 0xd503309f:
		return INSN_DSB;
	case 0xd50330bf:
		return INSN_DMB;
	case 0xd50330df:
		return INSN_ISB;
	}
	switch (word) {
	case 0xd69f03e0:
		return INSN_ERET;
	case 0xd503207f:
		return INSN_WFI;
	case 0xd503203f:
	case 0xd503205f:
		return INSN_YIELD;
	}
	if (is_exclusive(word))
		return INSN_EXCL;
	if (is_ordered(word))
		return INSN_ORDERED;
	if ((word & 0x3f200c00) == 0x38000800)
		return INSN_UNPRIV;
	return 0;
}

bool insn_is_fp(uint32_t word)
{
	uint32_t group = bits(word, 25, 4);

	if ((group & 7) == 7) /* data processing, SIMD and FP */
		return true;
	if ((group & 5) == 4) /* loads and stores of vector registers */
		return bits(word, 26, 1);
	/* MRS, MSR of FPCR and FPSR */
	return (word & 0xffdfffc0) == 0xd51b4400;
}

/* ---- addresses ---- */

struct operands {
	uint32_t word;
	uint64_t pc;
	insn_register_fn reg;
	void *context;
};

static uint64_t base(const struct operands *o)
{
	return o->reg(o->context, bits(o->word, 5, 5));
}

/* A register of `bytes` bytes is reported in pieces of at most 8. */
static bool found(struct insn_access *out, uint64_t va, uint32_t bytes,
		  uint32_t count)
{
	*out = (struct insn_access){
		.va = va, .bytes = bytes, .count = count, .align = bytes
	};
	if (bytes > 8) {
		out->bytes = 8;
		out->count = count * (bytes / 8);
	}
	return true;
}

/* Exclusives, ordered accesses, compare and swap: the base register alone.
 * A pair of words is one access. */
static bool exclusive(const struct operands *o, struct insn_access *out)
{
	bool pair = bits(o->word, 21, 1) && !bits(o->word, 23, 1);
	uint32_t bytes =
		pair ? 8U << bits(o->word, 30, 1) : 1U << bits(o->word, 30, 2);

	return found(out, base(o), bytes, 1);
}

static bool literal(const struct operands *o, struct insn_access *out)
{
	uint32_t opc = bits(o->word, 30, 2);
	uint64_t va = o->pc + sign_extend(bits(o->word, 5, 19), 19) * 4;

	if (bits(o->word, 26, 1))
		return opc != 3 && found(out, va, 4U << opc, 1);
	return opc != 3 && found(out, va, opc == 1 ? 8 : 4, 1);
}

static bool pair(const struct operands *o, struct insn_access *out)
{
	uint32_t opc = bits(o->word, 30, 2);
	uint32_t scale = bits(o->word, 26, 1) ? 4U << opc : opc & 2 ? 8 : 4;
	bool post = bits(o->word, 23, 2) == 1;
	uint64_t offset = sign_extend(bits(o->word, 15, 7), 7) * scale;

	return found(out, base(o) + (post ? 0 : offset), scale, 2);
}

/* LD1 to LD4 of whole registers: LD1 moves 8 bytes at a time, the others
 * element by element. */
static bool structures(const struct operands *o, struct insn_access *out)
{
	static const uint8_t registers[16] = {
		[0] = 4, [2] = 4, [4] = 3, [6] = 3, [7] = 1, [8] = 2, [10] = 2
	};
	uint32_t opcode = bits(o->word, 12, 4);
	uint32_t bytes = registers[opcode] * (8U << bits(o->word, 30, 1));
	bool interleaved = opcode == 0 || opcode == 4 || opcode == 8;
	uint32_t element = interleaved ? 1U << bits(o->word, 10, 2) : 8;

	if (!bytes)
		return false;
	found(out, base(o), element, bytes / element);
	out->align = 1U << bits(o->word, 10, 2);
	return true;
}

/* LD1 to LD4 of one lane, or replicated. */
static bool lanes(const struct operands *o, struct insn_access *out)
{
	uint32_t opcode = bits(o->word, 13, 3), size = bits(o->word, 10, 2);
	uint32_t count = ((opcode & 1) << 1 | bits(o->word, 21, 1)) + 1;
	uint32_t scale = opcode >> 1;

	if (scale == 3)
		scale = size;
	else if (scale == 2 && (size & 1))
		scale = 3;
	return found(out, base(o), 1U << scale, count);
}

static uint64_t register_offset(const struct operands *o, uint32_t bytes)
{
	uint32_t number = bits(o->word, 16, 5), option = bits(o->word, 13, 3);
	uint64_t value = number == 31 ? 0 : o->reg(o->context, number);

	if (option == 2)
		value = (uint32_t)value;
	else if (option == 6)
		value = sign_extend((uint32_t)value, 32);
	return bits(o->word, 12, 1) ? value * bytes : value;
}

static bool single(const struct operands *o, struct insn_access *out)
{
	uint32_t word = o->word, size = bits(word, 30, 2);
	uint32_t opc = bits(word, 22, 2), mode = bits(word, 10, 2);
	bool vector = bits(word, 26, 1);
	uint32_t bytes = 1U << (vector ? size | (opc & 2) << 1 : size);

	if (!vector && size == 3 && opc == 2 &&
	    (bits(word, 24, 1) || !bits(word, 21, 1) || mode == 2))
		return false; /* PRFM */
	if (bits(word, 24, 1))
		return found(out,
			     base(o) + (uint64_t)bits(word, 10, 12) * bytes,
			     bytes, 1);
	if (!bits(word, 21, 1)) {
		uint64_t offset = sign_extend(bits(word, 12, 9), 9);

		return found(out, base(o) + (mode == 1 ? 0 : offset), bytes, 1);
	}
	if (mode == 2)
		return found(out, base(o) + register_offset(o, bytes), bytes,
			     1);
	/* Atomics take the base; what is left is LDRAA and LDRAB. */
	return mode == 0 && found(out, base(o), bytes, 1);
}

bool insn_decode_access(uint32_t word, uint64_t pc, insn_register_fn reg,
			void *context, struct insn_access *out)
{
	struct operands o = { word, pc, reg, context };

	if ((word & 0xffffffe0) == 0xd50b7420) { /* DC ZVA */
		uint32_t number = bits(word, 0, 5);
		uint64_t va = number == 31 ? 0 : reg(context, number);

		*out = (struct insn_access){ va & ~UINT64_C(63), 64, 1, 1,
					     true };
		return true;
	}
	if ((word & 0x3f000000) == 0x08000000)
		return exclusive(&o, out);
	if ((word & 0x3b000000) == 0x18000000)
		return literal(&o, out);
	if ((word & 0x3a000000) == 0x28000000)
		return pair(&o, out);
	if ((word & 0xbf000000) == 0x0c000000)
		return structures(&o, out);
	if ((word & 0xbf000000) == 0x0d000000)
		return lanes(&o, out);
	if ((word & 0x3f200c00) == 0x19000000) /* LDAPUR, STLUR */
		return found(out, base(&o) + sign_extend(bits(word, 12, 9), 9),
			     1U << bits(word, 30, 2), 1);
	if ((word & 0x3a000000) == 0x38000000)
		return single(&o, out);
	return false;
}
