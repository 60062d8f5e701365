/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Domains of VT-d: second-stage tables of three to five levels. VT-d 4.1 §3.7,
 * §6.5, §6.8. Each function does what the call of domain.h does, for arguments
 * that domain.c has judged; inline there, for a device's driver maps and
 * unmaps with each packet.
 */
#ifndef CORE_IOMMU_VTD_H
#define CORE_IOMMU_VTD_H

#include "core/format/vtd_ss.h"
#include "core/iommu/flush_vtd.h"
#include "core/iommu/space.h"

#define VTD_FORMAT     (&pt_format_vtd_ss)
#define VTD_LEVELS_MIN 3
#define VTD_LEVELS_MAX 5
#define VTD_MASK_MAX   52 /* frames: AM has six bits, this is plenty */

_Static_assert((int)IOMMU_ACCESS_R == (int)FIELD_MASK(VTD_SS_R) &&
		       (int)IOMMU_ACCESS_W == (int)FIELD_MASK(VTD_SS_W),
	       "access and the descriptor's permissions agree");

/* Of this file, so that its address needs no table of the loader's. */
static void vtd_invalidate(struct pt *pt)
{
	iommu_vtd_flush_gathered(pt);
}

MUST_CHECK PT_INLINE int iommu_vtd_map(struct iommu_domain *d, dfn_t dfn,
				       mfn_t mfn, uint64_t frames,
				       unsigned int access, uint64_t *done)
{
	struct pt_mapping m = { .level = -1 };

	m.ia = iova_from_dfn(dfn).raw;
	m.pa = pa_from_mfn(mfn);
	m.bytes = frames << FRAME_LG2;
	m.attrs = access | FIELD_PREP(VTD_SS_SNP, d->config.snoop);
	return iommu_space_map(d, VTD_FORMAT, vtd_invalidate, m, done);
}

MUST_CHECK PT_INLINE int iommu_vtd_unmap(struct iommu_domain *d, dfn_t dfn,
					 uint64_t frames, uint64_t *done)
{
	return iommu_space_change(d, VTD_FORMAT, vtd_invalidate, dfn, frames,
				  pt_change_to_hole, 0, done);
}

static uint64_t vtd_change_access(uint64_t pte, uint64_t access)
{
	return (pte & ~VTD_SS_PRESENT) | access;
}

MUST_CHECK PT_INLINE int iommu_vtd_protect(struct iommu_domain *d, dfn_t dfn,
					   uint64_t frames, unsigned int access,
					   uint64_t *done)
{
	return iommu_space_change(d, VTD_FORMAT, vtd_invalidate, dfn, frames,
				  vtd_change_access, access, done);
}

PT_INLINE void iommu_vtd_lookup(struct iommu_domain *d, dfn_t dfn,
				struct iommu_entry *entry)
{
	entry->access =
		(unsigned int)(iommu_space_lookup(d, VTD_FORMAT, dfn, entry) &
			       VTD_SS_PRESENT);
}

PT_INLINE void iommu_vtd_tick(struct iommu_domain *d)
{
	iommu_space_tick(d, VTD_FORMAT, vtd_invalidate);
}

PT_INLINE void iommu_vtd_flush(struct iommu_domain *d)
{
	iommu_space_flush(d, VTD_FORMAT, vtd_invalidate);
}

/* ---- the domain itself */

/* Of the hardware: what may be, and what may stand beside what. */
static int vtd_check(const struct iommu_domain_config *c)
{
	if (c->levels < VTD_LEVELS_MIN || c->levels > VTD_LEVELS_MAX ||
	    c->output_bits > VTD_FORMAT->oa_bits || c->output_bits <= FRAME_LG2)
		return ERR_INVAL;
	if (c->iova_bits != 0 && (c->iova_bits <= FRAME_LG2 ||
				  c->iova_bits > FRAME_LG2 + 9 * c->levels))
		return ERR_INVAL;
	if ((c->superpage_1g && !c->superpage_2m) ||
	    c->mask_max_lg2 > VTD_MASK_MAX)
		return ERR_INVAL;
	if (c->range || c->nested || c->bbm_level != 0)
		return ERR_INVAL;
	return 0;
}

static uint8_t vtd_leaf_level(const struct iommu_domain_config *c,
			      uint8_t start_level)
{
	const uint8_t largest = c->superpage_1g	  ? VTD_SS_LEVEL_1G
				: c->superpage_2m ? VTD_SS_LEVEL_2M
						  : VTD_SS_LEVEL_4K;

	return largest > start_level ? largest : start_level;
}

MUST_CHECK static int iommu_vtd_configure(struct iommu_domain *d)
{
	const struct iommu_domain_config *c = &d->config;
	const unsigned int bits =
		c->iova_bits ? c->iova_bits : FRAME_LG2 + 9u * c->levels;
	int rc = vtd_check(c);

	if (rc)
		return rc;
	d->start_level = vtd_ss_start(c->levels);
	d->leaf_level = vtd_leaf_level(c, d->start_level);
	d->frames = BIT(bits - FRAME_LG2);
	d->outputs = BIT(c->output_bits - FRAME_LG2);
	return 0;
}

MUST_CHECK PT_INLINE int iommu_vtd_make(struct iommu_domain *d)
{
	return iommu_space_make(d, VTD_FORMAT, vtd_invalidate);
}

MUST_CHECK PT_INLINE int iommu_vtd_end(struct iommu_domain *d)
{
	return iommu_space_end(d, VTD_FORMAT, vtd_invalidate);
}

#endif
