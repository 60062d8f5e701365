/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The suite's other half: random sequences on IOMMU domains of every number of
 * levels, superpage size, policy and kind of hardware, against an oracle of
 * one element a frame. While a call runs, a device that remembers all it may
 * accesses frames at random: of those that the call is about it may find the
 * old or the new, of all others what stands there and nothing else. After each
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

#include "core/pt/table.h"
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
	struct vtd_host *h;
	struct iommu_domain d;
	const struct shape *s;
	struct frame *want;
	struct frame *gone; /* unmapped, and the flush may be still to come */
	const struct request *now; /* while a call runs */
	bool busy, any_gone;
	uint64_t tables, mappings[PT_LEVELS];
	uint64_t seen;
};

/* ---- what the device may find */

static bool is_frame(const struct frame *f, struct vtd_found found)
{
	if (f->access == 0 || !found.mapped)
		return f->access == 0 && !found.mapped;
	return f->mfn == found.mfn && f->access == found.access;
}

static bool judge(struct vtd_host *h, uint64_t dfn, struct vtd_found found)
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

static void check_marker(const struct world *w, uint64_t pte, unsigned int i,
			 unsigned int level, uint64_t streak)
{
	const uint64_t at = (pte & UINT64_C(0x000ffffffffff000)) >>
			    vtd_lsb(level);
	unsigned int order = 0;

	while (order < 9 && i % (2u << order) == 0 &&
	       streak >> (order + 1) != 0 && at % (2u << order) == 0)
		order++;
	if (w->s->coalesce.policy == PT_COALESCE_NEVER)
		order = 0;
	assert_int_equal(pte >> 52 & 15, order);
}

static bool is_leaf(uint64_t pte, unsigned int level)
{
	return (pte & 3) != 0 && (level == 1 || (pte & 0x80));
}

/* True if the whole table is one run; every marker is checked. */
static bool check_markers(const struct world *w, const uint64_t *e,
			  unsigned int level)
{
	const uint64_t not_ours = UINT64_C(0xff0fffffffffffff);
	const uint64_t span = UINT64_C(1) << vtd_lsb(level);
	uint64_t streak = 0;

	for (unsigned int i = 512; i-- > 0;) {
		if (!is_leaf(e[i], level)) {
			assert_int_equal(e[i] & ~not_ours, 0);
			streak = 0;
			continue;
		}
		streak = streak != 0 && ((e[i] & not_ours) + span) ==
						(e[i + 1] & not_ours)
				 ? streak + 1
				 : 1;
		check_marker(w, e[i], i, level, streak);
	}
	return streak == 512 &&
	       (e[0] & UINT64_C(0x000ffffffffff000)) % (span * 512) == 0;
}

