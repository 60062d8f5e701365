/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From what the engine gathered to invalidations of an SMMUv3 by VMID: for
 * domains, and for a p2m whose tables an SMMU shares. IHI0070 4.4.1.1, 4.4.2.
 */
#ifndef CORE_IOMMU_FLUSH_ARM_H
#define CORE_IOMMU_FLUSH_ARM_H

#include "core/port.h"
#include "core/pt/gather.h"

/* How the hardware can be told, and of what. */
struct iommu_arm_flush {
	void *host;
	uint16_t vmid;
	uint8_t granule_lg2;
	bool by_ipa;   /* else all of the VMID, always */
	bool range;    /* IDR3.RIL */
	bool combined; /* see struct port_iotlb */
};

/*
 * Send few requests that cover what was gathered exactly, or one for the VMID
 * where these would be too many: then true. Else *requests has grown by their
 * number. port_iotlb_wait is the caller's.
 */
bool iommu_arm_flush_gathered(const struct iommu_arm_flush *how,
			      const struct pt_gather *g, uint64_t *requests);

#endif
