/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See foreign.h. Here: what a library may ask of the port. Each request is
 * judged by what was given to it, counted, and then done by the same functions
 * that serve our own core.
 */
#include "sim/machine/foreign.h"

#define HEX(value) ((unsigned long long)(value))

/* For witnesses: what follows is asked for by that place in the library. */
#define ASKED_HERE(f) ((f)->h->caller = __builtin_return_address(0))

/* ---- which table */

/* Index of the pool's page at `pa`; what is not there is >= pool.pages. */
static uint64_t page_at(const struct foreign *f, uint64_t pa)
{
	return (pa - f->h->pool.base.raw) >> FRAME_LG2;
}

bool foreign_owns(const struct foreign *f, uint64_t pa, uint64_t bytes)
{
	const struct table_pool *pool = &f->h->pool;
	uint64_t offset = pa - pool->base.raw;

	if (pa < pool->base.raw || offset >= f->window_bytes ||
	    bytes > f->window_bytes - offset)
		return false;
	for (uint64_t i = offset >> FRAME_LG2;
	     i <= (offset + bytes - 1) >> FRAME_LG2; i++)
		if (!f->page[i].live)
			return false;
	return true;
}

uint64_t foreign_table_at(const struct foreign *f, const void *address)
{
	uint64_t offset = (uint64_t)((uintptr_t)address -
				     (uintptr_t)f->window);

	return offset < f->window_bytes ? f->h->pool.base.raw + offset
					: ~UINT64_C(0);
}

static uint64_t granule_bytes(const struct foreign *f)
{
	return UINT64_C(1) << f->config.granule_lg2;
}

/* The page of the table at `pa` in which mappings are counted. */
static struct foreign_page *table_page(struct foreign *f, uint64_t pa)
{
	return &f->page[page_at(f, pa & ~(granule_bytes(f) - 1))];
}

/* Host memory of [at, at + bytes), all in one table that is lent. */
static uint64_t *lent(struct foreign *f, const void *at, uint64_t bytes,
		      const char *what)
{
	uint64_t pa = foreign_table_at(f, at);

	if (pa == ~UINT64_C(0))
		foreign_fail(f, "%s of memory that is no table", what);
	if (pa % sizeof(uint64_t) || bytes > granule_bytes(f) ||
	    (pa & (granule_bytes(f) - 1)) + bytes > granule_bytes(f))
		foreign_fail(f, "%s at 0x%llx, %llu bytes: not whole descriptors of one table",
			     what, HEX(pa), HEX(bytes));
	if (!foreign_owns(f, pa, bytes ? bytes : 1))
		foreign_fail(f, "%s at 0x%llx: not a table of its own", what,
			     HEX(pa));
	if (!table_page(f, pa)->lent)
		foreign_fail(f, "%s at 0x%llx: the table is not mapped", what,
			     HEX(pa));
	return (uint64_t *)(void *)ram_host(&f->h->m->ram, (pa_t){ pa });
}

/* ---- pages for tables */

static int table_alloc(void *host, unsigned int granule_lg2,
		       unsigned int order, pa_t *table)
{
	struct foreign *f = host;
	unsigned int pages_lg2 = order + granule_lg2 - FRAME_LG2;
	uint64_t first;

	ASKED_HERE(f);
	if (granule_lg2 != f->config.granule_lg2 || order > 4 ||
	    pages_lg2 >= sizeof(f->h->pool.free) / sizeof(f->h->pool.free[0]))
		foreign_fail(f, "it asks for 2^%u tables of 2^%u bytes: at most 16, of 2^%u",
			     order, granule_lg2, f->config.granule_lg2);
	if (port_table_alloc(f->h, granule_lg2, order, table)) {
		if (!f->h->fail_allocation && f->seen.tables_live * 10 >
		    (f->h->pool.pages >> (granule_lg2 - FRAME_LG2)) * 9)
			foreign_fail(f, "it has %llu tables, all there are, and asks for more",
				     HEX(f->seen.tables_live));
		f->refused = true;
		return ERR_NOMEM;
	}
	first = page_at(f, table->raw);
	for (uint64_t i = 0; i < UINT64_C(1) << pages_lg2; i++)
		f->page[first + i] = (struct foreign_page){ .live = true };
	f->page[first].begins = true;
	f->page[first].order = (uint8_t)pages_lg2;
	f->seen.tables_allocated += UINT64_C(1) << order;
	f->seen.tables_live += UINT64_C(1) << order;
	if (f->seen.tables_live > f->seen.tables_peak)
		f->seen.tables_peak = f->seen.tables_live;
	return 0;
}

