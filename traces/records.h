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
	uint64_t max;	  /* MEMBER_DECIMAL */
	const char *lead; /* as it stands in a line: `,"name":` */
	size_t lead_bytes;
};
#define MEMBER(name, kind, max)                                        \
	{                                                              \
		(name), MEMBER_##kind, (max),                          \
			",\"" name "\":", sizeof(",\"" name "\":") - 1 \
	}

const struct member *record_members(enum trace_type type);
/* `{"t":"name","cpu":`, in which a line begins. */
const char *record_lead(enum trace_type type, size_t *bytes);
/* False: no record of that name. */
bool record_type_find(const char *name, enum trace_type *type);

/* Appends the record as its line, without newline. `at`: NULL, or accesses
 * before it in its batch. */
void record_write(struct text *t, const struct trace_record *record,
		  const uint64_t *at);

/* Strings that record_scan takes have fewer bytes. */
#define RECORD_NAME_BYTES 64

/*
 * Takes a line apart that is spelled as record_write spells it, any record,
 * without parsing JSON. False: it is spelled in another way, or wrong, which
 * is not for this to say. A string goes to `name`; bytes are left as they
 * are: *data, NULL if there are none, and not known to be base64.
 */
bool record_scan(const char *line, size_t bytes, struct trace_record *record,
		 char name[RECORD_NAME_BYTES], const char **data,
		 size_t *data_bytes);

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
