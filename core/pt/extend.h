/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lengthening a path: tables under a hole, or a block split into smaller
 * leaves. All tables are taken and built before the first live descriptor
 * changes, so that a failing allocation changes nothing.
 */
#ifndef CORE_PT_EXTEND_H
#define CORE_PT_EXTEND_H

#include "core/pt/coalesce.h"

/* Tables for levels (top, bottom], all or none. */
MUST_CHECK static inline int pt_chain_get(struct pt *pt,
					  const struct pt_format *f,
					  unsigned int top, unsigned int bottom,
					  pa_t *table)
{
	for (unsigned int level = top + 1; level <= bottom; level++) {
		int rc = pt_table_get(pt, f, level, 0, &table[level]);

		if (!rc)
			continue;
		while (--level > top)
			pt_table_put(pt, f, 0, table[level]);
		return rc;
	}
	return 0;
}

/*
 * The marker of entry `i` in a table cut from a block, in which the entry
 * `hole` (if it is not negative) leads to a table.
 */
static inline unsigned int pt_fill_marker(const struct pt_format *f,
					  unsigned int level, unsigned int i,
					  int hole)
{
	unsigned int order = pt_marker_cap(f, level, i), reach;

	if (hole < 0 || (unsigned int)hole < i)
		return order;
	if ((unsigned int)hole == i)
		return 0;
	reach = 31u - (unsigned int)__builtin_clz((unsigned int)hole - i);
	return order < reach ? order : reach;
}

/*
 * The like of the block `pte`, cut to `level`, for entry `i` at `pa`; the entry
 * `way` is on the way to what changes, and leads to a table if `next`.
 */
static inline uint64_t pt_fill_leaf(const struct pt *pt,
				    const struct pt_format *f, pa_t pa,
				    uint64_t pte, unsigned int level,
				    unsigned int i, unsigned int way, bool next)
{
	const unsigned int lg2 = f->level[level].group_lg2;
	uint64_t leaf = f->leaf(pa, f->attrs(pte), level);

	if (!pt->marks)
		return leaf;
	/* The group on the way is about to change. */
	if (pt->hints && lg2 != 0 && i >> lg2 != way >> lg2)
		leaf |= f->hint;
	return pt_remarked(f, leaf,
			   pt_fill_marker(f, level, i, next ? (int)way : -1));
}

/*
 * Fill a table nobody can reach yet: with the block `pte` of level `top` cut
 * to this level's size, or with holes. The entry towards `ia` leads to `next`
 * instead, if there is one.
 */
static inline void pt_table_fill(struct pt *pt, const struct pt_format *f,
				 pa_t table, unsigned int level, uint64_t ia,
				 uint64_t pte, unsigned int top,
				 const pa_t *next)
{
	const bool split = f->kind(pte, top) == PT_LEAF;
	const unsigned int index = pt_index(f, ia, level);
	const unsigned int entries = pt_entries(f, level);
	uint64_t *e = port_table_map(pt->host, table);
	pa_t pa = { 0 };

	BUG_ON(pt->host, split && !f->level[level].leaf_ok);
	if (split)
		pa.raw = f->address(pte, top).raw +
			 (align_down(ia, f->level[level - 1].lsb) &
			  (pt_span(f, top) - 1));
	else
		port_table_zero(pt->host, e, (size_t)entries * sizeof(*e));

	for (unsigned int i = 0; i < entries; i++) {
		if (next && i == index)
			pt_write(pt, &e[i], f->table(*next));
		else if (split)
			pt_write(pt, &e[i],
				 pt_fill_leaf(pt, f, pa, pte, level, i, index,
					      next != NULL));
		pa.raw += pt_span(f, level);
	}
	pt_clean_table(pt, f, e, level);
	port_table_unmap(pt->host, e);
	pt_meta(pt, table)->valid = split ? entries : (next ? 1 : 0);
	if (split)
		pt->stats->mappings[level] += entries - (next ? 1 : 0);
}

/* The block at the path's end is cut: markers and history say so. */
static inline void pt_split_noted(struct pt *pt, const struct pt_format *f,
				  const struct pt_path *path, uint64_t ia,
				  unsigned int bottom)
{
	const unsigned int top = path->level;

	if (!pt->marks)
		return;
	pt_mark_ancestors(pt, f, path->entries, top, pt_index(f, ia, top), 0);
	pt_coalesce(pt, f, path, ia, top, false, (struct pt_changed){ 0 });
	for (unsigned int level = top; level < bottom; level++)
		pt_history_add(pt, f, ia, level);
}

/*
 * Lengthen a path that ended early, at a hole or a leaf, down to `bottom`.
 * A block is taken down and its like is there again one level or more below,
 * break-before-make. ERR_NOMEM: path and tables are as before.
 */
MUST_CHECK static inline int pt_extend(struct pt *pt, const struct pt_format *f,
				       struct pt_path *path, uint64_t ia,
				       unsigned int bottom)
{
	const unsigned int top = path->level;
	uint64_t *pte = &path->entries[pt_index(f, ia, top)];
	int rc = pt_chain_get(pt, f, top, bottom, path->table);

	if (rc)
		return rc;
	for (unsigned int level = bottom; level > top; level--)
		pt_table_fill(pt, f, path->table[level], level, ia, path->pte,
			      top,
			      level < bottom ? &path->table[level + 1] : NULL);

	if (f->kind(path->pte, top) == PT_LEAF) {
		if (pt->hints)
			pt_unhint(pt, f, path->entries, top, ia,
				  pt_index(f, ia, top));
		pt_resize(pt, f, pte, f->table(path->table[top + 1]),
			  align_down(ia, f->level[top].lsb), top);
		pt_clean(pt, f, pte, 1);
		pt->stats->splits += bottom - top;
		pt_split_noted(pt, f, path, ia, bottom);
	} else {
		/* The tables' content is seen before the way to them. */
		pt_barrier_to_link(pt, f);
		pt_write(pt, pte, f->table(path->table[top + 1]));
		pt_clean(pt, f, pte, 1);
		pt_path_meta(pt, path, top)->valid++;
	}

	pt_close(pt, path);
	path->level = (uint8_t)bottom;
	path->entries = port_table_map(pt->host, path->table[bottom]);
	path->pte = port_pte_read(pt->host,
				  &path->entries[pt_index(f, ia, bottom)]);
	return 0;
}

#endif
