/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading machine files, laying them over the defaults, and --set. DESIGN §5.
 * What a key may hold is checked afterwards, once: config_check.c.
 */
#include "sim/machine/config_json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/machine/config_keys.h"

/* A machine file is a few KiB; this keeps a wrong name from eating memory. */
#define FILE_BYTES_MAX (4u << 20)

/* ---- messages ---- */

struct config_shown config_clip(const char *text)
{
	struct config_shown shown;
	size_t length = strlen(text);

	if (length < sizeof(shown.text)) {
		memcpy(shown.text, text, length + 1);
		return shown;
	}
	/* Do not cut a UTF-8 character in two. */
	length = sizeof(shown.text) - 4;
	while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
		length--;
	memcpy(shown.text, text, length);
	memcpy(shown.text + length, "...", 4);
	return shown;
}

struct config_shown config_show(const json_t *value)
{
	char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
	struct config_shown shown = config_clip(text ? text : "?");

	free(text);
	return shown;
}

/* ---- where a repeated key stands ---- */

/* The path of keys open at a byte of a text, which is JSON up to there. */
#define DEPTH_MAX 16
struct path_walk {
	char path[CONFIG_PATH_BYTES];
	struct {
		bool object, want_key;
		size_t base; /* length of the path of the container itself */
		unsigned int index;
	} open[DEPTH_MAX];
	size_t depth; /* may exceed DEPTH_MAX: those levels are not named */
};

static void path_name(struct path_walk *walk, const char *name, size_t length)
{
	size_t base = walk->open[walk->depth - 1].base;

	snprintf(walk->path + base, sizeof(walk->path) - base, "%s%.*s",
		 base ? "." : "", (int)(length < 60 ? length : 60), name);
}

static void path_name_element(struct path_walk *walk)
{
	char number[16];
	int length = snprintf(number, sizeof(number), "%u",
			      walk->open[walk->depth - 1].index);

	path_name(walk, number, (size_t)length);
}

static void path_open(struct path_walk *walk, bool object)
{
	size_t depth = walk->depth++;

	if (depth >= DEPTH_MAX)
		return;
	walk->open[depth].object = object;
	walk->open[depth].want_key = object;
	walk->open[depth].base = strlen(walk->path);
	walk->open[depth].index = 0;
	if (!object)
		path_name_element(walk);
}

static void path_close(struct path_walk *walk)
{
	if (walk->depth == 0)
		return;
	walk->depth--;
	if (walk->depth < DEPTH_MAX)
		walk->path[walk->open[walk->depth].base] = '\0';
}

static void path_separator(struct path_walk *walk, char c)
{
	size_t top = walk->depth - 1;

	if (walk->depth == 0 || walk->depth > DEPTH_MAX)
		return;
	if (c == ':') {
		walk->open[top].want_key = false;
	} else if (walk->open[top].object) {
		walk->open[top].want_key = true;
	} else {
		walk->open[top].index++;
		path_name_element(walk);
	}
}

/* `at` is on a quote; returns the closing one, or `end`. */
static size_t string_end(const char *text, size_t at, size_t end)
{
	for (at++; at < end && text[at] != '"'; at++)
		if (text[at] == '\\')
			at++;
	return at < end ? at : end;
}

static void path_at(struct path_walk *walk, const char *text, size_t end)
{
	memset(walk, 0, sizeof(*walk));
	for (size_t i = 0; i < end; i++) {
		size_t start = i + 1;

		switch (text[i]) {
		case '{':
		case '[':
			path_open(walk, text[i] == '{');
			break;
		case '}':
		case ']':
			path_close(walk);
			break;
		case ':':
		case ',':
			path_separator(walk, text[i]);
			break;
		case '"':
			i = string_end(text, i, end);
			if (walk->depth && walk->depth <= DEPTH_MAX &&
			    walk->open[walk->depth - 1].want_key)
				path_name(walk, text + start, i - start);
			break;
		}
	}
}

/* ---- reading ---- */

static bool parse_error(const struct config_origin *origin, const char *text,
			size_t bytes, const json_error_t *why,
			struct error_line *error)
{
	size_t position = why->position > 0 ? (size_t)why->position : 0;
	struct path_walk walk;

