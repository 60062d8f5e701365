/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Page-selective requests name 2^AM frames, aligned to as many. AM is at least
 * the size of the leaf that stood there: 9 for 2 MB, 18 for 1 GB. The hint IH
 * is given only if no entry that leads to a table, or led to one, changed.
 */
#include "core/iommu/flush_vtd.h"

#include "core/iommu/flush.h"

/*
 * The size of the next piece of [frame, end): as large as its alignment, what
 * is left and the hardware's mask allow.
 */
static unsigned int flush_piece(const struct iommu_domain *d, uint64_t frame,
				uint64_t end)
{
	unsigned int lg2 = ctz64(frame | BIT(d->config.mask_max_lg2));

	while (BIT(lg2) > end - frame)
		lg2--;
	return lg2;
}

/*
 * True if a request for one run covers the other as well: a leaf below a
 * superpage that was cut in the same batch.
 */
static bool flush_covers(const struct pt_gather_run *big,
			 const struct pt_gather_run *small)
{
	return big->start <= small->start && big->lsb >= small->lsb &&
	       small->start + (small->count << small->lsb) <=
		       big->start + (big->count << big->lsb);
}

static bool flush_is_covered(const struct pt_gather *g, unsigned int n)
{
	for (unsigned int i = 0; i < g->runs; i++)
		if (i != n && flush_covers(&g->run[i], &g->run[n]) &&
		    (i < n || !flush_covers(&g->run[n], &g->run[i])))
			return true;
	return false;
}

static void flush_send(struct iommu_domain *d, const struct pt_gather *g,
		       uint64_t frame, unsigned int mask_lg2)
{
	const struct port_iotlb request = {
		.scope = PORT_IOTLB_PAGES,
		.did = d->config.did,
		.leaf_only = !g->tables,
		.mask_lg2 = (uint8_t)mask_lg2,
		.level = -1,
		.granule_lg2 = FRAME_LG2,
		.start = iova_from_dfn((dfn_t){ frame }),
	};

	port_iotlb_flush(d->host, &request);
	d->stats.flush_pages++;
}

/*
 * Requests for all runs; with `send` they are sent. More than
 * IOMMU_FLUSH_REQUESTS if it cannot be done with so many.
 */
static unsigned int flush_runs(struct iommu_domain *d,
			       const struct pt_gather *g, bool send)
{
	unsigned int requests = 0;

	for (unsigned int i = 0; i < g->runs; i++) {
		const struct pt_gather_run *r = &g->run[i];
		uint64_t frame = r->start >> FRAME_LG2;
		const uint64_t end = frame + (r->count << (r->lsb - FRAME_LG2));

		if (r->lsb - FRAME_LG2 > d->config.mask_max_lg2)
			return IOMMU_FLUSH_REQUESTS + 1;
		if (flush_is_covered(g, i))
			continue;
		while (frame < end) {
			const unsigned int lg2 = flush_piece(d, frame, end);

			if (++requests > IOMMU_FLUSH_REQUESTS)
				return requests;
			if (send)
				flush_send(d, g, frame, lg2);
			frame += BIT(lg2);
		}
	}
	return requests;
}

static void flush_domain(struct iommu_domain *d)
{
	const struct port_iotlb request = {
		.scope = PORT_IOTLB_DOMAIN,
		.did = d->config.did,
		.level = -1,
		.granule_lg2 = FRAME_LG2,
	};

	port_iotlb_flush(d->host, &request);
	d->stats.flush_domain++;
}

void iommu_vtd_flush_gathered(struct pt *pt)
{
	const struct pt_gather *g = &pt->gather;
	struct iommu_domain *d = pt->owner;

	if (g->all || !d->config.page_selective ||
	    flush_runs(d, g, false) > IOMMU_FLUSH_REQUESTS)
		flush_domain(d);
	else
		(void)flush_runs(d, g, true);
	port_iotlb_wait(d->host);
	d->stats.flush_waits++;
	d->pending_calls = 0;
}
