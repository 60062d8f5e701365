/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The contiguous hint: a group of neighbouring leaves that could be one TLB
 * entry says so in each of them. DDI0487 L.b D8.7.1. A group has the hint
 * exactly if its first entry's marker says that it is one run; to hardware
 * its entries never differ while one with the hint is valid, so that setting
 * it, clearing it and changing a group that has it break the whole group
 * first, D8.17.1.
 */
#ifndef CORE_PT_HINT_H
#define CORE_PT_HINT_H

#include "core/pt/bbm.h"

/* The largest group of any format: 16K granule, level 3. */
#define PT_GROUP_MAX_LG2 7

PT_INLINE bool pt_has_hint(const struct pt_format *f, uint64_t pte)
{
	return (pte & f->hint) != 0;
}

/*
 * The same where hardware bears a change of size in place; `ia` is its start.
 * The flush may wait for the next one, or the end of the call.
 */
static inline void pt_group_rewrite(struct pt *pt, const struct pt_format *f,
				    uint64_t *e, unsigned int level,
				    uint64_t ia, unsigned int head, bool hint)
{
	if (pt->gather.altered)
		pt_flush(pt, f);
	pt->gather.resized = true;
	for (unsigned int i = head;
	     i < head + (1u << f->level[level].group_lg2); i++) {
		const uint64_t old = port_pte_read(pt->host, &e[i]);

		pt_write(pt, &e[i], hint ? old | f->hint : old & ~f->hint);
	}
	pt_clean(pt, f, &e[head], BIT(f->level[level].group_lg2));
	pt_gather_add(&pt->gather, ia, 1u << f->level[level].group_lg2, level,
		      f->level[level].lsb);
}

/*
 * Take the group that starts at `head` down and put it back with or without
 * the hint. All of its entries are leaves. `ia` lies in the table's range.
 */
static inline void pt_group_remake(struct pt *pt, const struct pt_format *f,
				   uint64_t *e, unsigned int level, uint64_t ia,
				   unsigned int head, bool hint)
{
	const unsigned int count = 1u << f->level[level].group_lg2;
	uint64_t old[1u << PT_GROUP_MAX_LG2];

	ia &= ~(((uint64_t)pt_entries(f, level) << f->level[level].lsb) - 1);
	ia += (uint64_t)head << f->level[level].lsb;
	BUG_ON(pt->host, count > 1u << PT_GROUP_MAX_LG2);
	if (pt->bbm_level == 2) {
		pt_group_rewrite(pt, f, e, level, ia, head, hint);
		return;
	}
	for (unsigned int i = 0; i < count; i++) {
		old[i] = port_pte_read(pt->host, &e[head + i]);
		pt_drop(pt, f, &e[head + i],
			ia + ((uint64_t)i << f->level[level].lsb), level);
	}
	pt_clean(pt, f, &e[head], count);
	pt_flush(pt, f);
	for (unsigned int i = 0; i < count; i++)
		pt_write(pt, &e[head + i],
			 hint ? old[i] | f->hint : old[i] & ~f->hint);
	pt_clean(pt, f, &e[head], count);
	pt->stats->mappings[level] += count;
}

/* Before entry `index`, or others of its group, change. */
static inline void pt_unhint(struct pt *pt, const struct pt_format *f,
			     uint64_t *e, unsigned int level, uint64_t ia,
			     unsigned int index)
{
	const uint64_t pte = port_pte_read(pt->host, &e[index]);

	if (f->kind(pte, level) == PT_LEAF && pt_has_hint(f, pte))
		pt_group_remake(pt, f, e, level, ia,
				(unsigned int)align_down(
					index, f->level[level].group_lg2),
				false);
}

/* After entries [first, end) changed and the markers are right. */
static inline void pt_rehint(struct pt *pt, const struct pt_format *f,
			     uint64_t *e, unsigned int level, uint64_t ia,
			     unsigned int first, unsigned int end)
{
	const unsigned int lg2 = f->level[level].group_lg2;

	if (!pt->hints || lg2 == 0)
		return;
	for (unsigned int head = (unsigned int)align_down(first, lg2);
	     head < end; head += 1u << lg2) {
		const uint64_t pte = port_pte_read(pt->host, &e[head]);

		if (f->kind(pte, level) == PT_LEAF &&
		    pt_marker(f, pte) >= lg2 && !pt_has_hint(f, pte))
			pt_group_remake(pt, f, e, level, ia, head, true);
	}
}

/* True if part of a run changes what stands there. */
static inline bool pt_run_changes(struct pt *pt, const struct pt_format *f,
				  const struct pt_run *r, uint64_t first,
				  uint64_t end)
{
	for (uint64_t i = first; i < end; i++)
		if (pt_bare(f, port_pte_read(pt->host, &r->pte[i])) !=
		    pt_run_pte(f, r, i))
			return true;
	return false;
}

/* Before a run is written: the groups that are only partly inside. */
static inline void pt_unhint_edges(struct pt *pt, const struct pt_format *f,
				   uint64_t *e, const struct pt_run *r)
{
	const unsigned int lg2 = f->level[r->level].group_lg2;
	const uint64_t group = BIT(lg2);
	const uint64_t first = pt_index(f, r->ia, r->level);
	const uint64_t end = first + r->count;
	uint64_t inside = group - (first & (group - 1));

	if (!pt->hints || lg2 == 0)
		return;
	if (inside > r->count)
		inside = r->count;
	if ((first & (group - 1)) != 0 && pt_run_changes(pt, f, r, 0, inside))
		pt_unhint(pt, f, e, r->level, r->ia, (unsigned int)first);
	inside = end & (group - 1);
	if (inside > r->count)
		inside = r->count;
	if (inside != 0 && pt_run_changes(pt, f, r, r->count - inside, r->count))
		pt_unhint(pt, f, e, r->level, r->ia, (unsigned int)(end - 1));
}

#endif
