/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random cases: registers and tables that make sense first, so that walks go
 * deep; then defects put into some of them. DDI0487 L.b D8.3, D24.2.
 */
#include <string.h>

#include "core/base/bits.h"
#include "tests/diff/conformance/tree.h"

const struct granule granules[GRANULES] = {
	{ 12, 9, 0, 2, 1, 1, 2, 44, { 0, 4, 4, 4 } },
	{ 14, 11, 2, 1, 2, 2, 3, 42, { 0, 0, 5, 7 } },
	{ 16, 13, 1, 3, 2, 1, 3, 44, { 0, 5, 5, 5 } },
};

#define HCR_VM	  BIT(0)
#define HCR_PTW	  BIT(2)
#define HCR_DC	  BIT(12)
#define HCR_RW	  BIT(31)
#define HCR_CD	  BIT(32)
#define HCR_ID	  BIT(33)
#define SCTLR_M	  BIT(0)
#define SCTLR_C	  BIT(2)
#define SCTLR_I	  BIT(12)
#define SCTLR_WXN BIT(19)
/* RES1, and SPAN so that PAN stays clear; nTLSMD, LSMAOE, nTWE, nTWI. */
#define SCTLR_BASE UINT64_C(0x30d50980)

/* Both halves and stage 2 of a case in the making. */
struct plan {
	struct test_case *c;
	const struct case_options *options;
	struct tree s2, half[2];
	bool half_usable[2], s2_usable;
	unsigned int target; /* the half that accesses go to */
	uint64_t stub_ipa;
	uint64_t ips;
	unsigned int ipa_bits; /* that stage 1 can make */
	unsigned int leaf_lg2; /* of the first stage, or its run, as probed */
};

bool case_put(struct test_case *c, const struct descriptor *d)
{
	if (c->descriptors == CASE_DESCRIPTORS_MAX)
		return false;
	c->descriptor[c->descriptors++] = *d;
	memcpy(ram_host(c->ram, (pa_t){ d->pa }), &d->raw, sizeof(d->raw));
	return true;
}

void case_erase(struct test_case *c)
{
	for (unsigned int i = 0; i < c->descriptors; i++)
		memset(ram_host(c->ram, (pa_t){ c->descriptor[i].pa }), 0, 8);
}

uint64_t case_allocate(struct test_case *c, unsigned int size_lg2)
{
	uint64_t size = BIT(size_lg2);
	uint64_t at = (c->next_free + size - 1) & ~(size - 1);

	/* A small table stands somewhere in a page of its own. */
	if (size_lg2 < 12)
		at = ((c->next_free + 0xfff) & ~UINT64_C(0xfff)) +
		     (rng_bits(&c->rng, 12) & ~(size - 1));
	if (at + size > c->arena + ARENA_BYTES)
		return 0;
	c->next_free = at + size;
	return at;
}

static const struct granule *pick_granule(struct plan *plan)
{
	unsigned int n;

	do
		n = (unsigned int)rng_below(&plan->c->rng, GRANULES);
	while (!(plan->options->granules >> n & 1));
	return &granules[n];
}

