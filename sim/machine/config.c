/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a preset's name, a file or a trace's header to a machine: defaults,
 * then the file over them, then every --set, then one check. DESIGN §5.
 */
#include "sim/machine/config.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/machine/config_check.h"
#include "sim/machine/config_json.h"
#include "sim/machine/config_keys.h"
#include "sim/machine/digest.h"
#include "sim/machine/presets.h"

#define DEFAULT_PRESET "neoverse-n1"

/* ---- presets ---- */

const char *const *config_presets(void)
{
	return preset_names;
}

static const struct preset *preset_find(const char *name)
{
	for (const struct preset *p = preset_table; p->name; p++)
		if (strcmp(p->name, name) == 0)
			return p;
	return NULL;
}

static json_t *preset_parse(const struct preset *preset,
			    struct error_line *error)
{
	char label[80];
	const struct config_origin origin = {label, EXIT_BUG};

	snprintf(label, sizeof(label), "preset %s", preset->name);
	return config_parse(&origin, preset->text, preset->bytes, error);
}

static bool preset_unknown(const char *name, struct error_line *error)
{
	char list[300] = "";
	size_t used = 0;

	for (const char *const *p = preset_names; *p; p++) {
		if (used + strlen(*p) + 3 > sizeof(list))
			break;
		used += (size_t)snprintf(list + used, sizeof(list) - used,
					 "%s%s", used ? ", " : "", *p);
	}
	return error_set(error, EXIT_USAGE,
			 "--machine %s: no such preset or file; presets: %s",
			 config_clip(name).text, list);
}

/* ---- what is laid over the defaults ---- */

/* Every key, with its default. */
static json_t *defaults(struct error_line *error)
{
	static const struct {
		const char *name, *value;
	} choices[] = {
#define CHOICE(name, value, values, from) {#name, value},
#include "models/choices.def"
#undef CHOICE
	};
	const struct preset *preset = preset_find(DEFAULT_PRESET);
	json_t *tree = preset ? preset_parse(preset, error) : NULL;
	json_t *section = json_object_get(tree, "choices");

	for (size_t i = 0; i < sizeof(choices) / sizeof(*choices); i++)
		json_object_set_new(section, choices[i].name,
				    json_string(choices[i].value));
	return tree;
}

/* A file's name without folders and ".json". */
static json_t *name_of_file(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *stem = slash ? slash + 1 : path;
	size_t length = strlen(stem);
	json_t *name;

	if (strcmp(path, "-") == 0)
		return json_string("stdin");
	if (length > 5 && strcmp(stem + length - 5, ".json") == 0)
		length -= 5;
	name = json_stringn(stem, length < 63 ? length : 63);
	return name ? name : json_string("machine");
}

static bool looks_like_file(const char *machine)
{
	size_t length = strlen(machine);

	return strchr(machine, '/') || strcmp(machine, "-") == 0 ||
	       (length > 5 && strcmp(machine + length - 5, ".json") == 0) ||
	       access(machine, F_OK) == 0;
}

/* The default's sources say nothing about another machine's figures. */
static void forget_sources(json_t *tree)
{
	json_object_set_new(tree, "sources", json_array());
}

static bool overlay_machine(json_t *tree, const char *machine,
			    struct config_origin *origin,
			    struct error_line *error)
{
	const struct preset *preset = preset_find(machine);
	json_t *file;
	bool ok;

	if (!preset && !looks_like_file(machine))
		return preset_unknown(machine, error);
	origin->label = config_file_label(machine);
	file = preset ? preset_parse(preset, error)
		      : config_read(machine, error);
	if (!file)
		return false;
	forget_sources(tree);
	if (!preset)
		json_object_set_new(tree, "name", name_of_file(machine));
	ok = config_overlay(tree, file, "", origin, error);
	json_decref(file);
	return ok;
}

static bool overlay_base(json_t *tree, const json_t *base,
			 struct config_origin *origin, struct error_line *error)
{
	json_t *copy;
	bool ok;

	origin->label = "the trace's machine";
	if (!json_is_object(base))
		return error_set(error, EXIT_INPUT,
				 "%s: %s where an object {...} should be",
				 origin->label, config_show(base).text);
	copy = json_deep_copy(base); /* --set must not reach the caller's */
	forget_sources(tree);
	ok = config_overlay(tree, copy, "", origin, error);
	json_decref(copy);
	return ok;
}

