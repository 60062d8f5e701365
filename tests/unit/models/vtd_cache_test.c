/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the unit keeps, and what each invalidation drops. VT-d 4.1 §6.2, §6.5.
 */
#include "tests/unit/models/vtd_rig.h"

#define DID UINT64_C(0x42)
/* The IOTLB register: IVT, granularity, DID. */
#define IOTLB_GLOBAL	  UINT64_C(0x9000000000000000)
#define IOTLB_DOMAIN(did) (UINT64_C(0xa000000000000000) | (uint64_t)(did) << 32)
#define IOTLB_PAGE(did)	  (UINT64_C(0xb000000000000000) | (uint64_t)(did) << 32)
#define IH		  0x40

static void start(struct rig *rig, void (*tables)(struct rig *),
		  const struct vtd_config *config, bool legacy)
{
	rig_start(rig, config);
	tables(rig);
	rig_enable(rig, legacy ? 0x1000 : 0x1400);
}

static void start_legacy(struct rig *rig)
{
	struct vtd_config config = rig_config();

	start(rig, rig_legacy, &config, true);
}

static void page_selective(struct rig *rig, uint64_t did, uint64_t iva)
{
	rig_write(rig, 0xf0, iva, 8);
	rig_write(rig, 0xf8, IOTLB_PAGE(did), 8);
}

static void a_changed_leaf_stays_stale_until_invalidated(void **state)
{
	struct rig rig;

	(void)state;
	start_legacy(&rig);
	assert_int_equal(rig_dma(&rig, RIG_IOVA, false), RIG_PA);
	assert_int_equal(rig.out.reads, 6);
	rig_put(&rig, 0x6020, 0x8003);
	assert_int_equal(rig_dma(&rig, RIG_IOVA, false), RIG_PA);
	assert_true(rig.out.iotlb_hit);
	assert_int_equal(rig.out.reads, 0);
	/* Another page, another domain: nothing happens to this one. */
	page_selective(&rig, DID, 0x8080605000);
	page_selective(&rig, 0x43, 0x8080604000);
	rig_write(&rig, 0xf8, IOTLB_DOMAIN(0x43), 8);
	assert_int_equal(rig_dma(&rig, RIG_IOVA, false), RIG_PA);
	page_selective(&rig, DID, 0x8080604000);
	assert_int_equal(rig_dma(&rig, RIG_IOVA, false), 0x8123);
	assert_int_equal(rig_reg(&rig, 0xf8, 8), UINT64_C(0x3600004200000000));
	rig_stop(&rig);
}

static void each_granularity_drops_it(void **state)
{
	const uint64_t commands[] = { IOTLB_GLOBAL, IOTLB_DOMAIN(DID),
				      IOTLB_PAGE(DID) };
	struct rig rig;

	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		start_legacy(&rig);
		rig_dma(&rig, RIG_IOVA, false);
		rig_put(&rig, 0x6020, 0x8003);
		rig_write(&rig, 0xf0, 0x8080604000, 8);
		rig_write(&rig, 0xf8, commands[i], 8);
		assert_int_equal(rig_dma(&rig, RIG_IOVA, false), 0x8123);
		rig_stop(&rig);
	}
}

static void not_present_is_not_kept_without_caching_mode(void **state)
{
	struct vtd_config config = rig_config();
	struct rig rig;

	(void)state;
	start_legacy(&rig);
	rig_put(&rig, 0x6020, 0);
	assert_int_equal(rig_dma(&rig, RIG_IOVA, false), 0);
	rig_put(&rig, 0x6020, 0x7003);
	assert_int_equal(rig_dma(&rig, RIG_IOVA, false), RIG_PA);
	rig_stop(&rig);

	config.caching_mode = true;
	start(&rig, rig_legacy, &config, true);
	assert_int_equal(rig_reg(&rig, 8, 8) >> 7 & 1, 1);
	rig_put(&rig, 0x6020, 0);
	assert_int_equal(rig_dma(&rig, RIG_IOVA, false), 0);
	rig_put(&rig, 0x6020, 0x7003);
	assert_int_equal(rig_dma(&rig, RIG_IOVA, false), 0);
	assert_int_equal(rig.out.reason, VTD_LGN_3);
	page_selective(&rig, DID, 0x8080604000);
	assert_int_equal(rig_dma(&rig, RIG_IOVA, false), RIG_PA);
	rig_stop(&rig);
}

/* What a page does not allow is neither absent nor wrong, and each request that
 * finds nothing has its own reason. */
