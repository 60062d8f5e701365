/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the EL2 program speaks: its report goes out by semihosting, where its
 * arguments come from; the serial port is the guest's alone.
 */
#ifndef TESTS_DIFF_EL2CORE_CONSOLE_H
#define TESTS_DIFF_EL2CORE_CONSOLE_H

#include <stdint.h>

void report(const char *text);
void report_number(uint64_t value);
void report_hex(uint64_t value);
/* "NAME":VALUE, with a comma before it unless it is an object's first. */
void report_member(const char *name, uint64_t value, int first);

/* The whole command line; false if it does not fit. */
int command_line_get(char *to, uint64_t bytes);

/* Ends QEMU with this status. */
_Noreturn void el2_exit(uint64_t status);

/* A byte of the guest's. */
void serial_put(uint8_t byte);

#endif
