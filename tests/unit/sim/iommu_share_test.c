/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy.iommu.share_pt: devices behind an SMMUv3 walk the p2m's own tables.
 * What their STE says is what VTTBR_EL2 and VTCR_EL2 say; where their accesses
 * go is where the guest's own go, after each change of the p2m; invalidations
 * reach the unit by commands or by broadcast; and what cannot be shared is
 * refused with its reason.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sim/machine/dma.h"
#include "sim/machine/hypervisor.h"
#include "sim/machine/iommu_smmu.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))
#define GFN	 (GUEST_RAM_BASE >> FRAME_LG2)
#define FRAMES	 4096u /* of the guest: 16 MiB */

struct fixture {
	struct machine_config config;
	struct machine *m;
};

static const char *const base[] = {
	"iommu=smmu-mmu600",	   "guest.ram_mib=16",
	"iommu.0.devices=2",	   "policy.iommu.share_pt=on",
	"policy.p2m.set_way=full",
};

/* False: *error. `sets` ends with NULL. */
static bool try_start(struct fixture *f, const char *const *sets,
		      struct error_line *error)
{
	struct config_set all[24];
	unsigned int n = 0;

	for (; n < COUNT(base); n++)
		all[n].key_value = base[n];
	for (; sets && *sets; sets++)
		all[n++].key_value = *sets;
	if (!config_load(&f->config, "tiny", NULL, all, n, NULL, error))
		return false;
	f->m = machine_new(&f->config, error);
	if (f->m && machine_boot(f->m, error)) {
		machine_start(f->m);
		return true;
	}
	machine_free(f->m);
	config_fini(&f->config);
	return false;
}

static struct machine *start(struct fixture *f, const char *const *sets)
{
	struct error_line error;

	if (!try_start(f, sets, &error))
		fail_msg("%s", error.text);
	return f->m;
}

static void stop(struct fixture *f)
{
	machine_free(f->m);
	config_fini(&f->config);
}

static int64_t call(struct machine *m, uint64_t function, uint64_t a1,
		    uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
	uint64_t x[6] = { function, a1, a2, a3, a4, a5 };
	struct machine_start ignored;

	assert_true(machine_hypercall(m, &m->cpu[0], x, &ignored));
	return (int64_t)x[0];
}

static int64_t remove_frames(struct machine *m, uint64_t frame, uint64_t count)
{
	return call(m, 0xC6000002, GFN + frame, count, 0, 0, 0);
}

static int64_t populate(struct machine *m, uint64_t frame, uint64_t count)
{
	return call(m, 0xC6000001, GFN + frame, count, 0, 0, 0);
}

static int64_t stat(const struct machine *m, const char *section,
		    const char *key)
{
	json_t *all = iommus_json(m->iommus);
	int64_t value = json_integer_value(json_object_get(
		json_object_get(json_array_get(all, 0), section), key));

	json_decref(all);
	return value;
}

/* A device reads a word of a guest's frame: true if it got there. */
static bool reaches(struct machine *m, unsigned int device, uint64_t frame)
{
	const uint64_t ia = (GFN + frame) << FRAME_LG2;
	const int64_t faulted = stat(m, "dma", "faulted");
	const uint64_t secret = 0x1111 * frame + 7;
	uint64_t word = 0;
	const struct dma_access a = { .device = device, .iova = { ia },
				      .bytes = sizeof(word),
				      .data = (uint8_t *)&word };
	bool fine;

	/* Where the guest's frame really lies. */
	memcpy(ram_host(&m->ram, pa_from_mfn(hypervisor_frame(
					 m->hypervisor,
					 (gfn_t){ GFN + frame }))),
	       &secret, sizeof(secret));
	(void)dma_perform(m->iommus, &m->cpu[0], &a);
	fine = stat(m, "dma", "faulted") == faulted;
	if (fine)
		assert_int_equal(word, secret);
	return fine;
}

