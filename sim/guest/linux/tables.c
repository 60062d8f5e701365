/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The simulated kernel's stage-1 tables: 48-bit addresses, 4K granule, levels
 * 0 to 3, DDI0487 L.b D8.2 and D8.3. User space below TTBR0 with 16-bit ASIDs
 * and nG; all RAM below TTBR1 in the largest blocks that fit.
 *
 * A table page is cleared before the store that makes it reachable; a leaf is
 * changed to another frame only through zero, TLBI and DSB (the callers').
 */
#include <stdlib.h>

#include "core/base/bug.h"
#include "sim/guest/linux/kernel.h"

#define LEVEL_LSB(level)       (39u - 9u * (unsigned int)(level))
#define LEVEL_INDEX(va, level) (((va) >> LEVEL_LSB(level)) & 511)

#define MAIR_NORMAL_THEN_DEVICE UINT64_C(0xff) /* Attr0 0xff, Attr1 0x00 */

/* DDI0487 L.b D24.2.137: TCR_EL1. */
#define TCR_FIELDS(F)        \
	F(TCR, T0SZ, 0, 6)   \
	F(TCR, IRGN0, 8, 2)  \
	F(TCR, ORGN0, 10, 2) \
	F(TCR, SH0, 12, 2)   \
	F(TCR, TG0, 14, 2)   \
	F(TCR, T1SZ, 16, 6)  \
	F(TCR, IRGN1, 24, 2) \
	F(TCR, ORGN1, 26, 2) \
	F(TCR, SH1, 28, 2)   \
	F(TCR, TG1, 30, 2)   \
	F(TCR, IPS, 32, 3)   \
	F(TCR, AS, 36, 1)    \
	F(TCR, TBI0, 37, 1)
FIELDS_DEFINE(TCR, TCR_FIELDS);

/* SCTLR_EL1, DDI0487 L.b D24.2.120: M, SA, C, SA0, EOS, I, DZE, UCT, nTWI,
 * nTWE, TSCXT, EIS, SPAN, UCI, nTLSMD, LSMAOE: what EL0 programs rely on. */
#define SCTLR_ON                                                               \
	(BIT(0) | BIT(2) | BIT(3) | BIT(4) | BIT(11) | BIT(12) | BIT(14) |     \
	 BIT(15) | BIT(16) | BIT(18) | BIT(20) | BIT(22) | BIT(23) | BIT(26) | \
	 BIT(28) | BIT(29))

enum {
	TLBI_VMALLE1IS = ARM_SYSREG(1, 0, 8, 3, 0),
	TLBI_VAE1IS = ARM_SYSREG(1, 0, 8, 3, 1),
	TLBI_ASIDE1IS = ARM_SYSREG(1, 0, 8, 3, 2)
};

gfn_t pte_frame(uint64_t pte)
{
	return gfn_from_ipa((ipa_t){ pte & PTE_ADDRESS });
}

uint64_t pte_user(gfn_t frame, unsigned int prot, bool writable)
{
	uint64_t pte = ipa_from_gfn(frame).raw | PTE_PAGE | PTE_SH_INNER |
		       PTE_AF | PTE_NG | PTE_PXN | PTE_EL0;

	/* PROT_NONE keeps the frame but allows nothing, EL1 included. */
	if (!(prot & (GUEST_PROT_READ | GUEST_PROT_WRITE | GUEST_PROT_EXEC)))
		pte = (pte & ~PTE_VALID) | PTE_KEPT;
	if (!writable)
		pte |= PTE_READ_ONLY;
	if (!(prot & GUEST_PROT_EXEC))
		pte |= PTE_UXN;
	return pte;
}

static uint64_t *table_entry(struct linux_kernel *k, gfn_t table,
			     uint64_t index)
{
	return (uint64_t *)(void *)frame_bytes(k, table) + index;
}

static ipa_t entry_ipa(gfn_t table, uint64_t index)
{
	return (ipa_t){ ipa_from_gfn(table).raw + index * 8 };
}

static void table_link(struct linux_kernel *k, ipa_t slot, gfn_t table)
{
	kernel_store64(k, slot, ipa_from_gfn(table).raw | PTE_TABLE);
}

/* ---- boot ---- */

static uint64_t pte_linear(uint64_t ipa, bool page)
{
	return ipa | (page ? PTE_PAGE : PTE_VALID) | PTE_SH_INNER | PTE_AF |
	       PTE_PXN | PTE_UXN;
}

/* Map [ipa, ipa + 1 GB) or what is left of it, at level 1 or below. */
static bool linear_gigabyte(struct linux_kernel *k, gfn_t l1, uint64_t ipa,
			    uint64_t end, uint64_t va)
{
	ipa_t slot = entry_ipa(l1, LEVEL_INDEX(va, 1));
	gfn_t l2;

	if (end - ipa >= BIT(30)) {
		kernel_store64(k, slot, pte_linear(ipa, false));
		return true;
	}
	if (!frame_alloc_table(k, 2, &l2))
		return false;
	for (; ipa + BIT(21) <= end; ipa += BIT(21), va += BIT(21))
		kernel_store64(k, entry_ipa(l2, LEVEL_INDEX(va, 2)),
			       pte_linear(ipa, false));
	table_link(k, slot, l2);
	return true;
}

static bool linear_map(struct linux_kernel *k, gfn_t l0)
{
	uint64_t end = GUEST_RAM_BASE + k->frames.count * PAGE_BYTES;
	uint64_t ipa, va = LINEAR_BASE;
	gfn_t l1 = { 0 };

	for (ipa = GUEST_RAM_BASE; ipa < end; ipa += BIT(30), va += BIT(30)) {
		if (LEVEL_INDEX(va, 1) == 0) {
			if (!frame_alloc_table(k, 1, &l1))
				return false;
			table_link(k, entry_ipa(l0, LEVEL_INDEX(va, 0)), l1);
		}
		if (!linear_gigabyte(k, l1, ipa, end, va))
			return false;
	}
	return true;
}

static uint64_t ips_of(unsigned int ipa_bits)
{
	static const uint8_t bits[] = { 32, 36, 40, 42, 44, 48 };
	uint64_t ips = 0;

	while (ips < 5 && bits[ips] < ipa_bits)
		ips++;
	return ips;
}

static uint64_t tcr_value(const struct linux_kernel *k)
{
	return FIELD_PREP(TCR_T0SZ, 16) | FIELD_PREP(TCR_IRGN0, 1) |
	       FIELD_PREP(TCR_ORGN0, 1) | FIELD_PREP(TCR_SH0, 3) |
	       FIELD_PREP(TCR_TG0, 0) | FIELD_PREP(TCR_T1SZ, 16) |
	       FIELD_PREP(TCR_IRGN1, 1) | FIELD_PREP(TCR_ORGN1, 1) |
	       FIELD_PREP(TCR_SH1, 3) | FIELD_PREP(TCR_TG1, 2) |
	       FIELD_PREP(TCR_IPS, ips_of(k->m->config.ipa_bits)) |
	       FIELD_PREP(TCR_AS, 1) | FIELD_PREP(TCR_TBI0, 1);
}

bool tables_boot(struct linux_kernel *k)
{
	struct machine *m = k->m;
	gfn_t kernel_root;

	if (!frame_alloc_table(k, 0, &kernel_root) ||
	    !frame_alloc_table(k, 0, &k->empty_root) ||
	    !linear_map(k, kernel_root))
		return false;
	machine_barrier(m, k->cpu, BARRIER_DSB);
	machine_sysreg(m, k->cpu, ARM_MAIR_EL1, MAIR_NORMAL_THEN_DEVICE);
	machine_sysreg(m, k->cpu, ARM_TCR_EL1, tcr_value(k));
	machine_sysreg(m, k->cpu, ARM_TTBR0_EL1,
		       ipa_from_gfn(k->empty_root).raw);
	machine_sysreg(m, k->cpu, ARM_TTBR1_EL1, ipa_from_gfn(kernel_root).raw);
	machine_barrier(m, k->cpu, BARRIER_ISB);
	machine_tlbi(m, k->cpu, TLBI_VMALLE1IS, 0);
	machine_barrier(m, k->cpu, BARRIER_DSB);
	machine_barrier(m, k->cpu, BARRIER_ISB);
	machine_sysreg(m, k->cpu, ARM_SCTLR_EL1, SCTLR_ON);
	machine_barrier(m, k->cpu, BARRIER_ISB);
	k->linear_offset = LINEAR_BASE - GUEST_RAM_BASE;
	return !k->stopped;
}

/* ---- user tables ---- */

uint64_t table_peek(struct linux_kernel *k, gfn_t root, uint64_t va)
{
	gfn_t table = root;
	uint64_t entry;
	int level;

	for (level = 0; level < 3; level++) {
		entry = *table_entry(k, table, LEVEL_INDEX(va, level));
		if (!(entry & PTE_VALID))
			return 0;
		table = pte_frame(entry);
	}
	return *table_entry(k, table, LEVEL_INDEX(va, 3));
}

bool table_walk(struct linux_kernel *k, gfn_t root, uint64_t va, bool make,
		ipa_t *slot)
{
	gfn_t table = root, below;
	uint64_t index, entry;
	int level;

	for (level = 0; level < 3; level++) {
		index = LEVEL_INDEX(va, level);
		kernel_touch_frame(k, table, index * 8, 8, false);
		entry = *table_entry(k, table, index);
		if (entry & PTE_VALID) {
			table = pte_frame(entry);
			continue;
		}
		if (!make || !frame_alloc_table(k, level + 1, &below))
			return false;
		table_link(k, entry_ipa(table, index), below);
		table = below;
	}
	index = LEVEL_INDEX(va, 3);
	kernel_touch_frame(k, table, index * 8, 8, false);
	*slot = entry_ipa(table, index);
	return true;
}

static void each_below(struct linux_kernel *k, gfn_t table, int level,
		       uint64_t start, uint64_t end, table_visit visit,
		       void *context)
{
	uint64_t first = LEVEL_INDEX(start, level);
	uint64_t last = LEVEL_INDEX(end - 1, level);
	uint64_t size = BIT(LEVEL_LSB(level)), i, entry, va;

	kernel_touch_frame(k, table, first * 8, (last - first + 1) * 8, false);
	for (i = first; i <= last && !k->stopped; i++) {
		entry = *table_entry(k, table, i);
		if (!entry)
			continue;
		va = i == first ? start
				: (start & ~(size - 1)) + (i - first) * size;
		if (level == 3)
			visit(k, context, va, entry_ipa(table, i), entry);
		else
			each_below(k, pte_frame(entry), level + 1, va,
				   i == last ? end : (va & ~(size - 1)) + size,
				   visit, context);
	}
}

void table_each(struct linux_kernel *k, gfn_t root, uint64_t start,
		uint64_t end, table_visit visit, void *context)
{
	if (start < end)
		each_below(k, root, 0, start, end, visit, context);
}

static void detach_below(struct linux_kernel *k, gfn_t table, int level,
			 struct table_list *list)
{
	uint64_t i, entry;

	for (i = 0; level < 3 && i < 512; i++) {
		entry = *table_entry(k, table, i);
		if (!(entry & PTE_VALID))
			continue;
		detach_below(k, pte_frame(entry), level + 1, list);
		kernel_store64(k, entry_ipa(table, i), 0);
	}
	list->frame =
		realloc(list->frame, (list->count + 1) * sizeof(*list->frame));
	list->level =
		realloc(list->level, (list->count + 1) * sizeof(*list->level));
	BUG_ON(NULL, !list->frame || !list->level);
	list->level[list->count] = level;
	list->frame[list->count++] = table;
}

void table_detach(struct linux_kernel *k, gfn_t root, struct table_list *list)
{
	detach_below(k, root, 0, list);
}

void table_list_free(struct linux_kernel *k, struct table_list *list)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		frame_put_table(k, list->level[i], list->frame[i]);
	free(list->frame);
	free(list->level);
}

/* ---- TLB maintenance and TTBR0 ---- */

void tlbi_page(struct linux_kernel *k, uint16_t asid, uint64_t va)
{
	machine_tlbi(k->m, k->cpu, TLBI_VAE1IS,
		     (uint64_t)asid << 48 | va >> PAGE_LG2);
	k->flush_translations = true;
}

void tlbi_asid(struct linux_kernel *k, uint16_t asid)
{
	machine_tlbi(k->m, k->cpu, TLBI_ASIDE1IS, (uint64_t)asid << 48);
	k->flush_translations = true;
}

void ttbr0_install(struct linux_kernel *k, gfn_t root, uint16_t asid)
{
	machine_sysreg(k->m, k->cpu, ARM_TTBR0_EL1,
		       (uint64_t)asid << 48 | ipa_from_gfn(root).raw);
	machine_barrier(k->m, k->cpu, BARRIER_ISB);
	k->flush_translations = true;
}
