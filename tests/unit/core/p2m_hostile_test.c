/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hostile requests: every operation of p2m.h on every granule and start level
 * with numbers that are misaligned, wrap, lie outside or alias, with types and
 * access that do not exist, and with a pool that is empty. The answer names
 * what was wrong, and the p2m is as it was, byte by byte.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/core/p2m_sequence.h"

#define SHAPES	     10u
#define RANDOM_CALLS 100000u

/* A block, a page after it, and single pages further up; the rest is holes. */
static void open_populated(struct sequence *s, unsigned int shape,
			   uint8_t flags)
{
	const uint8_t header[SEQUENCE_HEADER] = { (uint8_t)shape, flags, 1, 0 };
	uint64_t block;

	sequence_open(s, header);
	block = s->pages / SEQUENCE_BLOCKS * s->unit;
	struct sequence_request r[] = {
		{ SEQUENCE_MAP, s->base, 0, block, P2M_RAM_RW, 0, 7 },
		{ SEQUENCE_MAP, s->base + block, 0, s->unit, P2M_RAM_RO, 0, 5 },
		{ SEQUENCE_MAP, s->top - s->unit, s->mtop - s->unit, s->unit,
		  P2M_DEVICE_NGNRE, 0, 3 },
	};

	for (size_t i = 0; i < sizeof(r) / sizeof(r[0]); i++)
		sequence_served(s, &r[i], 0);
	snapshot_take(&s->before, s->a, &s->p2m);
	s->fresh = true;
}

/* All that p2m_change and p2m_map may be asked with these three numbers. */
static void refuse_range(struct sequence *s, uint64_t gfn, uint64_t mfn,
			 uint64_t frames, int want)
{
	for (unsigned int op = SEQUENCE_MAP; op <= SEQUENCE_CHANGE; op++) {
		const struct sequence_request r = {
			.op = op, .gfn = gfn, .mfn = mfn, .frames = frames,
			.type = P2M_RAM_RW, .to = P2M_GRANT_RO, .access = 7,
		};

		assert_int_equal(sequence_expect(s, &r), want);
		sequence_refused(s, &r, want);
	}
}

static void ranges_that_leave_the_space_are_refused(void **state)
{
	(void)state;
	for (unsigned int shape = 0; shape < SHAPES; shape++) {
		struct sequence s;

		open_populated(&s, shape, 1);
		const uint64_t u = s.unit, top = s.top;
		const uint64_t max = UINT64_MAX, alias = UINT64_C(1) << 52;
		const uint64_t wrong[][2] = {
			{ top, u }, { top, 0 }, { top - u, 2 * u },
			{ 0, top + u }, { u, top }, { s.base, s.pages * u + u },
			{ top + u, u }, { max, 1 }, { max, 0 }, { max - u, u },
			{ u, max }, { u, max - u + 1 }, { 0, max },
			{ s.base, max - s.base + 1 }, { alias, u },
			{ alias + s.base, u }, { alias - u, 2 * u },
			{ s.base, alias }, { s.base, alias + u },
			{ alias * 4095 + s.base, u },
			{ UINT64_C(1) << 63, UINT64_C(1) << 63 },
		};

		for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
			refuse_range(&s, wrong[i][0], 0, wrong[i][1],
				     ERR_RANGE);
		sequence_close(&s);
	}
}

static void outputs_that_do_not_exist_are_refused(void **state)
{
	(void)state;
	for (unsigned int shape = 0; shape < SHAPES; shape++) {
		struct sequence s;

		open_populated(&s, shape, 1);
		const uint64_t u = s.unit, top = s.mtop;
		const uint64_t wrong[][2] = {
			{ top, u }, { top, 0 }, { top - u, 2 * u },
			{ top + u, u }, { UINT64_MAX, u },
			{ UINT64_MAX - u + 1, u }, { UINT64_C(1) << 52, u },
			{ (UINT64_C(1) << 52) + u, u },
		};

		for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
			const struct sequence_request r = {
				.op = SEQUENCE_MAP, .gfn = s.base,
				.mfn = wrong[i][0], .frames = wrong[i][1],
				.type = P2M_RAM_RW, .access = 7,
			};

			assert_int_equal(sequence_expect(&s, &r), ERR_RANGE);
			sequence_refused(&s, &r, ERR_RANGE);
		}
		sequence_close(&s);
	}
}