/* May a table of this level become a superpage? */
static bool may_grow(const struct world *w, unsigned int level)
{
	return level < w->s->levels && ((level == 1 && w->s->large_2m) ||
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

static void check_leaf(struct world *w, uint64_t pte, uint64_t dfn,
		       unsigned int level)
{
	const uint64_t frames = UINT64_C(1) << (9 * (level - 1));
	const uint64_t mfn = (pte & UINT64_C(0x000ffffffffff000)) >> 12;

	assert_true(level == 1 || (level == 2 && w->s->large_2m) ||
		    (level == 3 && w->s->large_1g));
	assert_true(dfn >= w->h->window &&
		    dfn + frames <= w->h->window + w->h->frames);
	assert_int_equal(mfn % frames, 0);
	assert_int_equal(pte & 0xffc, level > 1 ? 0x880 : 0x800);
	w->mappings[5 - level]++;
	for (uint64_t i = 0; i < frames; i++) {
		const struct frame *f = &w->want[dfn - w->h->window + i];

		if (f->access != (pte & 3) || f->mfn != mfn + i)
			fail_msg("dfn %#llx differs from the oracle",
				 (unsigned long long)(dfn + i));
	}
	w->seen += frames;
}

static unsigned int check_table(struct world *w, int n, uint64_t dfn,
				unsigned int level)
{
	const uint64_t *e = w->h->cpu + (size_t)n * 512;
	const bool whole = check_markers(w, e, level);
	unsigned int used = 0;

	if (may_grow(w, level))
		check_whole(w, n, whole);
	w->tables++;
	for (unsigned int i = 0; i < 512; i++) {
		const uint64_t at = dfn + ((uint64_t)i << (9 * (level - 1)));
		struct pt_meta meta;
		unsigned int below;
		int child;

		if (e[i] == 0)
			continue;
		used++;
		if (is_leaf(e[i], level)) {
			check_leaf(w, e[i], at, level);
			continue;
		}
		child = vtd_page_of(e[i] & UINT64_C(0x000ffffffffff000));
		assert_true(child >= 0 && w->h->page[child].live);
		assert_int_equal(e[i] & 0xfff, 3);
		below = check_table(w, child, at, level - 1);
		memcpy(&meta, w->h->page[child].meta, sizeof(meta));
		assert_int_equal(meta.valid, below);
		if (!w->s->keep_empty)
			assert_int_not_equal(below, 0);
	}
	return used;
}

static void check_everything(struct world *w)
{
	const struct pt_stats *s = &w->d.stats.pt;
	struct pt_meta meta;
	uint64_t mapped = 0;
	unsigned int used;
	const int root = vtd_page_of(w->d.root.raw);

	w->tables = w->seen = 0;
	memset(w->mappings, 0, sizeof(w->mappings));
	used = check_table(w, root, 0, w->s->levels);
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
	vtd_look_everywhere(w->h);
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
	vtd_look_held(w->h);
	if (w->h->maps_open != 0)
		vtd_breach(w->h, "a table is left mapped");
	if (w->h->violation)
		fail_msg("%s", w->h->violation);
	return rc;
}

static void world_open(struct world *w, const struct shape *s, uint64_t seed)
{
	struct iommu_domain_config c = {
		.did = 7, .levels = s->levels, .output_bits = 46,
		.superpage_2m = s->large_2m, .superpage_1g = s->large_1g,
		.snoop = true, .write_buffer = s->write_buffer,
		.caching_mode = s->caching_mode,
		.page_selective = !s->by_domain,
		.mask_max_lg2 = s->mask_max_lg2 ? s->mask_max_lg2 : 18,
		.clean = s->clean, .free_empty = !s->keep_empty,
		.coalesce = s->coalesce,
		.flush = s->deferred ? IOMMU_FLUSH_DEFERRED
				     : IOMMU_FLUSH_STRICT,
		.flush_calls = s->deferred,
	};

	*w = (struct world){ .h = vtd_new_host(seed), .s = s };
	w->want = calloc(s->frames, sizeof(*w->want));
	w->gone = calloc(s->frames, sizeof(*w->gone));
	assert_non_null(w->want);
	assert_non_null(w->gone);
	w->h->coherent = s->clean == PT_CLEAN_NONE;
	w->h->write_buffer = s->write_buffer;
	w->h->caching_mode = s->caching_mode;
	w->h->levels = s->levels;
	w->h->did = c.did;
	w->h->judge = judge;
	w->h->world = w;
	w->h->window = s->base;
	w->h->frames = s->frames;
	w->h->access_one_in = 3;
	assert_int_equal(iommu_domain_init(&w->d, w->h, &c), 0);
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
	vtd_delete(w->h);
}

static uint64_t below(struct world *w, uint64_t limit)
{
	return vtd_random(w->h) % limit;
}

#define WHOLE UINT64_C(512)
#define HUGE  (WHOLE * WHOLE)

static struct request random_request(struct world *w)
{
	const uint64_t dice = below(w, 100);
	const uint64_t outputs = (UINT64_C(1) << (45 - 12)) - 1;
	struct request r = { .operation = dice < 50   ? MAP
					  : dice < 85 ? UNMAP
						      : PROTECT };
	uint64_t dfn;

	r.at = below(w, w->h->frames);
	switch (below(w, 8)) {
	case 0:
	case 1:
		r.frames = 1;
		break;
	case 2:
	case 3:
		r.frames = 1 + below(w, 20);
		break;
	case 4:
		r.frames = 1 + below(w, 4 * WHOLE);
		break;
	case 5:
		r.at &= ~(WHOLE - 1);
		r.frames = WHOLE * (1 + below(w, 5));
		break;
	case 6:
		r.at &= ~(WHOLE - 1);
		r.frames = WHOLE;
		break;
	default:
		r.at &= ~(HUGE - 1);
		r.frames = below(w, 4) ? HUGE : w->h->frames;
		break;
	}
	if (r.frames > w->h->frames - r.at)
		r.frames = w->h->frames - r.at;
	dfn = w->h->window + r.at;
	if (below(w, 3))
		r.mfn = (dfn + HUGE) & outputs; /* what it always had */
	else if (below(w, 3) || r.frames > HUGE / 4)
		r.mfn = (below(w, 64) * HUGE + (dfn & (HUGE - 1))) & outputs;
	else if (below(w, 2))
		r.mfn = below(w, outputs / 128) * 32 + (dfn & 31);
	else
		r.mfn = below(w, outputs / 4);
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
	const uint64_t whole = w->h->frames > HUGE && below(w, 3) == 0 ? HUGE
								       : WHOLE;
	const uint64_t unit = whole / WHOLE;
	const uint64_t cut = unit * (1 + below(w, WHOLE - 1));
	struct request r = { .operation = MAP, .access = 3 };

	r.at = below(w, w->h->frames / whole) * whole;
	r.mfn = (w->h->window + r.at + HUGE) & ((UINT64_C(1) << 33) - 1);
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
		assert_true(w.d.stats.pt.coalesces > 2);
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
		cmocka_unit_test(
			promotion_and_shattering_keep_every_translation),
		cmocka_unit_test(every_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
