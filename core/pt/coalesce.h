/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Promotion: a table of which all entries are contiguous and alike becomes a
 * block one level up, now or when the policy says so. It takes no memory, so
 * that it cannot fail. Fourth seed.
 */
#ifndef CORE_PT_COALESCE_H
#define CORE_PT_COALESCE_H

#include "core/pt/hint.h"

/* Waiting tables looked at in one call. */
#define PT_COALESCE_LOOKS 4

/* ---- how often a block was split */

static inline struct pt_history *pt_history_slot(struct pt_coalescing *c,
						 uint64_t block)
{
	const uint64_t hash = block * UINT64_C(0x9e3779b97f4a7c15);

	return &c->history[hash >> (64 - PT_HISTORY_LG2)];
}

static inline uint64_t pt_history_key(const struct pt_format *f, uint64_t ia,
				      unsigned int level)
{
	return (align_down(ia, f->level[level].lsb) | level) + 1;
}

static inline void pt_history_add(struct pt *pt, const struct pt_format *f,
				  uint64_t ia, unsigned int level)
{
	const uint64_t key = pt_history_key(f, ia, level);
	struct pt_history *h;

	if (!pt->coalescing ||
	    pt->coalescing->config.policy != PT_COALESCE_HYSTERESIS)
		return;
	h = pt_history_slot(pt->coalescing, key);
	if (h->block != key)
		*h = (struct pt_history){ .block = key };
	h->splits++;
}

/* Calls that a table of `level` waits; zero: it need not. */
static inline uint64_t pt_hysteresis(struct pt *pt, const struct pt_format *f,
				     uint64_t ia, unsigned int level)
{
	const uint64_t key = pt_history_key(f, ia, level - 1);
	const struct pt_history *h = pt_history_slot(pt->coalescing, key);
	const uint64_t splits = h->block == key ? h->splits : 0;
	uint64_t more;

	if (splits < pt->coalescing->config.n)
		return 0;
	more = splits - pt->coalescing->config.n;
	return (uint64_t)pt_entries(f, level) << (more < 32 ? more : 32);
}

/* ---- promotion */

static inline bool pt_may_be_block(const struct pt *pt,
				   const struct pt_format *f,
				   unsigned int level)
{
	return level > pt->start_level && level > pt->leaf_level &&
	       f->level[level - 1].leaf_ok;
}

/*
 * The path's table of `level`, which is all contiguous and not mapped by us,
 * becomes a block. True if that makes the table above all contiguous. *changed,
 * what is to be cleaned late in the table, becomes the block.
 */
MUST_CHECK static inline bool pt_promote(struct pt *pt,
					 const struct pt_format *f,
					 const struct pt_path *path,
					 uint64_t ia, unsigned int level,
					 struct pt_changed *changed)
{
	const unsigned int up = level - 1, index = pt_index(f, ia, up);
	uint64_t *e = port_table_map(pt->host, path->table[level]);
	const uint64_t first = port_pte_read(pt->host, e);
	const uint64_t block =
		f->leaf(f->address(first, level), f->attrs(first), up);
	bool all;

	/* A flush comes first: who walks after it must find them new. */
	if (pt->gather.altered && !f->overwrites && pt_cleans_late(pt, f))
		pt_clean(pt, f, &e[changed->first], changed->count);
	port_table_unmap(pt->host, e);
	e = port_table_map(pt->host, path->table[up]);
	pt_resize(pt, f, &e[index], block, align_down(ia, f->level[up].lsb),
		  up);
	if (!pt_cleans_late(pt, f))
		pt_clean(pt, f, &e[index], 1);
	*changed = (struct pt_changed){ index, 1 };
	pt->stats->mappings[up]++;
	pt->stats->coalesces++;
	all = pt_mark_range(pt, f, e, up, index, index + 1);
	pt_rehint(pt, f, e, up, ia, index, index + 1);
	port_table_unmap(pt->host, e);
	return all;
}

/* ---- what the policy says */

/* `ia` is in the table's range; it is due at now + delay. */
static inline void pt_wait(struct pt *pt, pa_t table, uint64_t ia, uint64_t now,
			   uint64_t delay)
{
	struct pt_meta *meta = pt_meta(pt, table);

	if (meta->waiting)
		pt_wait_drop(pt, table);
	pt_meta_set_region(meta, ia);
	meta->due = delay < UINT64_MAX - now ? now + delay : UINT64_MAX;
	pt_wait_push(pt, table);
}

/* True if an all-contiguous table shall be promoted now; else it waits. */
static inline bool pt_promotes_now(struct pt *pt, const struct pt_format *f,
				   pa_t table, uint64_t ia, unsigned int level)
{
	const struct pt_coalescing *c = pt->coalescing;
	uint64_t calls;

	switch (c->config.policy) {
	case PT_COALESCE_EAGER:
		return true;
	case PT_COALESCE_HYSTERESIS:
		calls = pt_hysteresis(pt, f, ia, level);
		if (calls == 0)
			return true;
		pt_wait(pt, table, ia, c->operations + 1, calls);
		return false;
	case PT_COALESCE_AFTER_OPS:
		pt_wait(pt, table, ia, c->operations + 1, c->config.n);
		return false;
	case PT_COALESCE_AFTER_CYCLES:
		pt_wait(pt, table, ia, port_time(pt->host), c->config.n);
		return false;
	case PT_COALESCE_SCAN:
	case PT_COALESCE_NEVER:
	case PT_COALESCE_POLICIES:
		break;
	}
	return false;
}

