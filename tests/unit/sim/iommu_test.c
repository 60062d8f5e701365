/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine with an IOMMU: where a device's bytes go, what of the guest's
 * calls is refused, and that what is refused changes nothing.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/port.h"
#include "sim/machine/dma.h"
#include "sim/machine/hypervisor.h"
#include "sim/machine/iommu.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))
#define GFN	 (GUEST_RAM_BASE >> FRAME_LG2)
#define IOVA	 UINT64_C(0x100000000)
#define PAGE	 FRAME_BYTES

struct fixture {
	struct machine_config config;
	struct machine *m;
};

/* `sets` ends with NULL. */
static struct machine *start(struct fixture *f, const char *const *sets)
{
	static const char *const base[] = {
		"iommu=vtd-broadwell",
		"guest.ram_mib=16",
		"iommu.0.devices=2",
		"guest.backing=random",
	};
	struct config_set all[16];
	unsigned int n = 0;
	struct error_line error;

	for (; n < COUNT(base); n++)
		all[n].key_value = base[n];
	for (; sets && *sets; sets++)
		all[n++].key_value = *sets;
	if (!config_load(&f->config, "tiny", NULL, all, n, NULL, &error))
		fail_msg("%s", error.text);
	f->m = machine_new(&f->config, &error);
	if (!f->m || !machine_boot(f->m, &error))
		fail_msg("%s", error.text);
	machine_start(f->m);
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

static int64_t map(struct machine *m, uint64_t iova, uint64_t gfn,
		   uint64_t count, uint64_t access)
{
	return call(m, IOMMU_CALL_MAP, 0, iova, gfn, count, access);
}

static int64_t unmap(struct machine *m, uint64_t iova, uint64_t count)
{
	return call(m, IOMMU_CALL_UNMAP, 0, iova, count, 0, 0);
}

static void dma(struct machine *m, unsigned int device, uint64_t iova,
		void *data, uint64_t bytes, bool write)
{
	const struct dma_access a = { .device = device,
				      .iova = { iova },
				      .bytes = bytes,
				      .write = write,
				      .data = data };

	(void)dma_perform(m->iommus, &m->cpu[0], &a);
}

static int64_t stat(struct machine *m, const char *section, const char *key)
{
	json_t *all = iommus_json(m->iommus);
	int64_t value = json_integer_value(
		json_object_get(
			json_object_get(json_array_get(all, 0), section), key));

	json_decref(all);
	return value;
}

/* ---- where bytes go ---- */

static void check_copy(const char *const *sets)
{
	struct fixture f;
	struct machine *m = start(&f, sets);
	uint8_t out[9000], in[9000] = { 0 }, seen[9000];

	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = (uint8_t)(i * 7 + 1);
	assert_int_equal(map(m, IOVA, GFN + 5, 4, 3), 0);
	dma(m, 0, IOVA + 100, out, sizeof(out), true);
	/* As the guest sees it, page by page through the backing. */
	assert_true(machine_guest_copy_out(m,
					   (ipa_t){ GUEST_RAM_BASE + 5 * PAGE +
						    100 },
					   seen, sizeof(seen)));
	assert_memory_equal(seen, out, sizeof(out));
	dma(m, 0, IOVA + 100, in, sizeof(in), false);
	assert_memory_equal(in, out, sizeof(out));
	assert_int_equal(stat(m, "dma", "faulted"), 0);
	assert_int_equal(stat(m, "dma", "bytes"), 2 * sizeof(out));
	/* Taken away: nothing arrives, and reads see nothing. */
	assert_int_equal(unmap(m, IOVA, 4), 0);
	memset(out, 0xee, sizeof(out));
	dma(m, 0, IOVA + 100, out, 64, true);
	dma(m, 0, IOVA + 100, in, 64, false);
	assert_true(machine_guest_copy_out(
		m, (ipa_t){ GUEST_RAM_BASE + 5 * PAGE + 100 }, seen, 64));
	assert_int_equal(seen[0], 1);
	assert_int_equal(in[0], 0);
	assert_int_equal(stat(m, "dma", "faulted"), 2);
	assert_int_equal(stat(m, "faults", "recorded"), 2);
	assert_int_equal(stat(m, "driver", "faults_read"), 2);
	stop(&f);
}

static void bytes_go_where_the_guest_mapped_them(void **state)
{
	static const char *const scalable[] = { "iommu.0.scalable_mode=on",
						"iommu.0.mode=scalable", NULL };
	static const char *const bare[] = { "iommu.0.queued=off",
					    "iommu.0.coherent=off",
					    "iommu.0.caching_mode=on",
					    "iommu.0.write_buffer_flush=on",
					    "iommu.0.page_selective=off",
					    "iommu.0.snoop_control=off",
					    NULL };
	static const char *const late[] = { "policy.iommu.flush=deferred:1",
					    "iommu.0.levels=3",
					    "iommu.0.iova_bits=39", NULL };

	(void)state;
	check_copy(NULL);
	check_copy(scalable);
	check_copy(bare);
	check_copy(late);
}

static void devices_have_domains_of_their_own(void **state)
{
	struct fixture f;
	struct machine *m = start(&f, NULL);
	uint64_t word = 0x1122334455667788, seen = 0;

	(void)state;
	assert_int_equal(map(m, IOVA, GFN, 1, 3), 0);
	dma(m, 0, IOVA, &word, 8, true);
	dma(m, 1, IOVA, &seen, 8, false);
	assert_int_equal(seen, 0);
	assert_int_equal(stat(m, "dma", "faulted"), 1);
	assert_int_equal(call(m, IOMMU_CALL_MAP, 1, IOVA, GFN, 1, 1), 0);
	dma(m, 1, IOVA, &seen, 8, false);
	assert_true(seen == word);
	stop(&f);
}

static void a_deferred_flush_leaves_the_way_open_for_a_while(void **state)
{
	static const char *const sets[] = { "policy.iommu.flush=deferred:8",
					    NULL };
	struct fixture f;
	struct machine *m = start(&f, sets);
	uint64_t word = 1;

	(void)state;
	assert_int_equal(map(m, IOVA, GFN, 1, 3), 0);
	dma(m, 0, IOVA, &word, 8, true);
	assert_int_equal(unmap(m, IOVA, 1), 0);
	dma(m, 0, IOVA, &word, 8, true);
	assert_int_equal(stat(m, "dma", "faulted"), 0);
	for (uint64_t i = 1; i < 8; i++) {
		assert_int_equal(map(m, IOVA + i * PAGE, GFN + i, 1, 3), 0);
		assert_int_equal(unmap(m, IOVA + i * PAGE, 1), 0);
	}
	dma(m, 0, IOVA, &word, 8, true);
	assert_int_equal(stat(m, "dma", "faulted"), 1);
	stop(&f);
}

/* A descriptor that nobody cleaned is not there for a walk past the caches:
 * the model would find out a core that forgets. */
static void what_is_not_cleaned_is_not_seen(void **state)
{
	static const char *const sets[] = { "iommu.0.coherent=off", NULL };
	struct fixture f;
	struct machine *m = start(&f, sets);
	struct hypervisor *h = m->hypervisor;
	uint64_t seen, *e;
	pa_t page;

	(void)state;
	assert_int_equal(port_table_alloc(h, FRAME_LG2, 0, &page), 0);
	e = port_table_map(h, page);
	port_table_zero(h, e, PAGE);
	port_pte_clean(h, e, 512);
	port_pte_write(h, &e[9], 77);
	iommu_read_below(m->iommus, (pa_t){ page.raw + 72 }, 1, &seen);
	assert_int_equal(seen, 0);
	port_pte_clean(h, &e[9], 1);
	iommu_read_below(m->iommus, (pa_t){ page.raw + 72 }, 1, &seen);
	assert_int_equal(seen, 77);
	stop(&f);
}

/* ---- what is refused ---- */

static void refused_calls_change_nothing(void **state)
{
	static const struct {
		uint64_t x[6];
		int64_t want;
	} cases[] = {
		{ { IOMMU_CALL_MAP, 2, IOVA, GFN, 1, 3 }, -ENODEV },
		{ { IOMMU_CALL_MAP, UINT64_MAX, IOVA, GFN, 1, 3 }, -ENODEV },
		{ { IOMMU_CALL_MAP, 0, IOVA + 1, GFN, 1, 3 }, -EINVAL },
		{ { IOMMU_CALL_MAP, 0, IOVA + PAGE, GFN, 0, 3 }, -EINVAL },
		{ { IOMMU_CALL_MAP, 0, IOVA + PAGE, GFN, 1, 0 }, -EINVAL },
		{ { IOMMU_CALL_MAP, 0, IOVA + PAGE, GFN, 1, 4 }, -EINVAL },
		{ { IOMMU_CALL_MAP, 0, IOVA + PAGE, GFN, UINT64_MAX, 3 },
		  -ERANGE },
		{ { IOMMU_CALL_MAP, 0, IOVA + PAGE, GFN - 1, 1, 3 }, -ERANGE },
		{ { IOMMU_CALL_MAP, 0, IOVA + PAGE, GFN + 4096, 1, 3 },
		  -ERANGE },
		{ { IOMMU_CALL_MAP, 0, IOVA + PAGE, GFN + 4095, 2, 3 },
		  -ERANGE },
		{ { IOMMU_CALL_MAP, 0, IOVA + PAGE, GFN + 7, 1, 3 }, -ERANGE },
		{ { IOMMU_CALL_MAP, 0, IOVA + PAGE, GFN + 6, 3, 3 }, -ERANGE },
		{ { IOMMU_CALL_MAP, 0, UINT64_C(1) << 48, GFN, 1, 3 },
		  -ERANGE },
		{ { IOMMU_CALL_MAP, 0, (UINT64_C(1) << 48) - PAGE, GFN, 2, 3 },
		  -ERANGE },
		{ { IOMMU_CALL_MAP, 0, UINT64_MAX - 4095, GFN, 1, 3 },
		  -ERANGE },
		{ { IOMMU_CALL_MAP, 0, IOVA, GFN + 9, 1, 3 }, -EEXIST },
		{ { IOMMU_CALL_MAP, 0, IOVA - PAGE, GFN + 9, 2, 3 }, -EEXIST },
		{ { IOMMU_CALL_UNMAP, 2, IOVA, 1 }, -ENODEV },
		{ { IOMMU_CALL_UNMAP, 0, IOVA, 0 }, -EINVAL },
		{ { IOMMU_CALL_UNMAP, 0, IOVA + 8, 1 }, -EINVAL },
		{ { IOMMU_CALL_UNMAP, 0, IOVA + PAGE, 1 }, -ENOENT },
		{ { IOMMU_CALL_UNMAP, 0, IOVA, 2 }, -ENOENT },
		{ { IOMMU_CALL_UNMAP, 0, IOVA, UINT64_MAX }, -ERANGE },
		{ { IOMMU_CALL_UNMAP, 1, IOVA, 1 }, -ENOENT },
	};
	struct fixture f;
	struct machine *m = start(&f, NULL);
	int64_t writes, tables;

	(void)state;
	assert_int_equal(map(m, IOVA, GFN, 1, 3), 0);
	/* The guest has given this one away. */
	assert_int_equal(call(m, 0xC6000002, GFN + 7, 1, 0, 0, 0), 0);
	writes = stat(m, "domain", "pte_writes");
	tables = m->iommus->unit[0].domain[0].stats.pt.tables_live;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const uint64_t *x = cases[i].x;
		int64_t got = call(m, x[0], x[1], x[2], x[3], x[4], x[5]);

		if (got != cases[i].want)
			fail_msg("case %zu: %lld", i, (long long)got);
		assert_int_equal(stat(m, "domain", "refused"), i + 1);
		assert_int_equal(stat(m, "domain", "pte_writes"), writes);
		assert_int_equal(m->iommus->unit[0].domain[0].stats.pt.tables_live,
				 tables);
	}
	stop(&f);
}

