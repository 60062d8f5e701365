/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A host for the core that is nothing but arrays, and a referee of the
 * protocol: it decodes the descriptors by itself (Arm stage 2, any granule),
 * remembers all that a TLB or a walk cache may hold of what changed, and
 * notes the first breach of the rules in `violation`:
 *
 *   - a live descriptor changes to another live one in more than permissions
 *     or software bits;
 *   - an entry is made before its break is complete;
 *   - the contiguous hint is not the same in all valid entries of a group, or
 *     the group is not one run while it has it;
 *   - a table becomes reachable before its content is visible;
 *   - a table is freed while a walker can reach it or a cache may hold it;
 *   - a call returns while something stale is left, or a write unordered.
 *
 * Included by the one file of a test program, since it defines the port.
 */
#ifndef TESTS_UNIT_CORE_PORT_ARRAY_H
#define TESTS_UNIT_CORE_PORT_ARRAY_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/p2m/p2m.h"
#include "core/port.h"
#include "core/port_ops.h"

#ifndef ARRAY_PAGES
#define ARRAY_PAGES 4096u
#endif
/* Of memory for tables; with FEAT_LPA above 48 bits. */
#define ARRAY_BASE     UINT64_C(0x0000ff0000000000)
#define ARRAY_BASE_LPA UINT64_C(0x000fff0000000000)
#define ARRAY_LOG      4096u
#define ARRAY_REQUESTS 1024u
/* What may change in a live leaf: S2AP, XN, software bits. */
#define ARRAY_IN_PLACE \
	(UINT64_C(3) << 6 | UINT64_C(3) << 53 | UINT64_C(0xff) << 55)
/* Of these, what hardware never looks at: no TLB holds it. */
#define ARRAY_MARKERS (UINT64_C(15) << 59)
#define ARRAY_CONTIG  (UINT64_C(1) << 52)
#define ARRAY_NT      (UINT64_C(1) << 16)

struct array_page {
	uint64_t meta[PORT_TABLE_META_BYTES / 8];
	uint64_t ia; /* of entry 0, while linked */
	uint8_t level;
	uint8_t order; /* of the allocation it is the first of */
	bool live;
	bool root;
	bool linked; /* a walker can reach it */
	bool stale;  /* unlinked, and the flush is not complete */
	unsigned int maps;
	uint64_t epoch; /* of the host when the content was last written */
};

enum array_phase { ARRAY_WRITTEN, ARRAY_VISIBLE, ARRAY_INVALIDATED };

/* Something that a TLB (or, for a table, a walk cache) may still hold. */
struct array_stale {
	uint64_t ia, bytes;
	unsigned int level;
	enum array_phase phase;
	int page; /* the unlinked table, or -1 */
};

struct port_array {
	struct port_host head; /* for a core that is loaded */
	unsigned int granule_lg2;
	unsigned int bbm_level; /* what the hardware bears */
	uint64_t base;
	uint64_t *memory; /* pages of a granule each */
	struct array_page page[ARRAY_PAGES];
	struct array_stale *stale;
	size_t stales, stale_room;
	uint64_t epoch; /* counts DSB ISHST: the current one's writes are unseen
			 */
	bool unordered; /* a live write since the last DSB ISHST */
	bool all_flushed; /* whole VMID since the last live write */
	const char *violation;
	/* Wishes. */
	int64_t fail_in; /* this many allocations succeed; -1: all do */
	unsigned int preempt_one_in; /* 0: never */
	uint64_t random;
	uint64_t ram_base, ram_end; /* of frames that tests map: no tables */
	/* Counts. */
	uint64_t allocated, freed, reads, writes, barriers, cleans;
	uint64_t tlbi[3], maps_open, preempts, icache;
	/* Told of memory that is cleaned, if not NULL. */
	void (*memory_cleaned)(struct port_array *a, uint64_t pa,
			       uint64_t bytes);
	uint8_t *cleaned; /* of whoever wants it, for that function */
	/* Events: a alloc, f free, n write of an unlinked table, b break,
	 * m make, p in place, s ISHST, i ISH, t TLBI. Repeats are one. */
	char log[ARRAY_LOG];
	size_t log_length;
	struct port_tlbi request[ARRAY_REQUESTS];
	size_t requests;
};

