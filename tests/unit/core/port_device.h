/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A host for IOMMU domains, and a device that plays unfair. Two versions of
 * each table page: what processors see, and what a walker that reads past the
 * caches sees. A line written is dirty until it is evicted, at any moment, or
 * cleaned, which is done at the next barrier; with a write buffer it stays
 * there until that is flushed. At any call of the port the device may walk,
 * from the root or from any table it still remembers, and it keeps every
 * translation and every way to a table that it comes by until an invalidation
 * names it. How tables are walked and what an invalidation names is for
 * port_vtd.h and port_smmu.h to say, each written from its architecture's
 * text. Who includes one of them says what each access may find (`judge`);
 * what is wrong stands in `violation`.
 *
 * Included by the one file of a test program, since it defines the port.
 */
#ifndef X
#define X

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/iommu/domain.h"
#include "core/port.h"

#define DEVICE_PAGES    4096u
#define DEVICE_BASE     UINT64_C(0x0000ff0000000000)
#define DEVICE_LINES    (DEVICE_PAGES * 64u)
#define DEVICE_HELD     512u
#define DEVICE_REQUESTS 1024u

enum device_line { DEVICE_SEEN, DEVICE_DIRTY, DEVICE_CLEANING, DEVICE_POSTED };

/* 4 KiB of a table, which may be of several. */
struct device_page {
	uint64_t meta[PORT_TABLE_META_BYTES / 8]; /* of the first */
	unsigned int maps;			  /* of the first */
	unsigned int head, count; /* the table's first page, and their number */
	bool live;
};

/* What the device remembers: a translation, or the way to a table. */
struct device_held {
	bool table, hole;
	unsigned int level; /* 1: pages; of a table: what its entries are */
	uint64_t iova, bytes;
	uint64_t pa;
	unsigned int access;
	uint64_t attrs; /* of a translation: what else it says */
};

struct device_found {
	bool mapped;
	uint64_t mfn;
	unsigned int access;
};

