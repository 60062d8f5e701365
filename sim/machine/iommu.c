/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hypervisor's side of IOMMUs that no type of unit changes: domains, the
 * guest's calls, and what of them is refused. See iommu.h.
 */
#include "sim/machine/iommu.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "core/port.h"
#include "sim/machine/account.h"
#include "sim/machine/dma.h"
#include "sim/machine/hypervisor.h"
#include "sim/machine/protocol_iommu.h"

uint64_t iommu_ticks(const struct machine *m, double ns)
{
	return (uint64_t)llround(ns * m->config.mhz / 1000 * (double)CYCLE);
}

double iommu_ns(const struct machine *m, double ticks)
{
	return ticks * 1000 / m->config.mhz / (double)CYCLE;
}

/* ---- making ---- */

static const struct iommu_unit_ops *const unit_types[IOMMU_TYPES] = {
	[IOMMU_VTD] = &iommu_unit_vtd,
	[IOMMU_SMMUV3] = &iommu_unit_smmu,
};

static bool unit_init(struct iommu *io, struct machine *m,
		      const struct iommu_config *config)
{
	io->m = m;
	io->config = config;
	io->ops = iommu_config_is_guests(config) ? &iommu_unit_guest
				    : unit_types[config->type];
	io->domain = calloc(config->devices, sizeof(*io->domain));
	io->dma = dma_new(io);
	io->unit = io->ops->make(io);
	return io->domain && io->dma && io->unit;
}

struct iommus *iommus_new(struct machine *m, struct error_line *error)
{
	struct iommus *all = calloc(1, sizeof(*all));
	bool ok = all;

	if (ok) {
		m->iommus = all;
		all->m = m;
		ok = iommu_memory_init(all);
	}
	for (uint32_t i = 0; ok && i < m->config.iommus; i++) {
		all->count++;
		all->devices += m->config.iommu[i].devices;
		ok = unit_init(&all->unit[i], m, &m->config.iommu[i]);
		if (iommu_config_is_guests(&m->config.iommu[i]))
			all->guests = &all->unit[i];
	}
	if (ok)
		return all;
	error_set(error, EXIT_INPUT, "machine: iommu: out of memory");
	return NULL;
}

/* Tables are the pool's, which goes whole. */
void iommus_free(struct iommus *all)
{
	if (!all)
		return;
	for (uint32_t i = 0; i < all->count; i++) {
		struct iommu *io = &all->unit[i];

		if (io->unit)
			io->ops->end(io->unit);
		dma_free(io->dma);
		free(io->domain);
	}
	iommu_memory_fini(all);
	all->m->iommus = NULL;
	free(all);
}

struct iommu *iommu_of_device(struct iommus *all, unsigned int device)
{
	struct iommu *io = all->unit;

	BUG_ON(all->m->hypervisor, device >= all->devices);
	while (device - io->config->first_device >= io->config->devices)
		io++;
	return io;
}

struct iommu_domain *iommu_domain_of(struct iommus *all, unsigned int device)
{
	struct iommu *io = iommu_of_device(all, device);

	return &io->domain[device - io->config->first_device];
}

/* ---- what the core asks for ---- */

/* The tag of a device's domain: DID, VMID. */
static uint16_t tag_of(unsigned int device)
{
	return (uint16_t)(device + 1);
}

static void flush_unit(struct iommu *io, const struct port_iotlb *request)
{
	io->ops->flush(io->unit, request);
	io->asked = true;
}

/* A shared table's tag is the CPUs': every unit may hold what it leads to. */
void iommus_flush(struct iommus *all, const struct port_iotlb *request)
{
	if (!all->m->config.share_pt)
		flush_unit(iommu_of_device(all, request->did - tag_of(0)),
			   request);
	else
		for (uint32_t i = 0; i < all->count; i++)
			flush_unit(&all->unit[i], request);
}

void iommus_wait(struct iommus *all)
{
	for (uint32_t i = 0; i < all->count; i++) {
		struct iommu *io = &all->unit[i];

		if (io->asked)
			io->ops->wait(io->unit);
		io->asked = false;
	}
}

