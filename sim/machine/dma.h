/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The DMA engine of the devices behind an IOMMU: accesses are cut into
 * requests, each of which is translated, goes through the last-level cache to
 * RAM, and completes; many are under way at a time. The same for every type of
 * unit. Formulas: models/README.md.
 */
#ifndef SIM_MACHINE_DMA_H
#define SIM_MACHINE_DMA_H

#include "sim/machine/iommu.h"

/* Of the devices behind one unit. */
struct dma *dma_new(struct iommu *io);
void dma_free(struct dma *dma);

/* `data`: where bytes go to or come from; NULL: no values, as in streams and
 * replays. */
struct dma_access {
	unsigned int device; /* of all the machine's */
	iova_t iova;
	uint64_t bytes;
	bool write; /* to memory */
	uint8_t *data;
};

/*
 * Performs it. The CPU at hand stands still until the device can issue the
 * last request of it. Returns when it is complete, 1/1024 cycle; faults are in
 * the statistics, and what they would have read is zero.
 */
uint64_t dma_perform(struct iommus *all, struct machine_cpu *cpu,
		     const struct dma_access *access);
/* The CPU stands still until all of the device's accesses are complete. */
void dma_wait(struct iommus *all, struct machine_cpu *cpu, unsigned int device);

/* Values between a device and memory, as a coherent observer has them; tables
 * and code in it are told. */
void dma_move(struct machine *m, pa_t pa, uint64_t bytes, bool write,
	      uint8_t *data);

/* "dma" and "latency_ns" of the statistics. */
void dma_stats(const struct dma *dma, json_t *out);

#endif
