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

void code_lines_init(struct code_lines *lines, const char *guest)
{
	*lines = (struct code_lines){ .guest = guest };
}

static void add(struct code_lines *lines, struct code_line line)
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
	lines->item[lines->count++] = line;
}

void code_lines_add(struct code_lines *lines, const void *code, json_t *object)
{
	/* A return address: the call is before it. */
	add(lines, (struct code_line){ (uint64_t)(uintptr_t)code - 1, false,
				       object });
}

void code_lines_add_guest(struct code_lines *lines, uint64_t pc, json_t *object)
{
	if (lines->guest)
		add(lines, (struct code_line){ pc, true, object });
}

/* The program or library that an address lies in. */
struct object_file {
	char path[1024]; /* empty: not known, or not one for a command line */
	uint64_t base;	 /* what is added to the linker's numbers */
};

static struct object_file object_of(const struct code_lines *lines,
				    const struct code_line *line)
{
	const uint64_t self = (uint64_t)(uintptr_t)&__ehdr_start;
	const void *code = (const void *)(uintptr_t)line->code;
	struct object_file o = { .path = "" };
	Dl_info info;
	ssize_t bytes = 0;

	if (line->of_guest) {
		if (strlen(lines->guest) < sizeof(o.path))
			strcpy(o.path, lines->guest);
	} else if (!dladdr(code, &info) ||
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

/* "…/core/pt/bbm.h:83 (discriminator 2)" to file and line; of a guest any. */
static bool split_place(char *text, bool of_guest, const char **file,
			long *line)
{
	char *colon = strrchr(text, ':'), *core = strstr(text, "/core/");

	if (!colon || (!of_guest && (!core || colon < core)))
		return false;
	*colon = '\0';
	*file = of_guest ? text : core + 1;
	*line = strtol(colon + 1, NULL, 10);
	return *line > 0;
}

struct answer {
	json_t *object, *callers;
	bool named, of_guest;
};

/* One frame: the innermost that does something, then who called it. */
static void take_frame(struct answer *a, const char *function, char *place)
{
	const char *file;
	long line;

	if (!split_place(place, a->of_guest, &file, &line) || is_passage(function))
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
			a.of_guest = item->of_guest;
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
					 item[i].code - object->base);
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
			object_of(lines, &lines->item[i]);

		end = i + 1;
		while (end < lines->count && end - i < ASKED_AT_ONCE &&
		       lines->item[end].of_guest == lines->item[i].of_guest &&
		       object_of(lines, &lines->item[end]).base == object.base)
			end++;
		if (object.path[0])
			ask(&object, lines->item + i, end - i);
	}
	free(lines->item);
	code_lines_init(lines, NULL);
}
