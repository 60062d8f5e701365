/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From addresses in our program, in a library that is loaded, or in a guest, to
 * lines of their source, asked once for all of them, through addr2line(1).
 * Without it, or without debug information, the lines are left out.
 */
#ifndef SIM_STUDY_CODE_LINES_H
#define SIM_STUDY_CODE_LINES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct code_lines {
	struct code_line {
		uint64_t code;
		bool of_guest;
		json_t *object;
	} *item;
	size_t count, room;
	const char *guest; /* its executable, or NULL: not there */
};

void code_lines_init(struct code_lines *lines, const char *guest);
/* `object` (borrowed; it must live until the resolve) gets "function", "file",
 * "line" and the callers that were inlined, "in". */
void code_lines_add(struct code_lines *lines, const void *code, json_t *object);
/* The same of an instruction of the guest. */
void code_lines_add_guest(struct code_lines *lines, uint64_t pc,
			  json_t *object);
/* Asks, and lets go of everything. */
void code_lines_resolve(struct code_lines *lines);

#endif
