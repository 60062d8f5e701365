/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A sequence of requests to a p2m, made from any bytes: good ones inside a
 * small window, and hostile ones with numbers from everywhere. What each must
 * answer is worked out here, in numbers that do not wrap. A refused request
 * must leave everything as it was, byte by byte (p2m_snapshot.h); of the
 * others a frame-by-frame oracle knows the result. Any disagreement ends the
 * program with a line that says which.
 *
 * Bytes: 4 for the space, then 10 for each request.
 */
#ifndef TESTS_UNIT_CORE_P2M_SEQUENCE_H
#define TESTS_UNIT_CORE_P2M_SEQUENCE_H

/* A small pool, so that a short sequence takes a short time. */
#define ARRAY_PAGES 128u
#include "tests/unit/core/p2m_snapshot.h"

#define SEQUENCE_HEADER 4u
#define SEQUENCE_REQUEST 10u
#define SEQUENCE_BLOCKS 2u /* level-2 blocks in the window */

__extension__ typedef unsigned __int128 sequence_wide;

/* A page of the granule. */
struct sequence_page {
	uint64_t mfn;
	uint8_t type, access;
};

struct sequence {
	struct port_array *a;
	struct p2m p2m;
	struct p2m_config config;
	uint64_t unit;	      /* frames in a page */
	uint64_t top, mtop;   /* frames of the space and of its outputs */
	uint64_t base, pages; /* the window, in frames and in pages */
	struct sequence_page *want;
	unsigned int default_access;
	struct snapshot before;
	bool fresh; /* `before` is of now */
	uint64_t calls, refused;
};

struct sequence_request {
	unsigned int op;
	uint64_t gfn, mfn, frames;
	unsigned int type, to, access;
};

enum { SEQUENCE_MAP, SEQUENCE_REMOVE, SEQUENCE_PROTECT, SEQUENCE_CHANGE,
       SEQUENCE_DEFAULT, SEQUENCE_LOOKUP, SEQUENCE_TICK, SEQUENCE_RELINQUISH,
       SEQUENCE_OPS };

_Noreturn static inline void sequence_fail(const struct sequence_request *r,
					   int rc, const char *what)
{
	fprintf(stderr,
		"request %u gfn %#llx mfn %#llx frames %#llx type %u to %u access %#x: %d: %s\n",
		r->op, (unsigned long long)r->gfn, (unsigned long long)r->mfn,
		(unsigned long long)r->frames, r->type, r->to, r->access, rc,
		what);
	abort();
}

/* ---- from bytes */

