/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The core under the checker: random operations under every policy have no
 * finding; with any one step of its protocols spoilt, there is one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/p2m/setway.h"
#include "tests/protocol/core_host.h"

#define FIRST_GFN  UINT64_C(0x3fc00) /* 4 MB below 1 GB */
#define REGION	   UINT64_C(2048)    /* 8 MB */
#define FIRST_MFN  UINT64_C(0x80000)

struct rng {
	uint64_t state;
};

static uint64_t draw(struct rng *r, uint64_t below)
{
	r->state ^= r->state << 13;
	r->state ^= r->state >> 7;
	r->state ^= r->state << 17;
	return (r->state >> 11) % below;
}

struct space {
	struct core_host *host;
	struct p2m p2m;
	struct rng rng;
	uint64_t granule; /* in frames */
};

static void space_init(struct space *s, const struct p2m_config *config,
		       unsigned int cpus, bool noncoherent, uint64_t seed)
{
	const struct checker_config checking = {
		.cpus = cpus,
		.bbm_level = config->bbm_level,
	};

	*s = (struct space){ .host = core_host_new(&checking),
			     .rng = { seed * 0x9e3779b97f4a7c15 + 1 },
			     .granule = 1u << (config->granule_lg2 - 12) };
	core_host_begin(s->host, "p2m_init");
	assert_int_equal(p2m_init(&s->p2m, s->host, config), 0);
	core_host_install(s->host, &s->p2m, noncoherent);
}

static void space_fini(struct space *s)
{
	core_host_free(s->host);
}

/* Some sizes are likely: a page, a contiguous group, a block. */
static uint64_t draw_frames(struct space *s)
{
	static const uint64_t likely[] = { 1, 1, 16, 32, 512, 512, 1024 };
	uint64_t pick = draw(&s->rng, 10);

	pick = pick < 7 ? likely[pick] : 1 + draw(&s->rng, REGION / 2);
	return (pick + s->granule - 1) / s->granule * s->granule;
}

static uint64_t draw_gfn(struct space *s, uint64_t frames)
{
	uint64_t at = draw(&s->rng, REGION - frames + 1);

	if (draw(&s->rng, 2))
		at &= ~(frames - 1);
	return FIRST_GFN + at / s->granule * s->granule;
}

static void map(struct space *s, uint64_t gfn, uint64_t frames)
{
	static const enum p2m_type types[] = { P2M_RAM_RW, P2M_RAM_RW,
					       P2M_RAM_RO, P2M_DEVICE_NGNRE };
	/* Mostly in a row with the rest, so that blocks can come back. */
	uint64_t mfn = FIRST_MFN + gfn - FIRST_GFN, done;

	if (draw(&s->rng, 4) == 0)
		mfn += draw(&s->rng, REGION) / s->granule * s->granule;
	core_host_begin(s->host, "p2m_map");
	if (p2m_map(&s->p2m, (gfn_t){ gfn }, (mfn_t){ mfn }, frames,
		    types[draw(&s->rng, 4) * (draw(&s->rng, 3) == 0)],
		    P2M_ACCESS_RWX, &done))
		assert_true(done < frames);
}

static void operate(struct space *s)
{
	uint64_t frames = draw_frames(s), gfn = draw_gfn(s, frames), done;
	int rc = 0;

	switch (draw(&s->rng, 8)) {
	case 0:
	case 1:
	case 2:
		map(s, gfn, frames);
		break;
	case 3:
	case 4:
		core_host_begin(s->host, "p2m_remove");
		rc = p2m_remove(&s->p2m, (gfn_t){ gfn }, frames, &done);
		break;
	case 5:
		core_host_begin(s->host, "p2m_protect");
		rc = p2m_protect(&s->p2m, (gfn_t){ gfn }, frames,
				 (unsigned int)draw(&s->rng, 8), &done);
		break;
	case 6:
		core_host_begin(s->host, "p2m_change_type");
		rc = p2m_change_type(&s->p2m, (gfn_t){ gfn }, frames,
				     P2M_RAM_RW,
				     draw(&s->rng, 2) ? P2M_RAM_RO
						      : P2M_DEVICE_NC,
				     &done);
		break;
	default:
		core_host_begin(s->host, "p2m_tick");
		p2m_tick(&s->p2m);
		break;
	}
	assert_true(rc == 0 || rc == ERR_NOMEM);
	core_host_done(s->host);
}

