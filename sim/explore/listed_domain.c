/* SPDX-License-Identifier: BSD-2-Clause */
/* The listed scenarios of an IOMMU's domain: see study.h. */
#include <stdio.h>

#include "sim/explore/study.h"

/* ---- dimensions */

struct named_coalesce {
	const char *name;
	struct pt_coalesce policy;
};
static const struct named_coalesce coalescings[] = {
	{ "never", { PT_COALESCE_NEVER, 0, 0 } },
	{ "eager", { PT_COALESCE_EAGER, 0, 0 } },
	{ "after-ops:1", { PT_COALESCE_AFTER_OPS, 1, 0 } },
	{ "after-cycles:1", { PT_COALESCE_AFTER_CYCLES, 1, 0 } },
	{ "hysteresis:1", { PT_COALESCE_HYSTERESIS, 1, 0 } },
	{ "scan:1,4096", { PT_COALESCE_SCAN, 1, 4096 } },
};

/* In how many calls one flush: 1 is strict. */
static const uint32_t flushes[] = { 1, 2, 32 };

/* Coherent walks, or how is cleaned for those that are not. */
static const char *const walks[] = { "coherent", "clean=entry", "clean=line",
				     "clean=top-only" };

/* Hardware, one feature at a time; with every policy (`all`), or with `eager`
 * alone, and flushes at once and after 2 calls. */
static const struct hardware {
	const char *name;
	enum iommu_format format;
	uint8_t levels, largest, mask; /* largest: 2 is 1G, or the like */
	uint8_t bbm;
	bool all, no_pages, snoop, write_buffer, range;
} hardwares[] = {
	{ "4 levels", IOMMU_VTD_SS, 4, 2, 18, .all = true },
	{ "3 levels", IOMMU_VTD_SS, 3, 2, 18, .no_pages = false },
	{ "5 levels, snoop", IOMMU_VTD_SS, 5, 2, 18, .snoop = true },
	{ "2M at most", IOMMU_VTD_SS, 4, 1, 9, .no_pages = false },
	{ "pages alone", IOMMU_VTD_SS, 4, 0, 0, .no_pages = false },
	{ "domain flushes alone", IOMMU_VTD_SS, 4, 2, 0, .no_pages = true },
	{ "write buffer", IOMMU_VTD_SS, 4, 2, 18, .write_buffer = true },
	{ "SMMU, bbm=0", IOMMU_ARM_S2_4K, 0, 2, .bbm = 0 },
	{ "SMMU, bbm=1", IOMMU_ARM_S2_4K, 0, 2, .bbm = 1 },
	{ "SMMU, bbm=2", IOMMU_ARM_S2_4K, 0, 2, .bbm = 2, .all = true },
	{ "SMMU, bbm=2, ranges", IOMMU_ARM_S2_4K, 0, 2, .bbm = 2,
	  .range = true },
	{ "SMMU, bbm=1, all at once", IOMMU_ARM_S2_4K, 0, 2, .bbm = 1,
	  .no_pages = true },
	{ "SMMU, 16K, bbm=1, ranges", IOMMU_ARM_S2_16K, 0, 1, .bbm = 1,
	  .range = true },
	{ "SMMU, 64K, bbm=2", IOMMU_ARM_S2_64K, 0, 1, .bbm = 2 },
};

static const char *const index_name[] = { "first", "middle", "last" };

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define LEVELS	    3

/* ---- where */

struct place {
	unsigned int level; /* as VT-d has it: 1 pages, 2, 3 */
	uint64_t entries;   /* of a table */
	dfn_t table;	    /* first frame of the table's range */
	uint64_t span;	    /* frames of one entry */
	dfn_t at;	    /* of the entry */
};

