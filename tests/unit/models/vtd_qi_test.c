/* SPDX-License-Identifier: BSD-2-Clause */
/* The invalidation queue, descriptors as raw words. VT-d 4.1 §6.5.2. */
#include "tests/unit/models/vtd_rig.h"

#define IQE 0x10

/* 128-bit descriptors of legacy mode, or 256-bit ones of scalable mode. */
static void start(struct rig *rig, const struct vtd_config *config, bool wide)
{
	rig_start(rig, config);
	if (wide)
		rig_scalable_second(rig);
	else
		rig_legacy(rig);
	rig_write(rig, 0x20, wide ? 0x1400 : 0x1000, 8);
	rig_write(rig, 0x18, 0x40000000, 4);
	rig_write(rig, 0x90, RIG_QUEUE | (wide ? 0x800 : 0), 8);
	rig_write(rig, 0x18, 0x84000000, 4);
	assert_int_equal(rig_reg(rig, 0x1c, 4), 0xc4000000);
}

static void submit(struct rig *rig, uint64_t lo, uint64_t hi, bool wide)
{
	uint64_t tail = rig_reg(rig, 0x88, 8);

	rig_put(rig, RIG_QUEUE + tail, lo);
	rig_put(rig, RIG_QUEUE + tail + 8, hi);
	rig_write(rig, 0x88, (tail + (wide ? 32 : 16)) & 0xfff, 8);
}

static void descriptors_drop_what_registers_drop(void **state)
{
	static const struct {
		uint64_t lo, hi;
		bool drops;
	} cases[] = {
		{ 0x12, 0, true },		   /* global */
		{ 0x420022, 0, true },		   /* domain 0x42 */
		{ 0x430022, 0, false },		   /* another */
		{ 0x420032, 0x8080604000, true },  /* page */
		{ 0x420032, 0x8080605000, false }, /* another */
		{ 0x420032, 0x8080605001, true },  /* two pages */
		{ 0x4200f2, 0x8080604040, true },  /* DR, DW, IH */
	};
	struct vtd_config config = rig_config();
	struct rig rig;

	(void)state;
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		start(&rig, &config, false);
		rig_dma(&rig, RIG_IOVA, false);
		rig_put(&rig, 0x6020, 0x8003);
		submit(&rig, cases[i].lo, cases[i].hi, false);
		assert_int_equal(rig_reg(&rig, 0x80, 8), 16);
		assert_int_equal(rig_dma(&rig, RIG_IOVA, false),
				 cases[i].drops ? 0x8123 : RIG_PA);
		rig_stop(&rig);
	}
}

static void context_descriptors(void **state)
{
	static const struct {
		uint64_t lo;
		bool drops;
	} cases[] = {
		{ 0x11, true },
		{ 0x420021, true },
		{ 0x430021, false },
		{ 0x010800420031, true },  /* device 0108 of domain 0x42 */
		{ 0x010900420031, false }, /* another function */
		{ 0x3010f00420031, true }, /* all functions */
	};
	struct vtd_config config = rig_config();
	struct rig rig;

	(void)state;
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		start(&rig, &config, false);
		rig_dma(&rig, RIG_IOVA, false);
		rig_put(&rig, 0x2080, 0);
		submit(&rig, cases[i].lo, 0, false);
		assert_int_equal(rig_dma(&rig, RIG_IOVA, false),
				 cases[i].drops ? 0 : RIG_PA);
		rig_stop(&rig);
	}
}

static void pasid_descriptors(void **state)
{
	static const struct {
		uint64_t lo;
		bool drops;
	} cases[] = {
		{ 0x37, true },	    /* global */
		{ 0x420007, true }, /* domain */
		{ 0x430007, false },
		{ 0x0500420017, true }, /* PASID 5 of it */
		{ 0x0600420017, false },
	};
	struct vtd_config config = rig_config();
	struct rig rig;

	(void)state;
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		start(&rig, &config, true);
		assert_int_equal(rig_dma(&rig, RIG_IOVA, false), RIG_PA);
		rig_put(&rig, 0x9140, 0);
		submit(&rig, cases[i].lo, 0, true);
		assert_int_equal(rig_dma(&rig, RIG_IOVA, false),
				 cases[i].drops ? 0 : RIG_PA);
		rig_stop(&rig);
	}
}

