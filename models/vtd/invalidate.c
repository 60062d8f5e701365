/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What each invalidation drops. VT-d 4.1 §6.5.1 (registers), §6.5.2 (queue),
 * §6.2.5 (what depends on what). An entry of a superpage goes only if the
 * range asked for holds all of it: AM of at least 9 for 2 MiB, 18 for 1 GiB.
 */
#include "models/vtd/unit.h"

void vtd_flush_buffers(struct vtd *v)
{
	if (!v->config.write_buffer_flush)
		return;
	v->counters.write_buffer_flushes++;
	if (v->ops->flush_write_buffer)
		v->ops->flush_write_buffer(v->context);
}

static uint64_t sum(struct vtd *v, uint64_t dropped)
{
	v->counters.invalidations.dropped += dropped;
	return dropped;
}

static uint64_t drop_walks(struct vtd *v, const struct tlb_match *match)
{
	return walk_cache_invalidate(v->second, match) +
	       walk_cache_invalidate(v->first, match);
}

uint64_t vtd_context_invalidate(struct vtd *v, enum vtd_granularity g,
				uint16_t did, uint16_t sid, unsigned int fm)
{
	/* Function bits that do not matter: none, 2, 2:1, all. */
	static const uint16_t masks[4] = { 0, 4, 6, 7 };
	struct tlb_match match = { 0 };
	uint64_t dropped = 0;

	did &= vtd_did_mask(v);
	vtd_flush_buffers(v);
	v->counters.invalidations.context++;
	/* Entries of scalable mode have no domain: all go. */
	if (g == VTD_GLOBAL || (g == VTD_DOMAIN && v->ttm != VTD_TTM_LEGACY))
		return sum(v, tlb_invalidate(v->contexts, &match));
	if (v->ttm == VTD_TTM_LEGACY) {
		match.attrs_mask = UINT16_MAX;
		match.attrs = did;
	}
	if (g == VTD_DOMAIN)
		return sum(v, tlb_invalidate(v->contexts, &match));
	match.by_range = true;
	for (uint16_t f = 0; f < 8; f++) {
		if ((f ^ sid) & 7 & ~masks[fm & 3])
			continue;
		match.first = match.last =
			vtd_context_key((uint16_t)((sid & ~7) | f));
		dropped += tlb_invalidate(v->contexts, &match);
	}
	return sum(v, dropped);
}

/* The addresses of an IVA value. */
static void range_of(uint64_t iva, struct tlb_match *match)
{
	unsigned int lg2 = 12 + (unsigned int)FIELD_GET(VTD_IVA_AM, iva);

	match->by_range = true;
	match->first = lg2 < 64 ? align_down(vtd_address(iva), lg2) : 0;
	match->last = lg2 < 64 ? match->first + (BIT(lg2) - 1) : UINT64_MAX;
	match->largest_lg2 = (uint8_t)lg2;
}

/* All of a domain's entries of one kind. */
static uint64_t drop_kind(struct vtd *v, uint16_t did, enum vtd_kind kind)
{
	const struct tlb_match match = {
		.by_vmid = true,
		.vmid = did,
		.attrs_mask = FIELD_MASK(VTD_TE_KIND),
		.attrs = FIELD_PREP(VTD_TE_KIND, kind),
	};

	return tlb_invalidate(v->iotlb, &match);
}

/* Page-selective, of a domain: second-stage entries in the range, and all that
 * a first stage has a part in, whose addresses are not these, the hint or
 * not. VT-d 4.1 §6.5.2.3 */
