/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A domain's requests on the page-table engine, for every format: when the
 * IOTLB is flushed, and what the engine must be told. Inline functions of a
 * const format; vtd.c and arm.c make code of them. Arguments are judged in
 * domain.c.
 */
#ifndef CORE_IOMMU_SPACE_H
#define CORE_IOMMU_SPACE_H

#include "core/iommu/flush.h"
#include "core/pt/change.h"
#include "core/pt/map.h"
#include "core/pt/teardown.h"

/* ---- a call's beginning and end */

/* Runs in use alone: there is room for many. */
static inline void iommu_gather_copy(struct pt_gather *to,
				     const struct pt_gather *from)
{
	to->all = from->all;
	to->tables = from->tables;
	to->resized = from->resized;
	to->altered = from->altered;
	to->way_lsb = from->way_lsb;
	to->runs = from->runs;
	to->leaves = from->leaves;
	for (unsigned int i = 0; i < from->runs; i++)
		to->run[i] = from->run[i];
}

static inline void iommu_drain(struct pt *pt)
{
	struct iommu_domain *d = pt->owner;

	port_iommu_write_buffer(d->host);
	d->stats.write_buffer++;
}

PT_INLINE void iommu_begin(struct iommu_domain *d, struct pt *pt,
			   void (*invalidate)(struct pt *pt))
{
	pt->host = d->host;
	pt->owner = d;
	pt->root = d->root;
	pt->start_level = d->start_level;
	pt->leaf_level = d->leaf_level;
	pt->free_empty = d->config.free_empty;
	pt->bbm_level = d->config.bbm_level;
	pt->coalescing = d->config.coalesce.policy != PT_COALESCE_NEVER
				 ? &d->coalescing
				 : NULL;
	pt->marks = pt->coalescing != NULL;
	pt->hints = false;
	pt->written = false;
	pt->replaced = false;
	pt->clean = d->config.clean;
	pt->stats = &d->stats.pt;
	pt->queue = d->queue;
	pt->queued = d->queued;
	pt->invalidate = invalidate;
	pt->drain = d->config.write_buffer ? iommu_drain : NULL;
	pt_gather_init(&pt->gather);
	if (d->pending_calls != 0)
		iommu_gather_copy(&pt->gather, &d->pending);
}

/* What a call gathered, beside what earlier ones left. */
static inline bool iommu_gathered(const struct iommu_domain *d,
				  const struct pt *pt)
{
	const struct pt_gather *g = &pt->gather;

	return d->pending_calls == 0 ? !pt_gather_is_empty(g)
				     : g->leaves != d->pending.leaves;
}

/* Leave the flush to a later call: what waits, and where. */
static inline void iommu_defer(struct iommu_domain *d, const struct pt *pt,
			       uint64_t start, uint64_t end)
{
	if (d->pending_calls == 0 || start < d->pending_start)
		d->pending_start = start;
	if (d->pending_calls == 0 || end > d->pending_end)
		d->pending_end = end;
	d->pending_calls++;
	d->stats.flush_deferred++;
	iommu_gather_copy(&d->pending, &pt->gather);
}

/* Descriptors that became present are seen without an invalidation. */
static inline void iommu_order(struct pt *pt)
{
	if (!pt->written)
		return;
	pt_barrier(pt, PORT_DSB_ISHST);
	if (pt->drain)
		pt->drain(pt);
}

/*
 * The end of a call about these bytes: what else is due, then flush or not.
 * `now`: its flush cannot wait.
 */
PT_INLINE void iommu_end(struct iommu_domain *d, struct pt *pt,
			 const struct pt_format *f, uint64_t start,
			 uint64_t bytes, bool now)
{
	const struct iommu_domain_config *c = &d->config;

	pt_coalesce_due(pt, f, d->frames << FRAME_LG2);
	/* Of three sizes one after the other hardware bears but two. */
	now |= pt->gather.resized;
	if (iommu_gathered(d, pt) && c->flush == IOMMU_FLUSH_DEFERRED && !now &&
	    d->pending_calls + 1 < c->flush_calls) {
		iommu_defer(d, pt, start, start + bytes);
		iommu_order(pt);
	} else if (iommu_gathered(d, pt) || now) {
		pt_flush(pt, f);
		iommu_order(pt);
	} else {
		iommu_order(pt);
	}
	d->queue = pt->queue;
	d->queued = pt->queued;
}

/* ---- requests */

/* Holes are cached, too: what became present must be flushed as well. */
PT_INLINE void iommu_gather_made(const struct iommu_domain *d, struct pt *pt,
				 const struct pt_format *f, uint64_t start,
				 uint64_t bytes)
{
	if (!d->config.caching_mode || bytes == 0)
		return;
	pt_gather_add(&pt->gather, start, bytes >> FRAME_LG2, f->last,
		      FRAME_LG2);
	pt->gather.tables = true;
}

/*
 * True if the flush after a mapping may not wait: what stood there until now,
 * or stands in what waits, must be gone on return. A table that became a
 * superpage before its last descriptors were cleaned lacks them for whoever
 * still holds the way to it.
 */
