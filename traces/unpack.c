/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Unpacking a batch: traces/README.md. The payload may be hostile: it gives
 * either the batch it claims to be or a reason, and costs no more memory than
 * the claimed counts, which the caller has bounded.
 */
#include <stdlib.h>
#include <string.h>

#include "traces/codec.h"

struct cursor {
	const uint8_t *at, *end;
};

struct unpacker {
	struct trace_block *block;
	struct trace_access *access;
	struct codec_slot *slot;
	size_t block_room, access_room;
	struct codec_variant *variant;
	/* Of the batch being unpacked. */
	struct cursor column[COLUMN_COUNT];
	uint32_t variants, slots;
	uint64_t before, expected;
	uint64_t predicted; /* addresses, before the next explicit one */
	uint64_t accesses_left;
	const char *why;
};

struct unpacker *unpacker_new(void)
{
	return calloc(1, sizeof(struct unpacker));
}

void unpacker_free(struct unpacker *u)
{
	if (!u)
		return;
	free(u->block);
	free(u->access);
	free(u->slot);
	free(u->variant);
	free(u);
}

/* The arrays hold nothing worth keeping: no realloc. */
static bool unpacker_room(struct unpacker *u, size_t blocks, size_t accesses)
{
	if (blocks + 1 > u->block_room) {
		free(u->block);
		free(u->variant);
		u->block_room = blocks + blocks / 2 + 1024;
		u->block = malloc(u->block_room * sizeof(*u->block));
		u->variant = malloc(u->block_room * sizeof(*u->variant));
	}
	if (accesses + 1 > u->access_room) {
		free(u->access);
		free(u->slot);
		u->access_room = accesses + accesses / 2 + 1024;
		u->access = malloc(u->access_room * sizeof(*u->access));
		u->slot = malloc(u->access_room * sizeof(*u->slot));
	}
	if (u->block && u->variant && u->access && u->slot)
		return true;
	free(u->block);
	free(u->variant);
	free(u->access);
	free(u->slot);
	*u = (struct unpacker){ 0 };
	return false;
}

static bool varint_long(struct cursor *c, uint64_t *value)
{
	uint64_t sum = 0;

	for (unsigned int shift = 0; c->at != c->end; shift += 7) {
		uint64_t byte = *c->at++;

		if (shift == 63 && byte > 1)
			return false;
		sum |= (byte & 0x7f) << shift;
		if (byte < 0x80) {
			*value = sum;
			return true;
		}
	}
	return false;
}

/* False: the column ends in it, or it has more than 64 bits. */
static inline bool varint_read(struct cursor *c, uint64_t *value)
{
	if (c->at != c->end && *c->at < 0x80) {
		*value = *c->at++;
		return true;
	}
	return varint_long(c, value);
}

static bool fail(struct unpacker *u, const char *why)
{
	u->why = why;
	return false;
}

static bool get(struct unpacker *u, enum codec_column column, uint64_t *value)
{
	static const char *const why[COLUMN_COUNT] = {
		"payload: column of block runs is cut or overflows",
		"payload: column of block ids is cut or overflows",
		"payload: column of variants is cut or overflows",
		"payload: column of address runs is cut or overflows",
		"payload: column of addresses is cut or overflows",
	};

	return varint_read(&u->column[column], value) || fail(u, why[column]);
}

static bool columns_find(struct unpacker *u, const uint8_t *payload,
			 size_t bytes)
{
	struct cursor all = { payload, payload + bytes };
	uint64_t length[COLUMN_COUNT];

	for (int i = 0; i < COLUMN_COUNT; i++)
		if (!varint_read(&all, &length[i]))
			return fail(u, "payload: lengths of the columns are "
				       "cut or overflow");
	for (int i = 0; i < COLUMN_COUNT; i++) {
		if (length[i] > (uint64_t)(all.end - all.at))
			return fail(u, "payload: a column is longer than the "
				       "payload");
		u->column[i] = (struct cursor){ all.at, all.at + length[i] };
		all.at += length[i];
	}
	if (all.at != all.end)
		return fail(u, "payload: bytes after the last column");
	return true;
}

static bool slots_add(struct unpacker *u, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		uint64_t access, size;

		if (!get(u, COLUMN_VARIANTS, &access) ||
		    !get(u, COLUMN_VARIANTS, &size))
			return false;
		if (access & ~(uint64_t)TRACE_ACCESS_MASK)
			return fail(u, "payload: unknown kind of access");
		if (size == 0 || size > 0xffff)
			return fail(u, "payload: size of an access is not in "
				       "1..65535");
		u->slot[u->slots++] =
			(struct codec_slot){ .what = TRACE_WHAT(size, access),
					     .by_offset = 1 };
	}
	return true;
}

static bool variant_add(struct unpacker *u, uint32_t *id)
{
	uint64_t address, bytes, extra, accesses;
	int64_t instructions;

	if (!get(u, COLUMN_VARIANTS, &address) ||
	    !get(u, COLUMN_VARIANTS, &bytes) ||
	    !get(u, COLUMN_VARIANTS, &extra) ||
	    !get(u, COLUMN_VARIANTS, &accesses))
		return false;
	if (bytes > TRACE_BLOCK_BYTES_MAX)
		return fail(u, "payload: block of more than 1048576 bytes");
	instructions = (int64_t)(codec_unzigzag(extra) + bytes / 4);
	if (instructions > (int64_t)TRACE_BLOCK_BYTES_MAX ||
	    instructions < -(int64_t)TRACE_BLOCK_BYTES_MAX ||
	    (bytes && instructions < 0))
		return fail(u, "payload: impossible number of instructions in "
			       "a block");
	if (accesses > u->accesses_left)
		return fail(u, "payload: blocks have more accesses than the "
			       "batch");
	*id = u->variants++;
	u->variant[*id] =
		(struct codec_variant){ u->expected + codec_unzigzag(address),
					(uint32_t)bytes,
					(uint32_t)instructions,
					(uint32_t)accesses,
					u->slots,
					0,
					0 };
	return slots_add(u, accesses);
}

