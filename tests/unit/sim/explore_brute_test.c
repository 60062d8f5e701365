/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The explorer against brute force: every interleaving of a concrete machine,
 * one after another, on two levels of tables with two entries. Thousands of
 * short protocols, right ones, broken ones and nonsense; both must find
 * something after the same step, or nothing.
 *
 * Arm: a CPU, or an IOMMU past the caches that hears broadcast maintenance.
 * VT-d: an IOMMU with a queue of its own, perhaps a write buffer; no access to
 * what stays translated may fault, and entries that differ bear each other.
 *
 * The concrete machine shares no code with the explorer. Hardware decides when
 * a store is seen (or a line evicted) and when maintenance takes effect; what
 * it can cache at a moment it does cache, since holding more never hurts it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/explore/explore.h"

#define BASE UINT64_C(0x100000)
#define TABLE (BASE + 0x1000)
#define INPUT UINT64_C(0x200000) /* of root[1] */
#define STEPS_MAX 15
#define VERSIONS_MAX 8

/* root[1], table[0], table[1]. */
enum word { ROOT, FIRST, SECOND, WORDS };
static const uint64_t word_address[WORDS] = { BASE + 8, TABLE, TABLE + 8 };

/* What a word may say. */
enum value { HOLE, LINK, BLOCK, PAGE, OTHER, VALUES };
enum op {
	WRITE, CLEAN, DSB_STORES, DSB_ALL, FREE,
	ARM_OPS,
	TLBI_FIRST = ARM_OPS, TLBI_SECOND, TLBI_LEAF_FIRST, TLBI_ALL,
	TLBI_COMBINED,
	VTD_OPS,
	/* By address mask 0 or 9, with the hint (LEAF) or without. */
	IOTLB_FIRST = VTD_OPS, IOTLB_SECOND, IOTLB_LEAF_FIRST, IOTLB_WIDE,
	IOTLB_WIDE_LEAF, IOTLB_ALL, WAIT, BUFFER,
	OPS
};

struct step {
	enum op op;
	enum word word;
	enum value value;
};

struct protocol {
	bool vtd;
	bool write_buffer; /* only with vtd */
	bool noncoherent;  /* an IOMMU; without vtd else a CPU */
	enum value start[WORDS];
	struct step step[STEPS_MAX];
	unsigned int steps;
};

/* ---- a generator of its own: the same numbers everywhere */

static uint64_t seed;

static unsigned int draw(unsigned int below)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (unsigned int)(seed >> 33) % below;
}

/* ---- brute force */

struct state {
	uint8_t done; /* software steps */
	/* Versions, by number; `out` of the caches, for the write buffer. */
	uint8_t seen[WORDS], cleaned[WORDS], out[WORDS];
	uint16_t pending; /* maintenance, by step */
	uint8_t stage2[WORDS], combined[WORDS]; /* versions held */
};

struct brute {
	const struct protocol *p;
	/* By word and version: what it says; and how many there are by step. */
	enum value version[WORDS][VERSIONS_MAX];
	uint8_t newest[STEPS_MAX + 1][WORDS];
	unsigned int freed; /* the step that frees the table; 0: none */
	struct state *visited;
	size_t count, room;
	unsigned int found; /* after so few steps; ~0: never */
};

/* What an input page (0, 1, or any other of the block: 2) comes to. */
static int page_by(enum value v, unsigned int page)
{
	switch (v) {
	case BLOCK:
	case PAGE: /* the same place as in the block */
		return (int)page + 1;
	case OTHER:
		return (int)page + 100;
	default:
		return 0;
	}
}

static int translates(const enum value now[WORDS], unsigned int page)
{
	if (now[ROOT] != LINK)
		return page_by(now[ROOT], page);
	return page < 2 ? page_by(now[FIRST + page], page) : 0;
}

static int before(const struct brute *b, unsigned int page)
{
	return translates(b->p->start, page);
}

static int after(const struct brute *b, unsigned int page)
{
	enum value now[WORDS];

	for (int w = 0; w < WORDS; w++)
		now[w] = b->version[w][b->newest[b->p->steps][w]];
	return translates(now, page);
}

