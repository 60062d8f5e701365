/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's CPUs take turns, one at a time, in slices of modelled cycles that
 * end at block boundaries: the same on every host and in every run. DESIGN
 * §4. There are no interrupts, so a CPU that waits for one waits for ever.
 */
#include <stdlib.h>
#include <time.h>

#include "sim/guest/vcpu.h"
#include "sim/machine/watch.h"

/* Instructions between two looks at the host's clock and our outputs. */
#define CHUNK (UINT64_C(1) << 19)

/* ---- making ---- */

static void page_watched(void *context, gfn_t gfn)
{
	struct guest *g = context;

	for (unsigned int i = 0; i < g->m->config.cpus; i++)
		vcpu_watch(&g->vcpu[i], gfn);
}

static void code_changed(void *context)
{
	guest_flush_code(context);
}

struct guest *guest_new(struct machine *m, const struct guest_kernel *kernel,
			struct error_line *error)
{
	struct guest *g = calloc(1, sizeof(*g));

	if (g)
		g->vcpu = calloc(m->config.cpus, sizeof(*g->vcpu));
	if (!g || !g->vcpu) {
		free(g);
		error_set(error, EXIT_IO, "out of memory");
		return NULL;
	}
	g->m = m;
	g->kernel = kernel;
	m->code_changed = code_changed;
	m->code_context = g;
	for (unsigned int i = 0; i < m->config.cpus; i++) {
		g->vcpu[i].g = g;
		g->vcpu[i].m = m;
		g->vcpu[i].cpu = &m->cpu[i];
		if (!vcpu_init(&g->vcpu[i], error)) {
			guest_free(g);
			return NULL;
		}
	}
	return g;
}

void guest_free(struct guest *g)
{
	if (!g)
		return;
	if (g->m->watch)
		watch_set_listener(g->m->watch, NULL, NULL);
	g->m->code_changed = NULL;
	for (unsigned int i = 0; i < g->m->config.cpus; i++)
		vcpu_fini(&g->vcpu[i]);
	free(g->vcpu);
	free(g);
}

/* ---- starting ---- */

static void set_state(struct vcpu *v, uint64_t pstate, uint64_t pc)
{
	vcpu_pstate_set(v, pstate);
	/* Register writes after PSTATE rebuild what Unicorn derives from it. */
	sysreg_reset(v);
	vcpu_pc_set(v, pc);
	v->attention |= ATTENTION_FLUSH_TLB;
	v->last.repeats = 0;
}

void schedule_start_cpu(struct guest *g, unsigned int index, uint64_t entry,
			uint64_t x0)
{
	struct vcpu *v = &g->vcpu[index];

	for (unsigned int i = 0; i < 31; i++)
		vcpu_x_set(v, i, i == 0 ? x0 : 0);
	v->cpu->on = true;
	v->cpu->waiting = false;
	set_state(v, PSTATE_EL1H_MASKED, entry);
	vcpu_el_changed(v);
}

void guest_start(struct guest *g, uint64_t entry, uint64_t x0)
{
	g->vcpu[0].cpu->el = 1;
	schedule_start_cpu(g, 0, entry, x0);
}

void guest_start_el0(struct guest *g, const struct guest_regs *regs)
{
	struct vcpu *v = &g->vcpu[0];

	for (unsigned int i = 0; i < 31; i++)
		vcpu_x_set(v, i, regs->x[i]);
	v->cpu->on = true;
	v->cpu->el = 0;
	set_state(v, regs->pstate, regs->pc);
	vcpu_sys_set(v, ARM_SYSREG(3, 3, 13, 0, 2), regs->tpidr);
	vcpu_sp_set(v, regs->sp);
	vcpu_el_changed(v);
}

void guest_flush_translations(struct guest *g)
{
	for (unsigned int i = 0; i < g->m->config.cpus; i++)
		g->vcpu[i].attention |= ATTENTION_FLUSH_TLB;
}

void guest_flush_code(struct guest *g)
{
	for (unsigned int i = 0; i < g->m->config.cpus; i++) {
		vcpu_code_changed(&g->vcpu[i], NULL);
		g->vcpu[i].attention |= ATTENTION_FLUSH_CODE;
	}
}

/* ---- turns ---- */

static bool runnable(const struct vcpu *v)
{
	return v->cpu->on && !v->cpu->waiting;
}

static unsigned int runnable_count(const struct guest *g)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < g->m->config.cpus; i++)
		count += runnable(&g->vcpu[i]);
	return count;
}

/* The next in turn after the current one, itself last; NULL: none. */
static struct vcpu *next_vcpu(const struct guest *g)
{
	for (unsigned int i = 1; i <= g->m->config.cpus; i++) {
		unsigned int index = (g->current + i) % g->m->config.cpus;

		if (runnable(&g->vcpu[index]))
			return &g->vcpu[index];
	}
	return NULL;
}

struct turn {
	const struct guest_limits *limits;
	struct timespec begun;
	uint64_t slice_end;  /* of the current CPU; 0: none */
	unsigned int rivals; /* runnable CPUs when the slice began */
};

