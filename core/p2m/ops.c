/* SPDX-License-Identifier: BSD-2-Clause */
/* Our own p2m, with its set/way tracking, as the table of ops.h. */
#include "core/p2m/ops.h"

struct p2m_space {
	struct p2m p2m;
	struct p2m_setway setway; /* .p2m is NULL until setway_init */
};

static struct p2m *p2m_of(void *space)
{
	return &((struct p2m_space *)space)->p2m;
}

static const struct p2m *p2m_of_const(const void *space)
{
	return &((const struct p2m_space *)space)->p2m;
}

static int ops_init(void *space, void *host, const struct p2m_config *config)
{
	return p2m_init(p2m_of(space), host, config);
}

static int ops_fini(void *space)
{
	return p2m_fini(p2m_of(space));
}

static int ops_map(void *space, gfn_t gfn, mfn_t mfn, uint64_t frames,
		   enum p2m_type type, unsigned int access, uint64_t *done)
{
	return p2m_map(p2m_of(space), gfn, mfn, frames, type, access, done);
}

static int ops_remove(void *space, gfn_t gfn, uint64_t frames, uint64_t *done)
{
	return p2m_remove(p2m_of(space), gfn, frames, done);
}

static int ops_protect(void *space, gfn_t gfn, uint64_t frames,
		       unsigned int access, uint64_t *done)
{
	return p2m_protect(p2m_of(space), gfn, frames, access, done);
}

static void ops_lookup(void *space, gfn_t gfn, struct p2m_entry *entry)
{
	p2m_lookup(p2m_of(space), gfn, entry);
}

static uint64_t ops_vttbr(const void *space)
{
	return p2m_vttbr(p2m_of_const(space));
}

static uint64_t ops_vtcr(const void *space, unsigned int pa_bits)
{
	return p2m_vtcr(p2m_of_const(space), pa_bits);
}

static int ops_change_type(void *space, gfn_t gfn, uint64_t frames,
			   enum p2m_type from, enum p2m_type to,
			   uint64_t *done)
{
	return p2m_change_type(p2m_of(space), gfn, frames, from, to, done);
}

static int ops_set_default_access(void *space, unsigned int access)
{
	return p2m_set_default_access(p2m_of(space), access);
}

static int ops_relinquish(void *space)
{
	return p2m_relinquish(p2m_of(space));
}

static void ops_tick(void *space)
{
	p2m_tick(p2m_of(space));
}

/* ---- set/way */

static struct p2m_setway *setway_of(void *space)
{
	return &((struct p2m_space *)space)->setway;
}

static int ops_fault(void *space, gfn_t gfn)
{
	struct p2m_setway *s = setway_of(space);

	return s->p2m ? p2m_setway_fault(s, gfn) : ERR_NOENT;
}

static int ops_setway_init(void *space, enum p2m_setway_policy policy,
			   bool iommu_shares)
{
	return p2m_setway_init(setway_of(space), p2m_of(space), policy,
			       iommu_shares);
}

static void ops_setway_start(void *space)
{
	p2m_setway_start(setway_of(space));
}

static int ops_setway_trap(void *space, bool *trap_vm)
{
	struct p2m_setway *s = setway_of(space);
	int rc;

	s->trap_vm = *trap_vm;
	rc = p2m_setway_trap(s);
	*trap_vm = s->trap_vm;
	return rc;
}

static int ops_setway_toggle(void *space, bool was, bool is, bool *trap_vm)
{
	struct p2m_setway *s = setway_of(space);
	int rc;

	s->trap_vm = *trap_vm;
	rc = p2m_setway_toggle(s, was, is);
	*trap_vm = s->trap_vm;
	return rc;
}

static void ops_setway_counts(const void *space,
			      struct p2m_setway_counts *counts)
{
	const struct p2m_setway *s = &((const struct p2m_space *)space)->setway;

	*counts = (struct p2m_setway_counts){ s->batches, s->frames_cleaned,
					      s->faults, s->invalidations };
}

static int ops_share(void *space, const struct p2m_sharing *sharing)
{
	return p2m_share(p2m_of(space), sharing);
}

static void ops_stats(const void *space, struct p2m_stats *stats)
{
	*stats = p2m_of_const(space)->stats;
}

const struct p2m_ops p2m_core_ops = {
	.version = P2M_OPS_VERSION,
	.size = sizeof(struct p2m_ops),
	.name = "p2m",
	.release = "0.1.0",
	.offers = P2M_OFFERS_4K | P2M_OFFERS_16K | P2M_OFFERS_64K |
		  P2M_OFFERS_LPA | P2M_OFFERS_TYPES | P2M_OFFERS_FREE_EMPTY |
		  P2M_OFFERS_COALESCE | P2M_OFFERS_CONTIG_HINT |
		  P2M_OFFERS_BBM | P2M_OFFERS_COUNTS | P2M_OFFERS_PARTIAL |
		  P2M_OFFERS_BLOCKS,
	.space_bytes = sizeof(struct p2m_space),
	.init = ops_init,
	.fini = ops_fini,
	.map = ops_map,
	.remove = ops_remove,
	.protect = ops_protect,
	.lookup = ops_lookup,
	.vttbr = ops_vttbr,
	.vtcr = ops_vtcr,
	.change_type = ops_change_type,
	.set_default_access = ops_set_default_access,
	.relinquish = ops_relinquish,
	.tick = ops_tick,
	.fault = ops_fault,
	.stats = ops_stats,
	.setway_init = ops_setway_init,
	.setway_start = ops_setway_start,
	.setway_trap = ops_setway_trap,
	.setway_toggle = ops_setway_toggle,
	.setway_counts = ops_setway_counts,
	.share = ops_share,
};
