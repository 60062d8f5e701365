/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random sequences of p2m operations on every granule against a brute-force
 * oracle: an array with one element a page of the granule, and everything here
 * is counted in those. After each operation a plain walk over the bytes
 * of the tables, written here from the architecture and sharing nothing with
 * the core, must see what the oracle says; every table's count must equal its
 * recounted entries, every marker the run that is really there; no table may
 * be empty or leaked, or whole where the policy wants a block; the model of the
 * hardware (model_walk.h) must find the same; and the referee
 * in the host must have seen nothing wrong. Allocations fail and calls are preempted
 * at random on the way, and at every point in turn at the end.
 *
 * With a file's name as argument the suite runs on that core (core/port_ops.h)
 * instead of ours, as far as its offers go. Of another's tables it judges what
 * hardware sees; notes, markers and software bits are its own affair.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dlfcn.h>

#include "core/p2m/ops.h"
#include "core/pt/table.h"
#include "tests/conform/model_walk.h"
#include "tests/unit/core/port_array.h"

/* One page of the granule. */
struct frame {
	uint64_t mfn;
	uint8_t type, access, level;
};

struct world {
	struct port_array *a;
	void *space;
	struct p2m_stats stats; /* as it said last */
	struct p2m where; /* root, start_level and root_order, from VTTBR, VTCR */
	struct p2m_config config;
	unsigned int unit_lg2; /* 4K frames in a page */
	unsigned int width;    /* bits that a level resolves */
	uint64_t whole;	       /* pages in a level-2 block */
	uint64_t base, frames; /* the window all operations stay in */
	struct frame *want, *seen;
	struct model_walk model;
	unsigned int checks; /* of everything, so far */
	/* Recounted by the walk. */
	uint64_t tables, mappings[4];
};

struct shape {
	uint8_t ipa_bits;
	int8_t start_level;
	enum p2m_tlbi_policy tlbi;
	enum p2m_order_policy order;
	bool free_empty;
	uint64_t base, frames;
	unsigned int operations, check_every;
	struct pt_coalesce coalesce;
	bool contig_hint;
	uint8_t granule_lg2; /* 0: 12 */
	bool lpa;
	uint8_t bbm_level;
};

/* ---- whose core */

/* Set once by main: cmocka's tests have no argument of ours. */
static const struct p2m_ops *core = &p2m_core_ops;

static bool is_ours(void)
{
	return core == &p2m_core_ops;
}

static bool offers(uint64_t what)
{
	return (core->offers & what) == what;
}

/* Does the core do what the shape wants, so that it need not be left out? */
static bool is_offered(const struct shape *s)
{
	const unsigned int g = s->granule_lg2 ? s->granule_lg2 : 12;

	return offers(g == 12	? P2M_OFFERS_4K
		      : g == 14 ? P2M_OFFERS_16K
				: P2M_OFFERS_64K) &&
	       (!s->lpa || offers(P2M_OFFERS_LPA)) &&
	       (s->coalesce.policy == PT_COALESCE_NEVER ||
		offers(P2M_OFFERS_COALESCE)) &&
	       (!s->contig_hint || offers(P2M_OFFERS_CONTIG_HINT)) &&
	       (s->frames <= 4096 || offers(P2M_OFFERS_BLOCKS));
}

static const struct port_ops array_port = {
	.version = PORT_OPS_VERSION,
	.size = sizeof(struct port_ops),
	.bug = port_bug,
	.table_alloc = port_table_alloc,
	.table_free = port_table_free,
	.table_meta = port_table_meta,
	.table_map = port_table_map,
	.table_unmap = port_table_unmap,
	.pte_read = port_pte_read,
	.pte_write = port_pte_write,
	.table_zero = port_table_zero,
	.pte_clean = port_pte_clean,
	.barrier = port_barrier,
	.tlbi = port_tlbi,
	.memory_clean = port_memory_clean,
	.icache_invalidate = port_icache_invalidate,
	.preempt = port_preempt,
	.time = port_time,
};

/* ---- the plain walk */

/* MemAttr by type: DDI0487 L.b D8.6.2. */
static const unsigned int memattrs[] = { 0, 15, 15, 1, 0, 3,
					 5, 15, 15, 15, 15 };

static void decode_leaf(struct world *w, uint64_t pte, uint64_t ia,
			unsigned int level)
{
	const unsigned int g = w->config.granule_lg2;
	const uint64_t count = UINT64_C(1) << (w->width * (3 - level));
	struct frame f = {
		.mfn = array_address(w->a, pte) >> g,
		.type = is_ours() ? (pte >> 55) & 15
				  : w->want[(ia >> g) - w->base].type,
		.access = ((pte >> 6) & 3) | (((pte >> 53) & 3) == 0 ? 4 : 0),
		.level = (uint8_t)level,
	};
	const unsigned int memattr = (pte >> 2) & 15;

	assert_true(ia >> g >= w->base &&
		    (ia >> g) + count <= w->base + w->frames);
	assert_true(level >= (g == 12 ? 1 : 2));
	assert_int_equal(f.mfn % count, 0);
	assert_int_equal((pte >> 10) & 1, 1); /* AF */
	assert_true(f.type < P2M_TYPE_COUNT && f.type != P2M_INVALID);
	assert_int_equal(memattr, memattrs[f.type]);
	assert_int_equal((pte >> 8) & 3, memattr == 15 ? 3 : 2);
	w->mappings[level]++;
	for (uint64_t i = 0; i < count; i++, f.mfn++)
		w->seen[(ia >> g) - w->base + i] = f;
}

