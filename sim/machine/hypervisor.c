/* SPDX-License-Identifier: BSD-2-Clause */
/* See hypervisor.h. What the core asks of its host is in port.c. */
#include "sim/machine/hypervisor.h"
#include "sim/machine/iommu.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/port.h"
#include "sim/machine/account.h"
#include "sim/machine/foreign.h"
#include "sim/machine/protocol.h"

#define REGION_FRAMES 512 /* 2 MiB */

/* A generator of its own, so that backing does not depend on what the caches
 * drew. */
static uint64_t draw(struct model_random *random, uint64_t below)
{
	return model_random_next(random) % below;
}

static void permute(struct model_random *random, uint32_t *frame,
		    uint64_t count)
{
	for (uint64_t i = count; i > 1; i--) {
		uint64_t j = draw(random, i);
		uint32_t t = frame[i - 1];

		frame[i - 1] = frame[j];
		frame[j] = t;
	}
}

/* `percent` of the 2 MiB regions, drawn, are permuted inside themselves;
 * `region` units each. */
static bool fragment_regions(struct model_random *random, uint32_t *frame,
			     uint64_t count, uint64_t region,
			     unsigned int percent)
{
	uint64_t regions = (count + region - 1) / region;
	uint64_t chosen = (regions * percent + 50) / 100;
	uint32_t *order = malloc(regions * sizeof(*order));

	if (!order)
		return false;
	for (uint64_t i = 0; i < regions; i++)
		order[i] = (uint32_t)i;
	permute(random, order, regions);
	for (uint64_t i = 0; i < chosen; i++) {
		uint64_t first = (uint64_t)order[i] * region;
		uint64_t left = count - first;

		permute(random, frame + first, left < region ? left : region);
	}
	free(order);
	return true;
}

static bool backing_init(struct hypervisor *h)
{
	const struct machine_config *config = &h->m->config;
	uint64_t units = h->ram_frames >> h->unit_lg2;
	struct model_random random;

	if (config->backing == BACKING_CONTIGUOUS)
		return true;
	h->frame = malloc(units * sizeof(*h->frame));
	if (!h->frame)
		return false;
	for (uint64_t i = 0; i < units; i++)
		h->frame[i] = (uint32_t)i;
	model_random_seed(&random, config->seed ^ 0x6261636b696e67);
	if (config->backing == BACKING_FRAGMENTED)
		return fragment_regions(&random, h->frame, units,
					REGION_FRAMES >> h->unit_lg2,
					config->fragmented_percent);
	permute(&random, h->frame, units);
	return true;
}

mfn_t hypervisor_frame(const struct hypervisor *h, gfn_t gfn)
{
	uint64_t index = gfn.raw - h->ram_first.raw;

	if (h->frame)
		index = (uint64_t)h->frame[index >> h->unit_lg2]
				<< h->unit_lg2 |
			(index & (BIT(h->unit_lg2) - 1));
	return (mfn_t){ (MACHINE_BASE_PA >> FRAME_LG2) + h->ram_first.raw +
			index };
}

bool hypervisor_gfn(struct hypervisor *h, mfn_t mfn, gfn_t *gfn)
{
	uint64_t index = mfn.raw - (MACHINE_BASE_PA >> FRAME_LG2) -
			 h->ram_first.raw;

	if (index >= h->ram_frames)
		return false;
	if (h->frame && !h->index) {
		uint64_t units = h->ram_frames >> h->unit_lg2;

		h->index = malloc(units * sizeof(*h->index));
		if (!h->index)
			port_bug(h, __FILE__, __LINE__, "out of memory");
		for (uint64_t i = 0; i < units; i++)
			h->index[h->frame[i]] = (uint32_t)i;
	}
	if (h->frame)
		index = (uint64_t)h->index[index >> h->unit_lg2]
				<< h->unit_lg2 |
			(index & (BIT(h->unit_lg2) - 1));
	gfn->raw = h->ram_first.raw + index;
	return true;
}

