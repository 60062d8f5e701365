/* SPDX-License-Identifier: BSD-2-Clause */
/* One batch from tables to verdict. */
#include "tests/diff/conformance/campaign.h"

#include "core/base/bits.h"

#include "tests/diff/conformance/report.h"

/* An address-size fault that QEMU may not see: lpa-bits-narrowed in known.c. */
static bool may_be_narrowed(const struct campaign *it, const struct verdict *v)
{
	uint32_t steps = v->walk.steps;

	return it->options.pa_bits == 52 && !v->translated &&
	       v->fault.kind == ARM_FAULT_ADDRESS_SIZE && steps &&
	       (v->walk.step[steps - 1].descriptor & 0xf000);
}

/*
 * A real access must not go where something of ours lies, or a device: then
 * AT alone is asked. Loads may read all RAM; where nothing is, all may go.
 */
static bool harmless(const struct campaign *it, const struct el2_op *op,
		     const struct verdict *v)
{
	uint64_t pa = v->out.pa.raw;

	if (kind_is_at(op->kind))
		return true;
	if (!v->translated)
		return !may_be_narrowed(it, v);
	if (pa >= RAM_PA + RAM_BYTES)
		return true;
	if (kind_is_store(op->kind) || kind_is_fetch(op->kind))
		return pa - WINDOW_PA < WINDOW_BYTES;
	return pa - RAM_PA < RAM_BYTES;
}

static struct el2_registers mutated_registers(const struct campaign *it,
					      const struct test_case *c)
{
	struct el2_registers r = c->registers;

	if (it->mutation && it->mutation->registers)
		it->mutation->registers(&r);
	return r;
}

static void ask_mutated(struct campaign *it, const struct el2_op *op,
			struct verdict *v)
{
	judge_ask(&it->judge, op, v);
	if (it->mutation && it->mutation->verdict)
		it->mutation->verdict(v, op);
}

/*
 * QEMU 10.0 ends in an assertion of its own (do_ats_write, is_s2_format) when
 * stage 2 forbids the access that AT S12* asks about. Real accesses ask. What
 * the model refuses, or where it does not look at tables that QEMU may look
 * at (see large_ipa in known.c), may be such an access.
 */
static bool kills_qemu(const struct campaign *it, const struct el2_op *op,
		       const struct verdict *v)
{
	uint64_t ipa_bits = 64 - (it->judge.mmu.regs.vtcr & 0x3f);

	if (op->kind < EL2_AT_S12E1R || op->kind > EL2_AT_S12E0W)
		return false;
	if (v->outcome.what == OUTCOME_STRANGE || may_be_narrowed(it, v))
		return true;
	if (v->translated || v->fault.stage != 2)
		return false;
	return ipa_bits > it->options.pa_bits ||
	       (v->fault.kind == ARM_FAULT_PERMISSION && !v->fault.s1ptw);
}

/*
 * The model reads what the generator wrote. Where the two machines' memory is
 * not alike (devices, program, mailbox, window), a walk proves nothing. A read
 * outside RAM is no step of the walk: its last step points there.
 */
static bool comparable(const struct verdict *v)
{
	uint32_t steps = v->walk.steps;

	for (uint32_t i = 0; i < steps; i++)
		if (v->walk.step[i].descriptor_pa.raw < ARENA_PA)
			return false;
	if (v->translated || v->fault.kind != ARM_FAULT_EXTERNAL || !steps)
		return true;
	return (v->walk.step[steps - 1].descriptor & MASK(12, 36)) >= RAM_PA;
}

/* Nothing comes back from EL1 or EL0 without the stub page. */
static bool stub_reachable(struct campaign *it, const struct test_case *c)
{
	struct el2_op op = { .va = c->registers.vbar, .kind = EL2_FETCH_EL1 };
	struct verdict v;

	judge_ask(&it->judge, &op, &v);
	if (v.outcome.what != OUTCOME_SUCCESS || v.out.pa.raw != STUB_PA)
		return false;
	op.kind = EL2_FETCH_EL0;
	judge_ask(&it->judge, &op, &v);
	return v.outcome.what == OUTCOME_SUCCESS;
}

