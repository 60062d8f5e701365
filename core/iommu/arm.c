/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Domains of an SMMUv3: Arm stage-2 tables with each granule. IHI0070 3.3,
 * 3.21.1 (break-before-make levels), 5.2 (STE); DDI0487 L.b D8.
 *
 * Leaves are write-back and inner shareable, as the CPUs' own mappings of RAM
 * are, and never executable. Left out: see core/iommu/README.md.
 */
#include "core/iommu/arm.h"

#include "core/format/arm_s2_vtcr.h"
#include "core/iommu/flush_arm.h"
#include "core/iommu/space.h"
#include "core/iommu/ste.h"

#define ARM_IOVA_MIN 25 /* S2T0SZ at most 39, without IDR3.STT */
#define ARM_IOVA_MAX 48
#define ARM_LPA_BITS 52 /* with 64K and IDR5.OAS as large */
#define ARM_TYPE     1	/* of software: a frame of the domain */

#define ARM_ACCESS FIELD_MASK(ARM_S2_S2AP)
_Static_assert((int)IOMMU_ACCESS_R == (int)ARM_S2_S2AP_R &&
		       (int)IOMMU_ACCESS_W == (int)ARM_S2_S2AP_W,
	       "access and S2AP agree");

#define ARM_ATTRS                                                 \
	(FIELD_PREP(ARM_S2_VALID, 1) | FIELD_PREP(ARM_S2_AF, 1) | \
	 FIELD_PREP(ARM_S2_MEMATTR, ARM_S2_MEMATTR_NORMAL_WB) |   \
	 FIELD_PREP(ARM_S2_SH, ARM_S2_SH_INNER) |                 \
	 FIELD_PREP(ARM_S2_XN, ARM_S2_XN_NONE) |                  \
	 FIELD_PREP(ARM_S2_TYPE, ARM_TYPE))

static const struct pt_format *arm_format(const struct iommu_domain *d)
{
	switch (d->config.format) {
	case IOMMU_ARM_S2_16K:
		return &pt_format_arm_s2_16k;
	case IOMMU_ARM_S2_64K:
		return &pt_format_arm_s2_64k;
	default:
		return &pt_format_arm_s2_4k;
	}
}

/* ---- invalidation */

static void arm_invalidate(struct pt *pt)
{
	struct iommu_domain *d = pt->owner;
	const struct iommu_arm_flush how = {
		.host = d->host,
		.vmid = d->config.did,
		.granule_lg2 = arm_format(d)->granule_lg2,
		.by_ipa = d->config.page_selective,
		.range = d->config.range,
		.combined = d->config.nested,
	};

	if (iommu_arm_flush_gathered(&how, &pt->gather, &d->stats.flush_pages))
		d->stats.flush_domain++;
	port_iotlb_wait(d->host);
	d->stats.flush_waits++;
	d->pending_calls = 0;
}

/* ---- requests: each compiled once for each granule */

#define ARM_GRANULE static __attribute__((noinline))

ARM_GRANULE int arm_map_4k(struct iommu_domain *d, const struct pt_mapping *m,
			   uint64_t *done)
{
	return iommu_space_map(d, &pt_format_arm_s2_4k, arm_invalidate, *m,
			       done);
}

ARM_GRANULE int arm_map_16k(struct iommu_domain *d, const struct pt_mapping *m,
			    uint64_t *done)
{
	return iommu_space_map(d, &pt_format_arm_s2_16k, arm_invalidate, *m,
			       done);
}

ARM_GRANULE int arm_map_64k(struct iommu_domain *d, const struct pt_mapping *m,
			    uint64_t *done)
{
	return iommu_space_map(d, &pt_format_arm_s2_64k, arm_invalidate, *m,
			       done);
}

static bool arm_is_aligned(const struct iommu_domain *d, uint64_t frames)
{
	return is_aligned(frames, arm_format(d)->granule_lg2 - FRAME_LG2);
}

