/* SPDX-License-Identifier: BSD-2-Clause */
/* Physical memory: bounds, zero content, sparse reservation. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "models/memory/ram.h"

#define BASE UINT64_C(0x40000000)

static void memory_is_zero_and_keeps_values(void **state)
{
	struct ram ram;
	pa_t last = { BASE + 0xffff8 };
	uint64_t value = UINT64_C(0x1122334455667788);

	(void)state;
	assert_int_equal(ram_init(&ram, (pa_t){ BASE }, 0x100000), 0);
	assert_int_equal(ram_read64(&ram, (pa_t){ BASE }), 0);
	assert_int_equal(ram_read64(&ram, last), 0);
	memcpy(ram_host(&ram, last), &value, sizeof(value));
	assert_int_equal(ram_read64(&ram, last), value);
	assert_int_equal(ram_pa(&ram, ram_host(&ram, last)).raw, last.raw);
	assert_int_equal((uintptr_t)ram.host % 4096, 0);
	ram_fini(&ram);
}

static void bounds_are_exact(void **state)
{
	static const struct {
		uint64_t pa, bytes;
		bool want;
	} cases[] = {
		{ BASE, 0x1000, true },
		{ BASE, 0x1001, false },
		{ BASE - 1, 1, false },
		{ BASE + 0xfff, 1, true },
		{ BASE + 0xfff, 2, false },
		{ BASE + 0x1000, 1, false },
		{ BASE, UINT64_MAX, false },
		{ UINT64_MAX, 2, false },
		{ 0, 8, false },
	};
	struct ram ram;

	(void)state;
	assert_int_equal(ram_init(&ram, (pa_t){ BASE }, 0x1000), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(ram_has(&ram, (pa_t){ cases[i].pa },
					 cases[i].bytes),
				 cases[i].want);
	ram_fini(&ram);
}

static void a_terabyte_costs_what_is_touched(void **state)
{
	struct ram ram;
	pa_t middle = { BASE + (UINT64_C(1) << 39) };

	(void)state;
	assert_int_equal(ram_init(&ram, (pa_t){ BASE }, UINT64_C(1) << 40), 0);
	*ram_host(&ram, middle) = 7;
	assert_int_equal(ram_read64(&ram, middle), 7);
	ram_fini(&ram);
}

static void what_the_host_cannot_give_is_refused(void **state)
{
	struct ram ram;

	(void)state;
	assert_int_equal(ram_init(&ram, (pa_t){ BASE }, 0), ERR_INVAL);
	assert_int_equal(ram_init(&ram, (pa_t){ BASE }, UINT64_MAX), ERR_RANGE);
	assert_int_equal(ram_init(&ram, (pa_t){ 0 }, UINT64_C(1) << 62),
			 ERR_NOMEM);
	ram_fini(&ram);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_zero_and_keeps_values),
		cmocka_unit_test(bounds_are_exact),
		cmocka_unit_test(a_terabyte_costs_what_is_touched),
		cmocka_unit_test(what_the_host_cannot_give_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
