/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cache maintenance by set/way as the machine emulates it: what traps, what a
 * batch cleans, which faults tracking takes and what all of that costs. 16 MiB
 * in 8 blocks of 2 MiB below one entry of the root; see machine_bench.h.
 */
#include "tests/unit/sim/machine_bench.h"

#define DC_ISW	  ARM_SYSREG(1, 0, 7, 6, 2)
#define DC_CSW	  ARM_SYSREG(1, 0, 7, 10, 2)
#define BLOCK_PAGES 512
#define CACHES_ON  0x1005
#define CACHES_OFF 0x1000
#define CONTEXTIDR ((enum arm_sysreg)ARM_SYSREG(3, 0, 13, 0, 1))

static const char *const full[] = { "policy.p2m.set_way=full", NULL };
static const char *const late[] = { "policy.p2m.set_way=track-late", NULL };

static struct setway *start(struct bench *b, const char *const *sets)
{
	bench_init(b, sets);
	machine_start(b->m);
	rebase(b);
	return &b->m->hypervisor->setway;
}

static void set_way(struct bench *b)
{
	assert_true(machine_dc(b->m, b->cpu, DC_CISW, 0, &b->fault));
}

static void caches(struct bench *b, bool on)
{
	assert_true(machine_sysreg(b->m, b->cpu, ARM_SCTLR_EL1,
				   on ? CACHES_ON : CACHES_OFF));
}

static uint64_t trap_charge(const struct bench *b)
{
	return b->cpu->by[BUCKET_TRAP] >> CYCLE_LG2;
}

/* Root entry, then the tables' block; then the data's block. */
static void tracking_faults_one_table_at_a_time(void **state)
{
	struct bench b;
	struct setway *s;

	(void)state;
	s = start(&b, NULL);
	assert_int_equal(setway_counts(b.m->hypervisor).invalidations, 1);
	touch_ok(&b, PAGE(0) + DATA, LOAD(8));
	assert_int_equal(setway_counts(b.m->hypervisor).faults, 3);
	assert_int_equal(b.cpu->faults[1][ARM_FAULT_TRANSLATION], 3);
	assert_int_equal(trap_charge(&b), 3 * 1000);
	touch_ok(&b, PAGE(0) + DATA, STORE(8));
	touch_ok(&b, PAGE(1) + DATA, STORE(8)); /* the same block */
	assert_int_equal(setway_counts(b.m->hypervisor).faults, 3);
	assert_true(s->worst_fault > 1000 * CYCLE);
	bench_fini(&b);
}

static void nothing_traps_before_the_guest_runs(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, NULL);
	set_way(&b);
	assert_int_equal(b.m->hypervisor->setway.traps, 0);
	assert_int_equal(setway_counts(b.m->hypervisor).invalidations, 0);
	touch_ok(&b, PAGE(0), LOAD(8));
	assert_int_equal(b.cpu->faults[1][ARM_FAULT_TRANSLATION], 0);
	bench_fini(&b);
}

static void a_batch_cleans_what_was_accessed(void **state)
{
	struct bench b;
	struct setway *s;

	(void)state;
	s = start(&b, NULL);
	touch_ok(&b, PAGE(0) + DATA, STORE(8));
	rebase(&b);
	set_way(&b);
	assert_int_equal(setway_counts(b.m->hypervisor).frames_cleaned, 2 * BLOCK_PAGES);
	assert_int_equal(setway_counts(b.m->hypervisor).batches, 1);
	assert_int_equal(setway_counts(b.m->hypervisor).invalidations, 2);
	/* 64-byte lines at 10 cycles each. */
	assert_true(b.cpu->by[BUCKET_MAINTENANCE] >> CYCLE_LG2 >=
		    2 * BLOCK_PAGES * 64 * 10);
	assert_true(s->worst_trap >> CYCLE_LG2 >= 2 * BLOCK_PAGES * 64 * 10);
	/* The rest of the loop traps, and does no more. */
	for (int i = 0; i < 100; i++)
		set_way(&b);
	assert_int_equal(s->traps, 101);
	assert_int_equal(setway_counts(b.m->hypervisor).batches, 1);
	/* Nothing was accessed since: nothing to clean. */
	caches(&b, false);
	assert_int_equal(setway_counts(b.m->hypervisor).batches, 2);
	assert_int_equal(setway_counts(b.m->hypervisor).frames_cleaned, 2 * BLOCK_PAGES);
	bench_fini(&b);
}

