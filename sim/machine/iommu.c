/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hypervisor's side of an IOMMU that no type of unit changes: domains,
 * the guest's calls, what of them is refused, and the statistics. See iommu.h.
 */
#include "sim/machine/iommu.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/port.h"
#include "models/memory/versions.h"
#include "sim/machine/account.h"
#include "sim/machine/dma.h"
#include "sim/machine/hypervisor.h"

uint64_t iommu_ticks(const struct machine *m, double ns)
{
	return (uint64_t)llround(ns * m->config.mhz / 1000 * (double)CYCLE);
}

double iommu_ns(const struct machine *m, double ticks)
{
	return ticks * 1000 / m->config.mhz / (double)CYCLE;
}

/* ---- below the caches ---- */

static bool below_init(struct iommu *io)
{
	struct machine *m = io->m;

	if (m->config.iommu.vtd.coherent)
		return true;
	io->below = calloc(1, sizeof(*io->below));
	if (!io->below)
		return false;
	if (versions_init(io->below, &m->ram, m->line_lg2) == 0)
		return true;
	free(io->below);
	io->below = NULL;
	return false;
}

void iommu_before_write(struct iommu *io, pa_t pa)
{
	if (io->below)
		versions_before_write(io->below, pa);
}

void iommu_cleaned(struct iommu *io, pa_t pa, uint64_t bytes)
{
	if (io->below)
		versions_clean(io->below, pa, bytes);
}

void iommu_read_below(const struct iommu *io, pa_t pa, unsigned int words,
		      uint64_t *out)
{
	const struct machine *m = io->m;
	const uint8_t *from = ram_host(&m->ram, pa);

	if (io->below && versions_is_unclean(io->below, pa))
		from = io->below->other + (pa.raw - m->ram.base.raw);
	memcpy(out, from, words * sizeof(*out));
}

/* ---- making ---- */

static const struct iommu_unit_ops *const unit_types[] = { &iommu_unit_vtd };

static struct iommu_domain_config domain_config(const struct machine *m,
						unsigned int device)
{
	const struct iommu_config *c = &m->config.iommu;

	return (struct iommu_domain_config){
		.did = (uint16_t)(device + 1),
		.levels = c->levels,
		.iova_bits = c->vtd.mgaw_bits,
		.output_bits = m->config.mmu.pa_bits,
		.superpage_2m = c->largest_page >= IOMMU_LARGEST_2M,
		.superpage_1g = c->largest_page >= IOMMU_LARGEST_1G,
		.snoop = c->vtd.snoop_control,
		.write_buffer = c->vtd.write_buffer_flush,
		.caching_mode = c->vtd.caching_mode,
		.page_selective = c->vtd.page_selective,
		.mask_max_lg2 = c->vtd.mamv,
		.clean = c->vtd.coherent ? PT_CLEAN_NONE
					 : (enum pt_clean_policy)(
						   PT_CLEAN_ENTRY + c->clean),
		.free_empty = true,
		.coalesce = c->coalesce,
		.flush = (enum iommu_flush_policy)c->flush,
		.flush_calls = c->flush_calls,
	};
}

struct iommu *iommu_new(struct machine *m, struct error_line *error)
{
	struct iommu *io = calloc(1, sizeof(*io));

	if (io) {
		m->iommu = io;
		io->m = m;
		io->ops = unit_types[m->config.iommu.type];
		io->domain =
			calloc(m->config.iommu.devices, sizeof(*io->domain));
		io->dma = dma_new(io);
		io->unit = io->ops->make(io);
	}
	if (!io || !io->domain || !io->dma || !io->unit || !below_init(io)) {
		error_set(error, EXIT_INPUT, "machine: iommu: out of memory");
		return NULL;
	}
	return io;
}

/* Tables are the pool's, which goes whole. */
void iommu_free(struct iommu *io)
{
	if (!io)
		return;
	if (io->unit)
		io->ops->end(io->unit);
	if (io->below)
		versions_fini(io->below);
	free(io->below);
	dma_free(io->dma);
	free(io->domain);
	io->m->iommu = NULL;
	free(io);
}

