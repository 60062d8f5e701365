/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/iommu under the checker: promotion and shattering in random order,
 * three levels deep. Under every policy, on hardware of every kind, nothing is
 * found, a VT-d unit's walks find at any moment what an array with one element
 * a frame allows, and the tables are what the array says. With any one step of
 * its protocol spoilt there is a finding.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/bits.h"
#include "core/port.h"
#include "tests/protocol/iommu_host.h"

#define FIRST  UINT64_C(0x3fe00) /* 2 MB below 1 GB */
#define FRAMES UINT64_C(0x40400) /* 1 GB, and 2 MB on either side */
#define LARGE  UINT64_C(0x200)	 /* in it: where the 1 GB begins */
#define MFN    UINT64_C(0x80000) - LARGE
#define OTHER  UINT64_C(0x100000) - LARGE
#define SID    8
#define DID    3
#define WOUNDS 6 /* ranges out of order at once */

struct frame {
	uint32_t mfn;
	uint8_t access; /* 0: a hole */
};

struct space {
	struct iommu_host *host;
	struct iommu_domain d;
	uint64_t seed;
	struct frame *want, *gone; /* gone: not flushed yet */
	bool any_gone;
	/* The operation under way: [at, at + frames) become `to`. */
	uint64_t at, frames, mfn;
	unsigned int access;
	bool busy;
	struct range {
		uint64_t at, frames;
	} wound[WOUNDS];
	unsigned int wounds;
	const char *wrong;
};

static uint64_t draw(struct space *s, uint64_t below)
{
	s->seed ^= s->seed << 13;
	s->seed ^= s->seed >> 7;
	s->seed ^= s->seed << 17;
	return (s->seed >> 11) % below;
}

/* ---- what a device may find ---- */

static bool is_frame(const struct frame *f, const struct iommu_entry *found)
{
	return f->access ? found->access && f->mfn == found->mfn.raw
			 : !found->access;
}

static void look(struct space *s, uint64_t i)
{
	const struct iommu_entry found =
		iommu_host_dma(s->host, SID, FIRST + i, false);
	struct frame new = s->want[i];

	if (is_frame(&s->want[i], &found))
		return;
	if (s->gone[i].access && is_frame(&s->gone[i], &found) &&
	    (s->busy || !iommu_is_flushed(&s->d)))
		return;
	if (s->busy && i - s->at < s->frames) {
		new = (struct frame){ (uint32_t)(s->mfn + i),
				      (uint8_t)s->access };
		if (is_frame(&new, &found))
			return;
	}
	s->wrong = s->busy ? "a device finds what it may not, on the way"
			   : "a device finds what it may not";
}

/* A few places where most happens. */
static uint64_t hot(struct space *s)
{
	static const uint64_t spots[] = { 0,	     LARGE - 1,	  LARGE,
					  LARGE + 5, LARGE + 512, 0x12345,
					  0x40000,   FRAMES - 513 };

	return draw(s, 4) ? spots[draw(s, 8)] + draw(s, 3) : draw(s, FRAMES);
}

static void moment(void *context)
{
	struct space *s = context;

	if (draw(s, 24) == 0)
		look(s, hot(s));
}

/* ---- the tables, by a walk of the test's own ---- */

static void check_table(struct space *s, pa_t table, unsigned int level,
			uint64_t dfn)
{
	const uint64_t *e = port_table_map(s->host, table);
	const uint64_t span = BIT(9 * (level - 1));

	for (uint64_t i = 0; i < 512; i++, dfn += span) {
		const bool leaf = level == 1 || (e[i] & BIT(7));
		const uint64_t first = dfn > FIRST ? dfn : FIRST;
		const uint64_t end = dfn + span < FIRST + FRAMES
					     ? dfn + span
					     : FIRST + FRAMES;

		if ((e[i] & 3) && !leaf) {
			check_table(s, (pa_t){ e[i] & MASK(12, 40) }, level - 1,
				    dfn);
			continue;
		}
		for (uint64_t at = first; at < end; at++) {
			const struct frame *f = &s->want[at - FIRST];

			if (f->access != (e[i] & 3) ||
			    (f->access && f->mfn != ((e[i] & MASK(12, 40)) >>
						     12) + (at - dfn)))
				s->wrong = "the tables differ from the array";
		}
	}
}