static void begin_slice(struct guest *g, struct turn *turn, struct vcpu *v)
{
	turn->rivals = runnable_count(g);
	turn->slice_end = 0;
	if (turn->rivals > 1)
		turn->slice_end = machine_cycles(v->cpu) +
				  g->m->config.slice_cycles * CYCLE;
	if (v->cpu->index == g->current)
		return;
	g->current = v->cpu->index;
	machine_switch(g->m, v->cpu);
	vcpu_clear_exclusive(v);
}

/* The CPU whose turn it is; NULL: none can ever run again. */
static struct vcpu *whose_turn(struct guest *g, struct turn *turn)
{
	struct vcpu *v = &g->vcpu[g->current];
	bool over =
		!runnable(v) || (v->attention & ATTENTION_YIELD) ||
		turn->rivals != runnable_count(g) ||
		(turn->slice_end && machine_cycles(v->cpu) >= turn->slice_end);

	v->attention &= ~(unsigned int)ATTENTION_YIELD;
	if (!over)
		return v;
	/* A CPU that has just been started waits for its turn. */
	if (!runnable(v) || turn->slice_end)
		v = next_vcpu(g);
	if (v)
		begin_slice(g, turn, v);
	return v;
}

/* ---- limits ---- */

static uint64_t instructions(const struct guest *g)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < g->m->config.cpus; i++)
		sum += g->m->cpu[i].instructions;
	return sum;
}

static bool time_is_up(const struct turn *turn)
{
	struct timespec now;

	if (turn->limits->seconds <= 0)
		return false;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - turn->begun.tv_sec) +
		       (double)(now.tv_nsec - turn->begun.tv_nsec) / 1e9 >=
	       turn->limits->seconds;
}

/* How many instructions may run before the next look; 0: the limit is met. */
static uint64_t budget(const struct guest *g, const struct turn *turn,
		       struct error_line *error)
{
	uint64_t limit = turn->limits->instructions, left = CHUNK, done;

	if (limit) {
		done = instructions(g);
		if (done >= limit) {
			error_set(error, EXIT_GUEST,
				  "the guest reached the limit of %llu "
				  "instructions at pc 0x%llx",
				  (unsigned long long)limit,
				  (unsigned long long)vcpu_pc(
					  &g->vcpu[g->current]));
			return 0;
		}
		left = limit - done < left ? limit - done : left;
	}
	if (time_is_up(turn)) {
		error_set(error, EXIT_GUEST,
			  "the guest reached the limit of %g seconds at pc "
			  "0x%llx",
			  turn->limits->seconds,
			  (unsigned long long)vcpu_pc(&g->vcpu[g->current]));
		return 0;
	}
	return left;
}

/* ---- running ---- */

/* False: it cannot go on; *error says why. */
static bool run_once(struct vcpu *v, uint64_t most, uint64_t slice_end,
		     struct error_line *error)
{
	switch (vcpu_run(v, most, slice_end)) {
	case VCPU_BUDGET:
		return true;
	case VCPU_FAULT:
		return exception_deliver_fault(v, error);
	case VCPU_EXCEPTION:
		return exception_deliver(v, error);
	case VCPU_WFI:
		if (v->g->kernel) /* at EL0 it waits for nothing */
			return true;
		machine_wfi(v->m, v->cpu);
		return true;
	case VCPU_BROKEN:
		break;
	}
	return error_set(
		error, EXIT_GUEST,
		"the guest cannot be executed any further: %s at pc 0x%llx",
		v->broken, (unsigned long long)vcpu_pc(v));
}

/* Nobody would know what it does from here on: a full disk, a closed pipe. */
static bool is_unheard(const struct guest *g, struct error_line *error)
{
	if (g->m->console_lost)
		return !error_set(error, EXIT_IO,
				  "the guest's console cannot be written: "
				  "stopped at pc 0x%llx",
				  (unsigned long long)vcpu_pc(
					  &g->vcpu[g->current]));
	return g->m->trace && trace_writer_failed(g->m->trace) &&
	       !error_set(error, EXIT_IO, "the trace cannot be written");
}

/* True: it has ended, *end says how. */
static bool has_ended(const struct guest *g, enum guest_end *end,
		      struct error_line *error)
{
	if (g->m->not_modelled) {
		error_set(error, EXIT_NOT_MODELLED, "not modelled: %s",
			  g->m->not_modelled);
		*end = GUEST_NOT_MODELLED;
		return true;
	}
	*end = GUEST_ENDED;
	return g->m->ended;
}

enum guest_end guest_run(struct guest *g, const struct guest_limits *limits,
			 struct error_line *error)
{
	struct turn turn = { .limits = limits };
	enum guest_end end;

	clock_gettime(CLOCK_MONOTONIC, &turn.begun);
	if (g->m->watch)
		watch_set_listener(g->m->watch, page_watched, g);
	while (!has_ended(g, &end, error)) {
		struct vcpu *v = whose_turn(g, &turn);
		uint64_t most;

		if (!v) {
			error_set(error, EXIT_GUEST,
				  "every CPU waits for an interrupt that "
				  "cannot come");
			return GUEST_DIED;
		}
		if (is_unheard(g, error))
			return GUEST_UNHEARD;
		most = budget(g, &turn, error);
		if (!most)
			return GUEST_LIMIT;
		v->attention &= ~(unsigned int)ATTENTION_MACHINE;
		if (!run_once(v, most, turn.slice_end, error) &&
		    !has_ended(g, &end, error))
			return GUEST_DIED;
	}
	return end;
}
