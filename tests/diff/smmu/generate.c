/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random batches: first structures that make sense, so that walks go deep,
 * then defects in some words. IPS and S2PS stay below 6 and S2AA64 is
 * set: QEMU ends with an assertion otherwise.
 */
#include "tests/diff/smmu/batch.h"

#include <string.h>

#include "core/base/bits.h"

/* By granule: 4K, 16K, 64K. */
static const uint8_t page_lg2[3] = { 12, 14, 16 };
static const uint8_t stride[3] = { 9, 11, 13 };
static const uint8_t highest_block[3] = { 1, 2, 2 };

static unsigned int shift(unsigned int granule, unsigned int level)
{
	return page_lg2[granule] + stride[granule] * (3 - level);
}

/* Tables of one stage while they are made. */
struct tree {
	enum entry_kind kind;
	unsigned int granule, level, bits;
	uint64_t root;	   /* PA */
	uint64_t ipa_base; /* tables stand at ipa_base | PA's low bits, or 0 */
	bool nested;
};

/* One device's way through the structures while they are made. */
struct path {
	struct batch *b;
	unsigned int device;
	uint64_t next; /* free in its arena */
	struct tree s1, s2;
	uint64_t input, data;
	bool plain; /* no defects, everything allowed */
};

static bool chance(struct path *p, unsigned int per_mille)
{
	return rng_below(&p->b->rng, 1000) < per_mille;
}
static uint64_t bits(struct path *p, unsigned int n)
{
	return rng_bits(&p->b->rng, n);
}
static uint64_t pick(struct path *p, uint64_t first, uint64_t last)
{
	return rng_between(&p->b->rng, first, last);
}

static uint64_t arena(struct path *p, unsigned int lg2)
{
	uint64_t pa = (p->next + (BIT(lg2) - 1)) & ~(BIT(lg2) - 1);

	p->next = pa + BIT(lg2);
	return pa;
}

static uint64_t arena_end(const struct path *p)
{
	return ARENA_PA + ((uint64_t)(p->device + 1) << ARENA_LG2);
}

static struct entry *put(struct path *p, uint64_t pa, uint64_t raw,
			 struct entry e)
{
	struct batch *b = p->b;

	if (b->entries == ENTRIES_MAX || !in_ram(pa, 8))
		return NULL;
	ram_put(b->ram, pa, raw);
	e.pa = pa;
	e.raw = raw;
	e.device = (uint8_t)p->device;
	b->entry[b->entries] = e;
	return &b->entry[b->entries++];
}

/* A pointer where nothing answers. */
static uint64_t nowhere(struct path *p)
{
	return pick(p, NOWHERE_PA >> 24, (NOWHERE_END >> 24) - 1) << 24;
}

/* ---- descriptors ---- */

static uint64_t s1_leaf(struct path *p)
{
	uint64_t raw = bits(p, 3) << 2 | bits(p, 2) << 8 | BIT(10) |
		       bits(p, 1) << 11 | bits(p, 4) << 55;
	unsigned int dice = (unsigned int)pick(p, 0, 99);

	raw |= (dice < 80 ? 1 : dice < 87 ? 3 : dice < 94 ? 0 : 2) << 6;
	if (chance(p, 30))
		raw &= ~BIT(10);
	if (chance(p, 100))
		raw |= bits(p, 2) << 53;
	if (chance(p, 50))
		raw |= BIT(5);
	return raw;
}

static uint64_t s2_leaf(struct path *p)
{
	uint64_t raw =
		bits(p, 4) << 2 | bits(p, 2) << 8 | BIT(10) | bits(p, 4) << 55;
	unsigned int dice = (unsigned int)pick(p, 0, 99);

	raw |= (dice < 85 ? 3 : dice < 91 ? 1 : dice < 97 ? 2 : 0) << 6;
	if (chance(p, 25))
		raw &= ~BIT(10);
	if (chance(p, 100))
		raw |= bits(p, 2) << 53;
	return p->plain ? 0x7fc : raw;
}

static uint64_t table_attributes(struct path *p, const struct tree *t)
{
	uint64_t raw = bits(p, 7) << 52;

	if (t->kind == ENTRY_S2)
		return chance(p, 300) ? raw : 0;
	if (chance(p, 40))
		raw |= BIT(61);
	if (chance(p, 40))
		raw |= BIT(62);
	if (chance(p, 60))
		raw |= bits(p, 2) << 59;
	return raw;
}

