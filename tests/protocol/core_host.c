/* SPDX-License-Identifier: BSD-2-Clause */
/* See core_host.h. DDI0487 L.b D8.17. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/bits.h"
#include "core/port.h"
#include "tests/protocol/core_host.h"

#define POOL_BASE  UINT64_C(0x10000000)
#define POOL_PAGES 16384u /* of 4K */
#define HELD_MAX   4096

struct core_host {
	uint8_t *memory;
	uint8_t used[POOL_PAGES];
	uint64_t meta[POOL_PAGES][PORT_TABLE_META_BYTES / 8];
	struct checker *checker;
	const char *operation;
	enum spoil spoil;
	uint64_t one, steps, fail, hinted, time;
	unsigned int cpus, from;
	bool combined_pending, tlbi_seen;
	uint16_t combined_vmid;
	/* A DSB ISHST that waits to see what comes next. */
	bool dsb_held;
	/* Under SPOIL_EARLY_FREE: maintenance, until the free is past. */
	struct protocol_event held[HELD_MAX];
	size_t helds;
};

struct core_host *core_host_new(const struct checker_config *config)
{
	struct core_host *h = calloc(1, sizeof(*h));

	BUG_ON(h, !h);
	h->memory = aligned_alloc(1 << 16, (size_t)POOL_PAGES << 12);
	h->checker = checker_new(config, NULL, NULL);
	h->cpus = config->cpus;
	BUG_ON(h, !h->memory || !h->checker);
	return h;
}

void core_host_free(struct core_host *h)
{
	checker_free(h->checker);
	free(h->memory);
	free(h);
}

void core_host_spoil(struct core_host *h, enum spoil spoil, uint64_t one)
{
	h->spoil = spoil;
	h->one = one;
	h->steps = 0;
}

uint64_t core_host_steps(const struct core_host *h)
{
	return h->steps;
}

void core_host_fail(struct core_host *h, uint64_t nth)
{
	h->fail = nth;
}

struct checker *core_host_checker(struct core_host *h)
{
	return h->checker;
}

/* ---- events */

static struct protocol_event host_event(const struct core_host *h,
					enum protocol_kind kind)
{
	return (struct protocol_event){
		.kind = kind,
		.el2 = true,
		.vmid = 1,
		.source = { .operation = h->operation, .pc = UINT64_MAX },
	};
}

static void pass(struct core_host *h, struct protocol_event e)
{
	checker_event(h->checker, &e);
}

/* Barriers and TLBIs go through here: some are lost, some wait. */
static void maintain(struct core_host *h, struct protocol_event e)
{
	h->steps++;
	if (h->spoil == SPOIL_ONE && h->steps == h->one)
		return;
	if (h->spoil == SPOIL_EARLY_FREE && h->helds < HELD_MAX)
		h->held[h->helds++] = e;
	else
		pass(h, e);
}

static void let_go(struct core_host *h)
{
	for (size_t i = 0; i < h->helds; i++)
		pass(h, h->held[i]);
	h->helds = 0;
}

void core_host_begin(struct core_host *h, const char *operation)
{
	h->operation = operation;
	h->time += 100;
}

static void dsb(struct core_host *h, bool stores)
{
	struct protocol_event e = host_event(h, PROTOCOL_BARRIER);

	e.barrier = PROTOCOL_DSB;
	e.access = stores ? PROTOCOL_STORES : PROTOCOL_ALL;
	e.domain = PROTOCOL_ISH;
	maintain(h, e);
}

/* The DSB ISHST that was asked for last, now that it is known what follows. */
static void settle_dsb(struct core_host *h, bool tlbi_follows,
		       bool write_follows)
{
	if (!h->dsb_held)
		return;
	h->dsb_held = false;
	if ((h->spoil == SPOIL_NO_DSB_BEFORE_TLBI && tlbi_follows) ||
	    (h->spoil == SPOIL_LINK_FIRST && write_follows) ||
	    (h->spoil == SPOIL_NO_DSB_AFTER_MAKE && !tlbi_follows &&
	     !write_follows))
		return;
	dsb(h, true);
}

void core_host_done(struct core_host *h)
{
	settle_dsb(h, false, false);
	let_go(h);
	pass(h, host_event(h, PROTOCOL_DONE));
}

