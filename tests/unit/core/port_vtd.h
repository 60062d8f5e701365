/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A host for IOMMU domains, and a device that plays unfair. Two versions of
 * each table page: what processors see, and what a walker that reads past the
 * caches sees. A line written is dirty until it is evicted, at any moment, or
 * cleaned, which is done at the next barrier; with a write buffer it stays
 * there until that is flushed. At any call of the port the device may walk,
 * from the root or from any table it still remembers, by code written here
 * from VT-d 4.1 §3.7 and §9.8, and it keeps every translation and every way to
 * a table that it comes by until an invalidation names it. Who includes this
 * says what each access may find (`judge`); what is wrong stands in
 * `violation`.
 *
 * Included by the one file of a test program, since it defines the port.
 */
#ifndef TESTS_UNIT_CORE_PORT_VTD_H
#define TESTS_UNIT_CORE_PORT_VTD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/iommu/domain.h"
#include "core/port.h"

#define VTD_PAGES    4096u
#define VTD_BASE     UINT64_C(0x0000ff0000000000)
#define VTD_LINES    (VTD_PAGES * 64u)
#define VTD_HELD     512u
#define VTD_REQUESTS 1024u

enum vtd_line { VTD_SEEN, VTD_DIRTY, VTD_CLEANING, VTD_POSTED };

struct vtd_page {
	uint64_t meta[PORT_TABLE_META_BYTES / 8];
	unsigned int maps;
	bool live;
};

/* What the device remembers: a translation, or the way to a table. */
struct vtd_held {
	bool table, hole;
	unsigned int level; /* 1: pages; of a table: what its entries are */
	uint64_t iova, bytes;
	uint64_t pa;
	unsigned int access;
};

struct vtd_found {
	bool mapped;
	uint64_t mfn;
	unsigned int access;
};

struct vtd_host {
	uint64_t *cpu, *memory;
	struct vtd_page page[VTD_PAGES];
	uint8_t line[VTD_LINES];
	uint32_t unseen[VTD_LINES]; /* lines that are not VTD_SEEN */
	uint32_t unseens;
	/* The hardware. */
	bool coherent, write_buffer, caching_mode;
	unsigned int levels;
	uint16_t did;
	bool forgetful; /* it remembers nothing new for a while */
	bool attached; /* the device may walk, from `root` on */
	uint64_t root;
	struct vtd_held held[VTD_HELD];
	unsigned int helds;
	/* Requests since the last wait, and all of them for tests to see. */
	struct port_iotlb request[VTD_REQUESTS];
	unsigned int requests, waited;
	/* True if what an access to the frame found may be so now. */
	bool (*judge)(struct vtd_host *h, uint64_t dfn, struct vtd_found f);
	/* Told of each request, if not NULL. */
	void (*flushed)(struct vtd_host *h, const struct port_iotlb *r);
	void *world;
	uint64_t window, frames; /* where the device accesses */
	unsigned int access_one_in; /* 0: the device is still */
	const char *violation;
	/* Wishes. */
	int64_t fail_in;
	unsigned int preempt_one_in;
	uint64_t random, time;
	/* Counts. */
	uint64_t allocated, freed, reads, writes, barriers, cleans, cleaned;
	uint64_t waits, write_buffers, accesses;
	unsigned int maps_open;
};

static inline uint64_t vtd_random(struct vtd_host *h)
{
	h->random ^= h->random << 13;
	h->random ^= h->random >> 7;
	h->random ^= h->random << 17;
	return h->random;
}

static inline void vtd_breach(struct vtd_host *h, const char *what)
{
	if (!h->violation)
		h->violation = what;
}

static inline struct vtd_host *vtd_new_host(uint64_t seed)
{
	struct vtd_host *h = calloc(1, sizeof(*h));

	if (!h)
		abort();
	h->cpu = calloc(VTD_PAGES, 4096);
	h->memory = calloc(VTD_PAGES, 4096);
	if (!h->cpu || !h->memory)
		abort();
	h->coherent = true;
	h->fail_in = -1;
	h->random = seed * 2 + 1;
	return h;
}

