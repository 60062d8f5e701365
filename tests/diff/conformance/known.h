/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Differences between QEMU and the model that are understood: QEMU departs
 * from the architecture, or the architecture leaves a choice. Each entry turns
 * what the model says into what it would say with QEMU's deviation, and nothing
 * else; what still differs after all of them is a mismatch.
 */
#ifndef TESTS_DIFF_CONFORMANCE_KNOWN_H
#define TESTS_DIFF_CONFORMANCE_KNOWN_H

#include "tests/diff/conformance/case.h"
#include "tests/diff/conformance/judge.h"

/* One operation on which the two disagree. */
struct dispute {
	const struct test_case *c;
	const struct el2_op *op;
	const struct outcome *qemu;
	struct verdict model; /* as it said */
	/* The model with the deviations so far: its registers, its answer. */
	struct judge *judge;
	struct el2_registers registers;
	struct verdict adjusted;
	bool narrowed; /* lpa-bits-narrowed applies */
	unsigned int differences; /* of `adjusted` and QEMU */
};

struct known {
	const char *name;
	const char *reference; /* section, and who departs from it how */
	/* Changes dispute->adjusted (and ->registers); false: does not apply.
	 * NULL: counted elsewhere. */
	bool (*apply)(struct dispute *dispute);
};
/* The first entry counts what QEMU must not be asked; the second, what the
 * model with TLBs says of contiguous runs that are none. */
#define KNOWN_NOT_ASKED	 0
#define KNOWN_CONTIGUOUS 1
extern const struct known known_differences[];
extern const unsigned int known_count;

/* Does a step of the walk go by the entries of such a run? */
bool known_contiguous(const struct judge *judge, const struct test_case *c,
		      const struct el2_op *op, const struct arm_walk *walk);

#endif