	if (json_error_code(why) != json_error_duplicate_key)
		return error_set(error, origin->exit_code,
				 "%s:%d:%d: not JSON: %s", origin->label,
				 why->line, why->column, why->text);
	path_at(&walk, text, position < bytes ? position : bytes);
	return error_set(error, origin->exit_code,
			 "%s:%d: %s: this key is repeated; give it once",
			 origin->label, why->line, walk.path);
}

json_t *config_parse(const struct config_origin *origin, const char *text,
		     size_t bytes, struct error_line *error)
{
	json_error_t why;
	json_t *tree =
		json_loadb(text, bytes,
			   JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);

	if (!tree) {
		parse_error(origin, text, bytes, &why, error);
		return NULL;
	}
	if (json_is_object(tree))
		return tree;
	error_set(error, origin->exit_code,
		  "%s: not a machine: %s where an object {...} should be",
		  origin->label, config_show(tree).text);
	json_decref(tree);
	return NULL;
}

/* All of a stream; NULL with errno, EFBIG if it is too long for a machine. */
static char *read_all(FILE *stream, size_t *bytes)
{
	char *text = NULL;
	size_t room = 0;

	for (*bytes = 0;;) {
		if (room - *bytes < 4096) {
			char *larger;

			room = room ? room * 2 : 16384;
			larger = realloc(text, room);
			if (!larger)
				break;
			text = larger;
		}
		errno = 0;
		*bytes += fread(text + *bytes, 1, room - *bytes, stream);
		if (ferror(stream))
			break;
		if (feof(stream))
			return text;
		if (*bytes > FILE_BYTES_MAX) {
			errno = EFBIG;
			break;
		}
	}
	free(text);
	return NULL;
}

const char *config_file_label(const char *path)
{
	size_t length = strlen(path);

	if (strcmp(path, "-") == 0)
		return "standard input";
	return length > 200 ? path + length - 200 : path;
}

json_t *config_read(const char *path, struct error_line *error)
{
	const struct config_origin origin = {config_file_label(path),
					     EXIT_INPUT};
	bool is_stdin = strcmp(path, "-") == 0;
	FILE *stream = is_stdin ? stdin : fopen(path, "rb");
	json_t *tree = NULL;
	size_t bytes = 0;
	char *text = stream ? read_all(stream, &bytes) : NULL;

	if (!text)
		error_set(error, EXIT_INPUT,
			  "%s: cannot read this machine file: %s", origin.label,
			  errno ? strerror(errno) : "read error");
	else
		tree = config_parse(&origin, text, bytes, error);
	free(text);
	if (stream && !is_stdin)
		fclose(stream);
	return tree;
}

/* ---- laying one tree over another ---- */

static void join(char out[CONFIG_PATH_BYTES], const char *section,
		 const char *name)
{
	int bytes = snprintf(out, CONFIG_PATH_BYTES, "%s%s%s", section,
			     *section ? "." : "", config_clip(name).text);

	/* Sections are ours and short: this is for the compiler to see. */
	if (bytes >= CONFIG_PATH_BYTES)
		out[CONFIG_PATH_BYTES - 1] = 0;
}

/* `known`: the section itself. */
static bool unknown_key(const char *section, const char *name,
			const json_t *known, const struct config_origin *origin,
			struct error_line *error)
{
	char path[CONFIG_PATH_BYTES], hint[320];

	join(path, section, name);
	config_key_suggest(section, name, known, hint, sizeof(hint));
	return error_set(error, origin->exit_code, "%s: %s: no such key%s",
			 origin->label, path, hint);
}

bool config_overlay(json_t *into, const json_t *from, const char *section,
		    const struct config_origin *origin,
		    struct error_line *error)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)from, name, value)
	{
		json_t *old = json_object_get(into, name);
		char path[CONFIG_PATH_BYTES];

		if (!old)
			return unknown_key(section, name, into, origin, error);
		join(path, section, name);
		if (!json_is_object(old)) {
			json_object_set(into, name, value);
			continue;
		}
		if (!json_is_object(value))
			return error_set(error, origin->exit_code,
					 "%s: %s: %s where a section {...} "
					 "should be",
					 origin->label, path,
					 config_show(value).text);
		if (!config_overlay(old, value, path, origin, error))
			return false;
	}
	return true;
}

/* ---- paths ---- */

static bool list_index(const char *text, size_t length, size_t *index)
{
	*index = 0;
	if (length == 0 || length > 6)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		*index = *index * 10 + (size_t)(text[i] - '0');
	}
	return true;
}

