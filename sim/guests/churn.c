/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What hypervisors fear for their superpages: a working set of whole 2 MiB
 * blocks out of which single pages are taken and given back, as grants,
 * balloons and page-table pages do, while the guest goes on using the rest.
 *
 *   churn [pattern=alternate|burst|random|leave] [mib=32] [operations=200]
 *         [work=1000] [calm=200] [held=8] [seed=1] [ram=256] [va_bits=48]
 *
 * A slice of work is `work` loads, each from another page, and one access to a
 * device, which traps as a timer tick would. An operation takes or gives back
 * one page by one hypercall; between two there is a slice (`burst` has one
 * only between bursts):
 *
 *   alternate  take a page, give it back; block after block
 *   burst      take `held` pages of one block, give them all back; block after
 *              block
 *   random     take a random page; the one taken `held` operations before goes
 *              back
 *   leave      take a random page and never give it back
 *
 * MARK 1 `calm` slices before, 2 the churn, 3 `calm` slices afterwards, 4 the
 * check. Each page holds a word that depends on it, and comes back with what
 * it held: the sum of all loads must be what was stored. On QEMU, where nobody
 * answers these hypercalls, it says so.
 */
#include "mmu.h"

#define PAGES_MAX	65536
#define PAGES_PER_BLOCK 512
#define HELD_MAX	64
/* Odd, so that all pages have their turn, and far from the page before. */
#define PAGE_STEP 709

static uint8_t gone[PAGES_MAX / 8]; /* a bit a page */
static uint64_t pages, work, seed;
static uint64_t removed, populated, refused;
static uint64_t at, loads, sum, expected;

static volatile uint64_t *word_of(uint64_t page)
{
	/* Another line in each page, so that the sets of a cache are used
	 * alike. */
	return (uint64_t *)(uintptr_t)(AREA_BASE + page * PAGE_BYTES +
				       page * 5 % 64 * 64);
}

static uint64_t content(uint64_t page)
{
	return (page + 1) * UINT64_C(0x9e3779b97f4a7c15);
}

static bool is_gone(uint64_t page)
{
	return gone[page / 8] >> page % 8 & 1;
}

static void fill(void)
{
	uint64_t page;

	for (page = 0; page < pages; page++)
		*word_of(page) = content(page);
}

static void load(uint64_t page)
{
	if (is_gone(page))
		return;
	loads++;
	sum += *word_of(page);
	expected += content(page);
}

/* The flag register of the UART: reading it changes nothing, and traps. */
static void trap(void)
{
	(void)*(volatile uint32_t *)(uintptr_t)0x09000018;
}

static void slice(void)
{
	uint64_t i;

	for (i = 0; i < work; i++) {
		load(at);
		at = (at + PAGE_STEP) & (pages - 1);
	}
	trap();
}

static void slices(uint64_t count)
{
	while (count--)
		slice();
}

static bool move(uint64_t function, uint64_t page)
{
	uint64_t gfn = (AREA_BASE + page * PAGE_BYTES) / PAGE_BYTES;

	if (hypercall(function, gfn, 1, 0) == 0)
		return true;
	refused++;
	return false;
}

static void take(uint64_t page)
{
	if (is_gone(page) || !move(P2M_REMOVE, page))
		return;
	gone[page / 8] |= (uint8_t)(1u << page % 8);
	removed++;
}

static void give_back(uint64_t page)
{
	if (!is_gone(page) || !move(P2M_POPULATE, page))
		return;
	gone[page / 8] &= (uint8_t) ~(1u << page % 8);
	populated++;
}

/* ---- patterns ---- */

/* The n-th page of the n-th block, round and round; never a block's first or
 * last in a row. */
static uint64_t page_in_turn(uint64_t n)
{
	uint64_t blocks = pages / PAGES_PER_BLOCK;

	return n % blocks * PAGES_PER_BLOCK + (n * 37 + 11) % PAGES_PER_BLOCK;
}

static void alternate(uint64_t operations, uint64_t held)
{
	uint64_t n;

	(void)held;
	for (n = 0; n < operations; n += 2) {
		take(page_in_turn(n / 2));
		slice();
		give_back(page_in_turn(n / 2));
		slice();
	}
}

