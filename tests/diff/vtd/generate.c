/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random batches: first tables that make sense, so that walks go deep, then
 * defects in some words. VT-d 4.1 chapter 9.
 */
#include "tests/diff/vtd/batch.h"

#include <string.h>

#include "core/base/bits.h"

/* One device's way through the tables while it is made. */
struct path {
	struct batch *b;
	unsigned int device;
	unsigned int levels, leaf_level;
	uint64_t iova, pa;
	uint32_t pasid;
	uint8_t aw;
};

static uint64_t page(struct batch *b)
{
	uint64_t pa = b->next;

	b->next += 4096;
	return pa;
}

static void put(struct path *p, uint64_t pa, uint64_t raw, struct entry e)
{
	struct batch *b = p->b;

	/* Where a defect led nowhere there is nothing to write. */
	if (b->entries == ENTRIES_MAX || pa + 8 > RAM_BYTES)
		return;
	ram_put(b->ram, pa, raw);
	e.pa = pa;
	e.raw = raw;
	e.device = (uint8_t)p->device;
	b->entry[b->entries++] = e;
}

static bool chance(struct path *p, unsigned int per_mille)
{
	return rng_below(&p->b->rng, 1000) < per_mille;
}

/* A pointer where nothing answers, within the host's width. */
static uint64_t nowhere(struct path *p)
{
	unsigned int bits = p->b->flavour->aw_bits;

	return (NOWHERE_PA | rng_bits(&p->b->rng, bits)) & MASK(12, bits - 12);
}

/* One bit of a mask. */
static uint64_t one_of(struct path *p, uint64_t mask)
{
	uint64_t bit;

	do {
		bit = BIT(rng_below(&p->b->rng, 64));
	} while (!(bit & mask));
	return bit;
}

/* Where the DMA goes: mostly where it can be seen. */
static void choose_output(struct path *p)
{
	struct rng *rng = &p->b->rng;
	unsigned int bits = p->b->flavour->aw_bits;

	if (rng_percent(rng, 85))
		p->pa = WINDOW_PA + rng_below(rng, WINDOW_BYTES);
	else if (rng_percent(rng, 20))
		p->pa = UINT64_C(0xfee00000) + rng_bits(rng, 20);
	else
		p->pa = NOWHERE_PA + rng_bits(rng, bits - 1);
	p->pa &= ~UINT64_C(3);
}

static bool in_interrupt_range(uint64_t iova)
{
	return iova >> 20 == 0xfee;
}

/* An input whose low bits are the output's below the leaf. */
static void choose_input(struct path *p, unsigned int bits)
{
	unsigned int lg2 = 3 + 9 * p->leaf_level;
	struct rng *rng = &p->b->rng;

	do {
		p->iova = rng_bits(rng, bits);
		if (rng_percent(rng, 50))
			p->iova &= MASK(0, lg2 + 11);
		p->iova = (p->iova & ~MASK(0, lg2)) | (p->pa & MASK(0, lg2));
	} while (in_interrupt_range(p->iova));
}

static uint64_t second_rights(struct path *p)
{
	unsigned int dice = (unsigned int)rng_below(&p->b->rng, 100);

	return dice < 5 ? 1 : dice < 10 ? 2 : dice < 12 ? 0 : 3;
}

/* Bits that are ignored: they may be anything. */
static uint64_t second_ignored(struct path *p, unsigned int level)
{
	uint64_t ignored = MASK(2, 5) | MASK(8, 3) | MASK(52, 10) | BIT(63);

	if (level == 1)
		ignored |= BIT(7);
	if (!rng_percent(&p->b->rng, 40))
		return 0;
	return rng_next(&p->b->rng) & ignored;
}

static uint64_t address_defect(struct path *p, unsigned int level, bool leaf,
			       uint64_t raw)
{
	unsigned int haw = p->b->flavour->aw_bits;

	if (chance(p, 12))
		raw |= one_of(p, MASK(haw, 52 - haw));
	if (leaf && level > 1 && chance(p, 30))
		raw |= one_of(p, MASK(12, 9 * (level - 1)));
	return raw;
}

static uint64_t second_entry(struct path *p, unsigned int level, uint64_t out)
{
	bool leaf = level == p->leaf_level;
	uint64_t raw = out | second_rights(p) | second_ignored(p, level);

	if (leaf && level > 1)
		raw |= BIT(7);
	raw = address_defect(p, level, leaf, raw);
	if (chance(p, leaf ? 25 : 8))
		raw |= BIT(11);
	if (chance(p, 10))
		raw |= BIT(62);
	if (!leaf && chance(p, 8))
		raw |= BIT(7);
	if (chance(p, 5))
		raw = rng_next(&p->b->rng);
	return raw;
}

