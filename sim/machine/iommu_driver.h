/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the hypervisor's drivers of all types of IOMMU do alike: accesses to
 * registers, tables and queues in memory, and waiting. Each is charged to the
 * current CPU. Private to the drivers.
 */
#ifndef SIM_MACHINE_IOMMU_DRIVER_H
#define SIM_MACHINE_IOMMU_DRIVER_H

#include "sim/machine/hypervisor.h"
#include "sim/machine/iommu.h"
#include "sim/machine/protocol_iommu.h"

static inline struct hypervisor *iommu_driver_host(const struct iommu *io)
{
	return io->m->hypervisor;
}

/* The time of the current CPU, 1/1024 cycle. */
uint64_t iommu_driver_now(const struct iommu *io);
/* One access to a register is paid for; the driver makes it. */
void iommu_driver_register(const struct iommu *io);

/* 2^order pages, zeroed, and cleaned if `clean`. ERR_NOMEM. */
MUST_CHECK int iommu_driver_pages(const struct iommu *io, unsigned int order,
				  bool clean, pa_t *pages);
/* Words of an entry, from the last to the first: what makes it valid is in the
 * first. Then cleaned if `clean`, and ordered before what comes next. */
void iommu_driver_write(const struct iommu *io, pa_t at, const uint64_t *word,
			unsigned int words, bool clean);

/* To whoever listens: an entry of the unit's configuration that it may hold
 * from now on. */
void iommu_driver_told(const struct iommu *io, enum protocol_config_kind kind,
		       uint32_t sid, pa_t at, unsigned int words);

/* The CPU waits until the unit is through with what it was given. */
void iommu_driver_wait(struct iommu *io, uint64_t until);

/* An interrupt of the unit is taken: `handle` is its handler's work. */
void iommu_driver_interrupt(struct iommu *io, void *unit,
			    void (*handle)(void *unit));

#endif
