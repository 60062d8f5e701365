/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The walk: from the root towards an input address, remembering the way.
 */
#ifndef CORE_PT_WALK_H
#define CORE_PT_WALK_H

#include "core/pt/table.h"

struct pt_path {
	pa_t table[PT_LEVELS]; /* the table page of each level walked */
	uint8_t level;	       /* where the walk ended */
	uint64_t *entries;     /* that level's table, mapped until pt_close */
	uint64_t pte;	       /* what stands there */
};

/* The page among the root tables, concatenated at `level`, for `ia`. */
PT_INLINE pa_t pt_root_page(const struct pt *pt, const struct pt_format *f,
			    uint64_t ia, unsigned int level)
{
	const struct pt_level *l = &f->level[level];

	return (pa_t){ pt->root.raw +
		       ((ia >> (l->lsb + l->width)) << f->granule_lg2) };
}

/* One level of a walk; true if it ends here. Else *table is the next. */
PT_INLINE bool pt_walk_level(struct pt *pt, const struct pt_format *f,
			     uint64_t ia, unsigned int bottom,
			     unsigned int level, pa_t *table,
			     struct pt_path *path)
{
	uint64_t *e = port_table_map(pt->host, *table);
	const uint64_t pte =
		port_pte_read(pt->host, &e[pt_index(f, ia, level)]);

	path->table[level] = *table;
	if (level >= bottom || f->kind(pte, level) != PT_TABLE) {
		path->level = (uint8_t)level;
		path->entries = e;
		path->pte = pte;
		return true;
	}
	port_table_unmap(pt->host, e);
	*table = f->address(pte, level);
	return false;
}

/*
 * Walk towards `ia`, which lies inside the space, until a leaf, a hole, or
 * level `bottom`, whatever stands there. pt_close must follow. Each level is
 * code of its own, so that its facts are constants.
 */
PT_INLINE void pt_walk(struct pt *pt, const struct pt_format *f, uint64_t ia,
		       unsigned int bottom, struct pt_path *path)
{
	pa_t table;

	switch (pt->start_level) {
	case 0:
		table = pt_root_page(pt, f, ia, 0);
		if (pt_walk_level(pt, f, ia, bottom, 0, &table, path))
			return;
		goto level1;
	case 1:
		table = pt_root_page(pt, f, ia, 1);
level1:
		if (pt_walk_level(pt, f, ia, bottom, 1, &table, path))
			return;
		goto level2;
	case 2:
		table = pt_root_page(pt, f, ia, 2);
level2:
		if (pt_walk_level(pt, f, ia, bottom, 2, &table, path))
			return;
		goto level3;
	case 3:
	default:
		table = pt_root_page(pt, f, ia, 3);
level3:
		if (pt_walk_level(pt, f, ia, f->last > 3 ? bottom : 0, 3,
				  &table, path))
			return;
		goto level4;
	case 4:
		table = pt_root_page(pt, f, ia, 4);
level4:
		pt_walk_level(pt, f, ia, 0, 4, &table, path);
		return;
	}
}

PT_INLINE void pt_close(struct pt *pt, struct pt_path *path)
{
	port_table_unmap(pt->host, path->entries);
}

/* The notes on the table at `level` of a path: the root's are shared. */
PT_INLINE struct pt_meta *
pt_path_meta(struct pt *pt, const struct pt_path *path, unsigned int level)
{
	return pt_meta(pt, level == pt->start_level ? pt->root
						    : path->table[level]);
}

#endif
