/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * --core: the whole command in a process of its own, so that a page-table
 * library that dies, hangs or breaks its promises ends as a finding.
 */
#ifndef CLI_OWN_CORE_H
#define CLI_OWN_CORE_H

#include "cli/cli.h"

/* Exit code: the command's, EXIT_INPUT if the library cannot be loaded, or
 * EXIT_FINDING with one line about it. */
int own_core_run(struct cli *cli);

/* A file that shall go if the library ends the process; NULL: none, or it is
 * kept now. Does nothing without --core. */
void own_core_note_temporary(const char *path);

#endif
