/* SPDX-License-Identifier: BSD-2-Clause */
/* See stall.h. A histogram, because phases are differences of counts: the
 * longest of a phase would not be one. */
#include "sim/machine/stall.h"

#include <stdio.h>

/* Bounds are 0 to 8, and from there four for each factor of two. */
static unsigned int bound_index(uint64_t cycles)
{
	unsigned int halvings = 0;

	for (; cycles > 8; halvings++)
		cycles = (cycles + 1) / 2;
	return 4 * halvings + (unsigned int)cycles;
}

static uint64_t bound_cycles(unsigned int index)
{
	unsigned int halvings = index > 8 ? (index - 5) / 4 : 0;

	return (uint64_t)(index - 4 * halvings) << halvings;
}

void stall_end(struct machine *m, const struct machine_cpu *cpu, uint64_t began)
{
	uint64_t charge = machine_cycles(cpu) - began;

	if (charge < CYCLE)
		return;
	m->stalls.count++;
	m->stalls.charge += charge;
	m->stalls.by[bound_index(charge >> CYCLE_LG2)]++;
}

json_t *stall_json(const struct machine *m)
{
	json_t *by = json_object();

	for (unsigned int i = 0; i < STALL_BOUNDS; i++) {
		char key[24];

		if (!m->stalls.by[i])
			continue;
		snprintf(key, sizeof(key), "%llu",
			 (unsigned long long)bound_cycles(i));
		json_object_set_new(by, key,
				    json_integer((json_int_t)m->stalls.by[i]));
	}
	return json_pack("{s:I, s:I, s:o}", "count",
			 (json_int_t)m->stalls.count, "cycles",
			 (json_int_t)(m->stalls.charge >> CYCLE_LG2),
			 "by_cycles", by);
}
