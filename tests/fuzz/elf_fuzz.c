/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as a guest: refused with one line, or loaded into a small machine
 * and executed for a while, whatever its code is. What was executed is
 * recorded, and its replay gives the same statistics.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sim/study/study.h"

#define INSTRUCTIONS 3000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void check_line(const struct error_line *error)
{
	require(error->text[0] != '\0');
	for (const char *c = error->text; *c; c++)
		require((unsigned char)*c >= 0x20);
}

/* A file without a name; its path is written to `path`. */
static int memory_file(char path[32])
{
	int fd = memfd_create("input", MFD_CLOEXEC);

	require(fd >= 0);
	snprintf(path, 32, "/proc/self/fd/%d", fd);
	return fd;
}

static void small_machine(struct machine_config *config)
{
	static const struct config_set set[] = { { "guest.ram_mib=2" },
						 { "cpu.count=2" } };
	struct error_line error;

	require(config_load(config, "tiny", NULL, set, 2, NULL, &error));
}

static void check_replay(const struct machine_config *config, const char *trace,
			 const json_t *run_stats)
{
	struct replay_options options = { .trace = trace };
	struct study_result result;
	struct error_line error = { 0 };

	require(study_replay(config, &options, &result, &error) == EXIT_FINE);
	json_object_del(result.stats, "host");
	require(json_equal(result.stats, run_stats));
	json_decref(result.stats);
}

static void run(const char *path)
{
	char trace[32];
	int fd = memory_file(trace);
	struct run_options options = {
		.guest = path,
		.argc = 1,
		.argv = &path,
		.trace = trace,
		.limits = { .instructions = INSTRUCTIONS },
		.quiet = true,
	};
	struct machine_config config;
	struct study_result result;
	struct error_line error = { 0 };
	int code;

	small_machine(&config);
	code = study_run(&config, &options, &result, &error);
	require(code == EXIT_FINE || code == EXIT_INPUT || code == EXIT_GUEST ||
		code == EXIT_NOT_MODELLED);
	if (code)
		check_line(&error);
	if (result.stats) {
		json_object_del(result.stats, "host");
		/* What is not modelled may stop in the middle of a block. */
		if (code != EXIT_NOT_MODELLED)
			check_replay(&config, trace, result.stats);
	}
	json_decref(result.stats);
	config_fini(&config);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct elf_image image;
	struct error_line error = { 0 };
	char path[32];
	int fd = memory_file(path);

	require(write(fd, data, size) == (ssize_t)size);
	if (elf_open(&image, path, &error)) {
		elf_close(&image);
		run(path);
	} else {
		require(error.exit_code == EXIT_INPUT);
		check_line(&error);
	}
	close(fd);
	return 0;
}

#ifdef FUZZ_REPLAY
#include "tests/fuzz/replay_main.h"
#endif