/* First-stage entries: by PASID; nested ones by their domain's pages, too. */
static void pasid_iotlb_descriptors(void **state)
{
	static const struct {
		uint64_t lo, hi;
		bool first, nested;
	} cases[] = {
		{ 0x0500420026, 0, true, true },
		{ 0x0600420026, 0, false, false },
		{ 0x0500430026, 0, false, false },
		{ 0x0500420036, 0x8080604000, true, true },
		{ 0x0500420036, 0x8080605000, false, false },
		/* The pages of a domain: no addresses of a first stage, so
		 * that all of it goes, the hint or not. */
		{ 0x420032, 0x1000, true, true },
		{ 0x420032, 0x1040, true, true },
		{ 0x430032, 0x1000, false, false },
		{ 0x420022, 0, true, true },
	};
	struct vtd_config config = rig_config();
	struct rig rig;

	(void)state;
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (unsigned int nested = 0; nested < 2; nested++) {
			bool drops = nested ? cases[i].nested : cases[i].first;

			start(&rig, &config, true);
			if (nested)
				rig_nested(&rig);
			else
				rig_scalable_first(&rig);
			assert_int_equal(rig_dma(&rig, RIG_IOVA, false),
					 RIG_PA);
			submit(&rig, cases[i].lo, cases[i].hi, true);
			assert_int_equal(rig_reg(&rig, 0x34, 4), 0);
			rig_dma(&rig, RIG_IOVA, false);
			assert_int_equal(rig.out.iotlb_hit, !drops);
			if (drops && !nested)
				assert_int_equal(rig.out.walk_from, 0);
			rig_stop(&rig);
		}
}

/* §6.5.2.4: a PASID's second-stage entries go with the PASID, but not for a
 * page of it; its tables stay known. */
static void a_pasid_takes_its_second_stage_entries_along(void **state)
{
	struct vtd_config config = rig_config();
	struct rig rig;

	(void)state;
	start(&rig, &config, true);
	assert_int_equal(rig_dma(&rig, RIG_IOVA, false), RIG_PA);
	submit(&rig, 0x0500420036, 0x8080604000, true);
	rig_dma(&rig, RIG_IOVA, false);
	assert_true(rig.out.iotlb_hit);
	submit(&rig, 0x0500420026, 0, true);
	rig_dma(&rig, RIG_IOVA, false);
	assert_false(rig.out.iotlb_hit);
	assert_int_equal(rig.out.walk_from, 1);
	rig_stop(&rig);
}

/* MAMV is of the second stage's invalidations. */
static void a_pasids_pages_have_any_mask(void **state)
{
	struct vtd_config config = rig_config();
	struct rig rig;

	(void)state;
	start(&rig, &config, true);
	rig_scalable_first(&rig);
	rig_dma(&rig, RIG_IOVA, false);
	submit(&rig, 0x0500420036, 40, true);
	assert_int_equal(rig_reg(&rig, 0x34, 4), 0);
	rig_dma(&rig, RIG_IOVA, false);
	assert_false(rig.out.iotlb_hit);
	rig_stop(&rig);
}

/* 20 bits of a PASID tell entries apart: 0x00005 and 0x10005. */
static void pasids_have_twenty_bits(void **state)
{
	struct vtd_config config = rig_config();
	struct vtd_request r = {
		.sid = RIG_SID, .iova = RIG_IOVA, .bytes = 4, .has_pasid = true
	};
	struct rig rig;

	(void)state;
	start(&rig, &config, true);
	rig_scalable_first(&rig);
	/* A directory at 0x12000, PDTS 4; 0x10005 has entry 0x400 of it. */
	rig_put(&rig, 0x2100, 0x12809);
	rig_free_pasid(&rig);
	rig_put(&rig, 0x12000, 0x9001);
	rig_put(&rig, 0x14000, 0x9001);
	for (unsigned int i = 0; i < 2; i++) {
		r.pasid = i ? 0x10005 : 5;
		rig_ask(&rig, &r);
		assert_int_equal(rig.out.pa, RIG_PA);
		assert_false(rig.out.iotlb_hit || rig.out.pasid_hit);
	}
	submit(&rig, UINT64_C(0x1000500420026), 0, true);
	submit(&rig, UINT64_C(0x1000500420017), 0, true);
	for (unsigned int i = 0; i < 2; i++) {
		r.pasid = i ? 0x10005 : 5;
		rig_ask(&rig, &r);
		assert_int_equal(rig.out.pa, RIG_PA);
		assert_int_equal(rig.out.iotlb_hit, !i);
		assert_int_equal(rig.out.pasid_hit, !i);
	}
	rig_stop(&rig);
}

