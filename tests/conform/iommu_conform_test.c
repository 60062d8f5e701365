/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The suite's other half: random sequences on IOMMU domains of every format,
 * number of levels, superpage size, policy and kind of hardware, against an
 * oracle of one element a frame. While a call runs, a device that remembers all it may
 * accesses frames at random: of those that the call is about it may find the
 * old or the new, of all others what stands there and nothing else. With Arm's
 * formats it may find nothing of what is mapped anew, and with IDR3.BBML 0 of
 * anything while a call cuts blocks and makes them; but never does it hold two
 * translations side by side that break-before-make keeps apart. After each
 * call the tables must be what the oracle says by a plain walk, every marker
 * the run that is really there, every count the recounted one; and nothing
 * that the device remembers may lead elsewhere, but to what waits for a
 * deferred flush. Allocations fail and calls are preempted at random on the
 * way, and at every point in turn at the end.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/iommu/ste.h"
#include "core/pt/table.h"
#include "tests/unit/core/port_smmu.h"
#include "tests/unit/core/port_vtd.h"

struct frame {
	uint64_t mfn;
	uint8_t access; /* 0: a hole */
};

enum operation { MAP, UNMAP, PROTECT };

struct request {
	enum operation operation;
	uint64_t at, frames; /* in the window */
	uint64_t mfn;
	unsigned int access;
};

struct shape {
	enum iommu_format format;
	uint8_t iova_bits; /* Arm; levels follow */
	uint8_t bbm_level;
	bool range;
	uint8_t levels;
	bool large_2m, large_1g;
	uint64_t base, frames;
	unsigned int operations, check_every;
	struct pt_coalesce coalesce;
	enum pt_clean_policy clean;
	uint32_t deferred; /* calls; 0: strict */
	bool write_buffer, caching_mode, keep_empty, by_domain;
	uint8_t mask_max_lg2; /* 0: 18 */
};

struct world {
	struct device_host *h;
	struct iommu_domain d;
	const struct shape *s;
	struct frame *want;
	struct frame *gone; /* unmapped, and the flush may be still to come */
	const struct request *now; /* while a call runs */
	bool busy, any_gone;
	uint64_t tables, mappings[PT_LEVELS];
	uint64_t seen;
};

static bool is_arm(const struct world *w)
{
	return w->s->format != IOMMU_VTD_SS;
}

/* Bits that select an entry of a table. */
static unsigned int width(const struct world *w)
{
	return w->h->granule_lg2 - 3;
}

static unsigned int entries(const struct world *w)
{
	return 1u << width(w);
}

/* Behind an entry of a level, counted from the pages up. */
static uint64_t level_frames(const struct world *w, unsigned int level)
{
	return UINT64_C(1) << (w->h->granule_lg2 - 12 + width(w) * (level - 1));
}

/* ---- what the device may find */

static bool is_frame(const struct frame *f, struct device_found found)
{
	if (f->access == 0 || !found.mapped)
		return f->access == 0 && !found.mapped;
	return f->mfn == found.mfn && f->access == found.access;
}

static bool judge(struct device_host *h, uint64_t dfn, struct device_found found)
{
	struct world *w = h->world;
	const struct request *r = w->now;
	const uint64_t i = dfn - h->window;
	struct frame new = w->want[i];

	if (is_frame(&w->want[i], found))
		return true;
	if (w->gone[i].access != 0 && !iommu_is_flushed(&w->d) &&
	    is_frame(&w->gone[i], found))
		return true;
	if (!w->busy)
		return false;
	/* During a call the flush may be under way. */
	if (w->gone[i].access != 0 && is_frame(&w->gone[i], found))
		return true;
	/* Broken before it is made. */
	if (is_arm(w) && !found.mapped &&
	    (w->s->bbm_level == 0 ||
	     (r->operation == MAP && i - r->at < r->frames)))
		return true;
	if (i - r->at >= r->frames)
		return false;
	if (r->operation == MAP)
		new = (struct frame){ r->mfn + (i - r->at),
				      (uint8_t)r->access };
	else if (r->operation == UNMAP)
		new = (struct frame){ 0 };
	else if (new.access != 0)
		new.access = (uint8_t)r->access;
	return is_frame(&new, found);
}

/* ---- the plain check of the tables, as processors see them */

/* What a descriptor says, by its format's text. */
struct entry {
	bool leaf, table;
	uint64_t pa;
	unsigned int access, marker;
	uint64_t rest; /* all else */
};

