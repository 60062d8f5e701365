/* SPDX-License-Identifier: BSD-2-Clause */
/* Counting by the model's verdicts. */
#include "tests/diff/conformance/coverage.h"

#include <inttypes.h>
#include <stdio.h>

void coverage_count(struct coverage *coverage, uint32_t kind,
		    const struct verdict *v)
{
	const struct arm_fault *f = &v->fault;

	coverage->vectors++;
	coverage->kinds[kind]++;
	if (!v->translated) {
		coverage->faults[f->kind][f->stage == 2][f->s1ptw]
				[f->level & 3]++;
		return;
	}
	coverage->translated++;
	if (kind > EL2_AT_S1E0W)
		coverage->leaves[FIELD_GET(ARM_ATTRS_S1_LEVEL, v->out.attrs)]
				[FIELD_GET(ARM_ATTRS_S2_LEVEL, v->out.attrs)]++;
}

static void print_faults(const struct coverage *coverage)
{
	static const char *const where[2][2] = {
		{ "stage 1", "" },
		{ "stage 2", "stage 2, table" },
	};

	for (unsigned int i = 0; i < ARM_FAULT_KINDS * 4u; i++) {
		unsigned int kind = i / 4, stage = i / 2 % 2, table = i % 2;
		const uint64_t *n = coverage->faults[kind][stage][table];

		if (n[0] | n[1] | n[2] | n[3])
			printf("%-15s %-14s %9" PRIu64 " %9" PRIu64 " %9" PRIu64
			       " %9" PRIu64 "\n",
			       arm_fault_name((enum arm_fault_kind)kind),
			       where[stage][table], n[0], n[1], n[2], n[3]);
	}
}

static void print_leaves(const struct coverage *coverage)
{
	for (unsigned int i = 0; i < 64; i++)
		if (coverage->leaves[i / 8][i % 8])
			printf("translated, leaf levels %u and %u: %" PRIu64
			       "\n",
			       i / 8, i % 8, coverage->leaves[i / 8][i % 8]);
}

void coverage_print(const struct coverage *coverage)
{
	printf("%-30s %9s %9s %9s %9s\n", "faults at level", "0", "1", "2",
	       "3");
	print_faults(coverage);
	print_leaves(coverage);
	for (unsigned int i = 0; i < EL2_KINDS; i++)
		printf("%s: %" PRIu64 "\n", kind_names[i], coverage->kinds[i]);
}
