/* SPDX-License-Identifier: BSD-2-Clause */
/* Command-line options by table: see options.h. */
#include "cli/options.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

#define AT(member) offsetof(struct options, member)

/* ---- the tables ---- */

const struct option_spec options_shared[] = {
	{ "quiet", 'q', OPTION_FLAG, NULL, NULL, AT(quiet), 0,
	  "only the guest's own output and fatal errors" },
	{ "progress", 0, OPTION_CHOICE, "WHEN", "auto|always|never",
	  AT(progress), 0, "report progress to stderr: auto, always, never" },
	{ "color", 0, OPTION_CHOICE, "WHEN", "auto|always|never", AT(color), 0,
	  "bold headings in tables: auto, always, never" },
	{ "seed", 0, OPTION_NUMBER, "N", NULL, AT(seed), AT(seed_given),
	  "seed of everything that is random" },
	{ "limit-insns", 0, OPTION_NUMBER, "N", NULL, AT(limit_insns), 0,
	  "stop after N instructions, exit code 4 (0: never)" },
	{ "limit-seconds", 0, OPTION_SECONDS, "S", NULL, AT(limit_seconds), 0,
	  "stop after S seconds, exit code 4 (0: never)" },
	{ "help", 'h', OPTION_FLAG, NULL, NULL, AT(help), 0, "this text" },
	{ "version", 0, OPTION_FLAG, NULL, NULL, AT(version), 0,
	  "print the version" },
	{ 0 },
};

const struct option_spec options_machine[] = {
	{ "machine", 'm', OPTION_TEXT, "M", NULL, AT(machine), 0,
	  "a preset's name or a machine file" },
	{ "set", 's', OPTION_LIST, "KEY=VALUE", NULL, AT(set), 0,
	  "change a key of the machine by its dotted path" },
	{ 0 },
};

const struct option_spec options_core[] = {
	{ "core", 0, OPTION_TEXT, "FILE.so", NULL, AT(core), 0,
	  "page-table code to use instead of ours" },
	{ 0 },
};

const struct option_spec options_stats[] = {
	{ "stats", 0, OPTION_TEXT, "FILE", NULL, AT(stats), 0,
	  "write the statistics as JSON" },
	{ 0 },
};

const struct option_spec options_json[] = {
	{ "json", 0, OPTION_FLAG, NULL, NULL, AT(json), 0,
	  "print JSON instead of tables" },
	{ 0 },
};

const struct option_spec options_run[] = {
	{ "trace", 't', OPTION_TEXT, "FILE", NULL, AT(trace), 0,
	  "record a trace; zstd if the name ends in .zst" },
	{ "trace-level", 0, OPTION_CHOICE, "LEVEL", "stimulus|costs|full",
	  AT(trace_level), 0,
	  "observations in the trace: stimulus (none), costs (default), full" },
	{ "guest-exit", 0, OPTION_FLAG, NULL, NULL, AT(guest_exit), 0,
	  "exit with the guest's status" },
	{ 0 },
};

const struct option_spec options_linux[] = {
	{ "linux", 0, OPTION_FLAG, NULL, NULL, AT(linux_mode), 0,
	  "the guest is an AArch64 Linux executable" },
	{ "root", 0, OPTION_TEXT, "DIR", NULL, AT(root), 0,
	  "its files are below DIR (default: here), read-only" },
	{ 0 },
};

const struct option_spec options_walk[] = {
	{ "write", 'w', OPTION_FLAG, NULL, NULL, AT(write), 0,
	  "translate for a store" },
	{ "fetch", 'x', OPTION_FLAG, NULL, NULL, AT(fetch), 0,
	  "translate for an instruction fetch" },
	{ "el0", 0, OPTION_FLAG, NULL, NULL, AT(el0), 0,
	  "translate as EL0 does" },
	{ "warm", 0, OPTION_FLAG, NULL, NULL, AT(warm), 0,
	  "with the TLBs and walk caches as they are" },
	{ 0 },
};

const struct option_spec options_explore[] = {
	{ "set", 's', OPTION_LIST, "KEY=VALUE", NULL, AT(set), 0,
	  "change a key of the scenario by its dotted path" },
	{ "all", 0, OPTION_FLAG, NULL, NULL, AT(all), 0,
	  "explore the listed scenarios" },
	{ 0 },
};

const struct option_spec options_whatif[] = {
	{ "vary", 'v', OPTION_LIST, "KEY=V1,V2,...", NULL, AT(vary), 0,
	  "values to try, of a key or machine; \\, is a comma" },
	{ "jobs", 'j', OPTION_NUMBER, "N", NULL, AT(jobs), 0,
	  "replays at a time, each in a process of its own" },
	{ "engine", 0, OPTION_CHOICE, "E", "local|slurm", AT(engine), 0,
	  "where variants run (local in this version)" },
	{ 0 },
};

const struct option_spec options_output[] = {
	{ "output", 'o', OPTION_TEXT, "OUT", NULL, AT(output), 0,
	  "also write the JSON to a file" },
	{ 0 },
};

/* ---- parsing ---- */

bool number_parse(const char *text, uint64_t *value)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	unsigned long long parsed;
	char *end;

	if (!isdigit((unsigned char)text[0]) ||
	    (hex && !isxdigit((unsigned char)text[2])))
		return false;
	errno = 0;
	parsed = strtoull(text, &end, hex ? 16 : 10);
	if (errno || *end)
		return false;
	*value = parsed;
	return true;
}

static bool seconds_parse(const char *text, double *value)
{
	char *end;

	if (!isdigit((unsigned char)text[0]) && text[0] != '.')
		return false;
	*value = strtod(text, &end);
	return !*end && end != text && isfinite(*value);
}

