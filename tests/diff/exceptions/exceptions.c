/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Instructions that may fault, one after the other; what is taken is printed:
 * ESR, the instruction's place, SPSR, and FAR where the architecture gives it
 * a value. The output is the same on every CPU without FEAT_LSE2.
 */
#include "sim/guests/mmu.h"

struct
try {
	const char *name;
	void (*run)(uint64_t x0, uint64_t x1);
};
extern const struct try tries_aligned[], tries_aligned_odd[], tries_odd[],
	tries_device[], tries_maintenance[], tries_own[];
uint64_t return_with(uint64_t spsr, uint64_t count);

#define NOWHERE	   UINT64_C(0x80000000)
#define EL1H	   UINT64_C(0x3c5)
#define SPSR_IL	   (UINT64_C(1) << 20)
#define SCTLR_A	   UINT64_C(2)
#define EC_ILLEGAL 0x0e

static const struct try *current;

/* FAR: aborts and misaligned PCs. */
static bool has_far(uint64_t ec)
{
	return (ec >= 0x20 && ec <= 0x22) || ec == 0x24 || ec == 0x25;
}

void guest_exception(struct exception *frame, uint64_t index)
{
	uint64_t ec = frame->esr >> 26;

	print(" vector ");
	print_number(index);
	print(" esr ");
	print_hex(frame->esr);
	print(" spsr ");
	print_hex(frame->spsr & ~UINT64_C(0xf0000000));
	if (current) {
		print(" at +");
		print_number(frame->elr - (uintptr_t)current->run);
	}
	if (has_far(ec)) {
		print(" far ");
		print_hex(frame->far);
	}
	if (ec == EC_ILLEGAL)
		frame->spsr &= ~SPSR_IL;
	else
		frame->elr += 4;
}

static void try_all(const char *title, const struct try *tries, uint64_t x0)
{
	print(title);
	print(":\n");
	for (current = tries; current->name; current++) {
		print("  ");
		print(current->name);
		print(":");
		current->run(x0, NOWHERE);
		print("\n");
	}
	current = NULL;
}

static void sctlr_change(uint64_t clear, uint64_t set)
{
	uint64_t value;

	__asm__ volatile("mrs %0, sctlr_el1" : "=r"(value));
	value = (value & ~clear) | set;
	__asm__ volatile("msr sctlr_el1, %0\n\tisb" ::"r"(value) : "memory");
}

static void try_return(const char *title, uint64_t spsr)
{
	print(title);
	print(":");
	print(return_with(spsr, 6) == 7 ? " and on\n" : " lost\n");
}

uint64_t guest_main(void)
{
	uint64_t area = AREA_BASE;

	args_load();
	__asm__ volatile("msr cpacr_el1, %0\n\tisb" ::"r"(UINT64_C(3) << 20));
	try_all("MMU off", tries_device, area + 1);
	mmu_start(39);
	mmu_map_blocks(area, BLOCK_BYTES);
	try_all("MMU on", tries_odd, area + 1);
	try_all("at the end of a page", tries_odd, area + 0xfff);
	try_all("maintenance", tries_maintenance, area + 0x40);
	sctlr_change(0, SCTLR_A);
	try_all("SCTLR_EL1.A", tries_aligned, area);
	try_all("SCTLR_EL1.A, odd", tries_aligned_odd, area + 1);
	try_all("SCTLR_EL1.A, over a page", tries_aligned_odd, area + 0xff9);
	sctlr_change(SCTLR_A, 0);
	try_all("without it again", tries_aligned_odd, area + 1);
	try_return("return to EL1h", EL1H);
	try_return("return to EL2h", EL1H + 4);
	try_return("return to EL1 of no name", EL1H - 3);
	try_return("return with IL", EL1H | SPSR_IL);
	if (args_number("own", ~0u, 0))
		try_all("own", tries_own, area);
	guest_power_off();
}
