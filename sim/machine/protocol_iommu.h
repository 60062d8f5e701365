/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IOMMUs as sources of protocol events: what a unit carries out, which entries
 * of its configuration may be held, what devices' accesses found. Each
 * function is called while somebody listens: io->m->protocol is not NULL.
 */
#ifndef SIM_MACHINE_PROTOCOL_IOMMU_H
#define SIM_MACHINE_PROTOCOL_IOMMU_H

#include "models/smmuv3/smmu.h"
#include "models/vtd/vtd.h"
#include "sim/check/protocol.h"
#include "sim/machine/iommu.h"

/* Before its driver starts it, and again when it has. */
void protocol_iommu_unit(const struct iommu *io);
/* What the model notices. */
void protocol_iommu_vtd(const struct iommu *io, const struct vtd_notice *n);
void protocol_iommu_smmu(const struct iommu *io, const struct smmu_notice *n);
/* An entry of root, context or PASID tables, or an STE or CD, was told to the
 * unit, or fetched by it. */
void protocol_iommu_config(const struct iommu *io,
			   const struct protocol_config *config);
void protocol_iommu_dma(const struct iommu *io, const struct protocol_dma *dma);
/* As an SMMU's outcome has it. */
void protocol_iommu_smmu_dma(const struct iommu *io,
			     const struct iommu_request *request,
			     const struct smmu_request *r,
			     const struct smmu_outcome *out);
/* The operation on the domain that m->operation names has returned. */
void protocol_iommu_done(const struct iommu *io, const struct iommu_domain *d);

#endif
