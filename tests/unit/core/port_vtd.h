/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device of port_device.h behind a VT-d unit: it walks second-stage tables
 * by VT-d 4.1 §3.7 and §9.8, and forgets what §6.5.1 says. Levels are counted
 * as there, from the pages up.
 */
#ifndef TESTS_UNIT_CORE_PORT_VTD_H
#define TESTS_UNIT_CORE_PORT_VTD_H

#include "tests/unit/core/port_device.h"

static inline unsigned int vtd_lsb(unsigned int level)
{
	return 12 + 9 * (level - 1);
}

/* A walk by the memory's version from a table of `level` on. */
static inline struct device_found vtd_walk(struct device_host *h, uint64_t iova,
					uint64_t table, unsigned int level)
{
	for (;; level--) {
		const int n = device_page_of(table);
		const unsigned int lsb = vtd_lsb(level);
		struct device_held what;
		uint64_t pte;

		memset(&what, 0, sizeof(what));
		if (n < 0 || !h->page[n].live) {
			device_breach(h, "a walk goes into a page that is no table");
			return (struct device_found){ 0 };
		}
		pte = h->memory[(size_t)n * 512 + (iova >> lsb & 511)];
		what.level = level;
		what.iova = iova >> lsb << lsb;
		what.bytes = UINT64_C(1) << lsb;
		what.access = pte & 3;
		what.pa = pte & UINT64_C(0x000ffffffffff000);
		if ((pte & 3) == 0) {
			what.hole = true;
			what.pa = 0;
			if (h->caching_mode)
				device_hold(h, what);
			return (struct device_found){ 0 };
		}
		if (level > 1 && !(pte & 0x80)) {
			if (pte & UINT64_C(0x7f0) || (pte & 3) != 3)
				device_breach(h, "odd bits in a table entry");
			what.table = true;
			what.level = level - 1;
			device_hold(h, what);
			table = what.pa;
			continue;
		}
		if (level > 3 || (what.pa & (what.bytes - 1)))
			device_breach(h, "a superpage where none may be");
		device_hold(h, what);
		return (struct device_found){
			true, (what.pa + (iova & (what.bytes - 1))) >> 12,
			what.access,
		};
	}
}

/*
 * Does a request drop it? Translations that it touches; ways to tables it
 * touches, unless the hint says that none changed. A superpage goes only with
 * a mask of its size (§6.5.1.2).
 */
static inline bool vtd_drops(const struct device_host *h,
			     const struct port_iotlb *r,
			     const struct device_held *w)
{
	const uint64_t bytes = UINT64_C(4096) << r->mask_lg2;

	if (r->did != h->did)
		return false;
	if (r->scope == PORT_IOTLB_DOMAIN)
		return true;
	if ((w->table || w->hole) && r->leaf_only)
		return false;
	if (!w->table && !w->hole && w->bytes > bytes)
		return false;
	return w->iova < r->start.raw + bytes &&
	       r->start.raw < w->iova + w->bytes;
}

static inline struct device_host *vtd_new_host(uint64_t seed)
{
	struct device_host *h = device_new_host(seed);

	h->walk = vtd_walk;
	h->drops = vtd_drops;
	return h;
}

#endif
