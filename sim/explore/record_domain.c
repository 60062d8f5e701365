/* SPDX-License-Identifier: BSD-2-Clause */
/* See record_domain.h. */
#include "sim/explore/record_domain.h"

#include <string.h>

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

/* VT-d 4.1 §9.3, §9.6: AW, and the address of the first table. */
void record_domain_space(const struct record_domain *d,
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