static void caching_mode_keeps_no_lack_of_permission(void **state)
{
	struct vtd_config config = rig_config();
	struct rig rig;

	(void)state;
	config.caching_mode = true;
	start(&rig, rig_legacy, &config, true);
	rig_put(&rig, 0x6020, 0x7001);
	assert_int_equal(rig_dma(&rig, RIG_IOVA, true), 0);
	assert_int_equal(rig.out.reason, VTD_LGN_2);
	assert_int_equal(rig_dma(&rig, RIG_IOVA, false), RIG_PA);
	rig_put(&rig, 0x6020, 0);
	page_selective(&rig, DID, 0x8080604000);
	assert_int_equal(rig_dma(&rig, RIG_IOVA, true), 0);
	assert_int_equal(rig.out.reason, VTD_LGN_2);
	assert_int_equal(rig_dma(&rig, RIG_IOVA, false), 0);
	assert_int_equal(rig.out.reason, VTD_LGN_3);
	assert_true(rig.out.iotlb_hit);
	rig_put(&rig, 0x6020, 0x7003);
	assert_int_equal(rig_dma(&rig, RIG_IOVA, true), 0);
	assert_int_equal(rig.out.reason, VTD_LGN_2);
	assert_true(rig.out.iotlb_hit);
	rig_stop(&rig);
}

/* ... of a first stage never; of a nested one what the second stage lacks. */
static void caching_mode_is_not_for_first_stages(void **state)
{
	struct vtd_config config = rig_config();
	struct rig rig;

	(void)state;
	config.caching_mode = true;
	start(&rig, rig_scalable_first, &config, false);
	rig_put(&rig, 0xd020, 0);
	assert_int_equal(rig_dma(&rig, RIG_IOVA, false), 0);
	rig_put(&rig, 0xd020, 0x7007);
	assert_int_equal(rig_dma(&rig, RIG_IOVA, false), RIG_PA);
	rig_stop(&rig);
	start(&rig, rig_nested, &config, false);
	rig_put(&rig, 0xd020, 0);
	assert_int_equal(rig_dma(&rig, RIG_IOVA, false), 0);
	rig_put(&rig, 0xd020, 0x207007);
	assert_int_equal(rig_dma(&rig, RIG_IOVA, false), 0);
	assert_int_equal(rig.out.reason, VTD_SSS_2);
	rig_put(&rig, 0x5008, 0x83);
	assert_int_equal(rig_dma(&rig, RIG_IOVA, false), 0);
	assert_true(rig.out.iotlb_hit);
	rig_queue(&rig, 0x420032, 0x207000);
	assert_int_equal(rig_dma(&rig, RIG_IOVA, false), 0x7123);
	rig_stop(&rig);
}

static void caching_mode_keeps_absent_context_entries_under_domain_0(void **s)
{
	struct vtd_config config = rig_config();
	struct rig rig;

	(void)s;
	config.caching_mode = true;
	start(&rig, rig_legacy, &config, true);
	rig_put(&rig, 0x2080, 0);
	assert_int_equal(rig_dma(&rig, RIG_IOVA, false), 0);
	rig_put(&rig, 0x2080, 0x3001);
	assert_int_equal(rig_dma(&rig, RIG_IOVA, false), 0);
	assert_int_equal(rig.out.reason, VTD_LCT_2);
	/* Domain-selective, domain 0x42 and then 0. */
	rig_write(&rig, 0x28, UINT64_C(0xc000000000000042), 8);
	assert_int_equal(rig_dma(&rig, RIG_IOVA, false), 0);
	rig_write(&rig, 0x28, UINT64_C(0xc000000000000000), 8);
	assert_int_equal(rig_dma(&rig, RIG_IOVA, false), RIG_PA);
	rig_stop(&rig);
}

static void a_forbidding_entry_forbids_without_a_walk(void **state)
{
	struct rig rig;

	(void)state;
	start_legacy(&rig);
	rig_put(&rig, 0x6020, 0x7001);
	assert_int_equal(rig_dma(&rig, RIG_IOVA, false), RIG_PA);
	rig_put(&rig, 0x6020, 0x7003);
	assert_int_equal(rig_dma(&rig, RIG_IOVA, true), 0);
	assert_int_equal(rig.out.reason, VTD_LGN_2);
	assert_true(rig.out.iotlb_hit);
	rig_stop(&rig);
}

/* AM below the superpage's own size does not reach its entry. */
static void a_superpage_needs_its_address_mask(void **state)
{
	static const struct {
		uint64_t pa, raw, changed;
		unsigned int am;
	} cases[] = {
		{ 0x5018, 0x200083, 0x400083, 9 },
		{ 0x4010, 0x40000083, 0x80000083, 18 },
	};
	struct rig rig;

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		uint64_t size = UINT64_C(0x1000) << cases[i].am;
		uint64_t before = (cases[i].raw & ~UINT64_C(0xfff)) +
				  (RIG_IOVA & (size - 1));

		start_legacy(&rig);
		rig_put(&rig, cases[i].pa, cases[i].raw);
		assert_int_equal(rig_dma(&rig, RIG_IOVA, false), before);
		assert_int_equal(1u << rig.out.page_lg2, size);
		rig_put(&rig, cases[i].pa, cases[i].changed);
		for (unsigned int am = 0; am < cases[i].am; am++) {
			page_selective(&rig, DID, 0x8080604000 | am);
			assert_int_equal(rig_dma(&rig, RIG_IOVA, false),
					 before);
			assert_true(rig.out.iotlb_hit);
		}
		page_selective(&rig, DID, 0x8080604000 | cases[i].am);
		assert_int_not_equal(rig_dma(&rig, RIG_IOVA, false), before);
		assert_false(rig.out.iotlb_hit);
		rig_stop(&rig);
	}
}

