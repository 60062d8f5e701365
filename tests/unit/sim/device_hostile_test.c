/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hostile guests with devices: random sequences of calls, DMA and accesses to
 * registers on machines of every kind. See device_sequence.h, which judges.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/sim/device_sequence.h"

#define RUNS 96u

static void no_sequence_leaves_the_domain(void **state)
{
	uint8_t bytes[1 + DEVICE_STEPS * DEVICE_STEP];
	uint64_t steps = 0, moved = 0, faulted = 0, refused = 0;
	struct model_random random;

	(void)state;
	model_random_seed(&random, 5);
	for (unsigned int run = 0; run < RUNS; run++) {
		struct device_sequence s;

		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (uint8_t)(model_random_next(&random) >> 20);
		bytes[0] = (uint8_t)run;
		/* Most numbers are sensible ones. */
		for (size_t i = 0; i < DEVICE_STEPS; i++)
			if (model_random_next(&random) >> 11 & 3)
				bytes[1 + i * DEVICE_STEP + 9] = 0;
		device_sequence_run(bytes, sizeof(bytes), &s);
		steps += s.steps;
		moved += s.moved;
		faulted += s.faulted;
		refused += s.refused;
	}
	print_message("%llu steps: %llu pages reached, %llu not, %llu calls "
		      "refused\n",
		      (unsigned long long)steps, (unsigned long long)moved,
		      (unsigned long long)faulted, (unsigned long long)refused);
	assert_true(steps > RUNS * 100 && moved > 1000 && faulted > 1000 &&
		    refused > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_sequence_leaves_the_domain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
