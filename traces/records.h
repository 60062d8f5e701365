/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * records.def as data: what writer, reader and schema are driven by.
 */
#ifndef TRACES_RECORDS_H
#define TRACES_RECORDS_H

#include "traces/text.h"
#include "traces/trace.h"

enum member_kind {
	MEMBER_HEX,
	MEMBER_DECIMAL,
	MEMBER_SIGNED,
	MEMBER_BOOLEAN,
	MEMBER_STRING,
	MEMBER_BYTES,
};

struct member {
	const char *name; /* NULL ends the list */
	enum member_kind kind;
	uint64_t max; /* MEMBER_DECIMAL */
};

const struct member *record_members(enum trace_type type);
/* False: no record of that name. */
bool record_type_find(const char *name, enum trace_type *type);

/* Appends the record as its line, without newline. `at`: NULL, or accesses
 * before it in its batch. */
void record_write(struct text *t, const struct trace_record *record,
		  const uint64_t *at);

/*
 * Takes a parsed line apart. Strings stay the object's; bytes are decoded
 * into `blob`, with room for blob_room. False: *error says what is wrong,
 * beginning with the record's name if it is known.
 */
bool record_read(const json_t *object, struct trace_record *record,
		 uint8_t *blob, size_t blob_room, char *error,
		 size_t error_bytes);

/* One member, checked against its kind and bounds, for a record whose bytes
 * are elsewhere. */
bool member_read(const char *record, const struct member *member,
		 const json_t *json, uint64_t *value, char *error,
		 size_t error_bytes);

#endif
