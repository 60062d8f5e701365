/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Builds its own stage-1 tables, 4 KiB pages and 2 MiB and 1 GiB blocks below
 * TTBR0 (48 bits) and TTBR1 (39 bits), turns the MMU on, and checks what the
 * architecture promises by provoking it: every kind of stage-1 fault with its
 * whole syndrome, changes of live mappings, EL0, ASIDs, AT. One line a check;
 * status 1 if any fails. DDI0487 L.b D8. No arguments.
 */
#include "mmu.h"

/* What maps where. Frames: 4 KiB each in the identity-mapped area. */
#define FRAME(n)       (AREA_BASE + (uint64_t)(n)*PAGE_BYTES)
#define BLOCK_A	       (AREA_BASE + BLOCK_BYTES)
#define TEST_BASE      UINT64_C(0x8000000000) /* second entry of the root */
#define TEST_PAGE(n)   (TEST_BASE + (uint64_t)(n)*PAGE_BYTES)
#define TEST_BLOCK(n)  (TEST_BASE + 0x40000000 + (uint64_t)(n)*BLOCK_BYTES)
#define TEST_GIGA      (TEST_BASE + 0xc0000000)
#define TEST_RO_TABLE  (TEST_BASE + UINT64_C(0x100000000))
#define TEST_PXN_TABLE (TEST_RO_TABLE + BLOCK_BYTES)
#define HIGH_BASE      UINT64_C(0xffffff8000000000) /* first of TTBR1 */

enum page {
	PAGE_RW,
	PAGE_RO,
	PAGE_OLD,
	PAGE_NONE,
	PAGE_FAR,
	PAGE_USER,
	PAGE_CODE,
	PAGE_DEVICE,
	PAGE_EXEC,
	PAGE_PXN,
	PAGE_MOVE,
	PAGE_ASID,
	PAGE_GROW,
	PAGE_LATE
};
enum block { BLOCK_RW, BLOCK_RO, BLOCK_OLD, BLOCK_SPLIT, BLOCK_NONE };
enum frame {
	FRAME_A,
	FRAME_B,
	FRAME_DEVICE,
	FRAME_CODE,
	FRAME_USER,
	FRAME_GROW
};

#define KERNEL_PAGE  (PTE_NORMAL | PTE_PAGE | PTE_UXN | PTE_PXN)
#define KERNEL_BLOCK (PTE_NORMAL | PTE_UXN | PTE_PXN)
#define TABLE_BITS   (PTE_VALID | PTE_TABLE)

#define VALUE_A UINT64_C(0xaaaa0001)
#define VALUE_B UINT64_C(0xbbbb0002)

/* Syndromes, DDI0487 L.b D24.2.40. */
#define EC_SVC			0x15
#define EC_FETCH_EL0		0x20
#define EC_FETCH_EL1		0x21
#define EC_DATA_EL0		0x24
#define EC_DATA_EL1		0x25
#define ESR(class, iss)		((uint64_t)(class) << 26 | 1u << 25 | (iss))
#define ISS_WRITE		(1u << 6)
#define FSC_ADDRESS_SIZE(level) (0x00u + (level))
#define FSC_TRANSLATION(level)	(0x04u + (level))
#define FSC_ACCESS_FLAG(level)	(0x08u + (level))
#define FSC_PERMISSION(level)	(0x0cu + (level))
#define FSC_ALIGNMENT		0x21u

static unsigned int checks, failures;
/* The last exception. */
static struct {
	volatile uint64_t count, esr, far, elr, x0;
} taken;
static uint64_t *root, *high, *level3, *level2_blocks;
static uint64_t tcr;

