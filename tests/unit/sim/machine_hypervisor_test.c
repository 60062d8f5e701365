/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's account of what is not a CPU's own doing: the hypervisor and
 * its device, faults and who takes them, the simulated kernel, other CPUs and
 * other machines. Counted by hand, by the rules of models/README.md.
 */
#include "tests/unit/sim/machine_bench.h"

/* ---- the hypervisor ---- */

/* Rule 5. Three levels of stage 1 (3 x 3 reads, of which the line of entry 32
 * is new), then stage 2 finds no entry in its root: ten reads, 100 + 9 x 2.
 * Trapped, emulated, not cached: the same again the next time. */
static void a_device_register(void **state)
{
	struct arm_translation t;
	uint64_t value = 'x';
	struct bench b;

	(void)state;
	bench_init(&b, NULL);
	warm(&b);
	assert_int_equal(machine_prepare(b.m, b.cpu, (va_t){ UART }, STORE(1),
					 &t, &b.fault),
			 MACHINE_MMIO);
	assert_int_equal(t.ipa.raw, GUEST_UART_BASE);
	EXPECT_NOTHING(&b);
	machine_mmio(b.m, b.cpu, (va_t){ UART }, t.ipa, 1, true, &value);
	EXPECT(&b, { "cpu.0.accesses.store", 1 }, { "cpu.0.tlb.l1d.misses", 1 },
	       { "cpu.0.walks.count", 1 },
	       { "cpu.0.walks.memory_accesses", 10 },
	       { "cpu.0.walks.by_accesses.10", 1 },
	       { "cpu.0.walks.cycles", 118 }, { "cpu.0.cycles_by.walk", 118 },
	       { "cpu.0.cycles_by.trap", 1000 },
	       { "cpu.0.cycles_by.mmio", 1000 },
	       { "cpu.0.faults.s2-translation", 1 },
	       { "cache.l1d.by_requester.walk.hits", 9 },
	       { "cache.l1d.by_requester.walk.misses", 1 },
	       { "cache.l2.by_requester.walk.misses", 1 });
	assert_int_equal(b.console_bytes, 1);
	assert_int_equal(b.console[0], 'x');
	t.ipa.raw = GUEST_UART_BASE + 0x18;
	machine_mmio(b.m, b.cpu, (va_t){ UART + 0x18 }, t.ipa, 4, false,
		     &value);
	assert_int_equal(value, 0x90); /* both FIFOs empty */
	EXPECT(&b, { "cpu.0.accesses.load", 1 }, { "cpu.0.tlb.l1d.misses", 1 },
	       { "cpu.0.walks.count", 1 },
	       { "cpu.0.walks.memory_accesses", 10 },
	       { "cpu.0.walks.by_accesses.10", 1 },
	       { "cpu.0.walks.cycles", 20 }, { "cpu.0.cycles_by.walk", 20 },
	       { "cpu.0.cycles_by.trap", 1000 },
	       { "cpu.0.cycles_by.mmio", 1000 },
	       { "cpu.0.faults.s2-translation", 1 },
	       { "cache.l1d.by_requester.walk.hits", 10 });
	bench_fini(&b);
}

static void a_hypercall_traps(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, NULL);
	assert_int_equal(call(&b, 0xC6000004, 1, 0, 0), 0); /* MARK */
	EXPECT(&b, { "cpu.0.cycles_by.trap", 1000 });
	assert_int_equal(call(&b, 0x84000000, 0, 0, 0), 0x10001); /* PSCI */
	assert_int_equal(call(&b, 0x12345678, 0, 0, 0), -1);
	EXPECT(&b, { "cpu.0.cycles_by.trap", 2000 });
	bench_fini(&b);
}

static struct p2m_stats p2m_counts(const struct bench *b)
{
	const struct hypervisor *h = b->m->hypervisor;
	struct p2m_stats counts;

	h->core->stats(h->space, &counts);
	return counts;
}

/* What the hypervisor's traffic and maintenance must have cost by what was
 * counted, all of it since the machine was made. There is no last level here:
 * an L2 miss is the memory's. */
