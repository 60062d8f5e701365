/* SPDX-License-Identifier: BSD-2-Clause */
/* See flush.h. */
#include "core/iommu/flush.h"

#include "core/base/bits.h"

/*
 * Does a mapping meet [from, to)? Where tables fell empty, a walk that still
 * knows the way to one finds holes in all that it covered.
 */
static bool flush_meets(const struct pt_gather *g, uint64_t from, uint64_t to,
			uint64_t start, uint64_t end)
{
	from = align_down(from, g->way_lsb);
	to = align_down(to + BIT(g->way_lsb) - 1, g->way_lsb);
	return start < to && from < end;
}

bool iommu_flush_meets(const struct iommu_domain *d, uint64_t start,
		       uint64_t bytes)
{
	const struct pt_gather *g = &d->pending;
	const uint64_t end = start + bytes;

	if (d->pending_calls == 0)
		return false;
	if (g->all)
		return flush_meets(g, d->pending_start, d->pending_end, start,
				   end);
	for (unsigned int i = 0; i < g->runs; i++)
		if (flush_meets(g, g->run[i].start,
				g->run[i].start +
					(g->run[i].count << g->run[i].lsb),
				start, end))
			return true;
	return false;
}
