/* SPDX-License-Identifier: BSD-2-Clause */
/* See iommu_driver.h. */
#include "sim/machine/iommu_driver.h"

#include "core/port.h"
#include "sim/machine/account.h"

static struct machine_cpu *current(const struct iommu *io)
{
	return &io->m->cpu[io->m->current];
}

uint64_t iommu_driver_now(const struct iommu *io)
{
	return machine_cycles(current(io));
}

void iommu_driver_register(const struct iommu *io)
{
	account_charge(current(io), BUCKET_HYPERVISOR,
		       iommu_ticks(io->m, io->config->register_ns));
}

int iommu_driver_pages(const struct iommu *io, unsigned int order, bool clean,
		       pa_t *pages)
{
	struct hypervisor *h = iommu_driver_host(io);
	int rc = port_table_alloc(h, FRAME_LG2, order, pages);

	for (uint64_t i = 0; rc == 0 && i < BIT(order); i++) {
		pa_t page = { pages->raw + i * FRAME_BYTES };
		uint64_t *e = port_table_map(h, page);

		port_table_zero(h, e, FRAME_BYTES);
		if (clean)
			port_pte_clean(h, e, FRAME_BYTES / sizeof(*e));
		port_table_unmap(h, e);
	}
	return rc;
}

void iommu_driver_write(const struct iommu *io, pa_t at, const uint64_t *word,
			unsigned int words, bool clean)
{
	struct hypervisor *h = iommu_driver_host(io);
	uint64_t offset = at.raw & (FRAME_BYTES - 1);
	uint64_t *e = port_table_map(h, (pa_t){ at.raw - offset }) +
		      offset / sizeof(*e);

	for (unsigned int i = words; i-- > 0;)
		port_pte_write(h, &e[i], word[i]);
	if (clean)
		port_pte_clean(h, e, words);
	port_table_unmap(h, e);
	port_barrier(h, PORT_DSB_ISHST);
}

void iommu_driver_told(const struct iommu *io, enum protocol_config_kind kind,
		       uint32_t sid, pa_t at, unsigned int words)
{
	const struct protocol_config config = { .kind = kind,
						.words = (uint8_t)words,
						.sid = sid,
						.address = at.raw };

	if (io->m->protocol)
		protocol_iommu_config(io, &config);
}

void iommu_driver_wait(struct iommu *io, uint64_t until)
{
	uint64_t now = iommu_driver_now(io);

	if (until <= now)
		return;
	account_charge(current(io), BUCKET_HYPERVISOR, until - now);
	io->wait_charge += until - now;
}

void iommu_driver_interrupt(struct iommu *io, void *unit,
			    void (*handle)(void *unit))
{
	uint64_t began = iommu_driver_now(io);

	account_charge(current(io), BUCKET_TRAP,
		       io->m->config.trap_cycles * CYCLE);
	handle(unit);
	io->fault_charge += iommu_driver_now(io) - began;
}
