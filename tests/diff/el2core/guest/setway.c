/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What 32-bit kernels do when a CPU comes up, several times: clean by
 * set/way, caches off, caches on; in between writes to so many pages, whose
 * contents are verified with the caches off and on again. Marks say how far
 * it is, so that the hypervisor's counts stand beside what was touched.
 *
 *   setway [first=10] [second=60] [rounds=3]
 *
 * MARK 1 after the first loop over sets and ways; then for each round MARK 2
 * after writing `first` pages and turning the caches off, 3 after `second`
 * pages more and turning them on.
 */
#include "sim/guests/mmu.h"

#define SCTLR_C	  (UINT64_C(1) << 2)
#define PAGES_MAX 2048

static uint64_t failures;

static uint64_t *page_at(uint64_t page)
{
	return (uint64_t *)(uintptr_t)(AREA_BASE + page * PAGE_BYTES);
}

static void write_pages(uint64_t count, uint64_t round)
{
	for (uint64_t page = 0; page < count; page++)
		*page_at(page) = page * UINT64_C(0x9e3779b97f4a7c15) + round;
}

static void verify(uint64_t count, uint64_t round, const char *what)
{
	uint64_t wrong = 0;

	for (uint64_t page = 0; page < count; page++)
		wrong += *page_at(page) !=
			 page * UINT64_C(0x9e3779b97f4a7c15) + round;
	failures += wrong != 0;
	print(wrong ? "FAIL " : "OK ");
	print(what);
	print(": ");
	print_number(wrong);
	print(" of ");
	print_number(count);
	print(" words wrong\n");
}

/* Two sets and ways of level 1: the first already means all of memory. */
static void clean_by_set_way(void)
{
	for (uint64_t set = 0; set < 2; set++) {
		__asm__ volatile("dc	cisw, %0" ::"r"(set << 6) : "memory");
		__asm__ volatile(
			"dc	csw, %0" ::"r"(set << 6 | UINT64_C(1) << 31)
			: "memory");
	}
	__asm__ volatile("dsb	sy" ::: "memory");
}

static void caches(bool on)
{
	uint64_t sctlr;

	__asm__ volatile("mrs	%0, sctlr_el1" : "=r"(sctlr));
	sctlr = on ? sctlr | SCTLR_C : sctlr & ~SCTLR_C;
	__asm__ volatile("msr	sctlr_el1, %0\n\tisb" ::"r"(sctlr) : "memory");
}

static void one_round(uint64_t first, uint64_t second, uint64_t round)
{
	write_pages(first, round);
	clean_by_set_way();
	caches(false);
	guest_mark(2);
	verify(first, round, "caches off");
	write_pages(second, round + 100);
	caches(true);
	guest_mark(3);
	verify(second, round + 100, "caches on");
}

uint64_t guest_main(void)
{
	uint64_t first, second, rounds;

	args_load();
	first = args_number("first", 0, 10);
	second = args_number("second", 1, 60);
	rounds = args_number("rounds", 2, 3);
	if (first > PAGES_MAX || second > PAGES_MAX)
		args_wrong("at most 2048 pages");
	mmu_start_with_args(PAGES_MAX * PAGE_BYTES);
	mmu_map_pages(AREA_BASE, PAGES_MAX * PAGE_BYTES);
	clean_by_set_way();
	guest_mark(1);
	for (uint64_t round = 0; round < rounds; round++)
		one_round(first, second, round);
	return failures != 0;
}
