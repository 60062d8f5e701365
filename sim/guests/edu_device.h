/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What guests know of the PCI functions compatible with QEMU's `edu`: how to
 * find them behind the ECAM, and how to have them copy memory. For those that
 * drive them (edu.c, smmu.c, smmu_hostile.c).
 */
#ifndef SIM_GUESTS_EDU_DEVICE_H
#define SIM_GUESTS_EDU_DEVICE_H

#include "runtime.h"

#define EDU_DEVICES_MAX	 28
#define EDU_BUFFER	 UINT64_C(0x40000) /* the device's own address of it */
#define EDU_BUFFER_BYTES 4096

/* Device 1 and upwards are given BARs, and may reach memory from now on; how
 * many there are. */
uint64_t edu_find(void);
/* The StreamID, as `virt` has it: the function's PCI routing id. */
static inline uint32_t edu_stream(uint64_t device)
{
	return (uint32_t)(device + 1) << 3;
}

/* A register. */
volatile uint32_t *edu_narrow(uint64_t device, uint64_t offset);
volatile uint64_t *edu_wide(uint64_t device, uint64_t offset);

/* DMA between memory and the device's buffer; returns when it is over. */
void edu_copy(uint64_t device, uint64_t from, uint64_t to, uint64_t bytes,
	      bool to_memory);

#endif
