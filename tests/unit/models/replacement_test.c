/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of replacement policies, and the machine's generator. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "models/replacement.h"

static void names_are_read_back(void **state)
{
	static const char *const names[] = { "lru", "plru", "fifo", "random" };
	enum replacement kind;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		assert_true(replacement_parse(names[i], &kind));
		assert_string_equal(replacement_name(kind), names[i]);
	}
}

static void other_names_are_refused(void **state)
{
	enum replacement kind = REPLACEMENT_FIFO;

	(void)state;
	assert_false(replacement_parse("LRU", &kind));
	assert_false(replacement_parse("", &kind));
	assert_false(replacement_parse("lru ", &kind));
	assert_int_equal(kind, REPLACEMENT_FIFO);
}

static void equal_seeds_give_equal_streams(void **state)
{
	struct model_random a, b;

	(void)state;
	model_random_seed(&a, 7);
	model_random_seed(&b, 7);
	for (int i = 0; i < 100; i++)
		assert_int_equal(model_random_next(&a), model_random_next(&b));
}

static void near_seeds_give_different_streams(void **state)
{
	struct model_random a, b;
	int equal = 0;

	(void)state;
	model_random_seed(&a, 0);
	model_random_seed(&b, 1);
	for (int i = 0; i < 100; i++)
		equal += model_random_next(&a) == model_random_next(&b);
	assert_int_equal(equal, 0);
}

/* The seed that splitmix64 would turn into zero, at which the generator
 * would stand still for ever. */
static void no_seed_gives_state_zero(void **state)
{
	struct model_random a;

	(void)state;
	model_random_seed(&a, 0 - UINT64_C(0x9e3779b97f4a7c15));
	assert_int_not_equal(a.state, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_read_back),
		cmocka_unit_test(other_names_are_refused),
		cmocka_unit_test(equal_seeds_give_equal_streams),
		cmocka_unit_test(near_seeds_give_different_streams),
		cmocka_unit_test(no_seed_gives_state_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