static void wait_writes_status_and_interrupts(void **state)
{
	struct vtd_config config = rig_config();
	struct rig rig;

	(void)state;
	start(&rig, &config, false);
	rig_write(&rig, 0xa4, 0x55, 4);
	rig_write(&rig, 0xa8, 0xfee02000, 4);
	submit(&rig, 0xcafe000000000025, 0x11000, false);
	assert_int_equal(rig.cached[0x11000 / 8], 0xcafe0000);
	assert_int_equal(rig_reg(&rig, 0x9c, 4), 0); /* no IF */
	/* IF, masked */
	submit(&rig, 0x15, 0, false);
	assert_int_equal(rig_reg(&rig, 0x9c, 4), 1);
	assert_int_equal(rig_reg(&rig, 0xa0, 4), 0xc0000000);
	assert_int_equal(rig.interrupts, 0);
	rig_write(&rig, 0xa0, 0, 4);
	assert_int_equal(rig.interrupts, 1);
	assert_int_equal(rig.interrupt_address, 0xfee02000);
	assert_int_equal(rig.interrupt_data, 0x55);
	/* None while IWC is set, then again. */
	submit(&rig, 0x55, 0, false);
	assert_int_equal(rig.interrupts, 1);
	rig_write(&rig, 0x9c, 1, 4);
	assert_int_equal(rig_reg(&rig, 0x9c, 4), 0);
	submit(&rig, 0x15, 0, false);
	assert_int_equal(rig.interrupts, 2);
	/* Masked, and served before the mask is gone: no event is due. */
	rig_write(&rig, 0x9c, 1, 4);
	rig_write(&rig, 0xa0, 0x80000000, 4);
	submit(&rig, 0x15, 0, false);
	assert_int_equal(rig_reg(&rig, 0xa0, 4), 0xc0000000);
	rig_write(&rig, 0x9c, 1, 4);
	assert_int_equal(rig_reg(&rig, 0xa0, 4), 0x80000000);
	rig_write(&rig, 0xa0, 0, 4);
	assert_int_equal(rig.interrupts, 2);
	/* Status address bits above the host's width are ignored. */
	submit(&rig, 0x700000025, UINT64_C(0x4000000011008), false);
	assert_int_equal(rig.cached[0x11008 / 8], 7);
	rig_stop(&rig);
}

/* Whatever ECAP.C says of the tables. §11.4.3 */
static void the_queue_is_snooped(void **state)
{
	struct vtd_config config = rig_config();
	struct rig rig;

	(void)state;
	config.coherent = false;
	start(&rig, &config, false);
	rig_dma(&rig, RIG_IOVA, false);
	rig.cached[RIG_QUEUE / 8] = 0x12; /* not cleaned */
	rig_write(&rig, 0x88, 16, 8);
	assert_int_equal(rig_reg(&rig, 0x34, 4), 0);
	rig_dma(&rig, RIG_IOVA, false);
	assert_false(rig.out.iotlb_hit);
	rig_stop(&rig);
}

