/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From addresses in our program, or in a library that is loaded, to lines of
 * their source, asked once for all of them, through addr2line(1). Without it, or without debug information, the
 * lines are left out.
 */
#ifndef SIM_STUDY_CODE_LINES_H
#define SIM_STUDY_CODE_LINES_H

#include <jansson.h>
#include <stddef.h>

struct code_lines {
	struct code_line {
		const void *code;
		json_t *object;
	} *item;
	size_t count, room;
};

void code_lines_init(struct code_lines *lines);
/* `object` (borrowed; it must live until the resolve) gets "function", "file",
 * "line" and the callers that were inlined, "in". */
void code_lines_add(struct code_lines *lines, const void *code, json_t *object);
/* Asks, and lets go of everything. */
void code_lines_resolve(struct code_lines *lines);

#endif
