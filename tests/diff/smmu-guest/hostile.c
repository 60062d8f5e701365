/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that programs its SMMU as no driver would: queues and tables outside
 * memory, pointers at nothing and at themselves, reserved encodings, streams
 * beyond the table, floods of commands and events. Each case prints what the
 * SMMU said: errors of GERROR, the command queue's error, event records, and
 * whether the device's word arrived. What it should say is in hostile.txt, with
 * the section that says so beside each case here (IHI0070 G.b).
 *
 * At the end it takes memory from its own SMMU by hypercall.
 */
#include "sim/guests/edu_device.h"
#include "sim/guests/smmu_driver.h"

#define SOURCE	AREA_BASE
#define TARGET	(AREA_BASE + PAGE_BYTES)
#define NOTHING UINT64_C(0x30000000)  /* no memory, no device */
#define MACHINE UINT64_C(0x840000000) /* what a hypervisor might live at */
#define TOP	UINT64_C(0xffffffff000)

#define ON (CR0_SMMUEN | CR0_EVENTQEN | CR0_CMDQEN)

static struct smmu smmu;
static uint32_t number;
static uint64_t word[4]; /* of the STE */

static void say(const char *what)
{
	print(what);
	print("\n");
}

/* ---- before and after each case ---- */

static void acknowledge(void)
{
	smmu_write(SMMU_GERRORN, smmu_read(SMMU_GERROR));
}

/* Queues and stream table as they should be, this stream's STE bypassing; not
 * yet on. */
static void begin(const char *name)
{
	say(name);
	smmu_control(0);
	smmu_write(SMMU_IRQ_CTRL, 0);
	acknowledge();
	smmu_start(&smmu, smmu.sid_bits < 8 ? smmu.sid_bits : 8);
	smmu_ste_make(&smmu, &(struct smmu_stream){ 0 }, word);
	smmu_ste_write(&smmu, edu_stream(0), word);
}

static void show_errors(void)
{
	uint32_t active = smmu_read(SMMU_GERROR) ^ smmu_read(SMMU_GERRORN);

	if (!active)
		return;
	print("  GERROR ");
	print_hex(active);
	if (active & GERROR_CMDQ) {
		print(" CMDQ_CONS.ERR ");
		print_number(smmu_read(SMMU_CMDQ_CONS) >> 24 & 0x7f);
	}
	print("\n");
}

static void show_event(const struct smmu_event *e)
{
	unsigned int kind = e->word[0] & 0xff;

	smmu_event_print(e);
	if (kind != 3 && kind != 9 && kind != 0xb)
		return;
	print("    fetch at ");
	print_hex(e->word[3]);
	print("\n");
}

/* Where the event queue is in order. */
static void show_events(void)
{
	struct smmu_event e;

	while (smmu_event_take(&smmu, &e))
		show_event(&e);
}

static void show(void)
{
	show_errors();
	show_events();
}

static void read_word(uint64_t at)
{
	edu_copy(0, at, EDU_BUFFER, 4, false);
}

static void write_word(uint64_t at)
{
	edu_copy(0, EDU_BUFFER, at, 4, true);
}

/* Through the SMMU as it is: from SOURCE to TARGET, as the device finds them.
 */
static void transfer(uint64_t from, uint64_t to)
{
	volatile uint32_t *target = (volatile uint32_t *)(uintptr_t)TARGET;

	*(volatile uint32_t *)(uintptr_t)SOURCE = ++number;
	*target = 0;
	read_word(from);
	write_word(to);
	say(*target == number ? "  arrives" : "  does not arrive");
	show();
}

static void ste_change(unsigned int index, uint64_t clear, uint64_t set)
{
	word[index] = (word[index] & ~clear) | set;
	smmu_ste_write(&smmu, edu_stream(0), word);
}

/* ---- queues: 3.5, 7.1, 7.2 ---- */

static void command_queue_at(const char *name, uint64_t base, uint32_t prod)
{
	begin(name);
	smmu_control(0);
	smmu_write_wide(SMMU_CMDQ_BASE, base);
	smmu_write(SMMU_CMDQ_CONS, 0);
	smmu_write(SMMU_CMDQ_PROD, prod);
	smmu_control(CR0_CMDQEN);
	print("  CONS ");
	print_hex(smmu_read(SMMU_CMDQ_CONS) & 0xfffff);
	print("\n");
	show_errors();
	acknowledge();
	show_errors();
	smmu_control(0);
	smmu_write(SMMU_CMDQ_PROD, 0);
	acknowledge();
}

