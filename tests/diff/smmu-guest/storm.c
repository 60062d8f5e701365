/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that does anything at all to its SMMU, drawn by a seed: registers,
 * commands, STEs, CDs, descriptors, DMA, memory given away and taken back, the
 * plausible and the absurd. It prints a sum of all that it saw, and whether the
 * memory that no table and no register of it ever named is as it was.
 *
 *   storm [seed=1] [rounds=2000] [blind=0]
 *
 * With blind=1 devices only read, events stay where nothing else looks, and
 * nothing that the guest does depends on what the SMMU did: whatever caches
 * that has, the stimulus and the tables are the same.
 */
#include "sim/guests/edu_device.h"
#include "sim/guests/smmu_driver.h"

/* Pages that everything points to, the driver's own tables and queues first. */
#define POOL	    UINT64_C(0x43000000)
#define POOL_PAGES  40
#define QUIET	    UINT64_C(0x46000000) /* pages that nothing points to */
#define QUIET_PAGES 4

static struct smmu smmu;
static uint64_t random, sum;
static bool blind;
static uint64_t tables; /* three for stage 1, three for stage 2, and a CD */

static uint64_t below(uint64_t limit)
{
	return lcg_below(&random, limit);
}

static uint64_t any64(void)
{
	return lcg_next(&random) << 33 ^ lcg_next(&random) << 11 ^
	       lcg_next(&random);
}

static void add(uint64_t value)
{
	sum = (sum ^ value) * UINT64_C(0x100000001b3);
}

/* Blind: not the driver's queues, which are the first two. */
static uint64_t pool_page(void)
{
	uint64_t first = blind ? 2 : 0;

	return POOL + (first + below(POOL_PAGES - first)) * PAGE_BYTES;
}

/* Pages of the pool mostly; addresses where nobody is, and where a hypervisor
 * might be; and any of 64 bits above the guest's memory. */
static uint64_t address(void)
{
	static const uint64_t odd[] = { 0,
					UINT64_C(0x09000000),
					UINT64_C(0x09050000),
					UINT64_C(0x30000000),
					UINT64_C(0x7ffff000),
					UINT64_C(0x83e000000),
					UINT64_C(0x840000000),
					UINT64_C(0xfffffffff000),
					UINT64_C(0xffffffffff000) };

	switch (below(8)) {
	case 0:
		return odd[below(sizeof(odd) / sizeof(odd[0]))];
	case 1:
		return any64() | UINT64_C(1) << 40;
	default:
		return pool_page();
	}
}

/* ---- what is in memory ---- */

static uint64_t descriptor(void)
{
	switch (below(4)) {
	case 0:
		return address() | 3;
	case 1:
		return (address() & ~UINT64_C(0xfff)) | S2_PAGE;
	case 2:
		return (address() & ~UINT64_C(0xfff)) | S1_PAGE;
	default:
		return (address() & ~UINT64_C(0xfff)) | (any64() & 0xfff);
	}
}

static void fill_table(void)
{
	uint64_t page = pool_page();
	uint64_t first = below(512), count = 1 + below(64);

	for (uint64_t i = first; i < first + count && i < 512; i++)
		words_at(page)[i] = descriptor();
}

static void fill_ste(void)
{
	struct smmu_stream stream = { .vmid = (uint16_t)below(3) };
	uint64_t word[4];

	if (below(2))
		stream.cd = address() & UINT64_C(0xfffffffffffc0);
	if (below(2))
		stream.s2_root = address() & UINT64_C(0xffffffffff000);
	smmu_ste_make(&smmu, &stream, word);
	if (below(4) == 0)
		word[below(4)] ^= UINT64_C(1) << below(63);
	smmu_ste_write(&smmu, edu_stream(0), word);
}

static void fill_cd(void)
{
	volatile uint64_t *cd = words_at(pool_page());

	cd[1] = address() & UINT64_C(0xffffffffff000);
	cd[3] = 0xff;
	cd[0] = 25 | UINT64_C(1) << 30 | UINT64_C(1) << 31 | UINT64_C(5) << 32 |
		UINT64_C(1) << 41 | UINT64_C(3) << 45 | below(3) << 48;
	if (below(4) == 0)
		cd[below(4)] ^= UINT64_C(1) << below(63);
}