static struct entry decode_vtd(uint64_t pte, unsigned int level)
{
	const uint64_t address = UINT64_C(0x000ffffffffff000);
	struct entry e = { .access = pte & 3, .marker = pte >> 52 & 15,
			   .pa = pte & address };

	e.rest = pte & ~(address | UINT64_C(15) << 52 | 3);
	e.leaf = e.access != 0 && (level == 1 || (pte & 0x80));
	e.table = e.access != 0 && !e.leaf;
	return e;
}

static struct entry decode_arm(const struct world *w, uint64_t pte,
			       unsigned int level)
{
	struct entry e = { .pa = smmu_address(w->h, pte) };

	if ((pte & 1) == 0)
		return e;
	e.table = level > 1 && (pte & 2);
	e.leaf = !e.table;
	e.access = e.leaf ? pte >> 6 & 3 : 0;
	e.marker = pte >> 59 & 15;
	e.rest = pte & ~UINT64_C(0x0000fffffffff000) & ~(UINT64_C(15) << 59);
	if (e.leaf)
		e.rest &= ~UINT64_C(0xc0);
	return e;
}

static struct entry decode(const struct world *w, uint64_t pte,
			   unsigned int level)
{
	return is_arm(w) ? decode_arm(w, pte, level) : decode_vtd(pte, level);
}

/*
 * VT-d: SNP, SP. Arm: valid, page or block; write-back, AF, inner shareable,
 * never executed, and software's type: 1, or 15 of a table.
 */
static uint64_t rest_wanted(const struct world *w, bool leaf,
			    unsigned int level)
{
	if (!is_arm(w))
		return !leaf ? 0 : level > 1 ? 0x880 : 0x800;
	if (!leaf)
		return UINT64_C(15) << 55 | 3;
	return UINT64_C(1) << 55 | UINT64_C(1) << 54 | 0x73c |
	       (level == 1 ? 3 : 1);
}

static void check_marker(const struct world *w, struct entry e, unsigned int i,
			 unsigned int level, uint64_t streak)
{
	const uint64_t at = e.pa / (level_frames(w, level) << 12);
	unsigned int order = 0;

	while (order < width(w) && i % (2u << order) == 0 &&
	       streak >> (order + 1) != 0 && at % (2u << order) == 0)
		order++;
	if (w->s->coalesce.policy == PT_COALESCE_NEVER)
		order = 0;
	assert_int_equal(e.marker, order);
}

/* True if the whole table is one run; every marker is checked. */
static bool check_markers(const struct world *w, const uint64_t *table,
			  unsigned int level)
{
	const uint64_t span = level_frames(w, level) << 12;
	struct entry next = { 0 };
	uint64_t streak = 0;

	for (unsigned int i = entries(w); i-- > 0;) {
		const struct entry e = decode(w, table[i], level);

		if (!e.leaf) {
			assert_int_equal(e.marker, 0);
			streak = 0;
			continue;
		}
		streak = streak != 0 && e.pa + span == next.pa &&
					 e.access == next.access
				 ? streak + 1
				 : 1;
		check_marker(w, e, i, level, streak);
		next = e;
	}
	return streak == entries(w) && next.pa % (span * entries(w)) == 0;
}

/* May a table of this level become a superpage? */
static bool may_grow(const struct world *w, unsigned int level)
{
	if (is_arm(w) && w->h->granule_lg2 != 12 && level > 1)
		return false;
	return level < w->h->levels && ((level == 1 && w->s->large_2m) ||
					(level == 2 && w->s->large_1g));
}

static void check_whole(const struct world *w, int n, bool whole)
{
	struct pt_meta meta;

	memcpy(&meta, w->h->page[n].meta, sizeof(meta));
	switch (w->s->coalesce.policy) {
	case PT_COALESCE_EAGER:
		assert_false(whole);
		break;
	case PT_COALESCE_AFTER_OPS:
	case PT_COALESCE_AFTER_CYCLES:
	case PT_COALESCE_HYSTERESIS:
		assert_int_equal(meta.waiting, whole);
		break;
	default:
		assert_int_equal(meta.waiting, false);
		break;
	}
}