static struct place place_of(const struct hardware *h, unsigned int level,
			     unsigned int index)
{
	static const unsigned int granules_lg2[IOMMU_FORMATS] = { 12, 12, 14,
								  16 };
	const unsigned int lg2 = granules_lg2[h->format];
	struct place p = {
		.level = level,
		.entries = UINT64_C(1) << (lg2 - 3),
		.span = UINT64_C(1) << (lg2 - 12 + (lg2 - 3) * (level - 1)),
	};
	const uint64_t at[] = { 0, p.entries / 2, p.entries - 1 };

	/* Tables that do not begin the space, but for level 3: a walk of three
	 * levels begins there. */
	p.table.raw = level == 3 ? 0 : p.span * p.entries;
	p.at.raw = p.table.raw + at[index] * p.span;
	return p;
}

/* Congruent to 512 GiB. */
static mfn_t behind(dfn_t dfn)
{
	return (mfn_t){ dfn.raw + (UINT64_C(8) << 27) };
}

static mfn_t elsewhere(dfn_t dfn)
{
	return (mfn_t){ dfn.raw + (UINT64_C(16) << 27) };
}

static struct scenario_call make_call(enum scenario_do what, dfn_t dfn,
				      mfn_t mfn, uint64_t frames)
{
	return (struct scenario_call){ .what = what,
				       .dfn = dfn,
				       .mfn = mfn,
				       .frames = frames,
				       .access = IOMMU_ACCESS_RW };
}

static void start(struct scenario *s, enum scenario_do what, dfn_t dfn,
		  mfn_t mfn, uint64_t frames)
{
	s->start[s->starts++] = make_call(what, dfn, mfn, frames);
}

static void call(struct scenario *s, enum scenario_do what, dfn_t dfn,
		 mfn_t mfn, uint64_t frames)
{
	s->call[s->calls++] = make_call(what, dfn, mfn, frames);
}

static void call_protect(struct scenario *s, dfn_t dfn, uint64_t frames)
{
	call(s, DO_PROTECT, dfn, (mfn_t){ 0 }, frames);
	s->call[s->calls - 1].access = IOMMU_ACCESS_R;
}

static dfn_t neighbour(const struct place *p)
{
	return (dfn_t){ p->at.raw == p->table.raw ? p->at.raw + 2 * p->span
						  : p->table.raw };
}

/* The entry mapped, and a neighbour, so that the table stays. */
static void start_pair(struct scenario *s, const struct place *p)
{
	start(s, DO_MAP, p->at, behind(p->at), p->span);
	start(s, DO_MAP, neighbour(p), elsewhere(neighbour(p)), p->span);
}

/* ---- operations; false: there is no such thing here */

static bool op_map(struct scenario *s, const struct place *p)
{
	call(s, DO_MAP, p->at, behind(p->at), p->span);
	return true;
}

static bool op_map_beside(struct scenario *s, const struct place *p)
{
	start(s, DO_MAP, neighbour(p), behind(neighbour(p)), p->span);
	return op_map(s, p);
}

static bool op_replace(struct scenario *s, const struct place *p)
{
	start_pair(s, p);
	call(s, DO_MAP, p->at, elsewhere(p->at), p->span);
	return true;
}

static bool op_unmap(struct scenario *s, const struct place *p)
{
	start_pair(s, p);
	call(s, DO_UNMAP, p->at, (mfn_t){ 0 }, p->span);
	return true;
}

/* All tables on the way become empty. */
static bool op_unmap_last(struct scenario *s, const struct place *p)
{
	start(s, DO_MAP, p->at, behind(p->at), p->span);
	call(s, DO_UNMAP, p->at, (mfn_t){ 0 }, p->span);
	return true;
}

static bool op_protect(struct scenario *s, const struct place *p)
{
	start_pair(s, p);
	call_protect(s, p->at, p->span);
	return true;
}

/* The first, middle or last part of a superpage of this level. */
static bool part_of(struct scenario *s, const struct place *p, dfn_t *at,
		    uint64_t *frames)
{
	if (p->level == 1)
		return false;
	start_pair(s, p);
	*frames = p->span / p->entries;
	at->raw = p->at.raw + (p->at.raw - p->table.raw) / p->span * *frames;
	return true;
}

