/* SPDX-License-Identifier: BSD-2-Clause */
/* A kernel in the guest's place: EL0 runs, everything else comes here. */
#include "tests/unit/sim/guest_bench.h"

#include "tests/unit/sim/guest_programs.h"

#define TABLE	UINT64_C(0x40090000)
#define USER_VA UINT64_C(0x10000000)

/* Level-1 blocks of 1 GiB, readable and writable at EL0. */
#define BLOCK_EL0 UINT64_C(0x741)

struct toy {
	struct bench *b;
	unsigned int faults, undefined, calls;
	struct arm_fault fault;
	uint64_t at;
	struct guest_regs last;
};

static bool toy_svc(void *context, struct machine_cpu *cpu,
		    struct guest_regs *regs, struct error_line *died)
{
	struct toy *k = context;

	(void)cpu;
	k->calls++;
	k->last = *regs;
	if (regs->x[8] == 93) {
		k->b->m->ended = true;
		return true;
	}
	if (regs->x[8] != 42)
		return error_set(died, EXIT_GUEST, "call %llu",
				 (unsigned long long)regs->x[8]);
	regs->x[0] = 0x55;
	regs->x[30] = 0x66;
	return true;
}

/* Maps what is missing; skips what is undefined. */
static bool toy_fault(void *context, struct machine_cpu *cpu,
		      struct guest_regs *regs, const struct arm_fault *fault,
		      struct error_line *died)
{
	struct toy *k = context;
	uint64_t block = UINT64_C(0x40000000) | BLOCK_EL0;

	(void)died;
	if (!fault) {
		k->undefined++;
		regs->pc += 4;
		return true;
	}
	k->faults++;
	k->fault = *fault;
	k->at = regs->pc;
	/* VA 0x10000000 is in the first GiB: IPA 0x50000000 is not RAM of a
	 * 64 MiB machine, so a page table is needed. */
	block = TABLE | 0x1003;
	machine_guest_copy_in(k->b->m, (ipa_t){ TABLE }, &block, 8);
	(void)cpu;
	return true;
}

static void write64(struct bench *b, uint64_t ipa, uint64_t value)
{
	assert_true(machine_guest_copy_in(b->m, (ipa_t){ ipa }, &value, 8));
}

/* L1[1]: the identity block. L2 and L3 for USER_VA stand ready, L1[0] is
 * left to the fault handler. */
static void build_tables(struct bench *b)
{
	write64(b, TABLE + 8, UINT64_C(0x40000000) | BLOCK_EL0);
	write64(b, TABLE + 0x1000 + 8 * (USER_VA >> 21), TABLE | 0x2003);
	write64(b, TABLE + 0x2000, RESULTS | BLOCK_EL0 | 2);
}

static void set_registers(struct bench *b)
{
	struct machine_cpu *cpu = &b->m->cpu[0];

	machine_sysreg(b->m, cpu, ARM_MAIR_EL1, 0xff);
	machine_sysreg(b->m, cpu, ARM_TCR_EL1, 0x803519);
	machine_sysreg(b->m, cpu, ARM_TTBR0_EL1, TABLE);
	machine_sysreg(b->m, cpu, ARM_SCTLR_EL1, 0x1005);
}

static void a_kernel_sees_calls_faults_and_undefined(void **state)
{
	struct bench b;
	struct toy k = { .b = &b };
	const struct guest_kernel ops = { &k, toy_svc, toy_fault };
	struct guest_limits limits = { .instructions = 10000 };
	struct guest_regs regs = {
		.x = { USER_VA }, .sp = 0x1230, .pc = CODE, .tpidr = 0x9999
	};

	(void)state;
	bench_init(&b, NULL, false, &ops, program_user);
	build_tables(&b);
	set_registers(&b);
	guest_start_el0(b.g, &regs);
	if (guest_run(b.g, &limits, &b.error) != GUEST_ENDED)
		fail_msg("%s", b.error.text);
	assert_int_equal(k.faults, 1);
	assert_int_equal(k.fault.va.raw, USER_VA + 0x10);
	assert_int_equal(k.fault.kind, ARM_FAULT_TRANSLATION);
	assert_true(k.fault.access & ARM_ACCESS_WRITE);
	assert_int_equal(k.at, CODE + 8);
	assert_int_equal(k.undefined, 1);
	assert_int_equal(k.calls, 2);
	/* What it gave back, and what the program did with it. */
	assert_int_equal(k.last.x[0], 0x55);
	assert_int_equal(k.last.x[30], 0x66);
	assert_int_equal(k.last.x[2], 0x1234);
	assert_int_equal(k.last.x[3], 62500000);
	assert_int_equal(k.last.sp, 0x1230);
	assert_int_equal(k.last.tpidr, 0x1234);
	assert_int_equal(k.last.pc, CODE + 4 * 11);
	assert_int_equal(bench_word(&b, RESULTS + 0x10), 0x1234);
	/* The store twice: the attempt that faulted, and the one after. */
	assert_int_equal(b.m->cpu[0].data_accesses[1], 2);
	assert_int_equal(b.m->cpu[0].data_accesses[0], 1);
	assert_int_equal(b.m->cpu[0].instructions, 10);
	bench_fini(&b);
}

static void vector_registers_can_be_exchanged(void **state)
{
	struct bench b;
	struct toy k = { .b = &b };
	const struct guest_kernel ops = { &k, toy_svc, toy_fault };
	struct guest_fp fp = { .fpcr = 1 << 22, .fpsr = 8 }, back;

	(void)state;
	for (int i = 0; i < 32; i++) {
		fp.v[i][0] = (uint64_t)i;
		fp.v[i][1] = ~(uint64_t)i;
	}
	bench_init(&b, NULL, false, &ops, NULL);
	guest_fp_put(b.g, &b.m->cpu[0], &fp);
	memset(&back, 0xee, sizeof(back));
	guest_fp_get(b.g, &b.m->cpu[0], &back);
	assert_memory_equal(&fp, &back, sizeof(fp));
	bench_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kernel_sees_calls_faults_and_undefined),
		cmocka_unit_test(vector_registers_can_be_exchanged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