static void parts_of_a_granule_are_refused(void **state)
{
	(void)state;
	for (unsigned int shape = 0; shape < SHAPES; shape++) {
		struct sequence s;

		open_populated(&s, shape, 1);
		for (uint64_t off = 1; off < s.unit; off++) {
			const struct sequence_request r = {
				.op = SEQUENCE_MAP, .gfn = s.base, .mfn = off,
				.frames = s.unit, .type = P2M_RAM_RW,
				.access = 7,
			};

			refuse_range(&s, s.base + off, 0, s.unit, ERR_ALIGN);
			refuse_range(&s, s.base, 0, off, ERR_ALIGN);
			sequence_refused(&s, &r, ERR_ALIGN);
		}
		sequence_close(&s);
	}
}

static void types_and_access_that_do_not_exist_are_refused(void **state)
{
	static const unsigned int types[] = { 0, 11, 15, 16, 255, 0x7fffffff,
					      0x80000001, UINT32_MAX };
	static const unsigned int access[] = { 8, 16, 0xff, 0x101, 0x107,
					       0x200, 0x80000000, UINT32_MAX };

	(void)state;
	for (unsigned int shape = 0; shape < SHAPES; shape++) {
		struct sequence s;

		open_populated(&s, shape, 1);
		for (size_t i = 0; i < 8; i++) {
			const uint64_t u = s.unit, b = s.base;
			const struct sequence_request wrong[] = {
				{ SEQUENCE_MAP, b, 0, u, types[i], 0, 7 },
				{ SEQUENCE_MAP, b, 0, u, 1, 0, access[i] },
				{ SEQUENCE_MAP, s.top, 0, u, types[i], 0, 7 },
				{ SEQUENCE_PROTECT, b, 0, u, 0, 0, access[i] },
				{ SEQUENCE_CHANGE, b, 0, u, types[i], 1, 0 },
				{ SEQUENCE_CHANGE, b, 0, u, 1, types[i], 0 },
				{ SEQUENCE_DEFAULT, 0, 0, 0, 0, 0, access[i] },
			};

			for (size_t k = 0; k < 7; k++)
				sequence_refused(&s, &wrong[k], ERR_INVAL);
		}
		sequence_close(&s);
	}
}

/* The default is a word for mapping, not a default itself. */
static void the_default_cannot_be_the_default(void **state)
{
	const struct sequence_request r = { .op = SEQUENCE_DEFAULT,
					    .access = P2M_ACCESS_DEFAULT };
	struct sequence s;

	(void)state;
	open_populated(&s, 0, 1);
	sequence_refused(&s, &r, ERR_INVAL);
	sequence_close(&s);
}

static void looking_anywhere_changes_nothing(void **state)
{
	(void)state;
	for (unsigned int shape = 0; shape < SHAPES; shape++) {
		struct sequence s;

		open_populated(&s, shape, 1);
		for (unsigned int bit = 0; bit < 64; bit++)
			for (int k = -1; k <= 1; k++) {
				const struct sequence_request r = {
					.op = SEQUENCE_LOOKUP,
					.gfn = (UINT64_C(1) << bit) +
					       (uint64_t)k * s.unit,
				};
				struct sequence_request alias = r;

				alias.gfn = s.base + (UINT64_C(1) << bit);
				sequence_lookup(&s, &r);
				if (alias.gfn >= s.top)
					sequence_lookup(&s, &alias);
			}
		assert_null(snapshot_differs(&s.before, s.a, &s.p2m));
		sequence_close(&s);
	}
}

/* Nothing is asked for: nothing happens, also at the very end of the space. */
static void no_frames_is_no_work(void **state)
{
	(void)state;
	for (unsigned int shape = 0; shape < SHAPES; shape++) {
		struct sequence s;

		open_populated(&s, shape, 1);
		for (unsigned int op = 0; op <= SEQUENCE_CHANGE; op++) {
			const struct sequence_request r = {
				.op = op, .gfn = s.top - s.unit,
				.type = P2M_RAM_RW, .to = P2M_RAM_RO,
			};
			uint64_t done = 99;

			assert_int_equal(sequence_perform(&s, &r, &done), 0);
			assert_int_equal(done, 0);
			assert_null(snapshot_differs(&s.before, s.a, &s.p2m));
		}
		sequence_close(&s);
	}
}

/* Each needs a table: the first thing it does, so that nothing is done. */
static void without_a_table_to_be_had_nothing_changes(void **state)
{
	(void)state;
	for (unsigned int shape = 0; shape < SHAPES; shape++) {
		struct sequence s;

		open_populated(&s, shape, 1);
		const uint64_t u = s.unit, b = s.base;
		const struct sequence_request needs[] = {
			/* tables under a hole */
			{ SEQUENCE_MAP, 0, 0, u, P2M_RAM_RW, 0, 7 },
			/* the block cut: at its end, its middle, its start */
			{ SEQUENCE_MAP, b, u, u, P2M_RAM_RW, 0, 7 },
			{ SEQUENCE_MAP, b + 3 * u, 0, u, P2M_RAM_RW, 0, 7 },
			{ SEQUENCE_REMOVE, b + u, 0, u, 0, 0, 0 },
			{ SEQUENCE_REMOVE, b + u, 0, s.pages * u - u, 0, 0, 0 },
			{ SEQUENCE_PROTECT, b, 0, u, 0, 0, 1 },
			{ SEQUENCE_CHANGE, b, 0, u, P2M_RAM_RW, P2M_DEVICE_NC,
			  0 },
			{ SEQUENCE_CHANGE, b, 0, u, P2M_RAM_RW, P2M_RAM_RO, 0 },
		};

		s.a->fail_in = 0;
		for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++)
			sequence_refused(&s, &needs[i], ERR_NOMEM);
		s.a->fail_in = -1;
		sequence_close(&s);
	}
}

