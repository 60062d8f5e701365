/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The second-stage walk. VT-d 4.1 §3.7, §9.8. Permissions are gathered on the
 * way and judged at its end (translate.c): an entry that is neither readable
 * nor writable is not present and ends the walk.
 */
#include "models/vtd/unit.h"

/* Tables by depth, for the walk cache. */
#define DEPTH(level) (VTD_LEVELS_MAX - (level))
static const uint8_t range_lg2[VTD_LEVELS_MAX] = {
	VTD_LEVEL_RANGE(5), VTD_LEVEL_RANGE(4), VTD_LEVEL_RANGE(3),
	VTD_LEVEL_RANGE(2), VTD_LEVEL_RANGE(1),
};

#define READ_WRITE (FIELD_MASK(VTD_SSPTE_R) | FIELD_MASK(VTD_SSPTE_W))

static bool is_leaf(uint64_t raw, int level)
{
	return level == 1 || FIELD_GET(VTD_SSPTE_PS, raw);
}

static bool reserved_bits(const struct vtd *v, uint64_t raw, int level)
{
	uint64_t reserved = vtd_beyond_haw(v) & MASK(0, 52);

	if (level > 1 && FIELD_GET(VTD_SSPTE_PS, raw)) {
		if (level > 3 || !(v->config.superpages >> (level - 2) & 1))
			return true;
		reserved |= MASK(12, 9 * (unsigned int)(level - 1));
	}
	/* In a leaf TM is for device TLBs, which the unit does not have; both
	 * are reserved where an entry points to a table. */
	reserved |= FIELD_MASK(VTD_SSPTE_TM);
	if (!is_leaf(raw, level) || !v->config.snoop_control)
		reserved |= FIELD_MASK(VTD_SSPTE_SNP);
	return raw & reserved;
}

static int32_t mark(struct vtd_walk *w, const struct vtd_second *s, uint64_t pa,
		    uint64_t raw, bool dirty)
{
	uint64_t set =
		FIELD_MASK(VTD_SSPTE_A) | (dirty ? FIELD_MASK(VTD_SSPTE_D) : 0);

	if (!s->access_dirty)
		return -1;
	return vtd_mark_later(w, &(struct vtd_mark){ .pa = pa,
						     .raw = raw,
						     .set = set,
						     .failure = VTD_SSS_6,
						     .incoherent = VTD_SSS_5,
						     .coherent = s->coherent });
}

static struct vtd_leaf leaf_of(const struct vtd_second *s, uint64_t raw,
			       int level, uint64_t rights, bool write)
{
	unsigned int lg2 = VTD_LEVEL_SHIFT(level);
	bool dirty = !s->access_dirty || write || FIELD_GET(VTD_SSPTE_D, raw);

	return (struct vtd_leaf){
		.base = raw & MASK(lg2, 52 - lg2),
		.attrs = FIELD_PREP(VTD_TE_R, FIELD_GET(VTD_SSPTE_R, rights)) |
			 FIELD_PREP(VTD_TE_W, FIELD_GET(VTD_SSPTE_W, rights)) |
			 FIELD_PREP(VTD_TE_SNP, FIELD_GET(VTD_SSPTE_SNP, raw)) |
			 FIELD_PREP(VTD_TE_D, dirty) | VTD_TE_FIRST_ALL,
		.size_lg2 = (uint8_t)lg2,
	};
}

/* The deepest table known; false: the root. */
static bool begin_below(struct vtd_walk *w, const struct vtd_second *s,
			uint64_t input, const struct tlb_tag *tag,
			struct walk_cache_entry *at)
{
	if (!walk_cache_lookup(w->vtd->second, input, tag, range_lg2,
			       DEPTH(s->levels) + 1, DEPTH(1), at))
		return false;
	if (s->kind == VTD_READ_SECOND)
		w->out->walk_from = (uint8_t)DEPTH(at->level);
	return true;
}

enum vtd_reason vtd_second_walk(struct vtd_walk *w, const struct vtd_second *s,
				uint64_t input, bool write,
				struct vtd_leaf *leaf)
{
	const struct tlb_tag tag = vtd_iotlb_tag(w, VTD_KIND_SECOND);
	struct walk_cache_entry at = { .table = s->root, .attrs = READ_WRITE };
	bool below = begin_below(w, s, input, &tag, &at);
	int level = below ? DEPTH(at.level) : s->levels;
	uint64_t rights = at.attrs, pa, raw;
	int32_t at_mark;

	for (;; level--) {
		pa = vtd_entry_address(at.table, input, level);
		if (!vtd_fetch(w, s->kind, (unsigned int)level, input, pa, 1,
			       s->coherent, &raw))
			return level == s->levels ? s->reason.root
						  : s->reason.entry;
		if (!(raw & READ_WRITE))
			break;
		if (reserved_bits(w->vtd, raw, level))
			return s->reason.reserved;
		rights &= raw;
		if (!rights)
			break;
		at_mark = mark(w, s, pa, raw, write && is_leaf(raw, level));
		if (is_leaf(raw, level)) {
			*leaf = leaf_of(s, raw, level, rights, write);
			leaf->mark = at_mark;
			return VTD_NO_FAULT;
		}
		at.table = raw & FIELD_MASK(VTD_SSPTE_ADDR);
		at.attrs = rights;
		at.level = (int8_t)DEPTH(level - 1);
		walk_cache_fill(w->vtd->second, input,
				VTD_LEVEL_RANGE(level - 1), &tag, false, &at);
	}
	*leaf = (struct vtd_leaf){ .attrs = VTD_TE_FIRST_ALL, .size_lg2 = 12 };
	return VTD_NO_FAULT;
}