static uint64_t defect(struct path *p, unsigned int level, uint64_t raw)
{
	if (p->plain)
		return raw;
	if (chance(p, 8))
		raw &= ~BIT(0);
	if (chance(p, 8))
		raw ^= BIT(1);
	if (chance(p, 10))
		raw |= BIT(pick(p, 36, 47));
	if (level < 3 && chance(p, 5))
		raw = (raw & ~MASK(12, 36)) | nowhere(p);
	if (chance(p, 3))
		raw = rng_next(&p->b->rng);
	return raw;
}

/* ---- trees ---- */

/* How a table at `pa` is called in the tree's descriptors. */
static uint64_t name(const struct tree *t, uint64_t pa)
{
	return t->nested ? t->ipa_base | (pa & MASK(0, ARENA_LG2)) : pa;
}

static struct entry *find(struct path *p, uint64_t pa)
{
	struct batch *b = p->b;

	for (unsigned int i = b->first[p->device]; i < b->entries; i++)
		if (b->entry[i].pa == pa)
			return &b->entry[i];
	return NULL;
}

static void map(struct path *p, struct tree *t, uint64_t input, uint64_t output,
		unsigned int leaf_level);

/* A table of the tree; in a nested one stage 2 has to map it. */
static uint64_t new_table(struct path *p, struct tree *t, unsigned int lg2)
{
	uint64_t pa = arena(p, lg2);

	/* All of it alike: QEMU translates a table's first byte alone. */
	if (!t->nested)
		return pa;
	p->plain = lg2 > page_lg2[p->s2.granule];
	for (uint64_t at = pa; at < pa + BIT(lg2);
	     at += BIT(page_lg2[p->s2.granule]))
		map(p, &p->s2, name(t, at), at, 3);
	p->plain = false;
	return pa;
}

static uint64_t leaf_raw(struct path *p, const struct tree *t,
			 unsigned int level, uint64_t output)
{
	uint64_t raw = t->kind == ENTRY_S1 ? s1_leaf(p) : s2_leaf(p);

	if (chance(p, 30))
		raw |= BIT(52);
	return raw |
	       (output & MASK(0, 48) & ~MASK(0, shift(t->granule, level))) |
	       (level == 3 ? 3 : 1);
}

/* The way to a plain page is plain itself. */
static void mend(struct path *p, const struct tree *t, struct entry *e)
{
	if (e->leaf)
		return;
	e->raw = name(t, e->child) | 3;
	ram_put(p->b->ram, e->pa, e->raw);
}

static void map(struct path *p, struct tree *t, uint64_t input, uint64_t output,
		unsigned int leaf_level)
{
	uint64_t table = t->root, mask, pa, raw;

	for (unsigned int level = t->level;; level++) {
		unsigned int s = shift(t->granule, level);
		struct entry e = { .kind = (uint8_t)t->kind,
				   .level = (uint8_t)level,
				   .leaf = level == leaf_level };
		struct entry *old;

		mask = level == t->level ? MASK(0, t->bits - s)
					 : MASK(0, stride[t->granule]);
		pa = table + (input >> s & mask) * 8;
		old = find(p, pa);
		if (old && p->plain)
			mend(p, t, old);
		if (old && (old->leaf || e.leaf))
			return;
		if (old) {
			table = old->child;
			continue;
		}
		if (e.leaf) {
			raw = leaf_raw(p, t, level, output);
			put(p, pa, defect(p, level, raw), e);
			return;
		}
		if (p->next + BIT(17) > arena_end(p))
			return;
		e.child = new_table(p, t, page_lg2[t->granule]);
		raw = table_attributes(p, t) | name(t, e.child) | 3;
		put(p, pa, defect(p, level, raw), e);
		table = e.child;
	}
}

/* The root is aligned to its size, 64 bytes at least. */
static uint64_t root_lg2(const struct tree *t)
{
	unsigned int lg2 = t->bits - shift(t->granule, t->level) + 3;

	return lg2 < 6 ? 6 : lg2;
}

static unsigned int choose_leaf(struct path *p, const struct tree *t)
{
	unsigned int lowest = highest_block[t->granule];

	if (chance(p, 20) && lowest > 0)
		lowest--; /* blocks that do not exist */
	if (lowest < t->level)
		lowest = t->level;
	return chance(p, 500) ? 3 : (unsigned int)pick(p, lowest, 3);
}