/* One table is to be had where two are needed: it is given back. */
static void half_of_the_tables_is_as_good_as_none(void **state)
{
	(void)state;
	for (unsigned int shape = 0; shape < SHAPES; shape++) {
		struct sequence s;
		uint64_t done = 99, live;

		open_populated(&s, shape, 1);
		live = array_live(s.a);
		for (int64_t had = 0; had < 3 - (int)s.p2m.start_level; had++) {
			s.a->fail_in = had;
			assert_int_equal(p2m_map(&s.p2m, (gfn_t){ 0 },
						 (mfn_t){ 0 }, s.unit,
						 P2M_RAM_RW, 7, &done),
					 ERR_NOMEM);
			assert_int_equal(done, 0);
			assert_int_equal(array_live(s.a), live);
			assert_int_equal(s.p2m.stats.tables_live, live);
			assert_int_equal(s.a->writes,
					 s.before.p2m.stats.pte_writes);
			assert_memory_equal(s.before.bytes, s.a->memory,
					    (size_t)s.before.pages
						    << s.a->granule_lg2);
		}
		s.a->fail_in = -1;
		sequence_close(&s);
	}
}

/* VMSAv8-64 stage 2, DDI0487 L.b D8.2: by hand, a row a granule and level. */
static bool may_start(unsigned int granule, unsigned int level,
		      unsigned int bits, bool lpa)
{
	static const struct {
		uint8_t granule, level, low, high;
	} rows[] = {
		{ 12, 0, 40, 48 }, { 12, 1, 32, 43 }, { 12, 2, 32, 34 },
		{ 14, 1, 37, 48 }, { 14, 2, 32, 40 }, { 16, 1, 43, 52 },
		{ 16, 2, 32, 46 }, { 16, 3, 32, 33 },
	};

	if (bits > 48 && !(lpa && granule == 16))
		return false;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].granule == granule && rows[i].level == level)
			return bits >= rows[i].low && bits <= rows[i].high;
	return false;
}

static bool may_be(unsigned int granule, int start, unsigned int bits, bool lpa)
{
	if (start >= 0)
		return start < 4 &&
		       may_start(granule, (unsigned int)start, bits, lpa);
	return start == -1 &&
	       (may_start(granule, 0, bits, lpa) ||
		may_start(granule, 1, bits, lpa) ||
		may_start(granule, 2, bits, lpa));
}

static void try_sizes(struct port_array *a, unsigned int granule, int start,
		      bool lpa)
{
	for (unsigned int bits = 0; bits < 256; bits++) {
		const struct p2m_config c = {
			.ipa_bits = (uint8_t)bits,
			.granule_lg2 = (uint8_t)granule,
			.start_level = (int8_t)start,
			.lpa = lpa,
		};
		struct p2m p2m;
		int rc = p2m_init(&p2m, a, &c);

		if (!may_be(granule, start, bits, lpa)) {
			assert_int_equal(rc, ERR_INVAL);
			assert_int_equal(array_live(a), 0);
			continue;
		}
		assert_int_equal(rc, 0);
		array_root(a, &p2m);
		assert_int_equal(p2m_fini(&p2m), 0);
		assert_int_equal(array_live(a), 0);
	}
}

static void spaces_that_do_not_exist_are_refused(void **state)
{
	static const uint8_t granules[] = { 0, 3, 11, 12, 13, 14, 15, 16, 17,
					    64, 255 };
	static const int starts[] = { -128, -2, -1, 0, 1, 2, 3, 4, 127 };

	(void)state;
	for (size_t g = 0; g < sizeof(granules); g++) {
		const unsigned int lg2 = granules[g];
		struct port_array *a = array_new_granule(
			1, lg2 == 14 || lg2 == 16 ? lg2 : 12);

		for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
			for (int lpa = 0; lpa < 2; lpa++)
				try_sizes(a, lg2, starts[i], lpa);
		assert_null(a->violation);
		array_delete(a);
	}
}

