/* SPDX-License-Identifier: BSD-2-Clause */
/* How run and replay end alike: see finish.h. */
#include "cli/finish.h"

#include "cli/print.h"
#include "cli/summary.h"

struct guest_limits cli_limits(const struct options *options)
{
	return (struct guest_limits){ options->limit_insns,
				      options->limit_seconds };
}

static void show(const struct cli *cli, FILE *file, const json_t *stats)
{
	json_t *summary = summary_make(stats);

	if (cli->options.json)
		print_json(file, summary);
	else
		summary_print(file, print_color(&cli->options, file), summary);
	json_decref(summary);
}

int cli_finish_study(const struct cli *cli, FILE *file, int code,
		     const struct error_line *error,
		     struct study_result *result, struct output_file *stats)
{
	int stats_code;

	fflush(stdout);
	if (result->stats && !cli->options.quiet)
		show(cli, file, result->stats);
	if (code)
		cli_fail_error(code, error);
	stats_code = output_close(stats, result->stats);
	json_decref(result->stats);
	result->stats = NULL;
	if (!code)
		code = stats_code;
	return cli_finish_output(code);
}
