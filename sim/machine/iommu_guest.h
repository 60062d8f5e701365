/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An SMMUv3 that is the guest's own (iommu[].mode "guest"): it programs the
 * unit itself, through registers that trap as those of every emulated device
 * do. Addresses that the unit forms are the guest's; each goes through its p2m,
 * so that nothing but its memory can be reached. IHI0070 G.b 6; the unit itself
 * is models/smmuv3.
 *
 * Left out: interrupts as such (there is no interrupt controller; they are
 * counted and observed), stalls (the devices here are not held up), walks that
 * are not coherent (whoever emulates a unit reads through his caches).
 */
#ifndef SIM_MACHINE_IOMMU_GUEST_H
#define SIM_MACHINE_IOMMU_GUEST_H

#include "sim/machine/iommu.h"

/* The guest's access to a register, at an offset within GUEST_SMMU_BYTES. */
void iommu_guest_access(struct iommu *io, struct machine_cpu *cpu,
			uint64_t offset, unsigned int size, bool write,
			uint64_t *value);

/* A recording has said what this page holds. */
void iommu_guest_learn(struct iommu *io, gfn_t gfn);

#endif
