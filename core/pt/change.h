/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Changing what is mapped in a range, leaf by leaf, unmapping included.
 */
#ifndef CORE_PT_CHANGE_H
#define CORE_PT_CHANGE_H

#include "core/pt/extend.h"

/*
 * What becomes of a leaf: the new descriptor, for the same output address;
 * pt_change_to_hole alone says zero. What differs in more than the format's `in_place` bits is
 * broken first.
 */
typedef uint64_t (*pt_change_fn)(uint64_t pte, uint64_t argument);

/* Unmapping. The engine knows it: holes need no second look. */
static inline uint64_t pt_change_to_hole(uint64_t pte, uint64_t unused)
{
	(void)pte;
	(void)unused;
	return 0;
}

/*
 * Unlink the path's tables from `level` upwards while they are empty, in one
 * go. The leaf just gathered lies below each of them, and is invalidated
 * together with what walk caches hold of the way to it.
 */
static inline void pt_prune(struct pt *pt, const struct pt_format *f,
			    const struct pt_path *path, uint64_t ia,
			    unsigned int level)
{
	for (; level > pt->start_level; level--) {
		uint64_t *pte, *e;

		if (pt_path_meta(pt, path, level)->valid != 0)
			return;
		e = port_table_map(pt->host, path->table[level - 1]);
		pte = &e[pt_index(f, ia, level - 1)];
		pt_write(pt, pte, 0);
		/* Cleaned late: not if its own table goes as well. */
		if (!pt_cleans_late(pt, f) || level - 1 == pt->start_level ||
		    pt_path_meta(pt, path, level - 1)->valid > 1)
			pt_clean(pt, f, pte, 1);
		port_table_unmap(pt->host, e);
		pt_path_meta(pt, path, level - 1)->valid--;
		pt->gather.tables = true;
		if (pt->gather.way_lsb < f->level[level - 1].lsb)
			pt->gather.way_lsb = f->level[level - 1].lsb;
		pt_queue_push(pt, path->table[level]);
	}
}

/*
 * Before `count` entries from `index` on change: groups with the hint lose it,
 * but for those that go as a whole, and those that stay as they are.
 */
static inline void pt_unhint_run(struct pt *pt, const struct pt_format *f,
				 const struct pt_path *path, uint64_t ia,
				 uint64_t count, pt_change_fn change,
				 uint64_t argument)
{
	const unsigned int lg2 = f->level[path->level].group_lg2;
	uint64_t i = pt_index(f, ia, path->level);
	const uint64_t end = i + count;

	while (lg2 != 0 && i < end) {
		const uint64_t pte = pt_unmarked(
			f, port_pte_read(pt->host, &path->entries[i]));
		const uint64_t next = align_down(i, lg2) + BIT(lg2);
		const bool whole = is_aligned(i, lg2) && next <= end;
		uint64_t new;

		if (f->kind(pte, path->level) == PT_TABLE)
			return; /* where the run will end */
		if (f->kind(pte, path->level) != PT_LEAF ||
		    !pt_has_hint(f, pte)) {
			i++;
			continue;
		}
		new = change(pte, argument);
		if (new != pte && !(new == 0 && whole))
			pt_unhint(pt, f, path->entries, path->level, ia,
				  (unsigned int)i);
		i = next;
	}
}

/* Leaves that one break may take down together. */
#define PT_CHANGE_BROKEN 64

/*
 * Change the first of `count` entries, for `ia`, and those after it that must
 * be broken for it as well, with one flush. Returns how many.
 */
static inline uint64_t pt_change_broken(struct pt *pt,
					const struct pt_format *f,
					uint64_t *pte, uint64_t ia,
					unsigned int level, uint64_t count,
					pt_change_fn change, uint64_t argument)
{
	uint64_t new[PT_CHANGE_BROKEN], i;

	for (i = 0; i < count && i < PT_CHANGE_BROKEN; i++) {
		const uint64_t old =
			pt_unmarked(f, port_pte_read(pt->host, &pte[i]));

		if (f->kind(old, level) != PT_LEAF)
			break;
		new[i] = change(old, argument);
		if (new[i] == 0 || !pt_must_break(f, old, new[i], level))
			break;
		pt_drop(pt, f, &pte[i], ia + i * pt_span(f, level), level);
	}
	pt_clean(pt, f, pte, i);
	pt_flush(pt, f);
	for (uint64_t j = 0; j < i; j++)
		pt_write(pt, &pte[j], new[j]);
	pt->stats->mappings[level] += i;
	return i;
}