static inline void vtd_delete(struct vtd_host *h)
{
	free(h->cpu);
	free(h->memory);
	free(h);
}

static inline int vtd_page_of(uint64_t pa)
{
	if (pa < VTD_BASE || (pa & 0xfff) || (pa - VTD_BASE) >> 12 >= VTD_PAGES)
		return -1;
	return (int)((pa - VTD_BASE) >> 12);
}

/* ---- two versions of memory */

static inline void vtd_line_show(struct vtd_host *h, uint32_t n)
{
	memcpy(h->memory + (size_t)n * 8, h->cpu + (size_t)n * 8, 64);
	h->line[n] = VTD_SEEN;
}

/* Entry i of the list was shown. */
static inline void vtd_unseen_drop(struct vtd_host *h, uint32_t i)
{
	h->unseen[i] = h->unseen[--h->unseens];
}

static inline void vtd_line_set(struct vtd_host *h, uint32_t n,
				enum vtd_line state)
{
	if (h->line[n] == VTD_SEEN)
		h->unseen[h->unseens++] = n;
	h->line[n] = (uint8_t)state;
}

static inline void vtd_line_written(struct vtd_host *h, uint32_t n)
{
	if (!h->coherent)
		vtd_line_set(h, n, VTD_DIRTY);
	else if (h->write_buffer)
		vtd_line_set(h, n, VTD_POSTED);
	else
		vtd_line_show(h, n);
}

/*
 * Before a write: what was cleaned is on its way and is not called back. (A
 * coherent line in the write buffer takes the new content along.)
 */
static inline void vtd_line_about(struct vtd_host *h, uint32_t n)
{
	if (h->coherent || h->line[n] < VTD_CLEANING)
		return;
	memcpy(h->memory + (size_t)n * 8, h->cpu + (size_t)n * 8, 64);
	h->line[n] = VTD_DIRTY;
}

/* All lines of a state are shown, or go on to the write buffer. */
static inline void vtd_lines_move(struct vtd_host *h, enum vtd_line state)
{
	for (uint32_t i = 0; i < h->unseens;) {
		const uint32_t n = h->unseen[i];

		if (h->line[n] != state) {
			i++;
		} else if (state == VTD_CLEANING && h->write_buffer) {
			h->line[n] = VTD_POSTED;
			i++;
		} else {
			vtd_line_show(h, n);
			vtd_unseen_drop(h, i);
		}
	}
}

/* ---- the device */

static inline void vtd_hold(struct vtd_host *h, struct vtd_held what)
{
	if (h->forgetful)
		return;
	for (unsigned int i = 0; i < h->helds; i++)
		if (h->held[i].iova == what.iova &&
		    memcmp(&h->held[i], &what, sizeof(what)) == 0)
			return;
	if (h->helds == VTD_HELD)
		h->held[vtd_random(h) % VTD_HELD] = what;
	else
		h->held[h->helds++] = what;
}

static inline unsigned int vtd_lsb(unsigned int level)
{
	return 12 + 9 * (level - 1);
}

