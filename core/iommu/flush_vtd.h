/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From what the engine gathered to invalidations of a VT-d unit. VT-d 4.1
 * §6.5.1 (IOTLB, paging-structure caches, address mask, invalidation hint),
 * §6.5.2.
 */
#ifndef CORE_IOMMU_FLUSH_VTD_H
#define CORE_IOMMU_FLUSH_VTD_H

#include "core/pt/table.h"

/*
 * struct pt's `invalidate`, of a domain: few page-selective requests that
 * cover what was gathered exactly, or one for the domain where these would be
 * too many or the hardware has no such mask. Complete on return.
 */
void iommu_vtd_flush_gathered(struct pt *pt);

#endif