static void say(const struct space *s, const char *what)
{
	const struct checker *c = core_host_checker(s->host);

	for (size_t i = 0; i < checker_findings(c) && i < 3; i++) {
		const struct finding *f = checker_finding(c, i);

		print_error("%s: %s by %s, event %llu: %s; input 0x%llx, stale 0x%llx\n",
			    what, rule_facts(f->rule)->id,
			    f->source.operation ? f->source.operation : "?",
			    (unsigned long long)f->event, f->detail,
			    (unsigned long long)f->input,
			    (unsigned long long)f->stale);
	}
}

/* ---- no finding under any policy */

static const struct pt_coalesce coalesces[] = {
	{ PT_COALESCE_NEVER, 0, 0 },	    { PT_COALESCE_EAGER, 0, 0 },
	{ PT_COALESCE_AFTER_OPS, 3, 0 },    { PT_COALESCE_AFTER_CYCLES, 250, 0 },
	{ PT_COALESCE_HYSTERESIS, 2, 0 },   { PT_COALESCE_SCAN, 150, 700 },
};
#define COALESCES (sizeof(coalesces) / sizeof(coalesces[0]))

/* Every combination is one number; the contiguous hint goes with every second
 * one. */
#define COMBINATIONS (COALESCES * 2 * 3 * 3)

static struct p2m_config policy(unsigned int number, unsigned int granule_lg2)
{
	struct p2m_config c = { .ipa_bits = 36,
				.granule_lg2 = (uint8_t)granule_lg2,
				.start_level = -1,
				.vmid = 1 };

	const bool hint = number / COALESCES % 2 != number / (6 * COALESCES) % 2;

	c.coalesce = coalesces[number % COALESCES];
	number /= COALESCES;
	c.free_empty = number % 2;
	number /= 2;
	c.tlbi = (enum p2m_tlbi_policy)(number % 3);
	number /= 3;
	c.bbm_level = (uint8_t)(number % 3);
	c.contig_hint = hint && c.coalesce.policy != PT_COALESCE_NEVER;
	return c;
}

static void run_random(unsigned int number, unsigned int granule_lg2,
		       unsigned int operations, unsigned int cpus)
{
	const struct p2m_config config = policy(number, granule_lg2);
	struct space s;
	char what[64];

	space_init(&s, &config, cpus, false, number + 1);
	core_host_done(s.host);
	for (unsigned int i = 0; i < operations; i++) {
		if (draw(&s.rng, 16) == 0)
			core_host_fail(s.host, 1 + draw(&s.rng, 3));
		operate(&s);
	}
	snprintf(what, sizeof(what), "policy %u, granule %u", number,
		 granule_lg2);
	say(&s, what);
	assert_int_equal(checker_findings(core_host_checker(s.host)), 0);
	core_host_begin(s.host, "p2m_fini");
	assert_int_equal(p2m_fini(&s.p2m), 0);
	space_fini(&s);
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
	return is_long && *is_long ? 100000 : 2000;
}

static void no_policy_has_a_finding(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < COMBINATIONS; i++)
		run_random(i, 12, operations(), 1 + i % 2);
}

static void no_granule_has_a_finding(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < COMBINATIONS; i += 5) {
		run_random(i, 14, operations() / 20, 2);
		run_random(i, 16, operations() / 20, 2);
	}
}

/* ---- a finding whatever is spoilt */

