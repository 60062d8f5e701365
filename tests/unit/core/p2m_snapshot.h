/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All that a p2m is, at one moment: its own members with all counts, every
 * table page's bytes and notes, the pool, and what the port was asked for.
 * Reading is not change.
 */
#ifndef TESTS_UNIT_CORE_P2M_SNAPSHOT_H
#define TESTS_UNIT_CORE_P2M_SNAPSHOT_H

#include "tests/unit/core/port_array.h"

struct snapshot {
	struct p2m p2m;
	uint64_t allocated, freed, writes, barriers, cleans, tlbi[3];
	unsigned int pages; /* of the pool, up to the last one in use */
	struct array_page *page;
	uint8_t *bytes; /* of those in use, one after the other */
	size_t room;
};

/* Pages of the pool up to the last one in use. */
static inline unsigned int snapshot_pages(const struct port_array *a)
{
	uint64_t live = array_live(a);
	unsigned int n = 0;

	while (live != 0)
		live -= a->page[n++].live;
	return n;
}

static inline void snapshot_take(struct snapshot *s, const struct port_array *a,
				 const struct p2m *p2m)
{
	const size_t page = (size_t)1 << a->granule_lg2;

	memcpy(&s->p2m, p2m, sizeof(*p2m));
	s->allocated = a->allocated;
	s->freed = a->freed;
	s->writes = a->writes;
	s->barriers = a->barriers;
	s->cleans = a->cleans;
	memcpy(s->tlbi, a->tlbi, sizeof(s->tlbi));
	s->pages = snapshot_pages(a);
	if (s->pages > s->room) {
		s->room = s->pages;
		s->page = realloc(s->page, s->room * sizeof(*s->page));
		s->bytes = realloc(s->bytes, s->room * page);
		if (!s->page || !s->bytes)
			abort();
	}
	memcpy(s->page, a->page, s->pages * sizeof(*s->page));
	memcpy(s->bytes, a->memory, s->pages * page);
}

/* NULL, or what is not as it was. */
static inline const char *snapshot_differs(const struct snapshot *s,
					   const struct port_array *a,
					   const struct p2m *p2m)
{
	const size_t page = (size_t)1 << a->granule_lg2;

	if (memcmp(&s->p2m, p2m, sizeof(*p2m)) != 0)
		return "the p2m's own members changed";
	if (s->allocated != a->allocated || s->freed != a->freed ||
	    s->pages != snapshot_pages(a))
		return "the pool changed";
	if (s->writes != a->writes || s->barriers != a->barriers ||
	    s->cleans != a->cleans ||
	    memcmp(s->tlbi, a->tlbi, sizeof(s->tlbi)) != 0)
		return "the port was asked for something";
	if (memcmp(s->page, a->page, s->pages * sizeof(*s->page)) != 0)
		return "a table page's notes changed";
	if (memcmp(s->bytes, a->memory, s->pages * page) != 0)
		return "a table page's bytes changed";
	return NULL;
}

static inline void snapshot_drop(struct snapshot *s)
{
	free(s->page);
	free(s->bytes);
	*s = (struct snapshot){ .room = 0 };
}

#endif