void iommus_write_buffer(struct iommus *all)
{
	for (uint32_t i = 0; i < all->count; i++)
		if (all->unit[i].ops->write_buffer)
			all->unit[i].ops->write_buffer(all->unit[i].unit);
}

void iommus_tlbi(struct iommus *all, const struct arm_tlbi *tlbi)
{
	for (uint32_t i = 0; i < all->count; i++)
		if (all->unit[i].ops->tlbi)
			all->unit[i].ops->tlbi(all->unit[i].unit, tlbi);
}

/* ---- calls of a domain ---- */

/* What the core does from here on is called so; returns what it was called
 * before. And it has returned. */
static const char *begin(const struct iommu *io, const char *operation)
{
	const char *before = io->m->operation;

	io->m->operation = operation;
	return before;
}

static void over(const struct iommu *io, const struct iommu_domain *d,
		 const char *before)
{
	if (io->m->protocol)
		protocol_iommu_done(io, d);
	io->m->operation = before;
}

/* A request cut into runs of consecutive frames. */
struct run {
	dfn_t dfn;
	gfn_t gfn;
	uint64_t frames;
	unsigned int access;
};

static int map_run(const struct iommu *io, struct iommu_domain *d, dfn_t dfn,
		   mfn_t mfn, uint64_t frames, unsigned int access,
		   uint64_t *mapped)
{
	const char *before = begin(io, "iommu_map");
	uint64_t done;
	int rc;

	do {
		rc = iommu_map(d, dfn, mfn, frames, access, &done);
		dfn.raw += done;
		mfn.raw += done;
		frames -= done;
		*mapped += done;
	} while (rc == ERR_PREEMPTED);
	over(io, d, before);
	return rc;
}

static int unmap_run(const struct iommu *io, struct iommu_domain *d, dfn_t dfn,
		     uint64_t frames)
{
	const char *before = begin(io, "iommu_unmap");
	uint64_t done;
	int rc;

	do {
		rc = iommu_unmap(d, dfn, frames, &done);
		dfn.raw += done;
		frames -= done;
	} while (rc == ERR_PREEMPTED);
	over(io, d, before);
	return rc;
}

/* Frames that are given away must be out of every device's reach. */
static void flush(const struct iommu *io, struct iommu_domain *d)
{
	const char *before = begin(io, "iommu_flush");

	iommu_flush(d);
	over(io, d, before);
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
		rc = map_run(io, d, (dfn_t){ r->dfn.raw + mapped }, mfn, n,
			     r->access, &mapped);
	}
	if (rc && mapped) /* taking away needs no memory but for a split */
		BUG_ON(h, unmap_run(io, d, r->dfn, mapped));
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

/* What the p2m has for a device's frame, which is the guest's; at no cost. */
static struct p2m_entry shared_entry(const struct iommu *io, uint64_t frame)
{
	struct hypervisor *h = io->m->hypervisor;
	bool was = h->peek.on;
	struct p2m_entry e;

	h->peek.on = true;
	h->core->lookup(h->space, (gfn_t){ frame }, &e);
	h->peek.on = was;
	return e;
}

static mfn_t frame_of_device(struct iommu *io, unsigned int device,
			     uint64_t frame, bool *mapped)
{
	struct peek *peek = &io->m->hypervisor->peek;
	bool was = peek->on;
	struct iommu_entry e;

	if (io->m->config.share_pt) {
		struct p2m_entry p = shared_entry(io, frame);

		*mapped = p.type != P2M_INVALID;
		return p.mfn;
	}
	peek->on = true;
	iommu_lookup(&io->domain[device - io->config->first_device],
		     (dfn_t){ frame }, &e);
	peek->on = was;
	*mapped = e.access != 0;
	return e.mfn;
}

iova_t iommu_machine_address(struct iommu *io, unsigned int device, iova_t iova)
{
	bool mapped;
	mfn_t mfn = frame_of_device(io, device, iova.raw >> FRAME_LG2, &mapped);

	if (!mapped)
		return iova;
	return (iova_t){ pa_from_mfn(mfn).raw | (iova.raw & (FRAME_BYTES - 1)) };
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
	return guest_errno(unmap_run(io, d, dfn, x[3]));
}

/* ---- calls where the p2m's tables are shared ---- */

