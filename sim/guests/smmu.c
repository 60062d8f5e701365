/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A driver's lesson: the first PCI function compatible with QEMU's `edu` is
 * found behind the ECAM, the SMMUv3 in front of it is set up through its
 * registers, and DMA is done through stage 2, stage 1 and both. What is
 * missing is met as an event, repaired, and met no more; what is changed and
 * not invalidated goes on; a command that does not exist stops the queue until
 * GERROR is acknowledged. IHI0070 G.b.
 *
 *   smmu [mmu=off|on]
 *
 * With mmu=on its tables and queues are in the caches, where an SMMU with
 * IDR0.COHACC finds them.
 *
 * Everything printed is the same on QEMU's `virt,iommu=smmuv3`; its deviations
 * are left out (tests/diff/smmu-guest). Transfers are of 4 bytes: there, each
 * such piece of a longer one is an event. Status 1 if the SMMU is not there,
 * or something happened that a correct one does not do.
 */
#include "edu_device.h"
#include "mmu.h"
#include "smmu_driver.h"

#define SOURCE	     AREA_BASE
#define TARGET	     (AREA_BASE + PAGE_BYTES)
#define FROM	     UINT64_C(0x12345000) /* where the device finds them */
#define TO	     UINT64_C(0x12346000)
#define INTERMEDIATE UINT64_C(0x23400000) /* their IPA, with both stages */
#define VMID	     7
#define ASID	     5
#define OFFSET	     0x120

static struct smmu smmu;
static uint64_t failures;
static uint32_t number; /* what is transferred, another each time */

static void say(const char *what)
{
	print(what);
	print("\n");
}

static void expect(bool good, const char *what)
{
	if (good)
		return;
	failures++;
	print("FAIL ");
	say(what);
}

static uint64_t events(void)
{
	struct smmu_event event;
	uint64_t taken = 0;

	for (; smmu_event_take(&smmu, &event); taken++)
		smmu_event_print(&event);
	return taken;
}

static volatile uint32_t *word_of(uint64_t page)
{
	return (volatile uint32_t *)(uintptr_t)(page + OFFSET);
}

/* One word of SOURCE into the device and from there to TARGET; `arrives`, and
 * so many events are left behind. */
static void transfer(uint64_t from, uint64_t to, bool arrives, uint64_t faults)
{
	*word_of(SOURCE) = ++number;
	*word_of(TARGET) = 0;
	edu_copy(0, from + OFFSET, EDU_BUFFER, 4, false);
	edu_copy(0, EDU_BUFFER, to + OFFSET, 4, true);
	expect(events() == faults, "as many events as there are faults");
	expect((*word_of(TARGET) == number) == arrives, "what arrives");
	say(arrives ? "  the word arrives" : "  the word does not arrive");
}

static void sync(uint64_t word0, uint64_t word1)
{
	expect(smmu_command_sync(&smmu, word0, word1), "a command is taken");
}

static void install(const struct smmu_stream *stream)
{
	uint64_t word[4];

	smmu_ste_make(&smmu, stream, word);
	smmu_ste_write(&smmu, edu_stream(0), word);
}

/* ---- the guest's own MMU ---- */

/* Blocks of 1 GiB: devices below, memory, and the ECAM's. */
static void own_mmu(void)
{
	volatile uint64_t *root = words_at(page_new());

	root[0] = PTE_DEVICE;
	root[1] = RAM_BASE | PTE_NORMAL | PTE_UXN;
	root[256] = UINT64_C(256) << 30 | PTE_DEVICE;
	__asm__ volatile("dsb sy" : : : "memory");
	mmu_enable((uintptr_t)root, 0,
		   TCR_T0SZ(39) | TCR_WALKS0 | TCR_EPD1 | TCR_IPS_40,
		   MAIR_VALUE);
}

/* ---- not yet on ---- */

static void gbpa(uint32_t value)
{
	smmu_write(SMMU_GBPA, UINT32_C(1) << 31 | value);
	while (smmu_read(SMMU_GBPA) >> 31)
		;
}

static void while_off(void)
{
	say("off: GBPA says what becomes of DMA");
	transfer(SOURCE, TARGET, true, 0);
	say("GBPA.ABORT");
	gbpa(1u << 20 | 1u << 12);
	transfer(SOURCE, TARGET, false, 0);
	gbpa(1u << 12);
}