void core_host_install(struct core_host *h, const struct p2m *p2m,
		       bool noncoherent)
{
	struct protocol_event e = host_event(h, PROTOCOL_ROOT);

	settle_dsb(h, false, false);
	let_go(h);
	e.root = (struct protocol_root){
		.base = PROTOCOL_VTTBR,
		.on = true,
		.noncoherent = noncoherent,
		.granule_lg2 = p2m->config.granule_lg2,
		.level = (int8_t)p2m->start_level,
		.input_bits = p2m->config.ipa_bits,
		.output_bits = 48,
		.vmid = p2m->config.vmid,
		.table = p2m->root.raw,
	};
	for (unsigned int i = 0; i < h->cpus; i++) {
		e.cpu = (uint8_t)i;
		pass(h, e);
	}
}

/* ---- the port: tables */

_Noreturn void port_bug(void *host, const char *file, int line,
			const char *what)
{
	(void)host;
	fprintf(stderr, "bug: %s:%d: %s\n", file, line, what);
	abort();
}

static uint64_t address_of(const struct core_host *h, const void *at)
{
	return POOL_BASE + (uint64_t)((const uint8_t *)at - h->memory);
}

int port_table_alloc(void *host, unsigned int granule_lg2, unsigned int order,
		     pa_t *table)
{
	struct core_host *h = host;
	unsigned int pages = 1u << (granule_lg2 - 12 + order), first = h->from;

	if (h->fail && --h->fail == 0)
		return ERR_NOMEM;
	/* Round and round, so that a page is not used again at once. */
	for (unsigned int tried = 0; tried <= 2 * POOL_PAGES / pages; tried++) {
		unsigned int i = 0;

		first = (first + pages - 1) & ~(pages - 1);
		if (first + pages > POOL_PAGES)
			first = 0;
		while (i < pages && !h->used[first + i])
			i++;
		if (i == pages) {
			memset(&h->used[first], 1, pages);
			memset(h->meta[first], 0,
			       pages * sizeof(h->meta[first]));
			h->from = first + pages;
			table->raw = POOL_BASE + ((uint64_t)first << 12);
			return 0;
		}
		first += pages;
	}
	return ERR_NOMEM;
}

void port_table_free(void *host, unsigned int granule_lg2, unsigned int order,
		     pa_t table)
{
	struct core_host *h = host;
	unsigned int pages = 1u << (granule_lg2 - 12 + order);
	struct protocol_event e = host_event(h, PROTOCOL_TABLE_FREE);

	settle_dsb(h, false, false);
	e.address = table.raw;
	e.bytes = (uint64_t)pages << 12;
	pass(h, e);
	memset(&h->used[(table.raw - POOL_BASE) >> 12], 0, pages);
}

void *port_table_meta(void *host, pa_t table)
{
	struct core_host *h = host;

	return h->meta[(table.raw - POOL_BASE) >> 12];
}

uint64_t *port_table_map(void *host, pa_t table)
{
	struct core_host *h = host;

	return (uint64_t *)(void *)(h->memory + (table.raw - POOL_BASE));
}

void port_table_unmap(void *host, uint64_t *entries)
{
	(void)host;
	(void)entries;
}

/* ---- the port: descriptors */

uint64_t port_pte_read(void *host, const uint64_t *pte)
{
	(void)host;
	return *pte;
}

static void store(struct core_host *h, uint64_t address, uint64_t bytes,
		  uint64_t now)
{
	struct protocol_event e = host_event(h, PROTOCOL_WRITE);

	e.address = address;
	e.bytes = bytes;
	e.now = now;
	pass(h, e);
}

static bool is_table(uint64_t value)
{
	return (value >> 55 & 15) == 15;
}

void port_pte_write(void *host, uint64_t *pte, uint64_t value)
{
	struct core_host *h = host;
	uint64_t old = *pte, at = address_of(h, pte), told = value;

	*pte = value;
	settle_dsb(h, false, is_table(value));
	if ((h->spoil == SPOIL_NO_BREAK && (old & 1) && !is_table(old) &&
	     !(value & 1)) ||
	    (h->spoil == SPOIL_NO_UNLINK && is_table(old) && !value))
		return;
	if (h->spoil == SPOIL_NO_NT && (value & 3) == 1)
		told &= ~BIT(16);
	if (h->spoil == SPOIL_LOST_HINT && (value & BIT(52)) &&
	    ++h->hinted % 16 == 5)
		told &= ~BIT(52);
	if (h->spoil == SPOIL_PIECES) {
		store(h, at, 4, (old & ~MASK(0, 32)) | (told & MASK(0, 32)));
		at += 4;
	}
	store(h, at & ~UINT64_C(7), h->spoil == SPOIL_PIECES ? 4 : 8, told);
}

