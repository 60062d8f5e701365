/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walkers that read past the caches see a descriptor once it is cleaned, or
 * when its line is evicted, whichever comes first: an IOMMU whose page walks
 * are not coherent. VT-d 4.1 §3.10, ECAP.C; IHI0070 6.3.1, IDR0.COHACC.
 *
 * Cleaned is what hardware looks at: a descriptor of which the marker alone
 * changed is left, as the two are one to a walker.
 */
#ifndef CORE_PT_CLEAN_H
#define CORE_PT_CLEAN_H

#include "core/pt/walk.h"

PT_INLINE bool pt_cleans(const struct pt *pt, const struct pt_format *f)
{
	return f->uncached_walks && pt->clean != PT_CLEAN_NONE;
}

/*
 * True if cleaning waits until it is known what a step leaves linked. Not with
 * hints, which may need a flush before.
 */
PT_INLINE bool pt_cleans_late(const struct pt *pt, const struct pt_format *f)
{
	return f->uncached_walks && pt->clean == PT_CLEAN_TOP_ONLY &&
	       !pt->hints;
}

/* Clean `count` neighbours in a mapped table that were just written. */
PT_INLINE void pt_clean(struct pt *pt, const struct pt_format *f,
			const uint64_t *first, uint64_t count)
{
	if (!pt_cleans(pt, f) || count == 0)
		return;
	pt->written = true;
	if (pt->clean != PT_CLEAN_ENTRY) {
		port_pte_clean(pt->host, first, (size_t)count);
		pt->stats->cleans++;
		return;
	}
	for (uint64_t i = 0; i < count; i++)
		port_pte_clean(pt->host, &first[i], 1);
	pt->stats->cleans += count;
}

/* A table that nothing leads to yet, its whole content. */
PT_INLINE void pt_clean_table(struct pt *pt, const struct pt_format *f,
			      const uint64_t *e, unsigned int level)
{
	if (!pt_cleans(pt, f))
		return;
	pt->written = true;
	port_pte_clean(pt->host, e, pt_entries(f, level));
	pt->stats->cleans++;
}

/* Entries of one table that a step changed, by their index. */
struct pt_changed {
	unsigned int first, count;
};

/* What was left for late, in a table that stays linked. */
static inline void pt_clean_left(struct pt *pt, const struct pt_format *f,
				 pa_t table, struct pt_changed c)
{
	uint64_t *e;

	if (!pt_cleans_late(pt, f) || c.count == 0)
		return;
	e = port_table_map(pt->host, table);
	pt_clean(pt, f, &e[c.first], c.count);
	port_table_unmap(pt->host, e);
}

#endif
