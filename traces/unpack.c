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
	uint64_t accesses_left; /* when a block is described */
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

static __attribute__((noinline)) bool varint_bytewise(struct cursor *c,
						      uint64_t *value)
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

/* The seven low bits of each byte, side by side. */
static inline uint64_t sevens(uint64_t w)
{
	w = (w & UINT64_C(0x007f007f007f007f)) |
	    (w & UINT64_C(0x7f007f007f007f00)) >> 1;
	w = (w & UINT64_C(0x00003fff00003fff)) |
	    (w & UINT64_C(0x3fff00003fff0000)) >> 2;
	return (w & UINT64_C(0x0fffffff)) |
	       (w & UINT64_C(0x0fffffff00000000)) >> 4;
}

/* As a copy: a cursor whose address is taken would not stay in registers. */
static inline bool varint_aside(struct cursor *c, uint64_t *value)
{
	struct cursor copy = *c;
	uint64_t wanted = 0;
	bool ok = varint_bytewise(&copy, &wanted);

	*c = copy;
	*value = wanted;
	return ok;
}

/* Without a branch on the length, which is hard to predict. */
static inline bool varint_read_long(struct cursor *c, uint64_t *value)
{
	uint64_t w, ends;

	if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__ || c->end - c->at < 8)
		return varint_aside(c, value);
	memcpy(&w, c->at, sizeof(w));
	ends = ~w & UINT64_C(0x8080808080808080);
	if (__builtin_expect(!ends, 0))
		return varint_aside(c, value);
	/* All bits up to the highest of its last byte. */
	*value = sevens(w & (ends ^ (ends - 1)));
	c->at += __builtin_ctzll(ends) / 8 + 1;
	return true;
}

/* False: the column ends in it, or it has more than 64 bits. */
static inline bool varint_read(struct cursor *c, uint64_t *value)
{
	if (c->at != c->end && *c->at < 0x80) {
		*value = *c->at++;
		return true;
	}
	return varint_aside(c, value);
}

static bool fail(struct unpacker *u, const char *why)
{
	u->why = why;
	return false;
}

static const char *const column_wrong[COLUMN_COUNT] = {
	"payload: column of block runs is cut or overflows",
	"payload: column of block ids is cut or overflows",
	"payload: column of variants is cut or overflows",
	"payload: column of address runs is cut or overflows",
	"payload: column of addresses is cut or overflows",
};
static const char more_accesses[] =
	"payload: blocks have more accesses than the batch";
static const char no_successor[] = "payload: block has no successor yet";
static const char run_too_long[] = "payload: a run goes on after the batch";

static inline bool get(struct unpacker *u, enum codec_column column,
		       uint64_t *value)
{
	return varint_read(&u->column[column], value) ||
	       fail(u, column_wrong[column]);
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
		if (size == 0 || size > TRACE_ACCESS_BYTES_MAX)
			return fail(u, "payload: size of an access is not in "
				       "1..4096");
		u->slot[u->slots++] =
			(struct codec_slot){ .what = TRACE_WHAT(size, access),
					     .by_offset = 1 };
	}
	return true;
}

static bool variant_add(struct unpacker *u, uint32_t previous, uint32_t *id)
{
	const struct trace_block *before = &u->variant[previous].block;
	uint64_t expected = before->address + before->bytes;
	uint64_t address, bytes, extra, accesses;
	int64_t instructions;

	if (!get(u, COLUMN_VARIANTS, &address) ||
	    !get(u, COLUMN_VARIANTS, &bytes) ||
	    !get(u, COLUMN_VARIANTS, &extra) ||
	    !get(u, COLUMN_VARIANTS, &accesses))
		return false;
	if (bytes > TRACE_BLOCK_BYTES_MAX)
		return fail(u, "payload: block of more than 65536 bytes");
	instructions = (int64_t)(codec_unzigzag(extra) + bytes / 4);
	if (instructions > (int64_t)TRACE_BLOCK_BYTES_MAX ||
	    instructions < -(int64_t)TRACE_BLOCK_BYTES_MAX ||
	    (bytes && instructions < 0))
		return fail(u, "payload: impossible number of instructions in "
			       "a block");
	if (accesses > u->accesses_left)
		return fail(u, more_accesses);
	*id = u->variants++;
	u->variant[*id] = (struct codec_variant){
		.block = { expected + codec_unzigzag(address), (uint32_t)bytes,
			   (uint32_t)instructions, (uint32_t)accesses },
		.slot = u->slots,
	};
	return slots_add(u, accesses);
}

