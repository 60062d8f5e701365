/* SPDX-License-Identifier: BSD-2-Clause */
/* See memory.h. */
#include "sim/explore/memory.h"

#include <stdlib.h>
#include <string.h>

static uint32_t version_new(struct explore_memory *m, uint64_t value,
			    uint32_t older, uint32_t step)
{
	if (m->versions == m->version_room) {
		const uint32_t room = m->version_room ? m->version_room * 2
						      : 4096;
		struct version *more =
			realloc(m->version, room * sizeof(*more));

		if (!more) {
			m->failed = true;
			return VERSION_ZERO;
		}
		m->version = more;
		m->version_room = room;
	}
	m->version[m->versions] = (struct version){
		.value = value, .older = older, .step = step,
	};
	return m->versions++;
}

int explore_memory_init(struct explore_memory *m,
			const struct explore_space *space,
			const struct explore_image *image)
{
	*m = (struct explore_memory){ .space = space, .image = *image };
	m->pages = image->bytes >> space->granule_lg2;
	m->page = calloc(m->pages + 1, sizeof(*m->page));
	if (!m->page)
		return ERR_NOMEM;
	version_new(m, 0, VERSION_ZERO, 0);
	version_new(m, 0, VERSION_ARBITRARY, 0);
	if (m->failed) {
		explore_memory_fini(m);
		return ERR_NOMEM;
	}
	m->version[VERSION_ARBITRARY].arbitrary = true;
	return 0;
}

void explore_memory_fini(struct explore_memory *m)
{
	for (size_t i = 0; m->page && i < m->pages; i++)
		free(m->page[i].slot);
	free(m->page);
	free(m->version);
	free(m->dirty);
	memset(m, 0, sizeof(*m));
}

struct page *explore_memory_page(struct explore_memory *m, uint64_t address)
{
	const uint64_t offset = address - m->image.base;

	if (offset >= m->pages << m->space->granule_lg2)
		return NULL;
	return &m->page[offset >> m->space->granule_lg2];
}

/* What stood there: of a live table its words, of anything else who knows. */
struct slot *explore_memory_slots(struct explore_memory *m, struct page *page)
{
	const unsigned int count = entry_count(m->space);
	const uint64_t *word =
		m->image.word + (size_t)(page - m->page) * count;

	if (page->slot)
		return page->slot;
	page->slot = calloc(count, sizeof(*page->slot));
	if (!page->slot) {
		m->failed = true;
		return NULL;
	}
	for (unsigned int i = 0; i < count; i++) {
		uint32_t v = VERSION_ARBITRARY;

		if (page->live)
			v = word[i] ? version_new(m, word[i], VERSION_ZERO, 0)
				    : VERSION_ZERO;
		page->slot[i] = (struct slot){ v, { v, v }, { v, v }, v, false };
	}
	return page->slot;
}

static void dirty_add(struct explore_memory *m, struct slot *slot)
{
	if (slot->dirty)
		return;
	if (m->dirties == m->dirty_room) {
		const size_t room = m->dirty_room ? m->dirty_room * 2 : 256;
		struct slot **more = realloc(m->dirty, room * sizeof(*more));

		if (!more) {
			m->failed = true;
			return;
		}
		m->dirty = more;
		m->dirty_room = room;
	}
	slot->dirty = true;
	m->dirty[m->dirties++] = slot;
}

void explore_memory_write(struct explore_memory *m, uint64_t address,
			  uint64_t value, uint32_t step)
{
	struct slot *slot = explore_memory_slot(m, address);

	if (!slot)
		return;
	slot->newest = version_new(m, value, slot->newest, step);
	dirty_add(m, slot);
}

void explore_memory_clean(struct explore_memory *m, uint64_t address,
			  uint64_t bytes, unsigned int line_bytes)
{
	const uint64_t end = address + bytes;

	for (address &= ~(uint64_t)(line_bytes - 1);
	     address < end || (address & (line_bytes - 1)) != 0; address += 8) {
		struct slot *slot = explore_memory_slot(m, address);

		if (slot)
			slot->cleaned = slot->newest;
	}
}

/* What stays in the list is not seen by all yet. */
static void settle(struct explore_memory *m)
{
	size_t left = 0;

	for (size_t i = 0; i < m->dirties; i++) {
		struct slot *s = m->dirty[i];

		s->dirty = s->oldest[WALKER_COHERENT] != s->newest ||
			   s->oldest[WALKER_NONCOHERENT] != s->newest;
		if (s->dirty)
			m->dirty[left++] = s;
	}
	m->dirties = left;
}

static void let_out(struct explore_memory *m)
{
	for (size_t i = 0; i < m->dirties; i++)
		for (unsigned int c = 0; c < WALKER_CLASSES; c++)
			m->dirty[i]->oldest[c] = m->dirty[i]->ordered[c];
	settle(m);
}

void explore_memory_order(struct explore_memory *m, bool all)
{
	for (size_t i = 0; i < m->dirties; i++) {
		struct slot *s = m->dirty[i];

		s->ordered[WALKER_COHERENT] = s->newest;
		/* Versions of a word are numbered in the order of its writes. */
		if (all && s->cleaned > s->ordered[WALKER_NONCOHERENT])
			s->ordered[WALKER_NONCOHERENT] = s->cleaned;
	}
	if (!m->write_buffer)
		let_out(m);
}

void explore_memory_drain(struct explore_memory *m)
{
	if (m->write_buffer)
		let_out(m);
}

void explore_memory_scramble(struct explore_memory *m, struct page *page)
{
	struct slot *slot = explore_memory_slots(m, page);

	for (unsigned int i = 0; slot && i < entry_count(m->space); i++) {
		slot[i].newest = VERSION_ARBITRARY;
		for (unsigned int c = 0; c < WALKER_CLASSES; c++) {
			slot[i].oldest[c] = VERSION_ARBITRARY;
			slot[i].ordered[c] = VERSION_ARBITRARY;
		}
		slot[i].cleaned = VERSION_ARBITRARY;
	}
}
