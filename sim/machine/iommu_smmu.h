/* SPDX-License-Identifier: BSD-2-Clause */
/* An SMMUv3 in a machine: the model's binding, and the driver that knows
 * nothing of the model but its registers. Private to iommu_smmu.c,
 * iommu_guest.c and smmu_driver.c. */
#ifndef SIM_MACHINE_IOMMU_SMMU_H
#define SIM_MACHINE_IOMMU_SMMU_H

#include "models/smmuv3/smmu.h"
#include "sim/machine/iommu.h"

/* Indices run on for as long as the queue lasts: what of them is index and
 * what is wrap bit follows from its size. */
struct smmu_driver_queue {
	pa_t base;
	uint32_t lg2;
	uint32_t prod, cons;
};

/* The driver's own. */
struct smmu_driver {
	bool coherent, two_level, stalls;
	uint32_t stream_bits;
	pa_t streams; /* the stream table, or its first level */
	struct smmu_driver_queue commands, events;
	uint32_t overflow; /* EVENTQ_CONS.OVACKFLG as it was written last */
	/* Entries of both stages that are to go before the next CMD_SYNC. */
	bool combined;
	uint16_t combined_vmid;
};

struct smmu_unit {
	struct iommu *io;
	struct smmu *smmu;
	struct smmu_driver driver;
	bool raised; /* an interrupt that nobody took yet */
};

/* Bus 0, device from 1 on, function 0: the StreamID is the requester's id. */
static inline uint32_t smmu_unit_sid(unsigned int device)
{
	return (device + 1) << 3;
}

/* The model as the unit's keys have it. NULL: out of memory. */
struct smmu *smmu_unit_model(struct iommu *io, const struct smmu_ops *ops,
			     void *context);
/* "translations" to "invalidations" of the statistics. */
void smmu_unit_stats(const struct smmu *smmu, json_t *out);

/* As struct iommu_unit_ops. */
int smmu_driver_start(void *unit);
int smmu_driver_attach(void *unit, unsigned int device,
		       const struct iommu_domain *domain);
int smmu_driver_share(void *unit, unsigned int device,
		      const struct iommu_ste_s2 *tables);
void smmu_driver_flush(void *unit, const struct port_iotlb *request);
void smmu_driver_wait(void *unit);
void smmu_driver_serve(void *unit);

#endif