static void policies_that_do_not_exist_are_refused(void **state)
{
	static const int values[] = { -1, 3, 6, 7, 255, INT32_MAX, INT32_MIN };

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		const struct p2m_config good = { .ipa_bits = 40,
						 .granule_lg2 = 12,
						 .start_level = -1 };
		struct p2m_config c[4] = { good, good, good, good };
		struct port_array *a = array_new(1);

		c[0].tlbi = (enum p2m_tlbi_policy)values[i];
		c[1].order = (enum p2m_order_policy)values[i];
		c[2].bbm_level = (uint8_t)values[i];
		c[3].coalesce.policy = (enum pt_coalesce_policy)
			(values[i] == 3 ? 6 : values[i]);
		for (int k = 0; k < 4; k++) {
			struct p2m p2m;

			assert_int_equal(
				p2m_init(&p2m, a, &c[k]),
				c[k].bbm_level == 0 && k == 2 ? 0 : ERR_INVAL);
			if (k == 2 && c[k].bbm_level == 0) {
				array_root(a, &p2m);
				assert_int_equal(p2m_fini(&p2m), 0);
			}
		}
		assert_int_equal(array_live(a), 0);
		array_delete(a);
	}
}

static void no_pool_no_space(void **state)
{
	(void)state;
	for (unsigned int shape = 0; shape < SHAPES; shape++) {
		const uint8_t header[SEQUENCE_HEADER] = { (uint8_t)shape };
		struct sequence s;
		struct p2m p2m;

		sequence_open(&s, header);
		s.a->fail_in = 0;
		assert_int_equal(p2m_init(&p2m, s.a, &s.config), ERR_NOMEM);
		assert_int_equal(array_live(s.a), 1u << s.p2m.root_order);
		s.a->fail_in = -1;
		sequence_close(&s);
	}
}

/* Random bytes, until so many requests had to be refused. */
static void random_hostile_requests_change_nothing(void **state)
{
	uint64_t random = UINT64_C(88172645463325252), calls = 0, refused = 0;
	uint8_t bytes[SEQUENCE_HEADER + 1000 * SEQUENCE_REQUEST];

	(void)state;
	while (refused < RANDOM_CALLS) {
		for (size_t i = 0; i < sizeof(bytes); i++) {
			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;
			bytes[i] = (uint8_t)(random >> 32);
		}
		refused += sequence_run(bytes, sizeof(bytes), &calls);
	}
	printf("%llu requests, %llu of them refused with nothing changed\n",
	       (unsigned long long)calls, (unsigned long long)refused);
	assert_true(calls - refused > refused / 2);
}

/* The snapshot sees what it is there for. */
static void a_snapshot_sees_any_change(void **state)
{
	struct sequence s;
	uint64_t done;

	(void)state;
	open_populated(&s, 0, 1);
	assert_null(snapshot_differs(&s.before, s.a, &s.p2m));
	s.a->memory[511] ^= 1;
	assert_string_equal(snapshot_differs(&s.before, s.a, &s.p2m),
			    "a table page's bytes changed");
	s.a->memory[511] ^= 1;
	s.a->page[1].meta[0]++;
	assert_string_equal(snapshot_differs(&s.before, s.a, &s.p2m),
			    "a table page's notes changed");
	s.a->page[1].meta[0]--;
	s.p2m.stats.splits++;
	assert_string_equal(snapshot_differs(&s.before, s.a, &s.p2m),
			    "the p2m's own members changed");
	s.p2m.stats.splits--;
	assert_int_equal(p2m_protect(&s.p2m, (gfn_t){ s.base }, 512, 1, &done),
			 0);
	assert_non_null(snapshot_differs(&s.before, s.a, &s.p2m));
	for (int i = 0; i < 512; i++)
		s.want[i].access = 1;
	sequence_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_that_leave_the_space_are_refused),
		cmocka_unit_test(outputs_that_do_not_exist_are_refused),
		cmocka_unit_test(parts_of_a_granule_are_refused),
		cmocka_unit_test(types_and_access_that_do_not_exist_are_refused),
		cmocka_unit_test(the_default_cannot_be_the_default),
		cmocka_unit_test(looking_anywhere_changes_nothing),
		cmocka_unit_test(no_frames_is_no_work),
		cmocka_unit_test(without_a_table_to_be_had_nothing_changes),
		cmocka_unit_test(half_of_the_tables_is_as_good_as_none),
		cmocka_unit_test(spaces_that_do_not_exist_are_refused),
		cmocka_unit_test(policies_that_do_not_exist_are_refused),
		cmocka_unit_test(no_pool_no_space),
		cmocka_unit_test(random_hostile_requests_change_nothing),
		cmocka_unit_test(a_snapshot_sees_any_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
