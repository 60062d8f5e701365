/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packing a batch into varint columns: traces/README.md, DESIGN §6. Nothing
 * is kept from one batch to the next, so that each line stands alone.
 */
#include <stdlib.h>
#include <string.h>

#include "traces/codec.h"

#define VARINT_BYTES_MAX 10

struct packer {
	uint8_t *column[COLUMN_COUNT]; /* worst case each: never checked */
	uint8_t *end[COLUMN_COUNT];
	uint8_t *payload;
	struct codec_variant *variant;
	struct codec_slot *slot;
	uint32_t variants, slots;
	/* Open addressing: generation << 32 | variant, so that a new batch
	 * need not clear it. */
	uint64_t *hash;
	unsigned int hash_lg2;
	uint64_t generation;
	/* Of the batch being packed. */
	uint64_t before;		      /* the access before */
	uint64_t expected;		      /* end of the block before */
	const struct trace_access *unwritten; /* first after the last miss */
};

/* Bytes that each column can need at most. */
static void worst_case(size_t blocks, size_t accesses,
		       size_t need[COLUMN_COUNT])
{
	need[COLUMN_BLOCK_RUNS] = (blocks + 1) * VARINT_BYTES_MAX;
	need[COLUMN_BLOCK_IDS] = blocks * VARINT_BYTES_MAX;
	need[COLUMN_VARIANTS] = blocks * 4 * VARINT_BYTES_MAX + accesses * 6;
	need[COLUMN_ADDRESS_RUNS] = (accesses + 1) * VARINT_BYTES_MAX;
	need[COLUMN_ADDRESSES] = accesses * (1 + VARINT_BYTES_MAX);
}

struct packer *packer_new(size_t blocks, size_t accesses)
{
	struct packer *p = calloc(1, sizeof(*p));
	size_t need[COLUMN_COUNT], total = COLUMN_COUNT * VARINT_BYTES_MAX;
	bool ok = p != NULL;

	worst_case(blocks, accesses, need);
	for (int i = 0; ok && i < COLUMN_COUNT; i++) {
		p->column[i] = malloc(need[i]);
		ok = p->column[i] != NULL;
		total += need[i];
	}
	if (!ok) {
		packer_free(p);
		return NULL;
	}
	for (p->hash_lg2 = 10; ((size_t)1 << p->hash_lg2) < 2 * blocks;)
		p->hash_lg2++;
	p->hash = calloc(((size_t)1 << p->hash_lg2), sizeof(*p->hash));
	p->payload = malloc(total);
	p->variant = malloc((blocks + 1) * sizeof(*p->variant));
	p->slot = malloc((accesses + 1) * sizeof(*p->slot));
	if (!p->hash || !p->payload || !p->variant || !p->slot) {
		packer_free(p);
		return NULL;
	}
	return p;
}

void packer_free(struct packer *p)
{
	if (!p)
		return;
	for (int i = 0; i < COLUMN_COUNT; i++)
		free(p->column[i]);
	free(p->payload);
	free(p->variant);
	free(p->slot);
	free(p->hash);
	free(p);
}

static inline uint8_t *varint_write(uint8_t *to, uint64_t value)
{
	while (value >= 0x80) {
		*to++ = (uint8_t)(value | 0x80);
		value >>= 7;
	}
	*to++ = (uint8_t)value;
	return to;
}

static inline void put(struct packer *p, enum codec_column column,
		       uint64_t value)
{
	p->end[column] = varint_write(p->end[column], value);
}

static inline bool variant_is(const struct packer *p,
			      const struct codec_variant *v,
			      const struct trace_block *block,
			      const struct trace_access *access)
{
	const struct codec_slot *slot = p->slot + v->slot;
	uint32_t differs = 0;

	if ((v->address ^ block->address) | (v->bytes ^ block->bytes) |
	    (v->instructions ^ block->instructions) |
	    (v->accesses ^ block->accesses))
		return false;
	for (uint32_t i = 0; i < block->accesses; i++)
		differs |= slot[i].what ^ access[i].what;
	return differs == 0;
}

/* The variant's place in the hash: its own, or the free one for it. */
static uint64_t *hash_find(const struct packer *p,
			   const struct trace_block *block,
			   const struct trace_access *access)
{
	uint64_t mask = ((size_t)1 << p->hash_lg2) - 1;
	uint64_t key = (block->address ^ (uint64_t)block->accesses << 48 ^
			(uint64_t)block->instructions << 56) *
		       UINT64_C(0x9e3779b97f4a7c15);
	uint64_t at = key >> (64 - p->hash_lg2);

	for (;; at = (at + 1) & mask) {
		uint64_t entry = p->hash[at];

		if (entry >> 32 != p->generation ||
		    variant_is(p, p->variant + (uint32_t)entry, block, access))
			return p->hash + at;
	}
}

