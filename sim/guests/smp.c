/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two CPUs: both add to one counter under a spin lock, then hand a turn to
 * and fro. Needs a machine with two (cpu.count=2; QEMU: -smp 2).
 *
 *   smp [adds=1000] [turns=50] [ram=256] [va_bits=48]
 *
 * The counter is read and written with plain accesses, so that a lock which
 * does not exclude shows as a wrong total.
 */
#include "mmu.h"

#define OTHER_STACK_TOP (AREA_BASE - 0x10000)

/* A line each. */
static uint32_t lock __attribute__((aligned(64)));
static volatile uint64_t counter __attribute__((aligned(64)));
static uint64_t turn __attribute__((aligned(64)));
static uint64_t other_done __attribute__((aligned(64)));
static struct {
	uint64_t adds, turns;
} work __attribute__((aligned(64)));

static void lock_take(void)
{
	uint32_t seen, failed;

	__asm__ volatile("1:	ldaxr	%w0, [%2]\n"
			 "	cbnz	%w0, 2f\n"
			 "	stlxr	%w1, %w3, [%2]\n"
			 "	cbnz	%w1, 1b\n"
			 "	b	3f\n"
			 "2:	yield\n"
			 "	b	1b\n"
			 "3:\n"
			 : "=&r"(seen), "=&r"(failed)
			 : "r"(&lock), "r"(1)
			 : "memory");
}

static void lock_give(void)
{
	__atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
}

static void add_all(void)
{
	uint64_t i;

	for (i = 0; i < work.adds; i++) {
		lock_take();
		counter = counter + 1;
		lock_give();
	}
}

/* CPU 0 moves on even turns, the other on odd ones. */
static void play(uint64_t me)
{
	uint64_t t;

	for (t = me; t < 2 * work.turns; t += 2) {
		while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) != t)
			__asm__ volatile("yield");
		counter = counter + 1;
		__atomic_store_n(&turn, t + 1, __ATOMIC_RELEASE);
	}
}

/* Both have added before anyone plays: its counter has no lock. */
static void meet(uint64_t *here)
{
	__atomic_fetch_add(here, 1, __ATOMIC_ACQ_REL);
	while (__atomic_load_n(here, __ATOMIC_ACQUIRE) != 2)
		__asm__ volatile("yield");
}

static uint64_t meeting __attribute__((aligned(64)));

void guest_secondary(void)
{
	add_all();
	meet(&meeting);
	play(1);
	__atomic_store_n(&other_done, 1, __ATOMIC_RELEASE);
}

uint64_t guest_main(void)
{
	uint64_t want;
	int64_t result;

	args_load();
	work.adds = args_number("adds", 0, 1000);
	work.turns = args_number("turns", 1, 50);
	mmu_start_with_args(0);
	result = hypercall(PSCI_CPU_ON, 1, (uintptr_t)secondary_start,
			   OTHER_STACK_TOP);
	if (result) {
		print("smp: CPU_ON of CPU 1 gave -");
		print_number((uint64_t)-result);
		print(": this machine needs two CPUs\n");
		return 1;
	}
	guest_mark(1);
	add_all();
	meet(&meeting);
	guest_mark(2);
	play(0);
	while (!__atomic_load_n(&other_done, __ATOMIC_ACQUIRE))
		__asm__ volatile("yield");
	guest_mark(3);
	want = 2 * work.adds + 2 * work.turns;
	print("smp: total ");
	print_number(counter);
	print(counter == want ? ", as it should be\n" : ", WRONG\n");
	return counter != want;
}
