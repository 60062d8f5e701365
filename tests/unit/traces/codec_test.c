/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Payloads of batches: what is packed is what is unpacked, whatever it is;
 * what is not a payload is refused with a reason.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "traces/base64.h"
#include "traces/codec.h"

#define BLOCKS	 3000
#define ACCESSES 6000

struct fixture {
	struct packer *packer;
	struct unpacker *unpacker;
	struct trace_block block[BLOCKS];
	struct trace_access access[ACCESSES];
	uint32_t blocks, accesses;
	uint64_t random;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->packer = packer_new(BLOCKS, ACCESSES);
	f->unpacker = unpacker_new();
	f->random = UINT64_C(0x9e3779b97f4a7c15);
	*state = f;
	return !f->packer || !f->unpacker;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	packer_free(f->packer);
	unpacker_free(f->unpacker);
	free(f);
	return 0;
}

static uint64_t any(struct fixture *f)
{
	f->random ^= f->random << 13;
	f->random ^= f->random >> 7;
	f->random ^= f->random << 17;
	return f->random * UINT64_C(0x2545f4914f6cdd1d);
}

/* A number with anything from 0 to 64 significant bits. */
static uint64_t any_width(struct fixture *f)
{
	unsigned int bits = (unsigned int)(any(f) % 65);

	return bits ? any(f) >> (64 - bits) : 0;
}

static void block(struct fixture *f, uint64_t address, uint32_t bytes,
		  uint32_t instructions)
{
	assert_true(f->blocks < BLOCKS);
	f->block[f->blocks++] =
		(struct trace_block){ address, bytes, instructions, 0 };
}

static void access(struct fixture *f, uint64_t address, uint32_t what)
{
	assert_true(f->accesses < ACCESSES);
	f->access[f->accesses++] = (struct trace_access){ address, what };
	f->block[f->blocks - 1].accesses++;
}

/* Packs, unpacks, compares; returns the payload's size. */
static size_t round_trip(struct fixture *f)
{
	struct trace_batch batch = { .blocks = f->blocks,
				     .accesses = f->accesses };
	uint64_t instructions = 0;
	size_t bytes;
	const uint8_t *payload = packer_pack(f->packer, f->block, f->blocks,
					     f->access, f->accesses, &bytes);
	const char *why = unpacker_unpack(f->unpacker, payload, bytes, &batch);

	if (why)
		fail_msg("%s", why);
	for (uint32_t i = 0; i < f->blocks; i++) {
		const struct trace_block *a = f->block + i;
		const struct trace_block *b = batch.block + i;

		assert_true(a->address == b->address && a->bytes == b->bytes &&
			    a->instructions == b->instructions &&
			    a->accesses == b->accesses);
		instructions += (uint64_t)(int32_t)a->instructions;
	}
	for (uint32_t i = 0; i < f->accesses; i++)
		assert_true(f->access[i].address == batch.access[i].address &&
			    f->access[i].what == batch.access[i].what);
	assert_true(batch.instructions == instructions);
	f->blocks = f->accesses = 0;
	return bytes;
}

static void an_empty_batch_survives(void **state)
{
	round_trip(*state);
}

static void loops_cost_next_to_nothing(void **state)
{
	struct fixture *f = *state;

	for (uint64_t i = 0; i < BLOCKS; i++) {
		block(f, 0x401000, 32, 8);
		access(f, 0x10000 + 8 * i, TRACE_WHAT(8, 4));
		access(f, 0x90000 - 16 * i, TRACE_WHAT(8, 5));
	}
	assert_in_range(round_trip(f), 1, 64);
}

static void a_pair_follows_its_unpredictable_base(void **state)
{
	struct fixture *f = *state;
	size_t bytes;

	for (int i = 0; i < BLOCKS; i++) {
		uint64_t base = any(f) & 0xfffff8;

		block(f, 0x401000, 32, 8);
		access(f, base, TRACE_WHAT(8, 4));
		access(f, base + 8, TRACE_WHAT(8, 4));
	}
	bytes = round_trip(f);
	assert_in_range(bytes, 1, 5 * BLOCKS + 100);
}

