/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See share.h. A file of its own, so that only who shares needs the port's
 * functions for an IOMMU.
 */
#include "core/p2m/share.h"

#include "core/format/arm_s2.h"
#include "core/iommu/flush_arm.h"
#include "core/pt/clean.h"

static void share_flush(struct p2m *p2m, const struct pt_gather *g)
{
	struct p2m_shared *s = &p2m->shared;
	const struct iommu_arm_flush how = {
		.host = p2m->host,
		.vmid = p2m->config.vmid,
		.granule_lg2 = p2m->config.granule_lg2,
		.by_ipa = p2m->config.tlbi != P2M_TLBI_VMID,
		.range = s->range,
		.combined = s->nested,
	};

	if (iommu_arm_flush_gathered(&how, g, &s->flush_ipa))
		s->flush_vmid++;
}

static void share_wait(struct p2m *p2m)
{
	port_iotlb_wait(p2m->host);
	p2m->shared.waits++;
}

/* The root tables were zeroed for walkers that see the caches. */
static void share_clean_roots(struct p2m *p2m)
{
	const uint64_t bytes = BIT(p2m->config.granule_lg2);

	for (uint64_t i = 0; i < BIT(p2m->root_order); i++) {
		const pa_t page = { p2m->root.raw + i * bytes };
		uint64_t *e = port_table_map(p2m->host, page);

		port_pte_clean(p2m->host, e, (size_t)(bytes / sizeof(*e)));
		p2m->stats.cleans++;
		port_table_unmap(p2m->host, e);
	}
	port_barrier(p2m->host, PORT_DSB_ISHST);
	p2m->stats.barriers++;
}

static int share_check(const struct p2m *p2m, const struct p2m_sharing *c)
{
	if (c->bbm_level > 2 || (unsigned int)c->clean >= PT_CLEAN_POLICIES)
		return ERR_INVAL;
	if (p2m->stats.tables_live != BIT(p2m->root_order))
		return ERR_EXIST;
	for (unsigned int level = 0; level < PT_LEVELS; level++)
		if (p2m->stats.mappings[level] != 0)
			return ERR_EXIST;
	if (c->broadcast && !c->range && p2m->config.tlbi == P2M_TLBI_RANGE)
		return ERR_UNSUPPORTED;
	return 0;
}

int p2m_share(struct p2m *p2m, const struct p2m_sharing *c)
{
	int rc = share_check(p2m, c);

	if (rc)
		return rc;
	p2m->shared = (struct p2m_shared){
		.flush = c->broadcast ? NULL : share_flush,
		.wait = c->broadcast ? NULL : share_wait,
		.clean = c->clean,
		.on = true,
		.range = c->range,
		.nested = c->nested,
	};
	if (p2m->config.bbm_level > c->bbm_level)
		p2m->config.bbm_level = c->bbm_level;
	/* The short ways tell the CPUs alone, and clean nothing. */
	if (!c->broadcast)
		p2m->quick_remove = 0;
	if (c->clean != PT_CLEAN_NONE) {
		p2m->quick_map = p2m->quick_remove = 0;
		share_clean_roots(p2m);
	}
	return 0;
}
