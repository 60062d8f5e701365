/* SPDX-License-Identifier: BSD-2-Clause */
/* TLBs (rules 6 to 11) and walk caches (rule 15), each a scan. */
#include <stdlib.h>
#include <string.h>

#include "recount.h"

/* "4K" → 12, "2M" → 21. */
static unsigned int size_lg2(const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);
	const char *units = "KMGT", *unit = strchr(units, *end);
	unsigned int lg2;

	demand(n && !(n & (n - 1)) && *end && unit, "a page size");
	lg2 = 10 * (unsigned int)(unit - units + 1);
	for (; n > 1; n /= 2)
		lg2++;
	return lg2;
}

static void sizes_read(struct tlb *t, const json_t *list)
{
	unsigned int i, j, size;
	size_t index;
	json_t *item;

	json_array_foreach(list, index, item)
	{
		size = size_lg2(json_string_value(item));
		demand(t->sizes < 16, "page sizes");
		for (i = 0; i < t->sizes && t->size[i] < size; i++)
			;
		for (j = t->sizes++; j > i; j--)
			t->size[j] = t->size[j - 1];
		t->size[i] = size;
	}
}

static bool array_init(struct shelf *shelf, const json_t *section)
{
	uint64_t entries = 0, ways = 0;
	const char *policy = NULL;

	demand(!json_unpack((json_t *)section, "{s:I,s:I,s:s}", "entries",
			    &entries, "ways", &ways, "replacement", &policy),
	       "a TLB's section");
	if (entries)
		shelf_init(shelf, entries, ways, policy);
	return entries != 0;
}

void tlb_init(struct tlb *t, const json_t *section)
{
	t->present = array_init(&t->shelf, section);
	t->latency = json_number_value(json_object_get(section, "latency"));
	sizes_read(t, json_object_get(section, "page_sizes"));
	if (t->present)
		t->held =
			calloc(t->shelf.sets * t->shelf.ways, sizeof(*t->held));
	demand(!t->present || t->held, "memory");
}

/* Rule 8: an entry with the ASID goes before a global one of its size. */
static size_t tlb_find(const struct tlb *t, uint64_t page, unsigned int size,
		       uint16_t vmid, uint16_t asid, bool stage1, bool global)
{
	size_t first = page % t->shelf.sets * t->shelf.ways, at;

	for (at = first; at < first + t->shelf.ways; at++) {
		const struct translation *e = &t->held[at];

		if (t->shelf.place[at].valid && e->page == page &&
		    e->size == size && e->vmid == vmid && e->stage1 == stage1 &&
		    e->global == global && (global || e->asid == asid))
			return at;
	}
	return ~(size_t)0;
}

const struct translation *tlb_lookup(struct tlb *t, uint64_t address,
				     uint16_t vmid, uint16_t asid, bool stage1)
{
	unsigned int i, global;
	size_t at;

	for (i = 0; i < t->sizes; i++)
		for (global = 0; global < 2; global++) {
			at = tlb_find(t, address >> t->size[i], t->size[i],
				      vmid, asid, stage1, global);
			if (at == ~(size_t)0)
				continue;
			t->hits++;
			shelf_use(&t->shelf, at);
			return &t->held[at];
		}
	t->misses++;
	return NULL;
}

void tlb_fill(struct tlb *t, const struct translation *whole, uint64_t address)
{
	struct translation piece = *whole;
	unsigned int i;
	size_t at;

	if (!t->present)
		return;
	for (i = 0; i < t->sizes && t->size[i] <= whole->size; i++)
		piece.size = t->size[i];
	piece.page = address >> piece.size;
	piece.pa = whole->pa +
		   ((piece.page << piece.size) - (whole->page << whole->size));
	t->fills++;
	at = tlb_find(t, piece.page, piece.size, piece.vmid, piece.asid,
		      piece.stage1, piece.global);
	if (at == ~(size_t)0) {
		at = shelf_victim(&t->shelf, piece.page % t->shelf.sets);
		t->evictions += t->shelf.place[at].valid;
	}
	t->held[at] = piece;
	shelf_fill(&t->shelf, at);
}

