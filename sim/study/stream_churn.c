/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Streams against the grain. Churn: a guest's memory is mapped for a device in
 * big contiguous ranges, and its kernel turns single pages in them into page
 * tables and back; a page that is a table must not be writable by devices, so
 * each turn takes a page out of a superpage or puts it back. And a hostile
 * stream: everything a guest may get wrong.
 */
#include <stdlib.h>

#include "sim/study/stream.h"

#define IOVA_BASE STREAM_IOVA_BASE
#define PAGE	  FRAME_BYTES

/* ---- churn ---- */

enum {
	CHURN_PAGES,
	CHURN_TURNS,
	CHURN_LIVE,
	CHURN_SPREAD,
	CHURN_KEEP,
	CHURN_READS,
	CHURN_GAP,
	CHURN_CALM,
	CHURN_IDENTITY,
};

/* What the kernel does with pages of the range. */
struct churn {
	struct stream *s;
	uint64_t pages, eligible; /* pages that tables are taken from */
	uint8_t *out;		  /* by page: not mapped */
	uint64_t *table, tables;  /* live ones */
	uint64_t *kept, kepts;	  /* freed, not mapped back yet */
};

/* Tables come from `spread` percent of the 2 MB ranges: an allocator keeps
 * them together more or less. */
static uint64_t churn_pick(struct churn *c)
{
	uint64_t page;

	do
		page = stream_draw(c->s, c->eligible);
	while (c->out[page]);
	return page;
}

static bool churn_take_out(struct churn *c, uint64_t page)
{
	c->out[page] = 1;
	return stream_take_out(c->s, page);
}

static bool churn_put_back(struct churn *c, uint64_t page)
{
	c->out[page] = 0;
	return stream_put_back(c->s, page);
}

/* A table is made: of a page kept for it, if there is one. */
static bool churn_make(struct churn *c)
{
	bool kept = c->kepts != 0;
	uint64_t page = kept ? c->kept[--c->kepts] : churn_pick(c);

	c->table[c->tables++] = page;
	return kept || churn_take_out(c, page);
}

/* Some table is freed. An aware kernel keeps so many for the next ones. */
static bool churn_free(struct churn *c)
{
	uint64_t which = stream_draw(c->s, c->tables);
	uint64_t page = c->table[which];

	c->table[which] = c->table[--c->tables];
	if (c->kepts < c->s->value[CHURN_KEEP]) {
		c->kept[c->kepts++] = page;
		return true;
	}
	return churn_put_back(c, page);
}

/* Beside what happens to pages: the device reads, the guest works and traps. */
static void churn_turn(struct churn *c)
{
	struct stream *s = c->s;

	for (uint64_t i = 0; i < s->value[CHURN_READS]; i++) {
		uint64_t page = stream_draw(s, c->pages);
		uint64_t line = stream_draw(s, PAGE / 64);

		if (!c->out[page])
			stream_dma(s, IOVA_BASE + page * PAGE + line * 64, 64,
				   false, false);
	}
	stream_pause(s, s->value[CHURN_GAP]);
	stream_trap(s);
}

/* The tables' owners are gone, all is memory again, and the device goes on. */
static bool churn_calm(struct churn *c)
{
	struct stream *s = c->s;

	while (c->tables)
		if (!churn_put_back(c, c->table[--c->tables]))
			return false;
	while (c->kepts)
		if (!churn_put_back(c, c->kept[--c->kepts]))
			return false;
	stream_mark(s, 2);
	for (uint64_t i = 0; i < s->value[CHURN_CALM]; i++)
		churn_turn(c);
	stream_mark(s, 3);
	return true;
}

static bool churn_turns(struct churn *c)
{
	struct stream *s = c->s;
	uint64_t live = s->value[CHURN_LIVE];

	for (uint64_t i = 0; i < live / 2; i++)
		if (!churn_make(c))
			return false;
	stream_mark(s, 1);
	for (uint64_t i = 0; i < s->value[CHURN_TURNS]; i++) {
		bool make = c->tables == 0 ||
			    (c->tables < live && stream_draw(s, 2));

		if (!(make ? churn_make(c) : churn_free(c)))
			return false;
		churn_turn(c);
	}
	return churn_calm(c);
}