/* ---- operations ---- */

static void set(struct space *s, uint64_t i, uint64_t frames, uint64_t mfn,
		unsigned int access)
{
	for (; frames; i++, frames--) {
		if (s->want[i].access && !access && !iommu_is_flushed(&s->d)) {
			s->gone[i] = s->want[i];
			s->any_gone = true;
		}
		s->want[i] =
			(struct frame){ (uint32_t)(mfn + i), (uint8_t)access };
	}
}

static void begin(struct space *s, const char *name, uint64_t at,
		  uint64_t frames, uint64_t mfn, unsigned int access)
{
	s->at = at;
	s->frames = frames;
	s->mfn = mfn;
	s->access = access;
	s->busy = true;
	iommu_host_begin(s->host, name);
}

static void end(struct space *s)
{
	iommu_host_done(s->host, &s->d);
	s->busy = false;
	if (!s->any_gone || !iommu_is_flushed(&s->d))
		return;
	memset(s->gone, 0, FRAMES * sizeof(*s->gone));
	s->any_gone = false;
}

/* How many were. */
static uint64_t map(struct space *s, uint64_t i, uint64_t frames, uint64_t mfn,
		    unsigned int access)
{
	uint64_t done;

	begin(s, "iommu_map", i, frames, mfn, access);
	if (iommu_map(&s->d, (dfn_t){ FIRST + i }, (mfn_t){ mfn + i }, frames,
		      access, &done))
		assert_true(done < frames);
	set(s, i, done, mfn, access);
	end(s);
	return done;
}

/* Frames whose way is closed are given away. */
static void give(struct space *s, const struct frame *was)
{
	if (was->access && iommu_is_flushed(&s->d))
		iommu_host_give(s->host, was->mfn, 1);
}

static void unmap(struct space *s, uint64_t i, uint64_t frames)
{
	const struct frame was = s->want[i];
	uint64_t done;

	begin(s, "iommu_unmap", i, frames, 0, 0);
	if (iommu_unmap(&s->d, (dfn_t){ FIRST + i }, frames, &done))
		assert_true(done < frames);
	set(s, i, done, 0, 0);
	end(s);
	if (done)
		give(s, &was);
}

static void protect(struct space *s, uint64_t i, uint64_t frames,
		    unsigned int access)
{
	uint64_t done;

	/* What is read stays as it is. */
	begin(s, "iommu_protect", i, 0, 0, 0);
	if (iommu_protect(&s->d, (dfn_t){ FIRST + i }, frames, access, &done))
		assert_true(done < frames);
	for (uint64_t at = i; at < i + done; at++)
		if (s->want[at].access)
			s->want[at].access = (uint8_t)access;
	end(s);
}

/* Ranges that are not as they were at first, all in a row. */
static void wound(struct space *s, uint64_t i, uint64_t frames)
{
	s->wound[s->wounds].at = i;
	s->wound[s->wounds++].frames = frames;
}

static void heal(struct space *s)
{
	const uint64_t n = draw(s, s->wounds);
	const struct range r = s->wound[n];
	uint64_t left;

	s->wound[n] = s->wound[--s->wounds];
	left = r.frames - map(s, r.at, r.frames, MFN, IOMMU_ACCESS_RW);
	if (left)
		wound(s, r.at + r.frames - left, left);
}

static uint64_t draw_frames(struct space *s, uint64_t i)
{
	static const uint16_t likely[] = { 1, 1, 1, 1, 2, 16, 512, 513 };
	uint64_t frames = likely[draw(s, 8)];

	return frames < FRAMES - i ? frames : FRAMES - i;
}

static void harm(struct space *s)
{
	const uint64_t i = draw(s, 4) ? hot(s) : hot(s) & ~UINT64_C(511);
	const uint64_t frames = draw_frames(s, i);

	wound(s, i, frames);
	switch (draw(s, 8)) {
	case 0:
	case 1:
		map(s, i, frames, OTHER,
		    draw(s, 2) ? IOMMU_ACCESS_R : IOMMU_ACCESS_RW);
		break;
	case 2:
		protect(s, i, frames, IOMMU_ACCESS_R);
		break;
	default:
		unmap(s, i, frames);
		break;
	}
}