/* Tables that are in order, of one stage: the pool, some of it missing, some
 * elsewhere in it. */
static void good_tables(uint64_t root, uint64_t flags, bool moved)
{
	volatile uint64_t *last = words_at(root + 2 * PAGE_BYTES);

	words_at(root)[1] = (root + PAGE_BYTES) | 3;
	words_at(root + PAGE_BYTES)[POOL >> 21 & 511] =
		(root + 2 * PAGE_BYTES) | 3;
	for (uint64_t i = 0; i < POOL_PAGES; i++)
		last[i] = below(8) ? (POOL + (moved ? below(POOL_PAGES) : i) *
						     PAGE_BYTES) |
					     flags
				   : 0;
}

/* One stage, the other, both, neither: so that DMA arrives now and then. */
static void good_stream(void)
{
	struct smmu_stream stream = { .vmid = (uint16_t)below(3) };
	volatile uint64_t *cd = words_at(tables + 6 * PAGE_BYTES);
	uint64_t word[4];

	good_tables(tables, S1_PAGE, true);
	good_tables(tables + 3 * PAGE_BYTES, S2_PAGE, false);
	cd[1] = tables;
	cd[3] = 0xff;
	cd[0] = 25 | UINT64_C(1) << 30 | UINT64_C(1) << 31 | UINT64_C(5) << 32 |
		UINT64_C(1) << 41 | UINT64_C(3) << 45 | below(3) << 48;
	if (below(4))
		stream.cd = (uintptr_t)cd;
	if (below(2))
		stream.s2_root = tables + 3 * PAGE_BYTES;
	smmu_ste_make(&smmu, &stream, word);
	smmu_ste_write(&smmu, edu_stream(0), word);
}

/* ---- what is in registers ---- */

static void any_register(void)
{
	static const uint32_t known[] = { SMMU_CR0,
					  SMMU_CR1,
					  SMMU_CR2,
					  SMMU_GBPA,
					  SMMU_IRQ_CTRL,
					  SMMU_GERRORN,
					  SMMU_STRTAB_BASE,
					  SMMU_STRTAB_BASE_CFG,
					  SMMU_CMDQ_BASE,
					  SMMU_CMDQ_PROD,
					  SMMU_CMDQ_CONS,
					  SMMU_EVENTQ_BASE,
					  SMMU_EVENTQ_PROD,
					  SMMU_EVENTQ_CONS,
					  0x68,
					  0x70,
					  0xb0,
					  0xb8 };
	uint32_t at = known[below(sizeof(known) / sizeof(known[0]))];
	uint64_t value = below(2) ? address() | below(32) : any64();

	if (blind && (at == SMMU_EVENTQ_BASE || at == 0x68 || at == 0xb0))
		return;
	if (at == SMMU_STRTAB_BASE || at == SMMU_CMDQ_BASE ||
	    at == SMMU_EVENTQ_BASE || at == 0x68 || at == 0xb0)
		smmu_write_wide(at, value);
	else
		smmu_write(at, below(2) ? (uint32_t)value : below(16));
}

static void restart(void)
{
	smmu_write(SMMU_IRQ_CTRL, 0);
	/* Of each bit that is active one of the two acknowledges it. */
	smmu_write(SMMU_GERRORN, ~0u);
	smmu_write(SMMU_GERRORN, 0);
	smmu_write(SMMU_GBPA, UINT32_C(1) << 31 | 1u << 12);
	if (smmu.two_level && smmu.stream_table)
		words_at(smmu.stream_table)[0] = smmu.stes | 7;
	smmu_start(&smmu, 8);
	smmu_control(CR0_SMMUEN | CR0_EVENTQEN | CR0_CMDQEN);
}

