/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copy, scale, add and triad over three arrays of 64-bit words, as the
 * STREAM benchmark does (whole numbers here: exact, and no FP registers).
 *
 *   stream [kib=1024] [rounds=2] [pages=4k|2m] [ram=256] [va_bits=48]
 *
 * kib is the size of each array. Each kernel is a phase: MARK 1 copy, 2
 * scale, 3 add, 4 triad, 5 afterwards; with several rounds, again.
 */
#include "mmu.h"

#define SCALAR 3

static uint64_t *a, *b, *c;
static uint64_t words;

static void fill(void)
{
	uint64_t i;

	for (i = 0; i < words; i++) {
		a[i] = i + 1;
		b[i] = 2;
		c[i] = 0;
	}
}

static void copy(void)
{
	uint64_t i;

	for (i = 0; i < words; i++)
		c[i] = a[i];
}

static void scale(void)
{
	uint64_t i;

	for (i = 0; i < words; i++)
		b[i] = SCALAR * c[i];
}

static void add(void)
{
	uint64_t i;

	for (i = 0; i < words; i++)
		c[i] = a[i] + b[i];
}

static void triad(void)
{
	uint64_t i;

	for (i = 0; i < words; i++)
		a[i] = b[i] + SCALAR * c[i];
}

/* One round makes a' = 3a + 3·4a = 15a. */
static uint64_t verify(uint64_t rounds)
{
	uint64_t factor = 1, wrong = 0, i;

	for (i = 0; i < rounds; i++)
		factor *= 15;
	for (i = 0; i < words; i++)
		wrong += a[i] != factor * (i + 1);
	return wrong;
}

static void run(uint64_t rounds)
{
	static void (*const kernel[])(void) = { copy, scale, add, triad };
	uint64_t i, k;

	for (i = 0; i < rounds; i++)
		for (k = 0; k < 4; k++) {
			guest_mark(k + 1);
			kernel[k]();
		}
	guest_mark(5);
}

static void area_map(uint64_t bytes)
{
	uint64_t all = 3 * bytes;

	if (args_is("pages", 2, "2m", false))
		mmu_map_blocks(AREA_BASE,
			       (all + BLOCK_BYTES - 1) & ~(BLOCK_BYTES - 1));
	else if (args_is("pages", 2, "4k", true))
		mmu_map_pages(AREA_BASE, all);
	else
		args_wrong("pages is 4k or 2m");
	a = (uint64_t *)AREA_BASE;
	b = (uint64_t *)(AREA_BASE + bytes);
	c = (uint64_t *)(AREA_BASE + 2 * bytes);
}

uint64_t guest_main(void)
{
	uint64_t kib, rounds, bytes, wrong;

	args_load();
	kib = args_number("kib", 0, 1024);
	rounds = args_number("rounds", 1, 2);
	if (!kib || kib % 4 || kib > 1u << 20)
		args_wrong("kib is a multiple of 4");
	bytes = kib << 10;
	words = bytes / 8;
	mmu_start_with_args(3 * bytes + BLOCK_BYTES);
	area_map(bytes);
	fill();
	run(rounds);
	wrong = verify(rounds);
	print("stream: 3 arrays of ");
	print_number(kib);
	print(" KiB, ");
	print_number(rounds);
	print(" rounds, ");
	print_number(wrong);
	print(" words wrong\n");
	return wrong != 0;
}
