/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The domain of core/iommu that a scenario is of, on a machine without IOMMUs:
 * the port tells what is asked of them, and that is all. Private to
 * sim/explore.
 */
#ifndef SIM_EXPLORE_RECORD_DOMAIN_H
#define SIM_EXPLORE_RECORD_DOMAIN_H

#include "sim/explore/scenario.h"
#include "sim/machine/machine.h"

struct record_domain {
	struct iommu_domain domain;
};

/* An empty domain. As iommu_domain_init. */
MUST_CHECK int record_domain_begin(struct record_domain *d, struct machine *m,
				   const struct scenario *s);
/* One operation; 0 or the core's error. */
MUST_CHECK int record_domain_call(struct record_domain *d,
				  const struct scenario_call *c);
/* Will what was removed so far be reached after a later call only no more? */
bool record_domain_defers(const struct record_domain *d,
			  const struct scenario_call *last);
/* What of its devices may fault: core/iommu/README.md. */
enum explore_loss record_domain_loss(const struct record_domain *d);
/* What the entry that leads to the domain says, and the hardware is. */
void record_domain_space(const struct record_domain *d,
			 struct explore_space *space);

#endif
