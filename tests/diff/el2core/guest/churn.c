/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Removes, repopulates and protects random runs of its memory, in units of
 * whichever granule its hypervisor has, and knows of each unit what must
 * happen: loads and stores that must abort do, all others find what was
 * stored last. Before: hypercalls with hostile numbers, which must change
 * nothing; code that may not be executed; a stage-1 table that is taken away.
 *
 *   churn [mib=8] [operations=200] [seed=1] [unit=4] [refused=0] [stage2=4]
 *         [ram=256]
 *
 * unit and stage2 (its granule): KiB; requests that are not whole granules are refused, so
 * that units are no smaller. What is printed depends on the unit alone. With
 * refused=1 the hypervisor is short of table pages: runs are
 * single units, and some calls must fail with -12 and change nothing.
 */
#include "sim/guests/mmu.h"

#define UNITS_MAX    65536
#define TABLES_VA    UINT64_C(0x8000000000) /* second entry of the root */
#define NOT_ENOUGH   (-12)
#define INVALID	     (-22)
#define OUT_OF_RANGE (-34)
#define ACCESS_RO    5 /* read, execute */
#define ACCESS_RW    3
#define ACCESS_RWX   7

enum state { RW, RO, GONE };

static uint8_t state[UNITS_MAX];
static uint32_t version[UNITS_MAX];
static uint64_t units, unit_bytes, unit_frames, operations, seed, ram;
static uint64_t granule_frames;
static uint64_t failures, refused, aborts_right, wrong;
static bool expect_refusals;
static struct {
	volatile uint64_t count, esr;
	volatile bool expected;
} taken;

/* ---- single accesses, aborts and all */

void guest_exception(struct exception *frame, uint64_t index)
{
	const uint64_t class = frame->esr >> 26;

	if (!taken.expected || index != 4 || (class != 0x25 && class != 0x21)) {
		print("FAIL unexpected exception: esr ");
		print_hex(frame->esr);
		print(" far ");
		print_hex(frame->far);
		print("\n");
		guest_exit(1);
	}
	taken.count++;
	taken.esr = frame->esr;
	frame->elr = class == 0x21 ? frame->x[30] : frame->elr + 4;
}

static bool load(uint64_t at, uint64_t *value)
{
	taken.count = 0;
	taken.expected = true;
	*value = 0;
	__asm__ volatile("ldr	%0, [%1]" : "+r"(*value) : "r"(at) : "memory");
	taken.expected = false;
	return taken.count == 0;
}

static bool store(uint64_t at, uint64_t value)
{
	taken.count = 0;
	taken.expected = true;
	__asm__ volatile("str	%0, [%1]" ::"r"(value), "r"(at) : "memory");
	taken.expected = false;
	return taken.count == 0;
}

static bool call(uint64_t at, uint64_t *value)
{
	register uint64_t x0 __asm__("x0") = 0;

	taken.count = 0;
	taken.expected = true;
	__asm__ volatile("blr	%1" : "+r"(x0) : "r"(at) : "x30", "memory");
	taken.expected = false;
	*value = x0;
	return taken.count == 0;
}

/* ---- what memory holds */

static uint64_t page_at(uint64_t page)
{
	return AREA_BASE + page * PAGE_BYTES;
}

/* Of a page: its first word changes with each version, the others stay. */
static uint64_t content(uint64_t page, uint64_t line)
{
	const uint64_t base = (page << 8 | line) * UINT64_C(0x9e3779b97f4a7c15);

	return line ? base : base + version[page / unit_frames];
}

static void fill(void)
{
	for (uint64_t page = 0; page < units * unit_frames; page++)
		for (uint64_t line = 0; line < 64; line++)
			*(uint64_t *)(uintptr_t)(page_at(page) + line * 64) =
				content(page, line);
}

static void result(bool right, const char *what)
{
	failures += !right;
	print(right ? "OK " : "FAIL ");
	print(what);
	print("\n");
}

static void number(const char *text, uint64_t value)
{
	print(text);
	print_number(value);
}

/* ---- every unit against its state */

static uint64_t fold(uint64_t sum, uint64_t word)
{
	sum = (sum ^ word) * UINT64_C(0x100000001b3);
	return sum ^ sum >> 29;
}

static uint64_t look_at_page(uint64_t page, enum state is, uint64_t sum)
{
	const uint64_t at = page_at(page);
	uint64_t word;

	if (load(at, &word) == (is == GONE))
		wrong++;
	aborts_right += is == GONE && taken.count;
	if (is == GONE)
		return sum;
	for (uint64_t line = 0; line < 64; line += 9) {
		word = *(uint64_t *)(uintptr_t)(at + line * 64);
		wrong += word != content(page, line);
		sum = fold(sum, word);
	}
	return sum;
}

static void store_to_unit(uint64_t unit, enum state is)
{
	const uint64_t page = unit * unit_frames;

	if (is == RW)
		version[unit]++;
	for (uint64_t i = 0; i < unit_frames; i++) {
		const bool done =
			store(page_at(page + i), content(page + i, 0));

		wrong += done != (is == RW);
		aborts_right += is != RW && !done;
	}
}