static bool churn_run(struct stream *s)
{
	uint64_t pages = s->value[CHURN_PAGES];
	uint64_t out = s->value[CHURN_LIVE] + s->value[CHURN_KEEP];
	uint64_t regions = (pages / 512 * s->value[CHURN_SPREAD] + 99) / 100;
	struct churn c = { .s = s, .pages = pages };
	bool ok;

	c.eligible = regions ? regions * 512 : pages;
	if (!stream_set_identity(s, s->value[CHURN_IDENTITY]) ||
	    !stream_needs(s, pages))
		return false;
	if (out >= c.eligible)
		return error_set(s->error, EXIT_USAGE,
				 "churn: live + keep = %llu pages out at a "
				 "time do not leave one of %llu: fewer of "
				 "them, or more pages or spread",
				 (unsigned long long)out,
				 (unsigned long long)c.eligible);
	c.out = calloc(pages, 1);
	c.table = calloc(s->value[CHURN_LIVE], sizeof(*c.table));
	c.kept = calloc(s->value[CHURN_KEEP] + 1, sizeof(*c.kept));
	if (c.out && c.table && c.kept)
		ok = stream_map(s, IOVA_BASE, 0, pages,
				STREAM_READ | STREAM_WRITE) &&
		     churn_turns(&c);
	else
		ok = error_set(s->error, EXIT_IO, "churn: out of memory");
	free(c.out);
	free(c.table);
	free(c.kept);
	return ok;
}

const struct stream_kind stream_churn = {
	"churn",
	"pages of big mapped ranges become page tables and memory again",
	{ [CHURN_PAGES] = { "pages", 16384, 512, 1 << 20, "mapped at first" },
	  [CHURN_TURNS] = { "turns", 4000, 1, 10000000, "one page each" },
	  [CHURN_LIVE] = { "live", 64, 1, 100000, "tables at a time, at most" },
	  [CHURN_SPREAD] = { "spread", 100, 1, 100,
			     "percent of the 2M ranges that tables come from" },
	  [CHURN_KEEP] = { "keep", 0, 0, 100000,
			   "freed tables not mapped back: an aware kernel's" },
	  [CHURN_READS] = { "reads", 4, 0, 1000, "of the device, a turn" },
	  [CHURN_GAP] = { "gap", 5000, 0, 1000000, "ns of other work a turn" },
	  [CHURN_CALM] = { "calm", 4000, 0, 10000000,
			   "turns at the end, all being mapped again" },
	  [CHURN_IDENTITY] = STREAM_IDENTITY },
	churn_run,
};

/* ---- hostile ---- */

enum { HOSTILE_TURNS, HOSTILE_DEVICES };

/* Numbers that a guest should not say. */
static uint64_t odd_number(struct stream *s)
{
	static const uint64_t odd[] = {
		0,
		1,
		511,
		512,
		513,
		4096,
		UINT64_C(1) << 36,
		UINT64_C(1) << 48,
		UINT64_C(1) << 52,
		UINT64_C(1) << 63,
		UINT64_MAX,
		UINT64_MAX - 4095,
	};

	return odd[stream_draw(s, sizeof(odd) / sizeof(odd[0]))];
}

/* Near the addresses that are in use, or nowhere near. */
static uint64_t odd_iova(struct stream *s)
{
	return stream_draw(s, 4) ? IOVA_BASE + stream_draw(s, 1024) * PAGE
				 : odd_number(s);
}

static void hostile_call(struct stream *s)
{
	struct machine_start ignored;
	uint64_t x[6] = { 0xC6000010 + stream_draw(s, 2) };

	x[1] = stream_draw(s, 8) ? s->device : odd_number(s);
	x[2] = odd_iova(s);
	x[3] = stream_draw(s, 2) ? (GUEST_RAM_BASE >> FRAME_LG2) +
					   stream_draw(s, 2 * s->frames)
				 : odd_number(s);
	x[4] = stream_draw(s, 2) ? stream_draw(s, 600) : odd_number(s);
	x[5] = stream_draw(s, 5);
	machine_hypercall(s->m, s->cpu, x, &ignored);
}

static bool hostile_run(struct stream *s)
{
	uint64_t devices = s->value[HOSTILE_DEVICES];

	if (!stream_needs_devices(s, devices))
		return false;
	stream_mark(s, 1);
	for (uint64_t i = 0; i < s->value[HOSTILE_TURNS]; i++) {
		s->device = (uint32_t)(i % devices);
		switch (stream_draw(s, 4)) {
		case 0:
			(void)stream_try_map(s, odd_iova(s),
					     stream_draw(s, s->frames),
					     1 + stream_draw(s, 64), 3);
			break;
		case 1:
			(void)stream_try_unmap(s, odd_iova(s),
					       1 + stream_draw(s, 64));
			break;
		case 2:
			hostile_call(s);
			break;
		default:
			stream_dma(s, odd_iova(s), 1 + stream_draw(s, 9000),
				   stream_draw(s, 2), stream_draw(s, 2));
			break;
		}
	}
	stream_mark(s, 2);
	return true;
}

const struct stream_kind stream_hostile = {
	"hostile",
	"maps over what is mapped, unmaps what is not, floods faults",
	{ [HOSTILE_TURNS] = { "turns", 4000, 1, 10000000,
			      "calls and accesses" },
	  [HOSTILE_DEVICES] = STREAM_DEVICES },
	hostile_run,
};