static void full_cleans_everything_and_never_faults(void **state)
{
	struct bench b;

	(void)state;
	start(&b, full);
	touch_ok(&b, PAGE(0) + DATA, STORE(8));
	set_way(&b);
	assert_int_equal(setway_counts(b.m->hypervisor).frames_cleaned, 8 * BLOCK_PAGES);
	assert_int_equal(setway_counts(b.m->hypervisor).invalidations, 0);
	assert_int_equal(b.cpu->faults[1][ARM_FAULT_TRANSLATION], 0);
	bench_fini(&b);
}

/* TVM: from the first DC by set/way until caches are on. */
static void register_writes_trap_in_between(void **state)
{
	struct bench b;
	struct setway *s;
	uint64_t before;

	(void)state;
	s = start(&b, NULL);
	assert_true(machine_sysreg(b.m, b.cpu, CONTEXTIDR, 1));
	EXPECT_NOTHING(&b);
	set_way(&b);
	before = trap_charge(&b);
	assert_true(machine_sysreg(b.m, b.cpu, CONTEXTIDR, 2));
	assert_true(machine_sysreg(b.m, b.cpu, ARM_TTBR0_EL1, ROOT));
	assert_int_equal(s->vm_traps, 2);
	assert_int_equal(setway_counts(b.m->hypervisor).batches, 1); /* neither is a toggle */
	caches(&b, false);
	assert_true(machine_sysreg(b.m, b.cpu, CONTEXTIDR, 3));
	caches(&b, true);
	assert_int_equal(s->vm_traps, 5);
	assert_int_equal(setway_counts(b.m->hypervisor).batches, 3);
	assert_int_equal(trap_charge(&b) - before, 5 * 1000);
	assert_true(machine_sysreg(b.m, b.cpu, CONTEXTIDR, 4));
	caches(&b, false);
	assert_int_equal(s->vm_traps, 5);
	assert_false(machine_sysreg(b.m, b.cpu,
				    (enum arm_sysreg)ARM_SYSREG(3, 0, 12, 0, 0),
				    0));
	bench_fini(&b);
}

static void late_does_not_track_anew_when_caches_come_on(void **state)
{
	static const char *const *const sets[] = { NULL, late };
	static const uint64_t want[] = { 4, 3 };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct bench b;

		start(&b, sets[i]);
		touch_ok(&b, PAGE(0) + DATA, STORE(8));
		set_way(&b);
		caches(&b, false);
		caches(&b, true);
		assert_int_equal(setway_counts(b.m->hypervisor).invalidations, want[i]);
		bench_fini(&b);
	}
}

/* TVM is one CPU's: the other's writes are its own affair. */
static void each_cpu_traps_for_itself(void **state)
{
	static const char *const two[] = { "cpu.count=2", NULL };
	struct bench b;
	struct setway *s;

	(void)state;
	s = start(&b, two);
	turn_mmu_on(&b, 1);
	assert_int_equal(s->vm_traps, 0);
	set_way(&b);
	assert_true(machine_sysreg(b.m, &b.m->cpu[1], CONTEXTIDR, 1));
	assert_int_equal(s->vm_traps, 0);
	assert_true(machine_dc(b.m, &b.m->cpu[1], DC_ISW, 0, &b.fault));
	assert_int_equal(setway_counts(b.m->hypervisor).batches, 2);
	assert_true(machine_sysreg(b.m, &b.m->cpu[1], ARM_SCTLR_EL1,
				   CACHES_OFF));
	assert_true(machine_sysreg(b.m, &b.m->cpu[1], ARM_SCTLR_EL1,
				   CACHES_ON));
	assert_int_equal(s->vm_traps, 2);
	/* CPU 0 still waits for its caches' second toggle. */
	caches(&b, false);
	assert_int_equal(s->vm_traps, 3);
	bench_fini(&b);
}