static void operate(struct space *s)
{
	switch (draw(s, 16)) {
	case 0:
		begin(s, "iommu_tick", 0, 0, 0, 0);
		iommu_tick(&s->d);
		end(s);
		break;
	case 1:
		begin(s, "iommu_flush", 0, 0, 0, 0);
		iommu_flush(&s->d);
		end(s);
		break;
	case 2: /* all at once */
		if (draw(s, 16) == 0)
			map(s, LARGE, 0x40000, MFN, IOMMU_ACCESS_RW);
		break;
	default:
		if (s->wounds && (s->wounds == WOUNDS || draw(s, 2)))
			heal(s);
		else
			harm(s);
		break;
	}
}

/* ---- a space ---- */

static void space_init(struct space *s, const struct iommu_domain_config *c,
		       const struct iommu_hardware *hardware, uint64_t seed)
{
	*s = (struct space){ .host = iommu_host_new(hardware, seed),
			     .want = calloc(FRAMES, sizeof(*s->want)),
			     .gone = calloc(FRAMES, sizeof(*s->gone)),
			     .seed = seed * UINT64_C(0x9e3779b97f4a7c15) + 1 };
	assert_true(s->want && s->gone);
	iommu_host_begin(s->host, "iommu_domain_init");
	assert_int_equal(iommu_domain_init(&s->d, s->host, c), 0);
	iommu_host_attach(s->host, SID, &s->d, IOMMU_ATTACH_WHOLE);
}

static void space_fini(struct space *s)
{
	iommu_host_free(s->host);
	free(s->want);
	free(s->gone);
}

static void say(const struct space *s, const char *what)
{
	const struct checker *c = iommu_host_checker(s->host);

	for (size_t i = 0; i < checker_findings(c) && i < 3; i++) {
		const struct finding *f = checker_finding(c, i);

		print_error("%s: %s by %s, event %llu: %s; input 0x%llx, stale "
			    "0x%llx, now 0x%llx\n",
			    what, rule_facts(f->rule)->id,
			    f->source.operation ? f->source.operation : "?",
			    (unsigned long long)f->event, f->detail,
			    (unsigned long long)f->input,
			    (unsigned long long)f->stale,
			    (unsigned long long)f->now);
	}
}

static bool has_finding(const struct space *s)
{
	return checker_findings(iommu_host_checker(s->host)) != 0;
}

/* ---- no finding under any policy ---- */

static const struct pt_coalesce coalesces[] = {
	{ PT_COALESCE_NEVER, 0, 0 },	  { PT_COALESCE_EAGER, 0, 0 },
	{ PT_COALESCE_AFTER_OPS, 3, 0 },  { PT_COALESCE_AFTER_CYCLES, 250, 0 },
	{ PT_COALESCE_HYSTERESIS, 2, 0 }, { PT_COALESCE_SCAN, 150, 700 },
};
static const uint32_t deferrals[] = { 0, 4, 32 }; /* 0: strict */
static const enum pt_clean_policy cleans[] = {
	PT_CLEAN_NONE,
	PT_CLEAN_ENTRY,
	PT_CLEAN_LINE,
	PT_CLEAN_TOP_ONLY,
};
#define COMBINATIONS (6 * 3 * 4)

static struct iommu_domain_config policy(unsigned int number)
{
	const uint32_t deferred = deferrals[number / 6 % 3];

	return (struct iommu_domain_config){
		.did = DID,
		.levels = number % 5 == 4 ? 4 : 3,
		.output_bits = 46,
		.superpage_2m = true,
		.superpage_1g = true,
		.snoop = true,
		.page_selective = true,
		.mask_max_lg2 = 18,
		.free_empty = true,
		.clean = cleans[number / 18 % 4],
		.coalesce = coalesces[number % 6],
		.flush = deferred ? IOMMU_FLUSH_DEFERRED : IOMMU_FLUSH_STRICT,
		.flush_calls = deferred,
	};
}

