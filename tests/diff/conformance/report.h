/* SPDX-License-Identifier: BSD-2-Clause */
/* A mismatch in full, for people. */
#ifndef TESTS_DIFF_CONFORMANCE_REPORT_H
#define TESTS_DIFF_CONFORMANCE_REPORT_H

#include "tests/diff/conformance/known.h"

void report_mismatch(const struct dispute *dispute, uint64_t seed,
		     const char *cpu);
/* The model with TLBs says something else than without. */
void report_warmth(const struct test_case *c, const struct el2_op *op,
		   const struct verdict *cold, const struct verdict *warm,
		   uint64_t seed, const char *cpu);

#endif