static bool overlaps(const struct scope *scope, uint64_t prefix,
		     unsigned int range)
{
	uint64_t first = prefix << range;

	return scope->any_address ||
	       (first <= scope->last &&
		first + ((UINT64_C(1) << range) - 1) >= scope->first);
}

void tlb_invalidate(struct tlb *t, const struct scope *scope)
{
	size_t at, count = t->present ? t->shelf.sets * t->shelf.ways : 0;

	for (at = 0; at < count; at++) {
		const struct translation *e = &t->held[at];
		unsigned int reach = e->reach > e->size ? e->reach : e->size;

		if (!t->shelf.place[at].valid || e->vmid != scope->vmid ||
		    !overlaps(scope, e->page >> (reach - e->size), reach))
			continue;
		if (e->global ? !scope->globals
			      : !scope->all_asids && e->asid != scope->asid)
			continue;
		shelf_drop(&t->shelf, at);
		t->invalidated++;
	}
}

/* ---- walk caches ---- */

unsigned int entry_range(const struct granule *g, unsigned int level)
{
	return g->page + g->stride * (3 - level);
}

unsigned int table_range(const struct granule *g, unsigned int level)
{
	return entry_range(g, level) + g->stride;
}

void walk_cache_init(struct walk_cache *c, const json_t *section)
{
	c->present = array_init(&c->shelf, section);
	if (c->present)
		c->held =
			calloc(c->shelf.sets * c->shelf.ways, sizeof(*c->held));
	demand(!c->present || c->held, "memory");
}

static size_t pointer_find(const struct walk_cache *c, uint64_t prefix,
			   unsigned int level, unsigned int range,
			   uint16_t vmid, uint16_t asid)
{
	size_t first = prefix % c->shelf.sets * c->shelf.ways, at;

	for (at = first; at < first + c->shelf.ways; at++) {
		const struct pointer *p = &c->held[at];

		if (c->shelf.place[at].valid && p->prefix == prefix &&
		    p->level == level && p->range == range &&
		    p->vmid == vmid && p->asid == asid)
			return at;
	}
	return ~(size_t)0;
}

const struct pointer *walk_cache_lookup(struct walk_cache *c, uint64_t address,
					const struct granule *g,
					unsigned int root_level, uint16_t vmid,
					uint16_t asid)
{
	unsigned int level, range;
	size_t at;

	if (!c->present)
		return NULL;
	for (level = 3; level > root_level; level--) {
		range = table_range(g, level);
		at = pointer_find(c, address >> range, level, range, vmid,
				  asid);
		if (at == ~(size_t)0)
			continue;
		c->hits++;
		shelf_use(&c->shelf, at);
		return &c->held[at];
	}
	c->misses++;
	return NULL;
}

void walk_cache_fill(struct walk_cache *c, const struct pointer *p)
{
	size_t at;

	if (!c->present)
		return;
	at = pointer_find(c, p->prefix, p->level, p->range, p->vmid, p->asid);
	if (at == ~(size_t)0)
		at = shelf_victim(&c->shelf, p->prefix % c->shelf.sets);
	c->held[at] = *p;
	shelf_fill(&c->shelf, at);
}

void walk_cache_invalidate(struct walk_cache *c, const struct scope *scope)
{
	size_t at, count = c->present ? c->shelf.sets * c->shelf.ways : 0;

	for (at = 0; at < count && !scope->last_level_only; at++) {
		const struct pointer *p = &c->held[at];

		if (c->shelf.place[at].valid && p->vmid == scope->vmid &&
		    overlaps(scope, p->prefix, p->range) &&
		    (scope->all_asids || p->asid == scope->asid))
			shelf_drop(&c->shelf, at);
	}
}
