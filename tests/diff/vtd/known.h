/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Known differences between QEMU's intel-iommu and the specification. A
 * predicate does not wave a difference through: it turns the model's answer
 * into what QEMU's deviation makes of it, and then they must agree.
 */
#ifndef TESTS_DIFF_VTD_KNOWN_H
#define TESTS_DIFF_VTD_KNOWN_H

#include "tests/diff/vtd/judge.h"
#include "tests/diff/vtd/machine.h"

struct dispute {
	const struct flavour *flavour;
	const struct vector *vector;
	const struct answer *qemu;
	const uint64_t *frcd; /* QEMU's */
	uint16_t sid;
	unsigned int device;
	const struct batch *batch;
	struct judge *judge; /* to ask again */
	const struct verdict *model;
	struct verdict adjusted;
};

struct known {
	const char *name, *reference;
	/* True if it changed d->adjusted. */
	bool (*apply)(struct dispute *d);
};
extern const struct known known_differences[];
extern const unsigned int known_count;
#define KNOWN_MAX 32

#endif