static void check_hypervisor_cost(struct bench *b)
{
	const struct p2m_stats counts = p2m_counts(b);
	const struct p2m_stats *s = &counts;
	struct cache_counters l1d, l2;
	int64_t served,
		tlbis = (int64_t)(s->tlbi_vmid + s->tlbi_ipa + s->tlbi_range);
	int64_t cycles = count_at(b, "cpu", "cycles_by", "maintenance", NULL);
	/* A TLBI of stage 2 alone is followed by a barrier of the host's own
	 * and one of both stages' (core/port.h), once for several. */
	int64_t extra = cycles / 100 - tlbis;

	memory_counters(b->m->memory, CACHE_L1D, &l1d);
	memory_counters(b->m->memory, CACHE_L2, &l2);
	served = (int64_t)(2 * l1d.hits[REQUESTER_HYPERVISOR] +
			   10 * l2.hits[REQUESTER_HYPERVISOR] +
			   100 * l2.misses[REQUESTER_HYPERVISOR]);
	assert_int_equal(cycles % 100, 0);
	assert_true(extra >= 0 && extra <= tlbis);
	assert_int_equal(count_at(b, "cpu", "cycles_by", "hypervisor", NULL),
			 served + 10 * ((int64_t)s->barriers + extra));
}

static void the_hypervisors_work(void **state)
{
	uint64_t gfn = PAGE_IPA >> 12;
	struct bench b;

	(void)state;
	bench_init(&b, NULL);
	check_hypervisor_cost(&b);
	assert_int_equal(call(&b, P2M_REMOVE, gfn + 1, 1, 0), 0);
	check_hypervisor_cost(&b);
	assert_int_equal(call(&b, P2M_PROTECT, gfn - 500, 1900, 1), 0);
	assert_int_equal(call(&b, P2M_POPULATE, gfn, 512, 0), 0);
	check_hypervisor_cost(&b);
	assert_int_equal(call(&b, P2M_REMOVE, gfn - 512, 4096, 0), 0);
	check_hypervisor_cost(&b);
	bench_fini(&b);
}

/* Rule 18. Stage 1 off: a load of Device memory, which no cache has. The first
 * walk finds the root empty: one read from memory. The hypervisor makes tables
 * of levels 2 and 3, and then writes three entries, in sets 0, 0 and 8: the
 * second walk reads those, from L1D. The fault's lookup counts, too. */
static void populated_on_a_fault(void **state)
{
	static const char *const sets[] = { "policy.p2m.populate=fault", NULL };
	const uint64_t va = 0x40340008; /* level 2 entry 1, level 3 entry 64 */
	struct bench b;

	(void)state;
	bench_boot(&b, "tiny", sets);
	touch_ok(&b, va, LOAD(8));
	assert_int_equal(count_at(&b, "cpu", "accesses", "load", NULL), 1);
	assert_int_equal(count_at(&b, "cpu", "faults", "s2-translation", NULL),
			 1);
	assert_int_equal(count_at(&b, "cpu", "tlb", "l1d", "misses"), 2);
	assert_int_equal(count_at(&b, "cpu", "tlb", "l1d", "fills"), 1);
	assert_int_equal(count_at(&b, "cpu", "walks", "count", NULL), 2);
	assert_int_equal(count_at(&b, "cpu", "walks", "memory_accesses", NULL),
			 1 + 3);
	assert_int_equal(count_at(&b, "cpu", "walks", "cycles", NULL),
			 100 + 3 * 2);
	assert_int_equal(count_at(&b, "cpu", "cycles_by", "walk", NULL), 106);
	assert_int_equal(count_at(&b, "cpu", "cycles_by", "trap", NULL), 1000);
	assert_int_equal(count_at(&b, "cpu", "cycles_by", "data", NULL), 100);
	assert_int_equal(count_at(&b, "p2m", "ops", "fault", NULL), 1);
	assert_int_equal(count_at(&b, "p2m", "mappings", "4K", NULL), 1);
	assert_int_equal(count_at(&b, "p2m", "tables", "live", NULL), 2 + 2);
	check_hypervisor_cost(&b);
	rebase(&b);
	touch_ok(&b, va + 0x100, LOAD(8));
	EXPECT(&b, { "cpu.0.accesses.load", 1 }, { "cpu.0.tlb.l1d.hits", 1 },
	       { "cpu.0.cycles_by.data", 100 });
	bench_fini(&b);
}

