/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random memory, random registers: a unit ends every request with an answer,
 * and one whose tables do not change says what one without caches says.
 */
#include "tests/unit/models/vtd_rig.h"

static uint64_t next(struct rig *rig)
{
	return model_random_next(&rig->random);
}

static uint64_t page(struct rig *rig)
{
	return (6 + next(rig) % (RIG_BYTES / 4096 - 6)) << 12;
}

/* Now and then a bit that should not be. */
static uint64_t defect(struct rig *rig, uint64_t raw)
{
	return next(rig) % 40 ? raw : raw ^ UINT64_C(1) << next(rig) % 64;
}

/* A paging entry of either stage, mostly. */
static uint64_t word(struct rig *rig)
{
	uint64_t raw = page(rig) | (next(rig) % 8 ? 7 : next(rig) % 8);

	return defect(rig, next(rig) % 8 ? raw : raw | 0x80);
}

/* Root, contexts, one directory, one PASID table; a domain for each entry. */
static void fill(struct rig *rig, bool scalable)
{
	for (uint64_t pa = 0; pa < RIG_BYTES; pa += 8)
		rig_put(rig, pa, pa < 0x6000 ? 0 : word(rig));
	for (uint64_t i = 0; i < 256; i++) {
		rig_put(rig, 0x1000 + 16 * i, defect(rig, 0x2001));
		rig_put(rig, 0x1008 + 16 * i, scalable ? 0x3001 : 0);
	}
	for (uint64_t i = 0; i < 256 && !scalable; i++) {
		rig_put(rig, 0x2000 + 16 * i, defect(rig, page(rig) | 1));
		rig_put(rig, 0x2008 + 16 * i,
			defect(rig, (1 + next(rig) % 2) | i << 8));
	}
	for (uint64_t i = 0; i < 256 && scalable; i++) {
		rig_put(rig, 0x2000 + 32 * i, defect(rig, 0x4009));
		rig_put(rig, 0x2008 + 32 * i, next(rig) % 64);
	}
	for (uint64_t i = 0; i < 512 && scalable; i++)
		rig_put(rig, 0x4000 + 8 * i, defect(rig, 0x5001));
	for (uint64_t i = 0; i < 64 && scalable; i++) {
		rig_put(rig, 0x5000 + 64 * i,
			defect(rig, page(rig) | 1 | (1 + next(rig) % 2) << 2 |
					    (1 + next(rig) % 4) << 6));
		rig_put(rig, 0x5008 + 64 * i, 0x800000 | i);
		rig_put(rig, 0x5010 + 64 * i,
			defect(rig, page(rig) | next(rig) % 4));
	}
}

static struct vtd_request request(struct rig *rig)
{
	uint64_t bits = next(rig);

	return (struct vtd_request){
		.iova = next(rig) >> bits % 64,
		.now = 0,
		.bytes = 4,
		.pasid = (uint32_t)(bits >> 8) % 64,
		.sid = (uint16_t)(bits >> 16),
		.has_pasid = bits >> 32 & 1,
		.write = bits >> 33 & 1,
		.execute = bits >> 34 & 1,
		.privileged = bits >> 35 & 1,
	};
}

/* An answer is whole, and within memory's width if it is an address. */
static void check_answer(const struct vtd_outcome *out)
{
	assert_true(out->reads <= VTD_READS_MAX);
	if (out->result == VTD_FAULTED) {
		assert_string_not_equal(vtd_reason_name(out->reason), "none");
		assert_true(out->recorded + out->suppressed + out->lost == 1);
	} else {
		assert_int_equal(out->reason, VTD_NO_FAULT);
	}
	if (out->result == VTD_TRANSLATED)
		assert_int_equal(out->pa >> 48, 0);
}

static void random_registers_and_memory(void **state)
{
	struct vtd_config config = rig_config();
	struct vtd_request r;
	struct rig rig;

	(void)state;
	rig_start(&rig, &config);
	for (unsigned int i = 0; i < 60000; i++) {
		if (i % 4096 == 0)
			fill(&rig, i & 4096);
		switch (next(&rig) % 4) {
		case 0:
			rig_write(&rig, next(&rig) % 128 * 8, word(&rig), 8);
			break;
		case 1:
			rig_write(&rig, next(&rig) % 64 * 4,
				  next(&rig) & next(&rig), 4);
			break;
		default:
			r = request(&rig);
			rig_ask(&rig, &r);
			check_answer(&rig.out);
		}
	}
	rig_stop(&rig);
}

static struct vtd *without_caches(struct rig *rig)
{
	struct vtd_config config = rig_config();

	config.context_cache.entries = config.pasid_cache.entries = 0;
	config.iotlb.entries = 0;
	config.second_walk.entries = config.first_walk.entries = 0;
	return vtd_new(&config, &rig_ops, rig, &rig->random);
}

/* Setting the root empties the caches of the first. */
static void set_root(struct rig *rig, struct vtd *other, uint64_t rtaddr)
{
	rig_enable(rig, rtaddr);
	vtd_mmio_write(other, 0x20, rtaddr, 8, 0);
	vtd_mmio_write(other, 0x18, 0x40000000, 4, 0);
	vtd_mmio_write(other, 0x18, 0x80000000, 4, 0);
}

static void caches_say_what_no_caches_say(void **state)
{
	struct vtd_config config = rig_config();
	unsigned int translated = 0;
	struct vtd_outcome bare;
	struct vtd_request r;
	struct vtd *other;
	struct rig rig;

	(void)state;
	config.set_root_invalidates = true;
	rig_start(&rig, &config);
	other = without_caches(&rig);
	for (unsigned int i = 0; i < 40000; i++) {
		if (i % 64 == 0) {
			fill(&rig, i & 64);
			set_root(&rig, other, i & 64 ? 0x1400 : 0x1000);
		}
		r = request(&rig);
		for (unsigned int turn = 0; turn < 2; turn++) {
			rig_ask(&rig, &r);
			vtd_translate(other, &r, &bare);
			if (rig.out.result != bare.result ||
			    rig.out.reason != bare.reason)
				print_error(
					"request %u: %x, %x without caches\n",
					i, rig.out.reason, bare.reason);
			assert_int_equal(rig.out.result, bare.result);
			assert_int_equal(rig.out.reason, bare.reason);
			assert_int_equal(rig.out.pa, bare.pa);
			assert_int_equal(rig.out.suppressed, bare.suppressed);
		}
		translated += bare.result == VTD_TRANSLATED;
	}
	assert_true(translated > 4000);
	vtd_free(other);
	rig_stop(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_registers_and_memory),
		cmocka_unit_test(caches_say_what_no_caches_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