/*
 * After entries of the path's table of `level` changed: `all` says whether it
 * is all contiguous now, `changed` which are still to be cleaned if the table
 * stays. The path is closed.
 */
PT_INLINE void pt_coalesce(struct pt *pt, const struct pt_format *f,
			   const struct pt_path *path, uint64_t ia,
			   unsigned int level, bool all,
			   struct pt_changed changed)
{
	for (; pt->coalescing && pt_may_be_block(pt, f, level); level--) {
		const pa_t table = path->table[level];

		if (!all) {
			if (pt_meta(pt, table)->waiting)
				pt_wait_drop(pt, table);
			break;
		}
		if (!pt_promotes_now(pt, f, table, ia, level))
			break;
		all = pt_promote(pt, f, path, ia, level, &changed);
	}
	pt_clean_left(pt, f, path->table[level], changed);
}

/* Promote the table of `level` at `ia`, whose time has come. */
static inline void pt_coalesce_at(struct pt *pt, const struct pt_format *f,
				  uint64_t ia, unsigned int level)
{
	struct pt_changed changed = { 0 };
	struct pt_path path;
	bool all;

	pt_walk(pt, f, ia, level, &path);
	BUG_ON(pt->host, path.level != level);
	pt_close(pt, &path);
	all = pt_promote(pt, f, &path, ia, level, &changed);
	pt_coalesce(pt, f, &path, ia, level - 1, all, changed);
}

/* Look at the first few of those waiting; who is not due goes to the end. */
static inline void pt_coalesce_waiting(struct pt *pt, const struct pt_format *f)
{
	struct pt_coalescing *c = pt->coalescing;
	const bool cycles = c->config.policy == PT_COALESCE_AFTER_CYCLES;
	const uint64_t now = cycles ? port_time(pt->host) : c->operations;

	for (unsigned int i = 0; i < PT_COALESCE_LOOKS && c->waiting != 0;
	     i++) {
		const pa_t table = c->first;
		const struct pt_meta *meta = pt_meta(pt, table);

		pt_wait_drop(pt, table);
		if (meta->due > now)
			pt_wait_push(pt, table);
		else
			pt_coalesce_at(pt, f, pt_meta_region(meta),
				       meta->level);
	}
}

/*
 * Promote the path's table of `level`, and those above it that it makes whole.
 * Returns how many entries that read: those of each table.
 */
static inline uint64_t pt_scan_promote(struct pt *pt, const struct pt_format *f,
				       const struct pt_path *path, uint64_t ia,
				       unsigned int level)
{
	struct pt_changed changed = { 0 };
	uint64_t read = 0;
	bool all = true;

	for (; all && pt_may_be_block(pt, f, level); level--) {
		all = pt_promote(pt, f, path, ia, level, &changed);
		read += pt_entries(f, level);
	}
	if (read != 0)
		pt_clean_left(pt, f, path->table[level], changed);
	return read;
}

/*
 * Where the walk to the cursor ends there is a table to judge by its first
 * entry's marker. Returns how many entries were read: the walk's, and every
 * entry of a table that becomes a block, since each is read to forget it.
 */
static inline uint64_t pt_scan_step(struct pt *pt, const struct pt_format *f)
{
	struct pt_coalescing *c = pt->coalescing;
	const uint64_t ia = c->cursor;
	struct pt_path path;
	unsigned int level;
	bool all;

	pt_walk(pt, f, ia, f->last, &path);
	level = path.level;
	all = pt_index(f, ia, level) == 0 && pt_may_be_block(pt, f, level) &&
	      pt_marker(f, path.pte) == f->level[level].width;
	pt_close(pt, &path);
	/* The last level's table is judged as a whole. */
	if (level == f->last)
		level--;
	c->cursor = align_down(ia, f->level[level].lsb) + pt_span(f, level);
	return path.level - pt->start_level + 1u +
	       (all ? pt_scan_promote(pt, f, &path, ia, path.level) : 0);
}

static inline void pt_coalesce_scan(struct pt *pt, const struct pt_format *f,
				    uint64_t space)
{
	struct pt_coalescing *c = pt->coalescing;
	const uint64_t now = port_time(pt->host);
	uint64_t read = 0;

	if (now < c->scan_due)
		return;
	c->scan_due = now + c->config.n;
	while (read < c->config.budget) {
		read += pt_scan_step(pt, f);
		if (c->cursor >= space) {
			c->cursor = 0;
			return;
		}
	}
}

/* Once a call, before its pt_finish: what is due. `space` in bytes. */
PT_INLINE void pt_coalesce_due(struct pt *pt, const struct pt_format *f,
			       uint64_t space)
{
	struct pt_coalescing *c = pt->coalescing;

	if (!c)
		return;
	c->operations++;
	if (c->config.policy == PT_COALESCE_SCAN)
		pt_coalesce_scan(pt, f, space);
	else if (c->waiting != 0)
		pt_coalesce_waiting(pt, f);
}

#endif