static inline void array_log(struct port_array *a, char event)
{
	if (a->log_length != 0 && a->log[a->log_length - 1] == event)
		return;
	if (a->log_length < ARRAY_LOG - 1)
		a->log[a->log_length++] = event;
	a->log[a->log_length] = '\0';
}

static inline void array_log_clear(struct port_array *a)
{
	a->log_length = 0;
	a->log[0] = '\0';
	a->requests = 0;
}

static inline void array_breach(struct port_array *a, const char *what)
{
	if (!a->violation)
		a->violation = what;
}

static inline uint64_t array_random(struct port_array *a)
{
	a->random ^= a->random << 13;
	a->random ^= a->random >> 7;
	a->random ^= a->random << 17;
	return a->random;
}

static inline unsigned int array_entries(const struct port_array *a)
{
	return 1u << (a->granule_lg2 - 3);
}

/* The entries of page n. */
static inline uint64_t *array_page_entries(const struct port_array *a,
					   unsigned int n)
{
	return a->memory + (size_t)n * array_entries(a);
}

static inline struct port_array *array_new_granule(uint64_t seed,
						   unsigned int granule_lg2)
{
	struct port_array *a = calloc(1, sizeof(*a));

	if (!a)
		abort();
	a->granule_lg2 = granule_lg2;
	a->base = ARRAY_BASE;
	a->memory = malloc((size_t)ARRAY_PAGES << granule_lg2);
	if (!a->memory)
		abort();
	a->fail_in = -1;
	a->epoch = 1;
	a->random = seed * 2 + 1;
	return a;
}

static inline struct port_array *array_new(uint64_t seed)
{
	return array_new_granule(seed, 12);
}

static inline void array_delete(struct port_array *a)
{
	free(a->stale);
	free(a->memory);
	free(a);
}

static inline uint64_t array_live(const struct port_array *a)
{
	return a->allocated - a->freed;
}

static inline int array_page_of(const struct port_array *a, pa_t pa)
{
	if (pa.raw < a->base ||
	    (pa.raw & ((UINT64_C(1) << a->granule_lg2) - 1)) ||
	    (pa.raw - a->base) >> a->granule_lg2 >= ARRAY_PAGES)
		return -1;
	return (int)((pa.raw - a->base) >> a->granule_lg2);
}

/* The address in a descriptor: with 64K, bits 15:12 are 51:48. */
static inline uint64_t array_address(const struct port_array *a, uint64_t pte)
{
	if (a->granule_lg2 == 16)
		return (pte & UINT64_C(0x0000ffffffff0000)) |
		       (pte >> 12 & 15) << 48;
	return pte & UINT64_C(0x0000fffffffff000);
}

/* The page a descriptor leads to, or -1: bits 1:0 are 0b11 above level 3. */
static inline int array_table_of(const struct port_array *a, uint64_t pte,
				 unsigned int level)
{
	if (level >= 3 || (pte & 3) != 3)
		return -1;
	return array_page_of(a, (pa_t){ array_address(a, pte) });
}

static inline unsigned int array_lsb(const struct port_array *a,
				     unsigned int level)
{
	return a->granule_lg2 + (a->granule_lg2 - 3) * (3 - level);
}

static inline uint64_t array_span(const struct port_array *a,
				  unsigned int level)
{
	return UINT64_C(1) << array_lsb(a, level);
}

/* Entries that the contiguous hint joins: DDI0487 L.b D8.6.1. */
static inline unsigned int array_group(const struct port_array *a,
				       unsigned int level)
{
	switch (a->granule_lg2) {
	case 12:
		return level >= 1 ? 16 : 1;
	case 14:
		return level == 3 ? 128 : level == 2 ? 32 : 1;
	default:
		return level >= 2 ? 32 : 1;
	}
}

/* ---- the referee */

static inline void array_stale_add(struct port_array *a, uint64_t ia,
				   uint64_t bytes, unsigned int level, int page)
{
	if (a->stales == a->stale_room) {
		a->stale_room = a->stale_room ? a->stale_room * 2 : 1024;
		a->stale = realloc(a->stale, a->stale_room * sizeof(*a->stale));
		if (!a->stale)
			abort();
	}
	a->stale[a->stales++] = (struct array_stale){
		.ia = ia,
		.bytes = bytes,
		.level = level,
		.phase = ARRAY_WRITTEN,
		.page = page,
	};
}

