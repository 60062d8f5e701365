/* SPDX-License-Identifier: BSD-2-Clause */
/* See clean.h. */
#include "sim/explore/clean.h"

#include <stdlib.h>
#include <string.h>

#define NO_TABLE SIZE_MAX

/* ---- which tables are linked */

static size_t table_find(const struct cleaner *c, uint64_t address)
{
	address &= ~(BIT(c->in->space.granule_lg2) - 1);
	for (size_t i = 0; i < c->tables; i++)
		if (c->table[i].address == address)
			return i;
	return NO_TABLE;
}

static void table_link(struct cleaner *c, uint64_t address, unsigned int level,
		       size_t parent)
{
	size_t i = table_find(c, address);

	if (i == NO_TABLE && c->tables == c->table_room) {
		const size_t room = c->table_room ? c->table_room * 2 : 32;
		struct cleaner_table *more =
			realloc(c->table, room * sizeof(*more));

		if (!more) {
			c->failed = true;
			return;
		}
		c->table = more;
		c->table_room = room;
	}
	if (i == NO_TABLE)
		i = c->tables++;
	c->table[i] = (struct cleaner_table){
		address, level, parent == NO_TABLE ? i : parent, false,
	};
}

static bool is_unlinked(const struct cleaner *c, uint64_t address)
{
	size_t i = table_find(c, address);

	while (i != NO_TABLE && !c->table[i].unlinked) {
		if (c->table[i].parent == i)
			return false;
		i = c->table[i].parent;
	}
	return i != NO_TABLE;
}

/* One word of a linked table goes from one value to another. */
static void word_changes(struct cleaner *c, const struct protocol_event *e)
{
	const size_t i = table_find(c, e->address);
	struct entry old, now;

	if (i == NO_TABLE || c->table[i].level == entry_last_level(&c->in->space))
		return;
	old = entry_decode(&c->in->space, e->old, c->table[i].level);
	now = entry_decode(&c->in->space, e->now, c->table[i].level);
	if (old.kind == ENTRY_TABLE) {
		const size_t was = table_find(c, old.address);

		if (was != NO_TABLE)
			c->table[was].unlinked = true;
	}
	if (now.kind == ENTRY_TABLE)
		table_link(c, now.address, c->table[i].level + 1, i);
}

/* All that the image has below one table. */
static void read_table(struct cleaner *c, uint64_t address, unsigned int level,
		       size_t parent)
{
	const struct explore_image *image = &c->in->image;
	const uint64_t at = (address - image->base) / 8;
	size_t self;

	if (address - image->base >= image->bytes ||
	    table_find(c, address) != NO_TABLE)
		return;
	table_link(c, address, level, parent);
	self = table_find(c, address);
	for (unsigned int i = 0; i < entry_count(&c->in->space); i++) {
		const struct entry e =
			entry_decode(&c->in->space, image->word[at + i], level);

		if (e.kind == ENTRY_TABLE)
			read_table(c, e.address, level + 1, self);
	}
}

/* ---- cleaning */

static void clean(struct cleaner *c, const struct protocol_event *like,
		  uint64_t address, uint64_t bytes)
{
	struct protocol_event e = *like;

	e.kind = PROTOCOL_CLEAN;
	e.address = address;
	e.bytes = bytes;
	c->pass(c->context, &e);
}

static void note_line(struct cleaner *c, uint64_t address)
{
	address &= ~(uint64_t)(c->in->line_bytes - 1);
	for (size_t i = c->lines; i-- > 0;)
		if (c->line[i] == address)
			return;
	if (c->lines == c->room) {
		const size_t room = c->room ? c->room * 2 : 64;
		uint64_t *more = realloc(c->line, room * sizeof(*more));

		if (!more) {
			c->failed = true;
			return;
		}
		c->line = more;
		c->room = room;
	}
	c->line[c->lines++] = address;
}

static void clean_lines(struct cleaner *c, const struct protocol_event *like)
{
	for (size_t i = 0; i < c->lines; i++)
		if (c->policy != CLEAN_TOP_ONLY || !is_unlinked(c, c->line[i]))
			clean(c, like, c->line[i], c->in->line_bytes);
	c->lines = 0;
}

/* ---- what passes */

void cleaner_init(struct cleaner *c, const struct scenario *s, bool on,
		  const struct explore_input *in,
		  void (*pass)(void *, const struct protocol_event *),
		  void *context)
{
	const struct explore_space *space = &in->space;

	memset(c, 0, sizeof(*c));
	c->policy = s->clean;
	c->in = in;
	c->pass = pass;
	c->context = context;
	c->on = on;
	for (uint64_t i = 0; c->on && i < 1u << space->root_order; i++)
		read_table(c, space->root + (i << space->granule_lg2),
			   space->start_level, NO_TABLE);
}

void cleaner_fini(struct cleaner *c)
{
	free(c->line);
	free(c->table);
}

void cleaner_pass(struct cleaner *c, const struct protocol_event *event)
{
	struct protocol_event e = *event;

	if (c->on && e.kind == PROTOCOL_BARRIER &&
	    e.barrier == PROTOCOL_DSB) {
		clean_lines(c, &e);
		e.access = PROTOCOL_ALL;
	}
	c->pass(c->context, &e);
	if (!c->on || e.kind != PROTOCOL_WRITE)
		return;
	word_changes(c, &e);
	if (c->policy == CLEAN_ENTRY)
		clean(c, &e, e.address, 8);
	else
		note_line(c, e.address);
}

void cleaner_end(struct cleaner *c)
{
	const struct protocol_event none = { .kind = PROTOCOL_CLEAN };

	if (c->on)
		clean_lines(c, &none);
}
