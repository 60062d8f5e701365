/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is remembered of streams saves the host time and changes nothing: two
 * SMMUs are asked and told the same, one of which forgets before every
 * request; answers and counts are alike after each step.
 */
#include "models/smmuv3/unit.h"
#include "tests/unit/models/smmu_rig.h"

#define STREAMS 40u /* more than memos, of which some share one */
#define STEPS	6000u

struct twins {
	struct rig remembers, forgets;
	struct model_random random;
	uint32_t near; /* most requests come from there, ... */
};

/* ... from streams that share a memo or do not. */
static uint32_t pick_stream(struct twins *t, uint64_t r)
{
	if (r % 64 == 0)
		t->near = (uint32_t)(r >> 6) % STREAMS;
	if (r % 64 < 4)
		return (uint32_t)(r >> 6) % STREAMS;
	return (t->near + (r >> 6 & 1) * 16 + (r >> 7 & 3)) % STREAMS;
}

static uint64_t next(struct twins *t)
{
	return model_random_next(&t->random) >> 8;
}

/* To both. */
static void put(struct twins *t, uint64_t pa, uint64_t raw)
{
	rig_put(&t->remembers, pa, raw);
	rig_put(&t->forgets, pa, raw);
}
static void reg(struct twins *t, uint32_t offset, uint64_t value)
{
	rig_reg(&t->remembers, offset, value);
	rig_reg(&t->forgets, offset, value);
}
static void command(struct twins *t, uint64_t word0, uint64_t word1)
{
	rig_command(&t->remembers, word0, word1);
	rig_command(&t->forgets, word0, word1);
}

/* Of each kind, now and then with a bit that should not be. */
static void put_stream(struct twins *t, uint64_t sid)
{
	static const uint64_t ste0[] = { STE_S1,     STE_S1, STE_S2, STE_S2,
					 STE_NESTED, 9,	     1,	     0 };
	uint64_t at = 0x1000 + 64 * sid, cd = 0x2000 + 128 * (sid % 16);
	uint64_t r = next(t), word0 = ste0[r % 8], cd0 = CD0_WORD;

	if (word0 & 2)
		word0 = (word0 & 0xf) | cd | (r >> 3 & 1) << 59;
	put(t, at, word0);
	put(t, at + 8,
	    0x54 | (r >> 4 & 3) | (r >> 6 & 0x3ff) << 32 | (r >> 16 & 3) << 44 |
		    (r >> 18 & 0xf) << 48);
	put(t, at + 16, STE2_WORD + (r >> 22 & 3));
	put(t, at + 24, STE3_WORD);
	if ((r >> 24 & 7) == 0)
		cd0 ^= BIT(r >> 27 & 63) & ~BIT(44); /* S: the rig's own */
	if ((r >> 24 & 7) == 1)
		cd0 ^= BIT(40); /* PAN */
	for (unsigned int i = 0; i < 2; i++) {
		put(t, cd + 64 * i, cd0 + ((r >> 40 & 3) << 48));
		put(t, cd + 64 * i + 8, CD1_WORD);
		put(t, cd + 64 * i + 24, r >> 45 & 1 ? 0xff : 0x44);
	}
}

/* True: from what is remembered. */
static bool is_remembered(const struct twins *t, const struct smmu_request *r)
{
	const struct smmu *s = t->remembers.smmu;
	const struct smmu_memo *memo = &s->memo[r->sid & (SMMU_MEMOS - 1)];

	return memo->since == s->generation && memo->sid == r->sid && !r->ssv;
}

static bool ask(struct twins *t)
{
	uint64_t r = next(t);
	const struct smmu_request request = {
		.address = (r & 1 ? RIG_VA : RIG_PA) + ((r >> 1 & 3) << 12),
		.bytes = 4,
		.sid = pick_stream(t, next(t)),
		.ssv = (r >> 10 & 7) == 0,
		.ssid = r >> 13 & 1,
		.write = r >> 14 & 1,
		.instruction = r >> 15 & 1,
		.privileged = r >> 16 & 1,
		.has_memory = (r >> 17 & 3) == 0,
		.memattr = 0x44,
		.sh = 2,
		.now = r >> 20 & 0xff,
	};
	bool remembered = is_remembered(t, &request);

	memset(t->forgets.smmu->memo, 0, sizeof(t->forgets.smmu->memo));
	memset(&t->forgets.smmu->combined, 0,
	       sizeof(t->forgets.smmu->combined));
	rig_request(&t->remembers, &request);
	rig_request(&t->forgets, &request);
	return remembered;
}