struct device_host {
	uint64_t *cpu, *memory;
	struct device_page page[DEVICE_PAGES];
	uint8_t line[DEVICE_LINES];
	uint32_t unseen[DEVICE_LINES]; /* lines that are not DEVICE_SEEN */
	uint32_t unseens;
	/* The hardware. */
	bool coherent, write_buffer, caching_mode;
	unsigned int granule_lg2; /* of a table */
	unsigned int levels, bbm_level;
	uint16_t did;
	struct device_found (*walk)(struct device_host *h, uint64_t iova,
				    uint64_t table, unsigned int level);
	bool (*drops)(const struct device_host *h, const struct port_iotlb *r,
		      const struct device_held *w);
	bool forgetful; /* it remembers nothing new for a while */
	bool attached; /* the device may walk, from `root` on */
	uint64_t root;
	struct device_held held[DEVICE_HELD];
	unsigned int helds;
	/* Requests since the last wait, and all of them for tests to see. */
	struct port_iotlb request[DEVICE_REQUESTS];
	unsigned int requests, waited;
	/* True if what an access to the frame found may be so now. */
	bool (*judge)(struct device_host *h, uint64_t dfn, struct device_found f);
	/* Told of each request, and of each wait, if not NULL. */
	void (*flushed)(struct device_host *h, const struct port_iotlb *r);
	void (*synced)(struct device_host *h);
	/* Where processors walk the tables as well: of every barrier. */
	void (*barrier)(struct device_host *h, enum port_barrier kind);
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

static inline uint64_t device_random(struct device_host *h)
{
	h->random ^= h->random << 13;
	h->random ^= h->random >> 7;
	h->random ^= h->random << 17;
	return h->random;
}

static inline void device_breach(struct device_host *h, const char *what)
{
	if (!h->violation)
		h->violation = what;
}

static inline struct device_host *device_new_host(uint64_t seed)
{
	struct device_host *h = calloc(1, sizeof(*h));

	if (!h)
		abort();
	h->cpu = calloc(DEVICE_PAGES, 4096);
	h->memory = calloc(DEVICE_PAGES, 4096);
	if (!h->cpu || !h->memory)
		abort();
	h->coherent = true;
	h->granule_lg2 = 12;
	h->fail_in = -1;
	h->random = seed * 2 + 1;
	return h;
}

static inline void device_delete(struct device_host *h)
{
	free(h->cpu);
	free(h->memory);
	free(h);
}

static inline int device_page_of(uint64_t pa)
{
	if (pa < DEVICE_BASE || (pa & 0xfff) || (pa - DEVICE_BASE) >> 12 >= DEVICE_PAGES)
		return -1;
	return (int)((pa - DEVICE_BASE) >> 12);
}

/* ---- two versions of memory */

static inline void device_line_show(struct device_host *h, uint32_t n)
{
	memcpy(h->memory + (size_t)n * 8, h->cpu + (size_t)n * 8, 64);
	h->line[n] = DEVICE_SEEN;
}

/* Entry i of the list was shown. */
static inline void device_unseen_drop(struct device_host *h, uint32_t i)
{
	h->unseen[i] = h->unseen[--h->unseens];
}

static inline void device_line_set(struct device_host *h, uint32_t n,
				enum device_line state)
{
	if (h->line[n] == DEVICE_SEEN)
		h->unseen[h->unseens++] = n;
	h->line[n] = (uint8_t)state;
}

static inline void device_line_written(struct device_host *h, uint32_t n)
{
	if (!h->coherent)
		device_line_set(h, n, DEVICE_DIRTY);
	else if (h->write_buffer)
		device_line_set(h, n, DEVICE_POSTED);
	else
		device_line_show(h, n);
}

/*
 * Before a write: what was cleaned is on its way and is not called back. (A
 * coherent line in the write buffer takes the new content along.)
 */
static inline void device_line_about(struct device_host *h, uint32_t n)
{
	if (h->coherent || h->line[n] < DEVICE_CLEANING)
		return;
	memcpy(h->memory + (size_t)n * 8, h->cpu + (size_t)n * 8, 64);
	h->line[n] = DEVICE_DIRTY;
}

/* All lines of a state are shown, or go on to the write buffer. */
static inline void device_lines_move(struct device_host *h, enum device_line state)
{
	for (uint32_t i = 0; i < h->unseens;) {
		const uint32_t n = h->unseen[i];

		if (h->line[n] != state) {
			i++;
		} else if (state == DEVICE_CLEANING && h->write_buffer) {
			h->line[n] = DEVICE_POSTED;
			i++;
		} else {
			device_line_show(h, n);
			device_unseen_drop(h, i);
		}
	}
}

/* ---- the device */

static inline void device_hold(struct device_host *h, struct device_held what)
{
	if (h->forgetful)
		return;
	for (unsigned int i = 0; i < h->helds; i++)
		if (h->held[i].iova == what.iova &&
		    memcmp(&h->held[i], &what, sizeof(what)) == 0)
			return;
	if (h->helds == DEVICE_HELD)
		h->held[device_random(h) % DEVICE_HELD] = what;
	else
		h->held[h->helds++] = what;
}

static inline bool device_covers(const struct device_held *w, uint64_t iova)
{
	return iova - w->iova < w->bytes;
}

/* An access by what is held alone, if that leads anywhere. */
static inline bool device_recall(struct device_host *h, const struct device_held *held,
			      uint64_t iova, struct device_found *f)
{
	const struct device_held w = *held; /* the walk may replace it */

	if (!device_covers(&w, iova))
		return false;
	if (w.table)
		*f = h->walk(h, iova, w.pa, w.level);
	else if (w.hole)
		*f = (struct device_found){ 0 };
	else
		*f = (struct device_found){
			true, (w.pa + (iova - w.iova)) >> 12, w.access
		};
	return true;
}

static inline void device_access(struct device_host *h, uint64_t dfn)
{
	const uint64_t iova = dfn << 12;
	struct device_found f;

	h->accesses++;
	if (h->helds == 0 || device_random(h) % 3 == 0 ||
	    !device_recall(h, &h->held[device_random(h) % h->helds], iova, &f))
		f = h->walk(h, iova, h->root, h->levels);
	if (!h->judge(h, dfn, f))
		device_breach(h, "an access finds what it may not");
}

static inline void device_evict(struct device_host *h, uint32_t at)
{
	device_line_show(h, h->unseen[at]);
	device_unseen_drop(h, at);
}

/* Something happens: lines are evicted, the device walks. */
static inline void device_moment(struct device_host *h)
{
	if (h->access_one_in == 0 || device_random(h) % h->access_one_in != 0)
		return;
	/* In any order: nobody says that the write buffer keeps it. Sometimes
	 * none, so that a single line left unclean stays so for a while. */
	for (uint64_t i = device_random(h) % 3; i != 0 && h->unseens != 0; i--)
		device_evict(h, (uint32_t)(device_random(h) % h->unseens));
	if (h->attached)
		device_access(h, h->window + device_random(h) % h->frames);
}

/* Every frame of the window, by the root and by all that is held. */
static inline void device_look_everywhere(struct device_host *h)
{
	h->forgetful = true;
	for (uint64_t i = 0; i < h->frames; i++)
		if (!h->judge(h, h->window + i,
			      h->walk(h, (h->window + i) << 12, h->root,
				       h->levels)))
			device_breach(h, "a walk finds what it may not");
	for (unsigned int i = 0; i < h->helds; i++) {
		for (unsigned int j = 0; j < 8; j++) {
			const uint64_t dfn = h->window +
					     device_random(h) % h->frames;
			struct device_found f;

			if (device_recall(h, &h->held[i], dfn << 12, &f) &&
			    !h->judge(h, dfn, f))
				device_breach(h, "something stale is held");
		}
	}
	h->forgetful = false;
}

/* What is held of single pages and superpages, each frame of them. */
static inline void device_look_held(struct device_host *h)
{
	for (unsigned int i = 0; i < h->helds; i++) {
		const struct device_held *w = &h->held[i];
		const uint64_t step = w->bytes > 4096 ? w->bytes / 16 : 4096;

		for (uint64_t at = 0; !w->table && at < w->bytes; at += step) {
			const uint64_t dfn = (w->iova + at) >> 12;
			struct device_found f;

			if (dfn - h->window < h->frames &&
			    device_recall(h, w, dfn << 12, &f) &&
			    !h->judge(h, dfn, f))
				device_breach(h, "a stale translation is held");
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

/* A free run of pages, aligned to its size; DEVICE_PAGES: none. */
static inline unsigned int device_find(const struct device_host *h,
				       unsigned int count)
{
	for (unsigned int n = 0; n < DEVICE_PAGES; n += count) {
		unsigned int i = 0;

		while (i < count && !h->page[n + i].live)
			i++;
		if (i == count)
			return n;
	}
	return DEVICE_PAGES;
}

int port_table_alloc(void *host, unsigned int granule_lg2, unsigned int order,
		     pa_t *table)
{
	struct device_host *h = host;
	const unsigned int count = 1u << (granule_lg2 - 12 + order);
	unsigned int n;

	if (granule_lg2 != h->granule_lg2 || (order != 0 && h->allocated != 0))
		device_breach(h, "a table of another size");
	if (h->fail_in == 0)
		return ERR_NOMEM;
	if (h->fail_in > 0)
		h->fail_in--;
	n = device_find(h, count);
	if (n == DEVICE_PAGES)
		return ERR_NOMEM;
	for (unsigned int i = n; i < n + count; i++)
		h->page[i] = (struct device_page){ .head = n, .count = count,
						   .live = true };
	/* Undefined, and telling: both versions look mapped everywhere. */
	memset(h->cpu + (size_t)n * 512, 0xa3, (size_t)count * 4096);
	for (uint32_t i = n * 64; i < (n + count) * 64; i++)
		if (h->line[i] == DEVICE_SEEN)
			memset(h->memory + (size_t)i * 8, 0xa3, 64);
	h->allocated += 1u << order;
	table->raw = DEVICE_BASE + ((uint64_t)n << 12);
	return 0;
}

void port_table_free(void *host, unsigned int granule_lg2, unsigned int order,
		     pa_t table)
{
	struct device_host *h = host;
	const unsigned int count = 1u << (granule_lg2 - 12 + order);
	const int n = device_page_of(table.raw);

	if (n < 0 || !h->page[n].live || h->page[n].head != (unsigned int)n ||
	    h->page[n].count != count) {
		device_breach(h, "freed what was not allocated so");
		return;
	}
	for (unsigned int i = 0; i < h->helds; i++)
		if (h->held[i].table && h->held[i].pa == table.raw)
			device_breach(h, "freed while the device may go there");
	if (h->page[n].maps != 0)
		device_breach(h, "freed while mapped");
	for (unsigned int i = 0; i < count; i++)
		h->page[n + (int)i].live = false;
	h->freed += 1u << order;
}

void *port_table_meta(void *host, pa_t table)
{
	return ((struct device_host *)host)->page[device_page_of(table.raw)].meta;
}

uint64_t *port_table_map(void *host, pa_t table)
{
	struct device_host *h = host;
	const int n = device_page_of(table.raw);

	if (n < 0 || !h->page[n].live) {
		fprintf(stderr, "map of a page that is no table\n");
		abort();
	}
	h->page[h->page[n].head].maps++;
	h->maps_open++;
	return h->cpu + (size_t)n * 512;
}

static inline size_t device_index(struct device_host *h, const uint64_t *pte)
{
	const size_t i = (size_t)(pte - h->cpu);

	if (i / 512 >= DEVICE_PAGES ||
	    h->page[h->page[i / 512].head].maps == 0) {
		fprintf(stderr, "access to a page that is not mapped\n");
		abort();
	}
	return i;
}

void port_table_unmap(void *host, uint64_t *entries)
{
	struct device_host *h = host;

	h->page[h->page[device_index(h, entries) / 512].head].maps--;
	h->maps_open--;
}

uint64_t port_pte_read(void *host, const uint64_t *pte)
{
	struct device_host *h = host;

	(void)device_index(h, pte);
	h->reads++;
	return *pte;
}

void port_pte_write(void *host, uint64_t *pte, uint64_t value)
{
	struct device_host *h = host;
	const size_t i = device_index(h, pte);

	h->writes++;
	device_line_about(h, (uint32_t)(i / 8));
	*pte = value;
	device_line_written(h, (uint32_t)(i / 8));
	device_moment(h);
}

void port_table_zero(void *host, uint64_t *entries, size_t bytes)
{
	struct device_host *h = host;
	const size_t i = device_index(h, entries);

	memset(entries, 0, bytes);
	for (size_t n = i / 8; n < i / 8 + bytes / 64; n++)
		device_line_written(h, (uint32_t)n);
	device_moment(h);
}

void port_pte_clean(void *host, const uint64_t *first, size_t count)
{
	struct device_host *h = host;
	const size_t i = device_index(h, first);

	if (count == 0 ||
	    h->page[i / 512].head != h->page[(i + count - 1) / 512].head)
		device_breach(h, "a clean runs out of its table");
	if (h->coherent)
		device_breach(h, "a clean for a walker that sees the caches");
	h->cleans++;
	h->cleaned += count;
	for (size_t n = i / 8; n <= (i + count - 1) / 8; n++)
		if (h->line[n] == DEVICE_DIRTY)
			h->line[n] = DEVICE_CLEANING;
	device_moment(h);
}

void port_barrier(void *host, enum port_barrier kind)
{
	struct device_host *h = host;

	if (h->barrier)
		h->barrier(h, kind);
	else if (kind != PORT_DSB_ISHST)
		device_breach(h, "a barrier that means nothing to an IOMMU");
	h->barriers++;
	device_lines_move(h, DEVICE_CLEANING);
	device_moment(h);
}

void port_iotlb_flush(void *host, const struct port_iotlb *r)
{
	struct device_host *h = host;

	if (r->scope == PORT_IOTLB_PAGES &&
	    (r->start.raw & ((UINT64_C(4096) << r->mask_lg2) - 1)))
		device_breach(h, "a request that is not aligned to its mask");
	if (h->requests == DEVICE_REQUESTS) {
		fprintf(stderr, "more requests than a test can mean\n");
		abort();
	}
	h->request[h->requests++] = *r;
	device_lines_move(h, DEVICE_POSTED);
	if (h->flushed)
		h->flushed(h, r);
	device_moment(h);
}

void port_iotlb_wait(void *host)
{
	struct device_host *h = host;

	h->waits++;
	if (h->waited > DEVICE_REQUESTS / 2) {
		h->requests -= h->waited;
		memmove(h->request, &h->request[h->waited],
			h->requests * sizeof(h->request[0]));
		h->waited = 0;
	}
	for (; h->waited < h->requests; h->waited++) {
		unsigned int left = 0;

		for (unsigned int i = 0; i < h->helds; i++)
			if (!h->drops(h, &h->request[h->waited], &h->held[i]))
				h->held[left++] = h->held[i];
		h->helds = left;
	}
	if (h->synced)
		h->synced(h);
	device_moment(h);
}

void port_iommu_write_buffer(void *host)
{
	struct device_host *h = host;

	h->write_buffers++;
	device_lines_move(h, DEVICE_POSTED);
}

bool port_preempt(void *host)
{
	struct device_host *h = host;

	return h->preempt_one_in != 0 &&
	       device_random(h) % h->preempt_one_in == 0;
}

uint64_t port_time(void *host)
{
	struct device_host *h = host;

	return h->time + h->reads;
}

#endif
