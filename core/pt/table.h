/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Table pages: taking, filling and giving them back, the notes kept on each,
 * and the barriers and TLB maintenance around them. First seed: a count of
 * the entries in use stands with every table, and a table that was unlinked
 * waits in a queue until no TLB can lead to it.
 */
#ifndef CORE_PT_TABLE_H
#define CORE_PT_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/port.h"
#include "core/pt/format.h"
#include "core/pt/gather.h"
#include "core/pt/policy.h"
#include "core/pt/stats.h"

/*
 * The engine's notes on a table page. Concatenated root tables share those of
 * the first. The queue is linked here and not through the page, which a
 * walker may read until the flush. While a table waits to be replaced by a
 * block (coalesce.h) it stands in another list, linked both ways.
 */
struct pt_meta {
	uint32_t valid;  /* entries that are not empty */
	uint32_t region; /* of a waiting table: its input address, in 2 MB */
	pa_t next;	 /* in the queue, or among those waiting */
	uint64_t prev : 40; /* among those waiting: a frame number */
	uint64_t region_high : 8; /* above what `region` holds */
	uint64_t level : 8;
	uint64_t waiting : 8;
	uint64_t due; /* of a waiting table: when, in operations or cycles */
};
_Static_assert(sizeof(struct pt_meta) <= PORT_TABLE_META_BYTES,
	       "the notes fit in what a host sets aside");

/* An address space, for the time of one call. */
struct pt {
	void *host;
	void *owner; /* of the space, for `invalidate` */
	pa_t root;
	uint8_t start_level;
	uint8_t leaf_level; /* no leaf stands above: what hardware has */
	bool free_empty; /* unlink tables whose count falls to zero */
	uint8_t bbm_level; /* of the hardware: FEAT_BBM */
	bool marks;	 /* keep contiguity markers */
	bool hints;	 /* and set the contiguous hint by them */
	bool written;	 /* descriptors written since the last DSB ISHST */
	/* With `overwrites`: a translation gave way to another one. */
	bool replaced;
	enum pt_clean_policy clean; /* for formats with `uncached_walks` */
	struct pt_stats *stats;
	struct pt_coalescing *coalescing; /* NULL: never */
	pa_t queue; /* tables unlinked, not yet flushed; queued of them */
	uint64_t queued;
	/*
	 * Send the TLB maintenance that `gather` asks for, and wait until it is
	 * complete. Descriptors are visible before: the engine's barrier.
	 */
	void (*invalidate)(struct pt *pt);
	/* For formats with `overwrites`: flush a write buffer behind the
	 * barriers, which need not keep order. NULL: there is none. */
	void (*drain)(struct pt *pt);
	struct pt_gather gather;
};

PT_INLINE struct pt_meta *pt_meta(struct pt *pt, pa_t table)
{
	return port_table_meta(pt->host, table);
}

PT_INLINE void pt_barrier(struct pt *pt, enum port_barrier kind)
{
	port_barrier(pt->host, kind);
	pt->stats->barriers++;
	if (kind == PORT_DSB_ISHST)
		pt->written = false;
}

/* A new table's content is seen before the way to it, written next. */
PT_INLINE void pt_barrier_to_link(struct pt *pt, const struct pt_format *f)
{
	pt_barrier(pt, PORT_DSB_ISHST);
	if (f->overwrites && pt->drain)
		pt->drain(pt);
}

/* Where a waiting table's range begins. */
static inline void pt_meta_set_region(struct pt_meta *meta, uint64_t ia)
{
	meta->region = (uint32_t)(ia >> 21);
	meta->region_high = ia >> 53 & 0xff;
}

static inline uint64_t pt_meta_region(const struct pt_meta *meta)
{
	return (uint64_t)meta->region << 21 |
	       (uint64_t)meta->region_high << 53;
}

/* Write one descriptor; in loops over a run the caller counts in bulk. */
PT_INLINE void pt_write(struct pt *pt, uint64_t *pte, uint64_t value)
{
	port_pte_write(pt->host, pte, value);
	pt->stats->pte_writes++;
	pt->written = true;
}

