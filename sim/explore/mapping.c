/* SPDX-License-Identifier: BSD-2-Clause */
/* See mapping.h. */
#include "sim/explore/mapping.h"

#include <stdlib.h>

static bool follows(const struct mapped *a, const struct mapped *b)
{
	return a->last + 1 == b->first &&
	       a->output + (b->first - a->first) == b->output &&
	       a->memory == b->memory && a->permissions == b->permissions &&
	       a->level == b->level;
}

static bool add(struct mapping *mapping, const struct mapped *m)
{
	if (mapping->ranges != 0 &&
	    follows(&mapping->range[mapping->ranges - 1], m)) {
		mapping->range[mapping->ranges - 1].last = m->last;
		return true;
	}
	if (mapping->ranges == mapping->room) {
		const size_t room = mapping->room ? mapping->room * 2 : 64;
		struct mapped *more =
			realloc(mapping->range, room * sizeof(*more));

		if (!more)
			return false;
		mapping->range = more;
		mapping->room = room;
	}
	mapping->range[mapping->ranges++] = *m;
	return true;
}

static bool read_table(struct mapping *mapping,
		       const struct mapping_source *from, uint64_t table,
		       uint64_t input, unsigned int level, uint64_t rights,
		       bool *lost)
{
	const unsigned int count = entry_count(from->space);
	const uint64_t offset = table - from->base;
	const uint64_t span = entry_span(from->space, level);

	if (offset >= from->bytes || from->bytes - offset < count * 8u) {
		*lost = true;
		return false;
	}
	for (unsigned int i = 0; i < count; i++, input += span) {
		const uint64_t value = from->word[offset / 8 + i];
		const struct entry e =
			entry_read(from->space, value, level, rights);
		const struct mapped m = { input, input + (span - 1), e.address,
					  e.memory, e.permissions, level };

		if (e.kind == ENTRY_TABLE &&
		    !read_table(mapping, from, e.address, input, level + 1,
				e.permissions, lost))
			return false;
		if (e.kind == ENTRY_LEAF && !add(mapping, &m))
			return false;
	}
	return true;
}

bool mapping_read(struct mapping *mapping, const struct mapping_source *from,
		  bool *lost)
{
	const struct explore_space *s = from->space;
	const uint64_t span = (uint64_t)entry_count(s)
			      << entry_lsb(s, s->start_level);

	*lost = false;
	mapping->ranges = 0;
	for (uint64_t i = 0; i < 1u << s->root_order; i++)
		if (!read_table(mapping, from, s->root + (i << s->granule_lg2),
				i * span, s->start_level, ENTRY_ALL_RIGHTS, lost))
			return false;
	return true;
}

/* Of one range what the mapping has no place for. */
static bool add_outside(struct mapping *to, struct mapped m,
			const struct mapping *mapping)
{
	while (m.first <= m.last) {
		uint64_t next;
		const struct mapped *r =
			mapping_find(mapping, m.first, &next);
		const uint64_t until = r ? r->last : next - 1;
		struct mapped piece = m;

		if (!r && next <= m.last)
			piece.last = next - 1;
		if (!r && !add(to, &piece))
			return false;
		if (until >= m.last)
			break;
		m.output += until + 1 - m.first;
		m.first = until + 1;
	}
	return true;
}

static int by_first(const void *a, const void *b)
{
	const struct mapped *m = a, *n = b;

	return m->first < n->first ? -1 : m->first > n->first;
}

bool mapping_leave(struct mapping *left, const struct mapping *before,
		   const struct mapping *after)
{
	struct mapping all = { 0 }, outside = { 0 };
	bool ok = true;

	for (size_t i = 0; ok && i < left->ranges; i++)
		ok = add_outside(&all, left->range[i], before);
	for (size_t i = 0; ok && i < before->ranges; i++)
		ok = add(&all, &before->range[i]);
	if (all.ranges != 0)
		qsort(all.range, all.ranges, sizeof(*all.range), by_first);
	for (size_t i = 0; ok && i < all.ranges; i++)
		ok = add_outside(&outside, all.range[i], after);
	mapping_fini(&all);
	mapping_fini(left);
	*left = outside;
	return ok;
}

void mapping_fini(struct mapping *mapping)
{
	free(mapping->range);
	*mapping = (struct mapping){ 0 };
}

const struct mapped *mapping_find(const struct mapping *mapping, uint64_t input,
				  uint64_t *next)
{
	size_t low = 0, high = mapping->ranges;

	while (low < high) {
		const size_t middle = (low + high) / 2;

		if (mapping->range[middle].last < input)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == mapping->ranges) {
		*next = UINT64_MAX;
		return NULL;
	}
	*next = mapping->range[low].first;
	return *next <= input ? &mapping->range[low] : NULL;
}

bool mapping_agrees(const struct mapping *mapping, const struct mapped *m,
		    uint64_t input, uint64_t *last)
{
	uint64_t next;
	const struct mapped *r = mapping_find(mapping, input, &next);

	if (!r || r->memory != m->memory || r->permissions != m->permissions ||
	    r->output + (input - r->first) != m->output + (input - m->first))
		return false;
	*last = r->last;
	return true;
}