static bool held_is(const struct brute *b, uint8_t held, enum word w,
		    enum value v)
{
	for (unsigned int k = 0; k < VERSIONS_MAX; k++)
		if ((held & 1u << k) && b->version[w][k] == v)
			return true;
	return false;
}

static bool reaches_table(const struct brute *b, const struct state *s)
{
	return held_is(b, s->stage2[ROOT], ROOT, LINK);
}

/* Cache all there is to see now. True: something new. */
static bool fill(const struct brute *b, struct state *s)
{
	bool more = false;

	for (int w = 0; w < WORDS; w++) {
		const enum value v = b->version[w][s->seen[w]];
		const uint8_t bit = (uint8_t)(1u << s->seen[w]);

		if (v == HOLE || (w != ROOT && (!reaches_table(b, s) ||
						(b->freed && s->done >= b->freed))))
			continue;
		more |= !(s->stage2[w] & bit);
		s->stage2[w] |= bit;
	}
	for (int w = 0; w < WORDS && !b->p->noncoherent && !b->p->vtd; w++)
		for (unsigned int k = 0; k < VERSIONS_MAX; k++)
			if ((s->stage2[w] & 1u << k) &&
			    b->version[w][k] != LINK) {
				more |= !(s->combined[w] & 1u << k);
				s->combined[w] |= (uint8_t)(1u << k);
			}
	return more;
}

/* One held leaf is neither of the mappings (or not the new). */
static bool strays(const struct brute *b, const uint8_t held[WORDS], bool over)
{
	for (unsigned int w = 0; w < WORDS; w++)
		for (unsigned int k = 0; k < VERSIONS_MAX; k++) {
			const enum value v = b->version[w][k];
			const unsigned int from = w == ROOT ? 0 : w - FIRST;
			const unsigned int to = w == ROOT ? 2 : from;

			if (!(held[w] & 1u << k) || v == LINK)
				continue;
			for (unsigned int page = from; page <= to; page++)
				if (page_by(v, page) != after(b, page) &&
				    (over || page_by(v, page) != before(b, page)))
					return true;
		}
	return false;
}

static bool conflicts(const struct brute *b, const uint8_t held[WORDS])
{
	unsigned int kinds[WORDS] = { 0 };

	for (unsigned int w = 0; w < WORDS; w++)
		for (unsigned int v = LINK; v < VALUES; v++)
			if (held_is(b, held[w], (enum word)w, (enum value)v))
				kinds[w]++;
	if (kinds[ROOT] > 1 || kinds[FIRST] > 1 || kinds[SECOND] > 1)
		return true;
	/* A block over a page, both sizes for one address. */
	return (kinds[FIRST] || kinds[SECOND]) &&
	       (held_is(b, held[ROOT], ROOT, BLOCK) ||
		held_is(b, held[ROOT], ROOT, OTHER));
}

/* What a walk now can come to: from the root, and from a pointer held, which
 * may be none (false). */
static int walk_root(const struct brute *b, const struct state *s,
		     unsigned int page)
{
	enum value now[WORDS];

	for (int w = 0; w < WORDS; w++)
		now[w] = b->version[w][s->seen[w]];
	return translates(now, page);
}

static bool walk_held(const struct brute *b, const struct state *s,
		      unsigned int page, int *to)
{
	const enum value now[WORDS] = {
		LINK, b->version[FIRST][s->seen[FIRST]],
		b->version[SECOND][s->seen[SECOND]],
	};

	*to = translates(now, page);
	return reaches_table(b, s);
}

/* A walk now is not the new mapping. */
static bool walks_astray(const struct brute *b, const struct state *s)
{
	for (unsigned int page = 0; page < 3; page++) {
		int to;

		if (walk_root(b, s, page) != after(b, page) ||
		    (walk_held(b, s, page, &to) && to != after(b, page)))
			return true;
	}
	return false;
}

