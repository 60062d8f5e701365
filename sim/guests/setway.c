/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What 32-bit Linux does to the caches when it brings up a CPU, from EL1 of
 * AArch64: clean and invalidate every level by set and way, turn MMU and
 * caches off, look at memory, invalidate the first level by set and way, work
 * without caches, turn them on. Several times; each time memory is written
 * with caches on before, and must be what is read with caches off.
 *
 *   setway [rounds=3] [mib=4] [mode=setway|va|forget] [move=0|1] [ram=256]
 *          [va_bits=48]
 *
 * mib is the memory written. va cleans by address instead, which no
 * hypervisor need emulate. forget cleans nothing: what it reads with caches
 * off is then as old as memory is, and how much of it was is printed, no
 * failure. With move=1 every other round has its memory elsewhere, and does
 * not look at it again with caches on before the end. Each round is two phases: MARK 1 work with caches on, 2 bring-up;
 * MARK 3 ends the last.
 */
#include "mmu.h"

#define LINE 64

enum mode { MODE_SETWAY, MODE_VA, MODE_FORGET };

static uint64_t words; /* one a line */
static uint64_t area;  /* of this round */

/* ---- caches ---- */

static uint64_t clidr(void)
{
	uint64_t value;

	__asm__ volatile("mrs %0, clidr_el1" : "=r"(value));
	return value;
}

static uint64_t ccsidr(unsigned int level)
{
	uint64_t value;

	__asm__ volatile("msr csselr_el1, %1\n\tisb\n\tmrs %0, ccsidr_el1"
			 : "=r"(value)
			 : "r"((uint64_t)level << 1));
	return value;
}

static void dc(bool clean, uint64_t operand)
{
	if (clean)
		__asm__ volatile("dc cisw, %0" ::"r"(operand) : "memory");
	else
		__asm__ volatile("dc isw, %0" ::"r"(operand) : "memory");
}

/* One level; from 0. DDI0487, C5.3 "DC CISW". */
static void level_by_set_way(unsigned int level, bool clean)
{
	uint64_t id = ccsidr(level), ways = (id >> 3 & 0x3ff) + 1;
	uint64_t sets = (id >> 13 & 0x7fff) + 1, set, way;
	unsigned int line_lg2 = (unsigned int)(id & 7) + 4, way_bits = 0;

	while (UINT64_C(1) << way_bits < ways)
		way_bits++;
	for (way = 0; way < ways; way++)
		for (set = 0; set < sets; set++)
			dc(clean, (way_bits ? way << (32 - way_bits) : 0) |
					  set << line_lg2 |
					  (uint64_t)level << 1);
}

/* Every data or unified cache up to the point of coherency. */
static void all_by_set_way(void)
{
	uint64_t id = clidr();
	unsigned int level, coherency = id >> 24 & 7;

	__asm__ volatile("dmb sy" ::: "memory");
	for (level = 0; level < coherency; level++)
		if ((id >> 3 * level & 7) >= 2)
			level_by_set_way(level, true);
	__asm__ volatile("dsb sy\n\tisb" ::: "memory");
}

static void all_by_address(uint64_t begin, uint64_t end)
{
	for (; begin < end; begin += LINE)
		__asm__ volatile("dc cvac, %0" ::"r"(begin) : "memory");
	__asm__ volatile("dsb sy" ::: "memory");
}

/* ---- MMU and caches off and on: SCTLR_EL1.M and C ---- */

static void caches_off(void)
{
	uint64_t sctlr;

	__asm__ volatile("mrs %0, sctlr_el1\n\t"
			 "bic %0, %0, #4\n\t"
			 "bic %0, %0, #1\n\t"
			 "msr sctlr_el1, %0\n\t"
			 "isb"
			 : "=&r"(sctlr)::"memory");
}

static void caches_on(void)
{
	uint64_t sctlr;

	__asm__ volatile("mrs %0, sctlr_el1\n\t"
			 "orr %0, %0, #4\n\t"
			 "orr %0, %0, #1\n\t"
			 "tlbi vmalle1\n\t"
			 "dsb nsh\n\t"
			 "msr sctlr_el1, %0\n\t"
			 "isb"
			 : "=&r"(sctlr)::"memory");
}

/* ---- memory ---- */

static volatile uint64_t *word_at(uint64_t index)
{
	return (volatile uint64_t *)(uintptr_t)(area + index * LINE);
}

/* Never zero, and another one each round. */
static uint64_t value_at(uint64_t round, uint64_t index)
{
	return (round + 1) << 32 | index;
}

static void write_all(uint64_t round)
{
	uint64_t i;

	for (i = 0; i < words; i++)
		*word_at(i) = value_at(round, i);
}

static uint64_t count_wrong(uint64_t round)
{
	uint64_t wrong = 0, i;

	for (i = 0; i < words; i++)
		wrong += *word_at(i) != value_at(round, i);
	return wrong;
}