/* A burst's pages are 37 apart, all in one block. */
static uint64_t page_of_burst(uint64_t burst, uint64_t i)
{
	uint64_t first = page_in_turn(burst);

	return first / PAGES_PER_BLOCK * PAGES_PER_BLOCK +
	       (first + i * 37) % PAGES_PER_BLOCK;
}

static void burst(uint64_t operations, uint64_t held)
{
	uint64_t n, i;

	for (n = 0; n < operations; n += 2 * held) {
		uint64_t which = n / (2 * held);

		for (i = 0; i < held; i++)
			take(page_of_burst(which, i));
		slice();
		for (i = 0; i < held; i++)
			give_back(page_of_burst(which, i));
		slice();
	}
}

static void at_random(uint64_t operations, uint64_t held)
{
	uint64_t out[HELD_MAX];
	uint64_t n, i;

	for (i = 0; i < held; i++)
		out[i] = pages; /* none */
	for (n = 0; n < operations; n += 2) {
		uint64_t *slot = &out[n / 2 % held];

		if (*slot < pages)
			give_back(*slot);
		slice();
		do
			*slot = lcg_below(&seed, pages);
		while (is_gone(*slot));
		take(*slot);
		slice();
	}
	for (i = 0; i < held; i++)
		if (out[i] < pages)
			give_back(out[i]);
}

static void leave(uint64_t operations, uint64_t held)
{
	(void)held;
	while (operations--) {
		take(lcg_below(&seed, pages));
		slice();
	}
}

static const struct {
	const char *name;
	void (*run)(uint64_t operations, uint64_t held);
} patterns[] = {
	{ "alternate", alternate },
	{ "burst", burst },
	{ "random", at_random },
	{ "leave", leave },
};
#define PATTERNS (sizeof(patterns) / sizeof(*patterns))

static size_t pattern_chosen(void)
{
	size_t i;

	for (i = 0; i < PATTERNS; i++)
		if (args_is("pattern", 0, patterns[i].name, i == 0))
			return i;
	args_wrong("pattern is alternate, burst, random or leave");
}

/* ---- the end ---- */

static bool verdict(const char *pattern)
{
	uint64_t page;
	bool ok;

	for (page = 0; page < pages; page++)
		load(page);
	ok = sum == expected && !refused;
	print(ok ? "OK churn " : "FAIL churn ");
	print(pattern);
	print(": ");
	print_number(removed);
	print(" pages taken, ");
	print_number(populated);
	print(" given back, ");
	print_number(refused);
	print(" refused; ");
	print_number(loads);
	print(" loads, checksum ");
	print_hex(sum);
	if (sum != expected) {
		print(", not ");
		print_hex(expected);
	}
	print("\n");
	return ok;
}

static uint64_t number_within(const char *name, unsigned int position,
			      uint64_t otherwise, uint64_t first, uint64_t last,
			      const char *wrong)
{
	uint64_t value = args_number(name, position, otherwise);

	if (value < first || value > last)
		args_wrong(wrong);
	return value;
}

uint64_t guest_main(void)
{
	uint64_t mib, operations, calm, held;
	size_t pattern;

	args_load();
	pattern = pattern_chosen();
	mib = number_within("mib", 1, 32, 2, PAGES_MAX / 256,
			    "mib is a power of two, 2 to 256");
	if (mib & (mib - 1))
		args_wrong("mib is a power of two, 2 to 256");
	operations = number_within("operations", 2, 200, 0, 1000000,
				   "operations is at most 1000000");
	work = number_within("work", 3, 1000, 0, 100000000,
			     "work is at most 100000000 loads");
	calm = number_within("calm", 4, 200, 0, 1000000,
			     "calm is at most 1000000 slices");
	held = number_within("held", 5, 8, 1, HELD_MAX, "held is 1 to 64");
	seed = args_number("seed", 6, 1);
	pages = mib * 256;
	mmu_start_with_args(mib << 20);
	if (guest_mark(0) < 0) {
		print("churn: no hypervisor here answers p2m hypercalls\n");
		return 0;
	}
	mmu_map_blocks(AREA_BASE, mib << 20);
	fill();
	guest_mark(1);
	slices(calm);
	guest_mark(2);
	patterns[pattern].run(operations, held);
	guest_mark(3);
	slices(calm);
	guest_mark(4);
	return !verdict(patterns[pattern].name);
}
