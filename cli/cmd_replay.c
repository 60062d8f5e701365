/* SPDX-License-Identifier: BSD-2-Clause */
/* p2msim replay: a trace in the guest's place. */
#include "cli/finish.h"
#include "cli/progress.h"

static int replay(struct cli *cli, const char *trace,
		  const struct machine_config *config,
		  struct output_file *stats)
{
	struct progress progress;
	struct study_result result = { 0 };
	struct error_line error = { 0 };
	struct replay_options options = {
		.trace = trace,
		.limits = cli_limits(&cli->options),
		.progress = progress_start(&progress, &cli->options),
	};
	int code = study_replay(config, &options, &result, &error);

	progress_end(&progress);
	/* With the statistics on stdout the summary is for people beside it. */
	return cli_finish_study(cli, stats->file == stdout ? stderr : stdout,
				code, &error, &result, stats);
}

int cmd_replay(struct cli *cli)
{
	struct machine_config config;
	struct output_file stats;
	struct input_file input;
	int code = input_open(&input, cli->operand[0]);

	if (code)
		return code;
	code = cli_load_config_for(cli, input.path, &config);
	if (!code) {
		code = output_open(&stats, cli->options.stats);
		if (!code)
			code = replay(cli, input.path, &config, &stats);
		config_fini(&config);
	}
	input_close(&input);
	return code;
}
