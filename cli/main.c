/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * p2msim: finds the subcommand, parses its options, and runs it. Exit codes:
 * DESIGN §3 (README.md here lists them).
 */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/own_core.h"
#include "sim/study/study.h"

/* One line, whatever a file's name has in it. */
static void line_print(char *text)
{
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	fprintf(stderr, "p2msim: %s\n", text);
}

int cli_fail(int exit_code, const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	if (text)
		line_print(text);
	else
		fputs("p2msim: out of memory\n", stderr);
	free(text);
	return exit_code;
}

int cli_fail_error(int exit_code, const struct error_line *error)
{
	return cli_fail(exit_code, "%s", error->text);
}

int cli_finish_output(int exit_code)
{
	bool failed = ferror(stdout);

	if (fflush(stdout) == 0 && !failed)
		return exit_code;
	/* Whoever failed before this has said why in a line of its own; a
	 * finding was told on the stream that is lost. */
	if (exit_code != EXIT_FINE && exit_code != EXIT_FINDING)
		return exit_code;
	return cli_fail(EXIT_IO, "standard output: cannot be written");
}

/* `from`: the trace that `base` stands in, or NULL. */
static int load_config(const struct cli *cli, const json_t *base,
		       const char *from, struct machine_config *config)
{
	const struct options *o = &cli->options;
	struct config_set set[OPTION_LIST_MAX];
	struct error_line error = { 0 };

	for (unsigned int i = 0; i < o->set.count; i++)
		set[i].key_value = o->set.item[i];
	if (config_load(config, o->machine, o->machine ? NULL : base, set,
			o->set.count, o->seed_given ? &o->seed : NULL,
			&error)) {
		config->core = cli->core;
		return EXIT_FINE;
	}
	if (from && error.exit_code == EXIT_INPUT)
		return cli_fail(EXIT_INPUT, "%s: line 1: %s", from, error.text);
	return cli_fail_error(error.exit_code, &error);
}

int cli_load_config(const struct cli *cli, const json_t *base,
		    struct machine_config *config)
{
	return load_config(cli, base, NULL, config);
}

/* Traces begin with '{' or zstd's magic; what is neither is left to the ELF
 * loader to complain about. */
static bool input_is_elf(const char *path)
{
	char magic[4];
	FILE *file = strcmp(path, "-") ? fopen(path, "rb") : NULL;
	bool is;

	if (!file)
		return false;
	is = fread(magic, 1, 4, file) == 4 && !memcmp(magic, "\177ELF", 4);
	fclose(file);
	return is;
}

int cli_load_config_for(const struct cli *cli, const char *input,
			struct machine_config *config)
{
	struct error_line error = { 0 };
	json_t *base;
	int code;

	if (cli->options.machine || input_is_elf(input))
		return cli_load_config(cli, NULL, config);
	base = study_trace_machine(input, &error);
	if (!base)
		return cli_fail_error(error.exit_code, &error);
	code = load_config(cli, base, input, config);
	json_decref(base);
	return code;
}

int cmd_unavailable(struct cli *cli)
{
	return cli_fail(EXIT_NOT_MODELLED, "%s: not available in this version",
			cli->command->name);
}

static void print_usage(FILE *out)
{
	fputs("usage: p2msim COMMAND [options] ...\n\n"
	      "A simulator of MMUs that runs real page-table code.\n\n"
	      "commands:\n",
	      out);
	for (const struct command *c = commands; c->name; c++)
		fprintf(out, "  %-9s %s\n", c->name, c->summary);
	fputs("\np2msim COMMAND --help tells more. p2msim --version.\n", out);
}

static int print_version(void)
{
	printf("p2msim %s\n", P2MSIM_VERSION);
	return cli_finish_output(EXIT_FINE);
}

static int run_command(const struct command *command, int argc,
		       const char *const *argv)
{
	struct cli cli = { .command = command };
	const char **operand = calloc((size_t)argc + 1, sizeof(*operand));
	struct error_line error = { 0 };
	int code;

	if (!operand)
		return cli_fail(EXIT_IO, "out of memory");
	cli.options.progress = "auto";
	cli.options.color = "auto";
	cli.options.jobs = 1;
	if (!options_parse(command, argc, argv, &cli.options, operand,
			   &cli.operands, &error)) {
		code = cli_fail_error(EXIT_USAGE, &error);
	} else if (cli.options.help) {
		options_help(command, stdout);
		code = cli_finish_output(EXIT_FINE);
	} else if (cli.options.version) {
		code = print_version();
	} else {
		cli.operand = operand;
		code = cli.options.core ? own_core_run(&cli)
					: command->run(&cli);
	}
	free(operand);
	return code;
}

/* The CPU emulator asserts by abort(3): a bug like any other. */
static void aborted(int number)
{
	static const char line[] =
		"p2msim: bug: the CPU emulator or a library gave up (abort)\n";
	ssize_t written = write(STDERR_FILENO, line, sizeof(line) - 1);

	(void)number;
	(void)written;
	_exit(EXIT_BUG);
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : NULL;

	/* A closed pipe is an error like a full disk, not a death. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGABRT, aborted);
	signal(SIGXFSZ, SIG_IGN); /* nor is a limit on file sizes */
	if (!name) {
		print_usage(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(name, "--help") || !strcmp(name, "-h")) {
		print_usage(stdout);
		return cli_finish_output(EXIT_FINE);
	}
	if (!strcmp(name, "--version"))
		return print_version();
	for (const struct command *c = commands; c->name; c++)
		if (!strcmp(c->name, name))
			return run_command(c, argc - 1,
					   (const char *const *)argv + 1);
	return cli_fail(EXIT_USAGE, "no command '%s'; see p2msim --help", name);
}
