/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records as our writer spells them, taken apart without parsing JSON: members
 * in the order of records.def, no white space, no escapes. Everything else is
 * left to a parser; nothing is taken here that a parser would refuse.
 */
#include "traces/records.h"

struct scan {
	const char *at, *end;
};

static inline bool literal(struct scan *s, const char *text, size_t count)
{
	if ((size_t)(s->end - s->at) < count || memcmp(s->at, text, count) != 0)
		return false;
	s->at += count;
	return true;
}

/* At most 18 digits, which cannot overflow; the rest is for the parser. */
static inline bool decimal(struct scan *s, uint64_t *value)
{
	const char *from = s->at;
	uint64_t sum = 0;

	while (s->at != s->end && (unsigned char)(*s->at - '0') < 10)
		sum = 10 * sum + (uint64_t)(*s->at++ - '0');
	*value = sum;
	return s->at != from && s->at - from <= 18 &&
	       (*from != '0' || s->at - from == 1);
}

static bool decimal_signed(struct scan *s, uint64_t *value)
{
	bool minus = literal(s, "-", 1);

	if (!decimal(s, value) || (minus && !*value))
		return false;
	*value = minus ? 0 - *value : *value;
	return true;
}

/* -1: not a lower-case digit. */
static inline int hex_digit(char c)
{
	if ((unsigned char)(c - '0') < 10)
		return c - '0';
	return (unsigned char)(c - 'a') < 6 ? c - 'a' + 10 : -1;
}

static inline bool hex(struct scan *s, uint64_t *value)
{
	const char *from;
	uint64_t sum = 0;
	int digit;

	if (!literal(s, "\"0x", 3))
		return false;
	from = s->at;
	for (; s->at != s->end && (digit = hex_digit(*s->at)) >= 0; s->at++)
		sum = sum << 4 | (uint64_t)digit;
	*value = sum;
	return s->at != from && s->at - from <= 16 && literal(s, "\"", 1);
}

static bool boolean(struct scan *s, uint64_t *value)
{
	*value = literal(s, "true", 4);
	return *value || literal(s, "false", 5);
}

static bool string(struct scan *s, char name[RECORD_NAME_BYTES])
{
	size_t count = 0;

	if (!literal(s, "\"", 1))
		return false;
	for (; s->at != s->end && *s->at != '"'; s->at++) {
		if (*s->at < 0x20 || *s->at > 0x7e || *s->at == '\\' ||
		    count == RECORD_NAME_BYTES - 1)
			return false;
		name[count++] = *s->at;
	}
	name[count] = '\0';
	return literal(s, "\"", 1);
}

/* The last member: it ends where the line does. */
static bool bytes_at_end(struct scan *s, const char **data, size_t *data_bytes)
{
	if (!literal(s, "\"", 1) || s->end - s->at < 2 || s->end[-2] != '"')
		return false;
	*data = s->at;
	*data_bytes = (size_t)(s->end - s->at) - 2;
	s->at = s->end - 1;
	return true;
}

/* The start of a line up to cpu's value. The eight bytes after `{"t":"` tell
 * most records apart; every line is longer. */
static bool type_find(struct scan *s, enum trace_type *type)
{
	const size_t skip = sizeof("{\"t\":\"") - 1;
	uint64_t key, other;

	if ((size_t)(s->end - s->at) < skip + sizeof(key))
		return false;
	memcpy(&key, s->at + skip, sizeof(key));
	for (int i = 0; i < TRACE_TYPE_COUNT; i++) {
		size_t count;
		const char *lead = record_lead((enum trace_type)i, &count);

		memcpy(&other, lead + skip, sizeof(other));
		if (key == other && literal(s, lead, count)) {
			*type = (enum trace_type)i;
			return true;
		}
	}
	return false;
}

static bool head(struct scan *s, struct trace_record *record)
{
	static const char at[] = ",\"at\":";
	uint64_t cpu;

	if (!type_find(s, &record->type) || !decimal(s, &cpu) ||
	    cpu > TRACE_CPU_MAX)
		return false;
	record->cpu = (uint32_t)cpu;
	record->has_at = trace_type_level(record->type) != TRACE_STIMULUS &&
			 literal(s, at, sizeof(at) - 1);
	return !record->has_at ||
	       (decimal(s, &record->at) && record->at <= TRACE_BATCH_MAX);
}

bool record_scan(const char *line, size_t bytes, struct trace_record *record,
		 char name[RECORD_NAME_BYTES], const char **data,
		 size_t *data_bytes)
{
	struct scan s = { line, line + bytes };
	uint64_t *value = record->value;
	bool ok;

	*record = (struct trace_record){ 0 };
	*data = NULL;
	if (!head(&s, record))
		return false;
	for (const struct member *m = record_members(record->type); m->name;
	     m++) {
		if (!literal(&s, m->lead, m->lead_bytes))
			return false;
		switch (m->kind) {
		case MEMBER_HEX:
			ok = hex(&s, value++);
			break;
		case MEMBER_DECIMAL:
			ok = decimal(&s, value) && *value <= m->max;
			value++;
			break;
		case MEMBER_SIGNED:
			ok = decimal_signed(&s, value++);
			break;
		case MEMBER_BOOLEAN:
			ok = boolean(&s, value++);
			break;
		case MEMBER_STRING:
			ok = string(&s, name);
			record->name = name;
			break;
		default:
			ok = bytes_at_end(&s, data, data_bytes);
			break;
		}
		if (!ok)
			return false;
	}
	return literal(&s, "}", 1) && s.at == s.end;
}
