/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A host that cleans for walkers past the caches what a core does not clean by
 * itself: see record.h for what each policy.iommu.clean does. Between the port and the recording; without such
 * walkers everything passes as it is. Private to sim/explore.
 */
#ifndef SIM_EXPLORE_CLEAN_H
#define SIM_EXPLORE_CLEAN_H

#include "sim/explore/scenario.h"

struct cleaner {
	bool on;
	enum scenario_clean policy;
	const struct explore_input *in;
	void (*pass)(void *context, const struct protocol_event *event);
	void *context;
	uint64_t *line; /* written since the last barrier */
	size_t lines, room;
	/* Tables that are or were linked, for top-only. */
	struct cleaner_table {
		uint64_t address;
		unsigned int level;
		size_t parent; /* index; its own: a root */
		bool unlinked;
	} *table;
	size_t tables, table_room;
	bool failed; /* out of memory */
};

/* The tables as they stand are read from in->image. `on`: it is needed. */
void cleaner_init(struct cleaner *c, const struct scenario *s, bool on,
		  const struct explore_input *in,
		  void (*pass)(void *, const struct protocol_event *),
		  void *context);
void cleaner_fini(struct cleaner *c);
/* Of a write, event->old is set. */
void cleaner_pass(struct cleaner *c, const struct protocol_event *event);
/* The call is over: what is not cleaned yet never will be. */
void cleaner_end(struct cleaner *c);

#endif