static void table_free(void *host, unsigned int granule_lg2,
		       unsigned int order, pa_t table)
{
	struct foreign *f = host;
	unsigned int pages_lg2 = order + granule_lg2 - FRAME_LG2;
	uint64_t first = page_at(f, table.raw);

	ASKED_HERE(f);
	if (table.raw % FRAME_BYTES || !foreign_owns(f, table.raw, 1))
		foreign_fail(f, "it frees 0x%llx, which is not a table of its own (or not any more)",
			     HEX(table.raw));
	if (!f->page[first].begins || granule_lg2 != f->config.granule_lg2 ||
	    f->page[first].order != pages_lg2)
		foreign_fail(f, "it frees 2^%u tables of 2^%u bytes at 0x%llx, which were not allocated so",
			     order, granule_lg2, HEX(table.raw));
	for (uint64_t i = 0; i < UINT64_C(1) << pages_lg2; i++) {
		if (f->page[first + i].lent)
			foreign_fail(f, "it frees table 0x%llx while it has it mapped",
				     HEX(table.raw));
		f->page[first + i] = (struct foreign_page){ 0 };
	}
	f->seen.tables_freed += UINT64_C(1) << order;
	f->seen.tables_live -= UINT64_C(1) << order;
	port_table_free(f->h, granule_lg2, order, table);
}

/* A whole table of its own. */
static void judge_table(struct foreign *f, pa_t table, const char *what)
{
	if (table.raw & (granule_bytes(f) - 1) ||
	    !foreign_owns(f, table.raw, granule_bytes(f)))
		foreign_fail(f, "it %s 0x%llx, which is not a table of its own",
			     what, HEX(table.raw));
}

static void *table_meta(void *host, pa_t table)
{
	struct foreign *f = host;

	judge_table(f, table, "asks for the notes on");
	return port_table_meta(f->h, table);
}

static uint64_t *table_map(void *host, pa_t table)
{
	struct foreign *f = host;

	judge_table(f, table, "maps");
	if (table_page(f, table.raw)->lent == UINT16_MAX)
		foreign_fail(f, "it maps table 0x%llx without end",
			     HEX(table.raw));
	table_page(f, table.raw)->lent++;
	f->lent++;
	return (uint64_t *)(void *)(f->window +
				    (table.raw - f->h->pool.base.raw));
}

static void table_unmap(void *host, uint64_t *entries)
{
	struct foreign *f = host;

	lent(f, entries, 0, "unmapping");
	table_page(f, foreign_table_at(f, entries))->lent--;
	f->lent--;
}

/* ---- descriptors */

static uint64_t pte_read(void *host, const uint64_t *pte)
{
	struct foreign *f = host;

	return port_pte_read(f->h, lent(f, pte, sizeof(*pte), "reading"));
}

/* To one of its tables or to memory of the guest, nowhere else. Which of the
 * two depends on the level, which the judge of frames knows. */
static void judge_descriptor(struct foreign *f, uint64_t value)
{
	const struct hypervisor *h = f->h;
	uint64_t to = value & UINT64_C(0x0000fffffffff000);
	uint64_t guest = pa_from_mfn((mfn_t){ (MACHINE_BASE_PA >> FRAME_LG2) +
					      h->ram_first.raw })
				 .raw;

	if (!(value & 1))
		return;
	if (f->config.granule_lg2 == 16)
		to &= ~UINT64_C(0xffff);
	/* A block may have more in its low bits (nT): not the address. */
	if ((value & 2) == 0)
		to &= ~((UINT64_C(1) << 17) - 1);
	if (to >= guest && to - guest < h->ram_frames << FRAME_LG2)
		return;
	if (!foreign_owns(f, to, 1))
		foreign_fail(f, "it writes descriptor 0x%llx: neither a table of its own nor memory of the guest",
			     HEX(value));
}

static void pte_write(void *host, uint64_t *pte, uint64_t value)
{
	struct foreign *f = host;
	uint64_t *at = lent(f, pte, sizeof(*pte), "writing");

	ASKED_HERE(f);
	judge_descriptor(f, value);
	f->seen.pte_writes++;
	port_pte_write(f->h, at, value);
}

static void table_zero(void *host, uint64_t *entries, size_t bytes)
{
	struct foreign *f = host;

	ASKED_HERE(f);
	port_table_zero(f->h, lent(f, entries, bytes, "zeroing"), bytes);
}

static void pte_clean(void *host, const uint64_t *first, size_t count)
{
	struct foreign *f = host;
	uint64_t *at;

	ASKED_HERE(f);
	if (count > granule_bytes(f))
		count = SIZE_MAX / sizeof(*first);
	at = lent(f, first, count * sizeof(*first), "cleaning");
	f->seen.cleans++;
	port_pte_clean(f->h, at, count);
}

/* ---- barriers, TLBs, caches */