void port_table_zero(void *host, uint64_t *entries, size_t bytes)
{
	struct core_host *h = host;

	settle_dsb(h, false, false);
	memset(entries, 0, bytes);
	store(h, address_of(h, entries), bytes, 0);
}

void port_pte_clean(void *host, const uint64_t *first, size_t count)
{
	struct core_host *h = host;
	struct protocol_event e = host_event(h, PROTOCOL_CLEAN);

	e.address = address_of(h, first);
	e.bytes = count * 8;
	if (h->spoil != SPOIL_NO_CLEAN)
		pass(h, e);
}

/* ---- the port: maintenance */

static void tlbi(struct core_host *h, const char *name,
		 const struct port_tlbi *r)
{
	struct protocol_event e = host_event(h, PROTOCOL_TLBI);
	struct protocol_tlbi *t = &e.tlbi;

	if (h->spoil == SPOIL_LAST_LEVEL && !strcmp(name, "IPAS2E1IS"))
		name = "IPAS2LE1IS";
	if (h->spoil == SPOIL_LAST_LEVEL && !strcmp(name, "RIPAS2E1IS"))
		name = "RIPAS2LE1IS";
	BUG_ON(h, !protocol_tlbi_by_name(name, t));
	t->vmid = r->vmid + (h->spoil == SPOIL_OTHER_VMID);
	t->broadcast = h->spoil != SPOIL_LOCAL_TLBI;
	if (t->by == PROTOCOL_BY_ADDRESS) {
		t->first = r->start.raw;
		t->last = r->start.raw + (t->is_range ? r->bytes : 1) - 1;
		t->level = r->level > 0 ? r->level : -1;
		if (h->spoil == SPOIL_SHIFTED_TLBI)
			t->first = t->last = r->start.raw << 2 | BIT(40);
		if (h->spoil == SPOIL_SHORT_RANGE && t->is_range)
			t->last -= BIT(r->granule_lg2);
		if (h->spoil == SPOIL_WRONG_LEVEL)
			t->level = t->level == 2 ? 3 : 2;
	}
	h->tlbi_seen = true;
	if (h->spoil != SPOIL_NO_TLBI)
		maintain(h, e);
}

void port_tlbi(void *host, const struct port_tlbi *r)
{
	struct core_host *h = host;

	settle_dsb(h, true, false);
	h->combined_vmid = r->vmid;
	switch (r->scope) {
	case PORT_TLBI_VMID:
		tlbi(h, "VMALLS12E1IS", r);
		return;
	case PORT_TLBI_IPA:
		tlbi(h, r->leaf_only ? "IPAS2LE1IS" : "IPAS2E1IS", r);
		break;
	case PORT_TLBI_RANGE:
		tlbi(h, r->leaf_only ? "RIPAS2LE1IS" : "RIPAS2E1IS", r);
		break;
	}
	h->combined_pending |= r->combined;
}

void port_barrier(void *host, enum port_barrier kind)
{
	struct core_host *h = host;
	const struct port_tlbi all = { .vmid = h->combined_vmid };
	bool after_tlbi = h->tlbi_seen;

	settle_dsb(h, false, false);
	if (kind == PORT_DSB_ISHST) {
		h->dsb_held = true;
		return;
	}
	h->tlbi_seen = false;
	if (h->combined_pending) {
		h->combined_pending = false;
		if (h->spoil != SPOIL_NO_DSB_BETWEEN)
			dsb(h, false);
		if (h->spoil != SPOIL_NO_COMBINED)
			tlbi(h, "VMALLE1IS", &all);
		h->tlbi_seen = false;
	}
	if (after_tlbi && h->spoil == SPOIL_NO_DSB_AFTER_TLBI)
		return;
	dsb(h, after_tlbi && h->spoil == SPOIL_WEAK_DSB_AFTER_TLBI);
}

void port_memory_clean(void *host, pa_t start, uint64_t bytes)
{
	(void)host;
	(void)start;
	(void)bytes;
}

void port_icache_invalidate(void *host)
{
	(void)host;
}

bool port_preempt(void *host)
{
	(void)host;
	return false;
}

uint64_t port_time(void *host)
{
	return ((struct core_host *)host)->time;
}
