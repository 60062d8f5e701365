/* SPDX-License-Identifier: BSD-2-Clause */
/* See code_lines.h. */
#include "sim/study/code_lines.h"

#include <dlfcn.h>
#include <elf.h>
#include <inttypes.h>
#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern const ElfW(Ehdr) __ehdr_start;

#define ASKED_AT_ONCE 256

void code_lines_init(struct code_lines *lines)
{
	*lines = (struct code_lines){ 0 };
}

void code_lines_add(struct code_lines *lines, const void *code, json_t *object)
{
	if (lines->count == lines->room) {
		size_t room = lines->room ? lines->room * 2 : 64;
		struct code_line *more =
			realloc(lines->item, room * sizeof(*more));

		if (!more)
			return;
		lines->item = more;
		lines->room = room;
	}
	lines->item[lines->count++] = (struct code_line){ code, object };
}

/* The program or library that an address lies in. */
struct object_file {
	char path[1024]; /* empty: not known, or not one for a command line */
	uint64_t base;	 /* what is added to the linker's numbers */
};

static struct object_file object_of(const void *code)
{
	const uint64_t self = (uint64_t)(uintptr_t)&__ehdr_start;
	struct object_file o = { .path = "" };
	Dl_info info;
	ssize_t bytes = 0;

	if (!dladdr(code, &info) ||
	    (uint64_t)(uintptr_t)info.dli_fbase == self) {
		bytes = readlink("/proc/self/exe", o.path, sizeof(o.path) - 1);
		o.base = __ehdr_start.e_type == ET_DYN ? self : 0;
	} else if (strlen(info.dli_fname) < sizeof(o.path)) {
		strcpy(o.path, info.dli_fname);
		o.base = (uint64_t)(uintptr_t)info.dli_fbase;
	}
	if (bytes < 0 || strchr(o.path, '\''))
		o.path[0] = '\0';
	return o;
}

/* What only passes a write or barrier on is not whom one looks for. */
static bool is_passage(const char *function)
{
	return !strcmp(function, "pt_write") || !strcmp(function, "pt_wrote") ||
	       !strcmp(function, "pt_barrier");
}

/* "…/core/pt/bbm.h:83 (discriminator 2)" to file and line. */
static bool split_place(char *text, const char **file, long *line)
{
	char *colon = strrchr(text, ':'), *core = strstr(text, "/core/");

	if (!colon || !core || colon < core)
		return false;
	*colon = '\0';
	*file = core + 1;
	*line = strtol(colon + 1, NULL, 10);
	return *line > 0;
}

struct answer {
	json_t *object, *callers;
	bool named;
};

/* One frame: the innermost that does something, then who called it. */
static void take_frame(struct answer *a, const char *function, char *place)
{
	const char *file;
	long line;

	if (!split_place(place, &file, &line) || is_passage(function))
		return;
	if (a->named) {
		json_array_append_new(a->callers, json_string(function));
		return;
	}
	a->named = true;
	json_object_set_new(a->object, "function", json_string(function));
	json_object_set_new(a->object, "file", json_string(file));
	json_object_set_new(a->object, "line", json_integer(line));
}

static void finish_answer(struct answer *a)
{
	if (a->object && json_array_size(a->callers))
		json_object_set(a->object, "in", a->callers);
	json_decref(a->callers);
	*a = (struct answer){ 0 };
}

/* The answers: an address line "0x…", then pairs of function and place. */
static void read_answers(FILE *pipe, const struct code_line *item)
{
	char function[512], place[1024];
	struct answer a = { 0 };

	while (fgets(function, sizeof(function), pipe)) {
		function[strcspn(function, "\n")] = '\0';
		if (!strncmp(function, "0x", 2)) {
			finish_answer(&a);
			a.object = item++->object;
			a.callers = json_array();
			continue;
		}
		if (!fgets(place, sizeof(place), pipe))
			break;
		if (a.object)
			take_frame(&a, function, place);
	}
	finish_answer(&a);
}

static void ask(const struct object_file *object, const struct code_line *item,
		size_t count)
{
	size_t bytes = strlen(object->path) + 64 + count * 20, used;
	char *command = malloc(bytes);
	FILE *pipe;

	if (!command)
		return;
	used = (size_t)snprintf(command, bytes,
				"addr2line -afi -e '%s' 2>/dev/null",
				object->path);
	for (size_t i = 0; i < count; i++)
		used += (size_t)snprintf(command + used, bytes - used,
					 " 0x%" PRIx64,
					 (uint64_t)(uintptr_t)item[i].code -
						 object->base - 1);
	pipe = popen(command, "r");
	if (pipe) {
		read_answers(pipe, item);
		pclose(pipe);
	}
	free(command);
}

void code_lines_resolve(struct code_lines *lines)
{
	size_t i = 0, end;

	for (; i < lines->count; i = end) {
		const struct object_file object =
			object_of(lines->item[i].code);

		end = i + 1;
		while (end < lines->count && end - i < ASKED_AT_ONCE &&
		       object_of(lines->item[end].code).base == object.base)
			end++;
		if (object.path[0])
			ask(&object, lines->item + i, end - i);
	}
	free(lines->item);
	code_lines_init(lines);
}