static void strangers(void)
{
	static const uint64_t not_valid[4];

	say("on, with a stream table that ends before the device");
	smmu_start(&smmu, 3);
	smmu_control(CR0_SMMUEN | CR0_EVENTQEN | CR0_CMDQEN);
	transfer(SOURCE, TARGET, false, 2);
	say("an STE that is not valid");
	smmu_start(&smmu, smmu.sid_bits < 8 ? smmu.sid_bits : 8);
	smmu_ste_write(&smmu, edu_stream(0), not_valid);
	smmu_control(CR0_SMMUEN | CR0_EVENTQEN | CR0_CMDQEN);
	transfer(SOURCE, TARGET, false, 2);
	say("one that bypasses");
	install(&(struct smmu_stream){ 0 });
	sync(cmd_cfgi_ste(edu_stream(0)), 1);
	transfer(SOURCE, TARGET, true, 0);
}

/* ---- stage 2 ---- */

static void tlbi_s2(uint64_t ipa)
{
	/* Leaf, one page. */
	sync(cmd_tlbi_vmid(CMD_TLBI_S2_IPA, VMID), ipa | 1);
}

static void stage2_faults(uint64_t root)
{
	say("stage 2, only the source mapped");
	smmu_descriptor_write(smmu_descriptor(root, FROM), SOURCE | S2_PAGE);
	transfer(FROM, TO, false, 1);
	say("the target mapped: a fault is not cached, nothing to invalidate");
	smmu_descriptor_write(smmu_descriptor(root, TO), TARGET | S2_PAGE);
	transfer(FROM, TO, true, 0);
	say("the target made read-only, without TLBI: the SMMU does not know");
	smmu_descriptor_write(smmu_descriptor(root, TO),
			      TARGET | (S2_PAGE & ~S2_WRITE));
	transfer(FROM, TO, true, 0);
	say("TLBI_S2_IPA and SYNC");
	tlbi_s2(TO);
	transfer(FROM, TO, false, 1);
	say("writable again");
	smmu_descriptor_write(smmu_descriptor(root, TO), TARGET | S2_PAGE);
	tlbi_s2(TO);
	transfer(FROM, TO, true, 0);
}

static void stage2_unmapped(uint64_t root)
{
	say("the target unmapped, without TLBI: its memory is still written");
	smmu_descriptor_write(smmu_descriptor(root, TO), 0);
	transfer(FROM, TO, true, 0);
	say("TLBI_S12_VMALL and SYNC");
	sync(cmd_tlbi_vmid(CMD_TLBI_S12_VMALL, VMID), 0);
	transfer(FROM, TO, false, 1);
	say("the access flag clear");
	smmu_descriptor_write(smmu_descriptor(root, TO),
			      TARGET | (S2_PAGE & ~DESCRIPTOR_AF));
	transfer(FROM, TO, false, 1);
	say("the access flag set: nothing to invalidate either");
	smmu_descriptor_write(smmu_descriptor(root, TO), TARGET | S2_PAGE);
	transfer(FROM, TO, true, 0);
}

static uint64_t stage2(void)
{
	uint64_t root = page_new();

	install(&(struct smmu_stream){ .s2_root = root, .vmid = VMID });
	sync(cmd_cfgi_ste(edu_stream(0)), 1);
	stage2_faults(root);
	stage2_unmapped(root);
	return root;
}

/* ---- stage 1 ---- */

static void stage1(void)
{
	uint64_t root = page_new(), cd = smmu_cd_new(&smmu, root, ASID);

	say("another STE, stage 1 with empty tables, without CFGI: the old "
	    "one");
	install(&(struct smmu_stream){ .cd = cd });
	transfer(FROM, TO, true, 0);
	say("CFGI_STE and SYNC");
	sync(cmd_cfgi_ste(edu_stream(0)), 1);
	transfer(FROM, TO, false, 2);
	say("both mapped");
	smmu_descriptor_write(smmu_descriptor(root, FROM), SOURCE | S1_PAGE);
	smmu_descriptor_write(smmu_descriptor(root, TO), TARGET | S1_PAGE);
	transfer(FROM, TO, true, 0);
	say("the target read-only, TLBI_NH_VA and SYNC");
	smmu_descriptor_write(smmu_descriptor(root, TO),
			      TARGET | S1_PAGE | S1_READ_ONLY);
	sync(CMD_TLBI_NH_VA | (uint64_t)ASID << 48, TO | 1);
	transfer(FROM, TO, false, 1);
	smmu_descriptor_write(smmu_descriptor(root, TO), TARGET | S1_PAGE);
	sync(CMD_TLBI_NH_VA | (uint64_t)ASID << 48, TO | 1);
	say("writable again");
	transfer(FROM, TO, true, 0);
}

