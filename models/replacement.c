/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of the replacement policies and the seed of the machine's generator.
 * What the policies do stands with the arrays they serve: memory/cache.c and
 * tlb/tag_array.c. Rules: models/README.md, "Replacement".
 */
#include "models/replacement.h"

#include <stddef.h>
#include <string.h>

static const char *const names[] = {
	[REPLACEMENT_LRU] = "lru",
	[REPLACEMENT_PLRU] = "plru",
	[REPLACEMENT_FIFO] = "fifo",
	[REPLACEMENT_RANDOM] = "random",
};

bool replacement_parse(const char *name, enum replacement *out)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(name, names[i]) == 0) {
			*out = (enum replacement)i;
			return true;
		}
	}
	return false;
}

const char *replacement_name(enum replacement kind)
{
	return names[kind];
}

/* One step of splitmix64, so that near seeds give far streams. */
void model_random_seed(struct model_random *random, uint64_t seed)
{
	uint64_t x = seed + UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	x ^= x >> 31;
	random->state = x ? x : 1;
}