static void any_command(void)
{
	static const uint8_t opcode[] = { 0x01, 0x02, 0x03, 0x04, 0x05, 0x06,
					  0x10, 0x11, 0x12, 0x13, 0x28, 0x2a,
					  0x30, 0x44, 0x45, 0x46 };
	uint64_t word0 = any64() & ~UINT64_C(0xff);

	if (below(2))
		word0 = (uint64_t)edu_stream(0) << 32;
	smmu_command(&smmu,
		     word0 | (below(8) ? opcode[below(sizeof(opcode))]
				       : below(256)),
		     below(2) ? 31 : any64());
	if (below(2))
		smmu_command(&smmu, CMD_CFGI_ALL, 31);
	if (below(2))
		smmu_command(&smmu, CMD_TLBI_NSNH_ALL, 0);
}

/* ---- what devices and the hypervisor do ---- */

static void any_dma(void)
{
	uint64_t inside = below(4096), bytes = 1 + below(4096 - inside);
	uint64_t at = address() + below(4096);

	if (below(2))
		bytes = 4;
	if (bytes - 1 > ~at)
		return;
	if (blind || below(2))
		edu_copy(0, at, EDU_BUFFER + inside, bytes, false);
	else
		edu_copy(0, EDU_BUFFER + inside, at, bytes, true);
}

static void any_hypercall(void)
{
	uint64_t gfn = POOL / PAGE_BYTES + below(POOL_PAGES);

	switch (below(3)) {
	case 0:
		(void)hypercall(P2M_REMOVE, gfn, 1, 0);
		edu_copy(0, gfn * PAGE_BYTES, EDU_BUFFER, 16, false);
		if (!blind)
			edu_copy(0, EDU_BUFFER, gfn * PAGE_BYTES, 16, true);
		(void)hypercall(P2M_POPULATE, gfn, 1, 0);
		break;
	case 1:
		(void)hypercall(P2M_PROTECT, gfn, 1, 1);
		if (!blind)
			edu_copy(0, EDU_BUFFER, gfn * PAGE_BYTES, 16, true);
		(void)hypercall(P2M_PROTECT, gfn, 1, 7);
		break;
	default:
		break;
	}
}

static void look(void)
{
	struct smmu_event event;

	if (blind)
		return;
	for (uint32_t at = 0x20; at < 0xc0; at += 4)
		add(smmu_read(at));
	for (int i = 0; i < 16 && smmu_event_take(&smmu, &event); i++)
		for (int w = 0; w < 4; w++)
			add(event.word[w]);
}

static void one(void)
{
	switch (below(10)) {
	case 0:
	case 1:
		fill_table();
		break;
	case 2:
		fill_ste();
		break;
	case 3:
		fill_cd();
		break;
	case 4:
		any_register();
		break;
	case 5:
		restart();
		good_stream();
		smmu_command(&smmu, CMD_CFGI_ALL, 31);
		for (int i = 0; i < 16; i++)
			any_dma();
		look();
		break;
	case 6:
		any_command();
		break;
	case 7:
		any_hypercall();
		break;
	default:
		any_dma();
		look();
		break;
	}
}

static uint64_t quiet_sum(void)
{
	uint64_t total = 0;

	for (uint64_t i = 0; i < QUIET_PAGES * PAGE_BYTES / 8; i++)
		total = total * 31 + words_at(QUIET)[i];
	return total;
}

uint64_t guest_main(void)
{
	uint64_t rounds, before;

	args_load();
	random = args_number("seed", 0, 1);
	rounds = args_number("rounds", 1, 2000);
	blind = args_number("blind", 2, 0);
	if (!edu_find() || smmu_find(&smmu)) {
		print("FAIL no device, or no SMMU\n");
		return 1;
	}
	for (uint64_t i = 0; i < QUIET_PAGES * PAGE_BYTES / 8; i++)
		words_at(QUIET)[i] = i * UINT64_C(0x9e3779b97f4a7c15);
	before = quiet_sum();
	restart();
	tables = page_new();
	for (int i = 0; i < 6; i++)
		(void)page_new();
	good_stream();
	for (uint64_t i = 0; i < rounds; i++)
		one();
	print("saw ");
	print_hex(sum);
	print(quiet_sum() == before ? ", the rest is as it was\n"
				    : ", FAIL the rest has changed\n");
	return quiet_sum() != before;
}
