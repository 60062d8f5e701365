/* SPDX-License-Identifier: BSD-2-Clause */
/* p2msim run: a guest on a machine. */
#include <stdlib.h>
#include <string.h>

#include "cli/finish.h"
#include "cli/progress.h"

/* The guest's console. Errors stay in the stream, for the end to find. */
static bool console_write(void *context, const void *bytes, size_t count)
{
	FILE *out = context;

	return fwrite(bytes, 1, count, out) == count &&
	       (!memchr(bytes, '\n', count) || fflush(out) == 0);
}

static enum trace_level level_of(const char *name)
{
	if (name && !strcmp(name, "stimulus"))
		return TRACE_STIMULUS;
	return name && !strcmp(name, "full") ? TRACE_FULL : TRACE_COSTS;
}

static bool is_stdout(const char *name)
{
	return name && !strcmp(name, "-");
}

/* What one stream cannot be at the same time. */
static int refuse_streams(const struct options *o)
{
	bool trace_out = is_stdout(o->trace);
	bool stats_out = is_stdout(o->stats);

	/* A Linux guest has our streams as its own. */
	if ((trace_out || stats_out) && o->linux_mode)
		return cli_fail(EXIT_USAGE,
				"run: --%s - and the guest's output would mix; "
				"name a file",
				trace_out ? "trace" : "stats");
	if (trace_out && stats_out)
		return cli_fail(
			EXIT_USAGE,
			"run: --trace - and --stats - would mix; name a file");
	if (o->root && !o->linux_mode)
		return cli_fail(EXIT_USAGE, "run: --root needs --linux");
	return EXIT_FINE;
}

/* The status as a process can have it: what is not 0 stays so. */
static int guest_status(uint64_t status)
{
	return status & 0xff || !status ? (int)(status & 0xff) : 255;
}

static int run(struct cli *cli, const struct machine_config *config,
	       struct output_file *stats)
{
	const struct options *o = &cli->options;
	bool taken = is_stdout(o->trace) || is_stdout(o->stats);
	struct progress progress;
	struct study_result result = { 0 };
	struct error_line error = { 0 };
	struct run_options options = {
		.guest = cli->operand[0],
		.argc = cli->operands,
		.argv = cli->operand,
		.linux_mode = o->linux_mode,
		.root = o->linux_mode && !o->root ? "." : o->root,
		.trace = o->trace,
		.trace_level = level_of(o->trace_level),
		.limits = cli_limits(o),
		.quiet = o->quiet,
		.progress = progress_start(&progress, o),
		.console = console_write,
		.console_context = taken ? stderr : stdout,
	};
	int code = study_run(config, &options, &result, &error);
	bool killed;

	progress_end(&progress);
	/* It ended by a signal: its own status, if that is asked for. */
	killed = code == EXIT_GUEST && result.guest_ended && o->guest_exit;
	if (killed)
		code = EXIT_FINE;
	code = cli_finish_study(cli, stderr, code, &error, &result, stats);
	if (killed && !o->quiet)
		cli_fail_error(EXIT_GUEST, &error);
	if (!code && o->guest_exit && result.guest_ended)
		return guest_status(result.exit_status);
	return code;
}

int cmd_run(struct cli *cli)
{
	struct machine_config config;
	struct output_file stats;
	int code = refuse_streams(&cli->options);

	if (!code)
		code = cli_load_config(cli, NULL, &config);
	if (code)
		return code;
	code = output_open(&stats, cli->options.stats);
	if (!code)
		code = run(cli, &config, &stats);
	config_fini(&config);
	return code;
}
