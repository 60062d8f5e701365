/* SPDX-License-Identifier: BSD-2-Clause */
/* Replacement policies shared by caches and TLBs. DESIGN §4, issue A. */
#ifndef MODELS_REPLACEMENT_H
#define MODELS_REPLACEMENT_H

#include <stdbool.h>
#include <stdint.h>

enum replacement {
	REPLACEMENT_LRU,
	REPLACEMENT_PLRU, /* one used-bit per way; the lowest clear is victim */
	REPLACEMENT_FIFO,
	REPLACEMENT_RANDOM,
};

/* "lru", "plru", "fifo", "random"; false if the name is none of them. */
bool replacement_parse(const char *name, enum replacement *out);
const char *replacement_name(enum replacement kind);

/* The machine's one seeded generator (xorshift64*), shared by reference. */
struct model_random {
	uint64_t state; /* never 0 */
};
void model_random_seed(struct model_random *random, uint64_t seed);

static inline uint64_t model_random_next(struct model_random *random)
{
	uint64_t x = random->state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	random->state = x;
	return x * UINT64_C(0x2545f4914f6cdd1d);
}

#endif
