/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The IOMMU domain on the page-table engine and the VT-d second-stage format:
 * what is a good request, when the IOTLB is flushed, and what the engine must
 * be told. VT-d 4.1 §3.7, §6.5, §6.8.
 *
 * Left out: see core/iommu/README.md.
 */
#include "core/iommu/domain.h"

#include "core/format/vtd_ss.h"
#include "core/iommu/flush.h"
#include "core/pt/change.h"
#include "core/pt/map.h"
#include "core/pt/teardown.h"

#define IOMMU_FORMAT	(&pt_format_vtd_ss)
#define IOMMU_LEVELS_MIN 3
#define IOMMU_LEVELS_MAX 5
#define IOMMU_MASK_MAX	52 /* frames: AM has six bits, this is plenty */

_Static_assert((int)IOMMU_ACCESS_R == (int)FIELD_MASK(VTD_SS_R) &&
		       (int)IOMMU_ACCESS_W == (int)FIELD_MASK(VTD_SS_W),
	       "access and the descriptor's permissions agree");

/* ---- a call's beginning and end */

/* Runs in use alone: there is room for many. */
static void iommu_gather_copy(struct pt_gather *to,
			      const struct pt_gather *from)
{
	to->all = from->all;
	to->tables = from->tables;
	to->way_lsb = from->way_lsb;
	to->runs = from->runs;
	to->leaves = from->leaves;
	for (unsigned int i = 0; i < from->runs; i++)
		to->run[i] = from->run[i];
}

/* Of this file, so that their addresses need no table of the loader's. */
static void iommu_invalidate(struct pt *pt)
{
	iommu_flush_gathered(pt);
}

static void iommu_drain(struct pt *pt)
{
	struct iommu_domain *d = pt->owner;

	port_iommu_write_buffer(d->host);
	d->stats.write_buffer++;
}

static void iommu_begin(struct iommu_domain *d, struct pt *pt)
{
	pt->host = d->host;
	pt->owner = d;
	pt->root = d->root;
	pt->start_level = d->start_level;
	pt->leaf_level = d->leaf_level;
	pt->free_empty = d->config.free_empty;
	pt->bbm_level = 0;
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
	pt->invalidate = iommu_invalidate;
	pt->drain = d->config.write_buffer ? iommu_drain : NULL;
	pt_gather_init(&pt->gather);
	if (d->pending_calls != 0)
		iommu_gather_copy(&pt->gather, &d->pending);
}

/* What a call gathered, beside what earlier ones left. */
static bool iommu_gathered(const struct iommu_domain *d, const struct pt *pt)
{
	const struct pt_gather *g = &pt->gather;

	return d->pending_calls == 0 ? !pt_gather_is_empty(g)
				     : g->leaves != d->pending.leaves;
}