static void a_long_batch_is_cut(void **state)
{
	static const char *const cut[] = { "policy.p2m.set_way=full",
					   "hypervisor.preempt=100000", NULL };
	static const char *const whole[] = { "policy.p2m.set_way=full",
					     "hypervisor.preempt=0", NULL };
	struct bench b;
	struct setway *s;
	uint64_t took;

	(void)state;
	s = start(&b, whole);
	set_way(&b);
	assert_int_equal(s->pieces, 1);
	took = s->worst_trap;
	bench_fini(&b);
	s = start(&b, cut);
	set_way(&b);
	/* 2 MiB, 32768 lines of 10 cycles, between two looks; behind the last
	 * the space goes on. */
	assert_int_equal(s->pieces, 9);
	assert_true(s->worst_piece < took / 7);
	assert_in_range(s->worst_trap, took, took + took / 100);
	assert_int_equal(setway_counts(b.m->hypervisor).frames_cleaned, 8 * BLOCK_PAGES);
	bench_fini(&b);
}

static void hostile_operands_trap_and_do_no_more(void **state)
{
	static const unsigned int op[] = { DC_ISW, DC_CSW, DC_CISW };
	struct model_random random;
	struct bench b;
	struct setway *s;

	(void)state;
	s = start(&b, NULL);
	model_random_seed(&random, 3);
	for (unsigned int i = 0; i < 3000; i++)
		assert_true(machine_dc(b.m, b.cpu, op[i % 3],
				       model_random_next(&random), &b.fault));
	assert_int_equal(s->traps, 3000);
	assert_int_equal(setway_counts(b.m->hypervisor).batches, 1);
	assert_null(b.m->not_modelled);
	bench_fini(&b);
}

/* What the guest took away stays away; what may only be read, too. */
static void tracking_gives_no_more_than_there_was(void **state)
{
	struct arm_translation t;
	struct bench b;

	(void)state;
	start(&b, NULL);
	assert_int_equal(call(&b, P2M_PROTECT, (PAGE_IPA >> 12) + 1, 1, 1), 0);
	assert_int_equal(call(&b, P2M_REMOVE, (PAGE_IPA >> 12) + 2, 1, 0), 0);
	set_way(&b);
	caches(&b, true);
	assert_int_equal(machine_prepare(b.m, b.cpu, (va_t){ PAGE(1) }, STORE(8),
					 &t, &b.fault),
			 MACHINE_FAULT);
	assert_int_equal(touch(&b, PAGE(1), STORE(8)), MACHINE_FAULT);
	touch_ok(&b, PAGE(1), LOAD(8));
	assert_int_equal(touch(&b, PAGE(2), LOAD(8)), MACHINE_FAULT);
	bench_fini(&b);
}

/* A look through tracking leaves no trace. */
static void looking_through_changes_nothing(void **state)
{
	struct arm_translation t;
	struct bench b;

	(void)state;
	start(&b, NULL);
	assert_true(machine_probe(b.m, b.cpu, (va_t){ PAGE(3) },
				  ARM_ACCESS_WRITE, &t, &b.fault));
	assert_int_equal(t.ipa.raw, PAGE_IPA + 3 * 4096);
	assert_int_equal(machine_prepare(b.m, b.cpu, (va_t){ PAGE(3) }, STORE(8),
					 &t, &b.fault),
			 MACHINE_OK);
	EXPECT_NOTHING(&b);
	touch_ok(&b, PAGE(3), STORE(8));
	assert_int_equal(setway_counts(b.m->hypervisor).faults, 3);
	bench_fini(&b);
}

static void sharing_with_an_iommu_is_refused_with_the_reason(void **state)
{
	struct config_set set = { "guest.ram_mib=16" };
	struct machine_config config;
	struct error_line error;
	struct machine *m;

	(void)state;
	assert_true(config_load(&config, "tiny", NULL, &set, 1, NULL, &error));
	config.share_pt = true;
	m = machine_new(&config, &error);
	assert_non_null(m);
	assert_false(machine_boot(m, &error));
	assert_int_equal(error.exit_code, EXIT_INPUT);
	assert_non_null(strstr(error.text, "policy.p2m.set_way track"));
	assert_non_null(strstr(error.text, "share_pt"));
	machine_free(m);
	config.set_way = P2M_SETWAY_FULL;
	m = machine_new(&config, &error);
	assert_true(machine_boot(m, &error));
	machine_free(m);
	config_fini(&config);
}

/* Contiguity markers and tracking do not go together: said in statistics. */
static void coalescing_makes_batches_full(void **state)
{
	static const char *const eager[] = { "policy.p2m.coalesce=eager", NULL };
	struct bench b;

	(void)state;
	start(&b, eager);
	assert_string_equal(setway_name(b.m->hypervisor), "full");
	set_way(&b);
	assert_int_equal(setway_counts(b.m->hypervisor).frames_cleaned,
			 8 * BLOCK_PAGES);
	bench_fini(&b);
}

