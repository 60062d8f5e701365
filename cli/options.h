/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Command-line options by table: one row an option, from which come parsing
 * and help. Names are exact, never abbreviated.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "sim/machine/config.h"

#define OPTION_LIST_MAX 256

struct text_list {
	const char *item[OPTION_LIST_MAX];
	unsigned int count;
};

/* What was given, for every command: each takes what its table has. */
struct options {
	bool help, version, quiet, json;
	const char *progress, *color; /* auto, always, never */
	uint64_t seed, limit_insns;
	bool seed_given;
	double limit_seconds;
	const char *machine, *stats, *trace, *trace_level, *root, *core;
	const char *output, *engine;
	struct text_list set, vary;
	bool linux_mode, guest_exit;
	bool write, fetch, el0, warm;
	bool all;
	uint64_t jobs;
};

enum option_kind {
	OPTION_FLAG,	/* bool */
	OPTION_TEXT,	/* const char * */
	OPTION_CHOICE,	/* const char *, one of `choices` */
	OPTION_NUMBER,	/* uint64_t, decimal or 0x */
	OPTION_SECONDS, /* double, > 0 */
	OPTION_LIST,	/* struct text_list, may be repeated */
};

struct option_spec {
	const char *name; /* without the dashes */
	char letter;	  /* short form, or 0 */
	enum option_kind kind;
	const char *value;   /* its name in the help */
	const char *choices; /* "auto|always|never" */
	size_t offset;
	size_t given_offset; /* bool set when given; 0: none */
	const char *help;
};

/* Shared by all commands; ends with name NULL, as each group does. */
extern const struct option_spec options_shared[];
extern const struct option_spec options_machine[];
extern const struct option_spec options_core[];
extern const struct option_spec options_stats[];
extern const struct option_spec options_json[];
extern const struct option_spec options_run[];
extern const struct option_spec options_linux[];
extern const struct option_spec options_walk[];
extern const struct option_spec options_explore[];
extern const struct option_spec options_whatif[];
extern const struct option_spec options_output[];

struct command;

/*
 * Parse argv[1..]; what is no option is put to `operand` (room for argc). A
 * "--" ends the options. False: *error is set, exit code 2.
 */
bool options_parse(const struct command *command, int argc,
		   const char *const *argv, struct options *options,
		   const char **operand, int *operands,
		   struct error_line *error);
void options_help(const struct command *command, FILE *out);

/* A whole number, decimal or 0x...; false if it is not one. */
bool number_parse(const char *text, uint64_t *value);

#endif
