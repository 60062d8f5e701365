/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one place where core's wishes become traffic on the models: its host is
 * a struct hypervisor. Every descriptor read and write goes through the
 * current CPU's caches and onto its account.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/port.h"
#include "sim/machine/access.h"
#include "sim/machine/hypervisor.h"
#include "sim/machine/iommu.h"
#include "sim/machine/protocol.h"

_Noreturn void port_bug(void *host, const char *file, int line,
			const char *what)
{
	(void)host;
	dprintf(STDERR_FILENO, "p2msim: bug: %s:%d: %s\n", file, line, what);
	exit(EXIT_BUG);
}

/* Whom the port returns to: in our core, or in the one that is loaded. */
#define CALLER(h) ((h)->caller ? (h)->caller : PROTOCOL_HERE)

static struct machine_cpu *current(struct hypervisor *h)
{
	return &h->m->cpu[h->m->current];
}

static void peek_note(struct hypervisor *h, uint64_t *pte)
{
	struct peek *p = &h->peek;

	if (p->count == p->room) {
		size_t room = p->room ? 2 * p->room : 1024;
		struct peek_write *more =
			realloc(p->write, room * sizeof(*more));

		if (!more)
			port_bug(h, __FILE__, __LINE__, "out of memory");
		p->write = more;
		p->room = room;
	}
	p->write[p->count++] = (struct peek_write){ pte, *pte };
}

/* ---- pages for tables ---- */

static uint32_t pool_take_new(struct table_pool *pool, uint64_t pages)
{
	uint64_t first = (pool->used + pages - 1) & ~(pages - 1);

	if (first + pages > pool->pages)
		return 0;
	pool->used = first + pages;
	return (uint32_t)first + 1;
}

static uint32_t pool_take(struct table_pool *pool, unsigned int order)
{
	uint32_t page = pool->free[order];

	if (!page)
		return pool_take_new(pool, UINT64_C(1) << order);
	pool->free[order] = pool->next[page - 1];
	return page;
}

int port_table_alloc(void *host, unsigned int granule_lg2, unsigned int order,
		     pa_t *table)
{
	struct hypervisor *h = host;
	uint32_t page;

	order += granule_lg2 - FRAME_LG2;
	BUG_ON(h, order >= sizeof(h->pool.free) / sizeof(h->pool.free[0]));
	if (h->fail_allocation && --h->fail_allocation == 0)
		return ERR_NOMEM;
	page = pool_take(&h->pool, order);
	if (!page)
		return ERR_NOMEM;
	table->raw = h->pool.base.raw + ((uint64_t)(page - 1) << FRAME_LG2);
	memset(port_table_meta(h, *table), 0,
	       (size_t)PORT_TABLE_META_BYTES << order);
	observe_table(h->m, TRACE_P2M_TABLE_ALLOC, *table);
	if (h->m->protocol)
		protocol_table(h->m, PROTOCOL_TABLE_ALLOC, *table,
			       FRAME_BYTES << order, CALLER(h));
	return 0;
}

void port_table_free(void *host, unsigned int granule_lg2, unsigned int order,
		     pa_t table)
{
	struct hypervisor *h = host;
	uint32_t page =
		(uint32_t)((table.raw - h->pool.base.raw) >> FRAME_LG2) + 1;

	order += granule_lg2 - FRAME_LG2;
	h->pool.next[page - 1] = h->pool.free[order];
	h->pool.free[order] = page;
	observe_table(h->m, TRACE_P2M_TABLE_FREE, table);
	if (h->m->protocol)
		protocol_table(h->m, PROTOCOL_TABLE_FREE, table,
			       FRAME_BYTES << order, CALLER(h));
}

void *port_table_meta(void *host, pa_t table)
{
	struct hypervisor *h = host;
	uint64_t page = (table.raw - h->pool.base.raw) >> FRAME_LG2;

	return h->pool.meta + page * (PORT_TABLE_META_BYTES / 8);
}

