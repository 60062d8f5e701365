/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The VT-d unit over hostile memory and registers. The first byte is the kind
 * of unit, the second how much of the input is memory, in sixteenths (root and
 * context tables, PASID tables, paging structures and queue alike, over and
 * over); the rest are register writes and requests, twelve bytes each. Nothing
 * may crash, hang or overrun, every request has one answer, and what is
 * translated lies within the host's width.
 *
 * A byte of memory is a word of tables: one of those that lead on, with an
 * address of its own, or, one in eight, the next eight bytes as they are.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/bits.h"
#include "models/vtd/vtd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STEP 12u
#define END  (UINT64_C(1) << 24) /* nothing answers beyond */

struct world {
	const uint8_t *memory;
	size_t bytes;
};

static uint64_t word_at(const uint8_t *data)
{
	uint64_t value;

	memcpy(&value, data, sizeof(value));
	return value;
}

static uint64_t word_of(const struct world *w, uint64_t pa)
{
	/* Every eighth is not used. */
	static const uint64_t words[] = {
		0,     0,     0x1,     0x3,  0x7,   0x83, 0x87, 0,
		0x89,  0x49,  0xc9,    0x81, 0x109, 0x9,  0xb,	0,
		0x202, 0x105, 0x20000, 0x12, 0x22,  0x35, 0x16, 0,
	};
	uint8_t raw[8], b;

	if (!w->bytes)
		return 0;
	b = w->memory[pa / 8 % w->bytes];
	if (b % 8 != 7)
		return words[b % 24] | (b % 24 ? (uint64_t)(b / 24) << 12 : 0);
	for (unsigned int i = 0; i < 8; i++)
		raw[i] = w->memory[(pa / 8 + i + 1) % w->bytes];
	return word_at(raw);
}

static bool read_words(void *context, uint64_t pa, unsigned int words,
		       bool coherent, uint64_t *out, uint64_t *ticks)
{
	const struct world *w = context;

	(void)coherent;
	*ticks += 1;
	if (pa >= END || words > 8 || pa % 8)
		return false;
	for (unsigned int i = 0; i < words; i++)
		out[i] = word_of(w, pa + 8 * (uint64_t)i);
	return true;
}

/* Every third update is refused. */
static bool update_word(void *context, uint64_t pa, uint64_t expected,
			uint64_t desired, uint64_t *ticks)
{
	(void)context;
	(void)expected;
	(void)desired;
	*ticks += 1;
	return pa / 8 % 3 != 0;
}

static bool write_status(void *context, uint64_t pa, uint32_t data)
{
	(void)context;
	(void)data;
	return pa < END;
}

static const struct vtd_ops ops = { .read_descriptor = read_words,
				    .update_descriptor = update_word,
				    .write_status = write_status };

static struct vtd_config config_of(uint8_t kind)
{
	struct vtd_config c = vtd_config_common();

	c.scalable = kind & 1;
	c.first_stage = c.second_stage = c.nested = c.scalable;
	c.walk_snoop = c.second_ad = c.scalable && kind & 2;
	c.supervisor = c.rid_priv = c.rid_pasid = c.scalable && kind & 4;
	c.first_1g = c.first_5l = c.execute = c.scalable && kind & 8;
	c.pasid_bits = c.scalable ? 20 : 0;
	c.caching_mode = kind & 16;
	c.coherent = kind & 32;
	c.page_selective = kind & 64;
	c.fault_records = kind & 128 ? 1 : 8;
	c.levels_mask = 0xe;
	c.mgaw_bits = 57;
	c.haw_bits = 46;
	return c;
}

static void request(struct vtd *vtd, const uint8_t *b)
{
	const struct vtd_request r = {
		.iova = word_at(b + 4),
		.now = b[3],
		.bytes = b[3] & 15,
		.sid = (uint16_t)(b[1] << 8 | b[2]),
		.pasid = b[3],
		.has_pasid = b[0] & 4,
		.write = b[0] & 8,
		.execute = b[0] & 16,
		.privileged = b[0] & 32,
	};
	struct vtd_outcome out;

	vtd_translate(vtd, &r, &out);
	if (out.reads > VTD_READS_MAX ||
	    (out.result == VTD_TRANSLATED && out.pa >> 46) ||
	    (out.result == VTD_FAULTED) !=
		    (out.recorded + out.suppressed + out.lost == 1))
		abort();
}

/* Mostly the registers that there are. */
static void write_register(struct vtd *vtd, const uint8_t *b)
{
	static const uint16_t offsets[] = { 0x18, 0x20, 0x28,  0x34, 0x38, 0x3c,
					    0x40, 0x88, 0x90,  0x9c, 0xa0, 0xa8,
					    0xf0, 0xf8, 0x228, 0x22c };
	uint32_t offset = b[0] & 4 ? (uint32_t)b[1] << 2 | (uint32_t)b[2] << 8
				   : offsets[b[1] % 16];

	vtd_mmio_write(vtd, offset, word_at(b + 4), b[0] & 8 ? 4 : 8, b[3]);
	(void)vtd_mmio_read(vtd, offset, b[0] & 8 ? 4 : 8);
}

/* Translating, and the queue on: the steps may undo it. */
static void start(struct vtd *vtd, const struct vtd_config *config)
{
	vtd_mmio_write(vtd, 0x20, config->scalable ? 0x400 : 0, 8, 0);
	vtd_mmio_write(vtd, 0x18, UINT64_C(1) << 30, 4, 0);
	vtd_mmio_write(vtd, 0x90, 0xb000, 8, 0);
	vtd_mmio_write(vtd, 0x18, UINT64_C(1) << 26, 4, 0);
	vtd_mmio_write(vtd, 0x18, UINT64_C(1) << 31 | UINT64_C(1) << 26, 4, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vtd_config config = config_of(size ? data[0] : 0);
	struct model_random random;
	struct world world = { 0 };
	struct vtd *vtd;
	size_t at = size;

	if (size > 2) {
		world.memory = data + 2;
		world.bytes = (size - 2) * (data[1] % 16) / 16;
		at = 2 + world.bytes;
	}
	model_random_seed(&random, 1);
	vtd = vtd_new(&config, &ops, &world, &random);
	if (!vtd)
		return 0;
	start(vtd, &config);
	for (; size - at >= STEP; at += STEP)
		if (data[at] & 3)
			request(vtd, data + at);
		else
			write_register(vtd, data + at);
	vtd_free(vtd);
	return 0;
}

#ifdef FUZZ_REPLAY
#include "tests/fuzz/replay_main.h"
#endif