/* Leave the flush to a later call: what waits, and where. */
static void iommu_defer(struct iommu_domain *d, const struct pt *pt,
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
static void iommu_order(struct pt *pt)
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
static void iommu_end(struct iommu_domain *d, struct pt *pt, uint64_t start,
		      uint64_t bytes, bool now)
{
	const struct iommu_domain_config *c = &d->config;

	pt_coalesce_due(pt, IOMMU_FORMAT, d->frames << FRAME_LG2);
	if (iommu_gathered(d, pt) && c->flush == IOMMU_FLUSH_DEFERRED && !now &&
	    d->pending_calls + 1 < c->flush_calls) {
		iommu_defer(d, pt, start, start + bytes);
		iommu_order(pt);
	} else if (iommu_gathered(d, pt) || now) {
		pt_flush(pt, IOMMU_FORMAT);
		iommu_order(pt);
	} else {
		iommu_order(pt);
	}
	d->queue = pt->queue;
	d->queued = pt->queued;
}

/* ---- requests */

static bool iommu_has_frames(const struct iommu_domain *d, dfn_t dfn,
			     uint64_t frames)
{
	return dfn.raw < d->frames && frames <= d->frames - dfn.raw;
}

static bool iommu_access_is_known(unsigned int access)
{
	return access != 0 && (access & ~(unsigned int)IOMMU_ACCESS_RW) == 0;
}

/* Holes are cached, too: what became present must be flushed as well. */
static void iommu_gather_made(const struct iommu_domain *d, struct pt *pt,
			      uint64_t start, uint64_t bytes)
{
	if (!d->config.caching_mode || bytes == 0)
		return;
	pt_gather_add(&pt->gather, start, bytes >> FRAME_LG2, VTD_SS_LEVEL_4K,
		      FRAME_LG2);
	pt->gather.tables = true;
}

/*
 * True if the flush after a mapping may not wait: what stood there until now,
 * or stands in what waits, must be gone on return. A table that became a
 * superpage before its last descriptors were cleaned lacks them for whoever
 * still holds the way to it.
 */
static bool iommu_map_is_urgent(const struct iommu_domain *d,
				const struct pt *pt, uint64_t start,
				uint64_t bytes, uint64_t coalesces)
{
	return pt->replaced || d->config.caching_mode ||
	       (d->config.clean == PT_CLEAN_TOP_ONLY &&
		coalesces != d->stats.pt.coalesces) ||
	       iommu_flush_meets(d, start, bytes);
}

int iommu_map(struct iommu_domain *d, dfn_t dfn, mfn_t mfn, uint64_t frames,
	      unsigned int access, uint64_t *done)
{
	struct pt_mapping m = { .level = -1 };
	const uint64_t coalesces = d->stats.pt.coalesces;
	struct pt pt;
	int rc;

	*done = 0;
	if (!iommu_access_is_known(access))
		return ERR_INVAL;
	if (!iommu_has_frames(d, dfn, frames) || mfn.raw >= d->outputs ||
	    frames > d->outputs - mfn.raw)
		return ERR_RANGE;
	m.ia = iova_from_dfn(dfn).raw;
	m.pa = pa_from_mfn(mfn);
	m.bytes = frames << FRAME_LG2;
	m.attrs = access | FIELD_PREP(VTD_SS_SNP, d->config.snoop);
	iommu_begin(d, &pt);
	rc = pt_map(&pt, IOMMU_FORMAT, m, done);
	iommu_gather_made(d, &pt, m.ia, *done);
	iommu_end(d, &pt, m.ia, m.bytes,
		  iommu_map_is_urgent(d, &pt, m.ia, *done, coalesces));
	*done >>= FRAME_LG2;
	return rc;
}

/* Of unmapping and changing access. */
MUST_CHECK PT_INLINE int iommu_change(struct iommu_domain *d, dfn_t dfn,
				      uint64_t frames, pt_change_fn change,
				      uint64_t argument, uint64_t *done)
{
	const uint64_t start = iova_from_dfn(dfn).raw;
	struct pt pt;
	int rc;

	*done = 0;
	if (!iommu_has_frames(d, dfn, frames))
		return ERR_RANGE;
	iommu_begin(d, &pt);
	rc = pt_change(&pt, IOMMU_FORMAT, start, frames << FRAME_LG2, change,
		       argument, done);
	iommu_end(d, &pt, start, frames << FRAME_LG2,
		  change != pt_change_to_hole);
	*done >>= FRAME_LG2;
	return rc;
}

int iommu_unmap(struct iommu_domain *d, dfn_t dfn, uint64_t frames,
		uint64_t *done)
{
	return iommu_change(d, dfn, frames, pt_change_to_hole, 0, done);
}

static uint64_t iommu_change_access(uint64_t pte, uint64_t access)
{
	return (pte & ~VTD_SS_PRESENT) | access;
}

int iommu_protect(struct iommu_domain *d, dfn_t dfn, uint64_t frames,
		  unsigned int access, uint64_t *done)
{
	*done = 0;
	if (!iommu_access_is_known(access))
		return ERR_INVAL;
	return iommu_change(d, dfn, frames, iommu_change_access, access, done);
}

void iommu_tick(struct iommu_domain *d)
{
	struct pt pt;

	iommu_begin(d, &pt);
	iommu_end(d, &pt, 0, 0, false);
}

void iommu_flush(struct iommu_domain *d)
{
	struct pt pt;

	if (d->pending_calls == 0)
		return;
	iommu_begin(d, &pt);
	pt_flush(&pt, IOMMU_FORMAT);
	d->queue = pt.queue;
	d->queued = pt.queued;
}

bool iommu_is_flushed(const struct iommu_domain *d)
{
	return d->pending_calls == 0;
}

/* ---- looking */

void iommu_lookup(struct iommu_domain *d, dfn_t dfn, struct iommu_entry *entry)
{
	const struct pt_format *f = IOMMU_FORMAT;
	const uint64_t ia = iova_from_dfn(dfn).raw;
	struct pt_path path = { .level = d->start_level };
	struct pt pt;

	*entry = (struct iommu_entry){ 0 };
	if (iommu_has_frames(d, dfn, 1)) {
		pt.host = d->host;
		pt.root = d->root;
		pt.start_level = d->start_level;
		pt_walk(&pt, f, ia, f->last, &path);
		pt_close(&pt, &path);
	}
	entry->order = (uint8_t)(f->level[path.level].lsb - FRAME_LG2);
	if (f->kind(path.pte, path.level) != PT_LEAF)
		return;
	entry->mfn = mfn_from_pa(
		(pa_t){ f->address(path.pte, path.level).raw +
			(ia & (pt_span(f, path.level) - 1)) });
	entry->access = (unsigned int)(path.pte & VTD_SS_PRESENT);
}

uint64_t iommu_count_mapped(struct iommu_domain *d, dfn_t dfn, uint64_t frames)
{
	uint64_t mapped = 0;

	if (dfn.raw >= d->frames)
		return 0;
	if (frames > d->frames - dfn.raw)
		frames = d->frames - dfn.raw;
	while (frames != 0) {
		struct iommu_entry e;
		uint64_t n;

		iommu_lookup(d, dfn, &e);
		n = BIT(e.order) - (dfn.raw & (BIT(e.order) - 1));
		if (n > frames)
			n = frames;
		if (e.access != 0)
			mapped += n;
		dfn.raw += n;
		frames -= n;
	}
	return mapped;
}

/* ---- the domain itself */

/* Of the hardware: what may be, and what may stand beside what. */
static int iommu_check(const struct iommu_domain_config *c)
{
	if (c->levels < IOMMU_LEVELS_MIN || c->levels > IOMMU_LEVELS_MAX ||
	    c->output_bits > IOMMU_FORMAT->oa_bits ||
	    c->output_bits <= FRAME_LG2)
		return ERR_INVAL;
	if (c->iova_bits != 0 && (c->iova_bits <= FRAME_LG2 ||
				  c->iova_bits > FRAME_LG2 + 9 * c->levels))
		return ERR_INVAL;
	if ((c->superpage_1g && !c->superpage_2m) ||
	    c->mask_max_lg2 > IOMMU_MASK_MAX)
		return ERR_INVAL;
	if ((unsigned int)c->coalesce.policy >= PT_COALESCE_POLICIES ||
	    (unsigned int)c->clean >= PT_CLEAN_POLICIES)
		return ERR_INVAL;
	if (c->coalesce.policy == PT_COALESCE_SCAN &&
	    (c->coalesce.n == 0 || c->coalesce.budget == 0))
		return ERR_INVAL;
	if ((unsigned int)c->flush > IOMMU_FLUSH_DEFERRED ||
	    (c->flush == IOMMU_FLUSH_DEFERRED && c->flush_calls == 0))
		return ERR_INVAL;
	return 0;
}

static uint8_t iommu_leaf_level(const struct iommu_domain_config *c,
				uint8_t start_level)
{
	const uint8_t largest = c->superpage_1g	  ? VTD_SS_LEVEL_1G
				: c->superpage_2m ? VTD_SS_LEVEL_2M
						  : VTD_SS_LEVEL_4K;

	return largest > start_level ? largest : start_level;
}

int iommu_domain_init(struct iommu_domain *d, void *host,
		      const struct iommu_domain_config *c)
{
	const unsigned int bits = c->iova_bits ? c->iova_bits
					       : FRAME_LG2 + 9u * c->levels;
	struct pt pt;
	uint64_t *e;
	int rc = iommu_check(c);

	if (rc)
		return rc;
	*d = (struct iommu_domain){ .host = host, .config = *c };
	d->start_level = vtd_ss_start(c->levels);
	d->leaf_level = iommu_leaf_level(c, d->start_level);
	d->frames = BIT(bits - FRAME_LG2);
	d->outputs = BIT(c->output_bits - FRAME_LG2);
	d->coalescing.config = c->coalesce;
	iommu_begin(d, &pt);
	rc = pt_table_get(&pt, IOMMU_FORMAT, pt.start_level, 0, &d->root);
	if (rc)
		return rc;
	e = port_table_map(host, d->root);
	port_table_zero(host, e, FRAME_BYTES);
	pt_clean_table(&pt, IOMMU_FORMAT, e, pt.start_level);
	port_table_unmap(host, e);
	/* Before any context entry leads here. */
	pt_barrier(&pt, PORT_DSB_ISHST);
	return 0;
}

int iommu_domain_fini(struct iommu_domain *d)
{
	struct pt pt;
	int rc;

	if (!d->detached)
		iommu_flush(d);
	iommu_begin(d, &pt);
	if (!d->detached)
		pt_detach(&pt, IOMMU_FORMAT, 0);
	d->detached = true;
	rc = pt_release(&pt, IOMMU_FORMAT);
	d->queue = pt.queue;
	d->queued = pt.queued;
	if (rc)
		return rc;
	pt_table_put(&pt, IOMMU_FORMAT, 0, d->root);
	d->root = (pa_t){ 0 };
	return 0;
}

/* 1 is 39 bits, 2 is 48, 3 is 57: VT-d 4.1 §9.3, §9.6. */
unsigned int iommu_domain_aw(const struct iommu_domain *d)
{
	return d->config.levels - 2u;
}
