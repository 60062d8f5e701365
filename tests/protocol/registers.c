/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that writes base and control registers, rightly or not, and then
 * uses an address that this touches. Its argument says how:
 *
 *   registers [all|no-tlbi|early-tlbi|no-isb|asid-reused|mair-no-tlbi]
 *
 *   all           another table, another ASID, another MAIR_EL1, each with its
 *                 ISB and TLBI where one is due
 *   no-tlbi       another table under the same ASID, and no TLBI
 *   early-tlbi    the TLBI before the ISB
 *   no-isb        the access before the ISB
 *   asid-reused   an ASID given to another table, two switches later
 *   mair-no-tlbi  the attribute of a mapped page changed in MAIR_EL1, no TLBI
 *
 * DDI0487 L.b D8.17, D24.1.2.2.
 */
#include "sim/guests/mmu.h"

#define TEST UINT64_C(0x80000000) /* the third entry of a root of level 1 */
#define ONE  (AREA_BASE)
#define TWO  (AREA_BASE + BLOCK_BYTES)
#define WORD(address) (*(volatile uint64_t *)(uintptr_t)(address))

#define ISB()  __asm__ volatile("isb" ::: "memory")
#define TLBI() __asm__ volatile("tlbi vmalle1is\n\tdsb ish\n\tisb" ::: "memory")

static uint64_t roots[2];

/* Like the first root, but with TEST somewhere else. */
static uint64_t root_like(uint64_t first, uint64_t frame)
{
	uint64_t *root = mmu_table_new(), *middle = mmu_table_new();
	const volatile uint64_t *old = (uint64_t *)(uintptr_t)first;

	for (unsigned int i = 0; i < 512; i++)
		root[i] = old[i];
	middle[0] = frame | PTE_NORMAL | PTE_NG | PTE_UXN | PTE_PXN;
	/* The same memory by an attribute of its own. */
	middle[1] = ONE | PTE_ATTR(2) | PTE_AF | PTE_VALID | PTE_UXN | PTE_PXN;
	root[TEST >> 30] = (uintptr_t)middle | PTE_VALID | PTE_TABLE;
	__asm__ volatile("dsb ish\n\tisb" ::: "memory");
	return (uintptr_t)root;
}

static inline __attribute__((always_inline)) void install(unsigned int which,
							  uint64_t asid)
{
	__asm__ volatile("msr ttbr0_el1, %0" ::"r"(roots[which] | asid << 48)
			 : "memory");
}

static inline __attribute__((always_inline)) void mair(uint64_t value)
{
	__asm__ volatile("msr mair_el1, %0" ::"r"(value) : "memory");
}

static void look(uint64_t at)
{
	print_hex(WORD(at));
	print("\n");
}

static void all(void)
{
	install(1, 1);
	ISB();
	TLBI();
	look(TEST);
	install(0, 2);
	ISB();
	look(TEST);
	look(TEST + BLOCK_BYTES);
	mair(MAIR_VALUE ^ UINT64_C(0xff0000));
	ISB();
	TLBI();
	look(TEST + BLOCK_BYTES);
}

static void switch_and_use(bool tlbi_first, bool isb)
{
	install(1, 1);
	if (tlbi_first)
		TLBI();
	if (isb)
		ISB();
	look(TEST);
}

static void reuse(void)
{
	install(1, 2);
	ISB();
	look(TEST);
	install(1, 1);
	ISB();
	look(TEST);
}

static void change_mair(void)
{
	look(TEST + BLOCK_BYTES);
	mair(MAIR_VALUE ^ UINT64_C(0xff0000));
	ISB();
	look(TEST + BLOCK_BYTES);
}

static void start(void)
{
	uint64_t first;

	mmu_start(39);
	mmu_map_blocks(ONE, 2 * BLOCK_BYTES);
	WORD(ONE) = 1;
	WORD(TWO) = 2;
	__asm__ volatile("mrs %0, ttbr0_el1" : "=r"(first));
	roots[0] = root_like(first, ONE);
	roots[1] = root_like(first, TWO);
	install(0, 1);
	ISB();
	TLBI();
	look(TEST);
}

uint64_t guest_main(void)
{
	args_load();
	start();
	if (args_is("how", 0, "all", true))
		all();
	else if (args_is("how", 0, "no-tlbi", false))
		switch_and_use(false, true);
	else if (args_is("how", 0, "early-tlbi", false))
		switch_and_use(true, true);
	else if (args_is("how", 0, "no-isb", false))
		switch_and_use(false, false);
	else if (args_is("how", 0, "asid-reused", false))
		reuse();
	else if (args_is("how", 0, "mair-no-tlbi", false))
		change_mair();
	else
		args_wrong("all, no-tlbi, early-tlbi, no-isb, asid-reused or "
			   "mair-no-tlbi");
	return 0;
}
