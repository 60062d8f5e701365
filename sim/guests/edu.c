/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DMA from the point of view of a driver: finds the PCI functions compatible
 * with QEMU's `edu` behind the ECAM, gives them a BAR, and has them copy
 * memory, which it compares.
 *
 *   edu [rounds=20] [seed=1]
 *
 * Where the hypervisor answers IOMMU_MAP, buffers are mapped before each copy
 * and unmapped after it, and a copy without a mapping must not arrive; it may
 * already have mapped all of memory (then everything arrives). On QEMU nobody
 * answers and addresses are memory's own. MARK 1 copies, 2 without mapping.
 */
#include "edu_device.h"

#define IOMMU_MAP   UINT64_C(0xc6000010)
#define IOMMU_UNMAP UINT64_C(0xc6000011)

static uint64_t devices, failures;
static bool mapped_by_call;

static void check(bool good, const char *what)
{
	print(good ? "OK " : "FAIL ");
	print(what);
	print("\n");
	failures += !good;
}

/* ---- the hypervisor ---- */

static int64_t call(uint64_t function, const uint64_t a[5])
{
	register uint64_t x0 __asm__("x0") = function;
	register uint64_t x1 __asm__("x1") = a[0];
	register uint64_t x2 __asm__("x2") = a[1];
	register uint64_t x3 __asm__("x3") = a[2];
	register uint64_t x4 __asm__("x4") = a[3];
	register uint64_t x5 __asm__("x5") = a[4];

	__asm__ volatile("hvc #0"
			 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3), "+r"(x4),
			   "+r"(x5)
			 :
			 : "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13",
			   "x14", "x15", "x16", "x17", "memory");
	return (int64_t)x0;
}

/* So that the device finds a page at the page's own address. */
static int64_t map(uint64_t device, uint64_t page, uint64_t access)
{
	const uint64_t a[5] = { device, page, page / PAGE_BYTES, 1, access };

	return mapped_by_call ? call(IOMMU_MAP, a) : 0;
}

static int64_t unmap(uint64_t device, uint64_t page)
{
	const uint64_t a[5] = { device, page, 1 };

	return mapped_by_call ? call(IOMMU_UNMAP, a) : 0;
}

/* A page of the device's own choice: answered with 0 by a hypervisor that
 * maps, with -EEXIST by one that has mapped all of memory. */
static void find_hypervisor(void)
{
	const uint64_t a[5] = { 0, AREA_BASE, AREA_BASE / PAGE_BYTES, 1, 3 };
	int64_t result = call(IOMMU_MAP, a);

	mapped_by_call = result == 0;
	if (mapped_by_call)
		check(unmap(0, AREA_BASE) == 0, "the hypervisor unmaps");
	print(mapped_by_call  ? "the hypervisor maps for devices\n"
	      : result == -17 ? "all of memory is mapped for devices\n"
			      : "no hypervisor maps for devices\n");
}

/* ---- the devices ---- */

static void find_devices(void)
{
	devices = edu_find();
	for (uint64_t d = 0; d < devices; d++) {
		check(*edu_narrow(d, 0) == 0x010000ed, "a device's identity");
		*edu_narrow(d, 4) = 0x12345678;
		check(*edu_narrow(d, 4) == ~0x12345678u, "a device is alive");
		*edu_narrow(d, 8) = 5;
		while (*edu_narrow(d, 0x20) & 1)
			;
		check(*edu_narrow(d, 8) == 120, "a device's factorial");
	}
	print_number(devices);
	print(" devices\n");
}

/* ---- the work ---- */

static uint64_t *page_at(uint64_t page)
{
	return (uint64_t *)(uintptr_t)page;
}

static bool same(uint64_t a, uint64_t b, uint64_t bytes)
{
	for (uint64_t i = 0; i < bytes / 8; i++)
		if (page_at(a)[i] != page_at(b)[i])
			return false;
	return true;
}

static void copies(uint64_t rounds, uint64_t seed)
{
	uint64_t round, wrong = 0, refused = 0;

	for (round = 0; round < rounds; round++) {
		uint64_t d = round % devices;
		uint64_t from = AREA_BASE + lcg_below(&seed, 512) * PAGE_BYTES;
		uint64_t to = AREA_BASE + BLOCK_BYTES +
			      lcg_below(&seed, 512) * PAGE_BYTES;
		uint64_t bytes =
			8 * (1 + lcg_below(&seed, EDU_BUFFER_BYTES / 8));

		for (uint64_t i = 0; i < bytes / 8; i++) {
			page_at(from)[i] = lcg_next(&seed);
			page_at(to)[i] = 0;
		}
		refused += map(d, from, 1) != 0;
		refused += map(d, to, 2) != 0;
		edu_copy(d, from, EDU_BUFFER, bytes, false);
		edu_copy(d, EDU_BUFFER, to, bytes, true);
		refused += unmap(d, from) != 0;
		refused += unmap(d, to) != 0;
		wrong += !same(from, to, bytes);
	}
	check(wrong == 0, "copies arrive");
	check(refused == 0, "mappings are made and taken back");
}

static void without_mapping(void)
{
	uint64_t from = AREA_BASE, to = AREA_BASE + BLOCK_BYTES;

	page_at(from)[0] = 0x1122334455667788;
	page_at(to)[0] = 0;
	if (map(0, from, 1))
		check(false, "a page is mapped for reading");
	edu_copy(0, from, EDU_BUFFER, 8, false);
	edu_copy(0, EDU_BUFFER, to, 8, true);
	check(page_at(to)[0] == (mapped_by_call ? 0 : page_at(from)[0]),
	      "without a mapping nothing arrives");
	edu_copy(0, EDU_BUFFER, from, 8, true);
	check(page_at(from)[0] == 0x1122334455667788,
	      "what is mapped for reading is not written");
	check(unmap(0, from) == 0, "the page is unmapped");
}

uint64_t guest_main(void)
{
	uint64_t rounds, seed;

	args_load();
	rounds = args_number("rounds", 0, 20);
	seed = args_number("seed", 1, 1);
	find_devices();
	if (!devices) {
		print("FAIL no devices\n");
		return 1;
	}
	find_hypervisor();
	guest_mark(1);
	copies(rounds, seed);
	guest_mark(2);
	without_mapping();
	return failures != 0;
}
