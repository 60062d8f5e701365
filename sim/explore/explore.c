/* SPDX-License-Identifier: BSD-2-Clause */
/* Step after step, until one shows something wrong. See explore.h. */
#include "sim/explore/explore.h"

#include <stdlib.h>
#include <string.h>

#include "sim/explore/state.h"

static bool in_image(const struct explore_image *image, uint64_t address,
		     uint64_t bytes)
{
	const uint64_t offset = address - image->base;

	return offset < image->bytes && bytes <= image->bytes - offset;
}

static bool events_fit(const struct explore_input *in)
{
	for (size_t i = 0; i < in->events; i++) {
		const struct protocol_event *e = &in->event[i];

		if ((e->kind == PROTOCOL_WRITE ||
		     e->kind == PROTOCOL_TABLE_ALLOC ||
		     e->kind == PROTOCOL_TABLE_FREE) &&
		    !in_image(&in->image, e->address, e->bytes))
			return false;
	}
	return in_image(&in->image, in->space.root,
			UINT64_C(1) << (in->space.granule_lg2 +
					in->space.root_order));
}

/* Which pages are tables before the first step. */
static void mark_live(struct explore *x, uint64_t table, unsigned int level)
{
	struct page *page = explore_memory_page(&x->memory, table);
	const uint64_t *word = x->in->image.word;
	const uint64_t at = (table - x->in->image.base) / 8;

	if (!page || page->live)
		return;
	page->live = true;
	for (unsigned int i = 0; i < entry_count(&x->in->space); i++) {
		const struct entry e =
			entry_decode(&x->in->space, word[at + i], level);

		if (e.kind == ENTRY_TABLE)
			mark_live(x, e.address, level + 1);
	}
}

static void mark_all_live(struct explore *x)
{
	const struct explore_space *s = &x->in->space;
	const uint8_t *live = x->in->image.live;

	for (size_t i = 0; live && i < x->memory.pages; i++)
		x->memory.page[i].live = live[i];
	for (uint64_t i = 0; !live && i < 1u << s->root_order; i++)
		mark_live(x, s->root + (i << s->granule_lg2), s->start_level);
}

static void tables_come_and_go(struct explore *x,
			       const struct protocol_event *e)
{
	const uint64_t page_bytes = BIT(x->in->space.granule_lg2);
	const bool goes = e->kind == PROTOCOL_TABLE_FREE;

	for (uint64_t at = 0; at < e->bytes; at += page_bytes) {
		struct page *page =
			explore_memory_page(&x->memory, e->address + at);

		if (goes)
			judge_freed(x, page);
		page->live = !goes;
		explore_memory_scramble(&x->memory, page);
		holding_page_scrambled(x, page);
	}
}

static void barrier(struct explore *x, const struct protocol_event *e)
{
	const bool all = e->access == PROTOCOL_ALL;

	if (e->barrier != PROTOCOL_DSB || e->access == PROTOCOL_LOADS ||
	    e->domain == PROTOCOL_NSH)
		return;
	explore_memory_order(&x->memory, all);
	if (all)
		holding_tlbi_done(x, BROADCAST);
}

static void one_step(struct explore *x, const struct protocol_event *e)
{
	switch (e->kind) {
	case PROTOCOL_WRITE:
		explore_memory_write(&x->memory, e->address, e->now, x->step);
		holding_written(x, e->address);
		break;
	case PROTOCOL_CLEAN:
		explore_memory_clean(&x->memory, e->address, e->bytes,
				     x->in->line_bytes);
		break;
	case PROTOCOL_BARRIER:
		barrier(x, e);
		break;
	case PROTOCOL_TLBI:
		holding_tlbi(x, e);
		break;
	case PROTOCOL_IOTLB:
		/* The unit flushes the buffer before it invalidates. */
		explore_memory_drain(&x->memory);
		holding_tlbi(x, e);
		break;
	case PROTOCOL_IOTLB_WAIT:
		holding_tlbi_done(x, QUEUED);
		break;
	case PROTOCOL_WRITE_BUFFER:
		explore_memory_drain(&x->memory);
		break;
	case PROTOCOL_TABLE_ALLOC:
	case PROTOCOL_TABLE_FREE:
		tables_come_and_go(x, e);
		break;
	default:
		break;
	}
}

/* One call's steps, until something is found. */
static bool one_call(struct explore *x, size_t from)
{
	const struct explore_call *call = &x->in->call[x->call];

	if (!judge_call(x, from, call->end)) {
		x->failed = true;
		return false;
	}
	x->detached = call->detached;
	for (size_t i = from; i < call->end; i++) {
		const enum protocol_kind kind = x->in->event[i].kind;

		/* What is filled before this step is of the one before. */
		if (kind != PROTOCOL_TLBI && kind != PROTOCOL_IOTLB)
			holding_tlbi_issued(x);
		x->step++;
		one_step(x, &x->in->event[i]);
		if (x->best.found || x->failed || x->memory.failed)
			return false;
	}
	holding_tlbi_issued(x);
	if (!judge_done(x))
		x->failed = true;
	return !x->best.found && !x->failed;
}

static void explore_all(struct explore *x)
{
	size_t from = 0;

	mark_all_live(x);
	x->detached = x->in->calls != 0 && x->in->call[0].detached;
	if (!judge_call(x, 0, 0)) {
		x->failed = true;
		return;
	}
	/* Who leaves the space before the first call has run on it. */
	x->detached = false;
	holding_begin(x);
	if (x->best.found || x->failed)
		return;
	for (x->call = 0; x->call < x->in->calls; x->call++) {
		if (!one_call(x, from))
			return;
		from = x->in->call[x->call].end;
	}
}

static void explore_fini(struct explore *x)
{
	for (uint32_t n = 1; n < x->nodes; n++)
		free(x->node[n].hold);
	free(x->node);
	free(x->hold);
	free(x->fill);
	free(x->pending);
	free(x->plain);
	mapping_fini(&x->before);
	mapping_fini(&x->after);
	mapping_fini(&x->left);
	explore_memory_fini(&x->memory);
}

int explore_run(const struct explore_input *in, struct explore_result *result)
{
	struct explore x = { .in = in };
	int rc;

	*result = (struct explore_result){ .verdict = EXPLORE_GOOD };
	if (!events_fit(in))
		return ERR_RANGE;
	rc = explore_memory_init(&x.memory, &in->space, &in->image);
	if (rc)
		return rc;
	x.memory.write_buffer = in->write_buffer;
	x.plain = malloc(in->image.bytes + 8);
	if (x.plain) {
		memcpy(x.plain, in->image.word, in->image.bytes);
		explore_all(&x);
	}
	if (!x.plain || x.failed || x.memory.failed)
		rc = ERR_NOMEM;
	result->steps = x.step;
	result->holdings = x.holds ? x.holds - 1 : 0;
	result->fills = x.fills ? x.fills - 1 : 0;
	if (rc == 0 && x.best.found)
		witness_make(&x, result);
	explore_fini(&x);
	return rc;
}

void explore_result_fini(struct explore_result *result)
{
	free(result->line);
	*result = (struct explore_result){ 0 };
}