/* The operation as it can be asked; false: not at all. */
static bool settle_op(struct campaign *it, struct el2_op *op, bool stub,
		      struct verdict *v)
{
	judge_ask(&it->judge, op, v);
	if (!kind_is_at(op->kind) && (!stub || !harmless(it, op, v))) {
		op->kind &= 7;
		judge_ask(&it->judge, op, v);
	}
	if (kills_qemu(it, op, v)) {
		op->kind -= EL2_AT_S12E1R - EL2_AT_S1E1R;
		it->explained[KNOWN_NOT_ASKED]++;
		judge_ask(&it->judge, op, v);
	}
	return comparable(v);
}

/* TLBs and walk caches must not change what a case's tables say. */
static void compare_warm(struct campaign *it, const struct test_case *c,
			 const struct el2_op *op, const struct verdict *cold)
{
	struct verdict warm;

	judge_ask_warm(&it->judge, op, &warm);
	if (!outcome_compare(&cold->outcome, &warm.outcome) ||
	    cold->outcome.what == OUTCOME_STRANGE)
		return;
	if (known_contiguous(&it->judge, c, op, &cold->walk)) {
		it->explained[KNOWN_CONTIGUOUS]++;
		return;
	}
	it->mismatches++;
	if (it->reports++ < REPORTS_MAX)
		report_warmth(c, op, cold, &warm, it->options.seed, it->cpu);
}

/* What is asked of a case, and what the model says to it. */
static void expect(struct campaign *it, struct test_case *c,
		   struct expected *expected)
{
	unsigned int asked = c->ops;
	struct verdict v;
	bool stub;

	judge_registers(&it->judge, &c->registers);
	judge_flush(&it->judge, &c->registers);
	stub = c->accesses && stub_reachable(it, c);
	it->stubless += c->accesses && !stub;
	c->ops = 0;
	for (unsigned int i = 0; i < asked; i++) {
		struct el2_op op = c->op[i];

		if (it->coverage.vectors == it->limit)
			break;
		if (!settle_op(it, &op, stub, &v))
			continue;
		compare_warm(it, c, &op, &v);
		expected[c->ops] = (struct expected){
			.outcome = v.outcome,
			.pa = v.out.pa.raw,
			.stored = kind_is_store(op.kind) &&
				  v.outcome.what == OUTCOME_SUCCESS,
		};
		c->op[c->ops++] = op;
		coverage_count(&it->coverage, op.kind, &v);
	}
}

/* A case and its tables into the machine. */
static void publish(struct campaign *it, unsigned int index)
{
	struct test_case *c = &it->cases[index];
	volatile struct el2_case *box = &it->machine.box->batch[index];

	box->registers = c->registers;
	box->ops = c->ops;
	for (unsigned int i = 0; i < c->ops; i++)
		box->op[i] = c->op[i];
	for (unsigned int i = 0; i < c->descriptors; i++)
		*(volatile uint64_t *)machine_host(&it->machine,
						   c->descriptor[i].pa) =
			c->descriptor[i].raw;
}

/* The broken model's answers in the place of the model's. */
static void expect_mutated(struct campaign *it, unsigned int index)
{
	struct test_case *c = &it->cases[index];
	struct el2_registers r = mutated_registers(it, c);
	struct verdict v;

	judge_registers(&it->judge, &r);
	for (unsigned int i = 0; i < c->ops; i++) {
		ask_mutated(it, &c->op[i], &v);
		it->expected[index][i].outcome = v.outcome;
	}
}

/* The word of the window that a store is to reach, or NULL. */
static volatile uint32_t *stored_word(struct campaign *it,
				      const struct expected *e)
{
	if (!e->stored || e->pa - WINDOW_PA >= WINDOW_BYTES)
		return NULL;
	return machine_host(&it->machine, e->pa);
}