/* A hint that only leaves changed, when a table entry did. */
static void the_hint_keeps_paging_structure_caches(void **state)
{
	struct rig rig;

	(void)state;
	start_legacy(&rig);
	rig_dma(&rig, RIG_IOVA, false);
	/* Level 2 now points to another table of pages. */
	rig_put(&rig, 0x5018, 0xe003);
	rig_put(&rig, 0xe020, 0x8003);
	page_selective(&rig, DID, 0x8080604000 | IH);
	assert_int_equal(rig_dma(&rig, RIG_IOVA, false), RIG_PA);
	assert_false(rig.out.iotlb_hit);
	assert_int_equal(rig.out.walk_from, 1);
	assert_int_equal(rig.out.reads, 1);
	page_selective(&rig, DID, 0x8080604000);
	assert_int_equal(rig_dma(&rig, RIG_IOVA, false), 0x8123);
	assert_int_equal(rig.out.reads, 4);
	rig_stop(&rig);
}

/* A page becomes part of a superpage: AM 9 alone does not help with IH. */
static void promotion_needs_no_hint(void **state)
{
	struct rig rig;

	(void)state;
	start_legacy(&rig);
	rig_dma(&rig, RIG_IOVA, false);
	rig_put(&rig, 0x5018, 0x200083);
	page_selective(&rig, DID, 0x8080600000 | IH | 9);
	assert_int_equal(rig_dma(&rig, RIG_IOVA, false), RIG_PA);
	page_selective(&rig, DID, 0x8080600000 | 9);
	assert_int_equal(rig_dma(&rig, RIG_IOVA, false), 0x204123);
	rig_stop(&rig);
}

static void a_context_entry_stays_until_its_own_invalidation(void **state)
{
	struct rig rig;

	(void)state;
	start_legacy(&rig);
	rig_dma(&rig, RIG_IOVA, false);
	rig_put(&rig, 0x2080, 0);
	rig_write(&rig, 0xf8, IOTLB_GLOBAL, 8);
	assert_int_equal(rig_dma(&rig, RIG_IOVA, false), RIG_PA);
	assert_true(rig.out.context_hit);
	/* Another device's; another domain's; this device's, by function
	 * mask. */
	rig_write(&rig, 0x28, UINT64_C(0xe000000001100042), 8);
	rig_write(&rig, 0x28, UINT64_C(0xe000000001080043), 8);
	rig_write(&rig, 0x28, UINT64_C(0xc000000000000043), 8);
	assert_int_equal(rig_dma(&rig, RIG_IOVA, false), RIG_PA);
	rig_write(&rig, 0x28, UINT64_C(0xe0000003010f0042), 8);
	assert_int_equal(rig_reg(&rig, 0x28, 8), UINT64_C(0x78000003010f0042));
	assert_int_equal(rig_dma(&rig, RIG_IOVA, false), 0);
	assert_int_equal(rig.out.reason, VTD_LCT_2);
	rig_stop(&rig);
}

static void a_root_change_alone_keeps_the_caches(void **state)
{
	struct vtd_config config = rig_config();
	struct rig rig;

	(void)state;
	for (unsigned int esrtps = 0; esrtps < 2; esrtps++) {
		config.set_root_invalidates = esrtps;
		start(&rig, rig_legacy, &config, true);
		rig_dma(&rig, RIG_IOVA, false);
		/* Written, but not set. */
		rig_write(&rig, 0x20, 0xf000, 8);
		rig_forget(&rig);
		assert_int_equal(rig_dma(&rig, RIG_IOVA, false), RIG_PA);
		rig_write(&rig, 0x18, 0xc0000000, 4);
		assert_int_equal(rig_dma(&rig, RIG_IOVA, false),
				 esrtps ? 0 : RIG_PA);
		rig_stop(&rig);
	}
}

/* Turned off, a unit of scalable mode forgets, an older one does not. */
static void turning_translation_off_forgets_in_scalable_units(void **state)
{
	struct vtd_config config = rig_config();
	struct rig rig;

	(void)state;
	for (unsigned int scalable = 0; scalable < 2; scalable++) {
		if (!scalable)
			config = vtd_config_common();
		else
			config = rig_config();
		start(&rig, rig_legacy, &config, true);
		rig_dma(&rig, RIG_IOVA, false);
		rig_write(&rig, 0x18, 0, 4);
		rig_write(&rig, 0x18, 0x80000000, 4);
		rig_dma(&rig, RIG_IOVA, false);
		assert_int_equal(rig.out.iotlb_hit, !scalable);
		assert_int_equal(rig.out.context_hit, !scalable);
		rig_stop(&rig);
	}
}