static void the_ste_says_what_the_registers_say(void **state)
{
	struct fixture f;
	struct machine *m = start(&f, NULL);
	const struct smmu_unit *u = m->iommus->unit[0].unit;
	const uint64_t vttbr = m->hypervisor->core->vttbr(m->hypervisor->space);
	const uint64_t vtcr = m->hypervisor->core->vtcr(m->hypervisor->space,
							f.config.mmu.pa_bits);
	const uint64_t streams = smmu_mmio_read(u->smmu, 0x80, 8) &
				 UINT64_C(0x000fffffffffffc0);
	const uint64_t l1 = ram_read64(&m->ram, (pa_t){ streams });

	(void)state;
	assert_int_equal(smmu_mmio_read(u->smmu, 0x88, 4) >> 16 & 3, 1);
	for (unsigned int device = 0; device < 2; device++) {
		const uint64_t ste = (l1 & UINT64_C(0x000fffffffffffc0)) +
				     64 * ((device + 1) << 3);
		const uint64_t word2 = ram_read64(&m->ram, (pa_t){ ste + 16 });

		assert_int_equal(ram_read64(&m->ram, (pa_t){ ste }), 0xd);
		/* S2VMID; T0SZ to PS stand in VTCR_EL2's order. */
		assert_int_equal(word2 & 0xffff, vttbr >> 48);
		assert_int_equal(word2 >> 32 & 0x7ffff, vtcr & 0x7ffff);
		assert_int_equal(ram_read64(&m->ram, (pa_t){ ste + 24 }),
				 vttbr & UINT64_C(0x0000fffffffffffe));
	}
	/* No domain was made. */
	assert_int_equal(stat(m, "domain", "map"), 0);
	stop(&f);
}

/* By commands, by broadcast, past the caches; with blocks and by pages. */
static const char *const kinds[][5] = {
	{ "iommu.0.broadcast_tlbi=off", NULL },
	{ "iommu.0.broadcast_tlbi=off", "iommu.0.range_invalidation=on",
	  "policy.p2m.tlbi=range", NULL },
	{ "iommu.0.broadcast_tlbi=off", "policy.p2m.tlbi=vmid",
	  "policy.p2m.coalesce=eager", NULL },
	{ "iommu.0.broadcast_tlbi=on", "policy.p2m.coalesce=eager", NULL },
	{ "iommu.0.coherent=off", "iommu.0.broadcast_tlbi=off",
	  "policy.iommu.clean=top-only", "policy.p2m.coalesce=eager", NULL },
	{ "guest.backing=fragmented:50", "iommu.0.broadcast_tlbi=off", NULL },
};

static void devices_follow_the_p2m_at_once(void **state)
{
	(void)state;
	for (size_t k = 0; k < COUNT(kinds); k++) {
		bool gone[FRAMES] = { false };
		uint64_t random = 12345;
		struct fixture f;
		struct machine *m = start(&f, kinds[k]);

		for (unsigned int n = 0; n < 300; n++) {
			uint64_t frame, count;
			bool was;

			random = random * UINT64_C(6364136223846793005) + 1;
			frame = 64 + (random >> 33) % (FRAMES - 64 - 40);
			count = 1 + (random >> 20) % 4;
			/* It holds what it can before. */
			assert_true(reaches(m, n % 2, frame) != gone[frame]);
			if (gone[frame])
				assert_int_equal(populate(m, frame, count), 0);
			else
				assert_int_equal(remove_frames(m, frame, count),
						 0);
			was = gone[frame];
			for (uint64_t i = frame; i < frame + count; i++)
				gone[i] = !was;
			for (uint64_t i = frame; i < frame + count; i++)
				assert_true(reaches(m, n % 2, i) != gone[i]);
		}
		/* Told of it, one way alone. */
		assert_int_equal(
			stat(m, "invalidations", "page") +
					stat(m, "invalidations", "domain") !=
				0,
			strcmp(kinds[k][0], "iommu.0.broadcast_tlbi=on") != 0);
		assert_int_equal(stat(m, "invalidations", "errors"), 0);
		stop(&f);
	}
}

