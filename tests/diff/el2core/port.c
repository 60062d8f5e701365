/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The core's port on bare metal: memory by its physical address (EL2's MMU is
 * off), instructions for barriers and maintenance. Beside it a watch on what
 * the core asks: live entries overwritten without a break, tables given back
 * while TLB maintenance is due. Mutations are here, so that the core stays
 * what it is.
 */
#include "console.h"
#include "core/base/bits.h"
#include "core/port.h"
#include "hardware.h"
#include "host.h"
#include "layout.h"

#define META	   ((uint64_t *)(uintptr_t)META_PA)
#define LINKS	   ((uint32_t *)(uintptr_t)LINK_PA)
#define META_WORDS (UINT64_C(0) + PORT_TABLE_META_BYTES / 8)
/* Content of pages that are no tables (yet): whoever walks there finds a leaf
 * that leads outside the machine. */
#define POISON (UINT64_C(0x00007f0000000000) | 0x7ff)

_Noreturn void port_bug(void *host, const char *file, int line,
			const char *what)
{
	(void)host;
	report("el2core: bug: ");
	report(file);
	report(":");
	report_number((uint64_t)line);
	report(": ");
	report(what);
	report("\n");
	el2_exit(70);
}

/* ---- pages for tables */

void pool_init(struct host *h)
{
	h->pool = (struct pool){ 0 };
	for (uint64_t i = 0; i < POOL_PAGES; i++)
		LINKS[i] = 0;
}

static uint32_t pool_take_new(struct host *h, uint64_t pages)
{
	const uint64_t first = (h->pool.used + pages - 1) & ~(pages - 1);

	if (first + pages > h->options.pool_pages)
		return 0;
	h->pool.used = first + pages;
	return (uint32_t)first + 1;
}

static uint32_t pool_page(struct host *h, pa_t table)
{
	const uint64_t page = (table.raw - POOL_PA) >> FRAME_LG2;

	BUG_ON(h, table.raw < POOL_PA || page >= POOL_PAGES);
	return (uint32_t)page;
}

static void poison(pa_t table, unsigned int order)
{
	uint64_t *at = (uint64_t *)(uintptr_t)table.raw;

	for (uint64_t i = 0; i < BIT(order + FRAME_LG2) / 8; i++)
		at[i] = POISON;
}

int port_table_alloc(void *host, unsigned int granule_lg2, unsigned int order,
		     pa_t *table)
{
	struct host *h = host;
	uint32_t page;

	order += granule_lg2 - FRAME_LG2;
	BUG_ON(h, order >= POOL_ORDERS);
	page = h->pool.free[order];
	if (page)
		h->pool.free[order] = LINKS[page - 1];
	else
		page = pool_take_new(h, BIT(order));
	if (!page)
		return ERR_NOMEM;
	h->pool.taken++;
	h->pool.live_pages += BIT(order);
	table->raw = POOL_PA + ((uint64_t)(page - 1) << FRAME_LG2);
	poison(*table, order);
	for (uint64_t i = 0; i < META_WORDS << order; i++)
		META[(page - 1) * META_WORDS + i] = 0;
	return 0;
}

void port_table_free(void *host, unsigned int granule_lg2, unsigned int order,
		     pa_t table)
{
	struct host *h = host;
	const uint32_t page = pool_page(h, table);

	h->unclean += h->dirty != 0 || h->combined_pending;
	if (h->options.mutation == MUTATE_LEAK)
		return;
	order += granule_lg2 - FRAME_LG2;
	poison(table, order);
	LINKS[page] = h->pool.free[order];
	h->pool.free[order] = page + 1;
	h->pool.given_back++;
	h->pool.live_pages -= BIT(order);
}

void *port_table_meta(void *host, pa_t table)
{
	return META + pool_page(host, table) * META_WORDS;
}

uint64_t *port_table_map(void *host, pa_t table)
{
	(void)host;
	return (uint64_t *)(uintptr_t)table.raw;
}

void port_table_unmap(void *host, uint64_t *entries)
{
	(void)host;
	(void)entries;
}

/* ---- descriptors */

uint64_t port_pte_read(void *host, const uint64_t *pte)
{
	(void)host;
	return __atomic_load_n(pte, __ATOMIC_RELAXED);
}

/* Type and contiguity markers among them. */
#define PTE_SOFTWARE MASK(55, 9)
/* What may change under a live entry: S2AP, AF, XN, software's. D8.16.1. */
#define PTE_IN_PLACE (MASK(6, 2) | BIT(10) | MASK(53, 2) | PTE_SOFTWARE)
#define PTE_VALID    BIT(0)
#define PTE_OUTPUT   MASK(12, 36)

static bool is_leaf(uint64_t pte)
{
	const uint64_t output = pte & PTE_OUTPUT;

	return (pte & PTE_VALID) && output >= GUEST_PA;
}

/* One entry of each table is lost, one leads a page too far. */
static bool mutate_write(const struct host *h, const uint64_t *pte,
			 uint64_t *value)
{
	const uint64_t index = (uintptr_t)pte / 8 % 512;

	if (!h->in_guest_time || (*value & 3) != 3 || !is_leaf(*value))
		return true;
	if (h->options.mutation == MUTATE_LOST_ENTRY)
		return index != 37;
	if (h->options.mutation == MUTATE_WRONG_FRAME && index == 37)
		*value ^= BIT(h->options.p2m.granule_lg2);
	return true;
}