static void check_leaf(struct world *w, struct entry e, uint64_t dfn,
		       unsigned int level)
{
	const uint64_t frames = level_frames(w, level), mfn = e.pa >> 12;

	assert_true(level == 1 || (level == 2 && w->s->large_2m) ||
		    (level == 3 && w->s->large_1g));
	assert_true(dfn >= w->h->window &&
		    dfn + frames <= w->h->window + w->h->frames);
	assert_int_equal(mfn % frames, 0);
	w->mappings[(is_arm(w) ? 4 : 5) - level]++;
	for (uint64_t i = 0; i < frames; i++) {
		const struct frame *f = &w->want[dfn - w->h->window + i];

		if (f->access != e.access || f->mfn != mfn + i)
			fail_msg("dfn %#llx differs from the oracle",
				 (unsigned long long)(dfn + i));
	}
	w->seen += frames;
}

/* Of a table that starts at page n, whose notes may be another's. */
static unsigned int check_table(struct world *w, int n, uint64_t dfn,
				unsigned int level)
{
	const uint64_t *table = w->h->cpu + (size_t)n * 512;
	const bool whole = check_markers(w, table, level);
	unsigned int used = 0;

	if (may_grow(w, level))
		check_whole(w, n, whole);
	w->tables++;
	for (unsigned int i = 0; i < entries(w); i++) {
		const uint64_t at = dfn + i * level_frames(w, level);
		const struct entry e = decode(w, table[i], level);
		struct pt_meta meta;
		unsigned int below;
		int child;

		if (table[i] == 0)
			continue;
		used++;
		assert_int_equal(e.rest, rest_wanted(w, e.leaf, level));
		if (e.leaf) {
			check_leaf(w, e, at, level);
			continue;
		}
		assert_true(e.table);
		child = device_page_of(e.pa);
		assert_true(child >= 0 && w->h->page[child].live);
		below = check_table(w, child, at, level - 1);
		memcpy(&meta, w->h->page[child].meta, sizeof(meta));
		assert_int_equal(meta.valid, below);
		if (!w->s->keep_empty)
			assert_int_not_equal(below, 0);
	}
	return used;
}

static unsigned int check_roots(struct world *w, int root)
{
	const unsigned int pages = 1u << (w->h->granule_lg2 - 12);
	unsigned int used = 0;

	for (unsigned int i = 0; i < 1u << w->d.root_order; i++)
		used += check_table(w, root + (int)(i * pages),
				    i * entries(w) *
					    level_frames(w, w->h->levels),
				    w->h->levels);
	return used;
}

static void check_everything(struct world *w)
{
	const struct pt_stats *s = &w->d.stats.pt;
	struct pt_meta meta;
	uint64_t mapped = 0;
	unsigned int used;
	const int root = device_page_of(w->d.root.raw);

	w->tables = w->seen = 0;
	memset(w->mappings, 0, sizeof(w->mappings));
	used = check_roots(w, root);
	memcpy(&meta, w->h->page[root].meta, sizeof(meta));
	assert_int_equal(meta.valid, used);
	for (uint64_t i = 0; i < w->h->frames; i++)
		mapped += w->want[i].access != 0;
	assert_int_equal(w->seen, mapped);
	assert_int_equal(iommu_count_mapped(&w->d, (dfn_t){ w->h->window },
					    w->h->frames), mapped);
	assert_int_equal(w->tables + w->d.queued, s->tables_live);
	assert_int_equal(s->tables_live, w->h->allocated - w->h->freed);
	assert_memory_equal(w->mappings, s->mappings, sizeof(w->mappings));
	device_look_everywhere(w->h);
	if (w->h->violation)
		fail_msg("%s", w->h->violation);
}

/* A look-up says what the oracle says, and of as many frames as it claims. */
static void check_lookup(struct world *w, uint64_t at)
{
	struct iommu_entry e;
	uint64_t first, end;

	if (at >= w->h->frames)
		at = w->h->frames - 1;
	iommu_lookup(&w->d, (dfn_t){ w->h->window + at }, &e);
	assert_int_equal(e.access, w->want[at].access);
	assert_int_equal(e.mfn.raw, w->want[at].mfn);
	first = (w->h->window + at) >> e.order << e.order;
	end = first + (UINT64_C(1) << e.order);
	first = first > w->h->window ? first - w->h->window : 0;
	end = end < w->h->window + w->h->frames ? end - w->h->window
						: w->h->frames;
	for (uint64_t i = first; i < end; i += 1 + (end - first) / 16) {
		assert_int_equal(w->want[i].access, e.access);
		if (e.access != 0)
			assert_int_equal(w->want[i].mfn - i, e.mfn.raw - at);
	}
}

/* ---- carrying out */

