/* SPDX-License-Identifier: BSD-2-Clause */
/* Pages of descriptors, as the trace tells them. A hash of pages. */
#include <stdlib.h>
#include <string.h>

#include "recount.h"

#define BUCKETS_OF_PAGES 4096

struct page {
	struct page *next;
	uint64_t number;
	uint8_t byte[1u << PAGE_LG2];
};

struct tables {
	struct page *bucket[BUCKETS_OF_PAGES];
};

struct tables *tables_new(void)
{
	struct tables *t = calloc(1, sizeof(*t));

	demand(t, "memory");
	return t;
}

static struct page *find(const struct tables *t, uint64_t number)
{
	struct page *p = t->bucket[number % BUCKETS_OF_PAGES];

	while (p && p->number != number)
		p = p->next;
	return p;
}

static struct page *make(struct tables *t, uint64_t number)
{
	struct page *p = find(t, number);

	if (p)
		return p;
	p = calloc(1, sizeof(*p));
	demand(p, "memory");
	p->number = number;
	p->next = t->bucket[number % BUCKETS_OF_PAGES];
	t->bucket[number % BUCKETS_OF_PAGES] = p;
	return p;
}

uint64_t tables_read(const struct tables *t, uint64_t address, bool *known)
{
	const struct page *p = find(t, address >> PAGE_LG2);
	uint64_t value = 0;

	*known = p != NULL;
	if (p)
		memcpy(&value, p->byte + (address & 0xff8), sizeof(value));
	return value;
}

void tables_write(struct tables *t, uint64_t address, unsigned int bytes,
		  uint64_t value)
{
	struct page *p = make(t, address >> PAGE_LG2);
	size_t at = address & 0xfff;

	demand(bytes <= 8 && at + bytes <= sizeof(p->byte), "a table's write");
	memcpy(p->byte + at, &value, bytes);
}

void tables_page(struct tables *t, uint64_t address, const uint8_t *bytes)
{
	struct page *p = make(t, address >> PAGE_LG2);

	if (bytes)
		memcpy(p->byte, bytes, sizeof(p->byte));
	else
		memset(p->byte, 0, sizeof(p->byte));
}
