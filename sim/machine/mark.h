/* SPDX-License-Identifier: BSD-2-Clause */
/* The MARK hypercall: statistics split into phases. DESIGN §8. */
#ifndef SIM_MACHINE_MARK_H
#define SIM_MACHINE_MARK_H

#include "sim/machine/machine.h"

/* A guest may mark without end; from here on marks are only counted. */
#define MARKS_MAX 1024

void mark_add(struct machine *m, uint64_t id);
/* [{"mark": id, ...what was counted from this mark to the next...}], and how
 * many marks came too late to be kept. `total` is the whole run's. New
 * reference; NULL if there was no mark. */
json_t *mark_phases(const struct machine *m, const json_t *total);

#endif
