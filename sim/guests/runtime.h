/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What our bare-metal guests share: console, arguments, the ways to end, and
 * calls to the hypervisor. Everything here works on QEMU's `virt` as well;
 * the p2m hypercalls answer NOT_SUPPORTED there.
 */
#ifndef SIM_GUESTS_RUNTIME_H
#define SIM_GUESTS_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* First byte of the area that tests may use; below it: image, tables,
 * stacks. */
#define AREA_BASE   UINT64_C(0x41000000)
#define RAM_BASE    UINT64_C(0x40000000)
#define PAGE_BYTES  UINT64_C(4096)
#define BLOCK_BYTES UINT64_C(0x200000)

/* Every guest has one; what it returns is the exit status. CPU 0, MMU off. */
uint64_t guest_main(void);
/* Where other CPUs arrive, MMU on. Must not return... and idles if it does. */
void guest_secondary(void);

/* ---- console: PL011 at 0x09000000 ---- */
void print(const char *text);
void print_number(uint64_t value);
void print_hex(uint64_t value);

/* ---- arguments: semihosting SYS_GET_CMDLINE ----
 * Words after the first (the guest's path): NAME=VALUE, or bare values by
 * position. */
void args_load(void);
/* The number given as `name` or at `position` (from 0), else `otherwise`.
 * 0x and the suffixes k, m are understood; anything else ends the guest with
 * status 2. */
uint64_t args_number(const char *name, unsigned int position,
		     uint64_t otherwise);
/* The bare word at `position`, up to a blank or the end; NULL: there is none.
 */
const char *args_word(unsigned int position);
/* Whether the word given as `name` or at `position` is `value`; the first of
 * its values is the default: is_default says so. */
bool args_is(const char *name, unsigned int position, const char *value,
	     bool is_default);
/* Ends the guest with status 2 and this line. */
_Noreturn void args_wrong(const char *what);

/* ---- ends ---- */
_Noreturn void guest_exit(uint64_t status); /* semihosting, with a status */
_Noreturn void guest_power_off(void);	    /* PSCI SYSTEM_OFF */

/* ---- hypervisor: SMCCC by HVC ---- */
#define PSCI_SYSTEM_OFF UINT64_C(0x84000008)
#define PSCI_CPU_ON	UINT64_C(0xc4000003)
#define P2M_POPULATE	UINT64_C(0xc6000001)
#define P2M_REMOVE	UINT64_C(0xc6000002)
#define P2M_PROTECT	UINT64_C(0xc6000003)
#define P2M_MARK	UINT64_C(0xc6000004)

static inline int64_t hypercall(uint64_t function, uint64_t a1, uint64_t a2,
				uint64_t a3)
{
	register uint64_t x0 __asm__("x0") = function;
	register uint64_t x1 __asm__("x1") = a1;
	register uint64_t x2 __asm__("x2") = a2;
	register uint64_t x3 __asm__("x3") = a3;

	__asm__ volatile("hvc #0"
			 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)
			 :
			 : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11",
			   "x12", "x13", "x14", "x15", "x16", "x17", "memory");
	return (int64_t)x0;
}

/* Splits the statistics into phases. 0, or negative where nobody listens. */
static inline int64_t guest_mark(uint64_t id)
{
	return hypercall(P2M_MARK, id, 0, 0);
}

/* ---- exceptions ---- */
struct exception {
	uint64_t x[31], elr, spsr, esr, far, sp_el0;
};
_Static_assert(sizeof(struct exception) == 288, "start.S knows this");

/* index: position in the vector table. Returning resumes at frame->elr.
 * Unless a guest has its own: prints the syndrome, ends with status 99. */
void guest_exception(struct exception *frame, uint64_t index);

/* ---- numbers that look random, and are the same everywhere ---- */
static inline uint64_t lcg_next(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) +
		 UINT64_C(1442695040888963407);
	return *state >> 33;
}

/* A number below `limit` (at most 2^31). */
static inline uint64_t lcg_below(uint64_t *state, uint64_t limit)
{
	return lcg_next(state) * limit >> 31;
}

void *memcpy(void *to, const void *from, size_t bytes);
void *memset(void *to, int value, size_t bytes);

#endif
