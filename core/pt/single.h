/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The common small cases, one leaf of any size into a hole or out of its
 * table: a walk, a write and the counts, without the bookkeeping of a run.
 * Whatever else stands there is left to map.h and change.h. Not for spaces
 * that keep markers.
 */
#ifndef CORE_PT_SINGLE_H
#define CORE_PT_SINGLE_H

#include "core/pt/walk.h"

/* What these need of a space; the rest of struct pt stays unset. */
PT_INLINE struct pt pt_single(void *host, pa_t root, uint8_t start_level,
			      struct pt_stats *stats)
{
	struct pt pt;

	pt.host = host;
	pt.root = root;
	pt.start_level = start_level;
	pt.stats = stats;
	return pt;
}

/* A root table is never one of pages, which saves the last level a look. */
PT_INLINE bool pt_single_is_root(const struct pt *pt, const struct pt_format *f,
				 unsigned int level)
{
	return level != f->last && level == pt->start_level;
}

/* The notes on the table that a walk ended in. */
PT_INLINE struct pt_meta *pt_single_meta(struct pt *pt,
					 const struct pt_format *f,
					 const struct pt_path *path,
					 unsigned int level)
{
	return pt_meta(pt, pt_single_is_root(pt, f, level)
				   ? pt->root
				   : path->table[level]);
}

/*
 * Make the hole at `ia` a leaf of `level` for `pa`. False, with nothing
 * changed, if it is no hole of that level. The barrier is the caller's.
 */
PT_INLINE bool pt_single_map(struct pt *pt, const struct pt_format *f,
			     uint64_t ia, pa_t pa, uint64_t attrs,
			     unsigned int level)
{
	struct pt_path path;
	bool fits;

	pt_walk(pt, f, ia, level, &path);
	fits = path.level == level && f->kind(path.pte, level) == PT_EMPTY;
	if (fits) {
		port_pte_write(pt->host, &path.entries[pt_index(f, ia, level)],
			       f->leaf(pa, attrs, level));
		pt_single_meta(pt, f, &path, level)->valid++;
		pt->stats->pte_writes++;
		pt->stats->mappings[level]++;
	}
	pt_close(pt, &path);
	return fits;
}

/*
 * Unmap the leaf of `level` at `ia`, which is aligned to it. False, with
 * nothing changed, if there is another thing, or it is the last in its table
 * and `free_empty`. Barriers and TLB maintenance are the caller's.
 */
PT_INLINE bool pt_single_unmap(struct pt *pt, const struct pt_format *f,
			       uint64_t ia, bool free_empty, unsigned int level)
{
	struct pt_path path;
	bool fits = false;

	pt_walk(pt, f, ia, level, &path);
	if (path.level == level && f->kind(path.pte, level) == PT_LEAF) {
		struct pt_meta *meta = pt_single_meta(pt, f, &path, level);

		fits = meta->valid > 1 || !free_empty ||
		       pt_single_is_root(pt, f, level);
		if (fits) {
			port_pte_write(pt->host,
				       &path.entries[pt_index(f, ia, level)],
				       0);
			meta->valid--;
			pt->stats->pte_writes++;
			pt->stats->mappings[level]--;
		}
	}
	pt_close(pt, &path);
	return fits;
}

#endif