/* ---- IOMMUs ---- */

/* Where a type of unit has its defaults, as the whole machine has
 * neoverse-n1. */
static const struct {
	const char *type, *preset;
} unit_types[] = {
	{"vtd", "vtd-broadwell"},
	{"smmuv3", "smmu-mmu600"},
};

/* New reference to the units of a preset; NULL: *error. */
static json_t *units_of_preset(const char *name, struct error_line *error)
{
	const struct preset *preset = preset_find(name);
	json_t *tree = preset ? preset_parse(preset, error) : NULL;
	json_t *units = json_incref(json_object_get(tree, "iommu"));

	json_decref(tree);
	return units;
}

/* A unit as given, laid over the defaults of its type. New reference. */
static json_t *unit_whole(const json_t *unit, const char *section,
			  const struct config_origin *origin,
			  struct error_line *error)
{
	const char *type = json_string_value(json_object_get(unit, "type"));
	json_t *units = NULL, *whole = NULL;

	for (size_t i = 0; i < sizeof(unit_types) / sizeof(*unit_types); i++)
		if (type && strcmp(type, unit_types[i].type) == 0)
			units = units_of_preset(unit_types[i].preset, error);
	if (!units) {
		error_set(error, origin->exit_code,
			  "%s: %s.type: %s is none of: vtd, smmuv3",
			  origin->label, section,
			  config_show(json_object_get(unit, "type")).text);
		return NULL;
	}
	whole = json_deep_copy(json_array_get(units, 0));
	json_decref(units);
	if (config_overlay(whole, unit, section, origin, error))
		return whole;
	json_decref(whole);
	return NULL;
}

/* The units that a list means: where a preset's name stands, those of that
 * preset; all else as it is. New reference; NULL: *error. */
static json_t *expand_names(json_t *units, struct error_line *error)
{
	json_t *all = json_array(), *unit;
	size_t i;

	json_array_foreach(units, i, unit)
	{
		const char *name = json_string_value(unit);
		json_t *named;

		if (!name || !preset_find(name)) {
			json_array_append(all, unit);
			continue;
		}
		named = units_of_preset(name, error);
		if (!named) {
			json_decref(all);
			return NULL;
		}
		json_array_extend(all, named);
		json_decref(named);
	}
	return all;
}

/* Every unit gets every key of its type. */
static bool complete_units(json_t *units, const struct config_origin *origin,
			   struct error_line *error)
{
	json_t *unit, *whole;
	size_t i;

	json_array_foreach(units, i, unit)
	{
		char section[32];

		snprintf(section, sizeof(section), "iommu.%zu", i);
		if (!json_is_object(unit))
			return error_set(error, origin->exit_code,
					 "%s: %s: %s where an object {...} or "
					 "a preset's name should be",
					 origin->label, section,
					 config_show(unit).text);
		whole = unit_whole(unit, section, origin, error);
		if (!whole)
			return false;
		json_array_set_new(units, i, whole);
	}
	return true;
}

/*
 * Instead of the list a preset's name may stand, whose units it means, and in
 * it too. What is no list is left for the check to name.
 */
static bool fill_units(json_t *tree, const struct config_origin *origin,
		       struct error_line *error)
{
	json_t *units = json_object_get(tree, "iommu");
	const char *name = json_string_value(units);

	if (name && preset_find(name))
		units = units_of_preset(name, error);
	else if (json_is_array(units))
		units = expand_names(units, error);
	else
		return true;
	if (!units)
		return false;
	json_object_set_new(tree, "iommu", units);
	return complete_units(units, origin, error);
}

/* The unit whose type a --set gives, or NULL. */
static json_t *unit_of_type_key(const json_t *tree, const char *key_value)
{
	unsigned int at;
	int end = 0;

	if (sscanf(key_value, "iommu.%u.type=%n", &at, &end) != 1 || !end)
		return NULL;
	return json_array_get(json_object_get(tree, "iommu"), at);
}

/* A unit whose type changes is that type's default from then on: its other
 * keys were the old type's. */
static void forget_other_type(json_t *unit, const json_t *old)
{
	json_t *type = json_object_get(unit, "type");

	if (json_equal(type, old))
		return;
	json_incref(type);
	json_object_clear(unit);
	json_object_set_new(unit, "type", type);
}

/* ---- loading ---- */