/* As many commands as a queue may ever hold, at one stroke. */
static void command_flood(void)
{
	uint64_t queue = UINT64_C(0x48000000);
	unsigned int lg2 = smmu_read(SMMU_IDR1) >> 21 & 0x1f;

	for (uint64_t i = 0; i < UINT64_C(2) << lg2; i += 2)
		words_at(queue)[i] = CMD_TLBI_NSNH_ALL;
	command_queue_at("a flood of commands", queue | lg2, 1u << lg2);
}

static void command_queues(void)
{
	uint64_t queue = page_new();

	command_queue_at("commands outside memory", NOTHING | 4, 1);
	command_queue_at("commands at a machine address", MACHINE | 4, 1);
	command_queue_at("commands at the last page", TOP | 4, 1);
	for (unsigned int i = 0; i < PAGE_BYTES / 8; i += 2)
		words_at(queue)[i] = CMD_TLBI_NSNH_ALL;
	command_queue_at("PROD beyond a queue of 256", queue | 8, 0xfffff);
	command_queue_at("a size beyond IDR1's, full", queue | 31, 1u << 19);
	words_at(queue)[0] = CMD_SYNC;
	words_at(queue)[2] = 0;
	command_flood();
	command_queue_at("a queue of one entry", queue, 1);
	command_queue_at("its second round", queue, 3);
	command_queue_at("a command of zeros", queue | 4, 2);
}

/* Once around with each opcode that there could be: 4.1.3. */
static void opcodes(void)
{
	begin("opcodes that are legal");
	smmu_control(ON);
	print(" ");
	for (uint64_t opcode = 0; opcode < 256; opcode++) {
		uint32_t prod = smmu_read(SMMU_CMDQ_PROD);

		if (smmu_command_sync(&smmu, opcode, 0)) {
			print(" ");
			print_hex(opcode);
			continue;
		}
		words_at(smmu.cmdq)[(prod & ((1u << smmu.cmdq_lg2) - 1)) * 2] =
			CMD_SYNC;
		acknowledge();
		(void)smmu_sync(&smmu);
	}
	print("\n");
}

static void one_command(const char *name, uint64_t word0, uint64_t word1)
{
	begin(name);
	smmu_control(ON);
	say(smmu_command_sync(&smmu, word0, word1) ? "  taken" : "  refused");
	show();
}

static void commands(void)
{
	opcodes();
	one_command("CFGI_STE for the Secure state", 1u << 10 | CMD_CFGI_STE,
		    1);
	one_command("SYNC with CS 3", UINT64_C(3) << 12 | CMD_SYNC, 0);
	one_command("RESUME where nothing stalls", 0x44, 0);
	one_command("CFGI_STE for a stream beyond the table",
		    cmd_cfgi_ste(0xffffffff), 1);
	one_command("TLBI with all bits set", ~UINT64_C(0xff) | CMD_TLBI_NH_VA,
		    ~UINT64_C(0));
}

static void event_queue_at(const char *name, uint64_t base)
{
	begin(name);
	smmu_control(0);
	ste_change(0, 1, 0);
	smmu_write_wide(SMMU_EVENTQ_BASE, base);
	smmu_control(ON);
	read_word(SOURCE);
	show_errors();
	acknowledge();
	read_word(SOURCE);
	show_errors();
	print("  PROD ");
	print_hex(smmu_read(SMMU_EVENTQ_PROD));
	print("\n");
}

static void event_flood(void)
{
	uint32_t prod;

	begin("more events than the queue holds");
	ste_change(0, 1, 0);
	smmu_control(ON);
	for (int i = 0; i < 100; i++)
		read_word(SOURCE);
	prod = smmu_read(SMMU_EVENTQ_PROD);
	say(prod >> 31 ? "  overflow" : "  no overflow");
	show();
	/* Acknowledged: 7.4. */
	smmu_write(SMMU_EVENTQ_CONS,
		   (smmu_read(SMMU_EVENTQ_CONS) & 0x7fffffff) |
			   (prod & UINT32_C(0x80000000)));
	read_word(SOURCE);
	prod = smmu_read(SMMU_EVENTQ_PROD);
	say((prod ^ smmu_read(SMMU_EVENTQ_CONS)) >> 31 ? "  overflow again"
						       : "  no other overflow");
	show();
}

/* Events land where commands are read from: event 4's number is no command. */
static void events_as_commands(void)
{
	begin("one page for both queues");
	smmu_control(0);
	ste_change(0, 1, 0);
	smmu_write_wide(SMMU_EVENTQ_BASE, smmu.cmdq | 3);
	smmu_write(SMMU_CMDQ_PROD, 0);
	smmu_write(SMMU_CMDQ_CONS, 0);
	smmu_control(ON);
	for (int i = 0; i < 4; i++)
		read_word(SOURCE);
	smmu_write(SMMU_CMDQ_PROD, 4);
	print("  CONS ");
	print_hex(smmu_read(SMMU_CMDQ_CONS) & 0xfffff);
	print("\n");
	show_errors();
	smmu_control(0);
	smmu_write(SMMU_CMDQ_PROD, 0);
	acknowledge();
}