/*
 * The same with caches off, and in registers alone: what the stack holds may
 * be as old as the words are.
 */
static uint64_t count_wrong_below(uint64_t round)
{
	uint64_t at = area, left = words, want = value_at(round, 0);
	uint64_t wrong = 0, sctlr, off, word;

	__asm__ volatile("mrs %[sctlr], sctlr_el1\n\t"
			 "bic %[off], %[sctlr], #4\n\t"
			 "bic %[off], %[off], #1\n\t"
			 "msr sctlr_el1, %[off]\n\t"
			 "isb\n"
			 "1:\tldr %[word], [%[at]], #64\n\t"
			 "cmp %[word], %[want]\n\t"
			 "cinc %[wrong], %[wrong], ne\n\t"
			 "add %[want], %[want], #1\n\t"
			 "subs %[left], %[left], #1\n\t"
			 "b.ne 1b\n\t"
			 "tlbi vmalle1\n\t"
			 "dsb nsh\n\t"
			 "msr sctlr_el1, %[sctlr]\n\t"
			 "isb"
			 : [at] "+r"(at), [left] "+r"(left), [want] "+r"(want),
			   [wrong] "+r"(wrong), [sctlr] "=&r"(sctlr),
			   [off] "=&r"(off), [word] "=&r"(word)::"cc",
			   "memory");
	return wrong;
}

/* Work that bypasses the caches: the word behind the first of each page. */
static void work_below(uint64_t round)
{
	uint64_t i;

	for (i = 0; i < words; i += PAGE_BYTES / LINE)
		word_at(i)[1] = ~value_at(round, i);
}

static uint64_t count_work_lost(uint64_t round)
{
	uint64_t lost = 0, i;

	for (i = 0; i < words; i += PAGE_BYTES / LINE)
		lost += word_at(i)[1] != ~value_at(round, i);
	return lost;
}

/* ---- rounds ---- */

struct verdict {
	uint64_t below; /* wrong with caches off */
	uint64_t above; /* and with caches on again */
};

static void bring_up(uint64_t round, bool look_again, struct verdict *v)
{
	all_by_set_way();
	caches_off();
	v->below += count_wrong(round);
	level_by_set_way(0, false);
	work_below(round);
	caches_on();
	if (look_again)
		v->above += count_wrong(round) + count_work_lost(round);
}

static void look_below(uint64_t round, enum mode mode, struct verdict *v)
{
	if (mode == MODE_VA)
		all_by_address(area, area + words * LINE);
	v->below += count_wrong_below(round);
	v->above += count_wrong(round);
}

static enum mode mode_of_args(void)
{
	if (args_is("mode", 2, "setway", true))
		return MODE_SETWAY;
	if (args_is("mode", 2, "va", false))
		return MODE_VA;
	if (!args_is("mode", 2, "forget", false))
		args_wrong("mode is setway, va or forget");
	return MODE_FORGET;
}

static void area_of(uint64_t round, bool move)
{
	area = AREA_BASE + (move ? (round & 1) * words * LINE : 0);
}

static void run(uint64_t rounds, enum mode mode, bool move, struct verdict *v)
{
	uint64_t round;

	for (round = 0; round < rounds; round++) {
		area_of(round, move);
		guest_mark(1);
		write_all(round);
		guest_mark(2);
		if (mode == MODE_SETWAY)
			bring_up(round, !move, v);
		else
			look_below(round, mode, v);
	}
	guest_mark(3);
	for (round = rounds > 1 ? rounds - 2 : 0; move && round < rounds;
	     round++) {
		area_of(round, move);
		v->above += count_wrong(round);
	}
}

uint64_t guest_main(void)
{
	static const char *const name[] = { "set/way", "address", "nothing" };
	struct verdict v = { 0, 0 };
	uint64_t rounds, mib, move, bytes;
	enum mode mode;

	args_load();
	rounds = args_number("rounds", 0, 3);
	mib = args_number("mib", 1, 4);
	mode = mode_of_args();
	if (!rounds || rounds > 1000 || !mib || mib > 1024)
		args_wrong("rounds is 1 to 1000, mib 1 to 1024");
	move = args_number("move", 3, 0);
	if (move > 1)
		args_wrong("move is 0 or 1");
	words = (mib << 20) / LINE;
	bytes = mib << (20 + move);
	mmu_start_with_args(bytes);
	mmu_map_blocks(AREA_BASE,
		       (bytes + BLOCK_BYTES - 1) & ~(BLOCK_BYTES - 1));
	run(rounds, mode, move, &v);
	print("setway: ");
	print_number(rounds);
	print(" rounds over ");
	print_number(mib);
	print(" MiB, cleaned by ");
	print(name[mode]);
	print(": ");
	print_number(v.below);
	print(" words stale with caches off, ");
	print_number(v.above);
	print(" wrong with caches on\n");
	return v.above || (v.below && mode != MODE_FORGET);
}