static bool op_split_unmap(struct scenario *s, const struct place *p)
{
	uint64_t frames;
	dfn_t at;

	if (!part_of(s, p, &at, &frames))
		return false;
	call(s, DO_UNMAP, at, (mfn_t){ 0 }, frames);
	return true;
}

static bool op_split_protect(struct scenario *s, const struct place *p)
{
	uint64_t frames;
	dfn_t at;

	if (!part_of(s, p, &at, &frames))
		return false;
	call_protect(s, at, frames);
	return true;
}

static bool op_split_map(struct scenario *s, const struct place *p)
{
	uint64_t frames;
	dfn_t at;

	if (!part_of(s, p, &at, &frames))
		return false;
	call(s, DO_MAP, at, elsewhere(at), frames);
	return true;
}

/* Full but for one entry, and that one is mapped: where the policy says so,
 * the table becomes a superpage. */
static bool op_complete(struct scenario *s, const struct place *p)
{
	if (p->level == 3)
		return false;
	start(s, DO_MAP, p->table, behind(p->table), p->span * p->entries);
	start(s, DO_UNMAP, p->at, (mfn_t){ 0 }, p->span);
	call(s, DO_MAP, p->at, behind(p->at), p->span);
	return true;
}

/* A superpage over a table, at once. */
static bool op_replace_table(struct scenario *s, const struct place *p)
{
	if (p->level == 1)
		return false;
	start_pair(s, p);
	start(s, DO_UNMAP, p->at, (mfn_t){ 0 }, p->span / p->entries);
	call(s, DO_MAP, p->at, behind(p->at), p->span);
	return true;
}

/* One page of a 1 GB superpage: three levels deep. */
static dfn_t deep(const struct place *p)
{
	const uint64_t index = p->at.raw / p->span % 512;

	return (dfn_t){ p->at.raw + index * 512 + index };
}

static bool op_shatter_deep(struct scenario *s, const struct place *p)
{
	if (p->level != 3)
		return false;
	start_pair(s, p);
	call(s, DO_UNMAP, deep(p), (mfn_t){ 0 }, 1);
	return true;
}

static bool op_promote_deep(struct scenario *s, const struct place *p)
{
	if (p->level != 3)
		return false;
	start_pair(s, p);
	start(s, DO_UNMAP, deep(p), (mfn_t){ 0 }, 1);
	call(s, DO_MAP, deep(p), behind(deep(p)), 1);
	return true;
}

/* To and fro, with what one leaves for the other. */
static bool op_churn_deep(struct scenario *s, const struct place *p)
{
	if (!op_shatter_deep(s, p))
		return false;
	call(s, DO_MAP, deep(p), behind(deep(p)), 1);
	call_protect(s, deep(p), 1);
	call(s, DO_MAP, p->at, behind(p->at), p->span);
	return true;
}

static bool op_teardown(struct scenario *s, const struct place *p)
{
	start_pair(s, p);
	call(s, DO_TEARDOWN, (dfn_t){ 0 }, (mfn_t){ 0 }, 0);
	return true;
}

static const struct listed_op {
	const char *name;
	bool (*make)(struct scenario *s, const struct place *p);
} ops[] = {
	{ "map", op_map },
	{ "map-beside", op_map_beside },
	{ "replace", op_replace },
	{ "unmap", op_unmap },
	{ "unmap-last", op_unmap_last },
	{ "protect", op_protect },
	{ "split-unmap", op_split_unmap },
	{ "split-protect", op_split_protect },
	{ "split-map", op_split_map },
	{ "complete", op_complete },
	{ "replace-table", op_replace_table },
	{ "shatter-deep", op_shatter_deep },
	{ "promote-deep", op_promote_deep },
	{ "churn-deep", op_churn_deep },
	{ "teardown", op_teardown },
};

