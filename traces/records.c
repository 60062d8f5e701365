/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records other than batches, to and from JSON, driven by records.def.
 */
#include <stdio.h>

#include "traces/base64.h"
#include "traces/records.h"

#define H(name)	     MEMBER(#name, HEX, 0),
#define D(name)	     MEMBER(#name, DECIMAL, INT64_MAX),
#define L(name, max) MEMBER(#name, DECIMAL, max),
#define I(name)	     MEMBER(#name, SIGNED, 0),
#define B(name)	     MEMBER(#name, BOOLEAN, 0),
#define S(name)	     MEMBER(#name, STRING, 0),
#define X(name)	     MEMBER(#name, BYTES, 0),
#define LEAD(name)   "{\"t\":\"" name "\",\"cpu\":"

static const struct {
	const char *name, *lead;
	size_t lead_bytes;
	enum trace_level level;
	struct member member[TRACE_VALUES_MAX + 3];
} list[] = {
#define RECORD(TYPE, name, level, members)         \
	[TRACE_##TYPE] = { name,                   \
			   LEAD(name),             \
			   sizeof(LEAD(name)) - 1, \
			   TRACE_##level,          \
			   { members{ NULL, 0, 0, NULL, 0 } } },
#include "traces/records.def"
#undef RECORD
};

#undef H
#undef D
#undef L
#undef I
#undef B
#undef S
#undef X
#undef LEAD

const char *trace_type_name(enum trace_type type)
{
	return list[type].name;
}

enum trace_level trace_type_level(enum trace_type type)
{
	return list[type].level;
}

bool trace_type_is_stimulus(enum trace_type type)
{
	return list[type].level == TRACE_STIMULUS;
}

const struct member *record_members(enum trace_type type)
{
	return list[type].member;
}

const char *record_lead(enum trace_type type, size_t *bytes)
{
	*bytes = list[type].lead_bytes;
	return list[type].lead;
}

bool record_type_find(const char *name, enum trace_type *type)
{
	for (int i = 0; i < TRACE_TYPE_COUNT; i++) {
		if (strcmp(list[i].name, name) == 0) {
			*type = (enum trace_type)i;
			return true;
		}
	}
	return false;
}

static void blob_write(struct text *t, const struct trace_record *record)
{
	size_t count = base64_encoded_bytes(record->blob_bytes);

	TEXT_PUT(t, "\"");
	if (text_room(t, count)) {
		base64_encode(t->byte + t->count, record->blob,
			      record->blob_bytes);
		t->count += count;
	}
	TEXT_PUT(t, "\"");
}

static void member_write(struct text *t, const struct member *m,
			 const struct trace_record *record,
			 const uint64_t **value)
{
	text_bytes(t, m->lead, m->lead_bytes);
	switch (m->kind) {
	case MEMBER_HEX:
		text_hex(t, *(*value)++);
		break;
	case MEMBER_DECIMAL:
		text_decimal(t, *(*value)++);
		break;
	case MEMBER_SIGNED:
		text_signed(t, *(*value)++);
		break;
	case MEMBER_BOOLEAN:
		text_string(t, *(*value)++ ? "true" : "false");
		break;
	case MEMBER_STRING:
		text_quoted(t, record->name ? record->name : "");
		break;
	case MEMBER_BYTES:
		blob_write(t, record);
		break;
	}
}

void record_write(struct text *t, const struct trace_record *record,
		  const uint64_t *at)
{
	const uint64_t *value = record->value;

	text_bytes(t, list[record->type].lead, list[record->type].lead_bytes);
	text_decimal(t, record->cpu);
	if (at) {
		TEXT_PUT(t, ",\"at\":");
		text_decimal(t, *at);
	}
	for (const struct member *m = list[record->type].member; m->name; m++)
		member_write(t, m, record, &value);
	TEXT_PUT(t, "}");
}

json_t *trace_record_json(const struct trace_record *record)
{
	struct text t = { 0 };
	json_t *json = NULL;

	record_write(&t, record, record->has_at ? &record->at : NULL);
	if (!t.failed)
		json = json_loadb(t.byte, t.count, 0, NULL);
	free(t.byte);
	return json;
}

/* "0x" and 1..16 lower-case digits. */
static bool hex_read(const json_t *json, uint64_t *value)
{
	const char *text = json_string_value(json);
	size_t count = json_string_length(json);

	if (!text || count < 3 || count > 18 || text[0] != '0' ||
	    text[1] != 'x')
		return false;
	*value = 0;
	for (size_t i = 2; i < count; i++) {
		const char *hex = "0123456789abcdef";
		const char *at = text[i] ? strchr(hex, text[i]) : NULL;

		if (!at)
			return false;
		*value = *value << 4 | (uint64_t)(at - hex);
	}
	return true;
}

