/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls the hypervisor with numbers that no honest guest would use, and prints
 * each answer: functions that do not exist, frames beyond RAM and below it,
 * ranges that wrap or lie over devices, no frames, too many, access bits that
 * mean nothing. None may change anything: memory is as it was afterwards, and
 * an honest call is still served.
 *
 *   hostile [ram=256] [end=none|remove|protect]
 *
 * MARK 1 the hostile calls, 2 afterwards. With `end` the guest takes all of
 * its own memory away at last, code included, or all rights to it, and is not
 * heard of again. On QEMU nobody answers these hypercalls: all say -1.
 */
#include "runtime.h"

#define PAGES 64

static uint64_t ram_frames; /* the machine's */
static uint64_t failures;

static const struct {
	const char *name;
	uint64_t id;
} functions[] = {
	{ "POPULATE", P2M_POPULATE },
	{ "REMOVE", P2M_REMOVE },
	{ "PROTECT", P2M_PROTECT },
};

#define FUNCTIONS (sizeof(functions) / sizeof(functions[0]))

static void print_signed(int64_t value)
{
	if (value < 0)
		print("-");
	print_number(value < 0 ? -(uint64_t)value : (uint64_t)value);
}

static void print_call(const char *name, uint64_t a1, uint64_t a2, uint64_t a3,
		       int64_t answer)
{
	print(name);
	print(" ");
	print_hex(a1);
	print(" ");
	print_hex(a2);
	print(" ");
	print_hex(a3);
	print(": ");
	print_signed(answer);
	print("\n");
	failures += answer >= 0;
}

/* One range for each function, with rights that are fine. */
static void call_range(uint64_t gfn, uint64_t count)
{
	for (size_t i = 0; i < FUNCTIONS; i++)
		print_call(functions[i].name, gfn, count, 7,
			   hypercall(functions[i].id, gfn, count, 7));
}

static void unknown_functions(void)
{
	static const uint64_t ids[] = {
		0, 1, 0xc6000000, 0xc6000005, 0xc600000f, 0xc6000012,
		0xc6ffffff, 0x86000001, 0x86000002, 0x46000001,
		UINT64_C(0x1c6000002), UINT64_C(0xffffffffc6000002),
		UINT64_C(0x8000000000000002), UINT64_MAX,
	};
	const uint64_t first = AREA_BASE / PAGE_BYTES;

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		print_hex(ids[i]);
		print_call("", first, 1, 7, hypercall(ids[i], first, 1, 7));
	}
}

static void ranges(void)
{
	const uint64_t first = RAM_BASE / PAGE_BYTES;
	const uint64_t end = first + ram_frames, max = UINT64_MAX;
	const uint64_t alias = UINT64_C(1) << 52;
	const uint64_t wrong[][2] = {
		/* no frames */
		{ first, 0 }, { end, 0 }, { 0, 0 }, { max, 0 },
		/* beyond the end, and over it */
		{ end, 1 }, { end - 1, 2 }, { first, ram_frames + 1 },
		{ first + 1, ram_frames }, { end + 1000, 1 },
		/* below, and over the beginning: devices, holes */
		{ 0, 1 }, { first - 1, 1 }, { first - 1, 2 }, { 0x9000, 1 },
		{ 0x8fff, 3 }, { 0, first + 1 }, { 0, end },
		/* huge */
		{ first, max }, { first, UINT64_C(1) << 63 },
		{ first, max - first }, { 0, max }, { 1, max },
		/* up to exactly 2^64, and around */
		{ first, max - first + 1 }, { end - 1, max - end + 2 },
		{ max, 1 }, { max, 2 }, { max - 1, 2 }, { max, max },
		/* the same address in bytes, but for bits that are lost */
		{ alias + first, 1 }, { alias * 2 + first, 1 },
		{ (UINT64_C(1) << 63) + first, 1 }, { first, alias + 1 },
		{ (UINT64_C(1) << 28) + first, 1 },
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		call_range(wrong[i][0], wrong[i][1]);
}

static void rights(void)
{
	static const uint64_t wrong[] = {
		8, 9, 15, 16, 0x100, 0x107, UINT64_C(1) << 32,
		(UINT64_C(1) << 32) + 7, UINT64_C(1) << 63, UINT64_MAX,
	};
	const uint64_t first = AREA_BASE / PAGE_BYTES;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		print_call("PROTECT", first, PAGES, wrong[i],
			   hypercall(P2M_PROTECT, first, PAGES, wrong[i]));
}

static volatile uint64_t *word_of(uint64_t page)
{
	return (volatile uint64_t *)(uintptr_t)(AREA_BASE + page * PAGE_BYTES);
}

static void fill(void)
{
	for (uint64_t page = 0; page < PAGES; page++)
		*word_of(page) = page * page + 1;
}

static void verify(const char *when)
{
	uint64_t wrong = 0;

	for (uint64_t page = 0; page < PAGES; page++)
		wrong += *word_of(page) != page * page + 1;
	print(wrong ? "FAIL memory " : "OK memory ");
	print(when);
	print("\n");
	failures += wrong;
}

static void honest(void)
{
	const uint64_t first = AREA_BASE / PAGE_BYTES;
	const bool good = hypercall(P2M_REMOVE, first, PAGES, 0) == 0 &&
			  hypercall(P2M_POPULATE, first, PAGES, 0) == 0 &&
			  hypercall(P2M_PROTECT, first, PAGES, 3) == 0;

	print(good ? "OK honest calls are served\n"
		   : "FAIL honest calls are not served\n");
	failures += !good;
}

uint64_t guest_main(void)
{
	args_load();
	ram_frames = args_number("ram", 0, 256) * (0x100000 / PAGE_BYTES);
	fill();
	guest_mark(1);
	unknown_functions();
	ranges();
	rights();
	guest_mark(2);
	verify("after hostile calls");
	honest();
	verify("after honest calls");
	if (!args_is("end", 1, "none", true))
		hypercall(args_is("end", 1, "remove", false) ? P2M_REMOVE
							     : P2M_PROTECT,
			  RAM_BASE / PAGE_BYTES, ram_frames, 0);
	return failures != 0;
}