/* Keys that sources name and that are gone with their unit. */
static void forget_gone_keys(json_t *keys, const json_t *before,
			     const json_t *tree)
{
	for (size_t i = json_array_size(keys); i-- > 0;) {
		const char *path = json_string_value(json_array_get(keys, i));

		if (path && strncmp(path, "iommu.", 6) == 0 &&
		    config_at(before, path) && !config_at(tree, path))
			json_array_remove(keys, i);
	}
}

/* Sources speak of the file; of a unit that stands there no more they are
 * silent. */
static void forget_gone_sources(const json_t *before, const json_t *tree)
{
	json_t *sources = json_object_get(tree, "sources");

	for (size_t i = json_array_size(sources); i-- > 0;) {
		json_t *keys = json_object_get(json_array_get(sources, i),
					       "keys");
		size_t had = json_array_size(keys);

		forget_gone_keys(keys, before, tree);
		if (had && json_array_size(keys) == 0)
			json_array_remove(sources, i);
	}
}

static bool apply_unit_set(json_t *tree, const char *key_value,
			   const struct config_origin *origin,
			   struct error_line *error)
{
	json_t *before = json_pack("{s:o}", "iommu",
				   json_deep_copy(json_object_get(tree,
								  "iommu")));
	json_t *unit = unit_of_type_key(tree, key_value);
	json_t *type = json_incref(json_object_get(unit, "type"));
	bool ok = config_apply_set(tree, key_value, error);

	if (ok && unit)
		forget_other_type(unit, type);
	ok = ok && fill_units(tree, origin, error);
	if (ok)
		forget_gone_sources(before, tree);
	json_decref(type);
	json_decref(before);
	return ok;
}

static bool apply_set(json_t *tree, const char *key_value,
		      struct error_line *error)
{
	char label[80];
	const struct config_origin origin = {label, EXIT_USAGE};

	snprintf(label, sizeof(label), "--set %s", config_clip(key_value).text);
	if (strncmp(key_value, "iommu", 5) == 0)
		return apply_unit_set(tree, key_value, &origin, error);
	return config_apply_set(tree, key_value, error);
}

static bool set_seed(json_t *tree, const uint64_t *seed,
		     struct error_line *error)
{
	if (!seed)
		return true;
	if (*seed > INT64_MAX)
		return error_set(error, EXIT_USAGE,
				 "--seed: %llu is more than %lld",
				 (unsigned long long)*seed,
				 (long long)INT64_MAX);
	json_object_set_new(tree, "seed", json_integer((json_int_t)*seed));
	return true;
}

static bool set_digest(struct machine_config *config, struct error_line *error)
{
	char *text = json_dumps(config->json, JSON_COMPACT | JSON_SORT_KEYS);

	if (!text)
		return error_set(error, EXIT_IO, "out of memory");
	sha256_hex(text, strlen(text), config->digest);
	free(text);
	return true;
}

static bool load(struct machine_config *config, const char *machine,
		 const json_t *base, struct config_made_from *from,
		 const uint64_t *seed, struct error_line *error)
{
	json_t *tree = config->json;

	if (base && !overlay_base(tree, base, &from->file, error))
		return false;
	if (!base && machine &&
	    !overlay_machine(tree, machine, &from->file, error))
		return false;
	if (!fill_units(tree, &from->file, error))
		return false;
	for (unsigned int i = 0; i < from->set_count; i++)
		if (!apply_set(tree, from->sets[i].key_value, error))
			return false;
	return set_seed(tree, seed, error) &&
	       config_check(tree, from, config, error) &&
	       set_digest(config, error);
}

bool config_load(struct machine_config *config, const char *machine,
		 const json_t *base, const struct config_set *sets,
		 unsigned int set_count, const uint64_t *seed,
		 struct error_line *error)
{
	struct config_made_from from = {
		.file = {DEFAULT_PRESET, EXIT_INPUT},
		.sets = sets,
		.set_count = set_count,
	};

	memset(config, 0, sizeof(*config));
	config->json = defaults(error);
	if (!config->json)
		return error_set(error, EXIT_IO, "out of memory");
	if (load(config, machine, base, &from, seed, error))
		return true;
	config_fini(config);
	return false;
}

void config_fini(struct machine_config *config)
{
	json_decref(config->json);
	memset(config, 0, sizeof(*config));
}
