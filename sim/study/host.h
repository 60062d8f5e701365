/* SPDX-License-Identifier: BSD-2-Clause */
/* The `host` section of statistics: the only one that may differ between
 * equal runs. DESIGN §7. */
#ifndef SIM_STUDY_HOST_H
#define SIM_STUDY_HOST_H

#include <jansson.h>
#include <stdint.h>

/* Monotonic seconds. */
double host_seconds(void);
/* Adds "host" to the statistics; accesses are summed from them. */
void host_add(json_t *stats, double wall_seconds);

#endif
