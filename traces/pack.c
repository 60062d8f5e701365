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
};

/* Bytes that each column can need at most. */
static void worst_case(size_t blocks, size_t accesses,
		       size_t need[COLUMN_COUNT])
{
	need[COLUMN_BLOCK_RUNS] = (blocks + 1) * VARINT_BYTES_MAX;
	need[COLUMN_BLOCK_IDS] = blocks * VARINT_BYTES_MAX;
	need[COLUMN_VARIANTS] = blocks * 4 * VARINT_BYTES_MAX + accesses * 6;
	need[COLUMN_ADDRESS_RUNS] = (accesses + 1) * VARINT_BYTES_MAX;
	/* varint_write_long writes eight bytes. */
	need[COLUMN_ADDRESSES] = accesses * (1 + VARINT_BYTES_MAX) + 8;
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

/* Without a branch on the length, which is hard to predict. Writes at least
 * eight bytes. */
static inline uint8_t *varint_write_long(uint8_t *to, uint64_t value)
{
	unsigned int more; /* bytes but the last */
	uint64_t w;

	if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__ || value >> 56)
		return varint_write(to, value);
	/* A seventh of at most 55. */
	more = (63 - (unsigned int)__builtin_clzll(value | 1)) * 37 >> 8;
	w = (value & UINT64_C(0x0fffffff)) |
	    (value & UINT64_C(0x00fffffff0000000)) << 4;
	w = (w & UINT64_C(0x00003fff00003fff)) |
	    (w & UINT64_C(0x0fffc0000fffc000)) << 2;
	w = (w & UINT64_C(0x007f007f007f007f)) |
	    (w & UINT64_C(0x3f803f803f803f80)) << 1;
	w |= UINT64_C(0x8080808080808080) & ((UINT64_C(1) << 8 * more) - 1);
	memcpy(to, &w, sizeof(w));
	return to + more + 1;
}

static inline void put(struct packer *p, enum codec_column column,
		       uint64_t value)
{
	p->end[column] = varint_write(p->end[column], value);
}

static inline bool block_is(const struct trace_block *a,
			    const struct trace_block *b)
{
	return !((a->address ^ b->address) | (a->bytes ^ b->bytes) |
		 (a->instructions ^ b->instructions) |
		 (a->accesses ^ b->accesses));
}

static inline bool variant_is(const struct packer *p,
			      const struct codec_variant *v,
			      const struct trace_block *block,
			      const struct trace_access *access)
{
	const struct codec_slot *slot = p->slot + v->slot;
	uint32_t differs = 0;

	if (!block_is(&v->block, block))
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

static uint32_t variant_add(struct packer *p, uint32_t previous,
			    const struct trace_block *block,
			    const struct trace_access *access)
{
	const struct trace_block *before = &p->variant[previous].block;
	uint32_t id = p->variants++;

	p->variant[id] =
		(struct codec_variant){ .block = *block, .slot = p->slots };
	put(p, COLUMN_VARIANTS,
	    codec_zigzag(block->address - before->address - before->bytes));
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
static __attribute__((noinline)) uint32_t
block_missed(struct packer *p, uint32_t previous, uint64_t run,
	     const struct trace_block *block, const struct trace_access *access)
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
	return variant_add(p, previous, block, access);
}

/* Where the hot loop is; inlined into it, so that all stay in registers. */
struct walk {
	uint8_t *runs, *addresses;	      /* ends of the columns */
	uint64_t before;		      /* address of the access before */
	const struct trace_access *unwritten; /* first after the last miss */
};
#define HOT inline __attribute__((always_inline))

/* The address was not the one that was predicted. */
static HOT void address_missed(struct walk *k, struct codec_slot *slot,
			       const struct trace_access *access)
{
	uint64_t address = access->address;
	uint64_t from_last = codec_zigzag(address - slot->last);
	uint64_t from_before = codec_zigzag(address - k->before);

	k->runs = varint_write(k->runs, (uint64_t)(access - k->unwritten));
	k->unwritten = access + 1;
	if (codec_predict_other(slot, k->before) == address) {
		*k->addresses++ = ADDRESS_OTHER;
		slot->by_offset ^= 1;
	} else if (__builtin_expect(from_last > UINT64_MAX >> 2, 0)) {
		*k->addresses++ = ADDRESS_WIDE;
		k->addresses = varint_write(k->addresses, from_last);
	} else {
		uint64_t code = from_last <= from_before ? from_last << 1
							 : from_before << 1 | 1;

		k->addresses =
			varint_write_long(k->addresses, ADDRESS_DELTA + code);
	}
	codec_learn(slot, k->before, address);
}

static HOT void pack_addresses(struct walk *k, struct codec_slot *slot,
			       uint32_t count,
			       const struct trace_access *access)
{
	for (const struct trace_access *end = access + count; access != end;
	     access++, slot++) {
		if (codec_predict(slot, k->before) != access->address)
			address_missed(k, slot, access);
		k->before = slot->last = access->address;
	}
}

static void pack_begin(struct packer *p)
{
	memcpy(p->end, p->column, sizeof(p->end));
	p->generation++;
	if (p->generation >> 32) {
		memset(p->hash, 0, sizeof(*p->hash) << p->hash_lg2);
		p->generation = 1;
	}
	p->variant[0] =
		(struct codec_variant){ .block = { .accesses =
							   CODEC_NO_BLOCK } };
	p->variants = 1;
	p->slots = 0;
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
	struct walk k = { .runs = p->column[COLUMN_ADDRESS_RUNS],
			  .addresses = p->column[COLUMN_ADDRESSES],
			  .unwritten = access };
	uint32_t previous = 0;
	uint64_t run = 0;

	pack_begin(p);
	for (; block != end; block++) {
		uint32_t id = p->variant[previous].successor;

		if (variant_is(p, p->variant + id, block, access)) {
			run++;
		} else {
			id = block_missed(p, previous, run, block, access);
			codec_follow(p->variant + previous, id);
			run = 0;
		}
		pack_addresses(&k, p->slot + p->variant[id].slot,
			       block->accesses, access);
		access += block->accesses;
		previous = id;
	}
	put(p, COLUMN_BLOCK_RUNS, run);
	p->end[COLUMN_ADDRESS_RUNS] =
		varint_write(k.runs, (uint64_t)(access_end - k.unwritten));
	p->end[COLUMN_ADDRESSES] = k.addresses;
	return pack_end(p, bytes);
}
