/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time: requests enter one after the other, each is looked up, walks (and
 * fetches of STE and CD before them) run in a number of slots side by side.
 * The state of the caches is that of the request order; here alone it is seen
 * that an entry is still on its way. See README.md, "Time".
 */
#include "models/smmuv3/unit.h"

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static bool is_sooner(const struct smmu_free *a, const struct smmu_free *b)
{
	return a->at < b->at || (a->at == b->at && a->slot < b->slot);
}

/* The slot that is free first is busy until `at`: down the heap. */
static void first_busy_until(struct smmu *s, uint64_t at)
{
	const struct smmu_free it = { at, s->free[0].slot };
	uint32_t here = 0, next, count = s->config.walks;

	for (; (next = 2 * here + 1) < count; here = next) {
		if (next + 1 < count &&
		    is_sooner(&s->free[next + 1], &s->free[next]))
			next++;
		if (is_sooner(&it, &s->free[next]))
			break;
		s->free[here] = s->free[next];
	}
	s->free[here] = it;
}

/* A hit on an entry whose walk is still under way waits for it. */
uint64_t smmu_time_meet(const struct smmu *s, uint64_t address,
			const struct tlb_tag *tag, uint64_t at)
{
	for (uint32_t i = 0; i < s->config.walks; i++) {
		const struct smmu_slot *slot = &s->slot[i];

		if (slot->busy_until > at && address >= slot->first &&
		    address <= slot->last &&
		    tlb_tag_word(&slot->tag) == tlb_tag_word(tag))
			return slot->busy_until;
	}
	return at;
}

uint64_t smmu_time_walk(struct smmu *s, uint64_t address,
			const struct tlb_tag *tag,
			const struct smmu_outcome *out, uint64_t at)
{
	struct smmu_slot *slot = &s->slot[s->free[0].slot];
	uint64_t start = later(at, slot->busy_until);
	uint64_t ticks = s->config.walk_ticks;
	unsigned int lg2 =
		out->result == SMMU_TRANSLATED ? out->size_lg2 : FRAME_LG2;

	for (uint32_t i = 0; i < out->reads; i++)
		ticks += out->read[i].ticks;
	s->counters.walks.ticks += ticks;
	s->counters.walks.waited += start - at;
	*slot = (struct smmu_slot){
		.busy_until = start + ticks,
		.first = align_down(address, lg2),
		.last = align_down(address, lg2) + (BIT(lg2) - 1),
		.tag = *tag,
	};
	first_busy_until(s, slot->busy_until);
	s->walks_end = later(s->walks_end, slot->busy_until);
	return slot->busy_until;
}