/*
 * A device's address is the guest's, always. Mapping a frame there says what is
 * so, and unmapping it does not take it from the device: the p2m alone does.
 * What is anything else is refused.
 */
static int64_t call_shared(struct iommu *io, const uint64_t x[6])
{
	const uint64_t space = BIT(io->m->config.p2m.ipa_bits - FRAME_LG2);
	bool map = x[0] == IOMMU_CALL_MAP;
	uint64_t frame = x[2] >> FRAME_LG2, frames = map ? x[4] : x[3];

	if ((x[2] & (FRAME_BYTES - 1)) || frames == 0 ||
	    (map && (x[3] != frame || x[5] == 0 || x[5] > IOMMU_ACCESS_RW)))
		return -EINVAL;
	if (frame >= space || frames > space - frame ||
	    (map && !hypervisor_may_share(io->m->hypervisor, (gfn_t){ frame },
					  frames)))
		return -ERANGE;
	for (uint64_t i = 0; i < frames; i++)
		if (shared_entry(io, frame + i).type == P2M_INVALID)
			return -ENOENT;
	io->ops_map += map;
	io->ops_unmap += !map;
	return 0;
}

static uint64_t now(const struct iommus *all)
{
	return machine_cycles(&all->m->cpu[all->m->current]);
}

static int64_t call_device(struct iommu *io, const uint64_t x[6])
{
	struct iommu_domain *d =
		iommu_domain_of(io->m->iommus, (unsigned int)x[1]);
	bool map = x[0] == IOMMU_CALL_MAP;
	int64_t result;

	if (io->m->config.share_pt)
		result = call_shared(io, x);
	else if ((map ? x[4] : x[3]) == 0)
		result = -EINVAL;
	else if (map)
		result = call_map(io, d, x);
	else
		result = call_unmap(io, d, x);
	io->refused += result < 0;
	return result;
}

/* What is meant for no device is the first unit's to refuse; a device behind
 * the guest's own unit has no domain. */
int64_t iommu_call(struct iommus *all, const uint64_t x[6])
{
	uint64_t began = now(all);
	struct iommu *io;
	int64_t result;

	if (x[1] >= all->devices) {
		all->unit[0].refused++;
		return -ENODEV;
	}
	io = iommu_of_device(all, (unsigned int)x[1]);
	if (io == all->guests) {
		io->refused++;
		return -ENODEV;
	}
	result = call_device(io, x);
	io->lock_charge += now(all) - began;
	return result;
}

static void follow(struct iommu *io, gfn_t gfn, uint64_t count, bool present)
{
	const struct run r = { .dfn = { gfn.raw },
			       .gfn = gfn,
			       .frames = count,
			       .access = IOMMU_ACCESS_RW };

	for (uint32_t i = 0; i < io->domains; i++) {
		int rc = present ? map_frames(io, &io->domain[i], &r)
				 : unmap_run(io, &io->domain[i], r.dfn, count);

		if (!present && !iommu_is_flushed(&io->domain[i]))
			flush(io, &io->domain[i]);

		/* No memory for tables: a device then faults where the guest
		 * would not, and nothing worse. */
		io->refused += rc != 0;
		io->ops_map += present;
		io->ops_unmap += !present;
	}
}

void iommus_follow(struct iommus *all, gfn_t gfn, uint64_t count, bool present)
{
	for (uint32_t i = 0; i < all->count; i++) {
		struct iommu *io = &all->unit[i];
		uint64_t began = now(all);

		if (io->config->populate != IOMMU_POPULATE_GUEST)
			continue;
		follow(io, gfn, count, present);
		io->lock_charge += now(all) - began;
	}
}

void iommus_moment(struct iommus *all)
{
	if (all->m->config.iommu_policy.coalesce.policy == PT_COALESCE_NEVER)
		return;
	for (uint32_t i = 0; i < all->count; i++) {
		struct iommu *io = &all->unit[i];
		uint64_t began = now(all);

		for (uint32_t k = 0; k < io->domains; k++) {
			const char *before = begin(io, "iommu_tick");

			iommu_tick(&io->domain[k]);
			over(io, &io->domain[k], before);
		}
		io->lock_charge += now(all) - began;
	}
}

/* ---- starting ---- */