static const struct spoilt {
	enum spoil spoil;
	const char *name, *rules; /* any of these is right */
	unsigned int bbm_level;
	int tlbi; /* -1: each policy */
	bool hints, noncoherent;
} spoilts[] = {
	{ SPOIL_NO_DSB_BEFORE_TLBI, "no DSB before the TLBI",
	  "dsb-before-tlbi", 0, -1, false, false },
	{ SPOIL_NO_DSB_AFTER_TLBI, "no DSB after the TLBI",
	  "dsb-after-tlbi table-held", 0, -1, false, false },
	{ SPOIL_WEAK_DSB_AFTER_TLBI, "DSB ISHST after the TLBI",
	  "dsb-after-tlbi table-held", 0, -1, false, false },
	{ SPOIL_NO_DSB_BETWEEN, "no DSB between IPAS2E1IS and VMALLE1IS",
	  "tlbi-combined", 0, P2M_TLBI_IPA, false, false },
	{ SPOIL_NO_DSB_AFTER_MAKE, "no DSB after new entries",
	  "dsb-after-write", 0, -1, false, false },
	{ SPOIL_NO_TLBI, "no TLBI", "tlbi-missing table-held", 0, -1, false,
	  false },
	{ SPOIL_NO_COMBINED, "no VMALLE1IS", "tlbi-combined", 0, P2M_TLBI_IPA,
	  false, false },
	{ SPOIL_LOCAL_TLBI, "TLBI not broadcast", "tlbi-broadcast table-held",
	  0, -1, false, false },
	{ SPOIL_OTHER_VMID, "TLBI of another VMID", "tlbi-vmid table-held", 0,
	  -1, false, false },
	{ SPOIL_SHIFTED_TLBI, "operand of another granule",
	  "tlbi-range table-held", 0, P2M_TLBI_IPA, false, false },
	{ SPOIL_SHORT_RANGE, "range one page short", "tlbi-range table-held",
	  0, P2M_TLBI_RANGE, false, false },
	{ SPOIL_LAST_LEVEL, "last-level TLBI for tables",
	  "tlbi-leaf table-held", 0, P2M_TLBI_IPA, false, false },
	{ SPOIL_WRONG_LEVEL, "wrong level hint", "tlbi-level", 0, P2M_TLBI_IPA,
	  false, false },
	{ SPOIL_NO_BREAK, "no invalid entry between",
	  "bbm-address bbm-size bbm-attributes tlbi-missing frame-mapped", 0,
	  -1, false, false },
	{ SPOIL_NO_UNLINK, "emptied tables stay linked", "table-linked", 0, -1,
	  false, false },
	{ SPOIL_PIECES, "descriptors in two halves", "write-pieces", 0, -1,
	  false, false },
	{ SPOIL_EARLY_FREE, "tables freed before the flush", "table-held", 0,
	  -1, false, false },
	{ SPOIL_LINK_FIRST, "no barrier before a table is linked",
	  "link-unordered", 0, -1, false, false },
	{ SPOIL_NO_NT, "no nT at FEAT_BBM level 1", "bbm-size", 1, -1, false,
	  false },
	{ SPOIL_LOST_HINT, "the hint missing in a group",
	  "contiguous-mixed bbm-contiguous", 0, -1, true, false },
	{ SPOIL_NO_CLEAN, "walkers past the caches, and no clean",
	  "clean-missing", 0, -1, false, true },
};
#define SPOILTS (sizeof(spoilts) / sizeof(spoilts[0]))

/* Everything the core does, once or twice, deterministically. */
static void run_scenario(struct space *s)
{
	static const struct {
		char op;
		uint64_t gfn, frames, mfn;
	} steps[] = {
		{ 'm', 0, 512, 0 },	{ 'm', 512, 512, 512 },
		{ 'm', 1024, 3, 1024 }, { 'p', 5, 1, 0 },
		{ 'r', 1024, 1, 0 },	{ 'm', 512, 512, 4096 },
		{ 'r', 600, 1, 0 },	{ 'm', 600, 1, 4184 },
		{ 'c', 700, 2, 0 },	{ 'm', 0, 512, 8192 },
		{ 'r', 1025, 2, 0 },	{ 'm', 1040, 16, 1040 },
		{ 'r', 1040, 16, 0 },	{ 'm', 1536, 512, 1536 },
		{ 'r', 1536, 511, 0 },	{ 'r', 2047, 1, 0 },
	};
	uint64_t done;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		const gfn_t gfn = { FIRST_GFN + steps[i].gfn };
		const mfn_t mfn = { FIRST_MFN + steps[i].mfn };
		int rc = 0;

		switch (steps[i].op) {
		case 'm':
			core_host_begin(s->host, "p2m_map");
			rc = p2m_map(&s->p2m, gfn, mfn, steps[i].frames,
				     P2M_RAM_RW, P2M_ACCESS_RWX, &done);
			break;
		case 'r':
			core_host_begin(s->host, "p2m_remove");
			rc = p2m_remove(&s->p2m, gfn, steps[i].frames, &done);
			break;
		case 'p':
			core_host_begin(s->host, "p2m_protect");
			rc = p2m_protect(&s->p2m, gfn, steps[i].frames,
					 P2M_ACCESS_R, &done);
			break;
		default:
			core_host_begin(s->host, "p2m_change_type");
			rc = p2m_change_type(&s->p2m, gfn, steps[i].frames,
					     P2M_RAM_RW, P2M_DEVICE_NC, &done);
			break;
		}
		assert_int_equal(rc, 0);
		core_host_done(s->host);
	}
}

static struct p2m_config scenario_config(unsigned int tlbi, unsigned int bbm,
					 bool hints)
{
	return (struct p2m_config){
		.ipa_bits = 36,
		.granule_lg2 = 12,
		.start_level = -1,
		.vmid = 1,
		.free_empty = true,
		.tlbi = (enum p2m_tlbi_policy)tlbi,
		.bbm_level = (uint8_t)bbm,
		.coalesce = { .policy = hints ? PT_COALESCE_EAGER
					      : PT_COALESCE_NEVER },
		.contig_hint = hints,
	};
}

