/* SPDX-License-Identifier: BSD-2-Clause */
/* Tables by hand. DDI0487 L.b D8.3.1 (formats), D8.2.2 (concatenation). */
#include "tests/diff/conformance/tree.h"

#include "core/base/bits.h"

/* Address bits 51:48 stand in 15:12 of a 64K granule's descriptors. */
static uint64_t address_encode(const struct tree *tree, uint64_t address)
{
	uint64_t low =
		address & MASK(tree->g->page_lg2, 48u - tree->g->page_lg2);

	return tree->wide ? low | (address >> 48 & 0xf) << 12 : low;
}

static uint64_t address_decode(const struct tree *tree, uint64_t raw)
{
	uint64_t low = raw & MASK(tree->g->page_lg2, 48u - tree->g->page_lg2);

	return tree->wide ? low | (raw >> 12 & 0xf) << 48 : low;
}

uint64_t tree_root(const struct tree *tree, uint64_t size)
{
	uint64_t root = tree->root;

	if (tree->wide && size >= 6)
		root = (root & MASK(6, 42)) | (root >> 48 & 0xf) << 2;
	return root;
}

static bool add_table(struct tree *tree, uint64_t address, uint64_t pa)
{
	if (tree->tables == TREE_TABLES_MAX)
		return false;
	tree->table[tree->tables].address = address;
	tree->table[tree->tables++].pa = pa;
	return true;
}

/* Where the table at `address` of the output space is; 0: not one of ours. */
static uint64_t find_table(const struct tree *tree, uint64_t address)
{
	for (unsigned int i = 0; i < tree->tables; i++)
		if (tree->table[i].address == address)
			return tree->table[i].pa;
	return 0;
}

unsigned int tree_leaf_lg2(const struct tree *tree, int level, bool contiguous)
{
	return granule_shift(tree->g, level) +
	       (contiguous ? tree->g->contiguous_lg2[level] : 0);
}

int tree_leaf_level(struct tree *tree)
{
	int first = tree->wide ? tree->g->first_block52 : tree->g->first_block;

	if (first < tree->root_level)
		first = tree->root_level;
	/* Blocks are as welcome as pages. */
	return (int)rng_between(&tree->c->rng, (uint64_t)first, 3);
}

uint64_t tree_input(struct tree *tree, uint64_t output, unsigned int lg2)
{
	struct rng *rng = &tree->c->rng;
	uint64_t high = rng_bits(rng, tree->input_bits);
	unsigned int pick = (unsigned int)rng_below(rng, 4);

	/* Near something, so that tables are shared. */
	if (pick == 0)
		high = tree->recent ^ rng_bits(rng, 24);
	else if (pick == 1)
		high &= rng_bits(rng, (unsigned int)rng_between(rng, 20, 52));
	high &= BIT(tree->input_bits) - 1;
	if (lg2 > tree->input_bits)
		lg2 = tree->input_bits;
	tree->recent = align_down(high, lg2) | (output & (BIT(lg2) - 1));
	return tree->recent;
}

/* A table's place in the output space: an IPA for stage 1. */
static uint64_t place_table(struct tree *tree, uint64_t pa, unsigned int lg2,
			    bool safe)
{
	struct tree *below = tree->stage2;
	uint64_t ipa = 0;

	if (!below)
		return pa;
	for (int i = 0; i < 8; i++) {
		int level = tree_leaf_level(below);
		unsigned int leaf = tree_leaf_lg2(below, level, false);

		if (leaf < lg2)
			leaf = lg2;
		ipa = tree_input(below, pa, leaf) &
		      (BIT(tree->output_bits) - 1);
		if ((ipa & (BIT(lg2) - 1)) == (pa & (BIT(lg2) - 1)) &&
		    !find_table(tree, ipa) &&
		    tree_map(below, ipa, pa, level,
			     safe ? QUALITY_SAFE : QUALITY_TABLE, false))
			return ipa;
	}
	return ipa;
}

static uint64_t new_table(struct tree *tree, unsigned int lg2, bool safe)
{
	uint64_t pa = case_allocate(tree->c, lg2), address;

	if (!pa)
		return 0;
	address = place_table(tree, pa, lg2, safe);
	return add_table(tree, address, pa) ? address : 0;
}

bool tree_start(struct tree *tree, bool safe)
{
	unsigned int lg2 =
		tree->input_bits - granule_shift(tree->g, tree->root_level) + 3;

	tree->tables = 0;
	tree->root = new_table(tree, lg2 < 6 ? 6 : lg2, safe);
	return tree->root != 0;
}

/* Bits 58:52 and 11:2 mean nothing; stage 1 has restrictions in 63:59. */
static uint64_t table_descriptor(struct tree *tree, uint64_t address, bool safe)
{
	struct rng *rng = &tree->c->rng;
	uint64_t raw = address_encode(tree, address) | 3;

	if (safe)
		return raw;
	if (rng_percent(rng, 30))
		raw |= rng_next(rng) & (MASK(52, 7) | MASK(2, 10));
	if (tree->stage == 1 && rng_percent(rng, 25))
		raw |= BIT(59 + rng_below(rng, 5));
	return raw;
}

/* 1 is reserved. */
static uint64_t shareability(struct rng *rng)
{
	static const uint8_t known[3] = { 0, 2, 3 };

	return rng_percent(rng, 3) ? 1 : known[rng_below(rng, 3)];
}