/* How a domain is to be kept; the rest follows from the unit. */
static struct iommu_domain_config domain_config(const struct iommu *io,
						unsigned int device)
{
	const struct machine_config *c = &io->m->config;
	const struct iommu_policy *policy = &c->iommu_policy;
	struct iommu_domain_config out = {
		.did = tag_of(device),
		.iova_bits = io->config->iova_bits,
		.output_bits = c->mmu.pa_bits,
		.superpage_2m = io->config->largest_page >= IOMMU_LARGEST_2M,
		.superpage_1g = io->config->largest_page >= IOMMU_LARGEST_1G,
		.clean = io->config->coherent
				 ? PT_CLEAN_NONE
				 : (enum pt_clean_policy)(PT_CLEAN_ENTRY +
							  policy->clean),
		.free_empty = true,
		.coalesce = policy->coalesce,
		.flush = (enum iommu_flush_policy)policy->flush,
		.flush_calls = policy->flush_calls,
	};

	io->ops->domain(io->config, &out);
	return out;
}

static int domain_start(struct iommu *io, unsigned int device)
{
	struct hypervisor *h = io->m->hypervisor;
	struct iommu_domain_config config = domain_config(io, device);
	struct iommu_domain *d = &io->domain[io->domains];
	const struct run all = { .dfn = { h->ram_first.raw },
				 .gfn = h->ram_first,
				 .frames = h->ram_frames,
				 .access = IOMMU_ACCESS_RW };
	const char *before = begin(io, "iommu_domain_init");
	int rc = iommu_domain_init(d, h, &config);

	over(io, d, before);
	if (rc)
		return rc;
	io->domains++;
	if (io->config->populate == IOMMU_POPULATE_GUEST)
		rc = map_frames(io, d, &all);
	if (rc)
		return rc;
	before = begin(io, "iommu_attach");
	rc = io->ops->attach(io->unit, device, d);
	over(io, d, before);
	return rc;
}

/* The least that all of them can. */
void iommus_sharing(const struct machine *m, struct p2m_sharing *sharing)
{
	const struct machine_config *c = &m->config;

	*sharing = (struct p2m_sharing){ .broadcast = true,
					 .range = true,
					 .bbm_level = 2 };
	for (uint32_t i = 0; i < c->iommus; i++) {
		const struct iommu_config *unit = &c->iommu[i];

		sharing->broadcast &= unit->smmu.btm;
		sharing->range &= unit->smmu.ril;
		if (unit->smmu.bbm_level < sharing->bbm_level)
			sharing->bbm_level = unit->smmu.bbm_level;
		if (!unit->coherent)
			sharing->clean =
				(enum pt_clean_policy)(PT_CLEAN_ENTRY +
						       c->iommu_policy.clean);
	}
}

static int device_share(struct iommu *io, unsigned int device)
{
	struct hypervisor *h = io->m->hypervisor;
	struct iommu_ste_s2 ste;

	iommu_shared_ste(h->core->vttbr(h->space),
			 h->core->vtcr(h->space, io->m->config.mmu.pa_bits),
			 io->config->coherent, &ste);
	return io->ops->share(io->unit, device, &ste);
}

static int unit_boot(struct iommu *io)
{
	int rc;

	if (io->m->protocol && io->config->mode != IOMMU_MODE_OFF)
		protocol_iommu_unit(io);
	/* The guest says where its devices' accesses go. */
	if (io == io->m->iommus->guests)
		return 0;
	rc = io->ops->start(io->unit);
	if (io->m->protocol && io->config->mode != IOMMU_MODE_OFF)
		protocol_iommu_unit(io);
	for (unsigned int i = 0; rc == 0 && i < io->config->devices; i++)
		rc = io->m->config.share_pt
			     ? device_share(io, io->config->first_device + i)
			     : domain_start(io, io->config->first_device + i);
	return rc;
}

bool iommus_boot(struct iommus *all, struct error_line *error)
{
	for (uint32_t i = 0; i < all->count; i++) {
		int rc = unit_boot(&all->unit[i]);

		if (rc)
			return error_set(error, EXIT_INPUT,
					 "machine: iommu.%u: its tables cannot "
					 "be made (%d)",
					 i, rc);
	}
	return true;
}
