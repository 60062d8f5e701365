/* SPDX-License-Identifier: BSD-2-Clause */
/* A scenario recorded, explored and told; and the listed ones. */
#ifndef SIM_EXPLORE_STUDY_H
#define SIM_EXPLORE_STUDY_H

#include "sim/explore/record.h"

/*
 * The report of one scenario, as --json prints it; its verdict in *verdict.
 * NULL: *error. New reference.
 */
json_t *study_explore(const struct scenario *s,
		      const struct machine_config *config,
		      const struct record_filter *filter,
		      enum explore_verdict *verdict, struct error_line *error);

/*
 * Each operation of the core under each policy, at the first, middle and last
 * index of a table, at each level, seen by one CPU, two, and with an IOMMU
 * that walks coherently or does not. One after another: *next is 0 for the
 * first. False: there are no more.
 */
bool study_listed(size_t *next, struct scenario *s);
/* Each operation of core/iommu's domain under each policy, at the same places,
 * on hardware of several kinds that walks coherently or does not. */
bool study_listed_domain(size_t *next, struct scenario *s);

#endif
