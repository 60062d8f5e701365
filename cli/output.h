/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A result file: opened before the work (so that a wrong path shows at once),
 * and put in place whole at its end.
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <jansson.h>
#include <stdio.h>

struct output_file {
	const char *path; /* NULL: none was asked for */
	char *temporary;  /* renamed to path in the end, or NULL */
	FILE *file;
};

/* path NULL: nothing to do, now or later. "-": standard output. Exit code,
 * its line printed. */
int output_open(struct output_file *output, const char *path);
/* Write the JSON and put the file in place; value NULL: leave all as it was.
 * Exit code, its line printed. */
int output_close(struct output_file *output, const json_t *value);

/* An input as a path that can be opened twice: "-" becomes a copy of standard
 * input. Exit code; *path is good until input_close. */
struct input_file {
	const char *path;
	FILE *copy;
	char name[40];
};
int input_open(struct input_file *input, const char *path);
void input_close(struct input_file *input);

#endif
