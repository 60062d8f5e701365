/* SPDX-License-Identifier: BSD-2-Clause */
/* `run`: a guest on a machine, recorded if asked. See study.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/guest/linux/linux.h"
#include "sim/machine/core_library.h"
#include "sim/machine/protocol.h"
#include "sim/study/host.h"
#include "sim/study/study.h"

/* Everything a run holds, so that one place lets it go. */
struct run {
	const struct run_options *options;
	struct elf_image image;
	bool image_open;
	struct machine *machine;
	struct guest *guest;
	struct linux_kernel *kernel;
	struct trace_writer *trace;
	char *command_line;
	double began;
};

/* What JSON can hold of a name: all of it, if it is UTF-8. */
static json_t *name_json(const char *name)
{
	json_t *json = json_string(name);
	char *copy = json ? NULL : strdup(name);

	for (char *c = copy; c && *c; c++)
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	if (copy)
		json = json_string(copy);
	free(copy);
	return json;
}

static json_t *guest_json(const struct run *run)
{
	const struct run_options *o = run->options;
	json_t *args = json_array();

	for (int i = 0; i < o->argc; i++)
		json_array_append_new(args, name_json(o->argv[i]));
	return json_pack("{s:o, s:o, s:s, s:b}", "path", name_json(o->guest),
			 "args", args, "sha256", run->image.sha256, "linux",
			 o->linux_mode);
}

static bool names_are_utf8(const struct run_options *o)
{
	bool good = true;

	for (int i = -1; i < o->argc; i++) {
		json_t *json = json_string(i < 0 ? o->guest : o->argv[i]);

		good = good && json;
		json_decref(json);
	}
	return good;
}

/* The arguments as one line, as semihosting hands them over. */
static char *join_arguments(const struct run_options *o)
{
	size_t bytes = 1;
	char *line;

	for (int i = 0; i < o->argc; i++)
		bytes += strlen(o->argv[i]) + 1;
	line = calloc(bytes, 1);
	for (int i = 0; line && i < o->argc; i++) {
		if (i)
			strcat(line, " ");
		strcat(line, o->argv[i]);
	}
	return line;
}

static int open_trace(struct run *run, struct error_line *error)
{
	const struct run_options *o = run->options;
	json_t *header;

	if (!o->trace)
		return EXIT_FINE;
	if (!names_are_utf8(o)) {
		error_set(error, EXIT_INPUT,
			  "%s: its path or arguments are not UTF-8, which a trace cannot hold",
			  o->guest);
		return error->exit_code;
	}
	header = json_pack("{s:s, s:O, s:o}", "tool", P2MSIM_VERSION, "machine",
			   run->machine->config.json, "guest",
			   guest_json(run));
	if (run->machine->config.core)
		json_object_set_new(
			header, "core",
			core_library_json(run->machine->config.core));
	run->trace = trace_writer_open(o->trace, header, o->trace_level);
	json_decref(header);
	if (!run->trace) {
		error_set(error, EXIT_IO, "%s: cannot write a trace: %s",
			  o->trace, strerror(errno));
		return error->exit_code;
	}
	if (machine_record(run->machine, run->trace))
		return EXIT_FINE;
	error_set(error, EXIT_IO, "%s: recording it: out of memory", o->trace);
	return error->exit_code;
}

static void console(void *context, const void *bytes, size_t count)
{
	struct run *run = context;
	const struct run_options *o = run->options;

	if (!run->machine->console_lost)
		run->machine->console_lost =
			!o->console(o->console_context, bytes, count);
}

static int start_linux(struct run *run, struct error_line *error)
{
	const struct run_options *o = run->options;
	struct linux_options options = {
		.root = o->root,
		.argc = o->argc,
		.argv = o->argv,
		.quiet = o->quiet,
		.fd_in = STDIN_FILENO,
		.fd_out = o->output_to_stderr ? STDERR_FILENO : STDOUT_FILENO,
		.fd_err = STDERR_FILENO,
	};
	struct guest_regs regs;

	run->kernel = linux_new(run->machine, &run->image, &options, error);
	if (!run->kernel)
		return error->exit_code;
	run->guest = guest_new(run->machine, linux_ops(run->kernel), error);
	if (!run->guest)
		return error->exit_code;
	linux_attach(run->kernel, run->guest);
	linux_start(run->kernel, &regs);
	guest_start_el0(run->guest, &regs);
	return EXIT_FINE;
}

