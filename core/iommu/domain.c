/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The IOMMU domain: what is a good request, and which format serves it.
 *
 * Left out: see core/iommu/README.md.
 */
#include "core/iommu/domain.h"

#include "core/iommu/arm.h"
#include "core/iommu/vtd.h"

static inline bool iommu_is_arm(const struct iommu_domain *d)
{
	return d->config.format != IOMMU_VTD_SS;
}

static inline bool iommu_has_frames(const struct iommu_domain *d, dfn_t dfn,
				    uint64_t frames)
{
	return dfn.raw < d->frames && frames <= d->frames - dfn.raw;
}

static inline bool iommu_access_is_known(unsigned int access)
{
	return access != 0 && (access & ~(unsigned int)IOMMU_ACCESS_RW) == 0;
}

int iommu_map(struct iommu_domain *d, dfn_t dfn, mfn_t mfn, uint64_t frames,
	      unsigned int access, uint64_t *done)
{
	*done = 0;
	if (!iommu_access_is_known(access))
		return ERR_INVAL;
	if (!iommu_has_frames(d, dfn, frames) || mfn.raw >= d->outputs ||
	    frames > d->outputs - mfn.raw)
		return ERR_RANGE;
	if (iommu_is_arm(d))
		return iommu_arm_map(d, dfn, mfn, frames, access, done);
	return iommu_vtd_map(d, dfn, mfn, frames, access, done);
}

int iommu_unmap(struct iommu_domain *d, dfn_t dfn, uint64_t frames,
		uint64_t *done)
{
	*done = 0;
	if (!iommu_has_frames(d, dfn, frames))
		return ERR_RANGE;
	if (iommu_is_arm(d))
		return iommu_arm_unmap(d, dfn, frames, done);
	return iommu_vtd_unmap(d, dfn, frames, done);
}

int iommu_protect(struct iommu_domain *d, dfn_t dfn, uint64_t frames,
		  unsigned int access, uint64_t *done)
{
	*done = 0;
	if (!iommu_access_is_known(access))
		return ERR_INVAL;
	if (!iommu_has_frames(d, dfn, frames))
		return ERR_RANGE;
	if (iommu_is_arm(d))
		return iommu_arm_protect(d, dfn, frames, access, done);
	return iommu_vtd_protect(d, dfn, frames, access, done);
}

void iommu_tick(struct iommu_domain *d)
{
	if (iommu_is_arm(d))
		iommu_arm_tick(d);
	else
		iommu_vtd_tick(d);
}

void iommu_flush(struct iommu_domain *d)
{
	if (d->pending_calls == 0)
		return;
	if (iommu_is_arm(d))
		iommu_arm_flush(d);
	else
		iommu_vtd_flush(d);
}

bool iommu_is_flushed(const struct iommu_domain *d)
{
	return d->pending_calls == 0;
}

void iommu_lookup(struct iommu_domain *d, dfn_t dfn, struct iommu_entry *entry)
{
	*entry = (struct iommu_entry){ 0 };
	if (iommu_is_arm(d))
		iommu_arm_lookup(d, dfn, entry);
	else
		iommu_vtd_lookup(d, dfn, entry);
}

uint64_t iommu_count_mapped(struct iommu_domain *d, dfn_t dfn, uint64_t frames)
{
	uint64_t mapped = 0;

	if (dfn.raw >= d->frames)
		return 0;
	if (frames > d->frames - dfn.raw)
		frames = d->frames - dfn.raw;
	while (frames != 0) {
		struct iommu_entry e;
		uint64_t n;

		iommu_lookup(d, dfn, &e);
		n = BIT(e.order) - (dfn.raw & (BIT(e.order) - 1));
		if (n > frames)
			n = frames;
		if (e.access != 0)
			mapped += n;
		dfn.raw += n;
		frames -= n;
	}
	return mapped;
}

/* ---- the domain itself */

/* Of how the domain shall be kept. */
static int iommu_check(const struct iommu_domain_config *c)
{
	if ((unsigned int)c->format >= IOMMU_FORMATS ||
	    (unsigned int)c->coalesce.policy >= PT_COALESCE_POLICIES ||
	    (unsigned int)c->clean >= PT_CLEAN_POLICIES)
		return ERR_INVAL;
	if (c->coalesce.policy == PT_COALESCE_SCAN &&
	    (c->coalesce.n == 0 || c->coalesce.budget == 0))
		return ERR_INVAL;
	if ((unsigned int)c->flush > IOMMU_FLUSH_DEFERRED ||
	    (c->flush == IOMMU_FLUSH_DEFERRED && c->flush_calls == 0))
		return ERR_INVAL;
	return 0;
}

int iommu_domain_init(struct iommu_domain *d, void *host,
		      const struct iommu_domain_config *c)
{
	int rc = iommu_check(c);

	if (rc)
		return rc;
	*d = (struct iommu_domain){ .host = host, .config = *c };
	d->coalescing.config = c->coalesce;
	rc = iommu_is_arm(d) ? iommu_arm_configure(d) : iommu_vtd_configure(d);
	if (rc)
		return rc;
	return iommu_is_arm(d) ? iommu_arm_make(d) : iommu_vtd_make(d);
}

int iommu_domain_fini(struct iommu_domain *d)
{
	if (!d->detached)
		iommu_flush(d);
	return iommu_is_arm(d) ? iommu_arm_end(d) : iommu_vtd_end(d);
}

/* 1 is 39 bits, 2 is 48, 3 is 57: VT-d 4.1 §9.3, §9.6. */
unsigned int iommu_domain_aw(const struct iommu_domain *d)
{
	return d->config.levels - 2u;
}