static void the_guests_calls_change_nothing(void **state)
{
	struct fixture f;
	struct machine *m = start(&f, NULL);
	const uint64_t at = (GFN + 100) << FRAME_LG2;

	(void)state;
	assert_int_equal(call(m, IOMMU_CALL_MAP, 0, at, GFN + 100, 8, 1), 0);
	assert_int_equal(call(m, IOMMU_CALL_UNMAP, 0, at, 8, 0, 0), 0);
	/* The p2m alone takes it away. */
	assert_true(reaches(m, 0, 100));
	/* Another address than the guest's. */
	assert_int_equal(call(m, IOMMU_CALL_MAP, 0, at, GFN + 101, 1, 3),
			 -EINVAL);
	assert_int_equal(call(m, IOMMU_CALL_MAP, 0, at + 1, GFN + 100, 1, 3),
			 -EINVAL);
	assert_int_equal(call(m, IOMMU_CALL_MAP, 0, at, GFN + 100, 1, 4),
			 -EINVAL);
	assert_int_equal(call(m, IOMMU_CALL_MAP, 0, at, GFN + 100, 0, 3),
			 -EINVAL);
	assert_int_equal(call(m, IOMMU_CALL_UNMAP, 0, at, 0, 0, 0), -EINVAL);
	assert_int_equal(call(m, IOMMU_CALL_MAP, 2, at, GFN + 100, 1, 3),
			 -ENODEV);
	assert_int_equal(call(m, IOMMU_CALL_MAP, 0, 0, 0, 1, 3), -ERANGE);
	assert_int_equal(call(m, IOMMU_CALL_UNMAP, 0, at, UINT64_MAX, 0, 0),
			 -ERANGE);
	assert_int_equal(remove_frames(m, 101, 1), 0);
	/* No longer the guest's to show. */
	assert_int_equal(call(m, IOMMU_CALL_MAP, 0, at, GFN + 100, 2, 3),
			 -ERANGE);
	assert_int_equal(call(m, IOMMU_CALL_UNMAP, 0, at, 2, 0, 0), -ENOENT);
	assert_false(reaches(m, 0, 101));
	assert_int_equal(stat(m, "domain", "map"), 1);
	assert_int_equal(stat(m, "domain", "unmap"), 1);
	stop(&f);
}

static void what_cannot_share_is_refused_with_its_reason(void **state)
{
	static const struct {
		const char *const sets[4];
		int exit_code;
		const char *why;
	} cases[] = {
		{ { "iommu=vtd-broadwell" }, 2, "iommu.0 is no SMMUv3" },
		{ { "iommu=vtd-broadwell", "policy.p2m.set_way=track" }, 2,
		  "iommu.0 is no SMMUv3" },
		{ { "iommu.0.mode=guest", "iommu.0.broadcast_tlbi=off",
		    "iommu.0.stall_model=terminate" }, 2,
		  "iommu.0.mode" },
		{ { "iommu.0.mode=off" }, 2, "iommu.0.mode" },
		{ { "policy.p2m.populate=fault" }, 2, "policy.p2m.populate" },
		{ { "policy.p2m.set_way=track" }, 2, "share_pt" },
		{ { "policy.p2m.set_way=track-late" }, 2, "track-late" },
		{ { "policy.p2m.tlbi=range", "iommu.0.broadcast_tlbi=on",
		    "iommu.0.range_invalidation=off" }, 5, "policy.p2m.tlbi" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct error_line error = { 0 };
		struct fixture f;

		if (try_start(&f, cases[i].sets, &error))
			fail_msg("case %zu is not refused", i);
		if (error.exit_code != cases[i].exit_code ||
		    !strstr(error.text, cases[i].why))
			fail_msg("case %zu: %d, %s", i, error.exit_code,
				 error.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_ste_says_what_the_registers_say),
		cmocka_unit_test(devices_follow_the_p2m_at_once),
		cmocka_unit_test(the_guests_calls_change_nothing),
		cmocka_unit_test(what_cannot_share_is_refused_with_its_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