static bool block_explicit(struct unpacker *u, uint32_t previous, uint32_t *id)
{
	uint64_t code;

	if (!get(u, COLUMN_BLOCK_IDS, &code))
		return false;
	if (code == BLOCK_NEW)
		return variant_add(u, previous, id);
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

/* Where the hot loop is; inlined into it, so that all stay in registers. */
struct walk {
	struct cursor runs, addresses; /* columns */
	uint64_t before;	       /* address of the access before */
	uint64_t predicted; /* addresses, before the next explicit one */
	struct trace_access *next, *end;
};
#define HOT inline __attribute__((always_inline))

/* How many addresses are predicted, when `more` are to come. */
static HOT bool address_run(struct unpacker *u, struct walk *k, uint64_t more)
{
	if (!varint_read(&k->runs, &k->predicted))
		return fail(u, column_wrong[COLUMN_ADDRESS_RUNS]);
	return k->predicted <= more || fail(u, run_too_long);
}

static HOT bool address_explicit(struct unpacker *u, struct walk *k,
				 struct codec_slot *slot, uint64_t *address)
{
	uint64_t code;

	if (!varint_read_long(&k->addresses, &code))
		return fail(u, column_wrong[COLUMN_ADDRESSES]);
	if (__builtin_expect(code >= ADDRESS_DELTA, 1)) {
		code -= ADDRESS_DELTA;
		*address = (code & 1 ? k->before : slot->last) +
			   codec_unzigzag(code >> 1);
	} else if (code == ADDRESS_OTHER) {
		*address = codec_predict_other(slot, k->before);
		slot->by_offset ^= 1;
	} else {
		if (!varint_read(&k->addresses, &code))
			return fail(u, column_wrong[COLUMN_ADDRESSES]);
		*address = slot->last + codec_unzigzag(code);
	}
	codec_learn(slot, k->before, *address);
	return true;
}

static HOT void address_put(struct walk *k, struct codec_slot *slot,
			    uint64_t address)
{
	slot->last = k->before = address;
	k->next->address = address;
	k->next->what = slot->what;
	k->next++;
}

static HOT void addresses_predicted(struct walk *k, struct codec_slot *slot,
				    uint64_t count)
{
	k->predicted -= count;
	for (; count; count--, slot++)
		address_put(k, slot, codec_predict(slot, k->before));
}

/* One explicit address, and how many after it are predicted. */
static HOT bool address_missed(struct unpacker *u, struct walk *k,
			       struct codec_slot *slot)
{
	uint64_t address;

	if (!address_explicit(u, k, slot, &address))
		return false;
	address_put(k, slot, address);
	return address_run(u, k, (uint64_t)(k->end - k->next));
}

/* Addresses of a block in which at least one is explicit. */
static HOT bool addresses_mixed(struct unpacker *u, struct walk *k,
				struct codec_slot *slot, uint64_t count)
{
	while (count > k->predicted) {
		uint64_t run = k->predicted;

		addresses_predicted(k, slot, run);
		slot += run;
		if (!address_missed(u, k, slot))
			return false;
		slot++;
		count -= run + 1;
	}
	addresses_predicted(k, slot, count);
	return true;
}

static void unpack_begin(struct unpacker *u, uint64_t accesses)
{
	u->variant[0] =
		(struct codec_variant){ .block = { .accesses =
							   CODEC_NO_BLOCK } };
	u->variants = 1;
	u->slots = 0;
	u->accesses_left = accesses;
}

/* Everything used up, to the last bit: a batch has one reading only. */
static bool unpack_end(struct unpacker *u, const struct walk *k)
{
	u->column[COLUMN_ADDRESS_RUNS] = k->runs;
	u->column[COLUMN_ADDRESSES] = k->addresses;
	if (k->next != k->end)
		return fail(u, "payload: blocks have fewer accesses than the "
			       "batch");
	for (int i = 0; i < COLUMN_COUNT; i++)
		if (u->column[i].at != u->column[i].end)
			return fail(u, "payload: a column goes on after the "
				       "batch");
	return true;
}

/* Before `left` blocks: one that is explicit, if run is 0, and the next run. */
static __attribute__((noinline)) bool block_missed(struct unpacker *u,
						   uint32_t previous,
						   uint64_t left, uint32_t *id,
						   uint64_t *run)
{
	if (!block_explicit(u, previous, id) || !get(u, COLUMN_BLOCK_RUNS, run))
		return false;
	if (*run >= left)
		return fail(u, run_too_long);
	codec_follow(u->variant + previous, *id);
	return true;
}

static bool unpack_blocks(struct unpacker *u, uint32_t blocks,
			  uint64_t accesses, uint64_t *instructions)
{
	struct walk k = { .runs = u->column[COLUMN_ADDRESS_RUNS],
			  .addresses = u->column[COLUMN_ADDRESSES],
			  .next = u->access,
			  .end = u->access + accesses };
	struct trace_block *block = u->block, *end = block + blocks;
	struct codec_variant *const variant = u->variant;
	struct codec_slot *const slot = u->slot;
	uint32_t id = 0;
	uint64_t run, sum = 0;

	if (!get(u, COLUMN_BLOCK_RUNS, &run) || !address_run(u, &k, accesses))
		return false;
	if (run > blocks)
		return fail(u, run_too_long);
	for (; block != end; block++) {
		const struct codec_variant *v;

		if (__builtin_expect(run != 0, 1)) {
			run--;
			id = variant[id].successor;
		} else {
			uint32_t previous = id;
			uint64_t next_run;

			u->accesses_left = (uint64_t)(k.end - k.next);
			if (!block_missed(u, previous, (uint64_t)(end - block),
					  &id, &next_run))
				return false;
			run = next_run;
		}
		v = variant + id;
		*block = v->block;
		sum += (uint64_t)(int32_t)v->block.instructions;
		if (v->block.accesses <= k.predicted) {
			addresses_predicted(&k, slot + v->slot,
					    v->block.accesses);
			continue;
		}
		/* Too many if there is no successor. */
		if (v->block.accesses > (uint64_t)(k.end - k.next))
			return fail(u, id ? more_accesses : no_successor);
		if (v->block.accesses == 1 ?
			    !address_missed(u, &k, slot + v->slot) :
			    !addresses_mixed(u, &k, slot + v->slot,
					     v->block.accesses))
			return false;
	}
	*instructions = sum;
	return unpack_end(u, &k);
}

const char *unpacker_unpack(struct unpacker *u, const uint8_t *payload,
			    size_t bytes, struct trace_batch *batch)
{
	u->why = NULL;
	if (!unpacker_room(u, batch->blocks, batch->accesses))
		return "no memory for the batch";
	unpack_begin(u, batch->accesses);
	if (columns_find(u, payload, bytes) &&
	    unpack_blocks(u, batch->blocks, batch->accesses,
			  &batch->instructions)) {
		batch->block = u->block;
		batch->access = u->access;
	}
	return u->why;
}
