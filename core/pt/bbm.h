/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Break-before-make: the pair that takes a live entry down and puts another
 * in its place. DDI0487 L.b D8.17.1, rules RHWZWS and RDDMVT.
 *
 *   pt_break  invalid entry, DSB ISHST, TLBI, DSB ISH
 *   pt_write  new entry; the DSB ISHST is that of the next flush or, once for
 *             all new entries, of pt_finish
 *
 * Where walkers read past the caches, what is written before a flush is
 * cleaned before it (clean.h): who walks after the flush must not find the old
 * entry again. What is made last is left for the caller to clean.
 *
 * A change of size alone, a table in place of a block that it cuts, or a block
 * of a table that is alike, may do with less by FEAT_BBM: pt_resize.
 *
 * pt_break_run and pt_make_run do the same for neighbours in one table with
 * one flush between them.
 */
#ifndef CORE_PT_BBM_H
#define CORE_PT_BBM_H

#include "core/pt/clean.h"
#include "core/pt/marker.h"

/*
 * Gather and queue a table that is about to be unlinked, and all below it.
 * `ia` is the start of what the table covers. An empty table has no leaf to
 * invalidate by, yet walk caches may hold the way to it. Where entries are
 * written over, pt_forget gathers the range of the table's own entry instead.
 */
static inline void pt_collect(struct pt *pt, const struct pt_format *f,
			      pa_t table, uint64_t ia, unsigned int level)
{
	const unsigned int lsb = f->level[level].lsb;
	uint64_t *e = port_table_map(pt->host, table);
	bool found = false;

	for (unsigned int i = 0; i < pt_entries(f, level);
	     i++, ia += BIT(lsb)) {
		const uint64_t pte = port_pte_read(pt->host, &e[i]);
		const enum pt_kind kind = f->kind(pte, level);

		if (kind == PT_EMPTY)
			continue;
		found = true;
		if (kind == PT_LEAF) {
			if (!f->overwrites)
				pt_gather_add(&pt->gather, ia, 1, level, lsb);
			pt->stats->mappings[level]--;
		} else {
			pt_collect(pt, f, f->address(pte, level), ia,
				   level + 1);
		}
	}
	port_table_unmap(pt->host, e);
	if (!found && !f->overwrites) {
		ia -= (uint64_t)pt_entries(f, level) << lsb;
		pt_gather_add(&pt->gather, ia, 1, level - 1,
			      f->level[level - 1].lsb);
	}
	pt->gather.tables = true;
	pt_queue_push(pt, table);
}

/* Gather what a live entry may be cached as, before it is replaced. */
static inline void pt_forget(struct pt *pt, const struct pt_format *f,
			     uint64_t old, uint64_t ia, unsigned int level)
{
	if (f->kind(old, level) == PT_TABLE) {
		pt_collect(pt, f, f->address(old, level), ia, level + 1);
		if (!f->overwrites)
			return;
	} else {
		pt->stats->mappings[level]--;
	}
	pt_gather_add(&pt->gather, ia, 1, level, f->level[level].lsb);
}

/* Write an entry invalid and gather what it may be cached as. */
static inline void pt_drop(struct pt *pt, const struct pt_format *f,
			   uint64_t *pte, uint64_t ia, unsigned int level)
{
	const uint64_t old = port_pte_read(pt->host, pte);

	pt_forget(pt, f, old, ia, level);
	pt_write(pt, pte, 0);
}

/* `ia` is aligned to the entry's span. The table's count is the caller's. */
static inline void pt_break(struct pt *pt, const struct pt_format *f,
			    uint64_t *pte, uint64_t ia, unsigned int level)
{
	pt_drop(pt, f, pte, ia, level);
	pt_clean(pt, f, pte, 1);
	pt_flush(pt, f);
}

/*
 * Put anything in place of a live entry where hardware bears it: it is written
 * over, and the flush may wait for the end of the call. The one entry's range
 * stands for all below it, and for the way down.
 */