/* ---- stage 2 ---- */

static unsigned int start_level(const struct tree *t, uint64_t sl0)
{
	return (t->granule == 0 ? 2 : 3) - (unsigned int)sl0;
}

static uint64_t choose_stage2(struct path *p, bool nested)
{
	struct tree *t = &p->s2;
	/* By granule and SL0: input bits that need no concatenation. */
	static const uint8_t least[3][3] = { { 25, 31, 40 },
					     { 25, 26, 37 },
					     { 25, 30, 43 } };
	static const uint8_t most[3][3] = { { 30, 39, 44 },
					    { 25, 36, 44 },
					    { 29, 42, 44 } };
	unsigned int sl0 = (unsigned int)pick(p, 0, 2), concatenated = 0;

	t->kind = ENTRY_S2;
	t->granule = (unsigned int)pick(p, 0, 2);
	t->level = start_level(t, sl0);
	t->bits = (unsigned int)pick(p, least[t->granule][sl0],
				     most[t->granule][sl0]);
	if (!nested && chance(p, 40) && most[t->granule][sl0] < 40) {
		concatenated = (unsigned int)pick(p, 1, 4);
		t->bits = most[t->granule][sl0] + concatenated;
	}
	t->root = arena(p, (unsigned int)root_lg2(t));
	return sl0;
}

static uint64_t granule_field(unsigned int granule)
{
	static const uint8_t tg0[3] = { 0, 2, 1 };

	return tg0[granule];
}

static void stage2_words(struct path *p, uint64_t sl0, uint64_t *word)
{
	const struct tree *t = &p->s2;
	uint64_t t0sz = 64 - t->bits, ps = chance(p, 850) ? 4 : pick(p, 0, 5);

	if (chance(p, 10))
		t0sz = bits(p, 6);
	if (chance(p, 10))
		sl0 = bits(p, 2);
	/* A root of less than two entries is no defect to QEMU. */
	if (sl0 < 3 && 64 - t0sz <= shift(t->granule, start_level(t, sl0)))
		t0sz = pick(p, 40, 63);
	word[2] |= (p->device + 1) | t0sz << 32 | sl0 << 38 | bits(p, 6) << 40 |
		   granule_field(t->granule) << 46 | ps << 48 | BIT(51) |
		   BIT(58);
	if (chance(p, 5))
		word[2] |= MASK(46, 2);
	if (chance(p, 5))
		word[2] |= BIT(52);
	if (chance(p, 60))
		word[2] |= BIT(53);
	if (chance(p, 30))
		word[2] |= BIT(54);
	if (chance(p, 5))
		word[2] |= BIT(pick(p, 55, 57));
	if (chance(p, 60))
		word[2] &= ~BIT(58);
	word[3] = t->root;
	if (chance(p, 8))
		word[3] = nowhere(p);
	if (chance(p, 8))
		word[3] |= BIT(pick(p, 36, 51));
}

/* Where the DMA goes: mostly where it can be seen. */
static void choose_data(struct path *p)
{
	if (chance(p, 850))
		p->data = WINDOW_PA + rng_below(&p->b->rng, WINDOW_BYTES);
	else
		p->data = pick(p, NOWHERE_PA, NOWHERE_END - 1);
	p->data &= ~UINT64_C(3);
}

/* An input of `n` bits whose low bits are the output's below the leaf. */
static uint64_t input_for(struct path *p, const struct tree *t,
			  unsigned int leaf, uint64_t output)
{
	uint64_t low = MASK(0, shift(t->granule, leaf));

	return (bits(p, t->bits) & ~low) | (output & low & MASK(0, t->bits));
}

/* ---- stage 1 ---- */

static void choose_stage1(struct path *p, bool nested)
{
	struct tree *t = &p->s1;

	t->kind = ENTRY_S1;
	t->nested = nested;
	t->granule = (unsigned int)pick(p, 0, 2);
	t->bits = (unsigned int)pick(p, 25, 48);
	for (t->level = 3;
	     t->bits > shift(t->granule, t->level) + stride[t->granule];)
		t->level--;
	if (nested)
		t->ipa_base = bits(p, p->s2.bits) & ~MASK(0, ARENA_LG2);
	t->root = new_table(p, t, (unsigned int)root_lg2(t));
}