/* No memory for tables, at each allocation in turn: nothing is mapped. */
static void a_mapping_that_fails_halfway_is_undone(void **state)
{
	struct fixture f;
	struct machine *m = start(&f, NULL);
	uint64_t iova = IOVA + (UINT64_C(1) << 21) - 8 * PAGE;
	unsigned int n = 0;
	int64_t result;

	(void)state;
	do {
		m->hypervisor->fail_allocation = ++n;
		result = map(m, iova, GFN, 16, 3);
		assert_true(result == -ENOMEM || result == 0);
		if (result)
			assert_int_equal(
				iommu_count_mapped(&m->iommus->unit[0].domain[0],
						   (dfn_t){ iova / PAGE }, 16),
				0);
	} while (result);
	assert_true(n >= 4);
	stop(&f);
}

/* Domains that hold the guest's addresses follow the guest's memory. */
static void a_balloon_takes_pages_from_devices(void **state)
{
	static const char *const sets[] = { "iommu.0.populate=guest",
					    "guest.backing=contiguous",
					    "policy.iommu.coalesce=eager",
					    NULL };
	struct fixture f;
	struct machine *m = start(&f, sets);
	uint64_t word = 5, at = GUEST_RAM_BASE + 3 * PAGE;

	(void)state;
	dma(m, 1, at, &word, 8, true);
	assert_int_equal(stat(m, "dma", "faulted"), 0);
	assert_int_equal(call(m, 0xC6000002, at / PAGE, 1, 0, 0, 0), 0);
	dma(m, 1, at, &word, 8, true);
	assert_int_equal(stat(m, "dma", "faulted"), 1);
	assert_int_equal(stat(m, "domain", "splits"), 2); /* of each device */
	assert_int_equal(call(m, 0xC6000001, at / PAGE, 1, 0, 0, 0), 0);
	dma(m, 1, at, &word, 8, true);
	assert_int_equal(stat(m, "dma", "faulted"), 1);
	assert_int_equal(stat(m, "domain", "coalesces"), 2);
	stop(&f);
}