/* The first `done` frames of the request are new. */
static void oracle(struct world *w, const struct request *r, uint64_t done)
{
	for (uint64_t i = 0; i < done; i++) {
		struct frame *f = &w->want[r->at + i];

		if (r->operation == MAP) {
			*f = (struct frame){ r->mfn + i, (uint8_t)r->access };
		} else if (r->operation == UNMAP) {
			if (f->access != 0) {
				w->gone[r->at + i] = *f;
				w->any_gone = true;
			}
			*f = (struct frame){ 0 };
		} else if (f->access != 0) {
			f->access = (uint8_t)r->access;
		}
	}
}

/* What was unmapped is out of reach, if so. */
static void forget_gone(struct world *w)
{
	if (!w->any_gone || !iommu_is_flushed(&w->d))
		return;
	memset(w->gone, 0, w->h->frames * sizeof(*w->gone));
	w->any_gone = false;
}

static int perform(struct world *w, const struct request *r, uint64_t *done)
{
	const dfn_t dfn = { w->h->window + r->at };
	int rc;

	w->now = r;
	w->busy = true;
	if (r->operation == MAP)
		rc = iommu_map(&w->d, dfn, (mfn_t){ r->mfn }, r->frames,
			       r->access, done);
	else if (r->operation == UNMAP)
		rc = iommu_unmap(&w->d, dfn, r->frames, done);
	else
		rc = iommu_protect(&w->d, dfn, r->frames, r->access, done);
	w->busy = false;
	oracle(w, r, *done);
	forget_gone(w);
	device_look_held(w->h);
	if (w->h->maps_open != 0)
		device_breach(w->h, "a table is left mapped");
	if (w->h->violation)
		fail_msg("%s", w->h->violation);
	return rc;
}

static void world_open(struct world *w, const struct shape *s, uint64_t seed)
{
	const bool arm = s->format != IOMMU_VTD_SS;
	struct iommu_domain_config c = {
		.format = s->format, .did = 7, .levels = s->levels,
		.iova_bits = s->iova_bits, .output_bits = 46,
		.superpage_2m = s->large_2m, .superpage_1g = s->large_1g,
		.snoop = !arm, .write_buffer = s->write_buffer,
		.caching_mode = s->caching_mode,
		.page_selective = !s->by_domain, .range = s->range,
		.bbm_level = s->bbm_level,
		.mask_max_lg2 = arm ? 0
				: s->mask_max_lg2 ? s->mask_max_lg2 : 18,
		.clean = s->clean, .free_empty = !s->keep_empty,
		.coalesce = s->coalesce,
		.flush = s->deferred ? IOMMU_FLUSH_DEFERRED
				     : IOMMU_FLUSH_STRICT,
		.flush_calls = s->deferred,
	};

	*w = (struct world){
		.h = arm ? smmu_new_host(seed) : vtd_new_host(seed), .s = s
	};
	if (arm)
		w->h->granule_lg2 =
			12 + 2 * (unsigned int)(s->format - IOMMU_ARM_S2_4K);
	w->h->bbm_level = s->bbm_level;
	w->want = calloc(s->frames, sizeof(*w->want));
	w->gone = calloc(s->frames, sizeof(*w->gone));
	assert_non_null(w->want);
	assert_non_null(w->gone);
	w->h->coherent = s->clean == PT_CLEAN_NONE;
	w->h->write_buffer = s->write_buffer;
	w->h->caching_mode = s->caching_mode;
	w->h->did = c.did;
	w->h->judge = judge;
	w->h->world = w;
	w->h->window = s->base;
	w->h->frames = s->frames;
	w->h->access_one_in = 3;
	assert_int_equal(iommu_domain_init(&w->d, w->h, &c), 0);
	w->h->levels = arm ? 4u - w->d.start_level : s->levels;
	if (!arm)
		assert_int_equal(iommu_domain_aw(&w->d), s->levels - 2u);
	/* A context entry leads here only now: what was written is seen. */
	port_iommu_write_buffer(w->h);
	w->h->root = w->d.root.raw;
	w->h->attached = true;
}

static void world_close(struct world *w)
{
	const struct pt_stats *s = &w->d.stats.pt;
	int rc;

	w->h->fail_in = -1;
	w->h->attached = false;
	do
		rc = iommu_domain_fini(&w->d);
	while (rc == ERR_PREEMPTED);
	assert_int_equal(rc, 0);
	if (w->h->violation)
		fail_msg("%s", w->h->violation);
	assert_int_equal(w->h->allocated, w->h->freed);
	assert_int_equal(s->pte_writes, w->h->writes);
	assert_int_equal(s->cleans, w->h->cleans);
	assert_int_equal(s->barriers, w->h->barriers);
	assert_int_equal(w->d.stats.flush_waits, w->h->waits);
	assert_int_equal(s->tables_live, 0);
	for (int i = 0; i < PT_LEVELS; i++)
		assert_int_equal(s->mappings[i], 0);
	free(w->want);
	free(w->gone);
	device_delete(w->h);
}

