/* SPDX-License-Identifier: BSD-2-Clause */
/* Replacement, rule 12. */
#include <stdlib.h>
#include <string.h>

#include "recount.h"

void shelf_init(struct shelf *s, size_t entries, size_t ways,
		const char *policy)
{
	demand(ways && entries % ways == 0, "entries and ways of an array");
	s->sets = entries / ways;
	s->ways = ways;
	s->place = calloc(entries, sizeof(*s->place));
	demand(s->place, "memory");
	if (!strcmp(policy, "lru"))
		s->policy = POLICY_LRU;
	else if (!strcmp(policy, "plru"))
		s->policy = POLICY_PLRU;
	else if (!strcmp(policy, "fifo"))
		s->policy = POLICY_FIFO;
	else
		demand(false, "replacement (random is not recounted)");
}

/* Sets the used-bit; if all of the set are now, clears the others. */
static void mark_used(struct shelf *s, size_t at)
{
	size_t first = at - at % s->ways, way, set = 0;

	s->place[at].used = true;
	for (way = 0; way < s->ways; way++)
		set += s->place[first + way].used;
	if (set < s->ways)
		return;
	for (way = 0; way < s->ways; way++)
		s->place[first + way].used = first + way == at;
}

void shelf_use(struct shelf *s, size_t at)
{
	s->place[at].used_at = ++s->now;
	mark_used(s, at);
}

void shelf_fill(struct shelf *s, size_t at)
{
	s->place[at].valid = true;
	s->place[at].filled_at = ++s->now;
	shelf_use(s, at);
}

void shelf_drop(struct shelf *s, size_t at)
{
	s->place[at].valid = false;
	s->place[at].used = false;
}

/* Whether a is to go rather than b, a lower way. */
static bool goes_before(const struct shelf *s, const struct place *a,
			const struct place *b)
{
	switch (s->policy) {
	case POLICY_LRU:
		return a->used_at < b->used_at;
	case POLICY_FIFO:
		return a->filled_at < b->filled_at;
	case POLICY_PLRU:
		return !a->used && b->used;
	}
	return false;
}

size_t shelf_victim(const struct shelf *s, size_t set)
{
	size_t first = set * s->ways, best = first, way;

	for (way = 0; way < s->ways; way++)
		if (!s->place[first + way].valid)
			return first + way;
	for (way = 1; way < s->ways; way++)
		if (goes_before(s, &s->place[first + way], &s->place[best]))
			best = first + way;
	return best;
}
