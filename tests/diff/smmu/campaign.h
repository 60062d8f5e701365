/* SPDX-License-Identifier: BSD-2-Clause */
/* Batches: generated, asked of the model and of QEMU, held together. */
#ifndef TESTS_DIFF_SMMU_CAMPAIGN_H
#define TESTS_DIFF_SMMU_CAMPAIGN_H

#include "tests/diff/smmu/known.h"
#include "tests/diff/smmu/machine.h"
#include "tests/diff/smmu/mutate.h"

#define REPORTS_MAX 20

enum {
	DIFFERENT_WHAT = 1,
	DIFFERENT_PA = 2,
	DIFFERENT_EVENT = 4,
	DIFFERENT_RECORD = 8,
	DIFFERENT_LANDING = 16,
	DIFFERENT_WARM = 32,
};
#define DIFFERENCES 6

struct campaign {
	uint64_t seed;
	/* Of the stream table. A QEMU that has seen two levels never goes
	 * back to one: each kind has its own. */
	bool two_level;
	const struct mutation *mutation; /* or NULL */
	struct machine machine;
	struct judge judge;
	uint64_t next_batch, limit;
	struct batch batch;
	struct smmu_outcome outcome[DEVICES];
	/* results */
	uint64_t vectors, mismatches, reports, not_asked, not_followed;
	uint64_t translated, nested, stage1, stage2, landed;
	uint64_t by_event[256];
	uint64_t explained[KNOWN_MAX];
};

/* One batch. False: QEMU is gone, or does not answer. */
bool campaign_run_batch(struct campaign *campaign);

#endif