/* ---- time ---- */

/* One at a time an access takes its whole latency; many together take turns
 * at the walks. */
static void latency_and_throughput_differ(void **state)
{
	static const char *const sets[] = { "guest.backing=contiguous",
					    "iommu.0.largest_page=4K",
					    "guest.ram_mib=64", NULL };
	struct fixture f;
	struct machine *m = start(&f, sets);
	struct machine_cpu *cpu = &m->cpu[0];
	uint64_t began, alone, together;

	(void)state;
	assert_int_equal(map(m, IOVA, GFN, 8192, 1), 0);
	began = machine_cycles(cpu);
	for (uint64_t i = 0; i < 600; i++)
		assert_true(machine_dma(m, cpu, 0, (iova_t){ IOVA + i * PAGE },
					64, false, true));
	alone = machine_cycles(cpu) - began;
	began = machine_cycles(cpu);
	for (uint64_t i = 600; i < 1200; i++)
		assert_true(machine_dma(m, cpu, 0, (iova_t){ IOVA + i * PAGE },
					64, false, i == 1199));
	together = machine_cycles(cpu) - began;
	assert_true(together * 8 < alone);
	assert_true(together * 20 > alone);
	stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_go_where_the_guest_mapped_them),
		cmocka_unit_test(devices_have_domains_of_their_own),
		cmocka_unit_test(
			a_deferred_flush_leaves_the_way_open_for_a_while),
		cmocka_unit_test(what_is_not_cleaned_is_not_seen),
		cmocka_unit_test(refused_calls_change_nothing),
		cmocka_unit_test(a_mapping_that_fails_halfway_is_undone),
		cmocka_unit_test(a_balloon_takes_pages_from_devices),
		cmocka_unit_test(latency_and_throughput_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
