/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Domains of an SMMUv3: arm.c. Each function does what the call of domain.h
 * does, for arguments that domain.c has judged. Private to core/iommu.
 */
#ifndef CORE_IOMMU_ARM_H
#define CORE_IOMMU_ARM_H

#include "core/iommu/domain.h"

/* ERR_INVAL for what no hardware of that kind is; else start_level,
 * leaf_level, root_order, frames and outputs are set. */
MUST_CHECK int iommu_arm_configure(struct iommu_domain *d);

MUST_CHECK int iommu_arm_make(struct iommu_domain *d);
MUST_CHECK int iommu_arm_end(struct iommu_domain *d);

MUST_CHECK int iommu_arm_map(struct iommu_domain *d, dfn_t dfn, mfn_t mfn,
			     uint64_t frames, unsigned int access,
			     uint64_t *done);
MUST_CHECK int iommu_arm_unmap(struct iommu_domain *d, dfn_t dfn,
			       uint64_t frames, uint64_t *done);
MUST_CHECK int iommu_arm_protect(struct iommu_domain *d, dfn_t dfn,
				 uint64_t frames, unsigned int access,
				 uint64_t *done);

void iommu_arm_lookup(struct iommu_domain *d, dfn_t dfn,
		      struct iommu_entry *entry);
void iommu_arm_tick(struct iommu_domain *d);
void iommu_arm_flush(struct iommu_domain *d);

#endif
