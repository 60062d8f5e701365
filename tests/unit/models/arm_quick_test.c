/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The quick walk against the walk on foot: two machines asked the same, one
 * of which may walk briefly, answer and count alike.
 */
#include "models/arm/mmu_inline.h"
#include "tests/unit/models/arm_rig.h"

#define TABLES 4
#define PAGES  16 /* of each table */
#define STEPS  30000
/* One of them is the rig's; the others' numbers go on from there. */
#define LEAF_TABLE   UINT64_C(0x80004000)
#define LEVEL2_TABLE UINT64_C(0x80003000)
#define S2_LEAVES    UINT64_C(0x80803000)

static const uint32_t latency[MEMORY_LEVEL_COUNT] = { 4, 11, 75, 205 };

struct twins {
	struct rig on_foot, brief;
	struct model_random random;
	unsigned int brief_walks;
	uint64_t near; /* where most accesses are */
};

static uint64_t next(struct twins *t)
{
	return model_random_next(&t->random) >> 8;
}

/* To both. */
static void put(struct twins *t, uint64_t pa, uint64_t value)
{
	rig_put(&t->on_foot, pa, value);
	rig_put(&t->brief, pa, value);
}

static void reg(struct twins *t, enum arm_sysreg reg, uint64_t value)
{
	rig_reg(&t->on_foot, reg, value);
	rig_reg(&t->brief, reg, value);
}

/* A page descriptor: often plain, now and then anything. */
static void put_leaf(struct twins *t, uint64_t n)
{
	uint64_t table = n / PAGES % TABLES, page = n % PAGES;
	uint64_t r = next(t), raw = 0x40010f43 + (n % (TABLES * PAGES) << 12);

	if (r % 4 == 0)
		raw ^= UINT64_C(1) << (r >> 2) % 12; /* type, AttrIndx, AF.. */
	if (r % 16 == 1)
		raw |= UINT64_C(1) << (36 + (r >> 4) % 19); /* far, XN.. */
	put(t, LEAF_TABLE + (table << 12) + 8 * page, raw);
}

static void put_stage2_leaf(struct twins *t)
{
	uint64_t r = next(t), page = r >> 20 & 1 ? 4 + r % TABLES : r % 128;
	uint64_t raw = 0x800007ff + (page << 12);

	if (r >> 7 & 1)
		raw ^= UINT64_C(1) << (r >> 8) % 11;
	put(t, S2_LEAVES + 8 * page, raw);
}

static uint64_t page_va(uint64_t n)
{
	return (RIG_VA & ~UINT64_C(0x1fffff)) + (n / PAGES % TABLES << 21) +
	       (n % PAGES << 12);
}

static void tlbi(struct twins *t)
{
	/* VMALLE1, VAE1 of a page, ASIDE1; from EL2 VMALLS12E1, IPAS2E1. */
	static const struct {
		unsigned int op;
		bool from_el2;
	} ops[] = {
		{ ARM_SYSREG(1, 0, 8, 7, 0), false },
		{ ARM_SYSREG(1, 0, 8, 7, 1), false },
		{ ARM_SYSREG(1, 0, 8, 7, 2), false },
		{ ARM_SYSREG(1, 4, 8, 7, 6), true },
		{ ARM_SYSREG(1, 4, 8, 4, 1), true },
	};
	uint64_t r = next(t), xt = page_va(r) >> 12;
	unsigned int i = (r >> 8) % 5;
	struct arm_tlbi op;

	if (i == 4)
		xt = 0x40000 + (r >> 16 & 1 ? 4 + r % TABLES : r % 128);
	xt |= UINT64_C(5) << 48;
	assert_true(arm_tlbi_decode(ops[i].op, xt, &t->brief.mmu.regs,
				    ops[i].from_el2, &op));
	arm_mmu_tlbi(&t->on_foot.mmu, &op);
	arm_mmu_tlbi(&t->brief.mmu, &op);
}

static void assert_same_answer(struct twins *t, bool ok)
{
	const struct rig *a = &t->on_foot, *b = &t->brief;

	assert_int_equal(a->out.source, b->out.source);
	if (!ok) {
		assert_int_equal(a->fault.kind, b->fault.kind);
		assert_int_equal(a->fault.stage, b->fault.stage);
		assert_int_equal(a->fault.level, b->fault.level);
		return;
	}
	assert_true(a->out.pa.raw == b->out.pa.raw);
	assert_true(a->out.ipa.raw == b->out.ipa.raw);
	assert_true(a->out.attrs == b->out.attrs);
	assert_int_equal(a->out.size_lg2, b->out.size_lg2);
}

static void access_both(struct twins *t)
{
	uint64_t r = next(t);
	/* Four pages of each of two tables, or any. */
	uint64_t n = r >> 40 & 7 ? t->near + r % 4 + (r >> 3 & 1) * PAGES : r;
	uint64_t va = page_va(n) + (r >> 8 & 0xff8);
	unsigned int access = (unsigned int)(r >> 20) % 3 |
			      (r >> 24 & 1 ? ARM_ACCESS_EL0 : 0);
	bool ok = rig_access(&t->on_foot, va, access);

	assert_int_equal(rig_access(&t->brief, va, access), ok);
	assert_same_answer(t, ok);
	if (t->brief.out.source != ARM_FROM_WALK)
		return;
	assert_true(arm_walk_cycles(&t->brief.mmu.walk, latency) ==
		    arm_walk_cycles(&t->on_foot.mmu.walk, latency));
	assert_int_equal(t->brief.mmu.walk.descriptor_reads,
			 t->on_foot.mmu.walk.descriptor_reads);
	t->brief_walks += t->brief.mmu.walk.steps < t->on_foot.mmu.walk.steps;
}