/* A walk now faults where nothing was to go. */
static bool walks_off(const struct brute *b, const struct state *s)
{
	for (unsigned int page = 0; page < 3; page++) {
		int to;

		if (before(b, page) && after(b, page) &&
		    (!walk_root(b, s, page) ||
		     (walk_held(b, s, page, &to) && !to)))
			return true;
	}
	return false;
}

static bool is_wrong(const struct brute *b, const struct state *s)
{
	const bool over = s->done == b->p->steps;

	if (strays(b, s->stage2, false) || strays(b, s->combined, false))
		return true;
	if (b->p->vtd ? walks_off(b, s)
		      : conflicts(b, s->stage2) || conflicts(b, s->combined))
		return true;
	/* The table is gone, and there is still a way. */
	if (b->freed && s->done >= b->freed && reaches_table(b, s))
		return true;
	return over && (strays(b, s->stage2, true) ||
			strays(b, s->combined, true) || walks_astray(b, s));
}

/* Does it drop what the word held? `table`: a way to one. */
static bool tlbi_hits(enum op op, enum word w, bool table)
{
	switch (op) {
	case TLBI_ALL:
	case IOTLB_ALL:
	case IOTLB_WIDE:
		return true;
	case TLBI_FIRST:
		return w != SECOND;
	case TLBI_SECOND:
		return w != FIRST;
	case TLBI_LEAF_FIRST:
		return w != SECOND && !table;
	/* One page is not all of a superpage. */
	case IOTLB_FIRST:
		return w == FIRST || table;
	case IOTLB_SECOND:
		return w == SECOND || table;
	case IOTLB_LEAF_FIRST:
		return w == FIRST;
	case IOTLB_WIDE_LEAF:
		return !table;
	default:
		return false;
	}
}

static void effect(const struct brute *b, struct state *s, unsigned int i)
{
	const enum op op = b->p->step[i].op;

	s->pending &= (uint16_t)~(1u << i);
	for (unsigned int w = 0; w < WORDS; w++)
		for (unsigned int k = 0; k < VERSIONS_MAX; k++) {
			const uint8_t keep = (uint8_t)~(1u << k);

			if (tlbi_hits(op, (enum word)w,
				      b->version[w][k] == LINK))
				s->stage2[w] &= keep;
			if (op == TLBI_ALL || op == TLBI_COMBINED)
				s->combined[w] &= keep;
		}
}

static bool is_maintenance(enum op op)
{
	return op >= TLBI_FIRST && op <= IOTLB_ALL;
}

/* A barrier lets stores out, the write buffer lets them be seen. */
static void order(const struct brute *b, struct state *s, unsigned int i)
{
	const enum op op = b->p->step[i].op;

	for (unsigned int w = 0; w < WORDS; w++) {
		if (op == DSB_ALL || op == DSB_STORES) {
			if (!b->p->noncoherent)
				s->out[w] = b->newest[i][w];
			else if (op == DSB_ALL)
				s->out[w] = s->cleaned[w];
		}
		if ((!b->p->write_buffer || op == BUFFER ||
		     is_maintenance(op)) &&
		    s->out[w] > s->seen[w])
			s->seen[w] = s->out[w];
	}
}

static void software(const struct brute *b, struct state *s)
{
	const unsigned int i = s->done++;
	const struct step *step = &b->p->step[i];

	if (is_maintenance(step->op))
		s->pending |= (uint16_t)(1u << i);
	for (unsigned int w = 0; w < WORDS; w++) {
		const bool same_line =
			w == step->word || (w != ROOT && step->word != ROOT);

		if (step->op == CLEAN && same_line)
			s->cleaned[w] = b->newest[i][w];
	}
	order(b, s, i);
	for (unsigned int k = 0;
	     step->op == (b->p->vtd ? WAIT : DSB_ALL) && k < i; k++)
		if (s->pending & 1u << k)
			effect(b, s, k);
}