static bool one_of(const char *rules, const char *id)
{
	size_t bytes = strlen(id);
	const char *at = strstr(rules, id);

	return at && (at == rules || at[-1] == ' ') &&
	       (at[bytes] == ' ' || !at[bytes]);
}

static void check_spoilt(const struct spoilt *spoilt, unsigned int tlbi)
{
	const struct p2m_config config =
		scenario_config(tlbi, spoilt->bbm_level, spoilt->hints);
	const struct checker *c;
	struct space s;
	bool right = false;

	space_init(&s, &config, 2, spoilt->noncoherent, 1);
	core_host_spoil(s.host, spoilt->spoil, 0);
	run_scenario(&s);
	c = core_host_checker(s.host);
	for (size_t i = 0; i < checker_findings(c); i++) {
		const struct finding *f = checker_finding(c, i);

		right |= one_of(spoilt->rules, rule_facts(f->rule)->id);
		if (getenv("PROTOCOL_SAY"))
			printf("%s | tlbi %u | %s | %s | %s\n", spoilt->name,
			       tlbi, rule_facts(f->rule)->id,
			       f->source.operation, f->detail);
	}
	if (!right)
		say(&s, spoilt->name);
	space_fini(&s);
	if (!right)
		fail_msg("%s (tlbi policy %u): not found", spoilt->name, tlbi);
}

static void whatever_is_spoilt_is_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < SPOILTS; i++)
		for (unsigned int tlbi = 0; tlbi < 3; tlbi++)
			if (spoilts[i].tlbi < 0 ||
			    spoilts[i].tlbi == (int)tlbi)
				check_spoilt(&spoilts[i], tlbi);
}

static void touch(struct space *s, struct p2m_setway *setway)
{
	core_host_begin(s->host, "p2m_setway_fault");
	assert_int_equal(p2m_setway_fault(setway, (gfn_t){ FIRST_GFN }), 0);
	core_host_done(s->host);
}

/*
 * The tables lose hardware's bit, and one way gets it back, where no markers
 * are kept. At the end hardware has a way in again: a space that it has not
 * needs no flush when it goes.
 */
static void run_setway(struct space *s)
{
	struct p2m_setway setway;

	if (p2m_setway_init(&setway, &s->p2m, P2M_SETWAY_TRACK, false))
		return;
	core_host_begin(s->host, "p2m_setway_start");
	p2m_setway_start(&setway);
	core_host_done(s->host);
	for (unsigned int i = 0; i < 3; i++)
		touch(s, &setway);
	core_host_begin(s->host, "p2m_setway_trap");
	assert_int_equal(p2m_setway_trap(&setway), 0);
	core_host_done(s->host);
	touch(s, &setway);
}

/* All that the core does, and the end; the findings are the host's to tell. */
static struct core_host *run_one(const struct p2m_config *config, uint64_t one)
{
	struct space s;

	space_init(&s, config, 2, false, 1);
	core_host_done(s.host);
	core_host_spoil(s.host, one ? SPOIL_ONE : SPOIL_NOTHING, one);
	run_scenario(&s);
	run_setway(&s);
	core_host_begin(s.host, "p2m_fini");
	assert_int_equal(p2m_fini(&s.p2m), 0);
	return s.host;
}

static bool has_finding(struct core_host *host)
{
	return checker_findings(core_host_checker(host)) != 0;
}

/* Without the k-th barrier or TLBI, for every k, there is a finding. */
static void each_single_step_is_needed(void **state)
{
	unsigned int all = 0;

	(void)state;
	for (unsigned int number = 0; number < 3 * 3 * 2; number++) {
		const struct p2m_config config = scenario_config(
			number % 3, number / 3 % 3, number / 9);
		struct core_host *host = run_one(&config, 0);
		uint64_t steps = core_host_steps(host);

		assert_false(has_finding(host));
		core_host_free(host);
		for (uint64_t one = 1; one <= steps; one++) {
			host = run_one(&config, one);
			all++;
			if (!has_finding(host))
				fail_msg("policy %u: step %llu of %llu is not missed",
					 number, (unsigned long long)one,
					 (unsigned long long)steps);
			core_host_free(host);
		}
	}
	printf("%u steps, each of them missed\n", all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_policy_has_a_finding),
		cmocka_unit_test(no_granule_has_a_finding),
		cmocka_unit_test(whatever_is_spoilt_is_found),
		cmocka_unit_test(each_single_step_is_needed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