/* Nobody resolves it: an external abort, walked and trapped, and nothing is
 * filled. Three stage-1 tables: 3 x 3 reads, of 5 new lines; the final IPA's
 * region is pages now: three reads, of which the last is new and takes the
 * place of the root in set 0. */
static void a_removed_page_aborts(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, NULL);
	touch_ok(&b, PAGE(0) + DATA, LOAD(8));
	assert_int_equal(call(&b, P2M_REMOVE, PAGE_IPA >> 12, 1, 0), 0);
	empty_caches(b.m);
	rebase(&b);
	assert_int_equal(touch(&b, PAGE(0) + DATA, LOAD(8)), MACHINE_FAULT);
	assert_int_equal(b.fault.kind, ARM_FAULT_EXTERNAL);
	assert_false(b.fault.on_walk);
	assert_int_equal(b.fault.va.raw, PAGE(0) + DATA);
	EXPECT(&b, { "cpu.0.accesses.load", 1 }, { "cpu.0.tlb.l1d.misses", 1 },
	       { "cpu.0.walks.count", 1 },
	       { "cpu.0.walks.memory_accesses", 12 },
	       { "cpu.0.walks.by_accesses.12", 1 },
	       { "cpu.0.walks.cycles", 612 }, { "cpu.0.cycles_by.walk", 612 },
	       { "cpu.0.cycles_by.trap", 1000 },
	       { "cpu.0.faults.s2-translation", 1 },
	       { "cache.l1d.by_requester.walk.hits", 6 },
	       { "cache.l1d.by_requester.walk.misses", 6 },
	       { "cache.l2.by_requester.walk.misses", 6 });
	/* Its neighbour is there. Root, level 2 and level 3 of stage 2 share a
	 * set of two ways: each comes from L2 once, the other nine reads hit.
	 */
	touch_ok(&b, PAGE(1) + DATA, LOAD(8));
	EXPECT(&b, { "cpu.0.accesses.load", 1 }, { "cpu.0.tlb.l1d.misses", 1 },
	       { "cpu.0.tlb.l1d.fills", 1 }, { "cpu.0.walks.count", 1 },
	       { "cpu.0.walks.memory_accesses", 12 },
	       { "cpu.0.walks.by_accesses.12", 1 },
	       { "cpu.0.walks.cycles", 48 }, { "cpu.0.cycles_by.walk", 48 },
	       { "cpu.0.cycles_by.data", 98 },
	       { "cache.l1d.by_requester.walk.hits", 9 },
	       { "cache.l1d.by_requester.walk.misses", 3 },
	       { "cache.l2.by_requester.walk.hits", 3 },
	       { "cache.l1d.by_requester.data.misses", 1 },
	       { "cache.l2.by_requester.data.misses", 1 });
	bench_fini(&b);
}

/* Faults populate what was never there, not what the guest gave away. */
static void a_removed_page_is_not_populated(void **state)
{
	static const char *const sets[] = { "policy.p2m.populate=fault", NULL };
	const uint64_t va = 0x40340008;
	struct bench b;

	(void)state;
	bench_boot(&b, "tiny", sets);
	touch_ok(&b, va, LOAD(8));
	assert_int_equal(call(&b, P2M_REMOVE, va >> 12, 1, 0), 0);
	assert_int_equal(touch(&b, va, LOAD(8)), MACHINE_FAULT);
	assert_int_equal(b.fault.kind, ARM_FAULT_EXTERNAL);
	assert_int_equal(call(&b, P2M_POPULATE, va >> 12, 1, 0), 0);
	rebase(&b);
	touch_ok(&b, va, LOAD(8));
	assert_int_equal(count_at(&b, "p2m", "ops", "fault", NULL), 1);
	bench_fini(&b);
}

/* Rule 9: a hit that forbids is a hit, and a fault without a walk; a walk
 * that forbids fills nothing. */