static void assert_same_tlb(const struct tlb *a, const struct tlb *b)
{
	const struct tlb_counters *x = tlb_counters(a), *y = tlb_counters(b);

	assert_true(x->hits == y->hits && x->misses == y->misses &&
		    x->fills == y->fills && x->evictions == y->evictions &&
		    x->invalidated == y->invalidated);
}

static void assert_same_counts(const struct twins *t)
{
	const struct arm_mmu *a = &t->on_foot.mmu, *b = &t->brief.mmu;
	const struct walk_cache_counters *x, *y;

	assert_same_tlb(a->l1i_tlb, b->l1i_tlb);
	assert_same_tlb(a->l1d_tlb, b->l1d_tlb);
	assert_same_tlb(a->l2_tlb, b->l2_tlb);
	assert_same_tlb(a->regime.s2_tlb, b->regime.s2_tlb);
	x = walk_cache_counters(a->regime.walk_cache_s1);
	y = walk_cache_counters(b->regime.walk_cache_s1);
	assert_true(x->hits == y->hits && x->misses == y->misses);
	x = walk_cache_counters(a->regime.walk_cache_s2);
	y = walk_cache_counters(b->regime.walk_cache_s2);
	assert_true(x->hits == y->hits && x->misses == y->misses);
	assert_memory_equal(&a->walks, &b->walks, sizeof(a->walks));
	for (int which = 0; which < CACHE_COUNT; which++) {
		struct cache_counters c, d;

		memory_counters(t->on_foot.memory, which, &c);
		memory_counters(t->brief.memory, which, &d);
		assert_memory_equal(&c, &d, sizeof(c));
	}
}

static void step(struct twins *t)
{
	uint64_t r = next(t) % 1000;

	if (r < 940)
		access_both(t);
	else if (r < 960)
		t->near = next(t);
	else if (r < 975)
		put_leaf(t, next(t));
	else if (r < 985)
		put_stage2_leaf(t);
	else if (r < 996)
		tlbi(t);
	else if (r < 998) /* WXN */
		reg(t, ARM_SCTLR_EL1, t->brief.mmu.regs.sctlr ^ 1 << 19);
	else if (r < 999) /* PTW */
		reg(t, ARM_HCR_EL2, t->brief.mmu.regs.hcr ^ 1 << 2);
	else /* the ASID */
		reg(t, ARM_TTBR0_EL1,
		    t->brief.mmu.regs.ttbr0 ^ UINT64_C(1) << 49);
}

static void start(struct rig *rig, struct rig_shape shape,
		  enum replacement policy)
{
	rig_start_replacing(rig, shape, policy);
	rig_stage1_on(rig);
	rig_stage2_on(rig);
}

/* Returns how many walks were brief. */
static unsigned int compare(struct rig_shape shape, enum replacement policy)
{
	struct twins *t = calloc(1, sizeof(*t));
	unsigned int brief_walks;

	assert_non_null(t);
	model_random_seed(&t->random, 5 + shape.s2);
	start(&t->on_foot, shape, policy);
	start(&t->brief, shape, policy);
	t->brief.mmu.brief_walks = true;
	for (uint64_t table = 1; table < TABLES; table++)
		put(t, LEVEL2_TABLE + 8 * (3 + table),
		    0x40004003 + (table << 12));
	for (uint64_t n = 0; n < TABLES * PAGES; n++)
		put_leaf(t, n);
	for (unsigned int i = 0; i < STEPS; i++) {
		step(t);
		if (i % 101 == 0)
			assert_same_counts(t);
	}
	assert_same_counts(t);
	brief_walks = t->brief_walks;
	rig_stop(&t->on_foot);
	rig_stop(&t->brief);
	free(t);
	return brief_walks;
}

static void brief_walks_answer_and_count_alike(void **state)
{
	static const enum replacement policies[] = { REPLACEMENT_LRU,
						     REPLACEMENT_PLRU,
						     REPLACEMENT_FIFO,
						     REPLACEMENT_RANDOM };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		enum replacement policy = policies[i];

		/* Small, so that what a walk needs comes and goes. */
		assert_true(compare((struct rig_shape){ 2, 4, 8, 3, 3 },
				    policy) > 500);
		/* Room for all; the TLBs are hashed. */
		assert_true(compare((struct rig_shape){ 4, 17, 128, 16, 16 },
				    policy) > 500);
	}
}

static void without_what_it_needs_no_walk_is_brief(void **state)
{
	(void)state;
	assert_int_equal(compare((struct rig_shape){ 2, 4, 0, 3, 3 },
				 REPLACEMENT_LRU),
			 0);
	assert_int_equal(compare((struct rig_shape){ 2, 4, 8, 0, 3 },
				 REPLACEMENT_LRU),
			 0);
	assert_true(compare((struct rig_shape){ 0, 0, 16, 3, 0 },
			    REPLACEMENT_LRU) > 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(brief_walks_answer_and_count_alike),
		cmocka_unit_test(without_what_it_needs_no_walk_is_brief),
	};

	return cmocka_run_group_tests_name("arm_quick", tests, NULL, NULL);
}
