/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an SMMUv3's STE says of stage-2 tables: a domain's own, or those that
 * a p2m built. IHI0070 5.2. Values as they stand in the fields; S2AA64 is 1,
 * S2ENDI 0 and S2AFFD does not matter (AF is set in every leaf).
 */
#ifndef CORE_IOMMU_STE_H
#define CORE_IOMMU_STE_H

#include "core/iommu/domain.h"

struct iommu_ste_s2 {
	uint16_t s2vmid;
	uint8_t s2t0sz, s2sl0;
	uint8_t s2ir0, s2or0, s2sh0; /* how walks are cached */
	uint8_t s2tg, s2ps;
	pa_t s2ttb;
};

/* Of a domain with an Arm format. */
void iommu_domain_ste(const struct iommu_domain *d, struct iommu_ste_s2 *ste);

/*
 * Of tables that a CPU walks by these two registers, p2m_vttbr and p2m_vtcr:
 * sharing. An SMMU that does not walk coherently (IDR0.COHACC clear) is told
 * not to look into caches.
 */
void iommu_shared_ste(uint64_t vttbr, uint64_t vtcr, bool coherent,
		      struct iommu_ste_s2 *ste);

#endif