/* A leaf may be cached alone and, with the hint, as its whole group. */
static inline void array_stale_leaf(struct port_array *a, uint64_t pte,
				    uint64_t ia, unsigned int level)
{
	const uint64_t group = array_span(a, level) * array_group(a, level);

	array_stale_add(a, ia, array_span(a, level), level, -1);
	if (pte & ARRAY_CONTIG)
		array_stale_add(a, ia & ~(group - 1), group, level, -1);
}

/* An entry that walkers could use is gone, and all below it. */
static inline void array_unlink(struct port_array *a, uint64_t pte, uint64_t ia,
				unsigned int level)
{
	const int n = array_table_of(a, pte, level);

	if (n < 0) {
		array_stale_leaf(a, pte, ia, level);
		return;
	}
	array_stale_add(a, ia, array_span(a, level), level, n);
	a->page[n].linked = false;
	a->page[n].stale = true;
	for (unsigned int i = 0; i < array_entries(a); i++)
		if (array_page_entries(a, (unsigned int)n)[i] & 1)
			array_unlink(a,
				     array_page_entries(a, (unsigned int)n)[i],
				     ia + i * array_span(a, level + 1),
				     level + 1);
}

/* A table has become reachable, and all below it. */
static inline void array_link(struct port_array *a, int n, uint64_t ia,
			      unsigned int level)
{
	if (!a->page[n].live || a->page[n].stale || a->page[n].linked)
		array_breach(a, "a table is linked that is freed or in use");
	if (a->page[n].epoch == a->epoch)
		array_breach(a, "a table is linked before it is visible");
	a->page[n].linked = true;
	a->page[n].ia = ia;
	a->page[n].level = (uint8_t)level;
	for (unsigned int i = 0; i < array_entries(a); i++) {
		const int child = array_table_of(
			a, array_page_entries(a, (unsigned int)n)[i], level);

		if (child >= 0)
			array_link(a, child, ia + i * array_span(a, level),
				   level + 1);
	}
}

static inline void array_made(struct port_array *a, uint64_t pte, uint64_t ia,
			      unsigned int level)
{
	const int child = array_table_of(a, pte, level);

	for (size_t i = 0; i < a->stales; i++)
		if (a->stale[i].ia < ia + array_span(a, level) &&
		    ia < a->stale[i].ia + a->stale[i].bytes)
			array_breach(a, "made before the break is complete");
	if (child >= 0)
		array_link(a, child, ia, level + 1);
}

/* All valid entries of the group agree with the new leaf on the hint. */
static inline void array_judge_group(struct port_array *a, const uint64_t *e,
				     unsigned int index, unsigned int level)
{
	const unsigned int group = array_group(a, level);
	const unsigned int head = index & ~(group - 1);
	const uint64_t mine = e[index] & ~ARRAY_MARKERS;

	for (unsigned int i = head; i < head + group; i++) {
		const uint64_t pte = e[i] & ~ARRAY_MARKERS;
		const uint64_t apart = ((uint64_t)i - index) *
				       array_span(a, level);

		if (!(pte & 1) || array_table_of(a, pte, level) >= 0)
			continue;
		if ((pte ^ mine) & ARRAY_CONTIG)
			array_breach(a, "the hint is in part of a group");
		if ((mine & ARRAY_CONTIG) &&
		    (array_address(a, pte) - array_address(a, mine) != apart ||
		     ((pte ^ mine) >> 48 | ((pte ^ mine) & 0xfff))))
			array_breach(a, "a group with the hint is no run");
	}
}

/*
 * True if below a table all translates as the block would: from `pa` on, with
 * its attributes.
 */
