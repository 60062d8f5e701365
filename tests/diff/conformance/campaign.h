/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cases in batches: generated, asked of the model and of QEMU, held together.
 */
#ifndef TESTS_DIFF_CONFORMANCE_CAMPAIGN_H
#define TESTS_DIFF_CONFORMANCE_CAMPAIGN_H

#include "tests/diff/conformance/coverage.h"
#include "tests/diff/conformance/known.h"
#include "tests/diff/conformance/machine.h"
#include "tests/diff/conformance/mutate.h"

#define REPORTS_MAX 20
#define KNOWN_MAX   64

/* One operation's expectation, kept while QEMU works. */
struct expected {
	struct outcome outcome;
	uint64_t pa; /* where a store goes */
	bool stored;
};

struct campaign {
	struct case_options options;
	const struct mutation *mutation; /* or NULL */
	const char *cpu;
	struct machine machine;
	struct judge judge;
	struct ram ram;		   /* the model's */
	uint64_t next_case, limit; /* vectors, at most */
	struct test_case cases[EL2_CASES_MAX];
	struct expected expected[EL2_CASES_MAX][EL2_OPS_MAX];
	/* results */
	struct coverage coverage;
	uint64_t mismatches, reports;
	uint64_t reported_case; /* the last one in a report */
	uint64_t stubless;	/* cases that cannot make real accesses */
	uint64_t explained[KNOWN_MAX];
};

/* The next `cases` cases. False: QEMU is gone, or does not answer; what it
 * was asked then counts as a mismatch. */
bool campaign_run_batch(struct campaign *campaign, unsigned int cases);

#endif