static unsigned int min_u(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

static unsigned int size_bits(const struct tree *t, uint64_t field,
			      unsigned int pa_bits)
{
	static const uint8_t bits[8] = { 32, 36, 40, 42, 44, 48, 52, 52 };

	return min_u(min_u(bits[field], pa_bits), t->wide ? 52 : 48);
}

/* IPS, PS: mostly all there is. */
static uint64_t pick_size(const struct plan *plan)
{
	struct rng *rng = &plan->c->rng;

	if (rng_percent(rng, 60))
		return plan->options->pa_bits == 52 ? 6 : 5;
	return rng_below(rng, 8);
}

/* T0SZ, T1SZ at most. */
static unsigned int max_tsz(const struct plan *plan, const struct granule *g)
{
	if (!plan->options->small_tables)
		return 39;
	return g->page_lg2 == 16 ? 47 : 48;
}

/* ---- stage 2 ---- */

static void plan_stage2(struct plan *plan)
{
	struct test_case *c = plan->c;
	struct rng *rng = &c->rng;
	struct tree *t = &plan->s2;
	uint64_t ps = pick_size(plan), sl0;
	unsigned int low, high, least;
	bool possible;

	t->c = c;
	t->stage2 = NULL;
	t->stage = 2;
	t->g = pick_granule(plan);
	t->wide = granule_is_wide(t->g, plan->options);
	least = 64 - max_tsz(plan, t->g);
	do {
		t->root_level = (int8_t)rng_below(rng, 4);
		/* FEAT_TTST: 3 is level 3 of the 4K granule. */
		sl0 = (uint64_t)(t->g->s2_start_base - t->root_level) & 3;
		low = granule_shift(t->g, t->root_level) + 1;
		high = min_u(low + t->g->stride + 3,
			     min_u(plan->options->pa_bits, t->wide ? 52 : 48));
		low = low < least ? least : low;
		possible = sl0 < 2 ||
			   (sl0 == 2 &&
			    plan->options->pa_bits >= t->g->s2_pa_bits) ||
			   (sl0 == 3 && t->root_level == 3 &&
			    plan->options->small_tables);
	} while (!possible || low > high);
	t->input_bits = (uint8_t)rng_between(rng, low, high);
	t->output_bits = (uint8_t)size_bits(t, ps, plan->options->pa_bits);
	c->registers.vtcr = (64u - t->input_bits) | sl0 << 6 |
			    rng_bits(rng, 6) << 8 | (uint64_t)t->g->tg0 << 14 |
			    ps << 16 | rng_bits(rng, 1) << 19 | BIT(31);
	/* Aligned to its own size and no more. */
	c->next_free += rng_below(rng, 32) << 14;
	plan->s2_usable = tree_start(t, c->accesses);
	c->registers.vttbr =
		tree_root(t, ps) | rng_bits(rng, 16) << 48 | rng_bits(rng, 1);
	if (!c->accesses && rng_percent(rng, 5))
		c->registers.vtcr ^= BIT(rng_below(rng, 8));
}

/* ---- stage 1 ---- */

static int s1_root_level(const struct granule *g, unsigned int input_bits)
{
	int level = 3;

	while (level > 0 && input_bits > granule_shift(g, level) + g->stride)
		level--;
	return level;
}

static uint64_t plan_half(struct plan *plan, unsigned int half, bool stub)
{
	struct test_case *c = plan->c;
	struct rng *rng = &c->rng;
	struct tree *t = &plan->half[half];
	unsigned int tsz = 39;
	uint64_t fields;

	t->c = c;
	t->stage2 = c->stage2 ? &plan->s2 : NULL;
	t->stage = 1;
	t->g = pick_granule(plan);
	t->wide = granule_is_wide(t->g, plan->options);
	if (!stub)
		tsz = (unsigned int)rng_between(rng, t->wide ? 12 : 16,
						max_tsz(plan, t->g));
	t->input_bits = (uint8_t)(64 - tsz);
	t->output_bits =
		(uint8_t)size_bits(t, plan->ips, plan->options->pa_bits);
	plan->ipa_bits = min_u(plan->ipa_bits, t->output_bits);
	if (c->stage2)
		t->output_bits =
			(uint8_t)min_u(t->output_bits, plan->s2.input_bits);
	t->root_level = (int8_t)s1_root_level(t->g, t->input_bits);
	plan->half_usable[half] = tree_start(t, stub);
	if (!stub && rng_percent(rng, 5))
		tsz = (unsigned int)rng_bits(rng, 6);
	fields = tsz | rng_bits(rng, 6) << 8 |
		 (uint64_t)(half ? t->g->tg1 : t->g->tg0) << 14;
	if (!stub && rng_percent(rng, 3))
		fields |= BIT(7); /* EPD0, EPD1 */
	return fields;
}

/* The stub page, where EL1 starts: in the half that is not asked about. */
static void plan_stub(struct plan *plan)
{
	struct test_case *c = plan->c;
	struct tree *half = &plan->half[!plan->target];
	uint64_t upper = plan->target ? 0 : ~(BIT(half->input_bits) - 1);
	uint64_t ipa = STUB_PA, va;

	for (int i = 0; c->stage2 && i < 8; i++) {
		int level = tree_leaf_level(&plan->s2);
		unsigned int lg2 = tree_leaf_lg2(&plan->s2, level, false);

		ipa = tree_input(&plan->s2, STUB_PA, lg2 < 16 ? 16 : lg2);
		ipa &= BIT(c->stage1 ? half->output_bits : 48) - 1;
		if (tree_map(&plan->s2, ipa, STUB_PA, level, QUALITY_SAFE,
			     false))
			break;
	}
	c->registers.vbar = ipa;
	if (!c->stage1)
		return;
	va = tree_input(half, ipa, 16);
	tree_map(half, va, ipa, 3, QUALITY_SAFE, false);
	c->registers.vbar = va | upper;
}

/* A root with ASID, CnP; sometimes with bits that its size rules out, or out
 * of the world. */
static uint64_t pick_ttbr(struct rng *rng, const struct tree *t, uint64_t ips,
			  bool stub)
{
	uint64_t ttbr =
		tree_root(t, ips) | rng_bits(rng, 16) << 48 | rng_bits(rng, 1);

	if (stub)
		return ttbr;
	if (rng_percent(rng, 3))
		ttbr ^= rng_bits(rng, 6) << 1;
	if (rng_percent(rng, 3))
		ttbr ^= rng_bits(rng, 48) & ~MASK(0, 30);
	return ttbr;
}

static void plan_stage1(struct plan *plan)
{
	struct test_case *c = plan->c;
	struct rng *rng = &c->rng;
	bool stub[2] = { c->accesses && plan->target == 1,
			 c->accesses && plan->target == 0 };
	uint64_t ips = pick_size(plan), tcr;
	unsigned int first;

	plan->ips = ips;
	plan->ipa_bits = 52;
	/* The stub's first: nothing uncertain may stand in its way. */
	first = stub[1];
	tcr = plan_half(plan, first, stub[first]) << (first ? 16 : 0);
	if (c->accesses)
		plan_stub(plan);
	tcr |= plan_half(plan, !first, stub[!first]) << (first ? 0 : 16);
	/* A1, IPS, AS, TBI0, TBI1 */
	tcr |= rng_bits(rng, 1) << 22 | ips << 32 | rng_bits(rng, 1) << 36;
	if (rng_percent(rng, 30))
		tcr |= rng_bits(rng, 2) << 37;
	c->registers.tcr = tcr;
	c->registers.ttbr0 = pick_ttbr(rng, &plan->half[0], ips, stub[0]);
	c->registers.ttbr1 = pick_ttbr(rng, &plan->half[1], ips, stub[1]);
}

static uint64_t pick_mair(struct rng *rng)
{
	static const uint8_t known[] = { 0x00, 0x04, 0x08, 0x0c, 0x44, 0xff,
					 0xff, 0xbb, 0xee, 0xaa, 0x4f, 0xf4,
					 0x77, 0x33, 0x5a, 0xa5 };
	uint64_t mair = 0xff;

	for (unsigned int i = 1; i < 8; i++)
		mair |= (rng_percent(rng, 97)
				 ? known[rng_below(rng, sizeof(known))]
				 : rng_bits(rng, 8))
			<< 8 * i;
	return mair;
}

static void plan_registers(struct plan *plan)
{
	struct test_case *c = plan->c;
	struct rng *rng = &c->rng;
	struct el2_registers *r = &c->registers;

	c->accesses = rng_percent(rng, 50);
	c->stage1 = rng_percent(rng, 88);
	c->stage2 = rng_percent(rng, 80);
	plan->target = (unsigned int)rng_bits(rng, 1);
	r->hcr = HCR_RW;
	r->sctlr = SCTLR_BASE | (rng_percent(rng, 90) ? SCTLR_C : 0) |
		   (rng_percent(rng, 90) ? SCTLR_I : 0) |
		   (rng_percent(rng, 15) ? SCTLR_WXN : 0);
	if (rng_percent(rng, c->stage2 ? 20 : 3))
		r->hcr |= HCR_PTW;
	if (rng_percent(rng, 5))
		r->hcr |= HCR_CD;
	if (rng_percent(rng, 5))
		r->hcr |= HCR_ID;
	if (rng_percent(rng, 3)) {
		/* Stage 1 off, stage 2 on, whatever M and VM say. */
		r->hcr |= HCR_DC;
		r->sctlr |= rng_bits(rng, 1);
		c->stage1 = false;
		c->stage2 = true;
	}
	if (c->stage1)
		r->sctlr |= SCTLR_M;
	if (c->stage2)
		r->hcr |= HCR_VM;
	r->mair = pick_mair(rng);
}

/* ---- what is asked ---- */

static uint32_t pick_kind(struct test_case *c)
{
	struct rng *rng = &c->rng;

	if (c->accesses && rng_percent(rng, 75))
		return EL2_LOAD_EL1 +
		       (uint32_t)rng_below(rng, EL2_KINDS - EL2_LOAD_EL1);
	return (uint32_t)rng_below(rng, 8);
}

static bool is_store(uint32_t kind)
{
	return kind == EL2_STORE_EL1 || kind == EL2_STORE_UNPRIVILEGED ||
	       kind == EL2_STORE_EL0;
}

/* Stores have the upper half of a page, loads and fetches the lower; no two
 * stores of a case share a word, and few words are ever fetched. */
static uint64_t pick_offset(struct test_case *c, uint32_t kind)
{
	if (is_store(kind))
		return 0x800 + 8 * c->ops;
	if (kind >= EL2_FETCH_EL1)
		return rng_bits(&c->rng, 1) << 4;
	return kind >= EL2_LOAD_EL1 ? rng_bits(&c->rng, 9) << 2
				    : rng_bits(&c->rng, 12);
}

/* A branch drops the top byte that is ignored (AArch64.BranchAddr), so that
 * it is not the MMU's. */
static uint64_t branch_address(const struct test_case *c, uint64_t va)
{
	bool upper = va >> 55 & 1;

	if (!(c->registers.tcr >> (37 + upper) & 1))
		return va;
	return upper ? va | MASK(56, 8) : va & ~MASK(56, 8);
}

static void ask(struct test_case *c, uint64_t va)
{
	uint32_t kind;

	if (c->ops == EL2_OPS_MAX)
		return;
	kind = pick_kind(c);
	if (kind >= EL2_FETCH_EL1)
		va = branch_address(c, va);
	c->op[c->ops] = (struct el2_op){
		.va = align_down(va, 12) | pick_offset(c, kind),
		.kind = kind,
		.value = 0x5a000000u | c->ops,
	};
	c->ops++;
}

static uint64_t pick_pa(struct plan *plan)
{
	struct rng *rng = &plan->c->rng;

	if (!plan->c->accesses && rng_percent(rng, 5))
		return align_down(rng_bits(rng, plan->options->pa_bits), 12);
	return WINDOW_PA + align_down(rng_below(rng, WINDOW_BYTES), 12);
}

/* Some leaves are runs, unless the run would begin at 0: devices are there. */
static bool pick_contiguous(const struct tree *t, int level, uint64_t output)
{
	unsigned int lg2 = tree_leaf_lg2(t, level, true);

	return rng_percent(&t->c->rng, 8) &&
	       (lg2 <= 30 || align_down(output, lg2));
}

/* Stage 2's share: an IPA for `pa`. */
static uint64_t probe_stage2(struct plan *plan, uint64_t pa, unsigned int bits)
{
	struct rng *rng = &plan->c->rng;
	struct tree *t = &plan->s2;
	int level = tree_leaf_level(t);
	bool contiguous = pick_contiguous(t, level, pa);
	uint64_t ipa;

	plan->leaf_lg2 = tree_leaf_lg2(t, level, contiguous);
	ipa = tree_input(t, pa, plan->leaf_lg2);
	if (rng_percent(rng, 96))
		ipa &= BIT(bits) - 1;
	tree_map(t, ipa, pa, level, QUALITY_ANY, contiguous);
	return ipa;
}

static uint64_t probe_stage1(struct plan *plan, uint64_t ipa)
{
	struct rng *rng = &plan->c->rng;
	unsigned int upper = plan->c->accesses ? plan->target
					       : (unsigned int)rng_bits(rng, 1);
	struct tree *t = &plan->half[upper];
	int level = tree_leaf_level(t);
	bool contiguous = pick_contiguous(t, level, ipa);
	uint64_t va;

	plan->leaf_lg2 = tree_leaf_lg2(t, level, contiguous);
	va = tree_input(t, ipa, plan->leaf_lg2);
	if (plan->half_usable[upper])
		tree_map(t, va, ipa, level, QUALITY_ANY, contiguous);
	if (upper)
		va |= ~(BIT(t->input_bits) - 1);
	/* The top byte, ignored or not; an address between the halves. */
	if (rng_percent(rng,
			plan->c->registers.tcr >> (37 + upper) & 1 ? 50 : 2))
		va ^= rng_bits(rng, 8) << 56;
	if (rng_percent(rng, 3))
		va ^= BIT(rng_between(rng, 25, 55));
	return va;
}

static void probe(struct plan *plan)
{
	struct test_case *c = plan->c;
	uint64_t address = pick_pa(plan);
	unsigned int asks = (unsigned int)rng_between(&c->rng, 1, 4);

	plan->leaf_lg2 = 12;
	if (c->stage2 && plan->s2_usable)
		address = probe_stage2(plan, address,
				       c->stage1 ? plan->ipa_bits : 48);
	if (c->stage1)
		address = probe_stage1(plan, address);
	else if (rng_percent(&c->rng, 4))
		address ^= BIT(rng_between(&c->rng, 32, 63));
	if (rng_percent(&c->rng, 1))
		address = rng_next(&c->rng);
	/* Elsewhere in the same leaf or run: what TLBs hold in one entry. */
	while (asks--)
		ask(c, rng_percent(&c->rng, 80)
			       ? address
			       : address ^ align_down(rng_bits(&c->rng,
							       plan->leaf_lg2),
						      12));
}

/* ---- defects ---- */

static uint64_t corrupted(struct rng *rng, const struct descriptor *d,
			  uint64_t raw)
{
	unsigned int shift = granule_shift(&granules[d->granule], d->level);

	switch (rng_below(rng, 12)) {
	case 0: /* invalid */
		return raw & ~UINT64_C(1);
	case 1: /* the other type; reserved at some levels */
		return raw ^ 2;
	case 2: /* AF */
		return raw ^ BIT(10);
	case 3: /* an attribute */
		return raw ^ BIT(rng_between(rng, 2, 11));
	case 4:
		return raw ^ BIT(rng_between(rng, 50, 63));
	case 5: /* an address too large, or where nothing is */
		return raw ^ BIT(rng_between(rng, 32, 47));
	case 6: /* reserved for 48-bit addresses */
		return raw ^ rng_bits(rng, 4) << 48;
	case 7: /* below what a block's address has; nT */
		return raw ^ (rng_next(rng) & (BIT(shift) - 1) & ~MASK(0, 12));
	case 8:
		return raw ^ BIT(rng_bits(rng, 6));
	case 9: /* the contiguous bit: a run that is none */
		return raw ^ BIT(52);
	case 10: /* out of its place in a run; the place of bits 51:48 */
		return rng_percent(rng, 50)
			       ? raw ^ BIT(shift + rng_below(rng, 7))
			       : raw ^ BIT(rng_between(rng, 12, 15));
	default:
		return rng_next(rng);
	}
}

static void corrupt(struct test_case *c)
{
	struct rng *rng = &c->rng;
	unsigned int percent;

	if (rng_percent(rng, 30))
		return;
	percent = (unsigned int)rng_between(rng, 1, 10);
	for (unsigned int i = 0; i < c->descriptors; i++) {
		struct descriptor *d = &c->descriptor[i];

		if (d->safe || !rng_percent(rng, percent))
			continue;
		/* Several at once tell which comes first. */
		do
			d->raw = corrupted(rng, d, d->raw);
		while (rng_percent(rng, 30));
		/* Not the devices below RAM: walking them means nothing. */
		if (!(d->raw & MASK(30, 18)))
			d->raw |= BIT(30);
		memcpy(ram_host(c->ram, (pa_t){ d->pa }), &d->raw, 8);
	}
}

void case_generate(struct test_case *c, const struct case_options *options,
		   uint64_t number, uint64_t arena, struct ram *ram)
{
	struct plan plan = { .c = c, .options = options };
	unsigned int probes;

	c->number = number;
	c->rng = rng_of_case(options->seed, number);
	c->registers = (struct el2_registers){ 0 };
	c->ops = 0;
	c->descriptors = 0;
	c->arena = arena;
	c->next_free = arena;
	c->ram = ram;
	plan_registers(&plan);
	plan_stage2(&plan);
	plan_stage1(&plan);
	probes = (unsigned int)rng_between(&c->rng, 8, 16);
	while (probes--)
		probe(&plan);
	corrupt(c);
}