static void event_queues(void)
{
	event_queue_at("events outside memory", NOTHING | 4);
	event_queue_at("events at a machine address", MACHINE | 4);
	event_queue_at("events at the last page", TOP | 19);
	event_flood();
	events_as_commands();
}

/* ---- streams and their tables: 5.1, 5.2, 6.3.23 to 6.3.25 ---- */

static void stream_table(const char *name, uint64_t base, uint32_t cfg)
{
	begin(name);
	smmu_control(0);
	smmu_write_wide(SMMU_STRTAB_BASE, base);
	smmu_write(SMMU_STRTAB_BASE_CFG, cfg);
	smmu_control(ON);
	(void)smmu_command_sync(&smmu, CMD_CFGI_ALL, 31);
	transfer(SOURCE, TARGET);
}

static void l1std(const char *name, uint64_t descriptor)
{
	uint64_t table = page_new();

	words_at(table)[0] = descriptor;
	stream_table(name, table, 1u << 16 | 6u << 6 | 8);
}

/* Its second level is itself: STEs there are not valid. */
static void self_pointing(void)
{
	uint64_t table = page_new();

	words_at(table)[0] = table | 7;
	stream_table("L2Ptr to its own table", table, 1u << 16 | 6u << 6 | 8);
}

static void stream_tables(void)
{
	stream_table("a stream table outside memory", NOTHING, 8);
	stream_table("a stream table at a machine address", MACHINE, 8);
	stream_table("one that ends before the stream", SOURCE, 3);
	stream_table("one of 2^63 streams, of zeros", page_new(), 63);
	stream_table("two levels, outside memory", NOTHING,
		     1u << 16 | 6u << 6 | 8);
	l1std("Span 0", smmu.stes);
	l1std("Span 31", smmu.stes | 31);
	l1std("Span 1", smmu.stes | 1);
	l1std("L2Ptr outside memory", NOTHING | 7);
	l1std("L2Ptr to address zero", 7);
	self_pointing();
}

/* What becomes of one field of an STE that translates; 5.2. */
static void ste(const char *name, uint64_t cd, uint64_t s2_root,
		unsigned int index, uint64_t clear, uint64_t set)
{
	begin(name);
	smmu_ste_make(&smmu,
		      &(struct smmu_stream){
			      .cd = cd, .s2_root = s2_root, .vmid = 3 },
		      word);
	ste_change(index, clear, set);
	smmu_control(ON);
	(void)smmu_command_sync(&smmu, CMD_CFGI_ALL, 31);
	(void)smmu_command_sync(&smmu, CMD_TLBI_NSNH_ALL, 0);
	transfer(SOURCE, TARGET);
}

static uint64_t mapped(uint64_t flags)
{
	uint64_t root = page_new();

	smmu_descriptor_write(smmu_descriptor(root, SOURCE), SOURCE | flags);
	smmu_descriptor_write(smmu_descriptor(root, TARGET), TARGET | flags);
	return root;
}

static void stes(uint64_t cd, uint64_t s2)
{
	ste("an STE in order, stage 1", cd, 0, 0, 0, 0);
	ste("an STE in order, stage 2", 0, s2, 0, 0, 0);
	ste("Config 0", cd, 0, 0, 0xe, 0);
	ste("Config 1", cd, 0, 0, 0xe, 2);
	ste("Config 3", cd, 0, 0, 0xe, 6);
	ste("S1CDMax where there are no substreams", cd, 0, 0, 0,
	    UINT64_C(31) << 59);
	ste("S1ContextPtr outside memory", NOTHING, 0, 0, 0, 0);
	ste("S1ContextPtr beyond the address size", cd, 0, 0, 0,
	    UINT64_C(1) << 51);
	ste("S2AA64 0", 0, s2, 2, UINT64_C(1) << 51, 0);
	ste("S2TG reserved", 0, s2, 2, 0, UINT64_C(3) << 46);
	ste("S2T0SZ 63", 0, s2, 2, 0, UINT64_C(63) << 32);
	ste("S2T0SZ 0", 0, s2, 2, UINT64_C(63) << 32, 0);
	ste("S2SL0 3", 0, s2, 2, 0, UINT64_C(3) << 38);
	ste("S2HD without S2HA", 0, s2, 2, 0, UINT64_C(1) << 55);
	ste("S2S where nothing stalls", 0, s2, 2, 0, UINT64_C(1) << 57);
	ste("S2TTB outside memory", 0, NOTHING, 0, 0, 0);
	ste("S2TTB at a machine address", 0, MACHINE, 0, 0, 0);
}

