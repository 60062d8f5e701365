/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Values taken out of a scenario's JSON, each with its path for the one line
 * that says what is wrong with it. Private to sim/explore/scenario*.c.
 */
#ifndef SIM_EXPLORE_SCENARIO_JSON_H
#define SIM_EXPLORE_SCENARIO_JSON_H

#include <jansson.h>

#include "sim/explore/scenario.h"
#include "sim/machine/config_json.h"

/* A place in the file, for messages. */
struct at {
	const char *label;
	char path[CONFIG_PATH_BYTES];
	struct error_line *error;
};

/* False, with the line; `value` NULL: it is missing. */
bool scenario_bad(const struct at *at, const json_t *value, const char *want);
struct at scenario_below(const struct at *at, const char *name);
struct at scenario_element(const struct at *at, size_t index);
/* An object with no key but those of `known`, separated by spaces. */
bool scenario_only_keys(const struct at *at, const json_t *object,
			const char *known);

/* Each leaves the value as it is if the key is missing and not needed. A
 * number is whole, or a string "0x...". */
bool scenario_take_number(const struct at *at, const json_t *object,
			  const char *key, uint64_t most, bool needed,
			  uint64_t *value);
bool scenario_take_bool(const struct at *at, const json_t *object,
			const char *key, bool needed, bool *value);
/* Which of `words` (separated by |) a string is. */
bool scenario_take_word(const struct at *at, const json_t *object,
			const char *key, const char *words, bool needed,
			int *index, uint64_t parameter[2]);
/* A policy of the machine's, with the words it has there. */
bool scenario_take_policy(const struct at *at, const json_t *object,
			  const char *key, int *index, uint64_t parameter[2]);

/* ---- scenario_iommu.c: of an IOMMU's domain */

/* The section `iommu`, and policy.iommu. */
bool scenario_take_domain(struct scenario *s, const struct at *top,
			  const json_t *tree);
/* One operation of a domain. */
bool scenario_take_domain_call(const struct at *at, const json_t *object,
			       struct scenario_call *call);

#endif
