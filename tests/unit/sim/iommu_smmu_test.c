/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hypervisor's driver for SMMUv3: what it leaves in registers and memory,
 * against IHI0070's own numbers; where devices' accesses then go, against a
 * table of the mappings that the guest asked for; and that it hears what the
 * unit reports.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/machine/dma.h"
#include "sim/machine/hypervisor.h"
#include "sim/machine/iommu_smmu.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))
#define GFN	 (GUEST_RAM_BASE >> FRAME_LG2)
#define FRAMES	 4096u /* of the guest: 16 MiB */
#define IOVA	 UINT64_C(0x100000000)
#define PAGE	 FRAME_BYTES

struct fixture {
	struct machine_config config;
	struct machine *m;
	struct smmu_unit *u;
};

/* `sets` ends with NULL. */
static struct machine *start(struct fixture *f, const char *const *sets)
{
	static const char *const base[] = {
		"iommu=smmu-mmu600",
		"guest.ram_mib=16",
		"iommu.0.devices=2",
	};
	struct config_set all[24];
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
	f->u = f->m->iommus->unit[0].unit;
	return f->m;
}

static void stop(struct fixture *f)
{
	machine_free(f->m);
	config_fini(&f->config);
}

static int64_t call(struct machine *m, uint64_t function, uint64_t device,
		    uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
	uint64_t x[6] = { function, device, a2, a3, a4, a5 };
	struct machine_start ignored;

	assert_true(machine_hypercall(m, &m->cpu[0], x, &ignored));
	return (int64_t)x[0];
}

static void access(struct machine *m, unsigned int device, uint64_t iova,
		   uint64_t *word, bool write)
{
	const struct dma_access a = { .device = device,
				      .iova = { iova },
				      .bytes = sizeof(*word),
				      .write = write,
				      .data = (uint8_t *)word };

	(void)dma_perform(m->iommus, &m->cpu[0], &a);
}

static int64_t stat(const struct machine *m, unsigned int unit,
		    const char *section, const char *key)
{
	json_t *all = iommus_json(m->iommus);
	int64_t value = json_integer_value(json_object_get(
		json_object_get(json_array_get(all, unit), section), key));

	json_decref(all);
	return value;
}

static uint64_t word_at(const struct machine *m, uint64_t pa)
{
	return ram_read64(&m->ram, (pa_t){ pa });
}

/* ---- what the driver leaves behind, in the specification's numbers ---- */

/* Where the stream table in memory has an STE, by STRTAB_BASE and CFG. */
static uint64_t find_ste(const struct fixture *f, uint32_t sid)
{
	uint64_t base = smmu_mmio_read(f->u->smmu, 0x80, 8) &
			UINT64_C(0x000fffffffffffc0);
	uint64_t cfg = smmu_mmio_read(f->u->smmu, 0x88, 4), l1;
	unsigned int split = cfg >> 6 & 0x1f;

	if ((cfg >> 16 & 3) == 0)
		return base + 64 * (uint64_t)sid;
	l1 = word_at(f->m, base + 8 * (uint64_t)(sid >> split));
	assert_int_equal(l1 & 0x1f, split + 1);
	return (l1 & UINT64_C(0x000fffffffffffc0)) +
	       64 * (sid & ((1u << split) - 1));
}

static void check_registers(const struct fixture *f)
{
	static const struct {
		uint32_t offset;
		uint64_t value;
	} want[] = {
		{ 0x20, 0x0d },	 /* CR0: SMMUEN, EVENTQEN, CMDQEN */
		{ 0x24, 0x0d },	 /* CR0ACK */
		{ 0x28, 0xd75 }, /* CR1: Write-Back, Inner Shareable */
		{ 0x2c, 0x06 },	 /* CR2: RECINVSID, PTM */
		{ 0x50, 0x05 },	 /* IRQ_CTRL: EVENTQ, GERROR */
		{ 0x60, 0 },	 /* GERROR */
		{ 0x64, 0 },	 /* GERRORN */
	};

	for (size_t i = 0; i < COUNT(want); i++)
		if (smmu_mmio_read(f->u->smmu, want[i].offset, 4) !=
		    want[i].value)
			fail_msg("register 0x%x", want[i].offset);
}

