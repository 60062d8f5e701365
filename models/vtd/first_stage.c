/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first-stage walk, alone or nested on a second stage. VT-d 4.1 §3.6,
 * §3.8, §9.7. The G bit is ignored, as the specification has it since 3.0.
 */
#include "models/vtd/unit.h"

#define DEPTH(level) (VTD_LEVELS_MAX - (level))
static const uint8_t range_lg2[VTD_LEVELS_MAX] = {
	VTD_LEVEL_RANGE(5), VTD_LEVEL_RANGE(4), VTD_LEVEL_RANGE(3),
	VTD_LEVEL_RANGE(2), VTD_LEVEL_RANGE(1),
};

#define INHERITED (FIELD_MASK(VTD_FSPTE_RW) | FIELD_MASK(VTD_FSPTE_US))

static bool is_leaf(uint64_t raw, int level)
{
	return level == 1 || FIELD_GET(VTD_FSPTE_PS, raw);
}

static bool reserved_bits(const struct vtd_walk *w, uint64_t raw, int level)
{
	const struct vtd_config *c = &w->vtd->config;
	uint64_t reserved = vtd_beyond_haw(w->vtd) & MASK(0, 52);

	/* Without requests to execute (4.1) XD is ignored. */
	if (c->execute && !FIELD_GET(VTD_PE2_NXE, w->pasid_word[2]))
		reserved |= FIELD_MASK(VTD_FSPTE_XD);
	if (level > 1 && FIELD_GET(VTD_FSPTE_PS, raw)) {
		if (level > 3 || (level == 3 && !c->first_1g))
			return true;
		/* bit 12 is PAT's */
		reserved |= MASK(13, 9 * (unsigned int)(level - 1) - 1);
	}
	return raw & reserved;
}

/* Where an entry is. Nested: through the second stage. */
struct place {
	uint64_t pa;
	bool writable;
	int32_t dirty_mark; /* the second-stage leaf's, or -1 */
};

static enum vtd_reason locate(struct vtd_walk *w, const struct vtd_second *s,
			      uint64_t address, bool root, struct place *place)
{
	struct vtd_second for_table;
	enum vtd_reason reason;
	struct vtd_leaf leaf;

	*place = (struct place){ address, true, -1 };
	if (!s)
		return VTD_NO_FAULT;
	if (address >> VTD_LEVEL_RANGE(s->levels) ||
	    address >> w->vtd->config.mgaw_bits)
		return VTD_SFS_5;
	for_table = *s;
	for_table.kind = VTD_READ_SECOND_FOR_TABLE;
	reason = vtd_second_walk(w, &for_table, address, false, &leaf);
	if (reason != VTD_NO_FAULT)
		return reason;
	/* With SSADE reading needs both rights. VT-d 4.1 §3.8.1 */
	if (!FIELD_GET(VTD_TE_R, leaf.attrs) ||
	    (s->access_dirty && !FIELD_GET(VTD_TE_W, leaf.attrs)))
		return root ? VTD_SFS_6 : VTD_SFS_7;
	place->pa = leaf.base + (address & MASK(0, leaf.size_lg2));
	place->writable = FIELD_GET(VTD_TE_W, leaf.attrs);
	place->dirty_mark = leaf.mark;
	return VTD_NO_FAULT;
}

/* A on every entry, D on the leaf of a write. */
static enum vtd_reason mark(struct vtd_walk *w, const struct place *place,
			    uint64_t raw, bool dirty, bool coherent)
{
	uint64_t set =
		FIELD_MASK(VTD_FSPTE_A) | (dirty ? FIELD_MASK(VTD_FSPTE_D) : 0);

	if ((raw & set) == set)
		return VTD_NO_FAULT;
	if (!place->writable)
		return VTD_SFS_8;
	if (place->dirty_mark >= 0)
		w->mark[place->dirty_mark].set |= FIELD_MASK(VTD_SSPTE_D);
	vtd_mark_later(w, &(struct vtd_mark){ .pa = place->pa,
					      .raw = raw,
					      .set = set,
					      .failure = VTD_SFS_10,
					      .incoherent = VTD_SFS_9,
					      .coherent = coherent });
	return VTD_NO_FAULT;
}

