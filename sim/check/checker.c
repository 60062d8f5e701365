/* SPDX-License-Identifier: BSD-2-Clause */
/* The checker as a whole: it hands each event to who judges that kind. */
#include <stdlib.h>

#include "sim/check/state.h"

struct mark checker_mark(struct checker *c, const struct protocol_event *e)
{
	return (struct mark){ (uint32_t)e->number, sources_get(c, &e->source) };
}

struct table_page *checker_page_of(struct checker *c,
				   const struct protocol_event *e,
				   uint64_t address, bool make)
{
	static const uint8_t granules_lg2[] = { 16, 14, 12 };

	for (int i = 0; i < 3; i++) {
		struct table_page *page =
			tables_find(&c->tables, e->world, e->vmid,
				    align_down(address, granules_lg2[i]));

		if (page && page->granule_lg2 >= granules_lg2[i])
			return page;
	}
	return make ? tables_get(&c->tables, e->world, e->vmid,
				 align_down(address, 12), 12)
		    : NULL;
}

struct table_page *checker_page(struct checker *c, uint64_t address)
{
	const struct protocol_event e = { .world = PROTOCOL_MACHINE };

	return checker_page_of(c, &e, address, false);
}

void checker_event(struct checker *c, struct protocol_event *e)
{
	if (e->cpu >= PROTOCOL_OBSERVERS_MAX ||
	    e->unit >= PROTOCOL_OBSERVERS_MAX)
		return;
	e->number = c->listener.number = ++c->number;
	switch (e->kind) {
	case PROTOCOL_CONTENT:
		event_store(c, e, false);
		break;
	case PROTOCOL_WRITE:
		event_store(c, e, true);
		break;
	case PROTOCOL_CLEAN:
		event_clean(c, e);
		break;
	case PROTOCOL_BARRIER:
		event_barrier(c, e);
		break;
	case PROTOCOL_TLBI:
		event_tlbi(c, e);
		break;
	case PROTOCOL_ROOT:
		event_root(c, e);
		break;
	case PROTOCOL_CONTROL:
		event_control(c, e);
		break;
	case PROTOCOL_CONTEXT:
		event_context(c, e);
		break;
	case PROTOCOL_TABLE_FREE:
		event_table_free(c, e);
		break;
	case PROTOCOL_FRAME_FREE:
		event_frame_free(c, e);
		break;
	case PROTOCOL_FRAME_TAKE:
		event_frame_take(c, e);
		break;
	case PROTOCOL_USE:
		event_use(c, e);
		break;
	case PROTOCOL_READ:
		event_read(c, e);
		break;
	case PROTOCOL_DONE:
		event_done(c, e);
		break;
	case PROTOCOL_UNIT:
		event_unit(c, e);
		break;
	case PROTOCOL_CONFIG:
		event_config(c, e);
		break;
	case PROTOCOL_CONFIG_DROP:
		event_config_drop(c, e);
		break;
	case PROTOCOL_UNIT_TLBI:
		event_unit_tlbi(c, e);
		break;
	case PROTOCOL_UNIT_WAIT:
		event_unit_wait(c, e);
		break;
	case PROTOCOL_UNIT_BUFFER:
		event_unit_buffer(c, e);
		break;
	case PROTOCOL_DMA:
		event_dma(c, e);
		break;
	case PROTOCOL_MEMORY_FREE:
		event_memory_free(c, e);
		break;
	case PROTOCOL_MEMORY_INIT:
	case PROTOCOL_LOCK:
	case PROTOCOL_TRYLOCK:
	case PROTOCOL_UNLOCK:
	case PROTOCOL_TREE_LOCK:
	case PROTOCOL_TREE_RELEASE:
	case PROTOCOL_ENTRY_OWNER:
		discipline_event(c, e);
		break;
	case PROTOCOL_IOTLB:
	case PROTOCOL_IOTLB_WAIT:
	case PROTOCOL_WRITE_BUFFER:
	case PROTOCOL_TABLE_ALLOC:
	case PROTOCOL_CACHES:
	case PROTOCOL_KINDS:
		break;
	}
	c->listener.uses_wanted =
		c->hold.count != c->hold.devices || c->watched;
	c->listener.context_wanted = c->unsynchronised != 0;
	c->listener.dma_wanted = c->hold.count || c->iommus.stale;
	c->costs.events = c->number;
	c->costs.entries_held_peak = c->hold.peak;
	c->not_judged[NOT_JUDGED_OVERFLOW] |= c->tables.overflown;
	c->not_judged[NOT_JUDGED_CONTENT] |= c->tables.unreadable;
	c->not_judged[NOT_JUDGED_MEMORY] |=
		c->tables.out_of_memory || c->hold.out_of_memory;
}

bool checker_word(const struct checker *c, uint64_t address, uint64_t *value)
{
	static const uint8_t granules_lg2[] = { 16, 14, 12 };

	*value = 0;
	if (!discipline_knows(&c->discipline, address, 8))
		return false;
	for (int i = 0; i < 3; i++) {
		const struct table_page *page =
			tables_find(&c->tables, PROTOCOL_MACHINE, 0,
				    align_down(address, granules_lg2[i]));

		if (!page || page->granule_lg2 < granules_lg2[i])
			continue;
		*value = page->word[(address - page->address) / 8];
		break;
	}
	return true;
}

bool checker_gave_up(const struct checker *c)
{
	return c->not_judged[NOT_JUDGED_MEMORY];
}

size_t checker_pages(const struct checker *c)
{
	return c->tables.pages;
}

static void heard(void *context, struct protocol_event *event)
{
	checker_event(context, event);
}

struct protocol_listener *checker_listener(struct checker *c)
{
	return &c->listener;
}

struct checker *
checker_new(const struct checker_config *config,
	    bool (*read)(void *context, enum protocol_world world,
			 uint16_t vmid, uint64_t address, uint64_t *value),
	    void *read_context)
{
	static const struct protocol_source nobody = { .pc = UINT64_MAX };
	struct checker *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->config = *config;
	c->not_judged[NOT_JUDGED_DATA] = config->no_data;
	c->listener =
		(struct protocol_listener){ .event = heard,
					    .context = c,
					    .read = read,
					    .read_context = read_context };
	if (!tables_init(&c->tables, &c->listener) || !hold_init(&c->hold)) {
		checker_free(c);
		return NULL;
	}
	if (config->discipline)
		c->tables.nodes_per_page_max = NODES_PER_PAGE_DISCIPLINE;
	sources_get(c, &nobody);
	if (!c->sources) {
		checker_free(c);
		return NULL;
	}
	return c;
}

void checker_free(struct checker *c)
{
	if (!c)
		return;
	for (int i = 0; i < PROTOCOL_OBSERVERS_MAX; i++) {
		free(c->cpu[i].pending);
		free(c->cpu[i].former);
	}
	if (c->hold.bucket)
		hold_fini(&c->hold);
	discipline_fini(&c->discipline);
	ranges_fini(&c->given);
	config_free(&c->iommus);
	tables_fini(&c->tables);
	free(c->hinted.item);
	free(c->uncleaned.item);
	free(c->source);
	free(c->finding);
	free(c->finding_source);
	free(c);
}