/* ---- EL0 code, copied to its page; and the way there and back ---- */
__asm__("	.text\n"
	"	.balign	8\n"
	"el0_code:\n"
	"	add	x0, x0, #1\n"
	"	svc	#7\n"
	"el0_load:\n"
	"	ldr	x0, [x0]\n"
	"	svc	#1\n"
	"el0_store:\n"
	"	str	x0, [x0]\n"
	"	svc	#2\n"
	"el0_jump:\n"
	"	br	x0\n"
	"el0_stack:\n"
	"	str	x0, [sp, #-16]!\n"
	"	ldr	x0, [sp], #16\n"
	"	svc	#3\n"
	"el1_code:\n"
	"	mov	x0, #77\n"
	"	ret\n"
	"el0_code_end:\n"
	/* void el0_enter(pc, x0, sp) returns when EL0 took an exception. */
	"	.global el0_enter\n"
	"el0_enter:\n"
	"	stp	x29, x30, [sp, #-96]!\n"
	"	stp	x19, x20, [sp, #16]\n"
	"	stp	x21, x22, [sp, #32]\n"
	"	stp	x23, x24, [sp, #48]\n"
	"	stp	x25, x26, [sp, #64]\n"
	"	stp	x27, x28, [sp, #80]\n"
	"	msr	elr_el1, x0\n"
	"	msr	sp_el0, x2\n"
	"	mov	x3, #0x3c0\n"
	"	msr	spsr_el1, x3\n"
	"	mov	x0, x1\n"
	"	eret\n"
	"	.global el0_leave\n"
	"el0_leave:\n"
	"	ldp	x19, x20, [sp, #16]\n"
	"	ldp	x21, x22, [sp, #32]\n"
	"	ldp	x23, x24, [sp, #48]\n"
	"	ldp	x25, x26, [sp, #64]\n"
	"	ldp	x27, x28, [sp, #80]\n"
	"	ldp	x29, x30, [sp], #96\n"
	"	ret\n");
extern char el0_code[], el0_load[], el0_store[], el0_jump[], el0_stack[],
	el1_code[], el0_code_end[], el0_leave[];
void el0_enter(uint64_t pc, uint64_t x0, uint64_t sp);

void guest_exception(struct exception *frame, uint64_t index)
{
	taken.count++;
	taken.esr = frame->esr;
	taken.far = frame->far;
	taken.elr = frame->elr;
	taken.x0 = frame->x[0];
	if (index == 8) { /* from EL0: leave it */
		frame->elr = (uintptr_t)el0_leave;
		frame->spsr = 0x3c5;
	} else if (index == 4 && frame->esr >> 26 == EC_FETCH_EL1) {
		frame->elr = frame->x[30]; /* as if it had returned */
	} else if (index == 4 && frame->esr >> 26 == EC_DATA_EL1) {
		frame->elr += 4;
	} else {
		print("FAIL unexpected exception: esr ");
		print_hex(frame->esr);
		print(" elr ");
		print_hex(frame->elr);
		print("\n");
		guest_exit(1);
	}
}

/* ---- one instruction each, faults and all ---- */

static uint64_t load(uint64_t va)
{
	uint64_t value = 0;

	taken.count = 0;
	__asm__ volatile("ldr	%0, [%1]" : "+r"(value) : "r"(va) : "memory");
	return value;
}

static uint64_t load_unprivileged(uint64_t va)
{
	uint64_t value = 0;

	taken.count = 0;
	__asm__ volatile("ldtr	%0, [%1]" : "+r"(value) : "r"(va) : "memory");
	return value;
}

static void store(uint64_t va, uint64_t value)
{
	taken.count = 0;
	__asm__ volatile("str	%0, [%1]" ::"r"(value), "r"(va) : "memory");
}

static void zero_line(uint64_t va)
{
	taken.count = 0;
	__asm__ volatile("dc	zva, %0" ::"r"(va) : "memory");
}

static uint64_t call(uint64_t va)
{
	register uint64_t x0 __asm__("x0") = 0;

	taken.count = 0;
	__asm__ volatile("blr	%1" : "+r"(x0) : "r"(va) : "x30", "memory");
	return x0;
}

static void el0(const char *code, uint64_t x0)
{
	taken.count = 0;
	el0_enter(TEST_PAGE(PAGE_CODE) + (uint64_t)(code - el0_code), x0,
		  TEST_PAGE(PAGE_USER) + PAGE_BYTES);
}

/* ---- verdicts ---- */

