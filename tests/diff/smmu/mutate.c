/* SPDX-License-Identifier: BSD-2-Clause */
/* Rules to break. */
#include "tests/diff/smmu/mutate.h"

#include <stddef.h>

#include "core/base/bits.h"

static void no_16k(struct smmu_config *c)
{
	c->granule_16k = false;
}

static const struct mutation mutations[] = {
	{ "no 16K", .config = no_16k },
};
const unsigned int mutation_count = sizeof(mutations) / sizeof(mutations[0]);

const struct mutation *mutation_get(unsigned int k)
{
	return k >= 1 && k <= mutation_count ? &mutations[k - 1] : NULL;
}