static inline bool array_alike(const struct port_array *a, uint64_t block,
			       uint64_t pa, uint64_t table, unsigned int level)
{
	const int n = array_table_of(a, table, level);
	const uint64_t ours = ~(ARRAY_MARKERS | ARRAY_CONTIG | 3) &
			      UINT64_C(0xffff000000000fff);

	for (unsigned int i = 0; i < array_entries(a); i++) {
		const uint64_t pte =
			array_page_entries(a, (unsigned int)n)[i];
		const uint64_t cut = pa + i * array_span(a, level + 1);

		if (array_table_of(a, pte, level + 1) >= 0) {
			if (!array_alike(a, block, cut, pte, level + 1))
				return false;
		} else if (!(pte & 1) || array_address(a, pte) != cut ||
			   ((pte ^ block) & ours)) {
			return false;
		}
	}
	return true;
}

/* A table over its block or a block over its table, as FEAT_BBM allows. */
static inline bool array_may_resize(const struct port_array *a, uint64_t old,
				    uint64_t new, unsigned int level)
{
	const bool from = array_table_of(a, old, level) >= 0;
	const bool to = array_table_of(a, new, level) >= 0;
	const uint64_t block = from ? new : old;

	if (from == to || a->bbm_level == 0)
		return false;
	if (a->bbm_level == 1 && !(block & ARRAY_NT))
		return false;
	return array_alike(a, block, array_address(a, block & ~ARRAY_NT),
			   from ? old : new, level);
}

/* The same leaf but for nT, or for the hint. */
static inline bool array_may_tune(const struct port_array *a, uint64_t old,
				  uint64_t new, unsigned int level)
{
	const uint64_t changed = (old ^ new) & ~ARRAY_MARKERS;

	if (array_table_of(a, old, level) >= 0 ||
	    array_table_of(a, new, level) >= 0)
		return false;
	return (changed == ARRAY_NT && level < 3 && a->bbm_level == 1) ||
	       (changed == ARRAY_CONTIG && a->bbm_level == 2);
}

static inline void array_judge_live(struct port_array *a, uint64_t old,
				    uint64_t new, uint64_t ia,
				    unsigned int level)
{
	const int child = array_table_of(a, new, level);

	if (array_may_resize(a, old, new, level)) {
		array_unlink(a, old, ia, level);
		if (child >= 0)
			array_link(a, child, ia, level + 1);
		return;
	}
	if (array_may_tune(a, old, new, level)) {
		if (!(old & ARRAY_NT))
			array_stale_leaf(a, old, ia, level);
		return;
	}
	if (((old ^ new) & ~ARRAY_IN_PLACE) ||
	    array_table_of(a, old, level) >= 0)
		array_breach(a, "valid to valid without a break");
	if ((old ^ new) & ~ARRAY_MARKERS) {
		if (old & ARRAY_CONTIG)
			array_breach(a, "part of a group changes");
		array_stale_leaf(a, old, ia, level);
	}
}

static inline void array_judge_write(struct port_array *a,
				     const struct array_page *p,
				     unsigned int index, uint64_t old,
				     uint64_t new)
{
	const uint64_t ia = p->ia + index * array_span(a, p->level);

	a->unordered = true;
	a->all_flushed = false;
	if ((old & 1) && (new & 1)) {
		array_log(a, 'p');
		array_judge_live(a, old, new, ia, p->level);
	} else if (old & 1) {
		array_log(a, 'b');
		array_unlink(a, old, ia, p->level);
	} else if (new & 1) {
		array_log(a, 'm');
		array_made(a, new, ia, p->level);
		if (array_table_of(a, new, p->level) < 0)
			array_judge_group(
				a, array_page_entries(a, (unsigned int)(p - a->page)),
				index, p->level);
	}
}

static inline bool array_tlbi_drops(const struct port_tlbi *t,
				    const struct array_stale *s)
{
	if (s->page >= 0 && t->leaf_only)
		return false;
	if (t->level >= 0 && (unsigned int)t->level != s->level)
		return false;
	switch (t->scope) {
	case PORT_TLBI_VMID:
		return true;
	case PORT_TLBI_IPA:
		return t->start.raw - s->ia < s->bytes;
	case PORT_TLBI_RANGE:
		return t->start.raw < s->ia + s->bytes &&
		       s->ia < t->start.raw + t->bytes;
	}
	return false;
}

/* [Base, Base + (NUM + 1) * 2^(5 * SCALE + 1) * granule) and nothing else. */
static inline bool array_range_exists(const struct port_array *a,
				      uint64_t bytes)
{
	for (unsigned int scale = 0; scale < 4; scale++)
		for (uint64_t num = 0; num < 32; num++)
			if (bytes ==
			    (num + 1) << (5 * scale + 1 + a->granule_lg2))
				return true;
	return false;
}