static bool choice_is(const char *choices, const char *text)
{
	size_t length = strlen(text), word;

	for (; *choices; choices += word + (choices[word] == '|')) {
		word = strcspn(choices, "|");
		if (word == length && memcmp(choices, text, word) == 0)
			return true;
	}
	return false;
}

/* The option called `name` (bytes long) or with this letter. */
static const struct option_spec *option_find(const struct command *command,
					     const char *name, size_t bytes,
					     char letter)
{
	const struct option_spec *const *group = command->options;
	const struct option_spec *o;

	for (; *group; group++) {
		for (o = *group; o->name; o++) {
			if (letter ? o->letter == letter
				   : strlen(o->name) == bytes &&
					     !memcmp(o->name, name, bytes))
				return o;
		}
	}
	return NULL;
}

static bool option_list_add(struct text_list *list, const struct option_spec *o,
			    const char *text, struct error_line *error)
{
	if (list->count == OPTION_LIST_MAX)
		return error_set(error, EXIT_USAGE,
				 "--%s given more than %d times", o->name,
				 OPTION_LIST_MAX);
	list->item[list->count++] = text;
	return true;
}

static bool option_store(const struct option_spec *o, const char *text,
			 struct options *options, struct error_line *error)
{
	void *at = (char *)options + o->offset;

	if (o->given_offset)
		*(bool *)((char *)options + o->given_offset) = true;
	switch (o->kind) {
	case OPTION_FLAG:
		*(bool *)at = true;
		return true;
	case OPTION_TEXT:
		if (!*text)
			return error_set(error, EXIT_USAGE,
					 "--%s needs a %s that is not empty",
					 o->name, o->value);
		*(const char **)at = text;
		return true;
	case OPTION_CHOICE:
		*(const char **)at = text;
		return choice_is(o->choices, text) ||
		       error_set(error, EXIT_USAGE, "--%s: '%s' is none of %s",
				 o->name, text, o->choices);
	case OPTION_NUMBER:
		return number_parse(text, at) ||
		       error_set(error, EXIT_USAGE,
				 "--%s: '%s' is not a whole number", o->name,
				 text);
	case OPTION_SECONDS:
		return seconds_parse(text, at) ||
		       error_set(error, EXIT_USAGE,
				 "--%s: '%s' is not a number of seconds",
				 o->name, text);
	case OPTION_LIST:
		return option_list_add(at, o, text, error);
	}
	return false;
}

/* One option at argv[*i]; moves *i over its value. */
static bool option_parse(const struct command *command, int argc,
			 const char *const *argv, int *i,
			 struct options *options, struct error_line *error)
{
	const char *word = argv[*i], *value = NULL;
	const struct option_spec *o;
	bool is_long = word[1] == '-';
	size_t bytes = is_long ? strcspn(word + 2, "=") : 1;

	o = option_find(command, is_long ? word + 2 : NULL, bytes,
			is_long ? 0 : word[1]);
	if (!o)
		return error_set(error, EXIT_USAGE,
				 "%s: no option '%.*s'; see p2msim %s --help",
				 command->name,
				 (int)(is_long ? bytes + 2 : strlen(word)),
				 word, command->name);
	if (is_long && word[2 + bytes] == '=')
		value = word + 2 + bytes + 1;
	else if (!is_long && word[2])
		value = word + 2;
	if (o->kind == OPTION_FLAG && value)
		return error_set(error, EXIT_USAGE, "--%s takes no value",
				 o->name);
	if (o->kind != OPTION_FLAG && !value) {
		if (*i + 1 == argc)
			return error_set(error, EXIT_USAGE,
					 "--%s needs a value: %s", o->name,
					 o->value);
		value = argv[++*i];
	}
	return option_store(o, value, options, error);
}

static bool operands_fit(const struct command *command, int operands,
			 struct error_line *error)
{
	if (operands < command->operands_min)
		return error_set(
			error, EXIT_USAGE,
			"%s: too few arguments: p2msim %s [options] %s",
			command->name, command->name, command->operands);
	if (command->operands_max >= 0 && operands > command->operands_max)
		return error_set(
			error, EXIT_USAGE,
			"%s: too many arguments: p2msim %s [options] %s",
			command->name, command->name, command->operands);
	return true;
}

bool options_parse(const struct command *command, int argc,
		   const char *const *argv, struct options *options,
		   const char **operand, int *operands,
		   struct error_line *error)
{
	bool over = false;

	*operands = 0;
	for (int i = 1; i < argc; i++) {
		const char *word = argv[i];

		if (!over && strcmp(word, "--") == 0) {
			over = true;
		} else if (!over && word[0] == '-' && word[1]) {
			if (!option_parse(command, argc, argv, &i, options,
					  error))
				return false;
		} else {
			operand[(*operands)++] = word;
			over = over || command->operands_end_options;
		}
	}
	if (options->help || options->version)
		return true;
	return operands_fit(command, *operands, error);
}

/* ---- help ---- */

static void option_help(const struct option_spec *o, FILE *out)
{
	char left[64];

	snprintf(left, sizeof(left), "--%s%s%s", o->name, o->value ? " " : "",
		 o->value ? o->value : "");
	if (o->letter)
		fprintf(out, "  -%c, %-24s %s\n", o->letter, left, o->help);
	else
		fprintf(out, "      %-24s %s\n", left, o->help);
}

void options_help(const struct command *command, FILE *out)
{
	const struct option_spec *const *group;

	fprintf(out, "usage: p2msim %s [options]%s%s\n\n%s.\n", command->name,
		*command->operands ? " " : "", command->operands,
		command->summary);
	if (command->details)
		fprintf(out, "\n%s", command->details);
	fprintf(out, "\noptions:\n");
	for (group = command->options; *group; group++)
		for (const struct option_spec *o = *group; o->name; o++)
			option_help(o, out);
}