static json_t *child(const json_t *node, const char *name, size_t length)
{
	size_t index;

	if (json_is_object(node))
		return json_object_getn(node, name, length);
	if (json_is_array(node) && list_index(name, length, &index))
		return json_array_get(node, index);
	return NULL;
}

json_t *config_at(const json_t *tree, const char *path)
{
	json_t *node = (json_t *)(uintptr_t)tree;

	for (;;) {
		size_t length = strcspn(path, ".");

		node = child(node, path, length);
		if (!node || path[length] == '\0')
			return node;
		path += length + 1;
	}
}

/* ---- --set ---- */

/*
 * The value as JSON if it reads as such, else as a string; where a string is
 * wanted a bare number or word is one too. NULL: *error.
 */
static json_t *set_value(const struct config_origin *origin, const char *path,
			 const char *text, const json_t *old,
			 struct error_line *error)
{
	json_error_t why;
	json_t *value =
		json_loads(text, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES,
			   &why);

	if (!value && (*text == '{' || *text == '[' || *text == '"')) {
		error_set(error, origin->exit_code, "%s: %s: not JSON: %s",
			  origin->label, path, why.text);
		return NULL;
	}
	if (value && json_is_string(old) && !json_is_string(value)) {
		json_decref(value);
		value = NULL;
	}
	if (!value)
		value = json_string(text);
	if (!value)
		error_set(error, origin->exit_code,
			  "%s: %s: the value is not UTF-8", origin->label,
			  path);
	return value;
}

/* Put `value` in place of the child of `parent` with the last name of a path
 * that is known to exist. Steals the reference. */
static bool set_child(json_t *parent, const char *name, json_t *value,
		      const char *path, const struct config_origin *origin,
		      struct error_line *error)
{
	json_t *old = child(parent, name, strlen(name));
	bool ok = true;
	size_t index;

	if (json_is_object(old) && json_is_object(value)) {
		ok = config_overlay(old, value, path, origin, error);
		json_decref(value);
	} else if (json_is_object(old)) {
		ok = error_set(error, origin->exit_code,
			       "%s: %s is a section; set one of its keys, or "
			       "give an object {...}",
			       origin->label, path);
		json_decref(value);
	} else if (json_is_array(parent)) {
		ok = list_index(name, strlen(name), &index) &&
		     json_array_set_new(parent, index, value) == 0;
	} else {
		ok = json_object_set_new(parent, name, value) == 0;
	}
	return ok;
}

static bool set_at(json_t *tree, char *path, const char *text,
		   const struct config_origin *origin, struct error_line *error)
{
	json_t *parent = NULL, *node = tree, *value;
	char *name = path;

	for (;;) {
		size_t length = strcspn(name, ".");
		bool last = name[length] == '\0';
		char section[CONFIG_PATH_BYTES];

		parent = node;
		node = child(parent, name, length);
		if (!node) {
			snprintf(section, sizeof(section), "%.*s",
				 name == path ? 0 : (int)(name - path - 1),
				 path);
			name[length] = '\0';
			if (json_is_object(parent))
				return unknown_key(section, name, parent,
						   origin, error);
			return error_set(error, origin->exit_code,
					 "%s: %s has no part \"%s\"",
					 origin->label,
					 config_clip(section).text,
					 config_clip(name).text);
		}
		if (last)
			break;
		name += length + 1;
	}
	value = set_value(origin, path, text, node, error);
	return value && set_child(parent, name, value, path, origin, error);
}

bool config_apply_set(json_t *tree, const char *key_value,
		      struct error_line *error)
{
	const char *equals = strchr(key_value, '=');
	char label[80];
	const struct config_origin origin = {label, EXIT_USAGE};
	char *path;
	bool ok;

	snprintf(label, sizeof(label), "--set %s", config_clip(key_value).text);
	if (!equals || equals == key_value)
		return error_set(error, EXIT_USAGE,
				 "%s: want KEY=VALUE, for example "
				 "cpu.l2_tlb.entries=0",
				 label);
	path = strndup(key_value, (size_t)(equals - key_value));
	if (!path)
		return error_set(error, EXIT_IO, "out of memory");
	ok = set_at(tree, path, equals + 1, &origin, error);
	free(path);
	return ok;
}
