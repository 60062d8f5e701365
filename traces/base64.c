/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Base64, 24 bits at a time, one look-up a character. RFC 4648 §4.
 */
#include "traces/base64.h"
#include "traces/base64_vector.h"

static const char digit[64] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

#define BAD   0xff
#define BAD4  BAD, BAD, BAD, BAD
#define BAD16 BAD4, BAD4, BAD4, BAD4
/* By the character's upper four bits. */
/* clang-format off */
static const uint8_t value_of[256] = {
	BAD16, BAD16,
	BAD4, BAD4, BAD, BAD, BAD, 62, BAD, BAD, BAD, 63,
	52, 53, 54, 55, 56, 57, 58, 59, 60, 61, BAD, BAD, BAD4,
	BAD, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
	15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, BAD, BAD4,
	BAD, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
	41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, BAD, BAD4,
	BAD16, BAD16, BAD16, BAD16, BAD16, BAD16, BAD16, BAD16,
};
/* clang-format on */

void base64_encode_portable(char *to, const uint8_t *from, size_t bytes)
{
	for (; bytes >= 3; bytes -= 3, from += 3, to += 4) {
		uint32_t bits = (uint32_t)from[0] << 16 |
				(uint32_t)from[1] << 8 | from[2];

		to[0] = digit[bits >> 18];
		to[1] = digit[bits >> 12 & 63];
		to[2] = digit[bits >> 6 & 63];
		to[3] = digit[bits & 63];
	}
	if (bytes) {
		uint32_t bits = (uint32_t)from[0] << 16 |
				(bytes == 2 ? (uint32_t)from[1] << 8 : 0);

		to[0] = digit[bits >> 18];
		to[1] = digit[bits >> 12 & 63];
		to[2] = bytes == 2 ? digit[bits >> 6 & 63] : '=';
		to[3] = '=';
	}
}

/* The last four characters, which may end in one or two '='. */
static bool decode_tail(uint8_t *to, size_t *bytes, const uint8_t *from)
{
	size_t pad = from[3] == '=' ? 1 + (from[2] == '=') : 0;
	uint32_t a = value_of[from[0]], b = value_of[from[1]];
	uint32_t c = pad == 2 ? 0 : value_of[from[2]];
	uint32_t d = pad ? 0 : value_of[from[3]];
	uint32_t bits = a << 18 | b << 12 | c << 6 | d;

	if ((a | b | c | d) > 63 || bits & ((1u << 8 * pad) - 1))
		return false;
	*bytes = 3 - pad;
	for (size_t i = 0; i < *bytes; i++)
		to[i] = (uint8_t)(bits >> (16 - 8 * i));
	return true;
}

bool base64_decode_portable(uint8_t *to, size_t *bytes, const char *text,
			    size_t count)
{
	const uint8_t *from = (const uint8_t *)text, *end;
	uint8_t *start = to;
	uint32_t wrong = 0;
	size_t tail = 0;

	*bytes = 0;
	if (count % 4)
		return false;
	if (!count)
		return true;
	for (end = from + count - 4; from != end; from += 4, to += 3) {
		uint32_t a = value_of[from[0]], b = value_of[from[1]];
		uint32_t c = value_of[from[2]], d = value_of[from[3]];
		uint32_t bits = a << 18 | b << 12 | c << 6 | d;

		wrong |= a | b | c | d;
		to[0] = (uint8_t)(bits >> 16);
		to[1] = (uint8_t)(bits >> 8);
		to[2] = (uint8_t)bits;
	}
	if (wrong > 63 || !decode_tail(to, &tail, from))
		return false;
	*bytes = (size_t)(to - start) + tail;
	return true;
}

void base64_encode(char *to, const uint8_t *from, size_t bytes)
{
	size_t done = base64_encode_vector(to, from, bytes);

	base64_encode_portable(to + done / 3 * 4, from + done, bytes - done);
}

bool base64_decode(uint8_t *to, size_t *bytes, const char *from, size_t count)
{
	bool good, tail_good;
	size_t done = base64_decode_vector(to, from, count, &good);

	tail_good = base64_decode_portable(to + done / 4 * 3, bytes,
					   from + done, count - done);
	*bytes = good && tail_good ? *bytes + done / 4 * 3 : 0;
	return good && tail_good;
}
