/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The payload of a batch: what packer and unpacker share. The columns and the
 * predictions are described for other implementers in traces/README.md; both
 * sides here must make the same predictions, so they share the tables below.
 */
#ifndef TRACES_CODEC_H
#define TRACES_CODEC_H

#include "traces/trace.h"

/* Columns, in the order of the payload. */
enum codec_column {
	COLUMN_BLOCK_RUNS,   /* blocks predicted before each one that was not */
	COLUMN_BLOCK_IDS,    /* the ones that were not */
	COLUMN_VARIANTS,     /* descriptions of new variants */
	COLUMN_ADDRESS_RUNS, /* the same for addresses */
	COLUMN_ADDRESSES,
	COLUMN_COUNT
};

/* Values in COLUMN_BLOCK_IDS; from BLOCK_VARIANT on: variant 1, 2, ... */
enum { BLOCK_NEW = 0, BLOCK_ALTERNATE = 1, BLOCK_VARIANT = 2 };
/* Values in COLUMN_ADDRESSES; from ADDRESS_DELTA on: (zigzag << 1 | against
 * the access before) of a delta. */
enum { ADDRESS_OTHER = 0, ADDRESS_WIDE = 1, ADDRESS_DELTA = 2 };

/*
 * A block as executed: the same code with the same accesses. Variant 0 stands
 * before the first block of a batch and is never executed; as a successor it
 * means none. It has CODEC_NO_BLOCK accesses: more than there can be.
 */
struct codec_variant {
	struct trace_block block;
	uint32_t slot; /* of its first access */
	uint32_t successor, alternate;
};
#define CODEC_NO_BLOCK UINT32_MAX

/*
 * One access of a variant. Two predictors: `last` plus a stride, or the access
 * before (of whatever block) plus an offset. Active is the one that was right
 * when the other failed.
 */
struct codec_slot {
	uint64_t last;
	uint64_t active, other; /* what the two add */
	uint32_t what;
	uint32_t by_offset; /* which of them is active */
};

static inline uint64_t codec_zigzag(uint64_t delta)
{
	return delta << 1 ^ (0 - (delta >> 63));
}

static inline uint64_t codec_unzigzag(uint64_t value)
{
	return value >> 1 ^ (0 - (value & 1));
}

static inline uint64_t codec_predict(const struct codec_slot *slot,
				     uint64_t before)
{
	return (slot->by_offset ? before : slot->last) + slot->active;
}

static inline uint64_t codec_predict_other(const struct codec_slot *slot,
					   uint64_t before)
{
	return (slot->by_offset ? slot->last : before) + slot->other;
}

/* After a prediction that failed. */
static inline void codec_learn(struct codec_slot *slot, uint64_t before,
			       uint64_t address)
{
	uint64_t stride = address - slot->last, offset = address - before;

	slot->active = slot->by_offset ? offset : stride;
	slot->other = slot->by_offset ? stride : offset;
}

static inline void codec_follow(struct codec_variant *from, uint32_t to)
{
	if (from->successor != to) {
		from->alternate = from->successor;
		from->successor = to;
	}
}

struct packer;
struct unpacker;

/* For batches of at most so many blocks and accesses. NULL: no memory. */
struct packer *packer_new(size_t blocks, size_t accesses);
void packer_free(struct packer *p);
/* Returns the payload, *bytes long and the packer's until the next call. The
 * blocks' accesses sum to `accesses`. */
const uint8_t *packer_pack(struct packer *p, const struct trace_block *block,
			   size_t blocks, const struct trace_access *access,
			   size_t accesses, size_t *bytes);

struct unpacker *unpacker_new(void);
void unpacker_free(struct unpacker *u);
/* Fills batch->block, access and instructions from `bytes` bytes of payload,
 * by batch->blocks and accesses (at most TRACE_BATCH_MAX). NULL, or what is
 * wrong with it. */
const char *unpacker_unpack(struct unpacker *u, const uint8_t *payload,
			    size_t bytes, struct trace_batch *batch);

#endif
