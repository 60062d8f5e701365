/* SPDX-License-Identifier: BSD-2-Clause */
/* What is counted, as JSON: the keys of DESIGN §7. */
#ifndef SIM_MACHINE_STATS_H
#define SIM_MACHINE_STATS_H

#include "sim/machine/machine.h"

/* The counters alone: {"cpu":[...],"cache":{...},"p2m":{...}}. */
json_t *stats_counters(const struct machine *m);

#endif
