/* SPDX-License-Identifier: BSD-2-Clause */
/* The listed scenarios: see study.h. */
#include <stdio.h>

#include "sim/explore/study.h"

/* ---- dimensions */

enum who {
	ONE_CPU, TWO_CPUS, COHERENT_IOMMU, NONCOHERENT_IOMMU,
	/* That hear no broadcast. */
	COHERENT_QUEUE, NONCOHERENT_QUEUE, WHOS
};
static const char *const who_name[] = { "1cpu", "2cpus", "iommu",
					"iommu-noncoherent", "iommu-queue",
					"iommu-queue-noncoherent" };

static void add_who(struct scenario *s, enum who who)
{
	s->observers = 0;
	scenario_add_cpu(s);
	if (who == TWO_CPUS)
		scenario_add_cpu(s);
	else if (who != ONE_CPU)
		scenario_add_iommu(s, who == COHERENT_IOMMU ||
					      who == COHERENT_QUEUE);
	if (who >= COHERENT_QUEUE)
		s->observer[s->observers - 1].queue = true;
}

/* One policy at a time differs from the default; and what goes together. */
struct variant {
	const char *name;
	enum p2m_tlbi_policy tlbi;
	bool keep_empty, mask, hint;
	enum pt_coalesce_policy coalesce;
	uint64_t n, budget;
	uint8_t bbm;
	enum scenario_clean clean;
};
static const struct variant variants[] = {
	{ .name = "default", .tlbi = P2M_TLBI_IPA },
	{ .name = "tlbi=vmid", .tlbi = P2M_TLBI_VMID },
	{ .name = "tlbi=range", .tlbi = P2M_TLBI_RANGE },
	{ .name = "free_empty=never", .tlbi = P2M_TLBI_IPA,
	  .keep_empty = true },
	{ .name = "order=mask", .tlbi = P2M_TLBI_IPA, .mask = true },
	{ .name = "bbm=1", .tlbi = P2M_TLBI_IPA, .bbm = 1 },
	{ .name = "bbm=2", .tlbi = P2M_TLBI_IPA, .bbm = 2 },
	{ .name = "clean=line", .tlbi = P2M_TLBI_IPA, .clean = CLEAN_LINE },
	{ .name = "clean=top-only", .tlbi = P2M_TLBI_IPA,
	  .clean = CLEAN_TOP_ONLY },
	{ .name = "clean=top-only,coalesce=eager", .tlbi = P2M_TLBI_RANGE,
	  .coalesce = PT_COALESCE_EAGER, .clean = CLEAN_TOP_ONLY },
	{ .name = "contig_hint=on", .tlbi = P2M_TLBI_IPA, .hint = true },
	{ .name = "contig_hint=on,bbm=2", .tlbi = P2M_TLBI_RANGE,
	  .hint = true, .bbm = 2 },
	{ .name = "coalesce=eager", .tlbi = P2M_TLBI_IPA,
	  .coalesce = PT_COALESCE_EAGER },
	{ .name = "coalesce=eager,tlbi=vmid", .tlbi = P2M_TLBI_VMID,
	  .coalesce = PT_COALESCE_EAGER },
	{ .name = "coalesce=eager,tlbi=range,bbm=1", .tlbi = P2M_TLBI_RANGE,
	  .coalesce = PT_COALESCE_EAGER, .bbm = 1 },
	{ .name = "coalesce=eager,tlbi=range,bbm=2", .tlbi = P2M_TLBI_RANGE,
	  .coalesce = PT_COALESCE_EAGER, .bbm = 2 },
	{ .name = "coalesce=eager,contig_hint=on", .tlbi = P2M_TLBI_RANGE,
	  .coalesce = PT_COALESCE_EAGER, .hint = true },
	{ .name = "coalesce=after-ops:1", .tlbi = P2M_TLBI_IPA,
	  .coalesce = PT_COALESCE_AFTER_OPS, .n = 1 },
	{ .name = "coalesce=after-cycles:1", .tlbi = P2M_TLBI_RANGE,
	  .coalesce = PT_COALESCE_AFTER_CYCLES, .n = 1 },
	{ .name = "coalesce=hysteresis:1", .tlbi = P2M_TLBI_RANGE,
	  .coalesce = PT_COALESCE_HYSTERESIS, .n = 1 },
	{ .name = "coalesce=scan:1,4096", .tlbi = P2M_TLBI_RANGE,
	  .coalesce = PT_COALESCE_SCAN, .n = 1, .budget = 4096 },
};
#define VARIANTS (sizeof(variants) / sizeof(variants[0]))