static void visit(struct brute *b, struct state s)
{
	while (fill(b, &s))
		;
	for (size_t i = 0; i < b->count; i++)
		if (memcmp(&b->visited[i], &s, sizeof(s)) == 0)
			return;
	if (b->count == b->room) {
		b->room = b->room ? b->room * 2 : 1024;
		b->visited = realloc(b->visited, b->room * sizeof(s));
		assert_non_null(b->visited);
	}
	b->visited[b->count++] = s;
	if (is_wrong(b, &s)) {
		if (s.done < b->found)
			b->found = s.done;
		return;
	}
	if (s.done >= b->found)
		return;
	if (s.done < b->p->steps) {
		struct state next = s;

		software(b, &next);
		visit(b, next);
	}
	for (unsigned int i = 0; i < b->p->steps; i++)
		if (s.pending & 1u << i) {
			struct state next = s;

			effect(b, &next, i);
			visit(b, next);
		}
	for (unsigned int w = 0; w < WORDS; w++) {
		struct state next = s;

		if (s.seen[w] == b->newest[s.done][w])
			continue;
		next.seen[w]++;
		/* Of a line all goes at once, as it is now. */
		for (unsigned int k = 0; b->p->noncoherent && k < WORDS; k++)
			if (k == w || (k != ROOT && w != ROOT))
				next.seen[k] = b->newest[s.done][k];
		visit(b, next);
	}
}

static unsigned int brute_force(const struct protocol *p)
{
	struct brute b = { .p = p, .found = ~0u };
	uint8_t newest[WORDS] = { 0 };
	struct state s;

	memset(&s, 0, sizeof(s));
	for (int w = 0; w < WORDS; w++)
		b.version[w][0] = p->start[w];
	for (unsigned int i = 0; i < p->steps; i++) {
		const struct step *step = &p->step[i];

		if (step->op == WRITE)
			b.version[step->word][++newest[step->word]] =
				step->value;
		if (step->op == FREE)
			b.freed = i + 1;
		memcpy(b.newest[i + 1], newest, sizeof(newest));
	}
	visit(&b, s);
	free(b.visited);
	return b.found;
}

/* ---- the explorer */

#define ATTRIBUTES (UINT64_C(1) << 10 | 3 << 8 | 3 << 6 | 15 << 2)

/* Readable and writable; PS in the root. */
static uint64_t encode_vtd(enum word w, enum value v)
{
	const uint64_t page = w == SECOND ? 0x1000 : 0;
	const uint64_t leaf = w == ROOT ? 0x83 : 3;

	switch (v) {
	case LINK:
		return TABLE | 3;
	case BLOCK:
	case PAGE:
		return (UINT64_C(0x40000000) + page) | leaf;
	case OTHER:
		return (UINT64_C(0x80000000) + page) | leaf;
	default:
		return 0;
	}
}

static uint64_t encode(enum word w, enum value v)
{
	const uint64_t page = w == SECOND ? 0x1000 : 0;

	switch (v) {
	case LINK:
		return TABLE | 3;
	case BLOCK:
		return UINT64_C(0x40000000) | ATTRIBUTES | 1;
	case PAGE:
		return (UINT64_C(0x40000000) + page) | ATTRIBUTES | 3;
	case OTHER:
		return (UINT64_C(0x80000000) + page) | ATTRIBUTES |
		       (w == ROOT ? 1 : 3);
	default:
		return 0;
	}
}

static struct protocol_event iotlb_of(enum op op)
{
	const bool wide = op == IOTLB_WIDE || op == IOTLB_WIDE_LEAF;
	const uint64_t at = INPUT + (op == IOTLB_SECOND ? 0x1000 : 0);
	struct protocol_event e = { .kind = PROTOCOL_IOTLB };

	if (op == WAIT || op == BUFFER) {
		e.kind = op == WAIT ? PROTOCOL_IOTLB_WAIT
				    : PROTOCOL_WRITE_BUFFER;
		return e;
	}
	e.iotlb = (struct protocol_iotlb){
		.all = op == IOTLB_ALL, .first = at,
		.last = at + (wide ? 0x1fffff : 0xfff),
		.leaf_only = op == IOTLB_LEAF_FIRST || op == IOTLB_WIDE_LEAF,
	};
	return e;
}

