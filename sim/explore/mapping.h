/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What tables translate to when everything written is seen and nothing is
 * cached: sorted ranges of input addresses. Private to sim/explore.
 */
#ifndef SIM_EXPLORE_MAPPING_H
#define SIM_EXPLORE_MAPPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/explore/entry.h"

struct mapped {
	uint64_t first, last, output;
	uint64_t memory, permissions;
	unsigned int level; /* of the leaves */
};

/* All zero is empty; holes are left out. */
struct mapping {
	struct mapped *range;
	size_t ranges, room;
};

struct mapping_source {
	const struct explore_space *space;
	uint64_t base, bytes;
	const uint64_t *word;
};

/* Replaces the mapping. False: out of memory, or the tables lead out of what
 * the source has (*lost is set then). */
bool mapping_read(struct mapping *mapping, const struct mapping_source *from,
		  bool *lost);
/* Replaces `left`, what was mapped once, by that and `before`, less whatever
 * `after` maps. Where both map, `before` counts. False: out of memory. */
bool mapping_leave(struct mapping *left, const struct mapping *before,
		   const struct mapping *after);
void mapping_fini(struct mapping *mapping);

/* The range that holds the address, or NULL; *next: where a hole ends. */
const struct mapped *mapping_find(const struct mapping *mapping, uint64_t input,
				  uint64_t *next);
/* From `input` on, how far (inclusive) the mapping is as `m` says. False: not
 * even there. */
bool mapping_agrees(const struct mapping *mapping, const struct mapped *m,
		    uint64_t input, uint64_t *last);

#endif
