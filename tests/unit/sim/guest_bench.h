/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine with a few words of AArch64 code in it, for the tests of
 * sim/guest. Guests are given as words with their source beside them.
 */
#ifndef TESTS_UNIT_SIM_GUEST_BENCH_H
#define TESTS_UNIT_SIM_GUEST_BENCH_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/guest/guest.h"

#define CODE	UINT64_C(0x40080000)
#define RESULTS UINT64_C(0x400a0000)

/* Words at an address; a list ends with count 0. */
struct piece {
	uint64_t at;
	const uint32_t *word;
	size_t count;
};
#define PIECE(at, words)                                          \
	{                                                         \
		(at), (words), sizeof(words) / sizeof((words)[0]) \
	}

struct bench {
	struct machine_config config;
	struct machine *m;
	struct guest *g;
	struct error_line error;
	char console[256];
	size_t console_bytes;
	struct trace_writer *trace; /* NULL: not recorded */
	char trace_path[64];
	json_t *header;
};

static void bench_console(void *context, const void *bytes, size_t count)
{
	struct bench *b = context;

	for (size_t i = 0; i < count; i++) {
		if (b->console_bytes + 1 < sizeof(b->console))
			b->console[b->console_bytes++] =
				((const char *)bytes)[i];
	}
}

static void bench_load(struct bench *b, const struct piece *code)
{
	for (; code->count; code++)
		assert_true(machine_guest_copy_in(b->m, (ipa_t){ code->at },
						  code->word,
						  code->count *
							  sizeof(*code->word)));
}

static void bench_record(struct bench *b)
{
	int fd;

	snprintf(b->trace_path, sizeof(b->trace_path),
		 "/tmp/p2msim-guest-test-XXXXXX");
	fd = mkstemp(b->trace_path);
	assert_true(fd >= 0);
	close(fd);
	b->header = json_pack("{s:s,s:O}", "format", TRACE_FORMAT, "machine",
			      b->config.json);
	b->trace = trace_writer_open(b->trace_path, b->header, TRACE_STIMULUS);
	assert_non_null(b->trace);
	assert_true(machine_record(b->m, b->trace));
}

/* The `tiny` machine with 64 MiB, one --set more, recorded if told so. */
static void bench_init(struct bench *b, const char *set, bool record,
		       const struct guest_kernel *kernel,
		       const struct piece *code)
{
	struct config_set sets[2] = { { "guest.ram_mib=64" }, { set } };

	memset(b, 0, sizeof(*b));
	if (!config_load(&b->config, "tiny", NULL, sets, set ? 2 : 1, NULL,
			 &b->error))
		fail_msg("%s", b->error.text);
	b->m = machine_new(&b->config, &b->error);
	assert_non_null(b->m);
	if (record)
		bench_record(b);
	assert_true(machine_boot(b->m, &b->error));
	b->m->console = bench_console;
	b->m->console_context = b;
	b->g = guest_new(b->m, kernel, &b->error);
	assert_non_null(b->g);
	if (code)
		bench_load(b, code);
}

static void bench_fini(struct bench *b)
{
	guest_free(b->g);
	if (b->trace)
		trace_writer_close(b->trace, NULL);
	if (b->header)
		json_decref(b->header);
	if (b->trace_path[0])
		unlink(b->trace_path);
	machine_free(b->m);
	config_fini(&b->config);
}

static inline enum guest_end bench_run(struct bench *b)
{
	struct guest_limits limits = { .instructions = 1000000 };

	guest_start(b->g, CODE, 0);
	return guest_run(b->g, &limits, &b->error);
}

static inline uint64_t bench_word(struct bench *b, uint64_t ipa)
{
	uint64_t value = 0;

	assert_true(machine_guest_copy_out(b->m, (ipa_t){ ipa }, &value,
					   sizeof(value)));
	return value;
}

#endif