/* AttrIndx 4:2, NS 5, AP 7:6, SH 9:8, AF 10, nG 11, DBM 51, PXN 53, UXN 54. */
static uint64_t s1_leaf(struct rng *rng, enum quality quality)
{
	uint64_t raw = BIT(10);

	if (quality == QUALITY_SAFE)
		return raw | 3 << 6 | 3 << 8;
	raw |= rng_bits(rng, 3) << 2 | rng_bits(rng, 1) << 5 |
	       (rng_percent(rng, 50) ? 1 : rng_bits(rng, 2)) << 6 |
	       shareability(rng) << 8 | rng_bits(rng, 1) << 11;
	if (rng_percent(rng, 10))
		raw |= BIT(51);
	if (rng_percent(rng, 25))
		raw |= BIT(53);
	if (rng_percent(rng, 25))
		raw |= BIT(54);
	if (rng_percent(rng, 30))
		raw |= rng_next(rng) & (MASK(55, 9));
	return raw;
}

/* MemAttr 5:2, S2AP 7:6, SH 9:8, AF 10, DBM 51, XN 54:53. */
static uint64_t s2_leaf(struct rng *rng, enum quality quality)
{
	uint64_t raw = BIT(10);
	uint64_t memattr = rng_percent(rng, 50) ? 15 : rng_bits(rng, 4);
	unsigned int open = quality == QUALITY_TABLE ? 93 : 70;

	if (quality == QUALITY_SAFE)
		return raw | 15 << 2 | 3 << 6 | 3 << 8;
	if (quality == QUALITY_TABLE && rng_percent(rng, 70))
		memattr |= 4;
	raw |= memattr << 2 | shareability(rng) << 8 |
	       (rng_percent(rng, open) ? 3 : rng_bits(rng, 2)) << 6 |
	       (rng_percent(rng, 60) ? 0 : rng_bits(rng, 2)) << 53;
	if (rng_percent(rng, 10))
		raw |= BIT(51);
	if (rng_percent(rng, 30))
		raw |= rng_next(rng) & (MASK(55, 4));
	return raw;
}

static bool put(struct tree *tree, uint64_t pa, uint64_t raw, int level,
		bool leaf, bool safe)
{
	struct descriptor d = {
		.pa = pa,
		.raw = raw,
		.stage = tree->stage,
		.level = (int8_t)level,
		.leaf = leaf,
		.safe = safe,
		.granule = (uint8_t)(tree->g - granules),
	};

	return case_put(tree->c, &d);
}

/* A leaf, or the whole run that the contiguous bit speaks of: its entries
 * agree in all but the address. */
static bool put_leaf(struct tree *tree, uint64_t slot, uint64_t output,
		     int level, enum quality quality, bool contiguous)
{
	unsigned int shift = granule_shift(tree->g, level);
	uint64_t raw = level == 3 ? 3 : 1;
	uint64_t n = BIT(contiguous ? tree->g->contiguous_lg2[level] : 0);
	bool safe = quality == QUALITY_SAFE;

	raw |= tree->stage == 1 ? s1_leaf(&tree->c->rng, quality)
				: s2_leaf(&tree->c->rng, quality);
	if (!contiguous)
		return put(tree, slot,
			   raw | address_encode(tree,
						align_down(output, shift)),
			   level, true, safe);
	slot = align_down(slot, ctz64(n) + 3);
	output = align_down(output, ctz64(n) + shift);
	for (uint64_t i = 0; i < n; i++)
		if (ram_read64(tree->c->ram, (pa_t){ slot + 8 * i }))
			return false;
	for (uint64_t i = 0; i < n; i++)
		if (!put(tree, slot + 8 * i,
			 raw | BIT(52) |
				 address_encode(tree, output + (i << shift)),
			 level, true, safe))
			return false;
	return true;
}

/* The slot's own address must be reachable through stage 2. */
static void reach_slot(struct tree *tree, uint64_t address, uint64_t pa,
		       bool safe)
{
	if (tree->stage2)
		tree_map(tree->stage2, address, pa, 3,
			 safe ? QUALITY_SAFE : QUALITY_TABLE, false);
}

bool tree_map(struct tree *tree, uint64_t input, uint64_t output, int level,
	      enum quality quality, bool contiguous)
{
	bool safe = quality == QUALITY_SAFE;
	uint64_t table = tree->root;
	uint64_t bits = tree->input_bits;

	input &= BIT(bits) - 1;
	for (int at = tree->root_level;; at++) {
		unsigned int shift = granule_shift(tree->g, at);
		uint64_t index = (input & (BIT(bits) - 1)) >> shift;
		uint64_t pa = find_table(tree, table), slot, raw;

		if (!pa)
			return false;
		slot = pa + 8 * index;
		reach_slot(tree, table + 8 * index, slot, safe);
		raw = ram_read64(tree->c->ram, (pa_t){ slot });
		if (raw && (at == 3 || !(raw & 2)))
			return align_down(address_decode(tree, raw), shift) +
				       (input & (BIT(shift) - 1)) ==
			       output;
		if (!raw && at == level)
			return put_leaf(tree, slot, output, at, quality,
					contiguous);
		if (!raw) {
			uint64_t next =
				new_table(tree, tree->g->stride + 3u, safe);

			if (!next)
				return false;
			raw = table_descriptor(tree, next, safe);
			if (!put(tree, slot, raw, at, false, safe))
				return false;
		}
		if (at == 3)
			return false;
		table = address_decode(tree, raw);
		bits = shift;
	}
}
