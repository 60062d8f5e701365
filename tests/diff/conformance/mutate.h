/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Breaking one rule of the model on purpose, from outside: the model gets
 * other registers or descriptors than QEMU, or its answer is changed.
 */
#ifndef TESTS_DIFF_CONFORMANCE_MUTATE_H
#define TESTS_DIFF_CONFORMANCE_MUTATE_H

#include "tests/diff/conformance/case.h"
#include "tests/diff/conformance/judge.h"

struct mutation {
	const char *name;
	/* each may be NULL */
	void (*registers)(struct el2_registers *r);
	uint64_t (*descriptor)(const struct descriptor *d);
	void (*verdict)(struct verdict *v, const struct el2_op *op);
	bool wide; /* shows on a CPU of 52-bit addresses alone */
};
/* 1 .. mutation_count; NULL outside. */
extern const unsigned int mutation_count;
const struct mutation *mutation_get(unsigned int k);

/* The case's tables as the mutated model is to see them. */
void mutation_apply(const struct mutation *m, struct test_case *c);

#endif