static inline void pt_overwrite(struct pt *pt, const struct pt_format *f,
				uint64_t *pte, uint64_t new, uint64_t ia,
				unsigned int level)
{
	const uint64_t old = port_pte_read(pt->host, pte);

	/* The content of a new table is seen before the way to it. */
	if (f->kind(new, level) == PT_TABLE)
		pt_barrier_to_link(pt, f);
	else if (pt->written)
		pt_barrier(pt, PORT_DSB_ISHST);
	pt_forget(pt, f, old, ia, level);
	pt->gather.tables = true;
	pt_write(pt, pte, new);
}

/*
 * Put `new` in place of a live entry that translates alike in another size.
 *
 *   level 0  break and make
 *   level 1  a block gets nT set before a table replaces it, or keeps it set
 *            until the table's traces are gone: no TLB holds both
 *   level 2  written over it
 *
 * What is left of the old size translates as the new one does, and may stay
 * until the next flush: that of the call's end, or of a break before it.
 *
 * At 1 and 2 there is no moment without a valid entry, but until the TLBI a
 * CPU may raise a conflict abort, and at level 1 one on a block with nT, which
 * the hypervisor answers by trying again (IHYQMB). An SMMU does neither.
 */
static inline void pt_resize(struct pt *pt, const struct pt_format *f,
			     uint64_t *pte, uint64_t new, uint64_t ia,
			     unsigned int level)
{
	const uint64_t old = port_pte_read(pt->host, pte);
	const bool grows = f->kind(old, level) == PT_TABLE;
	const uint64_t no_tlb = pt->bbm_level == 1 ? f->no_tlb : 0;

	if (f->overwrites) {
		pt_overwrite(pt, f, pte, new, ia, level);
		return;
	}
	if (pt->bbm_level == 0) {
		pt_break(pt, f, pte, ia, level);
		pt_write(pt, pte, new);
		return;
	}
	if (pt->gather.altered)
		pt_flush(pt, f);
	if (no_tlb != 0 && !grows) {
		pt_write(pt, pte, old | no_tlb);
		pt_clean(pt, f, pte, 1);
		pt_gather_add(&pt->gather, ia, 1, level, f->level[level].lsb);
		pt_flush(pt, f);
	}
	/* The content of a new table is seen before the way to it. */
	if (!grows && pt->written)
		pt_barrier(pt, PORT_DSB_ISHST);
	pt_forget(pt, f, old, ia, level);
	pt_write(pt, pte, grows ? new | no_tlb : new);
	pt->gather.resized = no_tlb == 0;
	if (no_tlb != 0 && grows) {
		pt_clean(pt, f, pte, 1);
		pt_flush(pt, f);
		pt_write(pt, pte, new);
	}
}

/* Neighbouring leaves to be written in one mapped table. */
struct pt_run {
	uint64_t *pte;
	uint64_t count;
	uint64_t ia;
	pa_t pa;
	uint64_t attrs;
	unsigned int level;
};

/* What shall stand in entry i of a run. */
PT_INLINE uint64_t pt_run_pte(const struct pt_format *f, const struct pt_run *r,
			      uint64_t i)
{
	const pa_t pa = { r->pa.raw + (i << f->level[r->level].lsb) };

	return f->leaf(pa, r->attrs, r->level);
}

/* True if entry i's whole group lies in the run, and may have the hint. */
PT_INLINE bool pt_run_is_group(const struct pt_format *f,
			       const struct pt_run *r, uint64_t i)
{
	const unsigned int lsb = f->level[r->level].lsb;
	const unsigned int lg2 = f->level[r->level].group_lg2;
	const uint64_t first = pt_index(f, r->ia, r->level);
	const uint64_t head = align_down(first + i, lg2);

	return lg2 != 0 && head >= first &&
	       head + BIT(lg2) <= first + r->count &&
	       is_aligned((r->pa.raw >> lsb) - first, lg2);
}