static void anything_survives(void **state)
{
	struct fixture *f = *state;

	for (int round = 0; round < 300; round++) {
		uint32_t blocks = (uint32_t)(any(f) % 300);

		for (uint32_t i = 0; i < blocks; i++) {
			uint32_t bytes =
				(uint32_t)(any(f) % 5
						   ? any(f) % 64
						   : any(f) %
							     (TRACE_BLOCK_BYTES_MAX +
							      1));

			block(f, any_width(f), bytes,
			      (uint32_t)(any(f) % (bytes / 4 + 1)));
			for (uint64_t n = any(f) % 5; n; n--)
				access(f, any_width(f),
				       TRACE_WHAT(1 + any(f) % 4096,
						  any(f) & TRACE_ACCESS_MASK));
		}
		round_trip(f);
	}
}

/* A few blocks in random order, each with few shapes and few places. */
static void repetition_with_surprises_survives(void **state)
{
	struct fixture *f = *state;

	for (int round = 0; round < 50; round++) {
		uint64_t mask = any(f) & any(f) & 0xff;

		for (uint32_t i = 0; i < BLOCKS / 2; i++) {
			uint64_t which = any(f) & mask;

			block(f, 0xffff000000080000 + 64 * which, 64,
			      16 - (uint32_t)(any(f) % 50 == 0));
			for (uint64_t n = which % 4; n; n--)
				access(f,
				       any(f) % 9 ? 0x1000 * which + 8 * i
						  : any(f),
				       TRACE_WHAT(1u << which % 4,
						  any(f) % 40 ? 4 : 20));
		}
		round_trip(f);
	}
}

static void continuations_are_blocks_too(void **state)
{
	struct fixture *f = *state;

	block(f, 0, 0, 0);
	access(f, 0xfffffffffffffff8, TRACE_WHAT(8, 1));
	block(f, 0, 0, (uint32_t)-3);
	block(f, 0, 0, 0);
	access(f, 0, TRACE_WHAT(64, 33));
	access(f, UINT64_MAX, TRACE_WHAT(1, 0));
	access(f, UINT64_C(1) << 63, TRACE_WHAT(1, 0));
	block(f, 0xfffffffffffffffc, 4, 1);
	block(f, 0, 0, 0);
	round_trip(f);
}

static void each_payload_stands_alone(void **state)
{
	struct fixture *f = *state;
	struct packer *fresh = packer_new(BLOCKS, ACCESSES);
	size_t a, b;
	const uint8_t *one, *two;

	anything_survives(state);
	for (int i = 0; i < 100; i++) {
		block(f, any(f), 16, 4);
		access(f, any(f), TRACE_WHAT(8, 4));
	}
	one = packer_pack(f->packer, f->block, f->blocks, f->access,
			  f->accesses, &a);
	two = packer_pack(fresh, f->block, f->blocks, f->access, f->accesses,
			  &b);
	assert_int_equal(a, b);
	assert_memory_equal(one, two, a);
	packer_free(fresh);
}

/* Five columns, each of at most a few bytes. */
struct hostile {
	const char *why;
	uint32_t blocks, accesses;
	uint8_t payload[40];
	size_t bytes;
};

#define PAYLOAD(...) { __VA_ARGS__ }, sizeof((uint8_t[]){ __VA_ARGS__ })

