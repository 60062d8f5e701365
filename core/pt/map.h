/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mapping a range, over whatever stands there.
 */
#ifndef CORE_PT_MAP_H
#define CORE_PT_MAP_H

#include "core/pt/extend.h"

/* What is to be mapped. */
struct pt_mapping {
	uint64_t ia;
	pa_t pa;
	uint64_t bytes;
	uint64_t attrs; /* as the format's `leaf` takes them */
	int level;	/* of every leaf; -1: the largest that fits each time */
};

/* The rest of a run that met something: break what must be, make all. */
static inline unsigned int pt_map_over(struct pt *pt, const struct pt_format *f,
				       const struct pt_run *r)
{
	const unsigned int broken = pt_break_run(pt, f, r);

	return pt_make_run(pt, f, r) - broken;
}

/*
 * Holes that a run begins with. With hints only whole groups of them, or all
 * of the run: a group gets its hint when no other entry of it is valid.
 */
static inline uint64_t pt_holes_ahead(struct pt *pt, const struct pt_format *f,
				      const struct pt_run *r)
{
	const uint64_t first = pt_index(f, r->ia, r->level);
	uint64_t i = 0, end;

	while (i < r->count &&
	       f->kind(port_pte_read(pt->host, &r->pte[i]), r->level) ==
		       PT_EMPTY)
		i++;
	if (i == r->count)
		return i;
	end = align_down(first + i, f->level[r->level].group_lg2);
	return end > first ? end - first : 0;
}

/* Fill holes from the run's beginning on; returns how many there were. */
PT_INLINE uint64_t pt_map_holes(struct pt *pt, const struct pt_format *f,
				const struct pt_run *r, bool marks)
{
	const uint64_t count = marks && pt->hints ? pt_holes_ahead(pt, f, r)
						  : r->count;
	/* Of its own, so that nothing is read again after each write. */
	const unsigned int level = r->level;
	const uint64_t attrs = r->attrs, span = pt_span(f, level);
	uint64_t *const pte = r->pte;
	pa_t pa = r->pa;
	uint64_t i;

	for (i = 0; i < count; i++, pa.raw += span) {
		const uint64_t old = port_pte_read(pt->host, &pte[i]);

		if (f->kind(old, level) != PT_EMPTY)
			break;
		port_pte_write(pt->host, &pte[i],
			       marks ? pt_run_marked(pt, f, r, i)
				     : f->leaf(pa, attrs, level));
	}
	pt_wrote(pt, i);
	return i;
}

/* Write leaves into one mapped table, the usual case first: holes. */
PT_INLINE void pt_map_run(struct pt *pt, const struct pt_format *f,
			  const struct pt_path *path, const struct pt_run *r)
{
	struct pt_meta *meta = pt_path_meta(pt, path, r->level);
	const uint64_t i = pt->marks ? pt_map_holes(pt, f, r, true)
				     : pt_map_holes(pt, f, r, false);

	pt->stats->mappings[r->level] += i;
	meta->valid += (uint32_t)i;
	if (i < r->count) {
		const struct pt_run rest = {
			.pte = r->pte + i,
			.count = r->count - i,
			.ia = r->ia + i * pt_span(f, r->level),
			.pa = { r->pa.raw + i * pt_span(f, r->level) },
			.attrs = r->attrs,
			.level = r->level,
		};

		meta->valid += pt_map_over(pt, f, &rest);
	}
}

/* True if the leaf at the path's end already maps `ia` as it shall be. */
static inline bool pt_is_mapped(const struct pt_format *f,
				const struct pt_path *path,
				const struct pt_mapping *m)
{
	const unsigned int level = path->level;

	return f->kind(path->pte, level) == PT_LEAF &&
	       f->attrs(path->pte) == m->attrs &&
	       f->address(path->pte, level).raw +
			       (m->ia & (pt_span(f, level) - 1)) ==
		       m->pa.raw;
}

/* The beginning of the mapping, within one table; *step bytes are done. */
MUST_CHECK PT_INLINE int pt_map_step(struct pt *pt, const struct pt_format *f,
				     const struct pt_mapping *m, uint64_t *step)
{
	const unsigned int level =
		m->level >= 0 ? (unsigned int)m->level
			      : pt_leaf_level(f, pt->leaf_level,
					      m->ia | m->pa.raw, m->bytes);
	const uint64_t span = pt_span(f, level);
	const unsigned int index = pt_index(f, m->ia, level);
	struct pt_changed changed = { index, 0 };
	struct pt_path path;
	struct pt_run run;
	uint64_t writes;
	bool all;
	int rc = 0;

	pt_walk(pt, f, m->ia, level, &path);
	if (path.level < level && pt_is_mapped(f, &path, m)) {
		const uint64_t above = pt_span(f, path.level);

		*step = above - (m->ia & (above - 1));
		if (*step > m->bytes)
			*step = m->bytes;
		goto out;
	}
	if (path.level < level)
		rc = pt_extend(pt, f, &path, m->ia, level);
	if (rc)
		goto out;
	run = (struct pt_run){
		.pte = &path.entries[index],
		.count = pt_entries(f, level) - index,
		.ia = m->ia,
		.pa = m->pa,
		.attrs = m->attrs,
		.level = level,
	};
	if (run.count > m->bytes / span)
		run.count = m->bytes / span;
	*step = run.count * span;
	writes = pt->stats->pte_writes;
	if (pt->hints)
		pt_unhint_edges(pt, f, path.entries, &run);
	pt_map_run(pt, f, &path, &run);
	if (writes == pt->stats->pte_writes)
		goto out;
	if (pt->marks && pt_cleans_late(pt, f))
		changed.count = (unsigned int)run.count;
	else
		pt_clean(pt, f, run.pte, run.count);
	if (!pt->marks)
		goto out;
	all = pt_mark_run(pt, f, path.entries, level, index,
			  index + (unsigned int)run.count);
	pt_rehint(pt, f, path.entries, level, m->ia, index,
		  index + (unsigned int)run.count);
	pt_close(pt, &path);
	pt_coalesce(pt, f, &path, m->ia, level, all, changed);
	return 0;
out:
	pt_close(pt, &path);
	return rc;
}

/*
 * Map bytes at ia to pa. All three are granule-aligned and inside the space.
 * On ERR_NOMEM or ERR_PREEMPTED the first *done bytes are mapped, the rest is
 * as it was. The caller ends with pt_finish.
 */
MUST_CHECK PT_INLINE int pt_map(struct pt *pt, const struct pt_format *f,
				struct pt_mapping m, uint64_t *done)
{
	*done = 0;
	while (m.bytes != 0) {
		uint64_t step = 0;
		int rc;

		if (*done != 0 && port_preempt(pt->host))
			return ERR_PREEMPTED;
		rc = pt_map_step(pt, f, &m, &step);
		if (rc)
			return rc;
		m.ia += step;
		m.pa.raw += step;
		m.bytes -= step;
		*done += step;
	}
	return 0;
}

#endif