static struct vtd_leaf leaf_of(uint64_t raw, int level, uint64_t inherited,
			       bool no_execute, bool write)
{
	unsigned int lg2 = VTD_LEVEL_SHIFT(level);
	bool dirty = write || FIELD_GET(VTD_FSPTE_D, raw);

	return (struct vtd_leaf){
		.base = raw & MASK(lg2, 52 - lg2),
		.attrs = FIELD_PREP(VTD_TE_RW,
				    FIELD_GET(VTD_FSPTE_RW, inherited)) |
			 FIELD_PREP(VTD_TE_US,
				    FIELD_GET(VTD_FSPTE_US, inherited)) |
			 FIELD_PREP(VTD_TE_XD, no_execute) |
			 FIELD_PREP(VTD_TE_D, dirty) | FIELD_MASK(VTD_TE_R) |
			 FIELD_MASK(VTD_TE_W),
		.size_lg2 = (uint8_t)lg2,
	};
}

static enum vtd_reason step(struct vtd_walk *w, const struct vtd_second *s,
			    uint64_t table, uint64_t input, int level, int root,
			    uint64_t *raw, struct place *place)
{
	bool coherent = FIELD_GET(VTD_PE1_PWSNP, w->pasid_word[1]) ||
			(!w->vtd->config.walk_snoop && w->vtd->config.coherent);
	uint64_t address = vtd_entry_address(table, input, level);
	enum vtd_reason reason = locate(w, s, address, level == root, place);

	if (reason != VTD_NO_FAULT)
		return reason;
	if (!vtd_fetch(w, VTD_READ_FIRST, (unsigned int)level, input, place->pa,
		       1, coherent, raw))
		return level == root ? VTD_SFS_4 : VTD_SFS_1;
	if (!FIELD_GET(VTD_FSPTE_P, *raw))
		return VTD_SFS_2;
	if (reserved_bits(w, *raw, level))
		return VTD_SFS_3;
	return mark(w, place, *raw, w->request->write && is_leaf(*raw, level),
		    coherent);
}

enum vtd_reason vtd_first_walk(struct vtd_walk *w,
			       const struct vtd_second *second, uint64_t input,
			       struct vtd_leaf *leaf)
{
	const struct tlb_tag tag =
		vtd_iotlb_tag(w, second ? VTD_KIND_NESTED : VTD_KIND_FIRST);
	int root = 4 + (int)FIELD_GET(VTD_PE2_FSPM, w->pasid_word[2]);
	struct walk_cache_entry at = {
		.table = vtd_address(w->pasid_word[2]),
		.attrs = INHERITED,
	};
	int level = root;
	enum vtd_reason reason;
	struct place place;
	uint64_t raw;

	if (walk_cache_lookup(w->vtd->first, input, &tag, range_lg2,
			      DEPTH(root) + 1, DEPTH(1), &at)) {
		level = DEPTH(at.level);
		w->out->walk_from = (uint8_t)level;
	}
	for (;; level--) {
		reason = step(w, second, at.table, input, level, root, &raw,
			      &place);
		if (reason != VTD_NO_FAULT)
			return reason;
		/* XD adds up, the others must all be set. */
		at.attrs = (at.attrs & (raw | ~INHERITED)) |
			   (raw & FIELD_MASK(VTD_FSPTE_XD));
		if (is_leaf(raw, level))
			break;
		at.table = raw & FIELD_MASK(VTD_FSPTE_ADDR);
		at.level = (int8_t)DEPTH(level - 1);
		walk_cache_fill(w->vtd->first, input,
				VTD_LEVEL_RANGE(level - 1), &tag, false, &at);
	}
	*leaf = leaf_of(raw, level, at.attrs, at.attrs >> 63,
			w->request->write);
	return VTD_NO_FAULT;
}
