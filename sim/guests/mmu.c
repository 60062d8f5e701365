/* SPDX-License-Identifier: BSD-2-Clause */
/* Identity-mapped stage 1 for our guests: see mmu.h. */
#include "mmu.h"

extern char __tables_start[], __tables_end[];

/* What a second CPU needs to turn its MMU on (start.S). Written with the MMU
 * off, hence in memory and in no cache. */
struct mmu_registers {
	uint64_t ttbr0, ttbr1, tcr, mair;
};
extern struct mmu_registers mmu_boot;
struct mmu_registers mmu_boot __attribute__((aligned(64)));

static char *tables_next;
static uint64_t *root;
static unsigned int root_level;
/* Of the granule: bits of a page, and that one level resolves. */
static unsigned int page_lg2 = 12, stride = 9;

uint64_t *mmu_table_new(void)
{
	uintptr_t bytes = (uintptr_t)1 << page_lg2;
	uint64_t *table;
	unsigned int i;

	if (!tables_next)
		tables_next = (char *)(((uintptr_t)__tables_start + bytes - 1) &
				       ~(bytes - 1));
	if (tables_next >= __tables_end) {
		print("no room for page tables\n");
		guest_exit(2);
	}
	table = (uint64_t *)(uintptr_t)tables_next;
	tables_next += bytes;
	for (i = 0; i < bytes / 8; i++)
		*(volatile uint64_t *)&table[i] = 0;
	return table;
}

static unsigned int index_at(uint64_t va, unsigned int level)
{
	return va >> (page_lg2 + stride * (3 - level)) & ((1u << stride) - 1);
}

/* The entry of `va` at `level`; tables on the way are made. */
static volatile uint64_t *entry_at(uint64_t va, unsigned int level)
{
	volatile uint64_t *table = root;
	unsigned int l;

	for (l = root_level; l < level; l++) {
		volatile uint64_t *entry = &table[index_at(va, l)];

		if (!*entry) {
			uint64_t *next = mmu_table_new();

			/* Its zeros before the pointer to it. */
			__asm__ volatile("dmb ishst" ::: "memory");
			*entry = (uintptr_t)next | PTE_VALID | PTE_TABLE;
		}
		table = (uint64_t *)(uintptr_t)(*entry & PTE_ADDRESS);
	}
	return &table[index_at(va, level)];
}

static void map(uint64_t base, uint64_t bytes, unsigned int level,
		uint64_t bits)
{
	uint64_t step = level == 3 ? PAGE_BYTES : BLOCK_BYTES;
	uint64_t at;

	/* Blocks of other granules are too large for what is mapped here. */
	if (page_lg2 != 12) {
		level = 3;
		step = UINT64_C(1) << page_lg2;
		bits |= PTE_PAGE;
	}
	for (at = base; at < base + bytes; at += step)
		*entry_at(at, level) = at | bits;
	__asm__ volatile("dsb ishst\n\tisb" ::: "memory");
}

void mmu_map_pages(uint64_t base, uint64_t bytes)
{
	map(base, bytes, 3, PTE_NORMAL | PTE_PAGE | PTE_UXN);
}

void mmu_map_blocks(uint64_t base, uint64_t bytes)
{
	map(base, bytes, 2, PTE_NORMAL | PTE_UXN);
}

void mmu_start(unsigned int va_bits)
{
	root = mmu_table_new();
	root_level = 3 - (va_bits - page_lg2 - 1) / stride;
	map(0x09000000, BLOCK_BYTES, 2, PTE_DEVICE);
	mmu_map_blocks(RAM_BASE, AREA_BASE - RAM_BASE);
	mmu_boot.ttbr0 = (uintptr_t)root;
	mmu_boot.ttbr1 = 0;
	mmu_boot.tcr = TCR_T0SZ(va_bits) | TCR_WALKS0 | TCR_EPD1 | TCR_IPS_40 |
		       TCR_TG0(page_lg2);
	mmu_boot.mair = MAIR_VALUE;
	__asm__ volatile("dsb ish" ::: "memory");
	mmu_enable(mmu_boot.ttbr0, mmu_boot.ttbr1, mmu_boot.tcr, mmu_boot.mair);
}

void mmu_start_with_args(uint64_t bytes)
{
	uint64_t ram = args_number("ram", ~0u, 256);
	uint64_t va_bits = args_number("va_bits", ~0u, 48);

	if (va_bits != 39 && va_bits != 48)
		args_wrong("va_bits is 39 or 48");
	if (args_is("granule", ~0u, "16k", false))
		page_lg2 = 14;
	else if (args_is("granule", ~0u, "64k", false))
		page_lg2 = 16;
	else if (!args_is("granule", ~0u, "4k", true))
		args_wrong("granule is 4k, 16k or 64k");
	stride = page_lg2 - 3;
	if (ram < 17 || ram > 1024)
		args_wrong("ram is 17 to 1024 MiB");
	if (bytes > RAM_BASE + (ram << 20) - AREA_BASE)
		args_wrong("the area does not fit into ram (ram=MIB)");
	mmu_start((unsigned int)va_bits);
}
