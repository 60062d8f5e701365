/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What memory holds below the caches. RAM has one content, which is what
 * coherent observers see; a line that was written through a cache and not
 * cleaned since, an unclean one, has a second: what an observer that goes past
 * the caches reads. DDI0487 L.b B2.12 (mismatched attributes), D7.5.
 *
 * Both are kept whole: one stands in RAM, the other beside it, and they change
 * places when the observer changes (versions_show). A line stays unclean until
 * it is cleaned to the point of coherency, also if a modelled cache has long
 * evicted it, so that what a program reads does not depend on the caches'
 * sizes. An eviction may well have made such a program work; what is shown is
 * the case that it must be right in.
 *
 * Left out: clean lines that have become stale (a write past the caches under
 * a line that one of them holds), and what an instruction cache holds.
 */
#ifndef MODELS_MEMORY_VERSIONS_H
#define MODELS_MEMORY_VERSIONS_H

#include "core/base/bits.h"
#include "models/memory/ram.h"

struct versions {
	struct ram *ram;
	unsigned int line_lg2;
	uint8_t *other;	   /* by offset in RAM: an unclean line's second version */
	uint64_t *unclean; /* bit set of lines */
	uint64_t words;	   /* of it */
	uint64_t count;	   /* of unclean lines */
	bool memory_shown; /* RAM has what stands below the caches */
	/* An unclean line's content in RAM has just changed. */
	void (*changed)(void *context, pa_t line);
	void *context;
};

/* No line is unclean, and RAM has what the caches say. ERR_NOMEM if the host
 * refuses the reservation; nothing is to be freed then. */
MUST_CHECK int versions_init(struct versions *v, struct ram *ram,
			     unsigned int line_lg2);
void versions_fini(struct versions *v);

/* Keep what stands in the line at `pa`. */
void versions_keep(struct versions *v, pa_t pa);

static inline bool versions_is_unclean(const struct versions *v, pa_t pa)
{
	uint64_t line = (pa.raw - v->ram->base.raw) >> v->line_lg2;

	return v->unclean[line / 64] >> line % 64 & 1;
}

/* The line at `pa`, inside RAM, is about to be written through a cache. */
static inline void versions_before_write(struct versions *v, pa_t pa)
{
	if (__builtin_expect(!versions_is_unclean(v, pa), 0))
		versions_keep(v, pa);
}

/* The lines of [pa, pa + bytes) have been cleaned to the point of coherency:
 * memory has what the caches had. Lines outside RAM are passed over. */
void versions_clean(struct versions *v, pa_t pa, uint64_t bytes);

/* From now on RAM shows what stands below the caches (`memory`) or what they
 * have. Returns how many lines changed places. */
uint64_t versions_show(struct versions *v, bool memory);

#endif