/* A walk by the memory's version from a table of `level` on. */
static inline struct vtd_found vtd_walk(struct vtd_host *h, uint64_t iova,
					uint64_t table, unsigned int level)
{
	for (;; level--) {
		const int n = vtd_page_of(table);
		const unsigned int lsb = vtd_lsb(level);
		struct vtd_held what;
		uint64_t pte;

		memset(&what, 0, sizeof(what));
		if (n < 0 || !h->page[n].live) {
			vtd_breach(h, "a walk goes into a page that is no table");
			return (struct vtd_found){ 0 };
		}
		pte = h->memory[(size_t)n * 512 + (iova >> lsb & 511)];
		what.level = level;
		what.iova = iova >> lsb << lsb;
		what.bytes = UINT64_C(1) << lsb;
		what.access = pte & 3;
		what.pa = pte & UINT64_C(0x000ffffffffff000);
		if ((pte & 3) == 0) {
			what.hole = true;
			what.pa = 0;
			if (h->caching_mode)
				vtd_hold(h, what);
			return (struct vtd_found){ 0 };
		}
		if (level > 1 && !(pte & 0x80)) {
			if (pte & UINT64_C(0x7f0) || (pte & 3) != 3)
				vtd_breach(h, "odd bits in a table entry");
			what.table = true;
			what.level = level - 1;
			vtd_hold(h, what);
			table = what.pa;
			continue;
		}
		if (level > 3 || (what.pa & (what.bytes - 1)))
			vtd_breach(h, "a superpage where none may be");
		vtd_hold(h, what);
		return (struct vtd_found){
			true, (what.pa + (iova & (what.bytes - 1))) >> 12,
			what.access,
		};
	}
}

static inline bool vtd_covers(const struct vtd_held *w, uint64_t iova)
{
	return iova - w->iova < w->bytes;
}

/* An access by what is held alone, if that leads anywhere. */
static inline bool vtd_recall(struct vtd_host *h, const struct vtd_held *held,
			      uint64_t iova, struct vtd_found *f)
{
	const struct vtd_held w = *held; /* the walk may replace it */

	if (!vtd_covers(&w, iova))
		return false;
	if (w.table)
		*f = vtd_walk(h, iova, w.pa, w.level);
	else if (w.hole)
		*f = (struct vtd_found){ 0 };
	else
		*f = (struct vtd_found){
			true, (w.pa + (iova - w.iova)) >> 12, w.access
		};
	return true;
}

static inline void vtd_access(struct vtd_host *h, uint64_t dfn)
{
	const uint64_t iova = dfn << 12;
	struct vtd_found f;

	h->accesses++;
	if (h->helds == 0 || vtd_random(h) % 3 == 0 ||
	    !vtd_recall(h, &h->held[vtd_random(h) % h->helds], iova, &f))
		f = vtd_walk(h, iova, h->root, h->levels);
	if (!h->judge(h, dfn, f))
		vtd_breach(h, "an access finds what it may not");
}

static inline void vtd_evict(struct vtd_host *h, uint32_t at)
{
	vtd_line_show(h, h->unseen[at]);
	vtd_unseen_drop(h, at);
}

/* Something happens: lines are evicted, the device walks. */
static inline void vtd_moment(struct vtd_host *h)
{
	if (h->access_one_in == 0 || vtd_random(h) % h->access_one_in != 0)
		return;
	/* In any order: nobody says that the write buffer keeps it. */
	for (unsigned int i = 0; i < 2 && h->unseens != 0; i++)
		vtd_evict(h, (uint32_t)(vtd_random(h) % h->unseens));
	if (h->attached)
		vtd_access(h, h->window + vtd_random(h) % h->frames);
}

/*
 * Does a request drop it? Translations that it touches; ways to tables it
 * touches, unless the hint says that none changed. A superpage goes only with
 * a mask of its size (§6.5.1.2).
 */
static inline bool vtd_drops(const struct vtd_host *h,
			     const struct port_iotlb *r,
			     const struct vtd_held *w)
{
	const uint64_t bytes = UINT64_C(4096) << r->mask_lg2;

	if (r->did != h->did)
		return false;
	if (r->scope == PORT_IOTLB_DOMAIN)
		return true;
	if ((w->table || w->hole) && r->leaf_only)
		return false;
	if (!w->table && !w->hole && w->bytes > bytes)
		return false;
	return w->iova < r->start.raw + bytes &&
	       r->start.raw < w->iova + w->bytes;
}