uint64_t table_pool_bytes(uint64_t ram_frames)
{
	/* Last-level tables take 1/512 of what they map; twice that, and
	 * room for roots and small guests, in whole 2 MiB regions. */
	uint64_t pages = ram_frames / 256 + 4 * REGION_FRAMES;

	return (pages + REGION_FRAMES - 1) / REGION_FRAMES * REGION_FRAMES
	       << FRAME_LG2;
}

uint64_t hypervisor_pool_bytes(const struct machine_config *config)
{
	uint64_t frames = (uint64_t)config->ram_mib << (20 - FRAME_LG2);
	uint64_t bytes = table_pool_bytes(frames);

	return (1 + config->iommus) * bytes;
}

static bool pool_init(struct table_pool *pool, const struct ram *ram,
		      uint64_t bytes)
{
	pool->base = ram->base;
	pool->pages = bytes >> FRAME_LG2;
	pool->meta = calloc(pool->pages, PORT_TABLE_META_BYTES);
	pool->next = calloc(pool->pages, sizeof(*pool->next));
	return pool->meta && pool->next;
}

/* What the core does from here on is called so; and it has returned. */
static void begin(struct hypervisor *h, const char *operation)
{
	h->m->operation = operation;
}

static void over(struct hypervisor *h)
{
	if (h->m->protocol)
		protocol_done(h->m);
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
	case ERR_NOENT:
		return -ENOENT;
	default:
		return -EINVAL;
	}
}

/* Map [gfn, gfn + count) run by run, as far as frames are consecutive. */
static int populate(struct hypervisor *h, gfn_t gfn, uint64_t count)
{
	begin(h, "p2m_map");
	if (h->m->protocol)
		protocol_frames(h->m, PROTOCOL_FRAME_TAKE, gfn, count);
	while (count) {
		mfn_t mfn = hypervisor_frame(h, gfn);
		uint64_t run = h->frame ? 1 : count, done;
		int rc;

		while (run < count &&
		       hypervisor_frame(h, (gfn_t){ gfn.raw + run }).raw ==
			       mfn.raw + run)
			run++;
		do {
			rc = h->core->map(h->space, gfn, mfn, run, P2M_RAM_RW,
					  P2M_ACCESS_RWX, &done);
			gfn.raw += done;
			mfn.raw += done;
			run -= done;
			count -= done;
		} while (rc == ERR_PREEMPTED);
		if (rc)
			return rc;
	}
	return 0;
}

static void install_registers(struct hypervisor *h)
{
	struct machine *m = h->m;

	for (unsigned int i = 0; i < m->config.cpus; i++) {
		struct arm_mmu *mmu = &m->cpu[i].mmu;
		uint64_t vtcr = h->core->vtcr(h->space,
					       m->config.mmu.pa_bits);

		arm_mmu_sysreg_write(mmu, ARM_VTCR_EL2, vtcr);
		arm_mmu_sysreg_write(mmu, ARM_VTTBR_EL2,
				     h->core->vttbr(h->space));
		/* RW: EL1 is AArch64; VM: stage 2 is on. */
		arm_mmu_sysreg_write(mmu, ARM_HCR_EL2, BIT(31) | BIT(0));
		if (m->protocol)
			protocol_roots(m, &m->cpu[i]);
	}
	observe_hypervisor_sysreg(m, 0, "VTCR_EL2", m->cpu[0].mmu.regs.vtcr);
	observe_hypervisor_sysreg(m, 0, "VTTBR_EL2", m->cpu[0].mmu.regs.vttbr);
	observe_hypervisor_sysreg(m, 0, "HCR_EL2", m->cpu[0].mmu.regs.hcr);
}

/* Policies that a core must know how to follow. How it flushes, and what it
 * frees when, is its own affair. */
