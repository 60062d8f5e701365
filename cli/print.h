/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables for people from JSON records: the same records that --json prints.
 */
#ifndef CLI_PRINT_H
#define CLI_PRINT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "cli/options.h"

enum column_kind {
	COLUMN_TEXT,	/* left; whatever the value is */
	COLUMN_COUNT,	/* right, 1,234,567 */
	COLUMN_REAL,	/* right, two digits */
	COLUMN_PERCENT, /* right, one digit and % */
	COLUMN_CHANGE,	/* right, signed percent */
};

struct column {
	const char *key, *title;
	enum column_kind kind;
};

/* Whether headings are bold on `file`. */
bool print_color(const struct options *options, FILE *file);
/* A title line of its own, bold if `color`. */
void print_heading(FILE *file, bool color, const char *text);
/* rows: array of objects. Columns end with key NULL. Indented by two. */
void print_table(FILE *file, bool color, const struct column *columns,
		 const json_t *rows);
/* Pretty, with a newline. */
void print_json(FILE *file, const json_t *value);
/* A file's name as far as JSON can hold it: what is not UTF-8 becomes '?'. New
 * reference. */
json_t *print_name(const char *name);
/* "1,234,567"; out has room for 32. */
const char *print_count(json_int_t value, char *out);
/* One line of any value: objects as k=v, arrays with commas. */
void print_value(char *out, size_t bytes, const json_t *value);

#endif
