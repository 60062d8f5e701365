/* SPDX-License-Identifier: BSD-2-Clause */
/* See vary.h. */
#include "cli/vary.h"

#include <stdlib.h>
#include <string.h>

#include "cli/print.h"

#define KEY_MACHINE "machine"

/* ---- parsing ---- */

/* A policy's word that has commas itself came in pieces. */
static void axis_join_last(struct vary_axis *axis)
{
	char **last = &axis->value[axis->count - 1], *both;

	if (axis->count < 2 || config_takes_word(axis->key, last[-1]) ||
	    asprintf(&both, "%s,%s", last[-1], last[0]) < 0)
		return;
	if (!config_takes_word(axis->key, both)) {
		free(both);
		return;
	}
	free(last[-1]);
	free(last[0]);
	last[-1] = both;
	axis->count--;
}

static bool axis_add(struct vary_axis *axis, const char *value, size_t bytes)
{
	char **grown = realloc(axis->value, (axis->count + 1) * sizeof(*grown));
	char *text = malloc(bytes + 1);
	size_t at = 0;

	if (grown)
		axis->value = grown;
	if (!grown || !text) {
		free(text);
		return false;
	}
	for (size_t i = 0; i < bytes; i++)
		if (value[i] != '\\' || i + 1 == bytes || value[i + 1] != ',')
			text[at++] = value[i];
	text[at] = 0;
	axis->value[axis->count++] = text;
	axis_join_last(axis);
	return true;
}

static int axis_parse(struct vary_axis *axis, const char *typed)
{
	const char *value = strchr(typed, '=');

	if (!value || value == typed || !value[1])
		return cli_fail(EXIT_USAGE,
				"--vary: '%s' is not KEY=VALUE,VALUE,...",
				typed);
	axis->key = strndup(typed, (size_t)(value - typed));
	if (!axis->key)
		return cli_fail(EXIT_IO, "out of memory");
	do {
		size_t bytes = 0;

		value++;
		while (value[bytes] && value[bytes] != ',')
			bytes += value[bytes] == '\\' && value[bytes + 1] ? 2
									  : 1;
		if (!bytes)
			return cli_fail(EXIT_USAGE,
					"--vary: '%s' has an empty value",
					typed);
		if (!axis_add(axis, value, bytes))
			return cli_fail(EXIT_IO, "out of memory");
		value += bytes;
	} while (*value);
	return EXIT_FINE;
}

/* A key given twice would say one thing and do another. */
static int axis_check(const struct vary *vary, const struct vary_axis *axis)
{
	for (const struct vary_axis *a = vary->axis; a < axis; a++)
		if (!strcmp(a->key, axis->key))
			return cli_fail(EXIT_USAGE, "--vary: %s is given twice",
					a->key);
	for (size_t i = 0; i < axis->count; i++)
		for (size_t j = 0; j < i; j++)
			if (!strcmp(axis->value[i], axis->value[j]))
				return cli_fail(
					EXIT_USAGE,
					"--vary: %s has the value %s twice",
					axis->key, axis->value[i]);
	return EXIT_FINE;
}

int vary_parse(struct vary *vary, const struct text_list *typed)
{
	int code = EXIT_FINE;

	if (!typed->count || typed->count > VARY_AXES_MAX)
		return cli_fail(EXIT_USAGE,
				"whatif: want 1 to %d --vary KEY=V1,V2,...",
				VARY_AXES_MAX);
	vary->variants = 1;
	for (unsigned int i = 0; i < typed->count && !code; i++) {
		struct vary_axis *axis = &vary->axis[vary->axes++];

		code = axis_parse(axis, typed->item[i]);
		if (!code)
			code = axis_check(vary, axis);
		if (!code && axis->count > VARY_VARIANTS_MAX / vary->variants)
			code = cli_fail(EXIT_USAGE,
					"whatif: more than %d variants",
					VARY_VARIANTS_MAX);
		vary->variants *= axis->count;
	}
	return code;
}

void vary_free(struct vary *vary)
{
	for (size_t a = 0; a < vary->axes; a++) {
		for (size_t i = 0; i < vary->axis[a].count; i++)
			free(vary->axis[a].value[i]);
		free(vary->axis[a].value);
		free(vary->axis[a].key);
	}
}

/* ---- variants ---- */

static void choose(const struct vary *vary, size_t n,
		   const char *chosen[VARY_AXES_MAX])
{
	for (size_t a = vary->axes; a-- > 0;) {
		chosen[a] = vary->axis[a].value[n % vary->axis[a].count];
		n /= vary->axis[a].count;
	}
}

bool vary_apply(const struct vary *vary, size_t n, const struct cli *cli,
		struct cli *as, char **text)
{
	const char *chosen[VARY_AXES_MAX];
	size_t bytes = 1;
	char *at;

	*as = *cli;
	choose(vary, n, chosen);
	for (size_t a = 0; a < vary->axes; a++)
		bytes += strlen(vary->axis[a].key) + strlen(chosen[a]) + 2;
	*text = at = malloc(bytes);
	if (!at || as->options.set.count + vary->axes > OPTION_LIST_MAX)
		return false;
	for (size_t a = 0; a < vary->axes; a++) {
		struct text_list *set = &as->options.set;

		if (!strcmp(vary->axis[a].key, KEY_MACHINE)) {
			as->options.machine = chosen[a];
			continue;
		}
		set->item[set->count++] = at;
		at += sprintf(at, "%s=%s", vary->axis[a].key, chosen[a]) + 1;
	}
	return true;
}

json_t *vary_settings(const struct vary *vary, size_t n)
{
	const char *chosen[VARY_AXES_MAX];
	json_t *out = json_object();

	choose(vary, n, chosen);
	for (size_t a = 0; a < vary->axes; a++)
		json_object_set_new(out, vary->axis[a].key,
				    print_name(chosen[a]));
	return out;
}

json_t *vary_axes(const struct vary *vary)
{
	json_t *out = json_array();

	for (size_t a = 0; a < vary->axes; a++) {
		json_t *values = json_array();

		for (size_t i = 0; i < vary->axis[a].count; i++)
			json_array_append_new(values,
					      print_name(
						      vary->axis[a].value[i]));
		json_array_append_new(out, json_pack("{s:s, s:o}", "key",
						     vary->axis[a].key,
						     "values", values));
	}
	return out;
}