/* ---- one of the product */

/* Policies that wait are asked again; what is deferred is met by a mapping,
 * joined by another removal, and flushed. */
static void call_more(struct scenario *s, const struct place *p)
{
	const struct scenario_call last = s->call[s->calls - 1];

	if (last.what == DO_TEARDOWN)
		return;
	if (s->iommu.flush == IOMMU_FLUSH_DEFERRED) {
		call(s, DO_UNMAP, neighbour(p), (mfn_t){ 0 }, p->span);
		call(s, DO_MAP, last.dfn, elsewhere(last.dfn), last.frames);
		call(s, DO_UNMAP, last.dfn, (mfn_t){ 0 }, last.frames);
	}
	for (int i = 0; i < 3 && s->iommu.coalesce.policy > PT_COALESCE_EAGER;
	     i++)
		call(s, DO_TICK, (dfn_t){ 0 }, (mfn_t){ 0 }, 0);
	if (s->iommu.flush == IOMMU_FLUSH_DEFERRED)
		call(s, DO_FLUSH, (dfn_t){ 0 }, (mfn_t){ 0 }, 0);
}

static void use_hardware(struct scenario *s, const struct hardware *h)
{
	struct iommu_domain_config *c = &s->iommu;

	c->levels = h->levels;
	c->mask_max_lg2 = h->mask;
	if (h->format != IOMMU_VTD_SS)
		scenario_use_smmu(s, h->format);
	if (h->format != IOMMU_VTD_SS && h->format != IOMMU_ARM_S2_4K)
		c->iova_bits = 48;
	c->superpage_2m = h->largest >= 1;
	c->superpage_1g = h->largest == 2;
	c->page_selective = !h->no_pages;
	c->snoop = h->snoop;
	c->write_buffer = h->write_buffer;
	c->range = h->range;
	c->bbm_level = h->bbm;
}

/* The last of the mixed digits of *n. */
static size_t digit(size_t *n, size_t base)
{
	const size_t d = *n % base;

	*n /= base;
	return d;
}

static bool make(struct scenario *s, size_t n)
{
	const size_t walk = digit(&n, COUNT(walks));
	const size_t index = digit(&n, COUNT(index_name));
	const unsigned int level = 1 + (unsigned int)digit(&n, LEVELS);
	const uint32_t flush = flushes[digit(&n, COUNT(flushes))];
	const struct named_coalesce *c =
		&coalescings[digit(&n, COUNT(coalescings))];
	const struct hardware *h = &hardwares[digit(&n, COUNT(hardwares))];
	const struct place p = place_of(h, level, (unsigned int)index);

	if (!h->all && (c->policy.policy != PT_COALESCE_EAGER || flush > 2))
		return false;
	/* A superpage that is not there is a table full of smaller ones. */
	if (level > h->largest + 1u)
		return false;
	scenario_init_domain(s);
	use_hardware(s, h);
	s->observer[0].noncoherent = walk != 0;
	s->clean = (enum scenario_clean)(walk ? walk - 1 : 0);
	s->iommu.coalesce = c->policy;
	s->iommu.flush = flush == 1 ? IOMMU_FLUSH_STRICT : IOMMU_FLUSH_DEFERRED;
	s->iommu.flush_calls = flush;
	if (!ops[n].make(s, &p))
		return false;
	call_more(s, &p);
	snprintf(s->name, sizeof(s->name),
		 "%s, %s, coalesce=%s, flush %u, level %u %s, %s", ops[n].name,
		 h->name, c->name, flush, level, index_name[index],
		 walks[walk]);
	return true;
}

bool study_listed_domain(size_t *next, struct scenario *s)
{
	const size_t end = COUNT(ops) * COUNT(hardwares) * COUNT(coalescings) *
			   COUNT(flushes) * LEVELS * COUNT(index_name) *
			   COUNT(walks);

	while (*next < end)
		if (make(s, (*next)++))
			return true;
	return false;
}
