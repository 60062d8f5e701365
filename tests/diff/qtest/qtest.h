/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * QEMU as a machine without a CPU at work, driven over its qtest socket: RAM
 * is shared, trace events come through a pipe. What machine it is, the caller
 * says.
 */
#ifndef TESTS_DIFF_QTEST_QTEST_H
#define TESTS_DIFF_QTEST_QTEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct qtest {
	const char *who; /* for messages */
	pid_t qemu;
	int ram_file, messages, fifo, socket, listener;
	uint8_t *ram;
	uint64_t ram_bytes;
	char directory[64];
	/* commands not sent yet, answers not read yet */
	char out[65536];
	size_t out_bytes;
	unsigned int pending;
	char in[65536];
	size_t in_bytes;
};

#define QTEST_ARGUMENTS_MAX 200
/* A command line under construction. */
struct qtest_arguments {
	char text[QTEST_ARGUMENTS_MAX][192];
	char *argv[QTEST_ARGUMENTS_MAX + 1];
	unsigned int count;
};
void qtest_argument(struct qtest_arguments *a, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A directory of its own and RAM; then arguments can name them. False: said
 * why; qtest_stop all the same. */
bool qtest_prepare(struct qtest *q, const char *who, uint64_t ram_bytes);
/* The arguments that every machine has: the program first. */
void qtest_arguments(const struct qtest *q, struct qtest_arguments *a,
		     const char *program, const char *machine);
bool qtest_launch(struct qtest *q, struct qtest_arguments *a);
/* What QEMU had to say on its standard error. */
void qtest_complain(const struct qtest *q);
void qtest_stop(struct qtest *q);

/* Commands; sent, and answers read, by qtest_flush. */
void qtest_command(struct qtest *q, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void qtest_write(struct qtest *q, unsigned int bytes, uint64_t address,
		 uint64_t value);
bool qtest_flush(struct qtest *q);
bool qtest_read(struct qtest *q, unsigned int bytes, uint64_t address,
		uint64_t *value);

/* Each trace line since the last call. */
void qtest_events(struct qtest *q,
		  void (*line)(void *context, const char *text), void *context);

#endif
