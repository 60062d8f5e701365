/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A whole machine's JSON checked, put into canonical form and turned into
 * struct machine_config. Private to sim/machine/config*.c.
 */
#ifndef SIM_MACHINE_CONFIG_CHECK_H
#define SIM_MACHINE_CONFIG_CHECK_H

#include "sim/machine/config_json.h"

/* What the tree was made from, so that an error names the one to blame: the
 * last --set that touches the key, else the file. */
struct config_made_from {
	struct config_origin file;
	const struct config_set *sets;
	unsigned int set_count;
};

/* `tree` has every key. Fills all of *config but json and digest. */
bool config_check(json_t *tree, const struct config_made_from *from,
		  struct machine_config *config, struct error_line *error);

#endif