static uint64_t first_entry(struct path *p, unsigned int level, uint64_t out)
{
	bool leaf = level == p->leaf_level;
	struct rng *rng = &p->b->rng;
	uint64_t raw = out | 7;

	if (chance(p, 20))
		raw &= ~BIT(0);
	if (chance(p, 60))
		raw &= ~BIT(1);
	if (chance(p, 20))
		raw &= ~BIT(2);
	if (rng_percent(rng, 40))
		raw |= rng_next(rng) & (MASK(3, 4) | MASK(8, 4) | MASK(52, 11));
	if (leaf && level == 1)
		raw |= rng_next(rng) & BIT(7);
	if (leaf && level > 1)
		raw |= BIT(7);
	raw = address_defect(p, level, leaf, raw);
	if (!leaf && chance(p, 8))
		raw |= BIT(7);
	if (chance(p, 15))
		raw |= BIT(63);
	if (chance(p, 5))
		raw = rng_next(rng);
	return raw;
}

/* The paging structures from the root down; returns the root's address. */
static uint64_t build_paging(struct path *p, enum entry_kind kind)
{
	uint64_t root = page(p->b), table = root, out, raw, pa;

	for (unsigned int level = p->levels;; level--) {
		bool leaf = level == p->leaf_level;
		unsigned int shift = 3 + 9 * level;

		out = leaf ? p->pa & ~MASK(0, shift) : page(p->b);
		if (!leaf && chance(p, 8))
			out = nowhere(p);
		raw = kind == ENTRY_SECOND ? second_entry(p, level, out)
					   : first_entry(p, level, out);
		pa = table + 8 * (p->iova >> shift & 0x1ff);
		put(p, pa, raw,
		    (struct entry){ .kind = (uint8_t)kind,
				    .level = (uint8_t)level,
				    .leaf = leaf });
		if (leaf || out >= RAM_BYTES)
			return root;
		table = out;
	}
}

/* Levels and leaf of a second stage; returns AW. */
static uint64_t choose_second(struct path *p)
{
	struct rng *rng = &p->b->rng;
	unsigned int widest = p->b->flavour->aw_bits == 48 ? 4 : 3;

	p->levels = (unsigned int)rng_between(rng, 3, widest);
	p->leaf_level = 1 + (unsigned int)rng_below(rng, 8);
	if (p->leaf_level > 3)
		p->leaf_level = p->leaf_level > 5 ? 2 : 1;
	choose_output(p);
	choose_input(p, 12 + 9 * p->levels);
	return p->levels - 2;
}

static void widen(struct path *p)
{
	if (chance(p, 30))
		p->iova |= BIT(rng_between(&p->b->rng, 39, 63));
}

static void legacy_device(struct path *p)
{
	struct batch *b = p->b;
	uint64_t pa = b->context[0] + 16 * (uint64_t)DEVICE_SID(p->device);
	uint64_t aw = choose_second(p), lo, hi;
	unsigned int dice = (unsigned int)rng_below(&b->rng, 100);

	lo = build_paging(p, ENTRY_SECOND) | 1;
	if (chance(p, 10))
		lo = nowhere(p) | 1;
	lo |= dice < 10 ? 2 << 2 : dice < 12 ? 1 << 2 : dice < 14 ? 3 << 2 : 0;
	if (chance(p, 100))
		lo |= BIT(1);
	if (chance(p, 25))
		lo &= ~BIT(0);
	if (chance(p, 15))
		lo |= one_of(p, MASK(4, 8));
	if (chance(p, 10))
		lo |= one_of(p, MASK(b->flavour->aw_bits,
				     64 - b->flavour->aw_bits));
	if (chance(p, 25))
		aw = rng_below(&b->rng, 8);
	hi = aw | (uint64_t)(p->device + 1 + (b->number % 1000) * 32) << 8;
	if (rng_percent(&b->rng, 30))
		hi |= rng_bits(&b->rng, 4) << 3;
	if (chance(p, 15))
		hi |= one_of(p, BIT(7) | MASK(24, 40));
	put(p, pa, lo, (struct entry){ .kind = ENTRY_CONTEXT });
	put(p, pa + 8, hi, (struct entry){ .kind = ENTRY_CONTEXT, .word = 1 });
	widen(p);
}

