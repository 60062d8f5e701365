/* SPDX-License-Identifier: BSD-2-Clause */
/* The model, asked what QEMU is asked: by the same register writes, over the
 * same memory. */
#ifndef TESTS_DIFF_SMMU_JUDGE_H
#define TESTS_DIFF_SMMU_JUDGE_H

#include "models/smmuv3/smmu.h"
#include "tests/diff/smmu/batch.h"

struct judge {
	struct smmu *smmu;
	struct model_random random;
	uint8_t *ram;
	uint64_t command[3][2]; /* what its queue holds */
	const struct smmu_config *config;
	/* A word that is read elsewhere; 0: none. */
	uint64_t misread, misread_at;
};

struct smmu_config judge_config(void);
bool judge_start(struct judge *judge, const struct smmu_config *config,
		 uint8_t *ram);
void judge_stop(struct judge *judge);
/* As machine_program. */
void judge_program(struct judge *judge, const struct batch *b);
void judge_ask(struct judge *judge, unsigned int device,
	       const struct vector *vector, bool privileged,
	       struct smmu_outcome *out);

#endif
