/* SPDX-License-Identifier: BSD-2-Clause */
/* What a translation took, from what it did. See README.md, "Time". */
#ifndef MODELS_VTD_TIME_H
#define MODELS_VTD_TIME_H

#include "models/vtd/unit.h"

/* Sets out->done; occupies the port and, if it walked, a slot. */
void vtd_time(struct vtd *v, const struct vtd_walk *w, struct vtd_outcome *out);

#endif
