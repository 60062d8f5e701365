/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time: requests enter one after the other, each is looked up, walks run in a
 * number of slots side by side. The state of the caches is that of the request
 * order; here alone it is seen that an entry is still on its way.
 */
#include "models/vtd/time.h"

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static struct vtd_slot *first_free(struct vtd *v)
{
	struct vtd_slot *best = &v->slot[0];

	for (uint32_t i = 1; i < v->config.walks; i++)
		if (v->slot[i].busy_until < best->busy_until)
			best = &v->slot[i];
	return best;
}

static uint64_t reads_of(const struct vtd_outcome *out)
{
	uint64_t ticks = out->update_ticks;

	for (uint32_t i = 0; i < out->reads; i++)
		ticks += out->read[i].ticks;
	return ticks;
}

/* A hit on an entry whose walk is still under way waits for it. */
static uint64_t met(const struct vtd *v, const struct vtd_walk *w, uint64_t at)
{
	if (at >= v->walks_end)
		return at;
	for (uint32_t i = 0; i < v->config.walks; i++) {
		const struct vtd_slot *s = &v->slot[i];

		if (s->done > at && s->did == w->did &&
		    s->pasid == w->pasid && w->request->iova >= s->first &&
		    w->request->iova <= s->last)
			return s->done;
	}
	return at;
}

static uint64_t walk_time(struct vtd *v, const struct vtd_walk *w,
			  struct vtd_outcome *out, uint64_t at)
{
	struct vtd_slot *slot = first_free(v);
	uint64_t start = later(at, slot->busy_until);
	uint64_t ticks = v->config.walk_ticks + reads_of(out);
	unsigned int lg2 = out->page_lg2 ? out->page_lg2 : 12;

	v->counters.walks.ticks += ticks;
	v->counters.walks.waited += start - at;
	*slot = (struct vtd_slot){
		.done = start + ticks,
		.busy_until = start + ticks + v->config.turnaround_ticks,
		.first = align_down(w->request->iova, lg2),
		.last = align_down(w->request->iova, lg2) + (BIT(lg2) - 1),
		.pasid = w->pasid,
		.did = w->did,
	};
	v->walks_end = later(v->walks_end, slot->done);
	return slot->done;
}

void vtd_time(struct vtd *v, const struct vtd_walk *w, struct vtd_outcome *out)
{
	uint64_t enter = later(w->request->now, v->port_free);
	uint64_t at = enter + v->config.lookup_ticks;

	v->port_free = enter + v->config.issue_ticks;
	out->done = out->reads ? walk_time(v, w, out, at) : met(v, w, at);
}