static struct protocol_event event_of(const struct protocol *p,
				      const struct step *step)
{
	struct protocol_event e = { .kind = PROTOCOL_TLBI, .el2 = true };
	const bool leaf = step->op == TLBI_LEAF_FIRST;
	const uint64_t at = INPUT + (step->op == TLBI_SECOND ? 0x1000 : 0);

	if (step->op >= VTD_OPS)
		return iotlb_of(step->op);

	switch (step->op) {
	case WRITE:
	case CLEAN:
		e.kind = step->op == WRITE ? PROTOCOL_WRITE : PROTOCOL_CLEAN;
		e.address = word_address[step->word];
		e.bytes = 8;
		e.now = (p->vtd ? encode_vtd : encode)(step->word,
						       step->value);
		break;
	case DSB_STORES:
	case DSB_ALL:
		e.kind = PROTOCOL_BARRIER;
		e.barrier = PROTOCOL_DSB;
		e.access = step->op == DSB_ALL ? PROTOCOL_ALL
					       : PROTOCOL_STORES;
		e.domain = PROTOCOL_ISH;
		break;
	case FREE:
		e.kind = PROTOCOL_TABLE_FREE;
		e.address = TABLE;
		e.bytes = 0x1000;
		break;
	default:
		e.tlbi = (struct protocol_tlbi){
			.name = "TLBI", .broadcast = true, .level = -1,
			.last_level = leaf, .first = at, .last = at + 0xfff,
			.by = step->op >= TLBI_ALL ? PROTOCOL_BY_ALL
						   : PROTOCOL_BY_ADDRESS,
			.stage1 = step->op >= TLBI_ALL,
			.stage2 = step->op != TLBI_COMBINED,
		};
		break;
	}
	return e;
}

static struct explore_result explored(const struct protocol *p)
{
	static const uint8_t live[2] = { 1, 1 };
	uint64_t word[2 * 512] = { 0 };
	struct protocol_event event[STEPS_MAX];
	const struct explore_observer observer = {
		.iommu = p->noncoherent || p->vtd,
		.noncoherent = p->noncoherent, .queue = p->vtd, .name = "it",
	};
	const struct explore_call call = { .end = p->steps };
	const struct explore_space arm = { .granule_lg2 = 12, .start_level = 2,
					   .output_bits = 48, .root = BASE };
	const struct explore_space vtd = { .format = ENTRY_VTD_SS,
					   .granule_lg2 = 12, .start_level = 3,
					   .output_bits = 48, .superpages = 3,
					   .root = BASE };
	const struct explore_input in = {
		.space = p->vtd ? vtd : arm,
		.loss = p->vtd ? EXPLORE_NEVER_FAULTS : EXPLORE_MAY_FAULT,
		.write_buffer = p->write_buffer,
		.image = { BASE, sizeof(word), word, live },
		.observer = &observer, .observers = 1, .line_bytes = 64,
		.event = event, .events = p->steps,
		.call = &call, .calls = 1,
	};
	struct explore_result result;

	for (int w = 0; w < WORDS; w++)
		word[(word_address[w] - BASE) / 8] =
			(p->vtd ? encode_vtd : encode)((enum word)w,
						       p->start[w]);
	for (unsigned int i = 0; i < p->steps; i++)
		event[i] = event_of(p, &p->step[i]);
	assert_int_equal(explore_run(&in, &result), 0);
	return result;
}

/* ---- protocols */

static enum value draw_value(enum word w)
{
	static const enum value root[] = { HOLE, LINK, BLOCK, OTHER };
	static const enum value leaf[] = { HOLE, PAGE, OTHER };

	return w == ROOT ? root[draw(4)] : leaf[draw(3)];
}

static void add(struct protocol *p, enum op op, enum word w, enum value v)
{
	if (p->steps < STEPS_MAX)
		p->step[p->steps++] = (struct step){ op, w, v };
}

static void add_store(struct protocol *p, enum word w, enum value v)
{
	add(p, WRITE, w, v);
	if (p->noncoherent)
		add(p, CLEAN, w, HOLE);
}

