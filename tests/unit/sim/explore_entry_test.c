/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the explorer reads VT-d second-stage descriptors, from raw values: VT-d
 * 4.1 §3.7, §9.8. It is a reading of its own, so nothing else tells if it is
 * right.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/explore/entry.h"

/* VT-d's level, with 46 address bits, superpages, snoop control. */
static struct entry read_at(unsigned int level, uint64_t value)
{
	const struct explore_space s = {
		.format = ENTRY_VTD_SS,
		.granule_lg2 = 12,
		.start_level = 1,
		.output_bits = 46,
		.superpages = 3,
		.snoop_control = true,
	};

	assert_int_equal(entry_level_name(&s, 5 - level), level);
	return entry_decode(&s, value, 5 - level);
}

static void present_entries_lead_somewhere(void **state)
{
	static const struct {
		const char *why;
		unsigned int level;
		uint64_t value;
		enum entry_kind kind;
		uint64_t address, permissions, memory;
	} cases[] = {
		{ "a page", 1, 0x12345003, ENTRY_LEAF, 0x12345000, 3, 0 },
		{ "of which bit 7 says nothing", 1, 0x12345083, ENTRY_LEAF,
		  0x12345000, 3, 0 },
		{ "read only", 1, 0x12345001, ENTRY_LEAF, 0x12345000, 1, 0 },
		{ "write only", 1, 0x12345002, ENTRY_LEAF, 0x12345000, 2, 0 },
		{ "snooped", 1, 0x12345803, ENTRY_LEAF, 0x12345000, 3, 0x800 },
		{ "software's bits", 1, 0x3ff0000012345003, ENTRY_LEAF,
		  0x12345000, 3, 0 },
		{ "the highest address", 1, 0x3ffffffff003, ENTRY_LEAF,
		  0x3ffffffff000, 3, 0 },
		{ "2 MB", 2, 0x12200083, ENTRY_LEAF, 0x12200000, 3, 0 },
		{ "1 GB", 3, 0x40000083, ENTRY_LEAF, 0x40000000, 3, 0 },
		{ "a table", 2, 0x12345003, ENTRY_TABLE, 0x12345000, 3, 0 },
		{ "for reads", 4, 0x12345001, ENTRY_TABLE, 0x12345000, 1, 0 },
		{ "the top of five", 5, 0x12345003, ENTRY_TABLE, 0x12345000, 3,
		  0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct entry e = read_at(cases[i].level, cases[i].value);

		if (e.kind != cases[i].kind || e.address != cases[i].address ||
		    e.permissions != cases[i].permissions ||
		    e.memory != cases[i].memory)
			fail_msg("%s", cases[i].why);
	}
}

static void others_fault(void **state)
{
	static const struct {
		const char *why;
		unsigned int level;
		uint64_t value;
	} cases[] = {
		{ "nothing", 1, 0 },
		{ "neither read nor written", 1, 0x12345880 },
		{ "an address beyond the host's", 1, 0x400000000003 },
		{ "a table beyond the host's", 2, 0x400000000003 },
		{ "a superpage that is not aligned", 2, 0x12201083 },
		{ "nor this", 3, 0x40200083 },
		{ "512 GB", 4, 0x8000000083 },
		{ "a table that is snooped", 2, 0x12345803 },
		{ "TM without device TLBs", 1, 0x4000000012345003 },
	};
	const struct explore_space poor = {
		.format = ENTRY_VTD_SS,
		.granule_lg2 = 12,
		.output_bits = 46,
		.superpages = 1,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (read_at(cases[i].level, cases[i].value).kind !=
		    ENTRY_INVALID)
			fail_msg("%s", cases[i].why);
	/* 1 GB pages, and snooping, where there are none. */
	assert_int_equal(entry_decode(&poor, 0x12200083, 3).kind, ENTRY_LEAF);
	assert_int_equal(entry_decode(&poor, 0x40000083, 2).kind,
			 ENTRY_INVALID);
	assert_int_equal(entry_decode(&poor, 0x12345803, 4).kind,
			 ENTRY_INVALID);
}

static void all_levels_must_allow_it(void **state)
{
	const struct explore_space s = { .format = ENTRY_VTD_SS,
					 .granule_lg2 = 12,
					 .output_bits = 46 };
	const struct explore_space arm = { .granule_lg2 = 12,
					   .output_bits = 48 };

	(void)state;
	assert_int_equal(entry_read(&s, 0x12345003, 4, 1).permissions, 1);
	assert_int_equal(entry_read(&s, 0x12345003, 4, 1).kind, ENTRY_LEAF);
	assert_int_equal(entry_read(&s, 0x12345002, 4, 1).kind, ENTRY_INVALID);
	/* Arm's stage-2 tables take nothing away: S2AP is the page's. */
	assert_int_equal(
		entry_read(&arm, 0x123454c3, 3,
			   entry_decode(&arm, 0x12345003, 2).permissions)
			.permissions,
		0xc0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(present_entries_lead_somewhere),
		cmocka_unit_test(others_fault),
		cmocka_unit_test(all_levels_must_allow_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
