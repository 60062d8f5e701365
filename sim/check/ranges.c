/* SPDX-License-Identifier: BSD-2-Clause */
/* See ranges.h. */
#include "sim/check/ranges.h"

#include <stdlib.h>
#include <string.h>

void ranges_fini(struct ranges *r)
{
	free(r->item);
	*r = (struct ranges){ 0 };
}

/* The first range that ends at or above `address`. */
static size_t find(const struct ranges *r, uint64_t address)
{
	size_t low = 0, high = r->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (r->item[middle].last < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool ranges_have(const struct ranges *r, uint64_t address, uint64_t bytes)
{
	size_t i = find(r, address);

	return i < r->count && r->item[i].first <= address &&
	       r->item[i].last - address >= bytes - 1;
}

bool ranges_meet(const struct ranges *r, uint64_t address, uint64_t bytes)
{
	size_t i = find(r, address);

	return i < r->count && r->item[i].first <= address + (bytes - 1);
}

MUST_CHECK static bool insert(struct ranges *r, size_t at, struct range range)
{
	if (r->count == r->room) {
		size_t room = r->room ? r->room * 2 : 16;
		struct range *more = realloc(r->item, room * sizeof(*more));

		if (!more)
			return false;
		r->item = more;
		r->room = room;
	}
	memmove(&r->item[at + 1], &r->item[at],
		(r->count - at) * sizeof(*r->item));
	r->item[at] = range;
	r->count++;
	return true;
}

static void drop(struct ranges *r, size_t at, size_t count)
{
	if (!count)
		return;
	r->count -= count;
	memmove(&r->item[at], &r->item[at + count],
		(r->count - at) * sizeof(*r->item));
}

/* With what it touches, one range. */
bool ranges_add(struct ranges *r, uint64_t first, uint64_t last)
{
	size_t at = find(r, first ? first - 1 : 0), end = at;

	while (end < r->count && r->item[end].first <= last + 1) {
		if (r->item[end].first < first)
			first = r->item[end].first;
		if (r->item[end].last > last)
			last = r->item[end].last;
		end++;
	}
	drop(r, at, end - at);
	return insert(r, at, (struct range){ first, last });
}

bool ranges_remove(struct ranges *r, uint64_t first, uint64_t last)
{
	size_t at = find(r, first);

	while (at < r->count && r->item[at].first <= last) {
		struct range old = r->item[at];

		drop(r, at, 1);
		if (old.first < first &&
		    !insert(r, at++, (struct range){ old.first, first - 1 }))
			return false;
		if (old.last > last &&
		    !insert(r, at, (struct range){ last + 1, old.last }))
			return false;
	}
	return true;
}