static uint64_t cd_half(struct path *p, bool upper)
{
	static const uint8_t tg1[3] = { 2, 1, 3 };
	const struct tree *t = &p->s1;
	uint64_t tsz = 64 - t->bits;

	if (chance(p, 8))
		tsz = chance(p, 500) ? pick(p, 0, 15) : pick(p, 40, 63);
	if (upper)
		return tsz << 16 | (uint64_t)tg1[t->granule] << 22 |
		       bits(p, 6) << 24;
	return tsz | granule_field(t->granule) << 6 | bits(p, 6) << 8;
}

static void cd_flags(struct path *p, uint64_t *word)
{
	uint64_t ips = chance(p, 850) ? 4 : pick(p, 0, 5);

	word[0] |= BIT(31) | ips << 32 | BIT(41) | BIT(45) | BIT(46) |
		   bits(p, 16) << 48;
	if (chance(p, 60))
		word[0] |= BIT(35);
	if (chance(p, 200))
		word[0] |= bits(p, 2) << 36;
	if (chance(p, 100))
		word[0] |= bits(p, 2) << 38;
	if (chance(p, 50))
		word[0] |= BIT(40);
	if (chance(p, 5))
		word[0] |= BIT(pick(p, 42, 44));
	if (chance(p, 60))
		word[0] &= ~BIT(45);
	if (chance(p, 5))
		word[0] &= ~BIT(46);
	if (chance(p, 8))
		word[0] &= ~BIT(31);
	if (chance(p, 5))
		word[0] &= ~BIT(41);
	if (chance(p, 5))
		word[0] |= BIT(15);
}

/* A CD; returns its PA. */
static uint64_t make_cd(struct path *p, bool upper)
{
	uint64_t word[8] = { 0 }, pa = arena(p, 6);
	unsigned int half = upper ? 2 : 1;
	bool both = chance(p, 200);

	word[0] = cd_half(p, upper);
	if (both)
		word[0] |= cd_half(p, !upper);
	else
		word[0] |= upper ? BIT(14) : BIT(30);
	cd_flags(p, word);
	word[half] = name(&p->s1, p->s1.root);
	if (both)
		word[3 - half] = word[half];
	if (chance(p, 8))
		word[half] |= BIT(pick(p, 36, 51));
	if (chance(p, 100))
		word[half] |= BIT(1);
	word[3] = rng_next(&p->b->rng);
	if (chance(p, 8))
		word[0] |= upper ? BIT(30) : BIT(14);
	for (uint8_t i = 0; i < 8; i++)
		put(p, pa + 8 * (uint64_t)i, word[i],
		    (struct entry){ .kind = ENTRY_CD, .word = i });
	return pa;
}

/* The address within the half, sometimes outside. */
static void finish_input(struct path *p, bool upper)
{
	unsigned int n = p->s1.bits;

	if (upper)
		p->input |= ~MASK(0, n);
	if (chance(p, 20))
		p->input ^= BIT(pick(p, n, 63));
	if (chance(p, 30))
		p->input ^= BIT(pick(p, 56, 63));
}

static void stage1_words(struct path *p, bool nested, uint64_t *word)
{
	bool upper = chance(p, 300);
	unsigned int leaf;
	uint64_t cd, output = p->data;

	choose_stage1(p, nested);
	if (nested) {
		leaf = choose_leaf(p, &p->s2);
		/* Not where the tables are. */
		do {
			output = input_for(p, &p->s2, leaf, p->data);
		} while ((output & ~MASK(0, ARENA_LG2)) == p->s1.ipa_base &&
			 !chance(p, 10));
		map(p, &p->s2, output, p->data, leaf);
	}
	leaf = choose_leaf(p, &p->s1);
	p->input = input_for(p, &p->s1, leaf, output);
	map(p, &p->s1, p->input, output, leaf);
	finish_input(p, upper);
	cd = make_cd(p, upper);
	if (nested)
		map(p, &p->s2, name(&p->s1, cd), cd, 3);
	word[0] |= name(&p->s1, cd);
	if (chance(p, 8))
		word[0] = (word[0] & ~MASK(6, 50)) | nowhere(p);
	if (chance(p, 5))
		word[0] |= BIT(pick(p, 36, 51));
}

/* ---- streams ---- */