static uint64_t below(struct world *w, uint64_t limit)
{
	return device_random(w->h) % limit;
}

#define WHOLE UINT64_C(512)
#define HUGE  (WHOLE * WHOLE)

/* Frames of the smallest block, and of what stands above it; of a page. */
static uint64_t whole_frames(const struct world *w)
{
	return level_frames(w, 2);
}

static uint64_t huge_frames(const struct world *w)
{
	return w->h->granule_lg2 == 12 ? HUGE : 2 * whole_frames(w);
}

static uint64_t page_frames(const struct world *w)
{
	return level_frames(w, 1);
}

static struct request random_request(struct world *w)
{
	const uint64_t dice = below(w, 100);
	const uint64_t outputs = (UINT64_C(1) << (45 - 12)) - 1;
	struct request r = { .operation = dice < 50   ? MAP
					  : dice < 85 ? UNMAP
						      : PROTECT };
	const uint64_t page = page_frames(w), whole = whole_frames(w);
	const uint64_t huge = huge_frames(w);
	uint64_t dfn;

	r.at = below(w, w->h->frames);
	switch (below(w, 8)) {
	case 0:
	case 1:
		r.frames = 1;
		break;
	case 2:
	case 3:
		r.frames = 1 + below(w, 20 * page);
		break;
	case 4:
		r.frames = 1 + below(w, 4 * whole);
		break;
	case 5:
		r.at &= ~(whole - 1);
		r.frames = whole * (1 + below(w, 5));
		break;
	case 6:
		r.at &= ~(whole - 1);
		r.frames = whole;
		break;
	default:
		r.at &= ~(huge - 1);
		r.frames = below(w, 4) ? huge : w->h->frames;
		break;
	}
	/* Whole pages of the granule. */
	r.at &= ~(page - 1);
	r.frames = (r.frames + page - 1) & ~(page - 1);
	if (r.frames > w->h->frames - r.at)
		r.frames = w->h->frames - r.at;
	dfn = w->h->window + r.at;
	if (below(w, 3))
		r.mfn = (dfn + huge) & outputs; /* what it always had */
	else if (below(w, 3) || r.frames > huge / 4)
		r.mfn = (below(w, 64) * huge + (dfn & (huge - 1))) & outputs;
	else if (below(w, 2))
		r.mfn = below(w, outputs / 128) * 32 + (dfn & 31);
	else
		r.mfn = below(w, outputs / 4);
	r.mfn &= ~(page - 1);
	r.access = below(w, 2) ? 3 : 1 + (unsigned int)below(w, 3);
	return r;
}

static void carry_out(struct world *w, struct request r)
{
	const uint64_t touched = r.at, last = r.at + r.frames - 1;
	int rc;

	w->h->fail_in = below(w, 6) ? -1 : (int64_t)below(w, 4);
	w->h->preempt_one_in = below(w, 5) ? 0 : 2;
	do {
		uint64_t done;

		rc = perform(w, &r, &done);
		assert_true(done <= r.frames);
		assert_true(rc == 0 || rc == ERR_NOMEM || rc == ERR_PREEMPTED);
		assert_int_equal(rc == 0, done == r.frames);
		assert_true(rc != ERR_NOMEM || w->h->fail_in == 0);
		r.at += done;
		r.mfn += done;
		r.frames -= done;
	} while (rc == ERR_PREEMPTED);
	check_lookup(w, touched);
	check_lookup(w, last);
	check_lookup(w, last + 1);
	check_lookup(w, touched ? touched - 1 : 0);
	check_lookup(w, below(w, w->h->frames));
}

/* Make a superpage's worth of equal frames in two requests. */
static void refill(struct world *w)
{
	const bool small = w->h->granule_lg2 != 12 || w->h->frames <= HUGE ||
			   below(w, 3) != 0;
	const uint64_t whole = small ? whole_frames(w) : HUGE;
	const uint64_t unit = whole / entries(w);
	const uint64_t cut = unit * (1 + below(w, entries(w) - 1));
	struct request r = { .operation = MAP, .access = 3 };

	r.at = below(w, w->h->frames / whole) * whole;
	r.mfn = (w->h->window + r.at + huge_frames(w)) & ((UINT64_C(1) << 33) - 1);
	r.at += cut;
	r.mfn += cut;
	r.frames = whole - cut;
	carry_out(w, r);
	r.at -= cut;
	r.mfn -= cut;
	r.frames = cut;
	carry_out(w, r);
}