/* One field of a CD; 5.4. */
static void cd_with(const char *name, uint64_t root, unsigned int index,
		    uint64_t clear, uint64_t set)
{
	uint64_t cd = smmu_cd_new(&smmu, root, 9);

	words_at(cd)[index] = (words_at(cd)[index] & ~clear) | set;
	ste(name, cd, 0, 0, 0, 0);
}

static void cds(uint64_t root)
{
	ste("a CD of zeros", page_new(), 0, 0, 0, 0);
	cd_with("CD.AA64 0", root, 0, UINT64_C(1) << 41, 0);
	cd_with("CD.T0SZ 63", root, 0, 0, 63);
	cd_with("CD.T0SZ 0", root, 0, 63, 0);
	cd_with("CD.TG0 reserved", root, 0, 0, 3u << 6);
	cd_with("CD.HD without HA", root, 0, 0, UINT64_C(1) << 42);
	cd_with("CD.S where nothing stalls", root, 0, 0, UINT64_C(1) << 44);
	cd_with("CD.EPD0", root, 0, 0, 1u << 14);
	cd_with("TTB0 outside memory", NOTHING, 0, 0, 0);
	cd_with("TTB0 at a machine address", MACHINE, 0, 0, 0);
}

/* ---- translation tables: DDI0487 D8.3 ---- */

static void tables(void)
{
	uint64_t root = page_new(), cd = smmu_cd_new(&smmu, root, 9);

	/* Every level leads to the same page, and its entry, at level 3, is a
	 * page: the table itself. */
	for (unsigned int i = 0; i < 512; i++)
		words_at(root)[i] = root | 0xf43;
	ste("a table that is its own table", cd, 0, 0, 0, 0);
	for (unsigned int i = 0; i < 512; i++)
		words_at(root)[i] = NOTHING | 0xf43;
	ste("tables outside memory", cd, 0, 0, 0, 0);
	for (unsigned int i = 0; i < 512; i++)
		words_at(root)[i] = ~UINT64_C(0);
	ste("tables of ones", cd, 0, 0, 0, 0);
	for (unsigned int i = 0; i < 512; i++)
		words_at(root)[i] = (UINT64_C(512) << 30) | 0xf41;
	words_at(cd)[0] &= ~(UINT64_C(7) << 32);
	ste("a block beyond CD.IPS", cd, 0, 0, 0, 0);
}

/* ---- devices ---- */

static void nowhere(const char *name, uint64_t at)
{
	begin(name);
	smmu_control(ON);
	read_word(at);
	write_word(at);
	show();
	smmu_control(0);
	read_word(at);
	write_word(at);
	say("  done");
}

static void devices(void)
{
	nowhere("bypass to nothing", NOTHING);
	nowhere("bypass to a machine address", MACHINE);
	nowhere("bypass to the end of all", UINT64_C(0xfffffffffffffffc));
}

/* The device writes a page and half the next: the first holds the descriptor
 * for the second. What it was when the walk read it, is what counts. */
static void own_tables(void)
{
	uint64_t root = page_new(), cd = smmu_cd_new(&smmu, root, 9);
	uint64_t at = UINT64_C(0x12345000), leaf, page = page_new();

	leaf = (uintptr_t)smmu_descriptor(root, at) & -PAGE_BYTES;
	smmu_descriptor_write(smmu_descriptor(root, at), leaf | 0xf43);
	smmu_descriptor_write(smmu_descriptor(root, at + PAGE_BYTES), 0);
	smmu_descriptor_write(smmu_descriptor(root, at + 2 * PAGE_BYTES),
			      page | 0xf43);
	begin("a device that maps for itself");
	smmu_ste_make(&smmu, &(struct smmu_stream){ .cd = cd }, word);
	smmu_ste_write(&smmu, edu_stream(0), word);
	smmu_control(ON);
	(void)smmu_command_sync(&smmu, CMD_CFGI_ALL, 31);
	(void)smmu_command_sync(&smmu, CMD_TLBI_NSNH_ALL, 0);
	for (unsigned int i = 0; i < 512; i++)
		words_at(page)[i] = TARGET | 0xf43;
	edu_copy(0, at + 2 * PAGE_BYTES, EDU_BUFFER, 4096, false);
	words_at(TARGET)[0] = 0;
	/* Ends in the second page. */
	edu_copy(0, EDU_BUFFER, at + 2048, 4096, true);
	say(words_at(TARGET)[0] == (TARGET | 0xf43) ? "  arrives"
						    : "  does not arrive");
	show();
}