/* ---- values ---- */

static uint64_t value_of(struct bench *b, uint64_t ipa)
{
	uint64_t value;

	assert_true(machine_guest_copy_out(b->m, (ipa_t){ ipa }, &value,
					   sizeof(value)));
	return value;
}

/* A store as Unicorn makes it: reported, then made. */
static void store_value(struct bench *b, unsigned int page, uint64_t value)
{
	touch_ok(b, PAGE(page) + DATA, STORE(8));
	assert_true(machine_guest_copy_in(
		b->m, (ipa_t){ PAGE_IPA + 4096 * page + DATA }, &value,
		sizeof(value)));
}

static void what_is_not_cleaned_is_not_seen_below(void **state)
{
	struct bench b;
	uint64_t at = PAGE_IPA + DATA;

	(void)state;
	bench_init(&b, NULL);
	assert_true(machine_keep_versions(b.m));
	machine_start(b.m);
	caches(&b, true);
	store_value(&b, 0, 7);
	store_value(&b, 1, 8);
	assert_true(machine_dc(b.m, b.cpu, DC_CVAC, PAGE(1) + DATA, &b.fault));
	caches(&b, false);
	assert_int_equal(value_of(&b, at), 0);
	assert_int_equal(value_of(&b, at + 4096), 8);
	caches(&b, true);
	assert_int_equal(value_of(&b, at), 7);
	bench_fini(&b);
}

static void what_is_cleaned_by_set_way_is_seen_below(void **state)
{
	static const char *const *const sets[] = { NULL, full, late };

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct bench b;

		bench_init(&b, sets[i]);
		assert_true(machine_keep_versions(b.m));
		machine_start(b.m);
		caches(&b, true);
		store_value(&b, 0, 7);
		set_way(&b);
		store_value(&b, 1, 9); /* after the loop: the toggle's */
		caches(&b, false);
		assert_int_equal(value_of(&b, PAGE_IPA + DATA), 7);
		assert_int_equal(value_of(&b, PAGE_IPA + 4096 + DATA), 9);
		caches(&b, true);
		assert_int_equal(value_of(&b, PAGE_IPA + DATA), 7);
		bench_fini(&b);
	}
}

/* Whose turn it is decides what RAM shows. */
static void a_cpu_without_caches_sees_memory(void **state)
{
	static const char *const two[] = { "cpu.count=2", NULL };
	struct bench b;

	(void)state;
	bench_init(&b, two);
	assert_true(machine_keep_versions(b.m));
	machine_start(b.m);
	caches(&b, true);
	store_value(&b, 0, 7);
	machine_switch(b.m, &b.m->cpu[1]);
	assert_int_equal(value_of(&b, PAGE_IPA + DATA), 0);
	machine_switch(b.m, &b.m->cpu[0]);
	assert_int_equal(value_of(&b, PAGE_IPA + DATA), 7);
	bench_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tracking_faults_one_table_at_a_time),
		cmocka_unit_test(nothing_traps_before_the_guest_runs),
		cmocka_unit_test(a_batch_cleans_what_was_accessed),
		cmocka_unit_test(full_cleans_everything_and_never_faults),
		cmocka_unit_test(register_writes_trap_in_between),
		cmocka_unit_test(late_does_not_track_anew_when_caches_come_on),
		cmocka_unit_test(each_cpu_traps_for_itself),
		cmocka_unit_test(a_long_batch_is_cut),
		cmocka_unit_test(hostile_operands_trap_and_do_no_more),
		cmocka_unit_test(tracking_gives_no_more_than_there_was),
		cmocka_unit_test(looking_through_changes_nothing),
		cmocka_unit_test(
			sharing_with_an_iommu_is_refused_with_the_reason),
		cmocka_unit_test(coalescing_makes_batches_full),
		cmocka_unit_test(what_is_not_cleaned_is_not_seen_below),
		cmocka_unit_test(what_is_cleaned_by_set_way_is_seen_below),
		cmocka_unit_test(a_cpu_without_caches_sees_memory),
	};

	return cmocka_run_group_tests_name("setway", tests, NULL, NULL);
}