static void make_ste(struct path *p, uint64_t pa)
{
	uint64_t word[8] = { 1 }, config, sl0;
	unsigned int dice = (unsigned int)pick(p, 0, 99), leaf;

	config = dice < 30   ? 6
		 : dice < 60 ? 7
		 : dice < 92 ? 5
		 : dice < 96 ? 4
			     : 0;
	if (dice == 99)
		config = bits(p, 3);
	choose_data(p);
	p->input = p->data;
	if (config & 2) {
		sl0 = choose_stage2(p, config & 1);
		stage2_words(p, sl0, word);
	}
	if (config == 6) {
		leaf = choose_leaf(p, &p->s2);
		p->input = input_for(p, &p->s2, leaf, p->data);
		map(p, &p->s2, p->input, p->data, leaf);
		if (chance(p, 30))
			p->input |= BIT(pick(p, p->s2.bits, 63));
	} else if (config & 1) {
		stage1_words(p, config & 2, word);
	} else if (chance(p, 100)) {
		p->input |= BIT(pick(p, 40, 63));
	}
	word[0] |= config << 1;
	word[1] |= bits(p, 8); /* S1DSS and cacheability */
	if (chance(p, 8))
		word[0] &= ~BIT(0);
	if (chance(p, 5))
		word[0] |= bits(p, 5) << 59;
	if (chance(p, 5))
		word[1] |= BIT(27);
	if (chance(p, 50))
		word[1] |= bits(p, 2) << 30 | bits(p, 2) << 28;
	for (uint8_t i = 0; i < 8; i++)
		put(p, pa + 8 * (uint64_t)i, word[i],
		    (struct entry){ .kind = ENTRY_STE, .word = i });
}

/* One span for the first level's entry of a device. */
static void make_l1std(struct path *p, uint64_t table, unsigned int split,
		       uint64_t l2, unsigned int index)
{
	uint64_t raw = l2 | (split + 1);

	if (chance(p, 40))
		raw = l2 | bits(p, 5);
	if (chance(p, 20))
		raw = nowhere(p) | (split + 1);
	if (!find(p, table + 8 * (uint64_t)index))
		put(p, table + 8 * (uint64_t)index, raw,
		    (struct entry){ .kind = ENTRY_L1STD });
}

static uint64_t ste_pa(struct path *p, unsigned int split)
{
	uint16_t sid = EDU_SID(p->device);
	uint64_t l2;

	if (!p->b->two_level)
		return STREAMS_PA + 64 * (uint64_t)sid;
	l2 = STREAMS_PA + 0x10000 + ((uint64_t)(sid >> split) << (split + 6));
	make_l1std(p, STREAMS_PA, split, l2, sid >> split);
	return l2 + 64 * (uint64_t)(sid & (BIT(split) - 1));
}

void batch_generate(struct batch *b, bool two_level, uint64_t seed,
		    uint64_t number, uint8_t *ram)
{
	struct path p = { .b = b };
	unsigned int split = 6, log2size;

	b->number = number;
	b->rng = rng_of_case(seed, number);
	b->ram = ram;
	b->entries = 0;
	b->two_level = two_level;
	log2size = chance(&p, 100) ? 7 : (unsigned int)pick(&p, 8, 12);
	if (chance(&p, 200))
		split = 8;
	b->strtab_cfg = log2size | (b->two_level ? split << 6 | 1u << 16 : 0);
	b->strtab_base = STREAMS_PA;
	if (chance(&p, 10))
		b->strtab_base = nowhere(&p);
	for (p.device = 0; p.device < DEVICES; p.device++) {
		uint64_t pa;

		p.next = ARENA_PA + ((uint64_t)p.device << ARENA_LG2);
		/* L1STDs are shared: found whoever wrote them. */
		b->first[p.device] = 0;
		memset(&p.s1, 0, sizeof(p.s1));
		memset(&p.s2, 0, sizeof(p.s2));
		pa = ste_pa(&p, split);
		b->first[p.device] = b->entries;
		make_ste(&p, pa);
		b->vector[p.device] =
			(struct vector){ .address = p.input & ~UINT64_C(3),
					 .write = chance(&p, 500) };
	}
}

void batch_erase(struct batch *b)
{
	for (unsigned int i = 0; i < b->entries; i++)
		ram_put(b->ram, b->entry[i].pa, 0);
}