static void check_ste(const struct fixture *f, uint32_t sid,
		      const uint64_t want[8])
{
	uint64_t at = find_ste(f, sid);

	for (unsigned int i = 0; i < 8; i++)
		if (word_at(f->m, at + 8 * i) != want[i])
			fail_msg("STE 0x%x, word %u: 0x%llx, want 0x%llx", sid,
				 i,
				 (unsigned long long)word_at(f->m, at + 8 * i),
				 (unsigned long long)want[i]);
}

static uint64_t root_of(const struct fixture *f, unsigned int device)
{
	return iommu_domain_of(f->m->iommus, device)->root.raw;
}

/*
 * 40 bits of 4K pages: T0SZ 24, from level 1 in two tables. 40-bit PAs: PS 2.
 * Walks Write-Back Inner Shareable; AA64, faults recorded.
 */
static void the_stream_table_is_as_the_specification_has_it(void **state)
{
	struct fixture f;
	const struct machine *m = start(&f, NULL);
	const uint64_t empty[8] = { 0 };

	(void)state;
	check_registers(&f);
	for (unsigned int i = 0; i < 2; i++) {
		const uint64_t want[8] = { 0xd, UINT64_C(1) << 44,
					   UINT64_C(0x040a355800000000) |
						   (i + 1),
					   root_of(&f, i) };

		check_ste(&f, 8 * (i + 1), want);
		assert_true(want[3] && want[3] % 0x2000 == 0);
	}
	check_ste(&f, 0, empty);
	check_ste(&f, 0x18, empty);
	(void)m;
	stop(&f);
}

/* 64K pages, 42 bits from level 2, one table: T0SZ 22, SL0 1, TG 1; 48-bit
 * PAs; faults stall. */
static void other_granules_and_linear_tables(void **state)
{
	static const char *const sets[] = { "iommu.0.granule=64K",
					    "iommu.0.iova_bits=42",
					    "cpu.pa_bits=48",
					    "iommu.0.two_level_streams=off",
					    "iommu.0.stall_model=stall",
					    NULL };
	struct fixture f;

	(void)state;
	start(&f, sets);
	check_registers(&f);
	assert_int_equal(smmu_mmio_read(f.u->smmu, 0x88, 4), 8);
	for (unsigned int i = 0; i < 2; i++) {
		const uint64_t want[8] = { 0xd, UINT64_C(1) << 44,
					   UINT64_C(0x060d755600000000) |
						   (i + 1),
					   root_of(&f, i) };

		check_ste(&f, 8 * (i + 1), want);
	}
	stop(&f);
}

static void pass_through_is_bypass(void **state)
{
	static const char *const sets[] = { "iommu.0.mode=pass-through", NULL };
	static const char *const off[] = { "iommu.0.mode=off", NULL };
	const uint64_t want[8] = { 0x9, UINT64_C(1) << 44 };
	uint64_t word = 0x55aa, seen = 0;
	struct fixture f;
	struct machine *m = start(&f, sets);

	(void)state;
	check_ste(&f, 8, want);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(call(m, IOMMU_CALL_MAP, 0, IOVA, GFN + 9, 1,
				      3),
				 0);
		access(m, 0, IOVA + 8, &word, true);
		assert_true(machine_guest_copy_out(
			m, (ipa_t){ GUEST_RAM_BASE + 9 * PAGE + 8 }, &seen, 8));
		assert_true(seen == word);
		word = ~word;
		stop(&f);
		if (i == 0) {
			m = start(&f, off);
			assert_int_equal(smmu_mmio_read(f.u->smmu, 0x20, 4), 0);
		}
	}
}