static bool is_leaf(uint64_t pte, unsigned int level)
{
	return pte != 0 && (level == 3 || !(pte & 2));
}

/* Marker and hint of an entry from which on `streak` entries are alike. */
static unsigned int check_mark(const struct world *w, uint64_t pte,
			       unsigned int i, unsigned int level,
			       uint64_t streak)
{
	const uint64_t at = array_address(w->a, pte) >>
			    array_lsb(w->a, level);
	unsigned int order = 0;

	while (order < w->width && i % (2u << order) == 0 &&
	       streak >> (order + 1) != 0 && at % (2u << order) == 0)
		order++;
	if (w->config.coalesce.policy == PT_COALESCE_NEVER &&
	    !w->config.contig_hint)
		assert_int_equal((pte >> 59) & 15, 0);
	else
		assert_int_equal((pte >> 59) & 15, order);
	return order;
}

/*
 * The markers of one table page are the true maximal runs, or all zero where
 * there shall be none; groups that are runs have the hint if they shall, and
 * no others. True if the whole table is one run.
 */
static bool check_markers(const struct world *w, int n, unsigned int level)
{
	const uint64_t span = array_span(w->a, level);
	const uint64_t *e = array_page_entries(w->a, (unsigned int)n);
	const unsigned int group = array_group(w->a, level);
	const uint64_t not_ours = ~(UINT64_C(15) << 59 | UINT64_C(1) << 52);
	const uint64_t other = not_ours & UINT64_C(0xffff000000000fff);
	unsigned int order = 0;
	uint64_t streak = 0;

	for (unsigned int i = array_entries(w->a); i-- > 0;) {
		if (!is_leaf(e[i], level)) {
			assert_int_equal(e[i] & ~not_ours, 0);
			streak = 0;
			order = 0;
			continue;
		}
		if (streak != 0 &&
		    array_address(w->a, e[i + 1]) ==
			    array_address(w->a, e[i]) + span &&
		    ((e[i] ^ e[i + 1]) & other) == 0)
			streak++;
		else
			streak = 1;
		order = check_mark(w, e[i], i, level, streak);
		if (i % group == 0) {
			const bool hint = w->config.contig_hint && group > 1 &&
					  (1u << order) >= group;

			for (unsigned int j = i; j < i + group; j++)
				if (is_leaf(e[j], level))
					assert_int_equal((e[j] >> 52) & 1,
							 hint);
		}
	}
	return order == w->width;
}

