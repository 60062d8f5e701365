/* SPDX-License-Identifier: BSD-2-Clause */
/* See host.h. */
#include "sim/study/host.h"

#include <sys/resource.h>
#include <time.h>

double host_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static json_int_t data_accesses(const json_t *stats)
{
	const json_t *cpu;
	json_int_t sum = 0;
	size_t i;

	json_array_foreach(json_object_get(stats, "cpu"), i, cpu) {
		const json_t *a = json_object_get(cpu, "accesses");

		sum += json_integer_value(json_object_get(a, "load")) +
		       json_integer_value(json_object_get(a, "store"));
	}
	return sum;
}

void host_add(json_t *stats, double wall_seconds)
{
	double rate = wall_seconds > 0
			      ? (double)data_accesses(stats) / wall_seconds
			      : 0;
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	json_object_set_new(stats, "host",
			    json_pack("{s:f, s:f, s:I}", "wall_seconds",
				      wall_seconds, "accesses_per_second", rate,
				      "max_rss_bytes",
				      (json_int_t)usage.ru_maxrss * 1024));
}