static int start_bare(struct run *run, struct error_line *error)
{
	run->guest = guest_new(run->machine, NULL, error);
	if (!run->guest)
		return error->exit_code;
	guest_start(run->guest, elf_entry_physical(&run->image), 0);
	return EXIT_FINE;
}

static int start(struct run *run, const struct machine_config *config,
		 struct error_line *error)
{
	const struct run_options *o = run->options;
	int rc;

	if (!elf_open(&run->image, o->guest, error))
		return error->exit_code;
	run->image_open = true;
	run->machine = machine_new(config, error);
	if (!run->machine)
		return error->exit_code;
	if (o->listener &&
	    !machine_listen(run->machine, o->listener, true)) {
		error_set(error, EXIT_INPUT, "%s: out of memory", o->guest);
		return error->exit_code;
	}
	run->command_line = join_arguments(o);
	run->machine->command_line = run->command_line;
	run->machine->console = o->console ? console : NULL;
	run->machine->console_context = run;
	/* What cannot be loaded must not cost an earlier trace. */
	if (!o->linux_mode &&
	    !elf_load_physical(&run->image, run->machine, error))
		return error->exit_code;
	rc = open_trace(run, error);
	if (rc)
		return rc;
	if (!machine_boot(run->machine, error))
		return error->exit_code;
	/* A program of Linux cannot turn its caches off. */
	if (!o->linux_mode && !machine_keep_versions(run->machine)) {
		error_set(error, EXIT_IO,
			  "the contents below the caches: out of memory");
		return error->exit_code;
	}
	machine_start(run->machine);
	return o->linux_mode ? start_linux(run, error) : start_bare(run, error);
}

static int end_code(enum guest_end end)
{
	switch (end) {
	case GUEST_ENDED:
		return EXIT_FINE;
	case GUEST_NOT_MODELLED:
		return EXIT_NOT_MODELLED;
	case GUEST_UNHEARD:
		return EXIT_IO;
	default:
		return EXIT_GUEST;
	}
}

/* The statistics, the trace's last line, and what the caller wants to see. */
static int finish(struct run *run, int rc, struct study_result *result,
		  struct error_line *error)
{
	struct machine *m = run->machine;
	const struct run_options *o = run->options;
	json_t *guest = guest_json(run);
	int failed;

	if (m->ended && run->trace) {
		struct trace_record exit_record = {
			.type = TRACE_GUEST_EXIT, .value = { m->exit_status }
		};

		trace_write(run->trace, &exit_record);
	}
	json_object_set_new(guest, "exit",
			    m->ended ? json_integer((json_int_t)m->exit_status)
				     : json_null());
	result->guest_ended = m->ended;
	result->exit_status = m->exit_status;
	result->stats = machine_stats(m, guest);
	json_decref(guest);
	if (run->trace) {
		failed = trace_writer_close(run->trace, result->stats);
		run->trace = m->trace = NULL;
		if (failed) {
			error_set(error, EXIT_IO,
				  "%s: writing the trace failed: %s; what was written is readable up to its last whole line",
				  o->trace, strerror(failed));
			rc = EXIT_IO;
		}
	}
	host_add(result->stats, host_seconds() - run->began);
	if (o->finish)
		o->finish(o->finish_context, m);
	return rc;
}

int study_run(const struct machine_config *config,
	      const struct run_options *options, struct study_result *result,
	      struct error_line *error)
{
	struct run run = { .options = options, .began = host_seconds() };
	int rc = start(&run, config, error);

	*result = (struct study_result){ 0 };
	if (rc == EXIT_FINE) {
		rc = end_code(guest_run(run.guest, &options->limits, error));
		if (rc == EXIT_FINE && run.kernel &&
		    linux_killed(run.kernel, error))
			rc = EXIT_GUEST;
		rc = finish(&run, rc, result, error);
	} else if (run.trace) {
		trace_writer_close(run.trace, NULL);
		run.machine->trace = NULL;
	}
	guest_free(run.guest);
	linux_free(run.kernel);
	machine_free(run.machine);
	if (run.image_open)
		elf_close(&run.image);
	free(run.command_line);
	return rc;
}
