/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A scenario done by the real core on a machine of its own, heard through the
 * port: what explore_run takes. One machine a recording, so that nothing of
 * one scenario is left for the next.
 *
 * Where an observer does not walk coherently, the core cleans what it writes, as
 * policy.iommu.clean says: that of a domain, and that of a p2m which is told that
 * an IOMMU shares its tables (p2m_ops.share). What was cleaned is complete after
 * its next barrier of any kind (core/port.h).
 *
 * For a core that cannot share its host cleans, and makes its barriers full:
 *
 *   entry     each descriptor as it is written
 *   line      each line that was written, once, before the next barrier
 *   top-only  as `line`, but not in a table that was unlinked since the last
 *             barrier: cleaned is only the entry that led there
 */
#ifndef SIM_EXPLORE_RECORD_H
#define SIM_EXPLORE_RECORD_H

#include "sim/explore/scenario.h"

/* One step at a time may be held back, for tests: true leaves it out. */
struct record_filter {
	bool (*drops)(void *context, const struct protocol_event *event);
	void *context;
};

/* More steps than this in one scenario are refused: no operation has use for
 * them, and each is looked at. */
#define RECORD_STEPS_MAX (UINT64_C(1) << 20)

struct recording {
	struct explore_input input; /* points to what the others hold */
	struct explore_call *call;
	struct protocol_event *event;
	size_t events, room;
	uint64_t *word;
	uint8_t *live;
	bool failed; /* out of memory */
	bool overflown; /* more than RECORD_STEPS_MAX */
};

/*
 * What machines are made of: a plain one, without caches and TLBs, since here
 * neither time nor its own hits matter. `core`: of config.core, or NULL.
 */
bool record_machine(struct machine_config *config, struct core_library *core,
		    struct error_line *error);

/* False: *error; 3 what the core refuses, 5 what it does not offer. */
bool record_scenario(struct recording *r, const struct scenario *s,
		     const struct machine_config *config,
		     const struct record_filter *filter,
		     struct error_line *error);
void recording_fini(struct recording *r);

#endif