/* The whole queue as it stands in memory: start, then two streams. */
static void commands_are_as_the_specification_has_them(void **state)
{
	static const uint64_t want[][2] = {
		{ 0x04, 31 },	    /* CFGI_ALL */
		{ 0x30, 0 },	    /* TLBI_NSNH_ALL */
		{ 0x46, 0 },	    /* SYNC */
		{ 0x800000003, 0 }, /* CFGI_STE, all of it */
		{ 0x46, 0 },	    /* and each stream's SYNC */
		{ 0x1000000003, 0 },
		{ 0x46, 0 },
		/* One page goes: TLBI_S2_IPA of VMID 1, leaf. */
		{ 0x10000002a, IOVA | 1 },
		{ 0x46, 0 },
	};
	struct fixture f;
	struct machine *m = start(&f, NULL);
	uint64_t base = smmu_mmio_read(f.u->smmu, 0x90, 8) &
			UINT64_C(0x000fffffffffffe0);

	(void)state;
	base &= ~UINT64_C(0xffff); /* 4096 commands: aligned to 64 KiB */
	assert_int_equal(call(m, IOMMU_CALL_MAP, 0, IOVA, GFN, 2, 3), 0);
	assert_int_equal(call(m, IOMMU_CALL_UNMAP, 0, IOVA, 1, 0, 0), 0);
	assert_int_equal(smmu_mmio_read(f.u->smmu, 0x98, 4), COUNT(want));
	assert_int_equal(smmu_mmio_read(f.u->smmu, 0x9c, 4), COUNT(want));
	for (size_t i = 0; i < COUNT(want); i++)
		for (size_t k = 0; k < 2; k++)
			if (word_at(m, base + 16 * i + 8 * k) != want[i][k])
				fail_msg("command %zu, word %zu: 0x%llx", i, k,
					 (unsigned long long)word_at(
						 m, base + 16 * i + 8 * k));
	assert_int_equal(stat(m, 0, "invalidations", "errors"), 0);
	stop(&f);
}

/* ---- where accesses go ---- */

/* What the guest has mapped for a device, page by page from IOVA on. */
#define WINDOW 1536u
struct oracle {
	uint32_t frame[WINDOW]; /* of the guest's; ~0: nothing */
	uint8_t access[WINDOW];
};

static uint64_t stamp(uint32_t frame)
{
	return UINT64_C(0x1234000000000000) | frame * UINT64_C(0x10001);
}

/* Each frame of the guest's is told from all others. */
static void stamp_memory(struct machine *m)
{
	for (uint32_t i = 0; i < FRAMES; i++) {
		uint64_t word = stamp(i);

		assert_true(machine_guest_copy_in(
			m, (ipa_t){ GUEST_RAM_BASE + i * PAGE }, &word, 8));
	}
}

static uint32_t draw(uint64_t *seed, uint32_t n)
{
	*seed = *seed * UINT64_C(6364136223846793005) +
		UINT64_C(1442695040888963407);
	return (uint32_t)(*seed >> 33) % n;
}

static bool is_free(const struct oracle *o, uint32_t page, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (o->frame[page + i] != ~0u)
			return false;
	return true;
}

static bool is_full(const struct oracle *o, uint32_t page, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (o->frame[page + i] == ~0u)
			return false;
	return true;
}

/* One map or unmap of whole granules; the oracle says whether it may succeed.
 */
static void change(struct machine *m, unsigned int device, struct oracle *o,
		   uint64_t *seed, uint32_t unit)
{
	static const uint32_t sizes[] = { 1, 2, 5, 16, 64, 512 };
	uint32_t n = sizes[draw(seed, COUNT(sizes))] * unit;
	uint32_t page, frame, rights = 1 + draw(seed, 3);
	int64_t got;

	n = n > 512 ? 512 : n;
	page = draw(seed, (WINDOW - n) / unit + 1) * unit;
	frame = draw(seed, (FRAMES - n) / unit + 1) * unit;
	if (draw(seed, 3) == 0) /* what may be a block, often enough */
		frame = (frame & ~511u) | (page & 511);
	if (frame + n > FRAMES)
		frame -= 512;
	if (is_full(o, page, n)) {
		got = call(m, IOMMU_CALL_UNMAP, device, IOVA + page * PAGE, n,
			   0, 0);
		assert_int_equal(got, 0);
		memset(&o->frame[page], 0xff, n * sizeof(o->frame[0]));
		return;
	}
	got = call(m, IOMMU_CALL_MAP, device, IOVA + page * PAGE, GFN + frame,
		   n, rights);
	assert_int_equal(got == 0, is_free(o, page, n));
	for (uint32_t i = 0; got == 0 && i < n; i++) {
		o->frame[page + i] = frame + i;
		o->access[page + i] = (uint8_t)rights;
	}
}

