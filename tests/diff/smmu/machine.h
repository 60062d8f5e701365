/* SPDX-License-Identifier: BSD-2-Clause */
/* QEMU's `virt` with its SMMUv3 and `edu` devices. */
#ifndef TESTS_DIFF_SMMU_MACHINE_H
#define TESTS_DIFF_SMMU_MACHINE_H

#include "tests/diff/smmu/batch.h"

#define SMMU_MMIO UINT64_C(0x09050000)

enum happened {
	HAPPENED_NOTHING,
	HAPPENED_TRANSLATION,
	HAPPENED_BYPASS,
	HAPPENED_ABORT
};
/* What QEMU said of one device's DMA. */
struct answer {
	enum happened what;
	uint64_t pa;
	unsigned int lines;   /* of the trace */
	unsigned int records; /* in the event queue */
	uint64_t record[4];   /* the first */
};

struct machine {
	struct qtest q;
	struct edu_bus bus;
	uint32_t cmdq_prod, eventq_cons;
	uint32_t idr[6], aidr;
};

bool machine_start(struct machine *m);
void machine_stop(struct machine *m);
/* The batch's stream table, all caches as after a reset. */
bool machine_program(struct machine *m, const struct batch *b);
/* All DMAs of a batch that are asked for, and what became of them. */
bool machine_run(struct machine *m, const struct batch *b, const bool *asked,
		 struct answer *answers);

#endif
