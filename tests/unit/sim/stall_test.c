/* SPDX-License-Identifier: BSD-2-Clause */
/* The histogram of stalls: every length lands below a bound that is near. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/machine/stall.h"

struct fixture {
	struct machine machine;
	struct machine_cpu cpu;
};

static int setup(void **state)
{
	*state = calloc(1, sizeof(struct fixture));
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static void stall(struct fixture *f, uint64_t charge)
{
	uint64_t began = stall_begin(&f->cpu);

	f->cpu.by[BUCKET_HYPERVISOR] += charge;
	stall_end(&f->machine, &f->cpu, began);
}

/* The only bound of a machine that stood still once. */
static uint64_t bound_of(struct fixture *f, uint64_t cycles)
{
	const char *key;
	json_t *json, *by, *count;
	uint64_t bound = 0;

	memset(&f->machine.stalls, 0, sizeof(f->machine.stalls));
	stall(f, cycles * CYCLE);
	json = stall_json(&f->machine);
	by = json_object_get(json, "by_cycles");
	assert_int_equal(json_object_size(by), 1);
	json_object_foreach(by, key, count)
	{
		bound = strtoull(key, NULL, 10);
		assert_int_equal(json_integer_value(count), 1);
	}
	assert_int_equal(json_integer_value(json_object_get(json, "cycles")),
			 cycles);
	json_decref(json);
	return bound;
}

static void a_bound_is_at_most_a_quarter_above(void **state)
{
	for (uint64_t c = 1; c < 5000; c++) {
		uint64_t bound = bound_of(*state, c);

		assert_true(bound >= c);
		assert_true(4 * bound <= 5 * c + 4);
		assert_true(c > 8 || bound == c);
	}
	for (unsigned int i = 13; i < 52; i++) {
		uint64_t c = (UINT64_C(1) << i) + 1;

		assert_int_equal(bound_of(*state, c - 1), c - 1);
		assert_int_equal(bound_of(*state, c), (c - 1) / 4 * 5);
	}
}

static void bounds_are_few_and_rise(void **state)
{
	uint64_t last = 0, bounds = 0;

	for (uint64_t c = 1; c <= 1024; c++) {
		uint64_t bound = bound_of(*state, c);

		assert_true(bound >= last);
		bounds += bound != last;
		last = bound;
	}
	assert_int_equal(bounds, 8 + 7 * 4);
}

static void less_than_a_cycle_is_no_stall(void **state)
{
	struct fixture *f = *state;

	stall(f, 0);
	stall(f, CYCLE - 1);
	assert_int_equal(f->machine.stalls.count, 0);
	assert_int_equal(f->machine.stalls.charge, 0);
}

static void fractions_add_up(void **state)
{
	struct fixture *f = *state;
	json_t *json;

	stall(f, CYCLE + CYCLE / 2);
	stall(f, CYCLE + CYCLE / 2);
	json = stall_json(&f->machine);
	assert_int_equal(json_integer_value(json_object_get(json, "count")), 2);
	assert_int_equal(json_integer_value(json_object_get(json, "cycles")),
			 3);
	json_decref(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_bound_is_at_most_a_quarter_above, setup, teardown),
		cmocka_unit_test_setup_teardown(bounds_are_few_and_rise, setup,
						teardown),
		cmocka_unit_test_setup_teardown(less_than_a_cycle_is_no_stall,
						setup, teardown),
		cmocka_unit_test_setup_teardown(fractions_add_up, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