static uint64_t drop_pages(struct vtd *v, uint16_t did, uint64_t iva)
{
	struct tlb_match match = { .by_vmid = true, .vmid = did };
	uint64_t dropped = drop_kind(v, did, VTD_KIND_FIRST) +
			   drop_kind(v, did, VTD_KIND_NESTED) +
			   walk_cache_invalidate(v->first, &match);

	match.attrs_mask = FIELD_MASK(VTD_TE_KIND);
	match.attrs = FIELD_PREP(VTD_TE_KIND, VTD_KIND_SECOND);
	range_of(iva & MASK(0, v->config.mgaw_bits), &match);
	dropped += tlb_invalidate(v->iotlb, &match);
	if (FIELD_GET(VTD_IVA_IH, iva)) {
		v->counters.invalidations.hinted++;
		return dropped;
	}
	match.attrs_mask = match.attrs = 0;
	match.largest_lg2 = 0;
	return dropped + walk_cache_invalidate(v->second, &match);
}

uint64_t vtd_iotlb_invalidate(struct vtd *v, enum vtd_granularity g,
			      uint16_t did, uint64_t iva)
{
	struct tlb_match match = { .by_vmid = g != VTD_GLOBAL };

	match.vmid = did &= vtd_did_mask(v);
	vtd_flush_buffers(v);
	switch (g) {
	case VTD_GLOBAL:
		v->counters.invalidations.iotlb_global++;
		break;
	case VTD_DOMAIN:
		v->counters.invalidations.iotlb_domain++;
		break;
	default:
		v->counters.invalidations.iotlb_page++;
		/* Without PSI the whole domain goes. */
		if (v->config.page_selective)
			return sum(v, drop_pages(v, did, iva));
	}
	return sum(v, tlb_invalidate(v->iotlb, &match) + drop_walks(v, &match));
}

uint64_t vtd_pasid_invalidate(struct vtd *v, enum vtd_pasid_granularity g,
			      uint16_t did, uint32_t pasid)
{
	struct tlb_match match = { 0 };

	did &= vtd_did_mask(v);
	v->counters.invalidations.pasid++;
	if (g != VTD_PASID_GLOBAL) {
		match.attrs_mask = UINT16_MAX;
		match.attrs = did;
	}
	if (g == VTD_PASID_ONE) {
		match.by_asid = match.by_regime = true;
		match.asid = (uint16_t)pasid;
		match.regime = (uint8_t)(pasid >> 16);
	}
	return sum(v, tlb_invalidate(v->pasids, &match));
}

/* First-stage or nested entries of one PASID. */
static uint64_t drop_pasid(struct vtd *v, enum vtd_kind kind, bool page,
			   uint16_t did, uint32_t pasid, uint64_t iva)
{
	struct tlb_match match = {
		.by_vmid = true,
		.vmid = did,
		.by_asid = true,
		.asid = (uint16_t)pasid,
		.by_regime = true,
		.regime = vtd_regime(kind, pasid),
	};
	uint64_t dropped;

	if (page)
		range_of(iva, &match);
	dropped = tlb_invalidate(v->iotlb, &match);
	if (page && FIELD_GET(VTD_IVA_IH, iva))
		return dropped;
	match.largest_lg2 = 0;
	return dropped + walk_cache_invalidate(v->first, &match);
}

uint64_t vtd_iotlb_invalidate_pasid(struct vtd *v, bool page, uint16_t did,
				    uint32_t pasid, uint64_t iva)
{
	struct vtd_invalidations *n = &v->counters.invalidations;
	uint64_t dropped;

	did &= vtd_did_mask(v);
	vtd_flush_buffers(v);
	n->iotlb_pasid += !page;
	n->iotlb_pasid_page += page;
	n->hinted += page && FIELD_GET(VTD_IVA_IH, iva);
	dropped = drop_pasid(v, VTD_KIND_FIRST, page, did, pasid, iva) +
		  drop_pasid(v, VTD_KIND_NESTED, page, did, pasid, iva);
	/* The second stage's are not known by PASID here: all go. */
	if (!page)
		dropped += drop_kind(v, did, VTD_KIND_SECOND);
	return sum(v, dropped);
}

/* Requests already in flight are over before the invalidation is. */
void vtd_drain(struct vtd *v)
{
	v->counters.invalidations.drains++;
	if (v->invalidated_at < v->walks_end)
		v->invalidated_at = v->walks_end;
}