/* IQERCD says why, the head stands at it, and nothing goes on. */
static void every_descriptor_error_stops_the_queue(void **state)
{
	static const struct {
		const char *why;
		uint64_t lo, hi;
		unsigned int error;
		bool wide;
	} cases[] = {
		{ "type 0", 0, 0, 3, false },
		{ "device TLB", 0x3, 0, 3, false },
		{ "interrupt entry cache", 0x4, 0, 3, false },
		{ "page response", 0x9, 0, 3, false },
		{ "type 2 with high bits", 0x212, 0, 3, false },
		{ "context: G 0", 0x1, 0, 4, false },
		{ "context: bit 6", 0x51, 0, 4, false },
		{ "context: bit 50", 0x4000000000011, 0, 4, false },
		{ "context: upper word", 0x11, 1, 4, false },
		{ "IOTLB: G 0", 0x2, 0, 4, false },
		{ "IOTLB: bit 8", 0x112, 0, 4, false },
		{ "IOTLB: bit 32", 0x100000012, 0, 4, false },
		{ "IOTLB: bit 71", 0x420032, 0x80, 4, false },
		{ "IOTLB: AM 19", 0x420032, 19, 4, false },
		{ "PASID IOTLB in legacy mode", 0x26, 0, 3, false },
		{ "PASID cache in legacy mode", 0x37, 0, 3, false },
		{ "wait: bit 8", 0x125, 0x11000, 4, false },
		{ "wait: PD without page requests", 0xa5, 0x11000, 4, false },
		{ "wait: bit 64", 0x25, 0x11001, 4, false },
		{ "PASID IOTLB: G 1", 0x16, 0, 4, true },
		{ "PASID IOTLB: bit 52", 0x10000000000026, 0, 4, true },
		{ "PASID cache: G 2", 0x27, 0, 4, true },
		{ "PASID cache: upper word", 0x37, 1, 4, true },
	};
	struct vtd_config config = rig_config();
	struct rig rig;

	(void)state;
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned int width = cases[i].wide ? 32 : 16;

		start(&rig, &config, cases[i].wide);
		submit(&rig, 0x12, 0, cases[i].wide);
		submit(&rig, cases[i].lo, cases[i].hi, cases[i].wide);
		if (rig_reg(&rig, 0xb0, 8) != cases[i].error)
			print_error("%s\n", cases[i].why);
		assert_int_equal(rig_reg(&rig, 0x34, 4), IQE);
		assert_int_equal(rig_reg(&rig, 0xb0, 8), cases[i].error);
		assert_int_equal(rig_reg(&rig, 0x80, 8), width);
		/* The next waits behind it. */
		submit(&rig, 0x700000025, 0x11000, cases[i].wide);
		assert_int_equal(rig.cached[0x11000 / 8], 0);
		/* Mended and acknowledged, the queue goes on. */
		rig_put(&rig, RIG_QUEUE + width, 0x12);
		rig_put(&rig, RIG_QUEUE + width + 8, 0);
		rig_write(&rig, 0x34, IQE, 4);
		assert_int_equal(rig_reg(&rig, 0x34, 4), 0);
		assert_int_equal(rig.cached[0x11000 / 8], 7);
		assert_int_equal(rig_reg(&rig, 0x80, 8), 3 * width);
		rig_stop(&rig);
	}
}

/* Acknowledged without being mended it is an error again. */
static void an_error_left_alone_comes_back(void **state)
{
	struct vtd_config config = rig_config();
	struct rig rig;

	(void)state;
	start(&rig, &config, false);
	rig_write(&rig, 0x38, 0, 4);
	submit(&rig, 0, 0, false);
	assert_int_equal(rig.interrupts, 1);
	rig_write(&rig, 0x34, IQE, 4);
	assert_int_equal(rig_reg(&rig, 0x34, 4), IQE);
	assert_int_equal(rig.interrupts, 2);
	rig_stop(&rig);
}

static void a_queue_as_it_must_not_be(void **state)
{
	static const struct {
		const char *why;
		uint64_t rtaddr, iqa, tail;
		unsigned int error;
	} cases[] = {
		{ "tail beyond the queue", 0x1000, RIG_QUEUE, 0x1000, 1 },
		{ "nothing answers", 0x1000, RIG_NOWHERE, 0x10, 2 },
		{ "128 bits in scalable mode", 0x1400, RIG_QUEUE, 0x20, 5 },
		{ "half a descriptor", 0x1400, RIG_QUEUE | 0x800, 0x30, 6 },
		{ "TTM 2", 0x1800, RIG_QUEUE, 0x10, 7 },
	};
	struct vtd_config config = rig_config();
	struct rig rig;

	(void)state;
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		rig_start(&rig, &config);
		rig_write(&rig, 0x20, cases[i].rtaddr, 8);
		rig_write(&rig, 0x18, 0x40000000, 4);
		rig_write(&rig, 0x90, cases[i].iqa, 8);
		rig_write(&rig, 0x18, 0x04000000, 4);
		rig_write(&rig, 0x88, cases[i].tail, 8);
		if (rig_reg(&rig, 0xb0, 8) != cases[i].error)
			print_error("%s\n", cases[i].why);
		assert_int_equal(rig_reg(&rig, 0xb0, 8), cases[i].error);
		assert_int_equal(rig_reg(&rig, 0x34, 4), IQE);
		assert_int_equal(rig_reg(&rig, 0x80, 8), 0);
		rig_stop(&rig);
	}
}

static void a_queue_of_a_lesser_unit(void **state)
{
	struct vtd_config config = vtd_config_common();
	struct rig rig;

	(void)state;
	/* 256 bits, without scalable mode */
	start(&rig, &config, false);
	rig_write(&rig, 0x18, 0x80000000, 4);
	rig_write(&rig, 0x90, RIG_QUEUE | 0x800, 8);
	rig_write(&rig, 0x18, 0x84000000, 4);
	submit(&rig, 0x12, 0, true);
	assert_int_equal(rig_reg(&rig, 0x34, 4), IQE);
	assert_int_equal(rig_reg(&rig, 0xb0, 8), 5);
	rig_stop(&rig);
	/* Pages, without PSI */
	config.page_selective = false;
	start(&rig, &config, false);
	submit(&rig, 0x420032, 0x1000, false);
	assert_int_equal(rig_reg(&rig, 0x34, 4), IQE);
	assert_int_equal(rig_reg(&rig, 0xb0, 8), 4);
	rig_stop(&rig);
}