/* The kinds of hardware go round beside the policies. */
static struct iommu_hardware hardware_for(struct iommu_domain_config *c,
					  unsigned int number)
{
	const struct iommu_hardware h = {
		.coherent = c->clean == PT_CLEAN_NONE,
		.write_buffer = number % 4 == 1,
		.caching_mode = number % 7 == 3,
		.queued = number % 2,
		.levels = c->levels,
	};

	c->write_buffer = h.write_buffer;
	c->caching_mode = h.caching_mode;
	return h;
}

static unsigned int operations(void)
{
	const char *count = getenv("PROTOCOL_OPERATIONS");
	const char *is_long = getenv("LONG");

	if (count)
		return (unsigned int)strtoul(count, NULL, 10);
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
	return 100;
#endif
#endif
	return is_long && *is_long ? 20000 : 2000;
}

static void check_whole(struct space *s, const char *what)
{
	check_table(s, s->d.root, s->d.config.levels, 0);
	for (uint64_t i = 0; i < FRAMES; i += 1 + draw(s, 997))
		look(s, i);
	if (s->wrong || has_finding(s)) {
		say(s, what);
		fail_msg("%s: %s", what, s->wrong ? s->wrong : "a finding");
	}
}

static void run_random(unsigned int number)
{
	struct iommu_domain_config config = policy(number);
	const struct iommu_hardware hardware = hardware_for(&config, number);
	const unsigned int count = operations();
	struct space s;
	char what[80];

	snprintf(what, sizeof(what), "combination %u", number);
	space_init(&s, &config, &hardware, number + 1);
	iommu_host_watch(s.host, moment, &s);
	map(&s, LARGE, 0x40000, MFN, IOMMU_ACCESS_RW);
	for (unsigned int i = 0; i < count && !s.wrong && !has_finding(&s);
	     i++) {
		if (draw(&s, 16) == 0)
			iommu_host_fail(s.host, 1 + draw(&s, 3));
		operate(&s);
		for (int k = 0; k < 4; k++)
			look(&s, hot(&s));
		if (i % 256 == 255)
			check_whole(&s, what);
	}
	check_whole(&s, what);
	if (getenv("PROTOCOL_SAY"))
		printf("%s: %llu promotions, %llu splits\n", what,
		       (unsigned long long)s.d.stats.pt.coalesces,
		       (unsigned long long)s.d.stats.pt.splits);
	assert_true(count < 1000 ||
		    config.coalesce.policy == PT_COALESCE_NEVER ||
		    s.d.stats.pt.coalesces > count / 20);
	iommu_host_watch(s.host, NULL, NULL);
	iommu_host_detach(s.host, SID, DID, IOMMU_ATTACH_WHOLE);
	assert_int_equal(iommu_domain_fini(&s.d), 0);
	say(&s, what);
	assert_false(has_finding(&s));
	space_fini(&s);
}

static void no_policy_has_a_finding(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < COMBINATIONS; i++)
		run_random(i);
}

/* ---- a finding whatever is spoilt ---- */

#define COHERENT  PT_CLEAN_NONE
#define ANY_CLEAN PT_CLEAN_POLICIES