static inline bool iommu_map_is_urgent(const struct iommu_domain *d,
				       const struct pt *pt, uint64_t start,
				       uint64_t bytes, uint64_t coalesces)
{
	return pt->replaced || d->config.caching_mode ||
	       (d->config.clean == PT_CLEAN_TOP_ONLY &&
		coalesces != d->stats.pt.coalesces) ||
	       iommu_flush_meets(d, start, bytes);
}

MUST_CHECK PT_INLINE int iommu_space_map(struct iommu_domain *d,
					 const struct pt_format *f,
					 void (*invalidate)(struct pt *pt),
					 struct pt_mapping m, uint64_t *done)
{
	const uint64_t coalesces = d->stats.pt.coalesces;
	struct pt pt;
	int rc;

	iommu_begin(d, &pt, invalidate);
	/* What waits was broken: made only after the flush (DDI0487 L.b
	 * D8.17.1). Where entries are written over, the end is soon enough. */
	if (!f->overwrites && iommu_flush_meets(d, m.ia, m.bytes))
		pt_flush(&pt, f);
	rc = pt_map(&pt, f, m, done);
	iommu_gather_made(d, &pt, f, m.ia, *done);
	iommu_end(d, &pt, f, m.ia, m.bytes,
		  iommu_map_is_urgent(d, &pt, m.ia, *done, coalesces));
	*done >>= FRAME_LG2;
	return rc;
}

/* Of unmapping and changing access. */
MUST_CHECK PT_INLINE int iommu_space_change(struct iommu_domain *d,
					    const struct pt_format *f,
					    void (*invalidate)(struct pt *pt),
					    dfn_t dfn, uint64_t frames,
					    pt_change_fn change,
					    uint64_t argument, uint64_t *done)
{
	const uint64_t start = iova_from_dfn(dfn).raw;
	struct pt pt;
	int rc;

	iommu_begin(d, &pt, invalidate);
	rc = pt_change(&pt, f, start, frames << FRAME_LG2, change, argument,
		       done);
	iommu_end(d, &pt, f, start, frames << FRAME_LG2,
		  change != pt_change_to_hole);
	*done >>= FRAME_LG2;
	return rc;
}

PT_INLINE void iommu_space_tick(struct iommu_domain *d,
				const struct pt_format *f,
				void (*invalidate)(struct pt *pt))
{
	struct pt pt;

	iommu_begin(d, &pt, invalidate);
	iommu_end(d, &pt, f, 0, 0, false);
}

PT_INLINE void iommu_space_flush(struct iommu_domain *d,
				 const struct pt_format *f,
				 void (*invalidate)(struct pt *pt))
{
	struct pt pt;

	iommu_begin(d, &pt, invalidate);
	pt_flush(&pt, f);
	d->queue = pt.queue;
	d->queued = pt.queued;
}

/* The frame asked for, and how many are alike; returns its descriptor, or 0
 * for a hole. */
PT_INLINE uint64_t iommu_space_lookup(struct iommu_domain *d,
				      const struct pt_format *f, dfn_t dfn,
				      struct iommu_entry *entry)
{
	const uint64_t ia = iova_from_dfn(dfn).raw;
	struct pt_path path = { .level = d->start_level };
	struct pt pt;

	if (dfn.raw < d->frames) {
		pt.host = d->host;
		pt.root = d->root;
		pt.start_level = d->start_level;
		pt_walk(&pt, f, ia, f->last, &path);
		pt_close(&pt, &path);
	}
	entry->order = (uint8_t)(f->level[path.level].lsb - FRAME_LG2);
	if (f->kind(path.pte, path.level) != PT_LEAF)
		return 0;
	entry->mfn = mfn_from_pa((pa_t){ f->address(path.pte, path.level).raw +
					 (ia & (pt_span(f, path.level) - 1)) });
	return path.pte;
}

/* ---- the space itself */

MUST_CHECK PT_INLINE int iommu_space_make(struct iommu_domain *d,
					  const struct pt_format *f,
					  void (*invalidate)(struct pt *pt))
{
	struct pt pt;
	int rc;

	iommu_begin(d, &pt, invalidate);
	rc = pt_table_get(&pt, f, pt.start_level, d->root_order, &d->root);
	if (rc)
		return rc;
	for (unsigned int i = 0; i < 1u << d->root_order; i++) {
		const pa_t page = { d->root.raw +
				    ((uint64_t)i << f->granule_lg2) };
		uint64_t *e = port_table_map(d->host, page);

		port_table_zero(d->host, e, (size_t)1 << f->granule_lg2);
		pt_clean_table(&pt, f, e, pt.start_level);
		port_table_unmap(d->host, e);
	}
	/* Before any context entry or STE leads here. */
	pt_barrier(&pt, PORT_DSB_ISHST);
	return 0;
}

MUST_CHECK PT_INLINE int iommu_space_end(struct iommu_domain *d,
					 const struct pt_format *f,
					 void (*invalidate)(struct pt *pt))
{
	struct pt pt;
	int rc;

	iommu_begin(d, &pt, invalidate);
	if (!d->detached)
		pt_detach(&pt, f, d->root_order);
	d->detached = true;
	rc = pt_release(&pt, f);
	d->queue = pt.queue;
	d->queued = pt.queued;
	if (rc)
		return rc;
	pt_table_put(&pt, f, d->root_order, d->root);
	d->root = (pa_t){ 0 };
	return 0;
}

#endif
