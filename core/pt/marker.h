/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Contiguity markers: each entry knows the order of the contiguous run that
 * starts with it. Fourth seed, and the description of Xen's VT-d promotion;
 * the code is ours.
 *
 * A run of order b is 2^b entries from an index that 2^b divides: leaves with
 * equal attributes and consecutive addresses, the first aligned to the run's
 * size; or holes, if the format says so. A table entry is none. marker[i] is
 * the largest order of a run from i on, so that every aligned part of a run
 * is one, too; a table is all contiguous if marker[0] is its width.
 *
 * Which markers depend on entry i? Those of i and of its ancestors: i with
 * its lowest bits that are one cleared, one after the other. A write needs
 * work on these alone, nearly always on the first few.
 */
#ifndef CORE_PT_MARKER_H
#define CORE_PT_MARKER_H

#include "core/pt/table.h"

PT_INLINE unsigned int pt_marker(const struct pt_format *f, uint64_t pte)
{
	return (unsigned int)(pte >> f->marker_lsb) &
	       ((1u << PT_MARKER_BITS) - 1);
}

PT_INLINE uint64_t pt_unmarked(const struct pt_format *f, uint64_t pte)
{
	return pte & ~MASK(f->marker_lsb, PT_MARKER_BITS);
}

PT_INLINE uint64_t pt_remarked(const struct pt_format *f, uint64_t pte,
			       unsigned int order)
{
	return pt_unmarked(f, pte) | (uint64_t)order << f->marker_lsb;
}

/* What of a leaf is not the engine's: neither marker nor hint. */
PT_INLINE uint64_t pt_bare(const struct pt_format *f, uint64_t pte)
{
	return pt_unmarked(f, pte) & ~f->hint;
}

/* The largest order that an index allows. */
PT_INLINE unsigned int pt_marker_cap(const struct pt_format *f,
				     unsigned int level, unsigned int index)
{
	return ctz64(index | pt_entries(f, level));
}

/*
 * The order of the run from `index` on in a run of leaves that ends before
 * `end` and has `pa` at `index`, as far as that run alone can tell.
 */
PT_INLINE unsigned int pt_marker_inside(const struct pt_format *f,
					unsigned int level, unsigned int index,
					unsigned int end, pa_t pa)
{
	const unsigned int left_lg2 =
		31u - (unsigned int)__builtin_clz(end - index);
	const unsigned int cap =
		ctz64(index | pt_entries(f, level) |
		      (pa.raw >> f->level[level].lsb));

	return cap < left_lg2 ? cap : left_lg2;
}

/* True if `upper`, 2^order entries above `lower`, makes one run with it. */
PT_INLINE bool pt_continues(const struct pt_format *f, unsigned int level,
			    uint64_t lower, uint64_t upper, unsigned int order)
{
	const unsigned int lsb = f->level[level].lsb + order;
	const enum pt_kind kind = f->kind(lower, level);
	uint64_t pa;

	if (kind != f->kind(upper, level) || kind == PT_TABLE)
		return false;
	if (kind == PT_EMPTY)
		return f->marks_holes;
	pa = f->address(lower, level).raw;
	return is_aligned(pa, lsb + 1) &&
	       f->address(upper, level).raw == pa + BIT(lsb) &&
	       f->attrs(lower) == f->attrs(upper);
}

/* From `index` on there is a run of `order`; how large is it really? */
PT_INLINE unsigned int pt_marker_extend(struct pt *pt,
					const struct pt_format *f,
					const uint64_t *e, unsigned int level,
					unsigned int index, uint64_t pte,
					unsigned int order)
{
	while (order < pt_marker_cap(f, level, index)) {
		const uint64_t upper =
			port_pte_read(pt->host, &e[index + (1u << order)]);

		if (pt_marker(f, upper) != order ||
		    !pt_continues(f, level, pte, upper, order))
			break;
		order++;
	}
	return order;
}

/*
 * Put the markers of the ancestors of `index` right, down to `floor`. Up to
 * `index` an ancestor's run is as its marker says; from there on nothing is
 * known but the markers of the entries there. An ancestor whose run does not
 * reach `index`, before or now, ends it: larger ones contain the same gap.
 */
PT_INLINE void pt_mark_ancestors(struct pt *pt, const struct pt_format *f,
				 uint64_t *e, unsigned int level,
				 unsigned int index, unsigned int floor)
{
	while (index != 0 && (index & (index - 1)) >= floor) {
		const unsigned int reach = ctz64(index);
		unsigned int was, is;
		uint64_t pte;

		index &= index - 1;
		pte = port_pte_read(pt->host, &e[index]);
		was = pt_marker(f, pte);
		if (was < reach)
			return;
		is = pt_marker_extend(pt, f, e, level, index, pte, reach);
		if (is != was)
			pt_write_ours(pt, &e[index],
				      pt_remarked(f, pte, is));
		else if (was == reach)
			return;
	}
}

PT_INLINE bool pt_is_all_contiguous(struct pt *pt, const struct pt_format *f,
				    const uint64_t *e, unsigned int level)
{
	return pt_marker(f, port_pte_read(pt->host, e)) ==
	       f->level[level].width;
}

/*
 * Entries [first, end) of a mapped table were written as one run, with the
 * markers of pt_marker_inside. True if now all of the table is contiguous.
 */
MUST_CHECK PT_INLINE bool pt_mark_run(struct pt *pt, const struct pt_format *f,
				      uint64_t *e, unsigned int level,
				      unsigned int first, unsigned int end)
{
	if (end < pt_entries(f, level))
		pt_mark_ancestors(pt, f, e, level, end, first);
	pt_mark_ancestors(pt, f, e, level, first, 0);
	return pt_is_all_contiguous(pt, f, e, level);
}

/* The same for entries that are anything, with any marker. */
MUST_CHECK PT_INLINE bool pt_mark_range(struct pt *pt,
					const struct pt_format *f, uint64_t *e,
					unsigned int level, unsigned int first,
					unsigned int end)
{
	for (unsigned int i = end; i-- > first;) {
		const uint64_t pte = port_pte_read(pt->host, &e[i]);
		const unsigned int is =
			pt_marker_extend(pt, f, e, level, i, pte, 0);

		if (pt_marker(f, pte) != is)
			pt_write_ours(pt, &e[i], pt_remarked(f, pte, is));
	}
	pt_mark_ancestors(pt, f, e, level, first, 0);
	return pt_is_all_contiguous(pt, f, e, level);
}

#endif