static void registers_invalidate_in_legacy_mode_before_version_6(void **state)
{
	static const struct {
		uint8_t version;
		bool legacy, works;
	} cases[] = { { 0x10, true, true },
		      { 0x50, true, true },
		      { 0x60, true, false },
		      { 0x10, false, false } };
	struct vtd_config config = rig_config();
	struct rig rig;

	(void)state;
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		config.version = cases[i].version;
		start(&rig, cases[i].legacy ? rig_legacy : rig_scalable_second,
		      &config, cases[i].legacy);
		rig_dma(&rig, RIG_IOVA, false);
		rig_write(&rig, 0x28, UINT64_C(0xa000000000000000), 8);
		rig_write(&rig, 0xf8, IOTLB_GLOBAL, 8);
		assert_int_equal(rig_reg(&rig, 0x28, 8) >> 59 & 3,
				 cases[i].works);
		assert_int_equal(rig_reg(&rig, 0xf8, 8) >> 57 & 3,
				 cases[i].works);
		rig_dma(&rig, RIG_IOVA, false);
		assert_int_equal(rig.out.iotlb_hit, !cases[i].works);
		assert_int_equal(rig.out.context_hit, !cases[i].works);
		rig_stop(&rig);
	}
}

/* CAP.ND 2: eight bits; what is above does not tell domains apart. */
static void domain_ids_are_as_wide_as_the_unit_says(void **state)
{
	struct vtd_config config = vtd_config_common();
	struct rig rig;

	(void)state;
	config.domain_bits = 8;
	start(&rig, rig_legacy, &config, true);
	rig_dma(&rig, RIG_IOVA, false);
	rig_write(&rig, 0xf8, IOTLB_DOMAIN(0x143), 8);
	rig_dma(&rig, RIG_IOVA, false);
	assert_true(rig.out.iotlb_hit);
	rig_write(&rig, 0xf8, IOTLB_DOMAIN(0x142), 8);
	rig_dma(&rig, RIG_IOVA, false);
	assert_false(rig.out.iotlb_hit);
	rig_stop(&rig);
}

/* An invalidation that cannot be: IAIG says so, nothing is dropped. */
static void too_large_a_mask_does_nothing(void **state)
{
	struct rig rig;

	(void)state;
	start_legacy(&rig);
	rig_dma(&rig, RIG_IOVA, false);
	page_selective(&rig, DID, 19);
	assert_int_equal(rig_reg(&rig, 0xf8, 8) >> 57 & 3, 0);
	rig_dma(&rig, RIG_IOVA, false);
	assert_true(rig.out.iotlb_hit);
	rig_stop(&rig);
}

static void without_page_selective_the_domain_goes(void **state)
{
	struct vtd_config config = rig_config();
	struct rig rig;

	(void)state;
	config.page_selective = false;
	start(&rig, rig_legacy, &config, true);
	rig_dma(&rig, RIG_IOVA, false);
	page_selective(&rig, DID, 0x1000);
	assert_int_equal(rig_reg(&rig, 0xf8, 8) >> 57 & 3, 2);
	rig_dma(&rig, RIG_IOVA, false);
	assert_false(rig.out.iotlb_hit);
	rig_stop(&rig);
}

static void non_coherent_walks_read_what_memory_holds(void **state)
{
	struct vtd_config config = rig_config();
	struct rig rig;

	(void)state;
	config.coherent = false;
	start(&rig, rig_legacy, &config, true);
	rig.cached[0x6020 / 8] = 0x8003; /* not cleaned */
	assert_int_equal(rig_dma(&rig, RIG_IOVA, false), RIG_PA);
	for (unsigned int i = 0; i < rig.out.reads; i++)
		assert_false(rig.out.read[i].coherent);
	rig.memory[0x6020 / 8] = 0x8003;
	rig_forget(&rig);
	assert_int_equal(rig_dma(&rig, RIG_IOVA, false), 0x8123);
	rig_stop(&rig);
}

/* PWSNP decides for the paging entries of its PASID. */
static void page_walk_snoop_is_the_pasid_entrys(void **state)
{
	struct vtd_config config = rig_config();
	struct rig rig;

	(void)state;
	for (uint64_t snoop = 0; snoop < 2; snoop++) {
		start(&rig, rig_scalable_second, &config, false);
		rig_put(&rig, 0x9148, 0x42 | snoop << 23);
		rig.cached[0x6020 / 8] = 0x8003;
		assert_int_equal(rig_dma(&rig, RIG_IOVA, false),
				 snoop ? 0x8123 : RIG_PA);
		rig_stop(&rig);
	}
}

static void snoop_control_is_the_leafs(void **state)
{
	struct vtd_config config = rig_config();
	struct rig rig;

	(void)state;
	start_legacy(&rig);
	rig_put(&rig, 0x6020, 0x7803);
	assert_int_equal(rig_dma(&rig, RIG_IOVA, false), RIG_PA);
	assert_true(rig.out.snoop);
	assert_int_equal(rig_dma(&rig, RIG_IOVA, false), RIG_PA);
	assert_true(rig.out.snoop);
	rig_stop(&rig);
	config.snoop_control = false;
	start(&rig, rig_legacy, &config, true);
	rig_put(&rig, 0x6020, 0x7803);
	assert_int_equal(rig_dma(&rig, RIG_IOVA, false), 0);
	assert_int_equal(rig.out.reason, VTD_LSS_2);
	rig_stop(&rig);
}