static const struct hostile hostile[] = {
	{ "lengths of the columns are cut", 1, 0, PAYLOAD(1, 1, 4) },
	{ "lengths of the columns are cut", 1, 0,
	  PAYLOAD(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2) },
	{ "longer than the payload", 1, 0,
	  PAYLOAD(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0, 0,
		  0, 0) },
	{ "bytes after the last column", 0, 0,
	  PAYLOAD(1, 0, 0, 1, 0, 0, 0, 9) },
	{ "block runs is cut", 0, 0, PAYLOAD(0, 0, 0, 0, 0) },
	{ "address runs is cut", 0, 0, PAYLOAD(1, 0, 0, 0, 0, 0) },
	{ "run goes on", 0, 0, PAYLOAD(1, 0, 0, 1, 0, 1, 0) },
	{ "run goes on", 0, 0, PAYLOAD(1, 0, 0, 1, 0, 0, 1) },
	{ "column goes on", 0, 0, PAYLOAD(2, 0, 0, 1, 0, 0, 0, 0) },
	{ "no successor", 1, 0, PAYLOAD(1, 0, 0, 1, 0, 1, 0) },
	{ "no alternate", 1, 0, PAYLOAD(1, 1, 0, 1, 0, 0, 1, 0) },
	{ "id out of range", 1, 0, PAYLOAD(1, 1, 0, 1, 0, 0, 2, 0) },
	{ "id out of range", 1, 0,
	  PAYLOAD(1, 10, 0, 1, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		  0xff, 0xff, 1, 0) },
	{ "variants is cut", 1, 0, PAYLOAD(1, 1, 3, 1, 0, 0, 0, 2, 4, 0, 0) },
	{ "more than 65536 bytes", 1, 0,
	  PAYLOAD(1, 1, 6, 1, 0, 0, 0, 2, 0x81, 0x80, 0x04, 0, 0, 0) },
	{ "impossible number", 1, 0,
	  PAYLOAD(1, 1, 4, 1, 0, 0, 0, 2, 4, 3, 0, 0) },
	{ "impossible number", 1, 0,
	  PAYLOAD(1, 1, 13, 1, 0, 0, 0, 2, 4, 0xfe, 0xff, 0xff, 0xff, 0xff,
		  0xff, 0xff, 0xff, 0xff, 1, 0, 0) },
	{ "more accesses than", 1, 1,
	  PAYLOAD(1, 1, 8, 1, 0, 0, 0, 2, 4, 0, 2, 4, 8, 4, 8, 0) },
	{ "fewer accesses than", 1, 1,
	  PAYLOAD(2, 1, 4, 1, 0, 0, 0, 0, 2, 4, 0, 0, 0) },
	{ "unknown kind", 1, 1,
	  PAYLOAD(2, 1, 6, 2, 1, 0, 0, 0, 2, 4, 0, 1, 64, 8, 0, 0, 6) },
	{ "size of an access", 1, 1,
	  PAYLOAD(2, 1, 6, 2, 1, 0, 0, 0, 2, 4, 0, 1, 4, 0, 0, 0, 6) },
	{ "size of an access", 1, 1,
	  PAYLOAD(2, 1, 7, 2, 1, 0, 0, 0, 2, 4, 0, 1, 4, 0x81, 0x20, 0, 0, 6) },
	{ NULL, 1, 1,
	  PAYLOAD(2, 1, 7, 2, 1, 0, 0, 0, 2, 4, 0, 1, 4, 0x80, 0x20, 0, 0, 6) },
	{ "column of addresses is cut", 1, 1,
	  PAYLOAD(2, 1, 6, 2, 0, 0, 0, 0, 2, 4, 0, 1, 4, 8, 0, 0) },
	{ "column of addresses is cut", 1, 1,
	  PAYLOAD(2, 1, 6, 2, 1, 0, 0, 0, 2, 4, 0, 1, 4, 8, 0, 0, 1) },
	{ NULL, 1, 1,
	  PAYLOAD(2, 1, 6, 2, 1, 0, 0, 0, 2, 4, 0, 1, 4, 8, 0, 0, 6) },
};

static void what_is_no_payload_is_refused(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(hostile) / sizeof(*hostile); i++) {
		const struct hostile *h = hostile + i;
		struct trace_batch batch = { .blocks = h->blocks,
					     .accesses = h->accesses };
		uint8_t *exact = malloc(h->bytes); /* for ASan */
		const char *why;

		memcpy(exact, h->payload, h->bytes);
		why = unpacker_unpack(f->unpacker, exact, h->bytes, &batch);
		if (!why != !h->why || (why && !strstr(why, h->why)))
			fail_msg("case %zu: want %s, got %s", i, h->why, why);
		free(exact);
	}
}

static void mutations_never_harm(void **state)
{
	struct fixture *f = *state;
	size_t bytes;
	const uint8_t *payload;
	uint8_t *copy;

	for (int i = 0; i < 200; i++) {
		block(f, 0x1000 + 16 * (any(f) & 7), 16, 4);
		access(f, any_width(f), TRACE_WHAT(8, 4));
	}
	payload = packer_pack(f->packer, f->block, f->blocks, f->access,
			      f->accesses, &bytes);
	copy = malloc(bytes);
	for (int i = 0; i < 20000; i++) {
		struct trace_batch batch = { .blocks = f->blocks,
					     .accesses = f->accesses };

		memcpy(copy, payload, bytes);
		for (uint64_t n = 1 + any(f) % 4; n; n--)
			copy[any(f) % bytes] = (uint8_t)any(f);
		unpacker_unpack(f->unpacker, copy, bytes - any(f) % 2, &batch);
	}
	free(copy);
}

