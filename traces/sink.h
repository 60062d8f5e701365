/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a trace's bytes go: a file or stdout, plain or through zstd.
 */
#ifndef TRACES_SINK_H
#define TRACES_SINK_H

#include <stddef.h>

struct sink;

/* "-": stdout. Through zstd if the name ends in ".zst". NULL: errno. */
struct sink *sink_open(const char *path);
/* After the first failure nothing more is written. */
void sink_write(struct sink *s, const void *bytes, size_t count);
/* What was written so far can be read back, whatever becomes of us. */
void sink_flush(struct sink *s);
/* errno of the first failure, or 0. */
int sink_failed(const struct sink *s);
/* Writes what is left and frees s. 0, or errno of the first failure. */
int sink_close(struct sink *s);

#endif