int iommu_arm_map(struct iommu_domain *d, dfn_t dfn, mfn_t mfn, uint64_t frames,
		  unsigned int access, uint64_t *done)
{
	const struct pt_mapping m = {
		.ia = iova_from_dfn(dfn).raw,
		.pa = pa_from_mfn(mfn),
		.bytes = frames << FRAME_LG2,
		.attrs = ARM_ATTRS | FIELD_PREP(ARM_S2_S2AP, access),
		.level = -1,
	};

	if (!arm_is_aligned(d, dfn.raw | mfn.raw | frames))
		return ERR_ALIGN;
	switch (d->config.format) {
	case IOMMU_ARM_S2_16K:
		return arm_map_16k(d, &m, done);
	case IOMMU_ARM_S2_64K:
		return arm_map_64k(d, &m, done);
	default:
		return arm_map_4k(d, &m, done);
	}
}

static uint64_t arm_change_access(uint64_t pte, uint64_t access)
{
	return (pte & ~ARM_ACCESS) | FIELD_PREP(ARM_S2_S2AP, access);
}

/* Access 0: unmap. */
MUST_CHECK PT_INLINE int arm_change(struct iommu_domain *d,
				    const struct pt_format *f, dfn_t dfn,
				    uint64_t frames, unsigned int access,
				    uint64_t *done)
{
	if (access == 0)
		return iommu_space_change(d, f, arm_invalidate, dfn, frames,
					  pt_change_to_hole, 0, done);
	return iommu_space_change(d, f, arm_invalidate, dfn, frames,
				  arm_change_access, access, done);
}

ARM_GRANULE int arm_change_4k(struct iommu_domain *d, dfn_t dfn,
			      uint64_t frames, unsigned int access,
			      uint64_t *done)
{
	return arm_change(d, &pt_format_arm_s2_4k, dfn, frames, access, done);
}

ARM_GRANULE int arm_change_16k(struct iommu_domain *d, dfn_t dfn,
			       uint64_t frames, unsigned int access,
			       uint64_t *done)
{
	return arm_change(d, &pt_format_arm_s2_16k, dfn, frames, access, done);
}

ARM_GRANULE int arm_change_64k(struct iommu_domain *d, dfn_t dfn,
			       uint64_t frames, unsigned int access,
			       uint64_t *done)
{
	return arm_change(d, &pt_format_arm_s2_64k, dfn, frames, access, done);
}

int iommu_arm_protect(struct iommu_domain *d, dfn_t dfn, uint64_t frames,
		      unsigned int access, uint64_t *done)
{
	if (!arm_is_aligned(d, dfn.raw | frames))
		return ERR_ALIGN;
	switch (d->config.format) {
	case IOMMU_ARM_S2_16K:
		return arm_change_16k(d, dfn, frames, access, done);
	case IOMMU_ARM_S2_64K:
		return arm_change_64k(d, dfn, frames, access, done);
	default:
		return arm_change_4k(d, dfn, frames, access, done);
	}
}

int iommu_arm_unmap(struct iommu_domain *d, dfn_t dfn, uint64_t frames,
		    uint64_t *done)
{
	return iommu_arm_protect(d, dfn, frames, 0, done);
}

void iommu_arm_lookup(struct iommu_domain *d, dfn_t dfn,
		      struct iommu_entry *entry)
{
	const uint64_t pte = iommu_space_lookup(d, arm_format(d), dfn, entry);

	entry->access = (unsigned int)FIELD_GET(ARM_S2_S2AP, pte);
}

void iommu_arm_tick(struct iommu_domain *d)
{
	iommu_space_tick(d, arm_format(d), arm_invalidate);
}

void iommu_arm_flush(struct iommu_domain *d)
{
	iommu_space_flush(d, arm_format(d), arm_invalidate);
}

/* ---- the domain itself */

static unsigned int arm_iova_bits(const struct iommu_domain_config *c)
{
	return c->iova_bits != 0 ? c->iova_bits : ARM_IOVA_MAX;
}