static void add_flush(struct protocol *p, bool tables)
{
	switch (draw(3)) {
	case 0:
		add(p, IOTLB_ALL, ROOT, HOLE);
		break;
	case 1:
		add(p, tables ? IOTLB_WIDE : IOTLB_WIDE_LEAF, ROOT, HOLE);
		break;
	default:
		if (tables || draw(2))
			add(p, IOTLB_SECOND, ROOT, HOLE);
		add(p, tables ? IOTLB_FIRST : IOTLB_LEAF_FIRST, ROOT, HOLE);
	}
	add(p, WAIT, ROOT, HOLE);
}

/* Stores are seen: after the barrier, and the buffer where there is one. */
static void add_order(struct protocol *p)
{
	add(p, DSB_ALL, ROOT, HOLE);
	if (p->write_buffer)
		add(p, BUFFER, ROOT, HOLE);
}

/*
 * VT-d's, where nothing is broken: perhaps the table is filled, an entry is
 * written over, seen, flushed, and a table that is not linked any more freed.
 */
static void draw_whole_vtd(struct protocol *p, enum word w)
{
	const enum value v = draw_value(w);

	if (p->start[w] == HOLE && draw(3) == 0)
		p->start[w] = w == ROOT ? BLOCK : PAGE;
	if (w == ROOT && v == LINK && p->start[ROOT] != LINK) {
		add_store(p, FIRST, draw(4) ? PAGE : HOLE);
		add_store(p, SECOND, PAGE);
		add_order(p);
	}
	if (draw(4) == 0) {
		/* As Arm wants it: what stays is without for a moment. Or a
		 * table stands there that is not full. */
		add_store(p, w, w == ROOT && draw(2) ? LINK : HOLE);
		add_order(p);
	}
	add_store(p, w, v);
	add_order(p);
	/* Now and then the hint is wrong. */
	add_flush(p, w == ROOT && draw(6) != 0);
	if (w == ROOT && v != LINK && p->start[ROOT] == LINK && draw(2))
		add(p, FREE, ROOT, HOLE);
}

/* The whole of it: break, flush by one of the ways, perhaps free, make. */
static void draw_whole(struct protocol *p, enum word w)
{
	const bool by_address = draw(2);

	add_store(p, w, HOLE);
	add(p, p->noncoherent ? DSB_ALL : DSB_STORES, ROOT, HOLE);
	if (by_address) {
		add(p, TLBI_FIRST, ROOT, HOLE);
		add(p, TLBI_SECOND, ROOT, HOLE);
		add(p, DSB_ALL, ROOT, HOLE);
		add(p, TLBI_COMBINED, ROOT, HOLE);
	} else {
		add(p, TLBI_ALL, ROOT, HOLE);
	}
	add(p, DSB_ALL, ROOT, HOLE);
	if (w == ROOT && draw(2))
		add(p, FREE, ROOT, HOLE);
	add_store(p, w, w == ROOT ? draw(2) ? BLOCK : OTHER
				  : draw_value(w));
	add(p, p->noncoherent ? DSB_ALL : DSB_STORES, ROOT, HOLE);
}

/* Leave one step out, or exchange two neighbours. */
static void damage(struct protocol *p)
{
	const unsigned int i = draw(p->steps - 1);
	const struct step kept = p->step[i];

	if (draw(3) != 0) {
		p->steps--;
		memmove(&p->step[i], &p->step[i + 1],
			(p->steps - i) * sizeof(kept));
	} else {
		p->step[i] = p->step[i + 1];
		p->step[i + 1] = kept;
	}
}

/* One free at most, and nothing of the table afterwards. */
static void make_sensible(struct protocol *p)
{
	unsigned int writes[WORDS] = { 0 }, kept = 0;
	bool freed = false;

	for (unsigned int i = 0; i < p->steps; i++) {
		const struct step s = p->step[i];
		const bool stores = s.op == WRITE || s.op == CLEAN;

		if (freed && (s.op == FREE || (stores && s.word != ROOT) ||
			      (s.op == WRITE && s.value == LINK)))
			continue;
		if (s.op == WRITE && ++writes[s.word] >= VERSIONS_MAX)
			continue;
		freed |= s.op == FREE;
		p->step[kept++] = s;
	}
	p->steps = kept;
}