static bool is_offered(const struct hypervisor *h, struct error_line *error)
{
	const struct p2m_config *c = &h->m->config.p2m;
	const struct {
		bool wanted;
		uint64_t offer;
		const char *key;
	} wish[] = {
		{ c->granule_lg2 == 12, P2M_OFFERS_4K, "guest.granule 4K" },
		{ c->granule_lg2 == 14, P2M_OFFERS_16K, "guest.granule 16K" },
		{ c->granule_lg2 == 16, P2M_OFFERS_64K, "guest.granule 64K" },
		{ c->coalesce.policy != PT_COALESCE_NEVER, P2M_OFFERS_COALESCE,
		  "policy.p2m.coalesce" },
		{ c->contig_hint, P2M_OFFERS_CONTIG_HINT,
		  "policy.p2m.contig_hint" },
	};

	for (size_t i = 0; i < sizeof(wish) / sizeof(wish[0]); i++)
		if (wish[i].wanted && !(h->core->offers & wish[i].offer))
			return error_set(error, EXIT_NOT_MODELLED,
					 "machine: %s: core '%s' does not offer it",
					 wish[i].key, h->core->name);
	return true;
}

/* IOMMUs walk the p2m's tables, if so. */
static bool share(struct hypervisor *h, struct error_line *error)
{
	struct p2m_sharing sharing;
	int rc = ERR_UNSUPPORTED;

	if (!h->m->config.share_pt)
		return true;
	iommus_sharing(h->m, &sharing);
	if (h->core->share)
		rc = h->core->share(h->space, &sharing);
	if (rc == ERR_UNSUPPORTED)
		return error_set(error, EXIT_NOT_MODELLED,
				 "machine: policy.iommu.share_pt: core '%s' does not offer it with this machine and policy.p2m.tlbi",
				 h->core->name);
	if (rc)
		return error_set(error, EXIT_INPUT,
				 "machine: policy.iommu.share_pt: the tables cannot be shared (%d)",
				 rc);
	return true;
}

bool hypervisor_boot(struct hypervisor *h, struct error_line *error)
{
	struct machine *m = h->m;
	struct p2m_config config = m->config.p2m;
	int rc;

	if (!is_offered(h, error))
		return false;
	config.vmid = SIM_VMID;
	begin(h, "p2m_init");
	rc = h->core->init(h->space, h, &config);
	if (rc == ERR_UNSUPPORTED)
		return error_set(error, EXIT_NOT_MODELLED,
				 "machine: guest.ipa_bits %u: core '%s' does not offer such a space",
				 m->config.ipa_bits, h->core->name);
	if (rc)
		return error_set(error, EXIT_INPUT,
				 "machine: guest.ipa_bits %u: no stage-2 table can be made for it (%d)",
				 m->config.ipa_bits, rc);
	if (!share(h, error) || !setway_init(h, error))
		return false;
	install_registers(h);
	if (m->config.populate != POPULATE_EAGER)
		return true;
	h->ops_map++;
	rc = populate(h, h->ram_first, h->ram_frames);
	over(h);
	observe_p2m_op(m, "map", h->ram_first, h->ram_frames, guest_errno(rc));
	if (rc)
		return error_set(error, EXIT_INPUT,
				 "machine: guest.ram_mib %u: mapping it failed (%d)",
				 m->config.ram_mib, rc);
	return true;
}

void hypervisor_start(struct hypervisor *h)
{
	begin(h, "p2m_setway_start");
	setway_start(h);
	over(h);
}

size_t hypervisor_space_bytes(const struct hypervisor *h)
{
	return h->m->config.core ? foreign_bytes(h->space) :
				   h->core->space_bytes;
}

void hypervisor_space_save(const struct hypervisor *h, void *to)
{
	if (h->m->config.core)
		foreign_save(h->space, to);
	else
		memcpy(to, h->space, h->core->space_bytes);
}

void hypervisor_space_restore(struct hypervisor *h, const void *from)
{
	if (h->m->config.core)
		foreign_restore(h->space, from);
	else
		memcpy(h->space, from, h->core->space_bytes);
}

static bool space_init(struct hypervisor *h)
{
	if (h->m->config.core)
		return foreign_new(h);
	h->core = &p2m_core_ops;
	h->space = calloc(1, h->core->space_bytes);
	return h->space;
}

/* Our p2m's pages are the pool's, which goes whole; another's promises of its
 * end are kept or found broken. */
static void space_fini(struct hypervisor *h)
{
	if (h->space && h->m->config.core)
		foreign_free(h->space);
	else
		free(h->space);
}