uint64_t *port_table_map(void *host, pa_t table)
{
	struct hypervisor *h = host;

	return (uint64_t *)(void *)ram_host(&h->m->ram, table);
}

void port_table_unmap(void *host, uint64_t *entries)
{
	(void)host;
	(void)entries;
}

/* ---- descriptors ---- */

static void touch(struct hypervisor *h, const void *at, bool write)
{
	struct machine *m = h->m;
	pa_t pa = ram_pa(&m->ram, at);
	enum memory_level served;

	if (h->peek.on)
		return;
	served = memory_access(m->memory, m->current, REQUESTER_HYPERVISOR, pa,
			       write);
	observe_hypervisor_access(m, pa, write);
	account_charge(current(h), BUCKET_HYPERVISOR,
		       m->latency[served]);
}

uint64_t port_pte_read(void *host, const uint64_t *pte)
{
	touch(host, pte, false);
	return __atomic_load_n(pte, __ATOMIC_RELAXED);
}

void port_pte_write(void *host, uint64_t *pte, uint64_t value)
{
	struct hypervisor *h = host;

	if (h->peek.on)
		peek_note(h, pte);
	if (h->m->iommus)
		iommu_before_write(h->m->iommus, ram_pa(&h->m->ram, pte));
	touch(h, pte, true);
	if (h->m->protocol && !h->peek.on)
		protocol_write(h->m, ram_pa(&h->m->ram, pte), sizeof(*pte),
			       value, CALLER(h));
	__atomic_store_n(pte, value, __ATOMIC_RELAXED);
	if (h->peek.on)
		return;
	observe_pte_write(h->m, ram_pa(&h->m->ram, pte), value);
}

void port_table_zero(void *host, uint64_t *entries, size_t bytes)
{
	struct hypervisor *h = host;
	size_t line = (size_t)1 << h->m->line_lg2;

	for (size_t at = 0; at < bytes; at += line) {
		const uint8_t *to = (const uint8_t *)entries + at;

		if (h->m->iommus)
			iommu_before_write(h->m->iommus,
					   ram_pa(&h->m->ram, to));
		touch(h, to, true);
	}
	if (h->m->protocol)
		protocol_write(h->m, ram_pa(&h->m->ram, entries), bytes, 0,
			       CALLER(h));
	memset(entries, 0, bytes);
}

void port_pte_clean(void *host, const uint64_t *first, size_t count)
{
	struct hypervisor *h = host;
	struct machine *m = h->m;
	uint64_t line = UINT64_C(1) << m->line_lg2;
	pa_t at = ram_pa(&m->ram, first);
	uint64_t end = at.raw + count * sizeof(*first);

	if (m->iommus)
		iommu_cleaned(m->iommus, at, end - at.raw);
	if (m->protocol)
		protocol_clean(m, at, count * sizeof(*first), CALLER(h));
	for (at.raw &= ~(line - 1); at.raw < end; at.raw += line) {
		memory_maintain(m->memory, MEMORY_CLEAN, at, true);
		account_charge(current(h), BUCKET_MAINTENANCE,
			       m->config.clean_cycles * CYCLE);
	}
}

void port_memory_clean(void *host, pa_t start, uint64_t bytes)
{
	struct hypervisor *h = host;
	struct machine *m = h->m;
	uint64_t line = UINT64_C(1) << m->line_lg2, count = 0;

	observe_hypervisor_clean(m, start, bytes);
	for (uint64_t at = 0; at < bytes; at += line, count++)
		memory_maintain(m->memory, MEMORY_CLEAN_INVALIDATE,
				(pa_t){ start.raw + at }, true);
	account_charge(current(h), BUCKET_MAINTENANCE,
		       count * m->config.clean_cycles * CYCLE);
	if (m->versions)
		versions_clean(m->versions, start, bytes);
}

