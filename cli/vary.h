/* SPDX-License-Identifier: BSD-2-Clause */
/* The variants of a what-if: every combination of the values of each --vary. */
#ifndef CLI_VARY_H
#define CLI_VARY_H

#include <jansson.h>

#include "cli/cli.h"

#define VARY_AXES_MAX	  16
#define VARY_VARIANTS_MAX 4096

/* One --vary. */
struct vary_axis {
	char *key;
	char **value;
	size_t count;
};

struct vary {
	struct vary_axis axis[VARY_AXES_MAX];
	size_t axes, variants;
};

/*
 * From what was typed, "KEY=V1,V2,...": a comma inside a value has a backslash
 * before it, or stands in a policy's own parameters (scan:PERIOD,BUDGET). KEY
 * is one of a machine file or "machine". Exit code; vary_free is due either
 * way.
 */
int vary_parse(struct vary *vary, const struct text_list *typed);
void vary_free(struct vary *vary);

/* The command line of variant n, the last axis fastest: *as is *cli with the
 * values behind the user's own --set, in `text`, which is as->options' and
 * the caller's to free. False: out of memory or too many --set. */
bool vary_apply(const struct vary *vary, size_t n, const struct cli *cli,
		struct cli *as, char **text);
/* {key: value} of variant n, and [{"key","values"}] of all. New references. */
json_t *vary_settings(const struct vary *vary, size_t n);
json_t *vary_axes(const struct vary *vary);

#endif
