/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A growing piece of JSON text, appended to without printf: traces are
 * written and printed by the million lines.
 */
#ifndef TRACES_TEXT_H
#define TRACES_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* After a failed allocation `failed` is set and nothing more is appended. */
struct text {
	char *byte;
	size_t count, room;
	bool failed;
};

/* Room for `more` bytes at byte + count; false if there is no memory. */
static inline bool text_room(struct text *t, size_t more)
{
	size_t room = 2 * t->room + more + 256;
	char *byte;

	if (t->room - t->count >= more)
		return !t->failed;
	byte = t->failed ? NULL : realloc(t->byte, room);
	if (!byte) {
		t->failed = true;
		return false;
	}
	t->byte = byte;
	t->room = room;
	return true;
}

static inline void text_bytes(struct text *t, const char *from, size_t count)
{
	if (!text_room(t, count))
		return;
	memcpy(t->byte + t->count, from, count);
	t->count += count;
}

/* A literal. */
#define TEXT_PUT(t, literal) text_bytes((t), (literal), sizeof(literal) - 1)

static inline void text_string(struct text *t, const char *from)
{
	text_bytes(t, from, strlen(from));
}

static inline void text_decimal(struct text *t, uint64_t value)
{
	char digit[20];
	size_t at = sizeof(digit);

	do
		digit[--at] = (char)('0' + value % 10);
	while (value /= 10);
	text_bytes(t, digit + at, sizeof(digit) - at);
}

static inline void text_signed(struct text *t, uint64_t value)
{
	if (value >> 63) {
		TEXT_PUT(t, "-");
		value = 0 - value;
	}
	text_decimal(t, value);
}

/* As a JSON string: "0x1f". */
static inline void text_hex(struct text *t, uint64_t value)
{
	char digit[20] = "\"0x";
	size_t count = value ? (size_t)(67 - __builtin_clzll(value)) / 4 : 1;

	for (size_t i = 0; i < count; i++)
		digit[3 + i] =
			"0123456789abcdef"[value >> 4 * (count - 1 - i) & 15];
	digit[3 + count] = '"';
	text_bytes(t, digit, 4 + count);
}

/* As a JSON string, escaped; the bytes are UTF-8. */
static inline void text_quoted(struct text *t, const char *from)
{
	TEXT_PUT(t, "\"");
	for (; *from; from++) {
		unsigned char c = (unsigned char)*from;
		char escape[6] = { '\\',
				   'u',
				   '0',
				   '0',
				   "0123456789abcdef"[c >> 4],
				   "0123456789abcdef"[c & 15] };

		if (c == '"' || c == '\\') {
			TEXT_PUT(t, "\\");
			text_bytes(t, from, 1);
		} else if (c < 0x20) {
			text_bytes(t, escape, sizeof(escape));
		} else {
			text_bytes(t, from, 1);
		}
	}
	TEXT_PUT(t, "\"");
}

#endif