/* ---- calls of a domain ---- */

/* A request cut into runs of consecutive frames. */
struct run {
	dfn_t dfn;
	gfn_t gfn;
	uint64_t frames;
	unsigned int access;
};

static int map_run(struct iommu_domain *d, dfn_t dfn, mfn_t mfn,
		   uint64_t frames, unsigned int access, uint64_t *mapped)
{
	uint64_t done;
	int rc;

	do {
		rc = iommu_map(d, dfn, mfn, frames, access, &done);
		dfn.raw += done;
		mfn.raw += done;
		frames -= done;
		*mapped += done;
	} while (rc == ERR_PREEMPTED);
	return rc;
}

static int unmap_run(struct iommu_domain *d, dfn_t dfn, uint64_t frames)
{
	uint64_t done;
	int rc;

	do {
		rc = iommu_unmap(d, dfn, frames, &done);
		dfn.raw += done;
		frames -= done;
	} while (rc == ERR_PREEMPTED);
	return rc;
}

/* All of it or nothing. */
static int map_frames(struct iommu *io, struct iommu_domain *d,
		      const struct run *r)
{
	struct hypervisor *h = io->m->hypervisor;
	uint64_t mapped = 0;
	int rc = 0;

	while (rc == 0 && mapped < r->frames) {
		mfn_t mfn = hypervisor_frame(h, (gfn_t){ r->gfn.raw + mapped });
		uint64_t n = 1, left = r->frames - mapped;

		while (n < left &&
		       hypervisor_frame(h, (gfn_t){ r->gfn.raw + mapped + n })
				       .raw == mfn.raw + n)
			n++;
		rc = map_run(d, (dfn_t){ r->dfn.raw + mapped }, mfn, n,
			     r->access, &mapped);
	}
	if (rc && mapped) /* taking away needs no memory but for a split */
		BUG_ON(h, unmap_run(d, r->dfn, mapped));
	return rc;
}

static int64_t guest_errno(int rc)
{
	switch (rc) {
	case 0:
		return 0;
	case ERR_NOMEM:
		return -ENOMEM;
	case ERR_RANGE:
		return -ERANGE;
	default:
		return -EINVAL;
	}
}

/* Frames of the range that are mapped; a look that costs nothing. */
static uint64_t count_mapped(struct iommu *io, struct iommu_domain *d,
			     dfn_t dfn, uint64_t frames)
{
	struct peek *peek = &io->m->hypervisor->peek;
	bool was = peek->on;
	uint64_t mapped;

	peek->on = true;
	mapped = iommu_count_mapped(d, dfn, frames);
	peek->on = was;
	return mapped;
}

iova_t iommu_machine_address(struct iommu *io, unsigned int device, iova_t iova)
{
	struct peek *peek = &io->m->hypervisor->peek;
	bool was = peek->on;
	struct iommu_entry e;

	peek->on = true;
	iommu_lookup(&io->domain[device], (dfn_t){ iova.raw >> FRAME_LG2 }, &e);
	peek->on = was;
	if (!e.access)
		return iova;
	return (iova_t){ pa_from_mfn(e.mfn).raw |
			 (iova.raw & (FRAME_BYTES - 1)) };
}

static bool is_in_space(const struct iommu_domain *d, dfn_t dfn,
			uint64_t frames)
{
	return dfn.raw < d->frames && frames <= d->frames - dfn.raw;
}

static int64_t call_map(struct iommu *io, struct iommu_domain *d,
			const uint64_t x[6])
{
	struct run r = { .dfn = { x[2] >> FRAME_LG2 },
			 .gfn = { x[3] },
			 .frames = x[4],
			 .access = (unsigned int)x[5] };

	if ((x[2] & (FRAME_BYTES - 1)) || x[5] == 0 || x[5] > IOMMU_ACCESS_RW)
		return -EINVAL;
	if (!is_in_space(d, r.dfn, r.frames) ||
	    !hypervisor_may_share(io->m->hypervisor, r.gfn, r.frames))
		return -ERANGE;
	if (count_mapped(io, d, r.dfn, r.frames))
		return -EEXIST;
	io->ops_map++;
	return guest_errno(map_frames(io, d, &r));
}

