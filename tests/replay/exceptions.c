/* SPDX-License-Identifier: BSD-2-Clause */
/* Exceptions at EL0 that are no faults of loads and stores, taken as signals;
 * and WFI, which waits for nothing there. */
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>

static sigjmp_buf back;

static void taken(int number)
{
	printf("signal %d\n", number);
	siglongjmp(back, 1);
}

int main(void)
{
	static char unaligned[32], untouched[65536];

	signal(SIGILL, taken);
	signal(SIGTRAP, taken);
	signal(SIGBUS, taken);
	if (!sigsetjmp(back, 1))
		__asm__ volatile(".inst 0x00000000");
	if (!sigsetjmp(back, 1))
		__asm__ volatile("brk #1");
	if (!sigsetjmp(back, 1))
		__asm__ volatile("br %0" ::"r"(3L));
	if (!sigsetjmp(back, 1))
		__asm__ volatile("ldxr x1, [%0]" ::"r"(unaligned + 1) : "x1");
	signal(SIGSEGV, taken);
	if (!sigsetjmp(back, 1))
		__asm__ volatile("dc cvac, %0" ::"r"(0x1000L));
	if (!sigsetjmp(back, 1))
		__asm__ volatile("ic ivau, %0" ::"r"(-64L));
	/* A page that nobody has touched yet. */
	__asm__ volatile("dc civac, %0" ::"r"(untouched + 8192));
	__asm__ volatile("wfi");
	puts("done");
	return 0;
}