static void check(bool right, const char *what)
{
	checks++;
	failures += !right;
	print(right ? "OK " : "FAIL ");
	print(what);
	if (!right) {
		print(": exceptions ");
		print_number(taken.count);
		print(" esr ");
		print_hex(taken.esr);
		print(" far ");
		print_hex(taken.far);
	}
	print("\n");
}

static void check_value(uint64_t value, uint64_t want, const char *what)
{
	check(!taken.count && value == want, what);
}

static void check_none(const char *what)
{
	check(!taken.count, what);
}

static void check_fault(uint64_t esr, uint64_t far, const char *what)
{
	check(taken.count == 1 && taken.esr == esr && taken.far == far, what);
}

static void load_faults(uint64_t va, unsigned int fsc, const char *what)
{
	load(va);
	check_fault(ESR(EC_DATA_EL1, fsc), va, what);
}

static void store_faults(uint64_t va, unsigned int fsc, const char *what)
{
	store(va, 0);
	check_fault(ESR(EC_DATA_EL1, fsc | ISS_WRITE), va, what);
}

/* ---- changing live entries ---- */

static void entry_make(volatile uint64_t *entry, uint64_t value)
{
	*entry = value;
	__asm__ volatile("dsb	ishst\n\tisb" ::: "memory");
}

#define TLBI(op, operand)                                                \
	__asm__ volatile("dsb	ishst\n\ttlbi	" op ", %0\n\tdsb	ish\n" \
			 "	isb" ::"r"((uint64_t)(operand))          \
			 : "memory")
#define TLBI_VA(va) ((va) >> 12 & UINT64_C(0xfffffffffff))

static void invalidate_all(void)
{
	__asm__ volatile("dsb	ishst\n\ttlbi	vmalle1is\n\tdsb	ish\n"
			 "	isb" ::
				 : "memory");
}

/* Break before make: the break, with the invalidation that ends it. */
static void entry_break(volatile uint64_t *entry, uint64_t va)
{
	*entry = 0;
	TLBI("vaae1is", TLBI_VA(va));
}

static uint64_t address_translate_read(uint64_t va)
{
	uint64_t par;

	__asm__ volatile("at	s1e1r, %1\n\tisb\n\tmrs	%0, par_el1"
			 : "=r"(par)
			 : "r"(va)
			 : "memory");
	return par;
}

static uint64_t address_translate_write(uint64_t va)
{
	uint64_t par;

	__asm__ volatile("at	s1e1w, %1\n\tisb\n\tmrs	%0, par_el1"
			 : "=r"(par)
			 : "r"(va)
			 : "memory");
	return par;
}

static uint64_t address_translate_el0(uint64_t va)
{
	uint64_t par;

	__asm__ volatile("at	s1e0r, %1\n\tisb\n\tmrs	%0, par_el1"
			 : "=r"(par)
			 : "r"(va)
			 : "memory");
	return par;
}

/* ---- tables ---- */

static uint64_t pointer(const uint64_t *table)
{
	return (uintptr_t)table | TABLE_BITS;
}

static void build_pages(void)
{
	uint64_t *t = level3;

	t[PAGE_RW] = FRAME(FRAME_A) | KERNEL_PAGE;
	t[PAGE_RO] = FRAME(FRAME_A) | KERNEL_PAGE | PTE_READ_ONLY;
	t[PAGE_OLD] = FRAME(FRAME_A) | (KERNEL_PAGE & ~PTE_AF);
	t[PAGE_FAR] = UINT64_C(1) << 40 | KERNEL_PAGE;
	t[PAGE_USER] = FRAME(FRAME_USER) | KERNEL_PAGE | PTE_EL0;
	t[PAGE_CODE] = FRAME(FRAME_CODE) | PTE_NORMAL | PTE_PAGE | PTE_EL0 |
		       PTE_READ_ONLY | PTE_PXN;
	t[PAGE_DEVICE] = FRAME(FRAME_DEVICE) | PTE_DEVICE | PTE_PAGE;
	t[PAGE_EXEC] = FRAME(FRAME_CODE) | PTE_NORMAL | PTE_PAGE | PTE_UXN |
		       PTE_READ_ONLY;
	t[PAGE_PXN] = FRAME(FRAME_CODE) | KERNEL_PAGE | PTE_READ_ONLY;
	t[PAGE_MOVE] = FRAME(FRAME_A) | KERNEL_PAGE;
	t[PAGE_ASID] = FRAME(FRAME_A) | KERNEL_PAGE | PTE_NG;
	t[PAGE_GROW] = FRAME(FRAME_GROW) | KERNEL_PAGE | PTE_READ_ONLY;
}

