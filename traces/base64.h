/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Base64 of RFC 4648 §4, with padding, in one piece.
 */
#ifndef TRACES_BASE64_H
#define TRACES_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline size_t base64_encoded_bytes(size_t bytes)
{
	return (bytes + 2) / 3 * 4;
}

/* Writes base64_encoded_bytes(bytes) characters, no terminator. */
void base64_encode(char *to, const uint8_t *from, size_t bytes);
/* Writes at most count / 4 * 3 bytes. False: not base64, or not the one
 * canonical form of it. */
bool base64_decode(uint8_t *to, size_t *bytes, const char *from, size_t count);

/* The same without vector instructions, to be compared with. */
void base64_encode_portable(char *to, const uint8_t *from, size_t bytes);
bool base64_decode_portable(uint8_t *to, size_t *bytes, const char *from,
			    size_t count);

#endif