static void wide_descriptors_have_an_empty_upper_half(void **state)
{
	struct vtd_config config = rig_config();
	struct rig rig;

	(void)state;
	start(&rig, &config, true);
	rig_put(&rig, RIG_QUEUE + 24, 1);
	submit(&rig, 0x12, 0, true);
	assert_int_equal(rig_reg(&rig, 0xb0, 8), 4);
	rig_stop(&rig);
}

static void the_queue_wraps(void **state)
{
	struct vtd_config config = rig_config();
	struct vtd_counters n;
	struct rig rig;

	(void)state;
	start(&rig, &config, false);
	for (unsigned int i = 0; i < 300; i++)
		submit(&rig, 0x12, 0, false);
	assert_int_equal(rig_reg(&rig, 0x80, 8), 300 * 16 - 4096);
	assert_int_equal(rig_reg(&rig, 0x34, 4), 0);
	vtd_counters(rig.vtd, &n);
	assert_int_equal(n.invalidations.descriptors, 300);
	assert_int_equal(n.invalidations.iotlb_global, 300);
	/* Off: the head is at the beginning again, and IQA may be written. */
	rig_write(&rig, 0x90, 0x5000, 8);
	assert_int_equal(rig_reg(&rig, 0x90, 8), RIG_QUEUE);
	rig_write(&rig, 0x18, 0x80000000, 4);
	assert_int_equal(rig_reg(&rig, 0x80, 8), 0);
	rig_write(&rig, 0x90, 0x5000, 8);
	assert_int_equal(rig_reg(&rig, 0x90, 8), 0x5000);
	rig_stop(&rig);
}

static void registers_invalidate_nothing_beside_a_queue(void **state)
{
	struct vtd_config config = rig_config();
	struct rig rig;

	(void)state;
	start(&rig, &config, false);
	rig_dma(&rig, RIG_IOVA, false);
	rig_forget(&rig);
	assert_int_equal(rig_reg(&rig, 0x28, 8) >> 59 & 3, 0);
	assert_int_equal(rig_reg(&rig, 0xf8, 8) >> 57 & 3, 0);
	rig_dma(&rig, RIG_IOVA, false);
	assert_true(rig.out.iotlb_hit && rig.out.context_hit);
	rig_stop(&rig);
}

static void odd_accesses_do_nothing(void **state)
{
	struct vtd_config config = rig_config();
	struct rig rig;

	(void)state;
	rig_start(&rig, &config);
	rig_write(&rig, 0x22, 0xffff, 4);
	rig_write(&rig, 0x20, 0xff, 1);
	rig_write(&rig, 0xffc, UINT64_MAX, 8);
	rig_write(&rig, 0x08, UINT64_MAX, 8);
	rig_write(&rig, 0x64, 0x80000000, 4); /* PMEN is absent */
	assert_int_equal(rig_reg(&rig, 0x20, 8), 0);
	assert_int_equal(rig_reg(&rig, 0x64, 4), 0);
	assert_int_equal(rig_reg(&rig, 0x21, 4), 0);
	assert_int_equal(rig_reg(&rig, 0x2000, 8), 0);
	rig_stop(&rig);
}

int main(void)
{
#define T(name) cmocka_unit_test(name)
	const struct CMUnitTest tests[] = {
		T(descriptors_drop_what_registers_drop),
		T(context_descriptors),
		T(pasid_descriptors),
		T(pasid_iotlb_descriptors),
		T(a_pasid_takes_its_second_stage_entries_along),
		T(a_pasids_pages_have_any_mask),
		T(pasids_have_twenty_bits),
		T(the_queue_is_snooped),
		T(a_queue_of_a_lesser_unit),
		T(wait_writes_status_and_interrupts),
		T(every_descriptor_error_stops_the_queue),
		T(an_error_left_alone_comes_back),
		T(a_queue_as_it_must_not_be),
		T(wide_descriptors_have_an_empty_upper_half),
		T(the_queue_wraps),
		T(registers_invalidate_nothing_beside_a_queue),
		T(odd_accesses_do_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