/* Of the hardware: what may be, and what may stand beside what. */
static int arm_check(const struct iommu_domain_config *c,
		     const struct pt_format *f)
{
	const unsigned int bits = arm_iova_bits(c);
	const bool large = c->output_bits == ARM_LPA_BITS;

	if (c->output_bits > f->oa_bits || c->output_bits <= f->granule_lg2)
		return ERR_INVAL;
	if (bits < ARM_IOVA_MIN || bits > (large ? ARM_LPA_BITS : ARM_IOVA_MAX))
		return ERR_INVAL;
	if (c->levels != 0 &&
	    (c->levels < 2 || c->levels > f->last - f->first + 1u))
		return ERR_INVAL;
	if (c->superpage_1g && !c->superpage_2m)
		return ERR_INVAL;
	if (c->snoop || c->write_buffer || c->caching_mode ||
	    c->mask_max_lg2 != 0 || c->bbm_level > 2 ||
	    (c->range && !c->page_selective))
		return ERR_INVAL;
	return 0;
}

int iommu_arm_configure(struct iommu_domain *d)
{
	const struct iommu_domain_config *c = &d->config;
	const struct pt_format *f = arm_format(d);
	const unsigned int bits = arm_iova_bits(c);
	const unsigned int largest =
		f->last - c->superpage_2m - c->superpage_1g;
	int rc = arm_check(c, f);

	if (rc)
		return rc;
	d->start_level = c->levels != 0 ? (uint8_t)(f->last + 1u - c->levels)
					: (uint8_t)arm_s2_start_usual(f, bits);
	if (!arm_s2_start_is_legal(f, bits, d->start_level))
		return ERR_INVAL;
	d->root_order = arm_s2_root_order(f, bits, d->start_level);
	d->leaf_level =
		largest > d->start_level ? (uint8_t)largest : d->start_level;
	d->frames = BIT(bits - FRAME_LG2);
	d->outputs = BIT(c->output_bits - FRAME_LG2);
	return 0;
}

int iommu_arm_make(struct iommu_domain *d)
{
	return iommu_space_make(d, arm_format(d), arm_invalidate);
}

int iommu_arm_end(struct iommu_domain *d)
{
	return iommu_space_end(d, arm_format(d), arm_invalidate);
}

/* ---- what an STE says */

/* The STE's fields stand in the order of VTCR_EL2's: IHI0070 5.2, S2VTCR. */
void iommu_shared_ste(uint64_t vttbr, uint64_t vtcr, bool coherent,
		      struct iommu_ste_s2 *ste)
{
	const bool large = FIELD_GET(VTCR_EL2_PS, vtcr) == 6;
	const uint64_t low = vttbr & FIELD_MASK(VTTBR_EL2_BADDR);

	*ste = (struct iommu_ste_s2){
		.s2vmid = (uint16_t)FIELD_GET(VTTBR_EL2_VMID, vttbr),
		.s2t0sz = (uint8_t)FIELD_GET(VTCR_EL2_T0SZ, vtcr),
		.s2sl0 = (uint8_t)FIELD_GET(VTCR_EL2_SL0, vtcr),
		.s2ir0 =
			coherent ? (uint8_t)FIELD_GET(VTCR_EL2_IRGN0, vtcr) : 0,
		.s2or0 =
			coherent ? (uint8_t)FIELD_GET(VTCR_EL2_ORGN0, vtcr) : 0,
		.s2sh0 = coherent ? (uint8_t)FIELD_GET(VTCR_EL2_SH0, vtcr)
				  : ARM_S2_SH_OUTER,
		.s2tg = (uint8_t)FIELD_GET(VTCR_EL2_TG0, vtcr),
		.s2ps = (uint8_t)FIELD_GET(VTCR_EL2_PS, vtcr),
		.s2ttb = { large ? (low & ~UINT64_C(0x3f)) | (low & 0x3c)
								     << (48 - 2)
				 : low },
	};
}

void iommu_domain_ste(const struct iommu_domain *d, struct iommu_ste_s2 *ste)
{
	const struct iommu_domain_config *c = &d->config;
	const uint64_t vtcr = arm_s2_vtcr(arm_format(d), arm_iova_bits(c),
					  d->start_level, c->output_bits) |
			      FIELD_PREP(VTCR_EL2_IRGN0, 1) |
			      FIELD_PREP(VTCR_EL2_ORGN0, 1) |
			      FIELD_PREP(VTCR_EL2_SH0, ARM_S2_SH_INNER);

	iommu_shared_ste(FIELD_PREP(VTTBR_EL2_VMID, c->did), vtcr,
			 c->clean == PT_CLEAN_NONE, ste);
	ste->s2ttb = d->root;
}