static void build_blocks(void)
{
	uint64_t *t = level2_blocks;

	t[BLOCK_RW] = BLOCK_A | KERNEL_BLOCK;
	t[BLOCK_RO] = BLOCK_A | KERNEL_BLOCK | PTE_READ_ONLY;
	t[BLOCK_OLD] = BLOCK_A | (KERNEL_BLOCK & ~PTE_AF);
	t[BLOCK_SPLIT] = BLOCK_A | KERNEL_BLOCK;
}

/* Pages whose own entries allow all, below tables that do not. */
static void build_hierarchy(uint64_t *level2)
{
	uint64_t *ro = mmu_table_new(), *pxn = mmu_table_new();

	ro[0] = FRAME(FRAME_A) | KERNEL_PAGE;
	pxn[0] = FRAME(FRAME_CODE) | PTE_NORMAL | PTE_PAGE | PTE_READ_ONLY;
	level2[0] = pointer(ro) | PTE_READ_ONLY_TABLE;
	level2[1] = pointer(pxn) | PTE_PXN_TABLE;
}

static void build_low(void)
{
	uint64_t *level1_identity = mmu_table_new(), *level1 = mmu_table_new();
	uint64_t *devices = mmu_table_new(), *ram = mmu_table_new();
	uint64_t *level2 = mmu_table_new(), *hierarchy = mmu_table_new();
	uint64_t i;

	root = mmu_table_new();
	level3 = mmu_table_new();
	level2_blocks = mmu_table_new();
	root[0] = pointer(level1_identity);
	root[1] = pointer(level1);
	level1_identity[0] = pointer(devices);
	level1_identity[1] = pointer(ram);
	devices[0x09000000 / BLOCK_BYTES] = 0x09000000 | PTE_DEVICE;
	for (i = 0; i < 10; i++)
		ram[i] = (RAM_BASE + i * BLOCK_BYTES) | PTE_NORMAL | PTE_UXN;
	level1[0] = pointer(level2);
	level1[1] = pointer(level2_blocks);
	level1[3] = RAM_BASE | KERNEL_BLOCK | PTE_READ_ONLY;
	level1[4] = pointer(hierarchy);
	level2[0] = pointer(level3);
	build_pages();
	build_blocks();
	build_hierarchy(hierarchy);
}

/* TTBR1: a page and a block that alias TTBR0's. */
static void build_high(void)
{
	uint64_t *level2 = mmu_table_new(), *pages = mmu_table_new();

	high = mmu_table_new();
	high[0] = pointer(level2);
	level2[0] = pointer(pages);
	level2[1] = BLOCK_A | KERNEL_BLOCK;
	pages[0] = FRAME(FRAME_A) | KERNEL_PAGE;
}

/* Frames are filled with the MMU on, through the identity map. */
static void fill_frames(void)
{
	uint64_t i, words = (uint64_t)(el0_code_end - el0_code) / 4;
	volatile uint32_t *code = (uint32_t *)FRAME(FRAME_CODE);

	store(FRAME(FRAME_A), VALUE_A);
	store(FRAME(FRAME_B), VALUE_B);
	store(BLOCK_A, VALUE_A);
	store(BLOCK_A + 0x123000, VALUE_B);
	for (i = 0; i < words; i++)
		code[i] = ((const uint32_t *)(const void *)el0_code)[i];
	for (i = 0; i < words * 4; i += 4)
		__asm__ volatile("dc	cvau, %0" ::"r"(&code[i / 4])
				 : "memory");
	__asm__ volatile("dsb	ish" ::: "memory");
	for (i = 0; i < words * 4; i += 4)
		__asm__ volatile("ic	ivau, %0" ::"r"(&code[i / 4])
				 : "memory");
	__asm__ volatile("dsb	ish\n\tisb" ::: "memory");
}