static bool keeps_marks(const struct variant *v)
{
	return v->hint || v->coalesce != PT_COALESCE_NEVER;
}

static const char *const index_name[] = { "first", "middle", "last" };
#define INDICES 3
/* Of the leaf that is worked on. */
#define LEVELS 3

/* ---- where */

struct place {
	unsigned int level;    /* 3, 2, 1 */
	gfn_t table;	       /* first frame of the table's range */
	uint64_t span;	       /* frames of one entry */
	gfn_t at;	       /* of the entry */
};

static struct place place_of(unsigned int level, unsigned int index)
{
	static const unsigned int at[INDICES] = { 0, 256, 511 };
	struct place p = { .level = level,
			   .span = UINT64_C(1) << 9 * (3 - level) };

	/* Tables that do not begin the space. With 40 bits level 1 has 1024
	 * entries, concatenated: the second of the two tables. */
	p.table.raw = p.span << 9;
	p.at.raw = p.table.raw + at[index] * p.span;
	return p;
}

/* Frames behind the guest's: congruent to 512 GiB. */
static mfn_t behind(gfn_t gfn)
{
	return (mfn_t){ gfn.raw + (UINT64_C(8) << 27) };
}

static mfn_t elsewhere(gfn_t gfn)
{
	return (mfn_t){ gfn.raw + (UINT64_C(16) << 27) };
}

static void start(struct scenario *s, enum scenario_do what, gfn_t gfn,
		  mfn_t mfn, uint64_t frames)
{
	s->start[s->starts++] = (struct scenario_call){
		.what = what, .gfn = gfn, .mfn = mfn, .frames = frames,
		.type = P2M_RAM_RW, .access = P2M_ACCESS_RWX,
	};
}

static void call(struct scenario *s, enum scenario_do what, gfn_t gfn,
		 mfn_t mfn, uint64_t frames)
{
	s->call[s->calls++] = (struct scenario_call){
		.what = what, .gfn = gfn, .mfn = mfn, .frames = frames,
		.from = P2M_RAM_RW, .type = P2M_RAM_RW,
		.access = P2M_ACCESS_RWX,
	};
}

/* The entry mapped, and a neighbour, so that the table stays. */
static void start_pair(struct scenario *s, const struct place *p)
{
	const gfn_t other = { p->at.raw == p->table.raw
				      ? p->at.raw + 2 * p->span
				      : p->table.raw };

	start(s, DO_MAP, p->at, behind(p->at), p->span);
	start(s, DO_MAP, other, elsewhere(other), p->span);
}

/* ---- operations; false: there is no such thing here */

static bool op_map(struct scenario *s, const struct place *p)
{
	call(s, DO_MAP, p->at, behind(p->at), p->span);
	return true;
}

static bool op_map_beside(struct scenario *s, const struct place *p)
{
	start_pair(s, p);
	s->starts--;
	s->start[0].gfn.raw ^= p->span;
	s->start[0].mfn.raw ^= p->span;
	return op_map(s, p);
}

static bool op_replace(struct scenario *s, const struct place *p)
{
	start_pair(s, p);
	call(s, DO_MAP, p->at, elsewhere(p->at), p->span);
	return true;
}