static void a_forbidden_store(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, NULL);
	assert_int_equal(call(&b, P2M_PROTECT, PAGE_IPA >> 12, 1, 1), 0);
	touch_ok(&b, PAGE(0) + DATA, LOAD(8));
	rebase(&b);
	assert_int_equal(touch(&b, PAGE(0) + DATA, STORE(8)), MACHINE_FAULT);
	EXPECT(&b, { "cpu.0.accesses.store", 1 }, { "cpu.0.tlb.l1d.hits", 1 },
	       { "cpu.0.cycles_by.trap", 1000 },
	       { "cpu.0.faults.s2-permission", 1 });
	assert_true(machine_tlbi(b.m, b.cpu, TLBI_VMALLE1, 0));
	touch_ok(&b, PAGE(0) + DATA, LOAD(8));
	assert_true(machine_tlbi(b.m, b.cpu, TLBI_VMALLE1, 0));
	rebase(&b);
	assert_int_equal(touch(&b, PAGE(0) + DATA, STORE(8)), MACHINE_FAULT);
	/* As before, three lines in set 0: three reads from L2. */
	EXPECT(&b, { "cpu.0.accesses.store", 1 }, { "cpu.0.tlb.l1d.misses", 1 },
	       { "cpu.0.walks.count", 1 },
	       { "cpu.0.walks.memory_accesses", 12 },
	       { "cpu.0.walks.by_accesses.12", 1 },
	       { "cpu.0.walks.cycles", 48 }, { "cpu.0.cycles_by.walk", 48 },
	       { "cpu.0.cycles_by.trap", 1000 },
	       { "cpu.0.faults.s2-permission", 1 },
	       { "cache.l1d.by_requester.walk.hits", 9 },
	       { "cache.l1d.by_requester.walk.misses", 3 },
	       { "cache.l2.by_requester.walk.hits", 3 });
	bench_fini(&b);
}

/* ---- the guest's own faults, and Device memory ---- */

/* Level 3 entry 40 is empty: nine reads, no final IPA, no trap. */
static void a_stage_1_fault_is_the_guests(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, NULL);
	assert_int_equal(touch(&b, AT_INDEX(8, 16, 40), LOAD(8)),
			 MACHINE_FAULT);
	assert_int_equal(b.fault.kind, ARM_FAULT_TRANSLATION);
	assert_int_equal(b.fault.stage, 1);
	assert_int_equal(b.fault.level, 3);
	EXPECT(&b, { "cpu.0.accesses.load", 1 }, { "cpu.0.tlb.l1d.misses", 1 },
	       { "cpu.0.walks.count", 1 }, { "cpu.0.walks.memory_accesses", 9 },
	       { "cpu.0.walks.by_accesses.9", 1 },
	       { "cpu.0.walks.cycles", 508 }, { "cpu.0.cycles_by.walk", 508 },
	       { "cpu.0.faults.s1-translation", 1 },
	       { "cache.l1d.by_requester.walk.hits", 4 },
	       { "cache.l1d.by_requester.walk.misses", 5 },
	       { "cache.l2.by_requester.walk.misses", 5 });
	bench_fini(&b);
}

/* Stage 1 off: two reads of stage 2, memory each time, no cache; rule 22. */
static void device_memory_passes_the_caches(void **state)
{
	const uint64_t va = 0x40300000;
	struct bench b;

	(void)state;
	bench_boot(&b, "tiny", NULL);
	touch_ok(&b, va, LOAD(8));
	EXPECT(&b, { "cpu.0.accesses.load", 1 }, { "cpu.0.tlb.l1d.misses", 1 },
	       { "cpu.0.tlb.l1d.fills", 1 }, { "cpu.0.walks.count", 1 },
	       { "cpu.0.walks.memory_accesses", 2 },
	       { "cpu.0.walks.by_accesses.2", 1 },
	       { "cpu.0.walks.cycles", 200 }, { "cpu.0.cycles_by.walk", 200 },
	       { "cpu.0.cycles_by.data", 100 },
	       { "cache.l1d.by_requester.walk.misses", 2 },
	       { "cache.l2.by_requester.walk.misses", 2 });
	touch_ok(&b, va, STORE(8));
	EXPECT(&b, { "cpu.0.accesses.store", 1 }, { "cpu.0.tlb.l1d.hits", 1 },
	       { "cpu.0.cycles_by.data", 100 });
	assert_int_equal(touch(&b, va + 4, LOAD(8)), MACHINE_FAULT);
	assert_int_equal(b.fault.kind, ARM_FAULT_ALIGNMENT);
	EXPECT(&b, { "cpu.0.accesses.load", 1 }, { "cpu.0.tlb.l1d.hits", 1 },
	       { "cpu.0.faults.s1-alignment", 1 });
	bench_fini(&b);
}

