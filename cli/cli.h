/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The p2msim command: what its subcommands share. Each is one file cmd_*.c
 * with one function, named in the table of commands.c.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "cli/options.h"
#include "sim/machine/config.h"

struct cli {
	const struct command *command;
	struct options options;
	/* What is left of the command line. */
	const char *const *operand;
	int operands;
	struct core_library *core; /* --core, or NULL */
};

struct command {
	const char *name;
	const char *operands; /* as the help shows them */
	const char *summary;  /* one line */
	const char *details;  /* more lines for --help, or NULL */
	const struct option_spec *const *options; /* NULL-terminated groups */
	int operands_min, operands_max;		  /* max < 0: any number */
	/* Options after the first operand are not ours (a guest's). */
	bool operands_end_options;
	int (*run)(struct cli *cli); /* exit code */
};

extern const struct command commands[]; /* ends with name NULL */

int cmd_run(struct cli *cli);
int cmd_replay(struct cli *cli);
int cmd_whatif(struct cli *cli);
int cmd_compare(struct cli *cli);
int cmd_check(struct cli *cli);
int cmd_explore(struct cli *cli);
int cmd_walk(struct cli *cli);
int cmd_trace(struct cli *cli);
int cmd_machine(struct cli *cli);
int cmd_unavailable(struct cli *cli); /* report, lab */

/* "p2msim: ..." on stderr; returns exit_code. */
int cli_fail(int exit_code, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The same for what the simulator says. */
int cli_fail_error(int exit_code, const struct error_line *error);
/* Flush standard output: `exit_code`, or EXIT_IO if it could not be
 * written. */
int cli_finish_output(int exit_code);

/* The configuration from --machine, --set, --seed; `base` (may be NULL)
 * stands in where --machine is not given. Exit code. */
int cli_load_config(const struct cli *cli, const json_t *base,
		    struct machine_config *config);
/* The same for a trace or guest: a trace's own machine is the base. */
int cli_load_config_for(const struct cli *cli, const char *input,
			struct machine_config *config);

#endif