/* ---- the checks ---- */

static void check_aliases(void)
{
	check_value(load(TEST_PAGE(PAGE_RW)), VALUE_A, "page reads its frame");
	check_value(load(TEST_PAGE(PAGE_RO)), VALUE_A, "read-only page reads");
	check_value(load(TEST_BLOCK(BLOCK_RW)), VALUE_A, "2M block reads");
	check_value(load(TEST_BLOCK(BLOCK_RW) + 0x123000), VALUE_B,
		    "2M block reads far inside");
	check_value(load(TEST_GIGA + FRAME(FRAME_B) - RAM_BASE), VALUE_B,
		    "1G block reads");
	check_value(load(HIGH_BASE), VALUE_A, "TTBR1 page reads");
	check_value(load(HIGH_BASE + BLOCK_BYTES), VALUE_A,
		    "TTBR1 block reads");
	store(HIGH_BASE + 8, 5);
	check_value(load(TEST_PAGE(PAGE_RW) + 8), 5,
		    "a store through TTBR1 is seen through TTBR0");
	store(TEST_BLOCK(BLOCK_RW) + 0x1ffff8, 6);
	check_value(load(HIGH_BASE + BLOCK_BYTES + 0x1ffff8), 6,
		    "and the other way round, at a block's end");
}

static void check_translation_faults(void)
{
	load_faults(TEST_PAGE(PAGE_NONE) + 0x123, FSC_TRANSLATION(3),
		    "no page: translation, level 3");
	load_faults(TEST_BLOCK(BLOCK_NONE) + 0x12345, FSC_TRANSLATION(2),
		    "no block: translation, level 2");
	load_faults(TEST_BASE + 0x80000000, FSC_TRANSLATION(1),
		    "no level-2 table: translation, level 1");
	load_faults(2 * TEST_BASE, FSC_TRANSLATION(0),
		    "no level-1 table: translation, level 0");
	load_faults(UINT64_C(1) << 52, FSC_TRANSLATION(0),
		    "beyond T0SZ: translation, level 0");
	load_faults(HIGH_BASE + PAGE_BYTES, FSC_TRANSLATION(3),
		    "TTBR1, no page: translation, level 3");
	load_faults(HIGH_BASE + 0x40000000, FSC_TRANSLATION(1),
		    "TTBR1, no level-2 table: translation, level 1");
	load_faults(HIGH_BASE - 8, FSC_TRANSLATION(0),
		    "below T1SZ: translation, level 0");
	store_faults(TEST_PAGE(PAGE_NONE), FSC_TRANSLATION(3),
		     "a store says so: WnR");
}

static void check_other_faults(void)
{
	store_faults(TEST_PAGE(PAGE_RO) + 0x18, FSC_PERMISSION(3),
		     "store to read-only page: permission, level 3");
	store_faults(TEST_BLOCK(BLOCK_RO) + 0x1ff000, FSC_PERMISSION(2),
		     "store to read-only 2M block: permission, level 2");
	store_faults(TEST_GIGA + 0x1000000, FSC_PERMISSION(1),
		     "store to read-only 1G block: permission, level 1");
	load_faults(TEST_PAGE(PAGE_OLD), FSC_ACCESS_FLAG(3),
		    "AF clear: access flag, level 3");
	load_faults(TEST_BLOCK(BLOCK_OLD), FSC_ACCESS_FLAG(2),
		    "AF clear in block: access flag, level 2");
	load_faults(TEST_PAGE(PAGE_FAR), FSC_ADDRESS_SIZE(3),
		    "output beyond IPS: address size, level 3");
	load_faults(TEST_PAGE(PAGE_DEVICE) + 1, FSC_ALIGNMENT,
		    "unaligned load from Device: alignment");
	load(TEST_PAGE(PAGE_DEVICE) + 8);
	check_none("aligned load from Device");
	check_value(load(TEST_RO_TABLE), VALUE_A, "APTable: load");
	store_faults(TEST_RO_TABLE, FSC_PERMISSION(3),
		     "APTable: store: permission, level 3");
	zero_line(TEST_PAGE(PAGE_RO) + 0x40);
	check_fault(ESR(EC_DATA_EL1, FSC_PERMISSION(3) | ISS_WRITE),
		    TEST_PAGE(PAGE_RO) + 0x40, "DC ZVA to read-only page");
	store(TEST_PAGE(PAGE_RW) + 0x40, ~UINT64_C(0));
	zero_line(TEST_PAGE(PAGE_RW) + 0x40);
	check_value(load(TEST_PAGE(PAGE_RW) + 0x40), 0, "DC ZVA zeroes");
}

