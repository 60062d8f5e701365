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

/* The page among the concatenated root tables that `ia` selects. */
PT_INLINE pa_t pt_root_page(const struct pt *pt, const struct pt_format *f,
			    uint64_t ia)
{
	const struct pt_level *l = &f->level[pt->start_level];

	return (pa_t){ pt->root.raw +
		       ((ia >> (l->lsb + l->width)) << f->granule_lg2) };
}

/*
 * Walk towards `ia`, which lies inside the space, until a leaf, a hole, or
 * level `bottom`, whatever stands there. pt_close must follow.
 */
PT_INLINE void pt_walk(struct pt *pt, const struct pt_format *f, uint64_t ia,
		       unsigned int bottom, struct pt_path *path)
{
	unsigned int level = pt->start_level;
	pa_t table = pt_root_page(pt, f, ia);

	for (;;) {
		uint64_t *e = port_table_map(pt->host, table);
		uint64_t pte =
			port_pte_read(pt->host, &e[pt_index(f, ia, level)]);

		path->table[level] = table;
		if (level >= bottom || f->kind(pte, level) != PT_TABLE) {
			path->level = (uint8_t)level;
			path->entries = e;
			path->pte = pte;
			return;
		}
		port_table_unmap(pt->host, e);
		table = f->address(pte, level);
		level++;
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