static const struct spoilt {
	enum iommu_spoil spoil;
	const char *name, *rules; /* any of these is right */
	enum pt_clean_policy clean;
	bool write_buffer, caching_mode;
} spoilts[] = {
	{ IOMMU_SPOIL_NO_FLUSH, "no IOTLB invalidation",
	  "iotlb-missing iommu-table-held", ANY_CLEAN, false, false },
	{ IOMMU_SPOIL_NO_WAIT, "nothing waits for the invalidation",
	  "iotlb-incomplete iommu-table-held", ANY_CLEAN, false, false },
	{ IOMMU_SPOIL_OTHER_DOMAIN, "invalidation of another domain",
	  "iotlb-domain", ANY_CLEAN, false, false },
	{ IOMMU_SPOIL_SHIFTED, "invalidation of the pages after", "iotlb-range",
	  ANY_CLEAN, false, false },
	{ IOMMU_SPOIL_SMALL_MASK, "address mask 0", "iotlb-mask", ANY_CLEAN,
	  false, false },
	{ IOMMU_SPOIL_HINT, "IH given with a promotion",
	  "iotlb-hint iommu-table-held", ANY_CLEAN, false, false },
	{ IOMMU_SPOIL_NO_BARRIER_BEFORE_FLUSH,
	  "no barrier before the invalidation",
	  "iotlb-early iommu-unordered iommu-clean-unordered", ANY_CLEAN, false,
	  false },
	{ IOMMU_SPOIL_NO_BARRIER_AFTER_MAKE, "no barrier after new entries",
	  "iommu-unordered iommu-clean-unordered", ANY_CLEAN, false, false },
	{ IOMMU_SPOIL_LINK_FIRST, "no barrier before a table is linked",
	  "iommu-link-unordered", ANY_CLEAN, false, false },
	{ IOMMU_SPOIL_NO_CLEAN, "no clean, walks past the caches",
	  "iommu-clean-missing", PT_CLEAN_ENTRY, false, false },
	{ IOMMU_SPOIL_NO_CLEAN_TABLE, "new tables are not cleaned",
	  "iommu-clean-missing", PT_CLEAN_ENTRY, false, false },
	{ IOMMU_SPOIL_CLEAN_LATE, "cleaned after the barrier",
	  "iommu-clean-unordered iotlb-early", PT_CLEAN_ENTRY, false, false },
	{ IOMMU_SPOIL_NO_WRITE_BUFFER, "write buffer not flushed",
	  "iommu-write-buffer", COHERENT, true, false },
	{ IOMMU_SPOIL_NO_FLUSH, "caching mode, no invalidation of what is new",
	  "iommu-caching-mode", COHERENT, false, true },
	{ IOMMU_SPOIL_EARLY_FREE, "tables freed before the flush",
	  "iommu-table-held", ANY_CLEAN, false, false },
	{ IOMMU_SPOIL_NO_UNLINK, "emptied tables stay linked",
	  "iommu-table-linked", ANY_CLEAN, false, false },
	{ IOMMU_SPOIL_PIECES, "descriptors in two halves", "write-pieces",
	  ANY_CLEAN, false, false },
};
#define SPOILTS (sizeof(spoilts) / sizeof(spoilts[0]))

/* Everything a domain does, once or twice, deterministically. */
static void run_scenario(struct space *s)
{
	static const struct {
		char op;
		uint32_t at, frames;
		bool other;
	} steps[] = {
		{ 'm', 0, 512, false },
		{ 'm', 5, 1, true },
		{ 'm', 5, 1, false },
		{ 'm', LARGE, 0x40000, false },
		{ 'u', LARGE + 700, 1, false },
		{ 'u', LARGE + 701, 2, false },
		{ 'm', LARGE + 701, 2, false },
		{ 'm', LARGE + 700, 1, false },
		{ 'p', LARGE + 5, 1, false },
		{ 'p', LARGE + 5, 1, true },
		{ 'u', 0, 512, false },
		{ 'm', 0, 3, false },
		{ 'u', 1, 1, false },
		{ 'u', 0, 3, false },
		{ 'm', 7, 2, false },
		{ 't', 0, 0, false },
		{ 'm', LARGE + 1024, 512, true },
		{ 'f', 0, 0, false },
		{ 'u', LARGE + 512, 512, false },
		{ 'f', 0, 0, false },
		{ 'm', 0, 512, false },
		{ 'u', LARGE, 0x40000, false },
		{ 'f', 0, 0, false },
	};

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		const uint64_t mfn = steps[i].other ? OTHER : MFN;

		switch (steps[i].op) {
		case 'm':
			map(s, steps[i].at, steps[i].frames, mfn,
			    IOMMU_ACCESS_RW);
			break;
		case 'u':
			unmap(s, steps[i].at, steps[i].frames);
			break;
		case 'p':
			protect(s, steps[i].at, steps[i].frames,
				steps[i].other ? IOMMU_ACCESS_RW
					       : IOMMU_ACCESS_R);
			break;
		default:
			begin(s, "iommu_flush", 0, 0, 0, 0);
			if (steps[i].op == 't')
				iommu_tick(&s->d);
			else
				iommu_flush(&s->d);
			end(s);
			break;
		}
	}
}

