/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine presets as they stand in models/presets, embedded when the
 * program is built (presets_embed.sh), so that they are found wherever it is
 * installed.
 */
#ifndef SIM_MACHINE_PRESETS_H
#define SIM_MACHINE_PRESETS_H

#include <stddef.h>

struct preset {
	const char *name;
	const char *text; /* JSON, `bytes` long, no NUL at its end */
	size_t bytes;
};

/* Sorted by name; ends with a NULL name. */
extern const struct preset preset_table[];
/* The same names; ends with NULL. */
extern const char *const preset_names[];

#endif