static void check_execution(void)
{
	uint64_t offset = (uint64_t)(el1_code - el0_code);

	check_value(call(TEST_PAGE(PAGE_EXEC) + offset), 77,
		    "code page executes at EL1");
	call(TEST_PAGE(PAGE_PXN) + offset);
	check_fault(ESR(EC_FETCH_EL1, FSC_PERMISSION(3)),
		    TEST_PAGE(PAGE_PXN) + offset, "PXN: permission, level 3");
	call(TEST_BLOCK(BLOCK_RW) + 0x40);
	check_fault(ESR(EC_FETCH_EL1, FSC_PERMISSION(2)),
		    TEST_BLOCK(BLOCK_RW) + 0x40,
		    "PXN in block: permission, level 2");
	call(TEST_PXN_TABLE + offset);
	check_fault(ESR(EC_FETCH_EL1, FSC_PERMISSION(3)),
		    TEST_PXN_TABLE + offset, "PXNTable: permission, level 3");
	call(TEST_PAGE(PAGE_NONE));
	check_fault(ESR(EC_FETCH_EL1, FSC_TRANSLATION(3)), TEST_PAGE(PAGE_NONE),
		    "call of nothing: translation");
}

static void check_svc(unsigned int number, uint64_t x0, const char *what)
{
	check(taken.count == 1 && taken.esr == ESR(EC_SVC, number) &&
		      taken.x0 == x0,
	      what);
}

static void check_el0(void)
{
	uint64_t user = TEST_PAGE(PAGE_USER), kernel = TEST_PAGE(PAGE_RW);

	el0(el0_code, 41);
	check_svc(7, 42, "EL0 runs, SVC #7 arrives");
	check(taken.elr == TEST_PAGE(PAGE_CODE) + 8, "ELR is after the SVC");
	store(user, VALUE_B);
	el0(el0_load, user);
	check_svc(1, VALUE_B, "EL0 loads from its page");
	el0(el0_stack, VALUE_A);
	check_svc(3, VALUE_A, "EL0 has a stack");
	el0(el0_load, kernel);
	check_fault(ESR(EC_DATA_EL0, FSC_PERMISSION(3)), kernel,
		    "EL0 loads from the kernel's: permission");
	el0(el0_store, TEST_PAGE(PAGE_CODE) + 0x800);
	check_fault(ESR(EC_DATA_EL0, FSC_PERMISSION(3) | ISS_WRITE),
		    TEST_PAGE(PAGE_CODE) + 0x800,
		    "EL0 stores to its code: permission");
	el0(el0_load, TEST_PAGE(PAGE_NONE));
	check_fault(ESR(EC_DATA_EL0, FSC_TRANSLATION(3)), TEST_PAGE(PAGE_NONE),
		    "EL0 loads from nothing: translation");
	el0(el0_jump, user + 0x10);
	check_fault(ESR(EC_FETCH_EL0, FSC_PERMISSION(3)), user + 0x10,
		    "EL0 jumps into its data: permission");
	el0(el0_jump, TEST_PAGE(PAGE_EXEC));
	check_fault(ESR(EC_FETCH_EL0, FSC_PERMISSION(3)), TEST_PAGE(PAGE_EXEC),
		    "EL0 jumps into the kernel: permission");
	el0(el0_jump, TEST_PAGE(PAGE_NONE));
	check_fault(ESR(EC_FETCH_EL0, FSC_TRANSLATION(3)), TEST_PAGE(PAGE_NONE),
		    "EL0 jumps nowhere: translation");
	check_value(load_unprivileged(user), VALUE_B, "LDTR of EL0's page");
	load_unprivileged(kernel);
	check_fault(ESR(EC_DATA_EL1, FSC_PERMISSION(3)), kernel,
		    "LDTR of the kernel's page: permission");
}