static void step(struct world *w)
{
	if (w->s->coalesce.policy != PT_COALESCE_NEVER && below(w, 4) == 0)
		refill(w);
	if (w->s->deferred && below(w, 50) == 0) {
		iommu_flush(&w->d);
		assert_true(iommu_is_flushed(&w->d));
		forget_gone(w);
	}
	carry_out(w, random_request(w));
}

static uint64_t run_shape(const struct shape *s, uint64_t seed)
{
	struct world w;

	world_open(&w, s, seed);
	for (unsigned int n = 1; n <= s->operations; n++) {
		step(&w);
		if (n % s->check_every == 0)
			check_everything(&w);
	}
	check_everything(&w);
	if (s->coalesce.policy != PT_COALESCE_NEVER && s->large_2m)
		assert_true(w.d.stats.pt.coalesces >
			    (s->operations < 400 ? 0 : 2));
	if (!s->large_2m)
		assert_int_equal(w.d.stats.pt.coalesces, 0);
	world_close(&w);
	return s->operations;
}

#define G     UINT64_C(0x40000)
#define SMALL (3 * WHOLE)
/* A window that a table of level 3 (512 GB) ends in. */
#define ACROSS (512 * G - SMALL / 2)

static void random_sequences_match_the_oracle(void **state)
{
	static const struct shape shapes[] = {
		{ .levels = 3, .large_2m = true, .large_1g = true,
		  .base = G - SMALL / 2, .frames = SMALL,
		  .operations = 21000, .check_every = 20 },
		{ .levels = 4, .large_2m = true, .base = ACROSS,
		  .frames = SMALL, .operations = 16000, .check_every = 20,
		  .clean = PT_CLEAN_ENTRY, .mask_max_lg2 = 9 },
		{ .levels = 4, .base = G - SMALL / 2, .frames = SMALL,
		  .operations = 12000, .check_every = 20,
		  .clean = PT_CLEAN_LINE, .write_buffer = true },
		{ .levels = 5, .large_2m = true, .large_1g = true,
		  .base = 512 * 512 * G - SMALL / 2, .frames = SMALL,
		  .operations = 12000, .check_every = 20,
		  .clean = PT_CLEAN_TOP_ONLY },
		{ .levels = 5, .large_2m = true, .base = 8 * ACROSS,
		  .frames = SMALL, .operations = 12000, .check_every = 20,
		  .deferred = 8 },
		{ .levels = 4, .large_2m = true, .base = ACROSS,
		  .frames = SMALL, .operations = 12000, .check_every = 20,
		  .clean = PT_CLEAN_TOP_ONLY, .deferred = 30,
		  .write_buffer = true, .keep_empty = true },
		{ .levels = 3, .large_2m = true, .base = G, .frames = SMALL,
		  .operations = 12000, .check_every = 20,
		  .caching_mode = true, .by_domain = true },
		{ .levels = 4, .large_2m = true, .large_1g = true, .base = 0,
		  .frames = 2 * G, .operations = 1000, .check_every = 200,
		  .clean = PT_CLEAN_LINE },
		{ .levels = 3, .large_2m = true, .large_1g = true,
		  .base = 510 * G, .frames = 2 * G, .operations = 1000,
		  .check_every = 200, .deferred = 100 },
		{ .levels = 4, .large_2m = true, .base = 511 * G,
		  .frames = 2 * G, .operations = 1000, .check_every = 200,
		  .caching_mode = true, .clean = PT_CLEAN_ENTRY,
		  .mask_max_lg2 = 6 },
	};
	uint64_t total = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		total += run_shape(&shapes[i], i + 1);
	assert_int_equal(total, 100000);
}