static void
write_buffers_are_flushed_on_demand_and_before_invalidations(void **state)
{
	struct vtd_config config = rig_config();
	struct rig rig;

	(void)state;
	start_legacy(&rig);
	rig_write(&rig, 0x18, 0x88000000, 4);
	rig_forget(&rig);
	assert_int_equal(rig.flushes, 0); /* RWBF is 0 */
	rig_stop(&rig);
	config = vtd_config_common();
	config.write_buffer_flush = true;
	start(&rig, rig_legacy, &config, true);
	assert_int_equal(rig_reg(&rig, 8, 8) >> 4 & 1, 1);
	rig_write(&rig, 0x18, 0x88000000, 4);
	assert_int_equal(rig.flushes, 1);
	assert_int_equal(rig_reg(&rig, 0x1c, 4), 0xc0000000); /* WBFS over */
	rig_forget(&rig);
	assert_int_equal(rig.flushes, 3);
	rig_stop(&rig);
}

/* ---- scalable mode ---- */

static void a_nested_walk_reads_24_paging_entries(void **state)
{
	struct vtd_config config = rig_config();
	struct rig rig;

	(void)state;
	config.second_walk.entries = config.first_walk.entries = 0;
	start(&rig, rig_nested, &config, false);
	/* Pages of 4 KiB below, too. */
	rig_put(&rig, 0x5000, 0xe003);
	for (uint64_t page = 0; page < 16; page++)
		rig_put(&rig, 0xe000 + 8 * page, page << 12 | 3);
	assert_int_equal(rig_dma(&rig, RIG_IOVA, false), RIG_PA);
	/* Root, context, directory, PASID; (4 + 1)(4 + 1) - 1. */
	assert_int_equal(rig.out.reads, 4 + 24);
	assert_int_equal(rig.out.page_lg2, 12);
	rig_stop(&rig);
}

/* A table in its own entry: as many reads as levels, and what is there. */
static void a_table_that_leads_to_itself_ends(void **state)
{
	const uint64_t iova = UINT64_C(0x8040201008); /* index 1, four times */
	struct vtd_config config = rig_config();
	struct rig rig;

	(void)state;
	config.second_walk.entries = config.first_walk.entries = 0;
	start(&rig, rig_scalable_second, &config, false);
	rig_put(&rig, 0x3008, 0x3003);
	assert_int_equal(rig_dma(&rig, iova, false), 0x3008);
	assert_int_equal(rig.out.reads, 4 + 4);
	rig_stop(&rig);

	start(&rig, rig_scalable_first, &config, false);
	rig_put(&rig, 0xa008, 0xa007);
	assert_int_equal(rig_dma(&rig, iova, false), 0xa008);
	assert_int_equal(rig.out.reads, 4 + 4);
	rig_stop(&rig);

	start(&rig, rig_nested, &config, false);
	rig_put(&rig, 0xa008, 0xa007);
	assert_int_equal(rig_dma(&rig, iova, false), 0xa008);
	assert_int_equal(rig.out.reads, 4 + 4 + 5 * 3);
	rig_stop(&rig);

	start(&rig, rig_nested, &config, false); /* the directory is no leaf */
	rig_put(&rig, 0x8000, 0x8001);
	assert_int_equal(rig_dma(&rig, iova, false), 0);
	assert_int_equal(rig.out.result, VTD_FAULTED);
	rig_stop(&rig);
}

static void nested_pages_have_the_smaller_size(void **state)
{
	struct vtd_config config = rig_config();
	struct rig rig;

	(void)state;
	start(&rig, rig_nested, &config, false);
	assert_int_equal(rig_dma(&rig, RIG_IOVA, false), RIG_PA);
	assert_int_equal(rig.out.page_lg2, 12); /* 4 KiB on 2 MiB */
	rig_put(&rig, 0xc018, 0x87);		/* 2 MiB on 2 MiB */
	rig_queue(&rig, 0x12, 0);
	assert_int_equal(rig_dma(&rig, RIG_IOVA, false), 0x4123);
	assert_int_equal(rig.out.page_lg2, 21);
	/* The entry's first byte is right as well. */
	assert_int_equal(rig_dma(&rig, 0x8080600008, false), 0x8);
	assert_true(rig.out.iotlb_hit);
	rig_stop(&rig);
}

static void a_and_d_are_set_once_the_request_succeeds(void **state)
{
	struct vtd_config config = rig_config();
	struct rig rig;

	(void)state;
	start(&rig, rig_scalable_first, &config, false);
	assert_int_equal(rig_dma(&rig, RIG_IOVA, false), RIG_PA);
	assert_int_equal(rig.cached[0xa008 / 8], 0xb027);
	assert_int_equal(rig.cached[0xd020 / 8], 0x7027);
	/* A write walks again for D, and only the first does. */
	assert_int_equal(rig_dma(&rig, RIG_IOVA, true), RIG_PA);
	assert_int_equal(rig.cached[0xd020 / 8], 0x7067);
	assert_false(rig.out.iotlb_hit);
	assert_int_equal(rig_dma(&rig, RIG_IOVA, true), RIG_PA);
	assert_true(rig.out.iotlb_hit);
	rig_stop(&rig);
	start(&rig, rig_scalable_first, &config, false);
	rig_put(&rig, 0xd020, 0x7005);
	assert_int_equal(rig_dma(&rig, RIG_IOVA, true), 0);
	assert_int_equal(rig.cached[0xa008 / 8], 0xb007);
	rig_stop(&rig);
}