/* A whole table is a block at once, or it waits, or a scan will come. */
static void check_whole(const struct world *w, int n, bool whole)
{
	struct pt_meta meta;

	memcpy(&meta, w->a->page[n].meta, sizeof(meta));
	switch (w->config.coalesce.policy) {
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

/* Entries in use of one table page. */
static unsigned int walk_page(struct world *w, int n, uint64_t ia,
			      unsigned int level)
{
	unsigned int used = 0;

	if (is_ours()) {
		const bool whole = check_markers(w, n, level);

		if (level > w->where.start_level &&
		    level > (w->config.granule_lg2 == 12 ? 1u : 2u))
			check_whole(w, n, whole);
	}
	w->tables++;
	for (unsigned int i = 0; i < array_entries(w->a); i++) {
		const uint64_t pte = array_page_entries(w->a, (unsigned int)n)[i];
		const uint64_t at =
			ia + ((uint64_t)i << array_lsb(w->a, level));
		struct pt_meta meta;
		unsigned int below;
		int child;

		if (pte == 0 || (!is_ours() && !(pte & 1)))
			continue;
		used++;
		assert_true(pte & 1);
		if (level == 3 || !(pte & 2)) {
			assert_int_equal((pte >> 1) & 1, level == 3);
			decode_leaf(w, pte, at, level);
			continue;
		}
		child = array_page_of(w->a, (pa_t){ array_address(w->a, pte) });
		assert_true(child >= 0 && w->a->page[child].live);
		below = walk_page(w, child, at, level + 1);
		memcpy(&meta, w->a->page[child].meta, sizeof(meta));
		if (is_ours())
			assert_int_equal(meta.valid, below);
		if (w->config.free_empty && offers(P2M_OFFERS_FREE_EMPTY))
			assert_int_not_equal(below, 0);
	}
	return used;
}

static void take_stats(struct world *w)
{
	w->stats = (struct p2m_stats){ 0 };
	if (core->stats)
		core->stats(w->space, &w->stats);
}

/* What hardware makes of one page of the window. */
static void check_by_model(const struct world *w, uint64_t at)
{
	const struct frame *f = &w->want[at];
	const unsigned int g = w->config.granule_lg2;
	const uint64_t byte = at * 8 % (UINT64_C(1) << g);
	const uint64_t ipa = ((w->base + at) << g) + byte;
	const bool mapped = f->type != P2M_INVALID;

	model_walk_expect(&w->model, ipa, false, mapped, f->access & 1,
			  (f->mfn << g) + byte);
	model_walk_expect(&w->model, ipa, true, mapped, f->access & 2,
			  (f->mfn << g) + byte);
}

/* Is all to be done that there is time for in the long run only? */
static bool is_long(void)
{
	const char *wanted = getenv("LONG");

	return wanted && *wanted;
}

/* All of a small window, and of a large one each so many pages: in the long
 * run after every operation, else after each 16th. */
static void check_all_by_model(struct world *w)
{
	const uint64_t step = w->frames <= 16384 ? 1 : 509;

	if (w->checks++ % 16 != 0 && !is_long())
		return;
	for (uint64_t at = w->checks % step; at < w->frames; at += step)
		check_by_model(w, at);
}

static void check_everything(struct world *w)
{
	const struct p2m_stats *s = &w->stats;
	const int root = array_page_of(w->a, w->where.root);
	const unsigned int level = w->where.start_level;
	struct pt_meta meta;
	unsigned int used = 0;

	w->tables = 0;
	memset(w->mappings, 0, sizeof(w->mappings));
	memset(w->seen, 0, w->frames * sizeof(*w->seen));
	for (int i = 0; i < 1 << w->where.root_order; i++)
		used += walk_page(w, root + i,
				  (uint64_t)i << (array_lsb(w->a, level) +
						  w->width), level);
	memcpy(&meta, w->a->page[root].meta, sizeof(meta));
	if (is_ours())
		assert_int_equal(meta.valid, used);
	assert_int_equal(w->tables, array_live(w->a));
	take_stats(w);
	if (offers(P2M_OFFERS_COUNTS))
		assert_int_equal(w->tables, s->tables_live);
	if (core->stats)
		assert_memory_equal(w->mappings, s->mappings,
				    sizeof(w->mappings));
	for (uint64_t i = 0; i < w->frames; i++) {
		const struct frame *f = &w->want[i], *g = &w->seen[i];

		if (f->type != g->type || f->mfn != g->mfn ||
		    f->access != g->access)
			fail_msg("gfn %#llx differs from the oracle",
				 (unsigned long long)(w->base + i));
	}
	check_all_by_model(w);
}

/* A look-up says what the oracle says, and of as many frames as it claims. */
static void check_lookup(struct world *w, uint64_t at)
{
	struct p2m_entry e;
	uint64_t first, end, order;

	if (at >= w->frames)
		at = w->frames - 1;
	check_by_model(w, at);
	core->lookup(w->space, (gfn_t){ (w->base + at) << w->unit_lg2 }, &e);
	assert_int_equal(e.type, w->want[at].type);
	assert_int_equal(e.access, w->want[at].access);
	e.mfn.raw >>= w->unit_lg2;
	assert_int_equal(e.mfn.raw, w->want[at].mfn);
	assert_int_equal(e.order, w->unit_lg2 + w->width * (3 - e.level));
	order = e.order - w->unit_lg2;
	first = (w->base + at) >> order << order;
	end = first + (UINT64_C(1) << order);
	first = first > w->base ? first - w->base : 0;
	end = end < w->base + w->frames ? end - w->base : w->frames;
	for (uint64_t i = first; i < end; i += 1 + (end - first) / 16) {
		assert_int_equal(w->want[i].type, e.type);
		if (e.type != P2M_INVALID)
			assert_int_equal(w->want[i].mfn - i, e.mfn.raw - at);
	}
}

/* ---- the oracle */

enum operation { MAP, REMOVE, PROTECT, RETYPE };

struct request {
	enum operation operation;
	uint64_t at, frames; /* in the window */
	uint64_t mfn;
	enum p2m_type type;
	unsigned int access;
	enum p2m_type from; /* of RETYPE */
};

static unsigned int type_allows(unsigned int type)
{
	static const unsigned int most[] = { 0, 7, 5, 3, 3, 3,
					     3, 3, 1, 3, 1 };

	return most[type];
}

static void oracle(struct world *w, const struct request *r, uint64_t done)
{
	for (uint64_t i = 0; i < done; i++) {
		struct frame *f = &w->want[r->at + i];

		if (r->operation == REMOVE)
			*f = (struct frame){ 0 };
		else if (r->operation == MAP)
			*f = (struct frame){
				.mfn = r->mfn + i, .type = (uint8_t)r->type,
				.access = (uint8_t)(r->access &
						    type_allows(r->type)),
			};
		else if (r->operation == PROTECT)
			f->access = (uint8_t)(r->access & type_allows(f->type));
		else if (f->type == r->from)
			*f = (struct frame){
				.mfn = f->mfn, .type = (uint8_t)r->type,
				.access = f->access & (uint8_t)type_allows(r->type),
			};
	}
}

static int perform(struct world *w, const struct request *r, uint64_t *done)
{
	const gfn_t gfn = { (w->base + r->at) << w->unit_lg2 };
	const mfn_t mfn = { r->mfn << w->unit_lg2 };
	const uint64_t frames = r->frames << w->unit_lg2;
	int rc;

	if (r->operation == MAP)
		rc = core->map(w->space, gfn, mfn, frames, r->type, r->access,
			       done);
	else if (r->operation == REMOVE)
		rc = core->remove(w->space, gfn, frames, done);
	else if (r->operation == PROTECT)
		rc = core->protect(w->space, gfn, frames, r->access, done);
	else
		rc = core->change_type(w->space, gfn, frames, r->from, r->type,
				       done);
	assert_int_equal(*done & ((UINT64_C(1) << w->unit_lg2) - 1), 0);
	*done >>= w->unit_lg2;
	return rc;
}

/* ---- worlds */

static void world_free(struct world *w)
{
	if (w->model.memory)
		model_walk_close(&w->model);
	free(w->space);
	free(w->want);
	free(w->seen);
	array_delete(w->a);
}

/* Where hardware begins: DDI0487 L.b D24.2.196, D24.2.198. */
static void find_root(struct world *w)
{
	const uint64_t vtcr = core->vtcr(w->space, w->config.lpa ? 52 : 48);
	const uint64_t vttbr = core->vttbr(w->space);
	const unsigned int bits = 64 - (vtcr & 63), sl0 = vtcr >> 6 & 3;
	const unsigned int level =
		(w->config.granule_lg2 == 12 ? 2u : 3u) - sl0;
	const unsigned int top = array_lsb(w->a, level) + w->width;

	assert_int_equal(bits, w->config.ipa_bits);
	assert_int_equal(vttbr >> 48, w->config.vmid);
	w->where.root.raw = vttbr & UINT64_C(0x0000fffffffff000);
	if (w->config.lpa)
		w->where.root.raw |= (vttbr >> 2 & 15) << 48;
	w->where.start_level = (uint8_t)level;
	w->where.root_order = bits > top ? (uint8_t)(bits - top) : 0;
	array_root(w->a, &w->where);
	model_walk_open(&w->model, w->a, vttbr, vtcr, w->config.lpa);
}

/* False: the core does not offer such a space, and nothing is left open. */
static bool world_open(struct world *w, const struct shape *s, uint64_t seed)
{
	int rc;

	const uint8_t granule_lg2 = s->granule_lg2 ? s->granule_lg2 : 12;

	*w = (struct world){ .base = s->base, .frames = s->frames };
	w->unit_lg2 = granule_lg2 - 12u;
	w->width = granule_lg2 - 3u;
	w->whole = UINT64_C(1) << w->width;
	w->config = (struct p2m_config){
		.ipa_bits = s->ipa_bits, .granule_lg2 = granule_lg2,
		.start_level = s->start_level, .vmid = 3,
		.free_empty = s->free_empty, .tlbi = s->tlbi, .order = s->order,
		.coalesce = s->coalesce, .contig_hint = s->contig_hint,
		.lpa = s->lpa, .bbm_level = s->bbm_level,
	};
	w->a = array_new_granule(seed, granule_lg2);
	w->a->bbm_level = s->bbm_level;
	if (s->lpa)
		w->a->base = ARRAY_BASE_LPA;
	w->a->head.port = &array_port;
	w->space = calloc(1, core->space_bytes);
	assert_non_null(w->space);
	w->want = calloc(w->frames, sizeof(*w->want));
	w->seen = calloc(w->frames, sizeof(*w->seen));
	assert_non_null(w->want);
	assert_non_null(w->seen);
	rc = core->init(w->space, w->a, &w->config);
	if (rc == ERR_UNSUPPORTED && !is_ours()) {
		assert_int_equal(array_live(w->a), 0);
		world_free(w);
		return false;
	}
	assert_int_equal(rc, 0);
	find_root(w);
	return true;
}

static void world_close(struct world *w)
{
	int rc;

	w->a->fail_in = -1;
	do
		rc = core->fini(w->space);
	while (rc == ERR_PREEMPTED);
	assert_int_equal(rc, 0);
	assert_null(array_quiet(w->a));
	assert_int_equal(array_live(w->a), 0);
	take_stats(w);
	if (offers(P2M_OFFERS_COUNTS)) {
		assert_int_equal(w->stats.pte_writes, w->a->writes);
		assert_int_equal(w->stats.barriers, w->a->barriers);
		assert_int_equal(w->stats.tables_live, 0);
		for (int i = 0; i < 4; i++)
			assert_int_equal(w->stats.mappings[i], 0);
	}
	world_free(w);
}

static uint64_t below(struct world *w, uint64_t limit)
{
	return array_random(w->a) % limit;
}

/* Ranges: single frames, a few, whole blocks, nearly all. */
static struct request random_request(struct world *w)
{
	static const enum p2m_type types[] = {
		P2M_RAM_RW, P2M_RAM_RW, P2M_RAM_RW, P2M_RAM_RO,
		P2M_RAM_RO, P2M_DEVICE_NGNRE, P2M_DEVICE_NGNRNE,
		P2M_DEVICE_GRE, P2M_DEVICE_NC, P2M_GRANT_RW, P2M_GRANT_RO,
		P2M_FOREIGN_RW, P2M_FOREIGN_RO,
	};
	/* The first five are RAM. */
	const size_t count = offers(P2M_OFFERS_TYPES)
				     ? sizeof(types) / sizeof(types[0])
				     : 5;
	const uint64_t dice = below(w, 100);
	struct request r = { .operation = dice < 45   ? MAP
					  : dice < 78 ? REMOVE
					  : dice < 92 || !core->change_type
						  ? PROTECT
						  : RETYPE };
	const uint64_t huge = w->whole * w->whole;
	/* Half of what there is, so that no range runs over its end. */
	const uint64_t outputs =
		(UINT64_C(1) << ((w->config.lpa ? 51 : 47) - 12 - w->unit_lg2)) - 1;
	uint64_t gfn;

	r.at = below(w, w->frames);
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
		r.frames = 1 + below(w, 4 * w->whole);
		break;
	case 5:
		r.at &= ~(w->whole - 1);
		r.frames = w->whole * (1 + below(w, 5));
		break;
	case 6:
		r.at &= ~(w->whole - 1);
		r.frames = w->whole;
		break;
	default:
		r.at &= ~(huge - 1);
		r.frames = below(w, 4) ? huge : w->frames;
		break;
	}
	if (r.frames > w->frames - r.at)
		r.frames = w->frames - r.at;
	gfn = w->base + r.at;
	if (below(w, 3) && gfn < UINT64_C(1) << 33)
		r.mfn = (gfn + huge) & outputs; /* what it always had */
	else if (below(w, 3) || r.frames > huge / 4)
		r.mfn = (below(w, 64) * huge + (gfn & (huge - 1))) & outputs;
	else if (below(w, 2))
		r.mfn = below(w, outputs / 128) * 32 + (gfn & 31);
	else
		r.mfn = below(w, outputs / 4);
	r.type = types[below(w, count)];
	r.from = types[below(w, count)];
	r.access = below(w, 2) ? 7 : (unsigned int)below(w, 8);
	return r;
}

/* One request, to its end however often it is stopped. */
static void carry_out(struct world *w, struct request r)
{
	const uint64_t touched = r.at, last = r.at + r.frames - 1;
	int rc;

	w->a->fail_in = below(w, 6) ? -1 : (int64_t)below(w, 4);
	w->a->preempt_one_in = below(w, 5) ? 0 : 2;
	do {
		uint64_t done;

		rc = perform(w, &r, &done);
		if (array_quiet(w->a))
			fail_msg("%s", w->a->violation);
		assert_true(done <= r.frames);
		assert_true(rc == 0 || rc == ERR_NOMEM || rc == ERR_PREEMPTED);
		assert_int_equal(rc == 0, done == r.frames);
		assert_true(rc != ERR_NOMEM || w->a->fail_in == 0);
		oracle(w, &r, done);
		r.at += done;
		r.mfn += done;
		r.frames -= done;
	} while (rc == ERR_PREEMPTED);
	check_lookup(w, touched);
	check_lookup(w, last);
	check_lookup(w, last + 1);
	check_lookup(w, touched ? touched - 1 : 0);
	check_lookup(w, below(w, w->frames));
}

/* Make a block's worth of equal frames in two requests. */
static void refill(struct world *w)
{
	const uint64_t huge = w->whole * w->whole;
	const uint64_t whole = w->frames > huge && below(w, 3) == 0 ? huge
								    : w->whole;
	const uint64_t unit = whole / w->whole;
	const uint64_t cut = unit * (1 + below(w, w->whole - 1));
	struct request r = { .operation = MAP, .type = P2M_RAM_RW, .access = 7 };

	r.at = below(w, w->frames / whole) * whole;
	r.mfn = ((w->base + r.at) & UINT64_C(0xffffffff)) + huge;
	r.frames = whole - cut;
	r.at += cut;
	r.mfn += cut;
	carry_out(w, r);
	r.at -= cut;
	r.mfn -= cut;
	r.frames = cut;
	carry_out(w, r);
}

static void step(struct world *w)
{
	if ((w->config.coalesce.policy != PT_COALESCE_NEVER ||
	     w->config.contig_hint) &&
	    below(w, 4) == 0)
		refill(w);
	carry_out(w, random_request(w));
}

#define G UINT64_C(0x40000)
#define SMALL UINT64_C(3072)

static uint64_t run_shape(const struct shape *s, uint64_t seed)
{
	/* Page by page it takes long: less does. */
	const unsigned int operations =
		offers(P2M_OFFERS_BLOCKS) ? s->operations : s->operations / 2;
	struct world w;

	if (!is_offered(s) || !world_open(&w, s, seed))
		return 0;
	for (unsigned int n = 1; n <= operations; n++) {
		step(&w);
		if (n % s->check_every == 0)
			check_everything(&w);
	}
	check_everything(&w);
	/* Pages in the root are pages for ever. */
	if (s->coalesce.policy != PT_COALESCE_NEVER && s->start_level < 3)
		assert_true(w.stats.coalesces > 2);
	world_close(&w);
	return operations;
}

static void random_sequences_match_the_oracle(void **state)
{
	static const struct shape shapes[] = {
		{ 40, -1, P2M_TLBI_IPA, P2M_ORDER_GREEDY, true,
		  G - SMALL / 2, SMALL, 16000, 1, { 0 }, false, 0, false, 0 },
		{ 48, -1, P2M_TLBI_RANGE, P2M_ORDER_GREEDY, true,
		  512 * G - SMALL / 2, SMALL, 16000, 1, { 0 }, false, 0, false, 0 },
		{ 32, -1, P2M_TLBI_VMID, P2M_ORDER_GREEDY, true,
		  4 * G - SMALL, SMALL, 10000, 1, { 0 }, false, 0, false, 0 },
		{ 32, 1, P2M_TLBI_IPA, P2M_ORDER_MASK, true,
		  2 * G - SMALL / 2, SMALL, 10000, 1, { 0 }, false, 0, false, 0 },
		{ 34, 2, P2M_TLBI_RANGE, P2M_ORDER_MASK, true,
		  16 * G - SMALL, SMALL, 10000, 1, { 0 }, false, 0, false, 0 },
		{ 43, 1, P2M_TLBI_IPA, P2M_ORDER_GREEDY, false,
		  512 * G - SMALL / 2, SMALL, 10000, 1, { 0 }, false, 0, false, 0 },
		{ 43, 0, P2M_TLBI_RANGE, P2M_ORDER_GREEDY, true,
		  8192 * G - SMALL, SMALL, 10000, 1, { 0 }, false, 0, false, 0 },
		{ 39, -1, P2M_TLBI_VMID, P2M_ORDER_MASK, false,
		  0, SMALL, 10000, 1, { 0 }, false, 0, false, 0 },
		{ 36, -1, P2M_TLBI_IPA, P2M_ORDER_GREEDY, true,
		  0, 2 * G, 3000, 100, { 0 }, false, 0, false, 0 },
		{ 40, 0, P2M_TLBI_RANGE, P2M_ORDER_GREEDY, true,
		  511 * G, 2 * G, 3000, 100, { 0 }, false, 0, false, 0 },
		{ 34, -1, P2M_TLBI_VMID, P2M_ORDER_GREEDY, false,
		  G, 2 * G, 2000, 100, { 0 }, false, 0, false, 0 },
	};
	uint64_t total = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		total += run_shape(&shapes[i], i + 1);
	print_message("%llu operations on core '%s'\n",
		      (unsigned long long)total, core->name);
	assert_true(is_ours() ? total == 100000 : total >= 1000);
}

static void random_sequences_coalesce_by_every_policy(void **state)
{
	static const struct pt_coalesce policies[] = {
		{ PT_COALESCE_EAGER, 0, 0 },
		{ PT_COALESCE_AFTER_OPS, 3, 0 },
		{ PT_COALESCE_AFTER_CYCLES, 1000, 0 },
		{ PT_COALESCE_HYSTERESIS, 2, 0 },
		{ PT_COALESCE_SCAN, 100, 300 },
	};
	static const struct shape shapes[] = {
		{ 40, -1, P2M_TLBI_IPA, P2M_ORDER_GREEDY, true,
		  G - SMALL / 2, SMALL, 2000, 1, { 0 }, false, 0, false, 0 },
		{ 48, -1, P2M_TLBI_RANGE, P2M_ORDER_MASK, false,
		  512 * G - SMALL / 2, SMALL, 2000, 1, { 0 }, false, 0, false, 0 },
		{ 34, 2, P2M_TLBI_VMID, P2M_ORDER_GREEDY, true,
		  16 * G - SMALL, SMALL, 2000, 1, { 0 }, false, 0, false, 0 },
		{ 36, -1, P2M_TLBI_IPA, P2M_ORDER_GREEDY, true,
		  0, 2 * G, 1000, 50, { 0 }, false, 0, false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
		for (size_t j = 0; j < sizeof(shapes) / sizeof(shapes[0]);
		     j++) {
			struct shape s = shapes[j];

			s.coalesce = policies[i];
			run_shape(&s, 100 + 10 * i + j);
		}
	}
}

/* A window of three level-2 blocks that ends or begins inside one. */
#define WINDOW(lg2, g) \
	(UINT64_C(1) << ((lg2) - (g))) - 3 * (UINT64_C(1) << ((g) - 3)) / 2, \
	3 * (UINT64_C(1) << ((g) - 3))
#define TOP(lg2, g) \
	(UINT64_C(1) << ((lg2) - (g))) - 3 * (UINT64_C(1) << ((g) - 3)), \
	3 * (UINT64_C(1) << ((g) - 3))

static void every_granule_hints_and_coalesces(void **state)
{
	static const struct shape shapes[] = {
		/* 4K, with the hint; the last at the foot of its space. */
		{ 40, -1, P2M_TLBI_IPA, P2M_ORDER_GREEDY, true,
		  WINDOW(30, 12), 4000, 1, { 0 }, true, 12, false, 0 },
		{ 36, 1, P2M_TLBI_VMID, P2M_ORDER_MASK, false,
		  TOP(36, 12), 3000, 1, { 0 }, true, 12, false, 0 },
		{ 36, -1, P2M_TLBI_RANGE, P2M_ORDER_GREEDY, true,
		  0, 2 * G, 1000, 50, { 0 }, true, 12, false, 0 },
		/* 16K: start levels 2 and 1, one and more root tables. */
		{ 32, -1, P2M_TLBI_IPA, P2M_ORDER_GREEDY, true,
		  TOP(32, 14), 2000, 1, { 0 }, false, 14, false, 0 },
		{ 40, 2, P2M_TLBI_RANGE, P2M_ORDER_GREEDY, true,
		  WINDOW(36, 14), 1500, 1, { 0 }, true, 14, false, 0 },
		{ 48, -1, P2M_TLBI_IPA, P2M_ORDER_MASK, true,
		  WINDOW(47, 14), 1500, 1, { 0 }, true, 14, false, 0 },
		{ 40, 1, P2M_TLBI_VMID, P2M_ORDER_GREEDY, false,
		  TOP(40, 14), 1500, 1, { 0 }, false, 14, false, 0 },
		/* 64K: the same, and 52 bits. */
		{ 32, -1, P2M_TLBI_RANGE, P2M_ORDER_GREEDY, true,
		  TOP(32, 16), 500, 1, { 0 }, true, 16, false, 0 },
		{ 46, 2, P2M_TLBI_IPA, P2M_ORDER_GREEDY, true,
		  WINDOW(42, 16), 400, 1, { 0 }, true, 16, false, 0 },
		{ 48, -1, P2M_TLBI_VMID, P2M_ORDER_MASK, false,
		  WINDOW(42, 16), 400, 1, { 0 }, false, 16, false, 0 },
		{ 52, -1, P2M_TLBI_RANGE, P2M_ORDER_GREEDY, true,
		  TOP(52, 16), 400, 1, { 0 }, true, 16, true, 0 },
		/* Pages in the root: 8 tables, and 16. */
		{ 32, 3, P2M_TLBI_RANGE, P2M_ORDER_GREEDY, true,
		  TOP(32, 16), 500, 1, { 0 }, true, 16, false, 0 },
		{ 33, 3, P2M_TLBI_IPA, P2M_ORDER_GREEDY, true,
		  TOP(33, 16), 500, 1, { 0 }, false, 16, false, 0 },
	};
	static const struct pt_coalesce policies[] = {
		{ PT_COALESCE_NEVER, 0, 0 },
		{ PT_COALESCE_EAGER, 0, 0 },
		{ PT_COALESCE_AFTER_OPS, 3, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		for (size_t j = 0; j < sizeof(policies) / sizeof(policies[0]);
		     j++) {
			struct shape s = shapes[i];

			s.coalesce = policies[j];
			s.operations /= 2;
			s.bbm_level = (uint8_t)((i + j) % 3);
			run_shape(&s, 200 + 10 * i + j);
		}
	}
}

/* What an operation touched is looked at after each, everything now and then.
 * LONG in the environment: all of it. */
static void long_sequences_of_the_other_granules(void **state)
{
	static const struct shape shapes[] = {
		{ 40, 2, P2M_TLBI_RANGE, P2M_ORDER_GREEDY, true,
		  WINDOW(36, 14), 50000, 200, { 0 }, false, 14, false, 0 },
		{ 48, -1, P2M_TLBI_IPA, P2M_ORDER_GREEDY, true,
		  TOP(48, 14), 50000, 200, { PT_COALESCE_EAGER, 0, 0 }, true,
		  14, false, 0 },
		{ 46, 2, P2M_TLBI_IPA, P2M_ORDER_GREEDY, true,
		  WINDOW(42, 16), 50000, 1000, { 0 }, false, 16, false, 0 },
		{ 52, -1, P2M_TLBI_RANGE, P2M_ORDER_GREEDY, true,
		  TOP(52, 16), 50000, 1000, { PT_COALESCE_EAGER, 0, 0 }, true,
		  16, true, 0 },
	};
	const unsigned int part = is_long() ? 1 : 20;
	uint64_t total = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		struct shape s = shapes[i];

		s.operations /= part;
		total += run_shape(&s, 400 + i);
	}
	print_message("%llu operations on core '%s'\n",
		      (unsigned long long)total, core->name);
	assert_true(!is_ours() || total == 200000 / part);
}

/* For a core that goes page by page: 1536 frames instead of a gigabyte. */
static uint64_t smaller(uint64_t frames)
{
	if (frames >= G)
		return (frames - G) / 4 + 1536;
	return frames < 1536 ? frames : 1536;
}

static struct request fitting(const struct request *r)
{
	struct request fit = *r;

	if (!offers(P2M_OFFERS_BLOCKS)) {
		fit.at = smaller(r->at);
		fit.frames = smaller(r->at + r->frames) - fit.at;
	}
	return fit;
}

/* Is it for a core that knows RAM alone? */
static bool is_asked(const struct request *r)
{
	return offers(P2M_OFFERS_TYPES) ||
	       (r->operation != RETYPE && r->type <= P2M_RAM_RO);
}

/*
 * For each request over a space with pages, blocks of both sizes and holes:
 * let the k-th allocation fail, for every k until none fails. Every frame is
 * then old or new, exactly as far as *done says.
 */
static void every_allocation_may_fail(void **state)
{
	static const struct request before[] = {
		{ MAP, 0, G, 3 * G, P2M_RAM_RW, 7, P2M_INVALID },
		{ MAP, G + 512, 512, G + 512, P2M_RAM_RW, 7, P2M_INVALID },
		{ MAP, G + 2000, 600, 77, P2M_RAM_RW, 7, P2M_INVALID },
	};
	static const struct request requests[] = {
		{ MAP, G + 1, 4 * 512, 9, P2M_RAM_RW, 7, P2M_INVALID },
		{ MAP, 1, 40 * 512, 55555, P2M_RAM_RW, 7, P2M_INVALID },
		{ MAP, 511, 12, 3000, P2M_RAM_RO, 5, P2M_INVALID },
		{ MAP, G + 3, 512 * 12, 4 * G, P2M_DEVICE_NGNRE, 3, P2M_INVALID },
		{ REMOVE, 5, 1, 0, P2M_INVALID, 0, P2M_INVALID },
		{ REMOVE, 5, G + 600, 0, P2M_INVALID, 0, P2M_INVALID },
		{ PROTECT, G - 3, 800, 0, P2M_INVALID, 1, P2M_INVALID },
		{ PROTECT, 700, G, 0, P2M_INVALID, 0, P2M_INVALID },
		{ RETYPE, 700, 900, 0, P2M_DEVICE_NC, 0, P2M_RAM_RW },
	};
	static const struct shape shape = {
		40, 0, P2M_TLBI_IPA, P2M_ORDER_GREEDY, true, 0, G + 8192, 0, 0,
		{ 0 }, false, 0, false, 0
	};
	unsigned int failures = 0;

	(void)state;
	for (size_t i = 0; i < 3 * sizeof(requests) / sizeof(requests[0]);
	     i++) {
		const struct request fit = fitting(&requests[i / 3]);
		const struct request *r = &fit;

		if (!is_asked(r))
			continue;

		for (int64_t k = 0;; k++) {
			struct shape s = shape;
			uint64_t done;
			struct world w;
			int rc;

			s.coalesce.policy = i % 3 ? PT_COALESCE_EAGER
						  : PT_COALESCE_NEVER;
			s.contig_hint = i % 3 == 2;
			if (!is_ours())
				s.start_level = -1;
			if (!offers(P2M_OFFERS_BLOCKS))
				s.frames = smaller(s.frames);
			if (!is_offered(&s) || !world_open(&w, &s, 1))
				break;
			/* Of a gigabyte in pages the tables are there. */
			for (size_t j = offers(P2M_OFFERS_BLOCKS) ? 0 : 1;
			     j < sizeof(before) / sizeof(before[0]); j++) {
				const struct request b = fitting(&before[j]);

				assert_int_equal(perform(&w, &b, &done), 0);
				oracle(&w, &b, done);
			}
			w.a->fail_in = k;
			rc = perform(&w, r, &done);
			if (array_quiet(w.a))
				fail_msg("%s", w.a->violation);
			assert_true(rc == 0 || rc == ERR_NOMEM);
			assert_int_equal(rc == 0, done == r->frames);
			oracle(&w, r, done);
			check_everything(&w);
			world_close(&w);
			if (rc == 0)
				break;
			failures++;
		}
	}
	print_message("%u points of failure on core '%s'\n", failures,
		      core->name);
	assert_true(failures > (is_ours() ? 180 : 2));
}

/* NULL: it is no core, and why has been said. */
static const struct p2m_ops *load(const char *path)
{
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL), *symbol;
	p2m_core_entry_fn *entry = NULL;
	const struct p2m_ops *ops;

	symbol = handle ? dlsym(handle, P2M_CORE_ENTRY) : NULL;
	if (!symbol) {
		fprintf(stderr, "%s\n", dlerror());
		return NULL;
	}
	memcpy(&entry, &symbol, sizeof(entry));
	ops = entry(&array_port);
	if (ops && ops->version == P2M_OPS_VERSION && ops->size == sizeof(*ops))
		return ops;
	fprintf(stderr, "%s: not of version %d\n", path, P2M_OPS_VERSION);
	return NULL;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_sequences_match_the_oracle),
		cmocka_unit_test(random_sequences_coalesce_by_every_policy),
		cmocka_unit_test(every_granule_hints_and_coalesces),
		cmocka_unit_test(long_sequences_of_the_other_granules),
		cmocka_unit_test(every_allocation_may_fail),
	};

	if (argc > 1)
		core = load(argv[1]);
	if (!core)
		return 3;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