/* The same with marker and hint, as far as the run alone can tell. */
PT_INLINE uint64_t pt_run_marked(const struct pt *pt,
				 const struct pt_format *f,
				 const struct pt_run *r, uint64_t i)
{
	const pa_t pa = { r->pa.raw + (i << f->level[r->level].lsb) };
	const unsigned int first = pt_index(f, r->ia, r->level);
	uint64_t pte = pt_run_pte(f, r, i);

	if (pt->hints && pt_run_is_group(f, r, i))
		pte |= f->hint;
	return pt_remarked(f, pte,
			   pt_marker_inside(f, r->level,
					    first + (unsigned int)i,
					    first + (unsigned int)r->count,
					    pa));
}

/* What shall stand where `old` does: where nothing changes, its hint stays. */
PT_INLINE uint64_t pt_run_over(const struct pt *pt, const struct pt_format *f,
			       const struct pt_run *r, uint64_t i, uint64_t old)
{
	uint64_t new;

	if (!pt->marks)
		return pt_run_pte(f, r, i);
	new = pt_run_marked(pt, f, r, i);
	if (pt_bare(f, old) == pt_bare(f, new))
		new |= old & f->hint;
	return new;
}

static inline bool pt_must_break(const struct pt_format *f, uint64_t old,
				 uint64_t new, unsigned int level)
{
	if (f->overwrites)
		return false;
	switch (f->kind(old, level)) {
	case PT_EMPTY:
		return false;
	case PT_TABLE:
		return true;
	case PT_LEAF:
		break;
	}
	if ((old & f->hint) != 0 && pt_unmarked(f, old) != pt_unmarked(f, new))
		return true;
	return ((old ^ new) & ~f->in_place) != 0;
}

/* Break what of the run cannot change in place; returns how many. */
static inline unsigned int
pt_break_run(struct pt *pt, const struct pt_format *f, const struct pt_run *r)
{
	unsigned int broken = 0;
	uint64_t from = 0;

	for (uint64_t i = 0; i < r->count; i++) {
		const uint64_t old = port_pte_read(pt->host, &r->pte[i]);

		if (!pt_must_break(f, old, pt_run_over(pt, f, r, i, old),
				   r->level)) {
			pt_clean(pt, f, &r->pte[from], i - from);
			from = i + 1;
			continue;
		}
		pt_drop(pt, f, &r->pte[i], r->ia + i * pt_span(f, r->level),
			r->level);
		broken++;
	}
	pt_clean(pt, f, &r->pte[from], r->count - from);
	if (broken != 0)
		pt_flush(pt, f);
	return broken;
}

/*
 * Write the run after pt_break_run; returns how many entries were empty.
 * What changes in place is gathered for the flush at the end of the call.
 */
static inline unsigned int pt_make_run(struct pt *pt, const struct pt_format *f,
				       const struct pt_run *r)
{
	const unsigned int level = r->level;
	unsigned int made = 0;

	for (uint64_t i = 0; i < r->count; i++) {
		const uint64_t ia = r->ia + i * pt_span(f, level);
		const uint64_t old = port_pte_read(pt->host, &r->pte[i]);
		const uint64_t new = pt_run_over(pt, f, r, i, old);

		if (old == new)
			continue;
		if (f->overwrites && f->kind(old, level) == PT_TABLE) {
			pt_overwrite(pt, f, &r->pte[i], new, ia, level);
			pt->stats->mappings[level]++;
			pt->replaced = true;
			continue;
		}
		if (f->kind(old, level) == PT_EMPTY) {
			made++;
		} else if (pt_unmarked(f, old) != pt_unmarked(f, new)) {
			if (pt->gather.resized)
				pt_flush(pt, f);
			pt->gather.altered = true;
			pt_gather_add(&pt->gather, ia, 1, level,
				      f->level[level].lsb);
			pt->replaced = true;
		}
		pt_write(pt, &r->pte[i], new);
	}
	pt->stats->mappings[level] += made;
	return made;
}

#endif