static void second_stage_a_and_d_need_ssade(void **state)
{
	struct vtd_config config = rig_config();
	struct rig rig;

	(void)state;
	start(&rig, rig_scalable_second, &config, false);
	rig_dma(&rig, RIG_IOVA, true);
	assert_int_equal(rig.cached[0x6020 / 8], 0x7003);
	rig_stop(&rig);
	start(&rig, rig_scalable_second, &config, false);
	rig_put(&rig, 0x9140, 0x3289);
	assert_int_equal(rig_dma(&rig, RIG_IOVA, true), RIG_PA);
	assert_int_equal(rig.cached[0x3008 / 8], 0x4103);
	assert_int_equal(rig.cached[0x6020 / 8], 0x7303);
	rig_stop(&rig);
}

/* Setting A of a first-stage entry is a write to its table's page. */
static void nested_a_and_d_mark_both_stages(void **state)
{
	struct vtd_config config = rig_config();
	struct rig rig;

	(void)state;
	start(&rig, rig_nested, &config, false);
	rig_put(&rig, 0x9140, 0x32c9); /* SSADE */
	assert_int_equal(rig_dma(&rig, RIG_IOVA, false), RIG_PA);
	assert_int_equal(rig.cached[0xd020 / 8], 0x7027);
	assert_int_equal(rig.cached[0x3000 / 8], 0x4103);
	assert_int_equal(rig.cached[0x5000 / 8], 0x383);
	/* A is set already: nothing is written, and D stays clear. */
	rig_put(&rig, 0x5000, 0x183);
	rig_forget(&rig);
	assert_int_equal(rig_dma(&rig, RIG_IOVA, false), RIG_PA);
	assert_int_equal(rig.cached[0x5000 / 8], 0x183);
	rig_stop(&rig);
}

static void supervisor_and_write_protect(void **state)
{
	struct vtd_config config = rig_config();
	struct vtd_request r = { .sid = RIG_SID,
				 .iova = RIG_IOVA,
				 .bytes = 4,
				 .has_pasid = true,
				 .pasid = 5,
				 .privileged = true,
				 .write = true };
	struct rig rig;

	(void)state;
	for (uint64_t wpe = 0; wpe < 2; wpe++) {
		start(&rig, rig_scalable_first, &config, false);
		rig_free_pasid(&rig);
		rig_put(&rig, 0xd020, 0x7001); /* supervisor, read-only */
		rig_put(&rig, 0x9150, 0xa001 | wpe << 4); /* SRE, WPE */
		rig_ask(&rig, &r);
		assert_int_equal(rig.out.reason,
				 wpe ? VTD_SGN_6 : VTD_NO_FAULT);
		rig_stop(&rig);
	}
}

/* SMEP: the user's pages are not for privileged execution. */
static void supervisor_execution(void **state)
{
	struct vtd_config config = rig_config();
	struct vtd_request r = { .sid = RIG_SID,
				 .iova = RIG_IOVA,
				 .bytes = 4,
				 .has_pasid = true,
				 .pasid = 5,
				 .privileged = true,
				 .execute = true };
	struct rig rig;

	(void)state;
	for (uint64_t smep = 0; smep < 2; smep++) {
		start(&rig, rig_scalable_first, &config, false);
		rig_free_pasid(&rig);
		rig_put(&rig, 0x9150, 0xa003 | smep << 6); /* SRE, ERE */
		for (unsigned int i = 0; i < 2; i++) {
			rig_ask(&rig, &r);
			assert_int_equal(rig.out.reason,
					 smep ? VTD_SGN_3 : VTD_NO_FAULT);
		}
		rig_stop(&rig);
	}
}

static void page_snoop_is_the_pasid_entrys(void **state)
{
	struct vtd_config config = rig_config();
	struct rig rig;

	(void)state;
	for (uint64_t snoop = 0; snoop < 2; snoop++) {
		start(&rig, rig_scalable_first, &config, false);
		rig_put(&rig, 0x9148, 0x800042 | snoop << 24);
		assert_int_equal(rig_dma(&rig, RIG_IOVA, false), RIG_PA);
		assert_int_equal(rig.out.snoop, snoop);
		rig_stop(&rig);
	}
}

static void five_levels(void **state)
{
	struct vtd_config config = rig_config();
	struct rig rig;

	(void)state;
	start(&rig, rig_scalable_first, &config, false);
	rig_put(&rig, 0x9150, 0xe004);
	rig_put(&rig, 0xeff8, 0xa007);
	assert_int_equal(rig_dma(&rig, UINT64_C(0xffff008080604123), false),
			 RIG_PA);
	assert_int_equal(rig_dma(&rig, UINT64_C(0xff00008080604123), false), 0);
	assert_int_equal(rig.out.reason, VTD_SFS_2);
	assert_int_equal(rig_dma(&rig, UINT64_C(0x0100008080604123), false), 0);
	assert_int_equal(rig.out.reason, VTD_SGN_1);
	rig_stop(&rig);
}