static void check_page_changes(void)
{
	uint64_t va = TEST_PAGE(PAGE_MOVE), late = TEST_PAGE(PAGE_LATE);
	uint64_t grow = TEST_PAGE(PAGE_GROW), old = TEST_PAGE(PAGE_OLD);

	check_value(load(va), VALUE_A, "page before it moves");
	entry_break(&level3[PAGE_MOVE], va);
	load_faults(va, FSC_TRANSLATION(3), "page broken");
	entry_make(&level3[PAGE_MOVE], FRAME(FRAME_B) | KERNEL_PAGE);
	check_value(load(va), VALUE_B, "page made again, elsewhere");

	load_faults(late, FSC_TRANSLATION(3), "page not there yet");
	entry_make(&level3[PAGE_LATE], FRAME(FRAME_A) | KERNEL_PAGE);
	check_value(load(late), VALUE_A, "and there without a TLBI");

	entry_make(&level3[PAGE_OLD], FRAME(FRAME_A) | KERNEL_PAGE);
	check_value(load(old), VALUE_A, "AF set needs no TLBI");

	load(grow);
	level3[PAGE_GROW] = FRAME(FRAME_GROW) | KERNEL_PAGE;
	TLBI("vale1is", TLBI_VA(grow));
	store(grow, 9);
	check_value(load(grow), 9, "page made writable, with TLBI VALE1IS");
	level3[PAGE_GROW] |= PTE_READ_ONLY;
	invalidate_all();
	store_faults(grow, FSC_PERMISSION(3),
		     "and read-only again, with TLBI VMALLE1IS");
}

static void check_block_changes(void)
{
	uint64_t *pages = mmu_table_new(), va = TEST_BLOCK(BLOCK_SPLIT), i;

	check_value(load(va + 0x123000), VALUE_B, "block before it splits");
	for (i = 0; i < 512; i++)
		pages[i] = (BLOCK_A + i * PAGE_BYTES) | KERNEL_PAGE;
	pages[1] |= PTE_READ_ONLY;
	entry_break(&level2_blocks[BLOCK_SPLIT], va);
	load_faults(va, FSC_TRANSLATION(2), "block broken");
	entry_make(&level2_blocks[BLOCK_SPLIT], pointer(pages));
	check_value(load(va + 0x123000), VALUE_B, "block split into pages");
	store_faults(va + PAGE_BYTES, FSC_PERMISSION(3),
		     "one of them read-only");
	store(va, VALUE_A);
	check_none("its neighbour not");
	level2_blocks[BLOCK_SPLIT] = 0;
	invalidate_all(); /* by address it would be 512 pages */
	load_faults(va + 0x123000, FSC_TRANSLATION(2), "table broken");
	entry_make(&level2_blocks[BLOCK_SPLIT], BLOCK_A | KERNEL_BLOCK);
	check_value(load(va + 0x123000), VALUE_B, "pages whole again");
	store(va + PAGE_BYTES, 1);
	check_none("and all of it writable");
}

static void set_ttbr0(const uint64_t *table, uint64_t asid)
{
	__asm__ volatile("msr	ttbr0_el1, %0\n\tisb" ::"r"((uintptr_t)table |
							    asid << 48)
			 : "memory");
}

/* A second set of tables, in which the page is another frame. */
static uint64_t *build_second_root(void)
{
	uint64_t *second = mmu_table_new(), *level1 = mmu_table_new();
	uint64_t *level2 = mmu_table_new(), *pages = mmu_table_new();

	second[0] = root[0];
	second[1] = pointer(level1);
	level1[0] = pointer(level2);
	level2[0] = pointer(pages);
	pages[PAGE_ASID] = FRAME(FRAME_B) | KERNEL_PAGE | PTE_NG;
	__asm__ volatile("dsb	ishst" ::: "memory");
	return second;
}

