/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Breaking one rule of the model on purpose, from outside: it gets another
 * configuration or other tables than QEMU, or its answer is changed.
 */
#ifndef TESTS_DIFF_SMMU_MUTATE_H
#define TESTS_DIFF_SMMU_MUTATE_H

#include "tests/diff/smmu/judge.h"

struct mutation {
	const char *name;
	/* each may be NULL */
	void (*config)(struct smmu_config *config);
	uint64_t (*entry)(const struct entry *entry);
	void (*vector)(struct vector *vector);
	void (*outcome)(struct smmu_outcome *out);
};
/* 1 .. mutation_count; NULL outside. */
extern const unsigned int mutation_count;
const struct mutation *mutation_get(unsigned int k);

#endif