static bool op_remove(struct scenario *s, const struct place *p)
{
	start_pair(s, p);
	call(s, DO_REMOVE, p->at, (mfn_t){ 0 }, p->span);
	return true;
}

/* The table becomes empty. */
static bool op_remove_last(struct scenario *s, const struct place *p)
{
	start(s, DO_MAP, p->at, behind(p->at), p->span);
	call(s, DO_REMOVE, p->at, (mfn_t){ 0 }, p->span);
	return true;
}

static bool op_protect(struct scenario *s, const struct place *p)
{
	start_pair(s, p);
	call(s, DO_PROTECT, p->at, (mfn_t){ 0 }, p->span);
	s->call[0].access = P2M_ACCESS_R;
	return true;
}

static bool op_type_in_place(struct scenario *s, const struct place *p)
{
	start_pair(s, p);
	call(s, DO_CHANGE_TYPE, p->at, (mfn_t){ 0 }, p->span);
	s->call[0].type = P2M_RAM_RO;
	return true;
}

static bool op_type_broken(struct scenario *s, const struct place *p)
{
	start_pair(s, p);
	call(s, DO_CHANGE_TYPE, p->at, (mfn_t){ 0 }, p->span);
	s->call[0].type = P2M_DEVICE_NGNRE;
	return true;
}

/* A block of this level loses the first, middle or last part of it. */
static bool split(struct scenario *s, const struct place *p,
		  enum scenario_do what)
{
	const uint64_t part = p->span >> 9;
	gfn_t at = p->at;

	if (p->level == 3)
		return false;
	start_pair(s, p);
	at.raw += (p->at.raw - p->table.raw) / p->span * part;
	call(s, what, at, elsewhere(at), part);
	s->call[0].access = what == DO_PROTECT ? P2M_ACCESS_R
					       : P2M_ACCESS_RWX;
	return true;
}

static bool op_split_remove(struct scenario *s, const struct place *p)
{
	return split(s, p, DO_REMOVE);
}

static bool op_split_protect(struct scenario *s, const struct place *p)
{
	return split(s, p, DO_PROTECT);
}

static bool op_split_map(struct scenario *s, const struct place *p)
{
	return split(s, p, DO_MAP);
}

/* Full but for one entry, and that one is mapped: where the policy says so,
 * the table becomes a block. */
static bool op_complete(struct scenario *s, const struct place *p)
{
	if (p->level == 1)
		return false;
	start(s, DO_MAP, p->table, behind(p->table), p->span << 9);
	start(s, DO_REMOVE, p->at, (mfn_t){ 0 }, p->span);
	call(s, DO_MAP, p->at, behind(p->at), p->span);
	/* Policies that wait are asked again. */
	for (int i = 0; i < 3; i++)
		call(s, DO_TICK, (gfn_t){ 0 }, (mfn_t){ 0 }, 0);
	return true;
}

/* A block over a table, at once. */
static bool op_replace_table(struct scenario *s, const struct place *p)
{
	if (p->level == 3)
		return false;
	start_pair(s, p);
	start(s, DO_REMOVE, p->at, (mfn_t){ 0 }, p->span >> 9);
	call(s, DO_MAP, p->at, behind(p->at), p->span);
	return true;
}

static bool op_relinquish(struct scenario *s, const struct place *p)
{
	start_pair(s, p);
	call(s, DO_RELINQUISH, (gfn_t){ 0 }, (mfn_t){ 0 }, 0);
	return true;
}

static bool op_teardown(struct scenario *s, const struct place *p)
{
	start_pair(s, p);
	call(s, DO_TEARDOWN, (gfn_t){ 0 }, (mfn_t){ 0 }, 0);
	return true;
}