static void barrier(void *host, enum port_barrier kind)
{
	struct foreign *f = host;

	ASKED_HERE(f);
	if ((unsigned int)kind > PORT_ISB)
		foreign_fail(f, "it asks for barrier %u, which does not exist",
			     (unsigned int)kind);
	f->seen.barriers++;
	port_barrier(f->h, kind);
}

static void judge_tlbi(struct foreign *f, const struct port_tlbi *r)
{
	uint64_t end = UINT64_C(1) << f->config.ipa_bits;
	/* The most that NUM and SCALE can say. */
	uint64_t most = UINT64_C(32) << (16 + f->config.granule_lg2);

	if ((unsigned int)r->scope > PORT_TLBI_RANGE)
		foreign_fail(f, "it asks for TLB maintenance of scope %u, which does not exist",
			     (unsigned int)r->scope);
	if (r->vmid != f->config.vmid)
		foreign_fail(f, "it asks for TLB maintenance of VMID %u; its own is %u",
			     r->vmid, f->config.vmid);
	if (r->scope == PORT_TLBI_VMID)
		return;
	if (r->granule_lg2 != f->config.granule_lg2 || r->level < -1 ||
	    r->level > 3)
		foreign_fail(f, "it asks for TLB maintenance with granule 2^%u and level %d",
			     r->granule_lg2, r->level);
	if (r->start.raw >= end ||
	    (r->scope == PORT_TLBI_RANGE && (!r->bytes || r->bytes > most)))
		foreign_fail(f, "it asks for TLB maintenance of 0x%llx bytes from 0x%llx, outside its space",
			     HEX(r->bytes), HEX(r->start.raw));
}

static void tlbi(void *host, const struct port_tlbi *request)
{
	struct foreign *f = host;

	ASKED_HERE(f);
	judge_tlbi(f, request);
	f->seen.tlbi_vmid += request->scope == PORT_TLBI_VMID;
	f->seen.tlbi_ipa += request->scope == PORT_TLBI_IPA;
	f->seen.tlbi_range += request->scope == PORT_TLBI_RANGE;
	port_tlbi(f->h, request);
}

static void memory_clean(void *host, pa_t start, uint64_t bytes)
{
	struct foreign *f = host;
	uint64_t guest = f->h->pool.base.raw + f->window_bytes;

	if (start.raw < guest || !ram_has(&f->h->m->ram, start, bytes))
		foreign_fail(f, "it cleans 0x%llx bytes at 0x%llx: not memory of the guest",
			     HEX(bytes), HEX(start.raw));
	port_memory_clean(f->h, start, bytes);
}

static void icache_invalidate(void *host)
{
	port_icache_invalidate(((struct foreign *)host)->h);
}

static void iotlb_flush(void *host, const struct port_iotlb *request)
{
	struct foreign *f = host;

	ASKED_HERE(f);
	if ((unsigned int)request->scope > PORT_IOTLB_RANGE ||
	    request->scope == PORT_IOTLB_PAGES)
		foreign_fail(f, "it asks for maintenance of an SMMU of scope %u, which does not exist",
			     (unsigned int)request->scope);
	if (request->did != f->config.vmid)
		foreign_fail(f, "it asks for maintenance of an SMMU of VMID %u; its own is %u",
			     request->did, f->config.vmid);
	if (!f->shared)
		foreign_fail(f, "it asks for maintenance of an SMMU; nobody shares its tables");
	port_iotlb_flush(f->h, request);
}

static void iotlb_wait(void *host)
{
	struct foreign *f = host;

	ASKED_HERE(f);
	if (!f->shared)
		foreign_fail(f, "it waits for an SMMU; nobody shares its tables");
	port_iotlb_wait(f->h);
}

static bool preempt(void *host)
{
	struct foreign *f = host;
	bool wanted = port_preempt(f->h);

	f->preempted |= wanted;
	return wanted;
}

static uint64_t now(void *host)
{
	return port_time(((struct foreign *)host)->h);
}

static _Noreturn void bug(void *host, const char *file, int line,
			  const char *what)
{
	foreign_fail(host, "BUG: %s:%d: %s", file, line, what);
}

const struct port_ops foreign_port = {
	.version = PORT_OPS_VERSION,
	.size = sizeof(struct port_ops),
	.bug = bug,
	.table_alloc = table_alloc,
	.table_free = table_free,
	.table_meta = table_meta,
	.table_map = table_map,
	.table_unmap = table_unmap,
	.pte_read = pte_read,
	.pte_write = pte_write,
	.table_zero = table_zero,
	.pte_clean = pte_clean,
	.barrier = barrier,
	.tlbi = tlbi,
	.memory_clean = memory_clean,
	.icache_invalidate = icache_invalidate,
	.iotlb_flush = iotlb_flush,
	.iotlb_wait = iotlb_wait,
	.preempt = preempt,
	.time = now,
};
