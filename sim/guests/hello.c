/* SPDX-License-Identifier: BSD-2-Clause */
/* Prints a greeting and powers off by PSCI. MMU off throughout. */
#include "runtime.h"

uint64_t guest_main(void)
{
	print("Hello from EL1\n");
	guest_power_off();
}