static void base64_is_the_one_of_rfc_4648(void **state)
{
	static const struct {
		const char *plain, *coded;
	} vectors[] = {
		{ "", "" },
		{ "f", "Zg==" },
		{ "fo", "Zm8=" },
		{ "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" },
		{ "\xff\xef\xbe\xfb", "/+++"
				      "+w==" },
	};
	static const char *const bad[] = {
		"Z",	    "Zg",	   "Zg=",  "Zh==",  "Zm9=",
		"Zm=v",	    "Z===",	   "====", "Zm9v=", "Zm9*",
		"Zg==Zg==", "Zm9vZm9\xc3", "Zm 9", "Z-_9"
	};
	char text[16];
	uint8_t bytes[16];
	size_t count;

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		size_t plain = strlen(vectors[i].plain);
		size_t coded = strlen(vectors[i].coded);

		assert_int_equal(base64_encoded_bytes(plain), coded);
		base64_encode(text, (const uint8_t *)vectors[i].plain, plain);
		assert_memory_equal(text, vectors[i].coded, coded);
		assert_true(
			base64_decode(bytes, &count, vectors[i].coded, coded));
		assert_int_equal(count, plain);
		assert_memory_equal(bytes, vectors[i].plain, plain);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(
			base64_decode(bytes, &count, bad[i], strlen(bad[i])));
}

static void base64_round_trips_at_every_length(void **state)
{
	struct fixture *f = *state;
	uint8_t from[300], back[300];
	char text[400];
	size_t count;

	for (size_t i = 0; i < sizeof(from); i++) {
		from[i] = (uint8_t)any(f);
		base64_encode(text, from, i);
		assert_true(base64_decode(back, &count, text,
					  base64_encoded_bytes(i)));
		assert_int_equal(count, i);
		assert_memory_equal(from, back, i);
	}
}

static void base64_is_the_same_without_vectors(void **state)
{
	struct fixture *f = *state;
	uint8_t from[300], one[300], two[300];
	char text[400], plain[400];
	size_t a, b;

	for (size_t i = 0; i < sizeof(from); i++)
		from[i] = (uint8_t)any(f);
	for (size_t i = 0; i < sizeof(from); i++) {
		size_t count = base64_encoded_bytes(i);

		base64_encode(text, from, i);
		base64_encode_portable(plain, from, i);
		assert_memory_equal(text, plain, count);
		assert_true(base64_decode(one, &a, text, count));
		assert_true(base64_decode_portable(two, &b, text, count));
		assert_int_equal(a, b);
		assert_memory_equal(one, two, a);
	}
}

/* Every byte in every place, on both sides of where vectors end. */
static void base64_refuses_the_same_without_vectors(void **state)
{
	struct fixture *f = *state;
	uint8_t from[75], one[75], two[75];
	char text[100];
	size_t a, b;

	for (size_t i = 0; i < sizeof(from); i++)
		from[i] = (uint8_t)any(f);
	base64_encode(text, from, sizeof(from));
	for (size_t i = 0; i < sizeof(text); i++) {
		char kept = text[i];

		for (int c = 0; c < 256; c++) {
			bool ok;

			text[i] = (char)c;
			ok = base64_decode(one, &a, text, sizeof(text));
			assert_int_equal(ok,
					 base64_decode_portable(two, &b, text,
								sizeof(text)));
			assert_int_equal(a, b);
			assert_memory_equal(one, two, a);
		}
		text[i] = kept;
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_empty_batch_survives),
		TEST(loops_cost_next_to_nothing),
		TEST(a_pair_follows_its_unpredictable_base),
		TEST(anything_survives),
		TEST(repetition_with_surprises_survives),
		TEST(continuations_are_blocks_too),
		TEST(each_payload_stands_alone),
		TEST(what_is_no_payload_is_refused),
		TEST(mutations_never_harm),
		TEST(base64_is_the_one_of_rfc_4648),
		TEST(base64_round_trips_at_every_length),
		TEST(base64_is_the_same_without_vectors),
		TEST(base64_refuses_the_same_without_vectors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
