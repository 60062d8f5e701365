/* SPDX-License-Identifier: BSD-2-Clause */
/* Batches: generated, asked of the model and of QEMU, held together. */
#ifndef TESTS_DIFF_VTD_CAMPAIGN_H
#define TESTS_DIFF_VTD_CAMPAIGN_H

#include "tests/diff/vtd/known.h"
#include "tests/diff/vtd/machine.h"
#include "tests/diff/vtd/mutate.h"

#define REPORTS_MAX 20

enum {
	DIFFERENT_WHAT = 1,
	DIFFERENT_PA = 2,
	DIFFERENT_REASON = 4,
	DIFFERENT_RECORD = 8,
	DIFFERENT_LANDING = 16,
	DIFFERENT_BITS = 32, /* A and D */
	DIFFERENT_WARM = 64,
};
#define DIFFERENCES 7

struct campaign {
	uint64_t seed;
	const struct flavour *flavour;
	const struct mutation *mutation; /* or NULL */
	struct machine machine;
	struct judge judge;
	uint64_t next_batch, limit;
	struct batch batch;
	struct verdict verdicts[DEVICES];
	/* results */
	uint64_t vectors, mismatches, reports, not_asked;
	uint64_t translated, passed, faulted, suppressed, records, landed;
	uint64_t by_reason[256];
	uint64_t explained[KNOWN_MAX];
};

/* One batch. False: QEMU is gone, or does not answer. */
bool campaign_run_batch(struct campaign *campaign);

#endif
