/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Its table lacks what is needed.
 * expect: the core's struct p2m_ops must have init, fini, map, 
 * exit: 3
 * run: boot
 */
#include "tests/cores/hostile/naive_parts.h"

#define HOSTILE_MAP NULL
#include "tests/cores/hostile/table.h"
