/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Machine files and --set from hostile hands. The input is a file's text; what
 * follows a NUL in it is one --set. Whatever it is, the outcome is a machine
 * or one line with a sensible exit code; and a machine that was accepted loads
 * again, from its own JSON, to the same digest.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/machine/config.h"
#include "sim/machine/config_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void check_line(const struct error_line *error)
{
	require(error->exit_code == EXIT_USAGE ||
		error->exit_code == EXIT_INPUT ||
		error->exit_code == EXIT_NOT_MODELLED);
	require(error->text[0] != '\0');
	require(memchr(error->text, '\0', sizeof(error->text)) != NULL);
	for (const char *c = error->text; *c; c++)
		require((unsigned char)*c >= 0x20);
}

static void check_machine(const struct machine_config *config)
{
	struct machine_config again;
	struct error_line error;

	require(config->cpus >= 1 && config->mlp >= 1);
	require(config->ipa_bits <= config->mmu.pa_bits);
	require(config_load(&again, NULL, config->json, NULL, 0, NULL, &error));
	require(strcmp(config->digest, again.digest) == 0);
	config_fini(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct config_origin origin = {"input", EXIT_INPUT};
	const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
	size_t file_bytes = nul ? (size_t)(nul - data) : size;
	struct config_set set = {NULL};
	struct machine_config config;
	struct error_line error;
	json_t *base = NULL;
	char *text = NULL;

	if (nul) {
		text = strndup((const char *)nul + 1, size - file_bytes - 1);
		require(text != NULL);
		set.key_value = text;
	}
	if (file_bytes > 0)
		base = config_parse(&origin, (const char *)data, file_bytes,
				    &error);
	if (file_bytes > 0 && !base) {
		check_line(&error);
	} else if (config_load(&config, NULL, base, &set, text ? 1 : 0, NULL,
			       &error)) {
		check_machine(&config);
		config_fini(&config);
	} else {
		check_line(&error);
	}
	json_decref(base);
	free(text);
	return 0;
}

#ifdef FUZZ_REPLAY
#include "tests/fuzz/replay_main.h"
#endif
