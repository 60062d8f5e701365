/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * QEMU's `virt` machine with the EL2 program in it. Its RAM is a file that we
 * map too: vectors go in and answers come out without a system call.
 */
#ifndef TESTS_DIFF_CONFORMANCE_MACHINE_H
#define TESTS_DIFF_CONFORMANCE_MACHINE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "tests/diff/el2/mailbox.h"

struct machine {
	uint8_t *ram; /* RAM_PA's first byte */
	volatile struct el2_mailbox *box;
	pid_t qemu;
	int file;
	uint32_t doorbell;
};

/* Starts QEMU with this -cpu and waits until the program is up. False, with
 * a line on stderr: it does not run. */
bool machine_start(struct machine *machine, const char *cpu,
		   const char *program);
void machine_stop(struct machine *machine);

static inline void *machine_host(struct machine *machine, uint64_t pa)
{
	return machine->ram + (pa - RAM_PA);
}

/* Let the program work on box->batch[0 .. cases - 1]. */
void machine_ring(struct machine *machine, uint32_t cases);
/* Wait until it is through. False: QEMU died, or the batch never ends. */
bool machine_wait(struct machine *machine);

#endif
