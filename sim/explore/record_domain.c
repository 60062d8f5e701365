/* SPDX-License-Identifier: BSD-2-Clause */
/* See record_domain.h. */
#include "sim/explore/record_domain.h"

#include <string.h>

#include "core/iommu/ste.h"
#include "sim/machine/hypervisor.h"

int record_domain_begin(struct record_domain *d, struct machine *m,
			const struct scenario *s)
{
	struct iommu_domain_config config = s->iommu;

	memset(d, 0, sizeof(*d));
	config.clean =
		scenario_is_noncoherent(s)
			? (enum pt_clean_policy)(PT_CLEAN_ENTRY + (int)s->clean)
			: PT_CLEAN_NONE;
	return iommu_domain_init(&d->domain, m->hypervisor, &config);
}

int record_domain_call(struct record_domain *d, const struct scenario_call *c)
{
	struct iommu_domain *domain = &d->domain;
	uint64_t done;

	switch (c->what) {
	case DO_MAP:
		return iommu_map(domain, c->dfn, c->mfn, c->frames, c->access,
				 &done);
	case DO_UNMAP:
		return iommu_unmap(domain, c->dfn, c->frames, &done);
	case DO_PROTECT:
		return iommu_protect(domain, c->dfn, c->frames, c->access,
				     &done);
	case DO_TICK:
		iommu_tick(domain);
		return 0;
	case DO_FLUSH:
		iommu_flush(domain);
		return 0;
	case DO_TEARDOWN:
		return iommu_domain_fini(domain);
	default:
		return ERR_INVAL;
	}
}

/* The core's own word, but not where its policy or the call promises more. */
bool record_domain_defers(const struct record_domain *d,
			  const struct scenario_call *last)
{
	return d->domain.config.flush == IOMMU_FLUSH_DEFERRED &&
	       last->what != DO_FLUSH && last->what != DO_TEARDOWN &&
	       !iommu_is_flushed(&d->domain);
}

static bool is_arm(const struct record_domain *d)
{
	return d->domain.config.format != IOMMU_VTD_SS;
}

enum explore_loss record_domain_loss(const struct record_domain *d)
{
	if (!is_arm(d))
		return EXPLORE_NEVER_FAULTS;
	return d->domain.config.bbm_level == 0 ? EXPLORE_MAY_FAULT
					       : EXPLORE_MOVED_MAY_FAULT;
}

/* VT-d 4.1 §9.3, §9.6: AW, and the address of the first table. */
static void vtd_space(const struct record_domain *d,
		      struct explore_space *space)
{
	const struct iommu_domain_config *c = &d->domain.config;

	*space = (struct explore_space){
		.format = ENTRY_VTD_SS,
		.granule_lg2 = 12,
		/* 1 is three levels, 2 four, 3 five. */
		.start_level = (uint8_t)(3 - iommu_domain_aw(&d->domain)),
		.output_bits = c->output_bits,
		.superpages = (uint8_t)(c->superpage_2m | c->superpage_1g << 1),
		.snoop_control = c->snoop,
		.root = d->domain.root.raw,
	};
}

/* IHI0070 5.2, STE.S2TG, S2SL0, S2T0SZ, S2TTB; 6.3.4, IDR3.BBML. */
static void smmu_space(const struct record_domain *d,
		       struct explore_space *space)
{
	static const uint8_t granules_lg2[] = { 12, 16, 14 };
	struct iommu_ste_s2 ste;
	unsigned int bits, top;

	iommu_domain_ste(&d->domain, &ste);
	bits = 64u - ste.s2t0sz;
	*space = (struct explore_space){
		.granule_lg2 = granules_lg2[ste.s2tg],
		.bbm_level = d->domain.config.bbm_level,
		.output_bits = ste.s2tg == 1 && ste.s2ps == 6 ? 52 : 48,
		.root = ste.s2ttb.raw,
	};
	space->start_level =
		(uint8_t)((space->granule_lg2 == 12 ? 2 : 3) - ste.s2sl0);
	top = entry_lsb(space, space->start_level) + space->granule_lg2 - 3u;
	space->root_order = bits > top ? (uint8_t)(bits - top) : 0;
}

void record_domain_space(const struct record_domain *d,
			 struct explore_space *space)
{
	if (is_arm(d))
		smmu_space(d, space);
	else
		vtd_space(d, space);
}