/* One that hardware reads as it was: only what is ours in it changed, so that
 * nobody waits for its being seen. */
PT_INLINE void pt_write_ours(struct pt *pt, uint64_t *pte, uint64_t value)
{
	port_pte_write(pt->host, pte, value);
	pt->stats->pte_writes++;
}

PT_INLINE void pt_wrote(struct pt *pt, uint64_t count)
{
	pt->stats->pte_writes += count;
	pt->written |= count != 0;
}

/* 2^order pages for tables of `level`; their content is undefined. */
MUST_CHECK static inline int pt_table_get(struct pt *pt,
					  const struct pt_format *f,
					  unsigned int level,
					  unsigned int order, pa_t *table)
{
	struct pt_stats *s = pt->stats;
	int rc = port_table_alloc(pt->host, f->granule_lg2, order, table);

	if (rc)
		return rc;
	pt_meta(pt, *table)->level = (uint8_t)level;
	s->tables_allocated += BIT(order);
	s->tables_live += BIT(order);
	if (s->tables_live > s->tables_peak)
		s->tables_peak = s->tables_live;
	return 0;
}

/* Give back what no walker can reach: never linked, or flushed. */
static inline void pt_table_put(struct pt *pt, const struct pt_format *f,
				unsigned int order, pa_t table)
{
	port_table_free(pt->host, f->granule_lg2, order, table);
	pt->stats->tables_freed += BIT(order);
	pt->stats->tables_live -= BIT(order);
}

/* Those waiting: the new one stands last. */
static inline void pt_wait_push(struct pt *pt, pa_t table)
{
	struct pt_coalescing *c = pt->coalescing;
	struct pt_meta *meta = pt_meta(pt, table);

	meta->waiting = true;
	meta->prev = c->last.raw >> FRAME_LG2;
	if (c->waiting++ == 0)
		c->first = table;
	else
		pt_meta(pt, c->last)->next = table;
	c->last = table;
}

static inline void pt_wait_drop(struct pt *pt, pa_t table)
{
	struct pt_coalescing *c = pt->coalescing;
	struct pt_meta *meta = pt_meta(pt, table);
	const pa_t prev = { (uint64_t)meta->prev << FRAME_LG2 };

	meta->waiting = false;
	c->waiting--;
	if (table.raw == c->first.raw)
		c->first = meta->next;
	else
		pt_meta(pt, prev)->next = meta->next;
	if (table.raw == c->last.raw)
		c->last = prev;
	else
		pt_meta(pt, meta->next)->prev = prev.raw >> FRAME_LG2;
}

/* The table's parent entry is gone; the page waits for the flush. */
static inline void pt_queue_push(struct pt *pt, pa_t table)
{
	if (pt_meta(pt, table)->waiting)
		pt_wait_drop(pt, table);
	pt_meta(pt, table)->next = pt->queue;
	pt->queue = table;
	pt->queued++;
}

static inline pa_t pt_queue_pop(struct pt *pt)
{
	const pa_t table = pt->queue;

	pt->queue = pt_meta(pt, table)->next;
	pt->queued--;
	return table;
}

/*
 * Make what was gathered unreachable to every walker: the descriptors are
 * visible, then TLBs and walk caches are emptied of it, then that is complete
 * (DDI0487 L.b D8.17, rule RDDMVT). Only then do the queued pages go.
 */
static inline void pt_flush(struct pt *pt, const struct pt_format *f)
{
	if (pt_gather_is_empty(&pt->gather))
		return;
	pt_gather_settle(&pt->gather);
	pt_barrier(pt, PORT_DSB_ISHST);
	pt->invalidate(pt);
	pt_gather_init(&pt->gather);
	while (pt->queued != 0)
		pt_table_put(pt, f, 0, pt_queue_pop(pt));
}

/*
 * At the end of a call. From invalid to valid a barrier is enough, because
 * faults are never cached (IWZCBG).
 */
static inline void pt_finish(struct pt *pt, const struct pt_format *f)
{
	pt_flush(pt, f);
	if (pt->written)
		pt_barrier(pt, PORT_DSB_ISHST);
}

#endif
