/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The part of base64 that vector instructions do.
 */
#ifndef TRACES_BASE64_VECTOR_H
#define TRACES_BASE64_VECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Encodes the first bytes of `from` and returns how many: a multiple of 3. */
size_t base64_encode_vector(char *to, const uint8_t *from, size_t bytes);
/* Decodes the first characters of `from` and returns how many: a multiple of
 * 4, never the last four. Not more than count / 4 * 3 bytes are written.
 * *good: all of them were digits. */
size_t base64_decode_vector(uint8_t *to, const char *from, size_t count,
			    bool *good);

#endif
