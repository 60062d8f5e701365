/* SPDX-License-Identifier: BSD-2-Clause */
/* Statistics as a flat list of dotted keys, to compare. */
#ifndef CLI_FLATTEN_H
#define CLI_FLATTEN_H

#include <jansson.h>

/* {"cpu.0.cycles": 12, ...} without the section `host`, and without what is
 * empty. New reference. */
json_t *stats_flatten(const json_t *stats);
/* [{"key", "values": [one a document, null where it has none], "difference"
 * and "change": from the first to the last, the latter in percent of the first,
 * where both are numbers}] for each key
 * that is not the same in all. `flat` has `count`. New reference. */
json_t *stats_differences(json_t *const *flat, size_t count);

#endif