static void look(const char *what)
{
	uint64_t count[3] = { 0, 0, 0 }, sum = 0;

	wrong = aborts_right = 0;
	for (uint64_t unit = 0; unit < units; unit++) {
		const enum state is = (enum state)state[unit];

		count[is]++;
		for (uint64_t i = 0; i < unit_frames; i++)
			sum = look_at_page(unit * unit_frames + i, is, sum);
		store_to_unit(unit, is);
	}
	failures += wrong != 0;
	print(wrong ? "FAIL " : "OK ");
	print(what);
	number(": writable ", count[RW]);
	number(", read-only ", count[RO]);
	number(", gone ", count[GONE]);
	number("; aborts ", aborts_right);
	number(", wrong ", wrong);
	print(", checksum ");
	print_hex(sum);
	print("\n");
}

/* ---- hypercalls */

static int64_t unit_call(uint64_t function, uint64_t unit, uint64_t count,
			 uint64_t access)
{
	return hypercall(function, (AREA_BASE + unit * unit_bytes) / PAGE_BYTES,
			 count * unit_frames, access);
}

static void change(uint64_t function, uint64_t unit, uint64_t count,
		   uint64_t access)
{
	const int64_t rc = unit_call(function, unit, count, access);

	if (rc == NOT_ENOUGH && expect_refusals) {
		refused++;
		return;
	}
	if (rc) {
		number("FAIL hypercall ", function & 15);
		number(" of unit ", unit);
		number(", count ", count);
		number(": -", (uint64_t)-rc);
		print("\n");
		failures++;
		return;
	}
	for (; count--; unit++) {
		if (function == P2M_POPULATE)
			state[unit] = RW;
		else if (function == P2M_REMOVE)
			state[unit] = GONE;
		else if (state[unit] != GONE)
			state[unit] = access == ACCESS_RO ? RO : RW;
	}
}

static void hostile_call(uint64_t function, uint64_t gfn, uint64_t count,
			 uint64_t access, int64_t want)
{
	const int64_t rc = hypercall(function, gfn, count, access);

	if (rc == want)
		return;
	print("FAIL hostile hypercall ");
	print_hex(function);
	print(" gfn ");
	print_hex(gfn);
	print(" count ");
	print_hex(count);
	number(": -", (uint64_t)-rc);
	number(", not -", (uint64_t)-want);
	print("\n");
	failures++;
}

static void hostile(void)
{
	const uint64_t ones = ~UINT64_C(0), top = UINT64_C(1) << 63;
	const uint64_t first = RAM_BASE / PAGE_BYTES, uart = 0x9000;
	const uint64_t end = first + (ram << 20) / PAGE_BYTES;
	const uint64_t area = AREA_BASE / PAGE_BYTES;

	for (uint64_t f = P2M_POPULATE; f <= P2M_PROTECT; f++) {
		hostile_call(f, ones, 1, 0, OUT_OF_RANGE);
		hostile_call(f, ones, ones, 0, OUT_OF_RANGE);
		hostile_call(f, area, ones, 0, OUT_OF_RANGE);
		hostile_call(f, area, ones - area + 1, 0, OUT_OF_RANGE);
		hostile_call(f, area, top, 0, OUT_OF_RANGE);
		hostile_call(f, area | top, 16, 0, OUT_OF_RANGE);
		hostile_call(f, area | top >> 11, 16, 0, OUT_OF_RANGE);
		hostile_call(f, area, 0, 0, OUT_OF_RANGE);
		hostile_call(f, first - 1, 16, 0, OUT_OF_RANGE);
		hostile_call(f, end - 16, 32, 0, OUT_OF_RANGE);
		hostile_call(f, end, 16, 0, OUT_OF_RANGE);
		hostile_call(f, uart, 16, 0, OUT_OF_RANGE);
		if (granule_frames > 1) {
			hostile_call(f, area + 1, granule_frames, 0, INVALID);
			hostile_call(f, area, 1, 0, INVALID);
		}
	}
	hostile_call(P2M_PROTECT, area, unit_frames, 8, INVALID);
	hostile_call(P2M_PROTECT, area, unit_frames, ones, INVALID);
	hostile_call(P2M_PROTECT, area, unit_frames, 0x100, INVALID);
	hostile_call(UINT64_C(0xc6000005), area, 16, 0, -1);
	hostile_call(ones, ones, ones, ones, -1);
}

/* ---- code that may not be executed */

static void code(void)
{
	volatile uint32_t *at =
		(void *)(uintptr_t)(AREA_BASE + units * unit_bytes);
	uint64_t value;

	at[0] = 0xd28009a0; /* mov x0, #77 */
	at[1] = 0xd65f03c0; /* ret */
	__asm__ volatile("dc	cvau, %0\n\tdsb	ish\n\tic	ivau, %0\n"
			 "	dsb	ish\n\tisb" ::"r"(at)
			 : "memory");
	result(call((uintptr_t)at, &value) && value == 77, "code, called");
	if (unit_call(P2M_PROTECT, units, 1, ACCESS_RW))
		failures++;
	result(!call((uintptr_t)at, &value) && taken.esr >> 26 == 0x21,
	       "code without execution: abort");
	if (unit_call(P2M_PROTECT, units, 1, ACCESS_RWX))
		failures++;
	result(call((uintptr_t)at, &value) && value == 77,
	       "code with execution again");
}

