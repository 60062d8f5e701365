/* SPDX-License-Identifier: BSD-2-Clause */
/* SplitMix64: every case has a generator of its own, seeded by (seed, case). */
#ifndef TESTS_DIFF_CONFORMANCE_RANDOM_H
#define TESTS_DIFF_CONFORMANCE_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct rng {
	uint64_t state;
};

static inline uint64_t rng_next(struct rng *rng)
{
	uint64_t z = rng->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static inline struct rng rng_of_case(uint64_t seed, uint64_t number)
{
	struct rng rng = { seed * UINT64_C(0xd1342543de82ef95) + number };

	rng.state = rng_next(&rng);
	return rng;
}

static inline uint64_t rng_below(struct rng *rng, uint64_t n)
{
	return rng_next(rng) % n;
}

static inline uint64_t rng_between(struct rng *rng, uint64_t first,
				   uint64_t last)
{
	return first + rng_below(rng, last - first + 1);
}

static inline uint64_t rng_bits(struct rng *rng, unsigned int bits)
{
	return bits ? rng_next(rng) >> (64 - bits) : 0;
}

static inline bool rng_percent(struct rng *rng, unsigned int percent)
{
	return rng_below(rng, 100) < percent;
}

#endif
