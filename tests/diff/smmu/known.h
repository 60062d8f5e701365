/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Known differences between QEMU's smmuv3 and the specification. A predicate
 * does not wave a difference through: it turns the model's answer into what
 * QEMU's deviation makes of it, and then they must agree.
 */
#ifndef TESTS_DIFF_SMMU_KNOWN_H
#define TESTS_DIFF_SMMU_KNOWN_H

#include "tests/diff/smmu/judge.h"
#include "tests/diff/smmu/machine.h"
#include "tests/diff/smmu/mutate.h"

#define CHANGES_MAX 8
struct dispute {
	const struct vector *vector;
	const struct answer *qemu;
	const struct batch *batch;
	struct judge *judge;		 /* to ask again, ... */
	const struct mutation *mutation; /* ... as before; or NULL */
	unsigned int device;
	/* How it is asked, by what has been adjusted: known.c. */
	unsigned int view;
	struct {
		uint64_t pa, value;
	} change[CHANGES_MAX]; /* words, whatever entry they are of */
	unsigned int changes;
	uint64_t address;
	uint64_t misread, misread_at; /* as judge.h has them */
	bool root_known, upper_root;
	const struct smmu_outcome *model;
	struct smmu_outcome adjusted;
};

struct known {
	const char *name, *reference;
	/* True if it changed d->adjusted. */
	bool (*apply)(struct dispute *d);
};
extern const struct known known_differences[];
extern const unsigned int known_count;
#define KNOWN_MAX 32

/* False: QEMU deviates in a way that is not followed; nothing is proved. */
bool known_can_follow(const struct batch *b, unsigned int device,
		      const struct smmu_outcome *out);

#endif