static enum op draw_op(bool vtd)
{
	const unsigned int n = draw(vtd ? ARM_OPS + OPS - VTD_OPS
					: (unsigned int)VTD_OPS);

	return (enum op)(vtd && n >= ARM_OPS ? n - ARM_OPS + VTD_OPS : n);
}

static struct protocol draw_protocol(bool vtd)
{
	struct protocol p = { .vtd = vtd,
			      .noncoherent = draw(vtd ? 2 : 3) == 0,
			      .write_buffer = vtd && draw(3) == 0 };
	unsigned int how = draw(4);

	for (unsigned int w = 0; w < WORDS; w++)
		p.start[w] = draw_value((enum word)w);
	if (how != 0) {
		p.start[ROOT] = draw(4) ? LINK : p.start[ROOT];
		(vtd ? draw_whole_vtd : draw_whole)(&p, (enum word)draw(WORDS));
		if (how > 1 && p.steps > 1)
			damage(&p);
		if (how > 2 && p.steps > 1)
			damage(&p);
	}
	for (unsigned int more = how == 0 ? 2 + draw(5) : draw(2); more; more--) {
		const enum word w = (enum word)draw(WORDS);

		add(&p, draw_op(vtd), w, draw_value(w));
	}
	make_sensible(&p);
	return p;
}

static void print(const struct protocol *p, const struct explore_result *r,
		  unsigned int found)
{
	static const char *const op[OPS] = {
		"write", "clean", "DSB ST", "DSB", "free", "TLBI 0", "TLBI 1",
		"TLBI leaf 0", "TLBI all", "TLBI combined", "IOTLB 0",
		"IOTLB 1", "IOTLB leaf 0", "IOTLB 9", "IOTLB leaf 9",
		"IOTLB all", "wait", "buffer",
	};

	print_error("%s%s%s, starts %d %d %d\n", p->vtd ? "VT-d, " : "",
		    p->write_buffer ? "write buffer, " : "",
		    p->noncoherent ? "past the caches" : "coherent",
		    p->start[0], p->start[1], p->start[2]);
	for (unsigned int i = 0; i < p->steps; i++)
		print_error("  %u %s %d %d\n", i + 1, op[p->step[i].op],
			    p->step[i].word, p->step[i].value);
	print_error("brute force: %d; explorer: verdict %d after %u: %s (%s)\n",
		    (int)found, r->verdict, r->step, r->text,
		    r->undecided ? r->undecided : "");
}

static void agree(bool vtd)
{
	unsigned int wrong = 0, good = 0, by[EXPLORE_FINDINGS] = { 0 };

	seed = 1;
	for (unsigned int n = 0; n < 6000; n++) {
		const struct protocol p = draw_protocol(vtd);
		const unsigned int found = brute_force(&p);
		struct explore_result r = explored(&p);
		const bool same = found == ~0u
					  ? r.verdict == EXPLORE_GOOD
					  : r.verdict == EXPLORE_WRONG &&
						    r.step == found;

		if (!same) {
			print(&p, &r, found);
			fail();
		}
		wrong += found != ~0u;
		good += found == ~0u;
		by[r.finding] += found != ~0u;
		explore_result_fini(&r);
	}
	/* Neither verdict by luck alone. */
	assert_true(wrong > 1000);
	assert_true(good > 1000);
	assert_true(by[vtd ? EXPLORE_FAULT : EXPLORE_CONFLICT] > 100);
	assert_int_equal(by[vtd ? EXPLORE_CONFLICT : EXPLORE_FAULT], 0);
	assert_true(by[EXPLORE_AFTER] > 100);
	assert_true(by[EXPLORE_FREED] > 10);
}

static void explorer_and_brute_force_agree(void **state)
{
	(void)state;
	agree(false);
}

static void they_agree_on_vtd(void **state)
{
	(void)state;
	agree(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(explorer_and_brute_force_agree),
		cmocka_unit_test(they_agree_on_vtd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