/* Every page of the window, through the model and by the oracle. */
static void check_window(struct machine *m, unsigned int device,
			 const struct oracle *o, unsigned int unit)
{
	int64_t faults = stat(m, unit, "dma", "faulted");

	for (uint32_t i = 0; i < WINDOW; i++) {
		bool there = o->frame[i] != ~0u;
		uint64_t seen = 1, want = 0, keep;

		if (there && (o->access[i] & 1))
			want = stamp(o->frame[i]);
		else
			faults++;
		access(m, device, IOVA + i * PAGE, &seen, false);
		if (seen != want)
			fail_msg("device %u, page %u: 0x%llx, want 0x%llx",
				 device, i, (unsigned long long)seen,
				 (unsigned long long)want);
		if (i % 8)
			continue;
		keep = there ? stamp(o->frame[i]) : 7;
		access(m, device, IOVA + i * PAGE, &keep, true);
		faults += !(there && (o->access[i] & 2));
	}
	assert_int_equal(stat(m, unit, "dma", "faulted"), faults);
}

static void check_random(const char *const *sets, uint32_t granule_pages)
{
	static struct oracle o[2];
	uint64_t seed = 7;
	struct fixture f;
	struct machine *m = start(&f, sets);

	/* Values are moved as in a run. */
	memset(o, 0xff, sizeof(o));
	stamp_memory(m);
	for (int step = 0; step < 60; step++) {
		unsigned int device = draw(&seed, 2);

		for (int i = 0; i < 6; i++)
			change(m, device, &o[device], &seed, granule_pages);
		check_window(m, device, &o[device], 0);
	}
	assert_int_equal(stat(m, 0, "driver", "queue_errors"), 0);
	assert_int_equal(stat(m, 0, "invalidations", "errors"), 0);
	assert_int_equal(stat(m, 0, "driver", "faults_read"),
			 stat(m, 0, "faults", "recorded"));
	assert_int_equal(stat(m, 0, "dma", "unclaimed"), 0);
	stop(&f);
}

static void devices_see_what_the_guest_mapped_and_no_more(void **state)
{
	static const char *const past[] = { "iommu.0.coherent=off",
					    "policy.iommu.clean=line",
					    "iommu.0.two_level_streams=off",
					    "guest.backing=random", NULL };
	static const char *const ranges[] = { "iommu.0.range_invalidation=on",
					      "iommu.0.bbm_level=2",
					      "policy.iommu.coalesce=eager",
					      NULL };
	static const char *const small[] = { "iommu.0.cmdq_lg2=1",
					     "iommu.0.eventq_lg2=2",
					     "iommu.0.bbm_level=1",
					     "policy.iommu.coalesce=eager",
					     "iommu.0.walk_cache_s2.entries=0",
					     NULL };
	static const char *const stalls[] = { "iommu.0.stall_model=stall",
					      "policy.iommu.coalesce=eager",
					      NULL };

	(void)state;
	check_random(NULL, 1);
	check_random(past, 1);
	check_random(ranges, 1);
	check_random(small, 1);
	check_random(stalls, 1);
}

static void and_so_they_do_with_larger_granules(void **state)
{
	static const char *const sixteen[] = { "iommu.0.granule=16K",
					       "policy.iommu.coalesce=eager",
					       "iommu.0.bbm_level=2", NULL };
	static const char *const sixty_four[] = {
		"iommu.0.granule=64K", "iommu.0.range_invalidation=on", NULL
	};

	(void)state;
	check_random(sixteen, 4);
	check_random(sixty_four, 16);
}

/* The same calls for a device behind each unit: the same bytes. */
static void two_types_side_by_side_do_the_same(void **state)
{
	static const char *const sets[] = {
		"iommu=[\"smmu-mmu600\",\"vtd-broadwell\"]",
		"policy.iommu.coalesce=eager", NULL
	};
	static struct oracle o[2];
	uint64_t seed = 11, again;
	struct fixture f;
	struct machine *m = start(&f, sets);

	(void)state;
	assert_int_equal(m->iommus->devices, 2);
	memset(o, 0xff, sizeof(o));
	stamp_memory(m);
	for (int step = 0; step < 30; step++) {
		for (int i = 0; i < 6; i++) {
			again = seed;
			change(m, 0, &o[0], &seed, 1);
			change(m, 1, &o[1], &again, 1);
		}
		/* Where a device may only write, VT-d and stage 2 agree. */
		check_window(m, 0, &o[0], 0);
		check_window(m, 1, &o[1], 1);
	}
	assert_int_equal(stat(m, 0, "domain", "map"),
			 stat(m, 1, "domain", "map"));
	assert_int_equal(stat(m, 0, "dma", "bytes"),
			 stat(m, 1, "dma", "bytes"));
	stop(&f);
}

