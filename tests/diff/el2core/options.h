/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the command line asks for. The keys of `p2msim run --set` have its
 * names, values and defaults, so that one list drives both; `el2.` keys are
 * this program's own.
 */
#ifndef TESTS_DIFF_EL2CORE_OPTIONS_H
#define TESTS_DIFF_EL2CORE_OPTIONS_H

#include <stdbool.h>

#include "core/p2m/p2m.h"

enum backing { BACKING_CONTIGUOUS, BACKING_FRAGMENTED, BACKING_RANDOM };

/* How to be wrong on purpose: the check must notice each. See port.c. */
enum mutation {
	MUTATE_NOTHING,
	MUTATE_NO_STAGE2_TLBI,
	MUTATE_NO_COMBINED_TLBI,
	MUTATE_LOST_ENTRY,
	MUTATE_WRONG_FRAME,
	MUTATE_NO_BREAK,
	MUTATE_LEAK,
};

enum setway_mode {
	SETWAY_OFF, /* DC by set/way does not trap */
	SETWAY_FULL,
	SETWAY_TRACK,
	SETWAY_TRACK_LATE,
};

struct options {
	struct p2m_config p2m;
	uint64_t ram_mib, seed;
	enum backing backing;
	uint64_t fragmented_percent;
	bool populate_on_fault;
	enum setway_mode setway;
	uint64_t pool_pages; /* of 4 KiB */
	uint64_t preempt;    /* every n-th question is answered yes; 0: none */
	enum mutation mutation;
	/* The guest's arguments, its name first. */
	const char *guest_line;
	char line[1024];
};

/* From the command line. False: it was reported what is wrong. */
bool options_load(struct options *o);

#endif