/* What a run over neighbouring entries did, by their number in the run. */
struct pt_changes {
	uint64_t passed;  /* entries, until one led to a table of its own */
	uint64_t first;	  /* the first that changed */
	uint64_t written; /* how many changed */
	uint64_t broken;  /* of these, with break-before-make */
	uint64_t cleared; /* of these, to holes */
};

/*
 * Leaves of one mapped table become holes. Neighbours are mostly of one kind,
 * so that each is compared with the one before: one look, one write.
 */
PT_INLINE struct pt_changes pt_clear_run(struct pt *pt,
					 const struct pt_format *f,
					 uint64_t *pte, uint64_t ia,
					 unsigned int level, uint64_t count)
{
	const unsigned int lsb = f->level[level].lsb;
	struct pt_changes c = { 0 };
	uint64_t old = port_pte_read(pt->host, pte), i = 0;

	while (i < count && f->kind(old, level) != PT_TABLE) {
		const uint64_t like = old & f->kind_bits, from = i;

		if (f->kind(old, level) == PT_EMPTY) {
			if (++i < count)
				old = port_pte_read(pt->host, &pte[i]);
			continue;
		}
#pragma GCC unroll 8
		do {
			port_pte_write(pt->host, &pte[i], 0);
			if (++i == count)
				break;
			old = port_pte_read(pt->host, &pte[i]);
		} while ((old & f->kind_bits) == like);
		pt_gather_add(&pt->gather, ia + (from << lsb), i - from, level,
			      lsb);
		if (c.cleared == 0)
			c.first = from;
		c.cleared += i - from;
	}
	c.written = c.cleared;
	c.passed = i;
	return c;
}

/* Leaves of one mapped table become what `change` says. */
PT_INLINE struct pt_changes pt_alter_run(struct pt *pt,
					 const struct pt_format *f,
					 uint64_t *pte, uint64_t ia,
					 unsigned int level, uint64_t count,
					 pt_change_fn change, uint64_t argument)
{
	const unsigned int lsb = f->level[level].lsb;
	bool resized = pt->gather.resized, altered = false;
	struct pt_changes c = { 0 };
	uint64_t from = 0, i;

	for (i = 0; i < count;) {
		const uint64_t old =
			pt_unmarked(f, port_pte_read(pt->host, &pte[i]));
		const enum pt_kind kind = f->kind(old, level);
		uint64_t new = old, n;

		if (kind == PT_TABLE)
			break;
		if (kind == PT_LEAF)
			new = change(old, argument);
		if (new != old && c.written == 0)
			c.first = i;
		if (new != old && !pt_must_break(f, old, new, level)) {
			if (resized)
				pt_flush(pt, f);
			resized = false;
			altered = true;
			port_pte_write(pt->host, &pte[i++], new);
			c.written++;
			continue;
		}
		pt_gather_add(&pt->gather, ia + (from << lsb), i - from, level,
			      lsb);
		n = 1;
		if (new != old) {
			pt_clean(pt, f, &pte[from], i - from);
			n = pt_change_broken(pt, f, &pte[i], ia + (i << lsb),
					     level, count - i, change,
					     argument);
			altered = false;
			c.broken += n;
			c.written += n;
		}
		i += n;
		from = i;
	}
	pt_gather_add(&pt->gather, ia + (from << lsb), i - from, level, lsb);
	pt->gather.altered |= altered;
	c.passed = i;
	return c;
}

/* Markers after a run; *all is true if the table is all contiguous now. */
PT_INLINE void pt_changed_markers(struct pt *pt, const struct pt_format *f,
				  const struct pt_path *path, uint64_t ia,
				  const struct pt_changes *c, bool *all)
{
	const unsigned int level = path->level;
	const unsigned int index = pt_index(f, ia, level);
	const unsigned int first = index + (unsigned int)c->first;
	const unsigned int end = index + (unsigned int)c->passed;

	/* Markers of holes stay zero: only those before change. */
	*all = pt_mark_range(pt, f, path->entries, level, first,
			     c->cleared ? first : end);
	pt_rehint(pt, f, path->entries, level, ia, first, end);
}

/*
 * Clean what a run changed: now, or late if the table may become a block; in
 * a table that `goes` not at all then.
 */
static inline void pt_clean_changes(struct pt *pt, const struct pt_format *f,
				    const struct pt_path *path, uint64_t ia,
				    const struct pt_changes *c, bool goes,
				    struct pt_changed *changed)
{
	const unsigned int first = pt_index(f, ia, path->level) +
				   (unsigned int)c->first;
	const unsigned int count = (unsigned int)(c->passed - c->first);