/* Every policy, with each way to clean and to flush. */
static void random_sequences_coalesce_by_every_policy(void **state)
{
	static const struct pt_coalesce policies[] = {
		{ PT_COALESCE_EAGER, 0, 0 },
		{ PT_COALESCE_AFTER_OPS, 3, 0 },
		{ PT_COALESCE_AFTER_CYCLES, 1000, 0 },
		{ PT_COALESCE_HYSTERESIS, 20, 0 },
		{ PT_COALESCE_SCAN, 100, 3000 },
	};
	static const struct shape shapes[] = {
		{ .levels = 4, .large_2m = true, .base = ACROSS,
		  .frames = SMALL, .operations = 1500, .check_every = 10 },
		{ .levels = 3, .large_2m = true, .large_1g = true, .base = 0,
		  .frames = 2 * G, .operations = 400, .check_every = 100 },
		{ .levels = 4, .base = G, .frames = SMALL, .operations = 500,
		  .check_every = 3 },
		{ .levels = 5, .large_2m = true, .large_1g = true,
		  .base = 512 * 512 * G - SMALL / 2, .frames = SMALL,
		  .operations = 1500, .check_every = 10 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
		for (size_t j = 0; j < sizeof(shapes) / sizeof(shapes[0]);
		     j++) {
			struct shape s = shapes[j];

			s.coalesce = policies[i];
			s.clean = (enum pt_clean_policy)((i + j) % 4);
			s.deferred = (i + j) % 2 ? 5 : 0;
			run_shape(&s, 100 + 10 * i + j);
		}
	}
}

/*
 * Arm's formats, with every level of break-before-make, start level, way to
 * name a range, to clean and to flush; the device of port_smmu.h.
 */
static void random_sequences_on_arm_match_the_oracle(void **state)
{
	static const struct shape shapes[] = {
		{ .format = IOMMU_ARM_S2_4K, .iova_bits = 40, .large_2m = true,
		  .large_1g = true, .base = G - SMALL / 2, .frames = SMALL },
		{ .format = IOMMU_ARM_S2_4K, .iova_bits = 48, .large_2m = true,
		  .bbm_level = 1, .range = true, .base = ACROSS,
		  .frames = SMALL, .clean = PT_CLEAN_ENTRY },
		{ .format = IOMMU_ARM_S2_4K, .iova_bits = 34, .large_2m = true,
		  .bbm_level = 2, .base = G - SMALL / 2, .frames = SMALL,
		  .clean = PT_CLEAN_LINE, .deferred = 6 },
		{ .format = IOMMU_ARM_S2_4K, .iova_bits = 32, .levels = 3,
		  .bbm_level = 2, .range = true, .base = G, .frames = SMALL,
		  .clean = PT_CLEAN_TOP_ONLY, .keep_empty = true },
		{ .format = IOMMU_ARM_S2_4K, .iova_bits = 39, .large_2m = true,
		  .large_1g = true, .bbm_level = 2, .by_domain = true,
		  .base = 0, .frames = 2 * G, .clean = PT_CLEAN_TOP_ONLY },
		{ .format = IOMMU_ARM_S2_16K, .iova_bits = 36,
		  .large_2m = true, .bbm_level = 1, .range = true, .base = G,
		  .frames = 3 * 8192, .clean = PT_CLEAN_TOP_ONLY },
		{ .format = IOMMU_ARM_S2_16K, .iova_bits = 40,
		  .large_2m = true, .base = 2 * 8192, .frames = 3 * 8192,
		  .clean = PT_CLEAN_ENTRY, .deferred = 30 },
		{ .format = IOMMU_ARM_S2_64K, .iova_bits = 48,
		  .large_2m = true, .bbm_level = 2, .range = true,
		  .base = 4 * 131072, .frames = 3 * 131072,
		  .clean = PT_CLEAN_LINE, .deferred = 3 },
		{ .format = IOMMU_ARM_S2_64K, .iova_bits = 42,
		  .large_2m = true, .bbm_level = 1, .base = 131072,
		  .frames = 2 * 131072 },
	};
	static const struct pt_coalesce policies[] = {
		{ PT_COALESCE_NEVER, 0, 0 },
		{ PT_COALESCE_EAGER, 0, 0 },
		{ PT_COALESCE_AFTER_OPS, 3, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		for (size_t j = 0;
		     j < sizeof(policies) / sizeof(policies[0]); j++) {
			struct shape s = shapes[i];

			s.coalesce = policies[j];
			s.operations = s.frames <= SMALL ? 2500 : 120;
			s.check_every = s.frames <= SMALL ? 20 : 30;
			run_shape(&s, 200 + 10 * i + j);
		}
	}
}

/* ---- three levels deep */

/*
 * 1 GB, shattered and made again in random order: a few frames of it are
 * unmapped, protected or moved apart one by one, and put back, with the device
 * watching all of it.
 */
static void promotion_and_shattering_keep_every_translation(void **state)
{
	static const struct shape base = {
		.levels = 4, .large_2m = true, .large_1g = true, .base = G,
		.frames = G, .coalesce = { PT_COALESCE_EAGER, 0, 0 },
	};
	enum { HURT = 6 };

	(void)state;
	for (unsigned int clean = 0; clean < 4; clean++) {
		struct shape s = base;
		struct world w;
		struct request whole = { MAP, 0, G, 4 * G, 3 };
		uint64_t done, was;

		s.clean = (enum pt_clean_policy)clean;
		s.deferred = clean % 2 ? 7 : 0;
		world_open(&w, &s, 77 + clean);
		assert_int_equal(perform(&w, &whole, &done), 0);
		for (unsigned int round = 0; round < 60; round++) {
			struct request r[HURT];

			was = w.d.stats.pt.coalesces;
			for (unsigned int i = 0; i < HURT; i++) {
				r[i].operation = (enum operation)below(&w, 3);
				r[i].at = below(&w, G);
				r[i].frames = below(&w, 2) ? 1 : WHOLE;
				if (r[i].frames == WHOLE)
					r[i].at &= ~(WHOLE - 1);
				r[i].mfn = 9 * G + below(&w, G);
				r[i].access = 1;
				assert_int_equal(perform(&w, &r[i], &done), 0);
			}
			for (unsigned int i = HURT; i-- > 0;) {
				r[i].operation = MAP;
				r[i].mfn = 4 * G + r[i].at;
				r[i].access = 3;
				assert_int_equal(perform(&w, &r[i], &done), 0);
			}
			assert_int_equal(w.d.stats.pt.mappings[2], 1);
			assert_true(w.d.stats.pt.coalesces > was);
			if (round % 30 == 0)
				check_everything(&w);
		}
		check_everything(&w);
		iommu_flush(&w.d);
		assert_int_equal(w.d.stats.pt.tables_live, 2);
		world_close(&w);
	}
}

/*
 * For each request over a domain with pages, superpages of both sizes and
 * holes: let the k-th allocation fail, for every k until none fails. Every
 * frame is then old or new, exactly as far as *done says.
 */
static void every_allocation_may_fail(void **state)
{
	static const struct request before[] = {
		{ MAP, 0, G, 3 * G, 3 },
		{ MAP, G + 512, 512, G + 512, 3 },
		{ MAP, G + 2000, 600, 77, 3 },
	};
	static const struct request requests[] = {
		{ MAP, G + 1, 4 * 512, 9, 3 },
		{ MAP, 1, 40 * 512, 55555, 3 },
		{ MAP, 511, 12, 3000, 1 },
		{ MAP, G + 3, 512 * 12, 4 * G, 3 },
		{ UNMAP, 5, 1, 0, 0 },
		{ UNMAP, 5, G + 600, 0, 0 },
		{ PROTECT, G - 3, 800, 0, 1 },
		{ PROTECT, 700, G, 0, 2 },
	};
	unsigned int failures = 0;

	(void)state;
	for (size_t i = 0; i < 4 * sizeof(requests) / sizeof(requests[0]);
	     i++) {
		const struct request *r = &requests[i / 4];

		for (int64_t k = 0;; k++) {
			struct shape s = {
				.levels = i % 4 < 2 ? 4 : 5, .large_2m = true,
				.large_1g = true, .base = 0, .frames = G + 8192,
				.clean = (enum pt_clean_policy)(i % 4),
			};
			uint64_t done;
			struct world w;
			int rc;

			if (i % 2)
				s.coalesce.policy = PT_COALESCE_EAGER;
			world_open(&w, &s, 1);
			w.h->access_one_in = 50;
			for (size_t j = 0;
			     j < sizeof(before) / sizeof(before[0]); j++)
				assert_int_equal(perform(&w, &before[j], &done),
						 0);
			w.h->fail_in = k;
			rc = perform(&w, r, &done);
			assert_true(rc == 0 || rc == ERR_NOMEM);
			assert_int_equal(rc == 0, done == r->frames);
			check_everything(&w);
			world_close(&w);
			if (rc == 0)
				break;
			failures++;
		}
	}
	assert_true(failures > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_sequences_match_the_oracle),
		cmocka_unit_test(random_sequences_coalesce_by_every_policy),
		cmocka_unit_test(random_sequences_on_arm_match_the_oracle),
		cmocka_unit_test(
			promotion_and_shattering_keep_every_translation),
		cmocka_unit_test(every_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
