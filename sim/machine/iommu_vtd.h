/* SPDX-License-Identifier: BSD-2-Clause */
/* A VT-d unit in a machine: the model's binding, and the driver that knows
 * nothing of the model but its registers. Private to iommu_vtd.c and
 * vtd_driver.c. */
#ifndef SIM_MACHINE_IOMMU_VTD_H
#define SIM_MACHINE_IOMMU_VTD_H

#include "models/vtd/vtd.h"
#include "sim/machine/iommu.h"

/* The driver's own. */
struct vtd_driver {
	uint64_t cap, ecap;
	pa_t root;
	pa_t context[2]; /* scalable mode: of devices below 16, and the rest */
	pa_t queue, status;
	uint32_t tail;	/* of the queue, bytes */
	uint32_t waits; /* the last wait's number */
	bool queued, scalable;
};

struct vtd_unit {
	struct iommu *io;
	struct vtd *vtd;
	struct vtd_driver driver;
	bool fault_event; /* an interrupt that nobody took yet */
};

/* Bus 0, device from 1 on, function 0. */
static inline uint16_t vtd_unit_sid(unsigned int device)
{
	return (uint16_t)((device + 1) << 3);
}

/* As struct iommu_unit_ops. */
int vtd_driver_start(void *unit);
int vtd_driver_attach(void *unit, unsigned int device,
		      const struct iommu_domain *domain);
void vtd_driver_flush(void *unit, const struct port_iotlb *request);
void vtd_driver_wait(void *unit);
void vtd_driver_write_buffer(void *unit);
void vtd_driver_serve(void *unit);

/* Where the driver asks for events. */
#define VTD_EVENT_ADDRESS UINT64_C(0xfee00000)
#define VTD_EVENT_FAULT	  0x31

#endif