void port_pte_write(void *host, uint64_t *pte, uint64_t value)
{
	struct host *h = host;
	const uint64_t old = __atomic_load_n(pte, __ATOMIC_RELAXED);

	if ((old & PTE_VALID) && old != POISON) {
		h->dirty += ((old ^ value) & ~PTE_SOFTWARE) != 0;
		if ((value & PTE_VALID) && ((old ^ value) & ~PTE_IN_PLACE))
			h->unbroken++;
	}
	if (!mutate_write(h, pte, &value))
		return;
	__atomic_store_n(pte, value, __ATOMIC_RELAXED);
}

void port_table_zero(void *host, uint64_t *entries, size_t bytes)
{
	(void)host;
	for (size_t i = 0; i < bytes / sizeof(*entries); i++)
		entries[i] = 0;
}

void port_pte_clean(void *host, const uint64_t *first, size_t count)
{
	const struct host *h = host;
	uint64_t at = (uintptr_t)first & ~(h->line_bytes - 1);

	for (; at < (uintptr_t)(first + count); at += h->line_bytes)
		SYSTEM("dc cvac", at);
}

/* ---- barriers and TLB maintenance, DDI0487 L.b C5.5 */

static void barrier_ish(struct host *h)
{
	BARRIER("dsb ish");
	if (h->combined_pending) {
		if (h->options.mutation != MUTATE_NO_COMBINED_TLBI)
			BARRIER("tlbi vmalle1is");
		BARRIER("dsb ish");
		h->combined_pending = false;
	}
}

void port_barrier(void *host, enum port_barrier kind)
{
	switch (kind) {
	case PORT_DSB_ISHST:
		BARRIER("dsb ishst");
		break;
	case PORT_DSB_ISH:
		barrier_ish(host);
		break;
	case PORT_ISB:
		BARRIER("isb");
		break;
	}
}

/* TG as range operations have it: 1 for 4K, 2 for 16K, 3 for 64K. */
static uint64_t tlbi_granule(const struct port_tlbi *r)
{
	return (r->granule_lg2 - 10u) / 2;
}

/* TTL: granule and level of the leaf; 0 where the level is not known. */
static uint64_t ipa_operand(const struct port_tlbi *r)
{
	uint64_t ttl = 0;

	if (r->level > 0)
		ttl = tlbi_granule(r) << 2 | (uint64_t)r->level;
	return ttl << 44 | r->start.raw >> FRAME_LG2;
}

/* The smallest (NUM + 1) * 2^(5 * SCALE + 1) granules that cover it. */
static uint64_t range_operand(const struct port_tlbi *r)
{
	const uint64_t pages =
		(r->bytes + BIT(r->granule_lg2) - 1) >> r->granule_lg2;
	const uint64_t ttl = r->level > 0 ? (uint64_t)r->level : 0;
	unsigned int scale = 0;
	uint64_t units;

	while (scale < 3 && pages > BIT(5 * scale + 6))
		scale++;
	units = (pages + BIT(5 * scale + 1) - 1) >> (5 * scale + 1);
	return tlbi_granule(r) << 46 | (uint64_t)scale << 44 |
	       (units - 1) << 39 | ttl << 37 |
	       (r->start.raw >> r->granule_lg2 & MASK(0, 37));
}

void port_tlbi(void *host, const struct port_tlbi *r)
{
	struct host *h = host;

	h->dirty = 0;
	h->combined_pending |= r->combined && r->scope != PORT_TLBI_VMID;
	if (h->options.mutation == MUTATE_NO_STAGE2_TLBI)
		return;
	switch (r->scope) {
	case PORT_TLBI_VMID:
		BARRIER("tlbi vmalls12e1is");
		break;
	case PORT_TLBI_IPA:
		if (r->leaf_only)
			SYSTEM("tlbi ipas2le1is", ipa_operand(r));
		else
			SYSTEM("tlbi ipas2e1is", ipa_operand(r));
		break;
	case PORT_TLBI_RANGE: /* RIPAS2LE1IS, RIPAS2E1IS: FEAT_TLBIRANGE */
		if (r->leaf_only)
			SYSTEM("sys #4, c8, c0, #6", range_operand(r));
		else
			SYSTEM("sys #4, c8, c0, #2", range_operand(r));
		break;
	}
}

/* ---- the rest */

void port_memory_clean(void *host, pa_t start, uint64_t bytes)
{
	struct host *h = host;

	for (uint64_t at = start.raw; at < start.raw + bytes;
	     at += h->line_bytes)
		SYSTEM("dc civac", at);
	BARRIER("dsb sy");
	h->cleaned_bytes += bytes;
}

void port_icache_invalidate(void *host)
{
	(void)host;
	BARRIER("ic ialluis");
	BARRIER("dsb ish");
	BARRIER("isb");
}

bool port_preempt(void *host)
{
	struct host *h = host;

	return h->options.preempt &&
	       ++h->preempt_asked % h->options.preempt == 0;
}

uint64_t port_time(void *host)
{
	(void)host;
	BARRIER("isb");
	return SYSREG_READ(cntpct_el0);
}