/* Call after p2m_init: the root tables are what VTTBR leads to. */
static inline void array_root(struct port_array *a, const struct p2m *p2m)
{
	const int n = array_page_of(a, p2m->root);

	for (int i = 0; i < 1 << p2m->root_order; i++) {
		a->page[n + i].root = true;
		array_link(a, n + i,
			   (uint64_t)i * array_entries(a) *
				   array_span(a, p2m->start_level),
			   p2m->start_level);
	}
}

/* Call after each operation: NULL, or what was wrong. */
static inline const char *array_quiet(struct port_array *a)
{
	if (a->stales != 0)
		array_breach(a, "something stale is left");
	if (a->unordered)
		array_breach(a, "a write is left unordered");
	if (a->maps_open != 0)
		array_breach(a, "a table is left mapped");
	return a->violation;
}

/* ---- the port */

_Noreturn void port_bug(void *host, const char *file, int line,
			const char *what)
{
	(void)host;
	fprintf(stderr, "%s:%d: BUG: %s\n", file, line, what);
	abort();
}

static inline bool array_has_room(const struct port_array *a, unsigned int n,
				  unsigned int order)
{
	for (unsigned int i = 0; i < 1u << order; i++)
		if (a->page[n + i].live)
			return false;
	return true;
}

int port_table_alloc(void *host, unsigned int granule_lg2, unsigned int order,
		     pa_t *table)
{
	struct port_array *a = host;
	unsigned int n = 0;

	if (granule_lg2 != a->granule_lg2)
		array_breach(a, "a table of another granule");
	if (a->fail_in == 0)
		return ERR_NOMEM;
	if (a->fail_in > 0)
		a->fail_in--;
	while (n < ARRAY_PAGES && !array_has_room(a, n, order))
		n += 1u << order;
	if (n >= ARRAY_PAGES)
		return ERR_NOMEM;
	for (unsigned int i = 0; i < 1u << order; i++) {
		a->page[n + i] = (struct array_page){ .live = true };
		/* Undefined, and telling: valid-looking everywhere. */
		memset(array_page_entries(a, n + i), 0xa5,
		       (size_t)1 << granule_lg2);
	}
	a->page[n].order = (uint8_t)order;
	a->allocated += UINT64_C(1) << order;
	table->raw = a->base + ((uint64_t)n << granule_lg2);
	array_log(a, 'a');
	return 0;
}

void port_table_free(void *host, unsigned int granule_lg2, unsigned int order,
		     pa_t table)
{
	struct port_array *a = host;
	const int n = array_page_of(a, table);

	if (granule_lg2 != a->granule_lg2 || n < 0 || !a->page[n].live ||
	    a->page[n].order != order) {
		array_breach(a, "freed what was not allocated so");
		return;
	}
	for (unsigned int i = 0; i < 1u << order; i++) {
		struct array_page *p = &a->page[(unsigned int)n + i];

		if (p->maps != 0)
			array_breach(a, "freed while mapped");
		if (p->stale || (p->linked && !p->root))
			array_breach(a, "freed while a cache may lead to it");
		if (p->root && !a->all_flushed)
			array_breach(a, "root freed without a flush");
		p->live = false;
		memset(array_page_entries(a, (unsigned int)n + i), 0x5a,
		       (size_t)1 << granule_lg2);
	}
	a->freed += UINT64_C(1) << order;
	array_log(a, 'f');
}

void *port_table_meta(void *host, pa_t table)
{
	struct port_array *a = host;

	return a->page[array_page_of(a, table)].meta;
}

uint64_t *port_table_map(void *host, pa_t table)
{
	struct port_array *a = host;
	const int n = array_page_of(a, table);

	if (n < 0 || !a->page[n].live) {
		fprintf(stderr, "map of a page that is no table\n");
		abort();
	}
	a->page[n].maps++;
	a->maps_open++;
	return array_page_entries(a, (unsigned int)n);
}

