/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mixes of 8-byte loads over an area mapped in 4 KiB pages.
 *
 *   random [mix=uniform|seq90|seq] [mib=64] [loads=1000000] [ram=256]
 *          [va_bits=48]
 *
 * uniform: each load anywhere. seq90: nine in ten are the next word, one in
 * ten jumps anywhere. seq: the next word. Each step is one block with one
 * load, its address computed in registers; MARK 1 and 2 stand around them.
 */
#include "mmu.h"

#define XORSHIFT                           \
	"	eor	%[r], %[r], %[r], lsl #13\n" \
	"	eor	%[r], %[r], %[r], lsr #7\n"  \
	"	eor	%[r], %[r], %[r], lsl #17\n"

struct walk {
	uint64_t loads, mask; /* mask: of byte offsets, multiples of 8 */
};

/* The words loaded are added up: untouched memory is zero. */
static uint64_t walk_uniform(const struct walk *w)
{
	uint64_t r = UINT64_C(0x9e3779b97f4a7c15), n = w->loads, sum = 0, at;

	__asm__ volatile(
		"1:\n" XORSHIFT "	and	%[at], %[mask], %[r], lsr #20\n"
		"	ldr	%[at], [%[base], %[at]]\n"
		"	add	%[sum], %[sum], %[at]\n"
		"	subs	%[n], %[n], #1\n"
		"	b.ne	1b\n"
		: [r] "+&r"(r), [n] "+&r"(n), [sum] "+&r"(sum), [at] "=&r"(at)
		: [mask] "r"(w->mask), [base] "r"(AREA_BASE)
		: "cc", "memory");
	return sum;
}

/* Jumps where the generator's top bits are below `jump`/65536. */
static uint64_t walk_mixed(const struct walk *w, uint64_t jump)
{
	uint64_t r = UINT64_C(0x9e3779b97f4a7c15), n = w->loads, sum = 0;
	uint64_t cursor = 0, at;

	__asm__ volatile(
		"1:\n" XORSHIFT "	and	%[at], %[mask], %[r], lsr #10\n"
		"	add	%[cursor], %[cursor], #8\n"
		"	and	%[cursor], %[cursor], %[mask]\n"
		"	cmp	%[jump], %[r], lsr #48\n"
		"	csel	%[cursor], %[at], %[cursor], hi\n"
		"	ldr	%[at], [%[base], %[cursor]]\n"
		"	add	%[sum], %[sum], %[at]\n"
		"	subs	%[n], %[n], #1\n"
		"	b.ne	1b\n"
		: [r] "+&r"(r), [n] "+&r"(n), [sum] "+&r"(sum),
		  [cursor] "+&r"(cursor), [at] "=&r"(at)
		: [mask] "r"(w->mask), [base] "r"(AREA_BASE), [jump] "r"(jump)
		: "cc", "memory");
	return sum;
}

uint64_t guest_main(void)
{
	struct walk w;
	uint64_t mib, sum;
	bool mixed, sequential;

	args_load();
	mixed = args_is("mix", 0, "seq90", false);
	sequential = args_is("mix", 0, "seq", false);
	if (!mixed && !sequential && !args_is("mix", 0, "uniform", true))
		args_wrong("mix is uniform, seq90 or seq");
	mib = args_number("mib", 1, 64);
	w.loads = args_number("loads", 2, 1000000);
	if (!mib || (mib & (mib - 1)) || mib > 512 || !w.loads)
		args_wrong("mib is a power of two up to 512, loads at least 1");
	w.mask = (mib << 20) - 8;
	mmu_start_with_args(mib << 20);
	mmu_map_pages(AREA_BASE, mib << 20);
	guest_mark(1);
	if (mixed || sequential)
		sum = walk_mixed(&w, mixed ? 6554 : 0);
	else
		sum = walk_uniform(&w);
	guest_mark(2);
	print("random: ");
	print_number(w.loads);
	print(" loads over ");
	print_number(mib);
	print(sum ? " MiB: NOT ZERO\n" : " MiB\n");
	return sum != 0;
}