static void zero_length_reads_pass_write_only_pages(void **state)
{
	struct vtd_config config = rig_config();
	struct vtd_request r = { .sid = RIG_SID, .iova = RIG_IOVA };
	struct rig rig;

	(void)state;
	for (unsigned int zlr = 0; zlr < 2; zlr++) {
		config.zero_length_reads = zlr;
		start(&rig, rig_legacy, &config, true);
		rig_put(&rig, 0x6020, 0x7002);
		assert_int_equal(rig_ask(&rig, &r)->result,
				 zlr ? VTD_TRANSLATED : VTD_FAULTED);
		rig_stop(&rig);
	}
}

static void requests_end_with_their_page(void **state)
{
	struct vtd_request r = { .sid = RIG_SID,
				 .iova = RIG_IOVA & ~UINT64_C(0xfff),
				 .bytes = 0x2000 };
	struct rig rig;

	(void)state;
	start_legacy(&rig);
	rig_ask(&rig, &r);
	assert_int_equal(rig.out.bytes, 0x1000);
	rig_stop(&rig);
}

static void bypass_and_interrupts_are_no_translations(void **state)
{
	struct vtd_config config = rig_config();
	struct rig rig;
	struct vtd_request r = { .sid = RIG_SID, .iova = 0x5000, .bytes = 4 };

	(void)state;
	rig_start(&rig, &config);
	assert_int_equal(rig_ask(&rig, &r)->result, VTD_BYPASSED);
	assert_int_equal(rig.out.pa, 0x5000);
	rig_legacy(&rig);
	rig_enable(&rig, 0x1000);
	r.iova = 0xfee00000;
	r.write = true;
	assert_int_equal(rig_ask(&rig, &r)->result, VTD_INTERRUPT);
	/* A read of no length goes by; a PASID makes it an address. */
	r.write = false;
	r.bytes = 0;
	assert_int_equal(rig_ask(&rig, &r)->result, VTD_BYPASSED);
	assert_int_equal(rig.out.reads, 0);
	rig_stop(&rig);
	start(&rig, rig_scalable_second, &config, false);
	rig_free_pasid(&rig);
	rig_put(&rig, 0x3000, 0x4003);
	rig_put(&rig, 0x4018, 0x83); /* 3 GiB to 4 GiB: to the first */
	r.has_pasid = true;
	r.pasid = 5;
	r.bytes = 4;
	assert_int_equal(rig_ask(&rig, &r)->result, VTD_TRANSLATED);
	assert_int_equal(rig.out.pa, 0x3ee00000);
	rig_stop(&rig);
}

static void two_units_do_not_know_each_other(void **state)
{
	struct rig one, other;

	(void)state;
	start_legacy(&one);
	start_legacy(&other);
	rig_put(&other, 0x6020, 0x8003);
	assert_int_equal(rig_dma(&one, RIG_IOVA, false), RIG_PA);
	assert_int_equal(rig_dma(&other, RIG_IOVA, false), 0x8123);
	rig_forget(&other);
	rig_dma(&one, RIG_IOVA, false);
	assert_true(one.out.iotlb_hit);
	rig_stop(&one);
	rig_stop(&other);
}

/* ---- time ---- */

/* Six walks in flight: latency is one walk's, throughput six times that. */
static void walks_overlap(void **state)
{
	struct vtd_config config = rig_config();
	struct vtd_request r = { .sid = RIG_SID, .bytes = 4 };
	uint64_t first = 0, last = 0;
	struct vtd_counters n;
	struct rig rig;

	(void)state;
	config.iotlb.entries = 0;
	config.issue_ticks = 0;
	config.lookup_ticks = 10;
	config.walk_ticks = 0;
	start(&rig, rig_legacy, &config, true);
	rig.read_ticks = 100;
	r.iova = RIG_IOVA;
	rig_ask(&rig, &r); /* warm: one read from here on */
	r.now = 10000;
	for (unsigned int i = 0; i < 60; i++) {
		rig_ask(&rig, &r);
		assert_int_equal(rig.out.reads, 1);
		first = i == 0 ? rig.out.done : first;
		last = rig.out.done;
	}
	assert_int_equal(first, 10000 + 10 + 100);
	assert_int_equal(last, 10000 + 10 + 60 / 6 * 100);
	vtd_counters(rig.vtd, &n);
	assert_int_equal(n.walks.count, 61);
	assert_int_equal(n.walks.reads, 66);
	assert_int_equal(n.walks.by_reads[1], 60);
	assert_int_equal(n.walks.waited, 6 * 100 * (9 * 10 / 2));
	rig_stop(&rig);
}