static int64_t call_unmap(struct iommu *io, struct iommu_domain *d,
			  const uint64_t x[6])
{
	dfn_t dfn = { x[2] >> FRAME_LG2 };

	if (x[2] & (FRAME_BYTES - 1))
		return -EINVAL;
	if (!is_in_space(d, dfn, x[3]))
		return -ERANGE;
	if (count_mapped(io, d, dfn, x[3]) != x[3])
		return -ENOENT;
	io->ops_unmap++;
	return guest_errno(unmap_run(d, dfn, x[3]));
}

static uint64_t now(const struct iommu *io)
{
	return machine_cycles(&io->m->cpu[io->m->current]);
}

int64_t iommu_call(struct iommu *io, const uint64_t x[6])
{
	uint64_t began = now(io);
	bool map = x[0] == IOMMU_CALL_MAP;
	int64_t result;

	if (x[1] >= io->domains)
		result = -ENODEV;
	else if ((map ? x[4] : x[3]) == 0)
		result = -EINVAL;
	else if (map)
		result = call_map(io, &io->domain[x[1]], x);
	else
		result = call_unmap(io, &io->domain[x[1]], x);
	io->refused += result < 0;
	io->lock_charge += now(io) - began;
	return result;
}

void iommu_follow(struct iommu *io, gfn_t gfn, uint64_t count, bool present)
{
	uint64_t began = now(io);
	const struct run r = { .dfn = { gfn.raw },
			       .gfn = gfn,
			       .frames = count,
			       .access = IOMMU_ACCESS_RW };

	if (io->m->config.iommu.populate != IOMMU_POPULATE_GUEST)
		return;
	for (uint32_t i = 0; i < io->domains; i++) {
		int rc = present ? map_frames(io, &io->domain[i], &r)
				 : unmap_run(&io->domain[i], r.dfn, count);

		/* No memory for tables: a device then faults where the guest
		 * would not, and nothing worse. */
		io->refused += rc != 0;
		io->ops_map += present;
		io->ops_unmap += !present;
	}
	io->lock_charge += now(io) - began;
}

void iommu_moment(struct iommu *io)
{
	uint64_t began = now(io);

	if (io->m->config.iommu.coalesce.policy == PT_COALESCE_NEVER)
		return;
	for (uint32_t i = 0; i < io->domains; i++)
		iommu_tick(&io->domain[i]);
	io->lock_charge += now(io) - began;
}

/* ---- starting ---- */

static int domain_start(struct iommu *io, unsigned int device)
{
	struct hypervisor *h = io->m->hypervisor;
	struct iommu_domain_config config = domain_config(io->m, device);
	struct iommu_domain *d = &io->domain[device];
	const struct run all = { .dfn = { h->ram_first.raw },
				 .gfn = h->ram_first,
				 .frames = h->ram_frames,
				 .access = IOMMU_ACCESS_RW };
	int rc = iommu_domain_init(d, h, &config);

	if (rc)
		return rc;
	io->domains++;
	if (io->m->config.iommu.populate == IOMMU_POPULATE_GUEST)
		rc = map_frames(io, d, &all);
	return rc ? rc : io->ops->attach(io->unit, device, d);
}

bool iommu_boot(struct iommu *io, struct error_line *error)
{
	int rc = io->ops->start(io->unit);

	for (unsigned int i = 0; rc == 0 && i < io->m->config.iommu.devices;
	     i++)
		rc = domain_start(io, i);
	if (rc)
		return error_set(
			error, EXIT_INPUT,
			"machine: iommu.0: its tables cannot be made (%d)", rc);
	return true;
}
