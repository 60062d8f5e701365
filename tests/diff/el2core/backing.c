/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which machine frame backs each guest page. The same frames in the same order
 * as p2msim gives with the same `guest.backing` and seed, so that both find
 * the same blocks: the definition is "Backing" in models/README.md.
 */
#include "host.h"
#include "layout.h"
#include "models/replacement.h"

#define REGION_FRAMES 512 /* 2 MiB */

/* As model_random_seed: one step of splitmix64. */
static struct model_random seeded(uint64_t seed)
{
	uint64_t x = seed + UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	x ^= x >> 31;
	return (struct model_random){ x ? x : 1 };
}

static void permute(struct model_random *random, uint32_t *frame,
		    uint64_t count)
{
	for (uint64_t i = count; i > 1; i--) {
		const uint64_t j = model_random_next(random) % i;
		const uint32_t t = frame[i - 1];

		frame[i - 1] = frame[j];
		frame[j] = t;
	}
}

/* `percent` of the regions, drawn, are permuted inside themselves. The notes
 * serve as the list of regions to draw from; they are cleared afterwards. */
static void permute_regions(struct host *h, struct model_random *random)
{
	const uint64_t regions =
		(h->ram_frames + REGION_FRAMES - 1) / REGION_FRAMES;
	const uint64_t chosen =
		(regions * h->options.fragmented_percent + 50) / 100;
	uint32_t *order = (uint32_t *)(uintptr_t)NOTES_PA;

	for (uint64_t i = 0; i < regions; i++)
		order[i] = (uint32_t)i;
	permute(random, order, regions);
	for (uint64_t i = 0; i < chosen; i++) {
		const uint64_t first = (uint64_t)order[i] * REGION_FRAMES;
		const uint64_t left = h->ram_frames - first;

		permute(random, h->frame + first,
			left < REGION_FRAMES ? left : REGION_FRAMES);
	}
}

void backing_init(struct host *h)
{
	struct model_random random =
		seeded(h->options.seed ^ UINT64_C(0x6261636b696e67));

	h->ram_first = GUEST_RAM_IPA >> FRAME_LG2;
	h->ram_frames = h->options.ram_mib << (20 - FRAME_LG2);
	h->frame = (uint32_t *)(uintptr_t)BACKING_PA;
	h->note = (uint8_t *)(uintptr_t)NOTES_PA;
	for (uint64_t i = 0; i < h->ram_frames; i++)
		h->frame[i] = (uint32_t)i;
	if (h->options.backing == BACKING_FRAGMENTED)
		permute_regions(h, &random);
	else if (h->options.backing == BACKING_RANDOM)
		permute(&random, h->frame, h->ram_frames);
	for (uint64_t i = 0; i < h->ram_frames; i++)
		h->note[i] = 0;
}

mfn_t backing_frame(const struct host *h, uint64_t gfn)
{
	return (mfn_t){ (GUEST_PA >> FRAME_LG2) +
			h->frame[gfn - h->ram_first] };
}

uint8_t *ram_at(const struct host *h, uint64_t ipa)
{
	const uint64_t gfn = ipa >> FRAME_LG2;

	if (!ram_has(h, gfn))
		return NULL;
	return (uint8_t *)(uintptr_t)(pa_from_mfn(backing_frame(h, gfn)).raw +
				      (ipa & (FRAME_BYTES - 1)));
}