static void a_hit_waits_for_the_walk_that_fills_it(void **state)
{
	struct vtd_config config = rig_config();
	struct vtd_request r = {
		.sid = RIG_SID, .iova = RIG_IOVA, .bytes = 4, .now = 1000
	};
	struct rig rig;
	uint64_t done;

	(void)state;
	config.issue_ticks = config.lookup_ticks = 1;
	start(&rig, rig_legacy, &config, true);
	rig.read_ticks = 100;
	done = rig_ask(&rig, &r)->done;
	assert_int_equal(done, 1000 + 1 + 1 + 600);
	r.iova += 8;
	assert_int_equal(rig_ask(&rig, &r)->done, done);
	assert_true(rig.out.iotlb_hit);
	r.now = 5000;
	assert_int_equal(rig_ask(&rig, &r)->done, 5001);
	rig_stop(&rig);
}

static void a_drain_waits_for_walks(void **state)
{
	struct vtd_config config = rig_config();
	struct vtd_request r = { .sid = RIG_SID, .iova = RIG_IOVA, .bytes = 4 };
	struct rig rig;
	uint64_t done;

	(void)state;
	start(&rig, rig_legacy, &config, true);
	rig.read_ticks = 1000;
	done = rig_ask(&rig, &r)->done;
	vtd_mmio_write(rig.vtd, 0xf8, IOTLB_GLOBAL, 8, 5);
	assert_true(vtd_invalidated_at(rig.vtd) < done);
	vtd_mmio_write(rig.vtd, 0xf8, IOTLB_GLOBAL | UINT64_C(2) << 48, 8, 5);
	assert_int_equal(vtd_invalidated_at(rig.vtd), done);
	rig_stop(&rig);
	/* From version 2 on it always does. §6.5.2.3 */
	config.version = 0x20;
	start(&rig, rig_legacy, &config, true);
	rig.read_ticks = 1000;
	done = rig_ask(&rig, &r)->done;
	vtd_mmio_write(rig.vtd, 0xf8, IOTLB_GLOBAL, 8, 5);
	assert_int_equal(vtd_invalidated_at(rig.vtd), done);
	rig_stop(&rig);
}

static void impossible_configurations_are_named(void **state)
{
	struct vtd_config c = vtd_config_common();

	(void)state;
	assert_null(vtd_config_problem(&c));
	c.haw_bits = 53;
	assert_non_null(vtd_config_problem(&c));
	c = vtd_config_common();
	c.levels_mask = 1;
	assert_non_null(vtd_config_problem(&c));
	c = vtd_config_common();
	c.walks = 0;
	assert_non_null(vtd_config_problem(&c));
	c = vtd_config_common();
	c.nested = true;
	assert_non_null(vtd_config_problem(&c));
	c = rig_config();
	c.write_buffer_flush = true;
	assert_non_null(vtd_config_problem(&c));
	c = rig_config();
	c.walk_snoop = false;
	assert_non_null(vtd_config_problem(&c));
	c = vtd_config_common();
	c.pasid_bits = 20;
	assert_non_null(vtd_config_problem(&c));
	c = vtd_config_common();
	c.iotlb.ways = 3;
	assert_non_null(vtd_config_problem(&c));
}

int main(void)
{
#define T(name) cmocka_unit_test(name)
	const struct CMUnitTest tests[] = {
		T(a_changed_leaf_stays_stale_until_invalidated),
		T(each_granularity_drops_it),
		T(not_present_is_not_kept_without_caching_mode),
		T(caching_mode_keeps_no_lack_of_permission),
		T(caching_mode_is_not_for_first_stages),
		T(caching_mode_keeps_absent_context_entries_under_domain_0),
		T(a_forbidding_entry_forbids_without_a_walk),
		T(a_superpage_needs_its_address_mask),
		T(the_hint_keeps_paging_structure_caches),
		T(promotion_needs_no_hint),
		T(a_context_entry_stays_until_its_own_invalidation),
		T(a_root_change_alone_keeps_the_caches),
		T(turning_translation_off_forgets_in_scalable_units),
		T(registers_invalidate_in_legacy_mode_before_version_6),
		T(domain_ids_are_as_wide_as_the_unit_says),
		T(too_large_a_mask_does_nothing),
		T(without_page_selective_the_domain_goes),
		T(non_coherent_walks_read_what_memory_holds),
		T(page_walk_snoop_is_the_pasid_entrys),
		T(snoop_control_is_the_leafs),
		T(write_buffers_are_flushed_on_demand_and_before_invalidations),
		T(a_nested_walk_reads_24_paging_entries),
		T(a_table_that_leads_to_itself_ends),
		T(nested_pages_have_the_smaller_size),
		T(a_and_d_are_set_once_the_request_succeeds),
		T(second_stage_a_and_d_need_ssade),
		T(nested_a_and_d_mark_both_stages),
		T(supervisor_and_write_protect),
		T(supervisor_execution),
		T(page_snoop_is_the_pasid_entrys),
		T(five_levels),
		T(zero_length_reads_pass_write_only_pages),
		T(requests_end_with_their_page),
		T(bypass_and_interrupts_are_no_translations),
		T(two_units_do_not_know_each_other),
		T(walks_overlap),
		T(a_hit_waits_for_the_walk_that_fills_it),
		T(a_drain_waits_for_walks),
		T(impossible_configurations_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
