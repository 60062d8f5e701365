/* SPDX-License-Identifier: BSD-2-Clause */
/* The model, asked what QEMU is asked: by the same register writes, over the
 * same memory. */
#ifndef TESTS_DIFF_VTD_JUDGE_H
#define TESTS_DIFF_VTD_JUDGE_H

#include "models/vtd/vtd.h"
#include "tests/diff/vtd/batch.h"

#define UPDATES_MAX 16

struct update {
	uint64_t pa, value, before;
};
struct verdict {
	struct vtd_outcome out;
	uint64_t frcd[2]; /* the record, if there is one */
	bool passes;	  /* pass-through: QEMU says nothing */
	unsigned int updates;
	struct update update[UPDATES_MAX]; /* A and D */
};

struct judge {
	struct vtd *vtd;
	struct model_random random;
	uint8_t *ram;
	uint64_t tail;
	/* of the question being asked */
	unsigned int updates;
	struct update update[UPDATES_MAX];
};

struct vtd_config judge_config(const struct flavour *flavour);
bool judge_start(struct judge *judge, const struct vtd_config *config,
		 uint8_t *ram);
void judge_stop(struct judge *judge);
/* As machine_program. */
void judge_program(struct judge *judge, const struct batch *b);
void judge_ask(struct judge *judge, uint16_t sid, const struct vector *vector,
	       struct verdict *verdict);

#endif