static void pasid_entry(struct path *p, uint64_t pa)
{
	struct batch *b = p->b;
	bool first = b->flavour->first;
	unsigned int dice = (unsigned int)rng_below(&b->rng, 100);
	uint64_t pgtt = first ? 1 : 2, word[3] = { 1, 0, 0 }, root;
	uint64_t aw = choose_second(p);

	if (first) {
		p->levels = 4;
		choose_input(p, 47);
		if (chance(p, 100))
			aw = rng_below(&b->rng, 8);
		else
			aw = 2;
	}
	root = build_paging(p, first ? ENTRY_FIRST : ENTRY_SECOND);
	if (chance(p, 10))
		root = nowhere(p);
	if (dice < 6)
		pgtt = 4;
	else if (dice < 9)
		pgtt = rng_below(&b->rng, 8);
	/* The model's unit has a second stage, if only for AW (judge.c). */
	if (first && pgtt == 2)
		pgtt = 0;
	if (!first && chance(p, 25))
		aw = rng_below(&b->rng, 8);
	p->aw = (uint8_t)aw;
	word[0] |= aw << 2 | pgtt << 6;
	word[first ? 2 : 0] |= root;
	word[1] |= p->device + 1 + (b->number % 1000) * 32;
	if (first)
		word[2] |= rng_next(&b->rng) & (BIT(4) | BIT(5));
	if (chance(p, 100))
		word[0] |= BIT(1);
	if (chance(p, 25))
		word[0] &= ~BIT(0);
	for (uint8_t i = 0; i < 3; i++)
		put(p, pa + 8 * i, word[i],
		    (struct entry){ .kind = ENTRY_PASID, .word = i });
	if (first && rng_percent(&b->rng, 15))
		p->iova |= MASK(47, 17);
}

static void scalable_device(struct path *p)
{
	struct batch *b = p->b;
	uint16_t sid = DEVICE_SID(p->device);
	uint64_t pa = b->context[sid >> 7] + 32 * (uint64_t)(sid & 0x7f);
	uint64_t directory = page(b), table = page(b), pde, lo;
	uint32_t pasid = 0;

	if (rng_percent(&b->rng, 40))
		pasid = (uint32_t)rng_below(&b->rng, 8192);
	p->pasid = pasid;
	lo = directory | 1 | rng_below(&b->rng, 3) << 9;
	if (chance(p, 10))
		lo = nowhere(p) | 1;
	if (chance(p, 100))
		lo |= BIT(1);
	if (chance(p, 25))
		lo &= ~BIT(0);
	if (chance(p, 15))
		lo |= one_of(p, MASK(5, 4));
	put(p, pa, lo, (struct entry){ .kind = ENTRY_CONTEXT });
	put(p, pa + 8, pasid,
	    (struct entry){ .kind = ENTRY_CONTEXT, .word = 1 });
	put(p, pa + 16, 0, (struct entry){ .kind = ENTRY_CONTEXT, .word = 2 });
	pde = table | 1;
	if (chance(p, 10))
		pde = nowhere(p) | 1;
	if (chance(p, 60))
		pde |= BIT(1);
	if (chance(p, 25))
		pde &= ~BIT(0);
	put(p, directory + 8 * (pasid >> 6), pde,
	    (struct entry){ .kind = ENTRY_DIRECTORY });
	pasid_entry(p, table + 64 * (uint64_t)(pasid & 63));
	widen(p);
}

static void build_root(struct path *p, uint64_t root)
{
	struct batch *b = p->b;
	unsigned int haw = b->flavour->aw_bits;

	for (uint8_t half = 0; half < 2; half++) {
		uint64_t raw = b->context[half] ? b->context[half] | 1 : 0;

		if (raw && chance(p, 20))
			raw &= ~BIT(0);
		if (raw && chance(p, 30))
			raw |= one_of(p, MASK(1, 11) | MASK(haw, 64 - haw));
		if (raw && chance(p, 10))
			raw = nowhere(p) | 1;
		if (half && !b->flavour->scalable && chance(p, 10))
			raw = one_of(p, UINT64_MAX);
		put(p, root + 8 * half, raw,
		    (struct entry){ .kind = ENTRY_ROOT, .word = half });
	}
}

void batch_generate(struct batch *b, const struct flavour *flavour,
		    uint64_t seed, uint64_t number, uint8_t *ram)
{
	struct path p = { .b = b };
	uint64_t root;

	b->number = number;
	b->rng = rng_of_case(seed, number);
	b->flavour = flavour;
	b->ram = ram;
	b->next = ARENA_PA;
	b->entries = 0;
	root = page(b);
	b->context[0] = page(b);
	b->context[1] = flavour->scalable ? page(b) : 0;
	for (p.device = 0; p.device < DEVICES; p.device++) {
		if (flavour->scalable)
			scalable_device(&p);
		else
			legacy_device(&p);
		b->vector[p.device] =
			(struct vector){ .iova = p.iova,
					 .write = rng_percent(&b->rng, 50),
					 .rid_pasid = p.pasid,
					 .aw = p.aw };
	}
	p.device = 0;
	build_root(&p, root);
	b->rtaddr = root | (flavour->scalable ? BIT(10) : 0);
	if (chance(&p, 10))
		b->rtaddr = nowhere(&p) | (b->rtaddr & BIT(10));
}

void batch_erase(struct batch *b)
{
	memset(b->ram + ARENA_PA, 0, b->next - ARENA_PA);
}