/* Domains that hold the guest's addresses follow the p2m: the same operations
 * for a device behind each unit. */
static void both_follow_the_p2m(void **state)
{
	static const char *const sets[] = {
		"iommu=[\"smmu-mmu600\",\"vtd-broadwell\"]",
		"iommu.0.populate=guest", "iommu.1.populate=guest",
		"policy.iommu.coalesce=eager", NULL
	};
	struct fixture f;
	struct machine *m = start(&f, sets);
	uint64_t at = GUEST_RAM_BASE + 700 * PAGE, word = 3, seen;

	(void)state;
	for (int there = 1; there >= 0; there--) {
		for (unsigned int device = 0; device < 2; device++) {
			seen = 0;
			word++;
			access(m, device, at, &word, true);
			access(m, device, at, &seen, false);
			assert_true(seen == (there ? word : 0));
			assert_int_equal(stat(m, device, "dma", "faulted"),
					 there ? 0 : 2);
			assert_int_equal(stat(m, device, "domain", "splits"),
					 !there);
		}
		assert_int_equal(call(m, there ? 0xC6000002 : 0xC6000001,
				      at / PAGE, 1, 0, 0, 0),
				 0);
	}
	for (unsigned int device = 0; device < 2; device++) {
		access(m, device, at, &word, true);
		assert_int_equal(stat(m, device, "dma", "faulted"), 2);
		assert_int_equal(stat(m, device, "domain", "coalesces"), 1);
		assert_int_equal(stat(m, device, "domain", "refused"), 0);
	}
	stop(&f);
}

/* ---- what the unit reports ---- */

/* A stream of faults: some 30 records of 32 at once find room for 4. */
static void an_overflow_is_acknowledged(void **state)
{
	static const char *const sets[] = { "iommu.0.eventq_lg2=2", NULL };
	struct fixture f;
	struct machine *m = start(&f, sets);
	const struct dma_access flood = { .iova = { IOVA },
					  .bytes = 32 * PAGE };

	(void)state;
	for (int i = 1; i <= 3; i++) {
		(void)dma_perform(m->iommus, &m->cpu[0], &flood);
		assert_int_equal(stat(m, 0, "driver", "overflows"), i);
		assert_int_equal(stat(m, 0, "driver", "faults_read"), 4 * i);
	}
	assert_int_equal(stat(m, 0, "faults", "recorded"), 12);
	/* 4 KiB pages in requests of 512 bytes, each its own event. */
	assert_int_equal(stat(m, 0, "faults", "lost"), 3 * (256 - 4));
	/* The flags agree: the queue is ready for the next one. */
	assert_int_equal(smmu_mmio_read(f.u->smmu, 0x100a8, 4) >> 31,
			 smmu_mmio_read(f.u->smmu, 0x100ac, 4) >> 31);
	stop(&f);
}

/* A unit that can only stall: each access that faults waits for CMD_RESUME. */
static void a_stalled_access_is_ended(void **state)
{
	static const char *const sets[] = { "iommu.0.stall_model=stall", NULL };
	struct fixture f;
	struct machine *m = start(&f, sets);
	uint64_t word = 5;

	(void)state;
	for (int i = 0; i < 100; i++)
		access(m, 1, IOVA + i * PAGE, &word, i & 1);
	assert_int_equal(stat(m, 0, "faults", "stalled"), 100);
	assert_int_equal(stat(m, 0, "faults", "resumed"), 100);
	assert_int_equal(stat(m, 0, "dma", "faulted"), 100);
	assert_int_equal(stat(m, 0, "driver", "faults_read"), 100);
	stop(&f);
}

/* A command that no unit knows stops the queue; what stands behind it is
 * carried out all the same. 7.1 */