static void settle(struct campaign *it, const struct test_case *c,
		   const struct el2_op *op, const struct outcome *qemu,
		   unsigned int differences)
{
	struct dispute d = {
		.c = c,
		.op = op,
		.qemu = qemu,
		.judge = &it->judge,
		.registers = mutated_registers(it, c),
		.differences = differences,
	};

	judge_registers(&it->judge, &d.registers);
	ask_mutated(it, op, &d.model);
	d.adjusted = d.model;
	for (unsigned int k = 0; k < known_count && d.differences; k++) {
		unsigned int before = d.differences;

		if (!known_differences[k].apply ||
		    !known_differences[k].apply(&d))
			continue;
		d.differences = outcome_compare(&d.adjusted.outcome, qemu);
		it->explained[k] += d.differences != before;
	}
	if (!d.differences)
		return;
	it->mismatches++;
	/* One of a case, so that there is something to compare. */
	if (c->number != it->reported_case && it->reports++ < REPORTS_MAX)
		report_mismatch(&d, it->options.seed, it->cpu);
	it->reported_case = c->number;
}

static void hold_together(struct campaign *it, unsigned int index)
{
	const struct test_case *c = &it->cases[index];
	const volatile struct el2_case *box = &it->machine.box->batch[index];

	for (unsigned int i = 0; i < c->ops; i++) {
		const struct expected *e = &it->expected[index][i];
		const volatile uint32_t *word = stored_word(it, e);
		struct outcome qemu =
			outcome_of_answer(&c->op[i], &box->answer[i]);
		unsigned int d = outcome_compare(&e->outcome, &qemu);

		if (qemu.what == OUTCOME_SUCCESS && word &&
		    *word != c->op[i].value)
			d |= DIFFERENT_PA;
		if (d)
			settle(it, c, &c->op[i], &qemu, d);
	}
}

static void clear(struct campaign *it, unsigned int index)
{
	struct test_case *c = &it->cases[index];

	for (unsigned int i = 0; i < c->ops; i++) {
		const struct expected *e = &it->expected[index][i];
		volatile uint32_t *word = stored_word(it, e);

		if (word)
			*word = WINDOW_WORD(e->pa - WINDOW_PA);
	}
	for (unsigned int i = 0; i < c->descriptors; i++)
		*(volatile uint64_t *)machine_host(&it->machine,
						   c->descriptor[i].pa) = 0;
	case_erase(c);
}

/* The operation that QEMU does not come back from is a mismatch, too. */
static void report_silence(struct campaign *it)
{
	static const struct outcome silence = {
		.what = OUTCOME_STRANGE,
		.why = "no answer",
	};
	const struct el2_mailbox *box = (const void *)it->machine.box;
	const struct test_case *c = &it->cases[box->at_case % EL2_CASES_MAX];

	settle(it, c, &c->op[box->at_op % EL2_OPS_MAX], &silence,
	       DIFFERENT_WHAT);
}

bool campaign_run_batch(struct campaign *it, unsigned int cases)
{
	for (unsigned int i = 0; i < cases; i++)
		case_generate(&it->cases[i], &it->options, it->next_case++,
			      ARENA_PA + (uint64_t)i * ARENA_BYTES, &it->ram);
	/* Tables may point into each other's: all must be there. */
	for (unsigned int i = 0; i < cases; i++) {
		expect(it, &it->cases[i], it->expected[i]);
		publish(it, i);
	}
	machine_ring(&it->machine, cases);
	for (unsigned int i = 0; i < cases && it->mutation; i++)
		mutation_apply(it->mutation, &it->cases[i]);
	for (unsigned int i = 0; i < cases && it->mutation; i++)
		expect_mutated(it, i);
	if (!machine_wait(&it->machine)) {
		report_silence(it);
		return false;
	}
	for (unsigned int i = 0; i < cases; i++)
		hold_together(it, i);
	for (unsigned int i = 0; i < cases; i++)
		clear(it, i);
	return true;
}
