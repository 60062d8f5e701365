/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From what the engine gathered to TLB maintenance, by policy.
 *
 *   vmid   one request for the whole VMID
 *   ipa    one request a leaf; from P2M_TLBI_LEAVES on the whole VMID
 *   range  few requests that cover each run exactly; a run above
 *          P2M_TLBI_RANGES of the largest ranges, the whole VMID
 *
 * A range is what one RIPAS2E1IS can name: (NUM + 1) * 2^(5 * SCALE + 1)
 * granules with NUM 0..31 and SCALE 0..3, DDI0487 L.b C5.5; a single granule
 * left over goes by IPA.
 *
 * Where an SMMU shares the tables it is told as well, and both have finished
 * when this returns: only then tables are freed, or made where something was
 * broken.
 *
 * Everything is `combined`: the guest runs with its stage 1 on, and what a
 * CPU holds combines both stages. When a table was dropped, walk caches are
 * meant, too, and the level of a leaf would be a wrong hint.
 */
#ifndef CORE_P2M_TLBI_H
#define CORE_P2M_TLBI_H

#include "core/p2m/p2m.h"
#include "core/pt/table.h"

/*
 * The entries of a 4K table. Where a whole table becomes a block, or gives way
 * to one, what CPUs hold of it is most of what they can hold (an L2 TLB has
 * 512 to 2048 entries): refilling that after one request costs less than as
 * many broadcasts, each of which every CPU takes note of.
 */
#define P2M_TLBI_LEAVES 512
#define P2M_TLBI_RANGES 8

#define P2M_TLBI_SCALES	 4
#define P2M_TLBI_NUM_LG2 5
/* Granules in the largest range: NUM 31, SCALE 3. */
#define P2M_TLBI_RANGE_MAX_LG2 (P2M_TLBI_NUM_LG2 * P2M_TLBI_SCALES + 1)

static inline void p2m_tlbi_vmid(struct p2m *p2m)
{
	const struct port_tlbi request = {
		.scope = PORT_TLBI_VMID,
		.vmid = p2m->config.vmid,
		.combined = true,
		.level = -1,
		.granule_lg2 = p2m->config.granule_lg2,
		.bytes = BIT(p2m->config.ipa_bits),
	};

	port_tlbi(p2m->host, &request);
	p2m->stats.tlbi_vmid++;
}

/* One request; counting it is the caller's. */
PT_INLINE void p2m_tlbi_some(struct p2m *p2m, bool tables,
			     enum port_tlbi_scope scope, unsigned int level,
			     uint64_t start, uint64_t bytes)
{
	const struct port_tlbi request = {
		.scope = scope,
		.vmid = p2m->config.vmid,
		.leaf_only = !tables,
		.combined = true,
		.level = tables ? -1 : (int8_t)level,
		.granule_lg2 = p2m->config.granule_lg2,
		.start = { start },
		.bytes = bytes,
	};

	port_tlbi(p2m->host, &request);
}

static inline void p2m_tlbi_run_by_ipa(struct p2m *p2m, bool tables,
				       const struct pt_gather_run *r)
{
	for (uint64_t i = 0; i < r->count; i++)
		p2m_tlbi_some(p2m, tables, PORT_TLBI_IPA, r->level,
			      r->start + (i << r->lsb), BIT(r->lsb));
	p2m->stats.tlbi_ipa += r->count;
}

/* From the largest scale down, so that large leaves' runs stay aligned. */
static inline void p2m_tlbi_run_by_range(struct p2m *p2m, bool tables,
					 const struct pt_gather_run *r)
{
	const unsigned int granule_lg2 = p2m->config.granule_lg2;
	uint64_t granules = r->count << (r->lsb - granule_lg2);
	uint64_t start = r->start;

	while (granules != 0) {
		enum port_tlbi_scope scope = PORT_TLBI_RANGE;
		uint64_t part = BIT(P2M_TLBI_RANGE_MAX_LG2);
		unsigned int scale = P2M_TLBI_SCALES;

		if (granules < part && granules > 1) {
			unsigned int unit_lg2;

			do {
				scale--;
				unit_lg2 = P2M_TLBI_NUM_LG2 * scale + 1;
			} while (granules < BIT(unit_lg2));
			part = align_down(granules, unit_lg2);
		} else if (granules == 1) {
			scope = PORT_TLBI_IPA;
			part = 1;
		}
		p2m_tlbi_some(p2m, tables, scope, r->level, start,
			      part << granule_lg2);
		if (scope == PORT_TLBI_IPA)
			p2m->stats.tlbi_ipa++;
		else
			p2m->stats.tlbi_range++;
		start += part << granule_lg2;
		granules -= part;
	}
}

/* True if the policy would rather drop the whole VMID. */
static inline bool p2m_tlbi_is_all(const struct p2m *p2m,
				   const struct pt_gather *g)
{
	const unsigned int most_lg2 =
		P2M_TLBI_RANGE_MAX_LG2 + p2m->config.granule_lg2;

	if (g->all || p2m->config.tlbi == P2M_TLBI_VMID)
		return true;
	if (p2m->config.tlbi == P2M_TLBI_IPA)
		return g->leaves >= P2M_TLBI_LEAVES;
	for (unsigned int i = 0; i < g->runs; i++)
		if (g->run[i].count << g->run[i].lsb > (uint64_t)P2M_TLBI_RANGES
							       << most_lg2)
			return true;
	return false;
}

/* struct pt's `invalidate`. */
static void p2m_tlbi_gathered(struct pt *pt)
{
	const struct pt_gather *g = &pt->gather;
	struct p2m *p2m = pt->owner;
	const bool all = p2m_tlbi_is_all(p2m, g);

	for (unsigned int i = 0; !all && i < g->runs; i++) {
		if (p2m->config.tlbi == P2M_TLBI_IPA)
			p2m_tlbi_run_by_ipa(p2m, g->tables, &g->run[i]);
		else
			p2m_tlbi_run_by_range(p2m, g->tables, &g->run[i]);
	}
	if (all)
		p2m_tlbi_vmid(p2m);
	if (p2m->shared.flush)
		p2m->shared.flush(p2m, g);
	pt_barrier(pt, PORT_DSB_ISH);
	if (p2m->shared.flush)
		p2m->shared.wait(p2m);
}

/*
 * For one leaf that is gone: what p2m_tlbi_gathered does for a single run by
 * `policy`, but for a block under `range`.
 */
PT_INLINE void p2m_tlbi_leaf(struct p2m *p2m, const struct pt_format *f,
			     uint64_t ia, unsigned int level,
			     enum p2m_tlbi_policy policy)
{
	if (policy == P2M_TLBI_VMID) {
		p2m_tlbi_vmid(p2m);
		return;
	}
	p2m_tlbi_some(p2m, false, PORT_TLBI_IPA, level, ia, pt_span(f, level));
	p2m->stats.tlbi_ipa++;
}

#endif