/* ---- the simulated kernel ---- */

/* What it touches is charged to `kernel`, counted as data, and is no load or
 * store of the guest's: 100 bytes on three lines, of which one is in L1D. */
static void the_kernels_accesses(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, NULL);
	warm(&b);
	machine_kernel_enter(b.m, b.cpu, "syscall", 64, 0);
	EXPECT(&b, { "cpu.0.cycles_by.kernel", 300 });
	assert_int_equal(machine_kernel_access(b.m, b.cpu,
					       (va_t){ PAGE(0) + DATA + 32 },
					       100, true, &b.fault),
			 MACHINE_OK);
	EXPECT(&b, { "cpu.0.accesses.kernel", 1 }, { "cpu.0.tlb.l1d.hits", 1 },
	       { "cpu.0.cycles_by.kernel", 196 },
	       { "cache.l1d.by_requester.data.hits", 1 },
	       { "cache.l1d.by_requester.data.misses", 2 },
	       { "cache.l2.by_requester.data.misses", 2 });
	/* Page 1's walk of 22 cycles, and one line. */
	assert_int_equal(machine_kernel_access(b.m, b.cpu,
					       (va_t){ PAGE(1) + 0x200 }, 8,
					       false, &b.fault),
			 MACHINE_OK);
	EXPECT(&b, { "cpu.0.accesses.kernel", 1 },
	       { "cpu.0.tlb.l1d.misses", 1 }, { "cpu.0.tlb.l1d.fills", 1 },
	       { "cpu.0.walks.count", 1 },
	       { "cpu.0.walks.memory_accesses", 11 },
	       { "cpu.0.walks.by_accesses.11", 1 },
	       { "cpu.0.walks.cycles", 22 }, { "cpu.0.cycles_by.kernel", 120 },
	       { "cache.l1d.by_requester.walk.hits", 11 },
	       { "cache.l1d.by_requester.data.misses", 1 },
	       { "cache.l2.by_requester.data.misses", 1 });
	machine_kernel_return(b.m, b.cpu, 0);
	EXPECT_NOTHING(&b);
	assert_int_equal(b.cpu->el, 0);
	bench_fini(&b);
}

/* ---- several CPUs, several machines ---- */

/* Rule 21, on private caches and no last level. CPU 1 reads what CPU 0 has
 * written: one write-back, and both have it clean. Its write then drops CPU
 * 0's copies, which CPU 0 must notice though it touched the line last. */
static void two_cpus_share_a_line(void **state)
{
	static const char *const sets[] = { "cpu.count=2", NULL };
	struct bench b;

	(void)state;
	bench_init(&b, sets);
	turn_mmu_on(&b, 1);
	touch_ok(&b, PAGE(0) + DATA, STORE(8));
	touch_ok(&b, PAGE(0) + DATA, LOAD(8));
	rebase(&b);
	b.cpu = &b.m->cpu[1];
	touch_ok(&b, PAGE(0) + DATA, LOAD(8));
	EXPECT(&b, { "cpu.1.accesses.load", 1 }, { "cpu.1.tlb.l1d.misses", 1 },
	       { "cpu.1.tlb.l1d.fills", 1 }, { "cpu.1.walks.count", 1 },
	       { "cpu.1.walks.memory_accesses", 11 },
	       { "cpu.1.walks.by_accesses.11", 1 },
	       { "cpu.1.walks.cycles", 512 }, { "cpu.1.cycles_by.walk", 512 },
	       { "cpu.1.cycles_by.data", 98 },
	       { "cache.l1d.by_requester.walk.hits", 6 },
	       { "cache.l1d.by_requester.walk.misses", 5 },
	       { "cache.l2.by_requester.walk.misses", 5 },
	       { "cache.l1d.by_requester.data.misses", 1 },
	       { "cache.l2.by_requester.data.misses", 1 },
	       { "cache.l1d.writebacks", 1 });
	touch_ok(&b, PAGE(0) + DATA, STORE(8));
	EXPECT(&b, { "cpu.1.accesses.store", 1 }, { "cpu.1.tlb.l1d.hits", 1 },
	       { "cache.l1d.by_requester.data.hits", 1 });
	b.cpu = &b.m->cpu[0];
	touch_ok(&b, PAGE(0) + DATA, LOAD(8));
	EXPECT(&b, { "cpu.0.accesses.load", 1 }, { "cpu.0.tlb.l1d.hits", 1 },
	       { "cpu.0.cycles_by.data", 98 },
	       { "cache.l1d.by_requester.data.misses", 1 },
	       { "cache.l2.by_requester.data.misses", 1 },
	       { "cache.l1d.writebacks", 1 });
	bench_fini(&b);
}

