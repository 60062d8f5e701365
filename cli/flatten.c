/* SPDX-License-Identifier: BSD-2-Clause */
/* Statistics as a flat list of dotted keys: see flatten.h. */
#include "cli/flatten.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Keys are joined with dots; deeper or longer ones are not statistics. */
#define KEY_BYTES 512

static void flatten(json_t *out, const char *prefix, const json_t *value)
{
	char name[KEY_BYTES];
	const char *key, *dot = *prefix ? "." : "";
	json_t *member;
	size_t i;

	if (json_is_object(value)) {
		json_object_foreach((json_t *)value, key, member)
		{
			if (!*prefix && !strcmp(key, "host"))
				continue;
			snprintf(name, sizeof(name), "%s%s%s", prefix, dot,
				 key);
			flatten(out, name, member);
		}
	} else if (json_is_array(value)) {
		json_array_foreach(value, i, member)
		{
			snprintf(name, sizeof(name), "%s%s%zu", prefix, dot, i);
			flatten(out, name, member);
		}
	} else {
		json_object_set(out, prefix, (json_t *)value);
	}
}

json_t *stats_flatten(const json_t *stats)
{
	json_t *out = json_object();

	flatten(out, "", stats);
	return out;
}

static void add_change(json_t *row, const json_t *first, const json_t *last)
{
	double a = json_number_value(first), b = json_number_value(last);

	if (json_is_integer(first) && json_is_integer(last))
		json_object_set_new(row, "difference",
				    json_integer(json_integer_value(last) -
						 json_integer_value(first)));
	else if (json_is_number(first) && json_is_number(last))
		json_object_set_new(row, "difference", json_real(b - a));
	if (json_is_number(first) && json_is_number(last) && a != 0)
		json_object_set_new(row, "change",
				    json_real(100 * (b - a) / a));
}

/* The row of `key`, or NULL if all have the same. */
static json_t *difference(json_t *const *flat, size_t count, const char *key)
{
	json_t *first = json_object_get(flat[0], key), *last = NULL;
	json_t *values = json_array(), *row;
	bool same = true;

	for (size_t i = 0; i < count; i++) {
		last = json_object_get(flat[i], key);
		json_array_append_new(values,
				      last ? json_incref(last) : json_null());
		same = same && (first && last ? json_equal(first, last)
					      : first == last);
	}
	if (same) {
		json_decref(values);
		return NULL;
	}
	row = json_object();
	json_object_set_new(row, "key", json_string(key));
	json_object_set_new(row, "values", values);
	add_change(row, first, last);
	return row;
}

json_t *stats_differences(json_t *const *flat, size_t count)
{
	json_t *out = json_array(), *keys = json_object(), *value, *row;
	const char *key;

	for (size_t i = 0; i < count; i++)
		json_object_update_missing(keys, flat[i]);
	json_object_foreach(keys, key, value)
	{
		row = difference(flat, count, key);
		if (row)
			json_array_append_new(out, row);
	}
	json_decref(keys);
	return out;
}
