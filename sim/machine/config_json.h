/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Machine files as JSON trees: reading one, laying it over the defaults, and
 * --set. Nothing here knows what a key may hold. Private to
 * sim/machine/config*.c, its tests and fuzzers.
 */
#ifndef SIM_MACHINE_CONFIG_JSON_H
#define SIM_MACHINE_CONFIG_JSON_H

#include "sim/machine/config.h"

/* Who is to blame for an error: what the line begins with, and its code. */
struct config_origin {
	const char *label; /* a file's name, "--set KEY=VALUE" */
	int exit_code;
};

/* Room enough for any known path, and for the clipped ones of errors. */
#define CONFIG_PATH_BYTES 160

/* New reference to the JSON object in a text; NULL: *error has line, column,
 * and the path of a key that is repeated. */
json_t *config_parse(const struct config_origin *origin, const char *text,
		     size_t bytes, struct error_line *error);
/* What errors call a file: its path (the end of a long one), or what "-"
 * stands for. Points into `path`. */
const char *config_file_label(const char *path);
/* As config_parse, for a file; "-" is standard input. */
json_t *config_read(const char *path, struct error_line *error);

/* Write the members of `from` over those of `into`, sections member by
 * member. A name that `into` does not have is an error. */
bool config_overlay(json_t *into, const json_t *from, const char *section,
		    const struct config_origin *origin,
		    struct error_line *error);

/* Apply one KEY=VALUE. */
bool config_apply_set(json_t *tree, const char *key_value,
		      struct error_line *error);

/* The node at a dotted path, or NULL. Borrowed. */
json_t *config_at(const json_t *tree, const char *path);

/* A value as a person would write it, clipped, for messages. */
struct config_shown {
	char text[56];
};
struct config_shown config_show(const json_t *value);
/* A text clipped to the same length. */
struct config_shown config_clip(const char *text);

#endif