struct hypervisor *hypervisor_new(struct machine *m, struct error_line *error)
{
	struct hypervisor *h = calloc(1, sizeof(*h));
	uint64_t frames = (uint64_t)m->config.ram_mib << (20 - FRAME_LG2);

	if (!h) {
		error_set(error, EXIT_INPUT, "machine: out of memory");
		return NULL;
	}
	h->m = m;
	m->hypervisor = h;
	h->ram_first = gfn_from_ipa((ipa_t){ GUEST_RAM_BASE });
	h->ram_frames = frames;
	h->unit_lg2 = m->config.p2m.granule_lg2 - FRAME_LG2;
	h->removed = calloc(frames, 1);
	if (!h->removed || !backing_init(h) ||
	    !pool_init(&h->pool, &m->ram, hypervisor_pool_bytes(&m->config)) ||
	    !space_init(h)) {
		error_set(error, EXIT_INPUT,
			  "machine: guest.ram_mib %u: out of memory",
			  m->config.ram_mib);
		hypervisor_free(h);
		return NULL;
	}
	return h;
}

void hypervisor_free(struct hypervisor *h)
{
	space_fini(h);
	free(h->frame);
	free(h->index);
	free(h->peek.write);
	free(h->peek.space);
	free(h->removed);
	free(h->pool.meta);
	free(h->pool.next);
	h->m->hypervisor = NULL;
	free(h);
}

bool hypervisor_can_populate(const struct hypervisor *h,
			     const struct arm_fault *fault)
{
	gfn_t gfn = gfn_from_ipa(fault->ipa);

	if (fault->stage != 2 || fault->kind != ARM_FAULT_TRANSLATION ||
	    h->m->config.populate != POPULATE_FAULT)
		return false;
	return hypervisor_has_ram(h, gfn) &&
	       !h->removed[gfn.raw - h->ram_first.raw];
}

bool hypervisor_can_resolve(struct hypervisor *h,
			    const struct arm_fault *fault)
{
	if (fault->stage != 2 || fault->kind != ARM_FAULT_TRANSLATION)
		return false;
	return hypervisor_can_populate(h, fault) ||
	       setway_can_resolve(h, gfn_from_ipa(fault->ipa));
}

/* The first frame of the granule around. */
static gfn_t gfn_align(const struct hypervisor *h, gfn_t gfn)
{
	return (gfn_t){ align_down(gfn.raw, h->unit_lg2) };
}

bool hypervisor_resolve(struct hypervisor *h, const struct arm_fault *fault)
{
	gfn_t gfn = gfn_align(h, gfn_from_ipa(fault->ipa));
	bool resolved;
	int rc;

	begin(h, "p2m_setway_fault");
	resolved = setway_resolve(h, gfn_from_ipa(fault->ipa));
	if (!resolved && hypervisor_can_populate(h, fault)) {
		h->ops_fault++;
		rc = populate(h, gfn, BIT(h->unit_lg2));
		resolved = rc == 0;
		observe_p2m_op(h->m, "fault", gfn, BIT(h->unit_lg2),
			       guest_errno(rc));
	}
	over(h);
	return resolved;
}

static struct p2m_entry look_up(struct hypervisor *h, gfn_t gfn)
{
	struct p2m_entry entry;
	bool was = h->peek.on;

	h->peek.on = true;
	h->core->lookup(h->space, gfn, &entry);
	h->peek.on = was;
	return entry;
}

bool hypervisor_reach(struct hypervisor *h, gfn_t gfn, unsigned int access,
		      mfn_t *mfn)
{
	const struct arm_fault absent = { .kind = ARM_FAULT_TRANSLATION,
					  .stage = 2,
					  .ipa = ipa_from_gfn(gfn) };
	struct p2m_entry entry;

	if (!hypervisor_has_ram(h, gfn))
		return false;
	entry = look_up(h, gfn);
	if (entry.type == P2M_INVALID && hypervisor_can_populate(h, &absent) &&
	    hypervisor_resolve(h, &absent))
		entry = look_up(h, gfn);
	*mfn = entry.mfn;
	return (entry.type == P2M_RAM_RW || entry.type == P2M_RAM_RO) &&
	       (entry.access & access) == access;
}