static void time_that_is_waited(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, NULL);
	machine_wfi(b.m, b.cpu);
	assert_true(b.cpu->waiting);
	EXPECT_NOTHING(&b);
	machine_idle(b.m, b.cpu, 5 * CYCLE + CYCLE / 2);
	machine_idle(b.m, b.cpu, CYCLE / 2);
	EXPECT(&b, { "cpu.0.cycles_by.idle", 6 });
	bench_fini(&b);
}

/* One step of a workload that all of a machine takes part in. */
static void work(struct bench *b, uint64_t *seed)
{
	uint64_t r = *seed = *seed * UINT64_C(6364136223846793005) + 1;
	uint64_t va = PAGE(r >> 33 & 7) + (r >> 40 & 0xff8);

	if (r >> 60 == 0)
		call(b, r >> 59 & 1 ? P2M_REMOVE : P2M_POPULATE,
		     0x40800 + (r >> 30 & 0x3ff), 1 + (r >> 20 & 63), 0);
	else if (r >> 60 == 1)
		machine_block(b->m, b->cpu, (va_t){ va & ~UINT64_C(3) }, 64, 16,
			      &b->fault);
	else
		touch_ok(b, r >> 61 & 1 ? va : va - PAGE(0) + BLOCK,
			 r >> 62 & 1 ? LOAD(8) : STORE(8));
}

static const char *const machine_sets[2][6] = {
	{ "cpu.l1d.replacement=random", "cpu.l1d_tlb.replacement=random",
	  "guest.backing=random", NULL },
	{ "cpu.l1d.replacement=random", "cpu.l2.replacement=random",
	  "cpu.s2_tlb.entries=4", "seed=7", NULL },
};

/* Two at a time count as each alone. */
static void machines_do_not_meet(void **state)
{
	json_t *alone[2], *together;
	struct bench b[2];
	uint64_t seed[2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		bench_init(&b[i], machine_sets[i]);
		seed[i] = (uint64_t)i;
		for (int n = 0; n < 5000; n++)
			work(&b[i], &seed[i]);
		alone[i] = machine_stats(b[i].m, NULL);
		bench_fini(&b[i]);
	}
	assert_false(json_equal(alone[0], alone[1]));
	for (int i = 0; i < 2; i++) {
		bench_init(&b[i], machine_sets[i]);
		seed[i] = (uint64_t)i;
	}
	for (int n = 0; n < 5000; n++) {
		work(&b[0], &seed[0]);
		work(&b[1], &seed[1]);
	}
	for (int i = 0; i < 2; i++) {
		together = machine_stats(b[i].m, NULL);
		assert_true(json_equal(alone[i], together));
		json_decref(together);
		json_decref(alone[i]);
		bench_fini(&b[i]);
	}
}

/* ---- all of them ---- */

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_device_register),
		cmocka_unit_test(a_hypercall_traps),
		cmocka_unit_test(the_hypervisors_work),
		cmocka_unit_test(populated_on_a_fault),
		cmocka_unit_test(a_removed_page_aborts),
		cmocka_unit_test(a_removed_page_is_not_populated),
		cmocka_unit_test(a_forbidden_store),
		cmocka_unit_test(a_stage_1_fault_is_the_guests),
		cmocka_unit_test(device_memory_passes_the_caches),
		cmocka_unit_test(the_kernels_accesses),
		cmocka_unit_test(two_cpus_share_a_line),
		cmocka_unit_test(time_that_is_waited),
		cmocka_unit_test(machines_do_not_meet),
	};

	return cmocka_run_group_tests_name("machine_hypervisor", tests, NULL,
					   NULL);
}
