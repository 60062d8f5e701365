/* SPDX-License-Identifier: BSD-2-Clause */
/* What each batch cost: the observations of --trace-level costs. */
#ifndef SIM_MACHINE_COST_H
#define SIM_MACHINE_COST_H

#include "sim/machine/machine.h"

/* After each batch that the machine's writer writes, from now on. False: out
 * of memory. */
MUST_CHECK bool cost_start(struct machine *m);

#endif