static uint32_t variant_add(struct packer *p, const struct trace_block *block,
			    const struct trace_access *access)
{
	uint32_t id = p->variants++;

	p->variant[id] = (struct codec_variant){ block->address,
						 block->bytes,
						 block->instructions,
						 block->accesses,
						 p->slots,
						 0,
						 0 };
	put(p, COLUMN_VARIANTS, codec_zigzag(block->address - p->expected));
	put(p, COLUMN_VARIANTS, block->bytes);
	put(p, COLUMN_VARIANTS,
	    codec_zigzag((uint64_t)(int32_t)block->instructions -
			 block->bytes / 4));
	put(p, COLUMN_VARIANTS, block->accesses);
	for (uint32_t i = 0; i < block->accesses; i++) {
		uint32_t what = access[i].what;

		put(p, COLUMN_VARIANTS, TRACE_WHAT_ACCESS(what));
		put(p, COLUMN_VARIANTS, TRACE_WHAT_BYTES(what));
		p->slot[p->slots++] =
			(struct codec_slot){ .what = what, .by_offset = 1 };
	}
	return id;
}

/* The block was not the successor that was predicted. */
static uint32_t block_missed(struct packer *p, uint32_t previous, uint64_t run,
			     const struct trace_block *block,
			     const struct trace_access *access)
{
	uint32_t alternate = p->variant[previous].alternate;
	uint64_t *place;

	put(p, COLUMN_BLOCK_RUNS, run);
	if (variant_is(p, p->variant + alternate, block, access)) {
		put(p, COLUMN_BLOCK_IDS, BLOCK_ALTERNATE);
		return alternate;
	}
	place = hash_find(p, block, access);
	if (*place >> 32 == p->generation) {
		put(p, COLUMN_BLOCK_IDS,
		    BLOCK_VARIANT + ((uint32_t)*place - 1));
		return (uint32_t)*place;
	}
	*place = p->generation << 32 | p->variants;
	put(p, COLUMN_BLOCK_IDS, BLOCK_NEW);
	return variant_add(p, block, access);
}

/* The address was not the one that was predicted. */
static void address_missed(struct packer *p, struct codec_slot *slot,
			   const struct trace_access *access)
{
	uint64_t address = access->address;
	uint64_t other = slot->by_offset ? slot->last + slot->stride
					 : p->before + slot->offset;
	uint64_t from_last = codec_zigzag(address - slot->last);
	uint64_t from_before = codec_zigzag(address - p->before);

	put(p, COLUMN_ADDRESS_RUNS, (uint64_t)(access - p->unwritten));
	p->unwritten = access + 1;
	if (other == address) {
		put(p, COLUMN_ADDRESSES, ADDRESS_OTHER);
		slot->by_offset ^= 1;
	} else if (from_last > UINT64_MAX >> 2) {
		put(p, COLUMN_ADDRESSES, ADDRESS_WIDE);
		put(p, COLUMN_ADDRESSES, from_last);
	} else if (from_last <= from_before) {
		put(p, COLUMN_ADDRESSES, ADDRESS_DELTA + (from_last << 1));
	} else {
		put(p, COLUMN_ADDRESSES,
		    ADDRESS_DELTA + (from_before << 1 | 1));
	}
	codec_learn(slot, p->before, address);
}

static inline const struct trace_access *
pack_addresses(struct packer *p, struct codec_slot *slot, uint32_t count,
	       const struct trace_access *access)
{
	uint64_t before = p->before;

	for (uint32_t i = 0; i < count; i++, slot++, access++) {
		if (codec_predict(slot, before) != access->address) {
			p->before = before;
			address_missed(p, slot, access);
		}
		before = slot->last = access->address;
	}
	p->before = before;
	return access;
}

static void pack_begin(struct packer *p, const struct trace_access *access)
{
	memcpy(p->end, p->column, sizeof(p->end));
	p->generation++;
	if (p->generation >> 32) {
		memset(p->hash, 0, sizeof(*p->hash) << p->hash_lg2);
		p->generation = 1;
	}
	/* Variant 0: equal to no block, as no block has that many accesses. */
	p->variant[0] = (struct codec_variant){ .accesses = UINT32_MAX };
	p->variants = 1;
	p->slots = 0;
	p->before = p->expected = 0;
	p->unwritten = access;
}

/* Lengths of the columns, then the columns. */
static const uint8_t *pack_end(struct packer *p, size_t *bytes)
{
	uint8_t *to = p->payload;

	for (int i = 0; i < COLUMN_COUNT; i++)
		to = varint_write(to, (uint64_t)(p->end[i] - p->column[i]));
	for (int i = 0; i < COLUMN_COUNT; i++) {
		size_t count = (size_t)(p->end[i] - p->column[i]);

		memcpy(to, p->column[i], count);
		to += count;
	}
	*bytes = (size_t)(to - p->payload);
	return p->payload;
}

const uint8_t *packer_pack(struct packer *p, const struct trace_block *block,
			   size_t blocks, const struct trace_access *access,
			   size_t accesses, size_t *bytes)
{
	const struct trace_block *end = block + blocks;
	const struct trace_access *access_end = access + accesses;
	uint32_t previous = 0;
	uint64_t run = 0;

	pack_begin(p, access);
	for (; block != end; block++) {
		uint32_t id = p->variant[previous].successor;

		if (variant_is(p, p->variant + id, block, access)) {
			run++;
		} else {
			id = block_missed(p, previous, run, block, access);
			codec_follow(p->variant + previous, id);
			run = 0;
		}
		access = pack_addresses(p, p->slot + p->variant[id].slot,
					block->accesses, access);
		p->expected = block->address + block->bytes;
		previous = id;
	}
	put(p, COLUMN_BLOCK_RUNS, run);
	put(p, COLUMN_ADDRESS_RUNS, (uint64_t)(access_end - p->unwritten));
	return pack_end(p, bytes);
}
