/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What invalidations of every kind of IOMMU share: how many requests are too
 * many, and what meets those that wait.
 */
#ifndef CORE_IOMMU_FLUSH_H
#define CORE_IOMMU_FLUSH_H

#include "core/iommu/domain.h"

/* More requests than this in a batch are one for the domain. */
#define IOMMU_FLUSH_REQUESTS 16

/* True if a mapping of these bytes meets what waits to be flushed. */
bool iommu_flush_meets(const struct iommu_domain *d, uint64_t start,
		       uint64_t bytes);

#endif
