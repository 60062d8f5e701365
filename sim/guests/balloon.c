/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Gives memory back to the hypervisor and takes it again, in the patterns
 * that are hard for a stage-2 table: single pages out of a 2 MiB region,
 * whole regions, random runs, everything. A frame comes back with what it
 * held, so contents are verified after each pattern.
 *
 *   balloon [mib=8] [operations=200] [seed=1] [unit=1|4|16] [ram=256]
 *           [va_bits=48]
 *
 * A page here is `unit` frames of 4 KiB: as many as the hypervisor's granule
 * has (4 for 16K, 16 for 64K), for it gives and takes nothing smaller.
 *
 * MARK 1 single pages, 2 regions, 3 random runs, 4 all, 5 a look at a page
 * that is gone, 6 afterwards. On QEMU, where nobody answers these hypercalls,
 * it says so.
 */
#include "mmu.h"

#define PAGES_MAX 65536

static uint8_t gone[PAGES_MAX / 8]; /* a bit a page */
static uint64_t unit = 1, pages, failures;
static struct {
	volatile uint64_t aborts, far;
	volatile bool expected;
} look;

static uint64_t *page_at(uint64_t page)
{
	return (uint64_t *)(uintptr_t)(AREA_BASE + page * unit * PAGE_BYTES);
}

static uint64_t content(uint64_t page, uint64_t line)
{
	return (page << 8 | line) * UINT64_C(0x9e3779b97f4a7c15);
}

static void fill(void)
{
	uint64_t page, line;

	for (page = 0; page < pages; page++)
		for (line = 0; line < 64; line++)
			page_at(page)[line * unit * 8] = content(page, line);
}

static bool is_gone(uint64_t page)
{
	return gone[page / 8] >> page % 8 & 1;
}

/* A word of 64 lines in every page that is there. */
static void verify(const char *pattern)
{
	uint64_t page, line, seen = 0, wrong = 0;

	for (page = 0; page < pages; page++) {
		if (is_gone(page))
			continue;
		seen++;
		for (line = 0; line < 64; line++)
			wrong += page_at(page)[line * unit * 8] !=
				 content(page, line);
	}
	print(wrong ? "FAIL " : "OK ");
	print(pattern);
	print(": ");
	print_number(seen);
	print(" of ");
	print_number(pages);
	print(" pages present, ");
	print_number(wrong);
	print(" words wrong\n");
	failures += wrong != 0;
}

static void mark_gone(uint64_t page, uint64_t count, bool is)
{
	for (; count--; page++) {
		if (is)
			gone[page / 8] |= (uint8_t)(1u << page % 8);
		else
			gone[page / 8] &= (uint8_t) ~(1u << page % 8);
	}
}

static void balloon(uint64_t function, uint64_t page, uint64_t count)
{
	int64_t result =
		hypercall(function, AREA_BASE / PAGE_BYTES + page * unit,
			  count * unit, 0);

	if (!result) {
		mark_gone(page, count, function == P2M_REMOVE);
		return;
	}
	failures++;
	print(function == P2M_REMOVE ? "FAIL remove of page "
				     : "FAIL populate of page ");
	print_number(page);
	print(", count ");
	print_number(count);
	print(": -");
	print_number((uint64_t)-result);
	print("\n");
}

/* Every eighth page, one hypercall each. */
static void single_pages(uint64_t count)
{
	uint64_t page;

	for (page = 3; page < count; page += 8)
		balloon(P2M_REMOVE, page, 1);
	verify("single pages, removed");
	for (page = 3; page < count; page += 8)
		balloon(P2M_POPULATE, page, 1);
	verify("single pages, back");
}

static void regions(void)
{
	uint64_t page, count = 512 / unit;

	for (page = 0; page < pages; page += 2 * count)
		balloon(P2M_REMOVE, page, count);
	verify("regions, removed");
	for (page = 0; page < pages; page += 2 * count)
		balloon(P2M_POPULATE, page, count);
	verify("regions, back");
}

/* How many pages from `page` on are in the same state, at most `limit`. */
static uint64_t run_length(uint64_t page, uint64_t limit)
{
	uint64_t n = 1;

	while (n < limit && page + n < pages &&
	       is_gone(page + n) == is_gone(page))
		n++;
	return n;
}

static void random_runs(uint64_t operations, uint64_t seed)
{
	uint64_t page, count;

	while (operations--) {
		page = lcg_below(&seed, pages);
		count = run_length(page, 1 + lcg_below(&seed, 700 / unit));
		balloon(is_gone(page) ? P2M_POPULATE : P2M_REMOVE, page, count);
	}
	verify("random runs, in between");
	for (page = 0; page < pages; page += count) {
		count = run_length(page, pages);
		if (is_gone(page))
			balloon(P2M_POPULATE, page, count);
	}
	verify("random runs, back");
}

/* The only exception there should be: an abort on the page that is gone. */
void guest_exception(struct exception *frame, uint64_t index)
{
	uint64_t class = frame->esr >> 26, status = frame->esr & 0x3f;

	if (!look.expected || index != 4 || class != 0x25 || status != 0x10) {
		print("FAIL unexpected exception: esr ");
		print_hex(frame->esr);
		print(" far ");
		print_hex(frame->far);
		print("\n");
		guest_exit(1);
	}
	look.aborts++;
	look.far = frame->far;
	frame->elr += 4;
}

/* Reading a page that is gone is an external abort, unless the hypervisor
 * populates on fault: then the old content is there. */
static void page_gone(void)
{
	volatile uint64_t *word = page_at(5);
	uint64_t value = 0;

	balloon(P2M_REMOVE, 5, 1);
	look.expected = true;
	__asm__ volatile("ldr	%0, [%1]" : "+r"(value) : "r"(word) : "memory");
	look.expected = false;
	if (look.aborts && look.far == (uintptr_t)word) {
		print("OK reading a removed page: external abort\n");
		balloon(P2M_POPULATE, 5, 1);
	} else if (!look.aborts && value == content(5, 0)) {
		print("OK reading a removed page: populated on the fault\n");
		mark_gone(5, 1, false);
	} else {
		print("FAIL reading a removed page\n");
		failures++;
	}
	verify("the removed page, back");
}

uint64_t guest_main(void)
{
	uint64_t mib, operations, seed;

	args_load();
	mib = args_number("mib", 0, 8);
	operations = args_number("operations", 1, 200);
	seed = args_number("seed", 2, 1);
	if (mib < 2 || mib % 2 || mib > PAGES_MAX / 256)
		args_wrong("mib is even, 2 to 256");
	unit = args_number("unit", ~0u, 1);
	if (unit != 1 && unit != 4 && unit != 16)
		args_wrong("unit is 1, 4 or 16");
	pages = mib * 256 / unit;
	mmu_start_with_args(mib << 20);
	if (guest_mark(0) < 0) {
		print("balloon: no hypervisor here answers p2m hypercalls\n");
		return 0;
	}
	mmu_map_blocks(AREA_BASE, mib << 20);
	fill();
	guest_mark(1);
	single_pages(512 / unit);
	single_pages(pages);
	guest_mark(2);
	regions();
	guest_mark(3);
	random_runs(operations, seed);
	guest_mark(4);
	balloon(P2M_REMOVE, 0, pages);
	balloon(P2M_POPULATE, 0, pages);
	verify("everything, back");
	guest_mark(5);
	page_gone();
	guest_mark(6);
	return failures != 0;
}
