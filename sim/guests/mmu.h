/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stage-1 tables for guests that only want an MMU: identity maps in 2 MiB
 * blocks or 4 KiB pages; or all in pages of 16 or 64 KiB. DDI0487 L.b D8.3. A
 * guest that studies tables has its own (owntables.c) and takes the
 * descriptors' bits from here.
 */
#ifndef SIM_GUESTS_MMU_H
#define SIM_GUESTS_MMU_H

#include "runtime.h"

/* Descriptors. */
#define PTE_VALID	    (UINT64_C(1) << 0)
#define PTE_TABLE	    (UINT64_C(1) << 1) /* above level 3 */
#define PTE_PAGE	    (UINT64_C(1) << 1) /* at level 3 */
#define PTE_ATTR(index)	    ((uint64_t)(index) << 2)
#define PTE_EL0		    (UINT64_C(1) << 6) /* AP[1] */
#define PTE_READ_ONLY	    (UINT64_C(1) << 7) /* AP[2] */
#define PTE_SH_INNER	    (UINT64_C(3) << 8)
#define PTE_AF		    (UINT64_C(1) << 10)
#define PTE_NG		    (UINT64_C(1) << 11)
#define PTE_PXN		    (UINT64_C(1) << 53)
#define PTE_UXN		    (UINT64_C(1) << 54)
#define PTE_PXN_TABLE	    (UINT64_C(1) << 59)
#define PTE_READ_ONLY_TABLE (UINT64_C(1) << 62)
#define PTE_ADDRESS	    UINT64_C(0x0000fffffffff000)

/* MAIR_EL1: 0 Normal write-back, 1 Device-nGnRE, 2 Normal non-cacheable. */
#define MAIR_VALUE UINT64_C(0x4404ff)
#define PTE_NORMAL (PTE_ATTR(0) | PTE_SH_INNER | PTE_AF | PTE_VALID)
#define PTE_DEVICE (PTE_ATTR(1) | PTE_AF | PTE_VALID | PTE_PXN | PTE_UXN)

/* TCR_EL1: write-back inner-shareable walks, 40-bit output; TG0 is 0, 2 and 1
 * for 4K, 16K and 64K. */
#define TCR_T0SZ(bits) ((uint64_t)(64 - (bits)))
#define TCR_T1SZ(bits) ((uint64_t)(64 - (bits)) << 16)
#define TCR_WALKS0     (UINT64_C(0x35) << 8)
#define TCR_WALKS1     (UINT64_C(0x35) << 24)
#define TCR_EPD1       (UINT64_C(1) << 23)
#define TCR_TG0(lg2)   ((uint64_t)((lg2) == 12 ? 0 : (lg2) == 14 ? 2 : 1) << 14)
#define TCR_TG1_4K     (UINT64_C(2) << 30)
#define TCR_IPS_40     (UINT64_C(2) << 32)

/* start.S: registers only. */
void mmu_enable(uint64_t ttbr0, uint64_t ttbr1, uint64_t tcr, uint64_t mair);
/* Where PSCI CPU_ON sends a CPU; its context is the stack. */
void secondary_start(void);

/* A zeroed page for tables; ends the guest if there is none left. */
uint64_t *mmu_table_new(void);

/* Map UART and the first 16 MiB of RAM, and turn MMU and caches on. va_bits
 * is 48 (walks of 4 levels; 64K: 3) or 39 (3 levels; 64K: 2). MMU off before.
 */
void mmu_start(unsigned int va_bits);
/* Identity-map RAM for reading and writing; before untouched, so that no TLBI
 * is due. Multiples of the size named, and of the granule. */
void mmu_map_pages(uint64_t base, uint64_t bytes);
void mmu_map_blocks(uint64_t base, uint64_t bytes);

/* The arguments that all guests with an MMU share: ram=MIB (256),
 * va_bits=39|48 and granule=4k|16k|64k; ends the guest unless `bytes` fit above
 * AREA_BASE. */
void mmu_start_with_args(uint64_t bytes);

#endif