void port_icache_invalidate(void *host)
{
	struct hypervisor *h = host;

	observe_hypervisor_ic(h->m);
	memory_invalidate_fetch_all(h->m->memory, h->m->current, true);
	account_charge(current(h), BUCKET_MAINTENANCE,
		       h->m->config.clean_cycles * CYCLE);
}

/* ---- barriers and TLB maintenance ---- */

#define OP_IPAS2E1IS ARM_SYSREG(1, 4, 8, 0, 1)
#define OP_IPAS2LE1IS ARM_SYSREG(1, 4, 8, 0, 5)
#define OP_RIPAS2E1IS ARM_SYSREG(1, 4, 8, 0, 2)
#define OP_RIPAS2LE1IS ARM_SYSREG(1, 4, 8, 0, 6)
#define OP_VMALLS12E1IS ARM_SYSREG(1, 4, 8, 3, 6)
#define OP_VMALLE1IS ARM_SYSREG(1, 0, 8, 3, 0)

/* The same on this CPU alone: other encodings, like in all else. */
static unsigned int local_op(unsigned int op)
{
	switch (op) {
	case OP_IPAS2E1IS:
		return ARM_SYSREG(1, 4, 8, 4, 1);
	case OP_IPAS2LE1IS:
		return ARM_SYSREG(1, 4, 8, 4, 5);
	case OP_RIPAS2E1IS:
		return ARM_SYSREG(1, 4, 8, 4, 2);
	case OP_RIPAS2LE1IS:
		return ARM_SYSREG(1, 4, 8, 4, 6);
	case OP_VMALLS12E1IS:
		return ARM_SYSREG(1, 4, 8, 7, 6);
	default:
		return ARM_SYSREG(1, 0, 8, 7, 0); /* VMALLE1 */
	}
}

/* As with that VMID in VTTBR_EL2. `code`: whom the port returns to. */
static void tlbi(struct hypervisor *h, unsigned int op, uint64_t operand,
		 uint16_t vmid, bool local, const void *code)
{
	struct machine *m = h->m;
	struct arm_tlbi decoded;

	if (local)
		op = local_op(op);

	BUG_ON(h, !arm_tlbi_decode(op, operand, &current(h)->mmu.regs, true,
				   &decoded));
	decoded.match.vmid = vmid;
	if (m->protocol)
		protocol_tlbi(m, &decoded, operand, code);
	for (unsigned int i = 0; i < m->config.cpus; i++) {
		if (local && i != m->current)
			continue;
		access_settle_uses(&m->cpu[i]);
		arm_mmu_tlbi(&m->cpu[i].mmu, &decoded);
	}
	if (m->iommus)
		iommus_tlbi(m->iommus, &decoded);
	account_charge(current(h), BUCKET_MAINTENANCE,
		       m->config.tlbi_cycles * CYCLE);
}

static void barrier_charge(struct hypervisor *h)
{
	account_charge(current(h), BUCKET_HYPERVISOR,
		       h->m->config.barrier_cycles * CYCLE);
}

void port_barrier(void *host, enum port_barrier kind)
{
	struct hypervisor *h = host;

	if (h->peek.on)
		return;
	/* IPAS2E1IS; DSB; VMALLE1IS; and the DSB asked for ends it. */
	if (kind == PORT_DSB_ISH && h->combined_pending) {
		h->combined_pending = false;
		barrier_charge(h);
		if (h->m->protocol)
			protocol_dsb(h->m, false, CALLER(h));
		tlbi(h, OP_VMALLE1IS, 0, h->combined_vmid, h->combined_local,
		     CALLER(h));
	}
	barrier_charge(h);
	if (h->m->protocol && kind == PORT_ISB)
		protocol_isb(h->m, CALLER(h));
	else if (h->m->protocol)
		protocol_dsb(h->m, kind == PORT_DSB_ISHST, CALLER(h));
}

