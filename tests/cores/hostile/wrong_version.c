/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Was built for another version of the headers.
 * expect: the core is built for version 99 of core/p2m/ops.h; this p2msim has 3
 * exit: 3
 * run: boot
 */
#include "tests/cores/hostile/naive_parts.h"

#define HOSTILE_VERSION 99
#include "tests/cores/hostile/table.h"
