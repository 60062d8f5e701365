/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Its table is of another size.
 * expect: the core's struct p2m_ops has 8 bytes; version 3 has [0-9]*
 * exit: 3
 * run: boot
 */
#include "tests/cores/hostile/naive_parts.h"

#define HOSTILE_SIZE 8
#include "tests/cores/hostile/table.h"