static void change(struct twins *t)
{
	uint64_t r = next(t), sid = (r >> 8) % STREAMS;

	switch (r % 10) {
	case 0:
	case 1:
	case 2:
		put_stream(t, sid);
		return;
	case 3:
		command(t, sid << 32 | 0x03, 0); /* CFGI_STE */
		return;
	case 4:
		command(t, sid << 32 | 0x05, 0); /* CFGI_CD */
		return;
	case 5:
		command(t, sid << 32 | 0x06, 0); /* CFGI_CD_ALL */
		return;
	case 6:
		command(t, 0x04, r >> 16 & 1 ? 31 : 3);
		return;
	case 7:
		command(t, 0x30, 0); /* TLBI_NSNH_ALL */
		return;
	case 8:
		reg(t, 0x20, 0xc); /* off, and on with another CR2 */
		reg(t, 0x2c, r >> 16 & 3);
		reg(t, 0x20, 0xd);
		return;
	default:
		command(t, sid << 32 | 0x01, 0); /* PREFETCH_CONFIG */
		return;
	}
}

static void compare_outcomes(const struct twins *t)
{
	const struct smmu_outcome *a = &t->remembers.out, *b = &t->forgets.out;

	assert_int_equal(a->result, b->result);
	assert_int_equal(a->event, b->event);
	assert_int_equal(a->recorded, b->recorded);
	assert_int_equal(a->done, b->done);
	assert_int_equal(a->reads, b->reads);
	assert_int_equal(a->ste_hit, b->ste_hit);
	assert_int_equal(a->cd_hit, b->cd_hit);
	assert_int_equal(a->utlb_hit, b->utlb_hit);
	assert_int_equal(a->tlb_hit, b->tlb_hit);
	assert_int_equal(a->walked, b->walked);
	if (a->event)
		assert_memory_equal(a->record, b->record, sizeof(a->record));
	if (a->result != SMMU_TRANSLATED && a->result != SMMU_BYPASSED)
		return;
	assert_int_equal(a->pa, b->pa);
	assert_int_equal(a->attrs, b->attrs);
	assert_int_equal(a->size_lg2, b->size_lg2);
	assert_int_equal(a->privileged, b->privileged);
	assert_int_equal(a->instruction, b->instruction);
}

static void compare(const struct twins *t)
{
	struct smmu_counters a, b;

	smmu_counters(t->remembers.smmu, &a);
	smmu_counters(t->forgets.smmu, &b);
	assert_memory_equal(&a, &b, sizeof(a));
}

static void both_start(struct twins *t, const struct smmu_config *config)
{
	rig_start(&t->remembers, config, STE_S1);
	rig_start(&t->forgets, config, STE_S1);
	reg(t, 0x20, 0xc);
	reg(t, 0x88, 6);
	reg(t, 0x20, 0xd);
	/* RIG_PA and three pages on. */
	for (uint64_t i = 0; i < 4; i++)
		put(t, 0x23020 + 8 * i, (0x7000 + (i << 12)) | 0xf43);
	for (uint64_t sid = 0; sid < STREAMS; sid++)
		put_stream(t, sid);
}

static void run(uint32_t entries, uint32_t ways, enum replacement how)
{
	struct smmu_config config = smmu_config_common();
	struct twins *t = calloc(1, sizeof(*t));
	unsigned int remembered = 0;

	assert_non_null(t);
	config.hyp = true;
	config.ste_cache.entries = config.cd_cache.entries = entries;
	config.ste_cache.ways = config.cd_cache.ways = ways;
	config.ste_cache.replacement = config.cd_cache.replacement = how;
	config.utlb.entries = config.utlb.ways = 8;
	model_random_seed(&t->random, entries);
	both_start(t, &config);
	for (unsigned int i = 0; i < STEPS; i++) {
		if (next(t) % 64)
			remembered += ask(t);
		else
			change(t);
		compare_outcomes(t);
		compare(t);
		reg(t, 0x100ac, rig_get(&t->remembers, 0x100a8));
	}
	print_message("%u of %u\n", remembered, STEPS);
	assert_true(entries ? remembered > STEPS / 10 : !remembered);
	smmu_free(t->remembers.smmu);
	smmu_free(t->forgets.smmu);
	free(t);
}

static void lru(void **state)
{
	(void)state;
	run(64, 64, REPLACEMENT_LRU);
	run(16, 4, REPLACEMENT_LRU);
	run(8, 8, REPLACEMENT_LRU);
}

static void other_orders(void **state)
{
	(void)state;
	run(16, 4, REPLACEMENT_PLRU);
	run(32, 4, REPLACEMENT_FIFO);
	run(32, 32, REPLACEMENT_RANDOM);
}

static void no_caches(void **state)
{
	(void)state;
	run(0, 0, REPLACEMENT_LRU);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lru),
		cmocka_unit_test(other_orders),
		cmocka_unit_test(no_caches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
