/* SPDX-License-Identifier: BSD-2-Clause */
/* What a campaign has met, so that agreement means something. */
#ifndef TESTS_DIFF_CONFORMANCE_COVERAGE_H
#define TESTS_DIFF_CONFORMANCE_COVERAGE_H

#include "tests/diff/conformance/judge.h"

struct coverage {
	/* kind, stage - 1, on a stage-1 table, level */
	uint64_t faults[ARM_FAULT_KINDS][2][2][4];
	uint64_t leaves[8][8]; /* level of stage 1's and stage 2's; 7: off */
	uint64_t kinds[EL2_KINDS];
	uint64_t vectors, translated;
};

void coverage_count(struct coverage *coverage, uint32_t kind,
		    const struct verdict *v);
void coverage_print(const struct coverage *coverage);

#endif