void hypervisor_tick(struct hypervisor *h, const struct machine_cpu *cpu)
{
	h->m->current = cpu->index;
	if (!h->core->tick)
		return;
	begin(h, "p2m_tick");
	h->core->tick(h->space);
	over(h);
}

/* ---- hypercalls ---- */

/* A guest may name RAM only; hostile numbers must not wrap. */
static bool range_is_ram(const struct hypervisor *h, uint64_t gfn,
			 uint64_t count)
{
	uint64_t index = gfn - h->ram_first.raw;

	return index < h->ram_frames && count <= h->ram_frames - index;
}

bool hypervisor_may_share(const struct hypervisor *h, gfn_t gfn,
			  uint64_t frames)
{
	return range_is_ram(h, gfn.raw, frames) &&
	       !memchr(h->removed + (gfn.raw - h->ram_first.raw), true, frames);
}

static void note_removed(struct hypervisor *h, uint64_t gfn, uint64_t count,
			 bool removed)
{
	memset(h->removed + (gfn - h->ram_first.raw), removed, count);
}

static int call_populate(struct hypervisor *h, gfn_t gfn, uint64_t count)
{
	int rc = populate(h, gfn, count);

	if (rc == 0 && h->m->iommus)
		iommus_follow(h->m->iommus, gfn, count, true);
	return rc;
}

static int64_t call_remove(struct hypervisor *h, uint64_t gfn, uint64_t count)
{
	uint64_t left = count, done;
	int rc;

	h->ops_unmap++;
	begin(h, "p2m_remove");
	do {
		gfn_t at = { gfn + (count - left) };

		rc = h->core->remove(h->space, at, left, &done);
		note_removed(h, at.raw, done, true);
		if (h->m->iommus && done)
			iommus_follow(h->m->iommus, at, done, false);
		if (h->m->protocol && done)
			protocol_frames(h->m, PROTOCOL_FRAME_FREE, at, done);
		left -= done;
	} while (rc == ERR_PREEMPTED);
	return guest_errno(rc);
}

static int64_t call_protect(struct hypervisor *h, uint64_t gfn, uint64_t count,
			    uint64_t access)
{
	uint64_t left = count, done;
	int rc;

	if (access > P2M_ACCESS_RWX)
		return -EINVAL;
	h->ops_protect++;
	begin(h, "p2m_protect");
	do {
		rc = h->core->protect(h->space,
				      (gfn_t){ gfn + (count - left) }, left,
				      (unsigned int)access, &done);
		left -= done;
	} while (rc == ERR_PREEMPTED);
	return guest_errno(rc);
}

static int64_t call_map(struct hypervisor *h, uint64_t gfn, uint64_t count)
{
	h->ops_map++;
	note_removed(h, gfn, count, false);
	return guest_errno(call_populate(h, (gfn_t){ gfn }, count));
}

static int64_t p2m_call(struct hypervisor *h, const uint64_t x[6])
{
	const char *op;
	int64_t result;

	if (!range_is_ram(h, x[1], x[2]) || x[2] == 0)
		return -ERANGE;
	if ((x[1] | x[2]) & (BIT(h->unit_lg2) - 1))
		return -EINVAL; /* no whole granules */
	switch (x[0]) {
	case 0xC6000001:
		op = "map";
		result = call_map(h, x[1], x[2]);
		break;
	case 0xC6000002:
		op = "unmap";
		result = call_remove(h, x[1], x[2]);
		break;
	case 0xC6000003:
		op = "protect";
		result = call_protect(h, x[1], x[2], x[3]);
		break;
	default:
		return -ENOSYS;
	}
	observe_p2m_op(h->m, op, (gfn_t){ x[1] }, x[2], result);
	return result;
}

int64_t hypervisor_p2m_call(struct hypervisor *h, const uint64_t x[6])
{
	int64_t result = p2m_call(h, x);

	over(h);
	return result;
}