	if (!pt_cleans_late(pt, f) || !(goes || pt->marks))
		pt_clean(pt, f, &path->entries[first], count);
	else if (!goes)
		*changed = (struct pt_changed){ first, count };
}

/*
 * Change neighbouring entries of one mapped table, until one leads to a table
 * of its own. Returns how many entries it passed; *all is true if the table
 * changed and is all contiguous, *changed what is to be cleaned late.
 */
PT_INLINE uint64_t pt_change_run(struct pt *pt, const struct pt_format *f,
				 const struct pt_path *path, uint64_t ia,
				 uint64_t count, pt_change_fn change,
				 uint64_t argument, bool *all,
				 struct pt_changed *changed)
{
	const unsigned int level = path->level;
	uint64_t *pte = &path->entries[pt_index(f, ia, level)];
	const struct pt_changes c =
		change == pt_change_to_hole
			? pt_clear_run(pt, f, pte, ia, level, count)
			: pt_alter_run(pt, f, pte, ia, level, count, change,
				       argument);
	bool goes = false;

	pt_wrote(pt, c.written - c.broken);
	if (c.cleared != 0) {
		struct pt_meta *meta = pt_path_meta(pt, path, level);

		BUG_ON(pt->host, meta->valid < c.cleared);
		meta->valid -= (uint32_t)c.cleared;
		pt->stats->mappings[level] -= c.cleared;
		goes = pt->free_empty && meta->valid == 0 &&
		       level > pt->start_level;
	}
	if (pt_cleans(pt, f) && c.written != 0)
		pt_clean_changes(pt, f, path, ia, &c, goes, changed);
	if (c.written != 0 && pt->marks)
		pt_changed_markers(pt, f, path, ia, &c, all);
	if (c.cleared != 0 && pt->free_empty)
		pt_prune(pt, f, path, ia, level);
	return c.passed;
}

/* The beginning of the range, within one table; *step bytes are done. */
MUST_CHECK PT_INLINE int pt_change_step(struct pt *pt,
					const struct pt_format *f, uint64_t ia,
					uint64_t bytes, pt_change_fn change,
					uint64_t argument, uint64_t *step)
{
	struct pt_changed changed = { 0 };
	struct pt_path path;
	uint64_t span, count, writes;
	bool all = false;
	int rc = 0;

	pt_walk(pt, f, ia, f->last, &path);
	span = pt_span(f, path.level);
	if (bytes < span || (ia & (span - 1)) != 0) {
		/* Only part of this entry: a hole, or a block to split. */
		*step = span - (ia & (span - 1));
		if (*step > bytes)
			*step = bytes;
		if (f->kind(path.pte, path.level) != PT_LEAF ||
		    change(pt_unmarked(f, path.pte), argument) ==
			    pt_unmarked(f, path.pte))
			goto out;
		rc = pt_extend(pt, f, &path, ia,
			       pt_leaf_level(f, path.level + 1u, ia, bytes));
		if (rc)
			goto out;
		span = pt_span(f, path.level);
	}
	count = pt_entries(f, path.level) - pt_index(f, ia, path.level);
	if (count > bytes / span)
		count = bytes / span;
	if (pt->hints)
		pt_unhint_run(pt, f, &path, ia, count, change, argument);
	writes = pt->stats->pte_writes;
	*step = span * pt_change_run(pt, f, &path, ia, count, change, argument,
				     &all, &changed);
	if (!pt->marks || writes == pt->stats->pte_writes)
		goto out;
	pt_close(pt, &path);
	pt_coalesce(pt, f, &path, ia, path.level, all, changed);
	return 0;
out:
	pt_close(pt, &path);
	return rc;
}

/*
 * Change what is mapped in [ia, ia + bytes), granule-aligned and inside the
 * space; holes are skipped. As pt_map: on ERR_NOMEM or ERR_PREEMPTED the
 * first *done bytes are changed, the rest is as it was; pt_finish ends it.
 */
MUST_CHECK PT_INLINE int pt_change(struct pt *pt, const struct pt_format *f,
				   uint64_t ia, uint64_t bytes,
				   pt_change_fn change, uint64_t argument,
				   uint64_t *done)
{
	*done = 0;
	while (*done < bytes) {
		uint64_t step = 0;
		int rc;

		if (*done != 0 && port_preempt(pt->host))
			return ERR_PREEMPTED;
		rc = pt_change_step(pt, f, ia + *done, bytes - *done, change,
				    argument, &step);
		if (rc)
			return rc;
		*done += step;
	}
	return 0;
}

#endif
