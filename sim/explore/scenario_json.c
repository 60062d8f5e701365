/* SPDX-License-Identifier: BSD-2-Clause */
/* See scenario_json.h. */
#include "sim/explore/scenario_json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/machine/config_keys.h"

bool scenario_bad(const struct at *at, const json_t *value, const char *want)
{
	return error_set(at->error, EXIT_INPUT, "%s: %s: is %s; want %s",
			 at->label, at->path[0] ? at->path : "(top)",
			 value ? config_show(value).text : "missing", want);
}

struct at scenario_below(const struct at *at, const char *name)
{
	struct at to = *at;

	snprintf(to.path, sizeof(to.path), "%.100s%s%s", at->path,
		 at->path[0] ? "." : "", config_clip(name).text);
	return to;
}

struct at scenario_element(const struct at *at, size_t index)
{
	char name[24];

	snprintf(name, sizeof(name), "%zu", index);
	return scenario_below(at, name);
}

/* An object with no key but those of `known`, separated by spaces. */
bool scenario_only_keys(const struct at *at, const json_t *object,
			const char *known)
{
	const char *key;
	json_t *value;

	if (!json_is_object(object))
		return scenario_bad(at, object, "an object {...}");
	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		const struct at here = scenario_below(at, key);
		const size_t length = strlen(key);
		const char *found = known;

		while ((found = strstr(found, key)) != NULL &&
		       !((found == known || found[-1] == ' ') &&
			 (found[length] == ' ' || found[length] == '\0')))
			found += length;
		if (!found || length == 0)
			return error_set(at->error, EXIT_INPUT,
					 "%s: %s: no such key; known here: %s",
					 at->label, here.path, known);
	}
	return true;
}

/* ---- values */

/* A whole number, or a string "0x...". Missing: *value is left. */
bool scenario_take_number(const struct at *at, const json_t *object,
			  const char *key, uint64_t most, bool needed,
			  uint64_t *value)
{
	const struct at here = scenario_below(at, key);
	const json_t *v = json_object_get(object, key);
	char want[64], *end = NULL;
	uint64_t n = 0;
	bool ok = false;

	if (!v && !needed)
		return true;
	if (json_is_integer(v)) {
		ok = json_integer_value(v) >= 0;
		n = (uint64_t)json_integer_value(v);
	} else if (json_is_string(v)) {
		const char *text = json_string_value(v);

		errno = 0;
		n = strtoull(text, &end, 16);
		ok = text[0] == '0' && (text[1] == 'x' || text[1] == 'X') &&
		     text[2] && text[2] != '-' && *end == '\0' && errno == 0;
	}
	snprintf(want, sizeof(want), "a whole number of at most %" PRIu64,
		 most);
	if (!ok || n > most)
		return scenario_bad(&here, v, want);
	*value = n;
	return true;
}

bool scenario_take_bool(const struct at *at, const json_t *object,
			const char *key, bool needed, bool *value)
{
	const struct at here = scenario_below(at, key);
	const json_t *v = json_object_get(object, key);

	if (!v && !needed)
		return true;
	if (!json_is_boolean(v))
		return scenario_bad(&here, v, "true or false");
	*value = json_is_true(v);
	return true;
}

/* Which of `words` (separated by |) a string is. */
bool scenario_take_word(const struct at *at, const json_t *object,
			const char *key, const char *words, bool needed,
			int *index, uint64_t parameter[2])
{
	const struct at here = scenario_below(at, key);
	const json_t *v = json_object_get(object, key);
	int i;

	if (!v && !needed)
		return true;
	i = json_is_string(v)
		    ? config_word_index(words, json_string_value(v), parameter)
		    : -1;
	if (i < 0)
		return scenario_bad(&here, v, words);
	*index = i;
	return true;
}

bool scenario_take_policy(const struct at *at, const json_t *object,
			  const char *key, int *index, uint64_t parameter[2])
{
	const struct at here = scenario_below(at, key);
	const struct config_key *known = config_key_find(here.path);

	return scenario_take_word(at, object, key, known->words, false, index,
				  parameter);
}
