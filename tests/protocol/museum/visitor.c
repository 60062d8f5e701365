/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The museum's visitor: a guest that does to its stage-2 tables what its
 * arguments say, a word a step, in order.
 *
 *   visitor STEP...
 *
 *   remove:P[+N]    give pages P to P + N - 1 back to the hypervisor
 *   populate:P[+N]  take them again
 *   protect:P[+N]   read-only from now on; open:P[+N] all allowed again
 *   touch:P[+N]     read what was written there at first
 *   gone:P[+N]      reading them must be an external abort
 *   setway          clean all by set and way (one way is enough for a trap)
 *
 * Pages are of 4 KiB, counted from 16 MiB into RAM; there are 1024. Status 0
 * if every step went as it should.
 */
#include "sim/guests/mmu.h"

#define PAGES UINT64_C(1024)

static struct {
	volatile uint64_t aborts;
	volatile bool expected;
} look;

static volatile uint64_t *word_of(uint64_t page)
{
	return (uint64_t *)(uintptr_t)(AREA_BASE + page * PAGE_BYTES);
}

static uint64_t content(uint64_t page)
{
	return (page + 1) * UINT64_C(0x9e3779b97f4a7c15);
}

static _Noreturn void fail(const char *what, uint64_t page)
{
	print("FAIL ");
	print(what);
	print(" ");
	print_number(page);
	print("\n");
	guest_exit(1);
}

/* An abort on a page that is gone is what it should be. */
void guest_exception(struct exception *frame, uint64_t index)
{
	if (!look.expected || index != 4 || frame->esr >> 26 != 0x25)
		fail("an exception that nobody expected, with syndrome",
		     frame->esr);
	look.aborts++;
	frame->elr += 4;
}

/* ---- steps ---- */

static uint64_t number(const char **at)
{
	uint64_t value = 0;

	if (**at < '0' || **at > '9')
		args_wrong("a step is NAME:PAGE or NAME:PAGE+COUNT");
	for (; **at >= '0' && **at <= '9'; (*at)++)
		value = value * 10 + (uint64_t)(**at - '0');
	return value;
}

static bool is_named(const char *step, const char *name, const char **rest)
{
	for (; *name; name++, step++)
		if (*step != *name)
			return false;
	*rest = step;
	return *step == 0 || *step == ' ' || *step == ':';
}

static void ask(uint64_t function, uint64_t page, uint64_t count,
		uint64_t access)
{
	if (hypercall(function, AREA_BASE / PAGE_BYTES + page, count, access))
		fail("the hypervisor refuses page", page);
}

static void touch(uint64_t page, uint64_t count)
{
	for (; count--; page++)
		if (*word_of(page) != content(page))
			fail("other content in page", page);
}

static void gone(uint64_t page, uint64_t count)
{
	for (; count--; page++) {
		uint64_t value = 0;

		look.aborts = 0;
		look.expected = true;
		__asm__ volatile("ldr	%0, [%1]"
				 : "+r"(value)
				 : "r"(word_of(page))
				 : "memory");
		look.expected = false;
		if (!look.aborts)
			fail("still readable: page", page);
	}
}

static void set_way(void)
{
	__asm__ volatile("dsb sy\n\tdc cisw, %0\n\tdsb sy" ::"r"((uint64_t)0)
			 : "memory");
}

static void ranged_step(const char *step, uint64_t page, uint64_t count)
{
	const char *rest;

	if (is_named(step, "remove", &rest))
		ask(P2M_REMOVE, page, count, 0);
	else if (is_named(step, "populate", &rest))
		ask(P2M_POPULATE, page, count, 0);
	else if (is_named(step, "protect", &rest))
		ask(P2M_PROTECT, page, count, 1);
	else if (is_named(step, "open", &rest))
		ask(P2M_PROTECT, page, count, 7);
	else if (is_named(step, "touch", &rest))
		touch(page, count);
	else if (is_named(step, "gone", &rest))
		gone(page, count);
	else
		args_wrong("no such step");
}

static void do_step(const char *step)
{
	const char *at = step;
	uint64_t page, count = 1;

	if (is_named(step, "setway", &at)) {
		set_way();
		return;
	}
	while (*at && *at != ' ' && *at != ':')
		at++;
	at += *at == ':';
	page = number(&at);
	if (*at == '+') {
		at++;
		count = number(&at);
	}
	if (page >= PAGES || count > PAGES - page)
		args_wrong("pages are 0 to 1023");
	ranged_step(step, page, count);
}

uint64_t guest_main(void)
{
	const char *step;
	uint64_t page;
	unsigned int i;

	args_load();
	mmu_start_with_args(PAGES * PAGE_BYTES);
	mmu_map_blocks(AREA_BASE, PAGES * PAGE_BYTES);
	for (page = 0; page < PAGES; page++)
		*word_of(page) = content(page);
	for (i = 0; (step = args_word(i)) != NULL; i++)
		do_step(step);
	print("OK ");
	print_number(i);
	print(" steps\n");
	return 0;
}
