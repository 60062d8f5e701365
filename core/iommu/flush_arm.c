/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A request by IPA names one leaf, and at the same time the way to it through
 * walk caches; with IDR3.RIL one names (NUM + 1) * 2^SCALE granules with NUM
 * 0 to 31. The level of the leaves is given as a hint, unless a table was
 * dropped: then what is cached may be of any level.
 */
#include "core/iommu/flush_arm.h"

#include "core/base/bits.h"
#include "core/iommu/flush.h"

#define ARM_NUM_LG2 5

/* Granules in the next range of a run that has so many left: the highest five
 * bits of their number, so that a run takes few. */
static uint64_t range_piece(uint64_t granules, uint8_t *num, uint8_t *scale)
{
	const unsigned int bits = 64u - (unsigned int)__builtin_clzll(granules);

	*scale = bits > ARM_NUM_LG2 ? (uint8_t)(bits - ARM_NUM_LG2) : 0;
	*num = (uint8_t)((granules >> *scale) - 1);
	return (granules >> *scale) << *scale;
}

static void send(const struct iommu_arm_flush *how, bool tables,
		 unsigned int level, struct port_iotlb request)
{
	request.did = how->vmid;
	request.leaf_only = !tables;
	request.combined = how->combined;
	request.level = tables ? -1 : (int8_t)level;
	request.granule_lg2 = how->granule_lg2;
	port_iotlb_flush(how->host, &request);
}

/* Requests for a run; sent if `sends`. Counts no further than `most`. */
static uint64_t flush_run_by_range(const struct iommu_arm_flush *how,
				   bool tables, const struct pt_gather_run *r,
				   uint64_t most, bool sends)
{
	uint64_t granules = r->count << (r->lsb - how->granule_lg2);
	uint64_t start = r->start, requests = 0;

	while (granules != 0 && requests < most) {
		struct port_iotlb request = { .scope = PORT_IOTLB_RANGE,
					      .start = { start } };
		const uint64_t part =
			range_piece(granules, &request.num, &request.scale);

		/* One granule alone is no range: num and scale zero. */
		if (part == 1)
			request.scope = PORT_IOTLB_IPA;
		if (sends)
			send(how, tables, r->level, request);
		requests++;
		start += part << how->granule_lg2;
		granules -= part;
	}
	return requests;
}

static uint64_t flush_run_by_ipa(const struct iommu_arm_flush *how, bool tables,
				 const struct pt_gather_run *r, uint64_t most,
				 bool sends)
{
	const uint64_t count = r->count < most ? r->count : most;

	for (uint64_t i = 0; sends && i < count; i++)
		send(how, tables, r->level,
		     (struct port_iotlb){
			     .scope = PORT_IOTLB_IPA,
			     .start = { r->start + (i << r->lsb) } });
	return count;
}

/* Requests for all runs, at most one more than is reasonable. */
static uint64_t flush_runs(const struct iommu_arm_flush *how,
			   const struct pt_gather *g, bool sends)
{
	const uint64_t most = IOMMU_FLUSH_REQUESTS + 1;
	uint64_t requests = 0;

	for (unsigned int i = 0; i < g->runs && requests < most; i++)
		requests +=
			how->range && g->run[i].count > 1
				? flush_run_by_range(how, g->tables, &g->run[i],
						     most - requests, sends)
				: flush_run_by_ipa(how, g->tables, &g->run[i],
						   most - requests, sends);
	return requests;
}

bool iommu_arm_flush_gathered(const struct iommu_arm_flush *how,
			      const struct pt_gather *g, uint64_t *requests)
{
	if (how->by_ipa && !g->all &&
	    flush_runs(how, g, false) <= IOMMU_FLUSH_REQUESTS) {
		*requests += flush_runs(how, g, true);
		return false;
	}
	port_iotlb_flush(how->host, &(struct port_iotlb){
					    .scope = PORT_IOTLB_DOMAIN,
					    .did = how->vmid,
					    .combined = how->combined,
					    .level = -1,
					    .granule_lg2 = how->granule_lg2 });
	return true;
}
