/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The registers of QEMU's educational device: docs/specs/edu.rst there. An
 * identity, a number inverted, a factorial, interrupts' status, and DMA
 * between memory and a buffer of 4 KiB.
 */
#ifndef SIM_MACHINE_EDU_H
#define SIM_MACHINE_EDU_H

#include "sim/machine/machine.h"

#define EDU_BAR_BYTES	 0x100000u
#define EDU_BUFFER	 0x40000u
#define EDU_BUFFER_BYTES 4096u

struct edu {
	unsigned int device; /* at the IOMMU */
	bool master;	     /* it may reach memory */
	uint32_t live, factorial, status, irq;
	uint64_t source, destination, count, command;
	uint64_t busy_until; /* 1/1024 cycle */
	uint8_t buffer[EDU_BUFFER_BYTES];
};

/* `offset` within the BAR. What is no register reads all ones. */
void edu_access(struct edu *edu, struct machine *m, struct machine_cpu *cpu,
		uint64_t offset, unsigned int size, bool write,
		uint64_t *value);

#endif