/* Operand of RIPAS2E1IS, DDI0487 L.b D24 "TLBI RIPAS2E1": the smallest
 * (NUM + 1) * 2^(5 * SCALE + 1) granules that cover the request. TG is 1, 2
 * and 3 for 4K, 16K and 64K. */
static uint64_t range_operand(const struct port_tlbi *r)
{
	uint64_t pages = (r->bytes + BIT(r->granule_lg2) - 1) >> r->granule_lg2;
	uint64_t tg = (r->granule_lg2 - 10u) / 2;
	uint64_t ttl = r->level > 0 ? (uint64_t)r->level : 0;
	unsigned int scale = 0;
	uint64_t num;

	while (scale < 3 && pages > UINT64_C(32) << (5 * scale + 1))
		scale++;
	num = (pages + BIT(5 * scale + 1) - 1) >> (5 * scale + 1);
	return tg << 46 | (uint64_t)scale << 44 | (num - 1) << 39 |
	       ttl << 37 | (r->start.raw >> r->granule_lg2 & MASK(0, 37));
}

/* TTL of an operand by IPA: D8.17.5. */
static uint64_t level_hint(const struct port_tlbi *r)
{
	uint64_t granule = (r->granule_lg2 - 10U) / 2;

	return r->level > 0 ? (granule << 2 | (uint64_t)r->level) << 44 : 0;
}

void port_tlbi(void *host, const struct port_tlbi *r)
{
	struct hypervisor *h = host;
	const void *code = CALLER(h);

	switch (r->scope) {
	case PORT_TLBI_VMID:
		tlbi(h, OP_VMALLS12E1IS, 0, r->vmid, r->local, code);
		break;
	case PORT_TLBI_IPA:
		tlbi(h, r->leaf_only ? OP_IPAS2LE1IS : OP_IPAS2E1IS,
		     r->start.raw >> FRAME_LG2 | level_hint(r), r->vmid, r->local,
		     code);
		break;
	case PORT_TLBI_RANGE:
		tlbi(h, r->leaf_only ? OP_RIPAS2LE1IS : OP_RIPAS2E1IS,
		     range_operand(r), r->vmid, r->local, code);
		break;
	}
	h->combined_local = r->local &&
			    (h->combined_local || !h->combined_pending);
	h->combined_pending |= r->combined && r->scope != PORT_TLBI_VMID;
	h->combined_vmid = r->vmid;
	observe_p2m_tlbi(h->m, r);
}

/* ---- IOMMUs: without one, whoever listens hears all the same ---- */

void port_iotlb_flush(void *host, const struct port_iotlb *request)
{
	struct hypervisor *h = host;

	if (h->m->protocol)
		protocol_iotlb(h->m, request, CALLER(h));
	if (!h->m->iommus)
		return;
	h->m->iommus->caller = CALLER(h);
	iommus_flush(h->m->iommus, request);
	h->m->iommus->caller = NULL;
}

void port_iotlb_wait(void *host)
{
	struct hypervisor *h = host;

	if (h->m->protocol)
		protocol_iotlb_wait(h->m, CALLER(h));
	if (!h->m->iommus)
		return;
	h->m->iommus->caller = CALLER(h);
	iommus_wait(h->m->iommus);
	h->m->iommus->caller = NULL;
}

void port_iommu_write_buffer(void *host)
{
	struct hypervisor *h = host;

	if (h->m->protocol)
		protocol_write_buffer(h->m, CALLER(h));
	if (!h->m->iommus)
		return;
	h->m->iommus->caller = CALLER(h);
	iommus_write_buffer(h->m->iommus);
	h->m->iommus->caller = NULL;
}

/* Only batches of set/way maintenance are long enough. */
bool port_preempt(void *host)
{
	struct hypervisor *h = host;

	return h->setway.stop_at && port_time(host) >= h->setway.stop_at;
}

uint64_t port_time(void *host)
{
	return machine_cycles(current(host)) >> CYCLE_LG2;
}
