/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The space itself: sizes, start levels, what the registers get, and what is no
 * request.
 */
#include "tests/unit/core/p2m_space.h"

/* ---- the space */

static void start_levels_follow_the_architecture(void **state)
{
	/* Start level asked, then: level, root order; -1: refused. */
	static const struct {
		int ipa_bits, asked, level, order;
		uint64_t vtcr; /* with 40 PA bits and an 8-bit VMID */
	} cases[] = {
		{ 31, -1, -1, 0, 0 },  { 49, -1, -1, 0, 0 },
		{ 32, -1, 2, 2, 0x80023520 }, { 33, -1, 2, 3, 0x8002351f },
		{ 34, -1, 2, 4, 0x8002351e }, { 35, -1, 1, 0, 0x8002355d },
		{ 36, -1, 1, 0, 0x8002355c }, { 39, -1, 1, 0, 0x80023559 },
		{ 40, -1, 1, 1, 0x80023558 }, { 42, -1, 1, 3, 0x80023556 },
		{ 43, -1, 1, 4, 0x80023555 }, { 44, -1, 0, 0, 0x80023594 },
		{ 48, -1, 0, 0, 0x80023590 }, { 40, 0, 0, 0, 0x80023598 },
		{ 43, 0, 0, 0, 0x80023595 },  { 32, 1, 1, 0, 0x80023560 },
		{ 34, 1, 1, 0, 0x8002355e },  { 34, 2, 2, 4, 0x8002351e },
		{ 39, 0, -1, 0, 0 },   { 44, 1, -1, 0, 0 },
		{ 35, 2, -1, 0, 0 },   { 32, 3, -1, 0, 0 },
		{ 40, 4, -1, 0, 0 },   { 40, -2, -1, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct port_array *a = array_new(1);
		struct p2m_config c = usual;
		struct p2m p2m;

		c.ipa_bits = (uint8_t)cases[i].ipa_bits;
		c.start_level = (int8_t)cases[i].asked;
		if (cases[i].level < 0) {
			assert_int_equal(p2m_init(&p2m, a, &c), ERR_INVAL);
		} else {
			assert_int_equal(p2m_init(&p2m, a, &c), 0);
			assert_int_equal(p2m.start_level, cases[i].level);
			assert_int_equal(p2m.root_order, cases[i].order);
			assert_int_equal(array_live(a), 1 << cases[i].order);
			assert_int_equal(p2m.root.raw &
					 ((UINT64_C(4096) << cases[i].order) - 1),
					 0);
			assert_int_equal(p2m_vtcr(&p2m, 40), cases[i].vtcr);
			assert_int_equal(p2m_vttbr(&p2m),
					 p2m.root.raw | UINT64_C(7) << 48);
			array_root(a, &p2m);
			assert_int_equal(p2m_fini(&p2m), 0);
		}
		assert_int_equal(array_live(a), 0);
		assert_null(array_quiet(a));
		array_delete(a);
	}
}

static void start_levels_of_the_other_granules(void **state)
{
	static const struct {
		int granule_lg2, ipa_bits, asked;
		bool lpa;
		int level, order; /* -1: refused */
		uint64_t vtcr;	  /* with 52 PA bits and an 8-bit VMID */
	} cases[] = {
		{ 14, 31, -1, false, -1, 0, 0 },
		{ 14, 32, -1, false, 2, 0, 0x8005b560 },
		{ 14, 36, -1, false, 2, 0, 0x8005b55c },
		{ 14, 37, -1, false, 2, 1, 0x8005b55b },
		{ 14, 40, -1, false, 2, 4, 0x8005b558 },
		{ 14, 41, -1, false, 1, 0, 0x8005b597 },
		{ 14, 47, -1, false, 1, 0, 0x8005b591 },
		{ 14, 48, -1, false, 1, 1, 0x8005b590 },
		{ 14, 48, 0, false, -1, 0, 0 },
		{ 14, 41, 2, false, -1, 0, 0 },
		{ 14, 36, 1, false, -1, 0, 0 },
		{ 14, 49, -1, true, -1, 0, 0 },
		{ 16, 32, -1, false, 2, 0, 0x80057560 },
		{ 16, 42, -1, false, 2, 0, 0x80057556 },
		{ 16, 43, -1, false, 2, 1, 0x80057555 },
		{ 16, 46, -1, false, 2, 4, 0x80057552 },
		{ 16, 47, -1, false, 1, 0, 0x80057591 },
		{ 16, 48, -1, false, 1, 0, 0x80057590 },
		{ 16, 43, 1, false, 1, 0, 0x80057595 },
		{ 16, 42, 1, false, -1, 0, 0 },
		{ 16, 49, -1, false, -1, 0, 0 },
		{ 16, 52, -1, false, -1, 0, 0 },
		{ 16, 52, -1, true, 1, 0, 0x8006758c },
		{ 16, 48, 2, true, -1, 0, 0 },
		{ 16, 53, -1, true, -1, 0, 0 },
		{ 12, 52, -1, true, -1, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const unsigned int g = (unsigned int)cases[i].granule_lg2;
		struct port_array *a = array_new_granule(1, g);
		struct p2m_config c = usual;
		struct p2m p2m;

		c.granule_lg2 = (uint8_t)g;
		c.ipa_bits = (uint8_t)cases[i].ipa_bits;
		c.start_level = (int8_t)cases[i].asked;
		c.lpa = cases[i].lpa;
		if (cases[i].level < 0) {
			assert_int_equal(p2m_init(&p2m, a, &c), ERR_INVAL);
		} else {
			assert_int_equal(p2m_init(&p2m, a, &c), 0);
			assert_int_equal(p2m.start_level, cases[i].level);
			assert_int_equal(p2m.root_order, cases[i].order);
			assert_int_equal(p2m_vtcr(&p2m, 52), cases[i].vtcr);
			array_root(a, &p2m);
			assert_int_equal(p2m_fini(&p2m), 0);
		}
		assert_int_equal(array_live(a), 0);
		assert_null(array_quiet(a));
		array_delete(a);
	}
}

static void a_root_above_48_bits_is_split_in_vttbr(void **state)
{
	struct port_array *a = array_new_granule(1, 16);
	struct p2m_config c = usual;
	struct p2m p2m;

	(void)state;
	a->base = UINT64_C(0x000a123400000000);
	c.granule_lg2 = 16;
	c.ipa_bits = 52;
	c.lpa = true;
	assert_int_equal(p2m_init(&p2m, a, &c), 0);
	assert_int_equal(p2m_vttbr(&p2m), UINT64_C(0x0007123400000028));
	array_root(a, &p2m);
	assert_int_equal(p2m_fini(&p2m), 0);
	array_delete(a);
}

static void requests_are_whole_granules(void **state)
{
	struct p2m_config c = usual;
	struct space s = { .a = array_new_granule(1, 16) };
	uint64_t top;

	(void)state;
	c.granule_lg2 = 16;
	c.ipa_bits = 36;
	top = UINT64_C(1) << 24;
	assert_int_equal(p2m_init(&s.p2m, s.a, &c), 0);
	array_root(s.a, &s.p2m);
	array_log_clear(s.a);
	assert_int_equal(map(&s, 8, 16, 16), ERR_ALIGN);
	assert_int_equal(map(&s, 16, 8, 16), ERR_ALIGN);
	assert_int_equal(map(&s, 16, 16, 17), ERR_ALIGN);
	assert_int_equal(map(&s, top - 16, 16, 32), ERR_RANGE);
	assert_int_equal(remove_frames(&s, 1, 16), ERR_ALIGN);
	assert_int_equal(p2m_protect(&s.p2m, (gfn_t){ 0 }, 15, 1, &s.done),
			 ERR_ALIGN);
	assert_string_equal(s.a->log, "");
	assert_int_equal(map(&s, 16, 48, 16), 0);
	assert_int_equal(s.done, 16);
	assert_int_equal(look(&s, 21).mfn.raw, 53);
	assert_int_equal(look(&s, 21).order, 4);
	assert_int_equal(look(&s, 32).order, 4);
	assert_int_equal(look(&s, 0x20000).order, 17);
	close_space(&s);
}

static void impossible_configurations_are_refused(void **state)
{
	struct port_array *a = array_new(1);
	struct p2m_config c = usual;
	struct p2m p2m;

	(void)state;
	c.granule_lg2 = 13;
	assert_int_equal(p2m_init(&p2m, a, &c), ERR_INVAL);
	c = usual;
	c.tlbi = (enum p2m_tlbi_policy)3;
	assert_int_equal(p2m_init(&p2m, a, &c), ERR_INVAL);
	c = usual;
	c.order = (enum p2m_order_policy)2;
	assert_int_equal(p2m_init(&p2m, a, &c), ERR_INVAL);
	c = usual;
	a->fail_in = 0;
	assert_int_equal(p2m_init(&p2m, a, &c), ERR_NOMEM);
	assert_int_equal(a->allocated, 0);
	array_delete(a);
}

static void vtcr_and_vttbr_hold_wide_vmids_and_sizes(void **state)
{
	struct p2m_config c = usual;
	struct space s;

	(void)state;
	c.vmid = 0xbeef;
	open_with(&s, c);
	assert_int_equal(p2m_vttbr(&s.p2m) >> 48, 0xbeef);
	assert_int_equal(p2m_vtcr(&s.p2m, 48), 0x800d3558);
	assert_int_equal(p2m_vtcr(&s.p2m, 47), 0x800c3558);
	assert_int_equal(p2m_vtcr(&s.p2m, 32), 0x80083558);
	close_space(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(start_levels_follow_the_architecture),
		cmocka_unit_test(start_levels_of_the_other_granules),
		cmocka_unit_test(a_root_above_48_bits_is_split_in_vttbr),
		cmocka_unit_test(requests_are_whole_granules),
		cmocka_unit_test(impossible_configurations_are_refused),
		cmocka_unit_test(vtcr_and_vttbr_hold_wide_vmids_and_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
