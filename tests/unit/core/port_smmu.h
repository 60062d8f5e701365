/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device of port_device.h behind an SMMUv3: it walks stage-2 tables by
 * DDI0487 L.b D8.2 and D8.3.1, and forgets what the commands of IHI0070 4.4
 * name, as exactly as they allow: by level where one is given, and no way to a
 * table where Leaf is set. Faults are not kept, nor blocks with nT. What
 * break-before-make forbids to stand side by side in a TLB (IHI0070 3.21.1)
 * is a breach when the device comes by the second. Levels are counted from the
 * pages up.
 */
#ifndef TESTS_UNIT_CORE_PORT_SMMU_H
#define TESTS_UNIT_CORE_PORT_SMMU_H

#include "tests/unit/core/port_device.h"

static inline unsigned int smmu_lsb(const struct device_host *h,
				    unsigned int level)
{
	return h->granule_lg2 + (h->granule_lg2 - 3) * (level - 1);
}

/* Bits 47:g, and with 64K bits 51:48 from 15:12. */
static inline uint64_t smmu_address(const struct device_host *h, uint64_t pte)
{
	const uint64_t low = pte & UINT64_C(0x0000ffffffffffff) &
			     ~((UINT64_C(1) << h->granule_lg2) - 1);

	return h->granule_lg2 == 16 ? low | (pte & 0xf000) << 36 : low;
}

/* Of two that were found: may both be held at once? */
static inline bool smmu_may_coexist(const struct device_host *h,
				    const struct device_held *a,
				    const struct device_held *b)
{
	const uint64_t at = a->iova > b->iova ? a->iova : b->iova;

	if (a->iova >= b->iova + b->bytes || b->iova >= a->iova + a->bytes)
		return true;
	if (a->table && b->table)
		return a->bytes != b->bytes || a->pa == b->pa;
	if (a->table || b->table) /* in one place, or one below the other */
		return a->bytes != b->bytes || h->bbm_level == 2;
	if (a->bytes != b->bytes && h->bbm_level != 2)
		return false;
	return a->attrs == b->attrs &&
	       a->pa + (at - a->iova) == b->pa + (at - b->iova);
}

static inline void smmu_hold(struct device_host *h, struct device_held what)
{
	if (h->forgetful)
		return;
	for (unsigned int i = 0; i < h->helds; i++)
		if (!smmu_may_coexist(h, &h->held[i], &what))
			device_breach(h,
				      "held beside what must be broken first");
	device_hold(h, what);
}

static inline struct device_found smmu_leaf(struct device_host *h,
					    uint64_t iova, uint64_t pte,
					    struct device_held what)
{
	const bool no_tlb = what.level > 1 && (pte & 1 << 16);
	const uint64_t nt = what.level > 1 ? UINT64_C(1) << 16 : 0;

	what.pa = smmu_address(h, pte & ~nt);
	what.access = pte >> 6 & 3;
	/* MemAttr, SH, AF, XN. */
	what.attrs = pte & (UINT64_C(0x73c) | UINT64_C(3) << 53);
	if (what.level > (h->granule_lg2 == 12 ? 3u : 2u) ||
	    (what.pa & (what.bytes - 1)))
		device_breach(h, "a block where none may be");
	if (!(pte & 1 << 10))
		device_breach(h, "an access flag that is clear");
	if (!no_tlb)
		smmu_hold(h, what);
	else if (h->bbm_level != 1)
		device_breach(h, "nT where it means nothing");
	return (struct device_found){
		true,
		(what.pa + (iova & (what.bytes - 1))) >> 12,
		what.access,
	};
}

/* A walk by the memory's version from a table of `level` on. */
static inline struct device_found smmu_walk(struct device_host *h,
					    uint64_t iova, uint64_t table,
					    unsigned int level)
{
	for (;; level--) {
		const int n = device_page_of(table);
		const unsigned int lsb = smmu_lsb(h, level);
		uint64_t index = iova >> lsb, pte;
		struct device_held what;

		memset(&what, 0, sizeof(what));
		if (n < 0 || !h->page[n].live) {
			device_breach(
				h, "a walk goes into a page that is no table");
			return (struct device_found){ 0 };
		}
		/* Root tables stand side by side. */
		if (table != h->root)
			index &= (UINT64_C(1) << (h->granule_lg2 - 3)) - 1;
		pte = h->memory[(size_t)n * 512 + index];
		what.level = level;
		what.iova = iova >> lsb << lsb;
		what.bytes = UINT64_C(1) << lsb;
		if (!(pte & 1))
			return (struct device_found){ 0 };
		if ((pte & 2) != 0 && level == 1)
			return smmu_leaf(h, iova, pte, what);
		if ((pte & 2) == 0) {
			if (level == 1)
				device_breach(h, "a reserved descriptor");
			return smmu_leaf(h, iova, pte, what);
		}
		if (pte & (UINT64_C(0xffc) | UINT64_C(15) << 59))
			device_breach(h, "odd bits in a table descriptor");
		what.table = true;
		what.level = level - 1;
		what.pa = smmu_address(h, pte);
		smmu_hold(h, what);
		table = what.pa;
	}
}

/* TTL counts as the architecture does: pages are 3. */
static inline bool smmu_drops(const struct device_host *h,
			      const struct port_iotlb *r,
			      const struct device_held *w)
{
	uint64_t bytes = 1;

	if (r->did != h->did)
		return false;
	if (r->scope == PORT_IOTLB_DOMAIN)
		return true;
	if (r->granule_lg2 != h->granule_lg2 || r->scope == PORT_IOTLB_PAGES)
		return false;
	if (r->scope == PORT_IOTLB_RANGE)
		bytes = (UINT64_C(1) + r->num) << (r->scale + r->granule_lg2);
	if (w->table && r->leaf_only)
		return false;
	if (!w->table && r->level >= 0 && r->level + (int)w->level != 4)
		return false;
	return w->iova < r->start.raw + bytes &&
	       r->start.raw < w->iova + w->bytes;
}

static inline struct device_host *smmu_new_host(uint64_t seed)
{
	struct device_host *h = device_new_host(seed);

	h->walk = smmu_walk;
	h->drops = smmu_drops;
	return h;
}

#endif