static bool one_of(const char *rules, const char *id)
{
	size_t bytes = strlen(id);

	for (const char *at = rules; (at = strstr(at, id)); at += bytes)
		if ((at == rules || at[-1] == ' ') &&
		    (at[bytes] == ' ' || !at[bytes]))
			return true;
	return false;
}

static void check_spoilt(const struct spoilt *spoilt, unsigned int number)
{
	struct iommu_domain_config config = policy(number);
	struct iommu_hardware hardware;
	const struct checker *c;
	bool right = false;
	struct space s;

	if (spoilt->clean != ANY_CLEAN)
		config.clean = spoilt->clean;
	hardware = (struct iommu_hardware){
		.coherent = config.clean == PT_CLEAN_NONE,
		.write_buffer = spoilt->write_buffer,
		.caching_mode = spoilt->caching_mode,
		.queued = number % 2,
		.levels = config.levels,
	};
	config.write_buffer = hardware.write_buffer;
	config.caching_mode = hardware.caching_mode;
	space_init(&s, &config, &hardware, 1);
	iommu_host_spoil(s.host, spoilt->spoil, 0);
	run_scenario(&s);
	c = iommu_host_checker(s.host);
	for (size_t i = 0; i < checker_findings(c); i++) {
		const struct finding *f = checker_finding(c, i);

		right |= one_of(spoilt->rules, rule_facts(f->rule)->id);
		if (getenv("PROTOCOL_SAY"))
			printf("%s | %u | %s | %s | %s\n", spoilt->name, number,
			       rule_facts(f->rule)->id, f->source.operation,
			       f->detail);
	}
	if (!right)
		say(&s, spoilt->name);
	space_fini(&s);
	if (!right)
		fail_msg("%s (combination %u): not found", spoilt->name,
			 number);
}

static void whatever_is_spoilt_is_found(void **state)
{
	(void)state;
	/* Eager coalescing: strict, deferred; coherent and each way to clean.
	 */
	for (size_t i = 0; i < SPOILTS; i++)
		for (unsigned int number = 1; number < COMBINATIONS;
		     number += 6)
			check_spoilt(&spoilts[i], number);
}

/* Runs the scenario; the findings are the space's to tell. */
static void run_one(struct space *s, unsigned int number, uint64_t one,
		    const struct iommu_host *like, enum iommu_spoil spoil)
{
	struct iommu_domain_config config = policy(number);
	const struct iommu_hardware hardware = hardware_for(&config, number);

	space_init(s, &config, &hardware, 1);
	iommu_host_spoil(s->host, one ? IOMMU_SPOIL_ONE : IOMMU_SPOIL_NOTHING,
			 one);
	if (like)
		iommu_host_like(s->host, like, spoil);
	run_scenario(s);
}

static bool is_missed(unsigned int number, const struct iommu_host *like,
		      enum iommu_spoil spoil)
{
	struct space s;
	bool missed;

	run_one(&s, number, 0, like, spoil);
	missed = has_finding(&s);
	space_fini(&s);
	return missed;
}

/* Of very many steps every one at first, then some. */
static uint64_t next_step(uint64_t one)
{
	return one < 60 ? one + 1 : one + 13;
}

/*
 * Without the k-th clean, barrier, invalidation or wait, for every k, there is
 * a finding; or else another step of the same operation does its work too (of
 * cleans that of the pointer above, as `top-only` has it), or
 * where the flush is deferred one of an operation beside it, and without these
 * there is one.
 */
static void each_single_step_is_needed(void **state)
{
	unsigned int all = 0, twice = 0, below = 0, beside = 0;
	unsigned int needless = 0;

	(void)state;
	for (unsigned int number = 0; number < COMBINATIONS; number += 5) {
		struct space s;
		uint64_t steps;

		run_one(&s, number, 0, NULL, IOMMU_SPOIL_NOTHING);
		steps = iommu_host_steps(s.host);
		say(&s, "nothing spoilt");
		assert_false(has_finding(&s));
		space_fini(&s);
		for (uint64_t one = 1; one <= steps; one = next_step(one)) {
			run_one(&s, number, one, NULL, IOMMU_SPOIL_NOTHING);
			all++;
			if (!has_finding(&s) &&
			    is_missed(number, s.host, IOMMU_SPOIL_LIKE))
				*(iommu_host_lost_clean(s.host) ? &below
								: &twice) += 1;
			else if (!has_finding(&s) &&
				 is_missed(number, s.host, IOMMU_SPOIL_AROUND))
				beside++;
			else if (!has_finding(&s) &&
				 iommu_host_lost_buffer(s.host))
				needless++;
			else if (!has_finding(&s))
				fail_msg("combination %u: step %llu of %llu is "
					 "not missed",
					 number, (unsigned long long)one,
					 (unsigned long long)steps);
			space_fini(&s);
		}
	}
	printf("%u steps; done again in the same operation: %u, in one beside "
	       "it: %u; cleans below what is cleaned: %u; write buffers "
	       "flushed for nothing: %u\n",
	       all, twice, beside, below, needless);
	assert_true((twice + beside + needless) * 10 < all);
}

