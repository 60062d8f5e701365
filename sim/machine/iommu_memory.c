/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory as an IOMMU sees it: through the last-level cache, or past all caches,
 * where a line that was written and not cleaned still holds what it held. See
 * iommu.h.
 */
#include <stdlib.h>
#include <string.h>

#include "models/memory/versions.h"
#include "sim/machine/iommu.h"

bool iommu_memory_init(struct iommus *all)
{
	struct machine *m = all->m;
	bool coherent = true;

	for (uint32_t i = 0; i < m->config.iommus; i++)
		coherent = coherent && m->config.iommu[i].coherent;
	if (coherent)
		return true;
	all->below = calloc(1, sizeof(*all->below));
	if (!all->below)
		return false;
	if (versions_init(all->below, &m->ram, m->line_lg2) == 0)
		return true;
	free(all->below);
	all->below = NULL;
	return false;
}

void iommu_memory_fini(struct iommus *all)
{
	if (all->below)
		versions_fini(all->below);
	free(all->below);
}

void iommu_before_write(struct iommus *all, pa_t pa)
{
	if (all->below)
		versions_before_write(all->below, pa);
}

void iommu_cleaned(struct iommus *all, pa_t pa, uint64_t bytes)
{
	if (all->below)
		versions_clean(all->below, pa, bytes);
}

void iommu_read_below(const struct iommus *all, pa_t pa, unsigned int words,
		      uint64_t *out)
{
	const struct machine *m = all->m;
	const uint8_t *from = ram_host(&m->ram, pa);

	if (all->below && versions_is_unclean(all->below, pa))
		from = all->below->other + (pa.raw - m->ram.base.raw);
	memcpy(out, from, words * sizeof(*out));
}

/* What an access takes that goes where it goes. */
static uint64_t access_ticks(struct machine *m, pa_t pa, bool coherent,
			     bool write)
{
	if (!coherent)
		return m->latency[MEMORY_DRAM];
	return m->latency[memory_access(m->memory, 0, REQUESTER_DMA, pa,
					write)];
}

bool iommu_unit_read(const struct iommu *io, uint64_t at, unsigned int words,
		     bool coherent, uint64_t *out, uint64_t *ticks)
{
	struct machine *m = io->m;
	pa_t pa = { at };

	if (!ram_has(&m->ram, pa, words * sizeof(*out)))
		return false;
	*ticks += access_ticks(m, pa, coherent, false);
	if (coherent)
		memcpy(out, ram_host(&m->ram, pa), words * sizeof(*out));
	else
		iommu_read_below(m->iommus, pa, words, out);
	return true;
}

bool iommu_unit_write(const struct iommu *io, uint64_t at, const void *data,
		      unsigned int bytes, bool coherent, uint64_t *ticks)
{
	struct machine *m = io->m;
	pa_t pa = { at };

	if (!ram_has(&m->ram, pa, bytes))
		return false;
	*ticks += access_ticks(m, pa, coherent, true);
	memcpy(ram_host(&m->ram, pa), data, bytes);
	iommu_cleaned(m->iommus, pa, bytes);
	return true;
}