/* Every frame of the window, by the root and by all that is held. */
static inline void vtd_look_everywhere(struct vtd_host *h)
{
	h->forgetful = true;
	for (uint64_t i = 0; i < h->frames; i++)
		if (!h->judge(h, h->window + i,
			      vtd_walk(h, (h->window + i) << 12, h->root,
				       h->levels)))
			vtd_breach(h, "a walk finds what it may not");
	for (unsigned int i = 0; i < h->helds; i++) {
		for (unsigned int j = 0; j < 8; j++) {
			const uint64_t dfn = h->window +
					     vtd_random(h) % h->frames;
			struct vtd_found f;

			if (vtd_recall(h, &h->held[i], dfn << 12, &f) &&
			    !h->judge(h, dfn, f))
				vtd_breach(h, "something stale is held");
		}
	}
	h->forgetful = false;
}

/* What is held of single pages and superpages, each frame of them. */
static inline void vtd_look_held(struct vtd_host *h)
{
	for (unsigned int i = 0; i < h->helds; i++) {
		const struct vtd_held *w = &h->held[i];
		const uint64_t step = w->bytes > 4096 ? w->bytes / 16 : 4096;

		for (uint64_t at = 0; !w->table && at < w->bytes; at += step) {
			const uint64_t dfn = (w->iova + at) >> 12;
			struct vtd_found f;

			if (dfn - h->window < h->frames &&
			    vtd_recall(h, w, dfn << 12, &f) &&
			    !h->judge(h, dfn, f))
				vtd_breach(h, "a stale translation is held");
		}
	}
}

/* ---- the port */

_Noreturn void port_bug(void *host, const char *file, int line,
			const char *what)
{
	(void)host;
	fprintf(stderr, "%s:%d: BUG: %s\n", file, line, what);
	abort();
}

int port_table_alloc(void *host, unsigned int granule_lg2, unsigned int order,
		     pa_t *table)
{
	struct vtd_host *h = host;
	unsigned int n = 0;

	if (granule_lg2 != 12 || order != 0)
		vtd_breach(h, "a table of another size");
	if (h->fail_in == 0)
		return ERR_NOMEM;
	if (h->fail_in > 0)
		h->fail_in--;
	while (n < VTD_PAGES && h->page[n].live)
		n++;
	if (n == VTD_PAGES)
		return ERR_NOMEM;
	h->page[n] = (struct vtd_page){ .live = true };
	/* Undefined, and telling: both versions look mapped everywhere. */
	memset(h->cpu + (size_t)n * 512, 0xa3, 4096);
	for (uint32_t i = n * 64; i < n * 64 + 64; i++)
		if (h->line[i] == VTD_SEEN)
			memset(h->memory + (size_t)i * 8, 0xa3, 64);
	h->allocated++;
	table->raw = VTD_BASE + ((uint64_t)n << 12);
	return 0;
}

void port_table_free(void *host, unsigned int granule_lg2, unsigned int order,
		     pa_t table)
{
	struct vtd_host *h = host;
	const int n = vtd_page_of(table.raw);

	if (granule_lg2 != 12 || order != 0 || n < 0 || !h->page[n].live) {
		vtd_breach(h, "freed what was not allocated so");
		return;
	}
	for (unsigned int i = 0; i < h->helds; i++)
		if (h->held[i].table && h->held[i].pa == table.raw)
			vtd_breach(h, "freed while the device may go there");
	if (h->page[n].maps != 0)
		vtd_breach(h, "freed while mapped");
	h->page[n].live = false;
	h->freed++;
}

void *port_table_meta(void *host, pa_t table)
{
	return ((struct vtd_host *)host)->page[vtd_page_of(table.raw)].meta;
}

uint64_t *port_table_map(void *host, pa_t table)
{
	struct vtd_host *h = host;
	const int n = vtd_page_of(table.raw);

	if (n < 0 || !h->page[n].live) {
		fprintf(stderr, "map of a page that is no table\n");
		abort();
	}
	h->page[n].maps++;
	h->maps_open++;
	return h->cpu + (size_t)n * 512;
}

static inline size_t vtd_index(struct vtd_host *h, const uint64_t *pte)
{
	const size_t i = (size_t)(pte - h->cpu);

	if (i / 512 >= VTD_PAGES || h->page[i / 512].maps == 0) {
		fprintf(stderr, "access to a page that is not mapped\n");
		abort();
	}
	return i;
}

