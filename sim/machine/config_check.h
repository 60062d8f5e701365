/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A whole machine's JSON checked, put into canonical form and turned into
 * struct machine_config. Private to sim/machine/config*.c.
 */
#ifndef SIM_MACHINE_CONFIG_CHECK_H
#define SIM_MACHINE_CONFIG_CHECK_H

#include "sim/machine/config_json.h"
#include "sim/machine/config_keys.h"

/* What the tree was made from, so that an error names the one to blame: the
 * last --set that touches the key, else the file. */
struct config_made_from {
	struct config_origin file;
	const struct config_set *sets;
	unsigned int set_count;
};

struct config_check {
	json_t *tree;
	const struct config_made_from *from;
	struct machine_config *config;
	struct error_line *error;
};

/* `paths`: the key complained of, then others that bear on it, separated by
 * blanks. `code`: 0 for a bad value (2 or 3 by who gave it), or
 * EXIT_NOT_MODELLED. Returns false. */
bool config_complain(struct config_check *check, int code, const char *paths,
		     const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Every key as it stands in this machine, those of units for each unit that
 * has them, until one is visited in vain: then false. */
bool config_each_key(struct config_check *check,
		     bool (*visit)(struct config_check *check,
				   const struct config_key *key));
/* Do a TLB's ways divide its entries? */
bool config_check_ways(struct config_check *check, const char *section,
		       const struct tlb_config *tlb);

/* config_units.c: the list of IOMMUs, before its units' keys; and what each
 * unit is, after them. */
bool config_check_units(struct config_check *check,
			const struct config_key *key, const json_t *node);
bool config_check_iommus(struct config_check *check);

/* `tree` has every key. Fills all of *config but json and digest. */
bool config_check(json_t *tree, const struct config_made_from *from,
		  struct machine_config *config, struct error_line *error);

#endif