/* Caches off and on again, the entry touched in between. */
static bool op_setway(struct scenario *s, const struct place *p)
{
	struct scenario_call toggle = { .what = DO_SETWAY_TOGGLE };

	if (p->level == 1)
		return false;
	start_pair(s, p);
	/* What is cleaned has to be memory: where the machine's begins. */
	s->start[0].mfn.raw = UINT64_C(0x840000000) >> FRAME_LG2;
	s->start[1].mfn.raw = s->start[0].mfn.raw + p->span;
	start(s, DO_SETWAY_START, (gfn_t){ 0 }, (mfn_t){ 0 }, 0);
	for (int i = 0; i < 4; i++)
		call(s, DO_FAULT, p->at, (mfn_t){ 0 }, 0);
	call(s, DO_SETWAY_TRAP, (gfn_t){ 0 }, (mfn_t){ 0 }, 0);
	toggle.was = true;
	s->call[s->calls++] = toggle;
	for (int i = 0; i < 4; i++)
		call(s, DO_FAULT, p->at, (mfn_t){ 0 }, 0);
	toggle.was = false;
	toggle.is = true;
	s->call[s->calls++] = toggle;
	return true;
}

static const struct listed_op {
	const char *name;
	bool (*make)(struct scenario *s, const struct place *p);
} ops[] = {
	{ "map", op_map },
	{ "map-beside", op_map_beside },
	{ "replace", op_replace },
	{ "remove", op_remove },
	{ "remove-last", op_remove_last },
	{ "protect", op_protect },
	{ "type-in-place", op_type_in_place },
	{ "type-broken", op_type_broken },
	{ "split-remove", op_split_remove },
	{ "split-protect", op_split_protect },
	{ "split-map", op_split_map },
	{ "complete", op_complete },
	{ "replace-table", op_replace_table },
	{ "relinquish", op_relinquish },
	{ "teardown", op_teardown },
	{ "setway", op_setway },
};
#define OPS (sizeof(ops) / sizeof(ops[0]))

/* ---- one of the product */

static void use_variant(struct scenario *s, const struct variant *v)
{
	s->p2m.tlbi = v->tlbi;
	s->p2m.free_empty = !v->keep_empty;
	s->p2m.order = v->mask ? P2M_ORDER_MASK : P2M_ORDER_GREEDY;
	s->p2m.contig_hint = v->hint;
	s->p2m.coalesce = (struct pt_coalesce){ v->coalesce, v->n, v->budget };
	s->p2m.bbm_level = v->bbm;
	s->clean = v->clean;
}

/* What cannot be, or would be another one over again. */
static bool leaves_out(const struct listed_op *op, const struct variant *v,
		       enum who who)
{
	if (v->clean != CLEAN_ENTRY && who != NONCOHERENT_IOMMU &&
	    who != NONCOHERENT_QUEUE)
		return true;
	return op->make == op_setway &&
	       (keeps_marks(v) || who > TWO_CPUS);
}

static bool make(struct scenario *s, size_t n)
{
	const enum who who = (enum who)(n % WHOS);
	const unsigned int index = n / WHOS % INDICES;
	const unsigned int level = 3 - (unsigned int)(n / WHOS / INDICES %
						      LEVELS);
	const struct variant *v =
		&variants[n / WHOS / INDICES / LEVELS % VARIANTS];
	const struct listed_op *op =
		&ops[n / WHOS / INDICES / LEVELS / VARIANTS];
	const struct place p = place_of(level, index);

	scenario_init(s);
	use_variant(s, v);
	add_who(s, who);
	/* 1 GB; an operation on 2 MB is 512 pages to who has no blocks. */
	s->wants_blocks = level == 1;
	if (leaves_out(op, v, who) || !op->make(s, &p))
		return false;
	snprintf(s->name, sizeof(s->name), "%s, %s, level %u %s, %s", op->name,
		 v->name, level, index_name[index], who_name[who]);
	return true;
}

bool study_listed(size_t *next, struct scenario *s)
{
	while (*next < OPS * VARIANTS * LEVELS * INDICES * WHOS)
		if (make(s, (*next)++))
			return true;
	return false;
}