static bool block_explicit(struct unpacker *u, uint32_t previous, uint32_t *id)
{
	uint64_t code;

	if (!get(u, COLUMN_BLOCK_IDS, &code))
		return false;
	if (code == BLOCK_NEW)
		return variant_add(u, id);
	if (code == BLOCK_ALTERNATE) {
		*id = u->variant[previous].alternate;
		return *id || fail(u, "payload: block has no alternate "
				      "successor yet");
	}
	if (code - BLOCK_VARIANT >= u->variants - 1)
		return fail(u, "payload: block id out of range");
	*id = (uint32_t)(code - BLOCK_VARIANT + 1);
	return true;
}

static bool address_explicit(struct unpacker *u, struct codec_slot *slot,
			     uint64_t *address)
{
	uint64_t code;

	if (!get(u, COLUMN_ADDRESSES, &code))
		return false;
	if (code == ADDRESS_OTHER) {
		slot->by_offset ^= 1;
		*address = codec_predict(slot, u->before);
	} else if (code == ADDRESS_WIDE) {
		if (!get(u, COLUMN_ADDRESSES, &code))
			return false;
		*address = slot->last + codec_unzigzag(code);
	} else {
		code -= ADDRESS_DELTA;
		*address = (code & 1 ? u->before : slot->last) +
			   codec_unzigzag(code >> 1);
	}
	codec_learn(slot, u->before, *address);
	return get(u, COLUMN_ADDRESS_RUNS, &u->predicted);
}

/* Addresses of a block in which at least one is explicit. */
static bool addresses_mixed(struct unpacker *u, struct codec_slot *slot,
			    uint32_t count, struct trace_access *out)
{
	for (uint32_t i = 0; i < count; i++, slot++) {
		uint64_t address;

		if (u->predicted) {
			u->predicted--;
			address = codec_predict(slot, u->before);
		} else if (!address_explicit(u, slot, &address)) {
			return false;
		}
		slot->last = u->before = address;
		out[i].address = address;
		out[i].what = slot->what;
	}
	return true;
}

static inline void addresses_predicted(struct unpacker *u,
				       struct codec_slot *slot, uint32_t count,
				       struct trace_access *out)
{
	uint64_t before = u->before;

	for (uint32_t i = 0; i < count; i++, slot++) {
		before = codec_predict(slot, before);
		slot->last = before;
		out[i].address = before;
		out[i].what = slot->what;
	}
	u->before = before;
	u->predicted -= count;
}

static void unpack_begin(struct unpacker *u, uint64_t accesses)
{
	u->variant[0] = (struct codec_variant){ 0 };
	u->variants = 1;
	u->slots = 0;
	u->before = u->expected = 0;
	u->accesses_left = accesses;
}

/* Everything used up, to the last bit: a batch has one reading only. */
static bool unpack_end(struct unpacker *u, uint64_t run)
{
	if (u->accesses_left)
		return fail(u, "payload: blocks have fewer accesses than the "
			       "batch");
	if (run || u->predicted)
		return fail(u, "payload: a run goes on after the batch");
	for (int i = 0; i < COLUMN_COUNT; i++)
		if (u->column[i].at != u->column[i].end)
			return fail(u, "payload: a column goes on after the "
				       "batch");
	return true;
}

static bool unpack_blocks(struct unpacker *u, uint32_t blocks,
			  uint64_t *instructions)
{
	struct trace_access *access = u->access;
	uint32_t id = 0;
	uint64_t run, sum = 0;

	if (!get(u, COLUMN_BLOCK_RUNS, &run) ||
	    !get(u, COLUMN_ADDRESS_RUNS, &u->predicted))
		return false;
	for (uint32_t i = 0; i < blocks; i++) {
		uint32_t previous = id;
		struct codec_variant *v;

		if (run) {
			run--;
			id = u->variant[previous].successor;
			if (!id)
				return fail(u, "payload: block has no "
					       "successor yet");
		} else {
			if (!block_explicit(u, previous, &id) ||
			    !get(u, COLUMN_BLOCK_RUNS, &run))
				return false;
			codec_follow(u->variant + previous, id);
		}
		v = u->variant + id;
		if (v->accesses > u->accesses_left)
			return fail(u, "payload: blocks have more accesses "
				       "than the batch");
		if (v->accesses <= u->predicted)
			addresses_predicted(u, u->slot + v->slot, v->accesses,
					    access);
		else if (!addresses_mixed(u, u->slot + v->slot, v->accesses,
					  access))
			return false;
		access += v->accesses;
		u->accesses_left -= v->accesses;
		u->expected = v->address + v->bytes;
		sum += (uint64_t)(int32_t)v->instructions;
		u->block[i] =
			(struct trace_block){ v->address, v->bytes,
					      v->instructions, v->accesses };
	}
	*instructions = sum;
	return unpack_end(u, run);
}

const char *unpacker_unpack(struct unpacker *u, const uint8_t *payload,
			    size_t bytes, struct trace_batch *batch)
{
	u->why = NULL;
	if (!unpacker_room(u, batch->blocks, batch->accesses))
		return "no memory for the batch";
	unpack_begin(u, batch->accesses);
	if (columns_find(u, payload, bytes) &&
	    unpack_blocks(u, batch->blocks, &batch->instructions)) {
		batch->block = u->block;
		batch->access = u->access;
	}
	return u->why;
}