/* ---- frames, ids and configuration ---- */

static bool is_found(const struct space *s, const char *rule)
{
	const struct checker *c = iommu_host_checker(s->host);

	for (size_t i = 0; i < checker_findings(c); i++)
		if (!strcmp(rule_facts(checker_finding(c, i)->rule)->id, rule))
			return true;
	return false;
}

static void a_frame_waits_for_the_flush(void **state)
{
	struct iommu_domain_config config = policy(6); /* deferred */
	const struct iommu_hardware hardware = { .coherent = true,
						 .levels = 3 };
	struct space s;

	(void)state;
	space_init(&s, &config, &hardware, 1);
	map(&s, 0, 2, MFN, IOMMU_ACCESS_RW);
	unmap(&s, 0, 1);
	assert_false(iommu_is_flushed(&s.d));
	assert_false(has_finding(&s));
	iommu_host_give(s.host, MFN, 1);
	assert_true(is_found(&s, "iommu-frame-held"));
	iommu_host_give(s.host, MFN + 1, 1);
	assert_true(is_found(&s, "iommu-frame-mapped"));
	space_fini(&s);
}

/* The device goes to another domain, by the same id or not; with the
 * invalidations that `how` leaves. */
static void move_device(struct space *s, uint16_t did, enum iommu_attach how)
{
	struct iommu_domain_config config = policy(0);
	const struct iommu_hardware hardware = { .coherent = true,
						 .queued = true,
						 .levels = 3 };
	struct iommu_domain other;

	space_init(s, &config, &hardware, 1);
	map(s, 0, 2, MFN, IOMMU_ACCESS_RW);
	look(s, 0);
	config.did = did;
	assert_int_equal(iommu_domain_init(&other, s->host, &config), 0);
	iommu_host_detach(s->host, SID, DID, how);
	iommu_host_attach(s->host, SID, &other, IOMMU_ATTACH_WHOLE);
	(void)iommu_host_dma(s->host, SID, FIRST, false);
}

static void a_changed_context_entry_is_invalidated(void **state)
{
	struct space s;

	(void)state;
	move_device(&s, DID + 1, IOMMU_ATTACH_WHOLE);
	say(&s, "another domain");
	assert_false(has_finding(&s));
	space_fini(&s);
	move_device(&s, DID + 1, IOMMU_ATTACH_NO_CONTEXT);
	assert_true(is_found(&s, "iommu-config-held"));
	/* And the unit did go by what it held. */
	assert_true(checker_finding(iommu_host_checker(s.host), 0)->use_event);
	space_fini(&s);
}

static void a_domain_id_is_flushed_before_it_is_used_again(void **state)
{
	struct space s;

	(void)state;
	move_device(&s, DID, IOMMU_ATTACH_WHOLE);
	say(&s, "the same id");
	assert_false(has_finding(&s));
	space_fini(&s);
	move_device(&s, DID, IOMMU_ATTACH_NO_IOTLB);
	assert_true(is_found(&s, "iommu-domain-reused"));
	space_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_policy_has_a_finding),
		cmocka_unit_test(whatever_is_spoilt_is_found),
		cmocka_unit_test(each_single_step_is_needed),
		cmocka_unit_test(a_frame_waits_for_the_flush),
		cmocka_unit_test(a_changed_context_entry_is_invalidated),
		cmocka_unit_test(
			a_domain_id_is_flushed_before_it_is_used_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