/* ---- MSIs: 3.18 ---- */

static void msis(void)
{
	volatile uint32_t *flag = (volatile uint32_t *)(uintptr_t)TARGET;

	begin("SYNC by MSI, outside memory");
	smmu_control(ON);
	(void)smmu_command_sync(&smmu,
				UINT64_C(1) << 12 | CMD_SYNC |
					UINT64_C(0x55) << 32,
				NOTHING);
	show();
	begin("SYNC by MSI, in memory");
	*flag = 0;
	smmu_control(ON);
	(void)smmu_command_sync(&smmu,
				UINT64_C(1) << 12 | CMD_SYNC |
					UINT64_C(0x55) << 32,
				TARGET);
	say(*flag == 0x55 ? "  written" : "  not written");
	show();
}

/* ---- registers ---- */

/* What is no register of 4 or 8 bytes reads zero, and writes are lost. */
static void odd_registers(void)
{
	const uintptr_t base = 0x09050000;
	uint64_t seen = 0;

	begin("narrow, unknown and read-only registers");
	seen |= *(volatile uint8_t *)base | *(volatile uint16_t *)base;
	*(volatile uint8_t *)(base + SMMU_CR0) = 0xff;
	*(volatile uint16_t *)(base + SMMU_CR0) = 0xffff;
	smmu_write(SMMU_IDR0, ~0u);
	smmu_write(SMMU_CR0ACK, ~0u);
	for (unsigned int at = 0x100; at < 0xe00; at += 4) {
		*(volatile uint32_t *)(base + at) = ~0u;
		seen |= *(volatile uint32_t *)(base + at);
	}
	print("  read ");
	print_hex(seen);
	print(" CR0ACK ");
	print_hex(smmu_read(SMMU_CR0ACK));
	print("\n");
	show();
}

/* ---- a guest that takes memory from its own SMMU ---- */

static void gone(const char *name, uint64_t page)
{
	begin(name);
	smmu_control(ON);
	say(hypercall(P2M_REMOVE, page / PAGE_BYTES, 1, 0) ? "  refused"
							   : "  gone");
	smmu_command(&smmu, CMD_CFGI_ALL, 31);
	transfer(SOURCE, TARGET);
	(void)hypercall(P2M_POPULATE, page / PAGE_BYTES, 1, 0);
	smmu_control(0);
	acknowledge();
}

static void gives_away(void)
{
	volatile uint32_t *target = (volatile uint32_t *)(uintptr_t)TARGET;

	gone("the STEs given away", smmu.stes);
	/* Whatever stands there: no record is taken from it. */
	begin("the event queue given away");
	smmu_control(0);
	ste_change(0, 1, 0);
	(void)hypercall(P2M_REMOVE, smmu.eventq / PAGE_BYTES, 1, 0);
	smmu_control(ON);
	read_word(SOURCE);
	show_errors();
	(void)hypercall(P2M_POPULATE, smmu.eventq / PAGE_BYTES, 1, 0);
	begin("memory that may not be written");
	(void)hypercall(P2M_PROTECT, TARGET / PAGE_BYTES, 1, 1);
	smmu_control(ON);
	read_word(SOURCE);
	write_word(TARGET);
	say(*target == number ? "  written" : "  not written");
	show();
	begin("the source given away");
	(void)hypercall(P2M_PROTECT, TARGET / PAGE_BYTES, 1, 7);
	(void)hypercall(P2M_REMOVE, SOURCE / PAGE_BYTES, 1, 0);
	smmu_control(ON);
	read_word(SOURCE);
	write_word(TARGET);
	say(*target ? "  something is read" : "  zeros are read");
	show();
	(void)hypercall(P2M_POPULATE, SOURCE / PAGE_BYTES, 1, 0);
}

uint64_t guest_main(void)
{
	uint64_t root, cd, s2;

	if (!edu_find() || smmu_find(&smmu)) {
		say("FAIL no device, or no SMMU");
		return 1;
	}
	smmu_start(&smmu, 8);
	root = mapped(S1_PAGE);
	s2 = mapped(S2_PAGE);
	cd = smmu_cd_new(&smmu, root, 9);
	command_queues();
	commands();
	event_queues();
	stream_tables();
	stes(cd, s2);
	cds(root);
	tables();
	devices();
	own_tables();
	msis();
	odd_registers();
	gives_away();
	say("done");
	return 0;
}