static void check_asids(void)
{
	uint64_t *second = build_second_root(), va = TEST_PAGE(PAGE_ASID);

	set_ttbr0(root, 1);
	check_value(load(va), VALUE_A, "ASID 1 has its page");
	set_ttbr0(second, 2);
	check_value(load(va), VALUE_B, "ASID 2 has another, without a TLBI");
	set_ttbr0(root, 1);
	check_value(load(va), VALUE_A, "and ASID 1 its own still");
	TLBI("aside1is", UINT64_C(1) << 48);
	check_value(load(va), VALUE_A, "also after TLBI ASIDE1IS");
	set_ttbr0(root, 0);
}

static void check_at_fault(uint64_t par, unsigned int fsc, const char *what)
{
	taken.count = 0;
	check((par & 1) && (par >> 1 & 0x3f) == fsc, what);
}

static void check_at_address(uint64_t par, uint64_t want, const char *what)
{
	taken.count = 0;
	check(!(par & 1) && (par & PTE_ADDRESS) == want, what);
}

static void check_at(void)
{
	uint64_t rw = TEST_PAGE(PAGE_RW), ro = TEST_PAGE(PAGE_RO);

	check_at_address(address_translate_read(rw + 0x123), FRAME(FRAME_A),
			 "AT S1E1R of a page");
	check(address_translate_read(rw) >> 56 == 0xff,
	      "its PAR says write-back");
	check_at_address(address_translate_read(TEST_BLOCK(BLOCK_RW) + 0x45678),
			 BLOCK_A + 0x45000, "AT S1E1R inside a block");
	check_at_address(address_translate_write(rw), FRAME(FRAME_A),
			 "AT S1E1W of a page");
	check_at_fault(address_translate_write(ro), FSC_PERMISSION(3),
		       "AT S1E1W of a read-only page: permission, level 3");
	check_at_fault(address_translate_read(TEST_PAGE(PAGE_NONE)),
		       FSC_TRANSLATION(3), "AT S1E1R of nothing: translation");
	check_at_address(address_translate_el0(TEST_PAGE(PAGE_USER)),
			 FRAME(FRAME_USER), "AT S1E0R of EL0's page");
	check_at_fault(address_translate_el0(rw), FSC_PERMISSION(3),
		       "AT S1E0R of the kernel's page: permission");
	check_at_address(address_translate_read(HIGH_BASE + BLOCK_BYTES),
			 BLOCK_A, "AT S1E1R through TTBR1");
}

static void check_table_disable(void)
{
	__asm__ volatile("msr	tcr_el1, %0\n\tisb\n\ttlbi	vmalle1\n"
			 "	dsb	nsh\n\tisb" ::"r"(tcr | TCR_EPD1)
			 : "memory");
	load_faults(HIGH_BASE, FSC_TRANSLATION(0),
		    "EPD1: translation, level 0");
	__asm__ volatile("msr	tcr_el1, %0\n\tisb" ::"r"(tcr) : "memory");
	check_value(load(HIGH_BASE), VALUE_A, "and back without EPD1");
}

uint64_t guest_main(void)
{
	build_low();
	build_high();
	tcr = TCR_T0SZ(48) | TCR_WALKS0 | TCR_T1SZ(39) | TCR_WALKS1 |
	      TCR_TG1_4K | TCR_IPS_40;
	__asm__ volatile("dsb	ish" ::: "memory");
	mmu_enable((uintptr_t)root, (uintptr_t)high, tcr, MAIR_VALUE);
	fill_frames();
	check_aliases();
	check_translation_faults();
	check_other_faults();
	check_execution();
	check_el0();
	check_page_changes();
	check_block_changes();
	check_asids();
	check_at();
	check_table_disable();
	print("owntables: ");
	print_number(checks);
	print(" checks, ");
	print_number(failures);
	print(" failed\n");
	return failures != 0;
}
