/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a trace's bytes come from: a file, stdin or memory, plain or zstd.
 */
#ifndef TRACES_SOURCE_H
#define TRACES_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct source;

/* "-": stdin. NULL: errno. */
struct source *source_open(const char *path);
/* The bytes stay the caller's. */
struct source *source_open_memory(const void *bytes, size_t count);
void source_close(struct source *s);
/* Up to `room` bytes of text; 0 at its end and at an error: ask the rest. */
size_t source_read(struct source *s, char *to, size_t room);
/* NULL, or what went wrong; then the text ends here. */
const char *source_error(const struct source *s);
/* At the end: a zstd frame is not whole. */
bool source_truncated(const struct source *s);
/* Bytes of the file taken so far, and all (0: not known). */
uint64_t source_position(const struct source *s, uint64_t *total);

#endif