void port_table_unmap(void *host, uint64_t *entries)
{
	struct vtd_host *h = host;

	h->page[vtd_index(h, entries) / 512].maps--;
	h->maps_open--;
}

uint64_t port_pte_read(void *host, const uint64_t *pte)
{
	struct vtd_host *h = host;

	(void)vtd_index(h, pte);
	h->reads++;
	return *pte;
}

void port_pte_write(void *host, uint64_t *pte, uint64_t value)
{
	struct vtd_host *h = host;
	const size_t i = vtd_index(h, pte);

	h->writes++;
	vtd_line_about(h, (uint32_t)(i / 8));
	*pte = value;
	vtd_line_written(h, (uint32_t)(i / 8));
	vtd_moment(h);
}

void port_table_zero(void *host, uint64_t *entries, size_t bytes)
{
	struct vtd_host *h = host;
	const size_t i = vtd_index(h, entries);

	memset(entries, 0, bytes);
	for (size_t n = i / 8; n < i / 8 + bytes / 64; n++)
		vtd_line_written(h, (uint32_t)n);
	vtd_moment(h);
}

void port_pte_clean(void *host, const uint64_t *first, size_t count)
{
	struct vtd_host *h = host;
	const size_t i = vtd_index(h, first);

	if (count == 0 || i / 512 != (i + count - 1) / 512)
		vtd_breach(h, "a clean runs out of its table");
	if (h->coherent)
		vtd_breach(h, "a clean for a walker that sees the caches");
	h->cleans++;
	h->cleaned += count;
	for (size_t n = i / 8; n <= (i + count - 1) / 8; n++)
		if (h->line[n] == VTD_DIRTY)
			h->line[n] = VTD_CLEANING;
	vtd_moment(h);
}

void port_barrier(void *host, enum port_barrier kind)
{
	struct vtd_host *h = host;

	if (kind != PORT_DSB_ISHST)
		vtd_breach(h, "a barrier that means nothing to an IOMMU");
	h->barriers++;
	vtd_lines_move(h, VTD_CLEANING);
	vtd_moment(h);
}

void port_iotlb_flush(void *host, const struct port_iotlb *r)
{
	struct vtd_host *h = host;

	if (r->scope == PORT_IOTLB_PAGES &&
	    (r->start.raw & ((UINT64_C(4096) << r->mask_lg2) - 1)))
		vtd_breach(h, "a request that is not aligned to its mask");
	if (h->requests == VTD_REQUESTS) {
		fprintf(stderr, "more requests than a test can mean\n");
		abort();
	}
	h->request[h->requests++] = *r;
	vtd_lines_move(h, VTD_POSTED);
	if (h->flushed)
		h->flushed(h, r);
	vtd_moment(h);
}

void port_iotlb_wait(void *host)
{
	struct vtd_host *h = host;

	h->waits++;
	if (h->waited > VTD_REQUESTS / 2) {
		h->requests -= h->waited;
		memmove(h->request, &h->request[h->waited],
			h->requests * sizeof(h->request[0]));
		h->waited = 0;
	}
	for (; h->waited < h->requests; h->waited++) {
		unsigned int left = 0;

		for (unsigned int i = 0; i < h->helds; i++)
			if (!vtd_drops(h, &h->request[h->waited], &h->held[i]))
				h->held[left++] = h->held[i];
		h->helds = left;
	}
	vtd_moment(h);
}

void port_iommu_write_buffer(void *host)
{
	struct vtd_host *h = host;

	h->write_buffers++;
	vtd_lines_move(h, VTD_POSTED);
}

bool port_preempt(void *host)
{
	struct vtd_host *h = host;

	return h->preempt_one_in != 0 &&
	       vtd_random(h) % h->preempt_one_in == 0;
}

uint64_t port_time(void *host)
{
	struct vtd_host *h = host;

	return h->time + h->reads;
}

#endif