/* ---- a stage-1 table that is taken away */

#define TABLE_BITS (PTE_VALID | PTE_TABLE)

static volatile uint64_t *table_at(uint64_t unit)
{
	return (volatile uint64_t *)(uintptr_t)(AREA_BASE +
						(units + unit) * unit_bytes);
}

/* Three tables of a unit each behind the area; the last maps page 0. */
static void table_build(void)
{
	volatile uint64_t *root, *table[3];
	uint64_t ttbr;

	for (unsigned int i = 0; i < 3; i++) {
		table[i] = table_at(1 + i);
		for (unsigned int j = 0; j < 512; j++)
			table[i][j] = 0;
	}
	table[0][0] = (uintptr_t)table[1] | TABLE_BITS;
	table[1][0] = (uintptr_t)table[2] | TABLE_BITS;
	table[2][0] = AREA_BASE | PTE_NORMAL | PTE_PAGE | PTE_UXN;
	__asm__ volatile("dsb	ishst\n\tmrs	%0, ttbr0_el1"
			 : "=r"(ttbr)::"memory");
	root = (volatile uint64_t *)(uintptr_t)(ttbr & PTE_ADDRESS);
	root[TABLES_VA >> 39 & 511] = (uintptr_t)table[0] | TABLE_BITS;
	__asm__ volatile("dsb	ishst\n\tisb" ::: "memory");
}

static void table(void)
{
	uint64_t word;

	table_build();
	result(load(TABLES_VA, &word) && word == content(0, 0),
	       "a load through a table");
	change(P2M_REMOVE, units + 3, 1, 0);
	result(!load(TABLES_VA, &word) && (taken.esr & 0x3c) == 0x14,
	       "through a table that is gone: abort on the walk");
	change(P2M_POPULATE, units + 3, 1, 0);
	result(load(TABLES_VA, &word) && word == content(0, 0),
	       "a load through the table, back");
}

/* ---- random runs */

static void churn_once(void)
{
	static const uint64_t functions[] = { P2M_REMOVE, P2M_POPULATE,
					      P2M_PROTECT, P2M_PROTECT };
	const uint64_t what = lcg_below(&seed, 4);
	const uint64_t unit = lcg_below(&seed, units);
	uint64_t count = 1 + lcg_below(&seed, 4);

	/* Now and then a long one. */
	if (lcg_below(&seed, 8) == 0)
		count = 1 + lcg_below(&seed, units);
	if (count > units - unit)
		count = units - unit;
	change(functions[what], unit, expect_refusals ? 1 : count,
	       what == 2 ? ACCESS_RO : ACCESS_RWX);
}

static void churn(void)
{
	for (uint64_t i = 0; i < operations; i++) {
		churn_once();
		if (i + 1 == operations / 2)
			look("random runs, in between");
	}
	look("random runs");
	if (expect_refusals) {
		result(refused != 0, "some calls were refused");
		return;
	}
	change(P2M_POPULATE, 0, units, 0);
	look("everything, back");
	look("everything, written anew");
}

static void load_arguments(void)
{
	uint64_t mib, unit, granule;

	args_load();
	mib = args_number("mib", 0, 8);
	operations = args_number("operations", 1, 200);
	seed = args_number("seed", 2, 1);
	unit = args_number("unit", 3, 4);
	expect_refusals = args_number("refused", 4, 0) != 0;
	granule = args_number("stage2", 5, 4);
	ram = args_number("ram", ~0u, 256);
	if (unit != 4 && unit != 16 && unit != 64)
		args_wrong("unit is 4, 16 or 64");
	if (granule > unit || (granule != 4 && granule != 16 && granule != 64))
		args_wrong("stage2 is 4, 16 or 64, and no more than unit");
	if (mib < 2 || mib % 2 || mib > 256)
		args_wrong("mib is even, 2 to 256");
	unit_bytes = unit << 10;
	unit_frames = unit_bytes / PAGE_BYTES;
	granule_frames = (granule << 10) / PAGE_BYTES;
	units = (mib << 20) / unit_bytes;
	mmu_start_with_args((mib + 2) << 20);
	mmu_map_blocks(AREA_BASE, (mib + 2) << 20);
}

uint64_t guest_main(void)
{
	load_arguments();
	if (guest_mark(0) < 0) {
		print("churn: no hypervisor here answers p2m hypercalls\n");
		return 0;
	}
	fill();
	look("filled");
	hostile();
	look("after hostile numbers");
	if (!expect_refusals) {
		code();
		table();
	}
	churn();
	return failures != 0;
}