static inline uint64_t sequence_mix(uint64_t x)
{
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

/* A frame number, from inside the window to nowhere. */
static inline uint64_t sequence_frame(const struct sequence *s, uint64_t limit,
				      uint64_t base, uint8_t sort,
				      uint64_t where)
{
	const uint64_t inside = base + where % s->pages * s->unit;

	switch (sort & 15) {
	case 0:
		return limit - where % 4 * s->unit;
	case 1:
		return UINT64_MAX - where % 600;
	case 2: /* the same byte address, but for bits that are lost */
		return inside + (UINT64_C(1) << 52) * (1 + where % 4095);
	case 3:
		return sequence_mix(where + sort);
	case 4:
		return inside + 1;
	case 5:
		return limit + where;
	default:
		return inside;
	}
}

static inline uint64_t sequence_count(const struct sequence *s, uint8_t sort,
				      uint64_t where)
{
	const uint64_t block = s->pages / SEQUENCE_BLOCKS * s->unit;

	switch (sort & 15) {
	case 0:
		return 0;
	case 1:
		return UINT64_MAX - where % 600;
	case 2:
		return s->top - where % 2;
	case 3:
		return (UINT64_C(1) << 52) - where % 3 * s->unit;
	case 4:
		return sequence_mix(where ^ sort);
	case 5:
	case 6:
		return block;
	case 7:
		return 1 + where % s->unit;
	case 8:
	case 9:
		return (1 + where % s->pages) * s->unit;
	default:
		return (1 + where % 8) * s->unit;
	}
}

static inline struct sequence_request
sequence_decode(const struct sequence *s, const uint8_t *b)
{
	const uint64_t where = (uint64_t)b[2] | (uint64_t)b[3] << 8;
	struct sequence_request r = {
		.op = b[0] % 32 < 20 ? b[0] % 4 : b[0] % SEQUENCE_OPS,
		.gfn = sequence_frame(s, s->top, s->base, b[1], where),
		.frames = sequence_count(s, b[4], b[5]),
		.type = b[7] % 16 == 15 ? b[8] * 0x1010101u : b[7] % 13,
		.to = b[8] % 13,
		.access = b[9] % 16 < 12 ? b[9] % 8
			  : b[9] % 2	 ? P2M_ACCESS_DEFAULT
					 : b[9] * 0x10001u,
	};

	/* Mostly so that larger leaves are possible. */
	r.mfn = b[6] & 0x40 ? r.gfn - s->base
			    : sequence_frame(s, s->mtop, 0, b[6],
					     where + b[6]);
	return r;
}

/* ---- what must come of it */

static inline int sequence_expect_range(const struct sequence *s,
					const struct sequence_request *r,
					bool outputs)
{
	const sequence_wide end = (sequence_wide)r->gfn + r->frames;
	const sequence_wide mend = (sequence_wide)r->mfn + r->frames;

	if (r->gfn >= s->top || end > s->top)
		return ERR_RANGE;
	if (outputs && (r->mfn >= s->mtop || mend > s->mtop))
		return ERR_RANGE;
	if (r->gfn % s->unit || r->frames % s->unit ||
	    (outputs && r->mfn % s->unit))
		return ERR_ALIGN;
	return 0;
}

static inline bool sequence_is_type(unsigned int type)
{
	return type >= 1 && type <= 10;
}

static inline int sequence_expect(const struct sequence *s,
				  const struct sequence_request *r)
{
	const bool access = r->access <= 7 || r->access == 0x100;

	switch (r->op) {
	case SEQUENCE_MAP:
		if (!sequence_is_type(r->type) || !access)
			return ERR_INVAL;
		return sequence_expect_range(s, r, true);
	case SEQUENCE_REMOVE:
		return sequence_expect_range(s, r, false);
	case SEQUENCE_PROTECT:
		return access ? sequence_expect_range(s, r, false) : ERR_INVAL;
	case SEQUENCE_CHANGE:
		if (!sequence_is_type(r->type) || !sequence_is_type(r->to))
			return ERR_INVAL;
		return sequence_expect_range(s, r, false);
	case SEQUENCE_DEFAULT:
		return r->access <= 7 ? 0 : ERR_INVAL;
	default:
		return 0;
	}
}

static inline int sequence_perform(struct sequence *s,
				   const struct sequence_request *r,
				   uint64_t *done)
{
	const gfn_t gfn = { r->gfn };

	switch (r->op) {
	case SEQUENCE_MAP:
		return p2m_map(&s->p2m, gfn, (mfn_t){ r->mfn }, r->frames,
			       (enum p2m_type)r->type, r->access, done);
	case SEQUENCE_REMOVE:
		return p2m_remove(&s->p2m, gfn, r->frames, done);
	case SEQUENCE_PROTECT:
		return p2m_protect(&s->p2m, gfn, r->frames, r->access, done);
	case SEQUENCE_CHANGE:
		return p2m_change_type(&s->p2m, gfn, r->frames,
				       (enum p2m_type)r->type,
				       (enum p2m_type)r->to, done);
	case SEQUENCE_DEFAULT:
		*done = 0;
		return p2m_set_default_access(&s->p2m, r->access);
	case SEQUENCE_TICK:
		p2m_tick(&s->p2m);
		*done = r->frames;
		return 0;
	default:
		*done = r->frames;
		return 0;
	}
}

/* ---- the oracle */

/* The most that a guest may do with each type. */
static const uint8_t sequence_allows[] = { 0, 7, 5, 3, 3, 3, 3, 3, 1, 3, 1 };

static inline void sequence_apply_page(struct sequence *s,
				       const struct sequence_request *r,
				       uint64_t page, uint64_t mfn)
{
	const unsigned int access =
		r->access == 0x100 ? s->default_access : r->access;
	struct sequence_page *p = &s->want[page];

	switch (r->op) {
	case SEQUENCE_MAP:
		*p = (struct sequence_page){
			.mfn = mfn,
			.type = (uint8_t)r->type,
			.access = (uint8_t)(access & sequence_allows[r->type]),
		};
		break;
	case SEQUENCE_REMOVE:
		*p = (struct sequence_page){ 0 };
		break;
	case SEQUENCE_PROTECT:
		p->access = (uint8_t)(access & sequence_allows[p->type]);
		break;
	case SEQUENCE_CHANGE:
		if (p->type != r->type)
			break;
		p->type = (uint8_t)r->to;
		p->access &= sequence_allows[r->to];
		break;
	}
}

static inline void sequence_apply(struct sequence *s,
				  const struct sequence_request *r,
				  uint64_t done)
{
	const uint64_t first = (r->gfn - s->base) / s->unit;

	if (r->op == SEQUENCE_DEFAULT)
		s->default_access = r->access;
	if (r->op > SEQUENCE_CHANGE)
		return;
	for (uint64_t i = 0; i < done / s->unit; i++)
		sequence_apply_page(s, r, first + i, r->mfn + i * s->unit);
}

/* The window's pages [first, end) are what the oracle says. */
static inline void sequence_look(struct sequence *s,
				 const struct sequence_request *r,
				 uint64_t first, uint64_t end)
{
	for (uint64_t i = first; i < end; i++) {
		const struct sequence_page *p = &s->want[i];
		struct p2m_entry e;

		p2m_lookup(&s->p2m, (gfn_t){ s->base + i * s->unit }, &e);
		if (e.type != p->type || e.access != p->access ||
		    e.mfn.raw != p->mfn)
			sequence_fail(r, 0, "the oracle sees another frame");
	}
}

/* A look-up anywhere says what is there and changes nothing. */
static inline void sequence_lookup(struct sequence *s,
				   const struct sequence_request *r)
{
	struct p2m_entry e;

	p2m_lookup(&s->p2m, (gfn_t){ r->gfn }, &e);
	if (r->gfn >= s->top && e.level != s->p2m.start_level)
		sequence_fail(r, e.level, "beyond the space is not the root");
	if (r->gfn >= s->base && (r->gfn - s->base) / s->unit < s->pages)
		sequence_look(s, r, (r->gfn - s->base) / s->unit,
			      (r->gfn - s->base) / s->unit + 1);
	else if (e.type != P2M_INVALID || e.access != 0 || e.mfn.raw != 0)
		sequence_fail(r, (int)e.type, "a frame where nothing is");
}

/* ---- one request */

static inline void sequence_refused(struct sequence *s,
				    const struct sequence_request *r, int want)
{
	uint64_t done = 99;
	int rc;

	if (!s->fresh)
		snapshot_take(&s->before, s->a, &s->p2m);
	s->fresh = true;
	rc = sequence_perform(s, r, &done);
	if (rc != want || done != 0)
		sequence_fail(r, rc, "another answer is due");
	if (snapshot_differs(&s->before, s->a, &s->p2m))
		sequence_fail(r, rc, snapshot_differs(&s->before, s->a,
						      &s->p2m));
	s->refused++;
}

/* Good requests stay in the window: cut them. */
static inline bool sequence_cut(const struct sequence *s,
				struct sequence_request *r)
{
	const uint64_t end = s->base + s->pages * s->unit;

	if (r->gfn < s->base || r->gfn >= end)
		return false;
	if (r->frames > end - r->gfn)
		r->frames = end - r->gfn;
	return true;
}

static inline void sequence_served(struct sequence *s,
				   struct sequence_request *r, uint8_t fail)
{
	uint64_t done = 0, first;
	int rc;

	if (r->op == SEQUENCE_LOOKUP) {
		sequence_lookup(s, r);
		return;
	}
	if (r->op < SEQUENCE_DEFAULT && !sequence_cut(s, r))
		return;
	s->fresh = false;
	s->a->fail_in = fail % 4 == 3 ? fail / 4 % 4 : -1;
	if (r->op == SEQUENCE_RELINQUISH) {
		do
			rc = p2m_relinquish(&s->p2m);
		while (rc == ERR_PREEMPTED);
		memset(s->want, 0, s->pages * sizeof(*s->want));
	} else {
		rc = sequence_perform(s, r, &done);
		sequence_apply(s, r, done);
	}
	if (rc != 0 && !(rc == ERR_NOMEM && s->a->fail_in >= 0) &&
	    !(rc == ERR_PREEMPTED && s->a->preempt_one_in != 0))
		sequence_fail(r, rc, "a good request");
	if (rc == 0 && r->op < SEQUENCE_DEFAULT && done != r->frames)
		sequence_fail(r, rc, "not all is done");
	s->a->fail_in = -1;
	if (array_quiet(s->a))
		sequence_fail(r, rc, s->a->violation);
	if (r->op >= SEQUENCE_DEFAULT)
		return;
	first = (r->gfn - s->base) / s->unit;
	sequence_look(s, r, first ? first - 1 : 0,
		      first + (r->frames / s->unit < 16 ? r->frames / s->unit
							: 16));
}

/* ---- the whole */

static inline void sequence_open(struct sequence *s, const uint8_t *b)
{
	static const struct {
		uint8_t granule_lg2, ipa_bits;
		int8_t start_level;
		bool lpa;
	} shapes[] = {
		{ 12, 40, -1, false }, { 12, 39, -1, false },
		{ 12, 48, -1, false }, { 12, 34, 2, false },
		{ 12, 36, 1, false },  { 14, 40, -1, false },
		{ 14, 47, 1, false },  { 16, 48, -1, false },
		{ 16, 52, -1, true },  { 16, 42, 2, false },
	};
	const unsigned int n = b[0] % 10;

	*s = (struct sequence){
		.config = {
			.ipa_bits = shapes[n].ipa_bits,
			.granule_lg2 = shapes[n].granule_lg2,
			.start_level = shapes[n].start_level,
			.lpa = shapes[n].lpa,
			.vmid = 3,
			.free_empty = b[1] & 1,
			.contig_hint = (b[1] & 6) == 6,
			.bbm_level = (uint8_t)(b[1] >> 3 & 3) % 3,
			.tlbi = (enum p2m_tlbi_policy)(b[2] % 3),
			.order = (enum p2m_order_policy)(b[2] >> 4 & 1),
			.coalesce = {
				.policy = (enum pt_coalesce_policy)
					(b[3] & 8 ? b[3] % 6 : 0),
				.n = 2, .budget = 64,
			},
		},
		.default_access = 7,
	};
	s->a = array_new_granule(b[3], s->config.granule_lg2);
	s->a->bbm_level = s->config.bbm_level;
	if (s->config.lpa)
		s->a->base = ARRAY_BASE_LPA;
	s->unit = UINT64_C(1) << (s->config.granule_lg2 - 12);
	s->top = UINT64_C(1) << (s->config.ipa_bits - 12);
	s->mtop = UINT64_C(1) << ((s->config.lpa ? 52 : 48) - 12);
	s->pages = SEQUENCE_BLOCKS << (s->config.granule_lg2 - 3);
	/* At the top of the space, where ends meet. */
	s->base = s->top - s->pages * s->unit;
	s->want = calloc(s->pages, sizeof(*s->want));
	if (!s->want || p2m_init(&s->p2m, s->a, &s->config) != 0)
		abort();
	array_root(s->a, &s->p2m);
	s->a->preempt_one_in = b[3] & 0x80 ? 3 : 0;
}

static inline void sequence_close(struct sequence *s)
{
	const struct sequence_request end = { .op = SEQUENCE_OPS };
	int rc;

	sequence_look(s, &end, 0, s->pages);
	do
		rc = p2m_fini(&s->p2m);
	while (rc == ERR_PREEMPTED);
	if (rc != 0 || array_quiet(s->a) || array_live(s->a) != 0)
		sequence_fail(&end, rc, "the end is not clean");
	snapshot_drop(&s->before);
	free(s->want);
	array_delete(s->a);
}

/* Of the requests made, those that had to be refused. */
static inline uint64_t sequence_run(const uint8_t *data, size_t size,
				    uint64_t *calls)
{
	struct sequence s;

	if (size < SEQUENCE_HEADER)
		return 0;
	sequence_open(&s, data);
	for (size_t at = SEQUENCE_HEADER; size - at >= SEQUENCE_REQUEST;
	     at += SEQUENCE_REQUEST) {
		struct sequence_request r = sequence_decode(&s, data + at);
		const int want = sequence_expect(&s, &r);

		s.calls++;
		if (want)
			sequence_refused(&s, &r, want);
		else
			sequence_served(&s, &r, data[at + 6] ^ data[at + 9]);
	}
	*calls += s.calls;
	sequence_close(&s);
	return s.refused;
}

#endif