static bool wrong(char *error, size_t error_bytes, const char *record,
		  const char *member, const char *want)
{
	snprintf(error, error_bytes, "%s: \"%s\" must be %s", record, member,
		 want);
	return false;
}

bool member_read(const char *record, const struct member *m, const json_t *json,
		 uint64_t *value, char *error, size_t error_bytes)
{
	char want[64];

	switch (m->kind) {
	case MEMBER_HEX:
		return hex_read(json, value) ||
		       wrong(error, error_bytes, record, m->name,
			     "a hex string of at most 64 bits");
	case MEMBER_DECIMAL:
		snprintf(want, sizeof(want), "an integer in 0..%llu",
			 (unsigned long long)m->max);
		*value = (uint64_t)json_integer_value(json);
		return (json_is_integer(json) && *value <= m->max) ||
		       wrong(error, error_bytes, record, m->name, want);
	case MEMBER_SIGNED:
		*value = (uint64_t)json_integer_value(json);
		return json_is_integer(json) ||
		       wrong(error, error_bytes, record, m->name, "an integer");
	case MEMBER_BOOLEAN:
		*value = json_is_true(json);
		return json_is_boolean(json) ||
		       wrong(error, error_bytes, record, m->name,
			     "true or false");
	case MEMBER_STRING:
	case MEMBER_BYTES:
		return json_is_string(json) ||
		       wrong(error, error_bytes, record, m->name, "a string");
	}
	return false;
}

static bool blob_read(const char *name, const struct member *m,
		      const json_t *json, struct trace_record *record,
		      uint8_t *blob, size_t blob_room, char *error,
		      size_t error_bytes)
{
	size_t count = json_string_length(json);

	if (count / 4 * 3 > blob_room ||
	    !base64_decode(blob, &record->blob_bytes, json_string_value(json),
			   count))
		return wrong(error, error_bytes, name, m->name, "base64");
	record->blob = blob;
	return true;
}

/* "at" stands before the members, in observations only. */
static bool at_read(const json_t *object, struct trace_record *record,
		    size_t *seen, char *error, size_t error_bytes)
{
	static const struct member at = MEMBER("at", DECIMAL, TRACE_BATCH_MAX);
	const json_t *json = json_object_get(object, at.name);
	const char *name = list[record->type].name;

	record->has_at = json && list[record->type].level != TRACE_STIMULUS;
	if (!record->has_at)
		return true;
	++*seen;
	return member_read(name, &at, json, &record->at, error, error_bytes);
}

/* A member that the record does not have, to be named. */
static bool unknown(const json_t *object, enum trace_type type, bool has_at,
		    char *error, size_t error_bytes)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		bool known = strcmp(key, "t") == 0 || strcmp(key, "cpu") == 0 ||
			     (has_at && strcmp(key, "at") == 0);

		for (const struct member *m = list[type].member; m->name; m++)
			known = known || strcmp(key, m->name) == 0;
		if (!known) {
			snprintf(error, error_bytes,
				 "%s: unknown member \"%.40s\"",
				 list[type].name, key);
			return false;
		}
	}
	return true;
}

bool record_read(const json_t *object, struct trace_record *record,
		 uint8_t *blob, size_t blob_room, char *error,
		 size_t error_bytes)
{
	static const struct member cpu = MEMBER("cpu", DECIMAL, TRACE_CPU_MAX);
	const char *name = json_string_value(json_object_get(object, "t"));
	uint64_t number, *value = record->value;
	size_t seen = 2;

	*record = (struct trace_record){ 0 };
	if (!name || !record_type_find(name, &record->type)) {
		snprintf(error, error_bytes,
			 name ? "unknown record \"%.40s\""
			      : "no record name \"t\"",
			 name);
		return false;
	}
	if (!member_read(name, &cpu, json_object_get(object, "cpu"), &number,
			 error, error_bytes) ||
	    !at_read(object, record, &seen, error, error_bytes))
		return false;
	record->cpu = (uint32_t)number;
	for (const struct member *m = list[record->type].member; m->name; m++) {
		const json_t *json = json_object_get(object, m->name);

		seen++;
		if (!member_read(name, m, json, &number, error, error_bytes))
			return false;
		if (m->kind == MEMBER_STRING)
			record->name = json_string_value(json);
		else if (m->kind != MEMBER_BYTES)
			*value++ = number;
		else if (!blob_read(name, m, json, record, blob, blob_room,
				    error, error_bytes))
			return false;
	}
	return json_object_size(object) == seen ||
	       unknown(object, record->type, record->has_at, error,
		       error_bytes);
}