static inline struct array_page *array_page_at(struct port_array *a,
					       const uint64_t *pte)
{
	const size_t n = (size_t)(pte - a->memory) / array_entries(a);

	if (n >= ARRAY_PAGES || !a->page[n].live || a->page[n].maps == 0) {
		fprintf(stderr, "access to a page that is not mapped\n");
		abort();
	}
	return &a->page[n];
}

void port_table_unmap(void *host, uint64_t *entries)
{
	struct port_array *a = host;

	array_page_at(a, entries)->maps--;
	a->maps_open--;
}

uint64_t port_pte_read(void *host, const uint64_t *pte)
{
	struct port_array *a = host;

	array_page_at(a, pte);
	a->reads++;
	return *pte;
}

void port_pte_write(void *host, uint64_t *pte, uint64_t value)
{
	struct port_array *a = host;
	struct array_page *p = array_page_at(a, pte);
	const uint64_t old = *pte;

	a->writes++;
	*pte = value;
	p->epoch = a->epoch;
	if (p->linked)
		array_judge_write(a, p,
				  (unsigned int)((size_t)(pte - a->memory) %
						 array_entries(a)),
				  old, value);
	else
		array_log(a, 'n');
}

void port_table_zero(void *host, uint64_t *entries, size_t bytes)
{
	struct port_array *a = host;
	struct array_page *p = array_page_at(a, entries);

	if (p->linked || p->stale)
		array_breach(a, "zeroed a table that walkers may read");
	p->epoch = a->epoch;
	memset(entries, 0, bytes);
}

void port_pte_clean(void *host, const uint64_t *first, size_t count)
{
	struct port_array *a = host;

	(void)first;
	(void)count;
	a->cleans++;
}

void port_barrier(void *host, enum port_barrier kind)
{
	struct port_array *a = host;
	size_t left = 0;

	a->barriers++;
	if (kind == PORT_DSB_ISHST) {
		array_log(a, 's');
		a->unordered = false;
		a->epoch++;
	} else {
		array_log(a, 'i');
	}
	for (size_t i = 0; i < a->stales; i++) {
		struct array_stale *s = &a->stale[i];

		if (kind == PORT_DSB_ISHST && s->phase == ARRAY_WRITTEN)
			s->phase = ARRAY_VISIBLE;
		if (kind == PORT_DSB_ISH && s->phase == ARRAY_INVALIDATED) {
			if (s->page >= 0)
				a->page[s->page].stale = false;
			continue;
		}
		a->stale[left++] = *s;
	}
	a->stales = left;
}

void port_tlbi(void *host, const struct port_tlbi *t)
{
	struct port_array *a = host;

	array_log(a, 't');
	a->tlbi[t->scope]++;
	if (a->requests < ARRAY_REQUESTS)
		a->request[a->requests++] = *t;
	if (!t->combined)
		array_breach(a, "combined entries are left");
	if (!t->leaf_only && t->level != -1)
		array_breach(a, "a level hint, though tables were dropped");
	if (t->scope == PORT_TLBI_RANGE && !array_range_exists(a, t->bytes))
		array_breach(a, "no such range");
	if (t->scope == PORT_TLBI_VMID && !a->unordered)
		a->all_flushed = true;
	for (size_t i = 0; i < a->stales; i++)
		if (a->stale[i].phase == ARRAY_VISIBLE &&
		    array_tlbi_drops(t, &a->stale[i]))
			a->stale[i].phase = ARRAY_INVALIDATED;
}

void port_memory_clean(void *host, pa_t start, uint64_t bytes)
{
	struct port_array *a = host;

	if (a->memory_cleaned)
		a->memory_cleaned(a, start.raw, bytes);
}

void port_icache_invalidate(void *host)
{
	((struct port_array *)host)->icache++;
}

/* Nobody shares these tables. */
void port_iotlb_flush(void *host, const struct port_iotlb *request)
{
	(void)request;
	array_breach(host, "an SMMU is told");
}

void port_iotlb_wait(void *host)
{
	array_breach(host, "an SMMU is waited for");
}

bool port_preempt(void *host)
{
	struct port_array *a = host;
	bool yes = a->preempt_one_in != 0 &&
		   array_random(a) % a->preempt_one_in == 0;

	a->preempts += yes;
	return yes;
}

uint64_t port_time(void *host)
{
	return ((struct port_array *)host)->reads;
}

#endif
