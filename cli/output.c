/* SPDX-License-Identifier: BSD-2-Clause */
/* Result files, and standard input as a file: see output.h. */
#include "cli/output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/own_core.h"
#include "cli/print.h"

/* Only what is or will be a plain file can be replaced by renaming. */
static bool is_replaceable(const char *path)
{
	struct stat status;

	if (lstat(path, &status) != 0)
		return errno == ENOENT;
	return S_ISREG(status.st_mode);
}

static FILE *temporary_open(struct output_file *output)
{
	mode_t mask = umask(0);
	int fd;

	umask(mask);
	if (asprintf(&output->temporary, "%s.XXXXXX", output->path) < 0) {
		output->temporary = NULL;
		return NULL;
	}
	fd = mkstemp(output->temporary);
	if (fd < 0) {
		free(output->temporary);
		output->temporary = NULL;
		return NULL;
	}
	/* mkstemp is private; this is a file like others. A refusal costs
	 * others the reading, no more. */
	if (fchmod(fd, 0666 & ~mask) != 0)
		errno = 0;
	own_core_note_temporary(output->temporary);
	return fdopen(fd, "w");
}

int output_open(struct output_file *output, const char *path)
{
	*output = (struct output_file){ .path = path };
	if (!path)
		return EXIT_FINE;
	if (!strcmp(path, "-"))
		output->file = stdout;
	else if (is_replaceable(path))
		output->file = temporary_open(output);
	else
		output->file = fopen(path, "w");
	if (output->file)
		return EXIT_FINE;
	return cli_fail(EXIT_IO, "%s: %s", path, strerror(errno));
}

static void output_abandon(struct output_file *output)
{
	if (output->temporary) {
		unlink(output->temporary);
		free(output->temporary);
	}
	own_core_note_temporary(NULL);
	output->temporary = NULL;
	output->path = NULL;
}

int output_close(struct output_file *output, const json_t *value)
{
	const char *path = output->path;
	int error = 0;

	if (!path)
		return EXIT_FINE;
	if (value)
		print_json(output->file, value);
	/* What stdout came to, cli_finish_output tells. */
	if (output->file == stdout)
		return EXIT_FINE;
	errno = 0;
	if (fflush(output->file) != 0 || ferror(output->file))
		error = errno ? errno : EIO;
	if (fclose(output->file) != 0 && !error)
		error = errno;
	if (!error && value && output->temporary &&
	    rename(output->temporary, path) != 0)
		error = errno;
	if (!error && value) {
		free(output->temporary);
		output->temporary = NULL;
	}
	output_abandon(output);
	if (!error)
		return EXIT_FINE;
	return cli_fail(EXIT_IO, "%s: %s", path, strerror(error));
}

/* What never ends must not fill the disk. */
#define INPUT_MAX (UINT64_C(4) << 30)

int input_open(struct input_file *input, const char *path)
{
	char buffer[65536];
	uint64_t bytes = 0;
	size_t got;

	*input = (struct input_file){ .path = path };
	if (strcmp(path, "-") != 0)
		return EXIT_FINE;
	input->copy = tmpfile();
	if (!input->copy)
		return cli_fail(EXIT_IO, "a copy of standard input: %s",
				strerror(errno));
	while ((got = fread(buffer, 1, sizeof(buffer), stdin)) > 0) {
		bytes += got;
		if (bytes > INPUT_MAX ||
		    fwrite(buffer, 1, got, input->copy) != got)
			break;
	}
	if (bytes > INPUT_MAX) {
		input_close(input);
		return cli_fail(EXIT_INPUT, "standard input: more than 4 GiB: "
					    "give a file");
	}
	if (ferror(stdin) || fflush(input->copy) != 0 || ferror(input->copy)) {
		input_close(input);
		return cli_fail(EXIT_IO, "standard input: cannot be copied");
	}
	snprintf(input->name, sizeof(input->name), "/dev/fd/%d",
		 fileno(input->copy));
	input->path = input->name;
	return EXIT_FINE;
}

void input_close(struct input_file *input)
{
	if (input->copy)
		fclose(input->copy);
	input->copy = NULL;
}
