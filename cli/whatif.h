/* SPDX-License-Identifier: BSD-2-Clause */
/* What a what-if found, "p2msim.whatif/1", and how it looks as tables. */
#ifndef CLI_WHATIF_H
#define CLI_WHATIF_H

#include <jansson.h>

#include "cli/cli.h"

/* Append {"set","summary","differences","stats"} to the variants of a trace;
 * the first of them is what the others are compared with. */
void whatif_add(json_t *variants, json_t *settings, json_t *stats);

/* Two tables a trace, the second where variants differ in what the p2m did;
 * with --json the JSON. */
void whatif_print(const struct cli *cli, const json_t *result);

#endif
