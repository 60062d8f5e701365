/* SPDX-License-Identifier: BSD-2-Clause */
/* Tables for people from JSON records: see print.h. */
#include "cli/print.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CELL_BYTES  160
#define COLUMNS_MAX 32

bool print_color(const struct options *options, FILE *file)
{
	if (!strcmp(options->color, "always"))
		return true;
	return !strcmp(options->color, "auto") && isatty(fileno(file)) &&
	       !getenv("NO_COLOR");
}

void print_heading(FILE *file, bool color, const char *text)
{
	fprintf(file, color ? "\033[1m%s\033[0m\n" : "%s\n", text);
}

const char *print_count(json_int_t value, char *out)
{
	char digits[24];
	int length = snprintf(digits, sizeof(digits), "%" JSON_INTEGER_FORMAT,
			      value);
	int first = digits[0] == '-', at = 0;

	for (int i = 0; i < length; i++) {
		if (i > first && (length - i) % 3 == 0)
			out[at++] = ',';
		out[at++] = digits[i];
	}
	out[at] = 0;
	return out;
}

static size_t value_append(char *out, size_t bytes, size_t at, const char *text)
{
	size_t length = strlen(text);

	if (at + length >= bytes)
		length = bytes - 1 - at;
	memcpy(out + at, text, length);
	out[at + length] = 0;
	return at + length;
}

static void value_join(char *out, size_t bytes, const json_t *value)
{
	char one[CELL_BYTES];
	const char *key;
	json_t *member;
	size_t at = 0, i;

	out[0] = 0;
	if (json_is_object(value)) {
		json_object_foreach((json_t *)value, key, member)
		{
			print_value(one, sizeof(one), member);
			at = value_append(out, bytes, at, at ? " " : "");
			at = value_append(out, bytes, at, key);
			at = value_append(out, bytes, at, "=");
			at = value_append(out, bytes, at, one);
		}
		return;
	}
	json_array_foreach(value, i, member)
	{
		print_value(one, sizeof(one), member);
		at = value_append(out, bytes, at, i ? ", " : "");
		at = value_append(out, bytes, at, one);
	}
}

void print_value(char *out, size_t bytes, const json_t *value)
{
	char count[32];

	switch (value ? json_typeof(value) : JSON_NULL) {
	case JSON_STRING:
		snprintf(out, bytes, "%s", json_string_value(value));
		break;
	case JSON_INTEGER:
		snprintf(out, bytes, "%s",
			 print_count(json_integer_value(value), count));
		break;
	case JSON_REAL:
		snprintf(out, bytes, "%.6g", json_real_value(value));
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		snprintf(out, bytes, "%s", json_is_true(value) ? "yes" : "no");
		break;
	case JSON_NULL:
		snprintf(out, bytes, "-");
		break;
	default:
		value_join(out, bytes, value);
	}
}

static void cell_text(char *out, enum column_kind kind, const json_t *value)
{
	if (!json_is_number(value) || kind == COLUMN_TEXT ||
	    kind == COLUMN_COUNT)
		print_value(out, CELL_BYTES, value);
	else if (kind == COLUMN_REAL)
		snprintf(out, CELL_BYTES, "%.2f", json_number_value(value));
	else if (kind == COLUMN_PERCENT)
		snprintf(out, CELL_BYTES, "%.1f %%", json_number_value(value));
	else
		snprintf(out, CELL_BYTES, "%+.1f %%", json_number_value(value));
}

/* Characters as a terminal counts them. */
static int text_width(const char *text)
{
	int width = 0;

	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

static void cell_print(FILE *file, const char *text, int width, bool left,
		       bool last)
{
	int pad = width - text_width(text);

	if (left)
		fprintf(file, "%s%*s", text, last ? 0 : pad, "");
	else
		fprintf(file, "%*s%s", pad, "", text);
	fputs(last ? "\n" : "  ", file);
}

static void table_widths(const struct column *columns, const json_t *rows,
			 int *width)
{
	char cell[CELL_BYTES];
	json_t *row;
	size_t r;

	for (int c = 0; columns[c].key; c++) {
		width[c] = text_width(columns[c].title);
		json_array_foreach(rows, r, row)
		{
			cell_text(cell, columns[c].kind,
				  json_object_get(row, columns[c].key));
			if (text_width(cell) > width[c])
				width[c] = text_width(cell);
		}
	}
}

void print_table(FILE *file, bool color, const struct column *columns,
		 const json_t *rows)
{
	int width[COLUMNS_MAX];
	char cell[CELL_BYTES];
	json_t *row;
	size_t r;

	table_widths(columns, rows, width);
	fputs(color ? "  \033[1m" : "  ", file);
	for (int c = 0; columns[c].key; c++)
		cell_print(file, columns[c].title, width[c],
			   columns[c].kind == COLUMN_TEXT, !columns[c + 1].key);
	if (color)
		fputs("\033[0m", file);
	json_array_foreach(rows, r, row)
	{
		fputs("  ", file);
		for (int c = 0; columns[c].key; c++) {
			cell_text(cell, columns[c].kind,
				  json_object_get(row, columns[c].key));
			cell_print(file, cell, width[c],
				   columns[c].kind == COLUMN_TEXT,
				   !columns[c + 1].key);
		}
	}
}

json_t *print_name(const char *name)
{
	json_t *json = json_string(name);
	char *copy = json ? NULL : strdup(name);

	for (char *c = copy; c && *c; c++)
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	if (copy)
		json = json_string(copy);
	free(copy);
	return json;
}

void print_json(FILE *file, const json_t *value)
{
	json_dumpf(value, file, JSON_INDENT(2) | JSON_REAL_PRECISION(10));
	fputc('\n', file);
}