static void a_command_that_stops_the_queue_is_passed_over(void **state)
{
	struct fixture f;
	struct machine *m = start(&f, NULL);
	struct smmu_driver_queue *q = &f.u->driver.commands;
	const uint64_t illegal = 0xff;
	uint64_t word = 5;

	(void)state;
	assert_int_equal(call(m, IOMMU_CALL_MAP, 0, IOVA, GFN, 1, 3), 0);
	access(m, 0, IOVA, &word, true);
	memcpy(ram_host(&m->ram, (pa_t){ q->base.raw + 16 * q->prod }),
	       &illegal, sizeof(illegal));
	q->prod++;
	assert_int_equal(call(m, IOMMU_CALL_UNMAP, 0, IOVA, 1, 0, 0), 0);
	assert_int_equal(stat(m, 0, "driver", "queue_errors"), 1);
	assert_int_equal(stat(m, 0, "invalidations", "errors"), 1);
	assert_int_equal(smmu_mmio_read(f.u->smmu, 0x60, 4),
			 smmu_mmio_read(f.u->smmu, 0x64, 4));
	access(m, 0, IOVA, &word, true);
	assert_int_equal(stat(m, 0, "dma", "faulted"), 1);
	stop(&f);
}

static void write_register(const struct fixture *f, uint32_t offset,
			   uint32_t value)
{
	smmu_mmio_write(f->u->smmu, offset, value, 4, 0);
}

/* The p2m's TLBI by the VMID that a domain has, too, and the address that its
 * device uses: heard only by a unit that has IDR0.BTM, with CR2.PTM clear. */
static void check_broadcast(const char *const *sets, bool listen, bool heard)
{
	struct fixture f;
	struct machine *m = start(&f, sets);
	uint64_t word = 5, at = GUEST_RAM_BASE + 3 * PAGE;

	if (listen) {
		write_register(&f, 0x20, 0xc); /* CR2 is guarded by SMMUEN */
		write_register(&f, 0x2c, 2);
		write_register(&f, 0x20, 0xd);
	}
	assert_int_equal(call(m, IOMMU_CALL_MAP, 0, at, GFN + 9, 1, 3), 0);
	access(m, 0, at, &word, true);
	assert_int_equal(stat(m, 0, "iotlb", "misses"), 1);
	assert_int_equal(call(m, 0xC6000002, at / PAGE, 1, 0, 0, 0), 0);
	access(m, 0, at, &word, true);
	assert_int_equal(stat(m, 0, "invalidations", "broadcast") > 0, heard);
	assert_int_equal(stat(m, 0, "iotlb", "misses"), heard ? 2 : 1);
	assert_int_equal(stat(m, 0, "dma", "faulted"), 0);
	stop(&f);
}

static void broadcasts_of_cpus_are_heard_or_not(void **state)
{
	static const char *const deaf[] = { "iommu.0.broadcast_tlbi=off",
					    NULL };

	(void)state;
	check_broadcast(NULL, false, false);
	check_broadcast(NULL, true, true);
	check_broadcast(deaf, true, false);
}

/* Behind what is no device's: nobody's stream. */
static void a_stranger_is_recorded(void **state)
{
	struct fixture f;
	struct machine *m = start(&f, NULL);
	const struct smmu_request r = { .address = IOVA,
					.bytes = 8,
					.sid = 0x30 };
	struct smmu_outcome out;

	(void)state;
	smmu_translate(f.u->smmu, &r, &out);
	assert_int_equal(out.event, SMMU_C_BAD_STE);
	smmu_driver_serve(f.u);
	assert_int_equal(stat(m, 0, "driver", "faults_read"), 1);
	stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			the_stream_table_is_as_the_specification_has_it),
		cmocka_unit_test(other_granules_and_linear_tables),
		cmocka_unit_test(pass_through_is_bypass),
		cmocka_unit_test(commands_are_as_the_specification_has_them),
		cmocka_unit_test(devices_see_what_the_guest_mapped_and_no_more),
		cmocka_unit_test(and_so_they_do_with_larger_granules),
		cmocka_unit_test(two_types_side_by_side_do_the_same),
		cmocka_unit_test(both_follow_the_p2m),
		cmocka_unit_test(an_overflow_is_acknowledged),
		cmocka_unit_test(a_stalled_access_is_ended),
		cmocka_unit_test(a_command_that_stops_the_queue_is_passed_over),
		cmocka_unit_test(broadcasts_of_cpus_are_heard_or_not),
		cmocka_unit_test(a_stranger_is_recorded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