/* ---- both ---- */

/* Tables of stage 1 are found at their IPAs, which are their addresses here;
 * of data the IPA is another one. */
static void both(uint64_t s2_root)
{
	uint64_t root = page_new(), cd = smmu_cd_new(&smmu, root, ASID + 1);
	uint64_t tables;

	say("both stages, the target missing in stage 2");
	smmu_descriptor_write(smmu_descriptor(root, FROM),
			      INTERMEDIATE | S1_PAGE);
	smmu_descriptor_write(smmu_descriptor(root, TO),
			      (INTERMEDIATE + PAGE_BYTES) | S1_PAGE);
	smmu_descriptor_write(smmu_descriptor(s2_root, INTERMEDIATE),
			      SOURCE | S2_PAGE);
	for (tables = root; tables < root + 8 * PAGE_BYTES;
	     tables += PAGE_BYTES)
		smmu_descriptor_write(smmu_descriptor(s2_root, tables),
				      tables | S2_PAGE);
	install(&(struct smmu_stream){
		.cd = cd, .s2_root = s2_root, .vmid = VMID });
	sync(cmd_cfgi_ste(edu_stream(0)), 1);
	transfer(FROM, TO, false, 1);
	say("mapped there");
	smmu_descriptor_write(smmu_descriptor(s2_root,
					      INTERMEDIATE + PAGE_BYTES),
			      TARGET | S2_PAGE);
	transfer(FROM, TO, true, 0);
	say("stage 1 leads elsewhere, TLBI_NH_ALL and SYNC");
	smmu_descriptor_write(smmu_descriptor(root, TO), 0);
	sync(cmd_tlbi_vmid(CMD_TLBI_NH_ALL, VMID), 0);
	transfer(FROM, TO, false, 1);
}

/* ---- commands ---- */

static void commands(void)
{
	uint32_t prod = smmu_read(SMMU_CMDQ_PROD), active;

	say("a command that does not exist, and another behind it");
	expect(!smmu_command_sync(&smmu, 0xff, 0), "the queue stops");
	active = smmu_read(SMMU_GERROR) ^ smmu_read(SMMU_GERRORN);
	print("  GERROR ");
	print_hex(active);
	print(" CMDQ_CONS.ERR ");
	print_number(smmu_read(SMMU_CMDQ_CONS) >> 24 & 0x7f);
	say((smmu_read(SMMU_CMDQ_CONS) & 0xfffff) == prod
		    ? ", CONS stands on it"
		    : ", CONS stands elsewhere");
	/* It is made a CMD_SYNC, where it stands; then the queue may go on. */
	words_at(smmu.cmdq)[(prod & ((1u << smmu.cmdq_lg2) - 1)) * 2] =
		CMD_SYNC;
	smmu_write(SMMU_GERRORN, smmu_read(SMMU_GERROR));
	expect(smmu_sync(&smmu), "the queue goes on");
	expect(smmu_read(SMMU_GERROR) == smmu_read(SMMU_GERRORN),
	       "no error is active");
	say("acknowledged: the queue goes on");
	for (unsigned int i = 0; i < 5u << smmu.cmdq_lg2; i += 2)
		sync(CMD_TLBI_NSNH_ALL, 0);
	say("and around, five times");
}

uint64_t guest_main(void)
{
	const char *missing;
	uint64_t s2_root;
	bool cached;

	args_load();
	cached = args_is("mmu", 0, "on", false);
	if (cached)
		own_mmu();
	if (!edu_find()) {
		say("FAIL no device");
		return 1;
	}
	missing = smmu_find(&smmu);
	if (!missing && cached && !smmu.coherent)
		missing = "walks through the caches (mmu=off needs none)";
	if (missing) {
		print("FAIL not there: ");
		say(missing);
		return 1;
	}
	say("an SMMUv3, and behind it an edu");
	while_off();
	strangers();
	s2_root = stage2();
	stage1();
	both(s2_root);
	commands();
	smmu_control(0);
	say("off");
	transfer(SOURCE, TARGET, true, 0);
	return failures != 0;
}
